//! Real data, imported whole, twice. What is found in it is kept in `tests/golden`: codes and counts only.

use std::path::PathBuf;

use node::ImportOptions;

use crate::write_world::World;

fn corpus(path: &str) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("ACCORD_CORPUS") else {
        eprintln!("skipped: ACCORD_CORPUS is not set");
        return None;
    };
    Some(std::fs::read(PathBuf::from(folder).join(path)).unwrap())
}

// Imports a file twice and compares what was found the first time with the golden list.
fn check(path: &str, golden: &str, objects: u64, format: &str) {
    let Some(bytes) = corpus(path) else { return };
    let world = World::new();
    let options = ImportOptions::default();
    let (first, _) = world.import(&options, &bytes).unwrap();
    assert_eq!(first.objects, objects);
    assert_eq!(first.format, format);
    assert_eq!((first.rejected, first.equivocations, first.claims), (0, 0, 0));
    assert_eq!(first.new + first.duplicates, objects);
    let found: Vec<String> = first
        .findings
        .iter()
        .map(|finding| format!("{} {} {} {}", finding.severity, finding.code, finding.clause, finding.count))
        .collect();
    compare(golden, &serde_json::to_string_pretty(&found).unwrap());
    let listed = world.listed(&world.node.operator(), None);
    assert_eq!(listed.len() as u64, first.new);
    assert!(listed.iter().all(|(_, label)| label == "TLP:AMBER"));
    let (second, _) = world.import(&options, &bytes).unwrap();
    assert_eq!((second.new, second.duplicates), (0, objects), "the second time nothing is new");
    assert_eq!(world.listed(&world.node.operator(), None), listed);
    // An erasure has an end also where the index is larger than what one step of it goes through.
    let (id, _) = listed.first().unwrap();
    assert_eq!(world.node.erase(&world.node.operator(), id, "tried out").unwrap(), 1);
    assert_eq!(world.listed(&world.node.operator(), None).len(), listed.len() - 1);
}

fn compare(golden: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(golden);
    if std::env::var_os("ACCORD_GOLDEN_WRITE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("{found}\n")).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found.trim(), expected.trim(), "{golden}: set ACCORD_GOLDEN_WRITE=1 to accept");
}

#[test]
fn attack_for_ics_stix_2_1() {
    check("stix/ics-attack-18.0.json", "ics-attack-18.0.json", 1_826, "stix-2.1");
}

#[test]
fn attack_for_enterprise_stix_2_0() {
    check(
        "stix/enterprise-attack-18.1-stix20.json",
        "enterprise-attack-18.1-stix20.json",
        24_731,
        "stix-2.0",
    );
}

#[test]
fn ipsum() {
    check("feeds/ipsum/ipsum.txt", "ipsum.json", 120_430, "list");
}
