//! The stream of changes: complete, without repeats, and for nobody but him whom it is for.

use std::collections::BTreeMap;

use model::Tlp;
use node::{
    Caller, FeedQuery, ImportOptions, Kind, Recall, Relabel, Stream, StreamEvent, StreamQuery, ValuesQuery,
};
use serde_json::Value;

use crate::circle_rules::{bring, circle, members};
use crate::write_world::{World, strings};

const ROLES: &[&str] = &["analyst", "organisation-administrator"];
const VALUES: Option<ValuesQuery> = Some(ValuesQuery { ceiling: None, action: None });

fn follow(world: &World, by: &Caller, since: Option<&str>, values: Option<ValuesQuery>) -> Stream {
    let query = StreamQuery { since: since.map(str::to_owned), values };
    world.node.stream(by, &query).unwrap()
}

/// All that there is to tell by now.
fn told(world: &World, stream: &mut Stream) -> Vec<StreamEvent> {
    let mut events = Vec::new();
    loop {
        let told = world.node.stream_next(stream).unwrap();
        let is_empty = told.events.is_empty();
        events.extend(told.events);
        if !told.more {
            assert!(is_empty || world.node.stream_next(stream).unwrap().events.is_empty(), "told once");
            return events;
        }
    }
}

fn data(event: &StreamEvent) -> Value {
    serde_json::from_str(&event.data).unwrap()
}

fn short(event: &StreamEvent) -> String {
    let data = data(event);
    let text = |name: &str| data[name].as_str().unwrap_or("-").to_owned();
    match event.name {
        "object" => format!("{} {}", text("change"), text("id").split_once("--").unwrap().0),
        "value" => format!("{} {} {}", text("value"), text("mode"), text("action")),
        "recall" => format!("recall {}", text("reason")),
        "reset" => format!("reset {}", text("why")),
        other => other.to_owned(),
    }
}

fn shorts(events: &[StreamEvent]) -> Vec<String> {
    events.iter().map(short).collect()
}

fn id(n: u32) -> String {
    format!("indicator--00000000-0000-4000-8000-{n:012x}")
}

fn said(n: u32, version: u32, value: &str, rest: &str) -> String {
    format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"{}\",\"created\":\"2026-01-01T00:00:00.000Z\",\
         \"modified\":\"2026-01-02T00:00:00.{version:03}Z\",\"pattern\":\"[domain-name:value = '{value}']\",\
         \"pattern_type\":\"stix\",\"valid_from\":\"2026-01-01T00:00:00Z\"{rest}}}",
        id(n)
    )
}

fn say(world: &World, by: &Caller, options: &ImportOptions, objects: &[String]) {
    let (summary, outcomes) =
        world.import_as(by, options, crate::write_world::envelope(objects).as_bytes()).unwrap();
    assert_eq!(summary.rejected, 0, "{outcomes:?}");
}

fn green() -> ImportOptions {
    ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() }
}

#[test]
fn what_happens_is_told_with_what_it_does() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let (mut own, mut bobs) = (follow(&world, &ada, None, VALUES), follow(&world, &bob, None, None));
    assert!(told(&world, &mut own).is_empty());
    say(&world, &ada, &green(), &[said(1, 1, "evil.bad-host.co", ""), said(2, 1, "github.io", "")]);
    let expected =
        ["added indicator", "evil.bad-host.co exact block", "added indicator", "github.io exact nothing"];
    let events = told(&world, &mut own);
    assert_eq!(shorts(&events), expected);
    let value = data(&events[1]);
    assert_eq!((&value["indicator"], &value["until"]), (&id(1).into(), &Value::Null));
    assert_eq!(shorts(&told(&world, &mut bobs)), ["added indicator", "added indicator"]);
    // Another version says another value.
    say(&world, &ada, &green(), &[said(1, 2, "other.bad-host.co", "")]);
    let events = shorts(&told(&world, &mut own));
    assert_eq!(events[0], "changed indicator");
    for expected in ["other.bad-host.co exact block", "evil.bad-host.co exact nothing"] {
        assert!(events.contains(&expected.to_owned()), "{events:?}");
    }
    // The last is taken back, and the one before stands again.
    world.node.withdraw(&ada, None, &id(1), &["last".to_owned()]).unwrap();
    let events = shorts(&told(&world, &mut own));
    for expected in ["other.bad-host.co exact nothing", "evil.bad-host.co exact block"] {
        assert!(events.contains(&expected.to_owned()), "{events:?}");
    }
    // One is erased for good.
    world.node.erase(&world.node.operator(), &id(1), "a court").unwrap();
    let events = shorts(&told(&world, &mut own));
    assert_eq!(events[..2], ["removed indicator", "evil.bad-host.co exact nothing"], "{events:?}");
    assert_eq!(shorts(&told(&world, &mut bobs)), ["removed indicator"]);
}

#[test]
fn a_recall_is_told_before_what_it_takes_away() {
    let world = World::new();
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    say(&world, &ada, &green(), &[said(1, 1, "evil.bad-host.co", "")]);
    let mut own = follow(&world, &ada, None, VALUES);
    let recall = Recall { objects: vec![id(1)], reason: "a mistake".to_owned(), ..Recall::default() };
    world.node.recall(&ada, &recall).unwrap();
    let events = shorts(&told(&world, &mut own));
    assert_eq!(events[0], "recall a mistake");
    for expected in ["removed indicator", "evil.bad-host.co exact nothing"] {
        assert!(events.contains(&expected.to_owned()), "{events:?}");
    }
}

#[test]
fn whoever_comes_again_is_told_the_rest_and_nothing_twice() {
    let world = World::new();
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    let begin = world.node.stream_now(&follow(&world, &ada, None, VALUES)).unwrap().id.unwrap();
    for n in 0..40 {
        say(&world, &ada, &green(), &[said(n, 1, &format!("n{n}.bad-host.co"), "")]);
        if n % 5 == 4 {
            world.node.withdraw(&ada, None, &id(n - 2), &[]).unwrap();
        }
    }
    let objects = |events: &[StreamEvent]| -> Vec<String> {
        events.iter().filter(|event| event.name == "object").map(|event| event.data.clone()).collect()
    };
    let whole = told(&world, &mut follow(&world, &ada, Some(&begin), VALUES));
    assert_eq!(objects(&whole).len(), 40, "what is taken back was not there, and is gone");
    assert!(whole.iter().filter(|event| event.id.is_some()).count() > 30);
    for (at, event) in whole.iter().enumerate() {
        let Some(id) = &event.id else { continue };
        let rest = told(&world, &mut follow(&world, &ada, Some(id), VALUES));
        assert_eq!(shorts(&rest), shorts(&whole[at + 1..]), "{at}");
        assert_eq!(objects(&rest), objects(&whole[at + 1..]));
    }
    let world = world.restarted();
    let end = whole.iter().rev().find_map(|event| event.id.clone()).unwrap();
    assert!(told(&world, &mut follow(&world, &ada, Some(&end), VALUES)).is_empty(), "also after a restart");
}

#[test]
fn what_is_not_for_him_changes_nothing_and_his_cursor_is_nobody_elses() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    say(&world, &ada, &green(), &[said(1, 1, "evil.bad-host.co", "")]);
    let mut bobs = follow(&world, &bob, None, VALUES);
    let cursor = world.node.stream_now(&bobs).unwrap().id.unwrap();
    let hidden = ImportOptions { tlp: Some(Tlp::Amber), to: strings(&["member:Ada"]), ..green() };
    world.import(&hidden, b"evil.bad-host.co\nhidden.bad-host.co\n").unwrap();
    assert!(told(&world, &mut bobs).is_empty());
    let after = world.node.stream_now(&bobs).unwrap().id.unwrap();
    assert_eq!(cursor.len(), after.len(), "how much there is cannot be read off a cursor");
    for lost in [cursor.as_str(), "", "nothing"] {
        let mut adas = follow(&world, &ada, Some(lost), VALUES);
        assert_eq!(shorts(&told(&world, &mut adas)), ["reset too-far"]);
        assert!(told(&world, &mut adas).is_empty(), "from there on he is told");
    }
}

#[test]
fn who_sees_or_lets_act_something_else_fetches_everything_anew() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    world.node.add_circle(&ada, &circle("Ransom", None)).unwrap();
    bring(&world.node, &ada, "Ransom", &bob);
    let inside = ImportOptions { to: strings(&["circle:Ransom"]), ..green() };
    say(&world, &ada, &inside, &[said(1, 1, "evil.bad-host.co", "")]);
    let mut bobs = follow(&world, &bob, None, VALUES);
    let cursor = world.node.stream_now(&bobs).unwrap().id.unwrap();
    world.node.set_policy(&bob, Some("# nothing acts\n"), false).unwrap();
    assert_eq!(shorts(&told(&world, &mut bobs)), ["reset policy"]);
    let narrow = Some(ValuesQuery { ceiling: Some(Tlp::Green), action: None });
    assert_eq!(shorts(&told(&world, &mut follow(&world, &bob, Some(&cursor), narrow))), ["reset policy"]);
    let objects = world.node.stream_now(&follow(&world, &bob, None, None)).unwrap().id.unwrap();
    assert!(told(&world, &mut follow(&world, &bob, Some(&objects), None)).is_empty());
    world.node.leave_circle(&bob, "Ransom").unwrap();
    say(&world, &ada, &inside, &[said(2, 1, "worse.bad-host.co", "")]);
    assert_eq!(shorts(&told(&world, &mut bobs)), ["reset rights"]);
    assert_eq!(shorts(&told(&world, &mut follow(&world, &bob, Some(&objects), None))), ["reset rights"]);
    assert!(told(&world, &mut bobs).is_empty());
    let token = bob.principal.token.unwrap().to_string();
    world.node.revoke_token(&world.node.operator(), &token).unwrap();
    assert_eq!(world.node.stream_next(&mut bobs).unwrap_err().kind, Kind::Unauthenticated);
}

#[test]
fn so_many_follow_and_no_more() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let mut open: Vec<Stream> = (0..64).map(|_| follow(&world, &ada, None, None)).collect();
    let refused = world.node.stream(&ada, &StreamQuery::default()).unwrap_err();
    assert_eq!((refused.kind, refused.retry_after_s.is_some()), (Kind::Quota, true));
    open.pop();
    open.push(follow(&world, &ada, None, None));
    open.push(follow(&world, &bob, None, None));
}

/// The values that act, by the whole set.
fn whole(world: &World, by: &Caller) -> (BTreeMap<[String; 3], String>, String) {
    let query = FeedQuery {
        format: "accord".to_owned(),
        file: "accord.ndjson".to_owned(),
        ceiling: None,
        action: None,
    };
    let mut out = Vec::new();
    world.node.feed(by, &query).unwrap().write(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let cursor = lines[0]["cursor"].as_str().unwrap().to_owned();
    let mut values = BTreeMap::new();
    for line in &lines[1..lines.len() - 1] {
        apply(&mut values, line);
    }
    (values, cursor)
}

fn apply(values: &mut BTreeMap<[String; 3], String>, said: &Value) {
    let key = ["kind", "mode", "value"].map(|name| said[name].as_str().unwrap().to_owned());
    match said["action"].as_str().unwrap() {
        "nothing" => values.remove(&key),
        action => values.insert(key, format!("{action} {}", said["until"])),
    };
}

#[test]
fn who_follows_from_a_whole_set_holds_the_next_whole_set() {
    let world = World::new();
    let all = members(&world, &["Ada", "Bob", "Cyd"], ROLES);
    let policy = "[[rule]]\nname = \"all\"\nfrom = \"anyone\"\naction = \"block\"\norigins = 2\nuntil-then = \"alert\"\nscore = 10\n";
    world.node.set_policy(&all[0], Some(policy), false).unwrap();
    let mut state: u64 = 11;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut stream = follow(&world, &all[0], Some(&whole(&world, &all[0]).1), VALUES);
    let (mut held, mut version, mut done) = (BTreeMap::new(), 1, [0; 6]);
    for round in 0..250 {
        world.later(1);
        let by = below(3) as usize;
        // Each has ids of its own, so that what they do is theirs to do.
        let n = by as u32 * 100 + below(6) as u32;
        let value = ["a.bad-host.co", "b.bad-host.co", "c.bad-host.co", "github.io"][below(4) as usize];
        version += 1;
        let deed = below(8) as usize;
        let outcome = match deed {
            0 => world.node.withdraw(&all[by], None, &id(n), &[]).map(drop),
            1 => world.node.withdraw(&all[by], None, &id(n), &["last".to_owned()]).map(drop),
            2 => {
                let to = if below(2) == 0 { strings(&["member:Bob"]) } else { Vec::new() };
                let asked = Relabel { to: Some(to), ..Relabel::default() };
                world.node.relabel(&all[by], &id(n), &asked).map(drop)
            }
            3 => world.node.erase(&world.node.operator(), &id(n), "a court").map(drop),
            4 => {
                let rest = ",\"revoked\":true";
                say(&world, &all[by], &green(), &[said(n, version, value, rest)]);
                Ok(())
            }
            _ => {
                let wide = format!("[domain-name:value LIKE '%.{value}']");
                let one = said(n, version, value, "");
                let one = match below(4) {
                    0 => one.replace(&format!("[domain-name:value = '{value}']"), &wide),
                    _ => one,
                };
                say(&world, &all[by], &green(), &[one]);
                Ok(())
            }
        };
        done[deed.min(5)] += usize::from(outcome.is_ok());
        // Some follow all the time, and some come again from where they were.
        if below(3) == 0 {
            continue;
        }
        if below(4) == 0 {
            let cursor = world.node.stream_now(&stream).unwrap().id.unwrap();
            stream = follow(&world, &all[0], Some(&cursor), VALUES);
        }
        let events = told(&world, &mut stream);
        assert!(events.iter().all(|event| event.name != "reset"), "{round}: {:?}", shorts(&events));
        for event in events.iter().filter(|event| event.name == "value") {
            apply(&mut held, &data(event));
        }
        assert_eq!(held, whole(&world, &all[0]).0, "{round} {deed}: {:?}", shorts(&events));
    }
    assert!(done.iter().all(|count| *count > 3), "{done:?}");
}

#[test]
fn no_member_takes_the_places_of_all_others() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let mut open: Vec<Stream> = (0..64).map(|_| follow(&world, &ada, None, None)).collect();
    let query = StreamQuery::default();
    let refused = world.node.stream(&ada, &query).unwrap_err();
    assert_eq!((refused.kind, refused.retry_after_s), (Kind::Quota, Some(10)));
    for _ in 1..8 {
        let token = world.token("Ada", ROLES);
        open.extend((0..64).map(|_| follow(&world, &token, None, None)));
    }
    let refused = world.node.stream(&world.token("Ada", ROLES), &query).unwrap_err();
    assert!(refused.message.contains("your organisation follows 512"), "{refused:?}");
    let _bobs = follow(&world, &bob, None, None);
    open.pop();
    let _again = follow(&world, &world.token("Ada", ROLES), None, None);
}

/// What an agent holds that goes on by its own clock is what a whole set says later.
#[test]
fn a_block_that_falls_to_an_alert_says_so_beforehand() {
    let world = World::new();
    let [ada, bob, cid]: [Caller; 3] = members(&world, &["Ada", "Bob", "Cid"], ROLES).try_into().unwrap();
    let text = "[[rule]]\nname = \"all\"\nfrom = \"anyone\"\naction = \"block\"\norigins = 2\nuntil-then = \"alert\"\n";
    world.node.set_policy(&cid, Some(text), false).unwrap();
    let say = |by: &Caller, line: &str, days: u64| {
        let options = ImportOptions {
            tlp: Some(Tlp::Green),
            expire_s: Some(days * 86_400),
            ..ImportOptions::default()
        };
        world.import_as(by, &options, format!("{line}\n").as_bytes()).unwrap();
    };
    let mut stream = follow(&world, &cid, None, VALUES);
    say(&ada, "evil.bad-host.co", 1);
    say(&bob, "evil.bad-host.co", 9);
    say(&ada, "gone.bad-host.co", 1);
    say(&bob, "gone.bad-host.co", 1);
    let said = told(&world, &mut stream).into_iter().filter(|event| event.name == "value");
    let said = said.map(|event| serde_json::from_str::<Value>(&event.data).unwrap());
    let told: BTreeMap<String, Value> =
        said.map(|said| (said["value"].as_str().unwrap().to_owned(), said)).collect();
    let evil = &told["evil.bad-host.co"];
    assert_eq!((&evil["action"], &evil["then"]["action"]), (&"block".into(), &"alert".into()), "{evil}");
    assert!(evil["until"].as_str() < evil["then"]["until"].as_str(), "{evil}");
    assert!(told["gone.bad-host.co"].get("then").is_none(), "nothing is left: {told:?}");
    // The whole set says the same, now and then.
    let whole = || -> Vec<Value> {
        let query = FeedQuery {
            format: "accord".to_owned(),
            file: "accord.ndjson".to_owned(),
            ceiling: None,
            action: None,
        };
        let mut out = Vec::new();
        world.node.feed(&cid, &query).unwrap().write(&mut out).unwrap();
        let lines = std::str::from_utf8(&out).unwrap().lines();
        let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["value"] == "evil.bad-host.co").collect()
    };
    let now = whole();
    let acts = |said: &Value| (said["action"].clone(), said["until"].clone(), said["then"].clone());
    assert_eq!((now.len(), acts(&now[0])), (1, acts(evil)));
    world.later(86_400);
    let later = whole();
    assert_eq!(later.len(), 1);
    assert_eq!((&later[0]["action"], &later[0]["until"]), (&evil["then"]["action"], &evil["then"]["until"]));
}

/// What a second member says under an id that another said first is shown to nobody as the object, and acts all the same.
#[test]
fn what_others_say_under_the_same_id_is_told_with_what_it_does() {
    let world = World::new();
    let [ada, bob, cid]: [Caller; 3] = members(&world, &["Ada", "Bob", "Cid"], ROLES).try_into().unwrap();
    let text = "[[rule]]\nname = \"all\"\nfrom = \"anyone\"\naction = \"block\"\norigins = 2\nuntil-then = \"alert\"\n";
    world.node.set_policy(&cid, Some(text), false).unwrap();
    let (mut stream, mut objects) = (follow(&world, &cid, None, VALUES), follow(&world, &cid, None, None));
    let same = said(1, 1, "evil.bad-host.co", "");
    say(&world, &ada, &green(), &[said(2, 2, "now.bad-host.co", "")]);
    told(&world, &mut stream);
    say(&world, &ada, &green(), std::slice::from_ref(&same));
    assert_eq!(shorts(&told(&world, &mut stream)), ["added indicator", "evil.bad-host.co exact alert"]);
    // Both took it from somebody else.
    say(&world, &bob, &green(), &[same]);
    assert_eq!(shorts(&told(&world, &mut stream)), ["evil.bad-host.co exact block"]);
    // An earlier version that says something else, among much that is shown.
    let many: Vec<String> = (10..1_200).map(|n| said(n, 1, &format!("m{n}.bad-host.co"), "")).collect();
    say(&world, &ada, &green(), &many[..600]);
    say(&world, &bob, &green(), &[said(2, 1, "past.bad-host.co", "")]);
    say(&world, &ada, &green(), &many[600..]);
    let events = shorts(&told(&world, &mut stream));
    let count = |what: &str| events.iter().filter(|event| *event == what).count();
    assert_eq!((count("added indicator"), count("past.bad-host.co exact alert")), (many.len(), 1));
    assert_eq!(count("m10.bad-host.co exact alert") + count("m1199.bad-host.co exact alert"), 2);
    // What nobody but he says under all of many ids, too.
    say(&world, &bob, &green(), &many);
    let events = shorts(&told(&world, &mut stream));
    assert!(
        events.len() == many.len() && events.iter().all(|event| event.ends_with(" exact block")),
        "{events:?}"
    );
    // Who follows objects is told of each once.
    assert_eq!(told(&world, &mut objects).len(), 2 + many.len());
    // It is taken back by the one, and by the other.
    for n in [1, 2] {
        world.node.withdraw(&bob, None, &id(n), &[]).unwrap();
    }
    let events = shorts(&told(&world, &mut stream));
    for expected in ["past.bad-host.co exact nothing", "evil.bad-host.co exact alert"] {
        assert!(events.contains(&expected.to_owned()), "{events:?}");
    }
}
