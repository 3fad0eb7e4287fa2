//! Lookup and search, on a small world that can be known by heart.

use model::{Timestamp, Tlp};
use node::{Caller, Credential, ImportOptions, Kind, NewMember, NewToken, Node, SearchQuery, views};

use crate::read_world::open;

const C2: &str = "indicator--00000000-0000-4000-8000-000000000001";
const OLD: &str = "indicator--00000000-0000-4000-8000-000000000002";
const NET: &str = "indicator--00000000-0000-4000-8000-000000000003";
const ADDRESS: &str = "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4";
const EMOTET: &str = "malware--00000000-0000-4000-8000-000000000005";
const ACTOR: &str = "intrusion-set--00000000-0000-4000-8000-000000000006";
const HIDDEN: &str = "malware--00000000-0000-4000-8000-000000000007";

// Said by `cert`, AMBER unless it says otherwise; the last one is for nobody else.
const OBJECTS: [&str; 11] = [
    r#"{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000001","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Emotet C2","pattern":"[ipv4-addr:value = '198.51.100.3' OR domain-name:value = 'c2.evil.example.com']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","labels":["C2","misp:confidence=\"high\""]}"#,
    r#"{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000002","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","pattern":"[ipv4-addr:value = '198.51.100.3']","pattern_type":"stix","valid_from":"2025-01-01T00:00:00Z","valid_until":"2025-02-01T00:00:00Z"}"#,
    r#"{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000003","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","pattern":"[ipv4-addr:value ISSUBSET '198.51.100.0/24']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}"#,
    r#"{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4","value":"198.51.100.3"}"#,
    r#"{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-000000000005","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Emotet","aliases":["Geodo","Heodo Loader"],"is_family":true,"description":"A loader that spreads by mail","external_references":[{"source_name":"mitre-attack","external_id":"S0367"}],"object_marking_refs":["marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"]}"#,
    r#"{"type":"intrusion-set","spec_version":"2.1","id":"intrusion-set--00000000-0000-4000-8000-000000000006","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Mealybug"}"#,
    r#"{"type":"relationship","spec_version":"2.1","id":"relationship--00000000-0000-4000-8000-000000000011","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","relationship_type":"indicates","source_ref":"indicator--00000000-0000-4000-8000-000000000001","target_ref":"malware--00000000-0000-4000-8000-000000000005"}"#,
    r#"{"type":"relationship","spec_version":"2.1","id":"relationship--00000000-0000-4000-8000-000000000012","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","relationship_type":"uses","source_ref":"intrusion-set--00000000-0000-4000-8000-000000000006","target_ref":"malware--00000000-0000-4000-8000-000000000005"}"#,
    r#"{"type":"relationship","spec_version":"2.1","id":"relationship--00000000-0000-4000-8000-000000000013","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","relationship_type":"indicates","source_ref":"indicator--00000000-0000-4000-8000-000000000001","target_ref":"malware--00000000-0000-4000-8000-000000000007"}"#,
    r#"{"type":"sighting","spec_version":"2.1","id":"sighting--00000000-0000-4000-8000-000000000014","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","sighting_of_ref":"indicator--00000000-0000-4000-8000-000000000001"}"#,
    r#"{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-000000000007","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Secret Emotet","is_family":true,"object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]}"#,
];

struct World {
    node: Node,
    reader: Caller,
    cert: Caller,
    _folder: tempfile::TempDir,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let caller = |name: &str| {
        let operator = node.operator();
        node.add_member(&operator, &NewMember { name: name.to_owned(), ..NewMember::default() }).unwrap();
        let token =
            NewToken { member: name.to_owned(), roles: vec!["analyst".to_owned()], ..NewToken::default() };
        node.authenticate(&Credential::Token(node.add_token(&operator, &token).unwrap().secret), None)
            .unwrap()
    };
    let (cert, reader) = (caller("cert"), caller("reader"));
    for object in OBJECTS {
        let status = node.submit(&cert, &ImportOptions::default(), object.as_bytes()).unwrap();
        assert_eq!(status.success, 1, "{:?}", status.outcomes);
    }
    World { node, reader, cert, _folder: folder }
}

fn looked_up(world: &World, value: &str, limit: usize) -> views::LookupAnswer {
    world.node.lookup(&world.reader, &[value.to_owned()], limit).unwrap().remove(0)
}

fn mentions(answer: &views::LookupAnswer) -> Vec<(&str, &str, &str, bool)> {
    let all = answer.mentions.iter();
    all.map(|one| (one.relation, one.value.as_str(), one.object.id.as_str(), one.active)).collect()
}

#[test]
fn what_mentions_a_value_the_most_telling_first() {
    let world = world();
    let answer = looked_up(&world, "198[.]51.100.3", 10);
    assert_eq!((answer.kind.as_deref(), answer.value.as_deref()), (Some("ipv4"), Some("198.51.100.3")));
    assert_eq!(
        mentions(&answer),
        [
            ("exact", "198.51.100.3", C2, true),
            ("covering-network", "198.51.100.0/24", NET, true),
            ("exact", "198.51.100.3", ADDRESS, true),
            ("exact", "198.51.100.3", OLD, false),
        ]
    );
    let context: Vec<(&str, &str, &str)> = answer.mentions[0]
        .context
        .iter()
        .map(|one| (one.relation.as_str(), one.direction, one.object.id.as_str()))
        .collect();
    // The relationship to what the reader may not see leads nowhere.
    assert_eq!(
        context,
        [
            ("indicates", "out", EMOTET),
            ("sighting_of_ref", "in", "sighting--00000000-0000-4000-8000-000000000014"),
        ]
    );
    assert_eq!(answer.mentions[0].object.source.as_ref().unwrap().name, "cert");
    assert!(answer.hit && !answer.more);
    let first = looked_up(&world, "198.51.100.3", 1);
    assert_eq!((mentions(&first)[0].2, first.more), (C2, true));
}

#[test]
fn values_around_a_value_and_values_that_are_none() {
    let world = world();
    for (value, expected) in [
        ("hxxps://c2.evil.example[.]com/login?x=1", &[("host", "c2.evil.example.com", C2, true)][..]),
        ("deep.c2.evil.example.com", &[("parent-domain", "c2.evil.example.com", C2, true)]),
        ("evil.example.com", &[("subdomain", "c2.evil.example.com", C2, true)]),
        (
            "198.51.100.0/30",
            &[
                ("covering-network", "198.51.100.0/24", NET, true),
                ("within-network", "198.51.100.3", C2, true),
                ("within-network", "198.51.100.3", ADDRESS, true),
                ("within-network", "198.51.100.3", OLD, false),
            ],
        ),
        ("203.0.113.9", &[]),
    ] {
        let answer = looked_up(&world, value, 10);
        assert_eq!(mentions(&answer), expected, "{value}");
        assert_eq!(answer.hit, !expected.is_empty());
    }
    let nothing = looked_up(&world, "!!", 10);
    assert!(!nothing.hit && nothing.kind.is_none() && nothing.error.is_some(), "{nothing:?}");
    let visitor = world.node.visitor().unwrap();
    let closed = world.node.lookup(&visitor, &["198.51.100.3".to_owned()], 10).unwrap().remove(0);
    assert!(!closed.hit && closed.mentions.is_empty() && !closed.more);
    let none = world.node.lookup(&world.reader, &["198.51.100.3".to_owned()], 0);
    assert_eq!(none.unwrap_err().kind, Kind::Invalid);
    let many = vec!["198.51.100.3".to_owned(); 1_001];
    assert_eq!(world.node.lookup(&world.reader, &many, 1).unwrap_err().kind, Kind::TooLarge);
}

fn found(world: &World, caller: &Caller, query: SearchQuery) -> Vec<String> {
    let page = world.node.search(caller, &query).unwrap();
    assert!(!page.more);
    page.objects.into_iter().map(|object| object.id).collect()
}

#[test]
fn searches_find_by_each_property_and_by_all_together() {
    let world = world();
    let any = SearchQuery::default;
    let some = |text: &str| Some(text.to_owned());
    let time = |id: &str| -> Timestamp {
        let view = world.node.object(&world.reader, id, None).unwrap();
        view.summary.added.parse().unwrap()
    };
    for (query, expected) in [
        (SearchQuery { text: some("EMOTET"), ..any() }, &[EMOTET, C2][..]),
        (SearchQuery { text: some("loader mail"), ..any() }, &[EMOTET]),
        (SearchQuery { text: some("loader nothing"), ..any() }, &[]),
        (SearchQuery { alias: some("heodo  LOADER"), ..any() }, &[EMOTET]),
        (SearchQuery { alias: some("heodo"), ..any() }, &[]),
        (SearchQuery { external_id: some("s0367"), ..any() }, &[EMOTET]),
        (SearchQuery { tag: some("c2"), ..any() }, &[C2]),
        (SearchQuery { tag: some("misp:confidence=\"high\""), ..any() }, &[C2]),
        (SearchQuery { types: vec!["indicator".to_owned(), "x-none".to_owned()], ..any() }, &[NET, OLD, C2]),
        (SearchQuery { types: vec!["x-none".to_owned()], ..any() }, &[]),
        (SearchQuery { labels: vec![Tlp::Clear], ..any() }, &[EMOTET]),
        (SearchQuery { labels: vec![Tlp::Red], ..any() }, &[]),
        (SearchQuery { text: some("emotet"), types: vec!["indicator".to_owned()], ..any() }, &[C2]),
        (SearchQuery { text: some("emotet"), sources: vec!["reader".to_owned()], ..any() }, &[]),
        (SearchQuery { text: some("emotet"), sources: vec!["cert".to_owned()], ..any() }, &[EMOTET, C2]),
        (SearchQuery { text: some("emotet"), sources: vec!["nobody".to_owned()], ..any() }, &[]),
        (SearchQuery { text: some("emotet"), added_after: Some(time(C2)), ..any() }, &[EMOTET]),
        (SearchQuery { text: some("emotet"), added_before: Some(time(EMOTET)), ..any() }, &[C2]),
        (
            SearchQuery { related_to: some(EMOTET), types: vec!["intrusion-set".to_owned()], ..any() },
            &[ACTOR],
        ),
        (SearchQuery { related_to: some(HIDDEN), ..any() }, &[]),
    ] {
        assert_eq!(found(&world, &world.reader, query.clone()), expected, "{query:?}");
    }
    assert_eq!(
        found(&world, &world.cert, SearchQuery { text: some("emotet"), ..any() }),
        [HIDDEN, EMOTET, C2]
    );
}

#[test]
fn a_relationship_is_called_by_its_ends_and_by_the_type_of_one_that_is_not_seen() {
    let world = world();
    let names = |caller: &Caller| -> Vec<String> {
        let query = SearchQuery { types: vec!["relationship".to_owned()], ..SearchQuery::default() };
        let page = world.node.search(caller, &query).unwrap();
        page.objects.into_iter().map(|object| object.name).collect()
    };
    let (first, second) = ("Mealybug uses Emotet", "Emotet C2 indicates Emotet");
    assert_eq!(names(&world.reader), ["Emotet C2 indicates malware", first, second]);
    assert_eq!(names(&world.cert), ["Emotet C2 indicates Secret Emotet", first, second]);
    let shown = |caller: &Caller| {
        let id = "relationship--00000000-0000-4000-8000-000000000013";
        world.node.object(caller, id, None).unwrap().summary.name
    };
    assert_eq!(shown(&world.reader), "Emotet C2 indicates malware");
    assert_eq!(shown(&world.cert), "Emotet C2 indicates Secret Emotet");
}

#[test]
fn an_observable_that_several_say_is_one_row() {
    let world = world();
    world.node.submit(&world.reader, &ImportOptions::default(), OBJECTS[3].as_bytes()).unwrap();
    let green = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    world.node.submit(&world.node.operator(), &green, OBJECTS[3].as_bytes()).unwrap();
    let search = |query: SearchQuery| {
        let query = SearchQuery { types: vec!["ipv4-addr".to_owned()], facets: true, ..query };
        let page = world.node.search(&world.reader, &query).unwrap();
        let rows: Vec<_> = page.objects.iter().map(|row| (row.id.clone(), row.sources)).collect();
        assert!(
            rows.len() <= 1
                && !page.more
                && rows.iter().all(|(id, sources)| id == ADDRESS && *sources == Some(3))
        );
        let counts = page.facets.iter().map(|facet| facet.values.iter().map(|(_, count)| *count).collect());
        (rows.len(), counts.collect::<Vec<Vec<u64>>>())
    };
    let source = |name: &str| SearchQuery { sources: vec![name.to_owned()], ..SearchQuery::default() };
    let label = |tlp| SearchQuery { labels: vec![tlp], ..SearchQuery::default() };
    // Types, sources, labels, tags: each as many as a search for it shows.
    assert_eq!(search(SearchQuery::default()), (1, vec![vec![1], vec![1, 1, 1], vec![1, 1], vec![]]));
    assert_eq!(search(source("cert")), (1, vec![vec![1], vec![1], vec![1], vec![]]));
    assert_eq!(search(label(Tlp::Amber)), (1, vec![vec![1], vec![1, 1], vec![1], vec![]]));
    assert_eq!(search(label(Tlp::Green)), (1, vec![vec![1], vec![1], vec![1], vec![]]));
    assert_eq!(search(label(Tlp::Clear)).0, 0);
    // Pages of one: it comes once.
    let (mut next, mut met) = (None, Vec::new());
    loop {
        let query = SearchQuery { limit: Some(1), next, ..SearchQuery::default() };
        let page = world.node.search(&world.reader, &query).unwrap();
        met.extend(page.objects.into_iter().map(|row| row.id));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(met.iter().filter(|id| *id == ADDRESS).count(), 1);
    assert_eq!(met.len(), 10);
}

// What a member said stays when it is revoked, and is told under its name; another may have the name by then.
#[test]
fn what_a_revoked_member_said_is_found_by_its_name() {
    let world = world();
    let by = |name: &str| {
        let query = SearchQuery {
            text: Some("emotet".to_owned()),
            sources: vec![name.to_owned()],
            ..SearchQuery::default()
        };
        found(&world, &world.reader, query)
    };
    let before = by("cert");
    assert!(!before.is_empty());
    world.node.revoke_member(&world.node.operator(), "cert").unwrap();
    assert_eq!(by("cert"), before);
    let again = NewMember { name: "cert".to_owned(), ..NewMember::default() };
    let facet = |world: &World| -> Vec<(String, u64)> {
        let query = SearchQuery { facets: true, ..SearchQuery::default() };
        let facets = world.node.search(&world.reader, &query).unwrap().facets;
        facets.into_iter().find(|facet| facet.name == "source").unwrap().values
    };
    world.node.add_member(&world.node.operator(), &again).unwrap();
    assert_eq!(by("cert"), before);
    assert_eq!(facet(&world), [("cert".to_owned(), 10)]);
    // The other one says something too, of which one is said by both: what is found by the name is counted under it.
    let by_other = ImportOptions { member: Some("cert".to_owned()), ..ImportOptions::default() };
    let new = OBJECTS[2].replace("000000000003", "000000000033");
    for object in [OBJECTS[3], &new] {
        world.node.submit(&world.node.operator(), &by_other, object.as_bytes()).unwrap();
    }
    assert_eq!(facet(&world), [("cert".to_owned(), 11)]);
    let query = SearchQuery { sources: vec!["cert".to_owned()], ..SearchQuery::default() };
    assert_eq!(world.node.search(&world.reader, &query).unwrap().objects.len(), 11);
}

#[test]
fn facets_count_what_the_reader_sees() {
    let world = world();
    let query = SearchQuery { facets: true, limit: Some(1), ..SearchQuery::default() };
    let page = world.node.search(&world.reader, &query).unwrap();
    let facet = |name: &str| page.facets.iter().find(|facet| facet.name == name).unwrap().values.clone();
    let count = |text: &str, n: u64| (text.to_owned(), n);
    assert_eq!(
        facet("type"),
        [
            count("indicator", 3),
            count("relationship", 3),
            count("intrusion-set", 1),
            count("ipv4-addr", 1),
            count("malware", 1),
            count("sighting", 1)
        ]
    );
    assert_eq!(facet("source"), [count("cert", 10)]);
    assert_eq!(facet("label"), [count("TLP:AMBER", 9), count("TLP:CLEAR", 1)]);
    assert_eq!(facet("tag"), [count("c2", 1), count("misp:confidence=\"high\"", 1)]);
    assert!(page.facets.iter().all(|facet| !facet.partial) && page.more);
    let figures = world.node.statistics(&world.reader).unwrap();
    assert_eq!((figures["objects"].as_u64(), figures["types"]["malware"].as_u64()), (Some(10), Some(1)));
    assert!(figures.get("node").is_none());
    let operated = world.node.statistics(&world.node.operator()).unwrap();
    assert_eq!(operated["node"]["positions"].as_u64(), Some(11));
    // Labels are made with circles, of which an administrator is not told.
    assert!(operated["node"].get("labels").is_none(), "{operated}");
}

#[test]
fn an_object_comes_with_its_step_and_its_versions() {
    let world = world();
    let view = world.node.object(&world.reader, EMOTET, None).unwrap();
    let related: Vec<(&str, &str, &str)> = view
        .related
        .iter()
        .map(|one| (one.relation.as_str(), one.direction, one.object.id.as_str()))
        .collect();
    assert_eq!(related, [("uses", "in", ACTOR), ("indicates", "in", C2)]);
    assert!(view.related[0].by.as_ref().unwrap().id.starts_with("relationship--"));
    let versioned = |version: &str| world.node.object(&world.reader, EMOTET, Some(version));
    assert_eq!(versioned("2026-01-01T00:00:00Z").unwrap().summary.name, "Emotet");
    for (id, version) in [
        (EMOTET, Some("2026-01-01T00:00:01Z")),
        (HIDDEN, None),
        ("malware--00000000-0000-4000-8000-00000000ffff", None),
    ] {
        assert_eq!(world.node.object(&world.reader, id, version).unwrap_err().kind, Kind::NotFound, "{id}");
    }
    assert_eq!(world.node.object(&world.reader, "emotet", None).unwrap_err().kind, Kind::Invalid);
}
