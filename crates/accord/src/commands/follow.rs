//! `accord stream`: changes as they happen. A stream that breaks off is taken up again from where it stood.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Session, text};
use crate::arguments::Follow;
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, defanged, inert, remark};
use crate::transport::Call;

/// Longest event that is taken, in bytes.
const LONGEST: usize = 1 << 20;
/// Between two tries to take up a stream that broke off: from, and up to.
const AGAIN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// How far somebody was told.
#[derive(Default)]
struct Heard {
    /// From where it goes on.
    cursor: Option<String>,
    /// The node was reached once.
    once: bool,
    /// The last that was told says that all was told.
    all: bool,
}

/// Writes changes until somebody stops it; with `--once` until all were told.
///
/// # Errors
/// The node refuses; it cannot be reached at first, or with `--once` breaks off.
pub async fn run(session: &mut Session<'_>, follow: Follow) -> Result<Exit, Failure> {
    let mut heard = Heard { cursor: follow.since.clone(), ..Heard::default() };
    let mut wait = AGAIN.0;
    loop {
        let before = heard.cursor.clone();
        let why = match stream(session, &follow, &mut heard).await {
            Ok(()) if follow.once && heard.all => return Ok(Exit::Ok),
            Ok(()) => Failure::network("the stream ended before all was told"),
            Err(failure) => failure,
        };
        if follow.once || !heard.once || why.silent || why.exit != Exit::Network {
            return Err(why);
        }
        if heard.cursor != before {
            wait = AGAIN.0;
        }
        remark(&format!("{}; it is taken up again", inert(&why.message)));
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(AGAIN.1);
    }
}

async fn stream(session: &mut Session<'_>, follow: &Follow, heard: &mut Heard) -> Result<(), Failure> {
    let mut call = Call::get(&["stream"])
        .query_some("since", heard.cursor.as_deref())
        .query_some("action", follow.action.as_deref())
        .query_some("tlp", follow.tlp.as_deref());
    for (name, on) in [("values", follow.values), ("once", follow.once)] {
        if on {
            call = call.query(name, "true");
        }
    }
    let mut reply = session.transport.send(call).await?.accepted().await?;
    (heard.once, heard.all) = (true, false);
    let mut waiting = Vec::new();
    while let Some(chunk) = reply.chunk().await? {
        waiting.extend_from_slice(&chunk);
        while let Some(end) = waiting.windows(2).position(|two| two == b"\n\n") {
            let rest = waiting.split_off(end + 2);
            let event = std::mem::replace(&mut waiting, rest);
            tell(session.output, &String::from_utf8_lossy(&event), heard)?;
        }
        if waiting.len() > LONGEST {
            return Err(not_ours());
        }
    }
    Ok(())
}

// Trying again would not make it one.
fn not_ours() -> Failure {
    Failure::usage("the answer is no stream of changes").hint("check the address")
}

fn tell(output: &mut Output, event: &str, heard: &mut Heard) -> Result<(), Failure> {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
    let Some(data) = field("data: ") else { return Ok(()) };
    let name = field("event: ").unwrap_or_default();
    let data: Value = serde_json::from_str(data).map_err(|_| not_ours())?;
    write(output, (name, field("id: ")), &data)?;
    // Somebody watches, and goes on from what he saw.
    output.flush()?;
    heard.all = name == "now";
    if let Some(cursor) = field("id: ").filter(|cursor| !cursor.is_empty()) {
        heard.cursor = Some(cursor.to_owned());
    }
    Ok(())
}

fn write(output: &mut Output, (name, id): (&str, Option<&str>), data: &Value) -> Result<(), Failure> {
    if output.json {
        return output.document(&json!({ "event": name, "id": id, "data": data }));
    }
    let said = |pointer: &str| inert(text(data, pointer)).into_owned();
    let line = match name {
        "object" => format!("{}  {}", said("/change"), said("/id")),
        "value" => {
            let until = Some(said("/until")).filter(|until| !until.is_empty());
            let until = until.map(|until| format!("  until {until}")).unwrap_or_default();
            format!("{}  {}  {}{until}", said("/action"), defanged(text(data, "/value")), said("/mode"))
        }
        "recall" => format!("recall  {}  {}", said("/id"), said("/reason")),
        "reset" => format!("reset  {}: fetch everything anew", said("/why")),
        "now" => format!("now  {}  {}", said("/at"), said("/cursor")),
        _ => return Ok(()),
    };
    output.line(&line)
}
