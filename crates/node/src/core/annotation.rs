//! What a member says about an object, as a STIX 2.1 object of its own.
//!
//! | said | of one's own object | of anything else |
//! |---|---|---|
//! | note | `note` | `note` |
//! | opinion | `opinion` | `opinion` |
//! | seen | `sighting` | `sighting` |
//! | tags | a new version with more `labels` | `note` whose `labels` are the tags |
//! | revoke | a new version with `revoked` | `opinion` `strongly-disagree`, labelled `revoke` |
//!
//! "One's own" is what one's member said, in a version that can have a next one: versioned, and not revoked (STIX 2.1
//! §3.6: only the creator makes versions, and none after a revocation), and of which the speaker sees every part. So whatever is said is a plain STIX object, and
//! an export carries it to any other product.

use model::{Timestamp, Tlp};
use strictjson::{Node, Object};
use uuid::Uuid;

use crate::{Annotation, Error, Kind, Sighted};

/// Longest note or explanation, in bytes.
const MAX_TEXT: usize = 64 << 10;
/// The greatest count of a sighting (STIX 2.1 §5.2).
const COUNT: u64 = 999_999_999;
/// Most tags at once.
const MAX_TAGS: usize = 100;
/// Longest tag, in bytes.
const MAX_TAG: usize = 250;
/// What an opinion may say (STIX 2.1 §10.16).
const OPINIONS: [&str; 5] = ["strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"];

/// What is spoken of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its id.
    pub id: &'a str,
    /// The greatest version of it that the speaker's member said, else that he sees.
    pub object: &'a Node<'a>,
    /// The speaker's member said it.
    pub own: bool,
}

/// Who speaks, and what a pure function cannot know.
#[derive(Debug, Clone, Copy)]
pub struct Speaker<'a> {
    /// The STIX identity of his member; `None` for what is said without a name.
    pub identity: Option<&'a str>,
    /// The time.
    pub now: Timestamp,
    /// A random UUID, for a new object.
    pub uuid: Uuid,
    /// The label of what he says.
    pub tlp: Tlp,
}

/// Makes the object that says it.
///
/// # Errors
/// [`Kind::Invalid`] for a text, an opinion or a tag that cannot be said; [`Kind::Conflict`] where it is said already.
pub fn statement(annotation: &Annotation, subject: Subject<'_>, by: Speaker<'_>) -> Result<Vec<u8>, Error> {
    let next = subject.own && subject.object.get("modified").is_some() && !is_revoked(subject.object);
    let object = match annotation {
        Annotation::Note(content) => note(subject, by, &text("a note", content)?, &[]),
        Annotation::Opinion(opinion, why) => opinion_of(subject, by, opinion, why.as_deref())?,
        Annotation::Sighting(sighted) => sighting(subject, by, sighted)?,
        Annotation::Tags(tags) => {
            let tags = checked_tags(tags)?;
            if next { tagged(subject, by, tags)? } else { note(subject, by, &tags.join(", "), &tags) }
        }
        Annotation::Revoke if next => {
            let mut object = version_after(subject, by)?;
            object.set("revoked", true);
            object
        }
        Annotation::Revoke if subject.own && is_revoked(subject.object) => {
            return Err(Error::new(Kind::Conflict, format!("`{}` is revoked already", subject.id)));
        }
        Annotation::Revoke if subject.own => {
            return Err(Error::new(
                Kind::Invalid,
                format!("`{}` has no versions, so none can be revoked", subject.id),
            )
            .hint("withdraw it instead"));
        }
        Annotation::Revoke => {
            let mut object = opinion_of(subject, by, "strongly-disagree", Some("This should be revoked."))?;
            object.push("labels", [REVOKE].into_iter().collect::<Node<'_>>());
            object
        }
    };
    let mut bytes = Vec::new();
    strictjson::write::node(&mut bytes, &object.into());
    Ok(bytes)
}

/// The tag of an opinion that says that an object should be revoked.
pub const REVOKE: &str = "revoke";

/// The external id of a note that says that objects are recalled. No tag: a circle's vocabulary may have no such word.
pub const RECALL: &str = "recall";

/// Makes the note that says that objects are recalled, and why.
#[must_use]
pub fn recall_note(by: Speaker<'_>, reason: &str, objects: &[String]) -> Vec<u8> {
    let mut object = new_object("note", by);
    let mut reference = Object::new();
    reference.push("source_name", "accord");
    reference.push("external_id", RECALL);
    object.push("external_references", [reference].into_iter().collect::<Node<'_>>());
    object.push("abstract", "recalled: do not use these any more");
    object.push("content", reason.to_owned());
    object.push("object_refs", objects.iter().cloned().collect::<Node<'_>>());
    let mut bytes = Vec::new();
    strictjson::write::node(&mut bytes, &object.into());
    bytes
}

/// Why objects are recalled, where that is what an object says.
#[must_use]
pub fn recalled(object: &Node<'_>) -> Option<String> {
    let references = object.get("external_references").and_then(Node::as_array).unwrap_or_default();
    let says = |name: &str, text: &str| {
        references.iter().any(|one| one.get(name).and_then(Node::as_str) == Some(text))
    };
    let is_recall = object.get("type").and_then(Node::as_str) == Some("note")
        && says("source_name", "accord")
        && says("external_id", RECALL);
    is_recall.then(|| object.get("content").and_then(Node::as_str).unwrap_or_default().to_owned())
}

fn is_revoked(object: &Node<'_>) -> bool {
    object.get("revoked").and_then(Node::as_bool).unwrap_or(false)
}

fn note<'a>(subject: Subject<'a>, by: Speaker<'a>, content: &str, labels: &[String]) -> Object<'a> {
    let mut object = new_object("note", by);
    if !labels.is_empty() {
        object.push("labels", labels.iter().cloned().collect::<Node<'_>>());
    }
    object.push("content", content.to_owned());
    object.push("object_refs", [subject.id].into_iter().collect::<Node<'_>>());
    object
}

fn opinion_of<'a>(
    subject: Subject<'a>,
    by: Speaker<'a>,
    opinion: &str,
    why: Option<&str>,
) -> Result<Object<'a>, Error> {
    if !OPINIONS.contains(&opinion) {
        let message = format!("`{opinion}` is no opinion: use {}", OPINIONS.join(", "));
        return Err(Error::new(Kind::Invalid, message));
    }
    let mut object = new_object("opinion", by);
    if let Some(why) = why {
        object.push("explanation", text("an explanation", why)?);
    }
    object.push("opinion", opinion.to_owned());
    object.push("object_refs", [subject.id].into_iter().collect::<Node<'_>>());
    Ok(object)
}

fn sighting<'a>(subject: Subject<'a>, by: Speaker<'a>, sighted: &Sighted) -> Result<Object<'a>, Error> {
    let last = sighted.last.unwrap_or(by.now);
    let first = sighted.first.unwrap_or(last);
    let count = sighted.count.unwrap_or(1);
    if first > last || last > by.now {
        return Err(Error::new(
            Kind::Invalid,
            "it was seen first before it was seen last, and that not in the future",
        ));
    }
    if !(1..=COUNT).contains(&count) {
        return Err(Error::new(Kind::Invalid, format!("`count` is 1 to {COUNT}")));
    }
    let mut object = new_object("sighting", by);
    if let Some(context) = &sighted.context {
        object.push("description", text("a context", context)?);
    }
    object.push("first_seen", first.millis_text());
    object.push("last_seen", last.millis_text());
    object.push("count", u32::try_from(count).unwrap_or(1));
    object.push("sighting_of_ref", subject.id);
    if let (Some(_), Some(identity)) = (&sighted.context, by.identity) {
        object.push("where_sighted_refs", [identity].into_iter().collect::<Node<'_>>());
    }
    Ok(object)
}

/// What was seen of an indicator within a day.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    /// The UUID of the indicator's id.
    pub of: Uuid,
    /// When the day begins: when the sighting was created, so that each version of it says the same.
    pub begins: Timestamp,
    /// When it was seen first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// How often.
    pub count: u64,
    /// What is told beside that; then also by whom it was seen.
    pub context: Option<&'a str>,
}

/// Makes the sighting of a day, under an id that the speaker brings.
#[must_use]
pub fn window_sighting(by: Speaker<'_>, window: &Window<'_>) -> Vec<u8> {
    let mut object = new_object("sighting", by);
    object.set("created", window.begins.millis_text());
    if let Some(context) = window.context {
        object.push("description", context.to_owned());
    }
    object.push("first_seen", window.first.millis_text());
    object.push("last_seen", window.last.millis_text());
    object.push("count", u32::try_from(window.count.min(COUNT)).unwrap_or(1));
    object.push("sighting_of_ref", format!("indicator--{}", window.of.hyphenated()));
    if let (Some(_), Some(identity)) = (window.context, by.identity) {
        object.push("where_sighted_refs", [identity].into_iter().collect::<Node<'_>>());
    }
    let mut bytes = Vec::new();
    strictjson::write::node(&mut bytes, &object.into());
    bytes
}

fn tagged<'a>(subject: Subject<'a>, by: Speaker<'a>, tags: Vec<String>) -> Result<Object<'a>, Error> {
    let labels = subject.object.get("labels").and_then(Node::as_array).unwrap_or_default();
    let mut labels: Vec<String> = labels.iter().filter_map(Node::as_str).map(str::to_owned).collect();
    let before = labels.len();
    labels.extend(tags);
    // Those that are there keep their places: a granular marking may select one by it.
    let mut at = 0;
    let mut seen = std::collections::HashSet::new();
    labels.retain(|label| {
        at += 1;
        seen.insert(label.clone()) || at <= before
    });
    if labels.len() <= before {
        return Err(Error::new(Kind::Conflict, format!("`{}` has these tags already", subject.id)));
    }
    let mut object = version_after(subject, by)?;
    object.set("labels", labels.into_iter().collect::<Node<'_>>());
    Ok(object)
}

fn new_object<'a>(kind: &'static str, by: Speaker<'a>) -> Object<'a> {
    let now = by.now.millis_text();
    let mut object = Object::new();
    object.push("type", kind);
    object.push("spec_version", "2.1");
    object.push("id", format!("{kind}--{}", by.uuid.hyphenated()));
    if let Some(identity) = by.identity {
        object.push("created_by_ref", identity);
    }
    object.push("created", now.clone());
    object.push("modified", now);
    object.push("object_marking_refs", [marking(by.tlp)].into_iter().collect::<Node<'_>>());
    object
}

// The next version of an object: the same, later, and under no lower a label than it will be submitted with.
fn version_after<'a>(subject: Subject<'a>, by: Speaker<'a>) -> Result<Object<'a>, Error> {
    let Some(object) = subject.object.as_object() else {
        return Err(Error::new(Kind::Internal, "a stored object is no JSON object"));
    };
    let mut object = object.clone();
    let before =
        object.get("modified").and_then(Node::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    object.set("modified", later(before.unwrap_or(Timestamp::MIN), by.now).millis_text());
    let marked = object.get("object_marking_refs").and_then(Node::as_array).unwrap_or_default();
    let marked: Vec<String> = marked.iter().filter_map(Node::as_str).map(str::to_owned).collect();
    if marked.iter().filter_map(|id| level(id)).max() != Some(by.tlp) {
        let others = marked.into_iter().filter(|id| level(id).is_none());
        let markings = others.chain([marking(by.tlp).to_owned()]).collect::<Node<'_>>();
        object.set("object_marking_refs", markings);
    }
    Ok(object)
}

// A whole millisecond, now or just after the version before.
fn later(before: Timestamp, now: Timestamp) -> Timestamp {
    let millisecond = |at: i64| at.div_euclid(1_000) * 1_000;
    Timestamp(millisecond(now.0).max(millisecond(before.0).saturating_add(1_000)))
}

fn text(what: &str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::new(Kind::Invalid, format!("{what} must not be empty")));
    }
    if text.len() > MAX_TEXT {
        return Err(Error::new(Kind::TooLarge, format!("{what} is at most {MAX_TEXT} bytes long")));
    }
    Ok(text.to_owned())
}

fn checked_tags(tags: &[String]) -> Result<Vec<String>, Error> {
    if tags.is_empty() || tags.len() > MAX_TAGS {
        return Err(Error::new(Kind::Invalid, format!("between 1 and {MAX_TAGS} tags can be set at once")));
    }
    let mut checked: Vec<String> = Vec::new();
    for tag in tags {
        let tag = tag.trim();
        check_tag(tag).map_err(|why| Error::new(Kind::Invalid, format!("`{tag}` is no tag: {why}")))?;
        if !checked.iter().any(|have| have == tag) {
            checked.push(tag.to_owned());
        }
    }
    Ok(checked)
}

/// Whether a text can be a tag: a plain word or phrase, `namespace:predicate`, or `namespace:predicate="value"`.
///
/// # Errors
/// Why not.
pub fn check_tag(tag: &str) -> Result<(), &'static str> {
    if tag.is_empty() || tag.len() > MAX_TAG {
        return Err("it is empty or longer than 250 bytes");
    }
    if tag.chars().any(char::is_control) {
        return Err("it holds control characters");
    }
    if tag.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("tlp:")) {
        return Err("a label is not set by a tag");
    }
    if !tag.contains('"') {
        return Ok(());
    }
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    let machine = tag
        .split_once(':')
        .and_then(|(namespace, rest)| Some((namespace, rest.split_once("=\"")?)))
        .and_then(|(namespace, (predicate, value))| Some((namespace, predicate, value.strip_suffix('"')?)));
    match machine {
        Some((namespace, predicate, value)) if word(namespace) && word(predicate) && !value.contains('"') => {
            Ok(())
        }
        _ => Err("a machine tag is written namespace:predicate=\"value\""),
    }
}

fn marking(tlp: Tlp) -> &'static str {
    let level = match tlp {
        Tlp::Clear => stix::tlp::Level::Clear,
        Tlp::Green => stix::tlp::Level::Green,
        Tlp::Amber => stix::tlp::Level::Amber,
        Tlp::AmberStrict => stix::tlp::Level::AmberStrict,
        Tlp::Red => stix::tlp::Level::Red,
    };
    level.marking(stix::tlp::Version::Two).map(|marking| marking.id).unwrap_or_default()
}

fn level(id: &str) -> Option<Tlp> {
    Some(match stix::tlp::level(id)? {
        stix::tlp::Level::Clear => Tlp::Clear,
        stix::tlp::Level::Green => Tlp::Green,
        stix::tlp::Level::Amber => Tlp::Amber,
        stix::tlp::Level::AmberStrict => Tlp::AmberStrict,
        stix::tlp::Level::Red => Tlp::Red,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use strictjson::{Limits, parse};

    const ID: &str = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
    const OWN: &str = "identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5";

    fn said(annotation: &Annotation, object: &str, own: bool, tlp: Tlp) -> Result<String, Error> {
        let object = parse(object.as_bytes(), &Limits::default()).unwrap();
        let by = Speaker {
            identity: Some(OWN),
            now: "2026-03-01T12:00:00.123456Z".parse().unwrap(),
            uuid: Uuid::from_u128(5),
            tlp,
        };
        statement(annotation, Subject { id: ID, object: &object, own }, by)
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    fn tags(tags: &[&str]) -> Annotation {
        Annotation::Tags(tags.iter().map(|tag| (*tag).to_owned()).collect())
    }

    const VERSIONED: &str =
        r#"{"type":"indicator","modified":"2026-02-01T00:00:00.000Z","labels":["a"],"x":[1.50]}"#;

    #[test]
    fn a_note_is_a_note() {
        insta::assert_snapshot!(said(&Annotation::Note(" seen \n".to_owned()), "{}", true, Tlp::AmberStrict).unwrap(),
            @r#"{"type":"note","spec_version":"2.1","id":"note--00000000-0000-0000-0000-000000000005","created_by_ref":"identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5","created":"2026-03-01T12:00:00.123Z","modified":"2026-03-01T12:00:00.123Z","object_marking_refs":["marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"],"content":"seen","object_refs":["indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"]}"#);
        assert!(said(&Annotation::Note(" \n".to_owned()), "{}", true, Tlp::Red).is_err());
        let long = Annotation::Note("a".repeat(MAX_TEXT + 1));
        assert_eq!(said(&long, "{}", true, Tlp::Red).unwrap_err().kind, Kind::TooLarge);
    }

    #[test]
    fn tags_on_ones_own_are_a_new_version_and_else_a_note() {
        insta::assert_snapshot!(said(&tags(&["b", "a", "b"]), VERSIONED, true, Tlp::Clear).unwrap(),
            @r#"{"type":"indicator","modified":"2026-03-01T12:00:00.123Z","labels":["a","b"],"x":[1.50],"object_marking_refs":["marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"]}"#);
        assert_eq!(said(&tags(&["a"]), VERSIONED, true, Tlp::Clear).unwrap_err().kind, Kind::Conflict);
        let note = said(&tags(&["a", r#"misp:x="y z""#]), VERSIONED, false, Tlp::Clear).unwrap();
        assert!(note.contains(r#""labels":["a","misp:x=\"y z\""],"content":"a, misp:x=\"y z\"""#), "{note}");
        let unversioned = said(&tags(&["a"]), r#"{"type":"ipv4-addr"}"#, true, Tlp::Clear).unwrap();
        assert!(unversioned.starts_with(r#"{"type":"note""#));
    }

    #[test]
    fn what_is_a_tag() {
        for tag in
            ["phishing", "two words", "a:b", r#"a:b="c""#, r#"misp-galaxy:threat-actor="APT 28: x=1""#, "é"]
        {
            assert_eq!(check_tag(tag), Ok(()), "{tag}");
        }
        for tag in
            ["", "a\nb", "tlp:red", "TLP:CLEAR", r#"a:b="c"#, r#"a="c""#, r#":b="c""#, r#"a:b="c"d""#, r#"""#]
        {
            assert!(check_tag(tag).is_err(), "{tag}");
        }
        assert!(check_tag(&"a".repeat(251)).is_err());
        assert!(said(&tags(&[]), VERSIONED, true, Tlp::Clear).is_err());
    }

    #[test]
    fn revocation_is_a_version_of_ones_own_and_an_opinion_on_anothers() {
        let own = said(&Annotation::Revoke, VERSIONED, true, Tlp::Clear).unwrap();
        assert!(
            own.contains(r#""modified":"2026-03-01T12:00:00.123Z""#) && own.contains(r#""revoked":true"#),
            "{own}"
        );
        let other = said(&Annotation::Revoke, VERSIONED, false, Tlp::Clear).unwrap();
        assert!(
            other.contains(r#""opinion":"strongly-disagree""#) && other.contains(r#""labels":["revoke"]"#)
        );
        let revoked = VERSIONED.replace("\"x\"", "\"revoked\":true,\"x\"");
        assert_eq!(said(&Annotation::Revoke, &revoked, true, Tlp::Clear).unwrap_err().kind, Kind::Conflict);
        assert!(said(&tags(&["b"]), &revoked, true, Tlp::Clear).unwrap().starts_with(r#"{"type":"note""#));
        assert_eq!(said(&Annotation::Revoke, "{}", true, Tlp::Clear).unwrap_err().kind, Kind::Invalid);
    }

    #[test]
    fn a_version_is_later_than_the_one_before_whatever_the_clock_says() {
        let ahead = VERSIONED.replace("2026-02", "2027-02");
        let next = said(&Annotation::Revoke, &ahead, true, Tlp::Clear).unwrap();
        assert!(next.contains(r#""modified":"2027-02-01T00:00:00.001Z""#), "{next}");
    }

    #[test]
    fn a_version_keeps_its_marking_where_it_says_enough() {
        let amber_one = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82";
        let marked =
            VERSIONED.replace("\"x\"", &format!("\"object_marking_refs\":[\"{amber_one}\",\"m--1\"],\"x\""));
        let same = said(&Annotation::Revoke, &marked, true, Tlp::Amber).unwrap();
        assert!(same.contains(&format!("[\"{amber_one}\",\"m--1\"]")), "{same}");
        let higher = said(&Annotation::Revoke, &marked, true, Tlp::Red).unwrap();
        assert!(
            higher.contains(r#"["m--1","marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]"#),
            "{higher}"
        );
    }

    #[test]
    fn opinions_are_of_the_vocabulary() {
        let opinion = |word: &str| Annotation::Opinion(word.to_owned(), Some("because".to_owned()));
        for word in OPINIONS {
            assert!(
                said(&opinion(word), VERSIONED, true, Tlp::Clear)
                    .unwrap()
                    .contains(r#""explanation":"because""#)
            );
        }
        assert!(said(&opinion("maybe"), VERSIONED, true, Tlp::Clear).is_err());
    }

    #[test]
    fn what_is_made_conforms_to_the_standard() {
        let indicator = r#"{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-02-01T00:00:00.000Z","modified":"2026-02-01T00:00:00.000Z","name":"C2","description":"d","indicator_types":["malicious-activity"],"pattern":"[ipv4-addr:value = '192.0.2.1']","pattern_type":"stix","valid_from":"2026-02-01T00:00:00Z"}"#;
        for (annotation, own) in [
            (Annotation::Note("seen".to_owned()), false),
            (Annotation::Opinion("agree".to_owned(), None), false),
            (
                Annotation::Sighting(Sighted {
                    context: Some("on 3 hosts".to_owned()),
                    ..Sighted::default()
                }),
                false,
            ),
            (Annotation::Sighting(Sighted { count: Some(COUNT), ..Sighted::default() }), true),
            (tags(&[r#"a:b="c""#]), true),
            (tags(&["a"]), false),
            (Annotation::Revoke, true),
            (Annotation::Revoke, false),
        ] {
            let said = said(&annotation, indicator, own, Tlp::AmberStrict).unwrap();
            // The identifier of this test's `Uuid` is not random, which is worth a warning.
            let said = said.replace("0000-0000-0000-000000000005", "0000-4000-8000-000000000005");
            let node = parse(said.as_bytes(), &Limits::default()).unwrap();
            let checked = stix::check(&node, &stix::Limits::default());
            assert!(checked.findings.is_empty(), "{annotation:?}: {:?}", checked.findings);
        }
    }
}
