//! STIX 2.0 read as 2.1.
//!
//! An upgrade is a view: the same object of 2.0 always gives the same bytes, so a second import adds nothing. Nothing is
//! dropped: a property that 2.1 took out stays under its name, where the check reports it as custom.
//!
//! What changes (STIX 2.1 and 2.0, side by side):
//!
//! * every object gets `spec_version`;
//! * `labels` that are terms of the vocabulary of a type move to the property that 2.1 has for them (`indicator_types`,
//!   `malware_types`, `report_types`, `threat_actor_types`, `tool_types`); those of an identity are its `roles`;
//! * an indicator gets `pattern_type`, and its pattern the grammar and the names of 2.1;
//! * malware gets `is_family`: true, since 2.0 asks for a name and cannot point to samples;
//! * the container of observed data becomes objects of their own, with deterministic ids, named in `object_refs`, and
//!   under the markings of the observed data;
//! * the TLP markings become those of 2.1.
//!
//! Granular markings follow what they select. One that selected parts of observed objects marks all of these whole, since
//! they name each other by ids that follow from their values.

mod labels;
mod observed;
mod pattern;

use crate::finding::{Finding, Path, Severity};
use crate::id::Id;
use crate::tlp;
use crate::vocab::{IndicatorType, MalwareType, ReportType, ThreatActorType, ToolType, VocabularyTable};
use strictjson::{Member, Node, Object, Span};

/// An object of STIX 2.1, made from one of 2.0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgraded {
    /// The object as JSON.
    pub bytes: Vec<u8>,
    /// RFC 6901 pointer of what it was made from, in the object that was given: empty for the object itself,
    /// `/objects/0` for an observed object.
    pub pointer: String,
}

/// Reads an object of STIX 2.0 as 2.1. The first of the results is the object itself; observed data is followed by what
/// was observed.
///
/// What the object has wrong, its upgrade mostly has wrong too: check the results.
///
/// # Errors
/// The one finding that makes reading impossible: it is no object, has no `type`, or is a bundle, whose objects are
/// upgraded one by one.
pub fn upgrade(node: &Node<'_>) -> Result<Vec<Upgraded>, Finding> {
    let refuse = |code, message: &str| Finding {
        severity: Severity::Must,
        code,
        pointer: Path::Root.pointer().into(),
        clause: "STIX 2.1 §3.2",
        message: message.to_owned(),
    };
    let object = node.as_object().ok_or_else(|| refuse("not-an-object", "a STIX object is a JSON object"))?;
    let kind = object.get("type").and_then(Node::as_str);
    let kind = kind.ok_or_else(|| refuse("missing-property", "`type` must be there, as a string"))?;
    if kind == "bundle" {
        return Err(refuse("bundle", "the objects of a bundle are upgraded one by one"));
    }
    if let Some(marking) = standard_marking(object) {
        return Ok(vec![Upgraded { bytes: marking.object.as_bytes().to_vec(), pointer: String::new() }]);
    }
    let mut object = object.clone();
    set_version(&mut object);
    let observed = upgrade_object(&mut object, kind);
    let mut upgraded = vec![Upgraded { bytes: written(object), pointer: String::new() }];
    upgraded.extend(observed);
    Ok(upgraded)
}

/// What differs by type. Gives the observed objects of observed data.
fn upgrade_object(object: &mut Object<'_>, kind: &str) -> Vec<Upgraded> {
    match kind {
        "identity" => {
            labels::rename(object, "roles");
            british_defence(object);
        }
        "indicator" => {
            labels::move_terms(object, "indicator_types", IndicatorType::TABLE);
            pattern::upgrade(object);
        }
        "malware" => {
            labels::move_terms(object, "malware_types", MalwareType::TABLE);
            if !object.contains_key("is_family") {
                object.push("is_family", true);
            }
        }
        "observed-data" => return observed::upgrade(object),
        "report" => labels::move_terms(object, "report_types", ReportType::TABLE),
        "threat-actor" => labels::move_terms(object, "threat_actor_types", ThreatActorType::TABLE),
        "tool" => labels::move_terms(object, "tool_types", ToolType::TABLE),
        _ => {}
    }
    Vec::new()
}

/// The TLP marking of 2.1 for one of 2.0 that says the same.
fn standard_marking(object: &Object<'_>) -> Option<&'static tlp::Marking> {
    let marking = tlp::marking(object.get("id")?.as_str()?)?;
    let term = object.get("definition")?.get("tlp")?.as_str()?;
    (marking.version == tlp::Version::One && term == marking.term).then_some(marking)
}

/// `spec_version` behind the type, as the examples of the standard have it.
fn set_version(object: &mut Object<'_>) {
    object.remove("spec_version");
    let at = object.members.iter().position(|member| member.key == "type").map_or(0, |at| at + 1);
    object
        .members
        .insert(at, Member { key: "spec_version".into(), key_span: Span::default(), node: "2.1".into() });
}

/// `industry-sector-ov` of 2.0 wrote `defence`.
fn british_defence(object: &mut Object<'_>) {
    let Some(sectors) = member_mut(object, "sectors") else { return };
    let strictjson::Value::Array(sectors) = &mut sectors.value else { return };
    for sector in sectors.iter_mut().filter(|sector| sector.as_str() == Some("defence")) {
        *sector = "defense".into();
    }
}

fn member_mut<'o, 'a>(object: &'o mut Object<'a>, name: &str) -> Option<&'o mut Node<'a>> {
    object.members.iter_mut().find(|member| member.key == name).map(|member| &mut member.node)
}

/// Renames a member in its place, unless the new name is taken.
fn rename_member(object: &mut Object<'_>, from: &str, to: &'static str) {
    if object.contains_key(to) {
        return;
    }
    if let Some(member) = object.members.iter_mut().find(|member| member.key == from) {
        member.key = to.into();
    }
}

fn written(object: Object<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    strictjson::write::node(&mut bytes, &Node::from(object));
    bytes
}

/// The markings that an object and its parts have in `object_marking_refs`.
fn marking_refs(object: &Object<'_>) -> Vec<String> {
    let refs = object.get("object_marking_refs").and_then(Node::as_array).unwrap_or(&[]);
    let ids = refs.iter().filter_map(Node::as_str).filter(|text| Id::parse(text).is_ok());
    ids.map(str::to_owned).collect()
}
