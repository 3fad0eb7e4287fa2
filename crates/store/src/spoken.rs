//! What members say of others' objects: that they were seen, that they were a mistake. Only what the reader may see, and of each
//! source only its newest, so that who says it often costs no more than who says it once.

use std::ops::ControlFlow;

use model::MemberId;
use uuid::Uuid;

use crate::Error;
use crate::read::{LabelId, Snapshot, Visible};
use crate::sqlite::spoken;

/// Something that is said of an object, as its statement notes it ([`record::Spoken`](crate::record::Spoken)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken<'a> {
    /// The UUID of the id of the object that is spoken of.
    pub of: Uuid,
    /// Where it stands in the record.
    pub position: u64,
    /// Its label.
    pub label: LabelId,
    /// Who says it.
    pub source: MemberId,
    /// What sort of saying it is.
    pub sort: u8,
    /// What the node noted of it.
    pub facts: &'a [u8],
}

/// So many of each source, sort and label are told, the newest.
pub const NEWEST: usize = 4;

impl Snapshot {
    /// What is said of an object: of each source, sort and label the newest [`NEWEST`]. It costs what so many are, however much
    /// else they say.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn spoken_of(
        &self,
        visible: &Visible,
        of: Uuid,
        each: &mut dyn FnMut(&Spoken<'_>),
    ) -> Result<(), Error> {
        spoken::of(self, visible, of, each)
    }

    /// The same of every object of which something is said, in the order of their UUIDs, until told to stop.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn all_spoken(
        &self,
        visible: &Visible,
        each: &mut dyn FnMut(&Spoken<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        spoken::all(self, visible, each)
    }
}
