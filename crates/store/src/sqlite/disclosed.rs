//! Disclosures outlive the database that they were recorded in, as erasures do: a file beside it says what was given to
//! whom, so that a restored backup does not forget what was given away after it was made.
//!
//! A line is an act, in the order of the record: the statements that it reached, as `position:leaf` with commas between or `-` for
//! none, and the act. An act that the database lacks is recorded again, at a position of its own, about those of its
//! statements that the database has; when it was and what it was about the act says itself.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::erasures;
use super::row::entry;
use super::sequencer::Sequencer;
use crate::{Error, Kind};

/// The name of the file in the folder.
pub(crate) const FILE: &str = "disclosures";

/// What the file should say.
pub(crate) fn all(conn: &Connection) -> Result<String, Error> {
    // The number stands in the text, so that the index of these alone is used.
    let mut query = conn.prepare(&format!(
        "SELECT coalesce((SELECT group_concat(r.target || ':' || hex(l.hash)) FROM reach r
           JOIN leaf l ON l.position = r.target WHERE r.act = a.position), '-'), a.body
         FROM statement a WHERE a.entry = {} ORDER BY a.position",
        entry::DISCLOSE
    ))?;
    let mut rows = query.query([])?;
    let mut text = String::new();
    while let Some(row) = rows.next()? {
        let (reached, body): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        // An act is canonical JSON, which is one line of UTF-8.
        text.push_str(&format!("{reached} {}\n", String::from_utf8_lossy(&body)));
    }
    Ok(text)
}

/// Records again what the file says and the database lacks. All of it is one transaction.
pub(crate) fn repeat(to: &mut Sequencer) -> Result<(), Error> {
    let Some(text) = to.disclosures.found.take() else { return Ok(()) };
    let path = to.disclosures.path.display().to_string();
    let wrong = || Error::new(Kind::Corrupt, format!("`{path}` has a line that is no disclosure"));
    let known = all(&to.conn)?;
    let known: BTreeSet<&str> =
        known.lines().filter_map(|line| line.split_once(' ')).map(|(_, act)| act).collect();
    let mut lacking = Vec::new();
    for line in text.lines() {
        let (reached, act) = line.split_once(' ').ok_or_else(wrong)?;
        if known.contains(act) {
            continue;
        }
        let mut positions = Vec::new();
        for one in reached.split(',').filter(|one| *one != "-") {
            let (position, leaf) = one.split_once(':').ok_or_else(wrong)?;
            let position: i64 = position.parse().map_err(|_| wrong())?;
            let there: bool = to
                .conn
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM leaf WHERE position = ?1 AND hex(hash) = ?2)")?
                .query_row(params![position, leaf], |row| row.get(0))?;
            // What came after the backup is not there, or is something else.
            positions.extend(there.then_some(position));
        }
        lacking.push((positions, act));
    }
    if lacking.is_empty() {
        return Ok(());
    }
    erasures::as_nobody(to, "disclosed", lacking.len() as u64, |run| {
        lacking
            .iter()
            .try_for_each(|(positions, act)| run.record_disclosure(positions, act.as_bytes()).map(drop))
    })
}
