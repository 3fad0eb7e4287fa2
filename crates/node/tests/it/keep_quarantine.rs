//! What was refused: who is shown what of it, and for how long.

use node::{Caller, ImportOptions, Kind, NewToken};
use serde_json::Value;

use super::write_world::{FIRST, World, envelope, indicator, strings};

const DAY_S: i64 = 86_400;
const CANARY: &str = "canary-of-alpha";

/// An object that no standard allows.
fn wrong(n: u32) -> String {
    indicator(n, FIRST, "").replace("\"pattern_type\":\"stix\",", &format!("\"x_c\":\"{CANARY}\","))
}

fn listed(world: &World, by: &Caller) -> Vec<Value> {
    let answer = world.node.quarantine(by).unwrap();
    assert_eq!(answer["more"], false);
    answer["quarantine"].as_array().unwrap().clone()
}

#[test]
fn a_member_sees_its_own_and_others_that_there_is_something() {
    let world = World::new();
    for member in ["alpha", "beta"] {
        world.member(member);
    }
    let alpha = world.token("alpha", &["analyst"]);
    let status = world.submit(&alpha, &envelope(&[wrong(1), indicator(2, FIRST, ""), wrong(3)])).unwrap();
    assert_eq!((status.success, status.failure), (1, 2));
    world.later(1);
    world.submit(&alpha, &format!("{{\"objects\":[{{\"id\":\"{CANARY}\"}}]}}")).unwrap();
    world.submit(&world.token("beta", &["analyst"]), "nothing").unwrap_err();

    let own = listed(&world, &alpha);
    assert_eq!(own.len(), 3);
    for item in &own {
        assert_eq!(item["member"]["name"], "alpha");
        let place = format!("{}.{}", item["submission"].as_str().unwrap(), item["ordinal"]);
        assert_eq!(item["id"], place, "it counts nothing of what others sent");
        let whole = world.node.quarantined(&alpha, item["id"].as_str().unwrap()).unwrap();
        assert!(whole["content"].as_str().unwrap().contains(CANARY));
        assert!(!whole["reason"].as_str().unwrap().is_empty());
    }
    assert_eq!(own[2]["object"], super::write_world::id(1), "the newest first");
    assert_eq!((&own[2]["submission"], &own[2]["ordinal"]), (&status.id.clone().into(), &0.into()));

    // Nobody knows a label in it, so not even those who work the quarantine are shown what others sent.
    for (caller, count) in [
        (world.token("beta", &["curator"]), 4),
        (world.token("ACME", &["administrator"]), 4),
        (world.node.operator(), 4),
        (world.token("beta", &["analyst"]), 1),
        (world.token("beta", &["reader"]), 1),
    ] {
        let items = listed(&world, &caller);
        assert_eq!(items.len(), count);
        assert!(items.iter().all(|item| item["bytes"].as_u64().unwrap() > 0));
        // Whoever is told that something was refused is not told how much came before it.
        for item in items.iter().filter(|item| item.get("reason").is_none()) {
            let (submission, place) = item["id"].as_str().unwrap().split_once('.').unwrap();
            assert!(item.get("ordinal").is_none() && place.parse::<u64>().is_err(), "{item}");
            let places = (0..4).map(|n| format!("{submission}.{n}"));
            assert!(places.into_iter().all(|id| world.node.quarantined(&caller, &id).is_err()));
        }
        for item in items.iter().filter(|item| item["member"]["name"] == "alpha") {
            assert!(item.get("reason").is_none() && item.get("object").is_none());
            let shown = world.node.quarantined(&caller, item["id"].as_str().unwrap()).unwrap();
            assert!(!shown.to_string().contains(CANARY) && shown.get("content").is_none());
        }
        assert!(world.node.quarantined(&caller, own[0]["id"].as_str().unwrap()).is_err());
    }
}

#[test]
fn a_token_that_is_good_for_less_sees_less() {
    let world = World::new();
    world.member("alpha");
    world.collection("here", "");
    let alpha = world.token("alpha", &["analyst"]);
    world.submit(&alpha, &envelope(&[wrong(1)])).unwrap();
    let kind = |caller: &Caller| world.node.quarantine(caller).unwrap_err().kind;
    assert_eq!(kind(&world.token_for("alpha", &["analyst"], &["here"], &["here"])), Kind::Forbidden);
    assert_eq!(kind(&world.token("alpha", &["organisation-administrator"])), Kind::Forbidden);
    // A curator of some collections is told that there is something, as of others, and not what.
    let there = listed(&world, &world.token_for("alpha", &["curator"], &["here"], &["here"]));
    assert!(there.len() == 1 && there[0].get("reason").is_none() && there[0].get("object").is_none());
    let visitor = Caller { principal: model::Principal::anonymous(), ..alpha };
    assert_eq!(kind(&visitor), Kind::Unauthenticated);
    let low = NewToken {
        member: "alpha".to_owned(),
        roles: strings(&["analyst"]),
        ceiling: Some(model::Tlp::Amber),
        ..NewToken::default()
    };
    let low = world.signed_in(&world.node.add_token(&world.node.operator(), &low).unwrap().secret);
    assert_eq!(listed(&world, &low).len(), 0, "it may be RED");
    for id in ["0", "99", "x", "-1", "18446744073709551615"] {
        assert_eq!(world.node.quarantined(&world.node.operator(), id).unwrap_err().kind, Kind::NotFound);
    }
}

#[test]
fn it_is_let_go_after_seven_days() {
    let world = World::new();
    let operator = world.node.operator();
    world.submit(&operator, &envelope(&[wrong(1)])).unwrap();
    world.later(6 * DAY_S);
    world.submit(&operator, &envelope(&[wrong(2)])).unwrap();
    let world = world.restarted();
    assert_eq!(listed(&world, &world.node.operator()).len(), 2);
    world.later(2 * DAY_S);
    // The job runs when the node starts.
    let world = world.restarted();
    for _ in 0..200 {
        let left = listed(&world, &world.node.operator());
        if left.len() == 1 {
            assert_eq!(left[0]["object"], super::write_world::id(2));
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("what was old was not let go");
}

#[test]
fn bytes_that_are_no_text_are_shown_too() {
    let world = World::new();
    let operator = world.node.operator();
    let options = node::ImportOptions::default();
    world.node.submit(&operator, &options, b"\xff\xfe{").unwrap_err();
    let item = listed(&world, &operator).remove(0);
    let shown = world.node.quarantined(&operator, item["id"].as_str().unwrap()).unwrap();
    assert_eq!((&shown["content_base64"], shown.get("content")), (&"//57".into(), None));
}

/// Asserts that none of these stands in a file of the folder.
fn stays_nowhere(world: &World, secrets: &[&str]) {
    let folder = std::fs::read_dir(world.folder.path()).unwrap();
    let files = folder.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut looked_at = 0;
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        looked_at += bytes.len();
        for secret in secrets {
            let stays = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!stays, "{secret} in {}", file.display());
        }
    }
    assert!(looked_at > 10_000);
}

const CARD: &str = "4111111111111111";

#[test]
fn the_number_of_a_card_and_a_credential_stay_nowhere() {
    let world = World::new();
    let long = format!("value\n\"{CARD};12/26;123;Ada Lovelace;1 Example Street;12345 Example\"\n");
    for (rows, count) in [
        (
            "value,type\n4111111111111111,card-range\n5500005555555559,\nbob@example.com:hunter2,credential\n",
            3,
        ),
        // Another error of the row comes first, or the value is whole and something else is not.
        ("tlp,value,type\nmauve,4111111111111111,card-range\nmauve,bob@example.com:hunter2,credential\n", 2),
        ("value,valid_from\nbad.example,4111111111111111\n", 1),
        // More behind the number.
        ("value\n4111111111111111:1226\n4111111111111111.1226\n4111111111111111=1226123\n", 3),
        // Within a line.
        ("#\nnot/a/value 4111111111111111\nnothing # 4111111111111111\n", 2),
        (long.as_str(), 1),
    ] {
        let (summary, told) = world.import(&ImportOptions::default(), rows.as_bytes()).unwrap();
        assert_eq!(summary.rejected, count, "{rows}: {told:?}");
        for secret in [CARD, "5500005555555559", "hunter2"] {
            assert!(told.iter().all(|outcome| !outcome.message.as_ref().unwrap().contains(secret)));
        }
        stays_nowhere(&world, &[CARD, "5500005555555559", "hunter2"]);
    }
    // What is no document at all may be a list of cards.
    world.submit(&world.node.operator(), &format!("value\n{CARD}\n")).unwrap_err();
    stays_nowhere(&world, &[CARD]);
}

#[test]
fn the_number_of_a_card_stays_nowhere_when_all_that_it_came_with_is_refused() {
    let world = World::new();
    for member in ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"] {
        world.member(member);
    }
    let curated = node::NewCollection {
        title: "One".to_owned(),
        curation: model::circle::Curation::One,
        ..node::NewCollection::default()
    };
    world.node.add_collection(&world.node.operator(), &curated).unwrap();
    let alpha = world.token("alpha", &["analyst"]);
    let through = ImportOptions { collection: Some("One".to_owned()), ..ImportOptions::default() };
    // What would be refused of it is told at once, and waits for nobody.
    let wrong = format!("value,type\nbad.example,\n{CARD},card-range\n");
    for dry_run in [true, false] {
        let options = ImportOptions { dry_run, ..through.clone() };
        let refused = world.import_as(&alpha, &options, wrong.as_bytes()).unwrap_err();
        assert!(refused.message.starts_with("object 2: ") && !refused.message.contains(CARD), "{refused:?}");
        assert!(refused.hint.unwrap().contains("leave it out"));
    }
    let unnamed = ImportOptions { without_name: true, ..ImportOptions::default() };
    let other = format!("value,note\nnothing,\nbad.example,paid with {CARD}\n");
    let refused = world.import_as(&alpha, &unnamed, other.as_bytes()).unwrap_err();
    assert!(refused.message.starts_with("object 1: `nothing`"), "{refused:?}");
    stays_nowhere(&world, &[CARD]);
    // What stands beside a value is taken as it is; refused, it is not kept.
    let input = format!("value,note\nbad.example,paid with {CARD}\n");
    let (summary, _) = world.import_as(&alpha, &through, input.as_bytes()).unwrap();
    let curator = world.token("beta", &["curator"]);
    world.node.return_queued(&curator, &summary.submission, "not ours to keep").unwrap();
    for round in 0.. {
        if world.node.status(&alpha, &summary.submission).unwrap().complete {
            break;
        }
        assert!(round < 2_000, "it was never answered");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(listed(&world, &alpha).iter().all(|item| item["bytes"] == 0));
    // While they waited their bytes were here, and the log of the database has them until it is emptied.
    stays_nowhere(&world.restarted(), &[CARD]);
}

#[test]
fn what_a_circle_refuses_of_a_row_with_a_card_is_told_without_it() {
    let world = World::new();
    world.member("alpha");
    let alpha = world.token("alpha", &["analyst", "organisation-administrator"]);
    let charter = model::Charter {
        formal: true,
        agreement: "Among us.".to_owned(),
        vocabulary: vec!["sector:*".to_owned()],
        ..model::Charter::default()
    };
    let new =
        node::NewCircle { name: "Ours".to_owned(), charter: Some(charter), ..node::NewCircle::default() };
    world.node.add_circle(&alpha, &new).unwrap();
    let options = ImportOptions { to: strings(&["circle:Ours"]), ..ImportOptions::default() };
    let rows = format!("value,tags\nbad.example,{CARD}\n");
    let (summary, told) = world.import_as(&alpha, &options, rows.as_bytes()).unwrap();
    assert_eq!(summary.rejected, 1, "{told:?}");
    let message = told[0].message.as_deref().unwrap();
    assert!(message.starts_with("its tag `…`; nothing of the row is kept"), "{message}");
    stays_nowhere(&world, &[CARD]);
}
