//! Recalling what one's member said.

use std::collections::BTreeMap;

use http::Method;
use node::{Node, Recall};

use super::content::{self, Fields};
use super::{JSON, json_of_path, named, no_query, row};
use crate::answer::json_of;
use crate::routes::{Access, Need, Outcome};
use crate::{Request, Route};

pub fn routes() -> Vec<Route> {
    vec![
        row(
            Method::POST,
            "/api/v1/recalls",
            "recall",
            "Recalls objects of the caller's member, or all of a source or a member: withdrawn, and entries that say so; tells who holds it.",
            Access::Needs(Need::Withdraw),
            recall,
        )
        .takes(JSON, named("RecallRequest"))
        .gives(200, "The entries, and who holds what was recalled.", JSON, named("Recalled")),
        row(
            Method::GET,
            "/api/v1/recalls",
            "listRecalls",
            "Recalls of all that a member or a source said, and how far they are carried out, for those who could recall it.",
            Access::Needs(Need::Withdraw),
            list,
        )
        .gives(200, "The last 100, the newest first.", JSON, named("RecallSweeps")),
        row(
            Method::GET,
            "/api/v1/recalls/{id}",
            "showRecall",
            "A recall, by its entry's id. Whoever reads it has confirmed it; those who recalled are told who has not.",
            Access::Needs(Need::Read),
            show,
        )
        .gives(200, "The recall.", JSON, named("RecallView")),
    ]
}

async fn recall(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["objects", "submission", "source", "member", "since", "reason"])?;
    let asked = Recall {
        objects: fields.texts("objects")?,
        submission: fields.text("submission")?,
        source: fields.text("source")?,
        member: fields.text("member")?,
        since: fields.time("since")?,
        reason: fields.required("reason")?,
    };
    let caller = request.caller()?.clone();
    json_of(move || request.node.recall(&caller, &asked)).await
}

async fn list(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?.clone();
    json_of(move || Ok(BTreeMap::from([("recalls", request.node.recalls(&caller)?)]))).await
}

async fn show(request: Request) -> Outcome {
    json_of_path(request, "id", Node::recalled).await
}
