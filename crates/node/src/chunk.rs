//! Pieces of an input on their way to be read: some hundreds together, so that handing them over costs little.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use crate::core::form::Form;
use crate::core::reading::{Reading, Refused};

/// Most pieces of a chunk: what one transaction sequences.
const PIECES: usize = 1_000;
/// Bytes after which a chunk is full.
const BYTES: usize = 4 << 20;
/// Bytes of the input that it reaches over, after which it is full too: what was skipped has none here, and what lies between is not to wait
/// for it.
const REACH: u64 = 16 << 20;

/// What became of a piece when it was read.
pub(crate) type Read = Result<Vec<Reading>, Box<Refused>>;

/// Pieces of one form.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub form: Arc<Form>,
    data: Vec<u8>,
    pub pieces: Vec<Piece>,
}

/// Where a piece begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    /// Its place in the input, from 0.
    pub ordinal: u64,
    /// Where it begins in the input, in bytes, once inflated.
    pub offset: u64,
    /// The line of that, from 1.
    pub line: u64,
}

/// One piece.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// Where it begins.
    pub start: Start,
    /// Why it was skipped; its bytes are not here then.
    pub skipped: Option<String>,
    place: Range<usize>,
}

impl Chunk {
    pub(crate) fn new(form: Arc<Form>) -> Chunk {
        Chunk { form, data: Vec::new(), pieces: Vec::new() }
    }

    /// Adds a piece.
    pub(crate) fn push(&mut self, start: Start, content: Result<&[u8], String>) {
        let from = self.data.len();
        let (bytes, skipped) = match content {
            Ok(bytes) => (bytes, None),
            Err(why) => (&[][..], Some(why)),
        };
        self.data.extend_from_slice(bytes);
        self.pieces.push(Piece { start, skipped, place: from..self.data.len() });
    }

    /// Whether it has grown as large as a chunk should.
    pub(crate) fn is_full(&self) -> bool {
        let offset = |piece: Option<&Piece>| piece.map_or(0, |piece| piece.start.offset);
        let reach = offset(self.pieces.last()).saturating_sub(offset(self.pieces.first()));
        self.pieces.len() >= PIECES || self.data.len() >= BYTES || reach >= REACH
    }

    /// The bytes of a piece.
    pub(crate) fn bytes(&self, piece: &Piece) -> &[u8] {
        self.data.get(piece.place.clone()).unwrap_or_default()
    }

    /// The bytes of a piece that is refused, as far as they may be kept.
    pub(crate) fn kept_bytes(&self, piece: &Piece) -> &[u8] {
        let bytes = self.bytes(piece);
        if self.form.is_unkept(bytes) { &[] } else { bytes }
    }

    /// Reads every piece: the part of judging that needs nothing else.
    pub(crate) fn read(&self) -> Vec<Read> {
        self.pieces.iter().map(|piece| self.read_piece(piece)).collect()
    }

    fn read_piece(&self, piece: &Piece) -> Read {
        let Start { offset, line, .. } = piece.start;
        let place = || format!("at byte {offset} of the input, on line {line}");
        if let Some(why) = &piece.skipped {
            let reason = format!("{why} ({})", place());
            return Err(Box::new(Refused { reason, ..Refused::default() }));
        }
        self.form.read(self.bytes(piece)).map_err(|mut refused| {
            // Without an id the place is all that there is to find it by.
            if refused.id.is_empty() {
                refused.reason = format!("{} (in what begins {})", refused.reason, place());
            }
            refused
        })
    }
}

/// Collects pieces into chunks.
#[derive(Debug)]
pub(crate) struct Chunks {
    open: Chunk,
    ready: VecDeque<Chunk>,
}

impl Chunks {
    pub(crate) fn new(form: Form) -> Chunks {
        Chunks { open: Chunk::new(Arc::new(form)), ready: VecDeque::new() }
    }

    /// What follows is of another form.
    pub(crate) fn change_form(&mut self, form: Form) {
        if *self.open.form != form {
            self.close(Arc::new(form));
        }
    }

    /// Adds a piece.
    pub(crate) fn push(&mut self, start: Start, content: Result<&[u8], String>) {
        self.open.push(start, content);
        if self.open.is_full() {
            self.close(Arc::clone(&self.open.form));
        }
    }

    /// Says that nothing more follows.
    pub(crate) fn finish(&mut self) {
        self.close(Arc::clone(&self.open.form));
    }

    /// The next chunk that is full, or after the end every one.
    pub(crate) fn next(&mut self) -> Option<Chunk> {
        self.ready.pop_front()
    }

    fn close(&mut self, form: Arc<Form>) {
        let full = std::mem::replace(&mut self.open, Chunk::new(form));
        if !full.pieces.is_empty() {
            self.ready.push_back(full);
        }
    }
}
