//! Pieces of a stream that refer to markings which have not come by yet.
//!
//! Bundles often end with the marking that every object in them refers to. A stream cannot be read ahead without end,
//! so a bounded part of it waits for the marking; what does not fit is taken as RED and opened when the marking comes.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::chunk::{Chunk, Piece};

/// Bytes that wait at most.
const BYTES: usize = 64 << 20;

/// The pieces that wait, in their order.
#[derive(Debug, Default)]
pub(crate) struct HeldBack {
    chunks: Vec<Chunk>,
    bytes: usize,
    awaited: BTreeSet<String>,
}

impl HeldBack {
    /// Bytes that still fit.
    pub(crate) fn room(&self) -> usize {
        BYTES.saturating_sub(self.bytes)
    }

    /// Keeps a piece.
    pub(crate) fn keep(&mut self, chunk: &Chunk, piece: &Piece, missing: String) {
        let bytes = chunk.bytes(piece);
        self.bytes += bytes.len();
        self.awaited.insert(missing);
        if !self.chunks.last().is_some_and(|last| !last.is_full() && Arc::ptr_eq(&last.form, &chunk.form)) {
            self.chunks.push(Chunk::new(Arc::clone(&chunk.form)));
        }
        if let Some(last) = self.chunks.last_mut() {
            last.push(piece.start, Ok(bytes));
        }
    }

    /// Whether one of the markings that are waited for has come.
    pub(crate) fn is_ready(&self, holds: impl Fn(&str) -> bool) -> bool {
        self.awaited.iter().any(|id| holds(id))
    }

    /// Takes out all that waits.
    pub(crate) fn release(&mut self) -> Vec<Chunk> {
        self.bytes = 0;
        self.awaited.clear();
        std::mem::take(&mut self.chunks)
    }
}
