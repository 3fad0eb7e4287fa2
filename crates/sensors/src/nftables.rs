//! Named sets of nftables in a table of their own, `inet accord`: `addr4`, `addr6`, `net4`, `net6`, `port4` and `port6`.
//!
//! `nft -f` takes a file whole or not at all, and the braces of this one are closed by its last lines, so a torn one
//! changes nothing. The sets are emptied and filled in the same transaction; rules that name them stay.
//!
//! Single addresses are in sets of their own: they are found by a hash, and never within an interval of the same set, which
//! the kernel would refuse. Of networks those within others are left out for the same reason.

use model::Timestamp;
use model::observable::Kind;

use super::cover::Cover;
use super::form::Form;
use super::text::{closing, opening, put};
use super::{Head, Item, Outcome, Reason};

pub(super) const KINDS: &[Kind] = &[Kind::Ipv4, Kind::Ipv6, Kind::Cidr4, Kind::Cidr6, Kind::IpPort];

/// The sets: name, type, flags.
const SETS: [(&str, &str, &str); 6] = [
    ("addr4", "ipv4_addr", "timeout"),
    ("addr6", "ipv6_addr", "timeout"),
    ("net4", "ipv4_addr", "interval, timeout"),
    ("net6", "ipv6_addr", "interval, timeout"),
    ("port4", "ipv4_addr . inet_service", "timeout"),
    ("port6", "ipv6_addr . inet_service", "timeout"),
];

/// The longest timeout that is written, in seconds: ten years.
const TIMEOUT_S_MAX: i64 = 3650 * 86_400;

/// Writes the file.
#[derive(Debug)]
pub(super) struct Nftables {
    as_of: Timestamp,
    cover: Cover,
    last: Vec<u8>,
    /// The set whose elements are being written.
    open: Option<&'static str>,
}

impl Nftables {
    pub(super) fn new(head: &Head<'_>) -> Nftables {
        Nftables { as_of: head.as_of, cover: Cover::default(), last: Vec::new(), open: None }
    }

    /// Makes this set the one whose elements follow. Addresses with ports of both families come mixed, so a set may come again:
    /// that adds to it.
    fn turn_to(&mut self, out: &mut Vec<u8>, name: &'static str) {
        if self.open == Some(name) {
            return;
        }
        self.close(out);
        if let Some((_, of_type, flags)) = SETS.iter().find(|(of_name, ..)| *of_name == name) {
            put(out, &["\tset ", name, " {\n\t\ttype ", of_type, "\n\t\tflags ", flags, "\n"]);
            put(out, &["\t\telements = {\n"]);
            self.open = Some(name);
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if self.open.take().is_some() {
            put(out, &["\t\t}\n\t}\n"]);
        }
    }
}

impl Form for Nftables {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        opening(out, "#", "blocked addresses as sets of nftables", head);
        put(out, &["table inet accord {\n"]);
        for (name, of_type, flags) in SETS {
            put(out, &["\tset ", name, " {\n\t\ttype ", of_type, "\n\t\tflags ", flags, "\n\t}\n"]);
        }
        put(out, &["}\n"]);
        for (name, ..) in SETS {
            put(out, &["flush set inet accord ", name, "\n"]);
        }
        put(out, &["table inet accord {\n"]);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        if self.last == item.value.key() || self.cover.has_network(item) {
            return Ok(Outcome::Covered);
        }
        let element = element(item, self.as_of);
        self.turn_to(out, element.set);
        put(out, &["\t\t\t", &element.value]);
        if let Some(timeout) = &element.timeout {
            put(out, &[" timeout ", timeout]);
        }
        put(out, &[",\n"]);
        self.last.clear();
        self.last.extend_from_slice(item.value.key());
        self.cover.keep(item.value.key());
        Ok(Outcome::Written)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        self.close(out);
        put(out, &["}\n"]);
        closing(out, "#", entries);
    }

    // The set whose elements follow, by its place, and the network that others are in.
    fn rest(&self, next: &[u8]) -> Vec<u8> {
        let open = SETS.iter().position(|(name, ..)| Some(*name) == self.open);
        let mut rest = vec![open.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(0)];
        rest.extend(self.cover.rest(next));
        rest
    }

    fn resume(&mut self, rest: &[u8]) {
        if let Some((open, key)) = rest.split_first() {
            self.open = usize::from(*open).checked_sub(1).and_then(|place| SETS.get(place)).map(|set| set.0);
            self.cover.keep(key);
        }
    }
}

/// An element of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The name of its set, in the table `inet accord`.
    pub set: &'static str,
    /// What it is, as `nft` writes it.
    pub value: String,
    /// For how long it stays, as `nft` writes it; `None` is until it is taken out.
    pub timeout: Option<String>,
}

/// The element for an item of a kind that nftables has a set for.
#[must_use]
pub fn element(item: &Item<'_>, as_of: Timestamp) -> Element {
    let text = item.value.text();
    let set = match item.value.kind() {
        Kind::Ipv4 => "addr4",
        Kind::Ipv6 => "addr6",
        Kind::Cidr4 => "net4",
        Kind::Cidr6 => "net6",
        Kind::IpPort if text.starts_with('[') => "port6",
        _ => "port4",
    };
    let value = match (item.value.kind(), text.rsplit_once(':')) {
        (Kind::IpPort, Some((address, port))) => format!("{} . {port}", address.trim_matches(['[', ']'])),
        _ => text.to_owned(),
    };
    let timeout = item.until.map(|until| duration(seconds_until(as_of, until).min(TIMEOUT_S_MAX)));
    Element { set, value, timeout }
}

/// Whole seconds left at the file's time, at least one: an item that ended before is not here.
pub(super) fn seconds_until(as_of: Timestamp, until: Timestamp) -> i64 {
    (until.0.saturating_sub(as_of.0) / 1_000_000).max(1)
}

/// As nft reads a time: a number of seconds alone may have eight digits only.
fn duration(seconds: i64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    format!("{days}d{}h{}m{}s", rest / 3600, rest / 60 % 60, rest % 60)
}
