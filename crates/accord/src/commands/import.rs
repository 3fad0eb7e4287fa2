//! `accord import`: files and standard input, of any size.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

use super::{Session, counted, grouped, list, number, text};
use crate::arguments::Import;
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Progress, Style, defanged, inert, inert_document, remark, tell_failure};
use crate::transport::{Call, Reply, refusal};

/// Objects told of one by one, of what became of them each; the summary has the rest.
const OUTCOMES_TOLD: u64 = 20;

/// Takes files in, one submission each. A file that cannot be read or taken is told, and the others are taken all the
/// same. Exit code 1 if objects were refused, or nothing was in a file; that of a failure is kept to the end.
///
/// # Errors
/// The node refuses, or cannot be asked: what is true for the files that follow, too.
pub async fn run(session: &mut Session<'_>, import: Import) -> Result<Exit, Failure> {
    let mut exit = Exit::Ok;
    let is_only_one = import.files.len() == 1;
    for file in &import.files {
        match take(session, &import, file).await {
            // The later codes weigh more: 2 for a file that cannot be read stays beside 1 for one with bad objects.
            Ok(done) => exit = exit.max(done),
            Err(failure) if failure.exit == Exit::Usage && !is_only_one => {
                session.output.flush()?;
                tell_failure(&failure, session.output.json);
                exit = exit.max(failure.exit);
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(exit)
}

async fn take(session: &mut Session<'_>, import: &Import, file: &Path) -> Result<Exit, Failure> {
    let (input, length) = open(file)?;
    let name = file.display().to_string();
    let named = |failure: Failure| match failure.exit {
        // Of what is wrong with an input it is told with which.
        Exit::Usage => Failure { message: format!("`{name}`: {}", failure.message), ..failure },
        _ => failure,
    };
    let asked = session.transport.send(call(import).stream(input, length)).await?;
    let reply = asked.accepted().await.map_err(named)?;
    let quiet = session.output.quiet || session.output.json;
    let progress = Progress::new(&name, length, quiet);
    let told = follow(session.output, reply, &progress, &name).await;
    drop(progress);
    let summary = told.map_err(named)?;
    let is_empty = text(&summary, "/format") == "empty";
    if !session.output.json {
        write_summary(session.output, &name, &summary)?;
    }
    if is_empty {
        session.output.flush()?;
        remark(&format!("warning: `{}` is empty: nothing was in it to take", inert(&name)));
    }
    let found = number(&summary, "/rejected") > 0 || !text(&summary, "/broken").is_empty();
    Ok(if found || is_empty { Exit::Finding } else { Exit::Ok })
}

fn open(file: &Path) -> Result<(Box<dyn Read + Send>, Option<u64>), Failure> {
    if file == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let unreadable = |error: io::Error| Failure::usage(format!("cannot read `{}`: {error}", file.display()));
    let input = File::open(file).map_err(unreadable)?;
    let found = input.metadata().map_err(unreadable)?;
    if found.is_dir() {
        return Err(Failure::usage(format!("`{}` is a folder", file.display())).hint("name the files in it"));
    }
    // A pipe or a device has no length to go by.
    let length = found.is_file().then_some(found.len());
    Ok((Box::new(input), length))
}

fn call(import: &Import) -> Call {
    let call = Call::post(&["import"])
        .query_some("collection", import.collection.as_deref())
        .query_some("member", import.member.as_deref())
        .query_some("tlp", import.tlp.as_deref())
        .query_each("to", &import.audience.to)
        .query_some("embargo", import.audience.embargo.as_deref())
        .query_some("until", import.audience.until.as_deref())
        .query("format", import.format.as_str())
        .query_each("column", &import.column)
        .query_some("type", import.kind.as_deref())
        .query_some("expire", import.expire.as_deref())
        .query_some("source", import.source.as_deref());
    let call = if import.without_name { call.query("without_name", "true") } else { call };
    if import.dry_run { call.query("dry_run", "true") } else { call }
}

/// Follows an import to its end and answers its summary.
async fn follow(
    output: &mut Output,
    mut reply: Reply,
    progress: &Progress,
    name: &str,
) -> Result<Value, Failure> {
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    while let Some(mut event) = reply.next_document().await? {
        if output.json {
            // With several files, a program has to know which one a line is about.
            if let Some(fields) = event.as_object_mut() {
                fields.insert("file".to_owned(), name.into());
            }
            output.document(&event)?;
        }
        let event = if output.json { event } else { inert_document(event) };
        match text(&event, "/event") {
            "progress" => {
                let objects = counted(number(&event, "/objects"), "object");
                progress.at(number(&event, "/bytes"), objects);
            }
            // What was taken with warnings is counted in the summary; people are told of what was not simply taken.
            "outcome" | "finding" if !output.json && !is_simply_taken(&event) => {
                // A thousand duplicates do not keep an equivocation from being told.
                let state =
                    Some(text(&event, "/state")).filter(|state| !state.is_empty()).unwrap_or("finding");
                let told = told.entry(state.to_owned()).or_default();
                *told += 1;
                if *told <= OUTCOMES_TOLD {
                    progress.aside(|| write_event(output, &event))?;
                } else if *told == OUTCOMES_TOLD + 1 {
                    let more = format!("  ... and more of these ({state}); `--json` has every one");
                    progress.aside(|| output.line(&more))?;
                }
            }
            "summary" => return Ok(event),
            "problem" => {
                let status =
                    http::StatusCode::from_u16(u16::try_from(number(&event, "/status")).unwrap_or(500));
                let failure =
                    refusal(status.unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR), &event, None);
                return Err(failure);
            }
            _ => {}
        }
    }
    Err(Failure::network("the answer broke off before the summary")
        .hint("import it again: what was taken already is a duplicate then"))
}

// A duplicate has a message where it is held otherwise than it was asked for.
fn is_simply_taken(outcome: &Value) -> bool {
    match text(outcome, "/state") {
        "new" => true,
        "duplicate" => text(outcome, "/message").is_empty(),
        _ => false,
    }
}

fn write_event(output: &mut Output, event: &Value) -> Result<(), Failure> {
    if text(event, "/event") == "finding" {
        let line = grouped(number(event, "/line"));
        return write_finding(output, &format!("line {line}  "), event);
    }
    write_outcome(output, event)
}

fn write_outcome(output: &mut Output, outcome: &Value) -> Result<(), Failure> {
    let state = text(outcome, "/state");
    let style = if state == "rejected" { Style::Alert } else { Style::Warning };
    let id = Some(text(outcome, "/id")).filter(|id| !id.is_empty()).unwrap_or("?");
    let place = match number(outcome, "/line") {
        0 => format!("object {}", grouped(number(outcome, "/ordinal"))),
        line => format!("line {}", grouped(line)),
    };
    let message = Some(text(outcome, "/message")).filter(|message| !message.is_empty());
    let message = message.map_or_else(String::new, |message| format!("  {}", defanged(message)));
    output.line(&format!("  {}  {place}  {}{message}", output.paint(style, state), inert(id)))?;
    // Of what was taken the summary counts what should be better; only of what was refused each may be the reason.
    let told = list(outcome, "/findings").iter();
    let mut told = told.filter(|finding| {
        // The reason of a refusal is mostly one of them, and stands in the line above.
        let is_told = text(outcome, "/message").contains(text(finding, "/message"));
        !is_told && (state == "rejected" || text(finding, "/severity") == "must")
    });
    told.try_for_each(|finding| write_finding(output, "  ", finding))
}

fn write_finding(output: &mut Output, before: &str, finding: &Value) -> Result<(), Failure> {
    let (severity, clause) = (text(finding, "/severity"), inert(text(finding, "/clause")));
    let (pointer, message) = (inert(text(finding, "/pointer")), defanged(text(finding, "/message")));
    let pointer = if pointer.is_empty() { String::new() } else { format!("{pointer}  ") };
    output.line(&format!("  {before}{severity}  {pointer}{message}  ({clause})"))
}

fn write_summary(output: &mut Output, name: &str, summary: &Value) -> Result<(), Failure> {
    let dry = if super::flag(summary, "/dry_run") { " (nothing written)" } else { "" };
    let objects = counted(number(summary, "/objects"), "object");
    let title = output.paint(Style::Strong, &inert(name));
    output.line(&format!("{title}  {}  {objects}{dry}", inert(text(summary, "/format"))))?;
    let counts = [
        ("new", "/new", Style::Good),
        ("known already", "/duplicates", Style::Faint),
        ("claims", "/claims", Style::Warning),
        ("equivocations", "/equivocations", Style::Warning),
        ("with warnings", "/warned", Style::Warning),
        ("refused", "/rejected", Style::Alert),
        ("accepted, entering later", "/pending", Style::Warning),
    ];
    for (words, pointer, style) in counts {
        let count = number(summary, pointer);
        let waits = number(summary, "/pending") > 0;
        if count > 0 || pointer == "/new" && !waits {
            output.line(&format!("  {:>10}  {}", grouped(count), output.paint(style, words)))?;
        }
    }
    for finding in list(summary, "/findings") {
        let (severity, clause) = (text(finding, "/severity"), inert(text(finding, "/clause")));
        let (count, code) = (grouped(number(finding, "/count")), inert(text(finding, "/code")));
        output.line(&format!("  {count:>10}  {severity} {code}  ({clause})"))?;
    }
    super::preview::write_waiting(output, summary)?;
    let broken = text(summary, "/broken");
    if !broken.is_empty() {
        let words = output.paint(Style::Alert, "broken off");
        output.line(&format!("  {words}: {}; what came before is kept", inert(broken)))?;
    }
    let label = inert(text(summary, "/label"));
    let submission = inert(text(summary, "/submission"));
    if !label.is_empty() {
        output.line(&format!("  the label of what brings none is {label}"))?;
    }
    if !submission.is_empty() {
        output.line(&output.paint(Style::Faint, &format!("  submission {submission}")))?;
        if number(summary, "/pending") > 0 {
            output.line(&format!("  `accord status {submission}` tells what became of it"))?;
        }
    }
    Ok(())
}
