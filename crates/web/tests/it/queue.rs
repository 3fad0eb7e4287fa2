//! The queue over HTTP and TAXII.

use http::StatusCode;
use model::circle::Curation;
use serde_json::{Value, json};

use crate::fixtures::{envelope, indicator, indicator_id};
use crate::house::House;
use crate::reply::Reply;

async fn send(house: &House, token: &str, method: &str, path: &str, body: Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let ask = house.ask(method, path).bearer(token);
    ask.header("content-type", "application/json").body(body.as_bytes()).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_over_taxii_is_pending_until_it_is_answered() {
    let house = House::new();
    house.member("A");
    house.member("B");
    let collection = house.collection("Curated", |new| new.curation = Curation::One);
    let (a, curator) = (house.token("A", &["analyst"]), house.token("B", &["curator"]));
    let mut ids = Vec::new();
    for digit in ['1', '2', '3'] {
        let posted = house.post(&a, &collection, &envelope(&[indicator(digit)])).await;
        assert_eq!(
            (&posted.json()["status"], &posted.json()["pending_count"]),
            (&json!("pending"), &json!(1))
        );
        ids.push(posted.json()["id"].as_str().unwrap().to_owned());
    }
    let queue = send(&house, &curator, "GET", "/api/v1/queue", Value::Null).await.json();
    assert_eq!(queue["queue"].as_array().unwrap().len(), 3);
    let path = |at: usize, act: &str| format!("/api/v1/queue/{}/{act}", ids[at]);
    let own = send(&house, &a, "POST", &path(0, "release"), Value::Null).await;
    assert_eq!(own.status, StatusCode::NOT_FOUND);
    send(&house, &curator, "POST", &path(0, "take"), Value::Null).await;
    let released = send(&house, &curator, "POST", &path(0, "release"), Value::Null).await;
    assert_eq!((released.status, &released.json()["state"]), (StatusCode::OK, &json!("released")));
    let returned = send(&house, &curator, "POST", &path(1, "return"), json!({ "reason": "why?" })).await;
    assert_eq!(returned.json()["state"], "returned");
    let of = |at: usize| format!("/taxii2/default/status/{}/", ids[at]);
    for (at, counted) in [(0, "success_count"), (1, "failure_count")] {
        let mut now = Value::Null;
        for _ in 0..1_000 {
            now = house.ask("GET", &of(at)).bearer(&a).send().await.json();
            if now["status"] == "complete" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert_eq!((&now[counted], &now["pending_count"]), (&json!(1), &json!(0)), "{now}");
    }
    let into = json!({ "into": indicator_id('1') });
    let merged = send(&house, &curator, "POST", &path(2, "merge"), into).await;
    assert_eq!(merged.json()["into"], indicator_id('1').as_str(), "{}", merged.text());
    let told = send(&house, &a, "GET", "/api/v1/submissions", Value::Null).await.json();
    assert_eq!(told["submissions"].as_array().unwrap().len(), 3);
    let page = house.ask("GET", "/queue").bearer(&a).send().await;
    assert!(page.text().contains("why?") && page.text().contains(&ids[0]), "{}", page.text());
}
