//! What rows that moved left in the file.
//!
//! The engine overwrites what is removed where it lies. But a page whose rows are laid out anew, since some moved to
//! another page of the tree, keeps what was there in the gap between the places of its cells and the cells (SQLite's file
//! format, §1.6), and nothing overwrites that when the rows are removed later. The engine has no word for it other than
//! writing the whole file anew. So after an erasure zeros are written into the gaps, in the file itself:
//! - no page says anything else by it: what lies in a gap means nothing.
//! - it is done by the writer's thread while the log is empty: the file is all there is, and nobody else writes to it.
//!   The writer's pages in memory are let go, so that none of them brings back what it had in its gap.
//! - a crash leaves some gaps filled and others not, which the next time finds.
//!
//! It goes by the numbers of pages and in steps between which others write. What moves meanwhile moves with what stands
//! alone; a page that was passed, and one that is freed and used again, has nothing older in its gap.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::SyncSender;

use rusqlite::Connection;

use super::row::damaged;
use super::sequencer::Sequencer;
use super::small;
use crate::Error;

/// Pages that are looked at in one step: 128 MiB of the file.
const PAGES: u32 = 16_384;
/// No tree is so deep.
const DEPTH: usize = 20;
/// Bytes of the file's own header, on the first page.
const FILE_HEADER: usize = 100;

/// Where it is kept that there is something to fill, since which commit.
const DUE: &str = "gaps";

/// Notes that something was erased.
pub(crate) fn now_due(to: &Sequencer) -> Result<(), Error> {
    small::set_value(&to.conn, DUE, Some(&to.vitals.commits().to_be_bytes()))
}

/// Since when there is something to fill, if there is.
pub(crate) fn due(conn: &Connection) -> Result<Option<Vec<u8>>, Error> {
    small::value(conn, DUE)
}

/// All was filled that was due, if nothing was erased meanwhile. It is a write, after which readers keep no page in memory
/// that they had before, such as for a backup.
pub(crate) fn not_due(to: &mut Sequencer, since: &[u8]) -> Result<(), Error> {
    if due(&to.conn)?.as_deref() == Some(since) {
        small::set_value(&to.conn, DUE, None)?;
    }
    to.clears = true;
    Ok(())
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Somebody reads, so the log could not be emptied, and nothing was done.
    Busy,
    /// This page is the next.
    On(u32),
    /// That was the last.
    Done,
}

/// A step that somebody waits for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) from: u32,
    pub(crate) reply: SyncSender<Result<Step, Error>>,
}

/// The file, apart from the engine. It stays open as long as the engine's: closing it would end the engine's locks.
#[derive(Debug)]
pub(crate) struct Gaps {
    file: File,
    page: usize,
}

impl Gaps {
    /// Opens the file.
    pub(crate) fn open(conn: &Connection) -> Result<Gaps, Error> {
        let path = Path::new(conn.path().ok_or_else(|| damaged("path"))?);
        let page: i64 = conn.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let file = File::options().read(true).write(true).open(path)?;
        Ok(Gaps { file, page: usize::try_from(page).map_err(|_| damaged("page_size"))? })
    }

    /// Fills the gaps of the next pages from a number on; 1 begins. The log
    /// must be empty, and the connection outside of a transaction.
    pub(crate) fn fill(&self, conn: &Connection, from: u32) -> Result<Step, Error> {
        let all: u32 = conn.pragma_query_value(None, "page_count", |row| row.get(0))?;
        let before = from.saturating_add(PAGES);
        let mut pages: Vec<u32> = Vec::new();
        let mut query =
            conn.prepare("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0 UNION SELECT 1")?;
        let roots: Vec<u32> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        drop(query);
        for root in roots {
            let depth = self.depth(root)?;
            self.collect(root, depth, (from, before), &mut pages)?;
        }
        pages.sort_unstable();
        let filled =
            pages.into_iter().try_fold(false, |any, number| Ok::<_, Error>(self.fill_one(number)? | any))?;
        if filled {
            self.file.sync_data()?;
        }
        conn.execute_batch("PRAGMA shrink_memory")?;
        Ok(if before <= all { Step::On(before) } else { Step::Done })
    }

    fn read(&self, number: u32) -> Result<Page, Error> {
        let at = number.checked_sub(1).ok_or_else(|| damaged("page 0"))?;
        let mut bytes = vec![0; self.page];
        self.file.read_exact_at(&mut bytes, u64::from(at) * self.page as u64)?;
        Ok(Page { bytes, header: if number == 1 { FILE_HEADER } else { 0 } })
    }

    // How many pages lie above a leaf: every leaf of a tree lies as deep as the others.
    fn depth(&self, root: u32) -> Result<usize, Error> {
        let mut number = root;
        for depth in 0..DEPTH {
            match self.read(number)?.children()?.first() {
                Some(child) => number = *child,
                None => return Ok(depth),
            }
        }
        Err(damaged("tree"))
    }

    // The pages of a tree within a range of numbers; leaves are not read for it.
    fn collect(&self, number: u32, depth: usize, range: (u32, u32), to: &mut Vec<u32>) -> Result<(), Error> {
        if (range.0..range.1).contains(&number) {
            to.push(number);
        }
        if depth > 0 {
            for child in self.read(number)?.children()? {
                self.collect(child, depth - 1, range, to)?;
            }
        }
        Ok(())
    }

    // Answers whether there was anything in the gap.
    fn fill_one(&self, number: u32) -> Result<bool, Error> {
        let page = self.read(number)?;
        let (start, end) = page.gap()?;
        let gap = page.bytes.get(start..end).ok_or_else(|| damaged("page"))?;
        if gap.iter().all(|byte| *byte == 0) {
            return Ok(false);
        }
        let at = u64::from(number - 1) * self.page as u64 + start as u64;
        self.file.write_all_at(&vec![0; gap.len()], at)?;
        Ok(true)
    }
}

/// A page of a tree.
struct Page {
    bytes: Vec<u8>,
    header: usize,
}

impl Page {
    fn number<const N: usize>(&self, at: usize) -> Result<[u8; N], Error> {
        let bytes = self.bytes.get(at..at + N).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| damaged("page"))
    }

    fn short(&self, at: usize) -> Result<usize, Error> {
        Ok(usize::from(u16::from_be_bytes(self.number(at)?)))
    }

    fn is_leaf(&self) -> Result<bool, Error> {
        match self.bytes.get(self.header) {
            Some(2 | 5) => Ok(false),
            Some(10 | 13) => Ok(true),
            _ => Err(damaged("page")),
        }
    }

    // Where the places of the cells begin, and end.
    fn places(&self) -> Result<(usize, usize), Error> {
        let start = self.header + if self.is_leaf()? { 8 } else { 12 };
        Ok((start, start + 2 * self.short(self.header + 3)?))
    }

    /// The pages below; none below a leaf.
    fn children(&self) -> Result<Vec<u32>, Error> {
        if self.is_leaf()? {
            return Ok(Vec::new());
        }
        let (start, end) = self.places()?;
        let cells = (start..end).step_by(2).map(|place| self.short(place));
        let places = cells.chain([Ok(self.header + 8)]);
        places.map(|place| Ok(u32::from_be_bytes(self.number(place?)?))).collect()
    }

    /// Where the gap begins and ends.
    fn gap(&self) -> Result<(usize, usize), Error> {
        let (_, start) = self.places()?;
        let end = match self.short(self.header + 5)? {
            0 => 1 << 16,
            end => end,
        };
        if start <= end && end <= self.bytes.len() { Ok((start, end)) } else { Err(damaged("page")) }
    }
}
