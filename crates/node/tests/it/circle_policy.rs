//! Policies of FIRST IEP 2.0: what charters and markings ask of recipients, what of it the node keeps to, and whom it tells.

use model::circle::Leavers;
use model::iep::Demand;
use model::{Iep, PermittedActions, Timestamp, Tlp};
use node::views::ObjectView;
use node::{Caller, ImportOptions, Kind, ListQuery, Recall, Settings};

use crate::circle_rules::{bring, circle, formal, members};
use crate::write_world::{FIRST, SECOND, World, envelope, id, indicator, settings, strings};

const BOTH: &[&str] = &["analyst", "organisation-administrator"];

/// A world whose desk lets in at once, with five members of whom all but the last are in a circle of this policy.
fn world(iep: Iep) -> (World, Vec<Caller>) {
    let world = World::with(Settings { desk_interval_s: 0, desk_members: 2, ..settings() });
    let all = members(&world, &["Blue", "Green", "Grey", "Black", "Outside"], BOTH);
    let charter = formal(|charter| charter.iep = iep);
    world.node.add_circle(&all[0], &circle("Energy", Some(charter))).unwrap();
    all[1..4].iter().for_each(|one| drop(bring(&world.node, &all[0], "Energy", one)));
    (world, all)
}

/// Says an object to the circle; why it is not taken.
fn say(world: &World, by: &Caller, without_name: bool, object: &str) -> Result<(), String> {
    let options = ImportOptions {
        to: strings(&["circle:Energy"]),
        tlp: Some(Tlp::Amber),
        without_name,
        ..ImportOptions::default()
    };
    let said = world.node.submit(by, &options, envelope(&[object.to_owned()]).as_bytes());
    let mut status = said.map_err(|error| error.message)?;
    for _ in 0..2_000 {
        if status.complete {
            return match status.outcomes.first().and_then(|one| one.message.clone()) {
                Some(message) => Err(message),
                None => Ok(()),
            };
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
        status = world.node.status(by, &status.id).unwrap();
    }
    panic!("it never entered");
}

fn object(world: &World, caller: &Caller, n: u32) -> ObjectView {
    let caller = world.token(&caller.member_name, BOTH);
    world.node.object(&caller, &id(n), None).unwrap()
}

#[test]
fn where_sources_are_not_named_nothing_is_said_by_name() {
    let (world, all) = world(Iep { attribution: Demand::MustNot, ..Iep::default() });
    let refused = say(&world, &all[0], false, &indicator(1, FIRST, "")).unwrap_err();
    assert!(refused.contains("attribution: must-not"), "{refused}");
    assert_eq!(say(&world, &all[0], true, &indicator(1, FIRST, "")), Ok(()));
    assert!(object(&world, &all[1], 1).summary.source.is_none());
    // What is said elsewhere by name does not get there by another label.
    world.submit(&all[0], &envelope(&[indicator(2, FIRST, "")])).unwrap();
    let relabel = node::Relabel { to: Some(strings(&["circle:Energy"])), ..node::Relabel::default() };
    let error = world.node.relabel(&all[0], &id(2), &relabel).err().unwrap();
    assert_eq!(error.kind, Kind::Invalid, "{error:?}");
    assert!(error.message.contains("attribution: must-not"), "{error:?}");
}

#[test]
fn where_sources_are_named_nothing_is_said_without_a_name() {
    let (world, all) = world(Iep { attribution: Demand::Must, ..Iep::default() });
    let refused = say(&world, &all[0], true, &indicator(1, FIRST, "")).unwrap_err();
    assert!(refused.contains("attribution: must)"), "{refused}");
    assert_eq!(say(&world, &all[0], false, &indicator(1, FIRST, "")), Ok(()));
    assert_eq!(object(&world, &all[1], 1).summary.source.unwrap().name, "Blue");
}

#[test]
fn what_stands_is_recalled_as_it_was_said_whatever_the_policy_is_by_now() {
    for without_name in [false, true] {
        let (world, all) = world(Iep::default());
        assert_eq!(say(&world, &all[0], without_name, &indicator(1, FIRST, "")), Ok(()));
        let attribution = if without_name { Demand::Must } else { Demand::MustNot };
        let charter = formal(|charter| charter.iep = Iep { attribution, ..Iep::default() });
        world.node.upgrade_circle(&all[0], "Energy", &charter, None).unwrap();
        let refused = say(&world, &all[0], without_name, &indicator(1, SECOND, "")).unwrap_err();
        assert!(refused.contains("attribution"), "{refused}");
        let asked = Recall { objects: vec![id(1)], reason: "wrong".to_owned(), ..Recall::default() };
        assert_eq!(world.node.recall(&all[0], &asked).unwrap().withdrawn, 1, "{without_name}");
    }
}

#[test]
fn a_preview_foresees_what_a_policy_says_of_names() {
    for (attribution, by_name, without_name) in
        [(Demand::MustNot, false, true), (Demand::Must, true, false), (Demand::May, true, true)]
    {
        let (world, all) = world(Iep { attribution, ..Iep::default() });
        for (is_unnamed, goes) in [(false, by_name), (true, without_name)] {
            let asked = node::Asked {
                to: strings(&["circle:Energy"]),
                tlp: Some(Tlp::Amber),
                without_name: is_unnamed,
                ..node::Asked::default()
            };
            let foreseen = world.node.preview(&all[0], &asked).map_err(|error| error.message);
            let said = say(&world, &all[0], is_unnamed, &indicator(1, FIRST, ""));
            assert_eq!((foreseen.is_ok(), said.is_ok()), (goes, goes), "{attribution:?}");
            if let (Err(foreseen), Err(said)) = (&foreseen, said) {
                assert!(said.ends_with(foreseen.as_str()), "{said}");
            }
            assert!(!goes || foreseen.unwrap().sees.len() == 4);
        }
    }
}

#[test]
fn what_only_looks_like_taking_back_is_not_said_against_a_policy() {
    for without_name in [false, true] {
        let (world, all) = world(Iep::default());
        let rest = ",\"revoked\":true";
        assert_eq!(say(&world, &all[0], without_name, &indicator(1, FIRST, "")), Ok(()));
        // Said by the same to others, and by another to the circle.
        world.submit(&all[0], &envelope(&[indicator(2, FIRST, "")])).unwrap();
        assert_eq!(say(&world, &all[1], without_name, &indicator(3, FIRST, "")), Ok(()));
        let attribution = if without_name { Demand::Must } else { Demand::MustNot };
        let charter = formal(|charter| charter.iep = Iep { attribution, ..Iep::default() });
        world.node.upgrade_circle(&all[0], "Energy", &charter, None).unwrap();
        let note = |of: u32, rest: &str| {
            format!(
                "{{\"type\":\"note\",\"spec_version\":\"2.1\",\"id\":\"note--00000000-0000-4000-8000-{of:012x}\",\
                 \"created\":\"{FIRST}\",\"modified\":\"{FIRST}\",\"external_references\":[{{\"source_name\":\"accord\",\
                 \"external_id\":\"recall\"}}],\"abstract\":\"recalled: do not use these any more\",\
                 \"content\":\"wrong\",\"object_refs\":[\"{}\"]{rest}}}",
                id(of)
            )
        };
        for object in [
            indicator(9, FIRST, rest),
            indicator(1, SECOND, &format!("{rest},\"x_more\":\"what nobody said\"")),
            indicator(1, SECOND, ""),
            indicator(2, SECOND, rest),
            indicator(3, SECOND, rest),
            note(9, ""),
            note(2, ""),
            note(1, ",\"x_more\":\"what nobody said\""),
        ] {
            let refused = say(&world, &all[0], without_name, &object);
            assert!(refused.is_err_and(|why| why.contains("IEP attribution")), "{without_name} {object}");
        }
        for object in [note(1, ""), indicator(1, SECOND, rest)] {
            assert_eq!(say(&world, &all[0], without_name, &object), Ok(()), "{without_name} {object}");
        }
    }
}

#[test]
fn a_policy_binds_between_its_dates_and_is_told_either_way() {
    let begin = model::Timestamp(crate::write_world::START);
    let day = |days: i64| Some(begin.plus_seconds(days * 86_400));
    let of = |start_date: Option<Timestamp>, end_date: Option<Timestamp>| Iep {
        start_date,
        end_date,
        attribution: Demand::MustNot,
        encrypt_in_transit: Demand::Must,
        permitted_actions: PermittedActions::InternallyVisible,
        ..Iep::default()
    };
    for (policy, binds) in [
        (of(day(-2), day(-1)), false),
        (of(day(1), None), false),
        (of(day(-1), day(1)), true),
        (of(None, None), true),
    ] {
        let (world, all) = world(policy);
        assert_eq!(world.node.circle(&all[0], "Energy").unwrap().iep_in_force, binds);
        assert_eq!(say(&world, &all[0], binds, &indicator(1, FIRST, "")), Ok(()));
        let view = object(&world, &all[1], 1);
        assert_eq!(view.policies[0].in_force, binds);
        assert_eq!(view.summary.permitted_actions, binds.then_some("internally-visible-actions"));
        assert_eq!(world.node.demands_encryption(&all[1]), binds);
        assert!(!world.node.demands_encryption(&all[4]), "it is no business of others");
    }
}

#[test]
fn who_left_and_keeps_what_he_saw_keeps_to_the_encryption_that_he_agreed_to() {
    let must = Iep { encrypt_in_transit: Demand::Must, ..Iep::default() };
    let keeping =
        |iep: &Iep, leavers| formal(|charter| (charter.iep, charter.leavers) = (iep.clone(), leavers));
    for (agreed, later, leavers, demanded) in [
        (&must, &must, Leavers::Keep, true),
        (&must, &Iep::default(), Leavers::Keep, true),
        (&must, &must, Leavers::Close, false),
        // That it was changed since is not his to know.
        (&Iep::default(), &must, Leavers::Keep, false),
    ] {
        let world = World::new();
        let all = members(&world, &["Blue", "Green", "Grey"], BOTH);
        let charter = keeping(agreed, leavers);
        world.node.add_circle(&all[0], &circle("Energy", Some(charter))).unwrap();
        all[1..].iter().for_each(|one| drop(bring(&world.node, &all[0], "Energy", one)));
        world.node.leave_circle(&all[1], "Energy").unwrap();
        world.node.upgrade_circle(&all[0], "Energy", &keeping(later, leavers), None).unwrap();
        assert_eq!(world.node.demands_encryption(&all[1]), demanded, "{agreed:?} {later:?} {leavers:?}");
        assert_eq!(world.node.demands_encryption(&all[2]), later == &must);
        // It ends, and those who were in it keep what they saw too.
        world.node.revoke_circle(&all[0], "Energy").unwrap();
        let keeps = leavers == Leavers::Keep && agreed == &must;
        assert_eq!(world.node.demands_encryption(&all[2]), keeps, "{agreed:?} {later:?} {leavers:?}");
    }
}

#[test]
fn readers_in_the_circle_are_told_its_policy_and_nobody_else() {
    let name = "Defend, and tell nobody".to_owned();
    let (world, all) = world(Iep { name, unmodified_resale: Demand::MustNot, ..Iep::default() });
    let outside = all[4].principal.reader.member.unwrap();
    let options = ImportOptions {
        to: strings(&["circle:Energy", &format!("member:{outside}")]),
        tlp: Some(Tlp::Amber),
        ..ImportOptions::default()
    };
    world.node.submit(&all[0], &options, envelope(&[indicator(1, FIRST, "")]).as_bytes()).unwrap();
    let policies = object(&world, &all[1], 1).policies;
    let [policy] = &policies[..] else { panic!("{policies:?}") };
    assert_eq!((policy.circle.name.as_str(), policy.iep.unmodified_resale), ("Energy", "must-not"));
    assert_eq!((policy.iep.tlp, policy.iep.id.as_str()), ("amber+strict", policy.circle.id.as_str()));
    assert!(object(&world, &all[4], 1).policies.is_empty());
    // A full export takes it along, for those who are told it.
    let export = |caller: &Caller| {
        let mut out = Vec::new();
        let caller = world.token(&caller.member_name, BOTH);
        world.node.export(&caller, "ndjson", true, &ListQuery::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert!(export(&all[1]).contains("\"policies\":[{\"id\":\"") && !export(&all[4]).contains("policies"));
}

#[test]
fn a_marking_that_says_a_policy_is_understood_where_the_node_can_keep_to_it() {
    let world = World::new();
    world.member("Blue");
    let blue = world.token("Blue", BOTH);
    let marking = |n: u32, attribution: &str| {
        format!(
            "{{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\
             \"id\":\"marking-definition--00000000-0000-4000-8000-00000000000{n}\",\
             \"created\":\"2024-01-10T14:52:41.853Z\",\"name\":\"IEP\",\"extensions\":{{\
             \"extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a\":{{\
             \"extension_type\":\"property-extension\",\"encrypt_in_transit\":\"may\",\
             \"permitted_actions\":\"internally-visible-actions\",\"affected_party_notifications\":\"may\",\
             \"tlp\":\"green\",\"provider_attribution\":\"{attribution}\",\"unmodified_resale\":\"must-not\",\
             \"iep_id\":\"0224bfdf-ea3a-49c3-96f6-66d908bb1845\",\"iep_version\":2.0,\
             \"description\":\"Ours\",\"start_date\":\"2022-10-01T00:00:00Z\"}}}}}}"
        )
    };
    let marked = |n: u32| {
        format!(",\"object_marking_refs\":[\"marking-definition--00000000-0000-4000-8000-00000000000{n}\"]")
    };
    // The first object comes before the marking that it refers to.
    world.submit(&blue, &envelope(&[indicator(1, FIRST, &marked(1))])).unwrap();
    world.submit(&blue, &envelope(&[marking(1, "may"), marking(2, "must-not")])).unwrap();
    world
        .submit(&blue, &envelope(&[indicator(2, FIRST, &marked(1)), indicator(3, FIRST, &marked(2))]))
        .unwrap();
    for (n, label, actions) in [
        (1, "TLP:GREEN", Some("internally-visible-actions")),
        (2, "TLP:GREEN", Some("internally-visible-actions")),
        (3, "TLP:RED", None),
    ] {
        let summary = object(&world, &blue, n).summary;
        assert_eq!((summary.label.as_str(), summary.permitted_actions), (label, actions), "{n}");
    }
}
