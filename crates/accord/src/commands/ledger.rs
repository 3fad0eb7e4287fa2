//! `accord ledger`: who knew what, and when.

use serde_json::Value;

use super::{Session, counted, flag, list, number, text};
use crate::arguments::Ledger;
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Table};
use crate::transport::Call;

/// Tells the ledger of an object.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn run(session: &mut Session<'_>, asked: Ledger) -> Result<Exit, Failure> {
    let Some(id) = asked.id.as_deref().filter(|_| !asked.disclosures) else {
        return disclosures(session).await;
    };
    let call = Call::get(&["objects", id, "ledger"]).query("limit", asked.limit.to_string());
    let call = if asked.audit { call.query("audit", "true") } else { call };
    let answer = session.ask(call.query_some("next", asked.next.as_deref())).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    let rows = list(&answer, "/rows");
    if !flag(&answer, "/kept") {
        output.line("neither RED nor under embargo, now or before: it is not kept who was given it")?;
    }
    if !rows.is_empty() {
        table(output, rows)?;
    }
    if flag(&answer, "/more") && !output.quiet {
        crate::terminal::remark(&format!("more with --next {}", text(&answer, "/next")));
    }
    Ok(Exit::Ok)
}

async fn disclosures(session: &mut Session<'_>) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&["disclosures"])).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    let (total, sealed) = (number(&answer, "/total"), number(&answer, "/sealed"));
    output.line(&format!("{} in all, {sealed} sealed", counted(total, "disclosure")))?;
    let rows = list(&answer, "/disclosures");
    if rows.is_empty() {
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(&["when", "by", "to", "basis", "objects", "sealed until", "id"]);
    for row in rows {
        let objects = list(row, "/objects").len().to_string();
        let until = if flag(row, "/sealed") { text(row, "/sealed_until") } else { "" };
        let by = text(row, "/member/name");
        let by = if flag(row, "/by_operator") { format!("{by}, as operator") } else { by.to_owned() };
        let (authority, basis) = (text(row, "/authority"), text(row, "/basis"));
        table.row([text(row, "/at"), &by, authority, basis, &objects, until, text(row, "/id")]);
    }
    table.write(output)?;
    Ok(Exit::Ok)
}

fn table(output: &mut Output, rows: &[Value]) -> Result<(), Failure> {
    let mut table = Table::new(&["when", "who", "what", "version"]);
    for row in rows {
        let named = |of: &str| text(row, &format!("/{of}/name"));
        let who = match (named("member"), named("person"), named("token")) {
            ("", ..) if matches!(text(row, "/what"), "withdrawn" | "erased") => String::new(),
            ("", ..) => "a member".to_owned(),
            (member, "", "") => member.to_owned(),
            (member, "", token) => format!("{member}, token {token}"),
            (member, person, _) => format!("{person} of {member}"),
        };
        table.row([text(row, "/at"), &who, &what(row), text(row, "/version")]);
    }
    table.write(output)
}

fn what(row: &Value) -> String {
    let road = text(row, "/road");
    match text(row, "/what") {
        "said" => format!("said it, {}", label(row)),
        "relabelled" => format!("gave it another label, {}", label(row)),
        "could-see" => match text(row, "/until") {
            "" => "could see it from then on".to_owned(),
            until => format!("could see it, until {until}"),
        },
        "given" => format!("was given it first, by `{road}`"),
        "disclosed" => disclosed(row),
        "withdrawn" => "it was taken back".to_owned(),
        "erased" => "its bytes were removed".to_owned(),
        other => other.to_owned(),
    }
}

fn disclosed(row: &Value) -> String {
    let (authority, basis) = (text(row, "/disclosure/authority"), text(row, "/disclosure/basis"));
    let sealed = match text(row, "/disclosure/sealed_until") {
        "" => String::new(),
        until => format!(", sealed until {until}"),
    };
    format!("disclosed it under compulsion to {authority} ({basis}){sealed}")
}

fn label(row: &Value) -> String {
    let mut words = text(row, "/label").to_owned();
    if flag(row, "/embargo") {
        words += ", under embargo";
    }
    let named = ["circles", "members", "persons"].map(|kind| list(row, &format!("/audience/{kind}")));
    let names: Vec<&str> = named.into_iter().flatten().map(|one| text(one, "/name")).collect();
    if !names.is_empty() {
        words += &format!(", for {}", names.join(", "));
    }
    match number(row, "/audience/others") {
        0 => {}
        others => words += &format!(" and {}", counted(others, "other")),
    }
    words
}
