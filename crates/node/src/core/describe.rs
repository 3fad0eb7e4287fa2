//! What to call an object: the best short text for it, by its type.

use std::borrow::Cow;

use model::Timestamp;
use strictjson::Node;

/// Longest text, in characters. What is longer ends in an ellipsis.
const MAX_CHARACTERS: usize = 200;

/// What summaries need of an object beside what the store keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// Name, value or pattern: the best short text.
    pub name: String,
    /// Revoked by its author.
    pub revoked: bool,
    /// `valid_from`, as written.
    pub valid_from: Option<String>,
    /// `valid_until`, as written.
    pub valid_until: Option<String>,
}

impl Description {
    /// Reads an object.
    #[must_use]
    pub fn of(object: &Node<'_>) -> Description {
        let owned = |key: &str| object.get(key).and_then(Node::as_str).map(str::to_owned);
        Description {
            name: name(object),
            revoked: object.get("revoked").and_then(Node::as_bool).unwrap_or(false),
            valid_from: owned("valid_from"),
            valid_until: owned("valid_until"),
        }
    }

    /// Valid at `now`: not revoked, begun, not ended (STIX 2.1 §4.7.1: `valid_until` is no longer valid). An object
    /// that says nothing of its validity is valid until it is revoked. Decided when asked, never stored.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        let time = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
        !self.revoked
            && time(&self.valid_from).is_none_or(|from| from <= now)
            && time(&self.valid_until).is_none_or(|until| now < until)
    }
}

/// What a relationship says, by the ids of its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// `source_ref`.
    pub source: String,
    /// `relationship_type`.
    pub kind: String,
    /// `target_ref`.
    pub target: String,
}

impl Relation {
    /// Reads a relationship; `None` where a part of it is not there, or not for this reader.
    #[must_use]
    pub fn of(object: &Node<'_>) -> Option<Relation> {
        let owned = |key| text(object, key).map(Cow::into_owned);
        Some(Relation {
            source: owned("source_ref")?,
            kind: owned("relationship_type")?,
            target: owned("target_ref")?,
        })
    }

    /// The best short text for it, with the names of its source and its target.
    #[must_use]
    pub fn name(&self, [source, target]: &[String; 2]) -> String {
        one_line(&format!("{source} {} {target}", self.kind))
    }
}

/// The best short text for an object, at most `MAX_CHARACTERS` characters in one line.
#[must_use]
pub fn name(object: &Node<'_>) -> String {
    let kind = text(object, "type").unwrap_or_default();
    let by_type = match kind.as_ref() {
        "file" => first(object, &["name"]).or_else(|| hash(object)),
        "artifact" => {
            first(object, &["url"]).or_else(|| hash(object)).or_else(|| first(object, &["mime_type"]))
        }
        "x509-certificate" => first(object, &["subject", "serial_number"]).or_else(|| hash(object)),
        "autonomous-system" => autonomous_system(object),
        "directory" => first(object, &["path"]),
        "email-message" => first(object, &["subject"]),
        "process" => first(object, &["command_line"]).or_else(|| number(object, "pid", "process ")),
        "user-account" => first(object, &["account_login", "display_name", "user_id"]),
        "windows-registry-key" => first(object, &["key"]),
        "software" => software(object),
        "network-traffic" => network_traffic(object),
        "relationship" => relationship(object),
        "sighting" => reference(object, "sighting_of_ref").map(|of| format!("sighting of {of}")),
        "note" => first(object, &["abstract", "content"]),
        "opinion" => first(object, &["opinion"]),
        "observed-data" => observed_data(object),
        "language-content" => text(object, "object_ref").map(|of| format!("language content for {of}")),
        "marking-definition" => marking(object),
        _ => None,
    };
    let text = by_type
        .or_else(|| first(object, &["name", "value", "pattern"]))
        .or_else(|| first(object, &["id"]))
        .unwrap_or_default();
    one_line(&text)
}

fn text<'n>(object: &'n Node<'_>, key: &str) -> Option<Cow<'n, str>> {
    object.get(key).and_then(Node::as_str).filter(|text| !text.trim().is_empty()).map(Cow::Borrowed)
}

fn first(object: &Node<'_>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| text(object, key)).map(Cow::into_owned)
}

fn number(object: &Node<'_>, key: &str, before: &str) -> Option<String> {
    object.get(key).and_then(Node::as_number).map(|number| format!("{before}{}", number.text))
}

// The strongest of the hashes, else the first that there is.
fn hash(object: &Node<'_>) -> Option<String> {
    let hashes = object.get("hashes")?;
    let strongest = ["SHA-512", "SHA-256", "SHA3-512", "SHA3-256", "SHA-1", "MD5"];
    first(hashes, &strongest)
        .or_else(|| hashes.as_object()?.iter().find_map(|member| member.node.as_str().map(str::to_owned)))
}

fn autonomous_system(object: &Node<'_>) -> Option<String> {
    let number = number(object, "number", "AS")?;
    Some(text(object, "name").map_or(number.clone(), |name| format!("{number} {name}")))
}

fn software(object: &Node<'_>) -> Option<String> {
    let name = text(object, "name")?;
    Some(text(object, "version").map_or(name.to_string(), |version| format!("{name} {version}")))
}

fn network_traffic(object: &Node<'_>) -> Option<String> {
    let protocols = object.get("protocols")?.as_array()?;
    let protocols: Vec<&str> = protocols.iter().filter_map(Node::as_str).collect();
    let port = |key| number(object, key, ":").unwrap_or_default();
    let end = |key| reference(object, key).unwrap_or_default();
    let (from, to) = (end("src_ref") + &port("src_port"), end("dst_ref") + &port("dst_port"));
    let to = if to.is_empty() { to } else { format!("to {to}") };
    Some(format!("{} {from} {to}", protocols.join("/")))
}

fn relationship(object: &Node<'_>) -> Option<String> {
    let kind = text(object, "relationship_type")?;
    let (source, target) = (reference(object, "source_ref")?, reference(object, "target_ref")?);
    Some(format!("{source} {kind} {target}"))
}

// The type of what is referred to. Its name belongs to another statement, which this reader may not see.
fn reference(object: &Node<'_>, key: &str) -> Option<String> {
    text(object, key)?.split_once("--").map(|(kind, _)| kind.to_owned())
}

fn observed_data(object: &Node<'_>) -> Option<String> {
    let count = object.get("object_refs").and_then(Node::as_array).map(<[_]>::len);
    let count =
        count.or_else(|| object.get("objects").and_then(Node::as_object).map(|objects| objects.len()));
    count.map(|count| format!("observation of {count} object{}", if count == 1 { "" } else { "s" }))
}

fn marking(object: &Node<'_>) -> Option<String> {
    let definition = object.get("definition");
    first(object, &["name"])
        .or_else(|| first(definition?, &["statement"]))
        .or_else(|| text(definition?, "tlp").map(|tlp| format!("TLP:{}", tlp.to_ascii_uppercase())))
}

fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(4 * MAX_CHARACTERS));
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut characters = 0;
    for word in words {
        for c in (characters > 0).then_some(' ').into_iter().chain(word.chars()) {
            if characters == MAX_CHARACTERS {
                line.pop();
                line.push('…');
                return line;
            }
            line.push(c);
            characters += 1;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use strictjson::{Limits, parse};

    fn described(json: &str) -> Description {
        Description::of(&parse(json.as_bytes(), &Limits::default()).unwrap())
    }

    #[test]
    fn every_type_has_its_best_text() {
        for (json, name) in [
            (r#"{"type":"malware","name":"Emotet","id":"malware--x"}"#, "Emotet"),
            (r#"{"type":"indicator","pattern":"[a:b = 1]","name":" "}"#, "[a:b = 1]"),
            (r#"{"type":"indicator","pattern":"[a:b = 1]","name":"C2"}"#, "C2"),
            (r#"{"type":"ipv4-addr","value":"192.0.2.1"}"#, "192.0.2.1"),
            (r#"{"type":"file","hashes":{"MD5":"m","SHA-256":"s"}}"#, "s"),
            (r#"{"type":"file","hashes":{"TLSH":"t"}}"#, "t"),
            (r#"{"type":"file","name":"a.exe","hashes":{"MD5":"m"}}"#, "a.exe"),
            (r#"{"type":"autonomous-system","number":64512,"name":"Example"}"#, "AS64512 Example"),
            (r#"{"type":"process","pid":7}"#, "process 7"),
            (r#"{"type":"software","name":"Word","version":"16"}"#, "Word 16"),
            (
                r#"{"type":"network-traffic","protocols":["ipv4","tcp"],"dst_ref":"ipv4-addr--1","dst_port":80}"#,
                "ipv4/tcp to ipv4-addr:80",
            ),
            (
                r#"{"type":"relationship","relationship_type":"uses","source_ref":"tool--1","target_ref":"malware--2"}"#,
                "tool uses malware",
            ),
            (r#"{"type":"sighting","sighting_of_ref":"indicator--1"}"#, "sighting of indicator"),
            (r#"{"type":"note","content":"a\n\n b\u0000c"}"#, "a b c"),
            (r#"{"type":"observed-data","object_refs":["a--1"]}"#, "observation of 1 object"),
            (r#"{"type":"marking-definition","definition":{"tlp":"amber"}}"#, "TLP:AMBER"),
            (r#"{"type":"x-custom","id":"x-custom--1"}"#, "x-custom--1"),
            (r#"{"type":5,"name":7}"#, ""),
            ("[]", ""),
        ] {
            assert_eq!(described(json).name, name, "{json}");
        }
    }

    #[test]
    fn long_text_is_cut() {
        let long = "é".repeat(MAX_CHARACTERS + 1);
        let cut = described(&format!(r#"{{"type":"note","content":"{long}"}}"#)).name;
        assert_eq!(cut.chars().count(), MAX_CHARACTERS);
        assert!(cut.ends_with("é…"));
        let whole = "é".repeat(MAX_CHARACTERS);
        assert_eq!(described(&format!(r#"{{"type":"note","content":"{whole}"}}"#)).name, whole);
    }

    #[test]
    fn active_is_not_revoked_begun_and_not_ended() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-06-01T00:00:00Z");
        for (json, active) in [
            ("{}", true),
            (r#"{"revoked":true}"#, false),
            (r#"{"revoked":false,"valid_from":"2026-06-01T00:00:00Z"}"#, true),
            (r#"{"valid_from":"2026-06-01T00:00:00.001Z"}"#, false),
            (r#"{"valid_until":"2026-06-01T00:00:00Z"}"#, false),
            (r#"{"valid_until":"2026-06-01T00:00:00.000001Z"}"#, true),
        ] {
            assert_eq!(described(json).is_active(now), active, "{json}");
        }
    }
}
