//! Recalling: gone on every road, said on every road, and told who holds it as far as one may know of others.

use node::{Caller, ImportOptions, Kind, ListQuery, NewCircle, Recall};

use super::circle_rules::formal;
use super::write_world::{FIRST, SECOND, World, envelope, id, indicator};

fn recall(ids: &[String], submission: Option<&str>) -> Recall {
    Recall {
        objects: ids.to_vec(),
        submission: submission.map(str::to_owned),
        reason: "it was our own scanner".to_owned(),
        ..Recall::default()
    }
}

fn list(world: &World, by: &Caller) -> Vec<(String, Vec<u8>)> {
    let mut listed = Vec::new();
    let query = ListQuery { limit: Some(500), ..ListQuery::default() };
    world
        .node
        .list(by, &query, &mut |entry| listed.push((entry.id.to_string(), entry.wire.to_vec())))
        .unwrap();
    listed
}

fn labelled(tlp: &str, to: &[&str]) -> ImportOptions {
    ImportOptions {
        tlp: tlp.parse().ok(),
        to: to.iter().map(|to| (*to).to_owned()).collect(),
        ..ImportOptions::default()
    }
}

/// Alpha and beta are in a circle; gamma and delta are nobody to alpha.
fn world() -> (World, [Caller; 4]) {
    let world = World::new();
    let callers = ["alpha", "beta", "gamma", "delta"].map(|member| {
        world.member(member);
        world.token(member, &["analyst"])
    });
    let circle = NewCircle { name: "Ours".to_owned(), ..NewCircle::default() };
    world.node.add_circle(&callers[0], &circle).unwrap();
    let invited = world.node.invite(&callers[0], "Ours", None).unwrap();
    world.node.join_circle(&callers[1], &invited.secret, None).unwrap();
    // Who asks is looked up anew with each request.
    let callers = ["alpha", "beta", "gamma", "delta"].map(|member| world.token(member, &["analyst"]));
    (world, callers)
}

#[test]
fn a_recall_is_an_entry_on_every_road_and_tells_who_holds_it_by_the_rule_of_a_trace() {
    let (world, [alpha, beta, gamma, delta]) = world();
    let say = |options: &ImportOptions, objects: &[String]| {
        world.node.submit(&alpha, options, envelope(objects).as_bytes()).unwrap()
    };
    say(&labelled("green", &[]), &[indicator(1, FIRST, ""), indicator(3, FIRST, "")]);
    let submission = say(&labelled("green", &[]), &[indicator(1, SECOND, ""), indicator(2, FIRST, "")]);
    world.later(60);
    // Beta and gamma took all of it; delta asked for one value, and alpha knows beta alone.
    let [_, _] = [&beta, &gamma].map(|by| assert_eq!(list(&world, by).len(), 3));
    world.node.lookup(&delta, &["198.51.0.2".to_owned()], 5).unwrap();
    world.later(60);

    let told = world.node.recall(&alpha, &recall(&[], Some(&submission.id))).unwrap();
    assert_eq!((told.recalls.len(), told.recalls[0].objects.len(), told.withdrawn), (1, 2, 3));
    let by = |held: &node::views::RecallHeld| -> Vec<(String, u64, bool)> {
        let one = |one: &node::views::RecallHolder| (one.member.name.clone(), one.objects, one.confirmed);
        held.members.iter().map(one).collect()
    };
    assert_eq!(by(&told.held), [("beta".to_owned(), 2, false)]);
    assert_eq!((told.held.others, told.held.others_confirmed), (2, 0));
    let note = &told.recalls[0].id;
    // The versions are gone; what says that it is revoked, and why, is there for who saw it.
    world.later(60);
    let seen = list(&world, &gamma);
    let ids: Vec<&str> = seen.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(seen.len(), 4, "{ids:?}");
    for n in [1, 2] {
        let (_, wire) = seen.iter().find(|(listed, _)| *listed == id(n)).unwrap();
        assert!(String::from_utf8_lossy(wire).contains("\"revoked\":true"));
        assert_eq!(world.node.object(&gamma, &id(n), None).unwrap().versions.len(), 1);
    }
    let (_, wire) = seen.iter().find(|(listed, _)| listed == note).unwrap();
    assert!(String::from_utf8_lossy(wire).contains("it was our own scanner"));
    assert!(!world.node.lookup(&delta, &["198.51.0.3".to_owned()], 5).unwrap()[0].mentions[0].object.revoked);

    // Gamma has polled since, and beta has not; delta is asked, and confirms.
    let held = world.node.recalled(&alpha, note).unwrap().held.unwrap();
    assert_eq!((by(&held), held.others, held.others_confirmed), (vec![("beta".to_owned(), 2, false)], 2, 1));
    let view = world.node.recalled(&delta, note).unwrap();
    assert!(view.held.is_none() && view.source.unwrap().name == "alpha" && view.entry.objects.len() == 2);
    world.node.recalled(&beta, note).unwrap();
    let held = world.node.recalled(&alpha, note).unwrap().held.unwrap();
    assert_eq!((by(&held), held.others_confirmed), (vec![("beta".to_owned(), 2, true)], 2));
    assert_eq!(world.node.rebuild(&world.node.operator(), &mut |_, _| {}).unwrap()["equal"], true);
}

#[test]
fn a_recall_goes_where_the_objects_went_and_no_further() {
    let (world, [alpha, beta, gamma, _]) = world();
    let to = labelled("amber", &["circle:Ours"]);
    world.node.submit(&alpha, &to, indicator(1, FIRST, "").as_bytes()).unwrap();
    let red = labelled("red", &[]);
    world.node.submit(&alpha, &red, indicator(2, FIRST, "").as_bytes()).unwrap();
    world.node.submit(&beta, &labelled("green", &[]), indicator(3, FIRST, "").as_bytes()).unwrap();
    let kind = |by: &Caller, ids: &[String]| world.node.recall(by, &recall(ids, None)).unwrap_err().kind;
    assert_eq!(kind(&gamma, &[id(1)]), Kind::NotFound);
    assert_eq!(kind(&alpha, &[id(3)]), Kind::NotFound, "it is beta's");
    assert_eq!(kind(&alpha, &[]), Kind::Invalid);
    let silent = Recall { reason: String::new(), ..recall(&[id(1)], None) };
    assert_eq!(world.node.recall(&alpha, &silent).unwrap_err().kind, Kind::Invalid);
    for role in ["reader", "sensor", "administrator"] {
        assert_eq!(kind(&world.token("alpha", &[role]), &[id(1)]), Kind::Forbidden, "{role}");
    }
    let told = world.node.recall(&alpha, &recall(&[id(1), id(2)], None)).unwrap();
    let labels: Vec<&str> = told.recalls.iter().map(|one| one.label.as_str()).collect();
    assert_eq!((labels.len(), told.held.members.len(), told.held.others), (2, 0, 0), "{labels:?}");
    for one in &told.recalls {
        let is_reds = one.label == "TLP:RED";
        assert_eq!(world.node.recalled(&beta, &one.id).is_ok(), !is_reds, "{}", one.label);
        assert_eq!(world.node.recalled(&gamma, &one.id).unwrap_err().kind, Kind::NotFound);
    }
    // An object is no recall, and what is recalled already is only said again.
    assert_eq!(world.node.recalled(&alpha, &id(1)).unwrap_err().kind, Kind::NotFound);
    assert!(world.node.recall(&alpha, &recall(&[id(1)], None)).is_ok());
}

#[test]
fn what_cannot_be_revoked_keeps_a_recall_from_saying_anything_at_all() {
    let (world, [alpha, beta, ..]) = world();
    let odd = indicator(2, FIRST, ",\"labels\":[\"odd\"]");
    world.node.submit(&alpha, &labelled("green", &[]), indicator(1, FIRST, "").as_bytes()).unwrap();
    world.node.submit(&alpha, &labelled("amber", &["circle:Ours"]), odd.as_bytes()).unwrap();
    let charter = formal(|charter| charter.vocabulary = vec!["sector:*".to_owned()]);
    let owner = world.token("alpha", &["organisation-administrator"]);
    world.node.upgrade_circle(&owner, "Ours", &charter, None).unwrap();
    let ours = |by: &Caller| list(&world, by).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    let before = (ours(&alpha), ours(&beta));
    let refused = world.node.recall(&alpha, &recall(&[id(1), id(2)], None)).unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict, "{refused:?}");
    assert!(refused.message.contains("odd") && refused.hint.is_some(), "{refused:?}");
    assert_eq!((ours(&alpha), ours(&beta)), before, "nothing was said, and nothing withdrawn");
    assert_eq!(world.node.object(&beta, &id(1), None).unwrap().versions.len(), 1);
    assert_eq!(world.node.recall(&alpha, &recall(&[id(1)], None)).unwrap().withdrawn, 1);
}

/// What is recalled is gone at once, so that nobody is left to wait for a curator with what says so.
#[test]
fn a_recall_waits_for_no_curator() {
    let (world, [alpha, beta, ..]) = world();
    let charter = formal(|charter| charter.curation = model::circle::Curation::One);
    let owner = world.token("alpha", &["organisation-administrator"]);
    world.node.upgrade_circle(&owner, "Ours", &charter, None).unwrap();
    let ours = labelled("amber", &["circle:Ours"]);
    let said = world.node.submit(&alpha, &ours, indicator(1, FIRST, "").as_bytes()).unwrap();
    assert_eq!(said.pending, 1);
    world.node.release_queued(&world.token("beta", &["curator"]), &said.id).unwrap();
    while list(&world, &beta).is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let told = world.node.recall(&alpha, &recall(&[id(1)], None)).unwrap();
    assert_eq!(world.node.recalled(&beta, &told.recalls[0].id).unwrap().entry.objects, [id(1)]);
    let seen = list(&world, &beta);
    let (_, wire) = seen.iter().find(|(listed, _)| *listed == id(1)).unwrap();
    assert!(String::from_utf8_lossy(wire).contains("\"revoked\":true"));
    let queue = world.node.queue(&world.token("beta", &["curator"]), false).unwrap();
    assert_eq!(queue["queue"].as_array().unwrap().len(), 0);
}

#[test]
fn what_waits_for_a_curator_is_not_reached_by_a_recall_of_all_and_enters_when_it_is_let_in() {
    let (world, [alpha, beta, ..]) = world();
    world
        .node
        .submit(&alpha, &labelled("amber", &["circle:Ours"]), indicator(1, FIRST, "").as_bytes())
        .unwrap();
    let charter = formal(|charter| charter.curation = model::circle::Curation::One);
    let owner = world.token("alpha", &["organisation-administrator"]);
    world.node.upgrade_circle(&owner, "Ours", &charter, None).unwrap();
    let said = world
        .node
        .submit(&alpha, &labelled("amber", &["circle:Ours"]), indicator(2, FIRST, "").as_bytes())
        .unwrap();
    assert_eq!(said.pending, 1);
    world.later(60);
    let all =
        Recall { member: Some("alpha".to_owned()), reason: "a stolen token".to_owned(), ..Recall::default() };
    world.node.recall(&alpha, &all).unwrap();
    let revoked = |n: u32| {
        let seen = list(&world, &beta);
        let found = seen.iter().find(|(listed, _)| *listed == id(n));
        found.map(|(_, wire)| String::from_utf8_lossy(wire).contains("\"revoked\":true"))
    };
    while revoked(1) != Some(true) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // The recall comes to its end without it.
    let whole = |listed: node::views::RecallListed| matches!(listed, node::views::RecallListed::Whole(one) if one.done);
    while !world.node.recalls(&alpha).unwrap().into_iter().all(whole) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(revoked(2), None);
    world.node.release_queued(&world.token("beta", &["curator"]), &said.id).unwrap();
    while revoked(2).is_none() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(revoked(2), Some(false), "it was said to nobody before, and stands");
}

// Of a commit that somebody read half of, it is the entry's own time for him that tells whether he has it.
#[test]
fn a_recall_is_not_kept_back_by_who_read_half_of_it_and_is_gone() {
    let (world, [alpha, beta, ..]) = world();
    let both = envelope(&[indicator(1, FIRST, ""), indicator(2, FIRST, "")]);
    world.node.submit(&alpha, &labelled("amber", &["circle:Ours"]), both.as_bytes()).unwrap();
    world.later(60);
    let half = ListQuery { limit: Some(1), ..ListQuery::default() };
    world.node.list(&beta, &half, &mut |entry| assert_eq!(entry.id.to_string(), id(1))).unwrap();
    world.later(60);
    world.node.revoke_member(&world.node.operator(), "beta").unwrap();
    let told = world.node.recall(&alpha, &recall(&[id(2)], None)).unwrap();
    // Of who is gone it is not known any more which half he has.
    assert_eq!((told.withdrawn, told.held.members.len() as u64 + told.held.others), (1, 1));
}

#[test]
fn all_that_one_said_from_a_feed_is_recalled_and_nothing_else() {
    let (world, [alpha, beta, ..]) = world();
    let say = |by: &Caller, source: Option<&str>, lines: &str| {
        let options = ImportOptions { source_name: source.map(str::to_owned), ..labelled("green", &[]) };
        world.import_as(by, &options, lines.as_bytes()).unwrap();
    };
    say(&alpha, Some("Bad Feed"), "203.0.112.1\n203.0.112.2\n");
    say(&alpha, Some("other"), "203.0.112.3\n");
    say(&alpha, None, "203.0.112.4\n");
    say(&beta, Some("bad feed"), "203.0.112.1\n203.0.112.5\n");
    let asked = |source: &str| Recall {
        source: Some(source.to_owned()),
        reason: "it was poisoned".to_owned(),
        ..Recall::default()
    };
    assert_eq!(world.node.recall(&alpha, &asked("no feed")).unwrap_err().kind, Kind::NotFound);
    let recalled = world.node.recall(&alpha, &asked("bad  FEED")).unwrap();
    assert_eq!(recalled.recalls.iter().map(|entry| entry.objects.len()).sum::<usize>(), 2);
    let said = |value: &str| {
        let answer = world.node.why(&beta, &[value.to_owned()]).unwrap().remove(0);
        answer.known.iter().map(|known| known.said.len()).sum::<usize>()
    };
    let values = ["203.0.112.1", "203.0.112.2", "203.0.112.3", "203.0.112.4", "203.0.112.5"];
    assert_eq!(values.map(said), [1, 0, 1, 1, 1]);
    // Of what is recalled nothing is left to be.
    assert_eq!(world.node.recall(&alpha, &asked("bad feed")).unwrap_err().kind, Kind::NotFound);
}
