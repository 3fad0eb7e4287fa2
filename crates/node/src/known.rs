//! Which indicators stand for a value that was seen, as far as somebody sees.

use std::collections::HashMap;

use model::Timestamp;
use model::matching::{Mode, Nearness, asks};
use model::observable::Observable;
use store::read::{Snapshot, Visible};
use store::seen::Candidate;

use crate::Error;
use crate::core::sought::lengths;
use crate::core::stands::Told;
use crate::recall::is_being_recalled;
use crate::roster::Roster;

/// Indicators of one value, of the closest key first.
const MOST: usize = 32;

/// An indicator that stands for a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its position in the record.
    pub position: u64,
    /// The key that it stands under.
    pub asked: Vec<u8>,
    /// What that is to the value.
    pub nearness: Nearness,
    told: Told,
}

impl Found {
    /// Whether it was valid at a time.
    pub(crate) fn is_valid(&self, at: Timestamp) -> bool {
        self.told.valid_from.is_none_or(|from| from <= at)
            && self.told.valid_until.is_none_or(|until| at < until)
    }

    /// It and what was seen then, to be judged again for whoever reads it.
    pub(crate) fn candidate(&self, value: &Observable, at: Timestamp) -> Candidate {
        let (key, asked) = (value.key().to_vec(), self.asked.clone());
        Candidate { key, asked, position: self.position, live: true, found: at }
    }
}

/// What stands for values, each asked for once.
pub(crate) struct Known<'a> {
    snapshot: &'a Snapshot,
    visible: &'a Visible,
    whose: Whose,
    roster: &'a Roster,
    found: HashMap<Vec<u8>, Vec<Found>>,
}

/// For whom a version is the last of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The reader himself.
    Reader,
    /// Somebody who sees no more than he.
    Some,
}

impl<'a> Known<'a> {
    /// What the reader knows. Nothing was asked yet.
    pub(crate) fn new(roster: &'a Roster, snapshot: &'a Snapshot, visible: &'a Visible) -> Known<'a> {
        Known { snapshot, visible, whose: Whose::Reader, roster, found: HashMap::new() }
    }

    /// What somebody knows who sees no more than the reader: each version that is the last for one of them.
    pub(crate) fn for_some(roster: &'a Roster, snapshot: &'a Snapshot, visible: &'a Visible) -> Known<'a> {
        Known { whose: Whose::Some, ..Known::new(roster, snapshot, visible) }
    }

    /// The indicators that stand for a value.
    pub(crate) fn of(&mut self, value: &Observable) -> Result<&[Found], Error> {
        if !self.found.contains_key(value.key()) {
            let found = self.indicators(value)?;
            self.found.insert(value.key().to_vec(), found);
        }
        Ok(self.found.get(value.key()).map_or(&[], Vec::as_slice))
    }

    // Those that say by themselves something that the value is or is reached by. One that says that it is harmless is none.
    fn indicators(&self, value: &Observable) -> Result<Vec<Found>, Error> {
        let mut all: Vec<Found> = Vec::new();
        let mut failed = Ok(());
        for ask in asks(value, &lengths()) {
            let mut each = |position, facts: &[u8]| {
                let is_new = all.len() < MOST && !all.iter().any(|one| one.position == position);
                let is_new = is_new
                    && !is_recalled(self.roster, self.snapshot, position).unwrap_or_else(|error| {
                        failed = Err(error);
                        true
                    });
                let told = Told::decode(facts).filter(|told| is_new && means(told, ask.nearness));
                all.extend(told.map(|told| Found {
                    position,
                    asked: ask.key.clone(),
                    nearness: ask.nearness,
                    told,
                }));
            };
            match self.whose {
                Whose::Reader => self
                    .snapshot
                    .stands(self.visible, &ask.key, &mut |stand| each(stand.position, stand.facts))?,
                Whose::Some => self.snapshot.stands_for_some(self.visible, &ask.key, &mut each)?,
            }
            std::mem::replace(&mut failed, Ok(()))?;
            if all.len() >= MOST {
                break;
            }
        }
        Ok(all)
    }
}

// Whether a recall takes it back that is not carried out yet.
fn is_recalled(roster: &Roster, snapshot: &Snapshot, position: u64) -> Result<bool, Error> {
    if roster.recalls().active.is_empty() {
        return Ok(false);
    }
    let Some(origin) = snapshot.origin(position)? else { return Ok(false) };
    is_being_recalled(roster, snapshot, (origin.source, position))
}

fn means(told: &Told, nearness: Nearness) -> bool {
    !told.benign && told.mode.admits(nearness)
}

/// How the indicator at a position means what it says under a key, and until when: those that say that it is harmless are none, and
/// what is being recalled.
pub(crate) fn meant(
    (roster, snapshot): (&Roster, &Snapshot),
    visible: &Visible,
    (position, key): (u64, &[u8]),
) -> Result<Vec<(Mode, Option<Timestamp>)>, Error> {
    if is_recalled(roster, snapshot, position)? {
        return Ok(Vec::new());
    }
    let mut meant = Vec::new();
    snapshot.stands(visible, key, &mut |stand| {
        let told = Told::decode(stand.facts).filter(|told| stand.position == position && !told.benign);
        meant.extend(told.map(|told| (told.mode, told.valid_until)));
    })?;
    Ok(meant)
}
