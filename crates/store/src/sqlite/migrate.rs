//! The numbered list of schemas. Each step widens first (new tables, new columns with a default) and narrows only in a
//! later release, so that the release before can still read what is there until then. The fourth narrows at once: no
//! release came before it.

use rusqlite::{Connection, TransactionBehavior};

use super::connect::APPLICATION_ID;
use super::{claims, counted, kept, sealed, span};
use crate::{Error, Kind};

/// What brings a file from one schema to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// What widens it.
    sql: &'static str,
    /// What fills the new places from the old ones, where that needs more than SQL.
    fill: Option<Fill>,
}

type Fill = fn(&Connection) -> Result<(), Error>;

impl Step {
    const fn sql(sql: &'static str) -> Step {
        Step { sql, fill: None }
    }
}

/// The steps; the number of a schema is its place in this list, counted from 1.
pub(crate) const STEPS: &[Step] = &[
    Step::sql(include_str!("schema.sql")),
    Step::sql(include_str!("schema2.sql")),
    Step::sql(include_str!("schema3.sql")),
    Step { sql: include_str!("schema4.sql"), fill: Some(span::fill) },
    Step::sql(include_str!("circles.sql")),
    Step { sql: include_str!("times.sql"), fill: Some(sealed::restate) },
    Step::sql(include_str!("reads.sql")),
    Step::sql("ALTER TABLE submission ADD COLUMN addressed TEXT NOT NULL DEFAULT ''"),
    Step::sql(include_str!("openings.sql")),
    Step::sql(include_str!("desk.sql")),
    Step::sql(include_str!("queue.sql")),
    Step::sql(include_str!("assets.sql")),
    Step::sql(include_str!("ledger.sql")),
    Step::sql(include_str!("collection_terms.sql")),
    Step { sql: include_str!("kept.sql"), fill: Some(kept::fill) },
    Step { sql: include_str!("claims.sql"), fill: Some(claims::fill) },
    Step::sql(include_str!("stands.sql")),
    Step::sql(include_str!("changes.sql")),
    Step::sql(include_str!("clients.sql")),
    Step::sql("CREATE INDEX quarantine_object ON quarantine (object)"),
    Step::sql(include_str!("shown.sql")),
    Step { sql: include_str!("counted.sql"), fill: Some(counted::restate) },
];

/// Brings the file to the last schema.
///
/// # Errors
/// [`Kind::TooNew`] when a later release wrote it; [`Kind::Corrupt`] when it is not ours.
pub(crate) fn migrate(conn: &mut Connection, steps: &[Step]) -> Result<(), Error> {
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
            format!(
                "a later release wrote this folder, which is left as it is: it has schema {stands}, and this release \
                 knows up to {}",
                steps.len()
            ),
        ));
    }
    if stands == steps.len() {
        return Ok(());
    }
    // Each step is one transaction with its number: a crash leaves the schema before or the schema after.
    for (at, step) in steps.iter().enumerate().skip(stands) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(step.sql)?;
        if let Some(fill) = step.fill {
            fill(&tx)?;
        }
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", i64::try_from(at + 1).unwrap_or(i64::MAX))?;
        tx.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Store};

    // What the next release might do, to a folder of today.
    const NEXT: &str = "CREATE TABLE next (position INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
        INSERT INTO next SELECT position, 'of ' || position FROM statement;
        ALTER TABLE member ADD COLUMN motto TEXT NOT NULL DEFAULT ''";

    fn next() -> Vec<Step> {
        STEPS.iter().copied().chain([Step::sql(NEXT)]).collect()
    }

    fn version(conn: &Connection) -> i64 {
        conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    /// A folder of this release.
    fn today() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path(), &Options::default()).unwrap());
        folder
    }

    fn connect(folder: &tempfile::TempDir) -> Connection {
        crate::sqlite::connect::writer(&folder.path().join("record.sqlite"), &Options::default()).unwrap()
    }

    #[test]
    fn the_next_step_is_taken_once_and_this_release_leaves_the_folder_alone_then() {
        let folder = today();
        let mut conn = connect(&folder);
        for _ in 0..2 {
            migrate(&mut conn, &next()).unwrap();
            assert_eq!(version(&conn), STEPS.len() as i64 + 1);
        }
        conn.query_row("SELECT count(motto) FROM member", [], |_| Ok(())).unwrap();
        drop(conn);
        let refused = Store::open(folder.path(), &Options::default()).unwrap_err();
        assert_eq!(refused.kind, Kind::TooNew);
    }

    #[test]
    fn a_step_that_fails_leaves_the_schema_before_and_can_be_taken_later() {
        let folder = today();
        let mut conn = connect(&folder);
        let broken: Vec<Step> =
            next().into_iter().chain([Step::sql("CREATE TABLE after (a); SELECT nonsense")]).collect();
        assert!(migrate(&mut conn, &broken).is_err());
        // The step before stands, and of the one that failed nothing.
        assert_eq!(version(&conn), STEPS.len() as i64 + 1);
        let after: i64 = conn
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'after'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(after, 0);
        let mended: Vec<Step> = next().into_iter().chain([Step::sql("CREATE TABLE after (a)")]).collect();
        migrate(&mut conn, &mended).unwrap();
        assert_eq!(version(&conn), STEPS.len() as i64 + 2);
    }

    // What a killed process leaves is the files as they are, with what of its transaction was spilled to the log.
    #[test]
    fn a_kill_in_the_middle_of_a_step_is_harmless() {
        let folder = today();
        let conn = connect(&folder);
        conn.execute_batch("CREATE TABLE filler (bytes BLOB)").unwrap();
        conn.pragma_update(None, "cache_size", 10).unwrap();
        conn.execute_batch("BEGIN IMMEDIATE").unwrap();
        conn.execute_batch(NEXT).unwrap();
        for _ in 0..200 {
            conn.execute("INSERT INTO filler VALUES (zeroblob(8000))", []).unwrap();
        }
        conn.pragma_update(None, "user_version", STEPS.len() as i64 + 1).unwrap();
        let killed = tempfile::tempdir().unwrap();
        let mut log_bytes = 0;
        for name in ["record.sqlite", "record.sqlite-wal"] {
            log_bytes = std::fs::copy(folder.path().join(name), killed.path().join(name)).unwrap();
        }
        assert!(log_bytes > 100 * 8000, "the step reached the disk: {log_bytes}");
        drop(Store::open(killed.path(), &Options::default()).unwrap());
        let mut conn = connect(&killed);
        assert_eq!(version(&conn), STEPS.len() as i64);
        migrate(&mut conn, &next()).unwrap();
        assert_eq!(version(&conn), STEPS.len() as i64 + 1);
    }
}
