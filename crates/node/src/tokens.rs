//! Tokens: made, listed, revoked. Nobody makes a token that may more than he may hand out.

use std::net::IpAddr;

use model::access::CollectionScope;
use model::gate::{Put, Revoke, TokenOf};
use model::{Action, CollectionId, PersonId, Role, Roles, Timestamp, Tlp, TokenId, Verb, may_act};
use store::directory::{Change, Token};

use crate::directory::{checked_name, member_for, not_found, not_revoked, signed_in};
use crate::roster::Roster;
use crate::session::within;
use crate::{Caller, Error, Kind, NewToken, Node, random, views};

/// How long a token is valid at most, and when nothing else is said: 365 days, in seconds.
const LIFE_S: u64 = 365 * 86_400;

impl Node {
    /// Adds a token; its secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// [`Kind::Forbidden`], also for a certificate that no administrator of the node registers; [`Kind::NotFound`] for a
    /// member, person or collection; [`Kind::Invalid`]; [`Kind::Conflict`] for a certificate that stands for another token.
    pub fn add_token(&self, caller: &Caller, new: &NewToken) -> Result<views::NewToken, Error> {
        self.judged(caller, |roster, caller| {
            let secret = model::token::text(&random::bytes()?);
            let mut token = self.token_from(roster, caller, new)?;
            token.digest = model::token::digest(&secret);
            token.id = TokenId(random::uuid()?);
            let answer = new_token_view(roster, &token, secret);
            let id = token.id.to_string();
            let by = Node::authorized(roster, caller, Put, token_of(&token))?;
            self.change(by, caller, ("token.add", id), &[Change::Token(token)])?;
            Ok(answer)
        })
    }

    /// The tokens that this caller may manage, and his own.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] for visitors.
    pub fn tokens(&self, caller: &Caller) -> Result<Vec<views::Token>, Error> {
        signed_in(caller)?;
        let roster = self.roster();
        let tokens = roster.directory().tokens.iter().filter(|token| is_known(caller, token));
        Ok(tokens.map(|token| self.token_view(&roster, token)).collect())
    }

    /// Revokes a token, by id, or by name where one token that he knows has it. One's own can always be revoked.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for one that he does not know; [`Kind::Conflict`] for a name that several have.
    pub fn revoke_token(&self, caller: &Caller, id: &str) -> Result<views::Token, Error> {
        self.judged(caller, |roster, caller| {
            signed_in(caller)?;
            let token = known_token(roster, caller, id)?;
            let revoked = Token { revoked: token.revoked.or(Some(self.now())), ..token.clone() };
            if token.revoked.is_none() {
                let change = [Change::Token(revoked.clone())];
                let by = Node::authorized(roster, caller, Revoke, token_of(token))?;
                self.change(by, caller, ("token.revoke", token.id.to_string()), &change)?;
            }
            Ok(self.token_view(roster, &revoked))
        })
    }

    // The directory in memory does not hear of uses, so the later of both counts.
    fn token_view(&self, roster: &Roster, token: &Token) -> views::Token {
        let last_used = token.last_used.max(self.inner.usage.last(token.id));
        token_view(roster, &Token { last_used, ..token.clone() })
    }

    // Everything but its id and digest.
    fn token_from(&self, roster: &Roster, caller: &Caller, new: &NewToken) -> Result<Token, Error> {
        let member = member_for(roster, caller, &new.member)?;
        let roles = roles_named(&new.roles)?;
        Node::allowed(caller, &Action::ManageTokens(member.id, roles))?;
        not_revoked(member)?;
        let now = self.now();
        let person = new.person.as_deref().map(|name| {
            let found = roster.person_named(member.id, name).filter(|person| person.revoked.is_none());
            let person = found.map(|person| person.id).ok_or_else(|| not_found("person", name))?;
            // Who bears it reads what is for that person and speaks as him: nobody acts so as somebody higher.
            let roles = carried(roster, person, now);
            Node::allowed(caller, &Action::ManageTokens(member.id, roles)).map(|()| person)
        });
        let (read, write) = scopes(roster, new)?;
        let asked = Reach {
            verbs: verbs_named(&new.verbs, roles)?,
            read,
            write,
            ceiling: new.ceiling.unwrap_or(Tlp::Red),
            networks: new.networks.iter().map(|text| network(text)).collect::<Result<_, _>>()?,
            expires: now.plus_seconds(life_s(new.expire_s)?),
        };
        let Reach { verbs, read, write, ceiling, networks, expires } =
            asked.within_own(roster, caller, new.expire_s.is_some())?;
        let certificate = new.certificate.as_deref().map(certificate_digest).transpose()?;
        // Nothing shows that a certificate is his who names it, and whoever names it first has it.
        if certificate.is_some() && Node::allowed(caller, &Action::Operate).is_err() {
            let error =
                Error::new(Kind::Forbidden, "certificates are registered by an administrator of the node");
            return Err(error.hint("ask for a token with it, or make one without"));
        }
        let stands_for = certificate.and_then(|digest| roster.token_by_certificate(&digest));
        if stands_for.is_some_and(|token| roster.is_live(token, now)) {
            return Err(Error::new(Kind::Conflict, "this certificate stands for another token"));
        }
        let name = match &new.name {
            Some(name) => checked_name("a token", name)?,
            None => format!("{} of {}", names(roles).join(", "), member.name),
        };
        Ok(Token {
            id: TokenId(uuid::Uuid::nil()),
            digest: [0; 32],
            member: member.id,
            person: person.transpose()?,
            name,
            roles,
            verbs,
            read,
            write,
            ceiling,
            networks,
            certificate,
            profile: new.profile.clone(),
            created: now,
            expires,
            revoked: None,
            once: false,
            last_used: None,
        })
    }
}

/// The roles of a person's tokens that are good now.
pub(crate) fn carried(roster: &Roster, person: PersonId, now: Timestamp) -> Roles {
    let tokens = roster.directory().tokens.iter().filter(|token| token.person == Some(person));
    let live = tokens.filter(|token| roster.is_live(token, now));
    Roles::of(&live.flat_map(|token| token.roles.iter()).collect::<Vec<_>>())
}

/// The token, for the gate.
pub(crate) fn token_of(token: &Token) -> TokenOf {
    TokenOf { token: token.id, member: token.member, roles: token.roles }
}

/// The answer that shows a token's secret.
pub(crate) fn new_token_view(roster: &Roster, token: &Token, secret: String) -> views::NewToken {
    views::NewToken {
        id: token.id.to_string(),
        name: token.name.clone(),
        member: roster.named(token.member),
        roles: names(token.roles),
        expires: token.expires.to_string(),
        secret,
    }
}

fn token_view(roster: &Roster, token: &Token) -> views::Token {
    let named = |some: &Option<Vec<CollectionId>>| {
        let title = |id: &CollectionId| roster.collection(*id).map(|found| found.title.clone());
        let view =
            |id: &CollectionId| views::Named { id: id.to_string(), name: title(id).unwrap_or_default() };
        some.as_ref().map(|some| some.iter().map(view).collect())
    };
    let person = token.person.and_then(|id| roster.person(id));
    views::Token {
        id: token.id.to_string(),
        name: token.name.clone(),
        member: roster.named(token.member),
        person: person.map(|person| views::Named { id: person.id.to_string(), name: person.name.clone() }),
        roles: names(token.roles),
        verbs: token.verbs.iter().map(|verb| verb.name()).collect(),
        read: named(&token.read),
        write: named(&token.write),
        ceiling: token.ceiling.to_string(),
        networks: token.networks.iter().map(|(address, length)| format!("{address}/{length}")).collect(),
        profile: token.profile.clone(),
        created: token.created.to_string(),
        expires: token.expires.to_string(),
        revoked: token.revoked.map(|at| at.to_string()),
        last_used: token.last_used.map(|at| at.to_string()),
    }
}

fn names(roles: Roles) -> Vec<&'static str> {
    roles.iter().map(Role::name).collect()
}

fn is_known(caller: &Caller, token: &Token) -> bool {
    caller.principal.token == Some(token.id)
        || may_act(&caller.principal, &Action::ManageTokens(token.member, token.roles)).is_ok()
}

fn known_token<'r>(roster: &'r Roster, caller: &Caller, name: &str) -> Result<&'r Token, Error> {
    let by_id = name.parse().ok().and_then(|id| roster.token(id)).filter(|token| is_known(caller, token));
    if let Some(token) = by_id {
        return Ok(token);
    }
    let tokens = &roster.directory().tokens;
    let live = |token: &&Token| token.name == name && token.revoked.is_none() && is_known(caller, token);
    let mut named = tokens.iter().filter(live);
    match (named.next(), named.next()) {
        (Some(token), None) => Ok(token),
        (None, _) => Err(not_found("token", name)),
        (Some(_), Some(_)) => {
            let error = Error::new(Kind::Conflict, format!("several tokens are called `{name}`"));
            Err(error.hint("name it by its id"))
        }
    }
}

fn roles_named(names: &[String]) -> Result<Roles, Error> {
    let known = || Role::ALL.map(Role::name).join(", ");
    if names.is_empty() {
        return Err(Error::new(Kind::Invalid, "a token needs a role").hint(format!("one of {}", known())));
    }
    let role = |name: &String| {
        let no_role = || Error::new(Kind::Invalid, format!("`{name}` is no role"));
        Role::named(name).ok_or_else(|| no_role().hint(format!("use {}", known())))
    };
    Ok(Roles::of(&names.iter().map(role).collect::<Result<Vec<_>, _>>()?))
}

fn verbs_named(names: &[String], roles: Roles) -> Result<Vec<Verb>, Error> {
    if names.is_empty() {
        return Ok(Verb::ALL.into_iter().filter(|verb| needs(roles, *verb)).collect());
    }
    let verb = |name: &String| {
        let no_verb =
            || Error::new(Kind::Invalid, format!("`{name}` is no verb")).hint("use read, write, manage");
        Verb::ALL.into_iter().find(|verb| verb.name() == name).ok_or_else(no_verb)
    };
    let mut verbs = names.iter().map(verb).collect::<Result<Vec<_>, _>>()?;
    verbs.sort_unstable();
    verbs.dedup();
    Ok(verbs)
}

// Whether one of these roles is of any use only with this verb. An organisation administrator does not read or write by
// that role, but hands out no verb that his own token has not.
fn needs(roles: Roles, verb: Verb) -> bool {
    use Role::{Administrator, Analyst, Curator, OrganisationAdministrator, Reader, Sensor};
    roles.has_any(match verb {
        Verb::Read => &[Reader, Sensor, Analyst, Curator, OrganisationAdministrator],
        Verb::Write => &[Sensor, Analyst, Curator, OrganisationAdministrator, Administrator],
        Verb::Manage => &[Curator, OrganisationAdministrator, Administrator],
    })
}

type Scopes = (Option<Vec<CollectionId>>, Option<Vec<CollectionId>>);

fn scopes(roster: &Roster, new: &NewToken) -> Result<Scopes, Error> {
    if new.read.is_empty() && new.write.is_empty() {
        return Ok((None, None));
    }
    let found = |names: &[String]| {
        let id = |name: &String| {
            let collection = roster.collection_named(name).ok_or_else(|| not_found("collection", name))?;
            Ok(collection.id)
        };
        names.iter().map(id).collect::<Result<Vec<_>, Error>>()
    };
    Ok((Some(found(&new.read)?), Some(found(&new.write)?)))
}

/// How far a token goes, but for its roles.
struct Reach {
    verbs: Vec<Verb>,
    read: Option<Vec<CollectionId>>,
    write: Option<Vec<CollectionId>>,
    ceiling: Tlp,
    networks: Vec<(IpAddr, u8)>,
    expires: Timestamp,
}

impl Reach {
    // An administrator answers for the node. Everybody else hands out at most what his own token is good for, so that one
    // that was narrowed, or is found by somebody else, does not make itself wider or live on.
    fn within_own(self, roster: &Roster, caller: &Caller, end_is_asked: bool) -> Result<Reach, Error> {
        let principal = &caller.principal;
        if principal.roles.has(Role::Administrator) {
            return Ok(self);
        }
        let own = principal.token.and_then(|token| roster.token(token));
        let Some(own) = own else { return Err(wider("its rights")) };
        let wide = [
            (self.verbs.iter().any(|verb| !principal.verbs.contains(verb)), "its verbs"),
            (!inside(&principal.read, self.read.as_ref()), "the collections that it reads"),
            (!inside(&principal.write, self.write.as_ref()), "the collections that it writes"),
            (self.ceiling > principal.reader.ceiling, "its ceiling"),
            (!networks_inside(&own.networks, &self.networks), "its networks"),
            (end_is_asked && self.expires > own.expires, "its end"),
        ];
        match wide.into_iter().find(|(is_wider, _)| *is_wider) {
            Some((_, what)) => Err(wider(what)),
            None => Ok(Reach { expires: self.expires.min(own.expires), ..self }),
        }
    }
}

fn wider(what: &str) -> Error {
    let message = format!("this token cannot hand out more than it may itself: {what} would be wider");
    Error::new(Kind::Forbidden, message)
        .hint("ask for no more verbs, collections, networks, labels and days than it has")
}

fn inside(own: &CollectionScope, asked: Option<&Vec<CollectionId>>) -> bool {
    match (own, asked) {
        (CollectionScope::All, _) => true,
        (CollectionScope::Only(_), None) => false,
        (CollectionScope::Only(_), Some(some)) => some.iter().all(|id| own.covers(*id)),
    }
}

// No network at all is every network.
fn networks_inside(own: &[(IpAddr, u8)], asked: &[(IpAddr, u8)]) -> bool {
    let covered = |(address, length): &(IpAddr, u8)| {
        own.iter().any(|one| one.1 <= *length && within(std::slice::from_ref(one), *address))
    };
    own.is_empty() || (!asked.is_empty() && asked.iter().all(covered))
}

fn network(text: &str) -> Result<(IpAddr, u8), Error> {
    let wrong = || Error::new(Kind::Invalid, format!("`{text}` is no network")).hint("such as `10.0.0.0/8`");
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Ok(width), |length| length.trim().parse()).map_err(|_| wrong())?;
    if length > width { Err(wrong()) } else { Ok((address, length)) }
}

fn certificate_digest(text: &str) -> Result<[u8; 32], Error> {
    let wrong = || {
        Error::new(Kind::Invalid, "this is no SHA-256 of a certificate")
            .hint("64 hexadecimal digits, such as `openssl x509 -fingerprint -sha256` prints")
    };
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    let pairs = digits.chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit()));
        pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or_else(wrong)
    });
    pairs.collect::<Result<Vec<u8>, Error>>()?.try_into().map_err(|_| wrong())
}

fn life_s(asked: Option<u64>) -> Result<i64, Error> {
    let life = asked.unwrap_or(LIFE_S);
    if life == 0 || life > LIFE_S {
        return Err(Error::new(Kind::Invalid, "a token is valid for at least a second and at most 365 days"));
    }
    Ok(i64::try_from(life).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read() {
        for (text, length) in [("10.0.0.0/8", 8), ("10.0.0.1", 32), ("2001:db8::/32", 32), ("::1", 128)] {
            assert_eq!(network(text).unwrap().1, length, "{text}");
        }
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1", "10.0.0.0/"] {
            assert!(network(text).is_err(), "{text}");
        }
    }

    #[test]
    fn certificates_are_read_with_and_without_colons() {
        assert_eq!(certificate_digest(&"Ab".repeat(32)).unwrap(), [0xAB; 32]);
        assert_eq!(certificate_digest(&vec!["0f"; 32].join(":")).unwrap(), [0x0F; 32]);
        for text in ["", "ab", &"g0".repeat(32), &"+1".repeat(32), &"ab".repeat(33)] {
            assert!(certificate_digest(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_role_gets_the_verbs_that_it_needs() {
        let verbs = |role| verbs_named(&[], Roles::of(&[role])).unwrap();
        assert_eq!(verbs(Role::Reader), [Verb::Read]);
        assert_eq!(verbs(Role::Sensor), [Verb::Read, Verb::Write]);
        assert_eq!(verbs(Role::Administrator), [Verb::Write, Verb::Manage]);
        assert_eq!(verbs(Role::OrganisationAdministrator), Verb::ALL);
    }
}
