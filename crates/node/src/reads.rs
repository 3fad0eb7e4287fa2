//! Reads, written down as ranges: a row for each answer that lent something. Not what was asked, and not what was lent,
//! but by which token, how, under which label at most, and of which span of time.
//!
//! Rows gather in memory and are written together within a second, so that an answer costs no commit of its own; a crash
//! loses that second. An answer with something RED or under embargo in it waits until its row is durable, and so is, in the same
//! transaction, what of it was given to whom for the first time: the ledger. What visitors read is CLEAR and is not written down.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{Action, CollectionId, MemberId, Timestamp, Tlp};
use store::Store;
use store::ledger::Given;
use store::upkeep::Lent;

use crate::directory::signed_in;
use crate::reading::Reading;
use crate::roster::Roster;
use crate::{Caller, Error, Inner, Kind, Node, views};

/// Rows of an answer, unless fewer are asked for.
const LISTED: usize = 1_000;
/// Rows that wait in memory at most while nothing can be written; then the oldest go, which is told in the log.
const WAITING: usize = 100_000;
/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;
/// Steps in which old rows are let go at once; the rest is the next hour's.
const STEPS: usize = 1_000;

/// How whoever runs the node's verbs on a thread that must not wait has something run that may.
pub type Waits = fn(&mut dyn FnMut());

/// What a reading has lent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Range {
    entries: u64,
    strictest: Option<Tlp>,
    first: i64,
    last: i64,
}

impl Range {
    /// With one more entry, of this label and time.
    pub(crate) fn and(self, tlp: Tlp, added: Timestamp) -> Range {
        let (first, last) = if self.entries == 0 { (added.0, added.0) } else { (self.first, self.last) };
        Range {
            entries: self.entries + 1,
            strictest: self.strictest.max(Some(tlp)),
            first: first.min(added.0),
            last: last.max(added.0),
        }
    }

    /// With all of another.
    pub(crate) fn with(self, other: Range) -> Range {
        match (self.entries, other.entries) {
            (_, 0) => self,
            (0, _) => other,
            _ => Range {
                entries: self.entries + other.entries,
                strictest: self.strictest.max(other.strictest),
                first: self.first.min(other.first),
                last: self.last.max(other.last),
            },
        }
    }

    /// Something of it is RED.
    pub(crate) fn is_red(self) -> bool {
        self.strictest == Some(Tlp::Red)
    }
}

/// Rows that are not written down yet.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    waiting: Mutex<Waiting>,
    /// Held while rows are written: who finds none has waited for his own.
    writing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Waiting {
    rows: VecDeque<Lent>,
    // Whoever was given something waits for it, so there is never more of it than answers that wait.
    given: Vec<Given>,
    lost: u64,
}

/// What an answer lent: how much, and what of it goes into the ledger, by position.
#[derive(Debug, Default)]
pub(crate) struct Lending {
    pub(crate) range: Range,
    pub(crate) given: Vec<u64>,
}

impl Lending {
    /// With all of another.
    pub(crate) fn add(&mut self, other: Lending) {
        self.range = self.range.with(other.range);
        self.given.extend(other.given);
    }

    /// It leaves when it is written down.
    pub(crate) fn waits(&self) -> bool {
        self.range.is_red() || !self.given.is_empty()
    }
}

impl Reads {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // Answers whether it is the first that waits.
    fn push(&self, row: Lent, given: Vec<Given>) -> bool {
        let mut waiting = self.lock();
        waiting.given.extend(given);
        if waiting.rows.len() >= WAITING {
            waiting.rows.pop_front();
            waiting.lost += 1;
        }
        waiting.rows.push_back(row);
        waiting.rows.len() == 1
    }

    /// Writes down what waits. What could not be written goes on waiting.
    pub(crate) fn write_down(&self, store: &Store) -> Result<(), Error> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let Waiting { rows, given, lost } = std::mem::take(&mut *self.lock());
        let rows = Vec::from(rows);
        if lost > 0 {
            tracing::error!(lost, "reads could not be written down for so long that some were let go");
        }
        if rows.is_empty() {
            return Ok(());
        }
        store.note_lent(&rows, &given).map_err(|error| {
            let mut waiting = self.lock();
            let newer = std::mem::replace(&mut *waiting, Waiting { rows: rows.into(), given, lost: 0 });
            waiting.rows.extend(newer.rows);
            waiting.given.extend(newer.given);
            // Whoever is refused asks again, and again: once is enough.
            waiting.given.sort_by_key(|one| (one.position, one.member, one.token, one.at));
            waiting.given.dedup_by_key(|one| (one.position, one.member, one.token));
            waiting.lost = newer.lost;
            error.into()
        })
    }
}

impl Inner {
    /// Writes down the reads that wait.
    pub(crate) fn write_down_reads(&self) -> Result<(), Error> {
        self.reads.write_down(&self.store)
    }
}

impl Node {
    /// Says how reading verbs have something run that may wait for the disk. The first who says it counts.
    pub fn waits_by(&self, waits: Waits) {
        let _first = self.inner.waits.set(waits);
    }

    /// Ends a reading, and notes what it lent.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] when something of it is RED or under embargo, and the row cannot be written.
    pub(crate) fn lent(
        &self,
        caller: &Caller,
        verb: &'static str,
        collection: Option<CollectionId>,
        reading: Reading,
    ) -> Result<(), Error> {
        let lending = reading.lending(caller);
        // Whoever waits for the writer holds no snapshot: a rebuild needs one, and makes the writer wait.
        drop(reading);
        self.note_lent(caller, verb, collection, lending)
    }

    /// Notes what was lent.
    ///
    /// # Errors
    /// As [`Node::lent`].
    pub(crate) fn note_lent(
        &self,
        caller: &Caller,
        verb: &'static str,
        collection: Option<CollectionId>,
        lending: Lending,
    ) -> Result<(), Error> {
        let (waits, Lending { range, given }) = (lending.waits(), lending);
        let (Some(member), Some(tlp)) = (caller.principal.reader.member, range.strictest) else {
            return Ok(());
        };
        let (first, last) = (Timestamp(range.first), Timestamp(range.last));
        let (at, token, entries) = (self.now(), caller.principal.token, range.entries);
        let row = Lent { at, member, token, verb: verb.into(), collection, tlp, first, last, entries };
        let given =
            given.into_iter().map(|position| Given { position, member, token, at, verb: verb.into() });
        if self.inner.reads.push(row, given.collect()) {
            self.inner.jobs.reads_wait();
        }
        if !waits {
            return Ok(());
        }
        self.written_first(|| self.inner.write_down_reads())
    }

    /// Writes down what an answer waits for.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] when it cannot be written.
    pub(crate) fn written_first(&self, write: impl Fn() -> Result<(), Error>) -> Result<(), Error> {
        let mut written = Ok(());
        let mut write = || written = write();
        match self.inner.waits.get() {
            Some(waits) => waits(&mut write),
            None => write(),
        }
        written.map_err(|error| {
            tracing::warn!(%error, "an answer with something RED or under embargo waits for its row");
            let message =
                "what is RED or under embargo is not answered before that is written down, and nothing can be written now";
            Error { retry_after_s: Some(5), ..Error::new(Kind::Unavailable, message) }
        })
    }

    /// Lets go of rows that are older than the operator keeps them.
    pub(crate) fn let_go_of_reads(&self) -> Result<(), Error> {
        let keeps_us = i64::from(self.settings().keep_reads_days.max(1)) * DAY_US;
        let before = Timestamp(self.now().0.saturating_sub(keeps_us));
        for _ in 0..STEPS {
            if self.inner.store.forget_lent(before)? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Who read how much, and when, before a time, the newest first: for those who administer an organisation, what was
    /// read for it, by token and person; for those who administer the node also of other members, of whom they are told
    /// the member, the road, the label and the number alone: reads tell who is a victim. That these looked is a row of the audit.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] for visitors; [`Kind::Forbidden`] for other roles; [`Kind::Invalid`] for a limit out of
    /// range.
    pub fn reads(
        &self,
        caller: &Caller,
        before: Option<Timestamp>,
        limit: Option<usize>,
    ) -> Result<views::Reads, Error> {
        let own = signed_in(caller)?;
        let roster = self.roster();
        Node::allowed(caller, &Action::ManagePersons(own))?;
        let limit = limit.unwrap_or(LISTED);
        if !(1..=LISTED).contains(&limit) {
            return Err(Error::new(Kind::Invalid, format!("`limit` is 1 to {LISTED}")));
        }
        let of = Node::allowed(caller, &Action::Operate).is_err().then_some(own);
        // What was answered before this is asked has its row.
        self.inner.write_down_reads()?;
        let snapshot = self.inner.store.snapshot()?;
        let mut rows = snapshot.lent(of, before.unwrap_or(Timestamp::MAX), limit + 1)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        // Of one's own organisation it is one's own to look at.
        if let (None, Some(newest), Some(oldest)) = (of, rows.first(), rows.last()) {
            self.looked(caller, "reads.look", format!("{} {}", oldest.at, newest.at))?;
        }
        Ok(views::Reads { reads: rows.iter().map(|row| shown(&roster, row, own)).collect(), more })
    }
}

fn shown(roster: &Roster, row: &Lent, reader: MemberId) -> views::Read {
    let is_own = row.member == reader;
    let token = row.token.filter(|_| is_own).and_then(|id| roster.token(id));
    let person = token.and_then(|token| roster.person(token.person?));
    let collection = row.collection.filter(|_| is_own).and_then(|id| roster.collection(id));
    views::Read {
        at: row.at.to_string(),
        verb: row.verb.to_string(),
        member: roster.named(row.member),
        token: token.map(|token| views::Named { id: token.id.to_string(), name: token.name.clone() }),
        person: person.map(|person| views::Named { id: person.id.to_string(), name: person.name.clone() }),
        collection: collection.map(|one| views::Named { id: one.id.to_string(), name: one.title.clone() }),
        label: row.tlp.to_string(),
        entries: row.entries,
        first: is_own.then(|| row.first.to_string()),
        last: is_own.then(|| row.last.to_string()),
    }
}
