//! §2.3, §2.7, §2.13, §7.1: dictionaries and what they hold.

use super::value::wrong_type;
use crate::finding::{Findings, Path, quoted};
use crate::types::Entries;
use crate::value;
use crate::vocab::{HashingAlgorithm, VocabularyTable};
use strictjson::{Node, Object, Value};

/// Nesting of custom values that is looked into; what `strictjson` parses is never deeper.
const MAX_DEPTH: usize = strictjson::MAX_DEPTH;

/// §2.3: a dictionary is not empty, its keys have a form, its values a type.
pub(super) fn dictionary(
    findings: &mut Findings,
    entries: Entries,
    node: &Node<'_>,
    path: &Path<'_>,
    clause: &'static str,
) {
    let Some(object) = filled(findings, node, path) else { return };
    for member in object {
        let at = path.key(&member.key);
        if !value::is_dictionary_key(&member.key) {
            findings.must(&at, "dictionary-key", "STIX 2.1 §2.3", || {
                format!(
                    "{} is not made of 1 to 250 of a-z, A-Z, 0-9, hyphen and underscore",
                    quoted(&member.key)
                )
            });
        }
        entry(findings, entries, &member.node, &member.key, &at, clause);
    }
}

/// The members of a dictionary that has some.
fn filled<'n, 'a>(findings: &mut Findings, node: &'n Node<'a>, path: &Path<'_>) -> Option<&'n Object<'a>> {
    let Some(object) = node.as_object() else {
        wrong_type(findings, node, path, "a dictionary", "STIX 2.1 §2.3");
        return None;
    };
    if object.is_empty() {
        findings.must(path, "empty-dictionary", "STIX 2.1 §2.3", || {
            "a dictionary must have at least one entry".into()
        });
    }
    Some(object)
}

fn entry(
    findings: &mut Findings,
    entries: Entries,
    node: &Node<'_>,
    key: &str,
    at: &Path<'_>,
    clause: &'static str,
) {
    let expected = match entries {
        Entries::Any => {
            custom_value(findings, node, at, 0);
            return;
        }
        Entries::String if node.as_str().is_none() => "a string",
        Entries::Integer if node.as_i64().is_none() => "an integer",
        Entries::IntegerOrString if node.as_i64().is_none() && node.as_str().is_none() => {
            "an integer or a string"
        }
        Entries::Strings => {
            let strings =
                |items: &[Node<'_>]| !items.is_empty() && items.iter().all(|item| item.as_str().is_some());
            if node.as_array().is_some_and(strings) {
                return;
            }
            "a list of strings"
        }
        Entries::Translations => {
            if !value::is_language_tag(key) {
                findings.must(at, "language-tag", clause, || {
                    format!("{} is not a language tag of RFC 5646", quoted(key))
                });
            }
            if node.as_object().is_some() {
                return;
            }
            "a dictionary of translations"
        }
        _ => return,
    };
    wrong_type(findings, node, at, expected, clause);
}

/// §2.7: keys name algorithms, values have the format of theirs.
///
/// The tables say that keys MUST come from `hash-algorithm-ov`, which is an *open* vocabulary, and §2.7 says SHOULD and
/// shows a key of its own; so another algorithm is a warning.
pub(super) fn hashes(findings: &mut Findings, node: &Node<'_>, path: &Path<'_>) {
    const CLAUSE: &str = "STIX 2.1 §2.7";
    let Some(object) = filled(findings, node, path) else { return };
    for member in object {
        let at = path.key(&member.key);
        let algorithm = member.key.as_ref();
        if algorithm.len() < 3 || !value::is_dictionary_key(algorithm) {
            findings.must(&at, "dictionary-key", CLAUSE, || {
                format!(
                    "{} is not made of 3 to 250 of a-z, A-Z, 0-9, hyphen and underscore",
                    quoted(algorithm)
                )
            });
        } else if !HashingAlgorithm::TABLE.contains(algorithm) {
            findings.should(&at, "vocabulary", CLAUSE, || {
                format!("{} is not in the vocabulary `{}`", quoted(algorithm), HashingAlgorithm::TABLE.name)
            });
        }
        match member.node.as_str() {
            Some(hash) if !value::is_hash_of(algorithm, hash) => {
                findings.must(&at, "hash-value", CLAUSE, || format!("{} is no `{algorithm}`", quoted(hash)));
            }
            Some(_) => {}
            None => wrong_type(findings, &member.node, &at, "a string", CLAUSE),
        }
    }
}

/// §2.13: the deprecated container. Its objects may follow STIX 2.0, so only what both versions ask is judged: objects
/// with a type, and references that stay inside.
pub(super) fn container(findings: &mut Findings, node: &Node<'_>, path: &Path<'_>) {
    const CLAUSE: &str = "STIX 2.1 §2.13";
    let Some(objects) = filled(findings, node, path) else { return };
    let mut keys: Vec<&str> = objects.iter().map(|member| member.key.as_ref()).collect();
    keys.sort_unstable();
    for member in objects {
        let at = path.key(&member.key);
        match member.node.as_object() {
            Some(object) => {
                if object.get("type").and_then(Node::as_str).is_none() {
                    findings
                        .must(&at, "missing-property", CLAUSE, || "`type` must be there, as a string".into());
                }
                local_references(findings, &member.node, &keys, &at, 0);
            }
            None => wrong_type(findings, &member.node, &at, "an object", CLAUSE),
        }
    }
}

/// References in a container name keys of the same container.
fn local_references(findings: &mut Findings, node: &Node<'_>, keys: &[&str], path: &Path<'_>, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match &node.value {
        Value::Object(object) => {
            for member in object {
                let at = path.key(&member.key);
                let reference = member.key.ends_with("_ref") || member.key.ends_with("_refs");
                if reference && member.key != "object_marking_refs" {
                    local_reference(findings, &member.node, keys, &at);
                }
                local_references(findings, &member.node, keys, &at, depth + 1);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                local_references(findings, item, keys, &path.index(index), depth + 1);
            }
        }
        _ => {}
    }
}

/// The value of one property that refers to others.
fn local_reference(findings: &mut Findings, node: &Node<'_>, keys: &[&str], path: &Path<'_>) {
    let mut name = |node: &Node<'_>, path: &Path<'_>| {
        let Some(key) = node.as_str().filter(|key| keys.binary_search(key).is_err()) else { return };
        findings.must(path, "container-reference", "STIX 2.1 §2.13", || {
            format!("{} is no key of this container", quoted(key))
        });
    };
    match node.as_array() {
        Some(items) => items.iter().enumerate().for_each(|(index, item)| name(item, &path.index(index))),
        None => name(node, path),
    }
}

/// A value of a property that no table declares. §2 has no null, and §2.3 and §2.12 prohibit empty dictionaries and
/// lists; but no table says that such a value is of a type of §2 at all, so these are warnings.
pub(super) fn custom_value(findings: &mut Findings, node: &Node<'_>, path: &Path<'_>, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match &node.value {
        Value::Null => {
            findings.should(path, "null-value", "STIX 2.1 §2", || "null is no value of STIX".into())
        }
        Value::Array(items) => {
            if items.is_empty() {
                findings.should(path, "empty-list", "STIX 2.1 §2.12", || {
                    "a list must have at least one value".into()
                });
            }
            for (index, item) in items.iter().enumerate() {
                custom_value(findings, item, &path.index(index), depth + 1);
            }
        }
        Value::Object(object) => {
            if object.is_empty() {
                findings.should(path, "empty-dictionary", "STIX 2.1 §2.3", || {
                    "a dictionary must have at least one entry".into()
                });
            }
            for member in object {
                custom_value(findings, &member.node, &path.key(&member.key), depth + 1);
            }
        }
        _ => {}
    }
}
