//! Who joins a circle gets what was said to it before, once, whichever way he asks for what is new.

use std::path::Path;

use model::gate::{Source, Submit};
use model::{
    CircleId, CollectionId, Facts, Label, MemberId, Principal, Reader, Recipients, SubmissionId, Timestamp,
    Tlp, authorize,
};
use node::{Caller, ListQuery, NewToken, SearchQuery};
use store::read::Visible;
use store::record::{Batch, Index, Item, Media, NewStatement, ObjectKey, Quota, Submission};
use store::{Options, Store};
use uuid::Uuid;

use crate::circle_rules::{bring, circle};
use crate::write_world::{FIRST, START, World, id, indicator, strings};

fn new(n: u32, author: MemberId, to: &[CircleId]) -> Item {
    let body = indicator(n, FIRST, "").into_bytes();
    let version: Timestamp = FIRST.parse().unwrap();
    let label = Label {
        recipients: Recipients { circles: to.to_vec(), ..Recipients::default() },
        ..Label::new(author, if to.is_empty() { Tlp::Green } else { Tlp::Amber })
    };
    Item::Statement(Box::new(NewStatement {
        object: ObjectKey::parse(&id(n)).unwrap(),
        version: Some(version),
        version_text: Some(version.millis_text()),
        author: None,
        speaks_for: Vec::new(),
        owned: true,
        bound: false,
        pattern_type: Some("stix".to_owned()),
        revoked: false,
        label,
        media: Media::Stix21,
        body,
        wire: None,
        collections: Vec::<CollectionId>::new(),
        waits_for: Vec::new(),
        index: Index { text: format!("number {n}"), ..Index::default() },
    }))
}

// Every second one is said to the circle, the others to everybody.
fn say(folder: &Path, numbers: std::ops::Range<u32>, author: MemberId, to: CircleId) {
    say_to(folder, numbers, author, |n| if n % 2 == 0 { vec![to] } else { Vec::new() });
}

fn say_to(folder: &Path, numbers: std::ops::Range<u32>, author: MemberId, to: impl Fn(u32) -> Vec<CircleId>) {
    let store = Store::open(folder, &Options::default()).unwrap();
    let facts = Facts::of(store.directory().unwrap().epoch);
    let at = Timestamp(START + i64::from(numbers.start) * 1_000_000);
    let batch = Batch {
        submission: Submission {
            id: SubmissionId(Uuid::from_u128(u128::from(numbers.start))),
            source: author,
            person: None,
            token: None,
            collection: None,
            received: at,
            outcomes: false,
            default_label: Tlp::Amber,
            addressed: String::new(),
        },
        now: at,
        seed: [7; 32],
        items: numbers.map(|n| new(n, author, &to(n))).collect(),
        complete: true,
        seen: Visible::default(),
        quota: Quota::default(),
        about: None,
        audit: Vec::new(),
        circle_acts: Vec::new(),
    };
    let source = Source { member: author, collection: None };
    let by = authorize(Submit, source, &Principal::operator(Reader::of(author)), facts).unwrap();
    store.append(by, batch).unwrap();
}

/// Somebody who asks for what is new, by `next` while there is more or by times alone.
struct Client {
    by_next: bool,
    after: Option<Timestamp>,
}

impl Client {
    fn poll(&mut self, world: &World, caller: &Caller) -> Vec<String> {
        let (mut got, mut next) = (Vec::new(), None);
        loop {
            let query = ListQuery { limit: Some(3), added_after: self.after, next, ..ListQuery::default() };
            let query = if query.next.is_some() { ListQuery { added_after: None, ..query } } else { query };
            let end = world.node.list(caller, &query, &mut |entry| got.push(entry.id.to_string())).unwrap();
            if !self.by_next || !end.more {
                self.after = end.last.or(self.after);
            }
            next = end.next.filter(|_| self.by_next);
            if !end.more {
                return got;
            }
        }
    }
}

fn ids(numbers: impl Iterator<Item = u32>) -> Vec<String> {
    numbers.map(id).collect()
}

#[test]
fn who_joins_gets_everything_once_and_who_joins_again_once_more() {
    let world = World::new();
    let [blue, green] = ["Blue", "Green"].map(|name| member(&world, name));
    let made = world.node.add_circle(&world.signed_in(&blue), &circle("Ransom", None)).unwrap();
    let to: CircleId = made.id.parse().unwrap();
    let author = world.signed_in(&blue).principal.reader.member.unwrap();
    let world = world.restarted_after(|folder| say(folder, 100..110, author, to));
    world.later(1_000);
    let mut clients = [Client { by_next: true, after: None }, Client { by_next: false, after: None }];
    let mut expect = |world: &World, expected: Vec<String>| {
        for client in &mut clients {
            assert_eq!(client.poll(world, &world.signed_in(&green)), expected, "by next: {}", client.by_next);
        }
    };
    expect(&world, ids((100..110).filter(|n| n % 2 == 1)));
    bring(&world.node, &world.signed_in(&blue), "Ransom", &world.signed_in(&green));
    let joined = world.now.load(std::sync::atomic::Ordering::SeqCst);
    expect(&world, ids((100..110).filter(|n| n % 2 == 0)));
    expect(&world, Vec::new());
    let since = |world: &World| {
        let query = SearchQuery { added_after: Some(Timestamp(joined - 1_000)), ..SearchQuery::default() };
        world.node.search(&world.signed_in(&green), &query).unwrap().objects.len()
    };
    assert_eq!(since(&world), 5, "by search too");
    let mut export = Vec::new();
    let query = ListQuery { added_after: Some(Timestamp(joined - 1_000)), ..ListQuery::default() };
    assert_eq!(world.node.export(&world.signed_in(&green), "ndjson", true, &query, &mut export).unwrap(), 5);
    // Another who was in it before is told nothing twice.
    let mut other = Client { by_next: false, after: None };
    assert_eq!(other.poll(&world, &world.signed_in(&blue)).len(), 10);

    world.node.leave_circle(&world.signed_in(&green), "Ransom").unwrap();
    let world = world.restarted_after(|folder| say(folder, 2_000..2_006, author, to));
    world.later(2_000);
    expect(&world, ids((2_000..2_006).filter(|n| n % 2 == 1)));
    bring(&world.node, &world.signed_in(&blue), "Ransom", &world.signed_in(&green));
    expect(&world, ids((100..110).chain(2_000..2_006).filter(|n| n % 2 == 0)));
    expect(&world, Vec::new());
    assert!(other.poll(&world, &world.signed_in(&blue)).len() == 6);
    let world = world.restarted();
    expect(&world, Vec::new());
}

#[test]
fn who_joins_is_not_told_by_order_or_time_what_was_said_to_a_circle_that_is_hidden_from_him() {
    let world = World::new();
    let [blue, green] = ["Blue", "Green"].map(|name| member(&world, name));
    let [to, hidden]: [CircleId; 2] = ["Ransom", "Quiet"].map(|name| {
        let made = world.node.add_circle(&world.signed_in(&blue), &circle(name, None)).unwrap();
        made.id.parse().unwrap()
    });
    let author = world.signed_in(&blue).principal.reader.member.unwrap();
    let also = |n| if n % 2 == 0 { vec![to, hidden] } else { vec![to] };
    let world = world.restarted_after(|folder| {
        say_to(folder, 100..109, author, also);
        say_to(folder, 200..204, author, also);
    });
    world.later(1_000);
    bring(&world.node, &world.signed_in(&blue), "Ransom", &world.signed_in(&green));
    let caller = world.signed_in(&green);
    let (mut told, mut times) = (Vec::new(), Vec::new());
    let mut each = |entry: &node::ListEntry<'_>| {
        told.push(entry.id.to_string());
        times.push(entry.date_added.0);
    };
    world.node.list(&caller, &ListQuery::default(), &mut |entry| each(entry)).unwrap();
    assert_eq!(told, ids((100..109).chain(200..204)));
    let first = times[0];
    assert_eq!(times, (first..first + 13).collect::<Vec<_>>());
    for by_next in [true, false] {
        assert_eq!(Client { by_next, after: None }.poll(&world, &caller), told, "by next: {by_next}");
    }
}

/// A member, and the secret of a token of it.
fn member(world: &World, name: &str) -> String {
    world.member(name);
    let new = NewToken { member: name.to_owned(), roles: strings(&["analyst"]), ..NewToken::default() };
    world.node.add_token(&world.node.operator(), &new).unwrap().secret
}
