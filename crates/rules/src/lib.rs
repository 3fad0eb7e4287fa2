//! Rules for detection as people share them: Suricata's, Sigma's and YARA's, read within limits and never run.
//!
//! Whoever takes a stranger's rule loads it into a sensor together with everybody else's. So more is asked here than whether an
//! engine would read it: a rule reads and writes no file at the receiver, runs nothing, switches nothing off and changes no rule
//! beside it. What does not pass has a [`Fault`] with its place; nothing is mended in silence.
//!
//! - [`suricata::read`]: header, options, quoting; keywords that are known to be harmless.
//! - [`sigma::read`]: YAML with bounded aliases, and what the specification of Sigma asks for.
//! - [`yara::read`]: the whole grammar, and the mistakes for which a compiler would refuse the file that the rule stands in.

pub mod sigma;
pub mod suricata;
mod yaml;
pub mod yara;

use std::fmt;

/// What is wrong with a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// What is wrong there, one sentence without its full stop.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    fn new(line: usize, column: usize, what: impl Into<String>) -> Fault {
        Fault { line, column, what: what.into() }
    }

    // At a place of a text, in bytes.
    fn at(text: &str, byte: usize, what: impl Into<String>) -> Fault {
        let mut before = byte.min(text.len());
        while !text.is_char_boundary(before) {
            before -= 1;
        }
        let before = text.get(..before).unwrap_or_default();
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
        Fault::new(line, column, what)
    }
}

// A stranger's text as a message quotes it: short, and with nothing that is not seen.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut quoted = String::from("`");
    for (count, character) in text.chars().enumerate() {
        if count == SHOWN {
            quoted.push('…');
            break;
        }
        if character.is_control() {
            quoted.extend(character.escape_unicode());
        } else {
            quoted.push(character);
        }
    }
    quoted.push('`');
    quoted
}

// Longest expression, and how deep its groups go.
const EXPRESSION_BYTES: usize = 16 << 10;
const EXPRESSION_DEPTH: u32 = 50;

// Why a regular expression cannot be read. What only looks around or back is left to the engine that knows it.
fn expression_fault(expression: &str) -> Option<String> {
    if expression.len() > EXPRESSION_BYTES {
        return Some(format!("an expression has at most {EXPRESSION_BYTES} bytes"));
    }
    let mut parser =
        regex_syntax::ast::parse::ParserBuilder::new().nest_limit(EXPRESSION_DEPTH).octal(true).build();
    let error = parser.parse(expression).err()?;
    match error.kind() {
        regex_syntax::ast::ErrorKind::UnsupportedLookAround
        | regex_syntax::ast::ErrorKind::UnsupportedBackreference => None,
        kind => Some(format!("the expression cannot be read: {kind}")),
    }
}
