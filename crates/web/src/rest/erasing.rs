//! Erasing by subject.

use http::Method;
use node::EraseSubject;

use super::content::{self, Fields};
use super::{JSON, named, no_query, row};
use crate::answer::json_of;
use crate::routes::{Access, Need, Outcome};
use crate::{Request, Route};

pub fn routes() -> Vec<Route> {
    vec![
        row(
            Method::POST,
            "/api/v1/erasures",
            "eraseSubject",
            "Erases all that says something of a subject, or looks how much there is, and tells what remains.",
            Access::Needs(Need::Erase),
            erase,
        )
        .takes(JSON, named("EraseSubjectRequest"))
        .gives(200, "What was found, and what became of it.", JSON, named("SubjectErased")),
    ]
}

async fn erase(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["subject", "reason", "dry_run"])?;
    let asked = EraseSubject {
        subject: fields.required("subject")?,
        reason: fields.text("reason")?.unwrap_or_default(),
        dry_run: fields.flag("dry_run")?.unwrap_or(false),
    };
    let caller = request.caller()?.clone();
    json_of(move || request.node.erase_subject(&caller, &asked)).await
}
