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

use model::observable::{self, Kind};
use model::{MemberId, Timestamp, Tlp};
use sha2::{Digest, Sha256};
use store::record::Media;

use self::columns::{Column, Role};
use self::indicator::Draft;
use super::reading::{Reading, Refused, read_derived};
use super::sensitive::may_hold_card;

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
    pub kind: Option<Kind>,
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
        let draft = self.draft(row).map_err(|Wrong { reason, repeats }| self.told(row, reason, repeats));
        let draft = draft.map_err(|reason| Box::new(Refused { reason, ..Refused::default() }))?;
        let reading = read_derived(self.kept(row), draft.wire(self), Media::Row);
        let mut reading = reading.map_err(|refused| match self.unkept(row) {
            Some(why) => Box::new(Refused { reason: why.to_owned(), ..Refused::default() }),
            None => refused,
        })?;
        // The form of the indicator is ours: who sent a row is not told what it should have been called.
        reading.findings.clear();
        Ok(vec![reading])
    }

    /// A reason to refuse a row, without what it repeats of one of which nothing is kept.
    #[must_use]
    pub fn told(&self, row: &[u8], reason: String, repeats: bool) -> String {
        match self.unkept(row) {
            Some(why) if repeats => format!("{}; {why}", veiled(&reason)),
            Some(why) => format!("{reason}; {why}"),
            None => reason,
        }
    }

    fn draft(&self, row: &[u8]) -> Result<Draft, Wrong> {
        let text = std::str::from_utf8(row)
            .map_err(|error| format!("invalid UTF-8 at byte {} of the row", error.valid_up_to()))?;
        let mut draft = match self.delimiter {
            Some(delimiter) => self.fields(text, delimiter)?,
            None => self.line(text)?,
        };
        draft.at = self.version_of(row);
        draft.finish(self)?;
        Ok(draft)
    }

    /// Why nothing of a row is kept when it is refused: a card's number may be in it, wherever, or it was to hold a range of
    /// cards or a credential's hash and holds something else.
    #[must_use]
    pub fn unkept(&self, row: &[u8]) -> Option<&'static str> {
        let text = String::from_utf8_lossy(row);
        if may_hold_card(&text) {
            return Some("nothing of the row is kept: what looks like the number of a payment card is in it");
        }
        self.holds_secret(&text).then_some("nothing of the row is kept: it may hold what nobody may be sent")
    }

    // Whether a value that was to be a range of cards or a credential's hash is none.
    fn holds_secret(&self, row: &str) -> bool {
        let is_other = |kind: Option<Kind>, text: &str| {
            kind.filter(|kind| matches!(kind, Kind::CardRange | Kind::Credential))
                .is_some_and(|kind| observable::normalise(kind, text).is_err())
        };
        let Some(delimiter) = self.delimiter else {
            return is_other(self.kind, said_on(row, self.kind.is_some_and(has_blanks)).value);
        };
        let Ok(record) = record(row, delimiter) else { return true };
        let kind = self.kind_of(&record);
        let values = self.columns.iter().zip(&record).filter_map(|(column, field)| match column.role {
            Role::Value(own) if !is_nothing(field.trim()) => Some((own.or(kind), field)),
            _ => None,
        });
        values.into_iter().any(|(kind, field)| is_other(kind, field))
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

    // What a row says of its values.
    fn kind_of(&self, record: &csv::StringRecord) -> Option<Kind> {
        let kind = self.columns.iter().zip(record).find(|(column, _)| column.role == Role::Kind);
        kind.and_then(|(_, text)| columns::kind_named(text)).or(self.kind)
    }

    fn fields(&self, row: &str, delimiter: u8) -> Result<Draft, Wrong> {
        let record = record(row, delimiter)?;
        let mut draft = Draft::default();
        let kind = self.kind_of(&record);
        for (place, field) in record.iter().enumerate() {
            let field = field.trim();
            if is_nothing(field) {
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

fn record(row: &str, delimiter: u8) -> Result<csv::StringRecord, String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(row.as_bytes());
    let mut record = csv::StringRecord::new();
    reader.read_record(&mut record).map_err(|error| format!("the row cannot be read: {error}"))?;
    Ok(record)
}

// How tables write that there is nothing.
fn is_nothing(field: &str) -> bool {
    field.is_empty() || field == "-"
}

/// Why a row amounts to no indicator.
#[derive(Debug)]
struct Wrong {
    reason: String,
    /// What the row says is in the reason, between backticks.
    repeats: bool,
}

impl From<String> for Wrong {
    fn from(reason: String) -> Wrong {
        Wrong { repeats: reason.contains('`'), reason }
    }
}

// A reason without what it repeats of the row.
fn veiled(reason: &str) -> String {
    let (before, rest) = reason.split_once('`').unwrap_or((reason, ""));
    let behind = rest.rsplit_once('`').map_or(rest, |(_, behind)| behind);
    format!("{before}`…`{behind}")
}

/// Whether values of this kind are written with blanks, so that the first of them does not end the value.
fn has_blanks(kind: Kind) -> bool {
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
pub(super) struct Said<'l> {
    pub(super) value: &'l str,
    /// What follows it.
    words: Vec<&'l str>,
    remark: Option<&'l str>,
}

// `value`, `value<TAB>score`, `value # remark`, and `0.0.0.0 name` of hosts files.
// A value that is written with blanks ends at a tab.
pub(super) fn said_on(line: &str, with_blanks: bool) -> Said<'_> {
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
