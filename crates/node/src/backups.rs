//! Copies of the record that were made, so that whoever erases knows what holds it still, and so that they do not bring it
//! back.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::maintenance::RECORD;
use crate::restore::{DISCLOSURES, ERASURES, REVOCATIONS};
use crate::{Error, Kind, Node, views};

/// Where they are kept in the store: JSON, a list, the oldest first.
const COPIES: &str = "backups";
/// The lists that lie beside them.
const LISTS: [&str; 3] = [REVOCATIONS, DISCLOSURES, ERASURES];
/// Most that are remembered; the oldest go.
const MOST: usize = 1_000;

/// A copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    folder: String,
    made: String,
}

fn length(folder: &Path, name: &str) -> u64 {
    std::fs::metadata(folder.join(name)).map_or(0, |file| file.len())
}

impl Node {
    /// Remembers a copy.
    pub(crate) fn remember_backup(&self, folder: &Path) -> Result<(), Error> {
        let mut all = self.backups()?;
        let folder = folder.display().to_string();
        all.retain(|one| one.folder != folder);
        all.push(Made { folder, made: self.now().to_string() });
        let all = all.split_off(all.len().saturating_sub(MOST));
        let text = serde_json::to_vec(&all)
            .map_err(|error| Error::new(Kind::Internal, format!("the list of backups: {error}")))?;
        Ok(self.inner.store.set_meta(COPIES, Some(&text))?)
    }

    /// The copies that are known, the oldest first; `list` puts the lists of erasures, revocations and disclosures beside those
    /// that are still there, where a restore looks for them.
    pub(crate) fn known_backups(&self, list: bool) -> Result<Vec<views::SubjectBackup>, Error> {
        let known = self.backups()?;
        let known = known.into_iter().map(|Made { folder, made }| {
            let at = Path::new(&folder);
            let there = at.join(RECORD).is_file();
            let listed = there && list && self.put_lists(at).is_ok();
            views::SubjectBackup { folder, made, there, listed }
        });
        Ok(known.collect())
    }

    /// Puts the lists beside every copy that is there, after an erasure or a disclosure.
    pub(crate) fn list_beside_backups(&self) {
        match self.known_backups(true) {
            Ok(all) => all.iter().filter(|one| one.there && !one.listed).for_each(|one| {
                tracing::warn!(
                    folder = one.folder,
                    "the lists of erasures and disclosures could not be put beside a backup"
                );
            }),
            Err(error) => {
                tracing::warn!(%error, "the lists of erasures and disclosures were put beside no backup")
            }
        }
    }

    /// Keeps lists that lie beside copies up to what was erased, revoked and disclosed since.
    pub(crate) fn keep_lists(&self) -> Result<(), Error> {
        for Made { folder, .. } in self.backups()? {
            let beside = Path::new(&folder);
            if beside.join(ERASURES).is_file() && self.is_behind(beside) {
                self.put_lists(beside).map_err(|error| {
                    Error::new(Kind::Unavailable, format!("the lists beside `{folder}`: {error}"))
                })?;
            }
        }
        Ok(())
    }

    /// Puts the lists beside a copy that was just made, if something was erased or disclosed while it was made: `before` is how
    /// long the lists were when that began.
    pub(crate) fn list_since(&self, before: u64, beside: &Path) -> Result<(), Error> {
        if self.length_of_lists() == before {
            return Ok(());
        }
        let failed = |error| Error::new(Kind::Unavailable, format!("the lists beside the backup: {error}"));
        self.put_lists(beside).map_err(failed)
    }

    /// Bytes of the lists of erasures and disclosures, which only grow.
    pub(crate) fn length_of_lists(&self) -> u64 {
        [ERASURES, DISCLOSURES].iter().map(|name| length(&self.inner.folder, name)).sum()
    }

    // The files only grow.
    fn is_behind(&self, beside: &Path) -> bool {
        LISTS.iter().any(|name| length(beside, name) != length(&self.inner.folder, name))
    }

    // Each gets its name when it is whole.
    fn put_lists(&self, beside: &Path) -> std::io::Result<()> {
        for name in LISTS {
            let (from, partial) = (self.inner.folder.join(name), beside.join(format!("{name}.partial")));
            std::fs::copy(from, &partial)?;
            std::fs::File::open(&partial)?.sync_all()?;
            std::fs::rename(&partial, beside.join(name))?;
        }
        std::fs::File::open(beside)?.sync_all()
    }

    fn backups(&self) -> Result<Vec<Made>, Error> {
        let Some(kept) = self.inner.store.meta(COPIES)? else { return Ok(Vec::new()) };
        serde_json::from_slice(&kept)
            .map_err(|error| Error::new(Kind::Internal, format!("the list of backups is damaged: {error}")))
    }
}
