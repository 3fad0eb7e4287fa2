//! Order, times, duplicates, and what a commit shares.

use model::{SubmissionId, Timestamp, Tlp};
use store::directory::Epoch;
use store::read::{LabelId, OutcomeState, VersionSpec, Visible};
use store::record::{Appended, Held, Item};
use store::{Kind, Options, Store};
use uuid::Uuid;

use crate::support::{START, World, all, anything, batch, member, said, statement};

#[test]
fn positions_are_dense_and_times_end_on_a_whole_millisecond() {
    let mut world = World::new();
    for round in 0..5 {
        let items = (0..7).map(|n| statement(said(round * 10 + n, 1, 1, Tlp::Green))).collect();
        world.append(1, items);
        let visible = world.everything();
        let at = world.page(&all(&visible)).1.date_added_last.unwrap();
        assert_eq!(at.0 % 1000, 0);
        assert!(at.0 >= world.now && at.0 < world.now + 1000);
    }
    let visible = world.everything();
    let (seen, end) = world.page(&all(&visible));
    assert_eq!(seen.iter().map(|one| one.position).collect::<Vec<_>>(), (0..35).collect::<Vec<_>>());
    assert!(seen.windows(2).all(|pair| pair[0].date_added < pair[1].date_added));
    assert_eq!((end.more, end.next.position), (false, 35));
    assert_eq!(end.date_added_last, Some(Timestamp(seen[34].date_added)));
    let snapshot = world.store.snapshot().unwrap();
    for one in &seen {
        let after = |time: i64| snapshot.place_after(&visible, Timestamp(time)).unwrap().position;
        assert_eq!(after(one.date_added), one.position + 1);
        assert_eq!(after(one.date_added - 1), one.position);
    }
    assert_eq!(snapshot.place_after(&visible, Timestamp::MAX).unwrap().position, 35);
    assert_eq!(snapshot.place_after(&visible, Timestamp::MIN).unwrap().position, 0);
}

#[test]
fn times_go_on_when_the_clock_goes_back() {
    let mut world = World::new();
    world.say(1, said(1, 1, 1, Tlp::Green));
    world.now = START - 3_600_000_000;
    world.say(1, said(2, 1, 1, Tlp::Green));
    let mut world = world.reopen();
    world.now = 0;
    world.say(1, said(3, 1, 1, Tlp::Green));
    let visible = world.everything();
    let (seen, _) = world.page(&all(&visible));
    assert_eq!(seen.len(), 3);
    assert!(seen.windows(2).all(|pair| pair[0].date_added < pair[1].date_added));
    assert!(seen.iter().all(|one| one.date_added % 1000 == 0));
}

#[test]
fn two_of_one_commit_that_are_not_versioned_are_two_versions() {
    let mut world = World::new();
    let unversioned = |body: &[u8]| {
        let mut new = said(1, 1, 1, Tlp::Green);
        (new.version, new.version_text, new.body) = (None, None, body.to_vec());
        statement(new)
    };
    world.append(1, vec![unversioned(b"one"), unversioned(b"two"), unversioned(b"three")]);
    let visible = world.everything();
    assert_eq!(world.crawl(&visible, &[], 10), [2]);
    assert_eq!(world.crawl(&visible, &[VersionSpec::All], 10), [0, 1, 2]);
    assert_eq!(world.store.verify().unwrap().problems, [""; 0]);
}

#[test]
fn the_same_bytes_are_a_duplicate_and_other_bytes_an_equivocation() {
    let mut world = World::new();
    let first = said(1, 1, 1, Tlp::Green);
    assert!(matches!(world.say(1, first.clone()), Appended::New { position: 0, .. }));
    assert!(matches!(world.say(1, first.clone()), Appended::Duplicate { position: 0, .. }));
    let mut other = first.clone();
    other.body = b"{\"other\":1}".to_vec();
    assert_eq!(world.say(1, other.clone()), Appended::Equivocation { position: 1, first: 0 });
    assert!(matches!(world.say(1, other), Appended::Duplicate { position: 1, .. }));
    // Another member says the same version: a statement of its own.
    let mut claim = said(1, 2, 1, Tlp::Green);
    claim.owned = false;
    assert!(matches!(world.say(2, claim), Appended::New { position: 2, .. }));
    let visible = world.everything();
    let (seen, _) = world.page(&all(&visible));
    assert_eq!(seen.iter().map(|one| one.position).collect::<Vec<_>>(), [0]);
    // Within one batch too, and after a later version took its place.
    let appended = world.append(
        1,
        vec![
            statement(said(5, 1, 1, Tlp::Green)),
            statement(said(5, 1, 2, Tlp::Green)),
            statement(said(5, 1, 1, Tlp::Green)),
        ],
    );
    assert!(matches!(appended[2], Appended::Duplicate { position: 3, .. }), "{appended:?}");
}

#[test]
fn what_is_not_versioned_gets_the_time_it_was_added() {
    let mut world = World::new();
    let mut new = said(1, 1, 1, Tlp::Green);
    (new.version, new.version_text) = (None, None);
    let Appended::New { version, .. } = world.say(1, new.clone()) else { panic!() };
    let visible = world.everything();
    assert_eq!(world.page(&all(&visible)).1.date_added_last, Some(version));
    assert!(
        matches!(world.say(1, new.clone()), Appended::Duplicate { position: 0, version: same, .. } if same == version)
    );
    let mut changed = new.clone();
    changed.body = b"changed".to_vec();
    assert!(matches!(world.say(1, changed), Appended::New { position: 1, .. }));
    // The first bytes again: they stand, as an earlier version.
    assert!(matches!(world.say(1, new), Appended::Duplicate { position: 0, .. }));
    let visible = world.everything();
    assert_eq!(world.crawl(&visible, &[], 10), [1]);
    assert_eq!(world.crawl(&visible, &[VersionSpec::All], 1), [0, 1]);
    assert_eq!(world.crawl(&visible, &[VersionSpec::First], 1), [0]);
    assert_eq!(world.crawl(&visible, &[VersionSpec::At(version)], 1), [0]);
}

#[test]
fn a_status_tells_each_object() {
    let mut world = World::new();
    let reject = Item::Reject {
        ordinal: 1,
        object: Some("indicator--x".to_owned()),
        version: "2026-01-01T00:00:00Z".to_owned(),
        reason: "no UUID".to_owned(),
        bytes: b"{}".to_vec(),
    };
    let mut claim = said(2, 1, 1, Tlp::Green);
    claim.owned = false;
    let items = vec![
        statement(said(1, 1, 1, Tlp::Green)),
        reject,
        statement(said(1, 1, 1, Tlp::Green)),
        statement(claim),
        statement(said(3, 1, 1, Tlp::Green)),
        statement(said(4, 1, 1, Tlp::Green)),
    ];
    // Somebody else owns what the last two are about: of the one he is seen to say so, of the other not.
    for (n, tlp) in [(3, Tlp::Clear), (4, Tlp::Red)] {
        let mut owners = said(n, 2, 1, tlp);
        owners.bound = true;
        world.say(2, owners);
    }
    let mut batch = world.batch(1, items);
    let labels = world.store.snapshot().unwrap().labels(LabelId(0)).unwrap();
    labels.iter().filter(|(_, label)| label.tlp < Tlp::Red).for_each(|(id, _)| batch.seen.allow(*id));
    let id = batch.submission.id;
    world.store.append(anything(world.facts), batch.clone()).unwrap();
    let status = world.store.snapshot().unwrap().status(id).unwrap().unwrap();
    assert_eq!((status.total, status.success, status.failure, status.pending), (6, 5, 1, 0));
    assert!(status.complete && status.source == member(1) && status.default_label == Tlp::Amber);
    let states: Vec<_> = status.outcomes.iter().map(|one| (one.ordinal, one.state)).collect();
    use OutcomeState::{Claim, Duplicate, New, Rejected};
    // The one that names another member's identity is a claim, whatever of that member is seen.
    let expected =
        [(0, New), (1, Rejected), (2, Duplicate(Held::default())), (3, Claim), (4, Claim), (5, New)];
    assert_eq!(states, expected);
    assert_eq!(status.outcomes[1].message, "no UUID");
    assert_eq!(status.outcomes[1].version, "2026-01-01T00:00:00Z");
    assert_eq!(status.outcomes[0].object, format!("indicator--{}", Uuid::from_u128(1)));
    assert_eq!(status.outcomes[0].version, "2026-01-01T00:00:00.001Z");
    assert!(world.store.snapshot().unwrap().status(SubmissionId(Uuid::nil())).unwrap().is_none());
    assert_eq!(world.store.append(anything(world.facts), batch).unwrap_err().kind, Kind::Conflict);
}

#[test]
fn callers_at_once_share_commits_and_one_failure_is_its_own() {
    let world = World::new();
    std::thread::scope(|scope| {
        for thread in 0..16u128 {
            let store = world.store.clone();
            scope.spawn(move || {
                for round in 0..20u128 {
                    let id = thread * 100 + round;
                    let batch = batch(id + 1, 1, START, vec![statement(said(id, 1, 1, Tlp::Green))]);
                    if round % 5 == 4 {
                        assert_eq!(store.append(anything(Epoch(9)), batch).unwrap_err().kind, Kind::Stale);
                    } else {
                        let appended = store.append(anything(Epoch(0)), batch).unwrap();
                        let Appended::New { position, .. } = appended[0] else { panic!() };
                        // What is acknowledged is seen, and where it was said to be.
                        let snapshot = store.snapshot().unwrap();
                        let mut visible = Visible::default();
                        visible.allow(LabelId(0));
                        let mut added = Timestamp::MIN;
                        snapshot.entry(&visible, position, &mut |entry| added = entry.date_added).unwrap();
                        assert_eq!(snapshot.place_after(&visible, added).unwrap().position, position + 1);
                    }
                }
            });
        }
    });
    let visible = world.everything();
    let (seen, end) = world.page(&all(&visible));
    assert_eq!((seen.len(), end.next.position), (256, 256));
    let world = world.reopen();
    assert_eq!(world.page(&all(&visible)).0, seen);
}

#[test]
fn a_second_opener_is_told_so() {
    let world = World::new();
    let second = Store::open(world.folder.path(), &Options::default());
    assert_eq!(second.unwrap_err().kind, Kind::Locked);
    let _reopened = world.reopen();
}

#[test]
fn a_page_ends_early_when_its_entries_are_large() {
    let mut world = World::new();
    for n in 0..5 {
        let mut large = said(n, 1, 1, Tlp::Green);
        large.body = format!("{{\"n\":{n},\"x\":\"{}\"}}", "x".repeat(12 << 20)).into_bytes();
        world.say(1, large);
    }
    let visible = world.everything();
    let (seen, end) = world.page(&all(&visible));
    assert_eq!((seen.len(), end.more, end.next.position), (3, true, 3));
    assert_eq!(world.crawl(&visible, &[], 1000), [0, 1, 2, 3, 4]);
}
