//! Pages: entries in order of their positions, filtered by what the reader may see before anything is counted.
//!
//! A reader who sees much is served by one scan over the record. Where the scan passes over too much that is not for
//! him, the rest of the page comes from the postings of his labels. Lists of types and of filtered collections always
//! come from postings. So a page costs the same whoever asks.

mod scan;

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use super::head::Head;
use super::lend::{self, Told, told};
use super::merge::Merge;
use super::names::Names;
use super::resolve::Resolver;
use super::row::{damaged, state};
use super::sealed::Times;
use super::span::{self, Record, Span};
use super::views::{EVERYTHING, Side, side};
use super::{directory, intern, strip};
use crate::Error;
use crate::opened::{Moment, Place};
use crate::read::{Entry, LabelId, PageEnd, PageQuery, Snapshot, Visible};
use model::Timestamp;

/// Entries that a scan may pass over before postings are cheaper: so many, and so many for each that it served.
const MISSES: usize = 256;
const MISSES_PER_HIT: usize = 10;
/// The same where few of many labels are the reader's.
const MISSES_OF_FEW: usize = 8;
const MISSES_OF_FEW_PER_HIT: usize = 1;
/// What opening one more posting costs, in entries passed over.
const MISSES_PER_LIST: usize = 8;
/// A label that is not the reader's costs as much less than a look at the next of his.
const LABELS_PASSED_OVER: u32 = 12;
/// Positions that are read along rather than begun anew behind.
const NEAR: i64 = 16;
/// Postings that are fetched together.
const TOGETHER: usize = 512;
/// A page ends early, with more to follow, once it is this long in bytes: whoever asks for thousands of entries holds
/// no more of our memory than this and one entry.
pub(crate) const PAGE_BYTES: usize = 32 << 20;

/// Whether the wire form is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    Read,
    Skip,
}

/// What becomes of the entries of a page.
pub(crate) enum Out<'p> {
    /// Each is lent.
    Lent(Body, &'p mut dyn FnMut(&Entry<'_>)),
    /// What is served of each is put behind the one before, with a comma between, and its position, its label and its time are told.
    Joined(&'p mut Vec<u8>, &'p mut dyn FnMut(u64, LabelId, Timestamp)),
}

/// What a query comes to, in numbers.
#[derive(Clone)]
struct Plan<'q> {
    // What is shown of the part of the list that the page is in.
    visible: Cow<'q, Visible>,
    kinds: Option<Vec<i64>>,
    sources: Option<Vec<i64>>,
    collection: Option<i64>,
}

/// The page as it fills.
struct Page<'p, 'q> {
    snapshot: &'p Snapshot,
    names: Arc<Names>,
    conn: &'p Connection,
    reader: &'q Visible,
    plan: Rc<Plan<'q>>,
    // The part of the list ends before this position.
    bound: i64,
    resolver: Resolver<'q>,
    out: Out<'p>,
    limit: usize,
    served: usize,
    bytes: usize,
    times: Times<'q>,
    // When what is offered next was added, where that is known.
    known: Option<Timestamp>,
    // What was served last: where it stands, under which label, when it was added.
    last: Option<(i64, LabelId, Timestamp)>,
    // Where the first entry is that found no more room.
    beyond: Option<Place>,
}

/// Goes through the entries of a page in order.
pub(crate) fn page<'p>(
    snapshot: &'p Snapshot,
    query: &PageQuery<'_>,
    out: Out<'p>,
) -> Result<PageEnd, Error> {
    let conn = snapshot.conn()?;
    let mut page = Page {
        snapshot,
        names: snapshot.names(),
        conn,
        reader: query.visible,
        plan: Rc::new(Plan::new(conn, query)?),
        bound: i64::MAX,
        resolver: Resolver::new(query.visible, &query.versions),
        out,
        limit: query.limit,
        served: 0,
        bytes: 0,
        times: Times::new(query.visible),
        known: None,
        last: None,
        beyond: None,
    };
    if query.objects.is_empty() {
        page.parts(query.from)?;
    } else {
        page.objects(query, query.from)?;
    }
    page.end()
}

impl<'q> Plan<'q> {
    fn new(conn: &Connection, query: &PageQuery<'q>) -> Result<Plan<'q>, Error> {
        let kinds = query.kinds.iter().map(|kind| intern::word(conn, kind));
        let kinds: Vec<i64> = kinds.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        let sources = query.sources.iter().map(|member| intern::source(conn, *member));
        let sources: Vec<i64> = sources.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        let collection = match query.collection {
            Some(collection) => directory::list_if_filtered(conn, collection)?,
            None => None,
        };
        Ok(Plan {
            visible: Cow::Borrowed(query.visible),
            kinds: (!query.kinds.is_empty()).then_some(kinds),
            sources: (!query.sources.is_empty()).then_some(sources),
            collection,
        })
    }

    /// The postings to merge: of the types or of the collection, whichever holds less for this reader.
    fn lists(&self, conn: &Connection, last_only: bool) -> Result<Vec<(i64, i64)>, Error> {
        let whole = [EVERYTHING];
        // To look which of a few hold something costs more than to open them all.
        if self.kinds.is_none()
            && self.collection.is_none()
            && self.sources.is_none()
            && self.visible.sees_few()
        {
            let labels = self.visible.ranges(0).into_iter().flat_map(|(first, last)| first..=last);
            let sides: &[Side] = if last_only { &[Side::Last] } else { &[Side::Last, Side::Past] };
            let each = |label| sides.iter().map(move |on| (side(EVERYTHING, *on), i64::from(label)));
            return Ok(labels.flat_map(each).collect());
        }
        // Those of others may be thousands: what he does not see is stepped over, so that he does not pay for it.
        let ranges = self.visible.ranges(LABELS_PASSED_OVER);
        let mut lists = self.kinds.as_deref().unwrap_or(&whole);
        let (mut chosen, count) = self.labels(conn, lists, &ranges)?;
        if let Some(collection) = &self.collection {
            let of_collection = std::slice::from_ref(collection);
            let (fewer_labels, fewer) = self.labels(conn, of_collection, &ranges)?;
            if self.kinds.is_none() || fewer < count {
                (lists, chosen) = (of_collection, fewer_labels);
            }
        }
        let mut sides: Vec<_> =
            chosen.iter().map(|(list, label)| (side(*list, Side::Last), *label)).collect();
        if !last_only {
            // A label under which nothing is last may still hold earlier versions, and nobody counts those.
            for list in lists {
                self.add_past(conn, side(*list, Side::Past), &ranges, &mut sides)?;
            }
        }
        Ok(sides)
    }

    // The visible labels under which a list holds earlier versions: one probe for each label that it holds.
    fn add_past(
        &self,
        conn: &Connection,
        list: i64,
        ranges: &[(u32, u32)],
        sides: &mut Vec<(i64, i64)>,
    ) -> Result<(), Error> {
        let mut query = conn.prepare_cached(
            "SELECT label FROM posting WHERE list = ?1 AND label BETWEEN ?2 AND ?3 ORDER BY label LIMIT 1",
        )?;
        for (first, last) in ranges {
            let (mut from, last) = (i64::from(*first), i64::from(*last));
            while let Some(label) = query.query_row([list, from, last], |row| row.get(0)).optional()? {
                from = label + 1;
                if u32::try_from(label).is_ok_and(|label| self.visible.has(LabelId(label))) {
                    sides.push((list, label));
                }
            }
        }
        Ok(())
    }

    /// Whether an entry in a state up to `most` is for this reader and of what was asked for.
    fn may_serve(&self, record: &Record, most: i64) -> bool {
        record.state <= most && self.visible.has(LabelId(record.label)) && self.asked_for(&record.head)
    }

    fn asked_for(&self, head: &Head) -> bool {
        let among = |some: &Option<Vec<i64>>, one| some.as_ref().is_none_or(|some| some.contains(&one));
        among(&self.kinds, head.kind) && among(&self.sources, head.source)
    }

    fn labels(
        &self,
        conn: &Connection,
        lists: &[i64],
        ranges: &[(u32, u32)],
    ) -> Result<(Vec<(i64, i64)>, i64), Error> {
        let mut query = conn.prepare_cached(
            "SELECT label, source, count FROM tally WHERE list = ?1 AND label BETWEEN ?2 AND ?3",
        )?;
        let (mut found, mut total) = (Vec::new(), 0);
        for (list, (first, last)) in
            lists.iter().flat_map(|list| ranges.iter().map(move |range| (list, range)))
        {
            let mut rows = query.query([*list, i64::from(*first), i64::from(*last)])?;
            while let Some(row) = rows.next()? {
                let (label, source, count): (u32, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                let wanted = self.sources.as_ref().is_none_or(|sources| sources.contains(&source));
                if wanted && self.visible.has(LabelId(label)) {
                    found.push((*list, i64::from(label)));
                    total += count;
                }
            }
        }
        found.dedup();
        Ok((found, total))
    }
}

/// What happens to the stream after an entry.
#[derive(PartialEq, Eq)]
enum Next {
    Served,
    PassedOver,
    Full,
}

impl Page<'_, '_> {
    // The list part by part: what stood before something was opened to the reader, what was opened, what stands behind it.
    fn parts(&mut self, from: Place) -> Result<(), Error> {
        let mut at = i64::try_from(from.position).unwrap_or(i64::MAX);
        for moment in self.reader.moments() {
            let Some(rest) = moment.rest(from) else { continue };
            if at < moment.position {
                self.plain(at, moment.position)?;
                at = moment.position;
            }
            if self.beyond.is_none() {
                self.opened(moment, rest)?;
            }
            if self.beyond.is_some() {
                return Ok(());
            }
        }
        self.plain(at, i64::MAX)
    }

    // What was not opened later, or not later than where it begins.
    fn plain(&mut self, from: i64, bound: i64) -> Result<(), Error> {
        self.bound = bound;
        if self.reader.was_opened() {
            let mut visible = self.reader.clone();
            let later = self.reader.moments().iter().filter(|moment| moment.position > from);
            later.flat_map(|moment| &moment.labels).for_each(|label| visible.forbid(*label));
            Rc::make_mut(&mut self.plan).visible = Cow::Owned(visible);
        }
        self.list(from)
    }

    // What was opened at a moment, from a position on.
    fn opened(&mut self, moment: &Moment, from: i64) -> Result<(), Error> {
        self.bound = moment.position;
        let mut visible = Visible::default();
        moment.labels.iter().for_each(|label| visible.allow(*label));
        Rc::make_mut(&mut self.plan).visible = Cow::Owned(visible);
        self.list(from)
    }

    fn list(&mut self, from: i64) -> Result<(), Error> {
        if self.plan.kinds.is_none() && self.plan.collection.is_none() {
            return self.scan(from);
        }
        let lists = self.plan.lists(self.conn, self.resolver.last_only)?;
        self.postings(&lists, from)
    }

    fn postings(&mut self, lists: &[(i64, i64)], from: i64) -> Result<(), Error> {
        let room = self.limit.saturating_sub(self.served).saturating_add(1);
        let mut merge = Merge::new(self.conn, lists, from, room)?;
        let mut positions = Vec::with_capacity(room.min(TOGETHER));
        loop {
            let room = self.limit.saturating_sub(self.served).saturating_add(1);
            positions.clear();
            while positions.len() < room.min(TOGETHER)
                && let Some(position) = merge.next()?.filter(|position| *position < self.bound)
            {
                positions.push(position);
            }
            if positions.is_empty() || self.fetch(&positions)? == Next::Full {
                return Ok(());
            }
        }
    }

    // Reads what stands at ascending positions: those that lie together from the strip, as far as it goes.
    fn fetch(&mut self, positions: &[i64]) -> Result<Next, Error> {
        let mut rest = positions;
        while !rest.is_empty() {
            let Some((read, next)) = self.fetch_together(rest)? else { return self.fetch_spans(rest) };
            if next == Next::Full {
                return Ok(Next::Full);
            }
            rest = rest.get(read..).unwrap_or_default();
        }
        Ok(Next::Served)
    }

    // How many of these were read from the strip; `None` where it has not what is seen.
    fn fetch_together(&mut self, positions: &[i64]) -> Result<Option<(usize, Next)>, Error> {
        let Some(first) = positions.first().copied() else { return Ok(Some((0, Next::Served))) };
        let pairs = positions.iter().zip(positions.iter().skip(1));
        let near =
            pairs.take_while(|(one, next)| **next - **one <= NEAR && **next - first < strip::TOGETHER as i64);
        let together = 1 + near.count();
        let last = positions.get(together - 1).copied().unwrap_or(first);
        let (reads, plan, most) = (self.reads(), Rc::clone(&self.plan), self.most());
        let wants = |record: &Record| reads && plan.may_serve(record, most);
        let width = usize::try_from(last - first + 1).unwrap_or(1);
        let snapshot = self.snapshot;
        let Some(chunk) = snapshot.strip(first, width, &wants)? else { return Ok(None) };
        for (index, position) in positions.iter().take(together).enumerate() {
            if !chunk.positions().contains(position) {
                return Ok((index > 0).then_some((index, Next::Served)));
            }
            let (record, place, wire) = chunk.entry(*position)?;
            // Its bytes were too many to be read with the others.
            if wire.is_none() && wants(record) {
                return Ok((index > 0).then_some((index, Next::Served)));
            }
            self.known = place.time();
            let next = self.offer(record, wire.unwrap_or_default(), *position)?;
            self.known = None;
            if next == Next::Full {
                return Ok(Some((index, next)));
            }
        }
        Ok(Some((together, Next::Served)))
    }

    // The same, span by span.
    fn fetch_spans(&mut self, positions: &[i64]) -> Result<Next, Error> {
        let conn = self.conn;
        let mut query = conn.prepare_cached(span::at(self.reads()))?;
        let mut wanted = positions.iter().copied().peekable();
        while let Some(first) = wanted.peek() {
            let mut rows = query.query([first])?;
            let span = Span::read(rows.next()?.ok_or_else(|| damaged("span"))?)?;
            if !span.positions().contains(first) {
                return Err(damaged("span"));
            }
            while let Some(position) = wanted.next_if(|next| span.positions().contains(next)) {
                let (record, wire) = span.entry(position)?;
                if self.offer(&record, wire, position)? == Next::Full {
                    return Ok(Next::Full);
                }
            }
        }
        Ok(Next::Served)
    }

    fn objects(&mut self, query: &PageQuery<'_>, from: Place) -> Result<(), Error> {
        let mut positions = Vec::new();
        for key in &query.objects {
            if let Some(object) = self.snapshot.object(key)? {
                positions.extend(self.resolver.positions(self.snapshot, object)?);
            }
        }
        positions.sort_unstable();
        positions.dedup();
        let at = i64::try_from(from.position).unwrap_or(i64::MAX);
        if !self.reader.was_opened() {
            positions.retain(|position| *position >= at);
            self.fetch(&positions)?;
            return Ok(());
        }
        let mut to_come = Vec::new();
        for position in positions {
            let record = told(self.conn, position)?;
            let time = self.times.added(self.conn, position, &record)?;
            let is_to_come = match self.reader.moment_of(LabelId(record.label), position) {
                Some(moment) => moment.rest(from).is_some_and(|rest| position >= rest),
                None => position >= at,
            };
            to_come.extend(is_to_come.then_some((time, position)));
        }
        to_come.sort_unstable();
        for (_, position) in to_come {
            if self.fetch(&[position])? == Next::Full {
                break;
            }
        }
        Ok(())
    }

    // Whether what is served of the entries is wanted.
    fn reads(&self) -> bool {
        !matches!(self.out, Out::Lent(Body::Skip, _))
    }

    // The last state that is served: acts and what is gone are in states beyond it.
    fn most(&self) -> i64 {
        if self.resolver.last_only { state::LAST } else { state::PAST }
    }

    // Serves an entry if it is for this reader and this query.
    fn offer(&mut self, record: &Record, wire: &[u8], position: i64) -> Result<Next, Error> {
        if !self.plan.may_serve(record, self.most()) {
            return Ok(Next::PassedOver);
        }
        let conn = self.conn;
        if !self.resolver.chosen(self.snapshot, (position, record.state, record.flags))? {
            return Ok(Next::PassedOver);
        }
        if let Some(list) = self.plan.collection
            && !in_list(conn, list, record.state, (i64::from(record.label), position))?
        {
            return Ok(Next::PassedOver);
        }
        if self.served == self.limit || self.bytes >= PAGE_BYTES {
            self.beyond = Some(self.place_of(position, record));
            return Ok(Next::Full);
        }
        let date_added = self.times.known_or_added(self.known, conn, (position, record))?;
        let (bytes, label) = (&mut self.bytes, LabelId(record.label));
        match &mut self.out {
            Out::Lent(body, each) => {
                let entry = Told { position, date_added, record, wire };
                lend::lend(self.snapshot, &mut self.names, self.reader, entry, *body, &mut |entry| {
                    *bytes += entry.wire.len();
                    each(entry);
                })?;
            }
            Out::Joined(to, each) => {
                let wire = lend::served(self.snapshot, self.reader, (position, record), wire)?;
                if self.served > 0 {
                    to.push(b',');
                }
                to.extend_from_slice(&wire);
                *bytes += wire.len();
                each(position.cast_unsigned(), label, date_added);
            }
        }
        self.last = Some((position, label, date_added));
        self.served += 1;
        Ok(Next::Served)
    }

    fn place_of(&self, position: i64, record: &Record) -> Place {
        match self.reader.moment_of(LabelId(record.label), position) {
            Some(moment) => moment.place(position),
            None => position.cast_unsigned().into(),
        }
    }

    fn end(mut self) -> Result<PageEnd, Error> {
        let more = self.beyond.is_some();
        let date_added_last = match self.last {
            Some((.., date_added)) if more => Some(date_added),
            Some((position, label, _)) => Some(self.times.sealed(self.conn, position, label)?),
            None => None,
        };
        Ok(PageEnd { next: self.beyond.unwrap_or(self.snapshot.end().into()), more, date_added_last })
    }
}

fn in_list(conn: &Connection, list: i64, state: i64, at: (i64, i64)) -> Result<bool, Error> {
    let on = if state == state::LAST { Side::Last } else { Side::Past };
    let found = conn
        .prepare_cached("SELECT 1 FROM posting WHERE list = ?1 AND label = ?2 AND position = ?3")?
        .query_row([side(list, on), at.0, at.1], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}
