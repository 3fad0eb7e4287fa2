//! Embedded relationships (§3.3), and what the selectors of granular markings select (§7.2.3.1).

use crate::id::Id;
use std::borrow::Cow;
use strictjson::{Node, Object, Value};

/// Members of objects that are looked at to find what selectors select. It takes time by the number of selectors and the
/// size of the object, which both come from outside, so their product is bounded.
pub(crate) const MAX_SELECTOR_STEPS: usize = 4_000_000;

/// A reference that an object holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<'a> {
    /// The property that holds it, with those around it: `created_by_ref`, `extensions.archive-ext.contains_refs`.
    /// Places in lists are left out.
    pub property: Cow<'a, str>,
    /// The id that is meant, as written.
    pub id: &'a str,
}

/// Every id that an object refers to by a property whose name ends in `_ref` or `_refs` (§3.1), custom ones included,
/// in the order of the object. Markings are left out, and so are values that are no ids, such as the local keys of the
/// deprecated container.
#[must_use]
pub fn references<'a>(node: &'a Node<'a>) -> Vec<Link<'a>> {
    let mut links = Vec::new();
    collect(node, Cow::Borrowed(""), &mut links, 0);
    links
}

/// Nesting that is followed; what `strictjson` parses is never deeper.
const MAX_DEPTH: usize = strictjson::MAX_DEPTH;

fn collect<'a>(node: &'a Node<'a>, around: Cow<'a, str>, links: &mut Vec<Link<'a>>, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match &node.value {
        Value::Object(object) => {
            for member in &object.members {
                let key = member.key.as_ref();
                if matches!(key, "object_marking_refs" | "granular_markings") {
                    continue;
                }
                let nested = matches!(member.node.value, Value::Object(_) | Value::Array(_));
                let reference = key.ends_with("_ref") || key.ends_with("_refs");
                if !nested && !reference {
                    continue;
                }
                let property =
                    if around.is_empty() { Cow::Borrowed(key) } else { format!("{around}.{key}").into() };
                if reference {
                    add(&member.node, property.clone(), links);
                }
                collect(&member.node, property, links, depth + 1);
            }
        }
        Value::Array(items) => {
            for item in items {
                collect(item, around.clone(), links, depth + 1);
            }
        }
        _ => {}
    }
}

fn add<'a>(node: &'a Node<'a>, property: Cow<'a, str>, links: &mut Vec<Link<'a>>) {
    let single = std::slice::from_ref(node);
    for item in node.as_array().unwrap_or(single) {
        if let Some(id) = item.as_str().filter(|text| Id::parse(text).is_ok()) {
            links.push(Link { property: property.clone(), id });
        }
    }
}

/// What a selector of a granular marking selects in an object; `None` when it selects nothing or is malformed.
///
/// ```
/// let text = br#"{"labels": ["first", "second"], "name": "a"}"#;
/// let node = strictjson::parse(text, &strictjson::Limits::default())?;
/// let selected = stix::reference::select(&node, "labels.[1]").and_then(|node| node.as_str());
/// assert_eq!(selected, Some("second"));
/// assert!(stix::reference::select(&node, "labels.second").is_none());
/// # Ok::<(), strictjson::Error>(())
/// ```
#[must_use]
pub fn select<'n, 'a>(object: &'n Node<'a>, selector: &str) -> Option<&'n Node<'a>> {
    let mut unlimited = usize::MAX;
    select_in(object.as_object()?, selector, &mut unlimited)
}

/// [`select`] in the members of an object, counting down the members that are looked at; nothing is selected any more
/// when none are left. The first component is always a property.
pub(crate) fn select_in<'n, 'a>(
    object: &'n Object<'a>,
    selector: &str,
    steps_left: &mut usize,
) -> Option<&'n Node<'a>> {
    let mut member = |object: &'n Object<'a>, key: &str| {
        *steps_left = steps_left.saturating_sub(object.len());
        if *steps_left == 0 { None } else { object.get(key) }
    };
    let mut steps = Selector::new(selector);
    let Some(Step::Key(property)) = steps.next()? else { return None };
    let first = member(object, property)?;
    steps.try_fold(first, |node, step| match step? {
        Step::Key(key) => member(node.as_object()?, key),
        Step::Index(index) => node.as_array()?.get(index),
    })
}

/// One component of a selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'s> {
    /// A property or a dictionary key.
    Key(&'s str),
    /// A place in a list, from 0.
    Index(usize),
}

/// The components of a selector, from the object inwards; `None` stands for a malformed component.
#[derive(Debug, Clone)]
pub struct Selector<'s> {
    parts: std::str::Split<'s, char>,
}

impl<'s> Selector<'s> {
    /// Takes a selector apart.
    #[must_use]
    pub fn new(text: &'s str) -> Selector<'s> {
        Selector { parts: text.split('.') }
    }
}

impl<'s> Iterator for Selector<'s> {
    type Item = Option<Step<'s>>;

    fn next(&mut self) -> Option<Self::Item> {
        let part = self.parts.next()?;
        let digits = part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        Some(match digits {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().map(Step::Index)
            }
            Some(_) => None,
            None => (!part.is_empty()).then_some(Step::Key(part)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: &str = "tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";

    #[test]
    fn references_at_every_depth_without_markings() {
        let text = format!(
            r#"{{"created_by_ref":"{TOOL}","object_marking_refs":["{TOOL}"],"x_refs":["{TOOL}","0",3],
            "granular_markings":[{{"marking_ref":"{TOOL}"}}],"name":"{TOOL}",
            "extensions":{{"archive-ext":{{"contains_refs":["{TOOL}"]}}}},"list":[{{"a_ref":"{TOOL}"}}]}}"#
        );
        let node = strictjson::parse(text.as_bytes(), &strictjson::Limits::default()).unwrap();
        let found: Vec<_> = references(&node).into_iter().map(|link| link.property.into_owned()).collect();
        assert_eq!(found, ["created_by_ref", "x_refs", "extensions.archive-ext.contains_refs", "list.a_ref"]);
    }

    #[test]
    fn selectors() {
        let text = br#"{"description":"d","labels":["a","b"],"external_references":[{"source_name":"cve"}],"n":{"[x]":1}}"#;
        let node = strictjson::parse(text, &strictjson::Limits::default()).unwrap();
        for selector in ["description", "labels", "labels.[1]", "external_references.[0].source_name", "n"] {
            assert!(select(&node, selector).is_some(), "{selector}");
        }
        for selector in [
            "",
            ".",
            "pattern",
            "labels.",
            "labels.[2]",
            "labels.[-1]",
            "labels.[+1]",
            "labels.[]",
            "labels.1",
            "labels.name",
            "description.[0]",
            "[0]",
            "labels[0]",
            "labels.[99999999999999999999]",
            "external_references.[0].url",
        ] {
            assert!(select(&node, selector).is_none(), "{selector}");
        }
    }
}
