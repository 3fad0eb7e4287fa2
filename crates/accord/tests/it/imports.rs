//! Several files, empty ones, bad ones: each is told by name and line, and none stops the others.

use std::io::Write;

use crate::bench::{BUNDLE, Bench};

#[test]
fn a_file_that_cannot_be_read_stops_no_other() {
    let bench = Bench::new();
    bench.write("bundle.json", BUNDLE);
    bench.write("list.txt", "198.51.100.9\nnonsense here!\n");
    let files = ["bundle.json", "missing.json", ".", "binary", "list.txt"];
    std::fs::write(bench.path().join("binary"), b"\x00\x01\x02").unwrap();
    let said = bench.run(&[&["import"], &files[..], &["--data", "node"]].concat()).exits(2);
    for told in ["bundle.json  stix-2.1  3 objects", "list.txt  list  2 objects", "rejected  line 2"] {
        assert!(said.out.contains(told), "{told}: {}", said.out);
    }
    for told in ["`missing.json`", "`.` is a folder", "`binary`: the input is neither JSON nor text"] {
        assert!(said.err.contains(told), "{told}: {}", said.err);
    }
    bench.run(&["lookup", "203.0.113.7", "198.51.100.9", "--data", "node"]).exits(1);
    let said = bench.run(&[&["import"], &files[..], &["--data", "node", "--json"]].concat()).exits(2);
    let summaries: Vec<String> = said
        .lines()
        .iter()
        .filter(|line| line["event"] == "summary")
        .map(|line| line["file"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(summaries, ["bundle.json", "list.txt"]);
    let refused = said.lines().into_iter().find(|line| line["state"] == "rejected").unwrap();
    assert_eq!((&refused["line"], &refused["file"]), (&2.into(), &"list.txt".into()));
    assert_eq!(said.err.lines().count(), 3, "{}", said.err);
}

#[test]
fn a_bomb_is_told_by_name_and_what_to_do() {
    let bench = Bench::new();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&vec![b' '; 32 << 20]).unwrap();
    std::fs::write(bench.path().join("bomb.gz"), encoder.finish().unwrap()).unwrap();
    let said = bench.run(&["import", "bomb.gz", "--data", "node"]).exits(2);
    assert!(
        said.err.contains("`bomb.gz`: the input inflates to more than 100 times its size"),
        "{}",
        said.err
    );
    assert!(said.err.contains("hint: ") && said.err.contains("inflate it yourself"), "{}", said.err);
}

#[test]
fn an_empty_file_is_told_and_an_empty_bundle_is_none() {
    let bench = Bench::new();
    bench.write("empty", "");
    bench.write("bundle.json", "{\"type\":\"bundle\"}");
    bench.write("whole.json", r#"{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d"}"#);
    let said = bench.run(&["import", "empty", "--data", "node"]).exits(1);
    assert!(
        said.out.contains("empty  empty  0 objects") && said.err.contains("`empty` is empty"),
        "{}",
        said.err
    );
    assert_eq!(
        bench.run(&["import", "empty", "--data", "node", "--json"]).exits(1).json()["format"],
        "empty"
    );
    bench.run(&["import", "whole.json", "--data", "node"]).exits(0);
    let said = bench.run(&["import", "bundle.json", "--data", "node"]).exits(0);
    assert!(said.out.contains("line 1  must  `id` must be there  (STIX 2.1 §8)"), "{}", said.out);
    assert!(said.out.contains("1  must missing-property  (STIX 2.1 §8)"), "{}", said.out);
}

#[test]
fn of_an_equivocation_people_hear_that_and_no_advice() {
    let bench = Bench::new();
    bench.write("one.json", BUNDLE);
    bench.write("other.json", &BUNDLE.replace("C2 of Crimson", "C2 of another"));
    bench.run(&["import", "one.json", "--data", "node"]).exits(0);
    let said = bench.run(&["import", "other.json", "--data", "node"]).exits(0);
    assert!(said.out.contains("equivocation  line 2"), "{}", said.out);
    // Advice is counted in the summary.
    assert!(!said.out.contains("    should  "), "{}", said.out);
    assert!(said.out.contains("1  should indicator-not-described"), "{}", said.out);
}

#[test]
fn many_lines_of_one_kind_leave_room_for_the_others() {
    let bench = Bench::new();
    let list = |last: &str| (0..40).map(|n| format!("198.51.100.{n}\n")).collect::<String>() + last;
    bench.write("list.txt", &list(""));
    bench.run(&["import", "list.txt", "--tlp", "amber", "--data", "node"]).exits(0);
    // Each is held under another label than it is asked for now, which is told; and so is the one that is refused.
    bench.write("again.txt", &list("no value at all\n"));
    let said =
        bench.run(&["import", "again.txt", "--tlp", "green", "--format", "list", "--data", "node"]).exits(1);
    assert_eq!(said.out.lines().filter(|line| line.starts_with("  duplicate")).count(), 20, "{}", said.out);
    assert!(said.out.contains("  rejected  line 41"), "{}", said.out);
}

#[test]
fn a_day_is_a_time() {
    let bench = Bench::new();
    bench.write("bundle.json", BUNDLE);
    bench.run(&["import", "bundle.json", "--data", "node"]).exits(0);
    let search = |after: &str| bench.run(&["search", "--added-after", after, "--data", "node", "--json"]);
    assert!(!search("2026-01-01").exits(0).out.is_empty());
    assert!(search("yesterday").exits(2).err.contains("or a day"));
}

#[test]
fn the_reason_of_a_refusal_is_told_once() {
    let bench = Bench::new();
    bench.write("bad.json", &BUNDLE.replacen("2026-01-01T00:00:00.000Z", "yesterday", 1));
    let said = bench.run(&["import", "bad.json", "--data", "node"]).exits(1);
    assert_eq!(said.out.matches("is no timestamp").count(), 1, "{}", said.out);
}

// What is pasted is looked at, asked about, and shared; what is one's own is not let out by `--yes`.
#[test]
fn what_is_pasted_is_shared_after_a_look_and_a_yes() {
    let bench = Bench::new();
    let text = "seen 45.66.77[.]88 and hxxp://bad-site[.]com/a, while 45.66.99.1 is the office\n";
    let share = |more: &[&str]| {
        let fixed = ["share", "--tlp", "green", "--description", "a loader", "--data", "node", "--json"];
        bench.pipe(&[&fixed, more].concat(), text)
    };
    bench.write("own.txt", "# ours\n45.66.99.0/24\n");
    bench.run(&["member", "add", "ACME", "--data", "node"]).exits(0);
    let look = share(&["--dry-run", "--own", "own.txt"]).exits(0).json();
    assert_eq!((&look["summary"]["new"], &look["alarms"][0]["what"]), (&3.into(), &"own".into()), "{look}");
    assert!(share(&[]).exits(2).err.contains("--yes"));
    assert!(share(&["--yes", "--own", "own.txt"]).exits(2).err.contains("your own"));
    let done = share(&["--yes"]).exits(0).json();
    assert_eq!(
        (&done["summary"]["new"], &done["preview"]["label"]),
        (&3.into(), &"TLP:GREEN".into()),
        "{done}"
    );
    assert_eq!(share(&["--dry-run"]).exits(0).json()["summary"]["duplicates"], 3);
    bench.run(&["lookup", "45.66.77.88", "--data", "node"]).exits(1);
}

#[test]
fn utf_16_is_told_with_what_to_do() {
    let bench = Bench::new();
    let wide = |text: &str, mark: &[u8]| {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [mark, &units.collect::<Vec<u8>>()].concat()
    };
    for bytes in [wide("198.51.100.1\r\n", &[0xff, 0xfe]), wide(BUNDLE, &[0xff, 0xfe]), wide(BUNDLE, &[])] {
        std::fs::write(bench.path().join("wide"), bytes).unwrap();
        let said = bench.run(&["import", "wide", "--data", "node"]).exits(2);
        assert!(
            said.err.contains("`wide`: the input is UTF-16") && said.err.contains("iconv"),
            "{}",
            said.err
        );
    }
}

#[test]
fn the_log_tells_how_long_an_import_took_to_its_end() {
    let bench = Bench::new();
    let mut serving = bench.serve();
    let mut stream = std::os::unix::net::UnixStream::connect(bench.path().join("node/admin.sock")).unwrap();
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let head =
        "POST /api/v1/import HTTP/1.1\r\nHost: node\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n";
    // A refused line: the answer begins with it.
    let first = format!("198.51.100.1\nnonsense here!\n{}", "198.51.100.2\n".repeat(30_000));
    write!(stream, "{head}Content-Type: application/octet-stream\r\n\r\n{}", chunk(&first)).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    write!(stream, "{}0\r\n\r\n", chunk("198.51.100.3\n")).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    serving.stop();
    let log = std::fs::read_to_string(bench.path().join("log")).unwrap();
    let line = log.lines().find(|line| line.contains("/api/v1/import")).unwrap();
    let after = line.split_once("duration_us").unwrap().1;
    let digits: String =
        after.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    assert!(digits.parse::<u64>().unwrap() >= 700_000, "{line}");
}
