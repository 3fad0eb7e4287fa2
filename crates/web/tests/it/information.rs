//! §4.1, §4.2, §5.1 and §5.2; and what holds for every answer.

use http::StatusCode;
use node::Settings;
use web::WebSettings;

use crate::house::House;

fn named() -> Settings {
    Settings {
        title: "ISAC of the north".to_owned(),
        description: "What members saw".to_owned(),
        contact: "soc@isac.example".to_owned(),
        ..Settings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_in_is_told_what_it_is_and_whom_to_ask() {
    let house = House::with(named(), &WebSettings::default());
    let page = house.ask("GET", "/sign-in").send().await;
    for told in ["ISAC of the north", "What members saw", "soc@isac.example"] {
        assert!(page.text().contains(told), "{told}: {}", page.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_root_and_collections() {
    let house = House::with(named(), &WebSettings::default());
    house.member("A");
    let token = house.token("A", &["analyst"]);
    insta::assert_snapshot!(
        "no_collections",
        house.taxii(&token, "/taxii2/default/collections/").await.snapshot()
    );
    house.collection("Indicators", |new| {
        new.filter = "type in (indicator)".to_owned();
        new.alias = Some("indicators".to_owned());
        new.description = "For blocking".to_owned();
    });
    let id = house.collection("All", |_| {});
    for (name, path) in [
        ("discovery", "/taxii2/"),
        ("api_root", "/taxii2/default/"),
        ("collections", "/taxii2/default/collections/"),
        ("collection_by_alias", "/taxii2/default/collections/indicators/"),
        ("no_such_collection", "/taxii2/default/collections/none/"),
        ("no_such_root", "/taxii2/other/"),
    ] {
        insta::assert_snapshot!(name, house.taxii(&token, path).await.snapshot());
    }
    let one = house.taxii(&token, &format!("/taxii2/default/collections/{id}")).await;
    assert_eq!(one.json()["title"], "All");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_those_that_the_client_uses() {
    let of = async |web: &WebSettings, path: &str, peer: &str, headers: &[(&str, &str)]| {
        let house = House::with(Settings { anonymous: true, ..named() }, web);
        let ask = headers.iter().fold(house.ask("GET", path), |ask, (name, value)| ask.header(name, value));
        let reply = ask.from(peer).send().await;
        if reply.status.is_success() {
            reply.json()["default"].as_str().unwrap().to_owned()
        } else {
            reply.status.as_str().to_owned()
        }
    };
    let plain = WebSettings::default();
    let forwarded = [("x-forwarded-proto", "https"), ("x-forwarded-host", "out.example")];
    assert_eq!(of(&plain, "/taxii2/", "192.0.2.1", &forwarded).await, "http://ti.example/taxii2/default/");
    let proxied =
        WebSettings { trusted_proxies: vec!["192.0.2.0/24".parse().unwrap()], ..WebSettings::default() };
    assert_eq!(
        of(&proxied, "/taxii2/", "192.0.2.1", &forwarded).await,
        "https://out.example/taxii2/default/"
    );
    let public =
        WebSettings { public_url: Some("https://isac.example/ti/".to_owned()), ..WebSettings::default() };
    for path in ["/taxii2/", "/taxii2", "/ti/taxii2/", "/ti/taxii2"] {
        assert_eq!(
            of(&public, path, "192.0.2.1", &[]).await,
            "https://isac.example/ti/taxii2/default/",
            "{path}"
        );
    }
    assert_eq!(of(&public, "/tix/taxii2/", "192.0.2.1", &[]).await, "404");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_http_have_their_status_and_the_shape_of_their_family() {
    let house = House::with(named(), &WebSettings::default());
    house.member("A");
    let token = house.token("A", &["analyst"]);
    let of = async |method: &str, path: &str, accept: &str| {
        house.ask(method, path).bearer(&token).header("accept", accept).send().await.snapshot()
    };
    insta::assert_snapshot!("wrong_method", of("PUT", "/taxii2/default/", "*/*").await);
    insta::assert_snapshot!("options", of("OPTIONS", "/taxii2/default/collections/x/objects/", "*/*").await);
    let of_20 = of("GET", "/taxii2/", "application/vnd.oasis.taxii+json; version=2.0").await;
    insta::assert_snapshot!("accept_of_taxii_20", of_20);
    insta::assert_snapshot!("no_token", house.ask("GET", "/taxii2/").send().await.snapshot());
    let taxii_1 = house.ask("POST", "/taxii2/").header("content-type", "application/xml").body(b"<x/>");
    assert_eq!(taxii_1.send().await.status, StatusCode::METHOD_NOT_ALLOWED);
    insta::assert_snapshot!("no_such_rest_route", of("GET", "/api/v1/none", "*/*").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_get_without_the_content() {
    let house = House::with(Settings { anonymous: true, ..named() }, &WebSettings::default());
    let get = house.ask("GET", "/taxii2/").send().await;
    let head = house.ask("HEAD", "/taxii2/").send().await;
    assert_eq!(head.status, StatusCode::OK);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
    assert_eq!(head.header("content-type"), get.header("content-type"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_goes_from_end_to_end() {
    let house = House::new();
    let given = house.ask("GET", "/livez").header("x-request-id", "abc-1.2_3").send().await;
    assert_eq!(given.header("x-request-id"), Some("abc-1.2_3"));
    for odd in ["", "a b", "a\u{e9}", &"x".repeat(65)] {
        let made = house.ask("GET", "/taxii2/").header("x-request-id", odd).send().await;
        let id = made.header("x-request-id").unwrap();
        assert_ne!(id, odd);
        assert_eq!(made.json()["error_id"], id);
    }
}

// An id that counted would tell everybody how much was asked since the last request of his own.
#[tokio::test(flavor = "multi_thread")]
async fn request_ids_tell_nothing_of_other_requests() {
    let house = House::new();
    let mut ids = Vec::new();
    for _ in 0..8 {
        let made = house.ask("GET", "/livez").send().await;
        ids.push(made.header("x-request-id").unwrap().to_owned());
    }
    for (at, id) in ids.iter().enumerate() {
        for later in ids.iter().skip(at + 1) {
            let common = id.bytes().zip(later.bytes()).take_while(|(one, other)| one == other).count();
            assert!(common < 8, "{id} and {later} begin alike");
        }
    }
}
