//! Revocations outlive the database that they were made in, as erasures do: a file beside it says what was revoked, so
//! that a restored backup does not let in again who was shut out after it was made.
//!
//! A line is what was revoked (one of `KINDS`), its id, and when, in microseconds. The file is
//! written whole after the commit; one that could not be written is tried again with every commit and on opening.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::copy;
use super::row::uuid;
use crate::{Error, Kind};

/// The name of the file in the folder.
pub(crate) const FILE: &str = "revocations";

/// What can be revoked, as lines and tables call it.
const KINDS: [&str; 7] = ["member", "person", "token", "collection", "circle", "membership", "invitation"];

/// The file.
#[derive(Debug)]
pub(crate) struct Revocations {
    path: PathBuf,
    /// What is revoked has changed since the file was written.
    pub(crate) due: bool,
}

impl Revocations {
    /// Revokes again what the file says and the database does not know of, which was put back then.
    pub(crate) fn open(folder: &Path, conn: &Connection) -> Result<Revocations, Error> {
        let path = folder.join(FILE);
        // It is there from the first, empty, so that whoever restores knows whether he has all.
        let text = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let current = text == Some(all(conn)?);
        if let Some(text) = text.filter(|_| !current) {
            repeat(conn, &path, &text)?;
        }
        // A crash may have come between a commit and the file.
        let due = !current;
        Ok(Revocations { path, due })
    }

    /// Writes the file if it is due.
    pub(crate) fn keep_up(&mut self, conn: &Connection) -> Result<(), Error> {
        if !self.due {
            return Ok(());
        }
        let partial = self.path.with_extension("partial");
        let mut file = File::create(&partial)?;
        file.write_all(all(conn)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, &self.path)?;
        copy::sync_folder(&self.path)?;
        self.due = false;
        Ok(())
    }
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
