//! Views made again are equal; checks find nothing, or what was broken.

use std::fs;

use model::{Timestamp, Tlp};
use store::record::{Again, Appended, Item};
use store::upkeep::{Rebuilt, StoredStatement, Viewed};
use store::{Kind, Options, Store};

use crate::history::History;
use crate::support::{World, all, anything, rebuilding, said, statement};

#[test]
fn views_made_again_are_equal_after_any_history() {
    for seed in 0..12 {
        let history = History::new(seed, 120);
        let before = history.dump();
        assert!(before.lines().count() > 1_000, "{}", before.lines().count());
        let mut told = 0;
        let view = &mut |stored: &StoredStatement| Some(history.view(stored));
        let rebuilt = history
            .world
            .store
            .rebuild(&rebuilding(history.world.facts), view, &mut |done, _| told = done)
            .unwrap();
        assert_eq!(rebuilt, Rebuilt { equal: true, positions: told });
        assert_eq!(told, history.world.store.snapshot().unwrap().end());
        similar(&before, &history.dump(), seed);
        let verified = history.world.store.verify().unwrap();
        assert_eq!(verified.problems, [""; 0], "{seed}");
        assert!(verified.erased > 0 && verified.positions == told);
    }
}

#[test]
fn a_rebuild_that_makes_other_views_says_so_and_one_that_is_given_up_leaves_the_old() {
    let history = History::new(3, 60);
    let before = history.dump();
    let given_up =
        history.world.store.rebuild(&rebuilding(history.world.facts), &mut |_| None, &mut |_, _| ());
    assert!(given_up.is_err());
    similar(&before, &history.dump(), 3);
    let empty = history
        .world
        .store
        .rebuild(&rebuilding(history.world.facts), &mut |_| Some(Viewed::default()), &mut |_, _| ())
        .unwrap();
    assert!(!empty.equal);
}

#[test]
fn a_backup_is_the_store_of_that_moment() {
    let mut history = History::new(77, 80);
    let (dump, end) = (history.dump(), history.world.store.snapshot().unwrap().end());
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy");
    let mut pages = (0, 0);
    history.world.store.backup(&copy, &mut |done, of| pages = (done, of)).unwrap();
    assert!(pages.0 == pages.1 && pages.1 > 10);
    assert_eq!(history.world.store.backup(&copy, &mut |_, _| ()).unwrap_err().kind, Kind::Conflict);
    let names: Vec<_> =
        fs::read_dir(elsewhere.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["copy"]);
    history.world.say(1, said(1, 1, 1, Tlp::Green));
    let folder = elsewhere.path().join("folder");
    let restored = Store::restore(&copy, None, &folder, &Options::default()).unwrap();
    let snapshot = restored.snapshot().unwrap();
    assert_eq!(snapshot.end(), end);
    let mut out = Vec::new();
    snapshot.dump(&mut out).unwrap();
    similar(&dump, std::str::from_utf8(&out).unwrap(), 77);
    drop(snapshot);
    let again = Store::restore(&copy, None, &folder, &Options::default());
    assert_eq!(again.unwrap_err().kind, Kind::Conflict);
    let text = elsewhere.path().join("text");
    fs::write(&text, "no database").unwrap();
    let none = Store::restore(&text, None, &elsewhere.path().join("other"), &Options::default());
    assert_eq!(none.unwrap_err().kind, Kind::Corrupt);
}

#[test]
fn what_was_erased_after_a_backup_is_erased_when_it_is_restored() {
    let mut world = World::new();
    for n in 0..4 {
        world.say(1, said(n, 1, 1, Tlp::Green));
    }
    let erase = |position| Item::Erase {
        positions: vec![position],
        again: Again::Refused,
        body: b"{\"reason\":\"law\"}".to_vec(),
    };
    world.append(1, vec![erase(0)]);
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy");
    world.store.backup(&copy, &mut |_, _| ()).unwrap();
    world.append(1, vec![erase(2)]);
    let Appended::New { position, .. } = world.say(1, said(9, 1, 1, Tlp::Green)) else { panic!() };
    world.append(1, vec![erase(position)]);
    let erasures = world.folder.path().join("erasures");
    assert_eq!(fs::read_to_string(&erasures).unwrap().lines().count(), 3);
    let folder = elsewhere.path().join("folder");
    let restored = Store::restore(&copy, Some(&erasures), &folder, &Options::default()).unwrap();
    let verified = restored.verify().unwrap();
    assert_eq!((verified.erased, verified.problems), (2, vec![]));
    drop(restored);
    // Once more opened, nothing more happens; and the file still tells everything.
    let lines = fs::read_to_string(&erasures).unwrap();
    let world = World::over(Store::open(&folder, &Options::default()).unwrap(), elsewhere);
    let visible = world.everything();
    let (seen, end) = world.page(&all(&visible));
    assert_eq!(seen.iter().map(|one| one.position).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(end.next.position, 6);
    assert_eq!(fs::read_to_string(folder.join("erasures")).unwrap(), lines);
}

#[test]
fn the_file_of_erasures_is_mended() {
    let mut world = World::new();
    for n in 0..3 {
        world.say(1, said(n, 1, 1, Tlp::Green));
    }
    world.append(1, vec![Item::Erase { positions: vec![0, 2], again: Again::Refused, body: b"{}".to_vec() }]);
    let file = world.folder.path().join("erasures");
    let whole = fs::read_to_string(&file).unwrap();
    for broken in ["", &whole[..whole.len() - 20], whole.lines().next().unwrap()] {
        fs::write(&file, broken).unwrap();
        world = world.reopen();
        // The act is told anew where the line before was there already.
        assert_eq!(fs::read_to_string(&file).unwrap().replace("{}", "="), whole.replace("{}", "="));
    }
    fs::remove_file(&file).unwrap();
    world = world.reopen();
    assert_eq!(fs::read_to_string(&file).unwrap(), whole);
    fs::write(&file, format!("{whole}nonsense\n")).unwrap();
    let World { store, folder, .. } = world;
    drop(store);
    assert_eq!(Store::open(folder.path(), &Options::default()).unwrap_err().kind, Kind::Corrupt);
}

#[test]
fn what_is_erased_is_nowhere_in_the_folder() {
    let mut world = World::new();
    let mut secret = said(1, 1, 1, Tlp::Green);
    secret.body = b"{\"body\":\"veryprivatebody\"}".to_vec();
    secret.index.text = "veryprivateword".to_owned();
    secret.index.names = vec!["veryprivatename".to_owned()];
    let items = (2..1500).map(|n| statement(said(n, 1, 1, Tlp::Green))).collect();
    world.append(1, vec![statement(secret)]);
    world.append(1, items);
    let folder = world.folder.path().to_owned();
    let held = |needle: &str| {
        fs::read_dir(&folder).unwrap().any(|file| {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
        })
    };
    assert!(held("veryprivatebody") && held("veryprivateword"));
    world.append(1, vec![Item::Erase { positions: vec![0], again: Again::Refused, body: b"{}".to_vec() }]);
    world.store.purge(Timestamp(world.now)).unwrap();
    let world = world.reopen();
    for needle in ["veryprivatebody", "veryprivateword", "veryprivatename"] {
        assert!(!held(needle), "{needle} is still on the disk");
    }
    assert_eq!(world.store.verify().unwrap().problems, [""; 0]);
    let visible = world.everything();
    assert_eq!(world.crawl(&visible, &[], 700).len(), 1498);
}

#[test]
fn what_is_kept_for_a_time_goes_when_it_is_over() {
    let mut world = World::new();
    let reject = |bytes: usize| Item::Reject {
        ordinal: 3,
        object: None,
        version: String::new(),
        reason: "too long".to_owned(),
        bytes: vec![b'x'; bytes],
    };
    let batch = world.batch(1, vec![statement(said(1, 1, 1, Tlp::Green)), reject(2 << 20)]);
    let id = batch.submission.id;
    world.store.append(anything(world.facts), batch).unwrap();
    let kept = world.store.snapshot().unwrap().quarantine(u64::MAX, 10).unwrap();
    assert_eq!((kept.len(), kept[0].bytes.len(), kept[0].ordinal, kept[0].submission), (1, 1 << 20, 3, id));
    // Bounded in all: the oldest go first.
    for _ in 0..70 {
        world.append(1, vec![reject(1 << 20)]);
    }
    let snapshot = world.store.snapshot().unwrap();
    assert!(snapshot.figures().unwrap().quarantine_bytes <= 64 << 20);
    let kept = snapshot.quarantine(u64::MAX, 100).unwrap();
    assert!((62..=64).contains(&kept.len()) && kept[0].number > kept[1].number);
    assert_eq!(snapshot.quarantine(kept[0].number, 1).unwrap(), kept[1..2]);
    drop(snapshot);
    assert_eq!(world.store.purge(Timestamp(world.now)).unwrap().outcomes, 0);
    let day_later = Timestamp(world.now).plus_seconds(25 * 3600);
    assert_eq!(world.store.purge(day_later).unwrap().outcomes, 72);
    let status = world.store.snapshot().unwrap().status(id).unwrap().unwrap();
    assert_eq!((status.total, status.outcomes.len()), (2, 0));
    let week_later = Timestamp(world.now).plus_seconds(8 * 24 * 3600);
    assert_eq!(world.store.purge(week_later).unwrap().quarantine, kept.len() as u64);
    assert_eq!(world.store.snapshot().unwrap().figures().unwrap().quarantine_bytes, 0);
}

// Whole dumps are too long to read in a failure.
fn similar(one: &str, other: &str, seed: u64) {
    let differing = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    assert_eq!(differing, None, "seed {seed}");
    assert_eq!(one.len(), other.len(), "seed {seed}");
}

#[test]
fn what_pages_tell_is_made_again_too() {
    let mut world = World::new();
    for n in 1..=3 {
        world.say(1, said(n, 1, 1, Tlp::Green));
    }
    // The state of the first entry, as a defect would leave it.
    let damage = |world: World| {
        let World { store, folder, .. } = world;
        drop(store);
        let file = rusqlite::Connection::open(folder.path().join("record.sqlite")).unwrap();
        file.execute("UPDATE span SET heads = CAST(x'01' || substr(heads, 2) AS BLOB)", []).unwrap();
        drop(file);
        // The copy that pages are read from does not know of it.
        fs::remove_file(folder.path().join("pages.state")).unwrap();
        let store = Store::open(folder.path(), &Options::default()).unwrap();
        let mut world = World::over(store, folder);
        world.submissions_from(100);
        world
    };
    let mut world = damage(world);
    // The writer has read the damaged span by now.
    world.say(1, said(4, 1, 1, Tlp::Green));
    assert_eq!(world.store.verify().unwrap().problems.len(), 1);
    assert_eq!(world.page(&all(&world.everything())).0.len(), 3);
    world.store.rebuild(&rebuilding(world.facts), &mut |_| Some(Viewed::default()), &mut |_, _| ()).unwrap();
    world.say(1, said(5, 1, 1, Tlp::Green));
    assert_eq!(world.store.verify().unwrap().problems, [""; 0]);
    assert_eq!(world.page(&all(&world.everything())).0.len(), 5);
}

#[test]
fn readers_that_come_back_see_what_came_since_and_let_the_log_go() {
    let mut world = World::new();
    let file = world.folder.path().join("record.sqlite-wal");
    let log = || std::fs::metadata(&file).map_or(0, |log| log.len());
    let mut ends = Vec::new();
    for round in 0..20_u64 {
        world.say(1, said(u128::from(round), 1, 1, Tlp::Green));
        // The second is taken while the first is held, the third is what one of them was.
        let first = world.store.snapshot().unwrap();
        let second = world.store.snapshot().unwrap();
        ends.extend([first.end(), second.end()].map(|end| end == round + 1));
        drop(first);
        ends.push(world.store.snapshot().unwrap().end() == round + 1);
    }
    assert!(ends.iter().all(|current| *current), "{ends:?}");
    // Readers that nobody uses do not keep the writer from emptying the log.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while log() > 0 {
        assert!(std::time::Instant::now() < end, "the log is still {} bytes long", log());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
