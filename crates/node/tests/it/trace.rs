//! What became of what one said: who got it, by which road, and what kept it from the others.

use model::Tlp;
use model::circle::Curation;
use node::views::Preview;
use node::{Caller, ImportOptions, Kind, ListQuery, NewCollection};

use crate::circle_rules::{bring, circle, members};
use crate::write_world::{FIRST, SECOND, World, envelope, id, indicator, strings};

fn say(world: &World, by: &Caller, options: &ImportOptions, object: &str) -> node::views::Status {
    world.node.submit(by, options, envelope(&[object.to_owned()]).as_bytes()).unwrap()
}

fn stopped(preview: &Preview) -> Vec<(&str, &str)> {
    preview.stopped.iter().map(|one| (one.what, one.why.as_str())).collect()
}

#[test]
fn a_trace_tells_who_got_it_when_and_by_which_road() {
    let world = World::new();
    let all = members(&world, &["Blue", "Green", "Grey", "Black"], &["analyst"]);
    let [blue, green, grey, black] = &all[..] else { panic!() };
    let node = &world.node;
    node.add_circle(blue, &circle("Ransom", None)).unwrap();
    bring(node, blue, "Ransom", green);
    bring(node, blue, "Ransom", grey);
    let now = |caller: &Caller| world.token(&caller.member_name, &["analyst"]);
    let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    say(&world, &now(blue), &options, &indicator(1, FIRST, ""));
    world.later(60);
    let got = |preview: &Preview| {
        let of = |name: &str| preview.sees.iter().find(|one| one.member.name == name).unwrap().got.clone();
        (of("Green").map(|got| got.road), of("Grey").map(|got| got.road), preview.got_by_others)
    };
    assert_eq!(got(&node.trace(&now(blue), &id(1)).unwrap()), (None, None, Some(0)));
    node.list(&now(green), &ListQuery::default(), &mut |_| ()).unwrap();
    node.list(&now(black), &ListQuery::default(), &mut |_| ()).unwrap();
    // Who asks for this very thing tells who is a victim.
    node.object(&now(grey), &id(1), None).unwrap();
    node.lookup(&now(grey), &strings(&["198.51.100.1"]), 10).unwrap();
    assert_eq!(got(&node.trace(&now(blue), &id(1)).unwrap()), (Some("list".to_owned()), None, Some(1)));
    let preview = node.preview(&now(blue), &node::Asked::default()).unwrap();
    assert!(preview.got_by_others.is_none() && preview.sees.iter().all(|one| one.got.is_none()));
}

#[test]
fn a_trace_tells_what_stopped_what_was_sent() {
    let world = World::new();
    let all = members(&world, &["Blue", "Green"], &["analyst", "curator"]);
    let [blue, green] = &all[..] else { panic!() };
    let node = &world.node;
    let new =
        NewCollection { title: "Looked at".to_owned(), curation: Curation::One, ..NewCollection::default() };
    node.add_collection(&node.operator(), &new).unwrap();
    let through = ImportOptions {
        collection: Some("Looked at".to_owned()),
        tlp: Some(Tlp::Green),
        ..ImportOptions::default()
    };
    let now = |caller: &Caller| world.token(&caller.member_name, &["analyst", "curator"]);
    let sent = say(&world, &now(blue), &through, &indicator(1, FIRST, ""));
    let told = node.trace(&now(blue), &id(1)).unwrap();
    assert_eq!(told.stopped.len(), 1, "{told:?}");
    assert_eq!((told.stopped[0].what, told.stopped[0].submission.as_deref()), ("waits", Some(&*sent.id)));
    assert!(told.sees.is_empty() && told.label.is_empty());
    // It is nothing to anybody else.
    assert_eq!(node.trace(&now(green), &id(1)).unwrap_err().kind, Kind::NotFound);

    node.return_queued(&now(green), &sent.id, "say what it is for").unwrap();
    for _ in 0..1_000 {
        if node.status(&now(blue), &sent.id).unwrap().complete {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let told = node.trace(&now(blue), &id(1)).unwrap();
    assert_eq!(stopped(&told), [("refused", "a curator returned it: say what it is for")]);
    assert_eq!(node.trace(&now(green), &id(1)).unwrap_err().kind, Kind::NotFound);

    // What stands is told, and beside it what was refused or taken back.
    let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    say(&world, &now(blue), &options, &indicator(2, FIRST, ""));
    say(&world, &now(blue), &options, &indicator(2, SECOND, ""));
    node.withdraw(&now(blue), None, &id(2), &strings(&["last"])).unwrap();
    let told = node.trace(&now(blue), &id(2)).unwrap();
    assert_eq!((told.label.as_str(), told.stopped.len()), ("TLP:GREEN", 1));
    assert_eq!(told.stopped[0].what, "withdrawn");
    node.erase(&node.operator(), &id(2), "a test").unwrap();
    let told = node.trace(&now(blue), &id(2)).unwrap();
    assert!(told.stopped.iter().all(|one| one.what == "erased") && told.sees.is_empty(), "{told:?}");
    assert_eq!(node.trace(&now(green), &id(2)).unwrap_err().kind, Kind::NotFound);
}
