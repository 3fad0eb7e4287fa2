//! What can be wrong with a document, and where.

use std::fmt::{self, Write as _};

/// How much of a pointer an error message shows, in bytes: keys come from strangers and may be megabytes.
const SHOWN_POINTER_BYTES: usize = 200;

/// Why bytes are not a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Byte offset in the input.
    pub offset: usize,
    /// RFC 6901 pointer of the innermost value being read.
    pub pointer: String,
}

/// What can be wrong with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input stops inside a value, or holds none. The offset is the length of the input.
    UnexpectedEnd,
    /// Something else stands where a value must begin (RFC 8259, 3).
    ExpectedValue,
    /// Something else stands where a quoted name must begin (RFC 8259, 4).
    ExpectedKey,
    /// Something else stands where `:` must follow a name (RFC 8259, 4).
    ExpectedColon,
    /// Something else stands where `,` or `}` must follow a member (RFC 8259, 4).
    ExpectedCommaOrBrace,
    /// Something else stands where `,` or `]` must follow an element (RFC 8259, 5).
    ExpectedCommaOrBracket,
    /// Something other than white space follows the document (RFC 8259, 2).
    TrailingBytes,
    /// The input begins with a byte order mark (RFC 8259, 8.1).
    ByteOrderMark,
    /// The input is not UTF-8 at this byte (RFC 8259, 8.1; RFC 7493, 2.1).
    InvalidUtf8,
    /// A backslash is followed by something that is not an escape (RFC 8259, 7).
    InvalidEscape,
    /// A character below U+0020 stands unescaped in a string (RFC 8259, 7).
    ControlCharacter,
    /// A `\u` escape is half of a surrogate pair (RFC 7493, 2.1).
    LoneSurrogate,
    /// A string holds a code point that Unicode reserves as a noncharacter, such as U+FFFF (RFC 7493, 2.1).
    Noncharacter,
    /// A number breaks the grammar: a leading zero, a bare sign or point (RFC 8259, 6).
    InvalidNumber,
    /// A whole number lies beyond ±(2^53 - 1), where doubles lose digits (RFC 7493, 2.2).
    IntegerRange,
    /// `NaN`, an infinity, or a number that is not finite as a double (RFC 8259, 6; RFC 7493, 2.2).
    NotFinite,
    /// One object uses a name twice, after unescaping (RFC 7493, 2.3). The offset is the second use.
    DuplicateKey,
    /// The input is longer than [`Limits::bytes`](crate::Limits::bytes).
    TooManyBytes,
    /// Arrays and objects nest deeper than [`Limits::depth`](crate::Limits::depth).
    TooDeep,
    /// There are more values than [`Limits::nodes`](crate::Limits::nodes).
    TooManyNodes,
    /// A string or key is longer than [`Limits::string_bytes`](crate::Limits::string_bytes).
    StringTooLong,
    /// A bracket closes another kind than the one open; said by the [splitter](crate::split) only.
    MismatchedBracket,
    /// A document has more members than the limit of the [splitter](crate::split).
    TooManyMembers,
}

impl Error {
    /// An error in the outermost value; the containers add their tokens while it passes them.
    pub(crate) fn new(kind: ErrorKind, offset: usize) -> Error {
        Error { kind, offset, pointer: String::new() }
    }

    /// Where the error is, as an editor counts; `bytes` is the input that was parsed.
    #[must_use]
    pub fn line_column(&self, bytes: &[u8]) -> LineColumn {
        line_column(bytes, self.offset)
    }
}

impl ErrorKind {
    /// The message without the place.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            ErrorKind::UnexpectedEnd => "unexpected end of input",
            ErrorKind::ExpectedValue => "expected a value",
            ErrorKind::ExpectedKey => "expected a name in double quotes",
            ErrorKind::ExpectedColon => "expected `:` after the name",
            ErrorKind::ExpectedCommaOrBrace => "expected `,` or `}`",
            ErrorKind::ExpectedCommaOrBracket => "expected `,` or `]`",
            ErrorKind::TrailingBytes => "more bytes after the document",
            ErrorKind::ByteOrderMark => "byte order mark before the document",
            ErrorKind::InvalidUtf8 => "invalid UTF-8",
            ErrorKind::InvalidEscape => "invalid escape in a string",
            ErrorKind::ControlCharacter => "unescaped control character in a string",
            ErrorKind::LoneSurrogate => "lone surrogate in a string",
            ErrorKind::Noncharacter => "Unicode noncharacter in a string",
            ErrorKind::InvalidNumber => "invalid number",
            ErrorKind::IntegerRange => "whole number beyond 2^53 - 1",
            ErrorKind::NotFinite => "number is not finite",
            ErrorKind::DuplicateKey => "name used twice in one object",
            ErrorKind::TooManyBytes => "input is too long",
            ErrorKind::TooDeep => "arrays and objects nest too deep",
            ErrorKind::TooManyNodes => "too many values",
            ErrorKind::StringTooLong => "string is too long",
            ErrorKind::MismatchedBracket => "bracket closes another kind than the one open",
            ErrorKind::TooManyMembers => "too many members",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at byte {}", self.kind, self.offset)?;
        if self.pointer.is_empty() {
            return Ok(());
        }
        formatter.write_str(" in `")?;
        show_pointer(formatter, &self.pointer)?;
        formatter.write_char('`')
    }
}

impl std::error::Error for Error {}

/// Writes a pointer so that it cannot disturb a terminal or a log: bounded, and what does not print, such as control
/// characters and marks of writing direction, is escaped.
fn show_pointer(formatter: &mut fmt::Formatter<'_>, pointer: &str) -> fmt::Result {
    for (at, character) in pointer.char_indices() {
        if at >= SHOWN_POINTER_BYTES {
            return formatter.write_str("...");
        }
        match character {
            '"' | '\'' | '\\' => formatter.write_char(character)?,
            other => write!(formatter, "{}", other.escape_debug())?,
        }
    }
    Ok(())
}

/// A place in a text, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineColumn {
    /// The line; lines end with a line feed.
    pub line: usize,
    /// The character in the line, in code points.
    pub column: usize,
}

impl fmt::Display for LineColumn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {} column {}", self.line, self.column)
    }
}

/// The line and column of a byte offset; an offset past the end counts as the end.
#[must_use]
pub fn line_column(bytes: &[u8], offset: usize) -> LineColumn {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let line_bytes = before.get(line_start..).unwrap_or_default();
    LineColumn {
        line: memchr::memchr_iter(b'\n', before).count() + 1,
        // Continuation bytes of UTF-8 are 10xxxxxx and start no character.
        column: line_bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() + 1,
    }
}
