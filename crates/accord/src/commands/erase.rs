//! Erasing by subject: what there is, a question, what became of it.

use std::io::Read;

use serde_json::{Value, json};

use super::{Session, counted, flag, list, number, text};
use crate::arguments::Erase;
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, confirmed, defanged, inert};
use crate::transport::Call;

/// Longest subject that is read from standard input, in bytes.
const LONGEST: u64 = 64 << 10;

/// Erases all that says something of a subject, after a look and a question. Exit code 1 if there is nothing.
///
/// # Errors
/// The node refuses, or cannot be asked; nobody is there to confirm.
pub async fn subject(session: &mut Session<'_>, erase: Erase) -> Result<Exit, Failure> {
    let subject = match erase.subject.as_deref() {
        Some("-") => read()?,
        given => given.unwrap_or_default().to_owned(),
    };
    let look = json!({ "subject": subject, "dry_run": true });
    let found = session.ask(Call::post(&["erasures"]).json(look)).await?;
    if erase.dry_run {
        return told(session.output, &found);
    }
    if !erase.yes {
        if !session.output.json {
            write(session.output, &found)?;
            session.output.flush()?;
        }
        let what = counted(number(&found, "/statements"), "statement");
        if !confirmed(false, &format!("Erase {what} for good?"))? {
            return Err(Failure::usage("nothing was erased"));
        }
    }
    let body = json!({ "subject": subject, "reason": erase.reason });
    let done = session.ask(Call::post(&["erasures"]).json(body)).await?;
    told(session.output, &done)
}

fn read() -> Result<String, Failure> {
    let mut subject = String::new();
    let read = std::io::stdin().take(LONGEST).read_to_string(&mut subject);
    read.map_err(|error| Failure::usage(format!("standard input: {error}")))?;
    Ok(subject.trim().to_owned())
}

fn told(output: &mut Output, answer: &Value) -> Result<Exit, Failure> {
    if output.json {
        output.document(answer)?
    } else {
        write(output, answer)?
    }
    Ok(Exit::Ok)
}

fn write(output: &mut Output, answer: &Value) -> Result<(), Failure> {
    let (looked, kind) = (flag(answer, "/dry_run"), inert(text(answer, "/subject")));
    let head = if looked { "found" } else { "erased" };
    let counts = format!(
        "{} of {}, by the subject ({kind})",
        counted(number(answer, "/statements"), "statement"),
        counted(number(answer, "/objects"), "object"),
    );
    output.line(&format!("{}  {counts}", output.paint(Style::Strong, head)))?;
    for one in list(answer, "/by") {
        let source = match text(one, "/source/name") {
            "" => "origin withheld".to_owned(),
            name => inert(name).into_owned(),
        };
        let count = super::grouped(number(one, "/statements"));
        output.line(&format!("  {count:>10}  {}  {source}", inert(text(one, "/type"))))?;
    }
    for (pointer, words) in [("/refused", "refused arrival"), ("/told", "answer to a submitter")] {
        let count = number(answer, pointer);
        if count > 0 {
            output.line(&format!("  {:>10}  {words}", super::grouped(count)))?;
        }
    }
    let held = number(answer, "/held/answers");
    if held > 0 {
        let members = counted(number(answer, "/held/members"), "member");
        let days = number(answer, "/held/days");
        output.line(&format!(
            "lent  in at most {} to {members}, of the last {days} days",
            counted(held, "answer")
        ))?;
    }
    for backup in list(answer, "/backups").iter().filter(|backup| flag(backup, "/there")) {
        let listed = if flag(backup, "/listed") { "; the list of erasures lies beside it" } else { "" };
        output.line(&format!(
            "backup  {} of {}{listed}",
            inert(text(backup, "/folder")),
            inert(text(backup, "/made"))
        ))?;
    }
    let remains = if looked { "would remain" } else { "remains" };
    for one in list(answer, "/remains") {
        let count = one.get("count").and_then(Value::as_u64).map(super::grouped).unwrap_or_default();
        let (what, why) = (inert(text(one, "/what")), defanged(text(one, "/why")));
        output.line(&format!("{}  {what} {count}: {why}", output.paint(Style::Warning, remains)))?;
    }
    Ok(())
}
