//! Keys that change, gathered in any order and written sorted.

use std::cmp::Ordering;

use super::block::Presence;

/// Bytes of a key that are compared as one number.
const LEAD: usize = 8;

/// Keys one behind the other in one piece of memory: a batch has many, and most are short.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    // The first bytes of the key, zeros behind a shorter one: what most keys differ in.
    lead: u64,
    at: usize,
    length: usize,
    presence: Presence,
}

impl Changes {
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Adds a key, which `write` appends to what it is given.
    pub(crate) fn add(&mut self, presence: Presence, write: impl FnOnce(&mut Vec<u8>)) {
        let at = self.bytes.len();
        write(&mut self.bytes);
        let key = self.bytes.get(at..).unwrap_or_default();
        self.spans.push(Span { lead: lead(key), at, length: key.len(), presence });
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
    bytes.get(span.at..span.at + span.length).unwrap_or_default()
}

fn lead(key: &[u8]) -> u64 {
    let mut lead = [0; LEAD];
    lead.iter_mut().zip(key).for_each(|(to, byte)| *to = *byte);
    u64::from_be_bytes(lead)
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
            (b"12345678b", Presence::Here),
            (b"ab", Presence::Gone),
            (b"12345678", Presence::Gone),
            (b"a", Presence::Here),
            (b"12345678b", Presence::Gone),
            (b"12345678b", Presence::Here),
        ];
        for (key, presence) in said {
            changes.add(presence, |to| to.extend_from_slice(key));
        }
        assert_eq!((changes.len(), changes.iter().next()), (9, Some((&b"ab"[..], Presence::Here))));
        changes.sort();
        let sorted: [(&[u8], Presence); 6] = [
            (b"", Presence::Gone),
            (b"12345678", Presence::Gone),
            (b"12345678b", Presence::Here),
            (b"a", Presence::Here),
            (b"a\0", Presence::Here),
            (b"ab", Presence::Gone),
        ];
        assert_eq!(changes.iter().collect::<Vec<_>>(), sorted);
    }
}
