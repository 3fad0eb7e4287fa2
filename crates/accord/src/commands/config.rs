//! `accord config show`: every setting, its value, and where it came from.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::settings::{FIELDS, Loaded, Origin, Settings};
use crate::terminal::{Output, Table};

#[derive(Serialize)]
struct Row {
    key: &'static str,
    value: Value,
    default: Value,
    unit: &'static str,
    #[serde(flatten)]
    origin: Origin,
    variable: String,
    about: &'static str,
}

/// Shows them.
///
/// # Errors
/// Writing failed.
pub fn show(loaded: &Loaded, output: &mut Output) -> Result<Exit, Failure> {
    let mut rows = place(loaded);
    let defaults = Settings::default();
    rows.extend(FIELDS.iter().map(|field| Row {
        key: field.key,
        value: (field.show)(&loaded.settings),
        default: (field.show)(&defaults),
        unit: field.unit,
        origin: loaded.origin(field.key),
        variable: field.variable(),
        about: field.doc.trim(),
    }));
    if output.json {
        output.document(&rows)?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(&["setting", "value", "unit", "origin"]);
    for row in &rows {
        table.row([row.key, &shown(&row.value), row.unit, &row.origin.to_string()]);
    }
    table.write(output)?;
    Ok(Exit::Ok)
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    if text.is_empty() { "-".to_owned() } else { text }
}

fn place(loaded: &Loaded) -> Vec<Row> {
    let place = &loaded.place;
    let path = |path: &Path| Value::from(path.display().to_string());
    let row = |key, value, default: &str, unit, origin: &Origin, variable: &str, about| Row {
        key,
        value,
        default: if default.is_empty() { Value::Null } else { default.into() },
        unit,
        origin: origin.clone(),
        variable: variable.to_owned(),
        about,
    };
    let (data, config) = (path(&place.data.value), path(&place.config.value));
    let url = place.url.value.clone().into();
    let ca = place.ca.value.as_deref().map_or(Value::Null, path);
    let token = place.token.value.as_ref().map_or(Value::Null, |_| "redacted".into());
    let (of_data, of_config) = (&place.data.origin, &place.config.origin);
    let (of_url, of_token, of_ca) = (&place.url.origin, &place.token.origin, &place.ca.origin);
    let url_about = "The address of a node to talk to instead of a folder.";
    let ca_about = "Authorities in PEM to trust beside the system's.";
    vec![
        row("data", data, "./accord-data", "path", of_data, "ACCORD_DATA", "The node's folder."),
        row("config", config, "accord.toml in it", "path", of_config, "ACCORD_CONFIG", "The settings file."),
        row("url", url, "", "http or https URL", of_url, "ACCORD_URL", url_about),
        row("token", token, "", "secret", of_token, "ACCORD_TOKEN", "The token for it."),
        row("ca", ca, "", "path", of_ca, "ACCORD_CA", ca_about),
    ]
}
