//! `accord stream`: changes as they happen.

use serde_json::{Value, json};

use super::{Session, text};
use crate::arguments::Follow;
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, defanged, inert};
use crate::transport::Call;

/// Longest event that is taken, in bytes.
const LONGEST: usize = 1 << 20;

/// Writes changes until they end, or the first that all were told with `--once`.
///
/// # Errors
/// The node refuses, or cannot be asked, or the way broke.
pub async fn run(session: &mut Session<'_>, follow: Follow) -> Result<Exit, Failure> {
    let mut call = Call::get(&["stream"])
        .query_some("since", follow.since.as_deref())
        .query_some("action", follow.action.as_deref())
        .query_some("tlp", follow.tlp.as_deref());
    for (name, on) in [("values", follow.values), ("once", follow.once)] {
        if on {
            call = call.query(name, "true");
        }
    }
    let mut reply = session.transport.send(call).await?.accepted().await?;
    let mut waiting = Vec::new();
    while let Some(chunk) = reply.chunk().await? {
        waiting.extend_from_slice(&chunk);
        while let Some(end) = waiting.windows(2).position(|two| two == b"\n\n") {
            let rest = waiting.split_off(end + 2);
            let event = std::mem::replace(&mut waiting, rest);
            tell(session.output, &String::from_utf8_lossy(&event))?;
        }
        if waiting.len() > LONGEST {
            return Err(Failure::network("the answer is no stream of changes"));
        }
    }
    Ok(Exit::Ok)
}

fn tell(output: &mut Output, event: &str) -> Result<(), Failure> {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
    let Some(data) = field("data: ") else { return Ok(()) };
    let name = field("event: ").unwrap_or_default();
    let data: Value =
        serde_json::from_str(data).map_err(|_| Failure::network("the answer is no stream of changes"))?;
    if output.json {
        return output.document(&json!({ "event": name, "id": field("id: "), "data": data }));
    }
    let said = |pointer: &str| inert(text(&data, pointer)).into_owned();
    let line = match name {
        "object" => format!("{}  {}", said("/change"), said("/id")),
        "value" => {
            let until = Some(said("/until")).filter(|until| !until.is_empty());
            let until = until.map(|until| format!("  until {until}")).unwrap_or_default();
            format!("{}  {}  {}{until}", said("/action"), defanged(text(&data, "/value")), said("/mode"))
        }
        "recall" => format!("recall  {}  {}", said("/id"), said("/reason")),
        "reset" => format!("reset  {}: fetch everything anew", said("/why")),
        "now" => format!("now  {}  {}", said("/at"), said("/cursor")),
        _ => return Ok(()),
    };
    output.line(&line)?;
    // Somebody watches.
    output.flush()
}
