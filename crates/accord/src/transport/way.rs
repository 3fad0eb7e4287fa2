//! The same way to a server for threads that wait: what the agent beside sensors is given.

use std::path::{Path, PathBuf};
use std::time::Duration;

use edge::upstream::{Answer, Ask, Piece, Upstream, Ways};
use http::Request;
use http::header::CONTENT_TYPE;
use tokio::runtime::Handle;

use super::connect::Server;
use super::reply::Reply;
use super::upload::Body;
use crate::failure::Failure;

/// A way to a server, by which nothing else connects.
pub struct Way {
    server: Server,
    runtime: Handle,
}

impl Way {
    /// The way to the node at an address, with a token.
    ///
    /// # Errors
    /// The text is no address.
    pub fn new(
        url: &str,
        token: Option<String>,
        authorities: Option<PathBuf>,
        runtime: Handle,
    ) -> Result<Way, Failure> {
        Ok(Way { server: Server::at(url, token, authorities)?, runtime })
    }
}

impl Ways for Way {
    fn node(&self) -> &dyn Upstream {
        self
    }

    fn elastic(
        &self,
        url: &str,
        api_key: Option<&Path>,
        ca: Option<&Path>,
    ) -> Result<Box<dyn Upstream>, String> {
        let read = |path: &Path| {
            let key = std::fs::read_to_string(path);
            key.map_err(|error| format!("the key's file `{}` cannot be read: {error}", path.display()))
        };
        let key = api_key.map(read).transpose()?.map(|key| key.trim().to_owned());
        let server = Server::at(url, key, ca.map(Path::to_owned)).map_err(|failure| failure.message)?;
        Ok(Box::new(Way { server: server.with_scheme("ApiKey"), runtime: self.runtime.clone() }))
    }
}

impl Upstream for Way {
    fn ask(&self, ask: Ask, wait: Duration) -> Result<Box<dyn Answer>, String> {
        let request =
            Request::builder().method(ask.method).uri(format!("{}{}", self.server.base(), ask.path));
        let request = match ask.content {
            Some((media, bytes)) => request.header(CONTENT_TYPE, media).body(Body::full(bytes)),
            None => request.body(Body::empty()),
        };
        let request = request.map_err(|error| error.to_string())?;
        let sending = async { tokio::time::timeout(wait, self.server.send(request)).await };
        match self.runtime.block_on(sending) {
            Err(_) => Err(format!("no answer within {} s", wait.as_secs())),
            Ok(Err(failure)) => Err(failure.message),
            Ok(Ok(reply)) => Ok(Box::new(Answering { reply, runtime: self.runtime.clone() })),
        }
    }
}

struct Answering {
    reply: Reply,
    runtime: Handle,
}

impl Answer for Answering {
    fn code(&self) -> u16 {
        self.reply.status().as_u16()
    }

    fn piece(&mut self, wait: Duration) -> Result<Piece, String> {
        let reading = async { tokio::time::timeout(wait, self.reply.chunk()).await };
        match self.runtime.block_on(reading) {
            Err(_) => Ok(Piece::Nothing),
            Ok(Ok(None)) => Ok(Piece::End),
            Ok(Ok(Some(bytes))) => Ok(Piece::Bytes(bytes.to_vec())),
            Ok(Err(failure)) => Err(failure.message),
        }
    }
}
