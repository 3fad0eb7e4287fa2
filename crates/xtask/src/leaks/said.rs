//! One object that somebody says, full of canaries: words that stand in it and nowhere else.

use std::fmt::Write;

use model::Tlp;
use stix::tlp::{Level, Version};

/// The types that are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Indicator,
    Malware,
    Actor,
    Domain,
    Address,
    File,
    Relationship,
    Sighting,
    Note,
    Opinion,
    Report,
    Marking,
}

impl Kind {
    /// All but marking definitions, the frequent ones more than once.
    pub const SAID: [Kind; 15] = [
        Kind::Indicator,
        Kind::Indicator,
        Kind::Indicator,
        Kind::Malware,
        Kind::Malware,
        Kind::Actor,
        Kind::Domain,
        Kind::Address,
        Kind::File,
        Kind::Relationship,
        Kind::Relationship,
        Kind::Sighting,
        Kind::Note,
        Kind::Opinion,
        Kind::Report,
    ];
    /// What a sensor says.
    pub const OBSERVED: [Kind; 4] = [Kind::Domain, Kind::Address, Kind::File, Kind::Sighting];

    /// The type as STIX writes it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Indicator => "indicator",
            Kind::Malware => "malware",
            Kind::Actor => "threat-actor",
            Kind::Domain => "domain-name",
            Kind::Address => "ipv4-addr",
            Kind::File => "file",
            Kind::Relationship => "relationship",
            Kind::Sighting => "sighting",
            Kind::Note => "note",
            Kind::Opinion => "opinion",
            Kind::Report => "report",
            Kind::Marking => "marking-definition",
        }
    }

    /// It has no versions.
    pub fn is_observable(self) -> bool {
        matches!(self, Kind::Domain | Kind::Address | Kind::File)
    }
}

/// What an object says about who it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// This TLP.
    Tlp(Tlp),
    /// A marking of terms, by id: with one that never arrives it is RED.
    Terms(String),
    /// Nothing.
    None,
}

/// One object, said once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Which, in its world: its canaries are made of it.
    pub number: usize,
    /// Its type.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// Its version, from 0.
    pub version: usize,
    /// The identity that it says it is of.
    pub author: Option<String>,
    /// Its marking.
    pub mark: Mark,
    /// A part of it is for those who would see the whole under this TLP.
    pub part: Option<Tlp>,
    /// Its part is left out, as if it had never been.
    pub without_part: bool,
    /// Objects that it refers to; at least two for a relationship, one for what is about something.
    pub about: Vec<String>,
    /// It is broken, so that it is refused.
    pub broken: bool,
    /// It is about the value that many are about, and not about one of its own.
    pub shares: bool,
}

/// A word made of a letter and a number, that is part of no other such word, and too long to turn up in random ids.
pub fn in_number(letter: char, number: usize) -> String {
    format!("q{letter}{number:04}zqz")
}

/// The address that many are about.
pub const SHARED_ADDRESS: &str = "198.18.200.200";
/// The domain below which all are.
pub const SHARED_DOMAIN: &str = "shared.example";

impl Said {
    /// The word that stands all over it.
    pub fn canary(&self) -> String {
        in_number('w', self.number)
    }

    /// The word that stands in its part.
    pub fn part_canary(&self) -> String {
        in_number('p', self.number)
    }

    /// The address that it is about.
    pub fn address(&self) -> String {
        match self.shares {
            true => SHARED_ADDRESS.to_owned(),
            false => format!("198.18.1{:02}.1{:02}", self.number / 100 % 100, self.number % 100),
        }
    }

    /// The domain that it is about.
    pub fn domain(&self) -> String {
        match self.shares {
            true => SHARED_DOMAIN.to_owned(),
            false => format!("{}.d{}.{SHARED_DOMAIN}", self.canary(), self.number % 3),
        }
    }

    /// The digest that it is about.
    pub fn digest(&self) -> String {
        format!("feedfeed{:056x}", 0xabcd_0000 + self.number)
    }

    /// Its version as it says it.
    pub fn modified(&self) -> String {
        format!("2026-01-{:02}T00:00:00.000Z", 1 + self.version % 28)
    }

    /// Itself in JSON.
    pub fn json(&self) -> String {
        let canary = self.canary();
        let kind = self.kind.name();
        let mut text = format!("{{\"type\":\"{kind}\",\"spec_version\":\"2.1\",\"id\":\"{}\"", self.id);
        let mut add = |more: String| {
            let _written = write!(text, ",{more}"); // writing to a String cannot fail
        };
        if self.kind == Kind::Marking {
            add("\"created\":\"2026-01-01T00:00:00.000Z\"".to_owned());
            add(format!("\"name\":\"Terms {canary}\",\"definition_type\":\"statement\""));
            add(format!("\"definition\":{{\"statement\":\"Terms of {canary}\"}}"));
            text.push('}');
            return text;
        }
        if !self.kind.is_observable() {
            let modified = if self.broken { "never".to_owned() } else { self.modified() };
            add(format!("\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"{modified}\""));
            add(format!("\"labels\":[\"shared-tag\",\"tag-{canary}\"]"));
            add(format!(
                "\"external_references\":[{{\"source_name\":\"mitre-attack\",\"external_id\":\"T1059\"}},\
                 {{\"source_name\":\"own\",\"external_id\":\"EX-{canary}\"}}]"
            ));
            if let Some(author) = &self.author {
                add(format!("\"created_by_ref\":\"{author}\""));
            }
        }
        add(self.own_properties());
        add(format!("\"x_{canary}\":\"value {canary}\""));
        add("\"x_open\":\"open\"".to_owned());
        let whole = match &self.mark {
            Mark::Tlp(tlp) => Some(marking(*tlp)),
            Mark::Terms(id) => Some(id.clone()),
            Mark::None => None,
        };
        if let Some(whole) = whole {
            add(format!("\"object_marking_refs\":[\"{whole}\"]"));
        }
        // One granular marking stays, whoever looks: what is left of a list of them is not what is tested here.
        let clear = marking(Tlp::Clear);
        let stays = format!("{{\"marking_ref\":\"{clear}\",\"selectors\":[\"x_open\"]}}");
        match self.part.filter(|_| !self.without_part) {
            Some(tlp) => {
                add(format!("\"x_part\":\"only {}\"", self.part_canary()));
                let own = marking(tlp);
                add(format!(
                    "\"granular_markings\":[{{\"marking_ref\":\"{own}\",\"selectors\":[\"x_part\"]}},{stays}]"
                ));
            }
            None if self.part.is_some() => add(format!("\"granular_markings\":[{stays}]")),
            None => {}
        }
        text.push('}');
        text
    }

    fn own_properties(&self) -> String {
        let canary = self.canary();
        let about = |n: usize| self.about.get(n).cloned().unwrap_or_default();
        let all = || format!("[\"{}\"]", self.about.join("\",\""));
        match self.kind {
            Kind::Indicator => format!(
                "\"name\":\"Host {canary}\",\"description\":\"Beacon of {canary} words\",\"pattern_type\":\"stix\",\
                 \"indicator_types\":[\"malicious-activity\"],\"valid_from\":\"2026-01-01T00:00:00Z\",\
                 \"pattern\":\"[domain-name:value = '{}' OR ipv4-addr:value = '{}']\"",
                self.domain(),
                self.address()
            ),
            Kind::Malware => format!(
                "\"name\":\"Beacon {canary}\",\"is_family\":true,\"aliases\":[\"Shared Alias\",\"Alias {canary}\"],\
                 \"malware_types\":[\"bot\"]"
            ),
            Kind::Actor => format!(
                "\"name\":\"Beacon actor {canary}\",\"aliases\":[\"Shared Alias\",\"Alias {canary}\"],\
                 \"threat_actor_types\":[\"crime-syndicate\"]"
            ),
            Kind::Domain => format!("\"value\":\"{}\"", self.domain()),
            Kind::Address => format!("\"value\":\"{}\"", self.address()),
            Kind::File => {
                format!("\"name\":\"{canary}.exe\",\"hashes\":{{\"SHA-256\":\"{}\"}}", self.digest())
            }
            Kind::Relationship => format!(
                "\"relationship_type\":\"related-to\",\"description\":\"Beacon {canary}\",\"source_ref\":\"{}\",\
                 \"target_ref\":\"{}\"",
                about(0),
                about(1)
            ),
            Kind::Sighting => {
                format!("\"description\":\"Beacon {canary}\",\"sighting_of_ref\":\"{}\"", about(0))
            }
            Kind::Note => format!(
                "\"abstract\":\"Beacon {canary}\",\"content\":\"Beacon note {canary}\",\"object_refs\":{}",
                all()
            ),
            Kind::Opinion => {
                let opinion = if self.number.is_multiple_of(3) { "agree" } else { "strongly-disagree" };
                format!(
                    "\"opinion\":\"{opinion}\",\"explanation\":\"Beacon {canary}\",\"object_refs\":{}",
                    all()
                )
            }
            Kind::Report => format!(
                "\"name\":\"Beacon report {canary}\",\"published\":\"2026-01-01T00:00:00Z\",\
                 \"report_types\":[\"threat-report\"],\"object_refs\":{}",
                all()
            ),
            Kind::Marking => String::new(),
        }
    }
}

/// The id of a TLP 2.0 marking.
pub fn marking(tlp: Tlp) -> String {
    let level = match tlp {
        Tlp::Clear => Level::Clear,
        Tlp::Green => Level::Green,
        Tlp::Amber => Level::Amber,
        Tlp::AmberStrict => Level::AmberStrict,
        Tlp::Red => Level::Red,
    };
    level.marking(Version::Two).map(|marking| marking.id.to_owned()).unwrap_or_default()
}

/// The `n`th id of a type in a world. Every such id is told from others by its middle.
pub fn object_id(kind: Kind, n: usize) -> String {
    format!("{}--{n:08x}-ac0d-4ac0-8ac0-0000000000ac", kind.name())
}
