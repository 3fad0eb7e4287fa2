//! Failures: the node's kinds and HTTP's own, and how each family of routes tells of them.

use http::header::{HeaderName, HeaderValue};
use http::{StatusCode, header};
use node::Kind;
use serde::Serialize;

use crate::routes::Family;
use crate::{Answer, taxii};

/// A request that came to nothing. Status codes exist from here outwards only.
#[derive(Debug)]
pub struct Failure {
    /// The status.
    pub status: StatusCode,
    /// A stable word for programs, such as `not-found`.
    pub code: &'static str,
    /// What is wrong; safe to show.
    pub detail: String,
    /// What to do next, if there is something.
    pub hint: Option<String>,
    /// Seconds after which trying again makes sense.
    pub retry_after_s: Option<u32>,
    /// Headers that the status asks for, such as `Allow`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What only the log is told.
    pub log: Option<Box<str>>,
}

impl Failure {
    /// A failure with this status, word and detail.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Failure {
        Failure {
            status,
            code,
            detail: detail.into(),
            hint: None,
            retry_after_s: None,
            headers: Vec::new(),
            log: None,
        }
    }

    /// Our own fault; the text is for the log.
    pub fn internal(log: impl Into<String>) -> Failure {
        let detail = "something went wrong here; the log has it under this request's id";
        let mut failure = Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail);
        failure.log = Some(log.into().into_boxed_str());
        failure
    }

    /// A request that makes no sense.
    pub fn invalid(detail: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, "invalid", detail)
    }

    /// Nothing there.
    #[must_use]
    pub fn not_found() -> Failure {
        Failure::new(StatusCode::NOT_FOUND, "not-found", "there is nothing at this address")
    }

    /// Nobody has shown who they are, or with a credential that is no good.
    pub fn unauthenticated(detail: impl Into<String>) -> Failure {
        Failure::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
            .header(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"Accord\", charset=\"UTF-8\""),
            )
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Accord\""))
    }

    /// The same, with a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Failure {
        self.headers.push((name, value));
        self
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// The answer of a family of routes, below the base path `base`. Pages have their own face for it.
    #[must_use]
    pub fn answer(self, family: Family, request_id: &str, base: &str) -> Answer {
        let mut answer = match family {
            Family::Rest => problem(&self, request_id),
            Family::Taxii => taxii::error::message(&self, request_id),
            Family::Page => crate::pages::failure(&self, request_id, base),
        };
        if let Some(seconds) = self.retry_after_s {
            answer.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in self.headers {
            answer.headers.append(name, value);
        }
        answer
    }
}

impl From<node::Error> for Failure {
    fn from(error: node::Error) -> Failure {
        let (status, code) = match error.kind {
            Kind::Invalid => (StatusCode::BAD_REQUEST, "invalid"),
            Kind::Unauthenticated => {
                return with_advice(Failure::unauthenticated(error.message.clone()), error);
            }
            Kind::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Kind::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            Kind::Conflict => (StatusCode::CONFLICT, "conflict"),
            Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Kind::Quota => (StatusCode::TOO_MANY_REQUESTS, "quota"),
            Kind::Media => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type"),
            Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Kind::Locked => (StatusCode::SERVICE_UNAVAILABLE, "locked"),
            Kind::Internal => return Failure::internal(error.message),
        };
        with_advice(Failure::new(status, code, error.message.clone()), error)
    }
}

fn with_advice(mut failure: Failure, error: node::Error) -> Failure {
    failure.hint = error.hint;
    let waits = matches!(failure.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let asked = error.retry_after_s.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX));
    failure.retry_after_s = asked.or(waits.then_some(30));
    failure
}

/// RFC 9457. The type is `about:blank`: the status says what kind of problem it is, `code` says which.
#[derive(Debug, Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    request_id: &'a str,
}

fn problem(failure: &Failure, request_id: &str) -> Answer {
    let problem = Problem {
        r#type: "about:blank",
        title: failure.status.canonical_reason().unwrap_or("Error"),
        status: failure.status.as_u16(),
        code: failure.code,
        detail: &failure.detail,
        hint: failure.hint.as_deref(),
        request_id,
    };
    let text = serde_json::to_vec(&problem).unwrap_or_default();
    Answer::bytes("application/problem+json", text).status(failure.status)
}
