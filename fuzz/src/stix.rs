//! What must hold for every input of `stix`.

use stix::pattern::{self, Dialect};
use stix::{Id, Limits, Object, Timestamp};
use strictjson::{Limits as ParseLimits, parse};

/// A target: its name, which is also its folder of seeds, and what must not panic.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of this crate.
pub const TARGETS: &[Target] = &[
    ("stix_check", objects_are_judged),
    ("stix_upgrade", upgrades_are_objects),
    ("stix_pattern", patterns_are_written_back),
    ("stix_text", small_texts),
];

/// Any JSON is judged and viewed; findings are bounded, and point at what is there.
pub fn objects_are_judged(data: &[u8]) {
    let Ok(node) = parse(data, &ParseLimits::default()) else { return };
    let limits = Limits { findings: 20, ..Limits::default() };
    let checked = stix::check(&node, &limits);
    assert!(checked.findings.len() <= limits.findings + 1);
    for finding in &checked.findings {
        assert!(finding.message.len() < 2000, "{}", finding.message);
        // What is missing is pointed at where it would stand.
        let parent = finding.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        assert!(node.pointer(&finding.pointer).or(node.pointer(parent)).is_some(), "{finding:?}");
    }
    assert_eq!(stix::check(&node, &limits), checked);
    let _version = stix::detect(&node, Some("2.0"));
    let _view = Object::from_node(&node);
    let _common = stix::common(&node);
    let _links = stix::references(&node);
    assert_eq!(stix::sco_id(&node), stix::sco_id(&node));
}

/// What is read as 2.1 is JSON that says so, made from something that is there, the same each time.
pub fn upgrades_are_objects(data: &[u8]) {
    let Ok(node) = parse(data, &ParseLimits::default()) else { return };
    let Ok(upgraded) = stix::upgrade(&node) else { return };
    for object in &upgraded {
        let read = parse(&object.bytes, &ParseLimits { depth: 128, ..ParseLimits::default() });
        let version = read.as_ref().map(|node| node.get("spec_version").and_then(|version| version.as_str()));
        assert_eq!(version, Ok(Some("2.1")), "{}", object.bytes.escape_ascii());
        assert!(node.pointer(&object.pointer).is_some(), "{}", object.pointer);
    }
    assert_eq!(stix::upgrade(&node).as_ref(), Ok(&upgraded));
}

/// A pattern that parses is written as one that parses to the same; an error lies within the text.
pub fn patterns_are_written_back(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let limits = pattern::Limits { bytes: 10_000, ..pattern::Limits::default() };
    for dialect in [Dialect::Stix20, Dialect::Stix21] {
        if let Ok(pattern) = pattern::parse(text, dialect, &limits) {
            let written = pattern.to_string();
            // Escapes make it longer, never without bound.
            let room = pattern::Limits { bytes: 1_000_000, ..limits };
            let again = pattern::parse(&written, dialect, &room);
            assert_eq!(again.as_ref(), Ok(&pattern), "{text} became {written}");
            assert!(pattern.comparisons().count() <= limits.nodes);
        }
    }
}

/// Timestamps and identifiers that are read are written as ones that are read as the same.
pub fn small_texts(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
    }
    if let Ok(id) = Id::parse(text) {
        // The digits of a UUID are read in either case and written in lower case.
        assert_eq!(Id::parse(&id.to_string()), Ok(id));
    }
}
