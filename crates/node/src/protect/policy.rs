//! What a member lets act at its sensors: for its own people to see and to say.

use model::circle::Shows;
use model::gate::{PolicyOf, SetPolicy};
use model::{Action, CircleId, MemberId, Timestamp};
use store::directory::{self, Change};

use crate::addressed::knows_of;
use crate::core::policy::{DEFAULT, Names, Wrong, read};
use crate::directory::signed_in;
use crate::roster::Roster;
use crate::{Caller, Error, Kind, Node, views};

impl Node {
    /// What the caller's member lets act.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`]; [`Kind::Forbidden`].
    pub fn policy(&self, caller: &Caller) -> Result<views::Policy, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::SeePolicy)?;
        let roster = self.roster();
        let written = written(&roster, own);
        let text = written.map_or(DEFAULT, |written| written.text.as_deref().unwrap_or(DEFAULT));
        let unknown = read(text, &known_to(&roster, own, self.now())).map(|read| read.unknown);
        Ok(views::Policy {
            text: text.to_owned(),
            default: written.is_none(),
            set: written.map(|written| written.set.to_string()),
            unknown: unknown.unwrap_or_default().iter().map(ToString::to_string).collect(),
            left_out: self.lists_left_out(),
        })
    }

    fn lists_left_out(&self) -> Vec<String> {
        self.warning_lists()
            .too_wide()
            .map(|(name, why)| format!("the warning list `{name}`: {why}"))
            .collect()
    }

    /// Says what the caller's member lets act, or goes back to the node's default. Names must mean somebody whom the member
    /// knows: itself, members of its circles as far as these show them, its circles, or anybody by id.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::Invalid`] with the line that is wrong.
    pub fn set_policy(
        &self,
        caller: &Caller,
        text: Option<&str>,
        dry_run: bool,
    ) -> Result<views::Policy, Error> {
        self.judged(caller, |roster, caller| {
            let own = signed_in(caller)?;
            let by = Node::authorized(roster, caller, SetPolicy, PolicyOf { member: own })?;
            if let Some(text) = text {
                let read = read(text, &known_to(roster, own, self.now())).map_err(wrong)?;
                if let Some(unknown) = read.unknown.first() {
                    return Err(wrong(unknown.clone()).into());
                }
            }
            if dry_run {
                return Ok(());
            }
            let set = self.now();
            let policy = directory::Policy { member: own, text: text.map(str::to_owned), set };
            let verb = if text.is_some() { "policy.set" } else { "policy.reset" };
            self.change(by, caller, (verb, own.to_string()), &[Change::Policy(policy)])
        })?;
        match (dry_run, text) {
            (true, Some(text)) => {
                let text = text.to_owned();
                let (set, unknown, left_out) = (None, Vec::new(), self.lists_left_out());
                Ok(views::Policy { text, default: false, set, unknown, left_out })
            }
            _ => self.policy(caller),
        }
    }
}

fn wrong(wrong: Wrong) -> Error {
    Error::new(Kind::Invalid, format!("the policy cannot be taken: {wrong}"))
        .hint("`accord policy show` prints the one that holds, with what may be said")
}

fn written(roster: &Roster, member: MemberId) -> Option<&directory::Policy> {
    roster.directory().policies.iter().find(|policy| policy.member == member)
}

/// What a member lets act by now. Visitors have nobody's policy but the node's default.
///
/// # Errors
/// [`Kind::Unavailable`] when what was written cannot be read any more.
pub(crate) fn policy_of(
    roster: &Roster,
    member: Option<MemberId>,
    now: Timestamp,
) -> Result<model::protect::Policy, Error> {
    let own = member.unwrap_or_else(|| roster.own());
    let text = member.and_then(|member| written(roster, member)).and_then(|written| written.text.as_deref());
    // It was read before it was kept, so one that cannot be is another release's. That nothing acted would look like a clean sky.
    let read = read(text.unwrap_or(DEFAULT), &known_to(roster, own, now)).map_err(|error| {
        Error::new(Kind::Unavailable, format!("the policy cannot be read: {error}"))
            .hint("`accord policy set` writes another one")
    })?;
    Ok(read.policy)
}

struct KnownTo<'a> {
    roster: &'a Roster,
    own: MemberId,
    now: Timestamp,
}

fn known_to(roster: &Roster, own: MemberId, now: Timestamp) -> KnownTo<'_> {
    KnownTo { roster, own, now }
}

impl Names for KnownTo<'_> {
    // Whoever knows an id was told it.
    fn member(&self, name: &str) -> Option<MemberId> {
        let found = self.roster.member_named(name).filter(|found| found.revoked.is_none())?;
        let known = found.id.to_string() == name
            || knows_of(self.roster, self.own, found.id, Shows::Organisations, self.now);
        known.then_some(found.id)
    }

    fn circle(&self, name: &str) -> Option<CircleId> {
        let mut his = self.roster.circles().of(self.own, self.now);
        let found = his.find(|known| known.definition.name == name || known.circle.id.to_string() == name);
        found.map(|known| known.circle.id)
    }
}
