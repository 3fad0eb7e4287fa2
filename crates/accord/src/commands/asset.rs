//! What one's own member declares as its own.

use node::core::assets::asset;
use serde_json::{Value, json};

use super::manage::several;
use super::{Session, day, list, text};
use crate::arguments::{AssetCommand, Assets};
use crate::failure::{Exit, Failure};
use crate::terminal::{Style, inert};
use crate::transport::Call;

/// Declares, lists, takes back.
///
/// # Errors
/// The node refuses, or cannot be asked; what is to be taken back is not declared.
pub async fn run(session: &mut Session<'_>, command: AssetCommand) -> Result<Exit, Failure> {
    match command {
        AssetCommand::List => {
            several(session, "assets", &["asset", "since", "id"], |table, row| {
                table.row([text(row, "/asset"), day(text(row, "/added")), text(row, "/id")]);
            })
            .await
        }
        AssetCommand::Add(Assets { assets }) => {
            let call = Call::post(&["assets"]).json(json!({ "assets": assets }));
            let declared = session.ask(call).await?;
            done(session, "declared", list(&declared, "/assets"))
        }
        AssetCommand::Remove(which) => remove(session, which).await,
    }
}

// All of them are looked for before the first goes.
async fn remove(session: &mut Session<'_>, which: Assets) -> Result<Exit, Failure> {
    let held = session.ask(Call::get(&["assets"])).await?;
    let mut ids = Vec::new();
    for asked in &which.assets {
        let normal = asset(asked).unwrap_or_default();
        let is_meant = |row: &&Value| text(row, "/asset") == normal || text(row, "/id") == asked;
        let found = list(&held, "/assets").iter().find(is_meant).ok_or_else(|| {
            Failure::usage(format!("`{asked}` is not declared")).hint("`accord asset list` shows what is")
        })?;
        ids.push(text(found, "/id").to_owned());
    }
    let mut removed = Vec::new();
    for id in ids {
        removed.push(session.ask(Call::delete(&["assets", &id])).await?);
    }
    done(session, "removed", &removed)
}

fn done(session: &mut Session<'_>, what: &str, rows: &[Value]) -> Result<Exit, Failure> {
    let output = &mut *session.output;
    if output.json {
        output.document(&json!({ "assets": rows }))?;
        return Ok(Exit::Ok);
    }
    for row in rows {
        let id = output.paint(Style::Faint, text(row, "/id"));
        output.line(&format!("{what} {}  {id}", inert(text(row, "/asset"))))?;
    }
    Ok(Exit::Ok)
}
