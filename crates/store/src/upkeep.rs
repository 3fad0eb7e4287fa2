//! Keeping the store: views made again, dumps, checks, copies, and what is kept for a time only.

use std::borrow::Cow;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use model::gate::{self, Authorized};
use model::{CollectionId, Label, MemberId, SubmissionId, Timestamp, Tlp, TokenId};

use crate::directory::CircleAct;
use crate::ledger::Given;
use crate::read::Snapshot;
use crate::record::{Index, Media, ObjectKey};
use crate::sqlite::sequencer::Sequencer;
use crate::sqlite::{circles, copy, dump, gaps, ledger, purge, reads, rebuild, stored, strip, sweep, verify};
use crate::{Error, Options, Store, authority};

/// Positions that a check looks at between two reports.
const TOGETHER: u64 = 1_000;

/// A statement as the record keeps it, for the one who makes views of it.
#[derive(Debug, Clone)]
pub struct StoredStatement {
    /// Its position; a statement that entered again stands at several.
    pub position: u64,
    /// The object's id.
    pub object: ObjectKey,
    /// Its version.
    pub version: Timestamp,
    /// `created_by_ref`, where it is an id.
    pub author: Option<ObjectKey>,
    /// `pattern_type` of an indicator.
    pub pattern_type: Option<String>,
    /// Who it is for, at this position.
    pub label: Label,
    /// Whose statement it is.
    pub source: MemberId,
    /// The form of `body`.
    pub media: Media,
    /// The exact bytes.
    pub body: Vec<u8>,
    /// What is served, where that is not `body`.
    pub wire: Option<Vec<u8>>,
}

/// What the views keep of a statement at a position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Viewed {
    /// From the bytes alone.
    pub index: Index,
    /// The filtered collections that it belongs to.
    pub collections: Vec<CollectionId>,
}

/// What came of making the views again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// They hold the same as before.
    pub equal: bool,
    /// Positions taken: statements and acts.
    pub positions: u64,
}

/// What a check of the whole store found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Positions looked at.
    pub positions: u64,
    /// Of these, erased.
    pub erased: u64,
    /// What is wrong, at most a hundred lines; empty is well.
    pub problems: Vec<String>,
}

/// What was let go because its time is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Outcomes of submissions (24 h).
    pub outcomes: u64,
    /// Items of the quarantine (7 days).
    pub quarantine: u64,
}

/// Whether bytes say something of a subject.
pub type Says = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// What is kept beside the record and says something of a subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beside {
    /// Refused arrivals in the quarantine.
    pub refused: u64,
    /// What submitters were told of their objects.
    pub told: u64,
    /// Arrivals that are accepted and wait to be sequenced.
    pub waiting: u64,
    /// Rows of the audit.
    pub audit: u64,
    /// Labels, by the case of their embargo.
    pub labels: u64,
}

/// Something that was refused and is kept for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its number among all that was ever refused; later ones have greater ones.
    pub number: u64,
    /// The submission it came in.
    pub submission: SubmissionId,
    /// Whose submission that is.
    pub source: MemberId,
    /// Where in the submission, from 0.
    pub ordinal: u64,
    /// When.
    pub at: Timestamp,
    /// The id it claimed, if it could be read.
    pub object: Option<String>,
    /// Why it was refused.
    pub reason: String,
    /// Its bytes, cut to 1 MiB.
    pub bytes: Vec<u8>,
}

/// That something was refused, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The submission it came in.
    pub submission: SubmissionId,
    /// Whose submission that is.
    pub source: MemberId,
    /// By which token it was made.
    pub token: Option<TokenId>,
    /// Through which collection.
    pub collection: Option<model::CollectionId>,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// A row of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// Its number; later rows have greater ones.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// By which token; `None` for the node itself.
    pub token: Option<TokenId>,
    /// What was done.
    pub verb: String,
    /// On what.
    pub target: String,
}

/// What an answer lent to somebody: how much, and of which range, but not what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lent {
    /// When. No two rows share a time.
    pub at: Timestamp,
    /// The member that it was read for.
    pub member: MemberId,
    /// By which token; `None` for the one who owns the folder.
    pub token: Option<TokenId>,
    /// The road: `list`, `search`, `lookup` and the like.
    pub verb: Cow<'static, str>,
    /// Through which collection, if through one.
    pub collection: Option<CollectionId>,
    /// The strictest label of what was lent.
    pub tlp: Tlp,
    /// The least time of what was lent, as lists have it.
    pub first: Timestamp,
    /// The greatest.
    pub last: Timestamp,
    /// How many entries.
    pub entries: u64,
}

/// Which rows of the audit, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditFrom {
    /// After this number, ascending.
    After(u64),
    /// Before this number, descending.
    Before(u64),
}

/// How the store is.
#[derive(Debug, Clone)]
pub struct Health {
    /// Why the last write failed, if it did. Reading goes on; the store tries by itself whether it can write again.
    pub failing: Option<Error>,
    /// The writer panicked, which `failing` tells of: nothing is written any more until the store is opened again.
    pub has_stopped: bool,
    /// The last time that was given out to an entry. Far ahead of the clock, the clock has gone back.
    pub last_date_added: Timestamp,
}

/// Figures of the store, each known without counting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Positions taken: statements and acts.
    pub positions: u64,
    /// Statements that are last in their place.
    pub last: u64,
    /// Objects of which an id is known.
    pub objects: u64,
    /// Arrivals that wait to be sequenced.
    pub waiting: u64,
    /// Bytes in the quarantine.
    pub quarantine_bytes: u64,
    /// Bytes of the database.
    pub file_bytes: u64,
    /// Bytes of its log.
    pub log_bytes: u64,
}

/// So long the log is asked to be emptied while others read.
const CLEARING: Duration = Duration::from_secs(10);
/// Between two tries.
const CLEARING_STEP: Duration = Duration::from_millis(50);

impl Store {
    /// Removes from the quarantine, and from what submitters were told, what says something of a subject.
    ///
    /// # Errors
    /// [`crate::Kind::Stale`]; [`crate::Kind::Full`], [`crate::Kind::Engine`].
    pub fn forget(&self, by: Authorized<gate::Erase, gate::Record>, says: Says) -> Result<(), Error> {
        self.inner.writer.run(0, None, move |to| {
            authority::compare(to, by.facts(), None)?;
            sweep::forget(&to.conn, &says)?;
            gaps::now_due(to)
        })
    }

    /// Overwrites what rows that moved left in the gaps between others, if something was erased since that was done last. The
    /// whole file is looked through, in steps between which others write. Answers whether it was done to the end: whoever
    /// reads for long is in the way, and then the next [`Store::purge`] does it.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`]; [`crate::Kind::Corrupt`] for a file that is damaged.
    pub fn fill_gaps(&self) -> Result<bool, Error> {
        let Some(since) = gaps::due(self.snapshot()?.conn()?)? else { return Ok(true) };
        let (begun, mut from) = (Instant::now(), 1);
        loop {
            let (reply, answer) = sync_channel(1);
            self.inner.writer.run(0, None, move |to| {
                to.fills = Some(gaps::Asked { from, reply });
                Ok(())
            })?;
            // It is done after the commit. Another may have asked meanwhile.
            match answer.recv().unwrap_or(Ok(gaps::Step::Busy))? {
                gaps::Step::Done => break,
                gaps::Step::On(next) => from = next,
                gaps::Step::Busy if begun.elapsed() >= CLEARING => return Ok(false),
                gaps::Step::Busy => std::thread::sleep(CLEARING_STEP),
            }
        }
        self.inner.writer.run(0, None, move |to| gaps::not_due(to, &since))?;
        Ok(true)
    }

    /// Brings everything that was written from the log into the file and empties the log, in which overwritten bytes still
    /// lie. Answers whether that was done: whoever reads for long is in the way, and then it is done when he has ended.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn clear_log(&self) -> Result<bool, Error> {
        let before = self.inner.vitals.cleared();
        let begun = Instant::now();
        while begun.elapsed() < CLEARING {
            self.inner.writer.run(0, None, |to| {
                to.clears = true;
                Ok(())
            })?;
            if self.inner.vitals.cleared() > before {
                return Ok(true);
            }
            std::thread::sleep(CLEARING_STEP);
        }
        Ok(false)
    }

    /// Drops the views and makes them again from the record. `view` says what the views keep of a statement; `progress`
    /// gets (positions done, positions in all). All in one transaction: readers see the old views until the new ones
    /// are whole, and a crash leaves the old ones, and so does `view` when it answers `None`. Writers wait for it, so
    /// what they would write is in neither of the views that are compared.
    ///
    /// # Errors
    /// [`crate::Kind::Stale`]; [`crate::Kind::Full`], [`crate::Kind::Engine`], also when it was given up.
    pub fn rebuild(
        &self,
        by: &Authorized<gate::Rebuild, gate::Record>,
        view: &mut dyn FnMut(&StoredStatement) -> Option<Viewed>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Rebuilt, Error> {
        rebuild::rebuild(self, by.facts(), view, progress)
    }

    /// Checks everything: the engine's own check, positions dense, leaves that commit to the bytes.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`]; what is merely wrong is in the answer.
    pub fn verify(&self) -> Result<Verified, Error> {
        self.verify_telling(&mut |_, _| ())
    }

    /// The same; `progress` gets (positions looked at, to look at in all): each is looked at twice, in the record and in
    /// the copy of it.
    ///
    /// # Errors
    /// As [`Store::verify`].
    pub fn verify_telling(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, Error> {
        let snapshot = self.snapshot()?;
        let all = snapshot.end();
        let mut half = |done: u64, before: u64| {
            if done.is_multiple_of(TOGETHER) {
                progress(before + done, 2 * all);
            }
        };
        let mut found = verify::verify(snapshot.conn()?, &mut |done| half(done, 0))?;
        drop(snapshot);
        found.problems.extend(strip::differences(self, &mut |done| half(done.min(all), all))?);
        progress(2 * all, 2 * all);
        Ok(found)
    }

    /// Compares about `most` positions, from one on, of the copy that pages are read from with the record. Where they differ,
    /// pages do without the copy from then on, and it is made anew when the store is opened again. Answers the position to
    /// go on from (0 after the last), and what differed.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn check_copy(&self, from: u64, most: u64) -> Result<(u64, Vec<String>), Error> {
        strip::check(self, from, most)
    }

    /// Copies the store as of now into the file `to`, while others read and write; `progress` gets (pages done, pages
    /// in all). The copy is whole, checked and on the disk when this returns.
    ///
    /// # Errors
    /// [`crate::Kind::Conflict`] when `to` exists; [`crate::Kind::Full`]; [`crate::Kind::Engine`].
    pub fn backup(&self, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Error> {
        copy::backup(self.snapshot()?.conn()?, to, progress)
    }

    /// Makes the folder from a backup. `erasures` is the file `erasures` of the folder that was lost, if there is one:
    /// what was erased after the backup is erased again before this returns, and no byte of it is left in the folder.
    /// What the file `revocations` beside it says is revoked again, and what `disclosures` says is recorded again. What was refused, and what submitters were told, is let
    /// go: what of it was erased since is not known.
    ///
    /// # Errors
    /// [`crate::Kind::Conflict`] when the folder is not empty; [`crate::Kind::Corrupt`] when `from` is no backup;
    /// those of [`Store::open`].
    pub fn restore(
        from: &Path,
        erasures: Option<&Path>,
        folder: &Path,
        options: &Options,
    ) -> Result<Store, Error> {
        copy::restore(from, erasures, folder)?;
        let store = Store::open(folder, options)?;
        if erasures.is_some() {
            store.inner.writer.run(0, None, |to| sweep::forget_all(&to.conn))?;
        }
        // The copy had in its free pages and its index what is erased now.
        store.scrub()?;
        store.fill_gaps()?;
        Ok(store)
    }

    /// Lets go what is kept for a time only, at most some thousands at once; and finishes what an erasure began.
    ///
    /// # Errors
    /// [`crate::Kind::Full`], [`crate::Kind::Engine`].
    pub fn purge(&self, now: Timestamp) -> Result<Purged, Error> {
        let writer = &self.inner.writer;
        let purged = writer.run(0, None, move |to| purge::purge(&to.conn, now))?;
        self.scrub()?;
        self.fill_gaps()?;
        Ok(purged)
    }

    /// Writes down what was lent, and of it what was given to whom for the first time, in one transaction.
    ///
    /// # Errors
    /// [`crate::Kind::Full`], [`crate::Kind::Engine`].
    pub fn note_lent(&self, rows: &[Lent], given: &[Given]) -> Result<(), Error> {
        let (rows, given) = (rows.to_vec(), given.to_vec());
        self.inner.writer.run(0, None, move |to| {
            reads::note(&to.conn, &rows)?;
            ledger::note(&to.conn, &given)
        })
    }

    /// Lets go what was lent before a time, at most some thousands of rows at once. Answers how many.
    ///
    /// # Errors
    /// [`crate::Kind::Full`], [`crate::Kind::Engine`].
    pub fn forget_lent(&self, before: Timestamp) -> Result<u64, Error> {
        self.inner.writer.run(0, None, move |to| reads::forget(&to.conn, before))
    }

    // Others write between the steps.
    fn scrub(&self) -> Result<(), Error> {
        let step = |to: &mut Sequencer| {
            let was_due = to.index.is_scrub_due(&to.conn)?;
            let is_done = to.index.scrub(&to.conn)?;
            to.clears |= was_due && is_done;
            Ok(is_done)
        };
        while !self.inner.writer.run(0, None, step)? {}
        Ok(())
    }

    /// How the store is. Costs nothing.
    #[must_use]
    pub fn health(&self) -> Health {
        let vitals = &self.inner.vitals;
        let has_stopped = vitals.has_stopped();
        Health { failing: vitals.failing(), has_stopped, last_date_added: vitals.last_date() }
    }
}

impl Snapshot {
    /// Goes through the statements whose bodies are held at some positions, from the first up to, but without, the second;
    /// each where it entered, and again where it entered anew.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn every_body(
        &self,
        from: u64,
        before: u64,
        visit: &mut dyn FnMut(StoredStatement),
    ) -> Result<(), Error> {
        stored::some(self, from.cast_signed(), before.cast_signed(), &mut |stored| {
            visit(stored);
            Ok(())
        })
    }

    /// Counts what is kept beside the record and says something of a subject.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn beside(&self, says: &Says) -> Result<Beside, Error> {
        sweep::beside(self.conn()?, says)
    }

    /// The times of the commit that a position is of: every entry of it has, for every reader to whom it was not opened
    /// later, a time after the first and up to the second, and nothing else has.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn commit_of(&self, position: u64) -> Result<(Timestamp, Timestamp), Error> {
        sweep::commit_of(self.conn()?, position.cast_signed())
    }

    /// Writes the views as text lines in a fixed order: equal views have equal dumps.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`], also when `out` fails.
    pub fn dump(&self, out: &mut dyn Write) -> Result<(), Error> {
        dump::dump(self.conn()?, self.runs()?, out)
    }

    /// What is in the quarantine, the newest first, before a number (`u64::MAX` begins).
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn quarantine(&self, before: u64, limit: usize) -> Result<Vec<Quarantined>, Error> {
        purge::quarantine(self, before, limit)
    }

    /// What a submission had refused at a place in it, from 0; `None` when it is not kept, or no more.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn quarantined(&self, submission: SubmissionId, ordinal: u64) -> Result<Option<Quarantined>, Error> {
        purge::quarantined(self, submission, ordinal)
    }

    /// What was refused under an id and is still kept, the newest first, at most so many.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn refusals(&self, object: &str, most: usize) -> Result<Vec<Refusal>, Error> {
        purge::refusals(self, object, most)
    }

    /// Rows of the audit.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn audit(&self, from: AuditFrom, limit: usize) -> Result<Vec<Audited>, Error> {
        purge::audit(self, from, limit)
    }

    /// Goes through what was done in a circle, the newest first, until told to stop.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn circle_acts(
        &self,
        circle: model::CircleId,
        each: &mut dyn FnMut(CircleAct) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        circles::acts(self.conn()?, circle, each)
    }

    /// What was lent before a time, the newest first: of one member, or of all.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn lent(&self, of: Option<MemberId>, before: Timestamp, limit: usize) -> Result<Vec<Lent>, Error> {
        reads::rows(self, of, before, limit)
    }

    /// Figures of the store.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn figures(&self) -> Result<Figures, Error> {
        let length = |of: &Path| std::fs::metadata(of).map(|file| file.len()).unwrap_or(0);
        let file = &self.store().file;
        let figures = purge::figures(self)?;
        Ok(Figures {
            file_bytes: length(file),
            log_bytes: length(&file.with_extension("sqlite-wal")),
            ..figures
        })
    }
}
