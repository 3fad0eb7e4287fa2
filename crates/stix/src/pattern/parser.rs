//! The parser: one token of look-ahead, depth and size bounded, rules checked where their place is known.

use std::collections::BTreeSet;

use super::constant::{Constant, Timestamp};
use super::error::{Fault, PatternError};
use super::rules;
use super::token::{Keyword, Kind, Lexer, Token};
use super::tree::{
    BooleanOperator, Comparison, ComparisonOperator, Expression, ObjectPath, Observation,
    ObservationOperator, Operand, Qualifier, Step, TimestampForm,
};
use super::{Dialect, Limits, Pattern, Reading};

pub(super) fn read(text: &str, dialect: Dialect, limits: &Limits) -> Result<Reading, PatternError> {
    if text.len() > limits.bytes {
        let start = text.floor_char_boundary(limits.bytes);
        return Err(PatternError::at(text, start, text.len(), Fault::Limit, "a shorter pattern"));
    }
    let mut lexer = Lexer::new(text, dialect);
    let token = lexer.next();
    let mut parser = Parser {
        text,
        dialect,
        limits,
        lexer,
        token,
        consumed: 0,
        depth: 0,
        nodes: 0,
        violations: Vec::new(),
    };
    let root = parser.joined(ObservationOperator::FollowedBy)?;
    if parser.token.kind != Kind::End {
        return Err(parser.unexpected("`AND`, `OR`, `FOLLOWEDBY`, a qualifier or the end"));
    }
    let mut violations = parser.violations;
    violations.sort_by_key(|violation| violation.offset);
    Ok(Reading { pattern: Pattern { dialect, root }, violations })
}

/// How many violations are told of one pattern.
const VIOLATIONS_MAX: usize = 100;

struct Parser<'a> {
    text: &'a str,
    dialect: Dialect,
    limits: &'a Limits,
    lexer: Lexer<'a>,
    /// The token not yet consumed.
    token: Token<'a>,
    /// Where the token consumed last ended.
    consumed: usize,
    /// Brackets and parentheses open.
    depth: usize,
    nodes: usize,
    /// Rules broken without breaking the grammar.
    violations: Vec<PatternError>,
}

/// An expression with the object types that can meet it, for the rule about `AND`.
struct Typed<'a> {
    expression: Expression,
    types: BTreeSet<&'a str>,
}

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Token<'a> {
        self.consumed = self.token.end;
        let next = self.lexer.next();
        std::mem::replace(&mut self.token, next)
    }

    /// Consumes the token when it is this one.
    fn take(&mut self, kind: &Kind<'a>) -> bool {
        let same = self.token.kind == *kind;
        if same {
            self.advance();
        }
        same
    }

    fn expect(&mut self, kind: &Kind<'a>, expected: &'static str) -> Result<(), PatternError> {
        if self.take(kind) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn unexpected(&self, expected: &'static str) -> PatternError {
        match self.token.kind {
            Kind::BadConstant { expected, offset } => {
                let start = self.token.start + offset;
                PatternError::at(self.text, start, self.token.end, Fault::Constant, expected)
            }
            _ => self.fault(&self.token, Fault::Grammar, expected),
        }
    }

    fn fault(&self, token: &Token<'_>, fault: Fault, expected: &'static str) -> PatternError {
        PatternError::at(self.text, token.start, token.end, fault, expected)
    }

    /// Notes a broken rule and goes on.
    fn violation(&mut self, start: usize, end: usize, fault: Fault, expected: &'static str) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(PatternError::at(self.text, start, end, fault, expected));
        }
    }

    fn count(&mut self) -> Result<(), PatternError> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(self.fault(&self.token, Fault::Limit, "fewer parts in the pattern"));
        }
        Ok(())
    }

    /// Consumes an opening bracket or parenthesis.
    fn open(&mut self) -> Result<(), PatternError> {
        self.count()?;
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(self.fault(&self.token, Fault::Limit, "fewer brackets within each other"));
        }
        self.advance();
        Ok(())
    }

    fn close(&mut self, kind: &Kind<'a>, expected: &'static str) -> Result<(), PatternError> {
        self.depth -= 1;
        self.expect(kind, expected)
    }

    // Observation expressions, §9.5

    /// Operands of `operator` and of whatever binds tighter.
    fn joined(&mut self, operator: ObservationOperator) -> Result<Observation, PatternError> {
        let (keyword, tighter) = match operator {
            ObservationOperator::FollowedBy => (Keyword::FollowedBy, Some(ObservationOperator::Or)),
            ObservationOperator::Or => (Keyword::Or, Some(ObservationOperator::And)),
            ObservationOperator::And => (Keyword::And, None),
        };
        let operand = |parser: &mut Self| match tighter {
            Some(tighter) => parser.joined(tighter),
            None => parser.qualified(),
        };
        let first = operand(self)?;
        if self.token.kind != Kind::Keyword(keyword) {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.take(&Kind::Keyword(keyword)) {
            operands.push(operand(self)?);
        }
        Ok(Observation::Joined { operator, operands })
    }

    fn qualified(&mut self) -> Result<Observation, PatternError> {
        let grouped = self.token.kind == Kind::OpenParenthesis;
        let observation = self.observation()?;
        let mut qualifiers: Vec<Qualifier> = Vec::new();
        loop {
            let start = self.token.start;
            let Some(qualifier) = self.qualifier()? else { break };
            // STIX 2.1 allows one of a kind on an expression; whether a group is one is open, and the committee's own
            // validator says no. For 2.0 it lets any number pass.
            let single = self.dialect == Dialect::Stix21 && !grouped;
            if single && qualifiers.iter().any(|other| rules::same_kind(other, &qualifier)) {
                self.violation(start, self.consumed, Fault::Qualifier, "one qualifier of a kind");
            }
            qualifiers.push(qualifier);
        }
        if qualifiers.is_empty() {
            return Ok(observation);
        }
        Ok(Observation::Qualified { observation: Box::new(observation), qualifiers })
    }

    fn observation(&mut self) -> Result<Observation, PatternError> {
        match self.token.kind {
            Kind::OpenBracket => {
                self.open()?;
                let inside = self.expression()?;
                self.close(&Kind::CloseBracket, "`AND`, `OR` or `]`")?;
                Ok(Observation::Single(inside.expression))
            }
            Kind::OpenParenthesis => {
                self.open()?;
                let inside = self.joined(ObservationOperator::FollowedBy)?;
                self.close(&Kind::CloseParenthesis, "`AND`, `OR`, `FOLLOWEDBY`, a qualifier or `)`")?;
                Ok(inside)
            }
            _ => Err(self.unexpected("`[` or `(`")),
        }
    }

    // Qualifiers, §9.5.1

    fn qualifier(&mut self) -> Result<Option<Qualifier>, PatternError> {
        let qualifier = match self.token.kind {
            Kind::Keyword(Keyword::Within) => {
                self.advance();
                let seconds = self.window()?;
                self.expect(&Kind::Keyword(Keyword::Seconds), "`SECONDS`")?;
                Qualifier::Within { seconds }
            }
            Kind::Keyword(Keyword::Repeats) => {
                self.advance();
                let times = self.repetitions()?;
                self.expect(&Kind::Keyword(Keyword::Times), "`TIMES`")?;
                Qualifier::Repeats { times }
            }
            Kind::Keyword(Keyword::Start) => {
                self.advance();
                self.start_stop()?
            }
            _ => return Ok(None),
        };
        self.count()?;
        Ok(Some(qualifier))
    }

    fn window(&mut self) -> Result<f64, PatternError> {
        let seconds = match self.token.kind {
            #[expect(
                clippy::cast_precision_loss,
                reason = "an integer constant lies within 2^53, where doubles are exact"
            )]
            Kind::Constant(Constant::Integer(seconds)) => seconds as f64,
            Kind::Constant(Constant::Float(seconds)) => seconds,
            _ => return Err(self.unexpected("a number of seconds")),
        };
        let token = self.advance();
        if seconds <= 0.0 {
            self.violation(token.start, token.end, Fault::Qualifier, "a number greater than zero");
        }
        Ok(seconds)
    }

    fn repetitions(&mut self) -> Result<u64, PatternError> {
        let Kind::Constant(Constant::Integer(times)) = self.token.kind else {
            return Err(self.unexpected("a whole number"));
        };
        let token = self.advance();
        let times = u64::try_from(times).unwrap_or(0);
        if times == 0 {
            self.violation(token.start, token.end, Fault::Qualifier, "a whole number greater than zero");
        }
        Ok(times)
    }

    fn start_stop(&mut self) -> Result<Qualifier, PatternError> {
        let (start, form) = self.time()?;
        self.expect(&Kind::Keyword(Keyword::Stop), "`STOP`")?;
        let token = self.token.clone();
        let (stop, stop_form) = self.time()?;
        if form != stop_form {
            return Err(self.fault(&token, Fault::Grammar, "a time written like the one after `START`"));
        }
        if start.partial_cmp(&stop) != Some(std::cmp::Ordering::Less) {
            self.violation(
                token.start,
                token.end,
                Fault::Qualifier,
                "a time later than the one after `START`",
            );
        }
        Ok(Qualifier::StartStop { start, stop, form })
    }

    fn time(&mut self) -> Result<(Timestamp, TimestampForm), PatternError> {
        let read = match (&self.token.kind, self.dialect) {
            (Kind::Constant(Constant::Timestamp(time)), _) => (time.clone(), TimestampForm::Constant),
            (Kind::Constant(Constant::String(text)), Dialect::Stix20) => {
                let time = Timestamp::parse(text).ok_or_else(|| {
                    self.fault(&self.token, Fault::Constant, "a time such as `2016-06-01T00:00:00Z`")
                })?;
                (time, TimestampForm::PlainString)
            }
            _ => return Err(self.unexpected("a time such as `t'2016-06-01T00:00:00Z'`")),
        };
        self.advance();
        Ok(read)
    }

    // Comparison expressions, §9.6

    /// Operands of `OR`, each of them operands of `AND`.
    fn expression(&mut self) -> Result<Typed<'a>, PatternError> {
        let first = self.conjunction()?;
        if self.token.kind != Kind::Keyword(Keyword::Or) {
            return Ok(first);
        }
        let mut types = first.types;
        let mut operands = vec![first.expression];
        while self.take(&Kind::Keyword(Keyword::Or)) {
            let next = self.conjunction()?;
            types.extend(next.types);
            operands.push(next.expression);
        }
        Ok(Typed { expression: Expression::Joined { operator: BooleanOperator::Or, operands }, types })
    }

    fn conjunction(&mut self) -> Result<Typed<'a>, PatternError> {
        let first = self.operand()?;
        if self.token.kind != Kind::Keyword(Keyword::And) {
            return Ok(first);
        }
        let mut types = first.types;
        let mut operands = vec![first.expression];
        while self.take(&Kind::Keyword(Keyword::And)) {
            let start = self.token.start;
            let next = self.operand()?;
            types.retain(|object_type| next.types.contains(object_type));
            if types.is_empty() {
                let expected = "a comparison that the object of the one before `AND` can meet";
                self.violation(start, self.consumed, Fault::ObjectTypes, expected);
                types = next.types;
            }
            operands.push(next.expression);
        }
        Ok(Typed { expression: Expression::Joined { operator: BooleanOperator::And, operands }, types })
    }

    fn operand(&mut self) -> Result<Typed<'a>, PatternError> {
        if self.token.kind == Kind::OpenParenthesis {
            self.open()?;
            let inside = self.expression()?;
            self.close(&Kind::CloseParenthesis, "`AND`, `OR` or `)`")?;
            return Ok(inside);
        }
        self.count()?;
        let (object_type, comparison) = self.comparison()?;
        Ok(Typed { expression: Expression::Comparison(comparison), types: BTreeSet::from([object_type]) })
    }

    fn comparison(&mut self) -> Result<(&'a str, Comparison), PatternError> {
        let negated_first = self.dialect == Dialect::Stix21 && self.take(&Kind::Keyword(Keyword::Not));
        if self.take(&Kind::Keyword(Keyword::Exists)) {
            let (object_type, path) = self.object_path("an object path")?;
            let operator = ComparisonOperator::Exists;
            return Ok((
                object_type,
                Comparison { path, operator, negated: negated_first, operand: Operand::Nothing },
            ));
        }
        if negated_first {
            return Err(self.unexpected("`EXISTS`; elsewhere `NOT` stands before the operator"));
        }
        let (object_type, path) = self.object_path("an object path or `(`")?;
        let negated = self.take(&Kind::Keyword(Keyword::Not));
        let operator = self.operator()?;
        let operand = self.right_side(operator, &path)?;
        Ok((object_type, Comparison { path, operator, negated, operand }))
    }

    fn operator(&mut self) -> Result<ComparisonOperator, PatternError> {
        let operator = match self.token.kind {
            Kind::Equal => ComparisonOperator::Equal,
            Kind::NotEqual => ComparisonOperator::NotEqual,
            Kind::Greater => ComparisonOperator::Greater,
            Kind::Less => ComparisonOperator::Less,
            Kind::GreaterOrEqual => ComparisonOperator::GreaterOrEqual,
            Kind::LessOrEqual => ComparisonOperator::LessOrEqual,
            Kind::Keyword(Keyword::In) => ComparisonOperator::In,
            Kind::Keyword(Keyword::Like) => ComparisonOperator::Like,
            Kind::Keyword(Keyword::Matches) => ComparisonOperator::Matches,
            Kind::Keyword(Keyword::IsSubset) => ComparisonOperator::IsSubset,
            Kind::Keyword(Keyword::IsSuperset) => ComparisonOperator::IsSuperset,
            _ => return Err(self.unexpected("a comparison operator")),
        };
        self.advance();
        Ok(operator)
    }

    fn right_side(
        &mut self,
        operator: ComparisonOperator,
        path: &ObjectPath,
    ) -> Result<Operand, PatternError> {
        if operator == ComparisonOperator::In {
            return self.set();
        }
        let Kind::Constant(constant) = self.token.kind.clone() else {
            return Err(self.unexpected("a constant"));
        };
        if let Some(expected) = rules::wrong_operand(operator, path, &constant) {
            self.violation(self.token.start, self.token.end, Fault::Operand, expected);
        }
        self.advance();
        Ok(Operand::Constant(constant))
    }

    /// The set of `IN`. The grammar lets it be empty.
    fn set(&mut self) -> Result<Operand, PatternError> {
        self.expect(&Kind::OpenParenthesis, "`(` and the members of the set")?;
        let mut members: Vec<Constant> = Vec::new();
        if self.take(&Kind::CloseParenthesis) {
            return Ok(Operand::Set(members));
        }
        loop {
            self.count()?;
            let Kind::Constant(member) = self.token.kind.clone() else {
                return Err(self.unexpected("a constant"));
            };
            let same_type =
                |first: &Constant| std::mem::discriminant(first) == std::mem::discriminant(&member);
            if members.first().is_some_and(|first| !same_type(first)) {
                let expected = "a constant of the type of the first member";
                self.violation(self.token.start, self.token.end, Fault::Operand, expected);
            }
            members.push(member);
            self.advance();
            if !self.take(&Kind::Comma) {
                self.expect(&Kind::CloseParenthesis, "`,` or `)`")?;
                return Ok(Operand::Set(members));
            }
        }
    }

    // Object paths, §9.7

    fn object_path(&mut self, expected: &'static str) -> Result<(&'a str, ObjectPath), PatternError> {
        let (Kind::Name(object_type) | Kind::HyphenName(object_type)) = self.token.kind else {
            return Err(self.unexpected(expected));
        };
        self.advance();
        self.expect(&Kind::Colon, "`:` after the object type")?;
        let mut steps = vec![self.key()?];
        loop {
            if self.take(&Kind::Dot) {
                steps.push(self.key()?);
            } else if self.take(&Kind::OpenBracket) {
                steps.push(self.index()?);
            } else {
                break;
            }
        }
        rules::mark_references(&mut steps);
        Ok((object_type, ObjectPath { object_type: object_type.to_owned(), steps }))
    }

    fn key(&mut self) -> Result<Step, PatternError> {
        self.count()?;
        let key = match &self.token.kind {
            Kind::Name(name) => (*name).to_owned(),
            Kind::Constant(Constant::String(text)) => text.clone(),
            Kind::HyphenName(_) => return Err(self.unexpected("quotes around a property name with a hyphen")),
            _ => return Err(self.unexpected("a property name")),
        };
        self.advance();
        Ok(Step::Key(key))
    }

    /// What stands behind `[`, and the `]`.
    fn index(&mut self) -> Result<Step, PatternError> {
        self.count()?;
        let step = match self.token.kind {
            Kind::Asterisk => Step::Any,
            Kind::Constant(Constant::Integer(index)) => Step::Index(
                u64::try_from(index)
                    .map_err(|_negative| self.fault(&self.token, Fault::Path, "an index from 0"))?,
            ),
            _ => return Err(self.unexpected("an index or `*`")),
        };
        self.advance();
        self.expect(&Kind::CloseBracket, "`]`")?;
        Ok(step)
    }
}
