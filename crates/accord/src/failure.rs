//! How a command ends: its exit code, and what it says when it fails.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// The exit codes, the same for every command. `docs/cli.md` has the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// It was done.
    Ok = 0,
    /// It was done and found something: a lookup hit, a rejected object, nothing of that name.
    Finding = 1,
    /// The command, its input or a setting makes no sense.
    Usage = 2,
    /// Not signed in, not allowed, or more than the quota.
    Access = 3,
    /// The node cannot be reached, or cannot answer now.
    Network = 4,
    /// It does not fit what stands: it exists already, an embargo has not ended; or another process has the folder.
    Conflict = 5,
    /// It was interrupted before it was done, as shells have it for SIGINT.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a command failed: one line, and what to do next.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What is wrong, lower case, no full stop, the user's input in backticks.
    pub message: String,
    /// What to do next, if there is something.
    pub hint: Option<String>,
    /// Who reads our output has gone away: end without a word.
    pub silent: bool,
}

impl Failure {
    /// A failure with this exit code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, message: message.into(), hint: None, silent: false }
    }

    /// The command, its input or a setting makes no sense.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, message)
    }

    /// The node cannot be reached, or cannot answer.
    pub fn network(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Network, message)
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// Writing the answer failed: silent when the reader is gone (`accord export | head`), else said.
    pub fn output(error: &io::Error) -> Failure {
        let mut failure = Failure::usage(format!("cannot write the output: {error}"));
        if error.kind() == io::ErrorKind::BrokenPipe {
            failure.exit = Exit::Ok;
            failure.silent = true;
        }
        failure
    }
}

/// What is wrong with the arguments, without the layout for people.
pub fn of_arguments(error: &clap::Error) -> Failure {
    let rendered = error.render().to_string();
    let plain = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut parts = rendered.split("\n\n").map(plain).filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or_default();
    let hint = parts.filter(|part| !part.starts_with("For more information")).collect::<Vec<_>>().join("; ");
    let message = match error.kind() {
        clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "a command is missing".to_owned(),
        _ => first.trim_start_matches("error: ").to_owned(),
    };
    Failure { hint: Some(hint).filter(|hint| !hint.is_empty()), ..Failure::usage(message) }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A verb that failed in this process. `Internal` text is for the log, so it goes to standard error only, which here
/// is the operator's own terminal.
impl From<node::Error> for Failure {
    fn from(error: node::Error) -> Failure {
        use node::Kind;
        let exit = match error.kind {
            Kind::Invalid | Kind::TooLarge | Kind::Media => Exit::Usage,
            Kind::Unauthenticated | Kind::Forbidden | Kind::Quota => Exit::Access,
            Kind::NotFound => Exit::Finding,
            Kind::Conflict | Kind::Locked => Exit::Conflict,
            Kind::Unavailable | Kind::Internal => Exit::Network,
        };
        Failure { exit, message: error.message, hint: error.hint, silent: false }
    }
}
