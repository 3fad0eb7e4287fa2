//! Work that takes minutes, told as it goes on to whoever asks for that: one document a line.

use std::io::{self, Write};

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;

use super::transfer::{LINES, Problem, problem};
use crate::routes::Outcome;
use crate::{Answer, Failure, blocking};

/// One line of the answer.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line<'a> {
    /// So much is done, of so much.
    Progress { done: u64, of: u64 },
    /// The end, with what the answer is without progress.
    Done(&'a Value),
    /// The end, before its time.
    Problem(Problem<'a>),
}

/// Runs a verb that tells how far it is, and answers with what it gives: as one document of this status, or `in_lines` as it goes
/// on, 200. A refusal before the first line has its own status.
///
/// # Errors
/// The verb's.
pub async fn watched<F>(in_lines: bool, status: StatusCode, verb: F) -> Outcome
where
    F: FnOnce(&mut dyn FnMut(u64, u64)) -> Result<Value, node::Error> + Send + 'static,
{
    if !in_lines {
        let value = blocking::long(move || verb(&mut |_, _| {})).await??;
        return Ok(Answer::json(&value)?.status(status));
    }
    let (begun, beginning) = oneshot::channel();
    let mut begun = Some(begun);
    let answer = Answer::stream(LINES, move |output| {
        let result = verb(&mut |done, of| {
            if let Some(begun) = begun.take() {
                let _client_gone = begun.send(Ok(()));
            }
            // The work goes on when nobody looks.
            let _unseen = line(output, &Line::Progress { done, of });
        });
        match (result.map_err(Failure::from), begun.take()) {
            (Ok(value), begun) => {
                if let Some(begun) = begun {
                    let _client_gone = begun.send(Ok(()));
                }
                line(output, &Line::Done(&value))
            }
            (Err(failure), Some(begun)) => {
                let _client_gone = begun.send(Err(failure));
                Ok(())
            }
            (Err(failure), None) => line(output, &Line::Problem(problem(&failure))),
        }
    });
    match beginning.await {
        Ok(Ok(())) => Ok(answer),
        Ok(Err(failure)) => Err(failure),
        Err(_) => Err(Failure::internal("the work ended without a word")),
    }
}

fn line(output: &mut dyn Write, line: &Line<'_>) -> io::Result<()> {
    let mut text = serde_json::to_vec(line).map_err(io::Error::from)?;
    text.push(b'\n');
    output.write_all(&text)?;
    output.flush()
}
