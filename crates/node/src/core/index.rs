//! What the views keep of an object, from its bytes alone, so that a rebuild gives the same.

use model::Timestamp;
use store::record::{Index, ObjectKey};
use strictjson::Node;

use super::observables::{observables_with, read_pattern};
use super::stands::stands;
use super::verdicts::spoken;

/// Which form of this the code has. Raised with each change to what is read of an object, so that a folder whose views were
/// made by an earlier form is known: what was said before is found by the new terms once they are made again.
pub const FORM: u8 = 6;

/// Longest text for full-text search, in bytes.
const TEXT_BYTES: usize = 8 << 10;
/// Most names, and most tags, of one object.
const WORDS: usize = 500;
/// Longest name or tag that is indexed, in bytes.
const WORD_BYTES: usize = 500;

/// The properties whose text can be searched, the most telling first: what does not fit is cut.
const TEXTS: [&str; 16] = [
    "name",
    "value",
    "pattern",
    "abstract",
    "subject",
    "display_name",
    "account_login",
    "user_id",
    "path",
    "key",
    "command_line",
    "opinion",
    "content",
    "explanation",
    "statement",
    "description",
];

/// A word as it is compared: lower case, white space as single spaces.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

/// Computes what the views keep of a STIX 2.1 object.
#[must_use]
pub fn of(node: &Node<'_>) -> Index {
    let common = stix::common(node);
    let pattern = read_pattern(node);
    let time = |property| common.text(property).and_then(|text| text.parse::<Timestamp>().ok());
    Index {
        observables: observables_with(node, pattern.as_ref())
            .observables
            .iter()
            .flat_map(|mention| mention.observable.mentioned_under())
            .collect(),
        references: references(node),
        names: names(&common),
        text: text(&common),
        valid_from: time("valid_from"),
        valid_until: time("valid_until"),
        tags: distinct(common.labels.iter().map(fold)),
        stands: stands(node, pattern.as_ref()),
        spoken: spoken(node),
    }
}

// Markings are not among them: who may see an object is no relation to be searched by.
fn references(node: &Node<'_>) -> Vec<(ObjectKey, String)> {
    let links = stix::references(node);
    let keys = links.iter().filter_map(|link| Some((ObjectKey::parse(link.id)?, link.property.to_string())));
    let mut references: Vec<(ObjectKey, String)> = keys.collect();
    references.sort_unstable();
    references.dedup();
    references
}

// Name, aliases, and the ids that others gave it.
fn names(common: &stix::Common<'_>) -> Vec<String> {
    let name = common.name().into_iter().map(fold);
    let aliases = common.aliases();
    let custom = common.object.get("x_mitre_aliases").and_then(Node::as_array).unwrap_or_default();
    let external = common.external_references.iter().filter_map(|reference| reference.external_id);
    distinct(
        name.chain(aliases.iter().map(fold))
            .chain(custom.iter().filter_map(Node::as_str).map(fold))
            .chain(external.map(fold)),
    )
}

fn distinct(words: impl Iterator<Item = String>) -> Vec<String> {
    let fits = |word: &String| !word.is_empty() && word.len() <= WORD_BYTES;
    let mut words: Vec<String> = words.filter(fits).take(WORDS).collect();
    words.sort_unstable();
    words.dedup();
    words
}

// Not folded: the store folds words when it cuts the text into them, as it does with what is searched for.
fn text(common: &stix::Common<'_>) -> String {
    let mut text = String::new();
    let aliases = common.aliases();
    let named = common.name().into_iter().chain(aliases.iter());
    let rest = TEXTS.iter().skip(1).filter_map(|property| common.text(property));
    for part in named.chain(rest) {
        let room = TEXT_BYTES.saturating_sub(text.len() + 1);
        if room == 0 {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(cut(part, room));
    }
    text
}

// At most so many bytes, whole characters.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
