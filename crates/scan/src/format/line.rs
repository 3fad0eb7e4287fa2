//! Cutting lines that were written for people.

/// What is left of a line, taken word by word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'l>(pub(super) &'l [u8]);

impl<'l> Line<'l> {
    /// The next word, without the blanks around it; empty at the end.
    pub(super) fn word(&mut self) -> &'l [u8] {
        let line = self.0.trim_ascii_start();
        let end = memchr::memchr2(b' ', b'\t', line).unwrap_or(line.len());
        let (word, rest) = line.split_at(end);
        self.0 = rest;
        word
    }
}

/// The first word.
pub(super) fn word(line: &[u8]) -> &[u8] {
    Line(line).word()
}

/// What stands before and behind the first place of a mark.
pub(super) fn between<'l>(line: &'l [u8], mark: &[u8]) -> Option<(&'l [u8], &'l [u8])> {
    let at = memchr::memmem::find(line, mark)?;
    let (before, rest) = line.split_at(at);
    Some((before, rest.get(mark.len()..)?))
}

/// What stands before a byte, or all.
pub(super) fn before(line: &[u8], byte: u8) -> &[u8] {
    let end = memchr::memchr(byte, line).unwrap_or(line.len());
    line.split_at(end).0
}

/// Whether it is digits and nothing else.
pub(super) fn number(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}
