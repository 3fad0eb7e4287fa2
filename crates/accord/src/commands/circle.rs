//! Circles: made, joined, left, moderated.

use std::path::Path;

use serde_json::{Value, json};

use super::login::read_secret;
use super::manage::{one, several, write_fields};
use super::{Session, day, flag, list, number, text, text_of};
use crate::arguments::{CircleCommand, CircleInvite, CircleJoin, CircleShow};
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, inert, remark};
use crate::transport::Call;

/// Circles.
///
/// # Errors
/// The node refuses, or cannot be asked; a charter cannot be read.
pub async fn run(session: &mut Session<'_>, command: CircleCommand) -> Result<Exit, Failure> {
    match command {
        CircleCommand::Add(new) => {
            let charter = new.charter.as_deref().map(|path| charter(path, new.iep.as_deref())).transpose()?;
            let body = json!({
                "name": new.name, "charter": charter, "expire": new.expires, "owner": new.owner,
            });
            one(session, Call::post(&["circles"]).json(body), "added").await
        }
        CircleCommand::List => {
            several(session, "circles", &["name", "up to", "members", "until", "id"], |table, circle| {
                let until = Some(day(text(circle, "/expires"))).filter(|day| !day.is_empty());
                let members = number(circle, "/members").to_string();
                let (name, ceiling) = (text(circle, "/name"), text(circle, "/charter/ceiling"));
                table.row([name, ceiling, &members, until.unwrap_or("-"), text(circle, "/id")]);
            })
            .await
        }
        CircleCommand::Show(asked) => show(session, &asked).await,
        CircleCommand::Invite(invite) => self::invite(session, invite).await,
        CircleCommand::Confirm(which) => {
            let call = Call::post(&["circles", &which.name, "invitations", &which.id]);
            said(session, call, "confirmed").await
        }
        CircleCommand::Uninvite(which) => {
            let call = Call::delete(&["circles", &which.name, "invitations", &which.id]);
            said(session, call, "taken back").await
        }
        CircleCommand::Join(join) => self::join(session, join).await,
        CircleCommand::Agree(agree) => {
            let call = Call::post(&["circles", &agree.name, "agreement"]);
            one(session, call.json(json!({ "digest": agree.digest })), "agreed to").await
        }
        CircleCommand::Leave(which) => {
            one(session, Call::post(&["circles", &which.name, "leave"]), "left").await
        }
        CircleCommand::Expel(expel) => {
            let call = Call::delete(&["circles", &expel.name, "members", &expel.member]);
            one(session, call, "expelled from").await
        }
        CircleCommand::Upgrade(upgrade) => {
            let charter = charter(&upgrade.charter, upgrade.iep.as_deref())?;
            let body = json!({ "charter": charter, "expire": upgrade.expires });
            let call = Call::post(&["circles", &upgrade.name, "charter"]).json(body);
            one(session, call, "upgraded").await
        }
        CircleCommand::Revoke(which) => one(session, Call::delete(&["circles", &which.name]), "ended").await,
    }
}

async fn show(session: &mut Session<'_>, asked: &CircleShow) -> Result<Exit, Failure> {
    let circle = session.ask_as_it_is(Call::get(&["circles", &asked.name])).await?;
    let output = &mut *session.output;
    if asked.iep {
        output.document(circle.pointer("/charter/iep").unwrap_or(&Value::Null))?;
        return Ok(Exit::Ok);
    }
    if output.json {
        output.document(&circle)?;
        return Ok(Exit::Ok);
    }
    for (title, pointer) in [
        ("id", "/id"),
        ("name", "/name"),
        ("digest", "/digest"),
        ("created", "/created"),
        ("expires", "/expires"),
        ("owner", "/owner/name"),
    ] {
        field(output, title, text(&circle, pointer))?;
    }
    field(output, "members", &number(&circle, "/members").to_string())?;
    write_charter(output, &circle)?;
    write_agreed(output, &circle)?;
    for one in list(&circle, "/organisations") {
        let person = text(one, "/person/name");
        let by = if person.is_empty() { String::new() } else { format!(" by {person}") };
        let line = format!("{}{by}, since {}", text(one, "/member/name"), day(text(one, "/since")));
        field(output, "member", &line)?;
    }
    for one in list(&circle, "/invitations") {
        let waits = if flag(one, "/waits") { ", waits for a second member" } else { "" };
        field(
            output,
            "invitation",
            &format!("{}, until {}{waits}", text(one, "/id"), text(one, "/expires")),
        )?;
    }
    if flag(&circle, "/more_history") {
        field(output, "before", "more was done")?;
    }
    for act in list(&circle, "/history") {
        let about = text(act, "/about/name");
        let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
        let by_clock = ["end", "let-go"].contains(&text(act, "/verb"));
        let nobody = if by_clock { "the node" } else { "a member" };
        let who = Some(text(act, "/member/name")).filter(|name| !name.is_empty()).unwrap_or(nobody);
        field(output, text(act, "/at"), &format!("{} by {who}{about}", text(act, "/verb")))?;
    }
    Ok(Exit::Ok)
}

// For how long one's words are kept, and what there is to agree to.
fn write_agreed(output: &mut Output, circle: &Value) -> Result<(), Failure> {
    let kept = circle.pointer("/kept_days").and_then(Value::as_u64);
    let kept = kept.map_or("no charter erases them".to_owned(), |days| format!("{days} days"));
    field(output, "your words", &kept)?;
    if !flag(circle, "/agrees") && !output.quiet {
        let (name, digest) = (inert(text(circle, "/name")).into_owned(), text(circle, "/digest"));
        remark("your member agreed to another definition, or to none");
        remark(&format!("to agree to this one: `accord circle agree '{name}' {digest}`"));
    }
    Ok(())
}

fn field(output: &mut Output, title: &str, value: &str) -> Result<(), Failure> {
    if value.is_empty() {
        return Ok(());
    }
    output.line(&format!("{}  {}", output.paint(Style::Faint, &format!("{title:16}")), inert(value)))
}

// The charter in full, the agreement line by line.
fn write_charter(output: &mut Output, circle: &Value) -> Result<(), Failure> {
    let Some(Value::Object(charter)) = circle.pointer("/charter") else { return Ok(()) };
    let mut plain = charter.clone();
    plain.remove("agreement");
    let iep = plain.remove("iep").unwrap_or_default();
    write_fields(output, &Value::Object(plain))?;
    if !flag(circle, "/iep_in_force") {
        field(output, "iep", "not in force now, by its dates")?;
    }
    for (word, value) in terms(&iep) {
        field(output, &format!("iep {}", word.trim_start_matches("iep ")), &value)?;
    }
    for line in text(circle, "/charter/agreement").lines() {
        output.line(&format!("  {}", inert(line)))?;
    }
    Ok(())
}

// The members of a policy, in words.
fn terms(iep: &Value) -> impl Iterator<Item = (String, String)> {
    let told = |(word, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            other => other.to_string(),
        };
        (word.replace('_', " "), value)
    };
    iep.as_object().into_iter().flatten().map(told)
}

/// Writes the policy of a circle that an object is said to, in one line.
///
/// # Errors
/// Nothing can be written.
pub(super) fn write_policy(output: &mut Output, policy: &Value) -> Result<(), Failure> {
    let iep = policy.pointer("/iep").unwrap_or(&Value::Null);
    let terms = terms(iep).filter(|(word, _)| !matches!(word.as_str(), "id" | "iep version" | "tlp"));
    let terms: Vec<String> = terms.map(|(word, value)| format!("{word} {value}")).collect();
    let state = if flag(policy, "/in_force") { "" } else { " (not in force now)" };
    let line = format!("{}{state}: {}", text(policy, "/circle/name"), terms.join("; "));
    output.line(&format!("{}  {}", output.paint(Style::Faint, "policy     "), inert(&line)))
}

async fn invite(session: &mut Session<'_>, invite: CircleInvite) -> Result<Exit, Failure> {
    let call = Call::post(&["circles", &invite.name, "invitations"]);
    let answer = session.ask(call.json(json!({ "expire": invite.expires }))).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    let (name, until) = (inert(text(&answer, "/name")), text(&answer, "/expires"));
    output.line(&format!("invited to {name}, once, until {until}"))?;
    output.line(&output.paint(Style::Faint, &format!("id      {}", text(&answer, "/id"))))?;
    output.line(&format!("secret  {}", output.paint(Style::Strong, text(&answer, "/secret"))))?;
    if !output.quiet {
        if flag(&answer, "/needs_second") {
            remark("it is good once an administrator of another member confirms it: `accord circle confirm`");
        }
        remark("hand the secret over: it is shown this once");
    }
    Ok(Exit::Ok)
}

async fn join(session: &mut Session<'_>, join: CircleJoin) -> Result<Exit, Failure> {
    let secret = match join.secret {
        Some(secret) => secret,
        None => read_secret(
            "secret of the invitation: ",
            "whoever invites prints one with `accord circle invite`",
        )?,
    };
    let call = Call::post(&["join"]).json(json!({ "secret": secret, "agree": join.agree }));
    let answer = session.ask_as_it_is(call).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    let name = inert(text(&answer, "/circle/name")).into_owned();
    if flag(&answer, "/joined") {
        let id = output.paint(Style::Faint, text(&answer, "/circle/id"));
        output.line(&format!("joined {name}  {id}"))?;
        return Ok(Exit::Ok);
    }
    output.line(&format!("not joined yet: {name} has a charter to agree to"))?;
    write_charter(output, answer.pointer("/circle").unwrap_or(&Value::Null))?;
    remark(&format!("to agree and join: `accord circle join --agree {}`", text(&answer, "/circle/digest")));
    Ok(Exit::Ok)
}

// A change of something that has an id and no name.
async fn said(session: &mut Session<'_>, call: Call, done: &str) -> Result<Exit, Failure> {
    let answer = session.ask(call).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
    } else {
        output.line(&format!("{done}  {}", output.paint(Style::Faint, text(&answer, "/id"))))?;
    }
    Ok(Exit::Ok)
}

// A charter in TOML, as the document that the node takes; its policy may be a file of its own.
fn charter(path: &Path, policy: Option<&Path>) -> Result<Value, Failure> {
    let no_charter = |error: toml::de::Error| {
        Failure::usage(format!("`{}` is no charter in TOML: {error}", path.display()))
    };
    let table: toml::Table = text_of(path)?.parse().map_err(no_charter)?;
    let mut charter = as_json(toml::Value::Table(table));
    if let (Some(policy), Some(charter)) = (policy, charter.as_object_mut()) {
        let no_policy = |error: serde_json::Error| {
            Failure::usage(format!("`{}` is no policy in JSON: {error}", policy.display()))
        };
        charter.insert("iep".to_owned(), serde_json::from_str(&text_of(policy)?).map_err(no_policy)?);
    }
    Ok(charter)
}

fn as_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        // A day or a time without an offset is refused by the node, with its pointer.
        toml::Value::Datetime(at) => at.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(as_json).collect(),
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| (key, as_json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}
