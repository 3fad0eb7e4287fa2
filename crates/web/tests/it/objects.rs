//! §5.3, §5.4, §5.6 and §5.8: reading, with the habits of each client.

use node::Settings;
use stix::tlp::Level;
use web::WebSettings;

use crate::fixtures::{ADDRESS, envelope, indicator, indicator_at, indicator_id, marked};
use crate::house::House;
use crate::reply::Reply;

/// A house with five indicators in a collection, one commit each; the token reads and writes.
async fn five() -> (House, String, String) {
    let house = House::new();
    house.member("A");
    let token = house.token("A", &["analyst"]);
    let collection = house.collection("All", |_| {});
    for digit in ['1', '2', '3', '4', '5'] {
        let posted = house.post(&token, &collection, &envelope(&[indicator(digit)])).await;
        assert_eq!(posted.status, 202, "{}", posted.text());
        house.pass(1);
    }
    (house, token, collection)
}

fn objects(collection: &str, query: &str) -> String {
    format!("/taxii2/default/collections/{collection}/objects/{query}")
}

fn digits(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.ids().iter().map(|id| id.chars().nth("indicator--".len()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_answers() {
    let (house, token, collection) = five().await;
    house.post(&token, &collection, &envelope(&[indicator_at('1', 7)])).await;
    let id = indicator_id('1');
    for (name, path) in [
        ("objects", objects(&collection, "?limit=2")),
        ("manifest", format!("/taxii2/default/collections/{collection}/manifest/?limit=2")),
        ("object", objects(&collection, &format!("{id}/"))),
        ("object_all_versions", objects(&collection, &format!("{id}/?match[version]=all"))),
        ("versions", objects(&collection, &format!("{id}/versions/"))),
        ("empty_page", objects(&collection, "?match[type]=malware")),
        ("no_object", objects(&collection, &format!("{}/", indicator_id('9')))),
        ("versions_of_no_object", objects(&collection, &format!("{}/versions/", indicator_id('9')))),
        ("bad_limit", objects(&collection, "?limit=0")),
        ("bad_time", objects(&collection, "?added_after=yesterday")),
        ("bad_cursor", objects(&collection, "?next=abc")),
        ("bad_field", objects(&collection, "?match[name]=x")),
        ("all_beside_another", objects(&collection, "?match[version]=all,first")),
    ] {
        insta::assert_snapshot!(name, house.taxii(&token, &path).await.snapshot());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_select() {
    let (house, token, collection) = five().await;
    house.post(&token, &collection, &envelope(&[indicator_at('1', 7), ADDRESS.to_owned()])).await;
    let of = async |query: &str| house.taxii(&token, &objects(&collection, query)).await;
    assert_eq!(digits(&of("?match[type]=indicator").await), "23451");
    assert_eq!(of("?match[type]=ipv4-addr,malware").await.ids().len(), 1);
    assert_eq!(of("?match[type]=x-unheard-of").await.text(), r#"{"more":false}"#);
    assert_eq!(digits(&of(&format!("?match[id]={},{}", indicator_id('3'), indicator_id('4'))).await), "34");
    assert_eq!(digits(&of("?match[version]=first&match[type]=indicator").await), "12345");
    assert_eq!(digits(&of("?match[version]=all&match[type]=indicator").await), "123451");
    assert_eq!(digits(&of("?match[version]=first,last&match[type]=indicator").await), "123451");
    assert_eq!(digits(&of("?match[version]=2026-01-01T00:00:07Z").await), "1");
    assert_eq!(digits(&of("?match[version]=2026-01-01T00:00:07.000000Z").await), "1");
    assert_eq!(of("?match[spec_version]=2.0").await.text(), r#"{"more":false}"#);
    assert_eq!(of("?match[spec_version]=2.0,2.1").await.ids().len(), 6);
    // By alias or with no slash at the end, it is the same collection.
    let path = format!("/taxii2/default/collections/{collection}/objects?limit=1");
    assert_eq!(digits(&house.taxii(&token, &path).await), "2");
}

/// Follows a habit to the end; the digits of the objects that came, page by page.
async fn crawl(
    house: &House,
    token: &str,
    collection: &str,
    first: &str,
    next: fn(&Reply) -> String,
) -> String {
    let mut pages = Vec::new();
    let mut query = first.to_owned();
    loop {
        let reply = house.taxii(token, &objects(collection, &query)).await;
        let page = digits(&reply);
        assert!(!page.is_empty(), "an empty page after {pages:?}");
        pages.push(page);
        let json = reply.json();
        assert_eq!(json["more"] == true, json["next"].is_string(), "`next` comes with `more` and only then");
        if json["more"] != true {
            return pages.join(" ");
        }
        assert!(pages.len() < 10, "no end");
        query = next(&reply);
    }
}

fn next_of(reply: &Reply) -> String {
    reply.json()["next"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_comes_to_the_end() {
    let (house, token, collection) = five().await;
    let of =
        async |first: &str, next: fn(&Reply) -> String| crawl(&house, &token, &collection, first, next).await;
    // taxii2-client repeats its filters, and changes the limit to what it got.
    let repeats = |reply: &Reply| format!("?limit=2&match[type]=indicator&next={}", next_of(reply));
    assert_eq!(of("?limit=2&match[type]=indicator", repeats).await, "12 34 5");
    let changes = |reply: &Reply| format!("?limit=1&next={}", next_of(reply));
    assert_eq!(of("?limit=3", changes).await, "123 4 5");
    // Elastic sends the cursor and the limit alone.
    let drops = |reply: &Reply| format!("?next={}&limit=2", next_of(reply));
    assert_eq!(of("?limit=2&added_after=2030-01-01T00:00:00Z", drops).await, "12 34 5");
    // OpenCTI's ingester sends added_after beside it, and may send no limit.
    let both = |reply: &Reply| format!("?next={}&added_after=2030-01-01T00:00:00.000Z", next_of(reply));
    assert_eq!(of("?limit=2&next=&added_after=2030-01-01T00:00:00.000Z", both).await, "12 34 5");
    // Without `next`, from the header: the last of a page is where the next begins.
    let by_time =
        |reply: &Reply| format!("?limit=2&added_after={}", reply.header("x-taxii-date-added-last").unwrap());
    assert_eq!(of("?limit=2", by_time).await, "12 34 5");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_holds_its_filters_and_its_owner() {
    let (house, token, collection) = five().await;
    let other = house.token("A", &["reader"]);
    let first = house.taxii(&token, &objects(&collection, "?limit=2&match[type]=indicator")).await;
    let next = next_of(&first);
    let of = async |token: &str, query: &str| {
        house.taxii(token, &objects(&collection, &format!("?next={next}{query}"))).await.status.as_u16()
    };
    assert_eq!(of(&token, "").await, 200);
    assert_eq!(of(&token, "&match[type]=indicator").await, 200);
    assert_eq!(of(&token, "&match[type]=malware").await, 400);
    assert_eq!(of(&token, "&added_after=2030-01-01T00:00:00Z").await, 400);
    assert_eq!(of(&other, "").await, 400);
    assert_eq!(of(&token, "x").await, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_by_time_sees_what_is_new_once() {
    let (house, token, collection) = five().await;
    let all = house.taxii(&token, &objects(&collection, "")).await;
    let last = all.header("x-taxii-date-added-last").unwrap().to_owned();
    // OpenCTI cuts it to milliseconds.
    let cut = format!("{}Z", &last[..23]);
    for after in [&last, &cut] {
        let poll = house.taxii(&token, &objects(&collection, &format!("?added_after={after}"))).await;
        assert_eq!(poll.text(), r#"{"more":false}"#, "{after}");
        assert_eq!(poll.header("x-taxii-date-added-last"), None);
    }
    house.pass(1);
    house.post(&token, &collection, &envelope(&[indicator('6')])).await;
    for after in [&last, &cut] {
        let poll = house.taxii(&token, &objects(&collection, &format!("?added_after={after}"))).await;
        assert_eq!(digits(&poll), "6");
    }
}

// The last of a commit that a reader sees lies on a whole millisecond, whatever is hidden behind it, so that cutting the
// time to milliseconds goes back before nothing that he has.
#[tokio::test(flavor = "multi_thread")]
async fn polling_loses_and_repeats_nothing_where_the_end_of_a_commit_is_hidden() {
    for cut in [26, 23] {
        let house = House::new();
        house.member("A");
        house.member("B");
        let (writer, reader) = (house.token("A", &["analyst"]), house.token("B", &["reader"]));
        let collection = house.collection("All", |_| {});
        let mut after = "2000-01-01T00:00:00.000000Z".to_owned();
        // All within a millisecond or two of the node's clock.
        for two in ["12", "34", "56"] {
            let mut sent: Vec<String> = two.chars().map(indicator).collect();
            let hidden = marked(&sent[0], Level::Red);
            sent.extend(["-0001-", "-0002-"].map(|other| hidden.replacen("-0000-", other, 1)));
            let posted = house.post(&writer, &collection, &envelope(&sent)).await;
            assert_eq!(posted.json()["success_count"], 4, "{}", posted.text());
            let query = format!("?added_after={after}&limit=9");
            let poll = house.taxii(&reader, &objects(&collection, &query)).await;
            assert_eq!(digits(&poll), two, "cut to {cut}");
            let manifest = format!("/taxii2/default/collections/{collection}/manifest/{query}");
            let manifest = house.taxii(&reader, &manifest).await;
            let (first, last) = ("x-taxii-date-added-first", "x-taxii-date-added-last");
            assert_eq!(
                (poll.header(first), poll.header(last)),
                (manifest.header(first), manifest.header(last))
            );
            let entries = manifest.json();
            let own = |place: usize| entries["objects"][place]["date_added"].as_str().unwrap().to_owned();
            assert_eq!(poll.header(first), Some(own(0).as_str()));
            let told = poll.header(last).unwrap();
            assert!(own(1).as_str() == told && told.ends_with("000Z"), "{} {told}", own(1));
            assert!(own(0).ends_with("999Z"), "nothing is between the two: {}", own(0));
            after = format!("{}Z", &told[..cut]);
            let none = house.taxii(&reader, &objects(&collection, &format!("?added_after={after}"))).await;
            assert_eq!(none.text(), r#"{"more":false}"#, "{after}");
        }
        // A page that is not the last says its last entry's own time.
        let page = house.taxii(&reader, &objects(&collection, "?limit=1")).await;
        assert_eq!(page.header("x-taxii-date-added-first"), page.header("x-taxii-date-added-last"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reader_may_not_see_leaves_no_trace() {
    let (house, token, collection) = five().await;
    house.member("B");
    let other = house.token("B", &["reader"]);
    for (digit, level) in [('6', Level::Red), ('7', Level::Green), ('8', Level::Red)] {
        house.post(&token, &collection, &envelope(&[marked(&indicator(digit), level)])).await;
    }
    let drops = |reply: &Reply| format!("?next={}&limit=2", next_of(reply));
    assert_eq!(crawl(&house, &other, &collection, "?limit=2", drops).await, "12 34 57");
    let hidden = objects(&collection, &format!("{}/", indicator_id('6')));
    let never = objects(&collection, &format!("{}/", indicator_id('9')));
    let (hidden, never) = (house.taxii(&other, &hidden).await, house.taxii(&other, &never).await);
    let same = |reply: &Reply| reply.snapshot().replace(&indicator_id('6'), &indicator_id('9'));
    assert_eq!(same(&hidden), same(&never));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_profile_has_its_own_empty_page_and_objects() {
    let house = House::new();
    house.member("A");
    let collection = house.collection("All", |_| {});
    let writer = house.token("A", &["analyst"]);
    let strict = marked(&indicator('1'), Level::AmberStrict);
    house.post(&writer, &collection, &envelope(&[strict, ADDRESS.to_owned()])).await;
    for profile in &web::profile::PROFILES {
        let token = house.token_with("A", &["reader"], |new| new.profile = Some(profile.name.to_owned()));
        let path = objects(&collection, "?added_after=2035-01-01T00:00:00Z");
        let empty = house.taxii(&token, &path).await.snapshot();
        insta::assert_snapshot!(format!("empty_page_for_{}", profile.name), empty);
        let all = house.taxii(&token, &objects(&collection, "")).await.snapshot();
        insta::assert_snapshot!(format!("objects_for_{}", profile.name), all);
    }
    let agent = "Elastic-Filebeat/8.15.0 (linux; amd64; x; y; z)";
    let path = objects(&collection, "?match[type]=malware");
    let ask = house.ask("GET", &path).bearer(&writer).taxii().header("user-agent", agent);
    assert_eq!(ask.send().await.text(), r#"{"objects":[],"more":false}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_coded_as_the_client_wants() {
    let (house, token, collection) = five().await;
    let path = objects(&collection, "");
    let plain = house.taxii(&token, &path).await;
    for coding in ["gzip", "zstd"] {
        let ask = house.ask("GET", &path).bearer(&token).taxii().header("accept-encoding", coding);
        let coded = ask.send().await;
        assert_eq!(coded.header("content-encoding"), Some(coding));
        assert_eq!(coded.header("vary"), Some("accept-encoding"));
        assert!(coded.body.len() < plain.body.len() / 2);
        let name = if coding == "gzip" { web::coding::Coding::Gzip } else { web::coding::Coding::Zstd };
        assert_eq!(web::coding::decoded(coded.body.into(), Some(name), 1 << 20).unwrap(), plain.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_read_what_is_clear() {
    let settings = Settings { anonymous: true, ..Settings::default() };
    let house = House::with(settings, &WebSettings::default());
    house.member("A");
    let token = house.token("A", &["analyst"]);
    let collection = house.collection("All", |_| {});
    let open = house.collection("For everybody", |new| {
        (new.ceiling, new.default_label) = (Some(model::Tlp::Clear), None);
    });
    let both = [marked(&indicator('1'), Level::Clear), marked(&indicator('2'), Level::Green)];
    house.post(&token, &collection, &envelope(&both)).await;
    assert_eq!(digits(&house.taxii("", &objects(&open, "")).await), "1");
    // Of a collection that was not made for everybody he is told nothing: neither that it is there nor what it is called.
    let told = house.taxii("", "/taxii2/default/collections/").await.json();
    let titles: Vec<_> =
        told["collections"].as_array().unwrap().iter().map(|one| one["title"].clone()).collect();
    assert_eq!(titles, ["For everybody"]);
    let (unknown, hidden) = (objects(&collection.replace('a', "b"), ""), objects(&collection, ""));
    for path in [unknown, hidden] {
        assert_eq!(house.taxii("", &path).await.status, 404, "{path}");
    }
    let page = String::from_utf8(house.ask("GET", "/").send().await.body.to_vec()).unwrap();
    assert!(page.contains("For everybody") && !page.contains(&collection), "{page}");
    assert_eq!(house.post("", &collection, &envelope(&[indicator('3')])).await.status, 404);
    assert_eq!(house.post("", &open, &envelope(&[indicator('3')])).await.status, 401);
    let one = objects(&open, &format!("{}/", indicator_id('1')));
    assert_eq!(house.ask("DELETE", &one).taxii().send().await.status, 401);
}
