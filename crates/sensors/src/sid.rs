//! The numbers of Suricata's rules, and prints of what else may stand only once in a file of rules.
//!
//! A number (`sid`) names a rule in alerts, in suppressions and in thresholds, so it must be the same tomorrow, on every node
//! and after a rebuild of every view: it is derived from what the rule matches, the key and the mode of the value, and from
//! nothing else. Of a hundred thousand values some nine share a number with another one; for these there are further
//! candidates. In one file whoever comes first in the order of keys takes the first that is free; a caller who keeps the numbers that he
//! gave, and gives each item its own, has them stand even when the other one goes. A piece of a file remembers which numbers its rules
//! have and which they would have, so that who writes it anew knows which other pieces that reaches.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

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

/// A number for what has a name that may stand only once in a file. Nobody finds two names of one number.
pub(super) fn print(of: &str, name: &str) -> u64 {
    let mut digest = Sha256::new();
    digest.update("accord name");
    digest.update(of);
    digest.update([0]);
    digest.update(name);
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(digest.finalize());
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Whether a number is that of another piece's rule which comes before.
pub type IsTaken = Arc<dyn Fn(u64) -> bool + Send + Sync>;

/// The numbers of the rules of a piece of a file, or prints of their names.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// Those that they have.
    pub given: Vec<u64>,
    /// Those that they would have, were they not another's.
    pub wanted: Vec<u64>,
}

/// The numbers that a file has: four bytes for each rule, eight for each print.
#[derive(Default)]
pub(super) struct Given {
    numbers: HashSet<u32>,
    prints: HashSet<u64>,
    is_taken: Option<IsTaken>,
    /// Of the piece that is being written, where the file is written in pieces.
    piece: Option<Numbers>,
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.numbers.len() + self.prints.len();
        f.debug_struct("Given").field("all", &all).finish_non_exhaustive()
    }
}

impl Given {
    /// A number for an item's rule; `None` when all that it could have are taken.
    pub(super) fn number(&mut self, item: &Item<'_>) -> Option<u32> {
        if let Some(own) = item.sid.filter(|own| SIDS.contains(own)) {
            return self.take(own.into()).then_some(own);
        }
        self.free(item.value.key(), item.mode)
    }

    /// A number for a second rule of an item, derived from that of the first.
    pub(super) fn second(&mut self, first: u32, mode: Mode) -> Option<u32> {
        self.free(&first.to_be_bytes(), mode)
    }

    /// A number for a rule that is shared.
    pub(super) fn shared(&mut self, object: &str, own: u32) -> Option<u32> {
        (0..CANDIDATES).map(|nth| shared_sid(object, own, nth)).find(|number| self.take((*number).into()))
    }

    /// What is given from here on is told piece by piece.
    pub(super) fn in_pieces(&mut self) {
        self.piece = Some(Numbers::default());
    }

    /// These, too, are taken.
    pub(super) fn beside(&mut self, is_taken: IsTaken) {
        self.is_taken = Some(is_taken);
    }

    /// The numbers since this was asked for last.
    pub(super) fn take_piece(&mut self) -> Numbers {
        self.piece.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn free(&mut self, key: &[u8], mode: Mode) -> Option<u32> {
        (0..CANDIDATES).map(|nth| sid(key, mode, nth)).find(|number| self.take((*number).into()))
    }

    /// Takes a number, if it is free.
    pub(super) fn take(&mut self, number: u64) -> bool {
        let is_free = self.is_free(number);
        if is_free {
            match u32::try_from(number) {
                Ok(number) => self.numbers.insert(number),
                Err(_) => self.prints.insert(number),
            };
            if let Some(piece) = &mut self.piece {
                piece.given.push(number);
            }
        }
        is_free
    }

    /// Whether a number is free; whose it is not comes to have it when it is.
    pub(super) fn is_free(&mut self, number: u64) -> bool {
        let is_own = match u32::try_from(number) {
            Ok(number) => self.numbers.contains(&number),
            Err(_) => self.prints.contains(&number),
        };
        let is_free = !is_own && !self.is_taken.as_ref().is_some_and(|is_taken| is_taken(number));
        if let Some(piece) = self.piece.as_mut().filter(|_| !is_free) {
            piece.wanted.push(number);
        }
        is_free
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

    #[test]
    fn a_piece_tells_what_it_has_and_what_it_would_have() {
        let first = |key: &[u8], nth| sid(key, Mode::Exact, nth);
        let mut given = Given::default();
        given.in_pieces();
        let taken = [first(b"a", 0), first(b"a", 1), first(b"b", 0)].map(u64::from);
        given.beside(Arc::new(move |number| taken.contains(&number)));
        assert_eq!(given.free(b"a", Mode::Exact), Some(first(b"a", 2)));
        assert_eq!(given.free(b"c", Mode::Exact), Some(first(b"c", 0)));
        let told = given.take_piece();
        let own = vec![first(b"a", 2).into(), first(b"c", 0).into()];
        assert_eq!(told, Numbers { given: own, wanted: taken[..2].to_vec() });
        assert_eq!(given.free(b"b", Mode::Exact), Some(first(b"b", 1)));
        let told = given.take_piece();
        assert_eq!(told, Numbers { given: vec![first(b"b", 1).into()], wanted: vec![taken[2]] });
        // Names are told as their prints.
        let one = print("id", "one");
        assert!(one > u64::from(u32::MAX) && one != print("name", "one") && one != print("id", "other"));
        assert!(given.take(one) && !given.take(one) && !given.is_free(one));
        assert_eq!(given.take_piece(), Numbers { given: vec![one], wanted: vec![one, one] });
    }
}
