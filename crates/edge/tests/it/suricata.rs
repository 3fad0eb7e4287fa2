//! A running Suricata, the real one where it is here: what its datasets and rules hold as values come, go and end, and when it is started
//! anew.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::double::{Node, Running, start, until, value};

/// Starts one in a network of its own, where it listens to nobody.
fn suricata(folder: &Path) -> Option<Running> {
    let settings = include_str!("suricata.yaml").replace("FOLDER", &folder.display().to_string());
    std::fs::write(folder.join("suricata.yaml"), settings).unwrap();
    for of_own in ["log", "lists"] {
        std::fs::create_dir_all(folder.join(of_own)).unwrap();
    }
    let _gone = std::fs::remove_file(folder.join("command.socket"));
    let mut command = Command::new("unshare");
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let run = "ip link set lo up && exec suricata -c suricata.yaml --af-packet=lo -l log";
    let mut child = Running(command.args(["-rn", "sh", "-c", run]).spawn().ok()?);
    let mut is_over = false;
    until("its socket", || {
        is_over = child.0.try_wait().is_ok_and(|ended| ended.is_some());
        is_over || UnixStream::connect(folder.join("command.socket")).is_ok()
    });
    (!is_over).then_some(child)
}

/// What it answers, over a connection of its own.
fn ask(folder: &Path, command: &Value) -> Option<Value> {
    let mut stream = BufReader::new(UnixStream::connect(folder.join("command.socket")).ok()?);
    let mut answer = String::new();
    for line in [json!({"version": "0.2"}), command.clone()] {
        writeln!(stream.get_mut(), "{line}").ok()?;
        answer.clear();
        stream.read_line(&mut answer).ok()?;
    }
    serde_json::from_str(&answer).ok()
}

fn has(folder: &Path, set: &str, of_type: &str, value: &str) -> bool {
    let arguments = json!({"setname": set, "settype": of_type, "datavalue": value});
    let answer = ask(folder, &json!({"command": "dataset-lookup", "arguments": arguments}));
    answer.is_some_and(|answer| answer["return"] == "OK")
}

/// How many rules it has loaded, and how many of them it refused.
fn rules(folder: &Path) -> Option<(u64, u64)> {
    let answer = ask(folder, &json!({"command": "ruleset-stats"}))?;
    let stats = answer["message"].get(0)?;
    Some((stats["rules_loaded"].as_u64()?, stats["rules_failed"].as_u64()?))
}

#[test]
fn datasets_and_rules_of_a_running_suricata_follow() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let node = Node::new(&[
        value("domain", "exact", "evil.example", "block", None),
        value("ipv4", "exact", "192.0.2.1", "alert", Some(3600)),
        value("ipv6", "exact", "2001:db8::1", "block", None),
    ]);
    let Some(first) = suricata(at) else {
        println!("NOT JUDGED: no suricata here, or no network of its own");
        return;
    };
    let sensor = format!(
        "[[sensor]]\nname = \"ids\"\nkind = \"suricata\"\nevery = \"1s\"\nsocket = \"{0}/command.socket\"\nfolder = \"{0}/lists\"\n",
        at.display()
    );
    let edge = start(&node, at, &sensor);
    let domain = |name: &str| {
        use base64::Engine as _;
        let value = base64::engine::general_purpose::STANDARD.encode(name);
        has(at, "accord-block-domain", "string", &value)
    };
    until("the whole set", || domain("evil.example") && has(at, "accord-alert-address", "ip", "192.0.2.1"));
    // It loads one list after the other.
    until("the last of it", || has(at, "accord-block-address", "ip", "2001:db8::1"));
    assert!(!has(at, "accord-block-address", "ip", "192.0.2.1"));
    let mut plain = 0;
    until("its rules are counted, and all are taken", || {
        let counted = rules(at).filter(|(loaded, failed)| *loaded > 0 && *failed == 0);
        plain = counted.map_or(0, |(loaded, _)| loaded);
        counted.is_some()
    });
    // At once, and from one list to the other.
    node.says("value", &value("domain", "exact", "new.example", "block", None));
    node.says("value", &value("ipv4", "exact", "192.0.2.1", "block", Some(3600)));
    until("an addition", || domain("new.example") && has(at, "accord-block-address", "ip", "192.0.2.1"));
    until("it alerts no more", || !has(at, "accord-alert-address", "ip", "192.0.2.1"));
    node.says("value", &value("domain", "exact", "evil.example", "nothing", None));
    until("a recall", || !domain("evil.example"));
    // What only a rule says, and no more.
    node.says("value", &value("domain", "subdomains", "below.example", "block", None));
    until("a rule", || rules(at).is_some_and(|(loaded, failed)| loaded > plain && failed == 0));
    until("the lists are loaded anew too", || domain("new.example"));
    node.says("value", &value("domain", "subdomains", "below.example", "nothing", None));
    until("no rule", || rules(at) == Some((plain, 0)));
    // Another process is filled by what is known.
    drop(first);
    node.says("value", &value("domain", "exact", "while.example", "block", None));
    until("it is told", || !edge.status().alarms.is_empty());
    let _second = suricata(at);
    until("it is filled", || domain("while.example") && domain("new.example") && !domain("evil.example"));
    until("all is well", || edge.status().alarms.is_empty());
    node.later(3601);
    until("what ended is gone", || !has(at, "accord-block-address", "ip", "192.0.2.1"));
    edge.stop();
}
