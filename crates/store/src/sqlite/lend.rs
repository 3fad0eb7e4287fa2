//! What a reader is told of an entry, and what he is served of it.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use super::names::Names;
use super::owner::{self, Asked};
use super::page::Body;
use super::row::{damaged, flag, media, state};
use super::sealed::Times;
use super::span::{self, Record, Span, Wires};
use super::strip::Place;
use crate::Error;
use crate::read::{Entry, LabelId, Snapshot, VersionForm, Visible};
use model::Timestamp;

/// What is told of what stands at a position.
pub(crate) fn told(conn: &Connection, position: i64) -> Result<Record, Error> {
    let mut query = conn.prepare_cached(span::at(false))?;
    let mut rows = query.query([position])?;
    Ok(Span::read(rows.next()?.ok_or_else(|| damaged("span"))?)?.entry(position)?.0)
}

/// Lends what stands at a position, if the reader may see it; whether it was lent.
pub(crate) fn lend_at(
    snapshot: &Snapshot,
    visible: &Visible,
    position: i64,
    each: &mut dyn FnMut(&Entry<'_>),
) -> Result<bool, Error> {
    if position < 0 {
        return Ok(false);
    }
    // Of one entry the strip is as quick to read as its span. But pages are read from the strip, so that the system holds it
    // in memory already, and who looks things up does not have to wait for the disk.
    if let Some((record, place, wire)) = stripped(snapshot, position)? {
        if !is_for(visible, &record) {
            return Ok(false);
        }
        let times = &mut Times::new(visible);
        let date_added = times.known_or_added(place.time(), snapshot.conn()?, (position, &record))?;
        let entry = Told { position, date_added, record: &record, wire: &wire };
        lend(snapshot, &mut snapshot.names(), visible, entry, Body::Read, each)?;
        return Ok(true);
    }
    let mut query = snapshot.conn()?.prepare_cached(span::at(true))?;
    let mut rows = query.query([position])?;
    let Some(row) = rows.next()? else { return Ok(false) };
    let span = Span::read(row)?;
    if !span.positions().contains(&position) {
        return Ok(false);
    }
    lend_from(snapshot, visible, &mut Times::new(visible), (&span, position), each)
}

// What the strip has of one entry. It is copied, since who is lent it may read of the strip himself.
fn stripped(snapshot: &Snapshot, position: i64) -> Result<Option<(Record, Place, Vec<u8>)>, Error> {
    let Some(chunk) = snapshot.strip(position, 1, &|_| true)? else { return Ok(None) };
    let (record, place, wire) = chunk.entry(position)?;
    Ok(Some((*record, place, wire.unwrap_or_default().to_vec())))
}

// Whether an entry is in force, and the reader may see it.
fn is_for(visible: &Visible, record: &Record) -> bool {
    record.state <= state::PAST && visible.has(LabelId(record.label))
}

/// Lends an entry of a span, if it is in force and the reader may see it; whether it was lent.
pub(crate) fn lend_from(
    snapshot: &Snapshot,
    visible: &Visible,
    times: &mut Times<'_>,
    (span, position): (&Span<'_>, i64),
    each: &mut dyn FnMut(&Entry<'_>),
) -> Result<bool, Error> {
    let (record, wire) = span.entry(position)?;
    if !is_for(visible, &record) {
        return Ok(false);
    }
    let date_added = times.added(snapshot.conn()?, position, &record)?;
    let entry = Told { position, date_added, record: &record, wire };
    lend(snapshot, &mut snapshot.names(), visible, entry, Body::Read, each)?;
    Ok(true)
}

/// What a reader is told of an entry, as far as its span has it.
pub(crate) struct Told<'s> {
    pub(crate) position: i64,
    pub(crate) date_added: Timestamp,
    pub(crate) record: &'s Record,
    pub(crate) wire: &'s [u8],
}

/// Lends an entry that the reader may see.
pub(crate) fn lend(
    snapshot: &Snapshot,
    names: &mut Arc<Names>,
    visible: &Visible,
    Told { position, date_added, record, wire }: Told<'_>,
    body: Body,
    each: &mut dyn FnMut(&Entry<'_>),
) -> Result<(), Error> {
    let (head, flags) = (&record.head, record.flags);
    let standing = owner::standing_at(snapshot, visible, Asked { position, source: head.source, flags })?;
    let wire = match body {
        Body::Read => served(snapshot, visible, (position, record), wire)?,
        Body::Skip => Cow::Borrowed(wire),
    };
    let text = if head.text { version_text(snapshot.conn()?, position)? } else { None };
    if names.word(head.kind).is_none() || names.source(head.source).is_none() {
        *names = snapshot.more_names()?;
    }
    let (Some(kind), Some(source)) = (names.word(head.kind), names.source(head.source)) else {
        return Err(damaged("head"));
    };
    each(&Entry {
        position: position.cast_unsigned(),
        date_added,
        kind,
        uuid: head.uuid,
        version: Timestamp(head.version),
        version_form: VersionForm::stored(flags & flag::MILLIS != 0, text.as_deref()),
        owned: !standing.claim,
        revoked: flags & flag::REVOKED != 0,
        label: LabelId(record.label),
        source,
        media: media(head.media)?,
        wire: &wire,
    });
    Ok(())
}

/// What a reader is served of an entry whose own bytes are these.
pub(crate) fn served<'w>(
    snapshot: &Snapshot,
    visible: &Visible,
    (position, record): (i64, &Record),
    wire: &'w [u8],
) -> Result<Cow<'w, [u8]>, Error> {
    let wire = match wire.is_empty() {
        true => Cow::Owned(wire_elsewhere(snapshot.conn()?, position)?),
        false => Cow::Borrowed(wire),
    };
    // Before anything is counted by its length.
    Ok(visible.without_hidden(LabelId(record.label), &wire).map_or(wire, Cow::Owned))
}

// The bytes of a statement that entered again are where it stood first.
fn wire_elsewhere(conn: &Connection, position: i64) -> Result<Vec<u8>, Error> {
    let target: Option<Option<i64>> = conn
        .prepare_cached("SELECT target FROM statement WHERE position = ?1")?
        .query_row([position], |row| row.get(0))
        .optional()?;
    let Some(target) = target.flatten() else { return Ok(Vec::new()) };
    Ok(Wires::default().at(conn, target)?.1.to_vec())
}

fn version_text(conn: &Connection, position: i64) -> Result<Option<String>, Error> {
    Ok(conn
        .prepare_cached("SELECT version_text FROM statement WHERE position = ?1")?
        .query_row([position], |row| row.get(0))
        .optional()?
        .flatten())
}
