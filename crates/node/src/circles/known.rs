//! The circles of the directory, with what every request looks up.

use std::collections::{HashMap, HashSet};

use model::gate::CircleOf;
use model::iep::Demand;
use model::kept::{self, Agreement, Term};
use model::{Charter, CircleId, Definition, InvitationId, Label, MemberId, Timestamp};
use store::directory::{Circle, Directory, Invitation, Membership};

use crate::{Error, Kind};

/// A circle, and who was ever in it.
#[derive(Debug)]
pub(crate) struct Known {
    /// As the directory has it.
    pub(crate) circle: Circle,
    /// Its definition, read.
    pub(crate) definition: Definition,
    /// Everybody's being in it, in the order of joining.
    memberships: Vec<Membership>,
    /// What each of them agreed to, in the same order, as far as it says how long is kept what is said.
    agreements: Vec<Agreement>,
    // Whose membership counts: that of members that are not revoked.
    gone: HashSet<MemberId>,
}

/// Every circle.
#[derive(Debug, Default)]
pub(crate) struct Circles {
    circles: Vec<Known>,
    /// Circles that a member is or was in.
    by_member: HashMap<MemberId, Vec<usize>>,
    by_audience: HashMap<CircleId, usize>,
    // Definitions that somebody agreed to and no circle says any more, by digest.
    agreed_before: HashMap<String, Definition>,
    invitations: HashMap<[u8; 32], Invitation>,
}

impl Known {
    /// What its members agreed to.
    pub(crate) fn charter(&self) -> &Charter {
        &self.definition.charter
    }

    /// Those who are in it, the longest first.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Membership> {
        self.memberships.iter().filter(|one| one.revoked.is_none() && !self.gone.contains(&one.member))
    }

    /// The membership of one who is in it.
    pub(crate) fn membership(&self, member: MemberId) -> Option<&Membership> {
        self.members().find(|one| one.member == member)
    }

    // Whoever invited stands for it only as long as he is in it.
    fn stands_by(&self, invitation: &Invitation) -> bool {
        self.membership(invitation.by).is_some()
    }

    /// Everybody's being in it, those too who left.
    pub(crate) fn stays(&self) -> &[Membership] {
        &self.memberships
    }

    /// Whether somebody who left sees on what was said to him there before.
    pub(crate) fn keeps(&self, left: &Membership, audience: CircleId) -> bool {
        let kept = self.circle.audiences.get(..left.kept as usize).unwrap_or(&self.circle.audiences);
        kept.contains(&audience)
    }

    /// What was agreed to in it, in the order of joining.
    pub(crate) fn agreements(&self) -> &[Agreement] {
        &self.agreements
    }

    /// Whether a member is in it, or ever was.
    pub(crate) fn was_in(&self, member: MemberId) -> bool {
        self.memberships.iter().any(|one| one.member == member)
    }

    /// The member that has been in it the longest: whoever leaves hands it on without an act.
    pub(crate) fn owner(&self) -> Option<MemberId> {
        self.members().next().map(|one| one.member)
    }

    /// It, for the gate.
    pub(crate) fn of(&self) -> CircleOf {
        CircleOf::new(self.circle.id, self.owner(), self.charter())
    }

    /// It goes on: neither ended nor expired, and somebody is in it.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        self.circle.revoked.is_none()
            && self.circle.expires.is_none_or(|at| at > now)
            && self.owner().is_some()
    }

    // The audiences under which what is said to it is for a member that is or was in it.
    fn audiences(&self, member: MemberId, now: Timestamp) -> &[CircleId] {
        let all = &self.circle.audiences;
        let keeps = self.charter().leavers == model::circle::Leavers::Keep;
        if self.membership(member).is_some() {
            return if keeps || self.is_live(now) { all } else { &[] };
        }
        let last = self.memberships.iter().rev().find(|one| one.member == member);
        let kept = last.map_or(0, |one| one.kept as usize);
        all.get(..kept).unwrap_or(all)
    }
}

impl Circles {
    /// Indexes those of a directory.
    pub(crate) fn new(directory: &Directory) -> Result<Circles, Error> {
        let gone: HashSet<MemberId> =
            directory.members.iter().filter(|one| one.revoked.is_some()).map(|one| one.id).collect();
        let mut memberships: HashMap<CircleId, Vec<Membership>> = HashMap::new();
        for one in &directory.memberships {
            memberships.entry(one.circle).or_default().push(one.clone());
        }
        let unreadable = || Error::new(Kind::Internal, "the definition of a circle cannot be read");
        let read = |text: &String| Definition::from_canonical(text).ok_or_else(unreadable);
        let agreed_before = directory.agreed_before.iter();
        let mut known = Circles {
            agreed_before: agreed_before
                .filter_map(|(digest, text)| Some((digest.clone(), Definition::from_canonical(text)?)))
                .collect(),
            invitations: directory.invitations.iter().map(|one| (one.digest, one.clone())).collect(),
            ..Circles::default()
        };
        for circle in &directory.circles {
            let definition = read(&circle.definition)?;
            let memberships = memberships.remove(&circle.id).unwrap_or_default();
            for one in &memberships {
                let of_member = known.by_member.entry(one.member).or_default();
                if of_member.last() != Some(&known.circles.len()) {
                    of_member.push(known.circles.len());
                }
            }
            let place = known.circles.len();
            known.by_audience.extend(circle.audiences.iter().map(|id| (*id, place)));
            let gone = memberships.iter().map(|one| one.member).filter(|one| gone.contains(one)).collect();
            let agreements = known.agreements(&definition, &memberships);
            known.circles.push(Known { circle: circle.clone(), definition, memberships, agreements, gone });
        }
        Ok(known)
    }

    // What is not known was agreed to before definitions were kept, or is nothing, where a circle was made for somebody: it
    // lets nothing go.
    fn agreements(&self, definition: &Definition, memberships: &[Membership]) -> Vec<Agreement> {
        let digest = definition.digest();
        let term = |agreed: &str| match agreed == digest {
            true => Term::of(&definition.charter),
            false => self.agreed_before.get(agreed).map_or(Term::Unlimited, |one| Term::of(&one.charter)),
        };
        let agreement = |one: &Membership| Agreement {
            member: one.member,
            since: one.since,
            left: one.revoked,
            term: term(&one.agreed),
        };
        memberships.iter().map(agreement).collect()
    }

    /// What somebody agreed to that its circle says no more.
    pub(crate) fn agreed_before(&self, digest: &str) -> Option<&Definition> {
        self.agreed_before.get(digest)
    }

    /// The term for what a member says to circles by its name, if these decide how long it is kept.
    pub(crate) fn term(&self, label: &Label) -> Term {
        self.together(label, |known| kept::named(&known.agreements, label.author))
    }

    /// The same for what was said without a name: by when it was said and entered, and by nothing else.
    pub(crate) fn term_unnamed(&self, label: &Label, said: Timestamp, entered: Timestamp) -> Term {
        self.together(label, |known| kept::unnamed(&known.agreements, said, entered))
    }

    /// The shortest that this ever answers.
    pub(crate) fn shortest_unnamed(&self, label: &Label) -> Term {
        self.together(label, |known| kept::shortest(&known.agreements))
    }

    fn together(&self, label: &Label, term: impl Fn(&Known) -> Term) -> Term {
        if !kept::is_for_circles_alone(label) {
            return Term::Unlimited;
        }
        let circles = label.recipients.circles.iter();
        kept::together(circles.map(|id| self.with_audience(*id).map_or(Term::Unlimited, &term)))
    }

    /// Under which ids labels name circles whose content is for this member, in order.
    pub(crate) fn audiences(&self, member: MemberId, now: Timestamp) -> Vec<CircleId> {
        let circles = self.was_in(member);
        let mut ids: Vec<CircleId> = circles.flat_map(|one| one.audiences(member, now)).copied().collect();
        ids.sort_unstable();
        ids
    }

    fn was_in(&self, member: MemberId) -> impl Iterator<Item = &Known> {
        let places = self.by_member.get(&member).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.circles.get(*place))
    }

    /// The circles that a member is in.
    pub(crate) fn of(&self, member: MemberId, now: Timestamp) -> impl Iterator<Item = &Known> {
        self.was_in(member).filter(move |one| one.is_live(now) && one.membership(member).is_some())
    }

    /// Whether a policy that binds now demands that what this member is told is encrypted on its way (IEP 2.0 §9): that of a circle
    /// that he is in, and where he left one or it ended, and he sees on what was said to it, the one that he agreed to last. What
    /// becomes of a circle that he left he is not told, by this neither.
    pub(crate) fn demand_encryption(&self, member: MemberId, now: Timestamp) -> bool {
        let demands = |charter: &Charter| charter.iep.binding(now).encrypt_in_transit == Demand::Must;
        self.was_in(member).any(|one| {
            if one.is_live(now) && one.membership(member).is_some() {
                return demands(one.charter());
            }
            let kept = || self.last_agreed(one, member).is_some_and(|agreed| demands(&agreed.charter));
            !one.audiences(member, now).is_empty() && kept()
        })
    }

    // What a member that is or was in a circle agreed to last, where that is known.
    fn last_agreed<'a>(&'a self, known: &'a Known, member: MemberId) -> Option<&'a Definition> {
        let last = known.memberships.iter().rev().find(|one| one.member == member)?;
        match last.agreed == known.definition.digest() {
            true => Some(&known.definition),
            false => self.agreed_before(&last.agreed),
        }
    }

    /// The circle that labels name by this id, now or before.
    pub(crate) fn with_audience(&self, id: CircleId) -> Option<&Known> {
        self.circles.get(*self.by_audience.get(&id)?)
    }

    /// A label for circles as they are now, whoever was in them when it was made.
    pub(crate) fn as_now(&self, mut label: Label) -> Label {
        for id in &mut label.recipients.circles {
            let now = self.with_audience(*id).and_then(|known| known.circle.audiences.last());
            *id = now.copied().unwrap_or(*id);
        }
        label
    }

    /// Every circle that should end by itself: it has expired, or nobody is left in it.
    pub(crate) fn over(&self, now: Timestamp) -> impl Iterator<Item = &Known> {
        self.circles.iter().filter(move |one| one.circle.revoked.is_none() && !one.is_live(now))
    }

    /// The circle and the invitation with this digest of its secret, while both are good.
    pub(crate) fn invited(&self, digest: &[u8; 32], now: Timestamp) -> Option<(&Known, &Invitation)> {
        let invitation = self.invitations.get(digest).filter(|one| one.expires > now)?;
        let circle = self.circles.iter().find(|one| one.circle.id == invitation.circle)?;
        (circle.is_live(now) && circle.stands_by(invitation)).then_some((circle, invitation))
    }

    /// The invitations to a circle that are good, the oldest first.
    pub(crate) fn invitations(&self, circle: CircleId, now: Timestamp) -> Vec<&Invitation> {
        let known = self.circles.iter().find(|one| one.circle.id == circle);
        let stands = |one: &Invitation| known.is_some_and(|known| known.stands_by(one));
        let good = |one: &&Invitation| one.circle == circle && one.expires > now && stands(one);
        let mut found: Vec<&Invitation> = self.invitations.values().filter(good).collect();
        found.sort_by_key(|one| (one.created, one.id));
        found
    }

    /// One of them.
    pub(crate) fn invitation(
        &self,
        circle: CircleId,
        id: InvitationId,
        now: Timestamp,
    ) -> Option<&Invitation> {
        self.invitations(circle, now).into_iter().find(|one| one.id == id)
    }
}
