//! The queue: submissions that wait for a curator. Each has an owner, a state and a deadline, so that each is answered.
//!
//! A decision is one write; what follows from it is the job's that sequences arrivals: it lets in what was released and refuses
//! what was returned or merged, with the reason, and begins again after a crash.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use model::access::{Release, Waiting, may_curate, may_release};
use model::{Label, Principal, SubmissionId, Timestamp, Tlp, gate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::queue::{Decision, Queued, State, Who};
use store::record::{Arrival, Audit, ObjectKey};

use crate::addressed::{knows, knows_of};
use crate::core::checks::{Check, Found};
use crate::core::list_query::{id_text, object_key};
use crate::core::observables::observables;
use crate::core::reading::{OBJECT_BYTES, Reading as Object};
use crate::directory::{not_found, signed_in};
use crate::roster::Roster;
use crate::session::REVOKED;
use crate::submit::is_his;
use crate::withdraw::checked_reason;
use crate::writing::Failure;
use crate::{Caller, Error, Kind, Node};
use crate::{around, assets};
use model::circle::Shows;

/// Objects of one that are shown.
const SHOWN: usize = 1_000;
/// Why the node itself returns one.
const OVERDUE: &str = "no curator answered it in time; send it again, or ask who curates this";

impl Node {
    /// What this caller curates: what waits, the first deadline first; with `all` also what became of the rest.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] for visitors.
    pub fn queue(&self, caller: &Caller, all: bool) -> Result<Value, Error> {
        signed_in(caller)?;
        let (roster, now) = (self.roster(), self.now());
        let his = self.his_rows(&roster, caller)?;
        let some = his.iter().filter(|row| all || row.state == State::Held);
        let shown = some.map(|row| self.shown_to_curator(&roster, caller, (row, &his), now));
        Ok(json!({ "queue": shown.collect::<Result<Vec<Value>, Error>>()? }))
    }

    /// One of them, with its objects.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for one that is not there, or not for this caller.
    pub fn queued(&self, caller: &Caller, id: &str) -> Result<Value, Error> {
        let (roster, now) = (self.roster(), self.now());
        let row = self.curated(&roster, caller, id)?;
        let his = self.his_rows(&roster, caller)?;
        let mut shown = self.shown_to_curator(&roster, caller, (&row, &his), now)?;
        let (mut objects, mut hits) = (Vec::new(), Vec::new());
        // Of one that is answered they are on their way, and whether they are gone already is chance.
        let arrival = match row.state {
            State::Held => self.inner.store.arrival(row.submission)?,
            _ => None,
        };
        if let Some(arrival) = arrival {
            for one in self.would_enter(&arrival, &noted(&row).refused)? {
                let id = one.object.to_string();
                let wire = one.wire.unwrap_or(one.body);
                hits.extend(own_assets(&roster, caller, &id, &wire));
                if objects.len() < SHOWN {
                    objects.extend(serde_json::from_slice::<Value>(&wire));
                }
            }
        }
        if !objects.is_empty() {
            self.note_shown(caller, &row)?;
        }
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("content".to_owned(), Value::Array(objects));
            let findings = fields.get_mut("findings").and_then(Value::as_array_mut);
            findings
                .into_iter()
                .for_each(|findings| findings.extend(hits.iter().take(SHOWN).map(|hit| json!(hit))));
        }
        Ok(shown)
    }

    // A curator knows what is RED or under embargo from the moment that he looks, and not only when it enters: it is written down
    // before he is told. What his own organisation sent is none.
    fn note_shown(&self, caller: &Caller, row: &Queued) -> Result<(), Error> {
        let is_held_back = |label: &Label| label.strictest() == Tlp::Red || label.embargo.is_some();
        if caller.principal.reader.speaks_for(row.source) || !row.held.labels.iter().any(is_held_back) {
            return Ok(());
        }
        let (to, at) = (who(caller)?, self.now());
        self.written_first(|| Ok(self.inner.store.note_shown(row.submission, to, at)?))
    }

    // The objects that a curator decides on: what was refused when it came is for its submitter alone, as whatever is refused,
    // under whatever label it would have been.
    fn would_enter(&self, arrival: &Arrival, refused: &BTreeSet<u64>) -> Result<Vec<Object>, Error> {
        let mut objects = Vec::new();
        for chunk in self.cut_again(arrival)? {
            let read = chunk.pieces.iter().zip(chunk.read());
            let entering = read.filter(|(piece, _)| !refused.contains(&piece.start.ordinal));
            objects.extend(entering.flat_map(|(_, read)| read.unwrap_or_default()));
        }
        Ok(objects)
    }

    // All that he curates, answered or not.
    fn his_rows(&self, roster: &Roster, caller: &Caller) -> Result<Vec<Queued>, Error> {
        let now = self.now();
        let mut rows = self.inner.store.snapshot()?.queue()?;
        rows.retain(|row| may_curate(&caller.principal, &waiting(roster, row), now).is_ok());
        Ok(rows)
    }

    fn shown_to_curator(
        &self,
        roster: &Roster,
        caller: &Caller,
        (row, his): (&Queued, &[Queued]),
        now: Timestamp,
    ) -> Result<Value, Error> {
        let mut shown = for_curators(roster, caller, row, now);
        let findings = self.findings_for_curator(caller, row, his)?;
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("findings".to_owned(), json!(findings));
        }
        Ok(shown)
    }

    // What the checks found in the submitter's sight, a curator is told as far as it is in his own: that something is said under an
    // id, where he sees something said under it; that it is much, where what he sees of it is. What was refused he is not shown.
    fn findings_for_curator(
        &self,
        caller: &Caller,
        row: &Queued,
        his: &[Queued],
    ) -> Result<Vec<Found>, Error> {
        let mut told = noted(row).found;
        let is = |one: &Found, check: Check| one.check == check.name();
        let by_sight = |one: &Found| is(one, Check::Duplicate);
        let reading = match told.iter().any(by_sight) {
            true => self.reading(caller).ok(),
            false => None,
        };
        let cap = self.settings().queue_objects_per_day;
        let day = row.received.plus_seconds(-86_400);
        let of_day = his
            .iter()
            .filter(|one| one.source == row.source && one.received > day && one.received <= row.received);
        let sum: u64 = of_day.map(entering).sum();
        let mut failed = None;
        told.retain_mut(|one| {
            if is(one, Check::Cap) {
                "more than a member's share of a day".clone_into(&mut one.message);
                return sum > cap;
            }
            // Whose it is, is for him who sent it; what a curator may know of it is looked up for him.
            if is(one, Check::OwnAsset) || is(one, Check::Refused) {
                return false;
            }
            if !by_sight(one) {
                return true;
            }
            "something is said under its id already".clone_into(&mut one.message);
            let seen = reading.as_ref().zip(object_key(&one.object).ok());
            let stands = seen.map(|(reading, key)| around::standing(reading, &key)).transpose();
            stands
                .map(Option::flatten)
                .unwrap_or_else(|error| {
                    failed = Some(error);
                    None
                })
                .is_some()
        });
        failed.map_or(Ok(told), Err)
    }

    /// What his own member sent that waits or waited, for the token that sent it and for those of the member that read as much.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] for visitors.
    pub fn submissions(&self, caller: &Caller) -> Result<Value, Error> {
        let own = signed_in(caller)?;
        let (roster, now) = (self.roster(), self.now());
        let rows = self.inner.store.snapshot()?.queue()?;
        let is_own = |row: &&Queued| is_his(&roster, caller, own, (row.token, row.source, row.collection));
        let told = rows.iter().filter(is_own).map(|row| self.told_submitter(&roster, row, now));
        Ok(json!({ "submissions": told.collect::<Result<Vec<Value>, Error>>()? }))
    }

    /// What is told in a submission's status of its place in the queue.
    pub(crate) fn queue_state(&self, id: SubmissionId) -> Result<Option<Value>, Error> {
        let (roster, now) = (self.roster(), self.now());
        let row = self.inner.store.snapshot()?.queued(id)?;
        row.map(|row| self.told_submitter(&roster, &row, now)).transpose()
    }

    // With who was shown it, where it is held back: of what never enters no ledger tells. The first time of each organisation, by
    // name where the submitter knows it or named it, as in the ledger.
    fn told_submitter(&self, roster: &Roster, row: &Queued, now: Timestamp) -> Result<Value, Error> {
        let mut told = for_submitter(roster, row, now);
        let own = roster.behind(row.source).is_none().then_some(row.source);
        let knows = |of| own.is_some_and(|own| knows_of(roster, own, of, Shows::Organisations, now));
        let by_id =
            |of| own.is_some() && row.held.labels.iter().any(|label| label.recipients.members.contains(&of));
        let (mut met, mut shown) = (BTreeSet::new(), Vec::new());
        for (to, at) in self.inner.store.snapshot()?.shown(row.submission)? {
            if !met.insert(to) {
                continue;
            }
            let id = to.to_string();
            shown.push(match (knows(to), by_id(to)) {
                (true, _) => json!({ "at": at.to_string(), "member": roster.named(to) }),
                (false, true) => json!({ "at": at.to_string(), "member": { "id": id, "name": id } }),
                (false, false) => json!({ "at": at.to_string() }),
            });
        }
        if let Some(fields) = told.as_object_mut().filter(|_| !shown.is_empty()) {
            fields.insert("shown".to_owned(), Value::Array(shown));
        }
        Ok(told)
    }

    /// Takes one upon oneself, so that others know.
    ///
    /// # Errors
    /// [`Kind::NotFound`] as [`Node::queued`]; [`Kind::Conflict`] for one that is answered.
    pub fn take_queued(&self, caller: &Caller, id: &str) -> Result<Value, Error> {
        self.decide(caller, id, |_, _, _| Ok(Decision::Take))
    }

    /// Lets one in; where two curators have to, as the first of them.
    ///
    /// # Errors
    /// As [`Node::take_queued`]; [`Kind::Forbidden`] for who sent it, and where the charter asks for others.
    pub fn release_queued(&self, caller: &Caller, id: &str) -> Result<Value, Error> {
        let released = self.judged(caller, |roster, caller| {
            let row = self.held_row(roster, caller, id)?;
            let waiting = waiting(roster, &row);
            let share = may_release(&caller.principal, &waiting, self.now())?;
            let unnamed = roster.behind(row.source).is_some();
            let decision = match share {
                Release::First => Decision::Approve,
                Release::Whole => Decision::Release(unnamed.then(|| self.desk_due())),
            };
            let by = Node::authorized(roster, caller, gate::Release, waiting)?;
            let verb = if share == Release::First { "queue.approve" } else { "queue.release" };
            let audit = self.audit_of(caller, verb, id.to_owned());
            Ok(self.inner.store.decide(by, &row, (decision, who(caller)?), audit)?)
        });
        released?;
        self.inner.jobs.arrived();
        self.queued(caller, id)
    }

    /// Sends one back, for a reason that its submitter is told.
    ///
    /// # Errors
    /// As [`Node::take_queued`]; [`Kind::Invalid`] without a reason.
    pub fn return_queued(&self, caller: &Caller, id: &str, reason: &str) -> Result<Value, Error> {
        let reason = checked_reason(reason)?;
        self.decide(caller, id, |_, _, _| Ok(Decision::Return(reason.clone())))
    }

    /// Says that an object says it already, which its submitter sees too.
    ///
    /// # Errors
    /// As [`Node::take_queued`]; [`Kind::NotFound`] for an object that the curator does not see; [`Kind::Invalid`] for one that
    /// the submitter does not.
    pub fn merge_queued(
        &self,
        caller: &Caller,
        id: &str,
        into: &str,
        reason: Option<&str>,
    ) -> Result<Value, Error> {
        self.curated(&self.roster(), caller, id)?;
        let key = object_key(into)?;
        let into = id_text(&key);
        self.object(caller, &into, None)?;
        let reason = reason.map(checked_reason).transpose()?.unwrap_or_default();
        self.decide(caller, id, |roster, row, node| {
            let submitter = node.sender(roster, row.token, row.received)?;
            if !node.both_see(caller, &submitter, &key)? {
                let message = "the submitter does not see what you see of that object";
                return Err(Error::new(Kind::Invalid, message).hint("return it with a reason instead"));
            }
            Ok(Decision::Merge(into.clone(), reason.clone()))
        })
    }

    // The id of what he does not see would tell the submitter that it is there, and what he sees beside the curator is not the
    // curator's to learn: it takes something that both see.
    fn both_see(&self, curator: &Caller, submitter: &Caller, key: &ObjectKey) -> Result<bool, Error> {
        // A token that may not read sees nothing. One snapshot is given back before the next is asked for.
        let Ok(his) = self.reading(submitter).map(|reading| reading.sight) else { return Ok(false) };
        let reading = self.reading(curator)?;
        let mut seen = false;
        reading.snapshot.versions(&reading.sight.shared_with(&his), key, &mut |_| {
            seen = true;
            ControlFlow::Break(())
        })?;
        Ok(seen)
    }

    fn decide(
        &self,
        caller: &Caller,
        id: &str,
        mut decision: impl FnMut(&Roster, &Queued, &Node) -> Result<Decision, Error>,
    ) -> Result<Value, Error> {
        self.judged(caller, |roster, caller| {
            let row = self.held_row(roster, caller, id)?;
            let decision = decision(roster, &row, self)?;
            let verb = match decision {
                Decision::Take => "queue.take",
                Decision::Return(_) => "queue.return",
                _ => "queue.merge",
            };
            let by = Node::authorized(roster, caller, gate::Curate, waiting(roster, &row))?;
            let audit = self.audit_of(caller, verb, id.to_owned());
            Ok(self.inner.store.decide(by, &row, (decision, who(caller)?), audit)?)
        })?;
        self.inner.jobs.arrived();
        self.queued(caller, id)
    }

    // One that waits still.
    fn held_row(&self, roster: &Roster, caller: &Caller, id: &str) -> Result<Queued, Failure> {
        let row = self.curated(roster, caller, id)?;
        match row.state {
            State::Held if self.sender(roster, row.token, row.received).is_err() => {
                Err(Error::new(Kind::Conflict, REVOKED).hint("it is sent back by itself").into())
            }
            State::Held => Ok(row),
            _ => Err(Error::new(Kind::Conflict, "this submission is answered already").into()),
        }
    }

    fn curated(&self, roster: &Roster, caller: &Caller, id: &str) -> Result<Queued, Error> {
        signed_in(caller)?;
        let unknown = || not_found("queued submission", id);
        let submission = id.parse().map_err(|_| unknown())?;
        let row = self.inner.store.snapshot()?.queued(submission)?;
        let may = |row: &Queued| may_curate(&caller.principal, &waiting(roster, row), self.now()).is_ok();
        row.filter(may).ok_or_else(unknown)
    }

    /// Returns what nobody answered in time, where the operator wants that; otherwise it is only counted and told in the log.
    pub(crate) fn answer_overdue(&self) -> Result<(), Error> {
        let now = self.now();
        let rows = self.inner.store.snapshot()?.queue()?;
        let overdue: Vec<&Queued> = rows.iter().filter(|row| is_overdue(row, now)).collect();
        if overdue.is_empty() {
            return Ok(());
        }
        tracing::warn!(submissions = overdue.len(), "submissions wait longer than they should");
        if !self.settings().queue_returns_overdue {
            return Ok(());
        }
        self.return_all(&overdue, OVERDUE)
    }

    /// Returns what was sent with a token that was revoked since: it would never be let in, and nobody need look at it.
    pub(crate) fn answer_for_revoked(&self) -> Result<(), Error> {
        let roster = self.roster();
        let rows = self.inner.store.snapshot()?.queue()?;
        let is_of_revoked = |row: &&Queued| {
            row.state == State::Held && self.sender(&roster, row.token, row.received).is_err()
        };
        let rows: Vec<&Queued> = rows.iter().filter(is_of_revoked).collect();
        self.return_all(&rows, REVOKED)
    }

    fn return_all(&self, rows: &[&Queued], reason: &str) -> Result<(), Error> {
        let now = self.now();
        for row in rows {
            let returned = self.judged(&self.operator(), |roster, operator| {
                let by = Node::authorized(roster, operator, gate::Curate, row.submission)?;
                let target = row.submission.to_string();
                let audit = Audit { at: now, token: None, verb: "queue.return", target };
                let decision = Decision::Return(reason.to_owned());
                Ok(self.inner.store.decide(by, row, (decision, who(operator)?), audit)?)
            });
            // A curator was faster.
            if let Err(error) = returned.as_ref()
                && error.kind != Kind::Conflict
            {
                return returned;
            }
        }
        if !rows.is_empty() {
            self.inner.jobs.arrived();
        }
        Ok(())
    }

    /// How many wait, and how many of them too long: for whoever operates the node.
    pub(crate) fn queue_figures(&self) -> Result<Value, Error> {
        let now = self.now();
        let rows = self.inner.store.snapshot()?.queue()?;
        let held = rows.iter().filter(|row| row.state == State::Held).count();
        let overdue = rows.iter().filter(|row| is_overdue(row, now)).count();
        Ok(json!({ "held": held, "overdue": overdue }))
    }
}

/// Why the job refuses what was not let in, for its submitter; `None` for what is.
pub(crate) fn refusal(row: &Queued) -> Option<String> {
    let because = if row.reason.is_empty() { String::new() } else { format!(": {}", row.reason) };
    match row.state {
        State::Held | State::Released => None,
        State::Returned => Some(format!("a curator returned it{because}")),
        State::Merged => Some(format!("a curator merged it into `{}`{because}", row.into)),
    }
}

fn is_overdue(row: &Queued, now: Timestamp) -> bool {
    row.state == State::Held && row.held.deadline <= now
}

fn waiting(roster: &Roster, row: &Queued) -> Waiting {
    let labels = row.held.labels.iter().map(|label| roster.circles().as_now(label.clone()));
    Waiting {
        submission: row.submission,
        labels: labels.collect(),
        collection: row.collection,
        sent: (row.token, row.person),
        four_eyes: row.held.four_eyes,
        approved: row.approved.map(|who| (who.token, who.person)),
    }
}

fn who(caller: &Caller) -> Result<Who, Error> {
    let Principal { token, reader, .. } = &caller.principal;
    Ok(Who { member: signed_in(caller)?, person: reader.person, token: *token })
}

fn word(state: State) -> &'static str {
    match state {
        State::Held => "held",
        State::Returned => "returned",
        State::Merged => "merged",
        State::Released => "released",
    }
}

/// What is noted of one that waits, beside its bytes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Noted {
    /// What the checks found.
    pub found: Vec<Found>,
    /// The places of the objects that were refused when it came. No curator sees them, so they stay refused.
    pub refused: BTreeSet<u64>,
}

/// What is noted of one; of what waited before refused objects were noted, what the checks found.
pub(crate) fn noted(row: &Queued) -> Noted {
    let text = &row.held.findings;
    let found = || Some(Noted { found: serde_json::from_str(text).ok()?, ..Noted::default() });
    serde_json::from_str(text).ok().or_else(found).unwrap_or_default()
}

// How many objects a curator decides on.
fn entering(row: &Queued) -> u64 {
    row.objects.saturating_sub(noted(row).refused.len() as u64)
}

// Who curates is not told: he is one of the members who see it.
fn for_submitter(roster: &Roster, row: &Queued, now: Timestamp) -> Value {
    let collection = row.collection.and_then(|id| roster.collection(id)).map(|one| one.title.clone());
    let mut told = json!({
        "id": row.submission.to_string(),
        "state": word(row.state),
        "received": row.received.to_string(),
        "deadline": row.held.deadline.to_string(),
        "overdue": is_overdue(row, now),
        "objects": row.objects,
        "without_name": roster.behind(row.source).is_some(),
        "findings": noted(row).found,
    });
    if let Some(fields) = told.as_object_mut() {
        let texts = [("collection", collection), ("reason", some(&row.reason)), ("into", some(&row.into))];
        for (name, text) in texts {
            fields.extend(text.map(|text| (name.to_owned(), Value::String(text))));
        }
        fields.extend(row.decided.map(|(at, _)| ("decided".to_owned(), Value::String(at.to_string()))));
    }
    told
}

fn for_curators(roster: &Roster, caller: &Caller, row: &Queued, now: Timestamp) -> Value {
    let mut shown = for_submitter(roster, row, now);
    let Some(fields) = shown.as_object_mut() else { return shown };
    let reader = &caller.principal.reader;
    let mut tlps: Vec<_> = row.held.labels.iter().map(|label| label.strictest()).collect();
    tlps.sort_unstable();
    tlps.dedup();
    let tlps: Vec<String> = tlps.iter().map(ToString::to_string).collect();
    fields.insert("labels".to_owned(), json!(tlps));
    // Who looks at what is held back has to know that it is.
    let case = row.held.labels.iter().find_map(|label| label.embargo.as_ref()).map(|one| one.case.clone());
    fields.extend(case.map(|case| ("embargo".to_owned(), Value::String(case))));
    fields.insert("objects".to_owned(), json!(entering(row)));
    fields.insert("four_eyes".to_owned(), json!(row.held.four_eyes));
    fields.insert("approved".to_owned(), json!(row.approved.is_some()));
    fields.insert("taken".to_owned(), json!(row.owner.is_some()));
    // When something without a name came tells who may have sent it.
    if roster.behind(row.source).is_some() && !reader.speaks_for(row.source) {
        fields.remove("received");
        let sector = row.held.labels.iter().find_map(|label| label.sector.clone());
        fields.extend(sector.map(|sector| ("sector".to_owned(), Value::String(sector))));
    } else {
        let member = roster.behind(row.source).map_or(row.source, |member| member.id);
        fields.insert("member".to_owned(), json!(roster.named(member)));
    }
    let known = |who: &Who| knows(roster, caller, who.member, Shows::Organisations, now);
    if let Some(owner) = row.owner.filter(known) {
        fields.insert("owner".to_owned(), json!(roster.named(owner.member)));
        fields.insert("own".to_owned(), json!(owner.token == caller.principal.token));
    }
    shown
}

// Which values of an object are somebody's own, as far as this curator is told.
fn own_assets(roster: &Roster, caller: &Caller, id: &str, wire: &[u8]) -> Vec<Found> {
    let limits = strictjson::Limits { bytes: OBJECT_BYTES, ..strictjson::Limits::default() };
    let Ok(node) = strictjson::parse(wire, &limits) else { return Vec::new() };
    let values = observables(&node).observables.into_iter().map(|mention| mention.observable);
    values.filter_map(|value| assets::for_curator(roster, caller, id, &value)).collect()
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
