//! URLs, canonical much as Safe Browsing has it: what differs is that the host is a checked domain or address, that
//! user names are dropped, and that a backslash in a path is a slash, as in browsers.

use std::net::{IpAddr, Ipv4Addr};

use super::refang::unmasked;
use super::{Kind, Observable, Unfit, address, domain, refang};

/// Ports that go without saying.
const DEFAULT_PORTS: [(&str, u16); 5] = [("http", 80), ("https", 443), ("ftp", 21), ("ws", 80), ("wss", 443)];

pub(super) fn normalise(raw: &str) -> Result<Observable, Unfit> {
    let parts = split(raw)?;
    let mut text = format!("{}://{}", parts.scheme, parts.host_text());
    if let Some(port) = parts.port {
        text.push_str(&format!(":{port}"));
    }
    escape(&mut text, &resolved(&parts.path));
    if let Some(query) = &parts.query {
        text.push('?');
        escape(&mut text, query);
    }
    Ok(Observable::of_text(Kind::Url, text))
}

/// The host of a URL in normal form: what stands there is one in normal form, and is not looked at once more.
pub(super) fn host(text: &str) -> Option<Observable> {
    let (_, rest) = text.split_once("://")?;
    let (host, _) = split_port(authority(rest))?;
    let host = match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) => address::parse(inner),
        None if domain::ends_in_number(host) => address::parse(host),
        None => Some(domain::of_normal(host.to_owned())),
    };
    debug_assert_eq!(host, split(text).ok().map(|parts| parts.host), "{text}");
    host
}

/// The URL of `http` or `https` whose normal form, without the scheme, this is; `None` where the scheme may change it.
pub(super) fn of_form(scheme: &str, form: &str) -> Option<Observable> {
    // A port may go without saying.
    if authority(form).contains(':') || form.is_empty() {
        return None;
    }
    let url = Observable::of_text(Kind::Url, format!("{scheme}://{form}"));
    debug_assert_eq!(normalise(url.text()).as_ref(), Ok(&url), "{form}");
    Some(url)
}

fn authority(rest: &str) -> &str {
    rest.find(['/', '?']).and_then(|end| rest.get(..end)).unwrap_or(rest)
}

/// The same URL of the other of `http` and `https`, port and all; `None` for other schemes.
pub(super) fn other_scheme(text: &str) -> Option<String> {
    match text.split_once("://")? {
        ("http", rest) => Some(format!("https://{rest}")),
        ("https", rest) => Some(format!("http://{rest}")),
        _ => None,
    }
}

struct Parts {
    scheme: String,
    host: Observable,
    port: Option<u16>,
    /// Unescaped, dot segments still in it.
    path: Vec<u8>,
    /// Unescaped, without the question mark.
    query: Option<Vec<u8>>,
}

impl Parts {
    fn host_text(&self) -> String {
        match self.host.kind() {
            Kind::Ipv6 => format!("[{}]", self.host.text()),
            _ => self.host.text().to_owned(),
        }
    }
}

fn split(raw: &str) -> Result<Parts, Unfit> {
    let not = |reason| Unfit::Not(Kind::Url, reason);
    let plain: String = raw.trim().chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect();
    let refanged = refang(&plain);
    let whole = refanged.split_once('#').map_or(&*refanged, |(before, _)| before);
    let (scheme, rest) = scheme_of(whole).ok_or(not("no scheme such as `http://`"))?;
    // Refanging leaves it only before what looks like a regular expression, which is no host.
    if unmasked(&scheme).is_some() {
        return Err(not("no domain or address as host"));
    }
    let is_usual = DEFAULT_PORTS.iter().any(|(known, _)| *known == scheme);
    let mut rest = unescaped(rest.as_bytes());
    if is_usual {
        let path_end = rest.iter().position(|&b| b == b'?').unwrap_or(rest.len());
        rest.iter_mut().take(path_end).filter(|b| **b == b'\\').for_each(|b| *b = b'/');
    }
    // More slashes than two are taken for two, as browsers do; of schemes that may have no host (`file:///`) they mean that.
    let start = rest.iter().position(|&b| !is_usual || b != b'/').unwrap_or(rest.len());
    let rest = rest.get(start..).unwrap_or(&[]);
    let authority_end = rest.iter().position(|b| matches!(b, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(authority_end).unwrap_or((rest, &[]));
    let authority = std::str::from_utf8(authority).map_err(|_| not("a host that is not UTF-8"))?;
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = split_port(host_and_port).ok_or(not("a port that is not a number of 16 bits"))?;
    let host = host_of(host).ok_or(not("no domain or address as host"))?;
    let port = port.filter(|port| !DEFAULT_PORTS.contains(&(scheme.as_str(), *port)));
    let mut halves = tail.splitn(2, |&b| b == b'?');
    let path = halves.next().unwrap_or(&[]).to_vec();
    let query = halves.next().map(<[u8]>::to_vec);
    Ok(Parts { scheme, host, port, path, query })
}

/// The scheme in lower case and what stands behind `://`.
fn scheme_of(whole: &str) -> Option<(String, &str)> {
    let (scheme, rest) = whole.split_once("://").or_else(|| whole.split_once(":\\\\"))?;
    let starts = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let goes_on = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    (starts && goes_on).then(|| (scheme.to_ascii_lowercase(), rest))
}

/// Splits a port off; an empty one is none. `None` when it is no port.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => return Some((authority, None)),
    };
    if port.is_empty() {
        return Some((host, None));
    }
    let digits = port.bytes().all(|b| b.is_ascii_digit());
    let plain = port.trim_start_matches('0');
    let number: u16 = if plain.is_empty() { 0 } else { plain.parse().ok().filter(|_| digits)? };
    Some((host, Some(number)))
}

/// A host: an IPv6 address in brackets, an IPv4 address in any form that software takes, or a domain.
fn host_of(text: &str) -> Option<Observable> {
    if let Some(inner) = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        return address::parse(inner).filter(|found| inner.contains(':') && is_address(found));
    }
    let joined: Vec<&str> = text.split('.').filter(|label| !label.is_empty()).collect();
    let joined = joined.join(".");
    if domain::ends_in_number(&joined) {
        return loose_ipv4(&joined).map(|v4| address::of(IpAddr::V4(v4)));
    }
    let found = domain::normalise(&joined);
    match found {
        Ok(found) => Some(found),
        // Digits of other scripts turn to ASCII only in the domain's mapping.
        Err(_) => {
            let mapped = idna::domain_to_ascii(&joined).ok()?;
            loose_ipv4(&mapped).map(|v4| address::of(IpAddr::V4(v4)))
        }
    }
}

fn is_address(found: &Observable) -> bool {
    matches!(found.kind(), Kind::Ipv4 | Kind::Ipv6)
}

/// One to four numbers, decimal, octal or hexadecimal, the last filling what is left of the address.
fn loose_ipv4(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u64> = text.split('.').map(loose_number).collect::<Option<_>>()?;
    let (last, leading) = parts.split_last()?;
    if leading.len() > 3 || leading.iter().any(|&part| part > 255) {
        return None;
    }
    let left_bits = 8 * u32::try_from(4 - leading.len()).ok()?;
    if *last >= 1 << left_bits {
        return None;
    }
    let front = leading.iter().fold(0, |sum, part| sum << 8 | part);
    u32::try_from(front << left_bits | last).ok().map(Ipv4Addr::from_bits)
}

fn loose_number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (text.get(2..)?, 16),
        [b'0', _, ..] => (text.get(1..)?, 8),
        _ => (text, 10),
    };
    match digits {
        "" if radix == 16 => Some(0),
        _ if digits.bytes().all(|b| b.is_ascii_hexdigit()) => u64::from_str_radix(digits, radix).ok(),
        _ => None,
    }
}

/// Percent escapes undone again and again until none is left, in one pass: an escape is complete with its second
/// digit, so looking back from each byte put out finds all, also those that only came to be.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        out.push(byte);
        while let [.., b'%', high, low] = out.as_slice() {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
            let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { break };
            out.truncate(out.len() - 3);
            out.push(high << 4 | low);
        }
    }
    out
}

/// The path without `.` and `..` and with one slash where several stand; it starts with a slash.
fn resolved(path: &[u8]) -> Vec<u8> {
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut folder = true;
    for segment in path.split(|&b| b == b'/') {
        folder = matches!(segment, b"" | b"." | b"..");
        match segment {
            b"" | b"." => {}
            b".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    let mut out = vec![b'/'];
    out.extend_from_slice(&segments.join(&b'/'));
    if folder && !segments.is_empty() {
        out.push(b'/');
    }
    out
}

/// Appends bytes with an escape for controls, space, `#`, `%` and all that is not ASCII.
fn escape(text: &mut String, bytes: &[u8]) {
    for &byte in bytes {
        match byte {
            0x21..=0x7e if !matches!(byte, b'#' | b'%') => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
}
