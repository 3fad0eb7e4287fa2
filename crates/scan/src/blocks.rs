//! A log in pieces that end with a line, so that each can be gone through by itself.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use crate::records::{self, Records};

/// How long a piece is, in bytes: enough that handing it on costs nothing beside going through it.
const PIECE: u64 = 1 << 20;
/// The longest line that is looked at, in bytes. Of a longer one nothing is.
pub const LINE_MAX: usize = 4 << 20;
/// How much is looked at to tell a format.
const BEGINNING: u64 = 64 << 10;
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
}

/// Begins to read a log, packed or not. What is wrong with it turns up where its pieces are read.
///
/// # Errors
/// Those of the input, if not even its first bytes can be read.
pub fn begun<'r>(input: impl Read + Send + 'r) -> io::Result<Begun<'r>> {
    let mut input = unpacked(input)?;
    let mut beginning = Vec::new();
    // Torn within its beginning, it is told again when it is read further.
    let torn = (&mut input).take(BEGINNING).read_to_end(&mut beginning).err();
    let whole = io::Cursor::new(beginning.clone()).chain(Torn(torn)).chain(input);
    let Some(depth) = records::depth(&beginning) else {
        return Ok(Begun { beginning, pieces: Pieces::new(Box::new(whole)) });
    };
    let mut first = Vec::new();
    Records::new(beginning.as_slice(), depth).read_to_end(&mut first)?;
    Ok(Begun { beginning: first, pieces: Pieces::new(Box::new(Records::new(whole, depth))) })
}

/// An error that is told once.
struct Torn(Option<io::Error>);

impl Read for Torn {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Pieces of a log, as they are read.
pub struct Pieces<R> {
    input: R,
    lines: shield::read::Pieces,
    ready: VecDeque<Piece>,
    ended: bool,
}

impl<R: Read> Pieces<R> {
    pub fn new(input: R) -> Pieces<R> {
        Pieces { input, lines: shield::read::Pieces::new(LINE_MAX), ready: VecDeque::new(), ended: false }
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
            let mut bytes = Vec::new();
            let read = (&mut self.input).take(PIECE).read_to_end(&mut bytes);
            let ready = &mut self.ready;
            let mut take = |lines: &[u8], at: u64| {
                ready.push_back(Piece { at, bytes: lines.to_vec() });
                Ok::<(), Infallible>(())
            };
            let Ok(()) = self.lines.feed(&bytes, &mut take);
            self.ended = read.as_ref().map_or(true, |read| *read == 0);
            if self.ended {
                let Ok(()) = self.lines.clone().end(&mut take);
            }
            read?;
        }
    }

    /// Lines that were too long.
    pub fn overlong(&self) -> u64 {
        self.lines.too_long()
    }
}

/// Reads what gzip or zstd packed, and everything else as it is.
///
/// # Errors
/// Those of the input.
fn unpacked<'r>(mut input: impl Read + Send + 'r) -> io::Result<Box<dyn Read + Send + 'r>> {
    let mut magic = Vec::with_capacity(4);
    (&mut input).take(4).read_to_end(&mut magic)?;
    let packing = magic.clone();
    let whole = io::Cursor::new(magic).chain(input);
    Ok(match packing.as_slice() {
        [0x1F, 0x8B, ..] => Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(BUFFER, whole))),
        [0xFD, b'7', b'z', b'X'] | [b'B', b'Z', b'h', _] | [b'P', b'K', 3, 4] => {
            return Err(io::Error::other("it is packed by xz, bzip2 or zip: unpack it first"));
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            return Err(io::Error::other("it is UTF-16: make it UTF-8 first, such as with iconv"));
        }
        [0x28, 0xB5, 0x2F, 0xFD] => {
            let mut decoder = zstd::Decoder::new(whole)?;
            decoder.window_log_max(WINDOW)?;
            Box::new(decoder)
        }
        _ => Box::new(whole),
    })
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
        let (found, overlong) = pieces(Pieces::new(log.as_slice()));
        assert!(found.len() > 1 && overlong == 0);
        let mut at = 0;
        for (start, length) in found {
            assert_eq!(start, at);
            at += length as u64;
        }
        assert_eq!(at, log.len() as u64);
        assert_eq!(pieces(Pieces::new(&b"no end"[..])).0, [(0, 6)]);
        assert!(pieces(Pieces::new(&b""[..])).0.is_empty());
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_and_counted() {
        let long = io::repeat(b'x').take(3 * LINE_MAX as u64);
        let log = (&b"first\n"[..]).chain(long).chain(&b"\nlast\n"[..]);
        let mut of = Pieces::new(log);
        let mut text = Vec::new();
        while let Some(piece) = of.next().unwrap() {
            assert!(piece.bytes.len() <= PIECE as usize + LINE_MAX);
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
        for packed in [gzip.clone(), zstd::encode_all(log.as_slice(), 1).unwrap(), log.clone()] {
            let mut read = Vec::new();
            unpacked(packed.as_slice()).unwrap().read_to_end(&mut read).unwrap();
            assert!(read == log);
        }
        let torn = gzip.get(..gzip.len() / 2).unwrap();
        let mut of = Pieces::new(unpacked(torn).unwrap());
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
}
