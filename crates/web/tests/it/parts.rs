//! Parts of objects that are for fewer than the objects are: on every road, for every kind of reader, no byte of a part
//! that is not for him, and the same answer as if it had never been.

use model::Tlp;
use node::Settings;
use stix::tlp::Level;
use web::routes::table;
use web::{Route, WebSettings};

use crate::fixtures::envelope;
use crate::house::House;
use crate::reply::Reply;

/// A marking that nobody ever says: RED until it arrives.
const UNKNOWN: &str = "marking-definition--99999999-0000-4000-8000-000000000000";

const LEVELS: [(Tlp, Level); 5] = [
    (Tlp::Clear, Level::Clear),
    (Tlp::Green, Level::Green),
    (Tlp::Amber, Level::Amber),
    (Tlp::AmberStrict, Level::AmberStrict),
    (Tlp::Red, Level::Red),
];

/// Who asks: his name here, his member and the ceiling of his token, and up to where he then sees what A says. A visitor
/// has no token.
type Row = (&'static str, Option<(&'static str, Tlp)>, Tlp);

const READERS: [Row; 5] = [
    ("visitor", None, Tlp::Clear),
    ("another member", Some(("B", Tlp::Red)), Tlp::AmberStrict),
    ("another member, up to AMBER", Some(("B", Tlp::Amber)), Tlp::Amber),
    ("the author, up to GREEN", Some(("A", Tlp::Green)), Tlp::Green),
    ("the author", Some(("A", Tlp::Red)), Tlp::Red),
];

/// The client profiles of tokens.
const PROFILES: [&str; 5] = ["standard", "elastic", "opencti", "xsoar", "tlp1"];

/// Roads that say when, how much or how fast, of the node and not of the record.
const OF_THE_NODE: [&str; 3] = ["/metrics", "/healthz", "/readyz"];

/// An object, what it is marked with, and what parts of it are.
#[derive(Clone, Copy)]
struct Said {
    at: usize,
    whole: Tlp,
    // `None` is the marking that is not known.
    part: Option<Tlp>,
    file: bool,
}

fn all() -> Vec<Said> {
    let mut said = Vec::new();
    for whole in Tlp::ALL.into_iter().filter(|tlp| *tlp < Tlp::Red) {
        let parts = Tlp::ALL.into_iter().filter(|tlp| *tlp > whole).map(Some).chain([None]);
        for (part, file) in parts.flat_map(|part| [(part, false), (part, true)]) {
            said.push(Said { at: said.len(), whole, part, file });
        }
    }
    said
}

fn marking(tlp: Tlp) -> &'static str {
    let level = LEVELS.iter().find(|(known, _)| *known == tlp).unwrap().1;
    level.marking(stix::tlp::Version::Two).unwrap().id
}

impl Said {
    fn id(&self) -> String {
        let kind = if self.file { "file" } else { "indicator" };
        format!("{kind}--55555555-0000-4000-8000-{:012}", self.at)
    }

    fn canary(&self) -> String {
        format!("canary{}z", self.at)
    }

    // A digest that stands in a part.
    fn digest(&self) -> String {
        format!("{:064x}", 0xfeed_0000_0000_u64 + self.at as u64)
    }

    fn is_seen(&self, seen: Tlp) -> bool {
        self.part.unwrap_or(Tlp::Red) <= seen
    }

    /// The object with its parts, or as if they had never been.
    fn json(&self, with_parts: bool) -> String {
        let (canary, id, whole) = (self.canary(), self.id(), marking(self.whole));
        let part = |text: String| if with_parts { text } else { String::new() };
        let granular = |selectors: &str, first: u8| {
            let clear = marking(Tlp::Clear);
            let own = self.part.map_or(UNKNOWN, marking);
            let own = part(format!(r#"{{"marking_ref":"{own}","selectors":[{selectors}]}},"#));
            let path = if self.file { "x_list" } else { "labels" };
            let stays = format!(r#"{{"marking_ref":"{clear}","selectors":["{path}.[{first}]"]}}"#);
            format!(r#""granular_markings":[{own}{stays}]"#)
        };
        let first = u8::from(with_parts);
        if self.file {
            return format!(
                r#"{{"type":"file","spec_version":"2.1","id":"{id}","name":"file-{}.exe",{}"x_list":[{}"b"],{},"object_marking_refs":["{whole}"]}}"#,
                self.at,
                part(format!(
                    r#""hashes":{{"SHA-256":"{}"}},"x_canary":{{"deep":["{canary}"]}},"#,
                    self.digest()
                )),
                part(format!(r#""{canary}","#)),
                granular(r#""hashes","x_canary.deep.[0]","x_list.[0]""#, first),
            );
        }
        format!(
            r#"{{"type":"indicator","spec_version":"2.1","id":"{id}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Host {}",{}"pattern":"[ipv4-addr:value = '198.51.100.{}']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z",{}"labels":[{}"open"],{}{},"indicator_types":["malicious-activity"],"object_marking_refs":["{whole}"]}}"#,
            self.at,
            part(format!(r#""description":"{canary} words","#)),
            self.at,
            part(r#""valid_until":"2026-02-01T00:00:00Z","#.to_owned()),
            part(format!(r#""{canary}","#)),
            part(format!(
                r#""external_references":[{{"source_name":"s","external_id":"{canary}"}}],"x_file_ref":"file--55555555-0000-4000-8000-{:012}","#,
                self.at + 1
            )),
            granular(r#""description","valid_until","labels.[0]","external_references","x_file_ref""#, first),
        )
    }
}

/// A house in which A said this, and its collection.
async fn house(said: &[String]) -> (House, String) {
    let house = House::with(Settings { anonymous: true, ..Settings::default() }, &WebSettings::default());
    house.member("A");
    house.member("B");
    let collection = house.collection("All", |_| {});
    let token = house.token("A", &["analyst"]);
    let posted = house.post(&token, &collection, &envelope(said)).await;
    assert_eq!(posted.json()["success_count"], said.len(), "{}", posted.text());
    (house, collection)
}

/// What is asked: a path with its query, and a body for POST.
fn requests(said: &[Said]) -> Vec<(&'static str, String, String)> {
    let mut requests = Vec::new();
    let gets = |route: &Route| route.method == http::Method::GET && !OF_THE_NODE.contains(&route.path);
    for route in table().iter().filter(|route| gets(route)) {
        let path = route.path;
        for one in said {
            let of_one = path.replace("{object}", &one.id()).replace("{id}", &one.id());
            requests.push(("GET", of_one, String::new()));
        }
        for query in
            ["?limit=5", "?limit=5&match[version]=all", "?facets", "?versions=all", "?full", "?format=csv"]
        {
            requests.push(("GET", format!("{path}{query}"), String::new()));
        }
        for format in ["stix", "ndjson", "list"] {
            requests.push(("GET", format!("{path}?format={format}&full"), String::new()));
        }
    }
    for one in said {
        let (canary, digest, id) = (one.canary(), one.digest(), one.id());
        for path in [
            format!("/api/v1/objects?text={canary}"),
            format!("/api/v1/objects?tag={canary}&facets"),
            format!("/api/v1/objects?alias={canary}"),
            format!("/api/v1/objects?related_to={id}"),
            format!("/api/v1/lookup?value={digest}"),
            format!("/api/v1/lookup?value=198.51.100.{}", one.at),
            format!("/?q={digest}"),
            format!("/search?q={canary}"),
        ] {
            requests.push(("GET", path, String::new()));
        }
        requests.push(("POST", "/api/v1/lookup".to_owned(), format!(r#"{{"values":["{digest}"]}}"#)));
    }
    requests.sort();
    requests.dedup();
    requests
}

async fn ask(house: &House, token: &str, request: &(&'static str, String, String)) -> Reply {
    let (method, path, body) = request;
    let ask = house.ask(method, path).bearer(token);
    let ask = if path.starts_with("/taxii2") {
        ask.taxii()
    } else {
        ask.header("content-type", "application/json")
    };
    ask.body(body.as_bytes()).send().await
}

// What the one who asks typed himself tells nobody anything.
fn typed(text: &str, request: &(&'static str, String, String)) -> bool {
    request.1.contains(text) || request.2.contains(text)
}

// A snapshot without what is made anew for each request and each token.
fn plain(reply: &Reply) -> String {
    let mut snapshot = reply.snapshot();
    for (begin, end) in [("request <code>", "<"), ("\"expires\": \"", "\"")] {
        let pieces = snapshot.split(begin).enumerate();
        let without = |(at, piece): (usize, &str)| match at {
            0 => piece.to_owned(),
            _ => piece.split_once(end).map_or(String::new(), |(_, rest)| rest.to_owned()),
        };
        snapshot = pieces.map(without).collect();
    }
    snapshot
}

async fn roads_of(at: usize) {
    let (name, credential, seen) = READERS[at];
    let said = all();
    let whole: Vec<String> = said.iter().map(|one| one.json(true)).collect();
    let shown = said.iter().filter(|one| one.whole <= seen);
    let shown: Vec<String> = shown.map(|one| one.json(one.is_seen(seen))).collect();
    let (with_all, of_all) = house(&whole).await;
    let (with_shown, of_shown) = house(&shown).await;
    let token = |house: &House, profile: &str| {
        credential.map_or(String::new(), |(member, ceiling)| {
            house.token_with(member, &["reader"], |new| {
                new.ceiling = Some(ceiling);
                new.profile = Some(profile.to_owned());
            })
        })
    };
    let tokens = PROFILES.map(|profile| (token(&with_all, profile), token(&with_shown, profile)));
    let (mut answered, mut shows_parts, mut shows_objects) = (0, 0, 0);
    for (method, path, body) in requests(&said) {
        let request = (method, path.replace("{collection}", &of_all), body.clone());
        let same_request = (method, path.replace("{collection}", &of_shown), body);
        // Only TAXII looks at the profile.
        let profiles = if request.1.starts_with("/taxii2") { PROFILES.len() } else { 1 };
        for (token, same_token) in tokens.iter().take(profiles) {
            let reply = ask(&with_all, token, &request).await;
            let same = ask(&with_shown, same_token, &same_request).await;
            let asked = format!("{name}: {request:?}");
            assert_eq!(plain(&reply), plain(&same), "{asked}");
            if !reply.status.is_success() {
                continue;
            }
            answered += 1;
            let text = String::from_utf8_lossy(&reply.body);
            for one in &said {
                let is_told = [one.canary(), one.digest()]
                    .iter()
                    .any(|secret| text.contains(secret.as_str()) && !typed(secret, &request));
                let may = one.whole <= seen && one.is_seen(seen);
                assert!(may || !is_told, "{asked}: {} {:?} {text}", one.whole, one.part);
                shows_parts += usize::from(is_told);
                shows_objects += usize::from(text.contains(&one.id()) && one.whole <= seen && !may);
            }
        }
    }
    assert!(answered > 300, "{name}: {answered} answers");
    assert_eq!(shows_parts > 0, seen > Tlp::Clear, "{name}");
    assert_eq!(shows_objects > 30, seen < Tlp::Red, "{name}: {shows_objects} answers with a part left out");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_before_a_visitor() {
    roads_of(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_before_another_member() {
    roads_of(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_before_another_member_up_to_amber() {
    roads_of(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_before_the_author_up_to_green() {
    roads_of(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_before_the_author() {
    roads_of(4).await;
}
