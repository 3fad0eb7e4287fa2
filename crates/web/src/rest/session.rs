//! Signing in, and who one is.

use http::Method;
use serde::Serialize;

use super::content::{self, Fields};
use super::{JSON, created, named, no_query, row};
use crate::request::Road;
use crate::routes::{Access, Outcome};
use crate::{Answer, Failure, Request, Route, auth, blocking};

pub fn routes() -> Vec<Route> {
    vec![
        row(
            Method::POST,
            "/api/v1/login",
            "login",
            "Trades the one-time secret for an administrator's token, valid 24 hours.",
            Access::Open,
            login,
        )
        .takes(JSON, named("LoginRequest"))
        .gives(201, "The token; its secret is told this once.", JSON, named("NewToken")),
        row(
            Method::POST,
            "/api/v1/login/renew",
            "renewLoginSecret",
            "Makes a new one-time secret. Through the folder's own socket only.",
            Access::Bearer,
            renew,
        )
        .gives(201, "The secret.", JSON, named("LoginSecret")),
        row(
            Method::GET,
            "/api/v1/whoami",
            "whoami",
            "Whom the node takes the caller for.",
            Access::Visitor,
            whoami,
        )
        .gives(200, "Member, roles, verbs and scopes.", JSON, named("Whoami")),
    ]
}

async fn login(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let secret = Fields::read(&bytes, &["secret"])?.required("secret")?;
    let (node, shown) = (request.node, secret.clone());
    let outcome = created(move || node.trade(shown.trim())).await;
    if matches!(&outcome, Err(failure) if failure.status == http::StatusCode::UNAUTHORIZED) {
        auth::hold_account(&request.shared, &secret)?;
    }
    outcome
}

#[derive(Serialize)]
struct LoginSecret {
    secret: String,
}

async fn renew(request: Request) -> Outcome {
    no_query(&request)?;
    // Whoever can open the folder owns the node already; a token, whatever its roles, does not.
    if !matches!(request.arrival.road, Road::AdminSocket | Road::InProcess(_)) {
        let failure =
            Failure::new(http::StatusCode::FORBIDDEN, "forbidden", "this is for the folder's owner");
        return Err(failure.hint("run `accord login --renew` where the node runs"));
    }
    let node = request.node;
    let secret = blocking::long(move || node.first_secret(true)).await??;
    let secret = secret.ok_or_else(|| Failure::internal("no secret although a new one was asked for"))?;
    Ok(Answer::json(&LoginSecret { secret })?.status(http::StatusCode::CREATED))
}

/// Whom the node takes the caller for.
#[derive(Serialize)]
struct Whoami {
    /// Nobody has shown a token.
    anonymous: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<node::views::Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    roles: Vec<&'static str>,
    verbs: Vec<&'static str>,
    ceiling: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

async fn whoami(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?;
    let principal = &caller.principal;
    let scope = |scope: &model::access::CollectionScope| match scope {
        model::access::CollectionScope::All => None,
        model::access::CollectionScope::Only(some) => Some(some.iter().map(ToString::to_string).collect()),
    };
    let member = principal.reader.member;
    Answer::json(&Whoami {
        anonymous: principal.is_anonymous(),
        member: member.map(|id| node::views::Named { id: id.to_string(), name: caller.member_name.clone() }),
        person: principal.reader.person.map(|id| id.to_string()),
        token: principal.token.map(|id| id.to_string()),
        roles: principal.roles.iter().map(model::Role::name).collect(),
        verbs: principal.verbs.iter().map(|verb| verb.name()).collect(),
        ceiling: principal.reader.ceiling.to_string(),
        read: scope(&principal.read),
        write: scope(&principal.write),
        profile: caller.profile.clone(),
    })
}
