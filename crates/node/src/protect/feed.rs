//! What sensors read, made from what acts at a member: written to a file of no name, whole or not at all, and given from there.
//!
//! A file is kept while nothing changed that it was made from, a minute at most, so that many sensors of one token cost one making.
//! When something changed, or ended, the pieces of it that this touches are made anew ([`pieces`]), and it is what one made of
//! everything would be; where that cannot be known, it is made of everything.
//! One is made at a time. Nothing that is not known to be whole is given: an index that lacks what stood before, or a policy that
//! cannot be read, is an error and no empty list.

mod judged;
mod pieces;

use std::fmt::Write as _;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use model::protect::Action;
use model::{Timestamp, Tlp, TokenId};
use sensors::{File as FileOf, Format, Head, Writer};
use sha2::{Digest, Sha256};
use store::directory::Epoch;
use store::seen::Common;

use super::facts::{Judged, Judging};
use super::policy::policy_of;
use super::stream::{At, Since, touched_since};
use crate::core::index;
use crate::first_start::index_form;
use crate::reading::Reading;
use crate::{Caller, Error, Kind, Node, views};
use judged::Values;
use pieces::{Counts, Making, Piece, Spool};

/// For how long a file is meant to be trusted, in seconds: a day. Sensors ask more often.
const TRUSTED_S: u32 = 86_400;
const SECOND_US: i64 = 1_000_000;
/// For how long one that was made is given again while nothing changed, in seconds: what ends meanwhile is in it for so long.
const GIVEN_S: i64 = 60;
/// For how long its pieces are gone on from, in seconds.
const KEPT_S: i64 = 600;
/// Files that are kept, at most, and their bytes.
const KEPT: usize = 64;
const KEPT_BYTES: u64 = 1 << 30;
/// Bytes that are read at once.
const READ: usize = 256 << 10;
/// More values than these are not followed: a file is made of everything.
const TOUCHED: usize = 10_000;
/// Bytes that nothing is in any more, before a file is made of everything, beside as many as are in it.
const SPENT_BYTES: u64 = 64 << 20;

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
    head: Arc<[u8]>,
    spool: Spool,
    /// Where what is between the first lines and the last lies: from where on, and how many bytes.
    ranges: Arc<[(u64, u64)]>,
    tail: Arc<[u8]>,
    sha256: Arc<OnceLock<String>>,
}

impl Feed {
    /// Writes it.
    ///
    /// # Errors
    /// It cannot be read, or cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        out.write_all(&self.head)?;
        self.items(&mut |bytes| out.write_all(bytes))?;
        out.write_all(&self.tail)
    }

    /// SHA-256 of all of it, in hexadecimal.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn sha256(&self) -> std::io::Result<&str> {
        if let Some(known) = self.sha256.get() {
            return Ok(known);
        }
        let mut digest = self.digest()?;
        digest.update(&self.tail);
        Ok(self.sha256.get_or_init(|| hexadecimal(&digest.finalize())))
    }

    // Of all but the last lines.
    fn digest(&self) -> std::io::Result<Sha256> {
        let mut digest = Sha256::new_with_prefix(&self.head);
        self.items(&mut |bytes| {
            digest.update(bytes);
            Ok(())
        })?;
        Ok(digest)
    }

    fn items(&self, each: &mut dyn FnMut(&[u8]) -> std::io::Result<()>) -> std::io::Result<()> {
        let mut buffer = vec![0; READ];
        for (at, bytes) in self.ranges.iter().copied() {
            let (mut at, end) = (at, at + bytes);
            while at < end {
                let most = usize::try_from(end - at).unwrap_or(READ).min(READ);
                let read = self.spool.file.read_at(buffer.get_mut(..most).unwrap_or_default(), at)?;
                let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
                    return Err(std::io::Error::other("the file is cut"));
                };
                each(bytes)?;
                at += read as u64;
            }
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
    /// As of when it was made of everything, and when it was last made.
    begun: Timestamp,
    as_of: Timestamp,
    place: At,
    common: Option<Arc<Common>>,
    pieces: Vec<Arc<Piece>>,
    /// What is remembered behind the last piece.
    closing: Vec<u8>,
    feed: Feed,
}

/// Files that were made of late, the latest last. Whoever makes one holds it.
#[derive(Debug, Default)]
pub(crate) struct Feeds(Mutex<Vec<Kept>>);

/// What is to be made.
struct Order<'o> {
    reading: &'o Reading,
    query: &'o FeedQuery,
    of: (Format, &'static FileOf),
    head: Head<'o>,
    from: From,
    place: At,
}

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
        let of = named(query)?;
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
        kept.retain(|one| (one.begun..one.begun.plus_seconds(KEPT_S)).contains(&now) && now >= one.as_of);
        let is_its = |one: &Kept| one.from.token == from.token && one.from.query == from.query;
        let before = kept.iter().position(is_its).map(|place| kept.remove(place));
        let one = match before {
            Some(one) if one.from == from && now < one.as_of.plus_seconds(GIVEN_S) => one,
            before => self.made(caller, (&reading, query, of), from, before)?,
        };
        one.lends(&reading);
        let feed = one.feed.clone();
        kept.push(one);
        while kept.len() > KEPT || kept.iter().map(|one| one.feed.spool.end).sum::<u64>() > KEPT_BYTES {
            kept.remove(0);
        }
        drop(kept);
        self.lent(caller, "feed", None, reading)?;
        Ok(feed)
    }

    // From what was made before, or of everything.
    fn made(
        &self,
        caller: &Caller,
        (reading, query, of): (&Reading, &FeedQuery, (Format, &'static FileOf)),
        from: From,
        before: Option<Kept>,
    ) -> Result<Kept, Error> {
        let place = self.stream_from_here(reading, query)?;
        let cursor = match of.0 {
            Format::Accord => Some(place.sealed(self, caller)?),
            _ => None,
        };
        // To the second: what ends within it is in it yet.
        let as_of = Timestamp(reading.now.0.div_euclid(SECOND_US) * SECOND_US);
        let node = self.settings().organisation.as_str();
        let head = Head { as_of, node, trusted_s: TRUSTED_S, cursor: cursor.as_deref() };
        let order = Order { reading, query, of, head, from, place };
        if let Some(before) = before
            && let Some(one) = self.brought_up(&order, before)?
        {
            return Ok(one);
        }
        self.made_of_all(order)
    }

    fn made_of_all(&self, order: Order<'_>) -> Result<Kept, Error> {
        let (format, file) = order.of;
        let policy = policy_of(&order.reading.roster, order.reading.reader, order.reading.now)?;
        let judging = Judging::new(self, order.reading, policy, Judged::All)?;
        let mut kinds = file.kinds().to_vec();
        kinds.sort_unstable_by_key(|kind| kind.byte());
        let first = kinds.first().map_or(0, |kind| kind.byte());
        let spool = Spool::begin(self)?;
        let of = (format, file, &order.head);
        let mut making = Making::begin(self, order.reading, of, (&[first], None), spool)?;
        for kind in kinds {
            making.turn(&[kind.byte()]);
            order
                .values(&judging, &mut making, kind)
                .all(&[kind.byte()], &[kind.byte().saturating_add(1)])?;
        }
        let made = making.end(&[u8::MAX])?;
        let judged = made.pieces.iter().map(|piece| piece.counts.judged).sum();
        let pieces = made.pieces.into_iter().map(Arc::new).collect();
        let common = judging.common().cloned();
        order.kept(None, common, (pieces, made.rest.unwrap_or_default()), (made.spool, judged))
    }

    // `None` where it is not known what of it is otherwise by now, or it is most of it.
    fn brought_up(&self, order: &Order<'_>, before: Kept) -> Result<Option<Kept>, Error> {
        let (reading, (format, file)) = (order.reading, order.of);
        let live: u64 = before.pieces.iter().map(|piece| piece.counts.bytes).sum();
        let is_spent = before.feed.spool.end > live * 2 + SPENT_BYTES;
        let is_whole = before.pieces.iter().any(|piece| piece.rest.is_none());
        if before.from.epoch != order.from.epoch || is_whole || is_spent {
            return Ok(None);
        }
        if before.place.goes_on(reading, &order.place).is_err() {
            return Ok(None);
        }
        let since = touched_since(reading, (before.place, order.place), TOUCHED)?;
        let Some(Since { keys, less }) = since else { return Ok(None) };
        // Of a source that said less than it had, others of its values may be among the first of their day by now.
        if less && before.pieces.iter().any(|piece| piece.beyond) {
            return Ok(None);
        }
        let policy = policy_of(&reading.roster, reading.reader, reading.now)?;
        let judging = Judging::new(self, reading, policy, Judged::Some)?;
        match (judging.common(), &before.common) {
            (None, None) => {}
            (Some(now), Some(then)) if now.is_as(then) => {}
            _ => return Ok(None),
        }
        let Kept { begun, common, pieces, mut closing, feed, .. } = before;
        let mut anew = pieces::touched(&pieces, &keys, reading.now);
        let (mut spool, mut judged, mut written) = (feed.spool, 0, Vec::new());
        let mut carried: Option<Vec<u8>> = None;
        while let Some(place) = anew.pop_first() {
            let Some(piece) = pieces.get(place) else { continue };
            let Some(kind) = pieces::kind_of(file, piece) else { return Ok(None) };
            let next = pieces.get(place + 1);
            let after = [piece.first.first().map_or(u8::MAX, |kind| kind.saturating_add(1))];
            let end =
                next.map(|next| next.first.as_slice()).filter(|first| first.first() == piece.first.first());
            let rest = carried.take().or_else(|| piece.rest.clone()).unwrap_or_default();
            let of = (format, file, &order.head);
            let mut making = Making::begin(self, reading, of, (&piece.first, Some(&rest)), spool)?;
            order.values(&judging, &mut making, kind).all(&piece.first, end.unwrap_or(&after))?;
            let made = making.end(next.map_or(&[u8::MAX], |next| next.first.as_slice()))?;
            spool = made.spool;
            judged += made.pieces.iter().map(|piece| piece.counts.judged).sum::<u64>();
            match next {
                Some(next) if next.rest != made.rest => {
                    carried = made.rest;
                    anew.insert(place + 1);
                }
                Some(_) => {}
                None => closing = made.rest.unwrap_or_default(),
            }
            written.push((place, made.pieces));
            // What is most of it is sooner made of everything.
            if written.len() * 2 > pieces.len() + 8 {
                return Ok(None);
            }
        }
        let pieces = pieces::put(pieces, written);
        order.kept(Some(begun), common, (pieces, closing), (spool, judged)).map(Some)
    }
}

impl Kept {
    /// Notes what it lends, in all.
    fn lends(&self, reading: &Reading) {
        let mut given = Vec::new();
        let mut lent = reading.lent.take();
        for piece in &self.pieces {
            lent = lent.with(piece.lent);
            given.extend_from_slice(&piece.given);
        }
        reading.lent.set(lent);
        reading.given.replace(given);
    }
}

impl Order<'_> {
    fn values<'a, 'j, 'm>(
        &self,
        judging: &'a Judging<'j>,
        making: &'a mut Making<'m>,
        kind: model::observable::Kind,
    ) -> Values<'a, 'j, 'm> {
        let least = self.query.action.unwrap_or(Action::Context).max(self.of.0.least_action());
        Values { judging, making, ceiling: self.query.ceiling.unwrap_or(Tlp::Red), least, kind, at: None }
    }

    /// The file of these pieces.
    fn kept(
        &self,
        begun: Option<Timestamp>,
        common: Option<Arc<Common>>,
        (pieces, closing): (Vec<Arc<Piece>>, Vec<u8>),
        (spool, judged): (Spool, u64),
    ) -> Result<Kept, Error> {
        let (format, file) = self.of;
        let mut head = Vec::new();
        let _first_lines = Writer::of_pieces(format, file, &self.head, &mut head);
        let mut counts = Counts::default();
        pieces.iter().for_each(|piece| counts.add(&piece.counts));
        let mut feed = Feed {
            made: views::FeedMade {
                as_of: self.head.as_of.to_string(),
                entries: counts.entries,
                values: counts.values,
                judged,
                bytes: 0,
                items: format!("{:032x}", counts.print),
                passed_over: counts
                    .outcomes
                    .into_iter()
                    .map(|(why, count)| (why.to_owned(), count))
                    .collect(),
            },
            content_type: file.content_type,
            head: head.into(),
            spool,
            ranges: pieces::ranges(&pieces).into(),
            tail: Arc::default(),
            sha256: Arc::default(),
        };
        // The last line of this one has a digest of those before.
        let before = match format {
            Format::Accord => hexadecimal(&feed.digest().map_err(unread)?.finalize()),
            _ => String::new(),
        };
        let mut tail = Vec::new();
        Writer::resumed(format, file, &self.head, &closing).tail_behind(&mut tail, counts.entries, &before);
        feed.made.bytes = (feed.head.len() + tail.len()) as u64 + counts.bytes;
        feed.tail = tail.into();
        let (from, place) = (self.from.clone(), self.place);
        let begun = begun.unwrap_or(self.reading.now);
        Ok(Kept { from, begun, as_of: self.reading.now, place, common, pieces, closing, feed })
    }
}

fn unread(error: std::io::Error) -> Error {
    Error::new(Kind::Unavailable, format!("a file for sensors cannot be read: {error}"))
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

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _never_fails = write!(text, "{byte:02x}");
        text
    })
}
