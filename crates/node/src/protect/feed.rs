//! What sensors read, made from what acts at a member: written to a file of no name, whole or not at all, and given from there.
//!
//! A file is kept while nothing changed that it was made from, a minute at most, so that many sensors cost one making: whoever is of the
//! same member, sees the same and asks for the same is given the same ([`kept`]). When something changed, or ended, the pieces of it
//! that this touches are made anew ([`pieces`]), and it is what one made of everything would be; where that cannot be known, it is made
//! of everything ([`making`]).
//! Whoever asks for another file does not wait for that. Nothing that is not known to be whole is given: an index that lacks what stood
//! before, or a policy that cannot be read, is an error and no empty list.

mod judged;
mod kept;
mod making;
mod numbers;
mod pieces;

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};

use model::Tlp;
use model::protect::Action;
use sensors::{File as FileOf, Format, Stamp};
use sha2::{Digest, Sha256};

use crate::core::index;
use crate::first_start::{cursor_key, index_form};
use crate::{Caller, Error, Kind, Node, views};
use kept::Basis;
use making::Asked;
use pieces::Spool;

pub(crate) use kept::Feeds;

/// For how long a file is meant to be trusted, in seconds: a day. Sensors ask more often.
const TRUSTED_S: u32 = 86_400;
/// Bytes that are read at once.
const READ: usize = 256 << 10;

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
    /// What is put into them on the way.
    stamp: Option<Stamp>,
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
        let mut digest = Sha256::new_with_prefix(&self.head);
        self.items(&mut |bytes| {
            digest.update(bytes);
            Ok(())
        })?;
        digest.update(&self.tail);
        Ok(self.sha256.get_or_init(|| hexadecimal(&digest.finalize())))
    }

    fn items(&self, each: &mut dyn FnMut(&[u8]) -> std::io::Result<()>) -> std::io::Result<()> {
        let (mut buffer, mut stamp) = (vec![0; READ], self.stamp.clone());
        for range in self.ranges.iter().copied() {
            let mut plain = self.spool.read(range)?;
            loop {
                let read = plain.read(&mut buffer)?;
                let Some(bytes) = buffer.get_mut(..read).filter(|bytes| !bytes.is_empty()) else { break };
                if let Some(stamp) = &mut stamp {
                    stamp.put(bytes);
                }
                each(bytes)?;
            }
        }
        Ok(())
    }
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
        let asked = self.asked(query)?;
        let feeds = &self.inner.feeds;
        let (basis, now) = {
            let reading = self.reading(caller)?;
            (Basis::of(&reading, query), reading.now)
        };
        if index_form(&self.inner.store)? < index::FORM {
            return Err(Error::new(
                Kind::Unavailable,
                "the index was made by an earlier release, and lacks what sensors read",
            )
            .hint("`accord rebuild` makes it anew"));
        }
        let place = feeds.place(&basis, now);
        let mut held = place.hold();
        // Whoever waited reads what stands by now, as he sees it by now.
        let mut reading = self.reading(caller)?;
        let before = held.take().filter(|one| one.goes_on(&Basis::of(&reading, query), reading.now));
        let one = match before {
            Some(one) if one.is_of(&reading) => Some(one),
            Some(before) => self.brought_up(&reading, &asked, before)?,
            None => None,
        };
        let mut one = match one {
            Some(one) => one,
            None => {
                // INVARIANT: whoever waits for a turn holds no snapshot: there are few, and who has a turn needs one.
                drop(reading);
                let _turn = feeds.turns.wait(basis.member());
                reading = self.reading(caller)?;
                self.made_of_all(&reading, &asked)?
            }
        };
        let feed = one.feed(self, caller, asked.of)?;
        one.lends(&reading);
        feeds.keeps(&place, &one);
        *held = Some(one);
        drop(held);
        self.lent(caller, "feed", None, reading)?;
        Ok(feed)
    }

    /// The same, made of everything, whatever is kept: for who compares them.
    ///
    /// # Errors
    /// As [`Node::feed`].
    pub fn feed_of_everything(&self, caller: &Caller, query: &FeedQuery) -> Result<Feed, Error> {
        let asked = self.asked(query)?;
        let reading = self.reading(caller)?;
        let mut one = self.made_of_all(&reading, &asked)?;
        let feed = one.feed(self, caller, asked.of)?;
        one.lends(&reading);
        self.lent(caller, "feed", None, reading)?;
        Ok(feed)
    }

    fn asked<'q>(&self, query: &'q FeedQuery) -> Result<Asked<'q>, Error> {
        Ok(Asked { query, of: named(query)?, key: cursor_key(&self.inner.store)? })
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

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _never_fails = write!(text, "{byte:02x}");
        text
    })
}
