//! The leak suite: generated worlds, every kind of reader, every road. Each answer is searched for words that are not for
//! its reader, and compared with the answer in a world in which what he may not see was never said.

mod ask;
mod build;
mod canary;
mod exceptions;
mod less;
mod log;
mod oracle;
mod people;
mod plain;
mod plan;
mod requests;
mod said;
mod story;
mod walk;
mod world;
mod writes;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use tokio::runtime::Runtime;

use crate::Outcome;
use crate::generate::Random;
use oracle::Reader;
use walk::{Found, Whole};

/// How often a long run tells how far it is.
const TELLS: std::time::Duration = std::time::Duration::from_secs(60);
/// Readers that walk through one world.
const READERS: u64 = 6;

#[derive(clap::Args)]
pub struct Options {
    /// At least so many pairs of a world and a request.
    #[arg(long, default_value_t = 200_000)]
    pairs: u64,
    /// Where chance begins: the same number, the same worlds and the same requests.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The world to begin with: a run that was broken off is taken up again where it said it was, or several share the worlds.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only the world of this number.
    #[arg(long)]
    world: Option<u64>,
    /// Tell what is done in the world of that number.
    #[arg(long, requires = "world")]
    show: bool,
    /// Sixty members too, one of whom says something without its name: in a world with another origin all answers are the same.
    #[arg(long)]
    story: bool,
    /// Threads; worlds are walked side by side.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// Walks worlds until there are enough pairs.
///
/// # Errors
/// What leaked, and what could not be walked.
pub fn run(options: &Options) -> Outcome {
    println!("seed {}, {} pairs, {} threads", options.seed, options.pairs, options.threads);
    let (began, found) = (Instant::now(), suite(options)?);
    println!(
        "{} pairs, {} answered, {} with canaries, {} of what waits, {} lines of log, {} leaks, {:.1} s",
        found.pairs,
        found.answered,
        found.shown,
        found.queued,
        found.lines,
        found.leaks.len(),
        began.elapsed().as_secs_f64()
    );
    if found.leaks.is_empty() { Ok(()) } else { Err(format!("{} leaks", found.leaks.len()).into()) }
}

fn suite(options: &Options) -> Outcome<Found> {
    log::listen();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let next = AtomicU64::new(options.world.unwrap_or(options.from));
    let all = Mutex::new(Found::default());
    let failed = AtomicBool::new(false);
    let told = Mutex::new(Instant::now());
    let work = || -> Outcome {
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            let found = one_world(options, number, &runtime).map_err(|error| {
                // The others walk no further worlds for nothing.
                failed.store(true, Ordering::SeqCst);
                format!("world {number}: {error}")
            })?;
            let mut all = all.lock().map_err(|_| "a thread died")?;
            all.pairs += found.pairs;
            all.answered += found.answered;
            all.shown += found.shown;
            all.queued += found.queued;
            all.add(found.leaks);
            if let Ok(mut told) = told.lock()
                && told.elapsed() >= TELLS
            {
                *told = Instant::now();
                // Those before it are done, but for as many as there are other threads.
                println!("{} pairs, {} leaks, at world {number}", all.pairs, all.leaks.len());
            }
            let failed = failed.load(Ordering::SeqCst);
            if failed || all.pairs >= options.pairs || options.world.is_some() || all.leaks.len() > 200 {
                return Ok(());
            }
        }
    };
    let threads = if options.world.is_some() { 1 } else { options.threads.max(1) };
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Err("a thread died".into()))).collect()
    });
    outcomes.into_iter().collect::<Outcome<Vec<()>>>()?;
    let mut all = all.into_inner().map_err(|_| "a thread died")?;
    if options.story {
        let sixty = story::run(story::origins(options.seed), story::RIVALS, &below(), runtime.handle())?;
        println!("sixty: {} pairs, {} answered, {} leaks", sixty.pairs, sixty.answered, sixty.leaks.len());
        all.add(sixty.leaks);
    }
    let (lines, leaks) = log::heard();
    all.lines = lines;
    all.add(leaks);
    Ok(all)
}

// In memory where there is such a place: nothing here has to outlive the machine.
fn below() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

fn one_world(options: &Options, number: u64, runtime: &Runtime) -> Outcome<Found> {
    let seed = options.seed;
    let world = plan::world(seed, number);
    let below = below();
    let (folder, submissions, served) = build::build(&world, &below, runtime.handle())?.end()?;
    if options.show {
        println!("{}", world.show(&served));
    }
    let whole = Whole { world: &world, folder: folder.path(), submissions: &submissions, served: &served };
    let mut random = Random::new(seed ^ number.wrapping_mul(77));
    let mut all = Found::default();
    for n in 0..READERS {
        let reader = match n {
            0 => Reader { token: None },
            _ => Reader { token: world.tokens.get(random.below(world.tokens.len() as u64) as usize) },
        };
        let found = walk::walk(&whole, &reader, &below, runtime.handle())?;
        all.pairs += found.pairs;
        all.answered += found.answered;
        all.shown += found.shown;
        all.queued += found.queued;
        all.leaks.extend(found.leaks);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The whole suite is a command; this is a taste of it, and that it tastes of something.
    #[test]
    fn nothing_leaks_on_any_road() {
        let options =
            Options { pairs: 4_000, seed: 1, from: 0, world: None, show: false, story: false, threads: 2 };
        let found = suite(&options).unwrap();
        assert!(found.leaks.is_empty(), "{}", found.leaks.join("\n\n"));
        assert!(found.answered > found.pairs / 3, "{} of {} answered", found.answered, found.pairs);
        assert!(found.queued > 5, "{} of what waits", found.queued);
        assert!(found.shown > found.pairs / 4, "{} of {} show canaries", found.shown, found.pairs);
    }
}
