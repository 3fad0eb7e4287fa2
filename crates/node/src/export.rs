//! What a reader may see, written out: as a bundle, as lines of JSON, as CSV, as a list of values. docs/formats.md says
//! what each holds.

pub(crate) mod table;
mod values;

use std::io::Write;

use store::directory::Collection;
use store::opened::Place;
use store::read::{Entry, PageQuery, VersionSpec};
use store::record::ObjectKey;

use crate::core::carried::{self, Carried};
use crate::core::list_query::Filters;
use crate::reading::Reading;
use crate::reads::Lending;
use crate::{Caller, Error, Kind, ListQuery, Node, random};

/// Objects that are read from one snapshot. Between pages nothing is held, however slowly the other side reads.
const PAGE: usize = 256;
/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 20;

/// What an export is written as.
enum Format {
    Stix,
    Ndjson,
    Csv,
    List(values::Distinct),
}

/// Which statements are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// What a list shows.
    Shown,
    /// Every version, claims too, with label and source.
    Full,
}

impl Node {
    /// Writes what the caller may see: `stix` (a bundle), `ndjson`, `csv`, `list`; `full` adds every version, and
    /// labels and sources in an extension, complete enough to leave. `query` filters as for lists; its limit is that of
    /// the whole export. Memory is bounded whatever is stored. Answers how many objects, or values, were written.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for a format that is not known and as [`Node::list`]; [`Kind::Unavailable`] when `output`
    /// takes no more.
    pub fn export(
        &self,
        caller: &Caller,
        format: &str,
        full: bool,
        query: &ListQuery,
        output: &mut dyn Write,
    ) -> Result<u64, Error> {
        let format = match format {
            "stix" => Format::Stix,
            "ndjson" => Format::Ndjson,
            "csv" => Format::Csv,
            "list" => Format::List(values::Distinct::default()),
            other => {
                let message = format!("`{other}` is no format: use stix, ndjson, csv or list");
                return Err(Error::new(Kind::Invalid, message));
            }
        };
        if query.next.is_some() {
            return Err(Error::new(Kind::Invalid, "an export has no pages, so `next` means nothing to it"));
        }
        let filters = Filters::read(query)?;
        let extent = if full { Extent::Full } else { Extent::Shown };
        let mut out = Out { format, extent, output, buffer: Vec::new(), written: 0 };
        out.begin()?;
        if filters.wants_served_version() {
            self.export_pages(caller, query, &filters, &mut out)?;
        }
        out.finish()
    }

    fn export_pages(
        &self,
        caller: &Caller,
        query: &ListQuery,
        filters: &Filters,
        out: &mut Out<'_>,
    ) -> Result<(), Error> {
        let mut from = None;
        let mut left = query.limit.unwrap_or(usize::MAX);
        let mut lent = Lending::default();
        while left > 0 {
            // A download may take hours: what he may see is asked again for each page.
            let caller = self.renewed(&self.roster(), caller)?;
            let (reading, collection) = self.reading_through(&caller, query.collection.as_deref())?;
            let start = match (from, filters.added_after) {
                (Some(from), _) => from,
                (None, Some(after)) => reading.place_after(model::Timestamp(after))?,
                (None, None) => Place::default(),
            };
            let through = collection.as_ref().map(|collection| collection.id);
            let page = Page { filters, collection, from: start, is_first: from.is_none(), left };
            let written = page.write(&reading, out);
            lent.add(reading.lending(&caller));
            drop(reading);
            // An export is one answer, and one row. What is RED or under embargo of it leaves when it is written down.
            let is_last = !matches!(written, Ok((Some(_), written)) if written < left);
            if lent.waits() || is_last {
                self.note_lent(&caller, "export", through, std::mem::take(&mut lent))?;
            }
            let (next, written) = written?;
            if let Err(gone) = out.flush(0) {
                self.note_lent(&caller, "export", through, lent)?;
                return Err(gone);
            }
            left -= written;
            from = next;
            if from.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// What is read from one snapshot.
struct Page<'f> {
    filters: &'f Filters,
    collection: Option<Collection>,
    from: Place,
    is_first: bool,
    // Objects that may still be written.
    left: usize,
}

impl Page<'_> {
    // Answers where the next page begins, and how many objects were written.
    fn write(self, reading: &Reading, out: &mut Out<'_>) -> Result<(Option<Place>, usize), Error> {
        let (mut failed, mut written) = (None, 0);
        let visible = &reading.sight.visible;
        let through_all = out.extent == Extent::Full && self.collection.is_none();
        let next = if through_all && self.filters.versions.is_empty() {
            let objects = self.filters.objects();
            // In order of positions. What was opened to the reader later stands anywhere, so each time is looked at.
            let from = if self.is_first && visible.was_opened() { 0 } else { self.from.position };
            let next = reading.snapshot.statements(visible, from, PAGE, &mut |entry| {
                if failed.is_none() && written < self.left && is_wanted(self.filters, &objects, entry) {
                    written += 1;
                    failed = out.entry(reading, entry).err();
                }
            })?;
            next.map(Place::from)
        } else {
            let query = self.query(reading, out.extent);
            let end = reading.snapshot.page(&query, &mut |entry| {
                if failed.is_none() {
                    written += 1;
                    failed = out.entry(reading, entry).err();
                }
            })?;
            end.more.then_some(end.next)
        };
        failed.map_or(Ok((next, written)), Err)
    }

    fn query<'r>(&self, reading: &'r Reading, extent: Extent) -> PageQuery<'r> {
        let versions = self.filters.version_specs();
        let all = extent == Extent::Full && versions.is_empty();
        let filtered = self.collection.as_ref().filter(|one| !one.filter.trim().is_empty());
        PageQuery {
            visible: &reading.sight.visible,
            collection: filtered.map(|one| one.id),
            objects: self.filters.objects(),
            kinds: self.filters.types.clone(),
            sources: Vec::new(),
            versions: if all { vec![VersionSpec::All] } else { versions },
            from: self.from,
            limit: PAGE.min(self.left),
        }
    }
}

// A full export goes through the statements themselves, so the filters are applied here.
fn is_wanted(filters: &Filters, objects: &[ObjectKey], entry: &Entry<'_>) -> bool {
    let is = |key: &ObjectKey| key.uuid == entry.uuid && key.kind == entry.kind;
    filters.added_after.is_none_or(|after| entry.date_added.0 > after)
        && (filters.types.is_empty() || filters.types.iter().any(|kind| kind == entry.kind))
        && (objects.is_empty() || objects.iter().any(is))
}

struct Out<'o> {
    format: Format,
    extent: Extent,
    output: &'o mut dyn Write,
    buffer: Vec<u8>,
    written: u64,
}

impl Out<'_> {
    fn begin(&mut self) -> Result<(), Error> {
        match self.format {
            Format::Stix => {
                let head =
                    format!("{{\"type\":\"bundle\",\"id\":\"bundle--{}\"", random::uuid()?.hyphenated());
                self.buffer.extend_from_slice(head.as_bytes());
            }
            Format::Csv => self.buffer.extend_from_slice(&table::header()?),
            Format::Ndjson | Format::List(_) => {}
        }
        Ok(())
    }

    fn entry(&mut self, reading: &Reading, entry: &Entry<'_>) -> Result<(), Error> {
        reading.lends(entry);
        match &mut self.format {
            Format::Stix => {
                // A bundle without objects has no `objects` (STIX 2.1 §2: empty lists are not allowed).
                let before: &[u8] = if self.written == 0 { b",\"objects\":[\n" } else { b",\n" };
                self.buffer.extend_from_slice(before);
                object(&mut self.buffer, reading, entry, self.extent);
                self.written += 1;
            }
            Format::Ndjson => {
                let start = self.buffer.len();
                object(&mut self.buffer, reading, entry, self.extent);
                let line = self.buffer.get_mut(start..).unwrap_or_default();
                // Within JSON a line break is white space and nothing else: in strings it is escaped.
                line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
                self.buffer.push(b'\n');
                self.written += 1;
            }
            Format::Csv => {
                table::rows(&mut self.buffer, reading, entry)?;
                self.written += 1;
            }
            Format::List(distinct) => self.written += distinct.values(&mut self.buffer, reading, entry),
        }
        // What is RED or under embargo waits until it is written down who was lent it; a page is bounded.
        if reading.waits() { Ok(()) } else { self.flush(BUFFER) }
    }

    fn flush(&mut self, above: usize) -> Result<(), Error> {
        if self.buffer.len() > above {
            self.output.write_all(&self.buffer).map_err(|error| {
                Error::new(Kind::Unavailable, format!("the export could not be written: {error}"))
            })?;
            self.buffer.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> Result<u64, Error> {
        match &self.format {
            Format::Stix => {
                self.buffer.extend_from_slice(if self.written == 0 { b"}\n" } else { b"\n]}\n" });
            }
            Format::List(distinct) => distinct.end(&mut self.buffer),
            Format::Ndjson | Format::Csv => {}
        }
        self.flush(0)?;
        self.output.flush().map_err(|error| {
            Error::new(Kind::Unavailable, format!("the export could not be written: {error}"))
        })?;
        Ok(self.written)
    }
}

fn object(buffer: &mut Vec<u8>, reading: &Reading, entry: &Entry<'_>, extent: Extent) {
    match reading.sight.label(entry.label) {
        Some(label) if extent == Extent::Full => {
            let name = reading.roster.named(entry.source).name;
            let hidden = reading.sight.visible.hidden_parts(entry.label);
            let carried = Carried::of((label, hidden), reading.reader, entry.date_added, !entry.owned, &name);
            let policies = reading.policies(entry.label);
            let policies = policies.iter().flat_map(|one| serde_json::to_string(&one.iep)).collect();
            let carried = Carried { policies, ..carried };
            carried::write(buffer, entry.wire, &carried);
        }
        _ => buffer.extend_from_slice(entry.wire),
    }
}
