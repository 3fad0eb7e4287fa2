//! What other members said under the ids that somebody submits or gives another label: what he sees of it, he does not say any wider.

use std::collections::HashMap;
use std::ops::ControlFlow;

use model::{Label, MemberId, Tlp};
use store::read::{LabelId, Visible};
use store::record::ObjectKey;

use crate::roster::Roster;
use crate::{Error, Node};

impl Node {
    /// The labels under which others said something under these ids that the submitter sees, circles as they are now.
    /// What is CLEAR is for everybody, and bounds nothing.
    pub(crate) fn said_by_others<'o>(
        &self,
        roster: &Roster,
        (source, own): (MemberId, [MemberId; 2]),
        seen: &Visible,
        objects: impl Iterator<Item = &'o ObjectKey>,
    ) -> Result<HashMap<ObjectKey, Vec<Label>>, Error> {
        // What the member said without its name counts where it speaks by it.
        let unnamed = own.into_iter().find(|one| *one != source && roster.behind(*one).is_some());
        let snapshot = self.inner.store.snapshot()?;
        // Parts that he does not see bound nothing either: a refusal would tell that they are there.
        let as_seen = |(id, label): (LabelId, Label)| {
            let parts = label.parts.filter(|_| seen.hidden_parts(id).is_none());
            (id, Label { parts, ..label })
        };
        let bounds = |(id, label): &(LabelId, Label)| {
            seen.has(*id)
                && (unnamed == Some(label.author) || !own.contains(&label.author))
                && (unnamed == Some(label.author)
                    || label.strictest() != Tlp::Clear
                    || label.embargo.is_some())
        };
        let labels: HashMap<LabelId, Label> =
            snapshot.labels(LabelId(0))?.into_iter().map(as_seen).filter(bounds).collect();
        let mut said: HashMap<ObjectKey, Vec<Label>> = HashMap::new();
        if labels.is_empty() {
            return Ok(said);
        }
        for object in objects {
            snapshot.standing(seen, object, &mut |hit| {
                if let Some(label) = labels.get(&hit.label) {
                    said.entry(object.clone()).or_default().push(roster.circles().as_now(label.clone()));
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(said)
    }
}
