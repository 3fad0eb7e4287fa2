//! Whom something is for by name: found as far as the one who sends it may know them, and told back as far as a reader
//! may know them.

use model::circle::Shows;
use model::{Audience, Charter, CircleId, Embargo, Label, MemberId, PersonId, Recipients, Role, Timestamp};

use store::directory::Person;

use crate::circles::his;
use crate::circles::known::Known;
use crate::core::audience::Within;
use crate::directory::not_found;
use crate::roster::Roster;
use crate::{Caller, Error, Kind, views};

/// Longest name of what is embargoed, in characters.
const CASE_CHARACTERS: usize = 200;
/// Recipients of one label.
const RECIPIENTS: usize = 1_000;

/// Whom to send something to, as they were named, and until when to hold it back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Addressed {
    /// `circle:NAME`, `member:NAME`, `person:MEMBER/NAME`, or ids in place of names.
    pub(crate) to: Vec<String>,
    /// The embargo.
    pub(crate) embargo: Option<Embargo>,
}

/// What that comes to on one state of the directory.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) audience: Audience,
    /// The circles among them.
    pub(crate) circles: Vec<Within>,
}

impl Addressed {
    /// Whom a label is for, by ids.
    pub(crate) fn of(roster: &Roster, label: &Label) -> Addressed {
        Addressed::by_ids(roster, &label.audience())
    }

    /// An audience, by ids: a name may be somebody else's by the time that it is read again.
    pub(crate) fn by_ids(roster: &Roster, audience: &Audience) -> Addressed {
        let to = &audience.recipients;
        // A circle is meant, not those alone who were in it then.
        let circle = |id: &CircleId| roster.circles().with_audience(*id).map_or(*id, |one| one.circle.id);
        let members = to.members.iter().map(|id| format!("member:{id}"));
        let persons = to.persons.iter().map(|id| format!("person:{id}"));
        let circles = to.circles.iter().map(|id| format!("circle:{}", circle(id)));
        Addressed { to: members.chain(persons).chain(circles).collect(), embargo: audience.embargo.clone() }
    }

    /// As text, to be kept with an arrival that is sequenced later; empty for nobody.
    pub(crate) fn to_text(&self) -> String {
        let embargo = self.embargo.iter().map(|Embargo { case, until }| {
            let until = until.map_or_else(|| "-".to_owned(), |until| until.to_string());
            format!("embargo:{until} {case}")
        });
        self.to.iter().cloned().chain(embargo).collect::<Vec<_>>().join("\n")
    }

    /// Reads what [`Addressed::to_text`] wrote.
    pub(crate) fn from_text(text: &str) -> Addressed {
        let mut addressed = Addressed::default();
        for line in text.lines() {
            match line.strip_prefix("embargo:").and_then(|rest| rest.split_once(' ')) {
                Some((until, case)) => {
                    addressed.embargo = Some(Embargo { case: case.to_owned(), until: until.parse().ok() });
                }
                None => addressed.to.push(line.to_owned()),
            }
        }
        addressed
    }

    /// Whether nobody is named and nothing held back.
    pub(crate) fn is_empty(&self) -> bool {
        self.to.is_empty() && self.embargo.is_none()
    }

    /// The names of those among them whom this caller may know: his own circles, and himself.
    pub(crate) fn known(&self, roster: &Roster, caller: &Caller) -> Vec<String> {
        let own = caller.principal.reader.member;
        let name = |text: &String| {
            let (kind, id) = text.split_once(':')?;
            match kind {
                "circle" => {
                    let known = roster.circles().with_audience(id.parse().ok()?)?;
                    known.membership(own?).map(|_| format!("circle:{}", known.definition.name))
                }
                "member" => {
                    let member = roster.member(id.parse().ok()?).filter(|member| Some(member.id) == own)?;
                    Some(format!("member:{}", member.name))
                }
                _ => {
                    let person =
                        roster.person(id.parse().ok()?).filter(|person| Some(person.member) == own)?;
                    Some(format!("person:{}", person.name))
                }
            }
        };
        self.to.iter().filter_map(name).collect()
    }

    /// Finds them, for what this caller sends on behalf of `source`.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for whom the caller may not know, and for a circle that he or the source is not in;
    /// [`Kind::Invalid`] for what names nobody.
    pub(crate) fn find(
        &self,
        roster: &Roster,
        caller: &Caller,
        source: MemberId,
        now: Timestamp,
    ) -> Result<Found, Error> {
        if self.to.len() > RECIPIENTS {
            return Err(Error::new(Kind::Invalid, format!("at most {RECIPIENTS} recipients can be named")));
        }
        let mut found = Found::default();
        found.audience.embargo = self.embargo.clone().map(checked).transpose()?;
        for name in &self.to {
            let (kind, name) = name.split_once(':').unwrap_or(("", name.as_str()));
            match kind {
                "circle" => {
                    let (_, known) = his(roster, caller, name, now)?;
                    known.membership(source).ok_or_else(|| not_found("circle", name))?;
                    found.add(known, now);
                }
                "member" => found.audience.recipients.members.push(member(roster, caller, name, now)?),
                "person" => found.audience.recipients.persons.push(person(roster, caller, name, now)?),
                _ => {
                    let error = Error::new(Kind::Invalid, format!("`{name}` names no recipient"));
                    return Err(error.hint("such as `circle:NAME`, `member:NAME` or `person:MEMBER/NAME`"));
                }
            }
        }
        let Recipients { members, persons, circles } = &mut found.audience.recipients;
        members.sort_unstable();
        members.dedup();
        persons.sort_unstable();
        persons.dedup();
        circles.sort_unstable();
        circles.dedup();
        Ok(found)
    }
}

impl Found {
    fn add(&mut self, known: &Known, now: Timestamp) {
        self.audience.recipients.circles.extend(known.circle.audiences.last());
        let iep = known.charter().iep.binding(now);
        self.audience.actions = self.audience.actions.min(iep.permitted_actions);
        let charter = Charter { iep, ..known.charter().clone() };
        self.circles.push(Within { name: known.definition.name.clone(), charter });
    }
}

fn checked(embargo: Embargo) -> Result<Embargo, Error> {
    let case = embargo.case.trim();
    if case.is_empty() || case.chars().count() > CASE_CHARACTERS || case.chars().any(char::is_control) {
        let message =
            format!("an embargo names its case in one line of at most {CASE_CHARACTERS} characters");
        return Err(Error::new(Kind::Invalid, message));
    }
    Ok(Embargo { case: case.to_owned(), ..embargo })
}

// Whoever knows an id was told it; names are known of one's own, of members of one's circles as far as these show them,
// and to administrators of the node.
fn member(roster: &Roster, caller: &Caller, name: &str, now: Timestamp) -> Result<MemberId, Error> {
    let found = roster.member_named(name).filter(|found| found.revoked.is_none());
    let found = found.ok_or_else(|| not_found("member", name))?;
    let by_id = found.id.to_string() == name;
    if by_id || knows(roster, caller, found.id, Shows::Organisations, now) {
        return Ok(found.id);
    }
    Err(not_found("member", name))
}

fn person(roster: &Roster, caller: &Caller, name: &str, now: Timestamp) -> Result<PersonId, Error> {
    let unknown = || not_found("person", name);
    let by_id = name.parse().ok().and_then(|id| roster.person(id));
    let of = match name.split_once('/') {
        Some((of, person)) => roster.member_named(of).map(|of| (of.id, person)),
        None => caller.principal.reader.member.map(|own| (own, name)),
    };
    let by_name = || {
        let (of, person) = of.filter(|(of, _)| knows(roster, caller, *of, Shows::Persons, now))?;
        roster.person_named(of, person)
    };
    let found = by_id.or_else(by_name).filter(|found| found.revoked.is_none());
    found.map(|found| found.id).ok_or_else(unknown)
}

/// Whether a caller may know this of a member: that it is there, or its persons.
pub(crate) fn knows(
    roster: &Roster,
    caller: &Caller,
    member: MemberId,
    at_least: Shows,
    now: Timestamp,
) -> bool {
    let own = caller.principal.reader.member;
    caller.principal.roles.has(Role::Administrator)
        || own.is_some_and(|own| knows_of(roster, own, member, at_least, now))
}

/// Whether a member knows this of another: one knows oneself, one's clients and whose client one is, and members of one's circles
/// as far as these show them.
pub(crate) fn knows_of(
    roster: &Roster,
    own: MemberId,
    member: MemberId,
    at_least: Shows,
    now: Timestamp,
) -> bool {
    let shows = |known: &Known| {
        let shown = known.charter().shows;
        (shown == at_least || shown == Shows::Persons) && known.membership(member).is_some()
    };
    let is_client = |one: MemberId, other: MemberId| {
        at_least == Shows::Organisations && roster.providers(one).contains(&other)
    };
    own == member
        || is_client(member, own)
        || is_client(own, member)
        || roster.circles().of(own, now).any(shows)
}

/// Whom a label names, for a reader who may see it: its author's member is told all of them; everybody else himself and his
/// own circles, and how many others there are. `None` where nobody is named and nothing held back.
pub(crate) fn audience_of(
    roster: &Roster,
    label: &Label,
    (reader, alias): (Option<MemberId>, Option<MemberId>),
    now: Timestamp,
) -> Option<views::Audience> {
    let to = &label.recipients;
    if to.is_empty() && label.embargo.is_none() {
        return None;
    }
    let author = reader.is_some() && [reader, alias].contains(&Some(label.author));
    let is_his = |id: &CircleId| {
        let known = roster.circles().with_audience(*id)?;
        let own = reader?;
        (known.is_live(now) && known.membership(own).is_some())
            .then(|| views::Named { id: known.circle.id.to_string(), name: known.definition.name.clone() })
    };
    let mut circles: Vec<views::Named> = to.circles.iter().filter_map(is_his).collect();
    circles.dedup_by(|one, other| one.id == other.id);
    // The author named them: by ids where he does not know their names.
    let member = |id: &MemberId| {
        let own = reader.filter(|own| author || own == id)?;
        let knows = knows_of(roster, own, *id, Shows::Organisations, now);
        let name = if knows { roster.named(*id).name } else { id.to_string() };
        Some(views::Named { id: id.to_string(), name })
    };
    let person = |id: &PersonId| {
        let (own, found) = (reader?, roster.person(*id));
        let knows = |one: &&Person| knows_of(roster, own, one.member, Shows::Persons, now);
        let is_own = found.is_some_and(|one| one.member == own);
        let name = found.filter(knows).map_or_else(|| id.to_string(), |one| one.name.clone());
        (author || is_own).then(|| views::Named { id: id.to_string(), name })
    };
    let members: Vec<views::Named> = to.members.iter().filter_map(member).collect();
    let persons: Vec<views::Named> = to.persons.iter().filter_map(person).collect();
    let named = to.circles.len() + to.members.len() + to.persons.len();
    let known = to.circles.iter().filter(|id| is_his(id).is_some()).count() + members.len() + persons.len();
    Some(views::Audience {
        circles,
        members,
        persons,
        others: (named - known) as u64,
        embargo: label.embargo.as_ref().map(|embargo| views::Embargo {
            case: embargo.case.clone(),
            until: embargo.until.map(|until| until.to_string()),
        }),
    })
}
