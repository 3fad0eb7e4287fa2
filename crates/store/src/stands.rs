//! Values that indicators say by themselves, for whoever acts on them: in the order of their keys, and only what the reader may
//! see and what is last for him.

use std::ops::ControlFlow;

use model::{MemberId, Timestamp};

use crate::Error;
use crate::read::{LabelId, Snapshot, Visible};
use crate::sqlite::stands;

/// An indicator that says a value by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand<'a> {
    /// Where it stands in the record.
    pub position: u64,
    /// Its label.
    pub label: LabelId,
    /// Whose statement it is.
    pub source: MemberId,
    /// What the node noted of it ([`Index::stands`](crate::record::Index)).
    pub facts: &'a [u8],
}

/// What entered at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commit {
    /// The first position.
    pub first: u64,
    /// The last one.
    pub last: u64,
    /// When, in whole milliseconds.
    pub at: Timestamp,
}

impl Snapshot {
    /// What says this value by itself, whoever is last for the reader.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn stands(
        &self,
        visible: &Visible,
        key: &[u8],
        each: &mut dyn FnMut(&Stand<'_>),
    ) -> Result<(), Error> {
        stands::of(self, visible, key, each)
    }

    /// The same with what is last under any label that the reader sees, and by that for somebody who sees less: positions, and
    /// what is told.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn stands_for_some(
        &self,
        visible: &Visible,
        key: &[u8],
        each: &mut dyn FnMut(u64, &[u8]),
    ) -> Result<(), Error> {
        stands::for_some(self, visible, key, each)
    }

    /// Goes through the values from one key up to, but without, another (empty is no end), with what says each, until told to
    /// stop. One reading of the index, in memory that grows with the objects that several members say or that stand under several
    /// labels.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn all_stands(
        &self,
        visible: &Visible,
        range: (&[u8], &[u8]),
        each: &mut dyn FnMut(&[u8], &Stand<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        stands::all(self, visible, range, each)
    }

    /// Goes through the keys of the values that the entry at a position says by themselves, and what is told of each.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn stands_at(&self, position: u64, each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), Error> {
        stands::at(self, position, each)
    }

    /// The first position with which a source has said more than so many values by themselves since `from`, as far as the
    /// reader sees, looking no further than `before`; `None` where it has not. It costs what was said up to there.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn said_too_much(
        &self,
        visible: &Visible,
        source: MemberId,
        (from, before): (u64, u64),
        most: u64,
    ) -> Result<Option<u64>, Error> {
        stands::too_much(self, visible, source, (from, before), most)
    }

    /// The first position that was added at or after a time, as the record has it.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn position_at(&self, time: Timestamp) -> Result<u64, Error> {
        stands::position_at(self, time)
    }

    /// With which commit the entry at a position came.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn came_with(&self, position: u64) -> Result<Commit, Error> {
        stands::came_with(self, position)
    }
}
