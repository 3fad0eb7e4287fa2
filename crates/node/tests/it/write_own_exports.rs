//! An export of one's own that is taken back adds nothing.

use node::{Caller, ImportOptions, ListQuery};

use crate::write_world::World;

const OLDER: &str = r#"{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000020","spec_version":"2.0","objects":[
{"type":"indicator","id":"indicator--00000000-0000-4000-8000-000000000021","created":"2026-01-01T00:00:00.000Z",
 "modified":"2026-01-01T00:00:00.000Z","labels":["malicious-activity"],"pattern":"[domain-name:value = 'older.example']",
 "valid_from":"2026-01-01T00:00:00Z"},
{"type":"observed-data","id":"observed-data--00000000-0000-4000-8000-000000000022","created":"2026-01-01T00:00:00.000Z",
 "modified":"2026-01-01T00:00:00.000Z","first_observed":"2026-01-01T00:00:00Z","last_observed":"2026-01-01T00:00:00Z",
 "number_observed":1,"objects":{"0":{"type":"ipv4-addr","value":"198.51.100.77"}}},
{"type":"malware","id":"malware--00000000-0000-4000-8000-000000000023","created":"2026-01-01T00:00:00.000Z",
 "modified":"2026-01-01T00:00:00.000Z","labels":["worm"],"name":"=worm"}]}"#;
const LAID_OUT: &str = r#"{ "type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000030", "objects": [ {
  "type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000031",
  "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "indicator_types": ["unknown"],
  "name": "laid \"out\"", "description": "d", "pattern": "[domain-name:value = 'out.example']", "pattern_type": "stix",
  "valid_from": "2026-01-01T00:00:00Z", "labels": ["a", "b c"], "confidence": 10
} ] }"#;
const LIST: &str = "# scores\n198.51.100.1\t9\n198.51.100.2\nbad.example # seen twice\n";
const CSV: &str = "ip,first_seen,tlp,family\n198.51.100.3,2026-01-01,TLP:GREEN,\"x, y\"\n198.51.100.4,,,z\n";

fn filled() -> World {
    let world = World::new();
    for input in [OLDER, LAID_OUT, LIST, CSV] {
        let (summary, told) = world.import(&ImportOptions::default(), input.as_bytes()).unwrap();
        assert_eq!((summary.new, summary.rejected), (summary.objects, 0), "{told:?}");
    }
    // A changed row is a second version.
    world.later(60);
    world.import(&ImportOptions::default(), b"198.51.100.1\t10\n").unwrap();
    world
}

fn export(world: &World, caller: &Caller, format: &str, full: bool, kinds: &[&str]) -> Vec<u8> {
    let types = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let mut bytes = Vec::new();
    let query = ListQuery { types, ..ListQuery::default() };
    world.node.export(caller, format, full, &query, &mut bytes).unwrap();
    bytes
}

fn everything(world: &World) -> Vec<u8> {
    let lines = export(world, &world.node.operator(), "ndjson", true, &[]);
    let mut lines: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    lines.concat()
}

#[test]
fn an_own_export_of_any_format_adds_nothing() {
    let world = filled();
    let operator = world.node.operator();
    let before = everything(&world);
    for (format, full) in [
        ("stix", false),
        ("stix", true),
        ("ndjson", false),
        ("ndjson", true),
        ("csv", false),
        ("csv", true),
        ("list", false),
    ] {
        // A list says nothing of what was only observed.
        let kinds: &[&str] = if format == "list" { &["indicator"] } else { &[] };
        let exported = export(&world, &operator, format, full, kinds);
        world.later(60);
        for dry_run in [true, false, false] {
            let options = ImportOptions { dry_run, ..ImportOptions::default() };
            let (summary, told) = world.import(&options, &exported).unwrap();
            let text = String::from_utf8_lossy(&exported);
            assert_eq!(summary.duplicates, summary.objects, "{format} {full} {dry_run}: {told:#?} {text}");
            assert!(summary.objects >= 7, "{format}: {text}");
        }
    }
    assert_eq!(everything(&world), before);
}

#[test]
fn by_another_member_it_is_that_members_own() {
    let world = filled();
    let operator = world.node.operator();
    for (format, new) in [("stix", 10), ("csv", 8), ("list", 8)] {
        world.member(format);
        let other = world.token(format, &["analyst"]);
        let exported = export(&world, &operator, format, false, &[]);
        let (summary, told) = world.import_as(&other, &ImportOptions::default(), &exported).unwrap();
        let claims = told.iter().filter(|outcome| outcome.state == "claim").count() as u64;
        assert_eq!(summary.new + claims, new, "{format}: {summary:?} {told:#?}");
    }
}

#[test]
fn a_row_of_an_export_that_somebody_changed_is_news() {
    let world = filled();
    let exported = String::from_utf8(export(&world, &world.node.operator(), "csv", false, &[])).unwrap();
    let header = exported.lines().next().unwrap();
    let row = exported.lines().find(|line| line.starts_with("198.51.100.3,")).unwrap();
    for (changed, state) in [
        (row.to_owned(), (0, 1)),
        (row.replace("TLP:GREEN", "TLP:RED"), (1, 0)),
        (format!("{row}more"), (1, 0)),
        (row.replace("198.51.100.3", "198.51.100.33"), (1, 0)),
    ] {
        let input = format!("{header}\n{changed}\n");
        let (summary, told) = world.import(&ImportOptions::default(), input.as_bytes()).unwrap();
        assert_eq!((summary.new, summary.duplicates), state, "{changed}: {told:?}");
    }
}

#[test]
fn a_bare_value_is_news_where_nothing_valid_says_it_alone() {
    let world = World::new();
    let row = |input: &str| {
        let (summary, told) = world.import(&ImportOptions::default(), input.as_bytes()).unwrap();
        assert_eq!(summary.objects, 1, "{told:?}");
        (summary.new, summary.duplicates)
    };
    // Observed, but never called bad.
    let address = r#"{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4","value":"198.51.100.3"}"#;
    assert_eq!(row(address), (1, 0));
    assert_eq!(row("198.51.100.3\n"), (1, 0));
    // What is said beside the value counts, and so does an end.
    assert_eq!(row("198.51.100.3 # again\n"), (1, 0));
    assert_eq!(row("198.51.100.3\n"), (0, 1));
    assert_eq!(row("value,valid_until\n198.51.100.3,2026-12-31\n"), (1, 0));
    world.later(2 * 365 * 86_400);
    assert_eq!(row("198.51.100.3\n"), (0, 1), "the same row again");
    assert_eq!(row("value,valid_until\n198.51.100.9,2029-12-31\n"), (1, 0));
    assert_eq!(row("198.51.100.9\n"), (0, 1));
    world.later(5 * 365 * 86_400);
    assert_eq!(row("198.51.100.9\n"), (1, 0));
}

#[test]
fn held_under_another_label_is_told() {
    let world = filled();
    let options = ImportOptions { tlp: Some(model::Tlp::Red), ..ImportOptions::default() };
    let (summary, told) = world.import(&options, b"198.51.100.1\n").unwrap();
    assert_eq!((summary.duplicates, told.len()), (1, 1));
    assert!(told[0].message.as_deref().unwrap().contains("held as TLP:AMBER"), "{told:?}");
}
