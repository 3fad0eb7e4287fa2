//! What is written is what was authorised, on facts that still are.

use model::gate::{Act, Erase, Positions, Put, Relabel, Revoke, Source, Statements, Submit, TokenOf};
use model::{
    Authorized, CollectionId, Facts, Label, MemberId, Principal, Reader, Roles, Timestamp, Tlp, TokenId,
    authorize,
};
use store::Kind;
use store::directory::{Change, Member};
use store::record::{Again, Appended, Audit, Item};
use uuid::Uuid;

use crate::support::{START, World, batch, member, operator, said, statement};

fn leave<A: Act<I>, I>(world: &World, act: A, id: I) -> Authorized<A, I> {
    authorize(act, id, &operator(1), Facts::of(world.facts)).unwrap()
}

pub fn row(id: MemberId, revoked: bool) -> Change {
    Change::Member(Member {
        id,
        name: format!("member {id}"),
        created: Timestamp(START),
        revoked: revoked.then_some(Timestamp(START)),
        own: false,
        alias: MemberId(Uuid::from_u128(id.0.as_u128() << 64)),
        sector: String::new(),
        client_only: false,
        objects_per_hour: 0,
        bytes_per_hour: 0,
    })
}

fn audit(at: i64) -> Audit {
    Audit { at: Timestamp(START + at), token: None, verb: "member.add", target: String::new() }
}

fn relabel(positions: &[u64], by: u128) -> Item {
    Item::Relabel {
        positions: positions.to_vec(),
        label: Label::new(member(by), Tlp::Clear),
        collections: Vec::new(),
        indexes: Vec::new(),
        waiting: false,
        body: b"{}".to_vec(),
    }
}

#[test]
fn a_change_of_something_else_is_not_written() {
    let world = World::new();
    let kind = |done: Result<model::Epoch, store::Error>| done.unwrap_err().kind;
    let other = world.store.change(leave(&world, Put, member(1)), &[row(member(2), false)], audit(0));
    assert_eq!(kind(other), Kind::Unauthorized);
    // All of a change, or nothing.
    let both = [row(member(1), false), row(member(2), false)];
    assert_eq!(kind(world.store.change(leave(&world, Put, member(1)), &both, audit(0))), Kind::Unauthorized);
    // Whoever may revoke may not make what is not revoked.
    let lives = world.store.change(leave(&world, Revoke, member(1)), &[row(member(1), false)], audit(0));
    assert_eq!(kind(lives), Kind::Unauthorized);
    let token = TokenOf { token: TokenId(Uuid::nil()), member: member(1), roles: Roles::NONE };
    let another = world.store.change(leave(&world, Put, token), &[row(member(1), false)], audit(0));
    assert_eq!(kind(another), Kind::Unauthorized);
    let identity = [row(member(1), false), Change::Identity("identity--x".to_owned(), member(2))];
    assert_eq!(
        kind(world.store.change(leave(&world, Put, member(1)), &identity, audit(0))),
        Kind::Unauthorized
    );
    assert_eq!(world.store.directory().unwrap().epoch, world.facts, "nothing was written");
    world.store.change(leave(&world, Put, vec![member(1), member(2)]), &both, audit(0)).unwrap();
    assert_eq!(world.store.directory().unwrap().members.len(), 2);
}

#[test]
fn leave_ends_when_the_time_of_who_asked_does() {
    let world = World::new();
    let until = Facts { until: Timestamp(START + 5), ..Facts::of(world.facts) };
    let add = |at: i64| {
        let by = authorize(Put, member(1), &operator(1), until).unwrap();
        world.store.change(by, &[row(member(1), false)], audit(at)).map_err(|error| error.kind)
    };
    assert_eq!(add(5), Err(Kind::Stale));
    assert!(add(4).is_ok());
}

#[test]
fn what_is_said_is_said_where_it_may_be() {
    let mut world = World::new();
    let source = |by: u128, collection| Source { member: member(by), collection };
    let try_it = |world: &World, source: Source, by: u128, author: u128| {
        let mut new = said(1, by, 1, Tlp::Green);
        new.label.author = member(author);
        let leave = leave(world, Submit, source);
        world.store.append(leave, batch(1, by, START, vec![statement(new)])).map_err(|error| error.kind)
    };
    let nowhere = Some(CollectionId(Uuid::nil()));
    assert_eq!(try_it(&world, source(1, nowhere), 1, 1), Err(Kind::Unauthorized), "another collection");
    assert_eq!(try_it(&world, source(1, None), 2, 2), Err(Kind::Unauthorized), "another member");
    assert_eq!(try_it(&world, source(1, None), 1, 2), Err(Kind::Unauthorized), "another's label");
    assert!(try_it(&world, source(1, None), 1, 1).is_ok());
    // Leave to say something is none to remove it.
    let erase = Item::Erase { positions: vec![0], again: Again::Taken, body: b"{}".to_vec() };
    let by = leave(&world, Submit, source(1, None));
    let done = world.store.append(by, batch(2, 1, START, vec![erase.clone()]));
    assert_eq!(done.unwrap_err().kind, Kind::Unauthorized);
    world.submissions_from(10);
    let mut act = world.batch(1, vec![erase]);
    act.submission.outcomes = false;
    let other = leave(&world, Erase, Positions(vec![1]));
    assert_eq!(world.store.append(other, act.clone()).unwrap_err().kind, Kind::Unauthorized);
    let done = world.store.append(leave(&world, Erase, Positions(vec![0])), act).unwrap();
    assert_eq!(done, [Appended::Done { position: Some(1), reached: 1 }]);
}

#[test]
fn nobody_relabels_what_another_member_said() {
    let mut world = World::new();
    world.say(1, said(1, 1, 1, Tlp::Red));
    world.say(2, said(2, 2, 1, Tlp::Red));
    let mut moves = |positions: &[u64]| {
        let own = Statements { member: member(1), positions: positions.to_vec() };
        let by = authorize(Relabel, own, &Principal::operator(Reader::of(member(1))), Facts::of(world.facts));
        let mut act = world.batch(1, vec![relabel(positions, 1)]);
        act.submission.outcomes = false;
        world.store.append(by.unwrap(), act).map_err(|error| error.kind)
    };
    assert_eq!(moves(&[1]), Err(Kind::Unauthorized));
    assert_eq!(moves(&[0, 1]), Err(Kind::Unauthorized));
    assert_eq!(moves(&[0]), Ok(vec![Appended::Done { position: Some(2), reached: 1 }]));
}

#[test]
fn leave_that_rests_on_the_record_ends_with_what_is_said_or_done() {
    let mut world = World::new();
    world.say(1, said(1, 1, 1, Tlp::Green));
    let upto = world.store.snapshot().unwrap().end();
    let erase = |world: &mut World, upto: u64| {
        let by = leave(world, Erase, Positions(vec![0])).resting_on(upto);
        let item = Item::Erase { positions: vec![0], again: Again::Taken, body: b"{}".to_vec() };
        let mut act = world.batch(1, vec![item]);
        act.submission.outcomes = false;
        world.store.append(by, act).map(|done| done.len()).map_err(|error| error.kind)
    };
    // What is said of something else is no matter; what somebody else says of it is, for it is to go too.
    world.say(2, said(2, 2, 1, Tlp::Green));
    world.say(2, said(1, 2, 1, Tlp::Green));
    assert_eq!(erase(&mut world, upto), Err(Kind::Stale));
    let upto = world.store.snapshot().unwrap().end();
    world.append(1, vec![relabel(&[0], 1)]);
    assert_eq!(erase(&mut world, upto), Err(Kind::Stale), "it was done something to");
    let upto = world.store.snapshot().unwrap().end();
    assert_eq!(erase(&mut world, upto), Ok(1));
    // And what is gone already leaves no trace of a second time.
    assert_eq!(erase(&mut world, u64::MAX), Err(Kind::Stale));
}
