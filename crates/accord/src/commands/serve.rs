//! `accord serve`: a node, and the ways in to it.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use node::Node;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use web::{Loops, Server};

use super::notify;
use crate::failure::{Exit, Failure};
use crate::logging;
use crate::settings::Loaded;
use crate::terminal::{Output, Style};
use crate::transport::{SOCKET, open_node, short_path};

/// How often the node is asked whether it still writes.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// Runs the node until it is told to stop.
///
/// # Errors
/// Another process has the folder; an address cannot be listened on; TLS files cannot be used; the node ended itself,
/// because it could write no more.
pub fn run(loaded: &Loaded, output: &mut Output) -> Result<Exit, Failure> {
    let _written_at_the_end = logging::start(&loaded.settings.log)?;
    let cannot_start = |error: io::Error| Failure::network(format!("cannot start: {error}"));
    // It accepts, and serves the admin socket.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("accepts")
        .enable_all()
        .build()
        .map_err(cannot_start)?;
    // Before anything is made: an address that is mistyped or taken leaves no folder behind.
    let listeners = runtime.block_on(listeners(loaded))?;
    let settings = loaded.settings.web()?;
    let node = open_node(loaded, &loaded.place.data.value)?;
    let loops = Loops::start().map_err(cannot_start)?;
    let stopped = runtime.block_on(serve(loaded, (&node, &loops), listeners, &settings, output));
    runtime.shutdown_timeout(settings.drain_timeout);
    loops.stop(settings.drain_timeout);
    node.stop();
    stopped?;
    tracing::info!("the node has stopped");
    Ok(Exit::Ok)
}

async fn serve(
    loaded: &Loaded,
    (node, loops): (&Node, &Loops),
    listeners: Vec<TcpListener>,
    settings: &web::WebSettings,
    output: &mut Output,
) -> Result<(), Failure> {
    let router = web::router(node.clone(), settings);
    let server = Server::new(router).map_err(|error| Failure::usage(error.to_string()))?;
    let mut server = server.over(loops);
    let mut listening = Vec::new();
    for listener in listeners {
        let address = server.accept_from(listener);
        listening.push(address.map_err(|error| Failure::network(format!("cannot listen: {error}")))?);
    }
    let folder = short_path(&loaded.place.data.value);
    let folder = folder.map_err(|error| Failure::usage(format!("cannot open the folder: {error}")))?;
    server.listen_admin(&folder.path().join(SOCKET)).map_err(|error| {
        Failure::usage(format!(
            "cannot listen on `{}`: {error}",
            loaded.place.data.value.join(SOCKET).display()
        ))
    })?;
    let stop = stop_signal()?;
    greet(loaded, node, server.is_tls(), &listening, output)?;
    notify::tell("READY=1");
    let mut broken = None;
    let stop = async {
        tokio::select! {
            () = stop => {}
            why = stopped_by_itself(|| node.has_stopped()) => broken = Some(why),
        }
        notify::tell("STOPPING=1");
    };
    server.run(stop).await;
    match broken {
        None => Ok(()),
        Some(why) => {
            let failure = Failure::network(format!("the node has ended itself: {why}"));
            Err(failure.hint("start it again; what was acknowledged stands"))
        }
    }
}

/// Ready when the node can write no more until the process starts anew. A supervisor restarts a process that ended, and
/// none that is merely useless.
async fn stopped_by_itself(ask: impl Fn() -> Option<String>) -> String {
    let mut every = tokio::time::interval(WATCH_EVERY);
    loop {
        every.tick().await;
        if let Some(why) = ask() {
            tracing::error!(error = why, "the store has stopped writing: the node ends");
            return why;
        }
    }
}

/// Listens on every address that the settings name. Nobody is answered yet.
async fn listeners(loaded: &Loaded) -> Result<Vec<TcpListener>, Failure> {
    let mut listeners = Vec::new();
    for name in &loaded.settings.listen.addresses {
        let wrong = |why: &str| {
            Failure::usage(format!("cannot listen on `{name}`: {why}"))
                .hint("use HOST:PORT, such as 127.0.0.1:8470")
        };
        let found = name.to_socket_addrs().map_err(|error| wrong(&error.to_string()))?;
        let before = listeners.len();
        for address in found {
            let listener = TcpListener::bind(address).await;
            listeners.push(listener.map_err(|error| cannot_listen(name, &error))?);
        }
        if listeners.len() == before {
            return Err(wrong("it has no address"));
        }
    }
    if listeners.is_empty() {
        return Err(Failure::usage("`listen.addresses` is empty").hint("give one with `--listen HOST:PORT`"));
    }
    Ok(listeners)
}

fn cannot_listen(name: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            Failure::new(Exit::Conflict, format!("another process listens on `{name}`"))
                .hint("stop it, or choose another address with `--listen HOST:PORT`")
        }
        io::ErrorKind::PermissionDenied => Failure::usage(format!("may not listen on `{name}`"))
            .hint("ports below 1024 are for root: choose a higher one, with a proxy in front"),
        _ => Failure::usage(format!("cannot listen on `{name}`: {error}")),
    }
}

/// Ready when the process is asked to stop. SIGHUP does not stop it: certificates are read again when they change.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let watch = |kind: SignalKind| {
        signal(kind).map_err(|error| Failure::network(format!("cannot watch for signals: {error}")))
    };
    let (mut terminate, mut interrupt) = (watch(SignalKind::terminate())?, watch(SignalKind::interrupt())?);
    let mut hang_up = watch(SignalKind::hangup())?;
    Ok(async move {
        loop {
            let stop = tokio::select! {
                _ = terminate.recv() => true,
                _ = interrupt.recv() => true,
                () = received(&mut hang_up) => false,
            };
            if stop {
                tracing::info!("stopping: requests that run come to their end");
                return;
            }
            tracing::info!("SIGHUP: certificates are read again when their files have changed");
        }
    })
}

async fn received(signal: &mut Signal) {
    signal.recv().await;
}

/// Says where the node is, how to sign in, and what to try next. On standard output, for whoever started it; the log
/// is on standard error.
fn greet(
    loaded: &Loaded,
    node: &Node,
    tls: bool,
    listening: &[SocketAddr],
    output: &mut Output,
) -> Result<(), Failure> {
    let secret = match node.first_secret(false) {
        // A full disk keeps nobody from reading.
        Err(error) if error.kind == node::Kind::Unavailable => {
            tracing::warn!(%error, "no one-time secret could be made");
            None
        }
        secret => secret?,
    };
    let scheme = if tls { "https" } else { "http" };
    let base = loaded.settings.web()?.base().to_owned();
    let addresses: Vec<String> =
        listening.iter().map(|address| format!("{scheme}://{address}{base}/")).collect();
    for address in &addresses {
        tracing::info!(listen.address = address, "the node listens");
    }
    let public =
        loaded.settings.listen.public_url.clone().or_else(|| addresses.first().cloned()).unwrap_or_default();
    let public = public.trim_end_matches('/');
    let folder = &loaded.place.data.value;
    if output.json {
        let version = env!("CARGO_PKG_VERSION");
        output.document(&json!({
            "name": "accord", "version": version, "addresses": addresses, "url": public,
            "data": folder.display().to_string(), "secret": secret,
        }))?;
        return Ok(());
    }
    if output.quiet {
        return Ok(());
    }
    let title = output.paint(Style::Strong, &format!("{public}/"));
    output.line(&format!("accord {} serves {title} from {}", env!("CARGO_PKG_VERSION"), folder.display()))?;
    for address in addresses.iter().filter(|address| **address != format!("{public}/")) {
        output.line(&format!("it listens on {address}"))?;
    }
    output.line("")?;
    match secret {
        Some(secret) => {
            output.line(&format!("one-time secret  {}", output.paint(Style::Strong, &secret)))?;
            output
                .line("trade it once for an administrator's token, valid 24 hours, on the page or with:")?;
            output.line(&format!("  accord login {public}"))?;
        }
        None => output.line("for a new one-time secret: accord login --renew")?,
    }
    let data = match loaded.place.data.origin {
        crate::settings::Origin::Default => String::new(),
        _ => format!(" --data {}", folder.display()),
    };
    output.line("")?;
    output.line("try next, in another terminal:")?;
    output.line(&format!("  accord import FILE{data}         bundles, CSV and plain lists"))?;
    output.line(&format!("  accord lookup 203.0.113.7{data}  what is known of it"))?;
    output.line(&format!("  accord token add --member NAME --role reader{data}"))?;
    output.line(&format!("  TAXII clients: {public}/taxii2/"))?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_writes_no_more_ends() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let asked = std::cell::Cell::new(0);
        let why = runtime.block_on(stopped_by_itself(|| {
            asked.set(asked.get() + 1);
            (asked.get() == 2).then(|| "it panicked".to_owned())
        }));
        assert_eq!((why.as_str(), asked.get()), ("it panicked", 2));
    }
}
