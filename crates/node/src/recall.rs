//! Recalling what one's member said: the versions that stand are taken back, and entries that say so go wherever they went. What
//! left is where it is: who holds it is told as far as the one who recalls may know of others, and who has not read of it.

mod failing;
mod reached;
mod swept;
#[cfg(test)]
mod tests;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use model::circle::Shows;
use model::observable::Kind as ValueKind;
use model::{Action, Label, MemberId, Origin, Timestamp, Tlp};
use serde::{Deserialize, Serialize};
use store::opened::Place;
use store::read::PageQuery;
use store::record::ObjectKey;
use store::stands::Stand;
use strictjson::{Limits, Node as Json};

use crate::addressed::{Addressed, knows};
use crate::core::annotation::{RECALL, Speaker, Subject, recall_note, statement};
use crate::core::list_query::object_key;
use crate::core::parts::index_of;
use crate::core::stands::is_from;
use crate::directory::{not_found, signed_in};
use crate::edges::Known;
use crate::holders::Target;
use crate::protect::{Judged, Judging, policy_of};
use crate::reading::Reading;
use crate::roster::Roster;
use crate::submit::Recalling;
use crate::withdraw::checked_reason;
use crate::{Annotation, Caller, Error, ImportOptions, Kind, Node, Recall, random, views};

pub(crate) use failing::Failing;
pub(crate) use reached::{acts_no_more, is_being_recalled, is_within};
pub(crate) use whole::rules_of;

/// Objects that are recalled by their ids, at most; of a source or a member all are, by a rule.
const OBJECTS: usize = 1_000;
/// Entries that are read at once where what is from a source is looked for.
const PAGE: usize = 1_000;
/// Statements behind a recall that are looked through for what it took back, at most.
const TAKEN_BACK: usize = 10_000;
/// Before the name under which it is kept who held what was recalled.
const NOTE: &str = "recall:";

/// An object to be recalled.
struct Standing {
    key: ObjectKey,
    /// The last that the member said of it.
    wire: Vec<u8>,
    label: Label,
    /// He sees all of it.
    whole: bool,
    versions: Vec<Timestamp>,
    targets: Vec<Target>,
}

/// What says that objects under one label are recalled.
struct ToBeSaid<'s> {
    /// The id of the note.
    id: String,
    label: Tlp,
    options: ImportOptions,
    envelope: Vec<u8>,
    objects: Vec<&'s Standing>,
}

/// Who held what was recalled, at the time of the recall.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Held {
    /// The members, and of how many objects.
    members: BTreeMap<String, HeldBy>,
}

#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct HeldBy {
    objects: u64,
    /// In lists, exports and the stream alone.
    handed: bool,
}

/// A recall, as it stands.
struct Entry {
    source: MemberId,
    label: Label,
    position: u64,
    shown: bool,
    reason: String,
    objects: Vec<String>,
}

impl Node {
    /// Recalls objects that the caller's member said and that he sees, or all that a submission brought: a version that is
    /// revoked takes the place of those that stood, which are withdrawn, and a note with the reason names them, under
    /// their label. Both are entries on every road. Who holds what, by what was written down of reads, is told as in a trace:
    /// those that he may know by name if they took it in lists, exports or the stream, all others as a number: who asked for one value
    /// tells who is a victim. Of what was said without a name the entries are without one, too, and enter with what else comes to
    /// the desk; what stood is withdrawn at once.
    ///
    /// All that a member said (one's own, or anybody's for an administrator), and all from a source that is more than 1,000, acts at
    /// no sensor any more when this answers; it is taken back by and by, and [`Node::recalls`] tells how far that is.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for what his member did not say, or that he does not see; [`Kind::Forbidden`]; [`Kind::Invalid`]
    /// without a reason, without an object, and for more than 1,000; [`Kind::Conflict`] where an entry is refused.
    pub fn recall(&self, caller: &Caller, asked: &Recall) -> Result<views::Recalled, Error> {
        let own = signed_in(caller)?;
        let caller = &self.renewed(&self.roster(), caller)?;
        // A variable that is not set must not mean everything.
        let is_blank = |name: &Option<String>| name.as_deref().is_some_and(|name| name.trim().is_empty());
        if is_blank(&asked.source) || is_blank(&asked.member) {
            return Err(Error::new(Kind::Invalid, "the source or the member to recall has no name"));
        }
        if asked.member.is_some() || asked.since.is_some() {
            return self.recall_whole(caller, asked);
        }
        Node::allowed(caller, &Action::Withdraw(own, None))?;
        Node::allowed(caller, &Action::Submit)?;
        let reason = checked_reason(&asked.reason)?;
        let Some(keys) = self.recalled_keys(caller, asked)? else { return self.recall_whole(caller, asked) };
        let standing =
            self.recalled_standing(caller, own, &keys, asked.submission.is_none() && asked.source.is_none())?;
        let targets: Vec<Target> = standing.iter().flat_map(|one| one.targets.iter().cloned()).collect();
        let mut of = Vec::with_capacity(targets.len());
        standing.iter().enumerate().for_each(|(at, one)| of.extend(one.targets.iter().map(|_| at)));
        let roster = self.roster();
        let mut held = Held::default();
        for (member, holding) in self.holders(&roster, &targets)? {
            let objects: BTreeSet<usize> =
                holding.entries.iter().filter_map(|at| of.get(*at).copied()).collect();
            let by = HeldBy { objects: objects.len() as u64, handed: !holding.handed.is_empty() };
            held.members.insert(member.to_string(), by);
        }
        held.members.remove(&own.to_string());
        let mut groups: BTreeMap<Label, Vec<&Standing>> = BTreeMap::new();
        for one in &standing {
            groups.entry(Label { parts: None, ..one.label.clone() }).or_default().push(one);
        }
        let groups =
            groups.iter().map(|(label, objects)| self.to_be_said(caller, own, label, objects, &reason));
        let groups = groups.collect::<Result<Vec<_>, Error>>()?;
        // All of it or nothing: what would be refused of one is, before anything is said of another.
        for group in &groups {
            self.say(caller, group, true)?;
        }
        let kept = serde_json::to_vec(&held)
            .map_err(|error| Error::new(Kind::Internal, format!("who held it: {error}")))?;
        let (mut recalls, mut withdrawn) = (Vec::new(), 0);
        for group in groups {
            self.say(caller, &group, false)?;
            let ToBeSaid { id, label, objects, .. } = group;
            self.inner.store.set_meta(&format!("{NOTE}{id}"), Some(&kept))?;
            for one in &objects {
                let versions: Vec<String> = one.versions.iter().map(Timestamp::to_string).collect();
                withdrawn += self.withdraw(caller, None, &one.key.to_string(), &versions)?;
            }
            let objects = objects.iter().map(|one| one.key.to_string()).collect();
            recalls.push(views::RecallEntry {
                id,
                label: label.to_string(),
                reason: reason.clone(),
                objects,
            });
        }
        let held = self.told_of(&roster, caller, &held, &BTreeSet::new(), None)?;
        Ok(views::Recalled { recalls, withdrawn, held, sweep: None })
    }

    /// A recall, by the id of its entry. Whoever sees the entry reads it; for the member that recalled, also who held what
    /// was recalled, and who has not read of it since.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for what is no recall, or not for this caller.
    pub fn recalled(&self, caller: &Caller, id: &str) -> Result<views::RecallView, Error> {
        let key = object_key(id)?;
        let reading = self.reading(caller)?;
        let entry = recall_at(&reading, &key)?.ok_or_else(|| not_found("recall", id))?;
        let roster = std::sync::Arc::clone(&reading.roster);
        let own = [reading.reader, reading.alias].contains(&Some(entry.source));
        let mut told = vec![Target { position: entry.position, label: entry.label.clone() }];
        if own {
            told.extend(standing_of(&reading, entry.source, &entry.objects)?);
        }
        let until = valid_until(&reading, &entry)?;
        let of_edges = reading.reader.filter(|_| Node::allowed(caller, &Action::SeeEdges).is_ok());
        let of_edges = of_edges.map(|own| Ok::<_, Error>((own, self.ends(&reading, &entry)?))).transpose()?;
        // One snapshot is given back before the next is asked for.
        self.lent(caller, "recall", None, reading)?;
        let edges = match of_edges {
            Some((own, ends)) => self.own_edges(&roster, own, entry.position, ends)?,
            None => Vec::new(),
        };
        let mut held = None;
        if own && let Some(kept) = self.inner.store.meta(&format!("{NOTE}{id}"))? {
            let kept: Held = serde_json::from_slice(&kept)
                .map_err(|error| Error::new(Kind::Internal, format!("who held it is damaged: {error}")))?;
            let confirmed =
                self.holders(&roster, &told)?.into_keys().map(|member| member.to_string()).collect();
            held = Some(self.told_of(&roster, caller, &kept, &confirmed, Some((entry.position, until)))?);
        }
        let member = roster.behind(entry.source).map_or(entry.source, |member| member.id);
        let source = (entry.shown || own).then(|| roster.named(member));
        let Entry { label, reason, objects, .. } = entry;
        let entry = views::RecallEntry { id: id.to_owned(), label: label.tlp.to_string(), reason, objects };
        let sweep = self.sweep_of(caller, id)?;
        Ok(views::RecallView { entry, source, held, edges, sweep })
    }

    // The edges of the caller's own member.
    fn own_edges(
        &self,
        roster: &Roster,
        own: MemberId,
        position: u64,
        ends: Option<Timestamp>,
    ) -> Result<Vec<views::RecallEdge>, Error> {
        match self.known_to(roster, own, position)? {
            Some(known) => self.edges_that_know(own, known, ends),
            None => Ok(Vec::new()),
        }
    }

    // When the last of what was taken back has ended at the reader's edges by itself, by his policy as it is.
    fn ends(&self, reading: &Reading, entry: &Entry) -> Result<Option<Timestamp>, Error> {
        let (snapshot, visible) = (&reading.snapshot, &reading.sight.visible);
        let objects: BTreeSet<&str> = entry.objects.iter().map(String::as_str).collect();
        // What stood is taken back behind the entry.
        let (range, mut gone) = ((entry.position, snapshot.end()), Vec::new());
        snapshot.left(visible, range, TAKEN_BACK, &mut |left| {
            let is_meant = left.source == entry.source && objects.contains(left.object.to_string().as_str());
            let Some(label) = reading.sight.label(left.label).filter(|_| is_meant) else { return };
            if let Ok(object) = strictjson::parse(left.wire, &Limits::default()) {
                let stands = index_of(left.wire, &object, label).stands;
                gone.push((left.position, left.label, stands));
            }
        })?;
        let policy = policy_of(&reading.roster, reading.reader, reading.now)?;
        let judging = Judging::new(self, reading, policy, Judged::Few)?;
        let mut last = None;
        for (position, label, stands) in gone {
            for (value, facts) in stands {
                let Some(kind) = value.first().and_then(|byte| ValueKind::from_byte(*byte)) else { continue };
                let stand = Stand { position, label, source: entry.source, facts: &facts };
                let Some(ends) = judging.ends(&stand, kind)? else { return Ok(None) };
                last = last.max(Some(ends));
            }
        }
        Ok(last)
    }

    // An entry as a member is given it; `None` where it is not.
    fn known_to(&self, roster: &Roster, member: MemberId, position: u64) -> Result<Option<Known>, Error> {
        let (now, snapshot) = (self.now(), self.inner.store.snapshot()?);
        let sight =
            self.inner.visibility.sight(&snapshot, &roster.reader(member, now), roster.epoch(), now)?;
        let mut known = None;
        let asked = snapshot.entry(&sight.visible, position, &mut |entry| {
            known =
                Some(Known { position, added: entry.date_added }).filter(|_| sight.visible.has(entry.label));
        });
        match asked {
            Err(error) if error.kind == store::Kind::NotFound => Ok(None),
            asked => Ok(asked.map(|()| known)?),
        }
    }

    // How many of a member's edges a recall reached: of members that are named alone, and never which. When it ends there is
    // what whoever recalled said himself: by their own policies others may end it sooner, which he is not told.
    fn edges_of(
        &self,
        roster: &Roster,
        member: MemberId,
        (position, ends): (u64, Option<Timestamp>),
    ) -> Result<Option<views::RecallEdges>, Error> {
        let Some(known) = self.known_to(roster, member, position)? else { return Ok(None) };
        let edges = self.edges_that_know(member, known, ends)?;
        let count = |is: fn(&views::RecallEdge) -> bool| edges.iter().filter(|edge| is(edge)).count() as u64;
        Ok((!edges.is_empty()).then(|| views::RecallEdges {
            edges: edges.len() as u64,
            confirmed: count(|edge| edge.confirmed),
            away: count(|edge| !edge.confirmed && !edge.online),
            ends: edges.iter().find_map(|edge| edge.ends.clone()),
        }))
    }

    // `None` for a source that is more than can be recalled by its objects.
    fn recalled_keys(&self, caller: &Caller, asked: &Recall) -> Result<Option<Vec<ObjectKey>>, Error> {
        let mut keys = asked.objects.iter().map(|id| object_key(id)).collect::<Result<Vec<_>, Error>>()?;
        if let Some(submission) = &asked.submission {
            // Whoever may not know of it is told that there is none.
            self.status(caller, submission)?;
            let id = submission.parse().map_err(|_| not_found("submission", submission))?;
            keys.extend(self.inner.store.snapshot()?.brought_by(id, OBJECTS + 1)?);
        }
        if let Some(source) = &asked.source {
            let own = signed_in(caller)?;
            let found = self.said_from(caller, own, source)?;
            let alias = self.roster().member(own).map_or(own, |member| member.alias);
            // What was accepted and did not enter yet is not found by its objects.
            if keys.is_empty() && !self.waiting_of([own, alias])?.is_empty() {
                return Ok(None);
            }
            if found.is_empty() {
                return Err(not_found("indicator of your organisation from the source", source));
            }
            if found.len() > OBJECTS && keys.is_empty() {
                return Ok(None);
            }
            keys.extend(found);
        }
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return Err(Error::new(
                Kind::Invalid,
                "a recall names objects, a submission, a source or a member",
            ));
        }
        if keys.len() > OBJECTS {
            let error = Error::new(Kind::Invalid, format!("at most {OBJECTS} objects are recalled at once"));
            return Err(
                error.hint("name them in parts; all of a source, or of a member since a time, is one recall")
            );
        }
        Ok(Some(keys))
    }

    // What the member said from a feed and did not revoke, up to one more than may be recalled.
    fn said_from(&self, caller: &Caller, own: MemberId, source: &str) -> Result<Vec<ObjectKey>, Error> {
        let reading = self.reading(caller)?;
        let (mut found, mut from) = (Vec::new(), Place::default());
        loop {
            let query = PageQuery {
                kinds: vec!["indicator".to_owned()],
                sources: vec![own],
                ..PageQuery::everything(&reading.sight.visible, from, PAGE)
            };
            let end = reading.snapshot.page(&query, &mut |entry| {
                let object = strictjson::parse(entry.wire, &Limits::default());
                if !entry.revoked && object.is_ok_and(|object| is_from(&object, source)) {
                    found.extend(object_key(&format!("{}--{}", entry.kind, entry.uuid.hyphenated())));
                }
            })?;
            if !end.more || found.len() > OBJECTS {
                return Ok(found);
            }
            from = end.next;
        }
    }

    fn recalled_standing(
        &self,
        caller: &Caller,
        own: MemberId,
        keys: &[ObjectKey],
        all: bool,
    ) -> Result<Vec<Standing>, Error> {
        let reading = self.reading(caller)?;
        let mut standing = Vec::new();
        for key in keys {
            match one_standing(&reading, own, key)? {
                Some(one) => standing.push(one),
                None if all => return Err(not_found("object", &key.to_string())),
                // What else a submission brought may be gone already.
                None => {}
            }
        }
        if standing.is_empty() {
            return Err(not_found("object", "of this submission"));
        }
        Ok(standing)
    }

    // Revoked versions and the note, in one submission under the label of the objects.
    fn to_be_said<'s>(
        &self,
        caller: &Caller,
        own: MemberId,
        label: &Label,
        objects: &[&'s Standing],
        reason: &str,
    ) -> Result<ToBeSaid<'s>, Error> {
        let (roster, now) = (self.roster(), self.now());
        let without_name = roster.behind(label.author).is_some();
        let identity = roster.identities(own).into_iter().next().filter(|_| !without_name);
        if identity.is_none() && !without_name {
            let error = Error::new(Kind::Conflict, "no STIX identity is bound to this member");
            return Err(error.hint("bind one to it, so that others see who speaks"));
        }
        let identity = identity.as_deref();
        let addressed = Addressed::of(&roster, label);
        // Of a circle that it has left the member can say nothing to: then the entry is its own, and that is told.
        let can_name = addressed.find(&roster, caller, own, now).is_ok();
        let tlp = if can_name { label.tlp } else { Tlp::Red };
        let Addressed { to, embargo } = if can_name { addressed } else { Addressed::default() };
        let mut pieces = Vec::with_capacity(objects.len() + 1);
        for one in objects.iter().filter(|one| one.whole) {
            let Ok(object) = strictjson::parse(&one.wire, &Limits::default()) else { continue };
            let id = one.key.to_string();
            let by = Speaker { identity, now, uuid: random::uuid()?, tlp };
            // What has no versions, or is revoked already, says no more of itself: the note does.
            let subject = Subject { id: &id, object: &object, own: true };
            pieces.extend(statement(&Annotation::Revoke, subject, by).ok());
        }
        let uuid = random::uuid()?;
        let refs: Vec<String> = objects.iter().map(|one| one.key.to_string()).collect();
        pieces.push(recall_note(Speaker { identity, now, uuid, tlp }, reason, &refs));
        let mut envelope = b"{\"objects\":[".to_vec();
        envelope.extend(pieces.join(&b','));
        envelope.extend(b"]}");
        let options = ImportOptions { tlp: Some(tlp), to, embargo, without_name, ..ImportOptions::default() };
        let id = format!("note--{uuid}");
        Ok(ToBeSaid { id, label: label.tlp, options, envelope, objects: objects.to_vec() })
    }

    fn say(&self, caller: &Caller, said: &ToBeSaid<'_>, dry_run: bool) -> Result<(), Error> {
        let options = ImportOptions { dry_run, ..said.options.clone() };
        let status = self.submit_recall(caller, (&options, Recalling::Objects), &said.envelope)?;
        let refused = status.outcomes.iter().find(|outcome| outcome.state == "rejected");
        let Some(refused) = refused else { return Ok(()) };
        let why = refused.message.clone().unwrap_or_default();
        let error = Error::new(Kind::Conflict, format!("`{}` was refused: {why}", refused.id));
        Err(if dry_run { error.hint("nothing was recalled; withdraw what cannot be revoked") } else { error })
    }

    fn told_of(
        &self,
        roster: &Roster,
        caller: &Caller,
        held: &Held,
        confirmed: &BTreeSet<String>,
        entry: Option<(u64, Option<Timestamp>)>,
    ) -> Result<views::RecallHeld, Error> {
        let mut told =
            views::RecallHeld { days: self.settings().keep_reads_days, ..views::RecallHeld::default() };
        for (id, by) in &held.members {
            let confirmed = confirmed.contains(id);
            let known = id.parse().ok().filter(|member| {
                by.handed && knows(roster, caller, *member, Shows::Organisations, self.now())
            });
            match known {
                Some(member) => told.members.push(views::RecallHolder {
                    member: roster.named(member),
                    objects: by.objects,
                    confirmed,
                    edges: match entry {
                        Some(entry) => self.edges_of(roster, member, entry)?,
                        None => None,
                    },
                }),
                None => {
                    told.others += 1;
                    told.others_confirmed += u64::from(confirmed);
                }
            }
        }
        told.members.sort_by(|one, other| one.member.name.cmp(&other.member.name));
        Ok(told)
    }
}

// What a member said of an object, as far as the reader sees.
fn one_standing(reading: &Reading, own: MemberId, key: &ObjectKey) -> Result<Option<Standing>, Error> {
    let visible = &reading.sight.visible;
    let (mut versions, mut targets, mut last) = (Vec::new(), Vec::new(), None);
    let mut of = None;
    reading.snapshot.versions(visible, key, &mut |hit| {
        // By its name, or without it: the greatest version comes first, and says which.
        let is_his = hit.source == own || reading.alias == Some(hit.source);
        if is_his && *of.get_or_insert(hit.source) == hit.source {
            last.get_or_insert((hit.position, hit.label));
            versions.push(hit.version);
            let label = reading.sight.label(hit.label).cloned();
            targets.extend(label.map(|label| Target { position: hit.position, label }));
        }
        ControlFlow::Continue(())
    })?;
    let Some((position, label)) = last else { return Ok(None) };
    let Some(label) = reading.sight.label(label).cloned() else { return Ok(None) };
    let mut found = None;
    reading.snapshot.entry(visible, position, &mut |entry| {
        found = Some((entry.wire.to_vec(), visible.hidden_parts(entry.label).is_none()));
    })?;
    Ok(found.map(|(wire, whole)| Standing { key: key.clone(), wire, label, whole, versions, targets }))
}

// The entries of objects that stand now: those that say that they are revoked.
fn standing_of(reading: &Reading, own: MemberId, objects: &[String]) -> Result<Vec<Target>, Error> {
    let mut targets = Vec::new();
    for key in objects.iter().filter_map(|id| ObjectKey::parse(id)) {
        reading.snapshot.standing(&reading.sight.visible, &key, &mut |hit| {
            if hit.source == own && hit.revoked {
                let label = reading.sight.label(hit.label).cloned();
                targets.extend(label.map(|label| Target { position: hit.position, label }));
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok(targets)
}

// Until when the last of the objects was said to be valid; `None` where one of them has no end.
fn valid_until(reading: &Reading, entry: &Entry) -> Result<Option<Timestamp>, Error> {
    let mut last_until = Some(Timestamp::MIN);
    for key in entry.objects.iter().filter_map(|id| ObjectKey::parse(id)) {
        reading.snapshot.standing(&reading.sight.visible, &key, &mut |hit| {
            if hit.source == entry.source {
                last_until = last_until.zip(hit.valid_until).map(|(last, until)| last.max(until));
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok(last_until.filter(|until| *until > Timestamp::MIN))
}

fn recall_at(reading: &Reading, key: &ObjectKey) -> Result<Option<Entry>, Error> {
    let visible = &reading.sight.visible;
    let mut at = None;
    reading.snapshot.standing(visible, key, &mut |hit| {
        at = Some((hit.position, hit.source)).filter(|_| hit.owned);
        ControlFlow::Break(())
    })?;
    let Some((position, source)) = at else { return Ok(None) };
    let mut found = None;
    reading.snapshot.entry(visible, position, &mut |entry| {
        let Some(label) = reading.sight.label(entry.label).cloned() else { return };
        let Ok(object) = strictjson::parse(entry.wire, &Limits::default()) else { return };
        let texts = |name: &str| -> Vec<String> {
            let texts = object.get(name).and_then(Json::as_array).unwrap_or_default();
            texts.iter().filter_map(Json::as_str).map(str::to_owned).collect()
        };
        let references = object.get("external_references").and_then(Json::as_array).unwrap_or_default();
        let says = |name: &str, text: &str| {
            references.iter().any(|one| one.get(name).and_then(Json::as_str) == Some(text))
        };
        if entry.kind != "note" || !says("source_name", "accord") || !says("external_id", RECALL) {
            return;
        }
        reading.lends(entry);
        let reason = object.get("content").and_then(Json::as_str).unwrap_or_default().to_owned();
        let shown = label.origin == Origin::Shown;
        let objects = texts("object_refs");
        found = Some(Entry { source, label, position, shown, reason, objects });
    })?;
    Ok(found)
}
