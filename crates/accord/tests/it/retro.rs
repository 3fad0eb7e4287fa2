//! Old logs become events, and what becomes known later is found in them.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use crate::bench::{BUNDLE, Bench, INDICATOR};

/// Seconds since 1970 at noon so many days ago.
fn noon(days: u64) -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (now - Duration::from_secs(days * 86_400)).as_secs() / 86_400 * 86_400 + 43_200
}

fn indicator(number: u32, value: &str, until: &str) -> String {
    format!(
        r#"{{"type":"bundle","id":"bundle--00000000-0000-4000-8000-{number:012}","objects":[{{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-{number:012}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","indicator_types":["malicious-activity"],"pattern":"[domain-name:value = '{value}']","pattern_type":"stix","valid_from":"2020-01-01T00:00:00Z","valid_until":"{until}"}}]}}"#
    )
}

#[test]
fn what_becomes_known_is_found_in_old_logs() {
    let bench = Bench::new();
    let (old, later) = (noon(80), noon(60));
    let conn = |at: u64, from: &str, to: &str| format!("{at}.5\tC1\t{from}\t40000\t{to}\t443\ttcp\n");
    let zeek = [
        "#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n".to_owned(),
        conn(old, "10.0.0.1", "203.0.113.7").repeat(50),
        conn(old + 60, "10.0.0.2", "203.0.113.7"),
        conn(later, "10.0.0.1", "203.0.113.7"),
        // From outside: the host is ours, and the port is another each time.
        conn(later, "203.0.113.99", "10.0.0.3"),
    ];
    std::fs::create_dir(bench.path().join("logs")).unwrap();
    bench.write("logs/conn.log", &zeek.concat());
    let dns = |at: u64, name: &str| format!("[{at}] unbound[1:0] info: 10.0.0.4 {name}. A IN\n");
    bench.write("logs/dns.log", &[dns(old, "www.evil-host.co"), dns(later, "harmless.co")].concat());
    bench.write(
        "logs/web.log",
        "198.51.100.9 - - [05/Mar/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"\n",
    );

    let said = bench.run(&["scan", "logs", "--events"]).exits(0);
    let seen: BTreeSet<(String, String, String)> = said
        .lines()
        .iter()
        .map(|event| {
            let text =
                |pointer: &str| event.pointer(pointer).and_then(|it| it.as_str()).unwrap_or("").to_owned();
            (text("/time")[..10].to_owned(), text("/host"), text("/observables/0/value"))
        })
        .collect();
    let day = |at: u64| model::Timestamp(i64::try_from(at).unwrap() * 1_000_000).to_string()[..10].to_owned();
    let of = |at: u64, host: &str, value: &str| (day(at), host.to_owned(), value.to_owned());
    let mut expected = BTreeSet::new();
    for (at, host, values) in [
        (old, "10.0.0.1", &["203.0.113.7", "203.0.113.7:443"][..]),
        (old, "10.0.0.2", &["203.0.113.7", "203.0.113.7:443"]),
        (later, "10.0.0.1", &["203.0.113.7", "203.0.113.7:443"]),
        (later, "10.0.0.3", &["203.0.113.99"]),
        (old, "10.0.0.4", &["www.evil-host.co"]),
        (later, "10.0.0.4", &["harmless.co"]),
    ] {
        // And the host itself, which counts among all.
        expected.insert(of(at, host, ""));
        expected.extend(values.iter().map(|value| of(at, host, value)));
    }
    assert_eq!(seen, expected);
    assert_eq!(said.lines().len(), expected.len(), "each once, however many lines say it");
    assert!(said.err.contains("1 line left out"), "{}", said.err);

    // Sent twice, they count once: also of a log that grew and has another name.
    bench.write("events", &said.out);
    let sum =
        |name: &str| bench.run(&["events", name, "--data", "node", "--json"]).exits(0).lines().pop().unwrap();
    let first = sum("events");
    assert_eq!((&first["new"], &first["refused"]), (&expected.len().into(), &0.into()));
    std::fs::rename(bench.path().join("logs/dns.log"), bench.path().join("logs/dns.1")).unwrap();
    bench.write(
        "logs/dns.1",
        &[dns(old, "www.evil-host.co"), dns(later, "harmless.co"), dns(later + 9, "harmless.co")].concat(),
    );
    bench.write("events", &bench.run(&["scan", "logs", "--events"]).exits(0).out);
    let again = sum("events");
    assert_eq!((&again["new"], &again["known"]), (&0.into(), &expected.len().into()));

    // What was over before it was touched is no hit; what was not is, with when and where.
    bench.run(&["hits", "--data", "node"]).exits(0);
    bench.write("over.json", &indicator(1, "www.evil-host.co", &format!("{}T00:00:00Z", day(old - 86_400))));
    bench.run(&["import", "over.json", "--data", "node"]).exits(0);
    bench.run(&["hits", "--data", "node"]).exits(0);
    bench.write("valid.json", &indicator(2, "www.evil-host.co", &format!("{}T00:00:00Z", day(later))));
    bench.run(&["import", "valid.json", "--data", "node"]).exits(0);
    bench.write("bundle.json", BUNDLE);
    bench.run(&["import", "bundle.json", "--data", "node"]).exits(0);
    let hits = || {
        let page = bench.run(&["hits", "--data", "node", "--json"]).json();
        page["hits"].as_array().unwrap().clone()
    };
    let found = hits();
    let ids: BTreeSet<_> = found.iter().map(|hit| hit["indicator"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids, BTreeSet::from([INDICATOR, "indicator--00000000-0000-4000-8000-000000000002"]));
    let address = found
        .iter()
        .find(|hit| hit["value"] == "203.0.113.7" && hit["indicator"]["id"] == INDICATOR)
        .unwrap();
    assert_eq!(
        (&address["hosts"], &address["of_hosts"], &address["live"]),
        (&2.into(), &4.into(), &false.into())
    );
    assert!(address["first"].as_str().unwrap().starts_with(&day(old)), "{address}");
    assert!(address["last"].as_str().unwrap().starts_with(&day(later)), "{address}");
    let on: BTreeSet<_> =
        address["on"].as_array().unwrap().iter().map(|host| host["host"].as_str().unwrap()).collect();
    assert_eq!(on, BTreeSet::from(["10.0.0.1", "10.0.0.2"]));
    // What is withdrawn is none any longer.
    bench.run(&["withdraw", INDICATOR, "--data", "node"]).exits(0);
    assert!(hits().iter().all(|hit| hit["indicator"]["id"] != INDICATOR));
}

#[test]
fn what_old_logs_say_is_common_here_does_not_block() {
    let bench = Bench::new();
    let at = noon(30);
    let line = |host: u32, name: &str| format!("[{at}] unbound[1:0] info: 10.0.0.{host} {name}. A IN\n");
    let everywhere = (1..=40).map(|host| line(host, "cdn.common-host.co"));
    let log: Vec<_> = everywhere.chain([line(7, "www.rare-host.co")]).collect();
    bench.write("dns.log", &log.concat());
    bench.write("events", &bench.run(&["scan", "dns.log", "--events"]).exits(0).out);
    bench.run(&["events", "events", "--data", "node"]).exits(0);
    for (number, value) in [(1, "cdn.common-host.co"), (2, "www.rare-host.co")] {
        bench.write("said.json", &indicator(number, value, "2099-01-01T00:00:00Z"));
        bench.run(&["import", "said.json", "--data", "node"]).exits(0);
    }
    let page = bench.run(&["hits", "--data", "node", "--json"]).exits(1).json();
    let held: Vec<_> = page["hits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| (hit["value"].as_str().unwrap(), hit["hosts"].as_u64().unwrap(), hit["held"] == true))
        .collect();
    let held: BTreeSet<_> = held.into_iter().collect();
    assert_eq!(held, BTreeSet::from([("cdn.common-host.co", 40, true), ("www.rare-host.co", 1, false)]));
}
