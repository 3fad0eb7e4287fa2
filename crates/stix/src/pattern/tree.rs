//! The tree of a pattern: its public types.

use super::constant::{Constant, Timestamp};

/// An observation expression (STIX 2.1 §9.5), alone, qualified or joined with others.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// `[ ... ]`: one observation that meets the expression.
    Single(Expression),
    /// Several, joined by one operator, from left to right; at least two.
    Joined {
        /// What joins them.
        operator: ObservationOperator,
        /// The expressions joined.
        operands: Vec<Observation>,
    },
    /// An expression with qualifiers behind it; at least one.
    Qualified {
        /// What the qualifiers apply to.
        observation: Box<Observation>,
        /// The qualifiers in the order of the text.
        qualifiers: Vec<Qualifier>,
    },
}

/// What joins observation expressions (§9.5.2), tightest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObservationOperator {
    /// Both, on different observations.
    And,
    /// One of them.
    Or,
    /// Both, the second observed at or after the first.
    FollowedBy,
}

/// A restriction of an observation expression (§9.5.1).
#[derive(Debug, Clone, PartialEq)]
pub enum Qualifier {
    /// `WITHIN x SECONDS`: all observations lie in one window.
    Within {
        /// Length of the window in seconds; finite and greater than zero.
        seconds: f64,
    },
    /// `REPEATS x TIMES`: so many different observations.
    Repeats {
        /// How many; at least 1.
        times: u64,
    },
    /// `START x STOP y`: observed at or after `start` and before `stop`.
    StartStop {
        /// First instant inside.
        start: Timestamp,
        /// First instant outside; later than `start`.
        stop: Timestamp,
        /// How the two are written.
        form: TimestampForm,
    },
}

/// How `START` and `STOP` write their times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampForm {
    /// `t'2016-06-01T00:00:00Z'`: STIX 2.1, and the example of STIX 2.0.
    Constant,
    /// `'2016-06-01T00:00:00Z'`: the text of STIX 2.0.
    PlainString,
}

/// What stands between the brackets: a comparison, or several joined.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// One comparison.
    Comparison(Comparison),
    /// Several, joined by one operator, from left to right; at least two.
    Joined {
        /// What joins them.
        operator: BooleanOperator,
        /// The expressions joined.
        operands: Vec<Expression>,
    },
}

/// What joins comparisons (§9.6), tightest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BooleanOperator {
    /// All hold for the same object.
    And,
    /// One of them holds.
    Or,
}

/// An object path, an operator and what it is compared with (§9.6).
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The left side.
    pub path: ObjectPath,
    /// The comparison, before `negated` turns it round.
    pub operator: ComparisonOperator,
    /// `NOT` was written. Independent of the operator: `NOT !=` is possible and means `=`.
    pub negated: bool,
    /// The right side.
    pub operand: Operand,
}

impl Comparison {
    /// The constants on the right side: none for `EXISTS`, the members for `IN`, else one.
    #[must_use]
    pub fn constants(&self) -> &[Constant] {
        match &self.operand {
            Operand::Nothing => &[],
            Operand::Constant(constant) => std::slice::from_ref(constant),
            Operand::Set(constants) => constants,
        }
    }
}

/// The operators of §9.6.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparisonOperator {
    /// `=` (also written `==`)
    Equal,
    /// `!=` (also written `<>`)
    NotEqual,
    /// `>`
    Greater,
    /// `<`
    Less,
    /// `>=`
    GreaterOrEqual,
    /// `<=`
    LessOrEqual,
    /// `IN`: equal to a member of the set.
    In,
    /// `LIKE`: `%` stands for any characters, `_` for one.
    Like,
    /// `MATCHES`: a regular expression finds something.
    Matches,
    /// `ISSUBSET`: the address or network lies within the constant.
    IsSubset,
    /// `ISSUPERSET`: the address or network holds the constant.
    IsSuperset,
    /// `EXISTS`: the property is there. Only in STIX 2.1.
    Exists,
}

/// The right side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// `EXISTS` has none.
    Nothing,
    /// One constant.
    Constant(Constant),
    /// The set of `IN`: members of one type, perhaps none.
    Set(Vec<Constant>),
}

/// Where the compared value stands: an object type and the steps from there (§9.7).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectPath {
    /// The type of the object that the path starts from.
    pub object_type: String,
    /// At least one step; the first is a key or a reference.
    pub steps: Vec<Step>,
}

/// One step of an object path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// A property or a dictionary's key; quoted in the text where its characters ask for it.
    Key(String),
    /// A property whose name ends with `_ref` or `_refs` and that is followed by a key: the object referred to takes
    /// its place (§9.7.4).
    Reference(String),
    /// `[n]`: a member of a list, from 0.
    Index(u64),
    /// `[*]`: any member of a list.
    Any,
}
