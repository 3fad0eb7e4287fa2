//! §7.2.3: an object without the parts that granular markings keep from a reader.
//!
//! Parts are taken out of the bytes as they are, so that what is left reads as if they had never been written: the copy
//! keeps the order, the numbers and the white space of the rest. The selectors of what is left are numbered anew.

use std::collections::BTreeMap;

use crate::reference::{MAX_SELECTOR_STEPS, Selector, Step};
use strictjson::{Node, Object, Span, Value};

/// What tells an object from others, or says who it is for: none of these can be taken out of it (§3.2).
const KEPT: [&str; 9] = [
    "type",
    "spec_version",
    "id",
    "created_by_ref",
    "created",
    "modified",
    "revoked",
    "object_marking_refs",
    "granular_markings",
];
/// What lists of objects are chosen by beside these: nobody is to learn it from the list that an object is in.
const CHOSEN_BY: &str = "pattern_type";

/// What comes of taking parts out of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redacted {
    /// No part is kept back: it is as it was.
    Whole,
    /// The object without those parts, as JSON.
    Copy(Vec<u8>),
    /// There is nothing to show: what is left would be no object of the standard, or would tell what was taken out.
    Nothing,
}

/// Takes every part out of an object that bears a marking of which `is_hidden` says that it is kept back, by the id of
/// the marking definition. `object` was parsed from `bytes`.
///
/// A list or a dictionary that nothing is left of goes with its last part. With a part go the granular markings that
/// select it; those that are kept back go in any case. [`Redacted::Nothing`] is the answer where a selector means
/// nothing, or an identifying property; where the copy breaks a MUST of the standard; and where an observable's id is
/// made from what was taken out (§2.9), since whoever guesses that could prove it.
///
/// ```
/// use stix::redact::{Redacted, redact};
///
/// let text = br#"{"type": "tool", "spec_version": "2.1", "id": "tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
///     "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "rar", "labels": ["a", "b"],
///     "granular_markings": [{"marking_ref": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
///     "selectors": ["labels.[0]"]}]}"#;
/// let node = strictjson::parse(text, &strictjson::Limits::default())?;
/// let Redacted::Copy(copy) = redact(text, &node, &|_| true) else { unreachable!() };
/// assert!(copy.ends_with(br#""name": "rar", "labels": ["b"]}"#));
/// # Ok::<(), strictjson::Error>(())
/// ```
#[must_use]
pub fn redact(bytes: &[u8], object: &Node<'_>, is_hidden: &dyn Fn(&str) -> bool) -> Redacted {
    let redacted = take_out(bytes, object, is_hidden);
    match &redacted {
        Redacted::Copy(copy) if !stands(copy, object) => Redacted::Nothing,
        _ => redacted,
    }
}

/// [`redact`] without asking whether the copy conforms: for objects of which that is known.
#[must_use]
pub fn take_out(bytes: &[u8], object: &Node<'_>, is_hidden: &dyn Fn(&str) -> bool) -> Redacted {
    let Some(root) = object.as_object() else { return Redacted::Whole };
    let markings = Markings::of(root, is_hidden);
    if !markings.list.iter().any(|marking| marking.hidden) {
        return Redacted::Whole;
    }
    copy(bytes, object, root, &markings).map_or(Redacted::Nothing, Redacted::Copy)
}

fn stands(copy: &[u8], original: &Node<'_>) -> bool {
    let limits = strictjson::Limits { bytes: copy.len(), ..strictjson::Limits::default() };
    let Ok(node) = strictjson::parse(copy, &limits) else { return false };
    let id = original.get("id").and_then(Node::as_str);
    let made = |node: &Node<'_>| crate::sco_id(node).map(|id| id.to_string());
    let of_original = made(original).filter(|made| Some(made.as_str()) == id);
    let quick = crate::Limits { findings: 0, ..crate::Limits::default() };
    (of_original.is_none() || of_original == made(&node)) && crate::check(&node, &quick).is_acceptable()
}

/// The granular markings of an object, and where they stand among its members.
struct Markings<'n, 'a> {
    place: usize,
    list: Vec<Marking<'n, 'a>>,
}

struct Marking<'n, 'a> {
    node: &'n Node<'a>,
    hidden: bool,
}

impl<'n, 'a> Markings<'n, 'a> {
    fn of(root: &'n Object<'a>, is_hidden: &dyn Fn(&str) -> bool) -> Markings<'n, 'a> {
        let place = root.members.iter().position(|member| member.key == "granular_markings").unwrap_or(0);
        let list = root.get("granular_markings").and_then(Node::as_array).unwrap_or_default();
        let of_one = |node| Marking { node, hidden: hides(node, is_hidden) };
        Markings { place, list: list.iter().map(of_one).collect() }
    }
}

fn hides(marking: &Node<'_>, is_hidden: &dyn Fn(&str) -> bool) -> bool {
    marking.get("marking_ref").and_then(Node::as_str).is_some_and(is_hidden)
}

/// What is taken out of a value: all of it, or something of its children, by their place.
#[derive(Default)]
struct Cut {
    whole: bool,
    children: BTreeMap<usize, Cut>,
    // The children that go, ascending; known once it is settled.
    gone: Vec<usize>,
}

impl Cut {
    fn child(&mut self, place: usize) -> &mut Cut {
        self.children.entry(place).or_default()
    }

    // What nothing is left of goes as a whole (§2: no list is empty, no dictionary either).
    fn settle(&mut self, node: &Node<'_>) {
        for (place, cut) in &mut self.children {
            if let Some(child) = child_of(node, *place) {
                cut.settle(child);
            }
        }
        self.gone = self.children.iter().filter(|(_, cut)| cut.whole).map(|(place, _)| *place).collect();
        self.whole |= !self.gone.is_empty() && self.gone.len() == size(node);
    }
}

fn size(node: &Node<'_>) -> usize {
    match &node.value {
        Value::Array(items) => items.len(),
        Value::Object(object) => object.len(),
        _ => 0,
    }
}

fn child_of<'n, 'a>(node: &'n Node<'a>, place: usize) -> Option<&'n Node<'a>> {
    match &node.value {
        Value::Array(items) => items.get(place),
        Value::Object(object) => object.members.get(place).map(|member| &member.node),
        _ => None,
    }
}

// `None` where there is nothing to show.
fn copy(bytes: &[u8], object: &Node<'_>, root: &Object<'_>, markings: &Markings<'_, '_>) -> Option<Vec<u8>> {
    let mut steps_left = MAX_SELECTOR_STEPS;
    let mut cut = Cut::default();
    for marking in markings.list.iter().filter(|marking| marking.hidden) {
        for selector in marking.node.get("selectors")?.as_array()? {
            let path = path(root, selector.as_str()?, &mut steps_left)?;
            let property = root.members.get(*path.first()?)?.key.as_ref();
            if property == CHOSEN_BY || KEPT.contains(&property) {
                return None;
            }
            path.into_iter().fold(&mut cut, Cut::child).whole = true;
        }
    }
    cut.settle(object);
    let mut edits = Vec::new();
    let mut of_markings = Cut::default();
    for (place, marking) in markings.list.iter().enumerate() {
        let of_one = of_markings.child(place);
        of_one.whole = marking.hidden;
        if !marking.hidden {
            renumber(root, marking.node, &cut, of_one, &mut edits, &mut steps_left)?;
        }
    }
    let list = &root.members.get(markings.place)?.node;
    of_markings.settle(list);
    // A marking that selects nothing any more goes, and not only its list of selectors.
    for (place, of_one) in &mut of_markings.children {
        let selectors = list.as_array()?.get(*place)?.as_object()?;
        let at = selectors.members.iter().position(|member| member.key == "selectors");
        of_one.whole |= at.is_some_and(|at| of_one.gone.contains(&at));
    }
    of_markings.gone =
        of_markings.children.iter().filter(|(_, cut)| cut.whole).map(|(place, _)| *place).collect();
    of_markings.whole = of_markings.gone.len() == markings.list.len();
    if of_markings.whole {
        cut.gone.push(markings.place);
        cut.gone.sort_unstable();
    }
    cut.children.insert(markings.place, of_markings);
    take(object, &cut, &mut edits)?;
    Some(spliced(bytes, object.span, edits))
}

// The places that a selector goes through, from the object inwards; `None` when it selects nothing. The first component
// is always a property.
fn path(root: &Object<'_>, selector: &str, steps_left: &mut usize) -> Option<Vec<usize>> {
    let mut places = Vec::new();
    let mut at = None;
    for step in Selector::new(selector) {
        let (place, node) = match (step?, at) {
            (Step::Key(key), None) => member(root, key, steps_left)?,
            (Step::Key(key), Some(node)) => member(Node::as_object(node)?, key, steps_left)?,
            (Step::Index(index), Some(node)) => (index, node.as_array()?.get(index)?),
            (Step::Index(_), None) => return None,
        };
        places.push(place);
        at = Some(node);
    }
    Some(places)
}

fn member<'n, 'a>(
    object: &'n Object<'a>,
    key: &str,
    steps_left: &mut usize,
) -> Option<(usize, &'n Node<'a>)> {
    *steps_left = steps_left.checked_sub(object.len())?;
    let place = object.members.iter().position(|member| member.key == key)?;
    object.members.get(place).map(|member| (place, &member.node))
}

// The selectors of a marking that stays: those of what was taken out go, places in lists are counted anew.
fn renumber(
    root: &Object<'_>,
    marking: &Node<'_>,
    cut: &Cut,
    of_marking: &mut Cut,
    edits: &mut Vec<(Span, String)>,
    steps_left: &mut usize,
) -> Option<()> {
    let Some(members) = marking.as_object() else { return Some(()) };
    let Some(at) = members.members.iter().position(|member| member.key == "selectors") else {
        return Some(());
    };
    let selectors = members.members.get(at)?.node.as_array().unwrap_or_default();
    for (place, node) in selectors.iter().enumerate() {
        let text = node.as_str()?;
        let path = path(root, text, steps_left)?;
        let (mut inside, mut renumbered) = (Some(cut), String::with_capacity(text.len()));
        for (step, place) in Selector::new(text).zip(path) {
            let before = inside.map_or(0, |cut| cut.gone.partition_point(|gone| *gone < place));
            if !renumbered.is_empty() {
                renumbered.push('.');
            }
            match step? {
                Step::Key(key) => renumbered.push_str(key),
                Step::Index(index) => renumbered.push_str(&format!("[{}]", index - before)),
            }
            inside = inside.and_then(|cut| cut.children.get(&place));
            if inside.is_some_and(|cut| cut.whole) {
                break;
            }
        }
        if inside.is_some_and(|cut| cut.whole) {
            of_marking.child(at).child(place).whole = true;
        } else if renumbered != text {
            let mut quoted = Vec::with_capacity(renumbered.len() + 2);
            strictjson::write::string(&mut quoted, &renumbered);
            edits.push((node.span, String::from_utf8(quoted).ok()?));
        }
    }
    Some(())
}

// Notes the bytes of what goes: with the comma behind it, or before it where nothing stays behind it.
fn take(node: &Node<'_>, cut: &Cut, edits: &mut Vec<(Span, String)>) -> Option<()> {
    let of_child = |place: usize| match &node.value {
        Value::Array(items) => items.get(place).map(|item| item.span),
        Value::Object(object) => object
            .members
            .get(place)
            .map(|member| Span { start: member.key_span.start, end: member.node.span.end }),
        _ => None,
    };
    let mut gone = cut.gone.iter().copied().peekable();
    while let Some(first) = gone.next() {
        let mut last = first;
        while let Some(next) = gone.next_if_eq(&(last + 1)) {
            last = next;
        }
        let span = match of_child(last + 1) {
            Some(next) => Span { start: of_child(first)?.start, end: next.start },
            None => Span { start: of_child(first.checked_sub(1)?)?.end, end: of_child(last)?.end },
        };
        edits.push((span, String::new()));
    }
    for (place, cut) in cut.children.iter().filter(|(_, cut)| !cut.whole) {
        take(child_of(node, *place)?, cut, edits)?;
    }
    Some(())
}

fn spliced(bytes: &[u8], object: Span, mut edits: Vec<(Span, String)>) -> Vec<u8> {
    edits.sort_unstable_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
    let mut copy = Vec::with_capacity(object.end.saturating_sub(object.start));
    let mut at = object.start;
    // A selector may be numbered anew within a marking that goes: then it went with it.
    for (span, text) in edits {
        if span.start < at {
            continue;
        }
        copy.extend_from_slice(bytes.get(at..span.start).unwrap_or_default());
        copy.extend_from_slice(text.as_bytes());
        at = span.end;
    }
    copy.extend_from_slice(bytes.get(at..object.end).unwrap_or_default());
    copy
}
