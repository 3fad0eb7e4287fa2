//! Who would see something, and who does.

use serde_json::{Value, json};

use super::{Session, counted, flag, list, number, text};
use crate::arguments::{Audience, Preview, Trace};
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, inert};
use crate::transport::Call;

/// Who would see what is said under a label.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn preview(session: &mut Session<'_>, asked: Preview) -> Result<Exit, Failure> {
    let Preview { tlp, audience: Audience { to, embargo, until } } = asked;
    let body = json!({ "tlp": tlp, "to": to, "embargo": embargo, "until": until });
    let answer = session.ask(Call::post(&["preview"]).json(body)).await?;
    write(session.output, &answer)
}

/// Who sees an object.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn trace(session: &mut Session<'_>, asked: Trace) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&["objects", &asked.id, "trace"])).await?;
    write(session.output, &answer)
}

/// Writes who sees something.
///
/// # Errors
/// Writing failed.
pub(super) fn write(output: &mut Output, answer: &Value) -> Result<Exit, Failure> {
    if output.json {
        output.document(answer)?;
        return Ok(Exit::Ok);
    }
    output.line(text(answer, "/label"))?;
    for one in list(answer, "/sees") {
        let (member, person) = (inert(text(one, "/member/name")), inert(text(one, "/person/name")));
        let who = if person.is_empty() { member.into_owned() } else { format!("{person} of {member}") };
        let since = text(one, "/since");
        let since = if since.is_empty() { String::new() } else { format!(", since {since}") };
        let why = inert(text(one, "/why"));
        output.line(&format!("  {} {who}: {why}{since}", output.paint(Style::Good, "sees")))?;
    }
    for one in list(answer, "/others") {
        let count = counted(number(one, "/count"), "other");
        output.line(&format!(
            "  {} {count}: {}",
            output.paint(Style::Good, "sees"),
            inert(text(one, "/why"))
        ))?;
    }
    if flag(answer, "/visitors") {
        output.line("  sees whoever comes, without a token")?;
    }
    for one in list(answer, "/kept_from") {
        let (member, why) = (inert(text(one, "/member/name")), inert(text(one, "/why")));
        output.line(&format!("  {} {member}: {why}", output.paint(Style::Faint, "not ")))?;
    }
    Ok(Exit::Ok)
}
