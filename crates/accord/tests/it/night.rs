//! The bad night: at three in the morning a member that is trusted shares what would take sixty sites off the net.

mod house;
mod way;

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::bench::Said;
use house::{House, SECTOR, SITES, Site, until};

/// An address of a network for content, as an operator's list has it.
const CONTENT: &str = "104.16.132.229";
/// A site that everybody visits.
const POPULAR: &str = "wikipedia.org";
const SUFFIX: &str = "github.io";
const ROOT: &str = "198.41.0.4";
const TRUE: &str = "c2.bad-host.co";
/// Somebody's shop.
const WRONG: &str = "203.0.112.80";
/// How many of the sites are away when it is recalled.
const AWAY: usize = 7;
/// For so long the wrong one is said to be valid.
const VALID_S: i64 = 6 * 3_600;

fn lists() -> [(&'static str, Value); 2] {
    let list = |name: &str, of: &str, list: Value, about: Value| json!({ "name": name, "type": of, "version": 1, "description": "", "list": list, "matching_attributes": about });
    let networks = json!(["104.16.0.0/13", "2606:4700::/32"]);
    let popular = json!([POPULAR, "bbc.co.uk"]);
    [
        ("content", list("Networks for content", "cidr", networks, json!(["ip-dst"]))),
        ("popular", list("Top 100", "hostname", popular, json!(["domain", "url"]))),
    ]
}

/// An indicator for a value, by its number.
fn indicator(number: u32, pattern: &str) -> Value {
    json!({
        "type": "indicator", "spec_version": "2.1", "id": id(number),
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
        "name": format!("number {number}"), "description": "seen in the campaign of tonight",
        "indicator_types": ["malicious-activity"], "pattern": pattern, "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
    })
}

fn id(number: u32) -> String {
    format!("indicator--00000000-0000-4000-8000-{number:012}")
}

/// A night at the node of a sector.
struct Night {
    house: House,
    sites: Vec<Site>,
    /// Of the member that is trusted.
    trusted: String,
    curator: String,
}

impl Night {
    fn begun() -> Night {
        let house = House::new(&lists());
        for member in ["Trusted", "Desk"] {
            house.member(member);
        }
        house.circle("Desk");
        house.join("Desk", "Trusted");
        let sites: Vec<Site> = (1..=SITES).map(|number| house.site("Desk", number)).collect();
        let trusted = house.token("Trusted", &["analyst"]);
        let curator = house.token("Desk", &["curator"]);
        until("all sites follow", || sites.iter().all(|site| site.edge.status().connected));
        Night { house, sites, trusted, curator }
    }

    /// The command line, as the bearer of a token has it.
    fn run(&self, token: &str, words: &[&str]) -> Said {
        self.house.bench.run(&[words, &["--url", &self.house.url, "--token", token]].concat())
    }

    /// Sends indicators to the circle in one bundle, and lets them in. Answers what the sender and the desk were told.
    fn shared(&self, indicators: &[Value]) -> (Value, Value) {
        let bundle = json!({ "type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001", "objects": indicators });
        self.house.bench.write("bundle.json", &bundle.to_string());
        let to = format!("circle:{SECTOR}");
        let sent =
            self.run(&self.trusted, &["import", "bundle.json", "--to", &to, "--tlp", "amber", "--json"]);
        let sent = sent.exits(0).lines().pop().unwrap();
        let queue = self.run(&self.curator, &["queue", "list", "--json"]).exits(0).json();
        let waiting = queue["queue"][0]["id"].as_str().unwrap_or_else(|| panic!("{sent} {queue}"));
        let shown = self.run(&self.curator, &["queue", "show", waiting, "--json"]).exits(0).json();
        self.run(&self.curator, &["queue", "release", waiting]).exits(0);
        (sent, shown)
    }

    /// A token of a site's own organisation.
    fn analyst(&self, site: &Site) -> String {
        self.house.token(&site.name, &["analyst"])
    }

    /// At how many sites all sensors block a value.
    fn live_at(&self, value: &str) -> usize {
        let has = |blocks: &Vec<String>| blocks.iter().any(|one| one == value);
        self.sites.iter().filter(|site| site.blocks().iter().all(has)).count()
    }
}

#[test]
fn nothing_innocent_is_blocked_at_sixty_sites_and_a_mistake_is_taken_back_as_fast() {
    let mut night = Night::begun();
    innocents(&night);
    recalled(&mut night);
    std::thread::scope(|scope| {
        for site in night.sites.drain(..) {
            scope.spawn(move || site.edge.stop());
        }
    });
}

fn innocents(night: &Night) {
    let pattern = |kind: &str, value: &str| format!("[{kind}:value = '{value}']");
    let all = [
        ("ipv4-addr", CONTENT),
        ("domain-name", POPULAR),
        ("domain-name", SUFFIX),
        ("ipv4-addr", ROOT),
        ("domain-name", TRUE),
    ];
    let indicators: Vec<Value> =
        (1..).zip(all).map(|(number, (kind, value))| indicator(number, &pattern(kind, value))).collect();
    let began = std::time::Instant::now();
    let (sent, shown) = night.shared(&indicators);
    // Sender and desk are told of each of the four, before anybody released it, and of nothing else.
    for told in [&sent["waiting"]["findings"], &shown["findings"]] {
        let found: Vec<(&str, &str)> = told
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["check"].as_str().unwrap(), one["message"].as_str().unwrap()))
            .collect();
        for (check, value, by) in [
            ("warning-list", CONTENT, "Networks for content"),
            ("warning-list", POPULAR, "Top 100"),
            ("public-suffix", SUFFIX, ""),
            ("reserved", ROOT, "root server"),
        ] {
            let is = |(of, message): &&(&str, &str)| {
                *of == check && message.contains(&format!("`{value}`")) && message.contains(by)
            };
            assert!(found.iter().any(|one| is(&one)), "{check} {value}: {found:?}");
        }
        assert!(!found.iter().any(|(_, message)| message.contains(TRUE)), "{found:?}");
    }
    until("the true one is live everywhere", || night.live_at(TRUE) == SITES);
    println!("shared, released and live at {SITES} sites after {} ms", began.elapsed().as_millis());
    // Where it is, all that came with it is, too.
    for site in &night.sites {
        assert!(site.blocks_just(&[TRUE]), "{}: {:?}", site.name, site.blocks());
        let table = site.table().join("\n");
        assert!(table.contains(CONTENT) && !table.contains(SUFFIX) && !table.contains(ROOT), "{table}");
        assert_eq!(site.edge.status().alarms, [""; 0]);
    }
    // Each site, and who sent it, may ask why.
    for token in [&night.analyst(&night.sites[0]), &night.trusted] {
        for (value, gate, by) in [
            (CONTENT, "warning-list", "Networks for content"),
            (POPULAR, "warning-list", "Top 100"),
            (SUFFIX, "innocent", "public suffix"),
            (ROOT, "innocent", "root server"),
        ] {
            let why = night.run(token, &["why", value, "--json"]).json();
            let gates = why["known"][0]["gates"].as_array().unwrap();
            let stopped = gates.iter().find(|one| one["gate"] == gate).unwrap_or_else(|| panic!("{why}"));
            assert!(stopped["lets"] != "block" && stopped["by"].as_str().unwrap().contains(by), "{stopped}");
            assert_ne!(why["action"], "block");
        }
        let why = night.run(token, &["why", TRUE, "--json"]).exits(1).json();
        assert_eq!(why["action"], "block");
    }
}

fn recalled(night: &mut Night) {
    let ends = night.house.now().plus_seconds(VALID_S).to_string();
    let pattern = format!("[ipv4-addr:value = '{WRONG}']");
    let mut wrong = indicator(9, &pattern);
    wrong["valid_until"] = ends.as_str().into();
    night.shared(&[wrong]);
    until("the wrong one is live everywhere", || night.live_at(WRONG) == SITES);
    let (away, there) = night.sites.split_at(AWAY);
    for site in away {
        site.is_cut(true);
    }
    until("some are away", || away.iter().all(|site| !site.edge.status().connected));
    night.house.later(120);

    let began = std::time::Instant::now();
    let words = ["recall", &id(9), "--reason", "somebody's shop", "--yes", "--json"];
    let note = night.run(&night.trusted, &words).exits(0).text("/recalls/0/id");
    until("it is gone at all that are there", || there.iter().all(|site| site.blocks_just(&[TRUE])));
    println!("recalled, and gone at {} sites after {} ms", there.len(), began.elapsed().as_millis());
    let show = |token: &str| night.run(token, &["recall", "show", &note, "--json"]).exits(0).json();
    let confirmed = |told: &Value, confirmed: u64| -> Vec<String> {
        let members = told["held"]["members"].as_array().unwrap();
        let of = members.iter().filter(|one| one["edges"]["confirmed"] == confirmed);
        of.map(|one| one["member"]["name"].as_str().unwrap().to_owned()).collect()
    };
    until("those that are there confirm", || confirmed(&show(&night.trusted), 1).len() == there.len());
    println!("confirmed by {} after {} ms", there.len(), began.elapsed().as_millis());
    let told = show(&night.trusted);
    let names: Vec<String> = away.iter().map(|site| site.name.clone()).collect();
    assert_eq!(confirmed(&told, 0), names, "{told}");
    for one in told["held"]["members"].as_array().unwrap() {
        let expected = if names.iter().any(|name| one["member"]["name"] == name.as_str()) {
            json!({ "edges": 1, "confirmed": 0, "away": 1, "ends": ends })
        } else {
            json!({ "edges": 1, "confirmed": 1, "away": 0 })
        };
        assert_eq!(one["edges"], expected, "{one}");
    }
    let said = night.run(&night.trusted, &["recall", "show", &note]).exits(0).out;
    for name in &names {
        let line = said.lines().find(|line| line.contains(name)).unwrap();
        assert!(line.contains("0 of 1 edge confirmed, 1 away") && line.contains(&ends), "{line}");
    }
    // At the site itself, it is named as what it is called there.
    let own = night.run(&night.analyst(&away[0]), &["recall", "show", &note]).exits(0).out;
    let line = own.lines().find(|line| line.contains("edge-01")).unwrap();
    assert!(line.contains("not confirmed") && line.contains("away since") && line.contains(&ends), "{line}");

    // By its own clock each of them ends it; what holds for longer stays.
    assert!(away.iter().all(|site| site.blocks_just(&[WRONG, TRUE])));
    for site in away {
        site.ahead.store(VALID_S, Ordering::SeqCst);
    }
    until("it ends by itself", || away.iter().all(|site| site.blocks_just(&[TRUE])));
    for site in away {
        let status = site.edge.status();
        assert!(status.is_old && status.alarms.iter().any(|alarm| alarm.contains("s old")), "{status:?}");
    }
    // It has become that late for everybody, and they are back.
    night.house.later(VALID_S);
    for site in away {
        site.ahead.store(0, Ordering::SeqCst);
        site.is_cut(false);
    }
    until("all confirm", || confirmed(&show(&night.trusted), 1).len() == SITES);
    until("and all is well", || night.sites.iter().all(|site| site.edge.status().alarms.is_empty()));
    assert!(night.sites.iter().all(|site| site.blocks_just(&[TRUE])));
}
