//! The desk: what a member says without its name. It is kept under the member's alias, so that no rule that looks at whose
//! something is can tell who that is, and it enters together with what else came to the desk by then.

use std::time::Duration;

use model::{Action, Audience, Label, MemberId, Timestamp, gate};
use store::directory::Member;

use crate::core::list_query::object_key;
use crate::core::unnamed::Unnamed;
use crate::directory::not_found;
use crate::roster::Roster;
use crate::withdraw::checked_reason;
use crate::{Caller, Error, Kind, Node, views};

/// Names of persons that are looked for in what is said without a name have at least so many characters: shorter ones
/// are words of other things.
const PERSON_CHARACTERS: usize = 4;

/// On which terms a member says something without its name, for this audience: the sector is that of the member where so many
/// share it who could have said this, and what would name it is listed.
///
/// # Errors
/// [`Kind::Conflict`] where too few could have said it.
pub(crate) fn unnamed(
    node: &Node,
    roster: &Roster,
    member: &Member,
    audience: &Audience,
) -> Result<Unnamed, Error> {
    let least = node.settings().desk_members;
    let could = |one: &&Member| could_have_said(roster, one, audience, node.now());
    let members = || roster.directory().members.iter().filter(could);
    if members().count() < least {
        let message =
            format!("fewer than {least} members could have said this, so the rest would know who did");
        let error = Error::new(Kind::Conflict, message);
        return Err(error.hint("address more of them, or say it by your name"));
    }
    let sharing = members().filter(|one| one.sector == member.sector).count();
    let sector = Some(member.sector.clone()).filter(|sector| !sector.is_empty() && sharing >= least);
    let mut names = vec![member.id.to_string(), member.name.clone()];
    names.extend(roster.identities(member.id));
    let persons = roster.directory().persons.iter().filter(|person| person.member == member.id);
    let long = persons.filter(|person| person.name.chars().count() >= PERSON_CHARACTERS);
    names.extend(long.map(|person| person.name.clone()));
    Ok(Unnamed { sector, names, assets: std::sync::Arc::clone(roster.assets_of(member.id)) })
}

// A circle is addressed by those who are in it; nobody expects the node itself.
fn could_have_said(roster: &Roster, member: &Member, audience: &Audience, now: Timestamp) -> bool {
    let reader = roster.reader(member.id, now);
    member.revoked.is_none()
        && !member.own
        && audience.recipients.circles.iter().all(|circle| reader.circles.contains(circle))
}

impl Node {
    /// The sector that stays told of what gets another label, for these.
    ///
    /// # Errors
    /// As [`unnamed`].
    pub(crate) fn sector_for(
        &self,
        roster: &Roster,
        label: &Label,
        audience: &Audience,
    ) -> Result<Option<String>, Error> {
        let Some(member) = roster.behind(label.author) else { return Ok(label.sector.clone()) };
        let now = unnamed(self, roster, member, audience)?.sector;
        Ok(label.sector.clone().filter(|sector| now.as_ref() == Some(sector)))
    }

    /// When what comes to the desk now enters: with everything else that came since the hand last struck.
    pub(crate) fn desk_due(&self) -> Timestamp {
        due(self.now(), self.settings().desk_interval_s)
    }

    /// How long it is until then; `None` where what comes to the desk enters at once.
    pub(crate) fn until_desk(&self) -> Option<Duration> {
        let now = self.now();
        let left = due(now, self.settings().desk_interval_s).0 - now.0;
        u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_micros)
    }

    /// Who said an object without a name: for an administrator, with a reason, which is kept in the audit. The desk has to
    /// know whom to ask.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::Invalid`] for no id, and without a reason; [`Kind::NotFound`] where nobody said it
    /// without a name.
    pub fn desk_origin(&self, caller: &Caller, object: &str, reason: &str) -> Result<views::Origins, Error> {
        self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::Erase)?;
            let key = object_key(object)?;
            let reason = checked_reason(reason)?;
            let held = self.inner.store.snapshot()?.every_statement(&key)?;
            let mut found: Vec<MemberId> =
                held.iter().filter_map(|one| roster.behind(one.source)).map(|member| member.id).collect();
            found.sort_unstable();
            found.dedup();
            if found.is_empty() {
                return Err(not_found("object without a name", object).into());
            }
            let target = format!("{object}: {reason}");
            let by = Node::authorized(roster, caller, gate::Erase, gate::Record)?;
            self.change(by, caller, ("desk.origin", target), &[])?;
            let origins = found.into_iter().map(|member| roster.named(member)).collect();
            Ok(views::Origins { object: object.to_owned(), origins })
        })
    }
}

// The next whole multiple of an interval in seconds, counted from 1970.
fn due(now: Timestamp, interval_s: u32) -> Timestamp {
    let interval = i64::from(interval_s).saturating_mul(1_000_000);
    match now.0.checked_div_euclid(interval) {
        None => now,
        Some(past) => Timestamp((past + 1).saturating_mul(interval)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hand_strikes_at_whole_multiples() {
        let at = |seconds: i64| Timestamp(seconds * 1_000_000);
        assert_eq!(due(at(1_199), 600), at(1_200));
        assert_eq!(due(at(1_200), 600), at(1_800), "what comes as it strikes is of the next");
        assert_eq!(due(at(1_199), 0), at(1_199), "at once");
    }
}
