//! How connections are set up.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::{Error, Options};

/// The name of the database in the folder.
pub(crate) const FILE: &str = "record.sqlite";
/// Marks the file as ours: `ACRD`.
pub(crate) const APPLICATION_ID: i32 = 0x4143_5244;
/// Bytes of a page. Eight objects of usual length fit, and a block of the index fills one.
pub(crate) const PAGE_SIZE: u32 = 8192;
const BUSY_S: u64 = 30;
const WRITER_BUSY_MS: u64 = 250;
/// More than the number of distinct statements that one connection runs.
const STATEMENTS: usize = 96;

/// The one connection that writes. Makes the file when it is not there.
pub(crate) fn writer(path: &Path, options: &Options) -> Result<Connection, Error> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    common(&conn)?;
    // Nobody else writes; it waits for readers only, and only so that the log may begin anew.
    conn.busy_timeout(Duration::from_millis(WRITER_BUSY_MS))?;
    // These two count only before the first page is written; afterwards the file says what it is.
    conn.pragma_update(None, "page_size", PAGE_SIZE)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    // A commit is on the disk before it is acknowledged.
    conn.pragma_update(None, "synchronous", "FULL")?;
    // The writer checkpoints by itself, after those who wait have their answers.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "cache_size", -i64::from(options.writer_cache_kib))?;
    if let Some(most) = options.most_bytes {
        conn.pragma_update(
            None,
            "max_page_count",
            i64::try_from(most / u64::from(PAGE_SIZE)).unwrap_or(i64::MAX),
        )?;
    }
    conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // What is removed is overwritten at once, also on pages that are freed: a page that is used again keeps what is in its
    // gaps, and what is erased later must not lie in one.
    conn.pragma_update(None, "secure_delete", "ON")?;
    Ok(conn)
}

/// A connection that reads.
pub(crate) fn reader(path: &Path, options: &Options) -> Result<Connection, Error> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    common(&conn)?;
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "cache_size", -i64::from(options.cache_kib))?;
    conn.pragma_update(None, "mmap_size", i64::try_from(options.mmap_bytes).unwrap_or(i64::MAX))?;
    Ok(conn)
}

fn common(conn: &Connection) -> Result<(), Error> {
    conn.busy_timeout(Duration::from_secs(BUSY_S))?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    // Plans do not depend on what is bound; otherwise statements are prepared again and again.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "foreign_keys", false)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}
