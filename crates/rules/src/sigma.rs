//! Rules of Sigma, by its specification (sigmahq/sigma-specification 2.1, `specification/sigma-rules-specification.md`).
//!
//! Rules alone: what changes or counts other rules (`filter`, `correlation`, `action`) is held, for in a file of many people's
//! rules it is about theirs.

mod condition;
mod detection;

use crate::yaml::{self, Node};
use crate::{Fault, quoted};

/// Longest text with rules, in bytes.
pub const TEXT_BYTES: usize = yaml::BYTES;
/// Most rules of one text.
pub const RULES: usize = yaml::DOCUMENTS;
/// Longest title, in characters.
const TITLE_CHARACTERS: usize = 256;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it is called.
    pub title: String,
    /// Its `id`, as its author has it, in lower case.
    pub id: Option<String>,
    /// Its `name`, by which other rules may mean it.
    pub name: Option<String>,
    /// The line on which it begins, from 1.
    pub line: usize,
    // Where the value of its `id` stands, in bytes of the text.
    at_id: Option<(usize, usize)>,
}

/// The rules of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Each of them.
    pub rules: Vec<Rule>,
    text: String,
}

impl Rules {
    /// The text with other ids in place of those that its author gave: of each rule that has one, in order, what `new` says.
    /// It ends with a line feed and begins with no sign of a document, so it may stand behind `---`.
    #[must_use]
    pub fn written(&self, mut new: impl FnMut(&Rule) -> Option<String>) -> String {
        let (mut out, mut from) = (String::with_capacity(self.text.len()), 0);
        for rule in &self.rules {
            let (Some((start, end)), Some(id)) = (rule.at_id, new(rule)) else { continue };
            out.push_str(self.text.get(from..start).unwrap_or_default());
            out.push_str(&id);
            from = end;
        }
        out.push_str(self.text.get(from..).unwrap_or_default());
        let body = out.replace("\r\n", "\n").replace('\r', "\n");
        let body = body.trim_start_matches('\n');
        let body = body.strip_prefix("---").filter(|rest| rest.starts_with('\n')).unwrap_or(body);
        let mut written = body.trim_start_matches('\n').trim_end().to_owned();
        written.push('\n');
        written
    }
}

/// Reads the rules of a text: one to a document of YAML.
///
/// # Errors
/// The first thing that keeps one of them from being read, and where.
pub fn read(text: &str) -> Result<Rules, Fault> {
    let documents = yaml::read(text)?;
    let mut rules = Vec::new();
    for document in &documents {
        // Nothing stands before the first sign of a document, or behind the last.
        if !document.is_null() {
            rules.push(rule(document, text)?);
        }
    }
    if rules.is_empty() {
        return Err(Fault::new(1, 1, "there is no rule"));
    }
    Ok(Rules { rules, text: text.to_owned() })
}

fn rule(node: &Node, text: &str) -> Result<Rule, Fault> {
    let Some(map) = node.map() else {
        return Err(node.fault("a rule is a mapping of keys to values"));
    };
    for word in ["action", "correlation", "filter", "global"] {
        if let Some(found) = node.get(word) {
            return Err(found.fault(format!("`{word}` is about other rules, and is held")));
        }
    }
    if let Some((key, _)) = map.iter().find(|(key, _)| key.text().is_none()) {
        return Err(key.fault("a key is a text"));
    }
    let title = one_text(node, "title")?.ok_or_else(|| node.fault("a rule has a `title`"))?;
    if title.chars().count() > TITLE_CHARACTERS || title.trim().is_empty() {
        return Err(node.fault(format!("`title` is 1 to {TITLE_CHARACTERS} characters")));
    }
    let id = one_text(node, "id")?;
    if let (Some(id), Some(at)) = (id, node.get("id"))
        && !is_uuid(id)
    {
        return Err(at.fault(format!("{} is no UUID", quoted(id))));
    }
    among(node, "status", &["stable", "test", "experimental", "deprecated", "unsupported"])?;
    among(node, "level", &["informational", "low", "medium", "high", "critical"])?;
    logsource(node)?;
    let detection = node.get("detection").ok_or_else(|| node.fault("a rule has a `detection`"))?;
    detection::check(detection)?;
    Ok(Rule {
        title: title.to_owned(),
        id: id.map(str::to_lowercase),
        name: one_text(node, "name")?.map(str::to_owned),
        line: node.at.0,
        at_id: node.get("id").and_then(|at| bytes_of(text, at.span)),
    })
}

// From characters to bytes.
fn bytes_of(text: &str, (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let byte = |place: usize| text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(place);
    Some((byte(start)?, byte(end)?))
}

fn one_text<'n>(node: &'n Node, key: &str) -> Result<Option<&'n str>, Fault> {
    match node.get(key) {
        None => Ok(None),
        Some(value) => match value.text() {
            Some(text) => Ok(Some(text)),
            None => Err(value.fault(format!("`{key}` is a text"))),
        },
    }
}

fn among(node: &Node, key: &str, words: &[&str]) -> Result<(), Fault> {
    match (one_text(node, key)?, node.get(key)) {
        (Some(word), Some(at)) if !words.contains(&word) => {
            Err(at.fault(format!("{} is none of {}", quoted(word), words.join(", "))))
        }
        _ => Ok(()),
    }
}

fn logsource(node: &Node) -> Result<(), Fault> {
    let Some(source) = node.get("logsource") else { return Err(node.fault("a rule has a `logsource`")) };
    if source.map().is_none() {
        return Err(source.fault("`logsource` is a mapping"));
    }
    let mut any = false;
    for key in ["category", "product", "service"] {
        any |= one_text(source, key)?.is_some();
    }
    if any { Ok(()) } else { Err(source.fault("`logsource` has a category, a product or a service")) }
}

fn is_uuid(text: &str) -> bool {
    let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if is_dash(at) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}
