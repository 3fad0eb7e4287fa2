//! What is kept for a time only, and figures.

use model::{MemberId, SubmissionId, Timestamp, TokenId};
use rusqlite::{Connection, Row, params};

use super::row::{damaged, uuid};
use super::views::count;
use crate::Error;
use crate::read::Snapshot;
use crate::upkeep::{AuditFrom, Audited, Figures, Purged, Quarantined, Refusal};

/// What became of each object of a submission; of one that waited for a curator, after his answer.
const OUTCOMES_S: i64 = 24 * 3600;
const QUARANTINE_S: i64 = 7 * 24 * 3600;
/// What became of a submission that waited for a curator.
const ANSWERED_S: i64 = 30 * 24 * 3600;
const USAGE_HOURS: i64 = 48;
/// Rows that go at once, of each kind.
const ROWS: i64 = 10_000;

/// Lets go what is over.
pub(crate) fn purge(conn: &Connection, now: Timestamp) -> Result<Purged, Error> {
    let outcomes = conn.execute(
        "DELETE FROM outcome WHERE (submission, ordinal) IN (
           SELECT o.submission, o.ordinal FROM outcome o JOIN submission s ON s.num = o.submission
           WHERE s.received < ?1
             AND NOT EXISTS (SELECT 1 FROM queue q WHERE q.submission = s.num AND coalesce(q.decided, ?1) >= ?1)
           ORDER BY o.submission, o.ordinal LIMIT ?2)",
        [now.plus_seconds(-OUTCOMES_S).0, ROWS],
    )?;
    let (items, bytes): (i64, i64) = conn.query_row(
        "SELECT count(*), coalesce(sum(length(bytes)), 0) FROM (
           SELECT bytes FROM quarantine WHERE at < ?1 ORDER BY num LIMIT ?2)",
        [now.plus_seconds(-QUARANTINE_S).0, ROWS],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    conn.execute(
        "DELETE FROM quarantine WHERE num IN (SELECT num FROM quarantine WHERE at < ?1 ORDER BY num LIMIT ?2)",
        [now.plus_seconds(-QUARANTINE_S).0, ROWS],
    )?;
    count(conn, "quarantine", -(bytes + items * super::arrivals::ITEM_OVERHEAD))?;
    // Who was shown what never entered goes with it: 1 went back, 2 was merged.
    conn.execute(
        "DELETE FROM shown WHERE submission IN (SELECT submission FROM queue WHERE state IN (1, 2) AND decided < ?1)",
        [now.plus_seconds(-ANSWERED_S).0],
    )?;
    conn.execute("DELETE FROM queue WHERE state > 0 AND decided < ?1", [now.plus_seconds(-ANSWERED_S).0])?;
    conn.execute("DELETE FROM usage WHERE hour < ?1", [now.0.div_euclid(3_600_000_000) - USAGE_HOURS])?;
    Ok(Purged { outcomes: outcomes as u64, quarantine: items.cast_unsigned() })
}

/// What is in the quarantine, the newest first.
pub(crate) fn quarantine(snapshot: &Snapshot, before: u64, limit: usize) -> Result<Vec<Quarantined>, Error> {
    let mut query = snapshot.conn()?.prepare_cached(
        "SELECT q.num, s.id, m.id, q.ordinal, q.at, q.object, q.reason, q.bytes
         FROM quarantine q JOIN submission s ON s.num = q.submission JOIN source m ON m.num = s.source
         WHERE q.num < ?1 ORDER BY q.num DESC LIMIT ?2",
    )?;
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let mut rows = query.query(params![number(before), number(limit as u64)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(quarantined_of(row)?);
    }
    Ok(found)
}

/// What a submission had refused at a place in it, if it is still there.
pub(crate) fn quarantined(
    snapshot: &Snapshot,
    submission: SubmissionId,
    ordinal: u64,
) -> Result<Option<Quarantined>, Error> {
    let mut query = snapshot.conn()?.prepare_cached(
        "SELECT q.num, s.id, m.id, q.ordinal, q.at, q.object, q.reason, q.bytes
         FROM submission s JOIN quarantine q ON q.submission = s.num JOIN source m ON m.num = s.source
         WHERE s.id = ?1 AND q.ordinal = ?2 ORDER BY q.num DESC LIMIT 1",
    )?;
    let mut rows =
        query.query(params![submission.0.as_bytes(), i64::try_from(ordinal).unwrap_or(i64::MAX)])?;
    rows.next()?.map(quarantined_of).transpose()
}

/// What was refused under an id, without its bytes.
pub(crate) fn refusals(snapshot: &Snapshot, object: &str, most: usize) -> Result<Vec<Refusal>, Error> {
    let mut query = snapshot.conn()?.prepare_cached(
        "SELECT s.id, m.id, s.token, s.collection, q.at, q.reason
         FROM quarantine q JOIN submission s ON s.num = q.submission JOIN source m ON m.num = s.source
         WHERE q.object = ?1 ORDER BY q.num DESC LIMIT ?2",
    )?;
    let mut rows = query.query(params![object, i64::try_from(most).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id = |at: usize| -> Result<Option<uuid::Uuid>, Error> {
            row.get_ref(at)?.as_blob_or_null().map_err(|_| damaged("quarantine"))?.map(uuid).transpose()
        };
        found.push(Refusal {
            submission: SubmissionId(id(0)?.ok_or_else(|| damaged("quarantine"))?),
            source: MemberId(id(1)?.ok_or_else(|| damaged("quarantine"))?),
            token: id(2)?.map(TokenId),
            collection: id(3)?.map(model::CollectionId),
            at: Timestamp(row.get(4)?),
            reason: row.get(5)?,
        });
    }
    Ok(found)
}

fn quarantined_of(row: &Row<'_>) -> Result<Quarantined, Error> {
    let id = |at: usize| -> Result<uuid::Uuid, Error> {
        uuid(row.get_ref(at)?.as_blob().map_err(|_| damaged("quarantine"))?)
    };
    Ok(Quarantined {
        number: row.get::<_, i64>(0)?.cast_unsigned(),
        submission: SubmissionId(id(1)?),
        source: MemberId(id(2)?),
        ordinal: row.get::<_, i64>(3)?.cast_unsigned(),
        at: Timestamp(row.get(4)?),
        object: row.get(5)?,
        reason: row.get(6)?,
        bytes: row.get(7)?,
    })
}

/// Rows of the audit.
pub(crate) fn audit(snapshot: &Snapshot, from: AuditFrom, limit: usize) -> Result<Vec<Audited>, Error> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let (sql, bound) = match from {
        AuditFrom::After(after) => ("num > ?1 ORDER BY num", number(after)),
        AuditFrom::Before(before) => ("num < ?1 ORDER BY num DESC", number(before)),
    };
    let sql = format!("SELECT num, at, token, verb, target FROM audit WHERE {sql} LIMIT ?2");
    let mut query = snapshot.conn()?.prepare_cached(&sql)?;
    let mut rows = query.query([bound, number(limit as u64)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let token = row.get_ref(2)?.as_blob_or_null().map_err(|_| damaged("audit"))?;
        found.push(Audited {
            number: row.get::<_, i64>(0)?.cast_unsigned(),
            at: Timestamp(row.get(1)?),
            token: token.map(uuid).transpose()?.map(TokenId),
            verb: row.get(3)?,
            target: row.get(4)?,
        });
    }
    Ok(found)
}

/// Figures that are known without counting. Bytes of files are the caller's to add.
pub(crate) fn figures(snapshot: &Snapshot) -> Result<Figures, Error> {
    let number = |sql: &str| -> Result<u64, Error> {
        let value: i64 = snapshot.conn()?.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(value.cast_unsigned())
    };
    Ok(Figures {
        positions: snapshot.end(),
        last: number("SELECT value FROM counter WHERE name = 'last'")?,
        objects: number("SELECT coalesce(max(num), 0) FROM object")?,
        waiting: number("SELECT count(*) FROM arrival")?,
        quarantine_bytes: number("SELECT value FROM counter WHERE name = 'quarantine'")?,
        file_bytes: 0,
        log_bytes: 0,
    })
}
