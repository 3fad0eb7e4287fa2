//! Going through logs on all cores, and telling what was found in the order in which it stands there.
//!
//! One thread reads and cuts, others go through the pieces, and the caller is told. At most [`AHEAD`] pieces a thread are on their way, so
//! memory stays the same however long the logs are; and where more is found in a piece than may wait, it is told part by part.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use shield::{Fault, Knowledge, Layout, Scanned, Scanner, Source, Timestamp};

use crate::blocks::{Piece, begun, resumed};
use crate::format::{Clock, Format, HEADLESS, Heads, is_headless, sniff};
use crate::map::Map;
use crate::turn::{Stops, Turn};

/// Pieces on their way for each thread.
const AHEAD: usize = 4;
/// How much of a line is told, in bytes.
const LINE_TOLD: usize = 4 << 10;

/// How much of a host's name, or of what was seen, is told, in characters.
const TEXT_TOLD: usize = 1 << 10;

/// How much of what was found in a piece may wait to be told, in bytes.
const HELD: usize = 1 << 20;
/// What is told where this program failed.
const DEFECT: &str = "this program failed on it, which is a defect: please report it";

/// A log to go through.
pub struct Input<'i> {
    /// What it is called.
    pub name: String,
    /// Its bytes, packed or not.
    pub bytes: Box<dyn Read + Send + 'i>,
    /// Its format, where that is known.
    pub format: Option<Format>,
    /// What its lines leave out of their times.
    pub clock: Clock,
    /// Where it is taken up, if not at its beginning.
    pub from: Option<Start>,
}

/// A log that is followed: its bytes begin somewhere, unpacked, and it is made of lines.
#[derive(Debug, Clone)]
pub struct Start {
    /// How the log begins; that tells its format.
    pub beginning: Vec<u8>,
    /// Where the bytes begin.
    pub place: Place,
}

/// Where a log can be taken up again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Where the next line begins, in bytes of the unpacked log.
    pub at: u64,
    /// What a log of Zeek told before of its columns.
    pub head: Option<Arc<str>>,
}

/// What was found in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where the line begins, in bytes from the log's beginning, uncompressed.
    pub at: u64,
    /// The line, as far as it is told.
    pub line: Arc<[u8]>,
    /// What tells the event from others, whatever the log is called: a digest of the whole line and of its time.
    pub event: [u8; 16],
    /// The fields that it was seen in.
    pub fields: Vec<String>,
    /// The kind of what was seen.
    pub kind: shield::Kind,
    /// What was seen.
    pub seen: String,
    /// What the entry is called.
    pub id: u64,
    /// When it happened, where the line says it.
    pub time: Option<Timestamp>,
    /// The host or the sensor that the line names.
    pub host: Option<String>,
}

/// What is told, in the order of the inputs and their lines.
#[derive(Debug)]
pub enum Told<'t> {
    /// A log is begun.
    Begun {
        /// What it is called.
        name: &'t str,
        /// The format that it is read in.
        format: Format,
    },
    /// Something was found.
    Hit(Hit),
    /// So many bytes more were gone through.
    Done {
        /// Uncompressed.
        bytes: u64,
        /// Without comments and empty ones.
        lines: u64,
        /// Where a log that is followed can be taken up again: all before was told.
        place: Option<Place>,
    },
    /// A log is at its end.
    Ended(&'t End),
}

/// How a log ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct End {
    /// Lines that were too long to be looked at.
    pub overlong: u64,
    /// Lines that broke off.
    pub broken: u64,
    /// Lines of another kind than the log's format: nothing that they hold stands where the format has it.
    pub other: u64,
    /// Its last line is still being written, and was not looked at.
    pub unfinished: bool,
    /// Why it could not be read further.
    pub error: Option<String>,
}

/// A piece that waits to be gone through.
struct Work {
    number: u64,
    layout: Arc<Layout>,
    piece: Piece,
    place: Option<Place>,
}

/// What came of the reader and of those who go through pieces.
enum Came {
    Begun(String, Format),
    /// Hits of a piece of which more are to come.
    Part(Vec<Hit>),
    Piece {
        hits: Vec<Hit>,
        scanned: Scanned,
        bytes: u64,
        place: Option<Place>,
    },
    /// A piece that could not be gone through.
    Failed {
        at: u64,
        bytes: u64,
        place: Option<Place>,
    },
    Ended(End),
}

type Numbered = (u64, Result<Came, Fault>);

/// Goes through logs one behind the other, each on `threads` threads.
///
/// # Errors
/// When the knowledge cannot be read any more. What is wrong with a log is told with its end.
pub fn run<'i, S: Source + Send + Sync>(
    knowledge: &Knowledge<S>,
    inputs: impl Iterator<Item = Input<'i>> + Send,
    threads: usize,
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<(), Fault> {
    let asked = Arc::new(Asked { knowledge: knowledge.clone(), call: Box::new(|id| id) });
    run_until(&|| Arc::clone(&asked), inputs, &Way { threads, map: None }, &mut |told| {
        tell(told);
        ControlFlow::Continue(())
    })
}

/// How logs are gone through.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// On how many threads; at least one.
    pub threads: usize,
    /// What their columns or paths hold, where somebody says it.
    pub map: Option<Map>,
}

/// What pieces are compared with.
pub struct Asked<S> {
    /// What is asked.
    pub knowledge: Knowledge<S>,
    /// What hits are to call an entry of it.
    pub call: Box<dyn Fn(u64) -> u64 + Send + Sync>,
}

/// The same until `tell` wants no more. Before each piece `now` says what it is compared with, which may be another than before.
///
/// # Errors
/// As [`run`].
pub fn run_until<'i, S: Source + Send + Sync>(
    now: &(dyn Fn() -> Arc<Asked<S>> + Sync),
    inputs: impl Iterator<Item = Input<'i>> + Send,
    way: &Way,
    tell: &mut dyn FnMut(Told<'_>) -> ControlFlow<()>,
) -> Result<(), Fault> {
    let threads = way.threads.max(1);
    let (places, given_back) = sync_channel(threads * AHEAD);
    let (work, taken) = channel();
    let (results, came) = channel();
    let (taken, turn) = (Mutex::new(taken), Turn::default());
    std::thread::scope(|scope| {
        let map = way.map.as_ref();
        let reader = Reader { map, number: 0, is_begun: false, work, results: results.clone(), places };
        scope.spawn(move || reader.read(inputs));
        for _ in 0..threads {
            let worker = Worker { now, taken: &taken, results: results.clone(), turn: &turn };
            scope.spawn(move || worker.work());
        }
        drop(results);
        in_order(came, given_back, &turn, tell)
    })
}

/// Cuts logs into pieces. A place is taken for each and given back when it was told. Where it gives `None`, nobody wants more.
struct Reader<'r> {
    map: Option<&'r Map>,
    number: u64,
    /// The log was told of.
    is_begun: bool,
    work: Sender<Work>,
    results: Sender<Numbered>,
    places: SyncSender<()>,
}

impl Reader<'_> {
    fn read<'i>(mut self, inputs: impl Iterator<Item = Input<'i>>) {
        for input in inputs {
            let name = input.name.clone();
            self.is_begun = false;
            let gone_on = catch_unwind(AssertUnwindSafe(|| self.log(input)));
            if gone_on.unwrap_or_else(|_| self.failed(name)).is_none() {
                return;
            }
        }
    }

    fn numbered(&mut self) -> Option<u64> {
        self.places.send(()).ok()?;
        self.number += 1;
        Some(self.number - 1)
    }

    fn tell(&mut self, came: Came) -> Option<()> {
        let number = self.numbered()?;
        self.results.send((number, Ok(came))).ok()
    }

    fn failed(&mut self, name: String) -> Option<()> {
        if !self.is_begun {
            self.tell(Came::Begun(name, Format::Text))?;
        }
        self.tell(Came::Ended(End { error: Some(DEFECT.to_owned()), ..End::default() }))
    }

    fn log(&mut self, input: Input<'_>) -> Option<()> {
        let mut end = End::default();
        let mut begun = match &input.from {
            Some(from) => resumed(input.bytes, &from.beginning, from.place.at, self.map),
            None => begun(input.bytes, self.map),
        }
        .map_err(|error| end.error = Some(error.to_string()))
        .ok();
        let sniffed = begun.as_ref().map(|begun| sniff(&begun.beginning));
        let begun_headless = begun.as_ref().is_some_and(|begun| is_headless(&begun.beginning));
        let mapped = begun.as_mut().and_then(|begun| begun.layout.take());
        let mut pieces = begun.map(|begun| begun.pieces);
        let sniffed = mapped.as_ref().map(|_| Format::Mapped).or(input.format).or(sniffed);
        let format = sniffed.unwrap_or(Format::Text);
        self.tell(Came::Begun(input.name, format))?;
        self.is_begun = true;
        let laid = mapped.map_or_else(|| format.layout(input.clock), |layout| Ok(input.clock.of(layout)));
        let mut layout = match laid {
            Ok(layout) => Arc::new(layout),
            Err(error) => {
                end.error = Some(error.to_string());
                return self.tell(Came::Ended(end));
            }
        };
        let from = input.from.map(|from| from.place);
        let head = from.as_ref().and_then(|place| place.head.clone());
        if let Some(head) = &head {
            let layout = Arc::make_mut(&mut layout);
            head.lines().for_each(|line| {
                layout.take_header(line.as_bytes());
            });
        }
        if format == Format::ZeekTsv && begun_headless && head.is_none() {
            end.error = Some(HEADLESS.to_owned());
            return self.tell(Came::Ended(end));
        }
        let mut heads = Heads::new(format, &layout);
        while let Some(pieces) = &mut pieces {
            match pieces.next() {
                Ok(Some(piece)) => {
                    let end = piece.at + piece.bytes.len() as u64;
                    let parts = heads.cut(piece);
                    // Within a head nothing is taken up: only behind all of what was cut.
                    let place = from.as_ref().map(|_| Place { at: end, head: heads.told() });
                    let last = parts.len();
                    for (part, (piece, header)) in parts.into_iter().enumerate() {
                        layout = header.unwrap_or(layout);
                        let number = self.numbered()?;
                        let place = place.clone().filter(|_| part + 1 == last);
                        self.work.send(Work { number, layout: Arc::clone(&layout), piece, place }).ok()?;
                    }
                }
                Ok(None) => break,
                // What stood before it is still to come.
                Err(error) => end.error = Some(error.to_string()),
            }
        }
        if let (Some(_), Some(pieces), None) = (&from, &pieces, &end.error) {
            // What was passed over behind the last piece is not read again.
            let place = Some(Place { at: pieces.position(), head: heads.told() });
            let (hits, scanned) = (Vec::new(), Scanned::default());
            self.tell(Came::Piece { hits, scanned, bytes: 0, place })?;
        }
        end.overlong = pieces.as_ref().map_or(0, |pieces| pieces.overlong());
        end.unfinished = pieces.is_some_and(|pieces| pieces.is_unfinished());
        self.tell(Came::Ended(end))
    }
}

/// Goes through pieces.
struct Worker<'w, S> {
    now: &'w (dyn Fn() -> Arc<Asked<S>> + Sync),
    taken: &'w Mutex<Receiver<Work>>,
    results: Sender<Numbered>,
    turn: &'w Turn,
}

impl<S: Source> Worker<'_, S> {
    fn work(&self) {
        let mut next = None;
        loop {
            let asked = (self.now)();
            next = self.ask(&asked, next.take());
            if next.is_none() {
                return;
            }
        }
    }

    // Goes on until something else is to be asked, and gives the piece that waits for that.
    fn ask(&self, asked: &Arc<Asked<S>>, mut next: Option<Work>) -> Option<Work> {
        let mut last: Option<(Arc<Layout>, Scanner<'_, S>)> = None;
        loop {
            let work = match next.take() {
                Some(work) => work,
                // Whoever waits for a piece holds the lock, and the next waits for that.
                None => self.taken.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()?,
            };
            if !Arc::ptr_eq(asked, &(self.now)()) {
                return Some(work);
            }
            let layout = &work.layout;
            let same = last.take().filter(|(of, _)| Arc::ptr_eq(of, layout));
            let (layout, mut scanner) = same
                .unwrap_or_else(|| (Arc::clone(layout), Scanner::new(&asked.knowledge, (**layout).clone())));
            let mut parts = 0;
            let mut give = |hits: Vec<Hit>| self.part(work.number, &mut parts, hits);
            let came = catch_unwind(AssertUnwindSafe(|| {
                found(&mut scanner, &layout, &work, &*asked.call, &mut give)
            }));
            let (at, bytes, place) = (work.piece.at, work.piece.bytes.len() as u64, work.place);
            // A scanner that was left in the middle is not taken again.
            last = came.is_ok().then_some((layout, scanner));
            let came = came.unwrap_or(Ok(Came::Failed { at, bytes, place }));
            self.results.send((work.number, came)).ok()?;
        }
    }

    // Where more was found than may wait, it is told at once, when its turn has come. So what waits elsewhere stays within its bound.
    fn part(&self, number: u64, parts: &mut u64, hits: Vec<Hit>) -> Option<()> {
        self.turn.wait(number, *parts)?;
        *parts += 1;
        self.results.send((number, Ok(Came::Part(hits)))).ok()
    }
}

fn found<S: Source>(
    scanner: &mut Scanner<'_, S>,
    layout: &Layout,
    Work { piece, place, .. }: &Work,
    call: &dyn Fn(u64) -> u64,
    give: &mut dyn FnMut(Vec<Hit>) -> Option<()>,
) -> Result<Came, Fault> {
    let mut hits: Vec<Hit> = Vec::new();
    let (mut held, mut wanted) = (0, Some(()));
    // Of the line: where it begins, what is told of it, and where the hit of each indicator is, if it was not given away already.
    let mut line: Option<(u64, Arc<[u8]>, [u8; 16])> = None;
    let mut of_line: HashMap<u64, Option<usize>> = HashMap::new();
    let scanned = scanner.scan(&piece.bytes, piece.at, &mut |hit| {
        if held > HELD && wanted.is_some() {
            wanted = give(std::mem::take(&mut hits));
            of_line.values_mut().for_each(|at| *at = None);
            held = 0;
        }
        if wanted.is_none() {
            return;
        }
        let (at, id, field) = (hit.at, hit.found.entry.id, layout.name(hit.field));
        if line.as_ref().is_none_or(|(of, ..)| *of != at) {
            of_line.clear();
        }
        // What was seen in several fields of a line is one hit.
        match of_line.entry(id) {
            Slot::Vacant(slot) => {
                slot.insert(Some(hits.len()));
            }
            Slot::Occupied(before) => {
                let same = before.get().and_then(|before| hits.get_mut(before));
                if let Some(same) = same.filter(|same| !same.fields.iter().any(|before| before == field)) {
                    same.fields.push(field.to_owned());
                }
                return;
            }
        }
        let same = line.take().filter(|(of, ..)| *of == at);
        let (_, text, event) = line.insert(same.unwrap_or_else(|| {
            (at, hit.line.get(..LINE_TOLD).unwrap_or(hit.line).into(), event_of(hit.line, hit.time))
        }));
        hits.push(Hit {
            at,
            line: Arc::clone(text),
            event: *event,
            fields: vec![field.to_owned()],
            kind: hit.seen.kind(),
            seen: told(hit.seen.text()),
            id: call(id),
            time: hit.time,
            host: hit.labels.first().map(|(_, label)| told(label)),
        });
        held += hits.last().map_or(0, Hit::bytes);
    })?;
    Ok(Came::Piece { hits, scanned, bytes: piece.bytes.len() as u64, place: place.clone() })
}

fn event_of(line: &[u8], time: Option<Timestamp>) -> [u8; 16] {
    let mut digest = Sha256::new();
    digest.update(time.map_or([0xFF; 8], |time| time.0.to_be_bytes()));
    digest.update(line.trim_ascii());
    first_half(&digest.finalize())
}

/// The first 16 bytes of a digest.
pub(crate) fn first_half(digest: &[u8]) -> [u8; 16] {
    digest.first_chunk().copied().unwrap_or_default()
}

impl Hit {
    // About how much memory it takes; of a line that it shares with others, all of it.
    fn bytes(&self) -> usize {
        let host = self.host.as_ref().map_or(0, String::len);
        size_of::<Hit>()
            + self.line.len()
            + self.fields.iter().map(String::len).sum::<usize>()
            + self.seen.len()
            + host
    }
}

// As far as it is told.
fn told(text: &str) -> String {
    text.chars().take(TEXT_TOLD).collect()
}

// Tells what came, in the order of the numbers.
fn in_order(
    came: Receiver<Numbered>,
    given_back: Receiver<()>,
    turn: &Turn,
    tell: &mut dyn FnMut(Told<'_>) -> ControlFlow<()>,
) -> Result<(), Fault> {
    let _stops = Stops(turn);
    let (mut next, mut early, mut noted) = (0, BTreeMap::new(), Noted::default());
    for (number, result) in came {
        early.insert(number, result);
        while let Some(result) = early.remove(&next) {
            let came = result?;
            let is_part = matches!(came, Came::Part(_));
            if tell_one(came, &mut noted, tell).is_break() {
                return Ok(());
            }
            if is_part {
                turn.told();
                continue;
            }
            next += 1;
            turn.begin(next);
            // It was taken before this was sent.
            let _ = given_back.try_recv();
        }
    }
    Ok(())
}

/// What is told with a log's end.
#[derive(Default)]
struct Noted {
    broken: u64,
    other: u64,
    error: Option<String>,
}

fn tell_one(
    came: Came,
    noted: &mut Noted,
    tell: &mut dyn FnMut(Told<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match came {
        Came::Begun(name, format) => tell(Told::Begun { name: &name, format }),
        Came::Part(hits) => hits.into_iter().try_for_each(|hit| tell(Told::Hit(hit))),
        Came::Piece { hits, scanned, bytes, place } => {
            noted.broken += scanned.broken;
            noted.other += scanned.other;
            hits.into_iter().try_for_each(|hit| tell(Told::Hit(hit)))?;
            tell(Told::Done { bytes, lines: scanned.lines, place })
        }
        Came::Failed { at, bytes, place } => {
            let end = at + bytes;
            noted.error.get_or_insert_with(|| format!("from byte {at} to {end}: {DEFECT}"));
            tell(Told::Done { bytes, lines: 0, place })
        }
        Came::Ended(end) => {
            let Noted { broken, other, error } = std::mem::take(noted);
            tell(Told::Ended(&End { broken, other, error: error.or(end.error.clone()), ..end }))
        }
    }
}

#[cfg(test)]
mod tests {
    use shield::{Builder, Entry};

    use super::*;

    fn knowledge(values: &[&str]) -> Knowledge<Vec<u8>> {
        let mut builder = Builder::new(7);
        for (id, value) in values.iter().enumerate() {
            let (value, mode) = model::matching::read(None, value).unwrap();
            builder.add(&value, Entry { mode, ..Entry::new(id as u64) }).unwrap();
        }
        Knowledge::open(builder.finish().unwrap()).unwrap()
    }

    fn told(logs: &[(&str, Vec<u8>)], threads: usize) -> (Vec<(u64, String, u64)>, Vec<End>, u64) {
        let knowledge = knowledge(&["evil.example", "203.0.113.7", "http://evil.example/kit.zip"]);
        let inputs = logs.iter().map(|(name, bytes)| Input {
            name: (*name).to_owned(),
            bytes: Box::new(bytes.as_slice()),
            format: None,
            clock: Clock::default(),
            from: None,
        });
        let (mut hits, mut ends, mut lines) = (Vec::new(), Vec::new(), 0);
        run(&knowledge, inputs, threads, &mut |told| match told {
            Told::Begun { .. } => {}
            Told::Hit(hit) => hits.push((hit.at, hit.seen, hit.id)),
            Told::Done { lines: more, .. } => lines += more,
            Told::Ended(end) => ends.push(end.clone()),
        })
        .unwrap();
        (hits, ends, lines)
    }

    #[test]
    fn hits_are_told_in_their_order_however_many_threads() {
        let line = |n: u32| match n % 1_000 {
            7 => format!("[{}] unbound[1:0] info: 192.0.2.1 evil.example. A IN\n", 1_709_640_000 + n),
            _ => format!("[{}] unbound[1:0] info: 192.0.2.1 n{n}.example. A IN\n", 1_709_640_000 + n),
        };
        let log: Vec<u8> = (0..100_000).flat_map(|n| line(n).into_bytes()).collect();
        let logs = [("a", log.clone()), ("b", b"from 203.0.113.7".to_vec()), ("c", log)];
        let one = told(&logs, 1);
        assert_eq!((one.0.len(), one.1.len(), one.2), (201, 3, 200_001));
        assert!(one.0.iter().take(100).map(|hit| hit.0).is_sorted());
        assert_eq!(told(&logs, 4), one);
    }

    #[test]
    fn each_log_of_zeek_in_a_file_has_its_own_columns() {
        let dns = "#fields\tts\tid.orig_h\tquery\n1.0\t192.0.2.1\tevil.example\n";
        let http = "#fields\tts\thost\turi\n1.0\tevil.example\t/kit.zip\n";
        let (hits, ends, _) = told(&[("both", format!("{dns}{http}{dns}").into_bytes())], 2);
        // The name asked for, the URL and its host, and the name asked for again.
        let mut found: Vec<(u64, u64)> = hits.iter().map(|hit| (hit.0, hit.2)).collect();
        found.sort_unstable();
        assert_eq!(found, [(27, 0), (74, 0), (74, 2), (127, 0)]);
        assert_eq!(ends, [End::default()]);
    }

    #[test]
    fn an_indicator_is_one_hit_of_a_line_and_an_event_the_same_under_any_name() {
        let knowledge = knowledge(&["evil.example", "203.0.113.7"]);
        let log = "#fields\tts\tid.resp_h\tquery\tanswers\n\
                   1.0\t203.0.113.7\tevil.example\tevil.example,203.0.113.7\n\
                   2.0\t203.0.113.7\ta.example\t192.0.2.1\n";
        let hits = |name: &str, log: Vec<u8>| {
            let bytes: Box<dyn Read + Send> = Box::new(std::io::Cursor::new(log));
            let input =
                Input { name: name.to_owned(), bytes, format: None, clock: Clock::default(), from: None };
            let mut hits = Vec::new();
            run(&knowledge, [input].into_iter(), 2, &mut |told| {
                if let Told::Hit(hit) = told {
                    hits.push(hit);
                }
            })
            .unwrap();
            hits
        };
        let plain = hits("a", log.as_bytes().to_vec());
        let told: Vec<_> = plain.iter().map(|hit| (hit.id, hit.fields.join(" "))).collect();
        let expected = [(1, "id.resp_h answers"), (0, "query answers"), (1, "id.resp_h")];
        let expected = expected.map(|(id, fields)| (id, fields.to_owned()));
        assert!(expected.iter().all(|one| told.contains(one)) && told.len() == 3, "{told:?}");
        assert!(plain[0].event == plain[1].event && plain[0].event != plain[2].event);
        let packed = zstd::encode_all(format!("{log}\n").replace('\n', "\r\n").as_bytes(), 1).unwrap();
        let packed = hits("b.zst", packed);
        assert!(packed.iter().map(|hit| hit.event).eq(plain.iter().map(|hit| hit.event)));
    }

    #[test]
    fn columns_without_names_are_told() {
        let knowledge = knowledge(&["203.0.113.7"]);
        let log = Input {
            name: String::new(),
            bytes: Box::new(&b"1.0\tC1\t203.0.113.7\n"[..]),
            format: Some(Format::ZeekTsv),
            clock: Clock::default(),
            from: None,
        };
        let mut error = None;
        run(&knowledge, [log].into_iter(), 1, &mut |told| match told {
            Told::Ended(end) => error = end.error.clone(),
            told => assert!(matches!(told, Told::Begun { .. }), "{told:?}"),
        })
        .unwrap();
        assert!(error.unwrap().contains("#fields"));
    }

    #[test]
    fn records_in_one_document_and_lines_of_other_programs_are_gone_through() {
        let trail = r#"{"Records":[{"eventTime":"2026-03-05T12:00:00Z","eventSource":"s3","sourceIPAddress":"192.0.2.1"},
            {"eventTime":"2026-03-05T12:00:01Z","eventSource":"s3","sourceIPAddress":"203.0.113.7"}]}"#;
        let mixed = "Mar  5 12:00:00 gw dnsmasq[1]: query[A] a.example from 192.0.2.1\n".repeat(5)
            + "Mar  5 12:00:00 gw sshd[1]: from 203.0.113.7\n";
        let first = "2026-03-05T12:00:00Z 203.0.113.7 GET /\n";
        let logs = [("trail", trail), ("mixed", mixed.as_str()), ("first", first)];
        let (hits, ends, _) = told(&logs.map(|(name, log)| (name, log.as_bytes().to_vec())), 2);
        let seen: Vec<_> = hits.iter().map(|hit| hit.1.as_str()).collect();
        assert_eq!(seen, ["203.0.113.7"; 3]);
        // What another program wrote into the second is of another kind.
        assert_eq!(ends, [0, 1, 0].map(|other| End { other, ..End::default() }));
        let utf16: Vec<u8> = "\u{feff}from 203.0.113.7\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (_, ends, _) = told(&[("wide", utf16), ("xz", b"\xFD7zXZ\0".to_vec())], 1);
        assert!(ends.iter().all(|end| end.error.is_some()));
    }

    #[test]
    fn a_torn_log_is_told_and_the_next_is_gone_through() {
        let mut torn = zstd::encode_all(&b"from 203.0.113.7\n".repeat(100_000)[..], 1).unwrap();
        torn.truncate(torn.len() - 3);
        let (hits, ends, _) = told(&[("torn", torn), ("whole", b"to 203.0.113.7\n".to_vec())], 2);
        assert!(ends[0].error.is_some() && ends[1] == End::default());
        assert!(!hits.is_empty());
    }
}
