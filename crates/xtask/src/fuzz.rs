//! Every parser fed with damaged inputs, on stable Rust: the targets and seeds of `fuzz/`, without libFuzzer.

#[path = "../../../fuzz/src/model.rs"]
mod model_targets;
mod mutate;
#[path = "../../../fuzz/src/rules.rs"]
mod rules_targets;
#[path = "../../../fuzz/src/scan.rs"]
mod scan_targets;
#[path = "../../../fuzz/src/shield.rs"]
mod shield_targets;
#[path = "../../../fuzz/src/stix.rs"]
mod stix_targets;
#[path = "../../../fuzz/src/strictjson.rs"]
mod strictjson_targets;

use crate::Outcome;
use mutate::Chance;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use strictjson_targets::Target;

/// An input that takes longer than this is a finding: inputs are a few kilobytes.
const SLOW: Duration = Duration::from_secs(2);

#[derive(clap::Args)]
pub struct Options {
    /// How long to run, in seconds, shared out among the targets.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only the targets whose name begins so.
    #[arg(long, default_value = "")]
    target: String,
    /// Where chance begins: the same number, the same inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the targets one after the other.
///
/// # Errors
/// An input made a target panic, or was slow; it is written below `fuzz/artifacts`.
pub fn run(options: &Options) -> Outcome {
    let seed = options.seed;
    let all = [
        strictjson_targets::TARGETS,
        stix_targets::TARGETS,
        model_targets::TARGETS,
        rules_targets::TARGETS,
        shield_targets::TARGETS,
        scan_targets::TARGETS,
    ];
    let targets: Vec<Target> =
        all.into_iter().flatten().copied().filter(|(name, _)| name.starts_with(&options.target)).collect();
    let share = Duration::from_secs(options.seconds) / u32::try_from(targets.len().max(1))?;
    println!("{} targets, {:.1} s each, seed {seed}", targets.len(), share.as_secs_f64());
    let quiet = Silence::begin();
    for target in targets {
        let inputs = run_target(target, seed, share, &quiet)?;
        println!("{:24} {inputs} inputs", target.0);
    }
    Ok(())
}

/// Runs one target on its seeds, then on what becomes of them; gives how many inputs it took.
fn run_target((name, target): Target, seed: u64, share: Duration, quiet: &Silence) -> Outcome<u64> {
    let seeds = read_seeds(name)?;
    let deadline = Instant::now() + share;
    let mut count = 0;
    loop {
        let input = match seeds.get(usize::try_from(count)?) {
            Some(seed) => seed.clone(),
            None if Instant::now() >= deadline => return Ok(count),
            None => Chance::new(seed.wrapping_add(count)).changed(&seeds),
        };
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| target(&input)));
        let fault = match outcome {
            Err(_) => quiet.last_message(),
            Ok(()) if begun.elapsed() > SLOW => format!("took {:.1} s", begun.elapsed().as_secs_f64()),
            Ok(()) => {
                count += 1;
                continue;
            }
        };
        let file = write_artifact(name, seed.wrapping_add(count), &input)?;
        return Err(format!("{name}: {fault}\nthe input is in {}", file.display()).into());
    }
}

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn read_seeds(name: &str) -> Outcome<Vec<Vec<u8>>> {
    let folder = fuzz_folder().join("seeds").join(name);
    let mut files = std::fs::read_dir(&folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>())
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    files.sort();
    if files.is_empty() {
        return Err(format!("{} holds no seeds", folder.display()).into());
    }
    files.into_iter().map(|file| Ok(std::fs::read(file)?)).collect()
}

fn write_artifact(name: &str, number: u64, input: &[u8]) -> Outcome<PathBuf> {
    let folder = fuzz_folder().join("artifacts").join(name);
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{number:x}"));
    std::fs::write(&file, input)?;
    Ok(file)
}

/// Keeps panics from printing while targets run: one finding is reported once, with its input.
struct Silence;

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

impl Silence {
    fn begin() -> Silence {
        std::panic::set_hook(Box::new(|info| {
            if let Ok(mut message) = LAST_PANIC.lock() {
                *message = info.to_string();
            }
        }));
        Silence
    }

    fn last_message(&self) -> String {
        LAST_PANIC.lock().map(|message| message.clone()).unwrap_or_default()
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        drop(std::panic::take_hook());
    }
}
