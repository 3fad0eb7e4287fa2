//! Keys that change, gathered in any order and written sorted.

use std::cmp::Ordering;

use super::block::Presence;

/// Bytes of a key that are compared as one number.
const LEAD: usize = size_of::<u128>();

/// Keys one behind the other in one piece of memory: a batch has many, and most are short.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    // What most keys differ in.
    lead: u128,
    at: usize,
    length: u32,
    presence: Presence,
}

impl Changes {
    /// With room for so many keys of so many bytes in all.
    pub(crate) fn with_room(keys: usize, bytes: usize) -> Changes {
        Changes { bytes: Vec::with_capacity(bytes), spans: Vec::with_capacity(keys) }
    }

    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The bytes of all keys that were added.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a key, which `write` appends to what it is given.
    pub(crate) fn add(&mut self, presence: Presence, write: impl FnOnce(&mut Vec<u8>)) {
        let at = self.bytes.len();
        write(&mut self.bytes);
        let key = self.bytes.get(at..).unwrap_or_default();
        // Keys are short; one that were not would be cut, and is longer than any that is made.
        let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
        self.spans.push(Span { lead: lead(key), at, length, presence });
    }

    /// Sorts them. Of several changes of a key the last one stays.
    pub(crate) fn sort(&mut self) {
        let Changes { bytes, spans } = self;
        let compare = |one: &Span, other: &Span| -> Ordering {
            one.lead.cmp(&other.lead).then_with(|| key(bytes, one).cmp(key(bytes, other)))
        };
        spans.sort_unstable_by(|one, other| compare(one, other).then(one.at.cmp(&other.at)));
        spans.dedup_by(|later, kept| {
            let is_same = compare(later, kept).is_eq();
            if is_same {
                *kept = *later;
            }
            is_same
        });
    }

    /// The keys in the order that they were added in, or sorted, once they are.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], Presence)> {
        self.spans.iter().map(|span| (key(&self.bytes, span), span.presence))
    }
}

fn key<'b>(bytes: &'b [u8], span: &Span) -> &'b [u8] {
    bytes.get(span.at..span.at + span.length as usize).unwrap_or_default()
}

/// The first bytes of a key as a number, with zeros behind a shorter one: of two keys with other numbers the order is that of
/// the numbers.
pub(crate) fn lead(key: &[u8]) -> u128 {
    if let Some(first) = key.first_chunk::<LEAD>() {
        return u128::from_be_bytes(*first);
    }
    let mut lead = [0; LEAD];
    lead.iter_mut().zip(key).for_each(|(to, byte)| *to = *byte);
    u128::from_be_bytes(lead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_keys_are_in_the_order_of_their_bytes_and_the_last_change_of_each_counts() {
        let mut changes = Changes::default();
        let said: [(&[u8], Presence); 9] = [
            (b"ab", Presence::Here),
            (b"", Presence::Gone),
            (b"a\0", Presence::Here),
            (b"0123456789abcdefb", Presence::Here),
            (b"ab", Presence::Gone),
            (b"0123456789abcdef", Presence::Gone),
            (b"a", Presence::Here),
            (b"0123456789abcdefb", Presence::Gone),
            (b"0123456789abcdefb", Presence::Here),
        ];
        for (key, presence) in said {
            changes.add(presence, |to| to.extend_from_slice(key));
        }
        assert_eq!((changes.len(), changes.iter().next()), (9, Some((&b"ab"[..], Presence::Here))));
        changes.sort();
        let sorted: [(&[u8], Presence); 6] = [
            (b"", Presence::Gone),
            (b"0123456789abcdef", Presence::Gone),
            (b"0123456789abcdefb", Presence::Here),
            (b"a", Presence::Here),
            (b"a\0", Presence::Here),
            (b"ab", Presence::Gone),
        ];
        assert_eq!(changes.iter().collect::<Vec<_>>(), sorted);
    }
}
