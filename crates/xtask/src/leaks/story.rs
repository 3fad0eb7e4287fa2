//! The story of sixty: members of one node, rivals, each of whom says something by its name; one of them tells of a breach
//! without it. The others ask on every road whatever there is to ask, and write what meets it. In a world in which another
//! of them was the origin every answer is the same, byte by byte, so nobody's guess is better than chance.

use std::path::Path;
use std::time::{Duration, Instant};

use model::circle::Shows;
use model::{CollectionId, MemberId, Role, Tlp};
use tokio::runtime::Handle;

use super::ask::{Ask, Reply, send};
use super::build::{Built, Ended, build};
use super::oracle::Reader;
use super::people::{Circle, Collection, Holds, Member, Token, uuid};
use super::plain::{next_of, plain};
use super::requests::{self, Scene};
use super::said::{Kind, Mark, Said, in_number, object_id};
use super::walk::{Found, following};
use super::world::{Deed, Post, World};
use super::writes;
use crate::Outcome;
use crate::generate::Random;

/// Rivals; beside them there is the node's own member.
pub const RIVALS: usize = 60;
/// Pages of one list.
const PAGES: usize = 20;
/// Under this number the unnamed submission is asked for.
const UNNAMED: usize = 900;
/// And under this one the submission that waits for a curator.
const WAITING: usize = 901;
/// Numbers of what is said without a name begin here.
const FIRST: usize = 800;
/// The route by which it comes.
const ROAD: &str = "/api/v1/import?format=stix&without_name=true";

/// Two worlds that differ in the origin alone, asked by all the others. Answers what was asked, and where answers differ.
pub fn run(origins: (usize, usize), readers: usize, below: &Path, runtime: &Handle) -> Outcome<Found> {
    let plan = plan();
    let worlds = [world(&plan, origins.0, below, runtime)?, world(&plan, origins.1, below, runtime)?];
    let mut found = Found::default();
    let others = (1..=RIVALS).filter(|n| *n != origins.0 && *n != origins.1);
    for n in others.take(readers) {
        // Analysts and curators in turn.
        if let Some(token) = plan.tokens.iter().skip(n).step_by(RIVALS + 1).nth(n % 2) {
            let mut dump = Dump { plan: &plan, token, found: &mut found, worlds: Vec::new() };
            for (folder, submissions, served) in &worlds {
                let from = (&plan, submissions.as_slice(), served);
                dump.worlds.push(Built::copied(folder.path(), from, below, runtime)?);
            }
            dump.all()?;
        }
    }
    Ok(found)
}

/// The two origins of a seed.
pub fn origins(seed: u64) -> (usize, usize) {
    let one = 1 + seed as usize % RIVALS;
    (one, 1 + (one + RIVALS / 2) % RIVALS)
}

// Sixty members and the node's own; each rival has an analyst and somebody who curates and administers it.
fn plan() -> World {
    let number = 0x60;
    let members: Vec<Member> = (0..=RIVALS).map(|n| Member::new(number, n)).collect();
    let roles: [&[Role]; 2] =
        [&[Role::Analyst], &[Role::Curator, Role::OrganisationAdministrator, Role::Reader]];
    let tokens = roles.iter().flat_map(|roles| members.iter().map(move |member| (member, *roles)));
    let tokens = tokens.enumerate().map(|(n, (member, roles))| Token::new(number, n, member.id, roles));
    let ids: Vec<MemberId> = members.iter().skip(1).map(|member| member.id).collect();
    let circle = Circle {
        id: model::CircleId(uuid(number, 6, 0)),
        name: in_number('o', 0),
        members: ids,
        shows: Shows::Organisations,
    };
    let collection = |n: usize, holds, ceiling| Collection {
        id: CollectionId(uuid(number, 4, n)),
        title: in_number('c', n),
        alias: None,
        holds,
        ceiling,
        default: Tlp::Amber,
        curated: n == 2,
    };
    World {
        number,
        anonymous: true,
        // What is an origin's own is refused to it without its name: then there would be nothing to tell.
        assets: false,
        clients: Vec::new(),
        tokens: tokens.collect(),
        persons: Vec::new(),
        collections: vec![
            collection(0, Holds::All, Tlp::Red),
            collection(1, Holds::Sent, Tlp::Amber),
            collection(2, Holds::Sent, Tlp::Amber),
        ],
        circles: vec![circle],
        deeds: (1..=RIVALS).map(|n| (n, by_name(&members, n))).collect(),
        members,
        known_tokens: Vec::new(),
        known_collections: Vec::new(),
    }
}

fn said(number: usize, kind: Kind, author: Option<&Member>) -> Said {
    Said {
        number,
        kind,
        id: object_id(kind, number),
        version: 0,
        author: author.map(|member| member.identity.clone()),
        mark: Mark::Tlp(Tlp::Amber),
        part: None,
        without_part: false,
        about: Vec::new(),
        broken: false,
        shares: number.is_multiple_of(3),
    }
}

fn by_name(members: &[Member], n: usize) -> Deed {
    let own = vec![said(n, Kind::Indicator, members.get(n)), said(100 + n, Kind::Address, None)];
    let post = Post { token: n, collection: None, default: Tlp::Amber, taxii: false, said: own };
    Deed::Post(post)
}

// What the origin does, the same whoever it is: it says some objects without its name (one of them under an id that another
// said something under, one under one that it said something under by its name itself), says them again, is refused, takes one
// back, gives another a label.
fn world(plan: &World, origin: usize, below: &Path, runtime: &Handle) -> Outcome<Ended> {
    let mut built = build(plan, below, runtime)?;
    let secret = plan.tokens.get(origin).ok_or("the origin has no token")?.secret.clone();
    let name = plan.members.get(origin).ok_or("there is no such member")?.name.clone();
    let breach = [Kind::Indicator, Kind::Malware, Kind::Address, Kind::Report, Kind::Indicator];
    let mut breach: Vec<Said> =
        breach.iter().enumerate().map(|(at, kind)| said(FIRST + at, *kind, None)).collect();
    if let Some(report) = breach.get(3).map(|report| report.number) {
        let about = breach.iter().map(|one| one.id.clone()).filter(|id| !id.starts_with("report")).collect();
        breach.iter_mut().filter(|one| one.number == report).for_each(|one| one.about.clone_from(&about));
    }
    let known = said(1, Kind::Indicator, None);
    breach.push(Said { number: FIRST + 9, version: 3, ..known });
    let envelope = |some: &[Said]| {
        let objects: Vec<String> = some.iter().map(Said::json).collect();
        format!("{{\"objects\":[{}]}}", objects.join(","))
    };
    let first = unnamed(&built, &secret, ROAD, &envelope(&breach))?;
    unnamed(&built, &secret, ROAD, &envelope(&breach))?;
    let circle = format!("{ROAD}&to=circle:{}", in_number('o', 0));
    unnamed(&built, &secret, &circle, &envelope(&[said(FIRST + 20, Kind::Malware, None)]))?;
    let telling =
        envelope(&[said(FIRST + 30, Kind::Malware, None)]).replace("\"open\"", &format!("\"by {name}\""));
    let refused = send(&built, &Ask::rest("importObjects", "POST", ROAD.to_owned()).body(&telling), &secret)?;
    if refused.status != 400 {
        return Err(format!("what names the origin was taken: {}", refused.text()).into());
    }
    for (at, verb, body) in [(1, "DELETE", ""), (4, "POST", r#"{"tlp":"green"}"#)] {
        let id = breach.get(at).map(|one| one.id.clone()).unwrap_or_default();
        let behind = if verb == "POST" { "/relabel" } else { "" };
        let mut ask = Ask::rest("withdrawObject", verb, format!("/api/v1/objects/{id}{behind}"));
        if breach.get(at).is_some_and(|one| one.mark != Mark::None) && verb == "POST" {
            // Its own marking asks for AMBER, so it goes no lower; stricter it goes.
            ask = ask.body(&body.replace("green", "amber+strict"));
        }
        let done = send(&built, &ask, &secret)?;
        if done.status != 200 {
            return Err(format!("the origin may not: {}", done.text()).into());
        }
    }
    // One waits for a curator, which the others are.
    let waits = format!("{ROAD}&collection={}", in_number('c', 2));
    let breach = envelope(&[said(FIRST + 40, Kind::Indicator, None)]);
    let reply = send(&built, &Ask::rest("importObjects", "POST", waits).body(&breach), &secret)?;
    let summary = reply.lines()?.pop().ok_or("an import said nothing")?;
    let waits = summary.get("submission").and_then(|id| id.as_str()).ok_or("nothing waits")?;
    built.submissions.push((WAITING, waits.to_owned()));
    built.submissions.push((UNNAMED, first));
    built.end()
}

// Says something without a name, and waits until it has entered. Answers the submission.
fn unnamed(built: &Built, secret: &str, road: &str, body: &str) -> Outcome<String> {
    let reply = send(built, &Ask::rest("importObjects", "POST", road.to_owned()).body(body), secret)?;
    let summary = reply.lines()?.pop().ok_or("an import said nothing")?;
    let id = summary.get("submission").and_then(|id| id.as_str());
    let id = id.ok_or_else(|| format!("it was not taken: {}", reply.text()))?.to_owned();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        let ask = Ask::rest("showSubmission", "GET", format!("/api/v1/submissions/{id}"));
        if send(built, &ask, secret)?.json()?.get("complete") == Some(&true.into()) {
            return Ok(id);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Err("what was said without a name never entered".into())
}

/// One token of one of the others, asking in both worlds.
struct Dump<'w> {
    plan: &'w World,
    token: &'w Token,
    found: &'w mut Found,
    worlds: Vec<Built>,
}

impl Dump<'_> {
    fn all(&mut self) -> Outcome {
        let random = Random::new(self.token.id.0.as_u64_pair().1);
        let (own, parted, beyond) = Default::default();
        let in_sight = true;
        let met = self.plan.members.iter().map(|member| member.identity.clone()).collect();
        let mut scene = Scene { world: self.plan, random, own, parted, beyond, in_sight, met, numbers: 0 };
        let reader = Reader { token: Some(self.token) };
        for again in [false, true] {
            for route in web::routes::table() {
                let asks = requests::of(route.operation, &mut scene).unwrap_or_default();
                asks.iter().chain(&about_the_breach(route.operation)).try_for_each(|ask| self.ask(ask))?;
            }
            // What one writes meets what was said without a name; then everything is asked once more.
            if again {
                break;
            }
            for route in web::routes::table() {
                let asks = writes::of(route.operation, &mut scene, &reader).unwrap_or_default();
                asks.iter().try_for_each(|ask| self.write(ask))?;
            }
            meeting().iter().try_for_each(|ask| self.write(ask))?;
        }
        Ok(())
    }

    // What is sent over TAXII is judged behind the answer: that is done before the clock goes on, in both worlds.
    fn write(&mut self, ask: &Ask) -> Outcome {
        self.worlds.iter().for_each(|built| built.pass(10));
        self.ask(ask)?;
        self.worlds.iter().try_for_each(Built::done_with_arrivals)
    }

    fn ask(&mut self, first: &Ask) -> Outcome {
        let mut asks: Vec<Ask> = self.worlds.iter().map(|built| first.in_world(&built.submissions)).collect();
        for _ in 0..PAGES {
            let mut replies: Vec<Reply> = Vec::new();
            for (built, ask) in self.worlds.iter().zip(&asks) {
                replies.push(send(built, ask, &self.token.secret)?);
            }
            let told: Vec<String> = replies
                .iter()
                .zip(&self.worlds)
                .map(|(reply, built)| plain(reply, &built.submissions))
                .collect();
            self.found.pairs += 1;
            self.found.answered += u64::from(replies.first().is_some_and(|reply| reply.status < 300));
            if let [one, other] = &told[..]
                && one != other
            {
                let (who, what) = (&self.token.name, super::walk::difference(one, other));
                self.found.leaks.push(format!("sixty, {who}: {first:?}\n{what}"));
                return Ok(());
            }
            let next: Vec<Ask> = replies
                .iter()
                .zip(&asks)
                .filter_map(|(reply, ask)| Some(following(first, ask, &next_of(reply)?)))
                .collect();
            if next.len() < asks.len() {
                return Ok(());
            }
            asks = next;
        }
        Ok(())
    }
}

// What is asked of the breach itself, on every road that asks by an id, a value or a submission.
fn about_the_breach(operation: &str) -> Vec<Ask> {
    let ids = || {
        let kinds = [
            (0, Kind::Indicator),
            (1, Kind::Malware),
            (2, Kind::Address),
            (3, Kind::Report),
            (4, Kind::Indicator),
        ];
        kinds.into_iter().map(|(at, kind)| object_id(kind, FIRST + at)).chain([object_id(Kind::Indicator, 1)])
    };
    let rest = |operation, path: String| Ask::rest(operation, "GET", path);
    match operation {
        "showObject" => ids().map(|id| rest("showObject", format!("/api/v1/objects/{id}"))).collect(),
        "traceObject" => ids().map(|id| rest("traceObject", format!("/api/v1/objects/{id}/trace"))).collect(),
        "showLedger" => ids().map(|id| rest("showLedger", format!("/api/v1/objects/{id}/ledger"))).collect(),
        "objectPage" => ids().map(|id| Ask::page("objectPage", "GET", format!("/objects/{id}"))).collect(),
        "showSubmission" => {
            vec![rest("showSubmission", format!("/api/v1/submissions/{{submission {UNNAMED}}}"))]
        }
        "showQueued" => {
            vec![rest("showQueued", format!("/api/v1/queue/{{submission {WAITING}}}"))]
        }
        "taxiiStatus" => {
            let path = format!("/taxii2/default/status/{{submission {UNNAMED}}}/");
            vec![Ask::taxii("taxiiStatus", "GET", path)]
        }
        "lookup" => {
            let value = said(FIRST + 2, Kind::Address, None).address();
            vec![rest("lookup", format!("/api/v1/lookup?value={value}"))]
        }
        "searchObjects" => ["facets=true", "text=qw0800zqz&facets=true", "type=malware&facets=true"]
            .map(|query| rest("searchObjects", format!("/api/v1/objects?{query}")))
            .to_vec(),
        "listClaims" => {
            ["limit=5", "mine"].map(|query| rest("listClaims", format!("/api/v1/claims?{query}"))).to_vec()
        }
        "exportObjects" => ["full=true", "format=csv", "format=ndjson&full=true"]
            .map(|query| rest("exportObjects", format!("/api/v1/export?{query}")))
            .to_vec(),
        _ => Vec::new(),
    }
}

// The same bytes, other bytes under the same version, a next version, all by one's own name and without it.
fn meeting() -> Vec<Ask> {
    let breach = said(FIRST, Kind::Indicator, None);
    let other = Said { number: 700, ..breach.clone() };
    let next = Said { number: 701, version: 5, ..breach.clone() };
    let roads = ["/api/v1/import?format=stix", "/api/v1/import?format=stix&without_name=true&dry_run=true"];
    let asks = [breach, other, next].into_iter().flat_map(|one| {
        roads.map(|road| Ask::rest("importObjects", "POST", road.to_owned()).body(&one.json()))
    });
    let taken = format!("/api/v1/queue/{{submission {WAITING}}}/take");
    asks.chain([Ask::rest("takeQueued", "POST", taken)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_sixty_nobody_finds_out_who_said_it() {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let found = run((7, 31), 2, &std::env::temp_dir(), runtime.handle()).unwrap();
        assert!(found.leaks.is_empty(), "{}", found.leaks.join("\n\n"));
        assert!(found.answered > found.pairs / 3, "{} of {} answered", found.answered, found.pairs);
    }
}
