//! Folders of other releases.

use std::fs;

use model::Tlp;
use rusqlite::Connection;
use store::record::{Again, Appended, Item};
use store::upkeep::Viewed;
use store::{Kind, Options, Store};

use crate::support::{World, said};

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
    assert_eq!((verified.statements, verified.erased, verified.problems), (8, 1, vec![]));
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
    world.store.rebuild(&mut |_| Some(Viewed::default()), &mut |_, _| ()).unwrap();
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
