//! The OpenAPI 3.1 document, made from the table of routes. `docs/openapi.json` is the same, kept by a test.

mod shapes;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value, json};

use crate::routes::{Access, Content, Family, Outcome, Parameter, Place, Response, Schema, ValueKind};
use crate::{Answer, Request, Route};

const MEDIA: &str = "application/json";

/// Its rows of the table: the document itself.
#[must_use]
pub fn routes() -> Vec<Route> {
    let row = |path, operation, summary| {
        Route::new(Family::Rest, Method::GET, path, operation, summary, Access::Open, serve).gives(
            200,
            "An OpenAPI 3.1 document.",
            MEDIA,
            Schema::Named("Document"),
        )
    };
    vec![
        row("/openapi.json", "openapi", "This document."),
        row("/api/v1/openapi.json", "openapiOfVersion1", "The same, beside what it describes."),
    ]
}

async fn serve(request: Request) -> Outcome {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    request.query.only(&[])?;
    Ok(Answer::bytes(MEDIA, TEXT.get_or_init(|| Bytes::from(text())).clone()))
}

/// The document as text, two spaces deep, with a line feed at its end.
#[must_use]
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document(&crate::routes::table())).unwrap_or_default();
    text.push('\n');
    text
}

/// The document for a table. Pages are for people and are not in it.
#[must_use]
pub fn document(table: &[Route]) -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in table.iter().filter(|route| route.family != Family::Page) {
        let path = paths.entry(path_of(route.path)).or_default();
        path.insert(route.method.as_str().to_ascii_lowercase(), operation(route));
    }
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Accord",
            "summary": "Threat data, who said it, and for whom.",
            "description": "REST under `/api/v1`, TAXII 2.1 under `/taxii2/`, and probes. Every failure of REST is \
                an RFC 9457 problem. Unknown parameters and unknown members of documents are refused.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "/", "description": "This node." }],
        "tags": [
            { "name": "rest", "description": "The verbs of the node as JSON." },
            { "name": "taxii", "description": "TAXII 2.1 (OASIS Standard, 10 June 2021)." },
            { "name": "probes", "description": "Is it there, is it ready, what does it count." },
        ],
        "paths": paths,
        "components": {
            "schemas": shapes::components(),
            "securitySchemes": security_schemes(),
        },
    })
}

// OpenAPI has no parameter for the rest of a path; `{*name}` stands as `{name}`.
fn path_of(pattern: &str) -> String {
    pattern.replace("{*", "{")
}

fn security_schemes() -> Value {
    json!({
        "bearer": { "type": "http", "scheme": "bearer", "description": "A token." },
        "basic": { "type": "http", "scheme": "basic", "description": "Any user name, the token as password." },
        "apiKey": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A token." },
    })
}

fn operation(route: &Route) -> Value {
    let tag = match route.family {
        Family::Taxii => "taxii",
        _ if route.path.starts_with("/api/") || route.path == "/openapi.json" => "rest",
        _ => "probes",
    };
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [tag],
        "responses": responses(route),
        "security": security(route.access),
    });
    let parameters = parameters(route);
    if let Some(fields) = operation.as_object_mut() {
        if !parameters.is_empty() {
            fields.insert("parameters".to_owned(), parameters.into());
        }
        if !route.takes.is_empty() {
            let body = json!({ "required": true, "content": contents(&route.takes) });
            fields.insert("requestBody".to_owned(), body);
        }
    }
    operation
}

fn security(access: Access) -> Value {
    match access {
        Access::Open => json!([]),
        // A visitor needs none where the node lets visitors in.
        Access::Visitor => json!([{}, { "bearer": [] }, { "basic": [] }, { "apiKey": [] }]),
        _ => json!([{ "bearer": [] }, { "basic": [] }, { "apiKey": [] }]),
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let of_path = route.path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(name.trim_start_matches('*'))
    });
    let told =
        |name: &str| route.parameters.iter().any(|known| known.place == Place::Path && known.name == name);
    let plain = of_path.filter(|name| !told(name)).map(|name| {
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } })
    });
    plain.chain(route.parameters.iter().map(parameter)).collect()
}

fn parameter(parameter: &Parameter) -> Value {
    let (place, required) = match parameter.place {
        Place::Path => ("path", true),
        Place::Query => ("query", parameter.required),
        Place::Header => ("header", parameter.required),
    };
    let text = json!({ "type": "string" });
    let schema = match parameter.kind {
        ValueKind::Text => text,
        ValueKind::Count => json!({ "type": "integer", "minimum": 1 }),
        ValueKind::Flag => json!({ "type": "boolean" }),
        ValueKind::Time => json!({ "type": "string", "format": "date-time" }),
        ValueKind::List | ValueKind::Repeated => json!({ "type": "array", "items": text }),
        ValueKind::OneOf(values) => json!({ "type": "string", "enum": values }),
    };
    let mut value = json!({
        "name": parameter.name,
        "in": place,
        "required": required,
        "description": parameter.summary,
        "schema": schema,
    });
    if let (Some(fields), ValueKind::List | ValueKind::Repeated) = (value.as_object_mut(), parameter.kind) {
        // `a,b` for a list, `x=a&x=b` for what is given more than once.
        fields.insert("explode".to_owned(), Value::Bool(parameter.kind == ValueKind::Repeated));
    }
    value
}

fn contents(contents: &[Content]) -> Value {
    let schema = |content: &Content| match content.schema {
        Schema::Named(name) => json!({ "$ref": format!("#/components/schemas/{name}") }),
        Schema::ListOf(name) => {
            json!({ "type": "array", "items": { "$ref": format!("#/components/schemas/{name}") } })
        }
        Schema::Text => json!({ "type": "string" }),
        // OpenAPI 3.1: content that is no JSON is described by its media type alone.
        Schema::Bytes => json!({}),
    };
    let media =
        contents.iter().map(|content| (content.media.to_owned(), json!({ "schema": schema(content) })));
    Value::Object(media.collect())
}

fn responses(route: &Route) -> Value {
    let mut responses: Map<String, Value> =
        route.gives.iter().map(|response| (response.status.to_string(), given(response))).collect();
    let (media, name) = match route.family {
        Family::Taxii => (crate::taxii::MEDIA_TYPE, "TaxiiError"),
        _ => ("application/problem+json", "Problem"),
    };
    let failure = contents(&[Content { media, schema: Schema::Named(name) }]);
    let mut refuses = |status: &str, summary: &str| {
        responses.insert(status.to_owned(), json!({ "description": summary, "content": failure }));
    };
    if route.access != Access::Open {
        refuses("401", "Nobody has shown who they are, or with a credential that is no good.");
    }
    if let Access::Needs(_) = route.access {
        refuses("403", "Signed in, and not allowed.");
    }
    refuses("default", "Any other failure.");
    Value::Object(responses)
}

fn given(response: &Response) -> Value {
    let mut value = json!({ "description": response.summary });
    if let (Some(fields), false) = (value.as_object_mut(), response.content.is_empty()) {
        fields.insert("content".to_owned(), contents(&response.content));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_golden_file_is_current() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
        if std::env::var_os("ACCORD_BLESS").is_some() {
            std::fs::write(&path, text()).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            golden == text(),
            "docs/openapi.json is old: run `ACCORD_BLESS=1 cargo test` and look at the change"
        );
    }

    #[test]
    fn operations_are_unique_and_every_reference_leads_somewhere() {
        let table = crate::routes::table();
        let document = document(&table);
        let mut operations: Vec<&str> = table.iter().map(|route| route.operation).collect();
        operations.sort_unstable();
        let count = operations.len();
        operations.dedup();
        assert_eq!(operations.len(), count, "an operation id stands twice");
        let mut waiting = vec![&document];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(elements) => waiting.extend(elements),
                Value::Object(fields) => {
                    if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                        let pointer = reference.trim_start_matches('#');
                        assert!(document.pointer(pointer).is_some(), "`{reference}` leads nowhere");
                    }
                    waiting.extend(fields.values());
                }
                _ => {}
            }
        }
    }
}
