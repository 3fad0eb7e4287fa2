//! Splitting a stream of JSON into its pieces, in bounded memory, without I/O.
//!
//! A [`Splitter`] is fed the bytes as they come and hands out *pieces*: raw bytes of one value each, to be parsed one
//! by one, so that a bad one does not spoil the others and a stream of any size needs memory for one piece.
//!
//! The stream is a sequence of documents, mostly just one:
//!
//! - an object with a member of the name given (such as `objects`) whose value is an array: each element is a piece,
//!   and so is each other member;
//! - an array: each element is a piece;
//! - any other object is one piece. After one that stood on a line of its own, each following line that begins with `{`
//!   and goes on is a document, whatever it holds: newline-delimited JSON, where one broken line is only one bad piece;
//! - anything else up to the end of its line is one piece, and will not parse if it is not a value.
//!
//! The splitter finds borders: it matches brackets outside strings and checks what separates the pieces. Whether a piece
//! is JSON is for [`parse`](crate::parse) to say.
//!
//! ```
//! use strictjson::split::{Limits, Part, Splitter};
//!
//! let mut splitter = Splitter::new("objects", Limits::default());
//! let mut seen = Vec::new();
//! for chunk in [&br#"{"type":"bundle","obj"#[..], br#"ects":[{"id":1},{"i"#, br#"d":2}]}"#, b""] {
//!     if chunk.is_empty() { splitter.finish() } else { splitter.push(chunk) }
//!     while let Some(piece) = splitter.next_piece() {
//!         let piece = piece?;
//!         let name = match piece.part {
//!             Part::Document => "document".to_owned(),
//!             Part::Member(key) => key.to_owned(),
//!             Part::Element(index) => index.to_string(),
//!         };
//!         seen.push((name, piece.offset, piece.content.map(<[u8]>::to_vec)));
//!     }
//! }
//! assert_eq!(seen, [
//!     ("type".to_owned(), 8, Ok(br#""bundle""#.to_vec())),
//!     ("0".to_owned(), 28, Ok(br#"{"id":1}"#.to_vec())),
//!     ("1".to_owned(), 37, Ok(br#"{"id":2}"#.to_vec())),
//! ]);
//! # Ok::<(), strictjson::split::Error>(())
//! ```

mod input;
mod matching;
mod steps;

use crate::ErrorKind;
use input::Input;
use matching::Matcher;
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use steps::State;

/// What a stream may cost. The splitter holds at most one element or document, or the members before the array, plus
/// what was last pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of an element, and of a document that is one piece, in bytes. A longer one is skipped and reported.
    pub element_bytes: usize,
    /// Length of the value of a member beside the array, in bytes. A longer one is skipped and reported.
    pub member_bytes: usize,
    /// Length of the name of a member, in bytes with its quotes and escapes; a longer one ends the stream.
    pub name_bytes: usize,
    /// Members of one document; more end the stream.
    pub members: usize,
    /// Nesting within a piece; its outermost array or object counts as 1. A deeper piece is skipped and reported.
    pub depth: usize,
    /// Documents in the stream; more end it.
    pub documents: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            element_bytes: 32 << 20,
            member_bytes: 1 << 20,
            name_bytes: 4096,
            members: 10_000,
            depth: 64,
            documents: u64::MAX,
        }
    }
}

/// A value in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'s> {
    /// Which document it belongs to, counted from 0.
    pub document: u64,
    /// What it is in the document.
    pub part: Part<'s>,
    /// Where it begins in the stream, in bytes.
    pub offset: u64,
    /// The line that it begins on, from 1.
    pub line: u64,
    /// Its bytes, not parsed and without white space around them, or why it was skipped.
    pub content: Result<&'s [u8], Refusal>,
}

/// What a piece is in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'s> {
    /// All of it: the document is neither an array nor an object with the named array.
    Document,
    /// The value of a member beside the named array; its name, unescaped.
    ///
    /// A document longer than [`Limits::element_bytes`] is handed out by its members too, before it is known whether
    /// it holds the array; if it does not, the whole of it follows as refused.
    Member(&'s str),
    /// An element of the array; its index, from 0.
    Element(u64),
}

/// Why a piece was skipped. What follows it is not affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is longer than its limit.
    TooLarge,
    /// It nests deeper than the limit.
    TooDeep,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Refusal::TooLarge => "value is too long",
            Refusal::TooDeep => "arrays and objects nest too deep",
        })
    }
}

impl std::error::Error for Refusal {}

/// Why the stream cannot be split any further. All pieces before it were handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Where, in bytes from the start of the stream.
    pub offset: u64,
    /// The line of that, from 1.
    pub line: u64,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at byte {} (line {})", self.kind, self.offset, self.line)
    }
}

impl std::error::Error for Error {}

/// Splits a stream; see the [module](self).
///
/// The pieces and the error are the same however the stream is cut into chunks. Between two calls of
/// [`push`](Splitter::push), take the pieces until there are none: what is not taken stays in memory.
#[derive(Debug)]
pub struct Splitter {
    /// The name of the array to take apart.
    array: String,
    limits: Limits,
    input: Input,
    state: State,
    /// The brackets of the value being read.
    matcher: Matcher,
    /// Where the value, the name or the line being read begins.
    value_start: u64,
    value_line: u64,
    /// Whether the value being read was refused already, and is only skipped.
    skipping: bool,
    document: Document,
    /// Pieces found and not handed out.
    ready: VecDeque<Found>,
    /// The piece handed out last, which owns the name that it shows.
    current: Found,
    failure: Option<Error>,
}

/// The document being read.
#[derive(Debug, Default)]
struct Document {
    number: u64,
    start: u64,
    line: u64,
    /// Whether it is an object, not an array.
    object: bool,
    /// Whether it may still turn out to be one piece. Its bytes and its members are held until that is known.
    undecided: bool,
    held: VecDeque<Found>,
    /// What is wrong with a name while the document is undecided: it matters only if its members are handed out, and
    /// is for the parser to find if the document is one piece.
    fault: Option<Error>,
    /// Whether the named array was met.
    array_met: bool,
    /// How many names were read.
    members: usize,
    /// The names of the members so far.
    names: BTreeSet<String>,
    /// The name of the member being read.
    name: String,
    /// The index of the next element.
    element: u64,
    /// Whether the document before it was one piece on a line of its own.
    follows_line: bool,
    /// Whether a line feed stands before it.
    newline_before: bool,
}

/// A piece, by its place.
#[derive(Debug, Default)]
struct Found {
    document: u64,
    part: FoundPart,
    start: u64,
    line: u64,
    end: u64,
    refusal: Option<Refusal>,
}

/// [`Part`], owning the name.
#[derive(Debug, Default)]
enum FoundPart {
    #[default]
    Document,
    Member(String),
    Element(u64),
}

impl Splitter {
    /// A splitter that takes apart the array that is the value of the member `array` of a top-level object, and
    /// top-level arrays.
    #[must_use]
    pub fn new(array: &str, limits: Limits) -> Splitter {
        Splitter {
            array: array.to_owned(),
            limits,
            input: Input::default(),
            state: State::BetweenDocuments,
            matcher: Matcher::new(limits.depth),
            value_start: 0,
            value_line: 1,
            skipping: false,
            document: Document::default(),
            ready: VecDeque::new(),
            current: Found::default(),
            failure: None,
        }
    }

    /// Takes the next bytes of the stream. After [`finish`](Splitter::finish) and after an error they are ignored.
    pub fn push(&mut self, chunk: &[u8]) {
        if !matches!(self.state, State::Ended) {
            let needed = self.first_needed();
            self.input.push(chunk, needed);
        }
    }

    /// Says that the stream ends here. The last piece, or the error that something is missing, comes from
    /// [`next_piece`](Splitter::next_piece).
    pub fn finish(&mut self) {
        self.input.finished = true;
    }

    /// The next piece; `None` when more bytes are needed, and for ever after the end or an error.
    ///
    /// # Errors
    /// The stream breaks the grammar between pieces, breaks a limit on documents, members or names, or ends too early.
    pub fn next_piece(&mut self) -> Option<Result<Piece<'_>, Error>> {
        while self.ready.is_empty() {
            if let Some(error) = self.failure.take() {
                return Some(Err(error));
            }
            match self.step() {
                Ok(steps::Step::Advanced) => {}
                Ok(steps::Step::Starved) => return None,
                Err(error) => {
                    self.state = State::Ended;
                    self.failure = self.document.fault.take().or(Some(error));
                }
            }
        }
        self.current = self.ready.pop_front()?;
        Some(Ok(self.current_piece()))
    }

    /// How many documents were read to their end. A document whose array is empty gives no piece but counts; a stream
    /// of white space holds none.
    #[must_use]
    pub fn documents(&self) -> u64 {
        self.document.number
    }

    /// The piece in `current`, borrowing its bytes from the input.
    fn current_piece(&self) -> Piece<'_> {
        let found = &self.current;
        Piece {
            document: found.document,
            part: match &found.part {
                FoundPart::Document => Part::Document,
                FoundPart::Member(name) => Part::Member(name),
                FoundPart::Element(index) => Part::Element(*index),
            },
            offset: found.start,
            line: found.line,
            content: match found.refusal {
                Some(refusal) => Err(refusal),
                None => Ok(self.input.slice(found.start, found.end)),
            },
        }
    }

    /// The first byte of the stream that a piece not handed out may still show.
    fn first_needed(&self) -> u64 {
        let mut needed = self.input.position();
        if self.document.undecided {
            needed = needed.min(self.document.start);
        }
        if self.state.reads_value() && !self.skipping {
            needed = needed.min(self.value_start);
        }
        let waiting =
            self.ready.iter().filter(|found| found.refusal.is_none()).map(|found| found.start).min();
        waiting.map_or(needed, |start| needed.min(start))
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, Splitter};

    const CHUNK: usize = 1000;

    /// The most bytes that a stream makes the splitter hold: `start`, then `body` again and again.
    fn most_held(start: &str, body: &str) -> usize {
        let limits =
            Limits { element_bytes: 10_000, member_bytes: 5000, name_bytes: 100, ..Limits::default() };
        let mut splitter = Splitter::new("objects", limits);
        let stream: Vec<u8> = start.bytes().chain(body.bytes().cycle()).take(300 * CHUNK).collect();
        let mut most = 0;
        for chunk in stream.chunks(CHUNK) {
            splitter.push(chunk);
            most = most.max(splitter.input.bytes().len());
            while let Some(piece) = splitter.next_piece() {
                if piece.is_err() {
                    return most;
                }
            }
        }
        most
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let streams = [
            ("", " "),
            ("", "x"),
            ("", "\""),
            ("", "[1],"),
            ("[", "1,"),
            ("[", "["),
            ("[", "{\"a\":1},"),
            ("[\"", "a"),
            ("[\"", "\\\""),
            ("[1", " "),
            ("[", "1"),
            ("{", " "),
            ("{\"", "a"),
            ("{\"a\"", " "),
            ("{\"a\":", " "),
            ("{\"a\":\"", "b"),
            ("{\"a\":", "["),
            ("{\"objects\":[", "[[],[]],"),
            ("{\"a\":1,\"objects\":[\"", "b"),
            ("{\"a\":{", "\"b\":1,"),
            ("{\"a\":1}\n", "{\"b\":2}\n"),
            ("{\"a\":1}\n{\"", "b"),
            ("{\"a\":1}\n{\"", " "),
        ];
        for (start, body) in streams {
            let most = most_held(start, body);
            assert!(most <= 10_000 + 2 * CHUNK, "{start} {body}: {most}");
        }
    }
}
