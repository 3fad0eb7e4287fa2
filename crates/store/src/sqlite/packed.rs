//! What the views hold of one statement, packed into one value: views are cleaned by it, and it answers what a
//! statement refers to without reading its body.

use uuid::Uuid;

use super::leb128;
use crate::record::Spoken;
use crate::{Error, Kind};

/// The lists and keys of one statement, as numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Lists of filtered collections.
    pub(crate) lists: Vec<i64>,
    /// (object, property).
    pub(crate) references: Vec<(i64, i64)>,
    /// Keys of terms, each beginning with its class, ascending.
    pub(crate) terms: Terms,
    /// Keys of values that it says by themselves, without their class, and what is told of each.
    pub(crate) stands: Vec<(Vec<u8>, Vec<u8>)>,
    /// What it says of objects.
    pub(crate) spoken: Vec<Spoken>,
}

/// Keys one behind the other in one piece of memory: a statement has dozens, and most are short.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Terms {
    /// With room for so many keys of so many bytes in all.
    pub(crate) fn with_room(keys: usize, bytes: usize) -> Terms {
        Terms { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(keys) }
    }

    /// Adds a key, which is greater than the last.
    pub(crate) fn push(&mut self, term: &[u8]) {
        self.bytes.extend_from_slice(term);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let begins = [0].into_iter().chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| self.bytes.get(begin..*end).unwrap_or_default())
    }
}

impl<'t> FromIterator<&'t [u8]> for Terms {
    fn from_iter<T: IntoIterator<Item = &'t [u8]>>(terms: T) -> Terms {
        let mut all = Terms::default();
        terms.into_iter().for_each(|term| all.push(term));
        all
    }
}

impl Packed {
    // What stands alone is also mentioned, so it is among the terms; what is spoken of is referred to.
    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty() && self.references.is_empty() && self.terms.is_empty() && self.stands.is_empty()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.terms.bytes.len() + self.terms.ends.len());
        length(&mut out, self.lists.len());
        self.lists.iter().for_each(|list| number(&mut out, *list));
        length(&mut out, self.references.len());
        for (object, property) in &self.references {
            number(&mut out, *object);
            number(&mut out, *property);
        }
        length(&mut out, self.terms.ends.len());
        for term in self.terms.iter() {
            length(&mut out, term.len());
            out.extend_from_slice(term);
        }
        length(&mut out, self.stands.len());
        for part in self.stands.iter().flat_map(|(key, facts)| [key, facts]) {
            length(&mut out, part.len());
            out.extend_from_slice(part);
        }
        // Nearly nothing says something of objects, so nothing else has as much as a number of how many.
        if !self.spoken.is_empty() {
            length(&mut out, self.spoken.len());
        }
        for one in &self.spoken {
            out.extend_from_slice(one.of.as_bytes());
            out.push(one.sort);
            length(&mut out, one.facts.len());
            out.extend_from_slice(&one.facts);
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Packed, Error> {
        let Lying { lists, references, terms, stands, spoken } = Lying::read(bytes)?;
        let stands = stands.into_iter().map(|(key, facts)| (key.to_vec(), facts.to_vec()));
        let terms = terms.into_iter().collect();
        Ok(Packed { lists, references, terms, stands: stands.collect(), spoken })
    }
}

/// The same with its terms where they lie: who looks for one of them, or for none, needs no copy of each.
#[derive(Debug, Default)]
pub(crate) struct Lying<'b> {
    lists: Vec<i64>,
    /// (object, property).
    pub(crate) references: Vec<(i64, i64)>,
    /// Keys of terms, ascending.
    pub(crate) terms: Vec<&'b [u8]>,
    /// Keys of values that are said by themselves, and what is told of each.
    pub(crate) stands: Vec<(&'b [u8], &'b [u8])>,
    spoken: Vec<Spoken>,
}

impl<'b> Lying<'b> {
    pub(crate) fn read(bytes: &'b [u8]) -> Result<Lying<'b>, Error> {
        let mut rest = bytes;
        decode(&mut rest)
            .ok_or_else(|| Error::new(Kind::Corrupt, "record.sqlite: a row of `indexed` is damaged"))
    }
}

fn decode<'b>(rest: &mut &'b [u8]) -> Option<Lying<'b>> {
    let mut packed = Lying::default();
    for _ in 0..leb128::read(rest)? {
        packed.lists.push(signed(rest)?);
    }
    for _ in 0..leb128::read(rest)? {
        packed.references.push((signed(rest)?, signed(rest)?));
    }
    for _ in 0..leb128::read(rest)? {
        packed.terms.push(part(rest)?);
    }
    // Rows of before there was such a thing end here.
    let stands = if rest.is_empty() { 0 } else { leb128::read(rest)? };
    for _ in 0..stands {
        packed.stands.push((part(rest)?, part(rest)?));
    }
    let spoken = if rest.is_empty() { 0 } else { leb128::read(rest)? };
    for _ in 0..spoken {
        let (of, tail) = rest.split_first_chunk::<16>()?;
        let (sort, tail) = tail.split_first()?;
        *rest = tail;
        let of = Uuid::from_bytes(*of);
        packed.spoken.push(Spoken { of, sort: *sort, facts: part(rest)?.to_vec() });
    }
    rest.is_empty().then_some(packed)
}

fn part<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::try_from(leb128::read(rest)?).ok()?;
    let (part, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(part)
}

// Numbers of rows are positive.
fn number(out: &mut Vec<u8>, number: i64) {
    leb128::write(out, u64::try_from(number).unwrap_or(0));
}

fn length(out: &mut Vec<u8>, length: usize) {
    leb128::write(out, length as u64);
}

fn signed(rest: &mut &[u8]) -> Option<i64> {
    i64::try_from(leb128::read(rest)?).ok()
}

#[cfg(test)]
mod tests {
    use super::{Packed, Spoken, Uuid};

    #[test]
    fn goes_round_and_refuses_what_is_cut() {
        let packed = Packed {
            lists: vec![1 << 40, 3],
            references: vec![(1, 2), (1_000_000, 127)],
            terms: [&b"oabc"[..], &[7; 300]].into_iter().collect(),
            stands: vec![(vec![1, 2], vec![0]), (vec![9; 200], Vec::new())],
            spoken: vec![Spoken { of: Uuid::from_u128(7), sort: 1, facts: vec![4, 5] }],
        };
        let bytes = packed.encode();
        assert_eq!(Packed::decode(&bytes).unwrap(), packed);
        let none_spoken = Packed { spoken: Vec::new(), ..packed.clone() };
        let before_spoken = none_spoken.encode().len();
        let before_stands = Packed { stands: Vec::new(), ..none_spoken }.encode().len() - 1;
        for cut in (0..bytes.len()).filter(|cut| ![before_stands, before_spoken].contains(cut)) {
            assert!(Packed::decode(&bytes[..cut]).is_err(), "{cut}");
        }
        assert!(Packed::decode(&bytes[..before_stands]).unwrap().stands.is_empty());
        assert!(Packed::decode(&bytes[..before_spoken]).unwrap().spoken.is_empty());
        assert_eq!(Packed::decode(&Packed::default().encode()).unwrap(), Packed::default());
    }
}
