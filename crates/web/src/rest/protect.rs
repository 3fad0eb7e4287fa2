//! What a member lets act at its sensors, and why a value does or does not.

use http::Method;
use http::header::{self, HeaderName, HeaderValue};
use model::protect::Action;
use node::FeedQuery;

use super::{JSON, content, listed, named, no_query, query, row};
use crate::answer::json_of;
use crate::request::Query;
use crate::routes::{Access, Need, Outcome, Schema, ValueKind};
use crate::{Answer, Failure, Request, Route, blocking};

pub(super) const ACTIONS: &[&str] = &["context", "alert", "block"];

pub fn routes() -> Vec<Route> {
    vec![
        row(
            Method::GET,
            "/api/v1/policy",
            "showPolicy",
            "What one's own member lets act at its sensors.",
            Access::Needs(Need::SeePolicy),
            show,
        )
        .gives(200, "The policy of one's own member.", JSON, named("Policy")),
        row(
            Method::POST,
            "/api/v1/policy",
            "setPolicy",
            "Says what one's own member lets act, in place of what it said before.",
            Access::Needs(Need::SetPolicy),
            set,
        )
        .query("dry_run", ValueKind::Flag, "Read it, and change nothing.")
        .takes(JSON, named("PolicyRequest"))
        .gives(
            200,
            "The policy that holds; with `dry_run`, the one that would.",
            JSON,
            named("Policy"),
        ),
        row(
            Method::DELETE,
            "/api/v1/policy",
            "resetPolicy",
            "Goes back to the node's default.",
            Access::Needs(Need::SetPolicy),
            reset,
        )
        .gives(200, "The policy that holds.", JSON, named("Policy")),
        row(
            Method::GET,
            "/api/v1/why",
            "why",
            "What a value does at one's own member's sensors, and every gate that it passed or did not.",
            Access::Needs(Need::Read),
            why,
        )
        .query("value", ValueKind::Repeated, "What was seen, defanged or not; up to 100.")
        .gives(200, "An answer for each value, in order.", JSON, named("WhyAnswers")),
        row(
            Method::GET,
            "/api/v1/feeds",
            "listFeeds",
            "The formats of what sensors read, and their files.",
            Access::Needs(Need::Read),
            list,
        )
        .gives(200, "Formats, each with its files.", JSON, named("FeedFormats")),
        of_feed(row(
            Method::GET,
            "/feeds/{format}/{file}",
            "getFeed",
            "A file for sensors, whole: what acts at one's own member by its policy, as far as the token sees it.",
            Access::Needs(Need::Read),
            feed,
        )),
        of_feed(row(
            Method::GET,
            "/api/v1/feeds/{format}/{file}",
            "getFeedOfVersion1",
            "The same.",
            Access::Needs(Need::Read),
            feed,
        )),
    ]
}

fn of_feed(route: Route) -> Route {
    route
        .query("tlp", ValueKind::Text, "Nothing that bears a stricter label.")
        .query(
            "action",
            ValueKind::OneOf(ACTIONS),
            "Only what does at least this; unless given, the least that sensors of the format do.",
        )
        .gives(
            200,
            "The file; with `.sha256` behind its name, its digest.",
            "text/plain; charset=utf-8",
            Schema::Text,
        )
}

/// What the query says of an action.
pub(super) fn action(query: &Query) -> Result<Option<Action>, Failure> {
    let named = |name: String| {
        Action::named(&name).ok_or_else(|| {
            Failure::invalid(format!("`action` is `{name}`, expected one of {}", ACTIONS.join(", ")))
        })
    };
    query::text(query, "action")?.map(named).transpose()
}

async fn list(request: Request) -> Outcome {
    no_query(&request)?;
    listed("formats", &request.node.feeds(request.caller()?)?)
}

async fn feed(request: Request) -> Outcome {
    request.query.only(&["tlp", "action"])?;
    let action = action(&request.query)?;
    let asked = request.param("file").to_owned();
    let (file, digest) = match asked.strip_suffix(".sha256") {
        Some(file) => (file.to_owned(), true),
        None => (asked, false),
    };
    let query = FeedQuery {
        format: request.param("format").to_owned(),
        file,
        ceiling: query::parsed(&request.query, "tlp")?,
        action,
    };
    let caller = request.caller()?.clone();
    let name = query.file.clone();
    let made = blocking::long(move || request.node.feed(&caller, &query)).await??;
    // Its first lines and its last tell the time; what is in between is the same while the tag is.
    let tag = format!("W/\"{}\"", made.made.items.get(..32).unwrap_or_default());
    let answer = match digest {
        true => {
            let digest = blocking::long(move || made.sha256().map(str::to_owned)).await?;
            let digest = digest
                .map_err(|error| Failure::internal(format!("a file for sensors cannot be read: {error}")))?;
            Answer::text(format!("{digest}  {name}\n"))
        }
        false => {
            let (entries, as_of) = (made.made.entries.to_string(), made.made.as_of.clone());
            let passed_over: u64 = made.made.passed_over.values().sum();
            Answer::stream(made.content_type, move |out| made.write(out))
                .header_text(HeaderName::from_static("accord-entries"), &entries)
                .header_text(HeaderName::from_static("accord-passed-over"), &passed_over.to_string())
                .header_text(HeaderName::from_static("accord-as-of"), &as_of)
                .header_text(header::ETAG, &tag)
        }
    };
    // A list that is somebody's is nobody else's, and is asked for anew.
    Ok(answer.header(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")))
}

async fn show(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?.clone();
    json_of(move || request.node.policy(&caller)).await
}

async fn set(mut request: Request) -> Outcome {
    request.query.only(&["dry_run"])?;
    let dry_run = query::flag(&request.query, "dry_run")?;
    let bytes = content::bytes(&mut request).await?;
    let text = content::Fields::read(&bytes, &["text"])?.required("text")?;
    let caller = request.caller()?.clone();
    json_of(move || request.node.set_policy(&caller, Some(&text), dry_run)).await
}

async fn reset(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?.clone();
    json_of(move || request.node.set_policy(&caller, None, false)).await
}

async fn why(request: Request) -> Outcome {
    request.query.only(&["value"])?;
    let values = query::texts(&request.query, "value")?;
    if values.is_empty() {
        return Err(Failure::invalid("there is no value to ask for"));
    }
    let caller = request.caller()?.clone();
    listed("answers", &blocking::long(move || request.node.why(&caller, &values)).await??)
}
