//! What waits for a sensor, and how it stands with it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::Timestamp;

use crate::core::config::Sensor;
use crate::known::{Shared, Touched};

/// More keys than these are not told one by one: the sensor is filled anew.
pub const KEYS_MAX: usize = 50_000;

/// A sensor, what waits for it, and how it stands.
#[derive(Debug)]
pub struct Slot {
    /// What it is.
    pub sensor: Sensor,
    waiting: Mutex<Waiting>,
    wake: Condvar,
    state: Mutex<State>,
    /// The file of rules that members share is another one than the sensor has loaded.
    pub rules_are_new: Arc<AtomicBool>,
    /// How often the node had said that something changed when these rules were last fetched.
    rules_of: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    all: bool,
    keys: BTreeSet<Box<[u8]>>,
    told: bool,
}

/// How it stands with a sensor.
#[derive(Debug, Default, Clone)]
pub struct State {
    /// Up to where it holds what the node told.
    pub cursor: Option<String>,
    /// When that was.
    pub applied: Option<Timestamp>,
    /// How many values are meant for it.
    pub entries: u64,
    /// How many of them block.
    pub blocks: u64,
    /// Why it does not take what it is told.
    pub error: Option<String>,
    /// What is wrong with the rules that members share.
    pub rules: Option<String>,
}

/// What is to be done.
#[derive(Debug)]
pub struct Work {
    /// It is to be filled anew.
    pub all: bool,
    /// What changed.
    pub keys: BTreeSet<Box<[u8]>>,
    /// Up to where it holds everything when that is done.
    pub cursor: Option<String>,
    /// How often the node had said by then that something changed.
    pub changes: u64,
}

impl Slot {
    /// A sensor that was told nothing yet.
    #[must_use]
    pub fn new(sensor: Sensor) -> Slot {
        let waiting = Waiting { all: true, ..Waiting::default() };
        Slot {
            sensor,
            waiting: Mutex::new(waiting),
            wake: Condvar::new(),
            state: Mutex::new(State::default()),
            rules_are_new: Arc::default(),
            rules_of: AtomicU64::new(0),
        }
    }

    /// The rules are those that the node gave after it had said so often that something changed.
    pub fn rules_are_of(&self, changes: u64) {
        self.rules_of.store(changes + 1, Ordering::Release);
    }

    /// Whether rules that members share are held here, and are older than what the node had said by then: one of them may have been taken
    /// back.
    #[must_use]
    pub fn rules_lag(&self, changes: u64) -> bool {
        self.sensor.kind.holds_rules() && self.rules_of.load(Ordering::Acquire) <= changes
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it stands.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what changed to what waits.
    pub fn touch(&self, touched: &Touched) {
        if matches!(touched, Touched::Keys(keys) if keys.is_empty()) {
            return;
        }
        let mut waiting = self.waiting();
        waiting.told = true;
        match touched {
            Touched::Nothing => {}
            Touched::All => waiting.all = true,
            Touched::Keys(keys) if !waiting.all => waiting.keys.extend(keys.iter().cloned()),
            Touched::Keys(_) => {}
        }
        if waiting.keys.len() > KEYS_MAX {
            waiting.all = true;
        }
        if waiting.all {
            waiting.keys.clear();
        }
        drop(waiting);
        self.wake.notify_all();
    }

    /// Waits until something waits, or for this long.
    pub fn wait(&self, span: Duration) {
        let until = Instant::now() + span;
        let mut waiting = self.waiting();
        while !waiting.told {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            waiting = self.wake.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What waits; `None` before anything is known.
    pub fn take(&self, shared: &Shared) -> Option<Work> {
        shared.read(|view| {
            let mut waiting = self.waiting();
            waiting.told = false;
            view.known().knowledge?;
            Some(Work {
                all: std::mem::take(&mut waiting.all),
                keys: std::mem::take(&mut waiting.keys),
                cursor: view.known().cursor.clone(),
                changes: shared.changes(),
            })
        })
    }
}
