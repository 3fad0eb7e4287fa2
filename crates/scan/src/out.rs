//! What was found, as other software reads it: findings of OCSF, alerts of ECS, sightings of STIX, and a report for people.
//!
//! Nothing here reads a clock or opens a file: what is written is a function of what was found. Ids say of which indicator and of which
//! event a finding is, so what is found again adds nothing where it is kept.

mod days;
mod ecs;
mod html;
mod ocsf;
mod stix;

pub use days::{Day, Days};
pub use ecs::ecs;
pub use html::{Report, html};
pub use ocsf::ocsf;
pub use stix::{Window, Windows};

use model::Timestamp;
use model::matching::read;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::known::Named;
use crate::run::{Hit, first_half};

/// What to do about an indicator that was seen, by what a node knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Urgency {
    /// It blocks at one's own sensors.
    Block,
    /// It alerts there.
    Alert,
    /// Nobody was asked, or nothing speaks for or against it.
    #[default]
    Unjudged,
    /// It only informs: it is over, too little is left of it, or the policy wants no more.
    Context,
    /// It is on a warning list, somebody's that is innocent, or called a mistake.
    Noise,
}

impl Urgency {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Urgency::Block => "block",
            Urgency::Alert => "alert",
            Urgency::Unjudged => "unjudged",
            Urgency::Context => "context",
            Urgency::Noise => "noise",
        }
    }
}

/// How an indicator is judged, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grade {
    /// What to do about it.
    pub urgency: Urgency,
    /// Why, in a line; empty where nobody was asked.
    pub why: String,
}

/// A hit, with all that is told of it.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'f> {
    /// It.
    pub hit: &'f Hit,
    /// The log that it stands in.
    pub log: &'f str,
    /// The indicator.
    pub named: Named<'f>,
    /// How it is judged.
    pub grade: &'f Grade,
    /// The time of what says none.
    pub now: Timestamp,
}

impl Finding<'_> {
    /// Its id, 32 hexadecimal digits: a digest of the indicator and of the event, which is the line and its time. The same line under another
    /// name, or packed, has the same.
    #[must_use]
    pub fn id(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(b"accord hit 1\0");
        digest.update(identity(&self.named).as_bytes());
        digest.update([0]);
        digest.update(self.hit.event);
        hex(&first_half(&digest.finalize()))
    }

    fn time(&self) -> Timestamp {
        self.hit.time.unwrap_or(self.now)
    }

    fn line(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.hit.line)
    }

    fn title(&self) -> String {
        format!("{} of a known indicator: {}", self.hit.kind.name(), self.hit.seen)
    }
}

/// What an indicator is called everywhere: its id, else its value in normal form and how that is meant.
fn identity(named: &Named<'_>) -> String {
    if !named.object.is_empty() {
        return named.object.to_owned();
    }
    match read(None, named.value) {
        Ok((value, mode)) => format!("{} {} {}", value.kind().name(), mode.name(), value.text()),
        Err(_) => named.value.to_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |at: u8| DIGITS.get(usize::from(at)).copied().unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A JSON object of these members, without those that are null.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let some = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(some.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

/// The text, or null for none.
fn some(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::String(text.to_owned()) }
}

/// The word of TLP 2.0 in a label, such as `AMBER+STRICT`.
fn tlp(label: &str) -> Option<&str> {
    let word = label.strip_prefix("TLP:").unwrap_or(label);
    ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"].contains(&word).then_some(word)
}

#[cfg(test)]
pub(crate) mod tests {
    use shield::Kind;

    use super::*;

    pub(crate) fn hit(kind: Kind, seen: &str, time: Option<&str>) -> Hit {
        Hit {
            at: 12,
            line: (*b"the \"line\"\xff").into(),
            event: [7; 16],
            fields: vec!["query".to_owned(), "answers".to_owned()],
            kind,
            seen: seen.to_owned(),
            id: 0,
            time: time.map(|time| time.parse().unwrap()),
            host: Some("192.0.2.1".to_owned()),
        }
    }

    pub(crate) const NAMED: Named<'static> = Named {
        value: "*.evil.example",
        object: "indicator--00000000-0000-4000-8000-000000000001",
        source: "ACME",
        label: "AMBER+STRICT",
    };

    pub(crate) fn finding<'f>(hit: &'f Hit, named: Named<'f>, grade: &'f Grade) -> Finding<'f> {
        Finding { hit, log: "dns.log", named, grade, now: "2026-04-01T00:00:00Z".parse().unwrap() }
    }

    #[test]
    fn an_id_goes_by_indicator_and_event_alone() {
        let one = hit(Kind::Domain, "www.evil.example", Some("2026-03-05T12:00:00Z"));
        let grade = Grade::default();
        let id = finding(&one, NAMED, &grade).id();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        let elsewhere = Hit { at: 99, host: None, fields: Vec::new(), ..one.clone() };
        let renamed = Finding { log: "dns.log.1.gz", ..finding(&elsewhere, NAMED, &grade) };
        assert_eq!(renamed.id(), id);
        let other_event = Hit { event: [8; 16], ..one.clone() };
        assert_ne!(finding(&other_event, NAMED, &grade).id(), id);
        let other = Named { object: "indicator--00000000-0000-4000-8000-000000000002", ..NAMED };
        assert_ne!(finding(&one, other, &grade).id(), id);
        // Of a list it is the value, however it is written.
        let listed = |value| finding(&one, Named { value, object: "", ..NAMED }, &grade).id();
        assert_eq!(listed("hxxp://Evil[.]example/"), listed("http://evil.example/"));
        assert_ne!(listed("evil.example"), listed("*.evil.example"));
    }
}
