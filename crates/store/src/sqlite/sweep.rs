//! What is kept beside the record and may say something of a subject: refused arrivals, what submitters were told of them,
//! arrivals that wait, rows of the audit.

use model::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::arrivals::ITEM_OVERHEAD;
use super::views::count;
use crate::Error;
use crate::upkeep::{Beside, Says};

/// What is kept in place of what somebody was told.
const FORGOTTEN: &str = "what was said here was erased";

/// Counts what says something of a subject.
pub(crate) fn beside(conn: &Connection, says: &Says) -> Result<Beside, Error> {
    let waiting = number_of(conn, "SELECT submission, bytes FROM arrival", says)?.len() as u64;
    let audit = number_of(conn, "SELECT num, CAST(target AS BLOB) FROM audit", says)?.len() as u64;
    let labels = number_of(conn, "SELECT num, canonical FROM label", says)?.len() as u64;
    Ok(Beside {
        refused: refused(conn, says)?.len() as u64,
        told: told(conn, says)?.len() as u64,
        waiting,
        audit,
        labels,
    })
}

/// Removes what was refused and what was told of it. What waits, and rows of the audit, stay.
pub(crate) fn forget(conn: &Connection, says: &Says) -> Result<(), Error> {
    for num in refused(conn, says)? {
        let gone: i64 = conn
            .prepare_cached("DELETE FROM quarantine WHERE num = ?1 RETURNING length(bytes)")?
            .query_row([num], |row| row.get(0))?;
        count(conn, "quarantine", -(gone + ITEM_OVERHEAD))?;
    }
    for (submission, ordinal) in told(conn, says)? {
        conn.prepare_cached(
            "UPDATE outcome SET message = ?3, object = NULL, version = NULL WHERE submission = ?1 AND ordinal = ?2",
        )?
        .execute(params![submission, ordinal, FORGOTTEN])?;
    }
    Ok(())
}

/// Removes all of it: of a copy that was put back nobody knows what of it was to be forgotten since.
pub(crate) fn forget_all(conn: &Connection) -> Result<(), Error> {
    conn.execute("DELETE FROM quarantine", [])?;
    conn.execute("DELETE FROM outcome", [])?;
    conn.execute("UPDATE counter SET value = 0 WHERE name = 'quarantine'", [])?;
    Ok(())
}

fn number_of(conn: &Connection, sql: &str, says: &Says) -> Result<Vec<i64>, Error> {
    let mut query = conn.prepare(sql)?;
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if row.get_ref(1)?.as_blob_or_null().ok().flatten().is_some_and(&**says) {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}

fn refused(conn: &Connection, says: &Says) -> Result<Vec<i64>, Error> {
    let mut query = conn.prepare("SELECT num, bytes, object, reason FROM quarantine")?;
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let texts = [row.get_ref(2)?.as_bytes_or_null(), row.get_ref(3)?.as_bytes_or_null()];
        let texts = texts.into_iter().flatten().flatten();
        let bytes = row.get_ref(1)?.as_blob_or_null().ok().flatten();
        if texts.chain(bytes).any(&**says) {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}

fn told(conn: &Connection, says: &Says) -> Result<Vec<(i64, i64)>, Error> {
    let mut query = conn.prepare(
        "SELECT submission, ordinal, message, object, version FROM outcome
         WHERE message IS NOT NULL OR object IS NOT NULL OR version IS NOT NULL",
    )?;
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let texts = [2, 3, 4].map(|at| row.get_ref(at).ok().and_then(|text| text.as_bytes_or_null().ok()));
        if texts.into_iter().flatten().flatten().any(&**says) {
            found.push((row.get(0)?, row.get(1)?));
        }
    }
    Ok(found)
}

/// The times of the commit that a position is of: everything of it has a time after the first, up to the second, for every
/// reader to whom it was not opened later; and nothing else has.
pub(crate) fn commit_of(conn: &Connection, position: i64) -> Result<(Timestamp, Timestamp), Error> {
    let last: i64 = conn
        .prepare_cached("SELECT at FROM sealed WHERE last >= ?1 ORDER BY last LIMIT 1")?
        .query_row([position], |row| row.get(0))?;
    let before: Option<i64> = conn
        .prepare_cached("SELECT at FROM sealed WHERE last < ?1 ORDER BY last DESC LIMIT 1")?
        .query_row([position], |row| row.get(0))
        .optional()?;
    Ok((Timestamp(before.unwrap_or(i64::MIN)), Timestamp(last)))
}
