//! Cutting JSON into pieces: bundles, envelopes, arrays, lines of objects.

use strictjson::split::{Error, Limits, Part, Splitter};

use crate::chunk::{Chunk, Chunks};
use crate::core::form::Form;
use crate::core::reading::OBJECT_BYTES;

/// Cuts a stream of JSON into chunks of objects.
#[derive(Debug)]
pub(crate) struct JsonPieces {
    splitter: Splitter,
    chunks: Chunks,
    document: u64,
    /// Pieces so far.
    pub count: u64,
    /// The stream held whole documents that are objects, not a bundle or an envelope.
    pub lines: bool,
}

impl Default for JsonPieces {
    fn default() -> JsonPieces {
        // The outermost object of an element counts as 1, as it does for the parser.
        let limits = Limits { element_bytes: OBJECT_BYTES, ..Limits::default() };
        JsonPieces {
            splitter: Splitter::new("objects", limits),
            chunks: Chunks::new(Form::Stix(None)),
            document: 0,
            count: 0,
            lines: false,
        }
    }
}

impl JsonPieces {
    /// Takes the next bytes; no bytes are the end.
    ///
    /// # Errors
    /// Where the stream cannot be cut any further. What came before is there to be taken.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            self.splitter.finish();
        } else {
            self.splitter.push(bytes);
        }
        let cut = self.cut();
        if bytes.is_empty() || cut.is_err() {
            self.chunks.finish();
        }
        cut
    }

    /// The next chunk that is ready.
    pub(crate) fn next(&mut self) -> Option<Chunk> {
        self.chunks.next()
    }

    fn cut(&mut self) -> Result<(), Error> {
        while let Some(piece) = self.splitter.next_piece() {
            let piece = piece?;
            if piece.document != self.document {
                self.document = piece.document;
                self.chunks.change_form(Form::Stix(None));
            }
            match piece.part {
                Part::Member("spec_version") => {
                    let version = piece.content.ok().and_then(plain_string);
                    self.chunks.change_form(Form::Stix(version));
                }
                Part::Member(_) => {}
                Part::Document | Part::Element(_) => {
                    self.lines |= piece.part == Part::Document;
                    let content = piece.content.map_err(|refusal| refusal.to_string());
                    self.chunks.push(self.count, piece.offset, content);
                    self.count += 1;
                }
            }
        }
        Ok(())
    }
}

// `"2.0"`, which nobody writes with escapes.
fn plain_string(json: &[u8]) -> Option<String> {
    let inner = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    std::str::from_utf8(inner).ok().map(str::to_owned)
}
