//! `accord edge`: the agent beside sensors, and how it stands.

use std::path::Path;
use std::sync::Arc;

use edge::core::config::{self, Config, SensorKind};
use edge::status::{SensorStatus, Status};
use tokio::signal::unix::{SignalKind, signal};

use super::{grouped, notify, text_of};
use crate::arguments::{Edge, EdgeCommand, Global};
use crate::failure::{Exit, Failure};
use crate::logging;
use crate::settings::{LogFormat, LogSection};
use crate::terminal::{Output, Style, inert};
use crate::transport::{Server, Way};

/// Runs the agent, or tells of it. It has a file of its own, and no folder of a node.
///
/// # Errors
/// The file is wrong, or the agent cannot run.
pub fn run(global: &Global, edge: &Edge, output: &mut Output) -> Result<Exit, Failure> {
    let configured = || {
        global.config.clone().or_else(|| std::env::var_os("ACCORD_CONFIG").map(Into::into)).ok_or_else(|| {
            Failure::usage("`accord edge` needs its file")
                .hint("name it with `--config edge.toml`; docs/edge.md has one to begin with")
        })
    };
    match &edge.command {
        Some(EdgeCommand::Check(asked)) => check(&asked.file, output),
        Some(EdgeCommand::Status) => status(&configured()?, output),
        None => serve(&configured()?, &edge.log_format),
    }
}

fn read(path: &Path) -> Result<Config, Failure> {
    config::read(&text_of(path)?).map_err(|wrong| {
        Failure::usage(format!("`{}`: {wrong}", path.display())).hint("docs/edge.md lists what may be said")
    })
}

fn check(path: &Path, output: &mut Output) -> Result<Exit, Failure> {
    let config = read(path)?;
    // What connects reads addresses once more, and is asked here before the edge is.
    Server::at(&config.url, None, None)?;
    for sensor in &config.sensors {
        if let SensorKind::Elastic { url, .. } = &sensor.kind {
            Server::at(url, None, None)?;
        }
    }
    if output.json {
        let sensors: Vec<_> = config
            .sensors
            .iter()
            .map(|sensor| serde_json::json!({"name": sensor.name, "kind": sensor.kind.name()}))
            .collect();
        output.document(&serde_json::json!({"name": config.name, "url": config.url, "sensors": sensors}))?;
        return Ok(Exit::Ok);
    }
    output.line("nothing is wrong with it")?;
    Ok(Exit::Ok)
}

fn token(config: &Config) -> Result<String, Failure> {
    let path = &config.token_file;
    let read = std::fs::read_to_string(path);
    let token = read.map_err(|error| {
        Failure::usage(format!("the token's file `{}` cannot be read: {error}", path.display()))
            .hint("`accord token add --role sensor` makes a token; write it into that file")
    })?;
    Ok(token.trim().to_owned())
}

fn serve(path: &Path, format: &str) -> Result<Exit, Failure> {
    let config = read(path)?;
    let format = if format == "json" { LogFormat::Json } else { LogFormat::Text };
    let _written_at_the_end = logging::start(&LogSection { format, ..LogSection::default() })?;
    let cannot_start = |error: std::io::Error| Failure::network(format!("cannot start: {error}"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("connects")
        .enable_all()
        .build()
        .map_err(cannot_start)?;
    let token = token(&config)?;
    let way = Way::new(&config.url, Some(token), config.ca.clone(), runtime.handle().clone())?;
    let state = config.state.clone();
    let edge = edge::agent::Edge::start(config, crate::system_clock(), Arc::new(way)).map_err(|error| {
        Failure::new(Exit::Conflict, format!("cannot use `{}`: {error}", state.display()))
    })?;
    notify::tell("READY=1");
    runtime.block_on(async {
        let watch = |kind: SignalKind| signal(kind).map_err(cannot_start);
        let (mut terminate, mut interrupt) =
            (watch(SignalKind::terminate())?, watch(SignalKind::interrupt())?);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok::<(), Failure>(())
    })?;
    notify::tell("STOPPING=1");
    edge.stop();
    tracing::info!("the edge has stopped; sensors keep what they hold");
    runtime.shutdown_background();
    Ok(Exit::Ok)
}

fn status(path: &Path, output: &mut Output) -> Result<Exit, Failure> {
    let config = read(path)?;
    let no_agent = |why: String| Failure::network(why).hint("start it: `accord edge --config FILE`");
    let status = Status::read(&config.state)
        .map_err(|error| no_agent(format!("no edge runs on `{}`: {error}", config.state.display())))?;
    let is_stale = status.is_stale((crate::system_clock())());
    if output.json {
        output.document(&serde_json::json!({"running": !is_stale, "status": status}))?;
    } else {
        write(&status, output)?;
    }
    if is_stale {
        return Err(no_agent(format!("the edge does not run: it was last there at {}", status.at)));
    }
    Ok(if status.alarms.is_empty() { Exit::Ok } else { Exit::Finding })
}

fn write(status: &Status, output: &mut Output) -> Result<(), Failure> {
    let state = if status.connected {
        output.paint(Style::Good, "connected")
    } else {
        output.paint(Style::Warning, "not connected")
    };
    let name = output.paint(Style::Strong, &inert(&status.name));
    output.line(&format!("{name}  {}  {state}", inert(&status.url)))?;
    let knowledge = match (&status.knowledge, status.age_s) {
        (Some(knowledge), Some(age)) => format!("all is known as of {}, {age} s ago", inert(knowledge)),
        _ => "nothing is known yet".to_owned(),
    };
    output.line(&format!(
        "  {} values; {knowledge}; fails {}",
        grouped(status.values),
        inert(&status.fail)
    ))?;
    for sensor in &status.sensors {
        write_sensor(sensor, output)?;
    }
    for alarm in &status.alarms {
        output.line(&format!("{} {}", output.paint(Style::Alert, "wrong:"), inert(alarm)))?;
    }
    Ok(())
}

fn write_sensor(sensor: &SensorStatus, output: &mut Output) -> Result<(), Failure> {
    let holds = match (&sensor.error, &sensor.applied) {
        (Some(_), _) => output.paint(Style::Alert, "does not take all that it is told"),
        (None, Some(applied)) => {
            format!(
                "{} values, {} block, at {}",
                grouped(sensor.entries),
                grouped(sensor.blocks),
                inert(applied)
            )
        }
        (None, None) => output.paint(Style::Warning, "was told nothing yet"),
    };
    let name = output.paint(Style::Strong, &inert(&sensor.name));
    output.line(&format!("  {name}  {}  {holds}", inert(&sensor.kind)))
}
