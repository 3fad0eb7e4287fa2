//! Connections: TCP, TLS, the folder's socket, and none at all.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, HOST, USER_AGENT};
use http::{HeaderValue, Request, Uri};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::{TcpStream, UnixStream};

use super::upload::Body;
use super::{Reply, SOCKET, warn_unencrypted};
use crate::failure::Failure;

const CONNECTING: Duration = Duration::from_secs(10);
/// With the socket's name behind it, within the system's 107 bytes.
const SHORT_BYTES: usize = 90;
const AGENT: &str = concat!("accord/", env!("CARGO_PKG_VERSION"));

/// A node at an address.
pub struct Server {
    url: String,
    base: String,
    host: String,
    port: u16,
    tls: bool,
    token: Option<String>,
    /// How the token is shown: `Bearer`, as nodes have it, or as others do.
    scheme: &'static str,
    authorities: Option<PathBuf>,
}

impl Server {
    /// The node at this http or https address; a path in it is the base of every route.
    ///
    /// # Errors
    /// The text is no such address.
    pub fn at(url: &str, token: Option<String>, authorities: Option<PathBuf>) -> Result<Server, Failure> {
        let wrong = || {
            Failure::usage(format!("`{url}` is not the address of a node"))
                .hint("use one such as https://ti.example.org or http://127.0.0.1:8470")
        };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().ok_or_else(wrong)?;
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(wrong().hint("give the token in ACCORD_TOKEN, not in the address"));
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let base = uri.path().trim_end_matches('/').to_owned();
        Ok(Server { url: url.to_owned(), base, host, port, tls, token, scheme: "Bearer", authorities })
    }

    /// The same, to which the token is shown in another scheme.
    #[must_use]
    pub fn with_scheme(mut self, scheme: &'static str) -> Server {
        self.scheme = scheme;
        self
    }

    /// The path below which every route lies.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends a request on a connection of its own.
    pub async fn send(&self, mut request: Request<Body>) -> Result<Reply, Failure> {
        if let Some(token) = &self.token {
            if !self.tls && !is_loopback(&self.host) {
                warn_unencrypted(&self.host);
            }
            show((self.scheme, token), &mut request)?;
        }
        let stream = self.connect().await?;
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let default_port = if self.tls { 443 } else { 80 };
        let host = if self.port == default_port { host } else { format!("{host}:{}", self.port) };
        if !self.tls {
            return exchange(TokioIo::new(stream), &host, request).await;
        }
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| Failure::usage(format!("`{}` cannot be the name in a certificate", self.host)))?;
        let connector = tokio_rustls::TlsConnector::from(Arc::new(self.tls_settings()?));
        let stream = connector.connect(name, stream).await.map_err(|error| {
            Failure::network(format!("no TLS with `{}`: {error}", self.url))
                .hint("give the authority that made its certificate with `--ca FILE`; one that stands for itself must be no authority (CA:FALSE)")
        })?;
        exchange(TokioIo::new(stream), &host, request).await
    }

    async fn connect(&self) -> Result<TcpStream, Failure> {
        let unreachable = |why: &str| {
            Failure::network(format!("cannot reach `{}`: {why}", self.url))
                .hint("check the address, and that the node runs: `accord serve`")
        };
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        let stream = tokio::time::timeout(CONNECTING, connecting)
            .await
            .map_err(|_| unreachable("no answer within 10 s"))?
            .map_err(|error| unreachable(&error.to_string()))?;
        // Best effort: without it, small requests wait a moment.
        let _delayed = stream.set_nodelay(true);
        Ok(stream)
    }

    fn tls_settings(&self) -> Result<rustls::ClientConfig, Failure> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = &self.authorities {
            let unreadable = |why: String| {
                Failure::usage(format!("cannot read the authorities `{}`: {why}", path.display()))
            };
            let certificates =
                CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
                roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let settings = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::network(format!("no TLS: {error}")))?;
        Ok(settings.with_root_certificates(roots).with_no_client_auth())
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A folder under a name short enough for a socket in it: those of the system are at most 107 bytes long. Linux knows
/// an open folder by its number as well.
pub struct ShortPath {
    path: PathBuf,
    _folder: Option<File>,
}

impl ShortPath {
    /// The name; good for as long as this is held.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The folder, under a name short enough for a socket in it.
///
/// # Errors
/// There is no such folder.
pub fn short_path(folder: &Path) -> io::Result<ShortPath> {
    if folder.as_os_str().len() <= SHORT_BYTES {
        return Ok(ShortPath { path: folder.to_owned(), _folder: None });
    }
    let open = File::open(folder)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd()));
    Ok(ShortPath { path, _folder: Some(open) })
}

async fn connect_to_socket(folder: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(short_path(folder)?.path().join(SOCKET)).await
}

/// Whether a node listens on the folder's socket.
pub async fn answers(folder: &Path) -> bool {
    connect_to_socket(folder).await.is_ok()
}

/// Puts a token into a request.
fn show((scheme, token): (&str, &str), request: &mut Request<Body>) -> Result<(), Failure> {
    let mut value = HeaderValue::from_str(&format!("{scheme} {token}"))
        .map_err(|_| Failure::usage("the token holds characters that no token has"))?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(())
}

/// Sends a request to the node that runs on the folder, by a token or as the folder's owner.
pub async fn send_to_socket(
    folder: &Path,
    token: Option<&str>,
    mut request: Request<Body>,
) -> Result<Reply, Failure> {
    if let Some(token) = token {
        show(("Bearer", token), &mut request)?;
    }
    let stream = connect_to_socket(folder).await.map_err(|error| {
        Failure::network(format!(
            "cannot reach the node through `{}`: {error}",
            folder.join(SOCKET).display()
        ))
    })?;
    exchange(TokioIo::new(stream), "localhost", request).await
}

/// Sends a request to the router in this process, by a token or as the folder's owner.
pub async fn send_inside(
    router: &web::Router,
    token: Option<&str>,
    request: Request<Body>,
) -> Result<Reply, Failure> {
    let caller = match token {
        Some(token) => router.node().authenticate(&node::Credential::Token(token.to_owned()), None)?,
        None => router.node().operator(),
    };
    Ok(Reply::new(router.call(caller, request.map(Into::into)).await))
}

async fn exchange<S>(stream: S, host: &str, mut request: Request<Body>) -> Result<Reply, Failure>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let host = HeaderValue::from_str(host).map_err(|_| Failure::usage("the host name cannot be sent"))?;
    request.headers_mut().insert(HOST, host);
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let broken =
        |error: hyper::Error| Failure::network(format!("the connection broke: {}", root_cause(&error)));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(broken)?;
    // The connection runs beside the caller, who reads the answer while the request may still be going out.
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(broken)?;
    Ok(Reply::new(response))
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
