//! Readiness, copies, views made again, checks, and what is let go when its time is over.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{Action, Timestamp};
use serde_json::{Value, json};
use store::upkeep::Health;

use crate::{Caller, Error, Kind, Node};

/// The file of the record, in a node's folder and in a backup.
pub(crate) const RECORD: &str = "record.sqlite";
/// So far may the record be ahead of the clock, in seconds. More, and times in lists are no longer when things came.
const AHEAD_S: i64 = 5;
/// The copy that pages are read from is checked once a minute, all of it in 20 h, and so many positions at least.
const CHECKS_A_DAY: u64 = 1_200;
const CHECKED_AT_LEAST: u64 = 2_000;
/// How often at once what is old is let go; the rest is the next hour's.
const PURGES: usize = 1_000;

/// How far the copy that pages are read from was checked since the node started.
#[derive(Debug, Default)]
pub(crate) struct CopyChecked {
    /// Positions of this round.
    pub(crate) position: AtomicU64,
    /// Rounds that came to their end.
    pub(crate) rounds: AtomicU64,
    /// Positions that were told otherwise.
    pub(crate) damaged: AtomicU64,
}

impl Node {
    /// Ready to serve: the store writes, and the clock is not behind what was recorded. Else why not.
    ///
    /// # Errors
    /// [`Kind::Unavailable`].
    pub fn ready(&self) -> Result<(), Error> {
        readiness(self.inner.store.health(), self.now())
    }

    /// Why nothing is written until the process starts anew, if it is so: the store's writer panicked. Whoever runs
    /// the node ends it then, so that its supervisor starts it again.
    #[must_use]
    pub fn has_stopped(&self) -> Option<String> {
        let health = self.inner.store.health();
        health.failing.filter(|_| health.has_stopped).map(|failing| failing.message)
    }

    /// Copies the record into a folder on this machine, while the node reads and writes. `progress` gets (pages done,
    /// pages in all). The copy is whole, checked and on the disk when this returns.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::Conflict`] for a folder with something in it; [`Kind::Invalid`] for one that
    /// cannot be made; [`Kind::Unavailable`] when the disk is full.
    pub fn backup(
        &self,
        caller: &Caller,
        to: &Path,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Value, Error> {
        Node::allowed(caller, &Action::Operate)?;
        make_empty(to)?;
        let file = to.join(RECORD);
        let erased = self.length_of_lists();
        self.inner.store.backup(&file, progress)?;
        self.remember_backup(to)?;
        self.list_since(erased, to)?;
        let bytes = std::fs::metadata(&file).map(|file| file.len()).unwrap_or_default();
        Ok(json!({ "folder": to.display().to_string(), "bytes": bytes, "made": self.now().to_string() }))
    }

    /// Checks everything that is kept: the engine's own check, positions, leaves that commit to the bytes. `progress` gets
    /// (positions looked at, to look at in all); each is looked at twice.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; what is merely wrong is in the answer.
    pub fn verify(&self, caller: &Caller, progress: &mut dyn FnMut(u64, u64)) -> Result<Value, Error> {
        Node::allowed(caller, &Action::Operate)?;
        let found = self.inner.store.verify_telling(progress)?;
        Ok(json!({
            "well": found.problems.is_empty(),
            "positions": found.positions,
            "erased": found.erased,
            "problems": found.problems,
        }))
    }

    /// Compares the next part of the copy that pages are read from with the record: all of it within a day.
    pub(crate) fn check_copy(&self) -> Result<(), Error> {
        let checked = &self.inner.copy_checked;
        let from = checked.position.load(Ordering::Relaxed);
        let most = (self.inner.store.snapshot()?.end() / CHECKS_A_DAY).max(CHECKED_AT_LEAST);
        let (next, wrong) = self.inner.store.check_copy(from, most)?;
        checked.position.store(next, Ordering::Relaxed);
        if next == 0 {
            checked.rounds.fetch_add(1, Ordering::Relaxed);
        }
        for what in &wrong {
            tracing::error!(
                what,
                "the copy that pages are read from is damaged: pages come from the record until the next start"
            );
        }
        checked.damaged.fetch_add(wrong.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Writes down when tokens were last shown.
    pub(crate) fn write_down_uses(&self) -> Result<(), Error> {
        Ok(self.inner.store.used(&self.inner.usage.take())?)
    }

    /// Lets go what is kept for a time only: refused arrivals (7 days), outcomes of submissions (24 h).
    pub(crate) fn let_go_of_old(&self) -> Result<(), Error> {
        for _ in 0..PURGES {
            let gone = self.inner.store.purge(self.now())?;
            if gone.outcomes + gone.quarantine == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Removes what is left of erased bytes in the index, in the log, and in gaps between rows. The erasure stands without
    /// it, and the hourly job tries again.
    pub(crate) fn finish_erasures(&self) {
        if let Err(error) = self.inner.store.purge(self.now()) {
            tracing::warn!(%error, "what an erasure left will be removed later");
        }
    }
}

fn readiness(health: Health, now: Timestamp) -> Result<(), Error> {
    if let Some(failing) = health.failing {
        // The engine's words are for the log.
        tracing::warn!(error = %failing, "the store does not write");
        let message = match failing.kind {
            _ if health.has_stopped => "the store has stopped writing: the node must be started again",
            store::Kind::Full => crate::error::FULL,
            _ => "the store cannot write: reading goes on",
        };
        return Err(Error::new(Kind::Unavailable, message));
    }
    let ahead_s = (health.last_date_added.0 - now.0) / 1_000_000;
    if ahead_s > AHEAD_S {
        let message = format!("the clock is {ahead_s} s behind what was recorded last");
        return Err(Error::new(Kind::Unavailable, message).hint("set the machine's clock"));
    }
    Ok(())
}

// A folder for one's eyes only: what is copied has passed nobody's gate.
pub(crate) fn make_empty(folder: &Path) -> Result<(), Error> {
    let failed = |error: std::io::Error| {
        let kind = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Kind::Unavailable,
            _ => Kind::Invalid,
        };
        Error::new(kind, format!("`{}` cannot be written: {error}", folder.display()))
    };
    match std::fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                let message = format!("`{}` has something in it", folder.display());
                return Err(Error::new(Kind::Conflict, message).hint("name a folder that is empty or new"));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut builder = std::fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.recursive(true).create(folder).map_err(failed)?;
        }
        Err(error) => return Err(failed(error)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_has_stopped_is_not_ready_and_says_nothing_of_the_engine() {
        let now = Timestamp(1_000_000_000);
        let error = store::Error { kind: store::Kind::Engine, message: "a broken invariant".to_owned() };
        let health = |failing: Option<store::Error>, has_stopped| Health {
            failing,
            has_stopped,
            last_date_added: now,
        };
        assert!(readiness(health(None, false), now).is_ok());
        let told = readiness(health(Some(error.clone()), true), now).unwrap_err();
        assert_eq!(told.kind, Kind::Unavailable);
        assert!(told.message.contains("started again") && !told.message.contains("invariant"), "{told}");
        let told = readiness(health(Some(error), false), now).unwrap_err();
        assert!(told.message.contains("reading goes on"), "{told}");
    }
}
