//! Times. Each commit is sealed with the whole millisecond that it ends on and with the labels of its entries, in runs.
//! When an entry was added follows for each reader from these: the last entry of the commit that he may see has the
//! millisecond itself, the one before it a microsecond less, and so on. So times rise with positions, no two are equal,
//! and between two of them nothing is missing that is not his.
//!
//! Entries are what a page may ever show: acts are none, nor are other bytes under a version that stands.

use rusqlite::{Connection, OptionalExtension, Row, params};
use rustc_hash::FxHashMap;

use super::counted::{self, Stretch};
use super::leb128;
use super::row::{damaged, entry, flag};
use super::span::{Changing, Record};
use crate::Error;
use crate::opened::{Moment, Place};
use crate::read::{LabelId, Visible};
use model::Timestamp;

pub(crate) const MILLISECOND: i64 = 1000;

/// The whole millisecond that is not before this time.
pub(crate) fn whole(at: i64) -> i64 {
    at.saturating_add(MILLISECOND - 1).div_euclid(MILLISECOND) * MILLISECOND
}

/// Positions that follow each other, of entries under one label or of what is no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) label: Option<u32>,
    pub(crate) count: i64,
}

/// What was sequenced up to a position since the last seal.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sealed {
    last: i64,
    at: i64,
    runs: Vec<Run>,
}

impl Sealed {
    fn write(&self, conn: &Connection) -> Result<(), Error> {
        conn.prepare_cached("INSERT INTO sealed (last, at, runs) VALUES (?1, ?2, ?3)")?.execute(params![
            self.last,
            self.at,
            encode(&self.runs)
        ])?;
        Ok(())
    }
}

/// The seal of a commit while it is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sealing {
    // The last time that was given out, and the whole millisecond that what comes next ends on.
    before: i64,
    at: i64,
    // Positions that still find a microsecond between the seal before and this one.
    room: i64,
    runs: Vec<Run>,
    done: Vec<Sealed>,
    // How many entries there are of each label that this commit met.
    entries: FxHashMap<u32, i64>,
}

impl Sealing {
    /// A commit of about `count` positions, after all times that were given out, also with the clock behind.
    pub(crate) fn begin(before: i64, count: i64, now: Option<Timestamp>) -> Sealing {
        let least = before.saturating_add(count.max(1));
        let at = whole(now.map_or(least, |now| now.0.max(least)));
        Sealing { before, at, room: at.saturating_sub(before), ..Sealing::default() }
    }

    /// The whole millisecond that what is sequenced next is sealed with. `next` is its position.
    pub(crate) fn take(&mut self, next: i64) -> i64 {
        // Acts may take more positions than the commit was thought to have.
        if self.room <= 0 {
            self.close(next);
            (self.at, self.room) = (self.at + MILLISECOND, MILLISECOND);
        }
        self.room -= 1;
        self.at
    }

    /// Notes what was sequenced at the next position. Answers its place among the entries of its label, from 0.
    pub(crate) fn note(&mut self, conn: &Connection, record: &Record) -> Result<i64, Error> {
        let label = record.is_entry().then_some(record.label);
        push(&mut self.runs, label);
        let Some(label) = label else { return Ok(0) };
        let before = self.entries(conn, label)?;
        self.entries.insert(label, before + 1);
        Ok(before)
    }

    /// How many entries ever stood under a label.
    pub(crate) fn entries(&self, conn: &Connection, label: u32) -> Result<i64, Error> {
        if let Some(count) = self.entries.get(&label) {
            return Ok(*count);
        }
        Ok(conn
            .prepare_cached("SELECT entries FROM label WHERE num = ?1")?
            .query_row([label], |row| row.get(0))?)
    }

    fn close(&mut self, next: i64) {
        let runs = std::mem::take(&mut self.runs);
        if !runs.is_empty() {
            self.done.push(Sealed { last: next - 1, at: self.at, runs });
            self.before = self.at;
        }
    }

    /// Keeps so many times for what is opened, after all that was sequenced, before what will be. Answers the last one, a
    /// whole millisecond. `next` is the position of what is sequenced next.
    pub(crate) fn reserve(&mut self, next: i64, count: i64, now: Timestamp) -> i64 {
        self.close(next);
        let until = whole(now.0.max(self.before.saturating_add(count)));
        (self.before, self.at, self.room) = (until, until + MILLISECOND, MILLISECOND);
        until
    }

    /// Writes the seal. Answers the last time that was given out.
    pub(crate) fn write(&mut self, conn: &Connection, next: i64) -> Result<i64, Error> {
        self.close(next);
        self.done.iter().try_for_each(|sealed| sealed.write(conn))?;
        keep_entries(conn, &self.entries)?;
        Ok(self.before)
    }
}

fn keep_entries(conn: &Connection, entries: &FxHashMap<u32, i64>) -> Result<(), Error> {
    let mut update = conn.prepare_cached("UPDATE label SET entries = ?2 WHERE num = ?1")?;
    for (label, count) in entries {
        update.execute(params![label, count])?;
    }
    Ok(())
}

fn push(runs: &mut Vec<Run>, label: Option<u32>) {
    match runs.last_mut() {
        Some(run) if run.label == label => run.count += 1,
        _ => runs.push(Run { label, count: 1 }),
    }
}

/// Label and count of each run in LEB128, the last run first: who looks for one entry reads on from the end.
pub(crate) fn encode(runs: &[Run]) -> Vec<u8> {
    let mut out = Vec::with_capacity(runs.len() * 3);
    for run in runs.iter().rev() {
        leb128::write(&mut out, run.label.map_or(0, |label| u64::from(label) + 1));
        leb128::write(&mut out, run.count.cast_unsigned());
    }
    out
}

/// The next run, of which the last one comes first.
pub(crate) fn decode(rest: &mut &[u8]) -> Option<Run> {
    let label = match leb128::read(rest)? {
        0 => None,
        more => Some(u32::try_from(more - 1).ok()?),
    };
    Some(Run { label, count: i64::try_from(leb128::read(rest)?).ok()? })
}

/// Positions of one commit that follow each other and are all for one reader.
#[derive(Debug, Clone, Copy)]
struct Shown {
    first: i64,
    last: i64,
    // What he may see of the commit behind them.
    behind: i64,
}

/// A commit, as one reader sees it, without what became visible to him later.
#[derive(Debug)]
struct Commit {
    // From here on it was read.
    first: i64,
    last: i64,
    at: i64,
    // The last first.
    shown: Vec<Shown>,
}

impl Commit {
    /// Of a row (last, at, runs), from its end back to the run that a position is in.
    fn read(row: &Row<'_>, visible: &Visible, position: i64) -> Result<Commit, Error> {
        let (last, at): (i64, i64) = (row.get(0)?, row.get(1)?);
        let mut rest = row.get_ref(2)?.as_blob().map_err(|_| damaged("sealed"))?;
        let (mut next, mut behind) = (last, 0);
        let mut shown: Vec<Shown> = Vec::new();
        while !rest.is_empty() {
            let run = decode(&mut rest).ok_or_else(|| damaged("sealed"))?;
            let first = next.saturating_sub(run.count).saturating_add(1);
            let is_shown = |label| visible.has(label) && visible.moment_of(label, last).is_none();
            if run.label.is_some_and(|label| is_shown(LabelId(label))) {
                match shown.last_mut() {
                    Some(before) if before.first == next + 1 => before.first = first,
                    _ => shown.push(Shown { first, last: next, behind }),
                }
                behind += run.count;
            }
            next = first - 1;
            if next < position {
                break;
            }
        }
        Ok(Commit { first: next + 1, last, at, shown })
    }

    /// Of the same row, as whoever sees the last entry of the commit sees it, back to the first one under another label.
    fn read_plain(row: &Row<'_>) -> Result<Commit, Error> {
        let (last, at): (i64, i64) = (row.get(0)?, row.get(1)?);
        let mut rest = row.get_ref(2)?.as_blob().map_err(|_| damaged("sealed"))?;
        let (mut next, mut behind, mut of, mut ended) = (last, 0, None, false);
        let mut shown: Vec<Shown> = Vec::new();
        while !rest.is_empty() {
            let run = decode(&mut rest).ok_or_else(|| damaged("sealed"))?;
            let first = next.saturating_sub(run.count).saturating_add(1);
            if run.label.is_some() {
                ended = ended || *of.get_or_insert(run.label) != run.label;
                if !ended {
                    shown.push(Shown { first, last: next, behind });
                    behind += run.count;
                }
            }
            next = first - 1;
        }
        Ok(Commit { first: next + 1, last, at, shown })
    }

    fn time(&self, position: i64) -> Option<Timestamp> {
        let place = self.shown.partition_point(|shown| shown.first > position);
        let shown = self.shown.get(place).filter(|shown| position <= shown.last)?;
        Some(Timestamp(self.at - shown.behind - (shown.last - position)))
    }

    // From where on everything that he may see is later.
    fn after(&self, time: Timestamp) -> i64 {
        // So many come after the time: one each microsecond.
        let later = self.at.saturating_sub(time.0);
        let place = self.shown.partition_point(|shown| shown.behind + shown.last - shown.first + 1 < later);
        self.shown.get(place).map_or(self.first, |shown| shown.last - (later - 1 - shown.behind))
    }
}

/// When entries were added that have the same time for everybody who may see them: behind them in their commit is nothing
/// under another label.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    met: Option<Commit>,
}

impl Plain {
    /// The time of what stands at a position; `None` where it depends on the reader, or where there is no entry.
    pub(crate) fn time(&mut self, conn: &Connection, position: i64) -> Result<Option<Timestamp>, Error> {
        let met = self.met.take().filter(|met| (met.first..=met.last).contains(&position));
        let commit = match met {
            Some(commit) => commit,
            None => match at(conn, position, Commit::read_plain)? {
                Some(commit) => commit,
                // Whoever needs the time says that the seal is missing.
                None => return Ok(None),
            },
        };
        Ok(self.met.insert(commit).time(position))
    }
}

// The commit of a position.
fn at(
    conn: &Connection,
    position: i64,
    read: impl FnOnce(&Row<'_>) -> Result<Commit, Error>,
) -> Result<Option<Commit>, Error> {
    let mut query =
        conn.prepare_cached("SELECT last, at, runs FROM sealed WHERE last >= ?1 ORDER BY last LIMIT 1")?;
    let mut rows = query.query([position])?;
    rows.next()?.map(read).transpose()
}

/// When entries were added, for one reader. It remembers the commit that it met last, and where it counted last, so a page that
/// goes on in it costs no more.
#[derive(Debug)]
pub(crate) struct Times<'v> {
    visible: &'v Visible,
    met: Option<Commit>,
    // Of what was opened at a moment.
    counted: Option<(i64, Stretch)>,
}

impl<'v> Times<'v> {
    pub(crate) fn new(visible: &'v Visible) -> Times<'v> {
        Times { visible, met: None, counted: None }
    }

    /// When the entry at a position was added, which the reader may see.
    pub(crate) fn added(
        &mut self,
        conn: &Connection,
        position: i64,
        record: &Record,
    ) -> Result<Timestamp, Error> {
        if let Some(moment) = self.visible.moment_of(LabelId(record.label), position) {
            return Ok(moment.time(self.rank(conn, moment, position)?));
        }
        self.commit(conn, position)?.time(position).ok_or_else(|| damaged("sealed"))
    }

    // How many entries there are before this one of what was opened with it.
    fn rank(&mut self, conn: &Connection, moment: &Moment, position: i64) -> Result<i64, Error> {
        let met = self.counted.take();
        let met = met.filter(|(until, stretch)| *until == moment.until && stretch.holds(position));
        let stretch = match met {
            Some((_, stretch)) => stretch,
            None => Stretch::read(conn, moment, position)?,
        };
        self.counted.insert((moment.until, stretch)).1.rank(position).ok_or_else(|| damaged("counted"))
    }

    /// Whether an entry was added between two times, without them. What was opened is mostly all before one of them, or all
    /// behind it, and is not counted then.
    pub(crate) fn is_between(
        &mut self,
        conn: &Connection,
        (position, record): (i64, &Record),
        (after, before): (Option<Timestamp>, Option<Timestamp>),
    ) -> Result<bool, Error> {
        let is_in = |time: Timestamp| {
            after.is_none_or(|after| time > after) && before.is_none_or(|before| time < before)
        };
        if let Some(moment) = self.visible.moment_of(LabelId(record.label), position) {
            let (first, last) = (moment.time(0), Timestamp(moment.until));
            if is_in(first) && is_in(last) {
                return Ok(true);
            }
            if after.is_some_and(|after| last <= after) || before.is_some_and(|before| first >= before) {
                return Ok(false);
            }
        }
        Ok(is_in(self.added(conn, position, record)?))
    }

    /// When an entry was added, whose time is known where it was not opened later.
    pub(crate) fn known_or_added(
        &mut self,
        known: Option<Timestamp>,
        conn: &Connection,
        (position, record): (i64, &Record),
    ) -> Result<Timestamp, Error> {
        match known.filter(|_| self.visible.moment_of(LabelId(record.label), position).is_none()) {
            Some(known) => Ok(known),
            None => self.added(conn, position, record),
        }
    }

    /// The time that nothing is after which was sequenced with the entry at a position, or opened with it.
    pub(crate) fn sealed(
        &mut self,
        conn: &Connection,
        position: i64,
        label: LabelId,
    ) -> Result<Timestamp, Error> {
        if let Some(moment) = self.visible.moment_of(label, position) {
            return Ok(Timestamp(moment.until));
        }
        Ok(Timestamp(self.commit(conn, position)?.at))
    }

    fn commit(&mut self, conn: &Connection, position: i64) -> Result<&Commit, Error> {
        let commit = match self.met.take().filter(|met| (met.first..=met.last).contains(&position)) {
            Some(commit) => commit,
            None => at(conn, position, |row| Commit::read(row, self.visible, position))?
                .ok_or_else(|| damaged("sealed"))?,
        };
        Ok(self.met.insert(commit))
    }

    /// The place from which on everything that the reader may see was added after this time.
    pub(crate) fn place_after(&self, conn: &Connection, time: Timestamp, end: i64) -> Result<Place, Error> {
        let position = self.position_after(conn, time, end)?;
        match self.visible.moments().iter().find(|moment| moment.until > time.0) {
            // What stands before it has earlier times than it, what stands behind it later ones.
            Some(moment) if moment.position <= position => {
                let had = time.0.saturating_add(1).saturating_sub(moment.time(0).0);
                Ok(moment.place(counted::position_of(conn, moment, had)?))
            }
            _ => Ok(position.cast_unsigned().into()),
        }
    }

    // The same, of what was not opened to him later.
    fn position_after(&self, conn: &Connection, time: Timestamp, end: i64) -> Result<i64, Error> {
        let mut query =
            conn.prepare_cached("SELECT last, at, runs FROM sealed WHERE at > ?1 ORDER BY at LIMIT 1")?;
        let mut rows = query.query([time.0])?;
        let Some(row) = rows.next()? else { return Ok(end) };
        Ok(Commit::read(row, self.visible, 0)?.after(time))
    }
}

/// The position from which on everything was sealed after this time or at it.
pub(crate) fn position_from(conn: &Connection, time: Timestamp) -> Result<i64, Error> {
    let last: Option<i64> = conn
        .prepare_cached("SELECT last FROM sealed WHERE at < ?1 ORDER BY at DESC LIMIT 1")?
        .query_row([time.0], |row| row.get(0))
        .optional()?;
    Ok(last.map_or(0, |last| last + 1))
}

/// Counts again what stands, position after position.
#[derive(Debug, Default)]
pub(crate) struct Recount {
    runs: Vec<Run>,
    /// The position that the commit ends on, and its runs as they are kept.
    end: Option<(i64, Vec<u8>)>,
    entries: FxHashMap<u32, i64>,
}

impl Recount {
    /// Answers the place of the entry at the next position among those of its label; and when it ends its commit, what
    /// should be kept of that beside what is.
    pub(crate) fn note(
        &mut self,
        conn: &Connection,
        position: i64,
        label: Option<u32>,
    ) -> Result<(i64, Option<Recounted>), Error> {
        if self.end.is_none() {
            let mut query =
                conn.prepare_cached("SELECT last, runs FROM sealed WHERE last >= ?1 ORDER BY last LIMIT 1")?;
            let end = query.query_row([position], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            self.end = Some(end.ok_or_else(|| damaged("sealed"))?);
        }
        push(&mut self.runs, label);
        let ordinal = label.map_or(0, |label| {
            let count = self.entries.entry(label).or_default();
            *count += 1;
            *count - 1
        });
        let Some((last, kept)) = self.end.take_if(|(last, _)| *last <= position) else {
            return Ok((ordinal, None));
        };
        let counted = encode(&std::mem::take(&mut self.runs));
        Ok((ordinal, Some(Recounted { last, counted, kept })))
    }

    /// Labels of which another number of entries is kept than there are.
    pub(crate) fn wrong_labels(&self, conn: &Connection) -> Result<Vec<u32>, Error> {
        let mut query = conn.prepare("SELECT num, entries FROM label ORDER BY num")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut wrong = Vec::new();
        for row in rows {
            let (label, kept): (u32, i64) = row?;
            if self.entries.get(&label).copied().unwrap_or(0) != kept {
                wrong.push(label);
            }
        }
        Ok(wrong)
    }
}

/// What a commit holds by a recount.
#[derive(Debug)]
pub(crate) struct Recounted {
    pub(crate) last: i64,
    counted: Vec<u8>,
    kept: Vec<u8>,
}

impl Recounted {
    pub(crate) fn is_as_kept(&self) -> bool {
        self.counted == self.kept
    }
}

/// Makes what follows from `statement` and the ends of commits again: runs, numbers of entries, and in the spans the
/// place of each entry among those of its label.
pub(crate) fn restate(conn: &Connection) -> Result<(), Error> {
    let mut query = conn.prepare("SELECT position, label, flags, entry FROM statement ORDER BY position")?;
    let mut rows = query.query([])?;
    let (mut recount, mut spans) = (Recount::default(), Changing::default());
    while let Some(row) = rows.next()? {
        let position = row.get(0)?;
        let label = is_entry(row.get(3)?, row.get(2)?).then(|| row.get(1)).transpose()?;
        let (ordinal, ended) = recount.note(conn, position, label)?;
        spans.change(conn, position, |record| record.head.ordinal = ordinal)?;
        if let Some(ended) = ended.filter(|ended| !ended.is_as_kept()) {
            conn.prepare_cached("UPDATE sealed SET runs = ?2 WHERE last = ?1")?
                .execute(params![ended.last, ended.counted])?;
        }
    }
    spans.write(conn)?;
    conn.execute("UPDATE label SET entries = 0 WHERE entries <> 0", [])?;
    keep_entries(conn, &recount.entries)
}

/// Whether what stands at a position may ever be shown, by its kind and flags.
pub(crate) fn is_entry(kind: i64, flags: i64) -> bool {
    matches!(kind, entry::OBJECT | entry::REENTRY) && flags & flag::EQUIVOCAL == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(runs: &[(Option<u32>, i64)], visible: &[u32], last: i64, at: i64) -> Commit {
        let runs: Vec<Run> = runs.iter().map(|(label, count)| Run { label: *label, count: *count }).collect();
        let conn = Connection::open_in_memory().unwrap();
        let mut query = conn.prepare("SELECT ?1, ?2, ?3").unwrap();
        let mut rows = query.query(params![last, at, encode(&runs)]).unwrap();
        let mut seen = Visible::default();
        visible.iter().for_each(|label| seen.allow(LabelId(*label)));
        Commit::read(rows.next().unwrap().unwrap(), &seen, 0).unwrap()
    }

    #[test]
    fn what_a_reader_sees_of_a_commit_ends_on_its_millisecond_without_gaps() {
        // Positions 10 to 19: two under 300, an act, three under 7, one under 300, three under 7.
        let runs = [(Some(300), 2), (None, 1), (Some(7), 3), (Some(300), 1), (Some(7), 3)];
        let whole = commit(&runs, &[7, 300], 19, 5_000);
        assert_eq!((whole.first, whole.last), (10, 19));
        let times: Vec<_> = (10..20).map(|position| whole.time(position).map(|at| at.0)).collect();
        let rising = |from: i64, to: i64| (from..=to).map(Some);
        let expected: Vec<_> = rising(4_992, 4_993).chain([None]).chain(rising(4_994, 5_000)).collect();
        assert_eq!(times, expected);
        let few = commit(&runs, &[300], 19, 5_000);
        assert_eq!([10, 11, 16].map(|position| few.time(position).unwrap().0), [4_998, 4_999, 5_000]);
        assert_eq!(few.time(12), None);
        for (commit, seen) in [(&whole, vec![10, 11, 13, 14, 15, 16, 17, 18, 19]), (&few, vec![10, 11, 16])] {
            for time in 4_980..5_000 {
                let from = commit.after(Timestamp(time));
                for position in &seen {
                    let is_after = commit.time(*position).unwrap().0 > time;
                    assert_eq!(*position >= from, is_after, "{position} after {time}");
                }
            }
            assert_eq!(commit.after(Timestamp::MIN), 10);
        }
        assert_eq!(commit(&runs, &[], 19, 5_000).after(Timestamp(4_999)), 10);
    }

    #[test]
    fn a_time_is_plain_where_nothing_under_another_label_is_behind() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE sealed (last INTEGER PRIMARY KEY, at INTEGER, runs BLOB)").unwrap();
        let runs = [(Some(7), 2), (Some(3), 1), (None, 1), (Some(7), 2), (None, 1), (Some(7), 1)];
        let runs: Vec<Run> = runs.into_iter().map(|(label, count)| Run { label, count }).collect();
        Sealed { last: 107, at: 5_000, runs: runs.clone() }.write(&conn).unwrap();
        Sealed { last: 109, at: 6_000, runs: vec![Run { label: None, count: 2 }] }.write(&conn).unwrap();
        let mut plain = Plain::default();
        let found = (100..110).map(|position| plain.time(&conn, position).unwrap().map(|time| time.0));
        let none = None;
        let expected = [none, none, none, none, Some(4_998), Some(4_999), none, Some(5_000), none, none];
        assert!(found.eq(expected));
        // It is what each who sees the last entry is told.
        for labels in [vec![7], vec![3, 7]] {
            let mut visible = Visible::default();
            labels.into_iter().for_each(|label| visible.allow(LabelId(label)));
            let commit = at(&conn, 104, |row| Commit::read(row, &visible, 100)).unwrap().unwrap();
            for position in [104, 105, 107] {
                assert_eq!(commit.time(position), plain.time(&conn, position).unwrap());
            }
        }
        assert_eq!(plain.time(&conn, 110).unwrap(), None);
    }

    #[test]
    fn a_commit_that_takes_more_than_it_asked_for_goes_on_in_the_next_millisecond() {
        let mut sealing = Sealing::begin(1_000, 3, Some(Timestamp(0)));
        assert_eq!(sealing.at, 2_000);
        let taken: Vec<i64> = (0..2_500).map(|position| sealing.take(position)).collect();
        assert_eq!(taken.partition_point(|at| *at == 2_000), 1_000);
        assert_eq!((taken[1_000], taken[1_999], taken[2_000]), (3_000, 3_000, 4_000));
    }

    #[test]
    fn runs_that_are_cut_are_refused() {
        let bytes = encode(&[Run { label: Some(70_000), count: 1 << 40 }]);
        assert!(decode(&mut bytes.as_slice()).is_some());
        for cut in 0..bytes.len() {
            assert!(decode(&mut &bytes[..cut]).is_none(), "{cut}");
        }
        assert!(decode(&mut [0xff; 30].as_slice()).is_none());
    }
}
