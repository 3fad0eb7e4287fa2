//! The readers: connections that are made when needed, at most so many, and come back when a snapshot is dropped.

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::connect;
use crate::{Error, Kind, Options};

/// A snapshot that takes longer than this to get is an error rather than a hang.
const WAIT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Pool {
    path: PathBuf,
    options: Options,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Connection>,
    made: usize,
    // Who waits for one to come free: to wake nobody costs as much as to wake somebody.
    waiting: usize,
}

impl Pool {
    pub(crate) fn new(path: PathBuf, options: Options) -> Pool {
        Pool { path, options, state: Mutex::default(), freed: Condvar::new() }
    }

    // The state is a list and a number: a panic elsewhere leaves both usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection of the caller's own until [`Pool::give`].
    pub(crate) fn take(&self) -> Result<Connection, Error> {
        let mut state = self.state();
        loop {
            if let Some(conn) = state.idle.pop() {
                return Ok(conn);
            }
            if state.made < self.options.readers.max(1) {
                state.made += 1;
                drop(state);
                return connect::reader(&self.path, &self.options).inspect_err(|_| self.lost());
            }
            state.waiting += 1;
            let (next, timeout) =
                self.freed.wait_timeout(state, WAIT).unwrap_or_else(PoisonError::into_inner);
            state = next;
            state.waiting -= 1;
            if timeout.timed_out() && state.idle.is_empty() {
                return Err(Error::new(Kind::Engine, "no reader came free: too many snapshots are held"));
            }
        }
    }

    /// Gives a connection back.
    pub(crate) fn give(&self, conn: Connection) {
        let mut state = self.state();
        state.idle.push(conn);
        let waited_for = state.waiting > 0;
        drop(state);
        if waited_for {
            self.freed.notify_one();
        }
    }

    /// A connection was dropped instead of given back.
    pub(crate) fn lost(&self) {
        let mut state = self.state();
        state.made = state.made.saturating_sub(1);
        drop(state);
        self.freed.notify_one();
    }

    /// Lets the caches of connections that nobody uses go.
    pub(crate) fn shrink(&self) {
        let idle = std::mem::take(&mut self.state().idle);
        for conn in &idle {
            // A connection that cannot shrink keeps its cache, which is bounded.
            let _kept = conn.execute_batch("PRAGMA shrink_memory");
        }
        self.state().idle.extend(idle);
        self.freed.notify_all();
    }
}
