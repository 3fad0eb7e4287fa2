//! What a member's agents beside its sensors reported, and whether a recall reached them.
//!
//! A report is telemetry: the last one of each is kept beside what sensors saw, for 30 days, and nothing is judged by it. Cursors are
//! opened when they come, by whose they are, and only places are kept.

use model::{Action, MemberId, Timestamp};
use serde::{Deserialize, Serialize};
use store::seen::EdgeReport;

use crate::core::edge::{self, Fail, Report};
use crate::directory::signed_in;
use crate::protect::At;
use crate::{Caller, Error, Kind, Node, views};

/// Edges of a member, at most.
const EDGES: usize = 1_000;
/// One that reported nothing for so long is forgotten, in seconds: 30 days.
const FORGOTTEN_S: i64 = 30 * 86_400;
/// One that reported nothing for so long is away, in seconds: they report each 30.
const AWAY_S: i64 = 90;

/// How far somebody was told: a position in the record, and a time of what he was given.
type Place = (u64, i64);

/// A report as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    clock: i64,
    place: Option<Place>,
    knowledge: Option<i64>,
    fail: Fail,
    sensors: Vec<KeptSensor>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptSensor {
    name: String,
    kind: String,
    place: Option<Place>,
    applied: Option<i64>,
    entries: u64,
    blocks: u64,
    error: Option<String>,
}

/// An entry, as a member's edges are asked whether they know it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// Where it stands.
    pub(crate) position: u64,
    /// When it was added, for the member.
    pub(crate) added: Timestamp,
}

impl Known {
    fn is_behind(&self, place: Option<Place>) -> bool {
        place.is_some_and(|(position, after)| position > self.position && after >= self.added.0)
    }
}

impl Node {
    /// Takes what an edge of the caller's member reports of itself. Answers the node's time.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`]; [`Kind::Forbidden`]; [`Kind::Invalid`] for a name or a report that is none; [`Kind::Conflict`] for
    /// more than 1,000 edges; [`Kind::Unavailable`] when nothing can be written.
    pub fn report_edge(&self, caller: &Caller, name: &str, content: &[u8]) -> Result<views::EdgeTold, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::ReportEdge)?;
        if !edge::is_name(name) {
            let error = Error::new(Kind::Invalid, "this is no name of an edge");
            return Err(
                error.hint("letters, digits, dots, hyphens and underscores, at most 100, and no dot first")
            );
        }
        let report = edge::read(content)
            .map_err(|what| Error::new(Kind::Invalid, format!("the report cannot be taken: {what}")))?;
        let kept = self.kept_report(caller, report);
        let report = serde_json::to_vec(&kept)
            .map_err(|error| Error::new(Kind::Internal, format!("a report: {error}")))?;
        let at = self.now();
        let edge = EdgeReport { name: name.to_owned(), at, report };
        if !self.inner.seen.set_edge(own, &edge, EDGES)? {
            return Err(Error::new(Kind::Conflict, format!("a member has at most {EDGES} edges")));
        }
        Ok(views::EdgeTold { at: at.to_string() })
    }

    // What cannot be opened is another token's, or of before the node had another key: then the edge is told nothing by it either.
    fn kept_report(&self, caller: &Caller, report: Report) -> Kept {
        let place = |cursor: Option<String>| {
            let at = cursor.and_then(|cursor| At::opened(self, caller, &cursor));
            at.map(|at| (at.position, at.after))
        };
        let sensors = report.sensors.into_iter().map(|sensor| KeptSensor {
            name: sensor.name,
            kind: sensor.kind,
            place: place(sensor.cursor),
            applied: sensor.applied.map(|at| at.0),
            entries: sensor.entries,
            blocks: sensor.blocks,
            error: sensor.error,
        });
        Kept {
            clock: report.at.0,
            knowledge: report.knowledge.map(|at| at.0),
            fail: report.fail,
            sensors: sensors.collect(),
            place: place(report.cursor),
        }
    }

    /// What the edges of the caller's member reported last, by name.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`]; [`Kind::Forbidden`].
    pub fn edges(&self, caller: &Caller) -> Result<Vec<views::Edge>, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::SeeEdges)?;
        let now = self.now();
        let edges = self.kept_edges(own)?.into_iter();
        Ok(edges.map(|(name, at, kept)| shown(name, at, kept, now)).collect())
    }

    // A report that cannot be read is another release's, and another one comes soon.
    fn kept_edges(&self, member: MemberId) -> Result<Vec<(String, Timestamp, Kept)>, Error> {
        let since = self.now().plus_seconds(-FORGOTTEN_S);
        let edges = self.inner.seen.edges(member)?.into_iter().filter(|edge| edge.at >= since);
        let read = |edge: EdgeReport| Some((edge.name, edge.at, serde_json::from_slice(&edge.report).ok()?));
        Ok(edges.filter_map(read).collect())
    }

    /// Which of a member's edges hold nothing any more of what an entry took back, and which may.
    pub(crate) fn edges_that_know(
        &self,
        member: MemberId,
        entry: Known,
        ends: Option<Timestamp>,
    ) -> Result<Vec<views::RecallEdge>, Error> {
        let now = self.now();
        let edges = self.kept_edges(member)?.into_iter().map(|(name, at, kept)| {
            let waiting = kept.sensors.iter().filter(|sensor| !entry.is_behind(sensor.place));
            let waiting: Vec<String> = waiting.map(|sensor| sensor.name.clone()).collect();
            let alone = kept.sensors.is_empty() && !entry.is_behind(kept.place);
            let confirmed = waiting.is_empty() && !alone;
            views::RecallEdge {
                name,
                confirmed,
                online: is_online(at, now),
                reported: at.to_string(),
                knowledge: kept.knowledge.map(|at| Timestamp(at).to_string()),
                ends: ends.filter(|_| !confirmed).map(|ends| ends.to_string()),
                waiting,
            }
        });
        Ok(edges.collect())
    }

    /// Lets go of edges that reported nothing for long, and of those of members that are none any longer.
    pub(crate) fn let_go_of_edges(&self) -> Result<(), Error> {
        let roster = self.roster();
        let is_one = |id: MemberId| roster.member(id).is_some_and(|member| member.revoked.is_none());
        Ok(self.inner.seen.keep_edges(self.now().plus_seconds(-FORGOTTEN_S), &is_one)?)
    }
}

fn is_online(at: Timestamp, now: Timestamp) -> bool {
    at.plus_seconds(AWAY_S) >= now
}

fn shown(name: String, at: Timestamp, kept: Kept, now: Timestamp) -> views::Edge {
    let text = |at: i64| Timestamp(at).to_string();
    views::Edge {
        name,
        online: is_online(at, now),
        reported: at.to_string(),
        clock_off_s: (kept.clock - at.0) / 1_000_000,
        knowledge: kept.knowledge.map(text),
        fail: kept.fail.name(),
        sensors: kept
            .sensors
            .into_iter()
            .map(|sensor| views::EdgeSensor {
                name: sensor.name,
                kind: sensor.kind,
                applied: sensor.applied.map(text),
                entries: sensor.entries,
                blocks: sensor.blocks,
                error: sensor.error,
            })
            .collect(),
    }
}
