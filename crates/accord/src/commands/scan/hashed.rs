//! Files by their digests: each is read once for MD5, SHA-1 and SHA-256, several at the same time.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};

use md5::{Digest, Md5};
use scan::{Clock, Format, Input};
use sha1::Sha1;
use sha2::Sha256;

use super::files::Reader;

/// How much of a file is read at once.
const BLOCK: usize = 256 << 10;
/// Digests that wait to be looked up.
const AHEAD: usize = 64;

/// A log for each file, with a line that holds its digests, in the order in which they were read to their ends. What is neither a file nor a
/// folder is passed over; what cannot be read is a log that ends so.
pub fn inputs(
    files: Vec<PathBuf>,
    read: &Reader,
    threads: usize,
    clock: Clock,
) -> impl Iterator<Item = Input<'static>> + Send + use<> {
    let (told, digests) = sync_channel(AHEAD);
    let files = Arc::new(Mutex::new(files.into_iter()));
    for _ in 0..threads.max(1) {
        let (files, told, read) = (Arc::clone(&files), told.clone(), read.clone());
        std::thread::spawn(move || {
            let next = || files.lock().unwrap_or_else(PoisonError::into_inner).next();
            while let Some(path) = next() {
                let is_other =
                    std::fs::metadata(&path).is_ok_and(|about| !about.is_file() && !about.is_dir());
                if is_other {
                    continue;
                }
                let line = line(&path, &read);
                if told.send((path, line)).is_err() {
                    return;
                }
            }
        });
    }
    drop(told);
    digests.into_iter().map(move |(path, line)| Input {
        name: path.display().to_string(),
        bytes: match line {
            Ok(line) => Box::new(io::Cursor::new(line)),
            Err(error) => Box::new(super::files::Gone(Some(error))),
        },
        format: Some(Format::Text),
        clock,
        from: None,
    })
}

fn line(path: &Path, read: &Reader) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut md5, mut sha1, mut sha256) = (Md5::new(), Sha1::new(), Sha256::new());
    let mut block = vec![0; BLOCK];
    loop {
        let length = match file.read(&mut block) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = block.get(..length).unwrap_or_default();
        md5.update(bytes);
        sha1.update(bytes);
        sha256.update(bytes);
        read.add(length as u64);
    }
    let digests = [hex(&md5.finalize()), hex(&sha1.finalize()), hex(&sha256.finalize())];
    Ok(digests.join(" ") + "\n")
}

/// What tells that a file was found from others: copies of it are events of their own.
pub fn event_at(event: [u8; 16], path: &str) -> [u8; 16] {
    let digest = Sha256::new().chain_update(event).chain_update(path).finalize();
    digest.first_chunk().copied().unwrap_or(event)
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
