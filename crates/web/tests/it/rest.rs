//! REST: every answer as the OpenAPI document has it, every mistake told by name.

use serde_json::{Value, json};
use web::body::RequestBody;
use web::request::{Arrival, Road};
use web::routes::{Access, Family, Place, Schema, table};

use crate::fixtures::{envelope, indicator, indicator_id};
use crate::house::House;
use crate::reply::Reply;

/// A house with something in it, and a token that may do everything.
fn house() -> (House, String) {
    let house = House::new();
    house.member("ACME");
    house.collection("Sector", |_| {});
    let token = house.token("This organisation", &["administrator", "analyst", "curator"]);
    (house, token)
}

fn bundle() -> String {
    let related = format!(
        r#"{{"type":"relationship","spec_version":"2.1","id":"relationship--33333333-0000-4000-8000-000000000000","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","relationship_type":"indicates","source_ref":"{}","target_ref":"malware--22222222-0000-4000-8000-000000000000"}}"#,
        indicator_id('1')
    );
    let malware = r#"{"type":"malware","spec_version":"2.1","id":"malware--22222222-0000-4000-8000-000000000000","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Crimson","is_family":true,"malware_types":["trojan"]}"#;
    let bad =
        r#"{"type":"indicator","spec_version":"2.1","id":"indicator--44444444-0000-4000-8000-000000000000"}"#;
    format!(
        r#"{{"type":"bundle","id":"bundle--55555555-0000-4000-8000-000000000000","objects":[{},{malware},{related},{bad}]}}"#,
        indicator('1')
    )
}

async fn ask(house: &House, token: &str, method: &str, path: &str, body: &Value) -> Reply {
    let ask = house.ask(method, path).bearer(token).by(Road::Tcp);
    let ask = if body.is_null() { ask } else { ask.header("content-type", "application/json") };
    ask.body(if body.is_null() { String::new() } else { body.to_string() }.as_bytes()).send().await
}

/// The document, and the schema of an operation's answer of this status.
fn answer_schema(document: &Value, method: &str, path: &str, status: u16) -> Value {
    let operation = &document["paths"][path][method.to_ascii_lowercase()];
    let content = operation["responses"][status.to_string()]["content"].as_object();
    let content = content.unwrap_or_else(|| panic!("{method} {path} does not say {status}"));
    content.values().next().unwrap()["schema"].clone()
}

#[tokio::test]
async fn answers_are_as_documented() {
    let (house, token) = house();
    let document: Value = serde_json::from_str(&web::openapi::text()).unwrap();
    let object = format!("/api/v1/objects/{}", indicator_id('1'));
    let import =
        house.ask("POST", "/api/v1/import?tlp=green").bearer(&token).body(bundle().as_bytes()).send().await;
    assert_eq!(import.status, 200, "{}", import.text());
    let schema = answer_schema(&document, "POST", "/api/v1/import", 200);
    let lines: Vec<Value> = import.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        conforms(&document, &schema, line, "import");
    }
    let summary = lines.last().unwrap();
    assert_eq!(
        (&summary["event"], &summary["new"], &summary["rejected"]),
        (&json!("summary"), &json!(3), &json!(1))
    );
    let submission = format!("/api/v1/submissions/{}", summary["submission"].as_str().unwrap());

    let none = Value::Null;
    let listed = ask(&house, &token, "GET", "/api/v1/quarantine", &none).await.json();
    let refused = format!("/api/v1/quarantine/{}", listed["quarantine"][0]["id"].as_str().unwrap());
    let token_request = json!({ "member": "ACME", "person": "Ada", "roles": ["reader"], "read": ["Sector"], "name": "t", "expire": "1d", "networks": ["10.0.0.0/8"], "profile": "elastic", "ceiling": "green" });
    let new_collection =
        json!({ "title": "C", "description": "d", "alias": "c", "filter": "type = indicator" });
    let calls: &[(&str, &str, &str, Value)] = &[
        ("GET", "/api/v1/whoami", "/api/v1/whoami", none.clone()),
        ("POST", "/api/v1/members", "/api/v1/members", json!({ "name": "Other", "objects_per_hour": 7 })),
        ("GET", "/api/v1/members", "/api/v1/members", none.clone()),
        ("GET", "/api/v1/members/{name}", "/api/v1/members/ACME", none.clone()),
        ("DELETE", "/api/v1/members/{name}", "/api/v1/members/Other", none.clone()),
        ("POST", "/api/v1/persons", "/api/v1/persons", json!({ "name": "Ada", "member": "ACME" })),
        ("GET", "/api/v1/persons", "/api/v1/persons", none.clone()),
        ("GET", "/api/v1/persons/{name}", "/api/v1/persons/ACME%2FAda", none.clone()),
        ("POST", "/api/v1/tokens", "/api/v1/tokens", token_request),
        ("GET", "/api/v1/tokens", "/api/v1/tokens", none.clone()),
        ("GET", "/api/v1/tokens/{id}", "/api/v1/tokens/t", none.clone()),
        ("DELETE", "/api/v1/tokens/{id}", "/api/v1/tokens/t", none.clone()),
        ("DELETE", "/api/v1/persons/{name}", "/api/v1/persons/Ada", none.clone()),
        ("POST", "/api/v1/collections", "/api/v1/collections", new_collection),
        ("GET", "/api/v1/collections", "/api/v1/collections", none.clone()),
        ("GET", "/api/v1/collections/{name}", "/api/v1/collections/c", none.clone()),
        ("DELETE", "/api/v1/collections/{name}", "/api/v1/collections/C", none.clone()),
        ("GET", "/api/v1/lookup", "/api/v1/lookup?value=198.51.100.1&value=nonsense!", none.clone()),
        ("POST", "/api/v1/lookup", "/api/v1/lookup", json!({ "values": ["198.51.100.1"], "limit": 1 })),
        ("GET", "/api/v1/objects", "/api/v1/objects?facets&limit=2", none.clone()),
        ("GET", "/api/v1/objects/{id}", &object, none.clone()),
        (
            "POST",
            "/api/v1/objects/{id}/notes",
            &format!("{object}/notes"),
            json!({ "text": "seen", "tlp": "green" }),
        ),
        (
            "POST",
            "/api/v1/objects/{id}/opinions",
            &format!("{object}/opinions"),
            json!({ "opinion": "agree", "explanation": "so it is" }),
        ),
        ("POST", "/api/v1/objects/{id}/tags", &format!("{object}/tags"), json!({ "tags": ["a:b=\"c\""] })),
        ("POST", "/api/v1/objects/{id}/revoke", &format!("{object}/revoke"), json!({})),
        ("GET", "/api/v1/submissions/{id}", &submission, none.clone()),
        ("GET", "/api/v1/export", "/api/v1/export", none.clone()),
        ("GET", "/api/v1/statistics", "/api/v1/statistics", none.clone()),
        ("GET", "/api/v1/quarantine", "/api/v1/quarantine", none.clone()),
        ("GET", "/api/v1/quarantine/{id}", &refused, none.clone()),
        (
            "POST",
            "/api/v1/retention",
            "/api/v1/retention",
            json!({ "type": "malware", "source": "ACME", "days": 9 }),
        ),
        ("GET", "/api/v1/retention", "/api/v1/retention", none.clone()),
        ("POST", "/api/v1/retention/run", "/api/v1/retention/run?dry_run", none.clone()),
        ("POST", "/api/v1/rebuild", "/api/v1/rebuild", none.clone()),
        ("POST", "/api/v1/check", "/api/v1/check", none.clone()),
        ("POST", "/api/v1/objects/{id}/erase", &format!("{object}/erase"), json!({ "reason": "a test" })),
        (
            "DELETE",
            "/api/v1/objects/{id}",
            "/api/v1/objects/malware--22222222-0000-4000-8000-000000000000",
            none.clone(),
        ),
    ];
    for (method, pattern, path, body) in calls {
        let reply = ask(&house, &token, method, path, body).await;
        assert!(reply.status.is_success(), "{method} {path}: {} {}", reply.status, reply.text());
        let schema = answer_schema(&document, method, pattern, reply.status.as_u16());
        conforms(&document, &schema, &reply.json(), &format!("{method} {path}"));
    }
    let missing = ask(&house, &token, "GET", "/api/v1/members/nobody", &none).await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.header("content-type"), Some("application/problem+json"));
    let problem = json!({ "$ref": "#/components/schemas/Problem" });
    conforms(&document, &problem, &missing.json(), "a problem");
}

#[tokio::test]
async fn a_name_that_is_given_again_means_who_has_it_now() {
    let (house, token) = house();
    let told = async |method: &str, path: &str, body: Value| {
        let reply = ask(&house, &token, method, path, &body).await;
        assert!(reply.status.is_success(), "{method} {path}: {} {}", reply.status, reply.text());
        reply.json()
    };
    let kinds = [
        ("members", json!({ "name": "Birch" })),
        ("persons", json!({ "name": "Ada", "member": "ACME" })),
        ("tokens", json!({ "name": "nightly", "member": "ACME", "roles": ["reader"] })),
        ("collections", json!({ "title": "Weekly" })),
    ];
    for (kind, body) in kinds {
        let all = format!("/api/v1/{kind}");
        let name = body.get("name").or(body.get("title")).and_then(Value::as_str).unwrap();
        let path = format!("{all}/{name}");
        let first = told("POST", &all, body.clone()).await["id"].clone();
        told("DELETE", &path, Value::Null).await;
        if kind != "collections" {
            assert_eq!(told("GET", &path, Value::Null).await["id"], first, "{kind}");
        }
        let second = told("POST", &all, body.clone()).await["id"].clone();
        assert_ne!(first, second, "{kind}");
        assert_eq!(told("GET", &path, Value::Null).await["id"], second, "{kind}");
        assert_eq!(told("DELETE", &path, Value::Null).await["id"], second, "{kind}");
        // Of two that are revoked neither is meant, but by its id.
        if kind != "collections" {
            assert_eq!(ask(&house, &token, "GET", &path, &Value::Null).await.status, 400, "{kind}");
            let id = first.as_str().unwrap();
            assert_eq!(told("GET", &format!("{all}/{id}"), Value::Null).await["id"], first, "{kind}");
        }
    }
}

/// As much of JSON Schema as our own document uses; and no member that it does not tell of.
fn conforms(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return conforms(document, document.pointer(&reference[1..]).unwrap(), value, at);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().for_each(|part| parts_conform(document, part, value, at));
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        // Ours are told apart by a constant in the first part.
        let chosen = choices
            .iter()
            .find(|choice| choice["allOf"][0]["properties"]["event"]["const"] == value["event"]);
        return conforms(document, chosen.unwrap_or_else(|| panic!("{at}: {value}")), value, at);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if let Some(expected) = schema["type"].as_str() {
        assert_eq!(kind, expected, "{at}: {value}");
    }
    if let Some(known) = schema["enum"].as_array() {
        assert!(known.contains(value), "{at}: {value} is none of {known:?}");
    }
    if schema["format"] == "date-time" {
        assert!(value.as_str().unwrap().parse::<model::Timestamp>().is_ok(), "{at}: {value}");
    }
    for (index, element) in value.as_array().into_iter().flatten().enumerate() {
        let of_place = schema["prefixItems"].get(index).unwrap_or(&schema["items"]);
        conforms(document, of_place, element, &format!("{at}/{index}"));
    }
    parts_conform(document, schema, value, at);
    // STIX objects and documents without a fixed form hold what they hold.
    let open = schema["properties"]
        .as_object()
        .is_none_or(|known| known.is_empty() || known.len() == 2 && known.contains_key("type"));
    for name in value.as_object().into_iter().flatten().map(|(name, _)| name).filter(|_| !open) {
        let told = !schema["properties"][name].is_null() || name == "event";
        assert!(told, "{at}: `{name}` is not in the document");
    }
}

fn parts_conform(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return conforms(document, document.pointer(&reference[1..]).unwrap(), value, at);
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(name.as_str().unwrap()).is_some(), "{at}: {name} is missing: {value}");
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            conforms(document, schema, value, &format!("{at}/{name}"));
        }
    }
}

#[tokio::test]
async fn what_is_not_known_is_refused_by_name() {
    let (house, token) = house();
    let rest =
        table().into_iter().filter(|route| route.family == Family::Rest && route.path.starts_with("/api/v1"));
    for route in rest {
        let path = route.path.replace("{id}", &indicator_id('1')).replace("{name}", "ACME");
        let method = route.method.as_str();
        // Some are for the folder's owner, who says so first.
        let owner = ["/api/v1/backup", "/api/v1/login/renew"].contains(&route.path);
        let road = if owner { Road::AdminSocket } else { Road::Tcp };
        let known: Vec<&str> =
            route.parameters.iter().filter(|one| one.place == Place::Query).map(|one| one.name).collect();
        let reply = house
            .ask(method, &format!("{path}?bogus=1"))
            .bearer(if owner { "" } else { &token })
            .by(road.clone())
            .send()
            .await;
        assert_eq!(reply.status, 400, "{route:?}: {}", reply.text());
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("`bogus`"), "{route:?}: {detail}");
        for name in known {
            assert!(
                reply.json()["hint"].as_str().unwrap().contains(name),
                "{route:?} does not tell of {name}"
            );
        }
        // What an agent of a later release reports beside is passed over.
        let is_report = route.path.starts_with("/api/v1/edges/");
        if route
            .takes
            .iter()
            .filter(|_| !is_report)
            // What is wrong with one of a list is told of that one.
            .filter(|content| !matches!(content.schema, Schema::Bytes | Schema::ListOf(_)))
            .any(|content| content.media == "application/json")
        {
            let ask = house.ask(method, &path).bearer(if owner { "" } else { &token }).by(road);
            let reply = ask.header("content-type", "application/json").body(br#"{"bogus":1}"#).send().await;
            assert_eq!(reply.status, 400, "{route:?}: {}", reply.text());
            assert!(reply.text().contains("`/bogus`"), "{route:?}: {}", reply.text());
            let ask = house.ask(method, &path).bearer(&token).by(Road::Tcp);
            let reply = ask.header("content-type", "text/xml").body(b"<x/>").send().await;
            assert!([415, 403].contains(&reply.status.as_u16()), "{route:?}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_token_but_where_the_table_says_so() {
    let (house, _) = house();
    let reader = house.token("ACME", &["reader"]);
    for route in table().into_iter().filter(|route| route.path.starts_with("/api/v1")) {
        let path = route.path.replace("{id}", &indicator_id('1')).replace("{name}", "ACME");
        let reply = house.ask(route.method.as_str(), &path).send().await;
        let refused = reply.status == 401 && reply.header("www-authenticate").is_some();
        assert_eq!(refused, route.access != Access::Open, "{route:?}: {}", reply.status);
    }
    for (method, path, body) in [
        ("POST", "/api/v1/members", json!({ "name": "x" })),
        ("POST", "/api/v1/tokens", json!({ "member": "ACME", "roles": ["administrator"] })),
        ("POST", "/api/v1/collections", json!({ "title": "x" })),
        ("POST", "/api/v1/backup", json!({ "to": "/tmp/nowhere" })),
        ("POST", "/api/v1/login/renew", Value::Null),
    ] {
        let reply = ask(&house, &reader, method, path, &body).await;
        assert_eq!(reply.status, 403, "{method} {path}: {}", reply.text());
    }
    let administrator = house.token("This organisation", &["administrator"]);
    let reply = ask(&house, &administrator, "POST", "/api/v1/backup", &json!({ "to": "/tmp/nowhere" })).await;
    assert_eq!(reply.status, 403, "a path on our machine is for who is on it");
}

#[tokio::test]
async fn a_refusal_before_the_first_byte_has_its_own_status() {
    let (house, _) = house();
    let reader = house.token("ACME", &["reader"]);
    let import = house.ask("POST", "/api/v1/import").bearer(&reader).body(bundle().as_bytes()).send().await;
    assert_eq!(
        (import.status.as_u16(), import.header("content-type")),
        (403, Some("application/problem+json"))
    );
    let export = house.ask("GET", "/api/v1/export?collection=nothing").bearer(&reader).send().await;
    assert_eq!(
        (export.status.as_u16(), export.header("content-type")),
        (404, Some("application/problem+json"))
    );
    for path in [
        "/api/v1/import?format=xml",
        "/api/v1/import?tlp=purple",
        "/api/v1/import?column=x",
        "/api/v1/export?format=xml",
    ] {
        let method = if path.contains("import") { "POST" } else { "GET" };
        assert_eq!(house.ask(method, path).bearer(&reader).send().await.status, 400, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_profile_that_is_none_is_refused_by_name() {
    let house = House::new();
    house.member("A");
    let administrator = house.token("A", &["administrator"]);
    for (profile, status) in [("elastik", 400), ("elastic", 201)] {
        let body = format!(r#"{{"member":"A","roles":["reader"],"profile":"{profile}"}}"#);
        let ask = house.ask("POST", "/api/v1/tokens").bearer(&administrator);
        let reply = ask.header("content-type", "application/json").body(body.as_bytes()).send().await;
        assert_eq!(reply.status, status, "{}", reply.text());
        assert!(status == 201 || reply.text().contains("`elastik`") && reply.text().contains("opencti"));
    }
}

#[tokio::test]
async fn an_import_too_many_is_told_when_to_come_again() {
    let (house, token) = house();
    let (mut inputs, mut replies) = (Vec::new(), tokio::task::JoinSet::new());
    // One that runs, and waits for its input; sixteen that wait for it; one that is too many.
    for _ in 0..18 {
        let (input, pieces) = tokio::sync::mpsc::channel(1);
        inputs.push(input);
        let request = http::Request::post("/api/v1/import").header("host", "ti.example");
        let request = request.header("authorization", format!("Bearer {token}"));
        let request = request.body(RequestBody::pieces(pieces)).unwrap();
        let router = house.router.clone();
        let arrival = Arrival { road: Road::Tcp, peer: None };
        replies.spawn(async move { Reply::of(router.handle(request, arrival).await).await });
    }
    let refused = replies.join_next().await.unwrap().unwrap();
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, Some("10")));
    assert_eq!(refused.json()["code"], "unavailable");
    // Who waited comes in, one after the other.
    drop(inputs);
    for reply in replies.join_all().await {
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_takes_long_is_told_as_it_goes_on() {
    let house = House::new();
    house.member("A");
    let token = house.token("A", &["analyst"]);
    let collection = house.collection("All", |_| {});
    house.post(&token, &collection, &envelope(&[indicator('1')])).await;
    let folder = tempfile::tempdir().unwrap();
    let ask = async |path: &str, to: &str| {
        let body = serde_json::json!({ "to": folder.path().join(to).display().to_string() }).to_string();
        let body = if path.contains("backup") { body } else { String::new() };
        let ask = house.ask("POST", path).by(Road::AdminSocket).header("content-type", "application/json");
        ask.body(body.as_bytes()).send().await
    };
    for (path, plain) in [("/api/v1/backup", 201), ("/api/v1/rebuild", 200), ("/api/v1/check", 200)] {
        let document = ask(path, "plain").await;
        assert_eq!(document.status.as_u16(), plain, "{path}");
        let told = ask(&format!("{path}?progress=true"), "told").await;
        assert_eq!((told.status.as_u16(), told.header("content-type")), (200, Some("application/x-ndjson")));
        let text = String::from_utf8(told.body.to_vec()).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (last, before) = lines.split_last().unwrap();
        assert!(!before.is_empty() && before.iter().all(|line| line["event"] == "progress"), "{text}");
        let end = before.last().unwrap();
        assert!(end["done"] == end["of"] && end["of"].as_u64() > Some(0), "{text}");
        let fields = document.json();
        assert!(
            last["event"] == "done" && fields.as_object().unwrap().keys().all(|key| last.get(key).is_some())
        );
    }
    // What is refused before anything was done has its own status.
    assert_eq!(ask("/api/v1/backup?progress=true", "told").await.status, 409);
}
