//! Search: entries on which everything agrees that is asked for. The newest comes first.
//!
//! A rare term is read whole, and what else is asked for is looked up in each entry. Frequent terms are likely to be in
//! what is new, so the lists of what the reader may see are gone through for a while; where that finds too little, the
//! rarest of the terms is read whole after all.

use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::claims;
use super::find::{self, hit_at};
use super::index::keys::{self, Class};
use super::index::scan::Scan;
use super::intern;
use super::lend;
use super::row::{damaged, state};
use super::sealed::Times;
use super::streams::ListStream;
use super::views::{EVERYTHING, words};
use crate::Error;
use crate::find::{Hit, Search};
use crate::read::{LabelId, Snapshot};
use crate::record::ObjectKey;

/// A term that leads to no more entries than this is rare.
const RARE: usize = 32;
/// Entries of the lists in which the terms may be looked up in vain before the rarest is read whole: so many, and so
/// many for each that was found.
const PATIENCE: usize = 200;
const PATIENCE_PER_HIT: usize = 60;
/// A term is read whole up to this many entries. Where every term leads to more, the lists are gone through to the end.
const WHOLE: usize = 4_000_000;
/// So few entries are not worth reading another term or the list of a type for.
const FEW: usize = 256;
/// So much longer than the entries that are looked at may be what is read to narrow them, or to spare looking at all.
const OFTEN: usize = 16;

/// So few entries of the types that are asked for are gone through to the last: one costs what some 25 of a term do.
const FEW_OF_TYPE: usize = 4_000;

type Found<'f> = &'f mut dyn FnMut(u64, &Hit<'_>) -> ControlFlow<()>;

/// Goes through what a search is after.
pub(crate) fn search(snapshot: &Snapshot, search: &Search<'_>, found: Found<'_>) -> Result<(), Error> {
    // A text without any word that could be found finds nothing.
    let Some(terms) = terms(search) else { return Ok(()) };
    if search.objects.is_some() {
        return among_objects(snapshot, search, &terms, found);
    }
    let (_, before) = bounds(search);
    let mut readings = Readings::begin(snapshot, search, &terms)?;
    if let Some(rarest) = readings.rarest(RARE)? {
        return among_rarest(snapshot, (readings, rarest), &terms, before, found);
    }
    let patience = if terms.is_empty() { usize::MAX } else { PATIENCE };
    let Some(before) = by_lists(snapshot, search, &terms, (before, patience), found)? else { return Ok(()) };
    // Where few are of the types that are asked for, all of these cost less than a term that many have.
    let entries = entries_of(snapshot, &lists_of(snapshot, search)?, search)?;
    let most = if entries <= FEW_OF_TYPE { OFTEN * entries } else { WHOLE };
    match readings.rarest(most)? {
        Some(rarest) => among_rarest(snapshot, (readings, rarest), &terms, before, found),
        None => by_lists(snapshot, search, &terms, (before, usize::MAX), found).map(drop),
    }
}

// What an entry must have; `None` when no entry can.
fn terms(search: &Search<'_>) -> Option<Vec<Vec<u8>>> {
    let names = search.names.iter().map(|name| keys::value(Class::Name, name.as_bytes()));
    let tags = search.tags.iter().map(|tag| keys::value(Class::Tag, tag.as_bytes()));
    let words = words(search.text);
    if words.is_empty() && !search.text.trim().is_empty() {
        return None;
    }
    let words = words.iter().map(|word| keys::value(Class::Word, word.as_bytes()));
    Some(names.chain(tags).chain(words).collect())
}

/// Whether a hit is the newest that a search is after of its object. Looks at what the reader sees alone, and on every page at
/// the same.
pub(crate) fn is_newest(snapshot: &Snapshot, search: &Search<'_>, hit: &Hit<'_>) -> Result<bool, Error> {
    if !hit.several || !hit.owned {
        return Ok(true);
    }
    let object = ObjectKey { kind: hit.kind.to_owned(), uuid: hit.uuid };
    let mut newer = Vec::new();
    find::standing(snapshot, search.visible, &object, &mut |other| {
        let is_wanted = other.owned && search.wanted.has(other.label) && other.position < search.before;
        // Where the id is nobody's, a revocation counts for what its own source said.
        let counts_less = |one: &Hit<'_>| one.revoked && !one.bound;
        let is_before = match (counts_less(hit), counts_less(other)) {
            (true, false) if other.source != hit.source => true,
            (false, true) if other.source != hit.source => false,
            _ => other.position > hit.position,
        };
        if is_wanted && is_before {
            newer.push(other.position.cast_signed());
        }
        ControlFlow::Continue(())
    })?;
    let terms = terms(search).unwrap_or_default();
    for position in newer {
        let is_before = Search { added_after: None, ..*search };
        if is_in_time(snapshot, &is_before, position)? && has_terms(snapshot, position, &terms)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The terms, read side by side until the rarest is at its end.
struct Readings<'s> {
    search: &'s Search<'s>,
    terms: Vec<Reading<'s>>,
    most: usize,
}

struct Reading<'s> {
    scan: Scan<'s>,
    // The bytes of the term, behind which an entry begins.
    length: usize,
    positions: Vec<i64>,
    read: usize,
    whole: bool,
}

impl<'s> Readings<'s> {
    fn begin(
        snapshot: &'s Snapshot,
        search: &'s Search<'s>,
        terms: &[Vec<u8>],
    ) -> Result<Readings<'s>, Error> {
        let begun = terms.iter().map(|term| {
            let scan = snapshot.runs()?.scan(snapshot.conn()?, term, &keys::after(term), Some(term))?;
            Ok(Reading { scan, length: term.len(), positions: Vec::new(), read: 0, whole: false })
        });
        Ok(Readings { search, terms: begun.collect::<Result<_, Error>>()?, most: RARE })
    }

    // The rarest term, read whole; `None` if every term leads to more entries than `most`.
    fn rarest(&mut self, most: usize) -> Result<Option<usize>, Error> {
        if self.terms.is_empty() {
            return Ok(None);
        }
        loop {
            for at in 0..self.terms.len() {
                if self.advance(at, self.most)? {
                    return Ok(Some(at));
                }
            }
            if self.most >= most {
                return Ok(None);
            }
            self.most = (self.most * 4).min(most);
        }
    }

    // Reads a term up to so many entries. Tells whether it is at its end.
    fn advance(&mut self, at: usize, most: usize) -> Result<bool, Error> {
        let Some(term) = self.terms.get_mut(at) else { return Ok(false) };
        while !term.whole && term.read < most {
            let Some(key) = term.scan.next()? else {
                term.whole = true;
                break;
            };
            let entry = key.get(term.length..).and_then(keys::read_entry);
            let (label, position, _) = entry.ok_or_else(|| damaged("index"))?;
            term.read += 1;
            if u32::try_from(label).is_ok_and(|label| self.search.wanted.has(LabelId(label))) {
                term.positions.push(position);
            }
        }
        Ok(term.whole)
    }

    // Where a term leads that was read whole, as far as that is wanted.
    fn take(&mut self, term: usize) -> Vec<i64> {
        self.terms.get_mut(term).map(|term| std::mem::take(&mut term.positions)).unwrap_or_default()
    }

    // Without the positions that other terms, if they are not much more frequent, do not have. Looking up each of many
    // entries costs more than reading on.
    fn narrow(&mut self, rarest: usize, positions: &mut Vec<i64>) -> Result<(), Error> {
        for at in 0..self.terms.len() {
            if at != rarest && positions.len() > FEW && self.advance(at, OFTEN * positions.len())? {
                let Some(other) = self.terms.get_mut(at) else { continue };
                other.positions.sort_unstable();
                positions.retain(|position| other.positions.binary_search(position).is_ok());
            }
        }
        Ok(())
    }
}

// Goes through where the rarest term leads. The first of many entries mostly fill a page: only then what else is asked for
// is read as well.
fn among_rarest(
    snapshot: &Snapshot,
    (mut readings, rarest): (Readings<'_>, usize),
    terms: &[Vec<u8>],
    before: i64,
    found: Found<'_>,
) -> Result<(), Error> {
    let search = readings.search;
    let mut positions = in_order(search, readings.take(rarest), before);
    let mut rest = positions.split_off(positions.len().min(FEW));
    if among(snapshot, search, terms, &positions, found)?.is_break() || rest.is_empty() {
        return Ok(());
    }
    readings.narrow(rarest, &mut rest)?;
    retain_kinds(snapshot, search, &mut rest)?;
    among(snapshot, search, terms, &rest, found).map(drop)
}

// Without the positions, which descend, of other types than are asked for, where the lists of those are not much longer.
fn retain_kinds(snapshot: &Snapshot, search: &Search<'_>, positions: &mut Vec<i64>) -> Result<(), Error> {
    let (Some(first), false) = (positions.first(), search.kinds.is_empty()) else { return Ok(()) };
    let lists = lists_of(snapshot, search)?;
    if positions.len() <= FEW || entries_of(snapshot, &lists, search)? > OFTEN * positions.len() {
        return Ok(());
    }
    let mut merged = Merged::new(snapshot, search, &lists, first.saturating_add(1))?;
    let mut next = merged.next()?;
    let mut kept = Vec::new();
    for position in positions.iter() {
        while next.is_some_and(|next| next > *position) {
            next = merged.next()?;
        }
        kept.extend(next.filter(|next| next == position));
    }
    *positions = kept;
    Ok(())
}

fn among_objects(
    snapshot: &Snapshot,
    search: &Search<'_>,
    terms: &[Vec<u8>],
    found: Found<'_>,
) -> Result<(), Error> {
    let mut query = snapshot.conn()?.prepare_cached(
        "SELECT position FROM statement INDEXED BY statement_object WHERE object = ?1 AND state = ?2",
    )?;
    let mut positions: Vec<i64> = Vec::new();
    for key in search.objects.unwrap_or_default() {
        if let Some(object) = snapshot.object(key)? {
            let rows = query.query_map([object, state::LAST], |row| row.get(0))?;
            positions.extend(rows.collect::<Result<Vec<i64>, _>>()?);
        }
    }
    let (_, before) = bounds(search);
    among(snapshot, search, terms, &in_order(search, positions, before), found).map(drop)
}

// Those within the bounds, each once, the newest first.
fn in_order(search: &Search<'_>, mut positions: Vec<i64>, before: i64) -> Vec<i64> {
    let (from, _) = bounds(search);
    positions.retain(|position| (from..before).contains(position));
    positions.sort_unstable_by(|one, other| other.cmp(one));
    positions.dedup();
    positions
}

fn among(
    snapshot: &Snapshot,
    search: &Search<'_>,
    terms: &[Vec<u8>],
    positions: &[i64],
    found: Found<'_>,
) -> Result<ControlFlow<()>, Error> {
    for position in positions {
        if has_terms(snapshot, *position, terms)? && lend(snapshot, search, *position, found)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn has_terms(snapshot: &Snapshot, position: i64, terms: &[Vec<u8>]) -> Result<bool, Error> {
    if terms.is_empty() {
        return Ok(true);
    }
    find::packed(snapshot.conn()?, position, |packed| {
        terms.iter().all(|term| packed.terms.binary_search(&term.as_slice()).is_ok())
    })
}

// Goes through the lists of what the reader may see, until patience ends: then answers before which position to go on.
fn by_lists(
    snapshot: &Snapshot,
    search: &Search<'_>,
    terms: &[Vec<u8>],
    (mut before, mut patience): (i64, usize),
    found: Found<'_>,
) -> Result<Option<i64>, Error> {
    let lists = lists_of(snapshot, search)?;
    let (from, _) = bounds(search);
    let mut merged = Merged::new(snapshot, search, &lists, before)?;
    while patience > 0 {
        let Some(position) = merged.next()?.filter(|position| *position >= from) else { return Ok(None) };
        if !has_terms(snapshot, position, terms)? {
            patience -= 1;
        } else if lend(snapshot, search, position, found)?.is_break() {
            return Ok(None);
        } else {
            patience = patience.saturating_add(PATIENCE_PER_HIT);
        }
        before = position;
    }
    Ok(Some(before))
}

/// The positions of several lists and labels, the greatest first.
struct Merged<'s> {
    streams: Vec<ListStream<'s>>,
    heads: BinaryHeap<(i64, usize)>,
}

impl<'s> Merged<'s> {
    fn new(
        snapshot: &'s Snapshot,
        search: &Search<'_>,
        lists: &[i64],
        before: i64,
    ) -> Result<Merged<'s>, Error> {
        let mut merged = Merged { streams: Vec::new(), heads: BinaryHeap::new() };
        for list in lists {
            for label in labels_of_list(snapshot, *list, search)? {
                merged.streams.push(ListStream::new(snapshot, *list, label)?);
                merged.head(merged.streams.len() - 1, before)?;
            }
        }
        Ok(merged)
    }

    fn head(&mut self, at: usize, before: i64) -> Result<(), Error> {
        if let Some(stream) = self.streams.get_mut(at)
            && let Some(position) = stream.below(before)?
        {
            self.heads.push((position, at));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<i64>, Error> {
        let Some((position, at)) = self.heads.pop() else { return Ok(None) };
        self.head(at, position)?;
        Ok(Some(position))
    }
}

// The lists of the claims or of the types that are asked for.
fn lists_of(snapshot: &Snapshot, search: &Search<'_>) -> Result<Vec<i64>, Error> {
    if let Some(asked) = search.claims {
        return claims::lists(snapshot.conn()?, asked);
    }
    if search.kinds.is_empty() {
        return Ok(vec![EVERYTHING]);
    }
    let mut lists = Vec::new();
    for kind in search.kinds {
        lists.extend(intern::word(snapshot.conn()?, kind)?);
    }
    Ok(lists)
}

// How many entries lists have under the labels wanted.
fn entries_of(snapshot: &Snapshot, lists: &[i64], search: &Search<'_>) -> Result<usize, Error> {
    let mut query = snapshot.conn()?.prepare_cached("SELECT label, count FROM tally WHERE list = ?1")?;
    let mut entries = 0_usize;
    for list in lists {
        let mut rows = query.query([list])?;
        while let Some(row) = rows.next()? {
            if search.wanted.has(LabelId(row.get(0)?)) {
                let count = usize::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
                entries = entries.saturating_add(count);
            }
        }
    }
    Ok(entries)
}

fn labels_of_list(snapshot: &Snapshot, list: i64, search: &Search<'_>) -> Result<Vec<i64>, Error> {
    let mut query = snapshot.conn()?.prepare_cached("SELECT DISTINCT label FROM tally WHERE list = ?1")?;
    let labels: Vec<u32> = query.query_map([list], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(labels.into_iter().filter(|label| search.wanted.has(LabelId(*label))).map(i64::from).collect())
}

// Positions from the first up to, but without, the second.
fn bounds(search: &Search<'_>) -> (i64, i64) {
    let number = |position: u64| i64::try_from(position).unwrap_or(i64::MAX);
    (number(search.from), number(search.before.min(search.place)))
}

// Where something was opened to the reader later, times do not follow from positions.
fn is_in_time(snapshot: &Snapshot, search: &Search<'_>, position: i64) -> Result<bool, Error> {
    if !search.visible.was_opened() || (search.added_after, search.added_before) == (None, None) {
        return Ok(true);
    }
    let conn = snapshot.conn()?;
    let record = lend::told(conn, position)?;
    if !search.visible.has(LabelId(record.label)) {
        return Ok(false);
    }
    let (after, before) = (search.added_after, search.added_before);
    Times::new(search.visible).is_between(conn, (position, &record), (after, before))
}

fn lend(
    snapshot: &Snapshot,
    search: &Search<'_>,
    position: i64,
    found: Found<'_>,
) -> Result<ControlFlow<()>, Error> {
    if !is_in_time(snapshot, search, position)? {
        return Ok(ControlFlow::Continue(()));
    }
    hit_at(snapshot, search.visible, position, &mut |hit| {
        let of_kind = search.kinds.is_empty() || search.kinds.iter().any(|kind| kind == hit.kind);
        if of_kind && search.wanted.has(hit.label) {
            found(hit.position, hit)
        } else {
            ControlFlow::Continue(())
        }
    })
}
