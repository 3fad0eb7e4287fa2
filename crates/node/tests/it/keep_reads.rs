//! Who read how much: what is written down, when, for how long, and who is told.

use std::time::{Duration, Instant};

use model::{Timestamp, Tlp};
use node::views::Read;
use node::{Caller, ImportOptions, Kind, ListQuery, SearchQuery, Settings};

use super::write_world::{FIRST, World, envelope, id, indicator, settings};

fn reads(world: &World, by: &Caller) -> Vec<Read> {
    world.node.reads(by, None, None).unwrap().reads
}

fn marked(n: u32, tlp: Tlp) -> String {
    let id = match tlp {
        Tlp::Green => "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        _ => "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    };
    indicator(n, FIRST, &format!(",\"object_marking_refs\":[\"{id}\"]"))
}

/// Beta has said something AMBER and something GREEN, and alpha something RED.
fn world() -> (World, Caller, Caller) {
    let world = World::new();
    for member in ["alpha", "beta"] {
        world.member(member);
    }
    let (alpha, beta) = (world.token("alpha", &["analyst"]), world.token("beta", &["analyst"]));
    world.submit(&beta, &envelope(&[indicator(1, FIRST, ""), marked(2, Tlp::Green)])).unwrap();
    world.submit(&alpha, &marked(3, Tlp::Red)).unwrap();
    (world, alpha, beta)
}

fn only(ids: &[u32]) -> ListQuery {
    ListQuery { ids: ids.iter().map(|n| id(*n)).collect(), ..ListQuery::default() }
}

#[test]
fn each_answer_is_a_row_for_ones_own_organisation_and_a_number_for_the_nodes_administrators() {
    let (world, alpha, _) = world();
    let collection = world.collection("Indicators", "type = indicator");
    world.later(1);
    let listed = ListQuery { collection: Some("Indicators".to_owned()), ..ListQuery::default() };
    world.node.list(&alpha, &listed, &mut |_| ()).unwrap();
    world.node.manifest(&alpha, &only(&[1, 2]), &mut |_| ()).unwrap();
    world.node.versions(&alpha, &only(&[2]), &mut |_| ()).unwrap();
    world.node.object(&alpha, &id(1), None).unwrap();
    world.node.search(&alpha, &SearchQuery::default()).unwrap();
    let values = ["198.51.0.1".to_owned(), "203.0.113.1".to_owned()];
    world.node.lookup(&alpha, &values, 5).unwrap();
    world.node.export(&alpha, "stix", true, &only(&[2]), &mut Vec::new()).unwrap();
    // Nothing was lent, so there is nothing to write down; nor was there for whoever may not read.
    world.node.lookup(&alpha, &["192.0.2.1".to_owned()], 5).unwrap();
    assert!(world.node.object(&alpha, &id(77), None).is_err());

    let own = reads(&world, &world.token("alpha", &["organisation-administrator"]));
    let told: Vec<_> = own.iter().map(|row| (row.verb.as_str(), row.label.as_str(), row.entries)).collect();
    assert_eq!(
        told,
        [
            ("export", "TLP:GREEN", 1),
            ("lookup", "TLP:AMBER", 1),
            ("search", "TLP:RED", 3),
            ("object", "TLP:AMBER", 2),
            ("versions", "TLP:GREEN", 1),
            ("manifest", "TLP:AMBER", 2),
            ("list", "TLP:RED", 3),
        ]
    );
    let token = alpha.principal.token.unwrap().to_string();
    assert!(own.iter().all(|row| row.member.name == "alpha" && row.token.as_ref().unwrap().id == token));
    assert_eq!(own[6].collection.as_ref().unwrap().id, collection);
    let time = |text: &Option<String>| text.as_ref().unwrap().parse::<Timestamp>().unwrap();
    assert!(time(&own[6].first) < time(&own[6].last) && own[0].first == own[0].last);
    let mut times: Vec<Timestamp> = own.iter().map(|row| row.at.parse().unwrap()).collect();
    times.dedup();
    assert!(times.len() == 7 && times.is_sorted_by(|one, other| one > other));
    // Page by page.
    let by = world.token("alpha", &["organisation-administrator"]);
    let page = world.node.reads(&by, Some(times[2]), Some(2)).unwrap();
    assert_eq!((page.reads[0].verb.as_str(), page.reads.len(), page.more), ("object", 2, true));

    // That somebody read tells who is a victim: others are not told of it, and administrators not by whom and what.
    assert!(reads(&world, &world.token("beta", &["organisation-administrator"])).is_empty());
    for administrator in [world.node.operator(), world.token("beta", &["administrator"])] {
        let all = reads(&world, &administrator);
        assert_eq!(all.len(), 7);
        for row in all {
            assert_eq!((row.member.name.as_str(), row.entries > 0), ("alpha", true));
            let details = (row.token, row.person.is_some(), row.collection, row.first, row.last);
            assert!(matches!(details, (None, false, None, None, None)), "{details:?}");
        }
    }
    for role in ["analyst", "curator", "reader", "sensor"] {
        let refused = world.node.reads(&world.token("alpha", &[role]), None, None).unwrap_err();
        assert_eq!(refused.kind, Kind::Forbidden, "{role}");
    }
    let visitor = Caller { principal: model::Principal::anonymous(), ..world.node.operator() };
    assert_eq!(world.node.reads(&visitor, None, None).unwrap_err().kind, Kind::Unauthenticated);
    assert_eq!(world.node.reads(&by, None, Some(0)).unwrap_err().kind, Kind::Invalid);
}

fn written(world: &World) -> u64 {
    let database = rusqlite::Connection::open(world.folder.path().join("record.sqlite")).unwrap();
    database.query_row("SELECT count(*) FROM lent", [], |row| row.get::<_, i64>(0)).unwrap().cast_unsigned()
}

#[test]
fn rows_are_written_within_a_second_and_when_the_node_stops() {
    let (world, _, beta) = world();
    let began = Instant::now();
    for _ in 0..10 {
        world.node.list(&beta, &only(&[1]), &mut |_| ()).unwrap();
    }
    while written(&world) < 10 {
        // A second, and what a busy machine adds to it.
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(5));
    }
    world.node.list(&beta, &only(&[1]), &mut |_| ()).unwrap();
    let world = world.restarted();
    assert_eq!(reads(&world, &world.token("beta", &["organisation-administrator"])).len(), 11);
}

#[test]
fn what_is_red_waits_for_its_row() {
    let (world, alpha, beta) = world();
    let red = only(&[3]);
    world.node.list(&alpha, &red, &mut |_| ()).unwrap();
    assert_eq!(written(&world), 1, "it was durable before it was answered");
    // From here on no second row can be written, as on a full disk.
    let database = rusqlite::Connection::open(world.folder.path().join("record.sqlite")).unwrap();
    database.execute_batch("CREATE UNIQUE INDEX full ON lent (verb IS NULL)").unwrap();
    let asks: [&dyn Fn() -> Result<(), node::Error>; 4] = [
        &|| world.node.list(&alpha, &red, &mut |_| ()).map(drop),
        &|| world.node.object(&alpha, &id(3), None).map(drop),
        &|| world.node.lookup(&alpha, &["198.51.0.3".to_owned()], 5).map(drop),
        &|| world.node.search(&alpha, &SearchQuery::default()).map(drop),
    ];
    for ask in asks {
        assert_eq!(ask().unwrap_err().kind, Kind::Unavailable);
    }
    let mut exported = Vec::new();
    let export = world.node.export(&alpha, "ndjson", false, &ListQuery::default(), &mut exported);
    assert_eq!((export.unwrap_err().kind, exported.len()), (Kind::Unavailable, 0));
    // What is not RED is answered all the same, and its row waits.
    world.node.list(&beta, &only(&[1]), &mut |_| ()).unwrap();
    database.execute_batch("DROP INDEX full").unwrap();
    drop(database);
    world.node.list(&alpha, &red, &mut |_| ()).unwrap();
    assert_eq!(written(&world), 8);
    let submitted = world.node.submit(&beta, &ImportOptions::default(), indicator(9, FIRST, "").as_bytes());
    assert_eq!(submitted.unwrap().success, 1);
}

#[test]
fn rows_are_kept_as_long_as_the_operator_says() {
    let world = World::with(Settings { keep_reads_days: 10, ..settings() });
    let operator = world.node.operator();
    world.submit(&operator, &indicator(1, FIRST, "")).unwrap();
    world.node.list(&operator, &only(&[1]), &mut |_| ()).unwrap();
    world.later(60 * 86_400);
    world.node.list(&operator, &only(&[1]), &mut |_| ()).unwrap();
    world.later(60 * 86_400);
    // The default is 90 days; the first round of housekeeping comes with the start.
    let world = world.restarted();
    let began = Instant::now();
    while written(&world) > 1 {
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(reads(&world, &world.node.operator()).len(), 1);
}
