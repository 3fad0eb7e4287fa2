//! Submissions: what is taken, under which label, for whom, and what is refused.

use std::time::{Duration, Instant};

use model::Tlp;
use node::views::Status;
use node::{ImportOptions, Kind, NewCollection, NewToken, Settings};

use crate::write_world::{FIRST, SECOND, START, World, envelope, id, indicator, settings, strings};

const GREEN: &str = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da";
const RED: &str = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed";
const STRICT: &str = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003";
const TERMS: &str = "marking-definition--00000000-0000-4000-8000-0000000000aa";

fn states(status: &Status) -> Vec<&str> {
    status.outcomes.iter().map(|outcome| outcome.state).collect()
}

fn message(status: &Status, place: usize) -> &str {
    status.outcomes[place].message.as_deref().unwrap_or_default()
}

fn marked(refs: &[&str]) -> String {
    let quoted: Vec<String> = refs.iter().map(|id| format!("\"{id}\"")).collect();
    format!(",\"object_marking_refs\":[{}]", quoted.join(","))
}

fn terms() -> String {
    format!(
        "{{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"{TERMS}\",\"created\":\"{FIRST}\",\
         \"definition_type\":\"statement\",\"definition\":{{\"statement\":\"(c) ACME\"}}}}"
    )
}

#[test]
fn envelopes_bundles_and_objects_are_taken_each_object_alone() {
    let world = World::new();
    let caller = world.node.operator();
    let good: Vec<String> = (0..1_000).map(|n| indicator(n, FIRST, "")).collect();
    let mut objects = good.clone();
    objects[500] =
        "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--nothing\"}".to_owned();
    let status = world.submit(&caller, &envelope(&objects)).unwrap();
    assert_eq!((status.total, status.success, status.failure), (1_000, 999, 1));
    assert!(status.complete && status.pending == 0);
    assert_eq!(status.outcomes[500].state, "rejected");
    assert!(message(&status, 500).contains("STIX 2.1 §"), "{}", message(&status, 500));
    assert_eq!(world.listed(&caller, None).len(), 999);
    // Asked for later it says the same.
    let later = world.node.status(&caller, &status.id).unwrap();
    assert_eq!(states(&later), states(&status));
    assert_eq!((later.total, later.success, later.label.as_str()), (1_000, 999, "TLP:AMBER"));
    // Again: all are duplicates, which is a success.
    let bundle = format!(
        "{{\"type\":\"bundle\",\"id\":\"bundle--00000000-0000-4000-8000-000000000001\",{}",
        &envelope(&good)[1..]
    );
    let again = world.submit(&caller, &bundle).unwrap();
    assert_eq!((again.success, states(&again)[0], states(&again)[500]), (1_000, "duplicate", "new"));
    let one = world.submit(&caller, &indicator(1, SECOND, "")).unwrap();
    assert_eq!((states(&one), one.outcomes[0].version.as_str()), (vec!["new"], SECOND));
    // The same version with other bytes is kept and flagged, and the first is served.
    let other = world.submit(&caller, &indicator(1, SECOND, ",\"confidence\":1")).unwrap();
    assert_eq!(states(&other), ["equivocation"]);
}

#[test]
fn labels_come_from_markings_then_from_the_submitter_the_collection_the_node() {
    let world = World::new();
    let operator = world.node.operator();
    let new = NewCollection {
        title: "Open".to_owned(),
        ceiling: Some(Tlp::AmberStrict),
        default_label: Some(Tlp::Green),
        ..NewCollection::default()
    };
    world.node.add_collection(&operator, &new).unwrap();
    let cases = [
        ("", None, None, "TLP:AMBER", "new"),
        ("", Some("Open"), None, "TLP:GREEN", "new"),
        ("", Some("Open"), Some(Tlp::Clear), "TLP:CLEAR", "new"),
        (&*marked(&[GREEN]), None, Some(Tlp::Red), "TLP:GREEN", "new"),
        (&*marked(&[GREEN, STRICT]), Some("Open"), None, "TLP:AMBER+STRICT", "new"),
        (&*marked(&[RED]), None, None, "TLP:RED", "new"),
        (&*marked(&[RED]), Some("Open"), None, "", "rejected"),
        ("", Some("Open"), Some(Tlp::Red), "", "rejected"),
    ];
    for (n, (rest, collection, tlp, label, state)) in (1..).zip(cases) {
        let options =
            ImportOptions { collection: collection.map(str::to_owned), tlp, ..ImportOptions::default() };
        let status = world.node.submit(&operator, &options, indicator(n, FIRST, rest).as_bytes()).unwrap();
        assert_eq!(states(&status), [state], "case {n}: {}", message(&status, 0));
        assert_eq!(world.label(&operator, &id(n)).unwrap_or_default(), label, "case {n}");
        if state == "rejected" {
            assert!(
                message(&status, 0).contains("the ceiling of the collection `Open`"),
                "{}",
                message(&status, 0)
            );
        }
    }
}

#[test]
fn an_unknown_marking_is_red_until_its_own_member_says_it() {
    let world = World::new();
    world.member("Blue");
    world.member("Mallory");
    let [blue, other, mallory] = ["Blue", "ACME", "Mallory"].map(|member| world.token(member, &["analyst"]));
    let first = world.submit(&blue, &indicator(1, FIRST, &marked(&[TERMS]))).unwrap();
    assert!(message(&first, 0).contains(TERMS), "{}", message(&first, 0));
    let green = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    world.node.submit(&blue, &green, indicator(2, FIRST, &marked(&[TERMS])).as_bytes()).unwrap();
    world.submit(&blue, &indicator(3, FIRST, &marked(&[TERMS, STRICT]))).unwrap();
    world.submit(&blue, &indicator(4, FIRST, &marked(&[TERMS, &TERMS.replace("aa", "bb")]))).unwrap();
    let labels = |caller| [1, 2, 3, 4].map(|n| world.label(caller, &id(n)).unwrap_or_default());
    assert_eq!(labels(&blue), ["TLP:RED"; 4]);
    assert_eq!(labels(&other), [""; 4]);
    // Somebody else's definition of the same id opens nothing.
    world.submit(&mallory, &terms()).unwrap();
    assert_eq!(labels(&other), [""; 4]);
    let before = world.listed(&other, None).len();
    world.submit(&blue, &terms()).unwrap();
    // Each gets the label that it would have had: the default of its own submission, or its own TLP.
    assert_eq!(labels(&blue), ["TLP:AMBER", "TLP:GREEN", "TLP:AMBER+STRICT", "TLP:RED"]);
    assert_eq!(labels(&other)[..3], ["TLP:AMBER", "TLP:GREEN", "TLP:AMBER+STRICT"]);
    assert_eq!(world.listed(&other, None).len(), before + 3, "three objects; the terms have one id");
    // What comes after is judged with the definition in view, and so is what comes together with it.
    world.submit(&blue, &indicator(5, FIRST, &marked(&[TERMS]))).unwrap();
    assert_eq!(world.label(&other, &id(5)).unwrap(), "TLP:AMBER");
    let together = [indicator(6, FIRST, &marked(&[TERMS])), terms()];
    world.submit(&world.node.operator(), &envelope(&together)).unwrap();
    assert_eq!(world.label(&blue, &id(6)).unwrap(), "TLP:AMBER");
}

#[test]
fn what_the_nodes_own_member_says_of_a_marking_counts_for_all() {
    let world = World::new();
    world.member("Blue");
    let blue = world.token("Blue", &["analyst"]);
    world.collection("Amber", "label = amber");
    world.submit(&blue, &indicator(1, FIRST, &marked(&[TERMS]))).unwrap();
    let operator = world.node.operator();
    assert_eq!(world.label(&operator, &id(1)), None);
    world.submit(&operator, &terms()).unwrap();
    assert_eq!(world.label(&operator, &id(1)).as_deref(), Some("TLP:AMBER"));
    assert!(world.listed(&blue, Some("Amber")).iter().any(|(listed, _)| *listed == id(1)));
}

#[test]
fn an_id_is_its_owners_and_others_only_claim() {
    let world = World::new();
    let identity = world.member("Blue");
    world.member("Red");
    let [blue, red] = ["Blue", "Red"].map(|member| world.token(member, &["analyst"]));
    let authored = format!(",\"created_by_ref\":\"{identity}\"");
    let own = world.submit(&blue, &indicator(1, FIRST, &authored)).unwrap();
    assert_eq!(states(&own), ["new"]);
    let amber = ImportOptions { tlp: Some(Tlp::Amber), ..ImportOptions::default() };
    let claims = [
        indicator(1, SECOND, &authored),
        indicator(1, "2026-03-01T00:00:00.000Z", ""),
        indicator(2, FIRST, &authored),
        format!(
            "{{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"{identity}\",\"created\":\"{FIRST}\",\
             \"modified\":\"{SECOND}\",\"name\":\"not Blue\"}}"
        ),
    ];
    for (place, claim) in claims.iter().enumerate() {
        let status = world.node.submit(&red, &amber, claim.as_bytes()).unwrap();
        assert_eq!(states(&status), ["claim"], "{place}");
        assert!(message(&status, 0).contains("claim"), "{place}");
        // And to everybody else who reads it.
        let id = ["indicator", "identity"][usize::from(place == 3)];
        let id = if id == "identity" { identity.clone() } else { self::id([1, 1, 2][place]) };
        let shown = world.node.object(&world.node.operator(), &id, None).unwrap();
        assert!(place < 2 || shown.summary.claim, "{place}");
        assert_eq!(states(&world.node.status(&red, &status.id).unwrap()), states(&status));
    }
    // It never replaces what the owner says.
    let mut version = String::new();
    let query = node::ListQuery { ids: vec![id(1)], ..node::ListQuery::default() };
    world
        .node
        .list(&world.node.operator(), &query, &mut |entry| version = entry.version.to_string())
        .unwrap();
    assert_eq!(version, FIRST);
}

#[test]
fn what_is_claimed_of_an_object_refers_to_nothing_where_its_owner_is_seen_to_say_it() {
    let world = World::new();
    let identity = world.member("Blue");
    world.member("Red");
    let [blue, red] = ["Blue", "Red"].map(|member| world.token(member, &["analyst"]));
    let green = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    let authored = format!(",\"created_by_ref\":\"{identity}\"");
    let named = format!(
        "{{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"{identity}\",\"created\":\"{FIRST}\",\
         \"modified\":\"{FIRST}\",\"name\":\"Blue\"}}"
    );
    for (by, object) in [
        (&blue, named),
        (&blue, indicator(1, FIRST, &authored)),
        (&red, indicator(1, SECOND, &authored)),
        (&red, indicator(2, FIRST, &authored)),
    ] {
        world.node.submit(by, &green, object.as_bytes()).unwrap();
    }
    let view = world.node.object(&red, &identity, None).unwrap();
    let related: Vec<_> = view
        .related
        .iter()
        .map(|one| (one.object.id.clone(), one.object.version.clone(), one.object.claim))
        .collect();
    // The second is nobody else's word: it is listed, as the claim that it is.
    assert_eq!(related, [(id(2), FIRST.to_owned(), true), (id(1), FIRST.to_owned(), false)]);
    // An indicator that is claimed to indicate something is not found as related to it either.
    let tool = "tool--00000000-0000-4000-8000-000000000001";
    let object = format!(
        "{{\"type\":\"tool\",\"spec_version\":\"2.1\",\"id\":\"{tool}\",\"created\":\"{FIRST}\",\
         \"modified\":\"{FIRST}\",\"name\":\"a tool\"}}"
    );
    world.node.submit(&red, &green, object.as_bytes()).unwrap();
    let third = "2026-03-01T00:00:00.000Z";
    for n in [1, 3] {
        let claim = indicator(n, third, &format!("{authored},\"x_refs\":[\"{tool}\"]"));
        world.node.submit(&red, &green, claim.as_bytes()).unwrap();
    }
    let query = node::SearchQuery { related_to: Some(tool.to_owned()), ..node::SearchQuery::default() };
    let found = world.node.search(&red, &query).unwrap();
    assert_eq!(found.objects.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), [id(3)]);
}

#[test]
fn a_collection_takes_what_its_filter_lets_through_and_gets_what_stood_before() {
    let world = World::new();
    let operator = world.node.operator();
    world
        .submit(&operator, &envelope(&[indicator(1, FIRST, ""), indicator(2, FIRST, &marked(&[RED]))]))
        .unwrap();
    world.collection("Indicators", "type = indicator and label <= amber");
    world.collection("Tools", "type = tool");
    world.collection("Ours", "source = ACME and pattern_type = stix");
    world.collection("Through", "via = this");
    let count = |title: &str| world.listed(&operator, Some(title)).len();
    assert_eq!(["Indicators", "Tools", "Ours", "Through"].map(count), [1, 0, 2, 0]);
    let through = |title: &str, n: u32| {
        let options = ImportOptions { collection: Some(title.to_owned()), ..ImportOptions::default() };
        world.node.submit(&operator, &options, indicator(n, FIRST, "").as_bytes()).unwrap()
    };
    let refused = through("Tools", 3);
    assert_eq!(states(&refused), ["rejected"]);
    assert!(message(&refused, 0).contains("type = tool"), "{}", message(&refused, 0));
    assert_eq!(states(&through("Through", 3)), ["new"]);
    assert_eq!(states(&through("Indicators", 4)), ["new"]);
    assert_eq!(["Indicators", "Tools", "Ours", "Through"].map(count), [3, 0, 4, 1]);
}

#[test]
fn roles_and_scopes_decide_who_submits_what() {
    let world = World::new();
    world.member("Blue");
    world.collection("Shared", "");
    world.collection("Other", "");
    let sighting = format!(
        "{{\"type\":\"sighting\",\"spec_version\":\"2.1\",\"id\":\"sighting--00000000-0000-4000-8000-000000000001\",\
         \"created\":\"{FIRST}\",\"modified\":\"{FIRST}\",\"sighting_of_ref\":\"{}\"}}",
        id(1)
    );
    let address = "{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4\",\
                   \"value\":\"198.51.100.3\"}";
    let object = indicator(1, FIRST, "");
    // For each role, and a token for the collection `Shared` alone: outside, through it, through another.
    let expected = [
        ("reader", false, Err(Kind::Forbidden), Err(Kind::Forbidden), Err(Kind::Forbidden)),
        ("reader", true, Err(Kind::Forbidden), Err(Kind::Forbidden), Err(Kind::NotFound)),
        ("administrator", false, Err(Kind::Forbidden), Err(Kind::NotFound), Err(Kind::NotFound)),
        ("analyst", false, Ok("new"), Ok("new"), Ok("new")),
        ("analyst", true, Err(Kind::Forbidden), Ok("new"), Err(Kind::NotFound)),
        ("curator", false, Ok("new"), Ok("new"), Ok("new")),
        ("sensor", false, Ok("rejected"), Ok("rejected"), Ok("rejected")),
        ("sensor", true, Err(Kind::Forbidden), Ok("rejected"), Err(Kind::NotFound)),
    ];
    let mut n = 10;
    for (role, scoped, outside, shared, other) in expected {
        let scope: &[&str] = if scoped { &["Shared"] } else { &[] };
        let caller = world.token_for("Blue", &[role], scope, scope);
        for (collection, expected) in [(None, outside), (Some("Shared"), shared), (Some("Other"), other)] {
            n += 1;
            let options =
                ImportOptions { collection: collection.map(str::to_owned), ..ImportOptions::default() };
            let status = world.node.submit(&caller, &options, indicator(n, FIRST, "").as_bytes());
            let found = status.as_ref().map(|status| status.outcomes[0].state).map_err(|error| error.kind);
            assert_eq!(found, expected, "{role} {scoped} {collection:?}");
        }
    }
    let sensor = world.token("Blue", &["sensor"]);
    let status = world.submit(&sensor, &envelope(&[sighting, address.to_owned(), object])).unwrap();
    assert_eq!(states(&status), ["new", "new", "rejected"]);
    assert!(message(&status, 2).contains("a sensor says"));
}

#[test]
fn a_tokens_ceiling_holds_for_writing_and_only_administrators_write_for_others() {
    let world = World::new();
    world.member("Blue");
    let new = NewToken {
        member: "Blue".to_owned(),
        roles: strings(&["analyst"]),
        ceiling: Some(Tlp::Green),
        ..NewToken::default()
    };
    let low = world.signed_in(&world.node.add_token(&world.node.operator(), &new).unwrap().secret);
    let status =
        world.submit(&low, &envelope(&[indicator(1, FIRST, ""), indicator(2, FIRST, &marked(&[GREEN]))]));
    let status = status.unwrap();
    assert_eq!(states(&status), ["rejected", "new"]);
    assert!(message(&status, 0).contains("TLP:AMBER, above TLP:GREEN"), "{}", message(&status, 0));
    let for_other = ImportOptions { member: Some("Blue".to_owned()), ..ImportOptions::default() };
    let object = indicator(3, FIRST, "");
    let by = |caller: &node::Caller| world.node.submit(caller, &for_other, object.as_bytes());
    by(&world.node.operator()).unwrap();
    assert_eq!(by(&world.token("ACME", &["analyst"])).unwrap_err().kind, Kind::NotFound);
    // It is Blue's own.
    let blue = world.token("Blue", &["analyst"]);
    assert_eq!(states(&world.submit(&blue, &indicator(3, FIRST, "")).unwrap()), ["duplicate"]);
}

#[test]
fn a_revoked_token_writes_nothing_even_when_it_was_signed_in_before() {
    let world = World::new();
    world.member("Blue");
    let blue = world.token("Blue", &["analyst"]);
    world.submit(&blue, &indicator(1, FIRST, "")).unwrap();
    world.node.revoke_token(&world.node.operator(), &blue.principal.token.unwrap().to_string()).unwrap();
    assert_eq!(world.submit(&blue, &indicator(2, FIRST, "")).unwrap_err().kind, Kind::Unauthenticated);
}

#[test]
fn times_far_ahead_and_quotas() {
    let world = World::new();
    let operator = world.node.operator();
    let tomorrow = model::Timestamp(START + 86_400_000_000);
    let status = world.submit(
        &operator,
        &envelope(&[
            indicator(1, &tomorrow.millis_text(), ""),
            indicator(2, &tomorrow.plus_seconds(1).millis_text(), ""),
        ]),
    );
    let status = status.unwrap();
    assert_eq!(states(&status), ["new", "rejected"]);
    assert!(message(&status, 1).contains("more than a day in the future"));
    let new =
        node::NewMember { name: "Small".to_owned(), objects_per_hour: Some(3), ..node::NewMember::default() };
    world.node.add_member(&operator, &new).unwrap();
    let small = world.token("Small", &["analyst"]);
    let post = |range: std::ops::Range<u32>| {
        let objects: Vec<String> = range.map(|n| indicator(n, FIRST, "")).collect();
        world.submit(&small, &envelope(&objects))
    };
    post(10..13).unwrap();
    let error = post(13..14).unwrap_err();
    assert_eq!(error.kind, Kind::Quota);
    assert!(error.retry_after_s.is_some_and(|wait| wait > 0 && wait <= 3_601));
    post(10..13).unwrap();
    world.later(3_600);
    post(13..14).unwrap();
}

#[test]
fn large_submissions_are_accepted_and_sequenced_afterwards_also_after_a_restart() {
    let settings = Settings { asynchronous_objects: 100, ..settings() };
    let world = World::with(settings);
    let operator = world.node.operator();
    let mut objects: Vec<String> = (0..2_500).map(|n| indicator(n, FIRST, &marked(&[TERMS]))).collect();
    objects.push(terms());
    objects[7] = "{\"type\":\"tool\"}".to_owned();
    let status = world.submit(&operator, &envelope(&objects)).unwrap();
    assert!(!status.complete);
    assert_eq!((status.total, status.pending, status.outcomes.len()), (2_501, 2_501, 0));
    // The node is stopped at once, in the middle of it or before; the next start finishes it.
    let world = world.restarted();
    let operator = world.node.operator();
    let begun = Instant::now();
    let done = loop {
        let found = world.node.status(&operator, &status.id).unwrap();
        if found.complete {
            break found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{found:?}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!((done.total, done.success, done.failure, done.pending), (2_501, 2_500, 1, 0));
    assert_eq!((done.outcomes.len(), done.outcomes[7].state), (2_501, "rejected"));
    assert_eq!(world.listed(&operator, None).len(), 2_500);
    assert_eq!(world.label(&operator, &id(0)).unwrap(), "TLP:AMBER", "the terms at the end count for all");
}

fn complete(world: &World, caller: &node::Caller, id: &str) -> Status {
    let begun = Instant::now();
    loop {
        let found = world.node.status(caller, id).unwrap();
        if found.complete {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{found:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn what_a_marking_could_not_open_is_opened_later_and_nothing_is_counted_twice() {
    let world = World::with(Settings { asynchronous_objects: 100, ..settings() });
    let operator = world.node.operator();
    let two = [9_998, 9_999].map(|n| indicator(n, FIRST, &marked(&[TERMS])));
    world.submit(&operator, &envelope(&two)).unwrap();
    // From here on the store cannot write that two things enter again, as on a disk that is just full.
    let database = rusqlite::Connection::open(world.folder.path().join("record.sqlite")).unwrap();
    database.execute_batch("CREATE UNIQUE INDEX just_full ON statement (entry) WHERE entry = 4").unwrap();
    let objects: Vec<String> =
        std::iter::once(terms()).chain((0..2_500).map(|n| indicator(n, FIRST, ""))).collect();
    let status = world.submit(&operator, &envelope(&objects)).unwrap();
    let done = complete(&world, &operator, &status.id);
    assert_eq!((done.total, done.success, done.outcomes.len()), (2_501, 2_501, 2_501));
    assert_eq!(world.label(&operator, &id(9_999)).unwrap(), "TLP:RED");
    database.execute_batch("DROP INDEX just_full").unwrap();
    drop(database);
    let world = world.restarted();
    let (operator, begun) = (world.node.operator(), Instant::now());
    while world.label(&operator, &id(9_999)).unwrap() != "TLP:AMBER" {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing opened it");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn many(range: std::ops::Range<u32>) -> String {
    envelope(&range.map(|n| indicator(n, FIRST, "")).collect::<Vec<_>>())
}

#[test]
fn what_is_accepted_counts_for_the_quota_at_once_and_only_once() {
    let world = World::with(Settings { asynchronous_objects: 100, ..settings() });
    let new = node::NewMember {
        name: "Blue".to_owned(),
        objects_per_hour: Some(150),
        ..node::NewMember::default()
    };
    world.node.add_member(&world.node.operator(), &new).unwrap();
    let blue = world.token("Blue", &["analyst"]);
    world.node.stop();
    let accepted = world.submit(&blue, &many(0..120)).unwrap();
    assert_eq!(accepted.pending, 120);
    assert_eq!(world.submit(&blue, &many(200..320)).unwrap_err().kind, Kind::Quota);
    let error = world.submit(&blue, &many(200..360)).unwrap_err();
    assert_eq!((error.kind, error.retry_after_s), (Kind::TooLarge, None));
    assert!(error.message.contains("160 objects") && error.message.contains("150"), "{error}");
    let world = world.restarted();
    assert_eq!(complete(&world, &blue, &accepted.id).success, 120);
    world.submit(&blue, &many(200..230)).unwrap();
    assert_eq!(world.submit(&blue, &indicator(500, FIRST, "")).unwrap_err().kind, Kind::Quota);
}

#[test]
fn what_cannot_be_read_counts_for_the_quota_too() {
    let world = World::new();
    let new =
        node::NewMember { name: "Noise".to_owned(), objects_per_hour: Some(2), ..node::NewMember::default() };
    world.node.add_member(&world.node.operator(), &new).unwrap();
    let noise = world.token("Noise", &["analyst"]);
    for _ in 0..4 {
        assert_eq!(world.submit(&noise, "{\"objects\":[").unwrap_err().kind, Kind::Invalid);
    }
    let kept = world.node.quarantine(&noise).unwrap();
    assert_eq!(kept["quarantine"].as_array().unwrap().len(), 2, "the rest would push out what others sent");
}

#[test]
fn the_large_arrivals_of_one_member_hold_up_no_other() {
    let world = World::with(Settings { asynchronous_objects: 100, ..settings() });
    for member in ["Blue", "Red"] {
        world.member(member);
    }
    let [blue, red] = ["Blue", "Red"].map(|member| world.token(member, &["analyst"]));
    world.node.stop();
    let large = world.submit(&blue, &many(0..14_000)).unwrap();
    let small: Vec<Status> = (0..3).map(|n| world.submit(&blue, &many(n..n + 101)).unwrap()).collect();
    let other = world.submit(&red, &many(20_000..20_101)).unwrap();
    let world = world.restarted();
    assert_eq!(complete(&world, &red, &other.id).success, 101);
    assert!(!world.node.status(&blue, &large.id).unwrap().complete, "it was their turn first");
    assert_eq!(complete(&world, &blue, &large.id).success, 14_000);
    for small in small {
        assert_eq!(complete(&world, &blue, &small.id).success, 101);
    }
}

#[test]
fn an_accepted_submission_of_a_token_that_is_revoked_meanwhile_is_refused() {
    let world = World::with(Settings { asynchronous_objects: 1, ..settings() });
    world.member("Blue");
    let blue = world.token("Blue", &["analyst"]);
    // Jobs are held up, so that the token goes first.
    world.node.stop();
    let objects = [indicator(1, FIRST, ""), indicator(2, FIRST, "")];
    let status = world.submit(&blue, &envelope(&objects)).unwrap();
    let second = world.token("Blue", &["analyst"]);
    world.node.revoke_token(&world.node.operator(), &blue.principal.token.unwrap().to_string()).unwrap();
    let secret_id = second.principal.token;
    let world = world.restarted();
    let second = node::Caller { facts: world.node.operator().facts, ..second };
    assert_eq!(second.principal.token, secret_id);
    let begun = Instant::now();
    loop {
        let found = world.node.status(&second, &status.id).unwrap();
        if found.complete {
            assert_eq!((found.success, found.failure), (0, 2));
            assert!(message(&found, 0).contains("revoked"), "{}", message(&found, 0));
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{found:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_status_is_for_its_own_member() {
    let world = World::new();
    world.member("Blue");
    let status = world.submit(&world.node.operator(), &indicator(1, FIRST, "")).unwrap();
    let blue = world.token("Blue", &["analyst"]);
    for (caller, name) in [(&blue, status.id.as_str()), (&blue, "nothing")] {
        assert_eq!(world.node.status(caller, name).unwrap_err().kind, Kind::NotFound);
    }
}

// A status names objects: a token that could not see them is not told of it, though it is of the same member.
#[test]
fn a_status_is_not_for_tokens_that_read_less() {
    let world = World::new();
    let operator = world.node.operator();
    for title in ["Wide", "Narrow"] {
        world.collection(title, "");
    }
    let token = |roles: &[&str], ceiling: Tlp, read: &[&str], write: &[&str]| {
        let new = NewToken {
            member: "ACME".to_owned(),
            roles: strings(roles),
            ceiling: Some(ceiling),
            read: strings(read),
            write: strings(write),
            ..NewToken::default()
        };
        world.signed_in(&world.node.add_token(&operator, &new).unwrap().secret)
    };
    let high = token(&["analyst"], Tlp::Red, &[], &[]);
    let same = token(&["reader"], Tlp::Red, &[], &[]);
    let low = token(&["analyst"], Tlp::Green, &[], &[]);
    let narrow = token(&["analyst"], Tlp::Red, &["Narrow"], &["Narrow"]);
    let writes = token(&["analyst"], Tlp::Red, &[], &["Narrow"]);
    let manages = token(&["organisation-administrator"], Tlp::Red, &[], &[]);
    let through = |caller: &node::Caller, n: u32, collection: Option<&str>| {
        let options = ImportOptions {
            collection: collection.map(str::to_owned),
            tlp: Some(Tlp::Green),
            ..ImportOptions::default()
        };
        world.node.submit(caller, &options, indicator(n, FIRST, "").as_bytes()).unwrap().id
    };
    let outside = world.submit(&high, &indicator(1, FIRST, &marked(&[RED]))).unwrap().id;
    let (of_low, of_writes) = (through(&low, 2, None), through(&writes, 3, Some("Narrow")));
    let wide = through(&high, 4, Some("Wide"));
    let of_operator = through(&operator, 5, None);
    let callers = [&high, &same, &low, &narrow, &writes, &manages, &operator];
    for (id, told) in [
        (&outside, [true, true, false, false, false, false, true]),
        (&of_low, [true, true, true, false, false, false, true]),
        // Who only writes is told of his own.
        (&of_writes, [true, true, false, true, true, false, true]),
        (&wide, [true, true, false, false, false, false, true]),
        (&of_operator, [true, true, false, false, false, false, true]),
    ] {
        let found = callers.map(|caller| world.node.status(caller, id).is_ok());
        assert_eq!(found, told, "{id}");
    }
    // What an administrator imports for another member is his to know.
    world.member("Blue");
    let administrator = world.token("ACME", &["administrator", "analyst"]);
    let options = ImportOptions { member: Some("Blue".to_owned()), ..ImportOptions::default() };
    let status = world.node.submit(&administrator, &options, indicator(6, FIRST, "").as_bytes()).unwrap();
    let blue = world.token("Blue", &["analyst"]);
    let found = [&administrator, &high, &blue].map(|caller| world.node.status(caller, &status.id).is_ok());
    assert_eq!(found, [true, false, false]);
}
