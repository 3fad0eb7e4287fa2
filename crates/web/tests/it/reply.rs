//! An answer, and its text for snapshots: what is random or depends on the hour gets a name.

use std::fmt::Write;

use http::{HeaderMap, Response, StatusCode};
use web::body::AnswerBody;

/// An answer, whole.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub async fn of(response: Response<AnswerBody>) -> Reply {
        let (parts, body) = response.into_parts();
        let mut body = body.collect().await.unwrap().to_vec();
        if parts.headers.get("content-type").is_some_and(|media| media == "text/event-stream") {
            body = without_cursors(std::str::from_utf8(&body).unwrap()).into_bytes();
        }
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The ids of the objects in it, in order.
    pub fn ids(&self) -> Vec<String> {
        let json = self.json();
        let objects = json["objects"].as_array().cloned().unwrap_or_default();
        objects.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Status, headers and body.
    pub fn snapshot(&self) -> String {
        let mut lines: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        let mut text = format!("{}\n", self.status);
        lines.iter().for_each(|line| writeln!(text, "{line}").unwrap());
        writeln!(text).unwrap();
        match serde_json::from_slice::<serde_json::Value>(&self.body) {
            Ok(json) => text.push_str(&serde_json::to_string_pretty(&json).unwrap()),
            Err(_) => text.push_str(&String::from_utf8_lossy(&self.body)),
        }
        normal(&text)
    }
}

/// Events without what is new in each telling: cursors are sealed at random, and `now` tells the time.
fn without_cursors(events: &str) -> String {
    let line = |line: &str| match line {
        line if line.starts_with("id: ") => "id: <cursor>\n".to_owned(),
        line if line.starts_with("data: {\"at\":") => "data: <now>\n".to_owned(),
        line => format!("{line}\n"),
    };
    events.lines().map(line).collect()
}

/// Names for ids that are made anew in each run (`<id 1>`, in order), for times of the test's clock, request ids and
/// cursors. The ids of fixtures begin with eight equal digits and stay.
pub fn normal(text: &str) -> String {
    let mut ids: Vec<&str> = Vec::new();
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(id) = rest.get(..36).filter(|id| is_uuid(id)) {
            if id.bytes().take(8).all(|byte| Some(&byte) == id.as_bytes().first()) || is_known(id) {
                out.push_str(id);
            } else {
                let number = ids.iter().position(|known| *known == id).unwrap_or_else(|| {
                    ids.push(id);
                    ids.len() - 1
                });
                write!(out, "<id {}>", number + 1).unwrap();
            }
            rest = &rest[36..];
        } else if let Some(time) = rest.get(..27).filter(|time| is_house_time(time)) {
            out.push_str("<time>");
            rest = &rest[time.len()..];
        } else if let Some(after) = value_after(rest) {
            let (begin, end) = after;
            out.push_str(&rest[..begin]);
            out.push_str("<made>");
            rest = &rest[end..];
        } else {
            let first = rest.chars().next().unwrap();
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

// The marking definitions of TLP are the standard's.
fn is_known(id: &str) -> bool {
    stix::tlp::MARKINGS.iter().any(|marking| marking.id.ends_with(id))
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase(),
    })
}

fn is_house_time(text: &str) -> bool {
    text.starts_with("2031-") && text.ends_with('Z') && text.parse::<model::Timestamp>().is_ok()
}

// Where a value begins and ends that is made anew in each run: request ids and cursors.
fn value_after(text: &str) -> Option<(usize, usize)> {
    for (key, close) in [
        ("x-request-id: ", '\n'),
        ("\"error_id\": \"", '"'),
        ("\"request_id\": \"", '"'),
        ("\"next\": \"", '"'),
    ] {
        if let Some(value) = text.strip_prefix(key) {
            return Some((key.len(), key.len() + value.find(close).unwrap_or(value.len())));
        }
    }
    None
}
