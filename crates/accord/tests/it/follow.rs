//! `accord scan --follow`: logs through rotation, and taken up again.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use serde_json::Value;

use crate::bench::{Bench, PATIENCE, send_signal};

const FOLLOW: [&str; 7] = ["scan", "--follow", "--against", "list", "--state", "kept/at", "--json"];

/// A line of a log, with a value that is known and a number of its own.
fn line(number: u32) -> String {
    format!("2026-03-05T12:00:00Z event {number} from 203.0.113.7 and no more\n")
}

fn bench() -> Bench {
    let bench = Bench::new();
    for folder in ["logs", "kept"] {
        std::fs::create_dir(bench.path().join(folder)).unwrap();
    }
    bench.write("list", "203.0.113.7\n*.evil.example\n");
    bench
}

fn append(bench: &Bench, name: &str, text: &str) {
    let file = OpenOptions::new().create(true).append(true).open(bench.path().join(name));
    file.unwrap().write_all(text.as_bytes()).unwrap();
}

fn rename(bench: &Bench, from: &str, to: &str) {
    std::fs::rename(bench.path().join(from), bench.path().join(to)).unwrap();
}

fn pack(bench: &Bench, from: &str, to: &str) {
    let bytes = std::fs::read(bench.path().join(from)).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes).unwrap();
    std::fs::write(bench.path().join(to), packed.finish().unwrap()).unwrap();
    std::fs::remove_file(bench.path().join(from)).unwrap();
}

/// What follows, and what it tells.
struct Following {
    child: Child,
    told: Receiver<Value>,
}

impl Following {
    fn start(bench: &Bench, paths: &[&str]) -> Following {
        let mut command = bench.command(&[&FOLLOW[..], paths].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (tell, told) = channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                tell.send(serde_json::from_str(&line).unwrap()).unwrap();
            }
        });
        Following { child, told }
    }

    /// The numbers of the lines in the next hits.
    #[track_caller]
    fn next(&self, count: usize) -> Vec<u64> {
        let numbers = (0..count).map(|_| {
            let hit = self.told.recv_timeout(PATIENCE).expect("a hit is told");
            number(&hit).unwrap_or_else(|| panic!("{hit}"))
        });
        numbers.collect()
    }

    /// Asks it to end; what it told until then, and its summary.
    fn end(mut self, signal: &str) -> (Vec<u64>, Value) {
        send_signal(&self.child, signal);
        let mut rest: Vec<Value> = self.told.iter().collect();
        let status = self.child.wait().unwrap();
        let summary = rest.pop().unwrap();
        assert_eq!(status.code(), Some(i32::from(summary["hits"] != 0)));
        assert_eq!(summary["event"], "summary");
        (rest.iter().filter_map(number).collect(), summary)
    }

    /// Kills it; what it told until then.
    fn kill(mut self) -> Vec<u64> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.told.iter().filter_map(|hit| number(&hit)).collect()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn number(hit: &Value) -> Option<u64> {
    let line = hit["line"].as_str()?;
    line.split("event ").nth(1)?.split(' ').next()?.parse().ok()
}

/// What is kept, once it says so.
#[track_caller]
fn kept(bench: &Bench, says: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let text = std::fs::read_to_string(bench.path().join("kept/at")).unwrap_or_default();
        let kept: Value = serde_json::from_str(&text).unwrap_or_default();
        if says(&kept["logs"]) {
            return kept["logs"].clone();
        }
        assert!(began.elapsed() < PATIENCE, "{kept}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn what_comes_is_told_and_a_line_waits_for_its_end() {
    let bench = bench();
    append(&bench, "logs/a.log", &(line(1) + &line(2)));
    let following = Following::start(&bench, &["logs"]);
    assert_eq!(following.next(2), [1, 2]);
    // A line in two parts is one line, and a new file is gone through.
    let (first, second) = (line(3), line(4));
    let (begin, end) = first.split_at(30);
    append(&bench, "logs/a.log", begin);
    append(&bench, "logs/b.log", &second);
    assert_eq!(following.next(1), [4]);
    append(&bench, "logs/a.log", end);
    assert_eq!(following.next(1), [3]);
    let (rest, summary) = following.end("TERM");
    assert!(rest.is_empty(), "{rest:?}");
    assert_eq!((&summary["hits"], &summary["lines"]), (&4.into(), &4.into()));
    // A log is one, however often it went on.
    let logs: Vec<_> =
        summary["logs"].as_array().unwrap().iter().map(|log| (&log["name"], &log["hits"])).collect();
    assert_eq!(logs, [(&"logs/a.log".into(), &3.into()), (&"logs/b.log".into(), &1.into())]);
    let mode = std::fs::metadata(bench.path().join("kept/at")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // Taken up again, what was told is not told again.
    append(&bench, "logs/b.log", &line(5));
    let following = Following::start(&bench, &["logs"]);
    assert_eq!(following.next(1), [5]);
    assert!(following.end("INT").0.is_empty());
}

#[test]
fn killed_at_any_time_it_loses_nothing() {
    let bench = bench();
    let (mut told, mut written) = (BTreeSet::new(), 0);
    for round in 0..4 {
        // More than one piece, so that it is killed between them, too.
        let lines: String = (written..written + 30_000).map(line).collect();
        written += 30_000;
        append(&bench, "logs/a.log", &lines);
        let following = Following::start(&bench, &["logs/a.log"]);
        told.extend(following.next(1 + 7_000 * round));
        told.extend(following.kill());
    }
    let following = Following::start(&bench, &["logs/a.log"]);
    let size = std::fs::metadata(bench.path().join("logs/a.log")).unwrap().len();
    kept(&bench, |logs| logs[0]["offset"] == size);
    told.extend(following.end("TERM").0);
    assert!(told.iter().copied().eq(0..u64::from(written)), "{} of {written}", told.len());
}

#[test]
fn the_rest_of_a_renamed_log_comes_before_the_new_one() {
    let bench = bench();
    append(&bench, "logs/a.log", &line(1));
    let following = Following::start(&bench, &["logs/a.log"]);
    assert_eq!(following.next(1), [1]);
    append(&bench, "logs/a.log", &line(2));
    rename(&bench, "logs/a.log", "logs/a.log.1");
    append(&bench, "logs/a.log", &line(3));
    let both: BTreeSet<u64> = following.next(2).into_iter().collect();
    assert_eq!(both, BTreeSet::from([2, 3]));
    // Whoever writes may not have seen it yet.
    append(&bench, "logs/a.log.1", &line(4));
    assert_eq!(following.next(1), [4]);
    assert!(following.end("TERM").0.is_empty());
    // While nobody looks; what stands beside and was never followed is nobody's business.
    append(&bench, "logs/a.log", &line(5));
    rename(&bench, "logs/a.log.1", "logs/a.log.2");
    rename(&bench, "logs/a.log", "logs/a.log.1");
    append(&bench, "logs/a.log", &line(6));
    append(&bench, "logs/other", &line(7));
    let following = Following::start(&bench, &["logs/a.log"]);
    assert_eq!(following.next(2), [5, 6]);
    append(&bench, "logs/a.log", &line(8));
    assert_eq!(following.next(1), [8]);
    assert!(following.end("TERM").0.is_empty());
}

#[test]
fn a_log_that_is_cut_off_begins_anew() {
    let bench = bench();
    append(&bench, "logs/a.log", &(line(1) + &line(2)));
    let following = Following::start(&bench, &["logs/a.log"]);
    assert_eq!(following.next(2), [1, 2]);
    kept(&bench, |logs| logs[0]["offset"].as_u64() > Some(100));
    // It was copied with a line that nobody had seen there, and cut off: the copy is gone on with.
    bench.write("logs/a.log.1", &(line(1) + &line(2) + &line(3)));
    bench.write("logs/a.log", &line(4));
    let both: BTreeSet<u64> = following.next(2).into_iter().collect();
    assert_eq!(both, BTreeSet::from([3, 4]));
    // While nobody looks, and by now it is longer than it was.
    assert!(following.end("TERM").0.is_empty());
    bench.write("logs/a.log", &(5..15).map(line).collect::<String>());
    let following = Following::start(&bench, &["logs/a.log"]);
    assert_eq!(following.next(10), (5..15).collect::<Vec<_>>());
    assert!(following.end("TERM").0.is_empty());
}

#[test]
fn a_log_that_was_packed_meanwhile_is_gone_on_with() {
    for path in ["logs/a.log", "logs"] {
        let bench = bench();
        append(&bench, "logs/a.log", &(0..100).map(line).collect::<String>());
        let following = Following::start(&bench, &[path]);
        assert_eq!(following.next(100), (0..100).collect::<Vec<_>>());
        assert!(following.end("TERM").0.is_empty());
        append(&bench, "logs/a.log", &line(100));
        pack(&bench, "logs/a.log", "logs/a.log.1.gz");
        append(&bench, "logs/a.log", &line(101));
        let following = Following::start(&bench, &[path]);
        assert_eq!(following.next(2), [100, 101], "{path}");
        assert!(following.end("TERM").0.is_empty());
        let following = Following::start(&bench, &[path]);
        append(&bench, "logs/a.log", &line(102));
        assert_eq!(following.next(1), [102], "{path}");
        assert!(following.end("TERM").0.is_empty());
    }
}

#[test]
fn a_log_of_zeek_is_taken_up_in_its_middle() {
    let bench = bench();
    let head = "#separator |\n#set_separator|,\n#empty_field|(empty)\n#unset_field|-\n#path|dns\n#fields|ts|uid|query\n#types|time|string|string\n";
    let asked = |number: u32| format!("177271200{number}.0|event {number} |www.evil.example\n");
    append(&bench, "logs/dns.log", &(head.to_owned() + &asked(1)));
    let following = Following::start(&bench, &["logs/dns.log"]);
    assert_eq!(following.next(1), [1]);
    kept(&bench, |logs| logs[0]["head"].as_str().is_some_and(|head| head.contains("#fields|ts|uid|query")));
    append(&bench, "logs/dns.log", &asked(2));
    assert_eq!(following.next(1), [2]);
    following.kill();
    append(&bench, "logs/dns.log", &asked(3));
    let following = Following::start(&bench, &["logs/dns.log"]);
    let hit = loop {
        let hit = following.told.recv_timeout(PATIENCE).unwrap();
        if number(&hit) == Some(3) {
            break hit;
        }
    };
    assert_eq!(
        (&hit["fields"], &hit["time"]),
        (&serde_json::json!(["query"]), &"2026-03-05T12:00:03.000000Z".into())
    );
    let summary = following.end("TERM").1;
    assert_eq!(
        (&summary["logs"][0]["format"], &summary["logs"][0]["other"]),
        (&"zeek-tsv".into(), &0.into())
    );
}

#[test]
fn positions_that_cannot_be_used_are_told() {
    let bench = bench();
    append(&bench, "logs/a.log", &line(1));
    let following = Following::start(&bench, &["logs"]);
    assert_eq!(following.next(1), [1]);
    kept(&bench, |logs| logs[0]["offset"].as_u64() > Some(0));
    // One process has them at a time.
    let said = bench.run(&[&FOLLOW[..], &["logs"]].concat()).exits(5).err;
    assert!(said.contains("another `accord scan --follow`"), "{said}");
    following.end("TERM");
    let whole = std::fs::read_to_string(bench.path().join("kept/at")).unwrap();
    let other = whole.replace("\"accord_follow\":1", "\"accord_follow\":2");
    for torn in [&whole[..whole.len() / 2], "", "{}", other.as_str()] {
        bench.write("kept/at", torn);
        let said = bench.run(&[&FOLLOW[..], &["logs"]].concat()).exits(2);
        assert!(
            said.err.contains("cannot be used") && said.err.contains("remove it"),
            "{torn}: {}",
            said.err
        );
        assert!(said.out.is_empty(), "{}", said.out);
        assert_eq!(std::fs::read_to_string(bench.path().join("kept/at")).unwrap(), torn);
    }
    for (arguments, told) in [
        (&["scan", "--follow", "--against", "list"][..], "needs files or folders"),
        (&["scan", "--follow", "--against", "list", "-"], "needs files or folders"),
        (&["scan", "--follow", "--against", "list", "logs", "--output", "stix"], "at the end alone"),
        (
            &["scan", "--follow", "--against", "list", "missing", "--state", "kept/x"],
            "`missing` cannot be read",
        ),
        (&["scan", "--follow", "--against", "list", "logs", "--state", "logs/at"], "which is followed"),
        (&["scan", "--against", "list", "logs", "--state", "kept/at"], "--follow"),
    ] {
        let error = bench.run(arguments).exits(2).err;
        assert!(error.contains(told), "{arguments:?}: {error}");
    }
}

#[test]
fn for_people_hits_are_told_as_they_come_and_added_up_at_the_end() {
    let bench = bench();
    append(&bench, "logs/a.log", &line(1));
    bench.write("logs/records.json", "[{\"a\":\"203.0.113.7\"},\n{\"a\":\"203.0.113.7\"}]\n");
    let mut command = bench.command(&["scan", "--follow", "--against", "list", "logs"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let hit = lines.next().unwrap().unwrap();
    assert!(hit.contains("203[.]0[.]113[.]7") && hit.contains("in logs/a.log at byte 0"), "{hit}");
    send_signal(&child, "TERM");
    let summary = lines.next().unwrap().unwrap();
    assert!(summary.starts_with("1 hit of 1 indicator in 1 line of "), "{summary}");
    assert!(lines.all(|line| line.is_ok()));
    let said = child.wait_with_output().unwrap();
    let error = String::from_utf8(said.stderr).unwrap();
    // Where nobody says where, positions are below the home.
    assert!(error.contains(".local/state/accord/scan-"), "{error}");
}
