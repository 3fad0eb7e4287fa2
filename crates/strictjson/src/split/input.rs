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
    /// How much of `bytes` was searched for line feeds, and how many stand before that in the stream.
    counted: usize,
    line_feeds: u64,
}

impl Input {
    /// Forgets what stands before `needed`, then takes a chunk. A value that comes in many chunks is moved once.
    pub fn push(&mut self, chunk: &[u8], needed: u64) {
        if self.finished {
            return;
        }
        let unneeded = self.index(needed).min(self.at);
        self.count_lines(unneeded);
        self.counted -= unneeded;
        self.bytes.drain(..unneeded);
        self.at -= unneeded;
        self.base += unneeded as u64;
        self.bytes.extend_from_slice(chunk);
    }

    /// Where in the stream the next byte to look at stands.
    pub fn position(&self) -> u64 {
        self.base + self.at as u64
    }

    /// The line of the next byte to look at, from 1.
    pub fn line(&mut self) -> u64 {
        self.count_lines(self.at);
        self.line_feeds + 1
    }

    /// The line of a place that is not before the one of which [`Input::line`] was asked last, from 1.
    pub fn line_at(&self, position: u64) -> u64 {
        let between = self.bytes.get(self.counted..self.index(position).min(self.bytes.len()));
        self.line_feeds + 1 + line_feeds(between.unwrap_or_default())
    }

    fn count_lines(&mut self, to: usize) {
        if let Some(between) = self.bytes.get(self.counted..to) {
            self.line_feeds += line_feeds(between);
            self.counted = to;
        }
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

fn line_feeds(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}
