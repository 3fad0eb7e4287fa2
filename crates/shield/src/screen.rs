//! The hashes that a field may have to be asked for, without bringing its value into normal form.
//!
//! INVARIANT: for every field, these are at least the hashes of the keys that `model` asks for when it reads that field
//! ([`crate::observe`] and [`asks`]), but for those of what the set does not hold at all. There may be more of them, and a value that is
//! none may have some. So whatever is passed over here matches nothing, and whatever is not is looked at by `model`. What is not
//! plain is brought into normal form here, too. Tests compare the two for values of all shapes.

use std::net::{IpAddr, Ipv6Addr};

use model::matching::{Mode, asks};
use model::observable::{KEY_BYTES_MAX, Kind, Observable};

use crate::entry::form_of;
use crate::hash::Hasher;
use crate::observe::{self, Escapes, Holds, UrlParts};
use crate::shape::Shape;

/// A capital letter.
const CAPITAL: u8 = 1;
/// No part of a name that stays as it is.
const NO_NAME: u8 = 2;
/// A hyphen: two of them in the third and fourth place are an encoded name.
const HYPHEN: u8 = 4;
/// No part of a target that stays as it is.
const NO_TARGET: u8 = 8;

/// What each byte is.
const CLASSES: [u8; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "in a constant, where the compiler would see it")]
const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let is = byte as u8;
        classes[byte] = match is {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' => 0,
            b'-' => HYPHEN,
            b'A'..=b'Z' => CAPITAL,
            b'#' | b'%' | b'\\' | b'[' | b'(' | b'{' => NO_NAME | NO_TARGET,
            0x21..=0x7e => NO_NAME,
            _ => NO_NAME | NO_TARGET,
        };
        byte += 1;
    }
    classes
}

#[inline]
fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(NO_NAME | NO_TARGET)
}

#[inline]
fn classes_of(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |all, byte| all | class(*byte))
}

/// How long a name is that is looked at here.
const NAME_BYTES: usize = 255;
/// Folders of a URL that are asked for, on its own host and on others (`model::matching`).
const FOLDERS: usize = 16;
const FOLDERS_ABOVE: usize = 4;

/// Makes hashes of fields.
pub(crate) struct Screen<'k> {
    hasher: &'k Hasher,
    shape: &'k Shape,
    /// A name in small letters.
    name: Vec<u8>,
    /// A URL.
    form: Vec<u8>,
}

impl<'k> Screen<'k> {
    pub(crate) fn new(hasher: &'k Hasher, shape: &'k Shape) -> Screen<'k> {
        Screen {
            hasher,
            shape,
            name: Vec::with_capacity(NAME_BYTES),
            form: Vec::with_capacity(KEY_BYTES_MAX),
        }
    }

    /// What a value that matches nothing is remembered by; never 0. One of two values would be taken for the other once in 2^64.
    #[inline]
    pub(crate) fn mark(&self, raw: &[u8], salt: u64) -> u64 {
        (self.hasher.bytes(raw) ^ salt.wrapping_mul(0x9E37_79B9_7F4A_7C15)).max(1)
    }

    /// Whether a port beside an address is asked for.
    #[inline]
    pub(crate) fn asks_for_ports(&self) -> bool {
        self.shape.has(Kind::IpPort)
    }

    /// The hashes of a field.
    #[inline]
    pub(crate) fn value(&mut self, holds: Holds, raw: &[u8], escapes: Escapes, out: &mut Vec<u64>) {
        let is_plain = match holds {
            Holds::Address | Holds::Value(Kind::Ipv4 | Kind::Ipv6) => self.address(raw, None, out),
            Holds::Value(Kind::Domain) => self.lacks(Kind::Domain) || self.name_alone(raw, out),
            Holds::Host => self.address(raw, None, out) || (!ends_in_digit(raw) && self.name_alone(raw, out)),
            Holds::Value(Kind::Url) => self.whole_url(raw, out),
            Holds::Digest => observe::digest_kind(raw.len()).is_some_and(|kind| self.digest(kind, raw, out)),
            Holds::Value(kind) => self.lacks(kind) || self.digest(kind, raw, out),
        };
        if !is_plain {
            observe::value(holds, raw, escapes).iter().for_each(|seen| self.observable(seen, out));
        }
    }

    /// The hashes of an address with its port.
    #[inline]
    pub(crate) fn endpoint(&mut self, raw: &[u8], port: Option<&[u8]>, escapes: Escapes, out: &mut Vec<u64>) {
        if !self.address(raw, port, out) {
            observe::endpoint(raw, port, escapes).iter().for_each(|seen| self.observable(seen, out));
        }
    }

    /// The hashes of a URL that a record has in parts.
    #[inline]
    pub(crate) fn url(&mut self, parts: &UrlParts<'_>, escapes: Escapes, out: &mut Vec<u64>) {
        let is_plain = match (parts.target, parts.host) {
            (None, Some(host)) => {
                self.address(host, parts.port, out) || (!ends_in_digit(host) && self.name_alone(host, out))
            }
            _ => self.url_in_parts(parts, out),
        };
        if !is_plain {
            observe::url(parts, escapes).iter().for_each(|seen| self.observable(seen, out));
        }
    }

    /// The hashes of all that is asked for.
    fn observable(&self, seen: &Observable, out: &mut Vec<u64>) {
        for ask in asks(seen, &self.shape.prefixes()) {
            if let Some((kind, form)) = form_of(&ask.key) {
                self.push(kind, &form, out);
            }
        }
    }

    #[inline]
    fn push(&self, kind: Kind, form: &[u8], out: &mut Vec<u64>) {
        if self.shape.has(kind) {
            out.push(self.hasher.key(kind, form));
        }
    }

    /// An address alone; `false` for all that is not plainly one.
    #[inline]
    fn address(&self, raw: &[u8], port: Option<&[u8]>, out: &mut Vec<u64>) -> bool {
        if let Some(octets) = octets(raw) {
            self.v4(octets, out);
            return self.port(&octets, port, out);
        }
        match raw.len() <= 45 && memchr::memchr(b':', raw).is_some() {
            true => self.v6(raw, port, out),
            false => false,
        }
    }

    #[inline]
    fn v4(&self, octets: [u8; 4], out: &mut Vec<u64>) {
        if !self.shape.has_near(octets) {
            return;
        }
        self.push(Kind::Ipv4, &octets, out);
        for length in self.shape.prefixes().v4 {
            let network = u32::from_be_bytes(octets) & !u32::MAX.checked_shr(u32::from(*length)).unwrap_or(0);
            let [a, b, c, d] = network.to_be_bytes();
            out.push(self.hasher.key(Kind::Cidr4, &[a, b, c, d, *length]));
        }
    }

    fn v6(&self, raw: &[u8], port: Option<&[u8]>, out: &mut Vec<u64>) -> bool {
        let text = std::str::from_utf8(raw).ok();
        let Some(address) = text.and_then(|text| text.parse::<Ipv6Addr>().ok()) else { return false };
        let octets = match address.to_canonical() {
            IpAddr::V4(v4) => {
                self.v4(v4.octets(), out);
                return self.port(&v4.octets(), port, out);
            }
            IpAddr::V6(v6) => v6.octets(),
        };
        self.push(Kind::Ipv6, &octets, out);
        for length in self.shape.prefixes().v6 {
            let host = u128::MAX.checked_shr(u32::from(*length)).unwrap_or(0);
            let mut network = [0; 17];
            let bytes = (u128::from_be_bytes(octets) & !host).to_be_bytes();
            network.iter_mut().zip(bytes.iter().chain([length])).for_each(|(slot, byte)| *slot = *byte);
            out.push(self.hasher.key(Kind::Cidr6, &network));
        }
        self.port(&octets, port, out)
    }

    #[inline]
    fn port(&self, octets: &[u8], port: Option<&[u8]>, out: &mut Vec<u64>) -> bool {
        if !self.shape.has(Kind::IpPort) {
            return true;
        }
        let Some(port) = port else { return true };
        let Some(port) = number(port) else { return false };
        self.port_number(octets, port, out);
        true
    }

    fn port_number(&self, octets: &[u8], port: u16, out: &mut Vec<u64>) {
        let mut form = [0; 18];
        let bytes = octets.iter().copied().chain(port.to_be_bytes());
        form.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = byte);
        self.push(Kind::IpPort, form.get(..octets.len() + 2).unwrap_or(&[]), out);
    }

    /// Whether the set holds nothing that is asked for where a value of this kind was seen.
    #[inline]
    fn lacks(&self, kind: Kind) -> bool {
        let others = match kind {
            Kind::Cidr4 | Kind::Cidr6 | Kind::IpPort => return false,
            Kind::Email => Kind::Domain,
            Kind::FilePath => Kind::FileName,
            _ => kind,
        };
        !self.shape.has(kind) && !self.shape.has(others)
    }

    #[inline]
    fn digest(&self, kind: Kind, raw: &[u8], out: &mut Vec<u64>) -> bool {
        if kind.digest_bytes().is_none_or(|bytes| bytes * 2 != raw.len()) {
            return false;
        }
        let mut bytes = [0; 64];
        let (pairs, _) = raw.as_chunks::<2>();
        let mut bad = 0;
        for (slot, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (high, low) = (digit(*high), digit(*low));
            bad |= (high | low) & 0xF0;
            *slot = high << 4 | low & 0x0F;
        }
        if bad != 0 {
            return false;
        }
        self.push(kind, bytes.get(..pairs.len()).unwrap_or(&[]), out);
        true
    }

    #[inline]
    fn name_alone(&mut self, raw: &[u8], out: &mut Vec<u64>) -> bool {
        let classes = classes_of(raw);
        if classes & NO_NAME != 0 || raw.len() > NAME_BYTES || (classes & HYPHEN != 0 && is_encoded(raw)) {
            return false;
        }
        let name = raw.strip_suffix(b".").unwrap_or(raw);
        if classes & CAPITAL == 0 {
            self.name_and_above(name, out);
        } else {
            let mut small = std::mem::take(&mut self.name);
            small.clear();
            small.extend_from_slice(name);
            small.make_ascii_lowercase();
            self.name_and_above(&small, out);
            self.name = small;
        }
        true
    }

    /// A name in small letters and those above it. Where the public suffix begins is looked at for what hits.
    #[inline]
    fn name_and_above(&self, name: &[u8], out: &mut Vec<u64>) {
        self.push(Kind::Domain, name, out);
        if self.shape.has_parents() {
            let mut dots = memchr::memchr_iter(b'.', name).peekable();
            while let Some(dot) = dots.next() {
                // A single label is a public suffix or above one.
                if dots.peek().is_some() {
                    self.push(Kind::Domain, name.get(dot + 1..).unwrap_or(&[]), out);
                }
            }
        }
    }

    #[inline]
    fn whole_url(&mut self, raw: &[u8], out: &mut Vec<u64>) -> bool {
        let (scheme, rest) = match raw {
            [b'h', b't', b't', b'p', b':', b'/', b'/', rest @ ..] => (&b"http"[..], rest),
            [b'h', b't', b't', b'p', b's', b':', b'/', b'/', rest @ ..] => (&b"https"[..], rest),
            _ => return false,
        };
        let Some(slash) = memchr::memchr(b'/', rest) else { return false };
        let Some((authority, target)) = rest.split_at_checked(slash) else { return false };
        let (host, port) = match memchr::memchr(b':', authority) {
            Some(colon) => (authority.get(..colon), authority.get(colon + 1..)),
            None => (Some(authority), None),
        };
        self.url_in_parts(&UrlParts { scheme: Some(scheme), host, port, target: Some(target) }, out)
    }

    #[inline]
    fn url_in_parts(&mut self, parts: &UrlParts<'_>, out: &mut Vec<u64>) -> bool {
        let (Some(host), Some(target)) = (parts.host, parts.target) else { return false };
        let usual_port = match parts.scheme {
            None | Some(b"http") => 80,
            Some(b"https") => 443,
            Some(_) => return false,
        };
        let port = match parts.port.map(number) {
            None => usual_port,
            // Under which scheme it is asked for is not said.
            Some(Some(443)) if parts.scheme.is_none() => return false,
            Some(Some(port)) => port,
            Some(None) => return false,
        };
        let classes = classes_of(host);
        let is_usual = classes & NO_NAME == 0
            && !matches!(host, [] | b"-" | [b'.', ..] | [.., b'.'])
            && host.len() <= NAME_BYTES
            && (classes & HYPHEN == 0 || !is_encoded(host))
            && is_plain_target(target)
            && host.len() + target.len() + 6 <= KEY_BYTES_MAX;
        if !is_usual {
            return false;
        }
        let address = octets(host);
        if address.is_none() && ends_in_digit(host) {
            return false;
        }
        let mut form = std::mem::take(&mut self.form);
        form.clear();
        form.extend_from_slice(host);
        if classes & CAPITAL != 0 {
            form.make_ascii_lowercase();
        }
        if port != usual_port {
            push_port(&mut form, port);
        }
        let path_at = form.len();
        form.extend_from_slice(target);
        let is_plain = !has_empty_label(host);
        if is_plain {
            self.url_form(&form, host.len(), path_at, address.is_some(), out);
            match address {
                Some(octets) => {
                    self.v4(octets, out);
                    self.port_number(&octets, port, out);
                }
                None => self.name_and_above(form.get(..host.len()).unwrap_or(&[]), out),
            }
        }
        self.form = form;
        is_plain
    }

    /// The expressions of a URL.
    #[inline]
    fn url_form(&self, form: &[u8], host: usize, path_at: usize, is_address: bool, out: &mut Vec<u64>) {
        if !self.shape.has(Kind::Url) {
            return;
        }
        self.push(Kind::Url, form, out);
        if self.shape.has_url_mode(&[Mode::AnyQuery, Mode::PathPrefix, Mode::HostPath]) {
            self.expressions(form, path_at, FOLDERS, out);
        }
        if self.shape.has_url_mode(&[Mode::HostPath]) {
            self.above(form, host, path_at, is_address, out);
        }
    }

    /// A URL without its query, and the folders that it is in.
    fn expressions(&self, form: &[u8], path_at: usize, folders: usize, out: &mut Vec<u64>) {
        let query = memchr::memchr(b'?', form);
        let path = form.get(..query.unwrap_or(form.len())).unwrap_or(&[]);
        if query.is_some() {
            self.push(Kind::Url, path, out);
        }
        let slashes = memchr::memchr_iter(b'/', path.get(path_at..).unwrap_or(&[])).take(folders);
        for slash in slashes {
            self.push(Kind::Url, path.get(..=path_at + slash).unwrap_or(&[]), out);
        }
    }

    /// The same on its host whatever the port, and on those above.
    fn above(&self, form: &[u8], host: usize, path_at: usize, is_address: bool, out: &mut Vec<u64>) {
        let portless;
        let (form, path_at) = match host == path_at {
            true => (form, path_at),
            false => {
                portless = [form.get(..host), form.get(path_at..)].map(Option::unwrap_or_default).concat();
                self.push(Kind::Url, &portless, out);
                self.expressions(&portless, host, FOLDERS_ABOVE, out);
                (portless.as_slice(), host)
            }
        };
        if is_address {
            return;
        }
        let dots = memchr::memchr_iter(b'.', form.get(..path_at).unwrap_or(&[]));
        for dot in dots {
            let form = form.get(dot + 1..).unwrap_or(&[]);
            self.push(Kind::Url, form, out);
            self.expressions(form, path_at - dot - 1, FOLDERS_ABOVE, out);
        }
    }
}

#[cold]
fn push_port(form: &mut Vec<u8>, port: u16) {
    form.extend_from_slice(format!(":{port}").as_bytes());
}

/// Whether an encoded label may stand in it.
fn is_encoded(name: &[u8]) -> bool {
    name.windows(4).any(|window| window.eq_ignore_ascii_case(b"xn--"))
}

fn has_empty_label(name: &[u8]) -> bool {
    name.windows(2).any(|window| window == b"..")
}

/// Whether the last label may be a number.
#[inline]
fn ends_in_digit(name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let last = memchr::memrchr(b'.', name).map_or(0, |dot| dot + 1);
    name.get(last).is_some_and(u8::is_ascii_digit)
}

/// Whether a target stays as it is: no escape, no dot segment, no slash beside another.
#[inline]
fn is_plain_target(target: &[u8]) -> bool {
    let path = memchr::memchr(b'?', target).unwrap_or(target.len());
    let (path, query) = target.split_at_checked(path).unwrap_or((target, &[]));
    let [b'/', behind @ ..] = path else { return false };
    let beside = path.iter().zip(behind);
    let is_joined =
        beside.fold(false, |any, (one, next)| any | ((*one == b'/') & ((*next == b'/') | (*next == b'.'))));
    !is_joined && (classes_of(path) | classes_of(query)) & NO_TARGET == 0
}

/// A port, without leading zeros.
#[inline]
fn number(digits: &[u8]) -> Option<u16> {
    match digits {
        [] | [b'0', ..] => None,
        _ if digits.len() > 5 => None,
        _ => {
            let mut number: u32 = 0;
            for byte in digits {
                let digit = byte.wrapping_sub(b'0');
                if digit > 9 {
                    return None;
                }
                number = number * 10 + u32::from(digit);
            }
            u16::try_from(number).ok()
        }
    }
}

/// Four numbers with dots between, as everybody writes them.
#[inline]
pub(crate) fn octets(text: &[u8]) -> Option<[u8; 4]> {
    if text.len() < 7 || text.len() > 15 {
        return None;
    }
    let mut octets = [0; 4];
    let mut bytes = text.iter();
    for (nth, octet) in octets.iter_mut().enumerate() {
        let mut number: u16 = 0;
        let mut digits = 0;
        loop {
            match bytes.next() {
                Some(byte @ b'0'..=b'9') => {
                    // A zero in front means octal to some.
                    if digits == 3 || (digits > 0 && number == 0) {
                        return None;
                    }
                    number = number * 10 + u16::from(byte - b'0');
                    digits += 1;
                }
                Some(b'.') if nth < 3 => break,
                None if nth == 3 => break,
                _ => return None,
            }
        }
        if digits == 0 {
            return None;
        }
        *octet = u8::try_from(number).ok()?;
    }
    Some(octets)
}

#[inline]
fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ => 0xFF,
    }
}
