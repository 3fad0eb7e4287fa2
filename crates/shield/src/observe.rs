//! From a field of a record to the values that were seen there: `model` brings them into normal form.

use std::borrow::Cow;

use model::matching::seen_url;
use model::observable::{Kind, Observable, normalise};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A value of this kind.
    Value(Kind),
    /// An address of either family, perhaps with its port, or a network.
    Address,
    /// A domain or an address, perhaps with a port.
    Host,
    /// A digest of a file, known by its length.
    Digest,
}

/// The parts of a URL as a record has them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UrlParts<'b> {
    pub(crate) scheme: Option<&'b [u8]>,
    pub(crate) host: Option<&'b [u8]>,
    pub(crate) port: Option<&'b [u8]>,
    pub(crate) target: Option<&'b [u8]>,
}

/// The port of `https`.
const HTTPS: u16 = 443;

/// How bytes that are no text stand in fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// As they are.
    None,
    /// As `\xHH`, which is how Zeek writes them, and backslashes as two.
    Zeek,
}

/// The values in a field; none where it holds none of its kind.
pub(crate) fn value(holds: Holds, raw: &[u8], escapes: Escapes) -> Vec<Observable> {
    let text = text(raw, escapes);
    let found = match holds {
        Holds::Value(Kind::Email) => return mailboxes(&text),
        // Nothing but a host is no URL, whatever the field is called.
        Holds::Value(Kind::Url) if !text.contains(['/', '\\', '?', '#']) => host(&text),
        Holds::Value(kind) => normalise(kind, &text).ok(),
        Holds::Address => address(&text),
        Holds::Host => host(&text),
        Holds::Digest => digest_kind(text.trim().len()).and_then(|kind| normalise(kind, &text).ok()),
    };
    found.into_iter().collect()
}

/// An address, and the same with its port.
pub(crate) fn endpoint(raw: &[u8], port: Option<&[u8]>, escapes: Escapes) -> Vec<Observable> {
    let mut seen = value(Holds::Address, raw, escapes);
    let single = seen.first().filter(|found| matches!(found.kind(), Kind::Ipv4 | Kind::Ipv6));
    let with_port = single.zip(port).and_then(|(found, port)| {
        let port = std::str::from_utf8(port).ok()?;
        let text = match found.kind() {
            Kind::Ipv6 => format!("[{}]:{port}", found.text()),
            _ => format!("{}:{port}", found.text()),
        };
        normalise(Kind::IpPort, &text).ok()
    });
    seen.extend(with_port);
    seen
}

/// The URL that a record has in parts. Where it does not say the scheme and the port is that of `https`, both are asked for: what is read off the
/// wire on that port is `http`, and what a server writes of its own is not. Without a target, or as one, it is a host.
pub(crate) fn url(parts: &UrlParts<'_>, escapes: Escapes) -> Vec<Observable> {
    let is_host =
        |target: &&[u8]| !target.iter().any(|byte| matches!(byte, b'/' | b'\\' | b'?' | b'#' | b':'));
    let (target, host) = match (parts.target, parts.host) {
        (Some(target), Some(host)) => (target, host),
        (Some(target), None) if !is_host(&target) => (target, &b""[..]),
        (alone, host) => {
            let raw = host.or(alone).unwrap_or_default();
            let seen = endpoint(raw, parts.port, escapes);
            return if seen.is_empty() { value(Holds::Host, raw, escapes) } else { seen };
        }
    };
    let part = |raw: &[u8]| text(raw, escapes).into_owned();
    let scheme = parts.scheme.map(|scheme| part(scheme).to_ascii_lowercase());
    let scheme = scheme.filter(|scheme| !scheme.is_empty());
    let port = parts.port.and_then(|port| std::str::from_utf8(port).ok()?.trim().parse().ok());
    let (host, target) = (part(host), part(target));
    let is_tls = scheme.is_none() && (port == Some(HTTPS) || host.ends_with(":443"));
    let secure = is_tls.then(|| seen_url(Some("https"), &host, port, &target).ok()).flatten();
    let mut seen: Vec<Observable> = secure.into_iter().collect();
    seen.extend(seen_url(scheme.as_deref(), &host, port, &target).ok().filter(|plain| !seen.contains(plain)));
    seen
}

/// The addresses in the field of a mail's head or of its envelope: bare, in angle brackets, behind names, several with commas between.
fn mailboxes(text: &str) -> Vec<Observable> {
    let bare = |part: &str| {
        let inside = part.rsplit_once('<').map_or(part, |(_, rest)| rest.split('>').next().unwrap_or(rest));
        let inside = inside.trim();
        let scheme = inside.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
        normalise(Kind::Email, inside.get(scheme.map_or(0, str::len)..)?).ok()
    };
    text.split([',', ';']).filter_map(bare).collect()
}

fn address(text: &str) -> Option<Observable> {
    let kinds = [Kind::Ipv4, Kind::Ipv6, Kind::IpPort];
    kinds.into_iter().find_map(|kind| normalise(kind, text).ok())
}

fn host(text: &str) -> Option<Observable> {
    address(text).or_else(|| {
        let name = match text.trim().rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => text,
        };
        normalise(Kind::Domain, name).ok()
    })
}

/// The kind of digest of a file that so many hexadecimal digits mostly are.
pub(crate) fn digest_kind(digits: usize) -> Option<Kind> {
    let kinds = [Kind::Md5, Kind::Sha1, Kind::Sha256, Kind::Sha512, Kind::Sha224, Kind::Sha384];
    kinds.into_iter().find(|kind| kind.digest_bytes().is_some_and(|bytes| bytes * 2 == digits))
}

/// The bytes as text. What is no UTF-8 stands as percent escapes: in a URL that is what it means, and in all else it is no part of a value.
pub(crate) fn text(raw: &[u8], escapes: Escapes) -> Cow<'_, str> {
    let raw = match escapes {
        Escapes::Zeek if memchr::memchr(b'\\', raw).is_some() => Cow::Owned(without_escapes(raw)),
        _ => Cow::Borrowed(raw),
    };
    match raw {
        Cow::Borrowed(raw) => match std::str::from_utf8(raw) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(with_percents(raw)),
        },
        Cow::Owned(raw) => Cow::Owned(match std::str::from_utf8(&raw) {
            Ok(text) => text.to_owned(),
            Err(_) => with_percents(&raw),
        }),
    }
}

fn with_percents(raw: &[u8]) -> String {
    let mut out = String::with_capacity(raw.len() + 16);
    for &byte in raw {
        match byte.is_ascii() {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Undoes the escapes of Zeek.
pub(crate) fn without_escapes(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    loop {
        rest = match rest {
            [] => return out,
            [b'\\', b'x', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
                out.push(digit(*high) << 4 | digit(*low));
                after
            }
            [b'\\', b'\\', after @ ..] => {
                out.push(b'\\');
                after
            }
            [byte, after @ ..] => {
                out.push(*byte);
                after
            }
        }
    }
}
