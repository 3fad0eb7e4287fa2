//! The ledger: what is RED or under embargo was given to whom first, and what was disclosed under compulsion. Facts, filtered for
//! nobody: the node tells of them.

use std::borrow::Cow;

use model::{MemberId, Timestamp, TokenId};

use crate::Error;
use crate::read::{LabelId, Snapshot};
use crate::record::ObjectKey;
use crate::sqlite::ledger;

/// An entry that was given to somebody for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Where it stands.
    pub position: u64,
    /// The member that it was read for.
    pub member: MemberId,
    /// By which token; `None` for the one who owns the folder.
    pub token: Option<TokenId>,
    /// When.
    pub at: Timestamp,
    /// The road: `list`, `search`, `lookup` and the like.
    pub verb: Cow<'static, str>,
}

/// Where an entry is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stands {
    /// It is served to those whom its label is for.
    Here,
    /// It entered again, at a later position.
    Moved,
    /// Other bytes stand under its id and version, and it is not served.
    Aside,
    /// It was taken back.
    Withdrawn,
    /// Its bytes are gone.
    Erased,
}

/// An act that reached an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActKind {
    /// It was taken back.
    Withdraw,
    /// Its bytes were removed.
    Erase,
    /// It got another label.
    Relabel,
    /// It was disclosed.
    Disclose,
}

/// An act, as far as its own row tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Where it stands.
    pub position: u64,
    /// What it did.
    pub kind: ActKind,
    /// When.
    pub at: Timestamp,
    /// Canonical JSON, as the node wrote it.
    pub body: Vec<u8>,
}

/// An entry of an object, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Its position.
    pub position: u64,
    /// The position of the statement whose bytes it has: entries of one statement have the same.
    pub root: u64,
    /// Whose statement it is.
    pub source: MemberId,
    /// The version.
    pub version: Timestamp,
    /// Its label.
    pub label: LabelId,
    /// When it entered: the time of its commit.
    pub at: Timestamp,
    /// Where it is in its life.
    pub stands: Stands,
    /// Its bytes came beside others under the same version, which stood: it was never shown to anybody.
    pub beside: bool,
}

impl Snapshot {
    /// Every entry of an object, in order, those too that moved, were taken back or erased.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn entries_of(&self, object: &ObjectKey) -> Result<Vec<Entered>, Error> {
        ledger::entries_of(self, object)
    }

    /// The acts that reached the entry at a position, in order.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn acts_on(&self, position: u64) -> Result<Vec<Act>, Error> {
        ledger::acts_on(self, position)
    }

    /// To whom the entry at a position was given first: a row for each member and token.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn given(&self, position: u64) -> Result<Vec<Given>, Error> {
        ledger::given(self, position)
    }

    /// Every disclosure, the oldest first.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn disclosures(&self) -> Result<Vec<Act>, Error> {
        ledger::disclosures(self)
    }
}
