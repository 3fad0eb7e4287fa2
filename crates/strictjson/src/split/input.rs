//! The bytes of the stream that are still needed.

use crate::scan::after_white_space;

/// A window on the stream.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    /// Where `bytes` begins in the stream.
    base: u64,
    /// How much of `bytes` was looked at.
    pub at: usize,
    /// Whether nothing follows.
    pub finished: bool,
}

impl Input {
    /// Forgets what stands before `needed`, then takes a chunk. A value that comes in many chunks is moved once.
    pub fn push(&mut self, chunk: &[u8], needed: u64) {
        if self.finished {
            return;
        }
        let unneeded = self.index(needed).min(self.at);
        self.bytes.drain(..unneeded);
        self.at -= unneeded;
        self.base += unneeded as u64;
        self.bytes.extend_from_slice(chunk);
    }

    /// Where in the stream the next byte to look at stands.
    pub fn position(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Where in the stream what was pushed ends.
    pub fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// The window.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The next byte to look at.
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The part of the window that was not looked at.
    pub fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Goes past white space, and gives what it was.
    pub fn skip_white_space(&mut self) -> &[u8] {
        let start = self.at;
        self.at = after_white_space(&self.bytes, start);
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// The bytes from `start` to `end` in the stream; they must not have been forgotten.
    pub fn slice(&self, start: u64, end: u64) -> &[u8] {
        self.bytes.get(self.index(start)..self.index(end)).unwrap_or_default()
    }

    /// Where in the window a place of the stream is.
    fn index(&self, position: u64) -> usize {
        usize::try_from(position.saturating_sub(self.base)).unwrap_or(usize::MAX)
    }
}
