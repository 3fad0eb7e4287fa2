//! Pipes, colours, strangers' text, documents made from the arguments.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::bench::{BUNDLE, Bench, INDICATOR, PATIENCE, Said, send_signal};

#[test]
fn values_come_from_standard_input() {
    let bench = Bench::new();
    bench.run(&["member", "add", "x", "--data", "node"]).exits(0);
    let input = "203.0.113.7\n\n# a comment\nhxxp://bad[.]example/\n";
    for arguments in
        [&["lookup", "--data", "node", "--json"][..], &["lookup", "-", "--data", "node", "--json"]]
    {
        let said = bench.pipe(arguments, input).exits(0);
        let queries: Vec<String> =
            said.lines().iter().map(|line| line["query"].as_str().unwrap().to_owned()).collect();
        assert_eq!(queries, ["203.0.113.7", "hxxp://bad[.]example/"]);
    }
    bench.pipe(&["lookup", "--data", "node"], "not a value at all!\n").exits(2);
    let list = bench
        .pipe(&["import", "-", "--format", "list", "--data", "node", "--json"], "198.51.100.9\n")
        .exits(0);
    assert_eq!(list.lines().pop().unwrap()["new"], 1);
    bench.run(&["lookup", "198.51.100.9", "--data", "node"]).exits(1);
}

#[test]
fn a_reader_that_goes_away_ends_the_command_without_a_word() {
    let bench = Bench::new();
    bench.run(&["member", "add", "x", "--data", "node"]).exits(0);
    let list: String =
        (0..60_000).map(|n| format!("10.{}.{}.{}\n", n >> 16, (n >> 8) & 255, n & 255)).collect();
    bench.pipe(&["import", "-", "--data", "node"], &list).exits(0);
    let mut command = bench.command(&["export", "--data", "node"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 100];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut some).unwrap();
    drop(out);
    let said = Said::of_child(child);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}

#[test]
fn an_export_that_does_not_come_to_its_end_leaves_no_file() {
    let bench = Bench::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // A node that begins an export, and then keeps who asked waiting until a signal comes, or breaks off.
    for (signal, code) in [(Some("INT"), 130), (Some("TERM"), 130), (None, 4)] {
        let mut command = bench.command(&["export", "-o", "all.json", "--url", &url, "--token", "t"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            asked.push(byte[0]);
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
        stream.write_all(head.as_bytes()).unwrap();
        let part = bench.path().join("all.json.part");
        let began = Instant::now();
        while !std::fs::read(&part).is_ok_and(|bytes| bytes == b"{") {
            assert!(began.elapsed() < PATIENCE, "no export begins");
            std::thread::sleep(Duration::from_millis(10));
        }
        match signal {
            Some(name) => send_signal(&child, name),
            None => drop(stream),
        }
        let said = Said::of_child(child).exits(code);
        assert!(!part.exists() && !bench.path().join("all.json").exists(), "{}", said.err);
        assert!(said.err.starts_with("error: "), "{}", said.err);
    }
}

#[test]
fn colours_follow_the_conventions() {
    let bench = Bench::new();
    bench.run(&["member", "add", "x", "--data", "node"]).exits(0);
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = bench.command(&["member", "list", "--data", "node"]);
        Said::of(command.envs(variables.iter().copied())).exits(0).out.contains('\u{1b}')
    };
    assert!(!coloured(&[]), "a pipe is no terminal");
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    let json =
        Said::of(bench.command(&["member", "list", "--data", "node", "--json"]).env("CLICOLOR_FORCE", "1"));
    assert!(!json.out.contains('\u{1b}'));
}

#[test]
fn what_strangers_wrote_is_inert_in_text_and_whole_in_json() {
    let bench = Bench::new();
    let name = "\u{1b}]0;owned\u{7}x\u{202e}gpj.exe";
    let bundle = crate::bench::BUNDLE.replace("C2 of Crimson", r"\u001b]0;owned\u0007x\u202egpj.exe");
    bench.write("bundle.json", &bundle);
    bench.run(&["import", "bundle.json", "--data", "node", "--json"]).exits(0);
    for arguments in [
        &["lookup", "203.0.113.7"][..],
        &["search", "--type", "indicator"],
        &["show", crate::bench::INDICATOR],
    ] {
        let text = bench.run(&[arguments, &["--data", "node"]].concat());
        assert!(!text.out.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{:?}", text.out);
        assert!(text.out.contains("\\u{202e}"), "{:?}", text.out);
    }
    let json = bench.run(&["show", crate::bench::INDICATOR, "--data", "node", "--json"]).json();
    assert_eq!(json["object"]["name"], name);
}

#[test]
fn completions_and_man_page_are_made() {
    let bench = Bench::new();
    for (shell, word) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef accord"),
        ("fish", "complete -c accord"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion:arg-completer"),
    ] {
        let said = bench.run(&["completions", shell]).exits(0);
        assert!(said.out.contains(word) && said.out.contains("collection"), "{shell}");
    }
    let man = bench.run(&["man"]).exits(0);
    assert!(man.out.contains(".TH accord 1") && man.out.contains("ACCORD TOKEN ADD"));
    assert!(bench.run(&["version", "--json"]).exits(0).text("/version").starts_with(char::is_numeric));
}

#[test]
fn what_others_say_under_an_id_is_marked_for_what_it_is() {
    let bench = Bench::new();
    let owner = |arguments: &[&str]| bench.run(&[arguments, &["--data", "node"]].concat());
    let added = owner(&["member", "add", "ACME", "--json"]).exits(0);
    let identity = added.text("/identities/0");
    let token =
        owner(&["token", "add", "--member", "ACME", "--role", "analyst", "--json"]).exits(0).text("/secret");
    let acme = |arguments: &[&str]| bench.run(&[arguments, &["--data", "node", "--token", &token]].concat());
    bench.write("bundle.json", BUNDLE);
    owner(&["import", "bundle.json"]).exits(0);
    acme(&["import", "bundle.json"]).exits(0);
    acme(&["revoke", INDICATOR]).exits(0);
    // Nobody is bound to its author: who revokes it takes down his own word, and what the others say is no claim.
    let shown = owner(&["show", INDICATOR]).exits(0).out;
    let (versions, others) = shown.split_once("said by others").expect("what others say");
    assert!(versions.contains("  TLP:GREEN  This organisation\n"), "{shown}");
    assert!(others.contains("  TLP:GREEN  ACME  (revoked)\n") && !shown.contains("claim"), "{shown}");

    let of_acme = "indicator--0e1f6bd1-0b8c-4f0e-8d5e-5f2a5a0e7c11";
    let authored = BUNDLE.replace(INDICATOR, of_acme).replacen(
        "\"pattern\":",
        &format!("\"created_by_ref\":\"{identity}\",\"pattern\":"),
        1,
    );
    bench.write("authored.json", &authored);
    acme(&["import", "authored.json"]).exits(0);
    owner(&["import", "authored.json"]).exits(0);
    owner(&["revoke", of_acme]).exits(0);
    let shown = owner(&["show", of_acme]).exits(0).out;
    assert!(shown.contains("  TLP:GREEN  This organisation  (revoked)  (claim)\n"), "{shown}");
    assert!(shown.contains("\nversions\n") && shown.contains("  TLP:GREEN  ACME\n"), "{shown}");
}

#[test]
fn each_format_of_an_export_is_named_once() {
    let bench = Bench::new();
    bench.run(&["member", "add", "x", "--data", "node"]).exits(0);
    let said = bench.run(&["export", "--format", "nope", "--data", "node"]).exits(2);
    let named = said.err.split("one of ").nth(1).expect("the formats").trim();
    let mut names: Vec<&str> = named.split(", ").collect();
    assert!(names.contains(&"csv") && names.contains(&"rpz"), "{named}");
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "{named}");
}
