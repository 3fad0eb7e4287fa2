//! Writing a pattern back as text.

use std::fmt::{self, Display, Formatter, Write as _};

use super::constant::Constant;
use super::token::is_plain_name;
use super::tree::{
    BooleanOperator, Comparison, ComparisonOperator, Expression, ObjectPath, Observation,
    ObservationOperator, Operand, Qualifier, Step, TimestampForm,
};
use super::{Dialect, Pattern, rules};

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        observation(f, &self.root, self.dialect)
    }
}

impl Display for ObjectPath {
    /// The path as STIX 2.1 writes it.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        path(f, self, Dialect::Stix21)
    }
}

impl Display for ComparisonOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ComparisonOperator::Equal => "=",
            ComparisonOperator::NotEqual => "!=",
            ComparisonOperator::Greater => ">",
            ComparisonOperator::Less => "<",
            ComparisonOperator::GreaterOrEqual => ">=",
            ComparisonOperator::LessOrEqual => "<=",
            ComparisonOperator::In => "IN",
            ComparisonOperator::Like => "LIKE",
            ComparisonOperator::Matches => "MATCHES",
            ComparisonOperator::IsSubset => "ISSUBSET",
            ComparisonOperator::IsSuperset => "ISSUPERSET",
            ComparisonOperator::Exists => "EXISTS",
        })
    }
}

impl Display for Constant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Constant::String(text) => quoted(f, text),
            Constant::Integer(value) => write!(f, "{value}"),
            // `Debug` keeps the point that makes it a float, but turns to exponents, which the grammar lacks.
            Constant::Float(value) if value.fract() == 0.0 => write!(f, "{value}.0"),
            Constant::Float(value) => write!(f, "{value}"),
            Constant::Boolean(value) => write!(f, "{value}"),
            Constant::Hex(bytes) => {
                f.write_str("h'")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_char('\'')
            }
            Constant::Binary(bytes) => {
                use base64::Engine as _;
                write!(f, "b'{}'", base64::engine::general_purpose::STANDARD.encode(bytes))
            }
            Constant::Timestamp(time) => write!(f, "t'{}'", time.as_str()),
        }
    }
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('\'')?;
    for character in text.chars() {
        if matches!(character, '\'' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(character)?;
    }
    f.write_char('\'')
}

fn observation(f: &mut Formatter<'_>, it: &Observation, dialect: Dialect) -> fmt::Result {
    match it {
        Observation::Single(inside) => {
            f.write_char('[')?;
            expression(f, inside, dialect)?;
            f.write_char(']')
        }
        Observation::Joined { operator, operands } => {
            let word = match operator {
                ObservationOperator::And => " AND ",
                ObservationOperator::Or => " OR ",
                ObservationOperator::FollowedBy => " FOLLOWEDBY ",
            };
            for (nth, operand) in operands.iter().enumerate() {
                if nth > 0 {
                    f.write_str(word)?;
                }
                // What binds as loosely as this operator, or looser, keeps its parentheses.
                let loose =
                    matches!(operand, Observation::Joined { operator: inner, .. } if inner >= operator);
                grouped(f, loose, |f| observation(f, operand, dialect))?;
            }
            Ok(())
        }
        Observation::Qualified { observation: inside, qualifiers } => {
            // Two qualifiers of a kind are only possible behind a parenthesis.
            let doubled = qualifiers.iter().enumerate().any(|(nth, qualifier)| {
                qualifiers.iter().take(nth).any(|other| rules::same_kind(other, qualifier))
            });
            let group = doubled || !matches!(**inside, Observation::Single(_));
            grouped(f, group, |f| observation(f, inside, dialect))?;
            qualifiers.iter().try_for_each(|one| qualifier(f, one))
        }
    }
}

fn grouped(
    f: &mut Formatter<'_>,
    group: bool,
    inside: impl FnOnce(&mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    if !group {
        return inside(f);
    }
    f.write_char('(')?;
    inside(f)?;
    f.write_char(')')
}

fn qualifier(f: &mut Formatter<'_>, it: &Qualifier) -> fmt::Result {
    match it {
        // A whole number past 2^53 is only possible as a float.
        Qualifier::Within { seconds } if *seconds >= 9_007_199_254_740_992.0 => {
            write!(f, " WITHIN {seconds}.0 SECONDS")
        }
        Qualifier::Within { seconds } => write!(f, " WITHIN {seconds} SECONDS"),
        Qualifier::Repeats { times } => write!(f, " REPEATS {times} TIMES"),
        Qualifier::StartStop { start, stop, form } => {
            let prefix = match form {
                TimestampForm::Constant => "t",
                TimestampForm::PlainString => "",
            };
            write!(f, " START {prefix}'{}' STOP {prefix}'{}'", start.as_str(), stop.as_str())
        }
    }
}

fn expression(f: &mut Formatter<'_>, it: &Expression, dialect: Dialect) -> fmt::Result {
    match it {
        Expression::Comparison(inside) => comparison(f, inside, dialect),
        Expression::Joined { operator, operands } => {
            let word = match operator {
                BooleanOperator::And => " AND ",
                BooleanOperator::Or => " OR ",
            };
            for (nth, operand) in operands.iter().enumerate() {
                if nth > 0 {
                    f.write_str(word)?;
                }
                let loose =
                    matches!(operand, Expression::Joined { operator: inner, .. } if inner >= operator);
                grouped(f, loose, |f| expression(f, operand, dialect))?;
            }
            Ok(())
        }
    }
}

fn comparison(f: &mut Formatter<'_>, it: &Comparison, dialect: Dialect) -> fmt::Result {
    if it.operator == ComparisonOperator::Exists {
        f.write_str(if it.negated { "NOT EXISTS " } else { "EXISTS " })?;
        return path(f, &it.path, dialect);
    }
    path(f, &it.path, dialect)?;
    write!(f, " {}{}", if it.negated { "NOT " } else { "" }, it.operator)?;
    match &it.operand {
        Operand::Nothing => Ok(()),
        Operand::Constant(constant) => write!(f, " {constant}"),
        Operand::Set(members) => {
            f.write_str(" (")?;
            for (nth, member) in members.iter().enumerate() {
                write!(f, "{}{member}", if nth > 0 { ", " } else { "" })?;
            }
            f.write_char(')')
        }
    }
}

fn path(f: &mut Formatter<'_>, it: &ObjectPath, dialect: Dialect) -> fmt::Result {
    write!(f, "{}:", it.object_type)?;
    for (nth, step) in it.steps.iter().enumerate() {
        match step {
            Step::Key(name) | Step::Reference(name) => {
                if nth > 0 {
                    f.write_char('.')?;
                }
                if is_plain_name(name, dialect) { f.write_str(name)? } else { quoted(f, name)? }
            }
            Step::Index(index) => write!(f, "[{index}]")?,
            Step::Any => f.write_str("[*]")?,
        }
    }
    Ok(())
}
