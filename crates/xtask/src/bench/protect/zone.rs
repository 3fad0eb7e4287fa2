//! A secondary of the policy zone: told by NOTIFY, it fetches what changed by IXFR (RFC 1995), and notes names as they come and go.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{PATIENCE, Seen};
use crate::Outcome;

/// The zone.
pub const ZONE: &str = "rpz.accord";
const SOA: u16 = 6;
const CNAME: u16 = 5;
const IXFR: u16 = 251;

/// A secondary, until it is dropped.
pub struct Secondary {
    /// Where it is told.
    pub address: SocketAddr,
    /// Where the primary is to listen.
    pub primary: SocketAddr,
    socket: Option<UdpSocket>,
    ending: Arc<AtomicBool>,
}

impl Secondary {
    /// One that does not ask yet.
    pub fn new() -> Outcome<Secondary> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_millis(500)))?;
        // Free now, and nobody else's before the primary has it.
        let primary = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let address = socket.local_addr()?;
        Ok(Secondary { address, primary, socket: Some(socket), ending: Arc::default() })
    }

    /// Fetches the whole zone, and from then on what changes. Answers how many names it has.
    pub fn follow(&mut self, seen: &Arc<Seen>) -> Outcome<usize> {
        let (mut names, began) = (0, Instant::now());
        let mut serial = loop {
            // Before it has made the zone, the primary does not listen.
            let whole = transfer(self.primary, 0).and_then(|whole| read(&whole, &mut |_, _| names += 1));
            match whole {
                Err(error) if began.elapsed() > PATIENCE => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
                Ok(serial) => break serial,
            }
        };
        let socket = self.socket.take().ok_or("it follows already")?;
        let (seen, ending, primary) = (Arc::clone(seen), Arc::clone(&self.ending), self.primary);
        std::thread::spawn(move || {
            let mut notice = [0; 512];
            while !ending.load(Ordering::Relaxed) {
                // Lost notices are made up for by asking now and then.
                let _told = socket.recv_from(&mut notice);
                let Ok(changes) = transfer(primary, serial) else { continue };
                let now = Instant::now();
                let end = format!(".{ZONE}");
                let taken = read(&changes, &mut |name, is_there| {
                    seen.note(name.strip_suffix(&end).unwrap_or(name), is_there, now);
                });
                serial = taken.unwrap_or(serial);
            }
        });
        Ok(names)
    }
}

impl Drop for Secondary {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
    }
}

fn wire(name: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in name.split('.') {
        wire.push(label.len() as u8);
        wire.extend_from_slice(label.as_bytes());
    }
    wire.push(0);
    wire
}

/// Asks for what changed since a serial, and reads all messages of the answer, each behind its length.
fn transfer(primary: SocketAddr, serial: u32) -> Outcome<Vec<u8>> {
    let mut query = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0];
    query.extend(wire(ZONE));
    query.extend(IXFR.to_be_bytes());
    query.extend([0, 1, 0xC0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0]);
    query.extend(serial.to_be_bytes());
    query.extend([0; 16]);
    let mut stream = TcpStream::connect(primary)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(&[&(query.len() as u16).to_be_bytes(), query.as_slice()].concat())?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    Ok(all)
}

/// Tells each name that comes or goes. Answers the serial from then on.
fn read(messages: &[u8], each: &mut dyn FnMut(&str, bool)) -> Outcome<u32> {
    let (mut at, mut nth, mut serial, mut is_there) = (0, 0, None, true);
    while let Some(length) = number(messages, at) {
        let message = messages.get(at + 2..at + 2 + usize::from(length)).ok_or("a message is cut")?;
        at += 2 + usize::from(length);
        let count = number(message, 6).ok_or("no header")?;
        let mut place = name(message, 12).ok_or("no question")?.1 + 4;
        for _ in 0..count {
            let (owner, behind) = name(message, place).ok_or("no owner")?;
            let (of_type, length) =
                number(message, behind).zip(number(message, behind + 8)).ok_or("no record")?;
            place = behind + 10 + usize::from(length);
            match of_type {
                SOA if serial.is_none() => {
                    let last: [u8; 4] = message.get(place - 20..place - 16).ok_or("no serial")?.try_into()?;
                    serial = Some(u32::from_be_bytes(last));
                }
                // The second of all records begins what went, where only changes are told; each further one turns to the other.
                SOA => is_there = nth != 1 && !is_there,
                CNAME => each(&owner, is_there),
                _ => {}
            }
            nth += 1;
        }
    }
    serial.ok_or_else(|| "no start of authority".into())
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

/// A name, and where what is behind it begins.
fn name(bytes: &[u8], mut at: usize) -> Option<(String, usize)> {
    let (mut text, mut end) = (String::new(), None);
    loop {
        let length = usize::from(*bytes.get(at)?);
        if length >= 0xC0 {
            end.get_or_insert(at + 2);
            at = usize::from(number(bytes, at)? & 0x3FFF);
        } else if length == 0 {
            return Some((text, end.unwrap_or(at + 1)));
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(std::str::from_utf8(bytes.get(at + 1..=at + length)?).ok()?);
            at += length + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(records: &[(&str, u16, u32)]) -> Vec<u8> {
        let mut bytes = vec![0x12, 0x34, 0x84, 0, 0, 1, 0, records.len() as u8, 0, 0, 0, 0];
        bytes.extend(wire(ZONE));
        bytes.extend([0, 251, 0, 1]);
        for (owner, of_type, serial) in records {
            let mut owner = wire(owner);
            owner.pop();
            bytes.extend(if owner == [0] { vec![0xC0, 12] } else { [owner, vec![0xC0, 12]].concat() });
            bytes.extend(of_type.to_be_bytes());
            bytes.extend([0, 1, 0, 0, 0, 60]);
            let data = if *of_type == SOA {
                [vec![0, 0], serial.to_be_bytes().to_vec(), vec![0; 16]].concat()
            } else {
                vec![0]
            };
            bytes.extend((data.len() as u16).to_be_bytes());
            bytes.extend(data);
        }
        [(bytes.len() as u16).to_be_bytes().to_vec(), bytes].concat()
    }

    #[test]
    fn whole_zones_and_changes_over_several_messages_are_read() {
        let of = |messages: &[u8]| {
            let mut told = Vec::new();
            let serial = read(messages, &mut |name, is_there| {
                told.push((name.trim_end_matches(&format!(".{ZONE}")).to_owned(), is_there));
            });
            (serial.unwrap(), told)
        };
        let there = |name: &str, is_there| (name.to_owned(), is_there);
        let whole = message(&[("", SOA, 7), ("", 2, 0), ("a.b", CNAME, 0), ("", SOA, 7)]);
        assert_eq!(of(&whole), (7, vec![there("a.b", true)]));
        let one = message(&[("", SOA, 9), ("", SOA, 7), ("a.b", CNAME, 0), ("", SOA, 8), ("c.d", CNAME, 0)]);
        let two = message(&[("", SOA, 8), ("c.d", CNAME, 0), ("", SOA, 9), ("e.f", CNAME, 0), ("", SOA, 9)]);
        assert_eq!(
            of(&[one, two].concat()),
            (9, vec![there("a.b", false), there("c.d", true), there("c.d", false), there("e.f", true)])
        );
        assert_eq!(of(&message(&[("", SOA, 9)])), (9, vec![]));
        assert!(read(&[], &mut |_, _| {}).is_err());
    }
}
