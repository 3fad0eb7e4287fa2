//! Figures of the node.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{Action, may_act};
use serde_json::{Value, json};

use crate::reading::Reading;
use crate::{Caller, Error, Node};

impl Node {
    /// Figures of the node, from sums that are kept and never by counting. `objects` and what stands beside it is what
    /// this caller may see: what is last, each source's own. `node` is there for those who operate it, and is about
    /// the folder, not about what is in it.
    ///
    /// # Errors
    /// What the caller may not.
    pub fn statistics(&self, caller: &Caller) -> Result<Value, Error> {
        let mut figures = serde_json::Map::new();
        if may_act(&caller.principal, &Action::Operate).is_ok() {
            figures.insert("node".to_owned(), self.node_figures()?);
        } else {
            // Somebody who neither reads nor operates is told why not.
            may_act(&caller.principal, &Action::Read)?;
        }
        if may_act(&caller.principal, &Action::Read).is_ok() {
            let reading = self.reading(caller)?;
            figures.extend(visible_figures(&reading)?);
        }
        Ok(Value::Object(figures))
    }

    /// Whether this caller operates the node.
    ///
    /// # Errors
    /// Why not.
    pub fn operates(&self, caller: &Caller) -> Result<(), Error> {
        Ok(may_act(&caller.principal, &Action::Operate)?)
    }

    fn node_figures(&self) -> Result<Value, Error> {
        let roster = self.roster();
        let directory = roster.directory();
        let store = self.inner.store.snapshot()?.figures()?;
        let now = self.now();
        let checked = &self.inner.copy_checked;
        let copy = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        Ok(json!({
            "positions": store.positions,
            "copy_checked_positions": copy(&checked.position),
            "copy_checked_rounds": copy(&checked.rounds),
            "copy_damaged_positions": copy(&checked.damaged),
            "last_statements": store.last,
            "arrivals_waiting": store.waiting,
            "queue": self.queue_figures()?,
            "quarantine_bytes": store.quarantine_bytes,
            "store_bytes": store.file_bytes,
            "store_log_bytes": store.log_bytes,
            "members": directory.members.iter().filter(|member| member.revoked.is_none()).count(),
            "tokens": directory.tokens.iter().filter(|token| roster.is_live(token, now)).count(),
            "collections": directory.collections.iter().filter(|one| one.revoked.is_none()).count(),
        }))
    }
}

fn visible_figures(reading: &Reading) -> Result<serde_json::Map<String, Value>, Error> {
    let (mut total, mut types, mut labels, mut sources) =
        (0, BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for count in reading.snapshot.counts(&reading.sight.visible)? {
        let Some(label) = reading.sight.label(count.label) else { continue };
        total += count.count;
        *types.entry(count.kind).or_insert(0) += count.count;
        *labels.entry(label.tlp.to_string()).or_insert(0) += count.count;
        if let Some(source) = reading.told(label) {
            *sources.entry(source).or_insert(0) += count.count;
        }
    }
    let sources: BTreeMap<String, u64> =
        sources.into_iter().map(|(id, count)| (reading.roster.named(id).name, count)).collect();
    let Value::Object(figures) =
        json!({ "objects": total, "types": types, "labels": labels, "sources": sources })
    else {
        return Ok(serde_json::Map::new());
    };
    Ok(figures)
}
