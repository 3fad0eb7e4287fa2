//! Whose turn it is to be told, for those who found more than they may hold.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Which piece is told now, and how many parts of it were.
#[derive(Default)]
pub struct Turn {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default, Clone, Copy)]
struct State {
    number: u64,
    parts: u64,
    stopped: bool,
}

/// Ends all waiting when it is dropped, however the one who tells comes to an end.
pub struct Stops<'t>(pub &'t Turn);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.stopped = true);
    }
}

impl Turn {
    /// It is this piece's turn.
    pub fn begin(&self, number: u64) {
        self.change(|state| *state = State { number, parts: 0, ..*state });
    }

    /// A part of the piece was told.
    pub fn told(&self) {
        self.change(|state| state.parts += 1);
    }

    /// Waits for a piece's turn, and until so many parts of it were told. `None` when nobody wants more.
    pub fn wait(&self, number: u64, parts: u64) -> Option<()> {
        let isnt = |state: &mut State| !state.stopped && (state.number, state.parts) != (number, parts);
        let state = self.changed.wait_while(self.lock(), isnt);
        (!state.unwrap_or_else(PoisonError::into_inner).stopped).then_some(())
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
