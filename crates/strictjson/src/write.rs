//! Writing JSON: compact, in the order and with the number text that the tree has.
//!
//! ```
//! use strictjson::{Node, Object, write};
//!
//! let mut object = Object::new();
//! object.push("type", "indicator");
//! object.push("confidence", 85);
//! object.push("labels", ["one", "two"].into_iter().collect::<Node<'_>>());
//! let mut bytes = Vec::new();
//! write::node(&mut bytes, &object.into());
//! assert_eq!(bytes, br#"{"type":"indicator","confidence":85,"labels":["one","two"]}"#);
//! ```

use crate::scan::next_special;
use crate::{Node, Value};

/// Appends a value without white space. Numbers keep their text.
///
/// A parsed tree is at most [`MAX_DEPTH`](crate::MAX_DEPTH) deep; this recurses once for each level.
pub fn node(out: &mut Vec<u8>, node: &Node<'_>) {
    value(out, &node.value);
}

/// [`node`], for a value that stands in no tree.
pub fn value(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => out.extend_from_slice(number.text.as_bytes()),
        Value::String(text) => string(out, text),
        Value::Array(elements) => {
            out.push(b'[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                node(out, element);
            }
            out.push(b']');
        }
        Value::Object(object) => {
            out.push(b'{');
            for (index, member) in object.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                string(out, &member.key);
                out.push(b':');
                node(out, &member.node);
            }
            out.push(b'}');
        }
    }
}

/// Appends a string in quotes, escaping only what must be escaped, in the shortest way (RFC 8785, 3.2.2.2).
pub fn string(out: &mut Vec<u8>, text: &str) {
    const HEX: [u8; 16] = *b"0123456789abcdef";
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((before, [byte, after @ ..])) = rest.split_at_checked(next_special(rest, 0)) {
        out.extend_from_slice(before);
        let short = match byte {
            b'"' | b'\\' => *byte,
            0x8 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0xc => b'f',
            b'\r' => b'r',
            _ => b'u',
        };
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            let low = HEX.get(usize::from(byte & 0xf)).copied().unwrap_or_default();
            out.extend_from_slice(&[b'0', b'0', b'0' + (byte >> 4), low]);
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}
