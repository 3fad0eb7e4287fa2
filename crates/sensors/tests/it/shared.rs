//! Rules that members share, each language in one file.

use model::matching::Mode;
use model::observable::{Kind, of_rules};
use model::protect::Action;
use model::{Timestamp, Tlp};
use sensors::{File, Format, Head, Item, Outcome, Reason, SIDS_OF_SHARED, Writer};

const AS_OF: Timestamp = Timestamp(1_780_272_000_000_000);

// The file of rules of a kind, the items in the order of their keys, and what became of each.
fn written(format: Format, kind: Kind, items: &[(&str, &str, Action)]) -> (String, Vec<Outcome>) {
    let file: &File = format.files().iter().find(|file| file.kinds() == [kind]).unwrap();
    let mut out = Vec::new();
    let head = Head { as_of: AS_OF, node: "a node", trusted_s: 60, cursor: None };
    let mut writer = Writer::head(format, file, &head, &mut out);
    let mut sorted: Vec<_> = items.iter().map(|item| (of_rules(kind, item.1), item)).collect();
    sorted.sort_by(|one, other| one.0.key().cmp(other.0.key()));
    let outcomes = sorted.iter().map(|(value, (object, rules, action))| {
        let item = Item {
            value,
            mode: Mode::Exact,
            action: *action,
            until: None,
            confidence: None,
            object,
            source: "Desk",
            note: "",
            tlp: Tlp::Green,
            modified: Timestamp(1_000_000_000_000_000),
            rules,
            sid: None,
            then: &[],
        };
        writer.item(&mut out, &item)
    });
    let outcomes = outcomes.collect();
    writer.tail(&mut out);
    (String::from_utf8(out).unwrap(), outcomes)
}

fn sids(text: &str) -> Vec<u32> {
    text.split(" sid:").skip(1).map(|rest| rest.split(';').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn rules_of_suricata_have_numbers_of_their_own_and_do_no_more_than_is_allowed() {
    let one = "drop tcp any any -> any any (msg:\"one\"; sid:7; rev:3;)";
    let other = "alert tcp any any -> any any (msg:\"other\"; sid:7;)\nalert udp any any -> any any (msg:\"third\"; sid:8;)";
    let held = "alert tcp any any -> any any (msg:\"x\"; lua:a; sid:9;)";
    let items = [
        ("indicator--1", one, Action::Alert),
        ("indicator--2", other, Action::Block),
        ("indicator--3", held, Action::Block),
    ];
    let (text, outcomes) = written(Format::Suricata, Kind::SuricataRule, &items);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Written).count(), 2);
    assert!(outcomes.contains(&Outcome::PassedOver(Reason::Held)));
    let rules = rules::suricata::read(&text).unwrap();
    assert_eq!(rules.len(), 3);
    // One is only allowed to tell, the others want no more than that.
    assert!(rules.iter().all(|rule| rule.action == rules::suricata::Action::Alert), "{text}");
    let numbers: Vec<u32> = rules.iter().map(|rule| rule.sid).collect();
    assert!(numbers.iter().all(|sid| SIDS_OF_SHARED.contains(sid)));
    assert_eq!(numbers.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    assert!(
        text.contains("metadata:accord_object indicator--1, accord_tlp GREEN, accord_author_sid 7; sid:"),
        "{text}"
    );
    assert!(text.contains("; rev:1000000000;)") && text.ends_with("# complete: 2 entries\n"));
    // Another version of a rule has the same number, beside whatever else there is.
    let changed = one.replace("\"one\"", "\"one more\"");
    let (again, _) =
        written(Format::SuricataRules, Kind::SuricataRule, &[("indicator--1", &changed, Action::Block)]);
    assert!(again.contains("drop tcp") && numbers.contains(&sids(&again)[0]), "{again}");
}

#[test]
fn rules_of_sigma_share_no_id_and_no_name() {
    let rule = |title: &str, name: &str| {
        format!(
            "title: {title}\nid: 6f7e1c10-2dc9-4312-adb6-9574ff09a5c8\n{name}logsource: {{product: a}}\ndetection: {{a: [b], condition: a}}\ndescription: |\n    ends so"
        )
    };
    let (one, other) =
        (rule("One", ""), format!("---\n{}\n---\n{}", rule("Two", "name: n\n"), rule("Three", "")));
    let (third, held) = (rule("Four", "name: n\n"), rule("Five", "filter: {}\n"));
    let items = [
        ("indicator--1", one.as_str(), Action::Alert),
        ("indicator--2", &other, Action::Alert),
        ("indicator--3", &third, Action::Alert),
        ("indicator--4", &held, Action::Alert),
    ];
    let (text, outcomes) = written(Format::Sigma, Kind::SigmaRule, &items);
    assert!(outcomes.contains(&Outcome::PassedOver(Reason::Held)), "{outcomes:?}");
    assert!(outcomes.contains(&Outcome::PassedOver(Reason::Name)), "{outcomes:?}");
    let read = rules::sigma::read(&text).unwrap().rules;
    assert!(read.len() == 2 || read.len() == 3, "{text}");
    let ids: std::collections::BTreeSet<_> = read.iter().map(|rule| rule.id.clone().unwrap()).collect();
    assert_eq!(ids.len(), read.len(), "{text}");
    assert!(ids.contains("6f7e1c10-2dc9-4312-adb6-9574ff09a5c8"));
    assert!(
        text.contains(
            "---\n# accord_object: indicator--1\n# accord_tlp: GREEN\n# accord_lines: 6\ntitle: One\n"
        ),
        "{text}"
    );
}

#[test]
fn rules_of_yara_share_no_name_and_each_brings_its_modules() {
    let one = "import \"pe\"\nrule r { condition: pe.is_pe }";
    let other =
        "import \"pe\" import \"math\" rule r { condition: true } rule s { condition: r and pe.is_pe }";
    let held = "global rule g { condition: false }";
    let items = [
        ("indicator--1", one, Action::Alert),
        ("indicator--2", other, Action::Alert),
        // Another member's under the same id.
        ("indicator--1", "rule r { condition: false }", Action::Alert),
        ("indicator--4", held, Action::Alert),
    ];
    let (text, outcomes) = written(Format::Yara, Kind::YaraRule, &items);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Written).count(), 3, "{outcomes:?}");
    let read = rules::yara::read(&text).unwrap();
    assert_eq!(read.rules.len(), 4);
    assert_eq!((text.matches("import \"pe\"").count(), text.matches("import \"math\"").count()), (2, 1));
    // So each can be taken out, and the others are read.
    let sections = sensors::sections::of(sensors::sections::Language::Yara, &text).unwrap();
    for left_out in sections.iter().filter(|section| section.is_rules) {
        let kept = sections.iter().filter(|section| *section != left_out);
        let kept: String = kept.map(|section| section.text).collect();
        assert!(rules::yara::read(&kept).unwrap().rules.len() < 4, "{kept}");
    }
    assert!(read.rules.iter().all(|(name, _)| name.starts_with("accord_")));
}
