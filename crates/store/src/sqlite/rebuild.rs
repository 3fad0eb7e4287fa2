//! Views made again from the record: first the states of statements from what was said and what acts reached, then
//! lists and keys from what the node sees in each body.
//!
//! All of it is one transaction of the writer. The node's part runs in the caller's thread and hands over its results
//! piece by piece.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use model::{Facts, Label};
use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;

use super::append::pack;
use super::index::{block::Presence, changes::Changes, keys, scan::Runs};
use super::row::{damaged, entry, flag, state};
use super::sequencer::Sequencer;
use super::views::{self, Standing, Views};
use super::{claims, dump, kept, stored};
use crate::read::Snapshot;
use crate::upkeep::{Rebuilt, StoredStatement, Viewed};
use crate::{Error, Kind, Store, authority};

/// Statements handed over at once.
const PIECE: usize = 1_000;
/// Pieces that wait at most.
const WAITING: usize = 4;

type Piece = Vec<(i64, Viewed)>;

/// What the two threads say to each other.
enum Message {
    Piece(Piece),
    /// That was all; without it the rebuild is taken back.
    End,
}

/// Makes the views again.
pub(crate) fn rebuild(
    store: &Store,
    facts: Facts,
    view: &mut dyn FnMut(&StoredStatement) -> Option<Viewed>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Rebuilt, Error> {
    let (pieces, arriving) = sync_channel(WAITING);
    let (began, begun) = sync_channel(1);
    std::thread::scope(|scope| {
        let writing =
            scope.spawn(move || store.inner.writer.run_alone(move |to| write(to, facts, &began, &arriving)));
        // Nothing else is in its transaction or written from now on: what this snapshot sees is what the writer sees.
        let handed = match begun.recv() {
            Ok(()) => store.snapshot().and_then(|snapshot| hand_over(&snapshot, view, progress, &pieces)),
            Err(_) => Ok(()), // the writer says why
        };
        drop(pieces);
        let written = writing.join().map_err(|_| Error::new(Kind::Engine, "the rebuild was interrupted"))?;
        handed.and(written)
    })
}

fn hand_over(
    snapshot: &Snapshot,
    view: &mut dyn FnMut(&StoredStatement) -> Option<Viewed>,
    progress: &mut dyn FnMut(u64, u64),
    pieces: &SyncSender<Message>,
) -> Result<(), Error> {
    let given_up = || Error::new(Kind::Engine, "the rebuild was given up");
    let stopped = |_| given_up();
    let mut piece = Vec::with_capacity(PIECE);
    stored::each(snapshot, &mut |stored| {
        piece.push((stored.position.cast_signed(), view(&stored).ok_or_else(given_up)?));
        if piece.len() == PIECE {
            progress(stored.position, snapshot.end());
            pieces.send(Message::Piece(std::mem::take(&mut piece))).map_err(stopped)?;
        }
        Ok(())
    })?;
    pieces.send(Message::Piece(piece)).map_err(stopped)?;
    pieces.send(Message::End).map_err(stopped)?;
    progress(snapshot.end(), snapshot.end());
    Ok(())
}

fn write(
    to: &mut Sequencer,
    facts: Facts,
    began: &SyncSender<()>,
    arriving: &Receiver<Message>,
) -> Result<Rebuilt, Error> {
    authority::compare(to, facts, None)?;
    let before = looked(to)?;
    drop_views(to)?;
    states(&to.conn)?;
    kept::restate(&to.conn)?;
    to.restate()?;
    ids(to)?;
    // The caller waits for this before it reads.
    let _gone = began.send(());
    loop {
        match arriving.recv() {
            Ok(Message::Piece(piece)) => {
                let mut views = Views::default();
                for (position, viewed) in piece {
                    enter(to, &mut views, position, &viewed)?;
                }
                views.flush(&to.conn, &mut to.index)?;
                to.index.merge(&to.conn)?;
            }
            Ok(Message::End) => {
                let positions = to.next().cast_unsigned();
                return Ok(Rebuilt { equal: looked(to)? == before, positions });
            }
            Err(_) => return Err(Error::new(Kind::Engine, "the rebuild was given up")),
        }
    }
}

fn looked(to: &Sequencer) -> Result<[u8; 32], Error> {
    dump::digest(&to.conn, &Runs::read(&to.conn, &to.index.kept)?)
}

fn drop_views(to: &mut Sequencer) -> Result<(), Error> {
    to.conn.execute_batch(
        "DELETE FROM posting; DELETE FROM tally; DELETE FROM indexed; DELETE FROM fresh; DELETE FROM run;
         DELETE FROM fence; DELETE FROM block; UPDATE counter SET value = 0 WHERE name = 'last'",
    )?;
    to.index.kept.clear();
    to.index.reload(&to.conn)
}

fn ids(to: &mut Sequencer) -> Result<(), Error> {
    let mut from = 0i64;
    loop {
        let mut query = to
            .conn
            .prepare_cached("SELECT num, uuid, kind FROM object WHERE num > ?1 ORDER BY num LIMIT 8192")?;
        let rows: Vec<(i64, Vec<u8>, i64)> = query
            .query_map([from], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        let Some((last, ..)) = rows.last() else { return Ok(()) };
        from = *last;
        let mut changes = Changes::default();
        for (num, id, kind) in &rows {
            let key = keys::id_to(super::row::uuid(id)?, *kind, *num);
            changes.add(Presence::Here, |to| to.extend_from_slice(&key));
        }
        to.index.put(&to.conn, changes)?;
        to.index.merge(&to.conn)?;
    }
}

/// An entry as the states are found from it.
#[derive(Debug, Clone, Copy)]
struct Entry {
    position: i64,
    state: i64,
    flags: i64,
    place: (i64, i64),
    version: i64,
    root: i64,
    // The act that took it back or erased it, if one did.
    reached: Option<i64>,
}

// Object by object: the state of each entry, written where it is another than what stands.
fn states(conn: &Connection) -> Result<(), Error> {
    let wholes = wholes(conn)?;
    let mut query = conn.prepare(
        "SELECT s.object, s.position, s.state, s.flags, s.source, s.label, s.version, coalesce(s.target, s.position),
           (SELECT max(a.entry) FROM reach r JOIN statement a ON a.position = r.act
            WHERE r.target = s.position AND a.entry IN (1, 2))
         FROM statement s WHERE s.object > 0 AND s.entry IN (?1, ?2) ORDER BY s.object",
    )?;
    let mut rows = query.query([entry::OBJECT, entry::REENTRY])?;
    let (mut object, mut entries): (i64, Vec<Entry>) = (0, Vec::new());
    while let Some(row) = rows.next()? {
        let next: i64 = row.get(0)?;
        if next != object {
            settle(conn, &entries)?;
            (object, entries) = (next, Vec::new());
        }
        entries.push(Entry {
            position: row.get(1)?,
            state: row.get(2)?,
            flags: row.get(3)?,
            place: (row.get(4)?, *wholes.get(&row.get::<_, i64>(5)?).ok_or_else(|| damaged("label"))?),
            version: row.get(6)?,
            root: row.get(7)?,
            reached: row.get(8)?,
        });
    }
    settle(conn, &entries)
}

// Labels that differ in nothing but their parts have one number here: the least of them.
fn wholes(conn: &Connection) -> Result<FxHashMap<i64, i64>, Error> {
    let mut query = conn.prepare("SELECT num, canonical FROM label ORDER BY num")?;
    let mut rows = query.query([])?;
    let (mut first, mut wholes) = (FxHashMap::default(), FxHashMap::default());
    while let Some(row) = rows.next()? {
        let num: i64 = row.get(0)?;
        let canonical = row.get_ref(1)?.as_blob().map_err(|_| damaged("label"))?;
        let label = Label::from_canonical(canonical).ok_or_else(|| damaged("label"))?;
        wholes.insert(num, *first.entry(Label { parts: None, ..label }).or_insert(num));
    }
    Ok(wholes)
}

fn settle(conn: &Connection, entries: &[Entry]) -> Result<(), Error> {
    // A statement stands where it entered last.
    let mut latest: FxHashMap<i64, i64> = FxHashMap::default();
    for one in entries {
        let at = latest.entry(one.root).or_insert(one.position);
        *at = one.position.max(*at);
    }
    let moved = |one: &Entry| latest.get(&one.root).is_some_and(|latest| *latest > one.position);
    // Of one source under one label the greatest version is last; of equal ones, which only rows have, the latest.
    let mut last: FxHashMap<(i64, i64), (i64, i64)> = FxHashMap::default();
    for one in entries.iter().filter(|one| one.in_place() && !moved(one)) {
        let greatest = last.entry(one.place).or_insert((one.version, one.position));
        *greatest = (one.version, one.position).max(*greatest);
    }
    for one in entries {
        let state = match one.reached {
            Some(entry::ERASE) => state::ERASED,
            Some(_) => state::WITHDRAWN,
            None if one.flags & flag::EQUIVOCAL != 0 => state::EQUIVOCAL,
            None if moved(one) => state::MOVED,
            None if last.get(&one.place) == Some(&(one.version, one.position)) => state::LAST,
            None => state::PAST,
        };
        let several = if state == state::LAST && last.len() > 1 { flag::SEVERAL } else { 0 };
        let flags = one.flags & !flag::SEVERAL | several;
        if (one.state, one.flags) != (state, flags) {
            conn.prepare_cached("UPDATE statement SET state = ?2, flags = ?3 WHERE position = ?1")?
                .execute([one.position, state, flags])?;
        }
    }
    Ok(())
}

impl Entry {
    // Neither taken back nor one of two that say other bytes.
    fn in_place(&self) -> bool {
        self.reached.is_none() && self.flags & flag::EQUIVOCAL == 0
    }
}

fn enter(to: &mut Sequencer, views: &mut Views, position: i64, viewed: &Viewed) -> Result<(), Error> {
    let (state, label, source, kind, root): (i64, i64, i64, i64, i64) = to
        .conn
        .prepare_cached(
            "SELECT state, label, source, kind, coalesce(target, position) FROM statement WHERE position = ?1",
        )?
        .query_row([position], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?;
    let valid = (viewed.index.valid_from.map(|at| at.0), viewed.index.valid_until.map(|at| at.0));
    to.conn
        .prepare_cached(
            "UPDATE statement SET valid_from = ?2, valid_until = ?3
             WHERE position = ?1 AND (valid_from IS NOT ?2 OR valid_until IS NOT ?3)",
        )?
        .execute(params![position, valid.0, valid.1])?;
    if state != state::LAST && state != state::PAST {
        return Ok(());
    }
    let mut packed = pack(to, &viewed.index, &viewed.collections, &mut |to, key| {
        // Every id that was ever referred to has its number.
        Ok(to.object(key)?.unwrap_or(0))
    })?;
    packed.lists.extend(claims::lists_at(&to.conn, root, source)?);
    views::keep(&to.conn, position, &packed)?;
    let at = Standing { position, label, source, kind };
    if state == state::LAST {
        views.enter(at, &packed);
    } else {
        views.enter_past(at, &packed);
    }
    Ok(())
}
