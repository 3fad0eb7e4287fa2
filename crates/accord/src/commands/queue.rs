//! The queue of curators, and what submitters are told of it.

use serde_json::{Value, json};

use super::{Session, day, flag, grouped, joined, list, number, text};
use crate::arguments::QueueCommand;
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, Table, defanged, inert};
use crate::transport::Call;

/// Works the queue. Exit code 1 from `list` if something waits longer than it should.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn run(session: &mut Session<'_>, command: QueueCommand) -> Result<Exit, Failure> {
    let (call, done) = match command {
        QueueCommand::List(asked) => {
            let call = Call::get(&["queue"]);
            let call = if asked.all { call.query("all", "true") } else { call };
            return rows(session, call, "queue").await;
        }
        QueueCommand::Show(which) => (Call::get(&["queue", &which.id]), ""),
        QueueCommand::Take(which) => (Call::post(&["queue", &which.id, "take"]), "taken"),
        QueueCommand::Release(which) => (Call::post(&["queue", &which.id, "release"]), "released"),
        QueueCommand::Return(which) => {
            (Call::post(&["queue", &which.id, "return"]).json(json!({ "reason": which.reason })), "returned")
        }
        QueueCommand::Merge(which) => {
            let body = json!({ "into": which.into, "reason": which.reason });
            (Call::post(&["queue", &which.id, "merge"]).json(body), "merged")
        }
    };
    let answer = session.ask(call).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    if done == "released" && text(&answer, "/state") == "held" {
        output.line("one of two: another curator has to release it, too")?;
        return Ok(Exit::Ok);
    }
    if done.is_empty() {
        show(output, &answer)?;
    } else {
        output.line(&format!("{}  {}", output.paint(Style::Good, done), text(&answer, "/id")))?;
    }
    Ok(Exit::Ok)
}

/// What one's own member sent that waits or waited.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn submissions(session: &mut Session<'_>) -> Result<Exit, Failure> {
    rows(session, Call::get(&["submissions"]), "submissions").await
}

async fn rows(session: &mut Session<'_>, call: Call, name: &str) -> Result<Exit, Failure> {
    let answer = session.ask(call).await?;
    let output = &mut *session.output;
    let rows = list(&answer, &format!("/{name}"));
    let overdue = rows.iter().any(|row| flag(row, "/overdue"));
    let exit = if overdue && name == "queue" { Exit::Finding } else { Exit::Ok };
    if output.json {
        output.document(&answer)?;
        return Ok(exit);
    }
    if rows.is_empty() {
        output.line("nothing waits")?;
        return Ok(exit);
    }
    let mut table = Table::new(&["state", "until", "objects", "from", "label", "findings", "id"]);
    for row in rows {
        let late = if flag(row, "/overdue") { " (late)" } else { "" };
        let state = match (text(row, "/state"), flag(row, "/taken")) {
            ("held", true) => "taken",
            (state, _) => state,
        };
        let from = match (text(row, "/member/name"), flag(row, "/without_name")) {
            ("", true) => "without a name",
            (member, _) => member,
        };
        table.row([
            state,
            &format!("{}{late}", day(text(row, "/deadline"))),
            &grouped(number(row, "/objects")),
            from,
            &joined(row, "/labels"),
            &list(row, "/findings").len().to_string(),
            text(row, "/id"),
        ]);
        if !text(row, "/reason").is_empty() {
            table.row(["", "", "", text(row, "/reason"), "", "", ""]);
        }
    }
    table.write(output)?;
    Ok(exit)
}

fn show(output: &mut Output, one: &Value) -> Result<(), Failure> {
    let state = output.paint(Style::Strong, text(one, "/state"));
    output.line(&format!("{state}  {}", text(one, "/id")))?;
    for (title, value) in [
        ("from", text(one, "/member/name").to_owned()),
        ("sector", text(one, "/sector").to_owned()),
        ("received", text(one, "/received").to_owned()),
        ("until", text(one, "/deadline").to_owned()),
        ("labels", joined(one, "/labels")),
        ("embargo", text(one, "/embargo").to_owned()),
        ("through", text(one, "/collection").to_owned()),
        ("taken by", text(one, "/owner/name").to_owned()),
        ("reason", text(one, "/reason").to_owned()),
        ("into", text(one, "/into").to_owned()),
    ] {
        if !value.is_empty() {
            output.line(&format!(
                "{}  {}",
                output.paint(Style::Faint, &format!("{title:9}")),
                inert(&value)
            ))?;
        }
    }
    for finding in list(one, "/findings") {
        let (check, object) = (text(finding, "/check"), inert(text(finding, "/object")));
        let message = defanged(text(finding, "/message"));
        output.line(&format!("  {}  {object}  {message}", output.paint(Style::Warning, check)))?;
    }
    for object in list(one, "/content") {
        let (kind, id) = (inert(text(object, "/type")), inert(text(object, "/id")));
        output.line(&format!("  {kind}  {id}"))?;
        // All that it says: who lets it in answers for more than its name.
        let says = object.as_object().into_iter().flatten().filter(|(title, _)| !is_told(title));
        for (title, value) in says {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let title = output.paint(Style::Faint, &format!("{:11}", inert(title)));
            output.line(&format!("    {title}  {}", defanged(&value)))?;
        }
    }
    Ok(())
}

// What of an object stands above what it says.
fn is_told(title: &str) -> bool {
    ["id", "spec_version", "type"].contains(&title)
}
