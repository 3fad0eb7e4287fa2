//! How our sources look.

use crate::{files, root};

/// A file is one thing, read in one sitting.
const FILE_LINES: usize = 700;

#[test]
fn files_can_be_read_in_one_sitting() {
    for (path, text) in files(&root().join("crates"), ".rs") {
        let lines = text.lines().count();
        let is_test = path.components().any(|part| part.as_os_str() == "tests");
        assert!(is_test || lines <= FILE_LINES, "{} has {lines} lines", path.display());
    }
}

#[test]
fn nothing_is_left_for_later() {
    // Written apart, so that this file does not name them.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    // A measurement runs when it is asked for; a test always does.
    let (skipped, measured) = (concat!("#[ign", "ore"), concat!("#[ign", "ore = \"a measurement"));
    for (path, text) in files(&root().join("crates"), ".rs") {
        for mark in marks {
            assert!(!text.contains(mark), "{}: `{mark}`", path.display());
        }
        let tests = text.matches(skipped).count() - text.matches(measured).count();
        assert_eq!(tests, 0, "{}: a test that does not run", path.display());
    }
}

#[test]
fn every_source_says_what_it_is() {
    for name in crate::crate_names() {
        for (path, text) in files(&root().join("crates").join(name).join("src"), ".rs") {
            assert!(text.starts_with("//!"), "{} does not begin with what it is for", path.display());
        }
    }
}

/// What is let through is what the gate lets through, without the parts that it hides; the node's own looks at markings and
/// collections, and at what of its author's a relabelling moves, are the other places, and lend nothing to a reader.
#[test]
fn what_a_reader_sees_is_made_in_one_place() {
    const LISTED: &[&str] =
        &["crates/node/src/visible.rs", "crates/node/src/marked.rs", "crates/node/src/relabel.rs"];
    for (path, text) in files(&root().join("crates"), ".rs") {
        let relative = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let shown =
            ["node", "web", "accord"].iter().any(|name| relative.starts_with(&format!("crates/{name}/src")));
        assert!(!shown || !text.contains(".allow(") || LISTED.contains(&&*relative), "{relative}");
    }
}

#[test]
fn unsafe_code_stands_only_where_it_is_listed() {
    const LISTED: &[&str] = &["crates/xtask/src/crash", "crates/shield-c/src"];
    for (path, text) in files(&root().join("crates"), ".rs") {
        let relative = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let word = concat!("uns", "afe ");
        let used = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word));
        assert!(!used || LISTED.iter().any(|listed| relative.starts_with(listed)), "{relative}");
    }
}
