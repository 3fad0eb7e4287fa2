//! What is kept before it enters: what is said without a name until the desk lets it in, and what a curator looks at first.
//! It is looked at once beforehand, so that whoever sends it hears at once what would be refused and what curators will see.

use std::collections::BTreeSet;
use std::io::Read;

use model::circle::Curation;
use model::{Label, Timestamp};
use serde::{Deserialize, Serialize};
use store::queue::Held;

use crate::chunk::Chunk;
use crate::core::checks::{Check, Found, check};
use crate::intake::Intake;
use crate::source::Source;
use crate::{Error, ImportOptions, Kind, Node, views};

/// Seconds of a day.
const DAY_S: i64 = 86_400;
/// Findings that are kept of one submission.
const FINDINGS: usize = 1_000;

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
    let known = Check::ALL.map(Check::name);
    match words.iter().find(|word| !known.contains(&word.as_str())) {
        None => Ok(()),
        Some(word) => Err(Error::new(Kind::Invalid, format!("`{word}` is no check"))
            .hint(format!("`queue.holds` takes {}", known.join(", ")))),
    }
}

impl Node {
    /// Keeps a submission that enters later. Without a name it is all of it or none, since what is refused of it would have
    /// to be sent again. Its bytes are durable when this returns.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for what would be refused of one without a name, with the reason of the first; what accepting
    /// fails with.
    pub(crate) fn keep(
        &self,
        mut intake: Intake<'_>,
        chunks: &[Chunk],
        (bytes, form): (&[u8], String),
        due: Option<Timestamp>,
    ) -> Result<views::Status, Error> {
        intake.dry_run = true;
        let outcomes = self.sequence_all(&mut intake, chunks, 0, &mut |_| true)?;
        intake.dry_run = false;
        let refused = outcomes.iter().find(|outcome| outcome.state == "rejected");
        if let Some(refused) = refused.filter(|_| due.is_some()) {
            let reason = refused.message.clone().unwrap_or_default();
            self.quarantine_whole(&mut intake, bytes, &reason);
            let message = format!("object {}: {reason}", refused.ordinal + 1);
            let hint = "nothing was taken: what is said without a name is taken whole or not at all";
            return Err(Error::new(Kind::Invalid, message).hint(hint));
        }
        let held = self.held(&mut intake, &outcomes)?;
        self.accept(&intake, outcomes.len() as u64, bytes, Kept { due, form, held })
    }

    // With what it waits for a curator, if it does.
    fn held(&self, intake: &mut Intake<'_>, outcomes: &[views::Outcome]) -> Result<Option<Held>, Error> {
        if intake.curation == Curation::None {
            return Ok(None);
        }
        let looked = std::mem::take(&mut intake.looked);
        let mut found = self.over_cap(intake, outcomes.len() as u64)?;
        found.extend(check(&looked, self.warning_lists()));
        for outcome in outcomes {
            let message = || outcome.message.clone().unwrap_or_else(|| "it is held already".to_owned());
            let check = match outcome.state {
                "rejected" => Check::Refused,
                "duplicate" | "equivocation" | "claim" => Check::Duplicate,
                _ => continue,
            };
            found.push(Found::of(check, outcome.id.clone(), message()));
        }
        let holds = &self.settings().queue_holds;
        let is_held = holds.is_empty() || found.iter().any(|one| holds.contains(&one.check));
        if !is_held {
            return Ok(None);
        }
        found.truncate(FINDINGS);
        let labels: BTreeSet<Label> = looked.into_iter().map(|new| new.label).collect();
        let deadline_s = i64::from(self.settings().queue_days.max(1)) * DAY_S;
        Ok(Some(Held {
            deadline: intake.submission.received.plus_seconds(deadline_s),
            four_eyes: intake.curation == Curation::FourEyes,
            labels: labels.into_iter().collect(),
            findings: serde_json::to_string(&found)
                .map_err(|error| Error::new(Kind::Internal, error.to_string()))?,
        }))
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
        let due = options.without_name.then(|| self.desk_due());
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
