//! The strip beside what it is a copy of.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::TOGETHER;
use super::copier::STATE;
use crate::read::Snapshot;
use crate::sqlite::span::Wires;
use crate::{Error, Store};

/// Snapshots that are taken in vain before the rest is taken for not copied, and the pause before each.
const IN_VAIN: usize = 50;
const PAUSE: Duration = Duration::from_millis(2);

/// What the strip tells or serves otherwise than the spans. Others may write meanwhile: what a snapshot does not see the
/// strip of any more is compared as the next one sees both.
/// `progress` gets the positions that were compared.
pub(crate) fn differences(store: &Store, progress: &mut dyn FnMut(u64)) -> Result<Vec<String>, Error> {
    let (mut from, mut wrong, mut in_vain) = (0, Vec::new(), 0);
    while in_vain < IN_VAIN {
        let snapshot = store.snapshot()?;
        let compared = compare(&snapshot, (from, i64::MAX), &mut wrong, progress)?;
        if compared.cast_unsigned() >= snapshot.end() {
            break;
        }
        drop(snapshot);
        if compared == from {
            in_vain += 1;
            std::thread::sleep(PAUSE);
        } else {
            (from, in_vain) = (compared, 0);
        }
    }
    if store.inner.strip.damaged.load(Ordering::SeqCst) {
        wrong.push("the strip was damaged; pages do without it until the store is opened again".to_owned());
    }
    Ok(wrong)
}

/// Compares about so many positions from one on. Where they differ, nobody reads the strip from then on. Answers where to go
/// on, after the last at 0, and what differed.
pub(crate) fn check(store: &Store, from: u64, most: u64) -> Result<(u64, Vec<String>), Error> {
    let mut wrong = Vec::new();
    let snapshot = store.snapshot()?;
    let number = |position: u64| i64::try_from(position).unwrap_or(i64::MAX);
    let range = (number(from), number(from.saturating_add(most)));
    let compared = compare(&snapshot, range, &mut wrong, &mut |_| ())?.cast_unsigned();
    if !wrong.is_empty() {
        store.inner.strip.damaged.store(true, Ordering::SeqCst);
    }
    Ok((if compared < snapshot.end() { compared } else { 0 }, wrong))
}

// Compares from a position on up to another, as far as a snapshot sees the strip. Answers up to where.
fn compare(
    snapshot: &Snapshot,
    (mut from, before): (i64, i64),
    wrong: &mut Vec<String>,
    progress: &mut dyn FnMut(u64),
) -> Result<i64, Error> {
    let mut wires = Wires::default();
    while from < before
        && let Some(chunk) = snapshot.strip(from, TOGETHER, &|_| true)?
    {
        for position in chunk.positions() {
            let (record, _, bytes) = chunk.entry(position)?;
            let Some(bytes) = bytes else { break };
            let (told, wire) = wires.at(snapshot.conn()?, position)?;
            if !told.tells_as(record) || wire != bytes {
                wrong.push(format!("the strip tells otherwise of position {position}; remove `{STATE}`"));
            }
            from = position + 1;
            progress(from.cast_unsigned());
        }
    }
    Ok(from)
}
