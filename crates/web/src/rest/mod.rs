//! REST under `/api/v1`: the verbs of the node as JSON. The command line speaks this and nothing else.

mod assets;
mod circles;
mod content;
mod directory;
mod disclosing;
mod edges;
mod erasing;
mod following;
mod lookup;
mod objects;
mod operation;
mod protect;
pub mod query;
mod queue;
mod recalling;
mod seen;
mod session;
mod sharing;
mod transfer;
mod verdicts;
mod watched;

use http::{Method, StatusCode};
use node::{Caller, Node};
use serde::Serialize;

use crate::answer::json_of;
use crate::routes::{Access, Family, Outcome, Schema};
use crate::{Answer, Request, Route};

/// The media type of its documents.
const JSON: &str = "application/json";

/// Its rows of the table.
#[must_use]
pub fn routes() -> Vec<Route> {
    let mut routes = session::routes();
    routes.extend(lookup::routes());
    routes.extend(objects::routes());
    routes.extend(erasing::routes());
    routes.extend(disclosing::routes());
    routes.extend(sharing::routes());
    routes.extend(recalling::routes());
    routes.extend(transfer::routes());
    routes.extend(directory::routes());
    routes.extend(circles::routes());
    routes.extend(assets::routes());
    routes.extend(seen::routes());
    routes.extend(protect::routes());
    routes.extend(verdicts::routes());
    routes.extend(edges::routes());
    routes.extend(following::routes());
    routes.extend(queue::routes());
    routes.extend(operation::routes());
    routes.extend(crate::openapi::routes());
    routes
}

/// A row of REST.
fn row<F, R>(
    method: Method,
    path: &'static str,
    operation: &'static str,
    summary: &'static str,
    access: Access,
    handler: F,
) -> Route
where
    F: Fn(Request) -> R + Send + Sync + 'static,
    R: Future<Output = Outcome> + Send + 'static,
{
    Route::new(Family::Rest, method, path, operation, summary, access, handler)
}

/// Refuses every parameter of the query, for routes that take none.
fn no_query(request: &Request) -> Result<(), crate::Failure> {
    request.query.only(&[])
}

/// What a verb gives of that which the path names, as JSON; nothing else is asked.
async fn json_of_path<T, F>(request: Request, param: &str, verb: F) -> Outcome
where
    T: Serialize + Send + 'static,
    F: FnOnce(&Node, &Caller, &str) -> Result<T, node::Error> + Send + 'static,
{
    no_query(&request)?;
    let (caller, name) = (request.caller()?.clone(), request.param(param).to_owned());
    json_of(move || verb(&request.node, &caller, &name)).await
}

/// A value as JSON, 201.
async fn created<T, F>(verb: F) -> Outcome
where
    T: Serialize + Send + 'static,
    F: FnOnce() -> Result<T, node::Error> + Send + 'static,
{
    Ok(crate::answer::json_of(verb).await?.status(StatusCode::CREATED))
}

/// A document with one member, as lists are answered: there is room beside them.
fn listed<T: Serialize>(name: &'static str, items: &[T]) -> Outcome {
    Answer::json(&std::collections::BTreeMap::from([(name, items)]))
}

/// The schema of a document of this name.
const fn named(name: &'static str) -> Schema {
    Schema::Named(name)
}
