//! Whose an id is, for a reader.
//!
//! When a statement is written under an id that another member owns, it is marked as a claim, and what its own words
//! would have made of it is kept beside. A reader who sees nothing of that owner under the id is not told: that somebody
//! else owns the id is for those who see him say so.
//!
//! Words that name as author an identity that is another member's are a claim for everybody: whose an identity is stands
//! in the directory and is nothing that somebody said for few, and nobody is to be taken for another. Only from whom the
//! author is hidden as a part, this is too.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use rustc_hash::FxHashMap;

use super::append::Known;
use super::row::{flag, state};
use super::span::Wires;
use crate::Error;
use crate::read::{LabelId, Snapshot, Visible};

/// The property that names an author, as objects write it.
const AUTHOR: &[u8] = b"\"created_by_ref\"";
/// Objects whose owners a snapshot remembers.
const REMEMBERED: usize = 10_000;

/// The flags of a statement when another member owns its id.
pub(crate) fn claimed(flags: i64) -> i64 {
    let says = |has: i64, says: i64| if flags & has == 0 { 0 } else { says };
    (flags & !(flag::OWNED | flag::BOUND))
        | says(flag::OWNED, flag::SAYS_OWNED)
        | says(flag::BOUND, flag::SAYS_BOUND)
}

// Where nobody else is seen to own the id, a statement speaks for its source, or for nobody.
fn by_its_words(flags: i64) -> i64 {
    let bound = if flags & flag::SAYS_BOUND == 0 { 0 } else { flag::BOUND };
    flags | flag::OWNED | bound
}

/// The object of the statement at a position.
pub(crate) fn object_at(conn: &Connection, position: i64) -> Result<i64, Error> {
    Ok(conn
        .prepare_cached("SELECT object FROM statement WHERE position = ?1")?
        .query_row([position], |row| row.get(0))?)
}

/// The statement whose standing is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) position: i64,
    pub(crate) source: i64,
    pub(crate) flags: i64,
}

/// What a reader makes of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// The flags for this reader: they decide what he is served first.
    pub(crate) flags: i64,
    /// It is a claim, and he is told so: its own words say it, or he sees the owner, and who that is.
    pub(crate) claim: bool,
}

/// What a reader sees of those who are bound to the authors of what they say under an id.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    // Sources that are bound, and whether the reader is told of one of their statements whose it is.
    bound: Vec<(i64, bool)>,
    // The first that is bound by its own words: where it was said, its source, and whether the reader is told whose it is. Without the
    // owner, this one would own the id.
    first: Option<(i64, i64, bool)>,
}

impl Owners {
    // Of everything under an id that this reader sees. One reading of the id, however much stands under it.
    fn of(conn: &Connection, visible: &Visible, object: i64) -> Result<Owners, Error> {
        // Who said it first is told by when it was said: under another label it stands at a later position.
        let mut query = conn.prepare_cached(
            "SELECT coalesce(target, position), source, label, flags FROM statement INDEXED BY statement_object
             WHERE object = ?1 AND state <= ?2",
        )?;
        let mut rows = query.query([object, state::PAST])?;
        let mut owners = Owners::default();
        while let Some(row) = rows.next()? {
            let one = Asked { position: row.get(0)?, source: row.get(1)?, flags: row.get(3)? };
            owners.add(visible, one, LabelId(row.get(2)?));
        }
        Ok(owners)
    }

    fn add(&mut self, visible: &Visible, one: Asked, label: LabelId) {
        if one.flags & (flag::BOUND | flag::SAYS_BOUND) == 0 || !visible.has(label) {
            return;
        }
        let told = visible.tells_origin(label);
        if one.flags & flag::BOUND != 0 {
            match self.bound.iter_mut().find(|(source, _)| *source == one.source) {
                Some((_, known)) => *known |= told,
                None => self.bound.push((one.source, told)),
            }
        }
        if self.first.is_none_or(|(least, ..)| one.position < least) {
            self.first = Some((one.position, one.source, told));
        }
    }

    // `said`: where it was said. `names_another`: the reader sees that its own words name an author who is another member's.
    fn standing(&self, asked: Asked, said: i64, names_another: bool) -> Standing {
        let flags = asked.flags;
        let mut others = self.bound.iter().filter(|(source, _)| *source != asked.source).peekable();
        if others.peek().is_some() {
            return Standing { flags, claim: names_another || others.any(|(_, told)| *told) };
        }
        match self.first {
            // Words that leave the id to nobody count until somebody is bound; words that name another never do.
            Some((position, source, told))
                if source != asked.source && (position < said || flags & flag::SAYS_OWNED == 0) =>
            {
                Standing { flags, claim: names_another || told }
            }
            _ if names_another => Standing { flags, claim: true },
            _ => Standing { flags: by_its_words(flags), claim: false },
        }
    }
}

/// The owners that a snapshot has looked up for one reader: a page, or an object with many versions, asks for the same
/// ones again and again.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    visible: Visible,
    of: FxHashMap<i64, Arc<Owners>>,
}

impl Remembered {
    fn look_up(&mut self, conn: &Connection, visible: &Visible, object: i64) -> Result<Arc<Owners>, Error> {
        if self.visible != *visible || self.of.len() >= REMEMBERED {
            *self = Remembered { visible: visible.clone(), of: FxHashMap::default() };
        }
        if let Some(known) = self.of.get(&object) {
            return Ok(Arc::clone(known));
        }
        let owners = Arc::new(Owners::of(conn, visible, object)?);
        self.of.insert(object, Arc::clone(&owners));
        Ok(owners)
    }
}

/// What a statement is for this reader.
pub(crate) fn standing_at(snapshot: &Snapshot, visible: &Visible, asked: Asked) -> Result<Standing, Error> {
    if asked.flags & flag::OWNED != 0 {
        return Ok(Standing { flags: asked.flags, claim: false });
    }
    standing_of(snapshot, visible, object_at(snapshot.conn()?, asked.position)?, asked)
}

/// The same where the object is known.
pub(crate) fn standing_of(
    snapshot: &Snapshot,
    visible: &Visible,
    object: i64,
    asked: Asked,
) -> Result<Standing, Error> {
    if asked.flags & flag::OWNED != 0 {
        return Ok(Standing { flags: asked.flags, claim: false });
    }
    let owners = snapshot.owners().look_up(snapshot.conn()?, visible, object)?;
    let names_another = names_another(asked.flags) && sees_author(snapshot.conn()?, visible, asked.position)?;
    let said =
        if owners.first.is_some() { said_at(snapshot.conn()?, asked.position)? } else { asked.position };
    Ok(owners.standing(asked, said, names_another))
}

// Where it was said first, under whatever label.
fn said_at(conn: &Connection, position: i64) -> Result<i64, Error> {
    Ok(conn
        .prepare_cached("SELECT coalesce(target, position) FROM statement WHERE position = ?1")?
        .query_row([position], |row| row.get(0))
        .optional()?
        .unwrap_or(position))
}

fn names_another(flags: i64) -> bool {
    flags & (flag::OWNED | flag::SAYS_OWNED) == 0
}

// The author may stand in a part that is not for him. What is not written yet is its sender's, who knows what it says.
fn sees_author(conn: &Connection, visible: &Visible, position: i64) -> Result<bool, Error> {
    let found: Option<(u32, i64)> = conn
        .prepare_cached("SELECT label, coalesce(target, position) FROM statement WHERE position = ?1")?
        .query_row([position], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((label, root)) = found.map(|(label, root)| (LabelId(label), root)) else { return Ok(true) };
    if visible.hidden_parts(label).is_none() {
        return Ok(true);
    }
    let mut wires = Wires::default();
    let (_, wire) = wires.at(conn, root)?;
    let shown = visible.without_hidden(label, wire);
    Ok(shown.is_none_or(|shown| shown.windows(AUTHOR.len()).any(|part| part == AUTHOR)))
}

/// Whether who says something under an id is told that it is a claim: as he would be if he read it, and by what he sees
/// alone. `last` is what stands under the id; where that decides, no more is read.
pub(crate) fn is_told(
    conn: &Connection,
    visible: &Visible,
    (object, last): (i64, &[Known]),
    asked: Asked,
) -> Result<bool, Error> {
    if asked.flags & flag::OWNED != 0 {
        return Ok(false);
    }
    let mut owners = Owners::default();
    for known in last {
        let one = Asked { position: known.position, source: known.source, flags: known.flags };
        owners.add(visible, one, LabelId(u32::try_from(known.label).unwrap_or(u32::MAX)));
    }
    if owners.bound.is_empty() && owners.first.is_some() {
        owners = Owners::of(conn, visible, object)?;
    }
    // What is not written yet was said by nobody before.
    Ok(owners.standing(asked, asked.position, names_another(asked.flags)).claim)
}
