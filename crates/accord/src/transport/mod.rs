//! The three ways to a node, behind one call: its address, the socket of the node that runs on the folder, and the
//! folder itself in this process. All three speak the same routes, so a command cannot tell them apart.

mod connect;
mod reply;
mod upload;
mod way;

pub use connect::{Server, short_path};
pub use reply::{Reply, refusal};
pub use way::Way;

use std::io::Read;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use http::{Method, Request};

use crate::credentials::Credentials;
use crate::failure::{Exit, Failure};
use crate::settings::{Loaded, Origin};
use crate::terminal::{Output, remark};
use upload::Body;

/// How long a node that holds the folder may take until it listens on its socket.
const STARTING: Duration = Duration::from_secs(3);
const STARTING_STEP: Duration = Duration::from_millis(50);

const NO_NODE: &str = "start one with `accord serve`, name its folder with `--data DIR`, or sign in to one with `accord login URL`";

/// The socket's name in the folder.
pub const SOCKET: &str = "admin.sock";

/// A request, before it is known which way it goes.
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path, its parts percent-encoded.
    path: String,
    /// Names and values of the query.
    query: Vec<(&'static str, String)>,
    content: Content,
}

enum Content {
    Nothing,
    Json(serde_json::Value),
    Stream { input: Box<dyn Read + Send>, length: Option<u64> },
}

impl Call {
    /// A request for `/api/v1/` and these parts, each of which may hold anything.
    pub fn new(method: Method, parts: &[&str]) -> Call {
        let mut path = "/api/v1".to_owned();
        for part in parts {
            path.push('/');
            path.push_str(&percent_encoded(part));
        }
        Call { method, path, query: Vec::new(), content: Content::Nothing }
    }

    /// `GET`
    pub fn get(parts: &[&str]) -> Call {
        Call::new(Method::GET, parts)
    }

    /// `POST`
    pub fn post(parts: &[&str]) -> Call {
        Call::new(Method::POST, parts)
    }

    /// `DELETE`
    pub fn delete(parts: &[&str]) -> Call {
        Call::new(Method::DELETE, parts)
    }

    /// The same, with a value in its query.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Call {
        self.query.push((name, value.into()));
        self
    }

    /// The same, with a value in its query if there is one.
    #[must_use]
    pub fn query_some(self, name: &'static str, value: Option<&str>) -> Call {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// The same, with each of these values in its query.
    #[must_use]
    pub fn query_each(self, name: &'static str, values: &[String]) -> Call {
        values.iter().fold(self, |call, value| call.query(name, value.as_str()))
    }

    /// The same, with a JSON document.
    #[must_use]
    pub fn json(mut self, document: serde_json::Value) -> Call {
        self.content = Content::Json(document);
        self
    }

    /// The same, with what can be read from `input`, and how long that is, where it is known.
    #[must_use]
    pub fn stream(mut self, input: Box<dyn Read + Send>, length: Option<u64>) -> Call {
        self.content = Content::Stream { input, length };
        self
    }

    fn into_request(self, base: &str) -> Result<Request<Body>, Failure> {
        let mut target = format!("{base}{}", self.path);
        for (at, (name, value)) in self.query.iter().enumerate() {
            target.push(if at == 0 { '?' } else { '&' });
            target.push_str(&percent_encoded(name));
            target.push('=');
            target.push_str(&percent_encoded(value));
        }
        let request = Request::builder().method(self.method).uri(target);
        let request = match self.content {
            Content::Nothing => request.body(Body::empty()),
            Content::Json(document) => request
                .header(http::header::CONTENT_TYPE, "application/json")
                .body(Body::full(document.to_string())),
            Content::Stream { input, length } => {
                let request = match length {
                    Some(length) => request.header(http::header::CONTENT_LENGTH, length),
                    None => request,
                };
                request
                    .header(http::header::CONTENT_TYPE, "application/octet-stream")
                    .body(Body::reading(input))
            }
        };
        request.map_err(|error| Failure::usage(format!("cannot be asked for: {error}")))
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986, 2.3).
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// A way to a node.
pub enum Transport {
    /// A node at an address.
    Remote(Server),
    /// The node that runs on the folder: as its owner, or by a token.
    Socket(PathBuf, Option<String>),
    /// The folder, opened by this process: as its owner, or by a token.
    Folder(Box<web::Router>, Option<String>),
}

/// What becomes of a folder that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// It is a mistake.
    Refuse,
    /// It is made, if it was named.
    Make,
}

/// A node in this process is closed before the process ends: what is erased leaves the folder then. A job that began with the
/// node may hold it longest, and the end of the process would not wait for that.
impl Drop for Transport {
    fn drop(&mut self) {
        if let Transport::Folder(router, _) = self {
            router.node().stop();
        }
    }
}

impl Transport {
    /// Chooses the way: an address if one is given, else the folder, else the node of the last sign-in.
    ///
    /// # Errors
    /// Nothing to talk to; a folder that another process has and that no node serves.
    pub async fn find(loaded: &Loaded, absent: Absent, output: &Output) -> Result<Transport, Failure> {
        let place = &loaded.place;
        let credentials = Credentials::read()?;
        if let Some(url) = &place.url.value {
            return Transport::remote(loaded, &credentials, url);
        }
        if place.data.origin == Origin::Default
            && !place.data.value.exists()
            && let Some(url) = credentials.last()
        {
            return Transport::remote(loaded, &credentials, url);
        }
        Transport::folder(loaded, absent, output).await
    }

    /// The node at an address, with the token that was given, or kept by `accord login`.
    ///
    /// # Errors
    /// The text is no address.
    fn remote(loaded: &Loaded, credentials: &Credentials, url: &str) -> Result<Transport, Failure> {
        let token = given_token(loaded).or_else(|| credentials.token(url).map(str::to_owned));
        let authorities = loaded.place.ca.value.clone();
        let authorities = authorities.or_else(|| credentials.authorities(url).map(Path::to_owned));
        Server::at(url, token, authorities).map(Transport::Remote)
    }

    /// The folder: through the socket of the node that runs on it, else opened here. Whoever gives a token acts by that and
    /// by nothing else, also where the folder is his.
    ///
    /// # Errors
    /// It is no folder of a node, or another process has it and does not answer.
    pub async fn folder(loaded: &Loaded, absent: Absent, output: &Output) -> Result<Transport, Failure> {
        let folder = &loaded.place.data.value;
        if !folder.exists() {
            let named = loaded.place.data.origin != Origin::Default;
            if absent == Absent::Refuse || !named {
                let failure = Failure::usage(format!("there is no node in `{}`", folder.display()));
                return Err(failure.hint(NO_NODE));
            }
            if !output.quiet {
                remark(&format!("a new node in {}", folder.display()));
            }
        }
        let mut waited = Duration::ZERO;
        loop {
            if connect::answers(folder).await {
                return Ok(Transport::Socket(folder.clone(), given_token(loaded)));
            }
            match open(loaded, folder) {
                Err(failure) if failure.exit == Exit::Conflict && waited < STARTING => {
                    tokio::time::sleep(STARTING_STEP).await;
                    waited += STARTING_STEP;
                }
                opened => return opened,
            }
        }
    }

    /// Sends a request and answers what comes back, once its head is there.
    ///
    /// # Errors
    /// The node cannot be reached, or the way broke; refusals are turned into failures by [`Reply::accepted`].
    pub async fn send(&self, call: Call) -> Result<Reply, Failure> {
        match self {
            Transport::Remote(server) => server.send(call.into_request(server.base())?).await,
            Transport::Socket(path, token) => {
                connect::send_to_socket(path, token.as_deref(), call.into_request("")?).await
            }
            Transport::Folder(router, token) => {
                connect::send_inside(router, token.as_deref(), call.into_request("")?).await
            }
        }
    }
}

fn open(loaded: &Loaded, folder: &Path) -> Result<Transport, Failure> {
    let node = open_node(loaded, folder)?;
    Ok(Transport::Folder(Box::new(web::router(node, &loaded.settings.web()?)), given_token(loaded)))
}

fn given_token(loaded: &Loaded) -> Option<String> {
    loaded.place.token.value.as_ref().map(|secret| secret.0.clone())
}

/// Opens the folder as a node, and makes it for its owner alone if it is not there.
///
/// # Errors
/// Another process has it; it cannot be made or read.
pub fn open_node(loaded: &Loaded, folder: &Path) -> Result<node::Node, Failure> {
    if !folder.exists() {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| Failure::usage(format!("cannot make `{}`: {error}", folder.display())))?;
    }
    Ok(node::Node::open(folder, loaded.settings.node(), crate::system_clock())?)
}

/// Says that a token travels where others may read it, once a command.
fn warn_unencrypted(host: &str) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        remark(&format!("warning: the token goes to `{host}` unencrypted; use an https address"))
    });
}
