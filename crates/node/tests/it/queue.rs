//! Submissions that wait for a curator.

use model::Tlp;
use model::circle::Curation;
use node::views::Status;
use node::{Caller, Error, ImportOptions, Kind, ListQuery, NewCircle, NewCollection, NewToken, Settings};
use serde_json::Value;

use crate::write_world::{FIRST, SECOND, World, envelope, id, indicator, settings, strings};

/// Organisations that submit, curate and read, and a collection of each kind.
struct Desk {
    world: World,
    submitter: Caller,
    colleague: Caller,
    one: Caller,
    other: Caller,
    reader: Caller,
}

fn desk(settings: Settings) -> Desk {
    let world = World::with(settings);
    for name in ["A", "B", "C"] {
        world.member(name);
    }
    for (title, curation) in [("One", Curation::One), ("Two", Curation::FourEyes), ("Open", Curation::None)] {
        let new = NewCollection { title: title.to_owned(), curation, ..NewCollection::default() };
        world.node.add_collection(&world.node.operator(), &new).unwrap();
    }
    let submitter = world.token("A", &["analyst"]);
    let colleague = world.token("A", &["curator"]);
    let [one, other] = ["B", "C"].map(|name| world.token(name, &["curator"]));
    let reader = world.token("C", &["reader"]);
    Desk { world, submitter, colleague, one, other, reader }
}

fn through(collection: &str, tlp: Tlp) -> ImportOptions {
    ImportOptions { collection: Some(collection.to_owned()), tlp: Some(tlp), ..ImportOptions::default() }
}

impl Desk {
    fn send(&self, options: &ImportOptions, n: u32) -> Status {
        let json = envelope(&[indicator(n, FIRST, "")]);
        self.world.node.submit(&self.submitter, options, json.as_bytes()).unwrap()
    }

    fn state(&self, status: &Status) -> Value {
        self.world.node.status(&self.submitter, &status.id).unwrap().queue.unwrap()
    }

    // Waits until it is whole.
    fn answered(&self, status: &Status) -> Status {
        for _ in 0..2_000 {
            let now = self.world.node.status(&self.submitter, &status.id).unwrap();
            if now.complete {
                return now;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("it was never answered");
    }

    fn queue(&self, caller: &Caller) -> Vec<Value> {
        self.world.node.queue(caller, false).unwrap()["queue"].as_array().unwrap().clone()
    }

    fn read(&self) -> usize {
        self.world.listed(&self.reader, None).len()
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> Kind {
    result.unwrap_err().kind
}

#[test]
fn what_is_curated_waits_for_its_submitter_and_curators_alone_and_enters_when_it_is_released() {
    let desk = desk(settings());
    let status = desk.send(&through("One", Tlp::Green), 1);
    assert_eq!((status.complete, status.pending, status.total), (false, 1, 1));
    assert_eq!((desk.read(), desk.queue(&desk.reader).len()), (0, 0));
    let node = &desk.world.node;
    assert_eq!(desk.state(&status)["state"], "held");
    assert_eq!(node.submissions(&desk.submitter).unwrap()["submissions"].as_array().unwrap().len(), 1);
    for stranger in [&desk.reader, &desk.submitter] {
        assert_eq!(kind(node.queued(stranger, &status.id)), Kind::NotFound);
        assert_eq!(kind(node.release_queued(stranger, &status.id)), Kind::NotFound);
    }
    let shown = node.queued(&desk.one, &status.id).unwrap();
    assert_eq!((&shown["member"]["name"], &shown["content"][0]["id"]), (&"A".into(), &id(1).into()));
    // A poller that was there before loses nothing.
    let before = node.list(&desk.reader, &ListQuery::default(), &mut |_| ()).unwrap();
    node.take_queued(&desk.one, &status.id).unwrap();
    assert_eq!(desk.queue(&desk.other)[0]["taken"], true);
    // It waits over a restart, too.
    let Desk { world, .. } = desk;
    let world = world.restarted();
    let desk = Desk { world, ..desk };
    desk.world.node.release_queued(&desk.other, &status.id).unwrap();
    let answered = desk.answered(&status);
    assert_eq!((answered.success, answered.pending), (1, 0));
    let query = ListQuery { added_after: before.last, ..ListQuery::default() };
    let mut polled = 0;
    desk.world.node.list(&desk.reader, &query, &mut |_| polled += 1).unwrap();
    assert_eq!((polled, desk.state(&status)["state"].as_str()), (1, Some("released")));
    let again = desk.world.node.release_queued(&desk.one, &status.id);
    assert_eq!(kind(again), Kind::Conflict);
    assert!(desk.queue(&desk.one).is_empty());
    assert_eq!(desk.world.node.queue(&desk.one, true).unwrap()["queue"].as_array().unwrap().len(), 1);
}

#[test]
fn four_eyes_are_those_of_two_curators_of_other_members() {
    let desk = desk(settings());
    let node = &desk.world.node;
    let amber = desk.send(&through("Two", Tlp::Amber), 1);
    assert_eq!(kind(node.release_queued(&desk.colleague, &amber.id)), Kind::Forbidden);
    let first = node.release_queued(&desk.one, &amber.id).unwrap();
    assert_eq!((&first["state"], &first["approved"]), (&"held".into(), &true.into()));
    assert_eq!(kind(node.release_queued(&desk.one, &amber.id)), Kind::Forbidden);
    assert_eq!(desk.read(), 0);
    node.release_queued(&desk.other, &amber.id).unwrap();
    assert_eq!(desk.answered(&amber).success, 1);
    // Below it one is enough, also of the same member, but never who sent it.
    let green = desk.send(&through("Two", Tlp::Green), 2);
    node.release_queued(&desk.colleague, &green.id).unwrap();
    assert_eq!(desk.answered(&green).success, 1);
    let json = envelope(&[indicator(3, FIRST, "")]);
    let own = node.submit(&desk.one, &through("One", Tlp::Green), json.as_bytes()).unwrap();
    assert_eq!(kind(node.release_queued(&desk.one, &own.id)), Kind::Forbidden);
    assert!(node.release_queued(&desk.other, &own.id).is_ok());
}

#[test]
fn a_person_is_one_whatever_token_is_shown() {
    let desk = desk(settings());
    let (node, operator) = (&desk.world.node, desk.world.node.operator());
    node.add_person(&operator, "B", "Ada").unwrap();
    let [first, second] = [0, 1].map(|_| {
        let new = NewToken {
            member: "B".to_owned(),
            person: Some("Ada".to_owned()),
            roles: strings(&["curator"]),
            ..NewToken::default()
        };
        desk.world.signed_in(&node.add_token(&operator, &new).unwrap().secret)
    });
    let json = envelope(&[indicator(1, FIRST, "")]);
    let own = node.submit(&first, &through("One", Tlp::Green), json.as_bytes()).unwrap();
    assert_eq!(kind(node.release_queued(&second, &own.id)), Kind::Forbidden);
    let amber = desk.send(&through("Two", Tlp::Amber), 2);
    node.release_queued(&first, &amber.id).unwrap();
    assert_eq!(kind(node.release_queued(&second, &amber.id)), Kind::Forbidden);
}

#[test]
fn what_is_returned_or_merged_is_refused_with_the_reason() {
    let desk = desk(settings());
    let node = &desk.world.node;
    let back = desk.send(&through("One", Tlp::Green), 1);
    assert_eq!(kind(node.return_queued(&desk.one, &back.id, " ")), Kind::Invalid);
    node.return_queued(&desk.one, &back.id, "say what it is for").unwrap();
    let answered = desk.answered(&back);
    assert_eq!((answered.failure, answered.success), (1, 0));
    assert!(answered.outcomes[0].message.as_ref().unwrap().contains("say what it is for"));
    assert_eq!(desk.state(&back)["reason"], "say what it is for");
    // Into what both see, and into nothing else.
    desk.world.submit(&desk.one, &indicator(9, FIRST, "")).unwrap();
    let hidden = ImportOptions { tlp: Some(Tlp::Red), ..ImportOptions::default() };
    node.submit(&desk.one, &hidden, indicator(8, FIRST, "").as_bytes()).unwrap();
    // The submitter sees another statement of it: that is not the curator's to learn.
    node.submit(&desk.submitter, &hidden, indicator(8, SECOND, "").as_bytes()).unwrap();
    let merged = desk.send(&through("One", Tlp::Green), 2);
    assert_eq!(kind(node.merge_queued(&desk.one, &merged.id, &id(7), None)), Kind::NotFound);
    assert_eq!(kind(node.merge_queued(&desk.one, &merged.id, &id(8), None)), Kind::Invalid);
    node.merge_queued(&desk.one, &merged.id, &id(9), Some("the same")).unwrap();
    assert_eq!(desk.answered(&merged).failure, 1);
    assert_eq!(desk.state(&merged)["into"], id(9).as_str());
    assert_eq!(desk.read(), 1);
}

#[test]
fn a_curator_sees_what_he_would_see_of_it_and_nothing_else() {
    let desk = desk(settings());
    let node = &desk.world.node;
    let red = desk.send(&through("One", Tlp::Red), 1);
    assert!(desk.queue(&desk.one).is_empty());
    assert_eq!(kind(node.release_queued(&desk.one, &red.id)), Kind::NotFound);
    assert_eq!(desk.queue(&desk.colleague).len(), 1);
    let scoped = desk.world.token_for("B", &["curator"], &["Two"], &["Two"]);
    desk.send(&through("One", Tlp::Green), 2);
    assert!(desk.queue(&scoped).is_empty());
    desk.send(&through("Two", Tlp::Green), 3);
    assert_eq!((desk.queue(&scoped).len(), desk.queue(&desk.one).len()), (1, 2));
}

// As if it had never been sent, under whatever label it would have been; and nothing enters that nobody looked at.
#[test]
fn what_is_refused_of_one_that_waits_no_curator_is_shown_and_it_stays_refused() {
    let desk = desk(settings());
    let node = &desk.world.node;
    let new = NewToken {
        member: "C".to_owned(),
        roles: strings(&["curator"]),
        ceiling: Some(Tlp::Green),
        ..NewToken::default()
    };
    let low = desk.world.signed_in(&node.add_token(&node.operator(), &new).unwrap().secret);
    let other = desk.world.token("B", &["analyst"]);
    let amber = ImportOptions { tlp: Some(Tlp::Amber), ..ImportOptions::default() };
    node.submit(&other, &amber, indicator(2, FIRST, "").as_bytes()).unwrap();
    // The second would be said wider than another says it, the third through what it is too strict for.
    let red = ",\"object_marking_refs\":[\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\"],\"revoked\":1";
    let json = envelope(&[indicator(1, FIRST, ""), indicator(2, FIRST, ""), indicator(3, FIRST, red)]);
    let status = node.submit(&desk.submitter, &through("One", Tlp::Green), json.as_bytes()).unwrap();
    let told = desk.state(&status);
    let refused = told["findings"].as_array().unwrap().iter().filter(|one| one["check"] == "refused");
    assert_eq!((refused.count(), &told["objects"]), (2, &3.into()));
    for curator in [&desk.one, &low] {
        let shown = node.queued(curator, &status.id).unwrap();
        assert_eq!((&shown["objects"], shown["content"].as_array().unwrap().len()), (&1.into(), 1));
        assert!(![id(2), id(3)].iter().any(|hidden| shown.to_string().contains(hidden)), "{shown}");
    }
    // What it was refused for is gone.
    node.withdraw(&other, None, &id(2), &[]).unwrap();
    node.release_queued(&low, &status.id).unwrap();
    let answered = desk.answered(&status);
    assert_eq!((answered.success, answered.failure), (1, 2), "{answered:?}");
    assert_eq!((desk.read(), answered.outcomes[1].state), (1, "rejected"));
}

#[test]
fn what_is_refused_whole_waits_for_nobody() {
    let desk = desk(settings());
    let new = NewToken {
        member: "A".to_owned(),
        roles: strings(&["analyst"]),
        ceiling: Some(Tlp::Green),
        ..NewToken::default()
    };
    let secret = desk.world.node.add_token(&desk.world.node.operator(), &new).unwrap().secret;
    let green = desk.world.signed_in(&secret);
    let red = ImportOptions { tlp: Some(Tlp::Red), ..through("One", Tlp::Red) };
    let json = envelope(&[indicator(1, FIRST, "")]);
    let status = desk.world.node.submit(&green, &red, json.as_bytes()).unwrap();
    assert!(status.waiting.is_none());
    let answered = desk.answered(&status);
    assert_eq!((answered.failure, answered.success), (1, 0));
    assert!(
        desk.world.node.submissions(&desk.submitter).unwrap()["submissions"].as_array().unwrap().is_empty()
    );
}

#[test]
fn a_circle_is_curated_by_its_members_and_no_relabelling_leads_around_them() {
    let desk = desk(settings());
    let node = &desk.world.node;
    let administrator = desk.world.token("A", &["analyst", "organisation-administrator"]);
    let charter = model::Charter {
        formal: true,
        agreement: "We look first.\n".to_owned(),
        curation: Curation::One,
        ..model::Charter::default()
    };
    let circle = NewCircle { name: "Few".to_owned(), charter: Some(charter), ..NewCircle::default() };
    node.add_circle(&administrator, &circle).unwrap();
    let to = ImportOptions { to: strings(&["circle:Few"]), ..ImportOptions::default() };
    let status = node.submit(&desk.submitter, &to, indicator(1, FIRST, "").as_bytes()).unwrap();
    assert_eq!(status.pending, 1);
    assert_eq!((desk.queue(&desk.one).len(), desk.queue(&desk.colleague).len()), (0, 1));
    desk.world.submit(&desk.submitter, &indicator(2, FIRST, "")).unwrap();
    let asked = node::Relabel { to: Some(strings(&["circle:Few"])), ..node::Relabel::default() };
    assert_eq!(kind(node.relabel(&desk.submitter, &id(2), &asked)), Kind::Invalid);
    node.release_queued(&desk.colleague, &status.id).unwrap();
    assert_eq!(desk.answered(&status).success, 1);
    // A note to the circle waits like anything else.
    let note = node::Annotation::Note("seen".to_owned());
    assert_eq!(node.annotate(&desk.submitter, &id(1), &note, None).unwrap().state, "pending");
}

#[test]
fn checks_are_told_to_both_and_may_decide_what_waits() {
    let lists = tempfile::tempdir().unwrap();
    let list =
        r#"{"name":"Everybody's","type":"string","list":["198.51.0.4"],"matching_attributes":["ip-dst"]}"#;
    std::fs::write(lists.path().join("list.json"), list).unwrap();
    let desk = desk(Settings {
        warning_lists: Some(lists.path().to_owned()),
        queue_objects_per_day: 5,
        queue_holds: strings(&["warning-list", "reserved", "cap", "context", "personal-data", "duplicate"]),
        ..settings()
    });
    let options = through("One", Tlp::Green);
    let passes = desk.send(&options, 1);
    assert_eq!(desk.answered(&passes).success, 1);
    let bare = indicator(2, FIRST, "").replace(",\"description\":\"d\"", "");
    let personal = indicator(3, FIRST, "").replace("\"d\"", "\"ask Dr. Lovelace\"");
    for (json, check) in [
        (bare, "context"),
        (personal, "personal-data"),
        (indicator(4, FIRST, ""), "warning-list"),
        (indicator(6, FIRST, "").replace("198.51.0.6", "198.41.0.4"), "reserved"),
        (indicator(1, FIRST, ""), "duplicate"),
        (indicator(5, SECOND, ""), "cap"),
    ] {
        let status = desk.world.node.submit(&desk.submitter, &options, json.as_bytes()).unwrap();
        let told = desk.state(&status);
        assert_eq!((&told["state"], &told["findings"][0]["check"]), (&"held".into(), &check.into()));
        let shown = desk.world.node.queued(&desk.one, &status.id).unwrap();
        assert_eq!(shown["findings"][0]["check"], told["findings"][0]["check"]);
    }
    // What it meets that a curator does not see he is not told of.
    let red = ImportOptions { tlp: Some(Tlp::Red), ..ImportOptions::default() };
    desk.world.node.submit(&desk.submitter, &red, indicator(20, FIRST, "").as_bytes()).unwrap();
    let status =
        desk.world.node.submit(&desk.submitter, &options, indicator(20, FIRST, "").as_bytes()).unwrap();
    assert_eq!(desk.state(&status)["findings"].as_array().unwrap().len(), 2);
    let shown = desk.world.node.queued(&desk.one, &status.id).unwrap();
    assert_eq!(shown["findings"].as_array().unwrap().len(), 1, "{shown}");
    let folder = tempfile::tempdir().unwrap();
    let misspelt = Settings { queue_holds: strings(&["contxt"]), ..settings() };
    let clock = std::sync::Arc::new(|| model::Timestamp(0));
    assert_eq!(kind(node::Node::open(folder.path(), misspelt, clock)), Kind::Invalid);
}

#[test]
fn what_nobody_answers_comes_first_is_counted_and_goes_back_where_the_operator_wants_that() {
    let desk = desk(settings());
    let status = desk.send(&through("One", Tlp::Green), 1);
    desk.world.later(4 * 86_400);
    desk.send(&through("One", Tlp::Green), 2);
    let queue = desk.queue(&desk.one);
    assert_eq!(
        (&queue[0]["id"], &queue[0]["overdue"], &queue[1]["overdue"]),
        (&status.id.clone().into(), &true.into(), &false.into())
    );
    let figures = desk.world.node.statistics(&desk.world.node.operator()).unwrap();
    assert_eq!(
        (&figures["node"]["queue"]["held"], &figures["node"]["queue"]["overdue"]),
        (&2.into(), &1.into())
    );
    let Desk { world: World { node, folder, now, .. }, submitter, .. } = desk;
    node.stop();
    drop(node);
    let clock = std::sync::Arc::new(move || model::Timestamp(now.load(std::sync::atomic::Ordering::SeqCst)));
    let settings = Settings { queue_returns_overdue: true, ..settings() };
    let node = node::Node::open(folder.path(), settings, clock).unwrap();
    let answered = |node: &node::Node| node.status(&submitter, &status.id).unwrap();
    for _ in 0..2_000 {
        if answered(&node).complete {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!((answered(&node).failure, &answered(&node).queue.unwrap()["state"]), (1, &"returned".into()));
}

#[test]
fn what_was_answered_after_days_is_told_object_by_object_for_a_day() {
    let desk = desk(settings());
    let status = desk.send(&through("One", Tlp::Green), 1);
    desk.world.later(2 * 86_400);
    desk.world.node.release_queued(&desk.one, &status.id).unwrap();
    assert_eq!(desk.answered(&status).outcomes.len(), 1);
    let desk = Desk { world: desk.world.after_a_round().restarted(), ..desk };
    assert_eq!(desk.answered(&status).outcomes.len(), 1);
    desk.world.later(2 * 86_400);
    let desk = Desk { world: desk.world.after_a_round().restarted(), ..desk };
    assert!(desk.answered(&status).outcomes.is_empty());
}

#[test]
fn what_is_said_without_a_name_waits_without_one() {
    let desk = desk(Settings { desk_members: 2, desk_interval_s: 0, ..settings() });
    let node = &desk.world.node;
    let options = ImportOptions { without_name: true, ..through("One", Tlp::Green) };
    let rows = b"198.51.100.7 # seen\n";
    let (summary, _) = desk.world.import_as(&desk.submitter, &options, rows).unwrap();
    let shown = node.queued(&desk.one, &summary.submission).unwrap();
    assert_eq!(
        (&shown["without_name"], shown.get("member"), shown.get("received")),
        (&true.into(), None, None)
    );
    assert!(!shown.to_string().contains("\"A\""), "{shown}");
    node.release_queued(&desk.one, &summary.submission).unwrap();
    let status = Status {
        id: summary.submission.clone(),
        ..node.status(&desk.submitter, &summary.submission).unwrap()
    };
    assert_eq!(desk.answered(&status).success, 1);
    assert_eq!(desk.read(), 1);
}

#[test]
fn what_waits_outlives_the_time_of_the_token_that_sent_it_and_not_its_revocation() {
    let desk = desk(settings());
    let Desk { world, one, other, .. } = desk;
    let (node, operator) = (&world.node, world.node.operator());
    let sent = |name: &str, n: u32| {
        let new = NewToken {
            member: "A".to_owned(),
            name: Some(name.to_owned()),
            roles: strings(&["analyst"]),
            expire_s: Some(3_600),
            ..NewToken::default()
        };
        let token = node.add_token(&operator, &new).unwrap();
        let caller = world.signed_in(&token.secret);
        let json = envelope(&[indicator(n, FIRST, "")]);
        let status = node.submit(&caller, &through("One", Tlp::Green), json.as_bytes()).unwrap();
        (token.id, status)
    };
    let (brief, revoked) = (sent("brief", 1), sent("revoked", 2));
    let without = sent("revoked while it is let in", 3);
    node.revoke_token(&operator, &revoked.0).unwrap();
    assert_eq!(kind(node.release_queued(&one, &revoked.1.id)), Kind::Conflict);
    // Both tokens are over an hour later; one was good when it counted.
    world.later(7_200);
    node.release_queued(&one, &brief.1.id).unwrap();
    let colleague = world.token("A", &["analyst"]);
    let desk =
        Desk { submitter: colleague.clone(), colleague, one, other: other.clone(), reader: other, world };
    let answered = desk.answered(&brief.1);
    assert_eq!((answered.success, answered.failure), (1, 0), "{:?}", answered.outcomes);
    // What nobody can let in is sent back by itself.
    let operator = desk.world.node.operator();
    desk.world.node.revoke_token(&operator, &without.0).unwrap();
    let desk = Desk { world: desk.world.after_a_round().restarted(), ..desk };
    for (_, status) in [&revoked, &without] {
        let answered = desk.answered(status);
        assert_eq!((answered.success, answered.failure), (0, 1), "{:?}", answered.outcomes);
        let state = desk.state(status);
        assert_eq!(state["state"], "returned", "{state}");
        assert!(state["reason"].as_str().unwrap().contains("revoked"), "{state}");
    }
    assert!(desk.queue(&desk.one).is_empty());
}

#[test]
fn an_erasure_does_not_wait_for_curators() {
    let desk = desk(settings());
    let json = envelope(&[indicator(1, FIRST, ",\"x_note\":\"ada@example.com\"")]);
    let sent = desk.world.node.submit(&desk.submitter, &through("One", Tlp::Green), json.as_bytes()).unwrap();
    let asked = node::EraseSubject {
        subject: "ada@example.com".to_owned(),
        reason: "request 4711".to_owned(),
        dry_run: false,
    };
    let begun = std::time::Instant::now();
    let erased = desk.world.node.erase_subject(&desk.world.node.operator(), &asked).unwrap();
    // It gives arrivals half a minute, if they are on their way.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    let waiting = erased.remains.iter().find(|one| one.what == "waiting").unwrap();
    assert_eq!((erased.statements, waiting.count), (0, Some(1)));
    assert_eq!(desk.state(&sent)["state"], "held");
}

#[test]
fn a_dry_run_tells_that_it_would_wait_for_whom_and_until_when() {
    let desk = desk(Settings { queue_returns_overdue: true, ..settings() });
    let node = &desk.world.node;
    let json = envelope(&[indicator(1, FIRST, ",\"x_note\":\"ask ada@example.org, C:\\\\Users\\\\ada\"")]);
    let dry = |collection: &str, tlp| ImportOptions { dry_run: true, ..through(collection, tlp) };
    let look = |collection: &str, tlp| {
        let status = node.submit(&desk.submitter, &dry(collection, tlp), json.as_bytes()).unwrap();
        (status.total, status.pending, status.waiting)
    };
    assert!(look("Open", Tlp::Green).2.is_none());
    let (total, pending, waiting) = look("One", Tlp::Green);
    let waiting = waiting.unwrap();
    assert_eq!((total, pending, waiting.returned_then), (1, 0, true));
    let decides = waiting.decides.unwrap();
    assert!(decides.starts_with("a curator, ") && decides.contains("the collection `One`"), "{decides}");
    let checks: Vec<&str> = waiting.findings.iter().map(|one| one.check.as_str()).collect();
    assert_eq!(checks, ["personal-data", "inside"]);
    // What is kept longer than the objects says no more than where to look.
    assert!(waiting.findings.iter().all(|one| !one.message.contains("ada@")), "{:?}", waiting.findings);
    let two = look("Two", Tlp::Amber).2.unwrap().decides.unwrap();
    assert!(two.starts_with("two curators of other members"), "{two}");
    assert!(look("Two", Tlp::Green).2.unwrap().decides.unwrap().starts_with("a curator, "));
    // An import says the same, with what it makes of each object; and nothing of all this was kept.
    let mut input = json.as_bytes();
    let summary = node.import(&desk.submitter, &dry("One", Tlp::Green), &mut input, &mut |_| ()).unwrap();
    assert_eq!((summary.new, summary.pending, summary.submission.as_str()), (1, 0, ""));
    assert_eq!(summary.waiting.unwrap().deadline, waiting.deadline);
    assert!(desk.queue(&desk.one).is_empty());
    // And what is sent is told as it was looked at.
    let sent = desk.send(&through("One", Tlp::Green), 2);
    assert_eq!(
        sent.waiting.unwrap().deadline,
        desk.state(&desk.send(&through("One", Tlp::Green), 3))["deadline"].as_str().map(str::to_owned)
    );
}

#[test]
fn a_preview_tells_that_a_circle_would_have_it_wait() {
    let desk = desk(Settings { queue_holds: strings(&["context"]), ..settings() });
    let node = &desk.world.node;
    let administrator = desk.world.token("A", &["analyst", "organisation-administrator"]);
    let charter = model::Charter {
        formal: true,
        agreement: "We look first.".to_owned(),
        curation: Curation::One,
        ..model::Charter::default()
    };
    let new = NewCircle { name: "Careful".to_owned(), charter: Some(charter), ..NewCircle::default() };
    node.add_circle(&administrator, &new).unwrap();
    let asked = |to: &[&str]| node::Asked { to: strings(to), ..node::Asked::default() };
    let waiting = node.preview(&administrator, &asked(&["circle:Careful"])).unwrap().waiting.unwrap();
    assert!(waiting.why.contains("context"), "{}", waiting.why);
    assert!(waiting.decides.unwrap().contains("the circle `Careful`"));
    assert!(node.preview(&administrator, &asked(&[])).unwrap().waiting.is_none());
    // What is somebody's own holds nothing: that it waits would tell curators.
    let folder = tempfile::tempdir().unwrap();
    let holds = Settings { queue_holds: strings(&["own-asset"]), ..settings() };
    let opened = node::Node::open(folder.path(), holds, std::sync::Arc::new(|| model::Timestamp(0)));
    assert_eq!(opened.unwrap_err().kind, Kind::Invalid);
}

#[test]
fn who_was_shown_what_is_held_back_before_it_entered_stands_in_its_ledger() {
    let desk = desk(settings());
    let node = &desk.world.node;
    let member = |caller: &Caller| format!("member:{}", caller.principal.reader.member.unwrap());
    let embargo = Some(model::Embargo { case: "7".to_owned(), until: None });
    let to = vec![member(&desk.one), member(&desk.other)];
    let held_back = ImportOptions { embargo, to, ..through("One", Tlp::Amber) };
    let [first, back] = [1, 2].map(|n| desk.send(&held_back, n));
    let given = |of: u32| {
        let ledger = node.ledger(&desk.submitter, &id(of), false, (None, None)).unwrap();
        let rows = ledger.rows.into_iter().filter(|row| row.what == "given");
        rows.map(|row| (row.road.unwrap(), row.at)).collect::<Vec<_>>()
    };
    // A list of what waits tells nothing of what it says; one's own colleagues know it.
    assert_eq!(desk.queue(&desk.other).len(), 2);
    node.queued(&desk.colleague, &first.id).unwrap();
    let shown = node.queued(&desk.one, &first.id).unwrap();
    assert_eq!((shown["content"].as_array().unwrap().len(), &shown["embargo"]), (1, &"7".into()));
    desk.world.later(60);
    node.queued(&desk.one, &first.id).unwrap();
    node.release_queued(&desk.one, &first.id).unwrap();
    desk.answered(&first);
    let rows = given(1);
    assert_eq!(rows.len(), 1, "{rows:?}");
    let said = node.ledger(&desk.submitter, &id(1), false, (None, None)).unwrap();
    let entered = said.rows.iter().find(|row| row.what == "said").unwrap();
    assert!(rows[0].0 == "queue" && rows[0].1 < entered.at, "{rows:?} {entered:?}");
    // Who reads it then was given it first before; who is given it now has a row of its own.
    for reader in [&desk.one, &desk.reader] {
        node.object(reader, &id(1), None).unwrap();
    }
    let roads: Vec<String> = given(1).into_iter().map(|(road, _)| road).collect();
    assert_eq!(roads, ["queue", "object"]);
    // It stays when the folder's views are made anew, and when the node starts again; what went back says nothing.
    node.queued(&desk.other, &back.id).unwrap();
    node.return_queued(&desk.other, &back.id, "not for here").unwrap();
    // Nothing of that enters: who was shown it stands in its status, for who sent it and for nobody else.
    let told = desk.state(&back);
    let other = desk.other.principal.reader.member.unwrap().to_string();
    let shown = told["shown"].as_array().unwrap();
    assert_eq!((shown.len(), &shown[0]["member"]["id"]), (1, &other.as_str().into()), "{told}");
    assert!(
        node.queue(&desk.one, true).unwrap()["queue"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["shown"].is_null())
    );
    node.rebuild(&node.operator(), &mut |_, _| ()).unwrap();
    assert_eq!(given(1).len(), 2);
    let open = desk.send(&through("One", Tlp::Amber), 3);
    node.queued(&desk.one, &open.id).unwrap();
    node.release_queued(&desk.one, &open.id).unwrap();
    desk.answered(&open);
    assert!(given(3).is_empty(), "of what is not held back nothing is kept");
}
