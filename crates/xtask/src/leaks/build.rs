//! Worlds made: a folder with a node over it and a router before it. The directory is written as planned, so that ids and
//! secrets are the same in every world of a plan; what is said comes over the roads by which it comes in life, but for what
//! no road writes yet.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use model::gate::Act;
use model::{
    Audience, Authorized, CollectionId, Denied, Label, MemberId, Principal, SubmissionId, Timestamp, Tlp,
    authorize,
};
use node::core::filter::{self, Facts, Predicate};
use node::core::judge::{self, Context};
use node::{Node, Settings};
use store::Store;
use store::authority::Covers;
use store::record::{Appended, Audit, Batch, Item, Quota, Submission};
use tempfile::TempDir;
use tokio::runtime::Handle;
use web::{Router, WebSettings, router};

use super::ask::{Ask, send};
use super::oracle::{Served, Told};
use super::people::{BEGIN, changes, uuid};
use super::said::Said;
use super::world::{Deed, Post, Recalled, World};
use crate::Outcome;

/// Seconds between two deeds.
const STEP_S: i64 = 10;

/// A world that stands.
pub struct Built {
    /// The way in.
    pub router: Router,
    /// Submissions by number of their deed, as they were named.
    pub submissions: Vec<(usize, String)>,
    /// What the submitters were told.
    pub served: Served,
    /// What happens on this runtime.
    pub runtime: Handle,
    clock: Arc<AtomicI64>,
    folder: TempDir,
}

/// What is left of a world that ended: its folder, its submissions, what the submitters were told.
pub type Ended = (TempDir, Vec<(usize, String)>, Served);

/// Leave for anything: these worlds are written below the gate.
struct Anything;

impl Act<Anything> for Anything {
    fn allows(_: &Principal, _: &Anything) -> Result<(), Denied> {
        Ok(())
    }
}

/// Where a node keeps the key that seals its cursors.
const CURSOR_KEY: &str = "cursor-key";

impl<T> Covers<Anything, T> for Anything {
    fn covers(&self, _: &T) -> bool {
        true
    }
}

fn anything(store: &Store) -> Outcome<Authorized<Anything, Anything>> {
    let facts = model::Facts::of(store.directory()?.epoch);
    Ok(authorize(Anything, Anything, &Principal::anonymous(), facts)?)
}

/// When a deed is done.
pub fn time_of(number: usize) -> Outcome<Timestamp> {
    let begin: Timestamp = BEGIN.parse()?;
    Ok(begin.plus_seconds(STEP_S * (1 + number as i64)))
}

/// Makes a world below a folder, and does all that is planned.
pub fn build(world: &World, below: &Path, runtime: &Handle) -> Outcome<Built> {
    let mut folder = TempDir::new_in(below)?;
    let mut served = Served::new();
    {
        let store = opened(&folder)?;
        let begin: Timestamp = BEGIN.parse()?;
        let changes = changes(world, begin)?;
        let audit = Audit { at: begin, token: None, verb: "member.add", target: String::new() };
        store.change(anything(&store)?, &changes, audit)?;
        // Entity tags go by the node's key: of the same in two worlds they are the same, too.
        store.set_meta(CURSOR_KEY, Some(&[7; 32]))?;
    }
    if world.deeds.iter().any(|(_, deed)| matches!(deed, Deed::Direct { .. })) {
        // A node has had the folder before anything was in it: its views are of this release in every world of a plan.
        (folder, ..) = open(world, folder, runtime, Served::new())?.end()?;
        let store = opened(&folder)?;
        for (number, deed) in &world.deeds {
            if let Deed::Direct { source, said } = deed {
                served.push((*number, direct(&store, world, *number, *source, said)?));
            }
        }
    }
    let mut built = open(world, folder, runtime, served)?;
    for (number, deed) in &world.deeds {
        built.clock.store(time_of(*number)?.0, Ordering::SeqCst);
        if let Deed::Recall { token, member, so_far: Recalled::InForce } = deed {
            built = built.recall_in_force(world, (*token, *member), runtime)?;
            continue;
        }
        built.act(world, *number, deed)?;
    }
    built.rest()?;
    Ok(built)
}

fn opened(folder: &TempDir) -> Outcome<Store> {
    Ok(Store::open(folder.path(), &store::Options { readers: 1, ..store::Options::default() })?)
}

fn open(world: &World, folder: TempDir, runtime: &Handle, served: Served) -> Outcome<Built> {
    let clock = Arc::new(AtomicI64::new(time_of(0)?.0));
    let ticking = Arc::clone(&clock);
    let now = Arc::new(move || Timestamp(ticking.load(Ordering::SeqCst)));
    // What is said without a name enters at once: the clock stands still while it is waited for.
    let settings = Settings { anonymous: world.anonymous, desk_interval_s: 0, ..Settings::default() };
    let guard = runtime.enter();
    let node = Node::open(folder.path(), settings, now)?;
    let router = router(node, &WebSettings::default());
    drop(guard);
    Ok(Built { router, submissions: Vec::new(), served, runtime: runtime.clone(), clock, folder })
}

impl Built {
    /// A copy of it, in a state of its own.
    pub fn copied(
        folder: &Path,
        from: (&World, &[(usize, String)], &Served),
        below: &Path,
        runtime: &Handle,
    ) -> Outcome<Built> {
        let to = TempDir::new_in(below)?;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                std::fs::copy(entry.path(), to.path().join(entry.file_name()))?;
            }
        }
        let (world, submissions, served) = from;
        let mut built = open(world, to, runtime, served.clone())?;
        built.submissions = submissions.to_vec();
        built.rest()?;
        Ok(built)
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// The same with these submissions.
    #[must_use]
    pub fn with_names(mut self, submissions: Vec<(usize, String)>) -> Built {
        self.submissions = submissions;
        self
    }

    /// Ends it; its folder stays as long as what is given is kept.
    pub fn end(self) -> Outcome<Ended> {
        let Built { router, submissions, served, folder, .. } = self;
        router.node().stop();
        drop(router);
        // Whoever streamed last may hold the node for a moment longer.
        let begun = Instant::now();
        loop {
            match Store::open(folder.path(), &store::Options::default()) {
                Ok(_) => break,
                Err(error)
                    if error.kind == store::Kind::Locked && begun.elapsed() < Duration::from_secs(10) =>
                {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok((folder, submissions, served))
    }

    // All is done, and a minute passes.
    fn rest(&mut self) -> Outcome {
        self.clock.store(time_of(super::plan::deeds())?.plus_seconds(60).0, Ordering::SeqCst);
        Ok(())
    }

    fn act(&mut self, world: &World, number: usize, deed: &Deed) -> Outcome {
        let secret = |at: usize| world.tokens.get(at).map(|token| token.secret.clone()).unwrap_or_default();
        match deed {
            Deed::Direct { .. } => Ok(()),
            Deed::Post(post) => self.post(world, number, post),
            Deed::Withdraw { token, id } => {
                let ask = Ask::rest("withdrawObject", "DELETE", format!("/api/v1/objects/{id}"));
                send(self, &ask, &secret(*token)).map(drop)
            }
            Deed::Erase { token, id } => {
                let ask = Ask::rest("eraseObject", "POST", format!("/api/v1/objects/{id}/erase"));
                send(self, &ask.body(r#"{"reason":"a test"}"#), &secret(*token)).map(drop)
            }
            Deed::Recall { token, member, .. } => {
                if self.recall(world, (*token, *member))?.is_none() {
                    return Ok(());
                }
                let begun = Instant::now();
                let list = Ask::rest("listRecalls", "GET", "/api/v1/recalls".to_owned());
                while begun.elapsed() < Duration::from_secs(30) {
                    let listed = send(self, &list, &secret(*token))?.json()?;
                    if listed.pointer("/recalls/0/done") == Some(&true.into()) {
                        return Ok(());
                    }
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err("what is recalled was never taken back".into())
            }
        }
    }

    // Recalls all that a member said. The id of the recall; `None` where nothing stands.
    fn recall(&self, world: &World, (token, member): (usize, MemberId)) -> Outcome<Option<String>> {
        let secret = world.tokens.get(token).map(|token| token.secret.clone()).unwrap_or_default();
        let body = format!(r#"{{"member":"{member}","reason":"a test"}}"#);
        let ask = Ask::rest("recall", "POST", "/api/v1/recalls".to_owned()).body(&body);
        let reply = send(self, &ask, &secret)?;
        if reply.status == 404 {
            return Ok(None);
        }
        let id = reply.json()?.pointer("/sweep/id").and_then(|id| id.as_str().map(str::to_owned));
        id.map(Some).ok_or_else(|| format!("nothing was recalled: {}", reply.text()).into())
    }

    // The same by a node whose jobs do nothing any more; and in the next one what is kept of it cannot be read.
    fn recall_in_force(self, world: &World, of: (usize, MemberId), runtime: &Handle) -> Outcome<Built> {
        self.done_with_arrivals()?;
        self.router.node().stop();
        let id = self.recall(world, of)?;
        let (folder, submissions, served) = self.end()?;
        if let Some(id) = id {
            opened(&folder)?.set_meta(&format!("recall-all:{id}"), Some(b"nothing to be read"))?;
        }
        Ok(open(world, folder, runtime, served)?.with_names(submissions))
    }

    fn post(&mut self, world: &World, number: usize, post: &Post) -> Outcome {
        let objects: Vec<String> = post.said.iter().map(Said::json).collect();
        let envelope = format!("{{\"objects\":[{}]}}", objects.join(","));
        let collection = post.collection.and_then(|at| world.collections.get(at));
        let token = world.tokens.get(post.token).ok_or("a token is missing")?;
        if let (true, Some(collection)) = (post.taxii, collection) {
            let path = format!("/taxii2/default/collections/{}/objects/", collection.id);
            let reply =
                send(self, &Ask::taxii("taxiiAddObjects", "POST", path).body(&envelope), &token.secret)?;
            let id = reply.json()?.get("id").and_then(|id| id.as_str().map(str::to_owned));
            let id = id.ok_or_else(|| format!("deed {number} was not taken: {}", reply.text()))?;
            let status = self.settled(&id, &token.secret)?;
            let outcomes = status.get("outcomes").and_then(|list| list.as_array()).cloned();
            self.note(number, id, post, &outcomes.unwrap_or_default());
            self.note_held(number, post, &status);
            return Ok(());
        }
        let through = collection.map(|one| format!("&collection={}", one.id)).unwrap_or_default();
        let tlp = post.default.name().to_lowercase().replace('+', "%2B");
        let path = format!("/api/v1/import?format=stix&tlp={tlp}{through}");
        let reply = send(self, &Ask::rest("importObjects", "POST", path).body(&envelope), &token.secret)?;
        let mut lines = reply.lines()?;
        let summary = lines.pop().ok_or("an import said nothing")?;
        lines.retain(|line| line.get("event").and_then(|event| event.as_str()) == Some("outcome"));
        let id = summary.get("submission").and_then(|id| id.as_str().map(str::to_owned));
        let id = id.ok_or_else(|| format!("deed {number} was not taken: {}", reply.text()))?;
        let status = self.settled(&id, &token.secret)?;
        if summary.get("pending").and_then(serde_json::Value::as_u64) > Some(0) {
            lines = status.get("outcomes").and_then(|list| list.as_array()).cloned().unwrap_or_default();
        }
        self.note(number, id, post, &lines);
        self.note_held(number, post, &status);
        Ok(())
    }

    /// Waits until the jobs have done with what arrived, so that they see no later time than it; what is for a curator stays.
    pub fn done_with_arrivals(&self) -> Outcome {
        let node = self.router.node();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            let figures = node.statistics(&node.operator())?;
            let figure = |pointer: &str| figures.pointer(pointer).and_then(serde_json::Value::as_u64);
            let (arrivals, held) = (figure("/node/arrivals_waiting"), figure("/node/queue/held"));
            if arrivals.ok_or("no figure of arrivals")? <= held.ok_or("no figure of the queue")? {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err("what arrived was never done with".into())
    }

    // What is told of a submission when a job has done with it, or when it waits for a curator.
    fn settled(&self, id: &str, secret: &str) -> Outcome<serde_json::Value> {
        self.status_when(id, secret, |status| status.get("complete") == Some(&true.into()) || is_held(status))
    }

    fn status_when(
        &self,
        id: &str,
        secret: &str,
        is: impl Fn(&serde_json::Value) -> bool,
    ) -> Outcome<serde_json::Value> {
        let begun = Instant::now();
        let ask = Ask::rest("showSubmission", "GET", format!("/api/v1/submissions/{id}"));
        loop {
            let reply = send(self, &ask, secret)?;
            let status = reply.json()?;
            if is(&status) {
                return Ok(status);
            }
            if reply.status >= 300 || begun.elapsed() > Duration::from_secs(30) {
                return Err(format!("submission {id} was never done with: {}", reply.text()).into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until a submission that a curator decided on has been done with.
    pub fn answered(&self, number: usize, secret: &str) -> Outcome {
        let Some((_, id)) = self.submissions.iter().find(|(of, _)| *of == number) else { return Ok(()) };
        self.status_when(id, secret, |status| status.get("complete") == Some(&true.into())).map(drop)
    }

    fn note(&mut self, number: usize, id: String, post: &Post, outcomes: &[serde_json::Value]) {
        // An import tells only of what there is something to say about.
        let mut told = vec![Told::Taken; post.said.len()];
        for outcome in outcomes {
            let place = outcome.get("ordinal").and_then(serde_json::Value::as_u64).unwrap_or(u64::MAX);
            let state = match outcome.get("state").and_then(|state| state.as_str()) {
                Some("new" | "claim") => Told::Taken,
                Some("rejected") => Told::Refused,
                _ => Told::Known,
            };
            if let Some(slot) = usize::try_from(place).ok().and_then(|place| told.get_mut(place)) {
                *slot = state;
            }
        }
        self.submissions.push((number, id));
        self.served.push((number, told));
    }

    // What waits does so whole, but for what will be refused: that is told at once.
    fn note_held(&mut self, number: usize, post: &Post, status: &serde_json::Value) {
        let told = self.served.iter_mut().find(|(of, _)| *of == number);
        let Some((_, told)) = told.filter(|_| is_held(status)) else { return };
        let text = |finding: &serde_json::Value, key: &str| {
            finding.get(key).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        };
        let findings = status.pointer("/queue/findings").and_then(|list| list.as_array());
        let refused = findings.into_iter().flatten().filter(|one| text(one, "check") == "refused");
        let refused: Vec<String> = refused.map(|one| text(one, "object")).collect();
        for (slot, said) in told.iter_mut().zip(&post.said) {
            *slot = if refused.contains(&said.id) { Told::Refused } else { Told::Held };
        }
    }
}

fn is_held(status: &serde_json::Value) -> bool {
    status.pointer("/queue/state").and_then(|state| state.as_str()) == Some("held")
}

// What no road writes yet: judged as the node judges, under the label as planned.
fn direct(
    store: &Store,
    world: &World,
    number: usize,
    source: MemberId,
    said: &[(Said, Label)],
) -> Outcome<Vec<Told>> {
    let now = time_of(number)?;
    let filters = predicates(world)?;
    let filtered: Vec<(CollectionId, &Predicate)> = filters.iter().map(|(id, one)| (*id, one)).collect();
    let bound_to = |identity: &str| {
        world.members.iter().find(|member| member.identity == identity).map(|member| member.id)
    };
    let mut items = Vec::new();
    for (said, label) in said {
        let audience = label.audience();
        let context = Context {
            source,
            unnamed: None,
            alias: None,
            now,
            default_label: label.tlp,
            ceiling: Tlp::Red,
            observations_only: false,
            through: None,
            filtered: &filtered,
            bound_to: &bound_to,
            audience: &Audience::default(),
            circles: &[],
            names_clients: false,
            said: &|_| &[],
            takes_back: &|_| false,
            held: &|_| None,
        };
        let read = node::core::reading::read(said.json().as_bytes(), None);
        match read {
            Ok(mut readings) => {
                let reading = readings.pop().ok_or("nothing was read")?;
                let decision = judge::decide(&reading, &context)?;
                let facts = Facts {
                    kind: &reading.object.kind,
                    source: filter::shown_source(label),
                    author: reading.author.as_deref(),
                    pattern_type: reading.pattern_type.as_deref(),
                    tlp: label.tlp,
                    via: None,
                };
                let inside = filtered.iter().filter(|(_, predicate)| predicate.matches(&facts));
                let collections = inside.map(|(id, _)| *id).collect();
                let context = Context { audience: &audience, ..context };
                let mut new = judge::statement(reading.clone(), decision, &context);
                new.label = Label { parts: new.label.parts, ..label.clone() };
                new.collections = collections;
                items.push(Item::Statement(Box::new(new)));
            }
            Err(refused) => items.push(Item::Reject {
                ordinal: items.len() as u64,
                object: Some(refused.id.clone()),
                version: refused.version.clone(),
                reason: refused.reason.clone(),
                bytes: said.json().into_bytes(),
            }),
        }
    }
    let submission = Submission {
        id: SubmissionId(uuid(world.number, 9, number)),
        source,
        person: None,
        token: None,
        collection: None,
        received: now,
        outcomes: false,
        default_label: Tlp::Red,
        addressed: String::new(),
    };
    let batch = Batch {
        submission,
        now,
        seed: [7; 32],
        items,
        complete: true,
        seen: store::read::Visible::default(),
        quota: Quota::default(),
        about: None,
        audit: Vec::new(),
        circle_acts: Vec::new(),
    };
    let appended = store.append(anything(store)?, batch)?;
    Ok(appended
        .iter()
        .map(|one| match one {
            Appended::New { .. } => Told::Taken,
            Appended::Rejected => Told::Refused,
            _ => Told::Known,
        })
        .collect())
}

fn predicates(world: &World) -> Outcome<Vec<(CollectionId, Predicate)>> {
    let mut all = Vec::new();
    for collection in world.live_collections() {
        let text = collection.holds.filter();
        if text.is_empty() {
            continue;
        }
        let member = |name: &str| name.parse().ok();
        let compiled = filter::parse(&text)?.compile(collection.id, member);
        all.push((collection.id, compiled.map_err(|error| format!("{text}: {error}"))?));
    }
    Ok(all)
}
