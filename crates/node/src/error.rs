//! One error for all verbs. Renderers in `web` make HTTP of it; nothing here knows a status code.

use std::fmt;

/// The kinds of failure, closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request makes no sense: what and where is in the message.
    Invalid,
    /// Nobody is signed in, or with a credential that is no good.
    Unauthenticated,
    /// Signed in, and not allowed.
    Forbidden,
    /// Nothing there that this caller may know of.
    NotFound,
    /// It exists already, or another state forbids it.
    Conflict,
    /// More than a limit allows, in bytes or objects.
    TooLarge,
    /// More than the quota of this hour; `retry_after_s` says when.
    Quota,
    /// The media type is none that this verb takes.
    Media,
    /// The disk is full, or the node is stopping. Reading may go on.
    Unavailable,
    /// Another process has the folder.
    Locked,
    /// Our fault. The message is for the log, never for a client.
    Internal,
}

/// What is said when the disk is full.
pub(crate) const FULL: &str = "the disk is full: reading goes on, writing waits for space";

/// A failure.
#[derive(Debug)]
pub struct Error {
    /// Which kind.
    pub kind: Kind,
    /// What is wrong, lower case, no full stop, the caller's input in backticks. Safe to show, but for `Internal`.
    pub message: String,
    /// What to do next, if there is something.
    pub hint: Option<String>,
    /// Seconds after which trying again makes sense.
    pub retry_after_s: Option<u64>,
}

impl Error {
    /// A failure of this kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), hint: None, retry_after_s: None }
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<model::Denied> for Error {
    fn from(denied: model::Denied) -> Error {
        let kind = match denied {
            model::Denied::Anonymous => Kind::Unauthenticated,
            model::Denied::Role(_)
            | model::Denied::Scope
            | model::Denied::Owner
            | model::Denied::FourEyes
            | model::Denied::Machine
            | model::Denied::Second => Kind::Forbidden,
        };
        let hint = match denied {
            model::Denied::Anonymous | model::Denied::Owner | model::Denied::FourEyes => {
                return Error::new(kind, denied.to_string());
            }
            model::Denied::Machine => "run it where the node runs, as the user that owns its folder",
            model::Denied::Second => "name the file of such a token with `--second`",
            model::Denied::Role(_) => {
                "who administers your organisation or the node makes tokens: `accord token add --role ROLE`"
            }
            model::Denied::Scope => {
                "name a collection that the token is for, or use one that is not for some collections or verbs only"
            }
        };
        Error::new(kind, denied.to_string()).hint(hint)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Error {
        use store::Kind as From;
        let kind = match error.kind {
            From::Locked => Kind::Locked,
            // A later release wrote the folder.
            From::Conflict | From::TooNew => Kind::Conflict,
            From::NotFound => Kind::NotFound,
            From::TooMuch => Kind::TooLarge,
            From::Full | From::Stale => Kind::Unavailable,
            From::Quota { .. } => Kind::Quota,
            From::Corrupt | From::Engine | From::Unauthorized => Kind::Internal,
        };
        let message = match error.kind {
            From::Full => {
                // The engine's words are for the log.
                tracing::error!(error = %error.message, "the disk is full");
                FULL.to_owned()
            }
            _ => error.message,
        };
        let mut made = Error::new(kind, message);
        if let From::Quota { wait_s } = error.kind {
            made.retry_after_s = Some(u64::from(wait_s));
        }
        let hint = match error.kind {
            From::TooMuch => Some("send it in smaller parts, or ask for a larger quota"),
            From::Locked => Some("commands reach the node that runs on it through its socket"),
            From::TooNew => Some("start that release, or a later one"),
            _ => None,
        };
        made.hint = hint.map(str::to_owned);
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_in_plain_words() {
        let full =
            store::Error { kind: store::Kind::Full, message: "record.sqlite: database or disk".to_owned() };
        let error = Error::from(full);
        assert_eq!((error.kind, error.message.as_str()), (Kind::Unavailable, FULL));
    }

    #[test]
    fn a_folder_that_cannot_be_opened_says_what_to_do() {
        for (kind, hint) in [(store::Kind::TooNew, "start that release"), (store::Kind::Locked, "socket")] {
            let error = Error::from(store::Error { kind, message: String::new() });
            assert!(error.hint.unwrap().contains(hint));
        }
    }
}
