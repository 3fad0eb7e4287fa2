//! JSON content of requests: read strictly, every member known, every mistake told with its pointer.

use bytes::Bytes;
use http::StatusCode;
use model::{Timestamp, Tlp};
use strictjson::{Limits, Node, Value};

use crate::body::RequestBody;
use crate::{Failure, Request};

/// The longest JSON document that a REST route takes, in bytes.
const MAX_BYTES: usize = 4 << 20;

/// The content of a request, which must be JSON.
///
/// # Errors
/// 413, 415.
pub async fn bytes(request: &mut Request) -> Result<Bytes, Failure> {
    let media =
        request.header("content-type").unwrap_or("application/json").split(';').next().unwrap_or_default();
    if !media.trim().eq_ignore_ascii_case("application/json") {
        let detail = format!("`{}` is no media type of this address", media.trim());
        let failure = Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", detail);
        return Err(failure.hint("send application/json"));
    }
    std::mem::replace(&mut request.body, RequestBody::full(Bytes::new())).bytes(MAX_BYTES).await
}

/// The members of a request's document.
pub struct Fields<'a> {
    root: Node<'a>,
}

impl<'a> Fields<'a> {
    /// Reads a document that has these members and no other. No content is a document without members.
    ///
    /// # Errors
    /// 400: no JSON, no object, a member that is not known.
    pub fn read(bytes: &'a [u8], known: &[&str]) -> Result<Fields<'a>, Failure> {
        let bytes = if bytes.is_empty() { b"{}" } else { bytes };
        let limits = Limits { bytes: MAX_BYTES, ..Limits::default() };
        let root = strictjson::parse(bytes, &limits)
            .map_err(|error| Failure::invalid(format!("the content is no JSON that we take: {error}")))?;
        if root.as_object().is_none() {
            return Err(Failure::invalid(format!("the content is {}, not an object", root.a_kind())));
        }
        Fields::of(root, known)
    }

    // Of what is an object.
    fn of(root: Node<'a>, known: &[&str]) -> Result<Fields<'a>, Failure> {
        let mut members = root.as_object().into_iter().flat_map(|object| object.iter());
        if let Some(member) = members.find(|member| !known.contains(&member.key.as_ref())) {
            let shown: String = member.key.chars().take(80).collect();
            return Err(Failure::invalid(format!("`/{shown}` is no member of this document"))
                .hint(format!("it takes {}", known.join(", "))));
        }
        drop(members);
        Ok(Fields { root })
    }

    /// A document within this one, with these members and no other.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn document(&self, name: &str, known: &[&str]) -> Result<Option<Fields<'a>>, Failure> {
        let read = |node: &Node<'a>| match node.as_object() {
            Some(_) => Fields::of(node.clone(), known),
            None => Err(expected(name, "an object", node)),
        };
        self.get(name).map(read).transpose()
    }

    /// A list of documents, each with these members and no other, and at least one of them.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn documents(&self, name: &str, known: &[&str]) -> Result<Vec<Fields<'a>>, Failure> {
        let node = self.get(name).ok_or_else(|| missing(name))?;
        let elements = node.as_array().filter(|elements| !elements.is_empty());
        let elements = elements.ok_or_else(|| expected(name, "a list of documents", node))?;
        let read = |(at, element): (usize, &Node<'a>)| match element.as_object() {
            Some(_) => Fields::of(element.clone(), known),
            None => Err(expected(&format!("{name}/{at}"), "an object", element)),
        };
        elements.iter().enumerate().map(read).collect()
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        let read = |node: &Node<'a>| node.as_bool().ok_or_else(|| expected(name, "`true` or `false`", node));
        self.get(name).map(read).transpose()
    }

    /// An instant.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, Failure> {
        let read = |text: String| {
            text.parse().map_err(|error| Failure::invalid(format!("`/{name}` is `{text}`: {error}")))
        };
        self.text(name)?.map(read).transpose()
    }

    /// One of some words.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn word<T>(
        &self,
        name: &str,
        named: impl Fn(&str) -> Option<T>,
        words: &[&str],
    ) -> Result<Option<T>, Failure> {
        let read = |text: String| {
            let wrong = || Failure::invalid(format!("`/{name}` is `{text}`, expected {}", words.join(", ")));
            named(&text).ok_or_else(wrong)
        };
        self.text(name)?.map(read).transpose()
    }

    // A member that is `null` counts as left out.
    fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.root.get(name).filter(|node| !matches!(node.value, Value::Null))
    }

    /// Whether a member is there.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A text.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        let read =
            |node: &Node<'a>| node.as_str().map(str::to_owned).ok_or_else(|| expected(name, "a text", node));
        self.get(name).map(read).transpose()
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn required(&self, name: &str) -> Result<String, Failure> {
        self.text(name)?.filter(|text| !text.trim().is_empty()).ok_or_else(|| missing(name))
    }

    /// A list of texts; none where it is left out.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Failure> {
        let Some(node) = self.get(name) else { return Ok(Vec::new()) };
        let elements = node.as_array().ok_or_else(|| expected(name, "a list of texts", node))?;
        let texts = elements.iter().enumerate().map(|(at, element)| {
            element
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| expected(&format!("{name}/{at}"), "a text", element))
        });
        texts.collect()
    }

    /// A list of texts with at least one in it.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn required_texts(&self, name: &str) -> Result<Vec<String>, Failure> {
        Some(self.texts(name)?).filter(|texts| !texts.is_empty()).ok_or_else(|| missing(name))
    }

    /// A whole number, not negative.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn count(&self, name: &str) -> Result<Option<u64>, Failure> {
        let read = |node: &Node<'a>| {
            let number = node.as_i64().and_then(|number| u64::try_from(number).ok());
            number.ok_or_else(|| expected(name, "a whole number, not negative", node))
        };
        self.get(name).map(read).transpose()
    }

    /// A number.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn number(&self, name: &str) -> Result<Option<f64>, Failure> {
        let read = |node: &Node<'a>| node.as_f64().ok_or_else(|| expected(name, "a number", node));
        self.get(name).map(read).transpose()
    }

    /// A TLP label.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn tlp(&self, name: &str) -> Result<Option<Tlp>, Failure> {
        let read =
            |text: String| text.parse().map_err(|error| Failure::invalid(format!("`/{name}`: {error}")));
        self.text(name)?.map(read).transpose()
    }
}

fn missing(name: &str) -> Failure {
    Failure::invalid(format!("`/{name}` is missing or empty"))
}

fn expected(name: &str, what: &str, found: &Node<'_>) -> Failure {
    Failure::invalid(format!("`/{name}` is {}, expected {what}", found.a_kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_with_its_pointer() {
        let known = ["name", "count", "list", "tlp"];
        let detail = |text: &str| -> String {
            let fields = match Fields::read(text.as_bytes(), &known) {
                Ok(fields) => fields,
                Err(failure) => return failure.detail,
            };
            let all = [
                fields.required("name").map(|_| ()),
                fields.count("count").map(|_| ()),
                fields.texts("list").map(|_| ()),
                fields.tlp("tlp").map(|_| ()),
            ];
            all.into_iter().find_map(Result::err).map_or_else(String::new, |failure| failure.detail)
        };
        assert_eq!(detail(r#"{"name":"a","count":0,"list":["x"],"tlp":"amber"}"#), "");
        assert_eq!(detail(r#"{"name":"a","count":null}"#), "");
        for (text, says) in [
            ("", "`/name` is missing"),
            ("[]", "is an array, not an object"),
            ("{", "unexpected end of input"),
            (r#"{"name":"a","name":"b"}"#, "name used twice"),
            (r#"{"nmae":"a"}"#, "`/nmae` is no member"),
            (r#"{"name":7}"#, "`/name` is a number, expected a text"),
            (r#"{"name":" "}"#, "`/name` is missing"),
            (r#"{"name":"a","count":-1}"#, "`/count` is a number, expected a whole number"),
            (r#"{"name":"a","list":["x",7]}"#, "`/list/1` is a number"),
            (r#"{"name":"a","tlp":"purple"}"#, "`/tlp`: `purple` is not a TLP label"),
        ] {
            assert!(detail(text).contains(says), "{text}: {}", detail(text));
        }
    }
}
