//! The walk of one reader through a world and through his own of it: every request in both, every answer compared, every
//! byte searched.

use std::collections::BTreeSet;
use std::path::Path;

use tokio::runtime::Handle;

use super::ask::{Ask, Reply, send};
use super::build::{Built, build, time_of};
use super::less::{Less, without};
use super::oracle::{Reader, Served};
use super::plain::{next_of, plain, without_cursors};
use super::requests::{self, Scene};
use super::world::{Deed, Recalled, World};
use super::{canary, exceptions, writes};
use crate::Outcome;
use crate::generate::Random;

/// Most pages of one list.
const PAGES: usize = 60;

/// From here on numbers name refused arrivals, below deeds.
const REFUSED: usize = 1_000;

/// What is read once more at the end.
const AFTER: [&str; 13] = [
    "listQueue",
    "listSubmissions",
    "taxiiObjects",
    "taxiiVersions",
    "lookup",
    "searchObjects",
    "listClaims",
    "showObject",
    "statistics",
    "listQuarantine",
    "objectPage",
    "seen",
    "listHits",
];

/// Leaks that are told whole; the others are counted.
const TOLD: usize = 20;

/// What a walk found.
#[derive(Default)]
pub struct Found {
    /// Requests asked in both worlds.
    pub pairs: u64,
    /// Of these, answered with success.
    pub answered: u64,
    /// Answers that showed canaries.
    pub shown: u64,
    /// Of these, of what waits for a curator, to one.
    pub queued: u64,
    /// Lines of log that were searched.
    pub lines: u64,
    /// What was wrong.
    pub leaks: Vec<String>,
}

impl Found {
    /// Adds leaks, and tells the first of them at once: a long walk may be broken off.
    pub fn add(&mut self, leaks: Vec<String>) {
        for leak in leaks {
            if self.leaks.len() < TOLD {
                println!("\nLEAK {leak}");
            }
            self.leaks.push(leak);
        }
    }
}

/// A reader on his way.
pub struct Walk<'w> {
    world: &'w World,
    reader: &'w Reader<'w>,
    less: Less,
    full: Built,
    own: Built,
    found: Found,
    /// The second in which all that a member said was taken back, where it was.
    recalled_at: Option<String>,
}

/// Where the whole world lies that readers get copies of.
pub struct Whole<'w> {
    /// Its plan.
    pub world: &'w World,
    /// Its folder.
    pub folder: &'w Path,
    /// Its submissions.
    pub submissions: &'w [(usize, String)],
    /// What submitters were told.
    pub served: &'w Served,
}

/// Walks.
pub fn walk(whole: &Whole<'_>, reader: &Reader<'_>, below: &Path, runtime: &Handle) -> Outcome<Found> {
    let less = without(whole.world, whole.served, reader);
    let own = build(&less.world, below, runtime)?;
    let from = (whole.world, whole.submissions, whole.served);
    let full = Built::copied(whole.folder, from, below, runtime)?;
    // What was never sent in the reader's own world can be asked for all the same.
    let mut names = own.submissions.clone();
    let is_missing = |number: usize| !own.submissions.iter().any(|(known, _)| *known == number);
    names.extend(full.submissions.iter().filter(|(number, _)| is_missing(*number)).cloned());
    let own = own.with_names(names);
    let found = Found::default();
    let recalled_at = recalled_at(whole.world)?;
    let mut walk = Walk { world: whole.world, reader, less, full, own, found, recalled_at };
    walk.all()?;
    Ok(walk.found)
}

impl Walk<'_> {
    fn all(&mut self) -> Outcome {
        let at = self.reader.token.map_or(99, |token| token.name.len() as u64);
        let random = Random::new(self.world.number.wrapping_mul(1_000_003) ^ at);
        let mut scene = {
            let Less { own, parted, beyond, .. } = &self.less;
            let (own, parted, beyond) = (own.clone(), parted.clone(), beyond.clone());
            let in_sight = self.reader.token.is_none_or(|token| token.read.is_none());
            let met = self.less.world.members.iter().map(|member| member.identity.clone()).collect();
            Scene { world: self.world, random, own, parted, beyond, in_sight, met, numbers: 0 }
        };
        for route in web::routes::table() {
            for ask in self.reads(route.operation, &mut scene)?.unwrap_or_default() {
                self.ask(&ask)?;
            }
        }
        for route in web::routes::table() {
            let is_read = requests::of(route.operation, &mut scene).is_some();
            let asks = match writes::of(route.operation, &mut scene, self.reader) {
                Some(asks) => asks,
                None if is_read => continue,
                None => return Err(format!("the route `{}` has no requests here", route.operation).into()),
            };
            for ask in asks {
                self.full.pass(10);
                self.own.pass(10);
                // What he says himself he knows, from now on everywhere.
                let typed = canary::all(ask.body.as_bytes());
                self.less.told.extend(typed.iter().cloned());
                self.less.seen.extend(typed);
                self.ask(&ask)?;
                self.full.done_with_arrivals()?;
                self.own.done_with_arrivals()?;
            }
        }
        // What he wrote met what he does not see; what he reads from now on is the same all the same.
        for operation in AFTER {
            for ask in self.reads(operation, &mut scene)?.unwrap_or_default() {
                self.ask(&ask)?;
            }
        }
        Ok(())
    }

    fn reads(&mut self, operation: &str, scene: &mut Scene<'_>) -> Outcome<Option<Vec<Ask>>> {
        match operation {
            "showQuarantined" => self.refused().map(Some),
            _ => Ok(requests::of(operation, scene)),
        }
    }

    // Refused arrivals are named by the node: those at the same place of the list are the same, whatever their names.
    fn refused(&mut self) -> Outcome<Vec<Ask>> {
        let list = Ask::rest("listQuarantine", "GET", "/api/v1/quarantine".to_owned());
        let (full, own) = (self.send(&self.full, &list)?, self.send(&self.own, &list)?);
        let (full, own) = (ids(&full), ids(&own));
        let pairs = full.into_iter().zip(own).enumerate();
        let mut asks = Vec::new();
        for (at, (full, own)) in pairs.take(5) {
            let number = REFUSED + at;
            self.full.submissions.push((number, full));
            self.own.submissions.push((number, own));
            let path = format!("/api/v1/quarantine/{{submission {number}}}");
            asks.push(Ask::rest("showQuarantined", "GET", path));
        }
        Ok(asks)
    }

    /// Asks in both worlds, and follows the pages.
    fn ask(&mut self, ask: &Ask) -> Outcome {
        let (mut full_ask, mut own_ask) =
            (ask.in_world(&self.full.submissions), ask.in_world(&self.own.submissions));
        for _ in 0..PAGES {
            let (full, own) = (self.send(&self.full, &full_ask)?, self.send(&self.own, &own_ask)?);
            if !self.judge(&full_ask, &full, &own) {
                break;
            }
            self.settle(ask, &full)?;
            let (Some(next), Some(own_next)) = (next_of(&full), next_of(&own)) else { break };
            (full_ask, own_ask) = (following(ask, &full_ask, &next), following(ask, &own_ask, &own_next));
        }
        Ok(())
    }

    // What a curator decided is done by a job; what is asked next is asked when it is done. What he let in he sees from now on.
    fn settle(&mut self, ask: &Ask, full: &Reply) -> Outcome {
        let decides = matches!(ask.operation, "releaseQueued" | "returnQueued" | "mergeQueued");
        let number = ask.path.split_once("{submission ").and_then(|(_, rest)| rest.split_once('}'));
        let Some((number, _)) = number.filter(|_| decides && full.status < 300) else { return Ok(()) };
        let number: usize = number.parse()?;
        let by = self.world.deeds.iter().find_map(|(of, deed)| match deed {
            Deed::Post(post) if *of == number => self.world.tokens.get(post.token),
            _ => None,
        });
        let by = by.ok_or("nobody sent what was decided")?;
        self.full.answered(number, &by.secret)?;
        self.own.answered(number, &by.secret)?;
        if ask.operation == "releaseQueued" {
            self.less.seen.extend(self.less.queued.iter().cloned());
        }
        Ok(())
    }

    fn send(&self, built: &Built, ask: &Ask) -> Outcome<Reply> {
        let secret = self.reader.token.map_or("", |token| &token.secret);
        send(built, ask, secret)
    }

    // Whether the pages behind are worth looking at.
    fn judge(&mut self, ask: &Ask, full: &Reply, own: &Reply) -> bool {
        self.found.pairs += 1;
        self.found.answered += u64::from(full.status < 300);
        let mut shown = canary::all(without_cursors(&full.text()).as_bytes());
        for (name, value) in &full.headers {
            shown.extend(canary::all(format!("{name}: {value}").as_bytes()));
        }
        self.found.shown += u64::from(!shown.is_empty());
        // What one typed oneself tells nobody anything.
        let typed = canary::all(format!("{} {}", ask.path, ask.body).as_bytes());
        let may = |word: &String| {
            let Less { seen, told, queued, .. } = &self.less;
            seen.contains(word)
                || exceptions::is_about_own(ask.operation) && told.contains(word)
                || exceptions::is_of_the_queue(ask.operation) && queued.contains(word)
                || exceptions::is_name_of_refused(ask.operation, self.reader, word)
        };
        let waits =
            shown.iter().any(|word| self.less.queued.contains(word) && !self.less.seen.contains(word));
        self.found.queued += u64::from(waits);
        let hidden: BTreeSet<&String> =
            shown.iter().filter(|word| !may(word) && !typed.contains(*word)).collect();
        if !hidden.is_empty() {
            self.leak(ask, &format!("shows {hidden:?}\n{}", full.text()));
        }
        if exceptions::is_of_the_node(ask.operation, self.reader) {
            return true;
        }
        let compared = |text| {
            let text = exceptions::without_holders(exceptions::without_others(text));
            let text = exceptions::without_attempts(exceptions::without_getters(text));
            self.recalled_at.as_deref().map_or(text.clone(), |at| exceptions::without_moments(&text, at))
        };
        let one = compared(plain(full, &self.full.submissions));
        let other = compared(plain(own, &self.own.submissions));
        if one != other {
            self.leak(ask, &difference(&one, &other));
        }
        one == other
    }

    fn leak(&mut self, ask: &Ask, what: &str) {
        let who = self.reader.token.map_or("a visitor".to_owned(), |token| {
            let roles: Vec<&str> = token.roles.iter().map(|role| role.name()).collect();
            let person = if token.person.is_some() { ", a person" } else { "" };
            format!(
                "{} ({} up to {}{person}, reads {:?})",
                token.name,
                roles.join("+"),
                token.ceiling,
                token.read
            )
        });
        let Ask { operation, method, path, body, .. } = ask;
        let number = self.world.number;
        self.found.leaks.push(format!("world {number}, {who}: {operation}: {method} {path} {body}\n{what}"));
    }
}

fn recalled_at(world: &World) -> Outcome<Option<String>> {
    let done = |deed: &Deed| matches!(deed, Deed::Recall { so_far: Recalled::Done, .. });
    let Some((number, _)) = world.deeds.iter().find(|(_, deed)| done(deed)) else { return Ok(None) };
    let at = time_of(*number)?.to_string();
    Ok(at.split_once('.').map(|(second, _)| second.to_owned()))
}

fn ids(list: &Reply) -> Vec<String> {
    let json = list.json().unwrap_or_default();
    let rows = json.get("quarantine").and_then(|rows| rows.as_array()).cloned().unwrap_or_default();
    rows.iter().filter_map(|row| row.get("id")?.as_str().map(str::to_owned)).collect()
}

// The same request for the page behind.
pub fn following(first: &Ask, ask: &Ask, next: &str) -> Ask {
    let path = match ask.path.split_once("next=") {
        Some((before, _)) => format!("{before}next={next}"),
        None => format!("{}{}next={next}", ask.path, if first.path.contains('?') { '&' } else { '?' }),
    };
    Ask { path, ..ask.clone() }
}

// Where two answers part.
pub fn difference(one: &str, other: &str) -> String {
    let at = one.bytes().zip(other.bytes()).position(|(a, b)| a != b).unwrap_or(one.len().min(other.len()));
    let around = |text: &str| {
        let from = (0..=at.saturating_sub(160)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.get(from..).unwrap_or_default().chars().take(420).collect::<String>()
    };
    format!("whole world: …{}\nown world:   …{}", around(one), around(other))
}
