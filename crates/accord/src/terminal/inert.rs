//! Text that strangers wrote, made harmless for a terminal and for the one who copies from it.

use serde_json::Value;

pub use model::inert::{defanged, inert};

/// A document with every text in it made inert, names too: a node may be a stranger as well.
pub fn inert_document(document: Value) -> Value {
    match document {
        Value::String(text) => Value::String(inert(&text).into_owned()),
        Value::Array(items) => items.into_iter().map(inert_document).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (inert(&name).into_owned(), inert_document(value)))
            .collect(),
        other => other,
    }
}
