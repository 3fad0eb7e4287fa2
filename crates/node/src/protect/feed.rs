//! What sensors read, made from what acts at a member: written to a file of no name, whole or not at all, and given from there.
//!
//! A file is kept while nothing changed that it was made from, a minute at most, so that many sensors of one token cost one making.
//! One is made at a time. Nothing that is not known to be whole is given: an index that lacks what stood before, or a policy that
//! cannot be read, is an error and no empty list.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use model::observable::Kind as ValueKind;
use model::protect::Action;
use model::{Timestamp, Tlp, TokenId};
use sha2::{Digest, Sha256};
use store::directory::Epoch;
use store::read::LabelId;

use super::facts::{Judging, Saying, value_of};
use super::policy::policy_of;
use crate::core::{index, shared};
use crate::first_start::index_form;
use crate::reading::Reading;
use crate::reads::Range;
use crate::{Caller, Error, Kind, Node, random, views};
use sensors::{File as FileOf, Format, Head, Item, Outcome, Writer};

/// For how long a file is meant to be trusted, in seconds: a day. Sensors ask more often.
const TRUSTED_S: u32 = 86_400;
const SECOND_US: i64 = 1_000_000;
/// For how long one that was made is given again while nothing changed, in seconds: what ends meanwhile is in it for so long.
const KEPT_S: i64 = 60;
/// Files that are kept, at most, and their bytes.
const KEPT: usize = 64;
const KEPT_BYTES: u64 = 1 << 30;
/// Bytes that are gathered before they are written.
const GATHERED: usize = 256 << 10;
/// Most who say one value that it is judged by, the newest first.
const JUDGED: usize = 1_000;

/// Which file, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedQuery {
    /// The format's name.
    pub format: String,
    /// The file's name.
    pub file: String,
    /// Nothing that bears a stricter label.
    pub ceiling: Option<Tlp>,
    /// Only what does at least this; the least that the format's sensors do, unless given.
    pub action: Option<Action>,
}

/// A file for sensors, whole.
#[derive(Debug, Clone)]
pub struct Feed {
    /// What it was made of.
    pub made: views::FeedMade,
    /// Its media type.
    pub content_type: &'static str,
    file: Arc<File>,
}

impl Feed {
    /// Writes it.
    ///
    /// # Errors
    /// It cannot be read, or cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let mut piece = vec![0; GATHERED];
        let mut at = 0;
        while at < self.made.bytes {
            let read = self.file.read_at(&mut piece, at)?;
            let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else {
                return Err(std::io::Error::other("the file is cut"));
            };
            out.write_all(bytes)?;
            at += read as u64;
        }
        Ok(())
    }
}

/// What a file was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct From {
    token: Option<TokenId>,
    query: FeedQuery,
    epoch: Epoch,
    end: u64,
}

#[derive(Debug)]
struct Kept {
    from: From,
    as_of: Timestamp,
    feed: Feed,
    lent: Range,
    given: Vec<(u64, LabelId)>,
}

/// Files that were made of late, the latest last. Whoever makes one holds it.
#[derive(Debug, Default)]
pub(crate) struct Feeds(Mutex<Vec<Kept>>);

impl Node {
    /// The formats of what sensors read, and their files.
    ///
    /// # Errors
    /// What the caller may not.
    pub fn feeds(&self, caller: &Caller) -> Result<Vec<views::FeedFormat>, Error> {
        Node::allowed(caller, &model::Action::Read)?;
        let files = |format: Format| {
            let view = |file: &FileOf| views::FeedFile {
                name: file.name.to_owned(),
                content_type: file.content_type.to_owned(),
                kinds: file.kinds().iter().map(|kind| kind.name().to_owned()).collect(),
            };
            format.files().iter().map(view).collect()
        };
        let view = |format: Format| views::FeedFormat {
            format: format.name().to_owned(),
            least_action: format.least_action().name().to_owned(),
            files: files(format),
        };
        Ok(Format::all().map(view).collect())
    }

    /// A file for sensors: what acts at the caller's member by its policy, as far as the caller sees it.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for a format or a file that there is not; [`Kind::Unavailable`] where it would not be whole; what the
    /// caller may not.
    pub fn feed(&self, caller: &Caller, query: &FeedQuery) -> Result<Feed, Error> {
        let (format, file) = named(query)?;
        let reading = self.reading(caller)?;
        if index_form(&self.inner.store)? < index::FORM {
            return Err(Error::new(
                Kind::Unavailable,
                "the index was made by an earlier release, and lacks what sensors read",
            )
            .hint("`accord rebuild` makes it anew"));
        }
        let from = From {
            token: caller.principal.token,
            query: query.clone(),
            epoch: reading.roster.epoch(),
            end: reading.snapshot.end(),
        };
        let mut kept = self.inner.feeds.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = reading.now;
        let is_fresh = |one: &Kept| (one.as_of..one.as_of.plus_seconds(KEPT_S)).contains(&now);
        kept.retain(is_fresh);
        if let Some(one) = kept.iter().find(|one| one.from == from) {
            reading.lent.set(one.lent);
            reading.given.replace(one.given.clone());
            let feed = one.feed.clone();
            drop(kept);
            self.lent(caller, "feed", None, reading)?;
            return Ok(feed);
        }
        let cursor = match format {
            Format::Accord => Some(self.stream_from_here(caller, &reading, query)?),
            _ => None,
        };
        let feed = self.make(&reading, (format, file), (query, cursor.as_deref()))?;
        let (lent, given) = (reading.lent.get(), reading.given.borrow().clone());
        kept.push(Kept { from, as_of: now, feed: feed.clone(), lent, given });
        while kept.len() > KEPT || kept.iter().map(|one| one.feed.made.bytes).sum::<u64>() > KEPT_BYTES {
            kept.remove(0);
        }
        drop(kept);
        self.lent(caller, "feed", None, reading)?;
        Ok(feed)
    }

    fn make(
        &self,
        reading: &Reading,
        (format, file): (Format, &'static FileOf),
        (query, cursor): (&FeedQuery, Option<&str>),
    ) -> Result<Feed, Error> {
        let policy = policy_of(&reading.roster, reading.reader, reading.now)?;
        let judging = Judging::new(self, reading, policy, true)?;
        let node = self.settings().organisation.as_str();
        // To the second: what ends within it is in it yet.
        let as_of = Timestamp(reading.now.0.div_euclid(SECOND_US) * SECOND_US);
        let head = Head { as_of, node, trusted_s: TRUSTED_S, cursor };
        let mut making = Making::begin(self, (format, file), &head)?;
        let ceiling = query.ceiling.unwrap_or(Tlp::Red);
        let least = query.action.unwrap_or(Action::Context).max(format.least_action());
        let mut kinds = file.kinds().to_vec();
        kinds.sort_unstable_by_key(|kind| kind.byte());
        for kind in kinds {
            let mut values =
                Values { judging: &judging, making: &mut making, ceiling, least, kind, at: None };
            values.all()?;
        }
        making.end(file.content_type, as_of)
    }
}

fn named(query: &FeedQuery) -> Result<(Format, &'static FileOf), Error> {
    let no_format = || {
        let names: Vec<&str> = Format::all().map(Format::name).collect();
        Error::new(Kind::NotFound, format!("there is no format `{}`", query.format))
            .hint(format!("one of {}", names.join(", ")))
    };
    let format = Format::from_name(&query.format).ok_or_else(no_format)?;
    let file = format.files().iter().find(|file| file.name == query.file);
    let file = file.ok_or_else(|| {
        let names: Vec<&str> = format.files().iter().map(|file| file.name).collect();
        Error::new(Kind::NotFound, format!("`{}` has no file `{}`", query.format, query.file))
            .hint(format!("it has {}", names.join(", ")))
    })?;
    Ok((format, file))
}

/// The values of a kind, as they go by: who says one is gathered until the next one comes.
struct Values<'a, 'j> {
    judging: &'a Judging<'j>,
    making: &'a mut Making,
    ceiling: Tlp,
    least: Action,
    kind: ValueKind,
    at: Option<(Vec<u8>, Vec<Saying>)>,
}

impl Values<'_, '_> {
    fn all(&mut self) -> Result<(), Error> {
        let (start, end) = ([self.kind.byte()], [self.kind.byte().saturating_add(1)]);
        let snapshot = &self.judging.reading.snapshot;
        let mut failed = Ok(());
        snapshot.all_stands(&self.judging.reading.sight.visible, (&start, &end), &mut |key, stand| {
            let done = self.judging.saying(stand, self.kind).and_then(|saying| self.take(key, saying));
            if done.is_err() {
                failed = done;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        failed?;
        self.done()
    }

    fn take(&mut self, key: &[u8], saying: Saying) -> Result<(), Error> {
        if self.at.as_ref().is_none_or(|(at, _)| at.as_slice() != key) {
            self.done()?;
            self.at = Some((key.to_vec(), Vec::new()));
        }
        if let Some((_, sayings)) = &mut self.at
            && saying.fact.tlp <= self.ceiling
            && sayings.len() < JUDGED
        {
            sayings.push(saying);
        }
        Ok(())
    }

    fn done(&mut self) -> Result<(), Error> {
        let Some((key, sayings)) = self.at.take().filter(|(_, sayings)| !sayings.is_empty()) else {
            return Ok(());
        };
        // Who is told of changes knows a value by its text, which must not change with who says it.
        let first = sayings.first().filter(|_| self.making.writer.format() != Format::Accord);
        let Some(value) = value_of(&key, first.and_then(|saying| saying.told.scheme)) else {
            self.making.passed_over("too-long");
            return Ok(());
        };
        for verdict in self.judging.judge((&key, &value), &sayings, None)? {
            let acts = verdict.action.filter(|action| *action >= self.least);
            let rests_on = verdict.fact.and_then(|place| sayings.get(place));
            let (Some(action), Some(rests_on)) = (acts, rests_on) else { continue };
            let reading = self.judging.reading;
            reading.lends_of(rests_on.position, rests_on.label, rests_on.fact.entered);
            let source = self.judging.source_of(rests_on.label);
            // Of those who share the same rules the first gives the name that stays, whoever of them they rest on.
            let first = sayings.iter().min_by_key(|saying| saying.position);
            let named = first.filter(|_| self.kind.is_rule()).unwrap_or(rests_on);
            let rules = if self.kind.is_rule() {
                reading.lends_of(named.position, named.label, named.fact.entered);
                rules_at(reading, rests_on.position)?
            } else {
                String::new()
            };
            let object = format!("indicator--{}", named.told.uuid.hyphenated());
            self.making.item(&Item {
                value: &value,
                mode: verdict.mode,
                action,
                until: verdict.until,
                confidence: rests_on.told.confidence,
                object: &object,
                source: &source,
                note: "",
                tlp: rests_on.fact.tlp,
                modified: named.fact.entered,
                rules: &rules,
                sid: None,
            })?;
        }
        Ok(())
    }
}

/// The rules of the entry at a position; nothing where they are not for this reader.
pub(super) fn rules_at(reading: &Reading, position: u64) -> Result<String, Error> {
    let mut rules = String::new();
    reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
        let object = strictjson::parse(entry.wire, &strictjson::Limits::default());
        if let Some((_, text)) = object.as_ref().ok().and_then(shared::rules_of) {
            text.clone_into(&mut rules);
        }
    })?;
    Ok(rules)
}

/// What is written of a file.
struct Output {
    file: File,
    whole: Sha256,
    bytes: u64,
}

impl Output {
    // It has no name once it is there, so a crash leaves nothing behind.
    fn begin(node: &Node) -> Result<Output, Error> {
        let path = node.inner.folder.join(format!("feed-{}.part", random::uuid()?));
        let file = File::options().read(true).write(true).create_new(true).open(&path).map_err(unwritten)?;
        std::fs::remove_file(&path).map_err(unwritten)?;
        Ok(Output { file, whole: Sha256::new(), bytes: 0 })
    }

    fn write(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.whole.update(&*out);
        self.file.write_all(out).map_err(unwritten)?;
        self.bytes += out.len() as u64;
        out.clear();
        Ok(())
    }
}

fn unwritten(error: std::io::Error) -> Error {
    Error::new(Kind::Unavailable, format!("a file for sensors cannot be written: {error}"))
}

/// A file while it is made.
struct Making {
    output: Output,
    writer: Writer,
    out: Vec<u8>,
    // Of what is between the first lines and the last, which tell the time.
    items: Sha256,
    values: u64,
    outcomes: BTreeMap<&'static str, u64>,
}

impl Making {
    fn begin(node: &Node, (format, file): (Format, &FileOf), head: &Head<'_>) -> Result<Making, Error> {
        let mut output = Output::begin(node)?;
        let mut out = Vec::with_capacity(GATHERED + 4_096);
        let writer = Writer::head(format, file, head, &mut out);
        output.write(&mut out)?;
        Ok(Making { output, writer, out, items: Sha256::new(), values: 0, outcomes: BTreeMap::new() })
    }

    fn item(&mut self, item: &Item<'_>) -> Result<(), Error> {
        self.values += 1;
        match self.writer.item(&mut self.out, item) {
            // What is covered is in the file all the same, by what is around it.
            Outcome::Written | Outcome::Covered => {}
            Outcome::InPart(reason) | Outcome::PassedOver(reason) => self.passed_over(reason.name()),
            // Another file of the format tells what became of it.
            Outcome::Elsewhere => self.values -= 1,
        }
        if self.out.len() >= GATHERED { self.flush() } else { Ok(()) }
    }

    fn passed_over(&mut self, why: &'static str) {
        *self.outcomes.entry(why).or_default() += 1;
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.items.update(&self.out);
        self.output.write(&mut self.out)
    }

    fn end(mut self, content_type: &'static str, as_of: Timestamp) -> Result<Feed, Error> {
        self.flush()?;
        let Making { mut output, writer, mut out, items, values, outcomes } = self;
        let entries = writer.tail(&mut out);
        output.write(&mut out)?;
        let made = views::FeedMade {
            as_of: as_of.to_string(),
            entries,
            values,
            bytes: output.bytes,
            sha256: hexadecimal(&output.whole.finalize()),
            items: hexadecimal(&items.finalize()),
            passed_over: outcomes.into_iter().map(|(why, count)| (why.to_owned(), count)).collect(),
        };
        Ok(Feed { made, content_type, file: Arc::new(output.file) })
    }
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
