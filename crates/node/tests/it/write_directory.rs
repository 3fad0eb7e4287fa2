//! Members, persons, tokens, collections, sessions.

use model::Tlp;
use node::{Credential, Kind, NewCollection, NewMember, NewToken};

use crate::write_world::{FIRST, START, World, envelope, indicator, settings, strings};

#[test]
fn a_first_start_makes_a_member_a_secret_and_keys_that_stay() {
    let world = World::new();
    let members = world.node.members(&world.node.operator()).unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(members[0].name, "ACME");
    assert!(members[0].identities[0].starts_with("identity--"));
    let secret = world.node.first_secret(false).unwrap().unwrap();
    // The secret is no token, and a wrong one is nothing.
    let shown = |text: &str| world.node.authenticate(&Credential::Token(text.to_owned()), None);
    assert_eq!(shown(&secret).unwrap_err().kind, Kind::Unauthenticated);
    assert_eq!(world.node.trade("acc_nothing").unwrap_err().kind, Kind::Unauthenticated);
    // A second one replaces it.
    let second = world.node.first_secret(false).unwrap().unwrap();
    assert_eq!(world.node.trade(&secret).unwrap_err().kind, Kind::Unauthenticated);
    let token = world.node.trade(&second).unwrap();
    assert_eq!(token.roles, ["analyst", "administrator"]);
    // It works once, and whoever shows it again is told which command makes another.
    for error in [world.node.trade(&second).unwrap_err(), shown(&second).unwrap_err()] {
        assert_eq!(error.kind, Kind::Unauthenticated);
        assert!(error.hint.as_ref().unwrap().contains("`accord login --renew`"), "{error:?}");
    }
    assert!(world.node.first_secret(false).unwrap().is_none(), "somebody administers the node");
    assert!(world.node.first_secret(true).unwrap().is_some());
    assert!(shown(&token.secret).is_ok());
    world.later(86_400);
    assert_eq!(shown(&token.secret).unwrap_err().kind, Kind::Unauthenticated, "after 24 hours");
    // A restart changes nothing of it.
    let identity = members[0].identities.clone();
    let world = world.restarted();
    let members = world.node.members(&world.node.operator()).unwrap();
    assert_eq!((members.len(), &members[0].identities), (1, &identity));
}

#[test]
fn a_folder_has_one_node() {
    let world = World::new();
    let clock = std::sync::Arc::new(|| model::Timestamp(START));
    let second = node::Node::open(world.folder.path(), settings(), clock);
    assert_eq!(second.unwrap_err().kind, Kind::Locked);
}

#[test]
fn tokens_end_when_they_or_their_owners_are_revoked_and_work_from_their_networks() {
    let world = World::new();
    let operator = world.node.operator();
    world.member("Blue");
    let person = world.node.add_person(&operator, "Blue", "Ada").unwrap();
    let make = |change: &dyn Fn(&mut NewToken)| {
        let mut new =
            NewToken { member: "Blue".to_owned(), roles: strings(&["analyst"]), ..NewToken::default() };
        change(&mut new);
        world.node.add_token(&operator, &new).unwrap()
    };
    let try_from = |secret: &str, from: Option<&str>| {
        let from = from.map(|from| from.parse().unwrap());
        world.node.authenticate(&Credential::Token(secret.to_owned()), from).is_ok()
    };
    let plain = make(&|_| {});
    let bound = make(&|new| new.networks = strings(&["10.0.0.0/8", "2001:db8::/32"]));
    let personal = make(&|new| new.person = Some("Ada".to_owned()));
    let short = make(&|new| new.expire_s = Some(60));
    let digest = [7; 32];
    make(&|new| new.certificate = Some("07".repeat(32)));
    assert!(world.node.authenticate(&Credential::Certificate(digest), None).is_ok());
    assert!(world.node.authenticate(&Credential::Certificate([8; 32]), None).is_err());
    assert!(try_from(&bound.secret, Some("10.1.2.3")) && try_from(&bound.secret, Some("2001:db8::1")));
    assert!(!try_from(&bound.secret, Some("192.0.2.1")) && !try_from(&bound.secret, None));
    assert!(try_from(&short.secret, None));
    world.later(60);
    assert!(!try_from(&short.secret, None));
    assert!(try_from(&personal.secret, None));
    world.node.revoke_person(&operator, &format!("Blue/{}", person.name)).unwrap();
    assert!(!try_from(&personal.secret, None) && try_from(&plain.secret, None));
    world.node.revoke_member(&operator, "Blue").unwrap();
    assert!(!try_from(&plain.secret, None));
    assert!(world.node.authenticate(&Credential::Certificate(digest), None).is_err());
    // Its name is free again, its tokens stay dead.
    world.member("Blue");
    assert!(!try_from(&plain.secret, None));
}

#[test]
fn a_certificate_is_registered_by_an_administrator_of_the_node_alone() {
    let world = World::new();
    world.member("Blue");
    let new = NewToken {
        member: "Blue".to_owned(),
        roles: strings(&["reader"]),
        certificate: Some("07".repeat(32)),
        ..NewToken::default()
    };
    let own = world.token("Blue", &["organisation-administrator"]);
    let refused = world.node.add_token(&own, &new).unwrap_err();
    assert_eq!(refused.kind, Kind::Forbidden, "nothing shows that it is his: {refused}");
    assert!(world.node.add_token(&own, &NewToken { certificate: None, ..new.clone() }).is_ok());
    let administrator = world.token("ACME", &["administrator"]);
    world.node.add_token(&administrator, &new).unwrap();
    assert!(world.node.authenticate(&Credential::Certificate([7; 32]), None).is_ok());
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let world = World::new();
    let operator = world.node.operator();
    world.member("Blue");
    let member = |name: &str| NewMember { name: name.to_owned(), ..NewMember::default() };
    for (name, kind) in [
        ("", Kind::Invalid),
        ("Blue", Kind::Conflict),
        ("a\nb", Kind::Invalid),
        ("8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", Kind::Invalid),
    ] {
        assert_eq!(world.node.add_member(&operator, &member(name)).unwrap_err().kind, kind, "{name}");
    }
    let token = |change: &dyn Fn(&mut NewToken)| {
        let mut new =
            NewToken { member: "Blue".to_owned(), roles: strings(&["reader"]), ..NewToken::default() };
        change(&mut new);
        world.node.add_token(&operator, &new).map(|_| ()).map_err(|error| (error.kind, error.message))
    };
    for (change, kind, says) in [
        (
            &(|new: &mut NewToken| new.member = "Red".to_owned()) as &dyn Fn(&mut NewToken),
            Kind::NotFound,
            "`Red`",
        ),
        (&|new| new.roles.clear(), Kind::Invalid, "a role"),
        (&|new| new.roles = strings(&["king"]), Kind::Invalid, "`king`"),
        (&|new| new.verbs = strings(&["rule"]), Kind::Invalid, "`rule`"),
        (&|new| new.read = strings(&["nothing"]), Kind::NotFound, "`nothing`"),
        (&|new| new.person = Some("Eve".to_owned()), Kind::NotFound, "`Eve`"),
        (&|new| new.networks = strings(&["10/8"]), Kind::Invalid, "`10/8`"),
        (&|new| new.expire_s = Some(366 * 86_400), Kind::Invalid, "365 days"),
        (&|new| new.certificate = Some("xy".to_owned()), Kind::Invalid, "SHA-256"),
    ] {
        let (found, message) = token(change).unwrap_err();
        assert_eq!(found, kind, "{message}");
        assert!(message.contains(says), "{message}");
    }
    let collection = |title: &str, filter: &str, alias: Option<&str>| {
        let new = NewCollection {
            title: title.to_owned(),
            filter: filter.to_owned(),
            alias: alias.map(str::to_owned),
            ..NewCollection::default()
        };
        world.node.add_collection(&operator, &new).map_err(|error| (error.kind, error.message))
    };
    collection("One", "", Some("first")).unwrap();
    for (title, filter, alias, kind, says) in [
        ("One", "", None, Kind::Conflict, "`One`"),
        ("first", "", None, Kind::Conflict, "`first`"),
        ("Two", "", Some("One"), Kind::Conflict, "`One`"),
        ("Two", "", Some("a/b"), Kind::Invalid, "`a/b`"),
        ("Two", "type is indicator", None, Kind::Invalid, "at byte 5"),
        ("Two", "source = Nobody", None, Kind::Invalid, "`Nobody` is no member"),
    ] {
        let (found, message) = collection(title, filter, alias).unwrap_err();
        assert_eq!(found, kind, "{message}");
        assert!(message.contains(says), "{message}");
    }
    let above = NewCollection {
        title: "Two".to_owned(),
        ceiling: Some(Tlp::Green),
        default_label: Some(Tlp::Amber),
        ..NewCollection::default()
    };
    assert_eq!(world.node.add_collection(&operator, &above).unwrap_err().kind, Kind::Invalid);
}

#[test]
fn each_role_manages_what_it_may_and_no_more() {
    let world = World::new();
    world.member("Blue");
    world.member("Red");
    let roles = ["reader", "sensor", "analyst", "curator", "organisation-administrator", "administrator"];
    // What each may do, in the order of `roles`.
    let expected: [(&str, [bool; 6]); 9] = [
        ("member", [false, false, false, false, false, true]),
        ("own person", [false, false, false, false, true, true]),
        ("other person", [false, false, false, false, false, true]),
        ("own reader", [false, false, false, false, true, true]),
        ("own organisation-administrator", [false, false, false, false, true, true]),
        ("own curator", [false, false, false, false, false, true]),
        ("own administrator", [false, false, false, false, false, true]),
        ("other reader", [false, false, false, false, false, true]),
        ("collection", [false, false, false, false, false, true]),
    ];
    for (at, role) in roles.into_iter().enumerate() {
        let caller = world.token("Blue", &[role]);
        let token = |member: &str, role: &str| {
            let new = NewToken { member: member.to_owned(), roles: strings(&[role]), ..NewToken::default() };
            world.node.add_token(&caller, &new).is_ok()
        };
        let named = |what: &str| format!("{what} by {role}");
        for (what, may) in expected {
            let done = match what {
                "member" => {
                    let new = NewMember { name: named(what), ..NewMember::default() };
                    world.node.add_member(&caller, &new).is_ok()
                }
                "own person" => world.node.add_person(&caller, "Blue", &named(what)).is_ok(),
                "other person" => world.node.add_person(&caller, "Red", &named(what)).is_ok(),
                "collection" => {
                    let new = NewCollection { title: named(what), ..NewCollection::default() };
                    world.node.add_collection(&caller, &new).is_ok()
                }
                _ => match what.split_once(' ').unwrap() {
                    ("own", of) => token("Blue", of),
                    (_, of) => token("Red", of),
                },
            };
            assert_eq!(done, may[at], "{what} by {role}");
        }
    }
}

#[test]
fn nobody_hands_out_or_takes_away_more_than_he_may() {
    let world = World::new();
    let operator = world.node.operator();
    world.member("Blue");
    world.collection("Shared", "");
    let new = NewToken {
        member: "Blue".to_owned(),
        roles: strings(&["organisation-administrator"]),
        read: strings(&["Shared"]),
        ceiling: Some(Tlp::Green),
        ..NewToken::default()
    };
    let narrow = world.signed_in(&world.node.add_token(&operator, &new).unwrap().secret);
    let try_add = |ceiling, read: &[&str]| {
        let new = NewToken {
            member: "Blue".to_owned(),
            roles: strings(&["reader"]),
            read: strings(read),
            ceiling: Some(ceiling),
            ..NewToken::default()
        };
        world.node.add_token(&narrow, &new).map(|_| ()).map_err(|error| error.kind)
    };
    assert_eq!(try_add(Tlp::Green, &["Shared"]), Ok(()));
    assert_eq!(try_add(Tlp::Amber, &["Shared"]), Err(Kind::Forbidden));
    assert_eq!(try_add(Tlp::Green, &[]), Err(Kind::Forbidden));
    // A person who carries an administrator's token is not his to revoke, nor is the token.
    world.node.add_person(&operator, "Blue", "Ada").unwrap();
    let above = NewToken {
        member: "Blue".to_owned(),
        person: Some("Ada".to_owned()),
        roles: strings(&["administrator"]),
        ..NewToken::default()
    };
    let above = world.node.add_token(&operator, &above).unwrap();
    assert_eq!(world.node.revoke_person(&narrow, "Ada").unwrap_err().kind, Kind::Forbidden);
    assert_eq!(world.node.revoke_token(&narrow, &above.id).unwrap_err().kind, Kind::NotFound);
    assert!(!world.node.tokens(&narrow).unwrap().iter().any(|token| token.id == above.id));
    // Nor does he make himself a token by which he would be that person.
    let as_ada = NewToken {
        member: "Blue".to_owned(),
        person: Some("Ada".to_owned()),
        roles: strings(&["reader"]),
        read: strings(&["Shared"]),
        ceiling: Some(Tlp::Green),
        ..NewToken::default()
    };
    assert_eq!(world.node.add_token(&narrow, &as_ada).unwrap_err().kind, Kind::Forbidden);
    world.node.revoke_token(&operator, &above.id).unwrap();
    world.node.add_token(&narrow, &as_ada).unwrap();
    world.node.revoke_person(&narrow, "Ada").unwrap();
    // One's own token can always be revoked.
    let own = narrow.principal.token.unwrap().to_string();
    assert!(world.node.revoke_token(&narrow, &own).unwrap().revoked.is_some());
}

#[test]
fn a_token_that_hands_out_others_makes_none_that_is_wider_than_itself() {
    const DAY_S: u64 = 86_400;
    let world = World::new();
    let operator = world.node.operator();
    world.member("Blue");
    let added = |by: &node::Caller, change: &dyn Fn(&mut NewToken)| {
        let mut new =
            NewToken { member: "Blue".to_owned(), roles: strings(&["reader"]), ..NewToken::default() };
        change(&mut new);
        world.node.add_token(by, &new)
    };
    let own = NewToken {
        member: "Blue".to_owned(),
        roles: strings(&["organisation-administrator"]),
        verbs: strings(&["read", "manage"]),
        networks: strings(&["10.0.0.0/8", "2001:db8::/32"]),
        expire_s: Some(10 * DAY_S),
        ..NewToken::default()
    };
    let secret = world.node.add_token(&operator, &own).unwrap().secret;
    let from = Some("10.1.2.3".parse().unwrap());
    let narrow = world.node.authenticate(&node::Credential::Token(secret), from).unwrap();
    let networks = |some: &[&str]| strings(some);
    for (what, change) in [
        ("its networks", &(|_: &mut NewToken| {}) as &dyn Fn(&mut NewToken)),
        ("its networks", &|new| new.networks = networks(&["0.0.0.0/0"])),
        ("its networks", &|new| new.networks = networks(&["10.0.0.0/7"])),
        ("its networks", &|new| new.networks = networks(&["10.1.0.0/16", "192.0.2.1"])),
        ("its networks", &|new| new.networks = networks(&["2001:db8::/31"])),
        ("its end", &|new| {
            new.networks = networks(&["10.1.0.0/16"]);
            new.expire_s = Some(11 * DAY_S);
        }),
        ("its verbs", &|new| {
            new.networks = networks(&["10.1.0.0/16"]);
            new.roles = strings(&["analyst"]);
        }),
        ("its verbs", &|new| {
            new.networks = networks(&["10.1.0.0/16"]);
            new.verbs = strings(&["read", "write"]);
        }),
    ] {
        let error = added(&narrow, change).unwrap_err();
        assert_eq!(error.kind, Kind::Forbidden);
        assert!(error.message.contains(what), "{}: {what}", error.message);
        // An administrator of the node answers for it, and may.
        added(&operator, change).unwrap();
    }
    let inside = |new: &mut NewToken| new.networks = networks(&["10.1.0.0/16", "2001:db8:1::/48"]);
    let made = added(&narrow, &inside).unwrap();
    // Where no end is asked for, it ends with the one that made it.
    let tokens = world.node.tokens(&operator).unwrap();
    let end = |id: &str| tokens.iter().find(|token| token.id == id).unwrap().expires.clone();
    assert_eq!(made.expires, end(&narrow.principal.token.unwrap().to_string()));
    added(&narrow, &|new| {
        inside(new);
        new.expire_s = Some(9 * DAY_S);
    })
    .unwrap();
}

#[test]
fn others_members_are_not_known() {
    let world = World::new();
    world.member("Blue");
    world.member("Red");
    let blue = world.token("Blue", &["organisation-administrator", "analyst"]);
    let names: Vec<String> =
        world.node.members(&blue).unwrap().into_iter().map(|member| member.name).collect();
    assert_eq!(names, ["Blue"]);
    let unknown = world.node.add_person(&blue, "Nobody", "x").unwrap_err();
    let other = world.node.add_person(&blue, "Red", "x").unwrap_err();
    assert_eq!((unknown.kind, other.kind), (Kind::NotFound, Kind::NotFound));
    assert_eq!(unknown.message.replace("Nobody", "Red"), other.message);
}

#[test]
fn uses_of_tokens_are_told_at_once_and_written_down_when_the_node_stops() {
    let world = World::new();
    let caller = world.token("ACME", &["reader"]);
    let id = caller.principal.token.unwrap().to_string();
    let last_used = |world: &World| {
        let tokens = world.node.tokens(&world.node.operator()).unwrap();
        tokens.into_iter().find(|token| token.id == id).unwrap().last_used
    };
    assert_eq!(last_used(&world).as_deref(), Some("2026-09-01T00:00:00.000000Z"));
    let world = world.restarted();
    assert_eq!(last_used(&world).as_deref(), Some("2026-09-01T00:00:00.000000Z"));
}

#[test]
fn collections_that_are_added_side_by_side_all_get_what_stood_before() {
    let world = World::new();
    world.submit(&world.node.operator(), &envelope(&[indicator(1, FIRST, "")])).unwrap();
    let add = |thread: usize| {
        let titles = (0..25).map(move |n| format!("{thread} {n}"));
        titles.map(|title| world.collection(&title, "type = indicator")).collect::<Vec<String>>()
    };
    let ids: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || add(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let empty = ids.iter().filter(|id| world.listed(&world.node.operator(), Some(id)).is_empty()).count();
    assert_eq!((ids.len(), empty), (100, 0));
}
