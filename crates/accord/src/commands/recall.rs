//! `accord recall`: what was said is taken back, everybody who sees it is told, and who holds it is shown.

use serde_json::{Value, json};

use super::{Session, counted, flag, list, number, text};
use crate::arguments::{Recall, RecallCommand};
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, confirmed, defanged, inert};
use crate::transport::Call;

/// Recalls, shows a recall, or confirms one.
///
/// # Errors
/// The node refuses, or cannot be asked; nobody is there to confirm.
pub async fn run(session: &mut Session<'_>, recall: Recall) -> Result<Exit, Failure> {
    match &recall.command {
        Some(RecallCommand::Show(which)) => show(session, &which.name).await,
        Some(RecallCommand::Confirm(which)) => confirm(session, &which.name).await,
        None => take_back(session, &recall).await,
    }
}

async fn take_back(session: &mut Session<'_>, recall: &Recall) -> Result<Exit, Failure> {
    let what = match (&recall.submission, &recall.source) {
        (Some(_), _) => "all that the submission brought".to_owned(),
        (None, Some(source)) => format!("all that you said from `{}`", inert(source)),
        (None, None) => counted(recall.ids.len() as u64, "object"),
    };
    if !confirmed(recall.yes, &format!("Recall {what}? Everybody who sees it is told."))? {
        return Err(Failure::usage("nothing was recalled"));
    }
    let body = json!({ "objects": recall.ids, "submission": recall.submission, "source": recall.source, "reason": recall.reason });
    let answer = session.ask(Call::post(&["recalls"]).json(body)).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    for entry in list(&answer, "/recalls") {
        write_entry(output, entry)?;
    }
    output.line(&format!("taken back: {}", counted(number(&answer, "/withdrawn"), "version")))?;
    write_held(output, answer.pointer("/held").unwrap_or(&Value::Null))?;
    Ok(Exit::Ok)
}

async fn show(session: &mut Session<'_>, id: &str) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&["recalls", id])).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    write_entry(output, &answer)?;
    for object in list(&answer, "/objects").iter().filter_map(Value::as_str) {
        output.line(&format!("  {}", inert(object)))?;
    }
    if let Some(held) = answer.get("held") {
        write_held(output, held)?;
    }
    for edge in list(&answer, "/edges") {
        write_edge(output, edge)?;
    }
    Ok(Exit::Ok)
}

// One's own edges by name: who confirmed, who did not, who is away and when it ends there.
fn write_edge(output: &mut Output, edge: &Value) -> Result<(), Failure> {
    let name = inert(text(edge, "/name")).into_owned();
    if flag(edge, "/confirmed") {
        return output.line(&format!("  your edge {name}  {}", output.paint(Style::Good, "confirmed")));
    }
    let state = output.paint(Style::Alert, "not confirmed");
    let waiting: Vec<_> = list(edge, "/waiting").iter().filter_map(Value::as_str).map(inert).collect();
    let waits = if waiting.is_empty() { String::new() } else { format!(": {}", waiting.join(", ")) };
    let reported = inert(text(edge, "/reported")).into_owned();
    let away = if flag(edge, "/online") { String::new() } else { format!("  away since {reported}") };
    output.line(&format!("  your edge {name}  {state}{waits}{away}{}", ends(edge, "/ends")))
}

// When it ends by itself, where it is not gone yet.
fn ends(of: &Value, at: &str) -> String {
    match text(of, at) {
        "" => String::new(),
        ends => format!("  ends there by {}", inert(ends)),
    }
}

// Whoever has read of it knows: the node writes that down.
async fn confirm(session: &mut Session<'_>, id: &str) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&["recalls", id])).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&json!({ "id": id, "confirmed": true }))?;
        return Ok(Exit::Ok);
    }
    write_entry(output, &answer)?;
    output.line(&output.paint(Style::Good, "confirmed"))?;
    Ok(Exit::Ok)
}

fn write_entry(output: &mut Output, entry: &Value) -> Result<(), Failure> {
    let source = match text(entry, "/source/name") {
        "" => String::new(),
        name => format!("  by {}", inert(name)),
    };
    let objects = counted(list(entry, "/objects").len() as u64, "object");
    let head = output.paint(Style::Warning, "recalled");
    let (id, label) = (inert(text(entry, "/id")), inert(text(entry, "/label")));
    output.line(&format!("{head}  {objects}  {label}{source}  {id}"))?;
    output.line(&format!("  {}", defanged(text(entry, "/reason"))))
}

fn write_held(output: &mut Output, held: &Value) -> Result<(), Failure> {
    let days = number(held, "/days");
    let members = list(held, "/members");
    let others = number(held, "/others");
    if members.is_empty() && others == 0 {
        return output.line(&format!("nobody was lent any of it, of the last {days} days"));
    }
    for one in members {
        let objects = counted(number(one, "/objects"), "object");
        let state = match flag(one, "/confirmed") {
            true => output.paint(Style::Good, "confirmed"),
            false => output.paint(Style::Alert, "not confirmed"),
        };
        let edges = match number(one, "/edges/edges") {
            0 => String::new(),
            of => format!(
                ", {} of {} confirmed, {} away{}",
                number(one, "/edges/confirmed"),
                counted(of, "edge"),
                number(one, "/edges/away"),
                ends(one, "/edges/ends"),
            ),
        };
        output.line(&format!("  {} may hold {objects}  {state}{edges}", inert(text(one, "/member/name"))))?;
    }
    if others > 0 {
        let confirmed = number(held, "/others_confirmed");
        output.line(&format!("  {} may hold some, {confirmed} confirmed", counted(others, "other")))?;
    }
    output.line(&format!("what left is where it is; reads are known of the last {days} days"))
}
