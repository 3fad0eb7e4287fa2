//! `may_see`. The readers have names, and a table says who is in the audience of each label.

use std::collections::{BTreeMap, BTreeSet};

use model::access::{Barrier, Reason, why};
use model::{
    CircleId, Embargo, Label, MemberId, Origin, Parts, PermittedActions, PersonId, Reader, Timestamp, Tlp,
    hidden_parts, may_see,
};
use uuid::Uuid;

use super::words;

const NOW: Timestamp = Timestamp(1_000_000);

fn member(name: &str) -> MemberId {
    MemberId(Uuid::new_v5(&Uuid::nil(), name.as_bytes()))
}

fn person(name: &str) -> PersonId {
    PersonId(Uuid::new_v5(&Uuid::max(), name.as_bytes()))
}

fn circle(name: &str) -> CircleId {
    CircleId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
}

/// Who reads: name, member, person, circles, whose client, whether only a client.
const READERS: &str = "
    visitor                -          -      -      -         -
    author                 source     -      -      -         -
    author-person          source     ann    -      -         -
    author-other-person    source     anton  -      -         -
    named                  bank       -      -      -         -
    named-person           bank       bea    -      -         -
    person                 clinic     carla  -      -         -
    person-colleague       clinic     carl   -      -         -
    person-machine         clinic     -      -      -         -
    in-circle              dam        -      watch  -         -
    in-other-circle        dyke       -      idle   -         -
    client                 shop       -      -      bank      only
    member-and-client      school     -      -      bank      -
    client-of-author       studio     -      -      source    only
    client-of-in-circle    sawmill    -      -      dam       only
    stranger               farm       -      -      -         -
    stranger-person        farm       fay    -      -         -
    client-of-stranger     stall      -      -      farm      only
    client-of-nobody-now   kiosk      -      -      -         only
";

fn readers() -> BTreeMap<&'static str, Reader> {
    let lines = READERS.lines().map(str::trim).filter(|line| !line.is_empty());
    let some = |word: &'static str| Some(word).filter(|word| *word != "-");
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let reader = Reader {
                member: some(fields[1]).map(member),
                alias: None,
                person: some(fields[2]).map(person),
                circles: some(fields[3]).map(circle).into_iter().collect(),
                provider: some(fields[4]).map(member).into_iter().collect(),
                client_only: fields[5] == "only",
                ceiling: Tlp::Red,
            };
            (fields[0], reader)
        })
        .collect()
}

/// The audience of each TLP by the form of its recipients. `@x` stands for the group of that name below.
const AUDIENCES: &str = "
    CLEAR        | *                     | visitor @members @clients @gone
    GREEN        |                       | @members @clients
    GREEN        | member                | @own @named client member-and-client
    GREEN        | person                | @own person
    GREEN        | circle                | @own in-circle
    GREEN        | own-person            | @own
    GREEN        | member person circle  | @own @named client member-and-client person in-circle
    AMBER        |                       | @members @clients
    AMBER        | member                | @own @named client member-and-client
    AMBER        | person                | @own person
    AMBER        | circle                | @own in-circle
    AMBER        | own-person            | @own
    AMBER        | member person circle  | @own @named client member-and-client person in-circle
    AMBER+STRICT |                       | @members
    AMBER+STRICT | member                | @own @named
    AMBER+STRICT | person                | @own person
    AMBER+STRICT | circle                | @own in-circle
    AMBER+STRICT | own-person            | @own
    AMBER+STRICT | member person circle  | @own @named person in-circle
    RED          |                       | @own
    RED          | member                | @own
    RED          | person                | @own person
    RED          | circle                | @own
    RED          | own-person            | @own
    RED          | member person circle  | @own person
";

/// The audience under an embargo: the author, and those named as far as the TLP goes.
const EMBARGOED: &str = "
    CLEAR GREEN AMBER AMBER+STRICT |                      | @own
    CLEAR GREEN AMBER AMBER+STRICT | member               | @own @named
    CLEAR GREEN AMBER AMBER+STRICT | person               | @own person
    CLEAR GREEN AMBER AMBER+STRICT | circle               | @own in-circle
    CLEAR GREEN AMBER AMBER+STRICT | own-person           | @own
    CLEAR GREEN AMBER AMBER+STRICT | member person circle | @own @named person in-circle
    RED                            |                      | @own
    RED                            | member               | @own
    RED                            | person               | @own person
    RED                            | circle               | @own
    RED                            | own-person           | @own
    RED                            | member person circle | @own person
";

const GROUPS: [(&str, &str); 5] = [
    ("@gone", "client-of-nobody-now"),
    ("@own", "author author-person author-other-person"),
    ("@named", "named named-person"),
    ("@clients", "client client-of-author client-of-in-circle client-of-stranger"),
    (
        "@members",
        "author author-person author-other-person named named-person person person-colleague person-machine
         in-circle in-other-circle member-and-client stranger stranger-person",
    ),
];

const FORMS: [&str; 6] = ["", "member", "person", "circle", "own-person", "member person circle"];

/// A token's ceiling and the labels that it lets through.
const CEILINGS: [(Tlp, &str); 5] = [
    (Tlp::Clear, "CLEAR"),
    (Tlp::Green, "CLEAR GREEN"),
    (Tlp::Amber, "CLEAR GREEN AMBER"),
    (Tlp::AmberStrict, "CLEAR GREEN AMBER AMBER+STRICT"),
    (Tlp::Red, "CLEAR GREEN AMBER AMBER+STRICT RED"),
];

fn audience(table: &'static str, tlp: Tlp, form: &str) -> BTreeSet<&'static str> {
    let rows = table.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let fits = |row: &Vec<&str>| {
        row.len() == 3 && words(row[0]).contains(tlp.name()) && (row[1] == form || row[1] == "*")
    };
    let row = rows.filter(fits).collect::<Vec<_>>();
    assert_eq!(row.len(), 1, "{tlp} to `{form}`");
    let group = |word| match GROUPS.iter().find(|(name, _)| *name == word) {
        Some((_, readers)) => words(readers),
        None => BTreeSet::from([word]),
    };
    words(row[0][2]).into_iter().flat_map(group).collect()
}

fn label(tlp: Tlp, form: &str, embargo: Option<i64>) -> Label {
    let mut label = Label::new(member("source"), tlp);
    label.embargo = embargo.map(|until| Embargo { case: String::new(), until: Some(Timestamp(until)) });
    for word in form.split_whitespace() {
        match word {
            "member" => label.recipients.members.push(member("bank")),
            "person" => label.recipients.persons.push(person("carla")),
            "own-person" => label.recipients.persons.push(person("ann")),
            _ => label.recipients.circles.push(circle("watch")),
        }
    }
    label
}

/// What the rule is that lets a reader see, or keeps from him, by who he is in the tables.
#[test]
fn the_rule_that_decides_is_told() {
    let because = |name: &str, label: &Label| why(&readers()[name], label, NOW);
    let red = label(Tlp::Red, "member person circle", None);
    let all = label(Tlp::Amber, "member person circle", None);
    let held = label(Tlp::Clear, "circle", Some(5));
    for (name, label, expected) in [
        ("author", &red, Ok(Reason::Author)),
        ("person", &red, Ok(Reason::Person)),
        ("named", &red, Err(Barrier::Person)),
        ("named", &all, Ok(Reason::Member)),
        ("client", &all, Ok(Reason::Client)),
        ("in-circle", &all, Ok(Reason::Circle(circle("watch")))),
        ("in-other-circle", &all, Err(Barrier::NotNamed)),
        ("visitor", &all, Err(Barrier::Visitor)),
        ("in-circle", &held, Ok(Reason::Circle(circle("watch")))),
        ("stranger", &held, Err(Barrier::Embargo)),
        ("stranger", &Label::new(member("source"), Tlp::Green), Ok(Reason::Community)),
        ("client", &Label::new(member("source"), Tlp::AmberStrict), Err(Barrier::ClientOnly)),
        ("visitor", &Label::new(member("source"), Tlp::Clear), Ok(Reason::Everybody)),
    ] {
        assert_eq!(because(name, label), expected, "{name} {label:?}");
    }
    let low = Reader { ceiling: Tlp::Green, ..readers()["author"].clone() };
    assert_eq!(why(&low, &red, NOW), Err(Barrier::Ceiling));
    for tlp in Tlp::ALL {
        for (form, embargo) in FORMS.iter().flat_map(|form| [(form, None), (form, Some(5))]) {
            let label = label(tlp, form, embargo);
            for reader in readers().values() {
                assert_eq!(why(reader, &label, NOW).is_ok(), may_see(reader, &label, NOW));
            }
        }
    }
}

fn seers(label: &Label, now: Timestamp) -> BTreeSet<&'static str> {
    readers().into_iter().filter(|(_, reader)| may_see(reader, label, now)).map(|(name, _)| name).collect()
}

#[test]
fn each_label_reaches_its_audience_and_nobody_else() {
    for tlp in Tlp::ALL {
        for form in FORMS {
            let seen = seers(&label(tlp, form, None), NOW);
            assert_eq!(seen, audience(AUDIENCES, tlp, form), "{tlp} to `{form}`");
        }
    }
}

#[test]
fn an_embargo_holds_whatever_the_clock_says() {
    for tlp in Tlp::ALL {
        for form in FORMS {
            let label = label(tlp, form, Some(NOW.0));
            for now in [Timestamp(0), Timestamp(NOW.0 - 1), NOW, Timestamp(NOW.0 + 1), Timestamp::MAX] {
                let expected = audience(EMBARGOED, tlp, form);
                assert_eq!(seers(&label, now), expected, "{tlp} to `{form}`, embargoed, at {now}");
            }
        }
    }
}

#[test]
fn a_label_within_another_reaches_no_others() {
    let labels: Vec<Label> = Tlp::ALL
        .into_iter()
        .flat_map(|tlp| {
            FORMS.iter().flat_map(move |form| [label(tlp, form, None), label(tlp, form, Some(5))])
        })
        .collect();
    let (mut within, mut subsets) = (0, 0);
    for one in &labels {
        for other in &labels {
            let is_subset = seers(one, NOW).is_subset(&seers(other, NOW));
            assert!(is_subset || !one.is_within(other), "{one:?} {other:?}");
            within += usize::from(one.is_within(other));
            subsets += usize::from(is_subset);
        }
    }
    assert!(within * 2 > subsets, "it is told where it can be: {within} of {subsets}");
    let parts = Some(Parts { strictest: Tlp::Red, others: None });
    let (whole, marked) = (label(Tlp::Green, "", None), Label { parts, ..label(Tlp::Green, "", None) });
    assert!(marked.is_within(&whole) && !whole.is_within(&marked));
}

#[test]
fn a_ceiling_takes_away_what_is_above_it_and_nothing_else() {
    for (ceiling, lets) in CEILINGS {
        for tlp in Tlp::ALL {
            for (form, embargo) in FORMS.iter().flat_map(|form| [(form, None), (form, Some(5))]) {
                let label = label(tlp, form, embargo);
                for (name, reader) in readers() {
                    let lowered = Reader { ceiling, ..reader.clone() };
                    let expected = words(lets).contains(tlp.name()) && may_see(&reader, &label, NOW);
                    assert_eq!(may_see(&lowered, &label, NOW), expected, "{name} up to {ceiling}: {label:?}");
                }
            }
        }
    }
}

#[test]
fn a_stricter_tlp_reaches_no_more_readers() {
    for (form, embargo) in FORMS.iter().flat_map(|form| [(form, None), (form, Some(5))]) {
        for pair in Tlp::ALL.windows(2) {
            let (wide, narrow) = (label(pair[0], form, embargo), label(pair[1], form, embargo));
            assert!(seers(&narrow, NOW).is_subset(&seers(&wide, NOW)), "{pair:?} to `{form}`");
        }
    }
}

/// A part is for whom the whole would be for under the part's TLP, the token's ceiling included.
#[test]
fn parts_reach_the_audience_of_their_own_tlp() {
    let mut hidden_from_some = 0;
    for (form, embargo) in FORMS.iter().flat_map(|form| [(form, None), (form, Some(5))]) {
        for (whole, strictest) in Tlp::ALL.into_iter().flat_map(|one| Tlp::ALL.map(|other| (one, other))) {
            let others = [None].into_iter().chain(Tlp::ALL.map(Some)).filter(|tlp| *tlp <= Some(strictest));
            let others = others.filter(|tlp| tlp.is_none_or(|tlp| tlp > whole)).collect::<Vec<_>>();
            for others in others.into_iter().filter(|_| strictest > whole) {
                let plain = label(whole, form, embargo);
                let marked = Label { parts: Some(Parts { strictest, others }), ..plain.clone() };
                for (name, reader) in readers() {
                    for ceiling in Tlp::ALL {
                        let reader = Reader { ceiling: ceiling.min(reader.ceiling), ..reader.clone() };
                        assert_eq!(may_see(&reader, &marked, NOW), may_see(&reader, &plain, NOW), "{name}");
                        if !may_see(&reader, &marked, NOW) {
                            continue;
                        }
                        let hidden = hidden_parts(&reader, &marked, NOW);
                        assert_eq!(hidden_parts(&reader, &plain, NOW), None);
                        let sees = |tlp| may_see(&reader, &label(tlp, form, embargo), NOW);
                        assert_eq!(hidden.is_none(), sees(strictest), "{name} {marked:?}");
                        hidden_from_some += usize::from(hidden.is_some());
                        for tlp in Tlp::ALL.into_iter().filter(|tlp| *tlp > whole && *tlp <= strictest) {
                            let is_hidden = hidden.is_some_and(|hidden| tlp > hidden.above);
                            assert_eq!(is_hidden, !sees(tlp), "{name}, a part {tlp} of {marked:?}");
                        }
                        let of_others = others.is_some_and(|tlp| !sees(tlp));
                        assert_eq!(
                            hidden.is_some_and(|hidden| hidden.others),
                            of_others,
                            "{name} {marked:?}"
                        );
                    }
                }
            }
        }
    }
    assert!(hidden_from_some > 1_000, "{hidden_from_some}");
}

#[test]
fn what_recipients_may_do_and_whether_the_origin_is_shown_change_no_audience() {
    for tlp in Tlp::ALL {
        for form in FORMS {
            let plain = label(tlp, form, None);
            let expected = seers(&plain, NOW);
            for actions in [PermittedActions::None, PermittedActions::InternallyVisible] {
                let marked = Label { actions, origin: Origin::Withheld, ..plain.clone() };
                assert_eq!(seers(&marked, NOW), expected);
            }
        }
    }
}

#[test]
fn what_is_said_under_an_alias_is_the_authors_own_and_a_strangers_for_everybody_else() {
    let (own, alias) = (member("farm"), member("nobody"));
    for tlp in Tlp::ALL {
        for form in FORMS {
            let label = Label { author: alias, origin: Origin::Withheld, ..label(tlp, form, None) };
            let reader = Reader { alias: Some(alias), ..Reader::of(own) };
            assert!(may_see(&reader, &label, NOW));
            for reader in readers().values() {
                let named = Label { author: member("another"), ..label.clone() };
                assert_eq!(may_see(reader, &label, NOW), may_see(reader, &named, NOW));
            }
            assert!(!Reader { alias: Some(alias), ..Reader::anonymous() }.is_author(&label));
        }
    }
}

#[test]
fn every_reader_is_in_the_tables() {
    let mut told: BTreeSet<&str> = BTreeSet::from(["visitor"]);
    for (_, readers) in GROUPS {
        told.extend(words(readers));
    }
    assert_eq!(told, readers().keys().copied().collect());
    assert_eq!(readers()["visitor"], Reader { ceiling: Tlp::Red, ..Reader::anonymous() });
    assert_eq!(readers()["stranger"], Reader::of(member("farm")));
}
