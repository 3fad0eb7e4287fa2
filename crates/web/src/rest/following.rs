//! The stream of changes, as server-sent events (HTML, §9.2).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{self, HeaderName, HeaderValue};
use node::{Node, Stream, StreamEvent, StreamQuery, ValuesQuery};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::protect::{ACTIONS, action};
use super::{query, row};
use crate::body::AnswerBody;
use crate::router::Shared;
use crate::routes::{Access, Need, Outcome, Parameter, Place, Schema, ValueKind};
use crate::telling::Telling;
use crate::{Answer, Failure, Request, Route, auth, blocking};

/// It is told at least so often that all was told: whoever hears nothing for longer knows that the node is away.
const BEAT: Duration = Duration::from_secs(10);
/// What comes so close together is told together.
const GATHER: Duration = Duration::from_millis(10);
/// When a client should come again whose connection ended, in milliseconds.
const RETRY_MS: u32 = 2_000;
const EVENTS: &str = "text/event-stream";

pub fn routes() -> Vec<Route> {
    vec![
        row(
            Method::GET,
            "/api/v1/stream",
            "followChanges",
            "What is new, changed or gone for the caller, as it happens, and what values do by then.",
            Access::Needs(Need::Read),
            stream,
        )
        .query(
            "since",
            ValueKind::Text,
            "From this cursor on, or from the `beginning`; from now on, unless given.",
        )
        .parameter(Parameter {
            name: "last-event-id",
            place: Place::Header,
            required: false,
            kind: ValueKind::Text,
            summary: "The same, as clients of server-sent events say it when they come again.",
        })
        .query(
            "values",
            ValueKind::Flag,
            "Also what values do that were touched, by one's own member's policy.",
        )
        .query(
            "action",
            ValueKind::OneOf(ACTIONS),
            "Only with `values`: what does less is told as what does nothing.",
        )
        .query("tlp", ValueKind::Text, "Only with `values`: by nothing that bears a stricter label.")
        .query("once", ValueKind::Flag, "Ends when all was told up to now.")
        .gives(200, "Events: `object`, `value`, `recall`, `reset`, `now`.", EVENTS, Schema::Text),
    ]
}

async fn stream(request: Request) -> Outcome {
    request.query.only(&["since", "values", "action", "tlp", "once"])?;
    let (ceiling, action) = (query::parsed(&request.query, "tlp")?, action(&request.query)?);
    let values = query::flag(&request.query, "values")?;
    if !values && (ceiling.is_some() || action.is_some()) {
        return Err(Failure::invalid("`tlp` and `action` say of which values it is told")
            .hint("add `values=true`, or leave them out"));
    }
    let values = values.then_some(ValuesQuery { ceiling, action });
    // Who comes again says how far he is, whatever the address said that he began with.
    let last = request.headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let last = last.filter(|last| !last.is_empty()).map(str::to_owned);
    let since = query::text(&request.query, "since")?;
    let asked = StreamQuery { since: last.or(since), values };
    let (caller, node) = (request.caller()?.clone(), request.node.clone());
    let stream = blocking::long(move || node.stream(&caller, &asked)).await??;
    let (pieces, taken) = mpsc::channel(1);
    let following = Following {
        node: request.node.clone(),
        shared: Arc::clone(&request.shared),
        telling: request.telling.clone(),
        is_confidential: request.is_confidential,
        once: query::flag(&request.query, "once")?,
        pieces,
    };
    let _detached = tokio::spawn(following.run(stream));
    let mut answer = Answer::bytes(EVENTS, Bytes::new());
    answer.body = AnswerBody::pieces(taken);
    Ok(answer
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
        // Proxies that gather what they pass on would hold it back.
        .header(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")))
}

/// Somebody who follows, until he or his rights are gone.
struct Following {
    node: Node,
    shared: Arc<Shared>,
    telling: Option<Arc<Telling>>,
    is_confidential: bool,
    once: bool,
    pieces: mpsc::Sender<std::io::Result<Bytes>>,
}

impl Following {
    // While the client takes a piece, or nothing is new, nothing of the record is held.
    async fn run(self, mut stream: Stream) {
        let mut changes = self.shared.changes.subscribe();
        let mut closing = self.shared.closing.subscribe();
        let mut piece = format!("retry: {RETRY_MS}\n\n");
        let (mut beat, mut quiet) = (Instant::now(), false);
        loop {
            let _seen = *changes.borrow_and_update();
            let Some((went_on, events, more)) = self.next(stream).await else { return };
            stream = went_on;
            quiet &= events.is_empty();
            events.iter().for_each(|event| write(&mut piece, event));
            if !more && (!quiet || Instant::now() >= beat) {
                let Ok(now) = self.node.stream_now(&stream) else { return };
                write(&mut piece, &now);
                (beat, quiet) = (Instant::now() + BEAT, true);
            }
            if !piece.is_empty() && self.pieces.send(Ok(std::mem::take(&mut piece).into())).await.is_err() {
                return;
            }
            if self.once && !more {
                return;
            }
            tokio::select! {
                biased;
                () = async { let _closed = closing.wait_for(|closing| *closing).await; } => return,
                () = self.pieces.closed() => return,
                () = std::future::ready(()), if more => {}
                _ = changes.changed() => sleep(GATHER).await,
                () = sleep_until(beat) => {}
            }
        }
    }

    // What he is told next; `None` where it is over.
    async fn next(&self, mut stream: Stream) -> Option<(Stream, Vec<StreamEvent>, bool)> {
        let node = self.node.clone();
        let told = blocking::long(move || {
            let told = node.stream_next(&mut stream);
            told.map(|told| (stream, told))
        });
        let (stream, told) = match told.await {
            Ok(Ok(told)) => told,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a stream is over");
                return None;
            }
            Err(_) => return None,
        };
        auth::encrypted(&self.node, stream.caller(), self.is_confidential).ok()?;
        if let Some(telling) = &self.telling {
            telling.to(stream.caller());
        }
        Some((stream, told.events, told.more))
    }
}

fn write(piece: &mut String, event: &StreamEvent) {
    let StreamEvent { name, id, data } = event;
    piece.push_str("event: ");
    piece.push_str(name);
    if let Some(id) = id {
        piece.push_str("\nid: ");
        piece.push_str(id);
    }
    piece.push_str("\ndata: ");
    piece.push_str(data);
    piece.push_str("\n\n");
}
