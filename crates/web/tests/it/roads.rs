//! Every row of the table, for every kind of caller: nobody gets an answer that is not for him.

use std::collections::BTreeSet;

use model::access::Action;
use model::{Principal, Role, Roles, may_act};
use node::{Credential, NewCircle, NewRetention, Settings};
use stix::tlp::Level;
use web::routes::{Access, Family, Need, table};
use web::{Route, WebSettings};

use crate::fixtures::{envelope, indicator, indicator_id, marked};
use crate::house::House;
use crate::reply::Reply;

/// What makes a request of each operation a good one. `{x}` is filled in from [`Things`].
const REQUESTS: &[(&str, &str, &str)] = &[
    ("livez", "", ""),
    ("readyz", "", ""),
    ("healthz", "", ""),
    ("metrics", "", ""),
    ("taxiiDiscovery", "", ""),
    ("taxiiApiRoot", "", ""),
    ("taxiiStatus", "", ""),
    ("taxiiCollections", "", ""),
    ("taxiiCollection", "", ""),
    ("taxiiManifest", "", ""),
    ("taxiiObjects", "", ""),
    ("taxiiAddObjects", "", "{envelope}"),
    ("taxiiObject", "", ""),
    ("taxiiDeleteObject", "", ""),
    ("taxiiVersions", "", ""),
    ("openapi", "", ""),
    ("openapiOfVersion1", "", ""),
    ("login", "", r#"{"secret":"wrong"}"#),
    ("renewLoginSecret", "", ""),
    ("whoami", "", ""),
    ("lookup", "?value=198.51.100.1", ""),
    ("lookupMany", "", r#"{"values":["198.51.100.1"]}"#),
    ("searchObjects", "", ""),
    ("listClaims", "?limit=5", ""),
    ("showObject", "", ""),
    ("withdrawObject", "", ""),
    ("traceObject", "", ""),
    ("showLedger", "?limit=5", ""),
    ("showNode", "", ""),
    ("listDisclosures", "", ""),
    ("disclose", "", r#"{"objects":["{object}"],"authority":"A court","basis":"an order"}"#),
    ("sealDisclosure", "", r#"{"until":"2026-12-01T00:00:00Z"}"#),
    ("previewLabel", "", r#"{"tlp":"amber"}"#),
    ("relabelObject", "", r#"{"tlp":"amber"}"#),
    ("eraseObject", "", r#"{"reason":"a test"}"#),
    ("eraseSubject", "", r#"{"subject":"198.51.100.1","dry_run":true}"#),
    ("tellOrigin", "", r#"{"reason":"a test"}"#),
    ("addNote", "", r#"{"text":"seen"}"#),
    ("addOpinion", "", r#"{"opinion":"agree"}"#),
    ("addTags", "", r#"{"tags":["seen"]}"#),
    ("revokeObject", "", ""),
    ("exportObjects", "", ""),
    ("showSubmission", "", ""),
    ("importObjects", "", "{envelope}"),
    ("recall", "", r#"{"objects":["{object}"],"reason":"a test"}"#),
    ("listRecalls", "", ""),
    ("showRecall", "", ""),
    ("share", "?description=seen&dry_run", "198.51.100.1\n"),
    ("listMembers", "", ""),
    ("addMember", "", r#"{"name":"New"}"#),
    ("setSector", "", r#"{"sector":"energy"}"#),
    ("setProviders", "", r#"{"providers":[]}"#),
    ("showMember", "", ""),
    ("revokeMember", "", ""),
    ("listPersons", "", ""),
    ("addPerson", "", r#"{"name":"Newcomer","member":"A"}"#),
    ("showPerson", "", ""),
    ("revokePerson", "", ""),
    ("listTokens", "", ""),
    ("addToken", "", r#"{"member":"A","roles":["reader"]}"#),
    ("showToken", "", ""),
    ("revokeToken", "", ""),
    ("listCollections", "", ""),
    ("addCollection", "", r#"{"title":"New"}"#),
    ("showCollection", "", ""),
    ("revokeCollection", "", ""),
    ("listCircles", "", ""),
    ("addCircle", "", r#"{"name":"New"}"#),
    ("showCircle", "", ""),
    ("revokeCircle", "", ""),
    ("upgradeCircle", "", r#"{"charter":{"formal":false}}"#),
    ("joinCircle", "", r#"{"secret":"wrong"}"#),
    ("listAssets", "", ""),
    ("observe", "", r#"[{"time":"2026-09-01T00:00:00Z","host":"h","observables":["198.51.100.1"]}]"#),
    ("seen", "?value=198.51.100.1", ""),
    ("forgetSeen", "?before=2026-01-01T00:00:00Z", ""),
    ("listHits", "", ""),
    ("ignoreHits", "", r#"{"values":["198.51.100.1"],"until":"2027-01-01T00:00:00Z"}"#),
    ("declareAssets", "", r#"{"assets":["203.0.113.0/24"]}"#),
    ("showPolicy", "", ""),
    ("resetPolicy", "", ""),
    ("setPolicy", "?dry_run", r##"{"text":"# nothing acts"}"##),
    ("why", "?value=198.51.100.1", ""),
    ("reportEdge", "", r#"{"at":"2026-09-01T00:00:00Z","fail":"open","sensors":[]}"#),
    ("listEdges", "", ""),
    ("addVerdict", "", r#"{"of":["{object}"],"reason":"a test"}"#),
    (
        "reportSightings",
        "",
        r#"{"sightings":[{"indicator":"{object}","count":2,"last_seen":"2026-02-01T00:00:00Z"}]}"#,
    ),
    ("listFeeds", "", ""),
    ("getFeed", "", ""),
    ("getFeedOfVersion1", "", ""),
    ("followChanges", "?since=beginning&values&once", ""),
    ("removeAsset", "", ""),
    ("agreeToCircle", "", r#"{"digest":"00"}"#),
    ("leaveCircle", "", ""),
    ("expelFromCircle", "", ""),
    ("inviteToCircle", "", "{}"),
    ("confirmInvitation", "", ""),
    ("revokeInvitation", "", ""),
    ("listSubmissions", "", ""),
    ("listQueue", "?all", ""),
    ("showQueued", "", ""),
    ("takeQueued", "", ""),
    ("releaseQueued", "", ""),
    ("returnQueued", "", r#"{"reason":"a test"}"#),
    ("mergeQueued", "", r#"{"into":"indicator--11111111-0000-4000-8000-000000000000"}"#),
    ("listQuarantine", "", ""),
    ("listAudit", "?limit=5", ""),
    ("listReads", "?limit=5", ""),
    ("showQuarantined", "", ""),
    ("listRetention", "", ""),
    ("addRetention", "", r#"{"type":"malware","days":9}"#),
    ("removeRetention", "", ""),
    ("runRetention", "?dry_run", ""),
    ("check", "", ""),
    ("statistics", "", ""),
    ("backup", "", r#"{"to":"/nowhere/at/all"}"#),
    ("rebuild", "", ""),
    ("homePage", "", ""),
    ("searchPage", "?q=198.51.100.1", ""),
    ("objectPage", "", ""),
    ("queuePage", "", ""),
    ("whyPage", "?value=198.51.100.1", ""),
    ("sayMistaken", "", "value=198.51.100.1&of={object}"),
    ("signInPage", "", ""),
    ("signIn", "", "token=wrong"),
    ("signOut", "", ""),
    ("asset", "", ""),
];

/// Pages that say nothing of the record and nothing of the node but its name.
const PAGES_FOR_ALL: &[&str] = &["signInPage", "asset"];
/// Operations that are for those on the node's machine, so that no token is enough.
const ON_THE_MACHINE: &[&str] = &["renewLoginSecret", "backup"];

/// What requests are about, one of each for those that take something away.
struct Things {
    collection: String,
    submission: String,
    refused: String,
    token: String,
    style: String,
    rule: String,
    invitation: String,
    asset: String,
}

/// Somebody who asks.
struct Asker {
    name: &'static str,
    token: String,
    principal: Option<Principal>,
}

async fn house_with(asker: &'static str) -> (House, Things, Asker) {
    let house = House::new();
    house.member("A");
    house.member("Victim");
    house.member("Guest");
    let operator = house.node.operator();
    house.node.add_person(&operator, "A", "Victim").unwrap();
    let collection = house.collection("All", |_| {});
    house.collection("Victim", |_| {});
    let analyst = house.token("A", &["analyst"]);
    let victim = house.token_with("A", &["reader"], |new| new.name = Some("victim".to_owned()));
    drop(victim);
    let seeds: Vec<String> = ['1', '2', '3', '4', '5', '7'].map(indicator).to_vec();
    let posted = house.post(&analyst, &collection, &envelope(&seeds)).await;
    assert_eq!(posted.status, 202, "{}", posted.text());
    let submission = posted.json()["id"].as_str().unwrap().to_owned();
    let tokens = house.node.tokens(&operator).unwrap();
    let token = tokens.into_iter().find(|token| token.name == "victim").unwrap().id;
    let refused = house.post(&analyst, &collection, &envelope(&[r#"{"type":"indicator"}"#.to_owned()])).await;
    assert_eq!(refused.json()["failure_count"], 1, "{}", refused.text());
    let refused = format!("{}.0", refused.json()["id"].as_str().unwrap());
    let rule = NewRetention { kind: Some("report".to_owned()), source: None, days: 9 };
    let rule = house.node.add_retention(&operator, &rule).unwrap().id;
    let invitation = circles(&house);
    let declaring = house.node.authenticate(&Credential::Token(analyst), None).unwrap();
    let asset = house.node.declare_assets(&declaring, &["198.51.100.0/24".to_owned()]).unwrap().remove(0).id;
    let page = house.ask("GET", "/sign-in").send().await;
    let style = page.text().split("/static/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let asker = asker_named(&house, asker);
    (house, Things { collection, submission, refused, token, style, rule, invitation, asset }, asker)
}

/// Circles that A owns, one for each act that ends something, and an invitation of another member.
fn circles(house: &House) -> String {
    let caller = |member: &str| {
        let token = house.token(member, &["analyst", "organisation-administrator"]);
        house.node.authenticate(&Credential::Token(token), None).unwrap()
    };
    let (own, victim, guest) = (caller("A"), caller("Victim"), caller("Guest"));
    for name in ["Leaving", "Ending", "Victim"] {
        house.node.add_circle(&own, &NewCircle { name: name.to_owned(), ..NewCircle::default() }).unwrap();
    }
    for other in [&victim, &guest] {
        let secret = house.node.invite(&own, "Victim", None).unwrap().secret;
        house.node.join_circle(other, &secret, None).unwrap();
    }
    // The victim is put out on the way, and his invitations with him.
    house.node.invite(&guest, "Victim", None).unwrap().id
}

fn asker_named(house: &House, name: &'static str) -> Asker {
    let operator = house.node.operator();
    let token = match name {
        "anonymous" => String::new(),
        "expired" => {
            let token = house.token_with("A", &["administrator", "analyst"], |new| new.expire_s = Some(60));
            house.pass(61);
            token
        }
        "revoked" => {
            let all = ["administrator", "analyst"];
            let token = house.token_with("A", &all, |new| new.name = Some("to revoke".to_owned()));
            let tokens = house.node.tokens(&operator).unwrap();
            let id = tokens.into_iter().find(|token| token.name == "to revoke").unwrap().id;
            house.node.revoke_token(&operator, &id).unwrap();
            token
        }
        role => house.token("A", &[role]),
    };
    let caller = house.node.authenticate(&Credential::Token(token.clone()), None);
    Asker { name, token, principal: caller.ok().map(|caller| caller.principal) }
}

fn path_of(route: &Route, things: &Things) -> String {
    let object = match route.operation {
        "taxiiDeleteObject" => '2',
        "withdrawObject" => '3',
        "eraseObject" => '4',
        "revokeObject" => '5',
        _ => '1',
    };
    let mut path = route.path.to_owned();
    for (name, value) in [
        ("{collection}", things.collection.as_str()),
        ("{object}", &indicator_id(object)),
        ("{status}", &things.submission),
        ("{format}", "zeek"),
        ("{file}", "accord.intel"),
    ] {
        path = path.replace(name, value);
    }
    let id = match route.path {
        path if path.contains("/submissions/") => things.submission.clone(),
        path if path.contains("/tokens/") => things.token.clone(),
        path if path.contains("/quarantine/") => things.refused.clone(),
        path if path.contains("/retention/") => things.rule.clone(),
        path if path.contains("/invitations/") => things.invitation.clone(),
        path if path.contains("/assets/") => things.asset.clone(),
        _ => indicator_id(object),
    };
    let name = match route.path {
        _ if route.operation == "leaveCircle" => "Leaving",
        _ if route.operation == "revokeCircle" => "Ending",
        path if path.contains("/persons/") => "A%2FVictim",
        path if path.contains("/static/") => &things.style,
        _ => "Victim",
    };
    path.replace("{id}", &id).replace("{name}", name).replace("{member}", "Victim")
}

async fn ask(house: &House, route: &Route, things: &Things, asker: &Asker) -> Reply {
    let (_, query, body) = REQUESTS
        .iter()
        .find(|(operation, ..)| *operation == route.operation)
        .unwrap_or_else(|| panic!("`{}` has no request here", route.operation));
    let body =
        body.replace("{envelope}", &envelope(&[indicator('6')])).replace("{object}", &indicator_id('7'));
    let path = path_of(route, things) + query;
    // From an address of its own, for each failure counts against its address.
    let number = REQUESTS.iter().position(|(operation, ..)| *operation == route.operation).unwrap();
    let peer = format!("203.0.113.{number}");
    let ask = house.ask(route.method.as_str(), &path).bearer(&asker.token).from(&peer);
    let ask = match route.family {
        Family::Taxii => ask.taxii(),
        Family::Rest => ask.header("content-type", "application/json"),
        Family::Page => ask
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin"),
    };
    ask.body(body.as_bytes()).send().await
}

fn may(principal: &Principal, need: Need, things: &Things) -> bool {
    let collection = things.collection.parse().unwrap();
    let member = principal.reader.member.unwrap();
    let action = match need {
        Need::Read => Action::Read,
        Need::ReadCollection => Action::ReadCollection(collection),
        Need::WriteCollection => Action::WriteCollection(collection),
        Need::Submit => Action::Submit,
        Need::SubmitObservation => Action::SubmitObservation,
        Need::Annotate => Action::Annotate,
        Need::Withdraw => Action::Withdraw(member, None),
        Need::Erase => Action::Erase,
        Need::ReadQuarantine => Action::ReadQuarantine,
        Need::ManageMembers => Action::ManageMembers,
        Need::ManagePersons => Action::ManagePersons(member),
        Need::ManageTokens => Action::ManageTokens(member, Roles::of(&[Role::Reader])),
        Need::ManageCollections => Action::ManageCollections,
        Need::Operate => Action::Operate,
        Need::SeeCircles => Action::SeeCircles,
        Need::ActInCircles => Action::ActInCircles,
        Need::SeeAssets => Action::SeeAssets,
        Need::DeclareAssets => Action::DeclareAssets,
        Need::SeePolicy => Action::SeePolicy,
        Need::SetPolicy => Action::SetPolicy,
        Need::Disclose => Action::Disclose,
        Need::Observe => Action::Observe,
        Need::SeeObserved => Action::SeeObserved,
        Need::ForgetObserved => Action::ForgetObserved,
        Need::ReportEdge => Action::ReportEdge,
        Need::SeeEdges => Action::SeeEdges,
    };
    may_act(principal, &action).is_ok()
}

/// What a row says that this asker gets.
fn expected(route: &Route, asker: &Asker, things: &Things) -> &'static str {
    let known = asker.principal.as_ref();
    let may = |need| known.is_some_and(|principal| may(principal, need, things));
    match (route.operation, route.access) {
        ("login" | "signIn", _) => "401",
        ("metrics", _) if known.is_none() => "401",
        ("metrics", _) => {
            if may(Need::Operate) {
                "2xx"
            } else {
                "403"
            }
        }
        ("signOut", _) => "3xx",
        ("sayMistaken", _) if known.is_none() => "3xx",
        ("sayMistaken", _) => {
            if may(Need::Annotate) && may(Need::Read) {
                "2xx"
            } else {
                "403"
            }
        }
        (operation, Access::Open) if route.family == Family::Page && !PAGES_FOR_ALL.contains(&operation) => {
            match known {
                None => "3xx",
                Some(_) if may(Need::Read) => "2xx",
                Some(_) => "any but 5xx",
            }
        }
        (_, Access::Open) => "2xx",
        _ if known.is_none() => "401",
        (operation, _) if ON_THE_MACHINE.contains(&operation) => "403",
        // What is for a reader or for an operator.
        ("statistics", _) if may(Need::Operate) => "2xx",
        ("statistics", _) => {
            if may(Need::Read) {
                "2xx"
            } else {
                "403"
            }
        }
        // One's own member's, for whoever reads or submits; that there are others, for whoever looks into them.
        ("listQuarantine" | "showQuarantined", _) => {
            let any = [Need::Read, Need::Submit, Need::ReadQuarantine];
            if any.into_iter().any(may) { "2xx" } else { "403" }
        }
        // Nothing waits for a curator.
        ("showQueued" | "takeQueued" | "releaseQueued" | "returnQueued" | "mergeQueued", _) => "404",
        // Nobody said it without a name.
        ("tellOrigin", _) if may(Need::Erase) => "404",
        // Known to be signed in, and the secret is wrong.
        // Of objects something is said, too.
        ("recall", _) => {
            if may(Need::Submit) {
                "2xx"
            } else {
                "403"
            }
        }
        // What is asked for is an object, and no recall.
        ("showRecall", _) if may(Need::Read) => "404",
        // It gives what one reads; and what is sealed has another id.
        ("disclose", _) => {
            if may(Need::Disclose) && may(Need::Read) {
                "2xx"
            } else {
                "403"
            }
        }
        ("sealDisclosure", _) if may(Need::Disclose) => "404",
        ("joinCircle", _) if may(Need::ActInCircles) => "404",
        // The circle says something else.
        ("agreeToCircle", _) if may(Need::ActInCircles) => "409",
        // Only administrators agree to charters.
        ("upgradeCircle", _) if asker.name == "analyst" => "403",
        // One's own token and those one administers; others' do not exist.
        ("showToken" | "revokeToken", _) => {
            if may(Need::ManageTokens) {
                "2xx"
            } else {
                "404"
            }
        }
        ("showMember", _) => {
            if may(Need::ManageMembers) {
                "2xx"
            } else {
                "404"
            }
        }
        // §5.7: who withdraws through a collection also reads and writes it.
        ("taxiiDeleteObject", _) => {
            let all = [Need::Withdraw, Need::ReadCollection, Need::WriteCollection];
            if all.into_iter().all(may) { "2xx" } else { "403 or 404" }
        }
        (_, Access::Needs(need)) => {
            if may(need) {
                "2xx"
            } else {
                "403 or 404"
            }
        }
        // A submission names objects: it is for tokens of its own member that could have seen them.
        ("taxiiStatus" | "showSubmission", _) => {
            if may(Need::Read) {
                "2xx"
            } else {
                "404"
            }
        }
        // §4.3: Collections are there for whoever reads or writes one.
        ("taxiiCollection" | "showCollection", _) => "2xx or 404",
        (_, Access::Visitor | Access::Bearer) => "2xx",
    }
}

fn is(expected: &str, status: u16) -> bool {
    match expected {
        "2xx" => (200..300).contains(&status),
        "3xx" => (300..400).contains(&status),
        "2xx or 404" => (200..300).contains(&status) || status == 404,
        "403 or 404" => matches!(status, 403 | 404),
        "any but 5xx" => status < 500,
        // A token that is no good and is shown on every road is an account that is held back after a while.
        "401" => matches!(status, 401 | 429),
        exactly => exactly == status.to_string(),
    }
}

async fn check(asker: &'static str) {
    let (house, things, asker) = house_with(asker).await;
    let mut wrong = Vec::new();
    for route in table() {
        let expected = expected(&route, &asker, &things);
        let reply = ask(&house, &route, &things, &asker).await;
        if !is(expected, reply.status.as_u16()) {
            let text: String = String::from_utf8_lossy(&reply.body).chars().take(200).collect();
            let (method, path, status) = (&route.method, route.path, reply.status);
            wrong.push(format!("{method} {path} for {}: {status}, not {expected}: {text}", asker.name));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_operation_has_a_request_and_no_other() {
    let rows: BTreeSet<&str> = table().iter().map(|route| route.operation).collect();
    let requests: BTreeSet<&str> = REQUESTS.iter().map(|(operation, ..)| *operation).collect();
    assert_eq!(rows, requests);
    assert_eq!(rows.len(), table().len(), "operation ids are unique");
}

#[tokio::test(flavor = "multi_thread")]
async fn roads_of_anonymous() {
    check("anonymous").await;
}

/// Where the node lets visitors in, every road that one may take shows what is CLEAR, and of the rest not a trace.
#[tokio::test(flavor = "multi_thread")]
async fn roads_of_a_visitor() {
    let house = House::with(Settings { anonymous: true, ..Settings::default() }, &WebSettings::default());
    house.member("A");
    let token = house.token("A", &["analyst"]);
    let collection = house.collection("All", |_| {});
    let mut sent = Vec::new();
    for (digit, level) in [
        ('1', Level::Clear),
        ('2', Level::Green),
        ('3', Level::Amber),
        ('4', Level::AmberStrict),
        ('5', Level::Red),
    ] {
        let named = indicator(digit).replace("Host ", "canary").replace("198.51.100.", "203.0.113.");
        sent.push(marked(&named, level));
    }
    let posted = house.post(&token, &collection, &envelope(&sent)).await;
    assert_eq!(posted.json()["success_count"], 5, "{}", posted.text());
    let submission = posted.json()["id"].as_str().unwrap().to_owned();
    let mut shown = 0;
    for route in table().iter().filter(|route| route.method == http::Method::GET) {
        for digit in ['1', '2', '5'] {
            let path = route.path.replace("{collection}", &collection).replace("{status}", &submission);
            let path = path.replace("{object}", &indicator_id(digit)).replace("{id}", &indicator_id(digit));
            for query in [
                "",
                &format!("?value=203.0.113.{digit}"),
                "?text=indicator&facets",
                "?q=203.0.113.5+indicator&words",
            ] {
                let reply = house.ask("GET", &format!("{path}{query}")).send().await;
                let asked = format!("{path}{query} {digit}");
                let text = reply.text();
                if !reply.status.is_success() {
                    continue;
                }
                for hidden in ['2', '3', '4', '5'] {
                    let id = indicator_id(hidden);
                    let name = format!("canary{hidden}");
                    assert!(!text.contains(&id) && !text.contains(&name), "{asked}: {text}");
                }
                shown += usize::from(text.contains(&indicator_id('1')));
            }
        }
    }
    assert!(shown > 10, "only {shown} answers showed what is CLEAR");
    let figures = house.ask("GET", "/api/v1/statistics").send().await.json();
    assert_eq!((&figures["objects"], figures.get("node")), (&1.into(), None), "{figures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn roads_of_expired() {
    check("expired").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roads_of_revoked() {
    check("revoked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roads_of_a_reader() {
    check("reader").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roads_of_a_sensor() {
    check("sensor").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roads_of_an_analyst() {
    check("analyst").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roads_of_a_curator() {
    check("curator").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roads_of_an_organisation_administrator() {
    check("organisation-administrator").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roads_of_an_administrator() {
    check("administrator").await;
}
