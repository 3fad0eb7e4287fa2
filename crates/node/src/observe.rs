//! What sensors saw comes in: kept in the member's own index of the last days, and compared with what is known.
//!
//! It is no submission: nothing of it enters the record, and nobody but the member's own analysts is told of it.

use model::{Action, MemberId, may_act};
use store::seen::{Added, Bounds, Day, Event};

use crate::core::event::{self, Times, Told};
use crate::directory::signed_in;
use crate::known::Found;
use crate::{Caller, Error, Kind, Node, views};

/// Events of one request.
const EVENTS: usize = 50_000;
/// Mistakes and hits that are told one by one.
const LISTED: usize = 1_000;

/// The first look back begins so many seconds before the first events: the times of what one commit brings lie before its own.
const BEFORE_S: i64 = 60;

/// What a request's events come to before they are counted.
#[derive(Default)]
struct Read {
    // Where in the request each stands: its line, or its place in the list, from 1.
    lines: Vec<u64>,
    events: Vec<Event>,
    values: Vec<Vec<model::observable::Observable>>,
    refused: u64,
    partly: u64,
    errors: Vec<views::EventError>,
    count: usize,
}

impl Node {
    /// Takes events of the caller's own member, a line each or as a list: counts each once, however often it is sent, and
    /// answers what is known of what it touched, as far as the caller sees.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`]; [`Kind::Forbidden`]; [`Kind::Conflict`] where the node keeps no events;
    /// [`Kind::TooLarge`] for more than 50,000 events; [`Kind::Invalid`] for content that is neither lines nor a list; [`Kind::Unavailable`]
    /// when nothing can be written, and nothing was counted.
    pub fn observe(&self, caller: &Caller, content: &[u8]) -> Result<views::Observed, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::Observe)?;
        let now = self.now();
        let bounds = self.seen_bounds().ok_or_else(|| {
            Error::new(Kind::Conflict, "this node keeps no events").hint("who operates it sets `seen.days`")
        })?;
        let mut read = Read::default();
        read.all(content, Times { from: bounds.from.begins(), now })?;
        // Before they are counted: what comes into the record from now on is looked for among them.
        if !read.events.is_empty() && self.inner.seen.looked(own)?.is_none() {
            self.inner.seen.set_looked(own, now.plus_seconds(-BEFORE_S))?;
        }
        let outcomes = self.inner.seen.add(own, &read.events, bounds)?;
        let count = |of: Added| outcomes.iter().filter(|outcome| **outcome == of).count() as u64;
        let mut observed = views::Observed {
            events: read.count as u64,
            new: count(Added::New),
            known: count(Added::Known),
            full: count(Added::Full),
            refused: read.refused,
            partly: read.partly,
            errors: std::mem::take(&mut read.errors),
            more_errors: false,
            hits: None,
            hit_count: None,
        };
        observed.more_errors = observed.errors.len() > LISTED;
        observed.errors.truncate(LISTED);
        // What is known is compared with it after it is counted: what is not in this snapshot is looked for later.
        if may_act(&caller.principal, &Action::Read).is_ok() {
            let (hits, all) = self.hits_for(caller, &read)?;
            (observed.hits, observed.hit_count) = (Some(hits), Some(all));
        }
        self.note_live(own, &read)?;
        // What was counted is counted: what is said of it is said with the next events.
        if let Err(error) = self.share_sightings(caller, own) {
            tracing::warn!(%error, "what was seen is said later");
        }
        Ok(observed)
    }

    /// How much is kept of each member, now; `None` where nothing is.
    pub(crate) fn seen_bounds(&self) -> Option<Bounds> {
        let settings = self.settings();
        let days = i64::from(settings.seen_days);
        // A power of two: whoever sees his own days go learns no more of how many others there are.
        let roster = self.roster();
        let members = roster.directory().members.iter().filter(|member| member.revoked.is_none()).count();
        let bytes = settings.seen_bytes / members.max(1).next_power_of_two() as u64;
        (days > 0).then(|| Bounds { from: Day(Day::of(self.now()).0 - days + 1), bytes })
    }

    /// Lets go of what is beyond the bounds, and of members that are none any longer.
    pub(crate) fn let_go_of_seen(&self, stop: &dyn Fn() -> bool) -> Result<(), Error> {
        if self.inner.seen.members()?.is_empty() {
            return Ok(());
        }
        let (bounds, roster) = (self.seen_bounds(), self.roster());
        let of = |id: MemberId| roster.member(id).filter(|member| member.revoked.is_none()).and(bounds);
        Ok(self.inner.seen.keep(&of, self.now(), stop)?)
    }

    // What the caller is told: each value of each event with each indicator that was valid then.
    fn hits_for(&self, caller: &Caller, read: &Read) -> Result<(Vec<views::EventHit>, u64), Error> {
        let reading = self.reading(caller)?;
        let (mut hits, mut all) = (Vec::new(), 0);
        let mut known = crate::known::Known::new(&reading.roster, &reading.snapshot, &reading.sight.visible);
        let mut told = std::collections::HashMap::new();
        for ((line, event), values) in read.lines.iter().zip(&read.events).zip(&read.values) {
            for value in values {
                for found in known.of(value)?.iter().filter(|found| found.is_valid(event.time)) {
                    all += 1;
                    if hits.len() == LISTED {
                        continue;
                    }
                    let summary = match told.get(&found.position) {
                        Some(summary) => summary,
                        None => {
                            let mut summary = None;
                            reading.snapshot.entry(&reading.sight.visible, found.position, &mut |entry| {
                                summary = Some(reading.summary(entry));
                            })?;
                            let Some(summary) = summary else { continue };
                            told.entry(found.position).or_insert(summary)
                        }
                    };
                    hits.push(hit(*line, event, value, found, summary));
                }
            }
        }
        drop(known);
        self.lent(caller, "observe", None, reading)?;
        Ok((hits, all))
    }

    // What the member is told of later, whoever of it asks then: on the sight of the member, not of this token.
    fn note_live(&self, own: MemberId, read: &Read) -> Result<(), Error> {
        let (now, roster, snapshot) = (self.now(), self.roster(), self.inner.store.snapshot()?);
        let reader = roster.reader(own, now);
        let sight = self.inner.visibility.sight(&snapshot, &reader, roster.epoch(), now)?;
        let mut known = crate::known::Known::for_some(&roster, &snapshot, &sight.visible);
        // By the first event of each pair in the request.
        let mut noted = std::collections::BTreeMap::new();
        for (event, values) in read.events.iter().zip(&read.values) {
            for value in &event::touched(values) {
                // Under the very value that the look back would find: the host of a URL has its own.
                let own = |found: &&Found| {
                    !event::leads_on(value.kind()) || found.asked.first() == value.key().first()
                };
                let found = known.of(value)?.iter().filter(|found| found.is_valid(event.time));
                for found in found.filter(own) {
                    noted
                        .entry((found.position, value.key().to_vec()))
                        .or_insert_with(|| found.candidate(value, event.time));
                }
            }
        }
        let noted: Vec<_> = noted.into_values().collect();
        Ok(self.inner.seen.note(own, &noted)?)
    }
}

fn hit(
    line: u64,
    event: &Event,
    value: &model::observable::Observable,
    found: &Found,
    summary: &views::ObjectSummary,
) -> views::EventHit {
    views::EventHit {
        line,
        event: event.id.clone(),
        kind: value.kind().name().to_owned(),
        value: value.text().to_owned(),
        nearness: found.nearness.name().to_owned(),
        indicator: summary.id.clone(),
        label: summary.label.clone(),
        source: summary.source.clone(),
    }
}

impl Read {
    fn all(&mut self, content: &[u8], times: Times) -> Result<(), Error> {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        if content.trim_ascii_start().first() == Some(&b'[') {
            return self.list(content, times);
        }
        for (number, line) in (1..).zip(content.split(|byte| *byte == b'\n')) {
            let line = line.trim_ascii();
            if !line.is_empty() {
                self.one(number, || event::read(line, times))?;
            }
        }
        Ok(())
    }

    fn list(&mut self, content: &[u8], times: Times) -> Result<(), Error> {
        let limits = strictjson::Limits { bytes: content.len(), depth: 8, ..strictjson::Limits::default() };
        let list = strictjson::parse(content, &limits).map_err(|error| {
            Error::new(Kind::Invalid, format!("the content is no list that is taken: {error}"))
                .hint("send one event a line, so that a mistake in one is its own")
        })?;
        for (number, one) in (1..).zip(list.as_array().unwrap_or_default()) {
            self.one(number, || event::read_node(one, times))?;
        }
        Ok(())
    }

    fn one(
        &mut self,
        line: u64,
        read: impl FnOnce() -> Result<Told, (String, Option<String>)>,
    ) -> Result<(), Error> {
        self.count += 1;
        if self.count > EVENTS {
            let message = format!("more than {EVENTS} events at once, and none of them is counted");
            return Err(Error::new(Kind::TooLarge, message).hint("send them in parts; `accord events` does"));
        }
        match read() {
            Ok(Told { event, values, unfit }) => {
                self.partly += u64::from(!unfit.is_empty());
                for (pointer, reason) in unfit {
                    self.error(views::EventError {
                        line,
                        event: event.id.clone(),
                        pointer: Some(pointer),
                        reason,
                    });
                }
                self.lines.push(line);
                self.events.push(event);
                self.values.push(values);
            }
            Err((reason, event)) => {
                self.refused += 1;
                self.error(views::EventError { line, event, pointer: None, reason });
            }
        }
        Ok(())
    }

    // One more than is told says that there are more.
    fn error(&mut self, error: views::EventError) {
        if self.errors.len() <= LISTED {
            self.errors.push(error);
        }
    }
}
