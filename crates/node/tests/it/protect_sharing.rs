//! What was seen at a member is said as sightings, where its policy says so.

use model::Tlp;
use model::circle::Curation;
use node::{Caller, ImportOptions, Recall, SearchQuery, SightedOn};
use serde_json::{Value, json};

use super::circle_rules::{bring, circle, formal, members};
use super::write_world::World;

const ROLES: &[&str] = &["analyst", "organisation-administrator"];

fn observe(world: &World, by: &Caller, range: std::ops::Range<u32>) {
    observe_of(world, by, "evil.bad-host.co", range);
}

fn observe_of(world: &World, by: &Caller, value: &str, range: std::ops::Range<u32>) {
    let now = world.node.now();
    let event = |n: u32| {
        let time = now.plus_seconds(-i64::from(n % 50)).to_string();
        json!({ "time": time, "host": format!("host-{}", n % 3), "id": n.to_string(),
                "observables": [value] })
        .to_string()
    };
    let events: Vec<String> = range.map(event).collect();
    assert_eq!(world.node.observe(by, events.join("\n").as_bytes()).unwrap().refused, 0);
}

fn sightings(world: &World, by: &Caller) -> Vec<Value> {
    let query = SearchQuery { types: vec!["sighting".to_owned()], ..SearchQuery::default() };
    let found = world.node.search(by, &query).unwrap();
    let of = |id: &str| {
        let object = world.node.object(by, id, None).unwrap().object;
        serde_json::from_str::<Value>(object.get()).unwrap()
    };
    found.objects.iter().map(|one| of(&one.id)).collect()
}

#[test]
fn a_day_of_hits_is_one_sighting_where_the_policy_says_so_and_nothing_otherwise() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let sensor = world.token("Bob", &["sensor"]);
    world.later(3_600);
    let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    world.import_as(&ada, &options, b"evil.bad-host.co\n").unwrap();
    world.later(60);
    observe(&world, &sensor, 0..100);
    assert!(sightings(&world, &ada).is_empty(), "nobody said that it may be said");
    let policy = |share: &str| format!("[sightings]\nshare = \"{share}\"\n");
    world.node.set_policy(&bob, Some(&policy("count")), false).unwrap();
    world.later(60);
    observe(&world, &sensor, 100..200);
    let said = sightings(&world, &ada);
    assert_eq!(said.len(), 1);
    assert_eq!((&said[0]["count"], said[0].get("description")), (&json!(200), None));
    assert!(said[0].get("where_sighted_refs").is_none() && said[0]["created_by_ref"].is_string());
    // The same again, and a little more, add nothing.
    world.later(61);
    observe(&world, &sensor, 0..200);
    observe(&world, &sensor, 200..210);
    assert_eq!(sightings(&world, &ada)[0]["count"], 200);
    // Twice as much does, within the same sighting; with context it says where.
    world.node.set_policy(&bob, Some(&policy("context")), false).unwrap();
    world.later(61);
    observe(&world, &sensor, 300..600);
    let again = sightings(&world, &ada);
    assert_eq!((again.len(), &again[0]["id"], &again[0]["count"]), (1, &said[0]["id"], &json!(510)));
    assert_eq!(
        (&again[0]["description"], &again[0]["created"]),
        (&json!("on 3 of 3 hosts"), &said[0]["created"])
    );
    assert!(again[0]["where_sighted_refs"].is_array());
    // Another day is another one.
    world.later(86_400);
    observe(&world, &sensor, 1_000..1_010);
    assert_eq!(sightings(&world, &ada).len(), 2);
    let told = world.node.why(&ada, &["evil.bad-host.co".to_owned()]).unwrap();
    assert_eq!(told[0].known[0].said[0].sighted.as_ref().unwrap().members, 1);
    let wrong = world.node.set_policy(&bob, Some(&policy("all")), false).unwrap_err();
    assert!(wrong.message.contains("line 2"), "{wrong:?}");
}

#[test]
fn what_is_kept_from_others_is_said_no_wider_than_it_was() {
    let world = World::new();
    let [ada, bob, cid]: [Caller; 3] = members(&world, &["Ada", "Bob", "Cid"], ROLES).try_into().unwrap();
    let sensor = world.token("Bob", &["sensor"]);
    world.later(3_600);
    let to = vec!["member:Bob".to_owned()];
    let options = ImportOptions { tlp: Some(Tlp::Amber), to, ..ImportOptions::default() };
    world.import_as(&world.node.operator(), &options, b"evil.bad-host.co\n").unwrap();
    world.node.set_policy(&bob, Some("[sightings]\nshare = \"count\"\n"), false).unwrap();
    world.later(60);
    observe(&world, &sensor, 0..10);
    assert!(sightings(&world, &ada).is_empty() && sightings(&world, &cid).is_empty());
}

#[test]
fn a_policy_names_the_circle_that_is_told_and_nobody_else_is() {
    let world = World::new();
    let [ada, bob, cid]: [Caller; 3] = members(&world, &["Ada", "Bob", "Cid"], ROLES).try_into().unwrap();
    for (name, other) in [("Finance", &bob), ("Region", &cid)] {
        world.node.add_circle(&ada, &circle(name, None)).unwrap();
        bring(&world.node, &ada, name, other);
    }
    bring(&world.node, &ada, "Region", &bob);
    let [ada, bob, cid] = ["Ada", "Bob", "Cid"].map(|name| world.token(name, ROLES));
    let sensor = world.token("Bob", &["sensor"]);
    world.later(3_600);
    let say = |value: &str, to: &[&str]| {
        let to = to.iter().map(|circle| format!("circle:{circle}")).collect();
        let options = ImportOptions { tlp: Some(Tlp::Green), to, ..ImportOptions::default() };
        world.import_as(&ada, &options, format!("{value}\n").as_bytes()).unwrap();
    };
    say("evil.bad-host.co", &["Finance", "Region"]);
    say("region.bad-host.co", &["Region"]);
    say("all.bad-host.co", &[]);
    let policy = "[sightings]\nshare = \"count\"\ncircle = \"Finance\"\n";
    let unknown = world.node.set_policy(&cid, Some(policy), false).unwrap_err();
    assert!(unknown.message.contains("line 3"), "{unknown:?}");
    world.node.set_policy(&bob, Some(policy), false).unwrap();
    world.later(60);
    observe_of(&world, &sensor, "region.bad-host.co", 0..5);
    observe_of(&world, &sensor, "all.bad-host.co", 5..10);
    world.later(61);
    observe(&world, &sensor, 10..15);
    let told = sightings(&world, &ada);
    let evil = world.node.lookup(&ada, &["evil.bad-host.co".to_owned()], 1).unwrap();
    let evil = &evil[0].mentions[0].object.id;
    assert_eq!(told.iter().map(|one| one["sighting_of_ref"].as_str().unwrap()).collect::<Vec<_>>(), [evil]);
    assert!(sightings(&world, &cid).is_empty(), "the other circle is told nothing");
    // Whoever is not in the circle any more says nothing to anybody else instead.
    world.node.leave_circle(&bob, "Finance").unwrap();
    world.later(86_400);
    observe(&world, &sensor, 20..30);
    observe_of(&world, &sensor, "all.bad-host.co", 30..40);
    assert_eq!(world.node.policy(&bob).unwrap().unknown.len(), 1);
    assert_eq!((sightings(&world, &bob).len(), sightings(&world, &cid).len()), (1, 0));
}

#[test]
fn what_logs_held_is_said_once_for_each_day_and_the_same_again_adds_nothing() {
    let world = World::new();
    let [ada, bob, cid]: [Caller; 3] = members(&world, &["Ada", "Bob", "Cid"], ROLES).try_into().unwrap();
    world.later(3 * 86_400);
    let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    world.import_as(&ada, &options, b"evil.bad-host.co\n").unwrap();
    let to = vec!["member:Bob".to_owned()];
    let options = ImportOptions { tlp: Some(Tlp::Amber), to, ..ImportOptions::default() };
    world.import_as(&world.node.operator(), &options, b"secret.bad-host.co\n").unwrap();
    let id = |value: &str| {
        let found = world.node.lookup(&bob, &[value.to_owned()], 1).unwrap();
        found[0].mentions[0].object.id.clone()
    };
    let [evil, secret] = ["evil.bad-host.co", "secret.bad-host.co"].map(id);
    world.later(86_400);
    let yesterday = model::Timestamp((world.node.now().0 / 86_400_000_000 - 1) * 86_400_000_000 + 1_234_567);
    let on = |indicator: &str, count: u64, after_s: i64| SightedOn {
        indicator: indicator.to_owned(),
        count,
        first: yesterday,
        last: yesterday.plus_seconds(after_s),
        context: None,
    };
    let report = |by: &Caller, sighted: &[SightedOn]| {
        let reported = world.node.report(by, sighted).unwrap();
        assert_eq!((reported.refused, reported.pending), (0, 0), "{reported:?}");
        (reported.said, reported.known, reported.unknown)
    };
    let both = [on(&evil, 1_000_000, 600), on(&secret, 2, 0)];
    assert_eq!(report(&bob, &both), (2, 0, 0));
    assert_eq!(report(&bob, &both), (0, 2, 0));
    // For whom the indicator is no indicator there is, and no sighting of what is for another.
    assert_eq!(report(&cid, &both), (1, 0, 1));
    assert_eq!(sightings(&world, &cid).len(), 2);
    let said = sightings(&world, &bob);
    assert_eq!(said.len(), 3);
    let evil_by_bob = |by: &Caller| {
        let of = |one: &Value| one["count"] != 2 && one.get("description").is_none();
        sightings(&world, by).into_iter().filter(of).map(|one| one["count"].as_u64().unwrap()).max().unwrap()
    };
    assert_eq!(evil_by_bob(&ada), 1_000_000);
    // What says less of a day takes nothing away, what says more is a newer version of the same.
    world.later(60);
    assert_eq!(report(&bob, &[on(&evil, 5, 300)]), (0, 1, 0));
    assert_eq!(report(&bob, &[on(&evil, 1_000_001, 300)]), (1, 0, 0));
    assert_eq!((evil_by_bob(&ada), sightings(&world, &bob).len()), (1_000_001, 3));
    // The same day twice in one call is one: the greatest count, and the earliest and latest time.
    world.later(60);
    let earlier = SightedOn { first: yesterday.plus_seconds(-1), ..on(&evil, 7, 0) };
    assert_eq!(report(&bob, &[earlier.clone(), on(&evil, 1_000_001, 900), on(&evil, 3, 0)]), (1, 0, 0));
    let told = sightings(&world, &ada).into_iter().find(|one| one["count"] == 1_000_001).unwrap();
    let millis = |time: model::Timestamp| {
        let text = told[if time == yesterday { "last_seen" } else { "first_seen" }].as_str().unwrap();
        text.parse::<model::Timestamp>().unwrap().0
    };
    assert_eq!(millis(earlier.first), yesterday.0 - 1_000_567);
    assert_eq!(millis(yesterday), yesterday.0 + 900 * 1_000_000 - 567);
    // What was seen earlier or later is new, however seldom it was.
    world.later(60);
    assert_eq!(report(&bob, &[on(&evil, 1, 900)]), (0, 1, 0));
    assert_eq!(report(&bob, &[on(&evil, 1, 901)]), (1, 0, 0));
    world.later(60);
    let earliest = SightedOn { first: yesterday.plus_seconds(-1), ..on(&evil, 1, 0) };
    assert_eq!(report(&bob, &[earliest]), (0, 1, 0));
    // With context it says where, and by whom.
    world.later(60);
    let with = SightedOn { context: Some("at laptop-7".to_owned()), ..on(&evil, 1_000_002, 601) };
    assert_eq!(report(&bob, &[with]), (1, 0, 0));
    let told = sightings(&world, &ada).into_iter().find(|one| one["description"] == "at laptop-7").unwrap();
    assert!(told["where_sighted_refs"].is_array());
    // Another context is new, none is not; the count that was said stays.
    world.later(60);
    let other = SightedOn { context: Some("at laptop-8".to_owned()), ..on(&evil, 1, 0) };
    assert_eq!(report(&bob, std::slice::from_ref(&other)), (1, 0, 0));
    let told = sightings(&world, &ada).into_iter().find(|one| one["description"] == "at laptop-8").unwrap();
    assert_eq!(told["count"], 1_000_002);
    assert_eq!(report(&bob, &[on(&evil, 1, 0), other.clone()]), (0, 1, 0));
    // What is revoked is said again by another id.
    world.later(60);
    let revoked = told["id"].as_str().unwrap().to_owned();
    let recall =
        Recall { objects: vec![revoked.clone()], reason: "A wrong log".to_owned(), ..Recall::default() };
    world.node.recall(&bob, &recall).unwrap();
    world.later(60);
    assert_eq!(report(&bob, std::slice::from_ref(&other)), (1, 0, 0));
    assert_eq!(report(&bob, &[other]), (0, 1, 0));
    let is_again = |one: &Value| one["description"] == "at laptop-8" && one["id"] != revoked.as_str();
    let again: Vec<Value> = sightings(&world, &ada).into_iter().filter(is_again).collect();
    assert_eq!((again.len(), &again[0]["count"]), (1, &json!(1)));
    let wrong = |sighted: SightedOn| world.node.report(&bob, &[sighted]).unwrap_err().kind;
    assert_eq!(wrong(on(&evil, 0, 1)), node::Kind::Invalid);
    assert_eq!(wrong(on(&evil, 1, 86_400)), node::Kind::Invalid);
    assert_eq!(wrong(on("domain-name--1", 1, 0)), node::Kind::Invalid);
    let future = SightedOn {
        first: world.node.now().plus_seconds(60),
        last: world.node.now().plus_seconds(60),
        ..on(&evil, 1, 0)
    };
    assert_eq!(wrong(future), node::Kind::Invalid);
}

#[test]
fn what_waits_for_a_curator_is_reported_as_waiting() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] =
        members(&world, &["Ada", "Bob"], &["analyst", "organisation-administrator"]).try_into().unwrap();
    let charter = formal(|charter| charter.curation = Curation::One);
    world.node.add_circle(&ada, &circle("Desk", Some(charter))).unwrap();
    bring(&world.node, &ada, "Desk", &bob);
    let [ada, bob] = ["Ada", "Bob"].map(|name| world.token(name, ROLES));
    world.later(3_600);
    let to = vec!["circle:Desk".to_owned()];
    let options = ImportOptions { tlp: Some(Tlp::Amber), to, ..ImportOptions::default() };
    let bundle =
        super::write_world::envelope(&[super::write_world::indicator(5, super::write_world::FIRST, "")]);
    let status = world.node.submit(&ada, &options, bundle.as_bytes()).unwrap();
    let curator = world.token("Bob", &["curator"]);
    world.node.release_queued(&curator, &status.id).unwrap();
    let begun = std::time::Instant::now();
    while world.node.lookup(&bob, &["198.51.0.5".to_owned()], 1).unwrap()[0].mentions.is_empty() {
        assert!(begun.elapsed().as_secs() < 30);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let now = world.node.now();
    let indicator = super::write_world::id(5);
    let one = SightedOn { indicator, count: 3, first: now, last: now, context: None };
    let reported = world.node.report(&bob, &[one]).unwrap();
    assert_eq!((reported.sightings, reported.pending, reported.said, reported.refused), (1, 1, 0, 0));
    assert!(sightings(&world, &ada).is_empty());
}
