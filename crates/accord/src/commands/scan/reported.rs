//! What was found, told to the node: sightings of the own member, and what `accord hits` goes through.

use model::matching::{self, Mode};
use scan::out::{Day, Urgency};
use serde_json::{Value, json};

use super::told::Teller;
use crate::arguments::ReportHow;
use crate::commands::{Session, number};
use crate::failure::Failure;
use crate::transport::Call;

/// Sightings, and events, of one request.
const BATCH: usize = 1_000;
/// The host of what is told without one.
const NO_HOST: &str = "accord-scan";
/// How long an id of an event is at most, in characters.
const ID: usize = 120;
/// Hits that a sighting can count (STIX 2.1 §5.2).
const COUNT: u64 = 999_999_999;

/// What became of it.
#[derive(Debug, Default, Clone, Copy)]
pub struct Reported {
    /// Sightings that were said.
    pub said: u64,
    /// Of which as much was said before.
    pub known: u64,
    /// That wait for a curator.
    pub pending: u64,
    /// That were refused, or whose indicator is not there any more.
    pub refused: u64,
    /// Hits that cannot be told: of no time, or of too many indicators.
    pub left_out: u64,
    /// Hits of noise, which nobody is told of.
    pub noise: u64,
    /// Hits of a day that `accord hits` does not have: the node keeps nothing of that day any more.
    pub too_old: u64,
}

/// Reports what the teller took.
///
/// # Errors
/// The node refuses, or cannot be asked.
pub async fn report(session: &Session<'_>, teller: &Teller<'_>, how: ReportHow) -> Result<Reported, Failure> {
    let is_noise = |id: u64| teller.urgency(id) == Urgency::Noise;
    let days = teller.days(&is_noise);
    let mut reported =
        Reported { left_out: days.left_out, noise: teller.hits_of(&is_noise), ..Reported::default() };
    for part in days.days.chunks(BATCH) {
        let sightings: Vec<Value> = part.iter().map(|day| sighting(day, how)).collect();
        let body = json!({ "sightings": sightings });
        let answer = session.ask(Call::post(&["sightings"]).json(body)).await?;
        reported.said += number(&answer, "/said");
        reported.known += number(&answer, "/known");
        reported.pending += number(&answer, "/pending");
        reported.refused += number(&answer, "/unknown") + number(&answer, "/refused");
        let events: Vec<Value> = part.iter().flat_map(|day| events(day, teller, how)).collect();
        reported.too_old += observe(session, &events).await?;
    }
    Ok(reported)
}

fn sighting(day: &Day<'_>, how: ReportHow) -> Value {
    let mut sighting = json!({
        "indicator": day.object, "count": day.count.min(COUNT), "first_seen": day.first.to_string(),
        "last_seen": day.last.to_string(),
    });
    let context = day.places().filter(|_| how == ReportHow::Context);
    if let (Some(context), Some(fields)) = (context, sighting.as_object_mut()) {
        fields.insert("context".to_owned(), context.into());
    }
    sighting
}

// One for each indicator, day and host, under an id that stays: the node counts each once.
fn events(day: &Day<'_>, teller: &Teller<'_>, how: ReportHow) -> Vec<Value> {
    let hosts: Vec<&str> = match how {
        ReportHow::Context if !day.hosts.is_empty() => day.hosts.clone(),
        _ => vec![NO_HOST],
    };
    let Some(seen) = observable(day, teller, how) else { return Vec::new() };
    let date = day.first.to_string();
    let date = date.get(..10).unwrap_or_default();
    let event = |host: &&str| {
        json!({
            "time": day.first.to_string(), "host": host, "sensor": "accord scan", "observables": [seen],
            // As long as the node takes ids, hosts with long names may share one.
            "id": format!("{} {date} {host}", day.object).chars().take(ID).collect::<String>(),
        })
    };
    hosts.iter().map(event).collect()
}

// With `count` nothing goes out that stood in a log alone, such as the rest of a URL: only what the indicator says.
fn observable(day: &Day<'_>, teller: &Teller<'_>, how: ReportHow) -> Option<String> {
    let seen = teller.seen_of(day.id).filter(|_| how == ReportHow::Context);
    seen.map(str::to_owned).or_else(|| own(teller.value_of(day.id)))
}

/// The value of an indicator, where it can be seen itself; what stands for others alone, such as a network, cannot.
fn own(value: &str) -> Option<String> {
    let (value, mode) = matching::read(None, value).ok()?;
    match mode {
        Mode::Exact | Mode::AnyQuery | Mode::PathPrefix | Mode::HostPath | Mode::Subdomains => {
            Some(value.text().to_owned())
        }
        Mode::MailDomain | Mode::Network | Mode::Wildcard => None,
    }
}

// How many were not taken: the node keeps nothing of their days, takes no such host, or keeps no events at all.
async fn observe(session: &Session<'_>, events: &[Value]) -> Result<u64, Failure> {
    if events.is_empty() {
        return Ok(0);
    }
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    let lines = lines.join("\n").into_bytes();
    let length = lines.len() as u64;
    let call = Call::post(&["events"]).stream(Box::new(std::io::Cursor::new(lines)), Some(length));
    let reply = session.transport.send(call).await?;
    if reply.status() == http::StatusCode::CONFLICT {
        return Ok(events.len() as u64);
    }
    let answer = reply.accepted().await?.document().await?;
    Ok(number(&answer, "/refused"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_others_alone_is_no_value_that_was_seen() {
        assert_eq!(own("hxxp://Evil[.]example/kit").as_deref(), Some("http://evil.example/kit"));
        assert_eq!(own("203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert!(["203.0.113.0/24", "*.evil.example", "!!"].into_iter().all(|value| own(value).is_none()));
    }
}
