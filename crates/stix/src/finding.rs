//! What a check says: findings, each with its place and its clause.

use crate::Limits;
use std::fmt::Write;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A SHOULD of the standard is not followed: a warning.
    Should,
    /// A MUST of the standard is broken: the object does not conform.
    Must,
}

/// One thing that is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// A stable name of the rule, for programs.
    pub code: &'static str,
    /// RFC 6901 pointer of the value, from the object that was checked; empty for the object itself.
    pub pointer: String,
    /// The clause of the standard, such as `STIX 2.1 §3.2`.
    pub clause: &'static str,
    /// The finding in words, for people. At most about 300 bytes, however long the value is.
    pub message: String,
}

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// What was found, in the order of the object's members; at most [`Limits::findings`](crate::Limits) and one
    /// `more-findings` that counts the rest.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// Whether no MUST is broken.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Must)
    }
}

/// Where the check stands: a chain on the stack from the value up to the object, turned into a pointer only for a finding.
#[derive(Clone, Copy)]
pub(crate) enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    pub(crate) fn key(&'p self, key: &'p str) -> Path<'p> {
        Path::Key(self, key)
    }

    pub(crate) fn index(&'p self, index: usize) -> Path<'p> {
        Path::Index(self, index)
    }

    pub(crate) fn pointer(&self) -> strictjson::Pointer {
        match self {
            Path::Root => strictjson::Pointer::root(),
            Path::Key(parent, key) => parent.pointer().key(key),
            Path::Index(parent, index) => parent.pointer().index(*index),
        }
    }
}

/// Collects findings up to a limit and counts the rest.
pub(crate) struct Findings {
    list: Vec<Finding>,
    pub(crate) limits: Limits,
    dropped: usize,
    worst_dropped: Severity,
}

impl Findings {
    pub(crate) fn new(limits: Limits) -> Findings {
        Findings { list: Vec::new(), limits, dropped: 0, worst_dropped: Severity::Should }
    }

    /// A broken MUST. `message` is only called when the finding is kept.
    pub(crate) fn must(
        &mut self,
        path: &Path<'_>,
        code: &'static str,
        clause: &'static str,
        message: impl FnOnce() -> String,
    ) {
        self.add(Severity::Must, path, code, clause, message);
    }

    /// A SHOULD that is not followed.
    pub(crate) fn should(
        &mut self,
        path: &Path<'_>,
        code: &'static str,
        clause: &'static str,
        message: impl FnOnce() -> String,
    ) {
        self.add(Severity::Should, path, code, clause, message);
    }

    pub(crate) fn add(
        &mut self,
        severity: Severity,
        path: &Path<'_>,
        code: &'static str,
        clause: &'static str,
        message: impl FnOnce() -> String,
    ) {
        if self.list.len() >= self.limits.findings {
            self.dropped += 1;
            self.worst_dropped = self.worst_dropped.max(severity);
            return;
        }
        self.list.push(Finding {
            severity,
            code,
            pointer: path.pointer().into(),
            clause,
            message: message(),
        });
    }

    /// The outcome. What was dropped still decides whether the object is acceptable.
    pub(crate) fn finish(mut self) -> Checked {
        if self.dropped > 0 {
            self.list.push(Finding {
                severity: self.worst_dropped,
                code: "more-findings",
                pointer: String::new(),
                clause: "STIX 2.1",
                message: format!("{} more findings are not listed", self.dropped),
            });
        }
        Checked { findings: self.list }
    }
}

/// A value as a message quotes it: in backticks, cut when long, control characters made visible.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    let mut quoted = String::with_capacity(text.len().min(SHOWN) + 8);
    quoted.push('`');
    for (count, character) in text.chars().enumerate() {
        if count == SHOWN {
            quoted.push('…');
            break;
        }
        if character.is_control() {
            // Writing to a string cannot fail.
            let _ = write!(quoted, "{}", character.escape_unicode());
        } else {
            quoted.push(character);
        }
    }
    quoted.push('`');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_still_counts() {
        let mut findings = Findings::new(Limits { findings: 1, ..Limits::default() });
        findings.should(&Path::Root, "a", "c", || "first".into());
        findings.must(&Path::Root, "b", "c", || "second".into());
        let checked = findings.finish();
        assert_eq!(checked.findings.len(), 2);
        assert_eq!(checked.findings[1].code, "more-findings");
        assert!(!checked.is_acceptable());
    }

    #[test]
    fn paths_become_pointers() {
        let list = Path::Root.key("a/b");
        let item = list.index(3);
        assert_eq!(item.key("c~d").pointer().as_str(), "/a~1b/3/c~0d");
    }

    #[test]
    fn quotes_are_short_and_visible() {
        assert_eq!(quoted("a\u{7}b"), "`a\\u{7}b`");
        assert!(quoted(&"x".repeat(1000)).len() < 100);
    }
}
