//! Recalling what one's member said.

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
            "Recalls objects of the caller's member: withdrawn, and entries that say so on every road; tells who holds them.",
            Access::Needs(Need::Submit),
            recall,
        )
        .takes(JSON, named("RecallRequest"))
        .gives(200, "The entries, and who holds what was recalled.", JSON, named("Recalled")),
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
    let fields = Fields::read(&bytes, &["objects", "submission", "source", "reason"])?;
    let asked = Recall {
        objects: fields.texts("objects")?,
        submission: fields.text("submission")?,
        source: fields.text("source")?,
        reason: fields.required("reason")?,
    };
    let caller = request.caller()?.clone();
    json_of(move || request.node.recall(&caller, &asked)).await
}

async fn show(request: Request) -> Outcome {
    json_of_path(request, "id", Node::recalled).await
}
