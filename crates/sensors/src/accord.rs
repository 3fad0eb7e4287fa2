//! What an agent beside sensors reads: a line of JSON for each value, and a digest of all of them at the end. The stream of changes
//! tells values in the same words.

use std::fmt::Write as _;

use model::matching::Mode;
use model::observable::Kind;
use model::protect::Action;
use model::{Observable, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::form::Form;
use super::text::{is_line, one_line};
use super::{Head, Item, Outcome, Reason};

/// Of the lines' form; another number is another form.
const FORM: u32 = 1;

pub(super) const KINDS: &[Kind] = Kind::VALUES;

/// What a value does, as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said<'a> {
    kind: &'static str,
    mode: &'static str,
    value: &'a str,
    action: &'static str,
    until: Option<String>,
    indicator: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    then: Option<Then>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Then {
    action: &'static str,
    until: Option<String>,
}

impl<'a> Said<'a> {
    /// A value that does something, until a time, as an object says.
    #[must_use]
    pub fn does(
        value: &'a Observable,
        mode: Mode,
        acts: (Action, Option<Timestamp>),
        object: &'a str,
    ) -> Said<'a> {
        let (action, until) = acts;
        Said {
            action: action.name(),
            until: until.map(|until| until.to_string()),
            indicator: Some(object),
            ..Said::nothing(value, mode)
        }
    }

    /// A value that does nothing.
    #[must_use]
    pub fn nothing(value: &'a Observable, mode: Mode) -> Said<'a> {
        Said {
            kind: value.kind().name(),
            mode: mode.name(),
            value: value.text(),
            action: "nothing",
            until: None,
            indicator: None,
            then: None,
        }
    }

    /// The same, with what it does when that ends, and until when.
    #[must_use]
    pub fn then(self, then: Option<(Action, Option<Timestamp>)>) -> Said<'a> {
        let then = then.map(|(action, until)| Then {
            action: action.name(),
            until: until.map(|until| until.to_string()),
        });
        Said { then, ..self }
    }
}

#[derive(Serialize)]
struct First<'a> {
    accord: u32,
    node: &'a str,
    as_of: String,
    cursor: Option<&'a str>,
}

#[derive(Serialize)]
struct Last<'a> {
    entries: u64,
    sha256: &'a str,
}

/// Writes the lines.
#[derive(Debug)]
pub(super) struct Lines(Option<Sha256>);

impl Default for Lines {
    fn default() -> Lines {
        Lines(Some(Sha256::new()))
    }
}

impl Lines {
    // What JSON cannot say is nothing that is here.
    fn line(&mut self, out: &mut Vec<u8>, line: &impl Serialize) -> Result<(), Reason> {
        let begin = out.len();
        if serde_json::to_writer(&mut *out, line).is_err() {
            out.truncate(begin);
            return Err(Reason::Characters);
        }
        out.push(b'\n');
        if let Some(digest) = &mut self.0 {
            digest.update(out.get(begin..).unwrap_or_default());
        }
        Ok(())
    }
}

impl Form for Lines {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        let (as_of, node) = (head.as_of.to_string(), one_line(head.node));
        // Texts and numbers can always be said.
        let _said = self.line(out, &First { accord: FORM, node: &node, as_of, cursor: head.cursor });
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        if !is_line(item.value.text()) {
            return Err(Reason::Characters);
        }
        let acts = (item.action, item.until);
        let object = one_line(item.object);
        self.line(out, &Said::does(item.value, item.mode, acts, &object).then(item.then))?;
        Ok(Outcome::Written)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        let digest = self.0.take().unwrap_or_default().finalize();
        let sha256 = digest.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _never_fails = write!(text, "{byte:02x}");
            text
        });
        self.tail_behind(out, entries, &sha256);
    }

    // Of pieces whoever puts them together knows the digest.
    fn resume(&mut self, _: &[u8]) {
        self.0 = None;
    }

    fn tail_behind(&mut self, out: &mut Vec<u8>, entries: u64, sha256: &str) {
        let _said = self.line(out, &Last { entries, sha256 });
    }
}
