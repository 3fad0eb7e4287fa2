//! What the one who writes asks, and whose an id is.

use model::{Timestamp, Tlp};
use store::read::OutcomeState;
use store::record::{Again, Appended, Item, Media};

use crate::support::{World, all, anything, key, said};

#[test]
fn whoever_is_bound_to_the_author_owns_the_id() {
    let mut world = World::new();
    // Somebody speaks first, for nobody.
    let early = said(1, 2, 9, Tlp::Green);
    assert!(matches!(world.say(2, early), Appended::New { position: 0, .. }));
    let mut owner = said(1, 1, 1, Tlp::Green);
    owner.bound = true;
    assert!(matches!(world.say(1, owner.clone()), Appended::New { position: 1, .. }));
    // A greater version by somebody else, who names no author, or is bound to the one that he names, is a claim.
    let mut later = said(1, 3, 10, Tlp::Green);
    assert!(matches!(world.say(3, later.clone()), Appended::New { position: 2, .. }));
    later = said(1, 4, 11, Tlp::Green);
    later.bound = true;
    assert!(matches!(world.say(4, later), Appended::New { position: 3, .. }));
    // Readers are shown what the owner says, before it and after.
    let visible = world.everything();
    let (seen, _) = world.page(&all(&visible));
    assert_eq!(seen.iter().map(|one| one.position).collect::<Vec<_>>(), [1]);
    let mut next = said(1, 1, 2, Tlp::Green);
    next.bound = true;
    assert!(matches!(world.say(1, next), Appended::New { position: 4, .. }));
    let (seen, _) = world.page(&all(&visible));
    assert_eq!(seen.iter().map(|one| one.position).collect::<Vec<_>>(), [4]);
}

#[test]
fn an_id_stays_its_owners_when_he_has_taken_all_of_it_back() {
    let mut world = World::new();
    let owners = |version| {
        let mut new = said(1, 1, version, Tlp::Green);
        new.bound = true;
        new
    };
    world.say(1, owners(1));
    let object = key("indicator", 1);
    let withdraw = Item::Withdraw { object, source: None, versions: None, body: b"{}".to_vec() };
    world.append(1, vec![withdraw]);
    // Somebody else, who names himself: he owns nothing by it.
    let mut other = said(1, 2, 9, Tlp::Green);
    other.bound = true;
    world.say(2, other);
    let mut world = world.reopen();
    let visible = world.everything();
    assert_eq!(world.crawl(&visible, &[], 10), [2], "it is all that is there");
    world.say(1, owners(2));
    let visible = world.everything();
    assert_eq!(world.crawl(&visible, &[], 10), [3], "the owner's own replaces it");
}

// What stands under one id is read once for a page or an object, not once for each version.
#[test]
fn a_contested_id_costs_what_it_holds() {
    let time = |versions: i64| {
        let mut world = World::new();
        let mut owners = said(1, 1, 1, Tlp::Green);
        owners.bound = true;
        world.say(1, owners);
        let claims = |version| Item::Statement(Box::new(said(1, 2, version, Tlp::Green)));
        world.append(2, (2..versions).map(claims).collect());
        let visible = world.everything();
        let began = std::time::Instant::now();
        let mut count = 0;
        let snapshot = world.store.snapshot().unwrap();
        snapshot
            .versions(&visible, &key("indicator", 1), &mut |hit| {
                assert_eq!(hit.owned, hit.source == crate::support::member(1));
                count += 1;
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(count, versions - 1);
        began.elapsed()
    };
    // By its square, eight times as many take 64 times as long, and several seconds. Other work on the machine may delay
    // either of the two.
    let (few, many) = (time(500), time(4_000));
    let is_fast = many < few * 24 || many < std::time::Duration::from_secs(3);
    assert!(is_fast, "eight times as many took {many:?}, not {few:?}");
}

#[test]
fn what_is_foreseen_is_what_happens() {
    let mut world = World::new();
    let first = said(1, 1, 1, Tlp::Green);
    let mut other = first.clone();
    other.body = b"other".to_vec();
    let mut claim = said(2, 1, 1, Tlp::Green);
    claim.owned = false;
    let mut owners = said(4, 1, 1, Tlp::Green);
    owners.bound = true;
    let relabelled = said(4, 1, 1, Tlp::Red);
    let mut row = said(3, 1, 5, Tlp::Green);
    row.media = Media::Row;
    let mut row_again = row.clone();
    row_again.version = row.version.map(|version| Timestamp(version.0 + 1));
    let mut row_changed = row_again.clone();
    row_changed.body = b"changed".to_vec();
    for (new, by) in [
        (first.clone(), 1),
        (first.clone(), 1),
        (said(1, 1, 2, Tlp::Green), 1),
        (first.clone(), 1),
        (other.clone(), 1),
        (other, 1),
        (first, 2),
        (claim, 1),
        (row, 1),
        (row_again, 1),
        (row_changed, 1),
        (owners, 1),
        (said(4, 2, 2, Tlp::Green), 2),
        (relabelled, 1),
    ] {
        let seen = world.everything();
        let by_whom = (crate::support::member(by), &seen);
        let foreseen = world.store.snapshot().unwrap().foresee(by_whom, None, &new).unwrap();
        let mut batch = world.batch(by, vec![Item::Statement(Box::new(new.clone()))]);
        batch.seen = seen;
        let happened = match world.store.append(anything(world.facts), batch).unwrap().remove(0) {
            Appended::New { claim: false, .. } => OutcomeState::New,
            Appended::New { claim: true, .. } => OutcomeState::Claim,
            Appended::Duplicate { held, .. } => OutcomeState::Duplicate(held),
            Appended::Equivocation { .. } => OutcomeState::Equivocation,
            other => panic!("{other:?}"),
        };
        assert_eq!(foreseen, happened, "{new:?}");
    }
}

#[test]
fn everything_that_is_held_is_found_by_object_and_by_age() {
    let mut world = World::new();
    let first = said(1, 1, 1, Tlp::Green);
    world.say(1, first.clone());
    world.say(2, said(1, 2, 2, Tlp::Red));
    world.say(1, said(2, 1, 1, Tlp::Green));
    let mut other = first;
    other.body = b"other".to_vec();
    world.say(1, other);
    let act = |item| vec![item];
    let object = key("indicator", 1);
    world.append(
        1,
        act(Item::Withdraw { object: object.clone(), source: None, versions: None, body: b"{}".to_vec() }),
    );
    let snapshot = world.store.snapshot().unwrap();
    let held = snapshot.every_statement(&object).unwrap();
    assert_eq!(
        held.iter().map(|one| (one.position, one.withdrawn)).collect::<Vec<_>>(),
        [(0, true), (1, true), (3, true)]
    );
    assert_eq!(held[1].label.tlp, Tlp::Red);
    assert!(snapshot.every_statement(&key("indicator", 9)).unwrap().is_empty());
    let origin = snapshot.origin(1).unwrap().unwrap();
    assert_eq!(origin.source, crate::support::member(2));
    assert!(snapshot.origin(99).unwrap().is_none());
    let far = Timestamp(world.now + 3_600_000_000);
    let by = Some(crate::support::member(1));
    assert_eq!(snapshot.added_before(far, None, None, 0, 100).unwrap(), (vec![0, 1, 2, 3], 5));
    assert_eq!(snapshot.added_before(far, Some("indicator"), by, 1, 100).unwrap(), (vec![2, 3], 5));
    assert_eq!(snapshot.added_before(far, Some("malware"), None, 0, 100).unwrap(), (vec![], 5));
    assert_eq!(snapshot.added_before(far, None, None, 0, 2).unwrap(), (vec![0, 1], 2));
    drop(snapshot);
    world.append(1, act(Item::Erase { positions: vec![0, 1], again: Again::Refused, body: b"{}".to_vec() }));
    let snapshot = world.store.snapshot().unwrap();
    assert_eq!(snapshot.every_statement(&object).unwrap().len(), 1);
    assert_eq!(snapshot.added_before(far, None, None, 0, 100).unwrap(), (vec![2, 3], 6));
    // Where it looked already it looks no more, also when the clock runs back.
    assert_eq!(snapshot.added_before(far, None, None, 3, 100).unwrap(), (vec![3], 6));
    assert_eq!(snapshot.added_before(far, None, None, 6, 100).unwrap(), (vec![], 6));
    assert_eq!(snapshot.added_before(Timestamp(0), None, None, 0, 100).unwrap(), (vec![], 0));
    assert_eq!(snapshot.added_before(Timestamp(0), None, None, 4, 100).unwrap(), (vec![], 4));
}
