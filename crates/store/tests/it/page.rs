//! Pages against a plain scan of everything, for readers who see little, half and nearly all.

use std::collections::BTreeMap;

use model::{Label, Timestamp, Tlp};
use store::read::{LabelId, PageQuery, VersionSpec, Visible};
use store::record::{Again, Appended, Item, ObjectKey};

use crate::history::{History, MEMBERS, Standing};
use crate::support::{START, World, all, key, member, said, statement};

// The rule in one place and the slow way: of each object what the reader sees, the best standing of it, the versions.
fn expected(standing: &[Standing], query: &PageQuery<'_>) -> Vec<u64> {
    let mut objects: BTreeMap<&ObjectKey, Vec<&Standing>> = BTreeMap::new();
    for one in standing.iter().filter(|one| query.visible.has(one.label)) {
        objects.entry(&one.object).or_default().push(one);
    }
    let mut shown: Vec<&Standing> = Vec::new();
    for seen in objects.into_values() {
        // Who counts most is decided among the last ones for the last, and among all for the others.
        let last = best(seen.iter().copied().filter(|one| is_last(one, standing)).collect());
        let greatest = last.iter().map(|one| one.version).max();
        let seen = best(seen);
        let mut first_of_each = seen.clone();
        first_of_each.dedup_by_key(|one| one.version);
        let specs = if query.versions.is_empty() { &[VersionSpec::Last][..] } else { &query.versions };
        for spec in specs {
            match spec {
                VersionSpec::Last => shown.extend(last.iter().find(|one| Some(one.version) == greatest)),
                VersionSpec::First => shown.extend(seen.first()),
                VersionSpec::At(at) => shown.extend(seen.iter().find(|one| one.version == *at)),
                VersionSpec::All => shown.extend(first_of_each.iter()),
            }
        }
    }
    shown.retain(|one| {
        (query.kinds.is_empty() || query.kinds.contains(&one.object.kind))
            && (query.sources.is_empty() || query.sources.contains(&member(one.source)))
            && (query.objects.is_empty() || query.objects.contains(&one.object))
            && query.collection.is_none_or(|collection| one.collections.contains(&collection))
            && one.position >= query.from.position
    });
    let mut positions: Vec<u64> = shown.iter().map(|one| one.position).collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

// Of those that the reader sees, those of the best standing, by version.
fn best(mut seen: Vec<&Standing>) -> Vec<&Standing> {
    let best = seen.iter().map(|one| one.owned).max();
    seen.retain(|one| Some(one.owned) == best);
    seen.sort_by_key(|one| (one.version, one.position));
    seen
}

// The greatest version of its object, source and label.
fn is_last(one: &Standing, standing: &[Standing]) -> bool {
    standing.iter().all(|other| {
        (&other.object, other.source, other.label) != (&one.object, one.source, one.label)
            || other.version <= one.version
    })
}

fn query<'v>(history: &mut History, visible: &'v Visible) -> PageQuery<'v> {
    let end = history.world.store.snapshot().unwrap().end();
    let random = &mut history.random;
    let mut query = all(visible);
    let kinds = ["indicator", "malware", "report", "x-nothing"];
    query.kinds = kinds.iter().filter(|_| random.below(6) == 0).map(|kind| (*kind).to_owned()).collect();
    query.sources = (0..MEMBERS).filter(|_| random.below(8) == 0).map(|n| member(u128::from(n))).collect();
    if random.below(5) == 0 {
        query.objects = (0..1 + random.below(6))
            .map(|_| u128::from(random.below(30)))
            .map(|n| key(kinds[(n % 3) as usize], n))
            .collect();
    }
    query.versions = [
        VersionSpec::Last,
        VersionSpec::First,
        VersionSpec::All,
        VersionSpec::At(Timestamp(START + random.below(5) as i64 * 1000)),
    ]
    .into_iter()
    .filter(|_| random.below(4) == 0)
    .collect();
    query.from = (if random.below(2) == 0 { random.below(end) } else { 0 }).into();
    query.limit = [1, 2, 7, 1000][random.below(4) as usize];
    query.collection = (random.below(3) == 0).then(|| history.collections[random.below(3) as usize]);
    query
}

#[test]
fn pages_are_what_a_scan_of_everything_gives() {
    let mut compared = 0;
    for seed in 0..10 {
        let mut history = History::new(1_000 + seed, 150);
        let standing = history.standing();
        for percent in [1, 10, 50, 90, 99, 100] {
            let visible = history.reader(percent);
            for _ in 0..60 {
                let query = query(&mut history, &visible);
                let expected = expected(&standing, &query);
                let (seen, end) = history.world.page(&query);
                let positions: Vec<u64> = seen.iter().map(|one| one.position).collect();
                assert_eq!(
                    positions,
                    expected.iter().copied().take(query.limit).collect::<Vec<_>>(),
                    "seed {seed}: {query:?}"
                );
                assert_eq!(end.more, expected.len() > query.limit, "seed {seed}: {query:?}");
                if end.more {
                    assert_eq!(end.next, expected[query.limit].into());
                }
                for one in &seen {
                    let known = standing.iter().find(|known| known.position == one.position).unwrap();
                    assert_eq!(one.wire.as_bytes(), known.bytes);
                }
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 3_600);
}

#[test]
fn what_becomes_last_again_is_new_to_those_who_have_read() {
    let mut world = World::new();
    world.say(1, said(1, 1, 1, Tlp::Green));
    world.say(1, said(1, 1, 2, Tlp::Green));
    let visible = world.everything();
    let (_, end) = world.page(&all(&visible));
    let version = Timestamp(START + 2_000);
    let withdraw = Item::Withdraw {
        object: key("indicator", 1),
        source: None,
        versions: Some(vec![version]),
        body: b"{}".to_vec(),
    };
    let done = world.append(1, vec![withdraw]);
    assert_eq!(done, [Appended::Done { position: Some(2), reached: 1 }]);
    let mut query = all(&visible);
    query.from = end.next;
    let (seen, _) = world.page(&query);
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].position, seen[0].version.as_str()), (3, "2026-01-01T00:00:00.001Z"));
    // The version that was taken back can be said again.
    assert!(matches!(world.say(1, said(1, 1, 2, Tlp::Green)), Appended::New { position: 4, .. }));
    assert_eq!(world.crawl(&visible, &[], 10), [4]);
    assert_eq!(world.crawl(&visible, &[VersionSpec::All], 10), [3, 4]);
}

#[test]
fn a_claim_is_hidden_from_those_who_see_the_owners_own() {
    let mut world = World::new();
    let mut claim = said(1, 2, 9, Tlp::Clear);
    (claim.owned, claim.bound) = (false, false);
    world.say(2, claim);
    let mut owned = said(1, 1, 1, Tlp::Amber);
    owned.bound = true;
    world.say(1, owned);
    let everything = world.everything();
    assert_eq!(world.crawl(&everything, &[], 10), [1]);
    assert_eq!(world.crawl(&everything, &[VersionSpec::All], 10), [1]);
    let mut clear = Visible::default();
    for (label, said) in world.store.snapshot().unwrap().labels(LabelId(0)).unwrap() {
        if said.tlp == Tlp::Clear {
            clear.allow(label);
        }
    }
    assert_eq!(world.crawl(&clear, &[], 10), [0]);
}

#[test]
fn a_relabelled_statement_leaves_its_old_readers_and_is_new_to_others() {
    let mut world = World::new();
    world.say(1, said(1, 1, 1, Tlp::Red));
    world.say(1, said(2, 1, 1, Tlp::Red));
    let relabel = Item::Relabel {
        positions: vec![0, 0, 99],
        label: Label::new(member(1), Tlp::Green),
        collections: vec![],
        indexes: vec![],
        waiting: false,
        body: b"{}".to_vec(),
    };
    let done = world.append(1, vec![relabel.clone()]);
    assert_eq!(done, [Appended::Done { position: Some(2), reached: 1 }]);
    assert_eq!(world.append(1, vec![relabel]), [Appended::Done { position: None, reached: 0 }]);
    let visible = world.everything();
    let (seen, _) = world.page(&all(&visible));
    assert_eq!(seen.iter().map(|one| one.position).collect::<Vec<_>>(), [1, 3]);
    assert!(seen[1].wire.contains("indicator--00000000-0000-0000-0000-000000000001"));
    // It is still the same statement: said again it is a duplicate, erased it is gone at both positions.
    assert!(matches!(world.say(1, said(1, 1, 1, Tlp::Red)), Appended::Duplicate { position: 3, .. }));
    world.append(1, vec![Item::Erase { positions: vec![3], again: Again::Refused, body: b"{}".to_vec() }]);
    let (seen, _) = world.page(&all(&visible));
    assert_eq!(seen.iter().map(|one| one.position).collect::<Vec<_>>(), [1]);
    assert_eq!(world.store.verify().unwrap().erased, 2);
    assert_eq!(world.store.verify().unwrap().problems, [""; 0]);
}

#[test]
fn who_sees_few_of_many_labels_is_served_as_who_sees_all() {
    const LABELS: u64 = 150;
    let mut world = World::new();
    // Arrivals of neighbours under one label, so that a scan finds much at once and then nothing for long; the last object
    // of each is said again by the same member later.
    for arrival in 0..600_u64 {
        let by = u128::from(arrival * 67 % LABELS);
        let items = (0..7)
            .map(|n| said(u128::from(arrival * 8 + n), by, 0, Tlp::Green))
            .chain([said(u128::from(arrival % LABELS * 8 + 7), by, (arrival / LABELS) as i64, Tlp::Green)])
            .map(statement)
            .collect();
        world.append(by, items);
    }
    let everything = world.everything();
    let mut all_labels = Vec::new();
    let snapshot = world.store.snapshot().unwrap();
    for versions in [&[VersionSpec::Last][..], &[VersionSpec::All]] {
        let mut query = all(&everything);
        (query.versions, query.limit) = (versions.to_vec(), 10_000);
        let (seen, _) = world.page(&query);
        all_labels = snapshot.labels(LabelId(0)).unwrap().into_iter().map(|(label, _)| label).collect();
        for one_in in [1, 2, 10, 14, 40, 150] {
            let mut visible = Visible::default();
            all_labels
                .iter()
                .filter(|label| label.0 % one_in == one_in / 2)
                .for_each(|label| visible.allow(*label));
            let expected: Vec<u64> =
                seen.iter().filter(|one| visible.has(one.label)).map(|one| one.position).collect();
            assert!(!expected.is_empty());
            for limit in [7, 100, 1_000] {
                assert_eq!(
                    world.crawl(&visible, versions, limit),
                    expected,
                    "one in {one_in}, {limit} a page"
                );
            }
            let mut of_kind = all(&visible);
            (of_kind.versions, of_kind.kinds) = (versions.to_vec(), vec!["indicator".to_owned()]);
            of_kind.limit = 10_000;
            let seen: Vec<u64> = world.page(&of_kind).0.iter().map(|one| one.position).collect();
            assert!(seen == expected, "one in {one_in}, {versions:?}");
        }
    }
    assert_eq!(all_labels.len() as u64, LABELS);
    assert_eq!(world.crawl(&Visible::default(), &[], 10), [0; 0]);
}
