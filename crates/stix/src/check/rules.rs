//! Rules that bind several properties of one object.

use crate::finding::{Findings, Path};
use crate::timestamp::Timestamp;
use crate::types::{Rule, Shape};
use strictjson::{Node, Object};

/// Applies one rule of a table.
pub(super) fn apply(
    findings: &mut Findings,
    rule: &Rule,
    object: &Object<'_>,
    shape: &Shape,
    path: &Path<'_>,
) {
    let clause = shape.clause;
    let has = |name: &str| object.contains_key(name);
    match *rule {
        Rule::OneOf(names) => {
            if !names.iter().any(|name| has(name)) {
                findings.must(path, "missing-one-of", clause, || {
                    format!("at least one of these must be there: {}", names.join(", "))
                });
            }
        }
        Rule::NotEmpty => not_empty(findings, object, shape, path),
        Rule::NotEmptyOrExtended => {
            if !has("extensions") {
                not_empty(findings, object, shape, path);
            }
        }
        Rule::NotBoth(one, other) => {
            if has(one) && has(other) {
                findings.must(&path.key(other), "exclusive-properties", clause, || {
                    format!("`{one}` and `{other}` must not both be there")
                });
            }
        }
        Rule::Needs(one, other) => {
            if has(one) && !has(other) {
                findings.must(&path.key(one), "dependent-property", clause, || {
                    format!("`{one}` must not be there without `{other}`")
                });
            }
        }
        Rule::NotBefore(later, earlier) => {
            if let Some((second, first)) = times(object, later, earlier)
                && second < first
            {
                findings.must(&path.key(later), "time-order", clause, || {
                    format!("`{later}` must not be earlier than `{earlier}`")
                });
            }
        }
        Rule::After(later, earlier) => {
            if let Some((second, first)) = times(object, later, earlier)
                && second <= first
            {
                findings.must(&path.key(later), "time-order", clause, || {
                    format!("`{later}` must be later than `{earlier}`")
                });
            }
        }
        Rule::Own(rule) => rule(findings, object, path, clause),
    }
}

fn not_empty(findings: &mut Findings, object: &Object<'_>, shape: &Shape, path: &Path<'_>) {
    let declared = |name: &str| shape.properties.iter().any(|property| property.name == name);
    if !object.iter().any(|member| declared(&member.key)) {
        findings.must(path, "empty-object", shape.clause, || {
            format!("at least one of the properties of `{}` must be there", shape.name)
        });
    }
}

/// Two times, if both are there and are times.
fn times(object: &Object<'_>, one: &str, other: &str) -> Option<(Timestamp, Timestamp)> {
    let time = |name| Timestamp::parse(object.get(name).and_then(Node::as_str)?).ok();
    Some((time(one)?, time(other)?))
}
