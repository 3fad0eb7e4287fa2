//! Lists for Squid's access rules: `dstdomain` and `dst`, a value on a line.
//!
//! Squid refuses or ignores values that lie within others, so each file has such as never do: names with what is below them
//! left out, single addresses, and networks.

use model::matching::Mode;
use model::observable::Kind;

use super::cover::Cover;
use super::form::Form;
use super::text::{closing, opening, put};
use super::{Head, Item, Outcome, Reason, dns};

/// One of the files.
#[derive(Debug)]
pub(super) struct List {
    what: &'static str,
    pub(super) kinds: &'static [Kind],
}

pub(super) const DOMAINS: List =
    List { what: "blocked names for an acl of Squid of type dstdomain", kinds: &[Kind::Domain] };
pub(super) const ADDRESSES: List =
    List { what: "blocked addresses for an acl of Squid of type dst", kinds: &[Kind::Ipv4, Kind::Ipv6] };
pub(super) const NETWORKS: List =
    List { what: "blocked networks for an acl of Squid of type dst", kinds: &[Kind::Cidr4, Kind::Cidr6] };

/// Writes one of them.
#[derive(Debug)]
pub(super) struct Squid {
    list: &'static List,
    cover: Cover,
    /// The address that was written last: as itself and as a network it is the same.
    last: Vec<u8>,
}

impl Squid {
    pub(super) fn new(list: &'static List) -> Squid {
        Squid { list, cover: Cover::default(), last: Vec::new() }
    }

    fn domain(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let name = dns::name(item)?;
        if self.cover.has_domain(item.value.key()) {
            return Ok(Outcome::Covered);
        }
        match item.mode {
            Mode::Subdomains => {
                put(out, &[".", name, "\n"]);
                self.cover.keep(item.value.key());
            }
            // Squid takes it for an option.
            Mode::Exact if name.starts_with('-') => return Err(Reason::Reserved),
            Mode::Exact => put(out, &[name, "\n"]),
            _ => return Err(Reason::Mode),
        }
        Ok(Outcome::Written)
    }
}

impl Form for Squid {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        opening(out, "#", self.list.what, head);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        match item.value.kind() {
            Kind::Domain => self.domain(out, item),
            Kind::Cidr4 | Kind::Cidr6 if self.cover.has_network(item) => Ok(Outcome::Covered),
            _ if self.last == item.value.key() => Ok(Outcome::Covered),
            _ => {
                self.last.clear();
                self.last.extend_from_slice(item.value.key());
                self.cover.keep(item.value.key());
                put(out, &[item.value.text(), "\n"]);
                Ok(Outcome::Written)
            }
        }
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        closing(out, "#", entries);
    }

    fn rest(&self, next: &[u8]) -> Vec<u8> {
        self.cover.rest(next)
    }

    fn resume(&mut self, rest: &[u8]) {
        self.cover.keep(rest);
    }
}
