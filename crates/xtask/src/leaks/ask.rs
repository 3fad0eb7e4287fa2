//! One request, and its answer with every coding undone.

use std::io::Read;

use bytes::Bytes;
use http::header::HeaderName;
use web::body::RequestBody;
use web::request::{Arrival, Road};

use super::build::Built;
use crate::Outcome;

/// A request. `{submission N}` in it stands for the submission of a deed.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The operation of the route that it is for.
    pub operation: &'static str,
    /// Its method.
    pub method: &'static str,
    /// Its path and query.
    pub path: String,
    /// Its headers, but for the token.
    pub headers: Vec<(&'static str, String)>,
    /// Its content.
    pub body: String,
    /// The last part of the address that it comes from.
    pub from: u8,
}

impl Ask {
    fn new(operation: &'static str, method: &'static str, path: String) -> Ask {
        let headers = vec![("host", "ti.example".to_owned()), ("x-request-id", "asked".to_owned())];
        Ask { operation, method, path, headers, body: String::new(), from: 7 }
    }

    /// Of the REST API.
    pub fn rest(operation: &'static str, method: &'static str, path: String) -> Ask {
        Ask::new(operation, method, path).header("content-type", "application/json")
    }

    /// Of TAXII.
    pub fn taxii(operation: &'static str, method: &'static str, path: String) -> Ask {
        let ask = Ask::new(operation, method, path).header("accept", web::taxii::MEDIA_TYPE);
        ask.header("content-type", web::taxii::MEDIA_TYPE)
    }

    /// Of a page.
    pub fn page(operation: &'static str, method: &'static str, path: String) -> Ask {
        let ask = Ask::new(operation, method, path).header("sec-fetch-site", "same-origin");
        ask.header("content-type", "application/x-www-form-urlencoded")
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Ask {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The same with content.
    #[must_use]
    pub fn body(mut self, text: &str) -> Ask {
        text.clone_into(&mut self.body);
        self
    }

    /// The same in a world in which submissions have these names.
    pub fn in_world(&self, submissions: &[(usize, String)]) -> Ask {
        let mut ask = self.clone();
        for (number, id) in submissions {
            ask.path = ask.path.replace(&format!("{{submission {number}}}"), id);
        }
        ask
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers, sorted.
    pub headers: Vec<(String, String)>,
    /// Its content, every coding undone.
    pub body: Vec<u8>,
}

impl Reply {
    /// Its content as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Its content as JSON.
    pub fn json(&self) -> Outcome<serde_json::Value> {
        serde_json::from_slice(&self.body).map_err(|error| format!("{error}: {}", self.text()).into())
    }

    /// Its content as JSON, one document a line.
    pub fn lines(&self) -> Outcome<Vec<serde_json::Value>> {
        let text = self.text();
        let lines = text.lines().map(|line| Ok(serde_json::from_str(line)?));
        lines.collect()
    }
}

/// Asks with a token, if there is one.
pub fn send(built: &Built, ask: &Ask, secret: &str) -> Outcome<Reply> {
    let mut request = http::Request::builder().method(ask.method).uri(&ask.path);
    for (name, value) in &ask.headers {
        request = request.header(HeaderName::from_static(name), value);
    }
    if !secret.is_empty() {
        request = request.header(http::header::AUTHORIZATION, format!("Bearer {secret}"));
    }
    let request = request.body(RequestBody::full(Bytes::from(ask.body.clone())))?;
    let peer = Some(std::net::IpAddr::from([192, 0, 2, ask.from]));
    let arrival = Arrival { road: Road::Tcp, peer };
    let (parts, body) = built.runtime.block_on(async {
        let (parts, body) = built.router.handle(request, arrival).await.into_parts();
        (parts, body.collect().await)
    });
    let mut body = body?.to_vec();
    let coding = parts.headers.get(http::header::CONTENT_ENCODING).filter(|_| !body.is_empty());
    match coding.and_then(|coding| coding.to_str().ok()) {
        Some("gzip") => {
            let mut plain = Vec::new();
            flate2::read::MultiGzDecoder::new(body.as_slice()).read_to_end(&mut plain)?;
            body = plain;
        }
        Some("zstd") => body = zstd::decode_all(body.as_slice())?,
        _ => {}
    }
    let mut headers = Vec::new();
    for (name, value) in &parts.headers {
        headers.push((name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    }
    headers.sort();
    Ok(Reply { status: parts.status.as_u16(), headers, body })
}
