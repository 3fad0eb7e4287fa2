//! The strip: what the spans tell and serve, laid out in plain files in order of position, so that a page of entries is
//! two reads of the system and no walk through the engine's pages.
//!
//! It is a copy and never a source: what it does not hold is read from the spans, and it can be removed whenever the store
//! is closed. `pages.heads` has a record of fixed length for each position: what the span tells, and where in
//! `pages.bytes` what is served lies. There each has a comma behind it, as in a list, so that what is served of entries that
//! follow each other is read as a list of them, straight to where it is wanted. The writer changes the files after each
//! commit. `pages.state` says how far they go; it is written when the store is closed, and removed before anything else is
//! changed, so that after a crash the strip is begun anew. A commit that changes what the strip holds makes the state void by
//! itself: it takes away the value beside the record that the state must repeat. What is erased is overwritten with zeros and
//! on the disk before the erasure is answered.
//!
//! Readers never wait: the strip says of which commit it is, and a reader who sees another one, before or after he has
//! read, reads the spans. So does who may see one more than was counted when he began: what changes an entry takes a
//! position too, so that his record is longer. And so does whoever finds that the files cannot be read or are not what was
//! written, by their prints: from then on nobody reads them, and they are begun anew when the store is opened again.

mod copier;
mod differences;
mod print;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use model::Timestamp;

pub(crate) use copier::Copier;
pub(crate) use differences::{check, differences};

use super::row::damaged;
use super::span::{RECORD, Record};
use crate::Error;

/// Bytes of the record of a position: what its span tells of it, where what is served begins, how long that is, when it was
/// added, if that is the same for all readers, and the print of what is served. The rest is room; then comes its own print.
const HEAD: usize = 80 + 4;
/// Of an entry whose time depends on the reader.
const NO_TIME: i64 = i64::MIN;
/// Stands behind what is served of each entry.
const SEPARATOR: u8 = b',';
/// Positions that a reader reads together, at least and at most, and the bytes of theirs after which he stops.
const AT_LEAST: usize = 32;
pub(crate) const TOGETHER: usize = 256;
const TOGETHER_BYTES: usize = 1 << 20;
/// Bytes that are read along rather than passed over.
const GAP: u64 = 16 << 10;
/// Bytes of a buffer that is kept.
const KEPT: usize = 2 << 20;
/// The strip is of no commit just now.
const NONE: u64 = u64::MAX;

/// The files, for those who read.
#[derive(Debug)]
pub(crate) struct Strip {
    heads: File,
    bytes: File,
    // It holds the positions before `upto`, as they are after so many commits.
    upto: AtomicI64,
    as_of: AtomicU64,
    // The position after the last of that commit.
    end: AtomicI64,
    // A reader found the files other than they were written.
    damaged: AtomicBool,
}

/// What a reader sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// What had been committed before he began, by count: he sees that much or more.
    pub(crate) commits: u64,
    /// The position after the last that he sees.
    pub(crate) end: i64,
}

/// Where an entry's bytes lie, and when it was added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    at: u64,
    length: u32,
    time: i64,
    print: u32,
}

impl Place {
    // Where its separator ends.
    fn end(self) -> u64 {
        self.at.saturating_add(u64::from(self.length) + 1)
    }

    /// How long what is served is in bytes; 0 where it stands elsewhere, and of what is never served.
    pub(crate) fn length(self) -> usize {
        self.length as usize
    }

    /// When it was added, if that is the same for whoever may see it, and it was not opened later.
    pub(crate) fn time(self) -> Option<Timestamp> {
        (self.time != NO_TIME).then_some(Timestamp(self.time))
    }
}

fn encode(position: i64, record: &Record, place: Place) -> [u8; HEAD] {
    let mut bytes = [0; HEAD];
    let place = (place.at.to_le_bytes().into_iter())
        .chain(place.length.to_le_bytes())
        .chain(place.time.to_le_bytes())
        .chain(place.print.to_le_bytes());
    let parts = record.encode().into_iter().chain(place);
    bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    if let Some((told, print)) = bytes.split_last_chunk_mut() {
        *print = print::of_head(position, told).to_le_bytes();
    }
    bytes
}

// Of a record that was read whole, and is that of this position.
fn decode(position: i64, bytes: &[u8]) -> Option<(Record, Place)> {
    let (told, print) = bytes.split_last_chunk()?;
    if u32::from_le_bytes(*print) != print::of_head(position, told) {
        return None;
    }
    let (record, rest) = told.split_at_checked(RECORD)?;
    let (at, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (time, rest) = rest.split_first_chunk()?;
    let (print, _) = rest.split_first_chunk()?;
    let place = Place {
        at: u64::from_le_bytes(*at),
        length: u32::from_le_bytes(*length),
        time: i64::from_le_bytes(*time),
        print: u32::from_le_bytes(*print),
    };
    Some((Record::decode(record)?, place))
}

fn offset(position: i64) -> u64 {
    position.cast_unsigned() * HEAD as u64
}

/// What is wanted of the bytes.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    // They are read whole, one behind the other, with what lies between what is wanted.
    runs: Vec<Range<u64>>,
    // Their bytes together.
    length: usize,
    // What is wanted, where it will be among what was read, and its print.
    pieces: Vec<(Range<usize>, u32)>,
}

impl Wanted {
    /// Nothing.
    pub(crate) fn clear(&mut self) {
        self.runs.clear();
        self.pieces.clear();
        self.length = 0;
    }

    /// What lies behind all that is wanted already; whether there is room for it among what is read at once.
    pub(crate) fn add(&mut self, place: Place) -> bool {
        let near = |run: &&mut Range<u64>| place.at >= run.end && place.at - run.end <= GAP;
        let last = self.runs.last_mut().filter(near);
        let gap = last.as_ref().map_or(0, |run| (place.at - run.end) as usize);
        let from = self.length.saturating_add(gap);
        let to = from.saturating_add(place.length());
        if to >= TOGETHER_BYTES && !self.pieces.is_empty() {
            return false;
        }
        match last {
            Some(run) => run.end = place.end(),
            None => self.runs.push(place.at..place.end()),
        }
        self.pieces.push((from..to, place.print));
        self.length = to.saturating_add(1);
        true
    }

    // Leaves of what was read behind `start` what is wanted, each with its separator; whether it is what was written.
    fn squeeze(&self, start: usize, read: &mut Vec<u8>) -> bool {
        let mut to = start;
        for (piece, print) in &self.pieces {
            let (from, separator) = (start + piece.start, start + piece.end);
            let is_whole = read.get(separator) == Some(&SEPARATOR)
                && read.get(from..separator).is_some_and(|piece| print::of_bytes(piece) == *print);
            if !is_whole {
                return false;
            }
            if from != to {
                read.copy_within(from..=separator, to);
            }
            to += piece.len() + 1;
        }
        read.truncate(to);
        true
    }
}

/// What was read of the strip: entries that follow each other, and the bytes of those that were wanted.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    heads: Vec<u8>,
    entries: Vec<(Record, Place)>,
    first: i64,
    bytes: Vec<u8>,
    // Of each entry, where its bytes are.
    read: Vec<Option<Range<usize>>>,
    wanted: Wanted,
}

impl Chunk {
    /// Where its entries stand.
    pub(crate) fn positions(&self) -> Range<i64> {
        self.first..self.first.saturating_add(self.entries.len() as i64)
    }

    /// Its entries, in order.
    pub(crate) fn entries(&self) -> &[(Record, Place)] {
        &self.entries
    }

    /// What stands at a position, and its bytes if they were read.
    pub(crate) fn entry(&self, position: i64) -> Result<(&Record, Place, Option<&[u8]>), Error> {
        let index = usize::try_from(position - self.first).ok();
        let entry = index.and_then(|index| Some((self.entries.get(index)?, self.read.get(index)?)));
        let ((record, place), read) = entry.ok_or_else(|| damaged("pages.heads"))?;
        let bytes = read.clone().and_then(|read| self.bytes.get(read));
        Ok((record, *place, if place.length == 0 { Some(&[]) } else { bytes }))
    }

    /// Lets go of what is too long to be kept.
    pub(crate) fn shrink(&mut self) {
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
    }

    // Finds what of the bytes is wanted, and where it will be.
    fn plan(&mut self, wants: &dyn Fn(&Record) -> bool, most: usize) {
        self.wanted.clear();
        self.read.clear();
        let (mut at, mut kept) = (0, 0);
        for (record, place) in &self.entries {
            if place.length == 0 || !wants(record) {
                self.read.push(None);
            } else if self.wanted.pieces.len() == most {
                // Where no more is wanted, its head is enough; otherwise the next chunk begins with it.
                self.read.push(None);
                kept += 1;
                break;
            } else if self.wanted.add(*place) {
                self.read.push(Some(at..at + place.length()));
                at += place.length() + 1;
            } else {
                break;
            }
            kept += 1;
        }
        self.entries.truncate(kept);
    }
}

impl Strip {
    fn is_of(&self, seen: Seen) -> bool {
        self.as_of.load(Ordering::SeqCst) == seen.commits
    }

    // What was done with the files counts if they were of the commit all the while.
    fn counts<T>(&self, seen: Seen, done: Option<T>) -> Option<T> {
        if !self.is_of(seen) {
            return None;
        }
        if done.is_none() {
            self.damaged.store(true, Ordering::SeqCst);
        }
        done
    }

    /// Reads what is told of about so many entries from a position on. Answers whether the strip is of this commit and has
    /// them.
    pub(crate) fn heads(&self, seen: Seen, from: i64, count: usize, chunk: &mut Chunk) -> bool {
        let is_of = self.is_of(seen) && self.end.load(Ordering::SeqCst) == seen.end;
        if !is_of || self.damaged.load(Ordering::SeqCst) {
            return false;
        }
        // What follows on the next commit is copied before the strip is of that.
        let left = self.upto.load(Ordering::SeqCst).min(seen.end).saturating_sub(from);
        let count = count.max(AT_LEAST).min(usize::try_from(left).unwrap_or(0));
        if count == 0 {
            return false;
        }
        chunk.first = from;
        chunk.heads.resize(count * HEAD, 0);
        let read = self.heads.read_exact_at(&mut chunk.heads, offset(from)).ok();
        chunk.entries.clear();
        let decoded = read.and_then(|()| {
            (from..).zip(chunk.heads.chunks_exact(HEAD)).try_for_each(|(position, head)| {
                chunk.entries.push(decode(position, head)?);
                Some(())
            })
        });
        self.counts(seen, decoded).is_some()
    }

    /// Puts what is wanted behind what `to` holds, each with its separator. Answers whether the strip is still of this
    /// commit; otherwise nothing is there.
    pub(crate) fn bytes(&self, seen: Seen, wanted: &Wanted, to: &mut Vec<u8>) -> bool {
        let start = to.len();
        let done = self.fetch(wanted, to).ok().filter(|()| wanted.squeeze(start, to));
        let counts = self.counts(seen, done).is_some();
        if !counts {
            to.truncate(start);
        }
        counts
    }

    fn fetch(&self, wanted: &Wanted, to: &mut Vec<u8>) -> io::Result<()> {
        // Nothing is so long that is not there.
        let end = wanted.runs.iter().map(|run| run.end).max().unwrap_or(0);
        if wanted.length > TOGETHER_BYTES && self.bytes.metadata()?.len() < end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut at = to.len();
        to.resize(at + wanted.length, 0);
        for run in &wanted.runs {
            let length = (run.end - run.start) as usize;
            let run_of = to.get_mut(at..at + length).ok_or(io::ErrorKind::UnexpectedEof)?;
            self.bytes.read_exact_at(run_of, run.start)?;
            at += length;
        }
        Ok(())
    }

    /// Reads entries from a position on, and the bytes of at most `most` of those that `wants` asks for. Answers whether
    /// the strip is of this commit and has them.
    pub(crate) fn read(
        &self,
        seen: Seen,
        from: i64,
        (most, wants): (usize, &dyn Fn(&Record) -> bool),
        chunk: &mut Chunk,
    ) -> bool {
        if !self.heads(seen, from, most.saturating_add(1).min(TOGETHER), chunk) {
            return false;
        }
        chunk.plan(wants, most);
        chunk.bytes.clear();
        self.bytes(seen, &chunk.wanted, &mut chunk.bytes)
    }
}
