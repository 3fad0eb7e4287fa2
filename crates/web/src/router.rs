//! From an HTTP request to a handler and back.

use std::any::Any;
use std::hash::{BuildHasher, RandomState};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Instant;

use http::{HeaderValue, Method, StatusCode, header};
use node::{Caller, Node};
use tokio::sync::watch;

use crate::body::{AnswerBody, RequestBody};
use crate::metrics::Metrics;
use crate::proxy::{Seen, seen};
use crate::request::{Arrival, Plus, Query, Request, Road, decode};
use crate::routes::{Access, Family, Outcome, Route, table};
use crate::telling::{Connections, Telling};
use crate::throttle::Throttle;
use crate::waiting::Waiting;
use crate::{Answer, Failure, WebSettings, auth, blocking, finish, taxii};

/// Makes a router over a node.
#[must_use]
pub fn router(node: Node, settings: &WebSettings) -> Router {
    Router::new(node, settings, table())
}

/// The way from requests to handlers. Cheap to clone.
#[derive(Clone)]
pub struct Router {
    node: Node,
    settings: Arc<WebSettings>,
    shared: Arc<Shared>,
}

/// What all requests of a router share.
pub struct Shared {
    /// The table of routes.
    pub table: Vec<Route>,
    /// What is counted.
    pub metrics: Metrics,
    /// Failed sign-ins.
    pub throttle: Throttle,
    /// Long answers on their way.
    pub waiting: Waiting,
    /// The connections that are open, and what is told on each.
    pub connections: Connections,
    /// Counts how often there may have been something new to tell.
    pub changes: watch::Sender<u64>,
    /// The server is being stopped: what has no end of its own ends.
    pub closing: watch::Sender<bool>,
    paths: Vec<Path>,
    // What a request's number is made its id with: ids that count would tell a caller how much others ask.
    ids: RandomState,
    requests: AtomicU64,
}

/// A path, and the rows of the table that are about it.
struct Path {
    segments: Vec<Segment>,
    rows: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    /// This text.
    Literal(&'static str),
    /// Any text but none.
    Parameter(&'static str),
    /// All that is left.
    Rest(&'static str),
}

impl Router {
    fn new(node: Node, settings: &WebSettings, table: Vec<Route>) -> Router {
        node.waits_by(blocking::in_place);
        let changes = watch::Sender::new(0);
        let changed = changes.clone();
        node.on_change(Arc::new(move || changed.send_modify(|count| *count += 1)));
        let shared = Shared {
            paths: paths(&table),
            metrics: Metrics::new(table.len()),
            throttle: Throttle::default(),
            waiting: Waiting::default(),
            connections: Connections::default(),
            changes,
            closing: watch::Sender::new(false),
            ids: RandomState::new(),
            requests: AtomicU64::new(0),
            table,
        };
        Router { node, settings: Arc::new(settings.clone()), shared: Arc::new(shared) }
    }

    /// The node behind it.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The operator's settings.
    #[must_use]
    pub fn settings(&self) -> &WebSettings {
        &self.settings
    }

    /// What its requests share.
    #[must_use]
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Answers a request of this process, asked by this caller.
    pub async fn call(
        &self,
        caller: Caller,
        request: http::Request<RequestBody>,
    ) -> http::Response<AnswerBody> {
        let arrival = Arrival { road: Road::InProcess(Box::new(caller)), peer: None };
        self.handle(request, arrival).await
    }

    /// Answers a request.
    pub async fn handle(
        &self,
        request: http::Request<RequestBody>,
        arrival: Arrival,
    ) -> http::Response<AnswerBody> {
        let began = Instant::now();
        let (parts, body) = request.into_parts();
        let body = body.held_back(parts.headers.contains_key(header::EXPECT));
        let id = finish::request_id(&parts.headers, || {
            let number = self.shared.requests.fetch_add(1, Ordering::Relaxed);
            format!("{:016x}", self.shared.ids.hash_one(number))
        });
        let seen = seen(&self.settings, &arrival, &parts);
        let client = seen.client;
        let path = self.below_base(parts.uri.path());
        let found = self.shared.find(path);
        let (row, outcome) = match &found {
            _ if seen.is_misaddressed => {
                (None, Err(Failure::invalid("the request has no `Host`, or one that is none")))
            }
            None => (None, Err(Failure::not_found())),
            Some((at, params)) => match self.shared.choose(at, &parts.method) {
                Choice::Row(row, route) => {
                    let incoming = Incoming { parts: &parts, path, params, arrival, seen, id: &id, body };
                    (Some(row), caught(self.run(route, incoming)).await)
                }
                Choice::Options(allow) => (None, Ok(options(&allow))),
                Choice::None(allow) => (None, Err(wrong_method(&parts.method, &allow))),
            },
        };
        let route = row.and_then(|row| self.shared.table.get(row));
        let family = found.map_or_else(|| family_of(path), |(at, _)| self.shared.family(at));
        let asked = finish::Asked {
            began,
            id: &id,
            base: self.settings.base(),
            method: &parts.method,
            headers: &parts.headers,
            route: route.filter(|route| !route.is_private()).map_or("", |route| route.path),
            family,
            client,
        };
        let (outcome, room) = self.shared.waiting.admit(outcome);
        let mut response = finish::finish(&asked, outcome, room);
        // Whoever sends it holds this as long as some of it has not left.
        if let Some(telling) = parts.extensions.get::<Arc<Telling>>() {
            response.extensions_mut().insert(Arc::clone(telling));
        }
        if !route.is_some_and(Route::is_private) {
            self.shared.metrics.count(row, response.status().as_u16(), began.elapsed());
        }
        response
    }

    async fn run(&self, route: &Route, incoming: Incoming<'_>) -> Outcome {
        let Incoming { parts, path, params, arrival, seen, id, mut body } = incoming;
        let showing = auth::Showing { arrival: &arrival, client: seen.client, headers: &parts.headers };
        let caller = match (auth::caller(&self.node, &self.settings, &self.shared, &showing), route.access) {
            (Ok(caller), _) => Some(caller),
            (Err(_), Access::Open) => None,
            (Err(failure), _) => {
                body.discard().await;
                return Err(failure);
            }
        };
        // Pages ask for themselves: who looks at them may be said by a cookie.
        if let (Some(caller), true) = (&caller, route.access != Access::Open && !route.is_private())
            && let Err(failure) = auth::encrypted(&self.node, caller, seen.is_confidential)
        {
            body.discard().await;
            return Err(failure);
        }
        let telling = parts.extensions.get::<Arc<Telling>>().cloned();
        if let (Some(telling), Some(caller)) = (&telling, &caller) {
            telling.to(caller);
        }
        if route.family == Family::Taxii {
            taxii::check_accept(&parts.headers)?;
        }
        let params = params
            .iter()
            .map(|(name, text)| Ok((*name, decode(text, Plus::IsPlus)?)))
            .collect::<Result<_, Failure>>()?;
        let request = Request {
            node: self.node.clone(),
            settings: Arc::clone(&self.settings),
            shared: Arc::clone(&self.shared),
            method: parts.method.clone(),
            path: path.to_owned(),
            params,
            query: Query::parse(parts.uri.query().unwrap_or(""))?,
            headers: parts.headers.clone(),
            body,
            arrival,
            client: seen.client,
            base_url: seen.base_url,
            is_confidential: seen.is_confidential,
            id: id.to_owned(),
            caller,
            telling,
        };
        let client = request.client;
        let is_visitor = request.caller.as_ref().is_some_and(|caller| caller.principal.is_anonymous());
        let outcome = (route.handler)(request).await.map_err(|failure| match failure.status {
            // What is not for a visitor may be for the one he turns out to be (RFC 9110 §15.5.2).
            StatusCode::FORBIDDEN if is_visitor => Failure::unauthenticated(failure.detail),
            _ => failure,
        });
        // An open route that takes a credential as content, as signing in does, is an attempt like any other.
        if route.access == Access::Open && parts.method == Method::POST {
            return auth::counted_outcome(outcome, &self.shared, client);
        }
        outcome
    }

    fn below_base<'a>(&self, path: &'a str) -> &'a str {
        match path.strip_prefix(self.settings.base()) {
            Some("") => "/",
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }
}

/// A request whose route is known.
struct Incoming<'a> {
    parts: &'a http::request::Parts,
    path: &'a str,
    params: &'a [(&'static str, &'a str)],
    arrival: Arrival,
    seen: Seen,
    id: &'a str,
    body: RequestBody,
}

fn paths(table: &[Route]) -> Vec<Path> {
    let mut paths: Vec<Path> = Vec::new();
    for (row, route) in table.iter().enumerate() {
        let segments: Vec<Segment> = segments(route.path).map(Segment::read).collect();
        match paths.iter_mut().find(|path| path.segments == segments) {
            Some(path) => path.rows.push(row),
            None => paths.push(Path { segments, rows: vec![row] }),
        }
    }
    // A literal goes before a parameter in the same place.
    paths.sort_by(|a, b| a.segments.cmp(&b.segments));
    paths
}

impl Shared {
    fn find<'r, 'p>(&'r self, path: &'p str) -> Option<(&'r Path, Vec<(&'static str, &'p str)>)> {
        let texts: Vec<&str> = segments(path).collect();
        let known = self.paths.iter().find(|known| known.is_of(&texts))?;
        Some((known, known.params(path, &texts)))
    }

    fn family(&self, path: &Path) -> Family {
        let route = path.rows.first().and_then(|row| self.table.get(*row));
        route.map_or(Family::Rest, |route| route.family)
    }

    fn choose(&self, path: &Path, method: &Method) -> Choice<'_> {
        let wanted = if *method == Method::HEAD { &Method::GET } else { method };
        let rows: Vec<(usize, &Route)> =
            path.rows.iter().filter_map(|row| self.table.get(*row).map(|route| (*row, route))).collect();
        if let Some((row, route)) = rows.iter().find(|(_, route)| route.method == *wanted) {
            return Choice::Row(*row, route);
        }
        let mut allow: Vec<&str> = Vec::new();
        for (_, route) in rows {
            allow.push(route.method.as_str());
            if route.method == Method::GET {
                allow.push("HEAD");
            }
        }
        allow.push("OPTIONS");
        let allow = allow.join(", ");
        if *method == Method::OPTIONS { Choice::Options(allow) } else { Choice::None(allow) }
    }
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router").field("node", &self.node).finish_non_exhaustive()
    }
}

// The segments between slashes; one slash at the end makes no difference.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/')
}

impl Segment {
    fn read(text: &'static str) -> Segment {
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => match name.strip_prefix('*') {
                Some(name) => Segment::Rest(name),
                None => Segment::Parameter(name),
            },
            None => Segment::Literal(text),
        }
    }
}

enum Choice<'a> {
    Row(usize, &'a Route),
    Options(String),
    None(String),
}

impl Path {
    fn is_of(&self, texts: &[&str]) -> bool {
        let is_whole = match self.segments.last() {
            Some(Segment::Rest(_)) => texts.len() >= self.segments.len(),
            _ => texts.len() == self.segments.len(),
        };
        is_whole
            && self.segments.iter().zip(texts).all(|(segment, text)| match segment {
                Segment::Literal(known) => known == text,
                Segment::Parameter(_) => !text.is_empty(),
                Segment::Rest(_) => true,
            })
    }

    fn params<'p>(&self, path: &'p str, texts: &[&'p str]) -> Vec<(&'static str, &'p str)> {
        let each = self.segments.iter().zip(texts).filter_map(|(segment, text)| match segment {
            Segment::Literal(_) => None,
            Segment::Parameter(name) => Some((*name, *text)),
            Segment::Rest(name) => {
                let from = (text.as_ptr() as usize).saturating_sub(path.as_ptr() as usize);
                Some((*name, path.get(from..).unwrap_or(text)))
            }
        });
        each.collect()
    }
}

/// What a handler comes to; one that panics comes to a failure of ours, and takes nobody's connection with it.
async fn caught(handler: impl Future<Output = Outcome>) -> Outcome {
    let mut handler = std::pin::pin!(handler);
    // A handler that panicked is not asked again, and what it shared stands behind locks that are taken over.
    let polled = std::future::poll_fn(|context| {
        let poll = AssertUnwindSafe(|| handler.as_mut().poll(context));
        match std::panic::catch_unwind(poll) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(outcome)) => Poll::Ready(outcome),
            Err(panic) => {
                Poll::Ready(Err(Failure::internal(format!("a handler panicked: {}", said(&*panic)))))
            }
        }
    });
    polled.await
}

/// What a panic says.
pub(crate) fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("nothing")
}

fn family_of(path: &str) -> Family {
    match segments(path).next() {
        Some("taxii2") => Family::Taxii,
        Some("api" | "feeds") => Family::Rest,
        _ => Family::Page,
    }
}

fn options(allow: &str) -> Answer {
    Answer::empty(StatusCode::NO_CONTENT).header_text(header::ALLOW, allow)
}

fn wrong_method(method: &Method, allow: &str) -> Failure {
    let detail = format!("this address does not take `{method}`");
    let failure = Failure::new(StatusCode::METHOD_NOT_ALLOWED, "method", detail);
    match HeaderValue::from_str(allow) {
        Ok(allow) => failure.header(header::ALLOW, allow),
        Err(_) => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails() -> Outcome {
        panic!("there is something")
    }

    #[tokio::test]
    async fn a_handler_that_panics_comes_to_a_failure() {
        let late = caught(async {
            tokio::task::yield_now().await;
            fails()
        });
        let failure = late.await.unwrap_err();
        assert_eq!(failure.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(failure.log.as_deref().unwrap().contains("there is something"), "{failure:?}");
        assert!(!failure.detail.contains("something\""), "{failure:?}");
        let answer = failure.answer(Family::Rest, "the-id", "");
        assert_eq!(answer.headers.get(header::CONTENT_TYPE).unwrap(), "application/problem+json");
        let text = answer.body.collect().await.unwrap();
        assert!(String::from_utf8_lossy(&text).contains("\"request_id\":\"the-id\""));
        assert_eq!(caught(async { Ok(Answer::text("ok")) }).await.unwrap().status, StatusCode::OK);
    }
}
