//! Giving what is said to an authority under compulsion: a named act about listed objects, recorded before a byte leaves. What one
//! sees, one's member gives; what the node holds, whoever may see it, the one who owns its folder, at the machine.

use std::ops::ControlFlow;

use model::gate::{self, Disclosed as Leave};
use model::{Action, Authorized, MemberId, Timestamp, TokenId};
use serde::Deserialize;
use serde_json::value::RawValue;
use store::ledger::{Act, Stands};
use store::record::{Appended, Item, ObjectKey};
use uuid::Uuid;

use crate::core::list_query::object_key;
use crate::directory::{not_found, signed_in};
use crate::roster::Roster;
use crate::withdraw::{Acts, act_by};
use crate::writing::Failure;
use crate::{Caller, Credential, Disclose, Error, Kind, Node, random, views};

/// Objects of one disclosure: it names what it gives, one by one.
const OBJECTS: usize = 100;
/// Longest name of an authority, in characters.
const AUTHORITY_CHARACTERS: usize = 200;
/// Longest basis, in characters.
const BASIS_CHARACTERS: usize = 2_000;
/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// A disclosure, as the record has it.
#[derive(Debug, Clone)]
pub(crate) struct Disclosure {
    pub(crate) id: Uuid,
    /// Where its act stands.
    pub(crate) position: u64,
    pub(crate) at: Timestamp,
    pub(crate) member: MemberId,
    /// What the node holds was given, by its operator.
    pub(crate) held: bool,
    pub(crate) authority: String,
    pub(crate) basis: String,
    /// By id and version, with a space between.
    pub(crate) objects: Vec<String>,
    pub(crate) until: Option<Timestamp>,
    second: Option<TokenId>,
    extended: Vec<(Timestamp, Timestamp)>,
}

/// The body of an act.
#[derive(Deserialize)]
struct Body {
    by: Uuid,
    id: Option<Uuid>,
    extends: Option<Uuid>,
    #[serde(default)]
    held: bool,
    #[serde(default)]
    authority: String,
    #[serde(default)]
    basis: String,
    #[serde(default)]
    objects: Vec<String>,
    sealed_until: Option<String>,
    second: Option<Uuid>,
    // The act's own time is another where it was recorded again after a restore.
    at: Option<String>,
}

/// A statement that is to be given.
struct Chosen {
    position: u64,
    name: String,
    bytes: Vec<u8>,
}

impl Disclosure {
    /// The participants are not told yet.
    pub(crate) fn is_sealed(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// It is about this object.
    pub(crate) fn is_of(&self, object: &str) -> bool {
        self.objects.iter().any(|one| one.split(' ').next() == Some(object))
    }

    fn view(&self, roster: &Roster, now: Timestamp) -> views::Disclosure {
        let extended = self.extended.iter().map(|(at, until)| format!("{at} {until}"));
        views::Disclosure {
            id: self.id.to_string(),
            at: self.at.to_string(),
            member: roster.named(self.member),
            by_operator: self.held,
            authority: self.authority.clone(),
            basis: self.basis.clone(),
            objects: self.objects.clone(),
            sealed_until: self.until.map(|until| until.to_string()),
            sealed: self.is_sealed(now),
            second: self.second.map(|token| token.to_string()),
            extended: extended.collect(),
        }
    }
}

/// The disclosures that acts amount to, the oldest first.
pub(crate) fn disclosures(acts: &[Act]) -> Result<Vec<Disclosure>, Error> {
    let mut all: Vec<Disclosure> = Vec::new();
    for act in acts {
        let body: Body = serde_json::from_slice(&act.body).map_err(|error| {
            Error::new(Kind::Internal, format!("an act of disclosure is damaged: {error}"))
        })?;
        let until = body.sealed_until.as_deref().and_then(|until| until.parse().ok());
        let at = body.at.as_deref().and_then(|at| at.parse().ok()).unwrap_or(act.at);
        if let Some(of) = body.extends {
            if let (Some(one), Some(until)) = (all.iter_mut().find(|one| one.id == of), until) {
                one.until = one.until.max(Some(until));
                one.extended.push((at, until));
            }
            continue;
        }
        all.push(Disclosure {
            id: body.id.unwrap_or_default(),
            position: act.position,
            at,
            member: MemberId(body.by),
            held: body.held,
            authority: body.authority,
            basis: body.basis,
            objects: body.objects,
            until,
            second: body.second.map(TokenId),
            extended: Vec::new(),
        });
    }
    Ok(all)
}

impl Node {
    /// Gives listed objects to an authority under compulsion, and says so in the record first: to the participants at once, or
    /// when the time is over for which it is sealed. A member gives what the caller sees, as he sees it. The one who owns the
    /// node's folder gives what the node holds, whoever may see it, where the settings ask for it with an administrator who agrees.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::NotFound`] for an object that does not stand, or that a member does not see; [`Kind::Invalid`]
    /// without an object, an authority or a basis, for more than 100 objects, and for a time that is over or too far.
    pub fn disclose(&self, caller: &Caller, asked: &Disclose) -> Result<views::Disclosed, Error> {
        let authority = line("the authority", &asked.authority, AUTHORITY_CHARACTERS)?;
        let basis = line("the basis", &asked.basis, BASIS_CHARACTERS)?;
        let mut keys = asked.objects.iter().map(|id| object_key(id)).collect::<Result<Vec<_>, Error>>()?;
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() || keys.len() > OBJECTS {
            let error = Error::new(Kind::Invalid, format!("a disclosure names 1 to {OBJECTS} objects"));
            return Err(error.hint("it gives what is listed, and nothing else"));
        }
        if let Some(until) = asked.sealed_until {
            self.is_sealable(until)?;
        }
        let second = || {
            let second = asked.second.as_ref().map(|secret| {
                let second = self.authenticate(&Credential::Token(secret.clone()), None)?;
                Ok::<_, Error>(Box::new(second.principal))
            });
            second.transpose()
        };
        let id = random::uuid()?;
        let chosen = self.judged(caller, |roster, caller| {
            let own = signed_in(caller)?;
            let held = caller.principal.token.is_none();
            // Who agrees is judged anew as well: his token may be revoked meanwhile.
            let second = second()?;
            // Before anything is looked up, so that a refusal tells nothing of what is there.
            let leave = |positions| self.leave(own, held, second.clone(), positions);
            let _may = Node::authorized(roster, caller, gate::Disclose, leave(Vec::new()))?;
            let upto = self.inner.store.snapshot()?.end();
            let chosen = self.chosen(roster, caller, &keys, asked.source.as_deref())?;
            let positions: Vec<u64> = chosen.iter().map(|one| one.position).collect();
            let by = Node::authorized(roster, caller, gate::Disclose, leave(positions.clone()))?;
            let mut act = act_by(caller, "disclose");
            act.push("id", id.to_string());
            act.push("at", self.now().to_string());
            act.push("held", held);
            act.push("authority", authority.as_str());
            act.push("basis", basis.as_str());
            let names = chosen.iter().map(|one| strictjson::Node::from(one.name.clone()));
            act.push("objects", names.collect::<Vec<_>>());
            if let Some(until) = asked.sealed_until {
                act.push("sealed_until", until.to_string());
            }
            if let Some(token) = second.as_ref().and_then(|second| second.token) {
                act.push("second", token.to_string());
            }
            let body = strictjson::canonical(&act.into());
            let item = Item::Disclose { positions, body };
            self.record(by.resting_on(upto), caller, item, (id, asked.sealed_until))?;
            Ok(chosen)
        })?;
        let given = chosen.into_iter().map(|one| {
            let text = String::from_utf8(one.bytes).ok().and_then(|text| RawValue::from_string(text).ok());
            text.ok_or_else(|| Error::new(Kind::Internal, format!("`{}` is no JSON", one.name)))
        });
        let given = given.collect::<Result<Vec<_>, Error>>()?;
        self.list_beside_backups();
        let disclosure = self.told_as(caller, id)?;
        if disclosure.by_operator {
            tracing::warn!(disclosure = %id, objects = given.len(), "what the node holds was disclosed");
        }
        Ok(views::Disclosed { disclosure, given })
    }

    /// Seals a disclosure for longer, which is an act of its own: while it is sealed, by whom it was made.
    ///
    /// # Errors
    /// As [`Node::disclose`]; [`Kind::NotFound`] for one that is not his; [`Kind::Conflict`] for one of which the participants
    /// know already.
    pub fn seal_for_longer(
        &self,
        caller: &Caller,
        id: &str,
        until: Timestamp,
    ) -> Result<views::Disclosure, Error> {
        let number = self.judged(caller, |roster, caller| {
            let own = signed_in(caller)?;
            let held = caller.principal.token.is_none();
            // The one who agreed, agreed to what was given; this gives nothing.
            let leave = Leave { four_eyes: false, ..self.leave(own, held, None, Vec::new()) };
            let by = Node::authorized(roster, caller, gate::Disclose, leave)?;
            let number: Uuid = id.parse().map_err(|_| not_found("disclosure", id))?;
            let all = disclosures(&self.inner.store.snapshot()?.disclosures()?)?;
            let his = |one: &&Disclosure| one.id == number && one.held == held && one.member == own;
            let one = all.iter().find(his).ok_or_else(|| not_found("disclosure", id))?;
            if !one.is_sealed(self.now()) {
                return Err(Error::new(Kind::Conflict, "the participants know of it already").into());
            }
            if one.until.is_some_and(|sealed| until <= sealed) {
                return Err(Error::new(Kind::Invalid, "it is sealed for as long already").into());
            }
            self.is_sealable(until)?;
            let mut act = act_by(caller, "disclose");
            act.push("extends", number.to_string());
            act.push("at", self.now().to_string());
            act.push("held", held);
            act.push("sealed_until", until.to_string());
            let item = Item::Disclose { positions: Vec::new(), body: strictjson::canonical(&act.into()) };
            self.record(by, caller, item, (number, Some(until)))?;
            Ok(number)
        })?;
        self.list_beside_backups();
        self.told_as(caller, number)
    }

    /// Disclosures: for the node's administrators those of its operator, and those of members that participants know of; for the
    /// administrators of an organisation its own. And how many there are in all.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`], [`Kind::Forbidden`].
    pub fn disclosures(&self, caller: &Caller) -> Result<views::Disclosures, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::ManagePersons(own))?;
        let audits = Node::allowed(caller, &Action::Operate).is_ok();
        let all = disclosures(&self.inner.store.snapshot()?.disclosures()?)?;
        if audits {
            self.looked(caller, "disclosures.look", all.len().to_string())?;
        }
        let (roster, now) = (self.roster(), self.now());
        let count = counted(&all, now);
        let told = |one: &&Disclosure| {
            (one.held && audits) || one.member == own && !one.held || audits && !one.is_sealed(now)
        };
        let disclosures = all.iter().filter(told).map(|one| one.view(&roster, now)).collect();
        Ok(views::Disclosures { total: count.total, sealed: count.sealed, disclosures })
    }

    /// What the node says of itself to whoever comes in.
    ///
    /// # Errors
    /// [`Kind::Internal`] when the record cannot be read.
    pub fn about(&self) -> Result<views::NodeView, Error> {
        let all = disclosures(&self.inner.store.snapshot()?.disclosures()?)?;
        Ok(views::NodeView { title: self.settings().title.clone(), disclosures: counted(&all, self.now()) })
    }

    fn leave(
        &self,
        member: MemberId,
        held: bool,
        second: Option<Box<model::Principal>>,
        positions: Vec<u64>,
    ) -> Leave {
        Leave { member, held, four_eyes: self.settings().disclosure_four_eyes, second, positions }
    }

    fn is_sealable(&self, until: Timestamp) -> Result<(), Error> {
        let days = self.settings().disclosure_seal_days.max(1);
        let now = self.now();
        if until > now && until <= now.plus_seconds(i64::from(days) * DAY_S) {
            return Ok(());
        }
        let error =
            Error::new(Kind::Invalid, format!("a disclosure is sealed for at most {days} days from now"));
        Err(error.hint("it can be sealed for longer before that is over, which is an act of its own"))
    }

    fn told_as(&self, caller: &Caller, id: Uuid) -> Result<views::Disclosure, Error> {
        let all = disclosures(&self.inner.store.snapshot()?.disclosures()?)?;
        let own = caller.principal.reader.member;
        let one = all.iter().find(|one| one.id == id && Some(one.member) == own);
        let one =
            one.ok_or_else(|| Error::new(Kind::Internal, "a disclosure is not where it was recorded"))?;
        Ok(one.view(&self.roster(), self.now()))
    }

    // The act. Of one that a member has sealed the audit says nothing: its readers are the node's.
    fn record(
        &self,
        by: Authorized<gate::Disclose, Leave>,
        caller: &Caller,
        item: Item,
        (id, sealed): (Uuid, Option<Timestamp>),
    ) -> Result<(), Failure> {
        let audit = self.audit_of(caller, "disclose", id.to_string());
        let (now, held) = (audit.at, by.id().held);
        // Who agreed agrees while his token is good.
        let agreed = by.id().second.as_ref().and_then(|second| second.token);
        let roster = self.roster();
        if agreed.is_some_and(|id| !roster.token(id).is_some_and(|token| roster.is_live(token, now))) {
            return Err(Failure::Stale);
        }
        let audit = if held || sealed.is_none() { vec![audit] } else { Vec::new() };
        match self
            .append_act_at(now, by, caller, Acts { items: vec![item], audit, ..Acts::default() })?
            .first()
        {
            Some(Appended::Done { position: Some(_), .. }) => Ok(()),
            _ => Err(Failure::Stale),
        }
    }

    // What is given of each object: one statement.
    fn chosen(
        &self,
        roster: &std::sync::Arc<Roster>,
        caller: &Caller,
        keys: &[ObjectKey],
        source: Option<&str>,
    ) -> Result<Vec<Chosen>, Error> {
        let source = match source {
            Some(name) => {
                Some(roster.member_named(name).map(|one| one.id).ok_or_else(|| not_found("member", name))?)
            }
            None => None,
        };
        if caller.principal.token.is_none() {
            return keys.iter().map(|key| self.chosen_of_all(key, source)).collect();
        }
        Node::allowed(caller, &Action::Read)?;
        let reading = self.reading_below(caller, None, std::sync::Arc::clone(roster))?;
        let mut chosen = Vec::with_capacity(keys.len());
        for key in keys {
            let mut found: Vec<(bool, Timestamp, u64)> = Vec::new();
            reading.snapshot.versions(&reading.sight.visible, key, &mut |hit| {
                let told = reading.sight.label(hit.label).and_then(|label| reading.told(label));
                if source.is_none() || told == source {
                    found.push((hit.owned, hit.version, hit.position));
                }
                ControlFlow::Continue(())
            })?;
            let (_, version, position) =
                found.into_iter().max().ok_or_else(|| not_found("object", &key.to_string()))?;
            let mut bytes = Vec::new();
            reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
                reading.lends(entry);
                bytes = entry.wire.to_vec();
            })?;
            chosen.push(Chosen { position, name: format!("{key} {version}"), bytes });
        }
        // On the road on which objects are opened: one of its own would tell of what is sealed.
        self.lent(caller, "object", None, reading)?;
        Ok(chosen)
    }

    // Of all that the node holds.
    fn chosen_of_all(&self, key: &ObjectKey, source: Option<MemberId>) -> Result<Chosen, Error> {
        let missing = || not_found("object", &key.to_string());
        let snapshot = self.inner.store.snapshot()?;
        let here = snapshot.entries_of(key)?.into_iter().filter(|one| one.stands == Stands::Here);
        let here: Vec<u64> = here.map(|one| one.position).collect();
        let held = snapshot.every_statement(key)?.into_iter();
        let held = held.filter(|one| here.contains(&one.position));
        let held = held.filter(|one| source.is_none_or(|source| one.source == source));
        let (_, version, position) =
            held.map(|one| (one.owned, one.version, one.position)).max().ok_or_else(missing)?;
        let mut bytes = None;
        snapshot.every_body(position, position + 1, &mut |stored| {
            bytes = Some(stored.wire.unwrap_or(stored.body));
        })?;
        Ok(Chosen { position, name: format!("{key} {version}"), bytes: bytes.ok_or_else(missing)? })
    }
}

fn counted(all: &[Disclosure], now: Timestamp) -> views::DisclosureCount {
    let sealed = all.iter().filter(|one| one.is_sealed(now)).count() as u64;
    views::DisclosureCount { total: all.len() as u64, sealed }
}

fn line(what: &str, text: &str, most: usize) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
        let message = format!("a disclosure names {what} in one line of at most {most} characters");
        return Err(Error::new(Kind::Invalid, message));
    }
    Ok(text.to_owned())
}
