//! `accord lookup`: what is known of values.

use std::io::{self, BufRead, IsTerminal};

use serde_json::{Value, json};

use super::{Session, day, flag, list, said_by, text};
use crate::arguments::Lookup;
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, defanged, inert};
use crate::transport::Call;

/// Values asked for at a time, so that a long list is answered as it is read.
const BATCH: usize = 500;
/// Lines of context shown for each mention.
const CONTEXT_LINES: usize = 5;

/// What was found in all.
#[derive(Default)]
struct Found {
    hits: usize,
    misunderstood: usize,
}

/// Looks values up. Exit code 1 on a hit; 2 when there is none and a value was not understood.
///
/// # Errors
/// The node refuses, or cannot be asked; standard input cannot be read.
pub async fn run(session: &mut Session<'_>, lookup: Lookup) -> Result<Exit, Failure> {
    let from_input = lookup.values.is_empty() || lookup.values.iter().any(|value| value == "-");
    if lookup.values.is_empty() && io::stdin().is_terminal() {
        return Err(Failure::usage("there is no value to look up")
            .hint("name one, such as `accord lookup 203.0.113.7`, or pipe lines to it"));
    }
    let mut found = Found::default();
    let named: Vec<String> = lookup.values.into_iter().filter(|value| value != "-").collect();
    for values in named.chunks(BATCH) {
        ask(session, values, lookup.limit, &mut found).await?;
    }
    if from_input {
        let mut lines = io::stdin().lock().lines();
        loop {
            let batch = read_batch(&mut lines)?;
            if batch.is_empty() {
                break;
            }
            ask(session, &batch, lookup.limit, &mut found).await?;
        }
    }
    Ok(match found {
        Found { hits: 1.., .. } => Exit::Finding,
        Found { misunderstood: 1.., .. } => Exit::Usage,
        Found { .. } => Exit::Ok,
    })
}

/// The next lines that hold something; comments as in hosts files and blocklists are left out.
fn read_batch(lines: &mut io::Lines<io::StdinLock<'_>>) -> Result<Vec<String>, Failure> {
    let mut batch = Vec::new();
    for line in lines {
        let line = line.map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))?;
        let value = line.trim();
        if !value.is_empty() && !value.starts_with('#') {
            batch.push(value.to_owned());
        }
        if batch.len() >= BATCH {
            break;
        }
    }
    Ok(batch)
}

async fn ask(
    session: &mut Session<'_>,
    values: &[String],
    limit: usize,
    found: &mut Found,
) -> Result<(), Failure> {
    let call = Call::post(&["lookup"]).json(json!({ "values": values, "limit": limit }));
    let document = session.ask(call).await?;
    for answer in list(&document, "/answers") {
        found.hits += usize::from(flag(answer, "/hit"));
        found.misunderstood += usize::from(!text(answer, "/error").is_empty());
        if session.output.json {
            session.output.document(answer)?;
        } else {
            write_answer(session.output, answer)?;
        }
    }
    session.output.flush()
}

/// A verdict line, then a line for each mention with its context below.
fn write_answer(output: &mut Output, answer: &Value) -> Result<(), Failure> {
    let value =
        Some(text(answer, "/value")).filter(|value| !value.is_empty()).unwrap_or(text(answer, "/query"));
    let value = output.paint(Style::Strong, &defanged(value));
    let kind = inert(text(answer, "/kind"));
    if !text(answer, "/error").is_empty() {
        let why = inert(text(answer, "/error"));
        return output.line(&format!("{value}  {}  {why}", output.paint(Style::Warning, "not understood")));
    }
    if !flag(answer, "/hit") {
        return output.line(&format!("{value}  {kind}  {}", output.paint(Style::Good, "nothing known")));
    }
    let mentions = list(answer, "/mentions");
    let more = if flag(answer, "/more") { " and more" } else { "" };
    let active = mentions.iter().filter(|mention| flag(mention, "/active")).count();
    let mut sources: Vec<&str> =
        mentions.iter().map(|mention| text(mention, "/object/source/name")).collect();
    sources.sort_unstable();
    sources.dedup();
    sources.retain(|source| !source.is_empty());
    let verdict = if active > 0 {
        output.paint(Style::Alert, "KNOWN")
    } else {
        output.paint(Style::Warning, "KNOWN, PAST")
    };
    let count = super::counted(mentions.len() as u64, "mention");
    let said =
        if sources.is_empty() { String::new() } else { format!("  said by {}", inert(&sources.join(", "))) };
    output.line(&format!("{value}  {kind}  {verdict}  {count}{more}{said}"))?;
    write_who(output, answer.pointer("/who").unwrap_or(&Value::Null))?;
    mentions.iter().try_for_each(|mention| write_mention(output, mention))
}

/// Who said this very value, and when, the first first; or why nobody is told of.
pub(super) fn write_who(output: &mut Output, who: &Value) -> Result<(), Failure> {
    for said in list(who, "/said") {
        let source = match text(said, "/source/name") {
            "" => "origin withheld".to_owned(),
            name => inert(name).into_owned(),
        };
        let (first, last) = (inert(text(said, "/first")), inert(text(said, "/last")));
        let until = if first == last { String::new() } else { format!(" to {last}") };
        let objects = super::counted(super::number(said, "/objects"), "object");
        output.line(&format!("  said by {source}: {objects}, {first}{until}"))?;
    }
    if flag(who, "/more") {
        output.line("  more than 100 statements say it; these are the newest")?;
    }
    for name in list(who, "/warning_lists").iter().filter_map(Value::as_str) {
        let what = output.paint(Style::Warning, "on the list");
        output.line(&format!("  {what} {}: it leads to nobody", inert(name)))?;
    }
    Ok(())
}

fn write_mention(output: &mut Output, mention: &Value) -> Result<(), Failure> {
    let object = mention.pointer("/object").unwrap_or(&Value::Null);
    let relation = match text(mention, "/relation") {
        "exact" => String::new(),
        other => format!("  {} {}", other.replace('-', " "), defanged(text(mention, "/value"))),
    };
    let source = said_by(object);
    let source = inert(&source);
    let label = text(object, "/label");
    output.line(&format!(
        "  {}  {}  {label}  {source}  {}{relation}",
        inert(text(object, "/type")),
        defanged(text(object, "/name")),
        validity(object, flag(mention, "/active")),
    ))?;
    output.line(&format!("    {}", output.paint(Style::Faint, &inert(text(object, "/id")))))?;
    let context = list(mention, "/context");
    for related in context.iter().take(CONTEXT_LINES) {
        output.line(&format!("    {}", related_line(related)))?;
    }
    if context.len() > CONTEXT_LINES {
        let rest = context.len() - CONTEXT_LINES;
        output.line(&format!("    and {rest} more; `accord show` has them"))?;
    }
    Ok(())
}

/// Until when an object is valid, in words.
pub fn validity(object: &Value, active: bool) -> String {
    let until = day(text(object, "/valid_until"));
    match (flag(object, "/revoked"), active, until) {
        (true, ..) => "revoked".to_owned(),
        (false, true, "") => "valid".to_owned(),
        (false, true, until) => format!("valid until {}", inert(until)),
        (false, false, "") => "not valid now".to_owned(),
        (false, false, until) => format!("expired {}", inert(until)),
    }
}

/// One step of context: how, and what.
pub fn related_line(related: &Value) -> String {
    let relation = inert(text(related, "/relation"));
    let arrow = if text(related, "/direction") == "in" { "<-" } else { "->" };
    let (kind, name) = (inert(text(related, "/object/type")), defanged(text(related, "/object/name")));
    let claim = if flag(related, "/object/claim") { " (claim)" } else { "" };
    format!("{arrow} {relation}  {kind}  {name}{claim}")
}
