//! The queue in its table: a row for each submission that waits or waited, beside its arrival.

use model::{CollectionId, Facts, Label, MemberId, PersonId, SubmissionId, Timestamp, TokenId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::arrivals::audit;
use super::row::{damaged, uuid};
use super::sequencer::Sequencer;
use crate::authority;
use crate::queue::{Decision, Held, Queued, State, Who};
use crate::record::Audit;
use crate::{Error, Kind};

/// Rows of one answer.
const LISTED: i64 = 10_000;
/// What stands between two labels of a row.
const BETWEEN: &str = "\n\n";

const HELD: i64 = 0;

/// Writes the row of an arrival that waits.
pub(crate) fn hold(conn: &Connection, submission: i64, held: &Held) -> Result<(), Error> {
    let labels: Vec<String> =
        held.labels.iter().map(|label| String::from_utf8_lossy(&label.canonical()).into_owned()).collect();
    conn.prepare_cached(
        "INSERT INTO queue (submission, state, deadline, four_eyes, labels, findings)
         VALUES (?1, 0, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        submission,
        held.deadline.0,
        held.four_eyes,
        labels.join(BETWEEN),
        held.findings
    ])?;
    Ok(())
}

/// Acts on one.
pub(crate) fn decide(
    to: &mut Sequencer,
    facts: Facts,
    seen: &Queued,
    (decision, by): (&Decision, Who),
    row: &Audit,
) -> Result<(), Error> {
    authority::compare(to, facts, Some(row.at))?;
    let conn = &to.conn;
    let (by, at) = (text(by), row.at.0);
    let num: Option<i64> = conn
        .prepare_cached("SELECT num FROM submission WHERE id = ?1")?
        .query_row([seen.submission.0.as_bytes()], |row| row.get(0))
        .optional()?;
    let num = num.ok_or_else(|| Error::new(Kind::NotFound, "this submission is not known"))?;
    let (state, reason, into) = match decision {
        Decision::Take | Decision::Approve => (HELD, "", ""),
        Decision::Return(reason) => (1, reason.as_str(), ""),
        Decision::Merge(into, reason) => (2, reason.as_str(), into.as_str()),
        Decision::Release(_) => (3, "", ""),
    };
    let owner = (*decision == Decision::Take).then_some(&by);
    let approved = (*decision == Decision::Approve).then_some(&by);
    let decided = (state != HELD).then_some((&by, at));
    let changed = conn
        .prepare_cached(
            "UPDATE queue SET state = ?2, owner = coalesce(?3, owner, ?4, ?5), approved = coalesce(?4, approved),
               decider = ?5, decided = ?6, reason = ?7, merged = ?8
             WHERE submission = ?1 AND state = 0 AND owner IS ?9 AND approved IS ?10",
        )?
        .execute(params![
            num,
            state,
            owner,
            approved,
            decided.map(|(by, _)| by),
            decided.map(|(_, at)| at),
            reason,
            into,
            seen.owner.map(text),
            seen.approved.map(text),
        ])?;
    if changed == 0 {
        return Err(Error::new(Kind::Conflict, "somebody else has acted on this submission meanwhile"));
    }
    if let Decision::Release(due) = decision {
        conn.prepare_cached("UPDATE arrival SET due = ?2 WHERE submission = ?1")?
            .execute(params![num, due.map(|due| due.0)])?;
    }
    audit(conn, row)
}

/// Rows, of one submission or of all.
pub(crate) fn rows(conn: &Connection, of: Option<SubmissionId>) -> Result<Vec<Queued>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT s.id, m.id, s.person, s.token, s.collection, s.received,
           coalesce((SELECT a.objects FROM arrival a WHERE a.submission = s.num), s.total),
           q.deadline, q.four_eyes, q.labels, q.findings, q.state, q.owner, q.approved, q.decider, q.decided,
           q.reason, q.merged
         FROM queue q JOIN submission s ON s.num = q.submission JOIN source m ON m.num = s.source
         WHERE ?1 IS NULL OR s.id = ?1
         ORDER BY q.state > 0, iif(q.state = 0, q.deadline, -q.decided), s.num LIMIT ?2",
    )?;
    let mut found = query.query(params![of.map(|id| *id.0.as_bytes()), LISTED])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push(read(row)?);
    }
    Ok(rows)
}

fn read(row: &Row<'_>) -> Result<Queued, Error> {
    let id = |at: usize| -> Result<Option<Uuid>, Error> {
        let bytes: Option<Vec<u8>> = row.get(at)?;
        bytes.map(|bytes| uuid(&bytes)).transpose()
    };
    let needed = |at: usize| id(at)?.ok_or_else(|| damaged("id"));
    let somebody = |at: usize| -> Result<Option<Who>, Error> {
        let text: Option<String> = row.get(at)?;
        text.map(|text| who(&text).ok_or_else(|| damaged("queue"))).transpose()
    };
    let labels: String = row.get(9)?;
    let labels = labels.split(BETWEEN).filter(|text| !text.is_empty());
    let label = |text: &str| {
        // The line that ended it may be what stood between two.
        let whole = format!("{}\n", text.trim_matches('\n'));
        Label::from_canonical(whole.as_bytes()).ok_or_else(|| damaged("label"))
    };
    let at = row.get::<_, Option<i64>>(15)?.map(Timestamp);
    Ok(Queued {
        submission: SubmissionId(needed(0)?),
        source: MemberId(needed(1)?),
        person: id(2)?.map(PersonId),
        token: id(3)?.map(TokenId),
        collection: id(4)?.map(CollectionId),
        received: Timestamp(row.get(5)?),
        objects: row.get::<_, i64>(6)?.cast_unsigned(),
        held: Held {
            deadline: Timestamp(row.get(7)?),
            four_eyes: row.get(8)?,
            labels: labels.map(label).collect::<Result<_, _>>()?,
            findings: row.get(10)?,
        },
        state: match row.get::<_, i64>(11)? {
            HELD => State::Held,
            1 => State::Returned,
            2 => State::Merged,
            3 => State::Released,
            _ => return Err(damaged("queue.state")),
        },
        owner: somebody(12)?,
        approved: somebody(13)?,
        decided: at.zip(somebody(14)?),
        reason: row.get(16)?,
        into: row.get(17)?,
    })
}

// `MEMBER PERSON TOKEN`; `-` for nobody.
fn text(who: Who) -> String {
    let or = |id: Option<Uuid>| id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    format!("{} {} {}", who.member, or(who.person.map(|id| id.0)), or(who.token.map(|id| id.0)))
}

fn who(text: &str) -> Option<Who> {
    let mut words = text.split(' ').map(|word| (word != "-").then(|| Uuid::try_parse(word)).transpose().ok());
    let member = words.next()??.map(MemberId)?;
    let (person, token) = (words.next()??.map(PersonId), words.next()??.map(TokenId));
    Some(Who { member, person, token })
}
