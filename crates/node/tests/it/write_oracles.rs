//! Labels and owners: what a submitter is told goes by what he sees, and what he asked for is not quietly left undone.

use std::path::Path;

use model::Tlp;
use node::{Caller, ImportOptions, ListQuery};

use store::record::ObjectKey;
use store::{Options, Store};

use crate::write_world::{FIRST, SECOND, World, envelope, id, indicator};

const TERMS: &str = "marking-definition--00000000-0000-4000-8000-0000000000aa";
const RED: &str = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";

fn terms(rest: &str) -> String {
    format!(
        "{{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"{TERMS}\",\"created\":\"{FIRST}\",\
         \"definition_type\":\"statement\",\"definition\":{{\"statement\":\"(c) ACME\"}}{rest}}}"
    )
}

fn marked(id: &str) -> String {
    format!(",\"object_marking_refs\":[\"{id}\"]")
}

fn at(tlp: Tlp) -> ImportOptions {
    ImportOptions { tlp: Some(tlp), ..ImportOptions::default() }
}

/// State and message of the one object of a submission, which are the same when they are asked for later.
fn told(world: &World, caller: &Caller, options: &ImportOptions, object: &str) -> (&'static str, String) {
    let mut told = Vec::new();
    let status = world.node.submit(caller, options, object.as_bytes()).unwrap();
    for status in [world.node.status(caller, &status.id).unwrap(), status] {
        let outcome = &status.outcomes[0];
        told.push((outcome.state, outcome.message.clone().unwrap_or_default()));
    }
    // Only that a marking is missing is told once.
    if told[1].1.contains("until the marking") {
        assert_eq!(told[0], (told[1].0, String::new()));
    } else {
        assert_eq!(told[0], told[1]);
    }
    told.remove(1)
}

fn export(world: &World, caller: &Caller) -> Vec<u8> {
    let mut out = Vec::new();
    world.node.export(caller, "stix", true, &ListQuery::default(), &mut out).unwrap();
    out
}

#[test]
fn a_label_that_was_carried_stays_when_a_marking_arrives() {
    let from = World::new();
    let operator = from.node.operator();
    from.submit(&operator, &indicator(1, FIRST, &marked(TERMS))).unwrap();
    let exported = export(&from, &operator);
    let to = World::new();
    let operator = to.node.operator();
    to.import(&ImportOptions::default(), &exported).unwrap();
    // Beside it, one that waits.
    to.submit(&operator, &indicator(2, FIRST, &marked(TERMS))).unwrap();
    to.submit(&operator, &terms("")).unwrap();
    let labels = || [1, 2].map(|n| to.label(&operator, &id(n)).unwrap());
    assert_eq!(labels(), ["TLP:RED", "TLP:AMBER"]);
    let rebuilt = to.node.rebuild(&operator, &mut |_, _| {}).unwrap();
    assert_eq!(rebuilt["equal"], true);
    to.submit(&operator, &terms(",\"name\":\"again\"")).unwrap();
    assert_eq!(labels(), ["TLP:RED", "TLP:AMBER"]);
}

#[test]
fn what_waits_is_opened_where_it_stands_by_then() {
    let world = World::new();
    let operator = world.node.operator();
    let waiting = marked(TERMS);
    world.submit(&operator, &indicator(1, FIRST, &waiting)).unwrap();
    world.submit(&operator, &indicator(1, SECOND, &waiting)).unwrap();
    world.submit(&operator, &indicator(2, FIRST, &waiting)).unwrap();
    world.submit(&operator, &indicator(3, FIRST, &waiting)).unwrap();
    // The later version is taken back, so the earlier one enters anew; one is gone, one is erased.
    world.node.withdraw(&operator, None, &id(1), &[SECOND.to_owned()]).unwrap();
    world.node.withdraw(&operator, None, &id(2), &[]).unwrap();
    world.node.erase(&operator, &id(3), "a test").unwrap();
    let rebuilt = world.node.rebuild(&operator, &mut |_, _| {}).unwrap();
    assert_eq!(rebuilt["equal"], true);
    let world = world.restarted();
    let operator = world.node.operator();
    world.submit(&operator, &terms("")).unwrap();
    let labels = [1, 2, 3].map(|n| world.label(&operator, &id(n)));
    assert_eq!(labels, [Some("TLP:AMBER".to_owned()), None, None]);
}

// It costs what waits: the members of a node that says much in RED do not wait for it.
#[test]
fn what_waits_for_a_marking_is_known_by_it() {
    let world = World::new();
    let operator = world.node.operator();
    let red: Vec<String> = (10..2_000).map(|n| indicator(n, FIRST, &marked(RED))).collect();
    world.submit(&operator, &envelope(&red)).unwrap();
    world.submit(&operator, &indicator(1, FIRST, &marked(TERMS))).unwrap();
    let waiting = |folder: &Path| {
        let store = Store::open(folder, &Options::default()).unwrap();
        let marking = ObjectKey::parse(TERMS).unwrap();
        store.snapshot().unwrap().waiting_for(&marking, None).unwrap().len()
    };
    let world = world.restarted_after(|folder| assert_eq!(waiting(folder), 1));
    world.submit(&operator, &terms("")).unwrap();
    assert_eq!(world.label(&operator, &id(1)).unwrap(), "TLP:AMBER");
    world.restarted_after(|folder| assert_eq!(waiting(folder), 0));
}

#[test]
fn a_claim_on_what_another_said_is_told_only_to_who_sees_him_say_it() {
    // The owner said nothing, or what the other does not see, or what he sees.
    let answers = [None, Some(Tlp::Red), Some(Tlp::Green)].map(|owners| {
        let world = World::new();
        let blue_identity = world.member("Blue");
        world.member("Red");
        let [blue, red] = ["Blue", "Red"].map(|member| world.token(member, &["analyst"]));
        let authored = format!(",\"created_by_ref\":\"{blue_identity}\"");
        if let Some(tlp) = owners {
            world.node.submit(&blue, &at(tlp), indicator(1, FIRST, &authored).as_bytes()).unwrap();
        }
        let dry = ImportOptions { dry_run: true, ..at(Tlp::Green) };
        let foreseen = world.node.submit(&red, &dry, indicator(1, SECOND, &authored).as_bytes()).unwrap();
        let first = told(&world, &red, &at(Tlp::Green), &indicator(1, SECOND, &authored));
        assert_eq!(foreseen.outcomes[0].state, first.0);
        let third = "2026-03-01T00:00:00.000Z";
        let second = told(&world, &red, &at(Tlp::Green), &indicator(1, third, ""));
        let page = world.node.object(&red, &id(1), Some(third)).unwrap().summary.claim;
        let exported = String::from_utf8(export(&world, &red)).unwrap().contains("\"claim\":true");
        (first, second, page, exported)
    });
    // Words that name Blue's identity are a claim whatever Blue said; words that name nobody, where he sees Blue's.
    let (first, second, page, exported) = &answers[0];
    assert_eq!((first.0, second.0, *page, *exported), ("claim", "new", false, true));
    assert_eq!(answers[1], answers[0], "what he does not see tells him nothing");
    let (first, second, page, exported) = &answers[2];
    assert_eq!((first.0, second.0, *page, *exported), ("claim", "claim", true, true));
}

#[test]
fn a_marking_that_the_submitter_does_not_see_gives_no_label() {
    // The node's own member said the marking to nobody, to all, or not at all.
    let labels = [None, Some(Tlp::Red), Some(Tlp::Green)].map(|said| {
        let world = World::new();
        world.member("Blue");
        let blue = world.token("Blue", &["analyst"]);
        world.submit(&blue, &indicator(1, FIRST, &marked(TERMS))).unwrap();
        if let Some(tlp) = said {
            world.node.submit(&world.node.operator(), &at(tlp), terms("").as_bytes()).unwrap();
        }
        let told = told(&world, &blue, &at(Tlp::Green), &indicator(2, FIRST, &marked(TERMS)));
        (told, [1, 2].map(|n| world.label(&blue, &id(n)).unwrap()))
    });
    assert_eq!(labels[0].1, ["TLP:RED"; 2]);
    assert_eq!(labels[1], labels[0]);
    assert_eq!(labels[2], (("new", String::new()), ["TLP:AMBER", "TLP:GREEN"].map(str::to_owned)));
}

// As after a crash between the definition and what it opens: a definition that is held, and something that waits for it.
#[test]
fn a_marking_that_is_said_again_opens_what_still_waits() {
    let world = World::new();
    world.member("Blue");
    let blue = world.token("Blue", &["analyst"]);
    world.node.submit(&blue, &at(Tlp::Red), terms("").as_bytes()).unwrap();
    // Who imports for Blue does not see what Blue said in RED.
    let for_blue = ImportOptions { member: Some("Blue".to_owned()), ..at(Tlp::Green) };
    let object = indicator(1, FIRST, &marked(TERMS));
    world.node.submit(&world.node.operator(), &for_blue, object.as_bytes()).unwrap();
    assert_eq!(world.label(&blue, &id(1)).unwrap(), "TLP:RED");
    let again = world.node.submit(&blue, &at(Tlp::Red), terms("").as_bytes()).unwrap();
    assert_eq!(again.outcomes[0].state, "duplicate");
    assert_eq!(world.label(&blue, &id(1)).unwrap(), "TLP:GREEN");
}

#[test]
fn a_marking_that_comes_at_the_same_moment_opens_what_refers_to_it() {
    let world = World::new();
    let operator = world.node.operator();
    for n in 1..=40 {
        let marking = TERMS.replace("0000000000aa", &format!("{n:012x}"));
        let object = indicator(n, FIRST, &marked(&marking));
        let both = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                both.wait();
                world.submit(&operator, &object).unwrap();
            });
            both.wait();
            world.submit(&operator, &terms("").replace(TERMS, &marking)).unwrap();
        });
        assert_eq!(world.label(&operator, &id(n)).unwrap(), "TLP:AMBER", "{n}");
    }
}

// As many at once as may read at once, and more.
#[test]
fn markings_that_come_together_do_not_wait_for_each_other() {
    let world = World::new();
    let operator = world.node.operator();
    let marking = |n: u32| TERMS.replace("0000000000aa", &format!("{n:012x}"));
    for n in 0..24 {
        let waiting: Vec<String> =
            (1..40).map(|k| indicator(n * 100 + k, FIRST, &marked(&marking(n)))).collect();
        world.submit(&operator, &envelope(&waiting)).unwrap();
    }
    let (together, began) = (std::sync::Barrier::new(24), std::time::Instant::now());
    std::thread::scope(|scope| {
        for n in 0..24 {
            let (world, operator, together) = (&world, &operator, &together);
            scope.spawn(move || {
                together.wait();
                world.submit(operator, &terms("").replace(TERMS, &marking(n))).unwrap();
            });
        }
    });
    assert!(began.elapsed().as_secs() < 25, "{:?}", began.elapsed());
    assert_eq!(world.label(&operator, &id(2_301)).unwrap(), "TLP:AMBER");
}

#[test]
fn who_reads_one_collection_is_told_what_he_sees_there() {
    let world = World::new();
    world.collection("Whole", "");
    world.collection("Part", "type = indicator");
    let identity = world.member("Blue");
    world.member("Red");
    let blue = world.token("Blue", &["analyst"]);
    let authored = format!(",\"created_by_ref\":\"{identity}\"");
    world.submit(&blue, &indicator(1, FIRST, &authored)).unwrap();
    for (n, (reads, told_of)) in [("Whole", "claim"), ("Part", "new"), ("", "new")].into_iter().enumerate() {
        let through = if reads.is_empty() { "Whole" } else { reads };
        let read: &[&str] = if reads.is_empty() { &[] } else { &[reads] };
        let red = world.token_for("Red", &["analyst"], read, &[through]);
        let options = ImportOptions { collection: Some(through.to_owned()), ..at(Tlp::Amber) };
        let version = format!("2026-0{}-01T00:00:00.000Z", n + 2);
        assert_eq!(told(&world, &red, &options, &indicator(1, &version, "")).0, told_of, "{reads}");
    }
}

#[test]
fn saying_it_again_under_another_label_or_through_another_collection_is_no_silent_success() {
    let world = World::new();
    world.collection("First", "via = this");
    world.collection("Second", "via = this");
    let operator = world.node.operator();
    let through = |title: &str| ImportOptions { collection: Some(title.to_owned()), ..at(Tlp::Amber) };
    let object = indicator(1, FIRST, "");
    assert_eq!(told(&world, &operator, &through("First"), &object).0, "new");
    let again = told(&world, &operator, &through("First"), &object);
    assert_eq!(again, ("duplicate", String::new()));
    for (options, says) in [
        (at(Tlp::Green), "it is held as TLP:AMBER and was not relabelled: "),
        (through("Second"), "it is held outside this collection and was not added to it: "),
        (
            ImportOptions { tlp: Some(Tlp::Red), ..through("Second") },
            "it is held as TLP:AMBER and was not relabelled; it is held outside this collection",
        ),
    ] {
        let dry = ImportOptions { dry_run: true, ..options.clone() };
        let foreseen = world.node.submit(&operator, &dry, object.as_bytes()).unwrap();
        let (state, message) = told(&world, &operator, &options, &object);
        assert_eq!(state, "duplicate");
        assert!(message.starts_with(says), "{message}");
        assert_eq!(foreseen.outcomes[0].message.as_deref(), Some(&*message));
    }
    assert_eq!(world.label(&operator, &id(1)).unwrap(), "TLP:AMBER", "nothing was lowered");
    let listed = |title| world.listed(&operator, Some(title)).len();
    assert_eq!(["First", "Second"].map(listed), [1, 0]);
    // What the message says helps.
    world.node.withdraw(&operator, None, &id(1), &[]).unwrap();
    assert_eq!(
        told(&world, &operator, &ImportOptions { tlp: Some(Tlp::Green), ..through("Second") }, &object).0,
        "new"
    );
    assert_eq!(world.label(&operator, &id(1)).unwrap(), "TLP:GREEN");
    assert_eq!(["First", "Second"].map(listed), [0, 1]);
}

#[test]
fn a_label_that_the_token_does_not_see_is_not_named() {
    let world = World::new();
    let operator = world.node.operator();
    world.node.submit(&operator, &at(Tlp::Red), indicator(1, FIRST, "").as_bytes()).unwrap();
    let new = node::NewToken {
        member: "ACME".to_owned(),
        roles: vec!["analyst".to_owned()],
        ceiling: Some(Tlp::Green),
        ..node::NewToken::default()
    };
    let low = world.signed_in(&world.node.add_token(&operator, &new).unwrap().secret);
    let (state, message) = told(&world, &low, &at(Tlp::Green), &indicator(1, FIRST, ""));
    assert_eq!(state, "duplicate");
    assert!(!message.contains("RED") && message.contains("was not relabelled"), "{message}");
}

#[test]
fn a_row_takes_no_time_from_one_that_the_token_does_not_see() {
    // The member's other token said the same value before, in RED or not at all; or in GREEN.
    let rows = [None, Some(Tlp::Red), Some(Tlp::Green)].map(|before| {
        let world = World::new();
        let operator = world.node.operator();
        if let Some(tlp) = before {
            world.import(&at(tlp), b"value,description\n198.51.100.7,one\n").unwrap();
        }
        world.later(86_400);
        let new = node::NewToken {
            member: "ACME".to_owned(),
            roles: vec!["analyst".to_owned()],
            ceiling: Some(Tlp::Green),
            ..node::NewToken::default()
        };
        let low = world.signed_in(&world.node.add_token(&operator, &new).unwrap().secret);
        world.import_as(&low, &at(Tlp::Green), b"value,description\n198.51.100.7,two\n").unwrap();
        let mut row = String::new();
        let query = ListQuery { limit: Some(9), ..ListQuery::default() };
        world
            .node
            .list(&low, &query, &mut |entry| {
                let text = std::str::from_utf8(entry.wire).unwrap();
                row = text.split("\"created\":\"").nth(1).unwrap()[..10].to_owned();
            })
            .unwrap();
        row
    });
    assert_eq!(rows, ["2026-09-02", "2026-09-02", "2026-09-01"]);
}

#[test]
fn an_id_stays_its_owners_when_all_of_it_was_taken_back() {
    let world = World::new();
    let identity = world.member("Blue");
    world.member("Red");
    let [blue, red] = ["Blue", "Red"].map(|member| world.token(member, &["analyst"]));
    let authored = format!(",\"created_by_ref\":\"{identity}\"");
    world.submit(&blue, &indicator(1, FIRST, &authored)).unwrap();
    world.node.withdraw(&blue, None, &id(1), &[]).unwrap();
    world.submit(&red, &indicator(1, "2026-04-01T00:00:00.000Z", "")).unwrap();
    world.submit(&blue, &indicator(1, SECOND, &authored)).unwrap();
    let view = world.node.object(&world.node.operator(), &id(1), None).unwrap();
    assert_eq!(view.summary.source.unwrap().name, "Blue");
    assert_eq!(view.claims.len(), 1);
}
