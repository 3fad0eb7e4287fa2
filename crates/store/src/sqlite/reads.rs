//! Who was lent what.

use model::{CollectionId, MemberId, Timestamp, TokenId};
use rusqlite::{Connection, params};

use super::arrivals::{tlp, tlp_number};
use super::row::{damaged, uuid};
use crate::Error;
use crate::read::Snapshot;
use crate::upkeep::Lent;

/// Rows that go at once.
const ROWS: i64 = 10_000;

/// Writes rows. One whose time is taken, or before what stands, gets the next time that is free.
pub(crate) fn note(conn: &Connection, rows: &[Lent]) -> Result<(), Error> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO lent (at, member, token, verb, collection, tlp, first, last, entries)
         VALUES (max(?1, (SELECT coalesce(max(at) + 1, 0) FROM lent)), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for row in rows {
        insert.execute(params![
            row.at.0,
            row.member.0.as_bytes(),
            row.token.map(|id| *id.0.as_bytes()),
            row.verb,
            row.collection.map(|id| *id.0.as_bytes()),
            tlp_number(row.tlp),
            row.first.0,
            row.last.0,
            row.entries.cast_signed(),
        ])?;
    }
    Ok(())
}

/// Rows before a time, the newest first: of one member, or of all.
pub(crate) fn rows(
    snapshot: &Snapshot,
    of: Option<MemberId>,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<Lent>, Error> {
    let condition = if of.is_some() { "member = ?3 AND at < ?1" } else { "at < ?1 AND ?3 IS NULL" };
    let sql = format!(
        "SELECT at, member, token, verb, collection, tlp, first, last, entries FROM lent
         WHERE {condition} ORDER BY at DESC LIMIT ?2"
    );
    let mut query = snapshot.conn()?.prepare_cached(&sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = query.query(params![before.0, limit, of.map(|id| *id.0.as_bytes())])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id = |at: usize| -> Result<Option<uuid::Uuid>, Error> {
            row.get_ref(at)?.as_blob_or_null().map_err(|_| damaged("lent"))?.map(uuid).transpose()
        };
        found.push(Lent {
            at: Timestamp(row.get(0)?),
            member: MemberId(id(1)?.ok_or_else(|| damaged("lent"))?),
            token: id(2)?.map(TokenId),
            verb: row.get::<_, String>(3)?.into(),
            collection: id(4)?.map(CollectionId),
            tlp: tlp(row.get(5)?)?,
            first: Timestamp(row.get(6)?),
            last: Timestamp(row.get(7)?),
            entries: row.get::<_, i64>(8)?.cast_unsigned(),
        });
    }
    Ok(found)
}

/// Lets go the oldest rows before a time, at most some thousands. Answers how many.
pub(crate) fn forget(conn: &Connection, before: Timestamp) -> Result<u64, Error> {
    let gone = conn
        .prepare_cached(
            "DELETE FROM lent WHERE at IN (SELECT at FROM lent WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute([before.0, ROWS])?;
    Ok(gone as u64)
}
