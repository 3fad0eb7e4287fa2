//! Response policy zones (draft-vixie-dnsop-dns-rpz-00): `CNAME .` answers that there is no such name.

use model::matching::Mode;

use super::cover::Cover;
use super::form::Form;
use super::text::{closing, is_name, opening, put};
use super::{Head, Item, Outcome, Reason};

/// How many bytes of a name are left to the zone's own, which is whoever loads it to choose: a name in the zone has both, and
/// 253 bytes at most.
const ZONE_NAME_BYTES: usize = 62;

/// For how long resolvers' clients keep an answer, in seconds: a mistake that is taken back ends for them that much later.
const TTL_S: &str = "60";

/// Looks at whether a name can be an owner in a zone, whatever the zone's own name is.
///
/// # Errors
/// Why it cannot.
pub fn owner(name: &str) -> Result<(), Reason> {
    if !is_name(name) {
        return Err(Reason::Characters);
    }
    // `32.1.2.0.192.rpz-ip` and its kin are no names in such a zone, but what resolvers do about addresses and clients.
    if name.rsplit('.').next().is_some_and(|last| last.starts_with("rpz-")) {
        return Err(Reason::Reserved);
    }
    let longest = "*.".len() + name.len() + ".".len() + ZONE_NAME_BYTES;
    if longest > 253 { Err(Reason::TooLong) } else { Ok(()) }
}

/// Names: the resolver answers that they do not exist.
#[derive(Debug, Default)]
pub(super) struct Rpz {
    cover: Cover,
    /// Whether the names below the key of `cover` are said, and not that name itself.
    is_wildcard: bool,
}

impl Form for Rpz {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        opening(out, ";", "blocked names as a response policy zone", head);
        // Greater with each second; a serial has 32 bits, and begins anew in 2106.
        let seconds = head.as_of.0.div_euclid(1_000_000);
        let serial = u32::try_from(seconds.rem_euclid(1 << 32)).unwrap_or(0).to_string();
        let expire = head.trusted_s.max(60).to_string();
        put(out, &["$TTL ", TTL_S, "\n"]);
        put(out, &["@ IN SOA localhost. root.localhost. ", &serial, " 60 60 ", &expire, " ", TTL_S, "\n"]);
        // A name server within the zone would need an address there; nobody asks this one.
        put(out, &["@ IN NS localhost.\n"]);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let name = item.value.text();
        owner(name)?;
        let key = item.value.key();
        if self.cover.has_domain(key) && !(self.is_wildcard && self.cover.is(key)) {
            return Ok(Outcome::Covered);
        }
        match item.mode {
            Mode::Exact => put(out, &[name, " CNAME .\n"]),
            Mode::Subdomains => put(out, &[name, " CNAME .\n*.", name, " CNAME .\n"]),
            Mode::Wildcard => put(out, &["*.", name, " CNAME .\n"]),
            _ => return Err(Reason::Mode),
        }
        if item.mode != Mode::Exact {
            self.cover.keep(key);
            self.is_wildcard = item.mode == Mode::Wildcard;
        }
        Ok(Outcome::Written)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        closing(out, ";", entries);
    }

    fn rest(&self, next: &[u8]) -> Vec<u8> {
        let mut rest = self.cover.rest(next);
        if !rest.is_empty() {
            rest.insert(0, u8::from(self.is_wildcard));
        }
        rest
    }

    fn resume(&mut self, rest: &[u8]) {
        if let Some((is_wildcard, key)) = rest.split_first() {
            self.is_wildcard = *is_wildcard == 1;
            self.cover.keep(key);
        }
    }
}
