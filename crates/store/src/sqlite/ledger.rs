//! Who was given what first, and what acts did to it.

use model::{MemberId, SubmissionId, Timestamp, TokenId};
use rusqlite::{Connection, params};

use super::row::{damaged, entry, flag, state, uuid};
use crate::Error;
use crate::ledger::{Act, ActKind, Entered, Given, Stands};
use crate::queue::Who;
use crate::read::{LabelId, Snapshot};
use crate::record::ObjectKey;

/// Writes who was given what. What somebody was given before stays as it was.
pub(crate) fn note(conn: &Connection, rows: &[Given]) -> Result<(), Error> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO given (position, member, token, at, verb) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    )?;
    for row in rows {
        let token = row.token.as_ref().map_or(&[][..], |token| token.0.as_bytes());
        let position = row.position.cast_signed();
        insert.execute(params![position, row.member.0.as_bytes(), token, row.at.0, row.verb])?;
    }
    Ok(())
}

/// Writes that somebody was shown what waits. When he was shown it first stays as it was.
pub(crate) fn note_shown(
    conn: &Connection,
    submission: SubmissionId,
    to: Who,
    at: Timestamp,
) -> Result<(), Error> {
    let token = to.token.as_ref().map_or(&[][..], |token| token.0.as_bytes());
    let mut insert = conn.prepare_cached(
        "INSERT INTO shown (submission, member, token, at) SELECT num, ?2, ?3, ?4 FROM submission WHERE id = ?1
         ON CONFLICT DO NOTHING",
    )?;
    insert.execute(params![submission.0.as_bytes(), to.member.0.as_bytes(), token, at.0])?;
    Ok(())
}

/// To whom a submission was shown while it waited.
pub(crate) fn shown(
    conn: &Connection,
    submission: SubmissionId,
) -> Result<Vec<(MemberId, Timestamp)>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT w.member, w.at FROM submission s JOIN shown w ON w.submission = s.num WHERE s.id = ?1 ORDER BY w.at, w.member",
    )?;
    let mut rows = query.query([submission.0.as_bytes()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let member = row.get_ref(0)?.as_blob().map_err(|_| damaged("shown"))?;
        found.push((MemberId(uuid(member)?), Timestamp(row.get(1)?)));
    }
    Ok(found)
}

/// To whom an entry was given, also while it waited in the queue.
pub(crate) fn given(snapshot: &Snapshot, position: u64) -> Result<Vec<Given>, Error> {
    let mut query = snapshot.conn()?.prepare_cached(
        "SELECT member, token, at, verb FROM given WHERE position = ?1
         UNION ALL SELECT w.member, w.token, w.at, 'queue' FROM statement s JOIN shown w ON w.submission = s.submission
           WHERE s.position = ?1
         ORDER BY at, member, token",
    )?;
    let mut rows = query.query([position.cast_signed()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id = |at: usize| row.get_ref(at)?.as_blob().map_err(|_| damaged("given"));
        let token = match id(1)? {
            [] => None,
            bytes => Some(TokenId(uuid(bytes)?)),
        };
        found.push(Given {
            position,
            member: MemberId(uuid(id(0)?)?),
            token,
            at: Timestamp(row.get(2)?),
            verb: row.get::<_, String>(3)?.into(),
        });
    }
    Ok(found)
}

/// Every entry of an object.
pub(crate) fn entries_of(snapshot: &Snapshot, object: &ObjectKey) -> Result<Vec<Entered>, Error> {
    let conn = snapshot.conn()?;
    let Some(object) = snapshot.object(object)? else { return Ok(Vec::new()) };
    let mut query = conn.prepare_cached(
        "SELECT position, coalesce(target, position), source, version, label, date_added, state, flags
         FROM statement INDEXED BY statement_object WHERE object = ?1 AND entry IN (?2, ?3) ORDER BY position",
    )?;
    let mut rows = query.query(params![object, entry::OBJECT, entry::REENTRY])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let position: i64 = row.get(0)?;
        found.push(Entered {
            position: position.cast_unsigned(),
            root: row.get::<_, i64>(1)?.cast_unsigned(),
            source: snapshot.source(row.get(2)?)?,
            version: Timestamp(row.get(3)?),
            label: LabelId(row.get(4)?),
            at: Timestamp(row.get(5)?),
            stands: match row.get(6)? {
                state::LAST | state::PAST => Stands::Here,
                state::MOVED => Stands::Moved,
                state::EQUIVOCAL => Stands::Aside,
                state::WITHDRAWN => Stands::Withdrawn,
                state::ERASED => Stands::Erased,
                _ => return Err(damaged("state")),
            },
            beside: row.get::<_, i64>(7)? & flag::EQUIVOCAL != 0,
        });
    }
    Ok(found)
}

/// What reached an entry.
pub(crate) fn acts_on(snapshot: &Snapshot, position: u64) -> Result<Vec<Act>, Error> {
    let mut query = snapshot.conn()?.prepare_cached(
        "SELECT a.position, a.entry, a.date_added, a.body FROM reach r JOIN statement a ON a.position = r.act
         WHERE r.target = ?1 ORDER BY a.position",
    )?;
    let mut rows = query.query([position.cast_signed()])?;
    let mut acts = Vec::new();
    while let Some(row) = rows.next()? {
        acts.push(act(row)?);
    }
    Ok(acts)
}

/// Every disclosure.
pub(crate) fn disclosures(snapshot: &Snapshot) -> Result<Vec<Act>, Error> {
    // The number stands in the text, so that the index of these alone is used.
    let sql = format!(
        "SELECT position, entry, date_added, body FROM statement WHERE entry = {} ORDER BY position",
        entry::DISCLOSE
    );
    let mut query = snapshot.conn()?.prepare_cached(&sql)?;
    let mut rows = query.query([])?;
    let mut acts = Vec::new();
    while let Some(row) = rows.next()? {
        acts.push(act(row)?);
    }
    Ok(acts)
}

fn act(row: &rusqlite::Row<'_>) -> Result<Act, Error> {
    let kind = match row.get(1)? {
        entry::WITHDRAW => ActKind::Withdraw,
        entry::ERASE => ActKind::Erase,
        entry::RELABEL => ActKind::Relabel,
        entry::DISCLOSE => ActKind::Disclose,
        _ => return Err(damaged("entry")),
    };
    Ok(Act {
        position: row.get::<_, i64>(0)?.cast_unsigned(),
        kind,
        at: Timestamp(row.get(2)?),
        body: row.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default(),
    })
}
