//! What arrives within a request: an envelope, a bundle, or one object.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use model::circle::Curation;
use model::{Action, CollectionId, MemberId, SubmissionId, Tlp, TokenId, may_act};
use store::read::Status;
use store::record::{Arrival, Item, Submission};

use crate::chunk::Chunk;
use crate::core::reading::{OBJECT_BYTES, Reading as Object};
use crate::core::sensitive::may_hold_card;
use crate::directory::{not_found, signed_in};
use crate::intake::{Intake, told};
use crate::jobs::Signals;
use crate::keep::{Kept, KeptForm};
use crate::queue::{noted, refusal};
use crate::roster::Roster;
use crate::splitting::JsonPieces;
use crate::{Caller, Error, ImportOptions, Kind, Node, views};

/// Chunks of one arrival that are sequenced before another member's turn comes.
const TURN: usize = 8;

/// Of what something says that it is recalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recalling {
    /// Objects, by their ids: the submission is like any other.
    Objects,
    /// All that a member or a source said: it is charged to nobody, for it says no more than what it takes back did, and is sequenced at
    /// once, so that it is known what was refused.
    Whole,
}

/// How far jobs got with arrivals, so that an error in between begins none of them anew. A restart does.
#[derive(Debug, Default)]
pub(crate) struct Sequenced(Mutex<HashMap<SubmissionId, usize>>);

impl Node {
    /// Takes an envelope, a bundle, or one object, in memory: bytes kept, each object judged alone.
    ///
    /// More objects than the node's `asynchronous_objects` are accepted, and sequenced after the reply: the status then
    /// says `pending`. They are charged to the member's quota when they are accepted, known ones too.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::NotFound`] for the collection or the member; [`Kind::TooLarge`], also for more than
    /// the member's quota of a whole hour;
    /// [`Kind::Invalid`] for what is no JSON, with its place, for what is neither of the three, and for what holds no
    /// object; [`Kind::Quota`].
    pub fn submit(
        &self,
        caller: &Caller,
        options: &ImportOptions,
        bytes: &[u8],
    ) -> Result<views::Status, Error> {
        self.take_in(Intake::begin(self, caller, options, "submit")?, bytes)
    }

    /// The same, of what says that something is recalled: no curator is waited for, who would hold up what is gone already.
    pub(crate) fn submit_recall(
        &self,
        caller: &Caller,
        (options, of): (&ImportOptions, Recalling),
        bytes: &[u8],
    ) -> Result<views::Status, Error> {
        let mut intake = Intake::begin(self, caller, options, "submit")?;
        (intake.curation, intake.uncharged) = (Curation::None, of == Recalling::Whole);
        self.take_in(intake, bytes)
    }

    fn take_in(&self, mut intake: Intake<'_>, bytes: &[u8]) -> Result<views::Status, Error> {
        let most = self.settings().max_inflated_bytes;
        if bytes.len() > most {
            return Err(Error::new(Kind::TooLarge, format!("more than {most} bytes")));
        }
        let chunks = match cut(bytes) {
            Ok(chunks) => chunks,
            Err(error) => {
                // It may be anything, a list of cards among it.
                let is_kept = !may_hold_card(&String::from_utf8_lossy(bytes));
                self.quarantine_whole(&mut intake, if is_kept { bytes } else { &[] }, &error.message);
                return Err(error);
            }
        };
        if intake.is_kept() {
            let due = intake.is_unnamed().then(|| self.desk_due());
            return self.keep(intake, &chunks, (bytes, String::new()), due);
        }
        let count: usize = chunks.iter().map(|chunk| chunk.pieces.len()).sum();
        if count > self.settings().asynchronous_objects && !intake.dry_run && !intake.uncharged {
            return self.accept(&intake, count as u64, bytes, Kept::default());
        }
        let outcomes = self.sequence_all(&mut intake, &chunks, 0, &mut |_| true)?;
        Ok(status(&intake.submission, outcomes, 0))
    }

    /// What became of a submission: for the token that made it, and for tokens of the same member that read as high as
    /// that one and where the objects went. A status names objects, so it is for nobody who could not have seen them all.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for one that is not known, or not for this caller.
    pub fn status(&self, caller: &Caller, submission: &str) -> Result<views::Status, Error> {
        let own = signed_in(caller)?;
        let unknown = || not_found("submission", submission);
        let id: SubmissionId = submission.parse().map_err(|_| unknown())?;
        let found = self.inner.store.snapshot()?.status(id)?;
        let is_his = |found: &Status| {
            is_his(&self.roster(), caller, own, (found.token, found.source, found.collection))
        };
        let found = found.filter(is_his).ok_or_else(unknown)?;
        Ok(views::Status {
            id: id.to_string(),
            received: found.received.to_string(),
            complete: found.complete,
            total: found.total,
            success: found.success,
            failure: found.failure,
            pending: found.pending,
            label: found.default_label.to_string(),
            queue: self.queue_state(id)?,
            waiting: None,
            outcomes: found.outcomes.into_iter().map(outcome_view).collect(),
        })
    }

    // The bytes are durable, and charged, before anything of them is judged; a job does the rest.
    pub(crate) fn accept(
        &self,
        intake: &Intake<'_>,
        objects: u64,
        bytes: &[u8],
        kept: Kept,
    ) -> Result<views::Status, Error> {
        intake.accept(objects, bytes, kept)?;
        self.inner.jobs.arrived();
        Ok(views::Status { total: objects, ..status(&intake.submission, Vec::new(), objects) })
    }

    /// Sequences what was accepted: members take turns, and of each member the oldest comes first. One arrival that
    /// has to wait holds up no other. Of all the bytes that wait, those of one arrival are in memory.
    pub(crate) fn sequence_arrivals(&self, signals: &Signals) -> Result<(), Error> {
        let mut waits = None;
        let mut failed = HashSet::new();
        let mut last = None;
        while !signals.stopping() {
            let mut waiting = self.inner.store.waiting(self.now())?;
            waiting.retain(|(submission, _)| !failed.contains(submission));
            let roster = self.roster();
            for (submission, source) in &mut waiting {
                // Those of the desk come in an order that says nothing of who sent them.
                if roster.behind(*source).is_some() {
                    *source = MemberId(submission.0);
                }
            }
            let Some((submission, source)) = next_turn(&waiting, last) else {
                return waits.map_or(Ok(()), Err);
            };
            last = Some(source);
            let Some(arrival) = self.inner.store.arrival(submission)? else { continue };
            if let Err(error) = self.sequence_arrival(&arrival, signals) {
                failed.insert(submission);
                waits = Some(error);
            }
        }
        Ok(())
    }

    // One turn of an arrival: all of it, or a part while others wait.
    fn sequence_arrival(&self, arrival: &Arrival, signals: &Signals) -> Result<(), Error> {
        let (id, source) = (arrival.submission.id, arrival.submission.source);
        // It was cut when it was accepted, so it can be cut.
        let chunks = self.cut_again(arrival)?;
        let queued = self.inner.store.snapshot()?.queued(id)?;
        if let Some(reason) = queued.as_ref().and_then(refusal) {
            return self.refuse_arrival(arrival, &chunks, &reason);
        }
        let mut intake = match Intake::resume(self, arrival.submission.clone()) {
            Ok(intake) => intake,
            Err(error) if error.passes() => return Err(error),
            Err(error) => return self.refuse_arrival(arrival, &chunks, &error.message),
        };
        intake.unseen = queued.as_ref().map(|row| noted(row).refused).unwrap_or_default();
        let from = self.inner.sequenced.get(id);
        let others_wait = || {
            let waiting = self.inner.store.waiting(self.now()).unwrap_or_default();
            waiting.iter().any(|(_, other)| *other != source)
        };
        let done = self.sequence_all(&mut intake, &chunks, from, &mut |next| {
            self.inner.sequenced.set(id, next);
            !signals.stopping() && (next - from < TURN || !others_wait())
        });
        match done {
            Ok(_) => {
                if self.inner.sequenced.get(id) >= chunks.len() {
                    self.inner.sequenced.forget(id);
                }
                Ok(())
            }
            Err(error) if error.passes() => Err(error),
            // Whoever sent it may no longer write, or where he wrote to is gone.
            Err(error) => self.refuse_arrival(arrival, &chunks, &error.message),
        }
    }

    pub(crate) fn cut_again(&self, arrival: &Arrival) -> Result<Vec<Chunk>, Error> {
        if arrival.form.is_empty() {
            return cut(&arrival.bytes);
        }
        let form: KeptForm = serde_json::from_str(&arrival.form)
            .map_err(|error| Error::new(Kind::Internal, format!("how an arrival is cut: {error}")))?;
        let received = arrival.due.unwrap_or(arrival.submission.received);
        let (_, chunks) =
            self.cut_import(&arrival.bytes, &form.options(), (arrival.submission.source, received))?;
        Ok(chunks)
    }

    // What was accepted and can never be taken is refused, each object of it, so that its status ends.
    fn refuse_arrival(&self, arrival: &Arrival, chunks: &[Chunk], reason: &str) -> Result<(), Error> {
        let from = self.inner.sequenced.get(arrival.submission.id);
        let rest: Vec<&Chunk> = chunks.iter().skip(from).collect();
        for (place, chunk) in rest.iter().enumerate() {
            // By its id it is found again by whoever asks what became of it.
            let object = |read: Vec<Object>| read.into_iter().next().map(|one| one.object.to_string());
            let reject = |(piece, read): (&crate::chunk::Piece, Result<Vec<Object>, _>)| Item::Reject {
                ordinal: piece.start.ordinal,
                object: read.ok().and_then(object),
                version: String::new(),
                reason: reason.to_owned(),
                bytes: chunk.kept_bytes(piece).to_vec(),
            };
            let items = chunk.pieces.iter().zip(chunk.read()).map(reject).collect();
            self.append_as_node(arrival.submission.clone(), items, place + 1 == rest.len())?;
            self.inner.sequenced.set(arrival.submission.id, from + place + 1);
        }
        self.inner.sequenced.forget(arrival.submission.id);
        Ok(())
    }

    // Marking definitions count for the objects before them too, so all of them are read first: there are few, and
    // they are easily told.
    pub(crate) fn sequence_all(
        &self,
        intake: &mut Intake<'_>,
        chunks: &[Chunk],
        from: usize,
        go_on: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Vec<views::Outcome>, Error> {
        for chunk in chunks {
            let definitions = chunk.pieces.iter().filter(|piece| {
                !intake.unseen.contains(&piece.start.ordinal) && is_definition(chunk.bytes(piece))
            });
            let read = definitions.filter_map(|piece| chunk.form.read(chunk.bytes(piece)).ok());
            intake.expect(&read.flatten().collect::<Vec<_>>())?;
        }
        let mut outcomes = Vec::new();
        for (place, chunk) in chunks.iter().enumerate().skip(from) {
            let complete = place + 1 == chunks.len();
            outcomes.extend(intake.sequence(chunk, chunk.read(), complete, None)?);
            if !go_on(place + 1) {
                break;
            }
        }
        Ok(outcomes)
    }

    // What could not even be cut is kept for a look, as far as there is room. That it could not be is already an error.
    pub(crate) fn quarantine_whole(&self, intake: &mut Intake<'_>, bytes: &[u8], reason: &str) {
        if intake.dry_run {
            return;
        }
        let item = Item::Reject {
            ordinal: 0,
            object: None,
            version: String::new(),
            reason: reason.to_owned(),
            bytes: bytes.to_vec(),
        };
        if let Err(error) = self.append_as_node(intake.submission.clone(), vec![item], true) {
            tracing::warn!(%error, "a refused arrival could not be kept");
        }
    }
}

impl Sequenced {
    fn get(&self, id: SubmissionId) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied().unwrap_or(0)
    }

    fn set(&self, id: SubmissionId, chunks: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, chunks);
    }

    fn forget(&self, id: SubmissionId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

// The oldest arrival of the member who comes after the last one, in the order of their ids.
fn next_turn(
    waiting: &[(SubmissionId, MemberId)],
    last: Option<MemberId>,
) -> Option<(SubmissionId, MemberId)> {
    let members = || waiting.iter().map(|(_, member)| *member);
    let next = members().filter(|member| last.is_some_and(|last| *member > last)).min();
    let next = next.or_else(|| members().min())?;
    waiting.iter().find(|(_, member)| *member == next).copied()
}

// Who imports for another member is told what he did, and nobody else: his sight is not that member's.
pub(crate) fn is_his(
    roster: &Roster,
    caller: &Caller,
    own: MemberId,
    (sent_by, source, collection): (Option<TokenId>, MemberId, Option<CollectionId>),
) -> bool {
    let principal = &caller.principal;
    if principal.token == sent_by && principal.token.is_some() {
        return true;
    }
    let made_by = sent_by.and_then(|token| roster.token(token));
    // The operator is the node's own member, and reads everything of it.
    let (member, ceiling) = made_by.map_or((roster.own(), Tlp::Red), |token| (token.member, token.ceiling));
    let reads = match collection {
        Some(collection) => Action::ReadCollection(collection),
        None => Action::Read,
    };
    let is_operator = principal.token.is_none() && sent_by.is_none();
    member == own
        && (is_operator
            || roster.is_of(source, own)
                && ceiling <= principal.reader.ceiling
                && may_act(principal, &reads).is_ok())
}

/// Cuts a document into its objects.
pub(crate) fn cut(bytes: &[u8]) -> Result<Vec<Chunk>, Error> {
    let mut pieces = JsonPieces::default();
    for part in [bytes, &[]] {
        pieces.push(part).map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
    }
    let mut chunks = Vec::new();
    while let Some(chunk) = pieces.next() {
        chunks.push(chunk);
    }
    if chunks.is_empty() {
        return Err(malformed("no object is in it"));
    }
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(malformed("it is a list, not an envelope around one"));
    }
    if pieces.lines {
        check_document(&chunks, pieces.count)?;
    }
    Ok(chunks)
}

// Files are cut from many shapes, among them values one after the other. A request that is no envelope and no bundle is
// one object, and whoever sends something else is told so, and not that an object of his was refused.
fn check_document(chunks: &[Chunk], count: u64) -> Result<(), Error> {
    if count > 1 {
        return Err(malformed("it is more than one document"));
    }
    let document = chunks.first().and_then(|chunk| Some((chunk, chunk.pieces.first()?)));
    let Some((chunk, piece)) = document.filter(|(_, piece)| piece.skipped.is_none()) else { return Ok(()) };
    let limits = strictjson::Limits { bytes: OBJECT_BYTES, ..strictjson::Limits::default() };
    let root = strictjson::parse(chunk.bytes(piece), &limits)
        .map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
    match root.get("type").and_then(strictjson::Node::as_str) {
        Some("bundle") => Err(malformed("no object is in it")),
        Some(_) => Ok(()),
        None => Err(malformed("it is neither an envelope with objects nor an object with a type")),
    }
}

fn malformed(message: &str) -> Error {
    let hint = "send an envelope (`{\"objects\":[…]}`), a bundle, or one object";
    Error::new(Kind::Invalid, message).hint(hint)
}

fn is_definition(piece: &[u8]) -> bool {
    // As a type it is followed by a quotation mark; as the beginning of an id it is not.
    let name = b"\"marking-definition\"";
    memchr::memmem::find(piece, name).is_some()
}

pub(crate) fn status(submission: &Submission, outcomes: Vec<views::Outcome>, pending: u64) -> views::Status {
    let failure = outcomes.iter().filter(|outcome| outcome.state == "rejected").count() as u64;
    let total = outcomes.len() as u64;
    views::Status {
        id: submission.id.to_string(),
        received: submission.received.to_string(),
        complete: pending == 0,
        total,
        success: total - failure,
        failure,
        pending,
        label: submission.default_label.to_string(),
        queue: None,
        waiting: None,
        outcomes,
    }
}

fn outcome_view(outcome: store::read::Outcome) -> views::Outcome {
    let mut view = views::Outcome {
        ordinal: outcome.ordinal,
        line: None,
        id: outcome.object,
        version: outcome.version,
        state: "new",
        message: Some(outcome.message).filter(|message| !message.is_empty()),
        findings: Vec::new(),
    };
    told::tell(&mut view, outcome.state);
    view
}
