//! How many follow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::TokenId;

use crate::{Error, Kind};

/// Streams of one token at once, and of all.
const OF_TOKEN: usize = 64;
const OF_NODE: usize = 1_024;
/// When it may be tried again, in seconds.
const AGAIN_S: u64 = 10;

/// The streams that are open, by token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Open(Arc<Mutex<HashMap<Option<TokenId>, usize>>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    token: Option<TokenId>,
    of: Open,
}

impl Open {
    fn all(&self) -> MutexGuard<'_, HashMap<Option<TokenId>, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self, token: Option<TokenId>) -> Result<Place, Error> {
        let mut open = self.all();
        let (own, all) = (open.get(&token).copied().unwrap_or(0), open.values().sum::<usize>());
        let refused = match (own >= OF_TOKEN, all >= OF_NODE) {
            (true, _) => {
                Some((Kind::Quota, format!("this token follows {OF_TOKEN} streams, and no more at once")))
            }
            (_, true) => Some((Kind::Unavailable, "too many streams are followed on this node".to_owned())),
            _ => None,
        };
        if let Some((kind, message)) = refused {
            let error = Error { retry_after_s: Some(AGAIN_S), ..Error::new(kind, message) };
            return Err(error.hint("close one that nobody reads, or ask again later"));
        }
        *open.entry(token).or_default() += 1;
        drop(open);
        Ok(Place { token, of: self.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.of.all();
        if let Some(count) = open.get_mut(&self.token) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.token);
            }
        }
    }
}
