//! Where settings come from.

use crate::bench::{Bench, Said};

#[test]
fn origins_are_told() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path().join("node")).unwrap();
    bench.write("node/accord.toml", "# ours\n[node]\ntitle = \"of the file\"\ncontact = \"x\"\n");
    let mut command =
        bench.command(&["config", "show", "--data", "node", "--set", "limits.page=9", "--json"]);
    command.env("ACCORD_NODE_CONTACT", "of the environment").env("ACCORD_TOKEN", "acc_secret");
    let said = Said::of(&mut command).exits(0);
    let rows = said.json();
    let row = |key: &str| rows.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap().clone();
    assert_eq!((&row("node.title")["value"], &row("node.title")["line"]), (&"of the file".into(), &3.into()));
    assert_eq!(
        (&row("node.contact")["from"], &row("node.contact")["name"]),
        (&"env".into(), &"ACCORD_NODE_CONTACT".into())
    );
    assert_eq!((&row("limits.page")["from"], &row("limits.page")["value"]), (&"flag".into(), &9.into()));
    assert_eq!(row("node.anonymous")["from"], "default");
    assert_eq!(row("data")["name"], "--data");
    assert_eq!(row("token")["value"], "redacted");
    assert!(!said.out.contains("acc_secret"));
    for row in rows.as_array().unwrap() {
        assert!(row["unit"].as_str().is_some_and(|unit| !unit.is_empty()), "{row}");
        assert!(row["about"].as_str().is_some_and(|about| !about.is_empty()), "{row}");
    }
}

#[test]
fn the_table_says_units_too() {
    let said = Bench::new().run(&["config", "show"]).exits(0);
    let content = said.out.lines().find(|line| line.starts_with("limits.content ")).unwrap().to_owned();
    assert_eq!(
        content.split_whitespace().collect::<Vec<_>>(),
        ["limits.content", "33554432", "bytes", "default"]
    );
}

#[test]
fn unknown_keys_are_refused_by_name_and_line() {
    let bench = Bench::new();
    bench.write("other.toml", "[node]\ntitle = \"x\"\n\n[listen]\nadress = \"y\"\n");
    for arguments in [&["config", "show"][..], &["serve"], &["whoami"]] {
        let said = bench.run(&[arguments, &["--config", "other.toml"]].concat()).exits(2);
        assert!(said.err.contains("`listen.adress`") && said.err.contains("line 5"), "{}", said.err);
        assert!(said.err.contains("hint: "), "{}", said.err);
    }
    let said = Said::of(bench.command(&["config", "show"]).env("ACCORD_NODE_TITEL", "x")).exits(2);
    assert!(said.err.contains("ACCORD_NODE_TITEL"), "{}", said.err);
    assert!(!bench.path().join("accord-data").exists(), "a refused setting leaves nothing behind");
}

#[test]
fn settings_reach_the_node() {
    let bench = Bench::new();
    let serving =
        bench.serve_with(&["--public-url", "https://ti.example.org/x", "--set", "node.anonymous=true"]);
    assert_eq!(serving.greeting["url"], "https://ti.example.org/x");
    let said = bench
        .run(&["whoami", "--url", serving.greeting["addresses"][0].as_str().unwrap(), "--json"])
        .exits(0);
    assert_eq!(said.json()["anonymous"], true);
}
