//! Lists against an oracle that goes through everything and asks `may_see` itself.

use std::collections::{BTreeMap, BTreeSet};

use model::{Label, MemberId, Timestamp, Tlp, may_see};
use node::{Caller, Kind, ListEnd, ListQuery, Node};
use store::read::{LabelId, Visible};
use store::{Options, Store};

use crate::read_world::{Base, COLLECTIONS, Dice, KINDS, OBJECTS, World, id, random};

/// A statement as it stands in the record.
#[derive(Debug, Clone)]
struct Standing {
    position: u64,
    date_added: Timestamp,
    id: String,
    kind: String,
    version: Timestamp,
    version_text: String,
    owned: bool,
    source: MemberId,
    label: Label,
    wire: Vec<u8>,
}

// Everything that stands under the labels that are for somebody, read from the store before the node has it.
fn everything(folder: &std::path::Path, is_for: impl Fn(&Label) -> bool) -> Vec<Standing> {
    let store = Store::open(folder, &Options::default()).unwrap();
    let snapshot = store.snapshot().unwrap();
    let labels = snapshot.labels(LabelId(0)).unwrap();
    let mut visible = Visible::default();
    labels.iter().filter(|(_, label)| is_for(label)).for_each(|(id, _)| visible.allow(*id));
    let mut all = Vec::new();
    let end = snapshot
        .statements(&visible, 0, usize::MAX, &mut |entry| {
            all.push(Standing {
                position: entry.position,
                date_added: entry.date_added,
                id: format!("{}--{}", entry.kind, entry.uuid),
                kind: entry.kind.to_owned(),
                version: entry.version,
                version_text: entry.version_text(),
                owned: entry.owned,
                source: entry.source,
                label: labels[entry.label.0 as usize].1.clone(),
                wire: entry.wire.to_vec(),
            });
        })
        .unwrap();
    assert_eq!(end, None);
    all
}

/// What somebody sees, by the ceiling that he reads below.
type SeenBelow = BTreeMap<Option<Tlp>, Vec<Standing>>;

fn seen_below(folder: &std::path::Path, caller: &Caller) -> SeenBelow {
    let ceilings: BTreeSet<Option<Tlp>> = COLLECTIONS.iter().map(|one| one.2).chain([None]).collect();
    let reader = &caller.principal.reader;
    let seen = |below: Option<Tlp>| {
        everything(folder, |label| {
            may_see(reader, label, crate::read_world::NOW) && below.is_none_or(|most| label.tlp <= most)
        })
    };
    ceilings.into_iter().map(|below| (below, seen(below))).collect()
}

// What a list is, said plainly (TAXII 2.1 §3.4; DESIGN: the owner's statements win over claims).
fn oracle<'s>(seen: &'s SeenBelow, base: &Base, query: &ListQuery) -> Vec<&'s Standing> {
    let collection = query.collection.as_deref().map(|name| name.trim_end_matches("-alias"));
    let ceiling = COLLECTIONS.iter().find(|(title, ..)| Some(*title) == collection).and_then(|one| one.2);
    let mut objects: BTreeMap<&str, Vec<&Standing>> = BTreeMap::new();
    seen[&ceiling].iter().for_each(|one| objects.entry(&one.id).or_default().push(one));
    let mut chosen: Vec<&Standing> = objects.into_values().flat_map(|one| versions(one, query)).collect();
    chosen.retain(|one| {
        let inside = match collection {
            Some("indicators") => {
                ["indicator", "malware"].contains(&&*one.kind) && one.label.tlp <= Tlp::Amber
            }
            Some("of-one") => one.source == base.members[1],
            _ => true,
        };
        inside
            && (query.ids.is_empty() || query.ids.contains(&one.id))
            && (query.types.is_empty() || query.types.contains(&one.kind))
            && query.added_after.is_none_or(|after| one.date_added > after)
            && (query.spec_versions.is_empty() || query.spec_versions.iter().any(|one| one == "2.1"))
    });
    chosen.sort_by_key(|one| (one.date_added, one.position));
    chosen.dedup_by_key(|one| one.position);
    chosen
}

fn versions<'s>(mut seen: Vec<&'s Standing>, query: &ListQuery) -> Vec<&'s Standing> {
    if seen.iter().any(|one| one.owned) {
        seen.retain(|one| one.owned);
    }
    seen.sort_by_key(|one| (one.version, one.position));
    seen.dedup_by_key(|one| one.version);
    let last = vec!["last".to_owned()];
    let wanted = if query.versions.is_empty() { &last } else { &query.versions };
    wanted
        .iter()
        .flat_map(|word| match word.as_str() {
            "last" => seen.last().into_iter().copied().collect::<Vec<_>>(),
            "first" => seen.first().into_iter().copied().collect(),
            "all" => seen.clone(),
            time => seen.iter().copied().filter(|one| time.parse() == Ok(one.version)).collect(),
        })
        .collect()
}

fn random_query(dice: &mut Dice, all: &[Standing]) -> ListQuery {
    let mut query = ListQuery::default();
    if dice.one_in(2) {
        query.collection = Some(format!("{}-alias", dice.pick(&COLLECTIONS).0));
    }
    if dice.one_in(4) {
        query.ids = (0..=dice.roll(4)).map(|_| id(dice.pick(&KINDS), dice.roll(OBJECTS + 1))).collect();
    }
    if dice.one_in(3) {
        let kinds = [&KINDS[..], &["x-unknown"]].concat();
        query.types = (0..=dice.roll(2)).map(|_| dice.pick(&kinds).to_owned()).collect();
    }
    match dice.roll(6) {
        0 => query.versions = vec!["all".to_owned()],
        1 => query.versions = vec!["first".to_owned()],
        2 => query.versions = vec!["first".to_owned(), "last".to_owned()],
        3 => {
            let at = dice.pick(all).version.to_string();
            query.versions = vec![at, "2026-01-01T02:00:00Z".to_owned(), "last".to_owned()];
            query.versions.truncate(1 + dice.roll(3) as usize);
        }
        _ => {}
    }
    if dice.one_in(4) {
        query.added_after = Some(Timestamp(dice.pick(all).date_added.0 - dice.roll(2) as i64));
    }
    if dice.one_in(8) {
        query.spec_versions = vec![dice.pick(&["2.0", "2.1"]).to_owned()];
    }
    query
}

/// One entry as the node lends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: String,
    pub date_added: Timestamp,
    pub version: String,
    pub wire: Vec<u8>,
    pub tlp: Tlp,
}

pub fn list(node: &Node, caller: &Caller, query: &ListQuery) -> Result<(Vec<Listed>, ListEnd), node::Error> {
    let mut listed = Vec::new();
    let end = node.list(caller, query, &mut |entry| {
        listed.push(Listed {
            id: entry.id.to_string(),
            date_added: entry.date_added,
            version: entry.version.to_string(),
            wire: entry.wire.to_vec(),
            tlp: entry.tlp,
        });
    })?;
    Ok((listed, end))
}

// All pages, following `next` in one of the ways that real clients do.
fn crawl(node: &Node, caller: &Caller, query: &ListQuery, dice: &mut Dice) -> Vec<Listed> {
    let repeats = dice.one_in(2);
    let mut page = ListQuery { limit: Some(1 + dice.roll(9) as usize), ..query.clone() };
    let mut all = Vec::new();
    loop {
        let (listed, end) = list(node, caller, &page).unwrap();
        assert!(listed.len() <= page.limit.unwrap_or(50), "a limit was exceeded");
        assert_eq!(end.first, listed.first().map(|one| one.date_added));
        match (listed.last(), end.last) {
            (Some(last), Some(header)) if end.more => assert_eq!(last.date_added, header),
            (Some(last), Some(header)) => {
                assert!(last.date_added <= header && header.0 - last.date_added.0 < 1_000);
                assert_eq!(header.0 % 1_000, 0, "the end of a commit is a whole millisecond");
            }
            (None, None) => assert!(!end.more, "an empty page says that more follows"),
            other => panic!("{other:?}"),
        }
        all.extend(listed);
        assert_eq!(end.more, end.next.is_some());
        let Some(next) = end.next else { return all };
        let collection = query.collection.clone();
        page = match repeats {
            true => ListQuery { limit: page.limit, next: Some(next), ..query.clone() },
            false => ListQuery { collection, next: Some(next), ..ListQuery::default() },
        };
        if dice.one_in(3) {
            page.limit = Some(1 + dice.roll(9) as usize);
        }
    }
}

#[test]
fn lists_are_what_the_oracle_says_page_by_page() {
    let base = Base::new();
    let (mut pairs, mut entries) = (0, 0);
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let said = random(&mut dice, &base, 150, true);
        let world = base.world(&said, |_| true);
        let callers = world.callers(&base);
        let folder = world.folder;
        world.node.stop();
        drop(world.node);
        let all = everything(folder.path(), |_| true);
        let of_each: Vec<SeenBelow> = callers.iter().map(|one| seen_below(folder.path(), one)).collect();
        let world = World { node: crate::read_world::open(folder.path()), folder };
        for (caller, seen) in world.callers(&base).into_iter().zip(&of_each) {
            for _ in 0..60 {
                let query = random_query(&mut dice, &all);
                let is_open = query.collection.as_deref().is_none_or(|name| name == "for-everybody-alias");
                if caller.principal.is_anonymous() && !is_open {
                    assert_eq!(list(&world.node, &caller, &query).unwrap_err().kind, Kind::NotFound);
                    continue;
                }
                let expected = oracle(seen, &base, &query);
                let listed = crawl(&world.node, &caller, &query, &mut dice);
                let got: Vec<(&str, Timestamp, &str)> =
                    listed.iter().map(|one| (&*one.id, one.date_added, &*one.version)).collect();
                let should: Vec<(&str, Timestamp, &str)> =
                    expected.iter().map(|one| (&*one.id, one.date_added, &*one.version_text)).collect();
                assert_eq!(got, should, "{query:?}");
                for (one, expected) in listed.iter().zip(&expected) {
                    assert_eq!((&one.wire, one.tlp), (&expected.wire, expected.label.tlp));
                }
                pairs += 1;
                entries += listed.len();
            }
        }
    }
    assert!(pairs >= 2_000 && entries > 20_000, "{pairs} pairs, {entries} entries");
}

#[test]
fn a_manifest_is_the_list_without_bodies_and_versions_are_all() {
    let base = Base::new();
    let mut dice = Dice(77);
    let said = random(&mut dice, &base, 150, true);
    let world = base.world(&said, |_| true);
    for caller in world.callers(&base) {
        let (listed, _) = list(&world.node, &caller, &ListQuery::default()).unwrap();
        let mut manifest = Vec::new();
        world
            .node
            .manifest(&caller, &ListQuery::default(), &mut |entry| {
                assert!(entry.wire.is_empty());
                manifest.push((entry.id.to_string(), entry.date_added, entry.version.to_string()));
            })
            .unwrap();
        let of_list = listed.iter().map(|one| (one.id.clone(), one.date_added, one.version.clone()));
        assert_eq!(manifest, of_list.collect::<Vec<_>>());
        for kind in KINDS {
            for n in 0..OBJECTS {
                let query = ListQuery { ids: vec![id(kind, n)], ..ListQuery::default() };
                let all = ListQuery { versions: vec!["all".to_owned()], ..query.clone() };
                let (all, _) = list(&world.node, &caller, &all).unwrap();
                let mut versions = Vec::new();
                let end = world.node.versions(&caller, &query, &mut |entry| {
                    versions.push(entry.version.to_string());
                });
                match end {
                    Ok(end) => assert!(!end.more),
                    Err(error) => assert_eq!(error.kind, Kind::NotFound),
                }
                assert_eq!(versions, all.iter().map(|one| one.version.clone()).collect::<Vec<_>>());
                let late = ListQuery { added_after: Some(Timestamp::MAX), ..query };
                let late = world.node.versions(&caller, &late, &mut |_| panic!("nothing is that late"));
                assert_eq!(late.is_ok(), !versions.is_empty(), "filtered empty is not gone");
            }
        }
    }
}

#[test]
fn collections_are_read_by_those_who_may_and_are_not_there_for_others() {
    let base = Base::new();
    let world = base.world(&random(&mut Dice(5), &base, 50, false), |_| true);
    let scoped = world.caller(&base.scoped);
    let through = |name: &str| ListQuery { collection: Some(name.to_owned()), ..ListQuery::default() };
    assert!(list(&world.node, &scoped, &through("indicators-alias")).is_ok());
    let refused = |name: &str| {
        let error = list(&world.node, &scoped, &through(name)).unwrap_err();
        (error.kind, error.message.replace(name, ""))
    };
    // One that is there and one that is not look the same.
    assert_eq!(refused("open-alias"), refused("nowhere"));
    assert_eq!(refused("open-alias").0, Kind::NotFound);
    assert_eq!(list(&world.node, &scoped, &ListQuery::default()).unwrap_err().kind, Kind::Forbidden);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let base = Base::new();
    let world = base.world(&[], |_| true);
    let caller = world.caller(&base.secrets[0]);
    let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    for query in [
        ListQuery { limit: Some(0), ..ListQuery::default() },
        ListQuery { versions: strings(&["all", "last"]), ..ListQuery::default() },
        ListQuery { versions: strings(&["newest"]), ..ListQuery::default() },
        ListQuery { ids: strings(&["indicator"]), ..ListQuery::default() },
        ListQuery { spec_versions: strings(&["two"]), ..ListQuery::default() },
        ListQuery { next: Some("garbage".to_owned()), ..ListQuery::default() },
    ] {
        assert_eq!(list(&world.node, &caller, &query).unwrap_err().kind, Kind::Invalid, "{query:?}");
    }
    let (listed, end) = list(&world.node, &caller, &ListQuery::default()).unwrap();
    assert!(
        listed.is_empty() && !end.more && end.next.is_none() && end.first.is_none() && end.last.is_none()
    );
}
