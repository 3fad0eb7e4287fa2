//! What is said to circles is found by when it entered, and what was agreed to stays known.

use model::{CircleId, Label, MembershipId, Timestamp, Tlp};
use store::directory::{Change, Circle, Membership};
use store::kept::Said;
use store::read::LabelId;
use store::record::{Again, Appended, Item, NewStatement};
use uuid::Uuid;

use crate::gate::row;
use crate::support::{START, World, anything, key, member, rebuilding, said, statement};

const FAR: Timestamp = Timestamp(i64::MAX);

fn label(by: u128, circle: Option<u128>) -> Label {
    let mut label = Label::new(member(by), Tlp::Amber);
    label.recipients.circles.extend(circle.map(|circle| CircleId(Uuid::from_u128(circle))));
    label
}

fn to(circle: Option<u128>, n: u128, version: i64) -> NewStatement {
    NewStatement { label: label(1, circle), ..said(n, 1, version, Tlp::Amber) }
}

fn relabel(positions: Vec<u64>, circle: Option<u128>) -> Item {
    let (label, body) = (label(1, circle), b"{\"act\":\"relabel\"}".to_vec());
    let collections = vec![Vec::new(); positions.len()];
    Item::Relabel { positions, label, collections, indexes: Vec::new(), waiting: false, body }
}

fn withdraw(n: u128, versions: Option<Vec<Timestamp>>) -> Item {
    let body = b"{\"act\":\"withdraw\"}".to_vec();
    Item::Withdraw { object: key("indicator", n), source: None, versions, body }
}

fn found(world: &World, before: Timestamp) -> Vec<Vec<(u64, u64, bool)>> {
    let snapshot = world.store.snapshot().unwrap();
    let labels = snapshot.labels_of_circles().unwrap();
    let of = |(label, _): &(LabelId, Label)| {
        let all = snapshot.said_to_circles(*label, before, None, 100, false).unwrap();
        // Piece by piece it is the same.
        let (mut pieces, mut last): (Vec<Said>, Option<Said>) = (Vec::new(), None);
        while let Some(next) =
            snapshot.said_to_circles(*label, before, last.as_ref(), 1, false).unwrap().pop()
        {
            pieces.push(next);
            last = Some(next);
        }
        assert_eq!(pieces, all);
        all.iter().map(|one| (one.position, one.since, one.takes_back)).collect()
    };
    labels.iter().map(of).collect()
}

#[test]
fn what_is_said_to_circles_is_found_by_when_it_entered() {
    let mut world = World::new();
    let version = |n: i64| Timestamp(START + n * 1000);
    for new in [to(None, 1, 1), to(Some(7), 2, 1), to(Some(8), 3, 1), to(Some(7), 2, 2)] {
        world.say(1, new);
    }
    assert_eq!(found(&world, FAR), [vec![(1, 1, false), (3, 3, false)], vec![(2, 2, false)]]);
    let time = world.store.snapshot().unwrap().commit_of(2).unwrap().1;
    assert_eq!(found(&world, time), [vec![(1, 1, false)], vec![]]);
    // What was taken back is held, and what stands up for it was not said anew.
    world.append(1, vec![withdraw(2, Some(vec![version(2)]))]);
    assert_eq!(found(&world, FAR)[0], [(5, 1, false), (3, 3, false)]);
    // Under another label it was, and under none of a circle's it is said to none.
    world.append(1, vec![relabel(vec![5], Some(8)), relabel(vec![0], Some(7))]);
    assert_eq!(found(&world, FAR), [vec![(3, 3, false), (9, 9, false)], vec![(2, 2, false), (7, 7, false)]]);
    world.append(1, vec![relabel(vec![2], None)]);
    world.append(1, vec![Item::Erase { positions: vec![9], again: Again::Taken, body: b"{}".to_vec() }]);
    assert_eq!(found(&world, FAR), [vec![(3, 3, false)], vec![(7, 7, false)]]);
    let world = world.reopen();
    let mut dump = [Vec::new(), Vec::new()];
    world.store.snapshot().unwrap().dump(&mut dump[0]).unwrap();
    world.store.rebuild(&rebuilding(world.facts), &mut |_| Some(Default::default()), &mut |_, _| ()).unwrap();
    world.store.snapshot().unwrap().dump(&mut dump[1]).unwrap();
    let circled = |dump: &Vec<u8>| -> Vec<String> {
        let text = String::from_utf8_lossy(dump).into_owned();
        text.lines().filter(|line| line.starts_with("circled")).map(str::to_owned).collect()
    };
    assert_eq!((circled(&dump[0]).len(), circled(&dump[0])), (2, circled(&dump[1])));
}

#[test]
fn a_revocation_is_known_by_what_it_takes_back() {
    let mut world = World::new();
    world.say(1, to(None, 1, 1));
    let revoked = NewStatement { revoked: true, ..to(Some(7), 1, 2) };
    assert!(matches!(world.say(1, revoked), Appended::New { position: 1, .. }));
    // Another member's version is none of it.
    world.append(1, vec![statement(to(Some(7), 2, 1))]);
    world.append(
        2,
        vec![statement(NewStatement {
            label: label(2, Some(7)),
            revoked: true,
            ..said(2, 2, 2, Tlp::Amber)
        })],
    );
    assert_eq!(found(&world, FAR), [vec![(1, 1, true), (2, 2, false)], vec![(3, 3, false)]]);
    world.append(1, vec![Item::Erase { positions: vec![0], again: Again::Taken, body: b"{}".to_vec() }]);
    assert_eq!(found(&world, FAR)[0][0], (1, 1, false));
    // What it replaced under its own label went before it, or goes with it.
    world.say(1, NewStatement { revoked: true, ..to(Some(7), 2, 2) });
    assert_eq!(found(&world, FAR)[0], [(1, 1, false), (2, 2, false), (5, 5, false)]);
}

#[test]
fn what_somebody_agreed_to_is_kept_when_the_circle_says_something_else() {
    let mut world = World::new();
    let circle = |text: &str| Circle {
        id: CircleId(Uuid::from_u128(7)),
        definition: text.to_owned(),
        audiences: vec![CircleId(Uuid::from_u128(7))],
        created: Timestamp(START),
        expires: None,
        revoked: None,
    };
    let membership = |agreed: &str| Membership {
        id: MembershipId(Uuid::from_u128(9)),
        circle: CircleId(Uuid::from_u128(7)),
        member: member(1),
        person: None,
        agreed: agreed.to_owned(),
        since: Timestamp(START),
        revoked: None,
        kept: 0,
    };
    world.facts = world.store.change(anything(world.facts), &[row(member(1), false)], None).unwrap();
    let mut change = |changes: &[Change]| {
        world.facts = world.store.change(anything(world.facts), changes, None).unwrap();
        world.store.directory().unwrap().agreed_before
    };
    // SHA-256 of `one`.
    let one = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
    assert_eq!(change(&[Change::Circle(circle("one")), Change::Membership(membership(one))]), []);
    let kept = [(one.to_owned(), "one".to_owned())];
    assert_eq!(change(&[Change::Circle(circle("two"))]), kept);
    assert_eq!(change(&[Change::Circle(circle("three"))]), kept);
    assert_eq!(change(&[Change::Circle(circle("one"))]), []);
    assert_eq!(change(&[Change::Circle(circle("two")), Change::Membership(membership(""))]), []);
    let world = world.reopen();
    assert_eq!(world.store.directory().unwrap().agreed_before, []);
}
