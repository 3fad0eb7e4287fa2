//! Keys in a page: each as what it shares with the one before, and the rest.

use super::super::leb128;
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
    last: Vec<u8>,
}

impl Builder {
    /// Adds a key that is greater than the last; `false` when there is no room.
    pub(crate) fn push(&mut self, key: &[u8], presence: Presence) -> bool {
        let shared = self.last.iter().zip(key).take_while(|(one, other)| one == other).count();
        let rest = key.get(shared..).unwrap_or_default();
        if self.data.len() + rest.len() + 8 > BLOCK_BYTES && !self.data.is_empty() {
            return false;
        }
        if self.data.is_empty() {
            self.first = key.to_vec();
        }
        leb128::write(&mut self.data, shared as u64);
        let length = rest.len() << 1 | usize::from(presence == Presence::Gone);
        leb128::write(&mut self.data, length as u64);
        self.data.extend_from_slice(rest);
        self.last.truncate(shared);
        self.last.extend_from_slice(rest);
        true
    }

    /// The first key and the bytes; `None` when it is empty. Begins anew.
    pub(crate) fn take(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        self.last.clear();
        let data = std::mem::take(&mut self.data);
        (!data.is_empty()).then(|| (std::mem::take(&mut self.first), data))
    }
}

/// A block that is read.
#[derive(Debug)]
pub(crate) struct Reader {
    data: Vec<u8>,
    at: usize,
    pub(crate) key: Vec<u8>,
    pub(crate) presence: Presence,
}

impl Reader {
    pub(crate) fn new(data: Vec<u8>) -> Reader {
        Reader { data, at: 0, key: Vec::new(), presence: Presence::Here }
    }

    /// Goes to the next key; `false` at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, Error> {
        if self.at >= self.data.len() {
            return Ok(false);
        }
        self.step()
            .ok_or_else(|| Error::new(Kind::Corrupt, "record.sqlite: a block of the index is damaged"))?;
        Ok(true)
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
        self.presence = if length & 1 == 1 { Presence::Gone } else { Presence::Here };
        self.at = self.data.len() - rest.len() + tail.len();
        Some(())
    }
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
                builder.push(key, if at % 3 == 0 { Presence::Gone } else { Presence::Here })
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
}
