//! Connections: TLS, its certificates and those of clients, the admin socket, slow clients, limits.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use node::Settings;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use web::{Server, WebSettings};

use crate::house::House;

/// A server on a port of its own.
pub struct Serving {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl Serving {
    pub async fn start(house: &House) -> Serving {
        let mut server = Server::new(house.router.clone()).unwrap();
        let address = server.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        server.listen_admin(&house.folder().join("admin.sock")).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async move { drop(stopped.await) }));
        Serving { address, stop: Some(stop), running }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

impl Serving {
    /// Asks it to stop.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Sends bytes and reads all that comes back until the other end closes; at most ten seconds.
async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), bytes: &str) -> String {
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    let _reset = read.expect("the server did not close");
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
}

fn impatient() -> WebSettings {
    WebSettings {
        header_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(300),
        ..WebSettings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_socket_is_the_owners_alone() {
    let house = House::new();
    let path = house.folder().join("admin.sock");
    std::fs::write(&path, "left behind").unwrap();
    let mut serving = Serving::start(&house).await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let answer = exchange(&mut UnixStream::connect(&path).await.unwrap(), &get("/taxii2/")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let answer = exchange(&mut serving.connect().await, &get("/taxii2/")).await;
    assert!(answer.starts_with("HTTP/1.1 401 Unauthorized"), "{answer}");
    drop(serving.stop.take());
    (&mut serving.running).await.unwrap();
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_cut_off() {
    let house = House::with(Settings::default(), &impatient());
    house.member("A");
    let token = house.token("A", &["analyst"]);
    let collection = house.collection("All", |_| {});
    let serving = Serving::start(&house).await;
    let post = format!(
        "POST /taxii2/default/collections/{collection}/objects/ HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\
         \r\ncontent-type: application/taxii+json\r\ncontent-length: 100\r\n\r\n{{\"obj"
    );
    for (begin, answer) in [
        ("", ""),
        ("GET /tax", ""),
        ("PRI * HTTP/2.0\r\n", ""),
        ("GET /taxii2/ HTTP/1.1\r\nhost: x\r\nx-never-en", ""),
        (post.as_str(), "HTTP/1.1 408 Request Timeout"),
    ] {
        let started = Instant::now();
        let got = exchange(&mut serving.connect().await, begin).await;
        // hyper may say 408 itself before it closes.
        assert!(got.starts_with(answer) || got.starts_with("HTTP/1.1 408"), "{begin:?}: {got}");
        assert!(started.elapsed() < Duration::from_secs(3), "{begin:?} took {:?}", started.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_trickles_is_cut_off() {
    let house = House::with(Settings::default(), &impatient());
    house.member("A");
    let token = house.token("A", &["analyst"]);
    let collection = house.collection("All", |_| {});
    let serving = Serving::start(&house).await;
    let post = format!(
        "POST /taxii2/default/collections/{collection}/objects/ HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\
         \r\ncontent-type: application/taxii+json\r\ncontent-length: 100000\r\n\r\n"
    );
    for begin in ["GET /livez HTTP/1.1\r\nhost: x\r\nx-slow: ", &post] {
        let started = Instant::now();
        let (mut read, mut write) = serving.connect().await.into_split();
        write.write_all(begin.as_bytes()).await.unwrap();
        let trickle = tokio::spawn(async move {
            while write.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        let mut answer = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(8), read.read_to_end(&mut answer)).await;
        trickle.abort();
        let _reset = closed.unwrap_or_else(|_| panic!("still open after {:?}: {begin}", started.elapsed()));
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{begin}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tls_handshake_that_is_not_made_is_cut_off() {
    let files = tempfile::tempdir().unwrap();
    let (certificate, key) = Authority::new("server").sign(files.path(), "server");
    let web = WebSettings {
        tls_certificate: Some(certificate),
        tls_key: Some(key),
        max_connections: 2,
        ..impatient()
    };
    let house = House::with(Settings::default(), &web);
    let serving = Serving::start(&house).await;
    // More than there are places for: each waits its turn and is let go.
    let silent = (0..6).map(|_| async {
        let mut stream = serving.connect().await;
        // The beginning of a handshake, and no more.
        assert_eq!(exchange(&mut stream, "\u{16}\u{3}\u{1}").await, "");
    });
    let started = Instant::now();
    for one in silent.collect::<Vec<_>>() {
        one.await;
    }
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_cut_off() {
    let house = House::with(Settings { anonymous: true, ..Settings::default() }, &impatient());
    let serving = Serving::start(&house).await;
    let mut stream = serving.connect().await;
    let requests = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(2000);
    // The server stops reading when nobody takes its answers, so this may not all go out.
    let _all = tokio::time::timeout(Duration::from_secs(1), stream.write_all(requests.as_bytes())).await;
    let open = || house.router.shared().metrics.connections.load(std::sync::atomic::Ordering::Relaxed);
    let deadline = Instant::now() + Duration::from_secs(5);
    while open() > 0 {
        assert!(Instant::now() < deadline, "the connection is still held");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn content_above_the_limit_is_refused_and_the_refusal_is_read() {
    let settings = Settings { max_content_bytes: 100_000, ..Settings::default() };
    let house = House::with(settings, &WebSettings::default());
    house.member("A");
    let token = house.token("A", &["analyst"]);
    let collection = house.collection("All", |_| {});
    let serving = Serving::start(&house).await;
    let head = |framing: &str| {
        format!(
            "POST /taxii2/default/collections/{collection}/objects/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             authorization: Bearer {token}\r\ncontent-type: application/taxii+json\r\n{framing}\r\n\r\n"
        )
    };
    let content = "x".repeat(5_000_000);
    let sized = head("content-length: 5000000") + &content;
    let chunked =
        format!("{}{:x}\r\n{content}\r\n0\r\n\r\n", head("transfer-encoding: chunked"), content.len());
    for request in [sized, chunked] {
        let answer = exchange(&mut serving.connect().await, &request).await;
        assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large"), "{answer}");
        assert!(answer.contains("application/taxii+json;version=2.1"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_before_it_sends_is_told_no_at_once() {
    let house = House::new();
    let collection = house.collection("All", |_| {});
    let serving = Serving::start(&house).await;
    let request = format!(
        "POST /taxii2/default/collections/{collection}/objects/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         expect: 100-continue\r\ncontent-type: application/taxii+json\r\ncontent-length: 5000000\r\n\r\n"
    );
    let started = Instant::now();
    let answer = exchange(&mut serving.connect().await, &request).await;
    assert!(answer.starts_with("HTTP/1.1 401 Unauthorized"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_spoken_with_many_requests_at_once() {
    let house = House::with(Settings { anonymous: true, ..Settings::default() }, &WebSettings::default());
    let serving = Serving::start(&house).await;
    let stream = TokioIo::new(serving.connect().await);
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let running = tokio::spawn(connection);
    let answers = (0..20).map(|_| {
        let mut sender = sender.clone();
        tokio::spawn(async move {
            let request =
                http::Request::get("http://ti.example/taxii2/").body(Empty::<Bytes>::new()).unwrap();
            let answer = sender.send_request(request).await.unwrap();
            (answer.status().as_u16(), answer.collect().await.unwrap().to_bytes())
        })
    });
    for answer in answers.collect::<Vec<_>>() {
        let (status, body) = answer.await.unwrap();
        assert_eq!(status, 200);
        assert!(String::from_utf8_lossy(&body).contains("http://ti.example/taxii2/default/"));
    }
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_2_client_that_takes_no_answers_is_cut_off_and_one_that_does_is_not() {
    let house = House::with(Settings { anonymous: true, ..Settings::default() }, &impatient());
    let serving = Serving::start(&house).await;
    let connect = async || {
        let stream = TokioIo::new(serving.connect().await);
        let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        // Less than an answer, so that the server has to wait for the client to ask for more.
        builder.initial_stream_window_size(500).adaptive_window(false);
        let (sender, connection) = builder.handshake(stream).await.unwrap();
        (sender, tokio::spawn(connection))
    };
    let ask = || http::Request::get("http://ti.example/").body(Empty::<Bytes>::new()).unwrap();
    let (mut sender, running) = connect().await;
    let untaken = sender.send_request(ask()).await.unwrap();
    let (mut other, other_running) = connect().await;
    let mut ended = running;
    let deadline = Instant::now() + Duration::from_secs(5);
    // While one takes nothing, another goes on asking and taking.
    loop {
        let taken = other.send_request(ask()).await.unwrap().collect().await.unwrap().to_bytes();
        assert!(taken.len() > 1_000);
        if tokio::time::timeout(Duration::from_millis(100), &mut ended).await.is_ok() {
            break;
        }
        assert!(Instant::now() < deadline, "the connection is still held");
    }
    drop(untaken);
    other_running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_wait_and_the_admin_socket_does_not() {
    let web = WebSettings { max_connections: 2, ..WebSettings::default() };
    let house = House::with(Settings::default(), &web);
    let serving = Serving::start(&house).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = serving.connect().await;
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        stream.read_exact(&mut [0; 12]).await.unwrap();
        held.push(stream);
    }
    let mut third = serving.connect().await;
    third.write_all(get("/livez").as_bytes()).await.unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(300), third.read_exact(&mut [0; 12])).await;
    assert!(waited.is_err(), "a third connection was served");
    let path = house.folder().join("admin.sock");
    let answer = exchange(&mut UnixStream::connect(&path).await.unwrap(), &get("/livez")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(held.pop());
    let mut begin = [0; 12];
    tokio::time::timeout(Duration::from_secs(5), third.read_exact(&mut begin)).await.unwrap().unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_runs_comes_to_its_end_when_the_server_stops() {
    let house = House::with(Settings { anonymous: true, ..Settings::default() }, &WebSettings::default());
    let mut serving = Serving::start(&house).await;
    let mut stream = serving.connect().await;
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let started = Instant::now();
    drop(serving.stop.take());
    // The connection is kept open by the client and does not hold the server up.
    (&mut serving.running).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(TcpStream::connect(serving.address).await.is_err());
}

/// An authority, and files that it has signed.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Authority { issuer }
    }

    /// Writes a certificate and its key; answers their paths.
    fn sign(&self, folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let paths = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        std::fs::write(&paths.0, certificate.pem()).unwrap();
        std::fs::write(&paths.1, key.serialize_pem()).unwrap();
        paths
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        roots
    }
}

fn client(roots: RootCertStore, certificate: Option<&(PathBuf, PathBuf)>) -> TlsConnector {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match certificate {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap()).unwrap()
        }
    };
    TlsConnector::from(Arc::new(config))
}

async fn over_tls(serving: &Serving, connector: &TlsConnector, path: &str) -> std::io::Result<String> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, serving.connect().await).await?;
    Ok(exchange(&mut stream, &get(path)).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_serves_new_certificates_and_knows_those_of_clients() {
    let files = tempfile::tempdir().unwrap();
    let (old, new, clients) = (Authority::new("old"), Authority::new("new"), Authority::new("clients"));
    let (certificate, key) = old.sign(files.path(), "server");
    let authorities = files.path().join("clients.pem");
    std::fs::write(&authorities, clients.issuer.pem()).unwrap();
    let web = WebSettings {
        tls_certificate: Some(certificate),
        tls_key: Some(key),
        tls_client_authorities: Some(authorities),
        ..WebSettings::default()
    };
    let house = House::with(Settings::default(), &web);
    house.member("A");
    let known = clients.sign(files.path(), "known");
    let digest: [u8; 32] =
        sha2::Digest::finalize(sha2::Digest::chain_update(sha2::Sha256::default(), der(&known))).into();
    let hex = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    house.token_with("A", &["reader"], |new| new.certificate = Some(hex));
    let serving = Serving::start(&house).await;

    let of = async |connector: TlsConnector| {
        let answer = over_tls(&serving, &connector, "/taxii2/").await;
        answer
            .map(|text| text.split(' ').nth(1).unwrap_or("nothing").to_owned())
            .map_err(|error| error.kind())
    };
    assert_eq!(of(client(old.roots(), Some(&known))).await.as_deref(), Ok("200"));
    assert_eq!(of(client(old.roots(), None)).await.as_deref(), Ok("401"));
    let unknown = clients.sign(files.path(), "unknown");
    assert_eq!(of(client(old.roots(), Some(&unknown))).await.as_deref(), Ok("401"));
    let stranger = Authority::new("strangers").sign(files.path(), "stranger");
    assert_ne!(of(client(old.roots(), Some(&stranger))).await.as_deref(), Ok("200"));
    assert!(of(client(new.roots(), None)).await.is_err());

    // A connection that is open goes on over the change.
    let name = ServerName::try_from("localhost").unwrap();
    let mut open = client(old.roots(), None).connect(name, serving.connect().await).await.unwrap();
    new.sign(files.path(), "server");
    let deadline = Instant::now() + Duration::from_secs(10);
    while of(client(new.roots(), None)).await.is_err() {
        assert!(Instant::now() < deadline, "the new certificate is not served");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(exchange(&mut open, &get("/livez")).await.starts_with("HTTP/1.1 200"));

    // Files that cannot be used change nothing.
    std::fs::write(files.path().join("server.pem"), "no certificate").unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(of(client(new.roots(), None)).await.as_deref(), Ok("401"));
}

fn der(files: &(PathBuf, PathBuf)) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(&files.0).unwrap()
}

#[test]
fn tls_settings_that_are_wrong_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let load = |certificate: Option<&str>, key: Option<&str>| {
        let path = |name: &str| folder.path().join(name);
        let settings = WebSettings {
            tls_certificate: certificate.map(path),
            tls_key: key.map(path),
            ..WebSettings::default()
        };
        web::tls::Tls::load(&settings).map(|tls| tls.is_some()).map_err(|error| error.to_string())
    };
    assert_eq!(load(None, None), Ok(false));
    assert!(load(Some("a"), None).unwrap_err().contains("set together"));
    assert!(load(Some("none.pem"), Some("none.key")).unwrap_err().contains("none.pem"));
    std::fs::write(folder.path().join("empty.pem"), "").unwrap();
    assert!(load(Some("empty.pem"), Some("none.key")).unwrap_err().contains("no certificate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_ends_early_is_told_to_who_writes_on() {
    let house = House::new();
    let few = node::NewMember { name: "Few".to_owned(), objects_per_hour: Some(2_500), ..Default::default() };
    house.node.add_member(&house.node.operator(), &few).unwrap();
    let token = house.token("Few", &["analyst"]);
    let serving = Serving::start(&house).await;
    // What is none of the formats is refused at once; more than the quota only when some was taken.
    let long: String =
        (0..1_500_000).map(|n| format!("10.{}.{}.{}\n", n >> 16, (n >> 8) & 255, n & 255)).collect();
    for (input, told) in [(vec![0; 20 << 20], "\"media-type\""), (long.into_bytes(), "in this hour")] {
        let mut stream = serving.connect().await;
        let head = format!(
            "POST /api/v1/import HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            input.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        for piece in input.chunks(256 << 10) {
            stream.write_all(piece).await.unwrap();
        }
        let answer = exchange(&mut stream, "").await;
        assert!(answer.contains(told), "{answer}");
    }
}
