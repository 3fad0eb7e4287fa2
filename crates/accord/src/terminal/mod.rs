//! What people and programs get to see: answers on standard output, everything else on standard error.

mod inert;
mod progress;
mod table;

pub use inert::{defanged, inert, inert_document};
pub use progress::Progress;
pub use table::Table;

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use crate::failure::Failure;

/// Whether text on a stream is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Off,
    /// ANSI sequences.
    On,
}

impl Colour {
    /// As <https://no-color.org> and `CLICOLOR_FORCE` have it, else on a terminal only.
    pub fn of(is_terminal: bool) -> Colour {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if set("NO_COLOR") {
            return Colour::Off;
        }
        let forced =
            std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        if forced || (is_terminal && !dumb) { Colour::On } else { Colour::Off }
    }

    /// The text in this style. Only our own words carry meaning; colour never does so alone.
    pub fn paint(self, style: Style, text: &str) -> String {
        match self {
            Colour::Off => text.to_owned(),
            Colour::On => format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()),
        }
    }
}

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// The subject.
    Strong,
    /// Beside the point.
    Faint,
    /// Look here.
    Alert,
    /// All is well.
    Good,
    /// Take care.
    Warning,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Strong => "1",
            Style::Faint => "2",
            Style::Alert => "1;31",
            Style::Good => "32",
            Style::Warning => "33",
        }
    }
}

/// Standard output: JSON for programs, text for people.
pub struct Output {
    stream: BufWriter<StdoutLock<'static>>,
    /// Answer in JSON.
    pub json: bool,
    /// Say nothing but the answer.
    pub quiet: bool,
    /// Colours of the text.
    pub colour: Colour,
}

impl Output {
    /// Standard output, locked until the command ends.
    pub fn new(json: bool, quiet: bool) -> Output {
        let stream = io::stdout().lock();
        let colour = if json { Colour::Off } else { Colour::of(io::stdout().is_terminal()) };
        Output { stream: BufWriter::new(stream), json, quiet, colour }
    }

    /// Writes one line of text. It must be inert already.
    ///
    /// # Errors
    /// Writing failed; silent when the reader has gone.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.stream, "{text}").map_err(|error| Failure::output(&error))
    }

    /// Writes a document on one line, and lets it go at once, since a program may wait for it.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn document(&mut self, document: &impl serde::Serialize) -> Result<(), Failure> {
        let written = serde_json::to_writer(&mut self.stream, document).map_err(io::Error::from);
        let ended = written.and_then(|()| self.stream.write_all(b"\n")).and_then(|()| self.stream.flush());
        ended.map_err(|error| Failure::output(&error))
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream.write_all(bytes).map_err(|error| Failure::output(&error))
    }

    /// Writes out what is held back.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.stream.flush().map_err(|error| Failure::output(&error))
    }

    /// The text in this style, if colours are on.
    pub fn paint(&self, style: Style, text: &str) -> String {
        self.colour.paint(style, text)
    }
}

/// Tells people something beside the answer, on standard error. When that is closed there is nobody to tell.
pub fn remark(text: &str) {
    let _nobody_to_tell = writeln!(io::stderr(), "{text}");
}

/// Asks the one at the terminal whether to go on; `yes` was said before.
///
/// # Errors
/// Nobody is there to be asked.
pub fn confirmed(yes: bool, question: &str) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    let nobody =
        || Failure::usage("nobody is there to be asked").hint("say `--yes`, or run it on a terminal");
    if !io::stdin().is_terminal() {
        return Err(nobody());
    }
    let mut answer = String::new();
    let asked = write!(io::stderr(), "{} [y/N] ", inert(question)).and_then(|()| io::stderr().flush());
    asked.and_then(|()| io::stdin().read_line(&mut answer)).map_err(|_| nobody())?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Tells why a command failed: one line, and what to do next; with `json`, one document.
pub fn tell_failure(failure: &Failure, json: bool) {
    if failure.silent {
        return;
    }
    if json {
        let document = serde_json::json!({
            "error": { "message": failure.message, "hint": failure.hint, "exit": failure.exit as u8 }
        });
        remark(&document.to_string());
        return;
    }
    let colour = Colour::of(io::stderr().is_terminal());
    remark(&format!("{} {}", colour.paint(Style::Alert, "error:"), inert(&failure.message)));
    if let Some(hint) = &failure.hint {
        remark(&format!("{} {}", colour.paint(Style::Strong, "hint:"), inert(hint)));
    }
}
