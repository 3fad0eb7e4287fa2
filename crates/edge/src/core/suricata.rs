//! What Suricata's command socket is told when values change: a document of JSON on a line for each command.

use std::collections::BTreeSet;

use model::matching::Mode;
use model::observable::{Kind, normalise, text_of_key};
use sensors::Format;
use sensors::sets::{Element, elements};
use serde_json::{Value, json};

use super::set::Place;
use crate::known::View;

/// The first words on the socket.
pub const VERSION: &str = "{\"version\":\"0.2\"}\n";

/// A value that is put into a dataset, or taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What and where.
    pub element: Element,
    /// Whether it is put in.
    pub is_added: bool,
}

/// The keys of what only rules and lists say.
pub type InRules = BTreeSet<Box<[u8]>>;

/// The keys of all that only rules and lists say.
#[must_use]
pub fn in_rules(view: &View<'_>) -> InRules {
    let kinds = kinds();
    let places = view.set().of_kinds(&kinds).map(|(place, _)| place);
    places.filter(|place| is_in_rules(place)).map(|place| place.key.clone()).collect()
}

fn is_in_rules(place: &Place) -> bool {
    place.kind().is_some_and(|kind| elements(kind, place.mode(), "").is_empty())
}

fn kinds() -> Vec<Kind> {
    Kind::VALUES
        .iter()
        .copied()
        .filter(|kind| Format::Suricata.files().iter().any(|file| file.kinds().contains(kind)))
        .collect()
}

/// What makes the datasets hold what is known of these keys, and whether there is something that only rules and lists say, which are loaded
/// anew.
#[must_use]
pub fn changes(view: &View<'_>, keys: &BTreeSet<Box<[u8]>>, ruled: &mut InRules) -> (Vec<Change>, bool) {
    let (mut changes, mut in_rules, kinds) = (Vec::new(), false, kinds());
    for key in keys {
        let Some(kind) = key.first().and_then(|byte| Kind::from_byte(*byte)) else { continue };
        if !kinds.contains(&kind) {
            continue;
        }
        in_rules |= ruled.remove(key);
        let mut wanted = None;
        let mut text = text_of_key(key).and_then(|text| normalise(kind, &text).ok());
        for (place, entry) in view.set().under(key) {
            let Some(shown) = view.shown(place, entry) else { continue };
            let item = shown.item();
            text = Some(item.value.clone());
            if Format::Suricata.admits(&item, view.now()).is_err() {
                continue;
            }
            if is_in_rules(place) {
                ruled.insert(key.clone());
                in_rules = true;
            } else {
                wanted = Some(item.action);
            }
        }
        let Some(value) = text else { continue };
        for element in elements(kind, Mode::Exact, value.text()) {
            let is_added = wanted == Some(element.action);
            changes.push(Change { element, is_added });
        }
    }
    // What is taken out of one list and put into the other is there all the time.
    changes.sort_by_key(|change| !change.is_added);
    (changes, in_rules)
}

/// A command about a value of a dataset.
#[must_use]
pub fn command(name: &str, element: &Element) -> String {
    let (set, of_type, value) = (element.set, element.of_type, &element.value);
    let arguments = json!({"setname": set, "settype": of_type, "datavalue": value});
    format!("{}\n", json!({"command": name, "arguments": arguments}))
}

/// A command without arguments.
#[must_use]
pub fn plain_command(name: &str) -> String {
    format!("{}\n", json!({"command": name}))
}

/// What Suricata answers: whether it did it, and what it says.
#[must_use]
pub fn answer(line: &str) -> Option<(bool, String)> {
    let document: Value = serde_json::from_str(line).ok()?;
    let done = document.get("return")?.as_str()? == "OK";
    let said =
        document.get("message").map(|said| said.as_str().map_or_else(|| said.to_string(), str::to_owned));
    Some((done, said.unwrap_or_default()))
}
