//! The threads of an import.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use store::record::Media;

use super::Cutter;
use crate::chunk::{Chunk, Read};
use crate::held_back::HeldBack;
use crate::intake::{Intake, finding_view};
use crate::source::Source;
use crate::splitting::BundleFinding;
use crate::{Error, ImportEvent, Kind, views};

/// Threads that read pieces, at most: beyond, the one that commits is the slower.
const READERS: usize = 8;
/// Chunks under way for each of them: a slow one holds up what follows it, and that stays in memory.
const UNDER_WAY: usize = 4;
/// Objects refused one behind the other, and bytes read without anything being taken, after which an input is given up:
/// it is not what it was taken for, and may have no end.
const REFUSED_IN_A_ROW: u64 = 100_000;
const BYTES_IN_VAIN: u64 = 256 << 20;

/// What an import reads.
pub(super) struct Input<'r> {
    pub source: Source<'r>,
    /// The first bytes, which were looked at already.
    pub beginning: Vec<u8>,
    pub cutter: Cutter,
}

/// How an import ended.
#[derive(Debug)]
pub(super) struct Done {
    /// What the input turned out to be.
    pub format: &'static str,
    /// Bytes read, before inflating.
    pub bytes: u64,
    /// Why it did not come to the end of the stream.
    pub broken: Option<Error>,
}

/// A chunk in its place.
struct Numbered {
    number: u64,
    chunk: Chunk,
}

/// The same, read.
struct ReadChunk {
    number: u64,
    chunk: Chunk,
    read: Vec<Read>,
}

/// What the committing thread tells the one that called.
enum Told {
    Outcomes(Vec<views::Outcome>),
    /// One more chunk is done.
    Done,
    /// Some of it is STIX 2.0.
    Older,
}

/// Runs an import to its end, or to where it cannot go on.
pub(super) fn run(intake: Intake<'_>, mut input: Input<'_>, tell: &mut dyn FnMut(ImportEvent)) -> Done {
    let readers = std::thread::available_parallelism().map_or(1, usize::from).min(READERS);
    let (to_readers, chunks) = sync_channel::<Numbered>(readers);
    let (to_committer, read) = sync_channel::<ReadChunk>(readers);
    let (to_caller, told) = channel::<Told>();
    // Only the readers hold the receiver: when they end, handing over fails instead of waiting for ever.
    let chunks = Arc::new(Mutex::new(chunks));
    std::thread::scope(|scope| {
        for _ in 0..readers {
            let (chunks, to_committer) = (Arc::clone(&chunks), to_committer.clone());
            scope.spawn(move || read_chunks(&chunks, &to_committer));
        }
        drop(chunks);
        // And only they hold the senders, so that the committer ends when they do.
        drop(to_committer);
        let committer = scope.spawn(move || commit(intake, &read, &to_caller));
        let mut progress =
            Progress { objects: 0, refused: 0, fruitful_at: 0, under_way: 0, older: false, told, tell };
        let broken = feed(&mut input, to_readers, readers * UNDER_WAY, &mut progress);
        // No more chunks come: what is under way is told until the committer is done.
        progress.rest(input.source.raw());
        let died = |_| Err(Error::new(Kind::Internal, "the committing thread of an import died"));
        let committed = committer.join().unwrap_or_else(died);
        let stix = if progress.older { "stix-2.0" } else { "stix-2.1" };
        let format = input.cutter.format().unwrap_or(stix);
        // What kept it from writing is told before what was wrong with the rest of the stream.
        Done { format, bytes: input.source.raw(), broken: committed.err().or(broken) }
    })
}

/// Reads, cuts and hands over. Answers why the stream broke off, if it did.
fn feed(
    input: &mut Input<'_>,
    to_readers: SyncSender<Numbered>,
    most_under_way: usize,
    progress: &mut Progress<'_>,
) -> Option<Error> {
    let mut block = std::mem::take(&mut input.beginning);
    let mut number = 0;
    let mut broken = None;
    loop {
        let mut ends = block.is_empty();
        if let Err(error) = input.cutter.push(&block) {
            broken = broken.or(Some(error));
            ends = true;
        }
        for BundleFinding { line, finding } in input.cutter.findings() {
            let finding = finding_view(finding);
            (progress.tell)(ImportEvent::Finding { line, finding });
        }
        while let Some(chunk) = input.cutter.next() {
            // Where the committer gave up, its error is the one that counts.
            while progress.under_way >= most_under_way {
                if !progress.wait() {
                    return broken;
                }
            }
            if to_readers.send(Numbered { number, chunk }).is_err() {
                return broken;
            }
            progress.under_way += 1;
            number += 1;
        }
        progress.drain(input.source.raw());
        if ends {
            return broken;
        }
        // What waits to be handed over is taken also where the rest is not read.
        let read = match progress.is_in_vain(input.source.raw()) {
            Some(error) => Err(error),
            None => input.source.next(&mut block),
        };
        if let Err(error) = read {
            broken = Some(error);
            block.clear();
        }
    }
}

/// What is told on the way.
struct Progress<'t> {
    objects: u64,
    /// Objects refused since something was taken last, and the bytes that were read by then.
    refused: u64,
    fruitful_at: u64,
    /// Chunks that were handed over and are not committed.
    under_way: usize,
    older: bool,
    told: Receiver<Told>,
    tell: &'t mut dyn FnMut(ImportEvent),
}

impl Progress<'_> {
    /// Tells what has come so far.
    fn drain(&mut self, bytes: u64) {
        let before = self.objects;
        while let Ok(told) = self.told.try_recv() {
            self.take(told);
        }
        if self.refused == 0 && self.objects > before {
            self.fruitful_at = bytes;
        }
        if self.objects > before {
            (self.tell)(ImportEvent::Progress { bytes, objects: self.objects });
        }
    }

    /// Waits for something to tell; false when nobody tells any more.
    fn wait(&mut self) -> bool {
        let told = self.told.recv();
        told.map(|told| self.take(told)).is_ok()
    }

    // Why it makes no sense to read on.
    fn is_in_vain(&self, bytes: u64) -> Option<Error> {
        let in_vain = bytes.saturating_sub(self.fruitful_at);
        let message = match self.refused {
            REFUSED_IN_A_ROW.. => {
                format!("{REFUSED_IN_A_ROW} objects in a row were refused, so the rest is not read")
            }
            _ if in_vain >= BYTES_IN_VAIN => {
                "nothing in the last 256 MiB of the input could be taken, so the rest is not read".to_owned()
            }
            _ => return None,
        };
        let hint =
            "is it what it was taken for? `--format` says what it is, `--column value=N` where values stand";
        Some(Error::new(Kind::Invalid, message).hint(hint))
    }

    /// Tells the rest as it comes, until nobody tells any more.
    fn rest(&mut self, bytes: u64) {
        while let Ok(told) = self.told.recv() {
            let before = self.objects;
            self.take(told);
            if self.objects > before {
                (self.tell)(ImportEvent::Progress { bytes, objects: self.objects });
            }
        }
    }

    fn take(&mut self, told: Told) {
        match told {
            Told::Older => self.older = true,
            Told::Done => self.under_way = self.under_way.saturating_sub(1),
            Told::Outcomes(outcomes) => {
                self.objects += outcomes.len() as u64;
                for outcome in outcomes {
                    self.refused = if outcome.state == "rejected" { self.refused + 1 } else { 0 };
                    (self.tell)(ImportEvent::Outcome(outcome));
                }
            }
        }
    }
}

fn read_chunks(chunks: &Mutex<Receiver<Numbered>>, to_committer: &SyncSender<ReadChunk>) {
    loop {
        let next = chunks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Numbered { number, chunk }) = next else { return };
        let read = chunk.read();
        if to_committer.send(ReadChunk { number, chunk, read }).is_err() {
            return;
        }
    }
}

/// Commits in the order of the input. What is kept back for a marking is committed when it comes, or at the end.
fn commit(mut intake: Intake<'_>, read: &Receiver<ReadChunk>, to_caller: &Sender<Told>) -> Result<(), Error> {
    // A caller that is gone hears nothing; what it began is finished all the same.
    let tell = |told| drop(to_caller.send(told));
    let mut early = BTreeMap::new();
    let mut back = HeldBack::default();
    let (mut next, mut older) = (0, false);
    while let Ok(chunk) = read.recv() {
        early.insert(chunk.number, chunk);
        while let Some(ReadChunk { chunk, read, .. }) = early.remove(&next) {
            next += 1;
            if !older && read.iter().flatten().flatten().any(|reading| reading.media == Media::Stix20) {
                older = true;
                tell(Told::Older);
            }
            tell(Told::Outcomes(intake.sequence(&chunk, read, false, Some(&mut back))?));
            while back.is_ready(|id| intake.holds(id)) {
                for chunk in back.release() {
                    let read = chunk.read();
                    tell(Told::Outcomes(intake.sequence(&chunk, read, false, Some(&mut back))?));
                }
            }
            tell(Told::Done);
        }
    }
    for chunk in back.release() {
        let read = chunk.read();
        tell(Told::Outcomes(intake.sequence(&chunk, read, false, None)?));
    }
    if next > 0 { intake.complete() } else { Ok(()) }
}
