//! Values each of which alone makes a pattern match: all that a list can say of it.

use std::collections::HashSet;

use model::observable::{Kind, Observable, normalise};
use stix::pattern::{
    BooleanOperator, Comparison, Expression, Observation, ObservationOperator, Pattern, Step,
};
use strictjson::Node;

use super::super::{Alone, MENTIONS_MAX};
use super::{kinds_at, read_either, says_equal, together, value_of};

/// What an indicator's pattern matches by one value alone.
pub(in super::super) fn of_indicator(indicator: &Node<'_>) -> Alone {
    let text = |key: &str| indicator.get(key).and_then(Node::as_str);
    let is_stix = text("pattern_type").is_none_or(|pattern_type| pattern_type == "stix");
    let reading = text("pattern").filter(|_| is_stix).and_then(|pattern| read_either(pattern, indicator));
    let mut alone = Alone { values: Vec::new(), whole: reading.is_some() };
    if let Some(reading) = reading {
        add(&reading.pattern, &mut alone);
    }
    let mut seen = HashSet::new();
    alone.values.retain(|value| seen.insert(value.key().to_vec()));
    alone.whole &= alone.values.len() <= MENTIONS_MAX;
    alone.values.truncate(MENTIONS_MAX);
    alone
}

fn add(pattern: &Pattern, alone: &mut Alone) {
    let mut observations = vec![&pattern.root];
    while let Some(observation) = observations.pop() {
        match observation {
            Observation::Single(expression) => add_of(expression, alone),
            Observation::Joined { operator: ObservationOperator::Or, operands } => {
                observations.extend(operands.iter().rev());
            }
            // Several observations, or one within some time.
            Observation::Joined { .. } | Observation::Qualified { .. } => alone.whole = false,
        }
    }
}

fn add_of(expression: &Expression, alone: &mut Alone) {
    let mut expressions = vec![expression];
    while let Some(expression) = expressions.pop() {
        match expression {
            Expression::Comparison(comparison) => {
                let values = of_comparison(comparison);
                alone.whole &= !values.is_empty();
                alone.values.extend(values);
            }
            Expression::Joined { operator: BooleanOperator::Or, operands } => {
                expressions.extend(operands.iter().rev());
            }
            Expression::Joined { operator: BooleanOperator::And, operands } => {
                let narrowing: Vec<&Expression> = operands.iter().filter(|one| narrows(one)).collect();
                if let [only] = narrowing.as_slice() {
                    expressions.push(only);
                    continue;
                }
                let mut values = together::of_operands(narrowing.iter().copied());
                if narrowing.len() > 2 || values.is_empty() {
                    values = of_digests(&narrowing);
                }
                alone.whole &= !values.is_empty();
                alone.values.extend(values);
            }
        }
    }
}

/// What a comparison says a value is; nothing where one of its constants has no normal form.
fn of_comparison(comparison: &Comparison) -> Vec<Observable> {
    // Of several things that it is, the last is the narrowest: a certificate, and no file.
    let kinds = kinds_at(&comparison.path).into_iter().next_back().filter(|_| says_equal(comparison));
    let Some(kinds) = kinds else { return Vec::new() };
    let fit = |value: String| kinds.iter().find_map(|kind| normalise(*kind, &value).ok());
    let values = comparison.constants().iter().map(|constant| value_of(constant).and_then(fit));
    values.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// The digests of a file that has to meet more: no other file has them.
fn of_digests(operands: &[&Expression]) -> Vec<Observable> {
    let is_digest = |value: &Observable| {
        let kind = value.kind();
        (Kind::Md5..=Kind::Sha3_512).contains(&kind)
            || matches!(kind, Kind::Sha3_224 | Kind::Sha3_384 | Kind::CertSha1 | Kind::CertSha256)
    };
    let comparisons = operands.iter().filter_map(|operand| match operand {
        Expression::Comparison(comparison) => Some(of_comparison(comparison)),
        Expression::Joined { .. } => None,
    });
    comparisons.flatten().filter(is_digest).collect()
}

/// Whether a comparison says more than which type something has, or which protocols are spoken.
fn narrows(expression: &Expression) -> bool {
    let Expression::Comparison(comparison) = expression else { return true };
    let is = |step: &Step, name: &str| matches!(step, Step::Key(key) if key == name);
    let path = &comparison.path.steps;
    let is_type = path.len() > 1 && path.last().is_some_and(|step| is(step, "type"));
    !(is_type || path.first().is_some_and(|step| is(step, "protocols"))) || !says_equal(comparison)
}
