//! Who else said a value, and when; and values that lead from nobody to anybody.

use node::{Caller, ImportOptions, Settings};

use super::write_world::{FIRST, World, envelope, id, indicator, settings};

/// An indicator of the address `198.51.0.200`, whatever its number.
fn same(n: u32, rest: &str) -> String {
    indicator(n, FIRST, rest).replace(&format!("198.51.{}.{}", n / 250, n % 250), "198.51.0.200")
}

fn submit(world: &World, by: &Caller, tlp: &str, objects: &[String]) {
    let options = ImportOptions { tlp: tlp.parse().ok(), ..ImportOptions::default() };
    let status = world.node.submit(by, &options, envelope(objects).as_bytes()).unwrap();
    assert_eq!(status.failure, 0, "{status:?}");
}

fn world(settings: Settings) -> (World, [Caller; 3]) {
    let world = World::with(settings);
    let callers = ["alpha", "beta", "gamma"].map(|member| {
        world.member(member);
        world.token(member, &["analyst"])
    });
    (world, callers)
}

fn names(said: &[node::views::Saying]) -> Vec<(String, u64)> {
    let name = |one: &node::views::Saying| one.source.as_ref().map(|source| source.name.clone());
    said.iter().map(|one| (name(one).unwrap_or_default(), one.objects)).collect()
}

#[test]
fn each_reader_is_told_who_said_a_value_as_far_as_he_sees() {
    let (world, [alpha, beta, gamma]) = world(settings());
    submit(&world, &alpha, "green", &[same(1, ""), same(2, ""), indicator(9, FIRST, "")]);
    world.later(60);
    submit(&world, &beta, "red", &[same(3, "")]);
    world.later(60);
    submit(&world, &gamma, "green", &[same(4, "")]);
    let who = |by: &Caller| {
        let answers = world.node.lookup(by, &["198[.]51[.]0[.]200".to_owned()], 1).unwrap();
        answers.into_iter().next().unwrap().who.unwrap()
    };
    let counted = |names: &[(&str, u64)]| -> Vec<(String, u64)> {
        names.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    assert_eq!(names(&who(&alpha).said), counted(&[("alpha", 2), ("gamma", 1)]));
    assert_eq!(names(&who(&beta).said), counted(&[("alpha", 2), ("beta", 1), ("gamma", 1)]));
    let told = who(&gamma);
    assert!(!told.more && told.said[0].first <= told.said[0].last && told.said[0].last < told.said[1].first);
    // The page of one of them tells of the others, and of none that are not there.
    let page = world.node.object(&alpha, &id(1), None).unwrap();
    let value = &page.values[0];
    assert_eq!((value.value.as_str(), value.kind.as_str()), ("198.51.0.200", "ipv4"));
    assert_eq!(names(&value.who.said), counted(&[("alpha", 1), ("gamma", 1)]));
    assert!(world.node.object(&alpha, &id(9), None).unwrap().values.is_empty());
    let many: Vec<String> = (0..101).map(|n| format!("192.0.2.{n}")).collect();
    assert!(world.node.lookup(&alpha, &many, 1).unwrap().iter().all(|answer| answer.who.is_none()));
}

#[test]
fn what_many_say_is_capped_and_that_is_said() {
    let (world, [alpha, beta, _]) = world(settings());
    submit(&world, &alpha, "green", &(0..100).map(|n| same(n, "")).collect::<Vec<_>>());
    let who = |value: &str| {
        let answers = world.node.lookup(&beta, &[value.to_owned()], 1).unwrap();
        answers.into_iter().next().unwrap().who.unwrap()
    };
    let told = who("198.51.0.200");
    assert_eq!((told.said[0].objects, told.more), (100, false));
    submit(&world, &alpha, "red", &[same(100, "")]);
    assert!(!who("198.51.0.200").more, "what is hidden counts for nothing");
    submit(&world, &alpha, "green", &[same(101, "")]);
    let told = who("198.51.0.200");
    assert_eq!((told.said[0].objects, told.more), (100, true));
}

#[test]
fn what_is_on_a_warning_list_leads_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let list = |name: &str, kind: &str, entry: &str| {
        format!(
            "{{\"name\":\"{name}\",\"type\":\"{kind}\",\"list\":[\"{entry}\"],\"matching_attributes\":[\"ip-dst\"]}}"
        )
    };
    std::fs::create_dir(folder.path().join("one")).unwrap();
    std::fs::write(folder.path().join("one/list.json"), list("Ours", "cidr", "198.51.0.192/26")).unwrap();
    std::fs::write(folder.path().join("broken.json"), "{").unwrap();
    std::fs::write(folder.path().join("words.json"), list("Words", "substring", "198")).unwrap();
    let with = Settings { warning_lists: Some(folder.path().to_owned()), ..settings() };
    let (world, [alpha, beta, _]) = world(with);
    submit(&world, &alpha, "green", &[same(1, ""), indicator(9, FIRST, "")]);
    submit(&world, &beta, "green", &[same(2, ""), same(9_000, "")]);
    let answers = ["198.51.0.200".to_owned(), "198.51.0.9".to_owned()];
    let answers = world.node.lookup(&beta, &answers, 5).unwrap();
    let who: Vec<_> = answers.iter().map(|answer| answer.who.as_ref().unwrap()).collect();
    assert!(answers[0].hit && who[0].said.is_empty() && who[0].warning_lists == ["Ours"]);
    assert!(who[1].said.len() == 1 && who[1].warning_lists.is_empty());
    let page = world.node.object(&alpha, &id(1), None).unwrap();
    assert!(page.values[0].who.said.is_empty() && page.values[0].who.warning_lists == ["Ours"]);
}

/// The lists of the MISP project, where they are at hand.
#[test]
fn real_lists_are_read_and_asked_in_no_time() {
    let Some(corpus) = std::env::var_os("ACCORD_CORPUS") else { return };
    let with =
        Settings { warning_lists: Some(std::path::Path::new(&corpus).join("warninglists")), ..settings() };
    let (world, [alpha, ..]) = world(with);
    let values = ["10.1.2.3", "www.google.com", "8.8.8.8", "203.0.113.9", "d41d8cd98f00b204e9800998ecf8427e"];
    let values = values.map(str::to_owned);
    world.node.lookup(&alpha, &values, 1).unwrap();
    let begun = std::time::Instant::now();
    let answers = world.node.lookup(&alpha, &values, 1).unwrap();
    assert!(begun.elapsed() < std::time::Duration::from_millis(250), "{:?}", begun.elapsed());
    let on: Vec<bool> =
        answers.iter().map(|one| !one.who.as_ref().unwrap().warning_lists.is_empty()).collect();
    // TEST-NET-3 is on a list of addresses for documentation.
    assert_eq!(on, [true; 5]);
}
