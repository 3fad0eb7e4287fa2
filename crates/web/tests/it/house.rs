//! A node with members, tokens and collections, and a router in front of it.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::{Timestamp, Tlp};
use node::{NewCollection, NewMember, NewToken, Node, Settings};
use tempfile::TempDir;
use web::body::RequestBody;
use web::request::{Arrival, Road};
use web::{Router, WebSettings, router};

use crate::reply::Reply;

/// Where the clock of every house begins.
pub const BEGIN: &str = "2031-01-01T00:00:00Z";

/// A node, and a router in front of it.
pub struct House {
    pub node: Node,
    pub router: Router,
    clock: Arc<AtomicI64>,
    folder: TempDir,
}

impl House {
    /// A house as a first start makes it.
    pub fn new() -> House {
        House::with(Settings::default(), &WebSettings::default())
    }

    /// A house with these settings.
    pub fn with(settings: Settings, web: &WebSettings) -> House {
        let folder = tempfile::tempdir().unwrap();
        let begin: Timestamp = BEGIN.parse().unwrap();
        let clock = Arc::new(AtomicI64::new(begin.0));
        let ticking = Arc::clone(&clock);
        let now = Arc::new(move || Timestamp(ticking.fetch_add(1, Ordering::Relaxed)));
        let node = Node::open(folder.path(), settings, now).unwrap();
        let router = router(node.clone(), web);
        House { node, router, clock, folder }
    }

    /// The folder, for the admin socket.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    /// Adds a member.
    pub fn member(&self, name: &str) {
        let new = NewMember { name: name.to_owned(), ..NewMember::default() };
        self.node.add_member(&self.node.operator(), &new).unwrap();
    }

    /// Adds a token of a member with these roles; answers its secret.
    pub fn token(&self, member: &str, roles: &[&str]) -> String {
        self.token_with(member, roles, |_| {})
    }

    /// The same, with more said about it.
    pub fn token_with(&self, member: &str, roles: &[&str], more: impl FnOnce(&mut NewToken)) -> String {
        let mut new = NewToken {
            member: member.to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            ..NewToken::default()
        };
        more(&mut new);
        self.node.add_token(&self.node.operator(), &new).unwrap().secret
    }

    /// Adds a collection; answers its id.
    pub fn collection(&self, title: &str, more: impl FnOnce(&mut NewCollection)) -> String {
        let mut new = NewCollection {
            title: title.to_owned(),
            default_label: Some(Tlp::Green),
            ..NewCollection::default()
        };
        more(&mut new);
        self.node.add_collection(&self.node.operator(), &new).unwrap().id
    }

    /// Begins a request.
    pub fn ask(&self, method: &str, path: &str) -> Ask<'_> {
        // Of what has no end of its own all that there is now is asked for.
        let endless = path.starts_with("/api/v1/stream") && !path.contains("once") && !path.contains("bogus");
        let more = match path.contains('?') {
            true => "&once&since=beginning&values",
            false => "?once&since=beginning&values",
        };
        let path = &if endless { format!("{path}{more}") } else { path.to_owned() };
        let request = http::Request::builder().method(method).uri(path).header("host", "ti.example");
        Ask { house: self, request, body: Vec::new(), road: Road::Tcp, peer: [192, 0, 2, 1].into() }
    }

    /// Asks TAXII with a token; the answer.
    pub async fn taxii(&self, token: &str, path: &str) -> Reply {
        self.ask("GET", path).bearer(token).taxii().send().await
    }

    /// Posts an envelope to a collection.
    pub async fn post(&self, token: &str, collection: &str, body: &str) -> Reply {
        let path = format!("/taxii2/default/collections/{collection}/objects/");
        self.ask("POST", &path).bearer(token).taxii().body(body.as_bytes()).send().await
    }
}

/// A request being made.
pub struct Ask<'h> {
    house: &'h House,
    request: http::request::Builder,
    body: Vec<u8>,
    road: Road,
    peer: IpAddr,
}

impl Ask<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        if token.is_empty() { self } else { self.header("authorization", &format!("Bearer {token}")) }
    }

    pub fn taxii(self) -> Self {
        self.header("accept", web::taxii::MEDIA_TYPE).header("content-type", web::taxii::MEDIA_TYPE)
    }

    pub fn body(mut self, bytes: &[u8]) -> Self {
        self.body = bytes.to_vec();
        self
    }

    pub fn from(mut self, peer: &str) -> Self {
        self.peer = peer.parse().unwrap();
        self
    }

    pub fn by(mut self, road: Road) -> Self {
        self.road = road;
        self
    }

    pub async fn send(self) -> Reply {
        let request = self.request.body(RequestBody::full(self.body)).unwrap();
        let arrival = Arrival { road: self.road, peer: Some(self.peer) };
        Reply::of(self.house.router.handle(request, arrival).await).await
    }
}
