//! Recalling all that a member said, or all of it from one feed, however much that is: by a rule.
//!
//! The commit story. The rule is one small write ([`Change::Meta`]); from then on nothing that it reaches acts at any sensor: files
//! leave it out, and whoever follows the stream is told to fetch all anew. Then a job takes back what stands, some hundreds of
//! statements at a time: a revoked version of each and, once for each label, a note with the reason (where the member recalls what it
//! said itself), then the withdrawals, then how far it got.
//!
//! - Crash before the rule is durable: nothing is recalled, nothing was answered.
//! - Crash after: the rule holds with the first read of the next start, and the job goes on from where it noted that it was. What it
//!   did behind that is met as done: what is withdrawn does not stand, what is revoked is not revoked again, a note has an id that
//!   follows from rule and label.
//! - What was accepted before and is sequenced later is taken back as it enters: the rule knows the submissions.
//! - The rule goes when nothing is left that it reaches, and never before.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::gate::{self, SaidBy, Versions};
use model::{Action, Label, MemberId, Origin, Timestamp, Tlp, may_see};
use store::Store;
use store::directory::{Change, RECALL_MARK, RECALLS};
use store::read::Snapshot;
use store::record::{Item, ObjectKey};
use strictjson::Limits;
use uuid::Uuid;

use super::reached::wire_of_reached;
use super::swept::{Begun, Note, Piece, Swept, part_view, sees_whole, sweep_view};
use super::{Held, HeldBy, NOTE};
use crate::addressed::Addressed;
use crate::core::annotation::{Speaker, Subject, recall_note, statement};
use crate::core::recalls::{ACTIVE, Rule, Rules, TOLD};
use crate::directory::{member_for, not_found, signed_in};
use crate::holders::Target;
use crate::roster::Roster;
use crate::submit::Recalling;
use crate::withdraw::{Acts, act_by, checked_reason};
use crate::writing::Failure;
use crate::{Annotation, Caller, Error, ImportOptions, Kind, Node, Recall, random, views};

/// Statements that are looked at on one snapshot, and taken back in one transaction.
const PAGE: usize = 500;
/// So soon it is looked again whether what was accepted before the recall has entered.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// Before the id of a rule, under which it is kept how far it is carried out.
const SWEPT: &str = "recall-all:";

/// A rule that may be kept.
pub(super) struct Ruled {
    /// All that are, with it.
    rules: Rules,
    rule: Rule,
}

/// An object of which something is to be taken back.
struct Meant {
    source: MemberId,
    object: ObjectKey,
    versions: Vec<Timestamp>,
    /// What stands of it under each label, the greatest version first: whoever sees one of them alone is told like everybody.
    under: Vec<Under>,
    /// Nothing of it stands when they are gone.
    whole: bool,
}

/// The greatest version under a label.
struct Under {
    position: u64,
    label: Label,
    wire: Vec<u8>,
}

/// One of several, of one that is taken back.
#[derive(Clone, Copy)]
struct Said<'m> {
    of: &'m Meant,
    under: &'m Under,
    /// The greatest version of all: objects are counted by it.
    first: bool,
}

/// The rules that are kept.
///
/// # Errors
/// [`Kind::Internal`] where they cannot be read: as if there were none, what is recalled would act again.
pub(crate) fn rules_of(store: &Store) -> Result<Rules, Error> {
    let Some(kept) = store.meta(RECALLS)? else { return Ok(Rules::default()) };
    let mut rules: Rules = serde_json::from_slice(&kept).map_err(damaged)?;
    for rule in &mut rules.active {
        // What was said while it was judged is recalled too. A rule of an earlier release has no mark.
        if let Some(mark) = store.mark(&mark_of(&rule.id))? {
            rule.before = mark.end;
            rule.waiting = mark.waiting.into_iter().map(|id| id.0).collect();
        }
    }
    Ok(rules)
}

// Under which name it is kept how far the record went when a rule was.
fn mark_of(id: &Uuid) -> String {
    format!("{RECALL_MARK}{id}")
}

fn damaged(error: serde_json::Error) -> Error {
    Error::new(Kind::Internal, format!("what is kept of recalls is damaged: {error}"))
}

fn kept(rules: &Rules) -> Result<Change, Error> {
    Ok(Change::Meta(RECALLS, Some(serde_json::to_vec(rules).map_err(damaged)?)))
}

impl Node {
    // Everything that a member said, or all of it from a feed, is recalled by a rule.
    pub(super) fn recall_whole(&self, caller: &Caller, asked: &Recall) -> Result<views::Recalled, Error> {
        if !asked.objects.is_empty() || asked.submission.is_some() {
            let message =
                "all of a member or of a source is recalled by itself, without objects or a submission";
            return Err(Error::new(Kind::Invalid, message));
        }
        if asked.member.is_none() && asked.source.is_none() {
            let message = "`since` bounds what is recalled of a member or of a source, and neither is named";
            return Err(Error::new(Kind::Invalid, message));
        }
        let id = random::uuid()?;
        self.judged(caller, |roster, caller| {
            let ruled = self.judged_rule(roster, caller, (id, asked))?;
            self.put_in_force(roster, caller, ruled)
        })?;
        self.inner.jobs.recall_is_due();
        let held =
            views::RecallHeld { days: self.settings().keep_reads_days, ..views::RecallHeld::default() };
        let roster = self.roster();
        // A small one may be carried out by now.
        let swept = match roster.recalls().active.iter().find(|rule| rule.id == id) {
            Some(rule) => Some(Swept::begin(rule.clone())),
            None => self.swept(&id)?,
        };
        let sweep = swept.map(|swept| self.sweep_told(&roster, &swept));
        Ok(views::Recalled { recalls: Vec::new(), withdrawn: 0, held, sweep })
    }

    // The rule that is asked for, if the caller may, behind those that are kept.
    pub(super) fn judged_rule(
        &self,
        roster: &Roster,
        caller: &Caller,
        (id, asked): (Uuid, &Recall),
    ) -> Result<Ruled, Failure> {
        let by = signed_in(caller)?;
        let named = asked.member.clone().unwrap_or_else(|| by.to_string());
        let member = member_for(roster, caller, &named)?;
        // Before anything is looked up, so that a refusal tells nothing of what is there.
        Node::allowed(caller, &Action::Withdraw(member.id, None))?;
        if asked.member.is_some() && caller.principal.reader.ceiling != Tlp::Red {
            let message = "all that a member said is recalled by a token that reads up to TLP:RED alone";
            return Err(Error::new(Kind::Forbidden, message)
                .hint("of what a token sees, recall objects, a submission or a source")
                .into());
        }
        let reason = checked_reason(&asked.reason)?;
        let source = asked.source.as_deref().map(str::trim).filter(|name| !name.is_empty());
        // As far as is known by now; how far it is when the rule is kept, the store says.
        let waiting = self.waiting_of([member.id, member.alias])?;
        let snapshot = self.inner.store.snapshot()?;
        let before = snapshot.end();
        let from = asked.since.map_or(Ok(0), |since| snapshot.position_at(since))?;
        let (any, _) = snapshot.said_between([member.id, member.alias], (from, before), 1)?;
        drop(snapshot);
        if any.is_empty() && waiting.is_empty() {
            return Err(not_found("statement that stands, of the member", &named).into());
        }
        let mut rules = rules_of(&self.inner.store)?;
        if rules.active.len() >= ACTIVE {
            let message = format!("{ACTIVE} recalls like this are being carried out");
            return Err(Error::new(Kind::Conflict, message).hint("wait until one of them is done").into());
        }
        rules.count += 1;
        let rule = Rule {
            id,
            number: rules.count,
            member: member.id.0,
            alias: member.alias.0,
            source: source.map(str::to_owned),
            since: asked.since.map(|since| since.0),
            from,
            before,
            waiting,
            by: by.0,
            token: caller.principal.token.map(|token| token.0),
            at: self.now().0,
            reason,
        };
        rules.active.push(rule.clone());
        Ok(Ruled { rules, rule })
    }

    // From this write on nothing of it acts. What is sequenced up to it is before the rule, whenever the rule was judged; all else is
    // judged by who knows of it, or once more.
    pub(super) fn put_in_force(&self, roster: &Roster, caller: &Caller, ruled: Ruled) -> Result<(), Failure> {
        let Ruled { rules, rule } = ruled;
        let verb = if rule.source.is_some() { "recall.source" } else { "recall.member" };
        let member = MemberId(rule.member);
        let leave = Node::authorized(roster, caller, gate::Withdraw, SaidBy { member })?;
        let mark = Change::Mark(mark_of(&rule.id), rule.sources(), self.now());
        self.change(leave, caller, (verb, member.to_string()), &[kept(&rules)?, mark])
    }

    /// The recalls of all that a member said, or of all of it from a feed, and how far they are carried out, the newest first: to
    /// those who could recall that themselves. Why, and what of it was there, is for the member that recalls and for the one whose it
    /// was, with a token that reads up to RED, and for the token that recalled.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`]; [`Kind::Forbidden`].
    pub fn recalls(&self, caller: &Caller) -> Result<Vec<views::RecallListed>, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::Withdraw(own, None))?;
        let roster = self.roster();
        let rules = rules_of(&self.inner.store)?;
        let mut told = Vec::new();
        // What cannot be read of one keeps no other from being told.
        let unread = |id: &Uuid, error: &Error| {
            tracing::error!(%error, recall.id = %id, "how far a recall is carried out cannot be read");
        };
        let done = rules.done.iter().map(|id| {
            self.swept(id).or_else(|error| match error.kind {
                Kind::Internal => {
                    unread(id, &error);
                    Ok(None)
                }
                _ => Err(error),
            })
        });
        let active = rules.active.iter().map(|rule| match self.swept_of(rule) {
            Err(error) if error.kind == Kind::Internal => {
                unread(&rule.id, &error);
                Ok(Some(Swept::begin(rule.clone())))
            }
            swept => swept.map(Some),
        });
        for swept in done.chain(active) {
            let may = |swept: &Swept| {
                Node::allowed(caller, &Action::Withdraw(MemberId(swept.rule.member), None)).is_ok()
            };
            told.extend(swept?.filter(may).map(|swept| {
                if !sees_whole(caller, own, &swept.rule) {
                    let retry = self.retry_of(&swept);
                    return views::RecallListed::Part(views::RecallPart {
                        retry,
                        ..part_view(&roster, &swept)
                    });
                }
                views::RecallListed::Whole(Box::new(self.sweep_told(&roster, &swept)))
            }));
        }
        told.reverse();
        Ok(told)
    }

    /// How far the recall is carried out that a note tells of, for those who see all of that.
    pub(super) fn sweep_of(&self, caller: &Caller, note: &str) -> Result<Option<views::RecallSweep>, Error> {
        if Node::allowed(caller, &Action::Withdraw(signed_in(caller)?, None)).is_err() {
            return Ok(None);
        }
        let mut sweeps = self.recalls(caller)?.into_iter().filter_map(|listed| match listed {
            views::RecallListed::Whole(sweep) => Some(*sweep),
            views::RecallListed::Part(_) => None,
        });
        Ok(sweeps.find(|sweep| sweep.recalls.iter().any(|one| one.id == note)))
    }

    fn sweep_told(&self, roster: &Roster, swept: &Swept) -> views::RecallSweep {
        views::RecallSweep { retry: self.retry_of(swept), ..sweep_view(roster, swept) }
    }

    // That it did not go on of late, and when it is tried again.
    fn retry_of(&self, swept: &Swept) -> Option<views::RecallRetry> {
        let waits = self.inner.recalls_failing.of(&swept.rule.id)?;
        Some(views::RecallRetry { failed: waits.failed(), next: waits.next().to_string() })
    }

    fn swept(&self, id: &Uuid) -> Result<Option<Swept>, Error> {
        let kept = self.inner.store.meta(&format!("{SWEPT}{id}"))?;
        kept.map(|kept| serde_json::from_slice(&kept).map_err(damaged)).transpose()
    }

    fn swept_of(&self, rule: &Rule) -> Result<Swept, Error> {
        Ok(self.swept(&rule.id)?.unwrap_or_else(|| Swept::begin(rule.clone())))
    }

    fn keep_swept(&self, swept: &Swept) -> Result<(), Error> {
        let text = serde_json::to_vec(swept).map_err(damaged)?;
        Ok(self.inner.store.set_meta(&format!("{SWEPT}{}", swept.rule.id), Some(&text))?)
    }

    // What these sources sent, and what waits to be sequenced.
    pub(super) fn waiting_of(&self, sources: [MemberId; 2]) -> Result<Vec<Uuid>, Error> {
        let waiting = self.inner.store.waiting(self.now())?.into_iter();
        Ok(waiting.filter(|(_, source)| sources.contains(source)).map(|(id, _)| id.0).collect())
    }

    /// Takes back some of what is recalled as a whole. When there is more to do; `None` when nothing is left.
    pub(crate) fn take_back_some(&self) -> Result<Option<Duration>, Error> {
        let (roster, failing) = (self.roster(), &self.inner.recalls_failing);
        failing.only(&roster.recalls().active);
        let mut next: Option<Duration> = None;
        for rule in &roster.recalls().active {
            // What keeps one from being carried out keeps no other, and is not tried at each of their steps.
            let pause = match failing.pause(&rule.id, self.now()) {
                Some(pause) => Some(pause),
                None => match self.carry_out(rule) {
                    Ok(pause) => {
                        failing.forget(&rule.id);
                        if pause == Some(Duration::ZERO) {
                            return Ok(pause);
                        }
                        pause
                    }
                    Err(error) => {
                        let waits = failing.failed(rule.id, self.now());
                        let (failed, next) = (waits.failed(), waits.next());
                        tracing::error!(%error, recall.id = %rule.id, failed, %next, "what is recalled is taken back later");
                        failing.pause(&rule.id, self.now())
                    }
                },
            };
            next = next.into_iter().chain(pause).min();
        }
        Ok(next)
    }

    // One step of one of them. `ZERO` where something was done, else how long to wait.
    fn carry_out(&self, rule: &Rule) -> Result<Option<Duration>, Error> {
        let mut swept = self.swept_of(rule)?;
        // Before it is looked how far the record goes: what waits no more after that has entered before.
        let waits = !rule.waiting.is_empty()
            && self.waiting_of(rule.sources())?.iter().any(|id| rule.waiting.contains(id));
        let until = match swept.until {
            Some(until) => until,
            None => {
                // What entered, and entered again, until now: behind that nothing does any more that the rule reaches.
                let end = self.inner.store.snapshot()?.end().max(rule.before);
                swept.until = Some(end).filter(|_| !waits);
                end
            }
        };
        if swept.place < until {
            let end = if swept.place < rule.before { rule.before } else { until };
            self.take_back_piece(&mut swept, end)?;
            self.keep_swept(&swept)?;
        } else if waits {
            return Ok(Some(LOOK_AGAIN));
        } else {
            self.finish_recall(&mut swept)?;
        }
        Ok(Some(Duration::ZERO))
    }

    fn take_back_piece(&self, swept: &mut Swept, end: u64) -> Result<(), Error> {
        // What was begun and not ended is gone through again, as far as it went then.
        let begun = swept.begun.take().filter(|begun| begun.place == swept.place);
        let end = begun.as_ref().map_or(end, |begun| begun.next);
        let (meant, next) = self.meant(&swept.rule, (swept.place, end))?;
        let notes = self.say_recalled(swept, &meant)?;
        let mut pieces: BTreeMap<Option<usize>, Piece> = BTreeMap::new();
        for (note, position) in notes {
            let empty = Piece { note, first: position, last: position, objects: 0 };
            let piece = pieces.entry(note).or_insert(empty);
            (piece.first, piece.last) = (piece.first.min(position), piece.last.max(position));
            piece.objects += 1;
        }
        let (place, objects) = (swept.place, meant.len() as u64);
        let begun = begun.unwrap_or_else(|| {
            let versions = meant.iter().map(|one| one.versions.len() as u64).sum();
            Begun { place, next, objects, versions, pieces: pieces.into_values().collect() }
        });
        if !meant.is_empty() {
            // What is withdrawn is not found again, so what there was is kept before.
            swept.begun = Some(begun.clone());
            self.keep_swept(swept)?;
        }
        for some in meant.chunks(PAGE) {
            self.take_back_meant(&swept.rule, some)?;
        }
        swept.withdrawn += begun.versions;
        swept.objects += begun.objects;
        begun.pieces.into_iter().for_each(|piece| swept.add(piece));
        swept.begun = None;
        swept.place = begun.next;
        Ok(())
    }

    // What stands from a place on and is to be taken back, object by object, and where it goes on.
    fn meant(&self, rule: &Rule, range: (u64, u64)) -> Result<(Vec<Meant>, u64), Error> {
        let snapshot = self.inner.store.snapshot()?;
        let (said, next) = snapshot.said_between(rule.sources(), range, PAGE)?;
        let mut met: BTreeSet<(MemberId, ObjectKey)> = BTreeSet::new();
        let mut meant = Vec::new();
        for one in said {
            if met.insert((one.source, one.object.clone())) {
                meant.extend(meant_of(&snapshot, rule, one.source, one.object)?);
            }
        }
        Ok((meant, next))
    }

    fn take_back_meant(&self, rule: &Rule, meant: &[Meant]) -> Result<(), Error> {
        self.judged(&self.operator(), |roster, caller| {
            let versions = |one: &Meant| Versions {
                object: one.object.clone(),
                member: one.source,
                through: None,
                versions: one.versions.clone(),
            };
            let all: Vec<Versions> = meant.iter().map(versions).collect();
            let items = all.iter().map(|chosen| {
                let texts: Vec<String> = chosen.versions.iter().map(Timestamp::to_string).collect();
                let mut act = act_by(caller, "withdraw");
                act.push("object", chosen.object.to_string());
                act.push("source", chosen.member.to_string());
                act.push("versions", texts.into_iter().map(strictjson::Node::from).collect::<Vec<_>>());
                act.push("recall", rule.id.to_string());
                Item::Withdraw {
                    object: chosen.object.clone(),
                    source: Some(chosen.member),
                    versions: Some(chosen.versions.clone()),
                    body: strictjson::canonical(&act.into()),
                }
            });
            let acts = Acts { items: items.collect(), ..Acts::default() };
            let leave = Node::authorized(roster, caller, gate::Withdraw, all)?;
            self.append_act_at(self.now(), leave, caller, acts)?;
            Ok(())
        })
    }

    // Says of each object that it is revoked, under each label, and under each once why, as far as whoever recalls may. Answers which of
    // the notes tells of what stands at which position. What cannot be said keeps nothing from being taken back.
    fn say_recalled(&self, swept: &mut Swept, meant: &[Meant]) -> Result<Vec<(Option<usize>, u64)>, Error> {
        let mut told = Vec::with_capacity(meant.len());
        let mut groups: BTreeMap<Label, Vec<Said<'_>>> = BTreeMap::new();
        for of in meant {
            for (at, under) in of.under.iter().enumerate() {
                // What was said without a name is taken back, and nothing is said of it: the reason might tell whose it was.
                let is_named =
                    of.source == MemberId(swept.rule.member) && under.label.origin == Origin::Shown;
                if is_named {
                    groups.entry(under.label.clone()).or_default().push(Said { of, under, first: at == 0 });
                } else {
                    told.push((None, under.position));
                }
            }
        }
        for (label, mut some) in groups {
            // As they stand under this label: what stands under others decides no order.
            some.sort_by_key(|one| one.under.position);
            let note = match self.say_group(swept, &label, &some) {
                Ok(note) => note,
                Err(error) if error.kind == Kind::Unavailable => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, recall.id = %swept.rule.id, "what is recalled is taken back, and not said to be revoked");
                    swept.unsaid += counted(&some);
                    None
                }
            };
            told.extend(some.iter().map(|one| (note, one.under.position)));
        }
        Ok(told)
    }

    fn say_group(&self, swept: &mut Swept, label: &Label, some: &[Said<'_>]) -> Result<Option<usize>, Error> {
        let (rule, roster, now) = (&swept.rule, self.roster(), self.now());
        // With the rights of whoever recalls, as they are by now.
        let caller = self.sender(&roster, rule.token(), rule.at())?;
        let by = MemberId(rule.by);
        let identity = roster.identities(by).into_iter().next();
        let addressed = Addressed::of(&roster, label);
        let can_name = addressed.find(&roster, &caller, by, now).is_ok();
        // Of what somebody else said that one does not see, or for whom one cannot address, there is nothing or nobody to tell: a note is
        // read by whoever's it is.
        let is_told = can_name && label.tlp != Tlp::Red && may_see(&caller.principal.reader, label, now);
        if identity.is_none() || !(rule.is_own() || is_told) {
            swept.unsaid += counted(some);
            return Ok(None);
        }
        let tlp = if can_name { label.tlp } else { Tlp::Red };
        let Addressed { to, embargo } = if can_name { addressed } else { Addressed::default() };
        let identity = identity.as_deref();
        let mut pieces = Vec::with_capacity(some.len() + 1);
        let mut revoked = 0;
        // Of one object that stands under two labels two are said, which must not be one version.
        let said_at = before_now(now, label);
        for one in some.iter().filter(|one| rule.is_own() && one.of.whole) {
            let Ok(object) = strictjson::parse(&one.under.wire, &Limits::default()) else { continue };
            let id = one.of.object.to_string();
            let by = Speaker { identity, now: said_at, uuid: random::uuid()?, tlp };
            let subject = Subject { id: &id, object: &object, own: true };
            if let Ok(piece) = statement(&Annotation::Revoke, subject, by) {
                pieces.push(piece);
                revoked += u64::from(one.first);
            }
        }
        let uuid = Uuid::new_v5(&rule.id, &label.canonical());
        let note = ObjectKey { kind: "note".to_owned(), uuid };
        let id = note.to_string();
        let known = swept.notes.iter().position(|note| note.id == id);
        if self.inner.store.snapshot()?.every_statement(&note)?.is_empty() {
            let refs: Vec<String> = some.iter().map(|one| one.of.object.to_string()).collect();
            let reason = reason_of(&roster, rule);
            pieces.push(recall_note(Speaker { identity, now, uuid, tlp }, &reason, &refs));
        }
        if !pieces.is_empty() {
            let mut envelope = b"{\"objects\":[".to_vec();
            envelope.extend(pieces.join(&b','));
            envelope.extend(b"]}");
            let options = ImportOptions {
                member: Some(by.to_string()),
                tlp: Some(tlp),
                to,
                embargo,
                ..ImportOptions::default()
            };
            let status = self.submit_recall(&caller, (&options, Recalling::Whole), &envelope)?;
            let refused = status.outcomes.iter().filter(|one| one.state == "rejected").count() as u64;
            swept.revoked += revoked - refused.min(revoked);
            swept.unsaid += refused;
        }
        if let Some(known) = known {
            return Ok(Some(known));
        }
        if self.inner.store.snapshot()?.every_statement(&note)?.is_empty() {
            return Ok(None);
        }
        swept.notes.push(Note { id, tlp: label.tlp.to_string() });
        Ok(Some(swept.notes.len() - 1))
    }

    // Nothing stands any more that the rule reaches: it is written down who held it, and the rule goes.
    fn finish_recall(&self, swept: &mut Swept) -> Result<(), Error> {
        if swept.finished.is_none() {
            let roster = self.roster();
            for (at, note) in swept.notes.iter().enumerate() {
                let held = self.held_of(&roster, swept, at)?;
                let kept = serde_json::to_vec(&held).map_err(damaged)?;
                self.inner.store.set_meta(&format!("{NOTE}{}", note.id), Some(&kept))?;
            }
            swept.finished = Some(self.now().0);
            self.keep_swept(swept)?;
        }
        let member = MemberId(swept.rule.member);
        let forgotten = self.judged(&self.operator(), |roster, caller| {
            let mut rules = rules_of(&self.inner.store)?;
            rules.active.retain(|rule| rule.id != swept.rule.id);
            rules.done.retain(|id| *id != swept.rule.id);
            rules.done.push(swept.rule.id);
            let forgotten: Vec<Uuid> = rules.done.drain(..rules.done.len().saturating_sub(TOLD)).collect();
            let leave = Node::authorized(roster, caller, gate::Withdraw, SaidBy { member })?;
            self.change(leave, caller, ("recall.done", member.to_string()), &[kept(&rules)?])?;
            Ok(forgotten)
        })?;
        for id in forgotten {
            self.inner.store.set_meta(&format!("{SWEPT}{id}"), None)?;
            self.inner.store.set_meta(&mark_of(&id), None)?;
        }
        Ok(())
    }

    // Who held what one of the notes tells of, as far as reads tell: of what was taken back together, all where the first or the last of
    // it was lent.
    fn held_of(&self, roster: &Roster, swept: &Swept, note: usize) -> Result<Held, Error> {
        let pieces: Vec<&Piece> = swept.pieces.iter().filter(|piece| piece.note == Some(note)).collect();
        let snapshot = self.inner.store.snapshot()?;
        let (mut targets, mut of) = (Vec::new(), Vec::new());
        for (at, piece) in pieces.iter().enumerate() {
            for position in BTreeSet::from([piece.first, piece.last]) {
                snapshot.every_body(position, position + 1, &mut |stored| {
                    targets.push(Target { position, label: stored.label });
                    of.push(at);
                })?;
            }
        }
        drop(snapshot);
        let mut held = Held::default();
        for (member, holding) in self.holders(roster, &targets)? {
            let places: BTreeSet<usize> =
                holding.entries.iter().filter_map(|at| of.get(*at).copied()).collect();
            let objects = places.iter().filter_map(|at| pieces.get(*at)).map(|piece| piece.objects).sum();
            held.members.insert(member.to_string(), HeldBy { objects, handed: !holding.handed.is_empty() });
        }
        held.members.remove(&MemberId(swept.rule.by).to_string());
        Ok(held)
    }
}

// What a rule takes back of what one said of an object.
fn meant_of(
    snapshot: &Snapshot,
    rule: &Rule,
    source: MemberId,
    object: ObjectKey,
) -> Result<Option<Meant>, Error> {
    let mut standing = snapshot.every_statement(&object)?;
    standing.retain(|one| one.source == source && !one.withdrawn);
    let (mut versions, mut last) = (Vec::new(), BTreeMap::<Label, (Timestamp, Under)>::new());
    let mut kept = false;
    for one in standing {
        let wire = wire_of_reached(snapshot, rule, one.position)?;
        let Some(wire) = wire else {
            kept = true;
            continue;
        };
        versions.push(one.version);
        let label = Label { parts: None, ..one.label };
        if last.get(&label).is_none_or(|(version, _)| *version <= one.version) {
            let under = Under { position: one.position, label: label.clone(), wire };
            last.insert(label, (one.version, under));
        }
    }
    versions.sort_unstable();
    versions.dedup();
    let mut under: Vec<(Timestamp, Under)> = last.into_values().collect();
    under.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let under: Vec<Under> = under.into_iter().map(|(_, under)| under).collect();
    Ok((!under.is_empty()).then_some(Meant { source, object, versions, under, whole: !kept }))
}

// How many objects these are.
fn counted(some: &[Said<'_>]) -> u64 {
    some.iter().filter(|one| one.first).count() as u64
}

// A moment within the last second that follows from the label: so it tells nothing of what stands under others.
fn before_now(now: Timestamp, label: &Label) -> Timestamp {
    let of = Uuid::new_v5(&Uuid::NAMESPACE_OID, &label.canonical()).as_u128() % 1_000;
    Timestamp(now.0.saturating_sub(i64::try_from(of).unwrap_or(0) * 1_000))
}

// Why, and that it is more than what the note names.
fn reason_of(roster: &Roster, rule: &Rule) -> String {
    let what = match &rule.source {
        Some(feed) => format!("all of the feed `{feed}`"),
        None => format!("all that {} said", roster.named(MemberId(rule.member)).name),
    };
    let since = rule.since.map(|since| format!(" since {}", Timestamp(since))).unwrap_or_default();
    let whole = format!(
        "{}\n\nThis is a recall of {what}{since}; the objects named here are some of it.",
        rule.reason
    );
    checked_reason(&whole).unwrap_or_else(|_| rule.reason.clone())
}
