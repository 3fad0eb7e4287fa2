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

/// What there is a list's line for, what that is, and what there is none for.
#[test]
fn a_list_tells_values_alone_and_as_what_they_are() {
    let md5 = "d41d8cd98f00b204e9800998ecf8427e";
    let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    let long = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let table = format!(
        "value,type\n192.0.2.1:443,ip-port\nC:\\Temp\\x.exe,file-path\n{md5},ja3\n{md5},imphash\n{md5},md5\n{sha1},cert-sha1\n\
         {long},cert-sha256\n{long},spki-sha256\n{long},sha3-256\n{md5},hassh-server\nevil.bit,domain\n\
         EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v,sol\nMozilla/5.0 (Evil),user-agent\nGlobal\\evil,mutex\n\
         411111,card-range\npowershell -enc A,command-line\n/tmp/x,file-path\n"
    );
    let pattern = |n: u8, pattern: &str| {
        format!(
            r#"{{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-0000000001{n:02}",
            "created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","pattern":"{pattern}",
            "pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","external_references":[
            {{"source_name":"cve","external_id":"CVE-2026-1234"}}]}}"#
        )
    };
    let objects = [
        pattern(
            1,
            &format!("[file:hashes.MD5 = '{}' AND file:name = 'x.doc' AND file:size = 7]", "ab".repeat(16)),
        ),
        pattern(
            2,
            "[ipv4-addr:value = '192.0.2.7' OR domain-name:value = 'or.example'] OR [url:value = 'http://or.example/']",
        ),
        pattern(
            3,
            "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.8' \
                    AND network-traffic:dst_port = 8080 AND network-traffic:protocols[*] = 'tcp']",
        ),
        // Of these a list has no words.
        pattern(4, "[ipv4-addr:value = '192.0.2.9'] AND [domain-name:value = 'and.example']"),
        pattern(5, "[ipv4-addr:value = '192.0.2.10'] REPEATS 5 TIMES"),
        pattern(6, "[network-traffic:src_ref.value = '192.0.2.11' AND network-traffic:dst_port = 22]"),
        pattern(7, "[domain-name:value LIKE '%.like.example']"),
    ];
    let bundle = format!(
        r#"{{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000100","objects":[{}]}}"#,
        objects.join(",")
    );
    let world = World::new();
    for input in [&table, &bundle] {
        let (summary, told) = world.import(&ImportOptions::default(), input.as_bytes()).unwrap();
        assert_eq!(summary.new, summary.objects, "{told:?}");
    }
    let exported =
        String::from_utf8(export(&world, &world.node.operator(), "list", false, &["indicator"])).unwrap();
    let mut lines: Vec<&str> = exported.lines().collect();
    assert_eq!(
        lines.pop().unwrap(),
        "# 9 indicators or observables say what a list cannot: csv and stix have all of it"
    );
    let mut expected = vec![
        "192.0.2.1:443".to_owned(),
        "c:\\temp\\x.exe".to_owned(),
        format!("ja3:{md5}"),
        format!("imphash:{md5}"),
        md5.to_owned(),
        format!("cert-sha1:{sha1}"),
        format!("cert-sha256:{long}"),
        format!("spki-sha256:{long}"),
        format!("sha3-256:{long}"),
        format!("hassh-server:{md5}"),
        "domain:evil.bit".to_owned(),
        "sol:EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v".to_owned(),
        "ab".repeat(16),
        "192.0.2.7".to_owned(),
        "or.example".to_owned(),
        "http://or.example/".to_owned(),
        "192.0.2.8:8080".to_owned(),
    ];
    expected.sort();
    lines.sort_unstable();
    assert_eq!(lines, expected);
    let (summary, told) = world.import(&ImportOptions::default(), exported.as_bytes()).unwrap();
    assert_eq!((summary.duplicates, summary.objects), (17, 17), "{told:#?}");
    // Nor does a table tell parts of values.
    let rows = export(&world, &world.node.operator(), "csv", false, &["indicator"]);
    let rows = String::from_utf8(rows).unwrap();
    let whole =
        ["192.0.2.1:443,ip-port,", "192.0.2.8:8080,ip-port,", "c:\\temp\\x.exe,file-path,", "cert-sha1,"];
    assert!(whole.iter().all(|row| rows.contains(row)), "{rows}");
    let parts = [
        "192.0.2.1,ipv4",
        "192.0.2.8,ipv4",
        "x.exe,file-name",
        "c:\\temp,file-path",
        &format!("{sha1},sha1"),
    ];
    assert!(parts.iter().all(|part| !rows.lines().any(|row| row.starts_with(part))), "{rows}");
    let (summary, told) = world.import(&ImportOptions::default(), rows.as_bytes()).unwrap();
    assert_eq!(summary.duplicates, summary.objects, "{told:#?}");
    // For somebody else they are what they were here.
    world.member("other");
    let other = world.token("other", &["analyst"]);
    let (summary, told) = world.import_as(&other, &ImportOptions::default(), exported.as_bytes()).unwrap();
    assert_eq!((summary.new, summary.objects), (17, 17), "{told:#?}");
    let theirs = export(&world, &other, "list", false, &["indicator"]);
    let theirs = String::from_utf8(theirs).unwrap();
    assert!(expected.iter().all(|line| theirs.lines().any(|other| other == line)), "{theirs}");
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
