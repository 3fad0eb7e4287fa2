//! What was refused and is kept for seven days.
//!
//! Nobody could read a label in it, so its content is as RED as a label can be: for the member that sent it. Whoever
//! works the quarantine sees that something was refused, of whom and when.

use model::access::CollectionScope;
use model::{Action, Label, SubmissionId, Tlp, may_act, may_see};
use serde_json::{Value, json};
use store::upkeep::Quarantined;

use crate::core::cursor;
use crate::directory::{not_found, signed_in};
use crate::roster::Roster;
use crate::{Caller, Error, Node};

/// Most items of one answer, the newest.
const LISTED: usize = 1_000;
/// Items that are read from the store at once.
const PAGE: usize = 100;

/// How much of an item somebody is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Nothing,
    Outside,
    Whole,
}

impl Node {
    /// Refused arrivals that are still kept, the newest first: his own member's, and for curators and administrators
    /// that there are others, without their content.
    ///
    /// # Errors
    /// [`crate::Kind::Unauthenticated`] for visitors; [`crate::Kind::Forbidden`] for a token that neither reads nor
    /// submits outside of collections.
    pub fn quarantine(&self, caller: &Caller) -> Result<Value, Error> {
        allowed(caller)?;
        let roster = self.roster();
        let mut listed = Vec::new();
        let mut before = u64::MAX;
        loop {
            let page = self.inner.store.snapshot()?.quarantine(before, PAGE)?;
            let Some(last) = page.last() else { break };
            before = last.number;
            for item in &page {
                match self.shown(&roster, caller, item) {
                    Shown::Nothing => {}
                    shown if listed.len() < LISTED => listed.push(self.row(&roster, item, shown)?),
                    _ => return Ok(json!({ "quarantine": listed, "more": true })),
                }
            }
        }
        Ok(json!({ "quarantine": listed, "more": false }))
    }

    /// One of them, by its id in the list, with its bytes: as text where they are, else in base64.
    ///
    /// # Errors
    /// As [`Node::quarantine`], and [`crate::Kind::NotFound`].
    pub fn quarantined(&self, caller: &Caller, id: &str) -> Result<Value, Error> {
        allowed(caller)?;
        let unknown = || not_found("refused arrival", id);
        let (submission, place) = id.split_once('.').ok_or_else(unknown)?;
        let submission: SubmissionId = submission.parse().map_err(|_| unknown())?;
        let sealed = cursor::open_place(&self.inner.cursor_key, submission.0.as_bytes(), place);
        let ordinal = sealed.or_else(|| place.parse().ok()).ok_or_else(unknown)?;
        let found = self.inner.store.snapshot()?.quarantined(submission, ordinal)?;
        let item = found.ok_or_else(unknown)?;
        let shown = self.shown(&self.roster(), caller, &item);
        // Who could ask by the place would find out how much stands before it.
        if shown == Shown::Nothing || (shown == Shown::Outside && sealed.is_none()) {
            return Err(unknown());
        }
        let mut answer = self.row(&self.roster(), &item, shown)?;
        if let (Shown::Whole, Some(fields)) = (shown, answer.as_object_mut()) {
            let (name, content) = match String::from_utf8(item.bytes) {
                Ok(text) => ("content", text),
                Err(error) => ("content_base64", base64(error.as_bytes())),
            };
            fields.insert(name.to_owned(), Value::String(content));
        }
        Ok(answer)
    }

    fn shown(&self, roster: &Roster, caller: &Caller, item: &Quarantined) -> Shown {
        let reader = &caller.principal.reader;
        let unnamed = roster.behind(item.source).is_some();
        // What his member sent may have gone where his token does not reach.
        let own = caller.principal.read == CollectionScope::All
            && may_see(reader, &Label::new(item.source, Tlp::Red), self.now());
        if own {
            Shown::Whole
        } else if !unnamed && may_act(&caller.principal, &Action::ReadQuarantine).is_ok() {
            Shown::Outside
        } else {
            Shown::Nothing
        }
    }

    // A place counts what came before it, which is for the member that sent it alone.
    fn row(&self, roster: &Roster, item: &Quarantined, shown: Shown) -> Result<Value, Error> {
        let place = match shown {
            Shown::Whole => item.ordinal.to_string(),
            _ => cursor::seal_place(&self.inner.cursor_key, item.submission.0.as_bytes(), item.ordinal)?,
        };
        let mut row = json!({
            // A number of its own would tell how much of others was refused meanwhile.
            "id": format!("{}.{place}", item.submission),
            "received": item.at.to_string(),
            // Of what was sent without a name only its own member has a row.
            "member": roster.named(roster.behind(item.source).map_or(item.source, |member| member.id)),
            "submission": item.submission.to_string(),
            "bytes": item.bytes.len(),
        });
        if let (Shown::Whole, Some(fields)) = (shown, row.as_object_mut()) {
            fields.insert("ordinal".to_owned(), json!(item.ordinal));
            if let Some(object) = &item.object {
                fields.insert("object".to_owned(), Value::String(object.clone()));
            }
            fields.insert("reason".to_owned(), Value::String(item.reason.clone()));
        }
        Ok(row)
    }
}

fn allowed(caller: &Caller) -> Result<(), Error> {
    signed_in(caller)?;
    let own = [Action::Read, Action::Submit, Action::SubmitObservation];
    if own.iter().any(|action| may_act(&caller.principal, action).is_ok()) {
        return Ok(());
    }
    Node::allowed(caller, &Action::ReadQuarantine)
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
