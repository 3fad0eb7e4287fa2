//! Small values beside the record.

use model::{Timestamp, TokenId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::Error;

/// A value by its name.
pub(crate) fn value(conn: &Connection, name: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(conn
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// Keeps a value, or removes it.
pub(crate) fn set_value(conn: &Connection, name: &str, value: Option<&[u8]>) -> Result<(), Error> {
    match value {
        Some(value) => conn.execute(
            "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            params![name, value],
        )?,
        None => conn.execute("DELETE FROM meta WHERE name = ?1", [name])?,
    };
    Ok(())
}

/// Notes when tokens were last shown.
pub(crate) fn used(conn: &Connection, tokens: &[(TokenId, Timestamp)]) -> Result<(), Error> {
    let mut note =
        conn.prepare_cached("UPDATE token SET last_used = max(coalesce(last_used, ?2), ?2) WHERE id = ?1")?;
    for (token, at) in tokens {
        note.execute(params![token.0.as_bytes(), at.0])?;
    }
    Ok(())
}
