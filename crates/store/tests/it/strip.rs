//! The copy that pages are read from: it agrees with the record, or is begun anew.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use model::{Timestamp, Tlp};
use store::read::{Entry, Snapshot, VersionSpec, Visible};
use store::record::{Again, Item};
use store::{Options, Store};

use crate::history::History;
use crate::measure::Random;
use crate::support::{START, World, all, said, statement};

const ERASE: &[u8] = b"{\"act\":\"erase\"}";
const STATE: &str = "pages.state";
const HEADS: &str = "pages.heads";
const BYTES: &str = "pages.bytes";

fn length(folder: &Path, name: &str) -> u64 {
    fs::metadata(folder.join(name)).map_or(0, |found| found.len())
}

// What is not in step is read from elsewhere until then.
fn wait_for_copies(folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while length(folder, HEADS) == 0 {
        assert!(Instant::now() < deadline, "nothing was copied");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn copied(from: &Path, names: &[&str], to: &Path) {
    for name in names {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

fn check(store: Store, folder: tempfile::TempDir, expected: &[u64]) -> World {
    assert_eq!(store.verify().unwrap().problems, [""; 0]);
    let world = World::over(store, folder);
    assert_eq!(world.crawl(&world.everything(), &[VersionSpec::All], 7), expected);
    world
}

#[test]
fn what_was_closed_is_taken_up_again() {
    for seed in 0..6 {
        let world = History::new(seed, 100).world;
        let expected = world.crawl(&world.everything(), &[VersionSpec::All], 1_000);
        let (folder, facts) = (world.folder, world.facts);
        drop(world.store);
        assert!(length(folder.path(), STATE) > 0 && length(folder.path(), BYTES) > 0);
        // Opened and read, it stays as it is; from the first write on nothing says that it is whole.
        let (heads, bytes) = (length(folder.path(), HEADS), length(folder.path(), BYTES));
        let store = Store::open(folder.path(), &Options::default()).unwrap();
        assert_eq!((length(folder.path(), HEADS), length(folder.path(), BYTES)), (heads, bytes));
        let mut world = check(store, folder, &expected);
        assert!(length(world.folder.path(), STATE) > 0);
        world.facts = facts;
        world.submissions_from(10_000);
        world.now = START + 1_000_000_000;
        world.say(1, said(70_000, 1, 1, Tlp::Green));
        assert_eq!(length(world.folder.path(), STATE), 0);
        assert!(length(world.folder.path(), BYTES) > bytes);
        assert_eq!(world.store.verify().unwrap().problems, [""; 0]);
    }
}

#[test]
fn what_does_not_belong_to_the_record_is_begun_anew() {
    let (old, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut world = World::new();
    for n in 0..50 {
        world.say(1, said(n, 1, 1, Tlp::Green));
    }
    let expected = world.crawl(&world.everything(), &[VersionSpec::All], 1_000);
    let world = world.reopen();
    let folder = world.folder;
    drop(world.store);
    let files = ["record.sqlite", HEADS, BYTES, STATE];
    copied(folder.path(), &files, old.path());
    let store = Store::open(folder.path(), &Options::default()).unwrap();
    let mut world = World::over(store, folder);
    world.submissions_from(100);
    for n in 50..60 {
        world.say(1, said(n, 1, 1, Tlp::Green));
    }
    let folder = world.folder;
    drop(world.store);
    copied(folder.path(), &files, kept.path());

    // A record that was put back, a state that was put back, and files that were cut.
    copied(old.path(), &["record.sqlite"], folder.path());
    let world = check(Store::open(folder.path(), &Options::default()).unwrap(), folder, &expected);
    wait_for_copies(world.folder.path());
    let world = check(world.store, world.folder, &expected);
    let folder = world.folder;
    drop(world.store);
    for cut in [HEADS, BYTES] {
        copied(kept.path(), &files, folder.path());
        let file = fs::File::options().write(true).open(folder.path().join(cut)).unwrap();
        file.set_len(length(folder.path(), cut) - 1).unwrap();
        let store = Store::open(folder.path(), &Options::default()).unwrap();
        assert_eq!(length(folder.path(), HEADS), 0);
        assert_eq!(store.verify().unwrap().problems, [""; 0]);
        assert_eq!(store.snapshot().unwrap().end(), 60);
    }
    copied(kept.path(), &files, folder.path());
    copied(old.path(), &[STATE], folder.path());
    drop(Store::open(folder.path(), &Options::default()).unwrap());
    assert_eq!(length(folder.path(), HEADS), 0);
}

#[test]
fn a_copy_that_is_damaged_is_found_and_can_be_removed() {
    let mut world = World::new();
    for n in 0..40 {
        world.say(1, said(n, 1, 1, Tlp::Green));
    }
    let folder = world.folder;
    drop(world.store);
    let bytes = folder.path().join(BYTES);
    let mut text = fs::read(&bytes).unwrap();
    text[50] ^= 1;
    fs::write(&bytes, text).unwrap();
    let store = Store::open(folder.path(), &Options::default()).unwrap();
    let problems = store.verify().unwrap().problems;
    assert!(problems.len() == 1 && problems[0].contains(STATE), "{problems:?}");
    drop(store);
    fs::remove_file(folder.path().join(STATE)).unwrap();
    let store = Store::open(folder.path(), &Options::default()).unwrap();
    assert_eq!(store.verify().unwrap().problems, [""; 0]);
}

#[test]
fn a_byte_that_is_flipped_where_no_print_looks_is_found_by_the_steady_check_and_served_no_more() {
    let mut world = World::new();
    for n in 0..400 {
        let mut new = said(n, 1, 1, Tlp::Green);
        new.body = format!("{{\"long\":\"{}\"}}", "abcdefgh".repeat(900)).into_bytes();
        world.say(1, new);
    }
    let expected = world.crawl(&world.everything(), &[VersionSpec::All], 100);
    let world = world.reopen();
    let check = |world: &World| {
        let (mut from, mut rounds, mut found) = (0, 0, Vec::new());
        loop {
            let (next, wrong) = world.store.check_copy(from, 50).unwrap();
            found.extend(wrong);
            (from, rounds) = (next, rounds + 1);
            if from == 0 || rounds == 100 {
                return (rounds, found);
            }
        }
    };
    let (rounds, found) = check(&world);
    assert!((2..20).contains(&rounds) && found.is_empty(), "{rounds} {found:?}");
    let file = fs::File::options().read(true).write(true).open(world.folder.path().join(BYTES)).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, 2_000_345).unwrap();
    file.write_all_at(&[byte[0] ^ 1], 2_000_345).unwrap();
    let (_, found) = check(&world);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(world.crawl(&world.everything(), &[VersionSpec::All], 100), expected);
    let world = world.reopen();
    wait_for_copies(world.folder.path());
    assert_eq!(world.store.verify().unwrap().problems, [""; 0]);
}

// What is done to a file of the copy while it is read from.
type Damage = fn(&fs::File, u64);

#[test]
fn a_copy_that_is_damaged_while_it_is_read_is_read_no_more() {
    let zeros: Damage = |file, length| file.write_all_at(&vec![0; length as usize], 0).unwrap();
    let ones: Damage = |file, length| file.write_all_at(&vec![0xff; length as usize], 0).unwrap();
    let cut: Damage = |file, length| file.set_len(length / 2).unwrap();
    let gone: Damage = |file, _| file.set_len(0).unwrap();
    for (name, damage) in
        [(BYTES, zeros), (BYTES, cut), (BYTES, gone), (HEADS, ones), (HEADS, cut), (HEADS, gone)]
    {
        let mut world = World::new();
        for n in 0..60 {
            world.say(1, said(n, 1, 1, Tlp::Green));
        }
        let everything = world.everything();
        let (expected, _) = world.page(&all(&everything));
        let path = world.folder.path().join(name);
        let file = fs::File::options().write(true).open(path).unwrap();
        damage(&file, length(world.folder.path(), name));
        let snapshot = world.store.snapshot().unwrap();
        (0..60).for_each(|n| {
            assert_eq!(one(&snapshot, &everything, n).3, said(n.into(), 1, 1, Tlp::Green).body)
        });
        drop(snapshot);
        assert_eq!(world.page(&all(&everything)).0, expected);
        let problems = world.store.verify().unwrap().problems;
        assert!(problems.len() == 1 && problems[0].contains("damaged"), "{problems:?}");
        // Neither the next commit nor closing says that it is whole.
        world.say(1, said(60, 1, 1, Tlp::Green));
        assert_eq!(world.page(&all(&everything)).0.len(), 61);
        let world = world.reopen();
        assert_eq!(world.page(&all(&everything)).0[..60], expected[..]);
        assert_eq!(world.store.verify().unwrap().problems, [""; 0]);
    }
}

#[test]
fn the_copy_is_compared_to_its_end_while_others_write() {
    let mut world = World::new();
    for n in 0..2_000 {
        world.say(1, said(n, 1, 1, Tlp::Green));
    }
    let bytes = world.folder.path().join(BYTES);
    let file = fs::File::options().write(true).open(&bytes).unwrap();
    let at = length(world.folder.path(), BYTES) - 20;
    file.write_all_at(b"x", at).unwrap();
    let (store, done) = (world.store.clone(), AtomicBool::new(false));
    let problems = std::thread::scope(|scope| {
        let verifying = scope.spawn(|| {
            let problems = store.verify().unwrap().problems;
            done.store(true, Ordering::Relaxed);
            problems
        });
        for n in 2_000.. {
            if done.load(Ordering::Relaxed) {
                break;
            }
            world.say(1, said(n, 1, 1, Tlp::Green));
        }
        verifying.join().unwrap()
    });
    assert!(problems.len() == 1 && problems[0].contains("position 1999"), "{problems:?}");
}

#[test]
fn after_a_crash_between_a_commit_and_its_copy_nothing_old_is_served() {
    let mut world = World::new();
    for n in 0..40 {
        world.say(1, said(n, 1, 1, Tlp::Green));
    }
    let world = world.reopen();
    let folder = world.folder;
    drop(world.store);
    let kept = tempfile::tempdir().unwrap();
    copied(folder.path(), &[HEADS, BYTES, STATE], kept.path());
    let store = Store::open(folder.path(), &Options::default()).unwrap();
    let mut world = World::over(store, folder);
    world.submissions_from(10_000);
    let erase = Item::Erase { positions: vec![7], again: Again::Refused, body: ERASE.to_vec() };
    world.append(1, vec![erase]);
    world.say(1, said(9, 1, 2, Tlp::Green));
    let expected = world.crawl(&world.everything(), &[], 1_000);
    assert!(!expected.contains(&7) && !expected.contains(&9));
    // As it stands on the disk once the first of these is committed and nothing was done after that.
    copied(world.folder.path(), &["record.sqlite", "record.sqlite-wal", "erasures"], kept.path());
    let store = Store::open(kept.path(), &Options::default()).unwrap();
    let again = check(store, kept, &(0..40).filter(|n| *n != 7).chain([41]).collect::<Vec<_>>());
    assert_eq!(again.crawl(&again.everything(), &[], 1_000), expected);
    let bytes = fs::read(again.folder.path().join(BYTES)).unwrap();
    let gone = said(7, 1, 1, Tlp::Green).body;
    assert!(!bytes.windows(gone.len()).any(|some| some == gone));
}

type Seen = (u64, Timestamp, Timestamp, Vec<u8>);

fn seen(entry: &Entry<'_>) -> Seen {
    (entry.position, entry.date_added, entry.version, entry.wire.to_vec())
}

// One entry by its place: by the copy where that goes, and what is lent it is free to read on.
fn one(snapshot: &Snapshot, visible: &Visible, position: u64) -> Seen {
    let mut found = None;
    let mut again = |entry: &Entry<'_>| {
        snapshot.entry(visible, position, &mut |same| assert_eq!(seen(same), seen(entry))).unwrap();
        found = Some(seen(entry));
    };
    snapshot.entry(visible, position, &mut again).unwrap();
    found.unwrap()
}

// A page of all types is scanned, of one type it comes from lists; the copy is used by the one and not by the other.
fn reads(store: &Store, visible: &Visible, limit: usize, done: &AtomicBool) {
    let mut random = Random(limit as u64);
    while !done.load(Ordering::Relaxed) {
        let snapshot = store.snapshot().unwrap();
        let mut query = all(visible);
        (query.limit, query.from) = (limit, random.below(snapshot.end()).into());
        let pages = [vec![], vec!["indicator".to_owned()]].map(|kinds| {
            query.kinds = kinds;
            let mut found = Vec::new();
            let end = snapshot.page(&query, &mut |entry| found.push(seen(entry)));
            (found, end.unwrap())
        });
        assert_eq!(pages[0], pages[1]);
        for entry in &pages[1].0 {
            assert_eq!(one(&snapshot, visible, entry.0), *entry);
        }
        query.kinds.clear();
        let mut text = Vec::new();
        snapshot.page_into(&query, &mut text, &mut |_, _, _| ()).unwrap();
        assert_eq!(text, pages[0].0.iter().map(|(.., wire)| wire.as_slice()).collect::<Vec<_>>().join(&b','));
    }
}

#[test]
fn a_snapshot_serves_the_same_by_the_copy_and_without_it_while_the_record_changes() {
    const OBJECTS: u64 = 100;
    let mut world = World::new();
    let version = |n: u64, version| statement(said(u128::from(n % OBJECTS), 1, version, Tlp::Green));
    world.append(1, (0..OBJECTS).map(|n| version(n, 0)).collect());
    let (visible, store, done) = (world.everything(), world.store.clone(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (store, visible, done) = (&store, &visible, &done);
        let reading = [3, 40, 1_000].map(|limit| scope.spawn(move || reads(store, visible, limit, done)));
        let mut random = Random(7);
        for round in 0..150 {
            let at = random.below(OBJECTS);
            let items = match random.below(5) {
                0 => vec![Item::Erase { positions: vec![at], again: Again::Taken, body: ERASE.to_vec() }],
                _ => (at..=at + random.below(6)).map(|n| version(n, round + 1)).collect(),
            };
            world.append(1, items);
        }
        done.store(true, Ordering::Relaxed);
        reading.into_iter().for_each(|reading| reading.join().unwrap());
    });
    assert_eq!(world.store.verify().unwrap().problems, [""; 0]);
}
