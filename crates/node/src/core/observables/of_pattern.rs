//! What the pattern of an indicator says values are.

pub(crate) mod alone;
mod together;

use model::observable::Kind;
use stix::pattern::{
    Comparison, ComparisonOperator, Constant, Dialect, Limits, ObjectPath, Reading, Step, read,
};
use strictjson::{Node, Pointer};

use super::{
    CERTIFICATE, FINGERPRINTED, HASHED, IMPHASH, Mentions, PROPERTIES, REQUEST_HEADER, fingerprint_kind,
    hash_kind, hash_kinds,
};

/// Adds what a STIX pattern compares for being equal, for being in a set, or for lying in a network. A pattern that
/// breaks a rule of the standard still mentions what it mentions; one that breaks the grammar mentions nothing.
pub(super) fn add(reading: &Reading, at: &Pointer, mentions: &mut Mentions) {
    let pointer = at.key("pattern");
    for comparison in reading.pattern.comparisons().filter(|comparison| says_equal(comparison)) {
        for kinds in kinds_at(&comparison.path).iter().filter(|kinds| !kinds.is_empty()) {
            for value in comparison.constants().iter().filter_map(value_of) {
                mentions.add(kinds, &value, &pointer);
            }
        }
    }
    together::add(&reading.pattern, &pointer, mentions);
}

/// The pattern of an object, where it is an indicator, and its pattern one of STIX that can be read.
#[must_use]
pub fn read_pattern(indicator: &Node<'_>) -> Option<Reading> {
    let text = |key: &str| indicator.get(key).and_then(Node::as_str);
    if text("type") != Some("indicator") {
        return None;
    }
    // STIX 2.0 knows no other pattern, and no property that names it.
    if text("pattern_type").is_some_and(|pattern_type| pattern_type != "stix") {
        return None;
    }
    text("pattern").and_then(|pattern| read_either(pattern, indicator))
}

/// Reads in the dialect that the object names, and in the other one if that fails.
fn read_either(pattern: &str, indicator: &Node<'_>) -> Option<Reading> {
    let text = |key: &str| indicator.get(key).and_then(Node::as_str);
    let version = text("pattern_version").or_else(|| text("spec_version")).unwrap_or("2.0");
    let dialects = match version {
        "2.0" => [Dialect::Stix20, Dialect::Stix21],
        _ => [Dialect::Stix21, Dialect::Stix20],
    };
    dialects.into_iter().find_map(|dialect| read(pattern, dialect, &Limits::default()).ok())
}

/// Whether the value is said to be one of the constants, or to lie within one.
fn says_equal(comparison: &Comparison) -> bool {
    match comparison.operator {
        ComparisonOperator::Equal | ComparisonOperator::In | ComparisonOperator::IsSubset => {
            !comparison.negated
        }
        ComparisonOperator::NotEqual => comparison.negated,
        _ => false,
    }
}

/// The constant as the object itself would hold it.
fn value_of(constant: &Constant) -> Option<String> {
    match constant {
        Constant::String(text) => Some(text.clone()),
        Constant::Integer(number) => Some(number.to_string()),
        Constant::Hex(bytes) => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        _ => None,
    }
}

/// What a reference leads to, where that is one of our kinds: by its name, the type of the object referred to.
const REFERENCES: [(&str, &[&str]); 16] = [
    ("bcc_refs", &["email-addr"]),
    ("belongs_to_refs", &["autonomous-system"]),
    ("binary_ref", &["file"]),
    ("body_raw_ref", &["file", "artifact"]),
    ("cc_refs", &["email-addr"]),
    ("contains_refs", &["file"]),
    ("content_ref", &["artifact"]),
    ("dst_ref", &["ipv4-addr", "ipv6-addr", "mac-addr", "domain-name"]),
    ("from_ref", &["email-addr"]),
    ("image_ref", &["file"]),
    ("parent_directory_ref", &["directory"]),
    ("raw_email_ref", &["artifact"]),
    ("resolves_to_refs", &["ipv4-addr", "ipv6-addr", "mac-addr", "domain-name"]),
    ("sender_ref", &["email-addr"]),
    ("src_ref", &["ipv4-addr", "ipv6-addr", "mac-addr", "domain-name"]),
    ("to_refs", &["email-addr"]),
];

/// What a value at this path is: for each thing that it is, the kinds that it may be of, in the order to try them; empty
/// when the path is not mapped.
fn kinds_at(path: &ObjectPath) -> Vec<Vec<Kind>> {
    let own = [path.object_type.as_str()];
    let last = path.steps.iter().rposition(|step| matches!(step, Step::Reference(_)));
    let types: &[&str] = match last.and_then(|at| path.steps.get(at)) {
        Some(Step::Reference(name)) => {
            REFERENCES.iter().find(|(reference, _)| reference == name).map_or(&[], |(_, types)| types)
        }
        _ => &own,
    };
    let behind = path.steps.get(last.map_or(0, |at| at + 1)..).unwrap_or(&[]);
    let keys: Vec<&str> = behind
        .iter()
        .filter_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None })
        .collect();
    match keys.as_slice() {
        ["hashes", name] if types.iter().any(|it| HASHED.contains(it)) => {
            let object_type = if types.contains(&CERTIFICATE) { CERTIFICATE } else { "" };
            let kinds = hash_kind(name).into_iter().flat_map(|kind| hash_kinds(object_type, kind));
            kinds.map(|kind| vec![kind]).collect()
        }
        ["value"] if types.contains(&"mac-addr") && types.len() > 1 => {
            vec![vec![Kind::Ipv4, Kind::Ipv6, Kind::Mac, Kind::Domain]]
        }
        path if types == ["file"] && path == IMPHASH => vec![vec![Kind::Imphash]],
        [extensions, http, headers, name]
            if types == ["network-traffic"]
                && [*extensions, *http, *headers] == REQUEST_HEADER
                && name.eq_ignore_ascii_case("user-agent") =>
        {
            vec![vec![Kind::UserAgent]]
        }
        path => {
            let property = match path {
                [property] => PROPERTIES
                    .iter()
                    .find(|(of_type, of_property, _)| types.contains(of_type) && of_property == property),
                _ => None,
            };
            let fingerprint = || {
                let is_one = types.iter().any(|it| FINGERPRINTED.contains(it));
                path.last().filter(|_| is_one).and_then(|name| fingerprint_kind(name)).map(|kind| vec![kind])
            };
            property.map(|(_, _, kinds)| kinds.to_vec()).or_else(fingerprint).into_iter().collect()
        }
    }
}
