//! Erasing: not a byte of it is left in the folder, and the rest stands.

use std::path::Path;

use node::{Caller, Error, Kind, Node, Settings};

use super::write_world::{FIRST, SECOND, START, World, envelope, id, indicator};

const RED: &str = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
/// A text that is told apart in any file. The index keeps of a key only what the key before has not, so each begins
/// with other digits.
fn canary(n: u32, at: usize) -> String {
    format!("q{at}{at}z{n}canary")
}

fn erased(world: &World, by: &Caller, object: &str) -> Result<u64, Kind> {
    told(world.node.erase(by, object, "article 17 of the law"))
}

fn told(answer: Result<u64, Error>) -> Result<u64, Kind> {
    answer.map_err(|error| error.kind)
}

/// An indicator that tells a canary everywhere: in names, texts, tags, references, its pattern, custom properties.
fn telling(n: u32, at: usize, modified: &str, rest: &str) -> String {
    let canary = canary(n, at);
    // Some are so long that what the views keep of them fills pages of its own.
    let long: String = (0..at % 5 * 150).map(|word| format!("{canary}{word} ")).collect();
    format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"{}\",\"created\":\"{FIRST}\",\
         \"modified\":\"{modified}\",\"name\":\"{canary}a\",\"description\":\"says {canary}b {}\",\
         \"labels\":[\"{canary}c\"],\"external_references\":[{{\"source_name\":\"s\",\"external_id\":\"{canary}d\"}}],\
         \"pattern\":\"[domain-name:value = '{canary}e.example.com']\",\"pattern_type\":\"stix\",\
         \"valid_from\":\"{FIRST}\",\"x_{canary}f\":\"{canary}g\"{rest}}}",
        id(n),
        long,
    )
}

fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            let lower = bytes.to_ascii_lowercase();
            if let Some(at) = memchr::memmem::find(&lower, text.as_bytes()) {
                let around = &bytes[at.saturating_sub(40)..(at + 60).min(bytes.len())];
                found.push(format!("{} at {at}: {}", path.display(), around.escape_ascii()));
            }
        }
    }
    found
}

/// Fills the index so that it makes runs and merges them.
fn fill(world: &World, caller: &Caller, from: u32, count: u32) {
    for start in (from..from + count).step_by(500) {
        let objects: Vec<String> = (start..start + 500).map(|n| indicator(n, FIRST, "")).collect();
        assert_eq!(world.submit(caller, &envelope(&objects)).unwrap().failure, 0);
    }
}

#[test]
fn not_a_byte_of_it_is_left_and_the_rest_stands() {
    let world = World::new();
    for member in ["alpha", "beta"] {
        world.member(member);
    }
    let alpha = world.token("alpha", &["analyst"]);
    let beta = world.token("beta", &["analyst"]);
    fill(&world, &alpha, 1_000, 2_500);
    let marked = |id: &str| format!(",\"object_marking_refs\":[\"{id}\"]");
    let custom = "marking-definition--11111111-1111-4111-8111-111111111111";
    // Versions of several members, one withdrawn, one that says other bytes, one that moves to another label.
    for (by, object) in [
        (&alpha, telling(1, 1, FIRST, "")),
        (&alpha, telling(1, 2, SECOND, &marked(RED))),
        (&alpha, telling(1, 3, SECOND, "")),
        (&beta, telling(1, 4, FIRST, "")),
        (&beta, telling(1, 9, "2026-03-01T00:00:00.123456Z", &marked(custom))),
        (&alpha, telling(2, 6, FIRST, "")),
    ] {
        world.submit(by, &envelope(&[object])).unwrap();
    }
    world.node.withdraw(&beta, None, &id(1), &[FIRST.to_owned()]).unwrap();
    let definition = format!(
        "{{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"{custom}\",\"created\":\"{FIRST}\",\
         \"definition_type\":\"statement\",\"definition\":{{\"statement\":\"hello\"}}}}"
    );
    world.submit(&beta, &definition).unwrap();
    fill(&world, &alpha, 10_000, 2_500);
    let before = world.listed(&alpha, None).len();

    // An administrator without sight of anything.
    let administrator = world.token("ACME", &["administrator"]);
    assert_eq!(erased(&world, &administrator, &id(1)), Ok(5));
    assert_eq!(erased(&world, &administrator, &id(1)), Err(Kind::NotFound));
    assert_eq!(world.listed(&alpha, None).len(), before - 1);
    for caller in [&alpha, &beta] {
        assert_eq!(world.node.object(caller, &id(1), None).unwrap_err().kind, Kind::NotFound);
        let told = world.node.lookup(caller, &[format!("{}e.example.com", canary(1, 1))], 10).unwrap();
        assert!(!told[0].hit);
        assert!(world.node.object(caller, &id(2), None).is_ok());
    }
    let verified = world.node.verify(&world.node.operator(), &mut |_, _| ()).unwrap();
    assert_eq!((&verified["well"], &verified["problems"][0]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(verified["erased"], 6, "the one that moved stood at two positions");
    let World { node, folder, .. } = world;
    node.stop();
    drop(node);
    assert_eq!(files_with(folder.path(), "z1canary"), [""; 0]);
    assert!(!files_with(folder.path(), "z2canary").is_empty(), "what is left would be found");
    let clock = std::sync::Arc::new(|| model::Timestamp(START));
    let node = Node::open(folder.path(), Settings::default(), clock).unwrap();
    assert!(node.object(&node.operator(), &id(1), None).is_err());
    assert_eq!(node.rebuild(&node.operator(), &mut |_, _| {}).unwrap()["equal"], true);
    node.stop();
    drop(node);
    assert_eq!(files_with(folder.path(), "z1canary"), [""; 0]);
}

#[test]
fn an_erasure_needs_an_administrator_and_a_reason() {
    let world = World::new();
    let operator = world.node.operator();
    world.submit(&operator, &envelope(&[indicator(1, FIRST, "")])).unwrap();
    for role in ["reader", "sensor", "analyst", "curator", "organisation-administrator"] {
        let caller = world.token("ACME", &[role]);
        for object in [id(1), id(2)] {
            assert_eq!(erased(&world, &caller, &object), Err(Kind::Forbidden), "{role}");
        }
    }
    for reason in ["", "  \n ", &"x".repeat(2_001)] {
        assert_eq!(told(world.node.erase(&operator, &id(1), reason)), Err(Kind::Invalid));
    }
    assert_eq!(erased(&world, &operator, "indicator--1"), Err(Kind::Invalid));
    assert_eq!(erased(&world, &operator, &id(2)), Err(Kind::NotFound));
    let visitor = Caller { principal: model::Principal::anonymous(), ..operator.clone() };
    assert_eq!(erased(&world, &visitor, &id(1)), Err(Kind::Unauthenticated));
    assert_eq!(world.listed(&operator, None).len(), 1);
    assert_eq!(told(world.node.erase(&operator, &id(1), "the order „4711“\n")), Ok(1));
    // The reason stays, in the act that the record keeps.
    let World { node, folder, .. } = world;
    node.stop();
    drop(node);
    let act = format!(r#""object":"{}","reason":"the order „4711“"}}"#, id(1));
    assert!(!files_with(folder.path(), &act).is_empty());
}

#[test]
fn what_is_the_last_version_is_so_again_when_a_later_one_is_erased_by_withdrawing_first() {
    let world = World::new();
    let operator = world.node.operator();
    for version in [FIRST, SECOND] {
        world.submit(&operator, &envelope(&[indicator(1, version, "")])).unwrap();
    }
    world.node.withdraw(&operator, None, &id(1), &["last".to_owned()]).unwrap();
    assert_eq!(world.node.object(&operator, &id(1), None).unwrap().summary.version, FIRST);
    assert_eq!(erased(&world, &operator, &id(1)), Ok(2), "what was withdrawn is erased too");
    assert_eq!(world.node.rebuild(&operator, &mut |_, _| {}).unwrap()["equal"], true);
}

#[test]
fn erased_bytes_that_come_again_are_refused_to_their_member_and_told_to_nobody_else() {
    let world = World::new();
    world.member("alpha");
    world.member("beta");
    let [alpha, beta] = ["alpha", "beta"].map(|member| world.token(member, &["analyst"]));
    let object = indicator(1, FIRST, "");
    world.submit(&alpha, &object).unwrap();
    assert_eq!(erased(&world, &world.node.operator(), &id(1)), Ok(1));
    for dry_run in [true, false] {
        let options = node::ImportOptions { dry_run, ..node::ImportOptions::default() };
        let status = world.node.submit(&alpha, &options, object.as_bytes()).unwrap();
        let outcome = &status.outcomes[0];
        assert_eq!((outcome.state, outcome.id.as_str()), ("rejected", id(1).as_str()), "dry run {dry_run}");
        assert!(outcome.message.as_ref().unwrap().contains("erased these bytes"), "{outcome:?}");
    }
    let (summary, told) =
        world.import_as(&alpha, &node::ImportOptions::default(), object.as_bytes()).unwrap();
    assert_eq!((summary.rejected, told[0].state), (1, "rejected"));
    let kept = world.node.quarantine(&alpha).unwrap();
    assert_eq!(kept["quarantine"].as_array().unwrap().len(), 0, "its bytes are not kept on another road");
    // Somebody else may say it: that something was there is not for him to know.
    let status = world.submit(&beta, &object).unwrap();
    assert_eq!((status.outcomes[0].state, &status.outcomes[0].message), ("new", &None));
    assert_eq!(world.submit(&alpha, &indicator(1, SECOND, "")).unwrap().outcomes[0].state, "new");
}

/// Erases by id what one address was said in, after rows moved about: what that left in the gaps of pages goes too.
#[test]
fn rows_that_moved_leave_nothing_of_what_is_erased() {
    let world = World::new();
    for member in ["alpha", "beta"] {
        world.member(member);
    }
    let [alpha, beta] = ["alpha", "beta"].map(|member| world.token(member, &["analyst"]));
    let operator = world.node.operator();
    let told = |n: u32| {
        let long = "tag ".repeat((n % 7 * 40) as usize);
        format!(",\"labels\":[\"qq{n:04}canary\",\"{long}\"],\"x_note\":\"qq{n:04}canary\"")
    };
    for start in (0..600).step_by(60) {
        let objects: Vec<String> = (start..start + 60).map(|n| indicator(n, FIRST, &told(n))).collect();
        world.submit(&alpha, &envelope(&objects)).unwrap();
        let rows: String =
            (start..start + 60).map(|n| format!("198.51.{}.{},rr{n:04}canary\n", n / 250, n % 250)).collect();
        let (summary, _) = world
            .import_as(&beta, &node::ImportOptions::default(), format!("value,comment\n{rows}").as_bytes())
            .unwrap();
        assert_eq!(summary.new, 60);
    }
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("copy");
    world.node.backup(&operator, &copy, &mut |_, _| {}).unwrap();
    // New versions, and withdrawals, take rows out and move those beside them.
    for start in (0..600).step_by(60) {
        let again: Vec<String> =
            (start..start + 60).filter(|n| n % 3 == 0).map(|n| indicator(n, SECOND, &told(n))).collect();
        world.submit(&alpha, &envelope(&again)).unwrap();
    }
    for n in (0..600).filter(|n| n % 3 == 1) {
        world.node.withdraw(&alpha, None, &id(n), &[]).unwrap();
    }
    for n in 0..600 {
        if n % 5 == 0 {
            erased(&world, &operator, &id(n)).unwrap();
        }
    }
    let found = |folder: &Path| -> Vec<String> {
        let gone = (0..600).filter(|n| n % 5 == 0);
        gone.flat_map(|n| files_with(folder, &format!("qq{n:04}canary"))).collect()
    };
    assert_eq!(found(world.folder.path()), [""; 0]);
    assert!(!files_with(world.folder.path(), "qq0001canary").is_empty(), "what is left would be found");
    let rows = world
        .node
        .search(&beta, &node::SearchQuery { text: Some("rr0300canary".to_owned()), ..Default::default() });
    let row = rows.unwrap().objects[0].id.clone();
    erased(&world, &operator, &row).unwrap();
    assert_eq!(files_with(world.folder.path(), "rr0300canary"), [""; 0]);
    // What the writer writes later has it not either, nor what a backup brings back.
    world
        .submit(&alpha, &envelope(&(0..600).map(|n| indicator(n + 5_000, FIRST, "")).collect::<Vec<_>>()))
        .unwrap();
    assert_eq!(found(world.folder.path()), [""; 0]);
    let back = copies.path().join("back");
    assert!(!found(&copy).is_empty() && copy.join("erasures").is_file());
    let answer = Node::restore(&copy, None, &back).unwrap();
    assert!(answer["erasures"].is_string(), "{answer}");
    assert_eq!(found(&back), [""; 0]);
    let verified = world.node.verify(&operator, &mut |_, _| ()).unwrap();
    assert_eq!(verified["well"], true, "{verified}");
}
