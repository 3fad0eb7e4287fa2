//! `may_act`: every set of roles, every set of verbs, every scope, every action on one's own and on others.

use std::collections::BTreeSet;

use model::access::{CollectionScope, Release, Waiting, may_release};
use model::{
    Action, CollectionId, Denied, Label, MemberId, PersonId, Principal, Reader, Role, Roles, SubmissionId,
    Timestamp, Tlp, TokenId, Verb, may_act,
};
use uuid::Uuid;

use super::words;

/// What each action needs: the verb; the roles that may do it to anybody; the roles that may do it to their own
/// member only; the collections that must be in scope (`reads`, `writes`: that one; `reads-all`, `writes-all`: the
/// record, outside of any).
const RULES: &str = "
    read                  | read   | reader sensor analyst curator | | reads-all
    read-collection       | read   | reader sensor analyst curator | | reads
    write-collection      | write  | sensor analyst curator | | writes
    submit                | write  | analyst curator | | writes-all
    submit-observation    | write  | sensor analyst curator | | writes-all
    annotate              | write  | analyst curator | | writes-all
    withdraw              | write  | administrator | analyst curator | writes-all
    withdraw-through      | write  | administrator | analyst curator | reads writes
    erase                 | manage | administrator | |
    read-quarantine       | manage | curator administrator | |
    manage-members        | manage | administrator | |
    manage-persons        | manage | administrator | organisation-administrator |
    manage-tokens         | manage | administrator | organisation-administrator |
    manage-powerful-token | manage | administrator | |
    manage-collections    | manage | administrator | |
    operate               | manage | administrator | |
    curate                | write  | curator | | reads-all writes-all
    curate-through        | write  | curator | | reads writes
    see-circles           | read   | reader analyst curator organisation-administrator | | reads-all
    see-assets            | read   | reader analyst curator organisation-administrator | | reads-all
    act-in-circles        | write  | analyst organisation-administrator | | writes-all
    declare-assets        | write  | analyst organisation-administrator | | writes-all
    see-policy            | read   | reader analyst curator organisation-administrator | | reads-all
    set-policy            | write  | analyst organisation-administrator | | writes-all
    govern-circles        | manage | organisation-administrator | | writes-all
    found-circles         | manage | administrator | |
    disclose              | write  | analyst organisation-administrator | | writes-all
    observe               | write  | sensor analyst | | writes-all
    see-observed          | read   | analyst | | reads-all
    report-edge           | read   | reader sensor analyst | | reads-all
    see-edges             | read   | reader analyst curator organisation-administrator | | reads-all
    forget-observed       | write  | analyst organisation-administrator | | writes-all
";

/// What nobody needs to be signed in for; that a visitor sees CLEAR only is the other function's.
const OPEN: &str = "read read-collection";

const OWN: MemberId = MemberId(Uuid::from_u128(1));
const OTHER: MemberId = MemberId(Uuid::from_u128(2));
const HERE: CollectionId = CollectionId(Uuid::from_u128(3));
const THERE: CollectionId = CollectionId(Uuid::from_u128(4));

/// Each action as the table calls it, with whose it is about and through which collection.
fn actions() -> Vec<(&'static str, Action, Option<MemberId>, Option<CollectionId>)> {
    let mut actions = vec![
        ("read", Action::Read, None, None),
        ("submit", Action::Submit, None, None),
        ("submit-observation", Action::SubmitObservation, None, None),
        ("annotate", Action::Annotate, None, None),
        ("erase", Action::Erase, None, None),
        ("read-quarantine", Action::ReadQuarantine, None, None),
        ("manage-members", Action::ManageMembers, None, None),
        ("manage-collections", Action::ManageCollections, None, None),
        ("operate", Action::Operate, None, None),
        ("curate", Action::Curate(None), None, None),
        ("see-circles", Action::SeeCircles, None, None),
        ("act-in-circles", Action::ActInCircles, None, None),
        ("see-assets", Action::SeeAssets, None, None),
        ("declare-assets", Action::DeclareAssets, None, None),
        ("see-policy", Action::SeePolicy, None, None),
        ("set-policy", Action::SetPolicy, None, None),
        ("govern-circles", Action::GovernCircles, None, None),
        ("found-circles", Action::FoundCircles, None, None),
        ("disclose", Action::Disclose, None, None),
        ("observe", Action::Observe, None, None),
        ("see-observed", Action::SeeObserved, None, None),
        ("forget-observed", Action::ForgetObserved, None, None),
        ("report-edge", Action::ReportEdge, None, None),
        ("see-edges", Action::SeeEdges, None, None),
    ];
    for collection in [HERE, THERE] {
        actions.push(("read-collection", Action::ReadCollection(collection), None, Some(collection)));
        actions.push(("write-collection", Action::WriteCollection(collection), None, Some(collection)));
        actions.push(("curate-through", Action::Curate(Some(collection)), None, Some(collection)));
    }
    for of in [OWN, OTHER] {
        actions.push(("withdraw", Action::Withdraw(of, None), Some(of), None));
        for through in [HERE, THERE] {
            let action = Action::Withdraw(of, Some(through));
            actions.push(("withdraw-through", action, Some(of), Some(through)));
        }
        actions.push(("manage-persons", Action::ManagePersons(of), Some(of), None));
        for bits in 0..64 {
            let carried = Roles::from_bits(bits);
            let powerful = carried.iter().any(|role| words("administrator curator").contains(role.name()));
            let name = if powerful { "manage-powerful-token" } else { "manage-tokens" };
            actions.push((name, Action::ManageTokens(of, carried), Some(of), None));
        }
    }
    actions
}

struct Rule {
    verb: &'static str,
    anybody: BTreeSet<&'static str>,
    own: BTreeSet<&'static str>,
    scope: BTreeSet<&'static str>,
}

fn rule(name: &str) -> Rule {
    let rows = RULES.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let row = rows.filter(|row| row[0] == name).collect::<Vec<_>>();
    assert_eq!(row.len(), 1, "{name}");
    let row = &row[0];
    Rule { verb: row[1], anybody: words(row[2]), own: words(row[3]), scope: words(row[4]) }
}

fn scopes() -> [CollectionScope; 4] {
    [
        CollectionScope::All,
        CollectionScope::Only(Vec::new()),
        CollectionScope::Only(vec![HERE]),
        CollectionScope::Only(vec![THERE, HERE]),
    ]
}

fn inside(scope: &CollectionScope, collection: Option<CollectionId>) -> bool {
    match (scope, collection) {
        (CollectionScope::All, _) => true,
        (CollectionScope::Only(_), None) => false,
        (CollectionScope::Only(some), Some(id)) => some.contains(&id),
    }
}

fn expected(
    principal: &Principal,
    rule: &Rule,
    of: Option<MemberId>,
    through: Option<CollectionId>,
) -> Result<(), Denied> {
    let roles: BTreeSet<&str> = principal.roles.iter().map(Role::name).collect();
    let for_own = of == Some(OWN) && !roles.is_disjoint(&rule.own);
    if roles.is_disjoint(&rule.anybody) && !for_own {
        let own = rule.own.iter().filter(|_| of == Some(OWN));
        let would: Vec<Role> = rule.anybody.iter().chain(own).filter_map(|name| Role::named(name)).collect();
        return Err(Denied::Role(Roles::of(&would)));
    }
    if !principal.verbs.iter().any(|verb| verb.name() == rule.verb) {
        return Err(Denied::Scope);
    }
    let in_scope = rule.scope.iter().all(|scope| match *scope {
        "reads-all" => inside(&principal.read, None),
        "writes-all" => inside(&principal.write, None),
        "reads" => inside(&principal.read, through),
        _ => inside(&principal.write, through),
    });
    if in_scope { Ok(()) } else { Err(Denied::Scope) }
}

#[test]
fn the_whole_matrix_of_tokens() {
    let actions: Vec<_> =
        actions().into_iter().map(|(name, action, of, at)| (rule(name), action, of, at)).collect();
    let mut allowed = 0;
    for roles in (0..64).map(Roles::from_bits) {
        for chosen in 0..8usize {
            let verbs: Vec<Verb> = Verb::ALL
                .into_iter()
                .enumerate()
                .filter(|(at, _)| chosen >> at & 1 == 1)
                .map(|(_, it)| it)
                .collect();
            for (read, write) in
                scopes().into_iter().flat_map(|read| scopes().map(|write| (read.clone(), write)))
            {
                let principal = Principal {
                    token: None,
                    reader: Reader::of(OWN),
                    roles,
                    verbs: verbs.clone(),
                    read,
                    write,
                };
                for (rule, action, of, through) in &actions {
                    let answer = may_act(&principal, action);
                    assert_eq!(answer, expected(&principal, rule, *of, *through), "{action:?} {principal:?}");
                    allowed += usize::from(answer.is_ok());
                }
            }
        }
    }
    assert!(allowed > 0);
}

#[test]
fn visitors_read_and_do_nothing_else() {
    for (name, action, ..) in actions() {
        let answer = may_act(&Principal::anonymous(), &action);
        let expected = if words(OPEN).contains(name) { Ok(()) } else { Err(Denied::Anonymous) };
        assert_eq!(answer, expected, "{action:?}");
    }
}

#[test]
fn an_administrator_sees_nothing_by_role_and_a_token_without_roles_does_nothing() {
    let bearer = |roles| Principal {
        token: None,
        reader: Reader::of(OWN),
        roles,
        verbs: Verb::ALL.to_vec(),
        read: CollectionScope::All,
        write: CollectionScope::All,
    };
    for role in [Role::Administrator, Role::OrganisationAdministrator] {
        for action in [Action::Read, Action::ReadCollection(HERE)] {
            let denied = may_act(&bearer(Roles::of(&[role])), &action);
            assert!(matches!(denied, Err(Denied::Role(would)) if !would.has(role)));
        }
    }
    for (_, action, ..) in actions() {
        let denied = may_act(&bearer(Roles::NONE), &action);
        assert!(matches!(denied, Err(Denied::Role(would)) if would != Roles::NONE), "{action:?}");
    }
}

#[test]
fn every_rule_has_an_action_and_every_verb_and_role_its_word() {
    let rules: BTreeSet<&str> = RULES
        .lines()
        .map(|line| line.split('|').next().unwrap_or("").trim())
        .filter(|name| !name.is_empty())
        .collect();
    assert_eq!(rules, actions().into_iter().map(|(name, ..)| name).collect());
    for role in Role::ALL {
        assert_eq!(Role::named(role.name()), Some(role));
    }
    assert_eq!(Roles::from_bits(255).iter().count(), Role::ALL.len());
}

#[test]
fn who_lacks_a_role_is_told_which() {
    let reads = Principal {
        token: None,
        reader: Reader::of(OWN),
        roles: Roles::of(&[Role::Reader]),
        verbs: vec![Verb::Read],
        read: CollectionScope::All,
        write: CollectionScope::All,
    };
    let told = |action| may_act(&reads, &action).unwrap_err().to_string();
    assert_eq!(
        told(Action::Submit),
        "no role of this token allows it; it takes the role `analyst` or `curator`"
    );
    assert!(told(Action::Erase).ends_with("it takes the role `administrator`"));
}

#[test]
fn a_curator_lets_in_what_he_would_see_and_did_not_send_and_four_eyes_are_of_others() {
    let token = |n| Some(TokenId(Uuid::from_u128(n)));
    let person = |n| Some(PersonId(Uuid::from_u128(n)));
    let bearer = |of: u128, at: u128, who: Option<PersonId>| Principal {
        token: token(at),
        reader: Reader { person: who, ..Reader::of(MemberId(Uuid::from_u128(of))) },
        roles: Roles::of(&[Role::Curator]),
        verbs: vec![Verb::Write],
        read: CollectionScope::All,
        write: CollectionScope::All,
    };
    let waiting = |tlp, four_eyes, approved| Waiting {
        submission: SubmissionId(Uuid::from_u128(1)),
        labels: vec![Label::new(OWN, Tlp::Clear), Label::new(OWN, tlp)],
        collection: None,
        sent: (token(1), person(1)),
        four_eyes,
        approved,
    };
    let first = Some((token(2), person(2)));
    let (whole, half) = (Ok(Release::Whole), Ok(Release::First));
    let (again, unseen) = (Err(Denied::FourEyes), Err(Denied::Scope));
    for (who, waiting, expected) in [
        (bearer(2, 2, None), waiting(Tlp::Amber, false, None), whole),
        (bearer(1, 1, None), waiting(Tlp::Amber, false, None), again),
        (bearer(1, 9, person(1)), waiting(Tlp::Amber, false, None), again),
        (bearer(1, 9, None), waiting(Tlp::Amber, false, None), whole),
        (bearer(1, 9, None), waiting(Tlp::Amber, true, None), again),
        (bearer(1, 9, None), waiting(Tlp::Green, true, None), whole),
        (bearer(2, 2, person(2)), waiting(Tlp::Amber, true, None), half),
        (bearer(2, 2, None), waiting(Tlp::Amber, true, first), again),
        (bearer(2, 3, person(2)), waiting(Tlp::Amber, true, first), again),
        (bearer(2, 3, None), waiting(Tlp::Amber, true, first), whole),
        (bearer(2, 2, None), waiting(Tlp::Red, false, None), unseen),
        (bearer(2, 2, None), Waiting { labels: Vec::new(), ..waiting(Tlp::Clear, false, None) }, unseen),
    ] {
        assert_eq!(may_release(&who, &waiting, Timestamp(0)), expected, "{who:?} {waiting:?}");
    }
    // An alias is the member's own, as little as it is told.
    let mut own = bearer(1, 9, None);
    own.reader.alias = Some(OTHER);
    let unnamed = Waiting { labels: vec![Label::new(OTHER, Tlp::Amber)], ..waiting(Tlp::Amber, true, None) };
    assert_eq!(may_release(&own, &unnamed, Timestamp(0)), again);
}
