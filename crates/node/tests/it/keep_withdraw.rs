//! Taking back: who may, which versions, and that it is gone on every road.

use node::{Caller, Error, Kind, ListQuery, NewToken, SearchQuery};

use super::write_world::{FIRST, SECOND, World, envelope, id, indicator, strings};

const THIRD: &str = "2026-03-01T00:00:00.000Z";
const CLEAR: &str = ",\"object_marking_refs\":[\"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487\"]";
const RED: &str = ",\"object_marking_refs\":[\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\"]";

fn withdrawn(world: &World, by: &Caller, object: &str, versions: &[&str]) -> Result<u64, Kind> {
    told(world.node.withdraw(by, None, object, &strings(versions)))
}

fn told(answer: Result<u64, Error>) -> Result<u64, Kind> {
    answer.map_err(|error| error.kind)
}

fn versions(world: &World, by: &Caller, object: &str) -> Vec<String> {
    let query = ListQuery { ids: vec![object.to_owned()], ..ListQuery::default() };
    let mut versions = Vec::new();
    let listed = world.node.versions(by, &query, &mut |entry| versions.push(entry.version.to_string()));
    assert_eq!(listed.is_err(), versions.is_empty(), "{listed:?}");
    versions
}

fn say(world: &World, by: &Caller, n: u32, rest: &str, versions: &[&str]) {
    for version in versions {
        let status = world.submit(by, &envelope(&[indicator(n, version, rest)])).unwrap();
        assert_eq!((status.success, status.failure), (1, 0), "{:?}", status.outcomes);
    }
}

/// On every road that could show it.
fn check_gone(world: &World, by: &Caller, object: &str, value: &str) {
    assert_eq!(versions(world, by, object), [""; 0]);
    assert_eq!(world.node.object(by, object, None).unwrap_err().kind, Kind::NotFound);
    assert!(world.listed(by, None).iter().all(|(listed, _)| listed != object));
    let lookup = world.node.lookup(by, &strings(&[value]), 10).unwrap();
    assert!(lookup.iter().all(|answer| !answer.hit), "{lookup:?}");
    let search = SearchQuery { facets: true, ..SearchQuery::default() };
    let page = world.node.search(by, &search).unwrap();
    assert!(page.objects.iter().all(|found| found.id != object));
    let again = withdrawn(world, by, object, &[]);
    let writes = by.principal.verbs.contains(&model::Verb::Write);
    assert_eq!(again, Err(if writes { Kind::NotFound } else { Kind::Forbidden }));
}

#[test]
fn a_member_takes_back_what_it_said_and_it_is_gone_on_every_road() {
    let world = World::new();
    world.member("alpha");
    let alpha = world.token("alpha", &["analyst"]);
    let reader = world.token("ACME", &["reader"]);
    say(&world, &alpha, 7, "", &[FIRST, SECOND]);
    assert!(world.node.lookup(&reader, &strings(&["198.51.0.7"]), 10).unwrap()[0].hit);
    assert_eq!(withdrawn(&world, &alpha, &id(7), &[]), Ok(2));
    for caller in [&alpha, &reader, &world.node.operator()] {
        check_gone(&world, caller, &id(7), "198.51.0.7");
    }
    // What was taken back can be said again: it is new to the readers.
    say(&world, &alpha, 7, "", &[SECOND]);
    assert_eq!(versions(&world, &reader, &id(7)), [SECOND]);
    let world = world.restarted();
    assert_eq!(versions(&world, &reader, &id(7)), [SECOND]);
}

#[test]
fn versions_are_taken_back_as_taxii_names_them() {
    for (asked, left) in [
        (&[][..], &[][..]),
        (&["all"], &[]),
        (&["last"], &[FIRST, SECOND]),
        (&["first"], &[SECOND, THIRD]),
        (&["first", "last"], &[SECOND]),
        (&[SECOND], &[FIRST, THIRD]),
        (&["2026-02-01T00:00:00Z", "last"], &[FIRST]),
        (&["2026-02-01T00:00:00.000000Z"], &[FIRST, THIRD]),
    ] {
        let world = World::new();
        let caller = world.node.operator();
        say(&world, &caller, 1, "", &[FIRST, SECOND, THIRD]);
        let taken = 3 - left.len() as u64;
        assert_eq!(withdrawn(&world, &caller, &id(1), asked), Ok(taken), "{asked:?}");
        let mut stand = versions(&world, &caller, &id(1));
        stand.sort();
        assert_eq!(stand, left, "{asked:?}");
        assert_eq!(world.node.object(&caller, &id(1), None).is_ok(), !left.is_empty());
        assert_eq!(withdrawn(&world, &caller, &id(1), &["2026-02-02T00:00:00Z"]), Err(Kind::NotFound));
    }
    let world = World::new();
    let caller = world.node.operator();
    say(&world, &caller, 1, "", &[FIRST]);
    for wrong in [&["all", "last"][..], &["latest"], &["2026"], &[""]] {
        assert_eq!(withdrawn(&world, &caller, &id(1), wrong), Err(Kind::Invalid), "{wrong:?}");
    }
    assert_eq!(withdrawn(&world, &caller, "indicator", &[]), Err(Kind::Invalid));
    assert_eq!(versions(&world, &caller, &id(1)).len(), 1);
}

#[test]
fn others_statements_stay_and_nothing_hidden_shows_in_a_refusal() {
    let world = World::new();
    for member in ["alpha", "beta"] {
        world.member(member);
    }
    let alpha = world.token("alpha", &["analyst"]);
    let beta = world.token("beta", &["analyst"]);
    say(&world, &alpha, 1, CLEAR, &[FIRST]);
    say(&world, &alpha, 2, RED, &[FIRST]);
    say(&world, &alpha, 3, "", &[FIRST]);
    say(&world, &beta, 3, ",\"confidence\":50", &[SECOND]);
    // What beta sees and did not say is refused; what it does not see is as if it were not there.
    assert_eq!(withdrawn(&world, &beta, &id(1), &[]), Err(Kind::Forbidden));
    assert_eq!(withdrawn(&world, &beta, &id(1), &["last"]), Err(Kind::Forbidden));
    assert_eq!(withdrawn(&world, &beta, &id(1), &[SECOND]), Err(Kind::NotFound));
    assert_eq!(withdrawn(&world, &beta, &id(2), &[]), Err(Kind::NotFound));
    assert_eq!(withdrawn(&world, &beta, &id(9), &[]), Err(Kind::NotFound));
    // Of what both said, each takes back its own.
    assert_eq!(withdrawn(&world, &beta, &id(3), &[]), Ok(1));
    assert_eq!(versions(&world, &beta, &id(3)), [FIRST]);
    assert_eq!(withdrawn(&world, &beta, &id(3), &[]), Err(Kind::Forbidden));
    // An administrator takes back what anybody said, as far as he sees it.
    say(&world, &beta, 3, ",\"confidence\":51", &[SECOND]);
    let administrator = world.token("ACME", &["administrator"]);
    assert_eq!(withdrawn(&world, &administrator, &id(3), &[]), Ok(2));
    assert_eq!(withdrawn(&world, &administrator, &id(2), &[]), Err(Kind::NotFound));
    assert_eq!(withdrawn(&world, &administrator, &id(1), &[]), Ok(1));
    assert_eq!(versions(&world, &alpha, &id(2)), [FIRST]);
}

#[test]
fn a_token_reaches_no_higher_than_its_ceiling() {
    let world = World::new();
    world.member("alpha");
    let alpha = world.token("alpha", &["analyst"]);
    say(&world, &alpha, 1, RED, &[FIRST]);
    say(&world, &alpha, 1, CLEAR, &[SECOND]);
    let new = NewToken {
        member: "alpha".to_owned(),
        roles: strings(&["analyst"]),
        ceiling: Some(model::Tlp::Green),
        ..NewToken::default()
    };
    let low = world.signed_in(&world.node.add_token(&world.node.operator(), &new).unwrap().secret);
    assert_eq!(withdrawn(&world, &low, &id(1), &[FIRST]), Err(Kind::NotFound));
    assert_eq!(withdrawn(&world, &low, &id(1), &[]), Ok(1));
    check_gone(&world, &low, &id(1), "203.0.113.1");
    assert_eq!(versions(&world, &alpha, &id(1)), [FIRST]);
}

#[test]
fn roles_and_scopes_decide_before_anything_is_looked_up() {
    let world = World::new();
    world.member("alpha");
    let here = world.collection("here", "");
    world.collection("elsewhere", "type = malware");
    let alpha = world.token("alpha", &["analyst"]);
    say(&world, &alpha, 1, CLEAR, &[FIRST, SECOND]);
    let both = |read: &[&str], write: &[&str]| world.token_for("alpha", &["analyst"], read, write);
    let cases = [
        // Through a collection, the four rows of TAXII 2.1 §5.7.
        ("neither", both(&["elsewhere"], &["elsewhere"]), Some(&here), Err(Kind::NotFound)),
        ("read only", both(&["here"], &["elsewhere"]), Some(&here), Err(Kind::Forbidden)),
        ("write only", both(&["elsewhere"], &["here"]), Some(&here), Err(Kind::Forbidden)),
        ("both", both(&["here"], &["here"]), Some(&here), Ok(1)),
        ("a collection that is not there", alpha.clone(), Some(&id(1)), Err(Kind::NotFound)),
        // Outside of any, only what is good for the whole record.
        ("a collection's token", both(&["here"], &["here"]), None, Err(Kind::Forbidden)),
        ("a reader", world.token("alpha", &["reader"]), None, Err(Kind::Forbidden)),
        ("a reader through", world.token("alpha", &["reader"]), Some(&here), Err(Kind::Forbidden)),
        ("a sensor", world.token("alpha", &["sensor"]), None, Err(Kind::Forbidden)),
        ("a sensor through", world.token("alpha", &["sensor"]), Some(&here), Err(Kind::Forbidden)),
        (
            "its administrator",
            world.token("alpha", &["organisation-administrator"]),
            None,
            Err(Kind::Forbidden),
        ),
        (
            "an administrator through",
            world.token("ACME", &["administrator"]),
            Some(&here),
            Err(Kind::NotFound),
        ),
        ("a curator", world.token("alpha", &["curator"]), None, Ok(1)),
    ];
    for (name, caller, collection, expected) in cases {
        say(&world, &alpha, 1, CLEAR, &[FIRST, SECOND]);
        for object in [id(1), id(2)] {
            let there = object == id(1);
            let through = collection.map(String::as_str);
            let answer = told(world.node.withdraw(&caller, through, &object, &strings(&["last"])));
            match expected {
                Ok(count) if there => assert_eq!(answer, Ok(count), "{name}"),
                Ok(_) => assert_eq!(answer, Err(Kind::NotFound), "{name}"),
                Err(kind) => assert_eq!(answer, Err(kind), "{name}: the same whether it is there or not"),
            }
        }
    }
    let visitor = Caller { principal: model::Principal::anonymous(), ..alpha };
    assert_eq!(withdrawn(&world, &visitor, &id(1), &[]), Err(Kind::Unauthenticated));
}

#[test]
fn through_a_collection_only_what_is_in_it_is_reached() {
    let world = World::new();
    let caller = world.node.operator();
    let malware = world.collection("malware only", "type = malware");
    let indicators = world.collection("indicators", "type = indicator and label <= amber");
    let low = world.collection("low", "label <= green");
    say(&world, &caller, 1, "", &[FIRST, SECOND]);
    let through = |collection: &str| told(world.node.withdraw(&caller, Some(collection), &id(1), &[]));
    assert_eq!(through(&malware), Err(Kind::NotFound));
    assert_eq!(through(&low), Err(Kind::NotFound));
    assert_eq!(through(&indicators), Ok(2));
    assert_eq!(through(&indicators), Err(Kind::NotFound));
    check_gone(&world, &caller, &id(1), "198.51.0.1");
    // A collection that was made after the statements holds them too.
    say(&world, &caller, 2, "", &[FIRST]);
    let later = world.collection("later", "type = indicator");
    assert_eq!(told(world.node.withdraw(&caller, Some(&later), &id(2), &[])), Ok(1));
}

#[test]
fn what_is_not_versioned_is_taken_back_too() {
    let world = World::new();
    let caller = world.node.operator();
    let id = "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4";
    let object = format!(
        "{{\"type\":\"ipv4-addr\",\"spec_version\":\"2.1\",\"id\":\"{id}\",\"value\":\"198.51.100.3\"}}"
    );
    world.submit(&caller, &object).unwrap();
    let stands = versions(&world, &caller, id);
    assert_eq!(withdrawn(&world, &caller, id, &[&stands[0]]), Ok(1));
    check_gone(&world, &caller, id, "198.51.100.3");
}

#[test]
fn what_the_directory_says_is_judged_again_when_it_changed() {
    let world = World::new();
    world.member("alpha");
    let alpha = world.token("alpha", &["analyst"]);
    say(&world, &alpha, 1, "", &[FIRST]);
    // The caller was authenticated before the directory changed.
    world.member("beta");
    let revoked = world.token("alpha", &["analyst"]);
    let token = revoked.principal.token.unwrap().to_string();
    world.node.revoke_token(&world.node.operator(), &token).unwrap();
    assert_eq!(withdrawn(&world, &revoked, &id(1), &[]), Err(Kind::Unauthenticated));
    assert_eq!(withdrawn(&world, &alpha, &id(1), &[]), Ok(1));
}
