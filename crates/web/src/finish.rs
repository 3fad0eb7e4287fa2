//! What every answer carries, and what is logged of it.

use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use crate::body::{self, AnswerBody};
use crate::routes::{Family, Outcome};
use crate::waiting::Room;
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

/// A `traceparent` of version 00 is as long as this, and so is the part of later ones that we know, in characters.
const TRACE_LENGTH: usize = 55;

/// The trace that the request belongs to, as W3C Trace Context §3.2 has it; what is malformed counts as none.
fn trace_parent(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all("traceparent").iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let text = value.to_str().ok()?;
    // "If the size of the header is greater, a later version begins with the fields of this one and a dash."
    let known = text.get(..TRACE_LENGTH)?;
    let later = text.get(TRACE_LENGTH..)?;
    let mut fields = known.split('-');
    let mut field = |length: usize| {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        fields.next().filter(|field| field.len() == length && field.bytes().all(is_hex))
    };
    let (version, trace, parent, _flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
    let is_set = |id: &str| id.bytes().any(|byte| byte != b'0');
    let ends = if version == "00" { later.is_empty() } else { later.is_empty() || later.starts_with('-') };
    (version != "ff" && ends && is_set(trace) && is_set(parent)).then_some(known)
}

/// A request as far as its answer and the log need it.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) began: Instant,
    pub(crate) id: &'a str,
    /// The base path, no slash at its end.
    pub(crate) base: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) route: &'static str,
    pub(crate) family: Family,
    pub(crate) client: Option<IpAddr>,
}

/// Makes the response of an outcome, and logs it.
pub(crate) fn finish(asked: &Asked<'_>, outcome: Outcome, room: Option<Room>) -> Response<AnswerBody> {
    let mut fault = None;
    let mut answer = outcome.unwrap_or_else(|mut failure| {
        fault = failure.log.take();
        failure.answer(asked.family, asked.id, asked.base)
    });
    common_headers(&mut answer.headers, asked.family, asked.id);
    if is_unchanged(&answer, asked) {
        answer.status = StatusCode::NOT_MODIFIED;
        answer.body = AnswerBody::Full(Bytes::new());
        answer.headers.remove(header::CONTENT_TYPE);
    }
    let body = sent(&mut answer.headers, answer.body, asked);
    let body = match room {
        Some(room) => room.keep(body),
        None => body,
    };
    let line = Line::of(asked, answer.status, fault);
    let body = match body {
        // What is sent while it is made is answered when it has ended, or its client has gone.
        AnswerBody::Pieces(pieces) => AnswerBody::Pieces(pieces.followed_by(line)),
        full @ AnswerBody::Full(_) => full,
    };
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

/// The line of the log for a request, which is written when it is dropped.
#[derive(Debug)]
pub(crate) struct Line {
    began: Instant,
    id: String,
    trace: Option<String>,
    client: Option<IpAddr>,
    method: Method,
    route: &'static str,
    status: u16,
    fault: Option<Box<str>>,
}

impl Line {
    fn of(asked: &Asked<'_>, status: StatusCode, fault: Option<Box<str>>) -> Line {
        Line {
            began: asked.began,
            id: asked.id.to_owned(),
            trace: trace_parent(asked.headers).map(str::to_owned),
            client: asked.client,
            method: asked.method.clone(),
            route: asked.route,
            status: status.as_u16(),
            fault,
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let client = self.client.map(tracing::field::display);
        let micros = self.began.elapsed().as_micros() as u64;
        match self.fault.as_deref() {
            Some(fault) => tracing::error!(
                request.id = self.id,
                trace.parent = self.trace,
                client.address = client,
                http.method = self.method.as_str(),
                http.route = self.route,
                http.status = self.status,
                duration_us = micros,
                fault,
                "a request failed"
            ),
            None => tracing::info!(
                request.id = self.id,
                trace.parent = self.trace,
                client.address = client,
                http.method = self.method.as_str(),
                http.route = self.route,
                http.status = self.status,
                duration_us = micros,
                "a request was answered"
            ),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("traceparent", value.parse().unwrap());
        }
        trace_parent(&headers).map(str::to_owned)
    }

    #[test]
    fn a_trace_is_taken_over_when_it_is_one() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(check(&[good]).as_deref(), Some(good));
        let later = format!("cc{}-what-the-future-will-be-like", &good[2..]);
        assert_eq!(check(&[&later]).as_deref(), Some(&later[..TRACE_LENGTH]));
        let long = format!("{good}-{}", "x".repeat(100_000));
        for wrong in [
            "",
            "x",
            &long,
            &good.to_uppercase(),
            &good.replace("00-", "ff-"),
            &good.replace("b7ad6b7169203331", "0000000000000000"),
            &good.replace("0af7651916cd43dd8448eb211c80319c", "00000000000000000000000000000000"),
            &good[..54],
            &format!("cc{}x", &good[2..]),
        ] {
            assert_eq!(check(&[wrong]), None, "{wrong}");
        }
        assert_eq!(check(&[good, good]), None);
    }
}
