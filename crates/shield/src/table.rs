//! The table: from a hash to where what stands under the key lies. One line of the processor's cache for each question.

/// Slots of a bucket, which fills one line of 64 bytes.
const SLOTS: usize = 8;
/// How many slots of a bucket are filled on average: with five of eight, one bucket in fifteen is too small.
const FILL: u64 = 5;
/// In the last place of a bucket: what belongs here lies in the next one, too.
const SPILLED: u32 = 1 << 31;
/// The highest place.
pub(crate) const PLACE_MAX: u32 = SPILLED - 2;

/// Bytes of a bucket in a file.
pub(crate) const BUCKET_BYTES: usize = 64;

#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Bucket {
    /// 32 bits of each hash; none is 0, which is an empty slot.
    prints: [u32; SLOTS],
    places: [u32; SLOTS],
}

impl Bucket {
    #[inline]
    fn has(&self, print: u32) -> bool {
        self.prints.iter().fold(false, |any, own| any | (*own == print))
    }

    #[inline]
    fn is_spilled(&self) -> bool {
        let [.., last] = self.places;
        last & SPILLED != 0
    }
}

/// Never grows: it is made for so many keys.
#[derive(Clone)]
pub(crate) struct Table {
    buckets: Box<[Bucket]>,
}

/// What a slot keeps of a hash.
#[inline]
pub(crate) fn print_of(hash: u64) -> u32 {
    (hash as u32).max(1)
}

impl Table {
    pub(crate) fn buckets_for(keys: u64) -> u64 {
        keys.div_ceil(FILL) + 1
    }

    /// The table of these hashes and places, each hash once.
    pub(crate) fn new(keys: &[(u64, u32)]) -> Table {
        let buckets = Table::buckets_for(keys.len() as u64) as usize;
        let mut table = Table { buckets: vec![Bucket::default(); buckets].into_boxed_slice() };
        keys.iter().for_each(|(hash, place)| table.insert(*hash, *place));
        table
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        // The upper half of the hash, scaled to the number of buckets; the lower half is the print.
        (((hash >> 32) * self.buckets.len() as u64) >> 32) as usize
    }

    fn insert(&mut self, hash: u64, place: u32) {
        let home = self.home(hash);
        let (before, from) = self.buckets.split_at_mut(home);
        for bucket in from.iter_mut().chain(before) {
            let slots = bucket.prints.iter_mut().zip(bucket.places.iter_mut());
            for (print, slot) in slots {
                if *print == 0 {
                    *print = print_of(hash);
                    *slot |= place & PLACE_MASK;
                    return;
                }
            }
            let [.., last] = &mut bucket.places;
            *last |= SPILLED;
        }
    }

    /// Whether anything may stand under this hash: one wrong yes in a thousand million.
    #[inline]
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        let home = self.home(hash);
        let print = print_of(hash);
        let Some(bucket) = self.buckets.get(home) else { return false };
        bucket.has(print) | (bucket.is_spilled() && self.may_hold_behind(home, print))
    }

    #[cold]
    fn may_hold_behind(&self, home: usize, print: u32) -> bool {
        for bucket in self.from(home).skip(1) {
            if bucket.has(print) {
                return true;
            }
            if !bucket.is_spilled() {
                break;
            }
        }
        false
    }

    /// All buckets once, from this one on.
    fn from(&self, home: usize) -> impl Iterator<Item = &Bucket> {
        let (before, from) = self.buckets.split_at_checked(home).unwrap_or((&[], &self.buckets));
        from.iter().chain(before)
    }

    /// The places of what may stand under this hash: mostly one.
    pub(crate) fn places(&self, hash: u64) -> Vec<u32> {
        let print = print_of(hash);
        let mut places = Vec::new();
        for bucket in self.from(self.home(hash)) {
            let slots = bucket.prints.iter().zip(bucket.places);
            places.extend(slots.filter(|(own, _)| **own == print).map(|(_, place)| place & PLACE_MASK));
            if !bucket.is_spilled() {
                break;
            }
        }
        places
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for bucket in &self.buckets {
            let words = bucket.prints.iter().chain(&bucket.places);
            words.for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
        }
    }

    /// Puts a bucket of a file in its place.
    pub(crate) fn read(buckets: usize, mut fill: impl FnMut(u64, &mut [u8]) -> Option<()>) -> Option<Table> {
        let mut table = Vec::with_capacity(buckets);
        let mut block = vec![0; crate::hash::SUM_BLOCK];
        let mut at = 0;
        let length = (buckets * BUCKET_BYTES) as u64;
        while at < length {
            let now = (length - at).min(block.len() as u64);
            let block = block.get_mut(..now as usize)?;
            fill(at, block)?;
            at += now;
            for bytes in block.as_chunks::<BUCKET_BYTES>().0 {
                let mut bucket = Bucket::default();
                let words = bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
                let slots = bucket.prints.iter_mut().chain(bucket.places.iter_mut());
                slots.zip(words).for_each(|(slot, word)| *slot = word);
                table.push(bucket);
            }
        }
        Some(Table { buckets: table.into_boxed_slice() })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.buckets.len() * BUCKET_BYTES
    }
}

const PLACE_MASK: u32 = SPILLED - 1;
