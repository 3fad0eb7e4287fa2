//! Rules that members share.

use node::{Caller, Feed, FeedQuery};

use crate::circle_rules::members;
use crate::write_world::{World, envelope};

const ROLES: &[&str] = &["analyst", "organisation-administrator"];

fn rule(n: u32, pattern_type: &str, pattern: &str) -> String {
    serde_json::json!({
        "type": "indicator",
        "spec_version": "2.1",
        "id": format!("indicator--00000000-0000-4000-8000-{n:012}"),
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "indicator_types": ["malicious-activity"],
        "pattern": pattern,
        "pattern_type": pattern_type,
        "valid_from": "2026-01-01T00:00:00Z",
        "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
    })
    .to_string()
}

#[test]
fn who_sends_a_rule_that_is_held_is_told_and_it_is_kept() {
    let world = World::new();
    let [ada] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    let lua = rule(1, "suricata", "# one\nalert tcp any any -> any any (msg:\"x\"; lua:a.lua; sid:1;)");
    let good = rule(2, "snort", "alert tcp any any -> any any (msg:\"x\"; sid:1;)");
    let bomb = rule(3, "sigma", "a: [");
    let include = rule(4, "yara", "include \"/etc/passwd\"");
    let other = rule(5, "pcre", "lua");
    let told = world.submit(&ada, &envelope(&[lua.clone(), good, bomb, include, other])).unwrap();
    assert_eq!((told.success, told.failure), (5, 0), "{told:?}");
    let findings: Vec<String> = told
        .outcomes
        .iter()
        .flat_map(|outcome| &outcome.findings)
        .filter(|finding| finding.code == "rule-held")
        .map(|finding| finding.message.clone())
        .collect();
    let [first, second, third] = findings.as_slice() else { panic!("{findings:?}") };
    assert!(first.ends_with("line 2, column 40: `lua` runs a script at the receiver"), "{first}");
    assert!(second.contains("no YAML"), "{second}");
    assert!(third.ends_with("line 1, column 1: `include` reads a file at the receiver"), "{third}");
    // It stands as it was said.
    let id = "indicator--00000000-0000-4000-8000-000000000001";
    let shown = world.node.object(&ada, id, None).unwrap();
    assert_eq!(shown.object.get(), lua);
}

fn feed(world: &World, by: &Caller, format: &str, file: &str) -> (Feed, String) {
    let (format, file) = (format.to_owned(), file.to_owned());
    let feed = world.node.feed(by, &FeedQuery { format, file, ceiling: None, action: None }).unwrap();
    let mut out = Vec::new();
    feed.write(&mut out).unwrap();
    (feed, String::from_utf8(out).unwrap())
}

#[test]
fn rules_leave_in_files_by_the_readers_policy_and_held_ones_never() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let suricata = "drop tcp any any -> any any (msg:\"x\"; sid:1;)";
    let sigma = "title: A\nlogsource: {product: a}\ndetection: {a: [b], condition: a}";
    let all = [
        rule(1, "suricata", suricata),
        rule(2, "suricata", "alert tcp any any -> any any (msg:\"x\"; lua:a.lua; sid:2;)"),
        rule(3, "sigma", sigma),
        rule(4, "yara", "rule r { condition: true }"),
        rule(5, "yara", "include \"x\""),
    ];
    world.submit(&ada, &envelope(&all)).unwrap();
    // The same rules of another member are there once.
    world.submit(&bob, &envelope(&[rule(6, "suricata", suricata)])).unwrap();
    let (made, text) = feed(&world, &bob, "suricata", "shared.rules");
    assert_eq!((made.made.entries, made.made.values), (1, 1), "{text}");
    assert!(text.contains("\nalert tcp any any -> any any (msg:\"x\"; metadata:accord_object"), "{text}");
    assert!(text.contains("accord_author_sid 1") && !text.contains("lua"), "{text}");
    let (_, sigma) = feed(&world, &bob, "sigma", "accord.yml");
    assert!(sigma.contains("\ntitle: A\n"), "{sigma}");
    let (made, yara) = feed(&world, &bob, "yara", "accord.yar");
    assert!(made.made.entries == 1 && !yara.contains("include"), "{yara}");
    // Digests of rules are no values.
    let (_, table) = feed(&world, &bob, "csv", "accord.csv");
    assert!(!table.contains("-rule"), "{table}");
    // Each is told why, by its id.
    let ids: Vec<String> = [1, 2, 9].map(|n| format!("indicator--00000000-0000-4000-8000-{n:012}")).to_vec();
    let told = world.node.why(&bob, &ids).unwrap();
    assert_eq!((told[0].action.as_str(), told[0].kind.as_deref()), ("alert", Some("suricata-rule")));
    assert_eq!(told[0].known[0].said.len(), 2);
    assert!(told[1].held.as_deref().is_some_and(|held| held.ends_with("runs a script at the receiver")));
    assert_eq!((told[1].action.as_str(), told[2].error.is_some()), ("nothing", true));
    // By policy they do as much as their author has them do, or nothing.
    let policy =
        "[[rule]]\nname = \"rules\"\nfrom = \"anyone\"\ntypes = [\"suricata-rule\"]\naction = \"block\"\n";
    world.node.set_policy(&bob, Some(policy), false).unwrap();
    let (_, text) = feed(&world, &bob, "suricata", "shared.rules");
    assert!(text.contains("\ndrop tcp"), "{text}");
    let (made, _) = feed(&world, &bob, "yara", "accord.yar");
    assert_eq!(made.made.entries, 0);
}
