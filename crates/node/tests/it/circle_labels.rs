//! What is said to circles, members and persons, and held back: who sees it, through what becomes of the circles.

use model::circle::Leavers;
use model::{Embargo, Timestamp, Tlp};
use node::{Annotation, Caller, Error, ImportOptions, Kind, NewToken, Relabel, Sighted};

use crate::circle_rules::{bring, circle, formal, members};
use crate::write_world::{FIRST, SECOND, START, World, envelope, id, indicator, strings};

fn to(names: &[&str], tlp: Tlp) -> ImportOptions {
    ImportOptions { to: strings(names), tlp: Some(tlp), ..ImportOptions::default() }
}

/// Says an object; what became of it.
fn say(world: &World, by: &Caller, options: &ImportOptions, object: &str) -> Result<String, Error> {
    let status = world.node.submit(by, options, envelope(&[object.to_owned()]).as_bytes())?;
    let outcome = &status.outcomes[0];
    Ok(format!("{} {}", outcome.state, outcome.message.clone().unwrap_or_default()))
}

/// Blue and Green, who are in the circle `Ransom`, and Grey, who is not.
fn in_ransom(world: &World) -> [Caller; 3] {
    let all: [Caller; 3] = members(world, &["Blue", "Green", "Grey"], BOTH).try_into().unwrap();
    world.node.add_circle(&all[0], &circle("Ransom", None)).unwrap();
    bring(&world.node, &all[0], "Ransom", &all[1]);
    all
}

fn taken(world: &World, by: &Caller, options: &ImportOptions, n: u32) {
    let said = say(world, by, options, &indicator(n, FIRST, "")).unwrap();
    assert!(said.starts_with("new"), "{said}");
}

/// A caller as he is now, for what he sees goes by the directory.
fn now(world: &World, caller: &Caller) -> Caller {
    let member = caller.member_name.clone();
    world.token(&member, &["analyst", "organisation-administrator"])
}

fn sees(world: &World, caller: &Caller, n: u32) -> bool {
    let caller = now(world, caller);
    let listed = world.label(&caller, &id(n)).is_some();
    assert_eq!(world.node.object(&caller, &id(n), None).is_ok(), listed, "each road says the same");
    listed
}

const BOTH: &[&str] = &["analyst", "organisation-administrator"];

#[test]
fn what_is_said_to_a_circle_is_seen_there_and_nowhere_else() {
    let world = World::new();
    let all = members(&world, &["Blue", "Green", "Grey", "Black"], BOTH);
    let [blue, green, grey, black] = &all[..] else { panic!() };
    let node = &world.node;
    node.add_circle(blue, &circle("Ransom", None)).unwrap();
    bring(node, blue, "Ransom", green);
    taken(&world, blue, &to(&["circle:Ransom"], Tlp::Amber), 1);
    taken(&world, blue, &to(&["member:Green"], Tlp::AmberStrict), 2);
    for (caller, seen) in [(blue, true), (green, true), (grey, false), (black, false)] {
        assert_eq!([sees(&world, caller, 1), sees(&world, caller, 2)], [seen; 2]);
    }
    // Who joins sees what was said before; who leaves and who is expelled see nothing of it from then on.
    bring(node, green, "Ransom", grey);
    assert!(sees(&world, grey, 1) && !sees(&world, grey, 2));
    node.leave_circle(grey, "Ransom").unwrap();
    node.expel(blue, "Ransom", "Green").unwrap();
    assert!(!sees(&world, grey, 1) && !sees(&world, green, 1) && sees(&world, green, 2));
    // What one said oneself stays one's own.
    bring(node, blue, "Ransom", green);
    taken(&world, green, &to(&["circle:Ransom"], Tlp::Amber), 3);
    node.leave_circle(green, "Ransom").unwrap();
    assert!(sees(&world, green, 3) && sees(&world, blue, 3));
    node.revoke_circle(blue, "Ransom").unwrap();
    assert!(!sees(&world, blue, 3) && sees(&world, blue, 1));
    // Nobody says anything to circles that he is not in, and cannot tell them from those that are not there.
    node.add_circle(blue, &circle("Other", None)).unwrap();
    let error =
        |name: &str| say(&world, black, &to(&[name], Tlp::Amber), &indicator(9, FIRST, "")).unwrap_err();
    let (there, not) = (error("circle:Other"), error("circle:Nowhere"));
    assert_eq!((there.kind, there.message.replace("Other", "Nowhere")), (not.kind, not.message));
    for name in ["member:Blue", "person:Blue/Ada", "nobody", "club:Other"] {
        assert!(matches!(error(name).kind, Kind::NotFound | Kind::Invalid), "{name}");
    }
    // Who was told an id can use it.
    let blue_id = blue.principal.reader.member.unwrap();
    taken(&world, black, &to(&[&format!("member:{blue_id}")], Tlp::Amber), 10);
    assert!(sees(&world, blue, 10) && !sees(&world, green, 10));
}

#[test]
fn who_keeps_what_he_saw_sees_that_and_nothing_said_later() {
    let world = World::new();
    let all = members(&world, &["Blue", "Green", "Grey"], BOTH);
    let [blue, green, grey] = &all[..] else { panic!() };
    let node = &world.node;
    node.add_circle(blue, &circle("E", Some(formal(|charter| charter.leavers = Leavers::Keep)))).unwrap();
    bring(node, blue, "E", green);
    taken(&world, blue, &to(&["circle:E"], Tlp::Amber), 1);
    node.leave_circle(green, "E").unwrap();
    taken(&world, blue, &to(&["circle:E"], Tlp::Amber), 2);
    bring(node, blue, "E", grey);
    for (caller, seen) in [(blue, [true, true]), (green, [true, false]), (grey, [true, true])] {
        assert_eq!([sees(&world, caller, 1), sees(&world, caller, 2)], seen);
    }
}

#[test]
fn charters_bound_what_is_said_and_red_names_persons() {
    let world = World::new();
    let all = members(&world, &["Blue", "Green"], BOTH);
    let [blue, green] = &all[..] else { panic!() };
    let node = &world.node;
    let charter = formal(|charter| {
        charter.ceiling = Tlp::Amber;
        charter.vocabulary = strings(&["sector:*"]);
    });
    node.add_circle(blue, &circle("E", Some(charter))).unwrap();
    bring(node, blue, "E", green);
    let said = |to_: &[&str], tlp, n, rest: &str| {
        say(&world, blue, &to(to_, tlp), &indicator(n, FIRST, rest)).unwrap()
    };
    for (tlp, rest, says) in [
        (Tlp::AmberStrict, "", "above TLP:AMBER, the ceiling of the circle `E`"),
        (Tlp::Green, ",\"labels\":[\"sector:x\",\"odd\"]", "`odd` is not in the vocabulary"),
        (Tlp::Clear, "", "TLP:CLEAR, which is for everybody"),
    ] {
        let told = said(&["circle:E"], tlp, 1, rest);
        assert!(told.starts_with("rejected") && told.contains(says), "{told}");
    }
    assert!(said(&["circle:E"], Tlp::Amber, 2, ",\"labels\":[\"sector:x\"]").starts_with("new"));
    assert!(said(&["member:Green"], Tlp::Red, 3, "").contains("persons by name"));
    let operator = node.operator();
    let ada = node.add_person(&operator, "Green", "Ada").unwrap();
    assert!(said(&[&format!("person:{}", ada.id)], Tlp::Red, 4, "").starts_with("new"));
    let new = NewToken {
        member: "Green".to_owned(),
        person: Some("Ada".to_owned()),
        roles: strings(&["reader"]),
        ..NewToken::default()
    };
    let personal = world.signed_in(&node.add_token(&operator, &new).unwrap().secret);
    assert!(world.label(&personal, &id(4)).is_some() && !sees(&world, green, 4));
    // A marking of the object's own joins, and what waits for one is its author's until then.
    let red = ",\"object_marking_refs\":[\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\"]";
    assert!(said(&["circle:E"], Tlp::Green, 5, red).contains("above TLP:AMBER"));
    node.add_circle(blue, &circle("Wide", None)).unwrap();
    bring(node, blue, "Wide", green);
    node.upgrade_circle(blue, "Wide", &formal(|charter| charter.ceiling = Tlp::Red), None).unwrap();
    let terms = "marking-definition--00000000-0000-4000-8000-000000000009";
    let waits = format!(",\"object_marking_refs\":[\"{terms}\"]");
    assert!(said(&["circle:Wide"], Tlp::Green, 6, &waits).starts_with("new"));
    assert!(!sees(&world, green, 6));
    let definition = format!(
        "{{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"{terms}\",\"created\":\"{FIRST}\",\
         \"definition_type\":\"statement\",\"definition\":{{\"statement\":\"(c)\"}}}}"
    );
    say(&world, blue, &to(&[], Tlp::Clear), &definition).unwrap();
    assert!(sees(&world, green, 6));
    world.member("Grey");
    assert!(world.label(&world.token("Grey", BOTH), &id(6)).is_none(), "it is for the circle still");
}

#[test]
fn an_embargo_holds_until_it_is_lifted_by_its_author_and_not_by_the_clock() {
    let world = World::new();
    let all = members(&world, &["Blue", "Green", "Grey"], BOTH);
    let [blue, green, grey] = &all[..] else { panic!() };
    let green_id = format!("member:{}", green.principal.reader.member.unwrap());
    let until = Timestamp(START).plus_seconds(3_600);
    let options = ImportOptions {
        embargo: Some(Embargo { case: "VU 7".to_owned(), until: Some(until) }),
        ..to(&[&green_id], Tlp::Clear)
    };
    taken(&world, blue, &options, 1);
    assert!(sees(&world, green, 1) && !sees(&world, grey, 1));
    let told = world.node.object(green, &id(1), None).unwrap().summary.audience.unwrap();
    assert_eq!((told.embargo.unwrap().case.as_str(), told.others), ("VU 7", 0));
    let lift = Relabel { lift: true, to: Some(Vec::new()), ..Relabel::default() };
    let relabel =
        |by: &Caller| world.node.relabel(&now(&world, by), &id(1), &lift).map_err(|error| error.kind);
    assert_eq!(relabel(blue), Err(Kind::Conflict), "it is too early");
    world.later(4_000);
    assert!(!sees(&world, grey, 1), "the clock alone publishes nothing");
    assert_eq!(relabel(green), Err(Kind::Forbidden), "it is not his");
    assert_eq!(relabel(grey), Err(Kind::NotFound), "he does not see it");
    assert_eq!(relabel(blue), Ok(1));
    assert!(sees(&world, grey, 1));
    assert_eq!(relabel(blue), Err(Kind::Conflict), "there is none");
}

#[test]
fn a_relabel_widens_and_narrows_every_version_and_is_new_to_readers() {
    let world = World::new();
    let [blue, green, grey] = &in_ransom(&world);
    let node = &world.node;
    let options = to(&["circle:Ransom"], Tlp::Amber);
    taken(&world, blue, &options, 1);
    let second = indicator(1, SECOND, "");
    assert!(say(&world, blue, &options, &second).unwrap().starts_with("new"));
    let change = |tlp, to: Option<&[&str]>| {
        let asked = Relabel { tlp, to: to.map(strings), ..Relabel::default() };
        node.relabel(&now(&world, blue), &id(1), &asked)
    };
    assert_eq!(change(Some(Tlp::Amber), None).unwrap(), 0, "that it has");
    assert_eq!(change(Some(Tlp::Green), Some(&[])).unwrap(), 2);
    assert!(sees(&world, grey, 1) && sees(&world, green, 1));
    let versions = |by: &Caller| node.object(&now(&world, by), &id(1), None).unwrap().versions.len();
    assert_eq!((versions(grey), versions(blue)), (2, 2));
    assert_eq!(change(None, Some(&["circle:Ransom"])).unwrap(), 2);
    assert!(!sees(&world, grey, 1) && sees(&world, green, 1));
    assert_eq!(versions(green), 2);
    assert_eq!(change(Some(Tlp::AmberStrict), None).unwrap(), 2, "whom it is for stays");
    assert!(!sees(&world, grey, 1) && sees(&world, green, 1));
    assert_eq!(change(Some(Tlp::Red), None).unwrap_err().kind, Kind::Invalid);
    assert_eq!(change(Some(Tlp::Red), Some(&[])).unwrap(), 2);
    assert!(!sees(&world, green, 1) && sees(&world, blue, 1));
    // Its own markings are its author's word too.
    let amber = ",\"object_marking_refs\":[\"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421\"]";
    say(&world, blue, &to(&[], Tlp::Green), &indicator(2, FIRST, amber)).unwrap();
    let lower = Relabel { tlp: Some(Tlp::Green), ..Relabel::default() };
    assert_eq!(node.relabel(&now(&world, blue), &id(2), &lower).unwrap_err().kind, Kind::Invalid);
    let rebuilt = node.rebuild(&node.operator(), &mut |_, _| ()).unwrap();
    assert!(rebuilt.to_string().contains("\"equal\":true"), "{rebuilt}");
}

#[test]
fn a_relabel_that_would_keep_somebody_who_is_gone_says_what_to_do() {
    let world = World::new();
    let [blue, green, grey] = &in_ransom(&world);
    taken(&world, blue, &to(&["member:Green"], Tlp::Amber), 1);
    world.node.revoke_member(&world.node.operator(), "Green").unwrap();
    let change = |to: Option<&[&str]>| {
        let asked = Relabel { tlp: Some(Tlp::Green), to: to.map(strings), ..Relabel::default() };
        world.node.relabel(&now(&world, blue), &id(1), &asked)
    };
    let refused = change(None).unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    assert!(refused.hint.unwrap().contains("--to"), "{}", refused.message);
    assert_eq!(change(Some(&["member:Green"])).unwrap_err().kind, Kind::NotFound, "that he typed himself");
    assert_eq!(change(Some(&[])).unwrap(), 1);
    assert!(sees(&world, grey, 1) && world.node.circles(green).is_ok());
}

#[test]
fn what_one_sees_for_some_one_does_not_say_for_more() {
    let world = World::new();
    let [blue, green, grey] = &in_ransom(&world);
    taken(&world, blue, &to(&["circle:Ransom"], Tlp::Amber), 1);
    let object = indicator(1, FIRST, "");
    let again =
        |by: &Caller, options: &ImportOptions| say(&world, &now(&world, by), options, &object).unwrap();
    for options in [to(&[], Tlp::Amber), to(&["circle:Ransom"], Tlp::Green), to(&["member:Blue"], Tlp::Amber)]
    {
        let told = again(green, &options);
        assert!(told.starts_with("rejected") && told.contains("said it under TLP:AMBER"), "{told}");
    }
    // Who does not see it is told nothing of it.
    assert!(again(grey, &to(&[], Tlp::Green)).starts_with("new"));
    assert!(again(green, &to(&["circle:Ransom"], Tlp::AmberStrict)).starts_with("new"));
    // Nor by another label for what he said of it.
    let relabel = |by: &Caller, tlp, recipients: &[&str]| {
        let asked = Relabel { tlp: Some(tlp), to: Some(strings(recipients)), ..Relabel::default() };
        world.node.relabel(&now(&world, by), &id(1), &asked)
    };
    for (tlp, recipients) in
        [(Tlp::Amber, &[][..]), (Tlp::Green, &["circle:Ransom"]), (Tlp::Amber, &["member:Blue"])]
    {
        let refused = relabel(green, tlp, recipients).unwrap_err();
        assert_eq!(refused.kind, Kind::Invalid);
        assert!(refused.message.contains("said it under TLP:AMBER"), "{}", refused.message);
    }
    assert_eq!(relabel(green, Tlp::Amber, &["circle:Ransom"]).unwrap(), 1);
    assert_eq!(relabel(green, Tlp::AmberStrict, &["circle:Ransom"]).unwrap(), 1);
    // Who does not see it is told nothing of it, and what is wider already may become narrower.
    assert_eq!(relabel(grey, Tlp::Clear, &[]).unwrap(), 1);
    assert_eq!(relabel(blue, Tlp::AmberStrict, &["circle:Ransom"]).unwrap(), 1);
}

#[test]
fn notes_stay_with_those_who_see_what_they_are_about() {
    let world = World::new();
    let [blue, green, grey] = &in_ransom(&world);
    let node = &world.node;
    taken(&world, blue, &to(&["circle:Ransom"], Tlp::Amber), 1);
    taken(&world, blue, &to(&["member:Green"], Tlp::Amber), 2);
    let note = |by: &Caller, n| {
        let said = node.annotate(&now(&world, by), &id(n), &Annotation::Note("seen".to_owned()), None);
        said.unwrap().id
    };
    let told = |by: &Caller, id: &str| world.label(&now(&world, by), id).is_some();
    let in_circle = note(green, 1);
    assert!(told(blue, &in_circle) && told(green, &in_circle) && !told(grey, &in_circle));
    // Whoever does not know all of those it is for keeps it to himself.
    let to_himself = note(green, 2);
    assert!(!told(blue, &to_himself) && told(green, &to_himself));
    let by_author = note(blue, 2);
    assert!(told(green, &by_author) && !told(grey, &by_author));
}

#[test]
fn readers_are_told_of_recipients_what_they_may_know() {
    let world = World::new();
    let [blue, green, grey] = &in_ransom(&world);
    let node = &world.node;
    let grey_id = format!("member:{}", grey.principal.reader.member.unwrap());
    taken(&world, blue, &to(&["circle:Ransom", &grey_id], Tlp::Amber), 1);
    let told = |by: &Caller| {
        let audience = node.object(&now(&world, by), &id(1), None).unwrap().summary.audience.unwrap();
        let names = |some: Vec<node::views::Named>| some.into_iter().map(|one| one.name).collect::<Vec<_>>();
        (names(audience.circles).join(","), names(audience.members).join(","), audience.others)
    };
    // Blue was told an id of Grey's, and no name.
    let grey_named = grey_id.trim_start_matches("member:").to_owned();
    assert_eq!(told(blue), ("Ransom".to_owned(), grey_named, 0));
    assert_eq!(told(green), ("Ransom".to_owned(), String::new(), 1));
    assert_eq!(told(grey), (String::new(), "Grey".to_owned(), 1));
}

#[test]
fn what_is_exported_for_some_is_taken_elsewhere_for_nobody_else() {
    let world = World::new();
    let all = members(&world, &["Blue", "Green"], BOTH);
    let [blue, green] = &all[..] else { panic!() };
    world.node.add_circle(blue, &circle("Ransom", None)).unwrap();
    bring(&world.node, blue, "Ransom", green);
    taken(&world, blue, &to(&["circle:Ransom"], Tlp::Amber), 1);
    let mut exported = Vec::new();
    let query = node::ListQuery::default();
    world.node.export(&now(&world, green), "stix", true, &query, &mut exported).unwrap();
    let other = World::new();
    let grey = members(&other, &["Grey", "Else"], BOTH);
    let status = other.node.submit(&grey[0], &ImportOptions::default(), &exported).unwrap();
    assert_eq!(status.success, 1);
    assert_eq!(other.label(&grey[0], &id(1)).as_deref(), Some("TLP:RED"));
    assert!(other.label(&grey[1], &id(1)).is_none());
}

#[test]
fn what_is_accepted_for_later_is_for_those_who_are_in_the_circle_then() {
    let settings = node::Settings { asynchronous_objects: 1, ..crate::write_world::settings() };
    let world = World::with(settings);
    let all = members(&world, &["Blue", "Green", "Grey"], BOTH);
    let [blue, green, grey] = &all[..] else { panic!() };
    world.node.add_circle(blue, &circle("Ransom", None)).unwrap();
    bring(&world.node, blue, "Ransom", green);
    let both = envelope(&[indicator(1, FIRST, ""), indicator(2, FIRST, "")]);
    let status = world.node.submit(blue, &to(&["circle:Ransom"], Tlp::Amber), both.as_bytes()).unwrap();
    assert_eq!(status.pending, 2);
    for _ in 0..1_000 {
        if world.node.status(blue, &status.id).unwrap().complete {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(sees(&world, green, 2) && !sees(&world, grey, 2));
}

#[test]
fn a_collection_says_for_whom_what_is_sent_through_it_is_where_nobody_is_named() {
    let world = World::new();
    for member in ["A", "B", "C"] {
        world.member(member);
    }
    let [a, b, c] = ["A", "B", "C"].map(|name| world.token(name, &["analyst", "organisation-administrator"]));
    let charter = model::Charter {
        formal: true,
        agreement: "Among us.".to_owned(),
        vocabulary: vec!["sector:*".to_owned()],
        ..model::Charter::default()
    };
    let new =
        node::NewCircle { name: "Ours".to_owned(), charter: Some(charter), ..node::NewCircle::default() };
    world.node.add_circle(&a, &new).unwrap();
    bring(&world.node, &a, "Ours", &b);
    let [a, b] = ["A", "B"].map(|name| world.token(name, &["analyst", "administrator"]));
    let collection = |by: &Caller, title: &str| {
        let new = node::NewCollection {
            title: title.to_owned(),
            to: vec!["circle:Ours".to_owned()],
            ..node::NewCollection::default()
        };
        world.node.add_collection(by, &new)
    };
    // Whoever is not in it cannot name it, and is shown nothing of it.
    assert_eq!(collection(&c, "Theirs").unwrap_err().kind, node::Kind::Forbidden);
    assert_eq!(collection(&world.node.operator(), "Theirs").unwrap_err().kind, node::Kind::NotFound);
    assert_eq!(collection(&a, "For us").unwrap().to, ["circle:Ours"]);
    assert!(world.node.collection(&c, "For us").unwrap().to.is_empty());
    let through = |to: &[&str]| node::ImportOptions {
        collection: Some("For us".to_owned()),
        to: to.iter().map(|name| (*name).to_owned()).collect(),
        ..node::ImportOptions::default()
    };
    let send = |by: &Caller, n: u32, to: &[&str]| {
        world.node.submit(by, &through(to), envelope(&[indicator(n, FIRST, "")]).as_bytes())
    };
    assert_eq!(send(&b, 1, &[]).unwrap().success, 1);
    assert_eq!((world.listed(&a, None).len(), world.listed(&c, None).len()), (1, 0));
    let refused = send(&c, 2, &[]).unwrap_err();
    assert_eq!(refused.kind, node::Kind::Forbidden, "{}", refused.message);
    assert!(!refused.message.contains("Ours"));
    // Whom one names counts.
    assert_eq!(send(&c, 2, &["member:C"]).unwrap().success, 1);
    let world = world.restarted();
    assert_eq!(world.node.collection(&b, "For us").unwrap().to, ["circle:Ours"]);
    // What the node itself writes down is no word of a vocabulary.
    let said = world.node.annotate(&a, &id(1), &node::Annotation::Revoke, None).unwrap();
    assert_eq!(said.state, "new", "{said:?}");
    let tagged = world.node.annotate(&a, &id(1), &node::Annotation::Tags(vec!["other".to_owned()]), None);
    assert_eq!(tagged.unwrap().state, "rejected");
}

#[test]
fn what_is_for_a_person_is_spoken_of_to_nobody_of_his_organisation() {
    let world = World::new();
    let all = members(&world, &["Blue", "Green"], BOTH);
    let [blue, green] = &all[..] else { panic!() };
    let node = &world.node;
    let ada = node.add_person(&node.operator(), "Green", "Ada").unwrap();
    let new = NewToken {
        member: "Green".to_owned(),
        person: Some("Ada".to_owned()),
        roles: strings(&["analyst"]),
        ..NewToken::default()
    };
    let personal = world.signed_in(&node.add_token(&node.operator(), &new).unwrap().secret);
    let for_ada = format!("person:{}", ada.id);
    taken(&world, blue, &to(&[&for_ada], Tlp::Red), 1);
    let for_green = format!("member:{}", green.principal.reader.member.unwrap());
    taken(&world, blue, &to(&[&for_ada, &for_green], Tlp::Amber), 2);
    let embargo = Some(Embargo { case: "7".to_owned(), until: None });
    taken(&world, blue, &ImportOptions { embargo, ..to(&[&for_ada], Tlp::Amber) }, 3);
    let before = world.listed(green, None);
    let says = [
        Annotation::Note("seen here".to_owned()),
        Annotation::Opinion("strongly-disagree".to_owned(), None),
        Annotation::Sighting(Sighted::default()),
        Annotation::Tags(strings(&["ours"])),
        Annotation::Revoke,
    ];
    for n in [1, 3] {
        assert!(node.object(&personal, &id(n), None).is_ok());
        for annotation in &says {
            let refused = node.annotate(&personal, &id(n), annotation, None).unwrap_err();
            assert_eq!(refused.kind, Kind::Conflict, "{annotation:?} on {n}");
        }
    }
    assert_eq!(world.listed(green, None), before, "nothing tells that there is such a thing");
    // What his organisation sees as well he speaks of, and so does its author's own of what is for others.
    for annotation in &says {
        node.annotate(&personal, &id(2), annotation, None).unwrap();
    }
    node.annotate(blue, &id(1), &says[0], None).unwrap();
}
