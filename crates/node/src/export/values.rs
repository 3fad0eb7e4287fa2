//! A plain list: each value once, a line each, of what is valid now.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use store::read::Entry;
use strictjson::Limits;

use crate::core::describe::Description;
use crate::core::observables::observables;
use crate::reading::Reading;

/// Values that are remembered, by eight bytes each. Beyond these a value may be listed twice.
const REMEMBERED: usize = 2_000_000;

/// The values that were written.
#[derive(Default)]
pub(super) struct Distinct {
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Distinct {
    /// Appends what an indicator or an observable mentions, as far as it is new. Answers how many values that were.
    pub(super) fn values(&mut self, buffer: &mut Vec<u8>, reading: &Reading, entry: &Entry<'_>) -> u64 {
        let lists =
            entry.kind == "indicator" || stix::family_of(entry.kind) == Some(stix::Family::Observable);
        let Some(object) = lists.then(|| strictjson::parse(entry.wire, &Limits::default()).ok()).flatten()
        else {
            return 0;
        };
        if !Description::of(&object).is_active(reading.now) {
            return 0;
        }
        let mut written = 0;
        for mention in observables(&object).observables {
            let value = mention.observable.text();
            if !value.contains(['\n', '\r']) && self.is_new(mention.observable.key()) {
                buffer.extend_from_slice(value.as_bytes());
                buffer.push(b'\n');
                written += 1;
            }
        }
        written
    }

    fn is_new(&mut self, key: &[u8]) -> bool {
        if self.seen.len() == REMEMBERED {
            self.seen.clear();
        }
        self.seen.insert(self.hasher.hash_one(key))
    }
}
