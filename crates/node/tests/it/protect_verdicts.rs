//! Sightings and verdicts come back, and what they do to what acts.

use model::Tlp;
use model::protect::Action;
use node::{Caller, FeedQuery, ImportOptions, Kind, Saying, Sighted, VerdictOf, views};

use crate::circle_rules::members;
use crate::write_world::{World, envelope};

const ROLES: &[&str] = &["analyst", "organisation-administrator"];
const BAD: &str = "evil.bad-host.co";
const DAY: i64 = 86_400;

fn say(world: &World, by: &Caller, tlp: Tlp, line: &str) {
    let options = ImportOptions { tlp: Some(tlp), ..ImportOptions::default() };
    let (summary, told) = world.import_as(by, &options, format!("{line}\n").as_bytes()).unwrap();
    assert_eq!(summary.objects, 1, "{told:?}");
}

fn why(world: &World, by: &Caller, value: &str) -> views::Why {
    world.node.why(by, &[value.to_owned()]).unwrap().remove(0)
}

fn action(world: &World, by: &Caller) -> String {
    why(world, by, BAD).action
}

fn mistaken(world: &World, by: &Caller, of: &str, saying: Saying) -> Vec<views::Given> {
    let verdict = VerdictOf::Mistaken(Some("it is a mirror".to_owned()));
    world.node.verdict(by, &[of.to_owned()], &verdict, saying).unwrap()
}

fn hosts(world: &World, by: &Caller) -> String {
    let query = FeedQuery {
        format: "hosts".to_owned(),
        file: "accord.hosts".to_owned(),
        ceiling: None,
        action: Some(Action::Block),
    };
    let mut out = Vec::new();
    world.node.feed(by, &query).unwrap().write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

// Everybody blocks what anybody says, so that what takes a block away is the verdict alone.
const ANYONE: &str = "[[rule]]\nname = \"all\"\nfrom = \"anyone\"\naction = \"block\"\nscore = 10\n";

fn world_of_four() -> (World, [Caller; 4]) {
    let world = World::new();
    let members: [Caller; 4] = members(&world, &["Ada", "Bob", "Cid", "Dan"], ROLES).try_into().unwrap();
    for member in &members {
        world.node.set_policy(member, Some(ANYONE), false).unwrap();
    }
    say(&world, &members[0], Tlp::Green, BAD);
    (world, members)
}

#[test]
fn ones_own_mistake_takes_away_at_once_and_others_when_enough_say_so() {
    let (world, [ada, bob, cid, dan]) = world_of_four();
    assert!(hosts(&world, &bob).contains(BAD));
    let given = mistaken(&world, &bob, BAD, Saying::default());
    assert_eq!((given.len(), given[0].known), (1, false));
    assert_eq!(action(&world, &bob), "nothing");
    assert!(!hosts(&world, &bob).contains(BAD), "the feed is made anew");
    // One's word, however often, is one.
    assert!(mistaken(&world, &bob, BAD, Saying::default())[0].known);
    world.node.annotate(&bob, &given[0].indicator, &strongly_disagrees(), None).unwrap();
    assert_eq!((action(&world, &cid).as_str(), action(&world, &ada).as_str()), ("block", "block"));
    assert!(hosts(&world, &cid).contains(BAD));
    let said = why(&world, &cid, BAD).known.remove(0).said.remove(0);
    let voices = said.mistaken.unwrap();
    assert_eq!((voices.members, voices.own), (1, false));
    let gate = said.gates.iter().find(|gate| gate.gate == "mistaken").unwrap();
    assert!(gate.by.contains("1 member") && gate.at.is_some(), "{gate:?}");
    // A second one, by the value of a URL's host or by id.
    mistaken(&world, &dan, &given[0].indicator, Saying::default());
    assert_eq!(action(&world, &cid), "alert");
    assert!(!hosts(&world, &cid).contains(BAD));
    assert_eq!(action(&world, &ada), "block", "one's own word is taken back by oneself");
    // A policy that asks for three, and one for none.
    let three = format!("{ANYONE}\n[mistaken]\nby = 3\n");
    world.node.set_policy(&cid, Some(&three), false).unwrap();
    assert_eq!(action(&world, &cid), "block");
    let nothing = format!("{ANYONE}\n[mistaken]\nby = 1\nat-most = \"nothing\"\n");
    world.node.set_policy(&cid, Some(&nothing), false).unwrap();
    assert_eq!(action(&world, &cid), "nothing");
    let wrong = format!("{ANYONE}\n[mistaken]\nby = 1\nat-most = \"never\"\n");
    let told = world.node.set_policy(&cid, Some(&wrong), false).unwrap_err();
    assert!(told.message.contains("line 9"), "{told:?}");
    // Whoever thinks better of it says so, and it acts again.
    world.node.set_policy(&cid, Some(ANYONE), false).unwrap();
    let agrees = node::Annotation::Opinion("agree".to_owned(), None);
    world.node.annotate(&dan, &given[0].indicator, &agrees, None).unwrap();
    assert_eq!((action(&world, &cid).as_str(), action(&world, &dan).as_str()), ("block", "block"));
    assert_eq!(world.node.rebuild(&world.node.operator(), &mut |_, _| {}).unwrap()["equal"], true);
    assert_eq!((action(&world, &cid).as_str(), action(&world, &bob).as_str()), ("block", "nothing"));
}

fn strongly_disagrees() -> node::Annotation {
    node::Annotation::Opinion("strongly-disagree".to_owned(), None)
}

#[test]
fn what_a_reader_may_not_see_is_no_verdict_for_him_and_the_desk_is_one_voice() {
    let (world, [_, bob, cid, dan]) = world_of_four();
    for by in [&bob, &dan] {
        mistaken(&world, by, BAD, Saying { tlp: Some(Tlp::Red), without_name: false });
    }
    let told = why(&world, &cid, BAD);
    let said = &told.known[0].said[0];
    assert_eq!(told.action, "block");
    assert!(said.mistaken.is_none() && said.record.is_none(), "{said:?}");
    assert!(said.gates.iter().all(|gate| gate.gate != "mistaken"));
    assert_eq!(action(&world, &dan), "nothing");

    let (world, [_, bob, cid, dan]) = world_of_four();
    // Enough that nobody knows who said it.
    members(&world, &["Eve", "Fay", "Gus", "Hal"], ROLES);
    for by in [&bob, &dan] {
        let given = mistaken(&world, by, BAD, Saying { tlp: None, without_name: true });
        assert_eq!(given[0].outcome.as_ref().unwrap().state, "pending");
    }
    world.later(2 * DAY);
    let world = world.restarted();
    let begun = std::time::Instant::now();
    let has_entered = |by: &Caller| action(&world, by) == "nothing";
    while !(has_entered(&bob) && has_entered(&dan)) && begun.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let told = why(&world, &cid, BAD);
    assert_eq!(told.known[0].said[0].mistaken.as_ref().unwrap().members, 1);
    assert_eq!(told.action, "block", "two without a name are one voice");
    assert_eq!(action(&world, &bob), "nothing", "for whom said it, it is his own word");
}

#[test]
fn a_sighting_makes_it_new_again_and_the_record_of_a_source_says_how_it_did() {
    let (world, [ada, bob, cid, _]) = world_of_four();
    say(&world, &ada, Tlp::Green, "other.bad-host.co");
    world.later(179 * DAY);
    assert_eq!(action(&world, &cid), "nothing", "it is too old");
    let seen = VerdictOf::Sighted(Sighted { count: Some(12), ..Sighted::default() });
    let given = world.node.verdict(&bob, &[BAD.to_owned()], &seen, Saying::default()).unwrap();
    assert_eq!(given[0].outcome.as_ref().unwrap().state, "new");
    assert_eq!(action(&world, &cid), "block");
    assert!(hosts(&world, &cid).contains(BAD));
    let said = why(&world, &cid, BAD).known.remove(0).said.remove(0);
    assert_eq!(said.sighted.as_ref().unwrap().members, 1);
    assert!(said.gates.iter().any(|gate| gate.by.contains("since it was seen")), "{:?}", said.gates);
    mistaken(&world, &cid, "other.bad-host.co", Saying::default());
    let record = why(&world, &cid, BAD).known.remove(0).said.remove(0).record.unwrap();
    let counts = (record.sighted, record.sighted_by, record.mistaken, record.mistaken_by, record.more);
    assert_eq!(counts, (1, 1, 1, 1, false));
    // What its own source sees is no record of it, and what was not seen is no sighting.
    world.node.verdict(&ada, &["other.bad-host.co".to_owned()], &seen, Saying::default()).unwrap();
    let record = why(&world, &bob, BAD).known.remove(0).said.remove(0).record.unwrap();
    assert_eq!((record.sighted, record.mistaken), (1, 1));
    assert_eq!(world.node.rebuild(&world.node.operator(), &mut |_, _| {}).unwrap()["equal"], true);
    assert_eq!(action(&world, &cid), "block");
}

#[test]
fn sightings_as_others_write_them_count_from_when_they_were_seen_and_never_ahead() {
    let (world, [_, bob, cid, _]) = world_of_four();
    let id = why(&world, &cid, BAD).known[0].said[0].id.clone();
    world.later(179 * DAY);
    let sighting = |n: u32, more: &str| {
        format!(
            "{{\"type\":\"sighting\",\"spec_version\":\"2.1\",\"id\":\"sighting--{n:08}-0000-4000-8000-000000000000\",\
             \"created\":\"2026-03-01T00:00:00.000Z\",\"modified\":\"2026-03-01T00:00:00.000Z\",\
             \"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"],\
             \"sighting_of_ref\":\"{id}\"{more}}}"
        )
    };
    world.submit(&bob, &envelope(&[sighting(1, ",\"count\":0")])).unwrap();
    assert_eq!(action(&world, &cid), "nothing", "it was looked for and not seen");
    world.submit(&bob, &envelope(&[sighting(2, ",\"last_seen\":\"2099-01-01T00:00:00Z\"")])).unwrap();
    assert_eq!(action(&world, &cid), "block");
    world.later(179 * DAY);
    assert_eq!(action(&world, &cid), "nothing", "what is dated ahead was seen when it was said");
}

#[test]
fn what_is_not_meant_is_told_with_what_to_do() {
    let (world, [_, bob, ..]) = world_of_four();
    let refused = |of: &str| {
        let of = [of.to_owned()];
        world.node.verdict(&bob, &of, &VerdictOf::Mistaken(None), Saying::default()).unwrap_err()
    };
    let near = refused(&format!("http://{BAD}/a"));
    assert_eq!(near.kind, Kind::NotFound);
    assert!(near.hint.as_deref().unwrap().contains(BAD), "{near:?}");
    assert_eq!(refused("198.51.100.1").kind, Kind::NotFound);
    assert_eq!(refused("no value, is it?").kind, Kind::Invalid);
    assert_eq!(refused("malware--11111111-0000-4000-8000-000000000000").kind, Kind::Invalid);
    assert_eq!(refused("indicator--11111111-0000-4000-8000-000000000000").kind, Kind::NotFound);
    let reader = world.token("Bob", &["reader"]);
    let of = [BAD.to_owned()];
    let told = world.node.verdict(&reader, &of, &VerdictOf::Mistaken(None), Saying::default()).unwrap_err();
    assert_eq!(told.kind, Kind::Forbidden);
}
