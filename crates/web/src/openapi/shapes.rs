//! The documents that routes take and give, as data. The types in `node::views` say the same in Rust; a test holds
//! real answers against these.

mod circles;
mod edges;
mod erased;
mod given;
mod ledger;
mod protect;
mod queue;
mod seen;
mod taken;
mod taxii;
mod upkeep;

use serde_json::{Map, Value, json};

/// What a member of a document can be.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text,
    /// A UUID.
    Uuid,
    /// RFC 3339 in UTC.
    Time,
    /// A whole number, not negative.
    Count,
    /// A number.
    Number,
    /// `true` or `false`.
    Flag,
    /// Texts.
    Texts,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// The document of that name.
    One(&'static str),
    /// A list of documents of that name.
    Many(&'static str),
    /// Anything.
    Any,
}

/// Whether a member is always there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Always.
    Always,
    /// Where it applies.
    Sometimes,
}

use Presence::Always;

/// One member of a document.
pub type Field = (&'static str, Kind, Presence, &'static str);

/// Whether a document may have members that are not listed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// None: what is taken is read strictly.
    Refused,
    /// Some may come with later releases.
    Possible,
}

/// One document.
pub struct Shape {
    /// Its name among the components.
    name: &'static str,
    /// What it is, one sentence.
    summary: &'static str,
    /// Its members.
    fields: &'static [Field],
    /// Members beside these.
    others: Others,
}

/// Every document, by name.
pub fn components() -> Value {
    let shapes = given::SHAPES
        .iter()
        .chain(circles::SHAPES)
        .chain(upkeep::SHAPES)
        .chain(taken::SHAPES)
        .chain(edges::SHAPES)
        .chain(erased::SHAPES)
        .chain(ledger::SHAPES)
        .chain(protect::SHAPES)
        .chain(queue::SHAPES)
        .chain(seen::SHAPES)
        .chain(taxii::SHAPES);
    let mut components: Map<String, Value> =
        shapes.map(|shape| (shape.name.to_owned(), object(shape))).collect();
    components.insert("ImportEvent".to_owned(), import_event());
    components.insert(
        "FacetValue".to_owned(),
        json!({
            "description": "A value, and how many objects have it.",
            "type": "array",
            "prefixItems": [{ "type": "string" }, { "type": "integer", "minimum": 0 }],
            "minItems": 2,
            "maxItems": 2,
        }),
    );
    Value::Object(components)
}

fn object(shape: &Shape) -> Value {
    let property = |(name, kind, _, doc): &Field| ((*name).to_owned(), described(schema(*kind), doc));
    let required: Vec<&str> =
        shape.fields.iter().filter(|field| field.2 == Always).map(|field| field.0).collect();
    let mut value = json!({
        "type": "object",
        "description": shape.summary,
        "properties": shape.fields.iter().map(property).collect::<Map<_, _>>(),
    });
    if let Some(fields) = value.as_object_mut() {
        if !required.is_empty() {
            fields.insert("required".to_owned(), required.into());
        }
        if shape.others == Others::Refused {
            fields.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
    }
    value
}

fn described(mut schema: Value, doc: &str) -> Value {
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("description".to_owned(), doc.into());
    }
    schema
}

fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Uuid => json!({ "type": "string", "format": "uuid" }),
        Kind::Time => json!({ "type": "string", "format": "date-time" }),
        Kind::Count => json!({ "type": "integer", "minimum": 0 }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::OneOf(values) => json!({ "type": "string", "enum": values }),
        Kind::One(name) => json!({ "$ref": reference(name) }),
        Kind::Many(name) => json!({ "type": "array", "items": { "$ref": reference(name) } }),
        Kind::Any => json!({}),
    }
}

fn reference(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

// A line of an import's answer is one of four documents, told apart by `event`.
fn import_event() -> Value {
    let line = |event: &str, name: &str| {
        json!({ "allOf": [
            { "type": "object", "required": ["event"], "properties": { "event": { "const": event } } },
            { "$ref": reference(name) },
        ] })
    };
    json!({
        "description": "One line of an import's answer.",
        "oneOf": [
            line("progress", "ImportProgress"),
            line("outcome", "Outcome"),
            line("finding", "Finding"),
            line("summary", "ImportSummary"),
            line("problem", "ImportProblem"),
        ],
    })
}
