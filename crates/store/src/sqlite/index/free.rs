//! Free pages of the file, overwritten: a release before this one freed them as they were.
//!
//! The engine gives out free pages before new ones, so a value of zeros that is as long as all of them takes them all.
//! It is kept until the last page is taken, a piece with each step, and removed then.

use rusqlite::{Connection, params};

use crate::Error;

/// Pages overwritten by one step: 32 MiB of the log.
const STEP: i64 = 4_096;

/// How many pages there are to overwrite; `None` for none.
pub(crate) fn begin(conn: &Connection) -> Result<Option<i64>, Error> {
    let pages: i64 = conn.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    // Values that a step before this erasure left are done with.
    remove(conn)?;
    Ok(Some(pages).filter(|pages| *pages > 0))
}

/// Overwrites some of the pages that are left, and answers how many are left then; `None` when it is done.
pub(crate) fn overwrite(conn: &Connection, left: i64) -> Result<Option<i64>, Error> {
    let pages = left.min(STEP);
    let page_bytes: i64 = conn.pragma_query_value(None, "page_size", |row| row.get(0))?;
    // Blocks of runs have positive numbers.
    conn.execute(
        "INSERT INTO block (num, data) SELECT min(0, coalesce(min(num), 0)) - 1, zeroblob(?1) FROM block",
        params![pages * page_bytes],
    )?;
    if left > pages {
        return Ok(Some(left - pages));
    }
    remove(conn)?;
    Ok(None)
}

fn remove(conn: &Connection) -> Result<(), Error> {
    conn.execute("DELETE FROM block WHERE num < 0", [])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lay_in_free_pages_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let holds = |text: &str| {
            let bytes = std::fs::read(&path).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        };
        let conn = Connection::open(&path).unwrap();
        conn.pragma_update(None, "secure_delete", "FAST").unwrap();
        conn.execute_batch(
            "CREATE TABLE block (num INTEGER PRIMARY KEY, data BLOB NOT NULL); CREATE TABLE other (data BLOB);
             INSERT INTO block VALUES (7, 'stays')",
        )
        .unwrap();
        for _ in 0..2 {
            let text = "canary".repeat(5 << 20);
            conn.execute("INSERT INTO other VALUES (?1)", [text.as_bytes()]).unwrap();
            conn.execute("DELETE FROM other", []).unwrap();
            assert!(holds("canary"), "free pages are not overwritten by themselves");
            let mut left = begin(&conn).unwrap();
            assert!(left.is_some_and(|pages| pages > STEP), "{left:?}");
            while let Some(pages) = left {
                left = overwrite(&conn, pages).unwrap();
            }
            assert!(!holds("canary"));
        }
        let rows: i64 = conn.query_row("SELECT count(*) FROM block", [], |row| row.get(0)).unwrap();
        assert!(rows == 1 && holds("stays"));
        let sound: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }
}
