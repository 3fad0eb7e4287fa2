//! On which terms somebody submits: for whom, through what, under which label, up to which ceiling.

use model::circle::Curation;
use model::gate::Source;
use model::{Action, Audience, CollectionId, Label, MemberId, Timestamp, Tlp, may_act};
use store::directory::Collection;
use store::record::{ObjectKey, Quota};

use crate::addressed::{Addressed, Found};
use crate::core::filter::Predicate;
use crate::core::judge::{Context, Through};
use crate::core::marking::Restriction;
use crate::core::unnamed::Unnamed;
use crate::desk::unnamed;
use crate::directory::{member_for, not_found, not_revoked, signed_in};
use crate::roster::Roster;
use crate::writing::quota_of;
use crate::{Caller, Error, Kind, Node};

/// What the one who submits asks for, to be judged on each state of the directory.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) collection: Option<String>,
    pub(super) member: Option<String>,
    pub(super) tlp: Option<Tlp>,
    pub(super) without_name: bool,
    pub(super) addressed: Addressed,
    /// Whom it is for was not asked for: the collection says so.
    pub(super) is_by_collection: bool,
}

impl Asked {
    /// With what the collection asks for where nothing else was: for whom it is, and that it is said without a name.
    pub(super) fn by_collection(mut self, roster: &Roster) -> Asked {
        // Whether he may send through it is judged later.
        let Some(collection) = self.collection.as_ref().and_then(|name| roster.collection_named(name)) else {
            return self;
        };
        self.without_name |= collection.desk;
        if self.addressed.is_empty() && !collection.recipients.is_empty() {
            self.addressed = Addressed::from_text(&collection.recipients);
            self.is_by_collection = true;
        }
        self
    }
}

/// What it comes to on one state of the directory.
pub(super) struct Terms {
    /// Under what it is kept.
    pub(super) source: MemberId,
    /// The member, and its alias.
    pub(super) own: [MemberId; 2],
    pub(super) unnamed: Option<Unnamed>,
    pub(super) collection: Option<CollectionId>,
    pub(super) ceiling: Tlp,
    pub(super) observations_only: bool,
    pub(super) default_label: Tlp,
    pub(super) quota: Quota,
    pub(super) curation: Curation,
    pub(super) found: Found,
}

impl Terms {
    /// Where it is said, for the gate.
    pub(super) fn place(&self) -> Source {
        Source { member: self.source, collection: self.collection }
    }

    pub(super) fn context<'a>(
        &'a self,
        roster: &'a Roster,
        now: Timestamp,
        filtered: &'a [(CollectionId, &'a Predicate)],
        bound_to: &'a dyn Fn(&str) -> Option<MemberId>,
        held: &'a dyn Fn(&str) -> Option<Restriction>,
        said: &'a dyn Fn(&ObjectKey) -> &'a [Label],
    ) -> Context<'a> {
        Context {
            source: self.source,
            unnamed: self.unnamed.as_ref(),
            alias: self.own.last().copied(),
            now,
            default_label: self.default_label,
            ceiling: self.ceiling,
            observations_only: self.observations_only,
            through: self.collection.and_then(|id| through(roster, id)),
            filtered,
            bound_to,
            audience: &self.found.audience,
            circles: &self.found.circles,
            names_clients: roster.names_clients(&self.found.audience.recipients),
            held,
            said,
            takes_back: &|_| false,
        }
    }
}

pub(super) fn terms(node: &Node, roster: &Roster, caller: &Caller, asked: &Asked) -> Result<Terms, Error> {
    let own = signed_in(caller)?;
    let member = match &asked.member {
        Some(name) => member_for(roster, caller, name)?,
        None => roster.member(own).ok_or_else(|| not_found("member", &own.to_string()))?,
    };
    if member.id != own {
        Node::allowed(caller, &Action::ManageMembers)?;
    }
    not_revoked(member)?;
    let may = |action: Action| may_act(&caller.principal, &action).is_ok();
    let collection = match &asked.collection {
        None => None,
        Some(name) => {
            let known = |id| may(Action::ReadCollection(id)) || may(Action::WriteCollection(id));
            let found = roster.collection_named(name).filter(|found| known(found.id));
            let found = found.ok_or_else(|| not_found("collection", name))?;
            Node::allowed(caller, &Action::WriteCollection(found.id))?;
            Some(found)
        }
    };
    let everything = caller.principal.roles.has_any(ALL_BUT_SENSORS);
    if collection.is_none() {
        let action = if everything { Action::Submit } else { Action::SubmitObservation };
        Node::allowed(caller, &action)?;
    }
    let by_collection = collection.map(|collection| collection.default_label);
    let found = asked.addressed.find(roster, caller, member.id, node.now()).map_err(|error| {
        match asked.is_by_collection && error.kind == Kind::NotFound {
            // By which name is nobody's business who is not in it.
            true => Error::new(
                Kind::Forbidden,
                "what is sent through this collection is for some whom you cannot address",
            )
            .hint("say for whom it is, with `--to`"),
            false => error,
        }
    })?;
    let unnamed = asked.without_name.then(|| unnamed(node, roster, member, &found.audience)).transpose()?;
    Ok(Terms {
        source: if unnamed.is_some() { member.alias } else { member.id },
        own: [member.id, member.alias],
        unnamed,
        collection: collection.map(|collection| collection.id),
        ceiling: caller.principal.reader.ceiling,
        observations_only: !everything,
        default_label: asked.tlp.or(by_collection).unwrap_or(node.settings().default_label),
        quota: quota_of(member),
        curation: curation_of(roster, collection, &found.audience),
        found,
    })
}

/// Who looks at what is sent through a collection and for these before it enters: the most that one of them asks for.
pub(crate) fn curation_of(roster: &Roster, through: Option<&Collection>, audience: &Audience) -> Curation {
    let circles = audience.recipients.circles.iter().filter_map(|id| roster.circles().with_audience(*id));
    let circles = circles.map(|known| known.charter().curation);
    circles.chain(through.map(|collection| collection.curation)).max().unwrap_or_default()
}

/// Who decides whether what is so strict enters through a collection and for these, as far as it is somebody's to decide: told to
/// who sends it, who knows the collection and is in the circles.
pub(crate) fn deciders(
    roster: &Roster,
    through: Option<&Collection>,
    (audience, strictest): (&Audience, Tlp),
) -> Option<String> {
    let circles = audience.recipients.circles.iter().filter_map(|id| roster.circles().with_audience(*id));
    let circles = circles.filter(|known| known.charter().curation != Curation::None);
    let mut of: Vec<String> =
        circles.map(|known| format!("the circle `{}`", known.definition.name)).collect();
    let through = through.filter(|collection| collection.curation != Curation::None);
    of.extend(through.map(|collection| format!("the collection `{}`", collection.title)));
    let who = match curation_of(roster, through, audience) {
        Curation::None => return None,
        Curation::FourEyes if strictest >= Tlp::Amber => "two curators of other members",
        _ => "a curator, but not who sends it",
    };
    Some(format!("{who}, who would see all of it: {} asks for that", of.join(" and ")))
}

// Roles that submit whatever there is to be said.
const ALL_BUT_SENSORS: &[model::Role] = &[model::Role::Analyst, model::Role::Curator];

fn through(roster: &Roster, id: CollectionId) -> Option<Through<'_>> {
    let collection = roster.collection(id)?;
    Some(Through {
        id,
        title: &collection.title,
        filter: &collection.filter,
        predicate: roster.predicate(id)?,
        ceiling: collection.ceiling,
    })
}
