//! Cutting JSON into pieces: bundles, envelopes, arrays, lines of objects.

use strictjson::split::{Error, Limits, Part, Splitter};

use crate::chunk::{Chunk, Chunks, Start};
use crate::core::form::Form;
use crate::core::reading::OBJECT_BYTES;

/// Bundles without `id` that are told of one by one: a stream may hold any number.
const FINDINGS: usize = 1_000;

/// What the standard says about a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BundleFinding {
    /// The line of the bundle's first member, from 1.
    pub line: u64,
    /// What it is.
    pub finding: stix::Finding,
}

/// Cuts a stream of JSON into chunks of objects.
#[derive(Debug)]
pub(crate) struct JsonPieces {
    splitter: Splitter,
    chunks: Chunks,
    document: Document,
    findings: Vec<BundleFinding>,
    /// Pieces so far.
    pub count: u64,
    /// The stream held whole documents that are objects, not a bundle or an envelope.
    pub lines: bool,
}

/// What is known of a document besides its objects.
#[derive(Debug, Default)]
struct Document {
    number: u64,
    line: u64,
    is_bundle: bool,
    has_id: bool,
}

impl Default for JsonPieces {
    fn default() -> JsonPieces {
        // The outermost object of an element counts as 1, as it does for the parser.
        let limits = Limits { element_bytes: OBJECT_BYTES, ..Limits::default() };
        JsonPieces {
            splitter: Splitter::new("objects", limits),
            chunks: Chunks::new(Form::Stix(None)),
            document: Document::default(),
            findings: Vec::new(),
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
            // Of a document that breaks off nobody knows what else it would have had.
            if cut.is_ok() {
                self.close_document();
            }
            self.chunks.finish();
        }
        cut
    }

    /// The next chunk that is ready.
    pub(crate) fn next(&mut self) -> Option<Chunk> {
        self.chunks.next()
    }

    /// What was found about the bundles that came to their end.
    pub(crate) fn findings(&mut self) -> Vec<BundleFinding> {
        std::mem::take(&mut self.findings)
    }

    fn cut(&mut self) -> Result<(), Error> {
        loop {
            let Some(piece) = self.splitter.next_piece() else { return Ok(()) };
            let piece = piece?;
            if piece.document != self.document.number {
                let next = Document { number: piece.document, line: piece.line, ..Document::default() };
                let before = std::mem::replace(&mut self.document, next);
                note(&mut self.findings, &before);
                self.chunks.change_form(Form::Stix(None));
            }
            if self.document.line == 0 {
                self.document.line = piece.line;
            }
            let start = Start { ordinal: self.count, offset: piece.offset, line: piece.line };
            match piece.part {
                Part::Member(name) => {
                    let text = piece.content.ok().and_then(plain_string);
                    match name {
                        "type" => self.document.is_bundle = text.as_deref() == Some("bundle"),
                        "id" => self.document.has_id = true,
                        "spec_version" => self.chunks.change_form(Form::Stix(text)),
                        _ => {}
                    }
                }
                Part::Document
                    if piece.content.is_ok_and(|bytes| is_empty_bundle(bytes, &mut self.document)) => {}
                Part::Document | Part::Element(_) => {
                    self.lines |= piece.part == Part::Document;
                    let content = piece.content.map_err(|refusal| refusal.to_string());
                    self.chunks.push(start, content);
                    self.count += 1;
                }
            }
        }
    }

    fn close_document(&mut self) {
        let last = std::mem::take(&mut self.document);
        note(&mut self.findings, &last);
    }
}

// The id of a bundle is required (STIX 2.1 §8), and nothing else of it is: its objects are taken all the same.
fn note(findings: &mut Vec<BundleFinding>, document: &Document) {
    if document.is_bundle && !document.has_id && findings.len() < FINDINGS {
        let finding = stix::Finding {
            severity: stix::Severity::Must,
            code: "missing-property",
            pointer: String::new(),
            clause: "STIX 2.1 §8",
            message: "`id` must be there".to_owned(),
        };
        findings.push(BundleFinding { line: document.line, finding });
    }
}

// A bundle without `objects`, which the standard allows (§8): it holds nothing to take, and nothing is wrong with that.
fn is_empty_bundle(bytes: &[u8], document: &mut Document) -> bool {
    if memchr::memmem::find(bytes, b"\"bundle\"").is_none() {
        return false;
    }
    let Ok(node) = strictjson::parse(bytes, &strictjson::Limits::default()) else { return false };
    let is_empty = node.get("type").and_then(strictjson::Node::as_str) == Some("bundle")
        && node.get("objects").is_none();
    if is_empty {
        document.is_bundle = true;
        document.has_id = node.get("id").is_some();
    }
    is_empty
}

// `"2.0"`, which nobody writes with escapes.
fn plain_string(json: &[u8]) -> Option<String> {
    let inner = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    std::str::from_utf8(inner).ok().map(str::to_owned)
}
