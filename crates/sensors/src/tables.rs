//! Tables with commas: everything in one, and the lookups of Splunk Enterprise Security.
//!
//! A row is one line. What a spreadsheet would run has an apostrophe in front, as in every other table of this node.

use model::matching::Mode;
use model::observable::Kind;

use super::csv_cell;
use super::form::Form;
use super::text::{is_line, one_line, put};
use super::zeek::description;
use super::{Head, Item, Outcome, Reason};

/// Writes one table of everything.
#[derive(Debug)]
pub(super) struct Everything;

impl Form for Everything {
    fn head(&mut self, out: &mut Vec<u8>, _: &Head<'_>) {
        put(out, &["kind,value,mode,action,until,confidence,tlp,object,source,note\n"]);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let text = item.value.text();
        if !is_line(text) {
            return Err(Reason::Characters);
        }
        row(
            out,
            &[
                item.value.kind().name(),
                text,
                item.mode.name(),
                item.action.name(),
                &item.until.map_or_else(String::new, |until| until.to_string()),
                &item.confidence.map_or_else(String::new, |confidence| confidence.to_string()),
                item.tlp.name(),
                &one_line(item.object),
                &one_line(item.source),
                &one_line(item.note),
            ],
        );
        Ok(Outcome::Written)
    }

    fn tail(&mut self, _: &mut Vec<u8>, _: u64) {}
}

/// A lookup of Splunk's.
#[derive(Debug)]
pub(super) struct Table {
    /// The columns between the description and the weight.
    columns: &'static [&'static str],
    pub(super) kinds: &'static [Kind],
    /// The kind that stands in the second column; all others stand in the first.
    second: Option<Kind>,
}

pub(super) const IP_INTEL: Table =
    Table { columns: &["ip"], kinds: &[Kind::Ipv4, Kind::Ipv6, Kind::Cidr4], second: None };
pub(super) const DOMAIN_INTEL: Table = Table { columns: &["domain"], kinds: &[Kind::Domain], second: None };
pub(super) const HTTP_INTEL: Table = Table {
    columns: &["url", "http_user_agent"],
    kinds: &[Kind::Url, Kind::UserAgent],
    second: Some(Kind::UserAgent),
};
pub(super) const FILE_INTEL: Table = Table {
    columns: &["file_hash", "file_name"],
    kinds: &[Kind::Md5, Kind::Sha1, Kind::Sha256, Kind::Sha512, Kind::FileName],
    second: Some(Kind::FileName),
};
pub(super) const EMAIL_INTEL: Table = Table { columns: &["src_user"], kinds: &[Kind::Email], second: None };

/// Writes a lookup.
#[derive(Debug)]
pub(super) struct Lookup(pub(super) &'static Table);

impl Form for Lookup {
    fn head(&mut self, out: &mut Vec<u8>, _: &Head<'_>) {
        put(out, &["description,", &self.0.columns.join(","), ",weight\n"]);
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        let outcome = match item.mode {
            Mode::Exact | Mode::Network => Outcome::Written,
            Mode::Subdomains => Outcome::InPart(Reason::Subdomains),
            _ => return Err(Reason::Mode),
        };
        let text = item.value.text();
        // Splunk takes an asterisk in a lookup for anything.
        if !is_line(text) || text.contains('*') {
            return Err(Reason::Characters);
        }
        let description = description(item);
        // Without a confidence the weight is that of the list.
        let weight =
            item.confidence.map_or_else(String::new, |confidence| confidence.clamp(1, 100).to_string());
        let is_second = self.0.second == Some(item.value.kind());
        match (self.0.second, is_second) {
            (None, _) => row(out, &[&description, text, &weight]),
            (Some(_), false) => row(out, &[&description, text, "", &weight]),
            (Some(_), true) => row(out, &[&description, "", text, &weight]),
        }
        Ok(outcome)
    }

    fn tail(&mut self, _: &mut Vec<u8>, _: u64) {}
}

/// A row (RFC 4180, with a line feed alone at its end).
fn row(out: &mut Vec<u8>, cells: &[&str]) {
    for (nth, cell) in cells.iter().enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        let cell = csv_cell::safe(cell);
        if cell.contains([',', '"']) {
            put(out, &["\"", &cell.replace('"', "\"\""), "\""]);
        } else {
            put(out, &[&cell]);
        }
    }
    out.push(b'\n');
}
