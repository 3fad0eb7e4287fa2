//! What was taken away, and where what somebody saw before stood: for who is told of changes.

use std::fmt;
use std::sync::Arc;

use model::{MemberId, Timestamp};

use crate::read::{LabelId, Snapshot, Visible};
use crate::record::ObjectKey;
use crate::sqlite::changes;
use crate::{Error, Store};

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// It was taken back.
    Withdrawn,
    /// It entered again, at a later position.
    Moved,
    /// Its body is gone.
    Erased,
}

/// A statement that an act took away from where it stood.
#[derive(Debug)]
pub struct Left<'a> {
    /// Where the act stands.
    pub act: u64,
    /// Where it stood.
    pub position: u64,
    /// Its object.
    pub object: ObjectKey,
    /// Its version.
    pub version: Timestamp,
    /// Its label there.
    pub label: LabelId,
    /// Whose it is.
    pub source: MemberId,
    /// What became of it.
    pub gone: Gone,
    /// What was served of it, whole; empty where that is gone.
    pub wire: &'a [u8],
}

/// The values that a statement says by themselves, each with what the node noted of it.
pub type Stands = Vec<(Vec<u8>, Vec<u8>)>;

/// What is called when something was committed.
#[derive(Clone, Default)]
pub struct Listener(pub(crate) Option<Arc<dyn Fn() + Send + Sync>>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listener").field(&self.0.is_some()).finish()
    }
}

impl Store {
    /// Calls this after each commit, from the thread that writes: it must not wait. It takes the place of one before.
    pub fn on_commit(&self, listener: Arc<dyn Fn() + Send + Sync>) {
        self.inner.vitals.listen(Listener(Some(listener)));
    }
}

impl Snapshot {
    /// Lends what acts from one position up to, but without, another took away of what bears a label that the reader sees, in
    /// the order of the acts: of so many statements, and of all that an act reached. Answers where to go on.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn left(
        &self,
        visible: &Visible,
        range: (u64, u64),
        most: usize,
        each: &mut dyn FnMut(&Left<'_>),
    ) -> Result<u64, Error> {
        changes::left(self, visible, (range, most), each)
    }

    /// Where stands what the reader sees of what the member said of an object whose statement is at a position: all that entered at
    /// `since` or later, and of what entered before that, the greatest version.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn said_since(&self, visible: &Visible, position: u64, since: u64) -> Result<Vec<u64>, Error> {
        changes::said_since(self, visible, position, since)
    }

    /// The values that the entry at a position says by themselves, with what is noted of each.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn noted_at(&self, position: u64) -> Result<Stands, Error> {
        changes::noted_at(self, position)
    }

    /// The same of an entry that was taken away a short while ago; `None` where that is not remembered.
    #[must_use]
    pub fn noted_before(&self, position: u64) -> Option<Stands> {
        self.store().vitals.taken_at(position)
    }
}
