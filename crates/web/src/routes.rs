//! The table of routes: one row per method and path, with everything that is told about it beside its handler.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::Method;

use crate::{Answer, Failure, Request};

/// What a handler comes to.
pub type Outcome = Result<Answer, Failure>;

/// A handler: a plain `async fn(Request) -> Outcome`, boxed.
pub type Handler = Arc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// How a route's failures are told, and which headers its answers carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// RFC 9457 problems.
    Rest,
    /// TAXII 2.1 error messages (§3.6.1).
    Taxii,
    /// HTML pages.
    Page,
}

/// Whom a route is for. This documents: the node's verbs authorise, and a test holds each route to its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Everybody, and nobody needs to be known. Says nothing of the record.
    Open,
    /// Whoever may come in: a token's bearer, or a visitor where the node lets visitors in.
    Visitor,
    /// Whoever has shown a token, whatever its roles.
    Bearer,
    /// Whoever may act so; each is the action of that name in [`model::Action`].
    Needs(Need),
}

/// The actions of [`model::Action`] without what they act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is documented under its name in model::Action")]
pub enum Need {
    Read,
    ReadCollection,
    WriteCollection,
    Submit,
    SubmitObservation,
    Annotate,
    Withdraw,
    Erase,
    ReadQuarantine,
    ManageMembers,
    ManagePersons,
    ManageTokens,
    ManageCollections,
    Operate,
    SeeCircles,
    ActInCircles,
    SeeAssets,
    DeclareAssets,
    SeePolicy,
    SetPolicy,
    Disclose,
    Observe,
    SeeObserved,
    ForgetObserved,
    ReportEdge,
    SeeEdges,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// A segment of the path, `{name}` in the pattern.
    Path,
    /// The query.
    Query,
    /// A header.
    Header,
}

/// What a parameter's text must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// Any text.
    Text,
    /// A whole number from 1.
    Count,
    /// `true` or `false`.
    Flag,
    /// RFC 3339 in UTC.
    Time,
    /// Texts with commas between.
    List,
    /// Given once or more often.
    Repeated,
    /// One of these.
    OneOf(&'static [&'static str]),
}

/// One parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name as on the wire.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// It must be there.
    pub required: bool,
    /// What its text must be.
    pub kind: ValueKind,
    /// What it does, one sentence.
    pub summary: &'static str,
}

/// A form of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// Its media type.
    pub media: &'static str,
    /// The name of its schema among the document's components; `Text` and `Bytes` are of no schema.
    pub schema: Schema,
}

/// What content looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// A component of the OpenAPI document, by name.
    Named(&'static str),
    /// A list of that component.
    ListOf(&'static str),
    /// Text.
    Text,
    /// Bytes of any length.
    Bytes,
}

/// An answer that a route gives when all goes well.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// What it means, one sentence.
    pub summary: &'static str,
    /// Its content, if it has any; several are chosen by `Accept` or a parameter.
    pub content: Vec<Content>,
}

/// One row of the table.
#[derive(Clone)]
pub struct Route {
    /// The method. `HEAD` comes with `GET`, and `OPTIONS` with every path.
    pub method: Method,
    /// The path below the base path, `{name}` for a parameter, `{*name}` last for the rest of the path. A trailing
    /// slash is how it is written in addresses; requests are answered with and without one.
    pub path: &'static str,
    /// The OpenAPI operation id, unique, `camelCase`.
    pub operation: &'static str,
    /// What it does, one sentence.
    pub summary: &'static str,
    /// How its failures are told.
    pub family: Family,
    /// Whom it is for.
    pub access: Access,
    /// Parameters beside those of the path that are plain text.
    pub parameters: Vec<Parameter>,
    /// What it takes, if it takes content.
    pub takes: Vec<Content>,
    /// What it gives when all goes well.
    pub gives: Vec<Response>,
    /// What does it.
    pub handler: Handler,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {:?} {:?}", self.method, self.path, self.family, self.access)
    }
}

impl Route {
    /// A row with no parameters and no content yet.
    pub fn new<F, R>(
        family: Family,
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
        Route {
            method,
            path,
            operation,
            summary,
            family,
            access,
            parameters: Vec::new(),
            takes: Vec::new(),
            gives: Vec::new(),
            handler: Arc::new(move |request| Box::pin(handler(request))),
        }
    }

    /// It is about circles. Neither counted nor named in the log: that there are any is nobody's business but their
    /// members'.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.path.starts_with("/api/v1/circles") || self.path == "/api/v1/join"
    }

    /// The same, with a parameter of the query that may be left out.
    #[must_use]
    pub fn query(self, name: &'static str, kind: ValueKind, summary: &'static str) -> Route {
        self.parameter(Parameter { name, place: Place::Query, required: false, kind, summary })
    }

    /// The same, with a parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Route {
        self.parameters.push(parameter);
        self
    }

    /// The same, taking this content.
    #[must_use]
    pub fn takes(mut self, media: &'static str, schema: Schema) -> Route {
        self.takes.push(Content { media, schema });
        self
    }

    /// The same, giving this content.
    #[must_use]
    pub fn gives(mut self, status: u16, summary: &'static str, media: &'static str, schema: Schema) -> Route {
        let content = Content { media, schema };
        match self.gives.iter_mut().find(|response| response.status == status) {
            Some(response) => response.content.push(content),
            None => self.gives.push(Response { status, summary, content: vec![content] }),
        }
        self
    }

    /// The same, giving a status without content.
    #[must_use]
    pub fn gives_nothing(mut self, status: u16, summary: &'static str) -> Route {
        self.gives.push(Response { status, summary, content: Vec::new() });
        self
    }
}

/// The whole table, in the order of the documentation.
#[must_use]
pub fn table() -> Vec<Route> {
    let mut table = crate::probes::routes();
    table.extend(crate::taxii::routes());
    table.extend(crate::rest::routes());
    table.extend(crate::pages::routes());
    table
}
