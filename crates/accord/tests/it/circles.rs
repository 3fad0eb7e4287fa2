//! Circles from the command line.

use std::process::Stdio;

use crate::bench::{BUNDLE, Bench, INDICATOR, Said};

const CHARTER: &str = "agreement = '''\nWe keep to it.\nAnd to this.\n'''\nceiling = \"amber\"\n\
    vocabulary = [\"sector:*\"]\n[iep]\npermitted_actions = \"internally-visible-actions\"\n\
    start_date = 2026-01-01T00:00:00Z\n";

/// Somebody who uses a node by his token.
struct Somebody<'b> {
    bench: &'b Bench,
    url: String,
    token: String,
}

impl Somebody<'_> {
    fn run(&self, arguments: &[&str]) -> Said {
        let mut command = self.bench.command(arguments);
        command.env("ACCORD_URL", &self.url).env("ACCORD_TOKEN", &self.token);
        Said::of(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    }
}

#[test]
fn a_circle_is_made_joined_upgraded_and_left() {
    let bench = Bench::new();
    let serving = bench.serve();
    let on = |arguments: &[&str]| bench.run(&[arguments, &["--data", "node", "--json"]].concat());
    let somebody = |name: &str| {
        on(&["member", "add", name]).exits(0);
        let roles = ["--role", "analyst", "--role", "organisation-administrator"];
        let token = on(&[&["token", "add", "--member", name][..], &roles].concat()).exits(0).text("/secret");
        Somebody { bench: &bench, url: serving.url().to_owned(), token }
    };
    let (blue, green) = (somebody("Blue"), somebody("Green"));
    bench.write("charter.toml", CHARTER);
    blue.run(&["circle", "add", "Ransom"]).exits(0);
    let secret = blue.run(&["circle", "invite", "Ransom", "--json"]).exits(0).text("/secret");
    let joined = green.run(&["circle", "join", &secret]).exits(0);
    assert!(joined.out.starts_with("joined Ransom"), "{}", joined.out);
    green.run(&["circle", "join", &secret]).exits(1);
    let listed = green.run(&["circle", "list"]).exits(0);
    assert!(listed.out.contains("Ransom") && listed.out.contains("AMBER+STRICT"), "{}", listed.out);
    blue.run(&["circle", "expel", "Ransom", "Green"]).exits(0);
    green.run(&["circle", "show", "Ransom"]).exits(1);

    blue.run(&["circle", "upgrade", "Ransom", "--charter", "charter.toml"]).exits(0);
    let secret = blue.run(&["circle", "invite", "Ransom", "--json"]).exits(0).text("/secret");
    let shown = green.run(&["circle", "join", &secret]).exits(0);
    assert!(
        shown.out.starts_with("not joined yet") && shown.out.contains("\n  And to this.\n"),
        "{}",
        shown.out
    );
    let digest = shown.err.split("--agree ").nth(1).unwrap().split('`').next().unwrap();
    green.run(&["circle", "join", &secret, "--agree", digest]).exits(0);
    let shown = green.run(&["circle", "show", "Ransom"]).exits(0);
    for word in ["Blue", "TLP:AMBER", "internally-visible-actions", "expel by Blue (Green)", digest] {
        assert!(shown.out.contains(word), "{word}: {}", shown.out);
    }
    // What it says anew of how long words are kept binds who agrees to it.
    assert!(shown.out.contains("no charter erases them"), "{}", shown.out);
    bench.write("shorter.toml", &format!("retention_days = 30\n{CHARTER}"));
    blue.run(&["circle", "upgrade", "Ransom", "--charter", "shorter.toml"]).exits(0);
    let shown = green.run(&["circle", "show", "Ransom"]).exits(0);
    assert!(shown.out.contains("no charter erases them"), "{}", shown.out);
    let asked = shown.err.split('`').nth(1).unwrap().strip_prefix("accord ").unwrap().replace('\'', "");
    let asked: Vec<&str> = asked.split(' ').collect();
    assert_eq!(asked[..3], ["circle", "agree", "Ransom"]);
    green.run(&["circle", "agree", "Ransom", digest]).exits(5);
    assert!(green.run(&asked).exits(0).out.starts_with("agreed to Ransom"));
    let shown = green.run(&["circle", "show", "Ransom"]).exits(0);
    assert!(shown.out.contains("30 days") && shown.out.contains("agree by Green"), "{}", shown.out);
    assert!(!shown.err.contains("agree"), "{}", shown.err);
    let told = green.run(&["preview", "--to", "circle:Ransom"]).exits(0);
    assert!(told.out.contains("kept for 30 days, by charter"), "{}", told.out);
    // What is said to it is seen there, and told to be for it.
    bench.write("bundle.json", BUNDLE);
    let import = ["import", "bundle.json", "--tlp", "amber", "--to", "circle:Ransom", "--json"];
    let summary = blue.run(&import).exits(0).lines().pop().unwrap();
    assert_eq!(summary["new"], 3, "{summary}");
    let shown = green.run(&["show", INDICATOR]).exits(0);
    for words in ["circle Ransom", "internally-visible-actions", "policy", "unmodified resale may"] {
        assert!(shown.out.contains(words), "{words}: {}", shown.out);
    }
    on(&["show", INDICATOR]).exits(1);
    // The policy comes out as a file of its own, and goes in as one.
    let policy = blue.run(&["circle", "show", "Ransom", "--iep"]).exits(0).out;
    assert!(policy.contains("\"iep_version\":2.0") && policy.contains("\"tlp\":\"amber\""), "{policy}");
    bench.write("policy.json", &policy.replace("\"attribution\":\"may\"", "\"attribution\":\"must\""));
    let upgrade = ["circle", "upgrade", "Ransom", "--charter", "charter.toml", "--iep", "policy.json"];
    blue.run(&upgrade).exits(0);
    assert!(green.run(&["circle", "show", "Ransom"]).exits(0).out.contains("must"));
    for arguments in [&["preview", "--to", "circle:Ransom"][..], &["trace", INDICATOR]] {
        let told = blue.run(arguments).exits(0);
        assert!(told.out.contains("sees Green: in the circle `Ransom`"), "{}", told.out);
    }
    green.run(&["trace", INDICATOR]).exits(3);
    // What left is told of, and who has it; whoever has read of the recall has confirmed it.
    green.run(&["export"]).exits(0);
    assert!(blue.run(&["recall", INDICATOR, "--reason", "ours"]).exits(2).err.contains("--yes"));
    let told = blue.run(&["recall", INDICATOR, "--reason", "our own scanner", "--yes"]).exits(0);
    assert!(told.out.contains("Green may hold 1 object  not confirmed"), "{}", told.out);
    let note = told.out.split_whitespace().find(|word| word.starts_with("note--")).unwrap();
    let confirmed = green.run(&["recall", "confirm", note]).exits(0);
    assert!(
        confirmed.out.contains("our own scanner") && confirmed.out.contains("confirmed"),
        "{}",
        confirmed.out
    );
    let told = blue.run(&["recall", "show", note]).exits(0);
    assert!(told.out.contains("Green may hold 1 object  confirmed"), "{}", told.out);
    green.run(&["recall", "show", INDICATOR]).exits(1);
    let wide = blue.run(&["relabel", INDICATOR, "--everybody"]).exits(0);
    assert_eq!(wide.out, "relabelled: 1 version\n");
    on(&["show", INDICATOR]).exits(0);
    blue.run(&["relabel", INDICATOR]).exits(2);
    blue.run(&["relabel", INDICATOR, "--lift"]).exits(5);
    green.run(&["relabel", INDICATOR, "--tlp", "red"]).exits(3);
    // The operator is in none of it.
    assert_eq!(on(&["circle", "list"]).exits(0).out, "[]\n");
    assert!(!on(&["audit"]).exits(0).out.contains("circle"));
    green.run(&["circle", "leave", "Ransom"]).exits(0);
    let wrong = bench.run(&["circle", "add", "X", "--charter", "nothing.toml", "--data", "node"]).exits(2);
    assert!(wrong.err.contains("nothing.toml"), "{}", wrong.err);
    blue.run(&["circle", "revoke", "Ransom"]).exits(0);
    assert_eq!(blue.run(&["circle", "list", "--json"]).exits(0).out, "[]\n");
    // That it was for a circle, too, is told when there is nothing else to tell of that.
    let trace = blue.run(&["trace", "malware--31b940d4-6f7f-459a-80ea-9c1f17b58abc"]).exits(0).out;
    assert!(trace.contains("is for 1 other as well, of whom nothing is told here"), "{trace}");
}
