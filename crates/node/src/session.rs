//! Who asks: credentials, the one-time secret, the operator, visitors.

use std::net::IpAddr;

use model::gate::{Put, TokenOf};
use model::{Principal, Role, Roles, Timestamp, TokenId, Verb};
use store::directory::{Change, Token};

use crate::roster::Roster;
use crate::tokens::token_of;
use crate::{Caller, Credential, Error, Kind, Node, random, views};

/// How long the one-time secret of a first start can be traded, in seconds: a week.
const SECRET_LIFE_S: i64 = 7 * 86_400;
/// How long the token that it is traded for is valid, in seconds: 24 hours.
const TRADED_LIFE_S: i64 = 86_400;
/// Why what was accepted is not taken in.
pub(crate) const REVOKED: &str = "the token that sent it was revoked, its person or its member";
/// How to come by another one-time secret.
const RENEW: &str = "`accord login --renew` where the node runs makes another";

impl Node {
    /// A secret that can be traded once for an administrator's token, made on first start and told to the console. It
    /// is stored as a digest; a new one replaces the old. `None` once somebody administers the node, unless `renew`.
    ///
    /// # Errors
    /// [`Kind::Internal`].
    pub fn first_secret(&self, renew: bool) -> Result<Option<String>, Error> {
        self.judged(&self.operator(), |roster, node| {
            let tokens = &roster.directory().tokens;
            let administered = |token: &Token| !token.once && token.roles.has(Role::Administrator);
            if !renew && tokens.iter().any(administered) {
                return Ok(None);
            }
            let now = self.now();
            let old = tokens.iter().filter(|token| token.once && token.revoked.is_none());
            let revoked = |old: &Token| Change::Token(Token { revoked: Some(now), ..old.clone() });
            let mut changes: Vec<Change> = old.map(revoked).collect();
            let (secret, mut token) = self.new_own_token(roster, "first start", SECRET_LIFE_S)?;
            token.once = true;
            let id = token.id.to_string();
            changes.push(Change::Token(token));
            let by = Node::authorized(roster, node, Put, tokens_of(&changes))?;
            self.change(by, node, ("secret.add", id), &changes)?;
            Ok(Some(secret))
        })
    }

    /// Trades the one-time secret for an administrator's token of the node's own member, valid 24 hours (roles
    /// administrator and analyst).
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] for a secret that is wrong or used.
    pub fn trade(&self, secret: &str) -> Result<views::NewToken, Error> {
        self.judged(&self.operator(), |roster, node| {
            let now = self.now();
            let known = roster.token_by_digest(&model::token::digest(secret));
            let Some(once) = known.filter(|token| token.once && roster.is_live(token, now)) else {
                let error = Error::new(Kind::Unauthenticated, "this secret is wrong, used or too old");
                return Err(error.hint(RENEW).into());
            };
            let used = Token { revoked: Some(now), ..once.clone() };
            let (secret, token) = self.new_own_token(roster, "traded for the first secret", TRADED_LIFE_S)?;
            let answer = crate::tokens::new_token_view(roster, &token, secret);
            let id = token.id.to_string();
            let changes = [Change::Token(used), Change::Token(token)];
            let by = Node::authorized(roster, node, Put, tokens_of(&changes))?;
            self.change(by, node, ("secret.trade", id), &changes)?;
            Ok(answer)
        })
    }

    /// Who shows this credential from this address. Cheap: a digest and a look in memory.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] for a token unknown, expired, revoked, or used from elsewhere than it may be.
    pub fn authenticate(&self, credential: &Credential, from: Option<IpAddr>) -> Result<Caller, Error> {
        let roster = self.roster();
        let now = self.now();
        let token = match credential {
            Credential::Token(text) if model::token::is_well_formed(text) => {
                roster.token_by_digest(&model::token::digest(text))
            }
            Credential::Token(_) => None,
            Credential::Certificate(digest) => roster.token_by_certificate(digest),
        };
        let token = token.ok_or_else(|| Error::new(Kind::Unauthenticated, "this token is not known"))?;
        usable(&roster, token, from, now)?;
        self.inner.usage.note(token.id, now);
        Ok(roster.caller(token, now))
    }

    /// The one who owns the folder, at the command line or the admin socket: administrator and analyst of the node's
    /// own member.
    #[must_use]
    pub fn operator(&self) -> Caller {
        operator(&self.roster(), self.now())
    }

    /// A visitor without a token, if the node lets visitors in.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] where it does not.
    pub fn visitor(&self) -> Result<Caller, Error> {
        if !self.settings().anonymous {
            return Err(Error::new(Kind::Unauthenticated, "this node answers nobody without a token"));
        }
        Ok(Caller {
            principal: Principal::anonymous(),
            member_name: String::new(),
            profile: None,
            facts: self.roster().epoch(),
            accepted: None,
        })
    }

    /// Whether what this caller is told has to be encrypted on its way: a circle of his member demands it (IEP 2.0 §7,
    /// `encrypt_in_transit`), whose policy is in force.
    #[must_use]
    pub fn demands_encryption(&self, caller: &Caller) -> bool {
        let member = caller.principal.reader.member;
        member.is_some_and(|member| self.roster().circles().demand_encryption(member, self.now()))
    }

    /// Whether a caller sees all that he saw when he was found to be who he is: his token is good, he is in the circles that
    /// he was in, or keeps what was said there, and the client of those whose client he was. What he may do beside is judged with each thing that he does.
    #[must_use]
    pub fn still_sees(&self, caller: &Caller) -> bool {
        let Ok(now) = self.renewed(&self.roster(), caller) else { return false };
        let (before, now) = (&caller.principal.reader, &now.principal.reader);
        let circles = before.circles.iter().all(|circle| now.circles.contains(circle));
        // So he is the client of those whose client he was; to be a member in one's own right is more.
        let providers = before.provider.iter().all(|provider| now.provider.contains(provider));
        let in_own_right = before.client_only || !now.client_only;
        let wider = model::Reader {
            circles: now.circles.clone(),
            provider: now.provider.clone(),
            client_only: now.client_only,
            ..before.clone()
        };
        circles && providers && in_own_right && wider == *now
    }

    /// The same caller on the directory as it is now: what he may may have changed since he was authenticated.
    pub(crate) fn renewed(&self, roster: &Roster, caller: &Caller) -> Result<Caller, Error> {
        let now = self.now();
        let counts = caller.accepted.unwrap_or(now);
        let live = |id| roster.token(id).is_some_and(|token| roster.is_live(token, counts));
        let reader = &caller.principal.reader;
        // A circle may have expired.
        let is_in = |member| roster.circles().audiences(member, now) == reader.circles;
        if caller.facts == roster.epoch()
            && caller.principal.token.is_none_or(live)
            && reader.member.is_none_or(is_in)
        {
            return Ok(caller.clone());
        }
        match (caller.principal.token, caller.principal.is_anonymous()) {
            (Some(id), _) => self.bearer(roster, id, caller.accepted),
            (None, false) => Ok(operator(roster, now)),
            (None, true) => Ok(Caller { facts: roster.epoch(), ..caller.clone() }),
        }
    }

    /// Who carries a token, if it can still be used; or could, when what he sent was accepted, and was not revoked since.
    pub(crate) fn bearer(
        &self,
        roster: &Roster,
        id: TokenId,
        accepted: Option<Timestamp>,
    ) -> Result<Caller, Error> {
        let now = self.now();
        let token = roster.token(id).filter(|token| roster.is_live(token, accepted.unwrap_or(now)));
        let gone = || match accepted {
            Some(_) => Error::new(Kind::Unauthenticated, REVOKED),
            None => Error::new(Kind::Unauthenticated, "this token has expired or was revoked"),
        };
        token.map(|token| Caller { accepted, ..roster.caller(token, now) }).ok_or_else(gone)
    }

    /// Whoever sent what waits, if his token was not revoked.
    pub(crate) fn sender(
        &self,
        roster: &Roster,
        token: Option<TokenId>,
        accepted: Timestamp,
    ) -> Result<Caller, Error> {
        token.map_or_else(|| Ok(self.operator()), |token| self.bearer(roster, token, Some(accepted)))
    }

    fn new_own_token(&self, roster: &Roster, name: &str, life_s: i64) -> Result<(String, Token), Error> {
        let secret = model::token::text(&random::bytes()?);
        let now = self.now();
        let token = Token {
            id: TokenId(random::uuid()?),
            digest: model::token::digest(&secret),
            member: roster.own(),
            person: None,
            name: name.to_owned(),
            roles: Roles::of(&[Role::Administrator, Role::Analyst]),
            verbs: Verb::ALL.to_vec(),
            read: None,
            write: None,
            ceiling: model::Tlp::Red,
            networks: Vec::new(),
            certificate: None,
            profile: None,
            created: now,
            expires: now.plus_seconds(life_s),
            revoked: None,
            once: false,
            last_used: None,
        };
        Ok((secret, token))
    }
}

fn tokens_of(changes: &[Change]) -> Vec<TokenOf> {
    let tokens = changes.iter().filter_map(|change| match change {
        Change::Token(token) => Some(token_of(token)),
        _ => None,
    });
    tokens.collect()
}

fn operator(roster: &Roster, now: Timestamp) -> Caller {
    Caller {
        principal: Principal::operator(roster.reader(roster.own(), now)),
        member_name: roster.named(roster.own()).name,
        profile: None,
        facts: roster.epoch(),
        accepted: None,
    }
}

fn usable(roster: &Roster, token: &Token, from: Option<IpAddr>, now: Timestamp) -> Result<(), Error> {
    let refused = |why: &str| Err(Error::new(Kind::Unauthenticated, why));
    if token.once && !roster.is_live(token, now) {
        let error = Error::new(Kind::Unauthenticated, "this one-time secret is used or too old");
        return Err(error.hint(RENEW));
    }
    if token.once {
        return refused("this is a one-time secret: trade it for a token first");
    }
    if token.expires <= now {
        return refused("this token has expired");
    }
    if !roster.is_live(token, now) {
        return refused("this token was revoked");
    }
    // Without an address (a test, a socket of the machine itself) a token that is bound to networks is not usable.
    if !token.networks.is_empty() && !from.is_some_and(|from| within(&token.networks, from)) {
        return refused("this token cannot be used from this address");
    }
    Ok(())
}

/// Whether an address lies in one of these networks. An IPv4 address that came in over IPv6 counts as IPv4.
pub(crate) fn within(networks: &[(IpAddr, u8)], address: IpAddr) -> bool {
    let bits = |address: IpAddr| match address.to_canonical() {
        IpAddr::V4(four) => (u128::from(four.to_bits()) << 96, 32),
        IpAddr::V6(six) => (six.to_bits(), 128),
    };
    let (asked, asked_width) = bits(address);
    networks.iter().any(|(network, length)| {
        let (base, width) = bits(*network);
        let mask = u128::MAX.checked_shl(128 - u32::from(*length)).unwrap_or(0);
        width == asked_width && *length <= width && (asked ^ base) & mask == 0
    })
}

#[cfg(test)]
mod tests {
    use super::within;
    use std::net::IpAddr;

    #[test]
    fn networks_hold_what_they_say() {
        for (network, length, address, inside) in [
            ("10.0.0.0", 8, "10.255.1.2", true),
            ("10.0.0.0", 8, "11.0.0.1", false),
            ("10.0.0.0", 8, "::ffff:10.1.1.1", true),
            ("192.0.2.7", 32, "192.0.2.7", true),
            ("192.0.2.7", 32, "192.0.2.6", false),
            ("0.0.0.0", 0, "203.0.113.9", true),
            ("0.0.0.0", 0, "2001:db8::1", false),
            ("2001:db8::", 32, "2001:db8:1::1", true),
            ("2001:db8::", 32, "2001:db9::1", false),
            ("::", 0, "2001:db9::1", true),
        ] {
            let networks = [(network.parse::<IpAddr>().unwrap(), length)];
            assert_eq!(within(&networks, address.parse().unwrap()), inside, "{network}/{length} {address}");
        }
    }
}
