//! How reading verbs begin: who may, on which snapshot, seeing which labels. And what they say of an entry.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use model::{Action, CollectionId, Label, MemberId, Origin, Reader, Timestamp, Tlp, may_act, may_see};
use store::directory::Collection;
use store::opened::Place;
use store::read::{Entry, LabelId, Snapshot, Visible};
use strictjson::Limits;

use crate::addressed::audience_of;
use crate::circles::shown::policies;
use crate::core::describe::Description;
use crate::directory::not_found;
use crate::reads::{Lending, Range};
use crate::roster::Roster;
use crate::visible::Sight;
use crate::{Caller, Error, Node, views};

/// A snapshot of the record and what one reader may see of it.
pub(crate) struct Reading {
    pub roster: Arc<Roster>,
    pub snapshot: Snapshot,
    pub sight: Sight,
    /// The member that is read for; `None` for visitors.
    pub reader: Option<MemberId>,
    /// Under what is kept that it said without its name.
    pub alias: Option<MemberId>,
    pub now: Timestamp,
    /// What was lent of it so far.
    pub lent: Cell<Range>,
    /// What of that is RED or under embargo, and not his own.
    pub given: RefCell<Vec<(u64, LabelId)>>,
}

impl Node {
    /// Begins to read outside of any collection.
    pub(crate) fn reading(&self, caller: &Caller) -> Result<Reading, Error> {
        may_act(&caller.principal, &Action::Read)?;
        self.reading_below(caller, None, self.roster())
    }

    /// Begins to read through a collection, if one is named. What is unknown and what may not be read are the same.
    pub(crate) fn reading_through(
        &self,
        caller: &Caller,
        collection: Option<&str>,
    ) -> Result<(Reading, Option<Collection>), Error> {
        let Some(name) = collection else { return Ok((self.reading(caller)?, None)) };
        let roster = self.roster();
        let collection =
            roster.collection_named(name).filter(|collection| reads(caller, collection)).cloned();
        let collection = collection.ok_or_else(|| not_found("collection", name))?;
        Ok((self.reading_below(caller, Some(&collection), roster)?, Some(collection)))
    }

    /// What somebody sees who submits: outside of any collection, else in the one that he submits through, if everything
    /// is in it. Where he sees only some statements under a label, the safe answer is none.
    pub(crate) fn seen_by(
        &self,
        caller: &Caller,
        roster: &Arc<Roster>,
        through: Option<CollectionId>,
    ) -> Result<Visible, Error> {
        let reading = self.reading_to_submit(caller, roster, through)?;
        Ok(reading.map_or_else(Visible::default, |reading| Visible::clone(&reading.sight.visible)))
    }

    /// The same, to read in it; `None` for who sees nothing.
    pub(crate) fn reading_to_submit(
        &self,
        caller: &Caller,
        roster: &Arc<Roster>,
        through: Option<CollectionId>,
    ) -> Result<Option<Reading>, Error> {
        let may = |action: Action| may_act(&caller.principal, &action).is_ok();
        let whole = |collection: &&Collection| {
            collection.filter.is_empty() && may(Action::ReadCollection(collection.id))
        };
        let collection = match through.and_then(|id| roster.collection(id)).filter(whole) {
            _ if may(Action::Read) => None,
            Some(collection) => Some(collection),
            None => return Ok(None),
        };
        self.reading_below(caller, collection, Arc::clone(roster)).map(Some)
    }

    /// Begins to read what somebody may who was found to be allowed to, through a collection or outside of any.
    pub(crate) fn reading_below(
        &self,
        caller: &Caller,
        collection: Option<&Collection>,
        roster: Arc<Roster>,
    ) -> Result<Reading, Error> {
        let now = self.now();
        let snapshot = self.inner.store.snapshot()?;
        let reader = &caller.principal.reader;
        // Nothing above its ceiling is in a collection: as if the token's own ceiling were no higher. So `may_see` is
        // asked once, and for all.
        let sight =
            |reader: &model::Reader| self.inner.visibility.sight(&snapshot, reader, caller.facts, now);
        let whole = sight(reader)?;
        let ceiling = collection.map(|collection| collection.ceiling).filter(|most| *most < reader.ceiling);
        let sight = match ceiling {
            None => whole,
            Some(ceiling) => sight(&model::Reader { ceiling, ..reader.clone() })?.part_of(&whole),
        };
        let (reader, alias) = (reader.member, reader.alias);
        let (lent, given) = (Cell::default(), RefCell::default());
        Ok(Reading { roster, snapshot, sight, reader, alias, now, lent, given })
    }
}

/// Whether a caller reads through a collection, and is told that there is one. Its title and its filter may tell whom it is
/// about, so visitors are told only of collections that were made for everybody: those that hold nothing above CLEAR.
pub(crate) fn reads(caller: &Caller, collection: &Collection) -> bool {
    let for_him = !caller.principal.is_anonymous() || collection.ceiling == Tlp::Clear;
    for_him && may_act(&caller.principal, &Action::ReadCollection(collection.id)).is_ok()
}

impl Reading {
    /// The member that a label is of, where the reader is told: it is shown, or it is his own.
    pub(crate) fn told(&self, label: &Label) -> Option<MemberId> {
        if self.alias == Some(label.author) {
            return self.reader;
        }
        let told = label.origin == Origin::Shown || self.reader == Some(label.author);
        told.then_some(label.author)
    }

    /// What the node says of an origin that it withholds.
    fn vouched(&self, label: &Label) -> Option<views::Vouched> {
        let by = || self.roster.named(self.roster.own());
        (label.origin == Origin::Withheld).then(|| views::Vouched { by: by(), sector: label.sector.clone() })
    }

    /// Where what was added, for this reader, after a time begins.
    pub(crate) fn place_after(&self, time: Timestamp) -> Result<Place, Error> {
        Ok(self.snapshot.place_after(&self.sight.visible, time)?)
    }

    /// Counts an entry among what is lent. Its label is the strictest of what the reader sees of it.
    pub(crate) fn lends(&self, entry: &Entry<'_>) {
        self.lends_of(entry.position, entry.label, entry.date_added);
    }

    /// The same, of an entry of which no more is known.
    pub(crate) fn lends_of(&self, position: u64, label: LabelId, added: Timestamp) {
        let Some(known) = self.sight.label(label) else { return };
        let whole = self.sight.visible.hidden_parts(label).is_none();
        let tlp = if whole { known.strictest() } else { known.tlp };
        self.lent.set(self.lent.get().and(tlp, added));
        // Who said it under its name is no news to the ledger.
        if (tlp == Tlp::Red || known.embargo.is_some()) && self.reader != Some(known.author) {
            self.given.borrow_mut().push((position, label));
        }
    }

    /// Something that was lent leaves when it is written down.
    pub(crate) fn waits(&self) -> bool {
        self.lent.get().is_red() || !self.given.borrow().is_empty()
    }

    /// What was lent, and what of it goes into the ledger. What its member said without its name it is given like anybody else
    /// whom it is for; were it for nobody else, or left out, the ledger would tell who said it.
    pub(crate) fn lending(&self, caller: &Caller) -> Lending {
        let stranger = || Reader { alias: None, ..caller.principal.reader.clone() };
        let is_given = |label: &LabelId| {
            let label = self.sight.label(*label);
            label.is_some_and(|one| self.alias != Some(one.author) || may_see(&stranger(), one, self.now))
        };
        let given = self.given.take().into_iter().filter(|(_, label)| is_given(label));
        let mut given: Vec<u64> = given.map(|(position, _)| position).collect();
        given.sort_unstable();
        given.dedup();
        Lending { range: self.lent.take(), given }
    }

    /// The policies under which he sees what bears a label.
    pub(crate) fn policies(&self, label: LabelId) -> Vec<views::CirclePolicy> {
        let label = self.sight.label(label);
        label.map_or_else(Vec::new, |label| policies(&self.roster, label, self.reader, self.now))
    }

    /// The entry as lists show it.
    pub(crate) fn summary(&self, entry: &Entry<'_>) -> views::ObjectSummary {
        self.lends(entry);
        let parsed = strictjson::parse(entry.wire, &Limits::default());
        let described = parsed.map(|object| Description::of(&object)).unwrap_or_default();
        self.summary_of(entry, described)
    }

    /// The same, of what the entry is known to say.
    pub(crate) fn summary_of(&self, entry: &Entry<'_>, described: Description) -> views::ObjectSummary {
        let label = self.sight.label(entry.label);
        let id = format!("{}--{}", entry.kind, entry.uuid.hyphenated());
        views::ObjectSummary {
            name: if described.name.is_empty() { id.clone() } else { described.name },
            id,
            kind: entry.kind.to_owned(),
            version: entry.version_text(),
            added: entry.date_added.to_string(),
            label: label.map(|label| label.tlp.to_string()).unwrap_or_default(),
            audience: label
                .and_then(|label| audience_of(&self.roster, label, (self.reader, self.alias), self.now)),
            source: label.and_then(|label| self.told(label)).map(|member| self.roster.named(member)),
            vouched: label.and_then(|label| self.vouched(label)),
            sources: None,
            permitted_actions: label.and_then(|label| label.actions.narrowed()),
            revoked: described.revoked,
            claim: !entry.owned,
            valid_from: described.valid_from,
            valid_until: described.valid_until,
        }
    }
}
