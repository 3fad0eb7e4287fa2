//! A file for `ipset restore`: `accord-ip4`, `accord-ip6`, `accord-net4` and `accord-net6`.
//!
//! Each line is done as it is read, so a set is filled beside the one in use, and the last lines swap the two: a torn file
//! never does, and what is in use stays whole.

use model::Timestamp;
use model::observable::Kind;

use super::form::Form;
use super::nftables::seconds_until;
use super::text::{closing, opening, put};
use super::{Head, Item, Outcome, Reason};

pub(super) const KINDS: &[Kind] = &[Kind::Ipv4, Kind::Ipv6, Kind::Cidr4, Kind::Cidr6];

/// The sets: name, type, family.
const SETS: [(&str, &str, &str); 4] = [
    ("accord-ip4", "hash:ip", "inet"),
    ("accord-ip6", "hash:ip", "inet6"),
    ("accord-net4", "hash:net", "inet"),
    ("accord-net6", "hash:net", "inet6"),
];

/// The longest timeout that the kernel takes, in seconds: what lasts longer ends then, and is back with the next file.
const TIMEOUT_S_MAX: i64 = 2_147_483;

/// How many elements a set may have. It costs nothing until they are there.
const ELEMENTS_MAX: &str = "16777216";

/// Writes the file.
#[derive(Debug)]
pub(super) struct Ipset {
    as_of: Timestamp,
    last: Vec<u8>,
}

impl Ipset {
    pub(super) fn new(head: &Head<'_>) -> Ipset {
        Ipset { as_of: head.as_of, last: Vec::new() }
    }
}

impl Form for Ipset {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        opening(out, "#", "blocked addresses as sets of ipset", head);
        for (name, of_type, family) in SETS {
            for ending in ["", ".new"] {
                put(out, &["create ", name, ending, " ", of_type, " family ", family]);
                put(out, &[" maxelem ", ELEMENTS_MAX, " timeout 0 -exist\n"]);
            }
            put(out, &["flush ", name, ".new\n"]);
        }
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        if self.last == item.value.key() {
            return Ok(Outcome::Covered);
        }
        let (name, timeout_s) = element(item, self.as_of);
        put(out, &["add ", name, ".new ", item.value.text()]);
        if let Some(seconds) = timeout_s {
            put(out, &[" timeout ", &seconds.to_string()]);
        }
        put(out, &[" -exist\n"]);
        self.last.clear();
        self.last.extend_from_slice(item.value.key());
        Ok(Outcome::Written)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        for (name, ..) in SETS {
            put(out, &["swap ", name, ".new ", name, "\ndestroy ", name, ".new\n"]);
        }
        closing(out, "#", entries);
    }
}

/// The set of an item of a kind that ipset has a set for, and for how many seconds its element stays; `None` is until it is taken out.
#[must_use]
pub fn element(item: &Item<'_>, as_of: Timestamp) -> (&'static str, Option<i64>) {
    let name = match item.value.kind() {
        Kind::Ipv4 => "accord-ip4",
        Kind::Ipv6 => "accord-ip6",
        Kind::Cidr4 => "accord-net4",
        _ => "accord-net6",
    };
    (name, item.until.map(|until| seconds_until(as_of, until).min(TIMEOUT_S_MAX)))
}
