//! Who is whose client: what TLP:AMBER reaches and TLP:AMBER+STRICT does not, from when on, and until when.

use model::{Timestamp, Tlp};
use node::{Asked, Caller, Error, ImportOptions, Kind, ListQuery, Node};

use crate::circle_rules::members;
use crate::write_world::{FIRST, World, envelope, id, indicator, settings, strings};

/// Source, Bank, its clients Shop (nothing else) and School (a member too), and Farm.
fn town(world: &World) -> [Caller; 5] {
    let all = members(world, &["Source", "Bank", "Shop", "School", "Farm"], &["analyst"]);
    clients(world, "Shop", &["Bank"], true).unwrap();
    clients(world, "School", &["Bank"], false).unwrap();
    all.try_into().unwrap()
}

fn clients(world: &World, name: &str, of: &[&str], only: bool) -> Result<node::views::Member, Error> {
    world.node.set_providers(&world.node.operator(), name, &strings(of), only)
}

fn say(world: &World, by: &Caller, n: u32, tlp: Tlp, to: &[String]) {
    let options = ImportOptions { to: to.to_vec(), tlp: Some(tlp), ..ImportOptions::default() };
    let said = world.node.submit(by, &options, envelope(&[indicator(n, FIRST, "")]).as_bytes()).unwrap();
    assert_eq!(said.outcomes[0].state, "new", "{said:?}");
}

fn bank(world: &World) -> Vec<String> {
    let all = world.node.members(&world.node.operator()).unwrap();
    let bank = all.iter().find(|one| one.name == "Bank").unwrap();
    vec![format!("member:{}", bank.id)]
}

// As he is now, for what he sees goes by the directory.
fn sees(world: &World, caller: &Caller, n: u32) -> bool {
    let caller = world.token(&caller.member_name, &["analyst"]);
    let listed = world.label(&caller, &id(n)).is_some();
    assert_eq!(world.node.object(&caller, &id(n), None).is_ok(), listed, "each road says the same");
    listed
}

#[test]
fn amber_reaches_clients_and_amber_strict_does_not() {
    let world = World::new();
    let [source, bank_too, shop, school, farm] = town(&world);
    let to = bank(&world);
    for (n, tlp, to) in [
        (1, Tlp::Amber, &to[..]),
        (2, Tlp::AmberStrict, &to),
        (3, Tlp::Green, &to),
        (4, Tlp::Amber, &[]),
        (5, Tlp::AmberStrict, &[]),
        (6, Tlp::Red, &[]),
    ] {
        say(&world, &source, n, tlp, to);
    }
    for (who, seen) in [
        (&source, [true; 6]),
        (&bank_too, [true, true, true, true, true, false]),
        (&shop, [true, false, true, true, false, false]),
        (&school, [true, false, true, true, true, false]),
        (&farm, [false, false, false, true, true, false]),
    ] {
        assert_eq!([1, 2, 3, 4, 5, 6].map(|n| sees(&world, who, n)), seen, "{}", who.member_name);
    }
    // Whoever is nobody's client any more, and no member in his own right, is a stranger.
    clients(&world, "Shop", &[], true).unwrap();
    assert_eq!([1, 3, 4].map(|n| sees(&world, &shop, n)), [false; 3]);
    clients(&world, "Shop", &[], false).unwrap();
    assert_eq!([1, 4, 5].map(|n| sees(&world, &shop, n)), [false, true, true]);
    // Nor is he of one that was revoked.
    world.node.revoke_member(&world.node.operator(), "Bank").unwrap();
    assert!(!sees(&world, &school, 1));
}

fn poll(world: &World, caller: &Caller, after: &mut Option<Timestamp>) -> Vec<String> {
    let caller = world.token(&caller.member_name, &["analyst"]);
    let (mut got, query) = (Vec::new(), ListQuery { added_after: *after, ..ListQuery::default() });
    let end = world.node.list(&caller, &query, &mut |entry| got.push(entry.id.to_string())).unwrap();
    *after = end.last.or(*after);
    got
}

#[test]
fn who_becomes_a_client_gets_what_stood_before_once_and_loses_it_at_once() {
    let world = World::new();
    let [source, _, _, _, farm] = town(&world);
    let to = bank(&world);
    say(&world, &source, 1, Tlp::Amber, &to);
    say(&world, &source, 2, Tlp::Green, &[]);
    let mut after = None;
    assert_eq!(poll(&world, &farm, &mut after), [id(2)]);
    clients(&world, "Farm", &["Bank"], false).unwrap();
    assert_eq!(poll(&world, &farm, &mut after), [id(1)]);
    assert_eq!(poll(&world, &farm, &mut after), [""; 0]);
    // The same once more changes nothing.
    clients(&world, "Farm", &["Bank"], false).unwrap();
    assert_eq!(poll(&world, &farm, &mut after), [""; 0]);

    let before = world.token("Farm", &["analyst"]);
    assert!(world.node.still_sees(&before));
    // To be somebody's client beside takes nothing from him.
    clients(&world, "Farm", &["Bank", "Source"], false).unwrap();
    assert!(world.node.still_sees(&before));
    clients(&world, "Farm", &[], false).unwrap();
    assert!(!world.node.still_sees(&before) && !sees(&world, &farm, 1));
    let before = world.token("Farm", &["analyst"]);
    clients(&world, "Farm", &["Bank"], true).unwrap();
    assert!(!world.node.still_sees(&before), "it is no member in its own right any more");
}

#[test]
fn who_becomes_nothing_but_a_client_is_not_sent_again_what_has_a_part_for_fewer() {
    let world = World::new();
    let [source, _, _, _, farm] = town(&world);
    let red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
    let parts = format!(r#","granular_markings":[{{"marking_ref":"{red}","selectors":["description"]}}]"#);
    let options = ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() };
    let object = envelope(&[indicator(1, FIRST, &parts)]);
    assert_eq!(world.node.submit(&source, &options, object.as_bytes()).unwrap().outcomes[0].state, "new");
    let mut after = None;
    assert_eq!(poll(&world, &farm, &mut after), [id(1)]);
    // He sees no more of it than before: less, where a part is AMBER+STRICT.
    clients(&world, "Farm", &["Bank"], true).unwrap();
    assert_eq!(poll(&world, &farm, &mut after), [""; 0]);
}

#[test]
fn own_clients_are_told_by_name_and_those_of_others_as_a_number() {
    let world = World::new();
    let [source, bank_too, shop, ..] = town(&world);
    let seen_by = |by: &Caller, asked: &Asked| {
        let by = world.token(&by.member_name, &["analyst"]);
        let told = world.node.preview(&by, asked).unwrap();
        let names: Vec<String> = told.sees.into_iter().map(|one| one.member.name).collect();
        let others: Vec<String> =
            told.others.into_iter().map(|one| format!("{} {}", one.count, one.why)).collect();
        (names, others)
    };
    let to_bank = Asked { to: bank(&world), tlp: Some(Tlp::Amber), ..Asked::default() };
    let (names, others) = seen_by(&source, &to_bank);
    assert_eq!(names, ["Source"]);
    assert_eq!(others, ["2 a client of a member that is named", "1 named"]);
    let strict = Asked { tlp: Some(Tlp::AmberStrict), ..to_bank };
    assert_eq!(seen_by(&source, &strict).1, ["1 named"]);
    // One knows one's own clients, and whose client one is.
    let to_all = Asked { tlp: Some(Tlp::Amber), ..Asked::default() };
    assert_eq!(seen_by(&bank_too, &to_all).0, ["Bank", "Shop", "School"]);
    assert_eq!(seen_by(&shop, &to_all).0, ["Bank", "Shop"]);
    let own = world.node.members(&bank_too).unwrap();
    assert_eq!(own[0].clients.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Shop", "School"]);
    let own = world.node.members(&shop).unwrap();
    assert_eq!((own[0].client_of[0].name.as_str(), own[0].client_only), ("Bank", true));
    assert_eq!(own.len(), 1);
}

#[test]
fn only_who_administers_the_node_says_whose_client_somebody_is() {
    let world = World::new();
    let [.., farm] = town(&world);
    let organisation = world.token("Farm", &["organisation-administrator"]);
    for by in [&farm, &organisation] {
        let refused = world.node.set_providers(by, "Farm", &strings(&["Bank"]), false).unwrap_err();
        assert_eq!(refused.kind, Kind::Forbidden);
    }
    let kind = |name: &str, of: &[&str], only| clients(&world, name, of, only).unwrap_err().kind;
    assert_eq!(kind("Farm", &["Farm"], false), Kind::Invalid);
    assert_eq!(kind("Farm", &["Shop"], false), Kind::Invalid, "no client of a client");
    assert_eq!(kind("Bank", &["Farm"], true), Kind::Invalid, "nor by the way round");
    assert_eq!(kind("Farm", &[], true), Kind::Invalid);
    assert_eq!(kind("Farm", &["Nobody"], false), Kind::NotFound);
    assert_eq!(kind(&world.node.operator().member_name, &["Bank"], true), Kind::Invalid);
}

#[test]
fn a_restored_backup_makes_nobody_a_client_again() {
    let world = World::new();
    let [source, ..] = town(&world);
    let (to, school) = (bank(&world), world.token("School", &["analyst"]));
    say(&world, &source, 1, Tlp::Amber, &to);
    let beside = tempfile::tempdir().unwrap();
    let (backup, target) = (beside.path().join("backup"), beside.path().join("target"));
    world.node.backup(&world.node.operator(), &backup, &mut |_, _| ()).unwrap();
    clients(&world, "School", &[], false).unwrap();
    world.node.stop();
    Node::restore(&backup, Some(world.folder.path()), &target).unwrap();
    let clock = std::sync::Arc::new(|| Timestamp(crate::write_world::START + 60_000_000));
    let restored = Node::open(&target, settings(), clock).unwrap();
    let told = restored.members(&restored.operator()).unwrap();
    let providers = |name: &str| told.iter().find(|one| one.name == name).unwrap().client_of.len();
    assert_eq!((providers("School"), providers("Shop")), (0, 1));
    assert!(!restored.still_sees(&school));
}
