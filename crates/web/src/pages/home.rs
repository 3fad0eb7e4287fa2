//! The front page: what this node is, what is new, and addresses to copy into a client.

use std::sync::Arc;

use askama::Template;
use node::views::{Collection, ObjectPage};
use node::{Kind, SearchQuery};

use super::picture::{Bar, bars};
use super::session::Sessions;
use super::show::{Row, text};
use super::{Frame, caller_or_sign_in, render};
use crate::routes::Outcome;
use crate::{Request, blocking};

/// Objects under "newest".
const NEWEST: usize = 12;
/// Types in the picture.
const TYPES: usize = 12;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    description: String,
    contact: String,
    newest: Vec<Row>,
    total: u64,
    types: Vec<Bar>,
    collections: Vec<CollectionRow>,
    discovery: String,
}

struct CollectionRow {
    title: String,
    description: String,
    id: String,
    address: String,
    rights: &'static str,
    ceiling: String,
}

/// Shows it.
pub(super) async fn page(request: Request, sessions: Arc<Sessions>) -> Outcome {
    let caller = match caller_or_sign_in(&request, &sessions) {
        Ok(caller) => caller,
        Err(to_sign_in) => return Ok(*to_sign_in),
    };
    let query = SearchQuery { facets: true, limit: Some(NEWEST), ..SearchQuery::default() };
    let found = match blocking::brief(|| request.node.search(&caller, &query)) {
        // A token for some collections only searches nothing; its collections are still told.
        Err(error) if error.kind == Kind::Forbidden => {
            ObjectPage { objects: Vec::new(), more: false, next: None, facets: Vec::new() }
        }
        found => found?,
    };
    let types = found.facets.iter().find(|facet| facet.name == "type");
    let counts = types.map(|facet| facet.values.as_slice()).unwrap_or_default();
    let collections = request.node.collections(&caller);
    let settings = request.node.settings();
    render(&Home {
        description: text(&settings.description),
        contact: text(&settings.contact),
        newest: Row::all(&found.objects),
        total: counts.iter().map(|(_, count)| count).sum(),
        types: bars(counts, TYPES),
        collections: collections.iter().map(|collection| row(collection, &request)).collect(),
        discovery: format!("{}/taxii2/", request.base_url),
        frame: Frame::new(&request, Some(&caller)),
    })
}

fn row(collection: &Collection, request: &Request) -> CollectionRow {
    CollectionRow {
        title: text(&collection.name),
        description: text(&collection.description),
        id: collection.id.clone(),
        address: crate::taxii::collection_url(&request.base_url, &collection.id),
        rights: match (collection.can_read, collection.can_write) {
            (true, true) => "read and write",
            (true, false) => "read",
            (false, true) => "write",
            (false, false) => "",
        },
        ceiling: collection.ceiling.clone(),
    }
}
