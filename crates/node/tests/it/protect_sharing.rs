//! What was seen at a member is said as sightings, where its policy says so.

use model::Tlp;
use node::{Caller, ImportOptions, SearchQuery};
use serde_json::{Value, json};

use super::circle_rules::{bring, circle, members};
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
