//! Revocations outlive the database that they were made in, as erasures do: a file beside it says what was revoked, so
//! that a restored backup does not let in again who was shut out after it was made.
//!
//! A line is what was revoked (one of `KINDS`), its id, and when, in microseconds.

use std::path::Path;

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::beside::Beside;
use super::row::uuid;
use crate::{Error, Kind};

/// The name of the file in the folder.
pub(crate) const FILE: &str = "revocations";

/// What can be revoked, as lines and tables call it.
const KINDS: [&str; 8] =
    ["member", "person", "token", "collection", "circle", "membership", "invitation", "client"];

/// Revokes again what the file says and the database does not know of, which was put back then.
pub(crate) fn open(folder: &Path, conn: &Connection) -> Result<Beside, Error> {
    let mut list = Beside::open(folder.join(FILE), all, conn)?;
    if let Some(text) = list.found.take() {
        repeat(conn, &list.path, &text)?;
    }
    Ok(list)
}

fn all(conn: &Connection) -> Result<String, Error> {
    let mut text = String::new();
    for kind in KINDS {
        let mut query =
            conn.prepare(&format!("SELECT id, revoked FROM {kind} WHERE revoked IS NOT NULL ORDER BY num"))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (id, at): (Vec<u8>, i64) = (row.get(0)?, row.get(1)?);
            text.push_str(&format!("{kind} {} {at}\n", uuid(&id)?));
        }
    }
    Ok(text)
}

// What the database does not know at all was made after the backup, and let nobody in here.
fn repeat(conn: &Connection, path: &Path, text: &str) -> Result<(), Error> {
    let wrong =
        || Error::new(Kind::Corrupt, format!("`{}` has a line that is no revocation", path.display()));
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let mut revoked = 0;
    for line in text.lines() {
        let (kind, id, at) = parse(line).ok_or_else(wrong)?;
        let sql = format!("UPDATE {kind} SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL");
        revoked += conn.execute(&sql, params![id.as_bytes(), at])?;
    }
    if revoked > 0 {
        conn.execute("UPDATE epoch SET value = value + 1", [])?;
    }
    Ok(conn.execute_batch("COMMIT")?)
}

fn parse(line: &str) -> Option<(&'static str, Uuid, i64)> {
    let mut words = line.split(' ');
    let word = words.next()?;
    let kind = KINDS.into_iter().find(|kind| *kind == word)?;
    Some((kind, words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}
