//! The suite of writes: generated worlds, people of every role, every verb that writes, every spelling of its target, and now
//! and then something else that happens between the judgement and the commit. What changed in the folder is compared, row by
//! row, with what an oracle says might: the thing written is the thing authorised, and nothing else.

mod deed;
mod oracle;
mod state;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use model::Tlp;
use node::{Credential, Error};
use uuid::Uuid;

use crate::Outcome;
use crate::generate::Random;
use deed::{Asked, Deed, Given, Said};
use oracle::{Actor, Verdict};
use state::{Look, Row, State};
use world::{Clock, MEMBERS, World};

/// Deeds that are tried in one world.
const DEEDS: u64 = 80;
/// Failures after which it is enough.
const FAILURES: usize = 50;

#[derive(clap::Args)]
pub struct Options {
    /// At least so many writes.
    #[arg(long, default_value_t = 50_000)]
    count: u64,
    /// Where chance begins: the same number, the same worlds and the same writes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the world of this number.
    #[arg(long)]
    world: Option<u64>,
    /// Threads; worlds are made side by side.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// What came of them.
#[derive(Debug, Default)]
struct Found {
    tried: u64,
    done: u64,
    refused: u64,
    hidden: u64,
    raced: u64,
    failures: Vec<String>,
}

impl Found {
    fn add(&mut self, other: Found) {
        self.tried += other.tried;
        self.done += other.done;
        self.refused += other.refused;
        self.hidden += other.hidden;
        self.raced += other.raced;
        self.failures.extend(other.failures);
    }
}

/// Tries writes until there are enough.
///
/// # Errors
/// What was written that should not have been, and what could not be tried.
pub fn run(options: &Options) -> Outcome {
    println!("seed {}, {} writes, {} threads", options.seed, options.count, options.threads);
    let (began, found) = (Instant::now(), suite(options)?);
    for failure in found.failures.iter().take(20) {
        println!("\nWRONG {failure}");
    }
    let Found { tried, done, refused, hidden, raced, failures } = found;
    println!(
        "{tried} writes, {done} done, {refused} refused, {hidden} of what is hidden, {raced} with something in between, \
         {} wrong, {:.1} s",
        failures.len(),
        began.elapsed().as_secs_f64()
    );
    if failures.is_empty() { Ok(()) } else { Err(format!("{} wrong", failures.len()).into()) }
}

fn suite(options: &Options) -> Outcome<Found> {
    let next = AtomicU64::new(options.world.unwrap_or(0));
    let all = Mutex::new(Found::default());
    let work = || -> Outcome {
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            let found = one_world(options.seed, number)?;
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.add(found);
            if all.tried >= options.count || options.world.is_some() || all.failures.len() > FAILURES {
                return Ok(());
            }
        }
    };
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Err("a thread died".into()))).collect()
    });
    outcomes.into_iter().collect::<Outcome<Vec<()>>>()?;
    Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn one_world(seed: u64, number: u64) -> Outcome<Found> {
    let mut random = Random::new(seed ^ number.wrapping_mul(0x9E37_79B9));
    let mut world = World::new(&mut random)?;
    let look = Arc::new(Mutex::new(Look::into(world.folder.path())?));
    let mut found = Found::default();
    for n in 0..DEEDS {
        let mut scene = Scene { world: &mut world, look: &look, random: &mut random, number, n };
        scene.one(&mut found)?;
        if found.failures.len() > FAILURES {
            break;
        }
    }
    Ok(found)
}

type Looking = Arc<Mutex<Look>>;

fn now(look: &Looking) -> Outcome<State> {
    look.lock().unwrap_or_else(PoisonError::into_inner).now()
}

/// What happens in the middle of a write: the state before it, and after it.
type Between = Arc<Mutex<Option<(State, State, i64)>>>;

struct Scene<'w> {
    world: &'w mut World,
    look: &'w Looking,
    random: &'w mut Random,
    number: u64,
    n: u64,
}

impl Scene<'_> {
    // Somebody tries something.
    fn one(&mut self, found: &mut Found) -> Outcome {
        let before = now(self.look)?;
        let asked = self.world.clock.now().0;
        let deed = self.deed(&before);
        let token = self.actor(&before, &deed);
        let between: Between = Arc::default();
        if self.random.below(3) == 0 {
            let race = self.race(&before, token, &deed);
            self.begin(race, &between);
        }
        let tried = self.attempt(token, &deed);
        self.world.clock.calm();
        let after = now(self.look)?;
        let at = self.world.clock.now().0;
        // What is judged is what stood when it was written.
        let happened = between.lock().unwrap_or_else(PoisonError::into_inner).take();
        let raced = happened.is_some();
        let nothing = tried.is_ok()
            && happened.as_ref().is_some_and(|(stood, left, _)| *stood == before && *left == after);
        let (stood, changed, then) = match happened {
            None => (before.clone(), before.changed(&after), at),
            // It had been done before: that was found out before the other thing happened.
            Some((stood, _, then)) if nothing => (stood, Vec::new(), then),
            Some((stood, left, _)) if stood == before => (left.clone(), left.changed(&after), at),
            Some((stood, _, then)) => (before.clone(), before.changed(&stood), then),
        };
        let actor = Actor::of(&stood, token, then);
        let judged =
            |at| actor.as_ref().map_or(Verdict::Refused, |actor| oracle::verdict(&stood, actor, &deed, at));
        // How long a token is good is counted from when it was asked for: where it ends, and not when, decides.
        let verdict = match (&deed, judged(then)) {
            (Deed::AddToken(_), verdict) if verdict != judged(asked) => Verdict::Free,
            (_, verdict) => verdict,
        };
        let mut wrong = Vec::new();
        match (&tried, verdict) {
            (Ok(()), Verdict::Refused | Verdict::Hidden) => wrong.push("it was done".to_owned()),
            (Err(error), Verdict::Done) => wrong.push(format!("it was refused: {error}")),
            _ => {}
        }
        if tried.is_err() && !changed.is_empty() {
            wrong.push(format!("it was refused and wrote {changed:?}"));
        }
        let his = |one: &&state::Changed| {
            !actor.as_ref().is_some_and(|actor| oracle::is_of(&deed, &stood, actor, one, then))
        };
        wrong.extend(changed.iter().filter(his).map(|one| format!("it wrote {one:?}")));
        if verdict == Verdict::Hidden && !raced {
            wrong.extend(self.told_more(token, &deed, &tried));
            found.hidden += 1;
        }
        found.tried += 1;
        found.raced += u64::from(raced);
        if tried.is_ok() {
            found.done += 1
        } else {
            found.refused += 1
        }
        if !wrong.is_empty() {
            let (number, n) = (self.number, self.n);
            let who = actor.map_or_else(|| "nobody".to_owned(), |actor| format!("{actor:?}"));
            found.failures.push(format!(
                "world {number}, write {n}{}: {deed:?} by {who}, {verdict:?} expected\n  {}",
                if raced { ", something in between" } else { "" },
                wrong.join("\n  ")
            ));
        }
        Ok(())
    }

    fn attempt(&self, token: Option<Uuid>, deed: &Deed) -> Result<(), Error> {
        let node = &self.world.node;
        let caller = match token.and_then(|id| self.world.tokens.get(&id)) {
            Some(secret) => node.authenticate(&Credential::Token(secret.clone()), None)?,
            None => node.operator(),
        };
        deed.done(node, &caller)
    }

    // What is not there is refused in the same words.
    fn told_more(&self, token: Option<Uuid>, deed: &Deed, tried: &Result<(), Error>) -> Option<String> {
        let target = deed.target()?;
        let nothing = match target.split_once("--") {
            Some((kind, _)) => format!("{kind}--00000000-0000-4000-8000-00000000ffff"),
            None if Uuid::parse_str(&target).is_ok() => "00000000-0000-4000-8000-00000000ffff".to_owned(),
            None => "Nobody of that name".to_owned(),
        };
        let other = self.attempt(token, &deed.to_another(&nothing));
        let told = |tried: &Result<(), Error>, name: &str| match tried {
            Ok(()) => None,
            Err(error) => Some((
                error.kind,
                error.message.to_lowercase().replace(&name.to_lowercase(), "it"),
                error.hint.clone(),
            )),
        };
        let (one, two) = (told(tried, &target), told(&other, &nothing));
        (one != two).then(|| format!("it tells of what is hidden: {one:?}, and of nothing: {two:?}"))
    }

    // Anybody; often somebody who may.
    fn actor(&mut self, state: &State, deed: &Deed) -> Option<Uuid> {
        let at = self.clock().now().0;
        let all: Vec<Uuid> = self.world.tokens.keys().copied().collect();
        let may = self.random.below(2) == 0;
        for _ in 0..12 {
            let one = all.get(self.random.below(all.len() as u64 + 1) as usize).copied();
            let Some(actor) = Actor::of(state, one, at) else { continue };
            if !may || oracle::verdict(state, &actor, deed, at) == Verdict::Done {
                return one;
            }
        }
        all.get(self.random.below(all.len() as u64 + 1) as usize).copied()
    }

    fn clock(&self) -> Arc<Clock> {
        Arc::clone(&self.world.clock)
    }

    fn begin(&self, race: Race, between: &Between) {
        let (node, clock, look) = (self.world.node.clone(), self.clock(), Arc::clone(self.look));
        let between = Arc::clone(between);
        let happens = move || {
            let Ok(stood) = now(&look) else { return };
            let then = clock.now().0;
            match race {
                Race::Deed(deed, by) => {
                    let caller = match by {
                        Some(secret) => node.authenticate(&Credential::Token(secret), None),
                        None => Ok(node.operator()),
                    };
                    // What is refused happens not.
                    let _refused = caller.and_then(|caller| deed.done(&node, &caller));
                }
                Race::Time(seconds) => clock.pass(seconds),
            }
            if let Ok(left) = now(&look) {
                *between.lock().unwrap_or_else(PoisonError::into_inner) = Some((stood, left, then));
            }
        };
        // Whoever tries is authenticated by the first look at the clock; a write takes some more.
        let after = 1 + (self.n * 7 + self.number) % 6;
        self.world.clock.after(after, Box::new(happens));
    }

    fn one_of<'r>(&mut self, rows: Vec<&'r Row>) -> Option<&'r Row> {
        rows.get(self.random.below(rows.len() as u64) as usize).copied()
    }

    // A thing of a table, spelled in one of the ways in which it can be, or not.
    fn named(&mut self, state: &State, table: &str, name: impl Fn(&Row) -> String) -> String {
        let Some(row) = self.one_of(state.of(table).collect()) else { return String::new() };
        let others = ["member", "person", "token", "collection", "circle", "invitation", "membership"];
        let id = row.id(1).hyphenated().to_string();
        match self.random.below(12) {
            0..=3 => id,
            4..=7 => name(row),
            8 => id.to_uppercase(),
            9 => name(row).to_uppercase(),
            10 => {
                let other = others.get(self.random.below(others.len() as u64) as usize).copied();
                let row = self.one_of(state.of(other.unwrap_or("member")).collect());
                row.map_or(id, |row| row.id(1).hyphenated().to_string())
            }
            _ => Uuid::from_u128(u128::from(self.random.next()) << 64 | 0x8000_0000_0000_0000).to_string(),
        }
    }

    fn member(&mut self, state: &State) -> String {
        self.named(state, "member", |row| row.text(2).to_owned())
    }

    fn person(&mut self, state: &State) -> String {
        let of = |row: &Row| state.by_id("member", row.id(2)).map_or("", |member| member.text(2)).to_owned();
        let whole = self.random.below(2) == 0;
        self.named(state, "person", |row| match whole {
            true => format!("{}/{}", of(row), row.text(3)),
            false => row.text(3).to_owned(),
        })
    }

    fn collection(&mut self, state: &State) -> String {
        let alias = self.random.below(2) as usize;
        self.named(state, "collection", |row| row.text(2 + alias).to_owned())
    }

    fn circle(&mut self, state: &State) -> String {
        self.named(state, "circle", Row::circle_name)
    }

    fn object(&mut self, state: &State) -> String {
        let known = self.world.objects.clone();
        let one = known.get(self.random.below(known.len() as u64) as usize).cloned().unwrap_or_default();
        match self.random.below(16) {
            0 => one.to_uppercase(),
            1 => one.replace("indicator--", "malware--"),
            2 => format!("indicator--{}", self.member(state)),
            3 => format!(
                "indicator--{}",
                Uuid::from_u128(u128::from(self.random.next()) << 64 | 0x8000_0000_0000_0000)
            ),
            _ => one,
        }
    }

    fn deed(&mut self, state: &State) -> Deed {
        let tlp = Tlp::ALL.get(self.random.below(5) as usize).copied().unwrap_or(Tlp::Red);
        match self.random.below(43) {
            0..=3 => Deed::RevokeToken(self.named(state, "token", |row| row.text(4).to_owned())),
            4..=7 => Deed::AddToken(self.asked(state, tlp)),
            8 | 9 => Deed::RevokePerson(self.person(state)),
            10 => Deed::AddPerson(self.member(state), format!("new {}", self.n)),
            11 => Deed::RevokeMember(self.member(state)),
            12 => Deed::RevokeCollection(self.collection(state)),
            13..=18 => {
                let through = (self.random.below(2) == 0).then(|| self.collection(state));
                let versions: &[&str] = [&[][..], &["last"], &["first"]]
                    .get(self.random.below(3) as usize)
                    .copied()
                    .unwrap_or_default();
                let versions = versions.iter().map(|one| (*one).to_owned()).collect();
                Deed::Withdraw(through, self.object(state), versions)
            }
            19..=23 => Deed::Relabel(self.object(state), tlp),
            24 => Deed::Erase(self.object(state)),
            25..=29 => Deed::Submit(self.said(state, tlp)),
            30 | 31 => Deed::Note(self.object(state)),
            32 => Deed::RevokeObject(self.object(state)),
            33 => Deed::Leave(self.circle(state)),
            34 | 35 => Deed::Expel(self.circle(state), self.member(state)),
            36 => Deed::EndCircle(self.circle(state)),
            37 | 38 => Deed::Invite(self.circle(state)),
            39..=41 => Deed::Disclose(self.given(state)),
            _ => Deed::Rule(1 + self.random.below(300) as u32),
        }
    }

    fn asked(&mut self, state: &State, tlp: Tlp) -> Asked {
        let roles = ["reader", "sensor", "analyst", "curator", "organisation-administrator", "administrator"];
        let some = |random: &mut Random| random.below(3) == 0;
        Asked {
            member: self.member(state),
            person: some(self.random).then(|| self.named(state, "person", |row| row.text(3).to_owned())),
            role: roles.get(self.random.below(6) as usize).copied().unwrap_or("reader"),
            ceiling: (!some(self.random)).then_some(tlp),
            expire_s: (!some(self.random)).then(|| 60 + self.random.below(90_000)),
            collection: some(self.random).then(|| self.collection(state)),
        }
    }

    // Who agrees is mostly somebody who administers, sometimes anybody, sometimes nobody.
    fn given(&mut self, state: &State) -> Given {
        let (anybody, nobody) = (self.random.below(3) == 0, self.random.below(4) == 0);
        let administers = |row: &&Row| anybody || row.int(5) & 32 != 0;
        let second = self.one_of(state.of("token").filter(administers).collect()).map(|row| row.id(1));
        let second = second.filter(|_| !nobody);
        let secret = |id: Uuid| Some((id, self.world.tokens.get(&id)?.clone()));
        let (second, four_eyes) = (second.and_then(secret), self.world.four_eyes);
        let sealed_s = (self.random.below(3) == 0).then_some(90_000);
        Given { object: self.object(state), sealed_s, second, four_eyes }
    }

    fn said(&mut self, state: &State, tlp: Tlp) -> Said {
        let collection = (self.random.below(2) == 0).then(|| self.collection(state));
        let member = (self.random.below(5) == 0).then(|| self.member(state));
        let known = self.world.objects.clone();
        let fresh =
            format!("indicator--{}", Uuid::from_u128((7 << 76) | (2 << 62) | u128::from(self.random.next())));
        let object = match self.random.below(3) {
            0 => fresh,
            _ => known.get(self.random.below(known.len() as u64) as usize).cloned().unwrap_or(fresh),
        };
        if !self.world.objects.contains(&object) {
            self.world.objects.push(object.clone());
        }
        Said { collection, member, object, version: self.random.below(9), tlp }
    }

    // Something that changes what the write is judged on, or something else.
    fn race(&mut self, state: &State, token: Option<Uuid>, deed: &Deed) -> Race {
        let row = token.and_then(|id| state.by_id("token", id));
        let own = row.map(|row| row.id(2));
        // Where another agreed it may be that one who is revoked.
        let agreed = match deed {
            Deed::Disclose(given) if self.n.is_multiple_of(2) => given.second.as_ref().map(|(id, _)| *id),
            _ => None,
        };
        let revoke = agreed.or(row.map(|row| row.id(1))).map(|id| Deed::RevokeToken(id.to_string()));
        let operator = |deed: Option<Deed>| Race::Deed(deed.unwrap_or(Deed::Rule(5)), None);
        match self.random.below(8) {
            0 | 1 => operator(revoke),
            2 => {
                let person = row.filter(|row| !row.is_null(3)).map(|row| row.id(3).to_string());
                operator(person.map(Deed::RevokePerson))
            }
            3 if self.n > 60 => operator(own.map(|id| Deed::RevokeMember(id.to_string()))),
            4 => Race::Time(if self.random.below(2) == 0 { 3_700 } else { 8_000 }),
            5 => operator(Some(Deed::AddPerson(MEMBERS[0].to_owned(), format!("between {}", self.n)))),
            _ => self.by_its_author(state, deed),
        }
    }

    // Whoever said the object says more of it, takes it back, or gives it another label.
    fn by_its_author(&mut self, state: &State, deed: &Deed) -> Race {
        let object = deed.target().filter(|target| target.contains("--")).unwrap_or_default();
        let stands = |row: &&Row| row.int(2) == 0 && row.object() == object;
        let author = state.of("statement").find(stands).map(|row| row.id(6));
        let writes = |row: &&Row| Some(row.id(2)) == author && row.int(5) == 20 && row.is_null(11);
        let writer =
            state.of("token").find(writes).and_then(|row| self.world.tokens.get(&row.id(1)).cloned());
        let Some(secret) = writer else { return Race::Deed(Deed::Rule(7), None) };
        let deed = match self.random.below(4) {
            0 => Deed::Relabel(object, Tlp::Red),
            1 => Deed::Relabel(object, Tlp::Clear),
            2 => Deed::Withdraw(None, object, vec!["last".to_owned()]),
            _ => {
                let version = 10 + self.random.below(9);
                Deed::Submit(Said { collection: None, member: None, object, version, tlp: Tlp::Red })
            }
        };
        Race::Deed(deed, Some(secret))
    }
}

/// What happens in the middle of a write.
enum Race {
    /// Somebody does something: the one who owns the folder, or the one who has a secret.
    Deed(Deed, Option<String>),
    /// Time goes by, in seconds.
    Time(i64),
}

#[cfg(test)]
mod tests {
    use super::*;

    // The token of who agreed to a disclosure was revoked between the judgement and the commit, and the disclosure was made.
    #[test]
    fn who_agreed_and_is_revoked_meanwhile_agrees_no_more() {
        let options = Options { count: 1, seed: 5, world: Some(49), threads: 1 };
        let found = suite(&options).unwrap();
        assert!(found.failures.is_empty(), "{}", found.failures.join("\n\n"));
    }

    // All of them are a command; this is a taste, and that it tastes of something.
    #[test]
    fn what_is_written_is_what_was_authorised() {
        let options = Options { count: 800, seed: 1, world: None, threads: 2 };
        let found = suite(&options).unwrap();
        assert!(found.failures.is_empty(), "{}", found.failures.join("\n\n"));
        assert!(found.done > found.tried / 8, "{found:?}");
        assert!(found.raced > found.tried / 10 && found.hidden > found.tried / 40, "{found:?}");
    }
}
