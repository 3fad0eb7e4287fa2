//! The readers: connections that are made when needed, at most so many, and come back when a snapshot is dropped.
//!
//! One that comes back keeps what it sees: until something is committed, the next snapshot is the same, and to begin and
//! end one costs a tenth of a page. The writer ends those that nobody uses before it wants the log for itself, and what is
//! begun while it wants it is not kept: one that stays would keep the log from ever beginning anew.

use std::cell::{OnceCell, RefCell};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::connect;
use super::index::scan::Runs;
use super::sequencer::Vitals;
use super::strip::{Chunk, Seen};
use crate::{Error, Kind, Options};

/// A snapshot that takes longer than this to get is an error rather than a hang.
const WAIT: Duration = Duration::from_secs(30);

/// A connection that reads, within a transaction.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) conn: Connection,
    /// What had been committed before the transaction began, by count: it sees that much or more.
    pub(crate) commits: u64,
    // How often the log had been cleared or begun to be, twice for each time.
    clearings: u64,
    /// The position after the last that it sees.
    pub(crate) end: i64,
    /// The runs of the index, once they were asked for.
    pub(crate) runs: OnceCell<Runs>,
    /// The number of labels, once they were asked for.
    pub(crate) labels: OnceCell<u32>,
    /// What is read of the strip goes here.
    pub(crate) chunk: Box<RefCell<Chunk>>,
}

impl Reader {
    fn begin(conn: Connection, vitals: &Vitals, clearings: u64) -> Result<Reader, Error> {
        let commits = vitals.commits();
        conn.prepare_cached("BEGIN")?.execute([])?;
        // The first read fixes what the transaction sees.
        let end = conn
            .prepare_cached("SELECT coalesce(max(position) + 1, 0) FROM statement")?
            .query_row([], |row| row.get(0))?;
        Ok(Reader {
            conn,
            commits,
            clearings,
            end,
            runs: OnceCell::new(),
            labels: OnceCell::new(),
            chunk: Box::default(),
        })
    }

    /// What it sees, for the strip.
    pub(crate) fn seen(&self) -> Seen {
        Seen { commits: self.commits, end: self.end }
    }

    // `None` when it could not be ended: it is closed then.
    fn end(self) -> Option<Connection> {
        let ended = self.conn.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([]));
        ended.is_ok().then_some(self.conn)
    }
}

#[derive(Debug)]
pub(crate) struct Pool {
    path: PathBuf,
    options: Options,
    vitals: Arc<Vitals>,
    state: Mutex<State>,
    freed: Condvar,
    // Odd while the writer wants the log for itself.
    clearings: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    // Those that see everything that is committed.
    current: Vec<Reader>,
    // Those in no transaction.
    idle: Vec<Connection>,
    made: usize,
    // Who waits for one to come free: to wake nobody costs as much as to wake somebody.
    waiting: usize,
}

impl State {
    fn put_idle(&mut self, reader: Reader) {
        match reader.end() {
            Some(conn) => self.idle.push(conn),
            None => self.made = self.made.saturating_sub(1),
        }
    }
}

/// What there is for somebody who wants to read.
enum Found {
    Current(Reader),
    Idle(Connection),
    /// Room for one more, which is his.
    Room,
}

impl Pool {
    pub(crate) fn new(path: PathBuf, options: Options, vitals: Arc<Vitals>) -> Pool {
        let (state, freed, clearings) = (Mutex::default(), Condvar::new(), AtomicU64::new(0));
        Pool { path, options, vitals, state, freed, clearings }
    }

    // The state is a list and a number: a panic elsewhere leaves both usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection of the caller's own until [`Pool::give`], in a transaction that sees all that was committed before.
    pub(crate) fn take(&self) -> Result<Reader, Error> {
        let conn = match self.wait()? {
            Found::Current(reader) => return Ok(reader),
            Found::Idle(conn) => conn,
            Found::Room => connect::reader(&self.path, &self.options).inspect_err(|_| self.lost())?,
        };
        let clearings = self.clearings.load(Ordering::SeqCst);
        Reader::begin(conn, &self.vitals, clearings).inspect_err(|_| self.lost())
    }

    // Whether it may stay begun while nobody uses it.
    fn keeps(&self, reader: &Reader) -> bool {
        let clearings = self.clearings.load(Ordering::SeqCst);
        reader.commits == self.vitals.commits()
            && clearings.is_multiple_of(2)
            && reader.clearings == clearings
    }

    fn wait(&self) -> Result<Found, Error> {
        let mut state = self.state();
        loop {
            while let Some(reader) = state.current.pop() {
                if reader.commits == self.vitals.commits() {
                    return Ok(Found::Current(reader));
                }
                state.put_idle(reader);
            }
            if let Some(conn) = state.idle.pop() {
                return Ok(Found::Idle(conn));
            }
            if state.made < self.options.readers.max(1) {
                state.made += 1;
                return Ok(Found::Room);
            }
            state.waiting += 1;
            let (next, timeout) =
                self.freed.wait_timeout(state, WAIT).unwrap_or_else(PoisonError::into_inner);
            state = next;
            state.waiting -= 1;
            if timeout.timed_out() && state.idle.is_empty() && state.current.is_empty() {
                return Err(Error::new(Kind::Engine, "no reader came free: too many snapshots are held"));
            }
        }
    }

    /// Gives a connection back.
    pub(crate) fn give(&self, reader: Reader) {
        let mut state = self.state();
        // Looked at under the lock: whoever commits from now on finds it among the current ones and ends it.
        if self.keeps(&reader) {
            reader.chunk.borrow_mut().shrink();
            state.current.push(reader);
        } else {
            state.put_idle(reader);
        }
        let waited_for = state.waiting > 0;
        drop(state);
        if waited_for {
            self.freed.notify_one();
        }
    }

    /// Does something that wants the log for itself: the transactions that nobody uses are ended before, and until it is
    /// done none is kept when it comes back.
    pub(crate) fn clearing<T>(&self, work: impl FnOnce() -> T) -> T {
        self.clearings.fetch_add(1, Ordering::SeqCst);
        self.end();
        let done = work();
        self.clearings.fetch_add(1, Ordering::SeqCst);
        done
    }

    fn end(&self) {
        let mut state = self.state();
        while let Some(reader) = state.current.pop() {
            state.put_idle(reader);
        }
    }

    /// A connection was dropped instead of given back.
    pub(crate) fn lost(&self) {
        let mut state = self.state();
        state.made = state.made.saturating_sub(1);
        drop(state);
        self.freed.notify_one();
    }

    /// Lets the caches of connections that nobody uses go.
    pub(crate) fn shrink(&self) {
        self.end();
        let idle = std::mem::take(&mut self.state().idle);
        for conn in &idle {
            // A connection that cannot shrink keeps its cache, which is bounded.
            let _kept = conn.execute_batch("PRAGMA shrink_memory");
        }
        self.state().idle.extend(idle);
        self.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[test]
    fn who_reads_while_the_log_is_cleared_does_not_keep_it_from_beginning_anew() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::default();
        drop(Store::open(folder.path(), &options).unwrap());
        let path = folder.path().join(connect::FILE);
        let writer = connect::writer(&path, &options).unwrap();
        let pool = Pool::new(path, options, Arc::default());
        let kept = || pool.state().current.len();
        for round in 0..20 {
            writer.execute("INSERT INTO meta VALUES (?1, x'')", [round]).unwrap();
            let before = pool.take().unwrap();
            let is_busy: bool = pool.clearing(|| {
                pool.give(pool.take().unwrap());
                pool.give(before);
                writer.query_row("PRAGMA wal_checkpoint(RESTART)", [], |row| row.get(0)).unwrap()
            });
            assert!(!is_busy && kept() == 0, "{round}");
            let (before, during) = (pool.take().unwrap(), pool.take().unwrap());
            pool.clearing(|| pool.give(during));
            pool.give(before);
            assert_eq!(kept(), 0);
            pool.give(pool.take().unwrap());
            assert_eq!(kept(), 1);
        }
    }
}
