//! What was done: who is told of it, of what, and in which order.

use node::{AuditQuery, Caller, Kind};
use serde_json::Value;

use super::write_world::{FIRST, World, envelope, id, indicator};

fn rows(world: &World, by: &Caller, query: &AuditQuery) -> (Vec<Value>, bool) {
    let answer = world.node.audit(by, query).unwrap();
    (answer["audit"].as_array().unwrap().clone(), answer["more"].as_bool().unwrap())
}

fn verbs(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["verb"].as_str().unwrap()).collect()
}

/// A member that said something and took it back, and one that did nothing but be made.
fn busy() -> World {
    let world = World::new();
    for member in ["alpha", "beta"] {
        world.member(member);
    }
    let analyst = world.token("alpha", &["analyst"]);
    world.submit(&analyst, &envelope(&[indicator(1, FIRST, "")])).unwrap();
    world.node.withdraw(&analyst, None, &id(1), &[]).unwrap();
    world
}

#[test]
fn each_is_told_what_is_his_and_nobody_what_others_did_to_which_object() {
    let world = busy();
    let everything = AuditQuery::default();
    let is_look = |row: &Value| row["verb"] == "audit.look";
    let (own, more) = rows(&world, &world.token("alpha", &["administrator"]), &everything);
    assert!(!more);
    let of_objects: Vec<Value> = own.into_iter().filter(|row| row["member"]["name"] == "alpha").collect();
    assert_eq!(verbs(&of_objects), ["withdraw", "submit"], "the newest first");
    assert_eq!(of_objects[0]["target"], id(1));

    let (all, _) = rows(&world, &world.node.operator(), &everything);
    let made = all.iter().find(|row| row["target_name"] == "beta").unwrap();
    assert_eq!(made["verb"], "member.add");

    for administrator in [world.node.operator(), world.token("beta", &["administrator"])] {
        let (all, _) = rows(&world, &administrator, &everything);
        assert!(verbs(&all).contains(&"withdraw") && verbs(&all).contains(&"member.add"));
        for row in all.iter().filter(|row| !is_look(row)) {
            let of_objects = ["withdraw", "submit"].contains(&row["verb"].as_str().unwrap());
            assert_eq!(row.get("target").is_none(), of_objects, "{row}");
        }
        assert!(!Value::from(all).to_string().contains(&id(1)));
    }

    for role in ["analyst", "curator", "reader", "sensor", "organisation-administrator"] {
        let refused = world.node.audit(&world.token("alpha", &[role]), &everything).unwrap_err();
        assert_eq!(refused.kind, Kind::Forbidden, "{role}");
    }
    let visitor = Caller { principal: model::Principal::anonymous(), ..world.node.operator() };
    let visitor = world.node.audit(&visitor, &everything).unwrap_err();
    assert_eq!(visitor.kind, Kind::Unauthenticated);
}

#[test]
fn a_collector_that_goes_on_after_the_last_row_misses_none_and_gets_none_twice() {
    let world = busy();
    let operator = world.node.operator();
    let (mut newest, _) = rows(&world, &operator, &AuditQuery::default());
    newest.reverse();
    let (mut after, mut collected) = (0, Vec::new());
    loop {
        let query = AuditQuery { after: Some(after), limit: Some(2), ..AuditQuery::default() };
        let (page, more) = rows(&world, &operator, &query);
        after = page.last().map_or(after, |row| row["id"].as_u64().unwrap());
        assert!(page.len() == 2 || !more);
        collected.extend(page);
        if !more {
            break;
        }
    }
    // Its looks are in it by then, and do not go on for ever.
    collected.retain(|row| row["verb"] != "audit.look");
    assert_eq!(collected, newest);
    let middle = newest[newest.len() / 2]["id"].as_u64();
    let (before, _) = rows(&world, &operator, &AuditQuery { before: middle, ..AuditQuery::default() });
    assert_eq!(before.len(), newest.len() / 2);

    for wrong in [
        AuditQuery { after: Some(1), before: Some(2), ..AuditQuery::default() },
        AuditQuery { limit: Some(0), ..AuditQuery::default() },
        AuditQuery { limit: Some(1_001), ..AuditQuery::default() },
    ] {
        assert_eq!(world.node.audit(&operator, &wrong).unwrap_err().kind, Kind::Invalid);
    }
}

#[test]
fn who_looks_as_an_administrator_is_in_the_audit_and_nobody_else_is() {
    let world = busy();
    let (node, operator) = (&world.node, world.node.operator());
    let administrator = world.token("beta", &["administrator"]);
    let newest = |by: &Caller, n: usize| {
        let (all, _) = rows(&world, by, &AuditQuery { limit: Some(n), ..AuditQuery::default() });
        all.into_iter().map(|row| (row["verb"].as_str().unwrap().to_owned(), row)).collect::<Vec<_>>()
    };
    let first = newest(&administrator, 3);
    assert!(first.iter().all(|(verb, _)| !verb.ends_with(".look")), "{first:?}");
    // Which rows he saw, he himself is told, and of another that he looked.
    let seen = newest(&administrator, 1).remove(0).1;
    let range = format!("{}-{}", first[2].1["id"], first[0].1["id"]);
    assert_eq!((seen["verb"].as_str(), seen["target"].as_str()), (Some("audit.look"), Some(&*range)));
    let seen = newest(&operator, 1).remove(0).1;
    assert_eq!((&seen["verb"], &seen["member"]["name"]), (&"audit.look".into(), &"beta".into()));
    assert!(seen.get("target").is_none(), "{seen}");
    // Of nothing but such looks nothing is told that another look would have to tell.
    assert_eq!(newest(&operator, 1).remove(0).1["id"], seen["id"]);
    node.ledger(&administrator, &id(1), true, (None, None)).unwrap();
    node.reads(&administrator, None, None).unwrap();
    node.disclosures(&administrator).unwrap();
    let told: Vec<String> = newest(&administrator, 3).into_iter().map(|(verb, _)| verb).collect();
    assert!(
        told.contains(&"ledger.look".to_owned()) && told.contains(&"disclosures.look".to_owned()),
        "{told:?}"
    );
    // Others look at what is their own.
    let own = world.token("alpha", &["analyst", "organisation-administrator"]);
    let before = newest(&operator, 1).remove(0).1["id"].clone();
    node.reads(&own, None, None).unwrap();
    node.disclosures(&own).unwrap();
    assert!(node.ledger(&own, &id(1), true, (None, None)).is_err());
    let rows = newest(&operator, 1);
    assert!(rows[0].1["id"].as_u64().unwrap() <= before.as_u64().unwrap() + 1, "{rows:?}");
}
