//! Members, persons, collections, tokens: each added, listed, shown, revoked.

use serde_json::{Value, json};

use super::login::until;
use super::{Session, day, flag, joined, list, text};
use crate::arguments::{CollectionCommand, MemberCommand, PersonCommand, TokenAdd, TokenCommand};
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, Table, inert};
use crate::transport::Call;

/// Members.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn member(session: &mut Session<'_>, command: MemberCommand) -> Result<Exit, Failure> {
    match command {
        MemberCommand::Add(new) => {
            let body = json!({
                "name": new.name,
                "identity": new.identity,
                "objects_per_hour": new.objects_per_hour,
                "bytes_per_hour": new.bytes_per_hour,
                "sector": new.sector,
            });
            one(session, Call::post(&["members"]).json(body), "added").await
        }
        MemberCommand::List => {
            several(session, "members", &["name", "since", "identity", "id"], |table, member| {
                let identity = joined(member, "/identities");
                table.row([text(member, "/name"), &since(member), &identity, text(member, "/id")]);
            })
            .await
        }
        MemberCommand::Show(which) => show(session, "members", &which.name).await,
        MemberCommand::Sector(asked) => {
            let body = json!({ "sector": asked.sector });
            one(session, Call::post(&["members", &asked.name, "sector"]).json(body), "changed").await
        }
        MemberCommand::Client(asked) => {
            let body = json!({ "providers": asked.of, "only": asked.only });
            one(session, Call::post(&["members", &asked.name, "providers"]).json(body), "changed").await
        }
        MemberCommand::Revoke(which) => revoke(session, "members", &which.name).await,
    }
}

/// Persons.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn person(session: &mut Session<'_>, command: PersonCommand) -> Result<Exit, Failure> {
    match command {
        PersonCommand::Add(new) => {
            let body = json!({ "name": new.name, "member": new.member });
            one(session, Call::post(&["persons"]).json(body), "added").await
        }
        PersonCommand::List => {
            several(session, "persons", &["name", "member", "since", "id"], |table, person| {
                let member = text(person, "/member/name");
                table.row([text(person, "/name"), member, &since(person), text(person, "/id")]);
            })
            .await
        }
        PersonCommand::Show(which) => show(session, "persons", &which.name).await,
        PersonCommand::Revoke(which) => revoke(session, "persons", &which.name).await,
    }
}

/// Collections.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn collection(session: &mut Session<'_>, command: CollectionCommand) -> Result<Exit, Failure> {
    match command {
        CollectionCommand::Add(new) => {
            let body = json!({
                "title": new.title,
                "description": new.description,
                "alias": new.alias,
                "filter": new.filter,
                "ceiling": new.ceiling,
                "default_label": new.default_label,
                "curation": new.curation,
                "without_name": new.without_name,
                "to": new.to,
            });
            one(session, Call::post(&["collections"]).json(body), "added").await
        }
        CollectionCommand::List => {
            let header = ["title", "may", "up to", "default", "filter", "id"];
            several(session, "collections", &header, |table, collection| {
                let may = match (flag(collection, "/can_read"), flag(collection, "/can_write")) {
                    (true, true) => "read, write",
                    (true, false) => "read",
                    (false, true) => "write",
                    (false, false) => "-",
                };
                let filter = Some(text(collection, "/filter")).filter(|filter| !filter.is_empty());
                let (ceiling, label) = (text(collection, "/ceiling"), text(collection, "/default_label"));
                let (title, id) = (text(collection, "/name"), text(collection, "/id"));
                table.row([title, may, ceiling, label, filter.unwrap_or("everything"), id]);
            })
            .await
        }
        CollectionCommand::Show(which) => show(session, "collections", &which.name).await,
        CollectionCommand::Revoke(which) => revoke(session, "collections", &which.name).await,
    }
}

/// Tokens.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn token(session: &mut Session<'_>, command: TokenCommand) -> Result<Exit, Failure> {
    match command {
        TokenCommand::Add(new) => add_token(session, *new).await,
        TokenCommand::List => {
            let header = ["name", "member", "roles", "up to", "until", "last used", "id"];
            several(session, "tokens", &header, |table, token| {
                let (name, member) = (text(token, "/name"), text(token, "/member/name"));
                let (roles, ceiling) = (joined(token, "/roles"), text(token, "/ceiling"));
                let used = Some(day(text(token, "/last_used"))).filter(|day| !day.is_empty()).unwrap_or("-");
                table.row([name, member, &roles, ceiling, &until(token), used, text(token, "/id")]);
            })
            .await
        }
        TokenCommand::Show(which) => show(session, "tokens", &which.name).await,
        TokenCommand::Revoke(which) => revoke(session, "tokens", &which.name).await,
    }
}

async fn add_token(session: &mut Session<'_>, new: TokenAdd) -> Result<Exit, Failure> {
    let body = json!({
        "member": new.member,
        "person": new.person,
        "name": new.name,
        "roles": new.role,
        "verbs": new.verb,
        "read": new.read,
        "write": new.write,
        "ceiling": new.ceiling,
        "networks": new.network,
        "expire": new.expire,
        "profile": new.profile,
        "certificate": new.certificate,
    });
    let answer = session.ask(Call::post(&["tokens"]).json(body)).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    let (name, member) = (inert(text(&answer, "/name")), inert(text(&answer, "/member/name")));
    let (roles, until) = (joined(&answer, "/roles"), day(text(&answer, "/expires")).to_owned());
    output.line(&format!("added {name}  for {member} ({roles}), until {until}"))?;
    output.line(&output.paint(Style::Faint, &format!("id      {}", text(&answer, "/id"))))?;
    output.line(&format!("secret  {}", output.paint(Style::Strong, text(&answer, "/secret"))))?;
    if !output.quiet {
        crate::terminal::remark("keep the secret: it is shown this once");
    }
    Ok(Exit::Ok)
}

fn since(item: &Value) -> String {
    match text(item, "/revoked") {
        "" => day(text(item, "/created")).to_owned(),
        revoked => format!("revoked {}", day(revoked)),
    }
}

/// A list of things, as a table.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn several(
    session: &mut Session<'_>,
    kind: &str,
    header: &[&'static str],
    row: impl Fn(&mut Table, &Value),
) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&[kind])).await?;
    let items = list(&answer, &format!("/{kind}"));
    let output = &mut *session.output;
    if output.json {
        output.document(&items)?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(header);
    items.iter().for_each(|item| row(&mut table, item));
    if items.is_empty() {
        output.line(&format!("no {kind}"))?
    } else {
        table.write(output)?
    }
    Ok(Exit::Ok)
}

async fn show(session: &mut Session<'_>, kind: &str, name: &str) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&[kind, name])).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
    } else {
        write_fields(output, &answer)?;
    }
    Ok(Exit::Ok)
}

async fn revoke(session: &mut Session<'_>, kind: &str, name: &str) -> Result<Exit, Failure> {
    one(session, Call::delete(&[kind, name]), "revoked").await
}

/// A change of one thing: done, its name and its id.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn one(session: &mut Session<'_>, call: Call, done: &str) -> Result<Exit, Failure> {
    let answer = session.ask(call).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    let id = output.paint(Style::Faint, text(&answer, "/id"));
    output.line(&format!("{done} {}  {id}", inert(text(&answer, "/name"))))?;
    Ok(Exit::Ok)
}

/// A document's members, a line each.
///
/// # Errors
/// Writing failed.
pub fn write_fields(output: &mut Output, document: &Value) -> Result<(), Failure> {
    for (title, value) in document.as_object().into_iter().flatten() {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            Value::Array(_) => joined(document, &format!("/{title}")),
            Value::Object(fields) => {
                fields.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
            }
            other => other.to_string(),
        };
        let title = inert(title).replace('_', " ");
        let value = if value.is_empty() { "-".into() } else { inert(&value) };
        output.line(&format!("{}  {value}", output.paint(Style::Faint, &format!("{title:16}"))))?;
    }
    Ok(())
}
