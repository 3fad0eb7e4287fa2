//! Three ways to a node, one answer.

use serde_json::Value;

use crate::bench::{BUNDLE, Bench, INDICATOR, Said};

/// Commands that only read, so that they can be asked again.
const COMMANDS: &[&[&str]] = &[
    &["member", "list"],
    &["member", "show", "ACME"],
    &["person", "list"],
    &["collection", "list"],
    &["collection", "show", "Sector"],
    &["token", "list"],
    &["token", "show", "for tests"],
    &["lookup", "203.0.113.7", "198.51.100.1", "nonsense!"],
    &["search", "Crimson"],
    &["claims"],
    &["claims", "--mine", "--limit", "1"],
    &["search", "--facets", "--limit", "1"],
    &["show", INDICATOR],
    &["show", "indicator--00000000-0000-4000-8000-000000000000"],
    &["export"],
    &["export", "--format", "csv"],
    &["export", "--format", "csv", "--action", "context"],
    &["member", "show", "nobody"],
    &["search", "--next", "garbage"],
    &["import", "bundle.json", "--dry-run"],
];

#[test]
fn the_same_commands_give_the_same_over_all_three() {
    let bench = Bench::new();
    bench.write("bundle.json", BUNDLE);
    let owner = |arguments: &[&str]| bench.run(&[arguments, &["--data", "node", "--json"]].concat());
    let mut serving = bench.serve();
    owner(&["member", "add", "ACME"]).exits(0);
    owner(&["person", "add", "Ada", "--member", "ACME"]).exits(0);
    owner(&["collection", "add", "Sector"]).exits(0);
    owner(&["import", "bundle.json"]).exits(0);
    let roles = ["--role", "administrator", "--role", "analyst", "--name", "for tests"];
    let own = owner(&["whoami"]).text("/member/name");
    let token = owner(&[&["token", "add", "--member", &own], &roles[..]].concat()).exits(0).text("/secret");

    let url = serving.url().to_owned();
    let remote: Vec<Said> = COMMANDS
        .iter()
        .map(|arguments| {
            let mut command = bench.command(&[arguments, &["--json", "--url", &url][..]].concat());
            Said::of(command.env("ACCORD_TOKEN", &token))
        })
        .collect();
    let socket: Vec<Said> = COMMANDS.iter().map(|arguments| owner(arguments)).collect();
    serving.stop();
    let folder: Vec<Said> = COMMANDS.iter().map(|arguments| owner(arguments)).collect();
    for (at, arguments) in COMMANDS.iter().enumerate() {
        for (way, other) in [("remote", &remote[at]), ("folder", &folder[at])] {
            let here = &socket[at];
            assert_eq!(here.code, other.code, "{way} {arguments:?}: {} {}", here.err, other.err);
            assert_eq!(stable(&here.out), stable(&other.out), "{way} {arguments:?}");
            assert_eq!(here.err, other.err, "{way} {arguments:?}");
        }
    }
}

/// Without what differs from one asking to the next: submissions, sealed cursors, bundles made for the answer, when a
/// token was last used, and how often an import tells how far it is.
fn stable(text: &str) -> Vec<Value> {
    let read = |line: &str| {
        let Ok(mut document) = serde_json::from_str::<Value>(line) else {
            let head = line.split_once("bundle--").map(|(head, rest)| format!("{head}{}", &rest[36..]));
            return Value::from(head.unwrap_or_else(|| line.to_owned()));
        };
        let documents = match &mut document {
            Value::Array(items) => items.iter_mut().collect(),
            one => vec![one],
        };
        for fields in documents.into_iter().filter_map(Value::as_object_mut) {
            ["submission", "next", "last_used"].into_iter().for_each(|name| drop(fields.remove(name)));
        }
        document
    };
    text.lines().map(read).filter(|document| document["event"] != "progress").collect()
}

#[test]
fn a_node_with_tls_is_reached_by_who_trusts_its_authority() {
    let bench = Bench::new();
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    bench.write("certificate.pem", &made.cert.pem());
    bench.write("key.pem", &made.signing_key.serialize_pem());
    let serving = bench.serve_with(&["--tls-cert", "certificate.pem", "--tls-key", "key.pem"]);
    let url = serving.url();
    assert!(url.starts_with("https://"), "{url}");
    let secret = serving.greeting["secret"].as_str().unwrap();
    let stranger = bench.pipe(&["login", url], secret).exits(4);
    assert!(stranger.err.contains("--ca FILE"), "{}", stranger.err);
    bench.pipe(&["login", url, "--ca", "certificate.pem"], secret).exits(0);
    bench.run(&["whoami", "--url", url, "--ca", "certificate.pem"]).exits(0);
    // Whom to trust for it is kept with the token.
    bench.run(&["whoami", "--url", url]).exits(0);
    bench.run(&["whoami", "--url", url, "--ca", "key.pem"]).exits(4);
    bench.run(&["whoami", "--url", &url.replace("https", "http")]).exits(4);
}

// A command on the folder ends after the folder was closed: what it erased is in no file any more.
#[test]
fn what_a_command_erases_has_left_the_folder_when_it_ends() {
    const ID: &str = "malware--00000000-0000-4000-8000-000000000077";
    const NAME: &str = "Flumpquark";
    let bench = Bench::new();
    let malware = format!(
        r#"{{"type":"malware","spec_version":"2.1","id":"{ID}","created":"2026-01-01T00:00:00.000Z",
        "modified":"2026-01-01T00:00:00.000Z","is_family":false,"name":"{NAME}"}}"#
    );
    bench.write("malware.json", &malware);
    let left = |folder: &str| -> Vec<String> {
        let files = std::fs::read_dir(bench.path().join(folder)).unwrap();
        let holding = files.filter_map(|file| {
            let path = file.unwrap().path();
            let bytes = std::fs::read(&path).unwrap_or_default();
            let found = bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes());
            found.then(|| path.display().to_string())
        });
        holding.collect()
    };
    for round in 0..12 {
        let folder = format!("node{round}");
        bench.run(&["import", "malware.json", "--data", &folder]).exits(0);
        assert!(!left(&folder).is_empty());
        bench.run(&["erase", ID, "--reason", "a person's right", "--data", &folder]).exits(0);
        assert_eq!(left(&folder), [""; 0], "round {round}");
    }
}

// The same by subject: looked for first, and nobody is there to be asked.
#[test]
fn a_subject_is_erased_from_a_folder_after_a_look_and_a_yes() {
    let bench = Bench::new();
    let rows = "value,comment\n192.0.2.9,by Flump[.]quark[@]example[.]com\n192.0.2.10,else\n";
    bench.write("rows.csv", rows);
    bench.run(&["import", "rows.csv", "--data", "node"]).exits(0);
    let erase = |more: &[&str]| {
        let subject = ["erase", "--subject", "flump.quark@example.com", "--data", "node", "--json"];
        bench.run(&[&subject, more].concat())
    };
    let look = erase(&["--dry-run"]).exits(0).json();
    assert_eq!((&look["statements"], &look["dry_run"]), (&1.into(), &true.into()), "{look}");
    let unasked = erase(&["--reason", "request 4711"]).exits(2);
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);
    assert_eq!(erase(&["--dry-run"]).exits(0).json()["statements"], 1);
    let done = erase(&["--reason", "request 4711", "--yes"]).exits(0).json();
    assert_eq!((&done["statements"], &done["subject"]), (&1.into(), &"email".into()), "{done}");
    erase(&["--dry-run"]).exits(1);
    bench.run(&["lookup", "192.0.2.10", "--data", "node"]).exits(1);
    for file in std::fs::read_dir(bench.path().join("node")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default().to_ascii_lowercase();
        assert!(!bytes.windows(5).any(|window| window == b"flump"));
    }
}

#[test]
fn a_token_counts_also_beside_the_folder() {
    let bench = Bench::new();
    let owner = |arguments: &[&str]| bench.run(&[arguments, &["--data", "node", "--json"]].concat());
    let mut serving = bench.serve();
    owner(&["member", "add", "ACME"]).exits(0);
    let token = owner(&["token", "add", "--member", "ACME", "--role", "reader"]).exits(0).text("/secret");
    let by = |token: &str, arguments: &[&str]| {
        let mut command = bench.command(&[arguments, &["--data", "node", "--json"]].concat());
        Said::of(command.env("ACCORD_TOKEN", token))
    };
    let tries = || {
        assert_eq!(by(&token, &["whoami"]).exits(0).text("/member/name"), "ACME");
        by(&token, &["member", "add", "Birch"]).exits(3);
        by("acc_unknown", &["whoami"]).exits(3);
        assert_ne!(owner(&["whoami"]).exits(0).text("/member/name"), "ACME");
    };
    tries();
    serving.stop();
    tries();
}
