//! Reading the index: the fresh keys and every run, merged; of equal keys the newest counts.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::block::{Presence, Reader};
use super::changes::lead;
use super::filter;
use super::run::{Kept, Run};
use super::write::BLOCK_BITS;
use crate::Error;

/// Fresh keys that are read at once.
const FRESH: usize = 64;

/// The runs that a transaction sees, the newest first; and whether keys wait beside them.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    runs: Vec<Arc<Run>>,
    fresh: bool,
}

impl Runs {
    pub(crate) fn read(conn: &Connection, kept: &Kept) -> Result<Runs, Error> {
        let mut query =
            conn.prepare_cached("SELECT num FROM run WHERE state = 0 ORDER BY level, num DESC")?;
        let nums: Vec<i64> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let runs = nums.into_iter().map(|num| kept.of(conn, num));
        let fresh = conn.prepare_cached("SELECT 1 FROM fresh LIMIT 1")?.exists([])?;
        Ok(Runs { runs: runs.collect::<Result<_, Error>>()?, fresh })
    }

    /// The keys from one on and before another. `asked` skips the runs that cannot have what is asked for.
    pub(crate) fn scan<'c>(
        &self,
        conn: &'c Connection,
        from: &[u8],
        to: &[u8],
        asked: Option<&[u8]>,
    ) -> Result<Scan<'c>, Error> {
        let hash = asked.map(filter::hash);
        let mut sources = Vec::new();
        if self.fresh {
            let mut fresh = Fresh { conn, to: to.to_vec(), held: VecDeque::new(), next: Some(from.to_vec()) };
            if fresh.fill()? {
                sources.push(Source::Fresh(fresh));
            }
        }
        for run in &self.runs {
            if hash.is_none_or(|hash| run.filter.perhaps(hash))
                && let Some(run) = RunReader::seek(conn, run, from)?
            {
                sources.push(Source::Run(run));
            }
        }
        Ok(Scan::of(sources, to))
    }
}

/// The keys of a range, ascending.
#[derive(Debug)]
pub(crate) struct Scan<'c> {
    heads: Heads<'c>,
    to: Vec<u8>,
    key: Vec<u8>,
}

impl<'c> Scan<'c> {
    /// Over these runs only, the newest first, and everything in them from a key on.
    pub(crate) fn over(conn: &'c Connection, runs: &[Arc<Run>], from: &[u8]) -> Result<Scan<'c>, Error> {
        let mut sources = Vec::new();
        for run in runs {
            sources.extend(RunReader::seek(conn, run, from)?.map(Source::Run));
        }
        Ok(Scan::of(sources, &[]))
    }

    fn of(sources: Vec<Source<'c>>, to: &[u8]) -> Scan<'c> {
        let mut order: Vec<usize> = (0..sources.len()).collect();
        order.sort_by_key(|at| sources.get(*at).map(|source| source.head().0));
        Scan { heads: Heads { sources, order }, to: to.to_vec(), key: Vec::new() }
    }

    /// The next key that is there.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        loop {
            match self.step()? {
                None => return Ok(None),
                Some(Presence::Gone) => {}
                Some(Presence::Here) => return Ok(Some(&self.key)),
            }
        }
    }

    /// The next key, gone ones too.
    pub(crate) fn next_change(&mut self) -> Result<Option<(&[u8], Presence)>, Error> {
        Ok(self.step()?.map(|presence| (self.key.as_slice(), presence)))
    }

    fn step(&mut self) -> Result<Option<Presence>, Error> {
        let Some(first) = self.heads.at(0) else { return Ok(None) };
        let ((key, presence), lead) = (first.head(), first.lead());
        // An empty end is no end.
        if !self.to.is_empty() && key >= self.to.as_slice() {
            self.heads.order.clear();
            return Ok(None);
        }
        self.key.clear();
        self.key.extend_from_slice(key);
        loop {
            self.heads.pass()?;
            let is_same = |next: &Source<'_>| next.lead() == lead && next.head().0 == self.key;
            if !self.heads.at(0).is_some_and(is_same) {
                return Ok(Some(presence));
            }
        }
    }
}

/// What the sources are at.
#[derive(Debug)]
struct Heads<'c> {
    // The newest first.
    sources: Vec<Source<'c>>,
    // Those with something left, by their heads; of equal heads the newest first.
    order: Vec<usize>,
}

impl Heads<'_> {
    fn at(&self, place: usize) -> Option<&Source<'_>> {
        self.sources.get(*self.order.get(place)?)
    }

    // Goes on in the first source, which takes its new place.
    fn pass(&mut self) -> Result<(), Error> {
        let Some(first) = self.order.first().copied() else { return Ok(()) };
        if !self.sources.get_mut(first).map_or(Ok(false), Source::advance)? {
            self.order.remove(0);
            return Ok(());
        }
        let mut place = 0;
        while let (Some(moved), Some(next)) = (self.at(place), self.at(place + 1)) {
            let by_key = || moved.head().0.cmp(next.head().0);
            let is_placed = match moved.lead().cmp(&next.lead()).then_with(by_key) {
                Ordering::Less => true,
                Ordering::Equal => self.order.get(place + 1).is_some_and(|other| first < *other),
                Ordering::Greater => false,
            };
            if is_placed {
                break;
            }
            self.order.swap(place, place + 1);
            place += 1;
        }
        Ok(())
    }
}

#[derive(Debug)]
enum Source<'c> {
    Fresh(Fresh<'c>),
    Run(RunReader<'c>),
}

impl Source<'_> {
    fn head(&self) -> (&[u8], Presence) {
        match self {
            Source::Fresh(fresh) => {
                fresh.held.front().map_or((&[], Presence::Gone), |(key, presence)| (key, *presence))
            }
            Source::Run(run) => (&run.block.key, run.block.presence),
        }
    }

    // [`lead`] of the key.
    fn lead(&self) -> u128 {
        match self {
            Source::Fresh(_) => lead(self.head().0),
            Source::Run(run) => run.block.lead,
        }
    }

    fn advance(&mut self) -> Result<bool, Error> {
        match self {
            Source::Fresh(fresh) => {
                fresh.held.pop_front();
                fresh.fill()
            }
            Source::Run(run) => run.advance(),
        }
    }
}

#[derive(Debug)]
struct Fresh<'c> {
    conn: &'c Connection,
    to: Vec<u8>,
    held: VecDeque<(Vec<u8>, Presence)>,
    next: Option<Vec<u8>>,
}

impl Fresh<'_> {
    // Whether there is a key at the head.
    fn fill(&mut self) -> Result<bool, Error> {
        if !self.held.is_empty() {
            return Ok(true);
        }
        let Some(from) = self.next.take() else { return Ok(false) };
        // An empty end is no end. It is another query, since a condition with `OR` would not end the scan at all.
        let mut query = self.conn.prepare_cached(match self.to.is_empty() {
            true => "SELECT key, gone FROM fresh WHERE key >= ?1 ORDER BY key LIMIT ?2",
            false => "SELECT key, gone FROM fresh WHERE key >= ?1 AND key < ?3 ORDER BY key LIMIT ?2",
        })?;
        let mut rows = match self.to.is_empty() {
            true => query.query(params![from, FRESH as i64])?,
            false => query.query(params![from, FRESH as i64, self.to])?,
        };
        while let Some(row) = rows.next()? {
            let gone: bool = row.get(1)?;
            self.held.push_back((row.get(0)?, if gone { Presence::Gone } else { Presence::Here }));
        }
        if self.held.len() == FRESH {
            self.next = self.held.back().map(|(key, _)| [key.as_slice(), &[0]].concat());
        }
        Ok(!self.held.is_empty())
    }
}

#[derive(Debug)]
struct RunReader<'c> {
    conn: &'c Connection,
    run: i64,
    seq: i64,
    block: Reader,
}

impl<'c> RunReader<'c> {
    // At the first key that is not before `from`, if there is one.
    fn seek(conn: &'c Connection, run: &Run, from: &[u8]) -> Result<Option<RunReader<'c>>, Error> {
        let seq = i64::try_from(run.fences.block_of(from)).unwrap_or(i64::MAX);
        let mut reader = RunReader { conn, run: run.num, seq, block: Reader::new(Vec::new()) };
        // Behind the end of its block, the next one begins with the key.
        let found = reader.load()? && (reader.block.seek(from)? || reader.advance()?);
        Ok(found.then_some(reader))
    }

    fn advance(&mut self) -> Result<bool, Error> {
        loop {
            if self.block.advance()? {
                return Ok(true);
            }
            self.seq += 1;
            if !self.load()? {
                return Ok(false);
            }
        }
    }

    fn load(&mut self) -> Result<bool, Error> {
        let data: Option<Vec<u8>> = self
            .conn
            .prepare_cached("SELECT data FROM block WHERE num = ?1")?
            .query_row([self.run << BLOCK_BITS | self.seq], |row| row.get(0))
            .optional()?;
        let found = data.is_some();
        self.block = Reader::new(data.unwrap_or_default());
        Ok(found)
    }
}
