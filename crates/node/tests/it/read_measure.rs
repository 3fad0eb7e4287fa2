//! Figures, not judgements: `cargo test --release -p node --test it -- --ignored read_measure --nocapture`, with the
//! number of statements in `NODE_MEASURE` (100,000 unless set). `NODE_MEASURE_FOLDER` keeps the store for the next time.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use model::gate::{Source, Submit};
use model::{Facts, Label, MemberId, Principal, Reader, SubmissionId, Timestamp, Tlp, authorize};
use node::{Caller, ListQuery, NewMember, NewToken, Node, SearchQuery};
use store::record::{Batch, Item, Media, NewStatement, ObjectKey, Quota, Submission};
use store::{Options, Store};
use uuid::Uuid;

use crate::read_world::{Dice, NOW, open};

const MEMBERS: u64 = 50;

fn uuid(kind: u128, n: u64) -> Uuid {
    // Spread, as random ids are.
    let spread = u128::from(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    Uuid::from_u128((spread << 64) | (0x4 << 76) | (0x8 << 60) | (kind << 40) | u128::from(n))
}

fn id(kind: &str, n: u64) -> String {
    let number = kind.bytes().fold(0u128, |sum, byte| sum * 3 + u128::from(byte)) & 0xFFFF;
    format!("{kind}--{}", uuid(number, n))
}

fn value(n: u64) -> String {
    match n % 4 {
        0 => format!("[ipv4-addr:value = '{}.{}.{}.{}']", 1 + n % 223, n >> 16 & 255, n >> 8 & 255, n & 255),
        1 => format!("[domain-name:value = 'host{n}.zone{}.example.com']", n % 5_000),
        2 => format!("[url:value = 'http://host{n}.example.net/path/{n}']"),
        _ => {
            format!("[file:hashes.'SHA-256' = '{:064x}']", u128::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15))
        }
    }
}

// Half indicators; of the others relationships that lead from them to malware and actors, sightings, reports.
fn json(n: u64, count: u64, dice: &mut Dice) -> (&'static str, String) {
    let head = |kind: &str| {
        format!(
            r#"{{"type":"{kind}","spec_version":"2.1","id":"{}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z""#,
            id(kind, n)
        )
    };
    let indicator = |dice: &mut Dice| id("indicator", dice.roll(count / 2) * 2);
    let malware = |dice: &mut Dice| id("malware", dice.roll(1 + count / 100) * 100 + 1);
    match n % 100 {
        even if even % 2 == 0 => (
            "indicator",
            format!(
                r#"{},"name":"Indicator {n}","description":"Seen in campaign {} against sector {} with loader {}","indicator_types":["malicious-activity"],"pattern":"{}","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","labels":["tag{}"]}}"#,
                head("indicator"),
                n % 977,
                n % 31,
                n % 211,
                value(n / 2),
                n % 97
            ),
        ),
        1 => (
            "malware",
            format!(r#"{},"name":"Family {n}","is_family":true,"aliases":["alias {n}"]}}"#, head("malware")),
        ),
        3..=59 => (
            "relationship",
            format!(
                r#"{},"relationship_type":"indicates","source_ref":"{}","target_ref":"{}"}}"#,
                head("relationship"),
                indicator(dice),
                malware(dice)
            ),
        ),
        61..=79 => ("sighting", format!(r#"{},"sighting_of_ref":"{}"}}"#, head("sighting"), indicator(dice))),
        _ => (
            "report",
            format!(
                r#"{},"name":"Report {n}","published":"2026-01-01T00:00:00Z","object_refs":["{}","{}"]}}"#,
                head("report"),
                indicator(dice),
                malware(dice)
            ),
        ),
    }
}

fn fill(folder: &std::path::Path, members: &[MemberId], count: u64) {
    let store = Store::open(folder, &Options::default()).unwrap();
    let facts = Facts::of(store.directory().unwrap().epoch);
    let mut dice = Dice(1);
    let mut items = Vec::new();
    for n in 0..count {
        let (kind, body) = json(n, count, &mut dice);
        let object = strictjson::parse(body.as_bytes(), &strictjson::Limits::default()).unwrap();
        let version = object.get("modified").and_then(|node| node.as_str()).unwrap().to_owned();
        let member = members[(n / 1_000 % MEMBERS) as usize];
        let new = NewStatement {
            object: ObjectKey::parse(&id(kind, n)).unwrap(),
            version: Some(version.parse().unwrap()),
            version_text: Some(version),
            author: None,
            speaks_for: Vec::new(),
            owned: true,
            bound: false,
            pattern_type: (kind == "indicator").then(|| "stix".to_owned()),
            revoked: false,
            label: Label::new(member, Tlp::ALL[dice.roll(4) as usize]),
            media: Media::Stix21,
            collections: Vec::new(),
            waits_for: Vec::new(),
            index: node::core::index::of(&object),
            wire: None,
            body: body.clone().into_bytes(),
        };
        items.push(Item::Statement(Box::new(new)));
        if items.len() == 1_000 || n + 1 == count {
            let at = Timestamp(NOW.0 - 1_000_000_000_000 + n as i64 * 1_000);
            let submission = Submission {
                id: SubmissionId(Uuid::from_u128(u128::from(n))),
                source: member,
                person: None,
                token: None,
                collection: None,
                received: at,
                outcomes: false,
                default_label: Tlp::Amber,
                addressed: String::new(),
            };
            let items = std::mem::take(&mut items);
            let quota = Quota::default();
            let batch = Batch {
                submission,
                now: at,
                seed: [7; 32],
                items,
                complete: true,
                seen: store::read::Visible::default(),
                quota,
                about: None,
                audit: Vec::new(),
                circle_acts: Vec::new(),
            };
            let source = Source { member, collection: None };
            let by = authorize(Submit, source, &Principal::operator(Reader::of(member)), facts).unwrap();
            store.append(by, batch).unwrap();
        }
    }
}

// Time that this thread has been on a processor, whatever else the machine does. The system counts it in ticks, so it
// is good for sums only.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

fn told(what: &str, times: usize, mut call: impl FnMut(u64)) {
    let mut dice = Dice(99);
    let before = on_processor();
    let mut taken: Vec<Duration> = (0..times)
        .map(|_| {
            let n = dice.roll(1 << 30);
            let start = Instant::now();
            call(n);
            start.elapsed()
        })
        .collect();
    let mean = (on_processor() - before) / times as u32;
    taken.sort();
    let at = |share: usize| taken[(taken.len() - 1) * share / 1_000];
    println!("{what:40} on processor {mean:>9.1?}; by the clock p50 {:>9.1?} p99 {:>9.1?}", at(500), at(990));
}

fn page_from(node: &Node, caller: &Caller, at: Timestamp, limit: usize) -> (usize, usize) {
    let query = ListQuery { added_after: Some(at), limit: Some(limit), ..ListQuery::default() };
    let (mut entries, mut bytes) = (0, 0);
    node.list(caller, &query, &mut |entry| {
        entries += 1;
        bytes += entry.wire.len();
    })
    .unwrap();
    (entries, bytes)
}

#[test]
#[ignore = "a measurement"]
fn read_measure() {
    let count: u64 = std::env::var("NODE_MEASURE").map_or(100_000, |count| count.parse().unwrap());
    let kept = std::env::var("NODE_MEASURE_FOLDER").ok().map(PathBuf::from);
    let temporary = tempfile::tempdir().unwrap();
    let folder = kept.as_deref().unwrap_or(temporary.path());
    if !folder.join("secret").exists() {
        let node = open(folder);
        let operator = node.operator();
        let members: Vec<MemberId> = (0..MEMBERS)
            .map(|n| {
                node.add_member(&operator, &NewMember { name: format!("m{n}"), ..NewMember::default() })
                    .unwrap()
            })
            .map(|member| member.id.parse().unwrap())
            .collect();
        let token =
            NewToken { member: "m0".to_owned(), roles: vec!["analyst".to_owned()], ..NewToken::default() };
        let secret = node.add_token(&operator, &token).unwrap().secret;
        node.stop();
        drop(node);
        let start = Instant::now();
        fill(folder, &members, count);
        println!("{count} statements in {:.1?}", start.elapsed());
        std::fs::write(folder.join("secret"), secret).unwrap();
    }
    let start = Instant::now();
    let settings = node::Settings { anonymous: true, ..node::Settings::default() };
    let node = Node::open(folder, settings, std::sync::Arc::new(|| NOW)).unwrap();
    println!("open {:.1?}", start.elapsed());
    let secret = std::fs::read_to_string(folder.join("secret")).unwrap();
    let caller = node.authenticate(&node::Credential::Token(secret), None).unwrap();
    let start = Instant::now();
    page_from(&node, &caller, Timestamp::MIN, 1);
    println!("first page {:.1?}", start.elapsed());
    measure(&node, &caller, count);
    node.stop();
}

fn measure(node: &Node, caller: &Caller, count: u64) {
    let anywhere = |n: u64| Timestamp(NOW.0 - 1_000_000_000_000 + (n % count) as i64 * 1_000);
    let page = |caller: &Caller, n, limit| {
        page_from(node, caller, anywhere(n), limit);
    };
    told("page of 1", 5_000, |n| page(caller, n, 1));
    told("page of 100", 5_000, |n| page(caller, n, 100));
    told("page of 1000", 1_000, |n| page(caller, n, 1_000));
    let visitor = node.visitor().unwrap();
    told("page of 100, visitor", 2_000, |n| page(&visitor, n, 100));
    let known = |n: u64| value(n % (count / 2)).split('\'').rev().nth(1).unwrap().to_owned();
    let ask = |value: String| node.lookup(caller, &[value], 10).unwrap().remove(0);
    let mut hits = 0;
    told("lookup of what is known", 20_000, |n| hits += u64::from(ask(known(n)).hit));
    println!("  {hits} of 20000 hit");
    let strange = |n: u64| format!("250.{}.{}.{}", n & 255, n >> 8 & 255, n >> 16 & 255);
    told("lookup of an address not known", 10_000, |n| drop(ask(strange(n))));
    told("lookup of an IPv6 address not known", 2_000, |n| drop(ask(format!("2001:db8::{:x}", n & 0xFFFF))));
    told("lookup of a zone with many below", 2_000, |n| drop(ask(format!("zone{}.example.com", n % 5_000))));
    told("object", 5_000, |n| drop(node.object(caller, &id("indicator", n % (count / 2) * 2), None)));
    told("statistics", 1_000, |_| drop(node.statistics(caller).unwrap()));
    searches(node, caller, count);
    let mut out = std::io::sink();
    for format in ["stix", "list", "csv"] {
        let start = Instant::now();
        let written = node.export(caller, format, false, &ListQuery::default(), &mut out).unwrap();
        println!("export {format}: {written} in {:.1?}", start.elapsed());
    }
}

fn searches(node: &Node, caller: &Caller, count: u64) {
    let any = SearchQuery::default;
    let search = |query: SearchQuery| drop(node.search(caller, &query).unwrap());
    let text = |text: String| SearchQuery { text: Some(text), ..any() };
    told("search, newest", 1_000, |_| search(any()));
    told("search, a rare word", 2_000, |n| search(text(format!("indicator {}", n % count))));
    told("search, a common word", 200, |_| search(text("loader".to_owned())));
    told("search, four words", 500, |n| search(text(format!("campaign {} sector {}", n % 977, n % 31))));
    told("search, type", 1_000, |_| search(SearchQuery { types: vec!["malware".to_owned()], ..any() }));
    told("search, tag", 1_000, |n| search(SearchQuery { tag: Some(format!("tag{}", n % 97)), ..any() }));
    told("search, newest with facets", 50, |_| search(SearchQuery { facets: true, ..any() }));
}
