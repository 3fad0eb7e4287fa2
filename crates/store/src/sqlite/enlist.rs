//! Statements that stand enter the list of a collection that was made after them.

use model::CollectionId;
use rusqlite::{Connection, OptionalExtension, params};

use super::directory;
use super::packed::Packed;
use super::row::state;
use super::views::{Side, side};
use crate::Error;

/// Puts what stands at these positions into a collection's list.
pub(crate) fn enlist(conn: &Connection, collection: CollectionId, positions: &[u64]) -> Result<(), Error> {
    let Some(list) = directory::list_if_filtered(conn, collection)? else { return Ok(()) };
    for position in positions {
        one(conn, list, position.cast_signed())?;
    }
    Ok(())
}

/// Puts what stands at a position into a list.
pub(crate) fn one(conn: &Connection, list: i64, position: i64) -> Result<(), Error> {
    let found: Option<(i64, i64, i64, Option<Vec<u8>>)> = conn
        .prepare_cached(
            "SELECT s.state, s.label, s.source, i.packed FROM statement s LEFT JOIN indexed i USING (position)
             WHERE s.position = ?1",
        )?
        .query_row([position], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((state, label, source, packed)) = found else { return Ok(()) };
    let on = match state {
        state::LAST => Side::Last,
        state::PAST => Side::Past,
        _ => return Ok(()),
    };
    let mut packed = packed.map_or_else(|| Ok(Packed::default()), |bytes| Packed::decode(&bytes))?;
    if packed.lists.contains(&list) {
        return Ok(());
    }
    packed.lists.push(list);
    conn.prepare_cached(
        "INSERT INTO indexed (position, packed) VALUES (?1, ?2) ON CONFLICT (position) DO UPDATE SET packed = ?2",
    )?
    .execute(params![position, packed.encode()])?;
    conn.prepare_cached(
        "INSERT INTO posting (list, label, position) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?
    .execute([side(list, on), label, position])?;
    if on == Side::Last {
        conn.prepare_cached(
            "INSERT INTO tally (list, label, source, count) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (list, label, source) DO UPDATE SET count = count + 1",
        )?
        .execute([list, label, source])?;
    }
    Ok(())
}
