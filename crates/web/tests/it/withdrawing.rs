//! §5.7: withdrawing.

use crate::fixtures::{envelope, indicator, indicator_at, indicator_id};
use crate::house::House;

async fn one() -> (House, String, String) {
    let house = House::new();
    house.member("A");
    let token = house.token("A", &["analyst"]);
    let collection = house.collection("All", |_| {});
    (house, token, collection)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withdrawn_is_gone_on_every_road_of_the_collection() {
    let (house, token, collection) = one().await;
    let all = [indicator_at('1', 1), indicator_at('1', 2), indicator('2')];
    house.post(&token, &collection, &envelope(&all)).await;
    let root = format!("/taxii2/default/collections/{collection}");
    let object = format!("{root}/objects/{}/", indicator_id('1'));
    let delete = async |query: &str| {
        house.ask("DELETE", &format!("{object}{query}")).bearer(&token).taxii().send().await
    };
    assert_eq!(delete("?match[version]=2026-01-01T00:00:09Z").await.status, 404);
    assert_eq!(delete("?match[spec_version]=2.0").await.status, 404);
    assert_eq!(delete("?match[type]=indicator").await.status, 400);
    insta::assert_snapshot!("withdrawn", delete("?match[version]=2026-01-01T00:00:02.000Z").await.snapshot());
    let versions = house.taxii(&token, &format!("{object}versions/")).await.json();
    assert_eq!(versions["versions"], serde_json::json!(["2026-01-01T00:00:01.000Z"]));
    assert_eq!(delete("").await.status, 200);
    for path in [object.clone(), format!("{object}versions/"), format!("{object}?match[version]=all")] {
        assert_eq!(house.taxii(&token, &path).await.status, 404, "{path}");
    }
    for path in [format!("{root}/objects/"), format!("{root}/manifest/")] {
        assert_eq!(house.taxii(&token, &path).await.ids(), [indicator_id('2')], "{path}");
    }
    assert_eq!(delete("").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_on_a_collection_decide() {
    let (house, token, collection) = one().await;
    house.collection("Other", |_| {});
    house.post(&token, &collection, &envelope(&[indicator('1')])).await;
    let scoped = |read: &[&str], write: &[&str]| {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let (read, write) = (texts(read), texts(write));
        house.token_with("A", &["analyst"], |new| (new.read, new.write) = (read, write))
    };
    let object = format!("/taxii2/default/collections/{collection}/objects/{}/", indicator_id('1'));
    let objects = format!("/taxii2/default/collections/{collection}/objects/");
    // GET, POST, DELETE; without the right to read or to write, §5.4 and §5.5 leave 403 and 404 to us, §5.7 does not.
    for (read, write, get, post, delete) in [
        (&["Other"][..], &["Other"][..], 404, 404, 404),
        (&["All"], &["Other"], 200, 403, 403),
        (&["Other"], &["All"], 404, 202, 403),
        (&["All"], &["All"], 200, 202, 200),
    ] {
        let token = scoped(read, write);
        let got = house.taxii(&token, &objects).await;
        assert_eq!(got.status, get, "GET {read:?} {write:?}");
        let posted = house.post(&token, &collection, &envelope(&[indicator('2')])).await;
        assert_eq!(posted.status, post, "POST {read:?} {write:?}");
        let deleted = house.ask("DELETE", &object).bearer(&token).taxii().send().await;
        assert_eq!(deleted.status, delete, "DELETE {read:?} {write:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_members_object_is_not_ones_own_to_withdraw() {
    let (house, token, collection) = one().await;
    house.post(&token, &collection, &envelope(&[indicator('1')])).await;
    house.member("B");
    let other = house.token("B", &["analyst"]);
    let object = format!("/taxii2/default/collections/{collection}/objects/{}/", indicator_id('1'));
    let refused = house.ask("DELETE", &object).bearer(&other).taxii().send().await;
    insta::assert_snapshot!("not_ones_own_to_withdraw", refused.snapshot());
    assert_eq!(house.taxii(&token, &object).await.status, 200);
}
