//! A set that is asked: a file, and what came and went since it was made.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use model::matching::{Nearness, Refused, Scheme, Standing, asks, stand};
use model::observable::{Kind, Observable};

use crate::build::{Builder, Unmade};
use crate::entry::{Entry, form_of, key_of_form, text_of};
use crate::file::{Fault, File, Source};
use crate::hash::Hasher;
use crate::record::Record;
use crate::shape::Shape;
use crate::table::print_of;

/// What was found for a value that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What stands there.
    pub entry: Entry,
    /// What the value that it is said of is to the one that was seen.
    pub nearness: Nearness,
    /// The kind of the value that it is said of.
    pub kind: Kind,
    /// The value that it is said of, where its key tells it; of a URL of `http` or `https` without the scheme.
    pub value: Option<String>,
    /// The scheme that was seen, of a URL of `http` or `https`. Whether another one than the entry's counts is for the caller to say.
    pub scheme: Option<Scheme>,
}

/// A compiled set, with what was added and removed since it was made. A copy shares the file, so a change can be made to a copy while
/// others ask what was there before.
pub struct Knowledge<S> {
    file: Arc<File<S>>,
    hasher: Hasher,
    shape: Shape,
    added: HashMap<u64, Vec<Record<'static>>, BuildHasherDefault<Ready>>,
    /// Of each id that was added, the hashes that it stands under.
    added_under: HashMap<u64, Vec<u64>, BuildHasherDefault<Ready>>,
    removed: HashSet<u64, BuildHasherDefault<Ready>>,
}

impl<S> Clone for Knowledge<S> {
    fn clone(&self) -> Knowledge<S> {
        Knowledge {
            file: Arc::clone(&self.file),
            hasher: self.hasher.clone(),
            shape: self.shape.clone(),
            added: self.added.clone(),
            added_under: self.added_under.clone(),
            removed: self.removed.clone(),
        }
    }
}

/// Takes a hash that is one already, and mixes ids that may be anything.
#[derive(Default)]
struct Ready(u64);

impl std::hash::Hasher for Ready {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ mixed >> 32;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<S: Source> Knowledge<S> {
    /// Opens the file of a set. Its head and its table are compared with their sums; the store is looked at where it is asked
    /// ([`Knowledge::check`] looks at all of it).
    ///
    /// # Errors
    /// When it is no such file, torn, or damaged.
    pub fn open(source: S) -> Result<Knowledge<S>, Fault> {
        let file = File::open(source)?;
        Ok(Knowledge {
            hasher: Hasher::new(file.head.seed),
            shape: file.shape.clone(),
            file: Arc::new(file),
            added: HashMap::default(),
            added_under: HashMap::default(),
            removed: HashSet::default(),
        })
    }

    /// Reads all of the store and compares it with its sum.
    ///
    /// # Errors
    /// When it is not what was written.
    pub fn check(&self) -> Result<(), Fault> {
        self.file.check()
    }

    /// How many entries the file holds.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.file.head.entries
    }

    /// How many keys the file holds.
    #[must_use]
    pub fn keys(&self) -> u64 {
        self.file.head.keys
    }

    /// How many keys and ids were added and removed since the file was made: when they are many it is time for
    /// [`Knowledge::rebuilt`].
    #[must_use]
    pub fn changes(&self) -> usize {
        self.added.len() + self.removed.len()
    }

    /// Bytes of memory that the file's table and shape take. The store takes none of its own.
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        self.file.table.bytes() + 2 * crate::shape::SHAPE_BYTES
    }

    /// Adds what an indicator says of a value, in the entry's mode.
    ///
    /// # Errors
    /// When the value must not be meant so.
    pub fn add(&mut self, value: &Observable, entry: Entry) -> Result<(), Refused> {
        self.add_standing(&stand(value, entry.mode)?, entry);
        Ok(())
    }

    /// Adds what stands under keys already. The entry's mode and scheme are set to those of the standing.
    pub fn add_standing(&mut self, standing: &Standing, entry: Entry) {
        let entry = Entry { mode: standing.mode, scheme: standing.scheme, ..entry };
        for (kind, form) in standing.keys.iter().filter_map(|key| form_of(key)) {
            self.shape.add(kind, &form, entry.mode);
            let hash = self.hasher.key(kind, &form);
            self.added_under.entry(entry.id).or_default().push(hash);
            let of_hash = self.added.entry(hash).or_default();
            match of_hash.iter_mut().find(|record| record.kind == kind && record.form == form) {
                Some(record) => record.entries.push(entry),
                None => {
                    let form = form.into_owned().into();
                    of_hash.push(Record { hash, kind, form, entries: vec![entry] });
                }
            }
        }
    }

    /// Removes all entries of an id, those of the file and those added since. It may be added anew.
    pub fn remove(&mut self, id: u64) {
        self.removed.insert(id);
        for hash in self.added_under.remove(&id).unwrap_or_default() {
            let Some(of_hash) = self.added.get_mut(&hash) else { continue };
            of_hash.iter_mut().for_each(|record| record.entries.retain(|entry| entry.id != id));
            of_hash.retain(|record| !record.entries.is_empty());
            if of_hash.is_empty() {
                self.added.remove(&hash);
            }
        }
    }

    /// All that matches a value that was seen, nearest first, at any time: [`Entry::held_at`] says what held when. Nothing of what was
    /// removed; each entry once.
    ///
    /// # Errors
    /// When the file can no longer be read, or is not what was written.
    pub fn ask(&self, seen: &Observable) -> Result<Vec<Found>, Fault> {
        let mut found: Vec<Found> = Vec::new();
        for ask in asks(seen, &self.shape.prefixes()) {
            let Some((kind, form)) = form_of(&ask.key) else { continue };
            if !self.shape.has(kind) {
                continue;
            }
            self.each_under(self.hasher.key(kind, &form), kind, &form, |entry| {
                let is_new = !found.iter().any(|one| one.entry == *entry);
                if entry.mode.admits(ask.nearness) && is_new {
                    let value = text_of(kind, &form);
                    found.push(Found {
                        entry: *entry,
                        nearness: ask.nearness,
                        kind,
                        value,
                        scheme: ask.scheme,
                    });
                }
            })?;
        }
        Ok(found)
    }

    fn each_under(
        &self,
        hash: u64,
        kind: Kind,
        form: &[u8],
        mut take: impl FnMut(&Entry),
    ) -> Result<(), Fault> {
        if self.file.table.may_hold(hash) {
            let mut bytes = Vec::new();
            for place in self.file.table.places(hash) {
                self.file.record(place, &mut bytes)?;
                let record = Record::read(&bytes).ok_or(Fault::Damaged("store"))?;
                // The slot and the record were written together.
                if print_of(record.hash) != print_of(hash) {
                    return Err(Fault::Damaged("store"));
                }
                if record.kind == kind && record.form == form {
                    record
                        .entries
                        .iter()
                        .filter(|entry| !self.removed.contains(&entry.id))
                        .for_each(&mut take);
                }
            }
        }
        let added = self.added.get(&hash).into_iter().flatten();
        let added = added.filter(|record| record.kind == kind && record.form == form);
        added.flat_map(|record| &record.entries).for_each(take);
        Ok(())
    }

    /// Whether anything may stand under a key of this hash.
    #[inline]
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        self.file.table.may_hold(hash) || (!self.added.is_empty() && self.added.contains_key(&hash))
    }

    pub(crate) fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// All that stands anywhere, key by key in no order that means anything: the kind, the key as `model` makes it, what stands there.
    /// Whoever brings a set into another form, such as that of devices, takes it from here.
    ///
    /// # Errors
    /// When the file can no longer be read, or is not what was written.
    pub fn each(&self, mut take: impl FnMut(Kind, &[u8], &[Entry])) -> Result<(), Fault> {
        let mut give = |kind: Kind, form: &[u8], entries: &[Entry]| {
            if !entries.is_empty() {
                take(kind, &key_of_form(kind, form), entries);
            }
        };
        self.file.each(|record| {
            let is_here = |entry: &&Entry| !self.removed.contains(&entry.id);
            let mut entries: Vec<Entry> = record.entries.iter().filter(is_here).copied().collect();
            let added = self.added.get(&record.hash).into_iter().flatten();
            let added = added.filter(|other| other.kind == record.kind && other.form == record.form);
            entries.extend(added.flat_map(|other| &other.entries));
            give(record.kind, &record.form, &entries);
        })?;
        for record in self.added.values().flatten() {
            let mut is_in_file = false;
            if self.file.table.may_hold(record.hash) {
                let mut bytes = Vec::new();
                for place in self.file.table.places(record.hash) {
                    self.file.record(place, &mut bytes)?;
                    let other = Record::read(&bytes).ok_or(Fault::Damaged("store"))?;
                    is_in_file |= other.kind == record.kind && other.form == record.form;
                }
            }
            if !is_in_file {
                give(record.kind, &record.form, &record.entries);
            }
        }
        Ok(())
    }

    /// A file of all that stands here now, under a new seed.
    ///
    /// # Errors
    /// When the file can no longer be read, is not what was written, or what is to be written is too large.
    pub fn rebuilt(&self, seed: u64) -> Result<Vec<u8>, Unbuilt> {
        let mut builder = Builder::new(seed);
        self.each(|_, key, entries| entries.iter().for_each(|entry| builder.push_key(key, *entry)))?;
        Ok(builder.finish()?)
    }
}

/// Why a set was not made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unbuilt {
    /// What is there cannot be read.
    Fault(Fault),
    /// What is to be made cannot be.
    Unmade(Unmade),
}

impl From<Fault> for Unbuilt {
    fn from(fault: Fault) -> Unbuilt {
        Unbuilt::Fault(fault)
    }
}

impl From<Unmade> for Unbuilt {
    fn from(unmade: Unmade) -> Unbuilt {
        Unbuilt::Unmade(unmade)
    }
}

impl std::fmt::Display for Unbuilt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unbuilt::Fault(fault) => fault.fmt(f),
            Unbuilt::Unmade(unmade) => unmade.fmt(f),
        }
    }
}

impl std::error::Error for Unbuilt {}
