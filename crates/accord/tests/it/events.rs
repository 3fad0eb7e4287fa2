//! What sensors saw, from the command line: told, asked for, erased.

use std::time::{Duration, SystemTime};

use crate::bench::{BUNDLE, Bench};

fn event(minutes: u64, host: &str, value: &str) -> String {
    let at = SystemTime::now() - Duration::from_secs(60 * minutes);
    let at = at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros();
    let time = model::Timestamp(i64::try_from(at).unwrap());
    format!(
        r#"{{"time":"{time}","host":"{host}","observables":["{value}"],"sensor":"s","id":"{host}-{minutes}"}}"#
    )
}

#[test]
fn events_are_told_asked_for_and_erased() {
    let bench = Bench::new();
    let lines = [
        event(2, "h1", "203.0.113.7"),
        event(3, "h2", "www.example.org"),
        r#"{"host":"h3"}"#.to_owned(),
        event(4, "h3", "nonsense here!"),
    ];
    bench.write("events.ndjson", &lines.join("\n"));
    let said = bench.run(&["events", "events.ndjson", "--data", "node"]).exits(1);
    for told in [
        "line 3  refused  `time` is missing",
        "line 4  /observables/0",
        "events.ndjson  4 events",
        "3  counted",
    ] {
        assert!(said.out.contains(told), "{told}: {}", said.out);
    }
    let said = bench.run(&["events", "events.ndjson", "--data", "node", "--json"]).exits(1);
    let summary = said.lines().pop().unwrap();
    assert_eq!(
        (&summary["event"], &summary["known"], &summary["new"]),
        (&"summary".into(), &3.into(), &0.into())
    );
    // It becomes known after it was touched.
    bench.run(&["hits", "--data", "node"]).exits(0);
    bench.write("bundle.json", BUNDLE);
    bench.run(&["import", "bundle.json", "--data", "node"]).exits(0);
    let said = bench.run(&["hits", "--data", "node"]).exits(1);
    assert!(
        said.out.contains("203[.]0[.]113[.]7  seen before it was known  on 1 of 3 hosts"),
        "{}",
        said.out
    );
    // And what is known is told when it is touched.
    bench.write("more.ndjson", &event(1, "h4", "http://203.0.113.7/x"));
    let said = bench.run(&["events", "more.ndjson", "--data", "node"]).exits(1);
    assert!(said.out.contains("KNOWN") && said.out.contains("1  hits on what is known"), "{}", said.out);
    let said = bench.run(&["seen", "203.0.113.7", "www.example.org", "192.0.2.1", "--data", "node"]).exits(1);
    for told in
        ["on 2 of 4 hosts, 2 times", "on 1 of 4 hosts, 1 time", "not seen on any of 4 hosts", "h4  1 time"]
    {
        assert!(said.out.contains(told), "{told}: {}", said.out);
    }
    let said = bench.run(&["seen", "--forget", "--data", "node"]).exits(2);
    assert!(said.err.contains("--yes"), "{}", said.err);
    bench.run(&["seen", "--forget", "--host", "H4", "--yes", "--data", "node"]).exits(0);
    let gone = bench.run(&["seen", "--forget", "--yes", "--json", "--data", "node"]).exits(0).json();
    assert_eq!(gone["rows"], 2);
    bench.run(&["seen", "203.0.113.7", "--data", "node"]).exits(0);
    bench.run(&["hits", "--data", "node"]).exits(0);
}

#[test]
fn a_file_that_is_not_there_and_a_word_that_is_none_are_told() {
    let bench = Bench::new();
    bench.write("events.ndjson", &event(2, "h1", "203.0.113.7"));
    bench.run(&["events", "events.ndjson", "--data", "node"]).exits(0);
    let said = bench.run(&["events", "missing", "--data", "node"]).exits(2);
    assert!(said.err.contains("cannot read `missing`"), "{}", said.err);
    let said = bench.run(&["seen", "???", "--data", "node"]).exits(2);
    assert!(said.out.contains("not understood"), "{}", said.out);
    bench.run(&["seen", "--data", "node"]).exits(2);
    bench.run(&["seen", "a.example", "--forget", "--data", "node"]).exits(2);
}
