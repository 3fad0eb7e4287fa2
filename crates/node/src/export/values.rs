//! A plain list: each value once, a line each, of what is valid now.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use store::read::Entry;
use strictjson::Limits;

use crate::core::describe::Description;
use crate::core::observables::alone;
use crate::core::rows::exported::line;
use crate::reading::Reading;

/// Values that are remembered, by eight bytes each. Beyond these a value may be listed twice.
const REMEMBERED: usize = 2_000_000;

/// The values that were written.
#[derive(Default)]
pub(super) struct Distinct {
    seen: HashSet<u64>,
    hasher: RandomState,
    /// Objects of which not everything was written.
    left_out: u64,
}

impl Distinct {
    /// Appends what an indicator or an observable says by a value alone, as far as it is new. Answers how many values that were.
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
        let said = alone(&object);
        // An object that mentions nothing has nothing to list.
        let mut is_told = said.whole && (entry.kind != "indicator" || !said.values.is_empty());
        let mut written = 0;
        for value in said.values {
            let Some(line) = line(&value) else {
                is_told = false;
                continue;
            };
            if self.is_new(value.key()) {
                buffer.extend_from_slice(line.as_bytes());
                buffer.push(b'\n');
                written += 1;
            }
        }
        self.left_out += u64::from(!is_told);
        written
    }

    /// Appends of how many objects not all is told, if there are any: a comment, which says nothing to who reads lists.
    pub(super) fn end(&self, buffer: &mut Vec<u8>) {
        if self.left_out > 0 {
            let left_out = format!(
                "# {} indicators or observables say what a list cannot: csv and stix have all of it\n",
                self.left_out
            );
            buffer.extend_from_slice(left_out.as_bytes());
        }
    }

    fn is_new(&mut self, key: &[u8]) -> bool {
        if self.seen.len() == REMEMBERED {
            self.seen.clear();
        }
        self.seen.insert(self.hasher.hash_one(key))
    }
}
