//! The front page: what this node is, what is new, and addresses to copy into a client.

use std::sync::Arc;

use askama::Template;
use node::views::Collection;
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
    /// How many objects there are for this reader.
    total: u64,
    /// Whether this reader searches the record at all.
    searches: bool,
    types: Vec<Bar>,
    more_types: usize,
    collections: Vec<CollectionRow>,
    discovery: String,
    /// How many disclosures to authorities there were, and how many of them the participants are not told of yet.
    disclosed: u64,
    sealed: u64,
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
    let query = SearchQuery { limit: Some(NEWEST), ..SearchQuery::default() };
    let found = match blocking::brief(|| request.node.search(&caller, &query)) {
        // A token for some collections only searches nothing; its collections are still told.
        Err(error) if error.kind == Kind::Forbidden => None,
        found => Some(found?),
    };
    let (total, counts) = match found {
        Some(_) => counts(&blocking::brief(|| request.node.statistics(&caller))?),
        None => (0, Vec::new()),
    };
    let collections = request.node.collections(&caller);
    let settings = request.node.settings();
    let disclosures = blocking::brief(|| request.node.about())?.disclosures;
    render(&Home {
        description: text(&settings.description),
        contact: text(&settings.contact),
        searches: found.is_some(),
        newest: found.map(|found| Row::all(&found.objects)).unwrap_or_default(),
        total,
        types: bars(&counts, TYPES),
        more_types: counts.len().saturating_sub(TYPES),
        collections: collections.iter().map(|collection| row(collection, &request)).collect(),
        disclosed: disclosures.total,
        sealed: disclosures.sealed,
        discovery: format!("{}/taxii2/", request.base_url),
        frame: Frame::new(&request, Some(&caller)),
    })
}

// How many objects this reader may see, and of which types, the most frequent first. The figures are kept as sums by label,
// so they are exact at any size, and are added up over the labels that he may see.
fn counts(figures: &serde_json::Value) -> (u64, Vec<(String, u64)>) {
    let count = |value: &serde_json::Value| value.as_u64().unwrap_or_default();
    let types = figures.get("types").and_then(serde_json::Value::as_object);
    let mut types: Vec<(String, u64)> =
        types.into_iter().flatten().map(|(name, value)| (name.clone(), count(value))).collect();
    types.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    (figures.get("objects").map(count).unwrap_or_default(), types)
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
