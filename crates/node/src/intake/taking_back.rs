//! What may be said to circles although a policy of theirs is against how it is said: what takes back what was said there so.

use std::collections::HashSet;

use model::{Origin, Reader, Timestamp, may_see};
use store::read::Snapshot;
use store::record::ObjectKey;

use super::terms::Terms;
use crate::chunk::Read;
use crate::core::audience::attributed;
use crate::core::reading::Reading;
use crate::core::taking_back::{may_recall, recalled, revokes_alone};
use crate::roster::Roster;
use crate::withdraw::checked_reason;
use crate::{Error, Node};

/// One look.
struct Look<'a> {
    snapshot: Snapshot,
    roster: &'a Roster,
    terms: &'a Terms,
    reader: &'a Reader,
    now: Timestamp,
}

impl Node {
    /// The bytes of those that take back, and nothing else, what their source said to all these circles before, as far as the
    /// submitter sees that. It is looked for only where a policy is against them.
    pub(super) fn taking_back(
        &self,
        (roster, terms): (&Roster, &Terms),
        reader: &Reader,
        read: &[Read],
    ) -> Result<HashSet<Vec<u8>>, Error> {
        let origin = if terms.unnamed.is_some() { Origin::Withheld } else { Origin::Shown };
        let mut taking_back = HashSet::new();
        if attributed(&terms.found.circles, origin).is_ok() {
            return Ok(taking_back);
        }
        let look = Look { snapshot: self.inner.store.snapshot()?, roster, terms, reader, now: self.now() };
        for reading in read.iter().flatten().flatten() {
            if look.takes_back(reading)? {
                taking_back.insert(reading.body.clone());
            }
        }
        Ok(taking_back)
    }
}

impl Look<'_> {
    fn takes_back(&self, reading: &Reading) -> Result<bool, Error> {
        let says = reading.wire.as_deref().unwrap_or(&reading.body);
        if reading.revoked {
            let mut is_same = false;
            for position in self.said(&reading.object)? {
                self.snapshot.every_body(position, position + 1, &mut |before| {
                    is_same |= revokes_alone(before.wire.as_deref().unwrap_or(&before.body), says);
                })?;
            }
            return Ok(is_same);
        }
        if !may_recall(&reading.object.kind, &reading.index.names) {
            return Ok(false);
        }
        let Some((reason, objects)) = recalled(says) else { return Ok(false) };
        for object in &objects {
            if self.said(object)?.is_empty() {
                return Ok(false);
            }
        }
        Ok(checked_reason(&reason).is_ok())
    }

    // Where its source said it to all these circles: what was withdrawn since, too, for a recall withdraws first.
    fn said(&self, object: &ObjectKey) -> Result<Vec<u64>, Error> {
        let to = &self.terms.found.audience.recipients.circles;
        let mut held = self.snapshot.every_statement(object)?;
        held.retain(|one| {
            let was_for = self.roster.circles().as_now(one.label.clone()).recipients.circles;
            one.source == self.terms.source
                && may_see(self.reader, &one.label, self.now)
                && to.iter().all(|circle| was_for.contains(circle))
        });
        Ok(held.into_iter().map(|one| one.position).collect())
    }
}
