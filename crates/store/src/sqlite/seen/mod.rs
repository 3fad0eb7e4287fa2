//! The file of what was seen lately: how it is opened, begun anew when it is damaged, written and read.
//!
//! - [`add`]: events in; [`ask`]: how widely something was seen; [`common`]: what is seen on many hosts.
//! - [`bounds`]: what is let go and what is erased; [`hits`]: what is known and was seen; [`edges`]: what agents reported last.

pub(crate) mod add;
pub(crate) mod ask;
pub(crate) mod bounds;
pub(crate) mod common;
pub(crate) mod edges;
pub(crate) mod hits;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::MemberId;
use rusqlite::{Connection, OpenFlags};

use crate::seen::{Common, Day, Told};
use crate::{Error, Kind};

/// Marks the file as ours: `ACRS`.
const APPLICATION_ID: i32 = 0x4143_5253;
/// The form of its tables. A file of another form is begun anew: nothing in it is worth a migration.
const FORM: i32 = 1;
const SCHEMA: &str = include_str!("schema.sql");
/// Page cache of the connection that writes, and of each that reads, in KiB.
const CACHES_KIB: (i64, i64) = (32 << 10, 4 << 10);
/// Connections that stay open for whoever reads next.
const READERS: usize = 4;
/// Pages of the log after which it is copied into the file, and bytes that it keeps afterwards.
const LOG: (i64, i64) = (4_000, 32 << 20);
/// Sets of what is common that are remembered.
const SETS: usize = 64;
/// Such a set is made anew after so many times the time that it took, and no sooner than the other.
const REST: (u32, Duration) = (50, Duration::from_secs(10));

/// The file, made when something is written first.
#[derive(Debug)]
pub(crate) struct File {
    path: PathBuf,
    told: Told,
    writer: Mutex<Option<Connection>>,
    // With the number of the file that they read.
    readers: Mutex<Vec<(u64, Connection)>>,
    // How often a file was begun anew.
    number: AtomicU64,
    sets: Mutex<Sets>,
    printer: common::Printer,
}

type Asked = (MemberId, Day, u64, u64);

#[derive(Debug, Default)]
struct Sets {
    made: HashMap<Asked, Made>,
}

#[derive(Debug)]
struct Made {
    set: Arc<Common>,
    // Of which change of the file it is.
    version: (u64, i64),
    at: Instant,
    took: Duration,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl File {
    pub(crate) fn new(path: PathBuf, told: Told) -> File {
        File {
            path,
            told,
            writer: Mutex::default(),
            readers: Mutex::default(),
            number: AtomicU64::default(),
            sets: Mutex::default(),
            printer: common::Printer::default(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Does something in one transaction, all or nothing. A file that turns out damaged is begun anew, and it is done in that.
    pub(crate) fn write<T>(&self, work: impl Fn(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let mut writer = lock(&self.writer);
        // Twice: once with what is there, once with a new file.
        match self.written(&mut writer, &work) {
            Err(error) if error.kind == Kind::Corrupt => {
                self.begin_anew(&mut writer, self.number.load(Ordering::SeqCst), &error)?;
                self.written(&mut writer, &work)
            }
            done => done,
        }
    }

    fn written<T>(
        &self,
        writer: &mut Option<Connection>,
        work: &impl Fn(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let conn = match writer {
            Some(conn) => conn,
            None => writer.insert(self.open().map_err(named)?),
        };
        let done = in_transaction(conn, work).map_err(named);
        if done.is_err() && !conn.is_autocommit() {
            // Whatever is wrong with it, the next one begins with a new connection.
            *writer = None;
        }
        done
    }

    /// Reads in one transaction; `None` where there is no file.
    pub(crate) fn read<T>(&self, work: impl Fn(&Connection) -> Result<T, Error>) -> Result<Option<T>, Error> {
        // The first who looks at a file that is there sees to its form.
        if self.exists() && self.number.load(Ordering::SeqCst) == 0 {
            self.write(|_| Ok(()))?;
        }
        let number = self.number.load(Ordering::SeqCst);
        match self.read_once(&work).map_err(named) {
            Err(error) if error.kind == Kind::Corrupt => {
                self.begin_anew(&mut lock(&self.writer), number, &error)?;
                self.read_once(&work).map_err(named)
            }
            done => done,
        }
    }

    fn read_once<T>(&self, work: &impl Fn(&Connection) -> Result<T, Error>) -> Result<Option<T>, Error> {
        if !self.exists() {
            return Ok(None);
        }
        let number = self.number.load(Ordering::SeqCst);
        let idle = lock(&self.readers).pop();
        let conn = match idle.filter(|(of, _)| *of == number) {
            Some((_, conn)) => conn,
            None => reader(&self.path)?,
        };
        let done = in_transaction(&conn, work)?;
        let mut readers = lock(&self.readers);
        if readers.len() < READERS && conn.is_autocommit() {
            readers.push((number, conn));
        }
        Ok(Some(done))
    }

    /// What is seen on many hosts, as it was made, or made now.
    pub(crate) fn common(
        &self,
        member: MemberId,
        from: Day,
        limit_percent: f64,
        least_hosts: u64,
    ) -> Result<Arc<Common>, Error> {
        let asked = (member, from, limit_percent.to_bits(), least_hosts);
        let version = self.version(member)?;
        // Not held while it is made: nobody waits for another member's.
        if let Some(made) = lock(&self.sets).made.get(&asked)
            && (made.version == version || made.at.elapsed() < (made.took * REST.0).max(REST.1))
        {
            return Ok(Arc::clone(&made.set));
        }
        let began = Instant::now();
        let make =
            |conn: &Connection| common::make(conn, member, from, (limit_percent, least_hosts), &self.printer);
        let set = Arc::new(self.read(make)?.unwrap_or_else(|| common::none(&self.printer)));
        let made = Made { set: Arc::clone(&set), version, at: Instant::now(), took: began.elapsed() };
        let sets = &mut lock(&self.sets).made;
        sets.retain(|(of, day, ..), _| *of != member || *day == from);
        if sets.len() >= SETS
            && let Some(oldest) = sets.iter().min_by_key(|(_, made)| made.at).map(|(asked, _)| *asked)
        {
            sets.remove(&oldest);
        }
        sets.insert(asked, made);
        Ok(set)
    }

    // Changes with what is kept of a member.
    fn version(&self, of: MemberId) -> Result<(u64, i64), Error> {
        let writes = |conn: &Connection| -> Result<i64, Error> {
            let mut sum =
                conn.prepare_cached("SELECT coalesce(sum(bytes), 0) FROM part WHERE member = ?1")?;
            Ok(sum.query_row([member(conn, of)?], |row| row.get(0))?)
        };
        Ok((self.number.load(Ordering::SeqCst), self.read(writes)?.unwrap_or_default()))
    }

    /// Nothing that is remembered of what is common holds any longer.
    pub(crate) fn forget_common(&self) {
        lock(&self.sets).made.clear();
    }

    /// Removes a damaged file that was set aside.
    pub(crate) fn drop_aside(&self) -> Result<(), Error> {
        match std::fs::remove_file(self.aside()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Copies the log into the file and empties it: what was erased is not in it either.
    pub(crate) fn clear_log(&self) -> Result<(), Error> {
        lock(&self.readers).clear();
        if let Some(conn) = &*lock(&self.writer) {
            conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .map_err(|error| named(error.into()))?;
        }
        Ok(())
    }

    fn aside(&self) -> PathBuf {
        self.path.with_extension("db.damaged")
    }

    fn open(&self) -> Result<Connection, Error> {
        let conn = match writer(&self.path) {
            Err(error) if error.kind == Kind::Corrupt => {
                self.set_aside(&error)?;
                writer(&self.path)?
            }
            opened => opened?,
        };
        self.number.fetch_add(1, Ordering::SeqCst);
        Ok(conn)
    }

    // Of several who find one file damaged the first begins another, which is not damaged.
    fn begin_anew(&self, writer: &mut Option<Connection>, number: u64, why: &Error) -> Result<(), Error> {
        if self.number.load(Ordering::SeqCst) != number {
            return Ok(());
        }
        *writer = None;
        lock(&self.readers).clear();
        self.forget_common();
        self.set_aside(why)?;
        *writer = Some(self.open()?);
        Ok(())
    }

    // Closed by everybody. Its log belongs to it alone.
    fn set_aside(&self, why: &Error) -> Result<(), Error> {
        let aside = self.aside();
        (self.told)(&format!(
            "what was seen of late cannot be read and is begun anew; the file is kept as `{}`: {}",
            aside.display(),
            why.message
        ));
        if self.exists() {
            std::fs::rename(&self.path, &aside)?;
        }
        for log in ["db-wal", "db-shm"] {
            match std::fs::remove_file(self.path.with_extension(log)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }
}

fn in_transaction<T>(conn: &Connection, work: impl Fn(&Connection) -> Result<T, Error>) -> Result<T, Error> {
    let begin = if conn.is_readonly(rusqlite::MAIN_DB)? { "BEGIN" } else { "BEGIN IMMEDIATE" };
    conn.prepare_cached(begin)?.execute([])?;
    let done = work(conn).and_then(|done| {
        conn.prepare_cached("COMMIT")?.execute([])?;
        Ok(done)
    });
    if done.is_err() && !conn.is_autocommit() {
        // It is over either way; what cannot be rolled back is closed by whoever holds it.
        let _over = conn.execute_batch("ROLLBACK");
    }
    done
}

fn common_settings(conn: &Connection) -> Result<(), Error> {
    conn.busy_timeout(Duration::from_secs(30))?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn writer(path: &Path) -> Result<Connection, Error> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    common_settings(&conn)?;
    let number = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (id, form) = (number("application_id")?, number("user_version")?);
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_new = tables == 0;
    if !is_new && (id, form) != (APPLICATION_ID, FORM) {
        return Err(Error::new(Kind::Corrupt, "seen.db: none of this release's"));
    }
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "wal_autocheckpoint", LOG.0)?;
    conn.pragma_update(None, "journal_size_limit", LOG.1)?;
    conn.pragma_update(None, "cache_size", -CACHES_KIB.0)?;
    // What is erased is overwritten, also where pages are freed.
    conn.pragma_update(None, "secure_delete", "ON")?;
    if is_new {
        conn.execute_batch(&format!(
            "BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORM}; COMMIT"
        ))?;
    }
    conn.execute_batch(edges::SCHEMA)?;
    conn.execute_batch(hits::SCHEMA)?;
    Ok(conn)
}

fn reader(path: &Path) -> Result<Connection, Error> {
    // It may have to make the log's index anew, so it is not opened to read only.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    common_settings(&conn)?;
    conn.pragma_update(None, "cache_size", -CACHES_KIB.1)?;
    Ok(conn)
}

// Errors of the engine name the record.
fn named(error: Error) -> Error {
    Error { message: error.message.replacen("record.sqlite", crate::seen::FILE, 1), ..error }
}

/// The number of a member, if something is kept of it.
pub(crate) fn member(conn: &Connection, id: MemberId) -> Result<Option<i64>, Error> {
    use rusqlite::OptionalExtension as _;
    let mut find = conn.prepare_cached("SELECT num FROM member WHERE id = ?1")?;
    Ok(find.query_row([id.0.as_bytes()], |row| row.get(0)).optional()?)
}

/// The number of a member, given now if it has none.
pub(crate) fn member_or_new(conn: &Connection, id: MemberId) -> Result<i64, Error> {
    if let Some(num) = member(conn, id)? {
        return Ok(num);
    }
    conn.execute("INSERT INTO member (id) VALUES (?1)", [id.0.as_bytes()])?;
    Ok(conn.last_insert_rowid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_begun_anew_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::new(folder.path().join("seen.db"), |_| {});
        file.write(|_| Ok(())).unwrap();
        let (number, damaged) = (file.number.load(Ordering::SeqCst), Error::new(Kind::Corrupt, "damaged"));
        file.begin_anew(&mut lock(&file.writer), number, &damaged).unwrap();
        file.write(|conn| member_or_new(conn, MemberId(uuid::Uuid::from_u128(1)))).unwrap();
        // Another one, who read the first file.
        file.begin_anew(&mut lock(&file.writer), number, &damaged).unwrap();
        assert_eq!(file.read(bounds::members).unwrap().unwrap_or_default().len(), 1);
    }
}
