//! What takes back what was said, and says nothing else: such a thing is said as that was, whatever a policy asks for by now.

use model::Timestamp;
use store::record::ObjectKey;
use strictjson::{Limits, Node, canonical, parse};

use super::annotation::{RECALL, Speaker, recall_note};

/// What a version that is revoked may change of the version before: its time, that it is revoked, and under which TLP.
const CHANGED: [&str; 3] = ["modified", "revoked", "object_marking_refs"];
/// What tells one recall from another, beside its reason and its objects.
const OWN: [&str; 6] = ["id", "created_by_ref", "created", "modified", "object_marking_refs", "spec_version"];

/// Whether a version that is revoked says nothing but what the version before said, and that it is revoked.
#[must_use]
pub fn revokes_alone(before: &[u8], revoked: &[u8]) -> bool {
    let bare = |bytes| bare(bytes, &CHANGED);
    let (before, revoked) = (bare(before), bare(revoked));
    before.is_some() && before == revoked
}

/// The objects that a note recalls; `None` where it is no note of a recall, or says more than that.
#[must_use]
pub fn recalled(note: &[u8]) -> Option<(String, Vec<ObjectKey>)> {
    let object = parse(note, &Limits::default()).ok()?;
    let reason = object.get("content")?.as_str()?.to_owned();
    let refs: Vec<String> = object
        .get("object_refs")?
        .as_array()?
        .iter()
        .map(|id| id.as_str().map(str::to_owned))
        .collect::<Option<_>>()?;
    let by = Speaker { identity: None, now: Timestamp(0), uuid: uuid::Uuid::nil(), tlp: model::Tlp::Red };
    let alike = bare(note, &OWN)? == bare(&recall_note(by, &reason, &refs), &OWN)?;
    let objects = refs.iter().map(|id| ObjectKey::parse(id)).collect::<Option<Vec<_>>>()?;
    (alike && !objects.is_empty()).then_some((reason, objects))
}

/// Whether an object may be such a note, by what is indexed of it.
#[must_use]
pub fn may_recall(kind: &str, names: &[String]) -> bool {
    kind == "note" && names.iter().any(|name| name == RECALL)
}

// What an object says without these properties, in the form that is equal for equal content.
fn bare(bytes: &[u8], without: &[&str]) -> Option<Vec<u8>> {
    let object = parse(bytes, &Limits::default()).ok()?;
    let mut object = object.as_object()?.clone();
    for property in without {
        object.remove(property);
    }
    Some(canonical(&Node::from(object)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revocation_says_nothing_new() {
        let before =
            r#"{"type":"tool","id":"tool--1","modified":"a","name":"n","object_marking_refs":["x"]}"#;
        let revoked =
            |rest: &str| format!(r#"{{"id":"tool--1","type":"tool","modified":"b","revoked":true{rest}}}"#);
        assert!(revokes_alone(before.as_bytes(), revoked(r#","name":"n""#).as_bytes()));
        for rest in [r#","name":"m""#, "", r#","name":"n","description":"d""#] {
            assert!(!revokes_alone(before.as_bytes(), revoked(rest).as_bytes()), "{rest}");
        }
        assert!(!revokes_alone(b"no json", b"no json"));
    }

    #[test]
    fn a_note_of_a_recall_has_its_reason_and_its_objects_and_nothing_else() {
        let id = "tool--00000000-0000-4000-8000-000000000001".to_owned();
        let by = Speaker {
            identity: Some("identity--00000000-0000-4000-8000-000000000002"),
            now: Timestamp(1_788_220_800_000_000),
            uuid: uuid::Uuid::from_u128(7),
            tlp: model::Tlp::Green,
        };
        let note = String::from_utf8(recall_note(by, "wrong", std::slice::from_ref(&id))).unwrap();
        let key = ObjectKey::parse(&id).unwrap();
        assert_eq!(recalled(note.as_bytes()), Some(("wrong".to_owned(), vec![key])));
        for (from, to) in [
            ("recalled: do not", "do"),
            ("{\"type\"", "{\"x_more\":1,\"type\""),
            ("\"external_id\":\"recall\"", "\"external_id\":\"recall\",\"url\":\"https://a.example\""),
            (id.as_str(), "no id"),
        ] {
            assert!(note.contains(from), "{from}");
            assert_eq!(recalled(note.replace(from, to).as_bytes()), None, "{from}");
        }
        assert_eq!(recalled(recall_note(by, "wrong", &[]).as_slice()), None);
    }
}
