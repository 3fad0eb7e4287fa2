//! What others say of what a source says: how many of its indicators were seen, how many are called mistaken, and by how many.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use model::MemberId;
use model::protect::Mistaken;
use store::record::ObjectKey;
use uuid::Uuid;

use super::facts::{Judging, UNNAMED};
use crate::core::verdicts::Verdicts;
use crate::{Error, views};

/// Indicators of which something is said that are looked at.
const LOOKED_AT: usize = 2_000;

/// What is counted of one source.
#[derive(Default)]
struct Counted {
    sighted: u64,
    sighted_by: BTreeSet<MemberId>,
    mistaken: u64,
    mistaken_by: BTreeSet<MemberId>,
}

/// The records of all sources of which something is said, as one reader sees it.
pub(crate) struct Records {
    of: BTreeMap<MemberId, Counted>,
    more: bool,
}

/// The record of a source; `None` for what nobody is named for, and where nothing is said of it. All are read at once, with the first
/// that is asked for.
pub(crate) fn records_of(
    judging: &Judging<'_>,
    records: &mut Option<Records>,
    source: MemberId,
) -> Result<Option<views::SourceRecord>, Error> {
    if source == UNNAMED {
        return Ok(None);
    }
    let records = match records {
        Some(records) => records,
        None => records.insert(read(judging)?),
    };
    Ok(records.of.get(&source).map(|counted| views::SourceRecord {
        sighted: counted.sighted,
        sighted_by: counted.sighted_by.len() as u64,
        mistaken: counted.mistaken,
        mistaken_by: counted.mistaken_by.len() as u64,
        more: records.more,
    }))
}

fn read(judging: &Judging<'_>) -> Result<Records, Error> {
    let mut records = Records { of: BTreeMap::new(), more: false };
    let (mut looked_at, mut failed) = (0, Ok(()));
    judging.each_verdicts(&mut |of, verdicts| {
        if looked_at == LOOKED_AT {
            records.more = true;
            return ControlFlow::Break(());
        }
        looked_at += 1;
        failed = count(judging, &mut records, of, verdicts);
        if failed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    failed.map(|()| records)
}

// What a source says of its own is nobody else's word.
fn count(judging: &Judging<'_>, records: &mut Records, of: Uuid, verdicts: &Verdicts) -> Result<(), Error> {
    for author in judging.authors(&ObjectKey { kind: "indicator".to_owned(), uuid: of })? {
        let sighted_by: Vec<MemberId> = verdicts.seen_but_by(author).collect();
        let mistaken_by: Vec<MemberId> = verdicts.mistaken_but_by(author).collect();
        if sighted_by.is_empty() && mistaken_by.is_empty() {
            continue;
        }
        let counted = records.of.entry(author).or_default();
        counted.sighted += u64::from(!sighted_by.is_empty());
        counted.mistaken += u64::from(!mistaken_by.is_empty());
        counted.sighted_by.extend(sighted_by);
        counted.mistaken_by.extend(mistaken_by);
    }
    Ok(())
}

/// Who says that an indicator was seen, and who that it is a mistake.
pub(crate) fn voices(verdicts: &Verdicts) -> (Option<views::Voices>, Option<views::Voices>) {
    let (members, own) = verdicts.sighted_by();
    let last = verdicts.sighted().map(|last| last.to_string());
    let sighted = (members > 0).then_some(views::Voices { members, own, last });
    let Mistaken { members, here: own, last } = verdicts.mistaken();
    let last = last.map(|last| last.to_string());
    let mistaken = (members > 0).then_some(views::Voices { members: members as usize, own, last });
    (sighted, mistaken)
}
