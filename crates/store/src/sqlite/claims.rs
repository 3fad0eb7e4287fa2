//! Claims by whose ids they are under, and by who makes them. Each is a list like those of collections, so that labels filter
//! it before anything is paged, and whatever happens to a statement happens to it there.

use rusqlite::{Connection, OptionalExtension};

use super::append::Run;
use super::enlist;
use super::intern;
use super::row::{damaged, entry, flag, state, uuid};
use crate::Error;
use crate::find::Claims;
use crate::record::NewStatement;

/// The list of what claims under a member's ids is this and the number of its source.
const UNDER: i64 = 1 << 40;
/// The list of the claims that a source makes.
const BY: i64 = 1 << 41;

/// Whether a list is one of these, and no collection's.
pub(crate) fn is_claims(list: i64) -> bool {
    list >= UNDER
}

/// The lists of claims that are asked for.
pub(crate) fn lists(conn: &Connection, asked: Claims<'_>) -> Result<Vec<i64>, Error> {
    let (base, members) = match asked {
        Claims::Under(member) => (UNDER, std::slice::from_ref(member)),
        Claims::By(members) => (BY, members),
    };
    let numbers = members.iter().map(|member| intern::source(conn, *member));
    let numbers = numbers.collect::<Result<Vec<_>, Error>>()?;
    Ok(numbers.into_iter().flatten().map(|number| base + number).collect())
}

/// The lists of claims that the statement is in whose body stands at a position.
pub(crate) fn lists_at(conn: &Connection, root: i64, source: i64) -> Result<Vec<i64>, Error> {
    let mut query = conn.prepare_cached("SELECT owner FROM claimed WHERE position = ?1 ORDER BY owner")?;
    let owners: Vec<i64> = query.query_map([root], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(lists_of(&owners, source))
}

fn lists_of(owners: &[i64], source: i64) -> Vec<i64> {
    let by = (!owners.is_empty()).then_some(BY + source);
    owners.iter().map(|owner| UNDER + owner).chain(by).collect()
}

impl Run<'_> {
    /// Writes down for whom a statement speaks that was just written, where it is another's; answers the lists that it is in.
    pub(crate) fn claim(
        &mut self,
        new: &NewStatement,
        (object, position, flags): (i64, i64, i64),
        owner: Option<i64>,
    ) -> Result<Vec<i64>, Error> {
        if flags & flag::OWNED != 0 {
            return Ok(Vec::new());
        }
        let mut owners: Vec<i64> = owner.filter(|owner| *owner != self.source).into_iter().collect();
        owners.extend(owners_for_some(&self.to.conn, object, (position, self.source))?);
        for member in &new.speaks_for {
            owners.push(self.to.interned.source(&self.to.conn, *member)?);
        }
        owners.sort_unstable();
        owners.dedup();
        for owner in &owners {
            keep(&self.to.conn, position, *owner)?;
        }
        Ok(lists_of(&owners, self.source))
    }
}

// Who sees nothing of the owner takes for him the first who is bound by his own words: so everybody is listed who may be that.
fn owners_for_some(conn: &Connection, object: i64, (before, source): (i64, i64)) -> Result<Vec<i64>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT DISTINCT source FROM statement INDEXED BY statement_object
         WHERE object = ?1 AND position < ?2 AND source <> ?3 AND flags & ?4 <> 0",
    )?;
    let bound = flag::BOUND | flag::SAYS_BOUND;
    let found = query.query_map([object, before, source, bound], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn keep(conn: &Connection, position: i64, owner: i64) -> Result<(), Error> {
    conn.prepare_cached("INSERT INTO claimed (position, owner) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute([position, owner])?;
    Ok(())
}

/// Finds the claims of a record that was written before they were listed.
pub(crate) fn fill(conn: &Connection) -> Result<(), Error> {
    let mut query = conn.prepare(
        "SELECT s.position, s.source, s.flags, s.author, s.object, o.owner FROM statement s JOIN object o ON o.num = s.object
         WHERE s.entry = ?1 AND s.flags & ?2 = 0 AND s.state <> ?3",
    )?;
    let mut rows = query.query([entry::OBJECT, flag::OWNED, state::ERASED])?;
    while let Some(row) = rows.next()? {
        let (position, source, flags): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        for owner in owners_for_some(conn, row.get(4)?, (position, source))? {
            keep(conn, position, owner)?;
        }
        if let Some(owner) = row.get::<_, Option<i64>>(5)?.filter(|owner| *owner != source) {
            keep(conn, position, owner)?;
        }
        if flags & flag::SAYS_OWNED == 0 {
            for object in [row.get::<_, Option<i64>>(3)?, row.get(4)?].into_iter().flatten() {
                if let Some(owner) = bound(conn, object)?.filter(|owner| *owner != source) {
                    keep(conn, position, owner)?;
                }
            }
        }
    }
    let mut query = conn.prepare(
        "SELECT position, coalesce(target, position), source FROM statement WHERE state <= ?1 AND flags & ?2 = 0",
    )?;
    let mut rows = query.query([state::PAST, flag::OWNED])?;
    while let Some(row) = rows.next()? {
        for list in lists_at(conn, row.get(1)?, row.get(2)?)? {
            enlist::one(conn, list, row.get(0)?)?;
        }
    }
    Ok(())
}

// The source of the member that an identity is bound to.
fn bound(conn: &Connection, object: i64) -> Result<Option<i64>, Error> {
    let found: Option<(Vec<u8>, String)> = conn
        .prepare_cached("SELECT o.uuid, w.text FROM object o JOIN word w ON w.num = o.kind WHERE o.num = ?1")?
        .query_row([object], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, kind)) = found else { return Ok(None) };
    let stix = format!("{kind}--{}", uuid(&id)?.hyphenated());
    let member: Option<Vec<u8>> = conn
        .prepare_cached("SELECT member FROM identity WHERE stix = ?1")?
        .query_row([stix], |row| row.get(0))
        .optional()?;
    let Some(member) = member else { return Ok(None) };
    if member.len() != 16 {
        return Err(damaged("identity.member"));
    }
    conn.prepare_cached("INSERT INTO source (id) VALUES (?1) ON CONFLICT DO NOTHING")?.execute([&member])?;
    let mut number = conn.prepare_cached("SELECT num FROM source WHERE id = ?1")?;
    Ok(Some(number.query_row([&member], |row| row.get(0))?))
}
