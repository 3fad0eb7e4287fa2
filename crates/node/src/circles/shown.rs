//! What a circle shows of itself to those who are in it.

use model::circle::Shows;
use model::{Charter, Definition, MemberId, Timestamp};
use store::directory::{CircleAct, Membership};

use super::known::Known;
use crate::roster::Roster;
use crate::views;

/// A circle for one of its members. Invitations and acts are the caller's to add.
pub(crate) fn circle(roster: &Roster, known: &Known, own: MemberId) -> views::Circle {
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
            agreed: one.agreed.clone(),
        }
    });
    views::Circle {
        owner: owner.filter(|id| shows != Shows::Count || *id == own).map(|id| roster.named(id)),
        members: members.len() as u64,
        organisations: organisations.collect(),
        expires: known.circle.expires.map(|at| at.to_string()),
        ..outline(&known.definition, known.circle.created)
    }
}

/// A circle for who is invited: what it is, and nothing of who is in it.
pub(crate) fn outline(definition: &Definition, created: Timestamp) -> views::Circle {
    views::Circle {
        id: definition.id.to_string(),
        name: definition.name.clone(),
        charter: charter(&definition.charter),
        digest: definition.digest(),
        definition: definition.canonical(),
        created: created.to_string(),
        expires: None,
        owner: None,
        members: 0,
        organisations: Vec::new(),
        invitations: Vec::new(),
        history: Vec::new(),
    }
}

fn charter(charter: &Charter) -> views::Charter {
    let iep = &charter.iep;
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
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
        iep: views::Iep {
            name: some(&iep.name),
            description: some(&iep.description),
            start_date: iep.start_date.map(|at| at.to_string()),
            end_date: iep.end_date.map(|at| at.to_string()),
            encrypt_in_transit: iep.encrypt_in_transit.name(),
            permitted_actions: iep.permitted_actions.name(),
            affected_party_notifications: iep.affected_party_notifications.name(),
            attribution: iep.attribution.name(),
            unmodified_resale: iep.unmodified_resale.name(),
            external_reference: some(&iep.external_reference),
        },
        agreement: charter.agreement.clone(),
    }
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
