//! What agents beside sensors report, and whom a recall reached.

use model::Tlp;
use node::{Caller, FeedQuery, ImportOptions, Kind, ListQuery, NewCircle, Recall, StreamQuery, views};
use serde_json::json;

use super::write_world::World;

/// Alpha and beta are in a circle; gamma is nobody to alpha.
fn world() -> (World, [Caller; 3]) {
    let world = World::new();
    let callers = ["alpha", "beta", "gamma"].map(|member| {
        world.member(member);
        world.token(member, &["analyst"])
    });
    let circle = NewCircle { name: "Ours".to_owned(), ..NewCircle::default() };
    world.node.add_circle(&callers[0], &circle).unwrap();
    let invited = world.node.invite(&callers[0], "Ours", None).unwrap();
    world.node.join_circle(&callers[1], &invited.secret, None).unwrap();
    let callers = ["alpha", "beta", "gamma"].map(|member| world.token(member, &["analyst"]));
    (world, callers)
}

// The cursor of the whole set as this token reads it now.
fn cursor(world: &World, by: &Caller) -> String {
    let query = FeedQuery {
        format: "accord".to_owned(),
        file: "accord.ndjson".to_owned(),
        ceiling: None,
        action: None,
    };
    let mut out = Vec::new();
    world.node.feed(by, &query).unwrap().write(&mut out).unwrap();
    let head: serde_json::Value =
        serde_json::from_slice(out.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    head["cursor"].as_str().unwrap().to_owned()
}

fn report(
    world: &World,
    by: &Caller,
    name: &str,
    sensors: &[(&str, &str)],
) -> Result<views::EdgeTold, node::Error> {
    let now = world.node.now().to_string();
    let sensors: Vec<_> = sensors
        .iter()
        .map(|(name, cursor)| json!({ "name": name, "kind": "nftables", "cursor": cursor, "entries": 3, "blocks": 1 }))
        .collect();
    let report = json!({ "at": now, "cursor": null, "knowledge": now, "fail": "closed", "sensors": sensors });
    world.node.report_edge(by, name, report.to_string().as_bytes())
}

fn recalled(world: &World, by: &Caller, id: &str) -> views::RecallView {
    world.node.recalled(by, id).unwrap()
}

#[test]
fn a_recall_is_confirmed_by_an_edge_when_all_its_sensors_are_behind_it_and_others_edges_are_numbers() {
    let (world, [alpha, beta, gamma]) = world();
    let options = ImportOptions { tlp: Some(Tlp::Green), expire_s: Some(86_400), ..ImportOptions::default() };
    world.import_as(&alpha, &options, b"evil.bad-host.co\n").unwrap();
    world.later(60);
    let sensors = ["alpha", "beta", "gamma"].map(|member| world.token(member, &["sensor"]));
    let before = [&sensors[0], &sensors[1], &sensors[2]].map(|by| cursor(&world, by));
    for by in [&beta, &gamma] {
        let query = ListQuery { limit: Some(500), ..ListQuery::default() };
        world.node.list(by, &query, &mut |_| {}).unwrap();
    }
    for (by, cursor) in sensors.iter().zip(&before) {
        report(&world, by, "site-1", &[("fw", cursor), ("dns", cursor)]).unwrap();
    }
    report(&world, &sensors[1], "site-2", &[("fw", &before[1])]).unwrap();
    world.later(60);
    let id = world.listed(&alpha, None).remove(0).0;
    let asked = Recall { objects: vec![id], reason: "ours".to_owned(), ..Recall::default() };
    let note = world.node.recall(&alpha, &asked).unwrap().recalls.remove(0).id;
    let told = recalled(&world, &alpha, &note);
    assert_eq!(told.edges.len(), 1);
    assert!(
        !told.edges[0].confirmed && told.edges[0].online && told.edges[0].ends.is_some(),
        "{:?}",
        told.edges
    );
    let holder = &told.held.as_ref().unwrap().members[0];
    assert_eq!(holder.member.name, "beta");
    let counts = |one: &views::RecallHolder| {
        one.edges.as_ref().map(|edges| (edges.edges, edges.confirmed, edges.away))
    };
    assert_eq!(counts(holder), Some((2, 0, 0)));
    // One sensor is behind it, the other not yet; whose the cursor is not, it says nothing to.
    let after = [&sensors[0], &sensors[1]].map(|by| cursor(&world, by));
    report(&world, &sensors[0], "site-1", &[("fw", &after[0]), ("dns", &before[0])]).unwrap();
    assert_eq!(recalled(&world, &alpha, &note).edges[0].waiting, ["dns"]);
    report(&world, &sensors[0], "site-1", &[("fw", &after[0]), ("dns", &after[1])]).unwrap();
    assert_eq!(recalled(&world, &alpha, &note).edges[0].waiting, ["dns"]);
    report(&world, &sensors[0], "site-1", &[("fw", &after[0]), ("dns", &after[0])]).unwrap();
    let own = recalled(&world, &alpha, &note).edges.remove(0);
    assert!(own.confirmed && own.ends.is_none() && own.waiting.is_empty(), "{own:?}");
    report(&world, &sensors[1], "site-1", &[("fw", &after[1])]).unwrap();
    // The other one is away by now, and ends by its own clock.
    world.later(60);
    let told = recalled(&world, &alpha, &note);
    assert_eq!(counts(&told.held.unwrap().members[0]), Some((2, 1, 1)));
    let theirs = recalled(&world, &beta, &note);
    assert!(theirs.held.is_none(), "only who recalled is told who holds it");
    let names: Vec<(&str, bool, bool)> =
        theirs.edges.iter().map(|edge| (edge.name.as_str(), edge.confirmed, edge.online)).collect();
    assert_eq!(names, [("site-1", true, true), ("site-2", false, false)]);
    assert!(theirs.edges[1].ends.is_some());
    // A sensor's token is not told of others.
    assert!(recalled(&world, &sensors[1], &note).edges.is_empty());
}

/// Who only follows has asked for nothing in particular, so he is told by name; who only took a feed tells what acts at his.
#[test]
fn who_follows_the_stream_is_named_with_when_it_ends_at_edges_that_are_away() {
    let (world, [alpha, beta, _]) = world();
    let follower = world.token("beta", &["sensor"]);
    let mut stream = world.node.stream(&follower, &StreamQuery::default()).unwrap();
    world.later(60);
    let options = ImportOptions { tlp: Some(Tlp::Green), expire_s: Some(86_400), ..ImportOptions::default() };
    world.import_as(&alpha, &options, b"evil.bad-host.co\n").unwrap();
    world.later(60);
    let before = cursor(&world, &follower);
    let id = world.listed(&alpha, None).remove(0).0;
    report(&world, &follower, "site-1", &[("fw", &before)]).unwrap();
    assert_eq!(world.node.stream_next(&mut stream).unwrap().events.len(), 1);
    world.later(120);
    let asked = Recall { objects: vec![id], reason: "ours".to_owned(), ..Recall::default() };
    let done = world.node.recall(&alpha, &asked).unwrap();
    assert_eq!((done.held.members.len(), done.held.others), (1, 0));
    let note = &done.recalls[0].id;
    let told = recalled(&world, &alpha, note).held.unwrap();
    let edges = told.members[0].edges.clone().unwrap();
    assert_eq!((told.members[0].member.name.as_str(), edges.confirmed, edges.away), ("beta", 0, 1));
    let ends = recalled(&world, &beta, note).edges[0].ends.clone();
    assert!(ends.is_some() && edges.ends == ends, "{edges:?}");
    report(&world, &follower, "site-1", &[("fw", &cursor(&world, &follower))]).unwrap();
    let told = recalled(&world, &alpha, note).held.unwrap();
    let edges = told.members[0].edges.clone().unwrap();
    assert_eq!((edges.confirmed, edges.away, edges.ends), (1, 0, None));
}

#[test]
fn edges_are_listed_for_their_own_member_bounded_and_forgotten() {
    let (world, [alpha, beta, _]) = world();
    assert!(world.node.edges(&alpha).unwrap().is_empty());
    let reader = world.token("alpha", &["reader"]);
    assert!(!report(&world, &reader, "site-1", &[("fw", "no cursor")]).unwrap().at.is_empty());
    report(&world, &reader, "site-1", &[("fw", "no cursor")]).unwrap();
    let edges = world.node.edges(&reader).unwrap();
    assert_eq!((edges.len(), edges[0].online, edges[0].clock_off_s), (1, true, 0));
    assert_eq!((edges[0].fail, edges[0].sensors[0].entries), ("closed", 3));
    assert!(world.node.edges(&beta).unwrap().is_empty());
    for role in ["sensor", "administrator"] {
        let other = world.token("alpha", &[role]);
        assert_eq!(world.node.edges(&other).unwrap_err().kind, Kind::Forbidden, "{role}");
    }
    let administrator = world.token("alpha", &["administrator"]);
    assert_eq!(report(&world, &administrator, "x", &[]).unwrap_err().kind, Kind::Forbidden);
    for name in ["", "a/b", "a b", &"a".repeat(101)] {
        assert_eq!(report(&world, &reader, name, &[]).unwrap_err().kind, Kind::Invalid, "{name}");
    }
    assert_eq!(world.node.report_edge(&reader, "x", b"{}").unwrap_err().kind, Kind::Invalid);
    let world = world.restarted();
    world.later(31 * 86_400);
    let reader = world.token("alpha", &["reader"]);
    assert!(world.node.edges(&reader).unwrap().is_empty());
    let world = world.after_a_round();
    for n in 0..1_000 {
        report(&world, &reader, &format!("site-{n}"), &[]).unwrap();
    }
    assert_eq!(report(&world, &reader, "one-more", &[]).unwrap_err().kind, Kind::Conflict);
    assert!(report(&world, &reader, "site-7", &[]).is_ok());
}

#[test]
fn what_was_recalled_ends_at_an_edge_when_its_own_policy_says_so() {
    let (world, [alpha, beta, _]) = world();
    let long =
        ImportOptions { tlp: Some(Tlp::Green), expire_s: Some(90 * 86_400), ..ImportOptions::default() };
    world.import_as(&alpha, &long, b"evil.bad-host.co\n").unwrap();
    let entered = world.node.now();
    let sensor = world.token("beta", &["sensor"]);
    let before = cursor(&world, &sensor);
    report(&world, &sensor, "site-1", &[("fw", &before)]).unwrap();
    world.later(60);
    let id = world.listed(&alpha, None).remove(0).0;
    let asked = Recall { objects: vec![id], reason: "ours".to_owned(), ..Recall::default() };
    let note = world.node.recall(&alpha, &asked).unwrap().recalls.remove(0).id;
    let ends = |rule: &str| {
        world.node.set_policy(&beta, Some(rule), false).unwrap();
        let edge = recalled(&world, &beta, &note).edges.remove(0);
        edge.ends.map(|ends| ends.parse::<model::Timestamp>().unwrap().0 / 1_000_000 - entered.0 / 1_000_000)
    };
    let rule =
        |more: &str| format!("[[rule]]\nname = \"all\"\nfrom = \"anyone\"\naction = \"block\"\n{more}");
    let days = |seconds: Option<i64>| seconds.map(|seconds| (seconds + 1_800) / 3_600);
    assert_eq!(days(ends(&rule("hours = 24\n"))), Some(24), "the policy is first");
    assert_eq!(days(ends(&rule(""))), Some(90 * 24), "the indicator is first");
    assert_eq!(
        days(ends(&rule("score = 49\n"))).map(|hours| hours < 90 * 24),
        Some(true),
        "the score is first"
    );
}
