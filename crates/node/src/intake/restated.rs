//! Rows and lines that say what their member says already: those of an export that is taken back. They add nothing.

use std::ops::ControlFlow;

use model::observable::Observable;
use model::{CollectionId, Label, MemberId, Timestamp};
use store::find::{Hit, Keys};
use store::read::{Entry, OutcomeState};
use store::record::{Held, HeldLabel, Item, NewStatement, ObjectKey};
use strictjson::Limits;

use super::decided::Decided;
use super::told;
use crate::Error;
use crate::chunk::{Chunk, Piece};
use crate::core::describe::Description;
use crate::core::observables::alone;
use crate::core::rows::RowForm;
use crate::export::table;
use crate::reading::Reading;
use crate::recall::is_being_recalled;

/// Indicators that mention a value and are looked at for one that matches it alone, at most.
const LOOKED_AT: usize = 16;

/// Decides anew on the rows that say what stands, as far as the one who submits sees that.
pub(super) fn settle(
    reading: &Reading,
    (source, through): (MemberId, Option<CollectionId>),
    (form, chunk): (&RowForm, &Chunk),
    decided: &mut [Decided],
) -> Result<(), Error> {
    let find: Finder = match form.is_exported() {
        true => exported,
        false if form.delimiter.is_none() => bare,
        false => return Ok(()),
    };
    // Rows never wait for a marking, so there is a decision for each piece.
    for (piece, decided) in chunk.pieces.iter().zip(decided) {
        let row = Row { form, bytes: chunk.bytes(piece), piece, decided };
        // What a recall takes back yet says nothing any more.
        if let Some(stands) = find(reading, source, &row)?
            && !is_being_recalled(&reading.roster, &reading.snapshot, (source, stands.position))?
        {
            *decided = said_already(reading, through, &row, &stands)?;
        }
    }
    Ok(())
}

type Finder = fn(&Reading, MemberId, &Row<'_>) -> Result<Option<Stands>, Error>;

/// What arrives.
struct Row<'r> {
    form: &'r RowForm,
    bytes: &'r [u8],
    piece: &'r Piece,
    decided: &'r Decided,
}

impl Row<'_> {
    fn statement(&self) -> Option<&NewStatement> {
        match self.decided.items.first() {
            Some(Item::Statement(new)) => Some(new),
            _ => None,
        }
    }
}

/// What stands already.
struct Stands {
    object: ObjectKey,
    version: String,
    position: u64,
    label: Label,
}

fn said_already(
    reading: &Reading,
    through: Option<CollectionId>,
    row: &Row<'_>,
    stands: &Stands,
) -> Result<Decided, Error> {
    let outside = match through {
        Some(through) => !reading.snapshot.is_listed(stands.position, through)?,
        None => false,
    };
    let whole = |label: &Label| Label { parts: None, ..label.clone() };
    let is_as_asked = |new: &NewStatement| whole(&new.label) == whole(&stands.label);
    let label = match row.statement().is_none_or(is_as_asked) {
        true => HeldLabel::AsAsked,
        false => HeldLabel::Tlp(stands.label.tlp),
    };
    let mut outcome = crate::views::Outcome {
        ordinal: row.piece.start.ordinal,
        line: Some(row.piece.start.line),
        id: stands.object.to_string(),
        version: stands.version.clone(),
        state: "duplicate",
        message: None,
        findings: Vec::new(),
    };
    told::tell(&mut outcome, OutcomeState::Duplicate(Held { label, outside }));
    Ok(Decided { items: Vec::new(), outcome, defines: None })
}

// A row of an export of ours: it tells of one version of an object, and says what that says.
fn exported(reading: &Reading, source: MemberId, row: &Row<'_>) -> Result<Option<Stands>, Error> {
    let Some(said) = row.form.exported(row.bytes) else { return Ok(None) };
    let mut positions = Vec::new();
    reading.snapshot.versions(&reading.sight.visible, &said.object, &mut |hit| {
        if hit.source == source && hit.version == said.version {
            positions.push(hit.position);
        }
        if hit.version < said.version { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let mut found = None;
    for position in positions {
        reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
            let label = reading.sight.label(entry.label);
            let says = || table::cells(reading, entry).iter().any(|cells| said.says(cells));
            if let Some(label) = label.filter(|_| says()) {
                let (object, version) = (said.object.clone(), entry.version_text());
                found = Some(Stands { object, version, position, label: label.clone() });
            }
        })?;
    }
    Ok(found)
}

// A line that says a value alone: an indicator that is valid and matches by this value alone says no less. What a list
// tells of an indicator is found again by this.
fn bare(reading: &Reading, source: MemberId, row: &Row<'_>) -> Result<Option<Stands>, Error> {
    let Some(new) = row.statement().filter(|_| row.form.is_bare(row.bytes)) else { return Ok(None) };
    let Some(value) = new.wire.as_deref().and_then(|wire| said_alone(wire).into_iter().next()) else {
        return Ok(None);
    };
    let own = |hit: &Hit<'_>| hit.source == source && hit.kind == "indicator" && !hit.revoked;
    let mut hits = Vec::new();
    let mut take = |hit: &Hit<'_>| {
        if own(hit) {
            hits.push((hit.position, hit.uuid));
        }
        if hits.len() < LOOKED_AT { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let visible = &reading.sight.visible;
    reading.snapshot.standing(visible, &new.object, &mut take)?;
    reading.snapshot.mentions(visible, Keys::One(value.key()), &mut |_, hit| take(hit))?;
    let mut found = None;
    for (position, uuid) in hits {
        reading.snapshot.entry(visible, position, &mut |entry| {
            let label = reading.sight.label(entry.label).filter(|_| says(entry, &value, reading.now));
            if let Some(label) = label {
                let object = ObjectKey { kind: entry.kind.to_owned(), uuid };
                found =
                    Some(Stands { object, version: entry.version_text(), position, label: label.clone() });
            }
        })?;
        if found.is_some() {
            break;
        }
    }
    Ok(found)
}

fn says(entry: &Entry<'_>, value: &Observable, now: Timestamp) -> bool {
    let parsed = strictjson::parse(entry.wire, &Limits::default());
    parsed.is_ok_and(|object| Description::of(&object).is_active(now))
        && said_alone(entry.wire).contains(value)
}

fn said_alone(wire: &[u8]) -> Vec<Observable> {
    strictjson::parse(wire, &Limits::default()).map_or_else(|_| Vec::new(), |object| alone(&object).values)
}
