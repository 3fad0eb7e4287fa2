//! What we build on: each with a reason, a licence that we accept, and not too many.

use std::process::Command;

use serde_json::Value;

use crate::{files, root};

/// `accord` must stay quick to build: at most this many packages are locked.
const LOCKED_PACKAGES: usize = 330;

/// Licences that we accept. A package passes if some choice of its expression is among them.
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MPL-2.0",
    "Zlib",
    "Unlicense",
    "CC0-1.0",
    "0BSD",
    "BSL-1.0",
    "Unicode-3.0",
    "CDLA-Permissive-2.0",
    "OpenSSL",
    "MIT-0",
];

#[test]
fn each_dependency_says_why_it_is_here() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest.split_once("[workspace.dependencies]").unwrap().1.split("\n[").next().unwrap();
    for line in section.lines().filter(|line| line.contains('=') && !line.contains("path =")) {
        let reason = line.split_once('#').map(|(_, reason)| reason.trim()).unwrap_or_default();
        assert!(reason.len() > 10, "no reason is given: {line}");
    }
}

#[test]
fn crates_take_their_dependencies_from_the_workspace() {
    for (path, text) in files(&root().join("crates"), "Cargo.toml") {
        let sections = text.split("\n[").filter(|section| section.contains("dependencies]"));
        for line in sections.flat_map(str::lines).filter(|line| line.contains('=')) {
            assert!(line.contains("workspace = true"), "{}: {line}", path.display());
        }
    }
}

#[test]
fn packages_are_few_and_their_licences_are_ours_to_use() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() <= LOCKED_PACKAGES, "{} packages are locked", packages.len());
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default().replace('/', " OR ");
        assert!(acceptable(&licence), "{} has licence `{licence}`", package["name"]);
    }
}

// `A AND B` needs both, `A OR B` one of them; brackets hold an OR inside an AND in the expressions that we meet.
fn acceptable(expression: &str) -> bool {
    if LICENCES.contains(&expression.trim()) {
        return true;
    }
    if let Some((left, right)) = split_outside_brackets(expression, " AND ") {
        return acceptable(left) && acceptable(right);
    }
    if let Some((left, right)) = split_outside_brackets(expression, " OR ") {
        return acceptable(left) || acceptable(right);
    }
    let inner = expression.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    inner.is_some_and(acceptable)
}

fn split_outside_brackets<'a>(expression: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let at = expression.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = &expression[..*at];
        before.matches('(').count() == before.matches(')').count()
    })?;
    Some((&expression[..at], &expression[at + word.len()..]))
}

#[test]
fn licence_expressions_are_read() {
    for (expression, expected) in [
        ("MIT OR Apache-2.0", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(MIT OR GPL-3.0) AND Unicode-3.0", true),
        ("(LGPL-2.1 OR GPL-3.0) AND MIT", false),
    ] {
        assert_eq!(acceptable(expression), expected, "{expression}");
    }
}
