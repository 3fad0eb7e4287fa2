//! §4.1 and §4.2, what the server and its API root are.

use serde::Serialize;

use super::{API_ROOT, MEDIA_TYPE};
use crate::routes::Outcome;
use crate::{Answer, Failure, Request};

/// §4.1.1
#[derive(Debug, Serialize)]
struct Discovery<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    contact: &'a str,
    /// Clients compare it with the items of `api_roots` as text.
    default: &'a str,
    /// Absolute, for many clients do not resolve relative ones.
    api_roots: [&'a str; 1],
}

/// §4.2.1
#[derive(Debug, Serialize)]
struct ApiRoot<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    versions: [&'static str; 1],
    max_content_length: usize,
}

pub(super) async fn discovery(request: Request) -> Outcome {
    let settings = request.node.settings();
    let root = format!("{}{API_ROOT}", request.base_url);
    resource(&Discovery {
        title: &settings.title,
        description: &settings.description,
        contact: &settings.contact,
        default: &root,
        api_roots: [&root],
    })
}

pub(super) async fn api_root(request: Request) -> Outcome {
    let settings = request.node.settings();
    resource(&ApiRoot {
        title: &settings.title,
        description: &settings.description,
        versions: [MEDIA_TYPE],
        max_content_length: settings.max_content_bytes,
    })
}

/// An answer with a TAXII resource.
pub(super) fn resource<T: Serialize>(resource: &T) -> Outcome {
    let text = serde_json::to_vec(resource).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(Answer::bytes(MEDIA_TYPE, text))
}
