//! Probes, and who is told what the process counts.

use web::WebSettings;
use web::request::Road;

use crate::fixtures::{envelope, indicator};
use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn the_node_says_whether_it_is_there_and_ready() {
    let house = House::new();
    for path in ["/livez", "/readyz", "/healthz"] {
        let reply = house.ask("GET", path).send().await;
        assert_eq!((reply.status.as_u16(), reply.text()), (200, "ok\n"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_for_whoever_operates_the_node() {
    let house = House::new();
    house.member("A");
    let analyst = house.token("A", &["analyst"]);
    let administrator = house.token("A", &["administrator"]);
    let collection = house.collection("All", |_| {});
    house.post(&analyst, &collection, &envelope(&[indicator('1')])).await;
    house.ask("GET", "/taxii2/").bearer("wrong").send().await;
    let of = async |token: &str| house.ask("GET", "/metrics").bearer(token).send().await;
    assert_eq!(of("").await.status, 401);
    assert_eq!(of(&analyst).await.status, 403);
    let reply = of(&administrator).await;
    assert_eq!(reply.status, 200);
    for line in [
        "accord_http_requests_total{method=\"POST\",\
         route=\"/taxii2/default/collections/{collection}/objects/\",status=\"2xx\"} 1",
        "accord_http_requests_total{method=\"GET\",route=\"/taxii2/\",status=\"4xx\"} 1",
        "accord_failed_sign_ins_total 1",
        "accord_node_members 2",
    ] {
        assert!(reply.text().lines().any(|known| known == line), "{line}\n{}", reply.text());
    }
    assert_eq!(house.ask("GET", "/metrics").by(Road::AdminSocket).send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_for_the_machine_itself_where_the_operator_says_so() {
    let of = async |metrics_on_loopback: bool, peer: &str, headers: &[(&str, &str)]| {
        let web = WebSettings { metrics_on_loopback, ..WebSettings::default() };
        let house = House::with(node::Settings::default(), &web);
        let ask = house.ask("GET", "/metrics").from(peer);
        let ask = headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value));
        ask.send().await.status.as_u16()
    };
    assert_eq!(of(false, "127.0.0.1", &[]).await, 401);
    assert_eq!(of(true, "127.0.0.1", &[]).await, 200);
    assert_eq!(of(true, "::1", &[]).await, 200);
    assert_eq!(of(true, "192.0.2.1", &[]).await, 401);
    assert_eq!(
        of(true, "127.0.0.1", &[("x-forwarded-for", "192.0.2.1")]).await,
        401,
        "a proxy on the machine"
    );
    assert_eq!(of(true, "127.0.0.1", &[("via", "1.1 proxy")]).await, 401);
}
