//! What waits for a curator: for who curates, and for who sent it.

use std::sync::Arc;

use askama::Template;
use serde_json::Value;

use super::session::Sessions;
use super::show::{instant, text};
use super::{Frame, caller_or_sign_in, render, to_sign_in};
use crate::routes::Outcome;
use crate::{Request, blocking};

#[derive(Template)]
#[template(path = "queue.html")]
struct Queue {
    frame: Frame,
    /// Whether there is anything to curate for this reader.
    curated: Vec<Line>,
    own: Vec<Line>,
}

struct Line {
    id: String,
    state: String,
    until: String,
    late: bool,
    objects: String,
    from: String,
    labels: String,
    findings: Vec<String>,
    reason: String,
}

/// Shows it.
pub(super) async fn page(request: Request, sessions: Arc<Sessions>) -> Outcome {
    let caller = match caller_or_sign_in(&request, &sessions) {
        Ok(caller) if caller.principal.is_anonymous() => return Ok(to_sign_in(&request)),
        Ok(caller) => caller,
        Err(to_sign_in) => return Ok(*to_sign_in),
    };
    let (queue, own) = blocking::brief(|| {
        Ok::<_, node::Error>((request.node.queue(&caller, false)?, request.node.submissions(&caller)?))
    })?;
    render(&Queue {
        frame: Frame::new(&request, Some(&caller)),
        curated: lines(&queue, "/queue"),
        own: lines(&own, "/submissions"),
    })
}

fn lines(answer: &Value, pointer: &str) -> Vec<Line> {
    let rows = answer.pointer(pointer).and_then(Value::as_array);
    rows.into_iter().flatten().map(line).collect()
}

fn line(row: &Value) -> Line {
    let said = |pointer: &str| row.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let flag = |pointer: &str| row.pointer(pointer).and_then(Value::as_bool).unwrap_or_default();
    let list = |pointer: &str| row.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    let finding = |one: &Value| {
        let part = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        text(&format!("{}: {} {}", part("check"), part("message"), part("object")))
    };
    let labels: Vec<String> = list("/labels").iter().filter_map(Value::as_str).map(text).collect();
    Line {
        id: text(said("/id")),
        state: if flag("/taken") && said("/state") == "held" { "taken" } else { said("/state") }.to_owned(),
        until: instant(said("/deadline")),
        late: flag("/overdue"),
        objects: row.pointer("/objects").and_then(Value::as_u64).unwrap_or_default().to_string(),
        from: match (said("/member/name"), flag("/without_name")) {
            ("", true) => "without a name".to_owned(),
            (member, _) => text(member),
        },
        labels: labels.join(", "),
        findings: list("/findings").iter().map(finding).collect(),
        reason: text(said("/reason")),
    }
}
