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
pub(crate) struct Owners(Vec<Owner>);

/// Somebody of whom something stands under the id that binds him to it, by the record or by its own words.
#[derive(Debug)]
struct Owner {
    source: i64,
    // Whether the reader is told whose it is, by anything of it that stands.
    told: bool,
    // The same of what the record says of it; nothing where the record takes all of it for claims.
    bound: Option<bool>,
    // Where it was said first. What was taken back since counts: who came behind it came behind somebody who owned the id.
    first: i64,
}

impl Owners {
    // Of everything under an id that this reader sees. One reading of the id, however much stands under it.
    fn of(conn: &Connection, visible: &Visible, object: i64) -> Result<Owners, Error> {
        // Who said it first is told by when it was said: under another label it stands at a later position.
        let mut query = conn.prepare_cached(
            "SELECT coalesce(target, position), source, label, flags, state FROM statement INDEXED BY statement_object
             WHERE object = ?1 AND state <= ?2 ORDER BY state",
        )?;
        let mut rows = query.query([object, state::ERASED])?;
        let mut owners = Owners::default();
        while let Some(row) = rows.next()? {
            let one = Asked { position: row.get(0)?, source: row.get(1)?, flags: row.get(3)? };
            owners.add(visible, one, LabelId(row.get(2)?), row.get::<_, i64>(4)? <= state::PAST);
        }
        Ok(owners)
    }

    // What stands comes before what does not: of whom nothing stands, nothing is known.
    fn add(&mut self, visible: &Visible, one: Asked, label: LabelId, stands: bool) {
        if one.flags & (flag::BOUND | flag::SAYS_BOUND) == 0 || !visible.has(label) {
            return;
        }
        let told = stands && visible.tells_origin(label);
        let bound = (stands && one.flags & flag::BOUND != 0).then_some(told);
        match self.0.iter_mut().find(|owner| owner.source == one.source) {
            Some(owner) => {
                owner.told |= told;
                owner.bound = owner.bound.max(bound);
                owner.first = owner.first.min(one.position);
            }
            None if stands => self.0.push(Owner { source: one.source, told, bound, first: one.position }),
            None => {}
        }
    }

    // Those whom the record takes for the owner.
    fn bound(&self) -> impl Iterator<Item = (i64, bool)> {
        self.0.iter().filter_map(|owner| Some((owner.source, owner.bound?)))
    }

    // The first that is bound by its own words: without an owner whom this reader does not see, this one would own the id.
    fn first(&self) -> Option<&Owner> {
        self.0.iter().min_by_key(|owner| owner.first)
    }

    // `said`: where it was said. `names_another`: the reader sees that its own words name an author who is another member's.
    fn standing(&self, asked: Asked, said: i64, names_another: bool) -> Standing {
        let flags = asked.flags;
        let mut others = self.bound().filter(|(source, _)| *source != asked.source).peekable();
        if others.peek().is_some() {
            return Standing { flags, claim: names_another || others.any(|(_, told)| told) };
        }
        match self.first() {
            // Words that leave the id to nobody count until somebody is bound; words that name another never do.
            Some(owner)
                if owner.source != asked.source && (owner.first < said || flags & flag::SAYS_OWNED == 0) =>
            {
                Standing { flags, claim: names_another || owner.told }
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
    let owners = snapshot.owners().look_up(snapshot.conn()?, visible.whole(), object)?;
    let names_another = names_another(asked.flags) && sees_author(snapshot.conn()?, visible, asked.position)?;
    let said =
        if owners.first().is_some() { said_at(snapshot.conn()?, asked.position)? } else { asked.position };
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
    let visible = visible.whole();
    let mut owners = Owners::default();
    for known in last {
        let one = Asked { position: known.position, source: known.source, flags: known.flags };
        owners.add(visible, one, LabelId(u32::try_from(known.label).unwrap_or(u32::MAX)), true);
    }
    if owners.bound().next().is_none() && owners.first().is_some() {
        owners = Owners::of(conn, visible, object)?;
    }
    // What is not written yet was said by nobody before.
    Ok(owners.standing(asked, asked.position, names_another(asked.flags)).claim)
}
