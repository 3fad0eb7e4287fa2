//! §7.2: marking definitions.

use crate::finding::{Findings, Path, quoted};
use crate::timestamp::Timestamp;
use crate::tlp;
use crate::types::{Dictionary, Rule, Text};
use strictjson::{Node, Object};

object! {
    /// A marking that objects refer to (§7.2.1).
    MarkingDefinition, MARKING_DEFINITION: "marking-definition", "STIX 2.1 §7.2.1" {
        optional name: Text,
        optional definition_type: Text,
        optional definition: Dictionary,
    }
    rules [Rule::Own(definition), Rule::Own(traffic_light), Rule::Own(circles)]
}

/// §7.2.1.1: a marking is defined in place or by an extension.
fn definition(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, clause: &'static str) {
    let kind = object.get("definition_type").and_then(Node::as_str);
    for property in ["definition_type", "definition"] {
        if !object.contains_key(property) && !object.contains_key("extensions") {
            findings.must(path, "missing-property", clause, || {
                format!("`{property}` must be there when `extensions` is not")
            });
        }
    }
    let needed = match kind {
        Some("statement") => "statement",
        Some("tlp") => "tlp",
        Some(other) => {
            findings.should(&path.key("definition_type"), "definition-type", clause, || {
                format!(
                    "{} is neither `statement` nor `tlp`; other markings should be extensions",
                    quoted(other)
                )
            });
            return;
        }
        None => return,
    };
    let Some(content) = object.get("definition") else { return };
    if content.get(needed).and_then(Node::as_str).is_none() {
        findings.must(&path.key("definition"), "missing-property", clause, || {
            format!("the definition must hold a string `{needed}`")
        });
    }
}

/// §7.2.1.4: the four TLP markings of the standard are the only ones, and are what the standard says. So are the five of
/// TLP 2.0, which come by an extension with fixed ids: what says another level under one of them is not that marking.
fn traffic_light(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, _clause: &'static str) {
    const CLAUSE: &str = "STIX 2.1 §7.2.1.4";
    let text = |name| object.get(name).and_then(Node::as_str);
    let id = text("id").unwrap_or_default();
    let level = object.get("definition").and_then(|node| node.get("tlp")).and_then(Node::as_str);
    match tlp::marking(id) {
        Some(marking) if marking.version == tlp::Version::One => {
            let created = text("created").and_then(|text| Timestamp::parse(text).ok());
            let fine = text("definition_type") == Some("tlp")
                && level == Some(marking.term)
                && created == Timestamp::parse(marking.created).ok();
            if !fine {
                findings.must(path, "tlp-content", CLAUSE, || {
                    format!("this id belongs to `{}`, and the object says something else", marking.name)
                });
            }
            if text("name") != Some(marking.name) {
                findings.should(path, "tlp-name", CLAUSE, || format!("`name` should be `{}`", marking.name));
            }
        }
        Some(marking) => {
            let extension = object.get("extensions").and_then(|node| node.get(tlp::EXTENSION));
            if extension.and_then(|node| node.get("tlp_2_0")).and_then(Node::as_str) != Some(marking.term) {
                findings.must(path, "tlp-content", CLAUSE, || {
                    format!("this id belongs to `{}`, and the object says something else", marking.name)
                });
            }
        }
        None if text("definition_type") == Some("tlp") => {
            findings.must(&path.key("id"), "tlp-other-instance", CLAUSE, || {
                format!("{} is none of the four TLP markings, and there are no others", quoted(id))
            });
        }
        None => {}
    }
}

/// §3.2: a marking definition is not marked with itself.
fn circles(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, _clause: &'static str) {
    let Some(id) = object.get("id").and_then(Node::as_str) else { return };
    let list = |name| object.get(name).and_then(Node::as_array).unwrap_or(&[]);
    let whole = list("object_marking_refs").iter().any(|node| node.as_str() == Some(id));
    let parts = list("granular_markings")
        .iter()
        .any(|node| node.get("marking_ref").and_then(Node::as_str) == Some(id));
    for (found, property) in [(whole, "object_marking_refs"), (parts, "granular_markings")] {
        if found {
            findings.must(&path.key(property), "circular-marking", "STIX 2.1 §3.2", || {
                "a marking definition must not be marked with itself".into()
            });
        }
    }
}
