//! What becomes visible to a reader later is new to him: generated histories against a queue.

use std::collections::BTreeSet;

use model::{Label, Timestamp, Tlp};
use rusqlite::Connection;
use store::directory::{Change, Opening};
use store::opened::Place;
use store::read::{LabelId, PageQuery, VersionSpec, Visible};
use store::record::{Appended, Item};
use store::upkeep::Viewed;
use store::{Kind, Options, Store};

use crate::measure::Random;
use crate::support::{Seen, World, all, anything, key, member, rebuilding, said, statement};

const READER: u128 = 9;

/// How a client goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    /// By `added_after` alone.
    AddedAfter,
    /// By `next` while there is more, then by `added_after`, cut to milliseconds.
    Next,
}

/// What a client has yet to get, in order, and what it goes on with.
struct Poll {
    client: Client,
    queue: Vec<(u64, LabelId)>,
    place: Option<Place>,
    after: Timestamp,
    last: i64,
}

impl Poll {
    fn new(client: Client) -> Poll {
        Poll { client, queue: Vec::new(), place: None, after: Timestamp::MIN, last: i64::MIN }
    }

    fn take(&mut self, history: &Openings, limit: usize, of: &str) {
        let visible = history.visible();
        let snapshot = history.world.store.snapshot().unwrap();
        let from = match self.place {
            Some(place) => place,
            None => snapshot.place_after(&visible, self.after).unwrap(),
        };
        drop(snapshot);
        let (seen, end) = history.world.page(&PageQuery { from, limit, ..every(&visible) });
        let got: Vec<(u64, LabelId)> = seen.iter().map(|one| (one.position, one.label)).collect();
        let due: Vec<_> = self.queue.drain(..limit.min(self.queue.len())).collect();
        assert_eq!(got, due, "{of}, {:?} from {from:?}", self.client);
        assert_eq!(end.more, !self.queue.is_empty(), "{of}, {:?}", self.client);
        for one in &seen {
            assert!(one.date_added > self.last, "{of}, {:?}: times run back", self.client);
            self.last = one.date_added;
        }
        let told = end.date_added_last.unwrap_or(self.after);
        (self.place, self.after) = match self.client {
            Client::AddedAfter => (None, told),
            Client::Next if end.more => (Some(end.next), self.after),
            Client::Next => (None, Timestamp(told.0.div_euclid(1000) * 1000)),
        };
    }
}

/// A record that one reader is let into and out of.
struct Openings {
    world: World,
    random: Random,
    /// The labels that he sees.
    sees: BTreeSet<LabelId>,
    /// What stands: position and label.
    stands: Vec<(u64, LabelId)>,
    objects: u128,
}

fn every(visible: &Visible) -> PageQuery<'_> {
    PageQuery { versions: vec![VersionSpec::All], ..all(visible) }
}

impl Openings {
    fn visible(&self) -> Visible {
        let mut visible = Visible::default();
        self.sees.iter().for_each(|label| visible.allow(*label));
        visible.open(&self.world.store.snapshot().unwrap().openings(member(READER), None).unwrap());
        visible
    }

    fn labels(&self) -> Vec<LabelId> {
        let labels = self.world.store.snapshot().unwrap().labels(LabelId(0)).unwrap();
        labels.into_iter().map(|(id, _)| id).collect()
    }

    fn say(&mut self) -> Vec<(u64, LabelId)> {
        let by = u128::from(self.random.below(2));
        let mut items: Vec<Item> = Vec::new();
        for _ in 0..1 + self.random.below(7) {
            self.objects += 1;
            let mut new = said(self.objects, by, 1, Tlp::Green);
            new.label = Label::new(member(by), Tlp::ALL[self.random.below(3) as usize]);
            items.push(statement(new));
        }
        let tlps: Vec<Tlp> = items
            .iter()
            .map(|item| match item {
                Item::Statement(new) => new.label.tlp,
                _ => Tlp::Clear,
            })
            .collect();
        let appended = self.world.append(by, items);
        let labels = self.world.store.snapshot().unwrap().labels(LabelId(0)).unwrap();
        let said: Vec<(u64, LabelId)> = appended
            .iter()
            .zip(tlps)
            .map(|(appended, tlp)| {
                let Appended::New { position, .. } = appended else { panic!("{appended:?}") };
                let label = Label::new(member(by), tlp);
                (*position, labels.iter().find(|(_, one)| *one == label).unwrap().0)
            })
            .collect();
        self.stands.extend(&said);
        said
    }

    fn withdraw(&mut self) -> Option<(u64, LabelId)> {
        let at = self.random.below(self.stands.len().max(1) as u64) as usize;
        let (position, label) = *self.stands.get(at)?;
        let mut everything = Visible::default();
        everything.allow(label);
        let mut object = 0;
        let snapshot = self.world.store.snapshot().unwrap();
        snapshot.entry(&everything, position, &mut |entry| object = entry.uuid.as_u128()).unwrap();
        drop(snapshot);
        let item = Item::Withdraw {
            object: key("indicator", object),
            source: None,
            versions: None,
            body: b"{}".to_vec(),
        };
        self.world.append(1, vec![item]);
        self.stands.remove(at);
        Some((position, label))
    }

    // He is let into some of what he does not see.
    fn join(&mut self) -> BTreeSet<LabelId> {
        let outside =
            self.labels().into_iter().filter(|label| !self.sees.contains(label)).collect::<Vec<_>>();
        let new: BTreeSet<LabelId> = outside.into_iter().filter(|_| self.random.below(2) == 0).collect();
        self.world.now += 1_000;
        let opening = Opening {
            member: member(READER),
            person: None,
            labels: new.iter().copied().collect(),
            of: self.labels().len() as u32,
            at: Timestamp(self.world.now),
        };
        let changes = [Change::Opening(opening)];
        self.world.facts = self.world.store.change(anything(self.world.facts), &changes, None).unwrap();
        self.sees.extend(&new);
        new
    }
}

fn everything_agrees(history: &Openings, of: &str) {
    let visible = history.visible();
    let (seen, end) = history.world.page(&every(&visible));
    assert!(!end.more);
    assert!(seen.windows(2).all(|pair| pair[0].date_added < pair[1].date_added), "{of}");
    let positions = |seen: &[Seen]| seen.iter().map(|one| one.position).collect::<Vec<_>>();
    let snapshot = history.world.store.snapshot().unwrap();
    for (at, one) in seen.iter().enumerate() {
        for (time, rest) in [(one.date_added, at + 1), (one.date_added - 1, at)] {
            let from = snapshot.place_after(&visible, Timestamp(time)).unwrap();
            let (later, _) = history.world.page(&PageQuery { from, limit: 4, ..every(&visible) });
            let rest = &seen[rest..(rest + 4).min(seen.len())];
            assert_eq!(positions(&later), positions(rest), "{of} after {time}");
        }
        let mut alone = 0;
        snapshot.entry(&visible, one.position, &mut |entry| alone = entry.date_added.0).unwrap();
        assert_eq!(alone, one.date_added, "{of}");
    }
    // By their ids, and by type, it is the same.
    let objects = (1..=history.objects).map(|n| key("indicator", n)).collect();
    let (by_id, _) = history.world.page(&PageQuery { objects, ..every(&visible) });
    let kinds = vec!["indicator".to_owned()];
    let (by_kind, _) = history.world.page(&PageQuery { kinds, ..every(&visible) });
    assert_eq!((&by_id, &by_kind), (&seen, &seen), "{of}");
}

#[test]
fn whoever_is_let_in_gets_everything_once_and_in_order() {
    for seed in 0..8 {
        let mut history = Openings {
            world: World::new(),
            random: Random(seed),
            sees: BTreeSet::new(),
            stands: Vec::new(),
            objects: 0,
        };
        let mut polls = [Poll::new(Client::AddedAfter), Poll::new(Client::Next)];
        for step in 0..120 {
            let of = format!("{seed}, step {step}");
            match history.random.below(12) {
                0..4 => {
                    let said = history.say();
                    let shown = said.into_iter().filter(|(_, label)| history.sees.contains(label));
                    let shown: Vec<_> = shown.collect();
                    polls.iter_mut().for_each(|poll| poll.queue.extend(&shown));
                }
                4 => {
                    let gone = history.withdraw();
                    polls.iter_mut().for_each(|poll| poll.queue.retain(|one| Some(*one) != gone));
                }
                5 => {
                    let new = history.join();
                    let mut opened: Vec<_> = history.stands.clone();
                    opened.retain(|(_, label)| new.contains(label));
                    opened.sort();
                    polls.iter_mut().for_each(|poll| poll.queue.extend(&opened));
                }
                6 => {
                    // Who goes by times alone has them from what he sees: within a commit they change when he leaves.
                    while !polls[0].queue.is_empty() {
                        polls[0].take(&history, 5, &of);
                    }
                    let left: Vec<LabelId> =
                        history.sees.iter().filter(|_| history.random.below(3) == 0).copied().collect();
                    history.sees.retain(|label| !left.contains(label));
                    polls.iter_mut().for_each(|poll| poll.queue.retain(|(_, label)| !left.contains(label)));
                }
                _ => {
                    let limit = 1 + history.random.below(6) as usize;
                    let which = history.random.below(2) as usize;
                    polls[which].take(&history, limit, &of);
                }
            }
            if step % 40 == 39 {
                everything_agrees(&history, &of);
            }
        }
        for poll in &mut polls {
            while !poll.queue.is_empty() {
                poll.take(&history, 3, &format!("{seed}, at the end"));
            }
        }
        assert_eq!(history.world.store.verify().unwrap().problems, [""; 0]);
        let visible = history.visible();
        let before = history.world.page(&every(&visible)).0;
        let world = history.world.reopen();
        assert_eq!(world.page(&every(&visible)).0, before);
    }
}

#[test]
fn an_opening_that_was_judged_on_fewer_labels_is_judged_again() {
    let mut world = World::new();
    world.say(1, said(1, 1, 1, Tlp::Green));
    let opening = |of| {
        let labels = vec![LabelId(0)];
        Change::Opening(Opening {
            member: member(READER),
            person: None,
            labels,
            of,
            at: Timestamp(world.now),
        })
    };
    let change = |store: &Store, of| store.change(anything(world.facts), &[opening(of)], None).map(drop);
    assert_eq!(change(&world.store, 0).unwrap_err().kind, Kind::Stale);
    change(&world.store, 1).unwrap();
}

/// What the views have of how many entries stand before a position, read from the file by itself.
fn counted(world: &World) -> Vec<(i64, i64, Vec<u8>, Vec<u8>)> {
    let conn = Connection::open(world.folder.path().join("record.sqlite")).unwrap();
    let mut query = conn.prepare("SELECT last, due, counts, runs FROM counted ORDER BY last").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn change_the_file(world: World, sql: &str) -> World {
    let World { store, folder, now, facts, .. } = world;
    drop(store);
    Connection::open(folder.path().join("record.sqlite")).unwrap().execute_batch(sql).unwrap();
    let mut world = World::over(Store::open(folder.path(), &Options::default()).unwrap(), folder);
    (world.now, world.facts) = (now, facts);
    world
}

// Some thousands, in commits of all lengths, under four labels: a reader is let into three of them in two steps, each in the middle of
// what is said. `stands` has position and label of each.
fn in_two_steps(random: &mut Random) -> (World, Vec<(u64, LabelId)>) {
    let (mut world, mut stands) = (World::new(), Vec::new());
    for round in 0..2 {
        while stands.len() < 2_600 + round * 1_300 {
            let first = stands.len();
            let most = [1, 1, 3, 40, 400][random.below(5) as usize];
            let tlps: Vec<Tlp> =
                (0..=random.below(most)).map(|_| Tlp::ALL[random.below(4) as usize]).collect();
            let item = |(n, tlp): (usize, &Tlp)| {
                let mut new = said((first + n + 1) as u128, 1, 1, *tlp);
                new.label = Label::new(member(1), *tlp);
                statement(new)
            };
            world.append(1, tlps.iter().enumerate().map(item).collect());
            let labels = world.store.snapshot().unwrap().labels(LabelId(0)).unwrap();
            let label = |tlp: &Tlp| labels.iter().find(|(_, one)| one.tlp == *tlp).unwrap().0;
            stands.extend((first as u64..).zip(tlps.iter().map(label)));
        }
        world.now += 1_000_000;
        let labels = if round == 0 { vec![LabelId(0), LabelId(2)] } else { vec![LabelId(3)] };
        let (of, at) = (4, Timestamp(world.now));
        let opening = Opening { member: member(READER), person: None, labels, of, at };
        world.facts = world.store.change(anything(world.facts), &[Change::Opening(opening)], None).unwrap();
    }
    (world, stands)
}

/// The same rule, said plainly: of each moment, the last has its time, each before it a microsecond less, by position.
fn of_moments(world: &World, visible: &Visible, stands: &[(u64, LabelId)]) -> Vec<(u64, i64)> {
    let openings = world.store.snapshot().unwrap().openings(member(READER), None).unwrap();
    let mut moments: Vec<(i64, u64)> = openings.iter().map(|one| (one.until.0, one.position)).collect();
    moments.sort_unstable();
    moments.dedup();
    let mut expected = Vec::new();
    for (until, before) in moments {
        let of: BTreeSet<LabelId> =
            openings.iter().filter(|one| one.until.0 == until).map(|one| one.label).collect();
        let is_of = |(position, label): &&(u64, LabelId)| {
            *position < before && of.contains(label) && visible.has(*label)
        };
        let opened: Vec<u64> = stands.iter().filter(is_of).map(|(position, _)| *position).collect();
        let first = until - opened.len() as i64 + 1;
        expected.extend(opened.into_iter().zip(first..));
    }
    expected
}

#[test]
fn what_was_opened_at_one_moment_is_one_list_by_position_whatever_labels_it_bears() {
    let mut random = Random(11);
    let (world, stands) = in_two_steps(&mut random);
    assert!(counted(&world).len() >= 2 && world.store.verify().unwrap().problems.is_empty());
    // Sights of some of it leave no gap for the rest.
    for seen in [&[0, 2, 3][..], &[0, 3], &[2], &[0, 2]] {
        let mut visible = Visible::default();
        seen.iter().for_each(|label| visible.allow(LabelId(*label)));
        visible.open(&world.store.snapshot().unwrap().openings(member(READER), None).unwrap());
        let expected = of_moments(&world, &visible, &stands);
        let opened: BTreeSet<u64> = expected.iter().map(|(position, _)| *position).collect();
        let whole = PageQuery { limit: 10_000, ..every(&visible) };
        let all_seen = world.page(&whole).0;
        let mut got: Vec<(u64, i64)> = all_seen.iter().map(|one| (one.position, one.date_added)).collect();
        assert!(got.windows(2).all(|pair| pair[0].1 < pair[1].1), "{seen:?}");
        got.retain(|(position, _)| opened.contains(position));
        assert_eq!(got, expected, "{seen:?}");
        // From any time, and from any cursor, it goes on with what is next.
        let snapshot = world.store.snapshot().unwrap();
        for _ in 0..40 {
            let at = random.below(all_seen.len() as u64 - 1) as usize;
            let time = all_seen[at].date_added;
            let from = snapshot.place_after(&visible, Timestamp(time)).unwrap();
            let (page, end) = world.page(&PageQuery { from, limit: 1, ..every(&visible) });
            assert_eq!(page[0], all_seen[at + 1], "{seen:?} after {time}");
            let (page, _) = world.page(&PageQuery { from: end.next, limit: 2, ..every(&visible) });
            let next = &all_seen[at + 2..(at + 4).min(all_seen.len())];
            assert!(!end.more || page == next, "{seen:?} after {time}");
            let mut alone = 0;
            let position = all_seen[at].position;
            snapshot.entry(&visible, position, &mut |entry| alone = entry.date_added.0).unwrap();
            assert_eq!(alone, time);
        }
        let kinds = vec!["indicator".to_owned()];
        assert_eq!(world.page(&PageQuery { kinds, ..whole }).0, all_seen, "{seen:?}");
    }
}

#[test]
fn counts_are_made_of_a_folder_of_before_and_again_and_checked() {
    let (world, _) = in_two_steps(&mut Random(12));
    let written = counted(&world);
    assert!(written.len() >= 2);
    // The schema before.
    let world = change_the_file(world, "DROP TABLE counted; PRAGMA user_version = 21");
    assert_eq!(counted(&world), written);
    for change in [
        "UPDATE counted SET counts = x'07' WHERE last = (SELECT max(last) FROM counted)",
        "DELETE FROM counted WHERE last = (SELECT max(last) FROM counted)",
        "INSERT INTO counted SELECT last + 1, due, counts, runs FROM counted ORDER BY last DESC LIMIT 1",
        "UPDATE counted SET counts = x'80'",
        "UPDATE counted SET runs = x'80'",
        "UPDATE sealed SET runs = x'80'",
    ] {
        let world = change_the_file(in_two_steps(&mut Random(12)).0, change);
        let problems = world.store.verify().unwrap().problems;
        assert!(problems.iter().any(|problem| problem.contains("rebuild the views")), "{problems:?}");
        let viewed = &mut |_: &_| Some(Viewed::default());
        world.store.rebuild(&rebuilding(world.facts), viewed, &mut |_, _| ()).unwrap();
        assert_eq!(world.store.verify().unwrap().problems, [""; 0]);
        assert_eq!(counted(&world), written);
    }
}

#[test]
fn damaged_counts_hold_up_no_commit() {
    let last = "(SELECT max(last) FROM counted)";
    for (change, heals) in [
        ("UPDATE counted SET counts = x'80'".to_owned(), true),
        (format!("UPDATE counted SET runs = x'80' WHERE last = {last}"), true),
        (
            format!(
                "UPDATE sealed SET runs = x'80' WHERE last = (SELECT max(last) FROM sealed WHERE last > {last})"
            ),
            false,
        ),
    ] {
        let mut world = change_the_file(in_two_steps(&mut Random(12)).0, &change);
        world.submissions_from(0x1_0000);
        let written = counted(&world);
        let first = world.store.verify().unwrap().positions;
        for n in 0..6 {
            let item = |n: u64| statement(said(u128::from(first + n + 1), 1, 1, Tlp::Green));
            world.append(1, (n * 500..(n + 1) * 500).map(item).collect());
        }
        let verified = world.store.verify().unwrap();
        assert_eq!(verified.positions, first + 3_000, "{change}");
        assert_eq!(verified.problems.is_empty(), heals, "{change}: {:?}", verified.problems);
        if heals {
            assert!(counted(&world).len() > written.len(), "{change}");
        } else {
            assert_eq!(counted(&world), written, "what was right before stays");
        }
        let viewed = &mut |_: &_| Some(Viewed::default());
        world.store.rebuild(&rebuilding(world.facts), viewed, &mut |_, _| ()).unwrap();
        assert_eq!(world.store.verify().unwrap().problems, [""; 0]);
        assert!(counted(&world).len() > written.len(), "{change}");
    }
}
