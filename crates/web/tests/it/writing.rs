//! §4.3 and §5.5: adding.

use node::Settings;
use web::WebSettings;

use crate::fixtures::{envelope, indicator};
use crate::house::House;

async fn one() -> (House, String, String) {
    let house = House::with(
        Settings { max_content_bytes: 20_000, max_inflated_bytes: 100_000, ..Settings::default() },
        &WebSettings::default(),
    );
    house.member("A");
    let token = house.token("A", &["analyst"]);
    let collection = house.collection("All", |_| {});
    (house, token, collection)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_object_is_judged_alone_and_the_status_says_so() {
    let (house, token, collection) = one().await;
    let bad = indicator('2').replace("[ipv4-addr:value = '198.51.100.2']", "[nonsense");
    let posted = house.post(&token, &collection, &envelope(&[indicator('1'), bad])).await;
    insta::assert_snapshot!("added", posted.snapshot());
    let status = posted.json()["id"].as_str().unwrap().to_owned();
    let got = house.taxii(&token, &format!("/taxii2/default/status/{status}/")).await;
    insta::assert_snapshot!("status", got.snapshot());
    // The same again is a success.
    let again = house.post(&token, &collection, &envelope(&[indicator('1')])).await;
    insta::assert_snapshot!("added_again", again.snapshot());
    // Another member knows nothing of it.
    house.member("B");
    let other = house.token("B", &["analyst"]);
    let of_other = house.taxii(&other, &format!("/taxii2/default/status/{status}/")).await;
    insta::assert_snapshot!("status_of_another", of_other.snapshot());
    assert_eq!(house.taxii(&token, "/taxii2/default/status/none/").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_is_taken_as_an_envelope_is() {
    let (house, token, collection) = one().await;
    let bundle = format!(
        r#"{{"type":"bundle","id":"bundle--11111111-0000-4000-8000-000000000000","objects":[{}]}}"#,
        indicator('1')
    );
    let posted = house.post(&token, &collection, &bundle).await;
    assert_eq!((posted.status.as_u16(), &posted.json()["success_count"]), (202, &serde_json::json!(1)));
}

// TAXII 2.1 §4.3.1 demands both of each.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_id_is_named_by_its_place() {
    let (house, token, collection) = one().await;
    let posted =
        house.post(&token, &collection, &envelope(&[indicator('1'), r#"{"type":"x"}"#.to_owned()])).await;
    let status = posted.json();
    assert_eq!(status["failures"][0]["id"], "/objects/1", "{status}");
    assert_eq!(status["failures"][0]["version"], status["request_timestamp"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_is_taken_in_both_codings() {
    let (house, token, collection) = one().await;
    let text = envelope(&[indicator('1'), indicator('2')]);
    let path = format!("/taxii2/default/collections/{collection}/objects/");
    for coding in [web::coding::Coding::Gzip, web::coding::Coding::Zstd] {
        let coded = web::coding::encoded(text.as_bytes(), coding).unwrap();
        let ask = house.ask("POST", &path).bearer(&token).taxii().header("content-encoding", coding.name());
        let posted = ask.body(&coded).send().await;
        assert_eq!((posted.status.as_u16(), &posted.json()["success_count"]), (202, &serde_json::json!(2)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_cannot_be_taken_says_why() {
    let (house, token, collection) = one().await;
    let path = format!("/taxii2/default/collections/{collection}/objects/");
    let of = async |headers: &[(&str, &str)], body: &[u8]| {
        let ask = house.ask("POST", &path).bearer(&token);
        let ask = headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value));
        ask.body(body).send().await
    };
    let taxii = ("content-type", "application/taxii+json;version=2.1");
    let good = envelope(&[indicator('1')]);
    for (name, headers, body) in [
        ("no_content_type", &[][..], good.as_bytes()),
        ("content_type_of_20", &[("content-type", "application/taxii+json;version=2.0")], good.as_bytes()),
        ("content_type_json", &[("content-type", "application/json")], good.as_bytes()),
        ("content_in_brotli", &[taxii, ("content-encoding", "br")], good.as_bytes()),
        ("content_not_gzip", &[taxii, ("content-encoding", "gzip")], good.as_bytes()),
        ("content_too_large", &[taxii], &[b' '; 20_001]),
        ("content_no_json", &[taxii], b"{\"objects\":["),
        ("content_empty", &[taxii], b""),
        ("content_not_utf8", &[taxii], b"{\"objects\":[\"\xff\"]}"),
    ] {
        insta::assert_snapshot!(name, of(headers, body).await.snapshot());
    }
    let bomb = web::coding::encoded(&vec![b' '; 10 << 20], web::coding::Coding::Zstd).unwrap();
    assert_eq!(of(&[taxii, ("content-encoding", "zstd")], &bomb).await.status, 413);
    for accepted in ["application/taxii+json", "application/taxii+json; version=2.1"] {
        assert_eq!(of(&[("content-type", accepted)], good.as_bytes()).await.status, 202, "{accepted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn content_of_another_shape_is_no_failure_of_an_object() {
    let (house, token, collection) = one().await;
    let object = indicator('1');
    for body in [
        "{}",
        "null",
        "7",
        "hello",
        "[]",
        "{\"objects\":[]}",
        "{\"objects\":null}",
        "{\"objects\":{}}",
        "{\"more\":false}",
        "{\"type\":\"bundle\",\"id\":\"bundle--11111111-0000-4000-8000-000000000000\"}",
        &format!("[{object}]"),
        &format!("{object}\n{object}"),
    ] {
        let posted = house.post(&token, &collection, body).await;
        assert_eq!(posted.status, 422, "{body}: {}", posted.text());
        assert_eq!(posted.json()["http_status"], "422");
    }
    assert_eq!(house.post(&token, &collection, &object).await.json()["success_count"], 1);
    assert_eq!(
        house.post(&token, &collection, &envelope(&["7".to_owned()])).await.json()["failure_count"],
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_inflate_to_twice_the_longest_content() {
    let (house, _, _) = one().await;
    let token = house.token("A", &["sensor"]);
    let post = async |lines: usize| {
        let time = "2026-01-02T00:00:00Z";
        let line = |n: usize| format!("{{\"time\":\"{time}\",\"host\":\"pc-{n:04}\",\"observables\":[]}}\n");
        let text: String = (0..lines).map(line).collect();
        let coded = web::coding::encoded(text.as_bytes(), web::coding::Coding::Zstd).unwrap();
        let ask = house.ask("POST", "/api/v1/events").bearer(&token).header("content-encoding", "zstd");
        let answer = ask.header("content-type", "application/x-ndjson").body(&coded).send().await;
        (text.len(), answer.status.as_u16())
    };
    let ((under, taken), (above, refused)) = (post(600).await, post(700).await);
    assert!(under > 20_000 && under < 40_000 && above > 40_000 && above < 100_000, "{under} and {above}");
    assert_eq!((taken, refused), (200, 413));
}
