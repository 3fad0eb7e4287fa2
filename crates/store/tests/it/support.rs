//! Small worlds to test in.

use model::gate::{Act, Rebuild, Record, Source, Submit};
use model::{Authorized, CollectionId, Denied, Facts, Principal, Reader, authorize};
use model::{Label, MemberId, SubmissionId, Timestamp, Tlp};
use store::authority::Covers;
use store::directory::{Change, Collection, Epoch};
use store::read::{LabelId, PageEnd, PageQuery, VersionSpec, Visible};
use store::record::{Appended, Audit, Batch, Index, Item, Media, NewStatement, ObjectKey, Quota, Submission};
use store::{Options, Store};
use uuid::Uuid;

/// A store in a folder that goes away with it.
pub struct World {
    pub store: Store,
    pub folder: tempfile::TempDir,
    pub now: i64,
    /// The directory that batches are authorised on.
    pub facts: Epoch,
    submissions: u128,
}

/// 2026-01-01T00:00:00Z.
pub const START: i64 = 1_767_225_600_000_000;

pub fn member(n: u128) -> MemberId {
    MemberId(Uuid::from_u128(0xA000 + n))
}

pub fn key(kind: &str, n: u128) -> ObjectKey {
    ObjectKey { kind: kind.to_owned(), uuid: Uuid::from_u128(n) }
}

/// A statement of `n`, of type indicator, said by member `by` in version `version` under `tlp`.
pub fn said(n: u128, by: u128, version: i64, tlp: Tlp) -> NewStatement {
    let version = Timestamp(START + version * 1000);
    NewStatement {
        object: key("indicator", n),
        version: Some(version),
        version_text: Some(version.millis_text()),
        author: None,
        speaks_for: Vec::new(),
        owned: true,
        bound: false,
        pattern_type: Some("stix".to_owned()),
        revoked: false,
        label: Label::new(member(by), tlp),
        media: Media::Stix21,
        body: format!("{{\"id\":\"indicator--{}\",\"v\":\"{version}\",\"by\":{by}}}", Uuid::from_u128(n))
            .into_bytes(),
        wire: None,
        collections: Vec::new(),
        waits_for: Vec::new(),
        index: Index { text: format!("indicator number{n}"), ..Index::default() },
    }
}

/// What an entry of a page was, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub position: u64,
    pub date_added: i64,
    pub id: String,
    pub version: String,
    pub source: MemberId,
    pub label: LabelId,
    pub wire: String,
}

/// Leave for anything: what is tested with it is the store below the gate.
pub struct Anything;

impl Act<Anything> for Anything {
    fn allows(_: &Principal, _: &Anything) -> Result<(), Denied> {
        Ok(())
    }
}

impl<T> Covers<Anything, T> for Anything {
    fn covers(&self, _: &T) -> bool {
        true
    }
}

/// Leave for anything on this state of the directory.
pub fn anything(epoch: Epoch) -> Authorized<Anything, Anything> {
    authorize(Anything, Anything, &Principal::anonymous(), Facts::of(epoch)).unwrap()
}

/// The one who owns the folder of a member.
pub fn operator(by: u128) -> Principal {
    Principal::operator(Reader::of(member(by)))
}

/// Leave for member 1 to say something outside of any collection.
pub fn saying(epoch: Epoch) -> Authorized<Submit, Source> {
    let source = Source { member: member(1), collection: None };
    authorize(Submit, source, &operator(1), Facts::of(epoch)).unwrap()
}

/// Leave to make the views again.
pub fn rebuilding(epoch: Epoch) -> Authorized<Rebuild, Record> {
    authorize(Rebuild, Record, &operator(0), Facts::of(epoch)).unwrap()
}

impl World {
    pub fn new() -> World {
        World::with(&Options::default())
    }

    pub fn with(options: &Options) -> World {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), options).unwrap();
        World::over(store, folder)
    }

    pub fn over(store: Store, folder: tempfile::TempDir) -> World {
        World { store, folder, now: START, facts: Epoch(0), submissions: 0 }
    }

    /// Those of some positions at which something stands that this member said.
    pub fn said_by(&self, by: u128, positions: Vec<u64>) -> Vec<u64> {
        let (snapshot, visible) = (self.store.snapshot().unwrap(), self.everything());
        let is_his = |position: &u64| {
            let mut his = false;
            // At other positions nothing stands that could be moved.
            let looked = snapshot.entry(&visible, *position, &mut |entry| his = entry.source == member(by));
            looked.is_ok() && his
        };
        positions.into_iter().filter(is_his).collect()
    }

    /// Submissions are numbered after this one.
    pub fn submissions_from(&mut self, number: u128) {
        self.submissions = number;
    }

    pub fn batch(&mut self, by: u128, items: Vec<Item>) -> Batch {
        self.submissions += 1;
        self.now += 1_000_000;
        batch(self.submissions, by, self.now, items)
    }

    pub fn append(&mut self, by: u128, items: Vec<Item>) -> Vec<Appended> {
        let batch = self.batch(by, items);
        self.store.append(anything(self.facts), batch).unwrap()
    }

    pub fn say(&mut self, by: u128, new: NewStatement) -> Appended {
        self.append(by, vec![statement(new)]).remove(0)
    }

    pub fn reopen(self) -> World {
        let World { store, folder, now, facts, submissions } = self;
        drop(store);
        let store = Store::open(folder.path(), &Options::default()).unwrap();
        World { store, folder, now, facts, submissions }
    }

    /// A filtered collection.
    pub fn collection(&mut self, n: u128) -> CollectionId {
        let id = CollectionId(Uuid::from_u128(0xC000 + n));
        let collection = Collection {
            id,
            title: format!("collection {n}"),
            description: String::new(),
            alias: None,
            filter: "some".to_owned(),
            ceiling: Tlp::Red,
            default_label: Tlp::Amber,
            created: Timestamp(START),
            curation: model::circle::Curation::None,
            desk: false,
            recipients: String::new(),
            revoked: None,
        };
        let audit =
            Audit { at: Timestamp(START), token: None, verb: "collection.add", target: String::new() };
        self.facts =
            self.store.change(anything(self.facts), &[Change::Collection(collection)], audit).unwrap();
        id
    }

    pub fn page(&self, query: &PageQuery<'_>) -> (Vec<Seen>, PageEnd) {
        let mut seen = Vec::new();
        let snapshot = self.store.snapshot().unwrap();
        let end = snapshot
            .page(query, &mut |entry| {
                seen.push(Seen {
                    position: entry.position,
                    date_added: entry.date_added.0,
                    id: format!("{}--{}", entry.kind, entry.uuid),
                    version: entry.version_text(),
                    source: entry.source,
                    label: entry.label,
                    wire: String::from_utf8(entry.wire.to_vec()).unwrap(),
                });
            })
            .unwrap();
        // The same as a text.
        let (mut text, mut told) = (b"[".to_vec(), Vec::new());
        let end_of_text = snapshot
            .page_into(query, &mut text, &mut |_, label, date_added| told.push((label, date_added.0)))
            .unwrap();
        let wires: Vec<&str> = seen.iter().map(|one| one.wire.as_str()).collect();
        assert_eq!(String::from_utf8(text).unwrap(), format!("[{}", wires.join(",")));
        assert_eq!(told, seen.iter().map(|one| (one.label, one.date_added)).collect::<Vec<_>>());
        assert_eq!(end_of_text, end);
        (seen, end)
    }

    /// Positions of everything that may be seen with these labels, by pages of `limit`.
    pub fn crawl(&self, visible: &Visible, versions: &[VersionSpec], limit: usize) -> Vec<u64> {
        let mut query = all(visible);
        query.versions = versions.to_vec();
        query.limit = limit;
        let mut positions = Vec::new();
        loop {
            let (seen, end) = self.page(&query);
            assert!(!seen.is_empty() || !end.more, "an empty page says that more follows");
            positions.extend(seen.iter().map(|one| one.position));
            query.from = end.next;
            if !end.more {
                return positions;
            }
        }
    }

    /// Every label that there is.
    pub fn everything(&self) -> Visible {
        let mut visible = Visible::default();
        for (label, _) in self.store.snapshot().unwrap().labels(LabelId(0)).unwrap() {
            visible.allow(label);
        }
        visible
    }
}

pub fn all(visible: &Visible) -> PageQuery<'_> {
    PageQuery::everything(visible, 0.into(), 1000)
}

pub fn statement(new: NewStatement) -> Item {
    Item::Statement(Box::new(new))
}

pub fn batch(submission: u128, by: u128, now: i64, items: Vec<Item>) -> Batch {
    Batch {
        submission: Submission {
            id: SubmissionId(Uuid::from_u128(submission)),
            source: member(by),
            person: None,
            token: None,
            collection: None,
            received: Timestamp(now),
            outcomes: true,
            default_label: Tlp::Amber,
            addressed: String::new(),
        },
        now: Timestamp(now),
        seed: [7; 32],
        items,
        complete: true,
        seen: Visible::default(),
        quota: Quota::default(),
        about: None,
        audit: Vec::new(),
        circle_acts: Vec::new(),
    }
}
