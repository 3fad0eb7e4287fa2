//! Statements as the record keeps them, whole.

use model::{Label, Timestamp};
use rusqlite::{Connection, Row};

use super::row::{damaged, entry, media, uuid};
use super::span::Wires;
use crate::Error;
use crate::read::Snapshot;
use crate::record::ObjectKey;
use crate::upkeep::StoredStatement;

/// Goes through every statement whose body is held, in order. The body of one that entered again is that of its first
/// position.
pub(crate) fn each(
    snapshot: &Snapshot,
    visit: &mut dyn FnMut(StoredStatement) -> Result<(), Error>,
) -> Result<(), Error> {
    some(snapshot, 0, i64::MAX, visit)
}

/// The same, of those at some positions: from the first up to, but without, the second.
pub(crate) fn some(
    snapshot: &Snapshot,
    from: i64,
    before: i64,
    visit: &mut dyn FnMut(StoredStatement) -> Result<(), Error>,
) -> Result<(), Error> {
    let conn = snapshot.conn()?;
    let mut query = conn.prepare_cached(
        "SELECT s.position, s.kind, s.uuid, s.version, s.author, s.pattern_type, l.canonical, s.source,
           s.media, coalesce(s.body, b.body), coalesce(s.target, s.position)
         FROM statement s JOIN label l ON l.num = s.label JOIN leaf f ON f.position = s.position
           LEFT JOIN statement b ON b.position = s.target
         WHERE s.position >= ?3 AND s.position < ?4 AND s.entry IN (?1, ?2) AND f.digest IS NOT NULL
         ORDER BY s.position",
    )?;
    let mut rows = query.query([entry::OBJECT, entry::REENTRY, from, before])?;
    let mut wires = Wires::default();
    while let Some(row) = rows.next()? {
        visit(read(snapshot, conn, row, &mut wires)?)?;
    }
    Ok(())
}

fn read(
    snapshot: &Snapshot,
    conn: &Connection,
    row: &Row<'_>,
    wires: &mut Wires,
) -> Result<StoredStatement, Error> {
    let canonical = row.get_ref(6)?.as_blob().map_err(|_| damaged("label"))?;
    let author = row.get::<_, Option<i64>>(4)?.map(|object| key_of(snapshot, conn, object)).transpose()?;
    let (_, served) = wires.at(conn, row.get(10)?)?;
    let (body, wire) = match row.get(9)? {
        Some(body) => (body, Some(served.to_vec())),
        None => (served.to_vec(), None),
    };
    Ok(StoredStatement {
        position: row.get::<_, i64>(0)?.cast_unsigned(),
        object: ObjectKey {
            kind: snapshot.word(row.get(1)?)?.to_string(),
            uuid: uuid(row.get_ref(2)?.as_blob().map_err(|_| damaged("uuid"))?)?,
        },
        version: Timestamp(row.get(3)?),
        author,
        pattern_type: row.get(5)?,
        label: Label::from_canonical(canonical).ok_or_else(|| damaged("label"))?,
        source: snapshot.source(row.get(7)?)?,
        media: media(row.get(8)?)?,
        body,
        wire,
    })
}

/// The id that has a number.
pub(crate) fn key_of(snapshot: &Snapshot, conn: &Connection, object: i64) -> Result<ObjectKey, Error> {
    let (id, kind): (Vec<u8>, i64) = conn
        .prepare_cached("SELECT uuid, kind FROM object WHERE num = ?1")?
        .query_row([object], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(ObjectKey { kind: snapshot.word(kind)?.to_string(), uuid: uuid(&id)? })
}
