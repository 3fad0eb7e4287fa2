//! TAXII 2.1 §3.6.1, Error Message.

use serde::Serialize;

use super::MEDIA_TYPE;
use crate::{Answer, Failure};

#[derive(Debug, Serialize)]
struct Message<'a> {
    title: &'a str,
    description: &'a str,
    /// "An identifier for this particular error instance": the request's id, by which the log knows it.
    error_id: &'a str,
    error_code: &'a str,
    /// "The HTTP status code applicable to this problem as a string."
    http_status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

#[derive(Debug, Serialize)]
struct Details<'a> {
    hint: &'a str,
}

/// The answer that tells of a failure.
pub(crate) fn message(failure: &Failure, request_id: &str) -> Answer {
    let message = Message {
        title: failure.status.canonical_reason().unwrap_or("Error"),
        description: &failure.detail,
        error_id: request_id,
        error_code: failure.code,
        http_status: failure.status.as_str(),
        details: failure.hint.as_deref().map(|hint| Details { hint }),
    };
    let text = serde_json::to_vec(&message).unwrap_or_default();
    Answer::bytes(MEDIA_TYPE, text).status(failure.status)
}
