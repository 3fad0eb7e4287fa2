//! A primary of the policy zone: answers SOA, AXFR and IXFR, and tells its secondaries when something changed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Sensor;
use crate::core::dns::{AXFR, Code, IXFR, Message, Query, SOA, name, read};
use crate::core::rpz::{Step, Zone};
use crate::core::tsig::Secret;
use crate::known::{Clock, Shared};

/// Transfers at a time.
const CONNECTIONS: usize = 16;
/// Bytes of a message of a transfer, but for its last record.
const MESSAGE_BYTES: usize = 16 << 10;
/// How often sockets are asked whether all is to end.
const STEP: Duration = Duration::from_millis(100);
/// A secondary that has not taken a change is told again after so long, and told of after this.
const AGAIN: Duration = Duration::from_secs(3);
const LATE: Duration = Duration::from_secs(30);

/// What the sockets share.
struct Serving {
    zone: Mutex<Zone>,
    origin: Vec<u8>,
    expire_s: u32,
    secret: Option<Secret>,
    /// Up to which serial each has come.
    fetched: Mutex<BTreeMap<IpAddr, u32>>,
    connections: AtomicUsize,
    spool: PathBuf,
    timeout: Duration,
    clock: Clock,
    stopping: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// How a primary is set up.
pub(super) struct Setup {
    pub(super) listen: Vec<SocketAddr>,
    pub(super) zone: String,
    pub(super) secondaries: Vec<SocketAddr>,
    pub(super) key: Option<(String, PathBuf)>,
    pub(super) folder: PathBuf,
    pub(super) timeout: Duration,
}

/// A primary.
pub(super) struct Rpz {
    setup: Setup,
    serving: Option<Arc<Serving>>,
    /// When secondaries were told of what they have not taken yet, first and last.
    told: Option<(Instant, Instant)>,
}

impl Rpz {
    pub(super) fn new(setup: Setup) -> Rpz {
        Rpz { setup, serving: None, told: None }
    }

    /// Begins to listen, where it does not: on all addresses or on none, and not before there is a zone to give.
    fn serving(&mut self, shared: &Shared) -> Result<Arc<Serving>, String> {
        if let Some(serving) = &self.serving {
            return Ok(Arc::clone(serving));
        }
        std::fs::create_dir_all(&self.setup.folder).map_err(|error| error.to_string())?;
        let secret = match &self.setup.key {
            None => None,
            Some((of_name, path)) => {
                let text = std::fs::read_to_string(path);
                let text = text.map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
                Some(Secret::new(of_name, &text).ok_or("the secret is not 16 bytes or more in Base64")?)
            }
        };
        let mut zone = Zone::default();
        let given = std::fs::read_to_string(self.setup.folder.join("serial")).unwrap_or_default();
        zone.behind(given.trim().parse().unwrap_or(0));
        let serving = Arc::new(Serving {
            zone: Mutex::new(zone),
            origin: name(&self.setup.zone).ok_or("the zone's name is none")?,
            expire_s: u32::try_from(shared.config.max_age.as_secs()).unwrap_or(u32::MAX).max(86_400),
            secret,
            fetched: Mutex::default(),
            connections: AtomicUsize::new(0),
            spool: self.setup.folder.join("transfer"),
            timeout: self.setup.timeout,
            clock: shared.clock(),
            stopping: shared.stopping(),
        });
        let bound: Vec<_> = self.setup.listen.iter().map(bound).collect::<Result<_, _>>()?;
        shared.read(|view| serving.zone().take(view, None));
        for (udp, tcp) in bound {
            let datagrams = Arc::clone(&serving);
            std::thread::spawn(move || datagrams.answer_datagrams(&udp));
            let transfers = Arc::clone(&serving);
            std::thread::spawn(move || transfers.accept(&tcp));
        }
        self.serving = Some(Arc::clone(&serving));
        Ok(serving)
    }

    fn take(&mut self, shared: &Shared, keys: Option<&BTreeSet<Box<[u8]>>>) -> Result<(), String> {
        let begins = self.serving.is_none();
        let serving = self.serving(shared)?;
        let changed = shared.read(|view| serving.zone().take(view, keys));
        if changed || begins {
            let serial = serving.zone().serial();
            // Best effort: without it a restart within the second may give a serial twice.
            let _written = std::fs::write(self.setup.folder.join("serial"), serial.to_string());
            self.told = None;
            self.tell(&serving);
        }
        Ok(())
    }

    /// Tells the secondaries that something changed. They are not waited for: whether they come is seen by what they fetch.
    fn tell(&mut self, serving: &Serving) {
        let now = Instant::now();
        self.told = Some((self.told.map_or(now, |(first, _)| first), now));
        for secondary in &self.setup.secondaries {
            let id = u16::try_from(serving.zone().serial() & 0xFFFF).unwrap_or(0);
            let mut notice = Message::notice(id, &serving.origin).end();
            if let Some(secret) = &serving.secret {
                secret.sign(&mut notice, None, false, serving.now_s());
            }
            let here: IpAddr = match secondary {
                SocketAddr::V4(_) => IpAddr::from([0, 0, 0, 0]),
                SocketAddr::V6(_) => IpAddr::from([0_u16; 8]),
            };
            // From an address that they know, where it is one of those that it listens on.
            let from =
                self.setup.listen.iter().map(SocketAddr::ip).find(|ip| ip.is_ipv4() == secondary.is_ipv4());
            let socket = UdpSocket::bind((from.unwrap_or(here), 0));
            // A lost notice is told again.
            let _sent = socket.and_then(|socket| socket.send_to(&notice, secondary));
        }
    }

    fn late(&self) -> Option<SocketAddr> {
        let serving = self.serving.as_ref()?;
        let serial = serving.zone().serial();
        let fetched = serving.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        self.setup.secondaries.iter().find(|secondary| fetched.get(&secondary.ip()) != Some(&serial)).copied()
    }
}

fn bound(address: &SocketAddr) -> Result<(UdpSocket, TcpListener), String> {
    let told = |error: std::io::Error| format!("cannot listen on `{address}`: {error}");
    let (udp, tcp) = (UdpSocket::bind(address).map_err(told)?, TcpListener::bind(address).map_err(told)?);
    udp.set_read_timeout(Some(STEP)).map_err(told)?;
    tcp.set_nonblocking(true).map_err(told)?;
    Ok((udp, tcp))
}

impl Sensor for Rpz {
    fn fill(&mut self, shared: &Shared) -> Result<(), String> {
        self.take(shared, None)
    }

    fn change(&mut self, shared: &Shared, keys: &BTreeSet<Box<[u8]>>) -> Result<(), String> {
        self.take(shared, Some(keys))
    }

    fn waits(&self) -> bool {
        self.late().is_some()
    }

    fn catch_up(&mut self, _: &Shared) -> Result<(), String> {
        let (Some(late), Some((first, last))) = (self.late(), self.told) else { return Ok(()) };
        if let (true, Some(serving)) = (last.elapsed() >= AGAIN, self.serving.clone()) {
            self.tell(&serving);
        }
        if first.elapsed() < LATE {
            return Ok(());
        }
        Err(format!("the secondary `{late}` has not taken the zone"))
    }
}

impl Serving {
    fn zone(&self) -> MutexGuard<'_, Zone> {
        self.zone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_s(&self) -> u64 {
        u64::try_from((self.clock)().0 / 1_000_000).unwrap_or(0)
    }

    /// The code over which the answer is signed, or the answer that refuses the query.
    fn permitted(&self, bytes: &[u8], query: &Query) -> Result<Option<Vec<u8>>, Vec<u8>> {
        let refused = || Message::answer(query, Code::NotAuthoritative).end();
        if query.name != self.origin {
            return Err(refused());
        }
        let Some(secret) = &self.secret else { return Ok(None) };
        let now_s = self.now_s();
        secret.verified(bytes, query, now_s).map(Some).map_err(|why| {
            let mut message = refused();
            secret.refuse(&mut message, query, why, now_s);
            message
        })
    }

    fn answer_datagrams(&self, socket: &UdpSocket) {
        let mut buffer = [0; 4096];
        while !(self.stopping)() {
            let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
            let bytes = buffer.get(..length).unwrap_or_default();
            let Some(query) = read(bytes).filter(|query| !query.is_answer) else { continue };
            // Who does not take it asks again.
            let _sent = socket.send_to(&self.datagram(bytes, &query), from);
        }
    }

    fn datagram(&self, bytes: &[u8], query: &Query) -> Vec<u8> {
        let mac = match self.permitted(bytes, query) {
            Ok(mac) => mac,
            Err(refused) => return refused,
        };
        let mut message = match (query.opcode, query.of_type) {
            // Who asks for changes is shown the serial, and comes again over TCP (RFC 1995, 2).
            (0, SOA | IXFR) => {
                let mut message = Message::answer(query, Code::Fine);
                message.soa(self.zone().serial(), self.expire_s);
                message.end()
            }
            (0, AXFR) => Message::answer(query, Code::FormatError).end(),
            (0, _) => Message::answer(query, Code::Refused).end(),
            _ => Message::answer(query, Code::NotImplemented).end(),
        };
        if let (Some(secret), Some(mac)) = (&self.secret, mac) {
            secret.sign(&mut message, Some(&mac), false, self.now_s());
        }
        message
    }

    fn accept(self: Arc<Self>, listener: &TcpListener) {
        while !(self.stopping)() {
            let Ok((stream, from)) = listener.accept() else {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            if self.connections.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS {
                self.connections.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let serving = Arc::clone(&self);
            std::thread::spawn(move || {
                if let Err(error) = serving.serve(stream, from.ip()) {
                    tracing::debug!(%error, "a transfer has ended early");
                }
                serving.connections.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }

    fn serve(&self, mut stream: TcpStream, from: IpAddr) -> std::io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_write_timeout(Some(self.timeout))?;
        loop {
            // A query has so long, not each of its bytes: the places are few, and anybody may take one.
            let until = Instant::now() + self.timeout;
            let mut length = [0; 2];
            read_until(&mut stream, &mut length, until)?;
            let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
            read_until(&mut stream, &mut bytes, until)?;
            let Some(query) = read(&bytes).filter(|query| !query.is_answer) else { return Ok(()) };
            let is_transfer = query.opcode == 0 && matches!(query.of_type, AXFR | IXFR);
            match self.permitted(&bytes, &query) {
                Ok(mac) if is_transfer => {
                    let serial = self.transfer(&mut stream, &query, mac)?;
                    self.fetched.lock().unwrap_or_else(PoisonError::into_inner).insert(from, serial);
                }
                _ => send(&mut stream, &self.datagram(&bytes, &query))?,
            }
        }
    }

    /// Gives what changed, or the whole zone. Answers the serial that who asked has then.
    fn transfer(&self, stream: &mut TcpStream, query: &Query, mac: Option<Vec<u8>>) -> std::io::Result<u32> {
        let zone = self.zone();
        let serial = zone.serial();
        let steps = query.serial.filter(|_| query.of_type == IXFR).and_then(|since| zone.since(since));
        // Written down while the zone stands still, and given while it changes: who is slow holds up nobody.
        let path = self.spool.with_extension(format!("{:?}", std::thread::current().id()));
        let file =
            std::fs::OpenOptions::new().create(true).truncate(true).read(true).write(true).open(&path)?;
        std::fs::remove_file(&path)?;
        let mut spool = Spool {
            serving: self,
            query,
            mac,
            is_later: false,
            file,
            message: Message::answer(query, Code::Fine),
        };
        spool.message.soa(serial, self.expire_s);
        match steps {
            Some(steps) if steps.is_empty() => {}
            Some(steps) => {
                spool.steps(&steps)?;
                spool.message.soa(serial, self.expire_s);
            }
            None => {
                spool.message.ns();
                for owner in zone.owners() {
                    spool.nothing(&owner)?;
                }
                spool.message.soa(serial, self.expire_s);
            }
        }
        drop(zone);
        spool.flush()?;
        let mut file = spool.file;
        file.seek(SeekFrom::Start(0))?;
        std::io::copy(&mut file, stream)?;
        stream.flush()?;
        Ok(serial)
    }
}

fn read_until(stream: &mut TcpStream, mut bytes: &mut [u8], until: Instant) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let read = stream.read(bytes)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes = bytes.get_mut(read..).unwrap_or_default();
    }
    Ok(())
}

fn send(stream: &mut TcpStream, message: &[u8]) -> std::io::Result<()> {
    stream.write_all(&u16::try_from(message.len()).unwrap_or(0).to_be_bytes())?;
    stream.write_all(message)
}

/// A transfer on its way to a file of no name.
struct Spool<'a> {
    serving: &'a Serving,
    query: &'a Query,
    mac: Option<Vec<u8>>,
    is_later: bool,
    file: std::fs::File,
    message: Message,
}

impl Spool<'_> {
    /// Differences one after the other (RFC 1995, 4).
    fn steps(&mut self, steps: &[Step]) -> std::io::Result<()> {
        for step in steps {
            for (serial, owners) in [(step.from, &step.removed), (step.to, &step.added)] {
                self.message.soa(serial, self.serving.expire_s);
                for owner in owners {
                    self.nothing(owner)?;
                }
            }
        }
        Ok(())
    }

    fn nothing(&mut self, owner: &str) -> std::io::Result<()> {
        self.message.nothing(owner);
        if self.message.len() >= MESSAGE_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let next = Message::answer(self.query, Code::Fine);
        let message = std::mem::replace(&mut self.message, next);
        if message.is_empty() {
            return Ok(());
        }
        let mut bytes = message.end();
        if let (Some(secret), Some(mac)) = (&self.serving.secret, &self.mac) {
            let now_s = self.serving.now_s();
            self.mac = Some(secret.sign(&mut bytes, Some(mac), self.is_later, now_s));
            self.is_later = true;
        }
        self.file.write_all(&u16::try_from(bytes.len()).unwrap_or(0).to_be_bytes())?;
        self.file.write_all(&bytes)
    }
}
