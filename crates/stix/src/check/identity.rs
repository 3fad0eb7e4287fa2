//! §2.9, §3.4, §3.6: the id of an object.

use crate::family::{Definition, Family, definition_of};
use crate::finding::{Findings, Path, quoted};
use crate::id::Id;
use crate::sco_id::sco_uuid;
use strictjson::{Node, Object};
use uuid::{Uuid, Variant};

const CLAUSE: &str = "STIX 2.1 §2.9";

/// The id of an object of a type.
pub(super) fn check(findings: &mut Findings, object: &Object<'_>, kind: &str, path: &Path<'_>) {
    // That it is missing or no string has been said.
    let Some(text) = object.get("id").and_then(Node::as_str) else { return };
    let at = path.key("id");
    let id = match Id::parse(text) {
        Ok(id) => id,
        Err(error) => {
            findings
                .must(&at, "identifier", CLAUSE, || format!("{} is no identifier: {error}", quoted(text)));
            return;
        }
    };
    if id.kind != kind {
        findings.must(&at, "id-type", CLAUSE, || {
            format!("{} must begin with the type, {}", quoted(text), quoted(kind))
        });
    }
    if id.uuid.get_variant() != Variant::RFC4122 {
        findings.must(&at, "uuid-variant", CLAUSE, || {
            format!("{} does not hold a UUID of RFC 4122", quoted(text))
        });
        return;
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        findings.should(&at, "uuid-case", CLAUSE, || {
            format!("{} should be lowercase: references match exactly", quoted(text))
        });
    }
    match definition_of(kind) {
        Some(definition) if definition.family == Family::Observable => {
            observable(findings, object, definition, id.uuid, &at);
        }
        Some(_) if id.uuid.get_version_num() != 4 => findings.should(&at, "uuid-version", CLAUSE, || {
            format!("{} should hold a random UUID, version 4", quoted(text))
        }),
        _ => {}
    }
}

/// The id of a cyber-observable object: deterministic where it can be, random where it cannot.
fn observable(
    findings: &mut Findings,
    object: &Object<'_>,
    definition: &Definition,
    uuid: Uuid,
    at: &Path<'_>,
) {
    // A defanged value gives another UUID than the value itself.
    if object.get("defanged").and_then(Node::as_bool) == Some(true) {
        return;
    }
    let Some(expected) = sco_uuid(object, definition.contributing) else {
        // That a required property is missing has been said; the rule is about those that may be.
        let required = |name: &&str| {
            definition.shape.properties.iter().any(|property| property.required && property.name == *name)
        };
        if uuid.get_version_num() != 4 && !definition.contributing.iter().any(required) {
            findings.must(at, "uuid-version", CLAUSE, || {
                "without any property that contributes to the id, it must hold a random UUID, version 4"
                    .into()
            });
        }
        return;
    };
    if uuid != expected {
        findings.should(at, "deterministic-id", CLAUSE, || {
            format!("the UUID over the contributing properties is {expected}, not {uuid}")
        });
        return;
    }
    // §3.6: others make the same object with the same id, so nobody may version it.
    if object.contains_key("created") && object.contains_key("modified") {
        findings.must(at, "versioned-deterministic-id", "STIX 2.1 §3.6", || {
            "an observable that is versioned must not use the namespace of deterministic ids".into()
        });
    }
}
