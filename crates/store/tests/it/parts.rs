//! Parts that a reader does not see: taken out before an entry is lent, and counted by nobody.

use model::{Hidden, Label, Parts, Tlp};
use store::read::{LabelId, VersionSpec, Visible};
use store::record::{Index, Item, NewStatement};
use store::upkeep::Viewed;

use crate::support::{World, all, key, member, rebuilding, said};

const HIDDEN: Hidden = Hidden { above: Tlp::Green, others: true };

fn parted(label: Label) -> Label {
    Label { parts: Some(Parts { strictest: Tlp::Red, others: None }), ..label }
}

fn with_parts(n: u128, version: i64) -> NewStatement {
    let new = said(n, 1, version, Tlp::Green);
    NewStatement { label: parted(new.label.clone()), ..new }
}

// Everything, and of what has parts nothing but them.
fn somebody(world: &World) -> Visible {
    let mut visible = Visible::default();
    for (id, label) in world.store.snapshot().unwrap().labels(LabelId(0)).unwrap() {
        visible.allow(id);
        if label.parts.is_some() {
            visible.hide_parts(id, HIDDEN, |wire, hidden| {
                assert_eq!(hidden, HIDDEN);
                wire.get(..5).unwrap_or(wire).to_vec()
            });
        }
    }
    visible
}

fn wires(world: &World, visible: &Visible) -> Vec<(u64, usize)> {
    let (seen, _) = world.page(&all(visible));
    let mut lent = Vec::new();
    let snapshot = world.store.snapshot().unwrap();
    for one in &seen {
        let each = &mut |entry: &store::read::Entry<'_>| lent.push((entry.position, entry.wire.len()));
        snapshot.entry(visible, one.position, each).unwrap();
    }
    let mut stated = Vec::new();
    let each = &mut |entry: &store::read::Entry<'_>| stated.push((entry.position, entry.wire.len()));
    snapshot.statements(visible, 0, 100, each).unwrap();
    assert_eq!(seen.iter().map(|one| (one.position, one.wire.len())).collect::<Vec<_>>(), lent);
    assert!(lent.iter().all(|one| stated.contains(one)));
    lent
}

#[test]
fn parts_are_taken_out_wherever_an_entry_is_lent() {
    let mut world = World::new();
    world.say(1, with_parts(1, 1));
    world.say(1, said(2, 1, 1, Tlp::Green));
    let whole = wires(&world, &world.everything());
    let part = wires(&world, &somebody(&world));
    assert_eq!((part[0], part[1]), ((0, 5), whole[1]));
    assert!(whole[0].1 > 5);
    let visible = somebody(&world);
    let id = |parts: bool| {
        let labels = world.store.snapshot().unwrap().labels(LabelId(0)).unwrap();
        labels.into_iter().find(|(_, label)| label.parts.is_some() == parts).unwrap().0
    };
    assert_eq!((visible.hidden_parts(id(true)), visible.hidden_parts(id(false))), (Some(HIDDEN), None));
    assert_ne!(visible, world.everything());
    assert_eq!(visible, visible.clone());
}

#[test]
fn a_page_ends_by_what_the_reader_is_shown_of_it() {
    let mut world = World::new();
    for n in 0..20 {
        let mut new = with_parts(n, 1);
        new.body.resize(2 << 20, b' ');
        world.say(1, new);
    }
    let (few, end) = world.page(&all(&world.everything()));
    assert!(end.more && few.len() < 20);
    let (every, end) = world.page(&all(&somebody(&world)));
    assert!(!end.more && every.len() == 20, "{}", every.len());
    let mut stated = 0;
    let snapshot = world.store.snapshot().unwrap();
    assert_eq!(snapshot.statements(&somebody(&world), 0, 100, &mut |_| stated += 1).unwrap(), None);
    assert_eq!(stated, 20);
}

#[test]
fn a_version_with_parts_takes_the_place_of_one_without() {
    let mut world = World::new();
    world.say(1, said(1, 1, 1, Tlp::Green));
    world.say(1, with_parts(1, 3));
    // Late, and so past at once.
    world.say(1, said(1, 1, 2, Tlp::Green));
    let count = |world: &World| {
        let counts = world.store.snapshot().unwrap().counts(&world.everything()).unwrap();
        counts.iter().map(|count| count.count).sum::<u64>()
    };
    let rebuilt = |world: &World| {
        let view = &mut |stored: &store::upkeep::StoredStatement| {
            let text = if stored.label.parts.is_some() { "indicator number1" } else { "open" };
            let text = if stored.position < 4 { "indicator number1" } else { text };
            Some(Viewed {
                index: Index { text: text.to_owned(), ..Index::default() },
                collections: Vec::new(),
            })
        };
        assert!(world.store.rebuild(&rebuilding(world.facts), view, &mut |_, _| ()).unwrap().equal);
    };
    let visible = world.everything();
    assert_eq!(world.crawl(&visible, &[], 10), [1]);
    assert_eq!(world.crawl(&visible, &[VersionSpec::All], 10), [0, 1, 2]);
    assert_eq!(count(&world), 1);
    rebuilt(&world);
    // Relabelled to the whole it stays the last, with another index.
    let relabel = Item::Relabel {
        positions: vec![1],
        label: Label::new(member(1), Tlp::Green),
        collections: vec![Vec::new()],
        indexes: vec![Index { text: "open".to_owned(), ..Index::default() }],
        waiting: false,
        body: b"{}".to_vec(),
    };
    world.append(1, vec![relabel]);
    assert_eq!(world.crawl(&visible, &[], 10), [4]);
    assert_eq!(count(&world), 1);
    rebuilt(&world);
    // Taken back, the greatest of the others is last again, under its own label.
    world.append(
        1,
        vec![Item::Withdraw {
            object: key("indicator", 1),
            source: None,
            versions: Some(vec![model::Timestamp(crate::support::START + 3_000)]),
            body: b"{}".to_vec(),
        }],
    );
    assert_eq!(count(&world), 1);
    assert_eq!(world.crawl(&visible, &[VersionSpec::All], 10).len(), 2);
}

// The last version is under another label, so under its own label the first one is the past alone.
#[test]
fn all_versions_of_a_type_are_found_where_a_label_holds_none_that_is_last() {
    let mut world = World::new();
    world.say(1, said(1, 1, 1, Tlp::Green));
    world.say(1, with_parts(1, 2));
    let visible = world.everything();
    for kinds in [vec![], vec!["indicator".to_owned()]] {
        let mut query = all(&visible);
        query.versions = vec![VersionSpec::All];
        query.kinds = kinds;
        let (seen, _) = world.page(&query);
        assert_eq!(seen.iter().map(|one| one.position).collect::<Vec<_>>(), [0, 1], "{:?}", query.kinds);
    }
}
