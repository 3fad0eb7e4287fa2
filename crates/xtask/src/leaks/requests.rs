//! What readers ask: for each route of the table requests that meet what is there, what is hidden, and what is not.

use std::collections::BTreeSet;

use ::sensors::Format;

use super::ask::Ask;
use super::people::{BEGIN, Collection};
use super::said::{Kind, SHARED_ADDRESS, SHARED_DOMAIN, Said, object_id};
use super::world::{Deed, World};
use crate::generate::Random;

/// What requests are made of.
pub struct Scene<'w> {
    /// The whole world.
    pub world: &'w World,
    /// Chance.
    pub random: Random,
    /// Ids under which the reader's own member said something: he is told so whenever he says something under them.
    pub own: BTreeSet<String>,
    /// Ids under which he would see something but for the scope of his token, which limits his roads and not his sight.
    pub beyond: BTreeSet<String>,
    /// Ids of what his own member said with a part that is not for him. To be mended: what he says of such an object is a
    /// statement of its own and no new version, which tells him that there is a part.
    pub parted: BTreeSet<String>,
    /// What he sees is not limited by a scope.
    pub in_sight: bool,
    /// Identities of the members of the reader's own world.
    pub met: BTreeSet<String>,
    /// How much was said on the way.
    pub numbers: usize,
}

/// The requests of a reading route; `None` for one that is not known here.
pub fn of(operation: &str, scene: &mut Scene<'_>) -> Option<Vec<Ask>> {
    let plain = |operation, path: &str| Some(vec![Ask::rest(operation, "GET", path.to_owned())]);
    match operation {
        "livez" => plain("livez", "/livez"),
        "readyz" => plain("readyz", "/readyz"),
        "healthz" => plain("healthz", "/healthz"),
        "metrics" => plain("metrics", "/metrics"),
        "taxiiDiscovery" => Some(vec![Ask::taxii("taxiiDiscovery", "GET", "/taxii2/".to_owned())]),
        "taxiiApiRoot" => Some(vec![Ask::taxii("taxiiApiRoot", "GET", "/taxii2/default/".to_owned())]),
        "taxiiCollections" => {
            Some(vec![Ask::taxii("taxiiCollections", "GET", "/taxii2/default/collections/".to_owned())])
        }
        "taxiiStatus" => Some(scene.submissions("taxiiStatus", "/taxii2/default/status/", "/")),
        "taxiiCollection" => Some(scene.collections("taxiiCollection", "", &[""])),
        "taxiiManifest" => Some(scene.lists("taxiiManifest", "manifest/")),
        "taxiiObjects" => Some(scene.lists("taxiiObjects", "objects/")),
        "taxiiObject" => Some(scene.objects("taxiiObject", "")),
        "taxiiVersions" => Some(scene.objects("taxiiVersions", "versions/")),
        "openapi" => plain("openapi", "/api/openapi.json"),
        "openapiOfVersion1" => plain("openapiOfVersion1", "/api/v1/openapi.json"),
        "whoami" => plain("whoami", "/api/v1/whoami"),
        "lookup" => Some(scene.lookups()),
        "lookupMany" => Some(vec![scene.lookup_many()]),
        "searchObjects" => Some(scene.searches()),
        "listClaims" => Some(scene.claims()),
        "showObject" => Some(scene.shown("showObject", "/api/v1/objects/")),
        "listRecalls" => plain("listRecalls", "/api/v1/recalls"),
        "showRecall" => Some(scene.shown("showRecall", "/api/v1/recalls/")),
        "traceObject" => Some(scene.about("traceObject", "trace")),
        "showLedger" => Some(scene.about("showLedger", "ledger")),
        "exportObjects" => Some(scene.exports()),
        "showSubmission" => Some(scene.submissions("showSubmission", "/api/v1/submissions/", "")),
        "listMembers" => plain("listMembers", "/api/v1/members"),
        "listPersons" => plain("listPersons", "/api/v1/persons"),
        "listTokens" => plain("listTokens", "/api/v1/tokens"),
        "listCollections" => plain("listCollections", "/api/v1/collections"),
        "listCircles" => plain("listCircles", "/api/v1/circles"),
        "showPolicy" => plain("showPolicy", "/api/v1/policy"),
        "why" => Some(scene.whys()),
        "listFeeds" => plain("listFeeds", "/api/v1/feeds"),
        "getFeed" => Some(scene.feeds("getFeed", "/feeds")),
        "getFeedOfVersion1" => Some(scene.feeds("getFeedOfVersion1", "/api/v1/feeds")),
        "followChanges" => Some(scene.streams()),
        "listAssets" => plain("listAssets", "/api/v1/assets"),
        "seen" => Some(scene.seen()),
        "listHits" => plain("listHits", "/api/v1/hits?limit=3"),
        "listEdges" => plain("listEdges", "/api/v1/edges"),
        "showCircle" => Some(scene.named("showCircle", "/api/v1/circles/")),
        "showMember" => Some(scene.named("showMember", "/api/v1/members/")),
        "showPerson" => Some(scene.named("showPerson", "/api/v1/persons/")),
        "showToken" => Some(scene.named("showToken", "/api/v1/tokens/")),
        "showCollection" => Some(scene.named("showCollection", "/api/v1/collections/")),
        "listSubmissions" => plain("listSubmissions", "/api/v1/submissions"),
        "listQueue" => plain("listQueue", "/api/v1/queue?all"),
        "showQueued" => Some(scene.submissions("showQueued", "/api/v1/queue/", "")),
        "listQuarantine" => plain("listQuarantine", "/api/v1/quarantine"),
        "showQuarantined" => Some(scene.quarantined()),
        "showNode" => plain("showNode", "/api/v1/node"),
        "listDisclosures" => plain("listDisclosures", "/api/v1/disclosures"),
        "listReads" => plain("listReads", "/api/v1/reads?limit=50"),
        "listAudit" => plain("listAudit", "/api/v1/audit?limit=50"),
        "listRetention" => plain("listRetention", "/api/v1/retention"),
        "statistics" => plain("statistics", "/api/v1/statistics"),
        "homePage" => Some(vec![Ask::page("homePage", "GET", "/".to_owned())]),
        "searchPage" => Some(scene.search_pages()),
        "whyPage" => Some(scene.why_pages()),
        "queuePage" => Some(vec![Ask::page("queuePage", "GET", "/queue".to_owned())]),
        "objectPage" => Some(scene.shown("objectPage", "/objects/")),
        "signInPage" => Some(vec![Ask::page("signInPage", "GET", "/sign-in".to_owned())]),
        "asset" => Some(vec![Ask::page("asset", "GET", "/static/style.css".to_owned())]),
        _ => None,
    }
}

/// Text for a path or a query.
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

impl<'w> Scene<'w> {
    /// One of these.
    pub fn one<'t, T>(&mut self, of: &'t [T]) -> Option<&'t T> {
        of.get(self.random.below(of.len() as u64) as usize)
    }

    /// Something that was said.
    pub fn said(&mut self) -> Option<&'w Said> {
        let all: Vec<&Said> = self.world.all_said().collect();
        self.one(&all).copied()
    }

    /// The id of something that was said, or of something that never was.
    pub fn id(&mut self) -> String {
        match self.said() {
            Some(said) if self.random.below(12) > 0 => said.id.clone(),
            _ => object_id(Kind::Malware, 0xff_ffff),
        }
    }

    /// Ids without repeats.
    pub fn ids(&mut self, count: usize) -> Vec<String> {
        let mut ids: Vec<String> = (0..count).map(|_| self.id()).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// A collection of the world.
    pub fn collection(&mut self) -> Option<&'w Collection> {
        let world = self.world;
        self.one(&world.collections)
    }

    fn canary(&mut self) -> String {
        self.said().map(Said::canary).unwrap_or_default()
    }

    fn time(&mut self) -> String {
        let number = self.random.below(32);
        let begin: model::Timestamp = BEGIN.parse().unwrap_or(model::Timestamp(0));
        begin.plus_seconds(10 * (1 + number as i64)).to_string()
    }

    /// A value that something is about, or a place that many are in.
    pub fn value(&mut self) -> String {
        let Some(said) = self.said() else { return String::new() };
        match self.random.below(9) {
            0 => SHARED_ADDRESS.to_owned(),
            1 => SHARED_DOMAIN.to_owned(),
            2 => "198.18.100.0/24".to_owned(),
            3 => "198.18.0.0/15".to_owned(),
            4 => format!("d{}.{SHARED_DOMAIN}", self.random.below(3)),
            5 => said.digest(),
            6 => said.address(),
            7 => format!("http://{}/path", said.domain()),
            _ => said.domain(),
        }
    }

    fn seen(&mut self) -> Vec<Ask> {
        let values: Vec<String> = (0..4).map(|_| format!("value={}", encoded(&self.value()))).collect();
        vec![Ask::rest("seen", "GET", format!("/api/v1/seen?{}", values.join("&")))]
    }

    /// Requests about some of the submissions of the world.
    pub fn submissions(&mut self, operation: &'static str, before: &str, behind: &str) -> Vec<Ask> {
        let posts = self.world.deeds.iter().filter(|(_, deed)| matches!(deed, Deed::Post(_)));
        let mut numbers: Vec<usize> = posts.map(|(number, _)| *number).collect();
        while numbers.len() > 8 {
            let at = self.random.below(numbers.len() as u64) as usize;
            numbers.swap_remove(at);
        }
        let paths = numbers.iter().map(|number| format!("{before}{{submission {number}}}{behind}"));
        match operation {
            "taxiiStatus" => paths.map(|path| Ask::taxii(operation, "GET", path)).collect(),
            _ => paths.map(|path| Ask::rest(operation, "GET", path)).collect(),
        }
    }

    fn collections(&mut self, operation: &'static str, below: &str, queries: &[&str]) -> Vec<Ask> {
        let mut asks = Vec::new();
        for collection in &self.world.collections {
            let address = match &collection.alias {
                Some(alias) if self.random.below(3) == 0 => alias.clone(),
                _ => collection.id.to_string(),
            };
            for query in queries {
                let path = format!("/taxii2/default/collections/{address}/{below}{query}");
                asks.push(Ask::taxii(operation, "GET", path));
            }
        }
        asks
    }

    fn lists(&mut self, operation: &'static str, below: &str) -> Vec<Ask> {
        let ids = self.ids(4).join(",");
        let (time, other) = (self.time(), self.time());
        let queries = [
            String::new(),
            format!("?limit={}", 1 + self.random.below(4)),
            format!("?limit={}&match[version]=all", 1 + self.random.below(9)),
            "?match[version]=first,last".to_owned(),
            "?match[type]=indicator,malware,relationship&limit=3".to_owned(),
            format!("?match[id]={ids}&match[version]=all"),
            format!("?match[id]={ids}&match[type]=indicator&match[spec_version]=2.1"),
            format!("?added_after={time}"),
            format!("?added_after={other}&limit=2"),
            "?match[version]=2026-01-02T00:00:00.000Z".to_owned(),
            "?match[spec_version]=2.0".to_owned(),
            "?next=nothing".to_owned(),
            "?limit=0".to_owned(),
        ];
        let mut asks = Vec::new();
        for _ in 0..12 {
            let Some(collection) = self.collection() else { continue };
            let Some(query) = self.one(&queries).cloned() else { continue };
            let path = format!("/taxii2/default/collections/{}/{below}{query}", collection.id);
            let path = path.replace('[', "%5B").replace(']', "%5D");
            let method = if self.random.below(12) == 0 { "HEAD" } else { "GET" };
            asks.push(self.coded(Ask::taxii(operation, method, path)));
        }
        // Each of them whole, whatever chance says.
        asks.extend(self.collections(operation, below, &[""]));
        asks
    }

    // Now and then in a coding, and under a condition.
    fn coded(&mut self, ask: Ask) -> Ask {
        match self.random.below(6) {
            0 => ask.header("accept-encoding", "gzip"),
            1 => ask.header("accept-encoding", "zstd"),
            2 => {
                ask.header("if-none-match", "*").header("if-modified-since", "Thu, 01 Jan 2032 00:00:00 GMT")
            }
            _ => ask,
        }
    }

    fn objects(&mut self, operation: &'static str, below: &str) -> Vec<Ask> {
        let queries: &[&str] = match operation {
            "taxiiVersions" => &["", "?limit=1", "?match%5Bspec_version%5D=2.1"],
            _ => &[
                "",
                "?match%5Bversion%5D=all",
                "?match%5Bversion%5D=all&limit=1",
                "?match%5Bversion%5D=first",
            ],
        };
        let mut asks = Vec::new();
        for id in self.ids(10) {
            let (Some(collection), Some(query)) = (self.collection(), self.one(queries)) else { continue };
            let path = format!("/taxii2/default/collections/{}/objects/{id}/{below}{query}", collection.id);
            asks.push(self.coded(Ask::taxii(operation, "GET", path)));
        }
        asks
    }

    fn lookups(&mut self) -> Vec<Ask> {
        let mut asks = Vec::new();
        for _ in 0..14 {
            let value = encoded(&self.value());
            let limit = if self.random.below(3) == 0 { "&limit=2" } else { "" };
            asks.push(Ask::rest("lookup", "GET", format!("/api/v1/lookup?value={value}{limit}")));
        }
        asks
    }

    // Everything that is known, and one of the others.
    fn feeds(&mut self, operation: &'static str, base: &str) -> Vec<Ask> {
        let formats: Vec<Format> = Format::all().collect();
        let other = self.one(&formats).copied().unwrap_or(Format::Zeek);
        let files = [Format::Csv, other].into_iter().flat_map(|format| {
            format
                .files()
                .iter()
                .map(move |file| format!("{base}/{}/{}?action=context", format.name(), file.name))
        });
        files.map(|path| Ask::rest(operation, "GET", path)).collect()
    }

    // All that stands, as one who begins to follow is told it, and what of it acts.
    fn streams(&mut self) -> Vec<Ask> {
        let paths = ["", "&values", "&values&action=alert&tlp=green"];
        let path = |rest: &str| format!("/api/v1/stream?since=beginning&once{rest}");
        paths.into_iter().map(|rest| Ask::rest("followChanges", "GET", path(rest))).collect()
    }

    // The same values as are looked up, those above them too.
    fn whys(&mut self) -> Vec<Ask> {
        let lookups = self.lookups();
        let value = |ask: &Ask| Some(ask.path.split_once("value=")?.1.split('&').next()?.to_owned());
        let values = lookups.iter().filter_map(value);
        let mut asks: Vec<Ask> =
            values.map(|value| Ask::rest("why", "GET", format!("/api/v1/why?value={value}"))).collect();
        let ids = self.ids(6);
        asks.extend(ids.iter().map(|id| Ask::rest("why", "GET", format!("/api/v1/why?value={id}"))));
        asks
    }

    fn why_pages(&mut self) -> Vec<Ask> {
        let asks = self.whys();
        let queries = asks.iter().filter_map(|ask| Some(ask.path.split_once('?')?.1));
        queries.map(|query| Ask::page("whyPage", "GET", format!("/why?{query}"))).collect()
    }

    fn lookup_many(&mut self) -> Ask {
        let values: Vec<String> = (0..6).map(|_| format!("\"{}\"", self.value())).collect();
        let body = format!("{{\"values\":[{}]}}", values.join(","));
        Ask::rest("lookupMany", "POST", "/api/v1/lookup".to_owned()).body(&body)
    }

    fn search_terms(&mut self) -> Vec<String> {
        let (canary, other) = (self.canary(), self.canary());
        let part = self.said().map(Said::part_canary).unwrap_or_default();
        let member = self.world.members.get(self.random.below(5) as usize);
        let member = member.map(|member| member.name.clone()).unwrap_or_default();
        let mut terms = vec![
            "facets".to_owned(),
            "text=beacon&facets".to_owned(),
            "text=beacon&limit=3".to_owned(),
            format!("text={canary}"),
            format!("text={part}&facets"),
            format!("tag=tag-{other}"),
            "tag=shared-tag&facets&limit=4".to_owned(),
            format!("external_id=EX-{canary}"),
            "external_id=T1059&limit=5".to_owned(),
            format!("alias=alias%20{other}"),
            "alias=shared%20alias&facets".to_owned(),
            format!("source={}&facets", encoded(&member)),
            format!("source={}&text=beacon", encoded(&member)),
            "label=red&facets".to_owned(),
            "label=green&label=amber&type=indicator&limit=2".to_owned(),
            "type=relationship&type=note&facets&limit=3".to_owned(),
            format!("added_after={}", self.time()),
            format!("added_before={}&limit=6", self.time()),
            "next=nothing".to_owned(),
        ];
        for id in self.ids(5) {
            terms.push(format!("related_to={id}&facets"));
        }
        terms
    }

    fn searches(&mut self) -> Vec<Ask> {
        let mut asks = vec![Ask::rest("searchObjects", "GET", "/api/v1/objects".to_owned())];
        for terms in self.search_terms() {
            let ask = Ask::rest("searchObjects", "GET", format!("/api/v1/objects?{terms}"));
            asks.push(self.coded(ask));
        }
        asks
    }

    fn claims(&mut self) -> Vec<Ask> {
        let member = self.world.members.get(self.random.below(5) as usize).map(|member| member.name.clone());
        let member = encoded(&member.unwrap_or_default());
        let after = format!("added_after={}", self.time());
        let source = format!("source={member}&mine");
        ["limit=2", "limit=2&mine", "type=indicator", &after, &source]
            .into_iter()
            .map(|terms| Ask::rest("listClaims", "GET", format!("/api/v1/claims?{terms}")))
            .collect()
    }

    fn search_pages(&mut self) -> Vec<Ask> {
        let mut asks = vec![
            Ask::page("searchPage", "GET", "/search".to_owned()),
            Ask::page("searchPage", "GET", "/search?q=beacon".to_owned()),
            Ask::page("searchPage", "GET", "/search?q=beacon&type=indicator".to_owned()),
        ];
        for _ in 0..6 {
            let value = encoded(&self.value());
            asks.push(Ask::page("searchPage", "GET", format!("/search?q={value}")));
            let (one, other) = (self.canary(), self.canary());
            asks.push(Ask::page("searchPage", "GET", format!("/search?q={one}%20{other}&words")));
        }
        asks
    }

    fn shown(&mut self, operation: &'static str, before: &str) -> Vec<Ask> {
        let mut asks = Vec::new();
        for id in self.ids(12) {
            let query = match self.random.below(4) {
                0 => format!("?version=2026-01-{:02}T00:00:00.000Z", 1 + self.random.below(3)),
                _ => String::new(),
            };
            let path = format!("{before}{id}{query}");
            asks.push(match operation {
                "objectPage" => Ask::page(operation, "GET", path),
                _ => Ask::rest(operation, "GET", path),
            });
        }
        asks
    }

    fn about(&mut self, operation: &'static str, what: &str) -> Vec<Ask> {
        let ask = |id| Ask::rest(operation, "GET", format!("/api/v1/objects/{id}/{what}"));
        self.ids(8).into_iter().map(ask).collect()
    }

    fn exports(&mut self) -> Vec<Ask> {
        let mut asks = Vec::new();
        let id = self.id();
        for format in ["stix", "ndjson", "csv", "list"] {
            let through = match self.collection() {
                Some(collection) if self.random.below(3) == 0 => format!("&collection={}", collection.id),
                _ => String::new(),
            };
            let full = if self.random.below(2) == 0 { "&full" } else { "" };
            let more = match self.random.below(4) {
                0 => "&type=indicator&type=file".to_owned(),
                1 => format!("&id={id}"),
                2 => format!("&added_after={}", self.time()),
                _ => String::new(),
            };
            for query in [String::new(), format!("{full}{through}{more}"), "&full".to_owned()] {
                let path = format!("/api/v1/export?format={format}{query}");
                asks.push(self.coded(Ask::rest("exportObjects", "GET", path)));
            }
        }
        asks
    }

    /// Names and ids of whoever and whatever takes part.
    pub fn names(&mut self, of: &str) -> Vec<String> {
        let world = self.world;
        let all: Vec<String> = match of {
            "/api/v1/members/" => {
                world.members.iter().flat_map(|one| [one.name.clone(), one.id.to_string()]).collect()
            }
            "/api/v1/persons/" => {
                let member = |one: &super::people::Person| world.member(one.member).map(|m| m.name.clone());
                let names = world.persons.iter().flat_map(|one| {
                    let whole = format!("{}/{}", member(one).unwrap_or_default(), one.name);
                    [one.name.clone(), one.id.to_string(), whole]
                });
                names.collect()
            }
            "/api/v1/tokens/" => {
                world.tokens.iter().flat_map(|one| [one.name.clone(), one.id.to_string()]).collect()
            }
            "/api/v1/circles/" => {
                world.circles.iter().flat_map(|one| [one.name.clone(), one.id.to_string()]).collect()
            }
            _ => {
                let names = |one: &Collection| {
                    [one.title.clone(), one.id.to_string(), one.alias.clone().unwrap_or("none".to_owned())]
                };
                world.collections.iter().flat_map(names).collect()
            }
        };
        let mut some: Vec<String> = (0..6).filter_map(|_| self.one(&all).cloned()).collect();
        some.push("Nobody".to_owned());
        some
    }

    fn named(&mut self, operation: &'static str, before: &str) -> Vec<Ask> {
        let names = self.names(before);
        names.iter().map(|name| Ask::rest(operation, "GET", format!("{before}{}", encoded(name)))).collect()
    }

    fn quarantined(&mut self) -> Vec<Ask> {
        let path = |n: u64| format!("/api/v1/quarantine/{n}");
        (0..5).map(|n| Ask::rest("showQuarantined", "GET", path(n))).collect()
    }
}
