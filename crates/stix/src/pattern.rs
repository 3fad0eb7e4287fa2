//! STIX patterns (STIX 2.1 §9; STIX 2.0 Part 5): text in, a typed tree out, within limits.
//!
//! The grammar is the one that the standard and the committee's own ANTLR grammars agree on. Where they differ, the
//! standard's MUST decides and the place says so. What a pattern must fulfil without being evaluated is checked here:
//!
//! * the operands of `AND` can be met by one object (§9.5),
//! * one qualifier of a kind on an observation expression, windows and counts greater than zero, `START` before
//!   `STOP` (§9.5.1),
//! * the members of an `IN` set share a type, `ISSUBSET` and `ISSUPERSET` compare an address with an address (§9.6.1),
//! * constants are in range and well formed (§9.2).
//!
//! Not checked, since it needs the definitions of all object types or an engine: that a constant has the type of its
//! property, that a property exists, that `MATCHES` holds a regular expression that some engine takes.

mod constant;
mod error;
mod parser;
mod rules;
mod token;
mod tree;
mod write;

pub use constant::{Constant, Timestamp};
pub use error::{Fault, PatternError};
pub use tree::{
    BooleanOperator, Comparison, ComparisonOperator, Expression, ObjectPath, Observation,
    ObservationOperator, Operand, Qualifier, Step, TimestampForm,
};

/// Which edition of the language a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// STIX 2.0 Part 5: no `EXISTS`; `START` and `STOP` take a plain string or a timestamp, since the standard's text
    /// and its example differ and both are in use.
    Stix20,
    /// STIX 2.1 §9.
    Stix21,
}

/// What a pattern may cost. Every bound is checked while parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the text, in bytes.
    pub bytes: usize,
    /// Nesting of brackets and parentheses; the outermost counts as 1.
    pub depth: usize,
    /// Comparisons, path steps, set members, qualifiers and groups together.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 64 << 10, depth: 64, nodes: 10_000 }
    }
}

/// A parsed pattern. `Display` writes it back: parsing that again gives an equal pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// The edition it was parsed as, and is written in.
    pub dialect: Dialect,
    /// The whole pattern expression.
    pub root: Observation,
}

impl Pattern {
    /// Every comparison of the pattern in the order of the text, whatever it is joined by.
    #[must_use]
    pub fn comparisons(&self) -> Comparisons<'_> {
        Comparisons { open: vec![Part::Observation(&self.root)] }
    }
}

/// Parses one pattern.
///
/// # Errors
/// The first place that breaks the grammar of the dialect or a limit, else the first that breaks a rule of §9.
pub fn parse(text: &str, dialect: Dialect, limits: &Limits) -> Result<Pattern, PatternError> {
    let reading = read(text, dialect, limits)?;
    match reading.violations.into_iter().next() {
        Some(violation) => Err(violation),
        None => Ok(reading.pattern),
    }
}

/// A pattern that follows the grammar, and where it breaks the other rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The tree. With violations it may hold what a [`Pattern`] from [`parse`] never does: a window of zero, a set of
    /// several types.
    pub pattern: Pattern,
    /// The rules of §9 that it breaks, in the order of the text, at most 100. The standard lets such a pattern match nothing
    /// (§9.4); what it mentions can still be of use.
    pub violations: Vec<PatternError>,
}

/// Parses one pattern and goes on where a rule is broken but the grammar is not.
///
/// # Errors
/// The first place that breaks the grammar of the dialect or a limit, or holds a malformed constant.
pub fn read(text: &str, dialect: Dialect, limits: &Limits) -> Result<Reading, PatternError> {
    parser::read(text, dialect, limits)
}

/// Walks the comparisons of a pattern; made by [`Pattern::comparisons`].
#[derive(Debug, Clone)]
pub struct Comparisons<'a> {
    open: Vec<Part<'a>>,
}

#[derive(Debug, Clone)]
enum Part<'a> {
    Observation(&'a Observation),
    Expression(&'a Expression),
}

impl<'a> Iterator for Comparisons<'a> {
    type Item = &'a Comparison;

    fn next(&mut self) -> Option<&'a Comparison> {
        loop {
            match self.open.pop()? {
                Part::Observation(Observation::Single(inside)) => self.open.push(Part::Expression(inside)),
                Part::Observation(Observation::Qualified { observation, .. }) => {
                    self.open.push(Part::Observation(observation));
                }
                Part::Observation(Observation::Joined { operands, .. }) => {
                    self.open.extend(operands.iter().rev().map(Part::Observation));
                }
                Part::Expression(Expression::Joined { operands, .. }) => {
                    self.open.extend(operands.iter().rev().map(Part::Expression));
                }
                Part::Expression(Expression::Comparison(comparison)) => return Some(comparison),
            }
        }
    }
}
