//! Observables that two comparisons say together: an address and a port, a folder and a file's name.

use model::observable::{Kind, Observable, normalise};
use stix::pattern::{
    BooleanOperator, Comparison, ComparisonOperator, Expression, Observation, Pattern, Step,
};
use strictjson::Pointer;

use super::super::Mentions;
use super::value_of;

/// Pairs of paths that are one value, as their steps are written.
const SOCKETS: [(&str, &str); 2] = [("dst_ref.value", "dst_port"), ("src_ref.value", "src_port")];
const FILE: (&str, &str) = ("parent_directory_ref.path", "name");

/// Adds what comparisons that must hold for the same object say together.
pub(super) fn add(pattern: &Pattern, at: &Pointer, mentions: &mut Mentions) {
    let mut observations = vec![&pattern.root];
    while let Some(observation) = observations.pop() {
        match observation {
            Observation::Single(expression) => add_of(expression, at, mentions),
            // The first is looked at first.
            Observation::Joined { operands, .. } => observations.extend(operands.iter().rev()),
            Observation::Qualified { observation, .. } => observations.push(observation),
        }
    }
}

fn add_of(expression: &Expression, at: &Pointer, mentions: &mut Mentions) {
    let mut expressions = vec![expression];
    while let Some(expression) = expressions.pop() {
        let Expression::Joined { operator, operands } = expression else { continue };
        expressions.extend(operands.iter().rev());
        if *operator != BooleanOperator::And {
            continue;
        }
        for observable in of_operands(operands.iter()) {
            mentions.add_observable(observable, at);
        }
    }
}

/// What some comparisons that must all hold say two by two. What is no such value is none together either, and was told
/// already.
pub(super) fn of_operands<'e>(operands: impl Iterator<Item = &'e Expression>) -> Vec<Observable> {
    let equal: Vec<(String, String)> = operands.filter_map(said).collect();
    let of = |path: &str| equal.iter().find(|(said, _)| said == path).map(|(_, value)| value.as_str());
    let mut found = Vec::new();
    for (address, port) in SOCKETS {
        let (address, port) = (format!("network-traffic:{address}"), format!("network-traffic:{port}"));
        if let (Some(address), Some(port)) = (of(&address), of(&port)) {
            found.extend(normalise(Kind::IpPort, &format!("{address}|{port}")));
        }
    }
    let (folder, name) = (format!("file:{}", FILE.0), format!("file:{}", FILE.1));
    if let (Some(folder), Some(name)) = (of(&folder), of(&name)) {
        let separator = if folder.contains('/') { '/' } else { '\\' };
        found.extend(normalise(Kind::FilePath, &format!("{folder}{separator}{name}")));
    }
    found
}

/// The path and the value of a comparison that says what a value is.
fn said(expression: &Expression) -> Option<(String, String)> {
    let Expression::Comparison(Comparison {
        path,
        operator: ComparisonOperator::Equal,
        negated: false,
        operand,
    }) = expression
    else {
        return None;
    };
    let stix::pattern::Operand::Constant(constant) = operand else { return None };
    let steps: Option<Vec<&str>> = path
        .steps
        .iter()
        .map(|step| match step {
            Step::Key(name) | Step::Reference(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    Some((format!("{}:{}", path.object_type, steps?.join(".")), value_of(constant)?))
}
