//! What is said without a name, over HTTP.

use http::StatusCode;
use node::Settings;
use serde_json::{Value, json};
use web::WebSettings;

use crate::fixtures::{envelope, indicator, indicator_id};
use crate::house::House;
use crate::reply::Reply;

async fn send(house: &House, token: &str, method: &str, path: &str, body: &str) -> Reply {
    let ask = house.ask(method, &format!("/api/v1/{path}")).bearer(token);
    ask.header("content-type", "application/json").body(body.as_bytes()).send().await
}

// Two members and a desk that lets in at once; tokens of an analyst of each, and of an administrator.
fn two() -> (House, [String; 3]) {
    let settings = Settings { desk_interval_s: 0, desk_members: 2, ..Settings::default() };
    let house = House::with(settings, &WebSettings::default());
    house.member("A");
    house.member("B");
    let tokens = [("A", "analyst"), ("B", "analyst"), ("B", "administrator")];
    let tokens = tokens.map(|(member, role)| house.token(member, &[role]));
    (house, tokens)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_says_something_without_its_name() {
    let (house, [a, b, administrator]) = two();
    for name in ["A", "B"] {
        let body = json!({ "sector": "water" }).to_string();
        let set = send(&house, &administrator, "POST", &format!("members/{name}/sector"), &body).await;
        assert_eq!((set.status, set.json()["sector"].as_str()), (StatusCode::OK, Some("water")));
    }
    let summary = send(&house, &a, "POST", "import?without_name", &indicator('1')).await;
    let summary: Value = serde_json::from_str(summary.text().lines().last().unwrap()).unwrap();
    assert_eq!((&summary["pending"], &summary["event"]), (&json!(1), &json!("summary")));
    let id = summary["submission"].as_str().unwrap();
    for _ in 0..1_000 {
        if send(&house, &a, "GET", &format!("submissions/{id}"), "").await.json()["complete"] == true {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(send(&house, &b, "GET", &format!("submissions/{id}"), "").await.status, StatusCode::NOT_FOUND);
    let object = format!("objects/{}", indicator_id('1'));
    let told = send(&house, &b, "GET", &object, "").await.json()["summary"].clone();
    let vouched = json!({ "by": told["vouched"]["by"], "sector": "water" });
    assert_eq!((&told["vouched"], &told["source"]), (&vouched, &Value::Null));
    let page = house.ask("GET", &format!("/{object}")).bearer(&b).send().await;
    assert!(page.text().contains("a member of the sector water"), "{}", page.text());
    // Whoever administers the node asks, and says why.
    let path = format!("{object}/origin");
    assert_eq!(send(&house, &b, "POST", &path, r#"{"reason":"x"}"#).await.status, StatusCode::FORBIDDEN);
    let origin = send(&house, &administrator, "POST", &path, r#"{"reason":"to ask back"}"#).await;
    assert_eq!(origin.json()["origins"][0]["name"], "A");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_taxii_client_sends_to_a_collection_that_is_the_desk_has_no_name() {
    let (house, [a, b, administrator]) = two();
    let body = json!({ "title": "Desk", "without_name": true }).to_string();
    let added = send(&house, &administrator, "POST", "collections", &body).await;
    assert_eq!((added.status, &added.json()["without_name"]), (StatusCode::CREATED, &json!(true)));
    let collection = added.json()["id"].as_str().unwrap().to_owned();
    let posted = house.post(&a, &collection, &envelope(&[indicator('1')])).await;
    assert_eq!((posted.status, &posted.json()["pending_count"]), (StatusCode::ACCEPTED, &json!(1)));
    let object = format!("objects/{}", indicator_id('1'));
    let mut told = Value::Null;
    for _ in 0..1_000 {
        told = send(&house, &b, "GET", &object, "").await.json()["summary"].clone();
        if told.is_object() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(told["vouched"].is_object() && told.get("source").is_none(), "{told}");
    // A note on another's object has none either, where that is asked for.
    let collection = house.collection("All", |_| {});
    house.post(&b, &collection, &envelope(&[indicator('2')])).await;
    let path = format!("objects/{}/notes", indicator_id('2'));
    let noted = send(&house, &a, "POST", &path, r#"{"text":"seen","without_name":true}"#).await;
    assert_eq!((noted.status, &noted.json()["state"]), (StatusCode::CREATED, &json!("pending")));
}
