//! Load from several connections, each sending its next request when the last is answered.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::generate::Random;
use crate::http::Connection;

/// What a load found.
pub struct Load {
    /// Requests a second, all connections.
    pub rate: f64,
    /// Requests that were answered.
    pub requests: u64,
    /// Median and 99th percentile of the round trip, in milliseconds.
    pub median_ms: f64,
    /// The same at 99 %.
    pub p99_ms: f64,
    /// Bytes of bodies.
    pub bytes: u64,
}

/// One client: its token, and the paths that it asks for.
#[derive(Clone, Default)]
pub struct Client {
    /// The token it shows.
    pub token: String,
    /// What it asks for, a random one each time.
    pub paths: Vec<String>,
    /// The place of the record where the page of each path begins, where that counts.
    pub places: Vec<usize>,
}

/// Sends GETs for `seconds` over so many connections; each takes the next client of the list.
///
/// # Errors
/// An answer that is not 200.
pub fn get(url: &str, clients: &[Client], connections: usize, seconds: f64) -> Outcome<Load> {
    let started = Instant::now();
    let end = started + Duration::from_secs_f64(seconds);
    let workers: Vec<_> = (0..connections)
        .map(|worker| {
            let Client { token, paths, .. } =
                clients.get(worker % clients.len().max(1)).cloned().ok_or("no client")?;
            let mut connection = Connection::new(url, &token);
            let run = move || -> Outcome<(Vec<u32>, u64)> {
                let random = &mut Random::new(worker as u64);
                let (mut times, mut bytes) = (Vec::new(), 0);
                while Instant::now() < end {
                    let path = paths.get(random.below(paths.len() as u64) as usize).ok_or("no paths")?;
                    let at = Instant::now();
                    let answer = connection.send("GET", path, None)?;
                    times.push(at.elapsed().as_micros() as u32);
                    bytes += answer.body.len() as u64;
                    if answer.status != 200 {
                        let body = String::from_utf8_lossy(&answer.body).into_owned();
                        return Err(format!("{path} got {}: {body}", answer.status).into());
                    }
                }
                Ok((times, bytes))
            };
            Ok(std::thread::spawn(run))
        })
        .collect::<Outcome<_>>()?;
    let (mut times, mut bytes) = (Vec::new(), 0);
    for worker in workers {
        let (some, read) = worker.join().map_err(|_| "a connection's thread panicked")??;
        times.extend(some);
        bytes += read;
    }
    let elapsed = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| {
        let index = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        times.get(index).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    };
    Ok(Load {
        rate: times.len() as f64 / elapsed,
        requests: times.len() as u64,
        median_ms: at(0.5),
        p99_ms: at(0.99),
        bytes,
    })
}

/// The cursor that a page of TAXII names for what follows it.
pub fn cursor_of(body: &[u8]) -> Option<String> {
    let head = body.get(..2_000.min(body.len()))?;
    let tail = body.get(body.len().saturating_sub(2_000)..)?;
    [tail, head].into_iter().find_map(|part| {
        let text = String::from_utf8_lossy(part).into_owned();
        let (_, rest) = text.split_once("\"next\":\"")?;
        rest.split_once('"').map(|(cursor, _)| cursor.to_owned())
    })
}

/// The median of some figures; 0 of none.
pub fn median(figures: &mut [f64]) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
