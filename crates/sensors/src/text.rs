//! Bytes of values and texts, kept within their line and field.

use std::borrow::Cow;

use model::inert::inert;

use super::Head;

/// How many characters of a text of somebody's leave: it is there to say where more is known.
const TEXT_CHARACTERS_MAX: usize = 160;

/// Appends parts one behind the other.
pub(super) fn put(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

/// A text of somebody's on one line: what is not seen is written out, and what is long is cut.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    let line = inert(text.trim());
    if line.len() <= TEXT_CHARACTERS_MAX {
        return line;
    }
    match line.char_indices().nth(TEXT_CHARACTERS_MAX) {
        Some((end, _)) => Cow::Owned(format!("{}…", line.get(..end).unwrap_or_default())),
        None => line,
    }
}

/// The same in ASCII without anything that a quote, a comment or a separator could be made of.
pub(super) fn tame(text: &str) -> Cow<'_, str> {
    let is_tame = |c: char| c.is_ascii_alphanumeric() || " -_.()@+/".contains(c);
    let text = text.trim();
    if text.len() <= TEXT_CHARACTERS_MAX && text.chars().all(is_tame) {
        return Cow::Borrowed(text);
    }
    text.chars().take(TEXT_CHARACTERS_MAX).map(|c| if is_tame(c) { c } else { '?' }).collect()
}

/// Whether a value can stand on a line of its own: no control character, nothing that is not seen, no blank at an end.
pub fn is_line(value: &str) -> bool {
    !value.is_empty() && value.trim().len() == value.len() && matches!(inert(value), Cow::Borrowed(_))
}

/// Whether a domain has no other characters than names have (they are all that a normal form has).
#[must_use]
pub fn is_name(domain: &str) -> bool {
    !domain.is_empty()
        && domain
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.'))
}

/// The first lines of a file as comments: what it holds, of which node, as of when, and for how long it is meant.
pub(super) fn opening(out: &mut Vec<u8>, sign: &str, what: &str, head: &Head<'_>) {
    put(out, &[sign, " Accord: ", what, "\n"]);
    put(out, &[sign, " node: ", &tame(head.node), "\n"]);
    put(out, &[sign, " as_of: ", &head.as_of.to_string(), "\n"]);
    put(out, &[sign, " trusted_seconds: ", &head.trusted_s.to_string(), "\n"]);
}

/// The last line of a file as a comment.
pub(super) fn closing(out: &mut Vec<u8>, sign: &str, entries: u64) {
    put(out, &[sign, " complete: ", &entries.to_string(), " entries\n"]);
}
