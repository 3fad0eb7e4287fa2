//! Suricata's rules for single items. Every byte of a value that is no letter, digit, dot, hyphen, underscore or slash is
//! written as its two digits, so no value ends its content, and no text of anybody's has more than plain words.

use std::borrow::Cow;

use model::Timestamp;
use model::matching::Mode;
use model::observable::Kind;

use super::form::Form;
use super::sets::{pairs, rules_of_sets, seldom, verb};
use super::sid::Given;
use super::text::{closing, opening, put, tame};
use super::{Head, Item, Outcome, Reason, dns};

/// What is written where datasets say the rest.
pub(super) const KINDS_BESIDE_SETS: &[Kind] =
    &[Kind::Cidr4, Kind::Cidr6, Kind::IpPort, Kind::Domain, Kind::Url];

/// What is written where there is nothing else.
pub(super) const KINDS: &[Kind] = &[
    Kind::Ipv4,
    Kind::Ipv6,
    Kind::Cidr4,
    Kind::Cidr6,
    Kind::IpPort,
    Kind::Domain,
    Kind::Url,
    Kind::UserAgent,
    Kind::Ja3,
    Kind::Ja3s,
    Kind::Hassh,
    Kind::HasshServer,
    Kind::CertSha1,
];

/// The longest rule that is written, in bytes: Suricata reads 8192.
const RULE_BYTES_MAX: usize = 8000;
/// The longest word of metadata, in characters.
const WORD_CHARACTERS_MAX: usize = 160;

/// Writes rules.
#[derive(Debug)]
pub(super) struct Rules {
    beside_sets: bool,
    given: Given,
}

impl Rules {
    pub(super) fn beside_sets() -> Rules {
        Rules { beside_sets: true, given: Given::default() }
    }

    pub(super) fn alone() -> Rules {
        Rules { beside_sets: false, given: Given::default() }
    }

    /// Appends a rule: what it looks at (protocol, addresses, ports), what it looks for, and its number.
    fn rule(out: &mut Vec<u8>, item: &Item<'_>, header: &str, options: &str, number: u32) {
        let (verb, does) = verb(item.action);
        put(out, &[verb, " ", header, " (msg:\"Accord ", item.value.kind().name(), " ", does]);
        let source = tame(item.source);
        if !source.is_empty() {
            put(out, &[" (", &source, ")"]);
        }
        put(out, &["\"; ", options, "metadata:accord_object ", &word(item.object)]);
        put(out, &[", accord_tlp ", &word(item.tlp.name())]);
        if let Some(confidence) = item.confidence {
            put(out, &[", accord_confidence ", &confidence.to_string()]);
        }
        put(out, &["; sid:", &number.to_string(), "; rev:", &revision(item.modified), ";)\n"]);
    }
}

impl Form for Rules {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        if self.beside_sets {
            opening(out, "#", "rules for Suricata 7.0.3 and later, with datasets", head);
            rules_of_sets(out);
        } else {
            opening(out, "#", "rules for Suricata 6 and later", head);
        }
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let kind = item.value.kind();
        if self.beside_sets && kind == Kind::Domain && item.mode == Mode::Exact {
            return Ok(Outcome::Elsewhere);
        }
        let (header, options) = match kind {
            Kind::Domain => domain(item)?,
            Kind::Url => url(item)?,
            Kind::IpPort => address_and_port(item),
            Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr4 | Kind::Cidr6 => {
                let header = format!("ip any any <> [{}] any", item.value.text());
                (header, seldom(item.action).to_owned())
            }
            _ => fingerprint(item),
        };
        if options.len() > RULE_BYTES_MAX {
            return Err(Reason::TooLong);
        }
        let number = self.given.number(item).ok_or(Reason::Number)?;
        if kind == Kind::IpPort {
            // Which of the two protocols is meant, nobody said: it is two rules.
            let second = self.given.second(number, item.mode).ok_or(Reason::Number)?;
            Rules::rule(out, item, &format!("udp {header}"), &options, second);
            Rules::rule(out, item, &format!("tcp {header}"), &options, number);
        } else {
            Rules::rule(out, item, &header, &options, number);
        }
        Ok(Outcome::Written)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        closing(out, "#", entries);
    }

    fn in_pieces(&mut self) {
        self.given.in_pieces();
    }

    fn numbers(&mut self) -> Option<&mut Given> {
        Some(&mut self.given)
    }
}

type Parts = (String, String);

fn domain(item: &Item<'_>) -> Result<Parts, Reason> {
    let name = dns::name(item)?;
    let options = match item.mode {
        Mode::Exact => format!("dns.query; content:\"{name}\"; nocase; startswith; endswith; "),
        Mode::Subdomains => format!("dns.query; dotprefix; content:\".{name}\"; nocase; endswith; "),
        Mode::Wildcard => format!("dns.query; content:\".{name}\"; nocase; endswith; "),
        _ => return Err(Reason::Mode),
    };
    Ok(("dns any any -> any any".to_owned(), options))
}

fn address_and_port(item: &Item<'_>) -> Parts {
    let (address, port) = item.value.text().rsplit_once(':').unwrap_or((item.value.text(), "any"));
    let address = address.trim_matches(['[', ']']);
    (format!("any any -> [{address}] {port}"), seldom(item.action).to_owned())
}

fn fingerprint(item: &Item<'_>) -> Parts {
    let (protocol, buffer, text) = match item.value.kind() {
        Kind::UserAgent => ("http", "http.user_agent", item.value.text().to_owned()),
        Kind::Ja3 => ("tls", "ja3.hash", item.value.text().to_owned()),
        Kind::Ja3s => ("tls", "ja3s.hash", item.value.text().to_owned()),
        Kind::Hassh => ("ssh", "ssh.hassh", item.value.text().to_owned()),
        Kind::HasshServer => ("ssh", "ssh.hassh.server", item.value.text().to_owned()),
        _ => ("tls", "tls.cert_fingerprint", pairs(item.value.text())),
    };
    let options = format!("{buffer}; content:\"{}\"; startswith; endswith; ", content(text.as_bytes()));
    (format!("{protocol} any any -> any any"), options)
}

/// A URL as Suricata sees it in HTTP: the host without its port, and path and query with the escapes of the path undone.
fn url(item: &Item<'_>) -> Result<Parts, Reason> {
    let text = item.value.text();
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).ok_or(Reason::Kind)?;
    let (authority, target) =
        rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).ok_or(Reason::Kind)?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, "any"),
    };
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    // Whether escapes in a query are undone is a setting of Suricata's.
    if query.is_some_and(|query| query.contains('%')) {
        return Err(Reason::Characters);
    }
    let mut whole = unescaped(path);
    let path_length = whole.len();
    if let Some(query) = query {
        whole.push(b'?');
        whole.extend_from_slice(query.as_bytes());
    }
    let path = whole.get(..path_length).unwrap_or(&[]);
    let own_host = format!("http.host; content:\"{}\"; startswith; endswith; ", content(host.as_bytes()));
    let (host, port, target) = match item.mode {
        Mode::Exact => (own_host, port, exactly(&whole)),
        Mode::AnyQuery => (own_host, port, followed_by(path, r"\x3f")),
        Mode::PathPrefix => {
            (own_host, port, followed_by(path.strip_suffix(b"/").unwrap_or(path), r"\x2f|\x3f"))
        }
        Mode::HostPath => {
            let below = host.parse::<std::net::IpAddr>().is_err() && !host.starts_with('[');
            let above =
                format!("http.host; dotprefix; content:\".{}\"; endswith; ", content(host.as_bytes()));
            let target = match (query, path.last()) {
                (Some(_), _) => exactly(&whole),
                (None, Some(b'/')) => format!("http.uri; content:\"{}\"; startswith; ", content(path)),
                (None, _) => followed_by(path, r"\x3f"),
            };
            (if below { above } else { own_host }, "any", target)
        }
        _ => return Err(Reason::Mode),
    };
    Ok((format!("http any any -> any {port}"), host + &target))
}

fn exactly(target: &[u8]) -> String {
    format!("http.uri; content:\"{}\"; startswith; endswith; ", content(target))
}

/// A beginning behind which there is nothing, or one of the alternatives of an expression.
fn followed_by(beginning: &[u8], alternatives: &str) -> String {
    let start = if beginning.is_empty() { &b"/"[..] } else { beginning };
    let expression: String = beginning.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!(
        "http.uri; content:\"{}\"; startswith; pcre:\"/^{expression}({alternatives}|$)/\"; ",
        content(start)
    )
}

/// Bytes as a `content`: between bars in digits, but for plain ones.
fn content(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut in_bars = false;
    for &byte in bytes {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
        if is_plain == in_bars {
            text.push('|');
            in_bars = !is_plain;
        } else if in_bars {
            text.push(' ');
        }
        if is_plain {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("{byte:02X}"));
        }
    }
    if in_bars {
        text.push('|');
    }
    text
}

/// The bytes of a path in normal form, in which nothing is escaped twice.
fn unescaped(path: &str) -> Vec<u8> {
    let mut bytes = path.bytes();
    let mut out = Vec::with_capacity(path.len());
    let digit =
        |byte: Option<u8>| char::from(byte.unwrap_or(b'0')).to_digit(16).and_then(|d| u8::try_from(d).ok());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let (high, low) = (digit(bytes.next()), digit(bytes.next()));
        out.push(high.unwrap_or(0) << 4 | low.unwrap_or(0));
    }
    out
}

/// A word of metadata.
pub(super) fn word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    if !text.is_empty() && text.len() <= WORD_CHARACTERS_MAX && text.chars().all(|c| is_plain(&c)) {
        return Cow::Borrowed(text);
    }
    let word: String = text.chars().filter(is_plain).take(WORD_CHARACTERS_MAX).collect();
    if word.is_empty() { Cow::Borrowed("none") } else { Cow::Owned(word) }
}

/// Grows with each change of what is said: the seconds since 1970, at least 1.
pub(super) fn revision(modified: Timestamp) -> String {
    u32::try_from(modified.0.div_euclid(1_000_000)).unwrap_or(1).max(1).to_string()
}
