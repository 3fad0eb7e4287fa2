//! What one object's bytes say, before anybody asks who sent it: parsed, checked against the standard, brought to STIX
//! 2.1, indexed. This is the heavy half of judging and needs nothing but the bytes, so that many can be read at once.

use model::Timestamp;
use stix::{Finding, Severity, SpecVersion};
use store::record::{Index, Media, ObjectKey};
use strictjson::Node;

use super::carried;
use super::index;
use super::marking::{Markings, Restriction, restriction};
use super::shared;

/// Longest object, in bytes.
pub const OBJECT_BYTES: usize = 16 << 20;
/// Longest id that an answer repeats, in bytes: types have at most 250 characters.
const SHOWN_ID_BYTES: usize = 300;

/// An object that conforms.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Its id, split.
    pub object: ObjectKey,
    /// `modified`, else `created`; `None` for what has no versions.
    pub version: Option<Timestamp>,
    /// The version as written.
    pub version_text: Option<String>,
    /// `created_by_ref`.
    pub author: Option<String>,
    /// `pattern_type`.
    pub pattern_type: Option<String>,
    /// `revoked`.
    pub revoked: bool,
    /// It is a sighting, observed data, or an observable: what a sensor may say.
    pub observation: bool,
    /// What form `body` has.
    pub media: Media,
    /// The exact bytes.
    pub body: Vec<u8>,
    /// What is served, where that is not `body`.
    pub wire: Option<Vec<u8>>,
    /// What the views are made from, where no part is restricted.
    pub index: Index,
    /// What it says about who it is for.
    pub markings: Markings,
    /// What it asks for of others, if it is a marking definition.
    pub defines: Option<Restriction>,
    /// Warnings.
    pub findings: Vec<Finding>,
}

/// An object that cannot be taken, whoever sends it.
#[derive(Debug, Clone, Default)]
pub struct Refused {
    /// Its id, as far as it could be read; empty otherwise.
    pub id: String,
    /// Its version's text, likewise.
    pub version: String,
    /// Why.
    pub reason: String,
    /// What the standard says about it.
    pub findings: Vec<Finding>,
}

/// Reads one object: the object itself, and behind it what it amounts to beside (the observed objects of observed data
/// of STIX 2.0). `bundle_version` is the `spec_version` that its bundle states, which only STIX 2.0 has.
///
/// # Errors
/// What is no JSON within limits, no STIX object, or breaks a MUST of the standard.
pub fn read(body: &[u8], bundle_version: Option<&str>) -> Result<Vec<Reading>, Box<Refused>> {
    let limits = strictjson::Limits { bytes: OBJECT_BYTES, ..strictjson::Limits::default() };
    let node = strictjson::parse(body, &limits)
        .map_err(|error| Box::new(refused(String::new(), String::new(), error.to_string())))?;
    if let Some((object, carried)) = carried::taken(body, &node) {
        // It comes from an export: the statement is what was exported, under the label that it had.
        let mut readings = read(&object, bundle_version)?;
        for markings in readings.iter_mut().map(|reading| &mut reading.markings) {
            (markings.carried, markings.carried_parts) = (Some(carried.tlp), carried.parts);
            markings.carried_named = carried.named;
            markings.carried_actions = carried.actions;
        }
        return Ok(readings);
    }
    match stix::detect(&node, bundle_version) {
        SpecVersion::V21 => Ok(vec![Reading { body: body.to_vec(), ..read_21(body, &node)? }]),
        SpecVersion::V20 => read_20(&node, body),
    }
}

// A derived object keeps the bytes that it was derived from: those of the object, or of the part that it was.
fn read_20(node: &Node<'_>, body: &[u8]) -> Result<Vec<Reading>, Box<Refused>> {
    let common = stix::common(node);
    let id = shown(common.id.unwrap_or_default()).to_owned();
    let version = common.version().unwrap_or_default().to_owned();
    let upgraded = stix::upgrade(node).map_err(|finding| {
        let reason = format!("{} ({})", finding.message, finding.clause);
        Box::new(Refused { findings: vec![finding], ..refused(id, version, reason) })
    })?;
    let mut readings = Vec::with_capacity(upgraded.len());
    for object in upgraded {
        let from = node.pointer(&object.pointer).and_then(|part| part.span.of(body)).unwrap_or(body);
        let reading = read_derived(from.to_vec(), object.bytes, Media::Stix20);
        readings.push(reading.map_err(|refused| {
            let at =
                if object.pointer.is_empty() { String::new() } else { format!(" of `{}`", object.pointer) };
            let reason = format!("read as STIX 2.1{at}: {}", refused.reason);
            Box::new(Refused { reason, ..*refused })
        })?);
    }
    Ok(readings)
}

/// Reads an object that was derived from other bytes: those are kept, the STIX 2.1 that they amount to is served.
///
/// # Errors
/// As [`read`].
pub fn read_derived(kept: Vec<u8>, wire: Vec<u8>, media: Media) -> Result<Reading, Box<Refused>> {
    let node = strictjson::parse(&wire, &strictjson::Limits::default())
        .map_err(|error| Box::new(refused(String::new(), String::new(), error.to_string())))?;
    let reading = read_21(&wire, &node)?;
    Ok(Reading { media, wire: Some(wire), body: kept, ..reading })
}

fn read_21(bytes: &[u8], node: &Node<'_>) -> Result<Reading, Box<Refused>> {
    let common = stix::common(node);
    let id = shown(common.id.unwrap_or_default());
    let version_text = common.version().map(str::to_owned);
    let refuse = |reason: String| refused(id.to_owned(), version_text.clone().unwrap_or_default(), reason);
    if !matches!(node.value, strictjson::Value::Object(_)) {
        return Err(Box::new(refuse(format!("a STIX object is a JSON object, not {}", node.a_kind()))));
    }
    if common.kind == Some("bundle") {
        // The objects of a bundle are read one by one. What comes here has none, or stands where it is not taken apart.
        let reason = match node.get("objects").map(|objects| &objects.value) {
            Some(strictjson::Value::Array(_)) => {
                "a bundle among other objects is not taken apart: import it as an input of its own"
            }
            _ => "a bundle that has no list `objects` holds nothing to take",
        };
        return Err(Box::new(refuse(reason.to_owned())));
    }
    let checked = stix::check(node, &stix::Limits::default());
    if !checked.is_acceptable() {
        let worst = checked.findings.iter().find(|finding| finding.severity == Severity::Must);
        let reason = worst.map_or_else(String::new, |finding| {
            let at =
                if finding.pointer.is_empty() { String::new() } else { format!(" at `{}`", finding.pointer) };
            format!("{}{at} ({})", finding.message, finding.clause)
        });
        return Err(Box::new(Refused { findings: checked.findings, ..refuse(reason) }));
    }
    let Some(object) = common.id.and_then(ObjectKey::parse) else {
        return Err(Box::new(refuse("the id cannot be read".to_owned())));
    };
    let version = version_text.as_deref().map(str::parse::<Timestamp>);
    let Ok(version) = version.transpose() else {
        return Err(Box::new(refuse("the version is no time".to_owned())));
    };
    let family = common.kind.and_then(stix::family_of);
    let mut findings = checked.findings;
    findings.extend(shared::finding(node));
    Ok(Reading {
        observation: matches!(common.kind, Some("sighting" | "observed-data"))
            || family == Some(stix::Family::Observable),
        object,
        version,
        version_text,
        author: common.created_by_ref.map(str::to_owned),
        pattern_type: common.text("pattern_type").map(str::to_owned),
        revoked: common.revoked,
        media: Media::Stix21,
        body: Vec::new(),
        wire: None,
        index: index::of(node),
        markings: Markings::of(bytes, node),
        defines: restriction(node),
        findings,
    })
}

fn refused(id: String, version: String, reason: String) -> Refused {
    Refused { id, version, reason, ..Refused::default() }
}

// What an answer repeats of an id: strangers wrote it.
fn shown(id: &str) -> &str {
    let end = id.char_indices().map(|(at, _)| at).find(|at| *at >= SHOWN_ID_BYTES).unwrap_or(id.len());
    id.get(..end).unwrap_or_default()
}
