//! Views dropped and made again from the record, by the same pure functions that made them.

use std::io::Write;
use std::sync::Arc;

use model::{Action, CollectionId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::read::Snapshot;
use store::upkeep::{StoredStatement, Viewed};

use crate::core::filter::Facts;
use crate::core::index;
use crate::roster::Roster;
use crate::{Caller, Error, Kind, Node};

/// How often the comparison is tried: others may write between the making and the second look.
const ATTEMPTS: usize = 3;

impl Node {
    /// Drops the views and makes them again from the record, and answers whether what they hold is the same:
    /// `{"equal", "statements", "positions"}`. Readers see the old views until the new ones are whole; writers wait.
    /// `progress` gets (positions done, positions in all).
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::Unavailable`] when the disk is full, or others wrote too much to compare.
    pub fn rebuild(&self, caller: &Caller, progress: &mut dyn FnMut(u64, u64)) -> Result<Value, Error> {
        Node::allowed(caller, &Action::Operate)?;
        for _ in 0..ATTEMPTS {
            let (before, statements) = self.rebuild_once(progress)?;
            let after = self.look()?;
            if before.positions == after.positions {
                let equal = before.dump == after.dump;
                if !equal {
                    tracing::error!("the views were not what the record makes of them");
                }
                let positions = after.positions;
                return Ok(json!({ "equal": equal, "statements": statements, "positions": positions }));
            }
        }
        let message = "the views were made again, but others wrote meanwhile, so they could not be compared";
        Err(Error::new(Kind::Unavailable, message).hint("try again when it is quieter"))
    }

    // What was there before, and the number of statements that were gone through.
    fn rebuild_once(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<(Looked, u64), Error> {
        let roster = self.roster();
        let needs_origin = roster.filtered().any(|(_, predicate)| predicate.via.is_some());
        let mut making = Making { node: self, roster, needs_origin, before: None, statements: 0 };
        let mut failure = None;
        let mut view = |statement: &StoredStatement| {
            // After a failure nothing is looked at any more, and what was made is not said to be right.
            let made = if failure.is_none() { making.view(statement) } else { Ok(Viewed::default()) };
            made.unwrap_or_else(|error| {
                failure = Some(error);
                Viewed::default()
            })
        };
        self.inner.store.rebuild(&mut view, progress)?;
        if let Some(error) = failure {
            return Err(error);
        }
        let before = match making.before {
            Some((before, _)) => before,
            None => self.look()?,
        };
        Ok((before, making.statements))
    }

    fn look(&self) -> Result<Looked, Error> {
        let snapshot = self.inner.store.snapshot()?;
        let mut digest = Sum(Sha256::new());
        snapshot.dump(&mut digest)?;
        Ok(Looked { positions: snapshot.end(), dump: digest.0.finalize().into() })
    }
}

/// Views being made.
struct Making<'n> {
    node: &'n Node,
    roster: Arc<Roster>,
    /// A filter asks through which collection something came.
    needs_origin: bool,
    /// What the old views held, and a snapshot of them.
    before: Option<(Looked, Snapshot)>,
    statements: u64,
}

impl Making<'_> {
    fn view(&mut self, statement: &StoredStatement) -> Result<Viewed, Error> {
        self.statements += 1;
        let (_, snapshot) = match &mut self.before {
            Some(before) => before,
            // Nothing else is written from here on, and the old views are what everybody still sees.
            before => before.insert((self.node.look()?, self.node.inner.store.snapshot()?)),
        };
        let mut via = None;
        if self.needs_origin {
            via = snapshot.origin(statement.position)?.and_then(|submission| submission.collection);
        }
        viewed(&self.roster, via, statement)
    }
}

/// What the views held at some time.
struct Looked {
    positions: u64,
    dump: [u8; 32],
}

/// A dump is as large as the record: only its digest is kept.
struct Sum(Sha256);

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
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
        source: statement.source,
        author: text("created_by_ref"),
        pattern_type: text("pattern_type"),
        tlp: statement.label.tlp,
        via,
    });
    Ok(Viewed { index: index::of(&node), collections })
}
