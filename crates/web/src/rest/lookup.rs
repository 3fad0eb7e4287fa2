//! What is known of values.

use http::Method;

use super::content::{self, Fields};
use super::{JSON, listed, named, no_query, query, row};
use crate::routes::{Access, Need, Outcome, ValueKind};
use crate::{Failure, Request, Route, blocking};

/// Mentions of each value, unless asked for another number.
const DEFAULT_LIMIT: usize = 20;
/// Values in one request.
const MAX_VALUES: usize = 10_000;

pub fn routes() -> Vec<Route> {
    let access = Access::Needs(Need::Read);
    vec![
        row(
            Method::GET,
            "/api/v1/lookup",
            "lookup",
            "What is known of addresses, networks, domains, URLs, hashes and e-mail addresses, defanged or not.",
            access,
            get,
        )
        .query("value", ValueKind::Repeated, "What to look up.")
        .query("limit", ValueKind::Count, "At most this many mentions of each value; 20 unless given.")
        .gives(200, "An answer for each value, in order.", JSON, named("LookupAnswers")),
        row(
            Method::POST,
            "/api/v1/lookup",
            "lookupMany",
            "The same for up to 10,000 values.",
            access,
            post,
        )
        .takes(JSON, named("LookupRequest"))
        .gives(200, "An answer for each value, in order.", JSON, named("LookupAnswers")),
    ]
}

async fn get(request: Request) -> Outcome {
    request.query.only(&["value", "limit"])?;
    let values = query::texts(&request.query, "value")?;
    let limit = query::count(&request.query, "limit")?;
    answer(request, values, limit).await
}

async fn post(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["values", "limit"])?;
    let limit = fields.count("limit")?.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    answer(request, fields.texts("values")?, limit).await
}

async fn answer(request: Request, values: Vec<String>, limit: Option<usize>) -> Outcome {
    if values.is_empty() {
        return Err(Failure::invalid("there is no value to look up"));
    }
    if values.len() > MAX_VALUES {
        return Err(Failure::invalid(format!("more than {MAX_VALUES} values")).hint("send them in parts"));
    }
    let caller = request.caller()?.clone();
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let node = request.node;
    // One value is answered in microseconds: not worth a hop to another thread.
    let answers = if values.len() == 1 {
        blocking::brief(|| node.lookup(&caller, &values, limit))?
    } else {
        blocking::long(move || node.lookup(&caller, &values, limit)).await??
    };
    listed("answers", &answers)
}
