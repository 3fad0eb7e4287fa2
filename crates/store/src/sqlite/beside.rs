//! Lists that lie beside the database and outlive it, so that a restored backup knows what came after it.
//!
//! A list is written whole after the commit that changed what it says; one that could not be written is tried again with
//! every commit and on opening. A crash between the two leaves a list that is behind the database, which opening mends. A list that
//! is ahead of it lies beside a database that was put back.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::erasures::Erasures;
use super::{copy, disclosed, revocations};
use crate::Error;

/// The lists of a folder.
#[derive(Debug)]
pub(crate) struct Lists {
    /// What was erased. Its lines come before their commit.
    pub(crate) erasures: Erasures,
    /// What was revoked.
    pub(crate) revocations: Beside,
    /// What was disclosed.
    pub(crate) disclosures: Beside,
}

impl Lists {
    /// Opens them. Of what the database lacks the revocations are made again here, the rest by who sequences.
    pub(crate) fn open(folder: &Path, conn: &Connection) -> Result<Lists, Error> {
        Ok(Lists {
            erasures: Erasures::open(folder)?,
            revocations: revocations::open(folder, conn)?,
            disclosures: Beside::open(folder.join(disclosed::FILE), disclosed::all, conn)?,
        })
    }
}

/// A list.
#[derive(Debug)]
pub(crate) struct Beside {
    pub(crate) path: PathBuf,
    all: fn(&Connection) -> Result<String, Error>,
    /// What it says has changed since it was written.
    pub(crate) due: bool,
    /// What it said when it was opened, where that is not what the database says.
    pub(crate) found: Option<String>,
}

impl Beside {
    /// Reads it. `all` is what it should say.
    pub(crate) fn open(
        path: PathBuf,
        all: fn(&Connection) -> Result<String, Error>,
        conn: &Connection,
    ) -> Result<Beside, Error> {
        // It is there from the first, empty, so that whoever restores knows whether he has all.
        let text = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let now = all(conn)?;
        let due = text.as_ref() != Some(&now);
        Ok(Beside { path, all, due, found: text.filter(|_| due) })
    }

    /// Writes it if it is due.
    pub(crate) fn keep_up(&mut self, conn: &Connection) -> Result<(), Error> {
        if !self.due {
            return Ok(());
        }
        let partial = self.path.with_extension("partial");
        let mut file = File::create(&partial)?;
        file.write_all((self.all)(conn)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, &self.path)?;
        copy::sync_folder(&self.path)?;
        self.due = false;
        Ok(())
    }
}
