//! What a connection owes its client: answers that are made and not taken.
//!
//! HTTP/2 lets a client hold back each answer by itself while the connection is alive, and so memory, or the thread that
//! writes it. Of HTTP/1.1 the stream says it all: see [`crate::connection`].

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use crate::body::AnswerBody;
use crate::telling::Telling;

/// A client must take an answer at this rate on the whole, in bytes a second. It counts from the beginning of each answer,
/// for what a client has taken of one is not told.
const MIN_BYTES_PER_S: u64 = 8 << 10;

/// The answers of one connection that wait for its client.
#[derive(Debug, Clone)]
pub(crate) struct Owed {
    idle: Duration,
    deadlines: Arc<Mutex<Vec<Instant>>>,
}

impl Owed {
    pub(crate) fn new(idle: Duration) -> Owed {
        Owed { idle, deadlines: Arc::default() }
    }

    /// Ready when the client has not taken something in time.
    pub(crate) async fn overdue(&self) {
        loop {
            tokio::time::sleep(self.idle).await;
            let now = Instant::now();
            if self.deadlines.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|at| *at < now) {
                return;
            }
        }
    }

    // So many bytes wait for the client from now on, until this is dropped.
    fn wait(&self, bytes: usize) -> Waiting {
        let at = Instant::now() + self.idle + Duration::from_secs(bytes as u64 / MIN_BYTES_PER_S);
        self.deadlines.lock().unwrap_or_else(PoisonError::into_inner).push(at);
        Waiting { at, owed: self.clone() }
    }
}

#[derive(Debug)]
struct Waiting {
    at: Instant,
    owed: Owed,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut deadlines = self.owed.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = deadlines.iter().position(|at| *at == self.at) {
            deadlines.swap_remove(place);
        }
    }
}

/// Bytes that wait for the client, and count as told to him, for as long as anybody holds some of them.
struct Lent {
    bytes: Bytes,
    _waiting: Option<Waiting>,
    _telling: Option<Arc<Telling>>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// An answer on its way to a client who may be slow to take it.
#[derive(Debug)]
pub(crate) struct Owing {
    body: AnswerBody,
    owed: Option<Owed>,
    telling: Option<Arc<Telling>>,
    // It is the client's turn: nobody has asked for more since the last piece.
    turn: Option<Waiting>,
}

impl Owing {
    /// An answer that `owed` keeps account of, if there is one to, and that is told to somebody.
    pub(crate) fn new(body: AnswerBody, owed: Option<Owed>, telling: Option<Arc<Telling>>) -> Owing {
        let turn = owed.as_ref().map(|owed| owed.wait(0));
        Owing { body, owed, telling, turn }
    }
}

impl Body for Owing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.turn = None;
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let (owed, telling) = (self.owed.clone(), self.telling.clone());
        if owed.is_none() && telling.is_none() {
            return Poll::Ready(frame);
        }
        if let (Some(Ok(frame)), Some(owed)) = (&frame, &owed) {
            self.turn = Some(owed.wait(frame.data_ref().map_or(0, Bytes::len)));
        }
        let lent = |bytes: Bytes| {
            let waiting = owed.map(|owed| owed.wait(bytes.len()));
            Bytes::from_owner(Lent { bytes, _waiting: waiting, _telling: telling })
        };
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(lent))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
