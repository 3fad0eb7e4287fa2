//! What is said to circles, in the order in which it entered: what charters let go is found without a look at anything else.

use model::{Definition, Label, Timestamp};
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

/// Fills the new places of a folder that had none. What was agreed to before a charter was changed is not known, and what
/// stood as agreed to without anybody's agreeing is blank now.
pub(crate) fn fill(conn: &Connection) -> Result<(), Error> {
    let mut query = conn.prepare("SELECT id, definition FROM circle ORDER BY num")?;
    let circles: Vec<(Vec<u8>, String)> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (id, text) in &circles {
        define(conn, text)?;
        blank(conn, id, text)?;
    }
    restate(conn)
}

// Whose circle an administrator of the node made for him was written down as having agreed to its charter; so was everybody
// in an informal circle, which was joined unseen and made by analysts too. Who gave it its charter himself, as an
// administrator, did agree.
fn blank(conn: &Connection, circle: &[u8], text: &str) -> Result<(), Error> {
    let Some(definition) = Definition::from_canonical(text) else { return Ok(()) };
    let unseen = !definition.charter.formal && definition.charter.retention_days.is_some();
    conn.execute(
        "UPDATE membership SET agreed = '' WHERE circle = ?1 AND agreed = ?2
           AND (?3 OR EXISTS (SELECT 1 FROM circle_act a WHERE a.circle = ?1 AND a.verb = 'add'
                  AND a.about = membership.member AND a.at = membership.since))
           AND NOT EXISTS (SELECT 1 FROM circle_act a WHERE a.circle = ?1 AND a.verb = 'upgrade'
                  AND a.member = membership.member AND a.at >= membership.since)",
        params![circle, definition.digest(), unseen],
    )?;
    Ok(())
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
               AND o.version < s.version AND (?9 OR o.label <> s.label OR o.position > s.position)),
           s.state IN (?7, ?8)
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
                stands: row.get(5)?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use model::CircleId;
    use model::circle::Charter;
    use uuid::Uuid;

    use super::*;
    use crate::sqlite::{connect, migrate};

    #[test]
    fn what_nobody_agreed_to_binds_nobody_in_a_folder_of_the_release_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(connect::FILE);
        let mut conn = connect::writer(&path, &crate::Options::default()).unwrap();
        let (before, after) = (migrate::STEPS.get(..14).unwrap(), migrate::STEPS.get(..15).unwrap());
        migrate::migrate(&mut conn, before).unwrap();
        let charter = |formal, days| Charter {
            formal,
            agreement: "We keep to it.".to_owned(),
            retention_days: days,
            ..Charter::default()
        };
        let id = |n: u128| *Uuid::from_u128(n).as_bytes();
        let circle = |n: u128, charter: Charter| {
            let definition = Definition { id: CircleId(Uuid::from_u128(n)), name: format!("C{n}"), charter };
            conn.execute(
                "INSERT INTO circle (id, definition, audiences, created) VALUES (?1, ?2, x'', 0)",
                params![id(n), definition.canonical()],
            )
            .unwrap();
            definition.digest()
        };
        let joined = |circle: u128, member: u128, agreed: &str, since: i64| {
            conn.execute(
                "INSERT INTO membership (id, circle, member, agreed, since, kept)
                 VALUES (randomblob(16), ?1, ?2, ?3, ?4, 0)",
                params![id(circle), id(member), agreed, since],
            )
            .unwrap();
        };
        let act = |circle: u128, at: i64, verb: &str, member: u128, about: Option<u128>| {
            conn.execute(
                "INSERT INTO circle_act (circle, at, member, verb, about) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id(circle), at, id(member), verb, about.map(id)],
            )
            .unwrap();
        };
        // Formal, made by the first for himself: he agreed, and who joined did.
        let own = circle(1, charter(true, Some(90)));
        act(1, 10, "add", 1, None);
        joined(1, 1, &own, 10);
        joined(1, 2, &own, 20);
        // Formal, made for the second: he did not, and the third who joined did. Nor did he when he was in it first.
        let given = circle(2, charter(true, Some(90)));
        act(2, 10, "add", 1, Some(2));
        joined(2, 2, &given, 10);
        joined(2, 3, &given, 20);
        conn.execute("UPDATE membership SET revoked = 30 WHERE since = 10 AND circle = ?1", [id(2)]).unwrap();
        joined(2, 2, &given, 40);
        // The same, and he gave it the charter that it has.
        let changed = circle(3, charter(true, Some(30)));
        act(3, 10, "add", 1, Some(2));
        act(3, 20, "upgrade", 2, None);
        joined(3, 2, &changed, 10);
        // Informal with a term: but for the one who gave it that, nobody did.
        let short = circle(4, charter(false, Some(1)));
        act(4, 10, "add", 1, None);
        act(4, 30, "upgrade", 2, None);
        joined(4, 1, &short, 10);
        joined(4, 2, &short, 20);
        joined(4, 3, "of another text", 20);
        // Informal without one: it says nothing of how long anything is kept.
        let open = circle(5, charter(false, None));
        joined(5, 1, &open, 10);
        drop(conn);
        let mut conn = connect::writer(&path, &crate::Options::default()).unwrap();
        migrate::migrate(&mut conn, after).unwrap();

        let memberships = crate::sqlite::circles::memberships(&conn).unwrap();
        let agreed: Vec<(u128, u128, &str)> = memberships
            .iter()
            .map(|one| (one.circle.0.as_u128(), one.member.0.as_u128(), one.agreed.as_str()))
            .collect();
        let wanted = [
            (1, 1, own.as_str()),
            (1, 2, &own),
            (2, 2, ""),
            (2, 3, &given),
            (2, 2, &given),
            (3, 2, &changed),
            (4, 1, ""),
            (4, 2, &short),
            (4, 3, "of another text"),
            (5, 1, &open),
        ];
        assert_eq!(agreed, wanted);
    }
}
