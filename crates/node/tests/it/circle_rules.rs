//! Who makes, joins, leaves and moderates circles, and what they are told.

use model::circle::{Admits, Charter, Leavers, Moderation, Shows};
use node::views::Joined;
use node::{Caller, Error, Kind, NewCircle, Node};

use crate::write_world::World;

pub fn circle(name: &str, charter: Option<Charter>) -> NewCircle {
    NewCircle { name: name.to_owned(), charter, ..NewCircle::default() }
}

/// A charter that says this much, and is formal.
pub fn formal(change: impl FnOnce(&mut Charter)) -> Charter {
    let mut charter =
        Charter { formal: true, agreement: "We keep to it.\n".to_owned(), ..Charter::default() };
    change(&mut charter);
    charter
}

/// Brings a member into a circle by an invitation of another.
pub fn bring(node: &Node, by: &Caller, name: &str, who: &Caller) -> Joined {
    let secret = node.invite(by, name, None).unwrap().secret;
    let joined = node.join_circle(who, &secret, None).unwrap();
    if joined.joined { joined } else { node.join_circle(who, &secret, Some(&joined.circle.digest)).unwrap() }
}

pub fn members(world: &World, names: &[&str], roles: &[&str]) -> Vec<Caller> {
    names
        .iter()
        .map(|name| {
            world.member(name);
            world.token(name, roles)
        })
        .collect()
}

fn kind<T>(result: Result<T, Error>) -> Kind {
    result.err().unwrap().kind
}

#[test]
fn an_informal_circle_is_made_joined_once_left_and_handed_on() {
    let world = World::new();
    let node = &world.node;
    let all = members(&world, &["Blue", "Green", "Grey"], &["analyst"]);
    let [blue, green, grey] = &all[..] else { panic!() };
    node.add_circle(blue, &circle("Ransom", None)).unwrap();
    let secret = node.invite(blue, "Ransom", None).unwrap().secret;
    assert!(node.join_circle(green, &secret, None).unwrap().joined);
    assert_eq!(kind(node.join_circle(grey, &secret, None)), Kind::NotFound, "it is good once");
    assert_eq!(kind(node.join_circle(grey, "acc_nothing", None)), Kind::NotFound);
    let late = node.invite(green, "Ransom", Some(60)).unwrap().secret;
    world.later(60);
    assert_eq!(kind(node.join_circle(grey, &late, None)), Kind::NotFound, "it is too old");
    let back = node.invite(green, "Ransom", None).unwrap();
    assert_eq!(kind(node.uninvite(grey, "Ransom", &back.id)), Kind::NotFound);
    node.uninvite(blue, "Ransom", &back.id).unwrap();
    assert_eq!(kind(node.join_circle(grey, &back.secret, None)), Kind::NotFound, "it was taken back");
    // Whoever left has no invitations out.
    let orphan = node.invite(green, "Ransom", None).unwrap().secret;
    bring(node, green, "Ransom", grey);
    assert_eq!(node.circle(grey, "Ransom").unwrap().owner.unwrap().name, "Blue");
    assert_eq!(kind(node.expel(grey, "Ransom", "Green")), Kind::Forbidden);
    assert_eq!(kind(node.expel(blue, "Ransom", "Blue")), Kind::Conflict);
    node.expel(blue, "Ransom", "Green").unwrap();
    assert_eq!(kind(node.circle(green, "Ransom")), Kind::NotFound);
    assert_eq!(kind(node.join_circle(green, &orphan, None)), Kind::NotFound);
    node.leave_circle(blue, "Ransom").unwrap();
    let left = node.circle(grey, "Ransom").unwrap();
    assert_eq!((left.owner.unwrap().name.as_str(), left.members), ("Grey", 1));
    let acts: Vec<&str> = left.history.iter().map(|act| act.verb.as_str()).collect();
    assert_eq!(
        acts,
        [
            "add", "invite", "join", "invite", "invite", "uninvite", "invite", "invite", "join", "expel",
            "leave"
        ]
    );
    // The last one ends it, and nobody finds it again.
    node.leave_circle(grey, "Ransom").unwrap();
    for one in [blue, green, grey] {
        assert!(node.circles(one).unwrap().is_empty());
        assert_eq!(kind(node.circle(one, "Ransom")), Kind::NotFound);
    }
}

#[test]
fn of_what_was_done_in_a_circle_the_newest_500_acts_are_told() {
    let world = World::new();
    let node = &world.node;
    let blue = &members(&world, &["Blue"], &["analyst"])[0];
    node.add_circle(blue, &circle("Busy", None)).unwrap();
    let told = || {
        let shown = node.circle(blue, "Busy").unwrap();
        let verbs: Vec<String> = shown.history.into_iter().map(|act| act.verb).collect();
        (verbs.len(), verbs[0].clone(), verbs[verbs.len() - 1].clone(), shown.more_history)
    };
    let mut last = String::new();
    for _ in 0..250 {
        last = node.invite(blue, "Busy", None).unwrap().id;
        node.uninvite(blue, "Busy", &last).unwrap();
        if node.circle(blue, "Busy").unwrap().history.len() == 499 {
            last = node.invite(blue, "Busy", None).unwrap().id;
            assert_eq!(told(), (500, "add".to_owned(), "invite".to_owned(), false));
            break;
        }
    }
    node.uninvite(blue, "Busy", &last).unwrap();
    assert_eq!(told(), (500, "invite".to_owned(), "uninvite".to_owned(), true));
}

#[test]
fn roles_and_charters_say_who_acts() {
    let world = World::new();
    let node = &world.node;
    for name in ["Blue", "Green", "Grey"] {
        world.member(name);
    }
    let administrator = |name: &str| world.token(name, &["organisation-administrator"]);
    let (blue, green, grey) = (administrator("Blue"), administrator("Green"), administrator("Grey"));
    let analyst = world.token("Blue", &["analyst"]);
    let charter = formal(|charter| {
        charter.admits = Admits::TwoAdministrators;
        charter.moderation = Moderation::Administrators;
    });
    assert_eq!(kind(node.add_circle(&analyst, &circle("Energy", Some(charter.clone())))), Kind::Forbidden);
    let silent = Charter { agreement: String::new(), ..charter.clone() };
    assert_eq!(kind(node.add_circle(&blue, &circle("Energy", Some(silent)))), Kind::Invalid);
    let made = node.add_circle(&blue, &circle("Energy", Some(charter))).unwrap();
    assert_eq!(made.expires, None);
    assert_eq!(kind(node.add_circle(&analyst, &circle("Energy", None))), Kind::Conflict);
    for role in ["sensor", "administrator"] {
        let token = world.token("Blue", &[role]);
        assert_eq!(kind(node.circles(&token)), Kind::Forbidden, "{role}");
    }
    assert_eq!(node.circles(&world.token("Blue", &["reader"])).unwrap().len(), 1);
    assert_eq!(kind(node.invite(&analyst, "Energy", None)), Kind::Forbidden);
    // The first invites alone; who agrees says to what.
    let secret = node.invite(&blue, "Energy", None).unwrap().secret;
    assert_eq!(kind(node.join_circle(&world.token("Green", &["analyst"]), &secret, None)), Kind::Forbidden);
    let shown = node.join_circle(&green, &secret, None).unwrap();
    assert!(!shown.joined && shown.circle.organisations.is_empty() && shown.circle.members == 0);
    assert_eq!(shown.circle.digest, made.digest);
    assert_eq!(kind(node.join_circle(&green, &secret, Some("00"))), Kind::Conflict);
    assert!(node.join_circle(&green, &secret, Some(&made.digest)).unwrap().joined);
    // From then on two do.
    let invitation = node.invite(&blue, "Energy", None).unwrap();
    assert!(invitation.needs_second);
    let join = || node.join_circle(&grey, &invitation.secret, Some(&made.digest));
    assert_eq!(kind(join()), Kind::Conflict);
    assert_eq!(kind(node.confirm_invitation(&blue, "Energy", &invitation.id)), Kind::Conflict);
    assert_eq!(kind(node.confirm_invitation(&grey, "Energy", &invitation.id)), Kind::NotFound);
    assert!(!node.confirm_invitation(&green, "Energy", &invitation.id).unwrap().waits);
    assert!(join().unwrap().joined);
    assert_eq!(kind(node.leave_circle(&analyst, "Energy")), Kind::Forbidden);
    node.expel(&grey, "Energy", "Blue").unwrap();
    assert_eq!(node.circle(&grey, "Energy").unwrap().owner.unwrap().name, "Green");
    node.revoke_circle(&grey, "Energy").unwrap();
    assert_eq!(kind(node.circle(&green, "Energy")), Kind::NotFound);
}

#[test]
fn an_administrator_makes_a_formal_circle_for_others_and_sees_nothing_of_it() {
    let world = World::new();
    let node = &world.node;
    world.member("Blue");
    let administrator = world.token("ACME", &["administrator"]);
    let new = NewCircle { owner: Some("Blue".to_owned()), ..circle("Energy", Some(formal(|_| {}))) };
    let made = node.add_circle(&administrator, &new).unwrap();
    let everything = world.token("ACME", &["administrator", "analyst", "organisation-administrator"]);
    assert!(node.circles(&everything).unwrap().is_empty());
    assert_eq!(kind(node.circle(&everything, &made.id)), Kind::NotFound);
    assert_eq!(kind(node.revoke_circle(&everything, "Energy")), Kind::NotFound);
    let audit = node.audit(&administrator, &node::AuditQuery::default()).unwrap().to_string();
    assert!(!audit.contains("circle") && !audit.contains(&made.id), "{audit}");
    let blue = world.token("Blue", &["organisation-administrator"]);
    assert_eq!(node.circle(&blue, "Energy").unwrap().owner.unwrap().name, "Blue");
}

#[test]
fn an_upgrade_changes_the_definition_and_what_it_asks_for() {
    let world = World::new();
    let node = &world.node;
    let all = members(&world, &["Blue", "Green"], &["analyst", "organisation-administrator"]);
    let [blue, green] = &all[..] else { panic!() };
    let informal = node.add_circle(blue, &circle("Ransom", None)).unwrap();
    assert!(informal.expires.is_some());
    bring(node, blue, "Ransom", green);
    assert_eq!(kind(node.upgrade_circle(green, "Ransom", &formal(|_| {}), None)), Kind::Forbidden);
    let upgraded = node.upgrade_circle(blue, "Ransom", &formal(|_| {}), None).unwrap();
    assert_eq!((upgraded.id, upgraded.members, upgraded.expires), (informal.id, 2, None));
    assert_ne!(upgraded.digest, informal.digest);
    // Who agreed to what stays told.
    let agreed: Vec<bool> =
        upgraded.organisations.iter().map(|one| one.agreed.as_ref() == Some(&upgraded.digest)).collect();
    assert_eq!(agreed, [true, false]);
    assert_eq!(model::Definition::from_canonical(&upgraded.definition).unwrap().digest(), upgraded.digest);
}

#[test]
fn members_see_of_each_other_what_the_charter_says() {
    let world = World::new();
    let node = &world.node;
    let operator = node.operator();
    for (name, person) in [("Blue", "Ada"), ("Green", "Bob")] {
        world.member(name);
        node.add_person(&operator, name, person).unwrap();
    }
    let named = |member: &str, person: &str| {
        let new = node::NewToken {
            member: member.to_owned(),
            person: Some(person.to_owned()),
            roles: vec!["analyst".to_owned(), "organisation-administrator".to_owned()],
            ..node::NewToken::default()
        };
        world.signed_in(&node.add_token(&operator, &new).unwrap().secret)
    };
    let (blue, green) = (named("Blue", "Ada"), named("Green", "Bob"));
    for (shows, told) in [(Shows::Count, ""), (Shows::Organisations, "Blue"), (Shows::Persons, "Blue Ada")] {
        let name = shows.name();
        node.add_circle(&blue, &circle(name, Some(formal(|charter| charter.shows = shows)))).unwrap();
        bring(node, &blue, name, &green);
        for view in [node.circle(&green, name).unwrap(), node.circles(&green).unwrap().pop().unwrap()] {
            assert_eq!(view.members, 2);
            let text = serde_json::to_string(&view).unwrap();
            for word in ["Blue", "Ada"] {
                assert_eq!(text.contains(word), told.contains(word), "{shows:?}: {text}");
            }
            assert!(text.contains("Green") && text.contains("Bob"), "one knows oneself");
        }
    }
}

#[test]
fn circles_end_by_the_clock_and_stay_ended() {
    let world = World::new();
    let node = &world.node;
    let all = members(&world, &["Blue", "Green"], &["analyst"]);
    let new = NewCircle { expire_s: Some(60), ..circle("Brief", None) };
    node.add_circle(&all[0], &new).unwrap();
    let secret = node.invite(&all[0], "Brief", None).unwrap().secret;
    world.later(60);
    assert!(node.circles(&all[0]).unwrap().is_empty());
    assert_eq!(kind(node.join_circle(&all[1], &secret, None)), Kind::NotFound);
    let too_long = NewCircle { expire_s: Some(366 * 86_400), ..circle("Long", None) };
    assert_eq!(kind(node.add_circle(&all[0], &too_long)), Kind::Invalid);
    // The round that a start begins with writes it down; then the clock runs back.
    let world = world.after_a_round();
    world.later(-60);
    let world = world.restarted();
    let blue = world.token("Blue", &["analyst"]);
    assert!(world.node.circles(&blue).unwrap().is_empty(), "the circle came back");
}

#[test]
fn whoever_keeps_what_he_saw_keeps_that_and_no_more() {
    // What is said to circles is the tests of labels; here, under which ids it would be for whom.
    for (leavers, expelled, kept) in
        [(Leavers::Close, false, 0), (Leavers::Keep, false, 1), (Leavers::Keep, true, 0)]
    {
        let world = World::new();
        let node = &world.node;
        let all = members(&world, &["Blue", "Green"], &["analyst", "organisation-administrator"]);
        let [blue, green] = &all[..] else { panic!() };
        let made = node.add_circle(blue, &circle("E", Some(formal(|one| one.leavers = leavers)))).unwrap();
        bring(node, blue, "E", green);
        if expelled {
            node.expel(blue, "E", "Green").unwrap();
        } else {
            node.leave_circle(green, "E").unwrap();
        }
        let audiences = |name| world.token(name, &["analyst"]).principal.reader.circles;
        let (stays, left) = (audiences("Blue"), audiences("Green"));
        assert!(stays.iter().any(|id| id.to_string() == made.id));
        assert_eq!(left.len(), kept, "{leavers:?} {expelled}");
        assert!(left.iter().all(|id| stays.contains(id)));
        assert_eq!(stays.len(), if leavers == Leavers::Keep && !expelled { 2 } else { 1 });
        bring(node, blue, "E", green);
        assert_eq!(audiences("Green"), stays, "who comes back sees all of it");
    }
}

#[test]
fn a_revoked_member_is_in_no_circle() {
    let world = World::new();
    let node = &world.node;
    let all = members(&world, &["Blue", "Green"], &["analyst"]);
    node.add_circle(&all[0], &circle("Ransom", None)).unwrap();
    bring(node, &all[0], "Ransom", &all[1]);
    node.revoke_member(&node.operator(), "Blue").unwrap();
    let view = node.circle(&all[1], "Ransom").unwrap();
    assert_eq!((view.members, view.owner.unwrap().name.as_str()), (1, "Green"));
}

#[test]
fn a_restored_backup_brings_no_membership_invitation_or_circle_back() {
    let world = World::new();
    let node = &world.node;
    let all = members(&world, &["Blue", "Green"], &["analyst"]);
    let [blue, green] = &all[..] else { panic!() };
    for name in ["Left", "Ended"] {
        node.add_circle(blue, &circle(name, None)).unwrap();
        bring(node, blue, name, green);
    }
    let secret = node.invite(blue, "Left", None).unwrap().secret;
    let beside = tempfile::tempdir().unwrap();
    let backup = beside.path().join("backup");
    node.backup(&node.operator(), &backup, &mut |_, _| ()).unwrap();
    node.leave_circle(green, "Left").unwrap();
    node.join_circle(green, &secret, None).unwrap();
    node.leave_circle(green, "Left").unwrap();
    node.revoke_circle(blue, "Ended").unwrap();
    let target = beside.path().join("data");
    node::Node::restore(&backup, Some(world.folder.path()), &target).unwrap();
    let clock = std::sync::Arc::new(|| model::Timestamp(crate::write_world::START));
    let restored = Node::open(&target, crate::write_world::settings(), clock).unwrap();
    assert!(restored.circles(green).unwrap().is_empty());
    assert_eq!(restored.circles(blue).unwrap().len(), 1);
    assert_eq!(kind(restored.join_circle(green, &secret, None)), Kind::NotFound);
}
