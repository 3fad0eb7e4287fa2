//! When things go wrong: a full disk, a file that is damaged or not ours, schemas old and new, quotas, crashes.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use model::{Timestamp, Tlp};
use rusqlite::Connection;
use store::record::{Appended, Arrival, Audit, Item, Quota};
use store::{Kind, Options, Store};

use crate::measure::{Random, synthetic};
use crate::support::{START, World, all, anything, batch, member, said, saying, statement};

fn damaged(break_it: impl Fn(&Path)) -> store::Error {
    let mut world = World::new();
    for round in 0..20 {
        let items = (0..50).map(|n| statement(said(round * 50 + n, 1, 1, Tlp::Green))).collect();
        world.append(1, items);
    }
    let World { store, folder, .. } = world;
    drop(store);
    break_it(&folder.path().join("record.sqlite"));
    match Store::open(folder.path(), &Options::default()) {
        Err(error) => error,
        Ok(store) => {
            let problems = store.verify();
            match problems {
                Err(error) => error,
                Ok(found) => {
                    assert!(!found.problems.is_empty(), "nothing was found");
                    store::Error { kind: Kind::Corrupt, message: found.problems.join("; ") }
                }
            }
        }
    }
}

#[test]
fn a_damaged_file_is_told() {
    type Break = fn(&Path);
    let ways: [(&str, Break); 4] = [
        ("not a database", |path| fs::write(path, [7; 10_000]).unwrap()),
        ("cut", |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("zeroed in the middle", |path| {
            let mut bytes = fs::read(path).unwrap();
            let at = bytes.len() / 2 / 8192 * 8192;
            bytes[at..at + 16384].fill(0);
            fs::write(path, bytes).unwrap();
        }),
        ("another program's", |path| {
            fs::remove_file(path).unwrap();
            Connection::open(path).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap();
        }),
    ];
    for (what, break_it) in ways {
        let error = damaged(break_it);
        assert_eq!(error.kind, Kind::Corrupt, "{what}: {error}");
    }
}

#[test]
fn one_changed_byte_of_a_body_is_found() {
    let error = damaged(|path| {
        let mut bytes = fs::read(path).unwrap();
        let needle = b"\"v\":\"2026-01-01T";
        let at = bytes.windows(needle.len()).rposition(|window| window == needle).unwrap();
        bytes[at + 6] = b'9';
        fs::write(path, bytes).unwrap();
    });
    assert!(error.message.contains("its body is not the one that was committed to"), "{error}");
}

#[test]
fn pages_that_tell_of_more_than_there_is_are_found() {
    let change = |sql: &'static str| {
        damaged(move |path| assert_eq!(Connection::open(path).unwrap().execute(sql, []).unwrap(), 1))
    };
    let beyond = change(
        "INSERT INTO span SELECT (SELECT max(position) + 1 FROM statement), substr(heads, 1, length(heads) / 2),
           wires FROM span WHERE first = 0",
    );
    assert!(beyond.message.contains("beyond the last statement"), "{beyond}");
    let last = "WHERE first = (SELECT max(first) FROM span)";
    let longer = change(Box::leak(
        format!("UPDATE span SET heads = CAST(heads || heads AS BLOB) {last}").into_boxed_str(),
    ));
    assert!(longer.message.contains("beyond the last statement"), "{longer}");
    let odd = change(Box::leak(
        format!("UPDATE span SET heads = CAST(heads || x'00' AS BLOB) {last}").into_boxed_str(),
    ));
    assert!(odd.message.contains("within an entry"), "{odd}");
}

// A limit of pages does to the engine what a full disk does.
#[test]
fn a_full_disk_is_told_read_on_and_recovered_from() {
    let options = Options { most_bytes: Some(3 << 20), ..Options::default() };
    let mut world = World::with(&options);
    let mut random = Random(5);
    let mut taken = 0;
    let error = loop {
        let items = (0..100).map(|_| statement(synthetic(&mut random, &[]))).collect();
        let batch = world.batch(1, items);
        match world.store.append(anything(world.facts), batch) {
            Ok(appended) => taken += appended.len(),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind, Kind::Full, "{error}");
    assert_eq!(world.store.health().failing.unwrap().kind, Kind::Full);
    let visible = world.everything();
    let mut query = all(&visible);
    query.limit = 100_000;
    assert_eq!(world.page(&query).0.len(), taken);
    assert!(taken >= 200, "{taken}");
    // The space comes back with the next opening, which sets no limit; what was acknowledged stands.
    let mut world = world.reopen();
    assert!(world.store.health().failing.is_none());
    assert!(matches!(world.say(1, said(1, 1, 1, Tlp::Green)), Appended::New { .. }));
    assert_eq!(world.page(&query).0.len(), taken + 1);
    assert_eq!(world.store.verify().unwrap().problems, [""; 0]);
}

// A disk of its own, where the tests may mount one.
#[test]
fn a_store_writes_again_when_there_is_space_again() {
    let folder = tempfile::tempdir().unwrap();
    let mount = |words: &[&str]| {
        let mounted = Command::new(words[0]).args(&words[1..]).arg(folder.path()).output();
        mounted.is_ok_and(|output| output.status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs"]) {
        println!("skipped: no disk can be mounted here");
        return;
    }
    let ballast = folder.path().join("ballast");
    fs::write(&ballast, vec![0; 12 << 20]).unwrap();
    let store = Store::open(&folder.path().join("data"), &Options::default()).unwrap();
    let mut random = Random(6);
    let (mut submission, mut taken) = (0, 0);
    let mut send = |store: &Store| {
        submission += 1;
        let items = (0..100).map(|_| statement(synthetic(&mut random, &[]))).collect();
        store
            .append(anything(model::Epoch(0)), batch(submission, 1, START, items))
            .map(|appended| appended.len() as u64)
    };
    let mut fill = |store: &Store, taken: &mut u64| {
        let error = loop {
            match send(store) {
                Ok(count) => *taken += count,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind, Kind::Full, "{error}");
        assert!(store.health().failing.is_some());
        assert_eq!(store.snapshot().unwrap().end(), *taken);
    };
    fill(&store, &mut taken);
    // The copy that pages are read from gives its space to the record.
    let copies = ["pages.heads", "pages.bytes"];
    let copied = || copies.map(|name| fs::metadata(folder.path().join("data").join(name)).unwrap().len());
    let deadline = Instant::now() + Duration::from_secs(20);
    while copied() != [0, 0] {
        assert!(Instant::now() < deadline, "{:?}", copied());
        std::thread::sleep(Duration::from_millis(50));
    }
    fill(&store, &mut taken);
    // Started on the full disk, it is read.
    drop(store);
    let store = Store::open(&folder.path().join("data"), &Options::default()).unwrap();
    assert_eq!(store.snapshot().unwrap().end(), taken);
    fill(&store, &mut taken);
    fs::remove_file(&ballast).unwrap();
    // It finds out by itself.
    let deadline = Instant::now() + Duration::from_secs(20);
    while store.health().failing.is_some() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(store.health().failing.is_none());
    taken += send(&store).unwrap();
    assert_eq!(store.snapshot().unwrap().end(), taken);
    assert_eq!(store.verify().unwrap().problems, [""; 0]);
    drop(store);
    assert!(mount(&["umount"]));
}

#[test]
fn a_quota_counts_what_is_new_and_says_how_long_to_wait() {
    let mut world = World::new();
    world.now = START + 1_800_000_000;
    let quota = Quota { objects_per_hour: 5, bytes_per_hour: 0 };
    let send = |world: &mut World, n: std::ops::Range<u128>| {
        let mut batch = world.batch(1, n.map(|n| statement(said(n, 1, 1, Tlp::Green))).collect());
        batch.quota = quota;
        world.store.append(anything(world.facts), batch).map(|appended| appended.len())
    };
    assert_eq!(send(&mut world, 0..4).unwrap(), 4);
    let error = send(&mut world, 4..6).unwrap_err();
    let Kind::Quota { wait_s } = error.kind else { panic!("{error}") };
    assert!((1_790..1_800).contains(&wait_s), "{wait_s}");
    // Nothing of it stands; duplicates cost nothing; one more has room; the next hour is new.
    assert_eq!(send(&mut world, 0..4).unwrap(), 4);
    assert_eq!(send(&mut world, 4..5).unwrap(), 1);
    assert_eq!(send(&mut world, 0..5).unwrap(), 5);
    assert!(send(&mut world, 5..6).is_err());
    world.now += 3_600_000_000;
    assert_eq!(send(&mut world, 5..10).unwrap(), 5);
    let mut batch = world.batch(2, vec![statement(said(50, 2, 1, Tlp::Green))]);
    batch.quota = Quota { objects_per_hour: 0, bytes_per_hour: 10 };
    assert_eq!(
        world.store.append(anything(world.facts), batch).unwrap_err().kind,
        Kind::TooMuch,
        "waiting does not help"
    );
    assert_eq!(world.store.snapshot().unwrap().end(), 10);
}

fn accept(world: &World, arrival: &Arrival, quota: Quota) -> Result<(), store::Error> {
    let audit = Audit { at: Timestamp(START), token: None, verb: "submit", target: "it".to_owned() };
    world.store.accept(saying(world.facts), arrival.clone(), quota, audit)
}

#[test]
fn what_is_accepted_is_charged_and_audited_then_and_never_again() {
    let quota = Quota { objects_per_hour: 5, bytes_per_hour: 0 };
    let mut world = World::new();
    let arrival = |n: u128, objects: u64| {
        let submission = batch(n, 1, START, Vec::new()).submission;
        Arrival { submission, objects, bytes: b"bytes".to_vec(), due: None, form: String::new(), held: None }
    };
    accept(&world, &arrival(100, 3), quota).unwrap();
    assert!(matches!(accept(&world, &arrival(101, 3), quota).unwrap_err().kind, Kind::Quota { .. }));
    let error = accept(&world, &arrival(102, 6), quota).unwrap_err();
    assert_eq!((error.kind, error.message.contains("6 objects")), (Kind::TooMuch, true), "{error}");
    let few_bytes = Quota { objects_per_hour: 0, bytes_per_hour: 4 };
    assert_eq!(accept(&world, &arrival(103, 1), few_bytes).unwrap_err().kind, Kind::TooMuch);
    let stale = Audit { at: Timestamp(START), token: None, verb: "submit", target: String::new() };
    let facts = store::directory::Epoch(world.facts.0 + 1);
    let refused = world.store.accept(saying(facts), arrival(104, 1), quota, stale);
    assert_eq!(refused.unwrap_err().kind, Kind::Stale);
    // A crash in the middle, and all of it again.
    for complete in [false, true] {
        let mut sequenced =
            batch(100, 1, START, (0..3).map(|n| statement(said(n, 1, 1, Tlp::Green))).collect());
        (sequenced.quota, sequenced.complete) = (quota, complete);
        world.store.append(anything(world.facts), sequenced).unwrap();
        world = world.reopen();
    }
    let send = |world: &World, n: u128| {
        let mut one = batch(200 + n, 1, START, vec![statement(said(n, 1, 1, Tlp::Green))]);
        one.quota = quota;
        world.store.append(anything(world.facts), one)
    };
    send(&world, 3).unwrap();
    send(&world, 4).unwrap();
    assert!(matches!(send(&world, 5).unwrap_err().kind, Kind::Quota { .. }));
    let audited: i64 = Connection::open(world.folder.path().join("record.sqlite"))
        .unwrap()
        .query_row("SELECT count(*) FROM audit WHERE verb = 'submit'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(audited, 1);
}

#[test]
fn an_arrival_that_was_half_sequenced_begins_anew() {
    let world = World::new();
    let mut first = batch(7, 1, START, vec![statement(said(1, 1, 1, Tlp::Green))]);
    first.complete = false;
    let due = Some(Timestamp(START + 1));
    let arrival = Arrival {
        submission: first.submission.clone(),
        objects: 3,
        bytes: b"all of it".to_vec(),
        due,
        form: "list".to_owned(),
        held: None,
    };
    accept(&world, &arrival, Quota::default()).unwrap();
    assert_eq!(accept(&world, &arrival, Quota::default()).unwrap_err().kind, Kind::Conflict);
    let id = first.submission.id;
    let status = |world: &World| world.store.snapshot().unwrap().status(id).unwrap().unwrap();
    assert_eq!((status(&world).pending, status(&world).complete), (3, false));
    world.store.append(anything(world.facts), first.clone()).unwrap();
    assert_eq!((status(&world).pending, status(&world).total), (2, 3));
    // The process ends here.
    let world = world.reopen();
    assert_eq!(world.store.waiting(Timestamp(START)).unwrap(), []);
    assert_eq!(world.store.waiting(Timestamp(START + 1)).unwrap(), [(id, member(1))]);
    let kept = world.store.arrival(id).unwrap().unwrap();
    assert_eq!((kept.due, kept.form.as_str()), (due, "list"));
    let waiting = world.store.arrival(id).unwrap().unwrap();
    assert_eq!((&waiting.bytes[..], waiting.objects, waiting.submission.id), (&b"all of it"[..], 3, id));
    assert_eq!((status(&world).pending, status(&world).outcomes.len()), (3, 0));
    assert!(matches!(
        world.store.append(anything(world.facts), first.clone()).unwrap()[0],
        Appended::Duplicate { .. }
    ));
    let mut last = first;
    last.items = vec![
        statement(said(2, 1, 1, Tlp::Green)),
        Item::Reject {
            ordinal: 2,
            object: None,
            version: String::new(),
            reason: "no".to_owned(),
            bytes: vec![],
        },
    ];
    last.complete = true;
    world.store.append(anything(world.facts), last).unwrap();
    let status = status(&world);
    assert_eq!((status.total, status.success, status.failure, status.pending), (3, 2, 1, 0));
    assert!(status.complete && world.store.waiting(Timestamp::MAX).unwrap().is_empty());
    assert_eq!(status.outcomes.iter().map(|one| one.ordinal).collect::<Vec<_>>(), [0, 1, 2]);
}

// What is on the disk when the power goes after a commit is the database with its log, as they are.
#[test]
fn what_was_acknowledged_is_in_the_files_at_that_moment() {
    let mut world = World::new();
    let mut random = Random(11);
    let mut acknowledged = 0;
    for round in 0..30u64 {
        let count = 1 + random.below(400);
        let items = (0..count).map(|_| statement(synthetic(&mut random, &[]))).collect();
        world.append(1, items);
        acknowledged += count;
        if round % 5 == 4 {
            let copy = tempfile::tempdir().unwrap();
            for name in ["record.sqlite", "record.sqlite-wal"] {
                fs::copy(world.folder.path().join(name), copy.path().join(name)).unwrap();
            }
            let store = Store::open(copy.path(), &Options::default()).unwrap();
            assert_eq!(store.snapshot().unwrap().end(), acknowledged);
            assert_eq!(store.verify().unwrap().problems, [""; 0]);
            assert!(store.health().last_date_added >= Timestamp(world.now));
        }
    }
}
