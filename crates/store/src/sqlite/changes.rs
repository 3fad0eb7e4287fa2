//! Reading what was taken away, and remembering for a while what it said.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use model::Timestamp;
use rusqlite::params;

use super::find;
use super::row::{damaged, entry, state, uuid};
use super::span::Wires;
use crate::Error;
use crate::changes::{Gone, Left, Stands};
use crate::read::{LabelId, Snapshot, Visible};
use crate::record::ObjectKey;

/// For so long it is remembered what a statement said that was taken away: what was erased is not kept for longer.
const REMEMBERED: Duration = Duration::from_secs(600);
/// Statements that are remembered, and the bytes of their values, at most.
const STATEMENTS: usize = 100_000;
const BYTES: usize = 32 << 20;

pub(crate) fn left(
    snapshot: &Snapshot,
    visible: &Visible,
    ((from, end), most): ((u64, u64), usize),
    each: &mut dyn FnMut(&Left<'_>),
) -> Result<u64, Error> {
    let conn = snapshot.conn()?;
    let mut query = conn.prepare_cached(
        "SELECT r.act, s.position, s.kind, s.uuid, s.version, s.label, s.source, s.state, coalesce(s.target, s.position)
         FROM reach r INDEXED BY reach_act JOIN statement s ON s.position = r.target
           JOIN statement a ON a.position = r.act
         WHERE r.act >= ?1 AND r.act < ?2 AND s.state IN (?3, ?4, ?5) AND a.entry <> ?6 ORDER BY r.act, r.target",
    )?;
    let states = (state::WITHDRAWN, state::ERASED, state::MOVED);
    let before = i64::try_from(end).unwrap_or(i64::MAX);
    let mut rows =
        query.query(params![from.cast_signed(), before, states.0, states.1, states.2, entry::DISCLOSE])?;
    let (mut wires, mut met, mut last) = (Wires::default(), 0, None);
    while let Some(row) = rows.next()? {
        let act = row.get::<_, i64>(0)?.cast_unsigned();
        if met >= most && last != Some(act) {
            return Ok(act);
        }
        (met, last) = (met + 1, Some(act));
        let label = LabelId(row.get(5)?);
        if !visible.has(label) {
            continue;
        }
        let gone = match row.get::<_, i64>(7)? {
            state::WITHDRAWN => Gone::Withdrawn,
            state::MOVED => Gone::Moved,
            _ => Gone::Erased,
        };
        let wire = match gone {
            Gone::Erased => &[],
            _ => wires.at(conn, row.get(8)?)?.1,
        };
        each(&Left {
            act,
            position: row.get::<_, i64>(1)?.cast_unsigned(),
            object: ObjectKey {
                kind: snapshot.word(row.get(2)?)?.to_string(),
                uuid: uuid(row.get_ref(3)?.as_blob().map_err(|_| damaged("uuid"))?)?,
            },
            version: Timestamp(row.get(4)?),
            label,
            source: snapshot.source(row.get(6)?)?,
            gone,
            wire,
        });
    }
    Ok(end)
}

pub(crate) fn said_since(
    snapshot: &Snapshot,
    visible: &Visible,
    position: u64,
    since: u64,
) -> Result<Vec<u64>, Error> {
    let mut query = snapshot.conn()?.prepare_cached(
        "SELECT s.position, s.version, s.label FROM statement o
           JOIN statement s INDEXED BY statement_object ON s.object = o.object AND s.source = o.source
         WHERE o.position = ?1 AND s.state IN (?2, ?3)",
    )?;
    let mut rows = query.query([position.cast_signed(), state::LAST, state::PAST])?;
    let (mut found, mut before) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let at = row.get::<_, i64>(0)?.cast_unsigned();
        if !visible.has(LabelId(row.get(2)?)) {
            continue;
        }
        if at >= since {
            found.push(at);
        } else {
            before = before.max(Some((row.get::<_, i64>(1)?, at)));
        }
    }
    found.extend(before.map(|(_, at)| at));
    Ok(found)
}

pub(crate) fn noted_at(snapshot: &Snapshot, position: u64) -> Result<Stands, Error> {
    find::packed(snapshot.conn()?, position.cast_signed(), |packed| {
        packed.stands.iter().map(|(key, noted)| (key.to_vec(), noted.to_vec())).collect()
    })
}

/// What was taken away of late.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    statements: HashMap<u64, Stands>,
    // When each was taken away, the oldest first.
    times: VecDeque<(Instant, u64)>,
    bytes: usize,
}

fn bytes_of(stands: &Stands) -> usize {
    stands.iter().map(|(key, noted)| key.len() + noted.len()).sum()
}

impl Taken {
    /// Remembers what the statement at a position said.
    pub(crate) fn add(&mut self, position: u64, stands: Stands) {
        self.forget();
        // What was taken back before it was erased said something until then.
        if stands.is_empty() && self.statements.contains_key(&position) {
            return;
        }
        self.bytes += bytes_of(&stands);
        match self.statements.insert(position, stands) {
            Some(before) => self.bytes = self.bytes.saturating_sub(bytes_of(&before)),
            None => self.times.push_back((Instant::now(), position)),
        }
    }

    /// Forgets what is too old, or too much.
    pub(crate) fn forget(&mut self) {
        while let Some((at, position)) = self.times.front().copied()
            && (at.elapsed() > REMEMBERED || self.times.len() > STATEMENTS || self.bytes > BYTES)
        {
            self.times.pop_front();
            let stands = self.statements.remove(&position).unwrap_or_default();
            self.bytes = self.bytes.saturating_sub(bytes_of(&stands));
        }
    }

    /// What the statement at a position said.
    pub(crate) fn at(&self, position: u64) -> Option<Stands> {
        self.statements.get(&position).cloned()
    }
}
