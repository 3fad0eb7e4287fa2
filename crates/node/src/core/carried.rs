//! What a full export adds to each object, so that one can leave with it: label and source, in an extension of ours.
//!
//! The extension is put in as the last member, and [`taken`] takes exactly those bytes out again, so that an import of
//! an export finds the statements that it knows, byte for byte.

use model::{Hidden, Label, MemberId, Origin, PermittedActions, Timestamp, Tlp};
use strictjson::{Limits, Node, Object};

/// The id of our property extension. docs/formats.md describes it.
pub const EXTENSION: &str = "extension-definition--7f7c855d-874a-43f2-b391-eb7f4e1f6f7b";

/// What is carried with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Its TLP.
    pub tlp: Tlp,
    /// What parts of it ask for beyond that, under other markings than TLP's, as far as the reader sees them.
    pub parts: Option<Tlp>,
    /// It is for some by name, or embargoed.
    pub named: bool,
    /// What recipients may do with it (IEP 2.0, `permitted_actions`).
    pub actions: PermittedActions,
    /// The policies of the reader's circles that it was said to, each as IEP 2.0 JSON.
    pub policies: Vec<String>,
    /// When it was added.
    pub date_added: Timestamp,
    /// The member that said it, by id and name, where its origin is shown.
    pub source: Option<(MemberId, String)>,
    /// It is a claim: the id is bound to another member.
    pub claim: bool,
    /// Its whole label, for the label's author alone: others are not told whom else it names. Of parts, the object's own
    /// markings tell, as far as he sees them.
    pub label: Option<Label>,
}

impl Carried {
    /// What this reader is told of a label, of which these parts are hidden from him.
    #[must_use]
    pub fn of(
        (label, hidden): (&Label, Option<Hidden>),
        reader: Option<MemberId>,
        date_added: Timestamp,
        claim: bool,
        name: &str,
    ) -> Carried {
        let author = reader == Some(label.author);
        let told = author || label.origin == Origin::Shown;
        Carried {
            tlp: label.tlp,
            parts: label
                .parts
                .and_then(|parts| parts.others)
                .filter(|_| !hidden.is_some_and(|hidden| hidden.others)),
            named: !label.recipients.is_empty() || label.embargo.is_some(),
            actions: label.actions,
            policies: Vec::new(),
            date_added,
            source: told.then(|| (label.author, name.to_owned())),
            claim,
            label: author.then(|| Label { parts: None, ..label.clone() }),
        }
    }

    fn to_node(&self) -> Node<'static> {
        let mut object = Object::new();
        object.push("extension_type", "property-extension");
        object.push("tlp", self.tlp.to_string());
        if let Some(parts) = self.parts {
            object.push("parts", parts.to_string());
        }
        if self.named {
            object.push("named", true);
        }
        if let Some(actions) = self.actions.narrowed() {
            object.push("permitted_actions", actions);
        }
        let limits = Limits::default();
        let policies = self.policies.iter().map(|policy| strictjson::parse(policy.as_bytes(), &limits));
        let policies: Vec<Node<'static>> = policies.flatten().map(Node::into_owned).collect();
        if !policies.is_empty() {
            object.push("policies", policies.into_iter().collect::<Node<'_>>());
        }
        object.push("date_added", self.date_added.to_string());
        if let Some((id, name)) = &self.source {
            let mut source = Object::new();
            source.push("id", id.to_string());
            source.push("name", name.clone());
            object.push("source", source);
        }
        if self.claim {
            object.push("claim", true);
        }
        if let Some(label) = &self.label {
            object.push("label", String::from_utf8(label.canonical()).unwrap_or_default());
        }
        object.into()
    }

    fn from_node(node: &Node<'_>) -> Option<Carried> {
        let text = |key: &str| node.get(key).and_then(Node::as_str);
        let source = node.get("source").and_then(|source| {
            let id = source.get("id")?.as_str()?.parse().ok()?;
            Some((id, source.get("name")?.as_str()?.to_owned()))
        });
        Some(Carried {
            tlp: text("tlp")?.parse().ok()?,
            parts: match text("parts") {
                Some(parts) => Some(parts.parse().ok()?),
                None => None,
            },
            named: node.get("named").and_then(Node::as_bool).unwrap_or(false),
            actions: match text("permitted_actions") {
                Some(word) => PermittedActions::named(word)?,
                None => PermittedActions::default(),
            },
            policies: {
                let policies = node.get("policies").and_then(Node::as_array).unwrap_or_default();
                let text = |policy: &Node<'_>| {
                    let mut text = Vec::new();
                    strictjson::write::node(&mut text, policy);
                    String::from_utf8(text).unwrap_or_default()
                };
                policies.iter().map(text).collect()
            },
            date_added: text("date_added")?.parse().ok()?,
            source,
            claim: node.get("claim").and_then(Node::as_bool).unwrap_or(false),
            label: text("label").and_then(|label| Label::from_canonical(label.as_bytes())),
        })
    }
}

/// Appends an object with what is carried in it. What is no JSON object is appended as it is.
pub fn write(out: &mut Vec<u8>, object: &[u8], carried: &Carried) {
    let Some((before, within)) = place(object) else {
        out.extend_from_slice(object);
        return;
    };
    let (head, tail) = object.split_at_checked(before).unwrap_or((object, &[]));
    out.extend_from_slice(head);
    match within {
        Within::Object => out.extend_from_slice(b",\"extensions\":{"),
        Within::Extensions { empty: false } => out.push(b','),
        Within::Extensions { empty: true } => {}
    }
    strictjson::write::string(out, EXTENSION);
    out.push(b':');
    strictjson::write::node(out, &carried.to_node());
    if matches!(within, Within::Object) {
        out.push(b'}');
    }
    out.extend_from_slice(tail);
}

enum Within {
    /// There are no extensions yet.
    Object,
    /// Among the others.
    Extensions { empty: bool },
}

// Where to put the extension: before the brace that closes `extensions`, else before the one that closes the object.
fn place(object: &[u8]) -> Option<(usize, Within)> {
    let node = strictjson::parse(object, &Limits::default()).ok()?;
    let members = node.as_object().filter(|members| !members.is_empty())?;
    match members.get("extensions") {
        Some(extensions) => {
            let empty = extensions.as_object()?.is_empty();
            Some((extensions.span.end.checked_sub(1)?, Within::Extensions { empty }))
        }
        None => Some((node.span.end.checked_sub(1)?, Within::Object)),
    }
}

/// Takes out what [`write()`] put in: the object as it was, and what was carried. `None` where nothing of ours is in it.
#[must_use]
pub fn taken(bytes: &[u8], object: &Node<'_>) -> Option<(Vec<u8>, Carried)> {
    let extensions = object.get("extensions")?.as_object()?;
    let ours = extensions.iter().find(|member| member.key == EXTENSION)?;
    let carried = Carried::from_node(&ours.node)?;
    // Alone among the extensions, it brought `extensions` along.
    let member = match extensions.len() {
        1 => object.as_object()?.iter().find(|member| member.key == "extensions")?,
        _ => ours,
    };
    let base = object.span.start;
    let (start, end) = (member.key_span.start.checked_sub(base)?, member.node.span.end.checked_sub(base)?);
    let slice = bytes.get(object.span.start..object.span.end).unwrap_or(bytes);
    let head = slice.get(..start)?;
    // Programs that lay objects out anew put space behind the comma; a label is not lost for that.
    let (head, tail) = match head.trim_ascii_end().strip_suffix(b",") {
        Some(head) => (head, slice.get(end..)?),
        // Somebody moved it to the front: then the comma is behind it.
        None => (head, slice.get(end..)?.trim_ascii_start().strip_prefix(b",")?),
    };
    Some(([head, tail].concat(), carried))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Parts, Recipients};
    use uuid::Uuid;

    fn carried(reader: u128, origin: Origin) -> Carried {
        let mut label = Label::new(MemberId(Uuid::from_u128(1)), Tlp::AmberStrict);
        label.origin = origin;
        label.actions = PermittedActions::InternallyVisible;
        label.parts = Some(Parts { strictest: Tlp::Red, others: Some(Tlp::Red) });
        label.recipients =
            Recipients { members: vec![MemberId(Uuid::from_u128(7))], ..Recipients::default() };
        Carried::of((&label, None), Some(MemberId(Uuid::from_u128(reader))), Timestamp(5), true, "CERT \"A\"")
    }

    #[test]
    fn what_is_put_in_is_taken_out() {
        for object in [
            r#"{"type":"a"}"#,
            r#"{"type":"a", "extensions" : {"e--1":{"x":1}} ,"z":[1.50, "é"]}"#,
            "{ \"type\": \"a\"\n }",
        ] {
            for carried in
                [carried(1, Origin::Withheld), carried(7, Origin::Shown), carried(7, Origin::Withheld)]
            {
                let mut written = Vec::new();
                write(&mut written, object.as_bytes(), &carried);
                let node = strictjson::parse(&written, &Limits::default()).unwrap();
                let (back, found) = taken(&written, &node).unwrap();
                assert_eq!(String::from_utf8(back).unwrap(), object);
                assert_eq!(found, carried);
            }
        }
    }

    #[test]
    fn an_object_that_carries_it_conforms_to_the_standard() {
        for object in [
            r#"{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4","value":"198.51.100.3"}"#,
            stix::tlp::MARKINGS[6].object,
        ] {
            let mut written = Vec::new();
            write(&mut written, object.as_bytes(), &carried(1, Origin::Shown));
            let node = strictjson::parse(&written, &Limits::default()).unwrap();
            let checked = stix::check(&node, &stix::Limits::default());
            assert!(checked.is_acceptable(), "{:?}", checked.findings);
        }
    }

    #[test]
    fn it_is_taken_out_within_a_bundle_too() {
        let mut written = b"{\"objects\":[ ".to_vec();
        write(&mut written, br#"{"type":"a"}"#, &carried(1, Origin::Shown));
        written.extend_from_slice(b"]}");
        let node = strictjson::parse(&written, &Limits::default()).unwrap();
        let (back, _) = taken(&written, node.pointer("/objects/0").unwrap()).unwrap();
        assert_eq!(back, br#"{"type":"a"}"#);
    }

    #[test]
    fn nobody_but_the_author_is_told_whom_a_label_names() {
        let text = |carried: Carried| {
            let mut written = Vec::new();
            write(&mut written, br#"{"type":"a"}"#, &carried);
            String::from_utf8(written).unwrap()
        };
        let seven = Uuid::from_u128(7).to_string();
        let one = Uuid::from_u128(1).to_string();
        assert!(text(carried(1, Origin::Withheld)).contains(&seven));
        let shown = text(carried(7, Origin::Shown));
        assert!(!shown.contains(&seven) && shown.contains(&one) && shown.contains("CERT"));
        let withheld = text(carried(7, Origin::Withheld));
        assert!(
            !withheld.contains(&one) && !withheld.contains("CERT") && withheld.contains("TLP:AMBER+STRICT")
        );
    }

    #[test]
    fn nothing_tells_of_parts_that_are_hidden() {
        let author = MemberId(Uuid::from_u128(1));
        let label = |others| Label {
            parts: Some(Parts { strictest: Tlp::Red, others }),
            ..Label::new(author, Tlp::Green)
        };
        let of = |label: &Label, hidden| Carried::of((label, hidden), Some(author), Timestamp(5), false, "A");
        let hidden = |others| Some(Hidden { above: Tlp::Green, others });
        assert_eq!(of(&label(Some(Tlp::Red)), hidden(true)).parts, None);
        let plain = Some(Label::new(author, Tlp::Green));
        assert_eq!(of(&label(Some(Tlp::Red)), hidden(true)).label, plain);
        assert_eq!(of(&label(Some(Tlp::Amber)), hidden(false)).parts, Some(Tlp::Amber));
        assert_eq!(of(&label(None), None).label, plain);
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        for object in [r#"{"type":"a"}"#, r#"{"extensions":{"e--1":{}}}"#, "[]", "{}"] {
            let node = strictjson::parse(object.as_bytes(), &Limits::default()).unwrap();
            assert!(taken(object.as_bytes(), &node).is_none());
        }
        let mut written = Vec::new();
        write(&mut written, b"[]", &carried(1, Origin::Shown));
        assert_eq!(written, b"[]");
    }
}
