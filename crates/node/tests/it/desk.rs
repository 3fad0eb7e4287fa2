//! What is said without a name.

use node::views::{ObjectSummary, Status};
use node::{
    Caller, Error, ImportOptions, Kind, ListQuery, NewCircle, NewMember, Relabel, SearchQuery, Settings,
};

use crate::write_world::{FIRST, SECOND, START, World, envelope, id, indicator, settings, strings};

const INTERVAL_S: u32 = 600;

fn unnamed() -> ImportOptions {
    ImportOptions { without_name: true, ..ImportOptions::default() }
}

/// Six members, each with an analyst; the first five are of one sector.
fn world(settings: Settings) -> (World, Vec<(String, Caller)>) {
    let world = World::with(settings);
    let members = (0..6).map(|n| {
        let name = format!("Member {n}");
        let sector = (n < 5).then(|| "energy".to_owned());
        let new = NewMember { name: name.clone(), sector, ..NewMember::default() };
        let identity = world.node.add_member(&world.node.operator(), &new).unwrap().identities.remove(0);
        (identity, world.token(&name, &["analyst"]))
    });
    let members = members.collect();
    (world, members)
}

fn at_once() -> Settings {
    Settings { desk_interval_s: 0, ..settings() }
}

fn say(world: &World, caller: &Caller, json: &str) -> Result<Status, Error> {
    world.node.submit(caller, &unnamed(), json.as_bytes())
}

// Waits until it has entered, and is whole.
fn entered(world: &World, caller: &Caller, status: &Status) -> Status {
    for _ in 0..2_000 {
        let now = world.node.status(caller, &status.id).unwrap();
        if now.complete {
            return now;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("it never entered");
}

fn shown(world: &World, caller: &Caller, id: &str) -> ObjectSummary {
    world.node.object(caller, id, None).unwrap().summary
}

#[test]
fn it_enters_when_the_desk_lets_in_all_that_came_and_not_before() {
    let (world, members) = world(Settings { desk_interval_s: INTERVAL_S, ..settings() });
    let (_, origin) = &members[0];
    let rows = b"198.51.100.7\n198.51.100.8\n";
    let (summary, _) = world.import_as(origin, &unnamed(), rows).unwrap();
    assert_eq!((summary.pending, summary.new, summary.format.as_str()), (2, 0, "list"));
    let status = say(&world, origin, &envelope(&[indicator(1, FIRST, "")])).unwrap();
    assert_eq!((status.complete, status.pending, status.total), (false, 1, 1));
    assert!(world.listed(origin, None).is_empty());
    // It is durable, and waits for its time over a restart too.
    let world = world.restarted();
    assert!(!world.node.status(origin, &status.id).unwrap().complete);
    world.later(i64::from(INTERVAL_S));
    let world = world.restarted();
    assert_eq!(entered(&world, origin, &status).success, 1);
    let imported = entered(&world, origin, &Status { id: summary.submission, ..status });
    assert_eq!(imported.success, 2);
    let (_, other) = &members[1];
    assert_eq!(world.listed(other, None).len(), 3);
    // A row has no other time than that of the desk.
    let row = world.listed(other, None).into_iter().find(|(listed, _)| *listed != id(1)).unwrap().0;
    let version = shown(&world, other, &row).version;
    let due = model::Timestamp(START).plus_seconds(i64::from(INTERVAL_S)).to_string();
    assert_eq!(version[..19], due[..19]);
}

#[test]
fn others_are_told_of_a_member_and_its_sector_and_the_origin_of_itself() {
    let (world, members) = world(at_once());
    let [(_, origin), (_, other), ..] = &members[..] else { panic!() };
    let status = say(&world, origin, &envelope(&[indicator(1, FIRST, "")])).unwrap();
    entered(&world, origin, &status);
    let told = shown(&world, other, &id(1));
    assert!(told.source.is_none());
    let vouched = told.vouched.unwrap();
    assert_eq!((vouched.by.name.as_str(), vouched.sector.as_deref()), ("ACME", Some("energy")));
    let own = shown(&world, origin, &id(1));
    assert_eq!(own.source.unwrap().name, "Member 0");
    assert!(own.vouched.is_some());
    // Nobody finds it by asking whose it is but the member itself.
    for (caller, found) in [(origin, 1), (other, 0)] {
        let query = SearchQuery { sources: strings(&["Member 0"]), ..SearchQuery::default() };
        assert_eq!(world.node.search(caller, &query).unwrap().objects.len(), found);
    }
    assert!(world.node.status(other, &status.id).is_err());
    // A sector of one is none.
    let (_, alone) = &members[5];
    let status = say(&world, alone, &envelope(&[indicator(2, FIRST, "")])).unwrap();
    entered(&world, alone, &status);
    assert_eq!(shown(&world, other, &id(2)).vouched.unwrap().sector, None);
}

#[test]
fn where_few_could_have_said_it_nothing_is_taken() {
    let (world, members) = world(at_once());
    let (_, origin) = &members[0];
    let circle = NewCircle { name: "Few".to_owned(), ..NewCircle::default() };
    world.node.add_circle(origin, &circle).unwrap();
    let options = ImportOptions { to: strings(&["circle:Few"]), ..unnamed() };
    let refused = world.node.submit(origin, &options, indicator(1, FIRST, "").as_bytes()).unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    assert!(refused.message.contains("fewer than 5 members"), "{refused}");
    // Nor is it made so afterwards.
    let status = say(&world, origin, &envelope(&[indicator(1, FIRST, "")])).unwrap();
    entered(&world, origin, &status);
    let asked = Relabel { to: Some(strings(&["circle:Few"])), ..Relabel::default() };
    assert_eq!(world.node.relabel(origin, &id(1), &asked).unwrap_err().kind, Kind::Conflict);
}

#[test]
fn what_names_the_member_is_refused_with_all_that_came_beside_it() {
    let (world, members) = world(at_once());
    let (identity, origin) = &members[0];
    let by = format!(",\"created_by_ref\":\"{identity}\"");
    let refused = say(&world, origin, &envelope(&[indicator(1, FIRST, ""), indicator(2, FIRST, &by)]));
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind, Kind::Invalid);
    assert!(refused.message.contains(&format!("object 2: it names `{identity}`")), "{refused}");
    let rows = b"198.51.100.7 # seen at member 0\n";
    let refused = world.import_as(origin, &unnamed(), rows).unwrap_err();
    assert!(refused.message.contains("names `Member 0`"), "{refused}");
    assert!(world.listed(origin, None).is_empty());
    // What was refused is kept for the member, and nobody who works the quarantine hears of it.
    let curator = world.token("Member 1", &["curator"]);
    let kept = |caller| world.node.quarantine(caller).unwrap()["quarantine"].as_array().unwrap().len();
    assert_eq!((kept(origin), kept(&curator)), (2, 0));
}

#[test]
fn who_owns_the_id_by_name_is_a_stranger_to_it_without() {
    let (world, members) = world(at_once());
    let [(identity, origin), (_, other), ..] = &members[..] else { panic!() };
    let by = format!(",\"created_by_ref\":\"{identity}\"");
    world.submit(origin, &indicator(1, FIRST, &by)).unwrap();
    let status = say(&world, origin, &indicator(1, SECOND, "")).unwrap();
    assert_eq!(entered(&world, origin, &status).outcomes[0].state, "claim");
    let view = world.node.object(other, &id(1), None).unwrap();
    assert_eq!(view.summary.source.unwrap().name, "Member 0");
    assert!(view.claims[0].claim && view.claims[0].source.is_none());
    // What another says of the same version in other bytes is no second word of the same member.
    let status = say(&world, other, &indicator(1, SECOND, ",\"confidence\":5")).unwrap();
    assert_eq!(entered(&world, other, &status).outcomes[0].state, "claim");
}

#[test]
fn the_origin_takes_it_back_and_gives_it_another_label_and_the_desk_knows_whom_to_ask() {
    let (world, members) = world(at_once());
    let [(_, origin), (_, other), ..] = &members[..] else { panic!() };
    let objects: Vec<String> = (1..4).map(|n| indicator(n, FIRST, "")).collect();
    entered(&world, origin, &say(&world, origin, &envelope(&objects)).unwrap());
    let asked = Relabel { tlp: Some(model::Tlp::Green), ..Relabel::default() };
    assert_eq!(world.node.relabel(other, &id(1), &asked).unwrap_err().kind, Kind::Forbidden);
    assert_eq!(world.node.relabel(origin, &id(1), &asked).unwrap(), 1);
    let told = shown(&world, other, &id(1));
    assert_eq!((told.label.as_str(), told.source.is_none()), ("TLP:GREEN", true));
    assert_eq!(told.vouched.unwrap().sector.as_deref(), Some("energy"));
    assert!(world.node.trace(other, &id(1)).is_err());
    assert!(world.node.trace(origin, &id(1)).is_ok());
    assert_eq!(world.node.withdraw(other, None, &id(2), &[]).unwrap_err().kind, Kind::Forbidden);
    assert_eq!(world.node.withdraw(origin, None, &id(2), &[]).unwrap(), 1);
    // By its name it says nothing of it unawares.
    let revoked = world.node.annotate(origin, &id(1), &node::Annotation::Revoke, None).unwrap_err();
    assert!(revoked.message.contains("without its name"), "{revoked}");
    let by_name = world.submit(origin, &indicator(1, SECOND, "")).unwrap();
    assert!(by_name.outcomes[0].message.as_ref().unwrap().contains("without its name"));
    let operator = world.node.operator();
    assert_eq!(world.node.desk_origin(other, &id(1), "why").unwrap_err().kind, Kind::Forbidden);
    assert_eq!(world.node.desk_origin(&operator, &id(1), " ").unwrap_err().kind, Kind::Invalid);
    let told = world.node.desk_origin(&operator, &id(1), "a wrong address").unwrap();
    assert_eq!(told.origins[0].name, "Member 0");
    let audit = world.node.audit(&operator, &node::AuditQuery::default()).unwrap();
    assert_eq!(audit["audit"][0]["verb"], "desk.origin");
    assert_eq!(world.node.erase(&operator, &id(3), "an order").unwrap(), 1);
    // The same bytes are refused to the member, whatever way they come without its name.
    let again = say(&world, origin, &indicator(3, FIRST, ""));
    assert!(again.unwrap_err().message.contains("erased"));
    assert_eq!(world.listed(other, None).len(), 1);
}

#[test]
fn a_full_export_of_the_origin_does_not_carry_what_would_tell() {
    let (world, members) = world(at_once());
    let (_, origin) = &members[0];
    entered(&world, origin, &say(&world, origin, &indicator(1, FIRST, "")).unwrap());
    let mut out = Vec::new();
    world.node.export(origin, "stix", true, &ListQuery::default(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains(&id(1)) && !text.contains("author") && !text.contains("Member 0"), "{text}");
}

#[test]
fn what_is_said_without_a_name_counts_against_its_members_quota() {
    let (world, members) = world(at_once());
    let new = NewMember { name: "Small".to_owned(), objects_per_hour: Some(3), ..NewMember::default() };
    world.node.add_member(&world.node.operator(), &new).unwrap();
    let small = world.token("Small", &["analyst"]);
    let both = envelope(&[indicator(1, FIRST, ""), indicator(2, FIRST, "")]);
    world.node.submit(&small, &ImportOptions::default(), both.as_bytes()).unwrap();
    let one = envelope(&[indicator(3, FIRST, "")]);
    entered(&world, &small, &say(&world, &small, &one).unwrap());
    let refused = say(&world, &small, &envelope(&[indicator(4, FIRST, "")])).unwrap_err();
    assert_eq!(refused.kind, Kind::Quota, "{}", refused.message);
    // Nobody else's is touched.
    assert!(say(&world, &members[0].1, &envelope(&[indicator(5, FIRST, "")])).is_ok());
}

#[test]
fn a_collection_can_be_the_desk_for_clients_that_have_no_word_for_it() {
    let (world, members) = world(at_once());
    let [(_, origin), (_, other), ..] = &members[..] else { panic!() };
    let new = node::NewCollection { title: "Desk".to_owned(), desk: true, ..node::NewCollection::default() };
    let added = world.node.add_collection(&world.node.operator(), &new).unwrap();
    assert!(added.without_name && world.node.collection(origin, "Desk").unwrap().without_name);
    let through = ImportOptions { collection: Some("Desk".to_owned()), ..ImportOptions::default() };
    let send = |options: &ImportOptions, n: u32| {
        world.node.submit(origin, options, envelope(&[indicator(n, FIRST, "")]).as_bytes()).unwrap()
    };
    let dry = send(&ImportOptions { dry_run: true, ..through.clone() }, 1);
    assert!(dry.waiting.unwrap().enters.is_some());
    let status = send(&through, 1);
    assert_eq!((status.pending, status.complete), (1, false));
    entered(&world, origin, &status);
    let told = shown(&world, other, &id(1));
    assert!(told.source.is_none() && told.vouched.is_some());
    let world = world.restarted();
    assert!(world.node.collection(origin, "Desk").unwrap().without_name);
}

#[test]
fn notes_and_opinions_are_said_without_a_name_too() {
    let (world, members) = world(at_once());
    let [(identity, origin), (_, author), (_, other), ..] = &members[..] else { panic!() };
    world.submit(author, &indicator(1, FIRST, "")).unwrap();
    let saying = node::Saying { without_name: true, ..node::Saying::default() };
    let say =
        |of: u32, annotation: &node::Annotation| world.node.annotate(origin, &id(of), annotation, saying);
    let note = node::Annotation::Note("seen here, too".to_owned());
    let opinion = node::Annotation::Opinion("agree".to_owned(), None);
    for annotation in [&note, &opinion, &node::Annotation::Revoke] {
        assert_eq!(say(1, annotation).unwrap().state, "pending");
    }
    // What was said so takes a next version so, and by name none.
    let status = say_at_desk(&world, origin, 2);
    entered(&world, origin, &status);
    assert!(world.node.annotate(origin, &id(2), &note, None).is_err());
    assert_eq!(say(2, &node::Annotation::Tags(strings(&["seen"]))).unwrap().state, "pending");
    let tagged = || world.node.object(other, &id(2), None).unwrap().object.get().contains("\"seen\"");
    for _ in 0..2_000 {
        if world.listed(other, None).len() == 5 && tagged() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let listed = world.listed(other, None);
    assert!(listed.len() == 5 && tagged(), "{listed:?}");
    let mut vouched = 0;
    for (listed, _) in &listed {
        let object = world.node.object(other, listed, None).unwrap();
        let text = object.object.get().to_owned();
        assert!(!text.contains(identity.as_str()) && !text.contains("Member 0"), "{text}");
        vouched += usize::from(object.summary.vouched.is_some());
        if object.summary.vouched.is_some() {
            assert!(!text.contains("created_by_ref"), "{text}");
        }
    }
    assert!(vouched >= 4, "{vouched}");
}

fn say_at_desk(world: &World, by: &Caller, n: u32) -> Status {
    say(world, by, &envelope(&[indicator(n, FIRST, "")])).unwrap()
}

#[test]
fn what_was_said_without_a_name_is_recalled_without_one_and_by_its_member_alone() {
    let (world, members) = world(at_once());
    let [(identity, origin), (_, other), ..] = &members[..] else { panic!() };
    entered(&world, origin, &say_at_desk(&world, origin, 1));
    let asked =
        node::Recall { objects: vec![id(1)], reason: "it was a resolver".to_owned(), ..Default::default() };
    assert_eq!(world.node.recall(other, &asked).unwrap_err().kind, Kind::NotFound);
    let recalled = world.node.recall(origin, &asked).unwrap();
    assert_eq!((recalled.withdrawn, recalled.recalls.len()), (1, 1));
    let note = &recalled.recalls[0].id;
    for _ in 0..2_000 {
        if world.listed(other, None).len() == 2 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // A revoked version and the note, of nobody by name.
    let revoked = world.node.object(other, &id(1), None).unwrap();
    assert!(revoked.object.get().contains("\"revoked\":true"), "{}", revoked.object.get());
    let told = world.node.recalled(other, note).unwrap();
    assert!(told.source.is_none() && told.held.is_none());
    assert_eq!(told.entry.reason, "it was a resolver");
    for (listed, _) in world.listed(other, None) {
        let text = world.node.object(other, &listed, None).unwrap().object.get().to_owned();
        assert!(!text.contains(identity.as_str()) && !text.contains("created_by_ref"), "{text}");
    }
    let own = world.node.recalled(origin, note).unwrap();
    assert_eq!(own.source.unwrap().name, "Member 0");
    assert!(own.held.is_some());
}

#[test]
fn what_waits_is_for_the_circle_that_was_named_and_for_no_other_of_that_name() {
    let (world, members) = world(Settings { desk_members: 1, desk_interval_s: INTERVAL_S, ..settings() });
    let [(_, origin), (_, other), ..] = &members[..] else { panic!() };
    let few = || NewCircle { name: "Few".to_owned(), ..NewCircle::default() };
    world.node.add_circle(origin, &few()).unwrap();
    let options = ImportOptions { to: strings(&["circle:Few"]), ..unnamed() };
    let status =
        world.node.submit(origin, &options, envelope(&[indicator(1, FIRST, "")]).as_bytes()).unwrap();
    world.node.revoke_circle(origin, "Few").unwrap();
    world.node.add_circle(origin, &few()).unwrap();
    let secret = world.node.invite(origin, "Few", None).unwrap().secret;
    world.node.join_circle(other, &secret, None).unwrap();
    world.later(i64::from(INTERVAL_S));
    // What comes to the desk wakes it.
    say(&world, other, &envelope(&[indicator(2, FIRST, "")])).unwrap();
    let answered = entered(&world, origin, &status);
    assert_eq!((answered.success, answered.failure), (0, 1), "{:?}", answered.outcomes);
    assert!(world.listed(other, None).is_empty());
}
