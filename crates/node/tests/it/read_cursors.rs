//! Cursors, as clients keep, change and mix them up.

use std::collections::HashSet;

use model::Timestamp;
use node::{Kind, ListQuery, SearchQuery};

use crate::read_lists::{Listed, list};
use crate::read_world::{Base, Dice, World, open, random};

fn world(base: &Base, seed: u64) -> World {
    base.world(&random(&mut Dice(seed), base, 120, false), |_| true)
}

fn first_page(limit: usize) -> ListQuery {
    ListQuery { limit: Some(limit), ..ListQuery::default() }
}

fn ids(listed: &[Listed]) -> Vec<(String, Timestamp)> {
    listed.iter().map(|one| (one.id.clone(), one.date_added)).collect()
}

#[test]
fn a_cursor_is_good_after_a_restart_and_on_another_instance() {
    let base = Base::new();
    let world = world(&base, 1);
    let (whole, _) = list(&world.node, &world.caller(&base.secrets[0]), &ListQuery::default()).unwrap();
    let (start, end) = list(&world.node, &world.caller(&base.secrets[0]), &first_page(5)).unwrap();
    let next = ListQuery { next: end.next, limit: Some(50), ..ListQuery::default() };
    let world = world.reopen();
    let (rest, _) = list(&world.node, &world.caller(&base.secrets[0]), &next).unwrap();
    assert_eq!(ids(&[start, rest.clone()].concat()), ids(&whole));
    // A second instance on a copy of the folder has the same key.
    world.node.stop();
    let World { node, folder } = world;
    drop(node);
    let other = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), other.path().join(file.file_name())).unwrap();
    }
    let other = World { node: open(other.path()), folder: other };
    let (again, _) = list(&other.node, &other.caller(&base.secrets[0]), &next).unwrap();
    assert_eq!(ids(&again), ids(&rest));
}

#[test]
fn a_cursor_is_good_for_nobody_and_nothing_else() {
    let base = Base::new();
    let world = world(&base, 2);
    let caller = world.caller(&base.secrets[0]);
    let (_, end) = list(&world.node, &caller, &first_page(3)).unwrap();
    let text = end.next.unwrap();
    let next = ListQuery { next: Some(text.clone()), ..ListQuery::default() };
    let refused = |answer: Result<_, node::Error>| {
        let error: node::Error = answer.map(|_: ()| ()).unwrap_err();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (Kind::Invalid, "`next` is not a cursor of this list")
        );
    };
    let mut others = world.callers(&base);
    others.remove(0);
    // The same member with another token is another principal too.
    for other in others {
        refused(list(&world.node, &other, &next).map(drop));
    }
    let through = ListQuery { collection: Some("everything-alias".to_owned()), ..next.clone() };
    refused(list(&world.node, &caller, &through).map(drop));
    let id = list(&world.node, &caller, &first_page(1)).unwrap().0[0].id.clone();
    let versions = ListQuery { ids: vec![id], ..next.clone() };
    refused(world.node.versions(&caller, &versions, &mut |_| {}).map(drop));
    let search = SearchQuery { next: Some(text.clone()), ..SearchQuery::default() };
    refused(world.node.search(&caller, &search).map(drop));
    let stranger = Base::new();
    let elsewhere = stranger.world(&[], |_| true);
    refused(list(&elsewhere.node, &elsewhere.caller(&stranger.secrets[0]), &next).map(drop));
    for at in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'Q' } else { b'A' };
        let changed = ListQuery { next: Some(String::from_utf8(changed).unwrap()), ..ListQuery::default() };
        refused(list(&world.node, &caller, &changed).map(drop));
    }
}

#[test]
fn filters_that_contradict_a_cursor_are_refused_and_a_limit_may_change() {
    let base = Base::new();
    let world = world(&base, 3);
    let caller = world.caller(&base.secrets[1]);
    let query = ListQuery { types: vec!["note".to_owned(), "malware".to_owned()], ..first_page(2) };
    let (first, end) = list(&world.node, &caller, &query).unwrap();
    let next = ListQuery { next: end.next, ..ListQuery::default() };
    for contradicting in [
        ListQuery { types: vec!["note".to_owned()], ..next.clone() },
        ListQuery { added_after: Some(Timestamp(0)), ..next.clone() },
        ListQuery { versions: vec!["all".to_owned()], ..next.clone() },
    ] {
        assert_eq!(list(&world.node, &caller, &contradicting).unwrap_err().kind, Kind::Invalid);
    }
    let (second, _) = list(&world.node, &caller, &next).unwrap();
    assert_eq!(second.len(), 2, "the limit comes from the cursor");
    let (wider, _) = list(&world.node, &caller, &ListQuery { limit: Some(4), ..next.clone() }).unwrap();
    assert_eq!(ids(&wider)[..2], ids(&second));
    let turned = ListQuery { types: vec!["malware".to_owned(), "note".to_owned()], ..next.clone() };
    let (again, _) = list(&world.node, &caller, &turned).unwrap();
    assert_eq!(ids(&again), ids(&second));
    let seen: HashSet<_> = ids(&first).into_iter().chain(ids(&wider)).collect();
    assert_eq!(seen.len(), 6, "no page repeats another");
}

#[test]
fn pages_of_a_search_hang_together() {
    let base = Base::new();
    let world = world(&base, 4);
    for caller in world.callers(&base) {
        for query in [
            SearchQuery::default(),
            SearchQuery { types: vec!["note".to_owned()], ..SearchQuery::default() },
            SearchQuery { tag: Some("TAG1".to_owned()), ..SearchQuery::default() },
            SearchQuery { text: Some("emotet".to_owned()), ..SearchQuery::default() },
        ] {
            let whole =
                world.node.search(&caller, &SearchQuery { limit: Some(1_000), ..query.clone() }).unwrap();
            assert!(!whole.more);
            let mut page = SearchQuery { limit: Some(3), ..query };
            let mut paged = Vec::new();
            loop {
                let answer = world.node.search(&caller, &page).unwrap();
                paged.extend(answer.objects);
                assert_eq!(answer.more, answer.next.is_some());
                let Some(next) = answer.next else { break };
                page = SearchQuery { next: Some(next), ..SearchQuery::default() };
            }
            let names = |objects: &[node::views::ObjectSummary]| {
                objects
                    .iter()
                    .map(|one| (one.id.clone(), one.version.clone(), one.added.clone()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(names(&paged), names(&whole.objects));
            assert!(paged.is_sorted_by(|one, next| one.added > next.added), "the newest comes first");
        }
    }
}
