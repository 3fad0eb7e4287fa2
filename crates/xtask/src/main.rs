//! Chores of the house: `cargo xtask crash`, `cargo xtask bench exchange`.
#![expect(clippy::print_stdout, reason = "chores tell people what they found")]

mod acting;
mod bench;
mod crash;
mod fuzz;
mod generate;
mod histories;
mod http;
mod leaks;
mod planted;
mod scans;
mod sensors;
mod server;
mod writes;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Chores of the house", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Kill a node again and again while it takes objects in; judge from outside that what it acknowledged stands.
    Crash(crash::Options),
    /// Measure, and print ratios to an anchor that ran beside.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Feed every parser with damaged inputs; none may panic or break its promise.
    Fuzz(fuzz::Options),
    /// Walk generated worlds on every road; nothing that a reader may not see may change what he is told.
    Leaks(leaks::Options),
    /// Try generated writes, by people of every role, on what is theirs and what is not; what was written must be what was
    /// authorised, and nothing else.
    Writes(writes::Options),
    /// Go through generated histories; everybody is told what stands on paper, and who asks again and again loses nothing.
    Histories(histories::Options),
    /// Write made-up items in every format that sensors read, for their own parsers to judge.
    Sensors(sensors::Options),
    /// Give a node a feed in which what is everybody's is planted; none of that may block, and all the rest must.
    Planted(planted::Options),
    /// Plant indicators in made-up logs of every format and go through them; all of it must be found, and nothing else.
    Scans(scans::Options),
}

/// What a chore may end with: a text that says what failed.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> std::process::ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Crash(options) => crash::run(&options),
        Chore::Bench(which) => bench::run(&which),
        Chore::Fuzz(options) => fuzz::run(&options),
        Chore::Leaks(options) => leaks::run(&options),
        Chore::Writes(options) => writes::run(&options),
        Chore::Histories(options) => histories::run(&options),
        Chore::Sensors(options) => sensors::run(&options),
        Chore::Planted(options) => planted::run(&options),
        Chore::Scans(options) => scans::run(&options),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
