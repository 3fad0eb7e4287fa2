//! As much of DNS as a primary of one zone speaks: queries for SOA, AXFR and IXFR read, messages written (RFC 1035, 1995, 1996, 5936).

/// The type of a start of authority.
pub const SOA: u16 = 6;
/// The type of a transfer of changes (RFC 1995).
pub const IXFR: u16 = 251;
/// The type of a transfer of the whole zone (RFC 5936).
pub const AXFR: u16 = 252;
const NS: u16 = 2;
const CNAME: u16 = 5;
const TSIG: u16 = 250;
const IN: u16 = 1;
/// For how long what is answered is kept by those who ask, in seconds.
const TTL_S: u32 = 60;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Its number.
    pub id: u16,
    /// Its operation: 0 is a query, 4 a notice.
    pub opcode: u8,
    /// Whether it is an answer.
    pub is_answer: bool,
    /// The name, in lower case and as it is on the wire.
    pub name: Vec<u8>,
    /// The type.
    pub of_type: u16,
    /// The serial that who asks has, where he asks for changes.
    pub serial: Option<u32>,
    /// Its signature, and where that begins.
    pub signature: Option<(Signature, usize)>,
}

/// A signature (RFC 8945, 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key's name on the wire, in lower case.
    pub key: Vec<u8>,
    /// The algorithm's name on the wire, in lower case.
    pub algorithm: Vec<u8>,
    /// When it was signed, in seconds since 1970.
    pub time_s: u64,
    /// By how much that may differ.
    pub fudge_s: u16,
    /// The code of the message.
    pub mac: Vec<u8>,
    /// The number that the message had when it was signed.
    pub original_id: u16,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn u8(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.u8()?, self.u8()?]))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from(self.u16()?) << 16 | u32::from(self.u16()?))
    }

    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        let bytes = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(bytes.to_vec())
    }

    /// A name on the wire in lower case, followed through what points back.
    fn name(&mut self) -> Option<Vec<u8>> {
        let (mut name, mut at, mut behind) = (Vec::new(), self.at, None);
        loop {
            let length = *self.bytes.get(at)?;
            if length & 0xC0 == 0xC0 {
                let low = *self.bytes.get(at + 1)?;
                behind.get_or_insert(at + 2);
                let to = usize::from(length & 0x3F) << 8 | usize::from(low);
                // Only backwards, so that it ends.
                if to >= at {
                    return None;
                }
                at = to;
                continue;
            }
            if length > 63 || name.len() + usize::from(length) + 1 > 255 {
                return None;
            }
            let end = at + 1 + usize::from(length);
            name.extend(self.bytes.get(at..end)?.iter().map(u8::to_ascii_lowercase));
            at = end;
            if length == 0 {
                self.at = behind.unwrap_or(at);
                return Some(name);
            }
        }
    }
}

/// Reads a message with one question. `None` for what is none.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Query> {
    let mut reader = Reader { bytes, at: 0 };
    let (id, flags) = (reader.u16()?, reader.u16()?);
    let counts = [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?];
    let [1, answers, authorities, additions] = counts else { return None };
    let (name, of_type, _class) = (reader.name()?, reader.u16()?, reader.u16()?);
    let mut query = Query {
        id,
        opcode: u8::try_from(flags >> 11 & 15).ok()?,
        is_answer: flags & 0x8000 != 0,
        name,
        of_type,
        serial: None,
        signature: None,
    };
    for _ in 0..u32::from(answers) + u32::from(authorities) + u32::from(additions) {
        // It is the last record (RFC 8945, 5.1).
        if query.signature.is_some() {
            return None;
        }
        let begin = reader.at;
        let (owner, record_type) = (reader.name()?, reader.u16()?);
        let (_class, _ttl, length) = (reader.u16()?, reader.u32()?, reader.u16()?);
        let end = reader.at + usize::from(length);
        match record_type {
            SOA if of_type == IXFR => {
                let (_primary, _mailbox) = (reader.name()?, reader.name()?);
                query.serial = Some(reader.u32()?);
            }
            TSIG => {
                let algorithm = reader.name()?;
                let time_s = u64::from(reader.u16()?) << 32 | u64::from(reader.u32()?);
                let (fudge_s, mac_length) = (reader.u16()?, reader.u16()?);
                let mac = reader.take(usize::from(mac_length))?;
                let original_id = reader.u16()?;
                let signature = Signature { key: owner, algorithm, time_s, fudge_s, mac, original_id };
                query.signature = Some((signature, begin));
            }
            _ => {}
        }
        reader.at = end;
    }
    (reader.at <= bytes.len()).then_some(query)
}

/// A name as it is on the wire. `None` for what is none.
#[must_use]
pub fn name(text: &str) -> Option<Vec<u8>> {
    let mut wire = Vec::with_capacity(text.len() + 2);
    for label in text.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        wire.push(length);
        wire.extend(label.bytes().map(|byte| byte.to_ascii_lowercase()));
    }
    wire.push(0);
    (wire.len() <= 255).then_some(wire)
}

/// What an answer says of how it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Well.
    Fine = 0,
    /// It was not understood.
    FormatError = 1,
    /// It is not done here.
    NotImplemented = 4,
    /// It is not done for who asks.
    Refused = 5,
    /// It is not of this zone, or not signed as it should be.
    NotAuthoritative = 9,
}

/// Writes a message about one zone. Owners point at the zone's name in the question.
#[derive(Debug)]
pub struct Message {
    bytes: Vec<u8>,
    answers: u16,
}

/// Where the question's name begins.
const ZONE: [u8; 2] = [0xC0, 12];

impl Message {
    /// An answer to a query.
    #[must_use]
    pub fn answer(query: &Query, code: Code) -> Message {
        let flags = 0x8400 | u16::from(query.opcode) << 11 | code as u16;
        Message::begin(query.id, flags, &query.name, query.of_type)
    }

    /// A notice that the zone has changed (RFC 1996).
    #[must_use]
    pub fn notice(id: u16, zone: &[u8]) -> Message {
        Message::begin(id, 4 << 11 | 0x0400, zone, SOA)
    }

    fn begin(id: u16, flags: u16, name: &[u8], of_type: u16) -> Message {
        let mut bytes = Vec::with_capacity(512);
        for part in [id, flags, 1, 0, 0, 0] {
            bytes.extend_from_slice(&part.to_be_bytes());
        }
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(&of_type.to_be_bytes());
        bytes.extend_from_slice(&IN.to_be_bytes());
        Message { bytes, answers: 0 }
    }

    fn record(&mut self, owner: &[u8], of_type: u16, data: &[u8]) {
        self.bytes.extend_from_slice(owner);
        self.bytes.extend_from_slice(&of_type.to_be_bytes());
        self.bytes.extend_from_slice(&IN.to_be_bytes());
        self.bytes.extend_from_slice(&TTL_S.to_be_bytes());
        self.bytes.extend_from_slice(&u16::try_from(data.len()).unwrap_or(0).to_be_bytes());
        self.bytes.extend_from_slice(data);
        self.answers = self.answers.saturating_add(1);
    }

    /// The zone's start of authority.
    pub fn soa(&mut self, serial: u32, expire_s: u32) {
        let mut data = b"\x09localhost\x00\x04root\x09localhost\x00".to_vec();
        for number in [serial, TTL_S, TTL_S, expire_s.max(TTL_S), TTL_S] {
            data.extend_from_slice(&number.to_be_bytes());
        }
        self.record(&ZONE, SOA, &data);
    }

    /// The zone's name server, which nobody asks.
    pub fn ns(&mut self) {
        self.record(&ZONE, NS, b"\x09localhost\x00");
    }

    /// That there is no such name (draft-vixie-dnsop-dns-rpz-00, 3.1): `CNAME .`. What is no name is left out.
    pub fn nothing(&mut self, owner: &str) {
        let Some(mut wire) = name(owner) else { return };
        wire.pop();
        wire.extend_from_slice(&ZONE);
        self.record(&wire, CNAME, &[0]);
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it has no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.answers == 0
    }

    /// The message.
    #[must_use]
    pub fn end(mut self) -> Vec<u8> {
        if let Some(count) = self.bytes.get_mut(6..8) {
            count.copy_from_slice(&self.answers.to_be_bytes());
        }
        self.bytes
    }
}
