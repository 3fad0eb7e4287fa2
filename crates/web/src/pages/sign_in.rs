//! Signing in with a token, and out.

use std::sync::Arc;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header;
use node::{Caller, Credential};

use super::session::{self, Sessions};
use super::show::text;
use super::{Frame, form, render};
use crate::routes::Outcome;
use crate::{Answer, Failure, Request, auth};

/// The longest form, in bytes.
const FORM_BYTES: usize = 4096;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    frame: Frame,
    /// What this node is, and whom to ask for a token.
    description: String,
    contact: String,
    /// What was wrong with the last try.
    wrong: String,
    /// The token that the one-time secret was traded for, shown this once.
    traded: String,
}

impl SignIn {
    fn new(request: &Request, caller: Option<&Caller>) -> SignIn {
        let settings = request.node.settings();
        SignIn {
            frame: Frame::new(request, caller),
            description: text(&settings.description),
            contact: text(&settings.contact),
            wrong: String::new(),
            traded: String::new(),
        }
    }
}

/// The form.
pub(super) async fn page(request: Request, sessions: Arc<Sessions>) -> Outcome {
    let caller = session::caller(&request, &sessions);
    render(&SignIn::new(&request, caller.as_ref()))
}

/// Opens a session for a token, or for the one that the one-time secret is traded for.
pub(super) async fn sign_in(mut request: Request, sessions: Arc<Sessions>) -> Outcome {
    session::same_site(&request)?;
    let form = form(&mut request, FORM_BYTES).await?;
    let shown = form.one("token")?.unwrap_or_default().trim().to_owned();
    let (token, traded) = match request.node.authenticate(&Credential::Token(shown.clone()), request.client) {
        Ok(_) => (shown, String::new()),
        Err(_) => match request.node.trade(&shown) {
            Ok(new) => (new.secret.clone(), new.secret),
            Err(_) => {
                auth::hold_account(&request.shared, &shown)?;
                return refused(&request);
            }
        },
    };
    let caller = request.node.authenticate(&Credential::Token(token.clone()), request.client)?;
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|error| Failure::internal(error.to_string()))?;
    let word = sessions.open(token, URL_SAFE_NO_PAD.encode(random));
    let cookie = session::set_cookie(&request, &word)?;
    let answer = if traded.is_empty() {
        Answer::see_other(&format!("{}/", request.settings.base()))?
    } else {
        render(&SignIn { traded, ..SignIn::new(&request, Some(&caller)) })?
    };
    Ok(answer.header(header::SET_COOKIE, cookie))
}

fn refused(request: &Request) -> Outcome {
    let wrong =
        "That token is unknown, expired or revoked. Nothing was changed. A one-time secret is good once: \
                 `accord login --renew` where the node runs makes another."
            .to_owned();
    let page = SignIn { wrong, ..SignIn::new(request, None) };
    Ok(render(&page)?.status(http::StatusCode::UNAUTHORIZED))
}

/// Ends the session.
pub(super) async fn sign_out(request: Request, sessions: Arc<Sessions>) -> Outcome {
    session::same_site(&request)?;
    if let Some(word) = session::word(&request) {
        sessions.close(word);
    }
    let cookie = session::set_cookie(&request, "")?;
    Ok(Answer::see_other(&format!("{}/", request.settings.base()))?.header(header::SET_COOKIE, cookie))
}
