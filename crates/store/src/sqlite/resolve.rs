//! Which of several statements of one object this reader is shown.
//!
//! Statements of the id's owner win over those of others, and these over claims; then the versions asked for are chosen
//! among what is left; of two that say the same version, the first. Where it is nobody's, a revocation counts for what its
//! own source said, and is the last of the id only where every source that is seen revokes it.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::owner::{self, Asked};
use super::row::{flag, state};
use crate::Error;
use crate::read::{LabelId, Snapshot, VersionSpec, Visible};
use crate::record::ObjectKey;

/// What the owner says himself; nothing counts more.
const OWNERS: i64 = flag::BOUND | flag::OWNED;
/// Objects whose choice is remembered within a page.
const REMEMBERED: usize = 10_000;

/// A statement that this reader may see.
#[derive(Debug, Clone, Copy)]
struct Seen {
    position: i64,
    version: i64,
    source: i64,
    // The owner's own, then what speaks for nobody, then claims.
    standing: i64,
    last: bool,
    revoked: bool,
}

/// The choices of one page.
#[derive(Debug)]
pub(crate) struct Resolver<'a> {
    visible: &'a Visible,
    versions: &'a [VersionSpec],
    /// Only the last version is asked for.
    pub(crate) last_only: bool,
    last: bool,
    all: bool,
    remembered: FxHashMap<i64, Vec<i64>>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(visible: &'a Visible, versions: &'a [VersionSpec]) -> Resolver<'a> {
        Resolver {
            visible,
            versions,
            last_only: versions.iter().all(|spec| *spec == VersionSpec::Last),
            last: versions.is_empty() || versions.contains(&VersionSpec::Last),
            all: versions.contains(&VersionSpec::All),
            remembered: FxHashMap::default(),
        }
    }

    /// Whether this statement, which the reader may see, is one of those that he is shown.
    pub(crate) fn chosen(&mut self, snapshot: &Snapshot, at: (i64, i64, i64)) -> Result<bool, Error> {
        let (position, state, flags) = at;
        let alone = state == state::LAST && flags & flag::SEVERAL == 0;
        if alone && (self.last || self.all && flags & OWNERS == OWNERS) {
            return Ok(true);
        }
        let object = owner::object_at(snapshot.conn()?, position)?;
        if self.remembered.len() >= REMEMBERED {
            self.remembered.clear();
        }
        if !self.remembered.contains_key(&object) {
            let positions = self.positions(snapshot, object)?;
            self.remembered.insert(object, positions);
        }
        Ok(self.remembered.get(&object).is_some_and(|chosen| chosen.binary_search(&position).is_ok()))
    }

    /// The positions that the reader is shown of an object.
    pub(crate) fn positions(&self, snapshot: &Snapshot, object: i64) -> Result<Vec<i64>, Error> {
        // Who counts most is decided among the last ones for the last, and among all for the others.
        let all = self.seen(snapshot, object)?;
        let last = best(all.iter().filter(|one| one.last).copied().collect());
        let seen = best(all);
        let mut chosen = Vec::new();
        let default = [VersionSpec::Last];
        let versions = if self.versions.is_empty() { &default } else { self.versions };
        for spec in versions {
            match spec {
                VersionSpec::Last => {
                    chosen.extend(speaks(&last));
                }
                VersionSpec::First => {
                    chosen.extend(seen.iter().min_by_key(|one| (one.version, one.position)));
                }
                VersionSpec::At(version) => {
                    let at = seen.iter().filter(|one| one.version == version.0);
                    chosen.extend(at.min_by_key(|one| one.position));
                }
                VersionSpec::All => {
                    let mut each = seen.clone();
                    each.sort_unstable_by_key(|one| (one.version, one.position));
                    each.dedup_by_key(|one| one.version);
                    chosen.extend(each);
                }
            }
        }
        let mut positions: Vec<i64> = chosen.iter().map(|one| one.position).collect();
        positions.sort_unstable();
        positions.dedup();
        Ok(positions)
    }

    fn seen(&self, snapshot: &Snapshot, object: i64) -> Result<Vec<Seen>, Error> {
        let most = if self.last_only { state::LAST } else { state::PAST };
        let mut query = snapshot.conn()?.prepare_cached(
            "SELECT position, version, label, flags, source, state FROM statement INDEXED BY statement_object
             WHERE object = ?1 AND state <= ?2",
        )?;
        let mut rows = query.query([object, most])?;
        let mut seen = Vec::new();
        while let Some(row) = rows.next()? {
            if self.visible.has(LabelId(row.get(2)?)) {
                let asked = Asked { position: row.get(0)?, source: row.get(4)?, flags: row.get(3)? };
                let flags = owner::standing_of(snapshot, self.visible, object, asked)?.flags;
                seen.push(Seen {
                    position: asked.position,
                    version: row.get(1)?,
                    source: asked.source,
                    standing: flags & OWNERS,
                    last: row.get::<_, i64>(5)? == state::LAST,
                    revoked: flags & flag::REVOKED != 0,
                });
            }
        }
        Ok(seen)
    }
}

/// The last of an object that this reader is shown, if he sees any.
pub(crate) fn last(snapshot: &Snapshot, visible: &Visible, object: &ObjectKey) -> Result<Option<u64>, Error> {
    let Some(object) = snapshot.object(object)? else { return Ok(None) };
    let positions = Resolver::new(visible, &[]).positions(snapshot, object)?;
    Ok(positions.first().map(|position| position.cast_unsigned()))
}

// Of those that count the same, the one that is the last version.
fn speaks(last: &[Seen]) -> Option<&Seen> {
    let greatest = |one: &&Seen| (one.version, Reverse(one.position));
    if last.iter().any(|one| one.standing == OWNERS) {
        return last.iter().max_by_key(greatest);
    }
    // What a source says last under one label may be earlier than under another.
    let of_source = |one: &&Seen| {
        let others = last.iter().filter(|other| other.source == one.source);
        others.max_by_key(greatest).is_some_and(|last| last.position == one.position)
    };
    let voices = || last.iter().filter(of_source);
    let stands = voices().filter(|one| !one.revoked).max_by_key(greatest);
    // Who asks for what is new was told of none of the revocations before the last source revoked it.
    stands.or_else(|| voices().max_by_key(|one| one.position))
}

fn best(mut seen: Vec<Seen>) -> Vec<Seen> {
    let best = seen.iter().map(|one| one.standing).max().unwrap_or(0);
    seen.retain(|one| one.standing == best);
    seen
}
