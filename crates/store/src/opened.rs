//! What became visible to a reader later, and where his lists go on.
//!
//! A reader's list is a sequence: what stood before his first opening, under the labels that he saw then; what was opened,
//! label by label; what stands behind it, and so on. His times rise along it.

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
    /// and of that what stands under lesser labels, and under this one
    pub label: LabelId,
    /// so many.
    pub count: u64,
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

/// The same, with the times that it has for one reader: from `first` on, in the order of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) label: LabelId,
    pub(crate) position: i64,
    pub(crate) first: i64,
    pub(crate) count: i64,
    pub(crate) until: i64,
}

impl Block {
    /// The last time in it.
    pub(crate) fn last(&self) -> i64 {
        self.first + self.count - 1
    }

    /// Where a list goes on that has so many of it.
    pub(crate) fn place(&self, count: i64) -> Place {
        let within =
            Within { until: Timestamp(self.until), label: self.label, count: count.max(0).cast_unsigned() };
        Place { position: self.position.cast_unsigned(), opened: Some(within) }
    }

    /// How many of it somebody has whose list goes on here.
    pub(crate) fn had(&self, from: Place) -> i64 {
        match (self.position.cast_unsigned().cmp(&from.position), from.opened) {
            (Ordering::Greater, _) => 0,
            (Ordering::Less, _) | (Ordering::Equal, None) => self.count,
            (Ordering::Equal, Some(within)) => {
                match (self.until, self.label).cmp(&(within.until.0, within.label)) {
                    Ordering::Less => self.count,
                    Ordering::Equal => i64::try_from(within.count).unwrap_or(i64::MAX).min(self.count),
                    Ordering::Greater => 0,
                }
            }
        }
    }
}

/// The blocks of what a reader sees, in the order of their times. What was opened at one moment ends on its millisecond; what
/// he does not see of it leaves no gap.
pub(crate) fn blocks(opened: &[Opened], sees: impl Fn(LabelId) -> bool) -> Vec<Block> {
    let mut seen: Vec<&Opened> = opened.iter().filter(|one| sees(one.label)).collect();
    seen.sort_unstable_by_key(|one| (one.until, one.label));
    let (mut blocks, mut moment, mut next) = (Vec::with_capacity(seen.len()), None, 0);
    for one in seen.into_iter().rev() {
        if moment != Some(one.until) {
            (moment, next) = (Some(one.until), one.until.0);
        }
        let count = one.count.cast_signed();
        next -= count;
        let (position, until) = (one.position.cast_signed(), one.until.0);
        blocks.push(Block { label: one.label, position, first: next + 1, count, until });
    }
    blocks.reverse();
    blocks
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
