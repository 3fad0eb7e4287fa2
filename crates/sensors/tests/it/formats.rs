//! What each format has of the same few items, to the letter.

use std::path::{Path, PathBuf};

use model::matching::Mode;
use model::observable::{Kind, normalise, of_rules};
use model::protect::Action;
use model::{Observable, Timestamp, Tlp};
use sensors::{Format, Head, Item, Outcome, Reason, SIDS, Sum, Writer, sid};

/// 2026-06-01T00:00:00Z.
const AS_OF: Timestamp = Timestamp(1_780_272_000_000_000);
const HEAD: Head<'static> = Head { as_of: AS_OF, node: "hub", trusted_s: 3600, cursor: None };

/// A value, how it is meant, and what may be done about it.
pub(crate) struct Known(pub(crate) Observable, pub(crate) Mode, pub(crate) Action);

pub(crate) fn known(kind: Kind, raw: &str, mode: Mode, action: Action) -> Known {
    Known(normalise(kind, raw).unwrap(), mode, action)
}

impl Known {
    pub(crate) fn item(&self) -> Item<'_> {
        Item {
            value: &self.0,
            mode: self.1,
            action: self.2,
            until: Some(AS_OF.plus_seconds(86_400 + 61)),
            confidence: Some(85),
            object: "indicator--1",
            source: "Desk",
            note: "seen, twice",
            tlp: Tlp::Green,
            modified: Timestamp(1_000_000_000_000_000),
            rules: RULES.iter().find(|(kind, _)| *kind == self.0.kind()).map_or("", |(_, rules)| rules),
            sid: None,
            then: &[],
        }
    }
}

/// Rules that members share.
const RULES: [(Kind, &str); 3] = [
    (
        Kind::SuricataRule,
        r#"alert dns $HOME_NET any -> any any (msg:"Beacon"; dns.query; content:"evil.example"; nocase; endswith; sid:7; rev:2;)"#,
    ),
    (
        Kind::SigmaRule,
        "title: Beacon\nlogsource:\n    category: dns_query\ndetection:\n    selection:\n        QueryName|endswith: .evil.example\n    condition: selection\n",
    ),
    (
        Kind::YaraRule,
        "import \"pe\"\nrule beacon { strings: $a = \"evil.example\" wide condition: pe.is_pe and $a }",
    ),
];

/// In the order of keys, of one key the widest mode first.
fn world() -> Vec<Known> {
    use Action::{Alert, Block, Context};
    let mut world = vec![
        known(Kind::Ipv4, "192.0.2.1", Mode::Exact, Block),
        known(Kind::Ipv6, "2001:db8::1", Mode::Exact, Alert),
        known(Kind::Cidr4, "198.51.100.0/24", Mode::Network, Block),
        known(Kind::Cidr4, "198.51.100.128/25", Mode::Network, Block),
        known(Kind::IpPort, "192.0.2.2:443", Mode::Exact, Block),
        known(Kind::IpPort, "[2001:db8::2]:443", Mode::Exact, Block),
        known(Kind::Domain, "evil.example", Mode::Subdomains, Block),
        known(Kind::Domain, "www.evil.example", Mode::Exact, Block),
        known(Kind::Domain, "only.example", Mode::Exact, Block),
        known(Kind::Domain, "below.example", Mode::Wildcard, Block),
        known(Kind::Domain, "told.example", Mode::Exact, Context),
        known(Kind::Domain, "github.io", Mode::Subdomains, Block),
        known(Kind::Url, "http://evil.example/a b/?q=1", Mode::Exact, Block),
        known(Kind::Url, "https://only.example:8443/a/", Mode::PathPrefix, Block),
        known(Kind::Email, "Some.One@evil.example", Mode::Exact, Block),
        known(Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e", Mode::Exact, Block),
        known(Kind::Ja3, "d41d8cd98f00b204e9800998ecf8427e", Mode::Exact, Alert),
        known(Kind::CertSha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709", Mode::Exact, Block),
        known(Kind::FileName, "#a\"b,c.exe", Mode::Exact, Block),
        known(Kind::UserAgent, "-", Mode::Exact, Block),
    ];
    world.extend(RULES.map(|(kind, rules)| Known(of_rules(kind, rules), Mode::Exact, Block)));
    world.sort_by(|one, other| (one.0.key(), other.1).cmp(&(other.0.key(), one.1)));
    world
}

/// A file's text for these items, and what became of each.
pub(crate) fn written(format: Format, nth: usize, items: &[Known]) -> (String, Vec<Outcome>) {
    let mut out = Vec::new();
    let mut writer = Writer::head(format, &format.files()[nth], &HEAD, &mut out);
    let outcomes: Vec<Outcome> = items.iter().map(|known| writer.item(&mut out, &known.item())).collect();
    let entries = writer.tail(&mut out);
    let counted = outcomes.iter().filter(|one| matches!(one, Outcome::Written | Outcome::InPart(_))).count();
    assert_eq!(entries, counted as u64);
    (String::from_utf8(out).unwrap(), outcomes)
}

/// Where the files lie that are compared to the letter. `ACCORD_GOLDEN_WRITE=1` writes them.
fn golden(format: Format, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format.name()).join(name)
}

#[test]
fn a_file_that_is_written_in_pieces_is_the_same() {
    let mut items = world();
    items.extend([
        known(Kind::Domain, "a.www.evil.example", Mode::Subdomains, Action::Block),
        known(Kind::Domain, "b.below.example", Mode::Exact, Action::Block),
        known(Kind::Domain, "below.example", Mode::Exact, Action::Block),
        known(Kind::Cidr4, "198.51.100.64/26", Mode::Network, Action::Block),
        known(Kind::Cidr4, "198.51.101.0/24", Mode::Network, Action::Block),
        known(Kind::IpPort, "192.0.2.3:443", Mode::Exact, Action::Block),
    ]);
    items.sort_by(|one, other| (one.0.key(), other.1).cmp(&(other.0.key(), one.1)));
    let mut borders = 0;
    for format in Format::all() {
        for (nth, file) in format.files().iter().enumerate() {
            let (mut out, mut entries, mut last) = (Vec::new(), 0, &[][..]);
            let mut writer = Writer::resumed(format, file, &HEAD, &[]);
            let whole = Writer::of_pieces(format, file, &HEAD, &mut out);
            let mut sum = Sum::default();
            for known in &items {
                if known.0.key() != last {
                    let rest = writer.rest(known.0.key());
                    sum.add_all(writer.take_sum());
                    writer = Writer::resumed(format, file, &HEAD, &rest);
                    borders += 1;
                }
                last = known.0.key();
                let outcome = writer.item(&mut out, &known.item());
                entries += u64::from(matches!(outcome, Outcome::Written | Outcome::InPart(_)));
            }
            sum.add_all(writer.take_sum());
            whole.tail_behind(&mut out, entries, sum, &writer.rest(&[u8::MAX]));
            if let Some(mut stamp) = format.stamp(HEAD.as_of) {
                stamp.put(&mut out);
            }
            let (text, _) = written(format, nth, &items);
            assert_eq!(String::from_utf8(out).unwrap(), text, "{format} {}", file.name);
        }
    }
    assert!(borders > 500, "{borders}");
}

#[test]
fn every_file_is_as_it_is_to_the_letter() {
    for format in Format::all() {
        for (nth, file) in format.files().iter().enumerate() {
            let (text, _) = written(format, nth, &world());
            let path = golden(format, file.name);
            if std::env::var_os("ACCORD_GOLDEN_WRITE").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{}", path.display());
        }
    }
}

#[test]
fn examples_in_the_documentation_are_real() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(folder.join("../../docs/sensors.md")).unwrap();
    let mut real = String::new();
    for format in Format::all() {
        for nth in 0..format.files().len() {
            real.push_str(&written(format, nth, &world()).0);
        }
        assert!(page.contains(&format!("`{format}`]")), "{format} is not in the documentation");
    }
    let examples: Vec<&str> =
        page.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() > 10);
    for line in examples.iter().flat_map(|example| example.lines()) {
        assert!(real.lines().any(|written| written == line), "{line}");
    }
    for reason in Reason::all().filter(|reason| *reason != Reason::Order) {
        assert!(page.contains(&format!("`{}`", reason.name())), "{reason:?}");
    }
}

#[test]
fn formats_are_found_by_their_names_and_their_files_by_theirs() {
    for format in Format::all() {
        assert_eq!(Format::from_name(format.name()), Some(format));
        let mut names: Vec<&str> = format.files().iter().map(|file| file.name).collect();
        assert!(names.iter().all(|name| !name.is_empty() && !name.contains('/')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), format.files().len(), "{format}");
    }
    assert_eq!(Format::from_name("stix"), None);
}

#[test]
fn equal_items_make_equal_bytes() {
    for format in Format::all() {
        for nth in 0..format.files().len() {
            assert_eq!(written(format, nth, &world()), written(format, nth, &world()), "{format}");
        }
    }
}

/// What becomes of one item, as the one file says that does not leave it to another one.
fn outcome(format: Format, known: Known) -> Outcome {
    let items = std::slice::from_ref(&known);
    let said = (0..format.files().len()).map(|nth| written(format, nth, items).1[0]);
    let mut said = said.filter(|outcome| *outcome != Outcome::Elsewhere);
    let outcome = said.next().unwrap();
    assert_eq!(said.next(), None, "{format}: one file says what became of an item");
    outcome
}

#[test]
fn what_must_not_be_stopped_is_in_no_file_that_stops() {
    let barred = [
        (Kind::Domain, "github.io", Mode::Subdomains, Reason::PublicSuffix),
        (Kind::Domain, "co.uk", Mode::Wildcard, Reason::PublicSuffix),
        (Kind::Domain, "localhost", Mode::Exact, Reason::Reserved),
        (Kind::Ipv4, "0.0.0.0", Mode::Exact, Reason::Reserved),
        (Kind::Ipv6, "::", Mode::Exact, Reason::Reserved),
        (Kind::Cidr4, "0.0.0.0/0", Mode::Network, Reason::TooWide),
        (Kind::Cidr6, "2000::/3", Mode::Network, Reason::TooWide),
        (Kind::Url, "http://github.io/", Mode::HostPath, Reason::PublicSuffix),
    ];
    for format in Format::all().filter(|format| format.least_action() > Action::Context) {
        for (kind, raw, mode, reason) in barred {
            let known = known(kind, raw, mode, Action::Block);
            let is_placed = format.files().iter().any(|file| file.kinds().contains(&known.0.kind()));
            let reason = if is_placed { reason } else { Reason::Kind };
            assert_eq!(outcome(format, known), Outcome::PassedOver(reason), "{format} {raw}");
        }
    }
}

#[test]
fn no_sensor_does_more_than_is_allowed() {
    for format in Format::all() {
        for action in Action::ALL {
            let is_less = *action < format.least_action();
            if matches!(format, Format::Sigma | Format::Yara) {
                assert_eq!(format.least_action(), Action::Alert);
                continue;
            }
            let got = outcome(format, known(Kind::Domain, "evil.example", Mode::Exact, *action));
            let took = outcome(format, known(Kind::Ipv4, "192.0.2.1", Mode::Exact, *action));
            assert_eq!(
                [got, took].contains(&Outcome::PassedOver(Reason::Action)),
                is_less,
                "{format} {action:?}"
            );
        }
    }
}

#[test]
fn what_ended_is_not_written() {
    let known = known(Kind::Ipv4, "192.0.2.1", Mode::Exact, Action::Block);
    let item = Item { until: Some(AS_OF), ..known.item() };
    for format in Format::all() {
        let mut said = Vec::new();
        for file in format.files() {
            let mut out = Vec::new();
            let mut writer = Writer::head(format, file, &HEAD, &mut out);
            let before = out.len();
            said.push(writer.item(&mut out, &item));
            assert_eq!(out.len(), before, "{format}");
        }
        said.retain(|outcome| *outcome != Outcome::Elsewhere);
        let has_no_addresses =
            [Format::Rpz, Format::Unbound, Format::Hosts, Format::Adguard, Format::Sigma, Format::Yara];
        let reason = if has_no_addresses.contains(&format) { Reason::Kind } else { Reason::Expired };
        assert_eq!(said, [Outcome::PassedOver(reason)], "{format}");
    }
}

#[test]
fn what_comes_too_late_is_passed_over() {
    let late = [
        known(Kind::Domain, "b.example", Mode::Exact, Action::Block),
        known(Kind::Domain, "b.example", Mode::Exact, Action::Block),
        known(Kind::Domain, "b.example", Mode::Subdomains, Action::Block),
        known(Kind::Domain, "a.example", Mode::Exact, Action::Block),
    ];
    for format in Format::all() {
        for nth in 0..format.files().len() {
            let (_, outcomes) = written(format, nth, &late);
            let rest = &outcomes[1..];
            let (covered, late) = (Outcome::Covered, Outcome::PassedOver(Reason::Order));
            let other = [Outcome::Elsewhere; 3];
            let nowhere = [Outcome::PassedOver(Reason::Kind); 3];
            assert!(
                [&[covered, late, late], &other, &nowhere].contains(&rest.try_into().unwrap()),
                "{format} {rest:?}"
            );
        }
    }
}

#[test]
fn a_name_in_a_policy_zone_is_never_what_a_resolver_does_about_addresses() {
    for name in ["32.1.2.0.192.rpz-ip", "0.0.0.0.0.rpz-client-ip", "ns.example.rpz-nsdname", "x.rpz-anything"]
    {
        let got = outcome(Format::Rpz, known(Kind::Domain, name, Mode::Exact, Action::Block));
        assert_eq!(got, Outcome::PassedOver(Reason::Reserved), "{name}");
    }
}

#[test]
fn a_policy_zone_says_below_and_not_itself_apart() {
    let items = [
        known(Kind::Domain, "d.example", Mode::Wildcard, Action::Block),
        known(Kind::Domain, "d.example", Mode::Exact, Action::Block),
        known(Kind::Domain, "a.d.example", Mode::Exact, Action::Block),
        known(Kind::Domain, "d-e.example", Mode::Exact, Action::Block),
    ];
    let mut sorted: Vec<&Known> = items.iter().collect();
    sorted.sort_by(|one, other| (one.0.key(), other.1).cmp(&(other.0.key(), one.1)));
    let mut out = Vec::new();
    let mut writer = Writer::head(Format::Rpz, &Format::Rpz.files()[0], &HEAD, &mut out);
    out.clear();
    for known in sorted {
        writer.item(&mut out, &known.item());
    }
    writer.tail(&mut out);
    let expected = "d-e.example CNAME .\n*.d.example CNAME .\nd.example CNAME .\n; complete: 3 entries\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn a_callers_number_is_taken_and_none_is_given_twice() {
    let all = [
        known(Kind::Ipv4, "192.0.2.1", Mode::Exact, Action::Block),
        known(Kind::Ipv4, "192.0.2.2", Mode::Exact, Action::Block),
    ];
    let own = SIDS.start + 5;
    let mut out = Vec::new();
    let mut writer = Writer::head(Format::SuricataRules, &Format::SuricataRules.files()[0], &HEAD, &mut out);
    assert_eq!(writer.item(&mut out, &Item { sid: Some(own), ..all[0].item() }), Outcome::Written);
    let again = writer.item(&mut out, &Item { sid: Some(own), ..all[1].item() });
    assert_eq!(again, Outcome::PassedOver(Reason::Number));
    assert!(String::from_utf8(out).unwrap().contains(&format!("sid:{own};")));
    assert!(SIDS.contains(&sid(all[0].0.key(), Mode::Exact, 0)));
}
