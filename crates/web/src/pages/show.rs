//! How what members wrote is shown.

use model::inert::{defanged, inert};
use node::views::{Audience, Mention, Named, ObjectSummary, Related};

/// The longest name in a list, in characters.
const NAME_LENGTH: usize = 160;

/// Text of strangers on one line, control and bidirectional characters made visible.
pub(super) fn text(text: &str) -> String {
    inert(text).into_owned()
}

/// A part of a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) text: String,
    /// It was quoted: what somebody typed, or is to type.
    pub(super) quoted: bool,
}

/// A text of ours for programs and logs (no capital, no full stop, quotes in backticks) as a sentence.
pub(super) fn sentence(message: &str) -> Vec<Span> {
    let parts = message.split('`').enumerate();
    let mut spans: Vec<Span> =
        parts.map(|(at, part)| Span { text: text(part), quoted: at % 2 == 1 }).collect();
    if let Some(first) = spans.first_mut()
        && let Some(letter) = first.text.chars().next()
    {
        let rest = first.text.split_off(letter.len_utf8());
        first.text = letter.to_uppercase().chain(rest.chars()).collect();
    }
    if !message.is_empty() && !message.ends_with(['.', '?', '!']) {
        spans.push(Span { text: ".".to_owned(), quoted: false });
    }
    spans.retain(|span| !span.text.is_empty());
    spans
}

/// Text of strangers, cut, and with what could be clicked defanged.
pub(super) fn name(text: &str) -> String {
    let mut cut: String = text.chars().take(NAME_LENGTH).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    defanged(&cut)
}

/// An object in a list, and at the head of its own page.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) label: String,
    /// The class that colours the label; the label's text says it too.
    pub(super) label_class: &'static str,
    /// Whom the label names, in words; empty for nobody.
    pub(super) audience: String,
    pub(super) source: String,
    pub(super) version: String,
    pub(super) added: String,
    pub(super) validity: String,
    pub(super) revoked: bool,
    pub(super) claim: bool,
}

fn audience(audience: &Audience) -> String {
    let named = |word: &str, some: &[Named]| -> Vec<String> {
        some.iter().map(|one| format!("{word} {}", text(&one.name))).collect()
    };
    let mut all = named("circle", &audience.circles);
    all.extend(named("member", &audience.members));
    all.extend(named("person", &audience.persons));
    match audience.others {
        0 => {}
        1 => all.push("1 other".to_owned()),
        others => all.push(format!("{others} others")),
    }
    let mut words = if all.is_empty() { "its author".to_owned() } else { all.join(", ") };
    if let Some(embargo) = &audience.embargo {
        let until = embargo.until.as_deref().map(|at| format!(" until {}", instant(at)));
        words += &format!("; under embargo{}: {}", until.unwrap_or_default(), text(&embargo.case));
    }
    words
}

impl Row {
    pub(super) fn of(object: &ObjectSummary) -> Row {
        let until = |at: &Option<String>| at.as_deref().map(instant);
        let validity = match (until(&object.valid_from), until(&object.valid_until)) {
            (None, None) => String::new(),
            (Some(from), None) => format!("from {from}"),
            (None, Some(to)) => format!("until {to}"),
            (Some(from), Some(to)) => format!("{from} to {to}"),
        };
        Row {
            audience: object.audience.as_ref().map(audience).unwrap_or_default(),
            id: object.id.clone(),
            kind: text(&object.kind),
            name: name(&object.name),
            label: object.label.clone(),
            label_class: label_class(&object.label),
            source: said_by(object),
            version: instant(&object.version),
            added: instant(&object.added),
            validity,
            revoked: object.revoked,
            claim: object.claim,
        }
    }

    pub(super) fn all(objects: &[ObjectSummary]) -> Vec<Row> {
        // Two members may have had one name, one after the other: beside each other they are told apart by their ids.
        let is_another = |one: &Named, other: &Named| one.name == other.name && one.id != other.id;
        let others =
            |one: &Named| objects.iter().flat_map(|row| &row.source).any(|other| is_another(one, other));
        let rows = objects.iter().map(|object| {
            let mut row = Row::of(object);
            if let Some(source) = object.source.as_ref().filter(|source| others(source)) {
                let id = source.id.split('-').next().unwrap_or_default();
                row.source = format!("{} ({id})", row.source);
            }
            row
        });
        rows.collect()
    }
}

fn said_by(object: &ObjectSummary) -> String {
    let source = object.source.as_ref().map(|source| text(&source.name));
    match (source, object.sources) {
        (Some(source), Some(sources)) => format!("{source} and {} more", sources.saturating_sub(1)),
        (None, Some(sources)) => format!("{sources} members"),
        (source, None) => match (source, &object.vouched) {
            (Some(source), Some(_)) => format!("{source}, without its name"),
            (None, Some(vouched)) => text(&vouched.to_string()),
            (source, None) => source.unwrap_or_default(),
        },
    }
}

/// One step from an object.
pub(super) struct Step {
    pub(super) relation: String,
    pub(super) outward: bool,
    pub(super) row: Row,
}

impl Step {
    pub(super) fn all(related: &[Related]) -> Vec<Step> {
        related
            .iter()
            .map(|step| Step {
                relation: text(&step.relation),
                outward: step.direction == "out",
                row: Row::of(&step.object),
            })
            .collect()
    }
}

/// Something that mentions a value.
pub(super) struct MentionRow {
    pub(super) relation: &'static str,
    pub(super) value: String,
    pub(super) active: bool,
    pub(super) row: Row,
    pub(super) context: Vec<Step>,
}

impl MentionRow {
    pub(super) fn of(mention: &Mention) -> MentionRow {
        MentionRow {
            relation: relation(mention.relation),
            value: defanged(&mention.value),
            active: mention.active,
            row: Row::of(&mention.object),
            context: Step::all(&mention.context),
        }
    }
}

fn relation(word: &'static str) -> &'static str {
    match word {
        "exact" => "this value",
        "parent-domain" => "a domain above it",
        "subdomain" => "a name below it",
        "covering-network" => "a network around it",
        "within-network" => "inside it",
        "host" => "its host",
        "other-scheme" => "the same page by the other scheme",
        "same-digits" => "the same digits, of another kind",
        "file-name" => "the name of the file",
        "mail-domain" => "its mail domain",
        "covering-range" => "fewer of its digits",
        "within-range" => "digits that it begins",
        other => other,
    }
}

/// A time to the second, its zone said.
pub(super) fn instant(text: &str) -> String {
    let plain =
        text.get(..19).filter(|_| text.ends_with('Z')).map(|head| format!("{} UTC", head.replace('T', " ")));
    plain.unwrap_or_else(|| inert(text).into_owned())
}

pub(super) fn label_class(label: &str) -> &'static str {
    match label {
        "TLP:RED" => "tlp red",
        "TLP:AMBER+STRICT" | "TLP:AMBER" => "tlp amber",
        "TLP:GREEN" => "tlp green",
        _ => "tlp clear",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_one_name_are_told_apart_beside_each_other() {
        let said = |source: Option<(&str, &str)>| ObjectSummary {
            id: String::new(),
            kind: "tool".to_owned(),
            name: String::new(),
            version: String::new(),
            added: String::new(),
            label: "TLP:AMBER".to_owned(),
            audience: None,
            vouched: None,
            source: source.map(|(id, name)| Named { id: id.to_owned(), name: name.to_owned() }),
            sources: None,
            permitted_actions: None,
            revoked: false,
            claim: false,
            valid_from: None,
            valid_until: None,
        };
        let rows = |objects: &[ObjectSummary]| -> Vec<String> {
            Row::all(objects).into_iter().map(|row| row.source).collect()
        };
        let (old, new) = (said(Some(("aaaaaaaa-1", "Cert"))), said(Some(("bbbbbbbb-2", "Cert"))));
        let other = said(Some(("cccccccc-3", "Desk")));
        assert_eq!(
            rows(&[old.clone(), old.clone(), other.clone(), said(None)]),
            ["Cert", "Cert", "Desk", ""]
        );
        assert_eq!(rows(&[old, new, other]), ["Cert (aaaaaaaa)", "Cert (bbbbbbbb)", "Desk"]);
    }

    #[test]
    fn names_are_cut_and_defanged() {
        assert_eq!(name("http://bad.example/\u{202e}x"), "hxxp://bad[.]example/\\u{202e}x");
        assert_eq!(name(&"a".repeat(500)).chars().count(), NAME_LENGTH + 1);
    }

    #[test]
    fn messages_become_sentences() {
        let shown = |message: &str| -> String {
            let mark = |span: Span| if span.quoted { format!("<{}>", span.text) } else { span.text };
            sentence(message).into_iter().map(mark).collect()
        };
        assert_eq!(shown("there is no object `a.b`"), "There is no object <a.b>.");
        assert_eq!(shown("`x` is none"), "<x> is none.");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn times_say_their_zone() {
        assert_eq!(instant("2026-03-01T12:00:00.123456Z"), "2026-03-01 12:00:00 UTC");
        assert_eq!(instant("garbage\u{7}"), "garbage\\u{7}");
    }
}
