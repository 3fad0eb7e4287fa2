//! Objects: found and opened.

use serde_json::Value;

use super::lookup::related_line;
use super::{Session, counted, day, flag, list, number, said_by, text};
use crate::arguments::{Claims, Search, Show};
use crate::failure::{Exit, Failure};
use crate::terminal::{Output, Style, Table, defanged, inert};
use crate::transport::Call;

/// The longest name in a list, in characters.
const NAME_WIDTH: usize = 60;

/// Finds objects.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn search(session: &mut Session<'_>, search: Search) -> Result<Exit, Failure> {
    let words = Some(search.text.join(" ")).filter(|words| !words.is_empty());
    let mut call = Call::get(&["objects"])
        .query_some("text", words.as_deref())
        .query_each("type", &search.types)
        .query_each("source", &search.source)
        .query_each("label", &search.label)
        .query_some("tag", search.tag.as_deref())
        .query_some("external_id", search.external_id.as_deref())
        .query_some("alias", search.alias.as_deref())
        .query_some("related_to", search.related_to.as_deref())
        .query_some("added_after", search.added_after.as_deref())
        .query_some("added_before", search.added_before.as_deref())
        .query("limit", search.limit.to_string())
        .query_some("next", search.next.as_deref());
    if search.facets {
        call = call.query("facets", "true");
    }
    write_page(session, call, "nothing found").await
}

/// Lists claims.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn claims(session: &mut Session<'_>, claims: Claims) -> Result<Exit, Failure> {
    let mut call = Call::get(&["claims"])
        .query_each("type", &claims.types)
        .query_each("source", &claims.source)
        .query_some("added_after", claims.added_after.as_deref())
        .query_some("added_before", claims.added_before.as_deref())
        .query("limit", claims.limit.to_string())
        .query_some("next", claims.next.as_deref());
    if claims.mine {
        call = call.query("mine", "true");
    }
    write_page(session, call, "no claims").await
}

// A page of objects, or that there are none.
async fn write_page(session: &mut Session<'_>, call: Call, none: &str) -> Result<Exit, Failure> {
    let page = session.ask(call).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&page)?;
        return Ok(Exit::Ok);
    }
    if list(&page, "/objects").is_empty() {
        output.line(none)?;
    } else {
        write_objects(output, list(&page, "/objects"))?;
    }
    for facet in list(&page, "/facets") {
        write_facet(output, facet)?;
    }
    if !text(&page, "/next").is_empty() && !output.quiet {
        crate::terminal::remark(&format!("more with --next {}", text(&page, "/next")));
    }
    Ok(Exit::Ok)
}

fn write_objects(output: &mut Output, objects: &[Value]) -> Result<(), Failure> {
    let mut table = Table::new(&["added", "type", "name", "label", "source", "id"]);
    for object in objects {
        let mut name: String = defanged(text(object, "/name")).chars().take(NAME_WIDTH).collect();
        if flag(object, "/revoked") {
            name.push_str(" (revoked)");
        }
        if flag(object, "/claim") {
            name.push_str(" (claim)");
        }
        let source = match (text(object, "/source/name"), super::number(object, "/sources")) {
            (_, 0) => said_by(object),
            ("", sources) => format!("{sources} members"),
            (source, sources) => format!("{source} and {} more", sources - 1),
        };
        // Two members may have had one name, one after the other: beside each other they are told apart by their ids.
        let (name_of, id_of) = (text(object, "/source/name"), text(object, "/source/id"));
        let is_another =
            |other: &Value| text(other, "/source/name") == name_of && text(other, "/source/id") != id_of;
        let source = match id_of.split('-').next() {
            Some(id) if !id.is_empty() && objects.iter().any(is_another) => format!("{source} ({id})"),
            _ => source,
        };
        let (added, kind, label) =
            (day(text(object, "/added")), text(object, "/type"), text(object, "/label"));
        table.row([added, kind, &name, label, &source, text(object, "/id")]);
    }
    table.write(output)
}

fn write_facet(output: &mut Output, facet: &Value) -> Result<(), Failure> {
    let value = |pair: &Value| {
        let (name, count) = (text(pair, "/0"), super::number(pair, "/1"));
        format!("{} {}", inert(name), super::grouped(count))
    };
    let values: Vec<String> = list(facet, "/values").iter().map(value).collect();
    let partial = if flag(facet, "/partial") { " (of the first hits)" } else { "" };
    let name = output.paint(Style::Faint, text(facet, "/name"));
    output.line(&format!("{name}{partial}  {}", values.join(", ")))
}

/// Opens an object.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn show(session: &mut Session<'_>, show: Show) -> Result<Exit, Failure> {
    let call = Call::get(&["objects", &show.id]).query_some("version", show.version.as_deref());
    if show.stix {
        let view = session.ask_as_it_is(call).await?;
        session.output.document(view.pointer("/object").unwrap_or(&Value::Null))?;
        return Ok(Exit::Ok);
    }
    let view = session.ask(call).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&view)?;
        return Ok(Exit::Ok);
    }
    write_view(output, &view, view.pointer("/object").unwrap_or(&Value::Null))?;
    Ok(Exit::Ok)
}

fn write_view(output: &mut Output, view: &Value, object: &Value) -> Result<(), Failure> {
    let summary = view.pointer("/summary").unwrap_or(&Value::Null);
    let name = output.paint(Style::Strong, &defanged(text(summary, "/name")));
    output.line(&format!("{name}  {}  {}", inert(text(summary, "/type")), text(summary, "/label")))?;
    let states = [
        ("revoked", flag(summary, "/revoked")),
        ("a claim: another member owns this id", flag(summary, "/claim")),
    ];
    for (state, _) in states.iter().filter(|(_, is)| *is) {
        output.line(&output.paint(Style::Warning, state))?;
    }
    let rows = [
        ("id", text(summary, "/id")),
        ("version", text(summary, "/version")),
        ("added", text(summary, "/added")),
        ("for", &audience(summary)),
        ("embargo", text(summary, "/audience/embargo/case")),
        ("until", text(summary, "/audience/embargo/until")),
        ("permitted", text(summary, "/permitted_actions")),
        ("said by", &said_by(summary)),
        ("valid from", text(summary, "/valid_from")),
        ("valid until", text(summary, "/valid_until")),
    ];
    for (title, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        output.line(&format!("{}  {}", output.paint(Style::Faint, &format!("{title:11}")), inert(value)))?;
    }
    for policy in list(view, "/policies") {
        super::circle::write_policy(output, policy)?;
    }
    for (title, value) in object.as_object().into_iter().flatten().filter(|(title, _)| !told_above(title)) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let title = inert(title);
        output.line(&format!(
            "{}  {}",
            output.paint(Style::Faint, &format!("{title:11}")),
            defanged(&value)
        ))?;
    }
    write_section(output, "related", list(view, "/related"), |related| {
        format!("{}  {}", related_line(related), inert(text(related, "/object/id")))
    })?;
    if flag(view, "/related_more") {
        output.line("  and more")?;
    }
    for value in list(view, "/values") {
        output.line(&format!("{}  {}", defanged(text(value, "/value")), inert(text(value, "/kind"))))?;
        super::lookup::write_who(output, value)?;
    }
    let version = |object: &Value| {
        let source = said_by(object);
        let source = inert(&source);
        let marks: String = ["revoked", "claim"]
            .into_iter()
            .filter(|mark| flag(object, &format!("/{mark}")))
            .map(|mark| format!("  ({mark})"))
            .collect();
        format!("{}  {}  {source}{marks}", inert(text(object, "/version")), text(object, "/label"))
    };
    write_section(output, "versions", list(view, "/versions"), version)?;
    // Where nobody owns the id, what others say is no claim.
    write_section(output, "said by others", list(view, "/claims"), version)
}

// Whom its label names.
fn audience(summary: &Value) -> String {
    let mut all: Vec<String> = Vec::new();
    for (word, kind) in [("circle", "circles"), ("member", "members"), ("person", "persons")] {
        let named = list(summary, &format!("/audience/{kind}"));
        all.extend(named.iter().map(|one| format!("{word} {}", text(one, "/name"))));
    }
    match number(summary, "/audience/others") {
        0 => {}
        others => all.push(counted(others, "other")),
    }
    all.join(", ")
}

fn told_above(title: &str) -> bool {
    matches!(title, "id" | "type" | "name" | "spec_version" | "valid_from" | "valid_until" | "revoked")
}

fn write_section(
    output: &mut Output,
    title: &str,
    items: &[Value],
    line: impl Fn(&Value) -> String,
) -> Result<(), Failure> {
    if items.is_empty() {
        return Ok(());
    }
    output.line("")?;
    output.line(&output.paint(Style::Faint, title))?;
    items.iter().try_for_each(|item| output.line(&format!("  {}", line(item))))
}
