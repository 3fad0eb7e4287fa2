//! §2: one value against its data type.

use super::{Judge, dictionary};
use crate::family::{Family, family_of};
use crate::finding::{Findings, Path, quoted};
use crate::id::Id;
use crate::timestamp::{Timestamp, fraction_digits};
use crate::types::{Kind, Precision, Targets};
use crate::vocab::{Openness, Vocabulary};
use strictjson::Node;

impl Judge<'_> {
    /// A value against its data type. `clause` is that of the table.
    pub(super) fn value(
        &self,
        findings: &mut Findings,
        kind: &Kind,
        node: &Node<'_>,
        path: &Path<'_>,
        clause: &'static str,
    ) {
        match kind {
            Kind::Boolean => {
                if node.as_bool().is_none() {
                    wrong_type(findings, node, path, "a boolean", "STIX 2.1 §2.2");
                }
            }
            Kind::Integer { min, max } => integer(findings, node, *min, *max, path, clause),
            Kind::Float { min, max } => float(findings, node, *min, *max, path, clause),
            Kind::Hashes => dictionary::hashes(findings, node, path),
            Kind::Dictionary(entries) => dictionary::dictionary(findings, *entries, node, path, clause),
            Kind::Container => dictionary::container(findings, node, path),
            Kind::List { of } => self.list(findings, of, node, path, clause),
            Kind::Nested(shape) => match node.as_object() {
                Some(object) => {
                    let inner = Judge { definition: None, ..*self };
                    inner.nested(findings, object, shape, path);
                }
                None => wrong_type(findings, node, path, "an object", shape.clause),
            },
            Kind::Extensions => self.extensions(findings, node, path),
            Kind::Reserved => {
                findings.must(path, "reserved-property", clause, || "reserved for future use".into())
            }
            Kind::Object => match node.get("type").and_then(Node::as_str) {
                Some("bundle") => {
                    findings.must(path, "bundle-in-bundle", clause, || "a bundle is no STIX object".into())
                }
                _ => super::check_at(findings, node, path),
            },
            _ => match node.as_str() {
                Some(text) => self.text(findings, kind, text, path, clause),
                None => wrong_type(findings, node, path, "a string", "STIX 2.1 §2.15"),
            },
        }
    }

    /// The data types that are strings in JSON.
    fn text(&self, findings: &mut Findings, kind: &Kind, text: &str, path: &Path<'_>, clause: &'static str) {
        match kind {
            Kind::Text(rule) if !self.defanged => {
                if let Some(objection) = rule(text) {
                    let message = objection.message;
                    findings.add(objection.severity, path, objection.code, clause, || message);
                }
            }
            Kind::Timestamp(precision) => timestamp(findings, text, *precision, path, clause),
            Kind::Hex if !crate::value::is_hex(text) => {
                findings.must(path, "hex", "STIX 2.1 §2.8", || {
                    format!("{} is not an even number of digits 0-9 and a-f", quoted(text))
                });
            }
            Kind::Binary if !crate::value::is_base64(text) => {
                findings.must(path, "base64", "STIX 2.1 §2.1", || {
                    format!("{} is not base64 of RFC 4648", quoted(text))
                });
            }
            Kind::Term(vocabulary) => term(findings, vocabulary, text, path, clause),
            Kind::Reference(targets) => reference(findings, targets, text, path, clause),
            _ => {}
        }
    }

    /// §2.12: a list has at least one value, and all are of its type.
    fn list(
        &self,
        findings: &mut Findings,
        of: &Kind,
        node: &Node<'_>,
        path: &Path<'_>,
        clause: &'static str,
    ) {
        let Some(items) = node.as_array() else {
            return wrong_type(findings, node, path, "a list", "STIX 2.1 §2.12");
        };
        // §8 asks a bundle for a set of one or more as well.
        if items.is_empty() {
            findings
                .must(path, "empty-list", "STIX 2.1 §2.12", || "a list must have at least one value".into());
        }
        for (index, item) in items.iter().enumerate() {
            self.value(findings, of, item, &path.index(index), clause);
        }
    }
}

/// A value of another type than its property has.
pub(super) fn wrong_type(
    findings: &mut Findings,
    node: &Node<'_>,
    path: &Path<'_>,
    expected: &str,
    clause: &'static str,
) {
    findings.must(path, "wrong-type", clause, || format!("expected {expected}, found {}", node.kind_name()));
}

/// §2.10.
fn integer(
    findings: &mut Findings,
    node: &Node<'_>,
    min: i64,
    max: i64,
    path: &Path<'_>,
    clause: &'static str,
) {
    match node.as_i64() {
        Some(value) if value < min || value > max => {
            findings
                .must(path, "out-of-range", clause, || format!("`{value}` is not between {min} and {max}"));
        }
        Some(_) => {}
        None => wrong_type(findings, node, path, "an integer", "STIX 2.1 §2.10"),
    }
}

/// §2.6.
fn float(
    findings: &mut Findings,
    node: &Node<'_>,
    min: f64,
    max: f64,
    path: &Path<'_>,
    clause: &'static str,
) {
    match node.as_f64() {
        Some(value) if !(min..=max).contains(&value) => {
            findings
                .must(path, "out-of-range", clause, || format!("`{value}` is not between {min} and {max}"));
        }
        Some(_) => {}
        None => wrong_type(findings, node, path, "a number", "STIX 2.1 §2.6"),
    }
}

/// §2.16, and the precision that the table asks for.
fn timestamp(
    findings: &mut Findings,
    text: &str,
    precision: Precision,
    path: &Path<'_>,
    clause: &'static str,
) {
    if let Err(error) = Timestamp::parse(text) {
        findings.must(path, "timestamp", "STIX 2.1 §2.16", || {
            format!("{} is no timestamp: {error}", quoted(text))
        });
        return;
    }
    let digits = fraction_digits(text);
    let wrong = match precision {
        Precision::Any => None,
        Precision::Milliseconds => {
            (digits < 3).then_some("at least three digits after the full stop are required")
        }
        Precision::Seconds => (digits > 0).then_some("it must be precise to the second, without a fraction"),
    };
    if let Some(what) = wrong {
        findings.must(path, "timestamp-precision", clause, || format!("{}: {what}", quoted(text)));
    }
}

/// §2.4 and §2.14.
fn term(findings: &mut Findings, vocabulary: &Vocabulary, text: &str, path: &Path<'_>, clause: &'static str) {
    if vocabulary.contains(text) {
        return;
    }
    match vocabulary.openness {
        Openness::Closed => findings.must(path, "enumeration", clause, || {
            format!("{} is not in the enumeration `{}`", quoted(text), vocabulary.name)
        }),
        Openness::Open => {
            findings.should(path, "vocabulary", clause, || {
                format!("{} is not in the vocabulary `{}`", quoted(text), vocabulary.name)
            });
            if !crate::value::is_lower_hyphenated(text) {
                findings.should(path, "not-lower-case", "STIX 2.1 §2.14", || {
                    format!("{} is not all lowercase with hyphens", quoted(text))
                });
            }
        }
    }
}

/// §2.9 and §3.3: an id, of an object of the types that the table allows. A custom type may be of any family.
fn reference(findings: &mut Findings, targets: &Targets, text: &str, path: &Path<'_>, clause: &'static str) {
    let id = match Id::parse(text) {
        Ok(id) => id,
        Err(error) => {
            findings.must(path, "identifier", "STIX 2.1 §2.9", || {
                format!("{} is no identifier: {error}", quoted(text))
            });
            return;
        }
    };
    let family = family_of(id.kind);
    let (allowed, expected) = match targets {
        Targets::Any => (family != Some(Family::Bundle), "a STIX object"),
        Targets::Only(kinds) => (kinds.contains(&id.kind), ""),
        Targets::Domain => (family.is_none_or(|family| family == Family::Domain), "a domain object"),
        Targets::Observable => {
            (family.is_none_or(|family| family == Family::Observable), "a cyber-observable object")
        }
        Targets::ObservableOrRelationship => (
            family.is_none_or(|family| matches!(family, Family::Observable | Family::Relationship)),
            "a cyber-observable or relationship object",
        ),
        Targets::DomainOrObservable => (
            family.is_none_or(|family| matches!(family, Family::Domain | Family::Observable)),
            "a domain or cyber-observable object",
        ),
    };
    if !allowed {
        findings.must(path, "reference-type", clause, || match targets {
            Targets::Only(kinds) => format!("{} is not the id of one of: {}", quoted(text), kinds.join(", ")),
            _ => format!("{} is not the id of {expected}", quoted(text)),
        });
    }
}
