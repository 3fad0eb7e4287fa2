//! The verbs of Accord. This is the only writer of the record, and what web and the command line talk to.
//!
//! Everything here blocks: callers on a runtime move it off their threads. `core` is the pure half: it judges values
//! and reads no clock, store or randomness.

mod addressed;
mod annotate;
mod around;
mod assets;
mod audit;
mod backups;
mod charters;
mod chunk;
mod circles;
mod claims;
mod clients;
pub mod core;
mod desk;
mod directory;
mod disclose;
mod edges;
mod erase_subject;
pub mod error;
mod export;
mod filling;
mod first_start;
mod foresee;
mod held_back;
mod holders;
mod import;
mod intake;
mod jobs;
mod keep;
mod known;
mod ledger;
mod lines;
mod list;
mod lookup;
mod maintenance;
mod marked;
mod object;
mod observe;
mod openings;
mod preview;
mod protect;
mod quarantine;
mod queue;
mod random;
mod reading;
mod reads;
mod rebuild;
mod recall;
mod relabel;
mod reported;
mod restore;
mod retention;
mod roster;
mod search;
mod seen;
mod seen_hits;
mod session;
mod share;
mod sharing_sightings;
mod source;
mod splitting;
mod statistics;
mod stopped;
mod submit;
mod summary;
mod tokens;
mod usage;
pub mod verbs;
mod verdict;
pub mod views;
mod visible;
mod warning_lists;
mod who_said;
mod withdraw;
mod writing;

pub use audit::AuditQuery;
pub use error::{Error, Kind};
pub use protect::{Feed, FeedQuery, Stream, StreamEvent, StreamQuery, Told, ValuesQuery};
pub use reads::Waits;
pub use verbs::*;
pub use verdict::VerdictOf;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use jobs::Jobs;
use model::{Principal, Timestamp, Tlp};
use roster::Roster;
use store::Store;
use submit::Sequenced;
use usage::Usage;

/// Where the node takes its time from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What an operator sets.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Settings {
    /// What the node is called, on pages and in TAXII's discovery.
    pub title: String,
    /// A sentence about it.
    pub description: String,
    /// Whom to write to.
    pub contact: String,
    /// The name of the node's own member.
    pub organisation: String,
    /// Visitors without a token see what is CLEAR.
    pub anonymous: bool,
    /// The label of objects that arrive without TLP outside a collection.
    #[serde(skip)]
    pub default_label: Tlp,
    /// How long it is kept who read how much, in days, at least 1.
    pub keep_reads_days: u32,
    /// The folder of warning lists, where there is one.
    #[serde(skip)]
    pub warning_lists: Option<PathBuf>,
    /// Length of one request's content, in bytes.
    pub max_content_bytes: usize,
    /// Length of a request's content once inflated, in bytes.
    pub max_inflated_bytes: usize,
    /// Largest page, in objects.
    pub page_limit: usize,
    /// A submission of more objects than this is accepted and sequenced after the reply.
    pub asynchronous_objects: usize,
    /// What is said without a name enters at whole multiples of so many seconds, at most a day; 0 is at once.
    pub desk_interval_s: u32,
    /// The least number of members among whom one stays without a name, and who share a sector that is told.
    pub desk_members: usize,
    /// A submission that waits for a curator should be answered within so many days, at least 1.
    pub queue_days: u32,
    /// What nobody answered in time is returned; otherwise it waits on, and is counted.
    pub queue_returns_overdue: bool,
    /// A member's share of a day of what is curated, in objects; 0 is no limit.
    pub queue_objects_per_day: u64,
    /// The checks ([`core::checks::Check::name`]) for whose findings something waits; none is everything that is curated.
    pub queue_holds: Vec<String>,
    /// What the node holds is disclosed by its operator only where an administrator agrees by a token.
    pub disclosure_four_eyes: bool,
    /// A disclosure is sealed for so many days at most, at least 1; each time it is sealed for longer is an act of its own.
    pub disclosure_seal_days: u32,
    /// What sensors saw is kept for so many days; 0 keeps nothing.
    pub seen_days: u32,
    /// So many bytes of it at most, of all members together.
    pub seen_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            title: "Accord".to_owned(),
            description: String::new(),
            contact: String::new(),
            organisation: "This organisation".to_owned(),
            anonymous: false,
            default_label: Tlp::Amber,
            keep_reads_days: 90,
            warning_lists: None,
            max_content_bytes: 32 << 20,
            max_inflated_bytes: 256 << 20,
            page_limit: 5_000,
            asynchronous_objects: 5_000,
            desk_interval_s: 600,
            desk_members: 5,
            queue_days: 3,
            queue_returns_overdue: false,
            queue_objects_per_day: 0,
            queue_holds: Vec::new(),
            disclosure_four_eyes: false,
            disclosure_seal_days: 365,
            seen_days: 90,
            seen_bytes: 1 << 30,
        }
    }
}

/// A running node: one folder, one store, the directory and the labels in memory. Cheap to clone; the last clone
/// stops the jobs and closes the store.
#[derive(Clone)]
pub struct Node {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) folder: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    /// What members' sensors saw of late.
    pub(crate) seen: store::seen::Seen,
    /// The directory as last seen; replaced whole on change.
    pub(crate) roster: RwLock<Arc<Roster>>,
    pub(crate) usage: Usage,
    /// What was lent to whom, and is not written down yet.
    pub(crate) reads: reads::Reads,
    /// How what may wait is run, where a verb runs on a thread that must not.
    pub(crate) waits: OnceLock<reads::Waits>,
    /// What readers may see.
    pub(crate) visibility: visible::Visibility,
    /// Seals cursors. Made on first start.
    pub(crate) cursor_key: core::cursor::Key,
    pub(crate) jobs: Jobs,
    /// How far the jobs got with arrivals.
    pub(crate) sequenced: Sequenced,
    /// The imports that run.
    pub(crate) importing: import::Turns,
    /// Held while the note of collections to fill is changed.
    pub(crate) filling: Mutex<()>,
    /// Values that lead from nobody to anybody.
    pub(crate) warning_lists: OnceLock<core::warning::WarningLists>,
    /// Held while a collection is noted to be filled and comes to be, or does not.
    pub(crate) adding: Mutex<()>,
    /// What sensors read, as it was made of late.
    pub(crate) feeds: protect::Feeds,
    /// Who follows the changes.
    pub(crate) open: protect::Open,
    /// What is called when there may be something new to tell.
    pub(crate) listeners: Arc<RwLock<Vec<protect::Listener>>>,
    pub(crate) sightings_looked: sharing_sightings::Looked,
    /// How far the job looked for what charters let go.
    pub(crate) let_go: Mutex<charters::Looked>,
    /// How far the copy that pages are read from was checked.
    pub(crate) copy_checked: maintenance::CopyChecked,
    /// Recalls that could not be carried out further of late.
    pub(crate) recalls_failing: recall::Failing,
}

impl Node {
    /// Opens the folder, makes it on first use, repeats what a crash left undone, and starts the jobs.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for a setting that names nothing; [`Kind::Locked`] when another process has the folder; [`Kind::Conflict`] when a later release wrote it;
    /// [`Kind::Unavailable`] when the disk is too full to open it; [`Kind::Internal`] when it cannot be read.
    pub fn open(folder: &Path, settings: Settings, clock: Clock) -> Result<Node, Error> {
        let options = store::Options { same_content: core::content::is_same, ..store::Options::default() };
        keep::known_checks(&settings.queue_holds)?;
        let store = Store::open(folder, &options).map_err(not_opened)?;
        let cursor_key = core::cursor::Key::new(&first_start::cursor_key(&store)?)?;
        first_start::compare_index_form(&store)?;
        let directory = first_start::directory(&store, &settings, clock())?;
        let recalls = recall::rules_of(&store)?;
        let inner = Arc::new(Inner {
            folder: folder.to_owned(),
            settings,
            clock,
            seen: store::seen::Seen::new(folder, |what| tracing::warn!("{what}")),
            store,
            roster: RwLock::new(Arc::new(Roster::new(directory, recalls)?)),
            usage: Usage::default(),
            feeds: protect::Feeds::default(),
            open: protect::Open::default(),
            listeners: Arc::default(),
            sightings_looked: sharing_sightings::Looked::default(),
            let_go: Mutex::default(),
            copy_checked: maintenance::CopyChecked::default(),
            recalls_failing: recall::Failing::default(),
            reads: reads::Reads::default(),
            waits: OnceLock::new(),
            visibility: visible::Visibility::default(),
            cursor_key,
            jobs: Jobs::default(),
            sequenced: Sequenced::default(),
            importing: import::Turns::default(),
            filling: Mutex::default(),
            warning_lists: OnceLock::new(),
            adding: Mutex::default(),
        });
        let listeners = Arc::clone(&inner.listeners);
        inner.store.on_commit(Arc::new(move || call(&listeners)));
        inner.jobs.start(&inner)?;
        Ok(Node { inner })
    }

    /// Stops the jobs and waits for them; what they had accepted is resumed at the next start. Reading goes on until
    /// the last clone is gone.
    pub fn stop(&self) {
        self.inner.stop();
    }

    /// What the operator set.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The time, from the node's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    /// The folder that the node was opened on.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// The directory as last seen.
    pub(crate) fn roster(&self) -> Arc<Roster> {
        Arc::clone(&self.inner.roster.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Calls who wants to know that there may be something new to tell.
pub(crate) fn call(listeners: &RwLock<Vec<protect::Listener>>) {
    listeners.read().unwrap_or_else(PoisonError::into_inner).iter().for_each(|listener| listener());
}

// The engine needs a little space before it reads anything.
fn not_opened(error: store::Error) -> Error {
    match error.kind {
        store::Kind::Full => {
            let message = format!("the disk is full or fails, and the folder cannot be opened: {error}");
            Error::new(Kind::Unavailable, message).hint("free some space, a few MB will do")
        }
        store::Kind::Corrupt => Error::from(error)
            .hint("make a new folder from the last backup with `accord restore`, and keep this one"),
        _ => error.into(),
    }
}

impl Inner {
    fn stop(&self) {
        self.jobs.stop();
        if let Err(error) = self.store.used(&self.usage.take()) {
            tracing::warn!(%error, "uses of tokens could not be written down");
        }
        if let Err(error) = self.write_down_reads() {
            tracing::warn!(%error, "the last reads could not be written down");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("folder", &self.inner.folder).finish_non_exhaustive()
    }
}

/// What a client shows.
#[derive(Debug, Clone)]
pub enum Credential {
    /// The text of a token.
    Token(String),
    /// SHA-256 of the DER of a client certificate that TLS has verified.
    Certificate([u8; 32]),
}

/// Who asks, and what the node knows of him beside his rights.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What he may.
    pub principal: Principal,
    /// The name of his member, for pages; empty for visitors.
    pub member_name: String,
    /// The client profile of his token, by name.
    pub profile: Option<String>,
    /// The directory's state on which this was found; what he writes is judged against it again.
    pub facts: store::directory::Epoch,
    /// What he sent was accepted at this time, and is taken in later: a token that ended in between was good when it counted. One
    /// that was revoked is good for nothing.
    pub accepted: Option<model::Timestamp>,
}
