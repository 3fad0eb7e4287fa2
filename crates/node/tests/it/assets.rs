//! What members declare as their own, and who is told that something hits it.

use model::Tlp;
use model::circle::Curation;
use node::views::Status;
use node::{
    Asked, AuditQuery, Caller, ImportOptions, Kind, NewCollection, NewMember, Settings, Share, views,
};
use serde_json::Value;

use crate::write_world::{FIRST, World, envelope, id, indicator, settings, strings};

/// Three organisations, each with an analyst and a curator; the node's own, too; a collection that is curated.
struct House {
    world: World,
    analysts: Vec<Caller>,
    curators: Vec<Caller>,
    own: Caller,
}

fn house() -> House {
    let world = World::with(settings());
    let names = ["A", "B", "C"];
    names.iter().for_each(|name| drop(world.member(name)));
    let new = NewCollection { title: "One".to_owned(), curation: Curation::One, ..NewCollection::default() };
    world.node.add_collection(&world.node.operator(), &new).unwrap();
    let all = |role: &str| names.iter().map(|name| world.token(name, &[role])).collect();
    let (analysts, curators, own) = (all("analyst"), all("curator"), world.token("ACME", &["curator"]));
    House { world, analysts, curators, own }
}

fn through() -> ImportOptions {
    ImportOptions { collection: Some("One".to_owned()), tlp: Some(Tlp::Green), ..ImportOptions::default() }
}

impl House {
    fn declare(&self, member: usize, texts: &[&str]) -> Vec<views::Asset> {
        self.world.node.declare_assets(&self.analysts[member], &strings(texts)).unwrap()
    }

    fn send(&self, by: &Caller, n: u32) -> Status {
        let json = envelope(&[indicator(n, FIRST, "")]);
        self.world.node.submit(by, &through(), json.as_bytes()).unwrap()
    }

    fn told(&self, curator: &Caller, status: &Status) -> Vec<String> {
        let shown = self.world.node.queued(curator, &status.id).unwrap();
        let findings = shown["findings"].as_array().unwrap().clone();
        findings.iter().map(|one| one["message"].as_str().unwrap().to_owned()).collect()
    }
}

fn checks(status: &Value) -> Vec<&str> {
    status["findings"].as_array().unwrap().iter().map(|one| one["check"].as_str().unwrap()).collect()
}

#[test]
fn declarations_are_for_ones_own_people_alone() {
    let house = house();
    let node = &house.world.node;
    let declared = house.declare(0, &["198.51.0.77/24", "Example.COM", "@mail.example.net", "example.com"]);
    let texts: Vec<&str> = declared.iter().map(|one| one.asset.as_str()).collect();
    assert_eq!(texts, ["198.51.0.0/24", "example.com", "@mail.example.net"]);
    // Once more adds nothing, and what is none of it takes nothing.
    assert_eq!(house.declare(0, &["198.51.0.0/24"])[0].id, declared[0].id);
    for wrong in ["co.uk", "0.0.0.0/0", "ada@example.com", "two words"] {
        let refused = node.declare_assets(&house.analysts[0], &strings(&["example.org", wrong]));
        assert_eq!(refused.unwrap_err().kind, Kind::Invalid, "{wrong}");
    }
    let reader = house.world.token("A", &["reader"]);
    assert_eq!(node.assets(&reader).unwrap().len(), 3);
    assert_eq!(node.declare_assets(&reader, &strings(&["example.org"])).unwrap_err().kind, Kind::Forbidden);
    let operator = node.operator();
    for other in [&house.analysts[1], &house.curators[2], &house.own, &operator] {
        assert!(node.assets(other).unwrap().is_empty());
    }
    for other in [&house.analysts[1], &operator] {
        assert_eq!(node.remove_asset(other, &declared[0].id).unwrap_err().kind, Kind::NotFound);
    }
    // Who reads the audit learns that something was declared, and nothing of what.
    let audit = serde_json::to_string(&node.audit(&operator, &AuditQuery::default()).unwrap()).unwrap();
    assert!(audit.contains("asset.add"), "{audit}");
    for text in ["198.51.0", "example", &declared[0].id] {
        assert!(!audit.contains(text), "{audit}");
    }
    let world = house.world.restarted();
    assert_eq!(world.node.assets(&reader).unwrap().len(), 3);
    world.node.remove_asset(&house.analysts[0], &declared[0].id).unwrap();
    assert_eq!(world.node.assets(&reader).unwrap().len(), 2);
}

fn share(house: &House, by: &Caller) -> views::Shared {
    let asked = Share {
        label: Asked { tlp: Some(Tlp::Green), ..Asked::default() },
        description: Some("a loader".to_owned()),
        dry_run: true,
        ..Share::default()
    };
    house.world.node.share(by, &asked, b"198.51.0.9\nbad-site.com\nhxxp://www[.]mine[.]com/a\n").unwrap()
}

#[test]
fn what_is_ones_own_is_told_before_it_leaves_and_of_others_nothing() {
    let house = house();
    let before = serde_json::to_value(share(&house, &house.analysts[1])).unwrap();
    house.declare(0, &["198.51.0.0/24", "mine.com"]);
    let own = share(&house, &house.analysts[0]).alarms.remove(0);
    assert_eq!((own.what, own.count), ("own", 2));
    assert_eq!(own.values, ["198.51.0.9", "http://www.mine.com/a"]);
    // Whoever probes hears the same as in a world without.
    assert_eq!(serde_json::to_value(share(&house, &house.analysts[1])).unwrap(), before);
}

#[test]
fn of_what_waits_each_is_told_of_his_own_and_curators_of_the_node_that_it_is_somebodys() {
    let house = house();
    let dry = ImportOptions { dry_run: true, ..through() };
    let look = |by: &Caller| {
        let json = envelope(&[indicator(1, FIRST, "")]);
        let status = house.world.node.submit(by, &dry, json.as_bytes()).unwrap();
        serde_json::to_value(status.waiting).unwrap()
    };
    let before = look(&house.analysts[1]);
    house.declare(0, &["198.51.0.0/24"]);
    house.declare(2, &["10.0.0.0/8"]);
    assert_eq!(look(&house.analysts[1]), before);
    assert_eq!(checks(&look(&house.analysts[0])), ["own-asset"]);

    let others = house.send(&house.analysts[1], 1);
    let queue =
        |by: &Caller, status: &Status| house.world.node.status(by, &status.id).unwrap().queue.unwrap();
    assert_eq!(checks(&queue(&house.analysts[1], &others)), [""; 0]);
    let mine = "`198.51.0.1` is your own: `198.51.0.0/24` is declared";
    let ones = "`198.51.0.1` is an own asset of a member";
    for (curator, told) in [
        (&house.curators[0], &[mine][..]),
        (&house.curators[2], &[]),
        (&house.curators[1], &[]),
        (&house.own, &[ones]),
    ] {
        assert_eq!(house.told(curator, &others), told);
    }
    // That it is its submitter's own is told to nobody else in other words.
    let own = house.send(&house.analysts[0], 2);
    assert_eq!(checks(&queue(&house.analysts[0], &own)), ["own-asset"]);
    let listed = house.world.node.queue(&house.own, false).unwrap();
    assert!(!listed.to_string().contains("own-asset"), "{listed}");
    assert_eq!(house.told(&house.own, &own), [ones.replace(".1`", ".2`")]);
    assert_eq!(house.told(&house.curators[2], &own), [""; 0]);
}

#[test]
fn what_hits_ones_own_is_not_said_without_a_name() {
    let world = World::with(Settings { desk_interval_s: 0, ..settings() });
    let analysts: Vec<Caller> = (0..6)
        .map(|n| {
            let name = format!("Member {n}");
            let new = NewMember { name: name.clone(), ..NewMember::default() };
            world.node.add_member(&world.node.operator(), &new).unwrap();
            world.token(&name, &["analyst"])
        })
        .collect();
    let unnamed = ImportOptions { without_name: true, ..ImportOptions::default() };
    world.node.declare_assets(&analysts[0], &strings(&["198.51.0.1", "mine.com"])).unwrap();
    let say = |by: &Caller, n: u32, rest: &str| {
        let json = envelope(&[indicator(n, FIRST, rest)]);
        world.node.submit(by, &unnamed, json.as_bytes())
    };
    for (n, rest, named) in
        [(1, "", "198.51.0.1"), (2, ",\"x_note\":\"seen by www[.]mine[.]com.\"", "mine.com")]
    {
        let error = say(&analysts[0], n, rest).unwrap_err();
        assert!(error.kind == Kind::Invalid && error.message.contains(named), "{}", error.message);
    }
    // To anybody else they say nothing.
    say(&analysts[1], 1, "").unwrap();
    say(&analysts[0], 3, "").unwrap();
    assert!(world.node.object(&analysts[2], &id(9), None).is_err());
}
