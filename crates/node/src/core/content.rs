//! What JSON says, apart from how it is written.

use strictjson::{Limits, canonical, parse};

/// The form that is equal for equal content (RFC 8785); bytes that are no JSON stand for themselves.
#[must_use]
pub fn content(json: &[u8]) -> Vec<u8> {
    parse(json, &Limits::default()).map_or_else(|_| json.to_vec(), |node| canonical(&node))
}

/// Whether two objects say the same, whatever white space and order of members they are written with.
#[must_use]
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    one == other || content(one) == content(other)
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn layout_is_no_content() {
        assert!(is_same(br#"{"a":1.0,"b":["x"]}"#, b"{ \"b\" : [ \"\\u0078\" ],\n\"a\":1 }"));
        assert!(!is_same(br#"{"a":1}"#, br#"{"a":2}"#));
        assert!(!is_same(br#"{"a":["x","y"]}"#, br#"{"a":["y","x"]}"#));
        assert!(is_same(b"no json", b"no json"));
        assert!(!is_same(b"no json", b"no  json"));
    }
}
