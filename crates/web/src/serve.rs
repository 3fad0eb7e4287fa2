//! Serving: HTTP/1.1 and HTTP/2 over TCP, TLS and the admin socket, within limits.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::Router;
use crate::body::RequestBody;
use crate::connection::Watched;
use crate::loops::{Dealer, Loops};
use crate::owed::{Owed, Owing};
use crate::request::{Arrival, Road};
use crate::router::Shared;
use crate::telling::{Abort, Telling};
use crate::tls::Tls;

/// The folder's owner may pipe from what is slow and to what is read by hand: he holds up nobody but himself.
const OWNER_PATIENCE: Duration = Duration::from_secs(24 * 3_600);
/// A TLS handshake takes no longer than this, nor than headers may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// After an error that accepting runs into again at once, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The head of a request, in bytes: a `match[id]` of a thousand ids fits.
const HEAD_BYTES: usize = 128 << 10;
/// Requests at the same time on one HTTP/2 connection.
const STREAMS: u32 = 100;
/// After this long without a word, an HTTP/2 client is asked whether it is there.
const PING: Duration = Duration::from_secs(20);

/// A server: a router and what it listens on.
#[derive(Debug)]
pub struct Server {
    router: Router,
    tls: Option<Arc<Tls>>,
    tcp: Vec<TcpListener>,
    dealer: Dealer,
    admin_socket: Option<(UnixListener, PathBuf)>,
}

impl Server {
    /// A server that listens on nothing yet. With the settings' TLS files, if they name any.
    ///
    /// # Errors
    /// Files that cannot be used.
    pub fn new(router: Router) -> io::Result<Server> {
        let tls = Tls::load(router.settings()).map_err(io::Error::other)?;
        Ok(Server { router, tls, tcp: Vec::new(), dealer: Dealer::default(), admin_socket: None })
    }

    /// Has TCP connections served by `loops`, which outlive it. Without, the runtime that it runs on serves them.
    #[must_use]
    pub fn over(self, loops: &Loops) -> Server {
        Server { dealer: loops.dealer(), ..self }
    }

    /// Listens on an address; with port 0 the system chooses. Answers the address.
    ///
    /// # Errors
    /// Those of the system: in use, not allowed, not ours.
    pub async fn listen(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        self.accept_from(TcpListener::bind(address).await?)
    }

    /// The same on what listens already. Answers its address.
    ///
    /// # Errors
    /// Those of the system.
    pub fn accept_from(&mut self, listener: TcpListener) -> io::Result<SocketAddr> {
        let address = listener.local_addr()?;
        self.tcp.push(listener);
        Ok(address)
    }

    /// Whether its TCP listeners speak TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Listens on the admin socket, which only the folder's owner can open. The node holds the folder's lock, so a
    /// socket that is there already is one that was left behind.
    ///
    /// # Errors
    /// Those of the system.
    pub fn listen_admin(&mut self, path: &Path) -> io::Result<()> {
        // Nobody must connect before the mode is set, so it gets its name last.
        let new = path.with_extension("new");
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&new)?;
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&new, path)?;
        self.admin_socket = Some((listener, path.to_owned()));
        Ok(())
    }

    /// Serves until `stop` is ready, then lets the requests that run come to their end, for as long as the settings
    /// say.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Server { router, tls, tcp, dealer, admin_socket } = self;
        let drain = router.settings().drain_timeout;
        let graceful = Arc::new(GracefulShutdown::new());
        let places = Arc::new(Semaphore::new(router.settings().max_connections));
        let front = Front::new(router.clone());
        let shared = Arc::clone(router.shared());
        let mut accepting = JoinSet::new();
        accepting.spawn(async move { router.shared().connections.watch(router.node()).await });
        if let Some(tls) = &tls {
            accepting.spawn(Arc::clone(tls).watch());
        }
        for listener in tcp {
            let accept = Accept { front: front.clone(), graceful: Arc::clone(&graceful) };
            accepting.spawn(accept.tcp(listener, dealer.clone(), tls.clone(), Arc::clone(&places)));
        }
        let mut socket = None;
        if let Some((listener, path)) = admin_socket {
            let accept = Accept { front, graceful: Arc::clone(&graceful) };
            accepting.spawn(accept.admin(listener));
            socket = Some(path);
        }
        stop.await;
        shared.closing.send_replace(true);
        accepting.shutdown().await;
        if let Some(path) = socket {
            let _gone = std::fs::remove_file(path);
        }
        // The tasks that accepted are gone, and with them every other hold on it.
        let Some(graceful) = Arc::into_inner(graceful) else { return };
        if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still running and were broken off");
        }
    }
}

/// What serves connections.
#[derive(Clone)]
struct Front {
    router: Router,
    builder: Arc<Builder<TokioExecutor>>,
}

impl Front {
    fn new(router: Router) -> Front {
        let header_timeout = router.settings().header_timeout;
        let mut builder = Builder::new(TokioExecutor::new());
        // The time limit also ends connections that are kept open and not used.
        builder.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout).max_buf_size(HEAD_BYTES);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEAD_BYTES as u32)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING);
        Front { router, builder: Arc::new(builder) }
    }

    /// Serves one connection to its end.
    async fn serve<S>(self, stream: S, arrival: Arrival, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Abort + Unpin + Send + 'static,
    {
        let Front { router, builder } = self;
        let begin = router.settings().header_timeout;
        let idle = match arrival.road {
            Road::AdminSocket => OWNER_PATIENCE,
            _ => router.settings().idle_timeout,
        };
        let _counted = Counted::new(router.shared());
        let owed = Owed::new(idle);
        let due = owed.clone();
        let account = router.shared().connections.open();
        let told = Arc::clone(&account);
        let service = service_fn(move |request: http::Request<Incoming>| {
            let (router, arrival) = (router.clone(), arrival.clone());
            let owed = (request.version() == http::Version::HTTP_2).then(|| due.clone());
            let mut request = request.map(|body| RequestBody::wire(body, idle));
            request.extensions_mut().insert(told.begin());
            async move {
                let mut answer = router.handle(request, arrival).await;
                let telling = answer.extensions_mut().remove::<Arc<Telling>>();
                Ok::<_, Infallible>(answer.map(|body| Owing::new(body, owed, telling)))
            }
        });
        let stream = TokioIo::new(Watched::new(stream, Arc::clone(&account), begin, idle));
        let connection = builder.serve_connection(stream, service).into_owned();
        tokio::select! {
            ended = watcher.watch(connection) => if let Err(error) = ended {
                tracing::debug!(error, "a connection ended early");
            },
            () = owed.overdue() => tracing::debug!("a client did not take its answers"),
            () = account.broken_off() => tracing::debug!("what was on its way is no longer for its client"),
        }
    }
}

/// A connection among those that are open, until it is dropped, also by a panic.
struct Counted(Arc<Shared>);

impl Counted {
    fn new(shared: &Arc<Shared>) -> Counted {
        shared.metrics.connections.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(shared))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.metrics.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What accepts connections and hands them to a front of their own.
struct Accept {
    front: Front,
    graceful: Arc<GracefulShutdown>,
}

impl Accept {
    async fn tcp(self, listener: TcpListener, dealer: Dealer, tls: Option<Arc<Tls>>, places: Arc<Semaphore>) {
        // A place first: beyond the limit, clients wait in the system's queue.
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let accepted = listener.accept().await;
            match accepted.and_then(|(stream, peer)| Ok((stream.into_std()?, peer))) {
                Ok((stream, peer)) => {
                    let (front, tls) = (self.front.clone(), tls.clone());
                    let watcher = self.graceful.watcher();
                    dealer.spawn(async move {
                        match TcpStream::from_std(stream) {
                            Ok(stream) => serve_tcp(front, stream, peer, tls, watcher).await,
                            Err(error) => tracing::warn!(%error, "a connection could not be served"),
                        }
                        drop(place);
                    });
                }
                Err(error) => pause(&error).await,
            }
        }
    }

    // The admin socket is not counted among the connections: the operator gets in when the node is full.
    async fn admin(self, listener: UnixListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let arrival = Arrival { road: Road::AdminSocket, peer: None };
                    tokio::spawn(self.front.clone().serve(stream, arrival, self.graceful.watcher()));
                }
                Err(error) => pause(&error).await,
            }
        }
    }
}

async fn pause(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

async fn serve_tcp(
    front: Front,
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Arc<Tls>>,
    watcher: Watcher,
) {
    // An answer is written whole; waiting for more to send would only delay it.
    let _best_effort = stream.set_nodelay(true);
    let peer = Some(peer.ip());
    let Some(tls) = tls else {
        return front.serve(stream, Arrival { road: Road::Tcp, peer }, watcher).await;
    };
    let patience = HANDSHAKE.min(front.router.settings().header_timeout);
    let handshake = TlsAcceptor::from(tls.current()).accept(stream);
    match tokio::time::timeout(patience, handshake).await {
        Ok(Ok(stream)) => {
            let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let digest = certificate.map(|certificate| Sha256::digest(certificate).into());
            front.serve(stream, Arrival { road: Road::Tls(digest), peer }, watcher).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}
