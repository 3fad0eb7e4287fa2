//! Real data, found by `ACCORD_CORPUS`: what the check says of each file, as counts, kept beside this file. No text of
//! others is kept.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the helpers of tests fail and speak as tests do"
)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use stix::{Limits, Severity, SpecVersion};

/// The bytes of a corpus file; `None`, with a word about it, when there is no corpus.
fn corpus(file: &str) -> Option<Vec<u8>> {
    let Some(root) = std::env::var_os("ACCORD_CORPUS") else {
        println!("skipped: ACCORD_CORPUS is not set");
        return None;
    };
    Some(std::fs::read(PathBuf::from(root).join("stix").join(file)).unwrap())
}

/// Counts findings by severity, code and clause, and objects by whether they are acceptable.
#[derive(Default)]
struct Summary {
    objects: usize,
    acceptable: usize,
    findings: BTreeMap<(Severity, &'static str, &'static str), usize>,
}

impl Summary {
    fn add(&mut self, checked: &stix::Checked) {
        self.objects += 1;
        self.acceptable += usize::from(checked.is_acceptable());
        for finding in &checked.findings {
            *self.findings.entry((finding.severity, finding.code, finding.clause)).or_default() += 1;
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{} objects, {} acceptable\n", self.objects, self.acceptable);
        for ((severity, code, clause), count) in self.findings.iter().rev() {
            let _ = writeln!(text, "{severity:?} {code} ({clause}): {count}");
        }
        text
    }
}

#[test]
fn ics_attack() {
    let Some(bytes) = corpus("ics-attack-18.0.json") else { return };
    let bundle = strictjson::parse(&bytes, &strictjson::Limits::default()).unwrap();
    let bundle = stix::bundle::Bundle::from_node(&bundle).unwrap();
    let mut summary = Summary::default();
    for node in bundle.members().iter() {
        summary.add(&stix::check(node, &Limits::default()));
        let object = stix::Object::from_node(node);
        assert!(object.is_some_and(|object| object.common().id.is_some()), "every object has a view");
    }
    insta::assert_snapshot!("ics_attack", summary.text());
}

#[test]
fn enterprise_attack() {
    let Some(bytes) = corpus("enterprise-attack-18.1-stix20.json") else { return };
    let limits = strictjson::Limits { bytes: 64 << 20, ..strictjson::Limits::default() };
    let bundle = strictjson::parse(&bytes, &limits).unwrap();
    let bundle = stix::bundle::Bundle::from_node(&bundle).unwrap();
    let mut summary = Summary::default();
    for node in bundle.members().iter() {
        assert_eq!(stix::detect(node, bundle.spec_version()), SpecVersion::V20);
        let upgraded = stix::upgrade(node).unwrap();
        assert_eq!(stix::upgrade(node).unwrap(), upgraded, "the same bytes each time");
        for object in &upgraded {
            let node = strictjson::parse(&object.bytes, &limits).unwrap();
            assert_eq!(stix::detect(&node, None), SpecVersion::V21);
            summary.add(&stix::check(&node, &Limits::default()));
            assert!(stix::Object::from_node(&node).is_some());
        }
    }
    insta::assert_snapshot!("enterprise_attack", summary.text());
}
