//! A store that is used hard: long and short bodies, groups in which some works fail, erasures, other opens; and after
//! each round nothing is wrong, and nothing is left of what was erased.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use model::{Label, Timestamp, Tlp};
use rusqlite::Connection;
use store::Store;
use store::read::{LabelId, Visible};
use store::record::{Again, Appended, Batch, Index, Item, Media, NewStatement, Quota};
use store::upkeep::{StoredStatement, Viewed};

use crate::measure::Random;
use crate::support::{START, World, anything, key, member, rebuilding, said, statement};
use crate::times;

const OBJECTS: u64 = 60;
const MEMBERS: u64 = 3;
const FILLED: u64 = 700;
/// Works that are handed in at the same moment.
const TOGETHER: usize = 5;
const PREFIX: &[u8] = b"canary";
/// Of a canary: its prefix, its number in hex, and an end, so that a cut one is none.
const CANARY: usize = PREFIX.len() + 8 + 1;

struct Trial {
    world: World,
    random: Random,
    canaries: u64,
    /// What is served of each canary, and what leads to it.
    said: BTreeMap<String, (Vec<u8>, Index)>,
    /// Where each was said first.
    stands: BTreeMap<u64, String>,
    /// Positions whose erasure was acknowledged.
    acknowledged: BTreeSet<u64>,
}

fn canary_in(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes.get(..CANARY)?).ok();
    text.filter(|text| text.as_bytes().starts_with(PREFIX) && text.ends_with('z'))
}

// Every canary that is somewhere in a folder.
fn canaries_in(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let mut rest = bytes.as_slice();
        while let Some(at) = rest.iter().position(|byte| *byte == b'c') {
            rest = &rest[at..];
            let canary = canary_in(rest).map(str::to_owned);
            rest = &rest[canary.as_ref().map_or(1, |_| CANARY)..];
            found.extend(canary);
        }
    }
    found
}

impl Trial {
    fn length(&mut self) -> usize {
        let length = match self.random.below(60) {
            0 => (1 << 20) + self.random.below(1 << 19),
            1..6 => 8_000 + self.random.below(50_000),
            6..12 => 7_900 + self.random.below(400),
            12..24 => 1_000 + self.random.below(7_000),
            _ => 40 + self.random.below(900),
        };
        usize::try_from(length).unwrap()
    }

    fn statement(&mut self, by: u64) -> NewStatement {
        self.canaries += 1;
        let canary = format!("canary{:08x}z", self.canaries);
        let n = self.random.below(OBJECTS);
        let mut new = said(u128::from(n), u128::from(by), self.random.below(4) as i64, Tlp::Green);
        new.label = Label::new(member(u128::from(by)), Tlp::ALL[self.random.below(3) as usize]);
        if self.random.below(6) == 0 {
            (new.version, new.version_text) = (None, None);
        }
        let bytes =
            |length: usize| canary.as_bytes().iter().copied().cycle().take(length).collect::<Vec<_>>();
        new.body = bytes(self.length());
        if self.random.below(4) == 0 {
            (new.wire, new.media) = (Some(bytes(self.length())), Media::Row);
        }
        new.index = Index { text: format!("{canary} word{n}"), ..Index::default() };
        let served = new.wire.clone().unwrap_or_else(|| new.body.clone());
        self.said.insert(canary, (served, new.index.clone()));
        new
    }

    // A table that grows by a level is not cleaned by the engine: that is done before anything is erased.
    fn fill(&mut self) {
        let items = (0..FILLED)
            .map(|_| {
                let mut new = self.statement(0);
                new.object.uuid = uuid::Uuid::from_u128(u128::from(OBJECTS + self.canaries));
                new.body.truncate(2 * CANARY);
                new.wire = None;
                let canary = canary_in(&new.body).unwrap();
                self.said.insert(canary.to_owned(), (new.body.clone(), new.index.clone()));
                statement(new)
            })
            .collect();
        for (appended, canary) in self.world.append(0, items).iter().zip(1..) {
            let Appended::New { position, .. } = appended else { panic!("{appended:?}") };
            self.stands.insert(*position, format!("canary{canary:08x}z"));
        }
    }

    fn positions(&mut self, most: u64) -> Vec<u64> {
        let later = (self.world.store.snapshot().unwrap().end() - FILLED).max(1);
        (0..1 + self.random.below(most)).map(|_| FILLED + self.random.below(later)).collect()
    }

    fn item(&mut self, by: u64) -> Item {
        match self.random.below(24) {
            0 => Item::Withdraw {
                object: key("indicator", u128::from(self.random.below(OBJECTS))),
                source: [None, Some(member(u128::from(by)))][self.random.below(2) as usize],
                versions: None,
                body: b"{\"act\":\"withdraw\"}".to_vec(),
            },
            1 => Item::Relabel {
                positions: {
                    let positions = self.positions(18);
                    self.world.said_by(u128::from(by), positions)
                },
                label: Label::new(member(u128::from(by)), Tlp::ALL[self.random.below(3) as usize]),
                collections: Vec::new(),
                indexes: Vec::new(),
                waiting: false,
                body: b"{\"act\":\"relabel\"}".to_vec(),
            },
            2 | 3 => Item::Erase {
                positions: self.positions(4),
                again: [Again::Refused, Again::Taken][self.random.below(2) as usize],
                body: b"{\"act\":\"erase\"}".to_vec(),
            },
            _ => statement(self.statement(by)),
        }
    }

    // All at once, so that they share commits. Those that go beyond their quota find out at their end.
    fn works(&mut self) {
        let batches: Vec<Batch> = (0..TOGETHER)
            .map(|_| {
                let by = self.random.below(MEMBERS);
                let items = (0..1 + self.random.below(9)).map(|_| self.item(by)).collect();
                let mut batch = self.world.batch(u128::from(by), items);
                if self.random.below(4) == 0 {
                    batch.quota = Quota { objects_per_hour: 1, bytes_per_hour: 1 };
                }
                batch
            })
            .collect();
        let answers: Vec<(Batch, Result<Vec<Appended>, store::Error>)> = std::thread::scope(|scope| {
            let works: Vec<_> = batches
                .into_iter()
                .map(|batch| {
                    let (store, facts) = (self.world.store.clone(), self.world.facts);
                    scope.spawn(move || (batch.clone(), store.append(anything(facts), batch)))
                })
                .collect();
            works.into_iter().map(|work| work.join().unwrap()).collect()
        });
        for (batch, answer) in answers {
            let Ok(appended) = answer else { continue };
            for (item, appended) in batch.items.iter().zip(appended) {
                match (item, appended) {
                    (
                        Item::Statement(new),
                        Appended::New { position, .. } | Appended::Equivocation { position, .. },
                    ) => {
                        let canary = canary_in(&new.body).unwrap().to_owned();
                        assert!(self.stands.insert(position, canary).is_none(), "{position} twice");
                    }
                    (Item::Statement(_), other) => panic!("{other:?}"),
                    (Item::Erase { positions, .. }, Appended::Done { position: Some(_), .. }) => {
                        self.acknowledged.extend(positions);
                    }
                    _ => {}
                }
            }
        }
    }

    fn dump(&self) -> String {
        let mut out = Vec::new();
        self.world.store.snapshot().unwrap().dump(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    // First positions of what is erased.
    fn erased(&self) -> BTreeSet<u64> {
        let conn = Connection::open(self.world.folder.path().join("record.sqlite")).unwrap();
        let mut query =
            conn.prepare("SELECT position FROM statement WHERE state = 3 AND target IS NULL").unwrap();
        let erased = query.query_map([], |row| row.get::<_, i64>(0)).unwrap();
        erased.map(|position| position.unwrap().cast_unsigned()).collect()
    }

    fn check(&self, seed: u64) {
        let verified = self.world.store.verify().unwrap();
        assert_eq!(verified.problems, [""; 0], "{seed}");
        let before = self.dump();
        let view = &mut |stored: &StoredStatement| {
            let (_, index) = &self.said[canary_in(&stored.body).unwrap()];
            Some(Viewed { index: index.clone(), collections: Vec::new() })
        };
        let rebuilt = self.world.store.rebuild(&rebuilding(self.world.facts), view, &mut |_, _| ()).unwrap();
        assert!(rebuilt.equal && before == self.dump(), "{seed}");
        let mut random = Random(seed);
        for percent in [10, 60, 100] {
            let mut visible = self.world.everything();
            if percent < 100 {
                visible = Visible::default();
                let labels = self.world.store.snapshot().unwrap().labels(LabelId(0)).unwrap();
                let some = labels.into_iter().filter(|_| random.below(100) < percent);
                some.for_each(|(label, _)| visible.allow(label));
            }
            times::check(&self.world, &visible, &mut random, &format!("{seed}, {percent} in a hundred"));
        }
        let gone = self.erased();
        let (everything, mut from, mut served) = (self.world.everything(), Some(0), 0);
        let snapshot = self.world.store.snapshot().unwrap();
        while let Some(at) = from {
            from = snapshot
                .statements(&everything, at, 100, &mut |entry| {
                    let (wire, _) = &self.said[canary_in(entry.wire).unwrap()];
                    assert!(wire == entry.wire, "{seed}: {}", entry.position);
                    served += 1;
                })
                .unwrap();
        }
        assert!(served > 0);
        for position in &self.acknowledged {
            assert!(gone.contains(position) || !self.stands.contains_key(position), "{seed}: {position}");
        }
    }

    // What was erased is in no file, once the log is in the database.
    fn reopen(mut self, seed: u64) -> Trial {
        while self.world.store.purge(Timestamp(START)).unwrap().outcomes > 0 {}
        let erased: BTreeSet<String> =
            self.erased().iter().map(|position| self.stands[position].clone()).collect();
        let World { store, folder, .. } = self.world;
        drop(store);
        let left: Vec<_> = canaries_in(folder.path()).intersection(&erased).cloned().collect();
        assert_eq!(left, [""; 0], "{seed}");
        let store = Store::open(folder.path(), &store::Options::default()).unwrap();
        let (now, facts) = (self.world.now, self.world.facts);
        self.world = World::over(store, folder);
        (self.world.now, self.world.facts) = (now, facts);
        self.world.submissions_from(u128::from(self.random.next()) << 20);
        self
    }
}

#[test]
fn a_store_that_is_used_hard_is_right_after_each_round() {
    for seed in seeds() {
        let mut trial = Trial {
            world: World::new(),
            random: Random(seed),
            canaries: 0,
            said: BTreeMap::new(),
            stands: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
        };
        trial.fill();
        for _ in 0..3 {
            for _ in 0..6 {
                trial.works();
            }
            trial.check(seed);
            trial = trial.reopen(seed);
        }
        trial.check(seed);
    }
}

// `STORE_SEEDS` is how many, from which on: `20,100`.
fn seeds() -> std::ops::Range<u64> {
    let (many, from) = match std::env::var("STORE_SEEDS") {
        Ok(text) => {
            let (many, from) = text.split_once(',').unwrap();
            (many.parse().unwrap(), from.parse().unwrap())
        }
        Err(_) => (2, 10),
    };
    from..from + many
}
