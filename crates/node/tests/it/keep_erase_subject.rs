//! Erasing by subject: one address, everywhere, however it is written, and nothing else.

use std::path::Path;

use node::{Caller, EraseSubject, Error, ImportOptions, Kind, ListQuery, Node};

use super::write_world::{FIRST, SECOND, START, World, envelope, id, indicator};

const ADDRESS: &str = "203.0.113.66";
const DEFANGED: &str = "203[.]0[.]113[.]66";

/// Every way in which the address is written in what follows, and its key in the index.
const CANARIES: [&[u8]; 4] =
    [b"203.0.113.66", b"203[.]0[.]113[.]66", b"203[dot]0[dot]113[dot]66", &[1, 203, 0, 113, 66]];

fn files_with_it(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            found.extend(files_with_it(&path));
            continue;
        }
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for canary in CANARIES {
            if let Some(at) = memchr::memmem::find(&bytes, canary) {
                let around = &bytes[at.saturating_sub(40)..(at + 60).min(bytes.len())];
                found.push(format!("{} at {at}: {}", path.display(), around.escape_ascii()));
            }
        }
    }
    found
}

fn asked(subject: &str, dry_run: bool) -> EraseSubject {
    let reason = if dry_run { "" } else { "article 17, request 4711" };
    EraseSubject { subject: subject.to_owned(), reason: reason.to_owned(), dry_run }
}

fn told<T>(answer: Result<T, Error>) -> Result<T, Kind> {
    answer.map_err(|error| error.kind)
}

/// An indicator that says the address in one of many ways.
fn saying(n: u32, version: &str) -> String {
    let says = match n % 4 {
        0 => format!(",\"x_note\":\"seen from {DEFANGED}, twice\""),
        1 => ",\"labels\":[\"from 203[dot]0[dot]113[dot]66\"]".to_owned(),
        2 => format!(",\"x_seen\":{{\"at\":[1,\"to {ADDRESS}:443\"]}}"),
        _ => format!(
            ",\"external_references\":[{{\"source_name\":\"s\",\"description\":\"http://{ADDRESS}/a\"}}]"
        ),
    };
    indicator(n, version, &says)
}

fn rows(from: u32, count: u32) -> String {
    let rows = (from..from + count).map(|n| format!("198.51.77.{n},c2,with {DEFANGED} no {n}\n"));
    format!("value,tags,comment\n{ADDRESS},c2,itself\n{}", rows.collect::<String>())
}

struct Story {
    world: World,
    beta: Caller,
    elsewhere: tempfile::TempDir,
}

/// 212 objects of two members say the address, under four labels; some in two versions, some withdrawn; three backups
/// are made on the way, and 1,000 objects do not say it.
fn story() -> Story {
    let world = World::new();
    for member in ["alpha", "beta"] {
        world.member(member);
    }
    let (alpha, beta) = (world.token("alpha", &["analyst"]), world.token("beta", &["analyst"]));
    let elsewhere = tempfile::tempdir().unwrap();
    let tlp = |tlp: &str| ImportOptions { tlp: tlp.parse().ok(), ..ImportOptions::default() };
    let others: Vec<String> = (2_000..3_000).map(|n| indicator(n, FIRST, "")).collect();
    world.submit(&alpha, &envelope(&others)).unwrap();
    for (from, label) in [(0, "red"), (40, "green"), (80, "clear"), (120, "amber")] {
        let objects: Vec<String> = (from..from + 40).map(|n| saying(n, FIRST)).collect();
        let by = if from < 80 { &alpha } else { &beta };
        let status = world.node.submit(by, &tlp(label), envelope(&objects).as_bytes()).unwrap();
        assert_eq!((status.success, status.failure), (40, 0));
        if from < 120 {
            copy(&world, elsewhere.path(), from);
        }
    }
    let again: Vec<String> = (0..10).map(|n| saying(n, SECOND)).collect();
    world.node.submit(&alpha, &tlp("red"), envelope(&again).as_bytes()).unwrap();
    for n in 40..50 {
        world.node.withdraw(&alpha, None, &id(n), &[]).unwrap();
    }
    let (summary, _) = world.import_as(&beta, &tlp("green"), rows(1, 50).as_bytes()).unwrap();
    assert_eq!(summary.new, 51);
    let sco = format!(
        "{{\"type\":\"ipv4-addr\",\"spec_version\":\"2.1\",\
         \"id\":\"ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd\",\"value\":\"{ADDRESS}\"}}"
    );
    assert_eq!(world.submit(&beta, &sco).unwrap().success, 1);
    // What is refused says it too, in what is kept of it and in what its sender was told.
    let refused = indicator(9_000, ADDRESS, "");
    assert_eq!(world.submit(&beta, &envelope(&[refused])).unwrap().failure, 1);
    Story { world, beta, elsewhere }
}

fn copy(world: &World, to: &Path, n: u32) {
    world.node.backup(&world.node.operator(), &to.join(format!("copy{n}")), &mut |_, _| {}).unwrap();
}

#[test]
fn one_address_is_erased_from_212_objects_and_no_backup_brings_it_back() {
    let Story { world, beta, elsewhere } = story();
    let operator = world.node.operator();
    let administrator = world.token("ACME", &["administrator"]);
    world.node.list(&beta, &ListQuery::default(), &mut |_| ()).unwrap();
    world.node.export(&beta, "stix", false, &ListQuery::default(), &mut Vec::new()).unwrap();
    assert!(!files_with_it(world.folder.path()).is_empty());

    let look = world.node.erase_subject(&administrator, &asked(DEFANGED, true)).unwrap();
    assert_eq!((look.objects, look.statements, look.subject, look.dry_run), (212, 222, "ipv4", true));
    assert_eq!((look.refused, look.held.members), (1, 1), "{look:?}");
    assert!(look.held.answers >= 2 && look.told >= 1, "{look:?}");
    let backups: Vec<_> = look.backups.iter().map(|one| (one.there, one.listed)).collect();
    assert_eq!(backups, [(true, false); 3]);
    assert_eq!(look.by.iter().map(|one| one.statements).sum::<u64>(), 222);

    let done = world.node.erase_subject(&administrator, &asked(ADDRESS, false)).unwrap();
    assert_eq!((done.objects, done.statements, done.refused), (212, 222, 1));
    assert!(done.backups.iter().all(|one| one.there && one.listed), "{:?}", done.backups);
    let remains: Vec<_> = done.remains.iter().map(|one| one.what).collect();
    assert_eq!(remains, ["leaves", "readers", "backups-listed"], "{:?}", done.remains);
    // The node runs on: not a byte of it is in any file, nor is it found, and the rest stands.
    assert_eq!(files_with_it(world.folder.path()), [""; 0]);
    assert!(!world.node.lookup(&beta, &[ADDRESS.to_owned()], 5).unwrap()[0].hit);
    assert_eq!(
        told(world.node.erase_subject(&administrator, &asked(ADDRESS, false))).err(),
        Some(Kind::NotFound)
    );
    assert_eq!(world.listed(&beta, None).len(), 1_000);
    let verified = world.node.verify(&operator, &mut |_, _| ()).unwrap();
    assert_eq!((&verified["well"], &verified["problems"][0]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(world.node.rebuild(&operator, &mut |_, _| {}).unwrap()["equal"], true);
    // The same is not taken again of its member.
    assert_eq!(world.submit(&beta, &saying(80, FIRST)).unwrap().failure, 1);
    assert_eq!(files_with_it(world.folder.path()), [""; 0]);

    for n in [0, 40, 80] {
        let (from, to) =
            (elsewhere.path().join(format!("copy{n}")), elsewhere.path().join(format!("back{n}")));
        assert!(!files_with_it(&from).is_empty());
        let answer = Node::restore(&from, None, &to).unwrap();
        assert!(answer["warning"].is_null(), "{answer}");
        assert_eq!(files_with_it(&to), [""; 0], "copy {n}");
        let clock = std::sync::Arc::new(|| model::Timestamp(START + 30 * 86_400_000_000));
        let node = Node::open(&to, super::write_world::settings(), clock).unwrap();
        let verified = node.verify(&node.operator(), &mut |_, _| ()).unwrap();
        assert_eq!(verified["well"], true, "{verified}");
        assert!(verified["erased"].as_u64().unwrap() >= 40);
        node.stop();
    }
}

#[test]
fn nothing_of_the_subject_is_written_down_and_only_an_administrator_asks() {
    let world = World::new();
    world.member("alpha");
    let alpha = world.token("alpha", &["analyst"]);
    let object = indicator(1, FIRST, ",\"x_note\":\"said by Ada.Lovelace@example.com\"");
    world.submit(&alpha, &object).unwrap();
    let longer = indicator(2, FIRST, ",\"x_note\":\"at mail.example.com\"");
    world.submit(&alpha, &longer).unwrap();
    for role in ["reader", "sensor", "analyst", "curator", "organisation-administrator"] {
        let caller = world.token("ACME", &[role]);
        for dry_run in [true, false] {
            let answer = world.node.erase_subject(&caller, &asked("ada.lovelace@example.com", dry_run));
            assert_eq!(told(answer).err(), Some(Kind::Forbidden), "{role}");
        }
    }
    let administrator = world.token("ACME", &["administrator"]);
    let reason =
        |reason: &str| EraseSubject { reason: reason.to_owned(), ..asked("Ada.Lovelace@example.com", false) };
    for bad in ["", "asked for by ada.lovelace[@]example[.]com"] {
        assert_eq!(told(world.node.erase_subject(&administrator, &reason(bad))).err(), Some(Kind::Invalid));
    }
    let look = world.node.erase_subject(&administrator, &asked("example.com", true)).unwrap();
    assert_eq!((look.statements, look.longer), (1, 1));
    let done = world.node.erase_subject(&administrator, &reason("request 4711")).unwrap();
    assert_eq!((done.statements, done.longer, done.subject), (1, 0, "email"));
    let audit = world.node.audit(&administrator, &node::AuditQuery::default()).unwrap();
    let audit = serde_json::to_string(&audit).unwrap().to_lowercase();
    assert!(audit.contains("erase.subject") && !audit.contains("lovelace"), "{audit}");
    assert!(!format!("{:?}", reason("x")).contains("Lovelace"));
    let World { node, folder, .. } = world;
    node.stop();
    drop(node);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap().to_ascii_lowercase();
        assert!(memchr::memmem::find(&bytes, b"lovelace").is_none());
    }
}
