//! The numbered list of schemas. Each step widens first (new tables, new columns with a default) and narrows only in a
//! later release, so that the release before can still read what is there until then.

use rusqlite::{Connection, TransactionBehavior};

use super::connect::APPLICATION_ID;
use crate::{Error, Kind};

/// The steps; the number of a schema is its place in this list, counted from 1.
pub(crate) const STEPS: &[&str] = &[include_str!("schema.sql")];

/// Brings the file to the last schema.
///
/// # Errors
/// [`Kind::TooNew`] when a later release wrote it; [`Kind::Corrupt`] when it is not ours.
pub(crate) fn migrate(conn: &mut Connection, steps: &[&str]) -> Result<(), Error> {
    let stands: usize =
        conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?.try_into().unwrap_or(0);
    let ours: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && ours != APPLICATION_ID {
        return Err(Error::new(
            Kind::Corrupt,
            "record.sqlite is a database, but none that this program made",
        ));
    }
    if stands > steps.len() {
        return Err(Error::new(
            Kind::TooNew,
            format!("this folder has schema {stands}, and this release knows {} only", steps.len()),
        ));
    }
    if stands == steps.len() {
        return Ok(());
    }
    // Each step is one transaction with its number: a crash leaves the schema before or the schema after.
    for (at, step) in steps.iter().enumerate().skip(stands) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(step)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", i64::try_from(at + 1).unwrap_or(i64::MAX))?;
        tx.commit()?;
    }
    Ok(())
}
