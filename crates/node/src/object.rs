//! One object with all that is known of it.

use std::ops::ControlFlow;

use model::MemberId;
use serde_json::value::RawValue;
use store::read::LabelId;
use store::record::ObjectKey;

use crate::around::{Reach, named_at, one_step, summary_at};
use crate::core::list_query::object_key;
use crate::directory::not_found;
use crate::reading::Reading;
use crate::{Caller, Error, Kind, Node, views};

/// Most versions, of all sources, that are listed: the greatest.
const MAX_VERSIONS: usize = 1_000;
/// One step around an object.
const AROUND: Reach = Reach { looked_at: 500, listed: 200, telling_only: false };

// A version that the reader may see, without its body.
struct Version {
    position: u64,
    source: MemberId,
    label: LabelId,
    at: model::Timestamp,
    summary: views::ObjectSummary,
}

impl Node {
    /// One object with versions, claims and one step. Without a version asked for, it is what lists show: the greatest of the
    /// id's owner, else the greatest of anybody, where not all revoke it one that is not revoked.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for an object, or a version of it, that is not there, or not for this caller;
    /// [`Kind::Invalid`] for what is no id.
    pub fn object(
        &self,
        caller: &Caller,
        id: &str,
        version: Option<&str>,
    ) -> Result<views::ObjectView, Error> {
        let key = object_key(id)?;
        let reading = self.reading(caller)?;
        let mut versions = visible_versions(&reading, &key)?;
        // Stable, so that of one version the one added first stays first.
        versions.sort_by_key(|version| (version.summary.claim, std::cmp::Reverse(version.at)));
        let last = reading.snapshot.last(&reading.sight.visible, &key)?;
        let wanted = |have: &&Version| match version {
            Some(wanted) => is_version(have, wanted),
            None => last.is_none_or(|last| have.position == last),
        };
        let shown =
            versions.iter().find(wanted).ok_or_else(|| match version.filter(|_| !versions.is_empty()) {
                Some(version) => {
                    Error::new(Kind::NotFound, format!("there is no version `{version}` of `{id}`"))
                        .hint("without a version the newest is shown, and all are listed")
                }
                None => not_found("object", id),
            })?;
        let (source, position, mut summary) = (shown.source, shown.position, shown.summary.clone());
        let policies = reading.policies(shown.label);
        if let Some(named) = named_at(&reading, position)? {
            summary = named;
        }
        let (related, related_more) = one_step(&reading, &key, position, AROUND)?;
        let object = body(&reading, position)?;
        let (versions, mut claims): (Vec<_>, Vec<_>) =
            versions.into_iter().partition(|version| version.source == source);
        claims.sort_by_key(|version| std::cmp::Reverse(version.at));
        let (values, values_more) = self.values_said_elsewhere(&reading, &key, object.get().as_bytes())?;
        let summaries =
            |versions: Vec<Version>| versions.into_iter().map(|version| version.summary).collect();
        let (versions, claims) = (summaries(versions), summaries(claims));
        self.lent(caller, "object", None, reading)?;
        Ok(views::ObjectView {
            summary,
            policies,
            object,
            versions,
            claims,
            related,
            related_more,
            values,
            values_more,
        })
    }
}

fn visible_versions(reading: &Reading, key: &ObjectKey) -> Result<Vec<Version>, Error> {
    let mut positions = Vec::new();
    reading.snapshot.versions(&reading.sight.visible, key, &mut |hit| {
        positions.push((hit.position, hit.source, hit.label, hit.version));
        if positions.len() < MAX_VERSIONS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    let mut versions = Vec::new();
    for (position, source, label, at) in positions {
        let summary = summary_at(reading, position)?;
        versions.extend(summary.map(|summary| Version { position, source, label, at, summary }));
    }
    Ok(versions)
}

fn is_version(have: &Version, wanted: &str) -> bool {
    have.summary.version == wanted || wanted.parse() == Ok(have.at)
}

fn body(reading: &Reading, position: u64) -> Result<Box<RawValue>, Error> {
    let mut body = None;
    reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
        body =
            std::str::from_utf8(entry.wire).ok().and_then(|wire| RawValue::from_string(wire.to_owned()).ok());
    })?;
    body.ok_or_else(|| Error::new(Kind::Internal, format!("the body at position {position} is no JSON")))
}
