//! `accord recall`: what was said is taken back, everybody who sees it is told, and who holds it is shown.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Session, counted, flag, list, number, text};
use crate::arguments::{Recall, RecallCommand};
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, confirmed, defanged, inert};
use crate::transport::Call;

/// So often it is asked how far it is.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// Recalls, shows a recall, or confirms one.
///
/// # Errors
/// The node refuses, or cannot be asked; nobody is there to confirm.
pub async fn run(session: &mut Session<'_>, recall: Recall) -> Result<Exit, Failure> {
    match &recall.command {
        Some(RecallCommand::List) => all(session).await,
        Some(RecallCommand::Show(which)) => show(session, &which.name).await,
        Some(RecallCommand::Confirm(which)) => confirm(session, &which.name).await,
        None => take_back(session, &recall).await,
    }
}

async fn take_back(session: &mut Session<'_>, recall: &Recall) -> Result<Exit, Failure> {
    let what = match (&recall.submission, &recall.member, &recall.source) {
        (Some(_), ..) => "all that the submission brought".to_owned(),
        (None, Some(member), Some(source)) => {
            format!("all that `{}` said from `{}`", inert(member), inert(source))
        }
        (None, Some(member), None) => format!("all that `{}` said", inert(member)),
        (None, None, Some(source)) => format!("all that you said from `{}`", inert(source)),
        (None, None, None) => counted(recall.ids.len() as u64, "object"),
    };
    let since = recall.since.as_ref().map(|since| format!(" since {}", inert(since))).unwrap_or_default();
    let what = format!("{what}{since}");
    if !confirmed(recall.yes, &format!("Recall {what}? Everybody who sees it is told."))? {
        return Err(Failure::usage("nothing was recalled"));
    }
    let mut body = json!({ "reason": recall.reason });
    if let Some(members) = body.as_object_mut() {
        let texts = [
            ("submission", &recall.submission),
            ("source", &recall.source),
            ("member", &recall.member),
            ("since", &recall.since),
        ];
        let texts =
            texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?))));
        members.extend(texts);
        if !recall.ids.is_empty() {
            members.insert("objects".to_owned(), json!(recall.ids));
        }
    }
    let mut answer = session.ask(Call::post(&["recalls"]).json(body)).await?;
    if answer.get("sweep").is_some() {
        return taken_back(session, &mut answer, recall.no_wait).await;
    }
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

// From sensors it is gone already; all else is taken back by and by, which is waited for.
async fn taken_back(session: &mut Session<'_>, answer: &mut Value, no_wait: bool) -> Result<Exit, Failure> {
    let id = text(answer, "/sweep/id").to_owned();
    if !session.output.json {
        session.output.line("recalled: no sensor is told of any of it any more")?;
    }
    while !no_wait && !flag(answer, "/sweep/done") {
        tokio::time::sleep(LOOK_AGAIN).await;
        let recalls = session.ask(Call::get(&["recalls"])).await?;
        let found = list(&recalls, "/recalls").iter().find(|one| text(one, "/id") == id);
        let Some(sweep) = found else { break };
        answer["sweep"] = sweep.clone();
    }
    let output = &mut *session.output;
    if output.json {
        output.document(answer)?;
        return Ok(Exit::Ok);
    }
    write_sweep(output, answer.get("sweep").unwrap_or(&Value::Null))?;
    Ok(Exit::Ok)
}

async fn all(session: &mut Session<'_>) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&["recalls"])).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    if list(&answer, "/recalls").is_empty() {
        output.line("nothing was recalled as a whole")?;
    }
    for sweep in list(&answer, "/recalls") {
        write_sweep(output, sweep)?;
    }
    Ok(Exit::Ok)
}

// How far all of a member or a source is taken back.
fn write_sweep(output: &mut Output, sweep: &Value) -> Result<(), Failure> {
    let state = match flag(sweep, "/done") {
        true => output.paint(Style::Good, "taken back"),
        false => output.paint(Style::Warning, &format!("being taken back, {} %", number(sweep, "/percent"))),
    };
    let source = match text(sweep, "/source") {
        "" => String::new(),
        source => format!(" from {}", inert(source)),
    };
    let since = match text(sweep, "/since") {
        "" => String::new(),
        since => format!(" since {}", inert(since)),
    };
    let (member, at) = (inert(text(sweep, "/member/name")), inert(text(sweep, "/at")));
    output.line(&format!("{state}  all of {member}{source}{since}  {at}  {}", inert(text(sweep, "/id"))))?;
    if let Some(retry) = sweep.get("retry") {
        output.line(&output.paint(Style::Alert, &format!(
            "  it does not go on, after {}; the node's log says why, and none of it acts all the same; tried again at {}",
            counted(number(retry, "/failed"), "attempt"),
            inert(text(retry, "/next"))
        )))?;
    }
    // Of whose it is not, nothing more is told.
    if sweep.get("objects").is_none() {
        return Ok(());
    }
    output.line(&format!(
        "  {}, {}; a revoked version said of {}{}",
        counted(number(sweep, "/objects"), "object"),
        counted(number(sweep, "/withdrawn"), "version"),
        number(sweep, "/revoked"),
        match number(sweep, "/unsaid") {
            0 => String::new(),
            unsaid => format!(", of {unsaid} none could be said"),
        },
    ))?;
    output.line(&format!("  {}", defanged(text(sweep, "/reason"))))?;
    for entry in list(sweep, "/recalls") {
        output.line(&format!("  {}  {}", inert(text(entry, "/label")), inert(text(entry, "/id"))))?;
    }
    Ok(())
}

async fn show(session: &mut Session<'_>, id: &str) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&["recalls", id])).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    write_entry(output, &answer)?;
    // Of all of a source or a member the entry names the first objects alone.
    let sweep = answer.get("sweep");
    if let Some(sweep) = sweep {
        write_sweep(output, sweep)?;
    }
    let objects = if sweep.is_some() { &[][..] } else { list(&answer, "/objects") };
    for object in objects.iter().filter_map(Value::as_str) {
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
