//! Finding by term, by reference and by id. Everything here is what a reader may see, and last: of each object and
//! source the greatest version that he may see.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use model::Timestamp;
use rusqlite::{Connection, Row};

use super::index::keys::{self, Class};
use super::index::scan::Scan;
use super::lend;
use super::owner::{self, Asked};
use super::packed::Lying;
use super::page;
use super::row::{damaged, flag, state, uuid};
use super::sealed::Times;
use super::span::{self, Span};
use super::streams::labels_of;
use super::views::{COLLECTIONS, EVERYTHING};
use crate::find::{Count, Hit, Keys};
use crate::read::{Entry, LabelId, Snapshot, Visible};
use crate::record::ObjectKey;
use crate::{Error, Kind};

/// A hit by its position.
const HIT: &str =
    "SELECT position, state, label, flags, kind, object, uuid, version, source, valid_from, valid_until
  FROM statement WHERE position = ?1";
/// So many entries of a value are read and sorted at once.
const FEW: usize = 256;
/// A range is gone through for so many values.
const RANGE: usize = 100_000;

/// Tells whether to go on.
type Flow = Result<ControlFlow<()>, Error>;

// Lends a row as a hit if the reader may see it and it is last for him.
fn offer(
    snapshot: &Snapshot,
    visible: &Visible,
    row: &Row<'_>,
    each: &mut dyn FnMut(&Hit<'_>) -> ControlFlow<()>,
) -> Flow {
    let label = LabelId(row.get(2)?);
    if row.get::<_, i64>(1)? != state::LAST || !visible.has(label) {
        return Ok(ControlFlow::Continue(()));
    }
    let (position, flags): (i64, i64) = (row.get(0)?, row.get(3)?);
    let source: i64 = row.get(8)?;
    if flags & flag::SEVERAL != 0 && !is_last(snapshot.conn()?, visible, row.get(5)?, source, position)? {
        return Ok(ControlFlow::Continue(()));
    }
    lend(snapshot, visible, row, each)
}

// Lends a row as a hit.
fn lend(
    snapshot: &Snapshot,
    visible: &Visible,
    row: &Row<'_>,
    each: &mut dyn FnMut(&Hit<'_>) -> ControlFlow<()>,
) -> Flow {
    let asked = Asked { position: row.get(0)?, source: row.get(8)?, flags: row.get(3)? };
    let standing = owner::standing_of(snapshot, visible, row.get(5)?, asked)?;
    let kind = snapshot.word(row.get(4)?)?;
    let uuid = uuid(row.get_ref(6)?.as_blob().map_err(|_| damaged("uuid"))?)?;
    snapshot.meet(uuid, row.get(4)?, row.get(5)?);
    Ok(each(&Hit {
        position: row.get::<_, i64>(0)?.cast_unsigned(),
        kind: &kind,
        uuid,
        version: Timestamp(row.get(7)?),
        label: LabelId(row.get(2)?),
        source: snapshot.source(row.get(8)?)?,
        owned: !standing.claim,
        bound: standing.flags & flag::BOUND != 0,
        several: asked.flags & flag::SEVERAL != 0,
        revoked: asked.flags & flag::REVOKED != 0,
        valid_from: row.get::<_, Option<i64>>(9)?.map(Timestamp),
        valid_until: row.get::<_, Option<i64>>(10)?.map(Timestamp),
    }))
}

// Of several that are last under other labels, the reader's is the greatest that he may see of this source.
fn is_last(
    conn: &Connection,
    visible: &Visible,
    object: i64,
    source: i64,
    position: i64,
) -> Result<bool, Error> {
    let mut query = conn.prepare_cached(
        "SELECT position, version, label FROM statement INDEXED BY statement_object
         WHERE object = ?1 AND state = ?2 AND source = ?3",
    )?;
    let mut rows = query.query([object, state::LAST, source])?;
    let mut greatest: Option<(i64, Reverse<i64>)> = None;
    while let Some(row) = rows.next()? {
        if visible.has(LabelId(row.get(2)?)) {
            greatest = greatest.max(Some((row.get(1)?, Reverse(row.get(0)?))));
        }
    }
    Ok(greatest.is_some_and(|(_, last)| last.0 == position))
}

pub(crate) fn mentions(
    snapshot: &Snapshot,
    visible: &Visible,
    keys: Keys<'_>,
    each: &mut dyn FnMut(&[u8], &Hit<'_>) -> ControlFlow<()>,
) -> Result<(), Error> {
    match keys {
        Keys::One(key) => {
            let value = keys::value(Class::Observable, key);
            let _done = entries(snapshot, &value, visible, &mut |position, _| {
                hit_at(snapshot, visible, position, &mut |hit| each(key, hit))
            })?;
            Ok(())
        }
        Keys::Range(start, end) => range(snapshot, visible, (start, end), each),
    }
}

// One reading of the whole range; only a value that leads to many entries is then gone through by itself.
fn range(
    snapshot: &Snapshot,
    visible: &Visible,
    (start, end): (&[u8], &[u8]),
    each: &mut dyn FnMut(&[u8], &Hit<'_>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut from = keys::value_start(Class::Observable, start);
    let end = keys::value_start(Class::Observable, end);
    let mut values = 0;
    'scan: loop {
        let mut scan = snapshot.runs()?.scan(snapshot.conn()?, &from, &end, None)?;
        let mut value = Vec::new();
        let mut few: Vec<(i64, Vec<u8>)> = Vec::new();
        let mut passed = 0;
        loop {
            let key = scan.next()?;
            if let Some(key) = key.filter(|key| !value.is_empty() && keys::asked(key) == value) {
                add_entry(key, value.len(), visible, &mut few)?;
                // Also those that are not for this reader count: he does not go through all of them.
                passed += 1;
                if passed < FEW {
                    continue;
                }
                drop(scan);
                let (asked, _) = keys::split_value(&value).ok_or_else(|| damaged("index"))?;
                let mut leads = false;
                let flow = merged(snapshot, &value, visible, &mut |position, _| {
                    leads = true;
                    hit_at(snapshot, visible, position, &mut |hit| each(&asked, hit))
                })?;
                values += usize::from(leads);
                if flow.is_break() || values >= RANGE {
                    return Ok(());
                }
                from = keys::after(&value);
                continue 'scan;
            }
            let next = key.map(<[u8]>::to_vec);
            if !value.is_empty() {
                // Values that this reader sees nothing of are passed over; they do not use up what he is told.
                values += usize::from(!few.is_empty());
                let (asked, _) = keys::split_value(&value).ok_or_else(|| damaged("index"))?;
                let flow = newest_first(&mut few, &mut |position, _| {
                    hit_at(snapshot, visible, position, &mut |hit| each(&asked, hit))
                })?;
                if flow.is_break() {
                    return Ok(());
                }
            }
            let Some(next) = next.filter(|_| values < RANGE) else { return Ok(()) };
            value = keys::asked(&next).to_vec();
            passed = 1;
            add_entry(&next, value.len(), visible, &mut few)?;
        }
    }
}

// Adds the entry that a key leads to, if the reader may see it, with what follows its position in the key.
fn add_entry(
    key: &[u8],
    length: usize,
    visible: &Visible,
    few: &mut Vec<(i64, Vec<u8>)>,
) -> Result<(), Error> {
    let entry = key.get(length..).and_then(keys::read_entry);
    let (label, position, rest) = entry.ok_or_else(|| damaged("index"))?;
    if u32::try_from(label).is_ok_and(|label| visible.has(LabelId(label))) {
        few.push((position, rest.to_vec()));
    }
    Ok(())
}

fn newest_first(few: &mut Vec<(i64, Vec<u8>)>, each: &mut dyn FnMut(i64, &[u8]) -> Flow) -> Flow {
    few.sort_unstable_by(|one, other| other.cmp(one));
    for (position, rest) in few.drain(..) {
        if each(position, &rest)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

// Goes through the entries that a value leads to, the newest first, with what follows the position in the key. Mostly
// they are few and are sorted; where they are many, those of each label are merged.
pub(crate) fn entries(
    snapshot: &Snapshot,
    value: &[u8],
    visible: &Visible,
    each: &mut dyn FnMut(i64, &[u8]) -> Flow,
) -> Flow {
    let mut scan = snapshot.runs()?.scan(snapshot.conn()?, value, &keys::after(value), Some(value))?;
    let mut few = Vec::new();
    for _ in 0..FEW {
        match scan.next()? {
            Some(key) => add_entry(key, value.len(), visible, &mut few)?,
            None => return newest_first(&mut few, each),
        }
    }
    merged(snapshot, value, visible, each)
}

fn merged(
    snapshot: &Snapshot,
    value: &[u8],
    visible: &Visible,
    each: &mut dyn FnMut(i64, &[u8]) -> Flow,
) -> Flow {
    let mut scans = Vec::new();
    let mut heads = BinaryHeap::new();
    for label in labels_of(snapshot, value, visible)? {
        let mut prefix = value.to_vec();
        keys::push_short(&mut prefix, label);
        let scan = snapshot.runs()?.scan(snapshot.conn()?, &prefix, &keys::after(&prefix), Some(value))?;
        scans.push((scan, prefix.len()));
        let at = scans.len() - 1;
        heads.extend(head(&mut scans, at)?);
    }
    while let Some((position, rest, at)) = heads.pop() {
        if each(position, &rest)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        heads.extend(head(&mut scans, at)?);
    }
    Ok(ControlFlow::Continue(()))
}

// The next of one of several scans: position, what follows it, and which scan.
fn head(scans: &mut [(Scan<'_>, usize)], at: usize) -> Result<Option<(i64, Vec<u8>, usize)>, Error> {
    let Some((scan, length)) = scans.get_mut(at) else { return Ok(None) };
    let Some(key) = scan.next()? else { return Ok(None) };
    let entry = key.get(*length..).and_then(keys::read_position);
    let (position, rest) = entry.ok_or_else(|| damaged("index"))?;
    Ok(Some((position, rest.to_vec(), at)))
}

pub(crate) fn referring(
    snapshot: &Snapshot,
    visible: &Visible,
    object: &ObjectKey,
    each: &mut dyn FnMut(&str, &Hit<'_>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let Some(target) = snapshot.object(object)? else { return Ok(()) };
    let mut waiting = (0, Vec::new());
    let flow = entries(snapshot, &keys::reference(target), visible, &mut |position, rest| {
        let (property, _) = keys::read_short(rest).ok_or_else(|| damaged("index"))?;
        let property = snapshot.word(property)?.to_string();
        let mut flow = ControlFlow::Continue(());
        if position != waiting.0 {
            flow = by_properties(snapshot, visible, &mut waiting, each)?;
            waiting.0 = position;
        }
        waiting.1.push(property);
        Ok(flow)
    })?;
    if flow.is_continue() {
        let _done = by_properties(snapshot, visible, &mut waiting, each)?;
    }
    Ok(())
}

// An entry that refers to an object by several properties tells them in the order of their names: that of the numbers which
// they have here would tell what others said first.
fn by_properties(
    snapshot: &Snapshot,
    visible: &Visible,
    (position, properties): &mut (i64, Vec<String>),
    each: &mut dyn FnMut(&str, &Hit<'_>) -> ControlFlow<()>,
) -> Flow {
    properties.sort_unstable();
    for property in properties.drain(..) {
        let flow = hit_at(snapshot, visible, *position, &mut |hit| each(&property, hit))?;
        if flow.is_break() {
            return Ok(flow);
        }
    }
    Ok(ControlFlow::Continue(()))
}

pub(crate) fn references(snapshot: &Snapshot, position: u64) -> Result<Vec<(String, ObjectKey)>, Error> {
    let conn = snapshot.conn()?;
    let mut query = conn.prepare_cached("SELECT uuid, kind FROM object WHERE num = ?1")?;
    let mut found = Vec::new();
    for (object, property) in packed(conn, position.cast_signed(), |packed| packed.references)? {
        let mut rows = query.query([object])?;
        if let Some(row) = rows.next()? {
            let uuid = uuid(row.get_ref(0)?.as_blob().map_err(|_| damaged("uuid"))?)?;
            snapshot.meet(uuid, row.get(1)?, object);
            let kind = snapshot.word(row.get(1)?)?.to_string();
            found.push((snapshot.word(property)?.to_string(), ObjectKey { kind, uuid }));
        }
    }
    Ok(found)
}

/// Lends what the views hold of the entry at a position; nothing where they hold nothing.
pub(crate) fn packed<T: Default>(
    conn: &Connection,
    position: i64,
    read: impl FnOnce(Lying<'_>) -> T,
) -> Result<T, Error> {
    let mut query = conn.prepare_cached("SELECT packed FROM indexed WHERE position = ?1")?;
    let mut rows = query.query([position])?;
    let Some(row) = rows.next()? else { return Ok(T::default()) };
    let bytes = row.get_ref(0)?.as_blob().map_err(|_| damaged("indexed"))?;
    Ok(read(Lying::read(bytes)?))
}

/// The terms of one class of the entry at a position, but for those that are too long to be kept whole.
pub(crate) fn terms(snapshot: &Snapshot, position: u64, class: Class) -> Result<Vec<Vec<u8>>, Error> {
    packed(snapshot.conn()?, position.cast_signed(), |packed| {
        let of_class = packed.terms.iter().filter(|term| term.first() == Some(&(class as u8)));
        let values = of_class.filter_map(|term| keys::split_value(term)).map(|(value, _)| value);
        values.filter(|value| value.len() < keys::VALUE_BYTES).collect()
    })
}

/// One row of an object that the reader may see.
struct Seen {
    position: i64,
    source: i64,
    version: i64,
    // The owner's own, then what speaks for nobody, then claims.
    standing: i64,
}

fn seen(snapshot: &Snapshot, visible: &Visible, object: i64, most: i64) -> Result<Vec<Seen>, Error> {
    let mut query = snapshot.conn()?.prepare_cached(
        "SELECT position, source, version, flags, label FROM statement INDEXED BY statement_object
         WHERE object = ?1 AND state <= ?2",
    )?;
    let mut rows = query.query([object, most])?;
    let mut seen = Vec::new();
    while let Some(row) = rows.next()? {
        if visible.has(LabelId(row.get(4)?)) {
            let asked = Asked { position: row.get(0)?, source: row.get(1)?, flags: row.get(3)? };
            let flags = owner::standing_of(snapshot, visible, object, asked)?.flags;
            let standing = flags & (flag::OWNED | flag::BOUND);
            seen.push(Seen {
                position: asked.position,
                source: asked.source,
                version: row.get(2)?,
                standing,
            });
        }
    }
    Ok(seen)
}

pub(crate) fn standing(
    snapshot: &Snapshot,
    visible: &Visible,
    object: &ObjectKey,
    each: &mut dyn FnMut(&Hit<'_>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let Some(object) = snapshot.object(object)? else { return Ok(()) };
    let mut seen = seen(snapshot, visible, object, state::LAST)?;
    seen.sort_unstable_by_key(|one| (one.source, Reverse(one.version), one.position));
    seen.dedup_by_key(|one| one.source);
    seen.sort_unstable_by_key(|one| (Reverse(one.standing), Reverse(one.version), one.position));
    lend_each(snapshot, visible, &seen, each)
}

pub(crate) fn versions(
    snapshot: &Snapshot,
    visible: &Visible,
    object: &ObjectKey,
    each: &mut dyn FnMut(&Hit<'_>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let Some(object) = snapshot.object(object)? else { return Ok(()) };
    let mut seen = seen(snapshot, visible, object, state::PAST)?;
    // The same version may stand under several labels; the first is as good as the others.
    seen.sort_unstable_by_key(|one| (one.version, one.source, one.position));
    seen.dedup_by_key(|one| (one.version, one.source));
    // By position, since the number of a source tells when it was first heard of.
    seen.sort_unstable_by_key(|one| (Reverse(one.version), one.position));
    lend_each(snapshot, visible, &seen, each)
}

fn lend_each(
    snapshot: &Snapshot,
    visible: &Visible,
    seen: &[Seen],
    each: &mut dyn FnMut(&Hit<'_>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut query = snapshot.conn()?.prepare_cached(HIT)?;
    for one in seen {
        let mut rows = query.query([one.position])?;
        if let Some(row) = rows.next()?
            && lend(snapshot, visible, row, each)?.is_break()
        {
            break;
        }
    }
    Ok(())
}

/// Lends the hit at a position, if the reader may see it and it is last for him.
pub(crate) fn hit_at(
    snapshot: &Snapshot,
    visible: &Visible,
    position: i64,
    each: &mut dyn FnMut(&Hit<'_>) -> ControlFlow<()>,
) -> Flow {
    let mut query = snapshot.conn()?.prepare_cached(HIT)?;
    let mut rows = query.query([position])?;
    match rows.next()? {
        Some(row) => offer(snapshot, visible, row, each),
        None => Ok(ControlFlow::Continue(())),
    }
}

pub(crate) fn entry(
    snapshot: &Snapshot,
    visible: &Visible,
    position: u64,
    each: &mut dyn FnMut(&Entry<'_>),
) -> Result<(), Error> {
    if lend::lend_at(snapshot, visible, position.cast_signed(), each)? {
        return Ok(());
    }
    Err(Error::new(Kind::NotFound, format!("nothing stands at position {position}")))
}

pub(crate) fn statements(
    snapshot: &Snapshot,
    visible: &Visible,
    from: u64,
    most: usize,
    each: &mut dyn FnMut(&Entry<'_>),
) -> Result<Option<u64>, Error> {
    let mut query = snapshot.conn()?.prepare_cached(span::from(true))?;
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let mut rows = query.query([from])?;
    let (mut lent, mut bytes, mut times) = (0, 0, Times::new(visible));
    while let Some(row) = rows.next()? {
        let span = Span::read(row)?;
        for position in span.positions().skip_while(|position| *position < from) {
            if lent == most || bytes >= page::PAGE_BYTES {
                return Ok(Some(position.cast_unsigned()));
            }
            let lend = &mut |entry: &Entry<'_>| {
                bytes += entry.wire.len();
                each(entry);
            };
            lent += usize::from(lend::lend_from(snapshot, visible, &mut times, (&span, position), lend)?);
        }
    }
    Ok(None)
}

pub(crate) fn counts(snapshot: &Snapshot, visible: &Visible) -> Result<Vec<Count>, Error> {
    let mut query = snapshot
        .conn()?
        .prepare_cached("SELECT list, label, source, count FROM tally WHERE list > ?1 AND list < ?2")?;
    let mut rows = query.query([EVERYTHING, COLLECTIONS])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let label = LabelId(row.get(1)?);
        if visible.has(label) {
            counts.push(Count {
                kind: snapshot.word(row.get(0)?)?.to_string(),
                source: snapshot.source(row.get(2)?)?,
                label,
                count: row.get::<_, i64>(3)?.cast_unsigned(),
            });
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::sqlite::index::block::Presence;
    use crate::sqlite::index::changes::Changes;
    use crate::{Options, Store};

    #[test]
    fn a_range_does_not_go_through_all_that_is_not_for_the_reader_under_one_value() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &Options::default()).unwrap();
        let led = |value: &[u8], label: i64, position: i64| {
            let mut key = keys::value(Class::Observable, value);
            keys::push_entry(&mut key, label, position);
            key
        };
        // Less than what makes a run at once.
        let mut changes = Changes::default();
        for key in (0..2_000).map(|position| led(b"a", 5, position)).chain([led(b"b", 5, 1)]) {
            changes.add(Presence::Here, |to| to.extend_from_slice(&key));
        }
        store.inner.writer.run(0, None, move |to| to.index.put(&to.conn, changes)).unwrap();
        let snapshot = store.snapshot().unwrap();
        let mut visible = Visible::default();
        visible.allow(LabelId(9));
        mentions(&snapshot, &visible, Keys::Range(b"a", b"c"), &mut |_, _| ControlFlow::Continue(()))
            .unwrap();
        // Each brings 64 keys.
        let asked = "SELECT key, gone FROM fresh WHERE key >= ?1 AND key < ?3 ORDER BY key LIMIT ?2";
        let asked = snapshot.conn().unwrap().prepare_cached(asked).unwrap().get_status(StatementStatus::Run);
        assert!((1..10).contains(&asked), "{asked} questions");
    }
}
