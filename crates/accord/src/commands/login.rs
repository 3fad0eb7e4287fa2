//! Signing in, and who one is.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use serde_json::{Value, json};

use super::{Session, day, flag, joined, text};
use crate::arguments::Login;
use crate::credentials::{Credentials, Kept};
use crate::failure::{Exit, Failure};
use crate::settings::Loaded;
use crate::terminal::{Output, Style, inert, inert_document};
use crate::transport::{Absent, Call, Server, Transport};

/// How to come by a secret of the node.
const ANOTHER: &str =
    "the node printed one when it first started; `accord login --renew` there makes another";

/// Signs in, or makes a new one-time secret.
///
/// # Errors
/// No such secret, no such node, nowhere to keep the token.
pub async fn run(loaded: &Loaded, login: Login, output: &mut Output) -> Result<Exit, Failure> {
    if login.renew {
        return renew(loaded, output).await;
    }
    let credentials = Credentials::read()?;
    let url = login.address.or_else(|| loaded.place.url.value.clone());
    let url = url.or_else(|| credentials.last().map(str::to_owned)).unwrap_or_else(|| own_address(loaded));
    let secret = match &loaded.place.token.value {
        Some(token) => token.0.clone(),
        None => read_secret(&format!("secret or token for {}: ", inert(&url)), ANOTHER)?,
    };
    let authorities = loaded.place.ca.value.as_deref().map(std::path::absolute).transpose();
    let authorities = authorities
        .map_err(|error| Failure::usage(format!("cannot find the authorities: {error}")))?
        .or_else(|| credentials.authorities(&url).map(Path::to_owned));
    let server = |token| Server::at(&url, token, authorities.clone()).map(Transport::Remote);
    let call = Call::post(&["login"]).json(json!({ "secret": secret }));
    let traded = server(None)?.send(call).await?.accepted().await;
    let mut answer = match traded {
        Ok(mut reply) => reply.document().await?,
        // It may be a token already, to be kept for the commands that follow.
        Err(failure) if failure.exit == Exit::Access && model::token::is_well_formed(&secret) => {
            let transport = server(Some(secret.clone()))?;
            let known = transport.send(Call::get(&["whoami"])).await?.accepted().await;
            known.map_err(|_| failure)?.document().await?
        }
        Err(failure) => return Err(failure),
    };
    let token =
        Some(text(&answer, "/secret")).filter(|token| !token.is_empty()).unwrap_or(&secret).to_owned();
    let expires = Some(text(&answer, "/expires")).filter(|time| !time.is_empty()).map(str::to_owned);
    let path = credentials.keep(&url, Kept { token, expires: expires.clone(), authorities })?;
    if output.json {
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("url".to_owned(), url.into());
            fields.insert("kept".to_owned(), path.display().to_string().into());
        }
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    let answer = inert_document(answer);
    let member = text(&answer, "/member/name");
    output.line(&format!("signed in to {} as {member} ({})", inert(&url), joined(&answer, "/roles")))?;
    if let Some(expires) = expires {
        output.line(&format!("until {}", inert(&expires)))?;
    }
    output.line(&output.paint(Style::Faint, &format!("the token is kept in {}", path.display())))?;
    Ok(Exit::Ok)
}

async fn renew(loaded: &Loaded, output: &mut Output) -> Result<Exit, Failure> {
    let transport = Transport::folder(loaded, Absent::Refuse, output).await?;
    let answer = transport.send(Call::post(&["login", "renew"])).await?.accepted().await?.document().await?;
    if output.json {
        output.document(&answer)?;
    } else {
        output.line(text(&answer, "/secret"))?;
        if !output.quiet {
            crate::terminal::remark(
                "trade it once with `accord login`, or on the node's page; it replaces the one before",
            );
        }
    }
    Ok(Exit::Ok)
}

/// The address of the node that these settings describe.
fn own_address(loaded: &Loaded) -> String {
    let listen = &loaded.settings.listen;
    let scheme = if listen.tls_certificate.is_some() { "https" } else { "http" };
    let first = listen.addresses.first().map_or("127.0.0.1:8470", String::as_str);
    listen.public_url.clone().unwrap_or_else(|| format!("{scheme}://{first}"))
}

/// The secret, from the terminal without showing it, or from the first line of a pipe. Never from an argument: others
/// on the machine can see those.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn read_secret(prompt: &str, hint: &str) -> Result<String, Failure> {
    let failed = |error: io::Error| Failure::usage(format!("cannot read the secret: {error}"));
    let secret = if io::stdin().is_terminal() {
        let terminal = console::Term::stderr();
        terminal.write_str(prompt).map_err(failed)?;
        terminal.read_secure_line().map_err(failed)?
    } else {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map_err(failed)?;
        line
    };
    let secret = secret.trim();
    if secret.is_empty() {
        return Err(Failure::usage("there is no secret").hint(hint));
    }
    Ok(secret.to_owned())
}

/// Who the node takes one for.
///
/// # Errors
/// It cannot be asked.
pub async fn whoami(session: &mut Session<'_>) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&["whoami"])).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    if flag(&answer, "/anonymous") {
        output.line("a visitor: nobody is signed in")?;
        return Ok(Exit::Ok);
    }
    let rows = [
        ("member", inert(text(&answer, "/member/name")).into_owned()),
        ("roles", joined(&answer, "/roles")),
        ("may", joined(&answer, "/verbs")),
        ("up to", text(&answer, "/ceiling").to_owned()),
        ("reads", scope(&answer, "/read")),
        ("writes", scope(&answer, "/write")),
        ("token", text(&answer, "/token").to_owned()),
    ];
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        output.line(&format!("{:8}{value}", output.paint(Style::Faint, name)))?;
    }
    Ok(Exit::Ok)
}

fn scope(answer: &Value, pointer: &str) -> String {
    if answer.pointer(pointer).is_none() { "everything".to_owned() } else { joined(answer, pointer) }
}

/// When a token ends, for lists.
pub fn until(token: &Value) -> String {
    match text(token, "/revoked") {
        "" => day(text(token, "/expires")).to_owned(),
        revoked => format!("revoked {}", day(revoked)),
    }
}
