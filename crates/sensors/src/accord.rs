//! What an agent beside sensors reads: a line of JSON for each value, and a sum of all of them at the end. The stream of changes
//! tells values in the same words.

use model::matching::Mode;
use model::observable::Kind;
use model::protect::{Action, Does};
use model::{Observable, Timestamp};
use serde::Serialize;

use super::form::Form;
use super::text::{is_line, one_line};
use super::{Head, Item, Outcome, Reason, Sum};

/// Of the lines' form; another number is another form. That of 1 had a digest of all bytes at its end.
const FORM: u32 = 2;

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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    later: Vec<Then>,
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
            later: Vec::new(),
        }
    }

    /// The same, with what it does when that ends, and until when: the first as `then`, and what is behind it as `later`.
    #[must_use]
    pub fn then(self, then: &[Does]) -> Said<'a> {
        let mut then = then.iter().map(|(action, until)| Then {
            action: action.name(),
            until: until.map(|until| until.to_string()),
        });
        Said { then: then.next(), later: then.collect(), ..self }
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
    sum: &'a str,
}

/// Writes the lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    sum: Sum,
}

// What JSON cannot say is nothing that is here.
fn line(out: &mut Vec<u8>, line: &impl Serialize) -> Result<(), Reason> {
    let begin = out.len();
    if serde_json::to_writer(&mut *out, line).is_err() {
        out.truncate(begin);
        return Err(Reason::Characters);
    }
    out.push(b'\n');
    Ok(())
}

impl Form for Lines {
    fn head(&mut self, out: &mut Vec<u8>, head: &Head<'_>) {
        let (as_of, node, begin) = (head.as_of.to_string(), one_line(head.node), out.len());
        // Texts and numbers can always be said.
        let _said = line(out, &First { accord: FORM, node: &node, as_of, cursor: head.cursor });
        self.sum.add(out.get(begin..).unwrap_or_default());
    }

    fn item(&mut self, out: &mut Vec<u8>, item: &Item<'_>) -> Result<Outcome, Reason> {
        if !is_line(item.value.text()) {
            return Err(Reason::Characters);
        }
        let (acts, begin) = ((item.action, item.until), out.len());
        let object = one_line(item.object);
        line(out, &Said::does(item.value, item.mode, acts, &object).then(item.then))?;
        self.sum.add(out.get(begin..).unwrap_or_default());
        Ok(Outcome::Written)
    }

    fn tail(&mut self, out: &mut Vec<u8>, entries: u64) {
        let sum = self.sum.to_string();
        let _said = line(out, &Last { entries, sum: &sum });
    }

    fn take_sum(&mut self) -> Sum {
        std::mem::take(&mut self.sum)
    }

    fn add_sum(&mut self, sum: Sum) {
        self.sum.add_all(sum);
    }
}
