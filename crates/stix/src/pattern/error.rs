//! What is wrong with a pattern, and where.

use std::fmt;

/// Why a text is not a pattern, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// What kind of thing is wrong.
    pub fault: Fault,
    /// Byte offset in the text.
    pub offset: usize,
    /// Line, from 1; lines end with a line feed.
    pub line: usize,
    /// Column, from 1, counted in characters.
    pub column: usize,
    /// What could have stood there.
    pub expected: &'static str,
    /// What stands there, cut to a few characters; "the end of the pattern" when nothing does.
    pub found: String,
}

/// The kinds of fault, each with the clause of STIX 2.1 that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The text does not follow the grammar (§9.4 to §9.7).
    Grammar,
    /// A constant is malformed or out of range (§9.2).
    Constant,
    /// Operands of `AND` that no single object can meet (§9.5).
    ObjectTypes,
    /// A qualifier of no effect, or one too many (§9.5.1).
    Qualifier,
    /// An operand that its operator cannot take (§9.6.1).
    Operand,
    /// A path that cannot lead anywhere (§9.7).
    Path,
    /// Longer, deeper or larger than the limits allow.
    Limit,
}

impl Fault {
    /// The clause of STIX 2.1 that is broken; empty for a limit, which is ours.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Fault::Grammar => "9.3",
            Fault::Constant => "9.2",
            Fault::ObjectTypes => "9.5",
            Fault::Qualifier => "9.5.1",
            Fault::Operand => "9.6.1",
            Fault::Path => "9.7",
            Fault::Limit => "",
        }
    }
}

/// How much of the text an error repeats, in characters.
const FOUND_CHARACTERS: usize = 40;

impl PatternError {
    /// An error about `text[start..end]`.
    pub(super) fn at(
        text: &str,
        start: usize,
        end: usize,
        fault: Fault,
        expected: &'static str,
    ) -> PatternError {
        let before = text.get(..start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let stands = text.get(start..end).unwrap_or("");
        let mut found: String = stands.chars().take(FOUND_CHARACTERS).collect();
        if found.len() < stands.len() {
            found.push('…');
        }
        PatternError {
            fault,
            offset: start,
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or("").chars().count() + 1,
            expected,
            found: if found.is_empty() { "the end of the pattern".to_owned() } else { format!("`{found}`") },
        }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: expected {}, found {}",
            self.line, self.column, self.expected, self.found
        )
    }
}

impl std::error::Error for PatternError {}
