//! Generated histories: members join, leave, are put out, become clients and are told of sectors and of what is their own; what they say is relabelled, held back, taken back, erased; rights
//! come and go, the clock jumps, the node starts anew. After each step everybody is told what stands on paper, and those
//! who ask again and again for what is new end with all of it, each once.

mod acts;
mod cast;
mod check;
mod client;
mod deeds;
mod paper;
mod plan;
mod saying;
mod waiting;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use self::cast::{Beginning, World};
use self::client::Client;
use self::deeds::{Expected, Fate, Told};
use self::paper::Paper;
use self::plan::{OBJECTS, Step};
use crate::Outcome;

/// Histories that fail before it is enough.
const ENOUGH: usize = 10;

#[derive(clap::Args)]
pub struct Options {
    /// So many histories.
    #[arg(long, default_value_t = 2_000)]
    count: u64,
    /// Where chance begins: the same number, the same histories.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the history of this number.
    #[arg(long)]
    history: Option<u64>,
    /// Tell what is done in the history of that number.
    #[arg(long, requires = "history")]
    show: bool,
    /// Threads; histories go side by side.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// A history that went otherwise than on paper.
#[derive(Debug)]
struct Failed {
    /// After so many steps.
    steps: usize,
    /// What was wrong.
    wrong: String,
}

/// Goes through as many histories as are asked for.
///
/// # Errors
/// Those that went otherwise than on paper, and what could not be done.
pub fn run(options: &Options) -> Outcome {
    println!("seed {}, {} histories, {} threads", options.seed, options.count, options.threads);
    let began = Instant::now();
    let (done, failures) = suite(options)?;
    for failure in &failures {
        println!("\n{failure}");
    }
    println!("{done} histories, {} failed, {:.1} s", failures.len(), began.elapsed().as_secs_f64());
    if failures.is_empty() { Ok(()) } else { Err(format!("{} histories failed", failures.len()).into()) }
}

// In memory where there is such a place: nothing here has to outlive the machine.
fn below() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

fn suite(options: &Options) -> Outcome<(u64, Vec<String>)> {
    let beginning = Beginning::make(&below())?;
    let first = options.history.unwrap_or(0);
    let end = options.history.map_or(options.count, |history| history + 1);
    let (next, done, failures) = (AtomicU64::new(first), AtomicU64::new(0), Mutex::new(Vec::new()));
    let work = || -> Outcome {
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            let enough = || failures.lock().map_or(true, |failures| failures.len() >= ENOUGH);
            if number >= end || enough() {
                return Ok(());
            }
            let steps = plan::history(options.seed, number);
            let outcome = play(&beginning, &steps, options.show)?;
            done.fetch_add(1, Ordering::SeqCst);
            if let Err(failed) = outcome {
                let text = told(options.seed, number, &shrunk(&beginning, steps, failed)?);
                failures.lock().map_err(|_| "a thread died")?.push(text);
            }
        }
    };
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Err("a thread died".into()))).collect()
    });
    outcomes.into_iter().collect::<Outcome<Vec<()>>>()?;
    Ok((done.into_inner(), failures.into_inner().map_err(|_| "a thread died")?))
}

fn told(seed: u64, number: u64, (steps, failed): &(Vec<Step>, Failed)) -> String {
    let steps: Vec<String> = steps.iter().map(|step| format!("    {step:?}")).collect();
    format!(
        "FAILED {}\n{}\n  again: cargo xtask histories --seed {seed} --history {number} --show",
        failed.wrong,
        steps.join("\n")
    )
}

// Drops steps as long as it still fails.
fn shrunk(beginning: &Beginning, mut steps: Vec<Step>, mut failed: Failed) -> Outcome<(Vec<Step>, Failed)> {
    steps.truncate(failed.steps);
    let mut at = steps.len();
    while at > 0 {
        at -= 1;
        let mut fewer = steps.clone();
        fewer.remove(at);
        if let Err(other) = play(beginning, &fewer, false)? {
            (steps, failed) = (fewer, other);
            steps.truncate(failed.steps);
            at = at.min(steps.len());
        }
    }
    Ok((steps, failed))
}

fn play(beginning: &Beginning, steps: &[Step], show: bool) -> Outcome<Result<(), Failed>> {
    let mut world = beginning.world(&below())?;
    let mut paper = Paper::new(world.node.now().0);
    let mut clients: Vec<Client> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let failed =
            |wrong: String| Ok(Err(Failed { steps: at + 1, wrong: format!("{wrong}\n  at {step:?}") }));
        match step {
            Step::Begin(new) => {
                clients.push(Client::new(*new, &paper));
                continue;
            }
            Step::Poll { client, pages, forgets } => {
                let Some(client) = clients.get_mut(*client) else { continue };
                if let Err(wrong) = client.poll(&world, &paper, *pages, *forgets) {
                    return failed(format!("{}: {wrong}", client.name()));
                }
                continue;
            }
            _ => {}
        }
        let expected = paper.expected(step);
        if expected == Expected::Nothing {
            continue;
        }
        let widened = match step {
            Step::Say { .. } => paper.sent(step).map(|sent| paper.widened(&sent)).unwrap_or_default(),
            _ => Vec::new(),
        };
        let opened = match step {
            Step::Relabel { token, object, change } => paper.relabelled_wider(*token, *object, change),
            _ => false,
        };
        world.ready();
        let (after, told) = match world.perform(step, &paper) {
            Ok(done) => done,
            Err(error) => return failed(error.to_string()),
        };
        world = after;
        if show {
            println!("{at}: {step:?}\n    {told:?}");
        }
        if !expected.is(&told) {
            return failed(format!("the node said {told:?}, and it should be {expected:?}"));
        }
        if let Told::Fates(fates) = &told
            && fates.iter().zip(&widened).any(|(fate, widens)| *fate == Fate::Taken && *widens)
        {
            return failed("it was taken for more than another says it to".to_owned());
        }
        if opened && matches!(told, Told::Count(_)) {
            return failed("it was made wider than another says it".to_owned());
        }
        if matches!(step, Step::Clock { minutes } if *minutes < 0) && paper.has_over() {
            paper.keep_house();
        }
        let again = paper.apply(step, &told);
        paper.tick += 1;
        paper.now += paper::SECOND;
        world.later(paper::SECOND);
        world = match let_in(world, &mut paper, show)? {
            Ok(world) => world,
            Err(wrong) => return failed(wrong),
        };
        clients.iter_mut().for_each(|client| client.follow(&paper, &again));
        if let Err(wrong) = check::check(&world, &paper, object_of(step, &paper), false) {
            return failed(wrong);
        }
    }
    let failed = |wrong: String| Ok(Err(Failed { steps: steps.len(), wrong }));
    for client in &mut clients {
        if let Err(wrong) = client.end(&world, &paper) {
            return failed(format!("at the end, {}: {wrong}", client.name()));
        }
    }
    for object in 0..OBJECTS {
        if let Err(wrong) = check::check(&world, &paper, object, true) {
            return failed(format!("at the end, {wrong}"));
        }
    }
    Ok(Ok(()))
}

// Has everything let in that should enter by now, and writes down what became of it.
fn let_in(world: World, paper: &mut Paper, show: bool) -> Outcome<Result<World, String>> {
    let entering = paper.entering();
    if entering.is_empty() {
        return Ok(Ok(world));
    }
    let by_clock = entering.iter().any(|at| paper.waiting.get(*at).is_some_and(|one| one.due.is_some()));
    let world = world.let_in(by_clock)?;
    let mut told = Vec::new();
    for at in entering {
        match world.settled(at, paper) {
            Ok(fates) => told.push((at, fates)),
            Err(wrong) => return Ok(Err(wrong.to_string())),
        }
    }
    if show {
        println!("    entered: {told:?}");
    }
    Ok(paper.enter_in_some_order(&told).map(|()| world))
}

fn object_of(step: &Step, paper: &Paper) -> usize {
    match step {
        Step::Say { said, .. } => said.first().map_or(0, |(object, ..)| *object),
        Step::Relabel { object, .. }
        | Step::Withdraw { object, .. }
        | Step::Recall { object, .. }
        | Step::Erase { object } => *object,
        _ => paper.tick as usize % OBJECTS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The whole suite is a command; this is a taste of it.
    #[test]
    fn histories_go_as_on_paper() {
        let options = Options { count: 25, seed: 7, history: None, show: false, threads: 2 };
        let (done, failures) = suite(&options).unwrap();
        assert_eq!((done, failures), (25, Vec::new()));
    }
}
