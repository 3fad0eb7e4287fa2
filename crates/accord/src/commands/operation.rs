//! The node itself: its quarantine, figures, copies and views.

use serde_json::{Value, json};

use super::manage::write_fields;
use super::{Session, counted, flag, list, number, text};
use crate::arguments::{Backup, QuarantineCommand, Restore, RetentionCommand};
use crate::failure::{Exit, Failure};
use crate::settings::Loaded;
use crate::terminal::{Output, Style, Table, defanged, inert};
use crate::transport::Call;

/// Arrivals that were refused.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn quarantine(session: &mut Session<'_>, command: QuarantineCommand) -> Result<Exit, Failure> {
    match command {
        QuarantineCommand::List => {
            let answer = session.ask(Call::get(&["quarantine"])).await?;
            let items = list(&answer, "/quarantine");
            let output = &mut *session.output;
            if output.json {
                output.document(&items)?;
                return Ok(Exit::Ok);
            }
            let mut table = Table::new(&["received", "member", "object", "reason", "id"]);
            for item in items {
                let (received, member) = (text(item, "/received"), text(item, "/member/name"));
                let (object, reason) = (text(item, "/object"), defanged(text(item, "/reason")));
                table.row([received, member, object, &reason, text(item, "/id")]);
            }
            if items.is_empty() {
                output.line("the quarantine is empty")?
            } else {
                table.write(output)?
            }
            Ok(Exit::Ok)
        }
        QuarantineCommand::Show(which) => {
            let answer = session.ask(Call::get(&["quarantine", &which.name])).await?;
            document(session.output, &answer)
        }
    }
}

/// Rules of retention.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn retention(session: &mut Session<'_>, command: RetentionCommand) -> Result<Exit, Failure> {
    match command {
        RetentionCommand::Add(new) => {
            let body = json!({ "type": new.kind, "source": new.source, "days": new.days });
            let answer = session.ask(Call::post(&["retention"]).json(body)).await?;
            document(session.output, &answer)
        }
        RetentionCommand::List => {
            let answer = session.ask(Call::get(&["retention"])).await?;
            write_rules(session.output, &answer)
        }
        RetentionCommand::Remove(which) => {
            let answer = session.ask(Call::delete(&["retention", &which.name])).await?;
            document(session.output, &answer)
        }
        RetentionCommand::Run(run) => {
            let call = Call::post(&["retention", "run"]);
            let call = if run.dry_run { call.query("dry_run", "true") } else { call };
            let answer = session.ask(call).await?;
            if session.output.json {
                return document(session.output, &answer);
            }
            write_rules(session.output, &answer)?;
            let (count, verb) =
                (number(&answer, "/statements"), if run.dry_run { "would be erased" } else { "erased" });
            let charters = number(&answer, "/charters");
            let of_these = if charters == 0 { String::new() } else { format!(", {charters} by charters") };
            session.output.line(&format!("{} {verb}{of_these}", counted(count, "statement")))?;
            Ok(Exit::Ok)
        }
    }
}

fn write_rules(output: &mut Output, answer: &Value) -> Result<Exit, Failure> {
    let rules = list(answer, "/rules");
    if output.json {
        output.document(&rules)?;
        return Ok(Exit::Ok);
    }
    if rules.is_empty() {
        output.line("no rules: everything is kept but what charters of circles let go")?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(&["type", "source", "days", "id"]);
    for rule in rules {
        let every = |value: &str| if value.is_empty() { "every".to_owned() } else { value.to_owned() };
        let (kind, source) = (every(text(rule, "/type")), every(text(rule, "/source/name")));
        table.row([&kind, &source, &number(rule, "/days").to_string(), text(rule, "/id")]);
    }
    table.write(output)?;
    Ok(Exit::Ok)
}

/// Figures of the node.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn statistics(session: &mut Session<'_>) -> Result<Exit, Failure> {
    let answer = session.ask(Call::get(&["statistics"])).await?;
    let output = &mut *session.output;
    if output.json {
        output.document(&answer)?;
        return Ok(Exit::Ok);
    }
    write_figures(output, "", &answer)?;
    Ok(Exit::Ok)
}

/// Numbers under their names, a group below its title.
fn write_figures(output: &mut Output, indent: &str, figures: &Value) -> Result<(), Failure> {
    for (name, value) in figures.as_object().into_iter().flatten() {
        let name = inert(name).replace('_', " ");
        match value {
            Value::Object(_) => {
                output.line(&format!("{indent}{}", output.paint(Style::Strong, &name)))?;
                write_figures(output, &format!("{indent}  "), value)?;
            }
            Value::Number(number) => {
                let number = number.as_u64().map_or_else(|| number.to_string(), super::grouped);
                output.line(&format!("{indent}{number:>14}  {name}"))?;
            }
            other => {
                output.line(&format!("{indent}{name}  {}", inert(other.as_str().unwrap_or_default())))?
            }
        }
    }
    Ok(())
}

/// Copies the node's folder.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn backup(session: &mut Session<'_>, backup: Backup) -> Result<Exit, Failure> {
    let to = std::path::absolute(&backup.to)
        .map_err(|error| Failure::usage(format!("`{}` is no path: {error}", backup.to.display())))?;
    let call = Call::post(&["backup"]).json(json!({ "to": to.display().to_string() }));
    let answer = session.watch(call, "copying pages").await?;
    document(session.output, &answer)
}

/// Makes a folder from a backup.
///
/// # Errors
/// The folder is not empty; what was named is no backup.
pub fn restore(loaded: &Loaded, restore: &Restore, output: &mut Output) -> Result<Exit, Failure> {
    if !restore.from.exists() {
        return Err(Failure::usage(format!("there is nothing at `{}`", restore.from.display())));
    }
    let folder = &loaded.place.data.value;
    let mut answer = node::Node::restore(&restore.from, restore.erasures.as_deref(), folder)?;
    if output.json {
        return document(output, &answer);
    }
    // Nobody overlooks it among the fields, nor with `--quiet`.
    let warning = answer.as_object_mut().and_then(|fields| fields.remove("warning"));
    document(output, &answer)?;
    if let Some(Value::String(warning)) = warning {
        crate::terminal::remark(&format!("warning: {warning}"));
    }
    Ok(Exit::Ok)
}

/// Drops the views and makes them again. Exit code 1 if they were not the same, and no earlier release had made them.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn rebuild(session: &mut Session<'_>) -> Result<Exit, Failure> {
    let answer = session.watch(Call::post(&["rebuild"]), "making the views of statements again").await?;
    let differ = answer.pointer("/equal") == Some(&Value::Bool(false)) && !flag(&answer, "/earlier");
    let exit = if differ { Exit::Finding } else { Exit::Ok };
    document(session.output, &answer)?;
    Ok(exit)
}

/// Checks everything that is kept. Exit code 1 if something is wrong.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn check(session: &mut Session<'_>) -> Result<Exit, Failure> {
    let answer = session.watch(Call::post(&["check"]), "checking the record and its copy").await?;
    let exit = if flag(&answer, "/well") { Exit::Ok } else { Exit::Finding };
    document(session.output, &answer)?;
    Ok(exit)
}

fn document(output: &mut Output, answer: &Value) -> Result<Exit, Failure> {
    if output.json {
        output.document(answer)?;
    } else {
        write_fields(output, answer)?;
    }
    Ok(Exit::Ok)
}
