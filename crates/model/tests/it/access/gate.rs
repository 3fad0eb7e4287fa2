//! Who may write what: each act, by each role, on what is his member's and on what is another's.

use model::circle::{Admits, Charter, Moderation};
use model::gate::{
    Act, CircleOf, End, Erase, Found, Invite, Join, Moderate, Open, PersonOf, Positions, Put, Rebuild,
    Record, Relabel, RetentionRules, Revoke, SeatOf, Source, Statements, Submit, TokenOf, Upgrade, Versions,
    Withdraw,
};
use model::{
    CircleId, CollectionId, Denied, Facts, MemberId, ObjectKey, PersonId, Principal, Reader, Role, Roles,
    TokenId, authorize,
};
use uuid::Uuid;

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

const OWN: MemberId = MemberId(id(1));
const OTHER: MemberId = MemberId(id(2));
const MINE: TokenId = TokenId(id(10));

fn by(role: Role) -> Principal {
    let operator = Principal::operator(Reader::of(OWN));
    Principal { token: Some(MINE), roles: Roles::of(&[role]), ..operator }
}

// The roles that may, by the first letters of their names.
fn may<A: Act<I>, I>(what: &I) -> String {
    let letter = |role: Role| match role {
        Role::Reader => 'r',
        Role::Sensor => 's',
        Role::Analyst => 'a',
        Role::Curator => 'c',
        Role::OrganisationAdministrator => 'o',
        Role::Administrator => 'A',
    };
    let allowed = Role::ALL.into_iter().filter(|role| A::allows(&by(*role), what).is_ok());
    allowed.map(letter).collect()
}

#[test]
fn the_directory_is_written_by_those_who_administer_it() {
    assert_eq!((may::<Put, _>(&OWN), may::<Revoke, _>(&OWN)), ("A".to_owned(), "A".to_owned()));
    let collection = CollectionId(id(3));
    assert_eq!((may::<Put, _>(&collection), may::<Revoke, _>(&collection)), ("A".to_owned(), "A".to_owned()));
    assert_eq!(may::<Put, _>(&RetentionRules), "A");
    for (member, carried, puts, revokes) in [
        (OWN, Roles::NONE, "oA", "oA"),
        (OWN, Roles::of(&[Role::Analyst, Role::OrganisationAdministrator]), "oA", "oA"),
        // Whose tokens carry more than an organisation hands out is not revoked by it.
        (OWN, Roles::of(&[Role::Reader, Role::Curator]), "oA", "A"),
        (OWN, Roles::of(&[Role::Administrator]), "oA", "A"),
        (OTHER, Roles::NONE, "A", "A"),
    ] {
        let person = PersonOf { person: PersonId(id(4)), member, carried };
        assert_eq!(may::<Put, _>(&person), puts, "{person:?}");
        assert_eq!(may::<Revoke, _>(&person), revokes, "{person:?}");
    }
    for (token, member, role, puts, revokes) in [
        (id(11), OWN, Role::Analyst, "oA", "oA"),
        (id(11), OWN, Role::OrganisationAdministrator, "oA", "oA"),
        (id(11), OWN, Role::Curator, "A", "A"),
        (id(11), OWN, Role::Administrator, "A", "A"),
        (id(11), OTHER, Role::Reader, "A", "A"),
        // One's own can be revoked, and by that alone not be changed.
        (MINE.0, OWN, Role::Administrator, "A", "rsacoA"),
    ] {
        let token = TokenOf { token: TokenId(token), member, roles: Roles::of(&[role]) };
        assert_eq!(may::<Put, _>(&token), puts, "{token:?}");
        assert_eq!(may::<Revoke, _>(&token), revokes, "{token:?}");
    }
}

#[test]
fn circles_are_written_as_their_charters_say() {
    let circle = |owner: MemberId, formal: bool, admits: Admits, moderation: Moderation| {
        let charter = Charter { formal, admits, moderation, ..Charter::default() };
        CircleOf::new(CircleId(id(5)), Some(owner), &charter)
    };
    let plain = |owner| circle(owner, false, Admits::Members, Moderation::Owner);
    let formal = |owner| circle(owner, true, Admits::Administrators, Moderation::Owner);
    let shared = |owner| circle(owner, true, Admits::TwoAdministrators, Moderation::Administrators);
    for (circle, found, upgrade, invite, moderate) in [
        (plain(OWN), "ao", "oA", "ao", "ao"),
        (plain(OTHER), "", "", "ao", ""),
        (formal(OWN), "oA", "oA", "oA", "oA"),
        // Only an administrator of the node founds one for others.
        (formal(OTHER), "A", "", "oA", ""),
        (shared(OTHER), "A", "", "oA", "oA"),
    ] {
        assert_eq!(may::<Found, _>(&circle), found, "{circle:?}");
        assert_eq!(may::<Upgrade, _>(&circle), upgrade, "{circle:?}");
        assert_eq!(may::<Invite, _>(&circle), invite, "{circle:?}");
        assert_eq!(may::<Moderate, _>(&circle), moderate, "{circle:?}");
        assert_eq!(may::<End, _>(&circle), "A", "{circle:?}");
        let seat = |member| SeatOf { circle, member };
        assert_eq!(may::<Moderate, _>(&seat(OTHER)), moderate, "{circle:?}");
        assert_eq!(may::<Join, _>(&seat(OWN)), if circle.formal { "oA" } else { "ao" }, "{circle:?}");
        assert_eq!(may::<Join, _>(&seat(OTHER)), "", "nobody joins for another");
    }
}

#[test]
fn the_record_is_written_by_those_who_say_it() {
    let through = Some(CollectionId(id(3)));
    for collection in [None, through] {
        assert_eq!(may::<Submit, _>(&Source { member: OWN, collection }), "sac");
        // For others submits who administers the node and may submit himself.
        assert_eq!(may::<Submit, _>(&Source { member: OTHER, collection }), "");
        let object = ObjectKey { kind: "indicator".to_owned(), uuid: id(6) };
        let of =
            |member| Versions { object: object.clone(), member, through: collection, versions: Vec::new() };
        assert_eq!(may::<Withdraw, _>(&of(OWN)), "acA");
        assert_eq!(may::<Withdraw, _>(&of(OTHER)), "A");
        assert_eq!(may::<Withdraw, _>(&vec![of(OWN), of(OTHER)]), "A", "each of them");
    }
    let of = |member| Statements { member, positions: vec![1] };
    assert_eq!(
        (may::<Relabel, _>(&of(OWN)), may::<Relabel, _>(&of(OTHER))),
        ("ac".to_owned(), String::new())
    );
    assert_eq!(
        (may::<Open, _>(&of(OTHER)), may::<Erase, _>(&Positions(vec![1]))),
        ("A".to_owned(), "A".to_owned())
    );
    assert_eq!((may::<Erase, _>(&Record), may::<Rebuild, _>(&Record)), ("A".to_owned(), "A".to_owned()));
    let unnamed = Reader { alias: Some(OTHER), ..Reader::of(OWN) };
    let unnamed = Principal { reader: unnamed, ..by(Role::Analyst) };
    assert_eq!(Relabel::allows(&unnamed, &of(OTHER)), Ok(()), "what it says without its name is its own");
}

#[test]
fn leave_is_for_what_it_was_given_for() {
    let facts = Facts::of(model::Epoch(7));
    let by = authorize(Submit, Source { member: OWN, collection: None }, &by(Role::Analyst), facts).unwrap();
    assert_eq!((by.id().member, by.facts()), (OWN, facts));
    let narrower = by.resting_on(9).resting_on(12);
    assert_eq!(narrower.facts(), Facts { record: Some(9), ..facts });
    let nobody = Principal::anonymous();
    let source = Source { member: OWN, collection: None };
    assert_eq!(authorize(Submit, source, &nobody, facts).unwrap_err(), Denied::Anonymous);
}
