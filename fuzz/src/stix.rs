//! What must hold for every input of `stix`.

use stix::pattern::{self, Dialect};
use stix::redact::{Redacted, redact, take_out};
use stix::{Id, Limits, Object, Timestamp};
use strictjson::{Limits as ParseLimits, parse};

/// A target: its name, which is also its folder of seeds, and what must not panic.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of this crate.
pub const TARGETS: &[Target] = &[
    ("stix_check", objects_are_judged),
    ("stix_upgrade", upgrades_are_objects),
    ("stix_redact", redacted_copies_conform),
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

/// Without the parts of any marking, and of those that the first byte chooses: what is left conforms, names the same object
/// and version, holds no marking that was kept back, and stays as it is when that is done again. The unchecked copy does as
/// much, but for conforming.
pub fn redacted_copies_conform(data: &[u8]) {
    let Ok(node) = parse(data, &ParseLimits::default()) else { return };
    let odd = |id: &str| id.bytes().fold(0_u8, u8::wrapping_add) % 2 == 1;
    for hidden in [&odd as &dyn Fn(&str) -> bool, &|_| true, &|_| false] {
        let checked = redact(data, &node, hidden);
        let unchecked = take_out(data, &node, hidden);
        assert!(checked == unchecked || checked == Redacted::Nothing);
        let Redacted::Copy(copy) = unchecked else { continue };
        assert!(copy.len() < data.len());
        let read = parse(&copy, &ParseLimits::default());
        assert!(read.is_ok(), "{} is no JSON", copy.escape_ascii());
        let Ok(left) = read else { continue };
        for property in ["type", "id", "created", "modified", "created_by_ref", "revoked"] {
            let value = |node: &strictjson::Node<'_>| node.get(property).map(|node| node.value.kind_name());
            assert_eq!(value(&left), value(&node), "{property}");
            let text = |node: &strictjson::Node<'_>| {
                node.get(property).and_then(strictjson::Node::as_str).map(str::to_owned)
            };
            assert_eq!(text(&left), text(&node), "{property}");
        }
        let markings = stix::common(&left).granular_markings;
        assert!(markings.iter().all(|marking| !marking.marking_ref.is_some_and(hidden)));
        assert_eq!(take_out(&copy, &left, hidden), Redacted::Whole);
        if checked != Redacted::Nothing {
            assert!(stix::check(&left, &Limits::default()).is_acceptable());
        }
    }
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
