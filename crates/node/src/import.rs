//! Streams of any size and any format that the node knows, in bounded memory.
//!
//! The thread that calls reads, inflates and cuts; others read the pieces, side by side; one decides and commits in the
//! order of the input. Between them stand queues of a few chunks, so that a slow disk slows down the reading and memory
//! stays what it is. What is committed stands, whatever happens to the rest.

mod pipeline;
mod turns;

use std::io::Read;

use model::observable::Kind as ValueKind;
use model::{MemberId, Timestamp};

pub(crate) use self::turns::Turns;
use crate::chunk::Chunk;
use crate::core::rows::{RowForm, columns, sniff};
use crate::intake::Intake;
use crate::lines::Rows;
use crate::source::Source;
use crate::splitting::{BundleFinding, JsonPieces};
use crate::summary::Tally;
use crate::{Caller, Error, ImportEvent, ImportOptions, Kind, Node, views};

/// A byte order mark, which some programs write before text.
const MARK: &[u8] = b"\xef\xbb\xbf";

impl Node {
    /// Takes a stream of any size and any format it knows, in bounded memory.
    ///
    /// Where the stream breaks off, or no more can be written (a quota, a full disk), what came before is kept and
    /// reported, and the summary's `broken` says where and why.
    ///
    /// # Errors
    /// [`Kind::Forbidden`], [`Kind::NotFound`] for a collection or a member; [`Kind::Invalid`] for options that make no
    /// sense and input of which nothing could be taken; [`Kind::Media`] for what is none of the formats;
    /// [`Kind::Quota`], [`Kind::Unavailable`] when nothing can be written, or other imports run for longer than this one
    /// waits.
    pub fn import(
        &self,
        caller: &Caller,
        options: &ImportOptions,
        input: &mut dyn Read,
        tell: &mut dyn FnMut(ImportEvent),
    ) -> Result<views::ImportSummary, Error> {
        let mut intake = Intake::begin(self, caller, options, "import")?;
        if intake.is_kept() {
            let label = intake.submission.default_label.to_string();
            let mut tally = Tally::new(options.dry_run, &intake.submission);
            let (format, bytes, status) = self.import_kept(intake, options, input)?;
            let waiting = status.waiting;
            if options.dry_run {
                for outcome in status.outcomes {
                    tally.count(&outcome);
                    if !is_plain(&outcome) {
                        tell(ImportEvent::Outcome(outcome));
                    }
                }
                return Ok(views::ImportSummary { waiting, ..tally.finish(format, bytes, None) });
            }
            return Ok(views::ImportSummary {
                waiting,
                submission: status.id,
                format: format.to_owned(),
                bytes,
                objects: status.total,
                pending: status.pending,
                label,
                ..views::ImportSummary::default()
            });
        }
        intake.submission.outcomes = false;
        // Who may not import at all has heard so by now, and takes no turn from others.
        let _turn = self.inner.importing.take(intake.submission.source, turns::PATIENCE)?;
        // Who has the folder can fill the disk without us.
        let is_operator = caller.principal.token.is_none();
        let total = (!is_operator).then_some(self.settings().max_inflated_bytes as u64);
        let mut source = Source::open(input, total)?;
        let mut beginning = Vec::new();
        source.next(&mut beginning)?;
        if beginning.starts_with(MARK) {
            beginning.drain(..MARK.len());
        }
        let is_empty = beginning.trim_ascii().is_empty() && source.is_at_end();
        let of = (intake.submission.source, intake.submission.received);
        let cutter = self.cutter(&beginning, options, of)?;
        let mut tally = Tally::new(options.dry_run, &intake.submission);
        let input = pipeline::Input { source, beginning, cutter };
        let done = pipeline::run(intake, input, &mut |event| {
            if let ImportEvent::Finding { finding, .. } = &event {
                tally.count_finding(finding);
            }
            if let ImportEvent::Outcome(outcome) = &event {
                tally.count(outcome);
                if is_plain(outcome) {
                    return;
                }
            }
            tell(event);
        });
        match done.broken {
            Some(broken) if tally.taken() == 0 => Err(broken),
            broken => {
                let format = if is_empty { "empty" } else { done.format };
                Ok(tally.finish(format, done.bytes, broken.map(|broken| broken.message)))
            }
        }
    }

    /// Cuts all of an import that is in memory, for what is kept under this id and came at this time.
    pub(crate) fn cut_import(
        &self,
        bytes: &[u8],
        options: &ImportOptions,
        of: (MemberId, Timestamp),
    ) -> Result<(&'static str, Vec<Chunk>), Error> {
        let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
        let mut cutter = self.cutter(bytes, options, of)?;
        let mut chunks = Vec::new();
        for part in [bytes, &[]] {
            cutter.push(part)?;
            chunks.extend(std::iter::from_fn(|| cutter.next()));
        }
        Ok((cutter.format().unwrap_or("stix"), chunks))
    }

    fn cutter(
        &self,
        beginning: &[u8],
        options: &ImportOptions,
        (member, received): (MemberId, Timestamp),
    ) -> Result<Cutter, Error> {
        if is_utf16(beginning) {
            let error = Error::new(Kind::Media, "the input is UTF-16, and UTF-8 is read");
            return Err(error.hint("convert it, such as with `iconv -f UTF-16 -t UTF-8`; PowerShell writes UTF-8 with `-Encoding utf8`"));
        }
        let expected = match options.format.as_deref().unwrap_or("auto") {
            "auto" => match beginning.trim_ascii_start().first() {
                Some(b'{' | b'[') => return Ok(Cutter::Json(Box::default())),
                _ => sniff::Expected::Anything,
            },
            "stix" | "json" | "ndjson" => return Ok(Cutter::Json(Box::default())),
            "csv" => sniff::Expected::Csv,
            "list" => sniff::Expected::List,
            other => {
                let error = Error::new(Kind::Invalid, format!("`{other}` is no format"));
                return Err(error.hint("use auto, stix, csv or list"));
            }
        };
        if beginning.contains(&0) {
            let error = Error::new(Kind::Media, "the input is neither JSON nor text");
            return Err(error.hint("STIX in JSON, CSV and lists are read, also within gzip and zstd"));
        }
        let mut sniffed = sniff::sniff(beginning, expected, &options.columns);
        let expected_csv = sniffed.delimiter.is_some();
        if !options.columns.is_empty() {
            if !expected_csv {
                return Err(Error::new(Kind::Invalid, "a list has no columns").hint("say `--format csv`"));
            }
            columns::assign(&mut sniffed.columns, &options.columns)
                .map_err(|message| Error::new(Kind::Invalid, message))?;
        }
        let has_value = sniffed.columns.iter().any(|column| matches!(column.role, columns::Role::Value(_)));
        if expected_csv && !has_value && !beginning.is_empty() {
            let error = Error::new(Kind::Invalid, "no column holds values that are understood");
            return Err(error.hint("name it, such as `--column value=2`"));
        }
        let form = RowForm {
            delimiter: sniffed.delimiter,
            header: sniffed.header,
            columns: sniffed.columns,
            kind: options.kind.as_deref().map(value_kind).transpose()?,
            member,
            identity: self.roster().identities(member).into_iter().next(),
            received,
            expire_s: options.expire_s,
            source_name: options.source_name.clone(),
        };
        Ok(Cutter::Rows(Box::new(Rows::new(form, sniffed.header_is_row))))
    }
}

// Simply taken, and nothing to say of it.
fn is_plain(outcome: &views::Outcome) -> bool {
    matches!(outcome.state, "new" | "duplicate") && outcome.message.is_none() && outcome.findings.is_empty()
}

// By its byte order mark, or where the first of two bytes is a character and the other is none: text begins with ASCII here.
fn is_utf16(beginning: &[u8]) -> bool {
    match beginning {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [0, text, ..] | [text, 0, ..] => matches!(text, b'\t' | b'\n' | b'\r' | b' '..=b'~'),
        _ => false,
    }
}

fn value_kind(name: &str) -> Result<ValueKind, Error> {
    let unknown = || {
        let known: Vec<&str> = ValueKind::VALUES.iter().map(|kind| kind.name()).collect();
        Error::new(Kind::Invalid, format!("`{name}` is no type of values"))
            .hint(format!("use {}", known.join(", ")))
    };
    columns::kind_named(name).ok_or_else(unknown)
}

/// Cuts the stream into chunks of pieces.
#[derive(Debug)]
enum Cutter {
    Json(Box<JsonPieces>),
    Rows(Box<Rows>),
}

impl Cutter {
    /// Takes the next bytes, none at the end. Answers why the stream cannot be cut any further.
    fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Cutter::Json(json) => {
                json.push(bytes).map_err(|error| Error::new(Kind::Invalid, error.to_string()))
            }
            Cutter::Rows(rows) => {
                rows.push(bytes);
                Ok(())
            }
        }
    }

    /// What was found about what the objects came in.
    fn findings(&mut self) -> Vec<BundleFinding> {
        match self {
            Cutter::Json(json) => json.findings(),
            Cutter::Rows(_) => Vec::new(),
        }
    }

    fn next(&mut self) -> Option<Chunk> {
        match self {
            Cutter::Json(json) => json.next(),
            Cutter::Rows(rows) => rows.next(),
        }
    }

    // What the input turned out to be, but for the version of STIX, which the objects tell.
    fn format(&self) -> Option<&'static str> {
        match self {
            Cutter::Json(json) => json.lines.then_some("ndjson"),
            Cutter::Rows(rows) => Some(if rows.is_csv() { "csv" } else { "list" }),
        }
    }
}
