//! How many values of each kind do what, kept as they come and go.

use std::collections::BTreeMap;

use model::observable::Kind;
use model::protect::Action;

/// Counts by kind and action.
#[derive(Debug, Default, Clone)]
pub struct Counts(BTreeMap<(u8, Action), u64>);

impl Counts {
    pub(super) fn add(&mut self, kind: Kind, action: Action) {
        *self.0.entry((kind.byte(), action)).or_default() += 1;
    }

    pub(super) fn subtract(&mut self, kind: Kind, action: Action) {
        if let Some(count) = self.0.get_mut(&(kind.byte(), action)) {
            *count = count.saturating_sub(1);
        }
    }

    /// How many values of these kinds do at least this.
    #[must_use]
    pub fn of(&self, kinds: &[Kind], least: Action) -> u64 {
        let is_asked = |(kind, action): &(u8, Action)| {
            *action >= least && kinds.iter().any(|asked| asked.byte() == *kind)
        };
        self.0.iter().filter(|(of, _)| is_asked(of)).map(|(_, count)| count).sum()
    }
}
