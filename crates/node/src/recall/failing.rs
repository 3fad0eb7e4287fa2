//! Recalls of all that a member or a source said that could not be carried out further: when each is tried again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Timestamp;
use uuid::Uuid;

use crate::core::backoff::BackOff;
use crate::core::recalls::Rule;

/// Those that failed last, since the node was started.
#[derive(Debug, Default)]
pub(crate) struct Failing(Mutex<HashMap<Uuid, BackOff>>);

impl Failing {
    fn held(&self) -> MutexGuard<'_, HashMap<Uuid, BackOff>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How one failed, if it did.
    pub(super) fn of(&self, id: &Uuid) -> Option<BackOff> {
        self.held().get(id).copied()
    }

    /// How long it waits yet; `None` where it may be tried.
    pub(super) fn pause(&self, id: &Uuid, now: Timestamp) -> Option<Duration> {
        self.of(id)?.pause(now)
    }

    /// Once more it was tried for nothing.
    pub(super) fn failed(&self, id: Uuid, now: Timestamp) -> BackOff {
        let mut held = self.held();
        let waits = BackOff::after(held.get(&id).copied(), now);
        held.insert(id, waits);
        waits
    }

    /// It went on.
    pub(super) fn forget(&self, id: &Uuid) {
        self.held().remove(id);
    }

    /// Nothing is remembered of any but these.
    pub(super) fn only(&self, active: &[Rule]) {
        self.held().retain(|id, _| active.iter().any(|rule| rule.id == *id));
    }
}
