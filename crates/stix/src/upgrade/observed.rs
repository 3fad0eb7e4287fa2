//! The container of observed data, taken apart into cyber-observable objects.

use super::labels::select_anew;
use super::{Upgraded, marking_refs, member_mut, rename_member, written};
use crate::family::definition_of;
use crate::id::check_type_name;
use crate::sco_id::sco_uuid;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use strictjson::{Node, Object, Pointer, Value};
use uuid::{Builder, Uuid};

/// How deep ids may depend on ids of other objects; beyond, an id is made as for objects without one of their own.
const MAX_CHAIN: usize = 32;

/// Takes the `objects` out of observed data, names them in `object_refs`, and gives them. Observed data without a
/// readable container stays as it is.
pub(super) fn upgrade(object: &mut Object<'_>) -> Vec<Upgraded> {
    let readable = object.get("objects").and_then(Node::as_object).is_some_and(|objects| {
        let kind = |node: &Node<'_>| {
            node.get("type").and_then(Node::as_str).is_some_and(|kind| check_type_name(kind).is_ok())
        };
        !objects.is_empty() && objects.iter().all(|member| kind(&member.node))
    });
    if !readable || object.contains_key("object_refs") {
        return Vec::new();
    }
    let Some(at) = object.members.iter().position(|member| member.key == "objects") else {
        return Vec::new();
    };
    let mut container = object.members.remove(at);
    let Value::Object(objects) = &mut container.node.value else { return Vec::new() };
    for member in &mut objects.members {
        if let Value::Object(observable) = &mut member.node.value {
            rename_properties(observable);
        }
    }
    let origin = object.get("id").and_then(Node::as_str).unwrap_or_default().to_owned();
    let ids = Ids::of(objects, &origin);
    let markings = take_markings(object);
    let (upgraded, refs) = observables(objects, &ids, &markings);
    container.key = "object_refs".into();
    container.node = refs.into_iter().collect();
    object.members.insert(at, container);
    upgraded
}

/// The observed objects, once each, and their ids in the order of the container.
fn observables(
    objects: &Object<'_>,
    ids: &Ids<'_>,
    markings: &BTreeSet<String>,
) -> (Vec<Upgraded>, Vec<String>) {
    let mut upgraded: Vec<Upgraded> = Vec::new();
    let mut refs: Vec<String> = Vec::new();
    let (mut known_bytes, mut known_ids) = (BTreeSet::new(), BTreeSet::new());
    for member in objects {
        let (Some(observable), Some(id)) = (member.node.as_object(), ids.of.get(member.key.as_ref())) else {
            continue;
        };
        let mut made = Object::new();
        made.push("type", observable.get("type").cloned().unwrap_or_else(|| Node::from("")));
        made.push("spec_version", "2.1");
        made.push("id", id.as_str());
        let replaced = ["type", "spec_version", "id"];
        made.members.extend(observable.iter().filter(|own| !replaced.contains(&own.key.as_ref())).cloned());
        resolve(&mut made, &|key| ids.of.get(key).cloned());
        mark(&mut made, markings);
        let bytes = written(made);
        if known_bytes.insert(bytes.clone()) {
            let pointer = Pointer::root().key("objects").key(&member.key);
            upgraded.push(Upgraded { bytes, pointer: pointer.into() });
        }
        if known_ids.insert(id.as_str()) {
            refs.push(id.clone());
        }
    }
    (upgraded, refs)
}

/// What 2.1 calls a property of an observable of 2.0, if it calls it otherwise.
pub(super) fn renamed(kind: &str, property: &str) -> Option<&'static str> {
    Some(match (kind, property) {
        ("directory" | "file", "created") => "ctime",
        ("directory" | "file", "modified") => "mtime",
        ("directory" | "file", "accessed") => "atime",
        ("network-traffic", "encapsulates_by_ref") => "encapsulated_by_ref",
        ("process", "binary_ref") => "image_ref",
        ("process", "created") => "created_time",
        ("user-account", "password_last_changed") => "credential_last_changed",
        ("windows-registry-key", "modified") => "modified_time",
        _ => return None,
    })
}

/// Gives an observable the names and the forms of 2.1.
fn rename_properties(observable: &mut Object<'_>) {
    let kind = observable.get("type").and_then(Node::as_str).unwrap_or_default().to_owned();
    let names: Vec<(String, &str)> = observable
        .iter()
        .filter_map(|member| Some((member.key.to_string(), renamed(&kind, &member.key)?)))
        .collect();
    for (from, to) in names {
        rename_member(observable, &from, to);
    }
    if kind == "email-message" {
        lists_of_strings(member_mut(observable, "additional_header_fields"));
    }
    if let Some(Value::Object(extensions)) = member_mut(observable, "extensions").map(|node| &mut node.value)
        && let Some(Value::Object(request)) =
            member_mut(extensions, "http-request-ext").map(|node| &mut node.value)
    {
        lists_of_strings(member_mut(request, "request_header"));
    }
    hash_names(observable);
}

/// 2.0 has strings where 2.1 has lists of strings.
fn lists_of_strings(dictionary: Option<&mut Node<'_>>) {
    let Some(Value::Object(dictionary)) = dictionary.map(|node| &mut node.value) else { return };
    for member in dictionary.members.iter_mut().filter(|member| member.node.as_str().is_some()) {
        let text = std::mem::replace(&mut member.node, Node::from(Value::Null));
        member.node = Node::from(vec![text]);
    }
}

/// `ssdeep` is `SSDEEP` now, wherever there are hashes. Recursion is bounded by what `strictjson` parses.
fn hash_names(object: &mut Object<'_>) {
    for member in &mut object.members {
        let hashes = member.key == "hashes" || member.key == "file_header_hashes";
        match &mut member.node.value {
            Value::Object(inner) if hashes => rename_member(inner, "ssdeep", "SSDEEP"),
            Value::Object(inner) => hash_names(inner),
            Value::Array(items) => {
                for item in items {
                    if let Value::Object(inner) = &mut item.value {
                        hash_names(inner);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Replaces the local keys that references hold by what they stand for.
fn resolve(object: &mut Object<'_>, id: &dyn Fn(&str) -> Option<String>) {
    for member in &mut object.members {
        let reference = (member.key.ends_with("_ref") || member.key.ends_with("_refs"))
            && member.key != "object_marking_refs";
        resolve_node(&mut member.node, reference, id);
    }
}

fn resolve_node(node: &mut Node<'_>, reference: bool, id: &dyn Fn(&str) -> Option<String>) {
    match &mut node.value {
        Value::String(key) if reference => {
            if let Some(id) = id(key) {
                *key = id.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve_node(item, reference, id)),
        Value::Object(object) => resolve(object, id),
        _ => {}
    }
}

/// The ids of the objects of a container, by their keys.
struct Ids<'c> {
    of: BTreeMap<&'c str, String>,
}

impl<'c> Ids<'c> {
    fn of(objects: &'c Object<'_>, origin: &str) -> Ids<'c> {
        let by_key =
            objects.iter().filter_map(|member| Some((member.key.as_ref(), member.node.as_object()?)));
        let mut making =
            Making { objects: by_key.collect(), origin, done: BTreeMap::new(), open: Vec::new() };
        for member in objects {
            making.id(&member.key);
        }
        Ids { of: making.done }
    }
}

/// Ids while they are made: an id may depend on those of the objects that contribute to it.
struct Making<'c, 'a, 'o> {
    objects: BTreeMap<&'c str, &'c Object<'a>>,
    origin: &'o str,
    done: BTreeMap<&'c str, String>,
    /// The keys whose ids are being made.
    open: Vec<&'c str>,
}

impl<'c> Making<'c, '_, '_> {
    /// The id for a key; `None` when the container has no such key.
    fn id(&mut self, key: &str) -> Option<String> {
        let (&key, &observable) = self.objects.get_key_value(key)?;
        if let Some(id) = self.done.get(key) {
            return Some(id.clone());
        }
        let kind = observable.get("type")?.as_str()?;
        // Objects in a circle, or behind a long chain, cannot wait for each other: the one that closes it gets an id
        // that depends on nothing else, and keeps it.
        let blocked = self.open.contains(&key) || self.open.len() >= MAX_CHAIN;
        let uuid = if blocked { None } else { self.deterministic(key, kind, observable) };
        // Making the ids of others may have settled this one.
        let id = format!("{kind}--{}", uuid.unwrap_or_else(|| self.derived(key, observable)));
        Some(self.done.entry(key).or_insert(id).clone())
    }

    /// The UUID over the contributing properties (§2.9), with references resolved.
    fn deterministic(&mut self, key: &'c str, kind: &str, observable: &Object<'_>) -> Option<Uuid> {
        let contributing = definition_of(kind)?.contributing;
        let mut part = Object::new();
        for property in observable.iter().filter(|property| contributing.contains(&property.key.as_ref())) {
            part.members.push(property.clone());
        }
        self.open.push(key);
        let mut keys = Vec::new();
        resolve_keys(&part, &mut keys);
        let ids: BTreeMap<String, String> =
            keys.into_iter().filter_map(|key| Some((key.clone(), self.id(&key)?))).collect();
        self.open.pop();
        resolve(&mut part, &|key| ids.get(key).cloned());
        sco_uuid(&part, contributing)
    }

    /// For objects without contributing properties the standard wants a random UUID. Here it is drawn from a digest of
    /// where the object was and what it says, so that the same input gives the same id.
    fn derived(&self, key: &str, observable: &Object<'_>) -> Uuid {
        let mut digest = Sha256::new();
        digest.update(self.origin);
        digest.update([0]);
        digest.update(key);
        digest.update([0]);
        digest.update(strictjson::canonical(&Node::from(observable.clone())));
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest.finalize()).for_each(|(byte, drawn)| *byte = drawn);
        Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// The local keys that references hold.
fn resolve_keys(object: &Object<'_>, keys: &mut Vec<String>) {
    for link in object {
        collect(&link.node, link.key.ends_with("_ref") || link.key.ends_with("_refs"), keys);
    }
}

fn collect(node: &Node<'_>, reference: bool, keys: &mut Vec<String>) {
    match &node.value {
        Value::String(key) if reference => keys.push(key.to_string()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, reference, keys)),
        Value::Object(object) => resolve_keys(object, keys),
        _ => {}
    }
}

/// Takes the markings of observed objects out of the granular markings, and gives all markings that the observed
/// objects are under: those of the observed data as a whole, and those of any part of its objects.
///
/// A marking of one part goes to all of them, since they name each other by ids that follow from their values.
fn take_markings(object: &mut Object<'_>) -> BTreeSet<String> {
    let mut markings: BTreeSet<String> = marking_refs(object).into_iter().collect();
    let selects_objects = |selector: &str| selector == "objects" || selector.starts_with("objects.");
    let granular = object.get("granular_markings").and_then(Node::as_array).unwrap_or(&[]);
    for marking in granular {
        let selectors = marking.get("selectors").and_then(Node::as_array).unwrap_or(&[]);
        let concerned = selectors.iter().filter_map(Node::as_str).any(selects_objects);
        markings.extend(
            marking.get("marking_ref").and_then(Node::as_str).filter(|_| concerned).map(str::to_owned),
        );
    }
    // What the selectors named is gone; the list of references to it takes its place, for the same reason.
    select_anew(object, &|selector| {
        vec![if selects_objects(selector) { "object_refs".to_owned() } else { selector.to_owned() }]
    });
    markings
}

/// Puts an observed object under markings.
fn mark(observable: &mut Object<'_>, markings: &BTreeSet<String>) {
    let mut refs: BTreeSet<String> = marking_refs(observable).into_iter().collect();
    refs.extend(markings.iter().cloned());
    if !refs.is_empty() {
        observable.set("object_marking_refs", refs.into_iter().collect::<Node<'_>>());
    }
}
