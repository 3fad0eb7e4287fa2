//! When entries were added, for each reader, against a slow model; and what he is told beside what is hidden from him.

use model::{Label, Timestamp, Tlp};
use rusqlite::Connection;
use store::read::{LabelId, VersionSpec, Visible};
use store::record::Item;

use crate::history::History;
use crate::measure::Random;
use crate::support::{World, all, key, member, said, statement};

/// What stands at a position, read from the file by itself: whether a page may ever show it, its label, and the time its
/// commit is sealed with.
pub struct Sealed {
    pub is_entry: bool,
    pub label: u32,
    pub at: i64,
}

/// Everything that was ever sequenced, by position.
pub fn sealed(folder: &std::path::Path) -> Vec<Sealed> {
    let conn = Connection::open(folder.join("record.sqlite")).unwrap();
    let mut query = conn
        .prepare(
            "SELECT entry IN (0, 4) AND flags & 4 = 0, label, (SELECT min(at) FROM sealed WHERE last >= position)
             FROM statement ORDER BY position",
        )
        .unwrap();
    let rows =
        query.query_map([], |row| Ok(Sealed { is_entry: row.get(0)?, label: row.get(1)?, at: row.get(2)? }));
    rows.unwrap().map(|row| row.unwrap()).collect()
}

/// The rule, said plainly: the last of a commit that the reader may see has its time, each before it a microsecond less.
pub fn model(sealed: &[Sealed], visible: &Visible) -> Vec<Option<i64>> {
    let (mut commit, mut next) = (i64::MAX, 0);
    let mut times: Vec<Option<i64>> = Vec::new();
    for one in sealed.iter().rev() {
        if one.at != commit {
            (commit, next) = (one.at, one.at);
        }
        let shown = one.is_entry && visible.has(LabelId(one.label));
        times.push(shown.then_some(next));
        next -= i64::from(shown);
    }
    times.reverse();
    times
}

/// Holds what the store tells a reader against the model.
pub fn check(world: &World, visible: &Visible, random: &mut Random, of: &str) {
    let sealed = sealed(world.folder.path());
    let model = model(&sealed, visible);
    let told: Vec<i64> = model.iter().filter_map(|time| *time).collect();
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]), "{of}");
    assert!(sealed.iter().all(|one| one.at % 1000 == 0), "{of}");
    let snapshot = world.store.snapshot().unwrap();
    let mut query = all(visible);
    (query.versions, query.limit) = (vec![VersionSpec::All], 1 + random.below(30) as usize);
    query.from = random.below(sealed.len() as u64).into();
    let (seen, end) = world.page(&query);
    for one in &seen {
        assert_eq!(model[one.position as usize], Some(one.date_added), "{of}: {}", one.position);
        // By itself too.
        let mut alone = Timestamp(0);
        snapshot.entry(visible, one.position, &mut |entry| alone = entry.date_added).unwrap();
        assert_eq!(alone.0, one.date_added, "{of}");
    }
    if let Some(last) = seen.last() {
        let of_commit = sealed[last.position as usize].at;
        let expected = if end.more { last.date_added } else { of_commit };
        assert_eq!(end.date_added_last, Some(Timestamp(expected)), "{of}");
    }
    for _ in 0..20 {
        let some = sealed[random.below(sealed.len() as u64) as usize].at;
        let time = some - random.below(12) as i64 + 2;
        let from = snapshot.place_after(visible, Timestamp(time)).unwrap().position;
        for (position, told) in (0..).zip(&model).filter_map(|(at, told)| Some((at, (*told)?))) {
            assert_eq!(position >= from, told > time, "{of}: {position} after {time}");
        }
    }
}

#[test]
fn any_history_is_told_as_the_model_says() {
    for seed in 0..6 {
        let mut history = History::new(7_000 + seed, 120);
        for percent in [0, 5, 30, 70, 95, 100] {
            let visible = history.reader(percent);
            for _ in 0..10 {
                check(
                    &history.world,
                    &visible,
                    &mut history.random,
                    &format!("{seed}, {percent} in a hundred"),
                );
            }
        }
    }
}

// What the readers of GREEN are told, every page and every version of it.
fn told(world: &World) -> Vec<String> {
    let mut visible = Visible::default();
    for (id, label) in world.store.snapshot().unwrap().labels(LabelId(0)).unwrap() {
        if label.tlp == Tlp::Green {
            visible.allow(id);
        }
    }
    let mut query = all(&visible);
    (query.versions, query.limit) = (vec![VersionSpec::All], 3);
    let mut told = Vec::new();
    loop {
        let (seen, end) = world.page(&query);
        told.extend(seen.iter().map(|one| format!("{} {} {}", one.date_added, one.id, one.version)));
        told.push(format!("{:?} {}", end.date_added_last, end.more));
        query.from = end.next;
        if !end.more {
            return told;
        }
    }
}

#[test]
fn hidden_neighbours_change_no_time_and_no_version() {
    for seed in 0..20 {
        let [whole, part] = [true, false].map(|hidden| {
            let (mut world, mut random) = (World::new(), Random(seed));
            for round in 0..12u128 {
                let mut items: Vec<Item> = Vec::new();
                for n in 0..1 + u128::from(random.below(8)) {
                    let tlp = [Tlp::Green, Tlp::Red][random.below(2) as usize];
                    let mut new = said(round * 100 + n, 1, 1, tlp);
                    if random.below(2) == 0 {
                        (new.version, new.version_text) = (None, None);
                    }
                    if tlp == Tlp::Green || hidden {
                        items.push(statement(new));
                    }
                }
                // An act on what is hidden, and what is refused in silence.
                let versions = None;
                let object = key("indicator", round.saturating_sub(1) * 100 + 1);
                let withdraw =
                    Item::Withdraw { object, source: Some(member(2)), versions, body: b"{}".to_vec() };
                if hidden {
                    let mut red = said(round * 100 + 50, 2, 1, Tlp::Red);
                    red.label = Label::new(member(2), Tlp::Red);
                    items.extend([statement(red.clone()), withdraw]);
                    red.body = b"other bytes under its version".to_vec();
                    items.push(statement(red));
                }
                world.append(1, items);
            }
            told(&world)
        });
        assert_eq!(whole, part, "{seed}");
    }
}

#[test]
fn other_bytes_under_a_version_are_not_counted() {
    let mut world = World::new();
    let first = said(1, 1, 1, Tlp::Green);
    let mut other = first.clone();
    other.body = b"{\"other\":1}".to_vec();
    world.append(1, [first, other, said(2, 1, 1, Tlp::Green)].map(statement).to_vec());
    let visible = world.everything();
    let (seen, _) = world.page(&all(&visible));
    assert_eq!(seen[1].date_added - seen[0].date_added, 1);
}
