//! From what stands in the record to what is judged.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use model::circle::Curation;
use model::matching::{Mode, Scheme};
use model::observable::{Kind, Observable, normalise, text_of_key, url_of_form, value_of_key};
use model::protect::{
    Action, Does, Fact, Falling, Gate, Local, Mistaken, Policy, Seen, Verdict, Warned, ends_by_itself,
    falling, judge,
};
use model::{CircleId, Label, MemberId, Origin, PermittedActions, Timestamp, Tlp};
use store::read::LabelId;
use store::record::ObjectKey;
use store::seen::Common;
use store::spoken::Spoken;
use store::stands::{Commit, Stand};
use uuid::Uuid;

use crate::core::sought::may_be_common;
use crate::core::stands::Told;
use crate::core::verdicts::{Verdicts, Voice, word};
use crate::core::warning::WarningLists;
use crate::reading::Reading;
use crate::recall::acts_no_more;
use crate::{Error, Kind as ErrorKind, Node};

const DAY_US: i64 = 86_400_000_000;
/// Whom the desk speaks for, as one.
pub(crate) const UNNAMED: MemberId = MemberId(Uuid::nil());
/// Commits that are remembered; more begin anew.
const COMMITS: usize = 100_000;

/// What one reader's policy makes of what he sees.
pub(crate) struct Judging<'a> {
    pub(crate) reading: &'a Reading,
    policy: Policy,
    lists: &'a WarningLists,
    node: &'a Node,
    // What many of the member's hosts touched of late, where very many values are judged.
    common: Option<Arc<Common>>,
    labels: RefCell<HashMap<LabelId, Rc<OfLabel>>>,
    commits: RefCell<BTreeMap<u64, Commit>>,
    // What is said of each indicator, where very many are judged.
    all_verdicts: Option<HashMap<Uuid, (Option<Timestamp>, Mistaken)>>,
    // Of each source, day and limit: the first position that is behind it.
    beyond: RefCell<HashMap<(MemberId, i64, u64), Option<u64>>>,
}

/// How many values are to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judged {
    /// A few: all that is known of each is looked up.
    Few,
    /// Some hundreds: what is rare at the member is not looked up by itself.
    Some,
    /// Very many: what is said of indicators is read beforehand, too.
    All,
}

/// What a label says to this reader.
struct OfLabel {
    tlp: Tlp,
    circles: Vec<CircleId>,
    permits: PermittedActions,
    is_desk: bool,
    released: bool,
}

/// An indicator that says a value, as it is judged and as it is told.
#[derive(Debug, Clone)]
pub(crate) struct Saying {
    pub(crate) fact: Fact,
    pub(crate) told: Told,
    pub(crate) position: u64,
    pub(crate) label: LabelId,
}

impl<'a> Judging<'a> {
    pub(crate) fn new(
        node: &'a Node,
        reading: &'a Reading,
        policy: Policy,
        values: Judged,
    ) -> Result<Judging<'a>, Error> {
        let (labels, commits, beyond) = (RefCell::default(), RefCell::default(), RefCell::default());
        let common = match reading.reader.filter(|_| values != Judged::Few) {
            Some(member) => {
                let percent = f64::from(policy.prevalence.share) / 100.0;
                Some(node.inner.seen.common(member, node.seen_from(), percent, policy.prevalence.hosts)?)
            }
            None => None,
        };
        let lists = node.warning_lists();
        let all_verdicts = None;
        let mut judging =
            Judging { reading, policy, lists, node, common, labels, commits, all_verdicts, beyond };
        if values == Judged::All {
            let mut all = HashMap::new();
            judging.each_verdicts(&mut |of, verdicts| {
                all.insert(of, (verdicts.sighted(), verdicts.mistaken()));
                ControlFlow::Continue(())
            })?;
            judging.all_verdicts = Some(all);
        }
        Ok(judging)
    }

    /// Who says what bears a label: what the desk says for members that are not named is one voice, and who they are, and how
    /// many, is not told.
    fn voice(&self, source: MemberId, label: &OfLabel) -> Voice {
        let own = self.reading.reader == Some(source) || self.reading.alias == Some(source);
        let member = match (own, label.is_desk) {
            (true, _) => self.reading.reader.unwrap_or(source),
            (_, true) => UNNAMED,
            _ => source,
        };
        Voice { member, own }
    }

    fn hear(&self, verdicts: &mut Verdicts, spoken: &Spoken<'_>) -> Result<(), Error> {
        let Some(word) = word(spoken.sort, spoken.facts) else {
            return Err(Error::new(ErrorKind::Internal, "what was noted of a verdict cannot be read"));
        };
        let voice = self.voice(spoken.source, &self.label(spoken.label));
        let entered = self.commit(spoken.position)?.at;
        verdicts.add(voice, (spoken.position, entered), word);
        Ok(())
    }

    /// What is said of an indicator.
    pub(crate) fn verdicts(&self, of: Uuid) -> Result<Verdicts, Error> {
        let (mut verdicts, mut heard) = (Verdicts::default(), Ok(()));
        self.reading.snapshot.spoken_of(&self.reading.sight.visible, of, &mut |spoken| {
            if heard.is_ok() {
                heard = self.hear(&mut verdicts, spoken);
            }
        })?;
        heard.map(|()| verdicts)
    }

    /// Who said what stands under an id, as far as the reader is told.
    pub(crate) fn authors(&self, object: &ObjectKey) -> Result<Vec<MemberId>, Error> {
        let mut authors = Vec::new();
        self.reading.snapshot.standing(&self.reading.sight.visible, object, &mut |hit| {
            authors.push(self.voice(hit.source, &self.label(hit.label)).member);
            ControlFlow::Continue(())
        })?;
        authors.sort_unstable();
        authors.dedup();
        authors.retain(|author| *author != UNNAMED);
        Ok(authors)
    }

    /// What is said of every indicator, in the order of their ids, until told to stop.
    pub(crate) fn each_verdicts(
        &self,
        each: &mut dyn FnMut(Uuid, &Verdicts) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let (mut at, mut heard) = (None::<(Uuid, Verdicts)>, Ok(ControlFlow::Continue(())));
        self.reading.snapshot.all_spoken(&self.reading.sight.visible, &mut |spoken| {
            if at.as_ref().is_none_or(|(of, _)| *of != spoken.of)
                && let Some((of, verdicts)) = at.replace((spoken.of, Verdicts::default()))
            {
                heard = Ok(each(of, &verdicts));
            }
            if let (Some((_, verdicts)), Ok(ControlFlow::Continue(()))) = (&mut at, &heard)
                && let Err(error) = self.hear(verdicts, spoken)
            {
                heard = Err(error);
            }
            if matches!(heard, Ok(ControlFlow::Continue(()))) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        if let (Ok(ControlFlow::Continue(())), Some((of, verdicts))) = (&heard, at) {
            let _last = each(of, &verdicts);
        }
        heard.map(drop)
    }

    /// What many of the member's hosts touched of late, where that was read beforehand.
    pub(crate) fn common(&self) -> Option<&Arc<Common>> {
        self.common.as_ref()
    }

    /// Whether a rule may let a name that is meant alone stand for those below it.
    pub(crate) fn widens(&self) -> bool {
        self.policy.rules.iter().any(|rule| rule.subdomains)
    }

    /// Whether what says a value is recalled, with all that its source said or all from one feed, and not taken back yet.
    pub(crate) fn is_recalled(&self, stand: &Stand<'_>) -> Result<bool, Error> {
        acts_no_more(&self.reading.roster, &self.reading.snapshot, stand)
    }

    /// What an indicator says of a value of this kind.
    pub(crate) fn saying(&self, stand: &Stand<'_>, kind: Kind) -> Result<Saying, Error> {
        let told = Told::decode(stand.facts).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "what was noted of an indicator cannot be read")
        })?;
        let label = self.label(stand.label);
        let Voice { member: source, own } = self.voice(stand.source, &label);
        let entered = self.commit(stand.position)?.at;
        let unnamed = label.is_desk && !own;
        let (sighted, mistaken) = match &self.all_verdicts {
            Some(all) => all.get(&told.uuid).copied().unwrap_or_default(),
            None => {
                let verdicts = self.verdicts(told.uuid)?;
                (verdicts.sighted(), verdicts.mistaken())
            }
        };
        let mut fact = Fact {
            source,
            own,
            released: label.released,
            circles: label.circles.clone(),
            tlp: label.tlp,
            permits: label.permits,
            mode: told.mode,
            entered,
            valid_from: told.valid_from,
            valid_until: told.valid_until,
            confidence: told.confidence,
            origin: told.origin,
            benign: told.benign,
            beyond: false,
            sighted,
            mistaken,
        };
        let per_day = self.policy.rule(&fact, kind).map_or(0, |rule| rule.per_day);
        // How much of what the desk says is one member's is not told either.
        fact.beyond = per_day > 0 && !unnamed && self.is_beyond(stand, entered, per_day)?;
        Ok(Saying { fact, told, position: stand.position, label: stand.label })
    }

    /// When what an indicator says of a value has ended here by itself, at the latest; `None` where it does not.
    pub(crate) fn ends(&self, stand: &Stand<'_>, kind: Kind) -> Result<Option<Timestamp>, Error> {
        Ok(ends_by_itself(&self.saying(stand, kind)?.fact, kind, &self.policy, self.reading.now))
    }

    fn label(&self, id: LabelId) -> Rc<OfLabel> {
        if let Some(known) = self.labels.borrow().get(&id) {
            return Rc::clone(known);
        }
        let of =
            Rc::new(self.reading.sight.label(id).map_or_else(OfLabel::nothing, |label| self.of_label(label)));
        self.labels.borrow_mut().insert(id, Rc::clone(&of));
        of
    }

    fn of_label(&self, label: &Label) -> OfLabel {
        let (circles, now) = (self.reading.roster.circles(), self.reading.now);
        let own = self.reading.reader;
        let his = label.recipients.circles.iter().filter_map(|audience| {
            let known = circles.with_audience(*audience)?;
            own.and_then(|own| known.membership(own)).map(|_| known)
        });
        let his: Vec<_> = his.filter(|known| known.is_live(now)).collect();
        // Of several policies for the exchange of information the narrowest binds.
        let permits = his
            .iter()
            .map(|known| known.charter().iep.binding(now).permitted_actions)
            .fold(label.actions, PermittedActions::min);
        let is_desk = label.origin == Origin::Withheld;
        OfLabel {
            tlp: label.strictest(),
            circles: his.iter().map(|known| known.circle.id).collect(),
            permits,
            is_desk,
            released: is_desk || his.iter().any(|known| known.charter().curation != Curation::None),
        }
    }

    fn commit(&self, position: u64) -> Result<Commit, Error> {
        if let Some((_, commit)) = self.commits.borrow().range(position..).next()
            && commit.first <= position
        {
            return Ok(*commit);
        }
        let commit = self.reading.snapshot.came_with(position)?;
        let mut commits = self.commits.borrow_mut();
        if commits.len() >= COMMITS {
            commits.clear();
        }
        commits.insert(commit.last, commit);
        Ok(commit)
    }

    fn is_beyond(&self, stand: &Stand<'_>, entered: Timestamp, most: u64) -> Result<bool, Error> {
        let day = entered.0.div_euclid(DAY_US);
        let key = (stand.source, day, most);
        let known = self.beyond.borrow().get(&key).copied();
        let first = match known {
            Some(first) => first,
            None => {
                let snapshot = &self.reading.snapshot;
                let start = snapshot.position_at(Timestamp(day * DAY_US))?;
                let end = snapshot.position_at(Timestamp((day + 1) * DAY_US))?.max(stand.position + 1);
                let visible = &self.reading.sight.visible;
                let first = snapshot.said_too_much(visible, stand.source, (start, end), most)?;
                self.beyond.borrow_mut().insert(key, first);
                first
            }
        };
        Ok(first.is_some_and(|first| first <= stand.position))
    }

    /// What a value does, which stands under a key, by all who say it; `tell` is told why, where that is wanted.
    pub(crate) fn judge(
        &self,
        (key, value): (&[u8], &Observable),
        sayings: &[Saying],
        tell: Option<&mut dyn FnMut(Gate)>,
    ) -> Result<Vec<Verdict>, Error> {
        self.locally((key, value), sayings, |facts, local| judge(value, facts, local, tell))
    }

    /// The same, with what follows on that which ends first.
    pub(crate) fn falling(
        &self,
        (key, value): (&[u8], &Observable),
        sayings: &[Saying],
    ) -> Result<Vec<Falling>, Error> {
        self.locally((key, value), sayings, |facts, local| {
            falling(value, facts, local, &judge(value, facts, local, None))
        })
    }

    // By what is the member's own beside what is said.
    fn locally<T>(
        &self,
        (key, value): (&[u8], &Observable),
        sayings: &[Saying],
        judged: impl FnOnce(&[Fact], &Local<'_>) -> T,
    ) -> Result<T, Error> {
        let facts: Vec<Fact> = sayings.iter().map(|saying| saying.fact.clone()).collect();
        let on = self.lists.of(value).into_iter().map(|list| Warned { list, below: false });
        let mut warned: Vec<Warned<'_>> = on.collect();
        if facts.iter().any(|fact| self.mode(fact, value).reaches_below()) {
            warned.extend(self.lists.below(value).into_iter().map(|list| Warned { list, below: true }));
        }
        let seen = self.seen((key, value), &facts)?;
        let local = Local { policy: &self.policy, warned: &warned, seen, now: self.reading.now };
        Ok(judged(&facts, &local))
    }

    // How the rule for a fact means the value.
    fn mode(&self, fact: &Fact, value: &Observable) -> Mode {
        let rule = self.policy.rule(fact, value.kind());
        rule.map_or(fact.mode, |rule| rule.mode(fact.mode, value))
    }

    // How widely what the value stands for was seen at the member, in the widest mode that it is meant in.
    fn seen(&self, (key, value): (&[u8], &Observable), facts: &[Fact]) -> Result<Option<Seen>, Error> {
        let Some(member) = self.reading.reader else { return Ok(None) };
        let Some(mode) = facts.iter().map(|fact| self.mode(fact, value)).max() else { return Ok(None) };
        if self.common.as_ref().is_some_and(|common| !may_be_common(common, key, mode)) {
            return Ok(None);
        }
        let of = self.node.prevalence(member, key, mode)?;
        let since = of.since.map(store::seen::Day::begins);
        Ok(since.map(|since| Seen { hosts: of.hosts, of_hosts: of.of_hosts, since }))
    }

    /// The name of who said what bears a label, where that is told; else nothing.
    pub(crate) fn source_of(&self, label: LabelId) -> String {
        let label = self.reading.sight.label(label);
        let told = label.and_then(|label| self.reading.told(label));
        told.map(|member| self.reading.roster.named(member).name).unwrap_or_default()
    }

    /// Who says a value, by its key.
    pub(crate) fn sayings(&self, key: &[u8], kind: Kind) -> Result<Vec<Saying>, Error> {
        let mut found = Ok(Vec::new());
        self.reading.snapshot.stands(&self.reading.sight.visible, key, &mut |stand| {
            let Ok(sayings) = &mut found else { return };
            let saying = match self.is_recalled(stand) {
                Ok(true) => return,
                Ok(false) => self.saying(stand, kind),
                Err(error) => Err(error),
            };
            match saying {
                Ok(saying) => sayings.push(saying),
                Err(error) => found = Err(error),
            }
        })?;
        found
    }
}

impl OfLabel {
    // A label that is not in sight lets nothing act.
    fn nothing() -> OfLabel {
        OfLabel {
            tlp: Tlp::Red,
            circles: Vec::new(),
            permits: PermittedActions::None,
            is_desk: false,
            released: false,
        }
    }
}

/// What follows on a verdict, as long as that does at least this.
pub(crate) fn doing(then: &[Does], least: Action) -> &[Does] {
    let end = then.iter().position(|(action, _)| *action < least);
    then.get(..end.unwrap_or(then.len())).unwrap_or_default()
}

/// The value whose key stands in the index; `None` where the key has a digest in place of a long text.
pub(crate) fn value_of(key: &[u8], scheme: Option<Scheme>) -> Option<Observable> {
    if let Some(value) = value_of_key(key) {
        return Some(value);
    }
    let kind = Kind::from_byte(*key.first()?)?;
    let text = text_of_key(key)?;
    if kind != Kind::Url || text.contains("://") {
        return normalise(kind, &text).ok();
    }
    let scheme = if scheme == Some(Scheme::Http) { "http" } else { "https" };
    url_of_form(scheme, &text).or_else(|| normalise(kind, &format!("{scheme}://{text}")).ok())
}
