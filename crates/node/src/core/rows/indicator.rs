//! The indicator that a row amounts to.

use model::observable::{self, Kind, Unfit};
use model::{Timestamp, Tlp};
use strictjson::write;
use uuid::Uuid;

use super::columns::{Column, Role};
use super::{RowForm, Wrong, pattern, time, tlp};
use crate::core::sensitive::may_hold_card;

/// The extension that keeps what a row says and STIX has no place for: `columns`, from name to text.
pub const EXTENSION: &str = "extension-definition--6d1ab8a4-0a3c-4d0a-9d2e-5a3c3d5f1b7e";
/// The namespace of the ids of indicators that are made from rows.
const NAMESPACE: Uuid = Uuid::from_u128(0x2f4b_83c1_9a57_4e0d_8d5b_61c0_94e7_a2b6);
/// What separates tags in one field.
const TAG_ENDS: [char; 3] = [',', ';', '|'];

/// What a row says, as it is read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    comparisons: Vec<String>,
    /// The first value, and the name that the row gives.
    name: Option<String>,
    said_name: Option<String>,
    pub(super) description: Option<String>,
    labels: Vec<String>,
    confidence: Option<u8>,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    source: Option<String>,
    references: Vec<String>,
    tlp: Option<Tlp>,
    kept: Vec<(String, String)>,
    /// The version.
    pub(super) at: Timestamp,
    pattern: String,
}

impl Draft {
    /// Takes a field for what its column holds. `kind` is what the row says of its values.
    pub(super) fn take(&mut self, column: &Column, field: &str, kind: Option<Kind>) -> Result<(), Wrong> {
        match column.role {
            Role::Value(own) => self.value(field, own, kind)?,
            Role::Kind | Role::Ignored => {}
            // Of two, the stricter.
            Role::Tlp => self.tlp = self.tlp.max(Some(tlp(field)?)),
            Role::ValidFrom | Role::ValidUntil => {
                let at = time::parse(field).ok_or_else(|| {
                    format!("`{}` in the column `{}` is no time", shown(field), column.name)
                })?;
                let slot =
                    if column.role == Role::ValidFrom { &mut self.valid_from } else { &mut self.valid_until };
                slot.get_or_insert(at);
            }
            Role::Confidence => match field.trim_end_matches('%').parse::<u8>() {
                Ok(percent) if percent <= 100 && self.confidence.is_none() => self.confidence = Some(percent),
                _ => self.keep(column.name.clone(), field),
            },
            Role::Description => match &mut self.description {
                Some(before) => *before = format!("{before}\n{field}"),
                None => self.description = Some(field.to_owned()),
            },
            Role::Labels => {
                self.labels.extend(field.split(TAG_ENDS).map(|tag| tag.trim().to_owned()));
            }
            Role::Source if self.source.is_none() => self.source = Some(field.to_owned()),
            Role::Name if self.said_name.is_none() => self.said_name = Some(field.to_owned()),
            // The first column of a name counts; what a second one says is kept.
            Role::Source | Role::Name => self.keep(column.name.clone(), field),
            Role::Reference => self.references.push(field.to_owned()),
            Role::Kept => self.keep(column.name.clone(), field),
        }
        Ok(())
    }

    /// Takes a value: of the kind that its column has, or the row says, or that it looks like.
    pub(super) fn value(&mut self, value: &str, own: Option<Kind>, said: Option<Kind>) -> Result<(), Wrong> {
        let typed = own.or(said).map(|kind| (kind, observable::normalise(kind, value)));
        let found = match typed {
            Some((_, Ok(found))) => found,
            // A whole card number or a credential is neither guessed at nor repeated, and not kept.
            Some((Kind::CardRange | Kind::Credential, Err(unfit))) => {
                return Err(Wrong { reason: format!("what the row says is {unfit}"), repeats: false });
            }
            // A column of addresses holds networks too, and `address:port`; a wrong type is no reason to lose a value.
            _ => observable::guess(value).map_err(|unfit| refused(value, unfit))?,
        };
        let comparison = pattern::comparison(&found).ok_or_else(|| {
            format!("no pattern of STIX matches `{}`, of kind {}", shown(value), found.kind())
        })?;
        self.name.get_or_insert_with(|| found.text().to_owned());
        if !self.comparisons.contains(&comparison) {
            self.comparisons.push(comparison);
        }
        Ok(())
    }

    /// Keeps a field that STIX has no place for.
    pub(super) fn keep(&mut self, name: String, field: &str) {
        self.kept.push((name, field.to_owned()));
    }

    /// Fills in what the row leaves out.
    pub(super) fn finish(&mut self, form: &RowForm) -> Result<(), String> {
        self.pattern = pattern::any_of(&self.comparisons).ok_or("no value in this row")?;
        let from = *self.valid_from.get_or_insert(form.received);
        if self.valid_until.is_none() {
            let life = form.expire_s.map(|life| i64::try_from(life).unwrap_or(i64::MAX));
            self.valid_until = life.map(|life| form.received.plus_seconds(life));
        }
        if self.valid_until.is_some_and(|until| until <= from) {
            return Err("it is valid until before it is valid from".to_owned());
        }
        self.labels.extend(form.source_name.clone());
        self.labels.retain(|label| !label.is_empty());
        self.labels.sort_unstable();
        self.labels.dedup();
        Ok(())
    }

    /// Writes the indicator.
    pub(super) fn wire(&self, form: &RowForm) -> Vec<u8> {
        let name = format!("{}\n{}", form.member, self.pattern);
        let id = format!("indicator--{}", Uuid::new_v5(&NAMESPACE, name.as_bytes()));
        let mut json = Writer(b"{\"type\":\"indicator\",\"spec_version\":\"2.1\"".to_vec());
        json.text("id", &id);
        json.optional("created_by_ref", form.identity.as_deref());
        json.text("created", &self.at.to_string());
        json.text("modified", &self.at.to_string());
        json.optional("name", self.said_name.as_deref().or(self.name.as_deref()));
        json.optional("description", self.description.as_deref());
        json.text("pattern", &self.pattern);
        json.text("pattern_type", "stix");
        json.text("pattern_version", "2.1");
        json.optional("valid_from", self.valid_from.map(|at| at.to_string()).as_deref());
        json.optional("valid_until", self.valid_until.map(|at| at.to_string()).as_deref());
        if let Some(confidence) = self.confidence {
            json.raw("confidence", confidence.to_string().as_bytes());
        }
        json.texts("labels", &self.labels);
        self.write_references(&mut json, form);
        if let Some(tlp) = self.tlp {
            json.texts("object_marking_refs", &[marking(tlp)]);
        }
        self.write_kept(&mut json);
        json.0.push(b'}');
        json.0
    }

    fn write_references(&self, json: &mut Writer, form: &RowForm) {
        let source = self.source.as_deref().or(form.source_name.as_deref()).unwrap_or("reference");
        let mut list = Vec::new();
        for url in &self.references {
            let mut one = Writer(b"{\"source_name\":".to_vec());
            write::string(&mut one.0, source);
            let is_url = url.contains("://");
            one.text(if is_url { "url" } else { "description" }, url);
            one.0.push(b'}');
            list.push(one.0);
        }
        // Copies of one list count once where several members say what is on it, so it is named.
        let named = self.source.as_ref().map(|source| (source, "named by the row as its source"));
        let taken = form.source_name.as_ref().map(|source| (source, "the list that the row is from"));
        if list.is_empty()
            && let Some((source, description)) = named.or(taken)
        {
            let mut one = Writer(b"{\"source_name\":".to_vec());
            write::string(&mut one.0, source);
            one.text("description", description);
            one.0.push(b'}');
            list.push(one.0);
        }
        if !list.is_empty() {
            json.raw("external_references", &[b"[".as_slice(), &list.join(&b','), b"]"].concat());
        }
    }

    fn write_kept(&self, json: &mut Writer) {
        let mut columns = Writer(b"{\"extension_type\":\"property-extension\"".to_vec());
        let mut inner = Vec::new();
        for (name, text) in &self.kept {
            inner.push(if inner.is_empty() { b'{' } else { b',' });
            write::string(&mut inner, name);
            inner.push(b':');
            write::string(&mut inner, text);
        }
        if inner.is_empty() {
            return;
        }
        inner.push(b'}');
        columns.raw("columns", &inner);
        columns.0.push(b'}');
        let mut extensions = b"{".to_vec();
        write::string(&mut extensions, EXTENSION);
        extensions.push(b':');
        extensions.extend_from_slice(&columns.0);
        extensions.push(b'}');
        json.raw("extensions", &extensions);
    }
}

// The members of an object, appended one by one behind the first.
struct Writer(Vec<u8>);

impl Writer {
    fn raw(&mut self, name: &str, value: &[u8]) {
        self.0.push(b',');
        write::string(&mut self.0, name);
        self.0.push(b':');
        self.0.extend_from_slice(value);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.raw(name, b"");
        write::string(&mut self.0, text);
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn texts<T: AsRef<str>>(&mut self, name: &str, texts: &[T]) {
        if texts.is_empty() {
            return;
        }
        self.raw(name, b"[");
        for (place, text) in texts.iter().enumerate() {
            if place > 0 {
                self.0.push(b',');
            }
            write::string(&mut self.0, text.as_ref());
        }
        self.0.push(b']');
    }
}

fn marking(tlp: Tlp) -> &'static str {
    use stix::tlp::Level;
    let level = match tlp {
        Tlp::Clear => Level::Clear,
        Tlp::Green => Level::Green,
        Tlp::Amber => Level::Amber,
        Tlp::AmberStrict => Level::AmberStrict,
        Tlp::Red => Level::Red,
    };
    level.marking(stix::tlp::Version::Two).map_or("", |marking| marking.id)
}

// A value that is nothing known; of a card's number, which a list of other things may hold too, no more than that is said.
fn refused(value: &str, unfit: Unfit) -> Wrong {
    if may_hold_card(value) {
        let reason = "what the row says is the number of a payment card, which nobody may be sent";
        return Wrong { reason: reason.to_owned(), repeats: false };
    }
    format!("`{}` is {unfit}", shown(value)).into()
}

// What an answer repeats of a value: strangers wrote it.
fn shown(text: &str) -> String {
    text.chars().take(80).map(|character| if character.is_control() { '·' } else { character }).collect()
}
