//! What is looked at before a curator looks: of each object that waits, from its bytes and what stands beside it alone.

use std::collections::{BTreeSet, HashSet};

use model::observable::Observable;
use model::protect::innocent;
use store::record::NewStatement;
use strictjson::{Limits, Node};

use super::assets::Assets;
use super::observables::observables;
use super::offered::{is_reserved, is_suffix};
use super::sensitive::{Class, Rule, sensitive_in, veiled};
use super::warning::WarningLists;

/// What one object's texts bear that is told, at most.
const TOLD: usize = 20;
/// Members of objects that name other things of the record, or say what form something has.
const NAMES: [&str; 5] = ["id", "type", "spec_version", "pattern_type", "hashes"];

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// An indicator says nothing of what it indicates.
    Context,
    /// A value stands on a list of what is no threat.
    WarningList,
    /// A value leads nowhere outside (private, reserved, for documentation), or is everybody's: sensors never act on it.
    Reserved,
    /// A value is a name under which others' names stand.
    PublicSuffix,
    /// A value hits what its submitter's member declared as its own.
    OwnAsset,
    /// A text bears what is about a person ([`super::sensitive`]).
    PersonalData,
    /// A text bears names or addresses from inside.
    Inside,
    /// A text bears a key, a token, a password.
    Secret,
    /// It is held already, or speaks for another's id.
    Duplicate,
    /// More than a member's share of a day.
    Cap,
    /// It would be refused.
    Refused,
}

impl Check {
    /// Every one of them.
    pub const ALL: [Check; 11] = [
        Check::Context,
        Check::WarningList,
        Check::Reserved,
        Check::PublicSuffix,
        Check::OwnAsset,
        Check::PersonalData,
        Check::Inside,
        Check::Secret,
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
            Check::Reserved => "reserved",
            Check::PublicSuffix => "public-suffix",
            Check::OwnAsset => "own-asset",
            Check::PersonalData => "personal-data",
            Check::Inside => "inside",
            Check::Secret => "secret",
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

/// What the checks find of the statements of a submission, by a member that declared these as its own.
#[must_use]
pub fn check(statements: &[NewStatement], lists: &WarningLists, own: &Assets) -> Vec<Found> {
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
        let values: Vec<Observable> =
            observables(&node).observables.into_iter().map(|mention| mention.observable).collect();
        for value in &values {
            of_value(value, lists, own, &mut say);
        }
        for (rule, text) in sensitive(&node).into_iter().take(TOLD) {
            // Of a value that leads nowhere that is told.
            if rule.name != "private-address" || !values.iter().any(|value| value.text() == text) {
                say(check_of(rule.class), format!("`{}` is {}", veiled(&text), rule.is));
            }
        }
    }
    found
}

fn of_value(value: &Observable, lists: &WarningLists, own: &Assets, say: &mut impl FnMut(Check, String)) {
    let text = value.text();
    if let Some(declared) = own.hit(value) {
        say(Check::OwnAsset, format!("`{text}` is your own: `{declared}` is declared"));
    }
    for list in lists.of(value) {
        say(Check::WarningList, format!("`{text}` is on the warning list `{list}`"));
    }
    if is_reserved(value) {
        say(Check::Reserved, format!("`{text}` leads nowhere outside"));
    } else if is_suffix(value) {
        say(Check::PublicSuffix, format!("others' names stand under `{text}`"));
    } else if let Some(why) = innocent(value) {
        say(Check::Reserved, format!("`{text}` is everybody's: {why}"));
    }
}

fn check_of(class: Class) -> Check {
    match class {
        Class::Personal => Check::PersonalData,
        Class::Inside => Check::Inside,
        Class::Secret => Check::Secret,
    }
}

/// What an object's texts bear that mostly was not meant to leave, each once, wherever it stands.
#[must_use]
pub fn sensitive(object: &Node<'_>) -> Vec<(&'static Rule, String)> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let mut todo = vec![object];
    while let Some(node) = todo.pop() {
        for hit in node.as_str().map(sensitive_in).unwrap_or_default() {
            if seen.insert((hit.rule.name, hit.text.to_owned())) {
                found.push((hit.rule, hit.text.to_owned()));
            }
        }
        todo.extend(node.as_array().into_iter().flatten());
        let members = node.as_object().into_iter().flat_map(|object| object.iter());
        let texts = members.filter(|member| {
            let key = member.key.as_ref();
            !NAMES.contains(&key) && !key.ends_with("_ref") && !key.ends_with("_refs")
        });
        todo.extend(texts.map(|member| &member.node));
    }
    found
}

fn has_context(node: &Node<'_>) -> bool {
    let says = |key: &str| node.get(key).and_then(Node::as_str).is_some_and(|text| !text.trim().is_empty());
    let lists = |key: &str| node.get(key).and_then(Node::as_array).is_some_and(|list| !list.is_empty());
    says("description") || lists("kill_chain_phases") || lists("external_references")
}
