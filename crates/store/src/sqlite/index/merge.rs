//! Merging the runs of a level into one of the next, a piece with each commit, so that none has to wait for all.

use rusqlite::Connection;

use super::block::Presence;
use super::filter::Filter;
use super::free;
use super::run::Kept;
use super::scan::Scan;
use super::write::{BLOCK_BITS, Index, RunWriter};
use crate::Error;

/// Runs of a level that become one of the next.
const RUNS: usize = 8;
/// Keys merged for each key that was written: a key is merged once per level.
pub(crate) const PACE: usize = 10;
/// Fewer than these are not worth beginning.
const STEP: usize = 8_192;
/// Keys merged with a commit that wrote a run, at least: the first levels are done at once.
const LEAST: usize = 65_536;
/// Blocks of a run that is no more, removed with each step.
const REMOVED: i64 = 512;

/// A merge under way.
#[derive(Debug)]
pub(crate) struct Merging {
    level: i64,
    // The newest first.
    sources: Vec<i64>,
    into: RunWriter,
    // The last key that is done.
    done: Option<Vec<u8>>,
    // Nothing older stands: what is gone need not be remembered.
    oldest: bool,
    // Of every run, so that nothing is left of what is gone.
    whole: bool,
}

impl Index {
    /// Does a share of the merging that is due, after a commit's keys are written.
    pub(crate) fn merge(&mut self, conn: &Connection) -> Result<(), Error> {
        // A commit of one statement pays little, and only now and then; one that made a run pays for the first level
        // at once.
        if std::mem::take(&mut self.made) {
            self.owed = self.owed.max(LEAST);
        } else if self.owed < STEP || (self.merging.is_empty() && !self.removing) {
            return Ok(());
        }
        let share = std::mem::take(&mut self.owed);
        self.merge_some(conn, share)?;
        Ok(())
    }

    /// Merges at most so many keys. Answers whether something is left to do.
    pub(crate) fn merge_some(&mut self, conn: &Connection, share: usize) -> Result<bool, Error> {
        let mut left = share;
        self.begin(conn)?;
        while left > 0
            && let Some(mut merging) = self.merging.pop()
        {
            if merging.step(conn, &self.kept, &mut left)? {
                self.finish(conn, merging)?;
                self.begin(conn)?;
            } else {
                self.merging.push(merging);
            }
        }
        self.removing = remove(conn)?;
        Ok(!self.merging.is_empty() || self.removing)
    }

    // Begins what is due, one merge for each level, the lowest level last: it is taken first.
    fn begin(&mut self, conn: &Connection) -> Result<(), Error> {
        remove_half_made(conn, &self.merging)?;
        if self.merging.iter().any(|merging| merging.whole) {
            return Ok(());
        }
        let mut query = conn.prepare_cached(
            "SELECT level, num, length(filter) FROM run WHERE state = 0 ORDER BY level DESC, num DESC",
        )?;
        let runs: Vec<(i64, i64, i64)> = query
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        let deepest = runs.first().map_or(0, |(level, ..)| *level);
        for of_level in runs.chunk_by(|one, other| one.0 == other.0) {
            let Some((level, ..)) = of_level.first().copied() else { continue };
            if of_level.len() < RUNS || self.merging.iter().any(|merging| merging.level == level) {
                continue;
            }
            let most = of_level.iter().map(|(.., bytes)| answers(*bytes)).sum();
            let num = self.take_run();
            self.merging.push(Merging {
                level,
                sources: of_level.iter().map(|(_, num, _)| *num).collect(),
                into: RunWriter::begin(conn, num, level + 1, most)?,
                done: None,
                oldest: level == deepest,
                whole: false,
            });
        }
        self.merging.sort_by_key(|merging| std::cmp::Reverse(merging.level));
        Ok(())
    }

    fn finish(&mut self, conn: &Connection, merging: Merging) -> Result<(), Error> {
        self.made_anew |= merging.whole;
        self.kept.keep(merging.into.finish(conn)?);
        for source in merging.sources {
            conn.prepare_cached("UPDATE run SET state = 2 WHERE num = ?1")?.execute([source])?;
            self.kept.forget(source);
        }
        self.runs = None;
        Ok(())
    }
}

/// Keys merged by one step of a scrub.
const SCRUB: usize = 200_000;
/// What the counter says while the index is to be made anew.
const SCRUB_INDEX: i64 = 1;
/// What it says while the runs that were made anew are being removed; above it, how many free pages are to be
/// overwritten.
const SCRUB_REMOVE: i64 = 2;

fn scrub_value(conn: &Connection) -> Result<i64, Error> {
    Ok(conn.query_row("SELECT value FROM counter WHERE name = 'scrub'", [], |row| row.get(0))?)
}

impl Index {
    /// Notes that the index has keys of something that was erased. A scrub under way may be past them: it begins anew.
    pub(crate) fn scrub_due(&mut self, conn: &Connection) -> Result<(), Error> {
        self.merging.retain(|merging| !merging.whole);
        self.made_anew = false;
        conn.prepare_cached("UPDATE counter SET value = ?1 WHERE name = 'scrub'")?.execute([SCRUB_INDEX])?;
        Ok(())
    }

    /// Whether an erasure left something to do.
    pub(crate) fn is_scrub_due(&self, conn: &Connection) -> Result<bool, Error> {
        Ok(scrub_value(conn)? != 0)
    }

    /// Does a step of what an erasure leaves to do, if something is: first the index is made anew without keys that
    /// are gone, then the free pages of the file are overwritten. Answers whether it is done.
    pub(crate) fn scrub(&mut self, conn: &Connection) -> Result<bool, Error> {
        let due = scrub_value(conn)?;
        let next = match due {
            0 => return Ok(true),
            SCRUB_INDEX if self.scrub_some(conn)? => SCRUB_REMOVE,
            SCRUB_INDEX => SCRUB_INDEX,
            SCRUB_REMOVE if remove(conn)? => SCRUB_REMOVE,
            SCRUB_REMOVE => free::begin(conn)?.map_or(0, |pages| SCRUB_REMOVE + pages),
            pages => free::overwrite(conn, pages - SCRUB_REMOVE)?.map_or(0, |pages| SCRUB_REMOVE + pages),
        };
        if next != due {
            conn.execute("UPDATE counter SET value = ?1 WHERE name = 'scrub'", [next])?;
        }
        Ok(next == 0)
    }

    fn scrub_some(&mut self, conn: &Connection) -> Result<bool, Error> {
        if std::mem::take(&mut self.made_anew) {
            return Ok(true);
        }
        if !self.merging.iter().any(|merging| merging.whole) {
            // What is being merged is begun anew with all the rest.
            self.merging.clear();
            remove_half_made(conn, &[])?;
            self.put_fresh(conn)?;
            let mut query = conn.prepare(
                "SELECT num, level, length(filter) FROM run WHERE state = 0 ORDER BY level, num DESC",
            )?;
            let runs: Vec<(i64, i64, i64)> = query
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect::<Result<_, _>>()?;
            let Some((_, level, _)) = runs.last().copied() else { return Ok(true) };
            let most = runs.iter().map(|(.., bytes)| answers(*bytes)).sum();
            let num = self.take_run();
            self.merging.push(Merging {
                level,
                sources: runs.iter().map(|(num, ..)| *num).collect(),
                into: RunWriter::begin(conn, num, level, most)?,
                done: None,
                oldest: true,
                whole: true,
            });
        }
        // Whether anything else is left to merge or to remove does not matter: that would begin all of it again.
        self.merge_some(conn, SCRUB)?;
        Ok(std::mem::take(&mut self.made_anew))
    }
}

impl Merging {
    // Goes on until the share is used up (false) or all is done (true).
    fn step(&mut self, conn: &Connection, kept: &Kept, left: &mut usize) -> Result<bool, Error> {
        let from = self.done.as_ref().map_or_else(Vec::new, |key| [key.as_slice(), &[0]].concat());
        let sources = self.sources.iter().map(|source| kept.of(conn, *source));
        let mut scan = Scan::over(conn, &sources.collect::<Result<Vec<_>, _>>()?, &from)?;
        let mut last = Vec::new();
        while *left > 0 {
            let Some((key, presence)) = scan.next_change()? else { return Ok(true) };
            if presence == Presence::Here || !self.oldest {
                self.into.push(conn, key, presence)?;
            }
            last.clear();
            last.extend_from_slice(key);
            *left -= 1;
        }
        self.done = Some(last);
        Ok(false)
    }
}

// What a run answers at most, by the length of its filter.
fn answers(filter_bytes: i64) -> usize {
    Filter::most(usize::try_from(filter_bytes).unwrap_or(0))
}

// Removes some blocks of runs that are no more. Answers whether some are left.
fn remove(conn: &Connection) -> Result<bool, Error> {
    let mut query = conn.prepare_cached("SELECT num, blocks FROM run WHERE state = 2 ORDER BY num")?;
    let runs: Vec<(i64, i64)> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut left = REMOVED;
    for (run, blocks) in &runs {
        let first = (blocks - left).max(0);
        conn.prepare_cached("DELETE FROM block WHERE num BETWEEN ?1 AND ?2")?
            .execute([run << BLOCK_BITS | first, run << BLOCK_BITS | (blocks - 1).max(0)])?;
        if first > 0 {
            conn.prepare_cached("UPDATE run SET blocks = ?2 WHERE num = ?1")?.execute([*run, first])?;
            return Ok(true);
        }
        left -= blocks;
        conn.prepare_cached("DELETE FROM fence WHERE run = ?1")?.execute([run])?;
        conn.prepare_cached("DELETE FROM run WHERE num = ?1")?.execute([run])?;
        if left <= 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

// Removes runs that were half made when something went back or the process ended. How many blocks they had is not
// known, so all that there can be are removed.
fn remove_half_made(conn: &Connection, keep: &[Merging]) -> Result<(), Error> {
    let mut query = conn.prepare_cached("SELECT num FROM run WHERE state = 1")?;
    let half: Vec<i64> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for run in half.into_iter().filter(|run| keep.iter().all(|merging| merging.into.num() != *run)) {
        conn.execute(
            "DELETE FROM block WHERE num BETWEEN ?1 AND ?2",
            [run << BLOCK_BITS, ((run + 1) << BLOCK_BITS) - 1],
        )?;
        conn.execute("DELETE FROM fence WHERE run = ?1", [run])?;
        conn.execute("DELETE FROM run WHERE num = ?1", [run])?;
    }
    Ok(())
}
