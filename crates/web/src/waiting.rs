//! Long answers that wait until their clients have taken them: together they hold so much memory and no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::StatusCode;

use crate::body::AnswerBody;
use crate::routes::Outcome;
use crate::{Answer, Failure};

/// Bytes that all long answers hold at most.
const MOST: usize = 256 << 20;
/// An answer of no more than this is not long: connections are limited in number.
const SHORT: usize = 128 << 10;
/// When a client that found no room may ask again, in seconds.
const AGAIN_S: u32 = 2;

/// The bytes of long answers that were not taken yet.
#[derive(Debug, Default)]
pub struct Waiting(Arc<AtomicUsize>);

/// Room for one answer, until it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    bytes: usize,
    of: Arc<AtomicUsize>,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.of.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

struct Kept(Bytes, #[expect(dead_code, reason = "it gives its room back when it is dropped")] Room);

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Waiting {
    /// Finds room for an answer, or puts a refusal in its place.
    pub(crate) fn admit(&self, outcome: Outcome) -> (Outcome, Option<Room>) {
        let bytes = match &outcome {
            Ok(Answer { body: AnswerBody::Full(bytes), .. }) if bytes.len() > SHORT => bytes.len(),
            _ => return (outcome, None),
        };
        let before = self.0.fetch_add(bytes, Ordering::Relaxed);
        let room = Room { bytes, of: Arc::clone(&self.0) };
        if before.saturating_add(bytes) <= MOST {
            return (outcome, Some(room));
        }
        let detail = "other clients are slow to take their answers; ask for fewer objects, or again soon";
        let mut failure = Failure::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail);
        failure.retry_after_s = Some(AGAIN_S);
        (Err(failure), None)
    }
}

impl Room {
    /// The body, which gives the room back when it was taken or its connection is gone.
    pub(crate) fn keep(self, body: AnswerBody) -> AnswerBody {
        match body {
            AnswerBody::Full(bytes) => AnswerBody::Full(Bytes::from_owner(Kept(bytes, self))),
            pieces @ AnswerBody::Pieces(_) => pieces,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bytes: usize) -> Outcome {
        Ok(Answer::bytes("text/plain", vec![b'x'; bytes]))
    }

    fn body(outcome: Outcome, room: Option<Room>) -> Bytes {
        match room.unwrap().keep(outcome.unwrap().body) {
            AnswerBody::Full(bytes) => bytes,
            AnswerBody::Pieces(_) => panic!("a full body"),
        }
    }

    #[test]
    fn long_answers_find_room_until_there_is_none_and_again_when_one_was_taken() {
        let waiting = Waiting::default();
        let mut held = Vec::new();
        for _ in 0..4 {
            let (outcome, room) = waiting.admit(answer(MOST / 4));
            held.push(body(outcome, room));
        }
        let (refused, room) = waiting.admit(answer(SHORT + 1));
        assert!(room.is_none());
        let failure = refused.unwrap_err();
        assert_eq!((failure.status, failure.retry_after_s), (StatusCode::SERVICE_UNAVAILABLE, Some(AGAIN_S)));
        // Short ones are always served.
        assert!(waiting.admit(answer(SHORT)).0.is_ok());
        // A part of an answer that is still to be sent holds all of it.
        let last = held.pop().unwrap();
        let rest = last.slice(10..);
        drop(last);
        assert!(waiting.admit(answer(MOST / 4)).0.is_err());
        drop(rest);
        assert!(waiting.admit(answer(MOST / 4)).0.is_ok());
        drop(held);
        assert_eq!(waiting.0.load(Ordering::Relaxed), 0);
    }
}
