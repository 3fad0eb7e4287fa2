//! §5: the STIX relationship objects.

use crate::finding::{Findings, Path, quoted};
use crate::id::Id;
use crate::types::{
    Flag, List, Reference, RelationshipName, Rule, Text, Time, ToDomain, ToDomainOrObservable,
    ToIdentityOrLocation, ToObservedData, Whole,
};
use strictjson::{Node, Object};

object! {
    /// How two objects are related (§5.1).
    Relationship, RELATIONSHIP: "relationship", "STIX 2.1 §5.1" {
        required relationship_type: RelationshipName,
        optional description: Text,
        required source_ref: Reference<ToDomainOrObservable>,
        required target_ref: Reference<ToDomainOrObservable>,
        optional start_time: Time,
        optional stop_time: Time,
    }
    rules [Rule::After("stop_time", "start_time"), Rule::Own(relationship_type)]
}

object! {
    /// The belief that something was seen (§5.2).
    Sighting, SIGHTING: "sighting", "STIX 2.1 §5.2" {
        optional description: Text,
        optional first_seen: Time,
        optional last_seen: Time,
        optional count: Whole<0, 999_999_999>,
        required sighting_of_ref: Reference<ToDomain>,
        optional observed_data_refs: List<Reference<ToObservedData>>,
        optional where_sighted_refs: List<Reference<ToIdentityOrLocation>>,
        optional summary: Flag,
    }
    rules [Rule::NotBefore("last_seen", "first_seen")]
}

/// §5.1: the type SHOULD be one that the standard lists for its two ends. Nothing is listed for custom types, so
/// relationships with them are left alone.
fn relationship_type(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, clause: &'static str) {
    let text = |name| object.get(name).and_then(Node::as_str);
    let kind = |name| text(name).and_then(|reference| Id::parse(reference).ok()).map(|id| id.kind);
    let (Some(name), Some(source), Some(target)) =
        (text("relationship_type"), kind("source_ref"), kind("target_ref"))
    else {
        return;
    };
    let custom = |kind| crate::family::family_of(kind).is_none();
    if !custom(source) && !custom(target) && !is_listed(source, name, target) {
        findings.should(&path.key("relationship_type"), "relationship-type", clause, || {
            format!("{} is not listed from `{source}` to `{target}`", quoted(name))
        });
    }
}

/// Whether the standard lists a relationship of this type between objects of these types (§3.7 and the tables of §4
/// and §6).
#[must_use]
pub fn is_listed(source: &str, name: &str, target: &str) -> bool {
    match name {
        "related-to" => true,
        "derived-from" | "duplicate-of" => source == target,
        _ => {
            targets_of(source, name).contains(&target)
                || (source, name) == ("infrastructure", "consists-of") && is_observable(target)
        }
    }
}

fn is_observable(kind: &str) -> bool {
    crate::family::family_of(kind) == Some(crate::family::Family::Observable)
}

/// The types that a relationship from a type may point to; the tables of §4 in their order, then those of §6.
fn targets_of(source: &str, name: &str) -> &'static [&'static str] {
    const ADDRESSES: &[&str] = &["ipv4-addr", "ipv6-addr", "domain-name", "url"];
    const VICTIMS: &[&str] = &["identity", "location", "vulnerability"];
    const VICTIMS_AND_SYSTEMS: &[&str] = &["identity", "infrastructure", "location", "vulnerability"];
    const MEANS: &[&str] = &["attack-pattern", "infrastructure", "malware", "tool"];
    match (source, name) {
        ("attack-pattern", "delivers") => &["malware"],
        ("attack-pattern", "targets") => VICTIMS,
        ("attack-pattern", "uses") => &["malware", "tool"],
        ("campaign", "attributed-to") => &["intrusion-set", "threat-actor"],
        ("campaign", "compromises") => &["infrastructure"],
        ("campaign", "originates-from") => &["location"],
        ("campaign", "targets") => VICTIMS,
        ("campaign", "uses") => MEANS,
        ("course-of-action", "investigates") => &["indicator"],
        ("course-of-action", "mitigates") => {
            &["attack-pattern", "indicator", "malware", "tool", "vulnerability"]
        }
        ("course-of-action", "remediates") => &["malware", "vulnerability"],
        ("identity", "located-at") => &["location"],
        ("indicator", "indicates") => &[
            "attack-pattern",
            "campaign",
            "infrastructure",
            "intrusion-set",
            "malware",
            "threat-actor",
            "tool",
        ],
        ("indicator", "based-on") => &["observed-data"],
        ("infrastructure", "communicates-with") => {
            &["infrastructure", "ipv4-addr", "ipv6-addr", "domain-name", "url"]
        }
        ("infrastructure", "consists-of") => &["infrastructure", "observed-data"],
        ("infrastructure", "controls") => &["infrastructure", "malware"],
        ("infrastructure", "delivers") => &["malware"],
        ("infrastructure", "has") => &["vulnerability"],
        ("infrastructure", "hosts") => &["tool", "malware"],
        ("infrastructure", "located-at") => &["location"],
        ("infrastructure", "uses") => &["infrastructure"],
        ("intrusion-set", "attributed-to") => &["threat-actor"],
        ("intrusion-set", "compromises" | "hosts" | "owns") => &["infrastructure"],
        ("intrusion-set", "originates-from") => &["location"],
        ("intrusion-set", "targets") => VICTIMS,
        ("intrusion-set", "uses") => MEANS,
        ("malware", "authored-by") => &["threat-actor", "intrusion-set"],
        ("malware", "beacons-to" | "exfiltrates-to") => &["infrastructure"],
        ("malware", "communicates-with") => ADDRESSES,
        ("malware", "controls" | "variant-of") => &["malware"],
        ("malware", "downloads" | "drops") => &["malware", "tool", "file"],
        ("malware", "exploits") => &["vulnerability"],
        ("malware", "originates-from") => &["location"],
        ("malware", "targets") => VICTIMS_AND_SYSTEMS,
        ("malware", "uses") => MEANS,
        // The standard of 2021 wrote `analysis-of` in the table and `av-analysis-of` in the text; Errata 01 settled it.
        (
            "malware-analysis",
            "characterizes" | "av-analysis-of" | "static-analysis-of" | "dynamic-analysis-of",
        ) => &["malware"],
        ("threat-actor", "attributed-to" | "impersonates") => &["identity"],
        ("threat-actor", "compromises" | "hosts" | "owns") => &["infrastructure"],
        ("threat-actor", "located-at") => &["location"],
        ("threat-actor", "targets") => VICTIMS,
        ("threat-actor", "uses") => MEANS,
        ("tool", "delivers" | "drops") => &["malware"],
        ("tool", "has") => &["vulnerability"],
        ("tool", "targets") => VICTIMS_AND_SYSTEMS,
        ("tool", "uses") => &["infrastructure"],
        ("domain-name", "resolves-to") => &["domain-name", "ipv4-addr", "ipv6-addr"],
        ("ipv4-addr" | "ipv6-addr", "resolves-to") => &["mac-addr"],
        ("ipv4-addr" | "ipv6-addr", "belongs-to") => &["autonomous-system"],
        _ => &[],
    }
}
