//! Worlds to read in: members, collections, tokens, and statements under labels of every kind, written to the store
//! directly, so that they hold what no submission could make yet (recipients, embargoes, origins withheld).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use model::{
    Denied, Embargo, Facts, Label, MemberId, Origin, Parts, Principal, Reader, SubmissionId, Timestamp, Tlp,
    authorize, hidden_parts, may_see,
};
use node::{Caller, Credential, NewCollection, NewMember, NewToken, Node, Settings};
use store::authority::Covers;
use store::record::{Appended, Batch, Item, Media, NewStatement, ObjectKey, Quota, Submission};
use store::{Options, Store};
use uuid::Uuid;

/// 2026-06-01T00:00:00Z, by the node's clock.
pub const NOW: Timestamp = Timestamp(1_780_272_000_000_000);
/// How many members there are beside the node's own.
pub const MEMBERS: usize = 4;
/// Ids that statements are about, of each type.
pub const OBJECTS: u64 = 12;
/// The member whose origin is always withheld, and his name, which nobody else may read.
pub const WITHHELD: usize = 3;
pub const WITHHELD_NAME: &str = "canary-withheld-member";
/// The collections' titles and filters.
pub const COLLECTIONS: [(&str, &str, Option<Tlp>); 5] = [
    ("everything", "", None),
    ("open", "", Some(Tlp::Green)),
    ("indicators", "type in (indicator, malware) and label <= amber", None),
    ("of-one", "source = member-1", Some(Tlp::Amber)),
    // The only one that visitors are told of.
    ("for-everybody", "", Some(Tlp::Clear)),
];

/// Random enough, and the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides.max(1)
    }

    pub fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize].clone()
    }
}

/// Opens a node at `NOW`.
pub fn open(folder: &Path) -> Node {
    let settings = Settings { anonymous: true, page_limit: 50, ..Settings::default() };
    Node::open(folder, settings, Arc::new(|| NOW)).unwrap()
}

/// The directory of a world: made once, and copied for worlds that are to have the same members.
pub struct Base {
    pub folder: tempfile::TempDir,
    pub members: Vec<MemberId>,
    pub identities: Vec<String>,
    pub secrets: Vec<String>,
    /// A second token of the first member, below AMBER.
    pub low: String,
    /// A token of the second member, for the collection `indicators` alone.
    pub scoped: String,
}

impl Base {
    pub fn new() -> Base {
        let folder = tempfile::tempdir().unwrap();
        let node = open(folder.path());
        let operator = node.operator();
        let mut base = Base {
            members: Vec::new(),
            identities: Vec::new(),
            secrets: Vec::new(),
            low: String::new(),
            scoped: String::new(),
            folder,
        };
        for n in 0..MEMBERS {
            let name = if n == WITHHELD { WITHHELD_NAME.to_owned() } else { format!("member-{n}") };
            let member =
                node.add_member(&operator, &NewMember { name: name.clone(), ..NewMember::default() });
            let member = member.unwrap();
            base.members.push(member.id.parse().unwrap());
            base.identities.push(member.identities[0].clone());
            base.secrets.push(token(&node, &operator, &name, None, &[]));
        }
        for (title, filter, ceiling) in COLLECTIONS {
            let new = NewCollection {
                title: title.to_owned(),
                alias: Some(format!("{title}-alias")),
                filter: filter.to_owned(),
                ceiling,
                default_label: Some(Tlp::Clear),
                ..NewCollection::default()
            };
            node.add_collection(&operator, &new).unwrap();
        }
        base.low = token(&node, &operator, "member-0", Some(Tlp::Green), &[]);
        base.scoped = token(&node, &operator, "member-1", None, &["indicators"]);
        node.stop();
        base
    }

    /// A world with this directory and these statements. Statements that `keep` refuses are left out, as if they had
    /// never been.
    pub fn world(&self, said: &[Said], keep: impl Fn(&Said) -> bool) -> World {
        let folder = tempfile::tempdir().unwrap();
        copy(self.folder.path(), folder.path());
        let store = Store::open(folder.path(), &Options::default()).unwrap();
        let facts = store.directory().unwrap().epoch;
        let mut writer = Writer { store, facts, batches: 0 };
        let mut commits: BTreeMap<(usize, usize), Vec<&Said>> = BTreeMap::new();
        for one in said.iter().filter(|one| keep(one)) {
            commits.entry((one.turn, one.by)).or_default().push(one);
        }
        for ((turn, by), said) in commits {
            writer.write(self, turn * MEMBERS + by, &said);
        }
        drop(writer);
        World { node: open(folder.path()), folder }
    }
}

fn token(node: &Node, operator: &Caller, member: &str, ceiling: Option<Tlp>, read: &[&str]) -> String {
    let new = NewToken {
        member: member.to_owned(),
        roles: vec!["analyst".to_owned()],
        ceiling,
        read: read.iter().map(|name| (*name).to_owned()).collect(),
        ..NewToken::default()
    };
    node.add_token(operator, &new).unwrap().secret
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

/// A node with statements in it.
pub struct World {
    pub node: Node,
    pub folder: tempfile::TempDir,
}

impl World {
    /// The callers of a base: each member, the low token, the operator, a visitor.
    pub fn callers(&self, base: &Base) -> Vec<Caller> {
        let mut callers: Vec<Caller> = base.secrets.iter().map(|secret| self.caller(secret)).collect();
        callers.push(self.caller(&base.low));
        callers.push(self.node.operator());
        callers.push(self.node.visitor().unwrap());
        callers
    }

    pub fn caller(&self, secret: &str) -> Caller {
        self.node.authenticate(&Credential::Token(secret.to_owned()), None).unwrap()
    }

    pub fn reopen(self) -> World {
        self.node.stop();
        let World { node, folder } = self;
        drop(node);
        World { node: open(folder.path()), folder }
    }
}

/// A statement to be made, or an act.
#[derive(Debug, Clone)]
pub struct Said {
    /// When it is said: what a member says in one turn is one commit.
    pub turn: usize,
    pub by: usize,
    pub kind: &'static str,
    pub n: u64,
    pub version: u64,
    pub label: Label,
    /// A text that is in this statement and in no other.
    pub canary: String,
    pub fields: String,
    /// The member to whom the id is bound; `None` binds it to nobody.
    pub owner: Option<usize>,
    pub act: Option<Act>,
    /// What is in it for fewer.
    pub part: Option<Part>,
}

/// Parts of a statement under a marking of their own.
#[derive(Debug, Clone)]
pub struct Part {
    pub tlp: Tlp,
    /// The marking is none of TLP.
    pub other: bool,
    /// A text that is in these parts and nowhere else.
    pub canary: String,
    /// They are not there, as if they had never been.
    pub gone: bool,
}

/// Statements that are made in one turn.
const TOGETHER: usize = 24;
const OTHER_MARKING: &str = "marking-definition--00000000-0000-4000-8000-0000000000ee";
const TLPS: [(Tlp, &str); 5] = [
    (Tlp::Clear, "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"),
    (Tlp::Green, "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"),
    (Tlp::Amber, "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"),
    (Tlp::AmberStrict, "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"),
    (Tlp::Red, "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"),
];

#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// The member takes back what he said of the object.
    Withdraw,
    /// What the member said of the object is CLEAR from now on.
    Open,
}

pub const KINDS: [&str; 6] = ["indicator", "malware", "relationship", "note", "ipv4-addr", "report"];

pub fn id(kind: &str, n: u64) -> String {
    let at = KINDS.iter().position(|one| *one == kind).unwrap_or(KINDS.len());
    format!("{kind}--{}", Uuid::from_u128((1 << 100) + ((at as u128) << 32) + u128::from(n)))
}

/// Statements of random members about random objects.
pub fn random(dice: &mut Dice, base: &Base, count: usize, acts: bool) -> Vec<Said> {
    (0..count).map(|at| one(dice, base, at, acts)).collect()
}

fn one(dice: &mut Dice, base: &Base, at: usize, acts: bool) -> Said {
    let kind = dice.pick(&KINDS);
    let n = dice.roll(OBJECTS);
    let (one, two) = (dice.roll(OBJECTS), dice.roll(OBJECTS));
    let by = dice.roll(MEMBERS as u64) as usize;
    let mut owner = if n.is_multiple_of(4) { None } else { Some((n % MEMBERS as u64) as usize) };
    if !acts && dice.one_in(4) {
        // Somebody names another author under an id that is perhaps somebody's already.
        owner = if dice.one_in(3) { None } else { Some(dice.roll(MEMBERS as u64) as usize) };
    }
    let act = match dice.roll(12) {
        0 if acts => Some(Act::Withdraw),
        1 if acts => Some(Act::Open),
        _ => None,
    };
    let version = if kind == "ipv4-addr" { 0 } else { dice.roll(5) };
    let canary = format!("canary{at}x{}", dice.roll(1 << 20));
    let fields = match kind {
        "indicator" => format!(
            r#""name":"{canary}","pattern":"[ipv4-addr:value = '198.51.100.{n}' OR domain-name:value = 'a{one}.example.com']","pattern_type":"stix","valid_from":"2026-01-0{}T00:00:00Z"{}"#,
            1 + n % 8,
            if dice.one_in(3) { r#","valid_until":"2026-02-01T00:00:00Z""# } else { "" },
        ),
        "malware" => format!(r#""name":"{canary}","aliases":["alias{n}","{canary}b"],"is_family":false"#),
        "relationship" => format!(
            r#""relationship_type":"indicates","source_ref":"{}","target_ref":"{}","description":"{canary}""#,
            id("indicator", one),
            id("malware", two),
        ),
        "note" => format!(r#""content":"{canary}","object_refs":["{}"]"#, id(dice.pick(&KINDS), one)),
        "ipv4-addr" => format!(r#""value":"198.51.100.{n}","x_canary":"{canary}""#),
        _ => format!(
            r#""name":"{canary}","published":"2026-01-01T00:00:00Z","object_refs":["{}","{}"]"#,
            id("indicator", one),
            id("malware", two),
        ),
    };
    let turn = at / TOGETHER;
    Said { turn, by, kind, n, version, label: label(dice, base, by), canary, fields, owner, act, part: None }
}

fn label(dice: &mut Dice, base: &Base, by: usize) -> Label {
    let mut label = Label::new(base.members[by], dice.pick(&Tlp::ALL));
    if dice.one_in(3) {
        label.recipients.members.push(dice.pick(&base.members));
    }
    if dice.one_in(6) {
        label.embargo = Some(Embargo {
            case: "VU 7".to_owned(),
            until: Some(Timestamp(NOW.0 - 1 + dice.roll(3) as i64)),
        });
    }
    if by == WITHHELD {
        label.origin = Origin::Withheld;
    }
    label
}

/// Gives some statements parts that are for fewer than the statement is.
pub fn restrict(dice: &mut Dice, said: &mut [Said]) {
    for (at, one) in said.iter_mut().enumerate() {
        let above: Vec<Tlp> = Tlp::ALL.into_iter().filter(|tlp| *tlp > one.label.tlp).collect();
        if above.is_empty() || one.kind == "ipv4-addr" || dice.one_in(2) {
            continue;
        }
        let (tlp, other) = (dice.pick(&above), dice.one_in(3));
        one.label.parts = Some(Parts { strictest: tlp, others: other.then_some(tlp) });
        one.part = Some(Part { tlp, other, canary: format!("part{at}x{}", dice.roll(1 << 20)), gone: false });
    }
}

impl Part {
    // What it adds to an object; `tags` and `references` are of the whole.
    fn members(&self, of: &Said) -> String {
        let canary = &self.canary;
        let word =
            if ["indicator", "malware", "report"].contains(&of.kind) { "description" } else { "x_part" };
        let reference = format!(r#"{{"source_name":"t","external_id":"{}ext"}}"#, of.canary);
        let stays = |first: u8| {
            let clear = TLPS[0].1;
            format!(
                r#"{{"marking_ref":"{clear}","selectors":["labels.[{first}]","external_references.[{first}].external_id"]}}"#
            )
        };
        if self.gone {
            return format!(r#""external_references":[{reference}],"granular_markings":[{}],"#, stays(0));
        }
        let named = TLPS.iter().find(|(tlp, _)| *tlp == self.tlp).unwrap().1;
        let marking = if self.other { OTHER_MARKING } else { named };
        format!(
            r#""{word}":"{canary}word","external_references":[{{"source_name":"s","external_id":"{canary}ext"}},{reference}],"x_part_refs":["{}"],"granular_markings":[{{"marking_ref":"{marking}","selectors":["labels.[0]","{word}","external_references.[0]","x_part_refs"]}},{}],"#,
            id("malware", of.n),
            stays(1),
        )
    }

    fn tag(&self) -> String {
        if self.gone { String::new() } else { format!(r#""{}tag","#, self.canary) }
    }
}

impl Said {
    /// What there is of it for a reader: it is as if the rest had never been said.
    pub fn shown_to(&self, reader: &Reader) -> Option<Said> {
        let mut shown = self.clone();
        if !may_see(reader, &self.label, NOW) {
            return None;
        }
        if hidden_parts(reader, &self.label, NOW).is_some() {
            shown.label.parts = None;
            shown.part = self.part.clone().map(|part| Part { gone: true, ..part });
        }
        Some(shown)
    }

    pub fn id(&self) -> String {
        id(self.kind, self.n)
    }

    /// The object as it is submitted.
    pub fn json(&self, base: &Base) -> String {
        let head = format!(r#"{{"type":"{}","spec_version":"2.1","id":"{}""#, self.kind, self.id());
        let (members, tag) =
            self.part.as_ref().map(|part| (part.members(self), part.tag())).unwrap_or_default();
        let tag = format!(r#""labels":[{tag}"tag{}","{}tag"]"#, self.n % 3, self.canary);
        if self.kind == "ipv4-addr" {
            return format!("{head},{}}}", self.fields);
        }
        let by = match self.owner {
            Some(owner) => format!(r#""created_by_ref":"{}","#, base.identities[owner]),
            None => String::new(),
        };
        // Some write three digits, some six, some none.
        let version = ["00.000Z", "00.000000Z", "00Z", "00.1Z", "00.123Z"][self.version as usize % 5];
        format!(
            r#"{head},{by}"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T0{}:00:{version}",{tag},{members}{}}}"#,
            self.version, self.fields
        )
    }

    fn statement(&self, base: &Base) -> NewStatement {
        let body = self.json(base);
        let object = strictjson::parse(body.as_bytes(), &strictjson::Limits::default()).unwrap();
        let text = |key: &str| object.get(key).and_then(|node| node.as_str()).map(str::to_owned);
        NewStatement {
            object: ObjectKey::parse(&self.id()).unwrap(),
            version: text("modified").map(|text| text.parse().unwrap()),
            version_text: text("modified"),
            author: text("created_by_ref"),
            bound: self.owner == Some(self.by) && self.kind != "ipv4-addr",
            speaks_for: Vec::new(),
            owned: self.owner.is_none_or(|owner| owner == self.by) || self.kind == "ipv4-addr",
            pattern_type: text("pattern_type"),
            revoked: false,
            label: self.label.clone(),
            media: Media::Stix21,
            collections: Vec::new(),
            waits_for: Vec::new(),
            index: node::core::parts::index_of(body.as_bytes(), &object, &self.label),
            wire: None,
            body: body.clone().into_bytes(),
        }
    }
}

/// Leave for anything: these worlds are written below the gate.
struct Anything;

impl model::gate::Act<Anything> for Anything {
    fn allows(_: &Principal, _: &Anything) -> Result<(), Denied> {
        Ok(())
    }
}

impl<T> Covers<Anything, T> for Anything {
    fn covers(&self, _: &T) -> bool {
        true
    }
}

struct Writer {
    store: Store,
    facts: store::directory::Epoch,
    batches: u128,
}

impl Writer {
    fn write(&mut self, base: &Base, at: usize, said: &[&Said]) {
        let items = said.iter().map(|one| self.item(base, one)).collect();
        self.append(base.members[said[0].by], at, items);
    }

    fn item(&self, base: &Base, said: &Said) -> Item {
        match said.act {
            None => {
                let mut new = said.statement(base);
                new.collections = self.collections(base, &new, said.by);
                Item::Statement(Box::new(new))
            }
            Some(Act::Withdraw) => Item::Withdraw {
                object: ObjectKey::parse(&said.id()).unwrap(),
                source: Some(base.members[said.by]),
                versions: None,
                body: b"{}".to_vec(),
            },
            Some(Act::Open) => {
                let label = Label { tlp: Tlp::Clear, ..Label::new(base.members[said.by], Tlp::Clear) };
                let label = Label { origin: said.label.origin, ..label };
                let positions = self.positions(base, said);
                let collections = positions
                    .iter()
                    .map(|_| {
                        let new = NewStatement { label: label.clone(), ..said.statement(base) };
                        self.collections(base, &new, said.by)
                    })
                    .collect();
                let (indexes, body) = (Vec::new(), b"{}".to_vec());
                Item::Relabel { positions, label, collections, indexes, waiting: false, body }
            }
        }
    }

    // Filters are judged by the node at submission; here they are told by hand.
    fn collections(&self, base: &Base, new: &NewStatement, by: usize) -> Vec<model::CollectionId> {
        let kind = new.object.kind.as_str();
        let directory = self.store.directory().unwrap();
        let is_in = |title: &str| match title {
            "indicators" => ["indicator", "malware"].contains(&kind) && new.label.tlp <= Tlp::Amber,
            "of-one" => by == 1,
            _ => false,
        };
        assert_eq!(new.label.author, base.members[by]);
        directory.collections.iter().filter(|one| is_in(&one.title)).map(|one| one.id).collect()
    }

    fn positions(&self, base: &Base, said: &Said) -> Vec<u64> {
        let snapshot = self.store.snapshot().unwrap();
        let mut visible = store::read::Visible::default();
        for (id, _) in snapshot.labels(store::read::LabelId(0)).unwrap() {
            visible.allow(id);
        }
        let mut positions = Vec::new();
        snapshot
            .versions(&visible, &ObjectKey::parse(&said.id()).unwrap(), &mut |hit| {
                if hit.source == base.members[said.by] {
                    positions.push(hit.position);
                }
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        positions
    }

    // The clock is that of a world in which everything is said.
    fn append(&mut self, source: MemberId, at: usize, items: Vec<Item>) -> Vec<Appended> {
        self.batches += 1;
        let at = Timestamp(NOW.0 - 1_000_000_000 + i64::try_from(at).unwrap() * 1_500);
        let batch = Batch {
            submission: Submission {
                id: SubmissionId(Uuid::from_u128(self.batches)),
                source,
                person: None,
                token: None,
                collection: None,
                received: at,
                outcomes: false,
                default_label: Tlp::Amber,
                addressed: String::new(),
            },
            now: at,
            seed: [7; 32],
            items,
            complete: true,
            seen: store::read::Visible::default(),
            quota: Quota::default(),
            about: None,
            audit: Vec::new(),
            circle_acts: Vec::new(),
        };
        let by = authorize(Anything, Anything, &Principal::anonymous(), Facts::of(self.facts)).unwrap();
        self.store.append(by, batch).unwrap()
    }
}
