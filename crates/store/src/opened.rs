//! What became visible to a reader later, and where his lists go on.
//!
//! A reader's list is a sequence: what stood before his first opening, under the labels that he saw then; what was opened
//! at that moment, in the order of positions; what stands behind it, and so on. His times rise along it.

use std::cmp::Ordering;

use model::{MemberId, PersonId, Timestamp};
use rusqlite::params;

use crate::Error;
use crate::read::{LabelId, Snapshot};

/// Where a reader's list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Of what was not opened to him later, he has everything before this position.
    pub position: u64,
    /// He is within what was opened at this position.
    pub opened: Option<Within>,
}

/// How far a reader has what was opened to him at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within {
    /// He has what has times up to here, but for what was opened at this moment,
    pub until: Timestamp,
    /// and of that what stands before this position.
    pub before: u64,
}

impl From<u64> for Place {
    fn from(position: u64) -> Place {
        Place { position, opened: None }
    }
}

/// What stood under a label when it became visible to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The label.
    pub label: LabelId,
    /// It stood before this position.
    pub position: u64,
    /// The time that the last of all that was opened at the same moment has.
    pub until: Timestamp,
    /// How many entries there were.
    pub count: u64,
}

/// All that was opened at one moment and that a reader sees: one list in the order of positions, whatever labels it bears, so
/// that nothing shows of labels that look alike to him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// It stood before this position.
    pub(crate) position: i64,
    /// The time of the last of it; the one before has a microsecond less, and so on.
    pub(crate) until: i64,
    /// How many entries there are.
    pub(crate) count: i64,
    /// Its labels, ascending.
    pub(crate) labels: Vec<LabelId>,
}

impl Moment {
    /// The time of the entry before which there are so many of it.
    pub(crate) fn time(&self, rank: i64) -> Timestamp {
        Timestamp(self.until - self.count + 1 + rank)
    }

    /// Where a list goes on that has what stands before a position of it.
    pub(crate) fn place(&self, before: i64) -> Place {
        let within = Within { until: Timestamp(self.until), before: before.max(0).cast_unsigned() };
        Place { position: self.position.cast_unsigned(), opened: Some(within) }
    }

    /// From which position on somebody has yet to get it whose list goes on here; `None` where he has all of it.
    pub(crate) fn rest(&self, from: Place) -> Option<i64> {
        match (self.position.cast_unsigned().cmp(&from.position), from.opened) {
            (Ordering::Greater, _) => Some(0),
            (Ordering::Less, _) | (Ordering::Equal, None) => None,
            (Ordering::Equal, Some(within)) => match self.until.cmp(&within.until.0) {
                Ordering::Less => None,
                Ordering::Equal => Some(i64::try_from(within.before).unwrap_or(i64::MAX)),
                Ordering::Greater => Some(0),
            },
        }
    }
}

/// What became visible to a reader later, of what he sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Moments {
    // In the order of their times, which is that of their positions.
    all: Vec<Moment>,
    // Which of them each label is of, ascending.
    of: Vec<(LabelId, usize)>,
}

impl Moments {
    /// Of what was opened that what he does not see leaves no gap in.
    pub(crate) fn new(opened: &[Opened], sees: impl Fn(LabelId) -> bool) -> Moments {
        let mut seen: Vec<&Opened> = opened.iter().filter(|one| sees(one.label)).collect();
        seen.sort_unstable_by_key(|one| (one.until, one.label));
        let mut moments = Moments::default();
        for one in seen {
            let (position, until) = (one.position.cast_signed(), one.until.0);
            if moments.all.last().is_none_or(|moment| moment.until != until) {
                moments.all.push(Moment { position, until, count: 0, labels: Vec::new() });
            }
            if let Some(moment) = moments.all.last_mut() {
                moment.count += one.count.cast_signed();
                moment.labels.push(one.label);
            }
            moments.of.push((one.label, moments.all.len() - 1));
        }
        moments.of.sort_unstable();
        moments
    }

    /// In the order of their times.
    pub(crate) fn all(&self) -> &[Moment] {
        &self.all
    }

    /// The one at which what stands at a position under a label was opened.
    pub(crate) fn of(&self, label: LabelId, position: i64) -> Option<&Moment> {
        let at = self.of.binary_search_by_key(&label, |(label, _)| *label).ok()?;
        self.all.get(self.of.get(at)?.1).filter(|moment| position < moment.position)
    }
}

impl Snapshot {
    /// What was opened to a member, or to a person of it, later than it was said.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn openings(&self, member: MemberId, person: Option<PersonId>) -> Result<Vec<Opened>, Error> {
        let mut query = self.conn()?.prepare_cached(
            "SELECT label, position, until, count FROM opening WHERE member = ?1 AND person = ?2",
        )?;
        let person = person.as_ref().map_or(&[][..], |person| person.0.as_bytes());
        let rows = query.query_map(params![member.0.as_bytes(), person], |row| {
            Ok(Opened {
                label: LabelId(row.get(0)?),
                position: row.get::<_, i64>(1)?.cast_unsigned(),
                until: Timestamp(row.get(2)?),
                count: row.get::<_, i64>(3)?.cast_unsigned(),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
