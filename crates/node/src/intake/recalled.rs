//! What says again what a recall is taking back: it would be known already, add nothing, and then go with the rest.

use model::MemberId;
use store::read::Snapshot;
use store::record::{Item, Media, NewStatement};

use super::decided::{Decided, refused_for_now};
use crate::Error;
use crate::core::content::content;
use crate::recall::is_being_recalled;
use crate::roster::Roster;

const LATER: &str = "all that was said before is recalled, and this with it: send it again when `accord recall list` says \
                     that it is taken back";

/// Refuses what one said already and a recall takes back yet, so that who says it anew knows that it does not stand.
pub(super) fn settle(
    roster: &Roster,
    snapshot: &Snapshot,
    source: MemberId,
    decided: &mut [Decided],
) -> Result<(), Error> {
    if !roster.recalls().active.iter().any(|rule| rule.sources().contains(&source)) {
        return Ok(());
    }
    for one in decided {
        let mut again = None;
        for item in &one.items {
            if let Item::Statement(new) = item
                && says_again(roster, snapshot, source, new)?
            {
                again = Some(new.body.clone());
            }
        }
        if let Some(bytes) = again {
            *one = refused_for_now(&one.outcome, LATER, &bytes);
        }
    }
    Ok(())
}

fn says_again(
    roster: &Roster,
    snapshot: &Snapshot,
    source: MemberId,
    new: &NewStatement,
) -> Result<bool, Error> {
    let by_bytes = new.version.is_none() || new.media == Media::Row;
    for held in snapshot.every_statement(&new.object)? {
        if held.source != source || held.withdrawn || (!by_bytes && new.version != Some(held.version)) {
            continue;
        }
        // What is taken back is taken back by its version.
        if (!by_bytes || is_same(snapshot, held.position, new)?)
            && is_being_recalled(roster, snapshot, (source, held.position))?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_same(snapshot: &Snapshot, position: u64, new: &NewStatement) -> Result<bool, Error> {
    let mut same = false;
    snapshot.every_body(position, position + 1, &mut |stored| {
        let served = |new: &NewStatement| content(new.wire.as_ref().unwrap_or(&new.body));
        same = stored.body == new.body
            || (new.media != Media::Row
                && content(stored.wire.as_ref().unwrap_or(&stored.body)) == served(new));
    })?;
    Ok(same)
}
