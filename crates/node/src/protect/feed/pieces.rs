//! A file as pieces: each of the values of one kind from a key up to that of the next piece, with what its writer remembered where it
//! begins. A piece can be written anew by itself; where it then ends otherwise than the next one begins, that one is, too.
//!
//! Pieces are added to one file of no name and never written over, so that what is being sent stays as it was. They lie there deflated:
//! lines are much alike, and writing hundreds of megabytes would take longer than making them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use model::Timestamp;
use model::observable::Kind as ValueKind;
use sensors::{File as FileOf, Format, Head, IsTaken, Item, Numbers, Outcome, Sum, Writer};
use sha2::{Digest, Sha256};
use store::read::LabelId;

use super::numbers::Sorted;
use crate::reading::Reading;
use crate::reads::Range;
use crate::{Error, Kind, Node, random};

/// Values that a piece is of before the next one begins. Few where tests run, which so come over many borders.
const VALUES: u64 = if cfg!(debug_assertions) { 3 } else { 512 };
/// The same of rules that members share: each is read anew whenever its piece is written.
const RULES: u64 = if cfg!(debug_assertions) { 3 } else { 32 };
/// Bytes that are gathered before they are deflated and written.
const GATHERED: usize = 256 << 10;
/// The quickest that zstd is without losing much.
const ZSTD_LEVEL: i32 = 1;
/// What counts down from the file's time is at most so much older, in seconds.
const COUNTED_S: i64 = 60;

/// A file of no name: once it is there nothing is left of it by a crash. And up to where it is written.
#[derive(Debug, Clone)]
pub(super) struct Spool {
    pub(super) file: Arc<File>,
    pub(super) end: u64,
}

impl Spool {
    pub(super) fn begin(node: &Node) -> Result<Spool, Error> {
        let path = node.inner.folder.join(format!("feed-{}.part", random::uuid()?));
        let file = File::options().read(true).write(true).create_new(true).open(&path).map_err(unwritten)?;
        std::fs::remove_file(&path).map_err(unwritten)?;
        Ok(Spool { file: Arc::new(file), end: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all_at(bytes, self.end).map_err(unwritten)?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// What lies in a range of it, as it was before it was deflated.
    pub(super) fn read(&self, (at, bytes): (u64, u64)) -> std::io::Result<impl Read> {
        zstd::Decoder::new(Stored { file: Arc::clone(&self.file), at, end: at + bytes })
    }
}

/// Bytes as they lie in the file.
struct Stored {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = buffer.get_mut(..left).unwrap_or_default();
        let read = self.file.read_at(buffer, self.at)?;
        if read == 0 && left > 0 {
            return Err(std::io::Error::other("the file is cut"));
        }
        self.at += read as u64;
        Ok(read)
    }
}

fn unwritten(error: std::io::Error) -> Error {
    Error::new(Kind::Unavailable, format!("a file for sensors cannot be written: {error}"))
}

/// What was counted while values were written.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pub(super) bytes: u64,
    pub(super) entries: u64,
    pub(super) values: u64,
    /// Values that were judged, whatever became of them.
    pub(super) judged: u64,
    pub(super) outcomes: BTreeMap<&'static str, u64>,
    /// A sum of prints of all that was written for each value: the same for the same, however it is cut into pieces. Nobody else
    /// can foresee them, and so make two that are alike.
    pub(super) print: u128,
    /// The sum that the file's last line tells, where it tells one.
    pub(super) sum: Sum,
}

impl Counts {
    pub(super) fn add(&mut self, other: &Counts) {
        self.bytes += other.bytes;
        self.entries += other.entries;
        self.values += other.values;
        self.judged += other.judged;
        self.print = self.print.wrapping_add(other.print);
        self.sum.add_all(other.sum);
        for (why, count) in &other.outcomes {
            *self.outcomes.entry(why).or_default() += count;
        }
    }
}

/// A piece. There are thousands of each file, so they lie in one place of memory, with little beside them.
#[derive(Debug)]
pub(super) struct Piece {
    /// It is of the values of this key's kind, from this key on.
    pub(super) first: Box<[u8]>,
    /// What its writer remembered there.
    pub(super) rest: Box<[u8]>,
    /// Where it lies in the file, and how many bytes it has there.
    pub(super) at: u64,
    pub(super) stored: u64,
    pub(super) counts: Counts,
    /// From then on something of it is otherwise, by the clock alone.
    pub(super) ends: Timestamp,
    /// Some of its values are behind the first of their day.
    pub(super) beyond: bool,
    pub(super) lent: Range,
    pub(super) given: Box<[(u64, LabelId)]>,
    /// The numbers that its rules have, and those that they would have, were they not another's.
    pub(super) numbers: Arc<Sorted>,
    pub(super) wanted: Box<[u64]>,
}

impl Piece {
    fn begin(first: &[u8], rest: Vec<u8>, at: u64) -> Piece {
        Piece {
            first: first.into(),
            rest: rest.into(),
            at,
            stored: 0,
            counts: Counts::default(),
            ends: Timestamp::MAX,
            beyond: false,
            lent: Range::default(),
            given: Box::default(),
            numbers: Arc::default(),
            wanted: Box::default(),
        }
    }
}

/// Pieces that are being written.
pub(super) struct Making<'m> {
    format: Format,
    /// Values of a piece, at most, and of this one so far: also those of which nothing is for who asks.
    most: u64,
    met: u64,
    reading: &'m Reading,
    writer: Writer,
    out: Vec<u8>,
    deflate: zstd::bulk::Compressor<'static>,
    spool: Spool,
    keyed: Sha256,
    done: Vec<Piece>,
    at: Piece,
}

/// What came of it.
pub(super) struct Made {
    pub(super) pieces: Vec<Piece>,
    pub(super) spool: Spool,
    /// What the writer remembers at the end, for a key there.
    pub(super) rest: Vec<u8>,
}

impl<'m> Making<'m> {
    /// Begins at a key with what is remembered there, or at the beginning of a file; with numbers that rules before it have.
    pub(super) fn begin(
        key: &[u8; 32],
        reading: &'m Reading,
        (format, file, head): (Format, &FileOf, &Head<'_>),
        (first, rest): (&[u8], Option<&[u8]>),
        (spool, is_taken): (Spool, Option<IsTaken>),
    ) -> Result<Making<'m>, Error> {
        let mut writer = Writer::resumed(format, file, head, rest.unwrap_or_default());
        if let Some(is_taken) = is_taken {
            writer.beside(is_taken);
        }
        let mut keyed = Sha256::new();
        keyed.update(b"accord feed");
        keyed.update([0; 21]);
        keyed.update(key);
        let rest = rest.map_or_else(|| writer.rest(first), <[u8]>::to_vec);
        let at = Piece::begin(first, rest, spool.end);
        let out = Vec::with_capacity(GATHERED + 4_096);
        let deflate = zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(unwritten)?;
        let most = if file.is_of_rules() { RULES } else { VALUES };
        Ok(Making { format, most, met: 0, reading, writer, out, deflate, spool, keyed, done: Vec::new(), at })
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// The next value is under this key: another piece begins there, where this one is of enough.
    pub(super) fn goes_on_from(&mut self, key: &[u8]) -> Result<(), Error> {
        if self.met >= self.most {
            self.turn(key)?;
        }
        self.met += 1;
        Ok(())
    }

    /// Another piece begins here.
    pub(super) fn turn(&mut self, first: &[u8]) -> Result<(), Error> {
        if *self.at.first != *first {
            self.write()?;
            let next = Piece::begin(first, self.writer.rest(first), self.spool.end);
            self.close(next);
        }
        Ok(())
    }

    // Whole frames of zstd, one or more for each piece.
    fn write(&mut self) -> Result<(), Error> {
        if !self.out.is_empty() {
            let deflated = self.deflate.compress(&self.out).map_err(unwritten)?;
            self.spool.write(&deflated)?;
            self.at.stored += deflated.len() as u64;
            self.out.clear();
        }
        Ok(())
    }

    fn close(&mut self, next: Piece) {
        self.met = 0;
        let mut piece = std::mem::replace(&mut self.at, next);
        (piece.lent, piece.given) = (self.reading.lent.take(), self.reading.given.take().into());
        piece.counts.sum = self.writer.take_sum();
        let Numbers { given, wanted } = self.writer.take_numbers();
        if !given.is_empty() {
            piece.numbers = Arc::new(Sorted::new(given.into_iter()));
        }
        piece.wanted = wanted.into();
        self.done.push(piece);
    }

    /// A value is judged, of which something begins to be valid then, and of whose sources one says that much on a day.
    pub(super) fn judged(&mut self, begins: Option<Timestamp>, beyond: bool) {
        self.at.counts.judged += 1;
        self.at.beyond |= beyond;
        self.is_other_from(begins);
    }

    /// By the clock alone something of the piece is otherwise from then on.
    pub(super) fn is_other_from(&mut self, time: Option<Timestamp>) {
        self.at.ends = time.map_or(self.at.ends, |time| self.at.ends.min(time));
    }

    pub(super) fn item(&mut self, item: &Item<'_>) -> Result<(), Error> {
        let before = self.out.len();
        self.at.counts.values += 1;
        match self.writer.item(&mut self.out, item) {
            Outcome::Written => self.at.counts.entries += 1,
            Outcome::InPart(reason) => {
                self.at.counts.entries += 1;
                self.passed_over(reason.name());
            }
            Outcome::PassedOver(reason) => self.passed_over(reason.name()),
            // What is covered is in the file all the same, by what is around it.
            Outcome::Covered => {}
            // Another file of the format tells what became of it.
            Outcome::Elsewhere => self.at.counts.values -= 1,
        }
        let written = self.out.get(before..).unwrap_or_default();
        if !written.is_empty() {
            self.at.counts.bytes += written.len() as u64;
            let print = <[u8; 32]>::from(self.keyed.clone().chain_update(written).finalize());
            let (halves, _) = print.as_chunks::<16>();
            let half = halves.first().copied().map_or(0, u128::from_be_bytes);
            self.at.counts.print = self.at.counts.print.wrapping_add(half);
            if item.until.is_some() && self.format.counts_down() {
                self.is_other_from(Some(self.reading.now.plus_seconds(COUNTED_S)));
            }
        }
        if self.out.len() >= GATHERED { self.write() } else { Ok(()) }
    }

    pub(super) fn passed_over(&mut self, why: &'static str) {
        *self.at.counts.outcomes.entry(why).or_default() += 1;
    }

    /// The end, where a key follows.
    pub(super) fn end(mut self, next: &[u8]) -> Result<Made, Error> {
        self.write()?;
        let after = Piece::begin(&[], Vec::new(), self.spool.end);
        self.close(after);
        Ok(Made { pieces: self.done, spool: self.spool, rest: self.writer.rest(next) })
    }
}

/// The pieces that hold these keys, and those of which something is otherwise by now.
pub(super) fn touched(pieces: &[Piece], keys: &BTreeSet<Vec<u8>>, now: Timestamp) -> BTreeSet<usize> {
    let ended = pieces.iter().enumerate().filter(|(_, piece)| piece.ends <= now);
    let mut touched: BTreeSet<usize> = ended.map(|(place, _)| place).collect();
    for key in keys {
        let place = pieces.partition_point(|piece| *piece.first <= **key);
        let holds =
            |place: &usize| pieces.get(*place).is_some_and(|piece| piece.first.first() == key.first());
        // Of other kinds the file has nothing.
        touched.extend(place.checked_sub(1).filter(holds));
    }
    touched
}

/// The kind of a piece's values.
pub(super) fn kind_of(file: &FileOf, piece: &Piece) -> Option<ValueKind> {
    let byte = piece.first.first()?;
    file.kinds().iter().copied().find(|kind| kind.byte() == *byte)
}

/// With the pieces at these places, in order, put in place of those that were there.
pub(super) fn put(pieces: Vec<Piece>, written: Vec<(usize, Vec<Piece>)>) -> Vec<Piece> {
    let mut written = written.into_iter().peekable();
    let mut all = Vec::with_capacity(pieces.len() + 8);
    for (place, piece) in pieces.into_iter().enumerate() {
        match written.next_if(|(of, _)| *of == place) {
            Some((_, new)) => all.extend(new),
            None => all.push(piece),
        }
    }
    all
}

/// Where their bytes lie, those behind each other together.
pub(super) fn ranges(pieces: &[Piece]) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for piece in pieces.iter().filter(|piece| piece.stored > 0) {
        match ranges.last_mut() {
            Some((at, bytes)) if *at + *bytes == piece.at => *bytes += piece.stored,
            _ => ranges.push((piece.at, piece.stored)),
        }
    }
    ranges
}
