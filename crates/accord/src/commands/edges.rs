//! `accord edges`: the agents beside a member's sensors.

use serde_json::Value;

use super::{Session, counted, flag, list, number, text};
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, inert};
use crate::transport::Call;

/// An edge whose clock differs by more than this is told, in seconds.
const CLOCK_S: i64 = 60;

/// Lists edges. Exit code 1 if one is away, or something is wrong with one.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn run(session: &mut Session<'_>) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&["edges"])).await?;
    let output = &mut *session.output;
    let edges = list(&answer, "/edges");
    let wrong = edges.iter().any(|edge| !flag(edge, "/online") || !faults(edge).is_empty());
    if output.json {
        output.document(&answer)?;
    } else if edges.is_empty() {
        output.line("no edge of your organisation has reported")?;
    } else {
        for edge in edges {
            write_edge(output, edge)?;
        }
    }
    Ok(if wrong { Exit::Finding } else { Exit::Ok })
}

fn faults(edge: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let off = edge.pointer("/clock_off_s").and_then(Value::as_i64).unwrap_or(0);
    if off.abs() > CLOCK_S {
        faults.push(format!("its clock differs by {off} s"));
    }
    let of = |sensor: &Value| {
        let error = Some(text(sensor, "/error")).filter(|error| !error.is_empty())?;
        Some(format!("{}: {}", inert(text(sensor, "/name")), inert(error)))
    };
    faults.extend(list(edge, "/sensors").iter().filter_map(of));
    faults
}

fn write_edge(output: &mut Output, edge: &Value) -> Result<(), Failure> {
    let state = match flag(edge, "/online") {
        true => output.paint(Style::Good, "there"),
        false => output.paint(Style::Alert, "away"),
    };
    let name = output.paint(Style::Strong, &inert(text(edge, "/name")));
    let knowledge = match text(edge, "/knowledge") {
        "" => "it knows nothing yet".to_owned(),
        at => format!("knows what was at {}", inert(at)),
    };
    let reported = inert(text(edge, "/reported")).into_owned();
    let fail = inert(text(edge, "/fail")).into_owned();
    output.line(&format!("{name}  {state}  reported {reported}  {knowledge}  fails {fail}"))?;
    for sensor in list(edge, "/sensors") {
        let values = counted(number(sensor, "/entries"), "value");
        let (name, kind) = (inert(text(sensor, "/name")), inert(text(sensor, "/kind")));
        output.line(&format!("  {name}  {kind}  {values}, {} block", number(sensor, "/blocks")))?;
    }
    for fault in faults(edge) {
        output.line(&format!("  {} {fault}", output.paint(Style::Alert, "wrong:")))?;
    }
    Ok(())
}
