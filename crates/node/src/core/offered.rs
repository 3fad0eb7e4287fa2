//! What somebody is about to share: whatever it is, as the import takes it, with what should be known of it before it leaves.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::observable::{Kind, Observable, guess, is_public_suffix, normalise, refang};
use model::protect::innocent;
use strictjson::{Limits, Node};

use super::checks::sensitive;
use super::observables::observables;
use super::rows::columns::{self, Column, Role};
use super::rows::sniff::{Expected, Sniffed, sniff};
use super::rows::{is_comment, said_on};
use super::sensitive::{Rule, sensitive_in};

/// Ends of names of files that are also those of domains: in running text they are taken for domains where they are defanged.
const FILE_ENDS: [&str; 16] =
    ["md", "py", "sh", "rs", "pl", "zip", "mov", "so", "ps", "ai", "app", "cab", "cpl", "in", "java", "do"];
/// Ends of names that lead nowhere outside (RFC 2606, RFC 6762, RFC 8375, and what offices use).
const RESERVED_ENDS: [&str; 9] =
    ["local", "internal", "lan", "corp", "home", "localdomain", "test", "invalid", "localhost"];
/// How much of an input must be values, line by line, for it to be a list, in percent.
const LIST_PERCENT: usize = 80;

/// What an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// STIX: a bundle, objects, objects line by line.
    Stix,
    /// Rows with a header.
    Csv,
    /// A value a line.
    List,
    /// Running text, values in it.
    Text,
}

impl Format {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Stix => "stix",
            Format::Csv => "csv",
            Format::List => "list",
            Format::Text => "text",
        }
    }
}

/// What is said of values that come without.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// What they are and how they are known.
    pub description: Option<&'a str>,
    /// What they are about, as tags.
    pub about: &'a [String],
    /// Where more is written.
    pub reference: Option<&'a str>,
}

impl Context<'_> {
    fn is_given(&self) -> bool {
        self.description.is_some_and(|text| !text.trim().is_empty()) || !self.about.is_empty()
    }
}

/// What is about to be shared.
#[derive(Debug, Clone)]
pub struct Offered {
    /// What it was.
    pub format: Format,
    /// As the import takes it: STIX, or CSV.
    pub bytes: Vec<u8>,
    /// What columns hold that an import keeps unless it is told, and their names, for [`ImportOptions::columns`](crate::ImportOptions).
    pub columns: Vec<(String, String)>,
    /// The values that it says, each once, in order.
    pub values: Vec<Observable>,
    /// Objects, or values, that say nothing of themselves.
    pub bare: usize,
    /// What its texts bear that mostly was not meant to leave, beside the values.
    pub sensitive: Vec<(&'static Rule, String)>,
}

/// Understands an input.
///
/// # Errors
/// Why there is nothing in it to share, in words.
pub fn offered(bytes: &[u8], context: Context<'_>) -> Result<Offered, String> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| "it is no text; `accord import` takes compressed files")?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if is_json(text) {
        return of_json(text);
    }
    if let Some(table) = of_table(text, context) {
        return Ok(table);
    }
    let lines: Vec<&str> = text.lines().filter(|line| !is_comment(line.as_bytes())).collect();
    let said = |line: &&str| guess(said_on(line, false).value).ok();
    let is_short = |line: &&&str| line.split_whitespace().count() <= 2;
    let short = lines.iter().filter(is_short).filter(|line| said(line).is_some()).count();
    let is_list = !lines.is_empty() && short * 100 >= lines.len() * LIST_PERCENT;
    let (format, values) = match is_list {
        true => (Format::List, distinct(lines.iter().filter_map(said))),
        false => (Format::Text, distinct(values_in(text))),
    };
    if values.is_empty() {
        return Err("no address, name, URL, digest or email address is in it".to_owned());
    }
    let bare = if context.is_given() { 0 } else { values.len() };
    // What their texts alone do not tell is said beside them.
    let is_told = |value: &Observable| guess(value.text()).is_ok_and(|told| told == *value);
    let names: &[&str] = if values.iter().all(is_told) { &["value"] } else { &["value", "type"] };
    let rows = values.iter().map(|value| {
        let cells = [value.text(), value.kind().name()];
        cells.iter().take(names.len()).map(|cell| (*cell).to_owned()).collect()
    });
    let header = names.iter().map(|name| (*name).to_owned()).collect();
    let bytes = with_context(header, rows, b',', context);
    let sensitive = beside(&values, in_text(&bytes));
    Ok(Offered { format, bytes, columns: Vec::new(), bare, sensitive, values })
}

// A table with columns of values. Where it has none but those that a table mostly keeps, these are what it is about; what is
// somebody's own is said to be a value by who shares it.
fn of_table(text: &str, context: Context<'_>) -> Option<Offered> {
    let mut sniffed = sniff(text.as_bytes(), Expected::Anything, &[]);
    let is_value = |column: &Column| matches!(column.role, Role::Value(_));
    let mut named = Vec::new();
    if sniffed.header_is_row && !sniffed.columns.iter().any(is_value) {
        named = columns::kept_by_name(&sniffed.columns)
            .filter(|(kind, _)| {
                !matches!(kind, Kind::Phone | Kind::Iban | Kind::CardRange | Kind::Credential)
            })
            .map(|(kind, name)| (kind.name().to_owned(), name.to_owned()))
            .collect();
        columns::assign(&mut sniffed.columns, &named).ok()?;
    }
    if !sniffed.header_is_row || !sniffed.columns.iter().any(is_value) {
        return None;
    }
    let speaks = sniffed.columns.iter().any(|column| matches!(column.role, Role::Description | Role::Labels));
    let table = of_csv(text, &sniffed, speaks, context);
    // A text may begin with such a word.
    (named.is_empty() || !table.values.is_empty()).then_some(Offered { columns: named, ..table })
}

// Defanged values begin with brackets too.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let behind = |first: char| text.strip_prefix(first).map(str::trim_start);
    behind('{').is_some_and(|rest| rest.starts_with(['"', '}']))
        || behind('[').is_some_and(|rest| rest.starts_with(['{', ']']))
}

fn of_json(text: &str) -> Result<Offered, String> {
    let limits = Limits { bytes: text.len(), ..Limits::default() };
    let documents: Vec<Node<'_>> = match strictjson::parse(text.as_bytes(), &limits) {
        Ok(whole) => vec![whole],
        // A line that is none is told by the import.
        Err(error) => {
            let lines = text.lines().filter_map(|line| strictjson::parse(line.as_bytes(), &limits).ok());
            let lines: Vec<Node<'_>> = lines.collect();
            if lines.is_empty() {
                return Err(format!("it looks like JSON and is none: {error}"));
            }
            lines
        }
    };
    let mut objects: Vec<&Node<'_>> = Vec::new();
    for document in &documents {
        match (document.get("objects").and_then(Node::as_array), document.as_array()) {
            (Some(some), _) if document.get("type").is_none_or(|kind| kind.as_str() == Some("bundle")) => {
                objects.extend(some);
            }
            (_, Some(some)) => objects.extend(some),
            _ => objects.push(document),
        }
    }
    let mut values = Vec::new();
    let mut found = Vec::new();
    for object in &objects {
        values.extend(observables(object).observables.into_iter().map(|mention| mention.observable));
        found.extend(sensitive(object));
    }
    let values = distinct(values.into_iter());
    let sensitive = beside(&values, found);
    let bare = objects.iter().filter(|object| is_bare(object, &objects)).count();
    let bytes = text.as_bytes().to_vec();
    Ok(Offered { format: Format::Stix, bytes, columns: Vec::new(), values, bare, sensitive })
}

// An indicator that neither says what it is nor stands in a relation.
fn is_bare(object: &Node<'_>, all: &[&Node<'_>]) -> bool {
    let text = |object: &Node<'_>, name| object.get(name).and_then(Node::as_str).map(str::to_owned);
    if text(object, "type").as_deref() != Some("indicator") {
        return false;
    }
    let says = ["description", "labels", "indicator_types", "kill_chain_phases", "external_references"];
    let id = text(object, "id");
    let related = || {
        all.iter().any(|other| {
            let refers = |name| text(other, name) == id;
            let among = other.get("object_refs").and_then(Node::as_array).unwrap_or_default();
            refers("source_ref")
                || refers("target_ref")
                || among.iter().any(|one| one.as_str() == id.as_deref())
        })
    };
    !says.iter().any(|name| object.get(name).is_some()) && !related()
}

fn in_text(bytes: &[u8]) -> Vec<(&'static Rule, String)> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().flat_map(sensitive_in).map(|hit| (hit.rule, hit.text.to_owned())).collect()
}

// Each once; what is a value itself is told as that.
fn beside(values: &[Observable], found: Vec<(&'static Rule, String)>) -> Vec<(&'static Rule, String)> {
    let values: BTreeSet<&str> = values.iter().map(Observable::text).collect();
    let mut seen = BTreeSet::new();
    let is_value =
        |text: &str| values.contains(text) || guess(text).is_ok_and(|value| values.contains(value.text()));
    let mut is_beside =
        |(rule, text): &(&'static Rule, String)| !is_value(text) && seen.insert((rule.name, text.clone()));
    found.into_iter().filter(|one| is_beside(one)).collect()
}

fn of_csv(text: &str, sniffed: &Sniffed, speaks: bool, context: Context<'_>) -> Offered {
    let delimiter = sniffed.delimiter.unwrap_or(b',');
    let lines: Vec<&str> = text.lines().filter(|line| !is_comment(line.as_bytes())).collect();
    let joined = lines.join("\n");
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(joined.as_bytes());
    let mut rows: Vec<Vec<String>> = Vec::new();
    for record in reader.records().filter_map(Result::ok) {
        rows.push(record.iter().map(str::to_owned).collect());
    }
    let header = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
    let values = distinct(rows.iter().flat_map(|row| columns::values_of(&sniffed.columns, row)));
    let bare = if speaks || context.is_given() { 0 } else { rows.len() };
    let bytes = match speaks {
        true => text.as_bytes().to_vec(),
        false => with_context(header, rows.into_iter(), delimiter, context),
    };
    let sensitive = beside(&values, in_text(&bytes));
    Offered { format: Format::Csv, bytes, columns: Vec::new(), values, bare, sensitive }
}

// What is not given makes no column.
fn with_context(
    mut header: Vec<String>,
    rows: impl Iterator<Item = Vec<String>>,
    delimiter: u8,
    context: Context<'_>,
) -> Vec<u8> {
    let width = header.len();
    let given = [
        ("description", context.description.map(str::to_owned)),
        ("tags", (!context.about.is_empty()).then(|| context.about.join(";"))),
        ("reference", context.reference.map(str::to_owned)),
    ];
    let given: Vec<(&str, String)> =
        given.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
    header.extend(given.iter().map(|(name, _)| (*name).to_owned()));
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    // Writing into memory does not fail.
    let _written = writer.write_record(&header);
    for mut row in rows {
        row.resize(width, String::new());
        row.extend(given.iter().map(|(_, text)| text.clone()));
        let _written = writer.write_record(&row);
    }
    writer.into_inner().unwrap_or_default()
}

/// The values in running text: addresses, networks, URLs, email addresses, digests; domains where they are defanged, or look like
/// nothing else.
pub(super) fn values_in(text: &str) -> impl Iterator<Item = Observable> {
    let words = text.split(|c: char| c.is_whitespace() || "<>\"'`“”„".contains(c));
    let parts = words.flat_map(|word| {
        let cut: &[char] = if word.contains("//") { &[] } else { &[',', ';', '|'] };
        word.split(cut)
    });
    let mut before = "";
    parts.filter(|word| !word.is_empty()).filter_map(move |word| {
        let label = std::mem::replace(&mut before, word);
        let found = labelled(label, word).or_else(|| guess(word).ok())?;
        let end = found.text().rsplit('.').next().unwrap_or_default();
        let plain = refang(word) == word;
        let meant = match found.kind() {
            Kind::FileName | Kind::Asn | Kind::Cve | Kind::Mac | Kind::RegistryKey | Kind::Ssdeep => false,
            // Numbers in a text are mostly those of who wrote it.
            Kind::FilePath | Kind::Cpe | Kind::Phone | Kind::Iban => false,
            Kind::Domain if !found.text().contains('.') => false,
            Kind::Domain => !plain || !FILE_ENDS.contains(&end),
            Kind::Url => word.contains("//") || !plain,
            _ => true,
        };
        meant.then_some(found)
    })
}

// A value behind the name of what it is: `JA3: …`.
fn labelled(label: &str, word: &str) -> Option<Observable> {
    let found = guess(&format!("{}{word}", Some(label).filter(|label| label.ends_with([':', '=']))?)).ok()?;
    // The label is no part of it; `Domain: see below` is about domains and none.
    let found = Some(found).filter(|found| found.kind() != Kind::Domain)?;
    normalise(found.kind(), word).is_ok_and(|same| same == found).then_some(found)
}

fn distinct(values: impl Iterator<Item = Observable>) -> Vec<Observable> {
    let mut seen = std::collections::HashSet::new();
    values.filter(|value| seen.insert(value.key().to_vec())).collect()
}

/// Whether a value leads nowhere outside: a private, reserved or multicast address, a network of such, a name that no public
/// server knows, a URL or an email address at one.
#[must_use]
pub fn is_reserved(value: &Observable) -> bool {
    let text = value.text();
    match value.kind() {
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr4 | Kind::Cidr6 => {
            let address = text.split('/').next().and_then(|address| address.parse().ok());
            address.is_some_and(is_reserved_address)
        }
        Kind::Domain => {
            let end = text.rsplit('.').next().unwrap_or_default();
            let documented =
                end == "example" || ["example.com", "example.net", "example.org"].contains(&text);
            documented || RESERVED_ENDS.contains(&end)
        }
        Kind::Url | Kind::IpPort => value.host().is_some_and(|host| is_reserved(&host)),
        _ => false,
    }
}

fn is_reserved_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || a == 0
                || a >= 224
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (b == 18 || b == 19))
        }
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || first & 0xfe00 == 0xfc00
                || first & 0xffc0 == 0xfe80
                || (first == 0x2001 && second == 0x0db8)
        }
    }
}

/// Whether a value leads nowhere outside, or is everybody's in another way, so that no sensor acts on it.
#[must_use]
pub fn is_everybodys(value: &Observable) -> bool {
    is_reserved(value) || (!is_suffix(value) && innocent(value).is_some())
}

/// Whether a value is a name under which others' names stand, such as `co.uk`.
#[must_use]
pub fn is_suffix(value: &Observable) -> bool {
    value.kind() == Kind::Domain && is_public_suffix(value.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(offered: &Offered) -> Vec<&str> {
        offered.values.iter().map(Observable::text).collect()
    }

    #[test]
    fn whatever_comes_is_understood() {
        let about = ["phishing".to_owned()];
        let context = Context { description: Some("seen in a mail"), about: &about, reference: None };
        let report = "On Monday we saw hxxp://evil[.]example/a?b, and 198.51.100[.]7,198.51.100.8; see setup.py and\n\
             notes.md (sha256 E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855). Mail to ada[at]evil[.]example. e.g. bad-site.com.";
        for (input, format, values) in [
            (
                report,
                Format::Text,
                &[
                    "http://evil.example/a?b",
                    "198.51.100.7",
                    "198.51.100.8",
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                    "ada@evil.example",
                    "bad-site.com",
                ][..],
            ),
            (
                "# mine\n198[.]51[.]100[.]7\nevil[.]example\n198.51.100.7\n",
                Format::List,
                &["198.51.100.7", "evil.example"],
            ),
            ("[198.51.100.7]\n", Format::List, &["198.51.100.7"]),
            ("ip,score\n198.51.100.7,9\n", Format::Csv, &["198.51.100.7"]),
            (
                r#"{"type":"bundle","objects":[{"type":"ipv4-addr","value":"198.51.100.7"}]}"#,
                Format::Stix,
                &["198.51.100.7"],
            ),
            (
                "{\"type\":\"ipv4-addr\",\"value\":\"198.51.100.7\"}\n{\"type\":\"ipv4-addr\",\"value\":\"198.51.100.8\"}\n",
                Format::Stix,
                &["198.51.100.7", "198.51.100.8"],
            ),
        ] {
            let found = offered(input.as_bytes(), context).unwrap();
            assert_eq!((found.format, texts(&found)), (format, values.to_vec()), "{input}");
            assert_eq!(found.bare, 0, "{input}");
            if format != Format::Stix {
                let rows = String::from_utf8(found.bytes).unwrap();
                assert!(rows.lines().next().unwrap().contains("description,tags"), "{rows}");
                assert!(rows.lines().skip(1).all(|row| row.ends_with("seen in a mail,phishing")), "{rows}");
            }
        }
        for nothing in ["", "hello world\n", "{\"a\"", "{\"type\"\n"] {
            assert!(offered(nothing.as_bytes(), context).is_err(), "{nothing}");
        }
    }

    #[test]
    fn what_says_nothing_of_itself_and_mails_are_counted() {
        let bare = r#"[{"type":"indicator","id":"indicator--1","pattern":"[ipv4-addr:value = '198.51.100.7']"},
            {"type":"indicator","id":"indicator--2","description":"of Ada <ada@example.com>"}]"#;
        let found = offered(bare.as_bytes(), Context::default()).unwrap();
        let sensitive: Vec<_> =
            found.sensitive.iter().map(|(rule, text)| (rule.name, text.as_str())).collect();
        assert_eq!((found.bare, sensitive), (1, vec![("email", "ada@example.com")]));
        let relation = r#",{"type":"relationship","source_ref":"indicator--1"}]"#;
        let related = format!("{}{relation}", bare.trim_end_matches(']'));
        assert_eq!(offered(related.as_bytes(), Context::default()).unwrap().bare, 0);
        assert_eq!(offered(b"ip\n198.51.100.7\n", Context::default()).unwrap().bare, 1);
        assert_eq!(offered(b"ip,comment\n198.51.100.7,c2\n", Context::default()).unwrap().bare, 0);
    }

    #[test]
    fn what_leads_nowhere_is_known() {
        for (value, reserved) in [
            ("10.1.2.3", true),
            ("192.0.2.0/24", true),
            ("100.64.0.1", true),
            ("224.0.0.1", true),
            ("8.8.8.8", false),
            ("fe80::1", true),
            ("2606:4700::1", false),
            ("printer.local", true),
            ("www.example.com", false),
            ("http://192.168.0.1/a", true),
            ("http://bad-site.com/a", false),
        ] {
            assert_eq!(is_reserved(&guess(value).unwrap()), reserved, "{value}");
        }
        assert!(is_suffix(&guess("co.uk").unwrap()) && !is_suffix(&guess("bad-site.com").unwrap()));
    }
}
