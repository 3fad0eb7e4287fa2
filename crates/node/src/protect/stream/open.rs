//! How many follow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{MemberId, Principal, TokenId};

use crate::{Error, Kind};

/// Streams of one token at once, of one member's tokens together, and of all: no member takes the places of all others.
const OF_TOKEN: usize = 64;
const OF_MEMBER: usize = 512;
const OF_NODE: usize = 1_024;
/// When it may be tried again, in seconds.
const AGAIN_S: u64 = 10;

/// Who follows: whose, and by which token.
type Who = (Option<MemberId>, Option<TokenId>);

/// The streams that are open, by who follows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Open(Arc<Mutex<HashMap<Who, usize>>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    who: Who,
    of: Open,
}

impl Open {
    fn all(&self) -> MutexGuard<'_, HashMap<Who, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self, principal: &Principal) -> Result<Place, Error> {
        let who = (principal.reader.member, principal.token);
        let mut open = self.all();
        let own = open.get(&who).copied().unwrap_or(0);
        let of_member =
            open.iter().filter(|((member, _), _)| *member == who.0).map(|(_, count)| count).sum::<usize>();
        let refused = if own >= OF_TOKEN {
            Some((Kind::Quota, format!("this token follows {OF_TOKEN} streams, and no more at once")))
        } else if of_member >= OF_MEMBER {
            Some((Kind::Quota, format!("your organisation follows {OF_MEMBER} streams, and no more at once")))
        } else if open.values().sum::<usize>() >= OF_NODE {
            Some((Kind::Unavailable, "too many streams are followed on this node".to_owned()))
        } else {
            None
        };
        if let Some((kind, message)) = refused {
            let error = Error { retry_after_s: Some(AGAIN_S), ..Error::new(kind, message) };
            return Err(error.hint("close one that nobody reads, or ask again later"));
        }
        *open.entry(who).or_default() += 1;
        drop(open);
        Ok(Place { who, of: self.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.of.all();
        if let Some(count) = open.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.who);
            }
        }
    }
}
