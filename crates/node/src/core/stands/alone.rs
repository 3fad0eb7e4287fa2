//! Which comparisons of a pattern suffice by themselves.
//!
//! One that suffices is the only one of its observation, or one of several joined by OR, and its observation is the only one, or
//! one of several joined by OR. Joined by AND, values suffice where they are one value together (an address and its port, a folder
//! and a name), or where one of them is a digest of the very content of the file that the others describe.

use model::Timestamp;
use model::matching::Mode;
use model::observable::{Kind, Observable, normalise};
use stix::pattern::{
    BooleanOperator, Comparison, ComparisonOperator, Expression, Observation, ObservationOperator, Pattern,
    Qualifier,
};

use crate::core::observables::of_pattern::{joined, kinds_at, value_of};

/// When a value counts, if the pattern says so.
type During = Option<(Timestamp, Timestamp)>;
/// A value that suffices.
type Alone = (Observable, Mode, During);

/// The values that suffice by themselves.
pub(super) fn values(pattern: &Pattern) -> Vec<Alone> {
    let mut found = Vec::new();
    let mut waiting = vec![(&pattern.root, None)];
    while let Some((observation, during)) = waiting.pop() {
        match observation {
            Observation::Single(expression) => add(expression, during, &mut found),
            Observation::Joined { operator: ObservationOperator::Or, operands } => {
                waiting.extend(operands.iter().rev().map(|one| (one, during)));
            }
            Observation::Joined { .. } => {}
            Observation::Qualified { observation, qualifiers } => {
                if let Some(during) = qualified(qualifiers, during) {
                    waiting.push((observation, during));
                }
            }
        }
    }
    found
}

// What is to be seen several times does not suffice when it is seen.
fn qualified(qualifiers: &[Qualifier], mut during: During) -> Option<During> {
    for qualifier in qualifiers {
        match qualifier {
            Qualifier::Repeats { times } if *times > 1 => return None,
            Qualifier::Repeats { .. } | Qualifier::Within { .. } => {}
            Qualifier::StartStop { start, stop, .. } => {
                let start: Timestamp = start.as_str().parse().ok()?;
                let stop: Timestamp = stop.as_str().parse().ok()?;
                let (from, until) = during.unwrap_or((start, stop));
                during = Some((from.max(start), until.min(stop)));
            }
        }
    }
    Some(during)
}

fn add(expression: &Expression, during: During, found: &mut Vec<Alone>) {
    let mut waiting = vec![expression];
    while let Some(expression) = waiting.pop() {
        match expression {
            Expression::Comparison(comparison) => found.extend(compared(comparison, during)),
            Expression::Joined { operator: BooleanOperator::Or, operands } => {
                waiting.extend(operands.iter().rev());
            }
            Expression::Joined { operator: BooleanOperator::And, operands } => {
                found.extend(together(expression, operands, during));
            }
        }
    }
}

// What comparisons suffice for that must all hold for the same object.
fn together(whole: &Expression, operands: &[Expression], during: During) -> Vec<Alone> {
    let comparisons: Option<Vec<&Comparison>> = operands
        .iter()
        .map(|operand| match operand {
            Expression::Comparison(comparison) => Some(comparison),
            Expression::Joined { .. } => None,
        })
        .collect();
    let Some(comparisons) = comparisons else { return Vec::new() };
    if let (Some(value), 2) = (joined(whole), comparisons.len()) {
        let mode = Mode::of_kind(value.kind());
        return vec![(value, mode, during)];
    }
    let of_file = |comparison: &&Comparison| {
        comparison.path.object_type == "file" && comparison.operator == ComparisonOperator::Equal
    };
    if !comparisons.iter().all(of_file) || comparisons.iter().any(|comparison| comparison.negated) {
        return Vec::new();
    }
    let said = comparisons.iter().flat_map(|comparison| compared(comparison, during));
    said.filter(|(value, ..)| is_of_content(value.kind())).collect()
}

// What two files of one content have the same, and two of another never do but by an attack on the function itself, which makes
// both of them the attacker's.
fn is_of_content(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Md5
            | Kind::Sha1
            | Kind::Sha224
            | Kind::Sha256
            | Kind::Sha384
            | Kind::Sha512
            | Kind::Sha3_224
            | Kind::Sha3_256
            | Kind::Sha3_384
            | Kind::Sha3_512
    )
}

fn compared(comparison: &Comparison, during: During) -> Vec<Alone> {
    let equal = match comparison.operator {
        ComparisonOperator::Equal | ComparisonOperator::In => !comparison.negated,
        ComparisonOperator::NotEqual => comparison.negated,
        ComparisonOperator::IsSubset if !comparison.negated => return within(comparison, during),
        ComparisonOperator::Like if !comparison.negated => return like(comparison, during),
        _ => false,
    };
    if !equal {
        return Vec::new();
    }
    let texts: Vec<String> = comparison.constants().iter().filter_map(value_of).collect();
    let mut found = Vec::new();
    for kinds in kinds_at(&comparison.path) {
        for text in &texts {
            let value = kinds.iter().find_map(|kind| normalise(*kind, text).ok());
            found.extend(value.map(|value| {
                let mode = Mode::of_kind(value.kind());
                (value, mode, during)
            }));
        }
    }
    found
}

// `ISSUBSET` is said of addresses, by a network or by one.
fn within(comparison: &Comparison, during: During) -> Vec<Alone> {
    let texts = comparison.constants().iter().filter_map(value_of);
    let networks = [Kind::Cidr4, Kind::Cidr6, Kind::Ipv4, Kind::Ipv6];
    let read = |text: String| networks.iter().find_map(|kind| normalise(*kind, &text).ok());
    texts.filter_map(read).map(|value| (value, Mode::Network, during)).collect()
}

// `LIKE` is understood where it says what has a mode: all below a domain, all below a path.
fn like(comparison: &Comparison, during: During) -> Vec<Alone> {
    let texts: Vec<String> = comparison.constants().iter().filter_map(value_of).collect();
    let kinds: Vec<Kind> = kinds_at(&comparison.path).into_iter().flatten().collect();
    let mut found = Vec::new();
    for text in &texts {
        let plain = |text: &str| !text.contains(['%', '_']);
        if let Some(name) =
            text.strip_prefix("%.").filter(|name| plain(name) && kinds.contains(&Kind::Domain))
        {
            let value = normalise(Kind::Domain, name).ok();
            found.extend(value.map(|value| (value, Mode::Wildcard, during)));
        }
        if let Some(folder) = text.strip_suffix("/%").filter(|path| plain(path) && kinds.contains(&Kind::Url))
        {
            let value = normalise(Kind::Url, &format!("{folder}/")).ok();
            found.extend(value.map(|value| (value, Mode::PathPrefix, during)));
        }
    }
    found
}
