//! How the node writes: authorised on one state of the directory, compared again in the write's transaction, judged
//! again when that state is gone.

use std::sync::Arc;

use model::gate::{Act, Source, Submit};
use model::{Action, Authorized, Facts, authorize, may_act};
use store::authority::Covers;
use store::directory::{Change, Member};
use store::read::Visible;
use store::record::{Appended, Audit, Batch, Item, Quota, Submission};

use crate::recall;
use crate::roster::Roster;
use crate::{Caller, Error, Kind, Node, random};

/// How often a write is judged before it is given up: the directory changes a few times a day, not all the time.
const JUDGED_AT_MOST: usize = 5;

/// Why a write did not happen.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The directory changed after it was judged.
    Stale,
    /// Something else.
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Error(error)
    }
}

impl From<model::Denied> for Failure {
    fn from(denied: model::Denied) -> Failure {
        Failure::Error(denied.into())
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Failure {
        if error.kind == store::Kind::Stale { Failure::Stale } else { Failure::Error(error.into()) }
    }
}

/// What a member may add in an hour.
pub(crate) fn quota_of(member: &Member) -> Quota {
    Quota { objects_per_hour: member.objects_per_hour, bytes_per_hour: member.bytes_per_hour }
}

impl Node {
    /// Runs a write that is authorised on the directory, again on the new state when it changed meanwhile. The closure
    /// must judge from the roster that it is given, each time.
    ///
    /// # Errors
    /// What the write fails with; [`Kind::Unavailable`] when the directory would not hold still.
    pub(crate) fn judged<T>(
        &self,
        caller: &Caller,
        mut write: impl FnMut(&Arc<Roster>, &Caller) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        for _ in 0..JUDGED_AT_MOST {
            let roster = self.roster();
            let caller = self.renewed(&roster, caller)?;
            match write(&roster, &caller) {
                Ok(done) => return Ok(done),
                Err(Failure::Error(error)) => return Err(error),
                Err(Failure::Stale) => self.refresh()?,
            }
        }
        let error = Error::new(Kind::Unavailable, "the directory keeps changing");
        Err(Error { retry_after_s: Some(1), ..error })
    }

    /// Whether the caller may, as an error to hand on.
    pub(crate) fn allowed(caller: &Caller, action: &Action) -> Result<(), Error> {
        may_act(&caller.principal, action).map_err(Error::from)
    }

    /// Leave to do an act to this, for a caller that was judged on this state of the directory. Every write passes here.
    pub(crate) fn authorized<A: Act<I>, I>(
        roster: &Roster,
        caller: &Caller,
        act: A,
        id: I,
    ) -> Result<Authorized<A, I>, Error> {
        let token = caller.principal.token.and_then(|id| roster.token(id));
        let facts = match token {
            // It was good when what it sent was accepted.
            Some(_) if caller.accepted.is_some() => Facts::of(caller.facts),
            Some(token) => Facts { until: token.expires, ..Facts::of(caller.facts) },
            None => Facts::of(caller.facts),
        };
        authorize(act, id, &caller.principal, facts).map_err(Error::from)
    }

    /// Changes the directory as was authorised, all or nothing, if it still is what that rests on, and takes up the new
    /// state.
    pub(crate) fn change<A: Act<I>, I: Covers<A, Change>>(
        &self,
        by: Authorized<A, I>,
        caller: &Caller,
        (verb, target): (&'static str, String),
        changes: &[Change],
    ) -> Result<(), Failure> {
        let audit = Audit { at: self.now(), token: caller.principal.token, verb, target };
        self.inner.store.change(by, changes, audit)?;
        Ok(self.refresh()?)
    }

    /// Sequences what needs no judging, such as what is refused as a whole.
    pub(crate) fn append_as_node(
        &self,
        submission: Submission,
        items: Vec<Item>,
        complete: bool,
    ) -> Result<Vec<Appended>, Error> {
        self.judged(&self.operator(), |roster, node| {
            let source = Source { member: submission.source, collection: submission.collection };
            let by = Node::authorized(roster, node, Submit, source)?;
            let batch = Batch {
                submission: submission.clone(),
                now: self.now(),
                seed: random::bytes()?,
                items: items.clone(),
                complete,
                seen: Visible::default(),
                // What cannot even be read fills the quarantine, which is everybody's.
                quota: roster.member(submission.source).map(quota_of).unwrap_or_default(),
                about: None,
                audit: Vec::new(),
                circle_acts: Vec::new(),
            };
            Ok(self.inner.store.append(by, batch)?)
        })
    }

    /// Reads the directory anew.
    pub(crate) fn refresh(&self) -> Result<(), Error> {
        // What is recalled is read after the directory: it may be of a later state, and never of an earlier one.
        let directory = self.inner.store.directory()?;
        let roster = Arc::new(Roster::new(directory, recall::rules_of(&self.inner.store)?)?);
        let mut held = self.inner.roster.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Two refreshes may cross: the later state stays.
        if roster.epoch() >= held.epoch() {
            *held = roster;
        }
        drop(held);
        crate::call(&self.inner.listeners);
        Ok(())
    }
}
