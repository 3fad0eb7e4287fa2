//! What a folder holds, read from its tables beside the node: the directory, the record, the audit, row by row.

use std::collections::BTreeMap;
use std::path::Path;

use model::{Definition, Label};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use crate::Outcome;

/// The tables, each by a number first. What a token was last used for, and views beside `state`, are left out.
const TABLES: &[(&str, &str)] = &[
    ("member", "SELECT num, id, name, created, revoked, own, objects_per_hour, bytes_per_hour FROM member"),
    ("person", "SELECT num, id, member, name, created, revoked FROM person"),
    (
        "token",
        "SELECT num, id, member, person, name, roles, verbs, reads, writes, ceiling, expires, revoked, digest, networks,
           certificate, profile, created, once FROM token",
    ),
    (
        "collection",
        "SELECT num, id, title, alias, ceiling, revoked, default_label, filter, description, created FROM collection",
    ),
    ("identity", "SELECT num, stix, member FROM identity"),
    ("circle", "SELECT num, id, definition, audiences, revoked, expires, created FROM circle"),
    ("membership", "SELECT num, id, circle, member, revoked, person, agreed, since, kept FROM membership"),
    (
        "invitation",
        "SELECT num, id, circle, inviter, revoked, digest, second, needs_second, created, expires FROM invitation",
    ),
    ("circle_act", "SELECT num, circle, member, token, verb, about FROM circle_act"),
    (
        "opening",
        "SELECT row_number() OVER (ORDER BY member, person, label), member, person, label, position, until, count
         FROM opening",
    ),
    ("rules", "SELECT 0, value FROM meta WHERE name = 'retention'"),
    ("audit", "SELECT num, token, verb, target, at FROM audit"),
    ("erasure", "SELECT num, position, hash FROM erasure"),
    (
        "statement",
        "SELECT s.position, s.entry, s.state, COALESCE(w.text, ''), s.uuid, s.version, m.id, l.canonical, s.target, s.body
         FROM statement s LEFT JOIN word w ON w.num = s.kind JOIN source m ON m.num = s.source JOIN label l ON l.num = s.label",
    ),
];

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(Vec<Value>);

impl Row {
    /// A column as an id; nil where it is none.
    pub fn id(&self, at: usize) -> Uuid {
        match self.0.get(at) {
            Some(Value::Blob(bytes)) => Uuid::from_slice(bytes).unwrap_or_default(),
            _ => Uuid::nil(),
        }
    }

    /// A column as a number; 0 where it is none.
    pub fn int(&self, at: usize) -> i64 {
        match self.0.get(at) {
            Some(Value::Integer(number)) => *number,
            _ => 0,
        }
    }

    /// A column as text; empty where it is none.
    pub fn text(&self, at: usize) -> &str {
        match self.0.get(at) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// A column as bytes; empty where it is none.
    pub fn bytes(&self, at: usize) -> &[u8] {
        match self.0.get(at) {
            Some(Value::Blob(bytes)) => bytes,
            _ => &[],
        }
    }

    /// Nothing is in a column.
    pub fn is_null(&self, at: usize) -> bool {
        matches!(self.0.get(at), None | Some(Value::Null))
    }

    /// It is another row but for one column.
    pub fn differs_only(&self, other: &Row, at: usize) -> bool {
        let rest =
            |row: &Row| row.0.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, v)| v.clone()).collect();
        let (one, two): (Vec<Value>, Vec<Value>) = (rest(self), rest(other));
        one == two && self.0.get(at) != other.0.get(at)
    }

    /// The label of a statement.
    pub fn label(&self) -> Option<Label> {
        Label::from_canonical(self.bytes(7))
    }

    /// The id of a statement's object.
    pub fn object(&self) -> String {
        format!("{}--{}", self.text(3), self.id(4).hyphenated())
    }

    /// The name of a circle.
    pub fn circle_name(&self) -> String {
        Definition::from_canonical(self.text(2)).map(|read| read.name).unwrap_or_default()
    }
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State(BTreeMap<&'static str, BTreeMap<i64, Row>>);

/// A row that is new, gone, or another.
#[derive(Debug, Clone)]
pub struct Changed {
    /// Of which table.
    pub table: &'static str,
    /// As it was.
    pub before: Option<Row>,
    /// As it is.
    pub after: Option<Row>,
}

impl State {
    /// The rows of a table.
    pub fn of(&self, table: &str) -> impl Iterator<Item = &Row> {
        self.0.get(table).into_iter().flat_map(BTreeMap::values)
    }

    /// The row of a table that has an id in its second column.
    pub fn by_id(&self, table: &str, id: Uuid) -> Option<&Row> {
        self.of(table).find(|row| row.id(1) == id)
    }

    /// What is different afterwards.
    pub fn changed(&self, after: &State) -> Vec<Changed> {
        let mut changed = Vec::new();
        let none = BTreeMap::new();
        for (table, _) in TABLES {
            let (one, two) = (self.0.get(table).unwrap_or(&none), after.0.get(table).unwrap_or(&none));
            let keys: std::collections::BTreeSet<&i64> = one.keys().chain(two.keys()).collect();
            for key in keys {
                let (before, after) = (one.get(key).cloned(), two.get(key).cloned());
                if before != after {
                    changed.push(Changed { table, before, after });
                }
            }
        }
        changed
    }
}

/// A way to look beside the node.
pub struct Look(Connection);

impl Look {
    /// Into a folder.
    pub fn into(folder: &Path) -> Outcome<Look> {
        let file = folder.join("record.sqlite");
        Ok(Look(Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?))
    }

    /// All of it, as of one moment.
    pub fn now(&self) -> Outcome<State> {
        let moment = self.0.unchecked_transaction()?;
        let mut state = State::default();
        for (table, sql) in TABLES {
            let mut query = moment.prepare_cached(sql)?;
            let columns = query.column_count();
            let mut rows = query.query([])?;
            let mut all = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let values: Result<Vec<Value>, _> = (0..columns).map(|at| row.get(at)).collect();
                all.insert(row.get::<_, i64>(0)?, Row(values?));
            }
            state.0.insert(table, all);
        }
        Ok(state)
    }
}
