//! What sensors saw: events in, how widely something was seen, what of it is known, and erasing.

use http::{Method, StatusCode};
use node::ForgetSeen;

use super::content::{self, Fields};
use super::{JSON, listed, named, query, row};
use crate::answer::json_of;
use crate::routes::{Access, Need, Outcome, Schema, ValueKind};
use crate::{Failure, Request, Route, blocking};

/// Lines of JSON or a list, whatever they are called: which one it is, the content says.
const TAKEN: [&str; 4] = [JSON, super::transfer::LINES, "application/jsonl", "application/octet-stream"];

/// Events inflate to at most so many times the longest content.
const INFLATED: usize = 2;

pub fn routes() -> Vec<Route> {
    vec![
        row(
            Method::POST,
            "/api/v1/events",
            "observe",
            "Takes what sensors of one's own member saw, to be counted in its index of the last days, and answers what of it is known.",
            Access::Needs(Need::Observe),
            observe,
        )
        .takes(super::transfer::LINES, Schema::Text)
        .takes(JSON, Schema::ListOf("Event"))
        .gives(200, "What became of the events, and what of them is known.", JSON, named("Observed")),
        row(
            Method::GET,
            "/api/v1/seen",
            "seen",
            "How widely values were seen at one's own member of late, when, and on some of which hosts.",
            Access::Needs(Need::SeeObserved),
            seen,
        )
        .query("value", ValueKind::Repeated, "What to ask for, at most 100.")
        .gives(200, "An answer for each value, in order.", JSON, named("SeenAnswers")),
        row(
            Method::DELETE,
            "/api/v1/seen",
            "forgetSeen",
            "Erases what was seen at one's own member: one of the three says what.",
            Access::Needs(Need::ForgetObserved),
            forget,
        )
        .query("host", ValueKind::Text, "What happened on this host.")
        .query("before", ValueKind::Time, "What is of days before that of this time.")
        .query("all", ValueKind::Flag, "All of it.")
        .gives(200, "How much went.", JSON, named("Forgotten")),
        row(
            Method::GET,
            "/api/v1/hits",
            "listHits",
            "What was seen at one's own member and is known, the newest find first.",
            Access::Needs(Need::SeeObserved),
            hits,
        )
        .query("limit", ValueKind::Count, "At most this many; 50 unless given, and at most 1,000.")
        .query("next", ValueKind::Text, "The cursor of a page before.")
        .query("all", ValueKind::Flag, "Also what is ignored.")
        .gives(200, "A page.", JSON, named("SeenHits")),
        row(
            Method::POST,
            "/api/v1/hits/ignored",
            "ignoreHits",
            "Leaves values out of the hits of one's own member until a time; what acts at its sensors stays as it is.",
            Access::Needs(Need::ForgetObserved),
            ignore,
        )
        .takes(JSON, named("IgnoreHits"))
        .gives(200, "What is left out.", JSON, named("Ignored")),
    ]
}

async fn observe(mut request: Request) -> Outcome {
    super::no_query(&request)?;
    let media = request.header("content-type").unwrap_or(JSON).split(';').next().unwrap_or_default();
    if !TAKEN.iter().any(|taken| media.trim().eq_ignore_ascii_case(taken)) {
        let detail = format!("`{}` is no media type of this address", media.trim());
        let failure = Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", detail);
        return Err(failure.hint("send application/x-ndjson, or a list as application/json"));
    }
    let caller = request.caller()?.clone();
    // All of them are held at once, and many sensors tell theirs at the same time.
    let most = request.node.settings().max_content_bytes.saturating_mul(INFLATED);
    let content = request.content_within(most).await?;
    json_of(move || request.node.observe(&caller, &content)).await
}

async fn seen(request: Request) -> Outcome {
    request.query.only(&["value"])?;
    let values = query::texts(&request.query, "value")?;
    if values.is_empty() {
        return Err(Failure::invalid("there is no value to ask for"));
    }
    let caller = request.caller()?.clone();
    listed("answers", &blocking::long(move || request.node.seen(&caller, &values)).await??)
}

async fn forget(request: Request) -> Outcome {
    let asked = &request.query;
    asked.only(&["host", "before", "all"])?;
    let (host, before) = (query::text(asked, "host")?, query::time(asked, "before")?);
    let what = match (host, before, query::flag(asked, "all")?) {
        (Some(host), None, false) => ForgetSeen::Host(host),
        (None, Some(before), false) => ForgetSeen::Before(before),
        (None, None, true) => ForgetSeen::All,
        _ => return Err(Failure::invalid("one of `host`, `before` and `all` says what is erased")),
    };
    let caller = request.caller()?.clone();
    json_of(move || request.node.forget_seen(&caller, &what)).await
}

async fn hits(request: Request) -> Outcome {
    request.query.only(&["limit", "next", "all"])?;
    let limit = query::count(&request.query, "limit")?;
    let next = query::text(&request.query, "next")?;
    let all = query::flag(&request.query, "all")?;
    let caller = request.caller()?.clone();
    json_of(move || request.node.seen_hits(&caller, limit, next.as_deref(), all)).await
}

async fn ignore(mut request: Request) -> Outcome {
    super::no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["values", "until"])?;
    let values = fields.required_texts("values")?;
    // Without a time they are ignored no longer.
    let until = fields.time("until")?.unwrap_or(model::Timestamp::MIN);
    let caller = request.caller()?.clone();
    json_of(move || request.node.ignore_hits(&caller, &values, until)).await
}
