//! A log in pieces that end with a line, so that each can be gone through by itself.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use shield::Layout;

use crate::events::{self, Events};
use crate::map::{Map, Rows};
use crate::records::{self, Records};

/// How long a piece is, in bytes: enough that handing it on costs nothing beside going through it.
const PIECE: usize = 1 << 20;
/// The longest line that is looked at, in bytes. Of a longer one nothing is.
pub const LINE_MAX: usize = 4 << 20;
/// How much is looked at to tell a format.
const BEGINNING: usize = 64 << 10;
/// How many bytes tell how a log is packed.
const MAGIC_BYTES: usize = 4;
/// How many bytes of compressed input are read at a time.
const BUFFER: usize = 128 << 10;
/// The largest window that is allowed for, as a power of two: what `zstd --long` makes is still read.
const WINDOW: u32 = 27;

/// Whole lines.
#[derive(Debug)]
pub struct Piece {
    /// How many bytes of the log stood before, uncompressed.
    pub at: u64,
    pub bytes: Vec<u8>,
}

/// A log that was begun to be read.
pub struct Begun<'r> {
    /// How it begins, as far as that could be read; of records in one document, how the first begin.
    pub beginning: Vec<u8>,
    /// All of it, a line for each record.
    pub pieces: Pieces<Box<dyn Read + Send + 'r>>,
    /// How its lines are read, where somebody said what they hold.
    pub layout: Option<Layout>,
}

/// What an input says at its end, as the inner error, while somebody still writes to it: of a line without an end more may be to come,
/// so it is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unended;

impl std::fmt::Display for Unended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it is still being written")
    }
}

impl std::error::Error for Unended {}

/// Begins to read a log, packed or not. What is wrong with it turns up where its pieces are read.
///
/// # Errors
/// Those of the input, if not even its first bytes can be read.
pub fn begun<'r>(mut input: impl Read + Send + 'r, map: Option<&Map>) -> io::Result<Begun<'r>> {
    let mut first = Vec::new();
    // Torn within its beginning, it is told again when it is read further.
    let torn = fill(&mut input, &mut first, &|first| first.len() >= MAGIC_BYTES).err();
    if let (true, Some(error)) = (first.is_empty(), torn) {
        return Err(error);
    }
    let packing = Packing::of(&first)?;
    if packing == Packing::None {
        let torn = fill(&mut input, &mut first, &|first| memchr::memchr(b'\n', first).is_some()).err();
        let whole = io::Cursor::new(first.clone()).chain(Torn(torn)).chain(input);
        return laid_out(first, whole, Takes::WhatIsThere, map);
    }
    let mut unpacked = packing.unpacked(io::Cursor::new(first).chain(input))?;
    let mut beginning = Vec::new();
    let torn = fill(&mut unpacked, &mut beginning, &|_| false).err();
    let whole = io::Cursor::new(beginning.clone()).chain(Torn(torn)).chain(unpacked);
    laid_out(beginning, whole, Takes::Whole, map)
}

/// How a log is unpacked, and what it holds.
pub struct Unpacked<'r> {
    /// It was packed.
    pub is_packed: bool,
    /// What it holds.
    pub bytes: Box<dyn Read + Send + 'r>,
}

/// Unpacks what is packed.
///
/// # Errors
/// Those of the input, if its first bytes cannot be read; or it is packed in a way that is not read here.
pub fn unpacked<'r>(mut input: impl Read + Send + 'r) -> io::Result<Unpacked<'r>> {
    let mut first = Vec::new();
    fill(&mut input, &mut first, &|first| first.len() >= MAGIC_BYTES)?;
    let packing = Packing::of(&first)?;
    let bytes = packing.unpacked(io::Cursor::new(first).chain(input))?;
    Ok(Unpacked { is_packed: packing != Packing::None, bytes })
}

/// Reads a log further that begins so and is made of lines; `input` gives what stands at this place and behind it, unpacked.
///
/// # Errors
/// It is not made of lines: its places are not those of the file.
pub fn resumed<'r>(
    input: impl Read + Send + 'r,
    beginning: &[u8],
    at: u64,
    map: Option<&Map>,
) -> io::Result<Begun<'r>> {
    let is_json = beginning.trim_ascii_start().starts_with(b"{");
    if beginning.starts_with(events::MAGIC)
        || records::depth(beginning).is_some()
        || (map.is_some() && !is_json)
    {
        return Err(io::Error::other("only lines are followed: go through it without `--follow`"));
    }
    let layout = map.map(Map::json).transpose().map_err(|why| io::Error::other(why.to_string()))?;
    let lines = shield::read::Pieces::at(LINE_MAX, at);
    let input: Box<dyn Read + Send + 'r> = Box::new(input);
    let pieces = Pieces { lines, whole_lines: true, ..Pieces::new(input, Takes::Whole) };
    Ok(Begun { beginning: beginning.to_vec(), pieces, layout })
}

fn laid_out<'r>(
    beginning: Vec<u8>,
    whole: impl Read + Send + 'r,
    takes: Takes,
    map: Option<&Map>,
) -> io::Result<Begun<'r>> {
    if beginning.starts_with(events::MAGIC) {
        let (events, beginning): (Box<dyn Read + Send + 'r>, _) =
            (Box::new(Events::new(whole)), events::MAGIC.to_vec());
        let layout = map.map(Map::json).transpose().map_err(|why| io::Error::other(why.to_string()))?;
        return Ok(Begun { beginning, pieces: Pieces::new(events, Takes::Whole), layout });
    }
    let told = |why: String| io::Error::other(why);
    let depth = records::depth(&beginning);
    let is_json = depth.is_some() || beginning.trim_ascii_start().starts_with(b"{");
    let layout = match map {
        Some(map) if !is_json => {
            let (layout, separator) = map.rows(&beginning).map_err(told)?;
            let rows: Box<dyn Read + Send + 'r> = Box::new(Rows::new(whole, separator));
            return Ok(Begun { beginning, pieces: Pieces::new(rows, takes), layout: Some(layout) });
        }
        map => map.map(Map::json).transpose().map_err(|why| told(why.to_string()))?,
    };
    let Some(depth) = depth else {
        return Ok(Begun { beginning, pieces: Pieces::new(Box::new(whole), takes), layout });
    };
    let mut first = Vec::new();
    Records::new(beginning.as_slice(), depth).read_to_end(&mut first)?;
    let records: Box<dyn Read + Send + 'r> = Box::new(Records::new(whole, depth));
    Ok(Begun { beginning: first, pieces: Pieces::new(records, Takes::Whole), layout })
}

// Reads until there is enough, or as much as is looked at, or no more.
fn fill(input: &mut impl Read, into: &mut Vec<u8>, is_enough: &dyn Fn(&[u8]) -> bool) -> io::Result<()> {
    let mut filled = into.len();
    into.resize(BEGINNING, 0);
    let mut result = Ok(());
    while filled < BEGINNING && !is_enough(into.get(..filled).unwrap_or_default()) {
        match input.read(into.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                result = Err(error);
                break;
            }
        }
    }
    into.truncate(filled);
    result
}

/// An error that is told once.
struct Torn(Option<io::Error>);

impl Read for Torn {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// How much is waited for before a piece is given on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// What one reading gives: of a pipe that somebody writes to line by line, each line as it comes.
    WhatIsThere,
    /// A whole piece: what is unpacked comes in small portions, and nobody waits for one of them.
    Whole,
}

/// Pieces of a log, as they are read.
pub struct Pieces<R> {
    input: R,
    takes: Takes,
    buffer: Vec<u8>,
    lines: shield::read::Pieces,
    ready: VecDeque<Piece>,
    ended: bool,
    unfinished: bool,
    /// Where the input fails, what stands before is no line.
    whole_lines: bool,
}

impl<R: Read> Pieces<R> {
    pub fn new(input: R, takes: Takes) -> Pieces<R> {
        let lines = shield::read::Pieces::new(LINE_MAX);
        let (buffer, ready) = (Vec::new(), VecDeque::new());
        Pieces { input, takes, buffer, lines, ready, ended: false, unfinished: false, whole_lines: false }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// Those of the input: torn, damaged, gone. What stood before it comes with the next calls.
    pub fn next(&mut self) -> io::Result<Option<Piece>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            if self.ended {
                return Ok(None);
            }
            self.buffer.resize(PIECE, 0);
            let (length, result) = self.read();
            let ready = &mut self.ready;
            let mut take = |lines: &[u8], at: u64| {
                ready.push_back(Piece { at, bytes: lines.to_vec() });
                Ok::<(), Infallible>(())
            };
            let Ok(()) = self.lines.feed(self.buffer.get(..length).unwrap_or_default(), &mut take);
            match result {
                Ok(()) if length > 0 => {}
                Err(error) if error.get_ref().is_some_and(|inner| inner.is::<Unended>()) => {
                    self.ended = true;
                    self.unfinished = self.lines.holds_any();
                }
                result => {
                    self.ended = true;
                    if result.is_ok() || !self.whole_lines {
                        let Ok(()) = self.lines.clone().end(&mut take);
                    }
                    result?;
                }
            }
        }
    }

    fn read(&mut self) -> (usize, io::Result<()>) {
        let mut length = 0;
        while let Some(rest) = self.buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
            match self.input.read(rest) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return (length, Err(error)),
            }
            if self.takes == Takes::WhatIsThere {
                break;
            }
        }
        (length, Ok(()))
    }

    /// Lines that were too long.
    pub fn overlong(&self) -> u64 {
        self.lines.too_long()
    }

    /// Behind all that was given on or passed over. A line that is longer than what is looked at is passed over as far as it goes.
    pub fn position(&self) -> u64 {
        let (position, reached) = (self.lines.position(), self.lines.reached());
        let waits = self.unfinished && reached - position <= LINE_MAX as u64;
        if waits { position } else { reached }
    }

    /// Whether it ended within a line that somebody still writes.
    pub fn is_unfinished(&self) -> bool {
        self.unfinished
    }
}

/// How a log is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    /// # Errors
    /// It is packed, or written, in a way that is not read here.
    fn of(first: &[u8]) -> io::Result<Packing> {
        Ok(match first {
            [0x1F, 0x8B, ..] => Packing::Gzip,
            [0xFD, b'7', b'z', b'X', ..] | [b'B', b'Z', b'h', _, ..] | [b'P', b'K', 3, 4, ..] => {
                return Err(io::Error::other("it is packed by xz, bzip2 or zip: unpack it first"));
            }
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
                return Err(io::Error::other("it is UTF-16: make it UTF-8 first, such as with iconv"));
            }
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Packing::Zstd,
            _ => Packing::None,
        })
    }

    fn unpacked<'r>(self, whole: impl Read + Send + 'r) -> io::Result<Box<dyn Read + Send + 'r>> {
        Ok(match self {
            Packing::None => Box::new(whole),
            Packing::Gzip => Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(BUFFER, whole))),
            Packing::Zstd => {
                let mut decoder = zstd::Decoder::new(whole)?;
                decoder.window_log_max(WINDOW)?;
                Box::new(decoder)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn pieces(mut of: Pieces<impl Read>) -> (Vec<(u64, usize)>, u64) {
        let mut found = Vec::new();
        while let Some(piece) = of.next().unwrap() {
            assert!(piece.bytes.ends_with(b"\n") || of.ended);
            found.push((piece.at, piece.bytes.len()));
        }
        (found, of.overlong())
    }

    #[test]
    fn every_byte_is_in_one_piece() {
        let log: Vec<u8> = (0..200_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        let (found, overlong) = pieces(Pieces::new(log.as_slice(), Takes::Whole));
        assert!(found.len() > 1 && overlong == 0);
        let mut at = 0;
        for (start, length) in found {
            assert_eq!(start, at);
            at += length as u64;
        }
        assert_eq!(at, log.len() as u64);
        assert_eq!(pieces(Pieces::new(&b"no end"[..], Takes::Whole)).0, [(0, 6)]);
        assert!(pieces(Pieces::new(&b""[..], Takes::Whole)).0.is_empty());
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_and_counted() {
        let long = io::repeat(b'x').take(3 * LINE_MAX as u64);
        let log = (&b"first\n"[..]).chain(long).chain(&b"\nlast\n"[..]);
        let mut of = Pieces::new(log, Takes::Whole);
        let mut text = Vec::new();
        while let Some(piece) = of.next().unwrap() {
            assert!(piece.bytes.len() <= PIECE + LINE_MAX);
            text.extend(piece.bytes);
        }
        assert_eq!((text.as_slice(), of.overlong()), (&b"first\nlast\n"[..], 1));
    }

    #[test]
    fn packed_logs_are_unpacked_and_torn_ones_give_what_they_have() {
        let log: Vec<u8> = (0..100_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&log).unwrap();
        let gzip = gzip.finish().unwrap();
        let mut members = gzip.clone();
        members.extend_from_slice(&gzip);
        let mut frames = zstd::encode_all(log.as_slice(), 1).unwrap();
        frames.extend(frames.clone());
        let twice = [log.clone(), log.clone()].concat();
        for (packed, expected) in [(&gzip, &log), (&log, &log), (&members, &twice), (&frames, &twice)] {
            let mut of = begun(packed.as_slice(), None).unwrap().pieces;
            let mut read = Vec::new();
            while let Some(piece) = of.next().unwrap() {
                read.extend(piece.bytes);
            }
            assert!(read == *expected);
        }
        let torn = gzip.get(..gzip.len() / 2).unwrap();
        let mut of = begun(torn, None).unwrap().pieces;
        let (mut length, mut errors) = (0, 0);
        loop {
            match of.next() {
                Ok(None) => break,
                Ok(Some(piece)) => length += piece.bytes.len(),
                Err(_) => errors += 1,
            }
        }
        assert!(errors == 1 && length > log.len() / 3 && length < log.len());
    }

    /// Gives what it was told to, portion by portion, and then this.
    struct Portions(VecDeque<&'static [u8]>, Option<io::Error>);

    impl Read for Portions {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            match self.0.pop_front() {
                Some(portion) => portion.take(into.len() as u64).read(into),
                None => self.1.take().map_or(Ok(0), Err),
            }
        }
    }

    #[test]
    fn lines_of_a_pipe_are_given_on_as_they_come() {
        let portions = Portions(VecDeque::from([&b"fi"[..], b"rst\nsec", b"ond\n", b"third"]), None);
        let mut of = begun(portions, None).unwrap();
        assert_eq!(of.beginning, b"first\nsec");
        let mut lines = Vec::new();
        while let Some(piece) = of.pieces.next().unwrap() {
            lines.push((piece.at, String::from_utf8(piece.bytes).unwrap()));
        }
        let expected = [(0, "first\n"), (6, "second\n"), (13, "third")];
        assert_eq!(lines, expected.map(|(at, line)| (at, line.to_owned())));
    }

    #[test]
    fn a_line_that_is_still_written_is_not_given_on() {
        let error = Some(io::Error::other(Unended));
        let mut of =
            begun(Portions(VecDeque::from([&b"whole\n"[..], b"evil.exam"]), error), None).unwrap().pieces;
        assert_eq!(of.next().unwrap().unwrap().bytes, b"whole\n");
        assert!(of.next().unwrap().is_none());
        assert!(of.is_unfinished());
    }
}
