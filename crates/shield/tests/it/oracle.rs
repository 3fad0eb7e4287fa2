//! What is found is what `model` says: a table from key to entries, gone through one by one, on values of all shapes.

use std::collections::{BTreeMap, BTreeSet};

use model::Timestamp;
use model::matching::{Mode, asks, read, seen_url, stand};
use model::observable::{Kind, Observable, PrefixLengths, normalise};
use shield::{Builder, Column, Entry, Field, Knowledge, Layout, Scanner};

use crate::shapes::{self, Random};

/// The same set, kept in the plainest way.
#[derive(Default)]
struct Plain {
    keys: BTreeMap<Vec<u8>, Vec<Entry>>,
}

impl Plain {
    fn add(&mut self, value: &Observable, entry: Entry) {
        let Ok(standing) = stand(value, entry.mode) else { return };
        for key in standing.keys {
            self.keys.entry(key).or_default().push(Entry { scheme: standing.scheme, ..entry });
        }
    }

    fn ask(&self, seen: &Observable) -> BTreeSet<u64> {
        let (v4, v6): (Vec<u8>, Vec<u8>) = ((0..32).collect(), (0..128).collect());
        let asked = asks(seen, &PrefixLengths { v4: &v4, v6: &v6 });
        let found = asked.iter().flat_map(|ask| {
            let entries = self.keys.get(&ask.key).into_iter().flatten();
            entries.filter(|entry| entry.mode.admits(ask.nearness))
        });
        found.map(|entry| entry.id).collect()
    }
}

/// A value as people say it, in any mode that it fits.
fn said(random: &mut Random) -> Option<(Observable, Mode)> {
    let text = match random.below(6) {
        0 => format!("10.{}.0.0/{}", random.below(3), 8 + random.below(24)),
        1 => format!("2001:db8:{}::/{}", random.below(3), 32 + random.below(90)),
        2 => format!("10.{}.0.{}:{}", random.below(3), random.below(3), random.pick(&["80", "443", "8080"])),
        _ => shapes::any(random),
    };
    let (value, mode) = read(None, &text).ok()?;
    let modes: Vec<Mode> = Mode::all().filter(|mode| mode.fits(value.kind())).collect();
    let mode = if random.below(2) == 0 { mode } else { modes[random.below(modes.len())] };
    Some((value, mode))
}

/// A set of some of what people say, kept in both ways. Some of it came after the file was made, some went.
fn sets(random: &mut Random) -> (Knowledge<Vec<u8>>, Plain) {
    let mut plain = Plain::default();
    let mut builder = Builder::new(random.next());
    let count = 1 + random.below(60) as u64;
    let in_file = random.below(2) as u64 * count / 2 + count / 2;
    let mut removed = BTreeSet::new();
    let mut later = Vec::new();
    for id in 0..count {
        let Some((value, mode)) = said(random) else { continue };
        let entry = Entry { mode, ..Entry::new(id) };
        let is_removed = random.below(8) == 0;
        if is_removed {
            removed.insert(id);
        } else {
            plain.add(&value, entry);
        }
        match id < in_file {
            true => assert_eq!(builder.add(&value, entry).is_ok(), stand(&value, mode).is_ok()),
            false => later.push((value, entry)),
        }
    }
    let mut knowledge = Knowledge::open(builder.finish().unwrap()).unwrap();
    knowledge.check().unwrap();
    for (value, entry) in &later {
        assert_eq!(knowledge.add(value, *entry).is_ok(), stand(value, entry.mode).is_ok());
    }
    removed.iter().for_each(|id| knowledge.remove(*id));
    (knowledge, plain)
}

fn ids(knowledge: &Knowledge<Vec<u8>>, seen: &Observable) -> BTreeSet<u64> {
    knowledge.ask(seen).unwrap().iter().map(|found| found.entry.id).collect()
}

#[test]
fn a_set_answers_what_a_plain_table_answers() {
    let mut random = Random(1);
    let mut hits = 0;
    for _ in 0..300 {
        let (knowledge, plain) = sets(&mut random);
        let rebuilt = Knowledge::open(knowledge.rebuilt(random.next()).unwrap()).unwrap();
        for _ in 0..40 {
            let Some((seen, _)) = said(&mut random) else { continue };
            let expected = plain.ask(&seen);
            assert_eq!(ids(&knowledge, &seen), expected, "{seen:?}");
            assert_eq!(ids(&rebuilt, &seen), expected, "{seen:?}");
            hits += expected.len();
        }
    }
    assert!(hits > 500, "{hits}");
}

/// What `model` finds in a field, without any of our ways to be quick.
fn of_field(plain: &Plain, field: Field, text: &str) -> BTreeSet<u64> {
    let found =
        |kind: Kind, text: &str| normalise(kind, text).map(|seen| plain.ask(&seen)).unwrap_or_default();
    let address = |text: &str| {
        [Kind::Ipv4, Kind::Ipv6, Kind::IpPort].into_iter().find_map(|kind| normalise(kind, text).ok())
    };
    match field {
        // A host alone is no URL.
        Field::Value(Kind::Url) if !text.contains(['/', '\\', '?', '#']) => {
            of_field(plain, Field::Host, text)
        }
        Field::Value(kind) => found(kind, text),
        Field::Address(_) => address(text).map(|seen| plain.ask(&seen)).unwrap_or_default(),
        Field::Host => match address(text) {
            Some(seen) => plain.ask(&seen),
            None => match text.trim().rsplit_once(':') {
                Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => found(Kind::Domain, name),
                _ => found(Kind::Domain, text),
            },
        },
        Field::Digest => match text.trim().len() {
            32 => found(Kind::Md5, text),
            40 => found(Kind::Sha1, text),
            56 => found(Kind::Sha224, text),
            64 => found(Kind::Sha256, text),
            96 => found(Kind::Sha384, text),
            128 => found(Kind::Sha512, text),
            _ => BTreeSet::new(),
        },
        other => panic!("{other:?}"),
    }
}

fn column(at: usize, field: Field) -> Column {
    Column { at, field, list: None }
}

/// All that is found in lines of one layout, line by line.
fn scanned(knowledge: &Knowledge<Vec<u8>>, layout: Layout, log: &[u8]) -> BTreeMap<u64, BTreeSet<u64>> {
    let mut found: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    let mut scanner = Scanner::new(knowledge, layout);
    scanner
        .scan(log, 0, &mut |hit| {
            found.entry(hit.at).or_default().insert(hit.found.entry.id);
        })
        .unwrap();
    found
}

fn is_unset(text: &str) -> bool {
    matches!(text, "" | "-" | "(empty)")
}

#[test]
fn no_field_is_passed_over_that_matches() {
    let mut random = Random(2);
    let kinds =
        [Kind::Domain, Kind::Url, Kind::Email, Kind::Sha256, Kind::Md5, Kind::Ipv4, Kind::Ipv6, Kind::IpPort];
    let fields: Vec<Field> = kinds.into_iter().map(Field::Value).collect();
    let fields = [fields, vec![Field::Host, Field::Digest, Field::Address(0)]].concat();
    let mut hits = 0;
    for _ in 0..200 {
        let (knowledge, plain) = sets(&mut random);
        for field in &fields {
            let mut log = String::new();
            let mut expected = BTreeMap::new();
            for _ in 0..40 {
                let text = shapes::any(&mut random);
                let found = if is_unset(&text) { BTreeSet::new() } else { of_field(&plain, *field, &text) };
                if !found.is_empty() {
                    expected.insert(log.len() as u64, found);
                }
                log.push_str(&text);
                log.push('\n');
            }
            let layout = Layout::columns(b'\t', &[column(0, *field)]).unwrap();
            assert_eq!(scanned(&knowledge, layout, log.as_bytes()), expected, "{field:?} in\n{log}");
            hits += expected.len();
        }
    }
    assert!(hits > 2000, "{hits}");
}

#[test]
fn urls_in_parts_are_made_whole() {
    let mut random = Random(3);
    let mut hits = 0;
    for _ in 0..300 {
        let (knowledge, plain) = sets(&mut random);
        let (mut tabs, mut lines) = (String::new(), String::new());
        let (mut of_tabs, mut of_lines) = (BTreeMap::new(), BTreeMap::new());
        for _ in 0..60 {
            let scheme = random.pick(&["-", "-", "http", "https", "HTTP", "ftp"]);
            let port = random.pick(&["-", "80", "443", "8080", "x", "080"]);
            let (host, target) = (shapes::host(&mut random), shapes::target(&mut random));
            let of = |text: &str| if is_unset(text) { String::new() } else { text.to_owned() };
            let said = Some(of(scheme).to_ascii_lowercase()).filter(|scheme| !scheme.is_empty());
            let (host_of, target_of, number) = (of(&host), of(&target), port.parse::<u16>().ok());
            let whole = |scheme: Option<&str>| {
                seen_url(scheme, &host_of, number, &target_of)
                    .map(|seen| plain.ask(&seen))
                    .unwrap_or_default()
            };
            let mut found = BTreeSet::new();
            let is_alone = host_of.is_empty() && !target_of.contains(['/', '\\', '?', '#', ':']);
            if target_of.is_empty() || is_alone {
                // A host, and with its port where it is an address.
                let host = if host_of.is_empty() { &target_of } else { &host_of };
                found = of_field(&plain, Field::Host, host);
                let bare = [Kind::Ipv4, Kind::Ipv6].into_iter().find_map(|kind| normalise(kind, host).ok());
                if let Some(bare) = bare.filter(|_| !is_unset(port)) {
                    let text = match bare.kind() {
                        Kind::Ipv6 => format!("[{}]:{port}", bare.text()),
                        _ => format!("{}:{port}", bare.text()),
                    };
                    found.extend(
                        normalise(Kind::IpPort, &text).map(|seen| plain.ask(&seen)).unwrap_or_default(),
                    );
                }
            } else {
                found.extend(whole(said.as_deref()));
                if said.is_none() && (number == Some(443) || host_of.ends_with(":443")) {
                    found.extend(whole(Some("https")));
                }
            }
            if !found.is_empty() {
                of_tabs.insert(tabs.len() as u64, found.clone());
                of_lines.insert(lines.len() as u64, found);
            }
            tabs.push_str(&format!("{scheme}\t{host}\t{port}\tx\t{target}\n"));
            let [scheme, host, port, target] =
                [scheme, &host, port, &target].map(|text| text.replace('\\', "\\\\").replace('/', "\\/"));
            lines.push_str(&format!(
                r#"{{"http":{{"scheme":"{scheme}","host":"{host}"}},"x":[{{}}],"http.port":"{port}","t":"{target}"}}"#
            ));
            lines.push('\n');
        }
        let columns = [
            column(0, Field::UrlScheme),
            column(1, Field::UrlHost),
            column(2, Field::UrlPort),
            column(4, Field::UrlTarget),
        ];
        let layout = Layout::columns(b'\t', &columns).unwrap();
        assert_eq!(scanned(&knowledge, layout, tabs.as_bytes()), of_tabs, "{tabs}");
        let paths = [
            ("http.scheme", Field::UrlScheme),
            ("http.host", Field::UrlHost),
            ("http.port", Field::UrlPort),
            ("t", Field::UrlTarget),
        ];
        let layout = Layout::json(&paths).unwrap();
        assert_eq!(scanned(&knowledge, layout, lines.as_bytes()), of_lines, "{lines}");
        hits += of_tabs.len();
    }
    assert!(hits > 500, "{hits}");
}

#[test]
fn only_what_held_at_the_time_of_the_event_is_told() {
    let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let mut builder = Builder::new(5);
    let (value, _) = read(None, "192.0.2.7").unwrap();
    let march = Entry {
        valid_from: at("2026-03-03T00:00:00Z"),
        valid_until: at("2026-03-10T00:00:00Z"),
        ..Entry::new(1)
    };
    builder.add(&value, march).unwrap();
    builder.add(&value, Entry { revoked: true, ..Entry::new(2) }).unwrap();
    builder.add(&value, Entry { valid_from: at("2026-03-09T12:00:00Z"), ..Entry::new(3) }).unwrap();
    let knowledge = Knowledge::open(builder.finish().unwrap()).unwrap();
    let layout = || Layout::columns(b' ', &[column(0, Field::Time), column(1, Field::Address(0))]).unwrap();
    for (time, expected) in [
        ("2026-03-02T23:59:59.999999Z", &[][..]),
        ("2026-03-03T00:00:00Z", &[1]),
        ("1772712000.0", &[1]),
        ("2026-03-09T12:00:00Z", &[1, 3]),
        ("2026-03-10T00:00:00Z", &[3]),
        // Nobody knows when: whatever is not revoked.
        ("-", &[1, 3]),
    ] {
        let found = scanned(&knowledge, layout(), format!("{time} 192.0.2.7").as_bytes());
        let found: Vec<u64> = found.into_values().flatten().collect();
        assert_eq!(found, expected, "{time}");
    }
}
