//! New keys and new runs.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::block::{Builder, Presence};
use super::changes::Changes;
use super::filter::Filter;
use super::keys::{self, Asked};
use super::merge::{Merging, PACE};
use super::run::{Fences, Kept, Run};
use super::scan::Runs;
use crate::Error;

/// So many keys at once become a run of their own; fewer wait in `fresh`.
const RUN_LEAST: usize = 2_048;
/// So many wait at most.
const FRESH_MOST: usize = 8_192;
/// A run has at most 2^24 blocks.
pub(crate) const BLOCK_BITS: u32 = 24;

/// The index as the writer sees it. Nothing here but copies and a merge that can begin anew.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) kept: Arc<Kept>,
    // Keys in `fresh`, at most.
    fresh: usize,
    next_run: i64,
    pub(crate) merging: Vec<Merging>,
    // A merge of every run came to its end, in a step of the scrub or in a commit between two.
    pub(crate) made_anew: bool,
    // What stands, until it changes.
    pub(crate) runs: Option<Runs>,
    // Keys to merge for those that were written; whether a run was made of them; whether runs are being removed.
    pub(crate) owed: usize,
    pub(crate) made: bool,
    pub(crate) removing: bool,
}

impl Index {
    pub(crate) fn new(kept: Arc<Kept>) -> Index {
        Index {
            kept,
            fresh: FRESH_MOST,
            next_run: 0,
            merging: Vec::new(),
            made_anew: false,
            runs: None,
            owed: 0,
            removing: false,
            made: false,
        }
    }

    /// Takes everything from the tables again: something went back. A merge that was under way begins anew, and its
    /// half run is left for [`Index::merge`] to remove.
    pub(crate) fn reload(&mut self, conn: &Connection) -> Result<(), Error> {
        let fresh: i64 = conn.query_row("SELECT count(*) FROM fresh", [], |row| row.get(0))?;
        let last: i64 = conn.query_row("SELECT coalesce(max(num), 0) FROM run", [], |row| row.get(0))?;
        self.fresh = usize::try_from(fresh).unwrap_or(FRESH_MOST);
        // Numbers of runs that went back are not given again: they may be remembered.
        self.next_run = self.next_run.max(last + 1);
        self.merging.clear();
        self.made_anew = false;
        (self.made, self.removing) = (true, true);
        self.runs = None;
        Ok(())
    }

    /// Reads what memory keeps of what stands.
    pub(crate) fn warm(&mut self, conn: &Connection) -> Result<(), Error> {
        if self.runs.is_none() {
            self.runs = Some(Runs::read(conn, &self.kept)?);
        }
        Ok(())
    }

    pub(crate) fn take_run(&mut self) -> i64 {
        self.next_run += 1;
        self.next_run - 1
    }

    /// The first key that begins with `prefix`, which ends where questions end.
    pub(crate) fn find(&mut self, conn: &Connection, prefix: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let runs = match &self.runs {
            Some(runs) => runs,
            None => self.runs.insert(Runs::read(conn, &self.kept)?),
        };
        let mut scan = runs.scan(conn, prefix, &keys::after(prefix), Some(prefix))?;
        Ok(scan.next()?.map(<[u8]>::to_vec))
    }

    /// Writes keys. Of several changes of one the last counts.
    pub(crate) fn put(&mut self, conn: &Connection, mut changes: Changes) -> Result<(), Error> {
        changes.sort();
        self.owed += changes.len() * PACE;
        if changes.len() < RUN_LEAST && self.fresh + changes.len() <= FRESH_MOST {
            let mut put = conn.prepare_cached(
                "INSERT INTO fresh (key, gone) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET gone = excluded.gone",
            )?;
            for (key, presence) in changes.iter() {
                put.execute(params![key, presence == Presence::Gone])?;
            }
            self.fresh += changes.len();
            self.runs = None;
            return Ok(());
        }
        self.put_run(conn, &changes)
    }

    /// Makes a run of the keys that wait.
    pub(crate) fn put_fresh(&mut self, conn: &Connection) -> Result<(), Error> {
        self.put_run(conn, &Changes::default())
    }

    fn put_run(&mut self, conn: &Connection, changes: &Changes) -> Result<(), Error> {
        let waiting = waiting(conn)?;
        let num = self.take_run();
        let mut run = RunWriter::begin(conn, num, 0, questions(&waiting) + questions(changes))?;
        let (mut old, mut new) = (waiting.iter().peekable(), changes.iter().peekable());
        loop {
            // Of equal keys the newer one counts.
            let next = match (old.peek(), new.peek()) {
                (Some(one), Some(other)) if one.0 < other.0 => old.next(),
                (Some(one), Some(other)) => {
                    if one.0 == other.0 {
                        old.next();
                    }
                    new.next()
                }
                (None, Some(_)) => new.next(),
                (Some(_), None) => old.next(),
                (None, None) => break,
            };
            if let Some((key, presence)) = next {
                run.push(conn, key, presence)?;
            }
        }
        self.kept.keep(run.finish(conn)?);
        conn.execute("DELETE FROM fresh", [])?;
        self.fresh = 0;
        self.made = true;
        self.runs = None;
        Ok(())
    }
}

// How many questions keys answer, which are sorted: many keys begin with the same word.
fn questions(keys: &Changes) -> usize {
    let mut asked = Asked::default();
    keys.iter().filter(|(key, _)| asked.new_of(key).is_some()).count()
}

fn waiting(conn: &Connection) -> Result<Changes, Error> {
    let mut query = conn.prepare_cached("SELECT key, gone FROM fresh ORDER BY key")?;
    let mut rows = query.query([])?;
    let mut waiting = Changes::default();
    while let Some(row) = rows.next()? {
        let presence = if row.get(1)? { Presence::Gone } else { Presence::Here };
        let key = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        waiting.add(presence, |to| to.extend_from_slice(key));
    }
    Ok(waiting)
}

/// A run that is being written.
#[derive(Debug)]
pub(crate) struct RunWriter {
    num: i64,
    blocks: i64,
    entries: i64,
    block: Builder,
    filter: Filter,
    fences: Fences,
    // How long what the last key is asked for by is.
    asked: usize,
}

impl RunWriter {
    /// One that will answer at most so many questions. Readers see nothing of it until it is finished.
    pub(crate) fn begin(conn: &Connection, num: i64, level: i64, most: usize) -> Result<RunWriter, Error> {
        conn.prepare_cached(
            "INSERT INTO run (num, level, state, blocks, entries, filter) VALUES (?1, ?2, 1, 0, 0, x'')",
        )?
        .execute([num, level])?;
        Ok(RunWriter {
            num,
            blocks: 0,
            entries: 0,
            block: Builder::default(),
            filter: Filter::sized(most),
            fences: Fences::default(),
            asked: 0,
        })
    }

    pub(crate) fn num(&self) -> i64 {
        self.num
    }

    pub(crate) fn push(&mut self, conn: &Connection, key: &[u8], presence: Presence) -> Result<(), Error> {
        let mut common = self.block.push(key, presence);
        if common.is_none() {
            self.flush(conn)?;
            common = self.block.push(key, presence);
        }
        // Nothing asked for begins with another: what shares all of it with the key before is asked for by the same.
        if self.asked == 0 || common.is_none_or(|common| common < self.asked) {
            let asked = keys::asked(key);
            self.filter.add(asked);
            self.asked = asked.len();
        }
        self.entries += 1;
        Ok(())
    }

    fn flush(&mut self, conn: &Connection) -> Result<(), Error> {
        let Some((first, data)) = self.block.take() else { return Ok(()) };
        conn.prepare_cached("INSERT INTO block (num, data) VALUES (?1, ?2)")?
            .execute(params![self.num << BLOCK_BITS | self.blocks, data])?;
        conn.prepare_cached("INSERT INTO fence (run, first, seq) VALUES (?1, ?2, ?3)")?.execute(params![
            self.num,
            first,
            self.blocks
        ])?;
        self.fences.push(&first);
        self.blocks += 1;
        Ok(())
    }

    /// Makes it visible.
    pub(crate) fn finish(mut self, conn: &Connection) -> Result<Run, Error> {
        self.flush(conn)?;
        conn.prepare_cached(
            "UPDATE run SET state = 0, blocks = ?2, entries = ?3, filter = ?4 WHERE num = ?1",
        )?
        .execute(params![self.num, self.blocks, self.entries, self.filter.bytes()])?;
        Ok(Run { num: self.num, filter: self.filter, fences: self.fences })
    }
}
