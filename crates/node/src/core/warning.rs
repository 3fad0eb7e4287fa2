//! Warning lists: values that stand for nothing by themselves, since everybody's traffic has them. Lists of the MISP project
//! (JSON with `name`, `type`, `list`, `matching_attributes`) are read.
//!
//! All values stand in one sorted table by the key of their observable, so that a value is found by as many binary searches as it
//! has networks around it (one for each length that lists have) or names above it. Lists of substrings and of regular
//! expressions are passed over: what they match cannot be found so.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::observable::{Keys, Kind, Observable, PrefixLengths, Relation, guess, normalise};
use sha2::{Digest, Sha256};
use strictjson::{Limits, Node};

/// Lists that are taken, at most.
const LISTS: usize = 1_000;
/// Entries of all lists together, at most: some 50 bytes of memory each.
pub const ENTRIES: usize = 4_000_000;
/// A list that stands for more than this part of all addresses would hold back nearly everything: a quarter.
const PART: u128 = 4;
/// Names below which most names of the world are.
const MOST_NAMES: [&str; 3] = ["com", "net", "org"];
/// All addresses of IPv4, and those of IPv6 that are given out (2000::/3): from, and up to.
const ADDRESSES: [(u128, u128); 2] = [(0, 1 << 32), (0x2000 << 112, 0x4000 << 112)];

/// Entries that are looked at below a name or in a network: so many are of all the lists that matter.
const WITHIN: usize = 10_000;

/// An entry: the key of a value, and whose list it is on.
type Entry = (Box<[u8]>, u16);

/// The lists, ready to be asked.
#[derive(Debug, Default)]
pub struct WarningLists {
    lists: Vec<List>,
    /// Sorted.
    values: Vec<Entry>,
    /// Of lists of names, which stand for all below them; sorted.
    names: Vec<Entry>,
    /// Networks; sorted.
    networks: Vec<Entry>,
    /// The lengths that they have, longest first.
    lengths: [BTreeSet<u8>; 2],
    /// Lists that would hold back nearly everything, and are left out: the name of each, and why.
    too_wide: Vec<(String, String)>,
    /// Of all that was read.
    print: u64,
}

/// A list.
#[derive(Debug)]
struct List {
    name: String,
    /// It is about the hosts of URLs too.
    urls: bool,
}

/// How many entries of a list were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Entries that are values which are understood.
    pub entries: usize,
    /// Entries that were passed over.
    pub passed_over: usize,
}

impl WarningLists {
    /// Reads one list into these.
    ///
    /// # Errors
    /// Why it cannot be taken, in words.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Taken, String> {
        self.add_to_print(bytes);
        let document = strictjson::parse(bytes, &Limits::default()).map_err(|error| error.to_string())?;
        let text = |name: &str| document.get(name).and_then(Node::as_str);
        let name = text("name").ok_or("it has no `name`")?;
        let kind = text("type").ok_or("it has no `type`")?;
        if !matches!(kind, "hostname" | "cidr" | "string") {
            return Err(format!("lists of the type `{kind}` are not looked at"));
        }
        let list = document.get("list").and_then(Node::as_array).ok_or("it has no `list`")?;
        let held = self.values.len() + self.names.len() + self.networks.len();
        let number = u16::try_from(self.lists.len()).ok().filter(|number| usize::from(*number) < LISTS);
        let number = number.filter(|_| held + list.len() <= ENTRIES);
        let number =
            number.ok_or_else(|| format!("there is room for {LISTS} lists of {ENTRIES} entries in all"))?;
        let attributes = document.get("matching_attributes").and_then(Node::as_array).unwrap_or_default();
        let is_url = |attribute: &Node<'_>| matches!(attribute.as_str(), Some("url" | "uri"));
        let texts = list.iter().filter_map(Node::as_str);
        let found: Vec<Observable> = texts.filter_map(|entry| understood(kind, entry)).collect();
        if let Some(why) = too_wide(kind, &found) {
            self.too_wide.push((name.to_owned(), why.clone()));
            return Err(why);
        }
        self.lists.push(List { name: name.to_owned(), urls: attributes.iter().any(is_url) });
        let entries = found.len();
        found.iter().for_each(|one| self.take(kind, one, number));
        Ok(Taken { entries, passed_over: list.len() - entries })
    }

    /// Takes one list that is a value a line; names stand for all below them.
    pub fn take_lines(&mut self, name: &str, text: &str) {
        self.add_to_print(text.as_bytes());
        let Ok(number) = u16::try_from(self.lists.len()) else { return };
        self.lists.push(List { name: name.to_owned(), urls: true });
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            understood("hostname", line).iter().for_each(|one| self.take("hostname", one, number));
        }
    }

    /// To be called when all are read, before anything is looked for.
    pub fn sort(&mut self) {
        for table in [&mut self.values, &mut self.names, &mut self.networks] {
            table.sort_unstable();
            table.dedup();
            table.shrink_to_fit();
        }
    }

    fn take(&mut self, kind: &str, found: &Observable, number: u16) {
        let key: Box<[u8]> = found.key().into();
        match (kind, found.kind()) {
            (_, Kind::Cidr4 | Kind::Cidr6) => {
                let length = key.last().copied().unwrap_or_default();
                let of = self.lengths.get_mut(usize::from(found.kind() == Kind::Cidr6));
                of.map(|lengths| lengths.insert(length));
                self.networks.push((key, number));
            }
            ("hostname", Kind::Domain) => self.names.push((key, number)),
            _ => self.values.push((key, number)),
        }
    }

    /// Lists that are left out since they would hold back nearly everything: the name of each, and why.
    pub fn too_wide(&self) -> impl Iterator<Item = (&str, &str)> {
        self.too_wide.iter().map(|(name, why)| (name.as_str(), why.as_str()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// A print of what is in them: another one says that something else is.
    #[must_use]
    pub fn print(&self) -> u64 {
        self.print
    }

    fn add_to_print(&mut self, bytes: &[u8]) {
        let digest = <[u8; 32]>::from(Sha256::digest(bytes));
        let (first, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        self.print = self.print.rotate_left(1) ^ u64::from_be_bytes(*first);
    }

    /// How many lists there are, and how many entries.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.lists.len(), self.values.len() + self.names.len() + self.networks.len())
    }

    /// The names of the lists that a value is on: itself; a network around it, and for a network what lies in it; for an address with
    /// a port, the address; for a domain, a name above it on a list of host names; for a URL, its host, on lists that are about URLs.
    #[must_use]
    pub fn of(&self, value: &Observable) -> Vec<&str> {
        let mut on = BTreeSet::new();
        self.add(value, &mut on);
        if matches!(value.kind(), Kind::Cidr4 | Kind::Cidr6) {
            self.add_within(value, &mut on);
        }
        if value.kind() == Kind::IpPort {
            value.host().iter().for_each(|address| self.add(address, &mut on));
        }
        if value.kind() == Kind::Url {
            let mut of_host = BTreeSet::new();
            let host = value.host();
            host.iter().for_each(|host| self.add(host, &mut of_host));
            let about_urls =
                |number: &u16| self.lists.get(usize::from(*number)).is_some_and(|list| list.urls);
            on.extend(of_host.into_iter().filter(about_urls));
        }
        self.names_of(on)
    }

    /// The names of the lists that names below a domain are on, or below the host of a URL on lists that are about URLs: for whoever
    /// means these too.
    #[must_use]
    pub fn below(&self, value: &Observable) -> Vec<&str> {
        let mut on = BTreeSet::new();
        let host = value.host().filter(|_| value.kind() == Kind::Url);
        match &host {
            Some(host) => {
                self.add_within(host, &mut on);
                on.retain(|number| self.lists.get(usize::from(*number)).is_some_and(|list| list.urls));
            }
            None => self.add_within(value, &mut on),
        }
        self.names_of(on)
    }

    fn names_of(&self, on: BTreeSet<u16>) -> Vec<&str> {
        let lists = on.into_iter().filter_map(|number| self.lists.get(usize::from(number)));
        lists.map(|list| list.name.as_str()).collect()
    }

    fn add_within(&self, value: &Observable, on: &mut BTreeSet<u16>) {
        for probe in value.lookup_keys(&PrefixLengths::default()) {
            let (Relation::Within, Keys::Range { start, end }) = (probe.relation, probe.keys) else {
                continue;
            };
            for table in [&self.values, &self.names, &self.networks] {
                let from = table.partition_point(|(entry, _)| **entry < *start);
                let within = table.iter().skip(from).take_while(|(entry, _)| **entry < *end);
                on.extend(within.take(WITHIN).map(|(_, number)| *number));
            }
        }
    }

    fn add(&self, value: &Observable, on: &mut BTreeSet<u16>) {
        look(&self.values, value.key(), on);
        match value.kind() {
            Kind::Domain => {
                // The keys of names above it are its own up to one of its dots.
                let key = value.key();
                let ends = key.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'.');
                for above in ends.filter_map(|(at, _)| key.get(..=at)) {
                    look(&self.names, above, on);
                }
            }
            Kind::Ipv4 | Kind::Cidr4 => self.add_networks(Kind::Cidr4, value, on),
            Kind::Ipv6 | Kind::Cidr6 => self.add_networks(Kind::Cidr6, value, on),
            _ => {}
        }
    }

    fn add_networks(&self, kind: Kind, value: &Observable, on: &mut BTreeSet<u16>) {
        let bytes = if kind == Kind::Cidr4 { 4 } else { 16 };
        let Some((address, own)) = value.key().get(1..).and_then(|form| form.split_at_checked(bytes)) else {
            return;
        };
        let own = own.first().copied().unwrap_or(u8::MAX);
        let lengths = self.lengths.get(usize::from(kind == Kind::Cidr6));
        for length in lengths.into_iter().flatten().filter(|length| **length <= own) {
            let mut network = vec![kind.byte()];
            network.extend(address.iter().zip(0_u8..).map(|(byte, nth)| {
                let bits = u32::from(length.saturating_sub(nth * 8).min(8));
                byte & !(u8::MAX.checked_shr(bits).unwrap_or(0))
            }));
            network.push(*length);
            look(&self.networks, &network, on);
        }
    }
}

fn understood(kind: &str, entry: &str) -> Option<Observable> {
    let entry = entry.trim();
    let found = match kind {
        "hostname" => normalise(Kind::Domain, entry.trim_start_matches('.')).or_else(|_| guess(entry)),
        _ => guess(entry),
    };
    found.ok()
}

// A list of what is innocent names some of the world. One that stands for nearly all of it would take every block away, and says
// nothing of any value.
fn too_wide(kind: &str, found: &[Observable]) -> Option<String> {
    let is_most = |one: &&Observable| one.kind() == Kind::Domain && MOST_NAMES.contains(&one.text());
    if let Some(name) = found.iter().find(is_most).filter(|_| kind == "hostname") {
        return Some(format!("it stands for all names below `{}`", name.text()));
    }
    for (of, (first, end)) in [Kind::Cidr4, Kind::Cidr6].into_iter().zip(ADDRESSES) {
        let mut spans: Vec<(u128, u128)> =
            found.iter().filter(|one| one.kind() == of).filter_map(span).collect();
        spans.sort_unstable();
        let (mut covered, mut at) = (0, first);
        for (from, to) in spans {
            let (from, to) = (from.max(at), to.min(end));
            covered += to.saturating_sub(from);
            at = at.max(to);
        }
        if covered > (end - first) / PART {
            let which = if of == Kind::Cidr4 { "IPv4" } else { "IPv6" };
            return Some(format!("it stands for more than a quarter of all addresses of {which}"));
        }
    }
    None
}

// The first address of a network, and the first behind it.
fn span(network: &Observable) -> Option<(u128, u128)> {
    let (address, length) = network.text().split_once('/')?;
    let length: u32 = length.parse().ok()?;
    let (first, bits) = match address.parse().ok()? {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let size = 1_u128.checked_shl(u32::checked_sub(bits, length)?).unwrap_or(u128::MAX);
    Some((first, first.saturating_add(size)))
}

fn look(table: &[Entry], key: &[u8], on: &mut BTreeSet<u16>) {
    let from = table.partition_point(|(entry, _)| &**entry < key);
    on.extend(table.iter().skip(from).take_while(|(entry, _)| &**entry == key).map(|(_, number)| *number));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(lists: &[(&str, &str, &[&str], &str)]) -> WarningLists {
        let mut all = WarningLists::default();
        for (name, kind, entries, attribute) in lists {
            let json = serde_json::json!({
                "name": name, "type": kind, "list": entries, "matching_attributes": [attribute], "version": 1,
            });
            let _taken = all.read(json.to_string().as_bytes());
        }
        all.sort();
        all
    }

    #[test]
    fn values_are_on_lists_by_themselves_by_networks_around_and_by_names_above() {
        let all = lists(&[
            ("private", "cidr", &["10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32", "192.0.2.1"], "ip-src"),
            ("top", "hostname", &["example.com", ".example.org"], "url"),
            ("names", "hostname", &["www.example.net"], "domain"),
            ("texts", "string", &["198.51.100.7", "d41d8cd98f00b204e9800998ecf8427e", "what is this"], "md5"),
            ("words", "substring", &["example"], "domain"),
            ("expressions", "regex", &["/^a+$/"], "domain"),
        ]);
        assert_eq!(all.size(), (4, 9));
        for (value, on) in [
            ("10.1.2.3", &["private"][..]),
            ("10.0.0.0/8", &["private"]),
            ("10.1.0.0/16", &["private"]),
            ("10.0.0.0/7", &["private"]),
            ("198.0.0.0/12", &[]),
            ("192.0.0.0/16", &["private"]),
            ("198.51.96.0/20", &["texts"]),
            ("198.51.101.0/24", &[]),
            ("11.0.0.1", &[]),
            ("192.0.2.1", &["private"]),
            ("2001:db8::1", &["private"]),
            ("example.com", &["top"]),
            ("a.b.example.org", &["top"]),
            ("badexample.com", &[]),
            ("http://mail.example.com:8080/a", &["top"]),
            ("10.1.2.3:443", &["private"]),
            ("http://www.example.net/a", &[]),
            ("www.example.net", &["names"]),
            ("example.net", &[]),
            ("198.51.100.7", &["texts"]),
            ("D41D8CD98F00B204E9800998ECF8427E", &["texts"]),
        ] {
            assert_eq!(all.of(&guess(value).unwrap()), on, "{value}");
        }
    }

    #[test]
    fn a_name_is_asked_for_what_lists_have_below_it() {
        let all = lists(&[
            ("names", "hostname", &["www.example.net", "example.org"], "url"),
            ("texts", "string", &["a.b.example.com"], "domain"),
        ]);
        for (value, below) in [
            ("example.net", &["names"][..]),
            ("www.example.net", &[]),
            ("ww.example.net", &[]),
            ("example.com", &["texts"]),
            ("org", &[]),
            ("http://example.net/", &["names"]),
            ("http://example.com/", &[]),
        ] {
            let value = guess(value).or_else(|_| normalise(Kind::Domain, value)).unwrap();
            assert_eq!(all.below(&value), below, "{}", value.text());
        }
    }

    #[test]
    fn a_list_that_stands_for_nearly_everything_is_left_out_and_named() {
        let halves = ["0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "10.0.0.0/8"];
        let quarters = ["64.0.0.0/3", "96.0.0.0/4", "112.0.0.0/4", "112.0.0.0/5", "0.0.0.0/30"];
        for (kind, entries, is) in [
            ("cidr", &["192.0.2.1", "0.0.0.0/0"][..], true),
            ("cidr", &["::/0"], true),
            ("cidr", &["::ffff:0:0/96"], true),
            ("cidr", &["2000::/4"], true),
            ("cidr", &halves, true),
            ("string", &halves, true),
            ("cidr", &quarters, true),
            ("cidr", &quarters[..4], false),
            ("cidr", &["224.0.0.0/4", "240.0.0.0/4", "10.0.0.0/8", "fc00::/6", "::/3"], false),
            ("hostname", &["example.org", ".COM"], true),
            ("hostname", &["org"], true),
            ("hostname", &["barclays", "example.com", "co.uk"], false),
            // By itself it is a name that nobody has.
            ("string", &["com"], false),
        ] {
            let all = lists(&[("wide", kind, entries, "url"), ("other", "string", &["203.0.112.9"], "url")]);
            let named: Vec<_> = all.too_wide().collect();
            assert_eq!((named.len(), all.size().0), if is { (1, 1) } else { (0, 2) }, "{entries:?}");
            assert!(named.iter().all(|(name, why)| *name == "wide" && why.starts_with("it stands for ")));
            assert_eq!(all.of(&guess("203.0.112.9").unwrap()), ["other"]);
        }
    }

    #[test]
    fn what_is_no_list_is_refused_with_the_reason() {
        let mut all = WarningLists::default();
        for bad in ["", "[]", "{}", r#"{"name":"a"}"#, r#"{"name":"a","type":"cidr"}"#] {
            assert!(all.read(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(all.is_empty() && all.of(&guess("10.0.0.1").unwrap()).is_empty());
    }
}
