//! Going through records: what could match is found without a look at most of it, and what could is asked for.

mod seen;

use model::Timestamp;
use model::observable::Observable;

use crate::file::{Fault, Source};
use crate::knowledge::{Found, Knowledge};
use crate::observe::{self, Holds, UrlParts};
use crate::read::{Layout, Lines, SLOTS_MAX, Task, UrlSlots, Walker, decode, is_unset, split, words};
use crate::screen::Screen;

pub use seen::{Observer, Seen};

/// How many hashes are looked up at once, so that the memory's answers are waited for together.
const BATCH: usize = 64;
/// How many values are remembered that match nothing. What is seen is mostly what was seen right before.
const MISSES: usize = 1 << 12;

/// What some programs put in front of text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What was found in a record.
#[derive(Debug)]
pub struct Hit<'h> {
    /// Where the line begins: its place in the bytes and what stood before those.
    pub at: u64,
    /// The line, without its end.
    pub line: &'h [u8],
    /// Which field of the layout it was seen in; of an address with a port or a URL in parts, the first of them.
    pub field: usize,
    /// The value that was seen.
    pub seen: &'h Observable,
    /// What stands there.
    pub found: &'h Found,
    /// When it happened, where the record says it.
    pub time: Option<Timestamp>,
    /// The labels of the record: which field, and what it says.
    pub labels: &'h [(usize, String)],
}

/// How much was gone through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Lines, without comments and empty ones.
    pub lines: u64,
    /// Lines that broke off; what stood before that counts.
    pub broken: u64,
    /// Lines of another kind: none of the fields stands in them that lines of the layout have.
    pub other: u64,
    /// Fields that were looked at by `model`, since something might have stood there.
    pub asked: u64,
    /// What was found.
    pub hits: u64,
}

/// Goes through records of one layout. It is of one thread and remembers what matches nothing in this set.
///
/// ```
/// use shield::{Builder, Entry, Field, Kind, Knowledge, Layout, Scanner};
///
/// let mut builder = Builder::new(0x5eed);
/// let (value, mode) = model::matching::read(None, "http://evil.example/kit.zip").unwrap();
/// builder.add(&value, Entry { mode, ..Entry::new(7) }).unwrap();
/// let knowledge = Knowledge::open(builder.finish().unwrap()).unwrap();
///
/// let layout = Layout::json(&[("ts", Field::Time), ("host", Field::UrlHost), ("uri", Field::UrlTarget)]).unwrap();
/// let log = br#"{"ts":1772712000.5,"host":"Evil.example","uri":"\/a\/..\/kit.zip"}"#;
/// let mut ids = Vec::new();
/// let mut scanner = Scanner::new(&knowledge, layout);
/// scanner.scan(log, 0, &mut |hit| ids.push((hit.found.entry.id, hit.seen.text().to_owned()))).unwrap();
/// assert_eq!(ids, [(7, "http://evil.example/kit.zip".to_owned())]);
/// ```
pub struct Scanner<'k, S> {
    knowledge: &'k Knowledge<S>,
    layout: Layout,
    screen: Screen<'k>,
    walker: Walker,
    batch: Batch,
    misses: Box<[u64]>,
    /// A string without its escapes.
    plain: Vec<u8>,
    scanned: Scanned,
}

/// Fields whose hashes wait to be looked up.
#[derive(Default)]
struct Batch {
    hashes: Vec<u64>,
    fields: Vec<Waiting>,
}

struct Waiting {
    /// The line.
    start: usize,
    end: usize,
    task: usize,
    /// Where its hashes end.
    hashes: usize,
    /// What it is remembered by when it matches nothing; 0 for not at all.
    miss: u64,
}

/// The fields of a line.
struct Slots<'l> {
    /// A bit for each field that the line has.
    filled: u64,
    first: Vec<Raw<'l>>,
    /// Further values of a field, of arrays.
    more: Vec<(usize, Raw<'l>)>,
}

#[derive(Clone, Copy)]
struct Raw<'l> {
    bytes: &'l [u8],
    is_escaped: bool,
}

impl<'l> Slots<'l> {
    fn new(slots: usize) -> Slots<'l> {
        Slots { filled: 0, first: vec![Raw { bytes: &[], is_escaped: false }; slots], more: Vec::new() }
    }

    #[inline]
    fn clear(&mut self) {
        self.filled = 0;
        self.more.clear();
    }

    #[inline]
    fn put(&mut self, slot: usize, bytes: &'l [u8], is_escaped: bool) {
        let raw = Raw { bytes, is_escaped };
        let is_first = !self.has(slot);
        match self.first.get_mut(slot) {
            Some(first) if is_first => {
                *first = raw;
                self.filled |= 1 << slot;
            }
            _ => self.more.push((slot, raw)),
        }
    }

    /// The same of a field that a line has once.
    #[inline]
    fn set(&mut self, slot: usize, bytes: &'l [u8]) {
        if let Some(first) = self.first.get_mut(slot) {
            *first = Raw { bytes, is_escaped: false };
            self.filled |= 1 << (slot % SLOTS_MAX);
        }
    }

    #[inline]
    fn has(&self, slot: usize) -> bool {
        self.filled >> (slot % SLOTS_MAX) & 1 != 0
    }

    #[inline]
    fn get(&self, slot: usize) -> Option<Raw<'l>> {
        self.first.get(slot).copied().filter(|raw| self.has(slot) && !is_unset(raw.bytes))
    }

    /// All values of a field.
    #[inline]
    fn all(&self, slot: usize) -> impl Iterator<Item = Raw<'l>> {
        let more = self.more.iter().filter(move |(of, _)| *of == slot).map(|(_, raw)| *raw);
        let first = self.first.get(slot).copied().filter(|_| self.has(slot));
        first.into_iter().chain(more).filter(|raw| !is_unset(raw.bytes))
    }

    /// Takes out what says in this log that there is nothing.
    #[cold]
    fn clear_unset(&mut self, unset: &[Vec<u8>]) {
        for (slot, raw) in self.first.iter().enumerate() {
            if unset.iter().any(|unset| unset == raw.bytes) {
                self.filled &= !(1 << (slot % SLOTS_MAX));
            }
        }
    }

    /// Puts the fields of a line in place; gives whether it was whole.
    #[inline]
    fn fill(&mut self, layout: &Layout, walker: &mut Walker, line: &'l [u8]) -> bool {
        self.clear();
        match &layout.shape {
            Lines::Columns { separator, columns, unset, .. } => {
                split(line, *separator, columns, |slot, bytes| self.set(slot, bytes));
                if !unset.is_empty() {
                    self.clear_unset(unset);
                }
                true
            }
            Lines::Json(paths) => {
                walker.walk(paths, line, &mut |slot, bytes, is_escaped| self.put(slot, bytes, is_escaped))
            }
            Lines::Cut(cut) => {
                cut(line, &mut |slot, bytes| self.put(slot, bytes, false));
                true
            }
        }
    }
}

/// The values of a field, taken apart where it is a list.
#[inline]
fn values<'l>(raw: &'l [u8], list: Option<u8>, mut take: impl FnMut(&'l [u8])) {
    match list {
        None => take(raw),
        Some(separator) => {
            raw.split(|byte| *byte == separator).filter(|value| !is_unset(value)).for_each(take);
        }
    }
}

/// The bytes of a field, its escapes undone where it has any.
#[inline]
fn plain<'p>(raw: Raw<'p>, into: &'p mut Vec<u8>) -> &'p [u8] {
    if !raw.is_escaped {
        return raw.bytes;
    }
    into.clear();
    decode(raw.bytes, into);
    into
}

impl<'k, S: Source> Scanner<'k, S> {
    /// For records of this layout.
    #[must_use]
    pub fn new(knowledge: &'k Knowledge<S>, layout: Layout) -> Scanner<'k, S> {
        Scanner {
            knowledge,
            layout,
            screen: Screen::new(knowledge.hasher(), knowledge.shape()),
            walker: Walker::default(),
            batch: Batch::default(),
            misses: vec![0; MISSES].into_boxed_slice(),
            plain: Vec::new(),
            scanned: Scanned::default(),
        }
    }

    /// The layout as it is by now: logs of Zeek tell theirs.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Goes through lines, each whole (the last may lack its end), and tells what was found in their order. `before` is how many bytes stood
    /// before these.
    ///
    /// # Errors
    /// When the knowledge can no longer be read, or is not what was written.
    pub fn scan(
        &mut self,
        bytes: &[u8],
        before: u64,
        tell: &mut impl FnMut(&Hit<'_>),
    ) -> Result<Scanned, Fault> {
        self.scanned = Scanned::default();
        let mut slots = Slots::new(self.layout.slots());
        let is_marked = before == 0 && bytes.starts_with(BYTE_ORDER_MARK);
        let mut start = if is_marked { BYTE_ORDER_MARK.len() } else { 0 };
        while start < bytes.len() {
            let rest = bytes.get(start..).unwrap_or(&[]);
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or(&[]);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.is_empty() {
                if self.is_comment(line) {
                    self.header(line, bytes, before, tell, &mut slots)?;
                } else {
                    self.scanned.lines += 1;
                    self.line(line, start, &mut slots);
                    if self.batch.hashes.len() >= BATCH {
                        self.flush(bytes, before, tell)?;
                    }
                }
            }
            start += length + 1;
        }
        self.flush(bytes, before, tell)?;
        Ok(self.scanned)
    }

    #[inline]
    fn is_comment(&self, line: &[u8]) -> bool {
        matches!(&self.layout.shape, Lines::Columns { comment: Some(sign), .. } if line.first() == Some(sign))
    }

    /// Takes the layout that a log tells.
    #[cold]
    fn header<'l>(
        &mut self,
        line: &[u8],
        bytes: &'l [u8],
        before: u64,
        tell: &mut impl FnMut(&Hit<'_>),
        slots: &mut Slots<'l>,
    ) -> Result<(), Fault> {
        // What waits is of the layout before.
        self.flush(bytes, before, tell)?;
        if self.layout.take_header(line) {
            *slots = Slots::new(self.layout.slots());
        }
        Ok(())
    }

    #[inline]
    fn line<'l>(&mut self, line: &'l [u8], start: usize, slots: &mut Slots<'l>) {
        let is_whole = slots.fill(&self.layout, &mut self.walker, line);
        if !is_whole || slots.filled & self.layout.telling == 0 {
            self.count(is_whole, line);
        }
        let end = start + line.len();
        let Scanner { layout, screen, batch, misses, plain: decoded, .. } = self;
        let escapes = layout.escapes;
        for (task, (what, needs)) in layout.tasks.iter().zip(&layout.needs).enumerate() {
            if slots.filled & needs == 0 {
                continue;
            }
            match *what {
                Task::Value { slot, holds, list } => {
                    for raw in slots.all(slot) {
                        values(plain(raw, decoded), list, |bytes| {
                            let miss = screen.mark(bytes, salt(holds));
                            if !is_miss(misses, miss) {
                                screen.value(holds, bytes, escapes, &mut batch.hashes);
                                batch.wait(misses, Waiting { start, end, task, hashes: 0, miss });
                            }
                        });
                    }
                }
                Task::Words { slot } => {
                    for raw in slots.all(slot) {
                        words(plain(raw, decoded), |holds, bytes| {
                            let miss = screen.mark(bytes, salt(holds));
                            if !is_miss(misses, miss) {
                                screen.value(holds, bytes, escapes, &mut batch.hashes);
                                batch.wait(misses, Waiting { start, end, task, hashes: 0, miss });
                            }
                        });
                    }
                }
                Task::Endpoint { address, port, list } => {
                    let port = port.and_then(|port| slots.get(port)).filter(|_| screen.asks_for_ports());
                    let port = port.map(|port| port.bytes);
                    for raw in slots.all(address) {
                        values(plain(raw, decoded), list, |bytes| {
                            let salt = port.map_or(salt(Holds::Address), |port| screen.mark(port, PORT));
                            let miss = screen.mark(bytes, salt);
                            if !is_miss(misses, miss) {
                                screen.endpoint(bytes, port, escapes, &mut batch.hashes);
                                batch.wait(misses, Waiting { start, end, task, hashes: 0, miss });
                            }
                        });
                    }
                }
                Task::Url(url) => {
                    let Some(parts) = UrlBytes::of(slots, &url, decoded) else {
                        continue;
                    };
                    let parts = parts.parts(decoded);
                    screen.url(&parts, escapes, &mut batch.hashes);
                    batch.wait(misses, Waiting { start, end, task, hashes: 0, miss: 0 });
                }
            }
        }
    }

    /// Counts a line that is not as the layout has it.
    #[cold]
    fn count(&mut self, is_whole: bool, line: &[u8]) {
        match is_whole || !line.trim_ascii_start().starts_with(b"{") {
            true => self.scanned.other += 1,
            false => self.scanned.broken += 1,
        }
    }

    /// Looks up what waits, and asks for what may be there.
    fn flush(&mut self, bytes: &[u8], before: u64, tell: &mut impl FnMut(&Hit<'_>)) -> Result<(), Fault> {
        let mut batch = std::mem::take(&mut self.batch);
        let knowledge = self.knowledge;
        let any = batch.hashes.iter().fold(false, |any, hash| any | knowledge.may_hold(*hash));
        let (mut from, mut done) = (0, None);
        for waiting in &batch.fields {
            let hashes = batch.hashes.get(from..waiting.hashes).unwrap_or(&[]);
            from = waiting.hashes;
            if !any || !hashes.iter().any(|hash| knowledge.may_hold(*hash)) {
                remember(&mut self.misses, waiting.miss);
            } else if done != Some((waiting.start, waiting.task)) {
                done = Some((waiting.start, waiting.task));
                let line = bytes.get(waiting.start..waiting.end).unwrap_or(&[]);
                self.confirm(line, before + waiting.start as u64, waiting.task, tell)?;
            }
        }
        batch.hashes.clear();
        batch.fields.clear();
        self.batch = batch;
        Ok(())
    }

    /// Asks for all values of a task in a line.
    fn confirm(
        &mut self,
        line: &[u8],
        at: u64,
        task: usize,
        tell: &mut impl FnMut(&Hit<'_>),
    ) -> Result<(), Fault> {
        self.scanned.asked += 1;
        let layout = &self.layout;
        let escapes = layout.escapes;
        let mut slots = Slots::new(layout.slots());
        slots.fill(layout, &mut self.walker, line);
        let mut seen: Vec<Observable> = Vec::new();
        let decoded = &mut self.plain;
        let field = match layout.tasks.get(task).copied() {
            None => return Ok(()),
            Some(Task::Value { slot, holds, list }) => {
                for raw in slots.all(slot) {
                    values(plain(raw, decoded), list, |bytes| {
                        seen.extend(observe::value(holds, bytes, escapes))
                    });
                }
                slot
            }
            Some(Task::Words { slot }) => {
                for raw in slots.all(slot) {
                    words(plain(raw, decoded), |holds, bytes| {
                        seen.extend(observe::value(holds, bytes, escapes));
                    });
                }
                slot
            }
            Some(Task::Endpoint { address, port, list }) => {
                let port = port.and_then(|port| slots.get(port)).map(|port| port.bytes);
                for raw in slots.all(address) {
                    values(plain(raw, decoded), list, |bytes| {
                        seen.extend(observe::endpoint(bytes, port, escapes))
                    });
                }
                address
            }
            Some(Task::Url(url)) => {
                if let Some(parts) = UrlBytes::of(&slots, &url, decoded) {
                    seen.extend(observe::url(&parts.parts(decoded), escapes));
                }
                let told = [url.target, url.path, url.host].into_iter().flatten();
                told.into_iter().find(|slot| slots.get(*slot).is_some()).unwrap_or(0)
            }
        };
        let text = |raw: Raw<'_>| {
            let mut into = Vec::new();
            observe::text(plain(raw, &mut into), escapes).into_owned()
        };
        let time = layout.time.and_then(|slot| layout.clock.read(slots.get(slot)?.bytes));
        let mut labels: Option<Vec<(usize, String)>> = None;
        let mut told: Vec<Found> = Vec::new();
        for seen in &seen {
            for found in self.knowledge.ask(seen)? {
                if !found.entry.held_at(time) || told.iter().any(|one| one.entry == found.entry) {
                    continue;
                }
                let labels = labels.get_or_insert_with(|| {
                    let labels = layout.labels.iter();
                    labels.filter_map(|slot| Some((*slot, text(slots.get(*slot)?)))).collect()
                });
                self.scanned.hits += 1;
                tell(&Hit { at, line, field, seen, found: &found, time, labels });
                told.push(found);
            }
        }
        Ok(())
    }
}

impl Batch {
    /// Lets a field wait for its hashes to be looked up; one that has none matches nothing.
    #[inline]
    fn wait(&mut self, misses: &mut [u64], waiting: Waiting) {
        let before = self.fields.last().map_or(0, |last| last.hashes);
        match self.hashes.len() == before {
            true => remember(misses, waiting.miss),
            false => self.fields.push(Waiting { hashes: self.hashes.len(), ..waiting }),
        }
    }
}

/// Told apart from what holds no port.
const PORT: u64 = 4 << 32;

/// What a value is told apart by from the same bytes in a field that holds something else.
#[inline]
fn salt(holds: Holds) -> u64 {
    match holds {
        Holds::Address => 1 << 32,
        Holds::Host => 2 << 32,
        Holds::Digest => 3 << 32,
        Holds::Value(kind) => u64::from(kind.byte()) + 1,
    }
}

#[inline]
fn is_miss(misses: &[u64], miss: u64) -> bool {
    misses.get(miss as usize % MISSES) == Some(&miss)
}

#[inline]
fn remember(misses: &mut [u64], miss: u64) {
    if miss != 0
        && let Some(slot) = misses.get_mut(miss as usize % MISSES)
    {
        *slot = miss;
    }
}

/// Puts the bytes of a field behind others, its escapes undone.
fn put_plain(raw: Raw<'_>, into: &mut Vec<u8>) {
    match raw.is_escaped {
        true => decode(raw.bytes, into),
        false => into.extend_from_slice(raw.bytes),
    }
}

/// The parts of a URL in a line; those whose escapes were undone, and a path with its query, lie one behind the other in a buffer.
struct UrlBytes<'l> {
    raw: [Option<Raw<'l>>; 4],
    ends: [usize; 4],
}

impl<'l> UrlBytes<'l> {
    /// `None` where there is neither host nor target.
    #[inline]
    fn of(slots: &Slots<'l>, url: &UrlSlots, into: &mut Vec<u8>) -> Option<UrlBytes<'l>> {
        let raw = [url.scheme, url.host, url.port, url.target].map(|slot| slots.get(slot?));
        let [_, host, _, target] = &raw;
        if host.is_none() && target.is_none() {
            return None;
        }
        into.clear();
        let mut ends = [0; 4];
        for (raw, end) in raw.iter().zip(&mut ends) {
            if let Some(raw) = raw.filter(|raw| raw.is_escaped) {
                decode(raw.bytes, into);
            }
            *end = into.len();
        }
        match (target, url.path) {
            (None, Some(path)) => {
                Some(UrlBytes { raw, ends }.with_path(slots.get(path), url.query, slots, into))
            }
            _ => Some(UrlBytes { raw, ends }),
        }
    }

    /// With its path, and the query behind that, for its target.
    #[inline(never)]
    fn with_path(
        mut self,
        path: Option<Raw<'l>>,
        query: Option<usize>,
        slots: &Slots<'l>,
        into: &mut Vec<u8>,
    ) -> UrlBytes<'l> {
        let Some(path) = path else { return self };
        put_plain(path, into);
        let query = query.and_then(|slot| slots.get(slot)).filter(|_| !path.bytes.contains(&b'?'));
        if let Some(query) = query {
            into.push(b'?');
            // Some write its mark with it.
            let bytes = query.bytes.strip_prefix(b"?").unwrap_or(query.bytes);
            put_plain(Raw { bytes, ..query }, into);
        }
        let ([.., target], [.., end]) = (&mut self.raw, &mut self.ends);
        (*target, *end) = (Some(Raw { is_escaped: true, ..path }), into.len());
        self
    }

    #[inline]
    fn parts<'p>(&self, decoded: &'p [u8]) -> UrlParts<'p>
    where
        'l: 'p,
    {
        let [one, two, three, four] = self.ends;
        let part = |raw: Option<Raw<'l>>, from: usize, to: usize| {
            raw.map(|raw| if raw.is_escaped { decoded.get(from..to).unwrap_or(&[]) } else { raw.bytes })
        };
        let [scheme, host, port, target] = self.raw;
        UrlParts {
            scheme: part(scheme, 0, one),
            host: part(host, one, two),
            port: part(port, two, three),
            target: part(target, three, four),
        }
    }
}
