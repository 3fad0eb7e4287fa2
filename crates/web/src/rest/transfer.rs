//! In and out in bulk: streams of any size.

use std::io::{self, Write};

use http::{Method, StatusCode};
use model::{Embargo, Timestamp};
use node::{ImportEvent, ImportOptions, ListQuery, views};
use serde::Serialize;
use tokio::sync::oneshot;

use super::{JSON, named, no_query, query, row};
use crate::answer::json_of;
use crate::body::RequestBody;
use crate::routes::{Access, Need, Outcome, Schema, ValueKind};
use crate::{Answer, Failure, Request, Route};

/// One document a line.
pub(super) const LINES: &str = "application/x-ndjson";
const FORMATS: &[&str] = &["stix", "ndjson", "csv", "list"];
const INPUT_FORMATS: &[&str] = &["auto", "stix", "csv", "list"];

pub fn routes() -> Vec<Route> {
    vec![
        import_route(),
        row(
            Method::GET,
            "/api/v1/export",
            "exportObjects",
            "What the caller may see, in bulk.",
            Access::Needs(Need::Read),
            export,
        )
        .query("format", ValueKind::OneOf(FORMATS), "What to write; `stix`, a bundle, unless given.")
        .query("full", ValueKind::Flag, "Every version, with labels and sources: complete enough to leave.")
        .query("collection", ValueKind::Text, "Only what is in this collection.")
        .query("type", ValueKind::Repeated, "Only these types.")
        .query("id", ValueKind::Repeated, "Only the objects of these ids.")
        .query("added_after", ValueKind::Time, "Only what was added after this time.")
        .gives(200, "A STIX bundle.", "application/stix+json;version=2.1", named("StixBundle"))
        .gives(200, "One object a line.", LINES, Schema::Text)
        .gives(200, "Rows with a header.", "text/csv; charset=utf-8", Schema::Text)
        .gives(200, "One value a line.", "text/plain; charset=utf-8", Schema::Text),
        row(
            Method::GET,
            "/api/v1/submissions/{id}",
            "showSubmission",
            "What became of a submission.",
            Access::Bearer,
            submission,
        )
        .gives(200, "Each object, in order.", JSON, named("SubmissionStatus")),
    ]
}

fn import_route() -> Route {
    let route = row(
        Method::POST,
        "/api/v1/import",
        "importObjects",
        "Takes a stream of any size: bundles, NDJSON, STIX 2.0, CSV, plain lists, also gzip or zstd.",
        Access::Needs(Need::SubmitObservation),
        import,
    );
    route
        .query("collection", ValueKind::Text, "Through this collection, by title, alias or id.")
        .query("member", ValueKind::Text, "On behalf of this member; for administrators.")
        .query("tlp", ValueKind::Text, "The label of objects that bring none.")
        .query(
            "to",
            ValueKind::Repeated,
            "For these only: `circle:NAME`, `member:NAME`, `person:MEMBER/NAME`.",
        )
        .query("embargo", ValueKind::Text, "Hold it back from everybody but those; what it is about.")
        .query("until", ValueKind::Time, "The embargo is not lifted before this time.")
        .query(
            "without_name",
            ValueKind::Flag,
            "Without the member's name, for which the node vouches: all of it or nothing, and it enters later.",
        )
        .query("format", ValueKind::OneOf(INPUT_FORMATS), "What the content is; `auto` unless given.")
        .query("column", ValueKind::Repeated, "CSV: which column is what, such as `value=ip`.")
        .query("type", ValueKind::Text, "List: the type of its values.")
        .query("expire", ValueKind::Text, "Rows are valid for this long, such as `30d`.")
        .query("source", ValueKind::Text, "A name for where a CSV or a list comes from.")
        .query("dry_run", ValueKind::Flag, "Judge and count, write nothing.")
        .takes("application/octet-stream", Schema::Bytes)
        .gives(
            200,
            "One event a line as it happens; the last is the summary, or the problem that ended it.",
            LINES,
            named("ImportEvent"),
        )
}

/// One line of an import's answer.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line<'a> {
    /// How far it is.
    Progress { bytes: u64, objects: u64 },
    /// An object that was refused, or taken with something to say about it.
    Outcome(&'a views::Outcome),
    /// Something about what the objects came in.
    Finding {
        line: u64,
        #[serde(flatten)]
        finding: &'a views::Finding,
    },
    /// The end.
    Summary(&'a views::ImportSummary),
    /// The end, before its time: what was taken until then stays.
    Problem(Problem<'a>),
}

/// Why a stream ended before its time.
#[derive(Serialize)]
pub(super) struct Problem<'a> {
    status: u16,
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

fn options(request: &Request) -> Result<ImportOptions, Failure> {
    let query = &request.query;
    query.only(&[
        "collection",
        "member",
        "tlp",
        "to",
        "embargo",
        "until",
        "without_name",
        "format",
        "column",
        "type",
        "expire",
        "source",
        "dry_run",
    ])?;
    let column = |text: &str| {
        let pair = text.split_once('=').filter(|(role, column)| !role.is_empty() && !column.is_empty());
        let pair = pair.map(|(role, column)| (role.to_owned(), column.to_owned()));
        pair.ok_or_else(|| Failure::invalid(format!("`column` is `{text}`, expected ROLE=COLUMN")))
    };
    Ok(ImportOptions {
        collection: query::text(query, "collection")?,
        member: query::text(query, "member")?,
        tlp: query::parsed(query, "tlp")?,
        to: query::texts(query, "to")?,
        embargo: embargo(query::text(query, "embargo")?, query::time(query, "until")?)?,
        without_name: query::flag(query, "without_name")?,
        format: one_of(query::text(query, "format")?, "format", INPUT_FORMATS)?,
        columns: query.all("column").map(column).collect::<Result<_, Failure>>()?,
        kind: query::text(query, "type")?,
        expire_s: query::duration_s(query, "expire")?,
        source_name: query::text(query, "source")?,
        dry_run: query::flag(query, "dry_run")?,
    })
}

/// An embargo on a case, until a time that needs a case.
///
/// # Errors
/// 400 for a time alone.
pub fn embargo(case: Option<String>, until: Option<Timestamp>) -> Result<Option<Embargo>, Failure> {
    match (case, until) {
        (None, Some(_)) => Err(Failure::invalid("`until` without `embargo` says nothing")),
        (case, until) => Ok(case.map(|case| Embargo { case, until })),
    }
}

fn one_of(text: Option<String>, name: &str, known: &[&str]) -> Result<Option<String>, Failure> {
    match text {
        Some(text) if !known.contains(&text.as_str()) => {
            Err(Failure::invalid(format!("`{name}` is `{text}`, expected one of {}", known.join(", "))))
        }
        text => Ok(text),
    }
}

/// Imports on a thread of its own, and answers as soon as there is something to say: a refusal before the first event
/// has its own status, whatever comes later is a line of the stream.
async fn import(mut request: Request) -> Outcome {
    let options = options(&request)?;
    let caller = request.caller()?.clone();
    let body = std::mem::replace(&mut request.body, RequestBody::full(bytes::Bytes::new()));
    let mut input = body.into_reader(u64::MAX);
    let (begun, beginning) = oneshot::channel();
    let node = request.node;
    let mut begun = Some(begun);
    let answer = Answer::stream(LINES, move |output| {
        let mut broken = None;
        let result = node.import(&caller, &options, &mut input, &mut |event| {
            if let Some(begun) = begun.take() {
                let _client_gone = begun.send(Ok(()));
            }
            let written = match &event {
                ImportEvent::Progress { bytes, objects } => {
                    line(output, &Line::Progress { bytes: *bytes, objects: *objects })
                }
                ImportEvent::Outcome(outcome) => line(output, &Line::Outcome(outcome)),
                ImportEvent::Finding { line: at, finding } => {
                    line(output, &Line::Finding { line: *at, finding })
                }
            };
            broken = written.err().or(broken.take());
        });
        // Nobody reads: what was taken stays, and the summary is in the submission's status.
        if let Some(error) = broken {
            return Err(error);
        }
        let is_whole = result.as_ref().is_ok_and(|summary| summary.broken.is_none());
        let begun = begun.take();
        let written = match (result.map_err(Failure::from), begun) {
            (Ok(summary), begun) => {
                if let Some(begun) = begun {
                    let _client_gone = begun.send(Ok(()));
                }
                line(output, &Line::Summary(&summary))
            }
            (Err(error), Some(begun)) => {
                let _client_gone = begun.send(Err(error));
                Ok(())
            }
            (Err(error), None) => line(output, &Line::Problem(problem(&error))),
        };
        if !is_whole {
            input.discard();
        }
        written
    });
    match beginning.await {
        Ok(Ok(())) => Ok(answer),
        Ok(Err(failure)) => Err(failure),
        Err(_) => Err(Failure::internal("an import ended without a word")),
    }
}

pub(super) fn problem(failure: &Failure) -> Problem<'_> {
    Problem {
        status: failure.status.as_u16(),
        code: failure.code,
        detail: &failure.detail,
        hint: failure.hint.as_deref(),
    }
}

fn line(output: &mut dyn Write, line: &Line<'_>) -> io::Result<()> {
    let mut text = serde_json::to_vec(line).map_err(io::Error::from)?;
    text.push(b'\n');
    output.write_all(&text)?;
    // Progress is worth nothing late, and comes seldom; findings may come in thousands and share a piece.
    if matches!(line, Line::Outcome(_)) { Ok(()) } else { output.flush() }
}

async fn export(request: Request) -> Outcome {
    let query = &request.query;
    query.only(&["format", "full", "collection", "type", "id", "added_after"])?;
    let format =
        one_of(query::text(query, "format")?, "format", FORMATS)?.unwrap_or_else(|| "stix".to_owned());
    let full = query::flag(query, "full")?;
    let list = ListQuery {
        collection: query::text(query, "collection")?,
        added_after: query::time(query, "added_after")?,
        ids: query::texts(query, "id")?,
        types: query::texts(query, "type")?,
        ..ListQuery::default()
    };
    let media = match format.as_str() {
        "ndjson" => LINES,
        "csv" => "text/csv; charset=utf-8",
        "list" => "text/plain; charset=utf-8",
        _ => "application/stix+json;version=2.1",
    };
    let caller = request.caller()?.clone();
    let (begun, beginning) = oneshot::channel();
    let node = request.node;
    let answer = Answer::stream(media, move |output| {
        let mut output = Begins { output, begun: Some(begun) };
        let done = node.export(&caller, &format, full, &list, &mut output);
        match (done, output.begun.take()) {
            (Ok(_), begun) => {
                if let Some(begun) = begun {
                    let _client_gone = begun.send(Ok(()));
                }
                Ok(())
            }
            (Err(error), Some(begun)) => {
                let _client_gone = begun.send(Err(Failure::from(error)));
                Ok(())
            }
            (Err(error), None) => Err(io::Error::other(error.message)),
        }
    });
    match beginning.await {
        Ok(Ok(())) => Ok(answer),
        Ok(Err(failure)) => Err(failure),
        Err(_) => Err(Failure::internal("an export ended without a word")),
    }
}

/// Tells when the first bytes are written: until then a refusal can have its own status.
struct Begins<'a> {
    output: &'a mut dyn Write,
    begun: Option<oneshot::Sender<Result<(), Failure>>>,
}

impl Write for Begins<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(begun) = self.begun.take() {
            let _client_gone = begun.send(Ok(()));
        }
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

async fn submission(request: Request) -> Outcome {
    no_query(&request)?;
    let (caller, id) = (request.caller()?.clone(), request.param("id").to_owned());
    Ok(json_of(move || request.node.status(&caller, &id)).await?.status(StatusCode::OK))
}
