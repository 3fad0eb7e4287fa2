//! What `ipset restore` is told when values change: each line is done by itself, and none fails whether its element was there or not.

use std::collections::BTreeSet;

use model::Timestamp;
use model::observable::{Kind, normalise, text_of_key};
use sensors::Format;
use sensors::ipset::element;

use super::set::Shown;
use crate::known::View;

/// The lines that make the kernel's sets hold what is known of these keys; empty where nothing is to be done.
#[must_use]
pub fn changes(view: &View<'_>, keys: &BTreeSet<Box<[u8]>>) -> String {
    let mut lines = String::new();
    for key in keys {
        let wanted = view.set().under(key).find_map(|(place, entry)| {
            view.shown(place, entry).filter(|shown| Format::Ipset.admits(&shown.item(), view.now()).is_ok())
        });
        let Some(alone) = alone(key) else { continue };
        match wanted {
            Some(shown) => {
                let (name, timeout_s) = element(&shown.item(), view.now());
                // Without a timeout of its own an element would keep the one that it had: 0 is none.
                let timeout_s = timeout_s.unwrap_or(0);
                let value = shown.item().value.text();
                lines.push_str(&format!("add {name} {value} timeout {timeout_s} -exist\n"));
            }
            None => {
                let (name, _) = element(&alone.item(), Timestamp(0));
                lines.push_str(&format!("del {name} {} -exist\n", alone.item().value.text()));
            }
        }
    }
    lines
}

/// The value of a key of a kind that ipset has a set for.
fn alone(key: &[u8]) -> Option<Shown> {
    let kind = Kind::from_byte(*key.first()?)?;
    let is_had = matches!(kind, Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr4 | Kind::Cidr6);
    is_had.then(|| normalise(kind, &text_of_key(key)?).ok()).flatten().map(Shown::alone)
}
