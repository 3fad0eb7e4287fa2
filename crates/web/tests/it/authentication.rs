//! Every form of credential, and what becomes of those that are no good.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use node::Settings;
use web::WebSettings;
use web::request::Road;

use crate::house::House;

async fn status(house: &House, headers: &[(&str, &str)]) -> u16 {
    let ask = house.ask("GET", "/taxii2/default/collections/");
    let ask = headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value));
    ask.send().await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_credential_lets_its_bearer_in() {
    let web = WebSettings { token_header: Some("x-feed-key".to_owned()), ..WebSettings::default() };
    let house = House::with(Settings::default(), &web);
    house.member("A");
    let token = house.token("A", &["reader"]);
    let basic =
        |user: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let forms: [(&str, String, u16); 18] = [
        ("authorization", basic("anybody", &token), 200),
        ("authorization", basic("", &token), 200),
        ("authorization", basic("anybody", ""), 401),
        ("authorization", basic("", ""), 401),
        ("authorization", basic(&token, ""), 401),
        ("authorization", basic("anybody", "wrong"), 401),
        ("authorization", format!("Bearer {token}"), 200),
        ("authorization", format!("bearer {token}"), 200),
        ("authorization", format!("Token {token}"), 200),
        ("authorization", token.clone(), 200),
        ("authorization", "Bearer wrong".to_owned(), 401),
        ("authorization", format!("Digest {token}"), 401),
        ("x-api-key", token.clone(), 200),
        ("x-api-key", "wrong".to_owned(), 401),
        ("x-feed-key", token.clone(), 200),
        ("x-feed-key", "wrong".to_owned(), 401),
        ("x-other-key", token.clone(), 401),
        ("cookie", format!("accord={token}"), 401),
    ];
    for (name, value, expected) in &forms {
        assert_eq!(status(&house, &[(name, value)]).await, *expected, "{name}: {value}");
    }
    assert_eq!(status(&house, &[]).await, 401);
    let wrong = house.ask("GET", "/taxii2/").header("authorization", "Bearer wrong").send().await;
    let challenges: Vec<_> = wrong.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(challenges, ["Basic realm=\"Accord\", charset=\"UTF-8\"", "Bearer realm=\"Accord\""]);
    insta::assert_snapshot!("wrong_token", wrong.snapshot());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_stops_when_it_expires_is_revoked_or_comes_from_elsewhere() {
    let house = House::new();
    house.member("A");
    let short = house.token_with("A", &["reader"], |new| new.expire_s = Some(60));
    let revoked = house.token_with("A", &["reader"], |new| new.name = Some("to revoke".to_owned()));
    let bound = house.token_with("A", &["reader"], |new| new.networks = vec!["10.0.0.0/8".to_owned()]);
    let of = async |token: &str, peer: &str| {
        house.ask("GET", "/taxii2/").bearer(token).from(peer).send().await.status.as_u16()
    };
    for token in [&short, &revoked] {
        assert_eq!(of(token, "192.0.2.1").await, 200);
    }
    assert_eq!((of(&bound, "10.1.2.3").await, of(&bound, "192.0.2.1").await), (200, 401));
    let operator = house.node.operator();
    let tokens = house.node.tokens(&operator).unwrap();
    let id = &tokens.iter().find(|token| token.name == "to revoke").unwrap().id;
    house.node.revoke_token(&operator, id).unwrap();
    house.pass(61);
    for token in [&short, &revoked] {
        assert_eq!(of(token, "192.0.2.1").await, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_come_in_where_the_node_lets_them() {
    let open = House::with(Settings { anonymous: true, ..Settings::default() }, &WebSettings::default());
    assert_eq!(open.ask("GET", "/taxii2/").send().await.status, 200);
    // A credential that is no good does not make a visitor.
    assert_eq!(open.ask("GET", "/taxii2/").bearer("wrong").send().await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_and_the_admin_socket_are_credentials() {
    let house = House::new();
    house.member("A");
    let hex = "ab".repeat(32);
    house.token_with("A", &["reader"], |new| new.certificate = Some(hex));
    let by = async |road: Road, token: &str| {
        house.ask("GET", "/taxii2/").by(road).bearer(token).send().await.status.as_u16()
    };
    assert_eq!(by(Road::Tls(Some([0xab; 32])), "").await, 200);
    assert_eq!(by(Road::Tls(Some([0xac; 32])), "").await, 401);
    assert_eq!(by(Road::Tls(None), "").await, 401);
    assert_eq!(by(Road::AdminSocket, "").await, 200);
    assert_eq!(by(Road::AdminSocket, "wrong").await, 401, "a token that is shown counts");
    assert_eq!(by(Road::InProcess(Box::new(house.node.operator())), "").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_failures_from_an_address_are_told_to_wait_and_lock_nobody_out() {
    let house = House::new();
    house.member("A");
    let token = house.token("A", &["reader"]);
    let mut last = None;
    for _ in 0..21 {
        last = Some(house.ask("GET", "/taxii2/").bearer("wrong").send().await);
    }
    let last = last.unwrap();
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(last.header("retry-after"), Some("3"));
    assert_eq!(house.taxii(&token, "/taxii2/").await.status, 200);
    let elsewhere = house.ask("GET", "/taxii2/").bearer("wrong too").from("198.51.100.1");
    assert_eq!(elsewhere.send().await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_held_back_from_every_address_however_it_is_shown_and_its_owner_is_not() {
    let web = WebSettings { token_header: Some("x-feed-key".to_owned()), ..WebSettings::default() };
    let house = House::with(Settings::default(), &web);
    house.member("A");
    let token = house.token("A", &["reader", "analyst"]);
    let basic = |user: &str, text: &str| {
        ("authorization", format!("Basic {}", STANDARD.encode(format!("{user}:{text}"))))
    };
    // Somebody has seen how a token begins, and tries the rest: each time from elsewhere, by another verb, in another spelling.
    let roads = [
        ("GET", "/taxii2/"),
        ("HEAD", "/taxii2/"),
        ("POST", "/api/v1/lookup"),
        ("DELETE", "/api/v1/members/x"),
        ("GET", "/api/v1/collections"),
    ];
    let guess = async |at: usize| {
        let wrong = format!("{}{at:037}", &token[..12]);
        let (name, value) = match at % 6 {
            0 => ("authorization", format!("Bearer {wrong}")),
            1 => ("authorization", format!("Token {wrong}")),
            2 => basic("", &wrong),
            3 => ("x-api-key", wrong),
            4 => ("x-feed-key", wrong.to_uppercase()),
            _ => ("authorization", wrong),
        };
        let (verb, path) = roads[at % roads.len()];
        let ask = house.ask(verb, path).header(name, &value);
        ask.from(&format!("198.51.100.{at}")).send().await.status.as_u16()
    };
    for at in 0..20 {
        assert_eq!(guess(at).await, 401, "{at}");
    }
    for at in 20..40 {
        assert_eq!(guess(at).await, 429, "{at}");
    }
    // The form of the page is one more spelling.
    let form = format!("token={}abcdef", &token[..12]);
    let page = house.ask("POST", "/sign-in").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(page.body(form.as_bytes()).from("198.51.100.50").send().await.status, 429);
    let secret = format!(r#"{{"secret":"{}abcdef"}}"#, &token[..12]);
    let login = house.ask("POST", "/api/v1/login").header("content-type", "application/json");
    assert_eq!(login.body(secret.as_bytes()).from("198.51.100.51").send().await.status, 429);
    // Who has the token comes in all the while, and others are not held back.
    assert_eq!(house.ask("GET", "/taxii2/").bearer(&token).from("198.51.100.9").send().await.status, 200);
    assert_eq!(
        house.ask("GET", "/taxii2/").bearer("acc_other").from("198.51.100.9").send().await.status,
        401
    );
    // A user's passwords are tried: he is one, however he is written.
    for at in 0..21 {
        let (name, value) = basic(["admin", "Admin", " ADMIN"][at % 3], &format!("summer{at}"));
        let ask = house.ask("GET", "/taxii2/").header(name, &value).from(&format!("203.0.113.{at}"));
        assert_eq!(ask.send().await.status.as_u16(), if at < 20 { 401 } else { 429 }, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_without_a_credential_tells_nothing_of_one() {
    let house = House::new();
    house.member("A");
    let token = house.token("A", &["reader"]);
    for (verb, path) in [
        ("OPTIONS", "/taxii2/"),
        ("PUT", "/taxii2/"),
        ("PATCH", "/api/v1/objects"),
        ("TRACE", "/"),
        ("GET", "/nowhere"),
        ("GET", "/livez"),
    ] {
        let answers = async |shown: &str| {
            let reply = house.ask(verb, path).bearer(shown).send().await;
            (
                reply.status,
                reply.header("allow").map(str::to_owned),
                reply.header("www-authenticate").is_some(),
            )
        };
        let good = answers(&token).await;
        for _ in 0..25 {
            assert_eq!(answers("wrong").await, good, "{verb} {path}");
        }
    }
    // A cookie that is not known is as none.
    let with = async |cookie: &str| house.ask("GET", "/").header("cookie", cookie).send().await.status;
    let without = with("other=1").await;
    for at in 0..25 {
        assert_eq!(with(&format!("accord={at}")).await, without);
    }
}
