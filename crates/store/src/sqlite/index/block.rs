//! Keys in a page: each as what it shares with the one before, and the rest.

use super::super::leb128;
use super::changes::lead;
use crate::{Error, Kind};

/// Bytes of a block: with its row's header it fills one page and flows over to none.
pub(crate) const BLOCK_BYTES: usize = super::super::connect::PAGE_SIZE as usize - 64;

/// A key, and whether it is there or gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Here,
    Gone,
}

/// A block that fills.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    data: Vec<u8>,
    first: Vec<u8>,
    // The last key, also of the block before.
    last: Vec<u8>,
}

impl Builder {
    /// Adds a key that is greater than the last, and answers with how many bytes both begin; `None` when there is no room.
    pub(crate) fn push(&mut self, key: &[u8], presence: Presence) -> Option<usize> {
        let common = shared(&self.last, key);
        let shared = if self.data.is_empty() { 0 } else { common };
        let rest = key.get(shared..).unwrap_or_default();
        if self.data.len() + rest.len() + 8 > BLOCK_BYTES && !self.data.is_empty() {
            return None;
        }
        if self.data.is_empty() {
            self.first = key.to_vec();
            self.data.reserve_exact(BLOCK_BYTES);
        }
        leb128::write(&mut self.data, shared as u64);
        let length = rest.len() << 1 | usize::from(presence == Presence::Gone);
        leb128::write(&mut self.data, length as u64);
        self.data.extend_from_slice(rest);
        self.last.truncate(shared);
        self.last.extend_from_slice(rest);
        Some(common)
    }

    /// The first key and the bytes; `None` when it is empty. Begins anew.
    pub(crate) fn take(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        let data = std::mem::take(&mut self.data);
        (!data.is_empty()).then(|| (std::mem::take(&mut self.first), data))
    }
}

// With how many bytes both begin, told by eight at once.
fn shared(one: &[u8], other: &[u8]) -> usize {
    let mut equal = 0;
    for (one, other) in one.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0) {
        let differing = u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other);
        if differing != 0 {
            return equal + differing.trailing_zeros() as usize / 8;
        }
        equal += 8;
    }
    let rest = one.get(equal..).unwrap_or_default().iter().zip(other.get(equal..).unwrap_or_default());
    equal + rest.take_while(|(one, other)| one == other).count()
}

/// A block that is read.
#[derive(Debug)]
pub(crate) struct Reader {
    data: Vec<u8>,
    at: usize,
    pub(crate) key: Vec<u8>,
    /// [`lead`] of the key.
    pub(crate) lead: u128,
    pub(crate) presence: Presence,
}

impl Reader {
    pub(crate) fn new(data: Vec<u8>) -> Reader {
        Reader { data, at: 0, key: Vec::new(), lead: 0, presence: Presence::Here }
    }

    /// Goes to the next key; `false` at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, Error> {
        if self.at >= self.data.len() {
            return Ok(false);
        }
        self.step().ok_or_else(damaged)?;
        Ok(true)
    }

    /// Goes from the beginning to the first key that is not before another; `false` when all are.
    pub(crate) fn seek(&mut self, to: &[u8]) -> Result<bool, Error> {
        self.find(to).ok_or_else(damaged)
    }

    // A block has up to thousands of keys. Those in between are neither made nor compared: how much each shares with the one
    // before tells mostly on which side it is.
    fn find(&mut self, to: &[u8]) -> Option<bool> {
        let mut rest = self.data.as_slice();
        // Of the key before, which is before `to`: its length, and how much it shares with `to`.
        let (mut before, mut matched) = (0, 0);
        while !rest.is_empty() {
            let (shared, length) = (read(&mut rest)?, read(&mut rest)?);
            let (tail, after) = rest.split_at_checked(length >> 1)?;
            rest = after;
            if shared > before {
                return None;
            }
            before = shared + tail.len();
            // Where it goes on as the key before does, it is on the same side.
            if shared > matched {
                continue;
            }
            // Where it leaves the key before while that is still equal, it is behind.
            if shared == matched {
                let wanted = to.get(matched..)?;
                let common = tail.iter().zip(wanted).take_while(|(one, other)| one == other).count();
                if tail.get(common) < wanted.get(common) {
                    matched += common;
                    continue;
                }
            }
            self.at = self.data.len() - rest.len();
            self.key.clear();
            self.key.extend_from_slice(to.get(..shared)?);
            self.key.extend_from_slice(tail);
            self.lead = lead(&self.key);
            self.presence = presence(length);
            return Some(true);
        }
        self.at = self.data.len();
        Some(false)
    }

    fn step(&mut self) -> Option<()> {
        let mut rest = self.data.get(self.at..)?;
        let shared = read(&mut rest)?;
        let length = read(&mut rest)?;
        let tail = rest.get(..length >> 1)?;
        if shared > self.key.len() {
            return None;
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(tail);
        // Where it shares more than that, it has the same.
        if shared < size_of::<u128>() {
            self.lead = lead(&self.key);
        }
        self.presence = presence(length);
        self.at = self.data.len() - rest.len() + tail.len();
        Some(())
    }
}

fn presence(length: usize) -> Presence {
    if length & 1 == 1 { Presence::Gone } else { Presence::Here }
}

fn damaged() -> Error {
    Error::new(Kind::Corrupt, "record.sqlite: a block of the index is damaged")
}

// Lengths of keys take two bytes at most, which is quicker to read than any number.
fn read(rest: &mut &[u8]) -> Option<usize> {
    let (first, tail) = rest.split_first()?;
    if first & 0x80 == 0 {
        *rest = tail;
        return Some(usize::from(*first));
    }
    let (second, tail) = tail.split_first()?;
    *rest = tail;
    (second & 0x80 == 0).then_some(usize::from(first & 0x7f) | usize::from(*second) << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_round_until_the_page_is_full() {
        let mut builder = Builder::default();
        let keys: Vec<Vec<u8>> = (0..5000u32).map(|n| format!("key{:08}", n * 7).into_bytes()).collect();
        let fitting = keys
            .iter()
            .enumerate()
            .take_while(|(at, key)| {
                builder.push(key, if at % 3 == 0 { Presence::Gone } else { Presence::Here }).is_some()
            })
            .count();
        let (first, data) = builder.take().unwrap();
        assert!(builder.take().is_none() && first == keys[0]);
        assert!(data.len() <= BLOCK_BYTES && fitting > 500 && fitting < 5000);
        let mut reader = Reader::new(data.clone());
        for (at, key) in keys.iter().take(fitting).enumerate() {
            assert!(reader.advance().unwrap());
            assert_eq!((&reader.key, reader.presence == Presence::Gone), (key, at % 3 == 0));
        }
        assert!(!reader.advance().unwrap());
        let mut cut = Reader::new(data[..data.len() - 1].to_vec());
        while let Ok(more) = cut.advance() {
            assert!(more, "a cut block was read to its end");
        }
    }

    #[test]
    fn seeks_what_a_walk_from_the_beginning_finds() {
        // Few distinct bytes, so that keys share much, also with what is looked for.
        let key = |mut n: u64, length: u64| -> Vec<u8> {
            let mut bytes = Vec::new();
            for _ in 0..length {
                n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                bytes.push((n >> 60) as u8 % 3);
            }
            bytes
        };
        let mut keys: Vec<Vec<u8>> = (0..400).map(|n| key(n, 1 + n % 9)).collect();
        keys.sort();
        keys.dedup();
        let mut builder = Builder::default();
        let gone = |at: usize| if at.is_multiple_of(3) { Presence::Gone } else { Presence::Here };
        assert!(keys.iter().enumerate().all(|(at, key)| builder.push(key, gone(at)).is_some()));
        let (_, data) = builder.take().unwrap();
        for n in 0..4_000 {
            let to = key(n + 7_777, n % 11);
            let mut reader = Reader::new(data.clone());
            let found = reader.seek(&to).unwrap();
            let at = keys.partition_point(|key| *key < to);
            assert_eq!(found, at < keys.len(), "{to:?}");
            for (at, key) in keys.iter().enumerate().skip(at) {
                assert_eq!((&reader.key, reader.presence), (key, gone(at)), "{to:?}");
                assert_eq!(reader.advance().unwrap(), at + 1 < keys.len());
            }
        }
        // A key that shares more than there is.
        assert!(
            Reader::new(vec![1, 0]).seek(b"a").is_err() && Reader::new(vec![0, 4, b'a']).seek(b"a").is_err()
        );
    }
}
