//! What is erased stays erased: the file beside the database, bytes that come again, folders that are put back.

use std::fs;
use std::path::Path;

use model::{PersonId, Roles, Timestamp, Tlp, TokenId};
use store::directory::{Change, Member, Person, Token};
use store::record::{Again, Appended, Audit, Item};
use store::{Options, Store};
use uuid::Uuid;

use crate::support::{START, World, anything, member, said, statement};

const LAW: &[u8] = b"{\"act\":\"erase\",\"reason\":\"the law\"}";

fn erase(position: u64) -> Item {
    Item::Erase { positions: vec![position], again: Again::Refused, body: LAW.to_vec() }
}

fn world_of(statements: u128) -> World {
    let mut world = World::new();
    for n in 0..statements {
        world.say(1, said(n, 1, 1, Tlp::Green));
    }
    world
}

fn holds(folder: &Path, needle: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

fn erased(world: &World) -> u64 {
    let verified = world.store.verify().unwrap();
    assert_eq!(verified.problems, [""; 0]);
    verified.erased
}

#[test]
fn a_line_that_was_written_by_half_is_cut_off_before_the_next() {
    let mut world = world_of(3);
    world.append(1, vec![erase(0)]);
    let file = world.folder.path().join("erasures");
    let first = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{first}2 0123")).unwrap();
    world.append(1, vec![erase(2)]);
    let both = fs::read_to_string(&file).unwrap();
    let second = both.strip_prefix(&first).unwrap();
    assert!(second.starts_with("2 ") && second.lines().count() == 1, "{second}");
    assert_eq!(erased(&world.reopen()), 2);
}

#[test]
fn an_erasure_whose_line_cannot_be_written_is_not_made() {
    let mut world = world_of(2);
    let file = world.folder.path().join("erasures");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let batch = world.batch(1, vec![erase(0)]);
    assert!(world.store.append(anything(world.facts), batch).is_err());
    assert_eq!(erased(&world), 0);
    assert!(world.store.health().failing.is_some());
    // Whatever else there is to write is written.
    assert!(matches!(world.say(1, said(7, 1, 1, Tlp::Green)), Appended::New { position: 2, .. }));
    fs::remove_dir(&file).unwrap();
    world.append(1, vec![erase(0)]);
    assert_eq!(erased(&world), 1);
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 1);
}

#[test]
fn an_erasure_whose_line_was_written_and_that_was_not_committed_is_made_on_opening() {
    let World { store, folder, .. } = world_of(2);
    drop(store);
    let copy = tempfile::tempdir().unwrap();
    fs::copy(folder.path().join("record.sqlite"), copy.path().join("record.sqlite")).unwrap();
    let mut world = World::over(Store::open(folder.path(), &Options::default()).unwrap(), folder);
    world.submissions_from(50);
    world.append(1, vec![erase(1)]);
    fs::copy(world.folder.path().join("erasures"), copy.path().join("erasures")).unwrap();
    let mut world = World::over(Store::open(copy.path(), &Options::default()).unwrap(), copy);
    world.submissions_from(50);
    assert_eq!(erased(&world), 1);
    assert!(holds(world.folder.path(), LAW), "by the act that erased it");
    assert_eq!(world.say(1, said(1, 1, 1, Tlp::Green)), Appended::Erased, "also before the next start");
}

// After a backup that was put back, positions are given again.
#[test]
fn an_erasure_at_a_position_that_was_erased_before_the_backup_was_put_back_is_kept() {
    let mut world = world_of(2);
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy");
    world.store.backup(&copy, &mut |_, _| ()).unwrap();
    world.say(1, said(5, 1, 1, Tlp::Green));
    world.append(1, vec![erase(2)]);
    let folder = elsewhere.path().join("folder");
    let erasures = world.folder.path().join("erasures");
    let store = Store::restore(&copy, Some(&erasures), &folder, &Options::default()).unwrap();
    let mut world = World::over(store, elsewhere);
    world.submissions_from(50);
    world.now = START + 1_000_000_000;
    assert!(matches!(world.say(1, said(6, 1, 1, Tlp::Green)), Appended::New { position: 2, .. }));
    world.append(1, vec![erase(2)]);
    assert_eq!(fs::read_to_string(folder.join("erasures")).unwrap().lines().count(), 2);
    assert_eq!(world.say(1, said(6, 1, 1, Tlp::Green)), Appended::Erased);
    assert_eq!(world.say(1, said(5, 1, 1, Tlp::Green)), Appended::Erased);
}

#[test]
fn erased_bytes_are_not_taken_again_of_their_member() {
    let mut world = world_of(3);
    world.append(1, vec![erase(0)]);
    let gone =
        Item::Erase { positions: vec![1], again: Again::Taken, body: b"{\"reason\":\"retention\"}".to_vec() };
    world.append(1, vec![gone]);
    let again = |world: &mut World| {
        assert_eq!(world.say(1, said(0, 1, 1, Tlp::Green)), Appended::Erased);
        assert_eq!(world.say(1, said(0, 1, 1, Tlp::Red)), Appended::Erased, "under another label");
    };
    again(&mut world);
    let foreseen = world
        .store
        .snapshot()
        .unwrap()
        .foresee((member(1), &world.everything()), None, &said(0, 1, 1, Tlp::Green))
        .unwrap();
    assert_eq!(foreseen, store::read::OutcomeState::Rejected);
    // Its status says so, to the one whose it is; and the audit.
    let batch =
        world.batch(1, vec![statement(said(0, 1, 1, Tlp::Green)), statement(said(5, 1, 1, Tlp::Green))]);
    let id = batch.submission.id;
    world.store.append(anything(world.facts), batch).unwrap();
    let status = world.store.snapshot().unwrap().status(id).unwrap().unwrap();
    assert_eq!((status.success, status.failure), (1, 1));
    assert!(status.outcomes[0].message.contains("erased these bytes"), "{:?}", status.outcomes[0]);
    assert!(status.outcomes[0].object.starts_with("indicator--"));
    let audited: i64 = rusqlite::Connection::open(world.folder.path().join("record.sqlite"))
        .unwrap()
        .query_row("SELECT count(*) FROM audit WHERE verb = 'erased.again'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(audited, 3);
    // What let go by time, what others say, and a new version are news.
    assert!(matches!(world.say(1, said(1, 1, 1, Tlp::Green)), Appended::New { .. }));
    let mut others = said(0, 1, 1, Tlp::Green);
    others.label = model::Label::new(member(2), Tlp::Green);
    assert!(matches!(world.say(2, others), Appended::New { .. }));
    assert!(matches!(world.say(1, said(0, 1, 2, Tlp::Green)), Appended::New { .. }));
    let mut world = world.reopen();
    again(&mut world);
    assert_eq!(erased(&world), 2);
}

#[test]
fn a_restored_folder_has_no_byte_of_what_was_erased_and_knows_it_again() {
    let mut world = World::new();
    // In pages that were used and freed, in the index, in the body.
    for n in 0..1_500 {
        let mut new = said(n, 1, 1, Tlp::Green);
        if n == 3 {
            new.index.text = "veryprivateword".to_owned();
            new.index.names = vec!["veryprivatename".to_owned()];
            new.body = b"{\"body\":\"veryprivatebody\"}".to_vec();
        }
        world.append(1, vec![statement(new)]);
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy");
    world.store.backup(&copy, &mut |_, _| ()).unwrap();
    let Appended::New { position, .. } = world.say(1, said(5_000, 1, 1, Tlp::Green)) else { panic!() };
    world.append(1, vec![erase(3)]);
    world.append(1, vec![erase(position)]);
    let folder = elsewhere.path().join("folder");
    let erasures = world.folder.path().join("erasures");
    drop(Store::restore(&copy, Some(&erasures), &folder, &Options::default()).unwrap());
    for needle in ["veryprivatebody", "veryprivateword", "veryprivatename"] {
        assert!(!holds(&folder, needle.as_bytes()), "{needle} is still in the folder");
    }
    assert!(holds(&folder, LAW), "the reason that was given is kept");
    let store = Store::open(&folder, &Options::default()).unwrap();
    let mut restored = World::over(store, elsewhere);
    restored.submissions_from(100_000);
    let mut same = said(3, 1, 1, Tlp::Green);
    same.body = b"{\"body\":\"veryprivatebody\"}".to_vec();
    assert_eq!(restored.say(1, same), Appended::Erased);
    assert_eq!(restored.say(1, said(5_000, 1, 1, Tlp::Green)), Appended::Erased);
}

#[test]
fn who_was_shut_out_after_a_backup_stays_out() {
    let mut world = World::new();
    let audit = || Audit { at: Timestamp(START), token: None, verb: "test", target: String::new() };
    let own = Member {
        id: member(1),
        name: "one".to_owned(),
        created: Timestamp(START),
        revoked: None,
        own: true,
        objects_per_hour: 0,
        bytes_per_hour: 0,
        alias: member(91),
        sector: String::new(),
        client_only: false,
    };
    let person = Person {
        id: PersonId(Uuid::from_u128(2)),
        member: member(1),
        name: "somebody".to_owned(),
        created: Timestamp(START),
        revoked: None,
    };
    let tokens: Vec<Token> = (0..3).map(token).collect();
    let mut changes = vec![Change::Member(own.clone()), Change::Person(person.clone())];
    changes.extend(tokens.iter().take(2).cloned().map(Change::Token));
    world.facts = world.store.change(anything(world.facts), &changes, audit()).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy");
    world.store.backup(&copy, &mut |_, _| ()).unwrap();
    let at = Some(Timestamp(START + 5));
    let changes = [
        Change::Token(Token { revoked: at, ..tokens[0].clone() }),
        Change::Token(Token { revoked: at, ..tokens[2].clone() }),
        Change::Person(Person { revoked: at, ..person }),
    ];
    world.store.change(anything(world.facts), &changes, audit()).unwrap();
    let erasures = world.folder.path().join("erasures");
    fs::write(&erasures, "").unwrap();
    let folder = elsewhere.path().join("folder");
    let restored = Store::restore(&copy, Some(&erasures), &folder, &Options::default()).unwrap();
    let directory = restored.directory().unwrap();
    let revoked: Vec<_> = directory.tokens.iter().map(|token| token.revoked).collect();
    assert_eq!(revoked, [at, None]);
    assert_eq!(directory.persons[0].revoked, at);
    assert_eq!(directory.members, [own]);
    assert!(directory.epoch > world.facts, "what was judged on the backup is stale");
}

fn token(n: u128) -> Token {
    Token {
        id: TokenId(Uuid::from_u128(10 + n)),
        digest: [n as u8; 32],
        member: member(1),
        person: None,
        name: format!("token {n}"),
        roles: Roles::of(&[]),
        verbs: Vec::new(),
        read: None,
        write: None,
        ceiling: Tlp::Red,
        networks: Vec::new(),
        certificate: None,
        profile: None,
        created: Timestamp(START),
        expires: Timestamp(START + 1_000_000_000),
        revoked: None,
        once: false,
        last_used: None,
    }
}

// Between two steps of the scrub others commit, and may finish what it began.
#[test]
fn what_an_erasure_leaves_in_a_large_index_is_removed_in_an_end_of_time() {
    let mut world = World::new();
    let of_one = |n: u128| {
        let mut new = said(n, 1, 1, Tlp::Green);
        new.index.tags = (0..70).map(|tag| format!("{tag} of {n} is veryprivatetag{n}x")).collect();
        new
    };
    for n in (0..3_200).step_by(400) {
        let items = (n..n + 400).map(|n| statement(of_one(n))).collect();
        world.append(1, items);
    }
    world.append(1, vec![erase(77)]);
    let (done, ended) = std::sync::mpsc::channel();
    let store = world.store.clone();
    let running = std::thread::spawn(move || done.send(store.purge(Timestamp(START)).is_ok()));
    let ended = ended.recv_timeout(std::time::Duration::from_secs(60));
    assert!(ended.is_ok_and(|well| well), "the scrub has no end");
    // The folder is held until the thread has let go of its store.
    running.join().unwrap().unwrap();
    let folder = world.folder.path().to_owned();
    let world = world.reopen();
    assert!(!holds(&folder, b"veryprivatetag77x"), "it is still in the index");
    assert_eq!(world.store.verify().unwrap().problems, [""; 0]);
}

#[test]
fn what_was_erased_is_in_no_file_when_that_is_answered() {
    let mut world = world_of(3);
    let mut new = said(9, 1, 1, Tlp::Green);
    (new.body, new.index.text) = (b"{\"x\":\"canary in the body\"}".to_vec(), "canaryintheindex".to_owned());
    let Appended::New { position, .. } = world.say(1, new) else { panic!() };
    let folder = world.folder.path().to_owned();
    let log = || fs::metadata(folder.join("record.sqlite-wal")).map_or(0, |log| log.len());
    let left = || [&b"canary in the body"[..], b"canaryintheindex"].map(|needle| holds(&folder, needle));
    assert_eq!(left(), [true, true]);
    world.append(1, vec![erase(position)]);
    assert!(!holds(&folder, b"canary in the body"));
    world.store.purge(Timestamp(world.now)).unwrap();
    // The process may end here, in any way.
    assert_eq!((left(), log()), ([false, false], 0));
    // While somebody reads the log cannot be cut; it is as soon as he is done and nothing else is to do.
    let Appended::New { position, .. } = world.say(1, said(10, 1, 1, Tlp::Green)) else { panic!() };
    let reading = world.store.snapshot().unwrap();
    world.append(1, vec![erase(position)]);
    std::thread::sleep(std::time::Duration::from_millis(3_500));
    assert!(log() > 0);
    drop(reading);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while log() > 0 {
        assert!(std::time::Instant::now() < end, "the log is still {} bytes long", log());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

// Bytes that are not zero between the places of cells and the cells, over all trees of a database (its format, §1.6).
fn in_gaps(folder: &Path) -> Vec<u8> {
    let path = folder.join("record.sqlite");
    let bytes = fs::read(&path).unwrap();
    let conn = rusqlite::Connection::open(&path).unwrap();
    let size: usize =
        conn.pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0)).unwrap() as usize;
    let mut query =
        conn.prepare("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0 UNION SELECT 1").unwrap();
    let mut pages: Vec<usize> =
        query.query_map([], |row| row.get::<_, i64>(0)).unwrap().map(|root| root.unwrap() as usize).collect();
    let mut found = Vec::new();
    while let Some(number) = pages.pop() {
        let page = &bytes[(number - 1) * size..number * size];
        let header = if number == 1 { 100 } else { 0 };
        let short = |at: usize| usize::from(u16::from_be_bytes([page[at], page[at + 1]]));
        let long = |at: usize| u32::from_be_bytes(page[at..at + 4].try_into().unwrap()) as usize;
        let is_inner = matches!(page[header], 2 | 5);
        let places = header + if is_inner { 12 } else { 8 };
        let end = places + 2 * short(header + 3);
        if is_inner {
            pages.push(long(header + 8));
            pages.extend((places..end).step_by(2).map(|place| long(short(place))));
        }
        let cells = short(header + 5);
        found.extend(page[end..if cells == 0 { size } else { cells }].iter().filter(|byte| **byte != 0));
    }
    found
}

#[test]
fn an_erasure_leaves_nothing_of_rows_that_moved() {
    let mut world = world_of(400);
    // Rows that come between others move half of these to another page; then those that moved go.
    let moved = |to: &rusqlite::Connection| {
        to.execute_batch(
            "PRAGMA secure_delete = ON;
             INSERT INTO meta (name, value)
               WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
               SELECT printf('%05d', n * 7919 % 3001), CAST(iif(n % 3, 'amovingword', 'another') || n || hex(zeroblob(n % 90)) AS BLOB) FROM n;
             DELETE FROM meta WHERE CAST(value AS TEXT) LIKE 'amovingword%'",
        )
    };
    let folder = world.folder.path().to_owned();
    let record = folder.join("record.sqlite");
    let World { store, folder: held, .. } = world;
    drop(store);
    moved(&rusqlite::Connection::open(&record).unwrap()).unwrap();
    world = World::over(Store::open(&folder, &Options::default()).unwrap(), held);
    world.submissions_from(1_000);
    assert!(in_gaps(&folder).len() > 1_000 && holds(&folder, b"amovingword"));
    world.append(1, vec![erase(7)]);
    world.store.purge(Timestamp(world.now)).unwrap();
    // What was written after it, such as that it was done, leaves the place of a cell here and there.
    assert!(in_gaps(&folder).len() < 16, "{:?}", in_gaps(&folder));
    assert!(!holds(&folder, b"amovingword"));
    // What the writer had in memory does not bring it back, and a copy has none of it.
    for n in 2_000..2_400 {
        world.say(1, said(n, 1, 1, Tlp::Green));
    }
    let copy = tempfile::tempdir().unwrap();
    world.store.backup(&copy.path().join("record.sqlite"), &mut |_, _| ()).unwrap();
    assert!(!holds(&folder, b"amovingword") && !holds(copy.path(), b"amovingword"));
    assert_eq!(erased(&world), 1);
    assert_eq!(erased(&world.reopen()), 1);
}
