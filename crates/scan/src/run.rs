//! Going through logs on all cores, and telling what was found in the order in which it stands there.
//!
//! One thread reads and cuts, others go through the pieces, and the caller is told. At most [`AHEAD`] pieces a thread are on their way, so
//! memory stays the same however long the logs are.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use shield::{Fault, Knowledge, Layout, Scanned, Scanner, Source, Timestamp};

use crate::blocks::{Piece, begun};
use crate::format::{Clock, Format, HEADLESS, Heads, is_headless, sniff};

/// Pieces on their way for each thread.
const AHEAD: usize = 4;
/// How much of a line is told, in bytes.
const LINE_TOLD: usize = 4 << 10;

/// How much of a host's name, or of what was seen, is told, in characters.
const TEXT_TOLD: usize = 1 << 10;

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
    /// Why it could not be read further.
    pub error: Option<String>,
}

/// A piece that waits to be gone through.
struct Work {
    number: u64,
    layout: Arc<Layout>,
    piece: Piece,
}

/// What came of the reader and of those who go through pieces.
enum Came {
    Begun(String, Format),
    Piece { hits: Vec<Hit>, scanned: Scanned, bytes: u64 },
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
    let threads = threads.max(1);
    let (places, given_back) = sync_channel(threads * AHEAD);
    let (work, taken) = channel();
    let (results, came) = channel();
    let taken = Mutex::new(taken);
    std::thread::scope(|scope| {
        let reader = Reader { number: 0, work, results: results.clone(), places };
        scope.spawn(move || reader.read(inputs));
        for _ in 0..threads {
            let (taken, results) = (&taken, results.clone());
            scope.spawn(move || go_through(knowledge, taken, &results));
        }
        drop(results);
        in_order(came, given_back, tell)
    })
}

/// Cuts logs into pieces. A place is taken for each and given back when it was told. Where it gives `None`, nobody wants more.
struct Reader {
    number: u64,
    work: Sender<Work>,
    results: Sender<Numbered>,
    places: SyncSender<()>,
}

impl Reader {
    fn read<'i>(mut self, inputs: impl Iterator<Item = Input<'i>>) {
        for input in inputs {
            if self.log(input).is_none() {
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

    fn log(&mut self, input: Input<'_>) -> Option<()> {
        let mut end = End::default();
        let begun = begun(input.bytes).map_err(|error| end.error = Some(error.to_string())).ok();
        let sniffed = begun.as_ref().map(|begun| sniff(&begun.beginning));
        let begun_headless = begun.as_ref().is_some_and(|begun| is_headless(&begun.beginning));
        let mut pieces = begun.map(|begun| begun.pieces);
        let format = input.format.or(sniffed).unwrap_or(Format::Text);
        self.tell(Came::Begun(input.name, format))?;
        let mut layout = match format.layout(input.clock) {
            Ok(layout) => Arc::new(layout),
            Err(error) => {
                end.error = Some(error.to_string());
                return self.tell(Came::Ended(end));
            }
        };
        if format == Format::ZeekTsv && begun_headless {
            end.error = Some(HEADLESS.to_owned());
            return self.tell(Came::Ended(end));
        }
        let mut heads = Heads::new(format, &layout);
        while let Some(pieces) = &mut pieces {
            match pieces.next() {
                Ok(Some(piece)) => {
                    for (piece, header) in heads.cut(piece) {
                        layout = header.map_or(layout, Arc::new);
                        let number = self.numbered()?;
                        self.work.send(Work { number, layout: Arc::clone(&layout), piece }).ok()?;
                    }
                }
                Ok(None) => break,
                // What stood before it is still to come.
                Err(error) => end.error = Some(error.to_string()),
            }
        }
        end.overlong = pieces.map_or(0, |pieces| pieces.overlong());
        self.tell(Came::Ended(end))
    }
}

fn go_through<S: Source>(
    knowledge: &Knowledge<S>,
    taken: &Mutex<Receiver<Work>>,
    results: &Sender<Numbered>,
) {
    let mut last: Option<(Arc<Layout>, Scanner<'_, S>)> = None;
    loop {
        // Whoever waits for a piece holds the lock, and the next waits for that.
        let next = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Work { number, layout, piece }) = next else { return };
        let same = last.take().filter(|(of, _)| Arc::ptr_eq(of, &layout));
        let (_, scanner) = last.insert(
            same.unwrap_or_else(|| (Arc::clone(&layout), Scanner::new(knowledge, (*layout).clone()))),
        );
        let came = found(scanner, &layout, &piece);
        if results.send((number, came)).is_err() {
            return;
        }
    }
}

fn found<S: Source>(scanner: &mut Scanner<'_, S>, layout: &Layout, piece: &Piece) -> Result<Came, Fault> {
    let mut hits: Vec<Hit> = Vec::new();
    let scanned = scanner.scan(&piece.bytes, piece.at, &mut |hit| {
        let field = layout.name(hit.field);
        // What was seen in several fields of a line is one hit.
        let of_line = |before: &&mut Hit| before.at == hit.at;
        let mut before = hits.iter_mut().rev().take_while(of_line);
        if let Some(same) = before.find(|before| before.id == hit.found.entry.id) {
            if !same.fields.iter().any(|before| before == field) {
                same.fields.push(field.to_owned());
            }
            return;
        }
        let (line, event) = match hits.last().filter(|last| last.at == hit.at) {
            Some(last) => (Arc::clone(&last.line), last.event),
            None => (hit.line.get(..LINE_TOLD).unwrap_or(hit.line).into(), event_of(hit.line, hit.time)),
        };
        hits.push(Hit {
            at: hit.at,
            line,
            event,
            fields: vec![field.to_owned()],
            kind: hit.seen.kind(),
            seen: told(hit.seen.text()),
            id: hit.found.entry.id,
            time: hit.time,
            host: hit.labels.first().map(|(_, label)| told(label)),
        });
    })?;
    Ok(Came::Piece { hits, scanned, bytes: piece.bytes.len() as u64 })
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

// As far as it is told.
fn told(text: &str) -> String {
    text.chars().take(TEXT_TOLD).collect()
}

// Tells what came, in the order of the numbers.
fn in_order(
    came: Receiver<Numbered>,
    given_back: Receiver<()>,
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<(), Fault> {
    let (mut next, mut early, mut broken, mut other) = (0, BTreeMap::new(), 0, 0);
    for (number, result) in came {
        early.insert(number, result);
        while let Some(result) = early.remove(&next) {
            next += 1;
            match result? {
                Came::Begun(name, format) => tell(Told::Begun { name: &name, format }),
                Came::Piece { hits, scanned, bytes } => {
                    broken += scanned.broken;
                    other += scanned.other;
                    hits.into_iter().for_each(|hit| tell(Told::Hit(hit)));
                    tell(Told::Done { bytes, lines: scanned.lines });
                }
                Came::Ended(end) => {
                    let (broken, other) = (std::mem::take(&mut broken), std::mem::take(&mut other));
                    tell(Told::Ended(&End { broken, other, ..end }));
                }
            }
            // It was taken before this was sent.
            let _ = given_back.try_recv();
        }
    }
    Ok(())
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
        let ids: Vec<u64> = hits.iter().map(|hit| hit.2).collect();
        // The URL is another indicator than its host, and each counts once in a line.
        assert_eq!(ids, [0, 2, 0, 0], "{hits:?}");
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
            let input = Input { name: name.to_owned(), bytes, format: None, clock: Clock::default() };
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
