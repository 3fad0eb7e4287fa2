//! What members declare as their own: networks, addresses, domains, mail domains; and whether a value hits one of them.

use std::collections::HashSet;
use std::net::IpAddr;

use model::observable::{Kind, Observable, guess, is_public_suffix, normalise};

use super::offered::values_in;

/// The widest network that one organisation declares, as lengths of prefixes: of IPv4, of IPv6.
const WIDEST: (u8, u8) = (8, 16);
/// What stands before a mail domain.
const MAIL: char = '@';

/// A declaration in normal form: a network, an address, a domain, or a mail domain behind `@`.
///
/// # Errors
/// Why it is none, in words.
pub fn asset(text: &str) -> Result<String, String> {
    let text = text.trim();
    let wrong = |why: &str| Err(format!("`{text}` cannot be declared: {why}"));
    let name = |name: &str| match normalise(Kind::Domain, name) {
        Ok(found) if is_public_suffix(found.text()) => {
            wrong("others' names stand under it, which are not yours")
        }
        Ok(found) => Ok(found.text().to_owned()),
        Err(unfit) => wrong(&unfit.to_string()),
    };
    if let Some(domain) = text.strip_prefix(MAIL) {
        return name(domain).map(|domain| format!("{MAIL}{domain}"));
    }
    let found = match guess(text) {
        Ok(found) => found,
        Err(_) => return name(text),
    };
    match found.kind() {
        Kind::Ipv4 | Kind::Ipv6 => Ok(found.text().to_owned()),
        Kind::Cidr4 | Kind::Cidr6 => {
            let length = found.text().rsplit('/').next().and_then(|length| length.parse::<u8>().ok());
            let widest = if found.kind() == Kind::Cidr4 { WIDEST.0 } else { WIDEST.1 };
            match length.is_some_and(|length| length >= widest) {
                true => Ok(found.text().to_owned()),
                false => wrong(&format!("it is wider than /{widest}")),
            }
        }
        Kind::Email => {
            wrong("a person's address is nobody's network; mail domains are written `@example.com`")
        }
        _ => name(text),
    }
}

/// Declarations, ready to be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assets {
    /// Sorted by where they begin, each with the farthest end of those up to it.
    networks: Vec<Network>,
    names: HashSet<String>,
    mails: HashSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Network {
    first: u128,
    last: u128,
    farthest: u128,
    text: String,
}

impl Assets {
    /// Of these declarations in normal form; what is none is passed over.
    pub fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Assets {
        let mut assets = Assets::default();
        for text in texts {
            if text.starts_with(MAIL) {
                assets.mails.insert(text.to_owned());
            } else if let Some((first, last)) = range(text) {
                assets.networks.push(Network { first, last, farthest: last, text: text.to_owned() });
            } else {
                assets.names.insert(text.to_owned());
            }
        }
        assets.networks.sort_unstable();
        let mut farthest = 0;
        for network in &mut assets.networks {
            farthest = network.last.max(farthest);
            network.farthest = farthest;
        }
        assets
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.names.is_empty() && self.mails.is_empty()
    }

    /// The declaration that a value hits: an address or a network that has something in common with a network; a name at or
    /// below a domain; a URL or an address with a port at one of these; an email address at a domain, or at or below a mail domain.
    #[must_use]
    pub fn hit(&self, value: &Observable) -> Option<&str> {
        let text = value.text();
        match value.kind() {
            Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr4 | Kind::Cidr6 => self.network(range(text)?),
            Kind::Domain => self.name(text),
            Kind::Email => {
                let (_, domain) = text.rsplit_once('@')?;
                self.name(domain).or_else(|| self.mail(domain))
            }
            Kind::Url | Kind::IpPort => self.hit(&value.host()?),
            _ => None,
        }
    }

    /// The declaration that a value in running text hits.
    #[must_use]
    pub fn hit_in(&self, text: &str) -> Option<&str> {
        if self.is_empty() {
            return None;
        }
        values_in(text).find_map(|value| self.hit(&value))
    }

    fn network(&self, (first, last): (u128, u128)) -> Option<&str> {
        let upto = self.networks.partition_point(|network| network.first <= last);
        let before = self.networks.get(..upto)?.iter().rev();
        let reach = before.take_while(|network| network.farthest >= first);
        reach.into_iter().find(|network| network.last >= first).map(|network| network.text.as_str())
    }

    fn name(&self, name: &str) -> Option<&str> {
        above(name).find_map(|name| self.names.get(name)).map(String::as_str)
    }

    fn mail(&self, domain: &str) -> Option<&str> {
        let found = above(domain).find_map(|name| self.mails.get(&format!("{MAIL}{name}")));
        found.map(String::as_str)
    }
}

// A name and those above it, the nearest first.
fn above(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, above)| above))
}

// The first and the last address of a network, those of IPv4 among those of IPv6 (RFC 4291 §2.5.5.2).
fn range(text: &str) -> Option<(u128, u128)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let (bits, length) = match address.parse().ok()? {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) | 0xffff << 32, length.unwrap_or(32).checked_add(96)?),
        IpAddr::V6(v6) => (u128::from(v6), length.unwrap_or(128)),
    };
    let free = 128_u32.checked_sub(length)?;
    let mask = u128::MAX.checked_shr(128 - free).unwrap_or(0);
    Some((bits & !mask, bits | mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_have_a_normal_form() {
        for (text, normal) in [
            ("203.0.113.9/24", Some("203.0.113.0/24")),
            ("203.0.113.9", Some("203.0.113.9")),
            ("2001:DB8::/32", Some("2001:db8::/32")),
            (" Example.COM. ", Some("example.com")),
            ("@Mail.Example.com", Some("@mail.example.com")),
            ("co.uk", None),
            ("@github.io", None),
            ("0.0.0.0/0", None),
            ("2000::/3", None),
            ("ada@example.com", None),
            ("", None),
            ("two words", None),
        ] {
            assert_eq!(asset(text).ok().as_deref(), normal, "{text}");
        }
    }

    #[test]
    fn values_hit_what_they_are_at_below_or_around() {
        let declared = [
            "203.0.113.0/24",
            "198.51.100.7",
            "2001:db8::/32",
            "example.com",
            "@mail.example.net",
            "10.0.0.0/8",
        ];
        let assets = Assets::new(declared.into_iter());
        for (value, hit) in [
            ("203.0.113.77", Some("203.0.113.0/24")),
            ("203.0.112.0/20", Some("203.0.113.0/24")),
            ("203.0.113.128/25", Some("203.0.113.0/24")),
            ("203.0.114.1", None),
            ("198.51.100.7", Some("198.51.100.7")),
            ("198.51.100.8", None),
            ("198.51.100.0/24", Some("198.51.100.7")),
            ("2001:db8:1::9", Some("2001:db8::/32")),
            ("2001:db9::1", None),
            ("example.com", Some("example.com")),
            ("a.b.example.com", Some("example.com")),
            ("badexample.com", None),
            ("http://www.example.com:8080/a", Some("example.com")),
            ("203.0.113.9:443", Some("203.0.113.0/24")),
            ("http://203.0.113.9:8080/a", Some("203.0.113.0/24")),
            ("http://203.0.113.9/a", Some("203.0.113.0/24")),
            ("ada@example.com", Some("example.com")),
            ("ada@mail.example.net", Some("@mail.example.net")),
            ("ada@example.net", None),
            ("mail.example.net", None),
            ("10.1.2.3", Some("10.0.0.0/8")),
            ("0.0.0.0/0", Some("203.0.113.0/24")),
        ] {
            assert_eq!(assets.hit(&guess(value).unwrap()), hit, "{value}");
        }
        assert_eq!(assets.hit_in("from our mail server, www[.]example[.]com."), Some("example.com"));
        assert!(Assets::default().is_empty() && Assets::default().hit_in("example.com").is_none());
    }
}
