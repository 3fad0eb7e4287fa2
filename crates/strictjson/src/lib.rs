//! Strict JSON: bytes in, a tree with spans out, within limits.
//!
//! [`parse`] takes exactly what RFC 8259 and I-JSON (RFC 7493) allow and refuses the rest with an error that names
//! what, at which byte, and in which value: duplicate keys, lone surrogates, noncharacters, numbers that do not
//! survive a double, a byte order mark, bytes that are not UTF-8, anything after the document. Two readers of the same
//! accepted bytes therefore see the same data, which is what a signature over JSON needs.
//!
//! [`canonical`] writes the form of RFC 8785, [`write`](mod@write) compact JSON; [`split`] takes streams of any size
//! apart in bounded memory, so that each piece can be parsed on its own.
//!
//! Nothing here does I/O, reads a clock or draws random numbers.
//!
//! ```
//! use strictjson::{Limits, parse};
//!
//! let node = parse(br#"{"type": "indicator", "labels": ["a/b"]}"#, &Limits::default())?;
//! assert_eq!(node.get("type").and_then(|value| value.as_str()), Some("indicator"));
//! assert_eq!(node.pointer("/labels/0").and_then(|value| value.as_str()), Some("a/b"));
//!
//! let error = parse(br#"{"objects": [{"id": 1, "id": 2}]}"#, &Limits::default()).unwrap_err();
//! assert_eq!(error.to_string(), "name used twice in one object at byte 23 in `/objects/0/id`");
//! # Ok::<(), strictjson::Error>(())
//! ```

mod canonical;
mod error;
mod number;
mod parse;
mod pointer;
mod scan;
pub mod split;
mod value;
pub mod write;

pub use canonical::canonical;
pub use error::{Error, ErrorKind, LineColumn, line_column};
pub use number::{MAX_SAFE_INTEGER, Number};
pub use parse::{Limits, MAX_DEPTH, parse};
pub use pointer::Pointer;
pub use value::{Member, Node, Object, Span, Value};
