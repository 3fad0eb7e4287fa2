//! From a key back to the text.

use std::net::{Ipv4Addr, Ipv6Addr};

use std::fmt::Write;

use super::digest::LENGTHS;
use super::{Kind, Observable};

/// The normal form whose key this is, as far as the key tells: `None` for what is no key, and for one in which a
/// digest stands for a long text. The local part of an email address and a command line come back in lower case.
#[must_use]
pub fn text_of_key(key: &[u8]) -> Option<String> {
    let (kind, form) = key.split_first()?;
    let kind = Kind::from_byte(*kind)?;
    match kind {
        Kind::Ipv4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(form).ok()?).to_string()),
        Kind::Ipv6 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(form).ok()?).to_string()),
        Kind::Cidr4 => {
            let (length, address) = form.split_last()?;
            Some(format!("{}/{length}", Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?)))
        }
        Kind::Cidr6 => {
            let (length, address) = form.split_last()?;
            Some(format!("{}/{length}", Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?)))
        }
        Kind::Domain => {
            let labels: Vec<&str> = std::str::from_utf8(form).ok()?.strip_suffix('.')?.rsplit('.').collect();
            Some(labels.join("."))
        }
        Kind::IpPort => {
            let (address, port) = form.split_at_checked(form.len().checked_sub(2)?)?;
            let port = u16::from_be_bytes(port.try_into().ok()?);
            match address.len() {
                4 => Some(format!("{}:{port}", Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?))),
                _ => Some(format!("[{}]:{port}", Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?))),
            }
        }
        _ if kind.is_rule() || LENGTHS.iter().any(|(digest, _)| *digest == kind) => {
            Some(hexadecimal(form, ""))
        }
        Kind::Asn => Some(format!("AS{}", u32::from_be_bytes(form.try_into().ok()?))),
        Kind::Mac => Some(hexadecimal(form, ":")),
        _ => std::str::from_utf8(form).ok().map(str::to_owned),
    }
}

/// The value whose key this is, where the key tells all of it: addresses, networks, domains and digests, as [`super::normalise`] would
/// make it of their text, for a fraction of the cost. `None` for all others.
#[must_use]
pub fn value_of_key(key: &[u8]) -> Option<Observable> {
    let kind = Kind::from_byte(*key.first()?)?;
    let is_address =
        matches!(kind, Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr4 | Kind::Cidr6 | Kind::IpPort | Kind::Domain);
    if !is_address && !LENGTHS.contains(&(kind, key.len() - 1)) {
        return None;
    }
    Some(Observable { kind, text: text_of_key(key)?, key: key.to_vec() })
}

/// The URL of `http` or `https` that stands under this form, its normal form without the scheme, as [`super::normalise`] would make it, for a
/// fraction of the cost. `None` where the scheme may change the rest: with a port.
#[must_use]
pub fn url_of_form(scheme: &str, form: &str) -> Option<Observable> {
    super::url::of_form(scheme, form)
}

/// Bytes as pairs of digits with something between them.
pub(super) fn hexadecimal(bytes: &[u8], between: &str) -> String {
    let mut text = String::with_capacity(bytes.len() * (2 + between.len()));
    for (nth, byte) in bytes.iter().enumerate() {
        if nth > 0 {
            text.push_str(between);
        }
        let _never_fails = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observable::{guess, normalise};

    #[test]
    fn a_key_gives_its_text_back() {
        for value in [
            "192.0.2.1",
            "192.0.2.0/25",
            "0.0.0.0/0",
            "2001:db8::1",
            "2001:db8::/33",
            "www.example.com",
            "bücher.example",
            "http://example.com/a?b=c",
            "someone@example.com",
            "d41d8cd98f00b204e9800998ecf8427e",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "AS64496",
            "00:00:5e:00:53:01",
            "CVE-2021-44228",
            "192.0.2.1:443",
            "[2001:db8::1]:443",
            "ja3:d41d8cd98f00b204e9800998ecf8427e",
            r"C:\Temp\a.exe",
            "+4930123456",
        ] {
            let observable = guess(value).unwrap();
            assert_eq!(text_of_key(observable.key()).as_deref(), Some(observable.text()), "{value}");
            if let Some(value) = value_of_key(observable.key()) {
                assert_eq!(value, observable);
            }
        }
    }

    #[test]
    fn what_a_key_tells_whole_is_the_value_itself() {
        for (value, is_told) in [
            ("192.0.2.1", true),
            ("2001:db8::/33", true),
            ("[2001:db8::1]:443", true),
            ("www.bücher.example", true),
            ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", true),
            ("http://example.com/a?b=c", false),
            ("Some.One@example.com", false),
            ("+4930123456", false),
        ] {
            let observable = guess(value).unwrap();
            assert_eq!(value_of_key(observable.key()), is_told.then_some(observable), "{value}");
        }
        // A digest that is too short, and no name.
        for key in [&[Kind::Md5.byte(), 1, 2][..], &[Kind::Domain.byte()], &[]] {
            assert_eq!(value_of_key(key), None, "{key:?}");
        }
    }

    #[test]
    fn what_a_key_does_not_tell_is_not_told() {
        let long = normalise(Kind::Mutex, &"m".repeat(1100)).unwrap();
        for key in [long.key(), &[], &[0x01, 1, 2, 3], &[0x10, 0xFF, 0xFF], &[0xEE, 1], b"\x10com"] {
            assert_eq!(text_of_key(key), None, "{key:?}");
        }
    }
}
