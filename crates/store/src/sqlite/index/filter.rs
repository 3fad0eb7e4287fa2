//! What a run cannot have: a Bloom filter in lines of 64 bytes, so that one question costs one line of memory.

const LINE_BYTES: usize = 64;
const LINE_BITS: u64 = 512;
const BITS_PER_KEY: usize = 10;
const PROBES: u32 = 6;

/// The filter of a run; about one question in a hundred is answered wrongly with "perhaps".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    bytes: Vec<u8>,
}

impl Filter {
    /// For at most so many questions that have an answer.
    pub(crate) fn sized(keys: usize) -> Filter {
        let lines = (keys * BITS_PER_KEY).div_ceil(LINE_BYTES * 8).max(1);
        Filter { bytes: vec![0; lines * LINE_BYTES] }
    }

    /// As it was kept; `None` when it is none.
    pub(crate) fn stored(bytes: Vec<u8>) -> Option<Filter> {
        (!bytes.is_empty() && bytes.len().is_multiple_of(LINE_BYTES)).then_some(Filter { bytes })
    }

    /// How many questions a filter of so many bytes was sized for, at most.
    pub(crate) fn most(bytes: usize) -> usize {
        bytes * 8 / BITS_PER_KEY
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn add(&mut self, asked: &[u8]) {
        let (line, mut bits) = self.place(hash(asked));
        for _ in 0..PROBES {
            let bit = bits % LINE_BITS;
            bits = bits.rotate_right(9);
            if let Some(byte) = self.bytes.get_mut(line + (bit / 8) as usize) {
                *byte |= 1 << (bit % 8);
            }
        }
    }

    /// `false`: none of its keys is asked for like this.
    pub(crate) fn perhaps(&self, hash: u64) -> bool {
        let (line, mut bits) = self.place(hash);
        (0..PROBES).all(|_| {
            let bit = bits % LINE_BITS;
            bits = bits.rotate_right(9);
            self.bytes.get(line + (bit / 8) as usize).is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
        })
    }

    // The line from the upper bits, the bits within it from all of them mixed once more.
    fn place(&self, hash: u64) -> (usize, u64) {
        let lines = (self.bytes.len() / LINE_BYTES) as u64;
        let line = (u128::from(hash) * u128::from(lines)) >> 64;
        (line as usize * LINE_BYTES, fold(hash, 0x9E37_79B9_7F4A_7C15))
    }
}

/// A hash that stays the same from release to release, since filters are stored.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0xA076_1D64_78BD_642F ^ bytes.len() as u64;
    let (words, rest) = bytes.as_chunks::<8>();
    let last = || rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    for word in words.iter().map(|word| u64::from_be_bytes(*word)).chain((!rest.is_empty()).then(last)) {
        state = fold(state ^ word, 0xE703_7ED1_A0B4_28DB);
    }
    fold(state, 0x8EBC_6AF0_9C88_C6E3)
}

fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    (product as u64) ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::{Filter, hash};

    #[test]
    fn has_what_was_added_and_little_else() {
        let mut filter = Filter::sized(10_000);
        for n in 0..10_000u32 {
            filter.add(&n.to_be_bytes());
        }
        assert!((0..10_000u32).all(|n| filter.perhaps(hash(&n.to_be_bytes()))));
        let wrong = (10_000..110_000u32).filter(|n| filter.perhaps(hash(&n.to_be_bytes()))).count();
        assert!(wrong < 2_500, "{wrong} of 100,000");
    }

    #[test]
    fn the_hash_is_the_one_that_is_stored() {
        assert_eq!([hash(b""), hash(b"accord")], [16_325_314_592_318_339_460, 2_305_300_771_242_857_210]);
        let known = [hash(b"8 octets"), hash(b"more than 8 octets")];
        assert_eq!(known, [17_674_651_460_603_317_189, 6_512_917_024_630_761_069]);
    }
}
