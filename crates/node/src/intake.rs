//! One submission on its way into the record: authorised, decided piece by piece, sequenced.
//!
//! The commit story. The bytes of a small submission are in memory until its one transaction is durable; then it is
//! answered. Those of a large one are made durable first (`accept`) and answered then, and a job sequences them. Those
//! of an import stay with the one who imports: what is sequenced stands, the rest is imported again.
//!
//! - Crash before `append` is durable: nothing stands, nothing was acknowledged.
//! - Crash after, before the reply: it stands; sent again, every object is a duplicate, which is a success.
//! - Crash between two batches of an accepted arrival: the next start sequences it from the beginning; what stands is
//!   met as a duplicate, and the outcomes are written anew.
//! - Crash, or a disk that is full, between a marking definition and the relabelling of what waited for it: what waited
//!   stays RED, which is safe, until the next start or the next round of housekeeping opens it.

mod created;
mod decided;
mod others;
mod recalled;
mod restated;
mod taking_back;
pub(crate) mod terms;
pub(crate) mod told;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use model::circle::Curation;
use model::gate::Submit;
use model::{Label, MemberId, Reader, SubmissionId, Timestamp};
use store::read::Visible;
use store::record::{Appended, Arrival, Audit, Batch, Item, NewStatement, ObjectKey, Submission};

use self::decided::decide;
pub(crate) use self::decided::{Decided, finding_view};
use self::terms::{Asked, Terms, deciders, terms};
use crate::addressed::Addressed;
use crate::chunk::{Chunk, Piece, Read};
use crate::core::form::Form;
use crate::core::judge;
use crate::core::marking::Restriction;
use crate::core::reading::Reading;
use crate::foresee::Foreseen;
use crate::held_back::HeldBack;
use crate::keep::Kept;
use crate::roster::Roster;
use crate::writing::Failure;
use crate::{Caller, Error, ImportOptions, Kind, Node, random, views};

/// What somebody speaks of.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// The object.
    pub object: ObjectKey,
    /// Whose statement of it.
    pub source: MemberId,
    /// How far the record was looked at for it.
    pub upto: u64,
}

/// A submission that is being taken in.
pub(crate) struct Intake<'n> {
    node: &'n Node,
    caller: Caller,
    asked: Asked,
    verb: &'static str,
    pub submission: Submission,
    /// Markings that were looked for, and what they ask for if they are held.
    held: HashMap<String, Option<Restriction>>,
    audited: bool,
    /// What it speaks of, if that decided what is said.
    pub about: Option<About>,
    /// Nothing is written: what would become of each is found out.
    pub dry_run: bool,
    foreseen: Foreseen,
    /// It is charged to nobody's quota.
    pub uncharged: bool,
    /// Who looks at it before it enters.
    pub curation: Curation,
    /// What was looked at beforehand, where somebody looks.
    pub looked: Vec<NewStatement>,
    /// Somebody looks, whatever becomes of it.
    pub looks: bool,
    /// The places of what was refused when it came and waited: whoever let the rest in did not see it, so it stays refused.
    pub unseen: BTreeSet<u64>,
}

impl<'n> Intake<'n> {
    /// Begins a submission: finds out whether it may be made, and on which terms.
    pub(crate) fn begin(
        node: &'n Node,
        caller: &Caller,
        options: &ImportOptions,
        verb: &'static str,
    ) -> Result<Intake<'n>, Error> {
        let asked = Asked {
            collection: options.collection.clone(),
            member: options.member.clone(),
            tlp: options.tlp,
            without_name: options.without_name,
            is_by_collection: false,
            addressed: Addressed { to: options.to.clone(), embargo: options.embargo.clone() },
        };
        let roster = node.roster();
        let asked = asked.by_collection(&roster);
        let caller = node.renewed(&roster, caller)?;
        let terms = terms(node, &roster, &caller, &asked)?;
        let submission = Submission {
            id: SubmissionId(random::uuid()?),
            source: terms.source,
            person: caller.principal.reader.person,
            token: caller.principal.token,
            collection: terms.collection,
            received: node.now(),
            outcomes: true,
            default_label: terms.default_label,
            addressed: Addressed::by_ids(&roster, &terms.found.audience).to_text(),
        };
        let (dry_run, curation) = (options.dry_run, terms.curation);
        Ok(Intake { dry_run, curation, ..Intake::new(node, caller, asked, verb, submission) })
    }

    /// Takes up a submission that was accepted before, with the rights that its token has now, or would have if its time
    /// had not ended since.
    pub(crate) fn resume(node: &'n Node, submission: Submission) -> Result<Intake<'n>, Error> {
        let roster = node.roster();
        let caller = node.sender(&roster, submission.token, submission.received)?;
        let behind = roster.behind(submission.source).map(|member| member.id);
        let asked = Asked {
            collection: submission.collection.map(|id| id.to_string()),
            member: Some(behind.unwrap_or(submission.source).to_string()),
            without_name: behind.is_some(),
            is_by_collection: false,
            tlp: Some(submission.default_label),
            addressed: Addressed::from_text(&submission.addressed),
        };
        terms(node, &roster, &caller, &asked)?;
        Ok(Intake { audited: true, ..Intake::new(node, caller, asked, "submit", submission) })
    }

    fn new(
        node: &'n Node,
        caller: Caller,
        asked: Asked,
        verb: &'static str,
        submission: Submission,
    ) -> Intake<'n> {
        let (held, foreseen) = (HashMap::new(), Foreseen::default());
        let (audited, dry_run, uncharged, about, looks) = (false, false, false, None, false);
        let (curation, looked, unseen) = (Curation::None, Vec::new(), BTreeSet::new());
        Intake {
            node,
            caller,
            asked,
            verb,
            submission,
            held,
            audited,
            about,
            dry_run,
            foreseen,
            uncharged,
            curation,
            looked,
            looks,
            unseen,
        }
    }

    /// It is said without a name: asked for, or by the collection.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.asked.without_name
    }

    /// It enters later, or would.
    pub(crate) fn is_kept(&self) -> bool {
        self.asked.without_name || self.curation != Curation::None
    }

    /// Who decides whether it enters, in words, where somebody does.
    pub(crate) fn deciders(&self, labels: &BTreeSet<Label>) -> Result<Option<String>, Error> {
        let roster = self.node.roster();
        let terms = terms(self.node, &roster, &self.caller, &self.asked)?;
        let through = terms.collection.and_then(|id| roster.collection(id));
        let strictest = labels.iter().map(Label::strictest).max().unwrap_or(terms.default_label);
        Ok(deciders(&roster, through, (&terms.found.audience, strictest)))
    }

    /// Makes the bytes of the whole submission durable, charges and audits them, to be sequenced after the reply.
    pub(crate) fn accept(&self, objects: u64, bytes: &[u8], kept: Kept) -> Result<(), Error> {
        self.node.judged(&self.caller, |roster, caller| {
            let terms = terms(self.node, roster, caller, &self.asked)?;
            let (submission, bytes) = (self.submission.clone(), bytes.to_vec());
            let Kept { due, form, held } = kept.clone();
            let arrival = Arrival { submission, objects, bytes, due, form, held };
            let (audit, quota) = (self.audit(self.node.now()), terms.quota);
            let by = Node::authorized(roster, caller, Submit, terms.place())?;
            Ok(self.node.inner.store.accept(by, arrival, quota, audit)?)
        })
    }

    fn audit(&self, at: Timestamp) -> Audit {
        let target = self.submission.id.to_string();
        Audit { at, token: self.submission.token, verb: self.verb, target }
    }

    /// Decides on the pieces of a chunk and sequences what is taken, in one transaction. `complete` says that it is
    /// the submission's last. Pieces that refer to markings that are not held are kept back if there is a place for
    /// them.
    pub(crate) fn sequence(
        &mut self,
        chunk: &Chunk,
        read: Vec<Read>,
        complete: bool,
        mut back: Option<&mut HeldBack>,
    ) -> Result<Vec<views::Outcome>, Error> {
        let (node, caller) = (self.node, self.caller.clone());
        let mut first = Some(read);
        let attempted = node.judged(&caller, |roster, caller| {
            // Reading again gives the same; it is cheaper than keeping a copy of every chunk for a change of the
            // directory that hardly ever comes.
            let read = first.take().unwrap_or_else(|| chunk.read());
            self.attempt(roster, caller, chunk, read, complete, back.as_deref_mut())
        })?;
        Ok(self.settled(&caller, attempted))
    }

    /// The same with a whole submission, by somebody who was judged on this state of the directory; what has changed since
    /// is his to judge again.
    pub(crate) fn sequence_judged(
        &mut self,
        roster: &Arc<Roster>,
        caller: &Caller,
        chunk: &Chunk,
    ) -> Result<Vec<views::Outcome>, Failure> {
        let attempted = self.attempt(roster, caller, chunk, chunk.read(), true, None)?;
        Ok(self.settled(caller, attempted))
    }

    // What stands may open what waited.
    fn settled(&self, caller: &Caller, attempted: Attempted) -> Vec<views::Outcome> {
        let node = self.node;
        let Attempted { outcomes, mut definitions, missing } = attempted;
        // What was sequenced after it was judged did not wait yet when they were opened.
        let opened = missing.into_iter().try_for_each(|id| {
            let found = node.held_marking(self.submission.source, &caller.principal.reader, &id)?;
            definitions.extend(found.map(|_| id));
            Ok(())
        });
        let opened = opened.and_then(|()| node.open_marked(self.submission.source, &definitions));
        if let Err(error) = opened {
            // The chunk stands and is told as it is: taken again, its outcomes would be counted twice.
            tracing::warn!(%error, "what waited for a marking is opened later");
            node.inner.jobs.opening_is_due();
        }
        outcomes
    }

    fn attempt(
        &mut self,
        roster: &Arc<Roster>,
        caller: &Caller,
        chunk: &Chunk,
        read: Vec<Read>,
        complete: bool,
        back: Option<&mut HeldBack>,
    ) -> Result<Attempted, Failure> {
        let terms = terms(self.node, roster, caller, &self.asked)?;
        self.look_for_markings(&caller.principal.reader, &read)?;
        let seen = self.node.seen_by(caller, roster, terms.collection)?;
        let versioned = read.iter().flatten().flatten().filter(|reading| reading.version.is_some());
        let objects = versioned.map(|reading| &reading.object);
        let others = self.node.said_by_others(roster, (terms.source, terms.own), &seen, objects)?;
        let taking_back = self.node.taking_back((roster, &terms), &caller.principal.reader, &read)?;
        let before = Before { others, taking_back };
        let room = back.as_ref().map_or(0, |back| back.room());
        let (mut decided, waiting) = self.decide_all(roster, &terms, chunk, (read, &before), room);
        if let Form::Rows(form) = chunk.form.as_ref()
            && let Some(reading) = self.node.reading_to_submit(caller, roster, terms.collection)?
        {
            restated::settle(&reading, (terms.source, terms.collection), (form, chunk), &mut decided)?;
        }
        if !self.uncharged {
            let snapshot = self.node.inner.store.snapshot()?;
            recalled::settle(roster, &snapshot, terms.source, &mut decided)?;
        }
        self.node.keep_created(terms.source, &caller.principal.reader, &mut decided)?;
        // Nothing waits twice: what is kept back is noted only when the rest of the chunk stands.
        let keep_back = || {
            if let Some(back) = back {
                waiting.into_iter().for_each(|(piece, missing)| back.keep(chunk, &piece, missing));
            }
        };
        if self.dry_run {
            keep_back();
            if self.looks || self.is_kept() {
                let items = decided.iter().flat_map(|one| &one.items);
                self.looked.extend(items.filter_map(|item| match item {
                    Item::Statement(new) => Some(NewStatement::clone(new)),
                    _ => None,
                }));
            }
            let by = (terms.source, &seen);
            let outcomes = self.node.foresee(by, terms.collection, decided, &mut self.foreseen)?;
            return Ok(Attempted { outcomes, ..Attempted::default() });
        }
        if decided.is_empty() && !complete {
            keep_back();
            return Ok(Attempted::default());
        }
        let missing = self.missing(&decided);
        let mut by = Node::authorized(roster, caller, Submit, terms.place())?;
        if let Some(about) = &self.about {
            by = by.resting_on(about.upto);
        }
        let (batch, told) = self.batch((&terms, seen), decided, complete)?;
        let appended = self.node.inner.store.append(by, batch)?;
        self.audited = true;
        keep_back();
        Ok(Attempted { missing, ..attempted(told, appended) })
    }

    // The markings that are not held and that something in the batch will wait for.
    fn missing(&self, decided: &[Decided]) -> BTreeSet<String> {
        let statements = decided.iter().flat_map(|one| &one.items).filter_map(|item| match item {
            Item::Statement(new) => Some(new),
            _ => None,
        });
        let named = statements.flat_map(|new| &new.waits_for).map(ToString::to_string);
        named.filter(|id| !self.holds(id)).collect()
    }

    // The batch that is sequenced, and what there is to tell of each piece, with the number of its items.
    fn batch(
        &self,
        (terms, seen): (&Terms, Visible),
        decided: Vec<Decided>,
        complete: bool,
    ) -> Result<(Batch, Vec<Told>), Error> {
        let now = self.node.now();
        let mut items = Vec::with_capacity(decided.len());
        let mut told = Vec::with_capacity(decided.len());
        for one in decided {
            told.push(Told { outcome: one.outcome, items: one.items.len(), defines: one.defines });
            items.extend(one.items);
        }
        let batch = Batch {
            submission: self.submission.clone(),
            now,
            seed: random::bytes()?,
            items,
            complete,
            seen,
            quota: if self.uncharged { store::record::Quota::default() } else { terms.quota },
            about: self.about.as_ref().map(|about| (about.object.clone(), about.source)),
            audit: if self.audited { Vec::new() } else { vec![self.audit(now)] },
            circle_acts: Vec::new(),
        };
        Ok((batch, told))
    }

    // What is held is looked for once more with each chunk: another submission may have brought it meanwhile.
    fn look_for_markings(&mut self, reader: &Reader, read: &[Read]) -> Result<(), Error> {
        let named = read.iter().flatten().flatten().flat_map(|reading| reading.markings.to_look_for());
        let unknown: BTreeSet<&str> =
            named.filter(|id| self.held.get(*id).is_none_or(Option::is_none)).collect();
        for id in unknown {
            let found = self.node.held_marking(self.submission.source, reader, id)?;
            self.held.insert(id.to_owned(), found);
        }
        Ok(())
    }

    fn decide_all(
        &mut self,
        roster: &Roster,
        terms: &Terms,
        chunk: &Chunk,
        (read, before): (Vec<Read>, &Before),
        mut room: usize,
    ) -> (Vec<Decided>, Vec<(Piece, String)>) {
        let is_unseen = |piece: &Piece| self.unseen.contains(&piece.start.ordinal);
        let unseen: Vec<bool> = chunk.pieces.iter().map(is_unseen).collect();
        let seen = read.iter().zip(&unseen).filter(|(_, unseen)| !**unseen);
        self.learn(roster, terms, seen.flat_map(|(read, _)| read).flatten());
        let filtered: Vec<_> = roster.filtered().collect();
        let bound_to = |identity: &str| roster.bound_to(identity);
        let known = |id: &str| self.held.get(id).copied().flatten();
        let others = |object: &ObjectKey| before.others.get(object).map(Vec::as_slice).unwrap_or_default();
        let takes_back = |reading: &Reading| before.taking_back.contains(&reading.body);
        let context = terms.context(roster, self.node.now(), &filtered, &bound_to, &known, &others);
        let context = judge::Context { takes_back: &takes_back, ..context };
        let mut decided = Vec::with_capacity(read.len());
        let mut waiting = Vec::new();
        for ((piece, read), unseen) in chunk.pieces.iter().zip(read).zip(unseen) {
            let bytes = chunk.bytes(piece).len();
            if unseen {
                decided.push(decided::refused_before(decide(&context, chunk, piece, read), chunk, piece));
            } else if room >= bytes
                && let Ok(readings) = &read
                && let Some(missing) = readings.iter().find_map(|one| judge::label(one, &context).missing)
            {
                room -= bytes;
                waiting.push((piece.clone(), missing));
            } else {
                decided.push(decide(&context, chunk, piece, read));
            }
        }
        (decided, waiting)
    }

    /// Says which marking definitions are still to come: those that will be taken count from now on.
    pub(crate) fn expect(&mut self, definitions: &[Reading]) -> Result<(), Error> {
        if definitions.is_empty() {
            return Ok(());
        }
        let roster = self.node.roster();
        let terms = terms(self.node, &roster, &self.caller, &self.asked)?;
        self.learn(&roster, &terms, definitions.iter());
        Ok(())
    }

    // Marking definitions count for what stands beside them; but only those that are taken.
    fn learn<'r>(&mut self, roster: &Roster, terms: &Terms, readings: impl Iterator<Item = &'r Reading>) {
        let filtered: Vec<_> = roster.filtered().collect();
        let bound_to = |identity: &str| roster.bound_to(identity);
        let known = |id: &str| self.held.get(id).copied().flatten();
        let context = terms.context(roster, self.node.now(), &filtered, &bound_to, &known, &|_| &[]);
        let mut definitions = Vec::new();
        for reading in readings {
            if let Some(asks) = reading.defines
                && judge::decide(reading, &context).is_ok()
            {
                definitions.push((reading.object.to_string(), Some(asks)));
            }
        }
        self.held.extend(definitions);
    }

    /// Says that nothing more belongs to the submission.
    pub(crate) fn complete(&mut self) -> Result<(), Error> {
        if self.dry_run {
            return Ok(());
        }
        let nothing = Chunk::new(Arc::new(Form::Stix(None)));
        self.sequence(&nothing, Vec::new(), true, None).map(drop)
    }

    /// Markings that are held by now, of those that were looked for.
    pub(crate) fn holds(&self, id: &str) -> bool {
        self.held.get(id).is_some_and(Option::is_some)
    }
}

/// What was said before, of the objects of a chunk.
struct Before {
    /// The labels under which others said something under their ids.
    others: HashMap<ObjectKey, Vec<Label>>,
    /// The bytes of what takes back what its source said, and nothing else.
    taking_back: HashSet<Vec<u8>>,
}

/// What there is to tell of a piece once its items are sequenced.
struct Told {
    outcome: views::Outcome,
    items: usize,
    defines: Option<Restriction>,
}

fn attempted(told: Vec<Told>, appended: Vec<Appended>) -> Attempted {
    let mut appended = appended.into_iter();
    let mut attempted = Attempted::default();
    for Told { mut outcome, items, defines } in told {
        let of_piece: Vec<Appended> = appended.by_ref().take(items).collect();
        if let Some(first) = of_piece.first() {
            decided::settle(&mut outcome, first);
        }
        let opens = defines.is_some_and(|asks| asks != Restriction::NotUnderstood);
        // Said again, it opens what a definition that came at the same moment left waiting.
        if opens && matches!(of_piece.first(), Some(Appended::New { .. } | Appended::Duplicate { .. })) {
            attempted.definitions.push(outcome.id.clone());
        }
        attempted.outcomes.push(outcome);
    }
    attempted
}

/// What came of a chunk.
#[derive(Default)]
struct Attempted {
    outcomes: Vec<views::Outcome>,
    /// Marking definitions that were taken and may open something.
    definitions: Vec<String>,
    /// Markings that were not held when it was judged.
    missing: BTreeSet<String>,
}

impl Error {
    /// Whether trying again later can help, without anybody doing anything.
    pub(crate) fn passes(&self) -> bool {
        matches!(self.kind, Kind::Unavailable | Kind::Quota | Kind::Internal | Kind::Locked)
    }
}
