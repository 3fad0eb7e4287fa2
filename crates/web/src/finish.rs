//! What every answer carries, and what is logged of it.

use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use crate::body::{self, AnswerBody};
use crate::routes::{Family, Outcome};
use crate::{Answer, coding};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is taken over from a client, in characters.
const REQUEST_ID_LENGTH: usize = 64;

/// The policy of answers that no browser should make a page of.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";
/// The policy of pages: nothing but our own files, no inline script or style, no eval.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; \
     require-trusted-types-for 'script'";

/// The id that the client gave the request, if it is a plain word; else a new one.
pub(crate) fn request_id(headers: &HeaderMap, new: impl FnOnce() -> String) -> String {
    let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    match given {
        Some(id) if !id.is_empty() && id.len() <= REQUEST_ID_LENGTH && id.bytes().all(plain) => id.to_owned(),
        _ => new(),
    }
}

/// A request as far as its answer and the log need it.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) began: Instant,
    pub(crate) id: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) route: &'static str,
    pub(crate) family: Family,
    pub(crate) client: Option<IpAddr>,
}

/// Makes the response of an outcome, and logs it.
pub(crate) fn finish(asked: &Asked<'_>, outcome: Outcome) -> Response<AnswerBody> {
    let mut fault = None;
    let mut answer = outcome.unwrap_or_else(|mut failure| {
        fault = failure.log.take();
        failure.answer(asked.family, asked.id)
    });
    common_headers(&mut answer.headers, asked.family, asked.id);
    if is_unchanged(&answer, asked) {
        answer.status = StatusCode::NOT_MODIFIED;
        answer.body = AnswerBody::Full(Bytes::new());
        answer.headers.remove(header::CONTENT_TYPE);
    }
    let body = sent(&mut answer.headers, answer.body, asked);
    log(asked, answer.status, fault.as_deref());
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

// RFC 9110 §13.1.2, for the answers that have an entity tag.
fn is_unchanged(answer: &Answer, asked: &Asked<'_>) -> bool {
    let (Some(tag), Some(known)) =
        (answer.headers.get(header::ETAG), asked.headers.get(header::IF_NONE_MATCH))
    else {
        return false;
    };
    let (tag, known) = (tag.to_str().unwrap_or(""), known.to_str().unwrap_or(""));
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let same = known.trim() == "*" || known.split(',').any(|known| opaque(known) == opaque(tag));
    answer.status == StatusCode::OK && matches!(*asked.method, Method::GET | Method::HEAD) && same
}

// Puts the content into the coding that the client wants. To HEAD goes the length and nothing else; the length of what
// is written while it is sent is not known.
fn sent(headers: &mut HeaderMap, body: AnswerBody, asked: &Asked<'_>) -> AnswerBody {
    let length = if let AnswerBody::Full(bytes) = &body { bytes.len() } else { usize::MAX };
    let may_code = !headers.contains_key(header::CONTENT_ENCODING)
        && coding::is_worthwhile(headers.get(header::CONTENT_TYPE), length);
    if may_code {
        headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    let coding = if may_code { coding::wanted(asked.headers) } else { None };
    let (body, coding) = match (body, coding) {
        (AnswerBody::Full(bytes), Some(coding)) => match coding::encoded(&bytes, coding) {
            Ok(coded) => (AnswerBody::Full(coded), Some(coding)),
            Err(_) => (AnswerBody::Full(bytes), None),
        },
        (AnswerBody::Pieces(pieces), Some(coding)) => (body::encoded(pieces, coding), Some(coding)),
        (body, None) => (body, None),
    };
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    if *asked.method != Method::HEAD {
        return body;
    }
    if let AnswerBody::Full(bytes) = &body {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    }
    AnswerBody::Full(Bytes::new())
}

fn log(asked: &Asked<'_>, status: StatusCode, fault: Option<&str>) {
    let trace = asked.headers.get("traceparent").and_then(|value| value.to_str().ok());
    let client = asked.client.map(tracing::field::display);
    let micros = asked.began.elapsed().as_micros() as u64;
    let (status, method) = (status.as_u16(), asked.method.as_str());
    match fault {
        Some(fault) => tracing::error!(
            request.id = asked.id,
            trace.parent = trace,
            client.address = client,
            http.method = method,
            http.route = asked.route,
            http.status = status,
            duration_us = micros,
            fault,
            "a request failed"
        ),
        None => tracing::info!(
            request.id = asked.id,
            trace.parent = trace,
            client.address = client,
            http.method = method,
            http.route = asked.route,
            http.status = status,
            duration_us = micros,
            "a request was answered"
        ),
    }
}

fn common_headers(headers: &mut HeaderMap, family: Family, id: &str) {
    let mut default = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    let policy = if family == Family::Page { PAGE_POLICY } else { API_POLICY };
    default(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    default(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Under `no-referrer` a browser would hide the origin of our own forms from us.
    let referrer = if family == Family::Page { "same-origin" } else { "no-referrer" };
    default(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
    default(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    default(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    if family == Family::Page {
        default(
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        );
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID.clone(), id);
    }
}
