//! Records: lines of fields, and what each field holds.
//!
//! A [`Layout`] says it, of columns ([`Layout::columns`], [`Layout::zeek`]) or of paths in JSON ([`Layout::json`]). A
//! [`crate::Scanner`] goes through lines by it.

mod json;
mod lines;
mod text;
mod time;
mod tsv;
mod zeek;

use model::Timestamp;
use model::observable::Kind;

use crate::observe::{Escapes, Holds};

pub(crate) use json::{Paths, Walker, decode};
pub use lines::Pieces;
pub(crate) use text::words;
pub(crate) use time::Clock;
pub use time::time_of;
pub(crate) use tsv::split;

/// What a field of a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// A value of this kind.
    Value(Kind),
    /// A domain or an address, perhaps with a port.
    Host,
    /// A digest of a file; of which kind its length says.
    Digest,
    /// An address of either family. Those that have ports are told apart by a number of the caller's.
    Address(u8),
    /// The port of the address of this number.
    Port(u8),
    /// Part of the record's URL: its scheme.
    UrlScheme,
    /// Its host, perhaps with its port.
    UrlHost,
    /// Its port.
    UrlPort,
    /// Path and query, or the whole URL.
    UrlTarget,
    /// Its path, where the record has no target.
    UrlPath,
    /// Its query, beside its path.
    UrlQuery,
    /// When it happened: seconds, thousandths or millionths since 1970, or RFC 3339.
    Time,
    /// Told with what is found: the host or the sensor.
    Label,
    /// Words that people wrote, and the values among them.
    Text,
}

/// Cuts a line: calls with the number of each field of the layout that the line has, and what stands there.
pub type Cut = for<'l> fn(&'l [u8], &mut dyn FnMut(usize, &'l [u8]));

/// A field: where it stands, what it is, and whether it holds a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Which column it is, from 0.
    pub at: usize,
    /// What stands there.
    pub field: Field,
    /// What separates its values, where it holds several.
    pub list: Option<u8>,
}

/// What is done with slots of a record: one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Value { slot: usize, holds: Holds, list: Option<u8> },
    Endpoint { address: usize, port: Option<usize>, list: Option<u8> },
    Url(UrlSlots),
    Words { slot: usize },
}

/// Where the parts of a URL stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UrlSlots {
    pub(crate) scheme: Option<usize>,
    pub(crate) host: Option<usize>,
    pub(crate) port: Option<usize>,
    pub(crate) target: Option<usize>,
    pub(crate) path: Option<usize>,
    pub(crate) query: Option<usize>,
}

impl Task {
    /// A bit for each slot without which there is nothing to ask.
    fn slots(&self) -> u64 {
        let bit = |slot: usize| 1 << (slot % SLOTS_MAX);
        match *self {
            Task::Value { slot, .. } | Task::Words { slot } => bit(slot),
            Task::Endpoint { address, .. } => bit(address),
            Task::Url(UrlSlots { host, target, .. }) => host.map_or(0, bit) | target.map_or(0, bit),
        }
    }
}

/// How many slots a layout has at most: a bit each in a word.
pub(crate) const SLOTS_MAX: usize = 64;

/// What the fields of records hold, and how they are told apart.
#[derive(Debug, Clone)]
pub struct Layout {
    pub(crate) shape: Lines,
    /// What each slot is called.
    names: Vec<String>,
    pub(crate) tasks: Vec<Task>,
    /// Of each task, a bit for each slot without which there is nothing to ask.
    pub(crate) needs: Vec<u64>,
    pub(crate) time: Option<usize>,
    pub(crate) labels: Vec<usize>,
    pub(crate) escapes: Escapes,
    pub(crate) clock: Clock,
    /// A bit for each slot that a line of another kind does not fill.
    pub(crate) telling: u64,
    /// Of a log that tells its columns: what it told so far.
    head: Option<Box<zeek::Head>>,
}

/// What lines look like.
#[derive(Debug, Clone)]
pub(crate) enum Lines {
    /// Columns with a separator between; of each slot the column, in rising order; and what stands where nothing does, beside what is usual.
    Columns { separator: u8, columns: Vec<usize>, comment: Option<u8>, unset: Vec<Vec<u8>> },
    /// An object each.
    Json(Paths),
    /// As somebody writes them for people.
    Cut(Cut),
}

/// Why there is no such layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unlaid {
    /// More fields than are looked at.
    TooMany,
    /// Nothing in it can be looked up.
    Nothing,
}

impl std::fmt::Display for Unlaid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unlaid::TooMany => write!(f, "more than {SLOTS_MAX} fields"),
            Unlaid::Nothing => f.write_str("no field that can be looked up"),
        }
    }
}

impl std::error::Error for Unlaid {}

impl Layout {
    /// Lines of columns.
    ///
    /// # Errors
    /// When there are too many fields, or nothing to look up.
    pub fn columns(separator: u8, columns: &[Column]) -> Result<Layout, Unlaid> {
        let mut columns = columns.to_vec();
        columns.sort_by_key(|column| column.at);
        let fields: Vec<_> = columns
            .iter()
            .map(|column| (format!("column {}", column.at + 1), column.field, column.list))
            .collect();
        let at = columns.iter().map(|column| column.at).collect();
        let shape = Lines::Columns { separator, columns: at, comment: None, unset: Vec::new() };
        Layout::of(shape, Escapes::None, &fields)
    }

    /// The same, with these names of its columns, in the order in which they stand.
    #[must_use]
    pub fn called(mut self, names: &[&str]) -> Layout {
        self.names.iter_mut().zip(names).for_each(|(name, other)| (*other).clone_into(name));
        self
    }

    /// A log of Zeek that tells its columns itself, and what separates them, in lines with a `#` in front; before those nothing is looked up.
    #[must_use]
    pub fn zeek_by_header() -> Layout {
        Layout {
            shape: Lines::Columns {
                separator: b'\t',
                columns: Vec::new(),
                comment: Some(b'#'),
                unset: Vec::new(),
            },
            names: Vec::new(),
            tasks: Vec::new(),
            needs: Vec::new(),
            time: None,
            labels: Vec::new(),
            escapes: Escapes::Zeek,
            clock: Clock::default(),
            telling: u64::MAX,
            head: Some(Box::default()),
        }
    }

    /// Takes a line of a log's head, as logs of Zeek begin with; gives whether the columns are others from here on. A layout that does not
    /// follow a log's head stays as it is.
    pub fn take_header(&mut self, line: &[u8]) -> bool {
        let Some(head) = &mut self.head else { return false };
        if !head.take(line) {
            return false;
        }
        let layout = head.layout().unwrap_or_else(|_| Layout::zeek_by_header());
        *self = Layout { head: self.head.take(), clock: self.clock, ..layout };
        true
    }

    /// What a log told in its head so far, as lines to give to [`Layout::take_header`] again: of a log that is taken up in its middle.
    #[must_use]
    pub fn header(&self) -> Option<String> {
        self.head.as_ref().and_then(|head| head.lines())
    }

    /// A log of Zeek written as JSON, of any kind.
    #[must_use]
    pub fn zeek_json() -> Layout {
        zeek::json().unwrap_or_else(|_| Layout::zeek_by_header())
    }

    /// A log of Zeek: `fields` is what stands behind `#fields` and a tab. What a column is follows from its name.
    ///
    /// # Errors
    /// When no column is known.
    pub fn zeek(fields: &str) -> Result<Layout, Unlaid> {
        zeek::layout(fields)
    }

    /// Lines of JSON, an object each. A path is names with dots between; `a.b` is `b` within `a` as well as a name with a dot in it, and an
    /// array is each of its elements.
    ///
    /// # Errors
    /// When there are too many fields, or nothing to look up.
    pub fn json(paths: &[(&str, Field)]) -> Result<Layout, Unlaid> {
        let fields: Vec<_> = paths.iter().map(|(path, field)| ((*path).to_owned(), *field, None)).collect();
        let paths: Vec<&str> = paths.iter().map(|(path, _)| *path).collect();
        Layout::of(Lines::Json(Paths::new(&paths)), Escapes::None, &fields)
    }

    /// Lines that are cut by a function, which counts the fields in this order. What is no text stands in them as `\\xHH`.
    ///
    /// # Errors
    /// When there are too many fields, or nothing to look up.
    pub fn cut(cut: Cut, fields: &[(&str, Field)]) -> Result<Layout, Unlaid> {
        let fields: Vec<_> = fields.iter().map(|(name, field)| ((*name).to_owned(), *field, None)).collect();
        Layout::of(Lines::Cut(cut), Escapes::Zeek, &fields)
    }

    /// The same, of a log of which nothing is later than `latest`: that tells the year where lines leave it out.
    #[must_use]
    pub fn until(mut self, latest: Timestamp) -> Layout {
        self.clock.latest = Some(latest);
        self
    }

    /// The same, of a log that leaves out how far its clock is from UTC: so many seconds to the east.
    #[must_use]
    pub fn east_by(mut self, seconds: i64) -> Layout {
        self.clock.east = seconds;
        self
    }

    fn of(shape: Lines, escapes: Escapes, fields: &[(String, Field, Option<u8>)]) -> Result<Layout, Unlaid> {
        if fields.len() > SLOTS_MAX {
            return Err(Unlaid::TooMany);
        }
        let slot_of = |wanted: Field| fields.iter().position(|(_, field, _)| *field == wanted);
        let mut tasks = Vec::new();
        for (slot, (_, field, list)) in fields.iter().enumerate() {
            let (slot, list) = (slot, *list);
            match field {
                Field::Value(kind) => tasks.push(Task::Value { slot, holds: Holds::Value(*kind), list }),
                Field::Host => tasks.push(Task::Value { slot, holds: Holds::Host, list }),
                Field::Digest => tasks.push(Task::Value { slot, holds: Holds::Digest, list }),
                Field::Address(number) => {
                    let port = slot_of(Field::Port(*number));
                    tasks.push(Task::Endpoint { address: slot, port, list });
                }
                Field::Text => tasks.push(Task::Words { slot }),
                _ => {}
            }
        }
        let url = UrlSlots {
            scheme: slot_of(Field::UrlScheme),
            host: slot_of(Field::UrlHost),
            port: slot_of(Field::UrlPort),
            target: slot_of(Field::UrlTarget),
            path: slot_of(Field::UrlPath),
            query: slot_of(Field::UrlQuery),
        };
        // A path without a host is no URL.
        if url.host.is_some() || url.target.is_some() {
            tasks.push(Task::Url(url));
        }
        if tasks.is_empty() {
            return Err(Unlaid::Nothing);
        }
        let labels = fields.iter().enumerate().filter(|(_, (_, field, _))| *field == Field::Label);
        let labels: Vec<usize> = labels.map(|(slot, _)| slot).collect();
        let telling = match &shape {
            Lines::Json(_) => u64::MAX,
            // Whatever the line, something stands before the first separator.
            Lines::Columns { columns, .. } => slots_where(columns.iter().map(|column| *column > 0)),
            // Text is in lines of any kind, and so is a time where there is more to know a line by.
            Lines::Cut(_) => {
                let is_more = |field: Field| !matches!(field, Field::Time | Field::Text | Field::Label);
                let tells = |field: Field| match field {
                    Field::Text => false,
                    Field::Time => !fields.iter().any(|(_, field, _)| is_more(*field)) && !labels.is_empty(),
                    _ => true,
                };
                slots_where(fields.iter().map(|(_, field, _)| tells(*field)))
            }
        };
        Ok(Layout {
            shape,
            names: fields.iter().map(|(name, _, _)| name.clone()).collect(),
            needs: tasks.iter().map(Task::slots).collect(),
            tasks,
            time: slot_of(Field::Time),
            labels,
            escapes,
            clock: Clock::default(),
            telling: if telling == 0 { u64::MAX } else { telling },
            head: None,
        })
    }

    /// What a field of it is called: the name of its column, or its path.
    #[must_use]
    pub fn name(&self, field: usize) -> &str {
        self.names.get(field).map_or("", String::as_str)
    }

    pub(crate) fn slots(&self) -> usize {
        self.names.len()
    }
}

/// A bit for each slot of which this is so.
fn slots_where(is: impl Iterator<Item = bool>) -> u64 {
    is.enumerate().fold(0, |slots, (slot, is)| slots | u64::from(is) << (slot % SLOTS_MAX))
}

/// Whether a field says that it has no value.
#[inline]
pub(crate) fn is_unset(value: &[u8]) -> bool {
    matches!(value, b"" | b"-" | b"(empty)")
}
