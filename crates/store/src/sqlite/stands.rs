//! Reading what says values by themselves.

use std::ops::ControlFlow;

use model::{MemberId, Timestamp};
use rusqlite::OptionalExtension;
use rustc_hash::FxHashSet;

use super::find;
use super::index::keys::{self, Class};
use super::intern;
use super::row::damaged;
use crate::Error;
use crate::read::{LabelId, Snapshot, Visible};
use crate::stands::{Commit, Stand};

pub(crate) fn of(
    snapshot: &Snapshot,
    visible: &Visible,
    key: &[u8],
    each: &mut dyn FnMut(&Stand<'_>),
) -> Result<(), Error> {
    let value = keys::value(Class::Stands, key);
    let _done = find::entries(snapshot, &value, visible, &mut |position, rest| {
        let mut last = None;
        let _one = find::hit_at(snapshot, visible, position, &mut |hit| {
            last = Some(hit.label);
            ControlFlow::Continue(())
        })?;
        if let Some(label) = last {
            let _one = lend(snapshot, (label, position, rest), &mut |stand| {
                each(stand);
                ControlFlow::Continue(())
            })?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(())
}

fn lend(
    snapshot: &Snapshot,
    (label, position, rest): (LabelId, i64, &[u8]),
    each: &mut dyn FnMut(&Stand<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let (source, facts) = keys::read_short(rest).ok_or_else(|| damaged("index"))?;
    let source = snapshot.source(source)?;
    Ok(each(&Stand { position: position.cast_unsigned(), label, source, facts }))
}

pub(crate) fn all(
    snapshot: &Snapshot,
    visible: &Visible,
    (from, end): (&[u8], &[u8]),
    each: &mut dyn FnMut(&[u8], &Stand<'_>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let earlier = earlier(snapshot, visible)?;
    let start = keys::value_start(Class::Stands, from);
    let end = match end.is_empty() {
        true => keys::after(&[Class::Stands as u8]),
        false => keys::value_start(Class::Stands, end),
    };
    let mut scan = snapshot.runs()?.scan(snapshot.conn()?, &start, &end, None)?;
    let (mut asked, mut value) = (Vec::new(), Vec::new());
    while let Some(key) = scan.next()? {
        if asked.is_empty() || !key.starts_with(&asked) {
            asked.clear();
            asked.extend_from_slice(keys::asked(key));
            value = keys::split_value(key).ok_or_else(|| damaged("index"))?.0;
        }
        let entry = key.get(asked.len()..).and_then(keys::read_entry);
        let (label, position, rest) = entry.ok_or_else(|| damaged("index"))?;
        let label = LabelId(u32::try_from(label).map_err(|_| damaged("index"))?);
        if !visible.has(label) || earlier.contains(&position) {
            continue;
        }
        if lend(snapshot, (label, position, rest), &mut |stand| each(&value, stand))?.is_break() {
            break;
        }
    }
    Ok(())
}

// Statements that are last in their place, while another under another label is last for this reader.
pub(crate) fn earlier(snapshot: &Snapshot, visible: &Visible) -> Result<FxHashSet<i64>, Error> {
    let mut query = snapshot.conn()?.prepare_cached(
        "SELECT object, source, position, label FROM statement INDEXED BY statement_several
         WHERE state = 0 AND flags & 32 <> 0 ORDER BY object, source, version DESC, position",
    )?;
    let mut rows = query.query([])?;
    let (mut earlier, mut at) = (FxHashSet::default(), None);
    while let Some(row) = rows.next()? {
        if !visible.has(LabelId(row.get(3)?)) {
            continue;
        }
        let of: (i64, i64) = (row.get(0)?, row.get(1)?);
        // The greatest version that he sees comes first; of equal ones, the first.
        if at.replace(of) == Some(of) {
            earlier.insert(row.get(2)?);
        }
    }
    Ok(earlier)
}

pub(crate) fn for_some(
    snapshot: &Snapshot,
    visible: &Visible,
    key: &[u8],
    each: &mut dyn FnMut(u64, &[u8]),
) -> Result<(), Error> {
    let value = keys::value(Class::Stands, key);
    let _done = find::entries(snapshot, &value, visible, &mut |position, rest| {
        let (_, facts) = keys::read_short(rest).ok_or_else(|| damaged("index"))?;
        each(position.cast_unsigned(), facts);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(())
}

pub(crate) fn at(
    snapshot: &Snapshot,
    position: u64,
    each: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<(), Error> {
    find::packed(snapshot.conn()?, position.cast_signed(), |packed| {
        packed.stands.iter().for_each(|(key, facts)| each(key, facts));
    })
}

pub(crate) fn too_much(
    snapshot: &Snapshot,
    visible: &Visible,
    source: MemberId,
    (from, before): (u64, u64),
    most: u64,
) -> Result<Option<u64>, Error> {
    let conn = snapshot.conn()?;
    let Some(source) = intern::source(conn, source)? else { return Ok(None) };
    let prefix = keys::said(source);
    let bound = |position: u64| {
        let mut key = prefix.clone();
        keys::push_number(&mut key, position);
        key
    };
    let mut scan = snapshot.runs()?.scan(conn, &bound(from), &bound(before), Some(&prefix))?;
    let mut said: u64 = 0;
    while let Some(key) = scan.next()? {
        let read = key.get(prefix.len()..).and_then(keys::read_said);
        let (position, label, values) = read.ok_or_else(|| damaged("index"))?;
        if !u32::try_from(label).is_ok_and(|label| visible.has(LabelId(label))) {
            continue;
        }
        said = said.saturating_add(values.cast_unsigned());
        if said > most {
            return Ok(Some(position.cast_unsigned()));
        }
    }
    Ok(None)
}

pub(crate) fn position_at(snapshot: &Snapshot, time: Timestamp) -> Result<u64, Error> {
    let mut query =
        snapshot.conn()?.prepare_cached("SELECT last FROM sealed WHERE at < ?1 ORDER BY at DESC LIMIT 1")?;
    let last: Option<i64> = query.query_row([time.0], |row| row.get(0)).optional()?;
    Ok(last.map_or(0, |last| last + 1).cast_unsigned())
}

pub(crate) fn came_with(snapshot: &Snapshot, position: u64) -> Result<Commit, Error> {
    let mut query = snapshot.conn()?.prepare_cached(
        "SELECT last, at, (SELECT max(last) FROM sealed WHERE last < ?1) FROM sealed WHERE last >= ?1
         ORDER BY last LIMIT 1",
    )?;
    Ok(query.query_row([position.cast_signed()], |row| {
        let before: Option<i64> = row.get(2)?;
        Ok(Commit {
            first: before.map_or(0, |before| before + 1).cast_unsigned(),
            last: row.get::<_, i64>(0)?.cast_unsigned(),
            at: Timestamp(row.get(1)?),
        })
    })?)
}
