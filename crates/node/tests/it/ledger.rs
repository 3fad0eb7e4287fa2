//! Who knew what, when: what is kept of it, from when, and who is told which of it.

use model::circle::{Charter, Shows};
use model::{Embargo, Tlp};
use node::views::{Ledger, LedgerRow};
use node::{
    Caller, Disclose, Error, ImportOptions, Kind, ListQuery, NewMember, NewToken, Relabel, SearchQuery,
    Settings,
};

use crate::circle_rules::{bring, circle, members};
use crate::write_world::{FIRST, SECOND, World, envelope, id, indicator, settings, strings};

const BOTH: &[&str] = &["analyst", "organisation-administrator"];

fn under_embargo(to: &[&str], tlp: Tlp) -> ImportOptions {
    let embargo = Some(Embargo { case: "Case 7".to_owned(), until: None });
    ImportOptions { to: strings(to), tlp: Some(tlp), embargo, ..ImportOptions::default() }
}

fn say(world: &World, by: &Caller, options: &ImportOptions, n: u32) {
    let status = world.node.submit(by, options, envelope(&[indicator(n, FIRST, "")]).as_bytes()).unwrap();
    assert_eq!(status.outcomes[0].state, "new", "{:?}", status.outcomes);
}

fn ledger(world: &World, by: &Caller, n: u32) -> Result<Ledger, Error> {
    world.node.ledger(by, &id(n), false, (None, None))
}

fn audited(world: &World, by: &Caller, n: u32) -> Result<Ledger, Error> {
    world.node.ledger(by, &id(n), true, (None, None))
}

// What happened, and to whom: `?` where the reader is not told.
fn told(ledger: &Ledger) -> Vec<String> {
    let who = |row: &LedgerRow| row.member.as_ref().map_or("?", |one| one.name.as_str()).to_owned();
    let road = |row: &LedgerRow| row.road.as_ref().map(|road| format!(" {road}")).unwrap_or_default();
    ledger.rows.iter().map(|row| format!("{} {}{}", row.what, who(row), road(row))).collect()
}

fn rows(world: &World, by: &Caller, n: u32) -> Vec<String> {
    told(&ledger(world, by, n).unwrap())
}

fn open(world: &World, by: &Caller, n: u32) {
    world.node.object(by, &id(n), None).unwrap();
}

// What is in the file now, whatever the node has in memory.
fn given(world: &World) -> i64 {
    let database = rusqlite::Connection::open(world.folder.path().join("record.sqlite")).unwrap();
    database.query_row("SELECT count(*) FROM given", [], |row| row.get(0)).unwrap()
}

/// Blue, Green and Grey are in a circle that shows organisations; Black is in none.
fn world() -> (World, [Caller; 4]) {
    let world = World::new();
    let all: [Caller; 4] = members(&world, &["Blue", "Green", "Grey", "Black"], BOTH).try_into().unwrap();
    let charter = Charter { shows: Shows::Organisations, ..Charter::default() };
    world.node.add_circle(&all[0], &circle("Case", Some(charter))).unwrap();
    bring(&world.node, &all[0], "Case", &all[1]);
    world.later(10);
    let all = all.map(|one| now(&world, &one));
    (world, all)
}

fn now(world: &World, caller: &Caller) -> Caller {
    world.token(&caller.member_name, BOTH)
}

#[test]
fn what_is_under_embargo_is_given_when_that_is_written_down_on_every_road() {
    let (world, [blue, green, ..]) = world();
    for n in 1..=8 {
        say(&world, &blue, &under_embargo(&["circle:Case"], Tlp::Amber), n);
    }
    let node = &world.node;
    let only = |n: u32| ListQuery { ids: vec![id(n)], ..ListQuery::default() };
    let value = |n: u32| vec![format!("198.51.0.{n}")];
    type Road<'a> = (&'a str, Box<dyn Fn(&Caller) + 'a>);
    let roads: Vec<Road<'_>> = vec![
        ("list", Box::new(|by: &Caller| drop(node.list(by, &only(1), &mut |_| ()).unwrap()))),
        ("list", Box::new(|by: &Caller| drop(node.list_into(by, &only(2), &mut Vec::new()).unwrap()))),
        ("manifest", Box::new(|by: &Caller| drop(node.manifest(by, &only(3), &mut |_| ()).unwrap()))),
        ("versions", Box::new(|by: &Caller| drop(node.versions(by, &only(4), &mut |_| ()).unwrap()))),
        ("object", Box::new(|by: &Caller| drop(node.object(by, &id(5), None).unwrap()))),
        (
            "search",
            Box::new(|by: &Caller| {
                let search = SearchQuery { text: Some("number 6".to_owned()), ..SearchQuery::default() };
                drop(node.search(by, &search).unwrap());
            }),
        ),
        ("lookup", Box::new(|by: &Caller| drop(node.lookup(by, &value(7), 5).unwrap()))),
        (
            "export",
            Box::new(|by: &Caller| {
                assert_eq!(node.export(by, "stix", true, &only(8), &mut Vec::new()).unwrap(), 1);
            }),
        ),
    ];
    for (place, (road, read)) in roads.iter().enumerate() {
        let n = place as u32 + 1;
        let before = given(&world);
        // The one who said it is no news.
        read(&blue);
        assert_eq!(given(&world), before, "{road}");
        read(&green);
        assert!(given(&world) > before, "`{road}` answered before it was written down");
        // Once is enough.
        let after = given(&world);
        read(&green);
        assert_eq!(given(&world), after, "{road}");
        let first = rows(&world, &blue, n).into_iter().find(|row| row.starts_with("given Green"));
        assert_eq!(first.as_deref(), Some(format!("given Green {road}").as_str()));
    }
    // What is neither is no row, and no wait.
    let before = given(&world);
    world.submit(&blue, &envelope(&[indicator(20, FIRST, "")])).unwrap();
    open(&world, &green, 20);
    let ledger = ledger(&world, &green, 20).unwrap();
    assert_eq!((given(&world), ledger.kept, ledger.rows.len()), (before, false, 0));
}

#[test]
fn the_participants_are_told_of_organisations_and_nobody_else_that_there_is_one() {
    let (world, [blue, green, grey, black]) = world();
    let node = &world.node;
    let black_id = black.principal.reader.member.unwrap().to_string();
    let to_black = format!("member:{black_id}");
    say(&world, &blue, &under_embargo(&["circle:Case", &to_black], Tlp::Amber), 1);
    world.later(10);
    open(&world, &green, 1);
    world.later(10);
    open(&world, &black, 1);
    world.later(10);
    bring(node, &green, "Case", &grey);
    let grey = now(&world, &grey);
    world.later(10);
    open(&world, &grey, 1);
    // Blue named Black, and knows it by its id alone; Green and Grey learn that there is one more.
    // Ids are chance, and so is their place among names.
    let mut by_blue = rows(&world, &blue, 1);
    let mut expected = vec![
        "said Blue".to_owned(),
        "could-see Green".to_owned(),
        format!("could-see {black_id}"),
        "given Green object".to_owned(),
        format!("given {black_id} object"),
        "could-see Grey".to_owned(),
        "given Grey object".to_owned(),
    ];
    by_blue.sort();
    expected.sort();
    assert_eq!(by_blue, expected);
    let by_green = [
        "said Blue",
        "could-see Green",
        "given Green object",
        "given ? object",
        "could-see Grey",
        "given Grey object",
    ];
    assert_eq!(rows(&world, &green, 1), by_green);
    assert_eq!(rows(&world, &grey, 1), by_green);
    // Black is in no circle: it knows of itself, and of the author, whose name stands on what it was sent.
    let by_black = ["said Blue", "could-see Black", "given ? object", "given Black object", "given ? object"];
    assert_eq!(rows(&world, &black, 1), by_black);
    // The node's auditor sees nothing of it by his role, and who was given it.
    let auditor = world.token("ACME", &["administrator"]);
    assert!(node.object(&auditor, &id(1), None).is_err());
    assert_eq!(
        ledger(&world, &auditor, 1).unwrap_err().kind,
        Kind::Forbidden,
        "by his office, and not by a role"
    );
    let by_auditor = audited(&world, &auditor, 1).unwrap();
    assert_eq!(
        told(&by_auditor),
        ["said ?", "given Green object", "given Black object", "given Grey object"]
    );
    assert!(by_auditor.rows.iter().all(|row| row.audience.is_none() && row.token.is_none()));
    // Of what nothing is kept he is told the same as of what is not there.
    world.submit(&blue, &envelope(&[indicator(8, FIRST, "")])).unwrap();
    let [there, not] = [8, 9].map(|n| audited(&world, &auditor, n).unwrap());
    assert_eq!((there.kept, told(&there), not.kept, told(&not)), (false, Vec::new(), false, Vec::new()));
    // Nobody else is told that there is anything.
    world.member("Red");
    let strangers = [world.token("Red", BOTH), world.token("ACME", &["analyst"])];
    for stranger in &strangers {
        let (there, not) =
            (ledger(&world, stranger, 1).unwrap_err(), ledger(&world, stranger, 9).unwrap_err());
        assert_eq!((there.kind, there.message.replace(&id(1), &id(9))), (not.kind, not.message));
    }
    for caller in [&blue, &black, &strangers[1]] {
        assert_eq!(audited(&world, caller, 1).unwrap_err().kind, Kind::Forbidden);
    }
    let visitor = Caller { principal: model::Principal::anonymous(), ..node.operator() };
    assert_eq!(ledger(&world, &visitor, 1).unwrap_err().kind, Kind::Unauthenticated);
    let roles = world.token("Green", &["organisation-administrator"]);
    assert_eq!(ledger(&world, &roles, 1).unwrap_err().kind, Kind::Forbidden, "it takes a role that reads");
    // Who leaves the circle is no participant any more, and the others see until when he was one.
    world.later(10);
    node.leave_circle(&grey, "Case").unwrap();
    assert_eq!(ledger(&world, &now(&world, &grey), 1).unwrap_err().kind, Kind::NotFound);
    let left = ledger(&world, &now(&world, &green), 1).unwrap();
    let left = left.rows.iter().find(|row| row.until.is_some()).unwrap();
    assert_eq!((left.what, left.member.as_ref().unwrap().name.as_str()), ("could-see", "Grey"));
}

#[test]
fn a_circle_that_shows_a_number_shows_no_names_in_the_ledger() {
    let world = World::new();
    let all = members(&world, &["Blue", "Green", "Grey"], BOTH);
    let [blue, green, grey] = &all[..] else { panic!() };
    let charter = Charter { shows: Shows::Count, ..Charter::default() };
    world.node.add_circle(blue, &circle("Quiet", Some(charter))).unwrap();
    bring(&world.node, blue, "Quiet", green);
    bring(&world.node, blue, "Quiet", grey);
    let [blue, green, grey] = [blue, green, grey].map(|one| now(&world, one));
    say(&world, &blue, &under_embargo(&["circle:Quiet"], Tlp::Amber), 1);
    open(&world, &grey, 1);
    assert_eq!(rows(&world, &green, 1), ["said Blue", "could-see Green", "given ? object"]);
    assert_eq!(rows(&world, &blue, 1), ["said Blue", "given ? object"]);
}

#[test]
fn red_is_for_persons_and_the_ledger_tells_of_their_organisations() {
    let (world, [blue, green, ..]) = world();
    let operator = world.node.operator();
    let mut carried = Vec::new();
    for name in ["Ada", "Bob"] {
        let person = world.node.add_person(&operator, "Green", name).unwrap();
        let new = NewToken {
            member: "Green".to_owned(),
            person: Some(name.to_owned()),
            roles: strings(&["analyst"]),
            ..NewToken::default()
        };
        let caller = world.signed_in(&world.node.add_token(&operator, &new).unwrap().secret);
        carried.push((person.id, caller));
    }
    let to: Vec<String> = carried.iter().map(|(id, _)| format!("person:{id}")).collect();
    let options = ImportOptions { to, tlp: Some(Tlp::Red), ..ImportOptions::default() };
    say(&world, &blue, &options, 1);
    for (_, caller) in &carried {
        world.later(10);
        open(&world, caller, 1);
    }
    // Two persons read it; it is one organisation.
    assert_eq!(given(&world), 2);
    assert_eq!(rows(&world, &blue, 1), ["said Blue", "could-see Green", "given Green object"]);
    assert_eq!(rows(&world, &carried[0].1, 1), ["said Blue", "could-see Green", "given Green object"]);
    assert_eq!(
        ledger(&world, &green, 1).unwrap_err().kind,
        Kind::NotFound,
        "the others of Green see nothing"
    );
    // Who administers Green, and is named, is told of his own.
    let new = NewToken {
        member: "Green".to_owned(),
        person: Some("Ada".to_owned()),
        roles: strings(BOTH),
        ..NewToken::default()
    };
    let ada = world.signed_in(&world.node.add_token(&operator, &new).unwrap().secret);
    let own = ledger(&world, &ada, 1).unwrap();
    let persons = own.rows.iter().filter_map(|row| row.person.as_ref()).map(|one| one.name.clone());
    assert_eq!(persons.collect::<Vec<_>>(), ["Ada", "Bob"]);
    let told = serde_json::to_string(&ledger(&world, &blue, 1).unwrap()).unwrap();
    assert!(!told.contains("\"person\":") && !told.contains("\"token\":"), "{told}");
}

#[test]
fn what_was_under_embargo_keeps_its_ledger_and_tells_later_ones_numbers() {
    let (world, [blue, green, _, black]) = world();
    say(&world, &blue, &under_embargo(&["circle:Case"], Tlp::Amber), 1);
    world.later(10);
    open(&world, &green, 1);
    world.later(10);
    let lift = Relabel { lift: true, to: Some(Vec::new()), tlp: Some(Tlp::Green), ..Relabel::default() };
    world.node.relabel(&blue, &id(1), &lift).unwrap();
    open(&world, &black, 1);
    let expected = ["said Blue", "could-see Green", "given Green object", "relabelled Blue"];
    assert_eq!(rows(&world, &blue, 1), expected);
    assert_eq!(rows(&world, &green, 1), expected);
    // That somebody had it before is told to all; who, to those who were told then.
    let later = ledger(&world, &black, 1).unwrap();
    assert_eq!(told(&later), ["said ?", "given ? object", "relabelled Blue"]);
    assert_eq!((later.rows[0].embargo, later.rows[2].embargo), (Some(true), Some(false)));
    let text = serde_json::to_string(&later).unwrap();
    assert!(!text.contains("Case 7") && !text.contains("Green\""), "{text}");
    // Page by page it is the same.
    let mut paged = Vec::new();
    let mut next = None;
    loop {
        let page = world.node.ledger(&blue, &id(1), false, (next.as_deref(), Some(1))).unwrap();
        paged.extend(told(&page));
        next = page.next;
        if !page.more {
            break;
        }
    }
    assert_eq!(paged, expected);
    assert_eq!(world.node.ledger(&blue, &id(1), false, (None, Some(0))).unwrap_err().kind, Kind::Invalid);
    assert_eq!(world.node.ledger(&blue, &id(1), false, (Some("x"), None)).unwrap_err().kind, Kind::Invalid);
}

#[test]
fn it_outlives_a_withdrawal_an_erasure_a_rebuild_and_a_restore() {
    let (world, [blue, green, grey, _]) = world();
    bring(&world.node, &blue, "Case", &grey);
    let grey = now(&world, &grey);
    for n in 1..=2 {
        say(&world, &blue, &under_embargo(&["circle:Case"], Tlp::Amber), n);
    }
    world.later(10);
    world.node.list(&green, &ListQuery::default(), &mut |_| ()).unwrap();
    world.later(10);
    world.node.withdraw(&blue, None, &id(1), &[]).unwrap();
    world.node.erase(&world.node.operator(), &id(2), "a law").unwrap();
    for (n, what) in [(1, "withdrawn ?"), (2, "erased ?")] {
        let expected = ["said Blue", "could-see Green", "could-see Grey", "given Green list", what];
        for by in [&blue, &green] {
            assert_eq!(rows(&world, by, n), expected, "{n} {}", by.member_name);
        }
        // Grey was never given it, and is told what everybody is: that there is nothing.
        assert_eq!(ledger(&world, &grey, n).unwrap_err().kind, Kind::NotFound);
    }
    let before: Vec<String> =
        (1..=2).map(|n| serde_json::to_string(&ledger(&world, &green, n).unwrap()).unwrap()).collect();
    let same = |world: &World| {
        let green = now(world, &green);
        for (n, before) in (1..=2).zip(&before) {
            assert_eq!(&serde_json::to_string(&ledger(world, &green, n).unwrap()).unwrap(), before);
        }
    };
    let rebuilt = world.node.rebuild(&world.node.operator(), &mut |_, _| ()).unwrap();
    assert_eq!(rebuilt["equal"], true);
    same(&world);
    same(&world.twin());
    same(&world.restarted());
}

#[test]
fn bytes_that_came_beside_others_were_never_shown_and_leave_no_trace() {
    let (world, [blue, ..]) = world();
    let red = ImportOptions { tlp: Some(Tlp::Red), ..ImportOptions::default() };
    say(&world, &blue, &red, 1);
    // Who reads up to AMBER does not see what was RED, so that for him nothing was said before.
    let amber = world.node.add_token(
        &world.node.operator(),
        &NewToken {
            member: "Blue".to_owned(),
            roles: strings(BOTH),
            ceiling: Some(Tlp::Amber),
            ..NewToken::default()
        },
    );
    let amber = world.node.authenticate(&node::Credential::Token(amber.unwrap().secret), None).unwrap();
    let other = envelope(&[indicator(1, FIRST, r#","lang":"en""#)]);
    let beside = world.node.submit(&amber, &under_embargo(&[], Tlp::Clear), other.as_bytes()).unwrap();
    assert_eq!(beside.outcomes[0].state, "equivocation", "{:?}", beside.outcomes);
    open(&world, &blue, 1);
    world.later(10);
    world.node.withdraw(&blue, None, &id(1), &[]).unwrap();
    world.later(10);
    let again = envelope(&[indicator(1, SECOND, "")]);
    world.node.submit(&blue, &under_embargo(&[], Tlp::Clear), again.as_bytes()).unwrap();
    let asked = Disclose {
        objects: vec![id(1)],
        authority: "A court".to_owned(),
        basis: "An order".to_owned(),
        ..Disclose::default()
    };
    world.node.disclose(&amber, &asked).unwrap();
    assert_eq!(rows(&world, &amber, 1), ["said Blue", "disclosed Blue"]);
}

#[test]
fn what_was_said_without_a_name_is_told_without_names() {
    let world = World::with(Settings { desk_interval_s: 0, ..settings() });
    let mut all = Vec::new();
    for n in 0..6 {
        let new = NewMember { name: format!("Member {n}"), ..NewMember::default() };
        world.node.add_member(&world.node.operator(), &new).unwrap();
        all.push(world.token(&format!("Member {n}"), BOTH));
    }
    let charter = Charter { shows: Shows::Organisations, ..Charter::default() };
    world.node.add_circle(&all[0], &circle("Case", Some(charter))).unwrap();
    for one in &all[1..] {
        bring(&world.node, &all[0], "Case", one);
    }
    let all: Vec<Caller> = all.iter().map(|one| now(&world, one)).collect();
    let options = ImportOptions { without_name: true, ..under_embargo(&["circle:Case"], Tlp::Amber) };
    let status =
        world.node.submit(&all[0], &options, envelope(&[indicator(1, FIRST, "")]).as_bytes()).unwrap();
    for _ in 0..2_000 {
        if world.node.status(&all[0], &status.id).unwrap().complete {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // The one who said it is given it like the others: were it left out, the rest would know.
    for caller in &all[..5] {
        open(&world, caller, 1);
    }
    assert_eq!(given(&world), 5);
    let by_other = rows(&world, &all[4], 1);
    let given_to = |who: &str| by_other.iter().filter(|row| **row == format!("given {who} object")).count();
    assert_eq!((given_to("?"), given_to("Member 4"), by_other[0].as_str()), (4, 1, "said ?"), "{by_other:?}");
    let could = by_other.iter().filter(|row| row.starts_with("could-see Member")).count();
    assert_eq!(could, 6, "all of the circle, the one who said it too");
}

#[test]
fn what_cannot_be_written_down_is_not_given() {
    let (world, [blue, green, ..]) = world();
    say(&world, &blue, &under_embargo(&["circle:Case"], Tlp::Green), 1);
    let database = rusqlite::Connection::open(world.folder.path().join("record.sqlite")).unwrap();
    // No road is JSON, so no row can be written from here on, as on a full disk.
    database.execute_batch("CREATE INDEX full ON given (json(verb))").unwrap();
    for _ in 0..2 {
        assert_eq!(world.node.object(&green, &id(1), None).unwrap_err().kind, Kind::Unavailable);
        let mut exported = Vec::new();
        let export = world.node.export(&green, "ndjson", false, &ListQuery::default(), &mut exported);
        assert_eq!((export.unwrap_err().kind, exported.len()), (Kind::Unavailable, 0));
    }
    assert_eq!(given(&world), 0);
    database.execute_batch("DROP INDEX full").unwrap();
    drop(database);
    open(&world, &green, 1);
    assert_eq!((given(&world), rows(&world, &blue, 1).len()), (1, 3));
}
