//! What became of submissions, and what is said about objects.

use serde_json::{Value, json};

use super::{Session, counted, erase, flag, list, number, text};
use crate::arguments::{Audience, Erase, Note, Opinion, Origin, Relabel, Revoke, Status, Tag, Withdraw};
use crate::failure::{Exit, Failure};
use crate::terminal::{Style, defanged, inert};
use crate::transport::Call;

/// What became of a submission. Exit code 1 if objects were refused.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn status(session: &mut Session<'_>, status: Status) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&["submissions", &status.submission])).await?;
    let output = &mut *session.output;
    let exit = if number(&answer, "/failure") > 0 { Exit::Finding } else { Exit::Ok };
    if output.json {
        output.document(&answer)?;
        return Ok(exit);
    }
    let state = if flag(&answer, "/complete") { "complete" } else { "in work" };
    let state = output.paint(Style::Strong, state);
    output.line(&format!("{state}  received {}", inert(text(&answer, "/received"))))?;
    for (words, pointer) in
        [("objects", "/total"), ("taken", "/success"), ("refused", "/failure"), ("waiting", "/pending")]
    {
        output.line(&format!("  {:>10}  {words}", super::grouped(number(&answer, pointer))))?;
    }
    let queue = text(&answer, "/queue/state");
    if !queue.is_empty() {
        let reason = defanged(text(&answer, "/queue/reason"));
        let until = text(&answer, "/queue/deadline");
        let more =
            if queue == "held" { format!("  to be answered by {until}") } else { format!("  {reason}") };
        output
            .line(&format!("  {}{more}", output.paint(Style::Strong, &format!("with curators: {queue}"))))?;
    }
    for one in list(&answer, "/queue/shown") {
        let who = match text(one, "/member/name") {
            "" => "a member",
            name => name,
        };
        output.line(&format!("  shown to {}, {}", inert(who), text(one, "/at")))?;
    }
    for outcome in list(&answer, "/outcomes").iter().filter(|outcome| text(outcome, "/state") == "rejected") {
        let (id, message) = (inert(text(outcome, "/id")), defanged(text(outcome, "/message")));
        output.line(&format!("  {}  {id}  {message}", output.paint(Style::Alert, "refused")))?;
    }
    Ok(exit)
}

/// Says something about an object. Exit code 1 if it is refused.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn note(session: &mut Session<'_>, note: Note) -> Result<Exit, Failure> {
    say(
        session,
        &note.id,
        "notes",
        json!({ "text": note.text, "tlp": note.tlp, "without_name": note.without_name }),
    )
    .await
}

/// Says how far one agrees with an object.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn opinion(session: &mut Session<'_>, opinion: Opinion) -> Result<Exit, Failure> {
    let body = json!({
        "opinion": opinion.opinion,
        "explanation": opinion.why,
        "tlp": opinion.tlp,
        "without_name": opinion.without_name,
    });
    say(session, &opinion.id, "opinions", body).await
}

/// Tags an object.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn tag(session: &mut Session<'_>, tag: Tag) -> Result<Exit, Failure> {
    say(
        session,
        &tag.id,
        "tags",
        json!({ "tags": tag.tags, "tlp": tag.tlp, "without_name": tag.without_name }),
    )
    .await
}

/// Revokes an object.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn revoke(session: &mut Session<'_>, revoke: Revoke) -> Result<Exit, Failure> {
    say(session, &revoke.id, "revoke", json!({ "tlp": revoke.tlp, "without_name": revoke.without_name }))
        .await
}

async fn say(session: &mut Session<'_>, id: &str, what: &str, body: Value) -> Result<Exit, Failure> {
    let outcome = session.ask(Call::post(&["objects", id, what]).json(body)).await?;
    let output = &mut *session.output;
    let (state, id) = (text(&outcome, "/state"), inert(text(&outcome, "/id")));
    let (exit, style) =
        if state == "rejected" { (Exit::Finding, Style::Alert) } else { (Exit::Ok, Style::Good) };
    if output.json {
        output.document(&outcome)?;
        return Ok(exit);
    }
    let message = Some(defanged(text(&outcome, "/message"))).filter(|message| !message.is_empty());
    let message = message.map_or_else(String::new, |message| format!("  {message}"));
    output.line(&format!("{}  {id}{message}", output.paint(style, state)))?;
    Ok(exit)
}

/// Takes an object back.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn withdraw(session: &mut Session<'_>, withdraw: Withdraw) -> Result<Exit, Failure> {
    let call = Call::delete(&["objects", &withdraw.id]).query_each("version", &withdraw.version);
    let answer = session.ask(call).await?;
    reached(session, &answer, "withdrawn")
}

/// Gives an object another label.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn relabel(session: &mut Session<'_>, asked: Relabel) -> Result<Exit, Failure> {
    let Audience { to, embargo, until } = &asked.audience;
    let to = (asked.everybody || !to.is_empty()).then_some(to);
    let body = json!({ "tlp": asked.tlp, "to": to, "embargo": embargo, "until": until, "lift": asked.lift });
    let answer = session.ask(Call::post(&["objects", &asked.id, "relabel"]).json(body)).await?;
    reached(session, &answer, "relabelled")
}

/// Removes the bytes of an object.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn erase(session: &mut Session<'_>, erase: Erase) -> Result<Exit, Failure> {
    let Some(id) = &erase.id else { return erase::subject(session, erase).await };
    let call = Call::post(&["objects", id, "erase"]).json(json!({ "reason": erase.reason }));
    let answer = session.ask(call).await?;
    reached(session, &answer, "erased")
}

/// Who said an object without a name.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn origin(session: &mut Session<'_>, origin: Origin) -> Result<Exit, Failure> {
    let call = Call::post(&["objects", &origin.id, "origin"]).json(json!({ "reason": origin.reason }));
    let answer = session.ask(call).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    for member in list(&answer, "/origins") {
        output.line(&format!("{}  {}", inert(text(member, "/name")), text(member, "/id")))?;
    }
    Ok(Exit::Ok)
}

fn reached(session: &mut Session<'_>, answer: &Value, word: &str) -> Result<Exit, Failure> {
    let output = &mut *session.output;
    if output.json {
        output.document(answer)?;
    } else {
        let count = number(answer, &format!("/{word}"));
        output.line(&format!("{word}: {}", counted(count, "version")))?;
    }
    Ok(Exit::Ok)
}
