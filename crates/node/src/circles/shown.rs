//! What a circle shows of itself to those who are in it.

use model::circle::Shows;
use model::kept;
use model::{Charter, CircleId, Definition, Iep, Label, MemberId, Timestamp};
use store::directory::{CircleAct, Membership};

use super::known::Known;
use crate::roster::Roster;
use crate::views;

/// A circle for one of its members. Invitations and acts are the caller's to add.
pub(crate) fn circle(roster: &Roster, known: &Known, own: MemberId, now: Timestamp) -> views::Circle {
    let shows = known.charter().shows;
    let owner = known.owner();
    let members: Vec<&Membership> = known.members().collect();
    let told = |one: &&&Membership| shows != Shows::Count || one.member == own;
    let organisations = members.iter().filter(told).map(|one| {
        let person = one.person.filter(|_| shows == Shows::Persons || one.member == own);
        views::CircleMember {
            member: roster.named(one.member),
            person: person
                .and_then(|id| roster.person(id))
                .map(|person| views::Named { id: person.id.to_string(), name: person.name.clone() }),
            since: one.since.to_string(),
            agreed: Some(one.agreed.clone()).filter(|agreed| !agreed.is_empty()),
        }
    });
    views::Circle {
        owner: owner.filter(|id| shows != Shows::Count || *id == own).map(|id| roster.named(id)),
        members: members.len() as u64,
        organisations: organisations.collect(),
        expires: known.circle.expires.map(|at| at.to_string()),
        agrees: known.membership(own).is_some_and(|one| one.agreed == known.definition.digest()),
        agreed_definition: known
            .membership(own)
            .and_then(|one| roster.circles().agreed_before(&one.agreed))
            .map(Definition::canonical),
        kept_days: kept::named(known.agreements(), own).days(),
        ..outline(&known.definition, known.circle.created, now)
    }
}

/// A circle for who is invited: what it is, and nothing of who is in it.
pub(crate) fn outline(definition: &Definition, created: Timestamp, now: Timestamp) -> views::Circle {
    views::Circle {
        id: definition.id.to_string(),
        name: definition.name.clone(),
        charter: charter(definition),
        iep_in_force: definition.charter.iep.is_in_force(now),
        digest: definition.digest(),
        definition: definition.canonical(),
        agrees: false,
        agreed_definition: None,
        kept_days: None,
        created: created.to_string(),
        expires: None,
        owner: None,
        members: 0,
        organisations: Vec::new(),
        invitations: Vec::new(),
        history: Vec::new(),
        more_history: false,
    }
}

fn charter(definition: &Definition) -> views::Charter {
    let Definition { id, charter, .. } = definition;
    views::Charter {
        formal: charter.formal,
        ceiling: charter.ceiling.to_string(),
        admits: charter.admits.name(),
        shows: charter.shows.name(),
        moderation: charter.moderation.name(),
        leavers: charter.leavers.name(),
        curation: charter.curation.name(),
        retention_days: charter.retention_days,
        vocabulary: charter.vocabulary.clone(),
        iep: policy(*id, charter),
        agreement: charter.agreement.clone(),
    }
}

/// The policy of a circle, as IEP 2.0 has it.
fn policy(id: CircleId, charter: &Charter) -> views::Iep {
    let iep = &charter.iep;
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    views::Iep {
        id: iep.id_in(id).to_string(),
        name: some(&iep.name),
        description: some(&iep.description),
        iep_version: 2.0,
        start_date: iep.start_date.map(|at| at.to_string()),
        end_date: iep.end_date.map(|at| at.to_string()),
        encrypt_in_transit: iep.encrypt_in_transit.name(),
        permitted_actions: iep.permitted_actions.name(),
        affected_party_notifications: iep.affected_party_notifications.name(),
        tlp: model::iep::tlp_word(charter.ceiling),
        attribution: iep.attribution.name(),
        unmodified_resale: iep.unmodified_resale.name(),
        external_references: iep.external_references.clone(),
    }
}

/// The policies under which something is said, for a reader who sees it: those of the circles that the label names and that
/// his member is in. One that demands nothing, and says nothing of itself, is none.
pub(crate) fn policies(
    roster: &Roster,
    label: &Label,
    own: Option<MemberId>,
    now: Timestamp,
) -> Vec<views::CirclePolicy> {
    let Some(own) = own else { return Vec::new() };
    let his = |id: &CircleId| {
        let known = roster.circles().with_audience(*id)?;
        (known.is_live(now) && known.membership(own).is_some()).then_some(known)
    };
    let mut found: Vec<&Known> = label.recipients.circles.iter().filter_map(his).collect();
    found.dedup_by_key(|known| known.circle.id);
    found.retain(|known| known.charter().iep != Iep::default());
    let view = |known: &Known| views::CirclePolicy {
        circle: views::Named { id: known.circle.id.to_string(), name: known.definition.name.clone() },
        in_force: known.charter().iep.is_in_force(now),
        iep: policy(known.circle.id, known.charter()),
    };
    found.into_iter().map(view).collect()
}

/// What was done in a circle, as far as its members see each other.
pub(crate) fn history(
    roster: &Roster,
    known: &Known,
    own: MemberId,
    acts: Vec<CircleAct>,
) -> Vec<views::CircleAct> {
    let shows = known.charter().shows;
    let told = |id: Option<MemberId>| id.filter(|id| shows != Shows::Count || *id == own);
    let view = |act: CircleAct| {
        let person = act.token.and_then(|token| roster.token(token)?.person);
        let person = person.filter(|_| shows == Shows::Persons || act.member == Some(own));
        views::CircleAct {
            at: act.at.to_string(),
            verb: act.verb,
            member: told(act.member).map(|id| roster.named(id)),
            person: person
                .and_then(|id| roster.person(id))
                .map(|person| views::Named { id: person.id.to_string(), name: person.name.clone() }),
            about: told(act.about).map(|id| roster.named(id)),
        }
    };
    acts.into_iter().map(view).collect()
}
