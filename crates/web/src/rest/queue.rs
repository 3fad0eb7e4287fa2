//! The queue: what waits for a curator, and what the submitter is told of it.

use http::Method;
use node::Node;

use super::content::{self, Fields};
use super::{JSON, json_of_path, named, no_query, query, row};
use crate::answer::json_of;
use crate::routes::{Access, Outcome, ValueKind};
use crate::{Answer, Request, Route, blocking};

pub fn routes() -> Vec<Route> {
    let bearer = Access::Bearer;
    let one = named("QueuedSubmission");
    vec![
        row(
            Method::GET,
            "/api/v1/submissions",
            "listSubmissions",
            "What one's own member sent that waits for a curator, or waited.",
            bearer,
            submissions,
        )
        .gives(200, "What waits first, the first deadline first.", JSON, named("Submissions")),
        row(
            Method::GET,
            "/api/v1/queue",
            "listQueue",
            "What waits for a curator and is the caller's to look at.",
            bearer,
            list,
        )
        .query("all", ValueKind::Flag, "Also what became of the rest.")
        .gives(200, "What waits first, the first deadline first.", JSON, named("Queue")),
        row(
            Method::GET,
            "/api/v1/queue/{id}",
            "showQueued",
            "A submission that waits, with its objects.",
            bearer,
            show,
        )
        .gives(200, "The submission.", JSON, one),
        row(
            Method::POST,
            "/api/v1/queue/{id}/take",
            "takeQueued",
            "Takes one upon oneself, so that other curators know.",
            bearer,
            take,
        )
        .gives(200, "The submission.", JSON, one),
        row(
            Method::POST,
            "/api/v1/queue/{id}/release",
            "releaseQueued",
            "Lets one in; where two curators have to, as the first of them.",
            bearer,
            release,
        )
        .gives(200, "The submission.", JSON, one),
        row(
            Method::POST,
            "/api/v1/queue/{id}/return",
            "returnQueued",
            "Sends one back, for a reason that its submitter is told.",
            bearer,
            give_back,
        )
        .takes(JSON, named("ReturnRequest"))
        .gives(200, "The submission.", JSON, one),
        row(
            Method::POST,
            "/api/v1/queue/{id}/merge",
            "mergeQueued",
            "Says that an object says it already; it is not taken.",
            bearer,
            merge,
        )
        .takes(JSON, named("MergeRequest"))
        .gives(200, "The submission.", JSON, one),
    ]
}

async fn submissions(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?;
    Answer::json(&blocking::brief(|| request.node.submissions(caller))?)
}

async fn list(request: Request) -> Outcome {
    request.query.only(&["all"])?;
    let all = query::flag(&request.query, "all")?;
    let caller = request.caller()?;
    Answer::json(&blocking::brief(|| request.node.queue(caller, all))?)
}

async fn show(request: Request) -> Outcome {
    json_of_path(request, "id", Node::queued).await
}

async fn take(request: Request) -> Outcome {
    json_of_path(request, "id", Node::take_queued).await
}

async fn release(request: Request) -> Outcome {
    json_of_path(request, "id", Node::release_queued).await
}

async fn give_back(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let reason = Fields::read(&bytes, &["reason"])?.required("reason")?;
    let (caller, id) = (request.caller()?.clone(), request.param("id").to_owned());
    json_of(move || request.node.return_queued(&caller, &id, &reason)).await
}

async fn merge(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["into", "reason"])?;
    let (into, reason) = (fields.required("into")?, fields.text("reason")?);
    let (caller, id) = (request.caller()?.clone(), request.param("id").to_owned());
    json_of(move || request.node.merge_queued(&caller, &id, &into, reason.as_deref())).await
}
