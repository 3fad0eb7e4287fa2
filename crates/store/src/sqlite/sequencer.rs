//! What the writer writes with: its connection, the next position and time, and what is interned.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Timestamp;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use super::beside::{Beside, Lists};
use super::changes::Taken;
use super::counted;
use super::disclosed;
use super::erasures::{self, Erasures};
use super::gaps::{self, Gaps};
use super::index::keys;
use super::index::run::Kept;
use super::index::write::Index;
use super::intern::Interned;
use super::sealed::{self, Sealing};
use super::span::{self, Building, Record};
use super::strip::Copier;
use crate::changes::{Listener, Stands};
use crate::directory::Opening;
use crate::record::ObjectKey;
use crate::{Error, Kind, SameContent};

/// Frames of the log after which the writer checkpoints: about 32 MiB.
const CHECKPOINT_FRAMES: i64 = 4_000;
/// Frames after which it also waits for readers to leave the log, so that it begins anew.
const RESTART_FRAMES: i64 = 40_000;
/// Keys merged at once when there is nothing else to do.
const TIDY: usize = 100_000;

/// How the writer is, for those who ask without asking it.
#[derive(Debug, Default)]
pub(crate) struct Vitals {
    failing: Mutex<Option<Error>>,
    has_stopped: AtomicBool,
    last_date: AtomicI64,
    commits: AtomicU64,
    cleared: AtomicU64,
    listener: Mutex<Listener>,
    taken: Mutex<Taken>,
}

impl Vitals {
    /// How often something was committed since the store was opened.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    /// How often the log was emptied because somebody asked for it.
    pub(crate) fn cleared(&self) -> u64 {
        self.cleared.load(Ordering::SeqCst)
    }

    /// Calls this after each commit.
    pub(crate) fn listen(&self, listener: Listener) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = listener;
    }

    fn tell(&self) {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(listener) = listener.0 {
            listener();
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers for a while what the statement at a position said, which is taken away. Where the transaction fails, it is
    /// still what that statement says.
    pub(crate) fn take_away(&self, position: i64, stands: Stands) {
        self.taken().add(position.cast_unsigned(), stands);
    }

    /// What that was, if it was a short while ago.
    pub(crate) fn taken_at(&self, position: u64) -> Option<Stands> {
        self.taken().at(position)
    }

    /// Lets go of what was taken away a while ago.
    pub(crate) fn forget_taken(&self) {
        self.taken().forget();
    }

    // Before anybody hears of the commit: a reader who looks from then on must see it.
    fn committed(&self) -> u64 {
        self.commits.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn failing(&self) -> Option<Error> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn last_date(&self) -> Timestamp {
        Timestamp(self.last_date.load(Ordering::Relaxed))
    }

    /// How the last write ended.
    pub(crate) fn told(&self, failing: Option<Error>) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = failing;
    }

    /// It writes no more.
    pub(crate) fn stopped(&self, why: Error) {
        self.told(Some(why));
        self.has_stopped.store(true, Ordering::Release);
    }

    pub(crate) fn has_stopped(&self) -> bool {
        self.has_stopped.load(Ordering::Acquire)
    }

    fn date(&self, date: i64) {
        self.last_date.store(date, Ordering::Relaxed);
    }
}

/// What the leaf of a statement commits to, beside its time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf {
    pub(crate) digest: [u8; 32],
    pub(crate) salt: [u8; 32],
    pub(crate) label: [u8; 32],
    pub(crate) source: uuid::Uuid,
}

impl Leaf {
    /// SHA-256(0x00 || "accord-leaf 1\n" || salt || digest || SHA-256(label) || member || date added).
    pub(crate) fn hash(&self, date_added: i64) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update([0]);
        hash.update(b"accord-leaf 1\n");
        hash.update(self.salt);
        hash.update(self.digest);
        hash.update(self.label);
        hash.update(self.source.as_bytes());
        hash.update(date_added.to_be_bytes());
        hash.finalize().into()
    }
}

/// What a savepoint goes back to.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    next: i64,
    sealing: Sealing,
    epoch: u64,
    span: Option<Building>,
}

#[derive(Debug)]
pub(crate) struct Sequencer {
    pub(crate) conn: Connection,
    pub(crate) interned: Interned,
    pub(crate) index: Index,
    pub(crate) epoch: u64,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) erasures: Erasures,
    pub(crate) revocations: Beside,
    pub(crate) disclosures: Beside,
    copier: Copier,
    /// Something was erased that is not to be taken again.
    pub(crate) refuses: bool,
    pub(crate) same_content: SameContent,
    /// Somebody waits for gaps to be filled.
    pub(crate) fills: Option<gaps::Asked>,
    /// The log is to be emptied before anybody is answered: bytes were taken out that it still has, or the file under it.
    pub(crate) clears: bool,
    /// The fields below and above could not be taken from the file after a transaction that failed.
    stale: bool,
    next: i64,
    last_date: i64,
    // Before this position no counts are due.
    counts_from: i64,
    // The times of this commit.
    sealing: Sealing,
    // The last span, which the next entry goes into; `None` until it is needed.
    span: Option<Building>,
    // Opened when something is erased, and closed after the connection.
    gaps: Option<Gaps>,
}

impl Sequencer {
    pub(crate) fn new(
        conn: Connection,
        kept: Arc<Kept>,
        vitals: Arc<Vitals>,
        lists: Lists,
        copier: Copier,
    ) -> Result<Sequencer, Error> {
        let Lists { erasures, revocations, disclosures } = lists;
        let mut sequencer = Sequencer {
            conn,
            interned: Interned::default(),
            index: Index::new(kept),
            vitals,
            erasures,
            revocations,
            disclosures,
            copier,
            refuses: false,
            same_content: |one, other| one == other,
            fills: None,
            gaps: None,
            clears: false,
            stale: false,
            epoch: 0,
            next: 0,
            last_date: 0,
            counts_from: 0,
            sealing: Sealing::default(),
            span: None,
        };
        sequencer.reload()?;
        let again = sequencer.erasures.reconcile(&sequencer.conn)?;
        erasures::repeat(&mut sequencer, &again)?;
        disclosed::repeat(&mut sequencer)?;
        // On a full disk what stands is read all the same.
        let written = sequencer.committed();
        sequencer.vitals.told(written.err());
        Ok(sequencer)
    }

    // What stands in the file is the truth; the fields are copies of it.
    fn reload(&mut self) -> Result<(), Error> {
        self.epoch =
            self.conn.query_row("SELECT value FROM epoch", [], |row| row.get::<_, i64>(0))?.cast_unsigned();
        (self.next, self.last_date) = self.conn.query_row(
            "SELECT coalesce(max(position) + 1, 0),
               max(coalesce((SELECT max(at) FROM sealed), 0), coalesce((SELECT max(until) FROM opening), 0))
             FROM statement",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        self.interned = Interned::default();
        self.index.reload(&self.conn)?;
        self.refuses = erasures::refuses(&self.conn)?;
        self.sealing = Sealing::default();
        self.span = None;
        Ok(())
    }

    // INVARIANT: nothing is written from fields that the file may not agree with: positions would have gaps.
    fn make_current(&mut self) -> Result<(), Error> {
        if self.stale {
            self.reload()?;
            self.stale = false;
        }
        Ok(())
    }

    /// Begins a transaction that may take `statements` positions. Their times lie after all that were given out, also
    /// with the clock behind.
    pub(crate) fn begin(&mut self, statements: u64, now: Option<Timestamp>) -> Result<(), Error> {
        self.make_current()?;
        self.conn.execute_batch("BEGIN IMMEDIATE")?;
        let count = i64::try_from(statements).unwrap_or(i64::MAX / 2);
        self.sealing = Sealing::begin(self.last_date, count, now);
        Ok(())
    }

    pub(crate) fn savepoint(&mut self) -> Result<Mark, Error> {
        self.conn.prepare_cached("SAVEPOINT work")?.execute([])?;
        let (sealing, span) = (self.sealing.clone(), self.span.clone());
        Ok(Mark { next: self.next, sealing, epoch: self.epoch, span })
    }

    pub(crate) fn release(&mut self) -> Result<(), Error> {
        self.conn.prepare_cached("RELEASE work")?.execute([])?;
        Ok(())
    }

    /// Undoes what was done since the savepoint. The engine itself may have given up the whole transaction (disk
    /// full): then nothing of the group stands, and that is the error.
    pub(crate) fn back_to(&mut self, mark: Mark) -> Result<(), Error> {
        if self.conn.is_autocommit() {
            return Err(Error::new(Kind::Full, "record.sqlite: the transaction was given up"));
        }
        self.conn.execute_batch("ROLLBACK TO work; RELEASE work")?;
        (self.next, self.sealing, self.epoch, self.span) = (mark.next, mark.sealing, mark.epoch, mark.span);
        self.interned = Interned::default();
        self.index.reload(&self.conn)
    }

    /// The number of an id, if it has one that was committed or written in this transaction.
    pub(crate) fn object(&mut self, key: &ObjectKey) -> Result<Option<i64>, Error> {
        let Some(kind) = self.interned.known_word(&self.conn, &key.kind)? else { return Ok(None) };
        if let Some(recent) = self.interned.recent(key.uuid, kind) {
            return Ok(Some(recent));
        }
        let found = self.index.find(&self.conn, &keys::id(key.uuid, kind))?;
        let num = found.as_deref().and_then(keys::object_of);
        if let Some(num) = num {
            self.interned.met(key.uuid, kind, num);
        }
        Ok(num)
    }

    /// Gives an id its number. The key that leads to it is the caller's to write.
    pub(crate) fn new_object(&mut self, key: &ObjectKey) -> Result<(i64, Vec<u8>), Error> {
        let kind = self.interned.word(&self.conn, &key.kind)?;
        let num: i64 = self
            .conn
            .prepare_cached("INSERT INTO object (uuid, kind) VALUES (?1, ?2) RETURNING num")?
            .query_row(params![key.uuid.as_bytes(), kind], |row| row.get(0))?;
        self.interned.met(key.uuid, kind, num);
        Ok((num, keys::id_to(key.uuid, kind, num)))
    }

    /// Takes the next position, and the whole millisecond that its commit is sealed with.
    pub(crate) fn take(&mut self) -> (i64, i64) {
        let taken = (self.next, self.sealing.take(self.next));
        self.next += 1;
        taken
    }

    /// Gives what stands under some labels times of its own for some readers. Those of one reader are nothing to another, so
    /// they may be the same.
    pub(crate) fn open(&mut self, openings: &[&Opening]) -> Result<(), Error> {
        if openings.is_empty() {
            return Ok(());
        }
        let labels: u32 =
            self.conn.query_row("SELECT coalesce(max(num) + 1, 0) FROM label", [], |row| row.get(0))?;
        let (mut opened, mut most, mut now) = (Vec::new(), 0, Timestamp::MIN);
        for opening in openings {
            if opening.of != labels {
                return Err(Error::new(Kind::Stale, "something was said under another label meanwhile"));
            }
            let mut total = 0;
            for label in &opening.labels {
                let count = self.sealing.entries(&self.conn, label.0)?;
                if count > 0 {
                    opened.push((*opening, label.0, count));
                    total += count;
                }
            }
            (most, now) = (total.max(most), opening.at.max(now));
        }
        if opened.is_empty() {
            return Ok(());
        }
        let until = self.sealing.reserve(self.next, most, now);
        let mut query = self.conn.prepare_cached(
            "INSERT INTO opening (member, person, label, position, until, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (member, person, label)
             DO UPDATE SET position = excluded.position, until = excluded.until, count = excluded.count",
        )?;
        for (opening, label, count) in opened {
            let person = opening.person.as_ref().map_or(&[][..], |person| person.0.as_bytes());
            let member = opening.member.0.as_bytes();
            query.execute(params![member, person, label, self.next, until, count])?;
        }
        Ok(())
    }

    /// Puts the entry that was just written into the last span.
    pub(crate) fn serve(&mut self, position: i64, mut record: Record, wire: &[u8]) -> Result<(), Error> {
        record.head.ordinal = self.sealing.note(&self.conn, &record)?;
        let mut span = match self.span.take() {
            Some(span) => span,
            None => Building::load(&self.conn, position)?,
        };
        span.push(&self.conn, record, wire)?;
        self.span = Some(span);
        Ok(())
    }

    /// Changes what pages tell of an entry.
    pub(crate) fn retell(&mut self, position: i64, change: impl FnOnce(&mut Record)) -> Result<(), Error> {
        self.copier.changed(position);
        match &mut self.span {
            Some(span) if span.holds(position) => span.change(position, change),
            _ => span::change(&self.conn, position, change),
        }
    }

    /// What pages tell of an entry.
    pub(crate) fn told(&self, position: i64) -> Result<Record, Error> {
        match &self.span {
            Some(span) if span.holds(position) => span.told(position),
            _ => span::told(&self.conn, position),
        }
    }

    /// What is served of the entry at a position, by its own bytes.
    pub(crate) fn served(&self, position: i64) -> Result<Vec<u8>, Error> {
        match &self.span {
            Some(span) if span.holds(position) => span.served(position),
            _ => span::served(&self.conn, position),
        }
    }

    /// Makes what is a view in the spans and seals again, from what stands in `statement`.
    pub(crate) fn restate(&mut self) -> Result<(), Error> {
        // What was read of the last one may be what is to be made again.
        self.span = None;
        self.counts_from = 0;
        self.copier.all_changed();
        span::restate(&self.conn)?;
        sealed::restate(&self.conn)?;
        counted::restate(&self.conn)
    }

    /// Takes out what is served of an entry.
    pub(crate) fn unserve(&mut self, position: i64) -> Result<(), Error> {
        if let Some(mut span) = self.span.take() {
            span.write(&self.conn)?;
        }
        self.copier.changed(position);
        span::empty(&self.conn, position)
    }

    /// Writes the leaf of a statement that was just written.
    pub(crate) fn leaf(&mut self, (position, date_added): (i64, i64), leaf: &Leaf) -> Result<(), Error> {
        self.conn
            .prepare_cached("INSERT INTO leaf (position, digest, salt, hash) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![position, leaf.digest, leaf.salt, leaf.hash(date_added)])?;
        Ok(())
    }

    /// Seals what was sequenced, and commits.
    pub(crate) fn commit(&mut self) -> Result<(), Error> {
        let last_date = self.sealing.write(&self.conn, self.next)?;
        if self.next >= self.counts_from {
            self.counts_from = counted::keep_up(&self.conn, self.next)?;
        }
        if let Some(span) = &mut self.span {
            span.write(&self.conn)?;
        }
        self.index.merge(&self.conn)?;
        self.copier.disown(&self.conn)?;
        self.erasures.write(&self.conn)?;
        self.conn.execute_batch("COMMIT")?;
        self.follow();
        self.erasures.committed();
        self.last_date = last_date;
        Ok(())
    }

    /// After a transaction that failed: leaves it, and takes everything from the file again; where that fails, before
    /// anything else is written.
    pub(crate) fn abandon(&mut self) {
        if !self.conn.is_autocommit() {
            // Where the rollback fails too, the next BEGIN fails and says so.
            let _failed = self.conn.execute_batch("ROLLBACK");
        }
        self.erasures.take_back();
        self.copier.abandon();
        self.stale = true;
        let _later = self.make_current();
    }

    // A step of filling gaps, outside of any transaction.
    fn fill(&mut self, from: u32) -> Result<gaps::Step, Error> {
        if !self.clear() {
            return Ok(gaps::Step::Busy);
        }
        let gaps = match self.gaps.take() {
            Some(gaps) => gaps,
            None => Gaps::open(&self.conn)?,
        };
        self.gaps.insert(gaps).fill(&self.conn, from)
    }

    /// Checkpoints a log that has grown long, after the answers are out. A checkpoint that fails leaves the log as it
    /// is, longer, and is tried again after the next commit.
    pub(crate) fn checkpoint_when_long(&mut self) {
        if let Some(asked) = self.fills.take() {
            let step = self.fill(asked.from);
            // Who asked may have gone.
            let _gone = asked.reply.send(step);
            return;
        }
        if self.clears {
            let _when_idle = self.clear();
            return;
        }
        let frames: i64 = self
            .conn
            .prepare_cached("PRAGMA wal_checkpoint(NOOP)")
            .and_then(|mut log| log.query_row([], |row| row.get(1)))
            .unwrap_or(0);
        let mode = match frames {
            RESTART_FRAMES.. => "PRAGMA wal_checkpoint(RESTART)",
            CHECKPOINT_FRAMES.. => "PRAGMA wal_checkpoint(PASSIVE)",
            _ => return,
        };
        let _later = self.conn.query_row(mode, [], |_| Ok(()));
    }

    /// Puts the log into the file and cuts it to nothing. Somebody who reads may be in the way, which is answered with
    /// false; then it is tried again after the next commit, and when there is nothing to do.
    pub(crate) fn clear(&mut self) -> bool {
        let busy = self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        let is_empty = busy.is_ok_and(|busy| busy == 0);
        if is_empty && std::mem::take(&mut self.clears) {
            self.vitals.cleared.fetch_add(1, Ordering::SeqCst);
        }
        is_empty
    }

    // What was just committed is told to readers, and copied into the strip.
    fn follow(&mut self) {
        let commits = self.vitals.committed();
        self.copier.follow(&self.conn, self.next, commits);
        self.vitals.tell();
    }

    /// The store is closed.
    pub(crate) fn close(&mut self) {
        self.copier.close(&self.conn);
        self.rest();
    }

    /// What comes between a commit and its answers: the files that tell of revocations and disclosures keep up.
    pub(crate) fn committed(&mut self) -> Result<(), Error> {
        self.vitals.date(self.last_date);
        self.revocations.keep_up(&self.conn)?;
        self.disclosures.keep_up(&self.conn)
    }

    fn try_to_write(&mut self) -> Result<(), Error> {
        self.make_current()?;
        self.conn.execute("UPDATE counter SET value = value WHERE name = 'last'", [])?;
        self.revocations.keep_up(&self.conn)?;
        self.disclosures.keep_up(&self.conn)
    }

    /// The position that the next statement gets.
    pub(crate) fn next(&self) -> i64 {
        self.next
    }

    /// The last time that was given out.
    pub(crate) fn last_date(&self) -> Timestamp {
        Timestamp(self.last_date)
    }

    /// Reads what the first lookup and the first write would have to wait for.
    pub(crate) fn warm(&mut self) {
        // Whoever needs it and cannot read it says so.
        let _later = self.index.warm(&self.conn);
    }

    /// Nothing to do: a step of merging, if one is due. Answers whether there is more.
    pub(crate) fn tidy(&mut self) -> bool {
        let step = self.begin(0, None).and_then(|()| {
            let more = self.index.merge_some(&self.conn, TIDY)?;
            self.conn.execute_batch("COMMIT")?;
            self.follow();
            Ok(self.copier.catch_up(&self.conn, self.next) || more)
        });
        self.checkpoint_when_long();
        step.unwrap_or_else(|_| {
            self.abandon();
            false
        })
    }

    /// Nothing to do: the log goes into the file, the cache goes back, and the last span, which is as long as an object
    /// may be. Answers whether the log is empty.
    pub(crate) fn rest(&mut self) -> bool {
        self.span = None;
        if self.vitals.failing().is_some() {
            self.copier.give_up();
            let tried = self.try_to_write();
            self.vitals.told(tried.err());
        }
        let is_emptied = self.clear();
        let _kept = self.conn.execute_batch("PRAGMA shrink_memory");
        is_emptied
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use crate::sqlite::head::Head;
    use crate::sqlite::{connect, migrate};

    fn sequencer(folder: &tempfile::TempDir) -> Sequencer {
        let path = folder.path().join(connect::FILE);
        let mut conn = connect::writer(&path, &Options::default()).unwrap();
        migrate::migrate(&mut conn, migrate::STEPS).unwrap();
        let lists = Lists::open(folder.path(), &conn).unwrap();
        let copier = Copier::open(folder.path(), &conn).unwrap();
        Sequencer::new(conn, Arc::default(), Arc::default(), lists, copier).unwrap()
    }

    #[test]
    fn the_line_of_an_erasure_that_is_not_committed_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut sequencer = sequencer(&folder);
        let written = || std::fs::metadata(folder.path().join(erasures::FILE)).unwrap().len();
        for commits in [true, false] {
            let before = written();
            sequencer.begin(0, None).unwrap();
            sequencer
                .conn
                .execute("INSERT INTO erasure (position, hash) VALUES (7, zeroblob(32))", [])
                .unwrap();
            if commits {
                sequencer.commit().unwrap();
                assert!(written() > before);
                continue;
            }
            sequencer.erasures.write(&sequencer.conn).unwrap();
            assert!(written() > before, "it is on the disk before the commit");
            sequencer.abandon();
            assert_eq!(written(), before);
        }
        sequencer.erasures.write(&sequencer.conn).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join(erasures::FILE)).unwrap().lines().count(), 1);
    }

    #[test]
    fn a_long_span_is_let_go_when_there_is_nothing_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let mut sequencer = sequencer(&folder);
        sequencer.begin(1, None).unwrap();
        sequencer.conn.execute("INSERT INTO label VALUES (0, x'', x'', 0)", []).unwrap();
        let (position, _) = sequencer.take();
        let uuid = uuid::Uuid::nil();
        let head = Head { ordinal: 0, version: 0, uuid, kind: 1, source: 1, media: 0, text: false };
        sequencer.serve(position, Record::new((0, 0, 0), head).unwrap(), &[b'x'; 100_000]).unwrap();
        sequencer.commit().unwrap();
        sequencer.rest();
        assert!(sequencer.span.is_none());
        assert_eq!(sequencer.told(position).unwrap().head, head);
    }

    #[test]
    fn nothing_is_written_until_what_stands_could_be_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut sequencer = sequencer(&folder);
        sequencer.begin(1, None).unwrap();
        sequencer.take();
        // The file cannot be read just now.
        sequencer.conn.execute_batch("ROLLBACK; ALTER TABLE epoch RENAME TO gone").unwrap();
        sequencer.abandon();
        assert!(sequencer.begin(1, None).is_err(), "positions would have a gap");
        assert!(!sequencer.tidy());
        sequencer.conn.execute_batch("ALTER TABLE gone RENAME TO epoch").unwrap();
        sequencer.begin(1, None).unwrap();
        assert_eq!(sequencer.next(), 0);
    }
}
