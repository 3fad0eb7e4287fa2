//! The page that tells why something is blocked, alerts, or is left alone, and its form.

use http::StatusCode;
use node::Settings;
use stix::tlp::Level;
use web::WebSettings;

use crate::fixtures::{envelope, indicator, indicator_id, marked};
use crate::house::House;
use crate::reply::Reply;

const BAD: &str = "evil.bad-host.co";

/// An indicator of this pattern.
fn of(digit: char, pattern: &str) -> String {
    let known = format!("[ipv4-addr:value = '198.51.100.{digit}']");
    let one = indicator(digit);
    assert!(one.contains(&known), "{one}");
    one.replace(&known, pattern)
}

fn bad(digit: char) -> String {
    of(digit, &format!("[domain-name:value = '{BAD}']"))
}

struct Scene {
    house: House,
    ada: String,
    bob: String,
    collection: String,
}

fn scene() -> Scene {
    let house = House::new();
    house.member("Ada & <b>Co</b>");
    house.member("Bob");
    let (ada, bob) = (house.token("Ada & <b>Co</b>", &["analyst"]), house.token("Bob", &["analyst"]));
    let collection = house.collection("All", |_| {});
    Scene { house, ada, bob, collection }
}

impl Scene {
    async fn say(&self, token: &str, objects: &[String]) {
        let posted = self.house.post(token, &self.collection, &envelope(objects)).await;
        assert_eq!(posted.status, StatusCode::ACCEPTED, "{}", posted.text());
        assert_eq!(posted.json()["failure_count"], 0, "{}", posted.text());
    }

    async fn get(&self, token: &str, path: &str) -> Reply {
        self.house.ask("GET", path).bearer(token).send().await
    }

    async fn why(&self, token: &str, value: &str) -> String {
        let page = self.get(token, &format!("/why?value={}", encoded(value))).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        page.text().to_owned()
    }

    async fn speak(&self, token: &str, form: &str) -> Reply {
        let ask = self.house.ask("POST", "/why").header("sec-fetch-site", "same-origin").bearer(token);
        ask.body(form.as_bytes()).send().await
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn main_of(page: &str) -> String {
    let main = page.split("<main id=\"main\">").nth(1).unwrap().split("</main>").next().unwrap();
    main.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{line}\n")).collect()
}

/// What stands at the head: the words in the first box of the answer.
fn head(page: &str) -> String {
    let class = page.split("<p class=\"outcome\">").nth(1).unwrap_or_else(|| panic!("{page}"));
    class.split("</section>").next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_of_it_stands_first_and_then_each_gate() {
    let scene = scene();
    scene.say(&scene.ada, &[bad('1')]).await;
    let page = scene.why(&scene.ada, &format!("hxxp://{}/x", BAD.replace('.', "[.]"))).await;
    insta::assert_snapshot!("why_blocked", main_of(&page));
    let other = scene.why(&scene.bob, BAD).await;
    insta::assert_snapshot!("why_alerts", main_of(&other));
    // No gate is left out that REST tells, and none stands in another order.
    let rest = scene.get(&scene.bob, &format!("/api/v1/why?value={BAD}")).await.json();
    let known = &rest["answers"][0]["known"][0];
    let all = [&known["said"][0]["gates"], &known["gates"]];
    let gates: Vec<&str> = all
        .iter()
        .flat_map(|gates| gates.as_array().unwrap())
        .map(|gate| gate["gate"].as_str().unwrap())
        .collect();
    let shown: Vec<&str> =
        other.split("<td class=\"gate\">").skip(1).map(|cell| cell.split('<').next().unwrap()).collect();
    assert!(gates.len() > 7, "{gates:?}");
    assert_eq!(shown, [gates, vec!["origins"]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_alone_says_by_what() {
    let scene = scene();
    scene.say(&scene.ada, &[indicator('1'), of('2', "[domain-name:value = 'github.io']")]).await;
    for (value, why) in [("198.51.100.1", "innocent: "), ("github[.]io", "a public suffix")] {
        let page = scene.why(&scene.ada, value).await;
        let head = head(&page);
        assert!(
            head.contains("Nothing is done") && head.contains("Held back by") && head.contains(why),
            "{head}"
        );
        assert!(page.contains("lets through nothing"), "{page}");
    }
    let unknown = scene.why(&scene.ada, "nobody.bad-host.co").await;
    assert!(head(&unknown).contains("No indicator that you see says it by itself"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_asked_by_id_and_reached_from_where_values_are_shown() {
    let scene = scene();
    let wild = of('2', "[domain-name:value LIKE '%.bad-host.co' OR domain-name:value = 'third.bad-host.co']");
    let half = of('3', &format!("[domain-name:value = '{BAD}'] AND [domain-name:value = 'a.co']"));
    scene.say(&scene.ada, &[bad('1'), wild, half]).await;
    let object = scene.get(&scene.ada, &format!("/objects/{}", indicator_id('1'))).await;
    let found = scene.get(&scene.ada, &format!("/search?q={BAD}")).await;
    for page in [&object, &found] {
        let link = page.text().split("href=\"").find(|link| link.starts_with("/why?value=")).unwrap();
        let page = scene.get(&scene.ada, link.split('"').next().unwrap()).await;
        let head = head(page.text());
        assert!(head.contains("<strong>Blocked</strong>"), "{head}");
    }
    let both = scene.why(&scene.ada, &indicator_id('2')).await;
    assert!(both.contains("<code>bad-host[.]co</code>") && both.contains("as all below it"), "{both}");
    assert!(both.contains("<code>third[.]bad-host[.]co</code>"), "{both}");
    let half = scene.why(&scene.ada, &indicator_id('3')).await;
    assert!(half.contains("half of a pattern acts nowhere"), "{half}");
    assert!(scene.why(&scene.ada, &indicator_id('9')).await.contains("nothing of this id is known"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_value_gets_a_clear_word() {
    let scene = scene();
    let huge = format!("/why?value={}", "a".repeat(40_000));
    for (path, status, word) in [
        ("/why".to_owned(), 200, "Type what was seen"),
        ("/why?value=".to_owned(), 200, "Type what was seen"),
        ("/why?value=%20%0A".to_owned(), 200, "Type what was seen"),
        ("/why?value=no+value+at+all,+is+it%3F".to_owned(), 200, "of no known kind"),
        ("/why?value=%3Cscript%3Ealert(1)%3C/script%3E%E2%80%AE%60".to_owned(), 200, "of no known kind"),
        ("/why?value=indicator--rubbish".to_owned(), 200, "no id of an object"),
        (huge, 200, "longer than 8192 bytes"),
        ("/why?value=%ff".to_owned(), 400, "not UTF-8"),
        ("/why?value=a&value=b".to_owned(), 400, "more than once"),
        ("/why?colour=red".to_owned(), 400, "no parameter"),
    ] {
        let page = scene.get(&scene.ada, &path).await;
        let text = page.text();
        assert_eq!(page.status, status, "{path:.80}: {text}");
        assert!(text.contains(word) && text.matches("<h1").count() == 1, "{path:.80}: {text}");
        assert!(!text.contains("<script") && !text.contains('\u{202e}') && text.len() < 20_000, "{path:.80}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_one_click() {
    let scene = scene();
    scene.say(&scene.ada, &[bad('1')]).await;
    scene.say(&scene.bob, &[bad('2')]).await;
    let before = scene.why(&scene.bob, BAD).await;
    assert!(head(&before).contains("<strong>Blocked</strong>"), "{before}");
    assert!(
        before.contains("Call all 2 a mistake") && before.contains("Call this one a mistake"),
        "{before}"
    );
    let both = format!("value={BAD}&of={}&of={}&reason=our+mirror", indicator_id('1'), indicator_id('2'));
    let said = scene.speak(&scene.bob, &both).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    let text = said.text();
    assert_eq!(
        text.matches("called a mistake; it does nothing at your sensors any more").count(),
        2,
        "{text}"
    );
    assert!(head(text).contains("<strong>Nothing is done</strong>"), "{text}");
    assert!(
        head(text).contains("Called a mistake by") && head(text).contains("your own organisation"),
        "{text}"
    );
    assert!(!text.contains("method=\"post\" action=\"/why\""), "it is offered once: {text}");
    // Said again, nothing is said anew.
    let again = scene.speak(&scene.bob, &both).await;
    assert_eq!(again.text().matches("you call it a mistake already").count(), 2, "{}", again.text());
    let opinions = scene.get(&scene.bob, "/api/v1/objects?type=opinion").await.json();
    assert_eq!(opinions["objects"].as_array().unwrap().len(), 2, "{opinions}");
    // The other one sees who says so, and is not bound by it.
    let other = scene.why(&scene.ada, BAD).await;
    assert!(
        head(&other).contains("Called a mistake by") && other.contains("Call all 2 a mistake"),
        "{other}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_say_it_is_not_offered_it_and_another_site_cannot_say_it() {
    let scene = scene();
    scene.say(&scene.ada, &[bad('1')]).await;
    let form = format!("value={BAD}&of={}", indicator_id('1'));
    let reader = scene.house.token("Bob", &["reader"]);
    assert!(!scene.why(&reader, BAD).await.contains("a mistake</button>"));
    assert_eq!(scene.speak(&reader, &form).await.status, StatusCode::FORBIDDEN);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let ask = scene.house.ask("POST", "/why").header(name, value).bearer(&scene.bob);
        assert_eq!(ask.body(form.as_bytes()).send().await.status, StatusCode::FORBIDDEN, "{name}");
    }
    assert_eq!(scene.speak("", &form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(scene.speak(&scene.bob, &format!("value={BAD}")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(scene.speak(&scene.bob, &"of=x&".repeat(9_000)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(head(&scene.why(&scene.ada, BAD).await).contains("<strong>Blocked</strong>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_nothing_of_what_is_hidden() {
    let scene = scene();
    scene.say(&scene.ada, &[marked(&bad('1'), Level::Red)]).await;
    let never = scene.why(&scene.bob, "never.bad-host.co").await.replace("never[.]", "evil[.]");
    let hidden = scene.why(&scene.bob, BAD).await;
    assert_eq!(main_of(&hidden), main_of(&never.replace("never.", "evil.")));
    let by_id = scene.why(&scene.bob, &indicator_id('1')).await;
    assert!(by_id.contains("nothing of this id is known"), "{by_id}");
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_are_told_what_the_default_policy_makes_of_what_is_clear() {
    let house = House::with(Settings { anonymous: true, ..Settings::default() }, &WebSettings::default());
    house.member("A");
    let token = house.token("A", &["analyst"]);
    let collection = house.collection("All", |_| {});
    let posted = house.post(&token, &collection, &envelope(&[marked(&bad('1'), Level::Clear)])).await;
    assert_eq!(posted.json()["success_count"], 1, "{}", posted.text());
    let page = house.ask("GET", &format!("/why?value={BAD}")).send().await;
    let text = page.text();
    assert!(text.contains("this node&#39;s default policy") && text.contains("Alerts"), "{text}");
    assert!(!text.contains("method=\"post\""), "{text}");
    let form = format!("value={BAD}&of={}", indicator_id('1'));
    let said =
        house.ask("POST", "/why").header("sec-fetch-site", "same-origin").body(form.as_bytes()).send().await;
    assert_eq!((said.status, said.header("location")), (StatusCode::SEE_OTHER, Some("/sign-in")));
}
