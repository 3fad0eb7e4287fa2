//! Who asks: the credential that a request shows, in any of the forms that clients have.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use http::{HeaderMap, StatusCode, header};
use node::{Caller, Credential, Node};

use crate::request::{Arrival, Road};
use crate::router::Shared;
use crate::routes::Outcome;
use crate::throttle::{Attempt, Factor};
use crate::{Failure, WebSettings};

/// What a request shows of who sends it.
#[derive(Debug)]
pub(crate) struct Showing<'a> {
    pub(crate) arrival: &'a Arrival,
    pub(crate) client: Option<IpAddr>,
    pub(crate) headers: &'a HeaderMap,
}

/// Finds out who asks: by the token in a header, else by the way the request came, else a visitor. The cookie of a
/// page's session is none of these: no route but the pages takes it, so no other site can make a browser use it here.
///
/// # Errors
/// 401 for a credential that is no good or where one is needed, 429 after too many of them from one address, 400 for
/// two at once.
pub(crate) fn caller(
    node: &Node,
    settings: &WebSettings,
    shared: &Shared,
    showing: &Showing<'_>,
) -> Result<Caller, Failure> {
    let road = &showing.arrival.road;
    if let Road::InProcess(caller) = road {
        return Ok(Caller::clone(caller));
    }
    let attempt = |factor, account| Attempt { factor, address: showing.client, account };
    let refused = |failure: Failure, attempt| match failure.status {
        StatusCode::UNAUTHORIZED => counted(failure, shared, attempt),
        _ => failure,
    };
    let found = shown(showing.headers, settings.token_header.as_deref());
    let found = found.map_err(|failure| refused(failure, attempt(Factor::Token, None)))?;
    let credential = match (&found, road) {
        (Some(shown), _) => Credential::Token(shown.token.clone()),
        (None, Road::AdminSocket) => return Ok(node.operator()),
        (None, Road::Tls(Some(digest))) => Credential::Certificate(*digest),
        (None, _) => return Ok(node.visitor()?),
    };
    node.authenticate(&credential, showing.client).map_err(|error| {
        let attempt = match &found {
            Some(shown) => attempt(Factor::Token, Some(shown.account())),
            None => attempt(Factor::Certificate, None),
        };
        refused(error.into(), attempt)
    })
}

/// Refuses to tell a caller anything over a way that others can read along, where a circle of his member demands encryption (IEP
/// 2.0 §7). It is a refusal and no absence: a client that asks for what is new would never be told what it was not told
/// here. Why depends on nothing but his own circles.
///
/// # Errors
/// 403.
pub(crate) fn encrypted(node: &Node, caller: &Caller, is_confidential: bool) -> Result<(), Failure> {
    if is_confidential || !node.demands_encryption(caller) {
        return Ok(());
    }
    let detail = "a circle of your member demands that nothing is told over an unencrypted connection";
    let failure = Failure::new(StatusCode::FORBIDDEN, "unencrypted", detail);
    Err(failure.hint(
        "use https; behind a proxy, `listen.trusted_proxies` names it and it says `X-Forwarded-Proto`. `accord circle` \
         works here",
    ))
}

/// Counts an outcome that is a failed attempt, told as a failure or as a page.
pub(crate) fn counted_outcome(outcome: Outcome, shared: &Shared, client: Option<IpAddr>) -> Outcome {
    let attempt = Attempt { factor: Factor::Token, address: client, account: None };
    match outcome {
        Err(failure) if failure.status == StatusCode::UNAUTHORIZED => Err(counted(failure, shared, attempt)),
        Ok(answer) if answer.status == StatusCode::UNAUTHORIZED => {
            let failure = counted(Failure::unauthenticated(""), shared, attempt);
            if failure.status == StatusCode::UNAUTHORIZED { Ok(answer) } else { Err(failure) }
        }
        outcome => outcome,
    }
}

/// Counts a failed attempt for the account of a token that came as content; its address is counted with the outcome.
///
/// # Errors
/// 429 after too many of them.
pub(crate) fn hold_account(shared: &Shared, token: &str) -> Result<(), Failure> {
    let attempt = Attempt { factor: Factor::Token, address: None, account: Some(token) };
    shared.throttle.failed(attempt, Instant::now()).map_or(Ok(()), |wait| Err(held(wait)))
}

/// Counts an attempt with a secret that is no good, shown by somebody who is known: his own token is the account.
pub(crate) fn counted_attempt(
    failure: Failure,
    shared: &Shared,
    client: Option<IpAddr>,
    caller: &Caller,
) -> Failure {
    let account = caller.principal.token.map(|token| token.to_string());
    let attempt = Attempt { factor: Factor::Invitation, address: client, account: account.as_deref() };
    counted(failure, shared, attempt)
}

/// Counts a failed attempt; it is told to wait when there were too many from its address, or for its account.
fn counted(failure: Failure, shared: &Shared, attempt: Attempt<'_>) -> Failure {
    shared.metrics.failed_sign_ins.fetch_add(1, Ordering::Relaxed);
    shared.throttle.failed(attempt, Instant::now()).map_or(failure, held)
}

fn held(wait: Duration) -> Failure {
    let detail = "too many failed attempts from this address, or for this account";
    let mut failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", detail);
    failure.retry_after_s = Some(wait.as_secs() as u32);
    failure
}

/// A token that is shown, and the user name beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    token: String,
    user: String,
}

impl Shown {
    // Whoever tries passwords of a user means him; a token, or what should be one, speaks for itself.
    fn account(&self) -> &str {
        let is_token = model::token::is_well_formed(&self.token) || self.user.trim().is_empty();
        if is_token { &self.token } else { &self.user }
    }
}

/// The token that the headers carry, if they carry one.
///
/// `Authorization` as `Basic` (any user name, the token as password), `Bearer`, `Token`, or the bare token as MISP's
/// clients send it; `X-API-Key`; the configured header.
///
/// # Errors
/// 401 for credentials that cannot be read, or that are empty; 400 when two headers carry different tokens.
fn shown(headers: &HeaderMap, configured: Option<&str>) -> Result<Option<Shown>, Failure> {
    let mut found: Option<Shown> = None;
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let authorization = values.next();
    if values.next().is_some() {
        return Err(Failure::invalid("`Authorization` is given more than once"));
    }
    if let Some(value) = authorization {
        found = Some(of_authorization(value.as_bytes())?);
    }
    for name in ["x-api-key"].into_iter().chain(configured) {
        for value in headers.get_all(name) {
            let text = value.to_str().map(str::trim).unwrap_or_default();
            if text.is_empty() {
                return Err(Failure::unauthenticated(format!("`{name}` carries no token")));
            }
            match &found {
                Some(other) if other.token != text => {
                    return Err(Failure::invalid("two headers carry different tokens"));
                }
                _ => found = Some(Shown { token: text.to_owned(), user: String::new() }),
            }
        }
    }
    Ok(found)
}

fn of_authorization(value: &[u8]) -> Result<Shown, Failure> {
    let unreadable = || Failure::unauthenticated("the credentials in `Authorization` cannot be read");
    let text = std::str::from_utf8(value).map_err(|_| unreadable())?.trim();
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    let (user, token) = match scheme.to_ascii_lowercase().as_str() {
        "basic" => user_and_password(rest).ok_or_else(unreadable)?,
        "bearer" | "token" => (String::new(), rest.to_owned()),
        _ if rest.is_empty() => (String::new(), scheme.to_owned()),
        _ => return Err(Failure::unauthenticated(format!("`{scheme}` is no way to show a token here"))),
    };
    if token.is_empty() {
        return Err(Failure::unauthenticated("the credentials in `Authorization` are empty"));
    }
    Ok(Shown { token, user })
}

// RFC 7617: user-id up to the first colon, then the password. Clients put the token in the second; the first may be
// anything, and is empty with some.
fn user_and_password(encoded: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(encoded).or_else(|_| STANDARD_NO_PAD.decode(encoded)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[(&'static str, &str)]) -> Result<Option<String>, u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let found = shown(&headers, Some("x-feed-key")).map_err(|failure| failure.status.as_u16())?;
        Ok(found.map(|shown| shown.token))
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn every_form_of_credential_is_read() {
        let t = || Ok(Some("t".to_owned()));
        let auth = |value: &str| check(&[("authorization", value)]);
        assert_eq!(check(&[]), Ok(None));
        for form in ["Bearer t", "bearer  t ", "BEARER t", "Token t", "token t", "t"] {
            assert_eq!(auth(form), t(), "{form}");
        }
        for form in ["user:t", ":t", "a@b.example:t"] {
            assert_eq!(auth(&basic(form)), t(), "{form}");
        }
        assert_eq!(auth(&basic("u:t:u")), Ok(Some("t:u".to_owned())));
        assert_eq!(auth("Basic dTp0"), t());
        assert_eq!(auth("Basic dTp0dA"), Ok(Some("tt".to_owned())), "without padding");
        for form in
            ["", " ", "Basic", "Basic %%%", "Bearer", "Bearer ", "Token ", "Digest t", "Negotiate YII="]
        {
            assert_eq!(auth(form), Err(401), "{form}");
        }
        for form in ["t", ":", "t:", ""] {
            assert_eq!(auth(&basic(form)), Err(401), "{form}");
        }
        assert_eq!(check(&[("x-api-key", "t")]), t());
        assert_eq!(check(&[("x-feed-key", "t")]), t());
        assert_eq!(check(&[("x-api-key", "")]), Err(401));
        assert_eq!(check(&[("x-other-key", "t")]), Ok(None));
        assert_eq!(check(&[("authorization", "Bearer t"), ("x-api-key", "t")]), t());
        assert_eq!(check(&[("authorization", "Bearer t"), ("x-api-key", "u")]), Err(400));
        assert_eq!(check(&[("authorization", "Bearer t"), ("authorization", "Bearer u")]), Err(400));
    }
}
