//! Figures, not judgements: `cargo test --release -p store -- --ignored measure --nocapture`, with the number of
//! statements in `STORE_MEASURE` (100,000 unless set).

use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use model::{Label, Timestamp, Tlp};
use store::find::{Hit, Keys};
use store::read::{LabelId, Visible};
use store::record::{Index, Media, NewStatement, ObjectKey};
use store::{Options, Store};
use uuid::Uuid;

use crate::support::{START, World, all, anything, batch, key, member, statement};

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.next(), self.next())
    }
}

const KINDS: [&str; 8] =
    ["indicator", "relationship", "malware", "ipv4-addr", "domain-name", "report", "sighting", "file"];

/// A statement of about 868 bytes with two observables, two references, a short text, a name and a tag.
pub fn synthetic(random: &mut Random, known: &[ObjectKey]) -> NewStatement {
    let object = ObjectKey { kind: KINDS[random.below(8) as usize].to_owned(), uuid: random.uuid() };
    let pick = |random: &mut Random| match known.len() as u64 {
        0 => key("identity", 1),
        n => known[random.below(n) as usize].clone(),
    };
    let observable = |random: &mut Random| match random.below(3) {
        0 => [&[4][..], &(random.next() as u32).to_be_bytes()].concat(),
        1 => format!("\x05com.example{}.host{}", random.below(500_000), random.below(4)).into_bytes(),
        _ => [&[7][..], &random.next().to_be_bytes(), &random.next().to_be_bytes()].concat(),
    };
    let mut text = String::new();
    for _ in 0..10 {
        let _ = write!(text, "word{} ", random.below(1 + random.0 % 5000));
    }
    let version = Timestamp(START + (random.below(1 << 30) as i64) * 1000);
    let mut body =
        format!("{{\"type\":\"{}\",\"id\":\"{object}\",\"description\":\"{text}\",\"x\":\"", object.kind);
    while body.len() < 866 {
        let _ = write!(body, "{:016x}", random.next());
    }
    body.truncate(866);
    body.push_str("\"}");
    NewStatement {
        version: Some(version),
        version_text: Some(version.millis_text()),
        author: Some(format!("identity--{}", Uuid::from_u128(u128::from(random.below(10))))),
        speaks_for: Vec::new(),
        owned: true,
        bound: true,
        pattern_type: None,
        revoked: false,
        label: Label::new(member(1), Tlp::ALL[random.below(4) as usize]),
        media: Media::Stix21,
        body: body.into_bytes(),
        wire: None,
        collections: Vec::new(),
        waits_for: Vec::new(),
        index: Index {
            observables: vec![observable(random), observable(random)],
            references: vec![
                (pick(random), "source_ref".to_owned()),
                (pick(random), "target_ref".to_owned()),
            ],
            names: vec![format!("name {}", random.next())],
            text,
            tags: vec![format!("tag{}", random.below(50))],
            ..Index::default()
        },
        object,
    }
}

fn ticks(of: &str) -> f64 {
    let mut sum = 0.0;
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap();
        let (name, rest) = stat.rsplit_once(')').unwrap();
        if name.contains(of) {
            let fields: Vec<&str> = rest.split_whitespace().collect();
            sum += fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        }
    }
    sum / 100.0
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

#[test]
#[ignore = "a measurement: figures, not judgements"]
fn measure() {
    let count: usize = std::env::var("STORE_MEASURE").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let world = World::new();
    let mut random = Random(1);
    let mut known = Vec::new();
    let began = Instant::now();
    let (mut wall, mut tenth) = (0.0, (Instant::now(), ticks("store-writer")));
    for round in 0..count / 1000 {
        let mut items = Vec::new();
        for _ in 0..1000 {
            let new = synthetic(&mut random, &known);
            known.push(new.object.clone());
            items.push(statement(new));
        }
        let mut batch = batch(round as u128 + 1, 1, START, items);
        batch.submission.outcomes = false;
        let at = Instant::now();
        world.store.append(anything(world.facts), batch).unwrap();
        wall += at.elapsed().as_secs_f64();
        if (round + 1) % (count / 10_000).max(1) == 0 {
            let cpu = ticks("store-writer");
            let n = (count / 10_000).max(1) * 1000;
            println!(
                "{:>8}: {:.1} us CPU each, {:.1} us wall each, RSS {:.0} MiB",
                (round + 1) * 1000,
                (cpu - tenth.1) * 1e6 / n as f64,
                wall * 1e6 / n as f64,
                resident_mib()
            );
            wall = 0.0;
            tenth = (Instant::now(), cpu);
        }
    }
    let cpu = ticks("store-writer");
    println!(
        "append: {count} in {:.1} s, {:.1} us CPU each",
        began.elapsed().as_secs_f64(),
        cpu * 1e6 / count as f64
    );
    let mut slowest = 0.0f64;
    let (at, before) = (Instant::now(), ticks("store-writer"));
    for n in 0..2_000u128 {
        let one = Instant::now();
        let new = synthetic(&mut random, &[]);
        world
            .store
            .append(anything(world.facts), batch(1 << 40 | n, 1, START, vec![statement(new)]))
            .unwrap();
        slowest = slowest.max(one.elapsed().as_secs_f64());
    }
    println!(
        "one by one: {:.0} us each, {:.0} us CPU, slowest {:.1} ms",
        at.elapsed().as_secs_f64() * 1e6 / 2_000.0,
        (ticks("store-writer") - before) * 1e6 / 2_000.0,
        slowest * 1e3
    );
    let size = std::fs::metadata(world.folder.path().join("record.sqlite")).unwrap().len();
    println!("file {:.0} MiB", size as f64 / 1048576.0);
    let World { store, folder, .. } = world;
    let at = Instant::now();
    drop(store);
    println!("close {:.1} ms", at.elapsed().as_secs_f64() * 1e3);
    println!("for `measure_reading`: STORE_FOLDER={}", folder.keep().display());
}

/// Opens a folder that `measure` left behind and reads: the process is fresh, so its memory is the store's. What a bare scan of
/// the engine takes beside it `xtask bench exchange` says.
#[test]
#[ignore = "a measurement: figures, not judgements"]
fn measure_reading() {
    let Ok(folder) = std::env::var("STORE_FOLDER") else {
        return println!("skipped: STORE_FOLDER is not set");
    };
    let folder = Path::new(&folder);
    let before = resident_mib();
    let at = Instant::now();
    let store = Store::open(folder, &Options::default()).unwrap();
    let opened = at.elapsed();
    let end = store.snapshot().unwrap().end();
    println!(
        "open {:.1} ms, first snapshot {:.1} ms, {end} positions",
        opened.as_secs_f64() * 1e3,
        at.elapsed().as_secs_f64() * 1e3
    );
    println!("resident {:.1} MiB, {before:.1} before", resident_mib());
    let mut visible = Visible::default();
    (0..64).for_each(|label| visible.allow(LabelId(label)));
    let mut random = Random(3);
    for limit in [100u64, 1000, 5000] {
        let rounds = 1_000_000 / limit;
        let cpu = ticks("");
        for _ in 0..rounds {
            let mut query = all(&visible);
            query.from = random.below(end - limit).into();
            query.limit = limit as usize;
            let mut bytes = Vec::new();
            store.snapshot().unwrap().page(&query, &mut |entry| bytes.extend_from_slice(entry.wire)).unwrap();
        }
        let ours = ticks("") - cpu;
        println!("page of {limit}: {:.3} CPU-ms", ours * 1e3 / rounds as f64);
    }
    let (mut hits, mut slowest, at) = (0, 0.0f64, Instant::now());
    for _ in 0..2_000 {
        let key = [&[4][..], &(random.next() as u32).to_be_bytes()].concat();
        let host = format!("\x05com.example{}.host{}", random.below(500_000), random.below(4)).into_bytes();
        for key in [key, host] {
            let one = Instant::now();
            let mut each = |_: &[u8], _: &Hit<'_>| {
                hits += 1;
                ControlFlow::Continue(())
            };
            store.snapshot().unwrap().mentions(&visible, Keys::One(&key), &mut each).unwrap();
            slowest = slowest.max(one.elapsed().as_secs_f64());
        }
    }
    println!(
        "mention: {:.1} us, slowest {:.0} us, {hits} hits",
        at.elapsed().as_secs_f64() * 1e6 / 4_000.0,
        slowest * 1e6
    );
    println!("resident {:.1} MiB", resident_mib());
    std::thread::sleep(std::time::Duration::from_secs(6));
    println!("resident {:.1} MiB after a rest", resident_mib());
}
