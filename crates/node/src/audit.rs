//! What was done, when and by which token.
//!
//! A row says that something was done. What it was done on is data too: rows about members, tokens and the node are for
//! whoever operates it, rows about objects only for the member whose token did it; what was done at the machine itself, for
//! the node's own member.
//!
//! Who looks at what only administrators are told leaves a row, too: before he is told, so that nobody looks unseen. A look at
//! rows that say nothing but that somebody looked at the audit leaves none, or who collects it would never come to its end.

use model::{Action, MemberId, gate};
use serde_json::{Value, json};
use store::directory::Token;
use store::upkeep::{AuditFrom, Audited};

use crate::directory::signed_in;
use crate::roster::Roster;
use crate::{Caller, Error, Kind, Node};

/// Rows of an answer, unless fewer are asked for.
const LISTED: usize = 1_000;
/// Rows that are read from the store at once.
const PAGE: usize = 500;
/// What rows are about that whoever reads the audit may know.
const ABOUT_THE_NODE: &[&str] = &["member", "person", "collection", "token", "secret", "retention"];

/// The row of a look at the audit.
const LOOKED: &str = "audit.look";

/// Which rows of the audit.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Rows after this one, the oldest first: for who collects them.
    pub after: Option<u64>,
    /// Rows before this one, the newest first; without either, the newest.
    pub before: Option<u64>,
    /// At most so many, 1 to 1,000.
    pub limit: Option<usize>,
}

impl Node {
    /// What was done. For administrators: rows are numbered, which tells how many others there are. That he looked, and at which
    /// rows, is a row of its own, which the next who looks is told.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] for visitors; [`Kind::Forbidden`] for other roles; [`Kind::Invalid`] for both ends at
    /// once and for a limit out of range.
    pub fn audit(&self, caller: &Caller, query: &AuditQuery) -> Result<Value, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::Operate)?;
        let limit = query.limit.unwrap_or(LISTED);
        if !(1..=LISTED).contains(&limit) {
            return Err(Error::new(Kind::Invalid, format!("`limit` is 1 to {LISTED}")));
        }
        let mut from = match (query.after, query.before) {
            (Some(_), Some(_)) => return Err(Error::new(Kind::Invalid, "`after` or `before`, not both")),
            (Some(after), None) => AuditFrom::After(after),
            (None, before) => AuditFrom::Before(before.unwrap_or(u64::MAX)),
        };
        let (rows, more) = self.rows_of_audit(&mut from, limit)?;
        if let (Some(one), Some(other)) = (rows.first(), rows.last())
            && rows.iter().any(|row| row.verb != LOOKED)
        {
            let (least, most) = (one.number.min(other.number), one.number.max(other.number));
            self.looked(caller, LOOKED, format!("{least}-{most}"))?;
        }
        let roster = self.roster();
        let told = |row: &Audited| {
            let token = row.token.and_then(|id| roster.token(id));
            shown(&roster, row, token, own)
        };
        Ok(json!({ "audit": rows.iter().map(told).collect::<Vec<Value>>(), "more": more }))
    }

    fn rows_of_audit(&self, from: &mut AuditFrom, limit: usize) -> Result<(Vec<Audited>, bool), Error> {
        let snapshot = self.inner.store.snapshot()?;
        let mut listed = Vec::new();
        loop {
            let rows = snapshot.audit(*from, PAGE)?;
            let Some(last) = rows.last() else { break };
            *from = match *from {
                AuditFrom::After(_) => AuditFrom::After(last.number),
                AuditFrom::Before(_) => AuditFrom::Before(last.number),
            };
            for row in rows {
                if listed.len() == limit {
                    return Ok((listed, true));
                }
                listed.push(row);
            }
        }
        Ok((listed, false))
    }

    /// Writes down that a caller looks at what only the node's administrators are told, and at what of it.
    pub(crate) fn looked(&self, caller: &Caller, verb: &'static str, target: String) -> Result<(), Error> {
        self.judged(caller, |roster, caller| {
            let by = Node::authorized(roster, caller, gate::Look, gate::Record)?;
            self.change(by, caller, (verb, target.clone()), &[])
        })
    }
}

fn shown(roster: &Roster, row: &Audited, token: Option<&Token>, reader: MemberId) -> Value {
    let mut value = json!({ "id": row.number, "at": row.at.to_string(), "verb": row.verb });
    let Some(fields) = value.as_object_mut() else { return value };
    if let Some(token) = token {
        fields.insert("token".to_owned(), json!({ "id": token.id.to_string(), "name": token.name }));
        fields.insert("member".to_owned(), json!(roster.named(token.member)));
        if let Some(person) = token.person.and_then(|person| roster.person(person)) {
            fields.insert("person".to_owned(), json!({ "id": person.id.to_string(), "name": person.name }));
        }
    }
    let about = row.verb.split('.').next().unwrap_or_default();
    // Who is at the machine has no token, and acts for the node's own member.
    let own = match token {
        Some(token) => token.member == reader,
        None => row.token.is_none() && roster.member(reader).is_some_and(|member| member.own),
    };
    if own || ABOUT_THE_NODE.contains(&about) {
        fields.insert("target".to_owned(), json!(row.target));
        if let Some(name) = name_of(roster, about, &row.target) {
            fields.insert("target_name".to_owned(), json!(name));
        }
    }
    value
}

// Rows keep ids, which stay what they are; people know names.
fn name_of<'r>(roster: &'r Roster, about: &str, id: &str) -> Option<&'r str> {
    match about {
        "member" => Some(&roster.member(id.parse().ok()?)?.name),
        "person" => Some(&roster.person(id.parse().ok()?)?.name),
        "collection" => Some(&roster.collection(id.parse().ok()?)?.title),
        "token" => Some(&roster.token(id.parse().ok()?)?.name),
        _ => None,
    }
}
