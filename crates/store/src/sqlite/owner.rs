//! Whose an id is, for a reader.
//!
//! When a statement is written under an id that another member owns, it is marked as a claim, and what its own words
//! would have made of it is kept beside. A reader who sees nothing of that owner is told what the words say: that
//! somebody else owns the id is for those who see him say so.

use rusqlite::Connection;

use super::row::{flag, state};
use crate::Error;
use crate::read::{LabelId, Visible};

const SAYS: i64 = flag::SAYS_OWNED | flag::SAYS_BOUND;

/// The flags of a statement when another member owns its id.
pub(crate) fn claimed(flags: i64) -> i64 {
    let says = |has: i64, says: i64| if flags & has == 0 { 0 } else { says };
    (flags & !(flag::OWNED | flag::BOUND))
        | says(flag::OWNED, flag::SAYS_OWNED)
        | says(flag::BOUND, flag::SAYS_BOUND)
}

fn by_its_words(flags: i64) -> i64 {
    let has = |says: i64, has: i64| if flags & says == 0 { 0 } else { has };
    flags | has(flag::SAYS_OWNED, flag::OWNED) | has(flag::SAYS_BOUND, flag::BOUND)
}

/// The object of the statement at a position.
pub(crate) fn object_at(conn: &Connection, position: i64) -> Result<i64, Error> {
    Ok(conn
        .prepare_cached("SELECT object FROM statement WHERE position = ?1")?
        .query_row([position], |row| row.get(0))?)
}

/// The flags of the statement at (position, source) for this reader.
pub(crate) fn flags_for(
    conn: &Connection,
    visible: &Visible,
    at: (i64, i64),
    flags: i64,
) -> Result<i64, Error> {
    if flags & SAYS == 0 {
        return Ok(flags);
    }
    flags_of(conn, visible, object_at(conn, at.0)?, at, flags)
}

/// The same where the object is known.
pub(crate) fn flags_of(
    conn: &Connection,
    visible: &Visible,
    object: i64,
    at: (i64, i64),
    flags: i64,
) -> Result<i64, Error> {
    if flags & SAYS == 0 {
        return Ok(flags);
    }
    let (position, source) = at;
    let mut query = conn.prepare_cached(
        "SELECT position, source, label, flags FROM statement INDEXED BY statement_object
         WHERE object = ?1 AND state <= ?2",
    )?;
    let mut rows = query.query([object, state::PAST])?;
    // Without the owner, whoever of the others was bound first would own it.
    let mut first: Option<(i64, i64)> = None;
    while let Some(row) = rows.next()? {
        if !visible.has(LabelId(row.get(2)?)) {
            continue;
        }
        let (stands, by, has): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(3)?);
        if has & flag::BOUND != 0 && by != source {
            return Ok(flags);
        }
        if has & (flag::BOUND | flag::SAYS_BOUND) != 0 && first.is_none_or(|(least, _)| stands < least) {
            first = Some((stands, by));
        }
    }
    let anothers = first.is_some_and(|(stands, by)| by != source && stands < position);
    Ok(if anothers { flags } else { by_its_words(flags) })
}
