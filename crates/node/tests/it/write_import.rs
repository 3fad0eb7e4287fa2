//! Imports: formats, options, findings, broken input, dry runs.

use std::io::Write;

use model::Tlp;
use node::{ImportEvent, ImportOptions, Kind};

use crate::write_world::{FIRST, SECOND, World, envelope, id, indicator, strings};

const TERMS: &str = "marking-definition--00000000-0000-4000-8000-0000000000aa";

fn objects(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| indicator(n, FIRST, "")).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn plain() -> ImportOptions {
    ImportOptions::default()
}

#[test]
fn every_wrapping_of_stix_is_understood_and_the_second_time_nothing_is_new() {
    let world = World::new();
    let all = objects(0..2_500);
    let bundle = format!(
        "{{\"type\":\"bundle\",\"id\":\"bundle--00000000-0000-4000-8000-000000000001\",\"objects\":[{}]}}",
        all.join(",\n")
    );
    let (summary, told) = world.import(&plain(), bundle.as_bytes()).unwrap();
    assert_eq!((summary.objects, summary.new, summary.format.as_str()), (2_500, 2_500, "stix-2.1"));
    assert_eq!((summary.bytes, told.len()), (bundle.len() as u64, 0));
    assert!(summary.broken.is_none() && !summary.dry_run);
    let envelope = envelope(&all);
    let lines = all.join("\n");
    let array = format!("[{}]", all.join(","));
    for (input, format) in [
        (envelope.clone().into_bytes(), "stix-2.1"),
        (lines.into_bytes(), "ndjson"),
        (array.into_bytes(), "stix-2.1"),
        (gzip(bundle.as_bytes()), "stix-2.1"),
        (zstd::encode_all(envelope.as_bytes(), 1).unwrap(), "stix-2.1"),
        ([b"\xef\xbb\xbf", envelope.as_bytes()].concat(), "stix-2.1"),
    ] {
        let (summary, _) = world.import(&plain(), &input).unwrap();
        assert_eq!((summary.duplicates, summary.new, summary.format.as_str()), (2_500, 0, format));
    }
}

#[test]
fn order_is_kept_and_progress_is_told() {
    let world = World::new();
    let mut all = objects(0..10_000);
    all[1_234] = "{\"type\":\"tool\"}".to_owned();
    let (mut last, mut refused) = (0, Vec::new());
    let bytes = envelope(&all);
    let summary =
        world.node.import(
            &world.node.operator(),
            &plain(),
            &mut bytes.as_bytes(),
            &mut |event| match event {
                ImportEvent::Progress { objects, .. } => {
                    assert!(objects >= last);
                    last = objects;
                }
                ImportEvent::Outcome(outcome) => refused.push(outcome),
                ImportEvent::Finding { .. } => {}
            },
        );
    let summary = summary.unwrap();
    assert_eq!((summary.new, summary.rejected, last), (9_999, 1, 10_000));
    assert_eq!((refused.len(), refused[0].ordinal, refused[0].state), (1, 1_234, "rejected"));
    let listed = world.listed(&world.node.operator(), None);
    let expected: Vec<String> = (0..10_000).filter(|n| *n != 1_234).map(id).collect();
    assert_eq!(listed.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), expected);
}

#[test]
fn a_marking_at_the_end_of_a_stream_counts_for_all_of_it() {
    let world = World::new();
    let marked = format!(",\"object_marking_refs\":[\"{TERMS}\"]");
    let mut all: Vec<String> = (0..3_000).map(|n| indicator(n, FIRST, &marked)).collect();
    all.push(format!(
        "{{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"{TERMS}\",\"created\":\"{FIRST}\",\
         \"definition_type\":\"statement\",\"definition\":{{\"statement\":\"(c)\"}}}}"
    ));
    let (summary, told) = world.import(&plain(), envelope(&all).as_bytes()).unwrap();
    assert_eq!((summary.new, summary.objects, told.len()), (3_001, 3_001, 0));
    let listed = world.listed(&world.node.operator(), None);
    assert!(listed.iter().all(|(_, label)| label == "TLP:AMBER"));
    assert_eq!(listed.len(), 3_001);
    // None of them was ever RED: no entry moved.
    let second = World::new();
    let (summary, told) = second.import(&plain(), envelope(&all[..2_000]).as_bytes()).unwrap();
    assert_eq!((summary.new, told.len()), (2_000, 2_000), "without it, each is told of");
    assert!(second.listed(&second.node.operator(), None).iter().all(|(_, label)| label == "TLP:RED"));
}

#[test]
fn what_is_wrong_is_told_and_what_came_before_is_kept() {
    let whole = envelope(&objects(0..3_000));
    let truncated = whole[..whole.len() - 300].to_owned();
    let mut not_utf8 = whole.clone().into_bytes();
    let at = whole.find("number 1500").unwrap();
    not_utf8[at] = 0xff;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let mut nested = objects(0..10);
    nested[4] = format!("{{\"type\":\"tool\",\"x_deep\":{deep}}}");
    let mut twice = objects(0..10);
    twice[4] = "{\"type\":\"tool\",\"type\":\"malware\"}".to_owned();
    let mut huge = objects(0..10);
    huge[4] = indicator(4, FIRST, ",\"x_number\":1e400");
    let mut ids = objects(0..10);
    ids[4] = indicator(4, FIRST, "").replace("indicator--", "malware--");
    let compressed = gzip(whole.as_bytes());
    for (input, taken, rejected, broken, says) in [
        (truncated.into_bytes(), 2_999, 0, true, "unexpected end of input at byte"),
        (not_utf8, 2_999, 1, false, "invalid UTF-8"),
        (envelope(&nested).into_bytes(), 9, 1, false, "nest too deep"),
        (envelope(&twice).into_bytes(), 9, 1, false, "name used twice"),
        (envelope(&huge).into_bytes(), 9, 1, false, "not finite"),
        (envelope(&ids).into_bytes(), 9, 1, false, "STIX 2.1 §"),
        (compressed[..compressed.len() / 2].to_vec(), 1, 0, true, "cannot be read beyond byte"),
        (format!("{whole}garbage").into_bytes(), 3_000, 1, false, ""),
    ] {
        let world = World::new();
        let (summary, told) = world.import(&plain(), &input).unwrap();
        let told: Vec<String> = told.into_iter().filter_map(|outcome| outcome.message).collect();
        let found = summary.broken.clone().unwrap_or_default() + &told.join(" ");
        assert!(found.contains(says), "{says} in {found}");
        assert!(summary.new >= taken && summary.new <= 3_000, "{says}: {summary:?}");
        assert_eq!((summary.rejected, summary.broken.is_some()), (rejected, broken), "{says}: {found}");
        assert_eq!(world.listed(&world.node.operator(), None).len() as u64, summary.new);
    }
}

#[test]
fn input_of_which_nothing_can_be_taken_is_an_error() {
    let world = World::new();
    for (input, kind) in [
        (&b"{\"objects\":["[..], Kind::Invalid),
        (b"{\"objects\":[{\"type\":", Kind::Invalid),
        (b"\x00\x01\x02binary", Kind::Media),
        (b"name,colour\nx,y\n", Kind::Invalid),
        (&gzip(&vec![b' '; 64 << 20]), Kind::TooLarge),
    ] {
        let result = world.import(&plain(), input);
        let error = result.map(|(summary, _)| format!("{summary:?}")).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
    }
    // Nothing at all is nothing, and no error.
    let (summary, _) = world.import(&plain(), b"").unwrap();
    assert_eq!(summary.objects, 0);
    for options in [
        ImportOptions { format: Some("xml".to_owned()), ..plain() },
        ImportOptions { kind: Some("colour".to_owned()), format: Some("list".to_owned()), ..plain() },
        ImportOptions {
            columns: vec![("ip".to_owned(), "9x".to_owned())],
            format: Some("csv".to_owned()),
            ..plain()
        },
    ] {
        assert_eq!(
            world.import(&options, b"198.51.100.1,x\n").unwrap_err().kind,
            Kind::Invalid,
            "{options:?}"
        );
    }
}

#[test]
fn a_list_becomes_indicators_and_a_changed_line_a_new_version() {
    let world = World::new();
    let operator = world.node.operator();
    let list = "# scored\n198.51.100.1\t3\n198.51.100.2\t1\nexample.com # bad\nnot a value at all!\n";
    let options = ImportOptions {
        tlp: Some(Tlp::Clear),
        source_name: Some("scores".to_owned()),
        expire_s: Some(86_400),
        ..plain()
    };
    let (summary, told) = world.import(&options, list.as_bytes()).unwrap();
    assert_eq!((summary.new, summary.rejected, summary.format.as_str()), (3, 1, "list"));
    assert_eq!((summary.label.as_str(), told.len(), told[0].ordinal), ("TLP:CLEAR", 1, 3));
    world.later(60);
    let (summary, _) = world.import(&options, list.as_bytes()).unwrap();
    assert_eq!((summary.new, summary.duplicates), (0, 3));
    let changed = list.replace("198.51.100.2\t1", "198.51.100.2\t7");
    let (summary, _) = world.import(&options, changed.as_bytes()).unwrap();
    assert_eq!((summary.new, summary.duplicates), (1, 2));
    assert_eq!(world.listed(&operator, None).len(), 3, "a new version, not a new object");
    let mut times = Vec::new();
    let all = node::ListQuery { versions: strings(&["all"]), ..node::ListQuery::default() };
    let each = &mut |entry: &node::ListEntry<'_>| {
        let object: serde_json::Value = serde_json::from_slice(entry.wire).unwrap();
        assert_eq!(object["modified"], entry.version.to_string());
        times.push((object["id"].to_string(), object["created"].to_string(), entry.version.to_string()));
    };
    world.node.list(&operator, &all, each).unwrap();
    times.sort();
    times.dedup_by(|later, earlier| later.0 == earlier.0 && later.1 == earlier.1);
    assert_eq!(times.len(), 3, "all versions of one object were created at one time: {times:?}");
    let (summary, _) = world.import(&options, list.as_bytes()).unwrap();
    assert_eq!((summary.new, summary.duplicates), (0, 3), "what was said before is known");
    let found = world.node.lookup(&operator, &strings(&["198.51.100[.]2", "example.com"]), 10).unwrap();
    assert!(found.iter().all(|answer| answer.hit && answer.mentions[0].active), "{found:?}");
    world.later(2 * 86_400);
    let found = world.node.lookup(&operator, &strings(&["198.51.100.2"]), 10).unwrap();
    assert!(found[0].hit && !found[0].mentions[0].active, "it has expired");
}

#[test]
fn csv_is_read_by_its_header_or_by_what_is_said_of_its_columns() {
    let csv =
        "seen;addr;why;tlp\n2026-08-01;198.51.100.1;\"c2; botnet\";green\n2026-08-02;bad.example;phishing;\n";
    let world = World::new();
    let columns = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
    };
    let options = ImportOptions {
        columns: columns(&[("value", "addr"), ("valid_from", "1"), ("why", "labels")]),
        ..plain()
    };
    let (summary, _) = world.import(&options, csv.as_bytes()).unwrap();
    assert_eq!((summary.new, summary.format.as_str()), (2, "csv"));
    let mut labels: Vec<String> =
        world.listed(&world.node.operator(), None).into_iter().map(|(_, label)| label).collect();
    labels.sort();
    assert_eq!(labels, ["TLP:AMBER", "TLP:GREEN"], "the row's own label, else the default");

    // No name of it is known but for what is said.
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let csv = format!("sha,family\n{hash},emotet\n");
    let options = ImportOptions { columns: columns(&[("sha256", "sha"), ("name", "family")]), ..plain() };
    let (summary, _) = world.import(&options, csv.as_bytes()).unwrap();
    assert_eq!((summary.new, summary.rejected), (1, 0), "{summary:?}");
}

#[test]
fn a_dry_run_tells_what_would_happen_and_writes_nothing() {
    let world = World::new();
    let operator = world.node.operator();
    world.import(&plain(), envelope(&objects(0..10)).as_bytes()).unwrap();
    let mut all = objects(0..20);
    all.push(indicator(1, SECOND, ""));
    all.push(indicator(2, FIRST, ",\"confidence\":3"));
    all.push("{\"type\":\"tool\"}".to_owned());
    let dry = ImportOptions { dry_run: true, ..plain() };
    let (summary, _) = world.import(&dry, envelope(&all).as_bytes()).unwrap();
    let counts = |summary: &node::views::ImportSummary| {
        (summary.new, summary.duplicates, summary.equivocations, summary.rejected)
    };
    assert!(summary.dry_run && summary.submission.is_empty(), "there is nothing to ask for");
    assert_eq!(counts(&summary), (11, 10, 1, 1));
    assert_eq!(world.listed(&operator, None).len(), 10);
    let (done, _) = world.import(&plain(), envelope(&all).as_bytes()).unwrap();
    assert_eq!(counts(&done), counts(&summary));
}

#[test]
fn an_import_by_a_token_is_bounded_and_needs_the_right_to_write() {
    let world = World::with(node::Settings { max_inflated_bytes: 100_000, ..crate::write_world::settings() });
    world.member("Blue");
    let bytes = envelope(&objects(0..2_000));
    let reader = world.token("Blue", &["reader"]);
    assert_eq!(world.import_as(&reader, &plain(), bytes.as_bytes()).unwrap_err().kind, Kind::Forbidden);
    let analyst = world.token("Blue", &["analyst"]);
    let error = world.import_as(&analyst, &plain(), bytes.as_bytes()).unwrap_err();
    assert_eq!(error.kind, Kind::TooLarge);
    // The one who has the folder is not.
    assert_eq!(world.import(&plain(), bytes.as_bytes()).unwrap().0.new, 2_000);
}

#[test]
fn an_import_that_meets_its_quota_keeps_and_reports_what_fitted() {
    let world = World::new();
    let new = node::NewMember {
        name: "Small".to_owned(),
        objects_per_hour: Some(2_500),
        ..node::NewMember::default()
    };
    world.node.add_member(&world.node.operator(), &new).unwrap();
    let small = world.token("Small", &["analyst"]);
    let bytes = envelope(&objects(0..5_000));
    let (summary, _) = world.import_as(&small, &plain(), bytes.as_bytes()).unwrap();
    assert_eq!(summary.new, 2_000, "whole batches");
    assert!(
        summary.broken.as_deref().is_some_and(|why| why.contains("in this hour")),
        "{:?}",
        summary.broken
    );
    world.import_as(&small, &plain(), envelope(&objects(2_000..2_500)).as_bytes()).unwrap();
    let error = world.import_as(&small, &plain(), bytes.as_bytes()).map(|(summary, _)| summary.broken);
    assert!(error.unwrap().is_some(), "duplicates are taken, and then no more");
    let error = world.import_as(&small, &plain(), envelope(&objects(4_000..4_010)).as_bytes()).unwrap_err();
    assert_eq!((error.kind, error.retry_after_s.is_some()), (Kind::Quota, true));
}

/// A stream of any length, made as it is read, that nobody holds as a whole.
struct Endless {
    made: Vec<u8>,
    next: u32,
    left: u64,
}

impl std::io::Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.made.len() < into.len() && self.left > 0 {
            let line = format!("{{\"type\":\"x-thing\",\"junk\":{}}}\n", self.next);
            self.next += 1;
            self.left = self.left.saturating_sub(line.len() as u64);
            self.made.extend_from_slice(line.as_bytes());
        }
        let length = self.made.len().min(into.len());
        into[..length].copy_from_slice(&self.made[..length]);
        self.made.drain(..length);
        Ok(length)
    }
}

#[test]
fn a_long_stream_of_rubbish_is_refused_object_by_object() {
    let world = World::new();
    let mut stream = Endless { made: Vec::new(), next: 0, left: 3 << 20 };
    let dry = ImportOptions { dry_run: true, ..plain() };
    let mut refused = 0;
    let summary = world.node.import(&world.node.operator(), &dry, &mut stream, &mut |event| {
        refused += u64::from(matches!(event, ImportEvent::Outcome(_)));
    });
    let summary = summary.unwrap();
    assert!(summary.rejected > 80_000 && summary.rejected == refused, "{summary:?}");
}

/// One line after the other, for ever: where in it the next byte is.
struct Repeated(Vec<u8>, usize);

impl std::io::Read for Repeated {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let left = &self.0[self.1..];
        let length = left.len().min(into.len());
        into[..length].copy_from_slice(&left[..length]);
        self.1 = (self.1 + length) % self.0.len();
        Ok(length)
    }
}

#[test]
fn what_has_no_end_and_nothing_to_take_is_given_up() {
    let world = World::new();
    // Whoever has the folder may import what he likes, of any length; and the quarantine takes its time.
    let options = ImportOptions { dry_run: true, ..plain() };
    let comment = [&b"#".repeat(100_000)[..], b"\n"].concat();
    for (line, told) in
        [(b"{\"a\":1}\n".to_vec(), "100000 objects in a row"), (comment, "the last 256 MiB of the input")]
    {
        let mut input = Repeated(line, 0);
        let error = world.node.import(&world.node.operator(), &options, &mut input, &mut |_| ()).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.message.contains(told) && error.hint.is_some(), "{error}");
    }
}

#[test]
fn what_stands_before_a_long_stretch_of_nothing_is_taken() {
    use std::io::Read;
    let world = World::new();
    let first = format!("{{\"objects\":[{},{{\"type\":\"note\",\"name\":\"", indicator(1, FIRST, ""));
    let mut input = first.as_bytes().chain(std::io::repeat(b'x'));
    let summary = world.node.import(&world.node.operator(), &plain(), &mut input, &mut |_| ()).unwrap();
    assert_eq!(summary.new, 1, "{summary:?}");
    let broken = summary.broken.unwrap();
    assert!(broken.contains("the last 256 MiB of the input"), "{broken}");
}
