//! Which keys of an index answer a question about an observable.

use super::{Kind, Observable, Unfit, digest, domain, is_public_suffix, normalise, url};

/// The prefix lengths of the networks that an index holds, so that only those are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PrefixLengths<'a> {
    /// Of IPv4, from 0 to 31.
    pub v4: &'a [u8],
    /// Of IPv6, from 0 to 127.
    pub v6: &'a [u8],
}

/// Keys to ask an index for, and what a find there is to the observable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What a find is.
    pub relation: Relation,
    /// Where to look.
    pub keys: Keys,
}

/// One key, or all from one up to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// This key.
    One(Vec<u8>),
    /// The keys from `start` up to, but without, `end`.
    Range {
        /// The first.
        start: Vec<u8>,
        /// The first behind.
        end: Vec<u8>,
    },
}

/// What a find is to the observable asked about, closest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// The observable itself.
    Same,
    /// The same URL with `https` for `http` or the other way round.
    OtherScheme,
    /// The same digits as another kind of digest: a bare MD5 may be a JA3, a bare SHA-256 a certificate's.
    SameDigits,
    /// The host of the URL, or the address before the port.
    Host,
    /// The name of the file at the end of the path.
    FileName,
    /// The domain of the email address.
    MailDomain,
    /// A network that holds the address, the network or the URL's host.
    Network,
    /// A domain above the domain or the URL's host; never a public suffix.
    Parent,
    /// First digits of cards that hold these.
    Range,
    /// An address or network within the network, a domain below the domain, or digits of cards that go on.
    Within,
}

impl Relation {
    /// What it is called in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Relation::Same => "same",
            Relation::OtherScheme => "other-scheme",
            Relation::SameDigits => "same-digits",
            Relation::Host => "host",
            Relation::FileName => "file-name",
            Relation::MailDomain => "mail-domain",
            Relation::Network => "network",
            Relation::Parent => "parent",
            Relation::Range => "range",
            Relation::Within => "within",
        }
    }
}

impl Observable {
    /// The keys to ask an index for, closest first: the observable itself; for an address or a network those around
    /// it; for a network also what lies in it; for a domain those above it, short of the public suffix, and those
    /// below it, unless it is a public suffix; for a URL the other scheme, the host and those around that; for an
    /// email address its domain; for a digest the same digits of other kinds; for a path its last part; for digits of cards fewer of
    /// them, and more.
    #[must_use]
    pub fn lookup_keys(&self, prefixes: &PrefixLengths<'_>) -> Vec<Probe> {
        let mut probes = vec![one(Relation::Same, self)];
        match self.kind() {
            Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr4 | Kind::Cidr6 | Kind::Domain => {
                self.add_around(prefixes, &mut probes)
            }
            Kind::Url => {
                let other = url::other_scheme(self.text()).map(|text| normalise(Kind::Url, &text));
                probes.extend(found(other).map(|other| one(Relation::OtherScheme, &other)));
                if let Some(host) = url::host(self.text()) {
                    probes.push(one(Relation::Host, &host));
                    host.add_around(prefixes, &mut probes);
                }
            }
            Kind::IpPort => {
                if let Some(host) = self.host() {
                    probes.push(one(Relation::Host, &host));
                    host.add_around(prefixes, &mut probes);
                }
            }
            Kind::FilePath => {
                let name = Some(normalise(Kind::FileName, self.text()));
                probes.extend(found(name).map(|name| one(Relation::FileName, &name)));
            }
            Kind::Email => {
                let host = self.text().rsplit_once('@').map(|(_, host)| normalise(Kind::Domain, host));
                probes.extend(found(host).map(|host| one(Relation::MailDomain, &host)));
            }
            Kind::CardRange => self.add_ranges(&mut probes),
            kind => {
                // The bytes of the digest stand behind the kind.
                let other = |kind: Kind| [&[kind.byte()], self.key().get(1..).unwrap_or(&[])].concat();
                probes.extend(
                    digest::same_length(kind)
                        .map(|kind| Probe { relation: Relation::SameDigits, keys: Keys::One(other(kind)) }),
                );
            }
        }
        if matches!(self.kind(), Kind::Cidr4 | Kind::Cidr6 | Kind::Domain) {
            self.add_within(&mut probes);
        }
        probes
    }

    /// The networks that hold this one, longest prefix first, or the domains above it, nearest first.
    fn add_around(&self, prefixes: &PrefixLengths<'_>, probes: &mut Vec<Probe>) {
        match self.kind() {
            Kind::Domain => {
                let above = domain::parents(self.text()).map(|parent| normalise(Kind::Domain, parent));
                probes.extend(above.flatten().map(|parent| one(Relation::Parent, &parent)));
            }
            Kind::Ipv4 | Kind::Cidr4 => self.add_networks(Kind::Cidr4, prefixes.v4, probes),
            Kind::Ipv6 | Kind::Cidr6 => self.add_networks(Kind::Cidr6, prefixes.v6, probes),
            _ => {}
        }
    }

    fn add_networks(&self, kind: Kind, lengths: &[u8], probes: &mut Vec<Probe>) {
        let (address, own_length) = match (self.kind(), self.key()) {
            (Kind::Cidr4 | Kind::Cidr6, [_, network @ .., length]) => (network, *length),
            (_, [_, address @ ..]) => (address, u8::MAX),
            (_, []) => return,
        };
        // A length that means a single address names no network.
        let is_around = |length: &u8| *length < own_length && usize::from(*length) < 8 * address.len();
        let mut lengths: Vec<u8> = lengths.iter().copied().filter(is_around).collect();
        lengths.sort_unstable_by(|one, other| other.cmp(one));
        lengths.dedup();
        // Their keys are made without their texts: of these there would be many for each lookup.
        probes.extend(lengths.into_iter().map(|length| {
            let mut key = Vec::with_capacity(address.len() + 2);
            key.push(kind.byte());
            key.extend(host_bits(length, address).map(|(byte, host)| byte & !host));
            key.push(length);
            Probe { relation: Relation::Network, keys: Keys::One(key) }
        }));
    }

    fn add_ranges(&self, probes: &mut Vec<Probe>) {
        let own = self.mentioned_under();
        // A range is asked for as the digits that make it up.
        for key in own.iter().skip(1) {
            probes.push(Probe { relation: Relation::Within, keys: Keys::One(key.clone()) });
        }
        for key in own.iter().skip(usize::from(own.len() > 1)) {
            for length in (2..key.len()).rev() {
                let around = key.get(..length).unwrap_or(&[]).to_vec();
                probes.push(Probe { relation: Relation::Range, keys: Keys::One(around) });
            }
            // All digits are below `:`.
            let [start, end] = [b'0', b':'].map(|byte| [key.as_slice(), &[byte]].concat());
            probes.push(Probe { relation: Relation::Within, keys: Keys::Range { start, end } });
        }
    }

    fn add_within(&self, probes: &mut Vec<Probe>) {
        let within = |start: Vec<u8>, end: Vec<u8>| Probe {
            relation: Relation::Within,
            keys: Keys::Range { start, end },
        };
        let single = match self.kind() {
            Kind::Domain if is_public_suffix(self.text()) => return,
            Kind::Domain => {
                // Every key below goes on with more labels; the last byte of this one is the dot, and `/` follows it.
                let mut start = self.key().to_vec();
                start.push(0);
                let mut end = self.key().to_vec();
                end.pop();
                end.push(b'/');
                probes.push(within(start, end));
                return;
            }
            Kind::Cidr4 => Kind::Ipv4,
            _ => Kind::Ipv6,
        };
        let Some((&length, [_, network @ ..])) = self.key().split_last() else { return };
        let last = last_address(network, length);
        let key = |kind: Kind, address: &[u8], tail: &[u8]| [&[kind.byte()], address, tail].concat();
        // Any byte behind the last key makes a key that sorts right after it.
        probes.push(within(key(single, network, &[]), key(single, &last, &[0])));
        // Networks with the same first address and a shorter prefix lie around this one, all others within.
        probes.push(within(key(self.kind(), network, &[length + 1]), key(self.kind(), &last, &[0xFF])));
    }
}

fn one(relation: Relation, observable: &Observable) -> Probe {
    Probe { relation, keys: Keys::One(observable.key().to_vec()) }
}

/// A value derived from a normal form has one itself; if ever not, there is nothing to ask for.
fn found(observable: Option<Result<Observable, Unfit>>) -> Option<Observable> {
    observable.and_then(Result::ok)
}

/// The last address of a network.
fn last_address(network: &[u8], length: u8) -> Vec<u8> {
    host_bits(length, network).map(|(byte, host)| byte | host).collect()
}

/// Each byte of an address with those of its bits that are behind a length.
fn host_bits(length: u8, address: &[u8]) -> impl Iterator<Item = (u8, u8)> {
    let bits_of = move |nth: usize| usize::from(length).saturating_sub(nth * 8).min(8);
    let host = move |nth: usize| 0xFF_u8.checked_shr(bits_of(nth) as u32).unwrap_or(0);
    address.iter().enumerate().map(move |(nth, byte)| (*byte, host(nth)))
}
