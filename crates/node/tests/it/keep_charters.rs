//! How long charters let the node keep what is said to circles, by what its author agreed to.

use std::path::Path;

use model::{Embargo, Tlp};
use node::{
    Asked, Caller, ImportOptions, Kind, NewCircle, NewMember, NewRetention, NewToken, Node, Relabel, Settings,
};

use crate::circle_rules::{bring, circle, formal, members};
use crate::write_world::{FIRST, SECOND, World, envelope, id, indicator, settings, strings};

const DAY_S: i64 = 86_400;
const BOTH: &[&str] = &["analyst", "organisation-administrator"];

fn days(days: u32) -> model::Charter {
    formal(|charter| charter.retention_days = Some(days))
}

fn to(names: &[&str]) -> ImportOptions {
    ImportOptions { to: strings(names), tlp: Some(Tlp::Amber), ..ImportOptions::default() }
}

fn canary(n: u32) -> String {
    format!("q{n}{n}zcanary{n}")
}

/// An indicator that tells a canary.
fn telling(n: u32, modified: &str, rest: &str) -> String {
    let canary = canary(n);
    indicator(n, modified, &format!(",\"labels\":[\"{canary}a\"],\"x_{canary}\":\"{canary}b\"{rest}"))
}

fn say(world: &World, by: &Caller, options: &ImportOptions, object: &str) {
    let status = world.node.submit(by, options, envelope(&[object.to_owned()]).as_bytes()).unwrap();
    assert_eq!(status.success, 1, "{:?}", status.outcomes);
}

/// Runs what is due. The node runs it by itself too, so how much that still was is not asked.
fn run(world: &World) {
    world.node.run_retention(&world.node.operator(), false).unwrap();
}

/// Which of these are held in any form, as far as the folder says: the numbers of canaries that are found in its files.
fn held(world: &World, of: &[u32]) -> Vec<u32> {
    // The hourly round may be about it, too.
    run(world);
    of.iter().copied().filter(|n| is_in(world.folder.path(), canary(*n).as_bytes())).collect()
}

fn is_in(folder: &Path, text: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|file| {
        let path = file.unwrap().path();
        match path.is_dir() {
            true => is_in(&path, text),
            false => memchr::memmem::find(&std::fs::read(&path).unwrap(), text).is_some(),
        }
    })
}

fn agree(world: &World, by: &Caller, name: &str) {
    let digest = world.node.circle(by, name).unwrap().digest;
    let shown = world.node.agree_to_circle(by, name, &digest).unwrap();
    assert_eq!(shown.agreed_definition, None);
}

/// Owner and Ada agreed to 90 days, then the owner made it one day, which Bob agreed to.
fn shortened(world: &World) -> [Caller; 3] {
    let all: [Caller; 3] = members(world, &["Owner", "Ada", "Bob"], BOTH).try_into().unwrap();
    let [owner, ada, bob] = &all;
    world.node.add_circle(owner, &circle("E", Some(days(90)))).unwrap();
    bring(&world.node, owner, "E", ada);
    say(world, ada, &to(&["circle:E"]), &telling(1, FIRST, ""));
    world.node.upgrade_circle(owner, "E", &days(1), None).unwrap();
    bring(&world.node, owner, "E", bob);
    all
}

#[test]
fn an_owner_who_shortens_the_term_erases_his_own_words_and_of_others_theirs_who_agreed() {
    let world = World::new();
    let [owner, ada, bob] = shortened(&world);
    let kept = |by: &Caller| world.node.circle(by, "E").unwrap().kept_days;
    assert_eq!([kept(&owner), kept(&ada), kept(&bob)], [Some(1), Some(90), Some(1)]);
    let agreed = world.node.circle(&ada, "E").unwrap().agreed_definition.unwrap();
    assert!(agreed.contains("retention-days 90"), "{agreed}");
    let asked = Asked { to: strings(&["circle:E"]), tlp: Some(Tlp::Amber), ..Asked::default() };
    let foreseen = |by: &Caller| world.node.preview(by, &asked).unwrap().kept_days;
    assert_eq!([foreseen(&ada), foreseen(&bob)], [Some(90), Some(1)]);
    // What she says after the change is hers, too.
    say(&world, &ada, &to(&["circle:E"]), &telling(2, FIRST, ""));
    for (by, n) in [(&owner, 3), (&bob, 4)] {
        say(&world, by, &to(&["circle:E"]), &telling(n, FIRST, ""));
    }
    assert_eq!(world.node.trace(&bob, &id(4)).unwrap().kept_days, Some(1));
    let before = tempfile::tempdir().unwrap();
    world.node.backup(&world.node.operator(), before.path(), &mut |_, _| ()).unwrap();
    world.later(DAY_S - 60);
    assert_eq!(held(&world, &[1, 2, 3, 4]), [1, 2, 3, 4], "kept for whole days");
    world.later(120);
    assert_eq!(held(&world, &[1, 2, 3, 4]), [1, 2]);
    assert_eq!(world.listed(&ada, None).len(), 2);
    let history = world.node.circle(&ada, "E").unwrap().history;
    let last = history.last().unwrap();
    assert_eq!((last.verb.as_str(), last.member.is_none()), ("let-go", true));
    let well = world.node.verify(&world.node.operator(), &mut |_, _| ()).unwrap();
    assert_eq!((&well["well"], &well["erased"]), (&true.into(), &2.into()));
    assert_eq!(world.node.rebuild(&world.node.operator(), &mut |_, _| {}).unwrap()["equal"], true);
    // The audit says that charters were kept, and of no circle; the record says by which.
    let audit = world.node.audit(&world.node.operator(), &node::AuditQuery::default()).unwrap().to_string();
    let circle = world.node.circle(&ada, "E").unwrap().id;
    assert!(audit.contains("\"target\":\"charters\"") && !audit.contains(&circle), "{audit}");
    assert!(std::fs::read_to_string(world.folder.path().join("erasures")).unwrap().contains(&circle));

    // A copy from before does not bring it back.
    let back = tempfile::tempdir().unwrap();
    Node::restore(before.path(), Some(world.folder.path()), back.path()).unwrap();
    let found: Vec<bool> = (1..5).map(|n| is_in(back.path(), canary(n).as_bytes())).collect();
    assert_eq!(found, [true, true, false, false]);

    // She agrees, and her words go as theirs did.
    agree(&world, &ada, "E");
    assert_eq!(kept(&ada), Some(1));
    assert_eq!(held(&world, &[1, 2]), [0; 0]);
    assert_eq!(world.node.rebuild(&world.node.operator(), &mut |_, _| {}).unwrap()["equal"], true);
    // And may come again.
    say(&world, &ada, &to(&["circle:E"]), &telling(1, FIRST, ""));
}

#[test]
fn a_longer_term_holds_what_was_said_before_for_who_agrees_to_it() {
    let world = World::new();
    let [owner, _, bob] = shortened(&world);
    for (by, n) in [(&owner, 3), (&bob, 4)] {
        say(&world, by, &to(&["circle:E"]), &telling(n, FIRST, ""));
    }
    world.node.upgrade_circle(&owner, "E", &days(30), None).unwrap();
    world.later(2 * DAY_S);
    assert_eq!(held(&world, &[1, 3, 4]), [1, 3], "he did not agree to it");
    say(&world, &bob, &to(&["circle:E"]), &telling(5, FIRST, ""));
    agree(&world, &bob, "E");
    world.later(2 * DAY_S);
    assert_eq!(held(&world, &[1, 3, 5]), [1, 3, 5]);
    // A charter that says nothing of it lets nothing go of who agrees to that.
    world.node.upgrade_circle(&owner, "E", &formal(|_| {}), None).unwrap();
    agree(&world, &bob, "E");
    assert_eq!(world.node.circle(&bob, "E").unwrap().kept_days, None);
    world.later(400 * DAY_S);
    assert_eq!(held(&world, &[1, 3, 5]), [3, 5], "she agreed to 90 days, and to nothing since");
}

#[test]
fn who_left_keeps_to_what_he_agreed_to_and_a_circle_that_ended_too() {
    let world = World::new();
    let [owner, ada, bob] = shortened(&world);
    say(&world, &bob, &to(&["circle:E"]), &telling(4, FIRST, ""));
    world.node.leave_circle(&ada, "E").unwrap();
    world.node.expel(&owner, "E", "Bob").unwrap();
    world.node.revoke_circle(&owner, "E").unwrap();
    let world = world.restarted();
    world.later(2 * DAY_S);
    assert_eq!(held(&world, &[1, 4]), [1]);
    world.later(90 * DAY_S);
    assert_eq!(held(&world, &[1]), [0; 0]);
}

#[test]
fn what_is_for_others_too_was_given_to_them_under_no_term() {
    let world = World::new();
    let [owner, ada, bob] = shortened(&world);
    world.node.add_circle(&owner, &circle("Long", Some(days(90)))).unwrap();
    bring(&world.node, &owner, "Long", &bob);
    world.node.add_circle(&owner, &circle("Open", None)).unwrap();
    bring(&world.node, &owner, "Open", &bob);
    let ada = ada.principal.reader.member.unwrap();
    let embargo = Some(Embargo { case: "VU 1".to_owned(), until: None });
    for (n, options) in [
        (10, to(&["circle:E"])),
        (11, to(&["circle:E", "circle:Long"])),
        (12, to(&["circle:E", "circle:Open"])),
        (13, to(&["circle:E", &format!("member:{ada}")])),
        (14, ImportOptions { embargo: embargo.clone(), ..to(&["circle:E"]) }),
        (15, ImportOptions { embargo, tlp: Some(Tlp::Clear), ..to(&["circle:E"]) }),
        (16, ImportOptions { tlp: Some(Tlp::Green), ..to(&["circle:E"]) }),
        (17, to(&[])),
    ] {
        say(&world, &bob, &options, &telling(n, FIRST, ""));
    }
    let all: Vec<u32> = (10..18).collect();
    world.later(2 * DAY_S);
    assert_eq!(held(&world, &all), [11, 12, 13, 15, 17]);
    world.later(90 * DAY_S);
    assert_eq!(held(&world, &all), [12, 13, 15, 17]);
    // Taken off the others, it is the circle's alone from then on.
    let relabel = Relabel { to: Some(strings(&["circle:E"])), ..Relabel::default() };
    world.node.relabel(&bob, &id(13), &relabel).unwrap();
    world.later(DAY_S - 60);
    assert_eq!(held(&world, &[13]), [13]);
    world.later(120);
    assert_eq!(held(&world, &[13]), [0; 0]);
}

#[test]
fn versions_withdrawn_ones_and_claims_go_by_who_said_them_and_revocations_stay_behind() {
    let world = World::new();
    let [_, ada, bob] = shortened(&world);
    let e = to(&["circle:E"]);
    let revoked = ",\"revoked\":true";
    say(&world, &bob, &e, &telling(20, FIRST, ""));
    say(&world, &bob, &e, &telling(20, SECOND, ""));
    say(&world, &bob, &e, &telling(21, FIRST, ""));
    world.node.withdraw(&bob, None, &id(21), &[]).unwrap();
    // Another's version of the same id is hers.
    say(&world, &ada, &e, &indicator(20, SECOND, ",\"labels\":[\"q22q22zcanary22\"]"));
    // What he took back within the circle goes with what it took back; what he said elsewhere stays taken back.
    say(&world, &bob, &e, &telling(23, FIRST, ""));
    say(&world, &bob, &e, &telling(23, SECOND, revoked));
    say(&world, &bob, &to(&[]), &indicator(24, FIRST, ""));
    say(&world, &bob, &e, &telling(24, SECOND, revoked));
    world.later(2 * DAY_S);
    assert_eq!(held(&world, &[20, 21, 22, 23, 24]), [24], "hers tells {}", canary(22));
    assert!(is_in(world.folder.path(), b"q22q22zcanary22"));
    world.node.withdraw(&bob, None, &id(24), &[FIRST.to_owned()]).unwrap();
    assert_eq!(held(&world, &[24]), [0; 0]);
    assert_eq!(world.node.rebuild(&world.node.operator(), &mut |_, _| {}).unwrap()["equal"], true);
}

/// Seven members of one sector, whose unnamed words enter at once.
fn energy() -> (World, Vec<Caller>) {
    let world = World::with(Settings { desk_interval_s: 0, ..settings() });
    let names = ["Owner", "Ada", "Bob", "Cem", "Dua", "Eli", "Fay"];
    let all = names.iter().map(|name| {
        let (name, sector) = ((*name).to_owned(), Some("energy".to_owned()));
        let new = NewMember { name: name.clone(), sector, ..NewMember::default() };
        world.node.add_member(&world.node.operator(), &new).unwrap();
        world.token(&name, BOTH)
    });
    let all = all.collect();
    (world, all)
}

/// Says it to the circle without a name, and waits until it has entered.
fn unnamed(world: &World, by: &Caller, object: &str) {
    let options = ImportOptions { without_name: true, ..to(&["circle:E"]) };
    let status = world.node.submit(by, &options, envelope(&[object.to_owned()]).as_bytes()).unwrap();
    for _ in 0..2_000 {
        let now = world.node.status(by, &status.id).unwrap();
        if now.complete {
            assert_eq!(now.success, 1, "{:?}", now.outcomes);
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("it never entered");
}

#[test]
fn without_a_name_it_is_kept_as_long_as_anybodys_who_could_have_said_it() {
    let (world, all) = energy();
    let [owner, ada, others @ ..] = &all[..] else { panic!() };
    world.node.add_circle(owner, &circle("E", Some(days(90)))).unwrap();
    bring(&world.node, owner, "E", ada);
    world.node.upgrade_circle(owner, "E", &days(1), None).unwrap();
    for other in others {
        bring(&world.node, owner, "E", other);
    }
    for (by, n) in [(ada, 30), (&others[0], 31)] {
        unnamed(&world, by, &telling(n, FIRST, ""));
        assert_eq!(world.node.trace(by, &id(n)).unwrap().kept_days, None);
    }
    say(&world, &others[0], &to(&["circle:E"]), &telling(32, FIRST, ""));
    world.later(2 * DAY_S);
    // Were the others' let go, what is left would be hers.
    assert_eq!(held(&world, &[30, 31, 32]), [30, 31]);
    agree(&world, ada, "E");
    assert_eq!(held(&world, &[30, 31]), [0; 0]);
    let erasures = std::fs::read_to_string(world.folder.path().join("erasures")).unwrap();
    for one in &all {
        assert!(!erasures.contains(&one.principal.reader.member.unwrap().to_string()));
        assert!(!erasures.contains(&one.principal.reader.alias.unwrap().to_string()));
    }
}

#[test]
fn who_agrees_says_to_what_and_may() {
    let world = World::new();
    let [owner, ada, bob] = shortened(&world);
    let digest = world.node.circle(&bob, "E").unwrap().digest;
    let agree = |by: &Caller, name: &str, digest: &str| {
        world.node.agree_to_circle(by, name, digest).map_err(|error| error.kind)
    };
    assert_eq!(agree(&ada, "E", "00").err(), Some(Kind::Conflict));
    assert_eq!(agree(&world.token("Ada", &["analyst"]), "E", &digest).err(), Some(Kind::Forbidden));
    let outside = members(&world, &["Outside"], BOTH).remove(0);
    assert_eq!(agree(&outside, "E", &digest).err(), Some(Kind::NotFound));
    let acts = |by: &Caller| world.node.circle(by, "E").unwrap().history.len();
    let before = acts(&bob);
    agree(&bob, "E", &digest).unwrap();
    assert_eq!(acts(&bob), before, "he had agreed to it");
    agree(&ada, "E", &digest).unwrap();
    assert_eq!(acts(&bob), before + 1);

    // Nobody agrees for another, and a circle without an agreement is not joined unseen either where it has a term.
    let new = NewCircle { owner: Some("Ada".to_owned()), ..circle("For Ada", Some(days(1))) };
    world.node.add_circle(&world.token("ACME", &["administrator"]), &new).unwrap();
    let shown = world.node.circle(&ada, "For Ada").unwrap();
    assert_eq!((shown.kept_days, shown.organisations[0].agreed.as_ref()), (None, None));
    assert_eq!(agree(&ada, "For Ada", &shown.digest).unwrap().kept_days, Some(1));
    let informal = model::Charter { formal: false, ..days(1) };
    world.node.add_circle(&owner, &circle("Short", Some(informal))).unwrap();
    let secret = world.node.invite(&owner, "Short", None).unwrap().secret;
    let shown = world.node.join_circle(&bob, &secret, None).unwrap();
    assert!(!shown.joined);
    assert!(world.node.join_circle(&bob, &secret, Some(&shown.circle.digest)).unwrap().joined);
}

#[test]
fn who_administers_no_member_agrees_to_no_term_of_an_informal_circle() {
    let world = World::new();
    let all = members(&world, &["Owner", "Ada", "Bob"], BOTH);
    let [owner, ada, bob] = &all[..] else { panic!() };
    let analyst = world.token("Ada", &["analyst"]);
    let informal = |term| model::Charter { formal: false, retention_days: term, ..days(1) };
    world.node.add_circle(owner, &circle("Short", Some(informal(Some(1))))).unwrap();
    let digest = world.node.circle(owner, "Short").unwrap().digest;
    let secret = world.node.invite(owner, "Short", None).unwrap().secret;
    for agree in [None, Some(digest.as_str())] {
        let joined = world.node.join_circle(&analyst, &secret, agree);
        assert_eq!(joined.err().unwrap().kind, Kind::Forbidden);
    }
    assert!(world.node.join_circle(ada, &secret, Some(&digest)).unwrap().joined);
    // Nor where her member is in it already, and the owner gives it another term.
    world.node.upgrade_circle(owner, "Short", &informal(Some(2)), None).unwrap();
    let digest = world.node.circle(ada, "Short").unwrap().digest;
    let agreed = |by: &Caller, digest: &str| {
        let shown = world.node.agree_to_circle(by, "Short", digest);
        shown.map(|shown| shown.kept_days).map_err(|error| error.kind)
    };
    assert_eq!(agreed(&analyst, &digest), Err(Kind::Forbidden));
    assert_eq!(agreed(ada, &digest), Ok(Some(2)));
    // Nor by making it: all of the member's persons speak to it.
    let made = |by: &Caller, days| {
        let made = world.node.add_circle(by, &circle("Own", Some(informal(days))));
        made.map(|made| made.agrees).map_err(|error| error.kind)
    };
    assert_eq!(made(&analyst, Some(1)), Err(Kind::Forbidden));
    assert_eq!(made(&analyst, None), Ok(true));
    assert_eq!(made(bob, Some(1)), Ok(true));
    // She agrees to what lets nothing go, and leaves.
    world.node.upgrade_circle(owner, "Short", &informal(None), None).unwrap();
    let digest = world.node.circle(ada, "Short").unwrap().digest;
    assert_eq!(agreed(&analyst, &digest), Ok(None));
    world.node.upgrade_circle(owner, "Short", &informal(Some(1)), None).unwrap();
    world.node.leave_circle(&analyst, "Short").unwrap();
}

#[test]
fn without_a_name_no_earlier_version_comes_back_when_a_later_one_is_due_first() {
    let (world, all) = energy();
    let [owner, ada, bob, ..] = &all[..] else { panic!() };
    world.node.add_circle(owner, &circle("E", Some(days(90)))).unwrap();
    bring(&world.node, owner, "E", ada);
    world.node.upgrade_circle(owner, "E", &days(1), None).unwrap();
    for other in &all[2..] {
        bring(&world.node, owner, "E", other);
    }
    // The first versions may be hers who agreed to 90 days, the second ones may not.
    let version = |n: u32, modified, canary_of: u32, rest: &str| {
        let canary = canary(canary_of);
        indicator(n, modified, &format!(",\"labels\":[\"{canary}a\"],\"x_{canary}\":\"{canary}b\"{rest}"))
    };
    unnamed(&world, bob, &version(40, FIRST, 40, ""));
    unnamed(&world, bob, &version(42, FIRST, 42, ""));
    world.later(60);
    world.node.leave_circle(ada, "E").unwrap();
    world.later(60);
    unnamed(&world, bob, &version(40, SECOND, 41, ""));
    unnamed(&world, bob, &version(42, SECOND, 43, ",\"revoked\":true"));
    unnamed(&world, bob, &version(44, FIRST, 44, ""));
    let cem = world.token("Cem", &["analyst"]);
    let shown = || {
        let shown = |n: u32| world.node.object(&cem, &id(n), None).unwrap().summary;
        [shown(40).version, shown(42).version]
    };
    assert_eq!(shown(), [SECOND, SECOND]);
    world.later(2 * DAY_S);
    assert_eq!(held(&world, &[40, 41, 42, 43, 44]), [40, 41, 42, 43], "what has no earlier version goes");
    assert_eq!(shown(), [SECOND, SECOND]);
    // The earlier ones first, and then what waited for them.
    world.later(90 * DAY_S);
    assert_eq!(held(&world, &[40, 42]), [0; 0]);
    assert_eq!(held(&world, &[41, 43]), [0; 0]);
    assert_eq!(world.node.rebuild(&world.node.operator(), &mut |_, _| {}).unwrap()["equal"], true);
}

/// When a circle's history says that something was let go, and how many rows the folder has of it.
fn let_go(world: &World, by: &Caller) -> (Vec<String>, i64) {
    let history = world.node.circle(by, "E").unwrap().history;
    let told = history.into_iter().filter(|act| act.verb == "let-go").map(|act| act.at).collect();
    let database = rusqlite::Connection::open(world.folder.path().join("record.sqlite")).unwrap();
    let sql = "SELECT count(*) FROM circle_act WHERE verb = 'let-go'";
    (told, database.query_row(sql, [], |row| row.get(0)).unwrap())
}

#[test]
fn that_something_was_let_go_is_told_once_and_to_who_could_have_read_it() {
    let world = World::new();
    let [owner, _, bob] = shortened(&world);
    let e = to(&["circle:E"]);
    // What he took back before, somebody who comes now does not know of.
    say(&world, &bob, &e, &telling(50, FIRST, ""));
    world.node.withdraw(&bob, None, &id(50), &[]).unwrap();
    world.later(2 * DAY_S);
    assert_eq!(held(&world, &[50]), [0; 0]);
    assert_eq!(let_go(&world, &bob), (vec![], 0));
    // Day after day the last stands for all, until a member does something.
    let mut told = Vec::new();
    for n in 51..54 {
        say(&world, &bob, &e, &telling(n, FIRST, ""));
        world.later(2 * DAY_S);
        assert_eq!(held(&world, &[n]), [0; 0]);
        told = let_go(&world, &bob).0;
        assert_eq!((told.len(), let_go(&world, &bob).1), (1, 1));
    }
    let cem = members(&world, &["Cem"], BOTH).remove(0);
    bring(&world.node, &owner, "E", &cem);
    assert_eq!(let_go(&world, &bob), (told.clone(), 1));
    // Who came later, who reads nothing above GREEN, and who reads nothing.
    assert_eq!(let_go(&world, &cem).0, [""; 0]);
    let green = NewToken {
        member: "Bob".to_owned(),
        roles: strings(&["analyst"]),
        ceiling: Some(Tlp::Green),
        ..NewToken::default()
    };
    let green = world.node.add_token(&world.node.operator(), &green).unwrap().secret;
    assert_eq!(let_go(&world, &world.signed_in(&green)).0, [""; 0]);
    let administrator = world.token("Bob", &["organisation-administrator"]);
    assert_eq!(let_go(&world, &administrator).0, [""; 0]);
    say(&world, &bob, &e, &telling(54, FIRST, ""));
    world.later(2 * DAY_S);
    assert_eq!(held(&world, &[54]), [0; 0]);
    let (both, rows) = let_go(&world, &bob);
    assert_eq!((&both[..1], both.len(), rows), (&told[..], 2, 2));
    assert_eq!(let_go(&world, &cem).0, both[1..]);
}

#[test]
fn the_node_keeps_to_charters_by_itself_page_by_page() {
    let world = World::new();
    let [_, ada, bob] = shortened(&world);
    let many: Vec<String> = (100..1_334).map(|n| indicator(n, FIRST, "")).collect();
    let status = world.node.submit(&bob, &to(&["circle:E"]), envelope(&many).as_bytes()).unwrap();
    assert_eq!(status.success, 1_234);
    let world = world.after_a_round();
    world.later(2 * DAY_S);
    let foreseen = world.node.run_retention(&world.node.operator(), true).unwrap();
    assert_eq!((foreseen.charters, foreseen.statements, foreseen.dry_run), (1_234, 1_234, true));
    assert_eq!(world.listed(&bob, None).len(), 1_234);
    let world = world.restarted();
    for _ in 0..400 {
        if world.listed(&bob, None).is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(world.listed(&bob, None).len(), 0);
    assert_eq!(world.node.run_retention(&world.node.operator(), false).unwrap().charters, 0);
    let history = world.node.circle(&ada, "E").unwrap().history;
    assert_eq!(history.iter().filter(|act| act.verb == "let-go").count(), 1);
}

#[test]
fn what_cannot_be_let_go_holds_up_nothing_else() {
    let world = World::new().housekept();
    let operator = world.node.operator();
    world.node.add_circle(&operator, &circle("E", Some(days(1)))).unwrap();
    for kind in ["indicator", "malware"] {
        let rule = NewRetention { kind: Some(kind.to_owned()), source: None, days: 1 };
        world.node.add_retention(&operator, &rule).unwrap();
    }
    let object = |kind: &str, n: u32| {
        format!(
            "{{\"type\":\"{kind}\",\"spec_version\":\"2.1\",\"id\":\"{kind}--00000000-0000-4000-8000-{n:012}\",\
             \"created\":\"{FIRST}\",\"modified\":\"{FIRST}\",\"name\":\"one\",\"is_family\":false}}"
        )
    };
    say(&world, &operator, &to(&[]), &indicator(1, FIRST, ""));
    say(&world, &operator, &to(&[]), &object("malware", 2));
    say(&world, &operator, &to(&["circle:E"]), &object("campaign", 3));
    let green = ImportOptions { tlp: Some(Tlp::Green), ..to(&["circle:E"]) };
    say(&world, &operator, &green, &object("campaign", 4));
    let change = |sql: &str| {
        let database = rusqlite::Connection::open(world.folder.path().join("record.sqlite")).unwrap();
        database.execute_batch(sql).unwrap();
    };
    // What the first rule reaches cannot be taken out of the index, nor what is let go under the first label.
    change(
        "CREATE TABLE whole AS SELECT * FROM indexed WHERE position IN (0, 2);
         INSERT OR REPLACE INTO indexed (position, packed) VALUES (0, x'ff'), (2, x'ff')",
    );
    world.later(DAY_S + 60);
    let standing = || world.listed(&operator, None).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert!(world.node.run_retention(&operator, false).is_err());
    assert_eq!(standing(), [id(1), "campaign--00000000-0000-4000-8000-000000000003".to_owned()]);
    change(
        "DELETE FROM indexed WHERE position IN (0, 2); INSERT INTO indexed SELECT * FROM whole; DROP TABLE whole",
    );
    assert_eq!(world.node.run_retention(&operator, false).unwrap().statements, 2, "it is tried again");
    assert!(standing().is_empty());
}
