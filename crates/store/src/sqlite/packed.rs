//! What the views hold of one statement, packed into one value: views are cleaned by it, and it answers what a
//! statement refers to without reading its body.

use super::leb128;
use crate::{Error, Kind};

/// The lists and keys of one statement, as numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Lists of filtered collections.
    pub(crate) lists: Vec<i64>,
    /// (object, property).
    pub(crate) references: Vec<(i64, i64)>,
    /// Keys of terms, each beginning with its class.
    pub(crate) terms: Vec<Vec<u8>>,
}

impl Packed {
    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty() && self.references.is_empty() && self.terms.is_empty()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        length(&mut out, self.lists.len());
        self.lists.iter().for_each(|list| number(&mut out, *list));
        length(&mut out, self.references.len());
        for (object, property) in &self.references {
            number(&mut out, *object);
            number(&mut out, *property);
        }
        length(&mut out, self.terms.len());
        for term in &self.terms {
            length(&mut out, term.len());
            out.extend_from_slice(term);
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Packed, Error> {
        let Lying { lists, references, terms } = Lying::read(bytes)?;
        Ok(Packed { lists, references, terms: terms.into_iter().map(<[u8]>::to_vec).collect() })
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
        let length = usize::try_from(leb128::read(rest)?).ok()?;
        let (term, tail) = rest.split_at_checked(length)?;
        packed.terms.push(term);
        *rest = tail;
    }
    rest.is_empty().then_some(packed)
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
    use super::Packed;

    #[test]
    fn goes_round_and_refuses_what_is_cut() {
        let packed = Packed {
            lists: vec![1 << 40, 3],
            references: vec![(1, 2), (1_000_000, 127)],
            terms: vec![b"oabc".to_vec(), vec![7; 300]],
        };
        let bytes = packed.encode();
        assert_eq!(Packed::decode(&bytes).unwrap(), packed);
        for cut in 0..bytes.len() {
            assert!(Packed::decode(&bytes[..cut]).is_err(), "{cut}");
        }
        assert_eq!(Packed::decode(&Packed::default().encode()).unwrap(), Packed::default());
    }
}
