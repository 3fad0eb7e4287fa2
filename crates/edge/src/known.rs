//! What the edge knows, as its threads share it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use model::protect::Action;
use model::{Timestamp, Tlp};
use sensors::Head;

use crate::core::config::{Config, Fail};
use crate::core::set::{Entry, Place, Set, Shown};
use crate::slot::Slot;

/// The machine's clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A clock that differs from the node's by more than this is wrong, in microseconds.
pub const CLOCK_OFF_US: i64 = 60_000_000;

/// What the edge knows.
#[derive(Debug)]
pub struct Known {
    /// What acts.
    pub set: Set,
    /// The name of the node that told it.
    pub node: String,
    /// From where on the node is asked the next time.
    pub cursor: Option<String>,
    /// As of when all is known, by the node's clock; `None` before a whole set was held.
    pub knowledge: Option<Timestamp>,
    /// Whether the knowledge is older than it should be.
    pub is_old: bool,
    fail: Fail,
    tlp: Tlp,
    trusted_s: u32,
}

impl Known {
    /// What acts of an entry now: blocks that are too old only alert, where the owner wants that.
    #[must_use]
    pub fn action(&self, entry: &Entry) -> Action {
        if self.is_old && self.fail == Fail::Open { entry.action.min(Action::Alert) } else { entry.action }
    }
}

/// What is known at a time.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    known: &'a Known,
    now: Timestamp,
}

impl<'a> View<'a> {
    /// What is known, as it is to be shown at a time.
    #[must_use]
    pub fn of(known: &'a Known, now: Timestamp) -> View<'a> {
        View { known, now }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What acts.
    #[must_use]
    pub fn set(&self) -> &'a Set {
        &self.known.set
    }

    /// What is known besides.
    #[must_use]
    pub fn known(&self) -> &'a Known {
        self.known
    }

    /// A value as the writers of formats take it.
    #[must_use]
    pub fn shown(&self, place: &Place, entry: &Entry) -> Option<Shown> {
        Shown::of(place, entry, self.known.action(entry), self.known.tlp)
    }

    /// The first lines of a file.
    #[must_use]
    pub fn head(&self) -> Head<'a> {
        Head { as_of: self.now, node: &self.known.node, trusted_s: self.known.trusted_s, cursor: None }
    }
}

/// How it stands with the node.
#[derive(Debug, Default, Clone)]
pub struct Link {
    /// Whether the stream is open and alive.
    pub connected: bool,
    /// Why it is not.
    pub error: Option<String>,
    /// Why there was no whole set when one was due.
    pub refused: Option<String>,
    /// What was wrong with the local copy when it was read.
    pub damaged: Option<String>,
    /// Why it lags behind what is known.
    pub unwritten: Option<String>,
    /// By how many seconds this machine's clock is ahead of the node's, where that is too much.
    pub clock_off_s: Option<i64>,
    /// How many values of the last whole set this release does not understand.
    pub not_understood: u64,
}

/// What the threads of an edge share.
pub struct Shared {
    /// How it is set up.
    pub config: Config,
    /// One for each sensor.
    pub slots: Vec<Slot>,
    known: RwLock<Known>,
    link: Mutex<Link>,
    clock: Clock,
    /// What is added to the machine's clock, in microseconds: nothing, but where it is wrong.
    offset: AtomicI64,
    stopping: Arc<AtomicBool>,
    /// How often the node said that an object came, changed or went.
    changes: AtomicU64,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("slots", &self.slots.len()).finish_non_exhaustive()
    }
}

impl Shared {
    /// Nothing known yet.
    #[must_use]
    pub fn new(config: Config, clock: Clock) -> Shared {
        let known = Known {
            set: Set::default(),
            node: String::new(),
            cursor: None,
            knowledge: None,
            is_old: false,
            fail: config.fail,
            tlp: config.tlp,
            trusted_s: u32::try_from(config.max_age.as_secs()).unwrap_or(u32::MAX),
        };
        Shared {
            slots: config.sensors.iter().map(|sensor| Slot::new(sensor.clone())).collect(),
            config,
            known: RwLock::new(known),
            link: Mutex::new(Link::default()),
            clock,
            offset: AtomicI64::new(0),
            stopping: Arc::new(AtomicBool::new(false)),
            changes: AtomicU64::new(0),
        }
    }

    /// The time: this machine's, or the node's where this machine's is known to be wrong.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp((self.clock)().0.saturating_add(self.offset.load(Ordering::Relaxed)))
    }

    /// The machine's own time.
    #[must_use]
    pub fn machine_time(&self) -> Timestamp {
        (self.clock)()
    }

    /// Compares the clock with what the node says that it is. Answers whether the edge goes by another time from now on, by which
    /// other values may have ended.
    pub fn node_time(&self, at: Timestamp) -> bool {
        let ahead = (self.clock)().0.saturating_sub(at.0);
        let is_off = ahead.abs() > CLOCK_OFF_US;
        let offset = if is_off { -ahead } else { 0 };
        let before = self.offset.swap(offset, Ordering::Relaxed);
        self.link().clock_off_s = is_off.then_some(ahead / 1_000_000);
        offset.saturating_sub(before).abs() > CLOCK_OFF_US
    }

    /// Looks at what is known.
    pub fn read<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> T {
        let now = self.now();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        look(&View::of(&known, now))
    }

    /// Changes what is known, and tells every sensor of the keys that it answers.
    pub fn write(&self, change: impl FnOnce(&mut Known) -> Touched) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let touched = change(&mut known);
        // Under the same lock: who takes what is waiting sees the cursor that belongs to it.
        for slot in &self.slots {
            slot.touch(&touched);
        }
    }

    /// Notes that the node said that an object came, changed or went, or that it is to be asked anew.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it did.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// How it stands with the node.
    pub fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether all is to end.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// The machine's clock, for threads that have nothing else of this.
    pub fn clock(&self) -> Clock {
        Arc::clone(&self.clock)
    }

    /// Asks whether all is to end, for threads that have nothing else of this.
    pub fn stopping(&self) -> Arc<dyn Fn() -> bool + Send + Sync> {
        let stopping = Arc::clone(&self.stopping);
        Arc::new(move || stopping.load(Ordering::Relaxed))
    }

    /// Lets all threads end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        for slot in &self.slots {
            slot.touch(&Touched::Nothing);
        }
    }

    /// Waits, but not for longer than it takes to notice that all is to end.
    pub fn pause(&self, span: Duration) {
        let step = Duration::from_millis(50);
        let mut left = span;
        while !left.is_zero() && !self.is_stopping() {
            std::thread::sleep(left.min(step));
            left = left.saturating_sub(step);
        }
    }
}

/// What a change touched.
#[derive(Debug, Clone)]
pub enum Touched {
    /// No value: what is known stands at another place.
    Nothing,
    /// The values under these keys.
    Keys(Vec<Box<[u8]>>),
    /// So much that each sensor is to be filled anew.
    All,
}
