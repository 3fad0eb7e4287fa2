//! Copies of a running node, folders from copies, and whether a node is ready.

use std::path::Path;
use std::sync::Arc;

use model::Timestamp;
use node::{Kind, Node, Settings};

use super::write_world::{FIRST, SECOND, START, World, envelope, id, indicator};

fn open(folder: &Path) -> Node {
    Node::open(folder, Settings::default(), Arc::new(|| Timestamp(START))).unwrap()
}

fn backup(world: &World, to: &Path) -> serde_json::Value {
    let mut progress = Vec::new();
    let answer = world.node.backup(&world.node.operator(), to, &mut |done, of| progress.push((done, of)));
    assert!(progress.last().is_some_and(|(done, of)| done == of && *of > 0));
    answer.unwrap()
}

fn has(node: &Node, object: &str) -> bool {
    node.object(&node.operator(), object, None).is_ok()
}

#[test]
fn a_restored_backup_is_the_node_of_that_moment_without_what_was_erased_later() {
    let world = World::new();
    let operator = world.node.operator();
    let alpha = world.member("alpha");
    let token = world.token("alpha", &["analyst"]);
    for version in [FIRST, SECOND] {
        let objects: Vec<String> = (0..9).map(|n| indicator(n, version, "")).collect();
        world.submit(&token, &envelope(&objects)).unwrap();
    }
    assert_eq!(world.node.erase(&operator, &id(0), "before").unwrap(), 2);
    let before = world.token("alpha", &["reader"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copies").join("tonight");
    let answer = backup(&world, &copy);
    assert!(answer["bytes"].as_u64().unwrap() > 8_192);
    let again = world.node.backup(&operator, &copy, &mut |_, _| {});
    assert_eq!(again.unwrap_err().kind, Kind::Conflict);

    // After the backup: one is erased, one is taken back, one is new, and one is new and erased.
    assert_eq!(world.node.erase(&operator, &id(1), "a person's right").unwrap(), 2);
    assert_eq!(world.node.withdraw(&token, None, &id(2), &[]).unwrap(), 2);
    let secret = world.token("alpha", &["reader"]).principal.token.unwrap().to_string();
    world.node.revoke_token(&operator, &before.principal.token.unwrap().to_string()).unwrap();
    world.node.revoke_token(&operator, &secret).unwrap();
    for n in [20, 21] {
        world.submit(&token, &envelope(&[indicator(n, FIRST, "")])).unwrap();
    }
    assert_eq!(world.node.erase(&operator, &id(21), "again").unwrap(), 1);

    // The lists lie beside the backup that the node knows; one that was carried away has none.
    let carried = elsewhere.path().join("carried");
    std::fs::create_dir(&carried).unwrap();
    std::fs::copy(copy.join("record.sqlite"), carried.join("record.sqlite")).unwrap();
    let known = elsewhere.path().join("known");
    let answer = Node::restore(&copy, None, &known).unwrap();
    assert!(answer["erasures"].is_string() && answer["warning"].is_null(), "{answer}");
    let node = open(&known);
    assert!(!has(&node, &id(1)));
    node.stop();
    drop(node);
    let without = elsewhere.path().join("without");
    let answer = Node::restore(&carried, None, &without).unwrap();
    assert!(answer["warning"].as_str().unwrap().contains("`--erasures`"), "{answer}");
    let node = open(&without);
    assert!(has(&node, &id(1)), "nobody told it of the erasure");
    assert!(!has(&node, &id(0)) && has(&node, &id(2)) && !has(&node, &id(20)));
    node.stop();
    drop(node);

    let with = elsewhere.path().join("with");
    let answer = Node::restore(&copy.join("record.sqlite"), Some(world.folder.path()), &with).unwrap();
    assert!(answer["erasures"].as_str().unwrap().ends_with("erasures"));
    assert!(answer["revocations"].as_str().unwrap().ends_with("revocations") && answer["warning"].is_null());
    let node = open(&with);
    assert!(!has(&node, &id(1)), "erased again before it served");
    assert!(!has(&node, &id(0)) && has(&node, &id(2)) && has(&node, &id(8)));
    let tokens = node.tokens(&node.operator()).unwrap();
    let shut_out = before.principal.token.unwrap().to_string();
    assert!(tokens.iter().any(|token| token.id == shut_out && token.revoked.is_some()), "{tokens:?}");
    assert!(tokens.iter().any(|token| token.revoked.is_none()));
    let members = node.members(&node.operator()).unwrap();
    assert!(members.iter().any(|member| member.identities == [alpha.clone()]));
    let verified = node.verify(&node.operator(), &mut |_, _| ()).unwrap();
    assert_eq!((&verified["well"], &verified["erased"]), (&true.into(), &4.into()), "{verified}");
    assert_eq!(node.rebuild(&node.operator(), &mut |_, _| {}).unwrap()["equal"], true);
    // It goes on: what stands at the positions that were lost is not taken for what was erased there.
    for n in 30..40 {
        let options = node::ImportOptions::default();
        node.submit(&node.operator(), &options, envelope(&[indicator(n, FIRST, "")]).as_bytes()).unwrap();
    }
    node.stop();
    drop(node);
    let node = open(&with);
    assert!((30..40).all(|n| has(&node, &id(n))) && !has(&node, &id(1)));
    node.stop();
    drop(node);
    for file in ["record.sqlite", "record.sqlite-wal"] {
        let bytes = std::fs::read(with.join(file)).unwrap_or_default();
        assert!(memchr::memmem::find(&bytes, b"'198.51.0.1'").is_none(), "{file}");
        assert!(file.ends_with("wal") || memchr::memmem::find(&bytes, b"'198.51.0.2'").is_some());
    }
}

#[test]
fn the_list_of_erasures_is_found_beside_the_backup() {
    let world = World::new();
    let operator = world.node.operator();
    world.submit(&operator, &envelope(&[indicator(1, FIRST, "")])).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy");
    backup(&world, &copy);
    world.node.erase(&operator, &id(1), "later").unwrap();
    std::fs::copy(world.folder.path().join("erasures"), copy.join("erasures")).unwrap();
    let folder = elsewhere.path().join("folder");
    Node::restore(&copy, None, &folder).unwrap();
    assert!(!has(&open(&folder), &id(1)));
}

#[test]
fn a_folder_with_something_in_it_and_what_is_no_backup_are_refused() {
    let world = World::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy");
    backup(&world, &copy);
    let full = elsewhere.path().join("full");
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("notes"), "mine").unwrap();
    let kind = |from: &Path, erasures: Option<&Path>, folder: &Path| {
        Node::restore(from, erasures, folder).unwrap_err().kind
    };
    let new = elsewhere.path().join("new");
    assert_eq!(kind(&copy, None, &full), Kind::Conflict);
    assert_eq!(kind(&copy, None, world.folder.path()), Kind::Conflict);
    assert_eq!(kind(&full, None, &new), Kind::NotFound);
    assert_eq!(kind(&elsewhere.path().join("nothing"), None, &new), Kind::NotFound);
    assert_eq!(kind(&copy, Some(&full), &new), Kind::NotFound);
    let damaged = Node::restore(&full.join("notes"), None, &elsewhere.path().join("not made")).unwrap_err();
    assert!(damaged.hint.unwrap().contains("earlier backup"));
    assert_eq!(kind(&full.join("notes"), None, &new), Kind::Internal);
    assert_eq!(std::fs::read_to_string(full.join("notes")).unwrap(), "mine");
    assert_eq!(
        world.node.backup(&world.node.operator(), &full, &mut |_, _| {}).unwrap_err().kind,
        Kind::Conflict
    );
    let below_a_file = full.join("notes").join("folder");
    let refused = world.node.backup(&world.node.operator(), &below_a_file, &mut |_, _| {});
    assert_eq!(refused.unwrap_err().kind, Kind::Invalid);
}

#[test]
fn a_node_is_ready_unless_its_clock_has_gone_back() {
    let world = World::new();
    world.node.ready().unwrap();
    world.submit(&world.node.operator(), &envelope(&[indicator(1, FIRST, "")])).unwrap();
    world.later(-4);
    world.node.ready().unwrap();
    world.later(-60);
    let error = world.node.ready().unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.message.contains("clock is 6"), "{error}");
    world.later(64);
    world.node.ready().unwrap();
}
