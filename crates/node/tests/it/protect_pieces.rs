//! A file for sensors that is brought up to date piece by piece is the one that is made of everything.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use model::matching::Mode;
use model::{Timestamp, Tlp};
use node::{Caller, Feed, FeedQuery, ImportOptions, Relabel};
use sha2::Digest;

use crate::circle_rules::members;
use crate::write_world::{World, envelope, strings};

const ROLES: &[&str] = &["analyst", "organisation-administrator"];
const POLICY: &str = "[[rule]]\nname = \"own\"\nfrom = \"own\"\naction = \"block\"\nhours = 2\n
    [[rule]]\nname = \"all\"\nfrom = \"anyone\"\naction = \"block\"\norigins = 2\nuntil-then = \"alert\"\n";

fn id(n: u64) -> String {
    format!("indicator--00000000-0000-4000-8000-{n:012x}")
}

fn said(n: u64, version: u32, (pattern_type, pattern): (&str, &str), rest: &str) -> String {
    format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"{}\",\"created\":\"2026-01-01T00:00:00.000Z\",\
         \"modified\":\"2026-01-02T00:00:00.{version:03}Z\",\"pattern\":{},\"pattern_type\":\"{pattern_type}\"{rest}}}",
        id(n),
        serde_json::Value::from(pattern)
    )
}

fn say(world: &World, by: &Caller, tlp: Tlp, object: &str) {
    let options = ImportOptions { tlp: Some(tlp), ..ImportOptions::default() };
    let objects = envelope(&[object.to_owned()]);
    let (summary, outcomes) = world.import_as(by, &options, objects.as_bytes()).unwrap();
    assert_eq!(summary.rejected, 0, "{outcomes:?}");
}

/// Of each three names the first two have the first number for a rule in common, and the last has for its first what is the second of the
/// one before: who comes or goes moves others far away.
const SAME_NUMBERS: [[u32; 3]; 2] = [[1_424_926, 1_593_041, 2_029_960], [1_639_587, 1_641_232, 3_322_256]];

fn same_number(three: [u32; 3], nth: usize) -> String {
    format!("s{}.bad-host.co", three[nth])
}

/// What is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Values,
    Rules,
}

/// Rules of which many want the same numbers, ids and names, some twice in one text.
fn rules(below: &mut dyn FnMut(u64) -> u64) -> (&'static str, String) {
    let (a, b, c) = (below(4), below(4), below(12));
    match below(3) {
        0 => {
            let rule = |msg: u64, sid: u64| {
                format!("alert tcp any any -> any any (msg:\"m{msg}\"; content:\"c{c}\"; sid:{sid};)")
            };
            ("suricata", format!("{}\n{}", rule(a, 1), rule(b, 1 + below(2))))
        }
        1 => {
            let rule = |id: u64, name: u64| {
                let id = format!("id: 6f7e1c10-2dc9-4312-adb6-9574ff09a5c{id}\n");
                let name = if name < 2 { format!("name: n{name}\n") } else { String::new() };
                format!(
                    "title: t{c}\n{id}{name}logsource: {{product: a}}\ndetection: {{a: [b], condition: a}}\n"
                )
            };
            let second = if below(2) == 0 { format!("---\n{}", rule(a, b)) } else { String::new() };
            ("sigma", format!("{}{second}", rule(b, a)))
        }
        _ => ("yara", format!("import \"pe\"\nrule r{a} {{ condition: pe.is_pe and filesize > {c} }}\n")),
    }
}

/// Many that are within each other, so that one covers others that are far from it.
fn values(below: &mut dyn FnMut(u64) -> u64) -> (&'static str, String) {
    let (a, b) = (below(5), below(6));
    let pattern = match below(11) {
        0 => format!("[domain-name:value LIKE '%.n{a}.bad-host.co']"),
        1 => {
            format!("[domain-name:value = 'n{a}.bad-host.co' OR domain-name:value LIKE '%.n{a}.bad-host.co']")
        }
        2 => "[domain-name:value = 'bad-host.co' OR domain-name:value LIKE '%.bad-host.co']".to_owned(),
        3 | 4 => format!("[domain-name:value = 'x{b}.n{a}.bad-host.co']"),
        5 => format!("[ipv4-addr:value ISSUBSET '203.0.{}.0/{}']", 112 + a, 22 + b % 4),
        6..=8 => {
            let name = same_number(SAME_NUMBERS[b as usize % 2], a as usize % 3);
            format!("[domain-name:value = '{name}']")
        }
        9 => format!("[ipv4-addr:value = '203.0.112.{a}'] OR [url:value = 'http://n{a}.bad-host.co/{b}']"),
        _ => format!(
            "[network-traffic:dst_ref.value = '203.0.112.{a}' AND network-traffic:dst_port = {}]",
            b + 1
        ),
    };
    ("stix", pattern)
}

/// Without what tells the time, and what counts down from it.
fn items(format: &str, feed: &Feed) -> Vec<String> {
    let mut out = Vec::new();
    feed.write(&mut out).unwrap();
    assert_eq!(out.len() as u64, feed.made.bytes);
    let digest: String = sha2::Sha256::digest(&out).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(feed.sha256().unwrap(), digest);
    let text = String::from_utf8(out).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if format == "accord" {
        let last = lines.pop().unwrap();
        let before = &text.as_bytes()[..text.len() - last.len() - 1];
        let mut sum = sensors::Sum::default();
        before.split_inclusive(|byte| *byte == b'\n').for_each(|line| sum.add(line));
        assert_eq!(last, format!("{{\"entries\":{},\"sum\":\"{sum}\"}}", lines.len() - 1));
        lines.remove(0);
    }
    let timeless = |line: &String| line.split(" timeout ").next().unwrap_or_default().to_owned();
    match format {
        "nftables" | "ipset" => lines.iter().map(timeless).collect(),
        // Of the time when it was made each document tells that.
        "elastic" => {
            let time = feed.made.as_of.replace(".000000Z", ".000Z");
            let told = format!("{{\"@timestamp\":\"{time}\",");
            assert!(lines.iter().skip(1).step_by(2).all(|line| line.starts_with(&told)), "{lines:?}");
            lines.iter().map(|line| line.replace(&told, "")).collect()
        }
        _ => lines,
    }
}

#[test]
fn a_file_that_is_brought_up_to_date_is_the_one_that_is_made_of_everything() {
    let brought_up = compared(POLICY, 120, Said::Values);
    for (format, count) in &brought_up {
        let is_of_rules = matches!(format.as_str(), "sigma" | "yara");
        assert!(*count > 0 || is_of_rules, "{format}: {brought_up:?}");
    }
}

#[test]
fn so_it_is_where_sources_say_too_much_in_a_day() {
    let brought_up = compared(&format!("{POLICY}per-day = 12\n"), 40, Said::Values);
    assert!(brought_up.values().sum::<u32>() > 0, "{brought_up:?}");
}

#[test]
fn so_it_is_of_rules_that_want_the_same_numbers_and_names() {
    let brought_up = compared(POLICY, 150, Said::Rules);
    for format in ["suricata", "suricata-rules", "sigma", "yara"] {
        assert!(brought_up[format] > 0, "{brought_up:?}");
    }
}

/// Compares files that are brought up to date with those that are made of everything, as things happen. Answers how many of each format
/// were brought up to date.
fn compared(policy: &str, rounds: u32, what: Said) -> BTreeMap<String, u32> {
    let world = World::new();
    let all = members(&world, &["Ada", "Bob", "Cyd"], ROLES);
    world.node.set_policy(&all[0], Some(policy), false).unwrap();
    let other = world.token("Ada", &["sensor"]);
    let files: Vec<(String, String)> = world
        .node
        .feeds(&all[0])
        .unwrap()
        .into_iter()
        .flat_map(|format| format.files.into_iter().map(move |file| (format.format.clone(), file)))
        // Of rules, files of values say nothing.
        .filter(|(_, file)| what == Said::Values || file.kinds.iter().all(|kind| kind.ends_with("-rule")))
        .map(|(format, file)| (format, file.name))
        .collect();
    let mut state: u64 = 5;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut brought_up: BTreeMap<String, u32> = BTreeMap::new();
    let numbers = SAME_NUMBERS.map(|three| {
        let key = |nth| model::observable::guess(&same_number(three, nth)).unwrap().key().to_vec();
        let sid = |nth, of| sensors::sid(&key(nth), Mode::Exact, of);
        assert_eq!((sid(0, 0), sid(1, 1)), (sid(1, 0), sid(2, 0)));
        [sid(1, 1), sid(2, 1)].map(|sid| format!(" sid:{sid};"))
    });
    let mut moved = 0;
    for round in 0..rounds {
        world.later(below(50) as i64);
        for _ in 0..=below(6) {
            let by = below(3);
            let n = by * 100 + below(40);
            match below(10) {
                0 => drop(world.node.withdraw(&all[by as usize], None, &id(n), &[])),
                1 => {
                    let asked = Relabel { to: Some(strings(&["member:Bob"])), ..Relabel::default() };
                    drop(world.node.relabel(&all[by as usize], &id(n), &asked));
                }
                2 => drop(world.node.erase(&world.node.operator(), &id(n), "a court")),
                3 => drop(world.node.withdraw(&all[by as usize], None, &id(n), &["last".to_owned()])),
                _ => {
                    let at = |seconds| Timestamp(world.now.load(Ordering::SeqCst)).plus_seconds(seconds);
                    let (from, until) = (below(90) as i64 - 60, below(200) as i64 + 40);
                    let rest = match below(3) {
                        0 => ",\"valid_from\":\"2026-01-01T00:00:00Z\"".to_owned(),
                        _ => format!(",\"valid_from\":\"{}\",\"valid_until\":\"{}\"", at(from), at(until)),
                    };
                    let (pattern_type, pattern) = match what {
                        Said::Values => values(&mut below),
                        Said::Rules => rules(&mut below),
                    };
                    // Several may say something else under one id.
                    let n = if below(3) == 0 { below(6) } else { n };
                    let object = said(n, 1 + round, (pattern_type, &pattern), &rest);
                    say(
                        &world,
                        &all[by as usize],
                        if below(5) == 0 { Tlp::Red } else { Tlp::Green },
                        &object,
                    );
                }
            }
        }
        // Whatever became of those, the record is another one.
        say(
            &world,
            &all[1],
            Tlp::Green,
            &said(
                1_000 + u64::from(round),
                1,
                ("stix", "[mutex:name = 'one']"),
                ",\"valid_from\":\"2026-01-01T00:00:00Z\"",
            ),
        );
        for _ in 0..8 {
            let (format, file) = &files[below(files.len() as u64) as usize];
            let query = FeedQuery { format: format.clone(), file: file.clone(), ceiling: None, action: None };
            let kept = world.node.feed(&all[0], &query).unwrap();
            let anew = world.node.feed_of_everything(&other, &query).unwrap();
            let kept_items = items(format, &kept);
            assert_eq!(kept_items, items(format, &anew), "{round} {format}/{file}");
            let has = |number: &String| kept_items.iter().any(|line| line.contains(number));
            moved += numbers.iter().flatten().filter(|number| has(number)).count();
            assert_eq!(
                (kept.made.entries, kept.made.values),
                (anew.made.entries, anew.made.values),
                "{round} {format}/{file} {:?} {:?}",
                kept.made,
                anew.made
            );
            assert_eq!(kept.made.passed_over, anew.made.passed_over, "{round} {format}/{file}");
            if !matches!(format.as_str(), "nftables" | "ipset") {
                assert_eq!(kept.made.items, anew.made.items, "{round} {format}/{file}");
            }
            *brought_up.entry(format.clone()).or_default() += u32::from(kept.made.judged < anew.made.judged);
        }
    }
    assert!(moved > 0 || what == Said::Rules, "no rule had another number than its first");
    brought_up
}
