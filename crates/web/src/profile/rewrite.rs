//! Writing an object with something added. What the author wrote keeps its order and its text.

use std::borrow::Cow;
use std::fmt;

use model::Tlp;
use node::ListEntry;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use stix::tlp::{Level, Version};

use super::{Markings, Profile, SpecVersion};

/// The members of an object in their order, their values as text.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Writes the object with what the profile adds; `None`, and nothing written, when there is nothing to add or the
/// object cannot be read.
pub(super) fn write(profile: &Profile, entry: &ListEntry<'_>, to: &mut Vec<u8>) -> Option<()> {
    let Members(members) = serde_json::from_slice(entry.wire).ok()?;
    let has = |name: &str| members.iter().any(|(key, _)| key == name);
    let stamp = profile.spec_version == SpecVersion::Always && !has("spec_version");
    let marking = match profile.markings {
        Markings::WithTlp1 if entry.id.kind != "marking-definition" => {
            Some(twin(entry.tlp)?).filter(|id| !refers_to(&members, id))
        }
        _ => None,
    };
    if !stamp && marking.is_none() {
        return None;
    }
    to.push(b'{');
    let mut separator = "";
    for (key, value) in &members {
        let key = serde_json::to_string(key).ok()?;
        to.extend_from_slice(separator.as_bytes());
        to.extend_from_slice(key.as_bytes());
        to.push(b':');
        match marking {
            Some(id) if key == "\"object_marking_refs\"" => {
                to.extend_from_slice(appended(value.get(), id).as_bytes())
            }
            _ => to.extend_from_slice(value.get().as_bytes()),
        }
        separator = ",";
    }
    if let Some(id) = marking.filter(|_| !has("object_marking_refs")) {
        to.extend_from_slice(format!("{separator}\"object_marking_refs\":[\"{id}\"]").as_bytes());
        separator = ",";
    }
    if stamp {
        to.extend_from_slice(format!("{separator}\"spec_version\":\"2.1\"").as_bytes());
    }
    to.push(b'}');
    Some(())
}

/// The TLP 1 marking of a label: its own, or the next that is not looser.
fn twin(tlp: Tlp) -> Option<&'static str> {
    let level = match tlp {
        Tlp::Clear => Level::Clear,
        Tlp::Green => Level::Green,
        Tlp::Amber => Level::Amber,
        Tlp::AmberStrict | Tlp::Red => Level::Red,
    };
    level.marking(Version::One).map(|marking| marking.id)
}

fn refers_to(members: &[(Cow<'_, str>, &RawValue)], id: &str) -> bool {
    let list = members.iter().find(|(key, _)| key == "object_marking_refs");
    let refs = list.and_then(|(_, value)| serde_json::from_str::<Vec<Cow<'_, str>>>(value.get()).ok());
    refs.is_some_and(|refs| refs.iter().any(|known| known == id))
}

// A list that is empty, which no valid object has, becomes a list of one.
fn appended(list: &str, id: &str) -> String {
    let inner = list.trim().trim_start_matches('[').trim_end_matches(']').trim();
    let separator = if inner.is_empty() { "" } else { "," };
    format!("[{inner}{separator}\"{id}\"]")
}

#[cfg(test)]
mod tests {
    use super::super::Profile;
    use super::*;

    const RED1: &str = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed";
    const AMBER1: &str = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82";

    fn check(profile: &str, kind: &str, tlp: Tlp, wire: &str) -> String {
        let at = model::Timestamp(0);
        let id = node::EntryId { kind, uuid: Default::default() };
        let version = node::EntryVersion::Micros(at);
        let entry = ListEntry { id, date_added: at, version, wire: wire.as_bytes(), tlp };
        let mut out = Vec::new();
        Profile::named(profile).unwrap().write(&entry, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_what_a_profile_needs_is_added() {
        let sco = r#"{ "type":"ipv4-addr", "id":"ipv4-addr--x", "value":"192.0.2.1", "x":1.50e3 }"#;
        assert_eq!(check("standard", "ipv4-addr", Tlp::Amber, sco), sco);
        assert_eq!(check("elastic", "ipv4-addr", Tlp::Amber, sco), sco);
        assert_eq!(
            check("opencti", "ipv4-addr", Tlp::Amber, sco),
            r#"{"type":"ipv4-addr","id":"ipv4-addr--x","value":"192.0.2.1","x":1.50e3,"spec_version":"2.1"}"#
        );
        let stamped = r#"{"spec_version": "2.1","a":"ü"}"#;
        assert_eq!(check("opencti", "a", Tlp::Amber, stamped), stamped);
        assert_eq!(
            check("xsoar", "ipv4-addr", Tlp::Amber, r#"{"type":"ipv4-addr"}"#),
            format!(r#"{{"type":"ipv4-addr","object_marking_refs":["{AMBER1}"]}}"#)
        );
        assert_eq!(
            check("xsoar", "a", Tlp::AmberStrict, r#"{"object_marking_refs": [ "m--1" ], "z":{}}"#),
            format!(r#"{{"object_marking_refs":["m--1","{RED1}"],"z":{{}}}}"#)
        );
        let twice = format!(r#"{{"object_marking_refs":["m--1","{RED1}"]}}"#);
        assert_eq!(check("tlp1", "a", Tlp::Red, &twice), twice);
        let marking = r#"{"type":"marking-definition"}"#;
        assert_eq!(check("xsoar", "marking-definition", Tlp::Clear, marking), marking);
    }
}
