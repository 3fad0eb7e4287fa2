//! The stream of changes: what is new, changed or gone for a reader since a cursor, and what each value does by now that was touched.
//!
//! A stream holds a place and no snapshot: each batch is read from one of its own, by the rights and the policy that hold then. A
//! cursor tells by what the client was told so far. Where that is other by now, changes would not tell what it should know: it is
//! told to fetch everything anew.

mod batch;
mod open;
mod place;
mod since;
mod touched;

use std::sync::{Arc, PoisonError};

use model::protect::Action;
use model::{Timestamp, Tlp};
use serde::Serialize;

use super::feed::FeedQuery;
use crate::core::index;
use crate::first_start::index_form;
use crate::reading::Reading;
use crate::{Caller, Error, Kind, Node};

use batch::Batch;
use open::Place;
use place::Reset;

pub(crate) use open::Open;
pub(crate) use place::At;
pub(crate) use since::{Since, touched_since};

/// In place of a cursor: all that stands is told as new.
pub const BEGINNING: &str = "beginning";

/// What is called when there may be something new to tell.
pub(crate) type Listener = Arc<dyn Fn() + Send + Sync>;

/// Of which values a stream tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ValuesQuery {
    /// By nothing that bears a stricter label.
    pub ceiling: Option<Tlp>,
    /// What does at least this; what does less is told as what does nothing.
    pub action: Option<Action>,
}

/// What is followed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamQuery {
    /// From where on, or `beginning`; from now on, unless given.
    pub since: Option<String>,
    /// Also what values do that were touched.
    pub values: Option<ValuesQuery>,
}

/// What is told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEvent {
    /// What it is: `object`, `value`, `recall`, `reset`, `now`.
    pub name: &'static str,
    /// Behind it, it goes on from here.
    pub id: Option<String>,
    /// A document of JSON, on one line.
    pub data: String,
}

/// Somebody who follows, and how far he was told.
#[derive(Debug)]
pub struct Stream {
    caller: Caller,
    values: Option<ValuesQuery>,
    // `None` before it is known from where on he is told.
    at: Option<At>,
    // What was asked for is no place to go on from.
    lost: bool,
    knows: Timestamp,
    _place: Place,
}

/// Some of what there is to tell.
#[derive(Debug, Default)]
pub struct Told {
    /// In this order.
    pub events: Vec<StreamEvent>,
    /// There is more.
    pub more: bool,
}

#[derive(Serialize)]
struct Now<'a> {
    at: String,
    cursor: &'a str,
}

#[derive(Serialize)]
struct Why {
    why: &'static str,
}

impl StreamEvent {
    fn new(name: &'static str, data: &impl Serialize) -> Result<StreamEvent, Error> {
        let data = serde_json::to_string(data)
            .map_err(|error| Error::new(Kind::Internal, format!("an event cannot be written: {error}")))?;
        Ok(StreamEvent { name, id: None, data })
    }
}

impl Stream {
    /// Who follows, as he was found to be when he was last told something.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl Node {
    /// Calls this whenever there may be something new to tell, from any thread: it must not wait.
    pub fn on_change(&self, listener: Listener) {
        self.inner.listeners.write().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    /// Begins to follow.
    ///
    /// # Errors
    /// [`Kind::Quota`] where a token follows too often; [`Kind::Unavailable`] where too many do, and for values that would not be
    /// told whole; what the caller may not.
    pub fn stream(&self, caller: &Caller, query: &StreamQuery) -> Result<Stream, Error> {
        let caller = &self.renewed(&self.roster(), caller)?;
        let reading = self.reading(caller)?;
        if query.values.is_some() && index_form(&self.inner.store)? < index::FORM {
            let message = "the index was made by an earlier release, and lacks what sensors read";
            return Err(Error::new(Kind::Unavailable, message).hint("`accord rebuild` makes it anew"));
        }
        let place = self.inner.open.take(&caller.principal)?;
        let at = match &query.since {
            None => Some(At::here(self, &reading, query.values)?),
            Some(text) if text == BEGINNING => Some(At::here(self, &reading, query.values)?.of_the_first()),
            Some(text) => At::opened(self, caller, text),
        };
        Ok(Stream {
            caller: caller.clone(),
            values: query.values,
            lost: at.is_none(),
            at,
            knows: reading.now,
            _place: place,
        })
    }

    /// The next of what there is to tell; nothing while there is nothing new.
    ///
    /// # Errors
    /// It is over: who followed may not any more. [`Kind::Unavailable`]: it goes on later, from where he was told.
    pub fn stream_next(&self, stream: &mut Stream) -> Result<Told, Error> {
        stream.caller = self.renewed(&self.roster(), &stream.caller)?;
        let reading = self.reading(&stream.caller)?;
        let here = At::here(self, &reading, stream.values)?;
        let from = match stream.at {
            Some(at) if !stream.lost && stream.values.is_some() && at.is_behind_recall(&reading)? => {
                Err(Reset::Recall)
            }
            Some(at) if !stream.lost => at.goes_on(&reading, &here).map(|()| at),
            _ => Err(Reset::TooFar),
        };
        let now = reading.now;
        let told = match from {
            Ok(from) if from.is_before(&here) => {
                match Batch::read(self, &reading, stream.values, (from, here))? {
                    Ok(batch) => {
                        let end = batch.end;
                        let events = batch.events(self, &stream.caller)?;
                        self.lent(&stream.caller, "stream", None, reading)?;
                        stream.at = Some(end);
                        Told { more: end.is_before(&here), events }
                    }
                    Err(why) => anew(stream, why, here)?,
                }
            }
            Ok(_) => {
                stream.at = Some(here);
                Told::default()
            }
            Err(why) => anew(stream, why, here)?,
        };
        if !told.more {
            stream.knows = now;
        }
        Ok(told)
    }

    /// That all was told up to now, and where it goes on.
    ///
    /// # Errors
    /// [`Kind::Internal`].
    pub fn stream_now(&self, stream: &Stream) -> Result<StreamEvent, Error> {
        let cursor = match stream.at {
            Some(at) => at.sealed(self, &stream.caller)?,
            None => String::new(),
        };
        let now = Now { at: stream.knows.to_string(), cursor: &cursor };
        Ok(StreamEvent { id: Some(cursor.clone()), ..StreamEvent::new("now", &now)? })
    }

    /// The place from which on a stream tells what comes after what is read here.
    pub(crate) fn stream_from_here(&self, reading: &Reading, query: &FeedQuery) -> Result<At, Error> {
        let values = ValuesQuery { ceiling: query.ceiling, action: query.action };
        At::here(self, reading, Some(values))
    }
}

// From here on, when he has fetched everything.
fn anew(stream: &mut Stream, why: Reset, here: At) -> Result<Told, Error> {
    (stream.at, stream.lost) = (Some(here), false);
    Ok(Told { events: vec![StreamEvent::new("reset", &Why { why: why.name() })?], more: false })
}
