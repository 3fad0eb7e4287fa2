//! `accord policy` and `accord why`: what acts at a member's sensors.

use serde_json::{Value, json};

use super::{Session, day, flag, list, number, text};
use crate::arguments::{PolicyCommand, PolicyFile, Why};
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, defanged, inert};
use crate::transport::Call;

/// Values of one request.
const BATCH: usize = 100;

/// Shows, sets, checks, resets.
///
/// # Errors
/// The node refuses, with the line that is wrong, or cannot be asked; the file cannot be read.
pub async fn policy(session: &mut Session<'_>, command: PolicyCommand) -> Result<Exit, Failure> {
    let (call, shows) = match command {
        PolicyCommand::Show => (Call::get(&["policy"]), true),
        PolicyCommand::Reset => (Call::delete(&["policy"]), false),
        PolicyCommand::Set(PolicyFile { file }) => {
            (Call::post(&["policy"]).json(json!({ "text": super::text_of(&file)? })), false)
        }
        PolicyCommand::Check(PolicyFile { file }) => {
            let call = Call::post(&["policy"]).query("dry_run", "true");
            (call.json(json!({ "text": super::text_of(&file)? })), false)
        }
    };
    // Its text has lines of its own; each is made inert where it is written.
    let policy = session.ask_as_it_is(call).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&policy)?;
        return Ok(Exit::Ok);
    }
    if shows {
        output.bytes(inert_lines(text(&policy, "/text")).as_bytes())?;
    } else if flag(&policy, "/default") {
        output.line("the node's default holds")?;
    } else {
        output.line(match text(&policy, "/set") {
            "" => "nothing is wrong with it",
            _ => "it holds from now on",
        })?;
    }
    for unknown in list(&policy, "/unknown").iter().filter_map(Value::as_str) {
        output.line(&format!("{} {}", output.paint(Style::Warning, "lets nothing act:"), inert(unknown)))?;
    }
    for list in list(&policy, "/left_out").iter().filter_map(Value::as_str) {
        output.line(&format!("{} {}", output.paint(Style::Warning, "holds nothing back:"), inert(list)))?;
    }
    Ok(Exit::Ok)
}

/// What sensors can read, and from where.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn feeds(session: &mut Session<'_>) -> Result<Exit, Failure> {
    let formats = session.ask(Call::get(&["feeds"])).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&formats)?;
        return Ok(Exit::Ok);
    }
    for format in list(&formats, "/formats") {
        let name = text(format, "/format");
        let action = inert(text(format, "/least_action")).into_owned();
        output
            .line(&format!("{}  what does at least {action}", output.paint(Style::Strong, &inert(name))))?;
        for file in list(format, "/files") {
            output.line(&format!("  /feeds/{}/{}", inert(name), inert(text(file, "/name"))))?;
        }
    }
    Ok(Exit::Ok)
}

fn inert_lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", inert(line))).collect()
}

/// Tells why. Exit code 1 if something is blocked or alerts; 2 when nothing is and a value was not understood.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn why(session: &mut Session<'_>, why: Why) -> Result<Exit, Failure> {
    let (mut acts, mut misunderstood) = (false, false);
    for values in why.values.chunks(BATCH) {
        let document = session.ask(Call::get(&["why"]).query_each("value", values)).await?;
        for answer in list(&document, "/answers") {
            acts |= matches!(text(answer, "/action"), "block" | "alert");
            misunderstood |= !text(answer, "/error").is_empty();
            if session.output.json {
                session.output.document(answer)?;
            } else {
                write_answer(session.output, answer)?;
            }
        }
    }
    Ok(match (acts, misunderstood) {
        (true, _) => Exit::Finding,
        (_, true) => Exit::Usage,
        _ => Exit::Ok,
    })
}

fn painted(output: &Output, action: &str) -> String {
    let style = match action {
        "block" => Style::Alert,
        "alert" => Style::Warning,
        "context" => Style::Strong,
        _ => Style::Good,
    };
    output.paint(style, &inert(action))
}

fn write_answer(output: &mut Output, answer: &Value) -> Result<(), Failure> {
    let value = Some(text(answer, "/value")).filter(|value| !value.is_empty());
    let value = output.paint(Style::Strong, &defanged(value.unwrap_or(text(answer, "/query"))));
    if !text(answer, "/error").is_empty() {
        let why = inert(text(answer, "/error"));
        return output.line(&format!("{value}  {}  {why}", output.paint(Style::Warning, "not understood")));
    }
    let action = painted(output, text(answer, "/action"));
    output.line(&format!("{value}  {}  {action}", inert(text(answer, "/kind"))))?;
    if !text(answer, "/held").is_empty() {
        return output.line(&format!("  held, in no file for sensors: {}", inert(text(answer, "/held"))));
    }
    if list(answer, "/known").is_empty() {
        output.line("  no indicator that you see says it by itself")?;
    }
    for known in list(answer, "/known") {
        write_known(output, known)?;
    }
    if flag(answer, "/more") {
        output.line("  and more who say it")?;
    }
    Ok(())
}

fn write_known(output: &mut Output, known: &Value) -> Result<(), Failure> {
    let nearness = inert(text(known, "/nearness")).replace('-', " ");
    output.line(&format!("  {nearness}: {}", defanged(text(known, "/value"))))?;
    for verdict in list(known, "/verdicts") {
        let action = painted(output, text(verdict, "/action"));
        let until = match day(text(verdict, "/until")) {
            "" => String::new(),
            until => format!(" until {}", inert(until)),
        };
        let aside = if flag(verdict, "/meets") { "" } else { ", which does not mean what was asked" };
        let origins = super::counted(number(verdict, "/origins"), "origin");
        let mode = inert(text(verdict, "/mode")).into_owned();
        output.line(&format!("    meant as {mode}: {action}{until}, by {origins}{aside}"))?;
    }
    write_gates(output, known, "    ")?;
    for said in list(known, "/said") {
        let source = match (flag(said, "/own"), text(said, "/source/name")) {
            (true, _) => "your own organisation".to_owned(),
            (_, "") => "origin withheld".to_owned(),
            (_, name) => inert(name).into_owned(),
        };
        let (label, entered) = (inert(text(said, "/label")), inert(day(text(said, "/entered"))));
        let id = output.paint(Style::Faint, &inert(text(said, "/id")));
        output.line(&format!("    said by {source}  {label}  {entered}  {id}"))?;
        write_verdicts(output, said)?;
        write_gates(output, said, "      ")?;
    }
    Ok(())
}

// What is said of the indicator, and of what else its source says.
fn write_verdicts(output: &mut Output, said: &Value) -> Result<(), Failure> {
    for (what, of) in [("seen by", "/sighted"), ("called a mistake by", "/mistaken")] {
        if let Some(voices) = said.pointer(of) {
            let own = if flag(voices, "/own") { ", your own among them" } else { "" };
            let (members, last) =
                (super::counted(number(voices, "/members"), "member"), inert(day(text(voices, "/last"))));
            output.line(&format!("      {what} {members}{own}, last {last}"))?;
        }
    }
    if let Some(record) = said.pointer("/record") {
        let counted = |name: &str, what: &str| super::counted(number(record, name), what);
        let least = if flag(record, "/more") { " at least" } else { "" };
        output.line(&format!(
            "      its source:{least} {} seen by {}, {} called a mistake by {}",
            counted("/sighted", "indicator"),
            counted("/sighted_by", "other"),
            counted("/mistaken", "indicator"),
            counted("/mistaken_by", "other"),
        ))?;
    }
    Ok(())
}

fn write_gates(output: &mut Output, of: &Value, indent: &str) -> Result<(), Failure> {
    for gate in list(of, "/gates") {
        let lets = text(gate, "/lets");
        // Who lets everything through is told in passing.
        let (sign, lets) = match lets {
            "block" => (output.paint(Style::Good, "ok"), String::new()),
            _ => (output.paint(Style::Warning, "->"), format!("  at most {}", inert(lets))),
        };
        let name = inert(text(gate, "/gate")).into_owned();
        output.line(&format!("{indent}{sign} {name}: {}{lets}", inert(text(gate, "/by"))))?;
    }
    Ok(())
}
