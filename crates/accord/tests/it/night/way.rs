//! The way of an edge to a node over HTTP on this machine, which can be cut.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use edge::upstream::{Answer, Ask, Piece, Upstream, Ways};

/// A way to a node.
pub struct Way {
    /// `127.0.0.1:port`.
    pub address: String,
    pub token: String,
    /// Nothing gets through.
    pub cut: Arc<AtomicBool>,
}

impl Ways for Way {
    fn node(&self) -> &dyn Upstream {
        self
    }

    fn elastic(&self, _: &str, _: Option<&Path>, _: Option<&Path>) -> Result<Box<dyn Upstream>, String> {
        Err("there is none".to_owned())
    }
}

impl Upstream for Way {
    fn ask(&self, ask: Ask, wait: Duration) -> Result<Box<dyn Answer>, String> {
        if self.cut.load(Ordering::SeqCst) {
            return Err("no route to host".to_owned());
        }
        let mut stream = TcpStream::connect(&self.address).map_err(in_words)?;
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\nconnection: close\r\n",
            ask.method, ask.path, self.address, self.token
        );
        let (media, content) = ask.content.unwrap_or_default();
        if !content.is_empty() {
            head += &format!("content-type: {media}\r\ncontent-length: {}\r\n", content.len());
        }
        stream.write_all(&[head.as_bytes(), b"\r\n", &content].concat()).map_err(in_words)?;
        let framing = Framing::Length(0);
        let mut reply = Reply { stream, cut: Arc::clone(&self.cut), code: 0, framing, bytes: Vec::new() };
        reply.head(Instant::now() + wait)?;
        Ok(Box::new(reply))
    }
}

fn in_words(error: std::io::Error) -> String {
    error.to_string()
}

/// How the end of a content is told.
enum Framing {
    /// So much is still to come.
    Length(usize),
    Chunks,
}

struct Reply {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
    code: u16,
    framing: Framing,
    /// What came and was not handed on.
    bytes: Vec<u8>,
}

impl Reply {
    fn head(&mut self, until: Instant) -> Result<(), String> {
        let end = loop {
            if let Some(at) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            if !self.more(until)? {
                return Err("no answer".to_owned());
            }
        };
        let head = String::from_utf8(self.bytes.drain(..end + 4).collect()).map_err(|_| "no head")?;
        self.code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or("no status")?;
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        self.framing = match length {
            Some(length) => Framing::Length(length.trim().parse().map_err(|_| "no length")?),
            None => Framing::Chunks,
        };
        Ok(())
    }

    /// Waits for more; `false` where nothing came in time.
    fn more(&mut self, until: Instant) -> Result<bool, String> {
        let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(left)).map_err(in_words)?;
        let mut piece = [0; 16 << 10];
        match self.stream.read(&mut piece) {
            Ok(0) => Err("it broke off".to_owned()),
            Ok(read) => {
                self.bytes.extend_from_slice(&piece[..read]);
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
            Err(error) => Err(in_words(error)),
        }
    }

    /// A piece of what came, if one is there.
    fn next(&mut self) -> Option<Piece> {
        match &mut self.framing {
            Framing::Length(0) => Some(Piece::End),
            Framing::Length(_) if self.bytes.is_empty() => None,
            Framing::Length(left) => {
                let bytes = std::mem::take(&mut self.bytes);
                *left -= bytes.len();
                Some(Piece::Bytes(bytes))
            }
            Framing::Chunks => {
                let line = self.bytes.windows(2).position(|two| two == b"\r\n")?;
                let length = std::str::from_utf8(&self.bytes[..line]).unwrap();
                let (begin, length) = (line + 2, usize::from_str_radix(length.trim(), 16).unwrap());
                if self.bytes.len() < begin + length + 2 {
                    return None;
                }
                let chunk = self.bytes[begin..begin + length].to_vec();
                self.bytes.drain(..begin + length + 2);
                Some(if length == 0 { Piece::End } else { Piece::Bytes(chunk) })
            }
        }
    }
}

impl Answer for Reply {
    fn code(&self) -> u16 {
        self.code
    }

    fn piece(&mut self, wait: Duration) -> Result<Piece, String> {
        let until = Instant::now() + wait;
        loop {
            if self.cut.load(Ordering::SeqCst) {
                return Err("connection reset".to_owned());
            }
            match self.next() {
                Some(piece) => return Ok(piece),
                None if !self.more(until)? => return Ok(Piece::Nothing),
                None => {}
            }
        }
    }
}
