//! Objects of STIX 2.0 and what they become. Files of `upgrade/` hold cases: a title, an object of 2.0 on one line, and
//! below it each object of 2.1 with its origin and what the check finds in it. `STIX_BLESS=1` writes the latter.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use stix::{Limits, SpecVersion};
use strictjson::parse;

#[test]
fn upgrades() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/upgrade");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let cases = text.split("case ").filter(|case| !case.is_empty());
        let actual: String = cases.map(outcome).collect();
        if std::env::var_os("STIX_BLESS").is_some() {
            std::fs::write(&file, &actual).unwrap();
        } else {
            assert_eq!(actual, text, "{}", file.display());
        }
    }
}

fn outcome(case: &str) -> String {
    let mut lines = case.lines();
    let (title, source) = (lines.next().unwrap(), lines.next().unwrap());
    let node = parse(source.as_bytes(), &strictjson::Limits::default()).unwrap();
    let mut text = format!("case {title}\n{source}\n");
    match stix::upgrade(&node) {
        Err(finding) => {
            let _ = writeln!(text, "refused: {} ({})", finding.code, finding.clause);
        }
        Ok(objects) => {
            for object in objects {
                let pointer = if object.pointer.is_empty() { "/" } else { &object.pointer };
                let _ = writeln!(text, "=> {pointer} {}", String::from_utf8_lossy(&object.bytes));
                let node = parse(&object.bytes, &strictjson::Limits::default()).unwrap();
                assert_eq!(stix::detect(&node, Some("2.0")), SpecVersion::V21);
                for finding in stix::check(&node, &Limits::default()).findings {
                    let _ = writeln!(text, "   {:?} {} {}", finding.severity, finding.code, finding.pointer);
                }
            }
        }
    }
    text.push('\n');
    text
}

/// A container of many objects, each behind the other, and all marked many times: bounded in time and stack.
#[test]
fn large_containers() {
    let count = 20_000;
    let marking = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed";
    let mut objects: Vec<String> = Vec::new();
    for key in 0..count {
        let next = key + 1;
        objects.push(format!(
            r#""{key}":{{"type":"file","name":"{key}","extensions":{{"archive-ext":{{"contains_refs":["{next}"]}}}}}}"#
        ));
    }
    let selectors: Vec<String> = (0..count).map(|key| format!(r#""objects.{key}","objects""#)).collect();
    let text = format!(
        r#"{{"type":"observed-data","id":"observed-data--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","objects":{{{}}},
        "granular_markings":[{{"marking_ref":"{marking}","selectors":[{}]}}]}}"#,
        objects.join(","),
        selectors.join(",")
    );
    let node = parse(text.as_bytes(), &strictjson::Limits::default()).unwrap();
    let start = std::time::Instant::now();
    assert_eq!(stix::upgrade(&node).unwrap().len(), count + 1);
    let checked = stix::check(&node, &Limits::default());
    assert!(!checked.is_acceptable());
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
