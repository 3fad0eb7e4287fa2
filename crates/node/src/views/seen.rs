//! What was seen at a member of late.

use serde::Serialize;

use super::{Named, ObjectSummary};

/// What became of events.
#[derive(Debug, Clone, Serialize)]
pub struct Observed {
    /// Events in the request.
    pub events: u64,
    /// Those that are counted.
    pub new: u64,
    /// Those that were counted before.
    pub known: u64,
    /// Those of which not everything is kept, since their day alone fills what the member may keep.
    pub full: u64,
    /// Those that were refused.
    pub refused: u64,
    /// Those that were taken without some of their values.
    pub partly: u64,
    /// What is wrong with those, the first 1,000 mistakes.
    pub errors: Vec<EventError>,
    /// There were more mistakes.
    pub more_errors: bool,
    /// What of them is known, the first 1,000; left out for who may not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hits: Option<Vec<EventHit>>,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit_count: Option<u64>,
}

/// A mistake in an event.
#[derive(Debug, Clone, Serialize)]
pub struct EventError {
    /// The line, or the place in the list, from 1.
    pub line: u64,
    /// The event's id, as far as it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The value that was passed over; the event was refused where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What is wrong.
    pub reason: String,
}

/// Something that an event touched and that is known.
#[derive(Debug, Clone, Serialize)]
pub struct EventHit {
    /// The line of the event, or its place in the list, from 1.
    pub line: u64,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// What kind of value was touched.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value.
    pub value: String,
    /// What the indicator's value is to it.
    pub nearness: String,
    /// The indicator.
    pub indicator: String,
    /// Its TLP.
    pub label: String,
    /// Whose it is, where that is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Named>,
}

/// How widely something was seen.
#[derive(Debug, Clone, Serialize)]
pub struct Prevalence {
    /// Hosts that touched it.
    pub hosts: u64,
    /// Hosts that were seen at all.
    pub of_hosts: u64,
    /// How often.
    pub events: u64,
    /// There was too much to go through: so many, or more.
    pub at_least: bool,
    /// The first day that is kept of anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When it was touched first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// When last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// A value, and how widely it was seen.
#[derive(Debug, Clone, Serialize)]
pub struct SeenAnswer {
    /// What was asked.
    pub query: String,
    /// What it was taken for.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its normal form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Why it was not understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How widely; of a network all in it.
    #[serde(flatten)]
    pub prevalence: Prevalence,
    /// Of a domain, how widely it and all below it together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_below: Option<Prevalence>,
    /// Each day with something, the oldest first.
    pub days: Vec<SeenDay>,
    /// Some of the hosts, those that touched it last first.
    pub on: Vec<SeenHost>,
}

/// A day.
#[derive(Debug, Clone, Serialize)]
pub struct SeenDay {
    /// It, in UTC.
    pub day: String,
    /// Hosts that touched it.
    pub hosts: u64,
    /// How often.
    pub events: u64,
}

/// A host that touched something.
#[derive(Debug, Clone, Serialize)]
pub struct SeenHost {
    /// Its name or address.
    pub host: String,
    /// How often.
    pub events: u64,
    /// When first.
    pub first: String,
    /// When last.
    pub last: String,
    /// The id of one of the events, where the sensor told one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

/// What was erased.
#[derive(Debug, Clone, Serialize)]
pub struct Forgotten {
    /// Rows of the index that went: one for each day, value and host.
    pub rows: u64,
}

/// Something that was seen and is known.
#[derive(Debug, Clone, Serialize)]
pub struct SeenHit {
    /// What kind of value was touched.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value.
    pub value: String,
    /// What the indicator's value is to it.
    pub nearness: String,
    /// The value that the indicator stands under.
    pub stands_for: String,
    /// The indicator.
    pub indicator: ObjectSummary,
    /// It was known when it was touched; otherwise it had been touched when it became known.
    pub live: bool,
    /// So many hosts touched what the indicator stands for that it does not block, by the member's policy: it alerts at most.
    pub held: bool,
    /// When it was both known and seen: the time of the event, or that of the indicator for the member.
    pub found: String,
    /// It is ignored until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored_until: Option<String>,
    /// How widely the value was seen.
    #[serde(flatten)]
    pub prevalence: Prevalence,
    /// Some of the hosts, those that touched it last first.
    pub on: Vec<SeenHost>,
}

/// What was seen and is known.
#[derive(Debug, Clone, Serialize)]
pub struct SeenHits {
    /// The newest first.
    pub hits: Vec<SeenHit>,
    /// More follow.
    pub more: bool,
    /// The cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What is left out of the hits.
#[derive(Debug, Clone, Serialize)]
pub struct Ignored {
    /// So many values.
    pub values: u64,
    /// Until then; without it they are left out no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}
