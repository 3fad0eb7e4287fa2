//! What stands already of an object: duplicates, other bytes under the same version, and who is last.

use rusqlite::OptionalExtension;

use super::append::{Known, Run, print};
use super::row::state;
use super::views::Standing;
use crate::Error;
use crate::record::{Media, NewStatement};

/// What is known of a statement that arrives.
pub(crate) enum Stands {
    /// Nothing of that version.
    Nothing,
    /// The same bytes.
    Same(Known),
    /// Other bytes.
    Other(Known),
}

const COLUMNS: &str =
    "SELECT position, source, version, label, flags, print FROM statement INDEXED BY statement_object";

/// Past statements of what has no version that are read to compare their content, at most: whoever says an observable in
/// ever other words does not hold up the writer.
pub(crate) const COMPARED: i64 = 16;

impl Known {
    /// As the lists know it.
    pub(crate) fn standing(&self, kind: i64) -> Standing {
        Standing { position: self.position, label: self.label, source: self.source, kind }
    }

    pub(crate) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Known> {
        Ok(Known {
            position: row.get(0)?,
            source: row.get(1)?,
            version: row.get(2)?,
            label: row.get(3)?,
            flags: row.get(4)?,
            print: row.get(5)?,
        })
    }
}

impl Run<'_> {
    /// The statements of an object in one state.
    pub(crate) fn known(&self, object: i64, state: i64) -> Result<Vec<Known>, Error> {
        let mut query =
            self.to.conn.prepare_cached(&format!("{COLUMNS} WHERE object = ?1 AND state = ?2"))?;
        let rows = query.query_map([object, state], Known::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Compares what arrives with what this source said of the object before. What was withdrawn or erased does not
    /// count: it can be said anew. What would be served alike is the same, whatever bytes it comes from.
    pub(crate) fn stands(
        &self,
        object: i64,
        last: &[Known],
        new: &NewStatement,
        digest: &[u8; 32],
    ) -> Result<Stands, Error> {
        let mine = || last.iter().filter(|known| known.source == self.source);
        if mine().next().is_none() {
            return Ok(Stands::Nothing);
        }
        let version = match new.version {
            Some(version) if !crate::held::by_bytes(new) => version,
            _ => return self.stands_unversioned(object, mine(), new, digest),
        };
        if mine().all(|known| known.version < version.0) {
            return Ok(Stands::Nothing);
        }
        let mut same: Vec<Known> = mine().filter(|known| known.version == version.0).copied().collect();
        if same.is_empty() {
            same = self.versions(object, state::PAST, version.0)?;
        }
        let Some(first) = same.first().copied() else { return Ok(Stands::Nothing) };
        let served = same.len();
        same.extend(self.versions(object, state::EQUIVOCAL, version.0)?);
        for known in &same {
            if self.is(known, digest)? {
                return Ok(Stands::Same(*known));
            }
        }
        for known in same.iter().take(served) {
            if self.says_the_same(known, new)? {
                return Ok(Stands::Same(*known));
            }
        }
        Ok(Stands::Other(first))
    }

    fn stands_unversioned<'k>(
        &self,
        object: i64,
        last: impl Iterator<Item = &'k Known> + Clone,
        new: &NewStatement,
        digest: &[u8; 32],
    ) -> Result<Stands, Error> {
        for known in last.clone() {
            if self.is(known, digest)? {
                return Ok(Stands::Same(*known));
            }
        }
        let mut query = self.to.conn.prepare_cached(&format!(
            "{COLUMNS} WHERE object = ?1 AND state = ?2 AND source = ?3 AND print = ?4"
        ))?;
        let rows = query.query_map([object, state::PAST, self.source, print(digest)], Known::read)?;
        for known in rows {
            let known = known?;
            if self.is(&known, digest)? {
                return Ok(Stands::Same(known));
            }
        }
        // A changed row is another row, also where the same is served of it.
        if new.media == Media::Row {
            return Ok(Stands::Nothing);
        }
        let mut query = self.to.conn.prepare_cached(&format!(
            "{COLUMNS} WHERE object = ?1 AND state = ?2 AND source = ?3 ORDER BY version DESC LIMIT ?4"
        ))?;
        let rows = query.query_map([object, state::PAST, self.source, COMPARED], Known::read)?;
        for known in last.copied().map(Ok).chain(rows) {
            let known = known?;
            if self.says_the_same(&known, new)? {
                return Ok(Stands::Same(known));
            }
        }
        Ok(Stands::Nothing)
    }

    fn versions(&self, object: i64, state: i64, version: i64) -> Result<Vec<Known>, Error> {
        let mut query = self.to.conn.prepare_cached(&format!(
            "{COLUMNS} WHERE object = ?1 AND state = ?2 AND source = ?3 AND version = ?4"
        ))?;
        let rows = query.query_map([object, state, self.source, version], Known::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn says_the_same(&self, known: &Known, new: &NewStatement) -> Result<bool, Error> {
        let root = self.root(known.position)?;
        let served = self.to.served(root)?;
        Ok((self.to.same_content)(&served, new.wire.as_ref().unwrap_or(&new.body)))
    }

    fn is(&self, known: &Known, digest: &[u8; 32]) -> Result<bool, Error> {
        if known.print != print(digest) {
            return Ok(false);
        }
        let whole: Option<Vec<u8>> = self
            .to
            .conn
            .prepare_cached("SELECT digest FROM leaf WHERE position = ?1")?
            .query_row([known.position], |row| row.get(0))
            .optional()?
            .flatten();
        Ok(whole.as_deref() == Some(digest))
    }
}
