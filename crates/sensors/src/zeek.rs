//! Zeek's intelligence framework: a table with tabs, read by its ASCII reader.
//!
//! The reader takes `\x09` and the like for bytes, a line that begins with `#` for a comment, and a field that is `-` or
//! `(empty)` for none; what would be taken so is written in that form.

use std::borrow::Cow;

use model::inert::inert;
use model::matching::Mode;
use model::observable::Kind;
use model::protect::Action;

use super::form::Form;
use super::text::{closing, one_line, opening, put, tame};
use super::{Head, Item, Outcome, Reason};

/// The kinds that it has a type for, and what it sees of them.
pub(super) const KINDS: &[Kind] = &[
    Kind::Ipv4,
    Kind::Ipv6,
    Kind::Cidr4,
    Kind::Cidr6,
    Kind::Domain,
    Kind::Url,
    Kind::Email,
    Kind::Md5,
    Kind::Sha1,
    Kind::Sha256,
    Kind::FileName,
    Kind::UserAgent,
    Kind::CertSha1,
    Kind::CertSha256,
];

/// Writes the table.
#[derive(Debug)]
pub(super) struct Zeek {
    /// Where nobody is named as source, this node is: the column must not be empty.
    node: String,
}

impl Zeek {
    pub(super) fn new(head: &Head<'_>) -> Zeek {
        let node = tame(head.node);
        Zeek { node: if node.is_empty() { "accord".to_owned() } else { node.into_owned() } }
    }
}

impl Form for Zeek {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        opening(out, "#", "what is known, for Zeek's intelligence framework", head);
        put(out, &["#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.do_notice\n"]);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let kind = item.value.kind();
        let outcome = match item.mode {
            Mode::Exact | Mode::Network => Outcome::Written,
            Mode::Subdomains => Outcome::InPart(Reason::Subdomains),
            _ => return Err(Reason::Mode),
        };
        let (indicator, of_type) = match kind {
            Kind::Ipv4 | Kind::Ipv6 => (item.value.text(), "Intel::ADDR"),
            Kind::Cidr4 | Kind::Cidr6 => (item.value.text(), "Intel::SUBNET"),
            Kind::Domain => (item.value.text(), "Intel::DOMAIN"),
            Kind::Url => (without_scheme(item.value.text()).ok_or(Reason::Kind)?, "Intel::URL"),
            Kind::Email => (item.value.text(), "Intel::EMAIL"),
            Kind::FileName => (item.value.text(), "Intel::FILE_NAME"),
            Kind::UserAgent => (item.value.text(), "Intel::SOFTWARE"),
            Kind::CertSha1 | Kind::CertSha256 => (item.value.text(), "Intel::CERT_HASH"),
            _ => (item.value.text(), "Intel::FILE_HASH"),
        };
        field(out, indicator);
        put(out, &["\t", of_type, "\t"]);
        let source = one_line(item.source);
        field(out, if source.is_empty() { &self.node } else { &source });
        put(out, &["\t"]);
        field(out, &description(item));
        put(out, &["\t", if item.action >= Action::Alert { "T" } else { "F" }, "\n"]);
        Ok(outcome)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        closing(out, "#", entries);
    }
}

/// What Zeek calls a URL: host and path. It sees those of HTTP alone.
fn without_scheme(url: &str) -> Option<&str> {
    url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))
}

/// The object, whom it may be told, and what is said of it.
pub(super) fn description(item: &Item<'_>) -> String {
    let (object, note) = (one_line(item.object), one_line(item.note));
    let mut description = String::with_capacity(object.len() + note.len() + 20);
    for part in [&*object, if object.is_empty() { "" } else { " " }, "TLP:", item.tlp.name()] {
        description.push_str(part);
    }
    if !note.is_empty() {
        description.push(' ');
        description.push_str(&note);
    }
    description
}

/// A field; what would be more or less than this text is written as `\x` and two digits for a byte.
fn field(out: &mut Vec<u8>, text: &str) {
    if text.is_empty() {
        out.push(b'-');
        return;
    }
    let is_word = matches!(text, "-" | "(empty)");
    let is_plain = !is_word && !text.starts_with('#') && !text.contains('\\');
    if is_plain && matches!(inert(text), Cow::Borrowed(_)) {
        put(out, &[text]);
        return;
    }
    for (nth, character) in text.char_indices() {
        let mut bytes = [0; 4];
        let alone: &str = character.encode_utf8(&mut bytes);
        let breaks = character == '\\' || matches!(inert(alone), Cow::Owned(_));
        let begins = nth == 0 && (character == '#' || is_word);
        if breaks || begins {
            out.extend(alone.bytes().flat_map(|byte| format!("\\x{byte:02x}").into_bytes()));
        } else {
            put(out, &[alone]);
        }
    }
}
