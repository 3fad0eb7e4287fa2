//! `accord mistaken` and `accord sighted`: what was found out of what others say.

use serde_json::{Value, json};

use super::{Session, flag, list, text};
use crate::arguments::{Mistaken, Sighted};
use crate::failure::{Exit, Failure};
use crate::terminal::{Style, inert};
use crate::transport::Call;

/// Calls indicators a mistake. Exit code 1 if something was refused.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn mistaken(session: &mut Session<'_>, mistaken: Mistaken) -> Result<Exit, Failure> {
    let body = json!({
        "of": mistaken.of,
        "verdict": "mistaken",
        "reason": mistaken.reason,
        "tlp": mistaken.how.tlp,
        "without_name": mistaken.how.without_name,
    });
    give(session, body, "called a mistake").await
}

/// Says that indicators were seen. Exit code 1 if something was refused.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn sighted(session: &mut Session<'_>, sighted: Sighted) -> Result<Exit, Failure> {
    let body = json!({
        "of": sighted.of,
        "verdict": "sighted",
        "count": sighted.count,
        "first_seen": sighted.first,
        "last_seen": sighted.last,
        "context": sighted.context,
        "tlp": sighted.how.tlp,
        "without_name": sighted.how.without_name,
    });
    give(session, body, "said to have been seen").await
}

async fn give(session: &mut Session<'_>, body: Value, done: &str) -> Result<Exit, Failure> {
    let answer = session.ask(Call::post(&["verdicts"]).json(body)).await?;
    let output = &mut *session.output;
    let given = list(&answer, "/given");
    let refused = given.iter().any(|one| text(one, "/outcome/state") == "rejected");
    if output.json {
        output.document(&answer)?;
    } else {
        for one in given {
            let id = inert(text(one, "/indicator")).into_owned();
            let message = inert(text(one, "/outcome/message")).into_owned();
            output.line(&match (flag(one, "/known"), text(one, "/outcome/state")) {
                (true, _) => format!("{id}  you call it a mistake already"),
                (false, "rejected") => {
                    format!("{id}  {}: {message}", output.paint(Style::Alert, "refused"))
                }
                (false, "pending") => format!("{id}  {message}"),
                (false, _) => format!("{id}  {}", output.paint(Style::Good, done)),
            })?;
        }
    }
    Ok(if refused { Exit::Finding } else { Exit::Ok })
}
