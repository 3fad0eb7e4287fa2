//! What a member's own sensors saw of late: which observables, on which hosts, how often. A file of its own beside the
//! record.
//!
//! It is telemetry and no truth: not part of the record, not in backups, and safe to delete. Each member's part is its own, and
//! nothing of one changes what another is told. It is bounded in days and, for each member, in bytes: the oldest days go first. What
//! it holds of an observable is one row for each day and host, so that a host with millions of events costs no more than one
//! with two.
//!
//! [`Seen::add`] is one transaction: what it answered for outlives a killed process. A file that is damaged is set aside and
//! begun anew. It is made by the first who adds something.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{MemberId, Timestamp};

use crate::Error;
use crate::find::Keys;
use crate::sqlite::seen::{File, add, ask, bounds, common, edges, hits};

/// The name of the file in the folder.
pub const FILE: &str = "seen.db";
/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Something that was said to whom operates the node: a line for the log.
pub type Told = fn(&str);

/// A day by its number: whole days since 1970, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    /// The day of an instant.
    #[must_use]
    pub fn of(time: Timestamp) -> Day {
        Day(time.0.div_euclid(DAY_US))
    }

    /// Its first instant.
    #[must_use]
    pub fn begins(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(DAY_US))
    }
}

/// How much is kept of each member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Nothing of an earlier day.
    pub from: Day,
    /// At most so many bytes, as far as they can be told: a row's own, without what the engine keeps around it.
    pub bytes: u64,
}

/// An event as a sensor told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened.
    pub time: Timestamp,
    /// Where: the name of the host or its address.
    pub host: String,
    /// The keys of what was seen ([`model::observable::Observable::key`]).
    pub keys: Vec<Vec<u8>>,
    /// What tells it from others: the same event has the same print.
    pub print: u64,
    /// Its id, where the sensor told one.
    pub id: Option<String>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is counted.
    New,
    /// It was counted before, and is not again.
    Known,
    /// Some of it is not kept, since its day alone fills what the member may keep.
    Full,
}

/// How widely something is seen at a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prevalence {
    /// Hosts that touched it.
    pub hosts: u64,
    /// Hosts that were seen at all.
    pub of_hosts: u64,
    /// How often it was touched.
    pub events: u64,
    /// The first day that is kept; `None` where nothing is.
    pub since: Option<Day>,
    /// When it was touched first, to the millisecond.
    pub first: Option<Timestamp>,
    /// When last.
    pub last: Option<Timestamp>,
    /// There was too much to go through: it was touched on so many hosts, so often, or more.
    pub at_least: bool,
}

/// How widely something is seen, with some of the hosts and each day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sightings {
    /// All of it.
    pub whole: Prevalence,
    /// Hosts and events by day, the oldest first; days without any are left out.
    pub days: BTreeMap<Day, (u64, u64)>,
    /// Some of the hosts, those that touched it last first.
    pub hosts: Vec<Host>,
}

impl PartialOrd for Host {
    fn partial_cmp(&self, other: &Host) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Host {
    fn cmp(&self, other: &Host) -> std::cmp::Ordering {
        (other.last, &self.name).cmp(&(self.last, &other.name))
    }
}

/// A host that touched something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name or address.
    pub name: String,
    /// How often.
    pub events: u64,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// The id of one of the events, where the sensor told any.
    pub event: Option<String>,
}

/// What is seen on many hosts, as of when it was made: a sorted set of prints of keys, 8 bytes each.
///
/// `false` is certain. `true` may be wrong once in some 10^12 questions, and where there was more than can be held: whoever tells
/// it to somebody asks [`Seen::prevalence`] first, which has the figures as well.
#[derive(Debug, Clone)]
pub struct Common {
    pub(crate) prints: Vec<u64>,
    pub(crate) print: common::Printer,
    pub(crate) is_whole: bool,
}

impl Common {
    /// Whether this key may be seen on so many hosts; of a domain also whether all below it together may be, if
    /// `below`.
    #[must_use]
    pub fn has(&self, key: &[u8], below: bool) -> bool {
        let has = |below| self.prints.binary_search(&self.print.of(key, below)).is_ok();
        !self.is_whole || has(false) || (below && has(true))
    }

    /// Whether another one, made on the same node, answers alike. Of two that hold less than there was nobody knows.
    #[must_use]
    pub fn is_as(&self, other: &Common) -> bool {
        self.is_whole && other.is_whole && self.prints == other.prints
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.prints.len()
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_whole && self.prints.is_empty()
    }
}

/// What is erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forget {
    /// All of the member.
    All,
    /// What is of earlier days.
    Before(Day),
    /// What happened on a host.
    Host(String),
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sizes {
    /// Rows: one for each day, value and host.
    pub rows: u64,
    /// Prints of events.
    pub prints: u64,
    /// Bytes of the file that hold something.
    pub bytes: u64,
    /// Bytes as they are counted against what members may keep.
    pub counted: u64,
}

/// Something that is known and was seen: to be judged again for whoever reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What was seen: the key of the event's observable.
    pub key: Vec<u8>,
    /// The key that the indicator stands under.
    pub asked: Vec<u8>,
    /// The position of the indicator in the record.
    pub position: u64,
    /// The event came after the indicator; otherwise it had happened when that came.
    pub live: bool,
    /// When it was both known and seen: the time of the event or that of the indicator.
    pub found: Timestamp,
}

impl Candidate {
    /// Its place in the order of what was found.
    #[must_use]
    pub fn place(&self) -> Before {
        (self.found, self.position, self.key.clone())
    }
}

/// What an agent beside sensors reported last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeReport {
    /// What its member calls it.
    pub name: String,
    /// When it came, by the node's clock.
    pub at: Timestamp,
    /// What it said, as the node wrote it down.
    pub report: Vec<u8>,
}

/// A place in the order of what was found: when, the position of the indicator, the key of what was seen.
pub type Before = (Timestamp, u64, Vec<u8>);

/// The index of what was seen lately. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Seen {
    file: Arc<File>,
}

impl Seen {
    /// The index in a folder whose store is open. Nothing is read or made yet.
    #[must_use]
    pub fn new(folder: &Path, told: Told) -> Seen {
        Seen { file: Arc::new(File::new(folder.join(FILE), told)) }
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.file.path().to_owned()
    }

    /// Counts events of a member, each once, in one transaction. Answers what became of each.
    ///
    /// # Errors
    /// [`crate::Kind::Full`], [`crate::Kind::Engine`]; nothing is counted then.
    pub fn add(&self, member: MemberId, events: &[Event], bounds: Bounds) -> Result<Vec<Added>, Error> {
        self.file.write(|conn| add::add(conn, member, events, bounds))
    }

    /// How widely what stands under any of these keys was touched at a member, from a day on.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn prevalence(&self, member: MemberId, keys: &[Keys<'_>], from: Day) -> Result<Prevalence, Error> {
        Ok(self.sightings(member, keys, from, 0)?.whole)
    }

    /// The same with each day and some of the hosts.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn sightings(
        &self,
        member: MemberId,
        keys: &[Keys<'_>],
        from: Day,
        most_hosts: usize,
    ) -> Result<Sightings, Error> {
        let found = self.file.read(|conn| ask::sightings(conn, member, keys, from, most_hosts))?;
        Ok(found.unwrap_or_default())
    }

    /// Some of the keys under which something was touched at a member, among these, in order.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn touched(
        &self,
        member: MemberId,
        keys: Keys<'_>,
        from: Day,
        most: usize,
    ) -> Result<Vec<Vec<u8>>, Error> {
        Ok(self.file.read(|conn| ask::touched(conn, member, keys, from, most))?.unwrap_or_default())
    }

    /// What was touched at a member on at least `limit_percent` of the hundred of its hosts, and on at least `least_hosts`, from a
    /// day on: at 1 that is everything, and memory for 8 bytes of each. Goes through all that is kept of the member in order, at most
    /// as often as makes it a fiftieth of one processor, and not while nothing changed: it may be as old as that.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn common(
        &self,
        member: MemberId,
        from: Day,
        limit_percent: f64,
        least_hosts: u64,
    ) -> Result<Arc<Common>, Error> {
        self.file.common(member, from, limit_percent, least_hosts)
    }

    /// Lets go of what is beyond the bounds or over by now, for each member that `bounds` knows; of others everything. In steps, so
    /// that nobody waits long; `stop` is asked between them.
    ///
    /// # Errors
    /// [`crate::Kind::Full`], [`crate::Kind::Engine`].
    pub fn keep(
        &self,
        bounds: &dyn Fn(MemberId) -> Option<Bounds>,
        now: Timestamp,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), Error> {
        if !self.file.exists() {
            return Ok(());
        }
        while !stop() && self.file.write(|conn| bounds::step(conn, bounds, now))? {}
        Ok(())
    }

    /// Erases something of a member's. Answers how many rows went.
    ///
    /// # Errors
    /// [`crate::Kind::Full`], [`crate::Kind::Engine`]; some of it may have gone then.
    pub fn forget(&self, member: MemberId, what: &Forget) -> Result<u64, Error> {
        if !self.file.exists() {
            return Ok(0);
        }
        // What was set aside when it was damaged cannot be looked through.
        self.file.drop_aside()?;
        let mut gone = 0;
        loop {
            let (rows, is_done) = self.file.write(|conn| bounds::forget(conn, member, what))?;
            gone += rows;
            if is_done {
                break;
            }
        }
        self.file.clear_log()?;
        self.file.forget_common();
        Ok(gone)
    }

    /// The members of whom something is kept.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn members(&self) -> Result<Vec<MemberId>, Error> {
        Ok(self.file.read(bounds::members)?.unwrap_or_default())
    }

    /// Notes what is known and was seen; what is noted already stays, and is live from when it is found so.
    ///
    /// # Errors
    /// [`crate::Kind::Full`], [`crate::Kind::Engine`].
    pub fn note(&self, member: MemberId, found: &[Candidate]) -> Result<(), Error> {
        if found.is_empty() {
            return Ok(());
        }
        self.file.write(|conn| hits::note(conn, member, found))
    }

    /// What was noted, the newest find first, behind a place in that order, at most so much.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn noted(
        &self,
        member: MemberId,
        before: Option<&Before>,
        most: usize,
    ) -> Result<Vec<Candidate>, Error> {
        Ok(self.file.read(|conn| hits::noted(conn, member, before, most))?.unwrap_or_default())
    }

    /// Ignores what a member saw under these keys until a time; with one that is past, no longer. Answers how many different ones
    /// these are; a member ignores at most so many, and with `None` nothing changed.
    ///
    /// # Errors
    /// [`crate::Kind::Full`], [`crate::Kind::Engine`].
    pub fn ignore(
        &self,
        member: MemberId,
        keys: &[Vec<u8>],
        (until, now): (Timestamp, Timestamp),
        most: usize,
    ) -> Result<Option<usize>, Error> {
        self.file.write(|conn| hits::ignore(conn, member, keys, (until, now), most))
    }

    /// What a member ignores, and until when.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn ignored(&self, member: MemberId, now: Timestamp) -> Result<BTreeMap<Vec<u8>, Timestamp>, Error> {
        Ok(self.file.read(|conn| hits::ignored(conn, member, now))?.unwrap_or_default())
    }

    /// Up to where the record was looked through for what a member saw; `None` where nothing was.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn looked(&self, member: MemberId) -> Result<Option<Timestamp>, Error> {
        Ok(self.file.read(|conn| hits::looked(conn, member))?.flatten())
    }

    /// Notes that.
    ///
    /// # Errors
    /// [`crate::Kind::Full`], [`crate::Kind::Engine`].
    pub fn set_looked(&self, member: MemberId, until: Timestamp) -> Result<(), Error> {
        self.file.write(|conn| hits::set_looked(conn, member, until))
    }

    /// Keeps what an edge of a member reported in place of its last report. Answers whether there was room: a member has at most
    /// so many edges.
    ///
    /// # Errors
    /// [`crate::Kind::Full`], [`crate::Kind::Engine`].
    pub fn set_edge(&self, member: MemberId, edge: &EdgeReport, most: usize) -> Result<bool, Error> {
        self.file.write(|conn| edges::set(conn, member, edge, most))
    }

    /// What a member's edges reported last, by name.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn edges(&self, member: MemberId) -> Result<Vec<EdgeReport>, Error> {
        Ok(self.file.read(|conn| edges::of(conn, member))?.unwrap_or_default())
    }

    /// Lets go of edges that reported nothing since a time, and of those of members that are none any longer.
    ///
    /// # Errors
    /// [`crate::Kind::Full`], [`crate::Kind::Engine`].
    pub fn keep_edges(&self, since: Timestamp, is_one: &dyn Fn(MemberId) -> bool) -> Result<(), Error> {
        if !self.file.exists() {
            return Ok(());
        }
        self.file.write(|conn| edges::keep(conn, since, is_one))
    }

    /// How much there is, of all members together. Counts every row.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn sizes(&self) -> Result<Sizes, Error> {
        Ok(self.file.read(bounds::sizes)?.unwrap_or_default())
    }
}
