//! A record of the store: a key and all that stands under it.

use std::borrow::Cow;

use model::observable::Kind;

use crate::entry::{ENTRY_BYTES, Entry};

/// What stands in front of the key: the record's length, the key's length, its kind, nothing, its hash.
pub(crate) const HEAD_BYTES: usize = 16;
/// Records begin at multiples of this.
pub(crate) const ALIGN: usize = 4;

/// A key and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record<'b> {
    pub(crate) hash: u64,
    pub(crate) kind: Kind,
    pub(crate) form: Cow<'b, [u8]>,
    pub(crate) entries: Vec<Entry>,
}

/// The length of a record, from its first bytes; `None` for what begins no record.
pub(crate) fn length(head: &[u8; HEAD_BYTES]) -> Option<usize> {
    let (length, rest) = head.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let key = usize::from(u16::from_le_bytes(*rest.first_chunk::<2>()?));
    let entries = length.checked_sub(HEAD_BYTES + key.next_multiple_of(ALIGN))?;
    (entries > 0 && entries % ENTRY_BYTES == 0).then_some(length)
}

impl Record<'_> {
    /// Reads a record that fills these bytes.
    pub(crate) fn read(bytes: &[u8]) -> Option<Record<'_>> {
        let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
        if length(head)? != bytes.len() {
            return None;
        }
        let [_, _, _, _, low, high, kind, _, hash @ ..] = *head;
        let key = usize::from(u16::from_le_bytes([low, high]));
        let (form, _) = rest.split_at_checked(key)?;
        let (_, entries) = rest.split_at_checked(key.next_multiple_of(ALIGN))?;
        let entries = entries.as_chunks::<ENTRY_BYTES>().0.iter().map(Entry::read);
        Some(Record {
            hash: u64::from_le_bytes(hash),
            kind: Kind::from_byte(kind)?,
            form: Cow::Borrowed(form),
            entries: entries.collect::<Option<_>>()?,
        })
    }
}

pub(crate) fn write(out: &mut Vec<u8>, hash: u64, kind: Kind, form: &[u8], entries: &[Entry]) {
    let padding = form.len().next_multiple_of(ALIGN) - form.len();
    let length = HEAD_BYTES + form.len() + padding + entries.len() * ENTRY_BYTES;
    out.extend_from_slice(&(length as u32).to_le_bytes());
    out.extend_from_slice(&(form.len() as u16).to_le_bytes());
    out.extend_from_slice(&[kind.byte(), 0]);
    out.extend_from_slice(&hash.to_le_bytes());
    out.extend_from_slice(form);
    out.extend(std::iter::repeat_n(0, padding));
    entries.iter().for_each(|entry| entry.write(out));
}
