//! What is decided on one piece, and what is told of it.

use model::Tlp;
use store::read::OutcomeState;
use store::record::{Appended, Item};

use super::told;
use crate::chunk::{Chunk, Piece, Read};
use crate::core::judge::{self, Context, Decision};
use crate::core::marking::Restriction;
use crate::core::reading::{Reading, Refused};
use crate::views;

/// Bytes of one refused piece that go to the quarantine.
const QUARANTINED_BYTES: usize = 64 << 10;

/// Why something is refused that would be taken by now, where curators let in what stood beside it.
const UNSEEN: &str = "it was refused when it came, so no curator saw it; send it again";

/// What was decided on one piece.
pub(crate) struct Decided {
    pub items: Vec<Item>,
    /// What there is to say of it before it is sequenced.
    pub outcome: views::Outcome,
    pub(super) defines: Option<Restriction>,
}

pub(super) fn decide(context: &Context<'_>, chunk: &Chunk, piece: &Piece, read: Read) -> Decided {
    let readings = match read {
        Ok(readings) => readings,
        Err(refused) => return reject(chunk, piece, *refused),
    };
    let decisions: Result<Vec<Decision>, String> =
        readings.iter().map(|reading| judge::decide(reading, context)).collect();
    match decisions {
        Ok(decisions) => taken(context, piece, readings, decisions),
        Err(reason) => {
            let reason = chunk.form.told(chunk.bytes(piece), reason);
            let first = readings.into_iter().next();
            let refused = first.map_or_else(Refused::default, |first| Refused {
                id: first.object.to_string(),
                version: first.version_text.unwrap_or_default(),
                reason: String::new(),
                findings: first.findings,
            });
            reject(chunk, piece, Refused { reason, ..refused })
        }
    }
}

fn taken(context: &Context<'_>, piece: &Piece, readings: Vec<Reading>, decisions: Vec<Decision>) -> Decided {
    let mut outcome = views::Outcome {
        ordinal: piece.start.ordinal,
        line: Some(piece.start.line),
        id: String::new(),
        version: String::new(),
        state: "new",
        message: None,
        findings: Vec::new(),
    };
    let mut defines = None;
    let mut items = Vec::with_capacity(readings.len());
    for (mut reading, decision) in readings.into_iter().zip(decisions) {
        outcome.findings.extend(std::mem::take(&mut reading.findings).into_iter().map(finding_view));
        if items.is_empty() {
            outcome.id = reading.object.to_string();
            outcome.version = reading.version_text.clone().unwrap_or_default();
            defines = reading.defines;
            if let Some(id) = &decision.marked.missing {
                let what = if decision.marked.tlp == Tlp::Red { "it is" } else { "parts of it are" };
                let message = format!("{what} TLP:RED until the marking `{id}` arrives");
                outcome.message = Some(message);
            }
        }
        items.push(Item::Statement(Box::new(judge::statement(reading, decision, context))));
    }
    Decided { items, outcome, defines }
}

/// What was refused once stays refused, if not for the same reason.
pub(super) fn refused_before(decided: Decided, chunk: &Chunk, piece: &Piece) -> Decided {
    let views::Outcome { id, version, state, .. } = &decided.outcome;
    if *state == "rejected" {
        return decided;
    }
    let refused =
        Refused { id: id.clone(), version: version.clone(), reason: UNSEEN.to_owned(), ..Refused::default() };
    reject(chunk, piece, refused)
}

/// What is refused for what goes on meanwhile, by what was decided on it.
pub(super) fn refused_for_now(outcome: &views::Outcome, reason: &str, bytes: &[u8]) -> Decided {
    let item = Item::Reject {
        ordinal: outcome.ordinal,
        object: Some(outcome.id.clone()).filter(|id| !id.is_empty()),
        version: outcome.version.clone(),
        reason: reason.to_owned(),
        bytes: bytes.get(..QUARANTINED_BYTES).unwrap_or(bytes).to_vec(),
    };
    let outcome = views::Outcome {
        state: "rejected",
        message: Some(reason.to_owned()),
        findings: Vec::new(),
        ..outcome.clone()
    };
    Decided { items: vec![item], outcome, defines: None }
}

fn reject(chunk: &Chunk, piece: &Piece, refused: Refused) -> Decided {
    let bytes = chunk.kept_bytes(piece);
    let item = Item::Reject {
        ordinal: piece.start.ordinal,
        object: Some(refused.id.clone()).filter(|id| !id.is_empty()),
        version: refused.version.clone(),
        reason: refused.reason.clone(),
        bytes: bytes.get(..QUARANTINED_BYTES).unwrap_or(bytes).to_vec(),
    };
    let outcome = views::Outcome {
        ordinal: piece.start.ordinal,
        line: Some(piece.start.line),
        id: refused.id,
        version: refused.version,
        state: "rejected",
        message: Some(refused.reason),
        findings: refused.findings.into_iter().map(finding_view).collect(),
    };
    Decided { items: vec![item], outcome, defines: None }
}

// What the store says became of a piece's first object.
pub(super) fn settle(outcome: &mut views::Outcome, appended: &Appended) {
    let state = match appended {
        Appended::New { claim: true, .. } => OutcomeState::Claim,
        Appended::New { .. } => OutcomeState::New,
        Appended::Duplicate { held, .. } => OutcomeState::Duplicate(*held),
        Appended::Equivocation { .. } => OutcomeState::Equivocation,
        Appended::Erased => {
            outcome.message = Some(store::record::ERASED.to_owned());
            OutcomeState::Rejected
        }
        Appended::Done { .. } | Appended::Rejected => return,
    };
    if let Appended::New { version, .. } | Appended::Duplicate { version, .. } = appended
        && outcome.version.is_empty()
    {
        outcome.version = version.to_string();
    }
    told::tell(outcome, state);
}

pub(crate) fn finding_view(finding: stix::Finding) -> views::Finding {
    views::Finding {
        severity: match finding.severity {
            stix::Severity::Must => "must",
            stix::Severity::Should => "should",
        },
        code: finding.code.to_owned(),
        pointer: finding.pointer,
        clause: finding.clause.to_owned(),
        message: finding.message,
    }
}
