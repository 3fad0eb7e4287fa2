//! Lists of claims: what others say under one's own ids, and what one says under theirs.

use model::Tlp;
use node::{
    Caller, Claims, ImportOptions, Kind, ListQuery, NewCollection, NewMember, NewToken, Relabel, SearchQuery,
    Settings,
};

use crate::write_world::{FIRST, SECOND, World, envelope, id, indicator, settings, strings};

const THIRD: &str = "2026-03-01T00:00:00.000Z";

/// Members of these names, each with its identity and an analyst.
fn members<const N: usize>(world: &World, names: [&str; N]) -> [(String, Caller); N] {
    names.map(|name| {
        let new = NewMember { name: name.to_owned(), ..NewMember::default() };
        let identity = world.node.add_member(&world.node.operator(), &new).unwrap().identities.remove(0);
        (identity, world.token(name, &["analyst"]))
    })
}

fn say(world: &World, by: &Caller, tlp: Tlp, object: &str) {
    let options = ImportOptions { tlp: Some(tlp), ..ImportOptions::default() };
    let status = world.node.submit(by, &options, envelope(&[object.to_owned()]).as_bytes()).unwrap();
    assert_eq!(status.failure, 0, "{status:?}");
}

fn by(identity: &str) -> String {
    format!(",\"created_by_ref\":\"{identity}\"")
}

/// The claims that somebody is told of, newest first: id and version.
fn told(world: &World, caller: &Caller, claims: Claims) -> Vec<(String, String)> {
    let page = world.node.claims(caller, claims, &SearchQuery::default()).unwrap();
    assert!(page.objects.iter().all(|one| one.claim) && !page.more);
    page.objects.into_iter().map(|one| (one.id, one.version)).collect()
}

fn numbers(world: &World, caller: &Caller, claims: Claims) -> Vec<u32> {
    let number = |found: String| (0..20).find(|n| id(*n) == found).unwrap();
    told(world, caller, claims).into_iter().map(|(id, _)| number(id)).collect()
}

#[test]
fn who_owns_an_id_is_told_who_else_speaks_under_it() {
    let world = World::new();
    let [(own, blue), (_, green), (_, grey)] = members(&world, ["Blue", "Green", "Grey"]);
    for n in [1, 2, 3] {
        say(&world, &blue, Tlp::Green, &indicator(n, FIRST, &by(&own)));
    }
    // A version of its own, twice: the last stands for both. In his name, under an id that he never said.
    say(&world, &green, Tlp::Green, &indicator(1, SECOND, ""));
    say(&world, &green, Tlp::Green, &indicator(1, THIRD, ""));
    say(&world, &green, Tlp::Green, &indicator(4, FIRST, &by(&own)));
    // What is not for him, and what is nobody's.
    say(&world, &grey, Tlp::Red, &indicator(2, SECOND, ""));
    say(&world, &grey, Tlp::Green, &indicator(5, FIRST, ""));
    say(&world, &green, Tlp::Green, &indicator(5, SECOND, ""));
    let listed = told(&world, &blue, Claims::UnderOwn);
    assert_eq!(listed, [(id(4), FIRST.to_owned()), (id(1), THIRD.to_owned())]);
    assert_eq!(numbers(&world, &green, Claims::ByOwn), [4, 1]);
    assert_eq!(numbers(&world, &grey, Claims::ByOwn), [2]);
    for (caller, claims) in [(&green, Claims::UnderOwn), (&grey, Claims::UnderOwn), (&blue, Claims::ByOwn)] {
        assert!(told(&world, caller, claims).is_empty());
    }
    // Page by page; a cursor is good for its list alone.
    let query = SearchQuery { limit: Some(1), ..SearchQuery::default() };
    let first = world.node.claims(&blue, Claims::UnderOwn, &query).unwrap();
    assert!(first.more && first.objects[0].id == id(4));
    let next = SearchQuery { next: first.next, ..SearchQuery::default() };
    let second = world.node.claims(&blue, Claims::UnderOwn, &next).unwrap();
    assert!(!second.more && second.objects.len() == 1 && second.objects[0].id == id(1));
    let error = world.node.claims(&blue, Claims::ByOwn, &next).err().unwrap();
    assert_eq!(error.kind, Kind::Invalid);
    assert_eq!(world.node.search(&blue, &next).err().unwrap().kind, Kind::Invalid);
    let green_only = SearchQuery { sources: strings(&["Grey"]), ..SearchQuery::default() };
    assert!(world.node.claims(&blue, Claims::UnderOwn, &green_only).unwrap().objects.is_empty());
    // Another label keeps it there for who sees it, a withdrawal takes it away; a rebuild finds the same.
    let relabel = Relabel { tlp: Some(Tlp::Amber), ..Relabel::default() };
    world.node.relabel(&green, &id(4), &relabel).unwrap();
    assert_eq!(numbers(&world, &blue, Claims::UnderOwn), [4, 1]);
    world.node.withdraw(&green, None, &id(1), &[THIRD.to_owned()]).unwrap();
    assert_eq!(told(&world, &blue, Claims::UnderOwn)[0], (id(1), SECOND.to_owned()));
    let rebuilt = world.node.rebuild(&world.node.operator(), &mut |_, _| ()).unwrap();
    assert_eq!(rebuilt["equal"], true);
    assert_eq!(numbers(&world, &blue, Claims::UnderOwn), [1, 4]);
    world.node.withdraw(&green, None, &id(4), &[]).unwrap();
    assert_eq!(numbers(&world, &blue, Claims::UnderOwn), [1]);
}

#[test]
fn a_list_of_claims_tells_nothing_of_what_is_not_seen() {
    let world = World::new();
    let [(own, blue), (_, green)] = members(&world, ["Blue", "Green"]);
    say(&world, &blue, Tlp::Red, &indicator(1, FIRST, &by(&own)));
    say(&world, &blue, Tlp::Amber, &indicator(2, FIRST, &by(&own)));
    say(&world, &green, Tlp::Clear, &indicator(1, SECOND, ""));
    say(&world, &green, Tlp::Amber, &indicator(2, SECOND, ""));
    say(&world, &green, Tlp::Clear, &indicator(3, FIRST, &by(&own)));
    assert_eq!(numbers(&world, &blue, Claims::UnderOwn), [3, 2, 1]);
    // Green does not see that the first is Blue's.
    assert_eq!(numbers(&world, &green, Claims::ByOwn), [3, 2]);
    // A token of Blue that does not see what Blue says under the ids.
    let new = NewToken {
        member: "Blue".to_owned(),
        roles: strings(&["analyst"]),
        ceiling: Some(Tlp::Green),
        ..NewToken::default()
    };
    let secret = world.node.add_token(&world.node.operator(), &new).unwrap().secret;
    assert_eq!(numbers(&world, &world.signed_in(&secret), Claims::UnderOwn), [3]);
}

#[test]
fn claims_that_are_passed_over_make_no_page_shorter() {
    let pages = [0, 150].map(|hidden| {
        let world = World::new();
        let [(own, blue), (_, green)] = members(&world, ["Blue", "Green"]);
        let both = |from: u32, to: u32, tlp| {
            let said = |version: &str, rest: &str| {
                envelope(&(from..to).map(|n| indicator(n, version, rest)).collect::<Vec<_>>())
            };
            for (caller, tlp, json) in
                [(&blue, tlp, said(FIRST, &by(&own))), (&green, Tlp::Green, said(SECOND, ""))]
            {
                let options = ImportOptions { tlp: Some(tlp), ..ImportOptions::default() };
                if from < to {
                    assert_eq!(world.node.submit(caller, &options, json.as_bytes()).unwrap().failure, 0);
                }
            }
        };
        both(1, 2, Tlp::Green);
        both(100, 100 + hidden, Tlp::Red);
        both(2, 3, Tlp::Green);
        both(300, 300 + hidden, Tlp::Red);
        let new = NewToken {
            member: "Blue".to_owned(),
            roles: strings(&["analyst"]),
            ceiling: Some(Tlp::Green),
            ..NewToken::default()
        };
        let reader = world.signed_in(&world.node.add_token(&world.node.operator(), &new).unwrap().secret);
        let (mut pages, mut query) = (Vec::new(), SearchQuery { limit: Some(1), ..SearchQuery::default() });
        loop {
            let page = world.node.claims(&reader, Claims::UnderOwn, &query).unwrap();
            pages.push((page.objects.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), page.more));
            query = SearchQuery { next: page.next, ..SearchQuery::default() };
            if query.next.is_none() {
                return pages;
            }
        }
    });
    assert_eq!(pages[0], [(vec![id(2)], true), (vec![id(1)], false)]);
    assert_eq!(pages[0], pages[1]);
}

// What the member said without naming an author makes nothing under the id its own; what it said elsewhere, that did, this token
// does not see.
#[test]
fn a_list_of_claims_tells_nothing_of_whose_an_id_is_out_of_sight() {
    let listed = [false, true].map(|is_hidden| {
        let world = World::new();
        let [(own, blue), (_, green), (other, _)] = members(&world, ["Blue", "Green", "Grey"]);
        say(&world, &blue, Tlp::Green, &indicator(1, FIRST, ""));
        if is_hidden {
            say(&world, &blue, Tlp::Red, &indicator(1, SECOND, &by(&own)));
        }
        say(&world, &green, Tlp::Green, &indicator(1, THIRD, &by(&other)));
        let new = NewToken {
            member: "Blue".to_owned(),
            roles: strings(&["analyst"]),
            ceiling: Some(Tlp::Green),
            ..NewToken::default()
        };
        let secret = world.node.add_token(&world.node.operator(), &new).unwrap().secret;
        let low = world.signed_in(&secret);
        (numbers(&world, &low, Claims::UnderOwn), numbers(&world, &blue, Claims::UnderOwn))
    });
    assert_eq!(listed, [(vec![], vec![]), (vec![], vec![1])]);
}

// Whoever sees nothing of the owner is the owner himself, as far as he sees; so are the claims on what he says, in his list too.
#[test]
fn who_speaks_for_an_id_as_far_as_he_sees_is_told_of_claims_as_its_owner_is() {
    let listed = [false, true].map(|is_hidden| {
        let world = World::new();
        let [(own, blue), (_, green), (other, grey)] = members(&world, ["Blue", "Green", "Grey"]);
        if is_hidden {
            say(&world, &grey, Tlp::Red, &indicator(1, FIRST, &by(&other)));
        }
        say(&world, &blue, Tlp::Green, &indicator(1, FIRST, &by(&own)));
        say(&world, &green, Tlp::Green, &indicator(1, SECOND, ""));
        [(&blue, Claims::UnderOwn), (&green, Claims::ByOwn), (&green, Claims::UnderOwn)]
            .map(|(caller, claims)| numbers(&world, caller, claims))
    });
    assert_eq!(listed, [[vec![1], vec![1], vec![]], [vec![1], vec![1], vec![]]]);
    // Where the owner is seen, the claims are his.
    let world = World::new();
    let [(own, blue), (_, green), (other, grey)] = members(&world, ["Blue", "Green", "Grey"]);
    say(&world, &grey, Tlp::Green, &indicator(1, FIRST, &by(&other)));
    say(&world, &blue, Tlp::Green, &indicator(1, FIRST, &by(&own)));
    say(&world, &green, Tlp::Green, &indicator(1, SECOND, ""));
    assert!(numbers(&world, &blue, Claims::UnderOwn).is_empty());
    assert_eq!(numbers(&world, &grey, Claims::UnderOwn), [1, 1]);
}

#[test]
fn a_claim_without_a_name_is_listed_as_one() {
    let world = World::with(Settings { desk_interval_s: 0, desk_members: 2, ..settings() });
    let [(own, blue), (_, green), _] = members(&world, ["Blue", "Green", "Grey"]);
    say(&world, &blue, Tlp::Green, &indicator(1, FIRST, &by(&own)));
    let options = ImportOptions { without_name: true, tlp: Some(Tlp::Green), ..ImportOptions::default() };
    let claim = envelope(&[indicator(1, SECOND, "")]);
    let status = world.node.submit(&green, &options, claim.as_bytes()).unwrap();
    for _ in 0..2_000 {
        if world.node.status(&green, &status.id).unwrap().complete {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let page = world.node.claims(&blue, Claims::UnderOwn, &SearchQuery::default()).unwrap();
    assert!(page.objects.len() == 1 && page.objects[0].source.is_none());
    assert_eq!(numbers(&world, &green, Claims::ByOwn), [1]);
}

#[test]
fn who_came_behind_an_owner_is_a_claim_when_the_owner_took_back_what_he_said_first() {
    let lists = [false, true].map(|hidden| {
        let world = World::new();
        let [(own, blue), (_, green), (other, grey)] = members(&world, ["Blue", "Green", "Grey"]);
        if hidden {
            say(&world, &grey, Tlp::Red, &indicator(1, FIRST, &by(&other)));
        }
        say(&world, &blue, Tlp::Green, &indicator(1, FIRST, &by(&own)));
        say(&world, &green, Tlp::Green, &indicator(1, SECOND, ""));
        say(&world, &blue, Tlp::Green, &indicator(1, THIRD, &by(&own)));
        world.node.withdraw(&blue, None, &id(1), &[FIRST.to_owned()]).unwrap();
        told(&world, &green, Claims::ByOwn)
    });
    let claim = vec![(id(1), SECOND.to_owned())];
    assert_eq!(lists, [claim.clone(), claim]);
}

#[test]
fn a_revocation_of_what_is_nobodys_counts_for_who_says_it_until_all_say_so() {
    let world = World::new();
    let [(own, blue), (_, green), (_, grey)] = members(&world, ["Blue", "Green", "Grey"]);
    let revoked = ",\"revoked\":true";
    // What a list has of an object, what its page shows, and what a search finds.
    let shown = |object: u32, added_after: Option<model::Timestamp>| {
        let query = ListQuery { ids: vec![id(object)], added_after, ..ListQuery::default() };
        let mut listed = Vec::new();
        let all = ListQuery { added_after, ..ListQuery::default() };
        let end = world.node.list(&blue, &all, &mut |entry| {
            if String::from_utf8_lossy(entry.wire).contains(&id(object)) {
                listed.push(entry.version.to_string());
            }
        });
        let mut one = Vec::new();
        world.node.list(&blue, &query, &mut |entry| one.push(entry.version.to_string())).unwrap();
        assert_eq!(one, listed, "object {object}");
        let page = world.node.object(&blue, &id(object), None).unwrap().summary.version;
        let search = SearchQuery { text: Some("number".to_owned()), ..SearchQuery::default() };
        let found = world.node.search(&blue, &search).unwrap().objects;
        let found: Vec<String> = found
            .into_iter()
            .filter(|row| row.id == id(object) && !row.claim)
            .map(|row| row.version)
            .collect();
        assert_eq!(found, std::slice::from_ref(&page), "object {object}");
        (listed, page, end.unwrap().last)
    };
    say(&world, &green, Tlp::Green, &indicator(1, FIRST, ""));
    say(&world, &grey, Tlp::Green, &indicator(1, THIRD, revoked));
    let (listed, page, last) = shown(1, None);
    assert_eq!((listed, page), (vec![FIRST.to_owned()], FIRST.to_owned()));
    // What it says is there, as its own.
    assert_eq!(world.node.object(&blue, &id(1), None).unwrap().claims.len(), 1);
    assert_eq!(world.node.object(&blue, &id(1), Some(THIRD)).unwrap().summary.version, THIRD);
    // Its last source revokes it too: whoever asks for what is new is told.
    say(&world, &green, Tlp::Green, &indicator(1, SECOND, revoked));
    let (listed, page, _) = shown(1, last);
    assert_eq!((listed, page), (vec![SECOND.to_owned()], SECOND.to_owned()));
    // An owner's counts, whatever others say.
    say(&world, &blue, Tlp::Green, &indicator(2, FIRST, &by(&own)));
    say(&world, &grey, Tlp::Green, &indicator(2, THIRD, &by(&own)));
    say(&world, &blue, Tlp::Green, &indicator(2, SECOND, &format!("{}{revoked}", by(&own))));
    assert_eq!(shown(2, None).1, SECOND);
}

#[test]
fn whose_an_id_is_does_not_depend_on_where_one_looks() {
    let shown = [false, true].map(|hidden| {
        let world = World::new();
        let [(his, blue), (own, green), (its, grey)] = members(&world, ["Blue", "Green", "Grey"]);
        let open =
            NewCollection { title: "Open".to_owned(), ceiling: Some(Tlp::Clear), ..NewCollection::default() };
        world.node.add_collection(&world.node.operator(), &open).unwrap();
        if hidden {
            say(&world, &blue, Tlp::Red, &indicator(1, FIRST, &by(&his)));
        }
        // It is Green's, who said so where the collection does not reach.
        say(&world, &green, Tlp::Red, &indicator(1, FIRST, &by(&own)));
        say(&world, &grey, Tlp::Clear, &indicator(1, THIRD, &by(&its)));
        say(&world, &green, Tlp::Clear, &indicator(1, SECOND, &by(&own)));
        let through = |collection: Option<&str>| {
            let mut versions = Vec::new();
            let query = ListQuery { collection: collection.map(str::to_owned), ..ListQuery::default() };
            world.node.list(&green, &query, &mut |entry| versions.push(entry.version.to_string())).unwrap();
            versions
        };
        let labelled = SearchQuery { labels: vec![Tlp::Clear], ..SearchQuery::default() };
        let found = world.node.search(&green, &labelled).unwrap().objects;
        let found: Vec<_> = found.into_iter().map(|one| (one.version, one.claim)).collect();
        (through(Some("Open")), through(None), found)
    });
    let [without, with] = &shown;
    assert_eq!(without, with, "what he does not see changes nothing");
    assert_eq!(without.0, [SECOND]);
    assert_eq!(without.1, [SECOND]);
    assert_eq!(without.2, [(SECOND.to_owned(), false), (THIRD.to_owned(), true)]);
}
