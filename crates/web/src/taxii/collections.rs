//! §5.1 and §5.2, collections.

use node::views;
use serde::Serialize;

use super::STIX_MEDIA_TYPE;
use super::information::resource;
use crate::Request;
use crate::routes::Outcome;

/// §5.1.1
#[derive(Debug, Serialize)]
struct Collections {
    /// "If there are no Collections in the list, this key MUST be omitted."
    #[serde(skip_serializing_if = "Vec::is_empty")]
    collections: Vec<Collection>,
}

/// §5.2.1
#[derive(Debug, Serialize)]
struct Collection {
    id: String,
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    can_read: bool,
    can_write: bool,
    media_types: [&'static str; 1],
}

impl From<views::Collection> for Collection {
    fn from(view: views::Collection) -> Collection {
        Collection {
            id: view.id,
            title: view.name,
            description: view.description,
            alias: view.alias,
            can_read: view.can_read,
            can_write: view.can_write,
            media_types: [STIX_MEDIA_TYPE],
        }
    }
}

pub(super) async fn all(request: Request) -> Outcome {
    let caller = request.caller()?;
    let views = request.node.collections(caller);
    resource(&Collections { collections: views.into_iter().map(Collection::from).collect() })
}

pub(super) async fn one(request: Request) -> Outcome {
    let caller = request.caller()?;
    let view = request.node.collection(caller, request.param("collection"))?;
    resource(&Collection::from(view))
}
