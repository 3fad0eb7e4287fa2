//! What a member says without its name: what the node vouches for instead, and what must not stand in it.

use std::sync::Arc;

use strictjson::{Limits, Node};

use super::assets::Assets;
use super::reading::{OBJECT_BYTES, Reading};

/// The terms of a submission without a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unnamed {
    /// The sector that the node vouches for.
    pub sector: Option<String>,
    /// What would tell who it is: ids and names of the member and its persons, none of them empty.
    pub names: Vec<String>,
    /// What the member declares as its own: it is known whose that is.
    pub assets: Arc<Assets>,
}

impl Unnamed {
    /// Which of the names an object bears, as a word of its own in any of its texts, in any case; or which of the member's
    /// own networks and domains one of its values is at. What says it in other words is not found.
    #[must_use]
    pub fn named_in(&self, reading: &Reading) -> Option<&str> {
        let names: Vec<String> = self.names.iter().map(|name| name.to_lowercase()).collect();
        let mut found = None;
        let mut asset = None;
        let mut look = |text: &str| {
            asset = asset.or_else(|| self.assets.hit_in(text));
            let text = text.to_lowercase();
            found = found.or_else(|| names.iter().position(|name| has_word(&text, name)));
        };
        // What a row or an object of STIX 2.0 was derived from is kept too.
        look(&String::from_utf8_lossy(&reading.body));
        let limits = Limits { bytes: OBJECT_BYTES, ..Limits::default() };
        let served = reading.wire.as_deref().unwrap_or(&reading.body);
        if let Ok(node) = strictjson::parse(served, &limits) {
            each_text(&node, &mut look);
        }
        found.and_then(|at| self.names.get(at)).map(String::as_str).or(asset)
    }
}

// Every string in it, names of members too: as they mean, whatever escapes they are written with.
fn each_text(node: &Node<'_>, look: &mut dyn FnMut(&str)) {
    if let Some(text) = node.as_str() {
        look(text);
    }
    for item in node.as_array().into_iter().flatten() {
        each_text(item, look);
    }
    for member in node.as_object().into_iter().flat_map(|object| object.iter()) {
        look(&member.key);
        each_text(&member.node, look);
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let behind = text.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reading::read;

    #[test]
    fn a_name_is_found_as_a_word_however_it_is_written() {
        let unnamed = Unnamed {
            names: vec!["Müller Werke".to_owned(), "BP".to_owned()],
            assets: Arc::new(Assets::new(["203.0.113.0/24", "mw.example"].into_iter())),
            ..Unnamed::default()
        };
        for (description, found) in [
            ("seen at MÜLLER WERKE.", Some("Müller Werke")),
            ("seen at M\\u00fcller Werke", Some("Müller Werke")),
            ("from bp's network", Some("BP")),
            ("from bp-lan", Some("BP")),
            ("ebp and bps", None),
            ("Müller und Werke", None),
            ("on hxxps://www[.]mw[.]example/a", Some("mw.example")),
            ("to 203.0.113.7,", Some("203.0.113.0/24")),
            ("to 203.0.114.7,", None),
        ] {
            let text = format!(
                "{{\"type\":\"tool\",\"spec_version\":\"2.1\",\"id\":\"tool--00000000-0000-4000-8000-000000000001\",\
                 \"created\":\"2020-01-01T00:00:00.000Z\",\"modified\":\"2020-01-01T00:00:00.000Z\",\"name\":\"n\",\
                 \"description\":\"{description}\"}}"
            );
            let reading = read(text.as_bytes(), None).unwrap().remove(0);
            assert_eq!(unnamed.named_in(&reading), found, "{description}");
        }
    }
}
