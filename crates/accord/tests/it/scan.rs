//! `accord scan`: logs against a list, and against what a node knows.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::sync::mpsc;

use serde_json::Value;

use crate::bench::Bench;

const DNS: &str = "[1772712000] unbound[1:0] info: 192.0.2.1 www.evil.example. A IN\n\
                   [1772712060] unbound[1:0] info: 192.0.2.1 harmless.example. A IN\n";
const WEB: &str = "203.0.113.7 - - [05/Mar/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 200 12 \"-\" \"-\"\n";

fn hits(lines: &[Value]) -> Vec<(String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let is_hit = |line: &&Value| line["event"] == "hit";
    lines.iter().filter(is_hit).map(|line| (text(line, "log"), text(line, "seen"))).collect()
}

#[test]
fn logs_are_gone_through_with_a_list() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path().join("logs/web")).unwrap();
    bench.write("logs/dns.log", DNS);
    bench.write("logs/web/access.log", WEB);
    bench.write("list", "*.evil.example\n203.0.113.7\nnonsense!\n");
    let said = bench.run(&["scan", "logs", "--against", "list", "--json"]).exits(1);
    let lines = said.lines();
    let found = [("logs/dns.log", "www.evil.example"), ("logs/web/access.log", "203.0.113.7")];
    assert_eq!(hits(&lines), found.map(|(log, seen)| (log.to_owned(), seen.to_owned())));
    assert_eq!(lines[0]["time"], "2026-03-05T12:00:00.000000Z");
    assert_eq!(lines[0]["indicator"]["value"], "*.evil.example");
    let summary = lines.last().unwrap();
    assert_eq!(
        (&summary["hits"], &summary["lines"], &summary["left_out"]),
        (&2.into(), &3.into(), &1.into())
    );
    assert_eq!(summary["days"], serde_json::json!({ "2026-03-05": 2 }));

    // For people: inert, with how often and where; what was passed over is said.
    let text = bench.run(&["scan", "logs", "--against", "list"]).exits(1);
    assert!(text.out.starts_with("2 hits of 2 indicators in 3 lines of 2 logs\n"), "{}", text.out);
    assert!(text.out.contains("www[.]evil[.]example  domain  1 hit") && !text.out.contains("evil.example"));
    assert!(text.err.contains("1 value of what is known left out"), "{}", text.err);

    let page = bench.run(&["scan", "logs", "--against", "list", "--output", "html"]).exits(1).out;
    assert!(
        page.starts_with("<!doctype html>") && page.contains("<h1>2 hits of 2 indicators</h1>"),
        "{page}"
    );
    assert!(page.contains("www[.]evil[.]example") && !page.contains("evil.example"));

    // Of standard input, of a given format, since a time, and nothing.
    let piped = bench.pipe(&["scan", "--against", "list", "--format", "unbound", "--json"], DNS).exits(1);
    assert_eq!(hits(&piped.lines()), [("-".to_owned(), "www.evil.example".to_owned())]);
    bench.run(&["scan", "logs", "--against", "list", "--since", "2026-03-06"]).exits(0);
    bench.pipe(&["scan", "--against", "list"], "nothing to see\n").exits(0);
}

#[test]
fn a_log_that_is_read_in_the_wrong_format_is_seen() {
    let bench = Bench::new();
    bench.write("list", "203.0.113.7\n");
    bench.write("eve.json", "{\"src_ip\":\"192.0.2.1\"}\n{\"src_ip\":\"203.0.113.7\",\"dest_\n");
    bench.write("access.log", WEB);
    let scan = ["scan", "eve.json", "access.log", "--against", "list", "--format", "eve"];
    let said = bench.run(&scan).exits(1).err;
    assert!(said.contains("1 line broke off"), "{said}");
    assert!(said.contains("1 line of `access.log` of another kind than Suricata eve.json"), "{said}");
    assert!(!said.contains("`eve.json` of another kind"), "{said}");
    let summary = bench.run(&[&scan[..], &["--json"]].concat()).exits(1).lines().pop().unwrap();
    assert_eq!((&summary["logs"][0]["broken"], &summary["logs"][1]["other"]), (&1.into(), &1.into()));
    // In a format of lines it is still gone through as text.
    let said = bench.run(&["scan", "access.log", "--against", "list", "--format", "bind"]).exits(1).err;
    assert!(said.contains("1 line of `access.log` of another kind than BIND queries"), "{said}");
}

#[test]
fn lines_of_a_pipe_are_told_as_they_come_until_nobody_reads_any_more() {
    let bench = Bench::new();
    bench.write("list", "203.0.113.7\n");
    let mut command = bench.command(&["scan", "--against", "list", "--json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut lines, mut said) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for at in [0, WEB.len()] {
        lines.write_all(WEB.as_bytes()).unwrap();
        let mut hit = String::new();
        said.read_line(&mut hit).unwrap();
        let hit: Value = serde_json::from_str(&hit).unwrap();
        assert_eq!((&hit["event"], &hit["at"]), (&"hit".into(), &at.into()));
    }
    drop(said);
    // It ends while more lines come, and without a word.
    while child.try_wait().unwrap().is_none() {
        let _it_may_be_gone = lines.write_all(WEB.as_bytes());
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn files_are_looked_up_by_their_digests() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path().join("tree/below")).unwrap();
    // The digests of RFC 1321, RFC 3174 and FIPS 180-4 of "abc".
    bench.write("list", "900150983cd24fb0d6963f7d28e17f72\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n");
    bench.write("tree/below/bad", "abc");
    bench.write("tree/good", "abd");
    std::os::unix::fs::symlink("below/bad", bench.path().join("tree/link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(bench.path().join("tree/socket")).unwrap();
    let scan = ["scan", "--files", "tree", "--against"];
    let lines = bench.run(&[&scan[..], &["list", "--json"]].concat()).exits(1).lines();
    let found: Vec<_> = hits(&lines).into_iter().map(|(log, _)| log).collect();
    assert_eq!(found, ["tree/below/bad"; 2]);
    assert_eq!(lines.last().unwrap()["logs"].as_array().unwrap().len(), 2);
    // A copy in another place is another event, and the same one in a second scan.
    std::fs::copy(bench.path().join("tree/below/bad"), bench.path().join("tree/copy")).unwrap();
    bench.write("md5", "900150983cd24fb0d6963f7d28e17f72\n");
    let ids = || {
        let lines = bench.run(&[&scan[..], &["md5", "--json"]].concat()).exits(1).lines();
        let mut ids: Vec<_> = lines.iter().filter_map(|line| Some(line["id"].as_str()?.to_owned())).collect();
        ids.sort();
        ids
    };
    let first = ids();
    assert!(first.len() == 2 && first[0] != first[1] && first == ids(), "{first:?}");
    std::fs::remove_file(bench.path().join("tree/copy")).unwrap();
    bench.write("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d\n");
    bench.run(&[&scan[..], &["sha1"]].concat()).exits(1);
    bench.write("other", "a9993e364706816aba3e25717850c26c9cd0d89e\n");
    bench.run(&[&scan[..], &["other"]].concat()).exits(0);
    let error = bench.pipe(&["scan", "--files", "--against", "list"], "").exits(2).err;
    assert!(error.contains("looks up files"), "{error}");
}

#[test]
fn columns_and_paths_are_what_somebody_says() {
    let bench = Bench::new();
    bench.write("list", "*.evil.example\n203.0.113.7\nhttp://evil.example/kit.zip\n");
    let csv = "when;from;asked;note\n2026-03-05 12:00:00;192.0.2.1;www.evil.example;\"a; b\nc\"\n\
               2026-03-05 12:00:01;203.0.113.7;a.example;evil.example\n";
    bench.write("log.csv", csv);
    let by_name = ["--column", "time=when", "--column", "address=from", "--column", "domain=asked"];
    let by_number = ["--column", "time=1", "--column", "address=2", "--column", "domain=3"];
    let scan = ["scan", "log.csv", "--against", "list", "--json"];
    for columns in [by_name, by_number] {
        let lines = bench.run(&[&scan[..], &columns].concat()).exits(1).lines();
        let found: Vec<_> = hits(&lines).into_iter().map(|(_, seen)| seen).collect();
        assert_eq!(found, ["www.evil.example", "203.0.113.7"]);
        assert_eq!(lines[1]["time"], "2026-03-05T12:00:01.000000Z");
    }
    let json =
        r#"{"net":{"from":"203.0.113.7"},"http":{"host":"evil.example","path":"/kit.zip"},"at":1772712000}"#;
    let columns = ["time=at", "address=net.from", "url-host=http.host", "url-path=http.path"];
    let columns: Vec<&str> = columns.iter().flat_map(|column| ["--column", *column]).collect();
    let piped = bench.pipe(&[&["scan", "--against", "list", "--json"], &columns[..]].concat(), json).exits(1);
    let lines = piped.lines();
    let mut found: Vec<_> = hits(&lines).into_iter().map(|(_, seen)| seen).collect();
    found.sort();
    assert!(found.contains(&"http://evil.example/kit.zip".to_owned()), "{found:?}");
    assert!(found.contains(&"203.0.113.7".to_owned()) && lines[0]["time"] == "2026-03-05T12:00:00.000000Z");
    for (columns, said) in [
        (&["--column", "domain=query"][..], "no column `query`"),
        (&["--column", "odd=asked"], "`odd` is nothing that a column holds"),
        (&["--column", "time=when"], "looked up"),
        (&["--column", "domain=asked", "--format", "text"], "no `--format` beside it"),
    ] {
        let error = bench.run(&[&scan[..4], columns].concat()).exits(2).err;
        assert!(error.contains(said), "{columns:?}: {error}");
    }
}

#[test]
fn what_makes_no_sense_is_told() {
    let bench = Bench::new();
    bench.write("list", "203.0.113.7\n");
    bench.write("empty", "");
    bench.write("log", WEB);
    for (arguments, said) in [
        (&["scan", "missing", "--against", "list"][..], "`missing` cannot be read"),
        (&["scan", "log", "--against", "missing"], "`missing` cannot be read"),
        (&["scan", "log", "--against", "empty"], "nothing to compare with"),
        (&["scan", "log", "--against", "list", "--format", "odd"], "`odd` is no format of logs"),
        (&["scan", "log", "--against", "list", "--since", "soon"], "`soon` is no time"),
        (&["scan", "log", "--against", "list", "--zone", "CET"], "`CET` is no offset"),
        (&["scan", "-", "--against", "-"], "cannot be both"),
    ] {
        let error = bench.run(arguments).exits(2).err;
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
    // A torn one is told, what it held is found, and the next is gone through.
    std::fs::write(bench.path().join("torn.gz"), b"\x1f\x8b\x08\x00torn").unwrap();
    let said = bench.run(&["scan", "torn.gz", "log", "--against", "list"]).exits(2);
    assert!(
        said.out.starts_with("1 hit of 1 indicator")
            && said.err.contains("`torn.gz` was not read to its end")
    );
}

#[test]
fn logs_are_gone_through_with_what_a_node_knows_and_when_it_was_valid() {
    let bench = Bench::new();
    let indicator = |n: u32, value: &str, until: &str| {
        format!(
            "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--00000000-0000-4000-8000-00000000000{n}\",\
             \"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\",\
             \"pattern\":\"[ipv4-addr:value = '{value}']\",\"pattern_type\":\"stix\",\
             \"valid_from\":\"2026-03-03T00:00:00Z\",\"valid_until\":\"{until}\"}}"
        )
    };
    let both = [
        indicator(1, "203.0.113.7", "2026-03-10T00:00:00Z"),
        indicator(2, "203.0.113.8", "2026-03-04T00:00:00Z"),
    ];
    bench.write("said.json", &both.join("\n"));
    bench.run(&["import", "said.json", "--data", "node"]).exits(0);
    let day = |day: u32, last: u32| {
        WEB.replace("05/Mar", &format!("{day:02}/Mar")).replace("113.7", &format!("113.{last}"))
    };
    bench.write("log", &[day(2, 7), day(5, 7), day(11, 7), day(5, 8)].concat());
    let said = bench.run(&["scan", "log", "--data", "node", "--json"]).exits(1);
    let lines = said.lines();
    assert_eq!(hits(&lines).len(), 1, "{lines:?}");
    assert_eq!(lines[0]["time"], "2026-03-05T12:00:00.000000Z");
    assert_eq!(lines[0]["indicator"]["id"], "indicator--00000000-0000-4000-8000-000000000001");
    let text = bench.run(&["scan", "log", "--data", "node"]).exits(1).out;
    assert!(
        text.contains("said by ") && text.contains("indicator--00000000-0000-4000-8000-000000000001"),
        "{text}"
    );
    assert!(text.contains("  TLP:AMBER  indicator--"), "{text}");
    assert_eq!(lines[0]["indicator"]["label"], "TLP:AMBER");
}

#[test]
fn what_acts_comes_first_and_noise_last_with_why() {
    let bench = Bench::new();
    let indicator = |n: u32, value: &str, until: &str| {
        format!(
            "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--00000000-0000-4000-8000-00000000000{n}\",\
             \"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\",\
             \"pattern\":\"[domain-name:value = '{value}']\",\"pattern_type\":\"stix\",\
             \"valid_from\":\"2026-01-01T00:00:00Z\",\"valid_until\":\"{until}\"}}"
        )
    };
    // A name for special use is innocent, whoever says otherwise.
    let said = [
        indicator(1, "bad.accord-test.net", "2036-01-01T00:00:00Z"),
        indicator(2, "host.example", "2036-01-01T00:00:00Z"),
        indicator(3, "past.accord-test.net", "2026-03-06T00:00:00Z"),
    ];
    bench.write("said.json", &said.join("\n"));
    bench.run(&["import", "said.json", "--data", "node"]).exits(0);
    let line = |second: u32, name: &str| {
        format!("[{}] unbound[1:0] info: 192.0.2.1 {name}. A IN\n", 1_772_712_000 + second)
    };
    let log = [line(0, "bad.accord-test.net"), line(60, "past.accord-test.net"), line(120, "host.example")];
    bench.write("log", &log.concat());
    let text = bench.run(&["scan", "log", "--data", "node"]).exits(1).out;
    // The others were seen later, and yet come behind it: one was valid then and is over by now.
    let rows = ["block  bad[.]accord-test", "context  past[.]accord-test", "noise  host[.]example"];
    let at = rows.map(|row| text.find(row));
    assert!(at.is_sorted() && at[0].is_some(), "{text}");
    assert!(text.contains("  why: said by your own organisation; 1 origin"), "{text}");
    assert!(text.contains("  why: valid: ") && text.contains("  why: innocent: "), "{text}");
}

#[test]
fn what_is_found_again_under_another_name_has_the_same_ids() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path().join("logs")).unwrap();
    bench.write("list", "*.evil.example\n203.0.113.7\n");
    bench.write("logs/dns.log", DNS);
    bench.write("logs/web.log", WEB);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, DNS.as_bytes()).unwrap();
    std::fs::create_dir_all(bench.path().join("again")).unwrap();
    std::fs::write(bench.path().join("again/other.1.gz"), packed.finish().unwrap()).unwrap();
    bench.write("again/web.log", WEB);
    let found = |form: &str, logs: &str, pointer: &str| {
        let said = bench.run(&["scan", logs, "--against", "list", "--output", form]).exits(1);
        let ids: Vec<String> = said
            .lines()
            .iter()
            .filter_map(|line| Some(line.pointer(pointer)?.as_str()?.to_owned()))
            .collect();
        assert!(ids.len() == 2 && ids[0] != ids[1], "{form}: {ids:?}");
        ids
    };
    let first = found("json", "logs", "/id");
    for (form, pointer) in [("json", "/id"), ("ocsf", "/finding_info/uid"), ("ecs", "/event/id")] {
        let again = found(form, "again", pointer);
        assert!(again.iter().all(|id| first.contains(id)), "{form}: {again:?} {first:?}");
    }
    // Sightings have no log: the same bundle, byte by byte.
    let bundle =
        |logs: &str| bench.run(&["scan", logs, "--against", "list", "--output", "stix"]).exits(1).out;
    assert_eq!(bundle("logs"), bundle("again"));
    let read: Value = serde_json::from_str(&bundle("logs")).unwrap();
    let sightings = read["objects"].as_array().unwrap().iter().filter(|object| object["type"] == "sighting");
    assert_eq!(sightings.count(), 2);
    let both = bench.run(&["scan", "logs", "--against", "list", "--output", "ecs", "--json"]).exits(2).err;
    assert!(both.contains("cannot both be"), "{both}");
}

#[test]
fn digests_of_one_file_are_one_hit_of_the_line() {
    let bench = Bench::new();
    let (md5, sha1) = ("ab".repeat(16), "cd".repeat(20));
    let id = "indicator--00000000-0000-4000-8000-000000000001";
    bench.write(
        "known.csv",
        &format!("value,kind,id\n{md5},md5,{id}\n{sha1},sha1,{id}\nevil.example,domain,{id}\n"),
    );
    let log = format!("#fields\tts\tmd5\tsha1\n1772712000.0\t{md5}\t{sha1}\n1772712001.0\t-\t{sha1}\n");
    bench.write("files.log", &log);
    let lines = bench.run(&["scan", "files.log", "--against", "known.csv", "--json"]).exits(1).lines();
    assert_eq!(lines.last().unwrap()["hits"], 2, "{lines:?}");
    let fields: Vec<_> =
        lines.iter().filter(|line| line["event"] == "hit").map(|line| &line["fields"]).collect();
    assert_eq!(fields, [&serde_json::json!(["md5", "sha1"]), &serde_json::json!(["sha1"])]);
}

#[test]
fn what_is_reported_is_a_sighting_and_stands_among_the_hits_once() {
    let bench = Bench::new();
    let known = "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--00000000-0000-4000-8000-000000000001\",\
        \"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\",\
        \"pattern\":\"[domain-name:value = 'bad.accord-test.net']\",\"pattern_type\":\"stix\",\"valid_from\":\"2026-01-01T00:00:00Z\"}";
    bench.write("said.json", known);
    bench.run(&["import", "said.json", "--data", "node"]).exits(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
    let now = model::Timestamp(i64::try_from(now).unwrap()).plus_seconds(-60);
    let at = |time: model::Timestamp, host: u32| {
        format!(
            "{{\"timestamp\":\"{time}\",\"event_type\":\"dns\",\"host\":\"gw-{host}\",\
             \"dns\":{{\"type\":\"query\",\"rrname\":\"bad.accord-test.net\"}}}}\n"
        )
    };
    let line = |host: u32| at(now, host);
    let long_ago = at("2010-01-01T00:00:00Z".parse().unwrap(), 1);
    bench.write("log", &[line(1), line(2), line(3)].concat());
    bench.write("past", &long_ago);
    let report = |logs: &str, how: &str| {
        let said = bench.run(&["scan", logs, "--data", "node", "--json", how]).exits(1);
        let lines = said.lines();
        let report = lines.iter().find(|line| line["event"] == "report").unwrap().clone();
        (report["said"].as_u64().unwrap(), report["known"].as_u64().unwrap(), report)
    };
    let sightings = || {
        let lines =
            bench.run(&["export", "--format", "ndjson", "--type", "sighting", "--data", "node"]).exits(0).out;
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let (said, before, _) = report("log", "--report");
    assert_eq!((said, before), (1, 0));
    let first = sightings();
    assert_eq!((first.len(), &first[0]["count"]), (1, &3.into()));
    // Nobody is told of hosts who was not asked to.
    assert!(!first[0].to_string().contains("gw-") && first[0].get("where_sighted_refs").is_none());
    let hits = || bench.run(&["hits", "--data", "node", "--json"]).exits(1).json();
    assert_eq!(hits()["hits"].as_array().unwrap().len(), 1);
    assert_eq!(hits()["hits"][0]["value"], "bad.accord-test.net");
    assert!(!hits().to_string().contains("gw-"));
    // The same logs again add nothing, under another name too.
    std::fs::rename(bench.path().join("log"), bench.path().join("log.1")).unwrap();
    let (said, before, _) = report("log.1", "--report=count");
    assert_eq!((said, before), (0, 1));
    assert_eq!(sightings(), first);
    assert_eq!(hits()["hits"][0]["events"], 1);
    // With context hosts are told, where there is more to tell.
    bench.write("log", &[line(1), line(2), line(3), line(4)].concat());
    assert_eq!(report("log", "--report=context").0, 1);
    let told = sightings();
    assert!(told.iter().any(|one| one["description"].to_string().contains("gw-4")), "{told:?}");
    assert!(hits()["hits"][0]["on"].to_string().contains("gw-4"));
    // They are gone through one by one: true is said already, ignored is out, and false is a mistake.
    let walked = bench.pipe(&["hits", "--walk", "--for", "7d", "--data", "node"], "what?\nt\n").exits(1);
    assert!(
        walked.out.contains("bad[.]accord-test[.]net") && walked.out.contains("seen already"),
        "{}",
        walked.out
    );
    assert!(walked.err.contains("[t]rue, [f]alse, [i]gnore for 7d"), "{}", walked.err);
    let walked = bench.pipe(&["hits", "--walk", "--data", "node"], "i\n").exits(1);
    assert!(walked.out.contains("ignored for 30d"), "{}", walked.out);
    bench.run(&["hits", "--data", "node"]).exits(0);
    assert!(bench.run(&["hits", "--all", "--data", "node"]).exits(1).out.contains("ignored until "));
    let heeded = bench.run(&["hits", "--heed", "bad[.]accord-test[.]net", "--data", "node"]).exits(0);
    assert_eq!(heeded.out, "1 value ignored no longer\n");
    let walked = bench.pipe(&["hits", "--walk", "--data", "node"], "f\n").exits(1);
    assert!(
        walked.out.contains("called a mistake") && walked.out.contains("that was all: 1 hit"),
        "{}",
        walked.out
    );
    let why = bench.run(&["why", "bad.accord-test.net", "--data", "node"]).exits(0).out;
    assert!(why.contains("mistaken"), "{why}");
    // Of what is long past the sighting stands, and the hits of late have nothing. It was not valid then.
    bench.run(&["scan", "past", "--data", "node", "--report"]).exits(0);
    let both = bench.run(&["scan", "log", "--against", "said.json", "--report"]).exits(2).err;
    assert!(both.contains("--against"), "{both}");
}

/// A node that answers each request with the next of these and closes; what came, each with its body.
fn double(answers: Vec<(&'static str, String)>) -> (String, mpsc::Receiver<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, asked) = mpsc::channel();
    std::thread::spawn(move || {
        for (status, body) in answers {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap() > 0 {
                let line = head.lines().last().unwrap_or_default().to_ascii_lowercase();
                length = line.strip_prefix("content-length: ").map_or(length, |text| text.parse().unwrap());
            }
            let mut sent = vec![0; length];
            stream.read_exact(&mut sent).unwrap();
            let _nobody_waits = tell.send(head + &String::from_utf8(sent).unwrap());
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _gone = stream.get_mut().write_all(answer.as_bytes());
        }
    });
    (url, asked)
}

const CSV: &str = "value,kind,object_type,id,tlp,source,valid_from,valid_until,revoked\n\
    bad.accord-test.net,domain,indicator,indicator--00000000-0000-4000-8000-000000000001,TLP:GREEN,ACME,,,false\n\
    http://worse.accord-test.net/kit,url,indicator,indicator--00000000-0000-4000-8000-000000000002,TLP:GREEN,ACME,,,false\n\
    203.0.113.0/24,ipv4,indicator,indicator--00000000-0000-4000-8000-000000000003,TLP:GREEN,ACME,,,false\n";

#[test]
fn a_report_of_counts_sends_what_indicators_say_and_nothing_of_the_log() {
    let bench = Bench::new();
    let long = "x".repeat(400);
    let log = format!(
        "2026-03-05T12:00:00Z GET http://bad.accord-test.net/?session=s3cret\n\
         2026-03-05T12:00:00Z GET http://worse.accord-test.net/kit\n\
         2026-03-05T12:00:00Z GET http://bad.accord-test.net/?{long}\n2026-03-05T12:00:00Z from 203.0.113.7\n"
    );
    bench.write("log", &log);
    let sent = |how: &str| {
        let ok = |body: &str| ("200 OK", body.to_owned());
        let answers = vec![ok(CSV), ok("{\"answers\":[]}"), ok("{\"said\":3}"), ok("{\"refused\":0}")];
        let (url, asked) = double(answers);
        bench.run(&["scan", "log", how, "--json", "--url", &url, "--token", "t"]).exits(1);
        let asked: Vec<String> = asked.into_iter().collect();
        let observables = |line: &str| {
            Some(serde_json::from_str::<Value>(line).ok()?["observables"][0].as_str()?.to_owned())
        };
        assert!(asked[2].starts_with("POST ") && asked[2].contains("/sightings"), "{}", asked[2]);
        let mut seen: Vec<String> = asked[3].lines().filter_map(observables).collect();
        seen.sort();
        (seen, asked[2..].concat())
    };
    let (seen, all) = sent("--report=count");
    // A network is nothing that can be seen.
    assert_eq!(seen, ["bad.accord-test.net", "http://worse.accord-test.net/kit"]);
    assert!(!all.contains("s3cret") && !all.contains("203.0.113.7"), "{all}");
    let (seen, _) = sent("--report=context");
    assert!(seen.contains(&"203.0.113.7".to_owned()) && seen.len() == 3, "{seen:?}");
    // What is kept of it in part alone is not sent, whoever asks.
    bench.write("log", log.lines().nth(2).unwrap());
    assert_eq!(sent("--report=context").0, ["bad.accord-test.net"]);
}

#[test]
fn what_was_found_is_told_where_the_node_fails_behind_it() {
    let bench = Bench::new();
    bench.write("log", "2026-03-05T12:00:00Z asked for bad.accord-test.net\n");
    let ok = |body: &str| ("200 OK", body.to_owned());
    let failed = || ("503 Service Unavailable", "{}".to_owned());
    let judged = ok("{\"answers\":[{\"action\":\"block\",\"known\":[]}]}");
    for (answers, arguments) in [
        (vec![ok(CSV), failed()], &["--output", "text"][..]),
        (vec![ok(CSV), judged, failed()], &["--report"]),
    ] {
        let (url, _asked) = double(answers);
        let all = [&["scan", "log", "--url", &url, "--token", "t"], arguments].concat();
        let said = bench.run(&all).exits(4);
        assert!(said.out.starts_with("1 hit of 1 indicator"), "{}", said.out);
        assert!(
            said.out.contains("bad[.]accord-test[.]net") && said.err.starts_with("error: "),
            "{}",
            said.err
        );
    }
}
