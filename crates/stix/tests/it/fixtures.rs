//! Every file of `fixtures/` is a base object and cases that change it, each with the findings that it must give:
//!
//! ```text
//! {"type": "tool", ...}
//!
//! case a name of another type
//! set /name = 7
//! must wrong-type /name STIX 2.1 §2.15
//!
//! case no name
//! drop /name
//! must missing-property  STIX 2.1 §4.18
//! ```
//!
//! A case without findings says that the object is clean. `STIX_BLESS=1` writes the findings into the files.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of tests fail as tests do"
)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use stix::{Limits, Severity};
use strictjson::{Node, Value};

/// Where the codes are documented.
const CODES: &str = include_str!("../../README.md");

#[test]
fn fixtures() {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
    files.sort();
    assert!(files.len() > 40, "one file for each type");
    let wrong: Vec<String> = files.iter().filter_map(|file| check_file(file)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every value of every fixture in turn replaced by values of all kinds: whatever comes, there is an answer, and the
/// check of it is bounded.
#[test]
fn nothing_breaks_the_check() {
    let strange = [
        "null",
        "true",
        "-1.5",
        "9007199254740991",
        r#""""#,
        r#""x""#,
        r#""é--\u0000""#,
        "[]",
        "{}",
        "[null]",
        r#"{"":[{}]}"#,
        r#"{"0":{"type":"file","x_ref":"0"}}"#,
        r#""tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f""#,
        r#"["labels.[0]", "."]"#,
    ];
    let limits = Limits { findings: 3, ..Limits::default() };
    let mut tried = 0;
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let base = text.split("\ncase ").next().unwrap();
        let base = strictjson::parse(base.trim().as_bytes(), &strictjson::Limits::default()).unwrap();
        let mut pointers = Vec::new();
        collect(&base, String::new(), &mut pointers);
        for (pointer, value) in
            pointers.iter().flat_map(|pointer| strange.iter().map(move |value| (pointer, value)))
        {
            let mut node = base.clone().into_owned();
            let value = strictjson::parse(value.as_bytes(), &strictjson::Limits::default()).unwrap();
            change(&mut node, pointer, Some(value.into_owned()));
            let checked = stix::check(&node, &limits);
            assert!(
                checked.findings.len() <= 4
                    && checked.findings.iter().all(|finding| finding.message.len() < 400)
            );
            if checked.is_acceptable() {
                assert!(stix::Object::from_node(&node).is_some(), "{pointer} in {base:?}");
            }
            let _ = stix::references(&node);
            let _ = stix::sco_id(&node);
            let _ = stix::detect(&node, None);
            assert_eq!(stix::upgrade(&node), stix::upgrade(&node));
            tried += 1;
        }
    }
    assert!(tried > 5_000, "{tried}");
}

/// The pointers of all values below a node.
fn collect(node: &Node<'_>, pointer: String, pointers: &mut Vec<String>) {
    match &node.value {
        Value::Object(object) => {
            for member in object {
                collect(&member.node, format!("{pointer}/{}", member.key), pointers);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{index}"), pointers);
            }
        }
        _ => {}
    }
    if !pointer.is_empty() {
        pointers.push(pointer);
    }
}

/// Runs the cases of one file; the text of the file as it should be, when it is not.
fn check_file(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut parts = text.split("\ncase ");
    let base = parts.next().unwrap();
    let mut actual = base.to_owned();
    let cases: Vec<&str> = parts.collect();
    assert!(!cases.is_empty(), "{} has cases", file.display());
    for case in cases {
        let _ = write!(actual, "\ncase {}", outcome(base, case, file));
    }
    if actual == text {
        return None;
    }
    if std::env::var_os("STIX_BLESS").is_some() {
        std::fs::write(file, &actual).unwrap();
        return None;
    }
    Some(format!("--- {} should be\n{actual}", file.display()))
}

/// A case with the findings that it gives.
fn outcome(base: &str, case: &str, file: &Path) -> String {
    let mut node = strictjson::parse(base.trim().as_bytes(), &strictjson::Limits::default())
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut lines = case.lines();
    let mut text = format!("{}\n", lines.next().unwrap());
    for line in lines {
        if let Some(pointer) = line.strip_prefix("drop ") {
            change(&mut node, pointer, None);
        } else if let Some(rest) = line.strip_prefix("set ") {
            let (pointer, value) = rest.split_once(" = ").unwrap();
            let value = strictjson::parse(value.as_bytes(), &strictjson::Limits::default())
                .unwrap_or_else(|error| panic!("{}: {line}: {error}", file.display()));
            change(&mut node, pointer, Some(value.into_owned()));
        } else {
            continue;
        }
        let _ = writeln!(text, "{line}");
    }
    let checked = stix::check(&node, &Limits::default());
    if checked.is_acceptable() {
        assert!(stix::Object::from_node(&node).is_some(), "{text}: what is acceptable has a view");
    }
    for finding in checked.findings {
        assert!(CODES.contains(&format!("| `{}` |", finding.code)), "{} is documented", finding.code);
        let severity = if finding.severity == Severity::Must { "must" } else { "should" };
        let pointer = if finding.pointer.is_empty() { "/" } else { &finding.pointer };
        let _ = writeln!(text, "{severity} {} {pointer} {}", finding.code, finding.clause);
    }
    text
}

/// Sets or drops what a pointer names; the empty pointer is the object itself.
fn change(node: &mut Node<'_>, pointer: &str, value: Option<Node<'static>>) {
    let Some(rest) = pointer.strip_prefix('/').filter(|rest| !rest.is_empty()) else {
        *node = value.unwrap();
        return;
    };
    let (token, rest) = rest.split_once('/').map_or((rest, ""), |(token, rest)| (token, rest));
    let key = token.replace("~1", "/").replace("~0", "~");
    match (&mut node.value, rest.is_empty(), value) {
        (Value::Object(object), true, Some(value)) => {
            object.set(key, value);
        }
        (Value::Object(object), true, None) => {
            object.remove(&key).unwrap();
        }
        (Value::Object(object), false, value) => {
            let member = object.members.iter_mut().find(|member| member.key == key).unwrap();
            change(&mut member.node, &format!("/{rest}"), value);
        }
        (Value::Array(items), true, Some(value)) => match key.as_str() {
            "-" => items.push(value),
            place => items[place.parse::<usize>().unwrap()] = value,
        },
        (Value::Array(items), false, value) => {
            change(&mut items[key.parse::<usize>().unwrap()], &format!("/{rest}"), value);
        }
        _ => panic!("nothing at {pointer}"),
    }
}
