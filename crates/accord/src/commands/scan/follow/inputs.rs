//! What is new of logs, to be gone through.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;

use scan::{Clock, Format, Input, Start, Unended, unpacked};

use super::look::Going;
use crate::commands::scan::files::{Gone, timestamp};

/// By how much of its beginning a log's format is told.
const BEGINNING: u64 = 64 << 10;

/// Opens one after the other, each where it goes on.
pub fn inputs<'g>(
    going: &'g [Going],
    format: Option<Format>,
    clock: Clock,
) -> impl Iterator<Item = Input<'static>> + Send + use<'g> {
    going.iter().map(move |going| {
        let (beginning, bytes) =
            opened(going).unwrap_or_else(|error| (Vec::new(), Box::new(Gone(Some(error)))));
        let written = std::fs::metadata(&going.path).and_then(|about| about.modified());
        let latest = written.ok().and_then(timestamp);
        Input {
            name: going.path.display().to_string(),
            bytes,
            format,
            clock: Clock { latest: latest.or(clock.latest), ..clock },
            from: Some(Start { beginning, place: going.place.clone() }),
        }
    })
}

type Opened = (Vec<u8>, Box<dyn Read + Send>);

fn opened(going: &Going) -> io::Result<Opened> {
    let mut file = File::open(&going.path)?;
    let about = file.metadata()?;
    let mut beginning = Vec::new();
    if (about.dev(), about.ino()) != (going.device, going.inode) {
        // It got another name since it was looked at: the next round finds it.
        return Ok((beginning, Box::new(Gone(Some(io::Error::other(Unended))))));
    }
    if !unpacked(&file)?.is_packed {
        file.seek(SeekFrom::Start(0))?;
        (&file).take(BEGINNING.min(going.size)).read_to_end(&mut beginning)?;
        // A format is told by whole lines.
        let whole =
            memchr_last(&beginning).or((beginning.len() as u64 == BEGINNING).then_some(beginning.len()));
        beginning.truncate(whole.unwrap_or(0));
        let start = if whole.is_none() { going.size } else { going.place.at };
        file.seek(SeekFrom::Start(start))?;
        let rest = file.take(going.size.saturating_sub(start));
        return Ok((beginning, Box::new(rest.chain(Gone(Some(io::Error::other(Unended)))))));
    }
    file.seek(SeekFrom::Start(0))?;
    // What is torn is told where it is gone through.
    let _torn = unpacked(&file)?.bytes.take(BEGINNING).read_to_end(&mut beginning);
    file.seek(SeekFrom::Start(0))?;
    let bytes = unpacked(file)?.bytes;
    Ok((beginning, Box::new(Behind { bytes, before: going.place.at })))
}

// Behind the last whole line.
fn memchr_last(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1)
}

/// What stands behind so many bytes.
struct Behind<R> {
    bytes: R,
    before: u64,
}

impl<R: Read> Read for Behind<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.before > 0 {
            let passed = io::copy(&mut self.bytes.by_ref().take(self.before), &mut io::sink())?;
            if passed == 0 {
                return Err(io::Error::other("it is shorter than what was gone through of it before"));
            }
            self.before -= passed;
        }
        self.bytes.read(into)
    }
}
