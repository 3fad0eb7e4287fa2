//! Pages: sign-in and its cookie, what they show, and that text of strangers stays text.

use http::StatusCode;

use node::Settings;
use stix::tlp::Level;
use web::WebSettings;

use crate::fixtures::{envelope, indicator, indicator_at, indicator_id, marked};
use crate::house::House;
use crate::reply::Reply;

/// A house with a member whose token reads and writes everything.
fn one() -> (House, String) {
    let house = House::new();
    house.member("A & <b>Co</b>");
    let token = house.token("A & <b>Co</b>", &["analyst"]);
    (house, token)
}

async fn get(house: &House, token: &str, path: &str) -> Reply {
    house.ask("GET", path).bearer(token).send().await
}

async fn sign_in(house: &House, token: &str) -> Reply {
    let form = format!("token={token}");
    let form_type = "application/x-www-form-urlencoded";
    house.ask("POST", "/sign-in").header("content-type", form_type).body(form.as_bytes()).send().await
}

fn cookie(reply: &Reply) -> String {
    let set = reply.header("set-cookie").unwrap();
    assert!(set.contains("; HttpOnly; SameSite=Strict"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_a_session_and_signing_out_ends_it() {
    let (house, token) = one();
    let nobody = get(&house, "", "/").await;
    assert_eq!((nobody.status, nobody.header("location")), (StatusCode::SEE_OTHER, Some("/sign-in")));
    let wrong = sign_in(&house, "acc_wrong").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.header("set-cookie").is_none() && !wrong.text().contains("acc_wrong"));
    let opened = sign_in(&house, &token).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
    let session = cookie(&opened);
    assert!(!session.contains(&token), "the token does not leave the node");
    let home = house.ask("GET", "/").header("cookie", &session).send().await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.text().contains("A &#38; &#60;b&#62;Co&#60;/b&#62;"), "{}", home.text());
    let out = house.ask("POST", "/sign-out").header("cookie", &session).send().await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    let again = house.ask("GET", "/").header("cookie", &session).send().await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "the word is worth nothing after signing out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_ends_its_sessions() {
    let (house, token) = one();
    let session = cookie(&sign_in(&house, &token).await);
    let operator = house.node.operator();
    let tokens = house.node.tokens(&operator).unwrap();
    for token in tokens.iter().filter(|token| token.member.name.starts_with("A &")) {
        house.node.revoke_token(&operator, &token.id).unwrap();
    }
    let home = house.ask("GET", "/").header("cookie", &session).send().await;
    assert_eq!(home.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_time_secret_is_traded_on_the_page_once() {
    let house = House::new();
    let secret = house.node.first_secret(true).unwrap().unwrap();
    let traded = sign_in(&house, &secret).await;
    assert_eq!(traded.status, StatusCode::OK);
    assert!(traded.text().contains("shown only now") && traded.text().contains("acc_"));
    cookie(&traded);
    assert_eq!(sign_in(&house, &secret).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_other_sites_are_refused() {
    let (house, token) = one();
    for (name, value, status) in [
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("origin", "http://ti.example", 303),
        ("sec-fetch-site", "same-origin", 303),
    ] {
        let form = format!("token={token}");
        let reply = house.ask("POST", "/sign-in").header(name, value).body(form.as_bytes()).send().await;
        assert_eq!(reply.status, status, "{name}: {value}");
    }
    // A policy on referrers may hide the origin; the browser's word on the site still counts.
    let form = format!("token={token}");
    let hidden =
        house.ask("POST", "/sign-in").header("sec-fetch-site", "same-origin").header("origin", "null");
    assert_eq!(hidden.body(form.as_bytes()).send().await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_strangers_stays_text() {
    let (house, token) = one();
    let collection =
        house.collection("<i>Title</i>", |new| new.description = "\"><script>alert(1)</script>".into());
    let nasty = "<script>alert(1)</script> \\u202e <img src=x onerror=alert(1)> http://bad.example/ {{7*7}}";
    let id = indicator_id('1');
    let object = format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"{id}","created":"2026-01-01T00:00:00.000Z",
        "modified":"2026-01-01T00:00:00.000Z","name":"{nasty}","description":"{nasty}",
        "pattern":"[url:value = 'http://bad.example/<script>']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z",
        "x_note":"{nasty}","labels":["{nasty}"]}}"#
    );
    let posted = house.post(&token, &collection, &envelope(&[object])).await;
    assert_eq!(posted.status, StatusCode::ACCEPTED, "{}", posted.text());
    let searched =
        "/search?q=%3Cscript%3Ealert(1)%3C/script%3E%20bad.example%20http://bad.example/%3Cscript%3E";
    for path in ["/", searched, &format!("/objects/{id}"), "/objects/%3Cscript%3E", "/%3Cscript%3E"] {
        let page = get(&house, &token, path).await;
        let text = page.text();
        assert!(
            !text.contains("<script") && !text.contains("<img") && !text.contains('\u{202e}'),
            "{path}: {text}"
        );
        assert!(!text.contains("href=\"http://bad"), "{path}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
    let shown = get(&house, &token, &format!("/objects/{id}")).await;
    assert!(shown.text().contains("hxxp://bad[.]example/"), "{}", shown.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_their_true_status_and_one_heading() {
    let (house, token) = one();
    house.collection("All", |_| {});
    for (path, status) in [
        ("/", 200),
        ("/search?q=203.0.113.7", 200),
        ("/search?q=", 200),
        ("/search?q=x&colour=red", 400),
        ("/search?next=rubbish", 400),
        ("/sign-in", 200),
        ("/objects/indicator--00000000-0000-4000-8000-000000000000", 404),
        ("/objects/rubbish", 400),
        ("/nowhere", 404),
        ("/static/other.css", 404),
    ] {
        let page = get(&house, &token, path).await;
        assert_eq!(page.status, status, "{path}: {}", page.text());
        if path != "/static/other.css" {
            assert_eq!(page.text().matches("<h1").count(), 1, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_tells_nothing_that_its_reader_may_not_see() {
    let (house, token) = one();
    house.member("B");
    let other = house.token("B", &["analyst"]);
    let collection = house.collection("All", |_| {});
    let id = indicator_id('7');
    let red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
    let object = format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"{id}","created":"2026-01-01T00:00:00.000Z",
        "modified":"2026-01-01T00:00:00.000Z","name":"canary","pattern":"[ipv4-addr:value = '198.51.100.77']",
        "pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","object_marking_refs":["{red}"]}}"#
    );
    house.post(&token, &collection, &envelope(&[object])).await;
    let own = get(&house, &token, "/search?q=198.51.100.77").await;
    assert!(own.text().contains("Known, and valid now"), "{}", own.text());
    for path in ["/", "/search?q=198.51.100.77", "/search?q=canary"] {
        let page = get(&house, &other, path).await;
        assert!(!page.text().contains(&id) && !page.text().contains("valid now"), "{path}: {}", page.text());
    }
    assert_eq!(get(&house, &other, &format!("/objects/{id}")).await.status, 404);
    assert!(!get(&house, &other, "/").await.text().contains("1 objects"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_link_below_the_base_path_and_to_no_host() {
    let web = WebSettings { base_path: Some("/accord".to_owned()), ..WebSettings::default() };
    let house = House::with(Settings { anonymous: true, ..Settings::default() }, &web);
    for path in ["/accord/", "/accord/search?q=203.0.113.7", "/accord/sign-in", "/accord/nowhere"] {
        let page = get(&house, "", path).await;
        for attribute in ["href=\"", "action=\""] {
            for link in page.text().split(attribute).skip(1) {
                assert!(link.starts_with("/accord/") || link.starts_with("#main"), "{path}: {link:.40}");
            }
        }
        assert!(page.text().contains("href=\"/accord/static/style-"), "{path}");
    }
    let style = get(&house, "", "/accord/nowhere").await.text().split("href=\"").nth(1).unwrap().to_owned();
    assert_eq!(get(&house, "", style.split('"').next().unwrap()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_front_page_counts_everything_that_its_reader_sees_and_no_more() {
    let (house, token) = one();
    house.member("B");
    let other = house.token("B", &["reader"]);
    let collection = house.collection("All", |_| {});
    // More types than any list of facets has.
    let objects: Vec<String> = (10..40)
        .map(|n| {
            format!(
                r#"{{"type":"x-kind-{n}","spec_version":"2.1","id":"x-kind-{n}--11111111-0000-4000-8000-000000000000","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z"}}"#
            )
        })
        .chain([marked(&indicator('1'), Level::Red)])
        .collect();
    let posted = house.post(&token, &collection, &envelope(&objects)).await;
    assert_eq!(posted.json()["success_count"], 31, "{}", posted.text());
    assert!(get(&house, &token, "/").await.text().contains("31 objects, by type"));
    let seen = get(&house, &other, "/").await;
    assert!(
        seen.text().contains("30 objects, by type") && !seen.text().contains(">indicator<"),
        "{}",
        seen.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_none_is_refused_and_stands_in_no_page() {
    let house = House::with(Settings { anonymous: true, ..Settings::default() }, &WebSettings::default());
    for path in ["/taxii2/", "/", "/sign-in", "/api/v1/whoami"] {
        let good = get(&house, "", path).await;
        assert_eq!(good.status, 200, "{path}");
        assert_eq!(good.header("cache-control"), Some("no-store"), "{path}");
        // The house's own `Host` is there already.
        let two = house.ask("GET", path).header("host", "evil.example").send().await;
        assert_eq!(two.status, 400, "{path}");
        assert!(!two.text().contains("evil.example"), "{path}: {}", two.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_looked_up_and_its_parts_are_not_searched_for_as_words() {
    let (house, token) = one();
    let collection = house.collection("All", |_| {});
    house.post(&token, &collection, &envelope(&[indicator('1').replace("Host 1", "Report 8")])).await;
    let id = indicator_id('1');
    let miss = get(&house, &token, "/search?q=8.8.8.8").await;
    assert!(miss.text().contains("Nothing that you may see mentions it."), "{}", miss.text());
    assert!(!miss.text().contains(&id), "{}", miss.text());
    for query in ["q=8.8.8.8&words=true", "q=8", "q=8.8.8.8+report", "q=&type=indicator", "type=indicator"] {
        let page = get(&house, &token, &format!("/search?{query}")).await;
        let found = query != "q=8.8.8.8+report" || page.text().contains("Report 8");
        assert!(page.text().contains(&id) && found, "{query}: {}", page.text());
    }
    assert_eq!(get(&house, &token, "/search?q=8&words=perhaps").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_bears_the_name_comes_before_what_mentions_it() {
    let (house, token) = one();
    let collection = house.collection("All", |_| {});
    let mention = indicator('2').replacen('{', r#"{"description":"Host 1 was seen beside it","#, 1);
    house.post(&token, &collection, &envelope(&[indicator('1')])).await;
    house.post(&token, &collection, &envelope(&[mention])).await;
    let page = get(&house, &token, "/search?q=host+1").await;
    let (before, after) = page.text().split_once("with these words</h2>").unwrap();
    let named = before.split_once("Of this name</h2>").unwrap().1;
    assert!(named.contains(&indicator_id('1')) && !named.contains(&indicator_id('2')), "{named}");
    assert!(after.contains(&indicator_id('1')) && after.contains(&indicator_id('2')), "{after}");
    for query in ["q=beside", "q=host+1&type=indicator", "type=indicator"] {
        let page = get(&house, &token, &format!("/search?{query}")).await;
        assert!(!page.text().contains("Of this name"), "{query}: {}", page.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_says_first_what_people_read() {
    let (house, token) = one();
    let collection = house.collection("All", |_| {});
    let described =
        indicator('1').replacen('{', r#"{"description":"Seen at http://bad.example/\nand <b>again</b>","#, 1);
    house.post(&token, &collection, &envelope(&[described])).await;
    let page = get(&house, &token, &format!("/objects/{}", indicator_id('1'))).await;
    let before = page.text().split("The object</h2>").next().unwrap();
    for shown in [
        "<p class=\"prose\">Seen at hxxp://bad[.]example/</p>",
        "<p class=\"prose\">and &#60;b&#62;again&#60;/b&#62;</p>",
        "[ipv4-addr:value = &#39;198[.]51[.]100[.]1&#39;]",
    ] {
        assert!(before.contains(shown), "{shown}: {before}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_told_apart_by_their_version() {
    let (house, token) = one();
    let collection = house.collection("All", |_| {});
    house.post(&token, &collection, &envelope(&[indicator_at('1', 10), indicator_at('1', 20)])).await;
    let page = get(&house, &token, &format!("/objects/{}", indicator_id('1'))).await;
    let versions = page.text().split("<h2>Versions</h2>").nth(1).unwrap();
    let versions = versions.split("</table>").next().unwrap();
    for shown in ["<th>Version</th>", "2026-01-01 00:00:10 UTC", "2026-01-01 00:00:20 UTC"] {
        assert!(versions.contains(shown), "{shown}: {versions}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_offers_what_its_reader_can_use() {
    let (house, token) = one();
    let nobody = get(&house, "", "/sign-in").await;
    assert!(!nobody.text().contains("type=\"search\""), "{}", nobody.text());
    assert!(get(&house, &token, "/").await.text().contains("type=\"search\""));
    // One whose token reads a collection and nothing else has no use for being told to import.
    let collection = house.collection("All", |_| {});
    let narrow = house.token_with("A & <b>Co</b>", &["reader"], |new| new.read = vec![collection]);
    let home = get(&house, &narrow, "/").await;
    assert!(
        home.text().contains("searches nothing") && !home.text().contains("accord import"),
        "{}",
        home.text()
    );
}
