//! Rows of CSV and lines of lists as STIX indicators.
//!
//! A row is a statement by itself: its exact bytes are kept, and what is served is an indicator that is derived from
//! them with a deterministic id (UUIDv5 of the member and the pattern). So the same row again is a duplicate, and a
//! changed row is a new version. What a row says that STIX has no place for stays in the indicator as an extension.

pub mod columns;
pub mod exported;
mod indicator;
pub mod pattern;
pub mod sniff;
pub mod time;

use model::{MemberId, Timestamp, Tlp};
use sha2::{Digest, Sha256};
use store::record::Media;

use self::columns::{Column, Role};
use self::indicator::Draft;
use super::reading::{Reading, Refused, read_derived};

pub use self::indicator::EXTENSION;

/// Longest row or line, in bytes.
pub const ROW_BYTES: usize = 1 << 20;
const MILLISECOND_US: i64 = 1_000;

/// How the rows of one input are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowForm {
    /// What stands between fields; `None` for lists, whose lines hold a value, and what is said of it.
    pub delimiter: Option<u8>,
    /// The line that names the columns, without its end; kept with each row, which means nothing without it.
    pub header: Option<Vec<u8>>,
    /// The columns in order; those beyond are kept as they are.
    pub columns: Vec<Column>,
    /// What the values are, where columns and rows do not say.
    pub kind: Option<model::observable::Kind>,
    /// Whose statements they become.
    pub member: MemberId,
    /// The member's identity, their author.
    pub identity: Option<String>,
    /// When the input arrived: the time of rows that bring none.
    pub received: Timestamp,
    /// How long rows are valid that do not say, in seconds.
    pub expire_s: Option<u64>,
    /// A name for the source of the rows, kept as a label of the indicators.
    pub source_name: Option<String>,
}

impl RowForm {
    /// Reads one row.
    ///
    /// # Errors
    /// Why it amounts to no indicator.
    pub fn read(&self, row: &[u8]) -> Result<Vec<Reading>, Box<Refused>> {
        let refuse = |Wrong { reason, unkept }| Box::new(Refused { reason, unkept, ..Refused::default() });
        let text = std::str::from_utf8(row)
            .map_err(|error| format!("invalid UTF-8 at byte {} of the row", error.valid_up_to()))
            .map_err(|reason| refuse(reason.into()))?;
        let mut draft = match self.delimiter {
            Some(delimiter) => self.fields(text, delimiter).map_err(refuse)?,
            None => self.line(text).map_err(refuse)?,
        };
        draft.at = self.version_of(row);
        draft.finish(self).map_err(|reason| refuse(reason.into()))?;
        let wire = draft.wire(self);
        let mut reading = read_derived(self.kept(row), wire, Media::Row)?;
        // The form of the indicator is ours: who sent a row is not told what it should have been called.
        reading.findings.clear();
        Ok(vec![reading])
    }

    // Rows of one arrival that are about the same value are versions of one indicator, so each has a time of its own: by
    // its bytes, since its place in the input would count the rows before it to those who do not see them.
    fn version_of(&self, row: &[u8]) -> Timestamp {
        let [one, other, ..] = <[u8; 32]>::from(Sha256::digest(row));
        let within = i64::from(u16::from_be_bytes([one, other])) % MILLISECOND_US;
        Timestamp(self.received.0.saturating_add(within))
    }

    // A row of CSV is kept behind the line that names its columns.
    fn kept(&self, row: &[u8]) -> Vec<u8> {
        match &self.header {
            None => row.to_vec(),
            Some(header) => [header.as_slice(), b"\n", row].concat(),
        }
    }

    fn fields(&self, row: &str, delimiter: u8) -> Result<Draft, Wrong> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(row.as_bytes());
        let mut record = csv::StringRecord::new();
        reader.read_record(&mut record).map_err(|error| format!("the row cannot be read: {error}"))?;
        let mut draft = Draft::default();
        let kind = self.columns.iter().zip(&record).find(|(column, _)| column.role == Role::Kind);
        let kind = kind.and_then(|(_, text)| columns::kind_named(text)).or(self.kind);
        for (place, field) in record.iter().enumerate() {
            let field = field.trim();
            if field.is_empty() || field == "-" {
                continue;
            }
            match self.columns.get(place) {
                Some(column) => draft.take(column, field, kind)?,
                None => draft.keep(format!("column {}", place + 1), field),
            }
        }
        Ok(draft)
    }

    fn line(&self, line: &str) -> Result<Draft, Wrong> {
        let mut draft = Draft::default();
        let Said { value, words, remark } = said_on(line, self.kind.is_some_and(has_blanks));
        draft.value(value, None, self.kind)?;
        for (place, word) in words.into_iter().enumerate() {
            draft.keep(format!("column {}", place + 2), word);
        }
        draft.description = remark.map(str::to_owned);
        Ok(draft)
    }
}

/// Why a row amounts to no indicator.
#[derive(Debug)]
struct Wrong {
    reason: String,
    /// It may hold what nobody may keep.
    unkept: bool,
}

impl From<String> for Wrong {
    fn from(reason: String) -> Wrong {
        Wrong { reason, unkept: false }
    }
}

/// Whether values of this kind are written with blanks, so that the first of them does not end the value.
fn has_blanks(kind: model::observable::Kind) -> bool {
    use model::observable::Kind;
    matches!(
        kind,
        Kind::CardRange
            | Kind::CommandLine
            | Kind::Credential
            | Kind::FilePath
            | Kind::Iban
            | Kind::Phone
            | Kind::RegistryKey
            | Kind::UserAgent
    )
}

/// What stands on a line of a list.
struct Said<'l> {
    value: &'l str,
    /// What follows it.
    words: Vec<&'l str>,
    remark: Option<&'l str>,
}

// `value`, `value<TAB>score`, `value # remark`, and `0.0.0.0 name` of hosts files.
// A value that is written with blanks ends at a tab.
fn said_on(line: &str, with_blanks: bool) -> Said<'_> {
    let (said, remark) = split_remark(line.trim());
    if with_blanks {
        let mut words = said.split('\t').map(str::trim).filter(|word| !word.is_empty());
        return Said { value: words.next().unwrap_or_default(), words: words.collect(), remark };
    }
    let mut words = said.split_whitespace();
    let first = words.next().unwrap_or_default();
    let is_sink = matches!(first, "0.0.0.0" | "127.0.0.1" | "::" | "::1");
    let value = if is_sink { words.next().unwrap_or(first) } else { first };
    Said { value, words: words.collect(), remark }
}

// A remark begins with `#`, `;` or `//` behind white space, so that fragments and schemes of URLs are none.
fn split_remark(line: &str) -> (&str, Option<&str>) {
    for (at, _) in line.match_indices(char::is_whitespace) {
        let (said, rest) = line.split_at(at);
        let rest = rest.trim_start();
        for mark in ["#", ";", "//"] {
            if let Some(remark) = rest.strip_prefix(mark) {
                return (said, Some(remark.trim()).filter(|remark| !remark.is_empty()));
            }
        }
    }
    (line, None)
}

/// Whether a line of a list, or before the first row of CSV, says nothing.
#[must_use]
pub fn is_comment(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.is_empty() || line.starts_with(b"#") || line.starts_with(b";") || line.starts_with(b"//")
}

/// The TLP that a column names.
fn tlp(text: &str) -> Result<Tlp, String> {
    text.parse::<Tlp>().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
