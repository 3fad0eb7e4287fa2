//! Folders of other releases.

use std::fs;

use model::Tlp;
use rusqlite::Connection;
use store::read::{Entry, LabelId, VersionSpec, Visible};
use store::record::{Again, Appended, Item, Media, NewStatement};
use store::upkeep::Viewed;
use store::{Kind, Options, Store};

use crate::history::History;
use crate::support::{World, all, member, rebuilding, said};

/// A folder as the first release left it: six statements, one erased, one withdrawn.
fn first_release() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let record = Connection::open(folder.path().join("record.sqlite")).unwrap();
    record.pragma_update(None, "page_size", 8192).unwrap();
    record.execute_batch(include_str!("../data/schema1.sql")).unwrap();
    fs::write(folder.path().join("erasures"), include_str!("../data/erasures1")).unwrap();
    folder
}

#[test]
fn a_folder_of_the_first_release_is_migrated_whole_and_used() {
    let folder = first_release();
    let store = Store::open(folder.path(), &Options::default()).unwrap();
    let verified = store.verify().unwrap();
    assert_eq!((verified.positions, verified.erased, verified.problems), (8, 1, vec![]));
    let facts = store.directory().unwrap().epoch;
    let mut world = World::over(store, folder);
    world.now = 1_900_000_000_000_000;
    world.facts = facts;
    assert_eq!(world.crawl(&world.everything(), &[], 100).len(), 3);
    assert!(matches!(world.say(1, said(1, 1, 1, Tlp::Green)), Appended::New { position: 8, .. }));
    let erase = Item::Erase { positions: vec![8], again: Again::Refused, body: b"{}".to_vec() };
    world.append(1, vec![erase]);
    assert_eq!(world.say(1, said(1, 1, 1, Tlp::Green)), Appended::Erased);
    // Its list of erasures goes on in the form of this release.
    let lines = fs::read_to_string(world.folder.path().join("erasures")).unwrap();
    assert!(lines.starts_with(include_str!("../data/erasures1")) && lines.lines().count() == 2);
    let world = world.reopen();
    assert_eq!(world.store.verify().unwrap().erased, 2);
    world.store.rebuild(&rebuilding(world.facts), &mut |_| Some(Viewed::default()), &mut |_, _| ()).unwrap();
}

#[test]
fn a_backup_of_the_first_release_is_restored_and_its_erasures_repeated() {
    let old = first_release();
    let copy = old.path().join("copy");
    Connection::open(old.path().join("record.sqlite"))
        .unwrap()
        .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
        .unwrap();
    Connection::open(&copy).unwrap().execute("DELETE FROM erasure", []).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let erasures = old.path().join("erasures");
    let into = folder.path().join("data");
    let store = Store::restore(&copy, Some(&erasures), &into, &Options::default()).unwrap();
    assert_eq!(store.verify().unwrap().problems, [""; 0]);
}

// What the release before made of the same history: each entry with its microsecond, commits without their labels.
fn without_runs(folder: &std::path::Path) {
    let conn = Connection::open(folder.join("record.sqlite")).unwrap();
    conn.execute_batch(
        "BEGIN; ALTER TABLE sealed DROP COLUMN runs; ALTER TABLE label DROP COLUMN entries;
         DROP INDEX quarantine_place; DROP TABLE lent; ALTER TABLE submission DROP COLUMN addressed;
         DROP INDEX member_alias; ALTER TABLE member DROP COLUMN alias; ALTER TABLE member DROP COLUMN sector;
         DROP TABLE given; DROP TABLE shown; DROP TABLE counted; DROP TABLE definition; DROP TABLE circled; DROP INDEX statement_disclosure; DROP INDEX statement_several; DROP INDEX reach_act; DROP TABLE policy; DROP INDEX quarantine_object; DROP TABLE client; ALTER TABLE member DROP COLUMN client_only; DROP TABLE asset; DROP TABLE queue; ALTER TABLE collection DROP COLUMN curation; ALTER TABLE collection DROP COLUMN desk; ALTER TABLE collection DROP COLUMN recipients; ALTER TABLE arrival DROP COLUMN due; ALTER TABLE arrival DROP COLUMN form;
         UPDATE statement SET date_added = date_added - (SELECT min(last) FROM sealed WHERE last >= position) + position",
    )
    .unwrap();
    assert!(without_claims(&conn) > 0, "the history has claims");
    let mut query = conn.prepare("SELECT first, heads FROM span").unwrap();
    let spans: Vec<(i64, Vec<u8>)> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap();
    for (first, mut heads) in spans {
        for (position, record) in (first..).zip(heads.chunks_mut(55)) {
            let sql = "SELECT date_added FROM statement WHERE position = ?1";
            let date_added: i64 = conn.query_row(sql, [position], |row| row.get(0)).unwrap();
            record[13..21].copy_from_slice(&date_added.to_le_bytes());
        }
        conn.execute("UPDATE span SET heads = ?2 WHERE first = ?1", rusqlite::params![first, heads]).unwrap();
    }
    conn.execute_batch("PRAGMA user_version = 5; COMMIT").unwrap();
}

// What the release before lists of claims made of the same history. Answers how many entries were in one.
fn without_claims(conn: &Connection) -> usize {
    conn.execute_batch("DROP TABLE claimed; DELETE FROM tally WHERE list >= 1 << 40").unwrap();
    let sql = "INSERT INTO identity (stix, member) VALUES (?1, ?2)";
    conn.execute(sql, rusqlite::params![IDENTITY, member(4).0.as_bytes()]).unwrap();
    let entries = conn.execute("DELETE FROM posting WHERE list >= 1 << 41", []).unwrap();
    let mut query = conn.prepare("SELECT position, packed FROM indexed").unwrap();
    let rows: Vec<(i64, Vec<u8>)> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap();
    for (position, packed) in rows {
        // How many lists, then each as LEB128; those of claims have six bytes.
        let (mut at, mut lists) = (1, Vec::new());
        for _ in 0..packed[0] {
            let end = at + packed[at..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
            lists.extend((end - at < 6).then(|| packed[at..end].to_vec()));
            at = end;
        }
        let stripped = [vec![lists.len() as u8], lists.concat(), packed[at..].to_vec()].concat();
        if stripped == [0, 0, 0, 0] {
            conn.execute("DELETE FROM indexed WHERE position = ?1", [position]).unwrap();
        } else {
            let sql = "UPDATE indexed SET packed = ?2 WHERE position = ?1";
            conn.execute(sql, rusqlite::params![position, stripped]).unwrap();
        }
    }
    entries
}

// What the release before spans made of the same history: head and bytes in each row.
fn without_spans(folder: &std::path::Path) {
    let conn = Connection::open(folder.join("record.sqlite")).unwrap();
    conn.execute_batch(
        "BEGIN; ALTER TABLE statement ADD COLUMN head BLOB; ALTER TABLE statement ADD COLUMN wire BLOB",
    )
    .unwrap();
    let mut query = conn.prepare("SELECT first, heads, wires FROM span").unwrap();
    let spans: Vec<(i64, Vec<u8>, Vec<u8>)> = query
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (first, heads, wires) in spans {
        let mut start = 0;
        for (position, record) in (first..).zip(heads.chunks(55)) {
            let end = u32::from_le_bytes(record[9..13].try_into().unwrap()) as usize;
            let served = (end > start).then(|| &wires[start..end]);
            start = end;
            let sql = "UPDATE statement SET head = ?2, wire = iif(body IS NULL OR state = 6, NULL, ?3),
                body = coalesce(body, ?3) WHERE position = ?1";
            conn.execute(sql, rusqlite::params![position, &record[13..], served]).unwrap();
        }
    }
    let later = "DROP TABLE span; DROP TABLE membership; DROP TABLE invitation; DROP TABLE circle_act";
    conn.execute_batch(&format!("{later}; PRAGMA user_version = 3; COMMIT")).unwrap();
}

// Claims under an id that another owns, and in the name of an identity that is another's.
fn claims(world: &mut World) {
    world.say(1, NewStatement { bound: true, ..said(901, 1, 1, Tlp::Green) });
    for version in [1, 2] {
        world.say(2, said(901, 2, version, Tlp::Green));
    }
    let (author, speaks_for) = (Some(IDENTITY.to_owned()), vec![member(4)]);
    world.say(3, NewStatement { author, speaks_for, owned: false, ..said(902, 3, 1, Tlp::Amber) });
}

const IDENTITY: &str = "identity--00000000-0000-4000-8000-000000000004";

#[test]
fn any_history_of_the_releases_before_is_migrated_whole() {
    for (seed, older) in [(0, 3), (1, 3), (2, 5), (3, 5)] {
        let mut history = History::new(seed, 120);
        let mut derived = said(900, 1, 1, Tlp::Green);
        (derived.wire, derived.media) = (Some(vec![b'w'; 9_000]), Media::Row);
        history.world.say(1, derived);
        claims(&mut history.world);
        let World { store, folder, .. } = history.world;
        drop(store);
        let [before, after] = [false, true].map(|migrates| {
            if migrates {
                without_runs(folder.path());
            }
            if migrates && older == 3 {
                without_spans(folder.path());
            }
            let store = Store::open(folder.path(), &Options::default()).unwrap();
            // Leaves commit to the time that the test took away.
            let problems = store.verify().unwrap().problems;
            assert!(problems.iter().all(|one| migrates && one.contains("leaf")), "{seed}: {problems:?}");
            let (snapshot, mut dump) = (store.snapshot().unwrap(), Vec::new());
            snapshot.dump(&mut dump).unwrap();
            let mut visible = Visible::default();
            for (label, _) in snapshot.labels(LabelId(0)).unwrap() {
                visible.allow(label);
            }
            let (mut served, mut query) = (Vec::new(), all(&visible));
            query.versions = vec![VersionSpec::All];
            let each = &mut |entry: &Entry<'_>| {
                served.push((entry.position, entry.date_added, entry.wire.to_vec()));
            };
            assert!(!snapshot.page(&query, each).unwrap().more);
            assert!(served.len() > 20);
            (String::from_utf8(dump).unwrap(), served)
        });
        assert!(before == after, "{seed}");
    }
}

#[test]
fn a_folder_of_a_later_release_says_which_release_it_needs() {
    let World { store, folder, .. } = World::new();
    drop(store);
    let file = folder.path().join("record.sqlite");
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let before = fs::read(&file).unwrap();
    let error = Store::open(folder.path(), &Options::default()).unwrap_err();
    assert_eq!(error.kind, Kind::TooNew);
    assert!(error.message.contains("a later release wrote this folder"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);
}
