//! What an import reads from: inflated on the way, within limits.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use crate::{Error, Kind};

/// Bytes read at once.
const BLOCK: usize = 256 << 10;
/// A compressed input inflates to at most this many times its size.
const RATIO: u64 = 100;
/// So much may come out before the ratio is looked at: small inputs may be very regular.
const FREE: u64 = 1 << 20;
/// The window that a frame of zstd may ask for: 8 MiB, what every decoder should support (RFC 8878, 3.1.1.1.2). It is
/// memory that is held for as long as the import runs; `zstd` asks for more only with `--long` or `--ultra`.
const WINDOW_LOG: u32 = 23;

/// An input, inflated if it came compressed.
pub(crate) struct Source<'r> {
    inflated: Box<dyn Read + 'r>,
    raw: Rc<Cell<u64>>,
    compressed: bool,
    out: u64,
    /// Bytes that may come out; `None` is no limit.
    total: Option<u64>,
    /// Nothing more came.
    ended: bool,
    /// Met behind bytes that had to be handed out first.
    failure: Option<Error>,
}

/// Counts what is read from below.
struct Counted<'r> {
    input: &'r mut dyn Read,
    count: Rc<Cell<u64>>,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

impl<'r> Source<'r> {
    /// Looks at the first bytes: gzip and zstd are inflated, anything else is taken as it is.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when nothing can be read.
    pub(crate) fn open(input: &'r mut dyn Read, total: Option<u64>) -> Result<Source<'r>, Error> {
        let raw = Rc::new(Cell::new(0));
        let mut input = BufReader::with_capacity(BLOCK, Counted { input, count: Rc::clone(&raw) });
        let first = input.fill_buf().map_err(|error| unreadable(&error, 0))?;
        let is_gzip = first.starts_with(&[0x1f, 0x8b]);
        let is_zstd = first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
        let inflated: Box<dyn Read + 'r> = if is_gzip {
            Box::new(flate2::bufread::MultiGzDecoder::new(input))
        } else if is_zstd {
            let mut decoder = zstd::Decoder::with_buffer(input).map_err(|error| unreadable(&error, 0))?;
            decoder.window_log_max(WINDOW_LOG).map_err(|error| unreadable(&error, 0))?;
            Box::new(decoder)
        } else {
            Box::new(input)
        };
        Ok(Source {
            inflated,
            raw,
            compressed: is_gzip || is_zstd,
            out: 0,
            total,
            ended: false,
            failure: None,
        })
    }

    /// Whether the last bytes were the last: they did not fill a block, and no failure stands behind them.
    pub(crate) fn is_at_end(&self) -> bool {
        self.ended && self.failure.is_none()
    }

    /// Bytes taken from the input so far, before inflating.
    pub(crate) fn raw(&self) -> u64 {
        self.raw.get()
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] beyond the limits, [`Kind::Invalid`] for what cannot be read or inflated.
    pub(crate) fn next(&mut self, block: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        block.resize(BLOCK, 0);
        let mut filled = 0;
        while let Some(room) = block.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.inflated.read(room) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(unreadable(&error, self.out + filled as u64));
                    break;
                }
            }
        }
        block.truncate(filled);
        self.out += filled as u64;
        self.within_limits()?;
        if filled == 0 { self.failure.take().map_or(Ok(()), Err) } else { Ok(()) }
    }

    fn within_limits(&self) -> Result<(), Error> {
        if self.compressed && self.out > FREE && self.out > self.raw.get().saturating_mul(RATIO) {
            let message = format!("the input inflates to more than {RATIO} times its size");
            let error = Error::new(Kind::TooLarge, message);
            return Err(error.hint(
                "it may be made to fill memory and disks; if you trust it, inflate it yourself and import what comes out",
            ));
        }
        match self.total {
            Some(total) if self.out > total => {
                Err(Error::new(Kind::TooLarge, format!("the input holds more than {total} bytes")))
            }
            _ => Ok(()),
        }
    }
}

fn unreadable(error: &io::Error, offset: u64) -> Error {
    Error::new(Kind::Invalid, format!("the input cannot be read beyond byte {offset}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read_all(mut bytes: &[u8], total: Option<u64>) -> (Vec<u8>, Option<Kind>) {
        let mut source = Source::open(&mut bytes, total).unwrap();
        let (mut all, mut block) = (Vec::new(), Vec::new());
        loop {
            match source.next(&mut block) {
                Ok(()) if block.is_empty() => return (all, None),
                Ok(()) => all.extend_from_slice(&block),
                Err(error) => return (all, Some(error.kind)),
            }
        }
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let step = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        (0..length).map(step).collect()
    }

    #[test]
    fn what_is_compressed_is_inflated() {
        let bytes = noise(700_000);
        let twice = [gzip(&bytes), gzip(b"end")].concat();
        assert_eq!(read_all(&bytes, None), (bytes.clone(), None));
        assert_eq!(read_all(&twice, None), ([bytes.as_slice(), b"end"].concat(), None));
        let zstd = zstd::encode_all(bytes.as_slice(), 1).unwrap();
        assert_eq!(read_all(&zstd, None), (bytes, None));
    }

    #[test]
    fn bombs_and_broken_streams_end_with_an_error() {
        let zeros = vec![0; 64 << 20];
        assert_eq!(read_all(&gzip(&zeros), None).1, Some(Kind::TooLarge));
        let zstd = zstd::encode_all(zeros.as_slice(), 1).unwrap();
        assert_eq!(read_all(&zstd, None).1, Some(Kind::TooLarge));
        assert_eq!(read_all(&noise(1_000), Some(999)).1, Some(Kind::TooLarge));
        let bytes = noise(700_000);
        let whole = gzip(&bytes);
        let (came, error) = read_all(&whole[..whole.len() / 2], None);
        assert_eq!(error, Some(Kind::Invalid));
        assert!(!came.is_empty() && bytes.starts_with(&came), "what came before the break is kept");
    }

    #[test]
    fn a_window_that_takes_more_memory_than_an_import_may_is_refused() {
        for (log, error) in [(WINDOW_LOG, None), (WINDOW_LOG + 1, Some(Kind::Invalid))] {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.window_log(log).unwrap();
            encoder.write_all(&noise(1_000)).unwrap();
            assert_eq!(read_all(&encoder.finish().unwrap(), None).1, error, "{log}");
        }
    }
}
