//! The record, its views, and what the node keeps beside them, in one concrete type.
//!
//! The store never judges: who may see what, and what a statement means, arrives as values. It promises order,
//! durability and that views equal a rebuild.
//!
//! - [`Store`]: opens the folder, holds the one writer and the readers.
//! - [`authority`]: what is written is what was authorised.
//! - [`record`]: statements in, acts (withdraw, erase) in; positions and times out.
//! - [`read`]: snapshots to page, look up and search with, filtered by the labels that a reader may see.
//! - [`changes`]: what was taken away, for who is told of changes.
//! - [`find`]: lookup and search.
//! - [`held`]: what the one who writes asks before he does, filtered for nobody.
//! - [`kept`]: what is said to circles, in the order in which it entered.
//! - [`ledger`]: who was given first what is RED or under embargo, and what was disclosed.
//! - [`seen`]: what sensors saw of late, in a file of its own that is no part of the record.
//! - [`upkeep`]: views made again, checks, copies, and what is kept for a time only.
//! - [`directory`]: members, persons, tokens, collections.

pub mod authority;
pub mod changes;
pub mod directory;
pub mod find;
pub mod held;
pub mod kept;
pub mod ledger;
pub mod opened;
pub mod queue;
pub mod read;
pub mod record;
pub mod seen;
pub mod spoken;
pub mod stands;
pub mod upkeep;

mod error;
mod sqlite;

pub use error::{Error, Kind};

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::gate::{Act, Authorized, Source, Submit};

use authority::Covers;
use sqlite::beside::Lists;
use sqlite::index::run::Kept;
use sqlite::names::Shared;
use sqlite::pool::Pool;
use sqlite::sequencer::{Sequencer, Vitals};
use sqlite::strip::{Copier, Strip};
use sqlite::writer::Writer;
use sqlite::{append, arrivals, connect, migrate};

/// How a store uses the machine.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections that read, each with its own cache.
    pub readers: usize,
    /// Page cache of each connection that reads, in KiB.
    pub cache_kib: u32,
    /// Page cache of the connection that writes, in KiB. It fills while much is written and is let go when nothing is.
    pub writer_cache_kib: u32,
    /// Bytes of the file that may be mapped by each connection that reads; 0 maps nothing.
    pub mmap_bytes: u64,
    /// At most this many pieces of work share one commit.
    pub group: usize,
    /// The database may not grow beyond so many bytes; `None` is what the disk has.
    pub most_bytes: Option<u64>,
    /// Whether what is served of two statements has the same content, however it is written. The node's, which
    /// understands the bytes; without it only the same bytes are the same.
    pub same_content: SameContent,
}

/// Compares what is served of one statement with what would be served of another.
pub type SameContent = fn(&[u8], &[u8]) -> bool;

impl Default for Options {
    fn default() -> Self {
        Options {
            readers: 8,
            cache_kib: 4 << 10,
            writer_cache_kib: 64 << 10,
            mmap_bytes: 0,
            group: 64,
            most_bytes: None,
            same_content: |one, other| one == other,
        }
    }
}

/// The embedded store of one node. Cheap to clone; the last clone closes it.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

// In this order: the writer ends and checkpoints, the readers close, the lock goes.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) writer: Writer,
    pub(crate) pool: Arc<Pool>,
    pub(crate) names: Shared,
    pub(crate) strip: Arc<Strip>,
    pub(crate) kept: Arc<Kept>,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) file: PathBuf,
    pub(crate) same_content: SameContent,
    _lock: File,
}

impl Store {
    /// Opens the store in `folder`, creating or migrating it. Holds `folder/lock` while open.
    ///
    /// # Errors
    /// [`Kind::Locked`] when another process holds the folder; [`Kind::TooNew`] when a later release wrote it;
    /// [`Kind::Corrupt`] when the file is damaged or none of ours; [`Kind::Full`]; [`Kind::Engine`].
    pub fn open(folder: &Path, options: &Options) -> Result<Store, Error> {
        std::fs::create_dir_all(folder).map_err(|error| {
            let failed = Error::from(error);
            Error { message: format!("the folder {}: {}", folder.display(), failed.message), ..failed }
        })?;
        let lock = lock(folder)?;
        let path = folder.join(connect::FILE);
        let mut conn = connect::writer(&path, options)?;
        migrate::migrate(&mut conn, migrate::STEPS)?;
        arrivals::begin_anew(&conn)?;
        let (kept, vitals) = (Arc::<Kept>::default(), Arc::<Vitals>::default());
        let lists = Lists::open(folder, &conn)?;
        let copier = Copier::open(folder, &conn)?;
        let strip = copier.strip();
        let mut sequencer = Sequencer::new(conn, kept.clone(), vitals.clone(), lists, copier)?;
        sequencer.same_content = options.same_content;
        let pool = Arc::new(Pool::new(path.clone(), options.clone(), vitals.clone()));
        let writer = Writer::start(sequencer, pool.clone(), options.group)?;
        let names = Shared::default();
        Ok(Store {
            inner: Arc::new(Inner {
                writer,
                pool,
                names,
                strip,
                kept,
                vitals,
                file: path,
                same_content: options.same_content,
                _lock: lock,
            }),
        })
    }

    /// A consistent view of the record as of now. Taken from a bounded pool; give it back by dropping it soon.
    ///
    /// # Errors
    /// [`Kind::Engine`], also when no reader comes free within 30 s.
    pub fn snapshot(&self) -> Result<read::Snapshot, Error> {
        read::Snapshot::take(self.inner.clone())
    }

    /// Members, persons, tokens, collections, bindings, circles, whole; and the epoch they are of.
    ///
    /// # Errors
    /// [`Kind::Engine`].
    pub fn directory(&self) -> Result<directory::Directory, Error> {
        sqlite::directory::read(self.snapshot()?.conn()?)
    }

    /// Applies changes to the directory that were authorised, all or none, if the facts still hold, and writes the audit
    /// row in the same transaction; none for what is nobody's business but a circle's. Answers the new epoch.
    ///
    /// # Errors
    /// [`Kind::Stale`], [`Kind::Unauthorized`], [`Kind::Conflict`] (a name that is taken), [`Kind::NotFound`] (a member or a person that it
    /// names), [`Kind::Full`], [`Kind::Engine`].
    pub fn change<A: Act<I>, I: Covers<A, directory::Change>>(
        &self,
        by: Authorized<A, I>,
        changes: &[directory::Change],
        audit: impl Into<Option<record::Audit>>,
    ) -> Result<directory::Epoch, Error> {
        let facts = authority::covering(&by, changes)?;
        let (changes, audit) = (changes.to_vec(), audit.into());
        self.inner
            .writer
            .run(0, None, move |to| sqlite::directory::change(to, facts, &changes, audit.as_ref()))
    }

    /// Keeps an arrival's bytes until it is sequenced: accepted, durable, acknowledged. For arrivals too large to
    /// sequence within a request. All of its objects and bytes are charged to the quota now, those too that will turn
    /// out to be known, and nothing is charged when it is sequenced.
    ///
    /// # Errors
    /// [`Kind::Stale`] when the facts hold no longer; [`Kind::Unauthorized`]; [`Kind::Conflict`] when the submission is
    /// known; [`Kind::Quota`], [`Kind::TooMuch`], [`Kind::Full`], [`Kind::Engine`].
    pub fn accept(
        &self,
        by: Authorized<Submit, Source>,
        arrival: record::Arrival,
        quota: record::Quota,
        audit: record::Audit,
    ) -> Result<(), Error> {
        let facts = authority::covering(&by, std::slice::from_ref(&arrival.submission))?;
        self.inner.writer.run(0, None, move |to| arrivals::accept(to, facts, &arrival, quota, &audit))
    }

    /// Arrivals that are accepted, due and not yet sequenced, the oldest first, and whose they are. Their submissions may
    /// have begun before a crash: sequencing them again from the start is right.
    ///
    /// # Errors
    /// [`Kind::Engine`].
    pub fn waiting(
        &self,
        now: model::Timestamp,
    ) -> Result<Vec<(model::SubmissionId, model::MemberId)>, Error> {
        arrivals::waiting(self.snapshot()?.conn()?, now)
    }

    /// One of them, with its bytes; `None` when it waits no more.
    ///
    /// # Errors
    /// [`Kind::Engine`].
    pub fn arrival(&self, submission: model::SubmissionId) -> Result<Option<record::Arrival>, Error> {
        arrivals::arrival(self.snapshot()?.conn()?, submission)
    }

    /// Sequences a batch that was authorised: positions, times, leaves, views, outcomes and audit in one transaction, shared with others
    /// that wait (group commit). Returns when it is durable and visible to new snapshots. All of the batch stands, or
    /// nothing.
    ///
    /// # Errors
    /// [`Kind::Stale`] when the facts hold no longer; [`Kind::Unauthorized`]; [`Kind::Quota`]; [`Kind::TooMuch`];
    /// [`Kind::Conflict`] when the submission is complete; [`Kind::NotFound`] when a collection is not known; [`Kind::Full`]; [`Kind::Engine`].
    pub fn append<A, I>(
        &self,
        by: Authorized<A, I>,
        batch: record::Batch,
    ) -> Result<Vec<record::Appended>, Error>
    where
        A: Act<I>,
        I: Covers<A, record::Item> + Covers<A, record::Submission>,
    {
        authority::covering(&by, std::slice::from_ref(&batch.submission))?;
        let facts = authority::covering(&by, &batch.items)?;
        let (statements, now) = (batch.items.len() as u64, batch.now);
        self.inner.writer.run(statements, Some(now), move |to| append::append(to, facts, &batch))
    }

    /// A small value that the node keeps beside the record, such as a key made on first start. Copied by backups.
    ///
    /// # Errors
    /// [`Kind::Engine`].
    pub fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        sqlite::small::value(self.snapshot()?.conn()?, name)
    }

    /// How far the record went at a change ([`directory::Change::Mark`]), by the name under which that is kept.
    ///
    /// # Errors
    /// [`Kind::Engine`].
    pub fn mark(&self, name: &str) -> Result<Option<directory::Mark>, Error> {
        let Some(kept) = self.meta(name)? else { return Ok(None) };
        let mark = directory::Mark::decode(&kept);
        mark.map(Some)
            .ok_or_else(|| Error::new(Kind::Engine, "what is kept of a place in the record is damaged"))
    }

    /// Keeps such a value, in place of the one before; `None` removes it.
    ///
    /// # Errors
    /// [`Kind::Full`], [`Kind::Engine`].
    pub fn set_meta(&self, name: &str, value: Option<&[u8]>) -> Result<(), Error> {
        let (name, value) = (name.to_owned(), value.map(<[u8]>::to_vec));
        self.inner.writer.run(0, None, move |to| sqlite::small::set_value(&to.conn, &name, value.as_deref()))
    }

    /// Notes when tokens were last shown. Changes no epoch.
    ///
    /// # Errors
    /// [`Kind::Full`], [`Kind::Engine`].
    pub fn used(&self, tokens: &[(model::TokenId, model::Timestamp)]) -> Result<(), Error> {
        let tokens = tokens.to_vec();
        self.inner.writer.run(0, None, move |to| sqlite::small::used(&to.conn, &tokens))
    }
}

fn lock(folder: &Path) -> Result<File, Error> {
    let file = File::options().create(true).truncate(false).write(true).open(folder.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::new(Kind::Locked, format!("another process holds `{}`", folder.display())))
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}
