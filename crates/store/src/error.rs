//! What can go wrong in the store.

use std::fmt;

use rusqlite::ErrorCode;

/// The kinds of failure that a caller can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Another process holds the folder.
    Locked,
    /// A later release wrote this folder.
    TooNew,
    /// The facts on which the write was authorised have changed: judge again.
    Stale,
    /// What was to be written is not what was authorised: an error of the one who writes.
    Unauthorized,
    /// A name or an id that is taken.
    Conflict,
    /// Nothing of that id.
    NotFound,
    /// The disk is full. Reading goes on; writing resumes when there is space.
    Full,
    /// More than the source may add in this hour.
    Quota {
        /// Seconds until the next hour begins.
        wait_s: u32,
    },
    /// More at once than the source may add in any hour: waiting does not help.
    TooMuch,
    /// The file is damaged, or is none of ours.
    Corrupt,
    /// The engine failed; the message is for the log.
    Engine,
}

/// A failure of the store.
#[derive(Debug, Clone)]
pub struct Error {
    /// What the caller can act on.
    pub kind: Kind,
    /// For the log.
    pub message: String,
}

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        let kind = match error.sqlite_error_code() {
            // An input or output error is most often a full or failing disk. Both end the same way: nothing of the
            // transaction stands, reading goes on, and the next write tries again.
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => Kind::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Kind::Corrupt,
            _ => Kind::Engine,
        };
        Error::new(kind, format!("record.sqlite: {error}"))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        let kind = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Kind::Full,
            _ => Kind::Engine,
        };
        Error::new(kind, error.to_string())
    }
}
