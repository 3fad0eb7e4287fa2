//! How long statements are kept.

use node::{Caller, Kind, NewRetention};

use super::write_world::{FIRST, World, envelope, id, indicator};

const DAY_S: i64 = 86_400;

fn rule(kind: Option<&str>, source: Option<&str>, days: u32) -> NewRetention {
    NewRetention { kind: kind.map(str::to_owned), source: source.map(str::to_owned), days }
}

fn sighting(n: u32) -> String {
    format!(
        "{{\"type\":\"sighting\",\"spec_version\":\"2.1\",\"id\":\"{}\",\"created\":\"{FIRST}\",\"modified\":\"{FIRST}\",\
         \"sighting_of_ref\":\"{}\"}}",
        id(n).replace("indicator", "sighting"),
        id(n),
    )
}

fn reached(world: &World, by: &Caller, dry_run: bool) -> Vec<u64> {
    let run = world.node.run_retention(by, dry_run).unwrap();
    assert_eq!(run.dry_run, dry_run);
    let each: Vec<u64> = run.rules.iter().map(|rule| rule.statements).collect();
    assert_eq!(run.statements, each.iter().sum::<u64>());
    each
}

fn types(world: &World, by: &Caller) -> Vec<String> {
    let listed = world.listed(by, None);
    listed.into_iter().map(|(id, _)| id.split("--").next().unwrap().to_owned()).collect()
}

#[test]
fn what_is_old_is_erased_by_type_and_source() {
    let world = World::new().housekept();
    let operator = world.node.operator();
    for member in ["alpha", "beta"] {
        world.member(member);
    }
    let (alpha, beta) = (world.token("alpha", &["analyst"]), world.token("beta", &["analyst"]));
    world.submit(&alpha, &envelope(&[indicator(1, FIRST, ""), sighting(1)])).unwrap();
    world.later(20 * DAY_S);
    world.submit(&beta, &envelope(&[indicator(2, FIRST, ""), sighting(2)])).unwrap();
    world.later(10 * DAY_S);
    world.submit(&alpha, &envelope(&[indicator(3, FIRST, ""), sighting(3)])).unwrap();
    world.node.withdraw(&alpha, None, &id(1), &[]).unwrap();

    assert_eq!(reached(&world, &operator, false), [0; 0]);
    let sightings = world.node.add_retention(&operator, &rule(Some("sighting"), None, 25)).unwrap();
    let of_alpha = world.node.add_retention(&operator, &rule(None, Some("alpha"), 25)).unwrap();
    world.node.add_retention(&operator, &rule(Some("indicator"), Some("beta"), 25)).unwrap();
    world.node.add_retention(&operator, &rule(Some("x-never-heard-of"), None, 1)).unwrap();
    assert_eq!(of_alpha.source.as_ref().unwrap().name, "alpha");
    assert_eq!(world.node.retention(&operator).unwrap().len(), 4);

    // The old ones are the sighting and the indicator, which was taken back, of alpha. Both rules mean the sighting.
    assert_eq!(reached(&world, &operator, true), [1, 2, 0, 0]);
    assert_eq!(types(&world, &operator).len(), 5, "nothing was erased yet");
    assert_eq!(reached(&world, &operator, false), [1, 1, 0, 0]);
    assert_eq!(reached(&world, &operator, false), [0; 4]);
    assert_eq!(types(&world, &operator), ["indicator", "sighting", "indicator", "sighting"]);

    world.later(15 * DAY_S - 1);
    assert_eq!(reached(&world, &operator, true), [0; 4], "kept for whole days");
    world.later(2);
    assert_eq!(reached(&world, &operator, false), [1, 0, 1, 0]);
    assert_eq!(types(&world, &operator), ["indicator", "sighting"]);

    world.node.remove_retention(&operator, &sightings.id).unwrap();
    assert_eq!(world.node.remove_retention(&operator, &sightings.id).unwrap_err().kind, Kind::NotFound);
    let verified = world.node.verify(&operator, &mut |_, _| ()).unwrap();
    assert_eq!((&verified["well"], &verified["erased"]), (&true.into(), &4.into()));
    assert_eq!(world.node.rebuild(&operator, &mut |_, _| {}).unwrap()["equal"], true);

    // The rules outlive the process, and the node runs them by itself when it starts and every hour.
    world.later(100 * DAY_S);
    let world = world.restarted();
    let operator = world.node.operator();
    assert_eq!(world.node.retention(&operator).unwrap().len(), 3);
    for _ in 0..200 {
        if types(&world, &operator).is_empty() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("retention did not run by itself");
}

#[test]
fn many_are_erased_page_by_page() {
    let world = World::new().housekept();
    let operator = world.node.operator();
    let objects: Vec<String> = (0..1_234).map(|n| indicator(n, FIRST, "")).collect();
    world.submit(&operator, &envelope(&objects)).unwrap();
    world.later(2 * DAY_S);
    world.node.add_retention(&operator, &rule(Some("indicator"), None, 1)).unwrap();
    assert_eq!(reached(&world, &operator, true), [1_234]);
    assert_eq!(reached(&world, &operator, false), [1_234]);
    assert_eq!(types(&world, &operator), [""; 0]);
}

#[test]
fn a_rule_that_is_removed_erases_nothing_more_even_in_the_middle_of_a_run() {
    let world = World::new().housekept();
    let operator = world.node.operator();
    let objects: Vec<String> = (0..4_900).map(|n| indicator(n, FIRST, "")).collect();
    world.submit(&operator, &envelope(&objects)).unwrap();
    world.later(2 * DAY_S);
    let added = world.node.add_retention(&operator, &rule(Some("indicator"), None, 1)).unwrap();
    let left = std::thread::scope(|scope| {
        let running = scope.spawn(|| world.node.run_retention(&operator, false).unwrap().statements);
        while types(&world, &operator).len() == 4_900 {
            std::thread::yield_now();
        }
        world.node.remove_retention(&operator, &added.id).unwrap();
        let left = types(&world, &operator).len();
        assert_eq!(running.join().unwrap() as usize, 4_900 - left);
        left
    });
    assert!(left > 0, "the run was over before the rule went");
    assert_eq!(types(&world, &operator).len(), left);
}

#[test]
fn what_retention_let_go_may_come_again() {
    let world = World::new().housekept();
    let operator = world.node.operator();
    world.submit(&operator, &sighting(1)).unwrap();
    world.later(2 * DAY_S);
    world.node.add_retention(&operator, &rule(Some("sighting"), None, 1)).unwrap();
    assert_eq!(reached(&world, &operator, false), [1]);
    assert_eq!(world.submit(&operator, &sighting(1)).unwrap().outcomes[0].state, "new");
}

#[test]
fn rules_are_an_administrators_and_make_sense() {
    let world = World::new().housekept();
    let operator = world.node.operator();
    for role in ["reader", "sensor", "analyst", "curator", "organisation-administrator"] {
        let caller = world.token("ACME", &[role]);
        let refused = [
            world.node.add_retention(&caller, &rule(Some("tool"), None, 1)).err(),
            world.node.retention(&caller).err(),
            world.node.remove_retention(&caller, "x").err(),
            world.node.run_retention(&caller, true).err(),
        ];
        for error in refused {
            assert_eq!(error.map(|error| error.kind), Some(Kind::Forbidden), "{role}");
        }
    }
    for (new, kind) in [
        (rule(None, None, 1), Kind::Invalid),
        (rule(Some("tool"), None, 0), Kind::Invalid),
        (rule(Some("tool"), None, 40_000), Kind::Invalid),
        (rule(Some("Tool"), None, 1), Kind::Invalid),
        (rule(Some(""), None, 1), Kind::Invalid),
        (rule(None, Some("nobody"), 1), Kind::NotFound),
    ] {
        assert_eq!(world.node.add_retention(&operator, &new).unwrap_err().kind, kind, "{new:?}");
    }
    world.node.add_retention(&operator, &rule(Some("tool"), None, 1)).unwrap();
    let again = world.node.add_retention(&operator, &rule(Some(" tool "), None, 9));
    assert_eq!(again.unwrap_err().kind, Kind::Conflict);
    let administrator = world.token("ACME", &["administrator"]);
    assert_eq!(world.node.retention(&administrator).unwrap()[0].days, 1);
}
