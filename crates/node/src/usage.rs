//! When tokens were last shown, in memory until a job writes it down.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{Timestamp, TokenId};

/// Uses since the start, and which of them are written down. A crash loses at most a minute of them.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    seen: Mutex<HashMap<TokenId, Use>>,
}

#[derive(Debug, Clone, Copy)]
struct Use {
    at: Timestamp,
    written: bool,
}

impl Usage {
    /// A token was shown.
    pub(crate) fn note(&self, token: TokenId, now: Timestamp) {
        self.lock().insert(token, Use { at: now, written: false });
    }

    /// When it was last shown since the start.
    pub(crate) fn last(&self, token: TokenId) -> Option<Timestamp> {
        self.lock().get(&token).map(|one| one.at)
    }

    /// What is not written down yet; it counts as written from now on.
    pub(crate) fn take(&self) -> Vec<(TokenId, Timestamp)> {
        let mut seen = self.lock();
        let new = seen.iter_mut().filter(|(_, one)| !one.written);
        new.map(|(token, one)| {
            one.written = true;
            (*token, one.at)
        })
        .collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenId, Use>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
