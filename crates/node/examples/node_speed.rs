//! What judging costs, step by step, and what imports do in all, of made-up objects and of files:
//! `cargo run --release -p node --example node_speed [objects [file…]]`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement fails and speaks as tests do"
)]

use std::sync::Arc;
use std::time::Instant;

use node::core::{index, observables, reading};
use node::{ImportOptions, Node, Settings};

fn main() {
    let count: u32 = std::env::args().nth(1).map_or(100_000, |text| text.parse().unwrap());
    let objects: Vec<String> = (0..count).map(object).collect();
    steps(&objects);
    let folder = tempfile::tempdir().unwrap();
    let node =
        Node::open(folder.path(), Settings::default(), Arc::new(|| model::Timestamp(1_788_220_800_000_000)));
    let node = node.unwrap();
    let bundle = format!("{{\"objects\":[{}]}}", objects.join(","));
    import(&node, "made up", bundle.as_bytes());
    for file in std::env::args().skip(2) {
        import(&node, &file, &std::fs::read(&file).unwrap());
    }
}

// Twice: when it is new, and when all of it is known.
fn import(node: &Node, what: &str, bytes: &[u8]) {
    for when in ["new", "known"] {
        let (cpu, start) = (cpu_seconds(), Instant::now());
        let options = ImportOptions::default();
        let summary = node.import(&node.operator(), &options, &mut &*bytes, &mut |_| {}).unwrap();
        let (cpu, wall) = (cpu_seconds() - cpu, start.elapsed().as_secs_f64());
        let rate = |seconds: f64| summary.objects as f64 / seconds;
        println!(
            "{what}, {} {when}: {:.0} a CPU-second, {:.0} a second",
            summary.objects,
            rate(cpu),
            rate(wall)
        );
    }
}

fn steps(objects: &[String]) {
    let limits = strictjson::Limits::default();
    let objects = &objects[..objects.len().min(20_000)];
    let nodes: Vec<_> =
        objects.iter().map(|text| strictjson::parse(text.as_bytes(), &limits).unwrap()).collect();
    let each = |what: &str, job: &dyn Fn(usize) -> usize| {
        let start = Instant::now();
        let sum: usize = (0..objects.len()).map(job).sum();
        let micros = start.elapsed().as_secs_f64() * 1e6 / objects.len() as f64;
        assert!(sum < usize::MAX, "the work is not optimised away");
        println!("{what}: {micros:.2} us");
    };
    println!("{} bytes an object", objects.iter().map(String::len).sum::<usize>() / objects.len());
    each("parse", &|at| strictjson::parse(objects[at].as_bytes(), &limits).unwrap().span.end);
    each("check", &|at| stix::check(&nodes[at], &stix::Limits::default()).findings.len());
    each("observables", &|at| observables::observables(&nodes[at]).observables.len());
    each("references", &|at| stix::references(&nodes[at]).len());
    each("index, with these two", &|at| index::of(&nodes[at]).text.len());
    each("reading, with all of it", &|at| reading::read(objects[at].as_bytes(), None).unwrap().len());
}

// User and system time of this process, in seconds; the kernel counts in hundredths.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn object(n: u32) -> String {
    let id = |kind: &str, n: u32| format!("{kind}--5e00b3c1-{:04x}-4abc-8def-{n:012x}", n % 0xffff);
    let at = format!("2026-0{}-{:02}T{:02}:00:00.{:03}Z", 1 + n % 8, 1 + n % 28, n % 24, n % 1_000);
    let prose = "beacon loader campaign phishing infrastructure observed credential delivery staging ";
    let green = "\"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"]";
    if n % 4 == 3 {
        return format!(
            "{{\"type\":\"relationship\",\"spec_version\":\"2.1\",\"id\":\"{}\",\"created\":\"{at}\",\"modified\":\"{at}\",\
             \"relationship_type\":\"related-to\",\"source_ref\":\"{}\",\"target_ref\":\"{}\",\"description\":\"{}\",{green}}}",
            id("relationship", n),
            id("indicator", n - 1),
            id("indicator", n - 2),
            prose.repeat(5)
        );
    }
    format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"{}\",\"created\":\"{at}\",\"modified\":\"{at}\",\
         \"name\":\"C2 address {n}\",\"description\":\"{}\",\"indicator_types\":[\"malicious-activity\"],\
         \"pattern\":\"[ipv4-addr:value = '198.{}.{}.{}'] OR [domain-name:value = 'h{n}.bad.example']\",\
         \"pattern_type\":\"stix\",\"valid_from\":\"{at}\",\"confidence\":50,\"labels\":[\"made-up\",\"batch-{}\"],\
         \"external_references\":[{{\"source_name\":\"made up\",\"external_id\":\"M{n}\"}}],{green}}}",
        id("indicator", n),
        prose.repeat(3),
        n >> 16 & 255,
        n >> 8 & 255,
        n & 255,
        n / 1_000
    )
}
