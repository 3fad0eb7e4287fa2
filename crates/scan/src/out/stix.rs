//! Sightings of STIX 2.1: one for each indicator, host and day (UTC), however many hits there were.
//!
//! Memory is bounded: of windows beyond [`WINDOWS`] the hits of an indicator are put together in one sighting of all days and hosts, and of
//! indicators beyond as many only how many hits they had is told.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{self, Write};

use model::Timestamp;
use model::matching::read;
use model::observable::comparison_of;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{identity, tlp};
use crate::known::{Known, Named};
use crate::run::{Hit, first_half};

/// Windows that are kept by themselves, and as many indicators beyond.
const WINDOWS: usize = 500_000;
/// The greatest count of one sighting (STIX 2.1 §5.2).
const COUNT: u64 = 999_999_999;
/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;
/// What ids of all that is made here are made in (RFC 9562 §5.5).
const NAMESPACE: Uuid = Uuid::from_u128(0x5d0b_7a1e_93c4_4f6d_8a27_e1c3_40b9_66f2);
/// When what stands in a list was made, since nobody says: the same at each run.
const EPOCH: &str = "1970-01-01T00:00:00.000Z";

/// The hits of an indicator at a host on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// What the entry is called.
    pub id: u64,
    /// The host or the sensor that the lines name.
    pub host: Option<Box<str>>,
    /// The day, in days since 1970; `None` for lines without a time, and for what was put together.
    pub day: Option<i64>,
    /// How many hits.
    pub count: u64,
    /// The first of them, where they say when.
    pub first: Option<Timestamp>,
    /// The last.
    pub last: Option<Timestamp>,
    /// It is of all days and hosts that have no window of their own.
    pub is_rest: bool,
}

/// Hits, added up by indicator, host and day.
#[derive(Debug)]
pub struct Windows {
    windows: HashMap<[u8; 16], Window>,
    rest: HashMap<[u8; 16], Window>,
    most: usize,
    /// Hits that stand in no window.
    pub untold: u64,
}

impl Default for Windows {
    fn default() -> Windows {
        Windows::of_most(WINDOWS)
    }
}

impl Windows {
    /// Keeps at most so many windows, and as many indicators beyond.
    #[must_use]
    pub fn of_most(most: usize) -> Windows {
        Windows { windows: HashMap::new(), rest: HashMap::new(), most, untold: 0 }
    }

    /// Adds a hit.
    pub fn add(&mut self, hit: &Hit, named: &Named<'_>) {
        let day = hit.time.map(|time| time.0.div_euclid(DAY));
        let host = hit.host.as_deref();
        let identity = identity(named);
        let key = key(&identity, host, day);
        let is_rest = self.windows.len() >= self.most && !self.windows.contains_key(&key);
        let (windows, key, host, day) = match is_rest {
            false => (&mut self.windows, key, host, day),
            true => (&mut self.rest, self::key(&identity, None, None), None, None),
        };
        if windows.len() == self.most && !windows.contains_key(&key) {
            self.untold += 1;
            return;
        }
        let host = host.map(Into::into);
        let new = || Window { id: hit.id, host, day, count: 0, first: None, last: None, is_rest };
        let window = windows.entry(key).or_insert_with(new);
        window.count += 1;
        if let Some(time) = hit.time {
            window.first = Some(window.first.map_or(time, |first| first.min(time)));
            window.last = window.last.max(Some(time));
        }
    }

    /// All of them, in an order that depends on nothing but them; what was put together comes last.
    #[must_use]
    pub fn all(&self) -> Vec<&Window> {
        let mut all = Vec::with_capacity(self.windows.len() + self.rest.len());
        for of in [&self.windows, &self.rest] {
            let mut windows: Vec<_> = of.iter().collect();
            windows.sort_unstable_by_key(|(key, _)| **key);
            all.extend(windows.into_iter().map(|(_, window)| window));
        }
        all
    }

    /// Writes a bundle: the sightings, the hosts as identities, and the indicators of a list, which are nowhere else.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, known: &Known, out: &mut dyn Write) -> io::Result<()> {
        let all = self.all();
        let mut digest = Sha256::new();
        all.iter().for_each(|window| digest.update(sighting_id(known, window, 0).as_bytes()));
        let bundle = Uuid::new_v5(&NAMESPACE, &digest.finalize());
        write!(out, "{{\"type\":\"bundle\",\"id\":\"bundle--{bundle}\",\"objects\":[")?;
        let mut objects = Objects { out, written: 0 };
        let hosts: BTreeSet<&str> = all.iter().filter_map(|one| one.host.as_deref()).collect();
        for host in hosts {
            objects.write(&host_object(host))?;
        }
        let mut listed = HashSet::new();
        for window in &all {
            let named = known.named(window.id);
            if named.object.is_empty() && listed.insert(identity(&named)) {
                objects.write(&indicator(&named))?;
            }
        }
        for window in &all {
            // More than one sighting may count.
            let parts = window.count.div_ceil(COUNT).max(1);
            for part in 0..parts {
                let count = (window.count - part * COUNT).min(COUNT);
                objects.write(&sighting(known, window, (part, count)))?;
            }
        }
        out.write_all(b"]}\n")
    }
}

fn key(identity: &str, host: Option<&str>, day: Option<i64>) -> [u8; 16] {
    first_half(&Sha256::digest(seed(identity, host, day)))
}

fn seed(identity: &str, host: Option<&str>, day: Option<i64>) -> String {
    let day = day.map_or_else(|| "-".to_owned(), |day| day.to_string());
    format!("{identity}\n{day}\n{}", host.unwrap_or_default())
}

struct Objects<'o> {
    out: &'o mut dyn Write,
    written: usize,
}

impl Objects<'_> {
    fn write(&mut self, object: &Value) -> io::Result<()> {
        if self.written > 0 {
            self.out.write_all(b",")?;
        }
        self.written += 1;
        serde_json::to_writer(&mut *self.out, object).map_err(io::Error::from)
    }
}

// An object of STIX, with what all have.
fn stix_object(kind: &str, id: Uuid, (created, modified): (&str, &str)) -> Map<String, Value> {
    let members = [
        ("type", json!(kind)),
        ("spec_version", json!("2.1")),
        ("id", json!(format!("{kind}--{id}"))),
        ("created", json!(created)),
        ("modified", json!(modified)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn host_id(host: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("host\n{host}").as_bytes())
}

fn host_object(host: &str) -> Value {
    let mut object = stix_object("identity", host_id(host), (EPOCH, EPOCH));
    object.insert("name".to_owned(), json!(host));
    object.insert("identity_class".to_owned(), json!("system"));
    Value::Object(object)
}

fn indicator_id(named: &Named<'_>) -> String {
    if !named.object.is_empty() {
        return named.object.to_owned();
    }
    let id = Uuid::new_v5(&NAMESPACE, format!("indicator\n{}", identity(named)).as_bytes());
    format!("indicator--{id}")
}

// The indicator that a line of a list says.
fn indicator(named: &Named<'_>) -> Value {
    let pattern = read(None, named.value).ok().and_then(|(value, mode)| comparison_of(&value, mode));
    // Of what no pattern says the value is still told.
    let pattern = pattern.unwrap_or_else(|| {
        let literal = named.value.replace('\\', "\\\\").replace('\'', "\\'");
        format!("artifact:x_value = '{literal}'")
    });
    let id = Uuid::new_v5(&NAMESPACE, format!("indicator\n{}", identity(named)).as_bytes());
    let mut object = stix_object("indicator", id, (EPOCH, EPOCH));
    let members = [
        ("name", json!(named.value)),
        ("description", json!("A value of a list that logs were compared with.")),
        ("indicator_types", json!(["unknown"])),
        ("pattern", json!(format!("[{pattern}]"))),
        ("pattern_type", json!("stix")),
        ("valid_from", json!(EPOCH)),
    ];
    object.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Value::Object(object)
}

fn sighting_id(known: &Known, window: &Window, part: u64) -> Uuid {
    let seed = seed(&identity(&known.named(window.id)), window.host.as_deref(), window.day);
    let kind = if window.is_rest { "rest" } else { "sighting" };
    Uuid::new_v5(&NAMESPACE, format!("{kind} {part}\n{seed}").as_bytes())
}

fn sighting(known: &Known, window: &Window, (part, count): (u64, u64)) -> Value {
    let named = known.named(window.id);
    let begins = window.day.map(|day| Timestamp(day.saturating_mul(DAY)).millis_text());
    let created = begins.unwrap_or_else(|| EPOCH.to_owned());
    // What is seen later makes it a newer version, and what is found again the same one.
    let modified = window.last.map_or_else(|| created.clone(), |last| last.millis_text());
    let mut object = stix_object("sighting", sighting_id(known, window, part), (&created, &modified));
    let mut insert = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
    if let (Some(first), Some(last)) = (window.first, window.last) {
        insert("first_seen", json!(first.millis_text()));
        insert("last_seen", json!(last.millis_text()));
    }
    insert("count", json!(count));
    insert("sighting_of_ref", json!(indicator_id(&named)));
    if let Some(host) = &window.host {
        insert("where_sighted_refs", json!([format!("identity--{}", host_id(host))]));
    }
    if let Some(marking) = tlp(named.label).and_then(marking) {
        insert("object_marking_refs", json!([format!("marking-definition--{marking}")]));
    }
    if window.is_rest {
        insert("description", json!("Hits on days and at hosts that are not told one by one."));
    }
    Value::Object(object)
}

// The markings of TLP 2.0, which the OASIS made.
fn marking(word: &str) -> Option<&'static str> {
    Some(match word {
        "CLEAR" => "94868c89-83c2-464b-929b-a1a8aa3c8487",
        "GREEN" => "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "AMBER" => "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        "AMBER+STRICT" => "939a9414-2ddd-4d32-a0cd-375ea402b003",
        "RED" => "e828b379-4e03-4974-9ac4-e53a884c97c1",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shield::Kind;

    use super::super::tests::hit;
    use super::*;

    const CSV: &str = "value,kind,object_type,id,tlp,source\n\
        evil.example,domain,indicator,indicator--00000000-0000-4000-8000-000000000001,AMBER,ACME\n";

    fn bundle(windows: &Windows, known: &Known) -> Vec<Value> {
        let mut bytes = Vec::new();
        windows.write(known, &mut bytes).unwrap();
        // Ours checks that it is STIX: nothing is wrong with any object, and every reference is told.
        let limits = strictjson::Limits { bytes: bytes.len(), ..strictjson::Limits::default() };
        let node = strictjson::parse(&bytes, &limits).unwrap();
        let checked = stix::check(&node, &stix::Limits::default());
        // Ids that follow from what is said are meant to, and are of version 5.
        let wrong: Vec<_> = checked.findings.iter().filter(|one| one.code != "uuid-version").collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        let read: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read["type"], "bundle");
        read["objects"].as_array().unwrap().clone()
    }

    fn of_type(objects: &[Value], kind: &str) -> Vec<Value> {
        objects.iter().filter(|object| object["type"] == kind).cloned().collect()
    }

    #[test]
    fn many_hits_of_an_indicator_at_a_host_on_a_day_are_one_sighting() {
        let known = Known::read(CSV.as_bytes(), 7).unwrap();
        let mut windows = Windows::default();
        for n in 0..10_000_u32 {
            let time = format!("2026-03-05T{:02}:{:02}:{:02}Z", n / 3_600, n / 60 % 60, n % 60);
            windows.add(&hit(Kind::Domain, "evil.example", Some(&time)), &known.named(0));
        }
        windows.add(&hit(Kind::Domain, "evil.example", Some("2026-03-06T00:00:00Z")), &known.named(0));
        let objects = bundle(&windows, &known);
        let sightings = of_type(&objects, "sighting");
        assert_eq!((sightings.len(), of_type(&objects, "identity").len(), objects.len()), (2, 1, 3));
        let day = sightings.iter().find(|one| one["count"] == 10_000).unwrap();
        assert_eq!(day["sighting_of_ref"], "indicator--00000000-0000-4000-8000-000000000001");
        assert_eq!(
            [&day["first_seen"], &day["last_seen"], &day["created"]],
            ["2026-03-05T00:00:00.000Z", "2026-03-05T02:46:39.000Z", "2026-03-05T00:00:00.000Z"]
        );
        assert_eq!(day["where_sighted_refs"][0], of_type(&objects, "identity")[0]["id"]);
        assert_eq!(
            day["object_marking_refs"],
            json!(["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"])
        );
        // The same hits in another order are the same bundle.
        let mut again = Windows::default();
        again.add(&hit(Kind::Domain, "evil.example", Some("2026-03-06T00:00:00Z")), &known.named(0));
        for n in (0..10_000_u32).rev() {
            let time = format!("2026-03-05T{:02}:{:02}:{:02}Z", n / 3_600, n / 60 % 60, n % 60);
            again.add(&hit(Kind::Domain, "evil.example", Some(&time)), &known.named(0));
        }
        assert_eq!(bundle(&again, &known), objects);
    }

    #[test]
    fn what_a_list_says_comes_with_its_sightings() {
        let known = Known::read(&b"*.evil.example\n203.0.113.0/24\nhxxp://a.example/it's\n"[..], 7).unwrap();
        let mut windows = Windows::default();
        for id in [0, 0, 1, 2] {
            let hit = Hit { id, host: None, ..hit(Kind::Domain, "seen", None) };
            windows.add(&hit, &known.named(id));
        }
        let objects = bundle(&windows, &known);
        let patterns: BTreeSet<String> = of_type(&objects, "indicator")
            .iter()
            .map(|one| one["pattern"].as_str().unwrap().to_owned())
            .collect();
        let expected = [
            "[domain-name:value LIKE '%.evil.example']",
            "[ipv4-addr:value ISSUBSET '203.0.113.0/24']",
            "[url:value = 'http://a.example/it\\'s']",
        ];
        assert_eq!(patterns, expected.map(str::to_owned).into());
        let sightings = of_type(&objects, "sighting");
        assert_eq!(sightings.iter().map(|one| one["count"].as_u64().unwrap()).sum::<u64>(), 4);
        for sighting in sightings {
            assert!(objects.iter().any(|object| object["id"] == sighting["sighting_of_ref"]));
        }
    }

    #[test]
    fn beyond_the_bound_hits_are_put_together_and_none_is_lost() {
        let list: String = (0..100).map(|n| format!("n{n}.example\n")).collect();
        let known = Known::read(list.as_bytes(), 7).unwrap();
        let mut windows = Windows::of_most(10);
        for n in 0..1_000_u64 {
            let time = format!("2026-03-{:02}T00:00:00Z", n % 28 + 1);
            let hit = Hit { id: n % 100, ..hit(Kind::Domain, "seen", Some(&time)) };
            windows.add(&hit, &known.named(hit.id));
        }
        let objects = bundle(&windows, &known);
        let told: u64 = of_type(&objects, "sighting").iter().map(|one| one["count"].as_u64().unwrap()).sum();
        assert_eq!(of_type(&objects, "sighting").len(), 20);
        assert!(told > 0 && windows.untold > 0);
        assert_eq!(told + windows.untold, 1_000);
    }

    #[test]
    fn a_count_beyond_what_stix_takes_is_two_sightings() {
        let known = Known::read(CSV.as_bytes(), 7).unwrap();
        let mut windows = Windows::default();
        windows.add(&hit(Kind::Domain, "evil.example", Some("2026-03-05T00:00:00Z")), &known.named(0));
        windows.windows.values_mut().for_each(|window| window.count = COUNT + 5);
        let mut counts: Vec<_> = of_type(&bundle(&windows, &known), "sighting")
            .iter()
            .map(|one| one["count"].as_u64().unwrap())
            .collect();
        counts.sort_unstable();
        assert_eq!(counts, [5, COUNT]);
    }
}
