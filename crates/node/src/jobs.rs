//! What the node does on its own: arrivals that were accepted are sequenced, uses of tokens are written down, the
//! quarantine is emptied, what waits for a marking that has come is opened, retention runs, circles that are over are
//! ended.
//!
//! Five threads, so that a large arrival does not hold up the rest. They hold the node weakly: the last clone of it
//! stops them.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::{Error, Inner, Kind, Node};

/// How often uses of tokens are written down.
const FLUSH_EVERY: Duration = Duration::from_secs(60);
/// Rounds that come early are so far from each other at least.
const LEAST_REST: Duration = Duration::from_millis(100);
/// So long reads gather before they are written down: with the commit, a second.
const GATHER: Duration = Duration::from_millis(900);
/// How soon it is tried again to write them down.
const AGAIN: Duration = Duration::from_secs(10);
/// How often it is looked whether something became known that members saw before.
const LOOK_BACK: Duration = Duration::from_secs(2);
/// While there is more to look for, it rests for so many times the time that a step took: a fifth of a processor.
const LOOK_BACK_REST: u32 = 4;
/// How often the quarantine is emptied of what is old, and retention runs.
const HOURLY: Duration = Duration::from_secs(3_600);

/// The threads, and how to tell them something.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    signals: Arc<Signals>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

type Job = fn(&Signals, &Weak<Inner>);

/// What the threads wait for.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stopping: bool,
    arrivals: bool,
    /// Something may wait for a marking that is held.
    opening: bool,
    /// Reads wait to be written down.
    reads: bool,
    /// Something is recalled as a whole.
    recalls: bool,
}

impl Jobs {
    /// Starts the threads. Arrivals that a crash or a stop left are taken up at once.
    pub(crate) fn start(&self, node: &Arc<Inner>) -> Result<(), Error> {
        self.signals.arrived();
        self.opening_is_due();
        self.recall_is_due();
        let jobs: [(&str, Job); 5] = [
            ("arrivals", arrivals),
            ("housekeeping", housekeeping),
            ("reads", reads),
            ("look-back", look_back),
            ("recalls", recalls),
        ];
        for (name, job) in jobs {
            let (signals, node) = (Arc::clone(&self.signals), Arc::downgrade(node));
            let thread =
                std::thread::Builder::new().name(name.to_owned()).spawn(move || job(&signals, &node));
            let thread = thread
                .map_err(|error| Error::new(Kind::Internal, format!("no thread for {name}: {error}")))?;
            self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(())
    }

    /// Something was accepted.
    pub(crate) fn arrived(&self) {
        self.signals.arrived();
    }

    /// What waited for a marking could not be opened when that came.
    pub(crate) fn opening_is_due(&self) {
        self.signals.change(|state| state.opening = true);
    }

    /// All that a source said is to be taken back.
    pub(crate) fn recall_is_due(&self) {
        self.signals.change(|state| state.recalls = true);
    }

    /// The first of some reads waits to be written down.
    pub(crate) fn reads_wait(&self) {
        self.signals.change(|state| state.reads = true);
    }

    /// Stops the threads between two steps and waits for them.
    pub(crate) fn stop(&self) {
        self.signals.change(|state| state.stopping = true);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // The last clone of the node may be the one that a job holds: a thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("a job of the node panicked");
            }
        }
    }
}

impl Signals {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    fn arrived(&self) {
        self.change(|state| state.arrivals = true);
    }

    /// Waits for reads; false when the node is being stopped.
    fn wait_for_reads(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = |state: &mut State| !state.stopping && !state.reads;
        let mut state = self.changed.wait_while(state, quiet).unwrap_or_else(PoisonError::into_inner);
        state.reads = false;
        !state.stopping
    }

    /// Waits for a recall of all that a source said; false when the node is being stopped.
    fn wait_for_recall(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = |state: &mut State| !state.stopping && !state.recalls;
        let mut state = self.changed.wait_while(state, quiet).unwrap_or_else(PoisonError::into_inner);
        state.recalls = false;
        !state.stopping
    }

    /// Waits for one, or a time; false when the node is being stopped.
    fn wait_for_recall_within(&self, time: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = |state: &mut State| !state.stopping && !state.recalls;
        let waited = self.changed.wait_timeout_while(state, time, quiet);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.stopping
    }

    // Whether there may be something to open. Whoever asks sees to it.
    fn take_opening(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.opening)
    }

    /// Whether the node is being stopped. Long jobs ask between two steps.
    pub(crate) fn stopping(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopping
    }

    /// Waits for an arrival; false when the node is being stopped.
    fn wait_for_arrival(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = |state: &mut State| !state.stopping && !state.arrivals;
        let mut state = self.changed.wait_while(state, quiet).unwrap_or_else(PoisonError::into_inner);
        state.arrivals = false;
        !state.stopping
    }

    /// Waits for an arrival or a time; false when the node is being stopped.
    fn wait_for_arrival_within(&self, time: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = |state: &mut State| !state.stopping && !state.arrivals;
        let waited = self.changed.wait_timeout_while(state, time, quiet);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.stopping
    }

    /// Waits for a time; false when the node is being stopped.
    fn wait_for(&self, time: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(state, time, |state| !state.stopping);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.stopping
    }
}

fn arrivals(signals: &Signals, node: &Weak<Inner>) {
    while signals.wait_for_arrival() {
        let Some(inner) = node.upgrade() else { return };
        let node = Node { inner };
        if let Err(error) = node.sequence_arrivals(signals) {
            // They stay accepted. A full disk passes; what does not pass is told again every minute.
            tracing::error!(%error, "arrivals wait");
            drop(node);
            // What arrives meanwhile is not held up.
            if !signals.wait_for_arrival_within(FLUSH_EVERY) {
                return;
            }
            signals.arrived();
        }
    }
}

// What is recalled as a whole is taken back a piece at a time, so that others write in between. What a crash or a stop left is taken
// up at the start.
fn recalls(signals: &Signals, node: &Weak<Inner>) {
    while signals.wait_for_recall() {
        let Some(inner) = node.upgrade() else { return };
        let next = (Node { inner }).take_back_some().unwrap_or_else(|error| {
            tracing::error!(%error, "what is recalled is taken back later");
            Some(AGAIN)
        });
        if let Some(pause) = next {
            // One that is new waits for none that failed.
            if !pause.is_zero() && !signals.wait_for_recall_within(pause) {
                return;
            }
            signals.change(|state| state.recalls = true);
        }
    }
}

// Reads that wait are written down together, within a second of the first of them. The last are the stopping node's.
fn reads(signals: &Signals, node: &Weak<Inner>) {
    while signals.wait_for_reads() && signals.wait_for(GATHER) {
        let Some(node) = node.upgrade() else { return };
        if let Err(error) = node.write_down_reads() {
            tracing::error!(%error, "reads wait to be written down");
            drop(node);
            if !signals.wait_for(AGAIN) {
                return;
            }
            signals.change(|state| state.reads = true);
        }
    }
}

// What became known is looked for in what members saw before, a step at a time.
fn look_back(signals: &Signals, node: &Weak<Inner>) {
    let mut rest = LOOK_BACK;
    while signals.wait_for(rest) {
        let Some(inner) = node.upgrade() else { return };
        let began = Instant::now();
        rest = match (Node { inner }).look_back() {
            Ok(true) => (began.elapsed() * LOOK_BACK_REST).min(LOOK_BACK),
            Ok(false) => LOOK_BACK,
            Err(error) => {
                tracing::error!(%error, "what became known is looked for later in what members saw");
                FLUSH_EVERY
            }
        };
    }
}

fn housekeeping(signals: &Signals, node: &Weak<Inner>) {
    let mut next_hourly = Instant::now();
    // A crash may have left collections that are not filled.
    if let Some(inner) = node.upgrade()
        && let Err(error) = (Node { inner }).fill_collections()
    {
        tracing::error!(%error, "a collection could not be filled");
    }
    loop {
        let Some(inner) = node.upgrade() else { return };
        let node = Node { inner };
        // What waits for its time may be due.
        signals.arrived();
        let mut outcomes = vec![node.write_down_uses(), node.end_circles(), node.answer_for_revoked()];
        if signals.take_opening() {
            let opened = node.open_what_waits();
            if opened.is_err() {
                signals.change(|state| state.opening = true);
            }
            outcomes.push(opened);
        }
        outcomes.push(node.check_copy());
        if Instant::now() >= next_hourly {
            next_hourly = Instant::now() + HOURLY;
            outcomes.extend([
                node.retain_hourly(&|| signals.stopping()).map(drop),
                node.let_go_of_old(),
                node.keep_lists(),
                node.answer_overdue(),
                node.let_go_of_reads(),
                node.let_go_of_seen(&|| signals.stopping()),
                node.let_go_of_edges(),
            ]);
        }
        for error in outcomes.into_iter().filter_map(Result::err) {
            tracing::error!(%error, "housekeeping failed and is tried again");
        }
        // What comes to the desk enters when its hand strikes, not up to a round later.
        let rest = node.until_desk().map_or(FLUSH_EVERY, |left| left.clamp(LEAST_REST, FLUSH_EVERY));
        drop(node);
        if !signals.wait_for(rest) {
            return;
        }
    }
}
