//! §2.9, §3.4: deterministic ids of cyber-observable objects.

use crate::family::{Family, definition_of};
use crate::id::Id;
use strictjson::{Node, Object, Value};
use uuid::Uuid;

/// The namespace of deterministic ids (§2.9).
pub const NAMESPACE: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);

/// The order in which a hash is chosen (§6.1, §6.7, §6.18).
const HASHES: [&str; 4] = ["MD5", "SHA-1", "SHA-256", "SHA-512"];

/// The id that a cyber-observable object should have: UUIDv5 over its contributing properties. `None` for types without
/// such properties, and when none of them is there, where the standard wants a random UUID.
#[must_use]
pub fn sco_id<'a>(node: &'a Node<'a>) -> Option<Id<'a>> {
    let object = node.as_object()?;
    let kind = object.get("type")?.as_str()?;
    let definition = definition_of(kind).filter(|definition| definition.family == Family::Observable)?;
    let uuid = sco_uuid(object, definition.contributing)?;
    Some(Id { kind, uuid })
}

/// The UUID over those contributing properties that are there.
pub(crate) fn sco_uuid(object: &Object<'_>, contributing: &[&str]) -> Option<Uuid> {
    let mut name = Object::new();
    for property in contributing {
        let Some(value) = object.get(property) else { continue };
        if *property == "hashes" {
            let Some(hash) = chosen_hash(value) else { continue };
            name.push(*property, hash);
        } else {
            name.push(*property, value.clone());
        }
    }
    if name.is_empty() {
        return None;
    }
    Some(Uuid::new_v5(&NAMESPACE, &strictjson::canonical(&Node::from(name))))
}

/// The one hash that contributes. The standard orders four algorithms; of others the first by name is taken, so that
/// the order of the members does not matter.
fn chosen_hash<'a>(hashes: &Node<'a>) -> Option<Node<'a>> {
    let Value::Object(hashes) = &hashes.value else { return None };
    let preferred = HASHES.iter().find_map(|algorithm| hashes.iter().find(|member| member.key == *algorithm));
    let member = preferred.or_else(|| hashes.iter().min_by(|left, right| left.key.cmp(&right.key)))?;
    let mut chosen = Object::new();
    chosen.push(member.key.clone(), member.node.clone());
    Some(Node::from(chosen))
}
