//! What is looked at before a curator looks: of each object that waits, from its bytes and what stands beside it alone.

use std::collections::HashSet;

use model::observable::{guess, text_of_key};
use store::record::NewStatement;
use strictjson::{Limits, Node};

use super::warning::WarningLists;

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// An indicator says nothing of what it indicates.
    Context,
    /// A value stands on a list of what is no threat.
    WarningList,
    /// A text bears an e-mail address, or what reads as the name of a person.
    PersonalData,
    /// It is held already, or speaks for another's id.
    Duplicate,
    /// More than a member's share of a day.
    Cap,
    /// It would be refused.
    Refused,
}

impl Check {
    /// Every one of them.
    pub const ALL: [Check; 6] = [
        Check::Context,
        Check::WarningList,
        Check::PersonalData,
        Check::Duplicate,
        Check::Cap,
        Check::Refused,
    ];

    /// The word in JSON and in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Check::Context => "context",
            Check::WarningList => "warning-list",
            Check::PersonalData => "personal-data",
            Check::Duplicate => "duplicate",
            Check::Cap => "cap",
            Check::Refused => "refused",
        }
    }
}

/// What a check found, for the submitter and for curators.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Found {
    /// The object; empty where it is about all of them.
    pub object: String,
    /// The check, by its word.
    pub check: String,
    /// What it is, one sentence.
    pub message: String,
}

impl Found {
    /// What a check found of an object.
    #[must_use]
    pub fn of(check: Check, object: String, message: String) -> Found {
        Found { object, check: check.name().to_owned(), message }
    }
}

/// What the checks find of the statements of a submission.
#[must_use]
pub fn check(statements: &[NewStatement], lists: &WarningLists) -> Vec<Found> {
    let spoken_of: HashSet<String> = statements
        .iter()
        .flat_map(|new| new.index.references.iter())
        .filter(|(_, by)| {
            matches!(by.as_str(), "source_ref" | "target_ref" | "object_refs" | "sighting_of_ref")
        })
        .map(|(object, _)| object.to_string())
        .collect();
    let mut found = Vec::new();
    for new in statements {
        let id = new.object.to_string();
        let served = new.wire.as_deref().unwrap_or(&new.body);
        let Ok(node) = strictjson::parse(served, &Limits::default()) else { continue };
        let mut say = |check, message| found.push(Found::of(check, id.clone(), message));
        if new.object.kind == "indicator" && !spoken_of.contains(&id) && !has_context(&node) {
            say(
                Check::Context,
                "nothing says what it indicates: no description, kill chain, relation or reference"
                    .to_owned(),
            );
        }
        let values = new.index.observables.iter().filter_map(|key| guess(&text_of_key(key)?).ok());
        for value in values {
            for list in lists.of(&value) {
                say(Check::WarningList, format!("`{}` is on the warning list `{list}`", value.text()));
            }
        }
        if let Some(text) = ["name", "description", "abstract", "content", "explanation", "opinion"]
            .iter()
            .filter_map(|key| node.get(key).and_then(Node::as_str))
            .find_map(personal)
        {
            say(Check::PersonalData, format!("`{text}` may be about a person"));
        }
    }
    found
}

fn has_context(node: &Node<'_>) -> bool {
    let says = |key: &str| node.get(key).and_then(Node::as_str).is_some_and(|text| !text.trim().is_empty());
    let lists = |key: &str| node.get(key).and_then(Node::as_array).is_some_and(|list| !list.is_empty());
    says("description") || lists("kill_chain_phases") || lists("external_references")
}

// An e-mail address, or a form of address and a name behind it. Plain and honest: names without one are not found.
fn personal(text: &str) -> Option<&str> {
    const FORMS: [&str; 12] =
        ["Mr", "Mr.", "Mrs", "Mrs.", "Ms", "Ms.", "Dr", "Dr.", "Herr", "Frau", "Mme", "Sr."];
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_email = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
    };
    let is_name = |word: &str| {
        let mut chars = word.chars();
        chars.next().is_some_and(char::is_uppercase) && chars.next().is_some_and(char::is_lowercase)
    };
    if let Some(email) = words.iter().find(|word| is_email(word)) {
        return Some(email);
    }
    words.windows(2).find_map(|pair| match pair {
        [form, name] if FORMS.contains(form) && is_name(name) => Some(*name),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_are_found_by_plain_marks_alone() {
        for (text, found) in [
            ("write to ada@example.org.", Some("ada@example.org.")),
            ("seen by Dr. Lovelace", Some("Lovelace")),
            ("Ada saw it", None),
            ("Dr. no", None),
            ("@mention a@b", None),
        ] {
            assert_eq!(personal(text), found, "{text}");
        }
    }
}
