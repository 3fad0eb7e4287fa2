//! What agents beside sensors reported last.

use model::{MemberId, Timestamp};
use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::Error;
use crate::seen::EdgeReport;

/// Its table; files of before have none.
pub(crate) const SCHEMA: &str = include_str!("edges.sql");

/// Keeps a report in place of the edge's last one. Answers whether there was room.
pub(crate) fn set(
    conn: &Connection,
    member: MemberId,
    edge: &EdgeReport,
    most: usize,
) -> Result<bool, Error> {
    let count: i64 = conn
        .prepare_cached("SELECT count(*) FROM edge WHERE member = ?1 AND name <> ?2")?
        .query_row(params![member.0.as_bytes(), edge.name], |row| row.get(0))?;
    if usize::try_from(count).unwrap_or(usize::MAX) >= most {
        return Ok(false);
    }
    conn.prepare_cached("INSERT OR REPLACE INTO edge (member, name, at, report) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![member.0.as_bytes(), edge.name, edge.at.0, edge.report])?;
    Ok(true)
}

/// The last reports of a member's edges, by name.
pub(crate) fn of(conn: &Connection, member: MemberId) -> Result<Vec<EdgeReport>, Error> {
    let mut query =
        conn.prepare_cached("SELECT name, at, report FROM edge WHERE member = ?1 ORDER BY name")?;
    let rows = query.query_map([member.0.as_bytes()], |row| {
        Ok(EdgeReport { name: row.get(0)?, at: Timestamp(row.get(1)?), report: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Lets go of what was reported before a time, and of members that are none any longer.
pub(crate) fn keep(
    conn: &Connection,
    before: Timestamp,
    is_one: &dyn Fn(MemberId) -> bool,
) -> Result<(), Error> {
    conn.prepare_cached("DELETE FROM edge WHERE at < ?1")?.execute([before.0])?;
    let mut query = conn.prepare_cached("SELECT DISTINCT member FROM edge")?;
    let members: Vec<[u8; 16]> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for member in members.into_iter().filter(|member| !is_one(MemberId(Uuid::from_bytes(*member)))) {
        conn.prepare_cached("DELETE FROM edge WHERE member = ?1")?.execute([member.as_slice()])?;
    }
    Ok(())
}
