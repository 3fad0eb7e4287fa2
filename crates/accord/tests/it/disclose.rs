//! Disclosures under compulsion from the command line.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::bench::{BUNDLE, Bench, INDICATOR, Said};

#[test]
fn what_is_disclosed_is_written_once_and_recorded_whatever_becomes_of_the_output() {
    let bench = Bench::new();
    bench.write("bundle.json", BUNDLE);
    let serving = bench.serve();
    let on = |arguments: &[&str]| bench.run(&[arguments, &["--data", "node"]].concat());
    on(&["import", "bundle.json"]).exits(0);
    let order = ["disclose", INDICATOR, "--to", "A court", "--basis", "order 7"];
    let disclose = |more: &[&str]| on(&[&order[..], more].concat());
    let count = || on(&["ledger", "--disclosures", "--json"]).exits(0).json()["total"].as_u64().unwrap();
    // Nobody is there to confirm; and whatever is not said.
    disclose(&[]).exits(2);
    on(&["disclose", INDICATOR, "--to", "A court", "--yes"]).exits(2);
    assert_eq!(count(), 0);
    let told = disclose(&["--yes", "--out", "order-7.json"]).exits(0);
    assert!(told.out.starts_with("recorded as disclosure "), "{}", told.out);
    let file = bench.path().join("order-7.json");
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(
        (written["objects"][0]["id"].as_str(), written["objects"].as_array().map(Vec::len)),
        (Some(INDICATOR), Some(1))
    );
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // A file that is there is left alone, and nothing is recorded for it.
    disclose(&["--yes", "--out", "order-7.json"]).exits(2);
    assert_eq!(count(), 1);
    // What cannot be written after that counts as given.
    let mut command = bench.command(&[&order[..], &["--yes", "--data", "node"]].concat());
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = command.stdout(full).stderr(Stdio::null()).status().unwrap();
    assert!(!status.success());
    assert_eq!(count(), 2);
    let ledger = on(&["ledger", INDICATOR]).exits(0);
    assert_eq!(
        ledger.out.matches("disclosed it under compulsion to A court (order 7)").count(),
        2,
        "{}",
        ledger.out
    );
    // Over the network no token does it, whatever its roles.
    let token = on(&["token", "add", "--member", "This organisation", "--role", "administrator", "--json"])
        .exits(0)
        .text("/secret");
    let mut command = bench.command(&[&order[..], &["--yes"]].concat());
    command.env("ACCORD_URL", serving.url()).env("ACCORD_TOKEN", &token);
    Said::of(command.stdout(Stdio::piped()).stderr(Stdio::piped())).exits(3);
    assert_eq!(count(), 2);
    assert!(serving.get("/livez").starts_with("HTTP/1.1 200"));
}
