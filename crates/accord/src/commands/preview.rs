//! Who would see something, and who does.

use serde_json::{Value, json};

use super::{Session, counted, flag, list, number, text};
use crate::arguments::{Audience, Preview, Trace};
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, defanged, inert};
use crate::transport::Call;

/// Who would see what is said under a label.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn preview(session: &mut Session<'_>, asked: Preview) -> Result<Exit, Failure> {
    let Preview { tlp, without_name, audience: Audience { to, embargo, until } } = asked;
    let body =
        json!({ "tlp": tlp, "to": to, "embargo": embargo, "until": until, "without_name": without_name });
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
    if !text(answer, "/label").is_empty() {
        output.line(text(answer, "/label"))?;
    }
    let is_trace = answer.pointer("/got_by_others").is_some();
    for one in list(answer, "/sees") {
        let (member, person) = (inert(text(one, "/member/name")), inert(text(one, "/person/name")));
        let who = if person.is_empty() { member.into_owned() } else { format!("{person} of {member}") };
        let since = text(one, "/since");
        let since = if since.is_empty() { String::new() } else { format!(", since {since}") };
        let why = inert(text(one, "/why"));
        let got = match text(one, "/got/road") {
            "" if is_trace && !text(one, "/why").eq("its author") => "; in no list of theirs yet".to_owned(),
            "" => String::new(),
            road => format!("; got it by `{}`, {}", inert(road), text(one, "/got/at")),
        };
        output.line(&format!("  {} {who}: {why}{since}{got}", output.paint(Style::Good, "sees")))?;
    }
    for one in list(answer, "/others") {
        let count = counted(number(one, "/count"), "other");
        output.line(&format!(
            "  {} {count}: {}",
            output.paint(Style::Good, "sees"),
            inert(text(one, "/why"))
        ))?;
    }
    // Circles that ended, or that one has left, count among those it is for, and of theirs nothing more is told.
    let counted_others = list(answer, "/others").iter().map(|one| number(one, "/count")).sum();
    let untold = number(answer, "/audience/others").saturating_sub(counted_others);
    if untold > 0 {
        output
            .line(&format!("  is for {} as well, of whom nothing is told here", counted(untold, "other")))?;
    }
    if let Some(count) = answer.pointer("/got_by_others").and_then(Value::as_u64).filter(|count| *count > 0) {
        output.line(&format!("  got by {}, in lists, exports or the stream", counted(count, "other")))?;
    }
    if flag(answer, "/visitors") {
        output.line("  sees whoever comes, without a token")?;
    }
    if let Some(days) = answer.pointer("/kept_days").and_then(Value::as_u64) {
        output.line(&format!("  kept for {}, by charter", counted(days, "day")))?;
    }
    write_waiting(output, answer)?;
    for one in list(answer, "/kept_from") {
        let (member, why) = (inert(text(one, "/member/name")), inert(text(one, "/why")));
        output.line(&format!("  {} {member}: {why}", output.paint(Style::Faint, "not ")))?;
    }
    for one in list(answer, "/stopped") {
        let (what, at, why) = (text(one, "/what"), text(one, "/at"), defanged(text(one, "/why")));
        let submission = match text(one, "/submission") {
            "" => String::new(),
            id => format!("  submission {id}"),
        };
        output.line(&format!("  {} {at}: {why}{submission}", output.paint(Style::Warning, what)))?;
    }
    Ok(Exit::Ok)
}

/// Writes that something waits before it enters, or would: why, for whom, until when, and what the checks found.
///
/// # Errors
/// Writing failed.
pub(super) fn write_waiting(output: &mut Output, answer: &Value) -> Result<(), Failure> {
    let Some(waiting) = answer.pointer("/waiting").filter(|waiting| !waiting.is_null()) else {
        return Ok(());
    };
    let head = output.paint(Style::Warning, "waits");
    output.line(&format!("  {head} {}", inert(text(waiting, "/why"))))?;
    let then = if flag(waiting, "/returned_then") { "returned after that" } else { "it waits on after that" };
    let deadline = text(waiting, "/deadline");
    let until = if deadline.is_empty() { String::new() } else { format!("{deadline}, {then}") };
    for (title, value) in
        [("decides", text(waiting, "/decides")), ("until", &until), ("enters", text(waiting, "/enters"))]
    {
        if !value.is_empty() {
            output.line(&format!("        {title:7}  {}", inert(value)))?;
        }
    }
    for finding in list(waiting, "/findings") {
        let (check, object) = (inert(text(finding, "/check")), inert(text(finding, "/object")));
        let message = defanged(text(finding, "/message"));
        output.line(&format!("        {}  {object}  {message}", output.paint(Style::Warning, &check)))?;
    }
    Ok(())
}
