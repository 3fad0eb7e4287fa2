//! A connection's stream, watched: it must begin soon, and what we send must be taken.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::telling::{Abort, Account};

/// So much must have come before the first deadline: the preface by which HTTP/2 is told from HTTP/1.1. hyper's own
/// time limit begins only when it knows which of the two it is.
const BEGIN_BYTES: usize = 24;

/// A client that has let us wait must take more than this on the whole until it has caught up, in bytes a second.
const MIN_BYTES_PER_S: u64 = 1024;

/// A stream that fails when nothing moves, or hardly anything, and that takes back what has not left when it is broken off.
#[derive(Debug)]
pub(crate) struct Watched<S: Abort> {
    stream: S,
    account: Arc<Account>,
    read: usize,
    begin: Pin<Box<Sleep>>,
    idle: Duration,
    stuck: Option<Pin<Box<Sleep>>>,
    behind: Option<Behind>,
}

/// How a client does that has not taken all that was sent.
#[derive(Debug, Clone, Copy)]
struct Behind {
    since: Instant,
    taken: u64,
}

impl Behind {
    fn is_too_slow(&self, idle: Duration) -> bool {
        let took = self.since.elapsed();
        took > idle && self.taken < took.as_secs().saturating_mul(MIN_BYTES_PER_S)
    }
}

impl<S: Abort> Watched<S> {
    pub(crate) fn new(stream: S, account: Arc<Account>, begin: Duration, idle: Duration) -> Watched<S> {
        let begin = Box::pin(tokio::time::sleep(begin));
        Watched { stream, account, read: 0, begin, idle, stuck: None, behind: None }
    }

    // Fails when writing has been waiting for the other end for too long, at once or on the whole.
    fn watch<T>(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let slow = || io::Error::new(io::ErrorKind::TimedOut, "the client does not take what is sent");
        if outcome.is_ready() {
            self.stuck = None;
            let too_slow = self.behind.is_some_and(|behind| behind.is_too_slow(self.idle));
            return if too_slow { Poll::Ready(Err(slow())) } else { outcome };
        }
        self.behind.get_or_insert_with(|| Behind { since: Instant::now(), taken: 0 });
        let idle = self.idle;
        let stuck =
            self.stuck.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + idle)));
        ready!(stuck.as_mut().poll(context));
        Poll::Ready(Err(slow()))
    }

    fn took(&mut self, outcome: &Poll<io::Result<usize>>) {
        if let (Some(behind), Poll::Ready(Ok(count))) = (&mut self.behind, outcome) {
            behind.taken = behind.taken.saturating_add(*count as u64);
        }
    }
}

impl<S: Abort> Drop for Watched<S> {
    fn drop(&mut self) {
        if self.account.is_cut() {
            self.stream.abort();
        }
    }
}

impl<S: AsyncRead + Unpin + Abort> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.read = self.read.saturating_add(buffer.filled().len() - before);
        if outcome.is_pending() && self.read < BEGIN_BYTES {
            ready!(self.begin.as_mut().poll(context));
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "no request came")));
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin + Abort> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.took(&outcome);
        self.watch(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.took(&outcome);
        self.watch(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        // Whoever flushes has written all that he had: the client has caught up.
        if outcome.is_ready() {
            self.behind = None;
        }
        self.watch(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(context);
        self.watch(context, outcome)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    impl Abort for tokio::io::DuplexStream {
        fn abort(&self) {}
    }

    // The other end takes so many bytes ten times a second. Whether we get all of this off to it, with so much patience.
    async fn sent_to(taken: usize, patience: Duration, bytes: &[u8]) -> io::Result<()> {
        let (near, mut far) = tokio::io::duplex(8);
        let mut near = Watched::new(near, Arc::default(), Duration::from_secs(60), patience);
        let reading = tokio::spawn(async move {
            let mut some = vec![0; taken];
            while far.read_exact(&mut some).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        let sent = near.write_all(bytes).await;
        reading.abort();
        sent
    }

    #[tokio::test]
    async fn a_client_that_takes_a_trickle_is_cut_off_and_a_slow_one_is_not() {
        let error = sent_to(8, Duration::from_millis(500), &[0; 10_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        // It takes longer than the patience, and less patience would not outlast a busy machine.
        sent_to(500, Duration::from_secs(2), &[0; 20_000]).await.unwrap();
    }
}
