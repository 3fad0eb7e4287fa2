//! Views made again from the record are the same, after any history of verbs.

use node::{Caller, ImportOptions, Kind, SearchQuery};

use super::read_world::Dice;
use super::write_world::{FIRST, World, envelope, id, indicator, strings};

const MARKINGS: [&str; 5] = [
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    // Not known until somebody says it.
    "marking-definition--11111111-1111-4111-8111-111111111111",
];
const OBJECTS: u64 = 20;

/// A member's token, the same for some collections only, and his identity.
struct Somebody {
    caller: Caller,
    identity: String,
}

fn said(dice: &mut Dice, by: &Somebody, others: &[Somebody]) -> String {
    let n = dice.roll(OBJECTS) as u32;
    let mut rest = format!(",\"confidence\":{}", dice.roll(5));
    if dice.one_in(2) {
        rest += &format!(",\"object_marking_refs\":[\"{}\"]", dice.pick(&MARKINGS));
    }
    if dice.one_in(3) {
        let author = if dice.one_in(2) { &by.identity } else { &others[dice.roll(2) as usize].identity };
        rest += &format!(",\"created_by_ref\":\"{author}\"");
    }
    if dice.one_in(2) {
        // Parts of it are under markings of their own.
        rest += &format!(
            ",\"labels\":[\"one\",\"two\"],\"external_references\":[{{\"source_name\":\"s\",\
             \"external_id\":\"e{n}\"}}],\"valid_until\":\"2027-01-01T00:00:00Z\",\"x_ref\":\"{}\",\
             \"granular_markings\":[{{\"marking_ref\":\"{}\",\"selectors\":[\"{}\"]}},\
             {{\"marking_ref\":\"{}\",\"selectors\":[\"labels.[1]\"]}}]",
            id(n + 2),
            dice.pick(&MARKINGS),
            dice.pick(&[
                "labels.[0]",
                "labels",
                "valid_until",
                "x_ref",
                "external_references",
                "created",
                "name"
            ]),
            dice.pick(&MARKINGS),
        );
    }
    let version = format!("2026-0{}-01T00:00:00.000Z", 1 + dice.roll(4));
    match dice.roll(4) {
        0 => format!(
            "{{\"type\":\"relationship\",\"spec_version\":\"2.1\",\"id\":\"{}\",\"created\":\"{FIRST}\",\
             \"modified\":\"{version}\",\"relationship_type\":\"indicates\",\"source_ref\":\"{}\",\
             \"target_ref\":\"{}\"{rest}}}",
            id(n).replace("indicator", "relationship"),
            id(n),
            id(n + 1).replace("indicator", "malware"),
        ),
        1 => format!(
            "{{\"type\":\"domain-name\",\"spec_version\":\"2.1\",\"id\":\"domain-name--{}\",\"value\":\"{n}.example.com\"{}}}",
            uuid::Uuid::from_u128((8 << 60) + (5 << 76) + u128::from(n)),
            if dice.one_in(2) { ",\"defanged\":false" } else { "" },
        ),
        _ => indicator(n, &version, &rest),
    }
}

fn definition() -> String {
    format!(
        "{{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"{}\",\"created\":\"{FIRST}\",\
         \"definition_type\":\"statement\",\"definition\":{{\"statement\":\"ours\"}}}}",
        MARKINGS[4]
    )
}

fn old_form(n: u32) -> String {
    format!(
        "{{\"type\":\"bundle\",\"id\":\"bundle--{0}\",\"spec_version\":\"2.0\",\"objects\":[{{\"type\":\"observed-data\",\
         \"id\":\"observed-data--{0}\",\"created\":\"{FIRST}\",\"modified\":\"{FIRST}\",\"first_observed\":\"{FIRST}\",\
         \"last_observed\":\"{FIRST}\",\"number_observed\":1,\"objects\":{{\"0\":{{\"type\":\"ipv4-addr\",\
         \"value\":\"203.0.113.{n}\"}}}}}}]}}",
        uuid::Uuid::from_u128((8 << 60) + (4 << 76) + u128::from(n)),
    )
}

fn import(world: &World, by: &Caller, options: ImportOptions, text: &str) {
    world.import_as(by, &options, text.as_bytes()).unwrap();
}

/// One step of a history. Refusals are as good as anything.
fn step(world: &World, dice: &mut Dice, everybody: &[Somebody], collections: &mut Vec<String>) {
    let by = &everybody[dice.roll(everybody.len() as u64) as usize];
    let operator = world.node.operator();
    let n = dice.roll(OBJECTS) as u32;
    world.later(dice.roll(100) as i64);
    match dice.roll(14) {
        0 => {
            let _may = world.node.withdraw(&by.caller, None, &id(n), &[]);
        }
        1 => {
            let last = strings(&["last"]);
            let _may =
                world.node.withdraw(&by.caller, collections.first().map(String::as_str), &id(n), &last);
        }
        2 => {
            let _may = world.node.erase(&operator, &id(n), "a reason");
        }
        3 => {
            let _may = world.submit(&by.caller, &definition());
        }
        4 => {
            let options = ImportOptions { format: Some("list".to_owned()), ..ImportOptions::default() };
            import(world, &by.caller, options, &format!("198.51.100.{n}\nh{n}.example.org\n"));
        }
        5 => {
            let csv = format!("value,comment\n192.0.2.{n},\"one, two\"\n{n}.example.net,\"x\"\n");
            let columns = vec![("value".to_owned(), "value".to_owned())];
            let options =
                ImportOptions { format: Some("csv".to_owned()), columns, ..ImportOptions::default() };
            import(world, &by.caller, options, &csv);
        }
        6 => import(world, &by.caller, ImportOptions::default(), &old_form(n)),
        7 if collections.len() < 8 => {
            let filters = [
                "type = indicator",
                "label <= green",
                "via = this",
                "source = beta",
                "author = identity--00000000-0000-4000-8000-000000000001",
                "pattern_type = stix and label <= amber",
                "type in (domain-name, observed-data)",
            ];
            let title = format!("collection {}", collections.len());
            collections.push(world.collection(&title, dice.pick(&filters)));
        }
        8 if collections.len() > 4 => {
            let _may = world.node.revoke_collection(&operator, &dice.pick(collections));
        }
        9 if !collections.is_empty() => {
            let options =
                ImportOptions { collection: Some(dice.pick(collections)), ..ImportOptions::default() };
            let objects: Vec<String> = (0..3).map(|_| said(dice, by, everybody)).collect();
            let _may = world.node.submit(&by.caller, &options, envelope(&objects).as_bytes());
        }
        _ => {
            let objects: Vec<String> = (0..1 + dice.roll(4)).map(|_| said(dice, by, everybody)).collect();
            world.submit(&by.caller, &envelope(&objects)).unwrap();
        }
    }
}

#[test]
fn views_made_again_are_equal_after_any_history() {
    for seed in 0..10 {
        let world = World::new();
        let mut dice = Dice(seed);
        let everybody: Vec<Somebody> = ["alpha", "beta"]
            .iter()
            .map(|name| {
                let identity = world.member(name);
                Somebody { caller: world.token(name, &["analyst"]), identity }
            })
            .chain([Somebody {
                caller: world.node.operator(),
                identity: MARKINGS[0].replace("marking-definition", "identity"),
            }])
            .collect();
        let mut collections = Vec::new();
        for _ in 0..100 {
            step(&world, &mut dice, &everybody, &mut collections);
        }
        if seed % 2 == 0 {
            // What a filter says of a member holds after the member was revoked, and after a restart.
            world.node.revoke_member(&world.node.operator(), "beta").unwrap();
        }
        let seen = |world: &World| {
            let operator = world.node.operator();
            let live = collections.iter().filter(|one| world.node.collection(&operator, one).is_ok());
            let in_collections: Vec<_> = live.map(|one| world.listed(&operator, Some(one))).collect();
            let search = SearchQuery { facets: true, limit: Some(100), ..SearchQuery::default() };
            let mut found = world.node.search(&operator, &search).unwrap();
            found.next = None;
            let found = serde_json::to_string(&found).unwrap();
            (world.listed(&operator, None), in_collections, found)
        };
        let before = seen(&world);
        let mut progress = (0, 0);
        let answer =
            world.node.rebuild(&world.node.operator(), &mut |done, of| progress = (done, of)).unwrap();
        assert_eq!(answer["equal"], true, "{seed}: {answer}");
        assert!(answer["statements"].as_u64().unwrap() > 50 && progress.0 == progress.1);
        assert!(seen(&world) == before, "{seed}");
        let world = world.restarted();
        assert!(seen(&world) == before, "{seed}");
        let again = world.node.rebuild(&world.node.operator(), &mut |_, _| {}).unwrap();
        assert_eq!(again["equal"], true, "{seed}, once more");
        let verified = world.node.verify(&world.node.operator(), &mut |_, _| ()).unwrap();
        assert_eq!(verified["well"], true, "{seed}: {verified}");
    }
}

#[test]
fn a_filter_means_the_member_that_it_named() {
    let world = World::new();
    let operator = world.node.operator();
    world.member("beta");
    let collection = world.collection("of beta", "source = beta");
    world.submit(&world.token("beta", &["analyst"]), &envelope(&[indicator(1, FIRST, "")])).unwrap();
    world.node.revoke_member(&operator, "beta").unwrap();
    // Somebody else of the same name.
    world.member("beta");
    world.submit(&world.token("beta", &["analyst"]), &envelope(&[indicator(2, FIRST, "")])).unwrap();
    for _ in 0..2 {
        let listed = world.listed(&operator, Some(&collection));
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].0, id(1));
        assert_eq!(world.node.rebuild(&operator, &mut |_, _| {}).unwrap()["equal"], true);
    }
}

#[test]
fn the_views_of_an_earlier_release_are_made_anew_and_may_differ() {
    let world = World::new();
    let options = ImportOptions::default();
    world.import(&options, b"198.51.100.3:8080\n").unwrap();
    let relation = |world: &World| {
        let (node, value) = (&world.node, ["198.51.100.3:8080".to_owned()]);
        let answer = node.lookup(&node.operator(), &value, 5).unwrap().remove(0);
        answer.mentions.first().map(|mention| mention.relation)
    };
    assert_eq!(relation(&world), Some("exact"));
    // A release that knew nothing of ports would have left this.
    let world = world.restarted_after(|folder| {
        let record = rusqlite::Connection::open(folder.join("record.sqlite")).unwrap();
        assert_eq!(record.execute("DELETE FROM meta WHERE name = 'index-form'", []).unwrap(), 1);
        let key = "DELETE FROM fresh WHERE instr(key, x'05C63364031F90') > 0";
        assert_eq!(record.execute(key, []).unwrap(), 2, "what it mentions, and what it says by itself");
    });
    assert_eq!(relation(&world), Some("host"));
    let operator = world.node.operator();
    let answer = world.node.rebuild(&operator, &mut |_, _| {}).unwrap();
    assert_eq!((&answer["equal"], &answer["earlier"]), (&false.into(), &true.into()));
    assert_eq!(relation(&world), Some("exact"));
    let again = world.node.rebuild(&operator, &mut |_, _| {}).unwrap();
    assert_eq!((&again["equal"], &again["earlier"]), (&true.into(), &false.into()));
}

#[test]
fn a_rebuild_of_nothing_and_one_that_is_not_allowed() {
    let world = World::new();
    let answer = world.node.rebuild(&world.node.operator(), &mut |_, _| {}).unwrap();
    assert_eq!((&answer["equal"], &answer["statements"]), (&true.into(), &0.into()));
    for role in ["reader", "analyst", "curator", "organisation-administrator"] {
        let caller = world.token("ACME", &[role]);
        let refused = world.node.rebuild(&caller, &mut |_, _| {}).unwrap_err().kind;
        assert_eq!(refused, Kind::Forbidden);
        assert_eq!(world.node.verify(&caller, &mut |_, _| ()).unwrap_err().kind, Kind::Forbidden);
        let to = world.folder.path().join("copy");
        assert_eq!(world.node.backup(&caller, &to, &mut |_, _| {}).unwrap_err().kind, Kind::Forbidden);
        assert!(!to.exists());
    }
}

#[test]
fn it_goes_on_while_others_read_and_write() {
    let world = World::new();
    let objects: Vec<String> = (0..2_000).map(|n| indicator(n, FIRST, "")).collect();
    world.submit(&world.node.operator(), &envelope(&objects)).unwrap();
    let (node, operator) = (&world.node, world.node.operator());
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for n in 3_000..3_040 {
                world.submit(&operator, &envelope(&[indicator(n, FIRST, "")])).unwrap();
                assert!(world.listed(&operator, None).len() > 2_000);
            }
        });
        let mut equal = 0;
        for _ in 0..4 {
            match node.rebuild(&operator, &mut |_, _| {}) {
                Ok(answer) => {
                    assert_eq!(answer["equal"], true);
                    equal += 1;
                }
                Err(error) => assert_eq!(error.kind, Kind::Unavailable, "{error}"),
            }
        }
        writing.join().unwrap();
        assert!(equal > 0 || node.rebuild(&operator, &mut |_, _| {}).unwrap()["equal"] == true);
    });
    assert_eq!(world.listed(&operator, None).len(), 2_040);
}

#[test]
fn a_busy_node_is_rebuilt_and_compared() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let world = World::new();
    let operator = world.node.operator();
    let objects: Vec<String> = (0..3_000).map(|n| indicator(n, FIRST, "")).collect();
    world.submit(&operator, &envelope(&objects)).unwrap();
    let ends = AtomicBool::new(false);
    let written = std::thread::scope(|scope| {
        let writers: Vec<_> = (1..4u32)
            .map(|writer| {
                let (world, operator, ends) = (&world, &operator, &ends);
                scope.spawn(move || {
                    let mut written = 0;
                    while !ends.load(Ordering::SeqCst) {
                        let n = writer * 1_000_000 + written;
                        world.submit(operator, &indicator(n, FIRST, "")).unwrap();
                        written += 1;
                    }
                    written
                })
            })
            .collect();
        for _ in 0..3 {
            let rebuilt = world.node.rebuild(&operator, &mut |_, _| {}).unwrap();
            assert_eq!(rebuilt["equal"], true);
        }
        ends.store(true, Ordering::SeqCst);
        writers.into_iter().map(|writer| writer.join().unwrap()).sum::<u32>()
    });
    assert_eq!(world.listed(&operator, None).len(), 3_000 + written as usize);
}
