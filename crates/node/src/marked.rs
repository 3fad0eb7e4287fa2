//! Markings that are held, and what a marking opens that arrives after what refers to it.
//!
//! Only what a member said himself counts for his own statements, and what the node's own member said: a stranger's
//! definition under the id that somebody is waiting for opens nothing.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use model::gate::{self, Statements};
use model::{CollectionId, Label, MemberId, Reader, SubmissionId, Tlp, may_see};
use store::read::{LabelId, PageQuery, Snapshot, VersionSpec, Visible};
use store::record::{Appended, Audit, Batch, Index, Item, ObjectKey, Quota, Submission};

use crate::core::filter::{Facts, shown_source};
use crate::core::marking::{Markings, Restriction, restriction};
use crate::core::parts;
use crate::recall::is_being_recalled;
use crate::roster::Roster;
use crate::writing::Failure;
use crate::{Caller, Error, Node, random};

/// Statements that are looked at together.
const PAGE: usize = 1_000;

/// A statement that refers to a marking.
pub(crate) struct Waiting {
    position: u64,
    source: MemberId,
    kind: String,
    author: Option<String>,
    pattern_type: Option<String>,
    label: LabelId,
    pub(crate) markings: Markings,
}

/// A statement that gets another label, and what the views keep of it then.
struct Opened {
    position: u64,
    collections: Vec<CollectionId>,
    index: Index,
}

impl Waiting {
    pub(crate) fn facts(&self, label: &Label, via: Option<CollectionId>) -> Facts<'_> {
        Facts {
            kind: &self.kind,
            source: shown_source(label),
            author: self.author.as_deref(),
            pattern_type: self.pattern_type.as_deref(),
            tlp: label.tlp,
            via,
        }
    }
}

impl Node {
    /// What a marking asks for, if this member or the node's own has said it, and the reader sees that: whoever submits
    /// is not told by a label what was said out of his sight.
    pub(crate) fn held_marking(
        &self,
        source: MemberId,
        reader: &Reader,
        id: &str,
    ) -> Result<Option<Restriction>, Error> {
        self.held_marking_in(&self.inner.store.snapshot()?, source, reader, id)
    }

    // Whoever has a snapshot takes no second one: as many at once as there are snapshots would wait for each other.
    fn held_marking_in(
        &self,
        snapshot: &Snapshot,
        source: MemberId,
        reader: &Reader,
        id: &str,
    ) -> Result<Option<Restriction>, Error> {
        let Some(object) = ObjectKey::parse(id) else { return Ok(None) };
        let trusted = [source, self.roster().own()];
        let now = self.now();
        let meant = |label: &Label| trusted.contains(&label.author) && may_see(reader, label, now);
        let visible = of_authors(snapshot, meant)?;
        let mut strictest = None;
        let query = PageQuery {
            objects: vec![object],
            sources: trusted.to_vec(),
            versions: vec![VersionSpec::All],
            ..PageQuery::everything(&visible, 0.into(), PAGE)
        };
        snapshot.page(&query, &mut |entry| {
            let node = strictjson::parse(entry.wire, &strictjson::Limits::default());
            strictest = strictest.max(node.ok().and_then(|node| restriction(&node)));
        })?;
        Ok(strictest)
    }

    /// Gives what waited for these markings the label that it has now. What waits is noted when it comes, so this costs
    /// what it opens, however much is stored.
    pub(crate) fn open_marked(&self, source: MemberId, ids: &[String]) -> Result<(), Error> {
        for id in ids {
            let Some(marking) = ObjectKey::parse(id) else { continue };
            // What the node's own member says counts for everybody.
            let of = (source != self.roster().own()).then_some(source);
            let waiting = self.inner.store.snapshot()?.waiting_for(&marking, of)?;
            for some in waiting.chunks(PAGE) {
                self.judged(&self.operator(), |roster, node| self.open_some((roster, node), id, some))?;
            }
        }
        Ok(())
    }

    /// Gives what waits for markings that are held by now its label: what a crash or a full disk left.
    pub(crate) fn open_what_waits(&self) -> Result<(), Error> {
        let awaited = self.inner.store.snapshot()?.awaited()?;
        for (marking, source) in awaited {
            let id = marking.to_string();
            if self.held_marking(source, &Reader::of(source), &id)?.is_some() {
                self.open_marked(source, &[id])?;
            }
        }
        Ok(())
    }

    fn open_some(
        &self,
        (roster, node): (&Roster, &Caller),
        because: &str,
        positions: &[u64],
    ) -> Result<(), Failure> {
        let snapshot = self.inner.store.snapshot()?;
        // What a marking asks for replaces no label that was given otherwise.
        let by_markings = |label: &Label| {
            let plain = Label { parts: label.parts, ..Label::new(label.author, label.tlp) };
            *label == plain.to(label.audience()).told_like(label)
        };
        let visible = of_authors(&snapshot, by_markings)?;
        let labels = snapshot.labels(LabelId(0))?;
        let mut waiting = Vec::new();
        for position in positions {
            let looked = snapshot.entry(&visible, *position, &mut |entry| waiting.extend(waits(entry)));
            match looked {
                // It was taken back, or opened, meanwhile, or is under another label.
                Err(error) if error.kind == store::Kind::NotFound => {}
                looked => looked?,
            }
        }
        let mut opened: BTreeMap<(Label, bool), Vec<Opened>> = BTreeMap::new();
        let mut held = HashMap::new();
        for one in waiting {
            let Some(origin) = snapshot.origin(one.position)? else { continue };
            let Some((_, before)) = labels.get(one.label.0 as usize) else { continue };
            // It would enter again behind the recall; it waits until it is taken back.
            if is_being_recalled(roster, &snapshot, (one.source, one.position))? {
                continue;
            }
            // A definition that has just come is held by now, so it is found like the others.
            for id in one.markings.to_look_for() {
                if let Entry::Vacant(unknown) = held.entry((one.source, id.to_owned())) {
                    let reader = Reader::of(one.source);
                    unknown.insert(self.held_marking_in(&snapshot, one.source, &reader, id)?);
                }
            }
            let find = |id: &str| held.get(&(one.source, id.to_owned())).copied().flatten();
            let marked = one.markings.amount_to(origin.default_label, find);
            let label = for_the_same(roster, before, marked.label(one.source).told_like(before));
            if opens(before, &label) {
                let collections = roster.collections_of(&one.facts(&label, origin.collection));
                let index = index_at(&snapshot, &visible, one.position, &label)?;
                let key = (label, marked.missing.is_some());
                opened.entry(key).or_default().push(Opened { position: one.position, collections, index });
            }
        }
        drop(snapshot);
        for ((label, waiting), opened) in opened {
            self.relabel_opened((roster, node), (label, waiting), because, opened)?;
        }
        Ok(())
    }

    fn relabel_opened(
        &self,
        (roster, node): (&Roster, &Caller),
        (label, waiting): (Label, bool),
        because: &str,
        opened: Vec<Opened>,
    ) -> Result<Vec<Appended>, Failure> {
        let now = self.now();
        let act = serde_json::json!({"act": "relabel", "because": [because], "tlp": label.tlp.name()});
        let positions: Vec<u64> = opened.iter().map(|one| one.position).collect();
        let statements = Statements { member: label.author, positions: positions.clone() };
        let by = Node::authorized(roster, node, gate::Open, statements)?;
        let (collections, indexes) = opened.into_iter().map(|one| (one.collections, one.index)).unzip();
        let body = act.to_string().into_bytes();
        let batch = Batch {
            submission: node_submission(label.author, now)?,
            now,
            seed: random::bytes()?,
            items: vec![Item::Relabel { positions, label, collections, indexes, waiting, body }],
            complete: true,
            seen: Visible::default(),
            quota: Quota::default(),
            about: None,
            audit: vec![Audit { at: now, token: None, verb: "relabel", target: because.to_owned() }],
            circle_acts: Vec::new(),
        };
        Ok(self.inner.store.append(by, batch)?)
    }
}

/// A submission for something that the node does by itself, or an act.
pub(crate) fn node_submission(source: MemberId, now: model::Timestamp) -> Result<Submission, Error> {
    Ok(Submission {
        id: SubmissionId(random::uuid()?),
        source,
        person: None,
        token: None,
        collection: None,
        received: now,
        outcomes: false,
        default_label: Tlp::Red,
        addressed: String::new(),
    })
}

/// The labels that a condition lets through: for what the node does itself, never for a reader.
pub(crate) fn of_authors(snapshot: &Snapshot, condition: impl Fn(&Label) -> bool) -> Result<Visible, Error> {
    let mut visible = Visible::default();
    for (id, label) in snapshot.labels(LabelId(0))? {
        if condition(&label) {
            visible.allow(id);
        }
    }
    Ok(visible)
}

// What names somebody goes on naming them: a circle as it is now, and nobody else where the marking asks for nothing.
fn for_the_same(roster: &Roster, before: &Label, label: Label) -> Label {
    let audience = roster.circles().as_now(before.clone()).audience();
    if audience.is_everybody() {
        return label;
    }
    Label { tlp: label.tlp.max(Tlp::Green), ..label.to(audience) }
}

// A marking that arrives only ever opens.
fn opens(before: &Label, label: &Label) -> bool {
    label != before && label.tlp <= before.tlp && label.strictest() <= before.strictest()
}

/// What the views keep of what stands at a position, under a label.
pub(crate) fn index_at(
    snapshot: &Snapshot,
    visible: &Visible,
    position: u64,
    label: &Label,
) -> Result<Index, Error> {
    let mut index = Index::default();
    snapshot.entry(visible, position, &mut |entry| {
        let object = strictjson::parse(entry.wire, &strictjson::Limits::default());
        index = object.map(|object| parts::index_of(entry.wire, &object, label)).unwrap_or_default();
    })?;
    Ok(index)
}

/// What an entry says about who it is for.
pub(crate) fn waits(entry: &store::read::Entry<'_>) -> Option<Waiting> {
    let node = strictjson::parse(entry.wire, &strictjson::Limits::default()).ok()?;
    let common = stix::common(&node);
    Some(Waiting {
        position: entry.position,
        source: entry.source,
        kind: entry.kind.to_owned(),
        author: common.created_by_ref.map(str::to_owned),
        pattern_type: common.text("pattern_type").map(str::to_owned),
        label: entry.label,
        markings: Markings::of(entry.wire, &node),
    })
}
