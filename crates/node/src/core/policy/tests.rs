//! What a policy in TOML says, and what it must not say.

use uuid::Uuid;

use super::*;

struct Known;

impl Names for Known {
    fn member(&self, name: &str) -> Option<MemberId> {
        (name == "Ada").then_some(MemberId(Uuid::nil()))
    }

    fn circle(&self, name: &str) -> Option<CircleId> {
        (name == "Finance").then_some(CircleId(Uuid::nil()))
    }
}

fn rule(line: &str) -> String {
    format!("# a policy\n[[rule]]\nname = \"one\"\nfrom = \"anyone\"\naction = \"block\"\n{line}\n")
}

#[test]
fn the_default_is_a_policy_and_blocks_by_own_and_released_words() {
    let read = read(DEFAULT, &Known).unwrap();
    let told: Vec<_> = read.policy.rules.iter().map(|rule| (rule.from, rule.action, rule.origins)).collect();
    let block = Some(Action::Block);
    // Rules that are shared alert, whoever shares them.
    let (rules, values) = told.split_first().unwrap();
    assert_eq!(*rules, (From::Anyone, Some(Action::Alert), 1));
    assert_eq!(values, [(From::Own, block, 1), (From::Desk, block, 1), (From::Anyone, block, 2)]);
    assert_eq!(read.policy.rules[3].until_then, Some(Action::Alert));
    assert_eq!(read.policy.prevalence, Prevalence::default());
    for (list, grade) in [
        ("Specialized list of vpn-ipv4 addresses belonging to common VPN providers", Action::Block),
        ("List of known Amazon AWS IP address ranges", Action::Alert),
        ("Top 1000 websites from Cisco Umbrella", Action::Context),
    ] {
        assert_eq!(read.policy.grade(list), grade, "{list}");
    }
}

#[test]
fn everything_can_be_said() {
    let text = rule(
        "circle = \"Finance\"\ntypes = [\"hash\", \"domain\"]\ntlp = \"amber+strict\"\norigins = 3\nuntil-then = \"context\"\n\
         hours = 24\nconfidence = 60\nscore = 30\nper-day = 5\nsubdomains = true\n\
         [[list]]\nname = \"x\"\nat-most = \"alert\"\n[prevalence]\npercent = 0.5\nhosts = 9\n\
         [decay.address]\ndays = 7\nspeed = 1.0\n[decay.domain]\ndays = 30",
    );
    let policy = read(&text, &Known).unwrap().policy;
    let [rule] = &policy.rules[..] else { panic!() };
    assert_eq!(
        (rule.circle, rule.kinds.len(), rule.ceiling),
        (Some(CircleId(Uuid::nil())), 11, Tlp::AmberStrict)
    );
    assert_eq!((rule.origins, rule.until_then, rule.hours), (3, Some(Action::Context), Some(24)));
    assert_eq!((rule.confidence, rule.score, rule.per_day, rule.subdomains), (60, 30, 5, true));
    assert_eq!(policy.prevalence, Prevalence { share: 50, hosts: 9 });
    assert_eq!(policy.decay(Kind::Ipv6), decay::Model { days: 7, speed: 100 });
    assert_eq!(policy.decay(Kind::Domain), decay::Model { days: 30, speed: 300 });
}

#[test]
fn a_mistake_is_named_with_its_line() {
    for (line, at, said) in [
        ("acton = \"block\"", 6, "unknown field `acton`"),
        ("hours = \"24\"", 6, "invalid type"),
        ("hours = 0", 6, "`hours` is at least 1"),
        ("types = [\"domain\",\n  \"domian\"]", 7, "`domian` is no kind"),
        ("tlp = \"purple\"", 6, "not a TLP label"),
        ("origins = 0", 6, "at least 1"),
        ("until-then = \"alert\"", 6, "goes with `origins`"),
        ("origins = 2\nuntil-then = \"block\"", 7, "less than `action`"),
        ("confidence = 101", 6, "0 to 100"),
        ("country = \"X\"", 6, "who is attacked"),
        ("motive = \"money\"", 6, "who is attacked"),
        ("victim = \"us\"", 6, "who is attacked"),
        ("[prevalence]\npercent = 101.0", 7, "0 to 100"),
        ("[decay.ipv4]\ndays = 0", 7, "at least 1"),
        ("[decay.nothing]\ndays = 1", 6, "no kind"),
        ("[[list]]\nname = \"a\"\nat-most = \"nothing\"", 8, "no grade"),
        ("= 5", 6, ""),
    ] {
        let wrong = read(&rule(line), &Known).unwrap_err();
        assert_eq!(wrong.line, at, "{line}: {wrong}");
        assert!(wrong.what.contains(said), "{line}: {wrong}");
    }
    let text = rule("").replace("\"block\"", "\"stop\"");
    assert_eq!(
        read(&text, &Known).unwrap_err().to_string(),
        "line 5: `stop` is no action: use block, alert, context or nothing"
    );
    let text = rule("").replace("anyone", "everyone");
    assert!(read(&text, &Known).unwrap_err().to_string().starts_with("line 4: `everyone`"));
    assert_eq!(read(&" ".repeat(BYTES + 1), &Known).unwrap_err().line, 0);
}

#[test]
fn rules_for_whom_nobody_knows_fit_nothing_and_are_told() {
    let text = rule("").replace("anyone", "member:Bob");
    let told = read(&text, &Known).unwrap();
    assert!(told.policy.rules.is_empty());
    assert_eq!(
        told.unknown,
        [Wrong { line: 4, what: "there is no member called `Bob` that you know".to_owned() }]
    );
    assert_eq!(read(&text.replace("Bob", "Ada"), &Known).unwrap().policy.rules.len(), 1);
    let text = rule("circle = \"Energy\"");
    assert_eq!(read(&text, &Known).unwrap().unknown[0].line, 6);
}
