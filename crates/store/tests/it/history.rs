//! Random histories: what is said, said again, claimed, withdrawn, relabelled and erased; and a plain model of them.

use std::collections::BTreeMap;

use model::{CircleId, CollectionId, Label, Timestamp, Tlp};
use store::read::{LabelId, Visible};
use store::record::{Again, Appended, Index, Item, NewStatement, ObjectKey, Spoken};
use store::upkeep::{StoredStatement, Viewed};
use uuid::Uuid;

use crate::measure::Random;
use crate::support::{START, World, key, member, said, statement};

pub const MEMBERS: u64 = 4;
const OBJECTS: u64 = 30;
const KINDS: [&str; 3] = ["indicator", "malware", "report"];

/// A world with a history, and what the node would know of it.
pub struct History {
    pub world: World,
    pub random: Random,
    pub collections: Vec<CollectionId>,
    views: BTreeMap<Vec<u8>, Index>,
}

/// A statement that stands, from a scan of everything.
#[derive(Debug, Clone)]
pub struct Standing {
    pub position: u64,
    pub object: ObjectKey,
    pub source: u128,
    pub label: LabelId,
    pub version: Timestamp,
    pub owned: bool,
    pub bytes: Vec<u8>,
    pub collections: Vec<CollectionId>,
}

impl History {
    pub fn new(seed: u64, steps: usize) -> History {
        let mut world = World::new();
        let collections = (0..3).map(|n| world.collection(n)).collect();
        let mut history = History { world, random: Random(seed), collections, views: BTreeMap::new() };
        for _ in 0..steps {
            history.step();
        }
        history
    }

    fn object(&mut self) -> ObjectKey {
        let n = self.random.below(OBJECTS);
        key(KINDS[(n % 3) as usize], u128::from(n))
    }

    fn label(&mut self, by: u64) -> Label {
        let mut label = Label::new(member(u128::from(by)), Tlp::ALL[self.random.below(4) as usize]);
        if self.random.below(6) == 0 {
            label.recipients.members.push(member(u128::from(self.random.below(20))));
        }
        if self.random.below(3) == 0 {
            label.recipients.circles.push(CircleId(Uuid::from_u128(u128::from(self.random.below(2)))));
        }
        label
    }

    /// The filtered collections of a statement: by what never changes in a version.
    pub fn collections_of(&self, object: &ObjectKey, source: u128, label: &Label) -> Vec<CollectionId> {
        let is = [object.kind == "malware", source.is_multiple_of(2), label.tlp == Tlp::Clear];
        let all = self.collections.iter().zip(is);
        all.filter(|(_, is)| *is).map(|(collection, _)| *collection).collect()
    }

    fn statement(&mut self, by: u64) -> NewStatement {
        let object = self.object();
        let mut new = said(object.uuid.as_u128(), u128::from(by), self.random.below(5) as i64, Tlp::Green);
        new.object = object;
        new.label = self.label(by);
        new.owned = self.random.below(3) > 0;
        if self.random.below(5) == 0 {
            (new.version, new.version_text) = (None, None);
        }
        // Now and then other bytes under the same version.
        let bytes = if self.random.below(12) == 0 { "other" } else { "same" };
        new.body = format!("{} {by} {:?} {bytes}", new.object, new.version).into_bytes();
        new.collections = self.collections_of(&new.object, u128::from(by), &new.label);
        let index = Index {
            observables: (0..self.random.below(3))
                .map(|_| self.random.below(20).to_be_bytes().to_vec())
                .collect(),
            references: (0..self.random.below(3))
                .map(|_| (self.object(), "object_refs".to_owned()))
                .collect(),
            names: vec![format!("name {}", self.random.below(10))],
            text: format!("words number{} and number{}", self.random.below(9), self.random.below(9)),
            tags: vec![format!("tag:{}", self.random.below(4))],
            valid_from: (self.random.below(2) == 0).then_some(Timestamp(START)),
            valid_until: None,
            stands: (0..self.random.below(3))
                .map(|n| (self.random.below(20).to_be_bytes().to_vec(), vec![n as u8]))
                .collect(),
            spoken: (0..self.random.below(3))
                .map(|n| Spoken { of: self.object().uuid, sort: n as u8, facts: vec![7] })
                .collect(),
        };
        // The bytes alone say what the views keep.
        new.index = self.views.entry(new.body.clone()).or_insert(index).clone();
        new
    }

    fn step(&mut self) {
        let by = self.random.below(MEMBERS);
        let end = self.world.store.snapshot().unwrap().end().max(1);
        let item = match self.random.below(14) {
            0 => {
                let versions = [None, Some(vec![Timestamp(START + self.random.below(5) as i64 * 1000)])];
                Item::Withdraw {
                    object: self.object(),
                    source: [None, Some(member(u128::from(by)))][self.random.below(2) as usize],
                    versions: versions[self.random.below(2) as usize].clone(),
                    body: b"{\"act\":\"withdraw\"}".to_vec(),
                }
            }
            1 => {
                let positions = (0..1 + self.random.below(12)).map(|_| self.random.below(end)).collect();
                let positions = self.world.said_by(u128::from(by), positions);
                let label = self.label(by);
                let stand = self.standing();
                let collections = positions
                    .iter()
                    .map(|position| stand.iter().find(|one| one.position == *position))
                    .map(|one| {
                        one.map_or(Vec::new(), |one| self.collections_of(&one.object, one.source, &label))
                    })
                    .collect();
                Item::Relabel {
                    positions,
                    label,
                    collections,
                    indexes: Vec::new(),
                    waiting: false,
                    body: b"{\"act\":\"relabel\"}".to_vec(),
                }
            }
            2 => Item::Erase {
                positions: vec![self.random.below(end)],
                again: Again::Taken,
                body: b"{\"act\":\"erase\"}".to_vec(),
            },
            _ => {
                let items = (0..1 + self.random.below(6)).map(|_| statement(self.statement(by))).collect();
                self.world.append(u128::from(by), items);
                return;
            }
        };
        let done = self.world.append(u128::from(by), vec![item]);
        assert!(matches!(done[0], Appended::Done { .. }));
    }

    /// What the node says when views are made again.
    pub fn view(&self, stored: &StoredStatement) -> Viewed {
        let source = stored.source.0.as_u128() - 0xA000;
        Viewed {
            index: self.views.get(&stored.body).unwrap().clone(),
            collections: self.collections_of(&stored.object, source, &stored.label),
        }
    }

    pub fn dump(&self) -> String {
        let mut out = Vec::new();
        self.world.store.snapshot().unwrap().dump(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Everything that stands, last or past, in order.
    pub fn standing(&self) -> Vec<Standing> {
        let snapshot = self.world.store.snapshot().unwrap();
        let labels: BTreeMap<LabelId, Label> = snapshot.labels(LabelId(0)).unwrap().into_iter().collect();
        let (mut standing, mut from) = (Vec::new(), Some(0));
        while let Some(at) = from {
            from = snapshot
                .statements(&self.world.everything(), at, 100, &mut |entry| {
                    let object = ObjectKey { kind: entry.kind.to_owned(), uuid: entry.uuid };
                    let source = entry.source.0.as_u128() - 0xA000;
                    standing.push(Standing {
                        position: entry.position,
                        source,
                        label: entry.label,
                        version: entry.version,
                        owned: entry.owned,
                        bytes: entry.wire.to_vec(),
                        collections: self.collections_of(&object, source, &labels[&entry.label]),
                        object,
                    });
                })
                .unwrap();
        }
        standing
    }

    /// A reader who sees about so many in a hundred of the labels.
    pub fn reader(&mut self, percent: u64) -> Visible {
        let mut visible = Visible::default();
        for (label, _) in self.world.store.snapshot().unwrap().labels(LabelId(0)).unwrap() {
            if self.random.below(100) < percent {
                visible.allow(label);
            }
        }
        visible
    }
}
