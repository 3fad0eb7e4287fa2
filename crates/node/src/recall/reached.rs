//! What a recall of all that a member or a source said reaches, as long as it is not carried out.

use model::MemberId;
use store::read::Snapshot;
use store::stands::Stand;
use strictjson::Limits;
use uuid::Uuid;

use crate::Error;
use crate::core::annotation::recalled;
use crate::core::recalls::Rule;
use crate::core::stands::{Told, is_from};
use crate::roster::Roster;

/// Whether a stand is of what is recalled and not taken back yet: it acts at no sensor.
pub(crate) fn acts_no_more(roster: &Roster, snapshot: &Snapshot, stand: &Stand<'_>) -> Result<bool, Error> {
    for reach in &roster.recalls().reaches {
        if reach.sources.contains(&stand.source)
            && (reach.feed.is_none()
                || Told::decode(stand.facts).is_some_and(|told| reach.is_of(told.origin)))
            && is_within(snapshot, reach.range, &reach.waiting, stand.position)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a recall that is not carried out yet takes back what a source said at a position: nothing is done with it until then.
pub(crate) fn is_being_recalled(
    roster: &Roster,
    snapshot: &Snapshot,
    (source, position): (MemberId, u64),
) -> Result<bool, Error> {
    for rule in &roster.recalls().active {
        if rule.sources().contains(&source) && wire_of_reached(snapshot, rule, position)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The bytes of what a rule takes back at a position, if it does.
pub(super) fn wire_of_reached(
    snapshot: &Snapshot,
    rule: &Rule,
    position: u64,
) -> Result<Option<Vec<u8>>, Error> {
    let mut wire = None;
    if is_within(snapshot, (rule.from, rule.before), &rule.waiting, position)? {
        snapshot.every_body(position, position + 1, &mut |stored| {
            let says = stored.wire.unwrap_or(stored.body);
            wire = Some(says).filter(|says| takes_back(rule, says));
        })?;
    }
    Ok(wire)
}

/// Whether a rule reaches a position: by where it stands; where it entered again since, by where it did first; and by what brought it,
/// where that was accepted before and sequenced since.
pub(crate) fn is_within(
    snapshot: &Snapshot,
    (from, before): (u64, u64),
    waiting: &[Uuid],
    position: u64,
) -> Result<bool, Error> {
    if position < before {
        return Ok(position >= from);
    }
    if (from..before).contains(&snapshot.root(position)?) {
        return Ok(true);
    }
    if waiting.is_empty() {
        return Ok(false);
    }
    Ok(snapshot.origin(position)?.is_some_and(|submission| waiting.contains(&submission.id.0)))
}

// What takes something back itself stays: whoever was told of it before may not have read of that yet.
fn takes_back(rule: &Rule, says: &[u8]) -> bool {
    let Ok(object) = strictjson::parse(says, &Limits::default()) else { return rule.source.is_none() };
    let is_revoked = object.get("revoked").and_then(strictjson::Node::as_bool) == Some(true);
    let is_indicator = object.get("type").and_then(strictjson::Node::as_str) == Some("indicator");
    let is_meant = match &rule.source {
        Some(feed) => is_indicator && is_from(&object, feed),
        None => recalled(&object).is_none(),
    };
    is_meant && !is_revoked
}
