//! A file of what is known: a compiled set and what its entries are called, so that a scan needs no node and reads only what is hit.
//!
//! | at | bytes | |
//! |---|---|---|
//! | 0 | 8 | `accknow` and a line feed |
//! | 8 | 4 | version of the form: 1 |
//! | 12 | 4 | nothing |
//! | 16 | 8 | bytes of the notes |
//! | 24 | 8 | bytes of the set |
//! | 32 | 8 | entries |
//! | 40 | 8 | bytes of the texts |
//! | 48 | 32 | SHA-256 of all behind the head |
//! | 80 | 32 | SHA-256 of the bytes before |
//! | 112 | 16 | nothing: the place of a signature over the digest before, which form 1 has not |
//!
//! Numbers are little-endian. Behind the head stand the notes (JSON: when, from where, as of which position), the set, of each entry where
//! its four texts end, and the texts.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use sha2::{Digest, Sha256};
use shield::{Fault, Knowledge, Source, Unreadable};

use super::called::Called;

const MAGIC: &[u8; 8] = b"accknow\n";
const VERSION: u32 = 1;
const HEAD: usize = 128;
/// Where the digest of what is behind the head stands, and behind it that of the head.
const DIGESTS_AT: usize = 48;
const HEAD_DIGEST_AT: usize = 80;
const SIGNATURE_AT: usize = 112;
/// How much is read at once where all is read.
const BLOCK: usize = 1 << 20;
/// The longest notes that are taken.
const NOTES_MAX: u64 = 1 << 20;
/// The longest text of an entry that is taken, in bytes.
const TEXT_MAX: u64 = 1 << 20;
/// Of an entry, where its texts end.
const ENDS: u64 = 32;

/// Why a file of what is known is not taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unopened {
    /// It is something else, such as a list.
    Foreign,
    /// It cannot be used, for this reason.
    Unusable(String),
}

impl fmt::Display for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unopened::Foreign => f.write_str("not a file of what is known"),
            Unopened::Unusable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Unopened {}

impl From<Unreadable> for Unopened {
    fn from(unreadable: Unreadable) -> Unopened {
        Unopened::Unusable(format!("it cannot be read: {}", unreadable.0))
    }
}

impl From<Fault> for Unopened {
    fn from(fault: Fault) -> Unopened {
        Unopened::Unusable(fault.to_string())
    }
}

/// Part of some bytes.
pub struct Part {
    whole: Arc<dyn Source + Send + Sync>,
    from: u64,
    length: u64,
}

impl Part {
    /// All of it.
    pub(super) fn all(whole: Vec<u8>) -> Part {
        Part { length: whole.len() as u64, whole: Arc::new(whole), from: 0 }
    }
}

impl Source for Part {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Unreadable> {
        let end = at.checked_add(into.len() as u64).filter(|end| *end <= self.length);
        if end.is_none() {
            return Err(Unreadable("it ends before".to_owned()));
        }
        self.whole.read(self.from + at, into)
    }
}

/// What is compiled, before it is written or asked.
pub(super) struct Compiled<'c> {
    pub set: &'c [u8],
    pub texts: &'c str,
    pub ends: &'c [[usize; 4]],
}

/// Writes a file.
pub(super) fn write(compiled: &Compiled<'_>, notes: &Value, out: &mut impl Write) -> io::Result<()> {
    let notes = notes.to_string();
    let mut ends = Vec::with_capacity(compiled.ends.len() * ENDS as usize);
    compiled.ends.iter().flatten().for_each(|end| ends.extend_from_slice(&(*end as u64).to_le_bytes()));
    let parts = [notes.as_bytes(), compiled.set, &ends, compiled.texts.as_bytes()];
    let mut digest = Sha256::new();
    parts.iter().for_each(|part| digest.update(part));
    let mut head = MAGIC.to_vec();
    head.extend_from_slice(&VERSION.to_le_bytes());
    head.extend_from_slice(&[0; 4]);
    for number in [notes.len(), compiled.set.len(), compiled.ends.len(), compiled.texts.len()] {
        head.extend_from_slice(&(number as u64).to_le_bytes());
    }
    head.extend_from_slice(&digest.finalize());
    let of_head = Sha256::digest(&head);
    head.extend_from_slice(&of_head);
    head.resize(HEAD, 0);
    out.write_all(&head)?;
    parts.iter().try_for_each(|part| out.write_all(part))?;
    out.flush()
}

/// A file that was opened and found whole.
pub(super) struct Opened {
    pub knowledge: Knowledge<Part>,
    pub notes: Value,
    pub texts: Texts,
}

/// What the entries of a file are called: read where something hit.
pub(super) struct Texts {
    whole: Arc<dyn Source + Send + Sync>,
    ends_at: u64,
    pub entries: u64,
    texts: u64,
    /// The numbers under which names of entries are kept.
    known: Mutex<HashMap<u64, u64>>,
}

/// Opens a file and compares all of it with what was written.
pub(super) fn open(whole: Arc<dyn Source + Send + Sync>) -> Result<Opened, Unopened> {
    let unusable = |why: &str| Unopened::Unusable(why.to_owned());
    let is = whole.length();
    let mut head = [0; HEAD];
    let there = usize::try_from(is).unwrap_or(HEAD).min(HEAD);
    whole.read(0, head.get_mut(..there).unwrap_or_default())?;
    if !head.starts_with(MAGIC) {
        return Err(Unopened::Foreign);
    }
    let version = u32::from_le_bytes(*head.get(8..).and_then(<[u8]>::first_chunk).unwrap_or(&[0; 4]));
    if version > VERSION {
        let why = format!("it is of form {version}, and this program knows {VERSION}: it is too old for it");
        return Err(Unopened::Unusable(why));
    }
    let digest_at = |at: usize| head.get(at..at + 32).unwrap_or_default();
    let of_head = Sha256::digest(head.get(..HEAD_DIGEST_AT).unwrap_or_default());
    if there < HEAD || version == 0 || of_head.as_slice() != digest_at(HEAD_DIGEST_AT) {
        return Err(unusable("it is damaged: its head is not what was written"));
    }
    if head.get(SIGNATURE_AT..).unwrap_or_default().iter().any(|byte| *byte != 0) {
        return Err(unusable("it is damaged: something stands where nothing is written"));
    }
    let number =
        |at: usize| head.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |n| u64::from_le_bytes(*n));
    let [notes, set, entries, texts] = [16, 24, 32, 40].map(number);
    let says = [Some(notes), Some(set), entries.checked_mul(ENDS), Some(texts)];
    let says = says.into_iter().try_fold(HEAD as u64, |sum, part| sum.checked_add(part?));
    if says != Some(is) {
        let says = says.unwrap_or(u64::MAX);
        return Err(unusable(&format!("it is torn: {is} bytes are there, and it says {says}")));
    }
    if notes > NOTES_MAX {
        return Err(unusable("it is damaged: its notes are too long"));
    }
    let mut digest = Sha256::new();
    let mut block = vec![0; BLOCK];
    let mut at = HEAD as u64;
    while at < is {
        let length = usize::try_from(is - at).unwrap_or(BLOCK).min(BLOCK);
        let block = block.get_mut(..length).unwrap_or_default();
        whole.read(at, block)?;
        digest.update(&*block);
        at += length as u64;
    }
    if digest.finalize().as_slice() != digest_at(DIGESTS_AT) {
        return Err(unusable("it is damaged: it does not hold what was written"));
    }
    let mut text = vec![0; usize::try_from(notes).unwrap_or_default()];
    whole.read(HEAD as u64, &mut text)?;
    let notes_read = serde_json::from_slice(&text).map_err(|_| unusable("it is damaged: its notes"))?;
    let from = HEAD as u64 + notes;
    let knowledge = Knowledge::open(Part { whole: Arc::clone(&whole), from, length: set })?;
    let texts = Texts { ends_at: from + set, entries, texts, known: Mutex::default(), whole };
    Ok(Opened { knowledge, notes: notes_read, texts })
}

impl Texts {
    /// The number under which the name of an entry is kept.
    pub(super) fn call(&self, id: u64, called: &Called) -> u64 {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // What cannot be read any more has no name; the hit stands all the same.
        *known.entry(id).or_insert_with(|| called.number(self.of(id).unwrap_or_default()))
    }

    fn of(&self, id: u64) -> Option<[String; 4]> {
        if id >= self.entries {
            return None;
        }
        // With the last end of the entry before.
        let first = (id * ENDS).checked_sub(8);
        let mut bytes = [0; 40];
        let into = if first.is_some() { bytes.as_mut_slice() } else { bytes.get_mut(8..)? };
        self.whole.read(self.ends_at + first.unwrap_or(0), into).ok()?;
        let mut ends = bytes.as_chunks::<8>().0.iter().map(|end| u64::from_le_bytes(*end));
        let mut start = ends.next()?;
        let mut texts: [String; 4] = Default::default();
        for (text, end) in texts.iter_mut().zip(ends) {
            let length = end.checked_sub(start).filter(|length| *length <= TEXT_MAX && end <= self.texts)?;
            let mut bytes = vec![0; usize::try_from(length).ok()?];
            self.whole.read(self.ends_at + self.entries * ENDS + start, &mut bytes).ok()?;
            *text = String::from_utf8_lossy(&bytes).into_owned();
            start = end;
        }
        Some(texts)
    }
}
