//! Parts of objects under granular markings, from the submission to the reader.

use model::Tlp;
use node::views::Status;
use node::{Annotation, Caller, ImportOptions, ListQuery, NewToken, SearchQuery};

use crate::write_world::{FIRST, World, envelope, id, indicator, strings};

const CLEAR: &str = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487";
const GREEN: &str = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da";
const AMBER: &str = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82";
const RED: &str = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed";
const TERMS: &str = "marking-definition--00000000-0000-4000-8000-0000000000aa";
const OTHERS: &str = "marking-definition--00000000-0000-4000-8000-0000000000bb";

fn terms(id: &str) -> String {
    format!(
        "{{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"{id}\",\"created\":\"{FIRST}\",\
         \"definition_type\":\"statement\",\"definition\":{{\"statement\":\"(c) ACME\"}},\
         \"object_marking_refs\":[\"{CLEAR}\"]}}"
    )
}

/// An indicator under a marking, with two tags and a reference, and parts of it under others.
fn parted(n: u32, whole: &str, parts: &[(&str, &str)]) -> String {
    let granular: Vec<String> = parts
        .iter()
        .map(|(id, selector)| format!("{{\"marking_ref\":\"{id}\",\"selectors\":[\"{selector}\"]}}"))
        .collect();
    let rest = format!(
        ",\"labels\":[\"canary-tag\",\"open-tag\"],\"external_references\":[{{\"source_name\":\"s\",\
         \"external_id\":\"canary-reference\"}}],\"object_marking_refs\":[\"{whole}\"],\"granular_markings\":[{}]",
        granular.join(",")
    );
    indicator(n, FIRST, &rest)
}

fn secret(n: u32, whole: &str, marking: &str) -> String {
    parted(n, whole, &[(marking, "labels.[0]"), (marking, "external_references")])
}

fn wire(world: &World, caller: &Caller, id: &str) -> String {
    world.node.object(caller, id, None).map(|view| view.object.get().to_owned()).unwrap_or_default()
}

fn sees(world: &World, caller: &Caller, n: u32) -> (String, bool) {
    let wire = wire(world, caller, &id(n));
    (world.label(caller, &id(n)).unwrap_or_default(), wire.contains("canary"))
}

fn found(world: &World, caller: &Caller, tag: &str) -> usize {
    let query = SearchQuery { tag: Some(tag.to_owned()), ..SearchQuery::default() };
    world.node.search(caller, &query).unwrap().objects.len()
}

fn message(status: &Status) -> &str {
    status.outcomes[0].message.as_deref().unwrap_or_default()
}

fn rebuilt(world: &World) {
    let rebuilt = world.node.rebuild(&world.node.operator(), &mut |_, _| ()).unwrap();
    assert_eq!(rebuilt["equal"], true, "{rebuilt}");
}

// A token of a member that reads and writes no higher than this.
fn up_to(world: &World, member: &str, ceiling: Tlp) -> Caller {
    let new = NewToken {
        member: member.to_owned(),
        roles: strings(&["analyst"]),
        ceiling: Some(ceiling),
        ..NewToken::default()
    };
    world.signed_in(&world.node.add_token(&world.node.operator(), &new).unwrap().secret)
}

#[test]
fn a_granular_marking_restricts_its_part() {
    let world = World::new();
    world.member("Blue");
    let [blue, other] = ["Blue", "ACME"].map(|member| world.token(member, &["analyst"]));
    let low = up_to(&world, "Blue", Tlp::Amber);
    world.submit(&blue, &secret(1, GREEN, RED)).unwrap();
    world.submit(&blue, &secret(2, GREEN, AMBER)).unwrap();
    world.submit(&blue, &secret(3, RED, GREEN)).unwrap();
    let green = |sees| ("TLP:GREEN".to_owned(), sees);
    for (caller, expected) in [
        (&blue, [green(true), green(true), ("TLP:RED".to_owned(), true)]),
        (&other, [green(false), green(true), (String::new(), false)]),
        (&low, [green(false), green(true), (String::new(), false)]),
    ] {
        assert_eq!([1, 2, 3].map(|n| sees(&world, caller, n)), expected);
    }
    let expected =
        indicator(1, FIRST, &format!(",\"labels\":[\"open-tag\"],\"object_marking_refs\":[\"{GREEN}\"]"));
    assert_eq!(wire(&world, &other, &id(1)), expected, "as if it had never been");
    // What is not for everybody who sees the object finds it for nobody.
    assert_eq!(found(&world, &blue, "canary-tag"), 1, "the one that is RED as a whole");
    assert_eq!(found(&world, &other, "canary-tag"), 0);
    assert_eq!(found(&world, &other, "open-tag"), 2);
    rebuilt(&world);
}

#[test]
fn what_is_nothing_without_its_part_is_for_those_who_see_the_part() {
    let world = World::new();
    world.member("Blue");
    let [blue, other] = ["Blue", "ACME"].map(|member| world.token(member, &["analyst"]));
    for (n, selector) in
        [(1, "pattern"), (2, "pattern_type"), (3, "id"), (4, "created_by_ref"), (5, "name"), (6, "modified")]
    {
        let object = parted(n, GREEN, &[(RED, selector)]);
        let by = world.node.members(&world.node.operator()).unwrap();
        let identity = by.iter().find(|member| member.name == "Blue").unwrap().identities[0].clone();
        let object = object.replacen('{', &format!("{{\"created_by_ref\":\"{identity}\","), 1);
        assert_eq!(world.submit(&blue, &object).unwrap().success, 1, "{selector}");
        let shown = if selector == "name" { "TLP:GREEN" } else { "" };
        assert_eq!(world.label(&other, &id(n)).unwrap_or_default(), shown, "{selector}");
        assert!(world.label(&blue, &id(n)).is_some());
    }
}

#[test]
fn a_ceiling_holds_for_parts_too() {
    let world = World::new();
    let low = up_to(&world, "ACME", Tlp::Green);
    for (object, why) in [
        (secret(1, GREEN, RED), "parts of it are TLP:RED, above TLP:GREEN, the highest label"),
        (secret(1, GREEN, TERMS), "which is not held here and counts as TLP:RED until it arrives, above"),
        (secret(1, CLEAR, GREEN), ""),
    ] {
        let status = world.submit(&low, &object).unwrap();
        assert!(message(&status).contains(why), "{}", message(&status));
        assert_eq!(status.failure, u64::from(!why.is_empty()));
    }
}

#[test]
fn a_part_under_an_unknown_marking_is_red_until_it_arrives() {
    let world = World::new();
    world.member("Blue");
    let [blue, other] = ["Blue", "ACME"].map(|member| world.token(member, &["analyst"]));
    let first = world.submit(&blue, &secret(1, GREEN, TERMS)).unwrap();
    assert_eq!(message(&first), format!("parts of it are TLP:RED until the marking `{TERMS}` arrives"));
    // The whole waits for one marking, a part for another.
    let both =
        secret(2, TERMS, OTHERS).replace(&format!("[\"{TERMS}\"]"), &format!("[\"{TERMS}\",\"{GREEN}\"]"));
    world.submit(&blue, &both).unwrap();
    assert_eq!(sees(&world, &other, 1), ("TLP:GREEN".to_owned(), false));
    assert_eq!(sees(&world, &other, 2), (String::new(), false));
    assert_eq!(found(&world, &other, "canary-tag") + found(&world, &blue, "canary-tag"), 1);
    world.submit(&blue, &terms(TERMS)).unwrap();
    assert_eq!(sees(&world, &other, 1), ("TLP:GREEN".to_owned(), true));
    assert_eq!(sees(&world, &other, 2), ("TLP:GREEN".to_owned(), false));
    assert_eq!(found(&world, &other, "canary-tag"), 1);
    rebuilt(&world);
    world.submit(&blue, &terms(OTHERS)).unwrap();
    assert_eq!(sees(&world, &other, 2), ("TLP:GREEN".to_owned(), true));
    assert_eq!(found(&world, &other, "canary-tag"), 2);
    rebuilt(&world);
    // Beside its definition it waits for nothing.
    let together = [secret(3, GREEN, TERMS), secret(4, GREEN, &TERMS.replace("aa", "cc"))];
    let status = world.submit(&blue, &envelope(&together)).unwrap();
    assert_eq!(status.outcomes[0].message, None);
    assert!(status.outcomes[1].message.is_some());
}

#[test]
fn a_full_export_carries_what_parts_ask_for() {
    let (here, there) = (World::new(), World::new());
    here.member("Blue");
    there.member("Reader");
    let [blue, other] = ["Blue", "ACME"].map(|member| here.token(member, &["analyst"]));
    let reader = there.token("Reader", &["analyst"]);
    here.submit(&blue, &envelope(&[secret(1, GREEN, RED), secret(2, GREEN, TERMS)])).unwrap();
    let export = |caller: &Caller| {
        let mut bytes = Vec::new();
        here.node.export(caller, "stix", true, &ListQuery::default(), &mut bytes).unwrap();
        bytes
    };
    let text = String::from_utf8(export(&other)).unwrap();
    assert!(!text.contains("canary") && !text.contains(TERMS) && !text.contains("parts"), "{text}");
    there.import(&ImportOptions::default(), &export(&blue)).unwrap();
    for n in [1, 2] {
        assert_eq!(sees(&there, &there.node.operator(), n), ("TLP:GREEN".to_owned(), true));
        assert_eq!(sees(&there, &reader, n), ("TLP:GREEN".to_owned(), false), "{n}");
    }
}

#[test]
fn who_sees_not_all_of_his_members_word_makes_no_next_version_of_it() {
    let world = World::new();
    world.member("Blue");
    let blue = world.token("Blue", &["analyst"]);
    let low = up_to(&world, "Blue", Tlp::Green);
    world.submit(&blue, &secret(1, GREEN, RED)).unwrap();
    let tags = Annotation::Tags(vec!["seen".to_owned()]);
    let outcome = world.node.annotate(&low, &id(1), &tags, None).unwrap();
    assert!(outcome.id.starts_with("note--"), "{}", outcome.id);
    let outcome = world.node.annotate(&blue, &id(1), &tags, None).unwrap();
    assert_eq!(outcome.id, id(1));
    assert_eq!(sees(&world, &blue, 1), ("TLP:GREEN".to_owned(), true));
    assert_eq!(sees(&world, &low, 1), ("TLP:GREEN".to_owned(), false));
    assert!(wire(&world, &low, &id(1)).contains("\"labels\":[\"open-tag\",\"seen\"]"));
}
