//! Views dropped and made again from the record, by the same pure functions that made them.

use std::sync::Arc;

use model::{Action, CollectionId, gate};
use serde_json::{Value, json};
use store::read::Snapshot;
use store::upkeep::{StoredStatement, Viewed};

use crate::core::filter::{Facts, shown_source};
use crate::core::{index, parts};
use crate::roster::Roster;
use crate::{Caller, Error, Kind, Node, first_start};

impl Node {
    /// Drops the views and makes them again from the record, and answers whether what they hold is the same:
    /// `{"equal", "earlier", "statements", "positions"}`, of which `earlier` says that an earlier release made them, so that they
    /// may differ and nothing is wrong. Readers see the old views until the new ones are whole; writers wait.
    /// `progress` gets (positions done, positions in all).
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::Unavailable`] when the disk is full. The views are as they were then.
    pub fn rebuild(&self, caller: &Caller, progress: &mut dyn FnMut(u64, u64)) -> Result<Value, Error> {
        Node::allowed(caller, &Action::Operate)?;
        let (statements, rebuilt) = self.judged(caller, |roster, caller| {
            let by = Node::authorized(roster, caller, gate::Rebuild, gate::Record)?;
            let mut making = Making { node: self, seen: None, statements: 0 };
            let mut failure = None;
            let mut view = |statement: &StoredStatement| {
                making.view(statement).map_err(|error| failure = Some(error)).ok()
            };
            let rebuilt = self.inner.store.rebuild(&by, &mut view, progress);
            if let Some(error) = failure {
                return Err(error.into());
            }
            Ok((making.statements, rebuilt?))
        })?;
        let earlier = first_start::index_form(&self.inner.store)? < index::FORM;
        first_start::note_index_form(&self.inner.store)?;
        if !rebuilt.equal && !earlier {
            tracing::error!("the views were not what the record makes of them");
        }
        let (equal, positions) = (rebuilt.equal, rebuilt.positions);
        Ok(json!({ "equal": equal, "earlier": earlier, "statements": statements, "positions": positions }))
    }
}

/// Views being made.
struct Making<'n> {
    node: &'n Node,
    /// The collections of this moment, and what everybody still sees. Taken with the first statement: nothing else is
    /// written from then on, a collection that is added meanwhile neither.
    seen: Option<(Arc<Roster>, Snapshot)>,
    statements: u64,
}

impl Making<'_> {
    fn view(&mut self, statement: &StoredStatement) -> Result<Viewed, Error> {
        self.statements += 1;
        let (roster, snapshot) = match &mut self.seen {
            Some(seen) => seen,
            none => {
                self.node.refresh()?;
                none.insert((self.node.roster(), self.node.inner.store.snapshot()?))
            }
        };
        let mut via = None;
        // A filter may ask through which collection something came.
        if roster.filtered().any(|(_, predicate)| predicate.via.is_some()) {
            via = snapshot.origin(statement.position)?.and_then(|submission| submission.collection);
        }
        viewed(roster, via, statement)
    }
}

fn viewed(roster: &Roster, via: Option<CollectionId>, statement: &StoredStatement) -> Result<Viewed, Error> {
    let served = statement.wire.as_deref().unwrap_or(&statement.body);
    let node = strictjson::parse(served, &strictjson::Limits::default()).map_err(|error| {
        Error::new(Kind::Internal, format!("the body at position {}: {error}", statement.position))
    })?;
    let text = |name| node.get(name).and_then(strictjson::Node::as_str);
    let collections = roster.collections_of(&Facts {
        kind: &statement.object.kind,
        source: shown_source(&statement.label),
        author: text("created_by_ref"),
        pattern_type: text("pattern_type"),
        tlp: statement.label.tlp,
        via,
    });
    Ok(Viewed { index: parts::index_of(served, &node, &statement.label), collections })
}
