//! What handlers give.

use std::io::{self, Write};

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;

use crate::body::{self, AnswerBody};
use crate::routes::Outcome;
use crate::{Failure, blocking};

/// An answer. The router adds what every answer carries: request id, security headers, length, coding.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Headers of this answer's own.
    pub headers: HeaderMap,
    /// The content.
    pub body: AnswerBody,
}

impl Answer {
    /// A status and nothing else.
    #[must_use]
    pub fn empty(status: StatusCode) -> Answer {
        Answer { status, headers: HeaderMap::new(), body: AnswerBody::Full(Bytes::new()) }
    }

    /// Bytes of a media type, 200.
    #[must_use]
    pub fn bytes(media: &'static str, bytes: impl Into<Bytes>) -> Answer {
        let mut answer = Answer::empty(StatusCode::OK);
        answer.body = AnswerBody::Full(bytes.into());
        answer.header(header::CONTENT_TYPE, HeaderValue::from_static(media))
    }

    /// Plain text, 200.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Answer {
        Answer::bytes("text/plain; charset=utf-8", text.into())
    }

    /// HTML, 200.
    #[must_use]
    pub fn html(text: impl Into<String>) -> Answer {
        Answer::bytes("text/html; charset=utf-8", text.into())
    }

    /// A value as JSON, 200.
    ///
    /// # Errors
    /// An internal failure for a value that JSON cannot say.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Outcome {
        let text = serde_json::to_vec(value).map_err(|error| Failure::internal(error.to_string()))?;
        Ok(Answer::bytes("application/json", text))
    }

    /// The browser goes on to `location` with GET, 303.
    ///
    /// # Errors
    /// An internal failure for an address that no header can carry.
    pub fn see_other(location: &str) -> Outcome {
        let location =
            HeaderValue::from_str(location).map_err(|error| Failure::internal(error.to_string()))?;
        Ok(Answer::empty(StatusCode::SEE_OTHER).header(header::LOCATION, location))
    }

    /// Content of any length, 200, which `write` begins to write at once on a thread that may block. The status is sent
    /// with the first of it, so a later failure can only break the connection off: check first what can be checked.
    pub fn stream<F>(media: &'static str, write: F) -> Answer
    where
        F: FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    {
        let mut answer = Answer::empty(StatusCode::OK);
        answer.body = body::written(write);
        answer.header(header::CONTENT_TYPE, HeaderValue::from_static(media))
    }

    /// The same, with this status.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Answer {
        self.status = status;
        self
    }

    /// The same, with this header instead of one of that name.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Answer {
        self.headers.insert(name, value);
        self
    }

    /// The same, with this header, unless its text is one that no header can carry.
    #[must_use]
    pub fn header_text(mut self, name: HeaderName, text: &str) -> Answer {
        if let Ok(value) = HeaderValue::from_str(text) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// Runs a verb of the node that may take long, and answers with what it gives, as JSON.
///
/// # Errors
/// The verb's.
pub async fn json_of<T, F>(verb: F) -> Outcome
where
    T: Serialize + Send + 'static,
    F: FnOnce() -> Result<T, node::Error> + Send + 'static,
{
    Answer::json(&blocking::long(verb).await??)
}
