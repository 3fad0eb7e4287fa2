//! The values that an indicator says by themselves: whatever has one of them is what the indicator is about, whatever else it has.
//! What acts is made from these and not from mentions, so that half of a pattern never blocks anything.

#[cfg(test)]
mod tests;

use model::Timestamp;
use model::matching::{Mode, Scheme, stand};
use model::observable::of_rules;
use sha2::{Digest, Sha256};
use stix::pattern::Reading;
use strictjson::Node;
use uuid::Uuid;

use super::index::fold;
use super::observables::of_pattern::alone::{Purpose, sufficient};
use super::shared;

/// Values of one indicator that are taken, at most; of one that says more, none is, since nobody looks through so many.
const VALUES: usize = 10_000;
/// Names of references that say what a thing is called, and nothing of where it is from.
const CATALOGUES: [&str; 8] =
    ["cve", "capec", "cwe", "mitre-attack", "mitre-ics-attack", "mitre-mobile-attack", "nvd", "reference"];
/// What tags begin with that say where something is from.
const ORIGINS: [&str; 3] = ["feed:", "origin:", "source:"];
/// The word of `indicator_types` (STIX 2.1 §10.7) for what is harmless.
const BENIGN: &str = "benign";

/// What is noted of each value beside its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The UUID of the indicator.
    pub uuid: Uuid,
    /// How the value is meant.
    pub mode: Mode,
    /// The scheme that a URL was said with, where that is `http` or `https`.
    pub scheme: Option<Scheme>,
    /// From when it is valid, where that is said.
    pub valid_from: Option<Timestamp>,
    /// Until when, where that is said.
    pub valid_until: Option<Timestamp>,
    /// How sure its author is, where that is said.
    pub confidence: Option<u8>,
    /// A print of the name of the feed that it is from, where one is named.
    pub origin: Option<u64>,
    /// It says that the value is harmless.
    pub benign: bool,
}

/// What stands by itself of an object: key and [`Told`], each key in each mode once. Nothing of what is no indicator, is revoked, or
/// has no pattern of STIX that can be read ([`read_pattern`](super::observables::read_pattern)), or rules that are held.
#[must_use]
pub fn stands(object: &Node<'_>, pattern: Option<&Reading>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let text = |property: &str| object.get(property).and_then(Node::as_str);
    let is_indicator = text("type") == Some("indicator");
    if !is_indicator || object.get("revoked").and_then(Node::as_bool) == Some(true) {
        return Vec::new();
    }
    let uuid = text("id").and_then(|id| id.split_once("--")).and_then(|(_, uuid)| uuid.parse().ok());
    let Some(uuid) = uuid else { return Vec::new() };
    let time = |property| text(property).and_then(|text| text.parse::<Timestamp>().ok());
    let told = Told {
        uuid,
        mode: Mode::Exact,
        scheme: None,
        valid_from: time("valid_from"),
        valid_until: time("valid_until"),
        confidence: object.get("confidence").and_then(Node::as_i64).and_then(|sure| u8::try_from(sure).ok()),
        origin: origin(object),
        benign: texts(object, "indicator_types").any(|kind| kind.eq_ignore_ascii_case(BENIGN)),
    };
    // Rules that are held stand for nothing.
    if let Some((language, text)) = shared::rules_of(object) {
        let rules = shared::read(language, text).is_ok().then(|| of_rules(language.kind(), text));
        return rules.into_iter().map(|rules| (rules.key().to_vec(), told.encode())).collect();
    }
    let Some(reading) = pattern else { return Vec::new() };
    let mut stands = Vec::new();
    for (value, mode, during) in sufficient(&reading.pattern, Purpose::Acting).values {
        let Ok(standing) = stand(&value, mode) else { continue };
        let told = Told { mode, scheme: standing.scheme, ..told.within(during) }.encode();
        stands.extend(standing.keys.into_iter().map(|key| (key, told.clone())));
    }
    stands.sort_unstable();
    stands.dedup();
    if stands.len() > VALUES { Vec::new() } else { stands }
}

fn texts<'n>(object: &'n Node<'_>, property: &str) -> impl Iterator<Item = &'n str> {
    object.get(property).and_then(Node::as_array).into_iter().flatten().filter_map(Node::as_str)
}

/// A print of the name of the feed that an object says it is from: the first reference that names one, else the first tag.
fn origin(object: &Node<'_>) -> Option<u64> {
    let references = object.get("external_references").and_then(Node::as_array).into_iter().flatten();
    let named = references.filter_map(|one| one.get("source_name").and_then(Node::as_str)).map(fold);
    let mut named = named.filter(|name| !name.is_empty() && !CATALOGUES.contains(&name.as_str()));
    let tagged = || {
        let mut tags = texts(object, "labels").map(fold);
        tags.find_map(|tag| ORIGINS.iter().find_map(|sign| Some(tag.strip_prefix(sign)?.trim().to_owned())))
    };
    named.next().or_else(tagged).map(|name| print_of(&name))
}

/// Whether an object says that it is from a feed of this name.
#[must_use]
pub fn is_from(object: &Node<'_>, feed: &str) -> bool {
    origin(object) == Some(feed_print(feed))
}

/// The print of a feed's name, as [`Told::origin`] has it.
#[must_use]
pub fn feed_print(feed: &str) -> u64 {
    print_of(&fold(feed))
}

fn print_of(name: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(name));
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

const FROM: u8 = 1;
const UNTIL: u8 = 2;
const CONFIDENCE: u8 = 4;
const ORIGIN: u8 = 8;
const IS_BENIGN: u8 = 16;
const HTTP: u8 = 32;
const HTTPS: u8 = 64;

impl Told {
    fn within(self, during: Option<(Timestamp, Timestamp)>) -> Told {
        let Some((start, stop)) = during else { return self };
        let from = self.valid_from.map_or(start, |from| from.max(start));
        let until = self.valid_until.map_or(stop, |until| until.min(stop));
        Told { valid_from: Some(from), valid_until: Some(until), ..self }
    }

    /// As bytes: flags, mode, UUID, and what the flags say is there.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let flags = [
            (self.valid_from.is_some(), FROM),
            (self.valid_until.is_some(), UNTIL),
            (self.confidence.is_some(), CONFIDENCE),
            (self.origin.is_some(), ORIGIN),
            (self.benign, IS_BENIGN),
            (self.scheme == Some(Scheme::Http), HTTP),
            (self.scheme == Some(Scheme::Https), HTTPS),
        ];
        let mut out = vec![flags.iter().fold(0, |all, (on, bit)| if *on { all | bit } else { all })];
        let mode = Mode::all().position(|mode| mode == self.mode).unwrap_or_default();
        out.push(u8::try_from(mode).unwrap_or_default());
        out.extend_from_slice(self.uuid.as_bytes());
        for time in [self.valid_from, self.valid_until].into_iter().flatten() {
            out.extend_from_slice(&time.0.to_be_bytes());
        }
        out.extend(self.confidence);
        out.extend(self.origin.into_iter().flat_map(u64::to_be_bytes));
        out
    }

    /// Reads what [`Told::encode`] wrote.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Told> {
        let (flags, rest) = bytes.split_first()?;
        let (mode, rest) = rest.split_first()?;
        let (uuid, mut rest) = rest.split_first_chunk::<16>()?;
        let has = |bit: u8| flags & bit != 0;
        let time = |bytes: [u8; 8]| Timestamp(i64::from_be_bytes(bytes));
        let valid_from = take(&mut rest, has(FROM))?.map(time);
        let valid_until = take(&mut rest, has(UNTIL))?.map(time);
        let confidence = take::<1>(&mut rest, has(CONFIDENCE))?.map(|[sure]| sure);
        let origin = take(&mut rest, has(ORIGIN))?.map(u64::from_be_bytes);
        let scheme = match (has(HTTP), has(HTTPS)) {
            (true, _) => Some(Scheme::Http),
            (_, true) => Some(Scheme::Https),
            _ => None,
        };
        Some(Told {
            uuid: Uuid::from_bytes(*uuid),
            mode: Mode::all().nth(usize::from(*mode))?,
            scheme,
            valid_from,
            valid_until,
            confidence,
            origin,
            benign: has(IS_BENIGN),
        })
        .filter(|_| rest.is_empty())
    }
}

// So many bytes, where they are said to be there.
fn take<const N: usize>(rest: &mut &[u8], is_there: bool) -> Option<Option<[u8; N]>> {
    if !is_there {
        return Some(None);
    }
    let (bytes, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(Some(*bytes))
}
