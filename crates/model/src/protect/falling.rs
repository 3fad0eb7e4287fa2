//! What time alone makes of what a value does: who holds it without asking again knows what follows.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Action, Fact, Local, Verdict, judge};
use crate::Timestamp;
use crate::matching::Mode;
use crate::observable::Observable;

/// What follows on a verdict, at most. Time alone only takes away, and a value has three actions, so more than two follow only where
/// something becomes valid before the one before it ends; what comes behind so many is in the next whole set.
pub const FALLS: usize = 8;

/// What a value does, and until when; `None` is without an end.
pub type Does = (Action, Option<Timestamp>);

/// A verdict, and what follows when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Falling {
    /// What the value does now.
    pub verdict: Verdict,
    /// What it does when that ends, and when that does: one behind the other, as long as something is left.
    pub then: Vec<Does>,
}

/// What follows on those verdicts of a value, where nothing but the time changes.
///
/// A mode that a wider one covers for now is told as well, where something of it is left when that ends. The widest mode comes first.
pub fn falling(value: &Observable, facts: &[Fact], local: &Local<'_>, verdicts: &[Verdict]) -> Vec<Falling> {
    let of = |verdict: &Verdict| Falling { verdict: *verdict, then: Vec::new() };
    let mut falling: Vec<Falling> = verdicts.iter().map(of).collect();
    // What one says alone ends with that.
    if facts.len() < 2 {
        return falling;
    }
    let mut later = Later { value, facts, local, at: BTreeMap::new() };
    for one in &mut falling {
        one.then = later.behind(one.verdict.mode, one.verdict.until);
    }
    while let Some(mode) = later.other(&falling) {
        let verdict = match strongest(verdicts, mode) {
            Some(wide) => Verdict { mode, ..*wide },
            // It does nothing before: what becomes valid later is in the next whole set.
            None => Verdict { mode, action: None, until: None, origins: 0, fact: None },
        };
        let then = later.behind(mode, verdict.until);
        falling.push(Falling { verdict, then });
    }
    falling.retain(|one| verdicts.contains(&one.verdict) || one.verdict.action.is_some());
    falling.sort_by_key(|one| Reverse(one.verdict.mode));
    falling
}

/// What is judged when something ends.
struct Later<'l> {
    value: &'l Observable,
    facts: &'l [Fact],
    local: &'l Local<'l>,
    at: BTreeMap<Timestamp, Vec<Verdict>>,
}

impl Later<'_> {
    /// What follows in a mode from when on something ends.
    fn behind(&mut self, mode: Mode, mut ends: Option<Timestamp>) -> Vec<Does> {
        let mut then = Vec::new();
        while let Some(end) = ends.filter(|_| then.len() < FALLS) {
            let (value, facts, local) = (self.value, self.facts, self.local);
            let at = self.at.entry(end);
            let verdicts = at.or_insert_with(|| judge(value, facts, &Local { now: end, ..*local }, None));
            let Some(verdict) = strongest(verdicts, mode) else { break };
            let Some(action) = verdict.action else { break };
            then.push((action, verdict.until));
            ends = verdict.until;
        }
        then
    }

    /// A mode in which the value does something then, and of which nothing is told.
    fn other(&self, falling: &[Falling]) -> Option<Mode> {
        let mut doing = self.at.values().flatten().filter(|verdict| verdict.action.is_some());
        let is_told = |mode: Mode| falling.iter().any(|one| one.verdict.mode == mode);
        doing.find(|verdict| !is_told(verdict.mode)).map(|verdict| verdict.mode)
    }
}

/// The verdict for a mode, or that of the wider ones which does the most for it for the longest; `None` where it does nothing.
fn strongest(verdicts: &[Verdict], mode: Mode) -> Option<&Verdict> {
    let own = verdicts.iter().find(|one| one.mode == mode);
    let around = || {
        let wider = verdicts.iter().filter(|one| one.mode.covers(mode));
        wider.max_by_key(|one| (one.action, one.until.unwrap_or(Timestamp::MAX)))
    };
    own.or_else(around).filter(|one| one.action.is_some())
}
