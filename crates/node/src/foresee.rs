//! Dry runs: what would become of each object, in the record as it is and behind what came before it in the same input.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use model::{CollectionId, MemberId};
use store::read::{OutcomeState, Visible};
use store::record::{Held, Item, Media, NewStatement};

use crate::core::content::content;
use crate::intake::{Decided, told};
use crate::{Error, Node, views};

/// Objects of one input that are remembered, some 50 MB; what comes behind them is compared with the record alone.
const OBJECTS: usize = 1 << 20;

/// What came by in a dry run, by hashes: to tell somebody beforehand how many objects are new, they are exact enough.
#[derive(Debug, Default)]
pub(crate) struct Foreseen(HashMap<u64, u64>);

impl Foreseen {
    // What this object is behind those that came before it; `None` when none of them was of its id and version.
    fn meet(&mut self, new: &NewStatement) -> Option<OutcomeState> {
        let bytes = match new.media {
            Media::Row => hash(&new.body),
            _ => hash(&content(new.wire.as_ref().unwrap_or(&new.body))),
        };
        // What has no version of its own is told apart by its bytes.
        let of_its_own = new.version.filter(|_| new.media != Media::Row);
        let key = match of_its_own {
            Some(version) => hash(&(&new.object, version.0)),
            None => hash(&(&new.object, bytes)),
        };
        match self.0.get(&key) {
            Some(before) if *before == bytes => Some(OutcomeState::Duplicate(Held::default())),
            Some(_) => Some(OutcomeState::Equivocation),
            None => {
                if self.0.len() < OBJECTS {
                    self.0.insert(key, bytes);
                }
                None
            }
        }
    }
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

impl Node {
    /// What would become of what was decided.
    pub(crate) fn foresee(
        &self,
        by: (MemberId, &Visible),
        through: Option<CollectionId>,
        decided: Vec<Decided>,
        foreseen: &mut Foreseen,
    ) -> Result<Vec<views::Outcome>, Error> {
        let snapshot = self.inner.store.snapshot()?;
        let mut outcomes = Vec::with_capacity(decided.len());
        for Decided { items, mut outcome, .. } in decided {
            if let Some(Item::Statement(new)) = items.first() {
                let state = match snapshot.foresee(by, through, new)? {
                    OutcomeState::Rejected => {
                        outcome.message = Some(store::record::ERASED.to_owned());
                        OutcomeState::Rejected
                    }
                    held @ OutcomeState::Duplicate(_) => held,
                    state => foreseen.meet(new).unwrap_or(state),
                };
                told::tell(&mut outcome, state);
            }
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }
}
