//! Content on its way in and out.

use std::io::{self, Read, Write};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::mpsc;

use crate::Failure;
use crate::coding::{self, Coding};
use crate::finish::Line;
use crate::router::said;

/// How much of refused content is read and thrown away, so that the client gets to read the refusal.
const LINGER_BYTES: usize = 64 << 20;
const LINGER_TIME: Duration = Duration::from_secs(5);
/// Content slower than this on the whole is cut off: one connection is not held for a trickle.
const MIN_BYTES_PER_S: u64 = 256;
/// Pieces of a streamed answer, and how many of them may wait.
const PIECE_BYTES: usize = 64 << 10;
const PIECES_WAITING: usize = 4;

/// A request's content, not read yet.
#[derive(Debug)]
pub struct RequestBody {
    source: Source,
    idle_timeout: Duration,
    began: Instant,
    seen: u64,
    is_held_back: bool,
}

#[derive(Debug)]
enum Source {
    Full(Option<Bytes>),
    Pieces(mpsc::Receiver<io::Result<Bytes>>),
    Wire(Incoming),
}

impl RequestBody {
    /// Content that is here already.
    #[must_use]
    pub fn full(bytes: impl Into<Bytes>) -> RequestBody {
        RequestBody::new(Source::Full(Some(bytes.into())), Duration::MAX)
    }

    /// Content that a thread of this process reads, such as standard input; it takes as long as it takes.
    #[must_use]
    pub fn pieces(pieces: mpsc::Receiver<io::Result<Bytes>>) -> RequestBody {
        RequestBody::new(Source::Pieces(pieces), Duration::MAX)
    }

    /// Content that comes over a connection; silence longer than `idle_timeout` ends it.
    #[must_use]
    pub fn wire(incoming: Incoming, idle_timeout: Duration) -> RequestBody {
        RequestBody::new(Source::Wire(incoming), idle_timeout)
    }

    /// The same, of a client that sends nothing before it is told to go on (`Expect: 100-continue`), which it is when
    /// the first piece is asked for.
    #[must_use]
    pub(crate) fn held_back(mut self, is_held_back: bool) -> RequestBody {
        self.is_held_back = is_held_back;
        self
    }

    fn new(source: Source, idle_timeout: Duration) -> RequestBody {
        RequestBody { source, idle_timeout, began: Instant::now(), seen: 0, is_held_back: false }
    }

    /// The length, where it was declared.
    #[must_use]
    pub fn declared_length(&self) -> Option<u64> {
        match &self.source {
            Source::Full(bytes) => Some(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Source::Pieces(_) => None,
            Source::Wire(incoming) => incoming.size_hint().exact(),
        }
    }

    /// The next piece, or `None` at the end.
    ///
    /// # Errors
    /// 408 for silence, 400 for content that breaks off.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        self.is_held_back = false;
        let incoming = match &mut self.source {
            Source::Full(bytes) => return Ok(bytes.take()),
            Source::Pieces(pieces) => {
                let broken = |error| Failure::invalid(format!("the content broke off: {error}"));
                return pieces.recv().await.transpose().map_err(broken);
            }
            Source::Wire(incoming) => incoming,
        };
        let too_slow = |detail| Err(Failure::new(StatusCode::REQUEST_TIMEOUT, "too-slow", detail));
        loop {
            match tokio::time::timeout(self.idle_timeout, incoming.frame()).await {
                Err(_) => return too_slow(format!("no content came for {:?}", self.idle_timeout)),
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => {
                    return Err(Failure::invalid(format!("the content broke off: {error}")));
                }
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(bytes) if !bytes.is_empty() => {
                        self.seen += bytes.len() as u64;
                        let took = self.began.elapsed();
                        if took > self.idle_timeout && self.seen < took.as_secs() * MIN_BYTES_PER_S {
                            return too_slow("the content comes too slowly".to_owned());
                        }
                        return Ok(Some(bytes));
                    }
                    _ => {} // trailers say nothing to us
                },
            }
        }
    }

    /// All of it, at most `limit` bytes.
    ///
    /// # Errors
    /// 413 above the limit, and those of [`RequestBody::piece`].
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, Failure> {
        if self.declared_length().is_some_and(|length| length > limit as u64) {
            self.discard().await;
            return Err(too_large(limit));
        }
        let Some(first) = self.piece().await? else { return Ok(Bytes::new()) };
        let mut all = BytesMut::from(first);
        while all.len() <= limit {
            match self.piece().await? {
                Some(piece) => all.extend_from_slice(&piece),
                None => return Ok(all.freeze()),
            }
        }
        self.discard().await;
        Err(too_large(limit))
    }

    /// Reads on for a while and throws away, so that a client that writes first and reads then sees our answer and
    /// not a broken connection.
    pub async fn discard(&mut self) {
        if self.is_held_back {
            return;
        }
        let _gave_up = tokio::time::timeout(LINGER_TIME, async {
            let mut seen = 0;
            while let Ok(Some(piece)) = self.piece().await {
                seen += piece.len();
                if seen > LINGER_BYTES {
                    break;
                }
            }
        })
        .await;
    }

    /// It, for a thread that may block. Reading fails after `limit` bytes.
    #[must_use]
    pub fn into_reader(self, limit: u64) -> BodyReader {
        BodyReader {
            body: self,
            rest: Bytes::new(),
            left: limit,
            limit,
            runtime: tokio::runtime::Handle::current(),
        }
    }
}

fn too_large(limit: usize) -> Failure {
    let detail = format!("the content is longer than {limit} bytes");
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
}

/// Content as [`Read`], for use inside [`crate::blocking::long`] only.
#[derive(Debug)]
pub struct BodyReader {
    body: RequestBody,
    rest: Bytes,
    left: u64,
    limit: u64,
    runtime: tokio::runtime::Handle,
}

impl BodyReader {
    /// As [`RequestBody::discard`].
    pub fn discard(&mut self) {
        self.runtime.block_on(self.body.discard());
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            let next = self.runtime.block_on(self.body.piece());
            self.rest = next.map_err(|failure| io::Error::other(failure.detail))?.unwrap_or_default();
            let length = self.rest.len() as u64;
            if length > self.left {
                return Err(io::Error::other(too_large(self.limit as usize).detail));
            }
            self.left -= length;
        }
        let count = self.rest.len().min(buffer.len());
        self.rest.split_to(count).copy_to_slice(buffer.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}

/// An answer's content.
#[derive(Debug)]
pub enum AnswerBody {
    /// All of it.
    Full(Bytes),
    /// Piece by piece; a broken-off answer ends in an error, so that the client sees that it did.
    Pieces(Pieces),
}

/// Content that comes piece by piece.
#[derive(Debug)]
pub struct Pieces {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    #[expect(
        dead_code,
        reason = "it is written when it is dropped: the last piece was taken, or nobody takes any more"
    )]
    line: Option<Line>,
}

impl Pieces {
    /// The same; the line of the log is written when they have ended.
    pub(crate) fn followed_by(self, line: Line) -> Pieces {
        Pieces { line: Some(line), ..self }
    }
}

impl AnswerBody {
    /// What comes from whoever has the other end.
    pub(crate) fn pieces(pieces: mpsc::Receiver<io::Result<Bytes>>) -> AnswerBody {
        AnswerBody::Pieces(Pieces { pieces, line: None })
    }

    /// All of it, for callers in this process.
    ///
    /// # Errors
    /// Why it was broken off.
    pub async fn collect(self) -> io::Result<Bytes> {
        match self {
            AnswerBody::Full(bytes) => Ok(bytes),
            AnswerBody::Pieces(mut pieces) => {
                let mut all = BytesMut::new();
                while let Some(piece) = pieces.pieces.recv().await {
                    all.extend_from_slice(&piece?);
                }
                Ok(all.freeze())
            }
        }
    }
}

/// Streamed content in a coding. Every piece can be read when it has come, whatever follows.
pub(crate) fn encoded(mut pieces: Pieces, coding: Coding) -> AnswerBody {
    written(move |to| {
        coding::write_encoded(coding, to, |to| {
            while let Some(piece) = pieces.pieces.blocking_recv() {
                to.write_all(&piece?)?;
                to.flush()?;
            }
            Ok(())
        })
    })
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut *self {
            AnswerBody::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            AnswerBody::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            AnswerBody::Pieces(pieces) => {
                pieces.pieces.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, AnswerBody::Full(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            AnswerBody::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            AnswerBody::Pieces(_) => SizeHint::default(),
        }
    }
}

/// A body that `write` fills, from now on, on a thread that may block.
pub(crate) fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static) -> AnswerBody {
    let (sender, receiver) = mpsc::channel(PIECES_WAITING);
    let _detached = tokio::task::spawn_blocking(move || {
        let mut writer = PieceWriter { sender, piece: BytesMut::with_capacity(PIECE_BYTES) };
        // A panic must not look like the end.
        let write = AssertUnwindSafe(|| write(&mut writer).and_then(|()| writer.flush()));
        let written = std::panic::catch_unwind(write)
            .unwrap_or_else(|panic| Err(io::Error::other(format!("it panicked: {}", said(&*panic)))));
        match written {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                tracing::debug!("a client went before its answer ended");
            }
            Err(error) => {
                tracing::warn!(%error, "an answer was broken off");
                writer.break_off(error);
            }
        }
    });
    AnswerBody::Pieces(Pieces { pieces: receiver, line: None })
}

/// Fills a streamed answer; waits while the client is slower.
#[derive(Debug)]
struct PieceWriter {
    sender: mpsc::Sender<io::Result<Bytes>>,
    piece: BytesMut,
}

impl PieceWriter {
    /// Ends the answer in an error.
    fn break_off(self, error: io::Error) {
        let _gone = self.sender.blocking_send(Err(error));
    }
}

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, BytesMut::with_capacity(PIECE_BYTES));
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone");
        self.sender.blocking_send(Ok(piece.freeze())).map_err(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails() -> io::Result<()> {
        panic!("there is something")
    }

    #[tokio::test]
    async fn an_answer_whose_writer_panics_is_broken_off() {
        let body = written(|to| {
            to.write_all(b"begun")?;
            to.flush()?;
            fails()
        });
        assert!(body.collect().await.unwrap_err().to_string().contains("there is something"));
    }
}
