//! Keys: a class, what is asked for, and where it leads. Whatever is asked for ends in a way that nothing else begins
//! with, so that one value is one contiguous range, and values are in the order of their bytes.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Longer values are cut to this length, and end with the digest of the whole; keys of observables all fit.
pub(crate) const VALUE_BYTES: usize = 1_280;
const END: [u8; 2] = [0, 1];
const ESCAPED_ZERO: [u8; 2] = [0, 0xFF];
/// Bytes of a number whose order counts.
const NUMBER_BYTES: usize = 5;
const NUMBER_MOST: u64 = (1 << (8 * NUMBER_BYTES)) - 1;

/// Classes: the first byte of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// id, type → number of the object.
    Id = b'i' as isize,
    /// Name, alias or external id → entries.
    Name = b'n' as isize,
    /// Observable → entries.
    Observable = b'o' as isize,
    /// Object → entries that refer to it, and the property.
    Reference = b'r' as isize,
    /// Source → entries that say values by themselves, the oldest first, with their labels and how many values.
    Said = b'd' as isize,
    /// Value that is said by itself → entries, and who says it and how.
    Stands = b's' as isize,
    /// Tag → entries.
    Tag = b't' as isize,
    /// Id of an object, sort, source → entries in which the source says something of the object, and what.
    Spoken = b'v' as isize,
    /// Word of a text → entries.
    Word = b'w' as isize,
}

/// The key of a value without its end: where a range of values begins.
pub(crate) fn value_start(class: Class, value: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(value.len() + 16);
    push_start(&mut key, class, value);
    key
}

fn push_start(key: &mut Vec<u8>, class: Class, value: &[u8]) {
    key.push(class as u8);
    let mut parts = value.split(|byte| *byte == 0);
    key.extend_from_slice(parts.next().unwrap_or_default());
    for part in parts {
        key.extend_from_slice(&ESCAPED_ZERO);
        key.extend_from_slice(part);
    }
}

/// What all keys of one value begin with.
pub(crate) fn value(class: Class, value: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(value.len() + 16);
    push_value(&mut key, class, value);
    key
}

/// The same, added to what is being made.
pub(crate) fn push_value(key: &mut Vec<u8>, class: Class, value: &[u8]) {
    match value.get(..VALUE_BYTES - 32) {
        Some(head) if value.len() > VALUE_BYTES => {
            push_start(key, class, &[head, Sha256::digest(value).as_slice()].concat());
        }
        _ => push_start(key, class, value),
    }
    key.extend_from_slice(&END);
}

/// The value that a key is of, and what follows it.
pub(crate) fn split_value(key: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::with_capacity(key.len());
    let mut rest = key.get(1..)?;
    loop {
        match rest {
            [0, 1, tail @ ..] => return Some((value, tail)),
            [0, 0xFF, tail @ ..] => {
                value.push(0);
                rest = tail;
            }
            [byte, tail @ ..] => {
                value.push(*byte);
                rest = tail;
            }
            [] => return None,
        }
    }
}

/// What the one key of an id begins with.
pub(crate) fn id(uuid: Uuid, kind: i64) -> Vec<u8> {
    let mut key = Vec::with_capacity(28);
    key.push(Class::Id as u8);
    key.extend_from_slice(uuid.as_bytes());
    push_short(&mut key, kind);
    key
}

/// The key that leads from an id to its number.
pub(crate) fn id_to(uuid: Uuid, kind: i64, num: i64) -> Vec<u8> {
    let mut key = id(uuid, kind);
    push_number(&mut key, num.cast_unsigned());
    key
}

/// The number that the key of an id leads to.
pub(crate) fn object_of(key: &[u8]) -> Option<i64> {
    let at = key.len().checked_sub(NUMBER_BYTES)?;
    Some(read_number(key.get(at..)?)?.0.cast_signed())
}

/// What all references to an object begin with.
pub(crate) fn reference(object: i64) -> Vec<u8> {
    let mut key = Vec::with_capacity(20);
    push_reference(&mut key, object);
    key
}

/// The same, added to what is being made.
pub(crate) fn push_reference(key: &mut Vec<u8>, object: i64) {
    key.push(Class::Reference as u8);
    push_number(key, object.cast_unsigned());
}

/// What all keys of a source begin with that say values by themselves.
pub(crate) fn said(source: i64) -> Vec<u8> {
    let mut key = Vec::with_capacity(20);
    push_said(&mut key, source);
    key
}

fn push_said(key: &mut Vec<u8>, source: i64) {
    key.push(Class::Said as u8);
    push_number(key, source.cast_unsigned());
}

/// Adds the key of an entry that says so many values by themselves.
pub(crate) fn push_said_at(key: &mut Vec<u8>, source: i64, (position, label): (i64, i64), values: usize) {
    push_said(key, source);
    push_number(key, position.cast_unsigned());
    push_short(key, label);
    push_short(key, i64::try_from(values).unwrap_or(i64::MAX));
}

/// Reads behind [`said`] what [`push_said_at`] wrote: position, label, how many values.
pub(crate) fn read_said(rest: &[u8]) -> Option<(i64, i64, i64)> {
    let (position, rest) = read_number(rest)?;
    let (label, rest) = read_short(rest)?;
    Some((position.cast_signed(), label, read_short(rest)?.0))
}

/// What all keys begin with of what is said of an object.
pub(crate) fn spoken(of: Uuid) -> Vec<u8> {
    let mut key = Vec::with_capacity(48);
    key.push(Class::Spoken as u8);
    key.extend_from_slice(of.as_bytes());
    key
}

/// Adds the key of an entry in which a source says something of this sort of an object.
pub(crate) fn push_spoken_at(
    key: &mut Vec<u8>,
    (of, sort): (Uuid, u8),
    source: i64,
    (label, position): (i64, i64),
) {
    key.extend_from_slice(&spoken(of));
    key.push(sort);
    push_number(key, source.cast_unsigned());
    push_entry(key, label, position);
}

/// What a key says that leads to something said of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpokenAt<'k> {
    pub(crate) of: Uuid,
    pub(crate) sort: u8,
    pub(crate) source: i64,
    pub(crate) label: i64,
    pub(crate) position: i64,
    /// What follows.
    pub(crate) facts: &'k [u8],
}

/// Reads what [`push_spoken_at`] wrote.
pub(crate) fn read_spoken(key: &[u8]) -> Option<SpokenAt<'_>> {
    let (of, rest) = key.get(1..)?.split_first_chunk::<16>()?;
    let (sort, rest) = rest.split_first()?;
    let (source, rest) = read_number(rest)?;
    let (label, position, facts) = read_entry(rest)?;
    let (of, source) = (Uuid::from_bytes(*of), source.cast_signed());
    Some(SpokenAt { of, sort: *sort, source, label, position, facts })
}

/// Adds what leads to an entry: its label, then its position, the newest first.
pub(crate) fn push_entry(key: &mut Vec<u8>, label: i64, position: i64) {
    push_short(key, label);
    push_position(key, position);
}

/// Adds a position, the newest first.
pub(crate) fn push_position(key: &mut Vec<u8>, position: i64) {
    push_number(key, NUMBER_MOST - position.cast_unsigned().min(NUMBER_MOST));
}

/// Reads what [`push_position`] wrote.
pub(crate) fn read_position(rest: &[u8]) -> Option<(i64, &[u8])> {
    let (inverted, rest) = read_number(rest)?;
    Some(((NUMBER_MOST - inverted).cast_signed(), rest))
}

/// Reads what [`push_entry`] wrote: label, position, and what follows.
pub(crate) fn read_entry(rest: &[u8]) -> Option<(i64, i64, &[u8])> {
    let (label, rest) = read_short(rest)?;
    let (position, rest) = read_position(rest)?;
    Some((label, position, rest))
}

/// Adds a number that is seldom large, in an order-keeping form: how many bytes follow, then they.
pub(crate) fn push_short(key: &mut Vec<u8>, number: i64) {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    key.push((bytes.len() - zeros) as u8);
    key.extend(bytes.iter().skip(zeros));
}

/// Reads what [`push_short`] wrote.
pub(crate) fn read_short(rest: &[u8]) -> Option<(i64, &[u8])> {
    let (length, rest) = rest.split_first()?;
    let (bytes, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((bytes.iter().fold(0, |number, byte| number << 8 | i64::from(*byte)), rest))
}

/// Adds a number in five bytes, which is enough for every position and object.
pub(crate) fn push_number(key: &mut Vec<u8>, number: u64) {
    key.extend(number.min(NUMBER_MOST).to_be_bytes().iter().skip(8 - NUMBER_BYTES));
}

/// Reads what [`push_number`] wrote.
pub(crate) fn read_number(rest: &[u8]) -> Option<(u64, &[u8])> {
    let (bytes, rest) = rest.split_at_checked(NUMBER_BYTES)?;
    Some((bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)), rest))
}

/// The part of a key by which it is asked for: what filters know.
pub(crate) fn asked(key: &[u8]) -> &[u8] {
    let class = key.first().copied().unwrap_or(0);
    let length = if class == Class::Id as u8 {
        18 + usize::from(key.get(17).copied().unwrap_or(0))
    } else if class == Class::Reference as u8 || class == Class::Said as u8 {
        1 + NUMBER_BYTES
    } else if class == Class::Spoken as u8 {
        1 + 16
    } else {
        end_of_value(key)
    };
    key.get(..length).unwrap_or(key)
}

fn end_of_value(key: &[u8]) -> usize {
    let mut from = 0;
    while let Some(zero) = key.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == 0)) {
        from += zero + 1;
        if key.get(from) == END.get(1) {
            return from + 1;
        }
    }
    key.len()
}

/// What keys that come in their order are asked for by. Nothing asked for begins with another, so a key that begins with
/// what the one before is asked for by is asked for by the same.
#[derive(Debug, Default)]
pub(crate) struct Asked(Vec<u8>);

impl Asked {
    /// What the next key is asked for by, unless that is the same as before.
    pub(crate) fn new_of<'k>(&mut self, key: &'k [u8]) -> Option<&'k [u8]> {
        if !self.0.is_empty() && key.starts_with(&self.0) {
            return None;
        }
        let asked = asked(key);
        self.0.clear();
        self.0.extend_from_slice(asked);
        Some(asked)
    }
}

/// The first key after all that begin with this one.
pub(crate) fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xFF {
            end.push(last + 1);
            break;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_the_order_of_values_and_of_time() {
        let values: [&[u8]; 7] = [b"", b"\0", b"\0\0", b"\0a", b"a", b"a\0b", b"ab"];
        let keys: Vec<_> = values.iter().map(|one| value(Class::Observable, one)).collect();
        assert!(keys.is_sorted());
        for (one, key) in values.iter().zip(&keys) {
            let mut key = key.clone();
            assert_eq!(asked(&key), key);
            let asked_for = key.clone();
            push_entry(&mut key, 300, 77);
            assert_eq!(asked(&key), asked_for);
            let (back, rest) = split_value(&key).unwrap();
            assert_eq!((&back[..], read_entry(rest)), (*one, Some((300, 77, &[][..]))));
        }
        let mut known = Asked::default();
        for key in &keys {
            let led = |position| {
                let mut key = key.clone();
                push_entry(&mut key, 300, position);
                key
            };
            assert_eq!((known.new_of(&led(8)), known.new_of(&led(7))), (Some(&key[..]), None));
        }
        let entry = |label, position| {
            let mut key = Vec::new();
            push_entry(&mut key, label, position);
            key
        };
        assert!(entry(1, 5) < entry(1, 4) && entry(1, 0) < entry(2, 9) && entry(255, 1) < entry(256, 2));
        let key = id_to(Uuid::from_u128(5), 70_000, 9);
        assert_eq!((asked(&key), object_of(&key)), (&id(Uuid::from_u128(5), 70_000)[..], Some(9)));
        assert!(after(b"a\xFF\xFF") == b"b" && after(b"ab") == b"ac" && after(b"\xFF").is_empty());
        let of = Uuid::from_u128(1 << 8);
        let spoken_at = |source, at| {
            let mut key = Vec::new();
            push_spoken_at(&mut key, (of, 1), source, at);
            key
        };
        let mut key = spoken_at(70_000, (300, 77));
        key.push(9);
        assert_eq!(asked(&key), spoken(of));
        let read = SpokenAt { of, sort: 1, source: 70_000, label: 300, position: 77, facts: &[9] };
        assert_eq!(read_spoken(&key), Some(read));
        assert!(spoken_at(3, (1, 5)) < spoken_at(3, (1, 4)), "the newest first");
        let long = vec![b'x'; 5000];
        assert!(value(Class::Name, &long).len() < VALUE_BYTES + 44);
    }
}
