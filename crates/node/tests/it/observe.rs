//! What sensors tell: counted once, for their own member, compared with what is known both ways.

use std::time::{Duration, Instant};

use model::{Timestamp, Tlp};
use node::views::{Observed, SeenHits};
use node::{Caller, ForgetSeen, ImportOptions, Kind, Settings};
use store::seen::Day;

use crate::write_world::{FIRST, SECOND, World, envelope, id, indicator, settings, strings};

/// Two organisations, each with a sensor and an analyst; A's indicators are for everybody, unless said otherwise.
struct House {
    world: World,
    sensors: Vec<Caller>,
    analysts: Vec<Caller>,
}

fn house() -> House {
    let world = World::with(settings());
    ["A", "B"].iter().for_each(|name| drop(world.member(name)));
    let all = |role: &str| ["A", "B"].iter().map(|name| world.token(name, &[role])).collect();
    let (sensors, analysts) = (all("sensor"), all("analyst"));
    House { world, sensors, analysts }
}

fn event(hour: u32, host: &str, values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
    format!(
        r#"{{"time":"2026-08-31T{hour:02}:00:00Z","host":"{host}","observables":[{}],"id":"{host}-{hour}"}}"#,
        values.join(",")
    )
}

impl House {
    fn observe(&self, by: &Caller, events: &[String]) -> Observed {
        self.world.node.observe(by, events.join("\n").as_bytes()).unwrap()
    }

    fn say(&self, by: &Caller, tlp: Tlp, objects: &[String]) {
        let options = ImportOptions { tlp: Some(tlp), ..ImportOptions::default() };
        let status = self.world.node.submit(by, &options, envelope(objects).as_bytes()).unwrap();
        assert_eq!(status.failure, 0, "{status:?}");
    }

    fn hits(&self, by: &Caller) -> SeenHits {
        self.world.node.seen_hits(by, None, None, false).unwrap()
    }

    /// Waits until the look back has found so many.
    fn hits_soon(&self, by: &Caller, count: usize) -> SeenHits {
        let began = Instant::now();
        loop {
            let hits = self.hits(by);
            if hits.hits.len() >= count || began.elapsed() > Duration::from_secs(30) {
                return hits;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn hosts(&self, by: &Caller, value: &str) -> (u64, u64, u64) {
        let answer = self.world.node.seen(by, &strings(&[value])).unwrap().remove(0);
        let found = answer.prevalence;
        (found.hosts, found.of_hosts, found.events)
    }
}

#[test]
fn events_are_counted_for_ones_own_member_alone() {
    let house = house();
    let (a, b) = (&house.analysts[0], &house.analysts[1]);
    let events = [
        event(10, "h1", &["www.example.com", "http://www.example.com/x", "10.0.0.7"]),
        event(11, "h2", &["hxxp://www[.]example[.]com/y"]),
        event(12, "h3", &["example.org"]),
    ];
    let told = house.observe(&house.sensors[0], &events);
    assert_eq!((told.events, told.new, told.known, told.refused), (3, 3, 0, 0));
    // The host of a URL was touched with it, once for each event.
    assert_eq!(house.hosts(a, "www.example.com"), (2, 3, 2));
    assert_eq!(house.hosts(a, "10.0.0.7"), (0, 3, 0), "what leads nowhere outside is not kept");
    let told = house.observe(&house.sensors[0], &events);
    assert_eq!((told.new, told.known), (0, 3));
    assert_eq!(house.hosts(a, "www.example.com"), (2, 3, 2));
    assert_eq!(house.hosts(b, "www.example.com"), (0, 0, 0));
    let answer = house.world.node.seen(a, &strings(&["example.com"])).unwrap().remove(0);
    assert_eq!((answer.prevalence.hosts, answer.with_below.unwrap().hosts), (0, 2));
    let answer = house.world.node.seen(a, &strings(&["www.example.com", "???"])).unwrap();
    assert_eq!((answer[0].days.len(), answer[0].days[0].day.as_str()), (1, "2026-08-31"));
    assert_eq!((answer[0].on[0].host.as_str(), answer[0].on[0].event.as_deref()), ("h2", Some("h2-11")));
    assert!(answer[1].error.is_some());
}

#[test]
fn a_sensor_tells_and_does_not_ask() {
    let house = house();
    let node = &house.world.node;
    let sensor = &house.sensors[0];
    assert_eq!(node.seen(sensor, &strings(&["example.com"])).unwrap_err().kind, Kind::Forbidden);
    assert_eq!(node.seen_hits(sensor, None, None, false).unwrap_err().kind, Kind::Forbidden);
    assert_eq!(node.forget_seen(sensor, &ForgetSeen::All).unwrap_err().kind, Kind::Forbidden);
    for role in ["reader", "curator", "organisation-administrator", "administrator"] {
        let other = house.world.token("A", &[role]);
        assert_eq!(node.observe(&other, b"").unwrap_err().kind, Kind::Forbidden, "{role}");
        assert_eq!(
            node.seen(&other, &strings(&["example.com"])).unwrap_err().kind,
            Kind::Forbidden,
            "{role}"
        );
    }
    house.world.collection("One", "");
    let scoped = house.world.token_for("A", &["sensor"], &["One"], &["One"]);
    assert_eq!(node.observe(&scoped, b"").unwrap_err().kind, Kind::Forbidden);
}

#[test]
fn what_is_wrong_with_an_event_is_told_with_its_line_and_the_others_count() {
    let house = house();
    let lines = [
        event(10, "h1", &["example.com"]),
        String::new(),
        r#"{"time":"2026-08-31T10:00:00Z","host":"h2"}"#.to_owned(),
        event(11, "h3", &["example.com", "not anything"]),
        r#"{"time":"2026-01-31T10:00:00Z","host":"h2","observables":[],"id":"old"}"#.to_owned(),
    ];
    let told = house.observe(&house.sensors[0], &lines);
    assert_eq!((told.events, told.new, told.refused, told.partly), (4, 2, 2, 1));
    let errors: Vec<_> =
        told.errors.iter().map(|one| (one.line, one.event.as_deref(), &*one.reason)).collect();
    assert_eq!((errors[0].0, errors[1].0, errors[2].0), (3, 4, 5));
    assert!(errors[0].2.contains("`observables` is missing") && errors[2].2.contains("nothing before"));
    assert_eq!((errors[1].1, errors[2].1), (Some("h3-11"), Some("old")));
    let node = &house.world.node;
    let list = format!("[{},{}]", event(12, "h9", &["example.com"]), "7");
    let told = node.observe(&house.sensors[0], list.as_bytes()).unwrap();
    assert_eq!((told.new, told.refused, told.errors[0].line), (1, 1, 2));
    assert_eq!(node.observe(&house.sensors[0], b"[7,").unwrap_err().kind, Kind::Invalid);
    let many = format!("{}\n", event(10, "h1", &[])).repeat(50_001);
    assert_eq!(node.observe(&house.sensors[0], many.as_bytes()).unwrap_err().kind, Kind::TooLarge);
}

#[test]
fn new_events_meet_what_was_known_when_they_happened_as_far_as_the_caller_sees() {
    let house = house();
    let a = &house.analysts[0];
    house.say(
        a,
        Tlp::Green,
        &[indicator(1, FIRST, ""), indicator(2, FIRST, r#","valid_until":"2026-08-31T11:00:00Z""#)],
    );
    house.say(a, Tlp::AmberStrict, &[indicator(3, FIRST, "")]);
    let events = [
        event(10, "h1", &["198.51.0.1", "http://198.51.0.1/x", "198.51.0.2"]),
        event(12, "h2", &["198.51.0.2", "198.51.0.3"]),
    ];
    let told = house.observe(&house.sensors[1], &events);
    let hits: Vec<_> = told
        .hits
        .unwrap()
        .iter()
        .map(|hit| (hit.line, hit.value.clone(), hit.nearness.clone(), hit.indicator.clone()))
        .collect();
    let expected =
        |line, value: &str, relation: &str, n| (line, value.to_owned(), relation.to_owned(), id(n));
    let all = vec![
        expected(1, "198.51.0.1", "same", 1),
        expected(1, "http://198.51.0.1/x", "host", 1),
        expected(1, "198.51.0.2", "same", 2),
        expected(2, "198.51.0.3", "same", 3),
    ];
    assert_eq!((hits, told.hit_count), (all, Some(4)));
    // B's analysts find the same in their list, A's do not, and nobody a second time.
    house.observe(&house.sensors[1], &events);
    let listed = house.hits(&house.analysts[1]);
    assert_eq!(listed.hits.len(), 3, "the host of a URL is listed as itself");
    assert!(listed.hits.iter().all(|hit| hit.live && hit.prevalence.of_hosts == 2));
    assert!(house.hits(a).hits.is_empty());
}

#[test]
fn who_reads_hits_is_told_of_what_is_too_common_to_block() {
    let house = house();
    let (a, sensor) = (&house.analysts[0], &house.sensors[0]);
    let events: Vec<String> = (0..200)
        .map(|host| {
            let seen: &[&str] = match host {
                0..2 => &["198.51.0.1", "198.51.0.2"],
                2..9 => &["198.51.0.2"],
                _ => &[],
            };
            event(10, &format!("h{host}"), seen)
        })
        .collect();
    house.observe(sensor, &events);
    house.say(a, Tlp::Green, &[indicator(1, FIRST, ""), indicator(2, FIRST, "")]);
    let listed = house.hits_soon(a, 2);
    let mut held: Vec<_> = listed.hits.iter().map(|hit| (hit.value.as_str(), hit.held)).collect();
    held.sort_unstable();
    assert_eq!(held, [("198.51.0.1", false), ("198.51.0.2", true)]);
}

#[test]
fn new_knowledge_meets_what_was_seen_before_and_only_where_it_is_for() {
    let house = house();
    let (a, b) = (&house.analysts[0], &house.analysts[1]);
    for sensor in &house.sensors {
        house.observe(
            sensor,
            &[event(10, "h1", &["http://198.51.0.1/x", "198.51.0.2"]), event(11, "h2", &["198.51.0.1"])],
        );
    }
    house.say(a, Tlp::Green, &[indicator(1, FIRST, "")]);
    house.say(a, Tlp::Red, &[indicator(2, FIRST, "")]);
    let own = house.hits_soon(a, 2);
    assert_eq!(own.hits.len(), 2);
    let others = house.hits_soon(b, 1);
    assert_eq!(others.hits.len(), 1, "RED is its author's alone");
    let hit = &others.hits[0];
    assert_eq!((hit.indicator.id.as_str(), hit.value.as_str(), hit.live), (&*id(1), "198.51.0.1", false));
    assert_eq!((hit.prevalence.hosts, hit.prevalence.events), (2, 2));
    let node = &house.world.node;
    // What one ignores is left out for him alone, until it is over, and acts as it did.
    let now = node.now();
    let value = strings(&["198[.]51[.]0[.]1"]);
    let twice = strings(&["198[.]51[.]0[.]1", "198.51.0.1"]);
    assert_eq!(node.ignore_hits(b, &twice, now.plus_seconds(3_600)).unwrap().values, 1);
    let administrator = house.world.token("B", &["administrator"]);
    let told = || -> Vec<(String, String)> {
        let audit = node.audit(&administrator, &node::AuditQuery::default()).unwrap();
        let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let rows = audit["audit"].as_array().unwrap().iter();
        let rows = rows.map(|row| (text(row, "verb"), text(row, "target")));
        rows.filter(|(verb, _)| verb.starts_with("hits.")).collect()
    };
    let row = |verb: &str| (verb.to_owned(), "1".to_owned());
    assert_eq!(told(), [row("hits.ignore")], "how many, and not which");
    let days = |days: i64| now.plus_seconds(days * 86_400);
    assert_eq!(node.ignore_hits(b, &value, days(401)).unwrap_err().kind, Kind::Invalid);
    assert_eq!(node.ignore_hits(b, &value, Timestamp::MAX).unwrap_err().kind, Kind::Invalid);
    node.ignore_hits(b, &value, days(400)).unwrap();
    node.ignore_hits(b, &value, now.plus_seconds(3_600)).unwrap();
    assert_eq!((house.hits(b).hits.len(), house.hits(a).hits.len()), (0, 2));
    let all = node.seen_hits(b, None, None, true).unwrap().hits;
    assert_eq!(all[0].ignored_until, Some(now.plus_seconds(3_600).to_string()));
    assert_eq!(node.ignore_hits(b, &value, now).unwrap().until, None);
    assert_eq!(told()[0], row("hits.heed"), "the newest first");
    assert_eq!(house.hits(b).hits.len(), 1);
    node.ignore_hits(b, &value, now.plus_seconds(60)).unwrap();
    house.world.later(61);
    assert_eq!(house.hits(b).hits[0].ignored_until, None, "it is over");
    let sensor = &house.sensors[0];
    assert_eq!(node.ignore_hits(sensor, &value, now).unwrap_err().kind, Kind::Forbidden);
    assert_eq!(node.ignore_hits(b, &strings(&["!!"]), now).unwrap_err().kind, Kind::Invalid);
    // A page at a time, and only with one's own cursor.
    let first = node.seen_hits(a, Some(1), None, false).unwrap();
    let second = node.seen_hits(a, Some(1), first.next.as_deref(), false).unwrap();
    assert_eq!((first.more, second.more, second.next), (true, false, None));
    assert_ne!(first.hits[0].indicator.id, second.hits[0].indicator.id);
    assert_eq!(node.seen_hits(b, Some(1), first.next.as_deref(), false).unwrap_err().kind, Kind::Invalid);
    // A token that sees less is told of less.
    let new = node::NewToken {
        member: "A".to_owned(),
        roles: strings(&["analyst"]),
        ceiling: Some(Tlp::Green),
        ..node::NewToken::default()
    };
    let low = house.world.signed_in(&node.add_token(&node.operator(), &new).unwrap().secret);
    assert_eq!(node.seen_hits(&low, Some(1), None, false).unwrap().hits[0].indicator.id, id(1));
    assert!(!node.seen_hits(&low, Some(1), None, false).unwrap().more);
    // What is revoked is a hit no longer.
    house.say(a, Tlp::Green, &[indicator(1, SECOND, r#","revoked":true"#)]);
    assert!(house.hits(b).hits.is_empty());
}

#[test]
fn what_is_being_recalled_makes_no_hit_any_more() {
    let house = house();
    let (a, b) = (&house.analysts[0], &house.analysts[1]);
    house.say(a, Tlp::Green, &[indicator(1, FIRST, "")]);
    house.observe(&house.sensors[1], &[event(10, "h1", &["198.51.0.1"])]);
    assert_eq!(house.hits_soon(b, 1).hits.len(), 1);
    house.world.later(60);
    // Nothing of it is taken back yet.
    house.world.node.stop();
    let asked =
        node::Recall { member: Some("A".to_owned()), reason: "wrong".to_owned(), ..node::Recall::default() };
    house.world.node.recall(a, &asked).unwrap();
    assert!(house.hits(b).hits.is_empty());
    let told = house.observe(b, &[event(11, "h2", &["198.51.0.1"])]);
    assert_eq!((told.hit_count, told.hits.map(|hits| hits.len())), (Some(0), Some(0)));
}

#[test]
fn the_look_back_goes_on_after_a_restart_where_it_was() {
    let house = house();
    house.observe(&house.sensors[1], &[event(10, "h1", &["198.51.0.1", "198.51.0.2"])]);
    house.world.node.stop();
    house.say(&house.analysts[0], Tlp::Green, &[indicator(1, FIRST, ""), indicator(2, FIRST, "")]);
    let House { world, sensors, analysts } = house;
    let house = House { world: world.restarted(), sensors, analysts };
    assert_eq!(house.hits_soon(&house.analysts[1], 2).hits.len(), 2);
}

#[test]
fn who_sees_less_is_told_of_the_version_that_is_the_last_for_him() {
    for live in [false, true] {
        let house = house();
        let see = |house: &House| {
            house.observe(&house.sensors[0], &[event(10, "h1", &["198.51.0.1"])]);
        };
        if !live {
            see(&house);
        }
        // Both versions are there before anything is looked for.
        house.world.node.stop();
        house.say(&house.analysts[0], Tlp::Green, &[indicator(1, FIRST, "")]);
        house.say(&house.analysts[0], Tlp::Red, &[indicator(1, SECOND, "")]);
        let House { world, sensors, analysts } = house;
        let house = House { world: world.restarted(), sensors, analysts };
        if live {
            see(&house);
        }
        let own = house.hits_soon(&house.analysts[0], 1);
        let versions = |hits: &SeenHits| -> Vec<String> {
            hits.hits.iter().map(|hit| hit.indicator.version.clone()).collect()
        };
        let low = node::NewToken {
            member: "A".to_owned(),
            roles: strings(&["analyst"]),
            ceiling: Some(Tlp::Green),
            ..node::NewToken::default()
        };
        let node = &house.world.node;
        let low = house.world.signed_in(&node.add_token(&node.operator(), &low).unwrap().secret);
        let lower = house.hits(&low);
        assert_eq!((own.hits.len(), lower.hits.len()), (1, 1), "live: {live}");
        assert!(versions(&own) > versions(&lower), "{own:?} {lower:?}");
    }
}

#[test]
fn half_of_a_pattern_is_no_hit_and_a_name_that_stands_for_all_below_is_one() {
    let house = house();
    let said = |n: u32, pattern: &str| {
        indicator(n, FIRST, "").replace(&format!("[ipv4-addr:value = '198.51.0.{n}']"), pattern)
    };
    house.say(
        &house.analysts[0],
        Tlp::Green,
        &[
            said(1, "[ipv4-addr:value = '198.51.0.1'] AND [domain-name:value = 'example.org']"),
            said(2, "[domain-name:value LIKE '%.example.com']"),
            said(3, "[ipv4-addr:value ISSUBSET '203.0.113.0/24']"),
            indicator(4, FIRST, "").replace("malicious-activity", "benign"),
        ],
    );
    let events = [event(10, "h1", &["198.51.0.1", "a.b.example.com", "http://203.0.113.9/x", "198.51.0.4"])];
    let told = house.observe(&house.sensors[1], &events);
    let hits: Vec<_> =
        told.hits.unwrap().into_iter().map(|hit| (hit.value, hit.nearness, hit.indicator)).collect();
    let expected = |value: &str, nearness: &str, n| (value.to_owned(), nearness.to_owned(), id(n));
    assert_eq!(
        hits,
        [expected("a.b.example.com", "parent", 2), expected("http://203.0.113.9/x", "network", 3)]
    );
    assert_eq!(house.hits(&house.analysts[1]).hits.len(), 2);
    // The same the other way round: it was touched before.
    house.observe(&house.sensors[0], &[event(9, "h2", &["203.0.113.8", "c.example.net", "192.0.2.77"])]);
    house.say(
        &house.analysts[1],
        Tlp::Green,
        &[
            said(5, "[domain-name:value LIKE '%.example.net']"),
            said(6, "[ipv4-addr:value = '192.0.2.77'] AND [domain-name:value = 'example.org']"),
        ],
    );
    let hits: Vec<_> =
        house.hits(&house.analysts[0]).hits.into_iter().map(|hit| (hit.value, hit.live)).collect();
    assert_eq!(hits, [("c.example.net".to_owned(), false), ("203.0.113.8".to_owned(), true)]);
}

#[test]
fn what_a_circle_opens_is_looked_for_when_it_is_joined() {
    let house = house();
    let (node, a, b) = (&house.world.node, &house.analysts[0], &house.analysts[1]);
    let circle = node::NewCircle { name: "Few".to_owned(), ..node::NewCircle::default() };
    node.add_circle(a, &circle).unwrap();
    house.observe(&house.sensors[1], &[event(10, "h1", &["198.51.0.1"])]);
    let options =
        ImportOptions { tlp: Some(Tlp::Amber), to: strings(&["circle:Few"]), ..ImportOptions::default() };
    node.submit(a, &options, envelope(&[indicator(1, FIRST, "")]).as_bytes()).unwrap();
    house.world.later(3_600);
    assert!(house.hits(b).hits.is_empty());
    let secret = node.invite(a, "Few", None).unwrap().secret;
    node.join_circle(b, &secret, None).unwrap();
    let b = house.world.token("B", &["analyst"]);
    assert_eq!(house.hits(&b).hits.len(), 1);
}

#[test]
fn what_is_forgotten_is_no_hit_and_the_audit_says_how_much() {
    let house = house();
    let (node, b) = (&house.world.node, &house.analysts[1]);
    house.say(&house.analysts[0], Tlp::Green, &[indicator(1, FIRST, "")]);
    house.observe(
        &house.sensors[1],
        &[event(10, "Somebody.", &["198.51.0.1"]), event(11, "h2", &["example.com"])],
    );
    assert_eq!(house.hits(b).hits.len(), 1);
    assert_eq!(node.forget_seen(b, &ForgetSeen::Host("SOMEBODY".to_owned())).unwrap().rows, 1);
    assert!(house.hits(b).hits.is_empty());
    assert_eq!(house.hosts(b, "example.com"), (1, 1, 1));
    let rows = node.forget_seen(b, &ForgetSeen::Before(Timestamp::MAX)).unwrap().rows;
    assert!(rows >= 1);
    assert_eq!(house.hosts(b, "example.com"), (0, 0, 0));
}

#[test]
fn a_node_that_keeps_nothing_says_so() {
    let world = World::with(Settings { seen_days: 0, ..settings() });
    world.member("A");
    let sensor = world.token("A", &["sensor"]);
    assert_eq!(world.node.observe(&sensor, b"").unwrap_err().kind, Kind::Conflict);
}

#[test]
fn old_days_go_and_a_backup_has_nothing_of_it() {
    let house = house();
    house.observe(&house.sensors[0], &[event(10, "h1", &["example.com"])]);
    let copy = tempfile::tempdir().unwrap();
    let node = &house.world.node;
    node.backup(&node.operator(), copy.path(), &mut |_, _| ()).unwrap();
    assert!(
        !std::fs::read_dir(copy.path())
            .unwrap()
            .any(|file| { file.unwrap().file_name().to_string_lossy().starts_with("seen") })
    );
    house.world.later(100 * 86_400);
    assert_eq!(
        house.hosts(&house.analysts[0], "example.com"),
        (0, 0, 0),
        "what is past the window is not told"
    );
    let House { world, .. } = house;
    let world = world.restarted();
    let seen = store::seen::Seen::new(world.folder.path(), |_| {});
    let id = world.token("A", &["analyst"]).principal.reader.member.unwrap();
    let began = Instant::now();
    while seen.prevalence(id, &[], Day(0)).unwrap().since.is_some() {
        assert!(began.elapsed() < Duration::from_secs(60), "the housekeeping lets go of it");
        std::thread::sleep(Duration::from_millis(50));
    }
}
