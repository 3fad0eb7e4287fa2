//! `accord edge` as its owner meets it.

use std::process::{Child, Stdio};

use crate::bench::{Bench, PATIENCE};

const TOP: &str =
    "name = \"gate\"\nurl = \"http://127.0.0.1:9\"\ntoken-file = \"token\"\nstate = \"state\"\n";
const WALL: &str = "[[sensor]]\nname = \"names\"\nkind = \"file\"\nformat = \"hosts\"\nfolder = \"names\"\n";

#[test]
fn a_typo_is_named_with_its_line() {
    let bench = Bench::new();
    bench.write("edge.toml", &format!("{TOP}fial = \"open\"\n{WALL}"));
    let said = bench.run(&["edge", "check", "edge.toml"]).exits(2);
    assert!(said.err.contains("line 5") && said.err.contains("fial"), "{}", said.err);
    bench.write("edge.toml", &format!("{TOP}{WALL}"));
    assert_eq!(bench.run(&["edge", "check", "edge.toml"]).exits(0).out, "nothing is wrong with it\n");
    let said = bench.run(&["edge", "--config", "edge.toml"]).exits(2);
    assert!(said.err.contains("token add"), "{}", said.err);
    bench.run(&["edge"]).exits(2);
    for arguments in
        [["--config", "edge.toml", "edge", "status"], ["edge", "--config", "edge.toml", "status"]]
    {
        bench.run(&arguments).exits(4);
    }
    bench.write("edge.toml", &format!("{}{WALL}", TOP.replace("127.0.0.1:9", "me:secret@node.example")));
    let said = bench.run(&["edge", "check", "edge.toml"]).exits(2);
    assert!(said.err.contains("is not the address of a node"), "{}", said.err);
}

#[test]
fn a_typo_in_a_policy_is_named_with_its_line_and_what_held_holds() {
    let bench = Bench::new();
    let rule = "[[rule]]\nname = \"ours\"\nfrom = \"own\"\naction = \"block\"\n";
    bench.write("policy.toml", rule);
    let run = |words: &[&str]| bench.run(&[words, &["--data", "node"]].concat());
    run(&["policy", "set", "policy.toml"]).exits(0);
    for (wrong, line, word) in [
        (rule.replace("action", "acton"), "line 4", "acton"),
        (format!("{rule}[[rule]]\nname = \"x\"\nfrom = \"anyone\"\naction = \"blok\"\n"), "line 8", "blok"),
        (format!("{rule}[prevalence]\npercent = 1.0\nhots = 3\n"), "line 7", "hots"),
        (format!("{rule}[[rule]\n"), "line 5", ""),
    ] {
        bench.write("wrong.toml", &wrong);
        for verb in ["check", "set"] {
            let said = run(&["policy", verb, "wrong.toml"]);
            assert!(said.code != 0 && said.err.contains(line) && said.err.contains(word), "{}", said.err);
        }
    }
    assert_eq!(run(&["policy", "show"]).exits(0).out, rule);
}

/// From a member's word at a node to a file that a sensor reads, through kills of both.
#[test]
fn what_is_shared_is_at_the_sensor_and_what_is_taken_back_is_gone() {
    let bench = Bench::new();
    let mut node = bench.serve();
    let url = node.url().to_owned();
    bench.run(&["member", "add", "Bank", "--data", "node"]).exits(0);
    let token = |role: &str| {
        let said =
            bench.run(&["token", "add", "--member", "Bank", "--role", role, "--data", "node", "--json"]);
        said.exits(0).text("/secret")
    };
    let (sensor, analyst) = (token("sensor"), token("analyst"));
    bench.write("token", &sensor);
    let top = TOP.replace("http://127.0.0.1:9", &url);
    bench.write("edge.toml", &format!("{top}{WALL}"));
    let import = |values: &str| {
        bench.write("list.txt", values);
        bench.run(&["import", "list.txt", "--url", &url, "--token", &analyst]).exits(0);
    };
    import("evil.bad-host.co\n");
    let start = || {
        let mut command = bench.command(&["edge", "--config", "edge.toml"]);
        Edge(command.stderr(Stdio::null()).spawn().unwrap())
    };
    let list = || std::fs::read_to_string(bench.path().join("names/accord.hosts")).unwrap_or_default();
    let edge = start();
    until("the whole set", || list().contains("0.0.0.0 evil.bad-host.co"));
    let asked = std::time::Instant::now();
    import("worse.bad-host.co\n");
    until("an addition", || list().contains("0.0.0.0 worse.bad-host.co"));
    assert!(asked.elapsed() < PATIENCE);
    // Killed in the middle, it goes on where it stood; and so it does while the node is away.
    drop(edge);
    import("third.bad-host.co\n");
    let edge = start();
    until("what came meanwhile", || list().contains("third.bad-host.co"));
    let status = || bench.run(&["edge", "status", "--config", "edge.toml"]);
    until("all is well", || status().code == 0);
    until("the node knows", || {
        let said = bench.run(&["edges", "--url", &url, "--token", &analyst, "--json"]);
        said.code <= 1 && said.out.contains("\"gate\"") && said.out.contains("\"names\"")
    });
    let known = bench.run(&["lookup", "evil.bad-host.co", "--url", &url, "--token", &analyst, "--json"]);
    let id = known.out.split('"').find(|word| word.starts_with("indicator--")).unwrap().to_owned();
    bench.run(&["withdraw", &id, "--url", &url, "--token", &analyst]).exits(0);
    until("a withdrawal", || !list().contains("evil.bad-host.co") && list().contains("worse.bad-host.co"));
    node.stop();
    until("the node is away", || status().out.contains("not connected"));
    drop(edge);
    std::fs::remove_file(bench.path().join("names/accord.hosts")).unwrap();
    let _edge = start();
    until("the copy acts", || list().contains("worse.bad-host.co") && !list().contains("evil.bad-host.co"));
}

/// One that is killed when it goes, as by `kill -9`.
struct Edge(Child);

impl Drop for Edge {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[track_caller]
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "it never came to be: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
