//! What is written is what was authorised, and on facts that still are: compared here, and judged nowhere in the store.

use model::access::Waiting;
use model::gate::{
    Act, AssetsOf, Authorized, CircleOf, Curate, Declare, Disclose, Disclosed, End, Erase, Facts, Found,
    Invite, Join, Look, Moderate, Open, PersonOf, PolicyOf, Positions, Put, Record, Relabel, Release,
    RetentionRules, Revoke, SaidBy, SeatOf, SetPolicy, Source, Statements, Submit, TokenOf, Upgrade,
    Versions, Withdraw,
};
use model::{CollectionId, MemberId, SubmissionId, Timestamp};

use crate::directory::{Change, RECALL_MARK, RECALLS, RETENTION};
use crate::queue::Decision;
use crate::record::{Item, Submission};
use crate::sqlite::sequencer::Sequencer;
use crate::{Error, Kind};

/// That leave to do `A` to this covers a piece of what is written.
pub trait Covers<A, T> {
    /// Whether it does.
    fn covers(&self, what: &T) -> bool;
}

/// What is covered by leave for one of them is covered by leave for all.
impl<A, T, I: Covers<A, T>> Covers<A, T> for Vec<I> {
    fn covers(&self, what: &T) -> bool {
        self.iter().any(|one| one.covers(what))
    }
}

impl Covers<Put, Change> for MemberId {
    fn covers(&self, what: &Change) -> bool {
        match what {
            Change::Member(member) => member.id == *self,
            Change::Identity(_, member) => member == self,
            Change::Client(client) => client.member == *self,
            Change::Opening(opening) => opening.member == *self,
            _ => false,
        }
    }
}

impl Covers<Revoke, Change> for MemberId {
    fn covers(&self, what: &Change) -> bool {
        what.is_revoked() && Covers::<Put, Change>::covers(self, what)
    }
}

impl Covers<Put, Change> for PersonOf {
    fn covers(&self, what: &Change) -> bool {
        matches!(what, Change::Person(one) if (one.id, one.member) == (self.person, self.member))
    }
}

impl Covers<Revoke, Change> for PersonOf {
    fn covers(&self, what: &Change) -> bool {
        what.is_revoked() && Covers::<Put, Change>::covers(self, what)
    }
}

impl Covers<Put, Change> for TokenOf {
    fn covers(&self, what: &Change) -> bool {
        let TokenOf { token, member, roles } = *self;
        matches!(what, Change::Token(one) if (one.id, one.member, one.roles) == (token, member, roles))
    }
}

impl Covers<Revoke, Change> for TokenOf {
    fn covers(&self, what: &Change) -> bool {
        what.is_revoked() && Covers::<Put, Change>::covers(self, what)
    }
}

impl Covers<Put, Change> for CollectionId {
    fn covers(&self, what: &Change) -> bool {
        matches!(what, Change::Collection(one) if one.id == *self)
    }
}

impl Covers<Revoke, Change> for CollectionId {
    fn covers(&self, what: &Change) -> bool {
        what.is_revoked() && Covers::<Put, Change>::covers(self, what)
    }
}

impl Covers<Put, Change> for RetentionRules {
    fn covers(&self, what: &Change) -> bool {
        matches!(what, Change::Meta(name, _) if *name == RETENTION)
    }
}

impl Covers<Withdraw, Change> for SaidBy {
    fn covers(&self, what: &Change) -> bool {
        match what {
            Change::Meta(name, _) => *name == RECALLS,
            Change::Mark(name, of, _) => name.starts_with(RECALL_MARK) && of[0] == self.member,
            _ => false,
        }
    }
}

impl Covers<Declare, Change> for AssetsOf {
    fn covers(&self, what: &Change) -> bool {
        match what {
            Change::Asset(asset) => asset.member == self.member,
            Change::NoAsset(_, member) => *member == self.member,
            _ => false,
        }
    }
}

impl Covers<SetPolicy, Change> for PolicyOf {
    fn covers(&self, what: &Change) -> bool {
        matches!(what, Change::Policy(policy) if policy.member == self.member)
    }
}

fn is_of(circle: &CircleOf, what: &Change) -> bool {
    match what {
        Change::Circle(one) => one.id == circle.circle,
        Change::Membership(one) => one.circle == circle.circle,
        Change::Invitation(one) => one.circle == circle.circle,
        Change::CircleAct(one) => one.circle == circle.circle,
        _ => false,
    }
}

impl Covers<Found, Change> for CircleOf {
    fn covers(&self, what: &Change) -> bool {
        let is_invitation = matches!(what, Change::Invitation(_));
        let is_others = matches!(what, Change::Membership(one) if Some(one.member) != self.owner);
        is_of(self, what) && !is_invitation && !is_others
    }
}

impl Covers<Upgrade, Change> for CircleOf {
    fn covers(&self, what: &Change) -> bool {
        let is_others = matches!(what, Change::Membership(one) if Some(one.member) != self.owner);
        is_of(self, what) && !is_others
    }
}

impl Covers<Invite, Change> for CircleOf {
    fn covers(&self, what: &Change) -> bool {
        matches!(what, Change::Invitation(_) | Change::CircleAct(_)) && is_of(self, what)
    }
}

// A seat is taken or given up by an invitation that is used, and may end the circle or give it another audience.
fn is_of_seat(seat: &SeatOf, what: &Change) -> bool {
    match what {
        Change::Membership(one) => one.member == seat.member && is_of(&seat.circle, what),
        _ => is_of(&seat.circle, what),
    }
}

impl Covers<Join, Change> for SeatOf {
    // What was said to the circle before opens to who joins it.
    fn covers(&self, what: &Change) -> bool {
        match what {
            Change::Opening(opening) => opening.member == self.member,
            _ => is_of_seat(self, what),
        }
    }
}

impl Covers<Moderate, Change> for SeatOf {
    fn covers(&self, what: &Change) -> bool {
        is_of_seat(self, what)
    }
}

impl Covers<Moderate, Change> for CircleOf {
    fn covers(&self, what: &Change) -> bool {
        is_of(self, what) && !matches!(what, Change::Membership(_))
    }
}

impl Covers<End, Change> for CircleOf {
    fn covers(&self, what: &Change) -> bool {
        is_of(self, what) && (what.is_revoked() || matches!(what, Change::CircleAct(_)))
    }
}

impl Covers<Submit, Submission> for Source {
    fn covers(&self, what: &Submission) -> bool {
        (what.source, what.collection) == (self.member, self.collection)
    }
}

// An act is a submission of whoever does it, through nothing.
fn is_act(what: &Submission) -> bool {
    what.collection.is_none() && !what.outcomes
}

impl<A> Covers<A, Submission> for Versions {
    fn covers(&self, what: &Submission) -> bool {
        is_act(what)
    }
}

impl<A> Covers<A, Submission> for Statements {
    fn covers(&self, what: &Submission) -> bool {
        is_act(what)
    }
}

impl<A> Covers<A, Submission> for Positions {
    fn covers(&self, what: &Submission) -> bool {
        is_act(what)
    }
}

impl Covers<Submit, Item> for Source {
    fn covers(&self, what: &Item) -> bool {
        match what {
            Item::Statement(new) => new.label.author == self.member,
            Item::Reject { .. } => true,
            _ => false,
        }
    }
}

impl Covers<Withdraw, Item> for Versions {
    fn covers(&self, what: &Item) -> bool {
        match what {
            Item::Withdraw { object, source, versions, .. } => {
                *object == self.object
                    && *source == Some(self.member)
                    && versions.as_ref() == Some(&self.versions)
            }
            _ => false,
        }
    }
}

impl Covers<Relabel, Item> for Statements {
    fn covers(&self, what: &Item) -> bool {
        match what {
            Item::Relabel { positions, label, waiting, .. } => {
                *positions == self.positions && label.author == self.member && !waiting
            }
            _ => false,
        }
    }
}

impl Covers<Open, Item> for Statements {
    fn covers(&self, what: &Item) -> bool {
        match what {
            Item::Relabel { positions, label, .. } => {
                *positions == self.positions && label.author == self.member
            }
            _ => false,
        }
    }
}

impl Covers<Erase, Item> for Positions {
    fn covers(&self, what: &Item) -> bool {
        matches!(what, Item::Erase { positions, .. } if *positions == self.0)
    }
}

impl<A> Covers<A, Submission> for Disclosed {
    fn covers(&self, what: &Submission) -> bool {
        is_act(what) && what.source == self.member
    }
}

impl Covers<Disclose, Item> for Disclosed {
    fn covers(&self, what: &Item) -> bool {
        matches!(what, Item::Disclose { positions, .. } if *positions == self.positions)
    }
}

impl Covers<Curate, Decision> for Waiting {
    fn covers(&self, what: &Decision) -> bool {
        matches!(what, Decision::Take | Decision::Return(_) | Decision::Merge(..))
    }
}

impl Covers<Release, Decision> for Waiting {
    fn covers(&self, what: &Decision) -> bool {
        matches!(what, Decision::Approve | Decision::Release(_))
    }
}

impl Covers<Curate, Decision> for SubmissionId {
    fn covers(&self, what: &Decision) -> bool {
        matches!(what, Decision::Return(_))
    }
}

impl Covers<Look, Change> for Record {
    // That somebody looked is written down in the audit, and nothing else.
    fn covers(&self, _: &Change) -> bool {
        false
    }
}

impl Covers<Erase, Change> for Record {
    // What is looked for to be erased is written down in the audit; nothing of the directory goes.
    fn covers(&self, _: &Change) -> bool {
        false
    }
}

/// The facts of leave that covers all of these.
pub(crate) fn covering<A, I, T>(by: &Authorized<A, I>, what: &[T]) -> Result<Facts, Error>
where
    A: Act<I>,
    I: Covers<A, T>,
{
    if what.iter().all(|one| by.id().covers(one)) { Ok(by.facts()) } else { Err(uncovered()) }
}

fn uncovered() -> Error {
    Error::new(Kind::Unauthorized, "what was to be written is not what was authorised")
}

/// Compares the facts with what is, inside the transaction of a write that bears this time.
pub(crate) fn compare(to: &Sequencer, facts: Facts, at: Option<Timestamp>) -> Result<(), Error> {
    if facts.epoch.0 != to.epoch {
        return Err(Error::new(Kind::Stale, "the directory has changed since this was authorised"));
    }
    if at.is_some_and(|at| facts.until <= at) {
        return Err(Error::new(Kind::Stale, "the token's time ended since this was authorised"));
    }
    Ok(())
}
