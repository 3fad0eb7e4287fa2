//! What is kept before it enters: what is said without a name until the desk lets it in, and what a curator looks at first.
//! It is looked at once beforehand, so that whoever sends it hears at once what would be refused and what curators will see.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use model::circle::Curation;
use model::{Audience, Label, Timestamp, Tlp};
use serde::{Deserialize, Serialize};
use store::queue::Held;

use crate::chunk::Chunk;
use crate::core::checks::{Check, Found, check};
use crate::intake::Intake;
use crate::intake::terms::deciders;
use crate::queue::Noted;
use crate::roster::Roster;
use crate::source::Source;
use crate::submit::status;
use crate::{Caller, Error, ImportOptions, Kind, Node, views};

/// Seconds of a day.
const DAY_S: i64 = 86_400;
/// Findings that are kept of one submission.
const FINDINGS: usize = 1_000;
const CURATED: &str = "a curator looks at it before it enters";
const UNNAMED: &str = "it is said without a name, and enters together with what else was said so";

/// How the bytes of an import that waits are cut.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct KeptForm {
    format: Option<String>,
    columns: Vec<(String, String)>,
    kind: Option<String>,
    expire_s: Option<u64>,
    source_name: Option<String>,
}

impl KeptForm {
    fn of(options: &ImportOptions) -> KeptForm {
        KeptForm {
            format: options.format.clone(),
            columns: options.columns.clone(),
            kind: options.kind.clone(),
            expire_s: options.expire_s,
            source_name: options.source_name.clone(),
        }
    }

    /// As options of an import.
    pub(crate) fn options(self) -> ImportOptions {
        let KeptForm { format, columns, kind, expire_s, source_name } = self;
        ImportOptions { format, columns, kind, expire_s, source_name, ..ImportOptions::default() }
    }
}

/// What is kept with the bytes of an arrival.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    /// Not before.
    pub due: Option<Timestamp>,
    /// How they are cut; empty for one document.
    pub form: String,
    /// For a curator.
    pub held: Option<Held>,
}

/// Whether these are words of checks: a misspelt one would let everything pass.
///
/// # Errors
/// [`Kind::Invalid`] for the first that is none.
pub(crate) fn known_checks(words: &[String]) -> Result<(), Error> {
    // That something waits for what is its submitter's own would tell curators whose that is.
    let known: Vec<&str> =
        Check::ALL.into_iter().filter(|check| *check != Check::OwnAsset).map(Check::name).collect();
    match words.iter().find(|word| !known.contains(&word.as_str())) {
        None => Ok(()),
        Some(word) => Err(Error::new(Kind::Invalid, format!("`{word}` is no check"))
            .hint(format!("`queue.holds` takes {}", known.join(", ")))),
    }
}

// What the judgement of an object is to a curator.
fn of_outcome(outcome: &views::Outcome) -> Option<Found> {
    let check = match outcome.state {
        "rejected" => Check::Refused,
        "duplicate" | "equivocation" | "claim" => Check::Duplicate,
        _ => return None,
    };
    let message = outcome.message.clone().unwrap_or_else(|| "it is held already".to_owned());
    Some(Found::of(check, outcome.id.clone(), message))
}

// The places of what nothing is kept of when it is refused.
fn unkept(chunks: &[Chunk]) -> BTreeSet<u64> {
    let pieces = chunks.iter().flat_map(|chunk| chunk.pieces.iter().map(move |piece| (chunk, piece)));
    let unkept = pieces.filter(|(chunk, piece)| chunk.form.is_unkept(chunk.bytes(piece)));
    unkept.map(|(_, piece)| piece.start.ordinal).collect()
}

impl Node {
    /// Keeps a submission that enters later. Without a name it is all of it or none, since what is refused of it would have
    /// to be sent again. Its bytes are durable when this returns. A dry run says the same of it, and keeps nothing.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for what would be refused of one without a name, and for what may not be kept, with the reason of
    /// the first; what accepting fails with.
    pub(crate) fn keep(
        &self,
        mut intake: Intake<'_>,
        chunks: &[Chunk],
        (bytes, form): (&[u8], String),
        due: Option<Timestamp>,
    ) -> Result<views::Status, Error> {
        let dry_run = std::mem::replace(&mut intake.dry_run, true);
        let outcomes = self.sequence_all(&mut intake, chunks, 0, &mut |_| true)?;
        intake.dry_run = dry_run;
        let unkept = unkept(chunks);
        let refused = || outcomes.iter().filter(|outcome| outcome.state == "rejected");
        let barred = refused().find(|outcome| unkept.contains(&outcome.ordinal));
        if let Some(refused) = barred.or_else(|| refused().next().filter(|_| due.is_some())) {
            let reason = refused.message.clone().unwrap_or_default();
            self.quarantine_whole(&mut intake, if unkept.is_empty() { bytes } else { &[] }, &reason);
            let message = format!("object {}: {reason}", refused.ordinal + 1);
            let hint = match barred {
                Some(_) => {
                    "nothing was taken: what waits is kept whole, and this may not be kept; leave it out"
                }
                None => "nothing was taken: what is said without a name is taken whole or not at all",
            };
            return Err(Error::new(Kind::Invalid, message).hint(hint));
        }
        let (waiting, held) = self.held(&mut intake, &outcomes, due)?;
        if dry_run {
            return Ok(views::Status { waiting, ..status(&intake.submission, outcomes, 0) });
        }
        let count = outcomes.len() as u64;
        let accepted = self.accept(&intake, count, bytes, Kept { due, form, held })?;
        Ok(views::Status { waiting, ..accepted })
    }

    // What it waits for, and with what for a curator, if it does.
    fn held(
        &self,
        intake: &mut Intake<'_>,
        outcomes: &[views::Outcome],
        due: Option<Timestamp>,
    ) -> Result<(Option<views::Waiting>, Option<Held>), Error> {
        let looked = std::mem::take(&mut intake.looked);
        let is_curated = intake.curation != Curation::None;
        let mut found = match is_curated {
            true => self.over_cap(intake, outcomes.len() as u64)?,
            false => Vec::new(),
        };
        let roster = self.roster();
        let source = intake.submission.source;
        let member = roster.behind(source).map_or(source, |member| member.id);
        found.extend(check(&looked, self.warning_lists(), roster.assets_of(member)));
        found.extend(outcomes.iter().filter_map(of_outcome));
        found.truncate(FINDINGS);
        let refused = outcomes.iter().filter(|outcome| outcome.state == "rejected");
        let refused = refused.map(|outcome| outcome.ordinal).collect();
        let holds = &self.settings().queue_holds;
        let labels: BTreeSet<Label> = looked.into_iter().map(|new| new.label).collect();
        // Where nothing of it would enter there is nothing that a curator could see, so nobody would ever answer it.
        let is_held = is_curated
            && !labels.is_empty()
            && (holds.is_empty() || found.iter().any(|one| holds.contains(&one.check)));
        if !is_held && due.is_none() {
            return Ok((None, None));
        }
        let deadline =
            intake.submission.received.plus_seconds(i64::from(self.settings().queue_days.max(1)) * DAY_S);
        let waiting = views::Waiting {
            why: if is_held { CURATED } else { UNNAMED }.to_owned(),
            decides: if is_held { intake.deciders(&labels)? } else { None },
            deadline: is_held.then(|| deadline.to_string()),
            returned_then: is_held && self.settings().queue_returns_overdue,
            enters: due.map(|due| due.to_string()),
            findings: found.clone(),
        };
        if !is_held {
            return Ok((Some(waiting), None));
        }
        let held = Held {
            deadline,
            four_eyes: intake.curation == Curation::FourEyes,
            labels: labels.into_iter().collect(),
            findings: serde_json::to_string(&Noted { found, refused })
                .map_err(|error| Error::new(Kind::Internal, error.to_string()))?,
        };
        Ok((Some(waiting), Some(held)))
    }

    /// Under which labels the objects of an import would be recorded, and how many under each: what they carry counts, too.
    ///
    /// # Errors
    /// What is refused at importing, before any object is looked at.
    pub(crate) fn labels_of(
        &self,
        caller: &Caller,
        options: &ImportOptions,
        bytes: &[u8],
    ) -> Result<BTreeMap<Label, u64>, Error> {
        let options = ImportOptions { dry_run: true, ..options.clone() };
        let mut intake = Intake::begin(self, caller, &options, "import")?;
        intake.looks = true;
        let of = (intake.submission.source, intake.submission.received);
        let (_, chunks) = self.cut_import(bytes, &options, of)?;
        self.sequence_all(&mut intake, &chunks, 0, &mut |_| true)?;
        let mut labels = BTreeMap::new();
        for new in intake.looked {
            *labels.entry(new.label).or_default() += 1;
        }
        Ok(labels)
    }

    /// That what is said for these would wait for a curator, where it is not known yet what is said.
    pub(crate) fn would_wait(
        &self,
        roster: &Roster,
        (audience, tlp): (&Audience, Tlp),
    ) -> Option<views::Waiting> {
        let decides = deciders(roster, None, (audience, tlp))?;
        let holds = &self.settings().queue_holds;
        let why = match holds.is_empty() {
            true => CURATED.to_owned(),
            false => format!(
                "a curator looks at it before it enters, where a check finds one of: {}",
                holds.join(", ")
            ),
        };
        let deadline = self.now().plus_seconds(i64::from(self.settings().queue_days.max(1)) * DAY_S);
        Some(views::Waiting {
            why,
            decides: Some(decides),
            deadline: Some(deadline.to_string()),
            returned_then: self.settings().queue_returns_overdue,
            enters: None,
            findings: Vec::new(),
        })
    }

    // More than a member's share of a day of what is curated.
    fn over_cap(&self, intake: &Intake<'_>, objects: u64) -> Result<Vec<Found>, Error> {
        let cap = self.settings().queue_objects_per_day;
        if cap == 0 {
            return Ok(Vec::new());
        }
        let since = self.now().plus_seconds(-DAY_S);
        let queue = self.inner.store.snapshot()?.queue()?;
        let of_today =
            queue.iter().filter(|row| row.source == intake.submission.source && row.received > since);
        let sum = objects + of_today.map(|row| row.objects).sum::<u64>();
        let message = format!("{sum} objects in a day, where {cap} are a member's share");
        Ok((sum > cap).then(|| Found::of(Check::Cap, String::new(), message)).into_iter().collect())
    }

    /// Keeps an import that enters later, whole, and so no larger than a request's content. Answers its format and its bytes,
    /// too.
    ///
    /// # Errors
    /// As [`Node::keep`]; [`Kind::TooLarge`].
    pub(crate) fn import_kept(
        &self,
        intake: Intake<'_>,
        options: &ImportOptions,
        mut input: &mut dyn Read,
    ) -> Result<(&'static str, u64, views::Status), Error> {
        let most = self.settings().max_content_bytes;
        let mut source = Source::open(&mut input, Some(most as u64))?;
        let (mut bytes, mut block) = (Vec::new(), Vec::new());
        loop {
            source.next(&mut block)?;
            if block.is_empty() {
                break;
            }
            bytes.extend_from_slice(&block);
        }
        let due = intake.is_unnamed().then(|| self.desk_due());
        let of = (intake.submission.source, due.unwrap_or(intake.submission.received));
        let (format, chunks) = self.cut_import(&bytes, options, of)?;
        if chunks.is_empty() {
            return Err(Error::new(Kind::Invalid, "nothing was in it to take"));
        }
        let form = serde_json::to_string(&KeptForm::of(options))
            .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        let status = self.keep(intake, &chunks, (&bytes, form), due)?;
        Ok((format, source.raw(), status))
    }
}
