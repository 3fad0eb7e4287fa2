//! The zone that resolvers are given: its names, its serial, and what changed from serial to serial.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use model::matching::Mode;
use model::observable::{Kind, text_of_key};
use sensors::Format;
use sensors::rpz::owner;

use super::set::{Entry, Place};
use crate::known::View;

/// Changes that are kept, at most: who has missed more is given the whole zone.
const HISTORY_NAMES: usize = 100_000;

const ITSELF: u8 = 1;
const BELOW: u8 = 2;

/// From one serial to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The serial before.
    pub from: u32,
    /// The serial from then on.
    pub to: u32,
    /// Owners that are gone.
    pub removed: Vec<String>,
    /// Owners that are new.
    pub added: Vec<String>,
}

/// The zone. Some 80 bytes for each domain.
#[derive(Debug, Default)]
pub struct Zone {
    names: BTreeMap<Box<[u8]>, u8>,
    serial: u32,
    history: VecDeque<Step>,
    kept: usize,
    /// Whether it was made since the start.
    is_made: bool,
}

impl Zone {
    /// The serial.
    #[must_use]
    pub fn serial(&self) -> u32 {
        self.serial
    }

    /// All owners, in order.
    pub fn owners(&self) -> impl Iterator<Item = String> {
        self.names.iter().flat_map(|(key, mask)| owners(key, *mask))
    }

    /// What leads from this serial to the one of now; `None` where that is not kept.
    #[must_use]
    pub fn since(&self, serial: u32) -> Option<Vec<Step>> {
        if serial == self.serial {
            return Some(Vec::new());
        }
        let first = self.history.iter().position(|step| step.from == serial)?;
        Some(self.history.iter().skip(first).cloned().collect())
    }

    /// Makes it hold what is known of these keys, or of all. Answers whether that changed it.
    pub fn take(&mut self, view: &View<'_>, keys: Option<&BTreeSet<Box<[u8]>>>) -> bool {
        let all: BTreeSet<Box<[u8]>> = match keys {
            Some(keys) => {
                let domains = keys.iter().filter(|key| key.first() == Some(&Kind::Domain.byte()));
                domains.flat_map(|key| view.set().below(key)).collect()
            }
            None => {
                let held = view.set().of_kinds(&[Kind::Domain]).map(|(place, _)| place.key.clone());
                held.chain(self.names.keys().cloned()).collect()
            }
        };
        let (mut removed, mut added) = (Vec::new(), Vec::new());
        for key in all {
            let (before, now) = (self.names.get(&key).copied().unwrap_or(0), wanted(view, &key));
            if before == now {
                continue;
            }
            removed.extend(owners(&key, before & !now));
            added.extend(owners(&key, now & !before));
            if now == 0 {
                self.names.remove(&key);
            } else {
                self.names.insert(key, now);
            }
        }
        if self.is_made && removed.is_empty() && added.is_empty() {
            return false;
        }
        self.step(view, removed, added);
        if !self.is_made {
            // What the serial before stood for is not known any more: nobody is led on from it.
            self.history.clear();
            (self.is_made, self.kept) = (true, 0);
        }
        true
    }

    /// A serial is the time in seconds where that is greater than the one before, so that it grows over restarts.
    fn step(&mut self, view: &View<'_>, removed: Vec<String>, added: Vec<String>) {
        let seconds = u32::try_from((view.now().0 / 1_000_000).rem_euclid(1 << 32)).unwrap_or(1);
        let to = seconds.max(self.serial.wrapping_add(1)).max(1);
        let from = std::mem::replace(&mut self.serial, to);
        self.kept += removed.len() + added.len();
        self.history.push_back(Step { from, to, removed, added });
        while self.kept > HISTORY_NAMES
            && let Some(gone) = self.history.pop_front()
        {
            self.kept -= gone.removed.len() + gone.added.len();
        }
    }

    /// Goes on behind a serial that was given out before.
    pub fn behind(&mut self, serial: u32) {
        self.serial = self.serial.max(serial);
    }
}

/// What of a name is in the zone: itself, what is below it. What lies below a name that is there is left out: a name of its own would
/// keep the asterisk above from being found (RFC 4592, 2.2).
fn wanted(view: &View<'_>, key: &[u8]) -> u8 {
    let admitted = |place: &Place, entry: &Entry| {
        view.shown(place, entry).filter(|shown| Format::Rpz.admits(&shown.item(), view.now()).is_ok()).map_or(
            0,
            |shown| match shown.item().mode {
                Mode::Exact => ITSELF,
                Mode::Wildcard => BELOW,
                Mode::Subdomains => ITSELF | BELOW,
                _ => 0,
            },
        )
    };
    if text_of_key(key).is_none_or(|name| owner(&name).is_err()) {
        return 0;
    }
    if view.set().is_within(key, &mut |place, entry| admitted(place, entry) & BELOW != 0) {
        return 0;
    }
    view.set().under(key).fold(0, |mask, (place, entry)| mask | admitted(place, entry))
}

fn owners(key: &[u8], mask: u8) -> Vec<String> {
    let Some(name) = text_of_key(key) else { return Vec::new() };
    let below = (mask & BELOW != 0).then(|| format!("*.{name}"));
    (mask & ITSELF != 0).then_some(name).into_iter().chain(below).collect()
}
