//! Circles over HTTP: a circle's whole life, and that nobody else is told of it.

use http::StatusCode;
use serde_json::{Value, json};
use web::request::Road;
use web::routes::table;

use crate::fixtures::{envelope, indicator, indicator_id};
use crate::house::House;
use crate::reply::Reply;

async fn send(house: &House, token: &str, method: &str, path: &str, body: Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let ask = house.ask(method, &format!("/api/v1/{path}")).bearer(token);
    ask.header("content-type", "application/json").body(body.as_bytes()).send().await
}

fn charter() -> Value {
    json!({
        "ceiling": "amber", "admits": "administrators", "shows": "persons", "moderation": "owner",
        "leavers": "keep", "retention_days": 90, "vocabulary": ["sector:*"],
        "iep": { "name": "Detect", "permitted_actions": "internally-visible-actions",
                 "start_date": "2031-01-01T00:00:00Z", "attribution": "must-not" },
        "agreement": "We keep to it.\n",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_circle() {
    let house = House::new();
    house.member("A");
    house.member("B");
    let both = ["analyst", "organisation-administrator"];
    let (a, b) = (house.token("A", &both), house.token("B", &both));
    let made = send(&house, &a, "POST", "circles", json!({ "name": "Energy", "charter": charter() })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let told = made.json();
    for (field, value) in charter().as_object().unwrap() {
        match field.as_str() {
            "ceiling" => assert_eq!(told["charter"]["ceiling"], "TLP:AMBER"),
            "iep" => assert_eq!(told["charter"]["iep"]["permitted_actions"], value["permitted_actions"]),
            _ => assert_eq!(&told["charter"][field], value, "{field}"),
        }
    }
    let secret = send(&house, &a, "POST", "circles/Energy/invitations", json!({ "expire": "1d" })).await;
    let secret = secret.json()["secret"].as_str().unwrap().to_owned();
    let shown = send(&house, &b, "POST", "join", json!({ "secret": secret })).await.json();
    assert_eq!((&shown["joined"], &shown["circle"]["digest"]), (&json!(false), &told["digest"]));
    let agree = json!({ "secret": secret, "agree": told["digest"] });
    assert_eq!(send(&house, &b, "POST", "join", agree).await.json()["joined"], true);
    let listed = send(&house, &b, "GET", "circles", Value::Null).await.json();
    assert_eq!(listed["circles"][0]["members"], 2, "{listed}");
    for (body, says) in [
        (json!({ "charter": { "admits": "anybody" } }), "`/admits`"),
        (json!({ "charter": { "ceiling": "amber", "iep": { "tlp": "red" } } }), "`/tlp`"),
        (json!({ "charter": { "iep": { "iep_version": 1.0 } } }), "`/iep_version`"),
        (json!({ "charter": { "iep": { "encrypt_in_transit": "must-not" } }, "name": 7 }), "`/name`"),
        (json!({}), "`/charter`"),
    ] {
        let refused = send(&house, &a, "POST", "circles/Energy/charter", body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.text().contains(says), "{}", refused.text());
    }
    let expelled = send(&house, &a, "DELETE", "circles/Energy/members/B", Value::Null).await;
    assert_eq!(expelled.status, StatusCode::OK, "{}", expelled.text());
    assert_eq!(send(&house, &b, "GET", "circles/Energy", Value::Null).await.status, StatusCode::NOT_FOUND);
    let ended = send(&house, &a, "POST", "circles/Energy/leave", Value::Null).await;
    assert_eq!(ended.json()["id"], told["id"]);
    assert_eq!(send(&house, &a, "GET", "circles", Value::Null).await.json(), json!({ "circles": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_goes_in_and_comes_out_as_iep_2_0_has_it() {
    let house = House::new();
    house.member("A");
    let a = house.token("A", &["analyst", "organisation-administrator"]);
    // The example of the framework's appendix A, with members of its own.
    let policy = json!({
        "id": "01bc4353-4829-4d55-8d52-0ab7e0790df9", "name": "Amber", "description": "For those who defend.",
        "iep_version": 2.0, "start_date": "2017-01-01T00:00:00.000000Z", "end_date": null,
        "encrypt_in_transit": "may", "permitted_actions": "externally-visible-indirect-actions",
        "affected_party_notifications": "may", "tlp": "amber", "attribution": "must-not",
        "unmodified_resale": "must-not",
        "external_references": ["https://z.example/tlp", "https://a.example/iep"],
    });
    let body = json!({ "name": "Energy", "charter": { "agreement": "We keep to it.", "iep": policy } });
    let made = send(&house, &a, "POST", "circles", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let told = made.json();
    let mut expected = policy.clone();
    expected.as_object_mut().unwrap().remove("end_date");
    assert_eq!((&told["charter"]["iep"], &told["iep_in_force"]), (&expected, &json!(true)));
    assert_eq!(told["charter"]["ceiling"], "TLP:AMBER", "the policy's TLP is the ceiling");
    // What came out goes in again.
    let again = json!({ "charter": told["charter"] });
    let again = send(&house, &a, "POST", "circles/Energy/charter", again).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    assert_eq!(again.json()["digest"], told["digest"]);
    for (field, value, says) in [
        ("id", json!("7"), "`/id`"),
        ("id", json!("00000000-0000-1000-8000-000000000000"), "version 4 or 5"),
        ("end_date", json!("2016-01-01T00:00:00Z"), "not after"),
        ("unmodified_resale", json!("must"), "no `must` for `unmodified_resale`"),
        ("external_reference", json!("a\nb"), "one line"),
        ("resale", json!("may"), "`/resale` is no member"),
    ] {
        let mut policy = policy.clone();
        policy[field] = value;
        let body = json!({ "charter": { "agreement": "We keep to it.", "iep": policy } });
        let refused = send(&house, &a, "POST", "circles/Energy/charter", body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.text().contains(says), "{says}: {}", refused.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_circle_demands_encryption_nothing_is_told_without_it() {
    let house = House::with(
        node::Settings::default(),
        &web::WebSettings { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Default::default() },
    );
    house.member("A");
    house.member("B");
    let both = ["analyst", "organisation-administrator"];
    let (a, b) = (house.token("A", &both), house.token("B", &both));
    let collection = house.collection("C", |_| {});
    let policy = json!({ "encrypt_in_transit": "must", "end_date": "2031-02-01T00:00:00Z" });
    let body = json!({ "name": "Energy", "charter": { "agreement": "We keep to it.", "iep": policy } });
    assert_eq!(send(&house, &a, "POST", "circles", body).await.status, StatusCode::CREATED);
    for route in table() {
        let path = route.path.replace("{collection}", &collection);
        let ask = house.ask(route.method.as_str(), &path).bearer(&a);
        let ask = if path.starts_with("/taxii2") { ask.taxii() } else { ask };
        let reply = ask.send().await;
        let page = ["/", "/search", "/objects/{id}", "/queue", "/why"].contains(&route.path);
        let expected = page || (route.access != web::routes::Access::Open && !route.is_private());
        let refused =
            reply.status == StatusCode::FORBIDDEN && reply.text().contains("unencrypted connection");
        assert_eq!(refused, expected, "{route:?}: {} {}", reply.status, reply.text());
    }
    let at = format!("/taxii2/default/collections/{collection}/objects/");
    for (ask, status) in [
        (house.ask("GET", &at).bearer(&a).by(Road::Tls(None)), 200),
        (house.ask("GET", &at).bearer(&a).from("127.0.0.1"), 200),
        (house.ask("GET", &at).bearer(&a).from("10.0.0.1").header("x-forwarded-proto", "https"), 200),
        (house.ask("GET", &at).bearer(&a).from("10.0.0.1").header("x-forwarded-proto", "http"), 403),
        (house.ask("GET", &at).bearer(&a).header("x-forwarded-proto", "https"), 403),
        // Whoever is not in it notices nothing.
        (house.ask("GET", &at).bearer(&b), 200),
    ] {
        assert_eq!(ask.taxii().send().await.status.as_u16(), status);
    }
    // A browser that signed in is told no more.
    let form = format!("token={a}");
    let signed_in = house.ask("POST", "/sign-in").body(form.as_bytes()).send().await;
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let page = |road: Road| house.ask("GET", "/").header("cookie", &cookie).by(road);
    assert_eq!(page(Road::Tcp).send().await.status, StatusCode::FORBIDDEN);
    // Its policy ends, and with it the demand; so does it for who leaves.
    house.pass(31 * 86_400);
    assert_eq!(house.taxii(&a, &at).await.status, StatusCode::OK);
    assert_eq!(page(Road::Tcp).send().await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_members_agreed_to_says_how_long_their_words_are_kept() {
    let house = House::new();
    let both = ["analyst", "organisation-administrator"];
    let [owner, ada, bob] = ["Owner", "Ada", "Bob"].map(|name| {
        house.member(name);
        house.token(name, &both)
    });
    let charter = |days: u32| json!({ "agreement": "We keep to it.\n", "retention_days": days });
    let made = json!({ "name": "E", "charter": charter(90) });
    let made = send(&house, &owner, "POST", "circles", made).await.json();
    let join = async |token: &str| {
        let secret = send(&house, &owner, "POST", "circles/E/invitations", json!({})).await.json();
        let shown = send(&house, token, "POST", "join", json!({ "secret": secret["secret"] })).await.json();
        let agree = json!({ "secret": secret["secret"], "agree": shown["circle"]["digest"] });
        assert_eq!(send(&house, token, "POST", "join", agree).await.json()["joined"], true);
    };
    join(&ada).await;
    let shorter = send(&house, &owner, "POST", "circles/E/charter", json!({ "charter": charter(1) })).await;
    let shorter = shorter.json();
    join(&bob).await;
    for (token, which) in [(&ada, '1'), (&bob, '2')] {
        let path = "/api/v1/import?tlp=amber&to=circle:E";
        let said = house.ask("POST", path).bearer(token).body(envelope(&[indicator(which)]).as_bytes());
        assert!(said.send().await.text().contains("\"new\":1"));
    }
    let days = async |token: &str, path: &str| {
        let told = send(&house, token, "GET", path, Value::Null).await.json();
        (told["agrees"].clone(), told["kept_days"].clone())
    };
    assert_eq!(days(&ada, "circles/E").await, (json!(false), json!(90)));
    assert_eq!(days(&bob, "circles/E").await, (json!(true), json!(1)));
    assert_eq!(days(&ada, &format!("objects/{}/trace", indicator_id('1'))).await.1, 90);

    let gone = async |days: i64| {
        house.pass(days * 86_400);
        let run = house.node.run_retention(&house.node.operator(), false);
        assert!(run.is_ok());
        let mut gone = Vec::new();
        for which in ['1', '2'] {
            let path = format!("objects/{}", indicator_id(which));
            let mut seen = Vec::new();
            for token in [&owner, &ada, &bob] {
                seen.push(send(&house, token, "GET", &path, Value::Null).await.status);
            }
            assert!(seen.iter().all(|status| *status == seen[0]), "{seen:?}");
            gone.push(seen[0] == StatusCode::NOT_FOUND);
        }
        gone
    };
    assert_eq!(gone(2).await, [false, true]);
    for (digest, status) in [(&made["digest"], StatusCode::CONFLICT), (&shorter["digest"], StatusCode::OK)] {
        let agreed = send(&house, &ada, "POST", "circles/E/agreement", json!({ "digest": digest })).await;
        assert_eq!(agreed.status, status, "{}", agreed.text());
    }
    assert_eq!(days(&ada, "circles/E").await, (json!(true), json!(1)));
    assert_eq!(gone(0).await, [true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_not_guessed() {
    let house = House::new();
    house.member("A");
    let a = house.token("A", &["analyst"]);
    let mut seen = Vec::new();
    for guess in 0..25 {
        let body = json!({ "secret": format!("acc_{guess}") });
        seen.push(send(&house, &a, "POST", "join", body).await.status.as_u16());
    }
    assert_eq!((seen[0], seen[24]), (404, 429), "{seen:?}");
}

/// Every answer that somebody is given, but for what is new in each.
async fn everything(house: &House, token: &str, names: &[&str]) -> Vec<(String, u16, String)> {
    let mut answers = Vec::new();
    for route in table().iter().filter(|route| route.method == http::Method::GET) {
        if route.operation == "metrics" || route.operation == "asset" {
            continue;
        }
        for name in names {
            let path = ["{name}", "{id}", "{collection}", "{object}", "{status}"]
                .iter()
                .fold(route.path.to_owned(), |path, part| path.replace(part, name));
            for query in ["", "?text=Host", "?value=198.51.100.1", "?q=Ransom", "?limit=1"] {
                let peer = format!("203.0.113.{}", answers.len() % 250);
                let ask = house.ask("GET", &format!("{path}{query}")).bearer(token).from(&peer);
                let ask = if path.starts_with("/taxii2") { ask.taxii() } else { ask };
                let reply = ask.send().await;
                let text = reply.text();
                let is_fresh = |part: &&str| {
                    let is_hex = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                    let of_page = part.strip_prefix("code>").filter(|id| id.len() == 16);
                    ["request_id", "error_id", "bundle--", "\"next\":", "next="]
                        .iter()
                        .any(|new| part.contains(new))
                        || of_page.is_some_and(is_hex)
                };
                let told = text.split([',', '<']).filter(|part| !is_fresh(part));
                let text: String = told.collect();
                answers.push((format!("{path}{query}"), reply.status.as_u16(), text));
            }
        }
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_in_a_circle_is_told_the_same_with_and_without_it() {
    let house = House::new();
    for name in ["A", "B", "Outside"] {
        house.member(name);
    }
    let (a, b) = (house.token("A", &["analyst"]), house.token("B", &["analyst"]));
    let outsiders = [
        house.token("Outside", &["analyst", "organisation-administrator"]),
        house.token("Outside", &["administrator", "curator", "reader"]),
    ];
    let collection = house.collection("All", |_| {});
    let posted = house.post(&a, &collection, &envelope(&[indicator('2'), indicator('3')])).await;
    assert_eq!(posted.json()["success_count"], 2, "{}", posted.text());
    let hidden = indicator_id('1');
    let names = ["Ransom", "A", collection.as_str(), hidden.as_str()];
    let mut before = Vec::new();
    for outsider in &outsiders {
        before.push(everything(&house, outsider, &names).await);
    }
    let made = send(&house, &a, "POST", "circles", json!({ "name": "Ransom" })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    for _ in 0..2 {
        let secret = send(&house, &a, "POST", "circles/Ransom/invitations", json!({})).await;
        let secret = secret.json()["secret"].clone();
        let joined = send(&house, &b, "POST", "join", json!({ "secret": secret })).await;
        assert_eq!(joined.json()["joined"], true, "{}", joined.text());
        send(&house, &a, "DELETE", "circles/Ransom/members/B", Value::Null).await;
    }
    // What is said in it, is about it, and follows from it.
    let path = "/api/v1/import?tlp=amber&to=circle:Ransom";
    let said = house.ask("POST", path).bearer(&a).body(envelope(&[indicator('1')]).as_bytes()).send().await;
    assert!(said.text().contains("\"new\":1"), "{}", said.text());
    let noted = send(&house, &a, "POST", &format!("objects/{hidden}/notes"), json!({ "text": "seen" })).await;
    assert!(noted.status.is_success(), "{}", noted.text());
    for (outsider, before) in outsiders.iter().zip(before) {
        let after = everything(&house, outsider, &names).await;
        for (before, after) in before.iter().zip(&after) {
            // Figures of the machine, what tokens were last used, what was lent and done are of other requests.
            let moves = ["statistics", "tokens", "metrics", "healthz", "reads", "audit"];
            if !moves.iter().any(|moving| before.0.contains(moving)) {
                assert_eq!(before, after);
            }
            assert!(!after.2.contains(made.json()["id"].as_str().unwrap()), "{after:?}");
        }
        // Writes come to the same too: the name is free for him, and there is nothing to join, leave or end.
        for (method, path, status) in [
            ("DELETE", "circles/Ransom", 404),
            ("POST", "circles/Ransom/leave", 404),
            ("POST", "circles/Ransom/invitations", 404),
            ("DELETE", "circles/Ransom/members/B", 404),
        ] {
            let reply = send(&house, &outsiders[0], method, path, json!({})).await;
            assert_eq!(reply.status.as_u16(), status, "{path}: {}", reply.text());
            let nowhere =
                send(&house, &outsiders[0], method, &path.replace("Ransom", "Nowhere"), json!({})).await;
            assert_eq!(
                reply.json()["detail"],
                nowhere.text().replace("Nowhere", "Ransom").parse::<Value>().unwrap()["detail"]
            );
        }
    }
    let metrics = house.ask("GET", "/metrics").bearer(&outsiders[1]).send().await;
    let metrics = metrics.text();
    assert!(!metrics.contains("circles") && !metrics.contains("/join"), "{metrics}");
    let own = send(&house, &outsiders[0], "POST", "circles", json!({ "name": "Ransom" })).await;
    assert_eq!(own.status, StatusCode::CREATED);
}
