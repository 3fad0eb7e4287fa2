//! The parser: one pass over the bytes, one level of recursion per level of nesting.

mod duplicates;
mod string;

use crate::number::{NumberShape, check_range};
use crate::pointer::push_token;
use crate::scan::after_white_space;
use crate::{Error, ErrorKind, Member, Node, Number, Object, Span, Value};
use std::borrow::Cow;

/// The deepest nesting that any [`Limits`] can allow, so that the stack is bounded whatever they say.
pub const MAX_DEPTH: usize = 256;

/// What a document may cost. Every bound is checked while parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the document, in bytes.
    pub bytes: usize,
    /// Nesting of arrays and objects; the outermost counts as 1. Never more than [`MAX_DEPTH`].
    pub depth: usize,
    /// Values in the document, keys not counted.
    pub nodes: usize,
    /// Length of one string or key after unescaping, in bytes.
    pub string_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 32 << 20, depth: 64, nodes: 4_000_000, string_bytes: 16 << 20 }
    }
}

/// Parses one document.
///
/// A document that breaks several rules is refused for the first one met, except that a name used twice is noticed
/// at the end of its object.
///
/// # Errors
/// What breaks RFC 8259, RFC 7493 or a limit.
pub fn parse<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Node<'a>, Error> {
    if bytes.len() > limits.bytes {
        return Err(Error::new(ErrorKind::TooManyBytes, limits.bytes));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(Error::new(ErrorKind::ByteOrderMark, 0));
    }
    let (text, end) = readable(bytes);
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        end,
        ascii: text.is_ascii(),
        limits: Limits { depth: limits.depth.min(MAX_DEPTH), ..*limits },
        nodes_left: limits.nodes,
        elements: Vec::new(),
        members: Vec::new(),
    };
    parser.skip_white_space();
    let node = parser.value(0)?;
    parser.skip_white_space();
    if parser.peek().is_some() {
        return Err(Error::new(ErrorKind::TrailingBytes, parser.at));
    }
    if end == ErrorKind::InvalidUtf8 {
        return Err(parser.error_at_end());
    }
    Ok(node)
}

/// The part of the input that is UTF-8, and what it means to arrive at its end.
fn readable(bytes: &[u8]) -> (&str, ErrorKind) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text, ErrorKind::UnexpectedEnd),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            (std::str::from_utf8(valid).unwrap_or_default(), ErrorKind::InvalidUtf8)
        }
    }
}

/// The state of one pass. `text` and `bytes` are the same input.
struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// The error of arriving at the end: the input stops there, or what follows is not UTF-8.
    end: ErrorKind,
    /// Whether the whole input is ASCII, so that no string has to be searched for noncharacters.
    ascii: bool,
    limits: Limits,
    nodes_left: usize,
    /// Elements of all arrays that are open. An array takes its own off the end when it closes, so that its vector is
    /// allocated once and at its size.
    elements: Vec<Node<'a>>,
    /// The same for the members of open objects.
    members: Vec<Member<'a>>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn error_at_end(&self) -> Error {
        Error::new(self.end, self.bytes.len())
    }

    /// The error for something other than what `kind` expects, here.
    fn unexpected(&self, kind: ErrorKind) -> Error {
        if self.at < self.bytes.len() { Error::new(kind, self.at) } else { self.error_at_end() }
    }

    fn skip_white_space(&mut self) {
        // The common case, a compact document, stays inline.
        if self.peek().is_some_and(|byte| byte <= b' ') {
            self.at = after_white_space(self.bytes, self.at);
        }
    }

    /// Reads the value that begins here; `depth` containers are open around it.
    fn value(&mut self, depth: usize) -> Result<Node<'a>, Error> {
        let start = self.at;
        let Some(byte) = self.peek() else { return Err(self.error_at_end()) };
        if self.nodes_left == 0 {
            return Err(Error::new(ErrorKind::TooManyNodes, start));
        }
        self.nodes_left -= 1;
        let value = match byte {
            b'"' => Value::String(self.string()?),
            b'{' => Value::Object(self.object(depth + 1)?),
            b'[' => Value::Array(self.array(depth + 1)?),
            b'-' | b'0'..=b'9' => Value::Number(self.number()?),
            b't' => self.word("true", Value::Bool(true))?,
            b'f' => self.word("false", Value::Bool(false))?,
            b'n' => self.word("null", Value::Null)?,
            b'N' => return Err(self.no_number("NaN", start)),
            b'I' => return Err(self.no_number("Infinity", start)),
            _ => return Err(Error::new(ErrorKind::ExpectedValue, start)),
        };
        Ok(Node { value, span: Span { start, end: self.at } })
    }

    /// Reads `true`, `false` or `null` (RFC 8259, 3).
    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(value);
        }
        if word.as_bytes().starts_with(rest) {
            return Err(self.error_at_end());
        }
        Err(Error::new(ErrorKind::ExpectedValue, self.at))
    }

    /// The error for a word that other languages take as a number; the value, perhaps a sign, begins at `start`.
    fn no_number(&self, word: &str, start: usize) -> Error {
        let here = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        Error::new(if here { ErrorKind::NotFinite } else { ErrorKind::ExpectedValue }, start)
    }

    /// Enters a container: checks the depth and steps over its bracket and the white space after it.
    fn open(&mut self, depth: usize) -> Result<(), Error> {
        if depth > self.limits.depth {
            return Err(Error::new(ErrorKind::TooDeep, self.at));
        }
        self.at += 1;
        self.skip_white_space();
        Ok(())
    }

    /// Reads an array (RFC 8259, 5).
    fn array(&mut self, depth: usize) -> Result<Vec<Node<'a>>, Error> {
        self.open(depth)?;
        let first = self.elements.len();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Vec::new());
        }
        loop {
            let node = match self.value(depth) {
                Ok(node) => node,
                Err(error) => return Err(inside(error, &(self.elements.len() - first).to_string())),
            };
            self.elements.push(node);
            self.skip_white_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected(ErrorKind::ExpectedCommaOrBracket)),
            }
            self.skip_white_space();
        }
        self.at += 1;
        Ok(self.elements.split_off(first))
    }

    /// Reads an object (RFC 8259, 4).
    fn object(&mut self, depth: usize) -> Result<Object<'a>, Error> {
        self.open(depth)?;
        let first = self.members.len();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Object::default());
        }
        loop {
            let member = self.member(depth)?;
            self.members.push(member);
            self.skip_white_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.unexpected(ErrorKind::ExpectedCommaOrBrace)),
            }
            self.skip_white_space();
        }
        self.at += 1;
        let members = self.members.split_off(first);
        match duplicates::first_repeated(&members) {
            None => Ok(Object { members }),
            Some(member) => {
                Err(inside(Error::new(ErrorKind::DuplicateKey, member.key_span.start), &member.key))
            }
        }
    }

    /// Reads a name, a colon and a value (RFC 8259, 4).
    fn member(&mut self, depth: usize) -> Result<Member<'a>, Error> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected(ErrorKind::ExpectedKey));
        }
        let key = self.string()?;
        let key_span = Span { start, end: self.at };
        self.skip_white_space();
        if self.peek() != Some(b':') {
            return Err(inside(self.unexpected(ErrorKind::ExpectedColon), &key));
        }
        self.at += 1;
        self.skip_white_space();
        match self.value(depth) {
            Ok(node) => Ok(Member { key, key_span, node }),
            Err(error) => Err(inside(error, &key)),
        }
    }

    /// Reads a number: `[-] int [frac] [exp]` (RFC 8259, 6).
    fn number(&mut self) -> Result<Number<'a>, Error> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
            if self.peek() == Some(b'I') {
                return Err(self.no_number("Infinity", start));
            }
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole_digits = self.digits()?;
        if leading_zero && whole_digits > 1 {
            return Err(Error::new(ErrorKind::InvalidNumber, start));
        }
        let fraction = self.peek() == Some(b'.');
        if fraction {
            self.at += 1;
            self.digits()?;
        }
        let exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        check_range(text, &NumberShape { whole_digits, fraction, exponent })
            .map_err(|kind| Error::new(kind, start))?;
        Ok(Number { text: Cow::Borrowed(text) })
    }

    /// Steps over digits and counts them; at least one is needed.
    fn digits(&mut self) -> Result<usize, Error> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected(ErrorKind::InvalidNumber)) } else { Ok(self.at - start) }
    }
}

/// Adds the container's token in front of an error's pointer. The path costs nothing until something fails.
#[cold]
fn inside(error: Error, token: &str) -> Error {
    let mut pointer = String::new();
    push_token(&mut pointer, token);
    pointer.push_str(&error.pointer);
    Error { pointer, ..error }
}
