//! Circles: made, joined by invitation, left, moderated, ended. Whoever is not in one is told what he would be told if
//! there were none.

pub(crate) mod known;
pub(crate) mod shown;

use std::ops::ControlFlow;

use model::circle::{Admits, Charter, Leavers};
use model::gate::{self, Act, CircleOf, SeatOf};
use model::{
    Action, Authorized, CircleId, Definition, InvitationId, MemberId, MembershipId, Reader, Timestamp, Tlp,
    TokenId,
};
use store::authority::Covers;
use store::directory::{Change, Circle, CircleAct, Invitation, Membership};

use self::known::Known;
use crate::charters::LET_GO;
use crate::directory::{checked_name, not_found, not_revoked, signed_in};
use crate::roster::Roster;
use crate::writing::Failure;
use crate::{Caller, Error, Kind, NewCircle, Node, random, views};

/// How long an informal circle lasts when nothing else is said: 30 days, in seconds.
const LIFE_S: u64 = 30 * 86_400;
/// How long one that expires lasts at most: 365 days, in seconds.
const LONGEST_LIFE_S: u64 = 365 * 86_400;
/// How long an invitation is good when nothing else is said: 7 days, in seconds.
const INVITATION_LIFE_S: u64 = 7 * 86_400;
/// How long at most: 30 days, in seconds.
const LONGEST_INVITATION_LIFE_S: u64 = 30 * 86_400;
/// Circles that a member is in at once.
const CIRCLES: usize = 1_000;
/// Acts that are told of a circle, the newest.
const ACTS: usize = 500;
/// Invitations to a circle that are good at once.
const INVITATIONS: usize = 100;

/// How far joining got.
enum Step {
    /// The charter is to be agreed to first.
    Shown(Box<views::Circle>),
    Joined(CircleId),
}

impl Node {
    /// Makes a circle with the caller's member in it; a formal one where it has a charter that says so, which an
    /// administrator of the node may also make for another member, and sees nothing of it then.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::NotFound`] for the owner; [`Kind::Conflict`] for a name that another circle of the
    /// caller's member has; [`Kind::Invalid`].
    pub fn add_circle(&self, caller: &Caller, new: &NewCircle) -> Result<views::Circle, Error> {
        self.judged(caller, |roster, caller| {
            let own = signed_in(caller)?;
            let charter = new.charter.clone().unwrap_or_default();
            gate::commits(&caller.principal, charter.formal)?;
            let owner = match &new.owner {
                Some(name) => crate::directory::member_for(roster, caller, name)?.id,
                None => own,
            };
            if owner == own {
                binds(caller, &charter)?;
            }
            let id = CircleId(random::uuid()?);
            let by = Node::authorized(roster, caller, gate::Found, CircleOf::new(id, Some(owner), &charter))?;
            if let Some(member) = roster.member(owner) {
                not_revoked(member)?;
            }
            let now = self.now();
            let name = checked_name("a circle", &new.name)?;
            free_for(roster, owner, &name, now)?;
            let definition = checked(Definition { id, name, charter })?;
            let circle = Circle {
                id: definition.id,
                definition: definition.canonical(),
                audiences: vec![definition.id],
                created: now,
                expires: expires(now, new.expire_s, definition.charter.formal)?,
                revoked: None,
            };
            let membership = Membership {
                // Nobody agrees for another.
                agreed: if owner == own { definition.digest() } else { String::new() },
                ..joining(&definition, owner, caller, now)?
            };
            let act = act(definition.id, caller, now, "add", (owner != own).then_some(owner));
            let expires = circle.expires.map(|at| at.to_string());
            let changes = [Change::Circle(circle), Change::Membership(membership), Change::CircleAct(act)];
            self.gather(by, changes)?;
            Ok(views::Circle { expires, agrees: owner == own, ..shown::outline(&definition, now, now) })
        })
    }

    /// The circles that the caller's member is in, without what was done in them.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] for visitors; [`Kind::Forbidden`].
    pub fn circles(&self, caller: &Caller) -> Result<Vec<views::Circle>, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::SeeCircles)?;
        let (roster, now) = (self.roster(), self.now());
        let circles = roster.circles().of(own, now);
        Ok(circles.map(|known| shown::circle(&roster, known, own, now)).collect())
    }

    /// One of them, by name or id, with its good invitations and what was done in it, of that the newest 500 acts. That something
    /// was let go is told to who could have read whatever it was.
    ///
    /// # Errors
    /// [`Kind::NotFound`], also for one that the caller's member is not in; [`Kind::Forbidden`]; [`Kind::Conflict`] for
    /// a name that several have.
    pub fn circle(&self, caller: &Caller, name: &str) -> Result<views::Circle, Error> {
        Node::allowed(caller, &Action::SeeCircles)?;
        let (roster, now) = (self.roster(), self.now());
        let (own, known) = his(&roster, caller, name, now)?;
        let mut view = shown::circle(&roster, known, own, now);
        if gate::Invite::allows(&caller.principal, &known.of()).is_ok() {
            let invitations = roster.circles().invitations(known.circle.id, now);
            view.invitations = invitations.into_iter().map(invitation_view).collect();
        }
        let erasures_since = erasures_since(caller, known, own);
        let (mut acts, mut more) = (Vec::new(), false);
        self.inner.store.snapshot()?.circle_acts(known.circle.id, &mut |act| {
            if act.verb == LET_GO && erasures_since.is_none_or(|since| act.at <= since) {
                return ControlFlow::Continue(());
            }
            more = acts.len() == ACTS;
            if more {
                return ControlFlow::Break(());
            }
            acts.push(act);
            ControlFlow::Continue(())
        })?;
        acts.reverse();
        view.more_history = more;
        view.history = shown::history(&roster, known, own, acts);
        Ok(view)
    }

    /// Gives a circle of the caller's member, which owns it, another charter. A formal one does not expire, unless that
    /// is said again.
    ///
    /// # Errors
    /// As [`Node::circle`], and [`Kind::Invalid`] for a charter that cannot be kept.
    pub fn upgrade_circle(
        &self,
        caller: &Caller,
        name: &str,
        charter: &Charter,
        expire_s: Option<u64>,
    ) -> Result<views::Circle, Error> {
        self.judged(caller, |roster, caller| {
            gate::commits(&caller.principal, true)?;
            let now = self.now();
            let (own, known) = his(roster, caller, name, now)?;
            let by = Node::authorized(roster, caller, gate::Upgrade, known.of())?;
            let Definition { id, name, .. } = known.definition.clone();
            let definition = checked(Definition { id, name, charter: charter.clone() })?;
            let circle = Circle {
                definition: definition.canonical(),
                expires: expires(now, expire_s, charter.formal)?,
                ..known.circle.clone()
            };
            let agreed = known
                .membership(own)
                .map(|one| Change::Membership(Membership { agreed: definition.digest(), ..one.clone() }));
            let act = act(id, caller, now, "upgrade", None);
            let changes = [Some(Change::Circle(circle)), agreed, Some(Change::CircleAct(act))];
            self.gather(by, changes.into_iter().flatten())?;
            Ok(())
        })?;
        self.circle(caller, name)
    }

    /// Invites whoever is given the secret, which is in the answer and nowhere else. It is good once.
    ///
    /// # Errors
    /// As [`Node::circle`], and [`Kind::Forbidden`] where the charter lets others invite; [`Kind::Conflict`] for too many
    /// that are open; [`Kind::Invalid`].
    pub fn invite(
        &self,
        caller: &Caller,
        name: &str,
        expire_s: Option<u64>,
    ) -> Result<views::NewInvitation, Error> {
        let life_s = expire_s.unwrap_or(INVITATION_LIFE_S);
        if !(1..=LONGEST_INVITATION_LIFE_S).contains(&life_s) {
            let message = "an invitation is good for at least a second and at most 30 days";
            return Err(Error::new(Kind::Invalid, message));
        }
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::ActInCircles)?;
            let now = self.now();
            let (own, known) = his(roster, caller, name, now)?;
            let by = Node::authorized(roster, caller, gate::Invite, known.of())?;
            if roster.circles().invitations(known.circle.id, now).len() >= INVITATIONS {
                let error = Error::new(Kind::Conflict, "too many invitations to this circle are open");
                return Err(error.hint("take one back: `accord circle uninvite`").into());
            }
            let secret = model::token::text(&random::bytes()?);
            let invitation = Invitation {
                id: InvitationId(random::uuid()?),
                circle: known.circle.id,
                digest: model::token::digest(&secret),
                by: own,
                second: None,
                needs_second: known.charter().admits == Admits::TwoAdministrators
                    && known.members().nth(1).is_some(),
                created: now,
                expires: now.plus_seconds(i64::try_from(life_s).unwrap_or(i64::MAX)),
                revoked: None,
            };
            let answer = views::NewInvitation {
                id: invitation.id.to_string(),
                name: known.definition.name.clone(),
                expires: invitation.expires.to_string(),
                needs_second: invitation.needs_second,
                secret,
            };
            let act = act(known.circle.id, caller, now, "invite", None);
            self.gather(by, [Change::Invitation(invitation), Change::CircleAct(act)])?;
            Ok(answer)
        })
    }

    /// Confirms another member's invitation, where the charter asks for two administrators.
    ///
    /// # Errors
    /// As [`Node::invite`]; [`Kind::NotFound`] for an invitation that is not open; [`Kind::Conflict`] for one of the
    /// caller's own member.
    pub fn confirm_invitation(
        &self,
        caller: &Caller,
        name: &str,
        id: &str,
    ) -> Result<views::Invitation, Error> {
        self.judged(caller, |roster, caller| {
            let now = self.now();
            Node::allowed(caller, &Action::ActInCircles)?;
            let (own, known) = his(roster, caller, name, now)?;
            let by = Node::authorized(roster, caller, gate::Invite, known.of())?;
            let invitation = open_invitation(roster, known, id, now)?;
            if invitation.by == own {
                return Err(Error::new(Kind::Conflict, "another member confirms an invitation").into());
            }
            let confirmed = Invitation { second: Some(own), ..invitation.clone() };
            let act = act(known.circle.id, caller, now, "confirm", Some(invitation.by));
            self.gather(by, [Change::Invitation(confirmed.clone()), Change::CircleAct(act)])?;
            Ok(invitation_view(&confirmed))
        })
    }

    /// Takes an invitation back: the member's that made it, and whoever moderates the circle.
    ///
    /// # Errors
    /// As [`Node::confirm_invitation`].
    pub fn uninvite(&self, caller: &Caller, name: &str, id: &str) -> Result<views::Invitation, Error> {
        self.judged(caller, |roster, caller| {
            let now = self.now();
            Node::allowed(caller, &Action::ActInCircles)?;
            let (own, known) = his(roster, caller, name, now)?;
            let by = Node::authorized(roster, caller, gate::Invite, known.of())?;
            let invitation = open_invitation(roster, known, id, now)?;
            let gone = Invitation { revoked: Some(now), ..invitation.clone() };
            let act = act(known.circle.id, caller, now, "uninvite", Some(invitation.by));
            let changes = [Change::Invitation(gone.clone()), Change::CircleAct(act)];
            if invitation.by == own {
                self.gather(by, changes)?;
            } else {
                let by = Node::authorized(roster, caller, gate::Moderate, known.of())?;
                self.gather(by, changes)?;
            }
            Ok(invitation_view(&gone))
        })
    }

    /// Brings the caller's member into the circle that a secret invites to. A formal one, and one with a term, is joined by
    /// who says which definition he agrees to, by its digest; without that he is shown it, and the invitation stays good.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for a secret that is wrong, used or too old; [`Kind::Forbidden`]; [`Kind::Conflict`] where
    /// the member is in it already, where the definition is another by now, and where a second member has yet to
    /// confirm.
    pub fn join_circle(
        &self,
        caller: &Caller,
        secret: &str,
        agree: Option<&str>,
    ) -> Result<views::Joined, Error> {
        let digest = model::token::digest(secret.trim());
        let joined = self.judged(caller, |roster, caller| {
            let own = signed_in(caller)?;
            Node::allowed(caller, &Action::ActInCircles)?;
            let now = self.now();
            let wrong = || {
                let message = "there is no such invitation: the secret is wrong, used or too old";
                Error::new(Kind::NotFound, message)
            };
            let (known, invitation) = roster.circles().invited(&digest, now).ok_or_else(wrong)?;
            let seat = SeatOf { circle: known.of(), member: own };
            let by = Node::authorized(roster, caller, gate::Join, seat)?;
            if known.membership(own).is_some() {
                let message = format!("your member is in `{}` already", known.definition.name);
                return Err(Error::new(Kind::Conflict, message).into());
            }
            // What it says of how long things are kept binds whoever joins, so nobody does unseen.
            binds(caller, known.charter())?;
            let is_binding = known.charter().formal || known.charter().retention_days.is_some();
            if is_binding && agree.is_none() {
                let outline = shown::outline(&known.definition, known.circle.created, now);
                return Ok(Step::Shown(Box::new(outline)));
            }
            if agree.is_some_and(|agree| agree != known.definition.digest()) {
                return Err(another_definition("join without it to see the definition as it is now").into());
            }
            if invitation.needs_second
                && invitation.second.is_none_or(|second| known.membership(second).is_none())
            {
                let message = "a second member has yet to confirm this invitation";
                return Err(Error::new(Kind::Conflict, message).into());
            }
            free_for(roster, own, &known.definition.name, now)?;
            let changes = [
                Change::Invitation(Invitation { revoked: Some(now), ..invitation.clone() }),
                Change::Membership(joining(&known.definition, own, caller, now)?),
                Change::CircleAct(act(known.circle.id, caller, now, "join", Some(invitation.by))),
            ];
            let id = known.circle.id;
            // What was said to the circle before is new to him.
            let readers: Vec<(Reader, Reader)> = roster
                .readers_of(own, now)
                .into_iter()
                .map(|before| (before.clone(), joined(before, &known.circle.audiences)))
                .collect();
            let openings = self.openings(&readers)?;
            self.gather(by, changes.into_iter().chain(openings))?;
            Ok(Step::Joined(id))
        })?;
        let id = match joined {
            Step::Shown(circle) => return Ok(views::Joined { joined: false, circle: *circle }),
            Step::Joined(id) => id,
        };
        let (roster, now) = (self.roster(), self.now());
        let (own, known) = his(&roster, caller, &id.to_string(), now)?;
        Ok(views::Joined { joined: true, circle: shown::circle(&roster, known, own, now) })
    }

    /// Agrees for the caller's member to what a circle of his says by now, by the digest of its definition: from then on that
    /// says for how long is kept what the member said to it, and says.
    ///
    /// # Errors
    /// As [`Node::circle`]; [`Kind::Conflict`] where the definition is another.
    pub fn agree_to_circle(&self, caller: &Caller, name: &str, digest: &str) -> Result<views::Circle, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::ActInCircles)?;
            let now = self.now();
            let (own, known) = his(roster, caller, name, now)?;
            let seat = SeatOf { circle: known.of(), member: own };
            let by = Node::authorized(roster, caller, gate::Join, seat)?;
            binds(caller, known.charter())?;
            if digest != known.definition.digest() {
                return Err(another_definition("`accord circle show` has it as it is now").into());
            }
            let membership = known.membership(own).ok_or_else(|| not_found("circle", name))?;
            if membership.agreed == digest {
                return Ok(());
            }
            let agreed = Membership { agreed: digest.to_owned(), ..membership.clone() };
            let act = act(known.circle.id, caller, now, "agree", None);
            self.gather(by, [Change::Membership(agreed), Change::CircleAct(act)])
        })?;
        self.circle(caller, name)
    }

    /// Takes the caller's member out of a circle. Who is the last ends it.
    ///
    /// # Errors
    /// As [`Node::circle`].
    pub fn leave_circle(&self, caller: &Caller, name: &str) -> Result<views::Named, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::ActInCircles)?;
            let now = self.now();
            let (own, known) = his(roster, caller, name, now)?;
            let seat = SeatOf { circle: known.of(), member: own };
            let by = Node::authorized(roster, caller, gate::Join, seat)?;
            let changes = parting(known, own, known.charter().leavers, now)?;
            let act = act(known.circle.id, caller, now, "leave", None);
            self.gather(by, changes.into_iter().chain([Change::CircleAct(act)]))?;
            Ok(named(known))
        })
    }

    /// Takes another member out of a circle; it keeps nothing.
    ///
    /// # Errors
    /// As [`Node::circle`], and [`Kind::Forbidden`] for who does not moderate it; [`Kind::NotFound`] for a member that is
    /// not in it; [`Kind::Conflict`] for the caller's own.
    pub fn expel(&self, caller: &Caller, name: &str, member: &str) -> Result<views::Named, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::ActInCircles)?;
            let now = self.now();
            let (own, known) = his(roster, caller, name, now)?;
            // Before anything is looked up, so that a refusal tells nothing of who is in it.
            gate::Moderate::allows(&caller.principal, &known.of())?;
            let is_meant = |one: &&Membership| {
                let found = roster.member(one.member);
                one.member.to_string() == member || found.is_some_and(|found| found.name == member)
            };
            let expelled = known.members().find(is_meant).ok_or_else(|| not_found("member", member))?;
            if expelled.member == own {
                let error = Error::new(Kind::Conflict, "nobody expels his own member");
                return Err(error.hint("`accord circle leave` leaves it").into());
            }
            let seat = SeatOf { circle: known.of(), member: expelled.member };
            let by = Node::authorized(roster, caller, gate::Moderate, seat)?;
            let changes = parting(known, expelled.member, Leavers::Close, now)?;
            let act = act(known.circle.id, caller, now, "expel", Some(expelled.member));
            self.gather(by, changes.into_iter().chain([Change::CircleAct(act)]))?;
            Ok(named(known))
        })
    }

    /// Ends a circle. What was said to it stays its authors'; where the charter lets leavers keep what they saw, its
    /// members do.
    ///
    /// # Errors
    /// As [`Node::expel`].
    pub fn revoke_circle(&self, caller: &Caller, name: &str) -> Result<views::Named, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::ActInCircles)?;
            let now = self.now();
            let (_, known) = his(roster, caller, name, now)?;
            let by = Node::authorized(roster, caller, gate::Moderate, known.of())?;
            let ended = Circle { revoked: Some(now), ..known.circle.clone() };
            let act = act(known.circle.id, caller, now, "revoke", None);
            self.gather(by, [Change::Circle(ended), Change::CircleAct(act)])?;
            Ok(named(known))
        })
    }

    /// Writes down that circles have ended that expired or that nobody is in, so that neither a clock that runs back nor
    /// a backup brings them back.
    pub(crate) fn end_circles(&self) -> Result<(), Error> {
        self.judged(&self.operator(), |roster, node| {
            let now = self.now();
            let over: Vec<CircleOf> = roster.circles().over(now).map(Known::of).collect();
            if over.is_empty() {
                return Ok(());
            }
            let by = Node::authorized(roster, node, gate::End, over)?;
            let ended = roster.circles().over(now).flat_map(|known| {
                let circle = Circle { revoked: Some(now), ..known.circle.clone() };
                let act = CircleAct {
                    circle: circle.id,
                    at: now,
                    member: None,
                    token: None,
                    verb: "end".to_owned(),
                    about: None,
                };
                [Change::Circle(circle), Change::CircleAct(act)]
            });
            self.gather(by, ended)
        })
    }

    // A change of circles is told to their members, and is in no audit of the node: who joins whom is not its business.
    fn gather<A: Act<I>, I: Covers<A, Change>>(
        &self,
        by: Authorized<A, I>,
        changes: impl IntoIterator<Item = Change>,
    ) -> Result<(), Failure> {
        let changes: Vec<Change> = changes.into_iter().collect();
        self.inner.store.change(by, &changes, None)?;
        Ok(self.refresh()?)
    }
}

// Since when he is told that something was let go: what charters let go is for all who are in the circle, up to AMBER+STRICT.
// Who reads nothing, or not that high, does not know that there was anything, nor who came later.
fn erasures_since(caller: &Caller, known: &Known, own: MemberId) -> Option<Timestamp> {
    let reads = Node::allowed(caller, &Action::Read).is_ok();
    let sees = reads && caller.principal.reader.ceiling >= Tlp::AmberStrict;
    known.membership(own).filter(|_| sees).map(|one| one.since)
}

// A circle that the caller's member is in, by id or name.
pub(crate) fn his<'r>(
    roster: &'r Roster,
    caller: &Caller,
    name: &str,
    now: Timestamp,
) -> Result<(MemberId, &'r Known), Error> {
    let own = signed_in(caller)?;
    let circles: Vec<&Known> = roster.circles().of(own, now).collect();
    if let Some(known) = circles.iter().find(|one| one.circle.id.to_string() == name) {
        return Ok((own, known));
    }
    let mut called = circles.into_iter().filter(|one| one.definition.name == name);
    match (called.next(), called.next()) {
        (Some(known), None) => Ok((own, known)),
        (None, _) => Err(not_found("circle", name)),
        (Some(_), Some(_)) => {
            let error = Error::new(Kind::Conflict, format!("several circles are called `{name}`"));
            Err(error.hint("name it by its id"))
        }
    }
}

// Names are told apart within a member's own circles only: of others it must not learn that they are there.
fn free_for(roster: &Roster, member: MemberId, name: &str, now: Timestamp) -> Result<(), Error> {
    let mut circles = 0;
    for known in roster.circles().of(member, now) {
        circles += 1;
        if known.definition.name == name {
            let message = format!("that member is in a circle `{name}` already");
            return Err(Error::new(Kind::Conflict, message));
        }
    }
    if circles >= CIRCLES {
        return Err(Error::new(Kind::Conflict, format!("a member is in at most {CIRCLES} circles")));
    }
    Ok(())
}

fn another_definition(hint: &str) -> Error {
    Error::new(Kind::Conflict, "this is not the digest of its definition").hint(hint)
}

fn checked(definition: Definition) -> Result<Definition, Error> {
    let wrong = |why: model::circle::NotACharter| Error::new(Kind::Invalid, why.to_string());
    definition.charter.check().map_err(wrong)?;
    Ok(definition)
}

fn expires(now: Timestamp, asked: Option<u64>, formal: bool) -> Result<Option<Timestamp>, Error> {
    let life = match asked {
        None if formal => return Ok(None),
        None => LIFE_S,
        Some(life) => life,
    };
    if !(1..=LONGEST_LIFE_S).contains(&life) {
        let message = "a circle that expires lasts at least a second and at most 365 days";
        return Err(Error::new(Kind::Invalid, message));
    }
    Ok(Some(now.plus_seconds(i64::try_from(life).unwrap_or(i64::MAX))))
}

fn joining(
    definition: &Definition,
    member: MemberId,
    caller: &Caller,
    now: Timestamp,
) -> Result<Membership, Error> {
    let reader = &caller.principal.reader;
    Ok(Membership {
        id: MembershipId(random::uuid()?),
        circle: definition.id,
        member,
        person: reader.person.filter(|_| reader.member == Some(member)),
        agreed: definition.digest(),
        since: now,
        revoked: None,
        kept: 0,
    })
}

// The same reader, in a circle.
fn joined(mut reader: Reader, audiences: &[CircleId]) -> Reader {
    reader.circles.extend(audiences);
    reader.circles.sort_unstable();
    reader.circles.dedup();
    reader
}

// A membership ends. Where what was seen is kept, what is said from now on is said to another audience.
fn parting(known: &Known, member: MemberId, leavers: Leavers, now: Timestamp) -> Result<Vec<Change>, Error> {
    let membership = known.membership(member).ok_or_else(|| not_found("circle", &known.definition.name))?;
    let keeps = leavers == Leavers::Keep;
    let kept = if keeps { u32::try_from(known.circle.audiences.len()).unwrap_or(u32::MAX) } else { 0 };
    let mut changes = vec![Change::Membership(Membership { revoked: Some(now), kept, ..membership.clone() })];
    let mut circle = known.circle.clone();
    if known.members().nth(1).is_none() {
        circle.revoked = Some(now);
    } else if keeps {
        circle.audiences.push(CircleId(random::uuid()?));
    }
    if circle != known.circle {
        changes.push(Change::Circle(circle));
    }
    Ok(changes)
}

fn act(circle: CircleId, caller: &Caller, at: Timestamp, verb: &str, about: Option<MemberId>) -> CircleAct {
    let token: Option<TokenId> = caller.principal.token;
    CircleAct { circle, at, member: caller.principal.reader.member, token, verb: verb.to_owned(), about }
}

fn open_invitation<'r>(
    roster: &'r Roster,
    known: &Known,
    id: &str,
    now: Timestamp,
) -> Result<&'r Invitation, Error> {
    let found = id.parse().ok().and_then(|id| roster.circles().invitation(known.circle.id, id, now));
    found.ok_or_else(|| not_found("invitation", id))
}

fn invitation_view(invitation: &Invitation) -> views::Invitation {
    views::Invitation {
        id: invitation.id.to_string(),
        created: invitation.created.to_string(),
        expires: invitation.expires.to_string(),
        waits: invitation.needs_second && invitation.second.is_none(),
        revoked: invitation.revoked.map(|at| at.to_string()),
    }
}

// A term lets go of all that the member's persons say to the circle, also before: only who administers it agrees to one.
fn binds(caller: &Caller, charter: &Charter) -> Result<(), Error> {
    Ok(gate::commits(&caller.principal, charter.retention_days.is_some())?)
}

fn named(known: &Known) -> views::Named {
    views::Named { id: known.circle.id.to_string(), name: known.definition.name.clone() }
}
