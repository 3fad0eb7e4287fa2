//! What becomes visible to a reader by a change of the directory is new to him: it gets times of his own, behind all that
//! he has seen, so that whoever asks for what was added since his last visit misses nothing.

use model::{Label, MemberId, Reader, Timestamp, hidden_parts, may_see};
use store::directory::{Change, Opening};
use store::read::LabelId;

use crate::roster::Roster;
use crate::{Error, Node};

impl Node {
    /// What goes with a change that widens what readers see, in the same transaction: for each reader as he is before it and
    /// as he is after it, what he newly sees, or sees more parts of. [`Roster::readers_of`] has those of a member.
    ///
    /// A ceiling of a token, or of a collection, opens nothing: it hides from one road what another shows.
    pub(crate) fn openings(&self, readers: &[(Reader, Reader)]) -> Result<Vec<Change>, Error> {
        let (labels, now) = (self.inner.store.snapshot()?.labels(LabelId(0))?, self.now());
        let opening = |(before, after): &(Reader, Reader)| {
            let member = after.member?;
            let new = labels.iter().filter(|(_, label)| is_wider(before, after, label, now));
            let (person, of) = (after.person, u32::try_from(labels.len()).unwrap_or(u32::MAX));
            let labels = new.map(|(id, _)| *id).collect();
            Some(Change::Opening(Opening { member, person, labels, of, at: now }))
        };
        Ok(readers.iter().filter_map(opening).collect())
    }
}

impl Roster {
    /// Those who read for a member: itself, and each of its persons.
    pub(crate) fn readers_of(&self, member: MemberId, now: Timestamp) -> Vec<Reader> {
        let reader = self.reader(member, now);
        let persons = self.directory().persons.iter().filter(|person| person.member == member);
        let persons = persons.map(|person| Reader { person: Some(person.id), ..reader.clone() });
        persons.chain([reader.clone()]).collect()
    }
}

// Whether the second of two readers sees what bears a label, and the first one not, or fewer parts of it.
fn is_wider(before: &Reader, after: &Reader, label: &Label, now: Timestamp) -> bool {
    if !may_see(after, label, now) {
        return false;
    }
    // A change that widens one thing may narrow another.
    let shows_more = match (hidden_parts(before, label, now), hidden_parts(after, label, now)) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(before), Some(after)) => after.above > before.above || before.others && !after.others,
    };
    !may_see(before, label, now) || shows_more
}
