//! A check of everything.

use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};

use super::counted;
use super::head::Head;
use super::row::{damaged, entry, state, uuid};
use super::sealed::{self, Recount};
use super::sequencer::Leaf;
use super::span::{self, Record, Wires};
use crate::upkeep::Verified;
use crate::{Error, Kind};

/// Problems that are told at most.
const PROBLEMS: usize = 100;

/// Checks what a connection sees.
pub(crate) fn verify(conn: &Connection, progress: &mut dyn FnMut(u64)) -> Result<Verified, Error> {
    let mut found = Verified::default();
    progress(0);
    for line in integrity(conn)? {
        tell(&mut found, format!("engine: {line}"));
    }
    let mut query = conn.prepare(
        "SELECT s.position, s.date_added, s.entry, s.state, s.body, s.target, s.print, l.canonical, m.id, f.digest,
           f.salt, f.hash, (SELECT b.digest FROM leaf b WHERE b.position = s.target), s.label, s.flags, s.version,
           s.uuid, s.kind, s.source, s.media, s.version_text IS NOT NULL
         FROM statement s LEFT JOIN leaf f ON f.position = s.position JOIN label l ON l.num = s.label
           JOIN source m ON m.num = s.source ORDER BY s.position",
    )?;
    let mut rows = query.query([])?;
    let (mut next, mut before) = (0i64, i64::MIN);
    let (mut wires, mut recount) = (Wires::default(), Recount::default());
    while let Some(row) = rows.next()? {
        let (position, date_added): (i64, i64) = (row.get(0)?, row.get(1)?);
        if position != next {
            tell(&mut found, format!("position {next} is missing"));
        }
        if date_added < before {
            tell(&mut found, format!("position {position} is earlier than the one before"));
        }
        (next, before) = (position + 1, date_added);
        found.positions += 1;
        progress(found.positions);
        if row.get::<_, i64>(3)? == state::ERASED {
            found.erased += 1;
        }
        let label = sealed::is_entry(row.get(2)?, row.get(14)?).then(|| row.get(13)).transpose()?;
        let (ordinal, ended) = recount.note(conn, position, label)?;
        if let Some(ended) = ended.filter(|ended| !ended.is_as_kept()) {
            tell(
                &mut found,
                format!("position {}: its commit has other entries; rebuild the views", ended.last),
            );
        }
        let served = match wires.at(conn, position) {
            Ok((told, served)) => {
                if !agrees(row, ordinal, &told)? {
                    tell(
                        &mut found,
                        format!("position {position}: pages tell otherwise of it; rebuild the views"),
                    );
                }
                served
            }
            Err(_) => {
                tell(&mut found, format!("position {position}: what is served of it is missing"));
                continue;
            }
        };
        if let Some(problem) = leaf(row, served)? {
            tell(&mut found, format!("position {position}: {problem}"));
        }
    }
    for problem in span::misplaced(conn, next)? {
        tell(&mut found, problem);
    }
    match counted::wrong(conn) {
        Ok(None) => {}
        Ok(Some(last)) => {
            let problem = format!("position {last}: another number of entries before it; rebuild the views");
            tell(&mut found, problem);
        }
        // What else was found is told all the same.
        Err(error) if error.kind == Kind::Corrupt => {
            tell(&mut found, format!("numbers of entries: {}; rebuild the views", error.message));
        }
        Err(error) => return Err(error),
    }
    for label in recount.wrong_labels(conn)? {
        tell(&mut found, format!("label {label}: another number of entries; rebuild the views"));
    }
    Ok(found)
}

fn tell(found: &mut Verified, problem: String) {
    if found.problems.len() < PROBLEMS {
        found.problems.push(problem);
    }
}

/// What the engine itself finds wrong.
pub(crate) fn integrity(conn: &Connection) -> Result<Vec<String>, Error> {
    let mut query = conn.prepare("PRAGMA integrity_check(20)")?;
    let lines: Vec<String> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

fn agrees(row: &Row<'_>, ordinal: i64, told: &Record) -> Result<bool, Error> {
    let head = Head {
        ordinal,
        version: row.get(15)?,
        uuid: uuid(row.get_ref(16)?.as_blob().map_err(|_| damaged("uuid"))?)?,
        kind: row.get(17)?,
        source: row.get(18)?,
        media: row.get(19)?,
        text: row.get(20)?,
    };
    let stands = Record::new((row.get(3)?, row.get(13)?, row.get(14)?), head)?;
    Ok(stands.tells_as(told))
}

// `served` is the body of an object of which no other one is kept.
fn leaf(row: &Row<'_>, served: &[u8]) -> Result<Option<&'static str>, Error> {
    let Some(hash) = row.get::<_, Option<Vec<u8>>>(11)? else { return Ok(Some("its leaf is missing")) };
    let bytes = |column: usize| -> Result<Option<[u8; 32]>, Error> {
        let bytes: Option<Vec<u8>> = row.get(column)?;
        bytes.map(|bytes| bytes.try_into().map_err(|_| damaged("leaf"))).transpose()
    };
    let kept: Option<Vec<u8>> = row.get(4)?;
    let body = kept.as_deref().or((!served.is_empty()).then_some(served));
    let (Some(digest), Some(salt)) = (bytes(9)?, bytes(10)?) else {
        let gone = row.get::<_, i64>(3)? == state::ERASED && body.is_none();
        return Ok((!gone).then_some("its leaf is empty, and it was not erased"));
    };
    let canonical: Vec<u8> = row.get(7)?;
    let member: Vec<u8> = row.get(8)?;
    let leaf = Leaf { digest, salt, label: Sha256::digest(&canonical).into(), source: uuid(&member)? };
    if leaf.hash(row.get(1)?) != hash.as_slice() {
        return Ok(Some("its leaf does not commit to it"));
    }
    let committed: [u8; 32] = match body {
        Some(body) => Sha256::digest(body).into(),
        None if row.get::<_, i64>(2)? == entry::REENTRY => bytes(12)?.unwrap_or_default(),
        None => return Ok(Some("its body is missing, and it was not erased")),
    };
    Ok((committed != digest).then_some("its body is not the one that was committed to"))
}
