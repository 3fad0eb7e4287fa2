//! What Elastic's bulk requests are told when values change: documents to put in, and to take out.

use std::collections::BTreeSet;

use model::matching::Mode;
use model::observable::Kind;
use sensors::elastic::id;
use sensors::{Format, Outcome, Writer};

use crate::known::View;

/// The lines that make the index hold what is known of these keys.
#[must_use]
pub fn changes(view: &View<'_>, keys: &BTreeSet<Box<[u8]>>) -> Vec<u8> {
    let mut out = Vec::new();
    let Some(file) = Format::Elastic.files().first() else { return out };
    let mut writer = Writer::head(Format::Elastic, file, &view.head(), &mut out);
    for key in keys {
        let Some(kind) = key.first().and_then(|byte| Kind::from_byte(*byte)) else { continue };
        if !file.kinds().contains(&kind) {
            continue;
        }
        let mut there = Vec::new();
        for (place, entry) in view.set().under(key) {
            let Some(shown) = view.shown(place, entry) else { continue };
            if matches!(writer.item(&mut out, &shown.item()), Outcome::Written | Outcome::InPart(_)) {
                there.push(place.mode());
            }
        }
        for mode in Mode::all().filter(|mode| mode.fits(kind) && !there.contains(mode)) {
            let line = serde_json::json!({"delete": {"_id": id(mode, key)}});
            out.extend_from_slice(format!("{line}\n").as_bytes());
        }
    }
    out
}

/// What asks to take out all that is older than a whole set that was put in.
#[must_use]
pub fn older_than(as_of: model::Timestamp) -> String {
    let older = serde_json::json!({"range": {"@timestamp": {"lt": as_of.millis_text()}}});
    let ours = serde_json::json!({"exists": {"field": "labels.accord_action"}});
    serde_json::json!({"query": {"bool": {"filter": [older, ours]}}}).to_string()
}

/// What went wrong by the answer to a bulk request; what was to be taken out and was not there is well.
#[must_use]
pub fn failure(answer: &[u8]) -> Option<String> {
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(answer) else {
        return Some("the answer is not Elastic's".to_owned());
    };
    if document.get("errors").and_then(serde_json::Value::as_bool) == Some(false) {
        return None;
    }
    let Some(items) = document.get("items").and_then(serde_json::Value::as_array) else {
        return Some("the answer is not Elastic's".to_owned());
    };
    let wrong = items.iter().flat_map(|item| item.as_object()).flatten().find(|(act, done)| {
        let status = done.get("status").and_then(serde_json::Value::as_u64).unwrap_or(500);
        status >= 300 && !(act.as_str() == "delete" && status == 404)
    });
    wrong.map(|(_, done)| {
        let why = done.pointer("/error/type").and_then(serde_json::Value::as_str).unwrap_or("unknown");
        format!("elastic refuses a document: {why}")
    })
}
