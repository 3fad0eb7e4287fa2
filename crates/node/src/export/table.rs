//! CSV: a row for each value that an object mentions, and one for an object that mentions none.

use model::observable::{Kind as Value, Observable, normalise};
use store::read::Entry;
use strictjson::{Limits, Node};

use crate::core::describe::Description;
use crate::core::observables::{alone, observables};
use crate::core::rows::exported::COLUMNS;
use crate::reading::Reading;
use crate::{Error, Kind};
use sensors::csv_cell::safe;

/// The first line.
pub(super) fn header() -> Result<Vec<u8>, Error> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(failed)?;
    writer.into_inner().map_err(|error| failed(error.into_error()))
}

/// The rows of an object: without those of values that are parts of another one, which by themselves would say more.
pub(super) fn rows(buffer: &mut Vec<u8>, reading: &Reading, entry: &Entry<'_>) -> Result<(), Error> {
    let mut writer = csv::WriterBuilder::new().from_writer(buffer);
    let parts = strictjson::parse(entry.wire, &Limits::default()).map(|object| parts(&object));
    let parts = parts.unwrap_or_default();
    let is_part = |[value, kind, ..]: &[String; COLUMNS.len()]| {
        parts.iter().any(|part| part.kind().name() == kind && safe(part.text()) == *value)
    };
    for row in cells(reading, entry).iter().filter(|row| !is_part(row)) {
        writer.write_record(row).map_err(failed)?;
    }
    writer.flush().map_err(failed)
}

// The address of an address with a port, the folder and the name of a file's path, the digest of a certificate as that of a
// file: where an object says these as parts of such a value, and not by themselves.
fn parts(object: &Node<'_>) -> Vec<Observable> {
    let whole = alone(object).values;
    let parts_of = |value: &Observable| {
        let of = |kind: Value, text: &str| normalise(kind, text).ok();
        let (text, folder) = (value.text(), value.text().rsplit_once(['\\', '/']));
        match value.kind() {
            Value::IpPort => vec![value.host()],
            Value::FilePath => {
                let folder = folder.and_then(|(folder, _)| of(Value::FilePath, folder));
                vec![of(Value::FileName, text), folder]
            }
            Value::CertSha1 => vec![of(Value::Sha1, text)],
            Value::CertSha256 => vec![of(Value::Sha256, text)],
            _ => Vec::new(),
        }
    };
    let parts = whole.iter().flat_map(parts_of).flatten();
    parts.filter(|part| !whole.contains(part)).collect()
}

/// The cells of the rows of an object, a row for each value that it mentions.
pub(crate) fn cells(reading: &Reading, entry: &Entry<'_>) -> Vec<[String; COLUMNS.len()]> {
    let Ok(object) = strictjson::parse(entry.wire, &Limits::default()) else { return Vec::new() };
    let summary = reading.summary_of(entry, Description::of(&object));
    let tags: Vec<&str> = tags(&object).collect();
    let tags = tags.join(" ");
    let source = summary.source.map(|source| source.name).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mentions = observables(&object).observables;
    let mut values: Vec<(&str, &str)> = mentions
        .iter()
        .map(|mention| (mention.observable.text(), mention.observable.kind().name()))
        .collect();
    if values.is_empty() {
        values.push(("", ""));
    }
    let row = |(value, kind): (&str, &str)| {
        let cells = [
            value,
            kind,
            &summary.kind,
            &summary.id,
            &summary.name,
            &summary.label,
            &source,
            &summary.added,
            &summary.version,
            &text(&summary.valid_from),
            &text(&summary.valid_until),
            if summary.revoked { "true" } else { "false" },
            &tags,
        ];
        cells.map(|cell| safe(cell).into_owned())
    };
    values.into_iter().map(row).collect()
}

fn tags<'n>(object: &'n Node<'_>) -> impl Iterator<Item = &'n str> {
    object.get("labels").and_then(Node::as_array).unwrap_or_default().iter().filter_map(Node::as_str)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Internal, format!("a row could not be written: {error}"))
}
