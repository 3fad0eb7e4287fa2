//! Who may write what, told once more and slowly, from the rows alone: no rule of the house is asked.

use model::{Label, Tlp};
use uuid::Uuid;

use super::deed::{Asked, Deed, Given, Said};
use super::state::{Changed, Row, State};

const READ: i64 = 1;
const WRITE: i64 = 2;
const MANAGE: i64 = 4;
const READER: i64 = 1;
const SENSOR: i64 = 2;
const ANALYST: i64 = 4;
const CURATOR: i64 = 8;
const ORGANISATION: i64 = 16;
const ADMINISTRATOR: i64 = 32;
/// The kind of entry that an act of disclosure is.
const DISCLOSURE: i64 = 5;

/// What should come of a deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is written.
    Refused,
    /// Nothing is written, and he is told what he would be told if the target were not there.
    Hidden,
    /// It is done.
    Done,
    /// It is done, or not; if it is, only to what it is done to.
    Free,
}

/// Who tries it, by his token's row; the one who owns the folder has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Actor {
    token: Option<Uuid>,
    member: Uuid,
    person: Option<Uuid>,
    roles: i64,
    verbs: i64,
    reads: Option<Vec<Uuid>>,
    writes: Option<Vec<Uuid>>,
    ceiling: Tlp,
    expires: i64,
}

fn ids(row: &Row, at: usize) -> Option<Vec<Uuid>> {
    let some = row.bytes(at).chunks(16).filter_map(|id| Uuid::from_slice(id).ok()).collect();
    (!row.is_null(at)).then_some(some)
}

fn is_live(state: &State, token: &Row, now: i64) -> bool {
    let member = state.by_id("member", token.id(2)).is_some_and(|member| member.is_null(4));
    let person = token.is_null(3) || state.by_id("person", token.id(3)).is_some_and(|one| one.is_null(5));
    token.is_null(11) && token.int(10) > now && member && person
}

impl Actor {
    /// Who has a token, if it is good at this time.
    pub fn of(state: &State, token: Option<Uuid>, now: i64) -> Option<Actor> {
        let Some(id) = token else {
            let own = state.of("member").find(|member| member.int(5) == 1)?;
            let (token, member, person, reads, writes) = (None, own.id(1), None, None, None);
            let (roles, verbs) = (ADMINISTRATOR | ANALYST, READ | WRITE | MANAGE);
            return Some(Actor {
                token,
                member,
                person,
                roles,
                verbs,
                reads,
                writes,
                ceiling: Tlp::Red,
                expires: i64::MAX,
            });
        };
        let row = state.by_id("token", id).filter(|row| is_live(state, row, now))?;
        Some(Actor {
            token,
            member: row.id(2),
            person: (!row.is_null(3)).then(|| row.id(3)),
            roles: row.int(5),
            verbs: row.int(6),
            reads: ids(row, 7),
            writes: ids(row, 8),
            ceiling: Tlp::ALL.get(row.int(9) as usize).copied().unwrap_or(Tlp::Clear),
            expires: row.int(10),
        })
    }

    fn may(&self, verb: i64, roles: i64) -> bool {
        self.verbs & verb != 0 && self.roles & roles != 0
    }

    fn administers(&self) -> bool {
        self.may(MANAGE, ADMINISTRATOR)
    }

    fn manages_tokens(&self, member: Uuid, roles: i64) -> bool {
        let own = member == self.member && roles & (ADMINISTRATOR | CURATOR) == 0;
        self.administers() || (self.may(MANAGE, ORGANISATION) && own)
    }

    fn manages_persons(&self, member: Uuid) -> bool {
        self.administers() || (self.may(MANAGE, ORGANISATION) && member == self.member)
    }

    fn knows_token(&self, token: &Row) -> bool {
        self.token == Some(token.id(1)) || self.manages_tokens(token.id(2), token.int(5))
    }

    fn acts_in_circles(&self) -> bool {
        self.may(WRITE, ANALYST | ORGANISATION) && self.writes.is_none()
    }

    fn says(&self) -> bool {
        self.may(WRITE, ANALYST | CURATOR) && self.writes.is_none()
    }

    fn sees(&self, state: &State, label: &Label, below: Tlp, now: i64) -> bool {
        if label.tlp > self.ceiling.min(below) {
            return false;
        }
        if label.author.0 == self.member {
            return true;
        }
        let to = &label.recipients;
        let person = self.person.is_some_and(|person| to.persons.iter().any(|one| one.0 == person));
        let member = to.members.iter().any(|one| one.0 == self.member);
        let circle = to.circles.iter().any(|one| {
            let circles =
                state.of("circle").filter(|row| ids(row, 3).is_some_and(|all| all.contains(&one.0)));
            circles.into_iter().any(|circle| is_in(state, circle, self.member, now))
        });
        if label.tlp == Tlp::Red {
            return person;
        }
        let everybody = to.is_empty() || label.tlp == Tlp::Clear;
        person || member || circle || (label.embargo.is_none() && everybody)
    }
}

// Those who are in a circle, the longest first.
fn members(state: &State, circle: Uuid) -> Vec<Uuid> {
    let stays = |row: &&Row| row.id(2) == circle && row.is_null(4);
    let live = |id: &Uuid| state.by_id("member", *id).is_some_and(|member| member.is_null(4));
    state.of("membership").filter(stays).map(|row| row.id(3)).filter(live).collect()
}

fn is_in(state: &State, circle: &Row, member: Uuid, now: i64) -> bool {
    let ended = !circle.is_null(4) || (!circle.is_null(5) && circle.int(5) <= now);
    !ended && members(state, circle.id(1)).contains(&member)
}

fn parsed(name: &str) -> Option<Uuid> {
    if name.len() == 36 { Uuid::parse_str(name).ok() } else { None }
}

fn member<'s>(state: &'s State, name: &str) -> Option<&'s Row> {
    if let Some(found) = parsed(name).and_then(|id| state.by_id("member", id)) {
        return Some(found);
    }
    state.of("member").find(|row| row.text(2) == name && row.is_null(4))
}

fn collection<'s>(state: &'s State, name: &str) -> Option<&'s Row> {
    if let Some(found) = parsed(name).and_then(|id| state.by_id("collection", id)) {
        return Some(found).filter(|row| row.is_null(5));
    }
    // An alias before a title.
    let live: Vec<&Row> = state.of("collection").filter(|row| row.is_null(5)).collect();
    let alias = live.iter().find(|row| !row.is_null(3) && row.text(3) == name);
    alias.or_else(|| live.iter().find(|row| row.text(2) == name)).copied()
}

fn person<'s>(state: &'s State, own: Uuid, name: &str) -> Option<&'s Row> {
    if let Some(found) = Uuid::parse_str(name).ok().and_then(|id| state.by_id("person", id)) {
        return Some(found);
    }
    let (of, name) = match name.split_once('/') {
        Some((of, name)) => (member(state, of)?.id(1), name),
        None => (own, name),
    };
    let by_id = parsed(name).and_then(|id| state.by_id("person", id)).filter(|row| row.id(2) == of);
    let mut rows = state.of("person");
    by_id.or_else(|| rows.find(|row| row.id(2) == of && row.text(3) == name && row.is_null(5)))
}

fn token<'s>(state: &'s State, actor: &Actor, name: &str) -> Option<&'s Row> {
    let by_id = Uuid::parse_str(name).ok().and_then(|id| state.by_id("token", id));
    if let Some(found) = by_id.filter(|row| actor.knows_token(row)) {
        return Some(found);
    }
    let known = |row: &&Row| row.text(4) == name && row.is_null(11) && actor.knows_token(row);
    let named: Vec<&Row> = state.of("token").filter(known).collect();
    if named.len() == 1 { named.first().copied() } else { None }
}

fn circle<'s>(state: &'s State, actor: &Actor, name: &str, now: i64) -> Option<&'s Row> {
    let his: Vec<&Row> = state.of("circle").filter(|row| is_in(state, row, actor.member, now)).collect();
    if let Some(found) = his.iter().find(|row| row.id(1).hyphenated().to_string() == name) {
        return Some(found);
    }
    let named: Vec<&&Row> = his.iter().filter(|row| row.circle_name() == name).collect();
    if named.len() == 1 { named.first().map(|row| **row) } else { None }
}

fn is_there(state: &State, name: &str) -> bool {
    let id = Uuid::parse_str(name).ok();
    let of = |table: &str, named: usize| {
        state.of(table).any(|row| Some(row.id(1)) == id || row.text(named) == name)
    };
    of("member", 2)
        || of("person", 3)
        || of("token", 4)
        || state.of("circle").any(|row| Some(row.id(1)) == id || row.circle_name() == name)
}

// Statements that stand of an object, that he sees.
fn seen<'s>(state: &'s State, actor: &Actor, object: &str, below: Tlp, now: i64) -> Vec<&'s Row> {
    let stands =
        |row: &&Row| [0, 4].contains(&row.int(1)) && [0, 1].contains(&row.int(2)) && row.object() == object;
    let sees = |row: &&Row| row.label().is_some_and(|label| actor.sees(state, &label, below, now));
    state.of("statement").filter(stands).filter(sees).collect()
}

fn is_held(state: &State, object: &str) -> bool {
    state.of("statement").any(|row| [0, 4].contains(&row.int(1)) && row.int(2) != 3 && row.object() == object)
}

// Which (member, version) a withdrawal reaches.
fn reached(
    state: &State,
    actor: &Actor,
    (through, object, versions): (Option<&str>, &str, &[String]),
    now: i64,
) -> Result<Vec<(Uuid, i64)>, Verdict> {
    let his = actor.may(WRITE, ANALYST | CURATOR | ADMINISTRATOR);
    let below = match through {
        None if his && actor.writes.is_none() => Tlp::Red,
        None => return Err(Verdict::Refused),
        Some(name) => {
            let Some(found) = collection(state, name) else { return Err(Verdict::Refused) };
            let covers =
                |some: &Option<Vec<Uuid>>| some.as_ref().is_none_or(|all| all.contains(&found.id(1)));
            let reads = actor.may(READ, READER | SENSOR | ANALYST | CURATOR) && covers(&actor.reads);
            let writes = actor.may(WRITE, SENSOR | ANALYST | CURATOR) && covers(&actor.writes);
            if !(reads && writes && his) {
                return Err(Verdict::Refused);
            }
            Tlp::ALL.get(found.int(4) as usize).copied().unwrap_or(Tlp::Clear)
        }
    };
    let seen = seen(state, actor, object, below, now);
    if seen.is_empty() {
        return Err(if is_held(state, object) { Verdict::Hidden } else { Verdict::Refused });
    }
    let mine = |row: &&&Row| actor.roles & ADMINISTRATOR != 0 || row.id(6) == actor.member;
    let mine: Vec<&&Row> = seen.iter().filter(mine).collect();
    let last = mine.iter().map(|row| row.int(5)).max();
    let first = mine.iter().map(|row| row.int(5)).min();
    let meant = mine.iter().filter(|row| match versions.first().map(String::as_str) {
        None | Some("all") => true,
        Some("last") => Some(row.int(5)) == last,
        _ => Some(row.int(5)) == first,
    });
    let chosen: Vec<(Uuid, i64)> = meant.map(|row| (row.id(6), row.int(5))).collect();
    if chosen.is_empty() { Err(Verdict::Refused) } else { Ok(chosen) }
}

/// What should come of a deed in this state, at this time.
pub fn verdict(state: &State, actor: &Actor, deed: &Deed, now: i64) -> Verdict {
    let yes = |done: bool| if done { Verdict::Done } else { Verdict::Refused };
    let missing = |name: &str| if is_there(state, name) { Verdict::Hidden } else { Verdict::Refused };
    match deed {
        Deed::RevokeToken(name) => match token(state, actor, name) {
            Some(row) if row.is_null(11) => Verdict::Done,
            Some(_) => Verdict::Free,
            // Of several that he knows by a name he is told so.
            None if state.of("token").any(|row| row.text(4) == name && actor.knows_token(row)) => {
                Verdict::Refused
            }
            None => missing(name),
        },
        Deed::AddToken(asked) => match known_member(state, actor, &asked.member) {
            None => missing(&asked.member),
            Some(of) => yes(of.is_null(4) && makes(state, actor, of.id(1), asked, now)),
        },
        Deed::RevokePerson(name) => match person(state, actor.member, name) {
            Some(row) if row.id(2) == actor.member || actor.administers() => {
                let named =
                    state.of("token").filter(|token| token.id(3) == row.id(1) && is_live(state, token, now));
                let mut named = named.filter(|token| !token.is_null(3));
                let may = actor.manages_persons(row.id(2))
                    && named.all(|token| actor.manages_tokens(token.id(2), token.int(5)));
                if may && !row.is_null(5) { Verdict::Free } else { yes(may) }
            }
            _ => missing(name),
        },
        Deed::AddPerson(name, _) => match known_member(state, actor, name) {
            None => missing(name),
            Some(of) => yes(of.is_null(4) && actor.manages_persons(of.id(1))),
        },
        Deed::RevokeMember(name) => match member(state, name) {
            Some(row) if actor.administers() && row.int(5) == 0 => {
                if row.is_null(4) {
                    Verdict::Done
                } else {
                    Verdict::Free
                }
            }
            Some(_) if !actor.administers() => missing(name),
            _ => Verdict::Refused,
        },
        Deed::RevokeCollection(name) => yes(actor.administers() && collection(state, name).is_some()),
        Deed::Withdraw(through, object, versions) => {
            match reached(state, actor, (through.as_deref(), object, versions), now) {
                Ok(_) => Verdict::Done,
                Err(verdict) => verdict,
            }
        }
        Deed::Disclose(given) => discloses(state, actor, given, now),
        Deed::Relabel(object, tlp) => {
            if !actor.says() {
                return Verdict::Refused;
            }
            let seen = seen(state, actor, object, Tlp::Red, now);
            let own: Vec<Label> =
                seen.iter().filter(|row| row.id(6) == actor.member).filter_map(|row| row.label()).collect();
            if own.is_empty() {
                let his = seen.is_empty() && is_held(state, object);
                return if his { Verdict::Hidden } else { Verdict::Refused };
            }
            if *tlp > actor.ceiling {
                return Verdict::Refused;
            }
            // What was made here of another version bears markings of its own, which may ask for more.
            let made = |row: &&Row| row.id(6) == actor.member && row.int(5) >= super::world::BEGIN;
            if seen.iter().any(made) {
                return Verdict::Free;
            }
            let plain = |label: &Label| label.recipients.is_empty() && label.embargo.is_none();
            // What another says for fewer, as he sees, may not be made wider.
            let mut others =
                seen.iter().filter(|row| row.id(6) != actor.member).filter_map(|row| row.label());
            let widens = own.iter().any(|label| label.tlp > *tlp);
            if widens && others.any(|label| label.strictest() > *tlp || !plain(&label)) {
                return Verdict::Free;
            }
            let changes = own.iter().any(|label| label.tlp != *tlp);
            if changes && own.iter().all(plain) { Verdict::Done } else { Verdict::Free }
        }
        Deed::Erase(object) => yes(actor.administers() && is_held(state, object)),
        Deed::Submit(said) => submits(state, actor, said),
        Deed::Note(object) | Deed::RevokeObject(object) => {
            let reads = actor.may(READ, READER | SENSOR | ANALYST | CURATOR) && actor.reads.is_none();
            if !actor.says() || !reads {
                return Verdict::Refused;
            }
            match seen(state, actor, object, Tlp::Red, now).is_empty() {
                true if is_held(state, object) => Verdict::Hidden,
                true => Verdict::Refused,
                false => Verdict::Free,
            }
        }
        Deed::Leave(name) | Deed::Invite(name) => match circle(state, actor, name, now) {
            None => missing(name),
            Some(_) => yes(actor.acts_in_circles()),
        },
        Deed::EndCircle(name) => match circle(state, actor, name, now) {
            None => missing(name),
            Some(row) => {
                yes(actor.acts_in_circles() && members(state, row.id(1)).first() == Some(&actor.member))
            }
        },
        Deed::Expel(name, who) => match circle(state, actor, name, now) {
            None => missing(name),
            Some(row) => {
                let all = members(state, row.id(1));
                let meant = all.iter().find(|id| is_called(state, **id, who));
                let owns = all.first() == Some(&actor.member);
                yes(actor.acts_in_circles() && owns && meant.is_some_and(|id| *id != actor.member))
            }
        },
        Deed::Rule(_) => {
            if actor.administers() {
                Verdict::Free
            } else {
                Verdict::Refused
            }
        }
    }
}

fn is_called(state: &State, member: Uuid, name: &str) -> bool {
    let named = state.by_id("member", member).is_some_and(|row| row.text(2) == name);
    named || member.hyphenated().to_string() == name
}

fn known_member<'s>(state: &'s State, actor: &Actor, name: &str) -> Option<&'s Row> {
    member(state, name).filter(|row| row.id(1) == actor.member || actor.administers())
}

// Whether he may make that token: nobody hands out more than he has.
fn makes(state: &State, actor: &Actor, member: Uuid, asked: &Asked, now: i64) -> bool {
    let roles = match asked.role {
        "reader" => READER,
        "sensor" => SENSOR,
        "analyst" => ANALYST,
        "curator" => CURATOR,
        "organisation-administrator" => ORGANISATION,
        _ => ADMINISTRATOR,
    };
    let of_person = |name: &String| {
        let by_id = parsed(name).and_then(|id| state.by_id("person", id)).filter(|row| row.id(2) == member);
        let named = |row: &&Row| row.id(2) == member && row.text(3) == *name && row.is_null(5);
        let found = by_id.or_else(|| state.of("person").find(named)).filter(|row| row.is_null(5));
        // Nobody speaks as a person who carries more than he may hand out.
        found.is_some_and(|row| {
            let tokens = state.of("token").filter(|token| !token.is_null(3) && token.id(3) == row.id(1));
            let mut live = tokens.filter(|token| is_live(state, token, now));
            live.all(|token| actor.manages_tokens(token.id(2), token.int(5)))
        })
    };
    let found = asked.collection.as_ref().map(|name| collection(state, name).map(|row| row.id(1)));
    if !actor.manages_tokens(member, roles)
        || !asked.person.as_ref().is_none_or(of_person)
        || found == Some(None)
    {
        return false;
    }
    if actor.roles & ADMINISTRATOR != 0 {
        return true;
    }
    let mut verbs =
        if roles & (SENSOR | ANALYST | CURATOR | ORGANISATION | ADMINISTRATOR) != 0 { WRITE } else { 0 };
    verbs |= if roles & ADMINISTRATOR == 0 { READ } else { 0 };
    verbs |= if roles & (CURATOR | ORGANISATION | ADMINISTRATOR) != 0 { MANAGE } else { 0 };
    let inside = |own: &Option<Vec<Uuid>>| match (own, found.flatten()) {
        (None, _) => true,
        (Some(own), Some(one)) => own.contains(&one),
        (Some(_), None) => false,
    };
    let ends = asked.expire_s.map_or(i64::MIN, |life| now + life as i64 * 1_000_000);
    verbs & !actor.verbs == 0
        && asked.ceiling.unwrap_or(Tlp::Red) <= actor.ceiling
        && ends <= actor.expires
        && inside(&actor.reads)
        && inside(&actor.writes)
}

// What one sees one's member gives; what the node holds who owns its folder, where it asks for that with one who administers it.
fn discloses(state: &State, actor: &Actor, given: &Given, now: i64) -> Verdict {
    let second = given.second.as_ref().map(|(id, _)| Actor::of(state, Some(*id), now));
    if second == Some(None) {
        return Verdict::Refused;
    }
    if actor.token.is_none() {
        let agreed = second.flatten().is_some_and(|one| one.administers());
        let stands = |row: &Row| {
            [0, 4].contains(&row.int(1)) && [0, 1].contains(&row.int(2)) && row.object() == given.object
        };
        let may = (agreed || !given.four_eyes) && state.of("statement").any(stands);
        return if may { Verdict::Done } else { Verdict::Refused };
    }
    let reads = actor.may(READ, READER | SENSOR | ANALYST | CURATOR) && actor.reads.is_none();
    if !actor.acts_in_circles() || !reads {
        return Verdict::Refused;
    }
    match seen(state, actor, &given.object, Tlp::Red, now).is_empty() {
        false => Verdict::Done,
        true if is_held(state, &given.object) => Verdict::Hidden,
        true => Verdict::Refused,
    }
}

fn submits(state: &State, actor: &Actor, said: &Said) -> Verdict {
    if let Some(name) = &said.member {
        match known_member(state, actor, name) {
            Some(row) if row.is_null(4) => {}
            _ => return Verdict::Refused,
        }
    }
    if let Some(name) = &said.collection {
        let Some(found) = collection(state, name) else { return Verdict::Refused };
        let covers = actor.writes.as_ref().is_none_or(|all| all.contains(&found.id(1)));
        let may = covers && actor.may(WRITE, SENSOR | ANALYST | CURATOR);
        return if may { Verdict::Done } else { Verdict::Refused };
    }
    let may = actor.writes.is_none() && actor.may(WRITE, SENSOR | ANALYST | CURATOR);
    if may { Verdict::Done } else { Verdict::Refused }
}

/// Whether a row may have become what it is by this deed of his.
pub fn is_of(deed: &Deed, state: &State, actor: &Actor, changed: &Changed, now: i64) -> bool {
    let Changed { table, before, after } = changed;
    let by_him = |row: &Row, at: usize| {
        row.is_null(at) == actor.token.is_none() && actor.token.is_none_or(|id| row.id(at) == id)
    };
    let revoked = |meant: Option<&Row>, at: usize| match (before, after) {
        (Some(one), Some(two)) => meant == Some(one) && one.is_null(at) && two.differs_only(one, at),
        _ => false,
    };
    let new = after.as_ref().filter(|_| before.is_none());
    match (*table, deed) {
        ("audit", deed) => new.is_some_and(|row| {
            by_him(row, 1) && deed.verbs().contains(&row.text(2)) && row.int(4) < actor.expires
        }),
        (
            "circle_act",
            Deed::Leave(name) | Deed::Expel(name, _) | Deed::EndCircle(name) | Deed::Invite(name),
        ) => {
            let meant = circle(state, actor, name, now).map(|row| row.id(1));
            new.is_some_and(|row| by_him(row, 3) && row.id(2) == actor.member && Some(row.id(1)) == meant)
        }
        ("token", Deed::RevokeToken(name)) => revoked(token(state, actor, name), 11),
        ("token", Deed::AddToken(asked)) => new.is_some_and(|row| {
            let within = actor.roles & ADMINISTRATOR != 0 || row.int(10) <= actor.expires;
            let of = member(state, &asked.member).map(|of| of.id(1));
            within && Some(row.id(2)) == of && row.is_null(3) == asked.person.is_none()
        }),
        ("person", Deed::RevokePerson(name)) => revoked(person(state, actor.member, name), 5),
        ("person", Deed::AddPerson(name, called)) => new.is_some_and(|row| {
            Some(row.id(2)) == member(state, name).map(|of| of.id(1)) && row.text(3) == called
        }),
        ("member", Deed::RevokeMember(name)) => revoked(member(state, name), 4),
        ("collection", Deed::RevokeCollection(name)) => revoked(collection(state, name), 5),
        ("rules", Deed::Rule(_)) => true,
        ("membership", Deed::Leave(name)) => {
            let meant = circle(state, actor, name, now).map(|row| row.id(1));
            before.as_ref().is_some_and(|row| {
                row.id(3) == actor.member && Some(row.id(2)) == meant && revoked(Some(row), 4)
            })
        }
        ("membership", Deed::Expel(name, who)) => {
            let meant = circle(state, actor, name, now).map(|row| row.id(1));
            let is_his = |row: &Row| is_called(state, row.id(3), who) && Some(row.id(2)) == meant;
            before.as_ref().is_some_and(|row| is_his(row) && revoked(Some(row), 4))
        }
        ("circle", Deed::Leave(name) | Deed::Expel(name, _) | Deed::EndCircle(name)) => {
            revoked(circle(state, actor, name, now), 4)
        }
        ("invitation", Deed::Invite(name)) => {
            let meant = circle(state, actor, name, now).map(|row| row.id(1));
            new.is_some_and(|row| row.id(3) == actor.member && Some(row.id(2)) == meant)
        }
        ("erasure", Deed::Erase(object)) => new.is_some_and(|row| {
            let erased = state.of("statement").find(|one| one.int(0) == row.int(1));
            erased.is_some_and(|one| one.object() == *object)
        }),
        ("statement", deed) => is_of_record(deed, state, actor, changed, now),
        _ => false,
    }
}

fn is_of_record(deed: &Deed, state: &State, actor: &Actor, changed: &Changed, now: i64) -> bool {
    let Changed { before, after, .. } = changed;
    let Some(after) = after else { return false };
    let moves = |from: &[i64], to: &[i64]| {
        before.as_ref().is_some_and(|before| {
            from.contains(&before.int(2)) && to.contains(&after.int(2)) && after.differs_only(before, 2)
        })
    };
    let is_new = before.is_none();
    let (entry, source) = (after.int(1), after.id(6));
    let acts = |kind: i64| is_new && entry == kind && source == actor.member;
    match deed {
        Deed::Withdraw(through, object, versions) => {
            let asked = (through.as_deref(), object.as_str(), versions.as_slice());
            let chosen = reached(state, actor, asked, now).unwrap_or_default();
            let of_chosen = after.object() == *object && chosen.iter().any(|(member, _)| *member == source);
            let taken = moves(&[0, 1, 4], &[2]) && chosen.contains(&(source, after.int(5)));
            acts(1) || (of_chosen && (taken || moves(&[1], &[5]) || (is_new && entry == 4)))
        }
        Deed::Relabel(object, _) => {
            let own = after.object() == *object && source == actor.member;
            acts(3) || (own && (moves(&[0, 1], &[5, 1]) || (is_new && entry == 4)))
        }
        Deed::Erase(object) => {
            let of_it = before.as_ref().is_some_and(|before| before.object() == *object);
            acts(2) || (of_it && after.int(2) == 3)
        }
        Deed::Submit(said) => {
            let for_whom = said
                .member
                .as_ref()
                .map_or(Some(actor.member), |name| member(state, name).map(|of| of.id(1)));
            said_by(after, for_whom, is_new) && after.object() == said.object
                || (Some(source) == for_whom && after.object() == said.object && moves(&[0], &[1]))
        }
        // It names what it gave, and nothing becomes of that.
        Deed::Disclose(given) => {
            let body = String::from_utf8_lossy(after.bytes(9));
            acts(DISCLOSURE) && body.matches("--").count() == 1 && body.contains(&given.object)
        }
        Deed::Note(_) => said_by(after, Some(actor.member), is_new) && after.text(3) == "note",
        Deed::RevokeObject(object) => {
            let own = source == actor.member && after.object() == *object && moves(&[0], &[1]);
            own || said_by(after, Some(actor.member), is_new)
        }
        _ => false,
    }
}

fn said_by(row: &Row, member: Option<Uuid>, is_new: bool) -> bool {
    let label = row.label().map(|label| label.author.0);
    is_new && row.int(1) == 0 && Some(row.id(6)) == member && label == member
}
