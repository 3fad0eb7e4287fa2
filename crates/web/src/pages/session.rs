//! Sessions: a browser that has shown a token carries a random word in a cookie; the token stays here, in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderValue, header};
use node::{Caller, Credential};

use crate::request::Road;
use crate::{Failure, Request};

/// A session that is not used ends after this long.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// No session is longer than this.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// At most this many; the one that was idle longest goes first.
const MOST: usize = 10_000;

/// The sessions of this process. They end with it.
#[derive(Default)]
pub(super) struct Sessions {
    open: Mutex<HashMap<String, Session>>,
}

struct Session {
    token: String,
    began: Instant,
    used: Instant,
}

impl Sessions {
    /// Opens one for a token that was found good; answers the word for the cookie.
    pub(super) fn open(&self, token: String, word: String) -> String {
        let now = Instant::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| session.is_good(now));
        if open.len() >= MOST {
            let idle = open.iter().min_by_key(|(_, session)| session.used).map(|(word, _)| word.clone());
            idle.map(|word| open.remove(&word));
        }
        open.insert(word.clone(), Session { token, began: now, used: now });
        word
    }

    fn token(&self, word: &str) -> Option<String> {
        let now = Instant::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get_mut(word).filter(|session| session.is_good(now))?;
        session.used = now;
        Some(session.token.clone())
    }

    /// Ends one.
    pub(super) fn close(&self, word: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(word);
    }
}

impl Session {
    fn is_good(&self, now: Instant) -> bool {
        now.duration_since(self.used) < IDLE && now.duration_since(self.began) < LONGEST
    }
}

/// Who looks at a page: the session's token, else what the request shows as any client does, else a visitor where the
/// node lets visitors in.
pub(super) fn caller(request: &Request, sessions: &Sessions) -> Option<Caller> {
    if let Some(token) = word(request).and_then(|word| sessions.token(word)) {
        // A token that was revoked since ends the session's rights with it.
        if let Ok(caller) = request.node.authenticate(&Credential::Token(token), request.client) {
            if let Some(telling) = &request.telling {
                telling.to(&caller);
            }
            return Some(caller);
        }
    }
    request.caller().ok().cloned()
}

/// The word in the request's cookie.
pub(super) fn word(request: &Request) -> Option<&str> {
    let name = cookie_name(request);
    let cookies = request.header("cookie")?;
    cookies.split(';').find_map(|pair| {
        let (known, word) = pair.trim().split_once('=')?;
        (known == name).then_some(word)
    })
}

// The prefix binds the cookie to this host and to TLS; without TLS (127.0.0.1 to try things) it cannot be had.
fn cookie_name(request: &Request) -> &'static str {
    if request.base_url.starts_with("https:") { "__Host-accord" } else { "accord" }
}

/// The header that sets, or with an empty word ends, the cookie.
///
/// # Errors
/// An internal failure for a word that no header can carry.
pub(super) fn set_cookie(request: &Request, word: &str) -> Result<HeaderValue, Failure> {
    let name = cookie_name(request);
    let secure = if name.starts_with("__") { "; Secure" } else { "" };
    let age = if word.is_empty() { 0 } else { LONGEST.as_secs() };
    let text = format!("{name}={word}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).map_err(|error| Failure::internal(error.to_string()))
}

/// Refuses a form that another site sent: no state changes by a link or a form from elsewhere. What the browser says of the
/// form's site decides; one that does not say it is judged by the form's origin.
///
/// # Errors
/// 403.
pub(super) fn same_site(request: &Request) -> Result<(), Failure> {
    let own = |origin: &str| {
        let (_, host) = origin.split_once("://").unwrap_or_default();
        let base = request.base_url.split_once("://").map_or("", |(_, rest)| rest);
        base == host || base.strip_prefix(host).is_some_and(|rest| rest.starts_with('/'))
    };
    let ours = match (request.header("sec-fetch-site"), request.header(header::ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => own(origin),
        // Neither a browser's form nor a script's: a client that sends what it likes.
        (None, None) => true,
    };
    if ours || matches!(request.arrival.road, Road::InProcess(_)) {
        return Ok(());
    }
    Err(Failure::new(http::StatusCode::FORBIDDEN, "forbidden", "this form came from another site"))
}
