//! How fast parsing and checking are: `cargo run --release -p stix --example stix_speed`, with `ACCORD_CORPUS` set for real
//! objects too.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement fails and speaks as tests do"
)]

use std::time::Instant;

use stix::Limits;

fn main() {
    let indicator = br#"{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
        "created_by_ref":"identity--f431f809-377b-45e0-aa1c-6a4751cae5ff","created":"2016-04-06T20:03:48.000Z",
        "modified":"2016-04-06T20:03:48.000Z","name":"a","description":"b","indicator_types":["malicious-activity"],
        "pattern":"[file:hashes.'SHA-256' = '4bac27393bdd9777ce02453256c5577cd02275510b2227f473d03f533924f877']",
        "pattern_type":"stix","valid_from":"2016-01-01T00:00:00Z","labels":["a","b"],"confidence":50,
        "object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"]}"#;
    measure("an indicator", &[indicator.to_vec()]);
    let address =
        br#"{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4",
        "value":"198.51.100.3"}"#;
    measure("an address", &[address.to_vec()]);
    let Some(root) = std::env::var_os("ACCORD_CORPUS") else { return };
    let file = std::path::Path::new(&root).join("stix/ics-attack-18.0.json");
    let bytes = std::fs::read(file).unwrap();
    let bundle = strictjson::parse(&bytes, &strictjson::Limits::default()).unwrap();
    let bundle = stix::bundle::Bundle::from_node(&bundle).unwrap();
    let objects = bundle.members().iter().filter_map(|node| node.span.of(&bytes)).map(<[u8]>::to_vec);
    measure("ATT&CK", &objects.collect::<Vec<_>>());
}

/// Prints what parsing, checking and following references cost for each of these objects.
fn measure(what: &str, objects: &[Vec<u8>]) {
    let limits = strictjson::Limits::default();
    let nodes: Vec<_> = objects.iter().map(|bytes| strictjson::parse(bytes, &limits).unwrap()).collect();
    let rounds = 40_000 / objects.len();
    let each = |job: &dyn Fn(usize) -> usize| {
        let start = Instant::now();
        let sum: usize = (0..rounds).flat_map(|_| 0..objects.len()).map(job).sum();
        let micros = start.elapsed().as_secs_f64() * 1e6;
        assert!(sum < usize::MAX, "the work is not optimised away");
        micros / (rounds * objects.len()) as f64
    };
    let quiet = Limits { findings: 0, ..Limits::default() };
    println!(
        "{what}, {} bytes: parse {:.2} us, check {:.2} us, without listing findings {:.2} us, references {:.2} us",
        objects.iter().map(Vec::len).sum::<usize>() / objects.len(),
        each(&|at| strictjson::parse(&objects[at], &limits).unwrap().span.end),
        each(&|at| stix::check(&nodes[at], &Limits::default()).findings.len()),
        each(&|at| stix::check(&nodes[at], &quiet).findings.len()),
        each(&|at| stix::references(&nodes[at]).len()),
    );
}
