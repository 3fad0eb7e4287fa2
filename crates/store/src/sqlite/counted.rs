//! Counts: how many entries of some labels stand before a position, whatever the labels, for the times of what was opened at one
//! moment.
//!
//! The record is cut into stretches of whole commits. A row has how many entries of each label stand before its stretch, and
//! the labels of the stretch in runs; what stands behind the last row is in the seals. So to count costs a row and a stretch,
//! and not more where more is stored. A stretch is at least as long as there are labels: the rows of a record grow as it does.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use super::leb128;
use super::row::damaged;
use super::sealed::{self, Run};
use crate::opened::Moment;
use crate::read::LabelId;
use crate::{Error, Kind};

/// Positions of a stretch, at least.
const LEAST: i64 = 1_024;

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Counted {
    last: i64,
    due: i64,
    counts: Vec<i64>,
    runs: Vec<Run>,
}

impl Counted {
    fn read(row: &Row<'_>) -> Result<Counted, Error> {
        let mut rest = row.get_ref(2)?.as_blob().map_err(|_| damaged("counted"))?;
        let mut counts = Vec::new();
        while !rest.is_empty() {
            counts.push(number(&mut rest)?);
        }
        Ok(Counted { last: row.get(0)?, due: row.get(1)?, counts, runs: runs(row, 3)? })
    }

    fn write(&self, conn: &Connection) -> Result<(), Error> {
        let mut counts = Vec::with_capacity(self.counts.len() * 2);
        self.counts.iter().for_each(|count| leb128::write(&mut counts, count.cast_unsigned()));
        conn.prepare_cached("INSERT INTO counted (last, due, counts, runs) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![self.last, self.due, counts, sealed::encode(&self.runs)])?;
        Ok(())
    }
}

/// Cuts what is sequenced into stretches, seal by seal.
#[derive(Debug)]
struct Cutting {
    due: i64,
    counts: Vec<i64>,
    runs: Vec<Run>,
    // No entry bears another label than those before this one.
    labels: usize,
}

impl Cutting {
    // Behind a row, or from the first position on.
    fn begin(conn: &Connection, row: Option<Counted>) -> Result<Cutting, Error> {
        let labels: i64 =
            conn.query_row("SELECT coalesce(max(num) + 1, 0) FROM label", [], |row| row.get(0))?;
        let labels = usize::try_from(labels).unwrap_or(0);
        let mut cutting = Cutting { due: LEAST - 1, counts: Vec::new(), runs: Vec::new(), labels };
        if let Some(Counted { due, counts, runs, .. }) = row {
            (cutting.due, cutting.counts) = (due, counts);
            cutting.count(&runs)?;
        }
        Ok(cutting)
    }

    fn count(&mut self, runs: &[Run]) -> Result<(), Error> {
        for (label, count) in runs.iter().filter_map(|run| Some((run.label? as usize, run.count))) {
            if label >= self.labels {
                return Err(damaged("sealed"));
            }
            if self.counts.len() <= label {
                self.counts.resize(label + 1, 0);
            }
            if let Some(before) = self.counts.get_mut(label) {
                *before = before.saturating_add(count);
            }
        }
        Ok(())
    }

    // Takes in a seal; answers the stretch that ends with it.
    fn seal(&mut self, last: i64, runs: Vec<Run>) -> Result<Option<Counted>, Error> {
        runs.into_iter().for_each(|run| add(&mut self.runs, run));
        if last < self.due {
            return Ok(None);
        }
        let (runs, before) = (std::mem::take(&mut self.runs), self.counts.clone());
        self.count(&runs)?;
        let wide = i64::try_from(self.counts.len()).unwrap_or(i64::MAX);
        self.due = last.saturating_add(LEAST.max(wide));
        Ok(Some(Counted { last, due: self.due, counts: before, runs }))
    }
}

fn add(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        Some(before) if before.label == run.label => before.count = before.count.saturating_add(run.count),
        _ => runs.push(run),
    }
}

fn number(rest: &mut &[u8]) -> Result<i64, Error> {
    let number = leb128::read(rest).and_then(|number| i64::try_from(number).ok());
    number.ok_or_else(|| damaged("counted"))
}

// In the order of positions.
fn runs(row: &Row<'_>, column: usize) -> Result<Vec<Run>, Error> {
    let mut rest = row.get_ref(column)?.as_blob().map_err(|_| damaged("sealed"))?;
    let mut runs = Vec::new();
    while !rest.is_empty() {
        runs.push(sealed::decode(&mut rest).ok_or_else(|| damaged("sealed"))?);
    }
    runs.reverse();
    Ok(runs)
}

fn last_row(conn: &Connection) -> Result<CachedStatement<'_>, Error> {
    Ok(conn.prepare_cached("SELECT last, due, counts, runs FROM counted ORDER BY last DESC LIMIT 1")?)
}

// The seals behind a position.
fn seals_behind(conn: &Connection) -> Result<CachedStatement<'_>, Error> {
    Ok(conn.prepare_cached("SELECT last, runs FROM sealed WHERE last > ?1 ORDER BY last")?)
}

/// Writes the rows that are due. `next` is the position of what is sequenced next. Answers the position from which on it is to be
/// called again.
///
/// Nothing is committed later for it: where what is kept is damaged it is made again, and where that cannot be either it stays as
/// it is, for the check to tell and the views to be rebuilt; whoever asks for what is damaged hears so.
pub(crate) fn keep_up(conn: &Connection, next: i64) -> Result<i64, Error> {
    let due: Option<i64> = conn
        .prepare_cached("SELECT due FROM counted ORDER BY last DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    if next <= due.unwrap_or(LEAST - 1) {
        return Ok(next);
    }
    let is_damaged = |done: &Result<(), Error>| done.as_ref().is_err_and(|error| error.kind == Kind::Corrupt);
    let mut done = within(conn, &|| write_due(conn));
    if is_damaged(&done) {
        done = within(conn, &|| restate(conn));
    }
    if is_damaged(&done) {
        // Not with each commit: it goes through all seals.
        return Ok(next.saturating_add(LEAST));
    }
    done.map(|()| next)
}

// All or nothing of it, and of what was written before nothing less.
fn within(conn: &Connection, work: &dyn Fn() -> Result<(), Error>) -> Result<(), Error> {
    conn.prepare_cached("SAVEPOINT counted")?.execute([])?;
    let done = work();
    if done.is_err() {
        conn.prepare_cached("ROLLBACK TO counted")?.execute([])?;
    }
    conn.prepare_cached("RELEASE counted")?.execute([])?;
    done
}

fn write_due(conn: &Connection) -> Result<(), Error> {
    let row = last_row(conn)?.query([])?.next()?.map(Counted::read).transpose()?;
    each(conn, row, &mut |row| row.write(conn))
}

/// Makes all rows again.
pub(crate) fn restate(conn: &Connection) -> Result<(), Error> {
    conn.execute("DELETE FROM counted", [])?;
    each(conn, None, &mut |row| row.write(conn))
}

/// The first row that is not as the seals have it, by where its stretch ends.
pub(crate) fn wrong(conn: &Connection) -> Result<Option<i64>, Error> {
    let mut query = conn.prepare("SELECT last, due, counts, runs FROM counted ORDER BY last")?;
    let mut kept = query.query([])?;
    let mut wrong = None;
    each(conn, None, &mut |row| {
        if wrong.is_none() {
            let same = kept.next()?.map(Counted::read).is_some_and(|kept| kept.is_ok_and(|kept| kept == row));
            wrong = (!same).then_some(row.last);
        }
        Ok(())
    })?;
    // One that should not be.
    if wrong.is_none()
        && let Some(row) = kept.next()?
    {
        wrong = Some(row.get(0)?);
    }
    Ok(wrong)
}

// The rows behind one, as the seals have them.
fn each(
    conn: &Connection,
    behind: Option<Counted>,
    found: &mut dyn FnMut(Counted) -> Result<(), Error>,
) -> Result<(), Error> {
    let last = behind.as_ref().map_or(-1, |row| row.last);
    let mut cutting = Cutting::begin(conn, behind)?;
    let mut query = seals_behind(conn)?;
    let mut rows = query.query([last])?;
    while let Some(row) = rows.next()? {
        if let Some(row) = cutting.seal(row.get(0)?, runs(row, 1)?)? {
            found(row)?;
        }
    }
    Ok(())
}

/// Positions that follow each other and are all of what is counted.
#[derive(Debug, Clone, Copy)]
struct Shown {
    first: i64,
    last: i64,
    // What is counted before them.
    rank: i64,
}

/// A stretch, as far as it is of what was opened at one moment.
#[derive(Debug)]
pub(crate) struct Stretch {
    first: i64,
    last: i64,
    shown: Vec<Shown>,
    // What is counted before it, and with it.
    before: i64,
    upto: i64,
}

impl Stretch {
    /// The one that a position is in, which is before that of the moment.
    pub(crate) fn read(conn: &Connection, moment: &Moment, position: i64) -> Result<Stretch, Error> {
        let mut query = conn.prepare_cached(
            "SELECT last, due, counts, runs FROM counted WHERE last >= ?1 ORDER BY last LIMIT 1",
        )?;
        let mut rows = query.query([position])?;
        if let Some(row) = rows.next()? {
            let runs = runs(row, 3)?;
            let before = of(row, &moment.labels)?;
            let last: i64 = row.get(0)?;
            return Ok(Stretch::new(last, &runs, before, &moment.labels));
        }
        // Behind the last row, up to the moment, which begins with a commit.
        let (mut before, mut last) = (0, -1);
        if let Some(row) = last_row(conn)?.query([])?.next()? {
            let runs = runs(row, 3)?;
            last = row.get(0)?;
            before = Stretch::new(last, &runs, of(row, &moment.labels)?, &moment.labels).upto;
        }
        let mut together = Vec::new();
        let mut query = seals_behind(conn)?;
        let mut rows = query.query([last])?;
        while last + 1 < moment.position
            && let Some(row) = rows.next()?
        {
            last = row.get(0)?;
            runs(row, 1)?.into_iter().for_each(|run| add(&mut together, run));
        }
        Ok(Stretch::new(last, &together, before, &moment.labels))
    }

    fn new(last: i64, runs: &[Run], before: i64, labels: &[LabelId]) -> Stretch {
        let positions = runs.iter().fold(0_i64, |sum, run| sum.saturating_add(run.count));
        let first = last.saturating_sub(positions).saturating_add(1);
        let (mut next, mut rank) = (first, before);
        let mut shown: Vec<Shown> = Vec::new();
        for run in runs {
            let behind = next.saturating_add(run.count);
            let is_of = |label: u32| labels.binary_search(&LabelId(label)).is_ok();
            if run.label.is_some_and(is_of) {
                match shown.last_mut() {
                    Some(one) if one.last + 1 == next => one.last = behind - 1,
                    _ => shown.push(Shown { first: next, last: behind - 1, rank }),
                }
                rank = rank.saturating_add(run.count);
            }
            next = behind;
        }
        Stretch { first, last, shown, before, upto: rank }
    }

    pub(crate) fn holds(&self, position: i64) -> bool {
        (self.first..=self.last).contains(&position)
    }

    /// How many of what is counted stand before one of them.
    pub(crate) fn rank(&self, position: i64) -> Option<i64> {
        let at = self.shown.partition_point(|shown| shown.last < position);
        let shown = self.shown.get(at).filter(|shown| shown.first <= position)?;
        Some(shown.rank + position - shown.first)
    }

    // Where the one stands before which there are so many.
    fn position(&self, rank: i64) -> Option<i64> {
        let at = self.shown.partition_point(|shown| shown.rank + shown.last - shown.first < rank);
        self.shown.get(at).map(|shown| shown.first + rank - shown.rank)
    }
}

// How many entries of some labels, which are ascending, stand before a row.
fn of(row: &Row<'_>, labels: &[LabelId]) -> Result<i64, Error> {
    let mut rest = row.get_ref(2)?.as_blob().map_err(|_| damaged("counted"))?;
    let (mut wanted, mut sum) = (labels.iter().peekable(), 0_i64);
    for label in 0.. {
        if rest.is_empty() || wanted.peek().is_none() {
            break;
        }
        let count = number(&mut rest)?;
        if wanted.next_if(|wanted| wanted.0 == label).is_some() {
            sum = sum.saturating_add(count);
        }
    }
    Ok(sum)
}

/// Where the entry stands before which there are so many of what was opened at a moment; what the moment ends before where there are
/// fewer.
pub(crate) fn position_of(conn: &Connection, moment: &Moment, rank: i64) -> Result<i64, Error> {
    if rank <= 0 {
        return Ok(0);
    }
    let (mut low, mut high) = (0, moment.position);
    while low < high {
        let middle = low + (high - low) / 2;
        let stretch = Stretch::read(conn, moment, middle)?;
        if !stretch.holds(middle) {
            return Err(damaged("sealed"));
        }
        if rank < stretch.before {
            high = stretch.first;
        } else if rank >= stretch.upto {
            low = stretch.last + 1;
        } else {
            let found = stretch.position(rank).ok_or_else(|| damaged("counted"))?;
            return Ok(found.min(moment.position));
        }
    }
    Ok(moment.position)
}
