//! Submissions that wait for a curator: accepted, durable, and not sequenced before somebody has let them in.

use model::gate::{Act, Authorized};
use model::{CollectionId, Label, MemberId, PersonId, SubmissionId, Timestamp, TokenId};

use crate::authority::{self, Covers};
use crate::read::Snapshot;
use crate::record::Audit;
use crate::sqlite::{ledger, queue};
use crate::{Error, Store};

/// Where a submission stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It waits.
    Held,
    /// It goes back to the submitter, with a reason.
    Returned,
    /// Another object says it; it is not taken.
    Merged,
    /// It is let in.
    Released,
}

/// What an arrival waits with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// When it should be answered at the latest.
    pub deadline: Timestamp,
    /// Two different curators have to let it in.
    pub four_eyes: bool,
    /// The labels that its objects will bear.
    pub labels: Vec<Label>,
    /// What the checks found, in words of the node.
    pub findings: String,
}

/// Somebody who acted on one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// For which member.
    pub member: MemberId,
    /// The person, where the token names one.
    pub person: Option<PersonId>,
    /// By which token; `None` for the node itself.
    pub token: Option<TokenId>,
}

/// A submission that waits, or waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Which.
    pub submission: SubmissionId,
    /// Under what its objects are kept.
    pub source: MemberId,
    /// Who sent it.
    pub person: Option<PersonId>,
    /// By which token.
    pub token: Option<TokenId>,
    /// Through which collection.
    pub collection: Option<CollectionId>,
    /// When it came.
    pub received: Timestamp,
    /// Objects in it.
    pub objects: u64,
    /// What it came with.
    pub held: Held,
    /// Where it stands.
    pub state: State,
    /// The curator who took it.
    pub owner: Option<Who>,
    /// The first of two who let it in.
    pub approved: Option<Who>,
    /// When it was decided, and by whom.
    pub decided: Option<(Timestamp, Who)>,
    /// Why it was returned or merged.
    pub reason: String,
    /// The object that it was merged into; empty for none.
    pub into: String,
}

/// What a curator does with one that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Takes it upon himself.
    Take,
    /// Lets it in as the first of two.
    Approve,
    /// Lets it in, not before this time.
    Release(Option<Timestamp>),
    /// Sends it back, for this reason.
    Return(String),
    /// Says that an object says it already, and why.
    Merge(String, String),
}

impl Store {
    /// Acts on a submission that waits, if it waits still and as it was seen.
    ///
    /// # Errors
    /// [`crate::Kind::Stale`], [`crate::Kind::Unauthorized`]; [`crate::Kind::Conflict`] when somebody else has
    /// acted on it meanwhile; [`crate::Kind::Engine`].
    pub fn decide<A: Act<I>, I: Covers<A, Decision>>(
        &self,
        by: Authorized<A, I>,
        seen: &Queued,
        (decision, who): (Decision, Who),
        audit: Audit,
    ) -> Result<(), Error> {
        let facts = authority::covering(&by, std::slice::from_ref(&decision))?;
        let seen = seen.clone();
        self.inner.writer.run(0, None, move |to| queue::decide(to, facts, &seen, (&decision, who), &audit))
    }
}

impl Store {
    /// Writes down that somebody was shown what waits, where he was not before. What of it enters has that in its ledger.
    ///
    /// # Errors
    /// [`crate::Kind::Full`], [`crate::Kind::Engine`].
    pub fn note_shown(&self, submission: SubmissionId, to: Who, at: Timestamp) -> Result<(), Error> {
        self.inner
            .writer
            .run(0, None, move |sequencer| ledger::note_shown(&sequencer.conn, submission, to, at))
    }
}

impl Snapshot {
    /// What waits, the first deadline first, and behind it what waited, the last decided first.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn queue(&self) -> Result<Vec<Queued>, Error> {
        queue::rows(self.conn()?, None)
    }

    /// The members that were shown one while it waited, by each of their tokens, in order of time.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn shown(&self, submission: SubmissionId) -> Result<Vec<(MemberId, Timestamp)>, Error> {
        ledger::shown(self.conn()?, submission)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`crate::Kind::Engine`].
    pub fn queued(&self, submission: SubmissionId) -> Result<Option<Queued>, Error> {
        Ok(queue::rows(self.conn()?, Some(submission))?.pop())
    }
}
