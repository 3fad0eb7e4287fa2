//! What a node answers.

use bytes::Bytes;
use http::StatusCode;
use http::response::Parts;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;

use crate::failure::{Exit, Failure};

/// The longest document that is taken as one piece, in bytes. Streams are read as they come.
const MAX_DOCUMENT_BYTES: usize = 256 << 20;
/// The longest line of a stream, in bytes.
const MAX_LINE_BYTES: usize = 64 << 20;

/// A status, headers, and content that is read as it comes.
pub struct Reply {
    head: Parts,
    body: UnsyncBoxBody<Bytes, String>,
    line: Vec<u8>,
}

impl Reply {
    /// What came back.
    pub fn new<B>(response: http::Response<B>) -> Reply
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Display,
    {
        let (head, body) = response.into_parts();
        Reply { head, body: body.map_err(|error| error.to_string()).boxed_unsync(), line: Vec::new() }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The text of a header, where it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The next bytes, or `None` at the end.
    ///
    /// # Errors
    /// The way broke before the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => {
                    return Err(Failure::network(format!("the answer broke off: {error}")).hint(
                        "what came so far is not the whole; ask again: an import takes nothing twice",
                    ));
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// The next document of a stream that has one a line, or `None` at the end.
    ///
    /// # Errors
    /// The way broke, or a line is no JSON.
    pub async fn next_document(&mut self) -> Result<Option<serde_json::Value>, Failure> {
        loop {
            if let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
                let rest = self.line.split_off(end + 1);
                let line = std::mem::replace(&mut self.line, rest);
                return serde_json::from_slice(&line).map(Some).map_err(|_| not_ours());
            }
            if self.line.len() > MAX_LINE_BYTES {
                return Err(not_ours());
            }
            match self.chunk().await? {
                Some(chunk) => self.line.extend_from_slice(&chunk),
                None if self.line.is_empty() => return Ok(None),
                None => return Err(Failure::network("the answer broke off in the middle of a line")),
            }
        }
    }

    /// The whole content as one JSON document; no content is `null`.
    ///
    /// # Errors
    /// The way broke, the content is too long, or no JSON.
    pub async fn document(&mut self) -> Result<serde_json::Value, Failure> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_DOCUMENT_BYTES {
                return Err(Failure::network("the answer is too long"));
            }
        }
        if bytes.is_empty() {
            return Ok(serde_json::Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|_| not_ours())
    }

    /// The reply, if the node did what it was asked.
    ///
    /// # Errors
    /// Its refusal, with what it says about it (RFC 9457).
    pub async fn accepted(mut self) -> Result<Reply, Failure> {
        let status = self.head.status;
        if status.is_success() {
            return Ok(self);
        }
        if status.is_redirection() {
            let to = self.head.headers.get(http::header::LOCATION).and_then(|to| to.to_str().ok());
            return Err(Failure::network(format!(
                "the address answers with a redirect to `{}`",
                to.unwrap_or("?")
            ))
            .hint("use the address that it names"));
        }
        let problem = self.document().await.unwrap_or_default();
        Err(refusal(
            status,
            &problem,
            self.head.headers.get(http::header::RETRY_AFTER).and_then(|s| s.to_str().ok()),
        ))
    }
}

fn not_ours() -> Failure {
    Failure::network("the answer is not that of an Accord node").hint("check the address")
}

/// A problem document (RFC 9457) as a failure.
pub fn refusal(status: StatusCode, problem: &serde_json::Value, retry_after: Option<&str>) -> Failure {
    let text =
        |name: &str| problem.get(name).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
    let exit = match status.as_u16() {
        401 | 403 | 429 => Exit::Access,
        404 | 410 => Exit::Finding,
        409 | 412 | 423 => Exit::Conflict,
        500..=599 => Exit::Network,
        _ => Exit::Usage,
    };
    let reason = status.canonical_reason().unwrap_or("refused").to_ascii_lowercase();
    let message = text("detail").or_else(|| text("title")).map_or(reason, str::to_owned);
    let mut failure = Failure::new(exit, message);
    failure.hint = text("hint").map(str::to_owned).or_else(|| hint_for(status, retry_after));
    failure
}

fn hint_for(status: StatusCode, retry_after: Option<&str>) -> Option<String> {
    match (status.as_u16(), retry_after) {
        (_, Some(seconds)) => Some(format!("try again in {seconds} s")),
        (401, None) => Some("sign in with `accord login`, or give a token in ACCORD_TOKEN".to_owned()),
        _ => None,
    }
}
