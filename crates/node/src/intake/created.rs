//! A changed row is a new version of an indicator that was created before (STIX 2.1 §3.2: `created` stays).

use model::{Label, MemberId, Reader, Tlp, may_see};
use store::held::Held;
use store::record::{Item, Media};

use super::decided::Decided;
use crate::marked::of_authors;
use crate::{Error, Node};

/// How the indicator that we derive from a row writes the property; six fraction digits follow, so all are as long.
const CREATED: &[u8] = b"\"created\":\"";
const TIME_BYTES: usize = "2026-01-01T00:00:00.000000Z".len();

impl Node {
    /// Gives what is derived from rows the time at which this member first said something of the kind, as far as the one
    /// who submits sees that, and as it was said to everybody who will see this: to others it would tell of what is hidden.
    pub(crate) fn keep_created(
        &self,
        source: MemberId,
        reader: &Reader,
        decided: &mut [Decided],
    ) -> Result<(), Error> {
        let statements = decided.iter_mut().flat_map(|one| &mut one.items).filter_map(|item| match item {
            Item::Statement(new) => Some(new),
            _ => None,
        });
        let mut rows = statements.filter(|new| new.media == Media::Row).peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        let (snapshot, now) = (self.inner.store.snapshot()?, self.now());
        let visible = of_authors(&snapshot, |label| label.author == source)?;
        for row in rows {
            let stands = snapshot.every_statement(&row.object)?;
            let said = |one: &&Held| {
                one.source == source
                    && !one.withdrawn
                    && may_see(reader, &one.label, now)
                    && is_as_wide(&one.label, &row.label)
            };
            let Some(first) = stands.iter().find(said) else { continue };
            snapshot.entry(&visible, first.position, &mut |entry| {
                let wire = row.wire.as_deref_mut().and_then(created);
                let stood = memchr::memmem::find(entry.wire, CREATED)
                    .and_then(|at| entry.wire.get(at + CREATED.len()..)?.get(..TIME_BYTES));
                // What another form of input said under this id may write its time shorter: then ours stays.
                if let (Some(wire), Some(stood)) = (wire, stood.filter(|stood| stood.ends_with(b"Z"))) {
                    wire.copy_from_slice(stood);
                }
            })?;
        }
        Ok(())
    }
}

// Whether whoever sees what bears the second of two labels of one author sees what bears the first one.
fn is_as_wide(one: &Label, other: &Label) -> bool {
    let but_for_tlp = |label: &Label| Label { tlp: Tlp::Red, parts: None, ..label.clone() };
    one.tlp <= other.tlp && but_for_tlp(one) == but_for_tlp(other)
}

fn created(wire: &mut [u8]) -> Option<&mut [u8]> {
    let at = memchr::memmem::find(wire, CREATED)?;
    wire.get_mut(at + CREATED.len()..)?.get_mut(..TIME_BYTES)
}
