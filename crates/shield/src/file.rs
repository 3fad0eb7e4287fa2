//! The file of a set: a head, the shape, the table, the store. It never changes once it is made.
//!
//! | at | bytes | |
//! |---|---|---|
//! | 0 | 8 | `accshld` and a line feed |
//! | 8 | 4 | version of the form: 1 |
//! | 12 | 4 | nothing |
//! | 16 | 8 | length of the file |
//! | 24 | 8 | seed of the hashes |
//! | 32 | 8 | keys |
//! | 40 | 8 | entries |
//! | 48 | 8 | buckets of the table |
//! | 56 | 8 | bytes of the store |
//! | 64 | 8 | sum of shape and table |
//! | 72 | 8 | sum of the store |
//! | 80 | 8 | sum of the bytes before |
//!
//! Numbers are little-endian. The shape lies at 128, the table behind it, the store behind that.

use std::fmt;

use crate::hash::{SUM_BLOCK, Sum};
use crate::record::{self, ALIGN, HEAD_BYTES, Record};
use crate::shape::{SHAPE_BYTES, Shape};
use crate::table::{BUCKET_BYTES, Table};

const MAGIC: &[u8; 8] = b"accshld\n";
const VERSION: u32 = 1;
const SHAPE_AT: usize = 128;
const TABLE_AT: usize = SHAPE_AT + SHAPE_BYTES;

/// What is read at once where all records are.
const EACH_BLOCK: u64 = 1 << 20;

/// Bytes that lie somewhere and can be read from any place: a slice, a vector, a mapped file; or a file that its owner reads by place,
/// so that of millions of indicators only what is hit is ever read. This crate does no I/O itself.
pub trait Source {
    /// How many bytes there are.
    fn length(&self) -> u64;

    /// Fills all of `into` from this place on.
    ///
    /// # Errors
    /// When not all of that is there, or it cannot be read.
    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Unreadable>;
}

impl<T: AsRef<[u8]>> Source for T {
    fn length(&self) -> u64 {
        self.as_ref().len() as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Unreadable> {
        let bytes = usize::try_from(at).ok().and_then(|at| self.as_ref().get(at..)?.get(..into.len()));
        into.copy_from_slice(bytes.ok_or_else(|| Unreadable("it ends before".to_owned()))?);
        Ok(())
    }
}

/// Why a source did not give its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub String);

/// Why a file of knowledge is not taken, or no longer is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is no file of knowledge.
    Foreign,
    /// It is of a form that this program does not know.
    Version(u32),
    /// It is shorter or longer than it says.
    Length {
        /// What it says.
        says: u64,
        /// What is there.
        is: u64,
    },
    /// What lies there is not what was written.
    Damaged(&'static str),
    /// It could not be read.
    Unreadable(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Foreign => f.write_str("not a file of knowledge"),
            Fault::Version(version) => {
                write!(f, "a file of knowledge of form {version}, where {VERSION} is known")
            }
            Fault::Length { says, is } => {
                write!(f, "a torn file of knowledge: {is} bytes are there, and it says {says}")
            }
            Fault::Damaged(part) => {
                write!(f, "a damaged file of knowledge: its {part} is not what was written")
            }
            Fault::Unreadable(why) => write!(f, "the file of knowledge cannot be read: {why}"),
        }
    }
}

impl std::error::Error for Fault {}

impl From<Unreadable> for Fault {
    fn from(unreadable: Unreadable) -> Fault {
        Fault::Unreadable(unreadable.0)
    }
}

/// What the first bytes say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    length: u64,
    pub(crate) seed: u64,
    pub(crate) keys: u64,
    pub(crate) entries: u64,
    buckets: u64,
    store: u64,
    front_sum: u64,
    store_sum: u64,
}

impl Head {
    fn write(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        let numbers = [
            self.length,
            self.seed,
            self.keys,
            self.entries,
            self.buckets,
            self.store,
            self.front_sum,
            self.store_sum,
        ];
        numbers.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
        let sum = Sum::of(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out.resize(SHAPE_AT, 0);
        out
    }

    fn read(source: &impl Source) -> Result<Head, Fault> {
        let is = source.length();
        let mut bytes = [0; SHAPE_AT];
        let there = usize::try_from(is).unwrap_or(SHAPE_AT).min(SHAPE_AT);
        source.read(0, bytes.get_mut(..there).unwrap_or_default())?;
        if !bytes.starts_with(MAGIC) {
            return Err(Fault::Foreign);
        }
        let (_, rest) = bytes.split_first_chunk::<8>().ok_or(Fault::Foreign)?;
        let version = u32::from_le_bytes(*rest.first_chunk().ok_or(Fault::Foreign)?);
        if version != VERSION {
            return Err(Fault::Version(version));
        }
        let words = bytes.as_chunks::<8>().0;
        let [_, _, length, seed, keys, entries, buckets, store, front_sum, store_sum, sum, ..] = words else {
            return Err(Fault::Foreign);
        };
        let number = |word: &[u8; 8]| u64::from_le_bytes(*word);
        let summed = bytes.get(..80).unwrap_or_default();
        if there < SHAPE_AT || Sum::of(summed) != number(sum) {
            return Err(Fault::Damaged("head"));
        }
        let head = Head {
            length: number(length),
            seed: number(seed),
            keys: number(keys),
            entries: number(entries),
            buckets: number(buckets),
            store: number(store),
            front_sum: number(front_sum),
            store_sum: number(store_sum),
        };
        if head.length != is {
            return Err(Fault::Length { says: head.length, is });
        }
        // Whoever forges a sum must not make us reserve what is not there.
        let whole = head.buckets.checked_mul(BUCKET_BYTES as u64);
        let whole = whole.and_then(|table| table.checked_add(head.store)?.checked_add(TABLE_AT as u64));
        if whole != Some(is) || head.buckets == 0 || head.buckets > u64::from(u32::MAX) {
            return Err(Fault::Damaged("head"));
        }
        Ok(head)
    }

    fn store_at(&self) -> u64 {
        TABLE_AT as u64 + self.buckets * BUCKET_BYTES as u64
    }
}

/// The file of a table and its store.
pub(crate) fn write(seed: u64, entries: u64, places: &[(u64, u32)], shape: &Shape, store: &[u8]) -> Vec<u8> {
    let table = Table::new(places);
    let length = TABLE_AT + table.bytes() + store.len();
    let mut out = Vec::with_capacity(length);
    out.resize(SHAPE_AT, 0);
    shape.write(&mut out);
    table.write(&mut out);
    let head = Head {
        length: length as u64,
        seed,
        keys: places.len() as u64,
        entries,
        buckets: (table.bytes() / BUCKET_BYTES) as u64,
        store: store.len() as u64,
        front_sum: Sum::of(out.get(SHAPE_AT..).unwrap_or_default()),
        store_sum: Sum::of(store),
    };
    out.extend_from_slice(store);
    out.iter_mut().zip(head.write()).for_each(|(slot, byte)| *slot = byte);
    out
}

/// An opened file: the head, the shape and the table are held, the store stays where it is.
pub(crate) struct File<S> {
    pub(crate) head: Head,
    pub(crate) shape: Shape,
    pub(crate) table: Table,
    source: S,
}

impl<S: Source> File<S> {
    pub(crate) fn open(source: S) -> Result<File<S>, Fault> {
        let head = Head::read(&source)?;
        let mut bytes = [0; SHAPE_BYTES];
        source.read(SHAPE_AT as u64, &mut bytes)?;
        let shape = Shape::read(&bytes).ok_or(Fault::Damaged("shape"))?;
        // The sum goes over shape and table in one, in blocks that do not begin with the table.
        let mut sum = Blocks::new();
        sum.add(&bytes);
        let mut fault = None;
        let table =
            Table::read(head.buckets as usize, |at, block| match source.read(TABLE_AT as u64 + at, block) {
                Ok(()) => {
                    sum.add(block);
                    Some(())
                }
                Err(unreadable) => {
                    fault = Some(Fault::from(unreadable));
                    None
                }
            });
        let Some(table) = table else { return Err(fault.unwrap_or(Fault::Damaged("table"))) };
        if sum.end() != head.front_sum {
            return Err(Fault::Damaged("table"));
        }
        Ok(File { head, shape, table, source })
    }

    /// Compares the store with its sum, all of it.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let mut sum = Sum::new();
        let mut block = vec![0; SUM_BLOCK];
        let mut at = 0;
        while at < self.head.store {
            let now = (self.head.store - at).min(SUM_BLOCK as u64) as usize;
            let block = block.get_mut(..now).unwrap_or_default();
            self.source.read(self.head.store_at() + at, block)?;
            sum.add(block);
            at += now as u64;
        }
        if sum.end() == self.head.store_sum { Ok(()) } else { Err(Fault::Damaged("store")) }
    }

    /// The bytes of the record at this place in the store, and where the next one begins.
    fn record_at(&self, at: u64, bytes: &mut Vec<u8>) -> Result<u64, Fault> {
        const DAMAGED: Fault = Fault::Damaged("store");
        let mut head = [0; HEAD_BYTES];
        let left = self.head.store.checked_sub(at).ok_or(DAMAGED)?;
        if left < HEAD_BYTES as u64 {
            return Err(DAMAGED);
        }
        self.source.read(self.head.store_at() + at, &mut head)?;
        let length = record::length(&head).filter(|length| *length as u64 <= left).ok_or(DAMAGED)?;
        bytes.clear();
        bytes.resize(length, 0);
        self.source.read(self.head.store_at() + at, bytes)?;
        Ok(at + length as u64)
    }

    /// Gives the record that a slot of the table leads to.
    pub(crate) fn record(&self, place: u32, bytes: &mut Vec<u8>) -> Result<u64, Fault> {
        self.record_at(u64::from(place) * ALIGN as u64, bytes)
    }

    /// All records in order.
    pub(crate) fn each(&self, mut take: impl FnMut(Record<'_>)) -> Result<(), Fault> {
        const DAMAGED: Fault = Fault::Damaged("store");
        // A block is read at once; what of it is a record that goes on in the next one is read again with that.
        let (mut at, mut block) = (0, Vec::new());
        while at < self.head.store {
            block.resize((self.head.store - at).min(EACH_BLOCK) as usize, 0);
            self.source.read(self.head.store_at() + at, &mut block)?;
            let mut rest = block.as_slice();
            while let Some(head) = rest.first_chunk::<HEAD_BYTES>() {
                let length = record::length(head).ok_or(DAMAGED)?;
                let Some((record, behind)) = rest.split_at_checked(length) else { break };
                take(Record::read(record).ok_or(DAMAGED)?);
                rest = behind;
            }
            let taken = (block.len() - rest.len()) as u64;
            at += taken;
            if taken == 0 {
                // It is longer than a block, or there is not all of it.
                let mut record = Vec::new();
                at = self.record_at(at, &mut record)?;
                take(Record::read(&record).ok_or(DAMAGED)?);
            }
        }
        Ok(())
    }
}

/// A sum of bytes that come in pieces of any length.
struct Blocks {
    sum: Sum,
    left: Vec<u8>,
}

impl Blocks {
    fn new() -> Blocks {
        Blocks { sum: Sum::new(), left: Vec::with_capacity(SUM_BLOCK) }
    }

    fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(SUM_BLOCK - self.left.len()));
            self.left.extend_from_slice(now);
            bytes = rest;
            if self.left.len() == SUM_BLOCK {
                self.sum.add(&self.left);
                self.left.clear();
            }
        }
    }

    fn end(mut self) -> u64 {
        if !self.left.is_empty() {
            self.sum.add(&self.left);
        }
        self.sum.end()
    }
}
