//! The words of README, done as they stand: a circle from nothing.

use std::collections::BTreeMap;

use crate::bench::{Bench, Said};

const README: &str = include_str!("../../../../README.md");

/// A command that the page shows, and the lines that it shows under it.
struct Shown {
    command: &'static str,
    answer: Vec<&'static str>,
}

fn shown(heading: &str) -> Vec<Shown> {
    let (_, section) = README.split_once(heading).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut shown: Vec<Shown> = Vec::new();
    for line in section.split("```").skip(1).step_by(2).flat_map(str::lines).filter(|line| !line.is_empty()) {
        match line.strip_prefix("$ ") {
            Some(command) => shown.push(Shown { command, answer: Vec::new() }),
            None => shown.last_mut().unwrap().answer.push(line),
        }
    }
    shown
}

// Ids, secrets and times are other ones each time; they have digits next to letters or signs.
fn stable<'l>(lines: impl Iterator<Item = &'l str>) -> Vec<String> {
    let word = |word: &str| {
        let is_new = word.len() > 20 || word.starts_with("20") && word.len() == 10;
        if is_new && word.contains(|c: char| c.is_ascii_digit()) { "…".to_owned() } else { word.to_owned() }
    };
    let line = |line: &str| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    let mut lines: Vec<String> = lines.map(line).collect();
    // What goes to the two outputs comes in any order.
    lines.sort();
    lines
}

#[test]
fn a_circle_stands_in_sixty_seconds_from_nothing() {
    let bench = Bench::new();
    let _serving = bench.serve_on("accord-data", &[]);
    let path = std::path::Path::new(env!("CARGO_BIN_EXE_accord")).parent().unwrap().to_owned();
    let path = format!("{}:{}", path.display(), std::env::var("PATH").unwrap());
    let mut variables = BTreeMap::from([("PATH".to_owned(), path)]);
    let mut secret = String::new();
    let commands = shown("## A circle in sixty seconds");
    assert!(commands.len() > 10, "the page shows {} commands", commands.len());
    for Shown { command, answer } in commands {
        if let Some((name, _)) = command.split_once("=acc_") {
            variables.insert(name.to_owned(), secret.clone());
            continue;
        }
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", command]).current_dir(bench.path()).env_clear().envs(&variables);
        let said = Said::of(&mut shell);
        let lines = said.out.lines().chain(said.err.lines());
        assert_eq!(stable(lines), stable(answer.into_iter()), "{command}\n{}{}", said.out, said.err);
        if let Some(found) = said.out.lines().find_map(|line| line.strip_prefix("secret  ")) {
            secret = found.to_owned();
        }
    }
}
