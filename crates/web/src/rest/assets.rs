//! What a member declares as its own.

use http::Method;
use node::Node;

use super::{JSON, content, created, json_of_path, listed, named, no_query, row};
use crate::routes::{Access, Need, Outcome};
use crate::{Request, Route, blocking};

pub fn routes() -> Vec<Route> {
    vec![
        row(
            Method::GET,
            "/api/v1/assets",
            "listAssets",
            "What one's own member declares as its own: networks, addresses, domains, mail domains.",
            Access::Needs(Need::SeeAssets),
            list,
        )
        .gives(
            200,
            "The declarations of one's own member, and of nobody else.",
            JSON,
            named("Assets"),
        ),
        row(
            Method::POST,
            "/api/v1/assets",
            "declareAssets",
            "Declares what is one's own member's own, all of it or none.",
            Access::Needs(Need::DeclareAssets),
            declare,
        )
        .takes(JSON, named("AssetsRequest"))
        .gives(201, "Those that were named.", JSON, named("Assets")),
        row(
            Method::DELETE,
            "/api/v1/assets/{id}",
            "removeAsset",
            "Takes a declaration back; nothing is kept of it.",
            Access::Needs(Need::DeclareAssets),
            remove,
        )
        .gives(200, "The declaration that was.", JSON, named("Asset")),
    ]
}

async fn list(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?;
    listed("assets", &blocking::brief(|| request.node.assets(caller))?)
}

async fn declare(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let assets = content::Fields::read(&bytes, &["assets"])?.required_texts("assets")?;
    let caller = request.caller()?.clone();
    created(move || {
        let declared = request.node.declare_assets(&caller, &assets)?;
        Ok(std::collections::BTreeMap::from([("assets", declared)]))
    })
    .await
}

async fn remove(request: Request) -> Outcome {
    json_of_path(request, "id", Node::remove_asset).await
}
