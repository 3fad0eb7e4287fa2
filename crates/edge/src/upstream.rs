//! The way to a node, as whoever runs the edge gives it: he alone connects.

use std::path::Path;
use std::time::Duration;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// `GET`, `PUT` or `POST`.
    pub method: &'static str,
    /// The path and the query, encoded.
    pub path: String,
    /// The content and its media type.
    pub content: Option<(&'static str, Vec<u8>)>,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The next bytes.
    Bytes(Vec<u8>),
    /// Nothing came within the time.
    Nothing,
    /// That was all.
    End,
}

/// An answer, whose head is there.
pub trait Answer {
    /// Its status: 200 and so on.
    fn code(&self) -> u16;

    /// The next bytes, if some come within the time.
    ///
    /// # Errors
    /// Why the connection broke.
    fn piece(&mut self, wait: Duration) -> Result<Piece, String>;
}

/// A way to a server.
pub trait Upstream: Send + Sync {
    /// Asks, and waits so long for the head of the answer.
    ///
    /// # Errors
    /// Why there is none.
    fn ask(&self, ask: Ask, wait: Duration) -> Result<Box<dyn Answer>, String>;
}

/// The ways that whoever runs the edge gives.
pub trait Ways: Send + Sync {
    /// The way to the node.
    fn node(&self) -> &dyn Upstream;

    /// A way to an Elastic, by the key in a file, trusting these authorities beside the system's.
    ///
    /// # Errors
    /// There is no way there, or the key cannot be read.
    fn elastic(
        &self,
        url: &str,
        api_key: Option<&Path>,
        ca: Option<&Path>,
    ) -> Result<Box<dyn Upstream>, String>;
}

/// The content of an answer, up to so many bytes.
///
/// # Errors
/// Why it did not come, within the time for each piece.
pub fn content(answer: &mut dyn Answer, wait: Duration, most: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    loop {
        match answer.piece(wait)? {
            Piece::Bytes(piece) => bytes.extend_from_slice(&piece),
            Piece::Nothing => return Err("the answer stopped in the middle".to_owned()),
            Piece::End => return Ok(bytes),
        }
        if bytes.len() > most {
            return Err("the answer is too long".to_owned());
        }
    }
}
