//! CSV: a row for each value that an object mentions, and one for an object that mentions none.

use store::read::Entry;
use strictjson::{Limits, Node};

use crate::core::csv_cell::safe;
use crate::core::describe::Description;
use crate::core::observables::observables;
use crate::core::rows::exported::COLUMNS;
use crate::reading::Reading;
use crate::{Error, Kind};

/// The first line.
pub(super) fn header() -> Result<Vec<u8>, Error> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(failed)?;
    writer.into_inner().map_err(|error| failed(error.into_error()))
}

/// The rows of an object.
pub(super) fn rows(buffer: &mut Vec<u8>, reading: &Reading, entry: &Entry<'_>) -> Result<(), Error> {
    let mut writer = csv::WriterBuilder::new().from_writer(buffer);
    for row in cells(reading, entry) {
        writer.write_record(&row).map_err(failed)?;
    }
    writer.flush().map_err(failed)
}

/// The cells of an object's rows.
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
