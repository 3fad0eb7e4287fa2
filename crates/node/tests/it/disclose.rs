//! What is given to an authority under compulsion: by whom, what of it, what the record says, and who is told when.

use std::path::Path;

use model::circle::{Charter, Shows};
use model::{Timestamp, Tlp};
use node::views::Ledger;
use node::{Caller, Disclose, Error, ImportOptions, Kind, ListQuery, NewToken, Node, Settings};

use crate::circle_rules::{bring, circle, members};
use crate::write_world::{FIRST, SECOND, START, World, envelope, id, indicator, settings, strings};

const BOTH: &[&str] = &["analyst", "organisation-administrator"];
const DAY_S: i64 = 86_400;

fn of(ids: &[u32]) -> Disclose {
    Disclose {
        objects: ids.iter().map(|n| id(*n)).collect(),
        authority: "District Court of Utrecht".to_owned(),
        basis: "order 7/2026".to_owned(),
        ..Disclose::default()
    }
}

fn sealed(ids: &[u32], days: i64) -> Disclose {
    Disclose { sealed_until: Some(Timestamp(START).plus_seconds(days * DAY_S)), ..of(ids) }
}

fn say(world: &World, by: &Caller, tlp: Tlp, n: u32) {
    let options = ImportOptions { to: strings(&["circle:Case"]), tlp: Some(tlp), ..ImportOptions::default() };
    let status = world.node.submit(by, &options, envelope(&[indicator(n, FIRST, "")]).as_bytes()).unwrap();
    assert_eq!(status.outcomes[0].state, "new", "{:?}", status.outcomes);
}

fn now(world: &World, caller: &Caller) -> Caller {
    world.token(&caller.member_name, BOTH)
}

/// Blue and Green are in a circle to which Blue has said two things; Black is in none.
fn world(settings: Settings) -> (World, [Caller; 3]) {
    let world = World::with(settings);
    let all: [Caller; 3] = members(&world, &["Blue", "Green", "Black"], BOTH).try_into().unwrap();
    let charter = Charter { shows: Shows::Organisations, ..Charter::default() };
    world.node.add_circle(&all[0], &circle("Case", Some(charter))).unwrap();
    bring(&world.node, &all[0], "Case", &all[1]);
    let all = all.map(|one| now(&world, &one));
    for n in [1, 2] {
        say(&world, &all[0], Tlp::Amber, n);
    }
    (world, all)
}

fn told(node: &Node, by: &Caller, n: u32) -> Vec<String> {
    let ledger: Ledger = node.ledger(by, &id(n), false, (None, None)).unwrap();
    let rows = ledger.rows.iter().filter_map(|row| {
        let one = row.disclosure.as_ref()?;
        let who = row.member.as_ref().map_or("?", |member| &member.name);
        Some(format!("{who} {} {}", one.authority, one.by_operator))
    });
    rows.collect()
}

fn kind<T>(result: Result<T, Error>) -> Kind {
    result.err().unwrap().kind
}

fn counts(node: &Node) -> (u64, u64) {
    let count = node.about().unwrap().disclosures;
    (count.total, count.sealed)
}

#[test]
fn the_operator_gives_what_is_listed_at_the_machine_and_the_participants_are_told() {
    let (world, [blue, green, black]) = world(settings());
    let (node, operator) = (&world.node, world.node.operator());
    // He does not see it, and no token gives it, whatever its roles.
    assert_eq!(kind(node.object(&operator, &id(1), None)), Kind::NotFound);
    let administrator = world.token("ACME", &["administrator", "analyst"]);
    assert_eq!(kind(node.disclose(&administrator, &of(&[1]))), Kind::NotFound);
    assert_eq!(kind(node.disclose(&world.token("ACME", &["administrator"]), &of(&[1]))), Kind::Forbidden);
    let given = node.disclose(&operator, &of(&[1])).unwrap();
    assert_eq!(given.given.len(), 1);
    assert_eq!(given.given[0].get(), indicator(1, FIRST, ""), "the very bytes");
    assert_eq!((given.disclosure.by_operator, given.disclosure.sealed), (true, false));
    let expected = ["ACME District Court of Utrecht true"];
    for by in [&blue, &green] {
        assert_eq!(told(node, by, 1), expected);
        assert!(told(node, by, 2).is_empty(), "what was not listed was not given");
    }
    assert_eq!(kind(node.ledger(&black, &id(1), false, (None, None))), Kind::NotFound);
    assert_eq!(counts(node), (1, 0));
    let listed = node.disclosures(&world.token("ACME", &["administrator"])).unwrap();
    assert_eq!(listed.disclosures[0].objects, [format!("{} {}", id(1), "2026-01-01T00:00:00.000000Z")]);
    assert_eq!(listed.disclosures[0].basis, "order 7/2026");
    assert!(node.disclosures(&blue).unwrap().disclosures.is_empty(), "it is the node's");
    assert_eq!(kind(node.disclosures(&world.token("Blue", &["analyst"]))), Kind::Forbidden);
    let audit = node.audit(&operator, &node::AuditQuery::default()).unwrap();
    assert!(serde_json::to_string(&audit).unwrap().contains("\"disclose\""));
}

#[test]
fn a_disclosure_is_minimal_and_named() {
    let (world, [blue, ..]) = world(settings());
    let (node, operator) = (&world.node, world.node.operator());
    let with = |change: &dyn Fn(&mut Disclose)| {
        let mut asked = of(&[1]);
        change(&mut asked);
        kind(node.disclose(&operator, &asked))
    };
    assert_eq!(with(&|asked| asked.objects.clear()), Kind::Invalid);
    assert_eq!(with(&|asked| asked.objects = (0..101).map(id).collect()), Kind::Invalid);
    assert_eq!(with(&|asked| asked.objects = strings(&["type = indicator"])), Kind::Invalid);
    assert_eq!(with(&|asked| asked.authority = " ".to_owned()), Kind::Invalid);
    assert_eq!(with(&|asked| asked.basis = "a\nb".to_owned()), Kind::Invalid);
    assert_eq!(with(&|asked| asked.basis = "b".repeat(2_001)), Kind::Invalid);
    assert_eq!(with(&|asked| asked.source = Some("Nobody".to_owned())), Kind::NotFound);
    assert_eq!(with(&|asked| asked.source = Some("Black".to_owned())), Kind::NotFound);
    // One that is not there, and none of them is given.
    assert_eq!(with(&|asked| asked.objects.push(id(9))), Kind::NotFound);
    let at = |seconds: i64| Some(Timestamp(START).plus_seconds(seconds));
    assert_eq!(with(&|asked| asked.sealed_until = at(0)), Kind::Invalid);
    assert_eq!(with(&|asked| asked.sealed_until = at(366 * DAY_S)), Kind::Invalid);
    assert_eq!(counts(node), (0, 0));
    // The last version stands; what was taken back is not given.
    let later = ImportOptions { to: strings(&["circle:Case"]), ..ImportOptions::default() };
    node.submit(&blue, &later, envelope(&[indicator(1, SECOND, "")]).as_bytes()).unwrap();
    node.withdraw(&blue, None, &id(2), &[]).unwrap();
    assert_eq!(node.disclose(&operator, &of(&[1])).unwrap().given[0].get(), indicator(1, SECOND, ""));
    assert_eq!(kind(node.disclose(&operator, &of(&[2]))), Kind::NotFound);
}

#[test]
fn a_member_gives_what_it_sees_and_says_so() {
    let (world, [blue, green, black]) = world(settings());
    let node = &world.node;
    assert_eq!(kind(node.disclose(&black, &of(&[1]))), Kind::NotFound);
    for role in ["reader", "curator", "sensor"] {
        assert_eq!(kind(node.disclose(&world.token("Green", &[role]), &of(&[1]))), Kind::Forbidden, "{role}");
    }
    let given = node.disclose(&green, &of(&[1, 2])).unwrap();
    assert_eq!((given.given.len(), given.disclosure.by_operator), (2, false));
    for by in [&blue, &green] {
        assert_eq!(told(node, by, 1), ["Green District Court of Utrecht false"]);
    }
    // A part that is not for it is not in what it gives, and what the record names is what was listed.
    assert_eq!(node.disclosures(&green).unwrap().disclosures[0].objects.len(), 2);
    assert!(node.disclosures(&blue).unwrap().disclosures.is_empty());
}

#[test]
fn a_seal_hides_it_until_its_time_and_its_number_never() {
    let (world, [blue, green, _]) = world(settings());
    let (node, operator) = (&world.node, world.node.operator());
    let before = serde_json::to_string(&node.ledger(&blue, &id(1), false, (None, None)).unwrap()).unwrap();
    let audited = || {
        let mut all = node.audit(&operator, &node::AuditQuery::default()).unwrap();
        all["audit"].as_array_mut().unwrap().retain(|row| row["verb"] != "audit.look");
        all.to_string()
    };
    let audits = audited();
    let by_green = node.disclose(&green, &sealed(&[1], 10)).unwrap().disclosure;
    // The node's own administrators are not told of it, on any road; that there is one more, everybody is.
    assert_eq!(audited(), audits);
    assert!(node.disclosures(&operator).unwrap().disclosures.is_empty());
    assert!(told(node, &blue, 1).is_empty());
    assert_eq!(counts(node), (1, 1));
    let by_operator = node.disclose(&operator, &sealed(&[1], 20)).unwrap().disclosure;
    assert_eq!(counts(node), (2, 2));
    assert_eq!(
        serde_json::to_string(&node.ledger(&blue, &id(1), false, (None, None)).unwrap()).unwrap(),
        before
    );
    // Who made one sees his own.
    assert_eq!(told(node, &green, 1), ["Green District Court of Utrecht false"]);
    assert_eq!(node.disclosures(&operator).unwrap().disclosures.len(), 1);
    assert_eq!(node.disclosures(&green).unwrap().disclosures.len(), 1);
    // It is sealed for longer by whom it was made, before that is over, and not for ever at once.
    let until = |days: i64| Timestamp(START).plus_seconds(days * DAY_S);
    assert_eq!(kind(node.seal_for_longer(&blue, &by_green.id, until(30))), Kind::NotFound);
    assert_eq!(kind(node.seal_for_longer(&operator, &by_green.id, until(30))), Kind::NotFound);
    assert_eq!(kind(node.seal_for_longer(&green, &by_green.id, until(10))), Kind::Invalid);
    assert_eq!(kind(node.seal_for_longer(&green, &by_green.id, until(400))), Kind::Invalid);
    let longer = node.seal_for_longer(&green, &by_green.id, until(12)).unwrap();
    assert_eq!(longer.extended.len(), 1);
    world.later(11 * DAY_S);
    assert!(told(node, &blue, 1).is_empty());
    world.later(DAY_S);
    assert_eq!(told(node, &blue, 1), ["Green District Court of Utrecht false"]);
    assert_eq!(counts(node), (2, 1));
    assert_eq!(kind(node.seal_for_longer(&green, &by_green.id, until(30))), Kind::Conflict);
    world.later(8 * DAY_S);
    let all = node.ledger(&blue, &id(1), false, (None, None)).unwrap();
    let rows: Vec<_> = all.rows.iter().filter(|row| row.disclosure.is_some()).collect();
    // At its true time, with what was hidden said.
    assert_eq!(rows[1].at[..10], by_operator.at[..10]);
    assert!(rows.iter().all(|row| row.disclosure.as_ref().unwrap().sealed_until.is_some()));
    assert_eq!(counts(node), (2, 0));
}

#[test]
fn four_eyes_take_another_administrators_token() {
    let (world, [blue, ..]) = world(Settings { disclosure_four_eyes: true, ..settings() });
    let (node, operator) = (&world.node, world.node.operator());
    assert_eq!(kind(node.disclose(&operator, &of(&[1]))), Kind::Forbidden);
    let secret = |roles: &[&str]| {
        let new = NewToken { member: "ACME".to_owned(), roles: strings(roles), ..NewToken::default() };
        node.add_token(&operator, &new).unwrap().secret
    };
    let with = |second: &str| Disclose { second: Some(second.to_owned()), ..of(&[1]) };
    assert_eq!(kind(node.disclose(&operator, &with(&secret(&["analyst"])))), Kind::Forbidden);
    assert_eq!(kind(node.disclose(&operator, &with("acc_nothing"))), Kind::Unauthenticated);
    assert_eq!(counts(node), (0, 0));
    let given = node.disclose(&operator, &with(&secret(&["administrator"]))).unwrap();
    assert!(given.disclosure.second.is_some());
    // A member's own is its own.
    node.disclose(&blue, &of(&[1])).unwrap();
}

fn acts(folder: &Path) -> i64 {
    let database = rusqlite::Connection::open(folder.join("record.sqlite")).unwrap();
    database.query_row("SELECT count(*) FROM statement WHERE entry = 5", [], |row| row.get(0)).unwrap()
}

#[test]
fn it_is_in_the_record_before_a_byte_is_given_and_stays_there() {
    let (world, [blue, ..]) = world(settings());
    let (node, operator) = (&world.node, world.node.operator());
    let listed = world.listed(&blue, None);
    let mut times = Vec::new();
    node.list(&blue, &ListQuery::default(), &mut |entry| times.push(entry.date_added)).unwrap();
    node.disclose(&operator, &of(&[1])).unwrap();
    assert_eq!(acts(world.folder.path()), 1);
    // Nothing of what was disclosed changes for anybody.
    assert_eq!(world.listed(&blue, None), listed);
    let mut after = Vec::new();
    node.list(&blue, &ListQuery::default(), &mut |entry| after.push(entry.date_added)).unwrap();
    assert_eq!(after, times);
    let check = node.verify(&operator, &mut |_, _| ()).unwrap();
    assert_eq!(check["problems"].as_array().map(Vec::len), Some(0), "{check}");
    assert_eq!(node.rebuild(&operator, &mut |_, _| ()).unwrap()["equal"], true);
    let expected = ["ACME District Court of Utrecht true"];
    assert_eq!(told(node, &blue, 1), expected);
    let twin = world.twin();
    assert_eq!(told(&twin.node, &now(&twin, &blue), 1), expected);
    // Where it cannot be recorded, nothing is given.
    let database = rusqlite::Connection::open(world.folder.path().join("record.sqlite")).unwrap();
    database.execute_batch("CREATE UNIQUE INDEX full ON statement (entry) WHERE entry = 5").unwrap();
    assert!(node.disclose(&operator, &of(&[1])).is_err());
    database.execute_batch("DROP INDEX full").unwrap();
    drop(database);
    // After an erasure it says that something was given, and of what it was the id alone.
    node.erase(&operator, &id(1), "a law").unwrap();
    let world = world.restarted();
    assert_eq!(told(&world.node, &now(&world, &blue), 1), expected);
    assert_eq!(counts(&world.node), (1, 0));
    assert_eq!(acts(world.folder.path()), 1);
}

#[test]
fn a_backup_from_before_it_does_not_forget_what_was_given() {
    let (world, [blue, green, _]) = world(settings());
    let (node, operator) = (&world.node, world.node.operator());
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("last week");
    node.backup(&operator, &copy, &mut |_, _| ()).unwrap();
    world.later(7 * DAY_S);
    say(&world, &blue, Tlp::Amber, 3);
    let until = |days: i64| Some(Timestamp(START).plus_seconds((7 + days) * DAY_S));
    let open = node.disclose(&operator, &of(&[1, 3])).unwrap().disclosure;
    let asked = Disclose { sealed_until: until(10), ..of(&[2]) };
    let secret = node.disclose(&blue, &asked).unwrap().disclosure;
    node.seal_for_longer(&blue, &secret.id, until(15).unwrap()).unwrap();
    let by_green = |node: &Node, n| told(node, &green, n);
    assert_eq!((by_green(node, 1).len(), by_green(node, 2).len(), counts(node)), (1, 0, (2, 1)));
    let lost = world.folder.path().to_owned();
    // By the lists that lie beside the backup, by the folder that was lost, and once more from a copy of what was restored.
    let (to, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (from, lists, to) in
        [(copy.as_path(), None, to.path()), (copy.as_path(), Some(lost.as_path()), again.path())]
    {
        let answer = Node::restore(from, lists, &to.join("data")).unwrap();
        assert!(answer["warning"].is_null(), "{answer}");
        let clock = std::sync::Arc::clone(&world.now);
        let clock = move || Timestamp(clock.load(std::sync::atomic::Ordering::SeqCst));
        for _ in 0..2 {
            let restored =
                Node::open(&to.join("data"), settings(), std::sync::Arc::new(clock.clone())).unwrap();
            assert_eq!((by_green(&restored, 1).len(), by_green(&restored, 2).len()), (1, 0));
            assert_eq!(counts(&restored), (2, 1));
            let all = restored.disclosures(&restored.operator()).unwrap().disclosures;
            assert_eq!((all.len(), &all[0].id, &all[0].at), (1, &open.id, &open.at));
            assert_eq!(all[0].objects, open.objects);
            restored.stop();
        }
    }
    // The seal ends when it was to end, as it was put off.
    let late = |days: i64| {
        let at = Timestamp(START).plus_seconds((7 + days) * DAY_S + 60);
        Node::open(&to.path().join("data"), settings(), std::sync::Arc::new(move || at)).unwrap()
    };
    for (days, rows) in [(11, 0), (16, 1)] {
        let restored = late(days);
        assert_eq!(by_green(&restored, 2).len(), rows, "{days}");
        restored.stop();
    }
}
