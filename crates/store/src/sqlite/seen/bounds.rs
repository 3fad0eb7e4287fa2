//! What is let go, because it is old or too much, and what is erased.

use std::collections::BTreeMap;

use model::{MemberId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::add::census;
use crate::Error;
use crate::seen::{Bounds, Day, Forget, Sizes};

/// What the print of an event takes, in bytes, as measured.
pub(crate) const PRINT_BYTES: i64 = 26;
/// Rows that are let go in one transaction: nobody waits long for it.
const STEP_ROWS: i64 = 20_000;
/// Hits of one member, but for those of one moment.
const HITS: i64 = 100_000;
/// Prints of events may take this part of what a member may keep.
const PRINTS_PART: i64 = 4;

/// Whether there is room for more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// For rows.
    pub(crate) rows: bool,
    /// For prints of events.
    pub(crate) prints: bool,
}

/// Sees to it that a member may add something of days up to one: the oldest days go while it has more than it may keep. There is no room
/// where one day alone fills it.
pub(crate) fn make_room(conn: &Connection, member: i64, bounds: Bounds, newest: Day) -> Result<Room, Error> {
    let most = i64::try_from(bounds.bytes).unwrap_or(i64::MAX);
    let mut held = held(conn, member)?;
    if held.bytes > most && (held.days > 1 || held.oldest < newest.0) {
        let_go(conn, member, held.oldest, STEP_ROWS)?;
        held = self::held(conn, member)?;
    }
    if held.prints * PRINT_BYTES > most / PRINTS_PART
        && let Some(day) = oldest_printed(conn, member)?
    {
        prints(conn, member, day, STEP_ROWS)?;
        held = self::held(conn, member)?;
    }
    // An eighth more, so that what comes does not wait for what goes, which is a step for each batch.
    let rows = held.bytes <= most.saturating_add(most / 8);
    Ok(Room { rows, prints: rows && held.prints * PRINT_BYTES <= most / PRINTS_PART })
}

struct Held {
    bytes: i64,
    prints: i64,
    days: i64,
    oldest: i64,
}

fn held(conn: &Connection, member: i64) -> Result<Held, Error> {
    let mut sums = conn.prepare_cached(
        "SELECT coalesce(sum(bytes), 0), coalesce(sum(prints), 0), count(*), coalesce(min(day), 0)
         FROM part WHERE member = ?1",
    )?;
    Ok(sums.query_row([member], |row| {
        Ok(Held { bytes: row.get(0)?, prints: row.get(1)?, days: row.get(2)?, oldest: row.get(3)? })
    })?)
}

/// Lets go of some of a day: its rows, then the prints of its events. Answers the rows that went.
fn let_go(conn: &Connection, member: i64, day: i64, most: i64) -> Result<usize, Error> {
    let mut last = conn.prepare_cached(
        "SELECT key FROM touch WHERE member = ?1 AND day = ?2 ORDER BY key LIMIT 1 OFFSET ?3",
    )?;
    let key: Option<Vec<u8>> = last.query_row(params![member, day, most], |row| row.get(0)).optional()?;
    let gone = match &key {
        // Whole keys, of as many rows; one with more hosts than that goes at once.
        Some(key) => {
            less(
                conn,
                (member, day),
                "SELECT sum(length(key) + coalesce(length(event), 0) + ?3) FROM touch
                 WHERE member = ?1 AND day = ?2 AND key <= ?4",
                params![member, day, super::add::ROW_BYTES, key],
            )?;
            let sql = "DELETE FROM touch WHERE member = ?1 AND day = ?2 AND key <= ?3";
            conn.prepare_cached(sql)?.execute(params![member, day, key])?
        }
        None => conn
            .prepare_cached("DELETE FROM touch WHERE member = ?1 AND day = ?2")?
            .execute(params![member, day])?,
    };
    if key.is_none() {
        prints(conn, member, day, most)?;
    }
    let left = |sql: &str| -> Result<i64, Error> {
        Ok(conn.prepare_cached(sql)?.query_row(params![member, day], |row| row.get(0))?)
    };
    let is_gone = key.is_none()
        && left("SELECT EXISTS (SELECT 1 FROM touch WHERE member = ?1 AND day = ?2)")? == 0
        && left("SELECT EXISTS (SELECT 1 FROM met WHERE member = ?1 AND day = ?2)")? == 0;
    if is_gone {
        conn.prepare_cached("DELETE FROM part WHERE member = ?1 AND day = ?2")?
            .execute(params![member, day])?;
        hosts(conn, member)?;
    }
    Ok(gone)
}

fn less(
    conn: &Connection,
    (member, day): (i64, i64),
    sum: &str,
    of: &[&dyn rusqlite::ToSql],
) -> Result<(), Error> {
    let bytes: Option<i64> = conn.prepare_cached(sum)?.query_row(of, |row| row.get(0))?;
    let mut part =
        conn.prepare_cached("UPDATE part SET bytes = max(0, bytes - ?3) WHERE member = ?1 AND day = ?2")?;
    part.execute(params![member, day, bytes.unwrap_or(0)])?;
    Ok(())
}

/// Lets go of prints of a day.
fn prints(conn: &Connection, member: i64, day: i64, most: i64) -> Result<usize, Error> {
    let mut last = conn.prepare_cached(
        "SELECT print FROM met WHERE member = ?1 AND day = ?2 ORDER BY print LIMIT 1 OFFSET ?3",
    )?;
    let print: Option<i64> = last.query_row(params![member, day, most], |row| row.get(0)).optional()?;
    let mut delete = conn.prepare_cached("DELETE FROM met WHERE member = ?1 AND day = ?2 AND print <= ?3")?;
    let gone = delete.execute(params![member, day, print.unwrap_or(i64::MAX)])?;
    conn.prepare_cached(
        "UPDATE part SET prints = max(0, prints - ?3), bytes = max(0, bytes - ?3 * ?4) WHERE member = ?1 AND day = ?2",
    )?
    .execute(params![member, day, gone as i64, PRINT_BYTES])?;
    Ok(gone)
}

/// Hosts that nothing is kept of go with the last day on which they were seen.
fn hosts(conn: &Connection, member: i64) -> Result<(), Error> {
    let oldest = match held(conn, member)? {
        Held { days: 0, .. } => i64::MAX,
        Held { oldest, .. } => oldest,
    };
    let gone = conn
        .prepare_cached("DELETE FROM census WHERE member = ?1 AND day < ?2")?
        .execute(params![member, oldest])?;
    if gone > 0 {
        conn.prepare_cached("DELETE FROM host WHERE member = ?1 AND day < ?2")?
            .execute(params![member, oldest])?;
    }
    Ok(())
}

/// One step of letting go: of the first member that has too much or something too old. Answers whether there was one.
pub(crate) fn step(
    conn: &Connection,
    bounds: &dyn Fn(MemberId) -> Option<Bounds>,
    now: Timestamp,
) -> Result<bool, Error> {
    for (num, id) in numbered(conn)? {
        let Some(bounds) = bounds(id) else {
            forget_all(conn, num)?;
            return Ok(true);
        };
        let held = held(conn, num)?;
        let most = i64::try_from(bounds.bytes).unwrap_or(i64::MAX);
        if held.days > 0 && (held.oldest < bounds.from.0 || (held.bytes > most && held.days > 1)) {
            let_go(conn, num, held.oldest, STEP_ROWS)?;
            return Ok(true);
        }
        if held.prints * PRINT_BYTES > most / PRINTS_PART
            && let Some(day) = oldest_printed(conn, num)?
            && prints(conn, num, day, STEP_ROWS)? > 0
        {
            return Ok(true);
        }
        if hits(conn, num, bounds.from)? > 0 || super::hits::over(conn, num, now)? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

// Of the newest day they stay, so that what is sent again now counts once.
fn oldest_printed(conn: &Connection, member: i64) -> Result<Option<i64>, Error> {
    let mut find = conn.prepare_cached(
        "SELECT min(day) FROM part WHERE member = ?1 AND prints > 0
         AND day < (SELECT max(day) FROM part WHERE member = ?1)",
    )?;
    Ok(find.query_row([member], |row| row.get(0))?)
}

fn hits(conn: &Connection, member: i64, from: Day) -> Result<usize, Error> {
    let all: i64 = conn
        .prepare_cached("SELECT count(*) FROM hit WHERE member = ?1")?
        .query_row([member], |row| row.get(0))?;
    let mut old = conn.prepare_cached(
        "DELETE FROM hit WHERE member = ?1 AND (found < ?2 OR found <
         (SELECT found FROM hit WHERE member = ?1 ORDER BY found LIMIT 1 OFFSET ?3))",
    )?;
    Ok(old.execute(params![member, from.begins().0, (all - HITS).max(0)])?)
}

fn numbered(conn: &Connection) -> Result<Vec<(i64, MemberId)>, Error> {
    let mut all = conn.prepare_cached("SELECT num, id FROM member ORDER BY num")?;
    let mut rows = all.query([])?;
    let mut members = Vec::new();
    while let Some(row) = rows.next()? {
        let id: [u8; 16] = row.get(1)?;
        members.push((row.get(0)?, MemberId(Uuid::from_bytes(id))));
    }
    Ok(members)
}

/// The members of whom something is kept.
pub(crate) fn members(conn: &Connection) -> Result<Vec<MemberId>, Error> {
    Ok(numbered(conn)?.into_iter().map(|(_, id)| id).collect())
}

/// One step of erasing. Answers the rows that went, and whether that was all.
pub(crate) fn forget(conn: &Connection, id: MemberId, what: &Forget) -> Result<(u64, bool), Error> {
    let Some(member) = super::member(conn, id)? else { return Ok((0, true)) };
    match what {
        Forget::All => {
            let held = held(conn, member)?;
            if held.days > 0 {
                return Ok((let_go(conn, member, held.oldest, STEP_ROWS)? as u64, false));
            }
            Ok((0, !forget_all(conn, member)?))
        }
        Forget::Before(day) => {
            let held = held(conn, member)?;
            if held.days > 0 && held.oldest < day.0 {
                return Ok((let_go(conn, member, held.oldest, STEP_ROWS)? as u64, false));
            }
            let gone = conn.execute(
                "DELETE FROM hit WHERE member = ?1 AND found < ?2",
                params![member, day.begins().0],
            )?;
            Ok((gone as u64, true))
        }
        Forget::Host(name) => Ok((host(conn, member, name)?, true)),
    }
}

// What is left of a member without days. Answers whether anything was.
fn forget_all(conn: &Connection, member: i64) -> Result<bool, Error> {
    let held = held(conn, member)?;
    if held.days > 0 {
        let_go(conn, member, held.oldest, STEP_ROWS)?;
        return Ok(true);
    }
    let mut gone = 0;
    for table in ["host", "census", "hit", "ignored", "touch", "met"] {
        gone += conn.execute(&format!("DELETE FROM {table} WHERE member = ?1"), [member])?;
    }
    gone += conn.execute("DELETE FROM member WHERE num = ?1", [member])?;
    Ok(gone > 0)
}

// All days are gone through: it is seldom, and an index by host would cost every event.
fn host(conn: &Connection, member: i64, name: &str) -> Result<u64, Error> {
    let mut find = conn.prepare_cached("SELECT num, day FROM host WHERE member = ?1 AND name = ?2")?;
    let found: Option<(i64, i64)> =
        find.query_row(params![member, name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((num, day)) = found else { return Ok(0) };
    let mut sizes = conn.prepare_cached(
        "SELECT day, sum(length(key) + coalesce(length(event), 0) + ?3) FROM touch
         WHERE member = ?1 AND host = ?2 GROUP BY day",
    )?;
    let mut rows = sizes.query(params![member, num, super::add::ROW_BYTES])?;
    let mut less: BTreeMap<i64, i64> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        less.insert(row.get(0)?, row.get(1)?);
    }
    let gone = conn.execute("DELETE FROM touch WHERE member = ?1 AND host = ?2", [member, num])?;
    for (day, bytes) in less {
        conn.execute(
            "UPDATE part SET bytes = max(0, bytes - ?3) WHERE member = ?1 AND day = ?2",
            [member, day, bytes],
        )?;
    }
    conn.execute("DELETE FROM host WHERE num = ?1", [num])?;
    census(conn, member, &BTreeMap::from([(day, -1)]))?;
    // What is known and nobody but this host touched is no hit any longer.
    conn.execute(
        "DELETE FROM hit WHERE member = ?1 AND NOT EXISTS (SELECT 1 FROM touch
         WHERE touch.member = ?1 AND touch.day IN (SELECT day FROM part WHERE member = ?1) AND touch.key = hit.key)",
        [member],
    )?;
    Ok(gone as u64)
}

/// How much there is.
pub(crate) fn sizes(conn: &Connection) -> Result<Sizes, Error> {
    let number = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    let count = |sql: &str| -> Result<u64, Error> {
        Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))?.cast_unsigned())
    };
    Ok(Sizes {
        rows: count("SELECT count(*) FROM touch")?,
        prints: count("SELECT count(*) FROM met")?,
        bytes: (pages * number("page_size")?).cast_unsigned(),
        counted: count("SELECT coalesce(sum(bytes), 0) FROM part")?,
    })
}
