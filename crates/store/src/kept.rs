//! What is said to circles, for the one who lets go of it when charters say so. Nothing of it leaves the node.

use model::{Label, Timestamp};

use crate::Error;
use crate::read::{LabelId, Snapshot};
use crate::sqlite::kept;

/// Something that was said to circles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Where it stands.
    pub position: u64,
    /// Where it entered first under the label that it bears.
    pub since: u64,
    /// When that was.
    pub entered: Timestamp,
    /// When its bytes entered, under whichever label.
    pub first: Timestamp,
    /// Readers see it, under its label: it was not taken back, and is no other content under a version that stands.
    pub stands: bool,
    /// It revokes an object of which its source's earlier version still stands, which would be the last again without it.
    pub takes_back: bool,
}

impl Snapshot {
    /// The labels that name circles and are borne by something that stands or was taken back. Costs a look for each.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn labels_of_circles(&self) -> Result<Vec<(LabelId, Label)>, Error> {
        kept::labels(self.conn()?)
    }

    /// What bears such a label and entered under it before a time, in order, at most `limit` of it, behind another one. Costs
    /// what it answers. What bears one label goes in this order, so that of its versions only a revocation that is older there takes
    /// back what would stand again; where things go one by one (`one_by_one`), each version does that comes after another.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn said_to_circles(
        &self,
        label: LabelId,
        before: Timestamp,
        behind: Option<&Said>,
        limit: usize,
        one_by_one: bool,
    ) -> Result<Vec<Said>, Error> {
        let place = |said: &Said| (said.since.cast_signed(), said.position.cast_signed());
        kept::said(self.conn()?, label, before, behind.map_or((-1, -1), place), (limit, one_by_one))
    }
}
