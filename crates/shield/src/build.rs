//! Making the file of a set.

use std::fmt;

use model::matching::{Refused, Standing, stand};
use model::observable::{Kind, Observable};

use crate::entry::{ENTRY_BYTES, Entry, form_of};
use crate::file;
use crate::hash::Hasher;
use crate::record::{self, ALIGN, HEAD_BYTES};
use crate::shape::Shape;
use crate::table::PLACE_MAX;

/// What one key has place for.
const ENTRIES_OF_KEY_MAX: usize = 1 << 26;

/// Gathers what indicators say, and makes the file of it.
///
/// ```
/// use model::matching::read;
/// use shield::{Builder, Entry, Knowledge};
///
/// // The seed is random and of this set alone.
/// let mut builder = Builder::new(0x5eed);
/// let (value, mode) = read(None, "*.evil.example").unwrap();
/// builder.add(&value, Entry { mode, ..Entry::new(7) }).unwrap();
/// let knowledge = Knowledge::open(builder.finish().unwrap()).unwrap();
/// let seen = model::observable::guess("www.evil.example").unwrap();
/// let found = knowledge.ask(&seen).unwrap();
/// assert_eq!(found.iter().map(|found| found.entry.id).collect::<Vec<_>>(), [7]);
/// ```
pub struct Builder {
    seed: u64,
    hasher: Hasher,
    /// Of each entry: the hash of its key, where that lies, and its own number.
    rows: Vec<Row>,
    keys: Vec<u8>,
    entries: Vec<Entry>,
}

struct Row {
    hash: u64,
    at: u64,
    length: u16,
    kind: Kind,
    entry: u32,
}

/// Why no file was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unmade {
    /// More entries, or longer keys in all, than a file has places for.
    TooLarge,
}

impl fmt::Display for Unmade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unmade::TooLarge => f.write_str("more entries than a file of knowledge holds"),
        }
    }
}

impl std::error::Error for Unmade {}

impl Builder {
    /// Nothing yet. The seed keys the set's hashes: random, and told to nobody who chooses what is seen or said.
    #[must_use]
    pub fn new(seed: u64) -> Builder {
        Builder { seed, hasher: Hasher::new(seed), rows: Vec::new(), keys: Vec::new(), entries: Vec::new() }
    }

    /// Adds what an indicator says of a value, in the entry's mode. The entry's scheme is set to that of the value.
    ///
    /// # Errors
    /// When the value must not be meant so ([`stand`]).
    pub fn add(&mut self, value: &Observable, entry: Entry) -> Result<(), Refused> {
        self.add_standing(&stand(value, entry.mode)?, entry);
        Ok(())
    }

    /// Adds what stands under keys already. The entry's mode and scheme are set to those of the standing.
    pub fn add_standing(&mut self, standing: &Standing, entry: Entry) {
        let entry = Entry { mode: standing.mode, scheme: standing.scheme, ..entry };
        standing.keys.iter().for_each(|key| self.push_key(key, entry));
    }

    /// Adds an entry under a key of `model`.
    pub(crate) fn push_key(&mut self, key: &[u8], entry: Entry) {
        if let Some((kind, form)) = form_of(key) {
            self.push(self.hasher.key(kind, &form), kind, &form, entry);
        }
    }

    fn push(&mut self, hash: u64, kind: Kind, form: &[u8], entry: Entry) {
        let row = Row {
            hash,
            at: self.keys.len() as u64,
            length: form.len() as u16,
            kind,
            entry: u32::try_from(self.entries.len()).unwrap_or(u32::MAX),
        };
        self.rows.push(row);
        self.keys.extend_from_slice(form);
        self.entries.push(entry);
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The file: the same for the same seed and the same entries in the same order. It is meant to be written whole and put in place by
    /// renaming.
    ///
    /// # Errors
    /// When there is more than a file can hold.
    pub fn finish(mut self) -> Result<Vec<u8>, Unmade> {
        if u32::try_from(self.entries.len()).is_err() {
            return Err(Unmade::TooLarge);
        }
        // By the place in the table, so that making it goes through memory in order, too.
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_unstable_by_key(|row| (row.hash, row.entry));
        let store_bytes = self.keys.len() + rows.len() * (HEAD_BYTES + ALIGN + ENTRY_BYTES);
        let mut store = Vec::with_capacity(store_bytes);
        let mut shape = Shape::new();
        let mut places: Vec<(u64, u32)> = Vec::with_capacity(rows.len());
        let (mut entries, mut left): (Vec<Entry>, Vec<&Row>) = (Vec::new(), Vec::new());
        for of_hash in rows.chunk_by(|one, other| one.hash == other.hash) {
            // Two keys of one hash, should that ever be: each has a record of its own.
            left.clear();
            left.extend(of_hash);
            while let Some(first) = left.first().copied() {
                let form = self.form(first);
                let is_same = |row: &&Row| row.kind == first.kind && self.form(row) == form;
                let of_key = left.iter().filter(|row| is_same(row));
                entries.clear();
                entries.extend(of_key.filter_map(|row| self.entries.get(row.entry as usize)));
                left.retain(|row| !is_same(row));
                let place = u32::try_from(store.len() / ALIGN).ok().filter(|place| *place <= PLACE_MAX);
                if entries.len() > ENTRIES_OF_KEY_MAX {
                    return Err(Unmade::TooLarge);
                }
                places.push((first.hash, place.ok_or(Unmade::TooLarge)?));
                entries.iter().for_each(|entry| shape.add(first.kind, form, entry.mode));
                record::write(&mut store, first.hash, first.kind, form, &entries);
            }
        }
        Ok(file::write(self.seed, rows.len() as u64, &places, &shape, &store))
    }

    fn form(&self, row: &Row) -> &[u8] {
        let at = row.at as usize;
        self.keys.get(at..at + usize::from(row.length)).unwrap_or(&[])
    }
}
