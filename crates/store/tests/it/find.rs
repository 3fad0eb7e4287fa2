//! Finding against a scan of everything: what leads to an entry, and to whom.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use model::{MemberId, Tlp};
use store::find::{Hit, Keys, Search};
use store::read::{LabelId, Snapshot, Visible};
use store::record::{Again, Appended, Index, Item, NewStatement, ObjectKey, Spoken};
use store::spoken::NEWEST;
use uuid::Uuid;

use crate::support::{World, key, member, said, statement};

const OBJECTS: u128 = 25;
const WORDS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];
const TLPS: [Tlp; 3] = [Tlp::Green, Tlp::Amber, Tlp::Red];

/// Random enough, and the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn some(&mut self, words: &[&str]) -> Vec<String> {
        let chosen = self.roll(1 << words.len());
        let at = words.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
        at.map(|(_, word)| (*word).to_owned()).collect()
    }
}

// The body tells what the index holds, so that the scan can know.
fn statement_of(dice: &mut Dice) -> (u128, NewStatement) {
    let (by, n) = (dice.roll(3), u128::from(dice.roll(OBJECTS as u64)));
    let mut new = said(n, u128::from(by), dice.roll(4) as i64, TLPS[dice.roll(3) as usize]);
    if n.is_multiple_of(3) {
        new.object.kind = "malware".to_owned();
    }
    let (words, names, tags) = (dice.some(&WORDS), dice.some(&WORDS), dice.some(&WORDS));
    let observables: Vec<Vec<u8>> = dice.some(&WORDS).into_iter().map(String::into_bytes).collect();
    let references: Vec<u128> =
        (0..dice.roll(3)).map(|_| u128::from(dice.roll(OBJECTS as u64)) * 3).collect();
    new.owned = dice.roll(3) > 0;
    new.body = format!("{words:?}|{names:?}|{tags:?}|{observables:?}|{references:?}|{}", dice.roll(1 << 30))
        .into_bytes();
    new.index = Index {
        stands: observables.iter().map(|value| (value.clone(), value[..1].to_vec())).collect(),
        observables,
        spoken: references.iter().map(|n| spoken(*n, dice.roll(250) as u8)).collect(),
        references: references.iter().map(|n| (key("malware", *n), "object_refs".to_owned())).collect(),
        names,
        text: words.join(" "),
        tags,
        ..Index::default()
    };
    (u128::from(by), new)
}

fn world(dice: &mut Dice) -> World {
    let mut world = World::new();
    let mut positions = Vec::new();
    for _ in 0..60 {
        let by = u128::from(dice.roll(3));
        let items: Vec<Item> = (0..=dice.roll(4))
            .map(|_| statement_of(dice))
            .map(|(_, mut new)| {
                new.label.author = member(by);
                statement(new)
            })
            .collect();
        for appended in world.append(by, items) {
            if let Appended::New { position, .. } = appended {
                positions.push(position);
            }
        }
        let act = match dice.roll(12) {
            0 => Item::Withdraw {
                object: key("indicator", u128::from(dice.roll(OBJECTS as u64))),
                source: Some(member(by)),
                versions: None,
                body: b"{}".to_vec(),
            },
            1 => Item::Relabel {
                positions: world.said_by(by, vec![positions[dice.roll(positions.len() as u64) as usize]]),
                label: model::Label::new(member(by), Tlp::Clear),
                collections: vec![Vec::new()],
                indexes: vec![],
                waiting: false,
                body: b"{}".to_vec(),
            },
            2 => Item::Erase {
                positions: vec![positions[dice.roll(positions.len() as u64) as usize]],
                again: Again::Taken,
                body: b"{}".to_vec(),
            },
            _ => continue,
        };
        world.append(by, vec![act]);
    }
    world
}

/// A statement as the scan sees it.
#[derive(Debug, Clone)]
struct Scanned {
    position: u64,
    object: String,
    kind: String,
    source: MemberId,
    version: i64,
    // words, names, tags, observables, references, as text
    said: Vec<String>,
}

fn scan(world: &World, visible: &Visible) -> Vec<Scanned> {
    let snapshot = world.store.snapshot().unwrap();
    let (mut scanned, mut from) = (Vec::new(), Some(0));
    while let Some(at) = from {
        from = snapshot
            .statements(visible, at, 7, &mut |entry| {
                scanned.push(Scanned {
                    position: entry.position,
                    object: format!("{}--{}", entry.kind, entry.uuid),
                    kind: entry.kind.to_owned(),
                    source: entry.source,
                    version: entry.version.0,
                    said: std::str::from_utf8(entry.wire).unwrap().split('|').map(str::to_owned).collect(),
                });
            })
            .unwrap();
    }
    scanned
}

// Of each object and source the greatest version, of equal ones the first.
fn last(scanned: &[Scanned]) -> Vec<Scanned> {
    let mut last: BTreeMap<(String, MemberId), Scanned> = BTreeMap::new();
    for one in scanned {
        let place = last.entry((one.object.clone(), one.source)).or_insert_with(|| one.clone());
        if one.version > place.version {
            *place = one.clone();
        }
    }
    let mut last: Vec<Scanned> = last.into_values().collect();
    last.sort_by_key(|one| std::cmp::Reverse(one.position));
    last
}

fn positions(last: &[Scanned], is: impl Fn(&Scanned) -> bool) -> Vec<u64> {
    last.iter().filter(|one| is(one)).map(|one| one.position).collect()
}

fn quoted(word: &str) -> String {
    format!("\"{word}\"")
}

fn collect(found: &mut Vec<u64>) -> impl FnMut(&Hit<'_>) -> ControlFlow<()> {
    |hit| {
        found.push(hit.position);
        ControlFlow::Continue(())
    }
}

fn readers(world: &World) -> Vec<Visible> {
    let labels = world.store.snapshot().unwrap().labels(LabelId(0)).unwrap();
    let mut readers = vec![world.everything(), Visible::default()];
    for tlp in TLPS {
        let mut visible = Visible::default();
        for (id, label) in &labels {
            if label.tlp <= tlp && (label.tlp != Tlp::Green || label.author != member(1)) {
                visible.allow(*id);
            }
        }
        readers.push(visible);
    }
    readers
}

fn spoken(of: u128, sort: u8) -> Spoken {
    Spoken { of: key("malware", of).uuid, sort, facts: vec![sort, 0, 1] }
}

// Where something is said of each object, in the order of their ids.
fn all_spoken(snapshot: &Snapshot, visible: &Visible) -> Vec<(Uuid, u64)> {
    let mut all = Vec::new();
    snapshot
        .all_spoken(visible, &mut |one| {
            assert_eq!(one.facts, [one.sort, 0, 1]);
            all.push((one.of, one.position));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(all.is_sorted_by_key(|(of, _)| *of));
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn of_each_who_says_much_of_an_object_the_newest_is_told_however_much_else_there_is() {
    let mut world = World::new();
    for round in 0..3 {
        for by in 0..3 {
            let items = (0..40).map(|n| {
                let mut new = said(1_000 + round * 1_000 + by * 100 + n, by, 0, TLPS[0]);
                new.index.spoken = vec![spoken(7, (n % 2) as u8), spoken(8, 0)];
                new.label.author = member(by);
                statement(new)
            });
            let items = items.collect();
            world.append(by, items);
        }
    }
    let snapshot = world.store.snapshot().unwrap();
    let visible = readers(&world).into_iter().max_by_key(|one| all_spoken(&snapshot, one).len()).unwrap();
    let mut told: BTreeMap<(MemberId, u8), Vec<u64>> = BTreeMap::new();
    let of = key("malware", 7).uuid;
    snapshot
        .spoken_of(&visible, of, &mut |one| {
            told.entry((one.source, one.sort)).or_default().push(one.position)
        })
        .unwrap();
    assert_eq!(told.len(), 6);
    for ((source, sort), positions) in &told {
        assert_eq!(positions.len(), NEWEST, "{source} {sort}");
        assert!(positions.iter().all(|one| *one >= 240), "of the last round: {positions:?}");
    }
    assert_eq!(all_spoken(&snapshot, &visible).len(), (6 + 3) * NEWEST);
}

// Everything that stands by itself, in the order of the index: by value, whatever the order within one.
fn all_stands(snapshot: &Snapshot, visible: &Visible) -> Vec<(String, Vec<u64>)> {
    let mut all: Vec<(String, Vec<u64>)> = Vec::new();
    snapshot
        .all_stands(visible, (&[], &[]), &mut |key, stand| {
            let word = String::from_utf8(key.to_vec()).unwrap();
            match all.last_mut().filter(|(last, _)| *last == word) {
                Some((_, positions)) => positions.push(stand.position),
                None => all.push((word, vec![stand.position])),
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    all.iter_mut().for_each(|(_, positions)| positions.sort_unstable());
    all
}

fn last_stands(last: &[Scanned]) -> Vec<(String, Vec<u64>)> {
    let mut words = WORDS;
    words.sort_unstable();
    let of = |word: &str| {
        let bytes = format!("{:?}", word.as_bytes());
        let mut positions = positions(last, |one| one.said[3].contains(&bytes));
        positions.sort_unstable();
        positions
    };
    let all = words.iter().map(|word| ((*word).to_owned(), of(word)));
    all.filter(|(_, positions)| !positions.is_empty()).collect()
}

#[test]
fn every_way_to_an_entry_finds_what_a_scan_finds() {
    let mut compared = 0;
    for seed in 0..12 {
        let world = world(&mut Dice(seed));
        for visible in readers(&world) {
            let last = last(&scan(&world, &visible));
            let snapshot = world.store.snapshot().unwrap();
            for word in WORDS {
                let mut found = Vec::new();
                let keys = Keys::One(word.as_bytes());
                snapshot
                    .mentions(&visible, keys, &mut |key, hit| {
                        assert_eq!(key, word.as_bytes());
                        collect(&mut found)(hit)
                    })
                    .unwrap();
                let bytes = format!("{:?}", word.as_bytes());
                assert_eq!(found, positions(&last, |one| one.said[3].contains(&bytes)), "mentions {word}");
                let mut stands = Vec::new();
                snapshot
                    .stands(&visible, word.as_bytes(), &mut |stand| {
                        assert_eq!(stand.facts, &word.as_bytes()[..1]);
                        stands.push(stand.position);
                    })
                    .unwrap();
                assert_eq!(stands, found, "said alone {word}");
                compared += 1;
            }
            assert_eq!(all_stands(&snapshot, &visible), last_stands(&last));
            let mut said_of = Vec::new();
            for n in (0..OBJECTS * 3).step_by(3) {
                let (object, mut found) = (key("malware", n), Vec::new());
                snapshot.referring(&visible, &object, &mut |_, hit| collect(&mut found)(hit)).unwrap();
                let refers = |one: &Scanned| {
                    one.said[4].trim_matches(['[', ']']).split(", ").any(|m| m == n.to_string())
                };
                let refers = positions(&last, refers);
                assert_eq!(found, refers, "referring {n}");
                let mut spoken = Vec::new();
                snapshot.spoken_of(&visible, object.uuid, &mut |one| spoken.push(one.position)).unwrap();
                spoken.sort_unstable_by(|one, other| other.cmp(one));
                spoken.dedup();
                found.dedup();
                assert_eq!(spoken, found, "said of {n}");
                said_of.extend(spoken.into_iter().map(|position| (object.uuid, position)));
                let mut found = Vec::new();
                snapshot.standing(&visible, &object, &mut collect(&mut found)).unwrap();
                found.sort_unstable_by(|one, other| other.cmp(one));
                assert_eq!(found, positions(&last, |one| one.object == object.to_string()), "standing {n}");
                compared += 2;
            }
            said_of.sort_unstable();
            assert_eq!(all_spoken(&snapshot, &visible), said_of);
            let counted: u64 = snapshot.counts(&visible).unwrap().iter().map(|count| count.count).sum();
            assert!(counted >= last.len() as u64);
        }
    }
    assert!(compared > 2_000, "{compared}");
}

#[test]
fn a_search_finds_what_a_scan_finds_and_goes_on_where_it_stopped() {
    let mut compared = 0;
    for seed in 100..112 {
        let mut dice = Dice(seed);
        let world = world(&mut dice);
        for visible in readers(&world) {
            let last = last(&scan(&world, &visible));
            for _ in 0..60 {
                let one = |dice: &mut Dice| match dice.roll(3) {
                    0 => vec![WORDS[dice.roll(4) as usize].to_owned()],
                    _ => Vec::new(),
                };
                let (text, names, tags) = (one(&mut dice).join(" "), one(&mut dice), one(&mut dice));
                let kinds: Vec<String> = dice.some(&["malware", "indicator", "x-unknown"]);
                let objects: Vec<ObjectKey> = (0..dice.roll(10))
                    .map(|_| u128::from(dice.roll(OBJECTS as u64)))
                    .map(|n| key(if n.is_multiple_of(3) { "malware" } else { "indicator" }, n))
                    .collect();
                let end = world.store.snapshot().unwrap().end();
                let search = Search {
                    visible: &visible,
                    wanted: &visible,
                    text: &text,
                    names: &names,
                    tags: &tags,
                    kinds: &kinds,
                    objects: (dice.roll(4) == 0).then_some(&objects),
                    claims: None,
                    from: if dice.roll(3) == 0 { dice.roll(end) } else { 0 },
                    before: if dice.roll(3) == 0 { dice.roll(end) } else { u64::MAX },
                    added_after: None,
                    added_before: None,
                    place: u64::MAX,
                };
                let ids: Vec<String> = objects.iter().map(ObjectKey::to_string).collect();
                let mut expected = positions(&last, |one| {
                    (text.is_empty() || one.said[0].contains(&quoted(&text)))
                        && names.iter().all(|name| one.said[1].contains(&quoted(name)))
                        && tags.iter().all(|tag| one.said[2].contains(&quoted(tag)))
                        && (kinds.is_empty() || kinds.contains(&one.kind))
                        && (search.objects.is_none() || ids.contains(&one.object))
                        && (search.from..search.before).contains(&one.position)
                });
                let mut found = pages(&world, search, 1 + dice.roll(5) as usize);
                // Where words lead, a statement that has moved stands where its body does.
                if !text.is_empty() {
                    found.sort_unstable();
                    expected.sort_unstable();
                }
                assert_eq!(found, expected, "{search:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > 3_000, "{compared}");
}

fn pages(world: &World, mut search: Search<'_>, limit: usize) -> Vec<u64> {
    let snapshot = world.store.snapshot().unwrap();
    let mut found = Vec::new();
    loop {
        let before = found.len();
        let mut place = None;
        snapshot
            .search(&search, &mut |at, hit| {
                if found.len() == before + limit {
                    return ControlFlow::Break(());
                }
                place = Some(at);
                found.push(hit.position);
                ControlFlow::Continue(())
            })
            .unwrap();
        match place {
            Some(place) => search.place = place,
            None => return found,
        }
    }
}

#[test]
fn what_has_a_frequent_term_and_a_rare_type_is_found() {
    let mut world = World::new();
    let mut expected = [Vec::new(), Vec::new()];
    for n in 0..1_500u128 {
        let mut new = said(n, n % 4, 1, TLPS[n as usize % 3]);
        new.index.tags = vec!["all".to_owned()];
        // None in what is new, so that the term is read whole.
        let (is_malware, is_report) = (n < 900 && n.is_multiple_of(7), n < 40);
        if is_malware || is_report {
            new.object.kind = if is_report { "report" } else { "malware" }.to_owned();
            expected[usize::from(is_report)].push(n as u64);
        }
        world.say(n % 4, new);
    }
    let visible = world.everything();
    for (kind, expected) in ["malware", "report"].into_iter().zip(&mut expected) {
        expected.reverse();
        let search = Search {
            visible: &visible,
            wanted: &visible,
            text: "",
            names: &[],
            tags: &["all".to_owned()],
            kinds: &[kind.to_owned()],
            objects: None,
            claims: None,
            from: 0,
            before: u64::MAX,
            added_after: None,
            added_before: None,
            place: u64::MAX,
        };
        for limit in [3, 50, 10_000] {
            assert_eq!(pages(&world, search, limit), *expected, "{kind}");
        }
        let mut amber = Visible::default();
        (0..12).map(LabelId).filter(|label| label.0 % 2 == 1).for_each(|label| amber.allow(label));
        let some = pages(&world, Search { wanted: &amber, ..search }, 7);
        assert!(some.len() < expected.len() && some.iter().all(|position| expected.contains(position)));
    }
}

#[test]
fn what_is_old_and_frequent_is_found_behind_much_that_is_not_it() {
    let mut world = World::new();
    let mut expected = Vec::new();
    for n in 0..900u128 {
        let mut new = said(n, n % 4, 1, TLPS[n as usize % 3]);
        let both = n < 200 && n.is_multiple_of(2);
        new.index.text = if both {
            "alpha beta"
        } else if n.is_multiple_of(3) {
            "alpha"
        } else {
            "beta"
        }
        .to_owned();
        if n.is_multiple_of(5) {
            new.object.kind = "malware".to_owned();
        }
        if both {
            expected.push(n as u64);
        }
        world.say(n % 4, new);
    }
    expected.reverse();
    let visible = world.everything();
    let malware = ["malware".to_owned()];
    for kinds in [&[][..], &malware] {
        let search = Search {
            visible: &visible,
            wanted: &visible,
            text: "beta alpha",
            names: &[],
            tags: &[],
            kinds,
            objects: None,
            claims: None,
            from: 10,
            before: u64::MAX,
            added_after: None,
            added_before: None,
            place: u64::MAX,
        };
        let is = |n: &&u64| **n >= 10 && (kinds.is_empty() || n.is_multiple_of(5));
        let expected: Vec<u64> = expected.iter().filter(is).copied().collect();
        assert_eq!(pages(&world, search, 7), expected);
        assert_eq!(pages(&world, search, 1_000), expected);
    }
}

#[test]
fn labels_wanted_choose_among_what_is_last_and_not_what_is_last() {
    let mut world = World::new();
    world.say(1, said(1, 1, 1, Tlp::Amber));
    world.say(1, said(1, 1, 2, Tlp::Green));
    let visible = world.everything();
    let mut wanted = Visible::default();
    for (id, label) in world.store.snapshot().unwrap().labels(LabelId(0)).unwrap() {
        if label.tlp == Tlp::Amber {
            wanted.allow(id);
        }
    }
    let found = pages(
        &world,
        Search {
            visible: &visible,
            wanted: &wanted,
            text: "",
            names: &[],
            tags: &[],
            kinds: &[],
            objects: None,
            claims: None,
            from: 0,
            before: u64::MAX,
            added_after: None,
            added_before: None,
            place: u64::MAX,
        },
        10,
    );
    assert_eq!(found, [], "the last version is GREEN");
}

#[test]
fn a_range_goes_by_key_and_then_the_newest_first() {
    let mut world = World::new();
    let mut mention = |n: u128, keys: &[&str]| {
        let mut new = said(n, 1, 1, Tlp::Green);
        new.index.observables = keys.iter().map(|key| key.as_bytes().to_vec()).collect();
        world.say(1, new)
    };
    mention(1, &["b", "d"]);
    mention(2, &["a", "b"]);
    mention(3, &["c", "e"]);
    let visible = world.everything();
    let mut found = Vec::new();
    let snapshot = world.store.snapshot().unwrap();
    snapshot
        .mentions(&visible, Keys::Range(b"b", b"e"), &mut |key, hit| {
            found.push((String::from_utf8(key.to_vec()).unwrap(), hit.uuid.as_u128()));
            ControlFlow::Continue(())
        })
        .unwrap();
    let key = |key: &str| key.to_owned();
    assert_eq!(found, [(key("b"), 2), (key("b"), 1), (key("c"), 3), (key("d"), 1)]);
    assert_eq!(snapshot.observables(0).unwrap(), [b"b".to_vec(), b"d".to_vec()]);
}

#[test]
fn an_owner_whom_a_reader_does_not_see_makes_nothing_a_claim() {
    let mut world = World::new();
    let bound = |by: u128, version: i64, tlp: Tlp| {
        let mut new = said(1, by, version, tlp);
        new.bound = true;
        new
    };
    world.say(1, bound(1, 1, Tlp::Red));
    // Two others speak for the same id, each as if it were his own; then one for nobody, with the greatest version.
    world.say(2, bound(2, 2, Tlp::Green));
    world.say(3, bound(3, 3, Tlp::Green));
    world.say(4, said(1, 4, 4, Tlp::Green));
    let everything = world.everything();
    let mut open = Visible::default();
    for (id, label) in world.store.snapshot().unwrap().labels(LabelId(0)).unwrap() {
        if label.tlp == Tlp::Green {
            open.allow(id);
        }
    }
    let told = |visible: &Visible| {
        let mut told = Vec::new();
        let snapshot = world.store.snapshot().unwrap();
        snapshot
            .standing(visible, &key("indicator", 1), &mut |hit| {
                told.push((hit.source, hit.owned));
                ControlFlow::Continue(())
            })
            .unwrap();
        let listed: Vec<u64> =
            world.page(&crate::support::all(visible)).0.iter().map(|one| one.position).collect();
        (told, listed)
    };
    let claims = [(member(4), false), (member(3), false), (member(2), false)];
    assert_eq!(told(&everything), ([vec![(member(1), true)], claims.to_vec()].concat(), vec![0]));
    // Without the owner, the first who was bound owns it, as if the owner had never spoken.
    let claims = [(member(4), false), (member(3), false)];
    assert_eq!(told(&open), ([vec![(member(2), true)], claims.to_vec()].concat(), vec![1]));
}

#[test]
fn a_range_goes_on_behind_a_value_that_leads_to_many() {
    let mut world = World::new();
    for n in 0..300 {
        let mut new = said(n, n % 2, 1, Tlp::Green);
        new.index.observables = vec![b"b".to_vec()];
        if n.is_multiple_of(100) {
            new.index.observables.extend([b"a".to_vec(), b"c".to_vec()]);
        }
        world.say(n % 2, new);
    }
    let visible = world.everything();
    let mut found: Vec<(Vec<u8>, u64)> = Vec::new();
    let snapshot = world.store.snapshot().unwrap();
    snapshot
        .mentions(&visible, Keys::Range(b"a", b"d"), &mut |key, hit| {
            found.push((key.to_vec(), hit.position));
            ControlFlow::Continue(())
        })
        .unwrap();
    let hundreds = |key: &[u8]| [200, 100, 0].map(|position| (key.to_vec(), position)).to_vec();
    let all: Vec<(Vec<u8>, u64)> = (0..300).rev().map(|position| (b"b".to_vec(), position)).collect();
    assert_eq!(found, [hundreds(b"a"), all, hundreds(b"c")].concat());
}

// What refers by two properties tells them in one order, whichever of them the record met first, however many refer.
#[test]
fn properties_are_told_in_the_order_of_their_names() {
    for first in ["source_ref", "target_ref"] {
        let mut world = World::new();
        let target = key("malware", 9);
        let refers = |n, properties: &[&str]| {
            let mut new = said(n, 1, 1, Tlp::Green);
            let each = |property: &&str| (target.clone(), (*property).to_owned());
            new.index.references = properties.iter().map(each).collect();
            new
        };
        world.say(1, refers(1, &[first]));
        world.say(1, refers(2, &["source_ref", "target_ref"]));
        for _ in 0..2 {
            let visible = world.everything();
            let mut found = Vec::new();
            let snapshot = world.store.snapshot().unwrap();
            let each = &mut |property: &str, hit: &store::find::Hit<'_>| {
                found.extend((hit.position == 1).then(|| property.to_owned()));
                ControlFlow::Continue(())
            };
            snapshot.referring(&visible, &target, each).unwrap();
            drop(snapshot);
            assert_eq!(found, ["source_ref", "target_ref"], "{first} came first");
            // More than are sorted in memory.
            let many = (100..1_200).map(|n| statement(refers(n, &["object_ref"])));
            world.append(1, many.collect());
        }
    }
}
