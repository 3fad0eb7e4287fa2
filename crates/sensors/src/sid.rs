//! The numbers of Suricata's rules.
//!
//! A number (`sid`) names a rule in alerts, in suppressions and in thresholds, so it must be the same tomorrow, on every node
//! and after a rebuild of every view: it is derived from what the rule matches, the key and the mode of the value, and from
//! nothing else. Of a hundred thousand values some nine share a number with another one; for these there are further
//! candidates. In one file whoever comes first in the order of keys takes the first that is free; a caller who keeps the numbers that he
//! gave, and gives each item its own, has them stand even when the other one goes.

use std::collections::HashSet;
use std::ops::Range;

use model::matching::Mode;
use sha2::{Digest, Sha256};

use super::Item;

/// The numbers of rules that use datasets: a fixed one for each.
pub const SIDS_OF_SETS: Range<u32> = 1_000_000_000..1_000_001_000;

/// The numbers of rules for a single item. They end where a signed number of 32 bits does, which is what some readers of
/// alerts keep them in.
pub const SIDS: Range<u32> = 1_000_001_000..2_147_483_648;

/// The numbers of rules that members share: below those that are derived from values, and above what is handed out to others.
pub const SIDS_OF_SHARED: Range<u32> = 200_000_000..800_000_000;

/// How many numbers are tried for a rule.
pub(super) const CANDIDATES: u32 = 16;

/// The number of the rule for a value in a mode: the `nth` candidate, from 0 on.
#[must_use]
pub fn sid(key: &[u8], mode: Mode, nth: u32) -> u32 {
    let mut digest = Sha256::new();
    digest.update(b"accord sid");
    digest.update(nth.to_be_bytes());
    digest.update(mode.name());
    digest.update([0]);
    digest.update(key);
    let number = digest.finalize().iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let span = u64::from(SIDS.end - SIDS.start);
    SIDS.start + u32::try_from(number % span).unwrap_or(0)
}

/// The number of a rule that is shared: by the id of its object and the number that its author gave it, so that it is the same for
/// each version; the `nth` candidate, from 0 on.
#[must_use]
pub fn shared_sid(object: &str, own: u32, nth: u32) -> u32 {
    let mut digest = Sha256::new();
    digest.update(b"accord shared sid");
    digest.update(nth.to_be_bytes());
    digest.update(own.to_be_bytes());
    digest.update(object);
    let number = digest.finalize().iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let span = u64::from(SIDS_OF_SHARED.end - SIDS_OF_SHARED.start);
    SIDS_OF_SHARED.start + u32::try_from(number % span).unwrap_or(0)
}

/// The numbers that a file has: four bytes for each rule.
#[derive(Debug, Default)]
pub(super) struct Given(HashSet<u32>);

impl Given {
    /// A number for an item's rule; `None` when all that it could have are taken.
    pub(super) fn number(&mut self, item: &Item<'_>) -> Option<u32> {
        if let Some(own) = item.sid.filter(|own| SIDS.contains(own)) {
            return self.0.insert(own).then_some(own);
        }
        self.free(item.value.key(), item.mode)
    }

    /// A number for a second rule of an item, derived from that of the first.
    pub(super) fn second(&mut self, first: u32, mode: Mode) -> Option<u32> {
        self.free(&first.to_be_bytes(), mode)
    }

    /// A number for a rule that is shared.
    pub(super) fn shared(&mut self, object: &str, own: u32) -> Option<u32> {
        (0..CANDIDATES).map(|nth| shared_sid(object, own, nth)).find(|number| self.0.insert(*number))
    }

    fn free(&mut self, key: &[u8], mode: Mode) -> Option<u32> {
        (0..CANDIDATES).map(|nth| sid(key, mode, nth)).find(|number| self.0.insert(*number))
    }
}

#[cfg(test)]
mod tests {
    use model::observable::guess;

    use super::*;

    #[test]
    fn numbers_stay_as_they_are() {
        let value = guess("evil.example").unwrap();
        // These are in suppressions of operators: when this fails, the derivation changed.
        assert_eq!(sid(value.key(), Mode::Exact, 0), 1_336_676_915);
        assert_ne!(sid(value.key(), Mode::Exact, 0), sid(value.key(), Mode::Subdomains, 0));
        assert_ne!(sid(value.key(), Mode::Exact, 0), sid(value.key(), Mode::Exact, 1));
        assert!(SIDS_OF_SHARED.contains(&shared_sid("indicator--1", 7, 0)));
        assert_ne!(shared_sid("indicator--1", 7, 0), shared_sid("indicator--1", 8, 0));
    }

    #[test]
    fn nobody_gets_a_number_twice() {
        let mut given = Given::default();
        let mut all = HashSet::new();
        for _ in 0..CANDIDATES {
            assert!(all.insert(given.free(b"same", Mode::Exact).unwrap()));
        }
        assert!(all.iter().all(|number| SIDS.contains(number)));
        assert_eq!(given.free(b"same", Mode::Exact), None);
    }
}
