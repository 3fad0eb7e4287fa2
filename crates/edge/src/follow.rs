//! What holds the stream: the whole set first, then each change, for as long as the node is there; and from where it stood when
//! the node is back.

use std::time::{Duration, Instant};

use model::Timestamp;

use crate::core::wire::{Event, Events};
use crate::known::{Shared, Touched};
use crate::slot::KEYS_MAX;
use crate::store::Store;
use crate::upstream::{Ask, Piece, Upstream, content};

/// How long the head of an answer may take: a whole set is made before its first byte.
const HEAD: Duration = Duration::from_secs(120);
/// How long the next piece of a whole set may take.
const PIECE: Duration = Duration::from_secs(60);
/// A stream that says nothing for so long is dead.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a look at the stream may take until it is asked whether all is to end.
const STEP: Duration = Duration::from_millis(500);
/// Between two tries: from, and up to.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// Before a whole set that the node asks for where all went well until then: a moment, so that many edges do not come at once.
const RESET: Duration = Duration::from_millis(100);
/// It is so long after the last one at least.
const RESET_EVERY: Duration = Duration::from_secs(10);
/// After so long the whole set is fetched anew even where nothing is wrong, and sooner where that did not come to anything.
const WHOLE_EVERY: Duration = Duration::from_secs(86_400);
/// From, and up to: each time twice as long, for a whole set is large.
const WHOLE_AGAIN: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(600));
/// A `now` that lies so far before the last one is a jump, in microseconds.
const JUMP_US: i64 = 60_000_000;

/// What is to be done next.
enum Next {
    /// The whole set is to be fetched: changes are of no use before.
    Whole(String),
    /// The stream ended: it is opened again from where it stood, or the whole set is fetched first where that is due.
    Again(String),
}

/// Holds the stream until all is to end. Where a whole set is due and cannot be had, what is held is gone on with: a recall must
/// not wait for a disk that is full.
pub(crate) fn run(shared: &Shared, upstream: &dyn Upstream, store: &mut Store, query: &str) {
    let mut must = shared.read(|view| view.known().cursor.is_none());
    let (mut due, mut wait, mut again) = (Instant::now(), BACKOFF.0, WHOLE_AGAIN.0);
    let mut had: Option<Instant> = None;
    while !shared.is_stopping() {
        let mut failed = None;
        if must || Instant::now() >= due {
            let done = whole(shared, upstream, store, query);
            match &done {
                Ok(()) => {
                    (must, due, again) = (false, Instant::now() + WHOLE_EVERY, WHOLE_AGAIN.0);
                    had = Some(Instant::now());
                }
                // It is due when the node is there.
                Err(Failed::Away(_)) => {}
                Err(_) => (due, again) = (Instant::now() + again, (again * 2).min(WHOLE_AGAIN.1)),
            }
            failed = done.err().filter(|_| must);
        }
        let next = match failed {
            Some(Failed::Away(why) | Failed::Refused(why) | Failed::Disbelieved(why)) => Next::Again(why),
            None => stream(shared, upstream, store, (query, due, &mut wait)),
        };
        let (why, pause) = match next {
            Next::Whole(why) => {
                must = true;
                let is_first = wait == BACKOFF.0 && had.is_none_or(|had| had.elapsed() > RESET_EVERY);
                (why, if is_first { RESET } else { wait })
            }
            Next::Again(why) => (why, wait),
        };
        let mut link = shared.link();
        link.connected = false;
        if link.error.as_deref() != Some(why.as_str()) && !shared.is_stopping() {
            tracing::warn!(error = why, "the stream has ended; it is tried again");
        }
        link.error = Some(why);
        drop(link);
        shared.pause(jittered(pause));
        wait = (wait * 2).min(BACKOFF.1);
    }
}

/// Between a half and the whole of it, so that many edges do not come back at once.
fn jittered(span: Duration) -> Duration {
    let mut random = [0; 2];
    // Without randomness it is the whole.
    let part = getrandom::fill(&mut random).map_or(u16::MAX, |()| u16::from_le_bytes(random));
    span / 2 + span.mul_f64(f64::from(part) / f64::from(u16::MAX) / 2.0)
}

fn whole(shared: &Shared, upstream: &dyn Upstream, store: &mut Store, query: &str) -> Result<(), Failed> {
    let done = fetch(shared, upstream, store, query).map_err(|failed| match failed {
        Failed::Disbelieved(why) => Failed::Disbelieved(format!("the whole set is not believed: {why}")),
        other => other,
    });
    match &done {
        Ok(()) => {
            let mut link = shared.link();
            (link.refused, link.unwritten) = (None, None);
        }
        Err(Failed::Away(_)) => {}
        Err(Failed::Refused(why) | Failed::Disbelieved(why)) => {
            tracing::warn!(error = why, "there is no whole set");
            shared.link().refused = Some(why.clone());
        }
    }
    done
}

/// Why there is no whole set.
enum Failed {
    /// The node cannot be asked.
    Away(String),
    /// It gives none.
    Refused(String),
    /// What it gave cannot be believed, or cannot be kept.
    Disbelieved(String),
}

fn fetch(shared: &Shared, upstream: &dyn Upstream, store: &mut Store, query: &str) -> Result<(), Failed> {
    let path = format!("/feeds/accord/accord.ndjson?{query}");
    let ask = Ask { method: "GET", path, content: None };
    let mut answer = upstream.ask(ask, HEAD).map_err(Failed::Away)?;
    if answer.code() != 200 {
        return Err(Failed::Refused(said(&mut *answer, "the whole set")));
    }
    let refused = |why: String| Failed::Disbelieved(why);
    let mut new = store.begin_whole().map_err(|error| refused(error.to_string()))?;
    loop {
        match answer.piece(PIECE).map_err(|why| refused(format!("it broke off: {why}")))? {
            Piece::Bytes(bytes) => new.take(&bytes).map_err(|why| refused(why.0))?,
            Piece::Nothing => return Err(refused("it stopped in the middle".to_owned())),
            Piece::End => break,
        }
        if shared.is_stopping() {
            return Err(Failed::Away("stopping".to_owned()));
        }
    }
    let now = shared.now();
    let mut outcome = None;
    // Whoever reads waits for a moment; of half a set nobody is told.
    shared.write(|known| {
        known.set.begin();
        let mut changed = Vec::new();
        let set = &mut known.set;
        let mut take = |told: crate::core::set::Told| {
            // Of more than these no sensor is told one by one, so they need not be remembered.
            if set.take(&told, now) && changed.len() <= KEYS_MAX {
                changed.push(told.place().key);
            }
        };
        match store.end_whole(new, &mut take) {
            Ok((head, not_understood)) => {
                changed.extend(known.set.end());
                known.node = head.node;
                known.cursor = Some(head.cursor);
                known.knowledge = Some(head.as_of);
                outcome = Some(Ok(not_understood));
                // What was held back for its age is back, though nothing of it changed.
                let was_old = std::mem::take(&mut known.is_old);
                if was_old { Touched::All } else { touched(changed) }
            }
            Err(why) => {
                outcome = Some(Err(why));
                touched(changed)
            }
        }
    });
    match outcome {
        Some(Ok(not_understood)) => {
            shared.link().not_understood = not_understood;
            let values = shared.read(|view| view.set().len());
            tracing::info!(values, not_understood, "the whole set is held");
            Ok(())
        }
        Some(Err(why)) => Err(refused(why.0)),
        None => Err(refused("nothing came of it".to_owned())),
    }
}

fn touched(keys: Vec<Box<[u8]>>) -> Touched {
    if keys.len() > KEYS_MAX { Touched::All } else { Touched::Keys(keys) }
}

/// What an answer that is no success says.
fn said(answer: &mut dyn crate::upstream::Answer, what: &str) -> String {
    let code = answer.code();
    let bytes = content(answer, STEP, 64 << 10).unwrap_or_default();
    let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let text = |name: &str| document.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let why = text("detail").or_else(|| text("title")).unwrap_or_default();
    format!("the node refuses {what}: {code} {why}").trim_end().to_owned()
}

fn stream(
    shared: &Shared,
    upstream: &dyn Upstream,
    store: &mut Store,
    (query, due, wait): (&str, Instant, &mut Duration),
) -> Next {
    let Some(cursor) = shared.read(|view| view.known().cursor.clone()) else {
        return Next::Whole("no cursor is known".to_owned());
    };
    let path = format!("/api/v1/stream?since={}&values=true&{query}", encoded(&cursor));
    let mut answer = match upstream.ask(Ask { method: "GET", path, content: None }, SILENCE) {
        Ok(answer) => answer,
        Err(why) => return Next::Again(why),
    };
    match answer.code() {
        200 => {}
        // The cursor is no good any more: of another key, or too old.
        400 | 404 | 409 | 410 | 412 | 422 => return Next::Whole(said(&mut *answer, "the stream")),
        _ => return Next::Again(said(&mut *answer, "the stream")),
    }
    {
        let mut link = shared.link();
        link.connected = true;
        link.error = None;
    }
    tracing::info!("the stream is open");
    let (mut events, mut heard) = (Events::default(), Instant::now());
    loop {
        if shared.is_stopping() {
            return Next::Again("stopping".to_owned());
        }
        if Instant::now() >= due {
            return Next::Again("a whole set is due".to_owned());
        }
        match answer.piece(STEP) {
            Err(why) => return Next::Again(why),
            Ok(Piece::End) => return Next::Again("the node has closed the stream".to_owned()),
            Ok(Piece::Nothing) if heard.elapsed() > SILENCE => {
                return Next::Again("nothing was heard of the node for 30 s".to_owned());
            }
            Ok(Piece::Nothing) => {}
            Ok(Piece::Bytes(bytes)) => {
                heard = Instant::now();
                let taken = match events.take(&bytes) {
                    Ok(events) => take(shared, store, &events),
                    Err(why) => Some(Next::Whole(format!("the stream is not understood: {why}"))),
                };
                *wait = BACKOFF.0;
                if let Some(next) = taken {
                    return next;
                }
            }
        }
    }
}

/// Takes in what the stream said. Answers what is to be done, where that is something else than to go on.
fn take(shared: &Shared, store: &mut Store, events: &[Event]) -> Option<Next> {
    let now = shared.now();
    let (mut next, mut said_now) = (None, None);
    let mut failed: Option<std::io::Error> = None;
    shared.write(|known| {
        let mut changed = Vec::new();
        for event in events {
            match event {
                Event::Value(told) => {
                    if known.set.take(told, now) {
                        changed.push(told.place().key);
                    }
                    failed = store.value(told).err().or(failed.take());
                }
                Event::Recall(id) => tracing::info!(recall.id = id.as_str(), "a recall"),
                Event::Reset(why) => {
                    shared.changed();
                    next = Some(Next::Whole(format!("the node asks for it: {why}")));
                    break;
                }
                Event::Now { at, cursor } => {
                    if known.knowledge.is_some_and(|before| at.0 < before.0.saturating_sub(JUMP_US)) {
                        next = Some(Next::Whole("the stream has jumped back in time".to_owned()));
                        break;
                    }
                    known.knowledge = Some(known.knowledge.map_or(*at, |before| before.max(*at)));
                    known.cursor = Some(cursor.clone());
                    said_now = Some((*at, cursor.clone()));
                }
                Event::Object => shared.changed(),
                Event::NotUnderstood | Event::Other => {}
            }
        }
        if changed.is_empty() { Touched::Nothing } else { Touched::Keys(changed) }
    });
    if let Some((at, cursor)) = said_now {
        if shared.node_time(at) && next.is_none() {
            next = Some(Next::Whole("this machine's clock was set, or found wrong".to_owned()));
        }
        failed = store.now(at, &cursor).err().or(failed);
        if store.wants_whole() {
            match shared.read(|view| store.compact(view)) {
                Ok(()) => shared.link().unwritten = None,
                Err(error) => failed = Some(error),
            }
        }
    }
    note_disk(shared, failed);
    next
}

/// What cannot be written down acts all the same; it is told, for after a restart it would be missing until the node is asked.
fn note_disk(shared: &Shared, failed: Option<std::io::Error>) {
    if let Some(error) = failed {
        let why = format!("the local copy cannot be written: {error}");
        let mut link = shared.link();
        if link.unwritten.as_deref() != Some(why.as_str()) {
            tracing::error!(error = why, "the local copy lags behind");
        }
        link.unwritten = Some(why);
    }
}

/// How long ago the node was last known to be, by the edge's clock.
pub(crate) fn age(knowledge: Timestamp, now: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(now.0.saturating_sub(knowledge.0)).unwrap_or(0))
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
