//! JSON pointers (RFC 6901): building them, and finding what they name.

use crate::{Node, Value};
use std::borrow::Cow;
use std::fmt;

/// A JSON pointer being built while a document is walked: push on the way in, pop on the way out.
///
/// ```
/// let mut pointer = strictjson::Pointer::root();
/// pointer.push_key("a/b");
/// pointer.push_index(3);
/// assert_eq!(pointer.as_str(), "/a~1b/3");
/// pointer.pop();
/// assert_eq!(pointer.as_str(), "/a~1b");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pointer {
    text: String,
}

impl Pointer {
    /// The pointer to the whole document, the empty text.
    #[must_use]
    pub fn root() -> Pointer {
        Pointer::default()
    }

    /// Goes to a member of an object; `~` and `/` are escaped (RFC 6901, 3).
    pub fn push_key(&mut self, key: &str) {
        push_token(&mut self.text, key);
    }

    /// Goes to an element of an array, counted from 0.
    pub fn push_index(&mut self, index: usize) {
        self.text.push('/');
        self.text.push_str(&index.to_string());
    }

    /// Goes back to the container; the root stays the root.
    pub fn pop(&mut self) {
        // A `/` inside a token is escaped, so the last one begins the last token.
        self.text.truncate(self.text.rfind('/').unwrap_or(0));
    }

    /// A new pointer to a member of what this one names.
    #[must_use]
    pub fn key(&self, key: &str) -> Pointer {
        let mut child = self.clone();
        child.push_key(key);
        child
    }

    /// A new pointer to an element of what this one names, counted from 0.
    #[must_use]
    pub fn index(&self, index: usize) -> Pointer {
        let mut child = self.clone();
        child.push_index(index);
        child
    }

    /// The pointer as RFC 6901 writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> String {
        pointer.text
    }
}

/// Appends `/` and the escaped token.
pub(crate) fn push_token(text: &mut String, token: &str) {
    text.push('/');
    for character in token.chars() {
        match character {
            '~' => text.push_str("~0"),
            '/' => text.push_str("~1"),
            other => text.push(other),
        }
    }
}

impl<'a> Node<'a> {
    /// The value that an RFC 6901 pointer names, or `None` when there is none or the text is no pointer.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Node<'a>> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |node, token| match &node.value {
            Value::Object(object) => object.get(&unescape(token)?),
            Value::Array(elements) => elements.get(array_index(token)?),
            _ => None,
        })
    }
}

/// Undoes the escapes of a token; `None` when a `~` is followed by neither 0 nor 1 (RFC 6901, 3).
fn unescape(token: &str) -> Option<Cow<'_, str>> {
    if !token.contains('~') {
        return Some(Cow::Borrowed(token));
    }
    let mut parts = token.split('~');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        if let Some(rest) = part.strip_prefix('0') {
            text.push('~');
            text.push_str(rest);
        } else {
            text.push('/');
            text.push_str(part.strip_prefix('1')?);
        }
    }
    Some(Cow::Owned(text))
}

/// Reads an array index: digits without a leading zero (RFC 6901, 4).
fn array_index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with('0');
    (canonical && token.bytes().all(|byte| byte.is_ascii_digit())).then(|| token.parse().ok())?
}
