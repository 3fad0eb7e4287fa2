//! Agents beside sensors: what they report, and what they reported.

use http::Method;
use node::Node;

use super::{JSON, content, listed, named, no_query, row};
use crate::answer::json_of;
use crate::routes::{Access, Need, Outcome};
use crate::{Request, Route};

pub fn routes() -> Vec<Route> {
    vec![
        row(
            Method::PUT,
            "/api/v1/edges/{name}",
            "reportEdge",
            "Reports for an edge of one's own member how far it and its sensors are, in place of its last report.",
            Access::Needs(Need::ReportEdge),
            report,
        )
        .takes(JSON, named("EdgeReport"))
        .gives(200, "The node's time.", JSON, named("EdgeTold")),
        row(
            Method::GET,
            "/api/v1/edges",
            "listEdges",
            "The edges of one's own member, by their last reports.",
            Access::Needs(Need::SeeEdges),
            list,
        )
        .gives(200, "Edges, by name.", JSON, named("Edges")),
    ]
}

async fn report(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let (caller, name) = (request.caller()?.clone(), request.param("name").to_owned());
    json_of(move || request.node.report_edge(&caller, &name, &bytes)).await
}

async fn list(request: Request) -> Outcome {
    no_query(&request)?;
    listed("edges", &Node::edges(&request.node, request.caller()?)?)
}
