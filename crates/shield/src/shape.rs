//! What a set holds at all: what it does not hold is never asked for.

use model::matching::Mode;
use model::observable::{Kind, PrefixLengths};

/// The first halves of IPv4 addresses, one bit each.
const HALVES_WORDS: usize = 1024;
/// How long a shape is in a file.
pub(crate) const SHAPE_BYTES: usize = 32 + 8 + 8 + 16 + HALVES_WORDS * 8;

/// Kinds, modes and lengths of networks that a set holds, and where in IPv4 it holds anything.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Shape {
    kinds: [u64; 4],
    /// Of domains, a bit for each mode.
    domain_modes: u32,
    /// Of URLs, likewise.
    url_modes: u32,
    /// A bit for each length of prefix.
    v4: u64,
    v6: u128,
    /// Where in IPv4 anything lies: private addresses are most of what is seen, and mostly nothing lies there.
    halves: Box<[u64]>,
    lengths_v4: Vec<u8>,
    lengths_v6: Vec<u8>,
}

impl Shape {
    pub(crate) fn new() -> Shape {
        Shape {
            kinds: [0; 4],
            domain_modes: 0,
            url_modes: 0,
            v4: 0,
            v6: 0,
            halves: vec![0; HALVES_WORDS].into_boxed_slice(),
            lengths_v4: Vec::new(),
            lengths_v6: Vec::new(),
        }
    }

    /// Says that something stands under this key in this mode.
    pub(crate) fn add(&mut self, kind: Kind, form: &[u8], mode: Mode) {
        if let Some(word) = self.kinds.get_mut(usize::from(kind.byte() >> 6)) {
            *word |= 1 << (kind.byte() & 63);
        }
        match (kind, form) {
            (Kind::Domain, _) => self.domain_modes |= bit(mode),
            (Kind::Url, _) => self.url_modes |= bit(mode),
            (Kind::Cidr4, [address @ .., length]) if address.len() == 4 && *length < 32 => {
                self.v4 |= 1 << length;
                self.add_halves(address, (*length).min(16));
            }
            (Kind::Cidr6, [_, .., length]) if *length < 128 => self.v6 |= 1 << length,
            (Kind::Ipv4, [_, _, _, _]) | (Kind::IpPort, [_, _, _, _, _, _]) => self.add_halves(form, 16),
            _ => {}
        }
        self.set_lengths();
    }

    fn set_lengths(&mut self) {
        if self.lengths_v4.len() != self.v4.count_ones() as usize {
            self.lengths_v4 = (0..32).rev().filter(|length| self.v4 >> length & 1 != 0).collect();
        }
        if self.lengths_v6.len() != self.v6.count_ones() as usize {
            self.lengths_v6 = (0..128).rev().filter(|length| self.v6 >> length & 1 != 0).collect();
        }
    }

    fn add_halves(&mut self, address: &[u8], length: u8) {
        let Some([high, low]) = address.first_chunk::<2>() else { return };
        let first = usize::from(u16::from_be_bytes([*high, *low]));
        for half in first..first + (1 << (16 - length)) {
            if let Some(word) = self.halves.get_mut(half / 64) {
                *word |= 1 << (half % 64);
            }
        }
    }

    #[inline]
    pub(crate) fn has(&self, kind: Kind) -> bool {
        let [low, ..] = self.kinds;
        let byte = kind.byte();
        if byte < 64 {
            return low >> byte & 1 != 0;
        }
        self.kinds.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 != 0)
    }

    /// Whether any domain stands for those below it.
    #[inline]
    pub(crate) fn has_parents(&self) -> bool {
        self.domain_modes & (bit(Mode::Wildcard) | bit(Mode::Subdomains)) != 0
    }

    /// Whether any URL is meant in another mode than as itself.
    #[inline]
    pub(crate) fn has_url_mode(&self, modes: &[Mode]) -> bool {
        modes.iter().any(|mode| self.url_modes & bit(*mode) != 0)
    }

    /// Whether anything may lie around this address of IPv4.
    #[inline]
    pub(crate) fn has_near(&self, address: [u8; 4]) -> bool {
        let [high, low, ..] = address;
        let half = usize::from(u16::from_be_bytes([high, low]));
        self.halves.get(half / 64).is_some_and(|word| word >> (half % 64) & 1 != 0)
    }

    #[inline]
    pub(crate) fn prefixes(&self) -> PrefixLengths<'_> {
        PrefixLengths { v4: &self.lengths_v4, v6: &self.lengths_v6 }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.kinds.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
        out.extend_from_slice(&self.domain_modes.to_le_bytes());
        out.extend_from_slice(&self.url_modes.to_le_bytes());
        out.extend_from_slice(&self.v4.to_le_bytes());
        out.extend_from_slice(&self.v6.to_le_bytes());
        self.halves.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    }

    pub(crate) fn read(bytes: &[u8; SHAPE_BYTES]) -> Option<Shape> {
        let mut shape = Shape::new();
        let (kinds, rest) = bytes.split_first_chunk::<32>()?;
        let words = kinds.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
        shape.kinds.iter_mut().zip(words).for_each(|(slot, word)| *slot = word);
        let (modes, rest) = rest.split_first_chunk::<4>()?;
        shape.domain_modes = u32::from_le_bytes(*modes);
        let (modes, rest) = rest.split_first_chunk::<4>()?;
        shape.url_modes = u32::from_le_bytes(*modes);
        let (v4, rest) = rest.split_first_chunk::<8>()?;
        shape.v4 = u64::from_le_bytes(*v4) & u64::from(u32::MAX);
        let (v6, rest) = rest.split_first_chunk::<16>()?;
        shape.v6 = u128::from_le_bytes(*v6);
        let words = rest.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
        shape.halves.iter_mut().zip(words).for_each(|(slot, word)| *slot = word);
        shape.set_lengths();
        Some(shape)
    }
}

const fn bit(mode: Mode) -> u32 {
    1 << mode as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_read_as_it_was_written() {
        let mut shape = Shape::new();
        shape.add(Kind::Cidr4, &[10, 0, 0, 0, 8], Mode::Network);
        shape.add(Kind::Cidr6, &[0; 17], Mode::Network);
        shape.add(Kind::YaraRule, &[1], Mode::Exact);
        shape.add(Kind::Domain, b"example.com", Mode::Wildcard);
        let mut bytes = Vec::new();
        shape.write(&mut bytes);
        let read = Shape::read(bytes.first_chunk().unwrap()).unwrap();
        assert_eq!(bytes.len(), SHAPE_BYTES);
        assert_eq!(read, shape);
        assert_eq!(read.prefixes().v4, [8]);
        assert!(read.has(Kind::YaraRule) && !read.has(Kind::Url) && read.has_parents());
        assert!(read.has_near([10, 255, 1, 1]) && read.has_near([10, 0, 1, 1]));
        assert!(!read.has_near([11, 0, 0, 0]) && !read.has_near([9, 255, 0, 0]));
    }
}
