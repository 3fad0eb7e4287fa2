//! What Unbound is told when domains change: local zones to take away, to add, and what names alone answer.

use std::collections::BTreeSet;

use model::matching::Mode;
use model::observable::{Kind, text_of_key};
use sensors::{Format, is_name};

use crate::known::View;

/// The lines for each command.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// For `local_zones_remove`.
    pub removed: String,
    /// For `local_zones`.
    pub zones: String,
    /// For `local_datas`.
    pub data: String,
}

impl Changes {
    /// Whether nothing is to be told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.zones.is_empty() && self.data.is_empty()
    }
}

/// What makes Unbound hold what is known of these keys. A name alone is left out below a zone that does not exist: it would let
/// the names below itself through. So when that zone comes or goes, all below it is looked at.
#[must_use]
pub fn changes(view: &View<'_>, keys: &BTreeSet<Box<[u8]>>) -> Changes {
    let is_domain = |key: &[u8]| key.first() == Some(&Kind::Domain.byte());
    let all: BTreeSet<Box<[u8]>> =
        keys.iter().filter(|key| is_domain(key)).flat_map(|key| view.set().below(key)).collect();
    let mut changes = Changes::default();
    for key in &all {
        // It becomes part of a line.
        let Some(name) = text_of_key(key).filter(|name| is_name(name)) else { continue };
        match wanted(view, key) {
            Some(Mode::Subdomains) => changes.zones.push_str(&format!("{name}. always_nxdomain\n")),
            Some(_) => {
                changes.zones.push_str(&format!("{name}. transparent\n"));
                changes.data.push_str(&format!("{name}. 60 IN A 0.0.0.0\n"));
            }
            None => changes.removed.push_str(&format!("{name}.\n")),
        }
    }
    changes
}

fn wanted(view: &View<'_>, key: &[u8]) -> Option<Mode> {
    let admitted = |place: &crate::core::set::Place, entry: &crate::core::set::Entry| {
        let shown = view.shown(place, entry)?;
        Format::Unbound.admits(&shown.item(), view.now()).is_ok().then_some(place.mode())
    };
    let is_within =
        view.set().is_within(key, &mut |place, entry| admitted(place, entry) == Some(Mode::Subdomains));
    if is_within {
        return None;
    }
    let modes = view.set().under(key).filter_map(|(place, entry)| admitted(place, entry));
    modes.into_iter().find(|mode| matches!(mode, Mode::Subdomains | Mode::Exact))
}
