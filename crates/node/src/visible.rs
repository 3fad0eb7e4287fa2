//! What each reader may see, as a bitmap over label numbers, and which parts he does not. `model::may_see` and
//! `model::hidden_parts` are the only rules; this only remembers what they said. It is the one place where parts are hidden:
//! the store takes them out of whatever it lends by this.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::{Label, Origin, Reader, Timestamp, hidden_parts, may_see};
use store::directory::Epoch;
use store::opened::Opened;
use store::read::{LabelId, Snapshot, Visible};

use crate::core::parts::take_out;
use crate::{Error, Kind};

/// Readers remembered at once. Tokens of one member with equal rights are one reader.
const MAX_READERS: usize = 1_024;

/// The labels of the record, and what the readers of late may see of them.
#[derive(Debug, Default)]
pub(crate) struct Visibility {
    state: Mutex<State>,
}

/// The labels that one reader may see, and all labels to read TLP and origin from. Good for the snapshot it was made
/// with, and for older ones.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    /// The labels that `may_see` lets through. A label that is not known here is not seen.
    pub visible: Arc<Visible>,
    labels: Arc<Vec<Label>>,
}

impl Sight {
    /// The label of that number.
    pub fn label(&self, id: LabelId) -> Option<&Label> {
        self.labels.get(id.0 as usize)
    }

    /// How many labels there are.
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    /// The same of a reader who sees `whole` elsewhere.
    pub fn part_of(mut self, whole: &Sight) -> Sight {
        Arc::make_mut(&mut self.visible).is_part_of(Arc::clone(&whole.visible));
        self
    }

    /// Those of the labels seen that another sees, too.
    pub fn shared_with(&self, other: &Sight) -> Visible {
        self.those(|id, _| other.visible.has(id))
    }

    /// Those of the labels seen that a filter lets through.
    pub fn only(&self, lets: impl Fn(&Label) -> bool) -> Visible {
        self.those(|_, label| lets(label))
    }

    fn those(&self, lets: impl Fn(LabelId, &Label) -> bool) -> Visible {
        let mut only = Visible::default();
        only.is_part_of(Arc::clone(&self.visible));
        for (id, label) in (0..).map(LabelId).zip(self.labels.iter()) {
            if self.visible.has(id) && lets(id, label) {
                only.allow(id);
                if !self.visible.tells_origin(id) {
                    only.withhold_origin(id);
                }
                if let Some(hidden) = self.visible.hidden_parts(id) {
                    only.hide_parts(id, hidden, take_out);
                }
            }
        }
        only
    }
}

#[derive(Debug, Default)]
struct State {
    labels: Arc<Vec<Label>>,
    readers: HashMap<Reader, Known>,
    uses: u64,
}

#[derive(Debug)]
struct Known {
    visible: Arc<Visible>,
    // The state of the directory, the number of labels and the time until which `visible` holds.
    facts: Epoch,
    labels: usize,
    until: Timestamp,
    used: u64,
}

impl Visibility {
    /// What this reader may see of a snapshot, now.
    pub fn sight(
        &self,
        snapshot: &Snapshot,
        reader: &Reader,
        facts: Epoch,
        now: Timestamp,
    ) -> Result<Sight, Error> {
        let known = self.lock().labels.len();
        // The labels come from the very snapshot that is read next, so that no entry of it bears a label that was
        // interned after we looked: such an entry would be passed over for good.
        let new = snapshot.labels(LabelId(u32::try_from(known).unwrap_or(u32::MAX)))?;
        let mut state = self.lock();
        state.learn(new)?;
        // Openings are made with changes of the directory, so they are looked up when that has changed.
        state.sight(reader, facts, now, || match reader.member {
            Some(member) => Ok(snapshot.openings(member, reader.person)?),
            None => Ok(Vec::new()),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is only ever a memory of what `may_see` said: a thread that died with the lock left it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn learn(&mut self, new: Vec<(LabelId, Label)>) -> Result<(), Error> {
        for (id, label) in new {
            let next = self.labels.len();
            match (id.0 as usize).cmp(&next) {
                // Another request learned it meanwhile.
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => Arc::make_mut(&mut self.labels).push(label),
                std::cmp::Ordering::Greater => {
                    return Err(Error::new(Kind::Internal, format!("label {next} is missing")));
                }
            }
        }
        Ok(())
    }

    fn sight(
        &mut self,
        reader: &Reader,
        facts: Epoch,
        now: Timestamp,
        openings: impl FnOnce() -> Result<Vec<Opened>, Error>,
    ) -> Result<Sight, Error> {
        self.uses += 1;
        let (labels, used) = (&self.labels, self.uses);
        let stands = |known: &&mut Known| known.facts == facts && now < known.until;
        if let Some(known) = self.readers.get_mut(reader).filter(stands) {
            known.used = used;
            known.extend(reader, labels, now);
            return Ok(Sight { visible: Arc::clone(&known.visible), labels: Arc::clone(labels) });
        }
        let mut known = Known { used, ..Known::nothing(facts) };
        known.extend(reader, labels, now);
        let opened = openings()?;
        if !opened.is_empty() {
            Arc::make_mut(&mut known.visible).open(&opened);
        }
        let sight = Sight { visible: Arc::clone(&known.visible), labels: Arc::clone(labels) };
        self.make_room();
        self.readers.insert(reader.clone(), known);
        Ok(sight)
    }

    fn make_room(&mut self) {
        if self.readers.len() < MAX_READERS {
            return;
        }
        let oldest =
            self.readers.iter().min_by_key(|(_, known)| known.used).map(|(reader, _)| reader.clone());
        if let Some(oldest) = oldest {
            self.readers.remove(&oldest);
        }
    }
}

impl Known {
    fn nothing(facts: Epoch) -> Known {
        Known { visible: Arc::default(), facts, labels: 0, until: Timestamp::MAX, used: 0 }
    }

    fn extend(&mut self, reader: &Reader, labels: &[Label], now: Timestamp) {
        let Some(new) = labels.get(self.labels..).filter(|new| !new.is_empty()) else { return };
        let visible = Arc::make_mut(&mut self.visible);
        for (number, label) in (self.labels..).zip(new) {
            let id = LabelId(u32::try_from(number).unwrap_or(u32::MAX));
            if may_see(reader, label, now) {
                visible.allow(id);
                if let Some(hidden) = hidden_parts(reader, label, now) {
                    visible.hide_parts(id, hidden, take_out);
                }
            }
            if label.origin == Origin::Withheld && !reader.is_author(label) {
                visible.withhold_origin(id);
            }
            // The clock may change what the rule says only where a label speaks of time.
            let until = label.embargo.as_ref().and_then(|embargo| embargo.until);
            if let Some(until) = until.filter(|until| *until > now) {
                self.until = self.until.min(until);
            }
        }
        self.labels = labels.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Embargo, MemberId, Parts, Tlp};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_000);

    fn member(n: u128) -> MemberId {
        MemberId(Uuid::from_u128(n))
    }

    fn numbered(from: u32, labels: Vec<Label>) -> Vec<(LabelId, Label)> {
        (from..).map(LabelId).zip(labels).collect()
    }

    fn sight(state: &mut State, reader: &Reader, facts: Epoch, now: Timestamp) -> Sight {
        state.sight(reader, facts, now, || Ok(Vec::new())).unwrap()
    }

    fn agrees(state: &mut State, reader: &Reader, facts: u64) {
        let sight = sight(state, reader, Epoch(facts), NOW);
        for (number, label) in (0..).zip(state.labels.iter()) {
            assert_eq!(
                sight.visible.has(LabelId(number)),
                may_see(reader, label, NOW),
                "{reader:?} {label:?}"
            );
            let hidden = hidden_parts(reader, label, NOW).filter(|_| may_see(reader, label, NOW));
            assert_eq!(sight.visible.hidden_parts(LabelId(number)), hidden, "{reader:?} {label:?}");
        }
        assert!(!sight.visible.has(LabelId(state.labels.len() as u32)));
        assert!(sight.label(LabelId(state.labels.len() as u32)).is_none());
    }

    #[test]
    fn the_bitmap_says_what_the_rule_says_as_labels_come() {
        let mut state = State::default();
        let readers = [Reader::anonymous(), Reader::of(member(0)), Reader::of(member(9))];
        for round in 0..100 {
            let parts = (round % 2 == 1).then_some(Parts { strictest: Tlp::Red, others: None });
            let label = |tlp| Label { parts, ..Label::new(member(round % 3), tlp) };
            let labels: Vec<Label> = Tlp::ALL.map(label).to_vec();
            let from = state.labels.len() as u32;
            state.learn(numbered(from, labels.clone())).unwrap();
            // Learned twice, as by two requests at once.
            state.learn(numbered(from, labels)).unwrap();
            readers.iter().for_each(|reader| agrees(&mut state, reader, u64::from(round as u32 / 10)));
        }
        assert_eq!(state.labels.len(), 500);
        assert!(state.learn(numbered(501, vec![Label::new(member(1), Tlp::Clear)])).is_err());
    }

    #[test]
    fn it_is_decided_again_when_the_clock_reaches_an_embargo() {
        let mut state = State::default();
        let mut label = Label::new(member(1), Tlp::Clear);
        label.embargo = Some(Embargo { case: String::new(), until: Some(Timestamp(2_000)) });
        state.learn(numbered(0, vec![label])).unwrap();
        let reader = Reader::of(member(2));
        sight(&mut state, &reader, Epoch(1), NOW);
        assert_eq!(state.readers.get(&reader).unwrap().until, Timestamp(2_000));
        sight(&mut state, &reader, Epoch(1), Timestamp(2_000));
        assert_eq!(state.readers.get(&reader).unwrap().until, Timestamp::MAX);
    }

    #[test]
    fn readers_that_are_not_seen_for_long_are_forgotten() {
        let mut state = State::default();
        let first = Reader::of(member(0));
        for n in 0..=MAX_READERS as u128 {
            sight(&mut state, &Reader::of(member(n)), Epoch(1), NOW);
            sight(&mut state, &first, Epoch(1), NOW);
        }
        assert_eq!(state.readers.len(), MAX_READERS);
        assert!(state.readers.contains_key(&first));
        assert!(!state.readers.contains_key(&Reader::of(member(1))));
    }
}
