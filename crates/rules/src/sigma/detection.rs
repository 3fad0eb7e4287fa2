//! `detection`: what is looked for under names, and the condition over those.

use std::net::IpAddr;

use super::condition;
use crate::yaml::{Node, Value};
use crate::{Fault, expression_fault, quoted};

/// Modifiers of fields (sigma-modifiers-appendix), the flags of expressions among them.
const MODIFIERS: [&str; 38] = [
    "all",
    "startswith",
    "endswith",
    "contains",
    "exists",
    "cased",
    "windash",
    "re",
    "i",
    "ignorecase",
    "m",
    "multiline",
    "s",
    "dotall",
    "base64",
    "base64offset",
    "utf16le",
    "utf16be",
    "utf16",
    "wide",
    "cidr",
    "expand",
    "fieldref",
    "lt",
    "lte",
    "gt",
    "gte",
    "neq",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
    "not",
    "uft16le",
    "ucs2",
    "ge",
];
/// Of those, what readers of rules do not know.
const UNKNOWN: [&str; 5] = ["not", "uft16le", "ucs2", "ge", "week_day"];

/// Checks a detection.
pub(super) fn check(node: &Node) -> Result<(), Fault> {
    let Some(map) = node.map() else { return Err(node.fault("`detection` is a mapping")) };
    if let Some(found) = node.get("timeframe") {
        return Err(found.fault("`timeframe` went with conditions that count, and is held"));
    }
    let names: Vec<&str> =
        map.iter().filter_map(|(key, _)| key.text()).filter(|name| *name != "condition").collect();
    if names.is_empty() {
        return Err(node.fault("`detection` looks for nothing"));
    }
    for (name, value) in map.iter().filter(|(key, _)| key.text() != Some("condition")) {
        if !name.text().is_some_and(is_name) {
            return Err(name.fault("the name of what is looked for is of letters, digits, `_` and `-`"));
        }
        looked_for(value)?;
    }
    let Some(condition) = node.get("condition") else {
        return Err(node.fault("`detection` has a `condition`"));
    };
    let texts: Vec<&Node> = match &condition.value {
        Value::List(list) if !list.is_empty() => list.iter().collect(),
        _ => vec![condition],
    };
    for one in texts {
        let Some(text) = one.text() else { return Err(one.fault("a condition is a text")) };
        condition::check(text, &names).map_err(|what| one.fault(what))?;
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let is_word = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '-');
    !name.is_empty()
        && name.chars().all(is_word)
        && !["and", "or", "not", "of", "them", "all", "any"].contains(&name)
}

// Fields with values, words, or a list of either.
fn looked_for(node: &Node) -> Result<(), Fault> {
    match &node.value {
        Value::Map(map) if map.is_empty() => Err(node.fault("nothing is looked for")),
        Value::Map(map) => map.iter().try_for_each(|(field, value)| of_field(field, value)),
        Value::List(list) if list.is_empty() => Err(node.fault("nothing is looked for")),
        Value::List(list) => list.iter().try_for_each(|one| match &one.value {
            Value::Map(_) => looked_for(one),
            Value::Scalar(..) => Ok(()),
            Value::List(_) => Err(one.fault("a list has no list within")),
        }),
        Value::Scalar(..) if node.is_null() => Err(node.fault("nothing is looked for")),
        Value::Scalar(..) => Ok(()),
    }
}

fn of_field(field: &Node, value: &Node) -> Result<(), Fault> {
    let mut parts = field.text().unwrap_or_default().split('|');
    let _ = parts.next();
    let modifiers: Vec<&str> = parts.collect();
    let is_known = |word: &&&str| !MODIFIERS.contains(*word) || UNKNOWN.contains(*word);
    if let Some(word) = modifiers.iter().find(is_known) {
        return Err(field.fault(format!("{} is no modifier of a field", quoted(word))));
    }
    let has = |word: &str| modifiers.contains(&word);
    let values: Vec<&Node> = match &value.value {
        Value::List(list) => list.iter().collect(),
        _ => vec![value],
    };
    if values.is_empty() {
        return Err(value.fault("a field has a value"));
    }
    for one in values {
        let Value::Scalar(text, _) = &one.value else {
            return Err(one.fault("the value of a field is a text, a number or null"));
        };
        if one.is_null() && !modifiers.is_empty() {
            return Err(one.fault("what is null has no modifiers"));
        }
        if has("re")
            && let Some(what) = expression_fault(text)
        {
            return Err(one.fault(what));
        }
        if has("cidr") && !is_network(text) {
            return Err(one.fault(format!("{} is no network", quoted(text))));
        }
        if ["lt", "lte", "gt", "gte"].iter().any(|word| has(word)) && text.parse::<f64>().is_err() {
            return Err(one.fault(format!("{} is no number", quoted(text))));
        }
    }
    Ok(())
}

fn is_network(text: &str) -> bool {
    let (address, length) = text.split_once('/').unwrap_or((text, "0"));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    length.parse::<u8>().is_ok_and(|length| length <= most)
}
