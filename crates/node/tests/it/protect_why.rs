//! What acts at a member's sensors, and what is told of why.

use node::{Caller, FeedQuery, ImportOptions, Kind, NewCircle, Saying, Settings, VerdictOf, views};

use crate::circle_rules::{bring, circle, formal, members};
use crate::write_world::{FIRST, World, envelope, indicator, settings, strings};
use model::Tlp;
use model::circle::Curation;

const ROLES: &[&str] = &["analyst", "organisation-administrator"];
const BAD: &str = "evil.bad-host.co";

fn say(world: &World, by: &Caller, options: &ImportOptions, line: &str) {
    let (summary, told) = world.import_as(by, options, format!("{line}\n").as_bytes()).unwrap();
    assert_eq!(summary.objects, 1, "{told:?}");
}

fn green() -> ImportOptions {
    ImportOptions { tlp: Some(Tlp::Green), ..ImportOptions::default() }
}

fn why(world: &World, by: &Caller, value: &str) -> views::Why {
    world.node.why(by, &[value.to_owned()]).unwrap().remove(0)
}

fn action(world: &World, by: &Caller, value: &str) -> String {
    why(world, by, value).action
}

fn gates(why: &views::Why) -> Vec<String> {
    let all = why.known.iter().flat_map(|known| {
        known.said.iter().flat_map(|said| &said.gates).chain(&known.gates).collect::<Vec<_>>()
    });
    all.filter(|gate| gate.lets != "block").map(|gate| format!("{}: {}", gate.gate, gate.by)).collect()
}

#[test]
fn own_words_block_and_others_alert_until_two_origins_agree() {
    let world = World::new();
    let [ada, bob, cid]: [Caller; 3] = members(&world, &["Ada", "Bob", "Cid"], ROLES).try_into().unwrap();
    assert_eq!(action(&world, &ada, BAD), "nothing");
    say(&world, &ada, &green(), BAD);
    assert_eq!(action(&world, &ada, BAD), "block");
    assert_eq!(action(&world, &bob, "evil[.]bad-host[.]co"), "alert");
    // Once more by the same, and in other words.
    say(&world, &ada, &green(), &format!("{BAD},203.0.112.9"));
    assert_eq!(action(&world, &cid, BAD), "alert");
    say(&world, &bob, &green(), BAD);
    let told = why(&world, &cid, BAD);
    assert_eq!((told.action.as_str(), told.known[0].verdicts[0].origins), ("block", 2));
    assert_eq!(told.known[0].said.len(), 2);
    assert!(told.known[0].verdicts[0].rests_on.as_deref().unwrap().starts_with("indicator--"));
    // A URL on it, and nothing below it.
    assert_eq!(action(&world, &cid, &format!("http://{BAD}/a?b=c")), "block");
    assert_eq!(action(&world, &cid, &format!("www.{BAD}")), "nothing");
    assert_eq!(action(&world, &cid, "bad-host.co"), "nothing");
    assert!(why(&world, &cid, "no value at all, is it?").error.is_some());
}

#[test]
fn what_is_around_or_above_what_everybody_uses_blocks_nothing() {
    let lists = tempfile::tempdir().unwrap();
    let list = |name: &str, of_type: &str, entry: &str| {
        let text = format!(
            r#"{{"name":"{name}","type":"{of_type}","list":["{entry}"],"matching_attributes":["domain","ip-dst","url"]}}"#
        );
        std::fs::write(lists.path().join(format!("{name}.json")), text).unwrap();
    };
    list("resolvers", "string", "8.8.8.8");
    list("networks", "cidr", "104.16.0.0/13");
    list("top", "hostname", "fonts.hosting.co");
    let world = World::with(Settings { warning_lists: Some(lists.path().to_owned()), ..settings() });
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    for value in ["8.8.8.0/24", "104.0.0.0/11", "172.0.0.0/9", "9.9.9.0/24", "hosting.co"] {
        say(&world, &ada, &green(), value);
    }
    let below = indicator(1, FIRST, "")
        .replace("[ipv4-addr:value = '198.51.0.1']", "[domain-name:value LIKE '%.hosting.co']");
    assert_eq!(world.submit(&ada, &envelope(&[below])).unwrap().success, 1);
    for (seen, does) in [
        ("8.8.8.8", "context"),
        ("104.17.0.1", "context"),
        ("172.16.0.1", "nothing"),
        ("fonts.hosting.co", "context"),
        ("other.hosting.co", "context"),
        ("9.9.9.9", "block"),
        ("hosting.co", "block"),
    ] {
        assert_eq!(action(&world, &ada, seen), does, "{seen}: {:?}", gates(&why(&world, &ada, seen)));
    }
    assert!(
        gates(&why(&world, &ada, "a.hosting.co"))
            .contains(&"warning-list: top: names below it are on it".to_owned())
    );
}

#[test]
fn copies_of_one_list_count_once_and_what_is_hidden_not_at_all() {
    let world = World::new();
    let [ada, bob, cid]: [Caller; 3] = members(&world, &["Ada", "Bob", "Cid"], ROLES).try_into().unwrap();
    let copied = ImportOptions { source_name: Some("Ipsum".to_owned()), ..green() };
    say(&world, &ada, &copied, BAD);
    say(&world, &bob, &ImportOptions { source_name: Some("ipsum".to_owned()), ..green() }, BAD);
    assert_eq!(action(&world, &cid, BAD), "alert");
    let hidden = ImportOptions { tlp: Some(Tlp::Amber), to: strings(&["member:Ada"]), ..green() };
    say(&world, &world.node.operator(), &hidden, BAD);
    let before = serde_json::to_string(&why(&world, &cid, BAD).known).unwrap();
    assert_eq!(action(&world, &cid, BAD), "alert");
    assert_eq!(action(&world, &ada, BAD), "block");
    assert_eq!(
        before.matches("indicator--").count(),
        3,
        "two who say it, and the one that it rests on: {before}"
    );
}

#[test]
fn validity_withdrawal_and_revocation_count_at_once() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let address = "198.51.0.7";
    world
        .submit(&ada, &envelope(&[indicator(7, FIRST, ",\"valid_until\":\"2026-09-02T00:00:00Z\"")]))
        .unwrap();
    assert_eq!(action(&world, &ada, address), "block");
    world.later(2 * 86_400);
    let told = why(&world, &ada, address);
    assert_eq!((told.action.as_str(), gates(&told)[0].as_str()), ("nothing", "valid: not valid any more"));
    world.submit(&ada, &envelope(&[indicator(7, "2026-08-01T00:00:00.000Z", "")])).unwrap();
    assert_eq!(action(&world, &ada, address), "block");
    let benign = ",\"indicator_types\":[\"benign\"]";
    let harmless = indicator(8, FIRST, "").replace(",\"indicator_types\":[\"malicious-activity\"]", benign);
    world.submit(&ada, &envelope(&[harmless])).unwrap();
    let told = why(&world, &ada, "198.51.0.8");
    assert_eq!(
        (told.action.as_str(), gates(&told)[0].as_str()),
        ("nothing", "harmful: its author says that it is benign")
    );
    world.submit(&ada, &envelope(&[indicator(7, "2026-08-02T00:00:00.000Z", ",\"revoked\":true")])).unwrap();
    assert_eq!(action(&world, &ada, address), "nothing");
    assert_eq!(action(&world, &bob, address), "nothing");
}

#[test]
fn half_of_a_pattern_acts_nowhere() {
    let world = World::new();
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    let both =
        "[ipv4-addr:value = '198.51.0.9' AND ipv4-addr:resolves_to_refs[*].value = '00:11:22:33:44:55']";
    let both = indicator(9, FIRST, "").replace("[ipv4-addr:value = '198.51.0.9']", both);
    assert_eq!(world.submit(&ada, &envelope(&[both])).unwrap().success, 1);
    assert!(world.node.lookup(&ada, &["198.51.0.9".to_owned()], 1).unwrap()[0].hit, "it is mentioned");
    assert_eq!(action(&world, &ada, "198.51.0.9"), "nothing");
}

#[test]
fn what_is_everybodys_stays_up() {
    let world = World::new();
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    for value in ["github.io", "198.41.0.4", "10.0.0.8", "192.168.0.0/16"] {
        say(&world, &ada, &green(), value);
        let told = why(&world, &ada, value);
        assert_eq!(told.action, "nothing", "{value}");
        assert!(gates(&told).iter().any(|gate| gate.starts_with("innocent: ")), "{told:?}");
    }
}

/// A list of everything would hold everything back, and nobody would know why nothing is blocked any more.
#[test]
fn a_warning_list_that_matches_everything_is_left_out_and_named() {
    let lists = tempfile::tempdir().unwrap();
    for (name, kind, entries) in [
        ("addresses", "cidr", "\"0.0.0.0/0\", \"::/0\""),
        ("names", "hostname", "\"com\", \"bad-host.co\""),
        ("some", "cidr", "\"203.0.112.0/24\""),
    ] {
        let list = format!("{{\"name\":\"{name}\",\"type\":\"{kind}\",\"list\":[{entries}]}}");
        std::fs::write(lists.path().join(format!("{name}.json")), list).unwrap();
    }
    let world = World::with(Settings { warning_lists: Some(lists.path().to_owned()), ..settings() });
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    for (value, does) in [("198.51.0.7", "block"), (BAD, "block"), ("203.0.112.9", "context")] {
        say(&world, &ada, &green(), value);
        assert_eq!(action(&world, &ada, value), does, "{value}");
    }
    let said = "the warning list `addresses`: it stands for more than a quarter of all addresses of IPv4";
    let names = "the warning list `names`: it stands for all names below `com`";
    assert_eq!(world.node.policy(&ada).unwrap().left_out, [said, names]);
    assert_eq!(world.node.set_policy(&ada, Some(""), true).unwrap().left_out, [said, names]);
}

#[test]
fn what_a_curated_circle_lets_in_blocks_for_a_day() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] =
        members(&world, &["Ada", "Bob"], &["analyst", "organisation-administrator"]).try_into().unwrap();
    let new = NewCircle { ..circle("Desk", Some(formal(|charter| charter.curation = Curation::One))) };
    world.node.add_circle(&ada, &new).unwrap();
    bring(&world.node, &ada, "Desk", &bob);
    let to =
        ImportOptions { to: strings(&["circle:Desk"]), tlp: Some(Tlp::Amber), ..ImportOptions::default() };
    let status = world.node.submit(&ada, &to, envelope(&[indicator(5, FIRST, "")]).as_bytes()).unwrap();
    let curator = world.token("Bob", &["curator"]);
    world.node.release_queued(&curator, &status.id).unwrap();
    // Who signs in now is in the circle.
    let bob = world.token("Bob", ROLES);
    let begun = std::time::Instant::now();
    while action(&world, &bob, "198.51.0.5") == "nothing" {
        assert!(begun.elapsed().as_secs() < 30);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(action(&world, &bob, "198.51.0.5"), "block");
    world.later(86_401);
    assert_eq!(action(&world, &bob, "198.51.0.5"), "nothing");
}

#[test]
fn a_policy_is_its_members_own_and_names_whom_it_knows() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    say(&world, &bob, &green(), BAD);
    let rule = |from: &str| format!("[[rule]]\nname = \"theirs\"\nfrom = \"{from}\"\naction = \"block\"\n");
    let set = |by: &Caller, text: &str| world.node.set_policy(by, Some(text), false);
    // Bob is nobody whom Ada knows by his name, and somebody by his id.
    let error = set(&ada, &rule("member:Bob")).unwrap_err();
    assert_eq!((error.kind, error.message.contains("line 3")), (Kind::Invalid, true), "{}", error.message);
    let nobody = set(&ada, &rule("member:Nobody")).unwrap_err();
    assert_eq!(error.message.replace("Bob", ""), nobody.message.replace("Nobody", ""));
    let all = world.node.members(&world.node.operator()).unwrap();
    let id = all.into_iter().find(|member| member.name == "Bob").unwrap().id;
    assert!(world.node.set_policy(&ada, Some(&rule(&format!("member:{id}"))), true).is_ok());
    assert_eq!(action(&world, &ada, BAD), "alert", "nothing was changed");
    set(&ada, &rule(&format!("member:{id}"))).unwrap();
    assert_eq!(
        (action(&world, &ada, BAD), action(&world, &bob, BAD)),
        ("block".to_owned(), "block".to_owned())
    );
    assert_eq!(world.node.policy(&ada).unwrap().text, rule(&format!("member:{id}")));
    assert!(world.node.policy(&bob).unwrap().default);
    // In a circle that shows who is in it he is known by his name.
    world.node.add_circle(&ada, &circle("Both", None)).unwrap();
    bring(&world.node, &ada, "Both", &bob);
    set(&ada, &rule("member:Bob")).unwrap();
    let world = world.restarted();
    let ada = world.token("Ada", ROLES);
    assert_eq!(action(&world, &ada, BAD), "block");
    world.node.revoke_member(&world.node.operator(), "Bob").unwrap();
    assert_eq!(world.node.policy(&ada).unwrap().unknown.len(), 1);
    assert!(world.node.set_policy(&ada, None, false).unwrap().default);
    for role in ["reader", "sensor", "curator"] {
        let caller = world.token("Ada", &[role]);
        assert_eq!(world.node.set_policy(&caller, None, false).unwrap_err().kind, Kind::Forbidden, "{role}");
    }
    assert!(world.node.set_policy(&world.node.operator(), Some(""), true).is_ok());
    let audit = world.node.audit(&world.node.operator(), &node::AuditQuery::default()).unwrap().to_string();
    assert!(audit.contains("policy.set") && audit.contains("policy.reset"));
}

#[test]
fn a_source_that_says_too_much_in_a_day_alerts_with_the_rest() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let text = "[[rule]]\nname = \"all\"\nfrom = \"anyone\"\naction = \"block\"\nper-day = 3\n";
    world.node.set_policy(&bob, Some(text), false).unwrap();
    for n in 1..=5 {
        say(&world, &ada, &green(), &format!("198.51.0.{n}"));
    }
    let of = |n: u32| action(&world, &bob, &format!("198.51.0.{n}"));
    assert_eq!((1..=5).map(of).collect::<Vec<_>>(), ["block", "block", "block", "alert", "alert"]);
    world.later(86_400);
    say(&world, &ada, &green(), "198.51.0.6");
    assert_eq!((of(3), of(4), of(6)), ("block".to_owned(), "alert".to_owned(), "block".to_owned()));
}

#[test]
fn what_fraud_is_done_with_is_found_asked_for_and_called_a_mistake() {
    let world = World::new();
    let [ada, bob]: [Caller; 2] = members(&world, &["Ada", "Bob"], ROLES).try_into().unwrap();
    let hash =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY3OA$YWNjb3JkLXRlc3QtZGlnZXN0LTMyLWJ5dGVzLWxvbmc";
    let rows = format!(
        "value,type\n+49 (0) 30/901820,phone\nDE89 3704 0044 0532 0130 00,iban\n411111-411114,card-range\n\
         41112222,card-range\n\"{hash}\",credential\nEPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v,sol\nGlobal\\evil,mutex\n"
    );
    let (summary, told) = world.import_as(&ada, &green(), rows.as_bytes()).unwrap();
    assert_eq!(summary.objects, 7, "{told:?}");
    let found = |value: &str| {
        let answer = world.node.lookup(&bob, &[value.to_owned()], 10).unwrap().remove(0);
        let relations: Vec<_> = answer.mentions.iter().map(|mention| mention.relation).collect();
        (relations, action(&world, &bob, value))
    };
    let credential = format!("credential:{hash}");
    let cases = [
        ("tel:+49-30-901820", "exact", "alert"),
        ("phone:0049 30 901820", "exact", "alert"),
        ("IBAN: de89370400440532013000", "exact", "alert"),
        ("card-range:411111-411114", "exact", "alert"),
        // A part of the range, what a card's number begins with, and what is around it, which says nothing of all in it.
        ("card-range:411112", "exact", "alert"),
        ("Card-Range: 4111 12** **** ****", "exact", "alert"),
        ("card-range:41111499", "covering-range", "alert"),
        ("card-range:411122", "within-range", "nothing"),
        ("card-range:411115", "", "nothing"),
        (credential.as_str(), "exact", "alert"),
        ("sol:EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", "exact", "alert"),
        ("mutex:Global\\evil", "exact", "alert"),
        ("mutex:global\\evil", "", "nothing"),
    ];
    for (value, relation, does) in cases {
        let relation: Vec<&str> =
            Some(relation).filter(|relation| !relation.is_empty()).into_iter().collect();
        assert_eq!(found(value), (relation, does.to_owned()), "{value}");
    }
    // What it is not is said, and a number that nobody may be sent is not guessed to be something else.
    let why_not = |value: &str| why(&world, &bob, value).error.unwrap_or_default();
    assert!(why_not("card-range:4111111111111111").contains("a whole card number"));
    assert!(why_not("credential:hunter2").contains("no salted hash"));
    assert!(why_not("iban:DE00370400440532013000").contains("check digits"));
    let verdict = VerdictOf::Mistaken(Some("it is ours".to_owned()));
    world.node.verdict(&bob, &strings(&["card-range:411112"]), &verdict, Saying::default()).unwrap();
    assert_eq!(found("card-range:41111499").1, "nothing");
}

#[test]
fn a_long_url_acts_and_one_that_is_too_long_for_sensors_is_said_to_be() {
    let world = World::new();
    let [ada]: [Caller; 1] = members(&world, &["Ada"], ROLES).try_into().unwrap();
    let url = |bytes: usize| {
        let head = format!("http://{BAD}/");
        format!("{head}{}", "a".repeat(bytes - head.len()))
    };
    for bytes in [200, 263, 264, 300, 1_000, 1_031, 1_032, 2_000] {
        say(&world, &ada, &green(), &url(bytes));
    }
    let query = FeedQuery {
        format: "plain".to_owned(),
        file: "accord-url.txt".to_owned(),
        ceiling: None,
        action: None,
    };
    let mut file = Vec::new();
    world.node.feed(&ada, &query).unwrap().write(&mut file).unwrap();
    let file = String::from_utf8(file).unwrap();
    // Seven bytes of the scheme are in no key.
    for (bytes, acts) in [
        (200, true),
        (263, true),
        (264, true),
        (300, true),
        (1_000, true),
        (1_031, true),
        (1_032, false),
        (2_000, false),
    ] {
        let told = why(&world, &ada, &url(bytes));
        assert_eq!(told.action, if acts { "block" } else { "nothing" }, "{bytes}");
        assert_eq!(file.lines().any(|line| line == url(bytes)), acts, "{bytes}");
        let said = gates(&told).iter().any(|gate| gate.starts_with("length: longer than 1024 bytes"));
        assert_eq!(said, !acts, "{bytes}: {:?}", gates(&told));
    }
}
