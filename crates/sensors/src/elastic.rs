//! Documents of the Elastic Common Schema (`threat.indicator`), for `POST /INDEX/_bulk`: a line that says which document,
//! and the document. Its id is a digest of what is meant, so the next file puts each in the place of what it was.

use model::Timestamp;
use model::matching::Mode;
use model::observable::Kind;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::form::Form;
use super::text::{is_line, one_line, tame};
use super::{Head, Item, Outcome, Reason};

/// The kinds that the schema has a field for.
pub(super) const KINDS: &[Kind] = &[
    Kind::Ipv4,
    Kind::Ipv6,
    Kind::IpPort,
    Kind::Domain,
    Kind::Url,
    Kind::Email,
    Kind::Md5,
    Kind::Sha1,
    Kind::Sha256,
    Kind::Sha384,
    Kind::Sha512,
    Kind::Ssdeep,
    Kind::Tlsh,
    Kind::Imphash,
    Kind::Asn,
    Kind::FileName,
    Kind::RegistryKey,
    Kind::FilePath,
];

/// Writes documents.
#[derive(Debug)]
pub(super) struct Elastic {
    node: String,
    as_of: String,
}

impl Elastic {
    pub(super) fn new(head: &Head<'_>) -> Elastic {
        Elastic { node: tame(head.node).into_owned(), as_of: head.as_of.millis_text() }
    }
}

#[derive(Serialize)]
struct Act<'a> {
    index: Id<'a>,
}

#[derive(Serialize)]
struct Id<'a> {
    _id: &'a str,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "@timestamp")]
    timestamp: &'a str,
    ecs: Ecs,
    event: Event,
    labels: Labels<'a>,
    threat: Threat<'a>,
}

#[derive(Serialize)]
struct Ecs {
    version: &'static str,
}

#[derive(Serialize)]
struct Event {
    kind: &'static str,
    category: [&'static str; 1],
    #[serde(rename = "type")]
    of_type: [&'static str; 1],
}

#[derive(Serialize)]
struct Labels<'a> {
    accord_action: &'static str,
    accord_mode: &'static str,
    accord_object: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    accord_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accord_confidence: Option<u8>,
}

#[derive(Serialize)]
struct Threat<'a> {
    feed: Feed<'a>,
    indicator: Indicator<'a>,
}

#[derive(Serialize)]
struct Feed<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Indicator<'a> {
    #[serde(rename = "type")]
    of_type: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    provider: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    confidence: &'static str,
    marking: Marking,
    modified_at: String,
    #[serde(flatten)]
    of_kind: OfKind<'a>,
}

#[derive(Serialize)]
struct Marking {
    tlp: &'static str,
    tlp_version: &'static str,
}

/// The field of the kind: `threat.indicator.ip` and so on.
#[derive(Serialize)]
#[serde(untagged)]
enum OfKind<'a> {
    Address { ip: &'a str },
    AddressAndPort { ip: &'a str, port: u16 },
    Domain { url: UrlDomain<'a> },
    Url { url: Url<'a> },
    Email { email: EmailAddress<'a> },
    Digest { file: FileDigest<'a> },
    Imphash { file: Program<'a> },
    FileName { file: FileName<'a> },
    FilePath { file: FilePath<'a> },
    Registry { registry: Registry<'a> },
    AutonomousSystem { r#as: AutonomousSystem },
}

#[derive(Serialize)]
struct UrlDomain<'a> {
    domain: &'a str,
}

#[derive(Serialize)]
struct Url<'a> {
    full: &'a str,
    original: &'a str,
}

#[derive(Serialize)]
struct EmailAddress<'a> {
    address: &'a str,
}

#[derive(Serialize)]
struct FileDigest<'a> {
    hash: std::collections::BTreeMap<&'static str, &'a str>,
}

#[derive(Serialize)]
struct Program<'a> {
    pe: Imphash<'a>,
}

#[derive(Serialize)]
struct Imphash<'a> {
    imphash: &'a str,
}

#[derive(Serialize)]
struct FileName<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct FilePath<'a> {
    path: &'a str,
}

#[derive(Serialize)]
struct Registry<'a> {
    path: &'a str,
}

#[derive(Serialize)]
struct AutonomousSystem {
    number: u32,
}

impl Form for Elastic {
    fn head(&mut self, _: &mut Vec<u8>, _: &Head<'_>) {}

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        // The document names the mode, but who matches by it looks for the value itself, so that must be meant too.
        let outcome = match item.mode {
            Mode::Exact | Mode::Network => Outcome::Written,
            Mode::Subdomains => Outcome::InPart(Reason::Subdomains),
            Mode::AnyQuery | Mode::PathPrefix | Mode::HostPath => Outcome::InPart(Reason::Mode),
            Mode::Wildcard | Mode::MailDomain => return Err(Reason::Mode),
        };
        // JSON would carry it; whoever splits lines at more than line feeds would not.
        if !is_line(item.value.text()) {
            return Err(Reason::Characters);
        }
        let (of_type, of_kind) = of_kind(item).ok_or(Reason::Kind)?;
        let object = one_line(item.object);
        let (source, note) = (one_line(item.source), one_line(item.note));
        let document = Document {
            timestamp: &self.as_of,
            ecs: Ecs { version: "8.17.0" },
            event: Event { kind: "enrichment", category: ["threat"], of_type: ["indicator"] },
            labels: Labels {
                accord_action: item.action.name(),
                accord_mode: item.mode.name(),
                accord_object: &object,
                accord_until: item.until.map(Timestamp::millis_text),
                accord_confidence: item.confidence,
            },
            threat: Threat {
                feed: Feed { name: if self.node.is_empty() { "Accord" } else { &self.node } },
                indicator: Indicator {
                    of_type,
                    name: item.value.text(),
                    provider: &source,
                    description: &note,
                    confidence: confidence(item.confidence),
                    marking: Marking { tlp: item.tlp.name(), tlp_version: "2.0" },
                    modified_at: item.modified.millis_text(),
                    of_kind,
                },
            },
        };
        let before = out.len();
        let act = Act { index: Id { _id: &id(item.mode, item.value.key()) } };
        let mut is_whole = serde_json::to_writer(&mut *out, &act).is_ok();
        out.push(b'\n');
        is_whole &= serde_json::to_writer(&mut *out, &document).is_ok();
        out.push(b'\n');
        if !is_whole {
            // Writing to memory does not fail; half a document must not stay if it ever does.
            out.truncate(before);
            return Err(Reason::Characters);
        }
        Ok(outcome)
    }

    fn tail(&mut self, _: &mut Vec<u8>, _: u64) {}

    // Each document tells the time of the whole file: whoever loads it deletes what is older. So that pieces stay as they are, it is
    // put in when the file is given ([`Stamp`]).
    fn in_pieces(&mut self) {
        NO_TIME.clone_into(&mut self.as_of);
    }
}

/// How a document begins, and what stands behind that in a piece, as long as a time.
const BEGINNING: &[u8] = b"{\"@timestamp\":\"";
const NO_TIME: &str = "0000-00-00T00:00:00.000Z";

/// Puts the time of the whole file into documents of pieces, as their bytes go by.
#[derive(Debug, Clone)]
pub struct Stamp {
    time: String,
    /// How many bytes of the line went by; `None` where the rest of it stays as it is.
    column: Option<usize>,
}

impl Stamp {
    pub(super) fn new(as_of: Timestamp) -> Stamp {
        Stamp { time: as_of.millis_text(), column: Some(0) }
    }

    /// Puts it in where it belongs in the next bytes.
    pub fn put(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
            let Some(column) = self.column else {
                // A line feed is never within a text of JSON.
                let line = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
                self.column = rest.get(line.saturating_sub(1)).filter(|last| **last == b'\n').map(|_| 0);
                at += line;
                continue;
            };
            let digit = column.checked_sub(BEGINNING.len()).map(|nth| self.time.as_bytes().get(nth));
            self.column = match (digit, rest.first_mut()) {
                (None, Some(byte)) => BEGINNING.get(column).filter(|of| *of == byte).map(|_| column + 1),
                (Some(Some(digit)), Some(byte)) => {
                    *byte = *digit;
                    Some(column + 1)
                }
                _ => None,
            };
            // A byte that is not as documents begin may be the end of its line.
            at += usize::from(self.column.is_some());
        }
    }
}

/// What the schema calls it (the names of STIX), and the field that it stands in.
fn of_kind<'a>(item: &Item<'a>) -> Option<(&'static str, OfKind<'a>)> {
    let text = item.value.text();
    Some(match item.value.kind() {
        Kind::Ipv4 => ("ipv4-addr", OfKind::Address { ip: text }),
        Kind::Ipv6 => ("ipv6-addr", OfKind::Address { ip: text }),
        Kind::IpPort => {
            let (address, port) = text.rsplit_once(':')?;
            let of_type = if address.starts_with('[') { "ipv6-addr" } else { "ipv4-addr" };
            let ip = address.trim_matches(['[', ']']);
            (of_type, OfKind::AddressAndPort { ip, port: port.parse().ok()? })
        }
        Kind::Domain => ("domain-name", OfKind::Domain { url: UrlDomain { domain: text } }),
        Kind::Url => ("url", OfKind::Url { url: Url { full: text, original: text } }),
        Kind::Email => ("email-addr", OfKind::Email { email: EmailAddress { address: text } }),
        Kind::Imphash => ("file", OfKind::Imphash { file: Program { pe: Imphash { imphash: text } } }),
        Kind::FileName => ("file", OfKind::FileName { file: FileName { name: text } }),
        Kind::FilePath => ("file", OfKind::FilePath { file: FilePath { path: text } }),
        Kind::RegistryKey => ("windows-registry-key", OfKind::Registry { registry: Registry { path: text } }),
        Kind::Asn => {
            let number = text.strip_prefix("AS")?.parse().ok()?;
            ("autonomous-system", OfKind::AutonomousSystem { r#as: AutonomousSystem { number } })
        }
        digest => {
            let hash = std::collections::BTreeMap::from([(digest.name(), text)]);
            ("file", OfKind::Digest { file: FileDigest { hash } })
        }
    })
}

/// The words of the schema for a confidence of 0 to 100 (STIX 2.1, appendix A: None, Low, Med, High).
fn confidence(number: Option<u8>) -> &'static str {
    match number {
        None => "Not Specified",
        Some(0) => "None",
        Some(1..=29) => "Low",
        Some(30..=69) => "Medium",
        Some(_) => "High",
    }
}

/// The id of the document for a value in a mode, by the value's key: 160 bits in digits.
#[must_use]
pub fn id(mode: Mode, key: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(b"accord elastic");
    digest.update(mode.name());
    digest.update([0]);
    digest.update(key);
    let digits =
        |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0'));
    digest.finalize().iter().take(20).flat_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_put_into_documents_however_their_bytes_are_cut() {
        let piece = format!(
            "{{\"index\":{{\"_id\":\"1\"}}}}\n{{\"@timestamp\":\"{NO_TIME}\",\"name\":\"{{\\\"@timestamp\\\":\\\"{NO_TIME}\"}}\n\n\
             {{\n{{\"@time\":1}}\n{{\"@timestamp\":\"{NO_TIME}\"}}\n"
        );
        let as_of = Timestamp(1_767_225_600_000_000);
        let whole = format!("\n{piece}").replace(
            &format!("\n{{\"@timestamp\":\"{NO_TIME}"),
            "\n{\"@timestamp\":\"2026-01-01T00:00:00.000Z",
        );
        assert_eq!(whole.matches(NO_TIME).count(), 1, "what a stranger wrote stays");
        for size in 1..piece.len() {
            let (mut stamp, mut bytes) = (Stamp::new(as_of), piece.clone().into_bytes());
            bytes.chunks_mut(size).for_each(|bytes| stamp.put(bytes));
            assert_eq!(String::from_utf8(bytes).unwrap(), whole[1..], "{size}");
        }
    }
}
