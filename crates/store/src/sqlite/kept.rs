//! What is said to circles, in the order in which it entered: what charters let go is found without a look at anything else.

use model::{Label, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

use super::intern::{self, LabelRef};
use super::row::{damaged, entry, flag, state};
use super::sealed;
use crate::Error;
use crate::kept::Said;
use crate::read::LabelId;

/// An entry stands under a label.
pub(crate) fn enter(conn: &Connection, position: i64, label: LabelRef) -> Result<(), Error> {
    if label.names_circles {
        put(conn, position, label.num, position)?;
    }
    Ok(())
}

/// What stood at a position stands at another now, under this label.
pub(crate) fn enter_again(
    conn: &Connection,
    before: i64,
    position: i64,
    label: LabelRef,
) -> Result<(), Error> {
    let stood: Option<(i64, i64)> = conn
        .prepare_cached("SELECT label, since FROM circled WHERE position = ?1")?
        .query_row([before], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    leave(conn, before)?;
    match stood {
        // It stands up again: nothing was said anew.
        Some((same, since)) if same == label.num => put(conn, position, same, since),
        _ => enter(conn, position, label),
    }
}

fn put(conn: &Connection, position: i64, label: i64, since: i64) -> Result<(), Error> {
    conn.prepare_cached("INSERT INTO circled (position, label, since) VALUES (?1, ?2, ?3)")?
        .execute([position, label, since])?;
    Ok(())
}

/// An entry stands there no more.
pub(crate) fn leave(conn: &Connection, position: i64) -> Result<(), Error> {
    conn.prepare_cached("DELETE FROM circled WHERE position = ?1")?.execute([position])?;
    Ok(())
}

/// Makes the view again.
pub(crate) fn restate(conn: &Connection) -> Result<(), Error> {
    conn.execute("DELETE FROM circled", [])?;
    let circled = labels_of_circles(conn)?;
    if circled.is_empty() {
        return Ok(());
    }
    let mut query = conn.prepare(
        "SELECT position, label, state, coalesce(target, position) FROM statement WHERE entry IN (?1, ?2)
         ORDER BY position",
    )?;
    let mut rows = query.query([entry::OBJECT, entry::REENTRY])?;
    // Of each statement, the label of circles that it bears and since where.
    let mut bears: FxHashMap<i64, (i64, i64)> = FxHashMap::default();
    while let Some(row) = rows.next()? {
        let (position, label, stands, root): (i64, i64, i64, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        if !circled.contains(&label) {
            bears.remove(&root);
            continue;
        }
        let since = match bears.get(&root) {
            Some((before, since)) if *before == label => *since,
            _ => position,
        };
        bears.insert(root, (label, since));
        if stands != state::ERASED && stands != state::MOVED {
            put(conn, position, label, since)?;
        }
    }
    Ok(())
}

fn labels_of_circles(conn: &Connection) -> Result<FxHashSet<i64>, Error> {
    let mut query = conn.prepare("SELECT num, canonical FROM label")?;
    let mut rows = query.query([])?;
    let mut circled = FxHashSet::default();
    while let Some(row) = rows.next()? {
        let canonical = row.get_ref(1)?.as_blob().map_err(|_| damaged("label"))?;
        let label = Label::from_canonical(canonical).ok_or_else(|| damaged("label"))?;
        if !label.recipients.circles.is_empty() {
            circled.insert(row.get(0)?);
        }
    }
    Ok(circled)
}

/// Fills the new places of a folder that had none. What was agreed to before a charter was changed is not known.
pub(crate) fn fill(conn: &Connection) -> Result<(), Error> {
    let mut query = conn.prepare("SELECT definition FROM circle ORDER BY num")?;
    let texts: Vec<String> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    texts.iter().try_for_each(|text| define(conn, text))?;
    restate(conn)
}

/// Keeps the text of a definition.
pub(crate) fn define(conn: &Connection, text: &str) -> Result<(), Error> {
    let digest = Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        use std::fmt::Write;
        let _written = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    });
    conn.prepare_cached("INSERT INTO definition (digest, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute([digest.as_str(), text])?;
    Ok(())
}

/// The definitions that somebody agreed to and no circle says any more.
pub(crate) fn agreed_before(conn: &Connection) -> Result<Vec<(String, String)>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT digest, text FROM definition d WHERE digest IN (SELECT agreed FROM membership)
         AND NOT EXISTS (SELECT 1 FROM circle c WHERE c.definition = d.text) ORDER BY num",
    )?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The labels that name circles and are borne by something, one leap for each.
pub(crate) fn labels(conn: &Connection) -> Result<Vec<(LabelId, Label)>, Error> {
    let mut query =
        conn.prepare_cached("SELECT label FROM circled WHERE label > ?1 ORDER BY label LIMIT 1")?;
    let (mut found, mut after) = (Vec::new(), -1i64);
    while let Some(label) = query.query_row([after], |row| row.get::<_, i64>(0)).optional()? {
        let id = LabelId(u32::try_from(label).map_err(|_| damaged("label"))?);
        found.push((id, intern::label(conn, label)?));
        after = label;
    }
    Ok(found)
}

/// What bears a label and entered under it before a time, at most so many behind a place (since, position).
pub(crate) fn said(
    conn: &Connection,
    label: LabelId,
    before: Timestamp,
    behind: (i64, i64),
    (limit, one_by_one): (usize, bool),
) -> Result<Vec<Said>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT c.position, c.since, w.date_added, r.date_added, EXISTS (
             SELECT 1 FROM statement o INDEXED BY statement_object
             WHERE (?9 OR s.flags & ?6) AND o.object = s.object AND o.state IN (?7, ?8) AND o.source = s.source
               AND o.version < s.version AND (?9 OR o.label <> s.label OR o.position > s.position))
         FROM circled c JOIN statement s ON s.position = c.position JOIN statement w ON w.position = c.since
           JOIN statement r ON r.position = coalesce(s.target, s.position)
         WHERE c.label = ?1 AND c.since < ?2 AND c.since >= ?3 AND (c.since, c.position) > (?3, ?4)
         ORDER BY c.since, c.position LIMIT ?5",
    )?;
    let before = sealed::position_from(conn, before)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = query.query_map(
        params![
            label.0,
            before,
            behind.0,
            behind.1,
            limit,
            flag::REVOKED,
            state::LAST,
            state::PAST,
            one_by_one
        ],
        |row| {
            Ok(Said {
                position: row.get::<_, i64>(0)?.cast_unsigned(),
                since: row.get::<_, i64>(1)?.cast_unsigned(),
                entered: Timestamp(row.get(2)?),
                first: Timestamp(row.get(3)?),
                takes_back: row.get(4)?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}
