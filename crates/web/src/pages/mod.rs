//! Pages: rendered here, whole without script, under a policy that runs none.
//!
//! Everything that members wrote is shown inert: escaped by the templates, with control and bidirectional characters
//! made visible and addresses defanged.

mod assets;
mod home;
mod object;
mod picture;
mod queue;
mod search;
mod session;
mod show;
mod sign_in;
mod why;

use std::sync::Arc;

use askama::Template;
use http::{Method, StatusCode};
use node::Caller;

use crate::body::RequestBody;
use crate::request::Query;
use crate::routes::{Access, Family, Outcome, Schema, ValueKind};
use crate::{Answer, Failure, Request, Route, auth};
use session::Sessions;
use show::Span;

const HTML: &str = "text/html";

/// Their rows of the table.
#[must_use]
pub fn routes() -> Vec<Route> {
    let sessions = Arc::new(Sessions::default());
    let page = |method, path, operation, summary, handler: Page| {
        let sessions = Arc::clone(&sessions);
        let run = move |request| handler(request, Arc::clone(&sessions));
        Route::new(Family::Page, method, path, operation, summary, Access::Open, run).gives(
            200,
            "The page.",
            HTML,
            Schema::Text,
        )
    };
    let mut routes = vec![
        page(Method::GET, "/", "homePage", "The front page.", |r, s| Box::pin(home::page(r, s))),
        page(
            Method::GET,
            "/search",
            "searchPage",
            "What is known of a value, and objects by text.",
            |r, s| Box::pin(search::page(r, s)),
        )
        .query("q", ValueKind::Text, "A value, defanged or not, or words.")
        .query("type", ValueKind::Text, "Only objects of this type.")
        .query("words", ValueKind::Flag, "Search for words also where every one of them is a value.")
        .query("next", ValueKind::Text, "The cursor of the page before."),
        page(Method::GET, "/objects/{id}", "objectPage", "One object.", |r, s| Box::pin(object::page(r, s)))
            .query("version", ValueKind::Text, "The version to show; the greatest otherwise."),
        page(Method::GET, "/queue", "queuePage", "What waits for a curator.", |r, s| {
            Box::pin(queue::page(r, s))
        }),
        page(Method::GET, "/sign-in", "signInPage", "Where a token is shown.", |r, s| {
            Box::pin(sign_in::page(r, s))
        }),
        page(Method::POST, "/sign-in", "signIn", "Shows a token, or trades the one-time secret.", |r, s| {
            Box::pin(sign_in::sign_in(r, s))
        })
        .takes("application/x-www-form-urlencoded", Schema::Text),
        page(Method::POST, "/sign-out", "signOut", "Ends the session.", |r, s| {
            Box::pin(sign_in::sign_out(r, s))
        })
        .takes("application/x-www-form-urlencoded", Schema::Text),
        Route::new(
            Family::Page,
            Method::GET,
            "/static/{name}",
            "asset",
            "Style and picture of the pages.",
            Access::Open,
            assets::file,
        )
        .gives(200, "The file.", "text/css", Schema::Text),
    ];
    routes.extend(why::routes(&sessions));
    routes
}

type Page = fn(Request, Arc<Sessions>) -> std::pin::Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// What the frame around every page shows.
pub(crate) struct Frame {
    /// The node's name.
    node: String,
    /// The base path, no slash at its end. Links have no host: that of a request is only what its sender says.
    base: String,
    /// The member of the one who is signed in; empty for visitors.
    member: String,
    /// What the search box holds.
    query: String,
    /// Somebody is here who may look around: without a token, where visitors are let in.
    looks: bool,
}

impl Frame {
    fn new(request: &Request, caller: Option<&Caller>) -> Frame {
        let member = caller.filter(|caller| !caller.principal.is_anonymous());
        Frame {
            node: show::text(&request.node.settings().title),
            base: request.settings.base().to_owned(),
            member: member.map(|caller| show::text(&caller.member_name)).unwrap_or_default(),
            query: String::new(),
            looks: caller.is_some(),
        }
    }

    fn style(&self) -> String {
        format!("{}/static/{}", self.base, assets::style_name())
    }
}

/// A page for the one who asks, or the way to the sign-in page for one who must sign in first.
fn caller_or_sign_in(request: &Request, sessions: &Sessions) -> Result<Caller, Box<Answer>> {
    match session::caller(request, sessions) {
        None => Err(Box::new(to_sign_in(request))),
        Some(caller) => match auth::encrypted(&request.node, &caller, request.is_confidential) {
            Ok(()) => Ok(caller),
            Err(refused) => Err(Box::new(failure(&refused, &request.id, request.settings.base()))),
        },
    }
}

fn to_sign_in(request: &Request) -> Answer {
    let to = format!("{}/sign-in", request.settings.base());
    Answer::see_other(&to).unwrap_or_else(|_| Answer::empty(StatusCode::UNAUTHORIZED))
}

/// What a form sent, of so many bytes at most.
async fn form(request: &mut Request, most: usize) -> Result<Query, Failure> {
    let body = std::mem::replace(&mut request.body, RequestBody::full(""));
    let bytes = body.bytes(most).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::invalid("the form is not UTF-8"))?;
    Query::parse(text)
}

fn render(template: &impl Template) -> Outcome {
    template.render().map(Answer::html).map_err(|error| Failure::internal(error.to_string()))
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    status: u16,
    title: &'a str,
    detail: Vec<Span>,
    hint: Vec<Span>,
    request_id: &'a str,
    base: &'a str,
    style: String,
}

/// The page that tells of a failure, with the failure's own status, below the base path `base`.
pub(crate) fn failure(failure: &Failure, request_id: &str, base: &str) -> Answer {
    let page = FailurePage {
        status: failure.status.as_u16(),
        title: failure.status.canonical_reason().unwrap_or("Error"),
        detail: show::sentence(&failure.detail),
        hint: failure.hint.as_deref().map(show::sentence).unwrap_or_default(),
        request_id,
        base,
        style: format!("{base}/static/{}", assets::style_name()),
    };
    let plain = || Answer::text(format!("{}: {}\n", failure.status, failure.detail));
    page.render().map_or_else(|_| plain(), Answer::html).status(failure.status)
}
