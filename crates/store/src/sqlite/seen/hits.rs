//! What is known and was seen, as it was found, and how far the record was looked through for it.

use std::collections::{BTreeMap, BTreeSet};

use model::{MemberId, Timestamp};
use rusqlite::{Connection, params};

use crate::Error;
use crate::seen::{Before, Candidate};

/// The table of what is ignored; files of before have none.
pub(crate) const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS ignored (
    member INTEGER NOT NULL,
    key BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (member, key)
) STRICT, WITHOUT ROWID;";

/// Ignores what was seen under these keys until a time; at one that is past, no longer. What was ignored before and is over by now
/// goes. Answers how many different ones these are; `None` where there is no room for all, and then nothing changes.
pub(crate) fn ignore(
    conn: &Connection,
    id: MemberId,
    keys: &[Vec<u8>],
    (until, now): (Timestamp, Timestamp),
    most: usize,
) -> Result<Option<usize>, Error> {
    let keys: BTreeSet<&Vec<u8>> = keys.iter().collect();
    let member = super::member_or_new(conn, id)?;
    over(conn, member, now)?;
    if until <= now {
        for key in &keys {
            conn.prepare_cached("DELETE FROM ignored WHERE member = ?1 AND key = ?2")?
                .execute(params![member, key])?;
        }
        return Ok(Some(keys.len()));
    }
    let mut all: i64 = conn
        .prepare_cached("SELECT count(*) FROM ignored WHERE member = ?1")?
        .query_row([member], |row| row.get(0))?;
    for key in &keys {
        let mut find = conn.prepare_cached("SELECT 1 FROM ignored WHERE member = ?1 AND key = ?2")?;
        all += i64::from(!find.exists(params![member, key])?);
    }
    if usize::try_from(all).unwrap_or(usize::MAX) > most {
        return Ok(None);
    }
    for key in &keys {
        conn.prepare_cached("INSERT OR REPLACE INTO ignored (member, key, until) VALUES (?1, ?2, ?3)")?
            .execute(params![member, key, until.0])?;
    }
    Ok(Some(keys.len()))
}

/// What is ignored no longer by now goes. Answers how many.
pub(crate) fn over(conn: &Connection, member: i64, now: Timestamp) -> Result<usize, Error> {
    let mut delete = conn.prepare_cached("DELETE FROM ignored WHERE member = ?1 AND until <= ?2")?;
    Ok(delete.execute(params![member, now.0])?)
}

/// Until when what was seen under a key is ignored, of each that is so now.
pub(crate) fn ignored(
    conn: &Connection,
    id: MemberId,
    now: Timestamp,
) -> Result<BTreeMap<Vec<u8>, Timestamp>, Error> {
    let Some(member) = super::member(conn, id)? else { return Ok(BTreeMap::new()) };
    // A file of an earlier release that nobody wrote to yet has no such table.
    let mut has = conn.prepare_cached("SELECT 1 FROM sqlite_schema WHERE name = 'ignored'")?;
    if !has.exists([])? {
        return Ok(BTreeMap::new());
    }
    let mut find = conn.prepare_cached("SELECT key, until FROM ignored WHERE member = ?1 AND until > ?2")?;
    let rows = find.query_map(params![member, now.0], |row| Ok((row.get(0)?, Timestamp(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes finds, each pair of indicator and value once; what is found live is so from then on, whatever was found before. So it
/// is the same in whichever order they are found.
pub(crate) fn note(conn: &Connection, id: MemberId, found: &[Candidate]) -> Result<(), Error> {
    let member = super::member_or_new(conn, id)?;
    let mut note = conn.prepare_cached(
        "INSERT INTO hit (member, found, position, key, asked, live) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (member, position, key) DO UPDATE SET live = 1, found = excluded.found
         WHERE excluded.live > live",
    )?;
    for one in found {
        note.execute(params![member, one.found.0, one.position.cast_signed(), one.key, one.asked, one.live])?;
    }
    Ok(())
}

/// What was found before a place in the order, the newest first.
pub(crate) fn noted(
    conn: &Connection,
    id: MemberId,
    before: Option<&Before>,
    most: usize,
) -> Result<Vec<Candidate>, Error> {
    let Some(member) = super::member(conn, id)? else { return Ok(Vec::new()) };
    let begin = (Timestamp::MAX, u64::MAX >> 1, Vec::new());
    let (found, position, key) = before.unwrap_or(&begin);
    let mut find = conn.prepare_cached(
        "SELECT found, position, key, asked, live FROM hit
         WHERE member = ?1 AND (found, position, key) < (?2, ?3, ?4)
         ORDER BY found DESC, position DESC, key DESC LIMIT ?5",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows = find.query(params![member, found.0, position.cast_signed(), key, most])?;
    let mut candidates = Vec::new();
    while let Some(row) = rows.next()? {
        let position: i64 = row.get(1)?;
        candidates.push(Candidate {
            found: Timestamp(row.get(0)?),
            position: position.cast_unsigned(),
            key: row.get(2)?,
            asked: row.get(3)?,
            live: row.get(4)?,
        });
    }
    Ok(candidates)
}

/// Up to where the record was looked through.
pub(crate) fn looked(conn: &Connection, id: MemberId) -> Result<Option<Timestamp>, Error> {
    let Some(member) = super::member(conn, id)? else { return Ok(None) };
    let mut find = conn.prepare_cached("SELECT looked FROM member WHERE num = ?1")?;
    let looked: Option<i64> = find.query_row([member], |row| row.get(0))?;
    Ok(looked.map(Timestamp))
}

/// Notes that; it never goes back.
pub(crate) fn set_looked(conn: &Connection, id: MemberId, until: Timestamp) -> Result<(), Error> {
    let member = super::member_or_new(conn, id)?;
    conn.prepare_cached("UPDATE member SET looked = max(coalesce(looked, ?2), ?2) WHERE num = ?1")?
        .execute([member, until.0])?;
    Ok(())
}
