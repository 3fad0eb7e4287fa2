//! The rules of §4 that bind more than one property and belong to one type alone.

use crate::family::{Family, family_of};
use crate::finding::{Findings, Path, Severity, quoted};
use crate::id::Id;
use crate::pattern::{self, Dialect, Fault};
use strictjson::{Node, Object};

/// §4.7: producers SHOULD name and describe, so that people understand what an indicator does.
pub(super) fn indicator(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, clause: &'static str) {
    for property in ["name", "description"] {
        if !object.contains_key(property) {
            findings
                .should(path, "indicator-not-described", clause, || format!("`{property}` should be there"));
        }
    }
}

/// §4.7: a pattern is one of the language that the indicator names. Other languages than STIX are not read.
pub(super) fn pattern(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, clause: &'static str) {
    let text = |name| object.get(name).and_then(Node::as_str);
    let (Some("stix"), Some(pattern)) = (text("pattern_type"), text("pattern")) else { return };
    let dialect = if text("pattern_version") == Some("2.0") { Dialect::Stix20 } else { Dialect::Stix21 };
    let Err(error) = pattern::parse(pattern, dialect, &findings.limits.pattern) else { return };
    let (severity, code, clause) = match error.fault {
        // A pattern beyond our limits may be fine; it is kept and not read.
        Fault::Limit => (Severity::Should, "pattern-limit", clause),
        Fault::Grammar => (Severity::Must, "pattern-grammar", "STIX 2.1 §9.3"),
        Fault::Constant => (Severity::Must, "pattern-constant", "STIX 2.1 §9.2"),
        Fault::ObjectTypes => (Severity::Must, "pattern-object-types", "STIX 2.1 §9.5"),
        Fault::Qualifier => (Severity::Must, "pattern-qualifier", "STIX 2.1 §9.5.1"),
        Fault::Operand => (Severity::Must, "pattern-operand", "STIX 2.1 §9.6.1"),
        Fault::Path => (Severity::Must, "pattern-path", "STIX 2.1 §9.7"),
    };
    findings.add(severity, &path.key("pattern"), code, clause, || error.to_string());
}

/// §4.11: a family has a name.
pub(super) fn malware(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, clause: &'static str) {
    if object.get("is_family").and_then(Node::as_bool) == Some(true) && !object.contains_key("name") {
        findings.must(path, "missing-property", clause, || "a malware family must have a `name`".into());
    }
}

/// §4.14: `object_refs` holds at least one cyber-observable object, and `objects` is deprecated.
pub(super) fn observed_data(
    findings: &mut Findings,
    object: &Object<'_>,
    path: &Path<'_>,
    clause: &'static str,
) {
    if let Some(refs) = object.get("object_refs").and_then(Node::as_array) {
        // A custom type may be observable, so only a list of known other types is at fault.
        let may_be_observable = |node: &Node<'_>| {
            let kind = node.as_str().and_then(|text| Id::parse(text).ok()).map(|id| id.kind);
            kind.is_none_or(|kind| family_of(kind).is_none_or(|family| family == Family::Observable))
        };
        if !refs.is_empty() && !refs.iter().any(may_be_observable) {
            findings.must(&path.key("object_refs"), "no-observable", clause, || {
                let first = refs.first().and_then(Node::as_str).unwrap_or_default();
                format!("no cyber-observable object is referred to, only {} and the like", quoted(first))
            });
        }
    }
    if object.contains_key("objects") {
        findings.should(&path.key("objects"), "deprecated", clause, || {
            "`objects` is deprecated; cyber-observable objects stand alone and are named in `object_refs`"
                .into()
        });
    }
}
