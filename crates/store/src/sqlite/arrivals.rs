//! Submissions, what became of their objects, quotas, the quarantine and the audit.

use model::{CollectionId, Facts, MemberId, PersonId, SubmissionId, Timestamp, Tlp, TokenId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::append::Run;
use super::queue;
use super::row::{damaged, flag, uuid};
use super::sequencer::Sequencer;
use super::views::count;
use crate::authority;
use crate::read::{Outcome, OutcomeState, Status, VersionForm};
use crate::record::{Appended, Arrival, Audit, Batch, ERASED, Held, HeldLabel, Item, Quota, Submission};
use crate::{Error, Kind};

/// Bytes of one item in the quarantine.
const ITEM_BYTES: usize = 1 << 20;
/// Bytes of the quarantine in all; the oldest go first.
const QUARANTINE_BYTES: i64 = 64 << 20;
/// What an item costs beside its bytes.
pub(crate) const ITEM_OVERHEAD: i64 = 256;
const HOUR_US: i64 = 3_600_000_000;

/// The number of a submission, made when it is new. One that is complete takes nothing more.
pub(crate) fn submission(to: &mut Sequencer, new: &Submission, waits: bool) -> Result<i64, Error> {
    let stands: Option<(i64, bool)> = to
        .conn
        .prepare_cached("SELECT num, complete FROM submission WHERE id = ?1")?
        .query_row([new.id.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match stands {
        Some((_, true)) => Err(Error::new(Kind::Conflict, format!("submission `{}` is complete", new.id))),
        Some(_) if waits => Err(Error::new(Kind::Conflict, format!("submission `{}` is known", new.id))),
        Some((num, false)) => Ok(num),
        None => {
            let source = to.interned.source(&to.conn, new.source)?;
            Ok(to
                .conn
                .prepare_cached(
                    "INSERT INTO submission (id, source, person, token, collection, received, outcomes,
                       default_label, complete, total, success, failure, addressed)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, 0, 0, ?9) RETURNING num",
                )?
                .query_row(
                    params![
                        new.id.0.as_bytes(),
                        source,
                        new.person.map(|id| *id.0.as_bytes()),
                        new.token.map(|id| *id.0.as_bytes()),
                        new.collection.map(|id| *id.0.as_bytes()),
                        new.received.0,
                        new.outcomes,
                        tlp_number(new.default_label),
                        new.addressed,
                    ],
                    |row| row.get(0),
                )?)
        }
    }
}

/// Counts what a batch adds against its source's quota of this hour, unless that was done when it was accepted.
pub(crate) fn charge_batch(
    to: &mut Sequencer,
    batch: &Batch,
    (submission, source): (i64, i64),
    added: (u64, u64),
) -> Result<(), Error> {
    let charged: bool = to
        .conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM arrival WHERE submission = ?1)")?
        .query_row([submission], |row| row.get(0))?;
    if charged || added == (0, 0) { Ok(()) } else { charge(to, batch.now, source, added, batch.quota) }
}

// What a member says without its name counts against its own quota.
fn charged(to: &mut Sequencer, source: i64) -> Result<i64, Error> {
    let member: Option<Vec<u8>> = to
        .conn
        .prepare_cached("SELECT m.id FROM member m JOIN source s ON s.id = m.alias WHERE s.num = ?1")?
        .query_row([source], |row| row.get(0))
        .optional()?;
    match member {
        Some(member) => to.interned.source(&to.conn, MemberId(uuid(&member)?)),
        None => Ok(source),
    }
}

fn charge(
    to: &mut Sequencer,
    now: Timestamp,
    source: i64,
    added: (u64, u64),
    quota: Quota,
) -> Result<(), Error> {
    let source = charged(to, source)?;
    let exceeds = |used: u64, most: u64| most > 0 && used > most;
    for (what, adds, most) in
        [("objects", added.0, quota.objects_per_hour), ("bytes", added.1, quota.bytes_per_hour)]
    {
        if exceeds(adds, most) {
            let message = format!("these are {adds} {what}, and the member may add {most} in an hour");
            return Err(Error::new(Kind::TooMuch, message));
        }
    }
    let hour = now.0.div_euclid(HOUR_US);
    let (objects, bytes): (i64, i64) = to
        .conn
        .prepare_cached(
            "INSERT INTO usage (source, hour, objects, bytes) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (source, hour) DO UPDATE
             SET objects = objects + excluded.objects, bytes = bytes + excluded.bytes
             RETURNING objects, bytes",
        )?
        .query_row([source, hour, added.0.cast_signed(), added.1.cast_signed()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    if exceeds(objects.cast_unsigned(), quota.objects_per_hour)
        || exceeds(bytes.cast_unsigned(), quota.bytes_per_hour)
    {
        let left_us = (hour + 1) * HOUR_US - now.0;
        let wait_s = u32::try_from(left_us / 1_000_000 + 1).unwrap_or(u32::MAX);
        return Err(Error::new(Kind::Quota { wait_s }, "more than the source may add in this hour"));
    }
    Ok(())
}

/// Keeps what was refused, cut to the quarantine's limit. Answers the bytes kept.
pub(crate) fn reject(
    run: &Run<'_>,
    ordinal: u64,
    object: Option<&str>,
    reason: &str,
    bytes: &[u8],
) -> Result<u64, Error> {
    let kept = bytes.get(..ITEM_BYTES).unwrap_or(bytes);
    let conn = &run.to.conn;
    conn.prepare_cached(
        "INSERT INTO quarantine (submission, ordinal, at, object, reason, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![run.submission, ordinal.cast_signed(), run.now.0, object, reason, kept])?;
    count(conn, "quarantine", kept.len() as i64 + ITEM_OVERHEAD)?;
    let held = || -> rusqlite::Result<i64> {
        conn.query_row("SELECT value FROM counter WHERE name = 'quarantine'", [], |row| row.get(0))
    };
    while held()? > QUARANTINE_BYTES {
        let gone: Option<i64> = conn
            .prepare_cached(
                "DELETE FROM quarantine WHERE num = (SELECT min(num) FROM quarantine) RETURNING length(bytes)",
            )?
            .query_row([], |row| row.get(0))
            .optional()?;
        let Some(gone) = gone else { break };
        count(conn, "quarantine", -(gone + ITEM_OVERHEAD))?;
    }
    Ok(kept.len() as u64)
}

/// Writes the outcomes of a batch and the counts of its submission.
pub(crate) fn finish(to: &Sequencer, batch: &Batch, submission: i64, all: &[Appended]) -> Result<(), Error> {
    let objects = || {
        batch
            .items
            .iter()
            .zip(all)
            .filter(|(item, _)| matches!(item, Item::Statement(_) | Item::Reject { .. }))
    };
    let refused = |appended: &Appended| matches!(appended, Appended::Rejected | Appended::Erased);
    let failure = objects().filter(|(_, appended)| refused(appended)).count() as i64;
    let total = objects().count() as i64;
    if batch.submission.outcomes {
        let first: i64 = to
            .conn
            .prepare_cached("SELECT total FROM submission WHERE num = ?1")?
            .query_row([submission], |row| row.get(0))?;
        for (ordinal, (item, appended)) in (first..).zip(objects()) {
            outcome(&to.conn, (submission, ordinal), item, appended)?;
        }
    }
    to.conn
        .prepare_cached(
            "UPDATE submission SET total = total + ?2, success = success + ?3, failure = failure + ?4,
             complete = ?5 WHERE num = ?1",
        )?
        .execute(params![submission, total, total - failure, failure, batch.complete])?;
    if batch.complete {
        to.conn.prepare_cached("DELETE FROM arrival WHERE submission = ?1")?.execute([submission])?;
    }
    Ok(())
}

// States of `outcome`, as they were told to the submitter.
const NEW: i64 = 0;
const DUPLICATE: i64 = 1;
const EQUIVOCATION: i64 = 2;
const REJECTED: i64 = 3;
const CLAIM: i64 = 4;
// A duplicate is held under another label, which the submitter does not see.
const UNSEEN: i64 = -1;

fn outcome(conn: &Connection, at: (i64, i64), item: &Item, appended: &Appended) -> Result<(), Error> {
    let (state, position) = match appended {
        Appended::New { position, claim, .. } => {
            (if *claim { CLAIM } else { NEW }, Some(position.cast_signed()))
        }
        Appended::Duplicate { position, .. } => (DUPLICATE, Some(position.cast_signed())),
        Appended::Equivocation { position, .. } => (EQUIVOCATION, Some(position.cast_signed())),
        Appended::Done { .. } | Appended::Rejected | Appended::Erased => (REJECTED, None),
    };
    let named;
    let (object, version, message) = match item {
        Item::Statement(new) if *appended == Appended::Erased => {
            named = new.object.to_string();
            (Some(named.as_str()), new.version_text.as_deref(), Some(ERASED))
        }
        Item::Reject { object, version, reason, .. } => {
            (object.as_deref(), Some(version.as_str()), Some(reason.as_str()))
        }
        _ => (None, None, None),
    };
    let held = if let Appended::Duplicate { held, .. } = appended { *held } else { Held::default() };
    let label = match held.label {
        HeldLabel::AsAsked => None,
        HeldLabel::Tlp(tlp) => Some(tlp_number(tlp)),
        HeldLabel::Unseen => Some(UNSEEN),
    };
    conn.prepare_cached(
        "INSERT INTO outcome (submission, ordinal, state, position, object, version, message, held, outside)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![at.0, at.1, state, position, object, version, message, label, held.outside])?;
    Ok(())
}

/// Tells the audit that erased bytes came again, a row for a batch.
pub(crate) fn audit_refused(to: &Sequencer, batch: &Batch, all: &[Appended]) -> Result<(), Error> {
    let refused = all.iter().filter(|appended| **appended == Appended::Erased).count();
    if refused == 0 {
        return Ok(());
    }
    let target = format!("{} ({refused})", batch.submission.id);
    audit(&to.conn, &Audit { at: batch.now, token: batch.submission.token, verb: "erased.again", target })
}

/// Writes a row of the audit.
pub(crate) fn audit(conn: &Connection, audit: &Audit) -> Result<(), Error> {
    conn.prepare_cached("INSERT INTO audit (at, token, verb, target) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![audit.at.0, audit.token.map(|id| *id.0.as_bytes()), audit.verb, audit.target])?;
    Ok(())
}

/// Keeps an arrival's bytes, and charges them.
pub(crate) fn accept(
    to: &mut Sequencer,
    facts: Facts,
    arrival: &Arrival,
    quota: Quota,
    by: &Audit,
) -> Result<(), Error> {
    authority::compare(to, facts, Some(by.at))?;
    let submission = submission(to, &arrival.submission, true)?;
    let source = to.interned.source(&to.conn, arrival.submission.source)?;
    charge(to, by.at, source, (arrival.objects, arrival.bytes.len() as u64), quota)?;
    to.conn
        .prepare_cached(
            "INSERT INTO arrival (submission, objects, bytes, due, form) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            submission,
            arrival.objects.cast_signed(),
            arrival.bytes,
            arrival.due.map(|due| due.0),
            arrival.form
        ])?;
    if let Some(held) = &arrival.held {
        queue::hold(&to.conn, submission, held)?;
    }
    audit(&to.conn, by)
}

/// On opening: arrivals that a crash left half sequenced begin anew. What of them stands will be met as duplicates;
/// their outcomes and counts begin at nothing again.
pub(crate) fn begin_anew(conn: &Connection) -> Result<(), Error> {
    conn.execute_batch(
        "BEGIN IMMEDIATE;
         DELETE FROM outcome WHERE submission IN (SELECT submission FROM arrival);
         UPDATE submission SET total = 0, success = 0, failure = 0
         WHERE num IN (SELECT submission FROM arrival) AND total > 0;
         COMMIT",
    )?;
    Ok(())
}

/// Arrivals that are due, the oldest first.
pub(crate) fn waiting(conn: &Connection, now: Timestamp) -> Result<Vec<(SubmissionId, MemberId)>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT s.id, m.id FROM arrival a JOIN submission s ON s.num = a.submission JOIN source m ON m.num = s.source
         WHERE coalesce(a.due, ?1) <= ?1
           AND NOT EXISTS (SELECT 1 FROM queue q WHERE q.submission = a.submission AND q.state = 0)
         ORDER BY a.submission",
    )?;
    let mut rows = query.query([now.0])?;
    let mut waiting = Vec::new();
    while let Some(row) = rows.next()? {
        let (submission, member): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        waiting.push((SubmissionId(uuid(&submission)?), MemberId(uuid(&member)?)));
    }
    Ok(waiting)
}

/// One that waits, whole.
pub(crate) fn arrival(conn: &Connection, submission: SubmissionId) -> Result<Option<Arrival>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT s.id, m.id, s.person, s.token, s.collection, s.received, s.outcomes, s.default_label, s.addressed,
           a.objects, a.bytes, a.due, a.form
         FROM submission s JOIN arrival a ON a.submission = s.num JOIN source m ON m.num = s.source WHERE s.id = ?1",
    )?;
    let mut rows = query.query([submission.0.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let objects: i64 = row.get(9)?;
    let submission = read_submission(row)?;
    Ok(Some(Arrival {
        submission,
        objects: objects.cast_unsigned(),
        bytes: row.get(10)?,
        due: row.get::<_, Option<i64>>(11)?.map(Timestamp),
        form: row.get(12)?,
        // Whoever has it waiting looks at the queue.
        held: None,
    }))
}

/// The submission that brought the body of the statement at a position.
pub(crate) fn origin(conn: &Connection, position: i64) -> Result<Option<Submission>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT s.id, m.id, s.person, s.token, s.collection, s.received, s.outcomes, s.default_label, s.addressed
         FROM statement e JOIN statement b ON b.position = coalesce(e.target, e.position)
           JOIN submission s ON s.num = b.submission JOIN source m ON m.num = s.source
         WHERE e.position = ?1",
    )?;
    let mut rows = query.query([position])?;
    rows.next()?.map(read_submission).transpose()
}

fn read_submission(row: &Row<'_>) -> Result<Submission, Error> {
    let id = |at: usize| -> Result<Option<uuid::Uuid>, Error> {
        let bytes: Option<Vec<u8>> = row.get(at)?;
        bytes.map(|bytes| uuid(&bytes)).transpose()
    };
    let needed = |at: usize| id(at)?.ok_or_else(|| damaged("id"));
    Ok(Submission {
        id: SubmissionId(needed(0)?),
        source: MemberId(needed(1)?),
        person: id(2)?.map(PersonId),
        token: id(3)?.map(TokenId),
        collection: id(4)?.map(CollectionId),
        received: Timestamp(row.get(5)?),
        outcomes: row.get(6)?,
        default_label: tlp(row.get(7)?)?,
        addressed: row.get(8)?,
    })
}

/// A TLP from its place among all.
pub(crate) fn tlp(number: i64) -> Result<Tlp, Error> {
    usize::try_from(number).ok().and_then(|at| Tlp::ALL.get(at)).copied().ok_or_else(|| damaged("tlp"))
}

/// The place of a TLP among all.
pub(crate) fn tlp_number(tlp: Tlp) -> i64 {
    Tlp::ALL.iter().position(|one| *one == tlp).unwrap_or(0) as i64
}

/// What became of a submission.
pub(crate) fn status(conn: &Connection, id: SubmissionId) -> Result<Option<Status>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT s.num, m.id, s.received, s.default_label, s.complete, s.total, s.success, s.failure,
           (SELECT a.objects FROM arrival a WHERE a.submission = s.num), s.token, s.collection
         FROM submission s JOIN source m ON m.num = s.source WHERE s.id = ?1",
    )?;
    let mut rows = query.query([id.0.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let member: Vec<u8> = row.get(1)?;
    let done = row.get::<_, i64>(5)?.cast_unsigned();
    let waiting: Option<i64> = row.get(8)?;
    let (token, collection): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.get(9)?, row.get(10)?);
    let total = waiting.map_or(done, |objects| objects.cast_unsigned().max(done));
    Ok(Some(Status {
        source: MemberId(uuid(&member)?),
        token: token.map(|id| uuid(&id)).transpose()?.map(TokenId),
        collection: collection.map(|id| uuid(&id)).transpose()?.map(CollectionId),
        received: Timestamp(row.get(2)?),
        default_label: tlp(row.get(3)?)?,
        complete: row.get(4)?,
        total,
        success: row.get::<_, i64>(6)?.cast_unsigned(),
        failure: row.get::<_, i64>(7)?.cast_unsigned(),
        pending: total - done,
        outcomes: outcomes(conn, row.get(0)?)?,
    }))
}

fn outcomes(conn: &Connection, submission: i64) -> Result<Vec<Outcome>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT o.ordinal, o.state, o.object, o.message, w.text, s.uuid, s.version, s.version_text, s.flags,
           o.version, o.held, o.outside
         FROM outcome o LEFT JOIN statement s ON s.position = o.position LEFT JOIN word w ON w.num = s.kind
         WHERE o.submission = ?1 ORDER BY o.ordinal",
    )?;
    let mut rows = query.query([submission])?;
    let mut outcomes = Vec::new();
    while let Some(row) = rows.next()? {
        outcomes.push(read_outcome(row)?);
    }
    Ok(outcomes)
}

fn read_outcome(row: &Row<'_>) -> Result<Outcome, Error> {
    let ordinal = row.get::<_, i64>(0)?.cast_unsigned();
    let message = row.get::<_, Option<String>>(3)?.unwrap_or_default();
    let Some(kind) = row.get::<_, Option<String>>(4)? else {
        let object = row.get::<_, Option<String>>(2)?.unwrap_or_default();
        return Ok(Outcome {
            ordinal,
            object,
            version: row.get::<_, Option<String>>(9)?.unwrap_or_default(),
            state: OutcomeState::Rejected,
            message,
        });
    };
    let id: Vec<u8> = row.get(5)?;
    let flags: i64 = row.get(8)?;
    let text: Option<String> = row.get(7)?;
    let form = VersionForm::stored(flags & flag::MILLIS != 0, text.as_deref());
    let state = match row.get::<_, i64>(1)? {
        NEW => OutcomeState::New,
        CLAIM => OutcomeState::Claim,
        DUPLICATE => OutcomeState::Duplicate(Held {
            label: match row.get::<_, Option<i64>>(10)? {
                None => HeldLabel::AsAsked,
                Some(UNSEEN) => HeldLabel::Unseen,
                Some(number) => HeldLabel::Tlp(tlp(number)?),
            },
            outside: row.get(11)?,
        }),
        EQUIVOCATION => OutcomeState::Equivocation,
        _ => return Err(damaged("outcome.state")),
    };
    Ok(Outcome {
        ordinal,
        object: format!("{kind}--{}", uuid(&id)?.hyphenated()),
        version: form.text(Timestamp(row.get(6)?)),
        state,
        message,
    })
}
