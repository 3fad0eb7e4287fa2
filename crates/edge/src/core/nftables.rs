//! What `nft` is told when values change: one transaction, which it takes whole or not at all.
//!
//! Of single addresses an element is added, taken out and added again, so that nothing fails whether it was there or not, and it ends
//! when it should. The sets of networks take no overlaps, so of these it is known which are there ([`Networks`]).

use std::collections::{BTreeMap, BTreeSet};

use model::Timestamp;
use model::observable::{Kind, normalise, text_of_key};
use sensors::Format;
use sensors::nftables::{Element, element};

use super::set::Shown;
use crate::known::View;

/// An element that ends so soon may be gone already: it is left to end, in seconds.
const ENDS_SOON_S: i64 = 2;

/// The networks that are in the kernel's sets, by key: as `nft` writes each, and when it ends.
#[derive(Debug, Default)]
pub struct Networks(BTreeMap<Box<[u8]>, (Element, Option<Timestamp>)>);

fn is_network(key: &[u8]) -> bool {
    matches!(key.first().and_then(|byte| Kind::from_byte(*byte)), Some(Kind::Cidr4 | Kind::Cidr6))
}

/// What is to stand under a key, and until when.
fn wanted(view: &View<'_>, key: &[u8]) -> Option<(Element, Option<Timestamp>)> {
    let shown = shown(view, key)?;
    let within = is_network(key)
        && view.set().is_within(key, &mut |place, entry| {
            view.shown(place, entry)
                .is_some_and(|wider| Format::Nftables.admits(&wider.item(), view.now()).is_ok())
        });
    (!within).then(|| (element(&shown.item(), view.now()), shown.item().until))
}

fn shown(view: &View<'_>, key: &[u8]) -> Option<Shown> {
    view.set().under(key).find_map(|(place, entry)| {
        view.shown(place, entry).filter(|shown| Format::Nftables.admits(&shown.item(), view.now()).is_ok())
    })
}

/// The transaction that makes the kernel's sets hold what is known of these keys. `None` where nothing is to be done.
#[must_use]
pub fn changes(view: &View<'_>, keys: &BTreeSet<Box<[u8]>>, networks: &mut Networks) -> Option<String> {
    let mut all: BTreeSet<Box<[u8]>> = BTreeSet::new();
    for key in keys {
        if is_network(key) {
            all.extend(view.set().below(key));
        } else if sensors_has(key) {
            all.insert(key.clone());
        }
    }
    let (mut taken, mut added, mut touched) = (Lists::default(), Lists::default(), Lists::default());
    for key in &all {
        let wanted = wanted(view, key);
        if is_network(key) {
            change_network(view.now(), key, wanted, networks, (&mut taken, &mut added));
            continue;
        }
        let Some(plain) = plain(key) else { continue };
        touched.put(&plain, false);
        taken.put(&plain, false);
        if let Some((element, _)) = wanted {
            added.put(&element, true);
        }
    }
    let mut script = String::new();
    touched.write("add", &mut script);
    taken.write("delete", &mut script);
    added.write("add", &mut script);
    (!script.is_empty()).then_some(script)
}

fn change_network(
    now: Timestamp,
    key: &[u8],
    wanted: Option<(Element, Option<Timestamp>)>,
    networks: &mut Networks,
    (taken, added): (&mut Lists, &mut Lists),
) {
    let held = networks.0.get(key).filter(|(_, until)| until.is_none_or(|until| until > now));
    match (held, &wanted) {
        (Some((_, held)), Some((_, until))) if held == until => return,
        (Some((element, until)), _) if until.is_none_or(|until| until > now.plus_seconds(ENDS_SOON_S)) => {
            taken.put(element, false);
        }
        _ => {}
    }
    match wanted {
        Some((element, until)) => {
            added.put(&element, true);
            networks.0.insert(key.into(), (element, until));
        }
        None => {
            networks.0.remove(key);
        }
    }
}

fn sensors_has(key: &[u8]) -> bool {
    let kind = key.first().and_then(|byte| Kind::from_byte(*byte));
    matches!(kind, Some(Kind::Ipv4 | Kind::Ipv6 | Kind::IpPort))
}

/// The element of a key, whatever is known of it.
fn plain(key: &[u8]) -> Option<Element> {
    let kind = Kind::from_byte(*key.first()?)?;
    let value = normalise(kind, &text_of_key(key)?).ok()?;
    Some(element(&Shown::alone(value).item(), Timestamp(0)))
}

/// The networks that a file of the whole set puts into the kernel's sets: all but those within others.
#[must_use]
pub fn networks(view: &View<'_>) -> Networks {
    let mut networks = Networks::default();
    for (place, _) in view.set().of_kinds(&[Kind::Cidr4, Kind::Cidr6]) {
        if let Some(wanted) = wanted(view, &place.key) {
            networks.0.insert(place.key.clone(), wanted);
        }
    }
    networks
}

/// Elements by set.
#[derive(Debug, Default)]
struct Lists(BTreeMap<&'static str, Vec<String>>);

impl Lists {
    fn put(&mut self, element: &Element, with_timeout: bool) {
        let text = match &element.timeout {
            Some(timeout) if with_timeout => format!("{} timeout {timeout}", element.value),
            _ => element.value.clone(),
        };
        self.0.entry(element.set).or_default().push(text);
    }

    fn write(&self, verb: &str, script: &mut String) {
        for (set, elements) in &self.0 {
            script.push_str(&format!("{verb} element inet accord {set} {{ {} }}\n", elements.join(", ")));
        }
    }
}
