//! Exports: whole, bounded, safe to open, and complete enough to leave with.

use std::io::Write;

use model::Tlp;
use node::{Annotation, Caller, ImportOptions, Kind, ListQuery, Node};
use serde_json::Value;

use crate::read_lists::{Listed, list};
use crate::read_world::open;

const BUNDLE: &str = r#"{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[
{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"=cmd|' /C calc'!A0","pattern":"[ipv4-addr:value = '198.51.100.1' OR domain-name:value = 'evil.example']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","labels":["c2"]},
{
  "type": "indicator", "spec_version": "2.1",
  "id": "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
  "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-02T00:00:00.000Z",
  "name": "C2 of \"it\"", "pattern": "[ipv4-addr:value = '198.51.100.1' OR domain-name:value = 'evil.example']",
  "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z",
  "extensions": {"extension-definition--00000000-0000-4000-8000-000000000001": {"extension_type": "property-extension", "sites": [1.50]}}
},
{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","pattern":"[domain-name:value = 'ended.example']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","valid_until":"2026-01-02T00:00:00Z","object_marking_refs":["marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"]},
{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4","value":"198.51.100.3"},
{"type":"malware","spec_version":"2.1","id":"malware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd41","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"+SUM(1)","is_family":false,"object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]},
{"type":"sighting","spec_version":"2.1","id":"sighting--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd42","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","sighting_of_ref":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"}
]}"#;

struct Folder {
    node: Node,
    _folder: tempfile::TempDir,
}

fn folder() -> Folder {
    let folder = tempfile::tempdir().unwrap();
    Folder { node: open(folder.path()), _folder: folder }
}

fn submit(node: &Node, bytes: &[u8], tlp: Tlp) -> Vec<&'static str> {
    let options = ImportOptions { tlp: Some(tlp), ..ImportOptions::default() };
    let status = node.submit(&node.operator(), &options, bytes).unwrap();
    status.outcomes.iter().map(|outcome| outcome.state).collect()
}

fn export(node: &Node, caller: &Caller, format: &str, full: bool) -> String {
    let mut bytes = Vec::new();
    node.export(caller, format, full, &ListQuery::default(), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn everything(node: &Node) -> Vec<(String, String, Tlp, Vec<u8>)> {
    let all = ListQuery { versions: vec!["all".to_owned()], ..ListQuery::default() };
    let (listed, end) = list(node, &node.operator(), &all).unwrap();
    assert!(!end.more);
    // What is not versioned has the time of its arrival for a version, which is another on another node.
    let version = |one: &Listed| if one.id.starts_with("ipv4") { String::new() } else { one.version.clone() };
    let mut all: Vec<_> =
        listed.iter().map(|one| (one.id.clone(), version(one), one.tlp, one.wire.clone())).collect();
    all.sort();
    all
}

#[test]
fn one_can_leave_with_a_full_export() {
    let (old, new) = (folder(), folder());
    assert_eq!(submit(&old.node, BUNDLE.as_bytes(), Tlp::AmberStrict), ["new"; 6]);
    let bundle = export(&old.node, &old.node.operator(), "stix", true);
    let parsed: Value = serde_json::from_str(&bundle).unwrap();
    assert_eq!(parsed["objects"].as_array().unwrap().len(), 6);
    for object in parsed["objects"].as_array().unwrap() {
        let ours = &object["extensions"]["extension-definition--7f7c855d-874a-43f2-b391-eb7f4e1f6f7b"];
        assert_eq!(ours["source"]["name"], "This organisation");
        assert!(ours["label"].as_str().unwrap().starts_with("accord-label 1\n"));
    }
    // Another default label on the new node changes nothing: each object brings its own.
    assert_eq!(submit(&new.node, bundle.as_bytes(), Tlp::Green), ["new"; 6]);
    assert_eq!(everything(&new.node), everything(&old.node));
    // Imported where it comes from, all of it is known, byte for byte.
    assert_eq!(submit(&old.node, bundle.as_bytes(), Tlp::Green), ["duplicate"; 6]);
    assert_eq!(submit(&new.node, bundle.as_bytes(), Tlp::Clear), ["duplicate"; 6]);
}

#[test]
fn a_plain_bundle_holds_the_bytes_as_they_came_and_the_last_versions() {
    let folder = folder();
    let operator = folder.node.operator();
    let empty: Value = serde_json::from_str(&export(&folder.node, &operator, "stix", false)).unwrap();
    assert!(empty["type"] == "bundle" && empty.get("objects").is_none(), "empty lists are forbidden");
    submit(&folder.node, BUNDLE.as_bytes(), Tlp::Amber);
    let bundle = export(&folder.node, &operator, "stix", false);
    let parsed: Value = serde_json::from_str(&bundle).unwrap();
    assert_eq!(parsed["objects"].as_array().unwrap().len(), 5);
    for (_, _, _, wire) in everything(&folder.node).iter().filter(|one| one.1 != "2026-01-01T00:00:00.000Z") {
        assert!(bundle.contains(std::str::from_utf8(wire).unwrap()));
    }
    let lines = export(&folder.node, &operator, "ndjson", false);
    assert_eq!(lines.lines().count(), 5);
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    let limited = ListQuery { limit: Some(2), types: vec!["indicator".to_owned()], ..ListQuery::default() };
    let mut bytes = Vec::new();
    assert_eq!(folder.node.export(&operator, "ndjson", false, &limited, &mut bytes).unwrap(), 2);
}

#[test]
fn csv_and_lists() {
    let folder = folder();
    submit(&folder.node, BUNDLE.as_bytes(), Tlp::Amber);
    let operator = folder.node.operator();
    let csv = export(&folder.node, &operator, "csv", true);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let header: Vec<String> = rows.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let column = |name: &str| header.iter().position(|one| one == name).unwrap();
    assert!(
        rows.iter().all(|row| row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])))
    );
    let names: Vec<&str> = rows.iter().map(|row| &row[column("name")]).collect();
    assert!(names.contains(&"'=cmd|' /C calc'!A0") && names.contains(&"'+SUM(1)"), "{names:?}");
    let values: Vec<(&str, &str)> =
        rows.iter().map(|row| (&row[column("kind")], &row[column("value")])).collect();
    for expected in [("ipv4", "198.51.100.1"), ("domain", "evil.example"), ("ipv4", "198.51.100.3"), ("", "")]
    {
        assert!(values.contains(&expected), "{expected:?} in {values:?}");
    }
    assert_eq!(rows.iter().filter(|row| &row[column("tags")] == "c2").count(), 2);
    // What has ended is not listed, and each value once.
    let mut list: Vec<String> =
        export(&folder.node, &operator, "list", false).lines().map(str::to_owned).collect();
    list.sort();
    assert_eq!(list, ["198.51.100.1", "198.51.100.3", "evil.example"]);
}

#[test]
fn what_cannot_be_exported_is_refused() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no space"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let folder = folder();
    submit(&folder.node, BUNDLE.as_bytes(), Tlp::Amber);
    let operator = folder.node.operator();
    let kind = |format: &str, query: ListQuery, output: &mut dyn Write| {
        folder.node.export(&operator, format, false, &query, output).unwrap_err().kind
    };
    assert_eq!(kind("xml", ListQuery::default(), &mut Vec::new()), Kind::Invalid);
    let next = ListQuery { next: Some("x".to_owned()), ..ListQuery::default() };
    assert_eq!(kind("stix", next, &mut Vec::new()), Kind::Invalid);
    let nowhere = ListQuery { collection: Some("nowhere".to_owned()), ..ListQuery::default() };
    assert_eq!(kind("stix", nowhere, &mut Vec::new()), Kind::NotFound);
    assert_eq!(kind("stix", ListQuery::default(), &mut Full), Kind::Unavailable);
}

#[test]
fn annotations_are_objects_of_ones_own() {
    let folder = folder();
    let (node, operator) = (&folder.node, folder.node.operator());
    submit(node, BUNDLE.as_bytes(), Tlp::Amber);
    let indicator = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
    let said =
        |annotation: &Annotation, tlp: Option<Tlp>| node.annotate(&operator, indicator, annotation, tlp);
    let note = said(&Annotation::Note("seen at two sites".to_owned()), None).unwrap();
    assert_eq!((note.state, note.id.starts_with("note--")), ("new", true), "{note:?}");
    let opinion = said(&Annotation::Opinion("agree".to_owned(), None), Some(Tlp::Red)).unwrap();
    assert_eq!(opinion.state, "new");
    let tags = Annotation::Tags(vec!["misp:confidence=\"high\"".to_owned()]);
    assert_eq!(said(&tags, None).unwrap().id, indicator);
    assert_eq!(said(&tags, None).unwrap_err().kind, Kind::Conflict);
    assert_eq!(said(&Annotation::Revoke, Some(Tlp::Green)).unwrap_err().kind, Kind::Invalid);
    assert_eq!(said(&Annotation::Revoke, None).unwrap().state, "new");
    assert_eq!(said(&Annotation::Revoke, None).unwrap_err().kind, Kind::Conflict);
    let view = node.object(&operator, indicator, None).unwrap();
    assert!(view.summary.revoked && view.claims.is_empty());
    assert_eq!(view.versions.len(), 4, "two submitted, one tagged, one revoked");
    assert!(view.versions.iter().all(|version| version.label == "TLP:AMBER"));
    let related: Vec<(&str, &str, &str)> =
        view.related.iter().map(|one| (&*one.relation, one.direction, &*one.object.kind)).collect();
    for expected in [
        ("object_refs", "in", "note"),
        ("object_refs", "in", "opinion"),
        ("sighting_of_ref", "in", "sighting"),
    ] {
        assert!(related.contains(&expected), "{related:?}");
    }
    let nothing =
        node.annotate(&operator, "malware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd49", &Annotation::Revoke, None);
    assert_eq!(nothing.unwrap_err().kind, Kind::NotFound);
    let visitor = node.visitor().unwrap();
    let note = node.annotate(&visitor, indicator, &Annotation::Note("x".to_owned()), None);
    assert_eq!(note.unwrap_err().kind, Kind::Unauthenticated);
}
