//! What sensors read of what acts.

use model::Tlp;
use model::protect::Action;
use node::{Caller, Feed, FeedQuery, ImportOptions, Kind, NewToken};

use crate::circle_rules::members;
use crate::write_world::{World, strings};

const ROLES: &[&str] = &["analyst", "organisation-administrator"];

fn query(format: &str, file: &str) -> FeedQuery {
    FeedQuery { format: format.to_owned(), file: file.to_owned(), ceiling: None, action: None }
}

fn lines(tlp: Tlp, world: &World, by: &Caller, text: &str) {
    let options = ImportOptions { tlp: Some(tlp), ..ImportOptions::default() };
    let (summary, told) = world.import_as(by, &options, text.as_bytes()).unwrap();
    assert_eq!(summary.rejected, 0, "{told:?}");
}

fn text(feed: &Feed) -> String {
    let mut out = Vec::new();
    feed.write(&mut out).unwrap();
    assert_eq!(out.len() as u64, feed.made.bytes);
    String::from_utf8(out).unwrap()
}

fn said(world: &World, by: &Caller, query: &FeedQuery) -> Vec<String> {
    let text = text(&world.node.feed(by, query).unwrap());
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn a_feed_holds_what_blocks_and_nothing_innocent() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    lines(
        Tlp::Green,
        &world,
        &ada,
        "203.0.112.9\n203.0.112.0/25\nevil.bad-host.co\ngithub.io\n10.0.0.1\n198.41.0.4\n",
    );
    let hosts = query("hosts", "accord.hosts");
    assert_eq!(said(&world, &ada, &hosts), ["0.0.0.0 evil.bad-host.co"]);
    assert_eq!(said(&world, &bob, &hosts), [""; 0], "one origin alerts");
    lines(Tlp::Green, &world, &bob, "evil.bad-host.co\n");
    assert_eq!(said(&world, &bob, &hosts), ["0.0.0.0 evil.bad-host.co"]);
    let zeek = query("zeek", "accord.intel");
    let told = said(&world, &bob, &zeek).join("\n");
    assert!(
        told.contains("203.0.112.9\tIntel::ADDR") && told.contains("203.0.112.0/25\tIntel::SUBNET"),
        "{told}"
    );
    for innocent in ["github.io", "10.0.0.1", "198.41.0.4"] {
        assert!(!told.contains(innocent), "{told}");
    }
    let alerts = FeedQuery { action: Some(Action::Block), ..zeek };
    assert!(!said(&world, &bob, &alerts).join("\n").contains("203.0.112.9"));
}

#[test]
fn what_a_wider_entry_covers_is_not_passed_over() {
    let world = World::new();
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    lines(Tlp::Green, &world, &ada, "203.0.96.0/20\n203.0.100.0/24\nevil.bad-host.co\n");
    let made = world.node.feed(&ada, &query("nftables", "accord.nft")).unwrap().made;
    assert_eq!((made.values, made.entries, made.passed_over.len()), (2, 1, 0), "{:?}", made.passed_over);
}

#[test]
fn what_is_taken_back_is_gone_at_once_and_what_is_hidden_never_was_there() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    lines(Tlp::Green, &world, &ada, "evil.bad-host.co\n");
    let to =
        ImportOptions { tlp: Some(Tlp::Amber), to: strings(&["member:Ada"]), ..ImportOptions::default() };
    world.import(&to, b"hidden.bad-host.co\n").unwrap();
    let zeek = query("zeek", "accord.intel");
    let before = world.node.feed(&bob, &zeek).unwrap();
    assert!(
        !text(&before).contains("hidden") && text(&before).contains("complete: 1 entries"),
        "{}",
        text(&before)
    );
    // Nothing changed, so it is the same file; a minute later it is made anew and says the same.
    world.later(30);
    assert_eq!(world.node.feed(&bob, &zeek).unwrap().made.as_of, before.made.as_of);
    world.later(60);
    let after = world.node.feed(&bob, &zeek).unwrap();
    assert!(after.made.as_of != before.made.as_of && after.made.items == before.made.items);
    let id = world.listed(&ada, None).remove(0).0;
    world.node.withdraw(&ada, None, &id, &[]).unwrap();
    assert_eq!(said(&world, &bob, &zeek), [""; 0]);
    assert!(text(&before).contains("evil.bad-host.co"), "what is being sent stays whole");
    let left: Vec<_> =
        std::fs::read_dir(world.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("feed")), "{left:?}");
}

#[test]
fn ceilings_and_names_are_kept_to() {
    let world = World::new();
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    lines(Tlp::Green, &world, &ada, "green.bad-host.co\n");
    lines(Tlp::Amber, &world, &ada, "amber.bad-host.co\n");
    let hosts = query("hosts", "accord.hosts");
    assert_eq!(said(&world, &ada, &hosts).len(), 2);
    let narrow = FeedQuery { ceiling: Some(Tlp::Green), ..hosts.clone() };
    assert_eq!(said(&world, &ada, &narrow), ["0.0.0.0 green.bad-host.co"]);
    for (format, file) in [("nothing", "hosts"), ("hosts", "nothing")] {
        assert_eq!(world.node.feed(&ada, &query(format, file)).unwrap_err().kind, Kind::NotFound);
    }
    let curator = world.token("Ada", &["organisation-administrator"]);
    assert_eq!(world.node.feed(&curator, &hosts).unwrap_err().kind, Kind::Forbidden);
    // A sensor's token reads as an analyst's does, by its member's policy.
    let sensor = world.token("Ada", &["sensor"]);
    assert_eq!(said(&world, &sensor, &hosts).len(), 2);
    world.node.set_policy(&ada, Some("# nothing acts\n"), false).unwrap();
    assert_eq!(said(&world, &sensor, &hosts), [""; 0]);
}

#[test]
fn every_file_of_every_format_is_made_of_everything_that_can_be_said() {
    let world = World::new();
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    let text = "203.0.112.9\n2a00:1450::9\n203.0.112.0/25\n203.0.112.7:8443\nevil.bad-host.co\nhttps://evil.bad-host.co/a?b=c\n\
                bad@bad-host.co\n44d88612fea8a8f36de82e1278abb02f\n\
                275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f\n";
    lines(Tlp::Green, &world, &ada, text);
    let mut made = 0;
    for format in world.node.feeds(&ada).unwrap() {
        let mut values = 0;
        for file in &format.files {
            let feed = world.node.feed(&ada, &query(&format.format, &file.name)).unwrap();
            values += feed.made.values;
            made += feed.made.entries;
            assert_eq!(feed.sha256().unwrap().len(), 64);
        }
        // Nobody shared a rule.
        let is_of_rules = matches!(format.format.as_str(), "sigma" | "yara");
        assert!(values >= 1 || is_of_rules, "{}", format.format);
    }
    assert!(made > 60, "{made}");
}

#[test]
fn an_index_that_lacks_what_stood_before_makes_no_empty_list() {
    let world = World::new();
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    lines(Tlp::Green, &world, &ada, "evil.bad-host.co\n");
    let world = world.restarted_after(|folder| {
        let record = rusqlite::Connection::open(folder.join("record.sqlite")).unwrap();
        assert_eq!(record.execute("DELETE FROM meta WHERE name = 'index-form'", []).unwrap(), 1);
    });
    let ada = world.token("Ada", ROLES);
    let refused = world.node.feed(&ada, &query("hosts", "accord.hosts")).unwrap_err();
    assert_eq!(
        (refused.kind, refused.hint.as_deref()),
        (Kind::Unavailable, Some("`accord rebuild` makes it anew"))
    );
    world.node.rebuild(&world.node.operator(), &mut |_, _| {}).unwrap();
    assert_eq!(said(&world, &ada, &query("hosts", "accord.hosts")).len(), 1);
}

#[test]
fn the_agents_file_is_known_to_be_whole_and_says_from_where_changes_are_told() {
    let world = World::new();
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    lines(Tlp::Green, &world, &ada, "evil.bad-host.co\ngithub.io\nhttp://evil.bad-host.co/a\n");
    let accord = query("accord", "accord.ndjson");
    let text = text(&world.node.feed(&ada, &accord).unwrap());
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [first, one, other, last] = lines.as_slice() else { panic!("{text}") };
    assert_eq!(
        (&first["accord"], &first["node"]),
        (&2.into(), &world.node.settings().organisation.as_str().into())
    );
    assert!(first["cursor"].as_str().is_some_and(|cursor| cursor.len() > 40));
    let indicator = one["indicator"].as_str().unwrap();
    assert!(indicator.starts_with("indicator--"));
    let says = |kind: &str, value: &str, said: &serde_json::Value| {
        assert_eq!(
            (&said["kind"], &said["mode"], &said["value"], &said["action"]),
            (&kind.into(), &"exact".into(), &value.into(), &"block".into())
        );
        assert!(said["until"].is_null(), "one's own word holds");
    };
    says("domain", "evil.bad-host.co", one);
    // Nothing of who says it how is in the value, which is known by its text.
    says("url", "https://evil.bad-host.co/a", other);
    let before = text.len() - text.lines().last().unwrap().len() - 1;
    let mut sum = sensors::Sum::default();
    text[..before].split_inclusive('\n').for_each(|line| sum.add(line.as_bytes()));
    assert_eq!((&last["entries"], &last["sum"]), (&2.into(), &sum.to_string().into()));
}

#[test]
fn who_sees_the_same_is_given_the_same_and_nobody_else_is() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let operator = world.node.operator();
    world.node.add_person(&operator, "Ada", "Eve").unwrap();
    let token = |person: Option<&str>, ceiling| {
        let new = NewToken {
            member: "Ada".to_owned(),
            person: person.map(str::to_owned),
            roles: strings(&["sensor"]),
            ceiling,
            ..NewToken::default()
        };
        world.signed_in(&world.node.add_token(&operator, &new).unwrap().secret)
    };
    let (eve, low, one, two) =
        (token(Some("Eve"), None), token(None, Some(Tlp::Green)), token(None, None), token(None, None));
    lines(Tlp::Green, &world, &bob, "all.bad-host.co\n");
    lines(Tlp::Amber, &world, &bob, "some.bad-host.co\n");
    let to_eve =
        ImportOptions { tlp: Some(Tlp::Red), to: strings(&["person:Ada/Eve"]), ..ImportOptions::default() };
    world.import(&to_eve, b"named.bad-host.co\n").unwrap();
    let names = |by: &Caller, query: &FeedQuery| -> (Vec<String>, String) {
        let feed = world.node.feed(by, query).unwrap();
        let text = text(&feed);
        let has = |name: &&&str| text.contains(**name);
        let names = ["all.", "some.", "named."].iter().filter(has).map(|name| (*name).to_owned()).collect();
        (names, feed.made.as_of)
    };
    for (format, file) in [("zeek", "accord.intel"), ("accord", "accord.ndjson")] {
        let query = query(format, file);
        let (of_one, begun) = names(&one, &query);
        assert_eq!(of_one, strings(&["all.", "some."]));
        world.later(5);
        // The same, and no other is made for it.
        assert_eq!(names(&two, &query), (of_one.clone(), begun.clone()));
        assert_eq!(names(&ada, &query), (of_one.clone(), begun.clone()));
        for (by, sees) in
            [(&eve, &["all.", "some.", "named."][..]), (&low, &["all."]), (&bob, &["all.", "some."])]
        {
            let (of, made) = names(by, &query);
            assert_eq!(of, strings(sees));
            assert_ne!(made, begun);
        }
        let less = FeedQuery { ceiling: Some(Tlp::Green), ..query.clone() };
        assert_eq!(names(&one, &less).0, strings(&["all."]));
        let more = FeedQuery { action: Some(Action::Block), ..query.clone() };
        assert_eq!(names(&one, &more).0, [""; 0], "Bob's word alone stops nothing");
    }
    // What was made for one is gone on from for the other, and each is told his own place to go on from.
    let accord = query("accord", "accord.ndjson");
    let file = |by: &Caller| text(&world.node.feed(by, &accord).unwrap());
    let (of_one, of_two) = (file(&one), file(&two));
    assert_eq!(of_one.lines().nth(1), of_two.lines().nth(1));
    assert_ne!(of_one.lines().next(), of_two.lines().next());
    assert_eq!((file(&one), file(&two)), (of_one, of_two), "nothing changed, so neither did theirs");
    let judged = |by: &Caller| world.node.feed(by, &query("csv", "accord.csv")).unwrap().made.judged;
    assert_eq!(judged(&one), 2);
    for n in 0..20 {
        lines(Tlp::Green, &world, &bob, &format!("n{n}.bad-host.co\n"));
    }
    assert_eq!(judged(&two), 22, "all of it is other");
    lines(Tlp::Green, &world, &bob, "late.bad-host.co\n");
    assert!(judged(&one) < 10, "only what is near");
}

#[test]
fn many_who_ask_at_once_are_each_given_what_is_his() {
    let world = World::new();
    let all = members(&world, &["Ada", "Bob", "Cyd"], ROLES);
    for (n, by) in all.iter().enumerate() {
        for m in 0..6 {
            lines(Tlp::Green, &world, by, &format!("n{m}.by{n}.bad-host.co\n"));
        }
        let own = ImportOptions {
            tlp: Some(Tlp::Amber),
            to: strings(&[["member:Ada", "member:Bob", "member:Cyd"][n]]),
            ..ImportOptions::default()
        };
        world.import(&own, format!("own{n}.bad-host.co\n").as_bytes()).unwrap();
    }
    let files = [("zeek", "accord.intel"), ("accord", "accord.ndjson"), ("csv", "accord.csv")];
    for round in 0..3 {
        lines(Tlp::Green, &world, &all[0], &format!("late{round}.bad-host.co\n"));
        std::thread::scope(|scope| {
            for (n, by) in all.iter().enumerate() {
                for (format, file) in files.iter().cycle().take(9) {
                    let world = &world;
                    scope.spawn(move || {
                        let text = text(&world.node.feed(by, &query(format, file)).unwrap());
                        for other in 0..3 {
                            let its = format!("own{other}.bad-host.co");
                            assert_eq!(text.contains(&its), other == n, "{format} of {n}: {text}");
                        }
                        assert_eq!(text.matches("late").count(), round + 1, "{text}");
                        assert_eq!(text.matches(".by").count(), 18, "{text}");
                    });
                }
            }
        });
    }
}
