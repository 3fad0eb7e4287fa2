//! Labels that 2.1 has another property for, and the selectors of granular markings that named them.

use super::{member_mut, rename_member};
use crate::vocab::Vocabulary;
use std::collections::BTreeSet;
use strictjson::{Member, Node, Object, Span, Value};

/// Renames `labels` as a whole.
pub(super) fn rename(object: &mut Object<'_>, to: &'static str) {
    if !object.contains_key("labels") || object.contains_key(to) {
        return;
    }
    rename_member(object, "labels", to);
    select_anew(object, &|selector| match selector.strip_prefix("labels") {
        Some(rest) if rest.is_empty() || rest.starts_with('.') => vec![format!("{to}{rest}")],
        _ => vec![selector.to_owned()],
    });
}

/// Moves the labels that are terms of a vocabulary to the property for it, which comes before what is left of `labels`.
pub(super) fn move_terms(object: &mut Object<'_>, to: &'static str, vocabulary: &Vocabulary) {
    let Some(at) = object.members.iter().position(|member| member.key == "labels") else { return };
    let Some(labels) = object.get("labels").and_then(Node::as_array) else { return };
    let is_term = |node: &Node<'_>| node.as_str().is_some_and(|label| vocabulary.contains(label));
    if object.contains_key(to) || !labels.iter().any(is_term) {
        return;
    }
    let moved: Vec<bool> = labels.iter().map(is_term).collect();
    let (terms, rest): (Vec<Node<'_>>, Vec<Node<'_>>) = labels.iter().cloned().partition(is_term);
    let left = !rest.is_empty();
    object.members.remove(at);
    if left {
        object.members.insert(at, member("labels", rest));
    }
    object.members.insert(at, member(to, terms));
    select_anew(object, &|selector| new_selectors(selector, to, &moved, left));
}

fn member<'a>(key: &'static str, items: Vec<Node<'a>>) -> Member<'a> {
    Member { key: key.into(), key_span: Span::default(), node: Node::from(items) }
}

/// What a selector becomes when some labels have moved: `moved` says which.
fn new_selectors(selector: &str, to: &str, moved: &[bool], left: bool) -> Vec<String> {
    if selector == "labels" {
        return [Some(to), left.then_some("labels")].into_iter().flatten().map(str::to_owned).collect();
    }
    let place = selector.strip_prefix("labels.[").and_then(|rest| rest.strip_suffix(']'));
    let Some(place) = place.and_then(|digits| digits.parse::<usize>().ok()) else {
        return vec![selector.to_owned()];
    };
    let Some(&is_moved) = moved.get(place) else { return vec![selector.to_owned()] };
    let before = moved.iter().take(place).filter(|&&other| other == is_moved).count();
    vec![format!("{}.[{before}]", if is_moved { to } else { "labels" })]
}

/// Rewrites every selector of the granular markings; those that become the same are kept once.
pub(super) fn select_anew(object: &mut Object<'_>, new: &dyn Fn(&str) -> Vec<String>) {
    let Some(Value::Array(markings)) = member_mut(object, "granular_markings").map(|node| &mut node.value)
    else {
        return;
    };
    for marking in markings {
        let Value::Object(marking) = &mut marking.value else { continue };
        let Some(Value::Array(selectors)) = member_mut(marking, "selectors").map(|node| &mut node.value)
        else {
            continue;
        };
        let mut known = BTreeSet::new();
        let old = std::mem::take(selectors);
        for node in old {
            let Some(selector) = node.as_str() else {
                selectors.push(node);
                continue;
            };
            let fresh = new(selector).into_iter().filter(|selector| known.insert(selector.clone()));
            selectors.extend(fresh.map(Node::from));
        }
    }
}
