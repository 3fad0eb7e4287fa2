//! What became of what a member sent under an id and what does not stand: it waits, was refused, was taken back or erased, and why.

use model::Timestamp;
use store::ledger::{ActKind, Stands};
use store::queue::{Queued, State};
use store::record::ObjectKey;

use crate::queue::noted;
use crate::reading::Reading;
use crate::submit::is_his;
use crate::{Caller, Error, Node, views};

/// Refusals of one id that are told.
const REFUSALS: usize = 20;

impl Node {
    /// The newest first. Told to who may ask for the status of the submission, and of what stood, to who saw it.
    pub(crate) fn stopped(
        &self,
        reading: &Reading,
        caller: &Caller,
        key: &ObjectKey,
    ) -> Result<Vec<views::Stopped>, Error> {
        let Some(own) = reading.reader else { return Ok(Vec::new()) };
        let mut stopped: Vec<(Timestamp, views::Stopped)> = Vec::new();
        for row in self.arrivals_of(reading, caller)? {
            if self.brings(&row, key)? {
                stopped.push((row.at, told("waits", row.at, row.why, Some(row.id.to_string()))));
            }
        }
        for one in reading.snapshot.refusals(&key.to_string(), REFUSALS)? {
            if is_his(&reading.roster, caller, own, (one.token, one.source, one.collection)) {
                stopped.push((one.at, told("refused", one.at, one.reason, Some(one.submission.to_string()))));
            }
        }
        for entry in reading.snapshot.entries_of(key)? {
            let (what, kind) = match entry.stands {
                Stands::Withdrawn => ("withdrawn", ActKind::Withdraw),
                Stands::Erased => ("erased", ActKind::Erase),
                Stands::Here | Stands::Moved | Stands::Aside => continue,
            };
            // What was kept beside what stood is gone with it, and cannot be told from it any more: only who sees all that
            // his member says is told.
            let saw = caller.principal.reader.ceiling == model::Tlp::Red
                && reading.sight.visible.has(entry.label)
                && reading.roster.is_of(entry.source, own);
            let acts = if saw { reading.snapshot.acts_on(entry.position)? } else { Vec::new() };
            if let Some(act) = acts.iter().rfind(|act| act.kind == kind) {
                let why = match kind {
                    ActKind::Erase => "its bytes were removed for good",
                    _ => "it was taken back, by who said it or by an administrator",
                };
                let why = format!("version {}: {why}", entry.version);
                stopped.push((act.at, told(what, act.at, why, None)));
            }
        }
        stopped.sort_by(|(one, _), (other, _)| other.cmp(one));
        Ok(stopped.into_iter().map(|(_, one)| one).collect())
    }

    // What his member sent that has not entered yet, as far as he may ask for its status.
    fn arrivals_of(&self, reading: &Reading, caller: &Caller) -> Result<Vec<Waits>, Error> {
        let Some(own) = reading.reader else { return Ok(Vec::new()) };
        let is_his = |of| is_his(&reading.roster, caller, own, of);
        let mut found = Vec::new();
        let rows = reading.snapshot.queue()?;
        let held = |row: &&Queued| row.state == State::Held;
        for row in rows.iter().filter(held).filter(|row| is_his((row.token, row.source, row.collection))) {
            let why = format!("a curator looks at it, until {}", row.held.deadline);
            let noted = noted(row).refused;
            found.push(Waits { id: row.submission, at: row.received, why, refused: noted });
        }
        for (id, source) in self.inner.store.waiting(Timestamp::MAX)? {
            if !reading.roster.is_of(source, own) {
                continue;
            }
            let Some(one) = self.inner.store.arrival(id)? else { continue };
            let of = &one.submission;
            if is_his((of.token, of.source, of.collection)) {
                let why = match one.due {
                    Some(due) => format!("it enters with what else comes to the desk, at {due}"),
                    None => "it is accepted, and enters when its turn comes".to_owned(),
                };
                found.push(Waits { id, at: of.received, why, refused: Default::default() });
            }
        }
        Ok(found)
    }

    fn brings(&self, row: &Waits, key: &ObjectKey) -> Result<bool, Error> {
        let Some(arrival) = self.inner.store.arrival(row.id)? else { return Ok(false) };
        for chunk in self.cut_again(&arrival)? {
            let read = chunk.pieces.iter().zip(chunk.read());
            let entering = read.filter(|(piece, _)| !row.refused.contains(&piece.start.ordinal));
            let is_there = |one: &crate::core::reading::Reading| one.object == *key;
            if entering.filter_map(|(_, read)| read.ok()).any(|objects| objects.iter().any(is_there)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

// One that has not entered.
struct Waits {
    id: model::SubmissionId,
    at: Timestamp,
    why: String,
    // The places of what stays refused whatever becomes of the rest.
    refused: std::collections::BTreeSet<u64>,
}

fn told(what: &'static str, at: Timestamp, why: String, submission: Option<String>) -> views::Stopped {
    views::Stopped { what, at: at.to_string(), why, submission }
}
