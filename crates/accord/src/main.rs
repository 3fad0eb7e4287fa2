//! The binary: arguments, settings, wiring. It holds no rules; `node` does.

mod arguments;
mod commands;
mod credentials;
mod failure;
mod logging;
mod settings;
mod terminal;
mod transport;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;

use arguments::{Arguments, Command, Global};
use failure::{Exit, Failure};
use settings::{Loaded, PlaceFlags, Raw};
use terminal::Output;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refused(&error),
    };
    let json = arguments.global.json;
    match run(arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            terminal::tell_failure(&failure, json);
            failure.exit.into()
        }
    }
}

// What is no command, or asks for help. Whoever asks for JSON is told in JSON, as of every other failure.
fn refused(error: &clap::Error) -> ExitCode {
    let mut asked = std::env::args_os().take_while(|argument| argument != "--");
    if !error.use_stderr() || !asked.any(|argument| argument == "--json") {
        error.exit();
    }
    terminal::tell_failure(&failure::of_arguments(error), true);
    Exit::Usage.into()
}

fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let mut output = Output::new(arguments.global.json, arguments.global.quiet);
    let exit = match arguments.command {
        Command::Completions(completions) => {
            commands::documents::completions(&mut output, completions.shell)?
        }
        Command::Man => commands::documents::man(&mut output)?,
        Command::Version => commands::documents::version(&mut output)?,
        Command::Edge(edge) => commands::edge::run(&arguments.global, &edge, &mut output)?,
        command => {
            let flags = match &command {
                Command::Serve(serve) => serve.settings(),
                _ => Vec::new(),
            };
            let loaded = load(&arguments.global, flags)?;
            commands::run(command, &loaded, &mut output)?
        }
    };
    output.flush()?;
    Ok(exit)
}

fn load(global: &Global, mut flags: Vec<(String, String, Raw)>) -> Result<Loaded, Failure> {
    let place = PlaceFlags {
        data: global.data.clone(),
        config: global.config.clone(),
        url: global.url.clone(),
        token: global.token.clone(),
        ca: global.ca.clone(),
    };
    let set =
        global.set.iter().map(|(key, value)| ("--set".to_owned(), key.clone(), Raw::Text(value.clone())));
    flags.extend(set);
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .collect();
    settings::load(place, &environment, &flags)
}

/// The machine's clock, for the node.
fn system_clock() -> node::Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        model::Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    })
}
