//! Recalling all that a member said, or all of it from a feed: from sensors at once, from everywhere else by and by, and never half
//! of it as if it were all.

use std::time::{Duration, Instant};

use model::{Timestamp, Tlp};
use node::views::{RecallListed, RecallSweep};
use node::{
    Caller, FeedQuery, ImportOptions, Kind, NewCircle, NewMember, NewToken, Recall, Relabel, Settings,
    Stream, StreamEvent, StreamQuery, ValuesQuery,
};

use super::circle_rules::{bring, members};
use super::write_world::{START, World, envelope, id, indicator, settings};

const ROLES: &[&str] = &["analyst", "organisation-administrator"];
const VALUES: Option<ValuesQuery> = Some(ValuesQuery { ceiling: None, action: None });
const PATIENCE: Duration = Duration::from_secs(120);
/// More than are recalled by their ids, and more than one piece.
const MANY: u32 = 1_203;

fn lines(world: &World, by: &Caller, source: Option<&str>, text: &str) {
    let options = ImportOptions {
        tlp: Some(Tlp::Green),
        source_name: source.map(str::to_owned),
        ..ImportOptions::default()
    };
    let (summary, told) = world.import_as(by, &options, text.as_bytes()).unwrap();
    assert_eq!(summary.rejected, 0, "{told:?}");
}

fn many() -> String {
    (0..MANY).map(|n| format!("203.0.{}.{}\n", 100 + n / 250, 1 + n % 250)).collect()
}

const FROM_BAD: &str = ",\"external_references\":[{\"source_name\":\"bad\",\"description\":\"d\"}]";

/// What a sensor reads.
fn read(world: &World, by: &Caller) -> String {
    let query =
        FeedQuery { format: "zeek".to_owned(), file: "accord.intel".to_owned(), ceiling: None, action: None };
    let mut bytes = Vec::new();
    world.node.feed(by, &query).unwrap().write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn whole(member: Option<&str>, source: Option<&str>, since: Option<Timestamp>) -> Recall {
    Recall {
        member: member.map(str::to_owned),
        source: source.map(str::to_owned),
        since,
        reason: "the feed was poisoned".to_owned(),
        ..Recall::default()
    }
}

/// The recalls of which this caller is told all.
fn sweeps(world: &World, by: &Caller) -> Vec<RecallSweep> {
    let whole = |listed| match listed {
        RecallListed::Whole(sweep) => *sweep,
        RecallListed::Part(part) => panic!("{part:?}"),
    };
    world.node.recalls(by).unwrap().into_iter().map(whole).collect()
}

/// Waits until the last recall is carried out.
fn done(world: &World, by: &Caller) -> RecallSweep {
    let began = Instant::now();
    loop {
        let last = sweeps(world, by).remove(0);
        if last.done && sweeps(world, by).iter().all(|one| one.done) {
            return last;
        }
        assert!(began.elapsed() < PATIENCE, "{last:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn follow(world: &World, by: &Caller) -> Stream {
    world.node.stream(by, &StreamQuery { since: None, values: VALUES }).unwrap()
}

fn told(world: &World, stream: &mut Stream) -> Vec<StreamEvent> {
    let mut events = Vec::new();
    loop {
        let told = world.node.stream_next(stream).unwrap();
        events.extend(told.events);
        if !told.more {
            return events;
        }
    }
}

fn names(events: &[StreamEvent]) -> Vec<&str> {
    events.iter().map(|event| event.name).collect()
}

#[test]
fn a_feed_of_any_size_is_gone_from_sensors_at_once_and_then_from_everywhere() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    lines(&world, &ada, Some("Bad Feed"), &many());
    lines(&world, &ada, Some("other"), "198.51.1.77\n");
    lines(&world, &bob, Some("bad feed"), "198.51.1.78\n");
    world.later(60);
    let before = read(&world, &ada);
    assert!(before.contains("203.0.100.1\tIntel") && before.contains("198.51.1.77\tIntel"), "{before}");
    assert_eq!(world.listed(&bob, None).len() as u32, MANY + 2);
    world.later(60);
    // The jobs rest, so that what comes first can be looked at by itself.
    world.node.stop();
    let mut follows = follow(&world, &ada);
    let away = world.node.stream_now(&follows).unwrap().id.unwrap();
    let recalled = world.node.recall(&ada, &whole(None, Some("bad feed"), None)).unwrap();
    let sweep = recalled.sweep.unwrap();
    assert!(!sweep.done && sweep.percent == 0 && recalled.recalls.is_empty(), "{sweep:?}");
    assert_eq!(sweep.feed.as_deref(), Some("bad feed"));
    for by in [&ada, &bob] {
        let after = read(&world, by);
        assert!(!after.contains("203.0."), "{after}");
    }
    assert!(read(&world, &ada).contains("198.51.1.77\tIntel"));
    assert!(world.node.why(&bob, &["203.0.100.1".to_owned()]).unwrap()[0].known.is_empty());
    let events = told(&world, &mut follows);
    assert_eq!(names(&events), ["reset"]);
    assert!(events[0].data.contains("\"recall\""), "{}", events[0].data);
    assert!(told(&world, &mut follows).is_empty(), "told once");
    // It stands yet everywhere else, and that is said.
    assert_eq!(world.listed(&bob, None).len() as u32, MANY + 2);
    assert!(!sweeps(&world, &ada)[0].done);

    // Whatever ended the node, the next one holds to it and goes on.
    let world = world.restarted();
    assert!(!read(&world, &ada).contains("203.0."));
    let sweep = done(&world, &ada);
    let count = u64::from(MANY);
    assert_eq!((sweep.objects, sweep.withdrawn, sweep.revoked, sweep.unsaid), (count, count, count, 0));
    assert_eq!((sweep.recalls.len(), sweep.percent), (1, 100), "one note for all");
    assert!(world.node.recalls(&bob).unwrap().is_empty(), "it is nobody else's");
    let listed = world.listed(&bob, None);
    assert_eq!(listed.len() as u32, MANY + 3);
    let mut revoked = 0;
    for (listed, _) in &listed {
        let object = world.node.object(&bob, listed, None).unwrap();
        revoked += u64::from(object.object.get().contains("\"revoked\":true"));
    }
    assert_eq!(revoked, count);
    assert!(!read(&world, &ada).contains("203.0."));

    // Who holds how many, and who has not read of it; bob listed them, and what says that they are revoked.
    let note = &sweep.recalls[0].id;
    let view = world.node.recalled(&ada, note).unwrap();
    assert_eq!(view.sweep.as_ref().map(|sweep| sweep.done), Some(true));
    let held = view.held.unwrap();
    assert_eq!(held.members.len() as u64 + held.others, 1);
    let view = world.node.recalled(&bob, note).unwrap();
    assert!(
        view.held.is_none()
            && view.sweep.is_none()
            && view.entry.reason.starts_with("the feed was poisoned\n")
    );
    assert!(view.entry.reason.contains("all of the feed `bad feed`;"), "{}", view.entry.reason);
    // Who was away is told of each when he comes back, and then holds nothing of it.
    let mut back = world.node.stream(&ada, &StreamQuery { since: Some(away), values: VALUES }).unwrap();
    let events = told(&world, &mut back);
    assert!(!names(&events).contains(&"reset"), "{:?}", names(&events));
    let nothing =
        |event: &&StreamEvent| event.name == "value" && event.data.contains("\"action\":\"nothing\"");
    assert_eq!(events.iter().filter(nothing).count() as u64, count);
    assert_eq!(world.node.rebuild(&world.node.operator(), &mut |_, _| {}).unwrap()["equal"], true);
    assert!(!read(&world, &ada).contains("203.0."));

    // Who says it again means it: the rule ends where it was made.
    world.later(60);
    lines(&world, &ada, Some("bad feed"), "203.0.100.1\n203.0.100.9\n");
    let again = read(&world, &ada);
    assert!(again.contains("203.0.100.1\tIntel") && again.contains("203.0.100.9\tIntel"), "{again}");
    assert!(!again.contains("203.0.100.2\tIntel"), "{again}");
}

#[test]
fn what_ends_in_between_is_gone_on_with_and_taken_back_once() {
    let mut world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    lines(&world, &ada, Some("bad"), &many());
    world.later(60);
    world.node.recall(&ada, &whole(None, Some("bad"), None)).unwrap();
    // Each time it is stopped somewhere, between two pieces; from the first moment on nothing of it acts.
    let mut between = 0;
    for _ in 0..4 {
        let began = Instant::now();
        while sweeps(&world, &ada)[0].objects == 0 {
            assert!(began.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(1));
        }
        between += u32::from(sweeps(&world, &ada)[0].objects < u64::from(MANY));
        world = world.restarted();
        assert!(!read(&world, &bob).contains("203.0."));
        let told = sweeps(&world, &ada).remove(0);
        assert_eq!(told.done, told.percent == 100, "{told:?}");
    }
    assert!(between > 0, "it was stopped nowhere in between");
    let sweep = done(&world, &ada);
    let count = u64::from(MANY);
    assert_eq!((sweep.objects, sweep.withdrawn, sweep.revoked, sweep.unsaid), (count, count, count, 0));
    let listed = world.listed(&bob, None);
    assert_eq!(listed.len() as u64, count + 1, "each once, and one note");
    for (listed, _) in listed.iter().filter(|(id, _)| id.starts_with("indicator")) {
        assert_eq!(world.node.object(&bob, listed, None).unwrap().versions.len(), 1);
    }
    assert_eq!(world.node.rebuild(&world.node.operator(), &mut |_, _| {}).unwrap()["equal"], true);
}

#[test]
fn what_was_accepted_before_and_enters_later_is_taken_back_as_it_enters() {
    let world = World::with(Settings { asynchronous_objects: 5, ..settings() });
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    lines(&world, &ada, Some("bad"), &many());
    world.node.stop();
    let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    let said = |numbers: std::ops::Range<u32>| {
        let objects: Vec<String> =
            numbers.map(|n| indicator(n, "2026-01-01T00:00:00.000Z", FROM_BAD)).collect();
        world.node.submit(&ada, &options, envelope(&objects).as_bytes()).unwrap()
    };
    assert_eq!(said(1..31).pending, 30, "it is accepted, and waits");
    world.later(60);
    let sweep = world.node.recall(&ada, &whole(None, Some("bad"), None)).unwrap().sweep.unwrap();
    assert!(!sweep.done);
    world.later(60);
    // What is said after it is no part of it, though it enters before.
    assert_eq!(said(40..42).success, 2);
    let world = world.restarted();
    // It acts nowhere as it enters, however long the older record takes.
    while !sweeps(&world, &ada)[0].done {
        let now = read(&world, &bob);
        assert!(!(1..31).any(|n| now.contains(&format!("198.51.0.{n}\t"))), "{now}");
    }
    let sweep = done(&world, &ada);
    let count = u64::from(MANY) + 30;
    assert_eq!((sweep.objects, sweep.withdrawn, sweep.revoked), (count, count, count));
    let revoked = |n: u32| {
        let object = world.node.object(&bob, &id(n), None).unwrap();
        object.object.get().contains("\"revoked\":true")
    };
    assert!((1..31).all(revoked) && !(40..42).any(revoked));
    assert!(read(&world, &bob).contains("198.51.0.40\t") && !read(&world, &bob).contains("198.51.0.7\t"));
}

#[test]
fn a_members_last_day_is_recalled_and_what_it_said_before_stands_again() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let say = |n: u32, modified: &str| {
        let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
        world.node.submit(&ada, &options, envelope(&[indicator(n, modified, "")]).as_bytes()).unwrap();
    };
    say(1, "2026-01-01T00:00:00.000Z");
    say(2, "2026-01-01T00:00:00.000Z");
    world.later(86_400);
    let since = Timestamp(START).plus_seconds(43_200);
    say(2, "2026-02-01T00:00:00.000Z");
    say(3, "2026-02-01T00:00:00.000Z");
    world.later(60);
    let sweep = world.node.recall(&ada, &whole(Some("Ada"), None, Some(since))).unwrap().sweep.unwrap();
    assert_eq!(sweep.since.as_deref(), Some("2026-09-01T12:00:00.000000Z"));
    let sweep = done(&world, &ada);
    assert_eq!((sweep.objects, sweep.withdrawn, sweep.revoked), (2, 2, 1));
    let version = |n: u32| {
        let object = world.node.object(&bob, &id(n), None).unwrap();
        let text = object.object.get().to_owned();
        (text.contains("\"modified\":\"2026-01-01"), text.contains("\"revoked\":true"))
    };
    assert_eq!([1, 2, 3].map(version), [(true, false), (true, false), (false, true)]);
    assert!(read(&world, &bob).contains("198.51.0.1\t") && !read(&world, &bob).contains("198.51.0.3\t"));
    // There is nothing more since.
    let later = Timestamp(START).plus_seconds(200_000);
    let none = world.node.recall(&ada, &whole(Some("Ada"), None, Some(later)));
    assert_eq!(none.unwrap_err().kind, Kind::NotFound);
}

#[test]
fn what_a_member_said_without_its_name_goes_too_and_tells_nobody_whose_it_was() {
    let world = World::with(Settings { desk_members: 1, desk_interval_s: 0, ..settings() });
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let unnamed = ImportOptions { tlp: Some(Tlp::Green), without_name: true, ..ImportOptions::default() };
    world
        .node
        .submit(&ada, &unnamed, envelope(&[indicator(1, "2026-01-01T00:00:00.000Z", "")]).as_bytes())
        .unwrap();
    lines(&world, &ada, None, "203.0.100.1\n");
    let began = Instant::now();
    while world.listed(&bob, None).len() < 2 {
        assert!(began.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(5));
    }
    world.later(60);
    // Another member may not, and is not told that there is such a member; nor one who only reads.
    assert_eq!(world.node.recall(&bob, &whole(Some("Ada"), None, None)).unwrap_err().kind, Kind::NotFound);
    let reader = world.token("Ada", &["reader"]);
    assert_eq!(
        world.node.recall(&reader, &whole(Some("Ada"), None, None)).unwrap_err().kind,
        Kind::Forbidden
    );
    assert!(world.node.recalls(&reader).is_err());

    // The hub's administrator does it, for a member that cannot be asked.
    let operator = world.node.operator();
    world.node.recall(&operator, &whole(Some("Ada"), None, None)).unwrap();
    assert!(!read(&world, &bob).contains("203.0.100.1\t") && !read(&world, &bob).contains("198.51.0.1\t"));
    let sweep = done(&world, &operator);
    assert_eq!((sweep.objects, sweep.withdrawn, sweep.revoked), (2, 2, 0), "he says nothing in her name");
    assert_eq!((sweep.member.name.as_str(), sweep.by.name.as_str()), ("Ada", "ACME"));
    let listed = world.listed(&bob, None);
    assert!(listed.iter().all(|(id, _)| id.starts_with("note--")), "{listed:?}");
    for (listed, _) in &listed {
        let text = world.node.object(&bob, listed, None).unwrap().object.get().to_owned();
        assert!(!text.contains(&id(1)), "the note tells of what was said by name: {text}");
    }
    assert_eq!(world.node.rebuild(&operator, &mut |_, _| {}).unwrap()["equal"], true);
}

#[test]
fn who_sees_nothing_of_it_is_told_nothing() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let own = ImportOptions { tlp: Some(Tlp::Red), ..ImportOptions::default() };
    world
        .node
        .submit(&ada, &own, envelope(&[indicator(1, "2026-01-01T00:00:00.000Z", "")]).as_bytes())
        .unwrap();
    world.node.stop();
    let (mut hers, mut his) = (follow(&world, &ada), follow(&world, &bob));
    world.node.recall(&ada, &whole(Some("Ada"), None, None)).unwrap();
    assert_eq!(names(&told(&world, &mut hers)), ["reset"]);
    assert!(told(&world, &mut his).is_empty());
    let world = world.restarted();
    done(&world, &ada);
    assert!(told(&world, &mut his).is_empty());
}

#[test]
fn who_sees_another_feed_of_the_same_member_is_told_nothing() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    for (source, tlp, list) in [("mine", Tlp::Red, "203.0.100.1\n"), ("ours", Tlp::Green, "203.0.100.2\n")] {
        let options = ImportOptions {
            tlp: Some(tlp),
            source_name: Some(source.to_owned()),
            ..ImportOptions::default()
        };
        world.import_as(&ada, &options, list.as_bytes()).unwrap();
    }
    world.node.stop();
    let (mut hers, mut his) = (follow(&world, &ada), follow(&world, &bob));
    world.node.recall(&ada, &whole(None, Some("mine"), Some(Timestamp(START)))).unwrap();
    assert_eq!(names(&told(&world, &mut hers)), ["reset"]);
    assert!(told(&world, &mut his).is_empty(), "he sees nothing of that feed");
    world.node.recall(&ada, &whole(None, Some("ours"), Some(Timestamp(START)))).unwrap();
    assert_eq!(names(&told(&world, &mut his)), ["reset"]);
}

#[test]
fn what_is_no_recall_of_all_is_refused() {
    let world = World::new();
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    lines(&world, &ada, None, "203.0.100.1\n");
    let since = Some(Timestamp(START));
    for (asked, kind) in [
        (Recall { objects: vec![id(1)], ..whole(Some("Ada"), None, None) }, Kind::Invalid),
        (Recall { objects: vec![id(1)], ..whole(None, None, since) }, Kind::Invalid),
        (whole(None, None, since), Kind::Invalid),
        // A variable that is not set.
        (whole(None, Some(""), since), Kind::Invalid),
        (whole(Some("Ada"), Some(" "), None), Kind::Invalid),
        (whole(Some(" "), None, None), Kind::Invalid),
        (Recall { reason: " ".to_owned(), ..whole(Some("Ada"), None, None) }, Kind::Invalid),
        (whole(Some("Nobody"), None, None), Kind::NotFound),
    ] {
        assert_eq!(world.node.recall(&ada, &asked).unwrap_err().kind, kind, "{asked:?}");
    }
    assert!(world.node.recalls(&ada).unwrap().is_empty());
    // Of a member that is revoked an administrator takes it back, by its id.
    let operator = world.node.operator();
    let revoked = world.node.revoke_member(&operator, "Ada").unwrap();
    assert_eq!(
        world.node.recall(&operator, &whole(Some("Ada"), None, None)).unwrap_err().kind,
        Kind::NotFound
    );
    world.node.recall(&operator, &whole(Some(&revoked.id), None, None)).unwrap();
    assert_eq!(done(&world, &operator).withdrawn, 1);
}

#[test]
fn what_was_recalled_is_for_the_two_members_alone_and_others_see_how_far_it_is() {
    let world = World::new();
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    lines(&world, &ada, Some("bad"), "203.0.100.1\n");
    let operator = world.node.operator();
    let green = NewToken {
        member: "Ada".to_owned(),
        roles: ROLES.iter().map(|role| (*role).to_owned()).collect(),
        ceiling: Some(Tlp::Green),
        ..NewToken::default()
    };
    let green = world.signed_in(&world.node.add_token(&operator, &green).unwrap().secret);
    // A token that sees little does not end all that its member ever said.
    let refused = world.node.recall(&green, &whole(Some("Ada"), None, None)).unwrap_err();
    assert_eq!(refused.kind, Kind::Forbidden);
    assert!(refused.hint.is_some());
    world.node.recall(&ada, &whole(Some("Ada"), None, None)).unwrap();
    let sweep = done(&world, &ada);
    assert_eq!((sweep.objects, sweep.recalls.len()), (1, 1));
    // Who may recall it, too, and reads none of it, is told neither why nor what.
    for other in [&green, &operator] {
        let told = serde_json::to_value(world.node.recalls(other).unwrap()).unwrap();
        let keys: std::collections::BTreeSet<&str> =
            told[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["done", "id", "member", "percent"].into(), "{told}");
        assert_eq!((&told[0]["id"], &told[0]["percent"]), (&sweep.id.clone().into(), &100.into()));
    }
    // What it recalls itself a token sees, whatever it reads.
    lines(&world, &green, Some("other"), "203.0.100.2\n");
    let recall = Recall { since: Some(Timestamp(START)), ..whole(None, Some("other"), None) };
    world.node.recall(&green, &recall).unwrap();
    let listed = world.node.recalls(&green).unwrap();
    assert!(
        matches!(&listed[..], [RecallListed::Whole(_), RecallListed::Part(_)]),
        "its own, and another's: {listed:?}"
    );
}

#[test]
fn what_is_recalled_is_said_to_be_revoked_whatever_is_left_of_the_quota() {
    let world = World::new();
    let operator = world.node.operator();
    let new = NewMember { name: "Small".to_owned(), objects_per_hour: Some(3), ..NewMember::default() };
    world.node.add_member(&operator, &new).unwrap();
    let small = world.token("Small", ROLES);
    lines(&world, &small, None, "203.0.100.1\n203.0.100.2\n203.0.100.3\n");
    world.later(60);
    world.node.recall(&small, &whole(Some("Small"), None, None)).unwrap();
    let sweep = done(&world, &small);
    assert_eq!((sweep.withdrawn, sweep.revoked, sweep.unsaid, sweep.recalls.len()), (3, 3, 0, 1));
    // What is taken back was said all the same: it gives nothing back, until the hour is over.
    let say = |n: u32| {
        let text = envelope(&[indicator(n, "2026-01-01T00:00:00.000Z", "")]);
        world.node.submit(&small, &ImportOptions::default(), text.as_bytes())
    };
    assert_eq!(say(1).unwrap_err().kind, Kind::Quota);
    world.later(3_600);
    assert_eq!(say(1).unwrap().success, 1);
}

#[test]
fn what_is_being_taken_back_gets_no_other_label() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let marking = "marking-definition--7c1f0a52-64d8-4b51-9f0e-3f6a5a0f8b11";
    let marked =
        indicator(2, "2026-01-01T00:00:00.000Z", &format!(",\"object_marking_refs\":[\"{marking}\"]"));
    let said = [indicator(1, "2026-01-01T00:00:00.000Z", ""), marked];
    let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    let status = world.node.submit(&ada, &options, envelope(&said).as_bytes()).unwrap();
    assert_eq!(status.success, 2, "{status:?}");
    world.later(60);
    let relabel =
        |by: &Caller, tlp| world.node.relabel(by, &id(1), &Relabel { tlp: Some(tlp), ..Relabel::default() });
    assert_eq!(relabel(&ada, Tlp::Amber).unwrap(), 1);
    world.node.stop();
    world.node.recall(&ada, &whole(Some("Ada"), None, None)).unwrap();
    assert_eq!(relabel(&ada, Tlp::Green).unwrap_err().kind, Kind::Conflict);
    // What waits for a marking is not opened by it.
    let definition = format!(
        "{{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"{marking}\",\
         \"created\":\"2026-01-01T00:00:00.000Z\",\"definition_type\":\"statement\",\
         \"definition\":{{\"statement\":\"(c)\"}}}}"
    );
    let status = world.node.submit(&ada, &options, envelope(&[definition]).as_bytes()).unwrap();
    assert_eq!(status.success, 1, "{status:?}");
    assert!(!read(&world, &bob).contains("198.51."));
    let world = world.restarted();
    let sweep = done(&world, &ada);
    assert_eq!((sweep.objects, sweep.withdrawn), (2, 2));
    assert!(!read(&world, &bob).contains("198.51.") && !read(&world, &ada).contains("198.51."));
}

#[test]
fn what_is_said_again_while_it_is_taken_back_is_refused_and_never_lost() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    let said = |by: &Caller, n: u32, modified: &str| {
        let text = envelope(&[indicator(n, modified, "")]);
        let status = world.node.submit(by, &options, text.as_bytes()).unwrap();
        (status.outcomes[0].state, status.outcomes[0].message.clone().unwrap_or_default())
    };
    let import = |text: &str, source: &str| {
        let options = ImportOptions { source_name: Some(source.to_owned()), ..options.clone() };
        world.import_as(&ada, &options, text.as_bytes()).unwrap().0
    };
    let first = "2026-01-01T00:00:00.000Z";
    assert_eq!(said(&ada, 1, first).0, "new");
    assert_eq!(import("203.0.100.1\n", "bad").new, 1);
    world.later(60);
    world.node.stop();
    world.node.recall(&ada, &whole(Some("Ada"), None, None)).unwrap();
    let (state, message) = said(&ada, 1, first);
    assert!(state == "rejected" && message.contains("send it again"), "{state}: {message}");
    let again = import("203.0.100.1\n203.0.100.2\n", "bad");
    assert_eq!((again.duplicates, again.rejected, again.new), (0, 1, 1), "{again:?}");
    // What is new is said, and so is what others say.
    assert_eq!(said(&ada, 1, "2026-02-01T00:00:00.000Z").0, "new");
    assert_eq!(said(&ada, 2, first).0, "new");
    assert_ne!(said(&bob, 1, first).0, "rejected");
    let world = world.restarted();
    done(&world, &ada);
    let now = read(&world, &ada);
    assert!(now.contains("198.51.0.1\t") && now.contains("198.51.0.2\t") && now.contains("203.0.100.2\t"));
    assert!(!now.contains("203.0.100.1\t"), "{now}");
    lines(&world, &ada, Some("bad"), "203.0.100.1\n");
    assert!(read(&world, &ada).contains("203.0.100.1\t"));
}

#[test]
fn who_sees_one_version_alone_is_told_that_it_is_recalled_whatever_stands_under_other_labels() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    // What Bob sees of both is the same; of the second there is more that is not for him.
    for (n, modified, tlp) in [
        (1, "2026-01-01T00:00:00.000Z", Tlp::Green),
        (2, "2026-01-01T00:00:00.000Z", Tlp::Green),
        (2, "2026-02-01T00:00:00.000Z", Tlp::Red),
    ] {
        let options = ImportOptions { tlp: Some(tlp), ..ImportOptions::default() };
        world.node.submit(&ada, &options, envelope(&[indicator(n, modified, "")]).as_bytes()).unwrap();
    }
    world.later(60);
    world.node.recall(&ada, &whole(Some("Ada"), None, None)).unwrap();
    let sweep = done(&world, &ada);
    assert_eq!((sweep.objects, sweep.withdrawn, sweep.revoked, sweep.unsaid), (2, 3, 2, 0));
    assert_eq!(sweep.recalls.len(), 2, "a note for each label");
    let told = |n: u32| world.node.object(&bob, &id(n), None).unwrap().object.get().replace(&id(n), "");
    let modified = |n: u32| {
        let object: serde_json::Value = serde_json::from_str(&told(n)).unwrap();
        assert_eq!(object["revoked"], true, "{object}");
        object["modified"].clone()
    };
    assert_eq!(modified(1), modified(2), "nothing tells of what stood under the other label");
    let listed = world.listed(&bob, None);
    let notes: Vec<&String> = listed.iter().map(|(id, _)| id).filter(|id| id.starts_with("note--")).collect();
    assert_eq!(notes.len(), 1, "{listed:?}");
    assert_eq!(world.node.recalled(&bob, notes[0]).unwrap().entry.objects, [id(1), id(2)]);
}

#[test]
fn an_administrator_who_recalls_says_nothing_of_what_he_does_not_see() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    // A circle of which he is none.
    let ours = NewCircle { name: "Ours".to_owned(), ..NewCircle::default() };
    world.node.add_circle(&ada, &ours).unwrap();
    bring(&world.node, &ada, "Ours", &bob);
    let (ada, bob) = (world.token("Ada", ROLES), world.token("Bob", ROLES));
    let to_bob = ImportOptions {
        tlp: Some(Tlp::Amber),
        to: vec!["circle:Ours".to_owned()],
        ..ImportOptions::default()
    };
    let said = envelope(&[indicator(1, "2026-01-01T00:00:00.000Z", "")]);
    let status = world.node.submit(&ada, &to_bob, said.as_bytes()).unwrap();
    assert_eq!(status.success, 1, "{status:?}");
    lines(&world, &ada, None, "203.0.100.1\n");
    world.later(60);
    assert_eq!(world.listed(&bob, None).len(), 2);
    let operator = world.node.operator();
    world.node.recall(&operator, &whole(Some("Ada"), None, None)).unwrap();
    let sweep = done(&world, &operator);
    assert_eq!((sweep.withdrawn, sweep.recalls.len(), sweep.unsaid), (2, 1, 1));
    for reader in [&operator, &bob] {
        for (listed, _) in world.listed(reader, None) {
            let text = world.node.object(reader, &listed, None).unwrap().object.get().to_owned();
            assert!(!text.contains(&id(1)), "{text}");
        }
    }
}
