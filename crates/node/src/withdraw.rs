//! Taking back and removing for good.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use model::gate::{self, Act, Positions, Versions};
use model::{Action, Authorized, CollectionId, MemberId, Timestamp, may_act};
use store::authority::Covers;
use store::directory::{CircleAct, Collection};
use store::read::{VersionSpec, Visible};
use store::record::{Again, Appended, Audit, Batch, Item, ObjectKey, Quota, Submission};
use strictjson::Object;

use crate::core::list_query::{Filters, object_key};
use crate::directory::{not_found, signed_in};
use crate::marked::node_submission;
use crate::reading::reads;
use crate::roster::Roster;
use crate::writing::Failure;
use crate::{Caller, Error, Kind, ListQuery, Node, random};

/// Longest reason for an erasure, in characters.
const REASON_CHARACTERS: usize = 2_000;

/// A statement that the caller sees: whose, and which version.
type Seen = (MemberId, Timestamp);

/// Acts of one caller, and what is noted of them.
#[derive(Debug, Default)]
pub(crate) struct Acts {
    pub(crate) items: Vec<Item>,
    /// For who reads the audit.
    pub(crate) audit: Vec<Audit>,
    /// For the members of circles.
    pub(crate) circle_acts: Vec<CircleAct>,
}

impl Node {
    /// Withdraws an object, or some versions of it, through a collection or outside of any: gone on every road, the
    /// history kept. A member takes back what it said itself, an administrator what anybody said, each as far as he
    /// sees it. `versions` are `last`, `first`, `all` or times (TAXII 2.1 §3.4.1); without any it is all, since
    /// afterwards the object must not be found (§5.7). Answers how many versions were taken back.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for what this caller does not see; [`Kind::Forbidden`] for what is not his to withdraw;
    /// [`Kind::Invalid`] for what is no id or no version. Through a collection: [`Kind::NotFound`] for one that he
    /// neither reads nor writes, [`Kind::Forbidden`] where he does only one of the two.
    pub fn withdraw(
        &self,
        caller: &Caller,
        collection: Option<&str>,
        object: &str,
        versions: &[String],
    ) -> Result<u64, Error> {
        let asked = Filters::read(&ListQuery { versions: versions.to_vec(), ..ListQuery::default() })?;
        let asked = asked.version_specs();
        self.judged(caller, |roster, caller| {
            let own = signed_in(caller)?;
            let through = collection.map(|name| through(roster, caller, name)).transpose()?;
            let id = through.map(|collection| collection.id);
            // Before anything is looked up, so that a refusal tells nothing of what is there.
            Node::allowed(caller, &Action::Withdraw(own, id))?;
            let key = object_key(object)?;
            let (seen, upto) = self.seen_of(roster, caller, through, &key)?;
            let chosen = choose(caller, id, object, &seen, &asked)?;
            let version = |(member, versions): (MemberId, BTreeSet<Timestamp>)| {
                let versions = versions.into_iter().collect();
                Versions { object: key.clone(), member, through: id, versions }
            };
            let chosen: Vec<Versions> = chosen.into_iter().map(version).collect();
            let by = Node::authorized(roster, caller, gate::Withdraw, chosen)?.resting_on(upto);
            self.take_back(caller, by, object)
        })
    }

    // What this caller sees of an object, through a collection or outside of any, and how far the record went.
    fn seen_of(
        &self,
        roster: &Arc<Roster>,
        caller: &Caller,
        through: Option<&Collection>,
        key: &ObjectKey,
    ) -> Result<(Vec<Seen>, u64), Error> {
        let reading = self.reading_below(caller, through, Arc::clone(roster))?;
        let mut seen = Vec::new();
        reading.snapshot.versions(&reading.sight.visible, key, &mut |hit| {
            seen.push((hit.position, (hit.source, hit.version)));
            ControlFlow::Continue(())
        })?;
        let mut inside = Vec::with_capacity(seen.len());
        for (position, one) in seen {
            let listed = match through {
                Some(collection) => reading.snapshot.is_listed(position, collection.id)?,
                None => true,
            };
            inside.extend(listed.then_some(one));
        }
        Ok((inside, reading.snapshot.end()))
    }

    fn take_back(
        &self,
        caller: &Caller,
        by: Authorized<gate::Withdraw, Vec<Versions>>,
        asked: &str,
    ) -> Result<u64, Failure> {
        let items = by.id().iter().map(|chosen| {
            let texts: Vec<String> = chosen.versions.iter().map(Timestamp::to_string).collect();
            let mut act = act_by(caller, "withdraw");
            act.push("object", chosen.object.to_string());
            act.push("source", chosen.member.to_string());
            act.push("versions", texts.into_iter().map(strictjson::Node::from).collect::<Vec<_>>());
            Item::Withdraw {
                object: chosen.object.clone(),
                source: Some(chosen.member),
                versions: Some(chosen.versions.clone()),
                body: strictjson::canonical(&act.into()),
            }
        });
        let items = items.collect();
        let most: Vec<usize> = by.id().iter().map(|chosen| chosen.versions.len()).collect();
        let object = by.id().first().map_or_else(|| asked.to_owned(), |chosen| chosen.object.to_string());
        let audit = self.audit_of(caller, "withdraw", object.clone());
        let appended = self.append_act(by, caller, items, audit)?;
        // Other bytes under the same version go along and are not told of: nobody was shown them.
        let counts = appended.iter().zip(most).map(|(appended, most)| match appended {
            Appended::Done { reached, .. } => (*reached).min(most as u64),
            _ => 0,
        });
        let count: u64 = counts.sum();
        // Somebody else took it back between the look and the write.
        if count == 0 { Err(not_found("object", &object).into()) } else { Ok(count) }
    }

    /// Erases every statement of an object, whoever said it, withdrawn ones too: bodies and salts are gone for good,
    /// the leaves stay and say nothing. An administrator does so without seeing it. The reason is kept in the record.
    /// The same bytes are not taken again of the members who said them; each may say a new version. Answers how many statements were erased.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::Invalid`] for no id, and without a reason; [`Kind::NotFound`] when nothing of it
    /// is held.
    pub fn erase(&self, caller: &Caller, object: &str, reason: &str) -> Result<u64, Error> {
        let erased = self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::Erase)?;
            let key = object_key(object)?;
            let reason = checked_reason(reason)?;
            let snapshot = self.inner.store.snapshot()?;
            let positions: Vec<u64> =
                snapshot.every_statement(&key)?.into_iter().map(|held| held.position).collect();
            let upto = snapshot.end();
            drop(snapshot);
            let by = Node::authorized(roster, caller, gate::Erase, Positions(positions.clone()))?;
            let mut act = act_by(caller, "erase");
            act.push("object", object);
            act.push("reason", reason);
            let body = strictjson::canonical(&act.into());
            let audit = self.audit_of(caller, "erase", object.to_owned());
            let erased = match positions.is_empty() {
                true => 0,
                false => {
                    let erase = Item::Erase { positions, again: Again::Refused, body };
                    self.erase_positions(by.resting_on(upto), caller, erase, audit)?
                }
            };
            if erased == 0 { Err(not_found("object", object).into()) } else { Ok(erased) }
        })?;
        self.finish_erasures();
        self.list_beside_backups();
        Ok(erased)
    }

    /// Erases positions, by an [`Item::Erase`].
    pub(crate) fn erase_positions(
        &self,
        by: Authorized<gate::Erase, Positions>,
        caller: &Caller,
        erase: Item,
        audit: Audit,
    ) -> Result<u64, Failure> {
        Ok(reached(&self.append_act(by, caller, vec![erase], audit)?))
    }

    /// Sequences acts of a caller, and their row of the audit.
    pub(crate) fn append_act<A, I>(
        &self,
        by: Authorized<A, I>,
        caller: &Caller,
        items: Vec<Item>,
        audit: Audit,
    ) -> Result<Vec<Appended>, Failure>
    where
        A: Act<I>,
        I: Covers<A, Item> + Covers<A, Submission>,
    {
        let now = audit.at;
        let acts = Acts { items, audit: vec![audit], ..Acts::default() };
        self.append_act_at(now, by, caller, acts)
    }

    /// The same at a time, with whatever is noted of them.
    pub(crate) fn append_act_at<A, I>(
        &self,
        now: Timestamp,
        by: Authorized<A, I>,
        caller: &Caller,
        Acts { items, audit, circle_acts }: Acts,
    ) -> Result<Vec<Appended>, Failure>
    where
        A: Act<I>,
        I: Covers<A, Item> + Covers<A, Submission>,
    {
        let own = signed_in(caller)?;
        let principal = &caller.principal;
        // Since it was judged, the time of a circle may have come.
        if self.roster().circles().audiences(own, now) != principal.reader.circles {
            return Err(Failure::Stale);
        }
        let submission = Submission {
            person: principal.reader.person,
            token: principal.token,
            ..node_submission(own, now)?
        };
        let batch = Batch {
            submission,
            now,
            seed: random::bytes()?,
            items,
            complete: true,
            seen: Visible::default(),
            quota: Quota::default(),
            about: None,
            audit,
            circle_acts,
        };
        Ok(self.inner.store.append(by, batch)?)
    }

    /// A row of the audit about what this caller does now.
    pub(crate) fn audit_of(&self, caller: &Caller, verb: &'static str, target: String) -> Audit {
        Audit { at: self.now(), token: caller.principal.token, verb, target }
    }
}

/// The beginning of an act's body: what, and by whom.
pub(crate) fn act_by(caller: &Caller, act: &'static str) -> Object<'static> {
    let mut object = Object::new();
    object.push("act", act);
    let reader = &caller.principal.reader;
    if let Some(member) = reader.member {
        object.push("by", member.to_string());
    }
    if let Some(person) = reader.person {
        object.push("person", person.to_string());
    }
    object
}

/// How many statements acts reached.
pub(crate) fn reached(appended: &[Appended]) -> u64 {
    let each = appended.iter().map(|one| match one {
        Appended::Done { reached, .. } => *reached,
        _ => 0,
    });
    each.sum()
}

// The rights on the collection, in the four rows of TAXII 2.1 §5.7.
fn through<'r>(roster: &'r Roster, caller: &Caller, name: &str) -> Result<&'r Collection, Error> {
    let may = |action: Action| may_act(&caller.principal, &action).is_ok();
    let found = roster.collection_named(name).ok_or_else(|| not_found("collection", name))?;
    match (reads(caller, found), may(Action::WriteCollection(found.id))) {
        (true, true) => Ok(found),
        (false, false) => Err(not_found("collection", name)),
        (true, false) | (false, true) => Err(Error::new(
            Kind::Forbidden,
            "to withdraw an object through a collection one must read and write it",
        )),
    }
}

// The versions meant, of those seen that are his to withdraw, by source.
fn choose(
    caller: &Caller,
    through: Option<CollectionId>,
    object: &str,
    seen: &[Seen],
    asked: &[VersionSpec],
) -> Result<BTreeMap<MemberId, BTreeSet<Timestamp>>, Error> {
    let his = |(source, _): &&Seen| may_act(&caller.principal, &Action::Withdraw(*source, through)).is_ok();
    let own: Vec<Seen> = seen.iter().filter(his).copied().collect();
    let mut chosen: BTreeMap<MemberId, BTreeSet<Timestamp>> = BTreeMap::new();
    for (source, version) in meant(&own, asked) {
        chosen.entry(source).or_default().insert(version);
    }
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    if meant(seen, asked).is_empty() {
        return Err(not_found("object", object));
    }
    let error = Error::new(Kind::Forbidden, format!("`{object}` is not this member's to withdraw"));
    Err(error.hint("say what you think of it instead: a note, an opinion, or revoke"))
}

// Those of the versions asked for that are among these.
fn meant(among: &[Seen], asked: &[VersionSpec]) -> Vec<Seen> {
    let versions = || among.iter().map(|(_, version)| *version);
    let (least, greatest) = (versions().min(), versions().max());
    let is_asked = |(_, version): &&Seen| {
        asked.is_empty()
            || asked.iter().any(|spec| match spec {
                VersionSpec::All => true,
                VersionSpec::Last => greatest == Some(*version),
                VersionSpec::First => least == Some(*version),
                VersionSpec::At(at) => at == version,
            })
    };
    among.iter().filter(is_asked).copied().collect()
}

/// A reason as it is kept.
pub(crate) fn checked_reason(reason: &str) -> Result<String, Error> {
    let reason = reason.trim();
    if reason.is_empty() {
        let error = Error::new(Kind::Invalid, "this needs a reason");
        return Err(error.hint("such as the law or the order that asks for it; it stays in the record"));
    }
    if reason.chars().count() > REASON_CHARACTERS {
        let message = format!("a reason has at most {REASON_CHARACTERS} characters");
        return Err(Error::new(Kind::Invalid, message));
    }
    Ok(reason.to_owned())
}
