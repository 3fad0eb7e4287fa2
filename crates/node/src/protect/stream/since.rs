//! Which values something was said of, or is said of no more, between two places: for whoever made something of all values and brings it
//! up to date.

use std::collections::BTreeSet;

use store::record::ObjectKey;

use super::batch::{ENTRIES, LEFT, SPEAKS, speaks, taken};
use super::place::At;
use super::touched::Touched;
use crate::Error;
use crate::reading::Reading;

/// Statements that are looked at, whatever they say.
const STATEMENTS: usize = 50_000;

/// Values that were touched.
pub(crate) struct Since {
    /// Their keys.
    pub(crate) keys: BTreeSet<Vec<u8>>,
    /// Some of what was said before is said no more, or was said anew: a source may have said less on a day than it had.
    pub(crate) less: bool,
}

/// The keys of the values; `None` where they are more than so many, or it is not known any more which they are.
pub(crate) fn touched_since(
    reading: &Reading,
    (from, here): (At, At),
    most: usize,
) -> Result<Option<Since>, Error> {
    let (mut touched, mut less) = (Touched::default(), false);
    let is_known = taken_away(reading, (from.position, here.position), most, (&mut touched, &mut less))?
        && entered(reading, (from.position, here.position), most, (&mut touched, &mut less))?;
    Ok(is_known.then(|| Since { keys: touched.keys(), less }))
}

fn taken_away(
    reading: &Reading,
    (mut from, end): (u64, u64),
    most: usize,
    (touched, less): (&mut Touched, &mut bool),
) -> Result<bool, Error> {
    let (snapshot, visible) = (&reading.snapshot, &reading.sight.visible);
    while from < end {
        let mut away = Vec::new();
        let next =
            snapshot.left(visible, (from, end), LEFT, &mut |left| away.push(taken(reading, left, true)))?;
        for one in away {
            *less = true;
            let Some(stands) = one.stands else { return Ok(false) };
            touched.add(stands);
            speaks(reading, &one.speaks_of, touched)?;
        }
        if next <= from || touched.len() > most {
            return Ok(false);
        }
        from = next;
    }
    Ok(true)
}

// Everything that anybody said, also what others said before under the same id: it stands for its own source. Whoever sees no more of
// what stood before finds what is new to him behind where he was.
fn entered(
    reading: &Reading,
    (begin, end): (u64, u64),
    most: usize,
    (touched, less): (&mut Touched, &mut bool),
) -> Result<bool, Error> {
    let (snapshot, visible) = (&reading.snapshot, &reading.sight.visible);
    let (mut from, mut met) = (Some(begin), 0);
    while let Some(at) = from.filter(|at| *at < end) {
        let mut entries = Vec::new();
        from = snapshot.statements(visible, at, ENTRIES, &mut |entry| {
            entries.push((entry.position, entry.kind.to_owned()));
        })?;
        met += entries.len();
        for (position, kind) in entries {
            for said in snapshot.said_since(visible, position, begin)? {
                *less |= said < position;
                touched.add(snapshot.noted_at(said)?);
            }
            if SPEAKS.contains(&kind.as_str()) {
                let of = snapshot.references(position)?.into_iter().map(|(_, object)| object);
                speaks(reading, &of.collect::<Vec<ObjectKey>>(), touched)?;
            }
        }
        if touched.len() > most || met > STATEMENTS {
            return Ok(false);
        }
    }
    Ok(true)
}
