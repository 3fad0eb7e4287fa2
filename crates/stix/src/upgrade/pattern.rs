//! Patterns of 2.0 in the grammar and with the names of 2.1.

use super::observed::renamed;
use crate::pattern::{
    Dialect, Expression, Limits, ObjectPath, Observation, Qualifier, Step, TimestampForm, read,
};
use strictjson::{Member, Node, Object, Span};

/// Gives an indicator its `pattern_type`, and its pattern the form of 2.1. A pattern that 2.1 reads the same way keeps
/// its text, and so does one that no grammar reads.
pub(super) fn upgrade(object: &mut Object<'_>) {
    if let Some(text) = object.get("pattern").and_then(Node::as_str).and_then(rewritten) {
        object.set("pattern", text);
    }
    if !object.contains_key("pattern_type") {
        let at = object.members.iter().position(|member| member.key == "pattern");
        let at = at.map_or(object.members.len(), |at| at + 1);
        object.members.insert(
            at,
            Member { key: "pattern_type".into(), key_span: Span::default(), node: "stix".into() },
        );
    }
}

/// The pattern in the form of 2.1, if it must change.
fn rewritten(text: &str) -> Option<String> {
    // A pattern that breaks rules of §9 has a tree, too; the check names the rules.
    let mut pattern = read(text, Dialect::Stix20, &Limits::default()).ok()?.pattern;
    if !change_observation(&mut pattern.root) {
        return None;
    }
    pattern.dialect = Dialect::Stix21;
    Some(pattern.to_string())
}

/// Whether anything had to change. The depth is bounded by the limits of the parser.
fn change_observation(observation: &mut Observation) -> bool {
    match observation {
        Observation::Single(expression) => change_expression(expression),
        Observation::Joined { operands, .. } => {
            operands.iter_mut().fold(false, |changed, operand| change_observation(operand) | changed)
        }
        Observation::Qualified { observation, qualifiers } => {
            let changed = change_observation(observation);
            qualifiers.iter_mut().fold(changed, |changed, qualifier| change_qualifier(qualifier) | changed)
        }
    }
}

fn change_expression(expression: &mut Expression) -> bool {
    match expression {
        Expression::Comparison(comparison) => change_path(&mut comparison.path),
        Expression::Joined { operands, .. } => {
            operands.iter_mut().fold(false, |changed, operand| change_expression(operand) | changed)
        }
    }
}

/// 2.0 writes the times of START and STOP as plain strings, 2.1 as timestamps.
fn change_qualifier(qualifier: &mut Qualifier) -> bool {
    match qualifier {
        Qualifier::StartStop { form: form @ TimestampForm::PlainString, .. } => {
            *form = TimestampForm::Constant;
            true
        }
        _ => false,
    }
}

/// Properties of observables that 2.1 calls otherwise, also behind references whose target is known.
fn change_path(path: &mut ObjectPath) -> bool {
    let mut kind = Some(path.object_type.as_str());
    let mut in_hashes = false;
    let mut changed = false;
    for step in &mut path.steps {
        let (name, is_reference) = match step {
            Step::Key(name) => (name, false),
            Step::Reference(name) => (name, true),
            Step::Index(_) | Step::Any => continue,
        };
        let new = if in_hashes {
            (name == "ssdeep").then_some("SSDEEP")
        } else {
            kind.and_then(|kind| renamed(kind, name))
        };
        in_hashes = name == "hashes";
        kind = if is_reference { target(name) } else { None };
        if let Some(new) = new {
            new.clone_into(name);
            changed = true;
        }
    }
    changed
}

/// The type behind a reference, where there is only one and it has renamed properties.
fn target(reference: &str) -> Option<&'static str> {
    Some(match reference {
        "binary_ref" | "image_ref" => "file",
        "parent_directory_ref" => "directory",
        "parent_ref" | "child_refs" => "process",
        "creator_user_ref" | "belongs_to_ref" => "user-account",
        "encapsulates_refs" | "encapsulated_by_ref" | "opened_connection_refs" => "network-traffic",
        _ => return None,
    })
}
