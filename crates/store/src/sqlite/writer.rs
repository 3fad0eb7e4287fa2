//! The one thread that writes, and group commit.
//!
//! Callers put work into a queue and block. The thread takes what waits, runs each in a savepoint of one transaction,
//! commits once, and only then answers. What a crash leaves, step by step:
//! - before or inside a savepoint: nothing of the transaction; nobody was answered.
//! - after a savepoint, before the commit: the same.
//! - inside the commit: the log's last frame decides: all of the transaction or nothing. Nobody was answered, so both
//!   are right; a caller that tries again meets its own statements as duplicates.
//! - after the commit, before the answers: everything stands; callers that try again meet duplicates.
//! - inside a checkpoint: the log is kept until the database file is synced, and is read again.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use model::Timestamp;

use super::pool::Pool;
use super::sequencer::Sequencer;
use crate::{Error, Kind};

/// So long without work, and the log is checkpointed and the caches are let go.
const IDLE: Duration = Duration::from_secs(2);

/// Something to do in the writer's transaction.
trait Work: Send {
    /// It needs a transaction of its own.
    fn is_alone(&self) -> bool;
    fn size(&self) -> (u64, Option<Timestamp>);
    fn run(&mut self, sequencer: &mut Sequencer) -> Result<(), Error>;
    fn answer(self: Box<Self>, commit: Result<(), Error>);
}

struct Task<T, F> {
    run: Option<F>,
    result: Option<Result<T, Error>>,
    statements: u64,
    now: Option<Timestamp>,
    reply: SyncSender<Result<T, Error>>,
    alone: bool,
}

impl<T: Send, F: FnOnce(&mut Sequencer) -> Result<T, Error> + Send> Work for Task<T, F> {
    fn size(&self) -> (u64, Option<Timestamp>) {
        (self.statements, self.now)
    }

    fn is_alone(&self) -> bool {
        self.alone
    }

    fn run(&mut self, sequencer: &mut Sequencer) -> Result<(), Error> {
        let Some(run) = self.run.take() else { return Ok(()) };
        let result = run(sequencer);
        let done = result.as_ref().map(|_| ()).map_err(Error::clone);
        self.result = Some(result);
        done
    }

    fn answer(self: Box<Self>, commit: Result<(), Error>) {
        let result = match (self.result, commit) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Ok(_)) | None, Err(error)) => Err(error),
            (Some(Err(error)), _) => Err(error),
            (None, Ok(())) => Err(Error::new(Kind::Engine, "the writer did not come to it")),
        };
        // A caller that went away needs no answer.
        let _gone = self.reply.send(result);
    }
}

/// The handle of the writing thread; the thread ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<Sender<Box<dyn Work>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(sequencer: Sequencer, pool: Arc<Pool>, group: usize) -> Result<Writer, Error> {
        let (queue, works) = channel();
        let vitals = Arc::clone(&sequencer.vitals);
        let work = move || {
            // What was in its transaction is gone with its connection, and nobody was answered: nothing half done stands.
            let ended = catch_unwind(AssertUnwindSafe(|| serve(sequencer, &works, &pool, group.max(1))));
            if let Err(panic) = ended {
                let message = format!("the writer panicked and has stopped: {}", said(&*panic));
                vitals.stopped(Error::new(Kind::Engine, message));
            }
        };
        let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(work)?;
        Ok(Writer { queue: Some(queue), thread: Some(thread) })
    }

    /// Runs `run` in the writer's next transaction and waits until it is durable. At most `statements` positions are
    /// taken by it, at the time `now`.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        statements: u64,
        now: Option<Timestamp>,
        run: impl FnOnce(&mut Sequencer) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.wait_for(statements, now, false, run)
    }

    /// The same, in a transaction of its own, after everything that was asked for before is durable.
    pub(crate) fn run_alone<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Sequencer) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.wait_for(0, None, true, run)
    }

    fn wait_for<T: Send + 'static>(
        &self,
        statements: u64,
        now: Option<Timestamp>,
        alone: bool,
        run: impl FnOnce(&mut Sequencer) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let gone = || Error::new(Kind::Engine, "the writer has stopped");
        let (reply, answer) = sync_channel(1);
        let task = Task { run: Some(run), result: None, statements, now, reply, alone };
        self.queue.as_ref().ok_or_else(gone)?.send(Box::new(task)).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so in the vitals; there is nothing to add.
            let _ended = thread.join();
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it did not say why")
}

fn serve(mut sequencer: Sequencer, works: &Receiver<Box<dyn Work>>, pool: &Pool, most: usize) {
    sequencer.warm();
    let (mut rested, mut untidy) = (false, false);
    loop {
        match works.recv_timeout(if untidy { Duration::ZERO } else { IDLE }) {
            Ok(first) => {
                for group in groups(first, works, most) {
                    commit(&mut sequencer, group, pool);
                }
                pool.clearing(|| sequencer.checkpoint_when_long());
                (rested, untidy) = (false, false);
            }
            Err(RecvTimeoutError::Timeout) if rested => {}
            Err(RecvTimeoutError::Timeout) => {
                untidy = pool.clearing(|| sequencer.tidy());
                if untidy {
                    continue;
                }
                pool.shrink();
                sequencer.vitals.forget_taken();
                // Where somebody reads just then the log stays as it is: it is tried again.
                let is_emptied = pool.clearing(|| sequencer.rest());
                rested = is_emptied && sequencer.vitals.failing().is_none();
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    sequencer.close();
}

// What waits, in order, in groups that share a commit. Work that reads by a snapshot what it writes over must see all that
// came before, so it has a commit of its own.
fn groups(first: Box<dyn Work>, works: &Receiver<Box<dyn Work>>, most: usize) -> Vec<Vec<Box<dyn Work>>> {
    if first.is_alone() {
        return vec![vec![first]];
    }
    let mut group = vec![first];
    while group.len() < most
        && let Ok(work) = works.try_recv()
    {
        if work.is_alone() {
            return vec![group, vec![work]];
        }
        group.push(work);
    }
    vec![group]
}

fn commit(sequencer: &mut Sequencer, mut group: Vec<Box<dyn Work>>, pool: &Pool) {
    let statements = group.iter().map(|work| work.size().0).sum();
    let now = group.iter().filter_map(|work| work.size().1).max();
    let mut full = None;
    let was_due = sequencer.clears;
    let outcome = transact(sequencer, &mut group, (statements, now), &mut full);
    let failing = match &outcome {
        Err(error) => {
            sequencer.abandon();
            Some(error.clone())
        }
        // What is committed stands, whether or not the file beside it could be written: it is tried again.
        Ok(_) => sequencer.committed().err().or(full),
    };
    sequencer.vitals.told(failing);
    // What was erased stands in the log, and under it in the file, until the one has gone into the other. Where that did not
    // succeed before, these do not wait for it as well.
    if sequencer.clears && !was_due {
        let _when_idle = pool.clearing(|| sequencer.clear());
    }
    for work in group {
        work.answer(outcome.clone());
    }
}

fn transact(
    sequencer: &mut Sequencer,
    group: &mut [Box<dyn Work>],
    (statements, now): (u64, Option<Timestamp>),
    full: &mut Option<Error>,
) -> Result<(), Error> {
    sequencer.begin(statements, now)?;
    if let [alone] = group {
        // Whoever is alone needs no savepoint, which would keep a copy of each page that is changed.
        if let Err(error) = alone.run(sequencer) {
            sequencer.abandon();
            *full = Some(error).filter(|error| error.kind == Kind::Full);
            return Ok(());
        }
        return sequencer.commit();
    }
    for work in group {
        let mark = sequencer.savepoint()?;
        match work.run(sequencer) {
            Ok(()) => sequencer.release()?,
            Err(error) => {
                sequencer.back_to(mark)?;
                *full = Some(error).filter(|error| error.kind == Kind::Full).or(full.take());
            }
        }
    }
    sequencer.commit()
}

#[cfg(test)]
mod tests {
    use crate::{Error, Options, Store};

    #[test]
    fn a_writer_that_panicked_is_told_and_writes_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &Options::default()).unwrap();
        store.set_meta("before", Some(b"1")).unwrap();
        assert!(store.health().failing.is_none() && !store.health().has_stopped);
        let panics = store.inner.writer.run(0, None, |to| -> Result<(), Error> {
            crate::sqlite::small::set_value(&to.conn, "half", Some(b"1"))?;
            panic!("a broken invariant")
        });
        assert!(panics.is_err());
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while !store.health().has_stopped && std::time::Instant::now() < deadline {
            std::thread::yield_now();
        }
        let health = store.health();
        assert!(health.has_stopped);
        let failing = health.failing.unwrap();
        assert!(failing.message.contains("a broken invariant"), "{failing}");
        assert!(store.set_meta("after", Some(b"1")).is_err());
        // What stands is read on, and the next start writes again.
        assert_eq!(store.meta("before").unwrap().as_deref(), Some(&b"1"[..]));
        drop(store);
        let store = Store::open(folder.path(), &Options::default()).unwrap();
        assert!(!store.health().has_stopped);
        assert_eq!(store.meta("half").unwrap(), None);
        store.set_meta("after", Some(b"1")).unwrap();
    }
}
