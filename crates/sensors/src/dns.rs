//! What resolvers read besides zones: local zones of Unbound, files of hosts, and the lists of AdGuard Home and Pi-hole.

use model::matching::Mode;

use super::cover::Cover;
use super::form::Form;
use super::text::{closing, is_name, opening, put};
use super::{Head, Item, Outcome, Reason};

/// A domain that can be written.
pub(super) fn name<'a>(item: &Item<'a>) -> Result<&'a str, Reason> {
    let name = item.value.text();
    if is_name(name) { Ok(name) } else { Err(Reason::Characters) }
}

/// Local zones (unbound.conf(5), `local-zone`). `always_nxdomain` is for a name and all below it, so a name alone is a
/// transparent zone with an address that leads nowhere, in which other types have no data.
#[derive(Debug, Default)]
pub(super) struct Unbound {
    cover: Cover,
}

impl Form for Unbound {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        opening(out, "#", "blocked names for Unbound", head);
        put(out, &["server:\n"]);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let name = name(item)?;
        if self.cover.has_domain(item.value.key()) {
            return Ok(Outcome::Covered);
        }
        match item.mode {
            Mode::Subdomains => {
                put(out, &["local-zone: \"", name, ".\" always_nxdomain\n"]);
                self.cover.keep(item.value.key());
            }
            Mode::Exact => {
                put(out, &["local-zone: \"", name, ".\" transparent\n"]);
                put(out, &["local-data: \"", name, ". 60 IN A 0.0.0.0\"\n"]);
            }
            _ => return Err(Reason::Mode),
        }
        Ok(Outcome::Written)
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

/// `hosts(5)`: a name leads nowhere. Names below it are not said.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// The key that was written last: a name is there once.
    last: Vec<u8>,
}

impl Form for Hosts {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        opening(out, "#", "blocked names as hosts", head);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let name = name(item)?;
        let outcome = match item.mode {
            Mode::Exact => Outcome::Written,
            Mode::Subdomains => Outcome::InPart(Reason::Subdomains),
            _ => return Err(Reason::Mode),
        };
        if self.last == item.value.key() {
            return Ok(Outcome::Covered);
        }
        self.last.clear();
        self.last.extend_from_slice(item.value.key());
        put(out, &["0.0.0.0 ", name, "\n"]);
        Ok(outcome)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        closing(out, "#", entries);
    }
}

/// The rules that AdGuard Home and Pi-hole share: a name alone is that name, `||name^` also all below it.
#[derive(Debug, Default)]
pub(super) struct Adguard {
    cover: Cover,
}

impl Form for Adguard {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        opening(out, "#", "blocked names for AdGuard Home and Pi-hole", head);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let name = name(item)?;
        if self.cover.has_domain(item.value.key()) {
            return Ok(Outcome::Covered);
        }
        match item.mode {
            Mode::Subdomains => {
                put(out, &["||", name, "^\n"]);
                self.cover.keep(item.value.key());
            }
            Mode::Exact => put(out, &[name, "\n"]),
            _ => return Err(Reason::Mode),
        }
        Ok(Outcome::Written)
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
