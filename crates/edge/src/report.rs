//! What an edge tells its node: up to where each of its sensors holds what it was told.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::known::Shared;
use crate::status::Status;
use crate::upstream::{Ask, Upstream, content};

/// Not more often than this, where something changed.
const SOON: Duration = Duration::from_secs(2);
/// At least so often.
const EVERY: Duration = Duration::from_secs(30);
/// How long the answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// Reports until all is to end.
pub(crate) fn run(shared: &Shared, upstream: &dyn Upstream) {
    let (mut told, mut at, mut failed) = (String::new(), None::<Instant>, String::new());
    while !shared.is_stopping() {
        let (report, stands) = report(shared);
        if stands != told || at.is_none_or(|at| at.elapsed() >= EVERY) {
            match tell(shared, upstream, report) {
                Ok(()) => {
                    (told, at) = (stands, Some(Instant::now()));
                    failed.clear();
                }
                Err(why) if why != failed => {
                    tracing::warn!(error = why, "the node was not told how the sensors stand");
                    failed = why;
                    at = Some(Instant::now());
                }
                Err(_) => at = Some(Instant::now()),
            }
        }
        shared.pause(SOON);
    }
}

/// The report, and what of it is worth telling soon.
fn report(shared: &Shared) -> (serde_json::Value, String) {
    let status = Status::of(shared);
    let cursor = shared.read(|view| view.known().cursor.clone());
    let sensors = json!(status.sensors);
    let stands: Vec<_> = status.sensors.iter().map(|s| (&s.cursor, s.entries, s.blocks, &s.error)).collect();
    let stands = format!("{stands:?}");
    let report = json!({
        "at": status.at, "cursor": cursor, "knowledge": status.knowledge, "fail": status.fail, "sensors": sensors,
    });
    (report, stands)
}

fn tell(shared: &Shared, upstream: &dyn Upstream, report: serde_json::Value) -> Result<(), String> {
    let ask = Ask {
        method: "PUT",
        path: format!("/api/v1/edges/{}", shared.config.name),
        content: Some(("application/json", report.to_string().into_bytes())),
    };
    let mut answer = upstream.ask(ask, ANSWER)?;
    let code = answer.code();
    // What it says of its time the stream says too, and whoever reads that there fetches what a wrong clock has ended.
    content(&mut *answer, ANSWER, 64 << 10)?;
    if code == 200 { Ok(()) } else { Err(format!("the node answers {code}")) }
}
