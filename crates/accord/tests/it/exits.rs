//! The exit codes, and that each failure says what is wrong and what to do next.

use crate::bench::{BUNDLE, Bench, INDICATOR};

#[test]
fn the_table_of_exit_codes() {
    let bench = Bench::new();
    bench.write("bundle.json", BUNDLE);
    let bad = BUNDLE.replace(r#""pattern":"[ipv4-addr:value = '203.0.113.7']","#, "");
    bench.write("bad.json", &bad);
    bench.write("garbage.json", "{\"type\":");
    let serving = bench.serve();
    let url = serving.url().to_owned();
    let owner = |arguments: &[&str]| bench.run(&[arguments, &["--data", "node"]].concat());
    owner(&["member", "add", "ACME"]).exits(0);
    let token =
        owner(&["token", "add", "--member", "ACME", "--role", "reader", "--json"]).exits(0).text("/secret");
    let reader = ["--url", &url, "--token", &token];

    let taken = url.trim_start_matches("http://").trim_end_matches('/').to_owned();

    let table: &[(i32, &[&str])] = &[
        (0, &["member", "list", "--data", "node"]),
        (0, &["import", "bundle.json", "--data", "node"]),
        (0, &["lookup", "198.51.100.77", "--data", "node"]),
        (1, &["lookup", "203.0.113.7", "--data", "node"]),
        (1, &["import", "bad.json", "--data", "node"]),
        (1, &["show", "indicator--00000000-0000-4000-8000-000000000000", "--data", "node"]),
        (1, &["member", "show", "nobody", "--data", "node"]),
        (2, &["lookup", "--bogus"]),
        (2, &["nonsense"]),
        (2, &["import", "missing.json", "--data", "node"]),
        (2, &["import", ".", "--data", "node"]),
        (2, &["lookup", "not a value at all!", "--data", "node"]),
        (2, &["whoami", "--data", "nowhere"]),
        (2, &["whoami", "--url", "gopher://x"]),
        (2, &["search", "--added-after", "yesterday", "--data", "node"]),
        (2, &["collection", "add", "C", "--filter", "type = ", "--data", "node"]),
        (2, &["collection", "add", "C", "--ceiling", "purple", "--data", "node"]),
        (2, &["token", "add", "--member", "ACME", "--role", "king"]),
        (2, &["token", "add", "--member", "ACME", "--role", "reader", "--expire", "soon", "--data", "node"]),
        (2, &["serve", "--listen", "nonsense", "--data", "other"]),
        (3, &["whoami", "--url", &url, "--token", "acc_nonsense"]),
        (3, &[&["member", "add", "Other"], &reader[..]].concat()),
        (3, &[&["import", "bundle.json"], &reader[..]].concat()),
        (3, &[&["withdraw", INDICATOR], &reader[..]].concat()),
        (3, &["backup", "copy", "--url", &url, "--token", &token, "--data", "nowhere"]),
        (4, &["whoami", "--url", "http://127.0.0.1:9"]),
        (4, &["whoami", "--url", "https://127.0.0.1:9"]),
        (5, &["member", "add", "ACME", "--data", "node"]),
        (5, &["serve", "--data", "node", "--listen", "127.0.0.1:0"]),
        (5, &["serve", "--data", "new", "--listen", &taken]),
    ];
    for (code, arguments) in table {
        let said = bench.run(arguments);
        assert_eq!(said.code, *code, "{arguments:?}\nout: {}\nerr: {}", said.out, said.err);
        // clap writes its own, with a usage line.
        if *code > 1
            && !said.err.contains("Usage:")
            && !said.err.contains("possible values")
            && !said.out.contains("not understood")
        {
            let first = said.err.lines().find(|line| line.starts_with("error: "));
            assert!(first.is_some(), "{arguments:?}: {}", said.err);
        }
    }
    for folder in ["nowhere", "other", "new"] {
        assert!(!bench.path().join(folder).exists(), "{folder} was made");
    }
}

#[test]
fn a_failure_in_json_is_a_document() {
    let bench = Bench::new();
    let said = bench.run(&["whoami", "--url", "http://127.0.0.1:9", "--json"]).exits(4);
    let document: serde_json::Value = serde_json::from_str(said.err.trim()).unwrap();
    assert_eq!(document["error"]["exit"], 4);
    assert!(document["error"]["hint"].is_string() && said.out.is_empty());
}

#[test]
fn a_note_that_is_refused_says_why_and_exits_1() {
    let bench = Bench::new();
    bench.write("bundle.json", BUNDLE);
    let run = |arguments: &[&str]| bench.run(&[arguments, &["--data", "node"]].concat());
    run(&["member", "add", "Blue"]).exits(0);
    run(&["import", "bundle.json", "--tlp", "amber", "--to", "member:Blue"]).exits(0);
    run(&["note", INDICATOR, "seen", "--tlp", "amber"]).exits(0);
    let said = run(&["note", INDICATOR, "seen too", "--tlp", "red"]).exits(1);
    assert!(said.out.starts_with("rejected  note--"), "{}", said.out);
    assert!(said.out.trim_end().split("  ").count() > 2, "no reason: {}", said.out);
    run(&["note", INDICATOR, "seen again", "--tlp", "red", "--json"]).exits(1);
}

#[test]
fn arguments_that_make_no_sense_are_told_in_json_to_who_asks_for_it() {
    let bench = Bench::new();
    let of = |arguments: &[&str]| {
        let said = bench.run(arguments).exits(2);
        assert!(said.out.is_empty(), "{}", said.out);
        let document: serde_json::Value = serde_json::from_str(said.err.trim()).unwrap();
        assert_eq!(document["error"]["exit"], 2);
        let text = |name: &str| document["error"][name].as_str().unwrap_or_default().to_owned();
        (text("message"), text("hint"))
    };
    assert_eq!(of(&["lookup", "--bogus", "--json"]).0, "unexpected argument '--bogus' found");
    assert!(of(&["--json", "shwo"]).1.contains("'show'"));
    assert!(of(&["--json", "show"]).0.contains("<ID>"));
    assert_eq!(of(&["--json", "member"]).0, "a command is missing");
    // Help is help, and what stands behind `--` is no flag.
    assert!(bench.run(&["show", "--help", "--json"]).exits(0).out.contains("Usage:"));
    assert!(bench.run(&["show", "--bogus", "--", "--json"]).exits(2).err.starts_with("error: "));
}

#[test]
fn a_flag_is_told_by_the_name_that_was_typed() {
    let bench = Bench::new();
    for (flag, arguments) in [
        ("--expire", &["token", "add", "--member", "A", "--role", "reader", "--expire", "5y"][..]),
        ("--expires", &["circle", "invite", "C", "--expires", "soon"]),
        ("--expire", &["import", "x.csv", "--expire", "0d"]),
    ] {
        let said = bench.run(arguments).exits(2);
        assert!(said.err.contains(&format!("'{flag} <")) && said.err.contains("`30d`"), "{}", said.err);
    }
    let said =
        bench.run(&["serve", "--data", "n", "--listen", "127.0.0.1:0", "--tls-client-ca", "ca.pem"]).exits(2);
    assert!(said.err.contains("`listen.tls_client_ca`: needs `listen.tls_certificate`"), "{}", said.err);
}
