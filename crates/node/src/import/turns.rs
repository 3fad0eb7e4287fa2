//! How many imports run at once: each holds up to some hundred mebibytes, and the disk is one.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::MemberId;

use crate::{Error, Kind};

/// Imports that run at once.
const RUNNING: usize = 4;
/// Imports that wait for their turn; each has a thread of the server.
const WAITING: usize = 16;
/// How long one waits for its turn.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The imports that run and wait.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Whose imports run: of each member one.
    running: Vec<MemberId>,
    waiting: usize,
}

/// A turn, which ends when it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    member: MemberId,
}

impl Turns {
    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] when too many wait, or none came within `patience`.
    pub(super) fn take(&self, member: MemberId, patience: Duration) -> Result<Turn<'_>, Error> {
        let until = Instant::now() + patience;
        let mut state = self.locked();
        let is_free = |state: &State| state.running.len() < RUNNING && !state.running.contains(&member);
        if !is_free(&state) && state.waiting >= WAITING {
            return Err(busy());
        }
        state.waiting += 1;
        while !is_free(&state) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.waiting -= 1;
                return Err(busy());
            }
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiting -= 1;
        state.running.push(member);
        Ok(Turn { turns: self, member })
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.locked().running.retain(|member| *member != self.member);
        self.turns.ended.notify_all();
    }
}

fn busy() -> Error {
    let message = format!("other imports run: of one member one at a time, {RUNNING} in all");
    let error = Error::new(Kind::Unavailable, message).hint("import it again when they are done");
    Error { retry_after_s: Some(PATIENCE.as_secs()), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(number: usize) -> MemberId {
        MemberId(uuid::Uuid::from_u128(number as u128))
    }

    #[test]
    fn of_one_member_one_import_runs_and_a_few_in_all() {
        let turns = Turns::default();
        let mut held: Vec<Turn<'_>> =
            (0..RUNNING).map(|number| turns.take(member(number), Duration::ZERO).unwrap()).collect();
        let error = turns.take(member(RUNNING), Duration::from_millis(5)).unwrap_err();
        assert_eq!((error.kind, error.retry_after_s), (Kind::Unavailable, Some(10)));
        held.pop();
        assert!(turns.take(member(0), Duration::ZERO).is_err(), "this member has one running");
        drop(turns.take(member(RUNNING), Duration::ZERO).unwrap());
        // Who waits gets the turn that becomes free.
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| turns.take(member(0), PATIENCE).is_ok());
            drop(held);
            assert!(waits.join().unwrap());
        });
        let state = turns.locked();
        assert_eq!((state.waiting, state.running.len()), (0, 0));
    }
}
