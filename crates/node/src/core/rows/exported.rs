//! Rows and lines of our own exports, which an import meets again.

use model::Timestamp;
use model::observable::{Observable, guess};
use store::record::ObjectKey;

use super::{RowForm, has_blanks, is_comment, pattern, said_on};

/// The columns of an export. The first two are what an import looks for.
pub const COLUMNS: [&str; 13] = [
    "value",
    "kind",
    "object_type",
    "id",
    "name",
    "tlp",
    "source",
    "added",
    "version",
    "valid_from",
    "valid_until",
    "revoked",
    "tags",
];
const ID: usize = 3;
const VERSION: usize = 8;
/// What depends on who exports and on the names of members, and says nothing of the object.
const OF_THE_READER: [&str; 2] = ["source", "added"];

/// A row of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The object that it tells of.
    pub object: ObjectKey,
    /// Which version of it.
    pub version: Timestamp,
    cells: Vec<String>,
}

impl Exported {
    /// Whether it says what a row says that would be exported now.
    #[must_use]
    pub fn says(&self, row: &[String; COLUMNS.len()]) -> bool {
        let both = COLUMNS.iter().zip(self.cells.iter().zip(row));
        both.filter(|(name, _)| !OF_THE_READER.contains(name)).all(|(_, (one, other))| one == other)
    }
}

/// The line of a list that says a value and nothing else: its text, or where that alone is taken for something else, with the
/// name of its kind before it. `None` for what no line says.
#[must_use]
pub fn line(value: &Observable) -> Option<String> {
    let is_read = |line: &String| {
        let is_whole = !line.contains('\n') && !is_comment(line.as_bytes());
        is_whole && said_on(line, false).value == line && guess(line).is_ok_and(|read| read == *value)
    };
    let named = || format!("{}:{}", value.kind(), value.text());
    pattern::comparison(value)?;
    Some(value.text().to_owned()).filter(is_read).or_else(|| Some(named()).filter(is_read))
}

impl RowForm {
    /// Whether these are the rows of an export of ours.
    #[must_use]
    pub fn is_exported(&self) -> bool {
        self.header.as_deref() == Some(COLUMNS.join(",").as_bytes())
    }

    /// What a row of an export tells of; `None` for what is no such row, or no longer one.
    #[must_use]
    pub fn exported(&self, row: &[u8]) -> Option<Exported> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row);
        let mut record = csv::StringRecord::new();
        if !reader.read_record(&mut record).ok()? || record.len() != COLUMNS.len() {
            return None;
        }
        Some(Exported {
            object: ObjectKey::parse(record.get(ID)?)?,
            version: record.get(VERSION)?.parse().ok()?,
            cells: record.iter().map(str::to_owned).collect(),
        })
    }

    /// Whether this is a line of a list that says a value and nothing of it.
    #[must_use]
    pub fn is_bare(&self, line: &[u8]) -> bool {
        let with_blanks = self.kind.is_some_and(has_blanks);
        let said = std::str::from_utf8(line).map(|line| said_on(line, with_blanks));
        self.delimiter.is_none() && said.is_ok_and(|said| said.words.is_empty() && said.remark.is_none())
    }
}
