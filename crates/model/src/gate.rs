//! The gate for writes: whoever wants to write is judged here, for the very thing that is written, and gets a value that
//! says so. The store writes nothing without one, and compares in its transaction whether what it was judged on still is.
//!
//! [`authorize`] is the only way to an [`Authorized`]. Its type names the act and what it is done to, so one cannot be
//! handed over for another; it is no `Clone`, so one judgement is one write.

use std::marker::PhantomData;

use crate::access::{Waiting, may_curate, may_release};
use crate::circle::{Admits, Charter, Moderation};
use crate::{
    Action, CircleId, CollectionId, Denied, MemberId, ObjectKey, PersonId, Principal, Roles, SubmissionId,
    Timestamp, TokenId, may_act,
};

/// Counts the changes of the directory. A write that was authorised under one epoch is judged again under another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u64);

/// What a judgement rests on, to be compared where it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The state of the directory: members, persons, tokens, collections, circles, rules of retention.
    pub epoch: Epoch,
    /// From this time on he may no longer, whatever the directory says: his token ends.
    pub until: Timestamp,
    /// The first position of the record that was not looked at, where what stands of an object decided. Nothing may have
    /// been said of it from there on.
    pub record: Option<u64>,
}

impl Facts {
    /// On this state of the directory, for ever, whatever the record holds.
    #[must_use]
    pub fn of(epoch: Epoch) -> Facts {
        Facts { epoch, until: Timestamp::MAX, record: None }
    }
}

/// Leave to do one act to one thing, on some facts.
#[derive(Debug)]
#[must_use = "it is for the store to write by"]
pub struct Authorized<A, I> {
    act: PhantomData<fn() -> A>,
    id: I,
    facts: Facts,
}

impl<A, I> Authorized<A, I> {
    /// To what.
    #[must_use]
    pub fn id(&self) -> &I {
        &self.id
    }

    /// On which facts.
    #[must_use]
    pub fn facts(&self) -> Facts {
        self.facts
    }

    /// The same, resting also on what the record held before this position.
    pub fn resting_on(mut self, record: u64) -> Authorized<A, I> {
        self.facts.record = Some(self.facts.record.map_or(record, |before| before.min(record)));
        self
    }
}

/// An act, as far as it is done to an `I`: who may do it.
pub trait Act<I> {
    /// Whether this principal may do it to that.
    ///
    /// # Errors
    /// The first thing that stands against it.
    fn allows(principal: &Principal, id: &I) -> Result<(), Denied>;
}

/// Judges an act: the only place where an [`Authorized`] is made. `facts` are those on which the principal was found.
///
/// # Errors
/// The first thing that stands against it.
pub fn authorize<A: Act<I>, I>(
    _act: A,
    id: I,
    principal: &Principal,
    facts: Facts,
) -> Result<Authorized<A, I>, Denied> {
    A::allows(principal, &id)?;
    Ok(Authorized { act: PhantomData, id, facts })
}

/// What may be done to each may be done to all.
impl<A: Act<I>, I> Act<Vec<I>> for A {
    fn allows(principal: &Principal, ids: &Vec<I>) -> Result<(), Denied> {
        ids.iter().try_for_each(|id| A::allows(principal, id))
    }
}

/// Adds a row of the directory, or changes it.
#[derive(Debug, Clone, Copy)]
pub struct Put;
/// Revokes a row of the directory.
#[derive(Debug, Clone, Copy)]
pub struct Revoke;

/// A person, and of which member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonOf {
    /// The person.
    pub person: PersonId,
    /// The member.
    pub member: MemberId,
    /// The roles that tokens carry which name the person and are good.
    pub carried: Roles,
}

/// A token, of which member, and what it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenOf {
    /// The token.
    pub token: TokenId,
    /// The member.
    pub member: MemberId,
    /// Its roles.
    pub roles: Roles,
}

/// The node's rules of retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionRules;

impl Act<MemberId> for Put {
    fn allows(principal: &Principal, _: &MemberId) -> Result<(), Denied> {
        may_act(principal, &Action::ManageMembers)
    }
}

impl Act<MemberId> for Revoke {
    fn allows(principal: &Principal, _: &MemberId) -> Result<(), Denied> {
        may_act(principal, &Action::ManageMembers)
    }
}

impl Act<PersonOf> for Put {
    fn allows(principal: &Principal, of: &PersonOf) -> Result<(), Denied> {
        may_act(principal, &Action::ManagePersons(of.member))
    }
}

impl Act<PersonOf> for Revoke {
    // To revoke a person is to revoke their tokens, so it takes the right to do that.
    fn allows(principal: &Principal, of: &PersonOf) -> Result<(), Denied> {
        may_act(principal, &Action::ManagePersons(of.member))?;
        if of.carried == Roles::NONE {
            return Ok(());
        }
        may_act(principal, &Action::ManageTokens(of.member, of.carried))
    }
}

impl Act<TokenOf> for Put {
    fn allows(principal: &Principal, of: &TokenOf) -> Result<(), Denied> {
        may_act(principal, &Action::ManageTokens(of.member, of.roles))
    }
}

impl Act<TokenOf> for Revoke {
    // One's own can always be revoked.
    fn allows(principal: &Principal, of: &TokenOf) -> Result<(), Denied> {
        if principal.token == Some(of.token) {
            return Ok(());
        }
        may_act(principal, &Action::ManageTokens(of.member, of.roles))
    }
}

impl Act<CollectionId> for Put {
    fn allows(principal: &Principal, _: &CollectionId) -> Result<(), Denied> {
        may_act(principal, &Action::ManageCollections)
    }
}

impl Act<CollectionId> for Revoke {
    fn allows(principal: &Principal, _: &CollectionId) -> Result<(), Denied> {
        may_act(principal, &Action::ManageCollections)
    }
}

impl Act<RetentionRules> for Put {
    fn allows(principal: &Principal, _: &RetentionRules) -> Result<(), Denied> {
        may_act(principal, &Action::Operate)
    }
}

/// What a member declares as its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssetsOf {
    /// The member.
    pub member: MemberId,
}

/// Says what is one's member's own, and takes that back.
#[derive(Debug, Clone, Copy)]
pub struct Declare;

impl Act<AssetsOf> for Declare {
    // What is whose tells who would be a victim, so nobody does it for another: the operator neither.
    fn allows(principal: &Principal, of: &AssetsOf) -> Result<(), Denied> {
        may_act(principal, &Action::DeclareAssets)?;
        if principal.reader.member == Some(of.member) { Ok(()) } else { Err(Denied::Owner) }
    }
}

/// What a member lets act at its sensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyOf {
    /// The member.
    pub member: MemberId,
}

/// Says what one's member lets act.
#[derive(Debug, Clone, Copy)]
pub struct SetPolicy;

impl Act<PolicyOf> for SetPolicy {
    // What is blocked where is for those to say who answer for it.
    fn allows(principal: &Principal, of: &PolicyOf) -> Result<(), Denied> {
        may_act(principal, &Action::SetPolicy)?;
        if principal.reader.member == Some(of.member) { Ok(()) } else { Err(Denied::Owner) }
    }
}

/// A circle, and what decides who acts in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircleOf {
    /// The circle.
    pub circle: CircleId,
    /// The member that owns it, as it is now or is to be.
    pub owner: Option<MemberId>,
    /// It has a charter of its own.
    pub formal: bool,
    /// Whose invitations let others in.
    pub admits: Admits,
    /// Who expels members and ends it.
    pub moderation: Moderation,
}

impl CircleOf {
    /// By its charter.
    #[must_use]
    pub fn new(circle: CircleId, owner: Option<MemberId>, charter: &Charter) -> CircleOf {
        let Charter { formal, admits, moderation, .. } = *charter;
        CircleOf { circle, owner, formal, admits, moderation }
    }

    fn is_owned_by(&self, principal: &Principal) -> bool {
        self.owner.is_some() && self.owner == principal.reader.member
    }
}

/// A member's place in a circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatOf {
    /// The circle.
    pub circle: CircleOf,
    /// The member.
    pub member: MemberId,
}

/// Makes a circle.
#[derive(Debug, Clone, Copy)]
pub struct Found;
/// Gives a circle another charter.
#[derive(Debug, Clone, Copy)]
pub struct Upgrade;
/// Makes, confirms and takes back invitations of one's own.
#[derive(Debug, Clone, Copy)]
pub struct Invite;
/// Brings one's own member in, or takes it out.
#[derive(Debug, Clone, Copy)]
pub struct Join;
/// Expels a member; takes back another's invitation, ends a circle.
#[derive(Debug, Clone, Copy)]
pub struct Moderate;
/// Notes that a circle has ended by itself.
#[derive(Debug, Clone, Copy)]
pub struct End;

impl Act<CircleOf> for Found {
    fn allows(principal: &Principal, of: &CircleOf) -> Result<(), Denied> {
        commits(principal, of.formal)?;
        if of.is_owned_by(principal) { Ok(()) } else { may_act(principal, &Action::FoundCircles) }
    }
}

impl Act<CircleOf> for Upgrade {
    fn allows(principal: &Principal, of: &CircleOf) -> Result<(), Denied> {
        commits(principal, true)?;
        if of.is_owned_by(principal) { Ok(()) } else { Err(Denied::Owner) }
    }
}

impl Act<CircleOf> for Invite {
    fn allows(principal: &Principal, of: &CircleOf) -> Result<(), Denied> {
        commits(principal, of.admits != Admits::Members)
    }
}

impl Act<SeatOf> for Join {
    fn allows(principal: &Principal, of: &SeatOf) -> Result<(), Denied> {
        commits(principal, of.circle.formal)?;
        if principal.reader.member == Some(of.member) { Ok(()) } else { Err(Denied::Owner) }
    }
}

impl Act<SeatOf> for Moderate {
    fn allows(principal: &Principal, of: &SeatOf) -> Result<(), Denied> {
        <Moderate as Act<CircleOf>>::allows(principal, &of.circle)
    }
}

impl Act<CircleOf> for Moderate {
    fn allows(principal: &Principal, of: &CircleOf) -> Result<(), Denied> {
        commits(principal, of.formal || of.moderation == Moderation::Administrators)?;
        let is_his = of.moderation != Moderation::Owner || of.is_owned_by(principal);
        if is_his { Ok(()) } else { Err(Denied::Owner) }
    }
}

impl Act<CircleOf> for End {
    fn allows(principal: &Principal, _: &CircleOf) -> Result<(), Denied> {
        may_act(principal, &Action::Operate)
    }
}

/// Who commits his member in a circle: administrators where there is a charter, analysts too where there is none. The
/// operator of the node administers its own member.
///
/// # Errors
/// The first thing that stands against it.
pub fn commits(principal: &Principal, formal: bool) -> Result<(), Denied> {
    if !formal {
        return may_act(principal, &Action::ActInCircles);
    }
    may_act(principal, &Action::FoundCircles).or_else(|_| may_act(principal, &Action::GovernCircles))
}

/// Says something, or has it refused.
#[derive(Debug, Clone, Copy)]
pub struct Submit;
/// Takes statements back.
#[derive(Debug, Clone, Copy)]
pub struct Withdraw;
/// Gives statements of one's own member another label.
#[derive(Debug, Clone, Copy)]
pub struct Relabel;
/// Gives what waited for a marking the label that it asks for: the node itself.
#[derive(Debug, Clone, Copy)]
pub struct Open;
/// Removes statements for good.
#[derive(Debug, Clone, Copy)]
pub struct Erase;
/// Looks at what only the node's administrators are told, which is written down.
#[derive(Debug, Clone, Copy)]
pub struct Look;
/// Makes all views again.
#[derive(Debug, Clone, Copy)]
pub struct Rebuild;

/// Where something is said: for which member, through which collection, if through one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The member, or that under which is kept what it says without its name.
    pub member: MemberId,
    /// The collection.
    pub collection: Option<CollectionId>,
}

/// Versions of an object that a member said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// The object.
    pub object: ObjectKey,
    /// The member.
    pub member: MemberId,
    /// The collection through which they are reached, if through one.
    pub through: Option<CollectionId>,
    /// Which.
    pub versions: Vec<Timestamp>,
}

/// All that a member said, by its name or without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaidBy {
    /// The member.
    pub member: MemberId,
}

/// Statements of a member, by position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statements {
    /// The member.
    pub member: MemberId,
    /// Where they stand.
    pub positions: Vec<u64>,
}

/// Statements, whoever said them, by position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions(pub Vec<u64>);

/// The whole record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record;

impl Act<Source> for Submit {
    fn allows(principal: &Principal, source: &Source) -> Result<(), Denied> {
        if !principal.reader.speaks_for(source.member) {
            may_act(principal, &Action::ManageMembers)?;
        }
        // What of it a sensor may say is judged object by object.
        may_act(principal, &source.collection.map_or(Action::SubmitObservation, Action::WriteCollection))
    }
}

impl Act<Versions> for Withdraw {
    fn allows(principal: &Principal, of: &Versions) -> Result<(), Denied> {
        may_act(principal, &Action::Withdraw(of.member, of.through))
    }
}

impl Act<SaidBy> for Withdraw {
    // Whoever may take back each of it may take back all of it.
    fn allows(principal: &Principal, of: &SaidBy) -> Result<(), Denied> {
        may_act(principal, &Action::Withdraw(of.member, None))
    }
}

impl Act<Statements> for Relabel {
    fn allows(principal: &Principal, of: &Statements) -> Result<(), Denied> {
        may_act(principal, &Action::Submit)?;
        if principal.reader.speaks_for(of.member) { Ok(()) } else { Err(Denied::Owner) }
    }
}

impl Act<Statements> for Open {
    fn allows(principal: &Principal, _: &Statements) -> Result<(), Denied> {
        may_act(principal, &Action::Operate)
    }
}

impl Act<Positions> for Erase {
    fn allows(principal: &Principal, _: &Positions) -> Result<(), Denied> {
        may_act(principal, &Action::Erase)
    }
}

impl Act<Record> for Erase {
    fn allows(principal: &Principal, _: &Record) -> Result<(), Denied> {
        may_act(principal, &Action::Erase)
    }
}

impl Act<Record> for Look {
    fn allows(principal: &Principal, _: &Record) -> Result<(), Denied> {
        may_act(principal, &Action::Operate)
    }
}

impl Act<Record> for Rebuild {
    fn allows(principal: &Principal, _: &Record) -> Result<(), Denied> {
        may_act(principal, &Action::Operate)
    }
}

/// Gives statements to an authority, under compulsion.
#[derive(Debug, Clone, Copy)]
pub struct Disclose;

/// What is given to an authority, and who does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosed {
    /// The member that is compelled.
    pub member: MemberId,
    /// What the node holds is given, whoever may see it: by the one who owns the node's folder, and by no token.
    pub held: bool,
    /// That takes an administrator who agrees.
    pub four_eyes: bool,
    /// The one who agrees, by his token.
    pub second: Option<Box<Principal>>,
    /// Where the statements stand; none where only an earlier act is sealed for longer.
    pub positions: Vec<u64>,
}

impl Act<Disclosed> for Disclose {
    fn allows(principal: &Principal, of: &Disclosed) -> Result<(), Denied> {
        if principal.reader.member != Some(of.member) {
            return Err(Denied::Owner);
        }
        if !of.held {
            return may_act(principal, &Action::Disclose);
        }
        may_act(principal, &Action::Operate)?;
        if principal.token.is_some() {
            return Err(Denied::Machine);
        }
        let agrees = |second: &Principal| second.token.is_some() && may_act(second, &Action::Operate).is_ok();
        if !of.four_eyes || of.second.as_deref().is_some_and(agrees) { Ok(()) } else { Err(Denied::Second) }
    }
}

/// Takes a submission that waits upon himself, returns it, or merges it.
#[derive(Debug, Clone, Copy)]
pub struct Curate;
/// Lets a submission in that waits.
#[derive(Debug, Clone, Copy)]
pub struct Release;

impl Act<Waiting> for Curate {
    // The clock opens nothing that a label holds back, so any time will do.
    fn allows(principal: &Principal, waiting: &Waiting) -> Result<(), Denied> {
        may_curate(principal, waiting, Timestamp::MAX)
    }
}

impl Act<Waiting> for Release {
    fn allows(principal: &Principal, waiting: &Waiting) -> Result<(), Denied> {
        may_release(principal, waiting, Timestamp::MAX).map(|_| ())
    }
}

impl Act<SubmissionId> for Curate {
    // What nobody answers in time the node answers itself.
    fn allows(principal: &Principal, _: &SubmissionId) -> Result<(), Denied> {
        may_act(principal, &Action::Operate)
    }
}
