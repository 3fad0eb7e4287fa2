//! What nobody's sensors may block or alert on, whoever says it: values that are everybody's.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::observable::{Kind, Observable, is_public_suffix};

/// The addresses of the root servers of the DNS, IPv4 and IPv6 (root-servers.org).
const ROOTS4: [[u8; 4]; 13] = [
    [198, 41, 0, 4],
    [170, 247, 170, 2],
    [192, 33, 4, 12],
    [199, 7, 91, 13],
    [192, 203, 230, 10],
    [192, 5, 5, 241],
    [192, 112, 36, 4],
    [198, 97, 190, 53],
    [192, 36, 148, 17],
    [192, 58, 128, 30],
    [193, 0, 14, 129],
    [199, 7, 83, 42],
    [202, 12, 27, 33],
];
const ROOTS6: [&str; 13] = [
    "2001:503:ba3e::2:30",
    "2801:1b8:10::b",
    "2001:500:2::c",
    "2001:500:2d::d",
    "2001:500:a8::e",
    "2001:500:2f::f",
    "2001:500:12::d0d",
    "2001:500:1::53",
    "2001:7fe::53",
    "2001:503:c27::2:30",
    "2001:7fd::1",
    "2001:500:9f::42",
    "2001:dc3::35",
];

/// Names that are for special use (RFC 6761 and what IANA added to its list), with all below them.
const SPECIAL: [&str; 13] = [
    "alt",
    "arpa",
    "example",
    "example.com",
    "example.net",
    "example.org",
    "invalid",
    "internal",
    "local",
    "localhost",
    "onion",
    "test",
    "root-servers.net",
];

/// Digests of what is empty.
const EMPTY: [&str; 5] = [
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
];

/// Why a value is everybody's, in words; `None` where it may be somebody's.
#[must_use]
pub fn innocent(value: &Observable) -> Option<&'static str> {
    match value.kind() {
        Kind::Ipv4 => value.text().parse().ok().and_then(address4),
        Kind::Ipv6 => value.text().parse().ok().and_then(address6),
        Kind::Cidr4 | Kind::Cidr6 => network(value.text()),
        Kind::Domain => name(value.text()),
        // A page below a name of strangers may well be somebody's, so that a public suffix tells nothing of a URL.
        Kind::Url | Kind::Email => value.host().and_then(|host| match host.kind() {
            Kind::Domain => special(host.text()),
            _ => innocent(&host),
        }),
        Kind::IpPort => value.host().and_then(|host| innocent(&host)),
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha384 | Kind::Sha512 => {
            EMPTY.contains(&value.text()).then_some("the digest of an empty file")
        }
        _ => None,
    }
}

/// Nobody's address, or everybody's within his own walls.
const NOBODYS: &str = "an address that is nobody's (RFC 6890)";
const OWN: &str = "an address within everybody's own networks (RFC 1918, RFC 6598, RFC 6890)";
const EXAMPLES: &str = "an address for examples and tests (RFC 5737, RFC 2544)";

/// Networks of IPv4 that are set aside, and for what.
const SPECIAL4: [([u8; 4], u32, &str); 14] = [
    ([0, 0, 0, 0], 8, NOBODYS),
    ([192, 0, 0, 0], 24, NOBODYS),
    ([224, 0, 0, 0], 4, NOBODYS),
    ([240, 0, 0, 0], 4, NOBODYS),
    ([10, 0, 0, 0], 8, OWN),
    ([100, 64, 0, 0], 10, OWN),
    ([127, 0, 0, 0], 8, OWN),
    ([169, 254, 0, 0], 16, OWN),
    ([172, 16, 0, 0], 12, OWN),
    ([192, 168, 0, 0], 16, OWN),
    ([192, 0, 2, 0], 24, EXAMPLES),
    ([198, 18, 0, 0], 15, EXAMPLES),
    ([198, 51, 100, 0], 24, EXAMPLES),
    ([203, 0, 113, 0], 24, EXAMPLES),
];

/// Networks of IPv6 through which the IPv4 of many goes (RFC 6052, RFC 4380, RFC 3056): whoever stops one stops that.
const WAYS6: [(&str, u32); 3] = [("64:ff9b::", 96), ("2001::", 32), ("2002::", 16)];

// Whether the first bits of two addresses are the same.
fn alike4(one: [u8; 4], other: [u8; 4], bits: u32) -> bool {
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
    (u32::from_be_bytes(one) ^ u32::from_be_bytes(other)) & mask == 0
}

fn address4(address: Ipv4Addr) -> Option<&'static str> {
    if ROOTS4.contains(&address.octets()) {
        return Some("a root server of the DNS");
    }
    let holds = |(base, length, _): &&([u8; 4], u32, &str)| alike4(address.octets(), *base, *length);
    SPECIAL4.iter().find(holds).map(|(.., why)| *why)
}

fn address6(address: Ipv6Addr) -> Option<&'static str> {
    if ROOTS6.iter().any(|root| root.parse() == Ok(address)) {
        return Some("a root server of the DNS");
    }
    let [first, second, ..] = address.segments();
    match (first, second) {
        (0, 0) => Some("an address that is nobody's (RFC 6890)"),
        (0x2001, 0xDB8) | (0x3FFF, 0..0x1000) => Some("an address for examples (RFC 3849, RFC 9637)"),
        (0xFC00..0xFE00 | 0xFE80..0xFEC0, _) => {
            Some("an address within everybody's own networks (RFC 4193, RFC 4291)")
        }
        (0xFF00.., _) => Some("an address for many at once (RFC 4291)"),
        _ => None,
    }
}

// A network is everybody's that lies in one that is, or that has one of everybody's own in it, a root server, or the way of many.
fn network(text: &str) -> Option<&'static str> {
    let (address, length) = text.split_once('/')?;
    let length: u32 = length.parse().ok()?;
    if let Ok(address) = address.parse::<Ipv4Addr>() {
        if ROOTS4.iter().any(|root| alike4(*root, address.octets(), length)) {
            return Some("a network with a root server of the DNS in it");
        }
        let meets = |(base, of_length, why): &&([u8; 4], u32, &str)| {
            let is_in = length >= *of_length || *why == OWN || *base == [192, 0, 0, 0];
            is_in && alike4(address.octets(), *base, length.min(*of_length))
        };
        return SPECIAL4.iter().find(meets).map(|(.., why)| *why);
    }
    let address: Ipv6Addr = address.parse().ok()?;
    let holds = |of: &str, length: u32| {
        let mask = u128::MAX.checked_shl(128_u32.saturating_sub(length)).unwrap_or(0);
        of.parse::<Ipv6Addr>().is_ok_and(|of| (u128::from(of) ^ u128::from(address)) & mask == 0)
    };
    if ROOTS6.iter().any(|root| holds(root, length)) {
        return Some("a network with a root server of the DNS in it");
    }
    let is_way = |(way, of_length): &(&str, u32)| length <= *of_length && holds(way, length);
    if WAYS6.iter().any(is_way) {
        return Some("a network through which the IPv4 of many goes (RFC 6052, RFC 4380, RFC 3056)");
    }
    address6(address)
}

fn name(text: &str) -> Option<&'static str> {
    if is_public_suffix(text) {
        return Some("a public suffix: strangers' names are below it");
    }
    special(text)
}

fn special(text: &str) -> Option<&'static str> {
    let mut rest = text;
    loop {
        if SPECIAL.contains(&rest) {
            return Some("a name for special use (RFC 6761), or of the root of the DNS");
        }
        rest = rest.split_once('.')?.1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observable::{guess, normalise};

    #[test]
    fn what_is_everybodys_is_known_in_every_form() {
        for text in [
            "10.1.2.3",
            "127.0.0.1",
            "100.64.1.1",
            "169.254.1.1",
            "192.0.2.7",
            "198.18.5.5",
            "224.0.0.251",
            "255.255.255.255",
            "0.0.0.0",
            "198.41.0.4",
            "202.12.27.33:53",
            "198.41.0.0/24",
            "10.0.0.0/8",
            "172.0.0.0/8",
            "172.0.0.0/9",
            "192.128.0.0/9",
            "169.252.0.0/14",
            "100.0.0.0/9",
            "192.0.0.0/16",
            "203.0.113.128/25",
            "64:ff9b::/96",
            "2002::/16",
            "2001::/32",
            "2001:db8::1",
            "fe80::1",
            "fd00::7",
            "ff02::fb",
            "::1",
            "2001:7fd::1",
            "2001:7fd::/32",
            "co.uk",
            "github.io",
            "duckdns.org",
            "com",
            "localhost",
            "a.root-servers.net",
            "printer.local",
            "www.example.com",
            "http://10.1.2.3/a",
            "http://localhost/a",
            "nobody@example.org",
            "d41d8cd98f00b204e9800998ecf8427e",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ] {
            let value = guess(text).or_else(|_| normalise(Kind::Domain, text)).unwrap();
            assert!(innocent(&value).is_some(), "{text}");
        }
    }

    #[test]
    fn what_is_somebodys_is_not() {
        for text in [
            "203.0.112.9",
            "198.41.0.5",
            "198.42.0.0/16",
            "172.32.0.0/11",
            "172.64.0.0/13",
            "203.0.112.0/22",
            "64:ff9b::808:0/112",
            "2002:a00::/24",
            "2a00:1450::1",
            "2a00:1450::/32",
            "evil.github.io",
            "evil.duckdns.org",
            "exemple.com",
            "http://github.io/a",
            "http://evil.co.uk/a",
            "somebody@github.io",
            "44d88612fea8a8f36de82e1278abb02f",
        ] {
            assert_eq!(guess(text).map(|value| innocent(&value)), Ok(None), "{text}");
        }
        let digest = "d41d8cd98f00b204e9800998ecf8427e";
        assert_eq!(normalise(Kind::Ja3, digest).map(|value| innocent(&value)), Ok(None));
    }
}
