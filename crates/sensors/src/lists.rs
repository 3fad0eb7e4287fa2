//! Lists of a value on a line: one for each kind, and those of Wazuh.

use model::matching::Mode;
use model::observable::Kind;

use super::form::Form;
use super::text::{closing, is_line, opening, put};
use super::{Head, Item, Outcome, Reason};

/// A list of one kind.
#[derive(Debug)]
pub(super) struct List {
    pub(super) file: &'static str,
    pub(super) kinds: &'static [Kind],
    /// Whether its names stand for all below them too.
    below: bool,
}

const fn list(file: &'static str, kinds: &'static [Kind]) -> List {
    List { file, kinds, below: false }
}

/// A list for each kind that somebody's device takes a list of.
pub(super) const LISTS: &[List] = &[
    list("accord-ipv4.txt", &[Kind::Ipv4]),
    list("accord-ipv6.txt", &[Kind::Ipv6]),
    list("accord-cidr4.txt", &[Kind::Cidr4]),
    list("accord-cidr6.txt", &[Kind::Cidr6]),
    list("accord-ip-port.txt", &[Kind::IpPort]),
    list("accord-domain.txt", &[Kind::Domain]),
    List { file: "accord-subdomains.txt", kinds: &[Kind::Domain], below: true },
    list("accord-url.txt", &[Kind::Url]),
    list("accord-email.txt", &[Kind::Email]),
    list("accord-md5.txt", &[Kind::Md5]),
    list("accord-sha1.txt", &[Kind::Sha1]),
    list("accord-sha256.txt", &[Kind::Sha256]),
];

/// Writes a list.
#[derive(Debug)]
pub(super) struct Plain(pub(super) &'static List);

impl Form for Plain {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        let what = if self.0.below {
            "blocked names, each with all below it".to_owned()
        } else {
            let kinds: Vec<&str> = self.0.kinds.iter().map(|kind| kind.name()).collect();
            format!("blocked values of kind {}", kinds.join(" and "))
        };
        opening(out, "#", &what, head);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let text = item.value.text();
        match item.mode {
            Mode::Exact | Mode::Network if self.0.below => return Ok(Outcome::Elsewhere),
            Mode::Exact | Mode::Network => {}
            Mode::Subdomains if self.0.below => {}
            Mode::Subdomains => return Ok(Outcome::Elsewhere),
            _ => return Err(Reason::Mode),
        }
        if !is_line(text) || text.starts_with('#') {
            return Err(Reason::Characters);
        }
        put(out, &[text, "\n"]);
        Ok(Outcome::Written)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        closing(out, "#", entries);
    }
}

/// A list of Wazuh's: a key, a colon, and what may be done.
#[derive(Debug)]
pub(super) struct CdbList {
    pub(super) kinds: &'static [Kind],
}

pub(super) const CDB_ADDRESSES: CdbList = CdbList { kinds: &[Kind::Ipv4, Kind::Ipv6, Kind::Cidr4] };
pub(super) const CDB_DOMAINS: CdbList = CdbList { kinds: &[Kind::Domain] };
pub(super) const CDB_URLS: CdbList = CdbList { kinds: &[Kind::Url] };
pub(super) const CDB_DIGESTS: CdbList = CdbList { kinds: &[Kind::Md5, Kind::Sha1, Kind::Sha256] };

/// Writes a list of Wazuh's. It has no comments.
#[derive(Debug, Default)]
pub(super) struct Cdb {
    /// The key that was written last: each is there once.
    last: Vec<u8>,
}

impl Form for Cdb {
    fn head(&mut self, _: &mut Vec<u8>, _: &Head<'_>) {}

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let outcome = match item.mode {
            Mode::Exact | Mode::Network => Outcome::Written,
            Mode::Subdomains => Outcome::InPart(Reason::Subdomains),
            _ => return Err(Reason::Mode),
        };
        let text = item.value.text();
        if !is_line(text) || text.contains(['"', '\\', ' ']) {
            return Err(Reason::Characters);
        }
        let key = match item.value.kind() {
            Kind::Cidr4 => octets(text).ok_or(Reason::Mode)?,
            _ if text.contains(':') => format!("\"{text}\""),
            _ => text.to_owned(),
        };
        if self.last == item.value.key() {
            return Ok(Outcome::Covered);
        }
        self.last.clear();
        self.last.extend_from_slice(item.value.key());
        put(out, &[&key, ":", item.action.name(), "\n"]);
        Ok(outcome)
    }

    fn tail(&mut self, _: &mut Vec<u8>, _: u64) {}
}

/// A network as the octets that all in it begin with, which is all that Wazuh knows of networks.
fn octets(network: &str) -> Option<String> {
    let (address, length) = network.split_once('/')?;
    let count = match length {
        "8" => 1,
        "16" => 2,
        "24" => 3,
        _ => return None,
    };
    Some(address.split('.').take(count).map(|octet| format!("{octet}.")).collect())
}
