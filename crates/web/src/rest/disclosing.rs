//! Disclosures to authorities, and what the node says of itself.

use http::Method;
use node::Disclose;

use super::content::{self, Fields};
use super::{JSON, created, named, no_query, row};
use crate::answer::json_of;
use crate::routes::{Access, Need, Outcome};
use crate::{Failure, Request, Route};

pub fn routes() -> Vec<Route> {
    vec![
        row(
            Method::GET,
            "/api/v1/node",
            "showNode",
            "What the node is called, and how many disclosures to authorities there were.",
            Access::Visitor,
            about,
        )
        .gives(200, "The node.", JSON, named("NodeView")),
        row(
            Method::GET,
            "/api/v1/disclosures",
            "listDisclosures",
            "Disclosures to authorities: an organisation's own, and for the node's administrators those of the node.",
            Access::Needs(Need::ManagePersons),
            list,
        )
        .gives(200, "The oldest first.", JSON, named("Disclosures")),
        row(
            Method::POST,
            "/api/v1/disclosures",
            "disclose",
            "Gives listed objects that the caller sees to an authority under compulsion; the record says so first.",
            Access::Needs(Need::Disclose),
            disclose,
        )
        .takes(JSON, named("DisclosureRequest"))
        .gives(201, "The disclosure, and the objects.", JSON, named("Disclosed")),
        row(
            Method::POST,
            "/api/v1/disclosures/{id}/seal",
            "sealDisclosure",
            "Seals a disclosure of the caller's organisation for longer, which is recorded too.",
            Access::Needs(Need::Disclose),
            seal,
        )
        .takes(JSON, named("SealRequest"))
        .gives(201, "The disclosure.", JSON, named("Disclosure")),
    ]
}

async fn about(request: Request) -> Outcome {
    no_query(&request)?;
    json_of(move || request.node.about()).await
}

async fn list(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?.clone();
    json_of(move || request.node.disclosures(&caller)).await
}

async fn disclose(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let known = ["objects", "source", "authority", "basis", "sealed_until", "second"];
    let fields = Fields::read(&bytes, &known)?;
    let asked = Disclose {
        objects: fields.texts("objects")?,
        source: fields.text("source")?,
        authority: fields.required("authority")?,
        basis: fields.required("basis")?,
        sealed_until: fields.time("sealed_until")?,
        second: fields.text("second")?,
    };
    let caller = request.caller()?.clone();
    created(move || request.node.disclose(&caller, &asked)).await
}

async fn seal(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let until = Fields::read(&bytes, &["until"])?.time("until")?;
    let until = until.ok_or_else(|| Failure::invalid("`until` is missing"))?;
    let (caller, id) = (request.caller()?.clone(), request.param("id").to_owned());
    created(move || request.node.seal_for_longer(&caller, &id, until)).await
}
