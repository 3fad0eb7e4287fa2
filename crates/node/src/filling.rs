//! A collection with a filter gets what stood in the record before it was made.
//!
//! What arrives after the collection was added is judged with it in view, so filling covers what stood up to then. A
//! note in the store is made before and removed after, so that a crash in between is made good at the next start;
//! filling twice changes nothing.

use std::sync::{Arc, MutexGuard, PoisonError};

use model::{CollectionId, Label, gate};
use store::read::Entry;
use strictjson::Node as Json;

use crate::core::filter::{Facts, Predicate, shown_source};
use crate::marked::of_authors;
use crate::roster::Roster;
use crate::{Error, Node};

/// Statements that are looked at together.
const PAGE: usize = 1_000;
/// The note: ids, a line each.
const NOTE: &str = "collections-to-fill";

impl Node {
    /// Notes that a collection will have to be filled.
    pub(crate) fn note_filling(&self, collection: CollectionId) -> Result<(), Error> {
        self.change_note(|noted| noted.push(collection))
    }

    /// Fills what was noted, if its collection came to be.
    pub(crate) fn fill_collections(&self) -> Result<(), Error> {
        for collection in self.noted()? {
            let roster = self.settled_roster();
            if let Some(predicate) = roster.predicate(collection) {
                self.fill(collection, predicate)?;
            }
            self.change_note(|noted| noted.retain(|id| *id != collection))?;
        }
        Ok(())
    }

    /// Held by whoever adds a collection, until it is there.
    pub(crate) fn adding(&self) -> MutexGuard<'_, ()> {
        self.inner.adding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // A collection that is noted and not in this will never be: whoever was about to add it has done so. Without the wait,
    // a collection that is added beside another, or just after a start, would lose its note and never be filled.
    fn settled_roster(&self) -> Arc<Roster> {
        let _nobody_adds = self.adding();
        self.roster()
    }

    fn fill(&self, collection: CollectionId, predicate: &Predicate) -> Result<(), Error> {
        if predicate.via.is_some() {
            // Nothing came through it yet.
            return Ok(());
        }
        let mut from = Some(0);
        while let Some(begin) = from {
            let snapshot = self.inner.store.snapshot()?;
            let visible = of_authors(&snapshot, |_| true)?;
            let labels = snapshot.labels(store::read::LabelId(0))?;
            let mut inside = Vec::new();
            from = snapshot.statements(&visible, begin, PAGE, &mut |entry| {
                let label = labels.get(entry.label.0 as usize);
                if label.is_some_and(|(_, label)| is_inside(predicate, entry, label)) {
                    inside.push(entry.position);
                }
            })?;
            drop(snapshot);
            self.judged(&self.operator(), |roster, node| {
                let by = Node::authorized(roster, node, gate::Put, collection)?;
                Ok(self.inner.store.enlist(&by, &inside)?)
            })?;
        }
        Ok(())
    }

    fn noted(&self) -> Result<Vec<CollectionId>, Error> {
        let note = self.inner.store.meta(NOTE)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&note).lines().filter_map(|line| line.parse().ok()).collect())
    }

    fn change_note(&self, change: impl FnOnce(&mut Vec<CollectionId>)) -> Result<(), Error> {
        let _one_at_a_time = self.inner.filling.lock().unwrap_or_else(PoisonError::into_inner);
        let mut noted = self.noted()?;
        change(&mut noted);
        let lines: Vec<String> = noted.iter().map(CollectionId::to_string).collect();
        let note = lines.join("\n");
        Ok(self.inner.store.set_meta(NOTE, (!noted.is_empty()).then_some(note.as_bytes()))?)
    }
}

fn is_inside(predicate: &Predicate, entry: &Entry<'_>, label: &Label) -> bool {
    let needs_body = predicate.authors.is_some() || predicate.pattern_types.is_some();
    let parsed =
        needs_body.then(|| strictjson::parse(entry.wire, &strictjson::Limits::default()).ok()).flatten();
    let text = |name| parsed.as_ref().and_then(|node: &Json<'_>| node.get(name)).and_then(Json::as_str);
    predicate.matches(&Facts {
        kind: entry.kind,
        source: shown_source(label),
        author: text("created_by_ref"),
        pattern_type: text("pattern_type"),
        tlp: label.tlp,
        via: None,
    })
}
