//! Copies of the store, and stores from copies.

use std::fs::{self, File};
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::connect::{APPLICATION_ID, FILE};
use super::{disclosed, erasures, revocations, verify};
use crate::{Error, Kind};

/// Pages copied between two words of progress.
const STEP: i32 = 1_024;

/// Copies what a connection's transaction sees.
///
/// The copy is made beside `to` and gets its name when it is whole and on the disk: a crash leaves a file that is
/// plainly no backup.
pub(crate) fn backup(conn: &Connection, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Error> {
    if to.exists() {
        return Err(Error::new(Kind::Conflict, format!("`{}` exists", to.display())));
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    let _left_over = fs::remove_file(partial);
    let copied = copy(conn, partial, progress).and_then(|()| {
        File::open(partial)?.sync_all()?;
        fs::rename(partial, to)?;
        sync_folder(to)
    });
    if copied.is_err() {
        let _gone = fs::remove_file(partial);
    }
    copied
}

fn copy(conn: &Connection, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Error> {
    let mut copy = Connection::open(to)?;
    let backup = Backup::new(conn, &mut copy)?;
    loop {
        let step = backup.step(STEP)?;
        let pages = backup.progress();
        let (left, all) =
            (u64::try_from(pages.remaining).unwrap_or(0), u64::try_from(pages.pagecount).unwrap_or(0));
        progress(all.saturating_sub(left), all);
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    }
    drop(backup);
    // One file, without a log beside it.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    match verify::integrity(&copy)?.first() {
        None => Ok(()),
        Some(problem) => Err(Error::new(Kind::Corrupt, format!("the copy is damaged: {problem}"))),
    }
}

/// Puts a copy into a folder that is empty, ready to be opened.
pub(crate) fn restore(from: &Path, erased: Option<&Path>, folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        return Err(Error::new(Kind::Conflict, format!("`{}` is not empty", folder.display())));
    }
    is_ours(from)?;
    // The erasures first: were the database there without them, it would serve what was erased.
    if let Some(erased) = erased {
        put(erased, &folder.join(erasures::FILE))?;
        // Who was shut out meanwhile stays out, and what was given away is told: those lists lie beside the other.
        for name in [revocations::FILE, disclosed::FILE] {
            let beside = erased.with_file_name(name);
            if beside.is_file() {
                put(&beside, &folder.join(name))?;
            }
        }
    }
    put(from, &folder.join(FILE))
}

fn is_ours(from: &Path) -> Result<(), Error> {
    let file = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let id: i32 = file.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id != APPLICATION_ID {
        return Err(Error::new(Kind::Corrupt, format!("`{}` is no backup of this program", from.display())));
    }
    match verify::integrity(&file)?.first() {
        None => Ok(()),
        Some(problem) => {
            Err(Error::new(Kind::Corrupt, format!("`{}` is damaged: {problem}", from.display())))
        }
    }
}

fn put(from: &Path, to: &Path) -> Result<(), Error> {
    let partial = to.with_extension("partial");
    fs::copy(from, &partial)?;
    File::open(&partial)?.sync_all()?;
    fs::rename(&partial, to)?;
    sync_folder(to)
}

// A name is on the disk when its folder is.
pub(crate) fn sync_folder(of: &Path) -> Result<(), Error> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(File::open(folder)?.sync_all()?)
}
