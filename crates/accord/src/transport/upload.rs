//! The content of a request: nothing, bytes, or what a thread reads from a file or standard input.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::mpsc;

const CHUNK_BYTES: usize = 64 << 10;
/// Chunks read ahead of what is sent: 1 MiB.
const CHUNKS: usize = 16;

/// A request's content.
pub struct Body(Source);

enum Source {
    Full(Option<Bytes>),
    Reading(mpsc::Receiver<io::Result<Bytes>>),
}

impl Body {
    /// Nothing.
    pub fn empty() -> Body {
        Body(Source::Full(None))
    }

    /// These bytes.
    pub fn full(bytes: impl Into<Bytes>) -> Body {
        Body(Source::Full(Some(bytes.into())))
    }

    /// What a thread of its own reads, as fast as it is taken.
    pub fn reading(mut input: Box<dyn Read + Send>) -> Body {
        let (sender, receiver) = mpsc::channel(CHUNKS);
        // A thread and not the runtime's pool: a read from a terminal may never end, and must not hold up our exit.
        std::thread::spawn(move || {
            let mut buffer = vec![0; CHUNK_BYTES];
            loop {
                let chunk = match input.read(&mut buffer) {
                    Ok(0) => return,
                    Ok(length) => Ok(Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default())),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let failed = chunk.is_err();
                if sender.blocking_send(chunk).is_err() || failed {
                    return;
                }
            }
        });
        Body(Source::Reading(receiver))
    }
}

/// The same content for the router in this process.
impl From<Body> for web::body::RequestBody {
    fn from(body: Body) -> web::body::RequestBody {
        match body.0 {
            Source::Full(bytes) => web::body::RequestBody::full(bytes.unwrap_or_default()),
            Source::Reading(pieces) => web::body::RequestBody::pieces(pieces),
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut self.0 {
            Source::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Source::Reading(receiver) => {
                receiver.poll_recv(context).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Source::Full(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Source::Reading(_) => SizeHint::default(),
        }
    }
}
