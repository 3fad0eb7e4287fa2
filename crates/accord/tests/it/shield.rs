//! `accord shield`: a file of what a node knows, and scans with it while there is no node.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use crate::bench::{Bench, PATIENCE};

fn indicator(n: u32) -> String {
    format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--00000000-0000-4000-8000-00000000000{n}\",\
         \"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\",\
         \"pattern\":\"[ipv4-addr:value = '203.0.113.{n}']\",\"pattern_type\":\"stix\",\
         \"valid_from\":\"2026-01-01T00:00:00Z\"}}"
    )
}

fn import(bench: &Bench, n: u32) {
    bench.write("said.json", &indicator(n));
    bench.run(&["import", "said.json", "--data", "node"]).exits(0);
}

fn pull(bench: &Bench) -> Value {
    bench.run(&["shield", "pull", "--data", "node", "--json"]).exits(0).json()
}

#[test]
fn a_file_is_fetched_once_and_used_without_a_node() {
    let bench = Bench::new();
    import(&bench, 7);
    let first = pull(&bench);
    assert_eq!((&first["state"], &first["indicators"]), (&"written".into(), &1.into()));
    assert!(first["cursor"].as_str().is_some_and(|cursor| !cursor.is_empty()));
    let file = bench.path().join("known.shield");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let bytes = std::fs::read(&file).unwrap();
    let again = pull(&bench);
    assert_eq!((&again["state"], &again["written"]), (&"unchanged".into(), &first["written"]));
    assert_eq!(std::fs::read(&file).unwrap(), bytes);

    import(&bench, 8);
    let more = pull(&bench);
    assert_eq!((&more["state"], &more["indicators"]), (&"written".into(), &2.into()));
    // What was taken back is no hit any more.
    bench.run(&["withdraw", "indicator--00000000-0000-4000-8000-000000000007", "--data", "node"]).exits(0);
    pull(&bench);
    std::fs::rename(bench.path().join("node"), bench.path().join("away")).unwrap();
    let log = "from 203.0.113.7\nfrom 203.0.113.8\n";
    let scan = ["scan", "--against", "known.shield", "--json"];
    let lines = bench.pipe(&scan, log).exits(1).lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0]["seen"], "203.0.113.8");
    assert_eq!(lines[0]["indicator"]["id"], "indicator--00000000-0000-4000-8000-000000000008");
    let left = std::fs::read_dir(bench.path()).unwrap().filter(|entry| {
        entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with("part"))
    });
    assert_eq!(left.count(), 0);

    let said = bench.run(&["shield", "status"]).exits(0);
    assert!(said.out.contains("1 indicator of ") && said.out.contains("as of position "), "{}", said.out);
    // Old knowledge is told, and used all the same.
    let two_days = SystemTime::now() - Duration::from_secs(2 * 86_400 + 60);
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(two_days).unwrap();
    let said = bench.run(&["shield", "status"]).exits(1);
    assert!(said.err.contains("48 hours ago"), "{}", said.err);
    let said = bench.pipe(&scan, log).exits(1);
    assert!(said.err.contains("48 hours ago"), "{}", said.err);
    let said = bench.pipe(&["scan", "--against", "known.shield", "--set", "shield.max_age=3d"], log).exits(1);
    assert!(!said.err.contains("hours ago"), "{}", said.err);
}

#[test]
fn what_is_no_such_file_or_broken_is_told() {
    let bench = Bench::new();
    import(&bench, 7);
    pull(&bench);
    let whole = std::fs::read(bench.path().join("known.shield")).unwrap();
    bench.write("list", "203.0.113.7\n");
    let said = bench.run(&["shield", "pull", "--file", "list", "--data", "node"]).exits(2).err;
    assert!(said.contains("`list` is something else"), "{said}");
    assert_eq!(std::fs::read(bench.path().join("list")).unwrap(), b"203.0.113.7\n");
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    let mut newer = whole.clone();
    newer[8] = 9;
    let torn = whole[..whole.len() - 9].to_vec();
    for (bytes, said) in [(&damaged, "damaged"), (&torn, "torn"), (&newer, "form 9")] {
        std::fs::write(bench.path().join("known.shield"), bytes).unwrap();
        for arguments in [&["scan", "list", "--against", "known.shield"][..], &["shield", "status"]] {
            let error = bench.run(arguments).exits(2).err;
            assert!(error.contains(said), "{arguments:?}: {error}");
        }
    }
    // It is made anew in the place of what cannot be used.
    let said = bench.run(&["shield", "pull", "--data", "node"]).exits(0);
    assert!(said.err.contains("is made anew"), "{}", said.err);
    bench.run(&["shield", "status"]).exits(0);
    bench.run(&["shield", "status", "--file", "missing"]).exits(2);
}

#[test]
fn a_scan_that_goes_on_takes_up_what_was_fetched_meanwhile() {
    let bench = Bench::new();
    import(&bench, 7);
    pull(&bench);
    let mut command = bench.command(&["scan", "--against", "known.shield", "--json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut lines, said) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let (told, hits) = channel();
    let reading = std::thread::spawn(move || {
        said.lines().map_while(Result::ok).for_each(|line| {
            told.send(serde_json::from_str::<Value>(&line).unwrap()).unwrap();
        });
    });
    lines.write_all(b"from 203.0.113.8 to 203.0.113.7\n").unwrap();
    let hit = hits.recv_timeout(PATIENCE).unwrap();
    assert_eq!(hit["seen"], "203.0.113.7");
    // One that is torn changes nothing.
    let file = bench.path().join("known.shield");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(bench.path().join("torn"), &whole[..200]).unwrap();
    std::fs::rename(bench.path().join("torn"), &file).unwrap();
    import(&bench, 8);
    bench.run(&["shield", "pull", "--data", "node"]).exits(0);
    let begun = Instant::now();
    let mut found = None;
    while found.is_none() {
        assert!(begun.elapsed() < PATIENCE);
        lines.write_all(b"from 203.0.113.8\n").unwrap();
        found = hits.recv_timeout(Duration::from_millis(100)).ok();
    }
    let found = found.unwrap();
    assert_eq!(found["indicator"]["id"], "indicator--00000000-0000-4000-8000-000000000008");
    drop(lines);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    reading.join().unwrap();
}
