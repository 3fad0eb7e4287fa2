//! Who was lent what stands at some positions, as far as reads are written down: as ranges of times, so of each answer it is
//! known that it may have held an entry, and of none what else was in it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::access::why;
use model::{Label, MemberId, Reader, Timestamp, Tlp};
use store::read::{LabelId, Snapshot};
use store::upkeep::Lent;

use crate::roster::Roster;
use crate::{Error, Node};

/// Rows of the reads that are looked at together.
const PAGE: usize = 1_000;
/// Roads on which many entries leave together: who takes them has not asked for one. Of `feed` only what acts leaves, so that
/// who took one would tell what his hosts did; the stream tells everybody of all that he sees.
const HANDED: [&str; 5] = ["list", "objects", "manifest", "export", "stream"];

/// An entry that somebody may hold.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Where it stands.
    pub(crate) position: u64,
    /// Its label.
    pub(crate) label: Label,
}

/// What a member may hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holding {
    /// Answers, by road.
    pub(crate) roads: BTreeMap<String, u64>,
    /// Which of the entries, by their place among those asked about.
    pub(crate) entries: BTreeSet<usize>,
    /// Those of them that were in lists and exports, which nobody takes for the sake of one entry.
    pub(crate) handed: BTreeSet<usize>,
    /// The first of these, and on which road.
    pub(crate) first: Option<(Timestamp, String)>,
    /// The last of the answers.
    pub(crate) last: Timestamp,
}

impl Holding {
    /// All answers.
    pub(crate) fn answers(&self) -> u64 {
        self.roads.values().sum()
    }
}

/// Entries that share the times that they can have.
#[derive(Debug, Clone)]
struct Window {
    /// After this, up to the end.
    start: i64,
    end: i64,
    tlp: Tlp,
    targets: Vec<usize>,
}

struct Looking<'a> {
    node: &'a Node,
    roster: &'a Roster,
    snapshot: &'a Snapshot,
    targets: &'a [Target],
    labels: HashMap<Vec<u8>, LabelId>,
    commits: BTreeMap<(i64, i64, usize), Vec<usize>>,
    kinds: Vec<Label>,
    now: Timestamp,
}

impl Node {
    /// Who may hold these entries, by what was written down of reads, the newest first. Visitors' reads are not written down,
    /// and rows that are older than the operator keeps them are gone.
    pub(crate) fn holders(
        &self,
        roster: &Roster,
        targets: &[Target],
    ) -> Result<BTreeMap<MemberId, Holding>, Error> {
        self.holders_since(roster, targets, Timestamp(i64::MIN))
    }

    /// The same, where nobody can have been lent any of it before a time.
    pub(crate) fn holders_since(
        &self,
        roster: &Roster,
        targets: &[Target],
        since: Timestamp,
    ) -> Result<BTreeMap<MemberId, Holding>, Error> {
        let mut held: BTreeMap<MemberId, Holding> = BTreeMap::new();
        if targets.is_empty() {
            return Ok(held);
        }
        // What was answered before this has its row.
        self.inner.write_down_reads()?;
        let snapshot = self.inner.store.snapshot()?;
        let looking = Looking::new(self, roster, &snapshot, targets)?;
        let mut windows: HashMap<MemberId, Vec<Window>> = HashMap::new();
        let mut before = Timestamp::MAX;
        loop {
            let rows = snapshot.lent(None, before, PAGE)?;
            let Some(oldest) = rows.last() else { break };
            before = oldest.at;
            for row in rows.iter().filter(|row| row.at >= since) {
                let of_member = match windows.entry(row.member) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(looking.windows(row.member)?),
                };
                looking.note(row, of_member, held.entry(row.member).or_default())?;
            }
            if before < since {
                break;
            }
        }
        held.retain(|_, one| !one.entries.is_empty());
        Ok(held)
    }
}

impl<'a> Looking<'a> {
    fn new(
        node: &'a Node,
        roster: &'a Roster,
        snapshot: &'a Snapshot,
        targets: &'a [Target],
    ) -> Result<Looking<'a>, Error> {
        let labels = snapshot.labels(LabelId(0))?;
        let labels = labels.into_iter().map(|(id, label)| (label.canonical(), id)).collect();
        let (mut kinds, mut places): (Vec<Label>, HashMap<Vec<u8>, usize>) = (Vec::new(), HashMap::new());
        let mut commits: BTreeMap<(i64, i64, usize), Vec<usize>> = BTreeMap::new();
        for (at, target) in targets.iter().enumerate() {
            let place = *places.entry(target.label.canonical()).or_insert_with(|| {
                kinds.push(target.label.clone());
                kinds.len() - 1
            });
            let (start, end) = snapshot.commit_of(target.position)?;
            commits.entry((start.0, end.0, place)).or_default().push(at);
        }
        Ok(Looking { node, roster, snapshot, targets, labels, commits, kinds, now: node.now() })
    }

    // The times that the entries have for a member, as far as he sees them or saw them.
    fn windows(&self, member: MemberId) -> Result<Vec<Window>, Error> {
        let mut opened = self.snapshot.openings(member, None)?;
        let persons = self.roster.directory().persons.iter().filter(|person| person.member == member);
        for person in persons {
            opened.extend(self.snapshot.openings(member, Some(person.id))?);
        }
        let mut windows = Vec::new();
        for ((start, end, place), targets) in &self.commits {
            let Some(label) = self.kinds.get(*place).filter(|label| self.saw(member, label)) else {
                continue;
            };
            let tlp = label.tlp;
            windows.push(Window { start: *start, end: *end, tlp, targets: targets.clone() });
            let Some(id) = self.labels.get(&label.canonical()) else { continue };
            for block in opened.iter().filter(|one| one.label == *id) {
                let stood = |at: &&usize| {
                    self.targets.get(**at).is_some_and(|target| target.position < block.position)
                };
                let targets: Vec<usize> = targets.iter().filter(stood).copied().collect();
                let same = opened.iter().filter(|one| one.until == block.until);
                let count: u64 = same.map(|one| one.count).sum();
                let (start, end) = (block.until.0.saturating_sub(count.cast_signed()), block.until.0);
                if !targets.is_empty() {
                    windows.push(Window { start, end, tlp, targets });
                }
            }
        }
        Ok(windows)
    }

    // Who was in a circle once may have read there what he does not see any more.
    fn saw(&self, member: MemberId, label: &Label) -> bool {
        let reader = self.roster.reader(member, self.now);
        let of_member = |id| self.roster.person(id).is_some_and(|person| person.member == member);
        let to = &label.recipients;
        let was_in = |id| self.roster.circles().with_audience(id).is_some_and(|one| one.was_in(member));
        why(&reader, label, self.now).is_ok()
            || to.persons.iter().copied().any(of_member)
            || to.circles.iter().copied().any(was_in)
    }

    fn note(&self, row: &Lent, windows: &[Window], holding: &mut Holding) -> Result<(), Error> {
        let handed = HANDED.contains(&row.verb.as_ref());
        let mut met = false;
        for window in windows {
            if row.first.0 > window.end || row.last.0 <= window.start || window.tlp > row.tlp {
                continue;
            }
            let covers = row.first.0 <= window.start + 1 && row.last.0 >= window.end;
            for at in &window.targets {
                if covers || self.is_in(row, *at)? {
                    met = true;
                    holding.entries.insert(*at);
                    if handed {
                        holding.handed.insert(*at);
                    }
                }
            }
        }
        if met {
            *holding.roads.entry(row.verb.to_string()).or_default() += 1;
            holding.last = holding.last.max(row.at);
            // Rows come the newest first.
            if handed {
                holding.first = Some((row.at, row.verb.to_string()));
            }
        }
        Ok(())
    }

    // Where a range ends within a commit, the entry's own time for that very reader says it.
    fn is_in(&self, row: &Lent, at: usize) -> Result<bool, Error> {
        let Some(target) = self.targets.get(at) else { return Ok(false) };
        let token = row.token.and_then(|id| self.roster.token(id));
        let reader = match token {
            Some(token) => self.roster.caller(token, self.now).principal.reader,
            None => self.roster.reader(row.member, self.now),
        };
        let ceiling = row.collection.and_then(|id| self.roster.collection(id)).map(|one| one.ceiling);
        let reader =
            Reader { ceiling: ceiling.map_or(reader.ceiling, |most| most.min(reader.ceiling)), ..reader };
        let sight =
            self.node.inner.visibility.sight(self.snapshot, &reader, self.roster.epoch(), self.now)?;
        let mut added = None;
        match self
            .snapshot
            .entry(&sight.visible, target.position, &mut |entry| added = Some(entry.date_added))
        {
            // What he does not see any more may have had any time of its commit.
            Err(error) if error.kind == store::Kind::NotFound => {}
            lent => lent?,
        }
        Ok(added.is_none_or(|added| row.first <= added && added <= row.last))
    }
}
