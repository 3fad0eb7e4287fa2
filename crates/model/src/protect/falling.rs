//! What time alone makes of what a value does: who holds it without asking again knows what follows.

use super::{Action, Fact, Local, Verdict, judge};
use crate::Timestamp;
use crate::observable::Observable;

/// A verdict, and what follows when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Falling {
    /// What the value does now.
    pub verdict: Verdict,
    /// What it does when that ends, and until when; `None` for nothing.
    pub then: Option<(Action, Option<Timestamp>)>,
}

/// What follows on that verdict of a value which ends first, where nothing but the time changes.
///
/// A mode that a wider one covers for now is told as well, where something of it is left when that ends.
pub fn falling(value: &Observable, facts: &[Fact], local: &Local<'_>, verdicts: &[Verdict]) -> Vec<Falling> {
    let mut falling: Vec<Falling> =
        verdicts.iter().map(|verdict| Falling { verdict: *verdict, then: None }).collect();
    let first = verdicts.iter().filter_map(|verdict| verdict.until).min();
    // What one says alone ends with that.
    let Some(ends) = first.filter(|_| facts.len() > 1) else { return falling };
    for later in judge(value, facts, &Local { now: ends, ..*local }, None) {
        let Some(action) = later.action else { continue };
        let then = Some((action, later.until));
        if let Some(one) = falling.iter_mut().find(|one| one.verdict.mode == later.mode) {
            one.then = then.filter(|_| one.verdict.until == Some(ends));
            continue;
        }
        let covers = |one: &&Verdict| one.mode.covers(later.mode) && one.until == Some(ends);
        if let Some(wide) = verdicts.iter().filter(covers).max_by_key(|one| one.action) {
            falling.push(Falling { verdict: Verdict { mode: later.mode, ..*wide }, then });
        }
    }
    falling
}
