//! The keyed hash of keys, and sums over parts of a file.

use model::observable::Kind;
use rapidhash::v3::{RapidSecrets, rapidhash_v3_nano_inline, rapidhash_v3_seeded};

/// Hashes keys of a set: keyed by the set's seed, so that nobody who does not know it can make values that collide.
#[derive(Clone)]
pub(crate) struct Hasher {
    secrets: RapidSecrets,
}

impl Hasher {
    pub(crate) fn new(seed: u64) -> Hasher {
        Hasher { secrets: RapidSecrets::seed(seed) }
    }

    /// The hash of a key. The same bytes of two kinds never have the same one.
    #[inline]
    pub(crate) fn key(&self, kind: Kind, form: &[u8]) -> u64 {
        self.bytes(form) ^ u64::from(kind.byte()).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    #[inline]
    pub(crate) fn bytes(&self, bytes: &[u8]) -> u64 {
        rapidhash_v3_nano_inline::<true, false>(bytes, &self.secrets)
    }
}

/// How many bytes a sum takes at once.
pub(crate) const SUM_BLOCK: usize = 64 << 10;

/// A sum against tearing, not against forging: blocks of [`SUM_BLOCK`] bytes, the last one perhaps shorter.
pub(crate) struct Sum {
    secrets: RapidSecrets,
    sum: u64,
}

impl Sum {
    pub(crate) fn new() -> Sum {
        Sum { secrets: RapidSecrets::seed_cpp(0), sum: 0 }
    }

    pub(crate) fn add(&mut self, block: &[u8]) {
        let of_block = rapidhash_v3_seeded(block, &self.secrets);
        self.sum = (self.sum.rotate_left(23) ^ of_block).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ of_block;
    }

    pub(crate) fn of(bytes: &[u8]) -> u64 {
        let mut sum = Sum::new();
        bytes.chunks(SUM_BLOCK).for_each(|block| sum.add(block));
        sum.end()
    }

    pub(crate) fn end(&self) -> u64 {
        self.sum
    }
}
