//! Before something is said: who would see it, and by which rule. After: who sees it, since when, and what keeps it from the
//! others. Told to who says it, as far as he may know of the others; those he does not are counted.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use model::access::{Barrier, Reason, why};
use model::circle::Shows;
use model::{Action, CircleId, Label, MemberId, Origin, PermittedActions, PersonId, Reader, Timestamp, Tlp};
use store::directory::Member;

use crate::addressed::{Addressed, audience_of, knows};
use crate::charters::kept_days;
use crate::circles::known::Known;
use crate::core::audience::{attributed, fits};
use crate::core::list_query::object_key;
use crate::core::marking::Marked;
use crate::desk::unnamed;
use crate::directory::{not_found, signed_in};
use crate::holders::Target;
use crate::roster::Roster;
use crate::{Asked, Caller, Error, Kind, Node, views};

/// What is told of a label, and of what stands under it.
struct Told<'a> {
    node: &'a Node,
    roster: &'a Roster,
    caller: &'a Caller,
    own: MemberId,
    label: &'a Label,
    /// When what stands under it entered.
    entered: Option<Timestamp>,
    now: Timestamp,
}

impl Node {
    /// Who would see what the caller says under a label: those he may know by name, the others by number, and why.
    ///
    /// # Errors
    /// What is refused at submitting, before any object is looked at: [`Kind::Forbidden`], [`Kind::NotFound`] for
    /// recipients that he may not know, [`Kind::Invalid`], also where a policy is that sources are not named, or are;
    /// [`Kind::Conflict`] where too few could have said it without their name.
    pub fn preview(&self, caller: &Caller, asked: &Asked) -> Result<views::Preview, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::Submit)?;
        let (roster, now) = (self.roster(), self.now());
        let caller = &self.renewed(&roster, caller)?;
        let addressed = Addressed { to: asked.to.clone(), embargo: asked.embargo.clone() };
        let found = addressed.find(&roster, caller, own, now)?;
        let tlp = asked.tlp.unwrap_or(self.settings().default_label);
        let marked = Marked {
            tlp,
            parts: None,
            actions: PermittedActions::default(),
            by_default: asked.tlp.is_none(),
            missing: None,
        };
        if tlp > caller.principal.reader.ceiling {
            let message = format!("{tlp} is above the highest label that this token writes");
            return Err(Error::new(Kind::Forbidden, message));
        }
        let member = roster.member(own).ok_or_else(|| not_found("member", &own.to_string()))?;
        let terms =
            asked.without_name.then(|| unnamed(self, &roster, member, &found.audience)).transpose()?;
        let origin = if terms.is_some() { Origin::Withheld } else { Origin::Shown };
        fits(&marked, std::iter::empty(), &found.audience, &found.circles)
            .and_then(|()| attributed(&found.circles, origin))
            .map_err(|why| Error::new(Kind::Invalid, why))?;
        let waiting = self.would_wait(&roster, (&found.audience, tlp));
        let author = if terms.is_some() { member.alias } else { own };
        let label = Label {
            origin,
            sector: terms.and_then(|terms| terms.sector),
            ..marked.label(author).to(found.audience)
        };
        let told = Told { node: self, roster: &roster, caller, own, label: &label, entered: None, now };
        Ok(views::Preview { waiting, ..told.preview() })
    }

    /// Who would see what bears this label, as [`Node::preview`] tells it.
    pub(crate) fn preview_of(&self, caller: &Caller, own: MemberId, label: &Label) -> views::Preview {
        let (roster, now) = (self.roster(), self.now());
        Told { node: self, roster: &roster, caller, own, label, entered: None, now }.preview()
    }

    /// Who sees an object that the caller's member said, in the version that is last: since when and by which rule, or
    /// which rule keeps it from him. Who read it is not told: reads tell who is a victim.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for an object that he does not see; [`Kind::Forbidden`], also for one that he sees and of which
    /// his member said nothing that he sees.
    pub fn trace(&self, caller: &Caller, id: &str) -> Result<views::Preview, Error> {
        let own = signed_in(caller)?;
        let key = object_key(id)?;
        let reading = self.reading(caller)?;
        let (mut at, mut is_seen) = (None, false);
        reading.snapshot.standing(&reading.sight.visible, &key, &mut |hit| {
            is_seen = true;
            if reading.roster.is_of(hit.source, own) {
                at = Some((hit.position, hit.label));
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        let others = || {
            let error = Error::new(Kind::Forbidden, format!("`{id}` is not what your organisation said"));
            error.hint("a trace is of one's own; `accord show` tells whom it is for, as far as you may know")
        };
        let stopped = self.stopped(&reading, caller, &key)?;
        let Some((position, label)) = at else {
            return match (stopped.is_empty(), is_seen) {
                (false, _) => Ok(views::Preview { stopped, ..views::Preview::default() }),
                (true, true) => Err(others()),
                (true, false) => Err(not_found("object", id)),
            };
        };
        let label = reading.sight.label(label).cloned().ok_or_else(|| not_found("object", id))?;
        let mut entered = None;
        reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
            entered = Some(entry.date_added);
        })?;
        let (roster, now) = (&*reading.roster, reading.now);
        let told = Told { node: self, roster, caller, own, label: &label, entered, now };
        let mut preview = views::Preview { stopped, ..told.preview() };
        told.add_who_got(position, &mut preview)?;
        Ok(preview)
    }
}

impl Told<'_> {
    // Who took what stands at a position together with more. Who asked for this very thing is not told: that tells who is a victim.
    fn add_who_got(&self, position: u64, preview: &mut views::Preview) -> Result<(), Error> {
        let targets = [Target { position, label: self.label.clone() }];
        // Before it entered nobody had it; a clock may have been put back by less than a day.
        let since = self.entered.map_or(Timestamp(i64::MIN), |at| at.plus_seconds(-86_400));
        let mut held = self.node.holders_since(self.roster, &targets, since)?;
        held.remove(&self.own);
        let mut others = 0;
        for (member, first) in held.into_iter().filter_map(|(member, one)| Some((member, one.first?))) {
            let id = member.to_string();
            let got = views::Got { at: first.0.to_string(), road: first.1 };
            let mut named = preview.sees.iter_mut().filter(|one| one.member.id == id).peekable();
            others += u64::from(named.peek().is_none());
            named.for_each(|one| one.got = Some(got.clone()));
        }
        preview.got_by_others = Some(others);
        Ok(())
    }

    fn preview(&self) -> views::Preview {
        let mut preview = views::Preview {
            label: self.label.tlp.to_string(),
            audience: audience_of(
                self.roster,
                self.label,
                (Some(self.own), Some(self.label.author)),
                self.now,
            ),
            entered: self.entered.map(|at| at.to_string()),
            kept_days: kept_days(self.roster, self.label),
            sees: Vec::new(),
            others: Vec::new(),
            kept_from: Vec::new(),
            visitors: self.node.settings().anonymous
                && why(&Reader::anonymous(), self.label, self.now).is_ok(),
            waiting: None,
            got_by_others: None,
            stopped: Vec::new(),
        };
        let mut others: BTreeMap<&'static str, u64> = BTreeMap::new();
        let live = self.roster.directory().members.iter().filter(|member| member.revoked.is_none());
        for member in live {
            self.add(member, &mut preview, &mut others);
        }
        if !self.knows_all() {
            preview.kept_from.clear();
        }
        preview.others = others
            .into_iter()
            .map(|(why, count)| views::SeenByOthers { count, why: why.to_owned() })
            .collect();
        preview
    }

    // Who is kept from it would tell, by who is not among them, of circles and persons that the author may not know.
    fn knows_all(&self) -> bool {
        let to = &self.label.recipients;
        let shows = |id: &CircleId| self.circle(*id).is_some_and(|one| one.charter().shows != Shows::Count);
        let knows_person = |id: &PersonId| {
            let knows = |of| knows(self.roster, self.caller, of, Shows::Persons, self.now);
            self.roster.person(*id).is_some_and(|one| knows(one.member))
        };
        to.circles.iter().all(shows) && to.persons.iter().all(knows_person)
    }

    // A circle that is named, if the author is in it. Of one that he left he is told nothing any more.
    fn circle(&self, id: CircleId) -> Option<&Known> {
        let known = self.roster.circles().with_audience(id)?;
        known.membership(self.own).map(|_| known)
    }

    // A member, as whoever of it carries a token that names nobody and lets everything through; and those of its persons
    // who see what the others of it do not.
    fn add(&self, member: &Member, preview: &mut views::Preview, others: &mut BTreeMap<&'static str, u64>) {
        let whole = self.roster.reader(member.id, self.now);
        let circles = whole.circles.iter().copied().filter(|id| self.circle(*id).is_some()).collect();
        let reader = Reader { circles, ..whole.clone() };
        let told = why(&reader, self.label, self.now);
        if told.is_err() && why(&whole, self.label, self.now).is_ok() {
            return;
        }
        let by_charter = match told {
            Ok(Reason::Circle(id)) => self.circle(id).is_some_and(|one| one.charter().shows != Shows::Count),
            _ => true,
        };
        let known = by_charter && knows(self.roster, self.caller, member.id, Shows::Organisations, self.now);
        let named = || self.roster.named(member.id);
        match told {
            Ok(reason) if known => preview.sees.push(views::Seer {
                member: named(),
                person: None,
                why: self.reason(reason),
                since: self.since(member.id, reason),
                got: None,
            }),
            Ok(reason) => *others.entry(plainly(reason)).or_default() += 1,
            Err(barrier) => {
                let persons = self.persons(member.id, &reader, preview, others);
                if known && persons == 0 {
                    let (member, why) = (named(), barrier_text(barrier, self.label.tlp));
                    preview.kept_from.push(views::KeptFrom { member, why });
                }
            }
        }
    }

    fn persons(
        &self,
        member: MemberId,
        reader: &Reader,
        preview: &mut views::Preview,
        others: &mut BTreeMap<&'static str, u64>,
    ) -> usize {
        let of_member = |id: &&PersonId| {
            let person = self.roster.person(**id);
            person.is_some_and(|person| person.member == member && person.revoked.is_none())
        };
        let mut seen = 0;
        for id in self.label.recipients.persons.iter().filter(of_member) {
            let reader = Reader { person: Some(*id), ..reader.clone() };
            let Ok(reason) = why(&reader, self.label, self.now) else { continue };
            seen += 1;
            let known = knows(self.roster, self.caller, member, Shows::Persons, self.now);
            match self.roster.person(*id).filter(|_| known) {
                Some(person) => preview.sees.push(views::Seer {
                    member: self.roster.named(member),
                    person: Some(views::Named { id: person.id.to_string(), name: person.name.clone() }),
                    why: self.reason(reason),
                    since: self.since(member, reason),
                    got: None,
                }),
                None => *others.entry(plainly(reason)).or_default() += 1,
            }
        }
        seen
    }

    fn reason(&self, reason: Reason) -> String {
        match reason {
            Reason::Circle(id) => match self.circle(id) {
                Some(known) => format!("in the circle `{}`", known.definition.name),
                None => plainly(reason).to_owned(),
            },
            _ => plainly(reason).to_owned(),
        }
    }

    // What stands is there for a member since it entered, since he is in the circle, or since he is a client.
    fn since(&self, member: MemberId, reason: Reason) -> Option<String> {
        let entered = self.entered?;
        let joined = match reason {
            Reason::Circle(id) => {
                let known = self.roster.circles().with_audience(id)?;
                known.membership(member).map(|one| one.since)
            }
            Reason::Client => {
                let named = &self.label.recipients.members;
                let clients = self.roster.directory().clients.iter();
                let his = clients.filter(|one| one.member == member && one.revoked.is_none());
                his.filter(|one| named.contains(&one.provider)).map(|one| one.since).min()
            }
            _ => None,
        };
        Some(joined.map_or(entered, |joined| joined.max(entered)).to_string())
    }
}

fn plainly(reason: Reason) -> &'static str {
    match reason {
        Reason::Author => "its author",
        Reason::Person => "named in person",
        Reason::Member => "named",
        Reason::Circle(_) => "in a circle that is named",
        Reason::Client => "a client of a member that is named",
        Reason::Community => "a member of the node, and nobody is named",
        Reason::Everybody => "it is for everybody",
    }
}

fn barrier_text(barrier: Barrier, tlp: Tlp) -> String {
    let text = match barrier {
        Barrier::Ceiling => "the token lets nothing so high through",
        Barrier::Visitor => "it is not for visitors",
        Barrier::Person => return format!("it is {tlp}, and no person of it is named"),
        Barrier::Embargo => "it is under embargo, and it is not named",
        Barrier::NotNamed => "it is for others by name",
        Barrier::ClientOnly => "it is for members in their own right",
    };
    text.to_owned()
}
