//! What stands under a key: who says it, how it is meant, from when until when.

use std::borrow::Cow;

use model::Timestamp;
use model::matching::{Mode, Scheme};
use model::observable::Kind;
use model::protect::Action;

/// What one indicator says of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What the caller calls it. To this crate it means nothing.
    pub id: u64,
    /// How its value is meant.
    pub mode: Mode,
    /// The scheme that a URL of `http` or `https` was said with.
    pub scheme: Option<Scheme>,
    /// What it may do at most where it is seen.
    pub action: Option<Action>,
    /// From when it is valid, where it says so.
    pub valid_from: Option<Timestamp>,
    /// Until when it is valid, where it says so; at that instant it no longer is.
    pub valid_until: Option<Timestamp>,
    /// Its author took it back.
    pub revoked: bool,
}

impl Entry {
    /// An entry that is valid at any time.
    #[must_use]
    pub fn new(id: u64) -> Entry {
        Entry {
            id,
            mode: Mode::Exact,
            scheme: None,
            action: None,
            valid_from: None,
            valid_until: None,
            revoked: false,
        }
    }

    /// Whether it held at an instant. What is revoked never did. Without an instant nothing is said of time, and all that is not
    /// revoked holds.
    ///
    /// ```
    /// use shield::{Entry, Timestamp};
    ///
    /// let march = |day: &str| Some(format!("2026-03-{day}T00:00:00Z").parse::<Timestamp>().unwrap());
    /// let entry = Entry { valid_from: march("03"), valid_until: march("10"), ..Entry::new(1) };
    /// assert!(entry.held_at(march("05")));
    /// assert!(!entry.held_at(march("10")) && !entry.held_at(march("02")));
    /// assert!(entry.held_at(None));
    /// ```
    #[must_use]
    pub fn held_at(&self, time: Option<Timestamp>) -> bool {
        let after = |from: Timestamp| time.is_none_or(|time| from <= time);
        let before = |until: Timestamp| time.is_none_or(|time| time < until);
        !self.revoked && self.valid_from.is_none_or(after) && self.valid_until.is_none_or(before)
    }
}

/// How long an entry is in a file.
pub(crate) const ENTRY_BYTES: usize = 28;

const HAS_FROM: u8 = 1;
const HAS_UNTIL: u8 = 2;
const REVOKED: u8 = 4;
const FLAGS: u8 = HAS_FROM | HAS_UNTIL | REVOKED;

impl Entry {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let from = self.valid_from.map_or(0, |_| HAS_FROM);
        let until = self.valid_until.map_or(0, |_| HAS_UNTIL);
        let revoked = if self.revoked { REVOKED } else { 0 };
        out.extend_from_slice(&self.id.to_le_bytes());
        out.extend_from_slice(&self.valid_from.unwrap_or_default().0.to_le_bytes());
        out.extend_from_slice(&self.valid_until.unwrap_or_default().0.to_le_bytes());
        let mode = Mode::all().position(|mode| mode == self.mode).unwrap_or(0);
        let scheme = match self.scheme {
            None => 0,
            Some(Scheme::Http) => 1,
            Some(Scheme::Https) => 2,
        };
        let action = match self.action {
            None => 0,
            Some(Action::Context) => 1,
            Some(Action::Alert) => 2,
            Some(Action::Block) => 3,
        };
        out.extend_from_slice(&[mode as u8, scheme, action, from | until | revoked]);
    }

    /// `None` for what no entry is written as.
    pub(crate) fn read(bytes: &[u8; ENTRY_BYTES]) -> Option<Entry> {
        let (id, rest) = bytes.split_first_chunk::<8>()?;
        let (from, rest) = rest.split_first_chunk::<8>()?;
        let (until, rest) = rest.split_first_chunk::<8>()?;
        let [mode, scheme, action, flags] = *rest.first_chunk::<4>()?;
        let time =
            |bytes: &[u8; 8], flag: u8| (flags & flag != 0).then(|| Timestamp(i64::from_le_bytes(*bytes)));
        Some(Entry {
            id: u64::from_le_bytes(*id),
            mode: Mode::all().nth(usize::from(mode))?,
            scheme: match scheme {
                0 => None,
                1 => Some(Scheme::Http),
                2 => Some(Scheme::Https),
                _ => return None,
            },
            action: match action {
                0 => None,
                1 => Some(Action::Context),
                2 => Some(Action::Alert),
                3 => Some(Action::Block),
                _ => return None,
            },
            valid_from: time(from, HAS_FROM),
            valid_until: time(until, HAS_UNTIL),
            revoked: (flags & !FLAGS == 0).then_some(flags & REVOKED != 0)?,
        })
    }
}

/// The kind of a key of `model` and what tables keep of it: the key without its first byte, but names of domains as people write them, so
/// that the ends of a name that was seen are the keys to ask for.
pub(crate) fn form_of(key: &[u8]) -> Option<(Kind, Cow<'_, [u8]>)> {
    let (kind, form) = key.split_first()?;
    let kind = Kind::from_byte(*kind)?;
    if kind != Kind::Domain {
        return Some((kind, Cow::Borrowed(form)));
    }
    let mut name = Vec::with_capacity(form.len());
    for label in form.strip_suffix(b".").unwrap_or(form).rsplit(|byte| *byte == b'.') {
        name.extend_from_slice(label);
        name.push(b'.');
    }
    name.pop();
    Some((kind, Cow::Owned(name)))
}

/// The key of `model` that a table keeps this of.
pub(crate) fn key_of_form(kind: Kind, form: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(form.len() + 2);
    key.push(kind.byte());
    if kind != Kind::Domain {
        key.extend_from_slice(form);
        return key;
    }
    for label in form.rsplit(|byte| *byte == b'.') {
        key.extend_from_slice(label);
        key.push(b'.');
    }
    key
}

/// The text of what stands under a key of a table, as far as the key tells.
pub(crate) fn text_of(kind: Kind, form: &[u8]) -> Option<String> {
    model::observable::text_of_key(&key_of_form(kind, form))
}
