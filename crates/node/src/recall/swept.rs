//! How far a recall of all that a member or a source said is carried out: what is kept of that, and what is told.

use std::collections::BTreeMap;

use model::{MemberId, Timestamp, Tlp};
use serde::{Deserialize, Serialize};

use crate::core::recalls::Rule;
use crate::roster::Roster;
use crate::{Caller, views};

/// Pieces by which it is found out who held what; more are put together.
const PIECES: usize = 2_000;

/// How far a rule is carried out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Swept {
    pub(super) rule: Rule,
    /// Everything before this is taken back.
    pub(super) place: u64,
    /// Up to where it is looked for what the rule reaches, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<u64>,
    /// What was last begun, until it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) begun: Option<Begun>,
    pub(super) objects: u64,
    pub(super) withdrawn: u64,
    /// Objects of which a revoked version was said.
    pub(super) revoked: u64,
    /// Objects of which none could be said.
    pub(super) unsaid: u64,
    pub(super) notes: Vec<Note>,
    /// What was taken back together.
    pub(super) pieces: Vec<Piece>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finished: Option<i64>,
}

/// What is taken back in one step, by what was found before it was begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) place: u64,
    /// Where it goes on.
    pub(super) next: u64,
    pub(super) objects: u64,
    pub(super) versions: u64,
    pub(super) pieces: Vec<Piece>,
}

/// What says it under one label.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) id: String,
    pub(super) tlp: String,
}

/// Objects that were taken back together, by where the first and the last of them stood.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Piece {
    /// Which of the notes says it, if one does.
    pub(super) note: Option<usize>,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) objects: u64,
}

impl Swept {
    pub(super) fn begin(rule: Rule) -> Swept {
        let (place, notes, pieces) = (rule.from, Vec::new(), Vec::new());
        let (objects, withdrawn, revoked, unsaid) = (0, 0, 0, 0);
        Swept {
            rule,
            place,
            until: None,
            begun: None,
            objects,
            withdrawn,
            revoked,
            unsaid,
            notes,
            pieces,
            finished: None,
        }
    }

    pub(super) fn add(&mut self, piece: Piece) {
        self.pieces.push(piece);
        if self.pieces.len() <= PIECES {
            return;
        }
        // Two of one note that follow each other are one from now on, whatever is between them.
        let mut fewer: Vec<Piece> = Vec::with_capacity(PIECES / 2 + 1);
        let mut single: BTreeMap<Option<usize>, usize> = BTreeMap::new();
        for piece in self.pieces.drain(..) {
            match single.remove(&piece.note).and_then(|at| fewer.get_mut(at)) {
                Some(joined) => {
                    joined.first = joined.first.min(piece.first);
                    joined.last = joined.last.max(piece.last);
                    joined.objects += piece.objects;
                }
                None => {
                    single.insert(piece.note, fewer.len());
                    fewer.push(piece);
                }
            }
        }
        self.pieces = fewer;
    }
}

pub(super) fn sees_whole(caller: &Caller, own: MemberId, rule: &Rule) -> bool {
    let is_its_token = caller.principal.token == rule.token();
    let of_member = [rule.by, rule.member].contains(&own.0);
    of_member && (is_its_token || caller.principal.reader.ceiling == Tlp::Red)
}

pub(super) fn part_view(roster: &Roster, swept: &Swept) -> views::RecallPart {
    views::RecallPart {
        id: swept.rule.id.to_string(),
        member: roster.named(MemberId(swept.rule.member)),
        done: swept.finished.is_some(),
        percent: percent(swept),
        retry: None,
    }
}

pub(super) fn sweep_view(roster: &Roster, swept: &Swept) -> views::RecallSweep {
    let rule = &swept.rule;
    let entries = swept.notes.iter().map(|note| views::RecallEntry {
        id: note.id.clone(),
        label: note.tlp.clone(),
        reason: rule.reason.clone(),
        objects: Vec::new(),
    });
    views::RecallSweep {
        id: rule.id.to_string(),
        member: roster.named(MemberId(rule.member)),
        by: roster.named(MemberId(rule.by)),
        feed: rule.source.clone(),
        since: rule.since.map(|since| Timestamp(since).to_string()),
        reason: rule.reason.clone(),
        at: rule.at().to_string(),
        done: swept.finished.is_some(),
        finished: swept.finished.map(|at| Timestamp(at).to_string()),
        percent: percent(swept),
        objects: swept.objects,
        withdrawn: swept.withdrawn,
        revoked: swept.revoked,
        unsaid: swept.unsaid,
        recalls: entries.collect(),
        retry: None,
    }
}

fn percent(swept: &Swept) -> u64 {
    let (from, before) = (swept.rule.from, swept.rule.before);
    let (done, of) = (swept.place.saturating_sub(from), before.saturating_sub(from));
    match swept.finished {
        Some(_) => 100,
        None => (done * 100).checked_div(of).unwrap_or(0).min(99),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn of_very_many_pieces_neighbours_are_put_together_and_none_is_lost() {
        let rule = Rule {
            id: Uuid::nil(),
            number: 1,
            member: Uuid::nil(),
            alias: Uuid::nil(),
            source: None,
            since: None,
            from: 0,
            before: 1_000_000,
            waiting: Vec::new(),
            by: Uuid::nil(),
            token: None,
            at: 0,
            reason: "wrong".to_owned(),
        };
        let many = PIECES as u64 * 5;
        // Two labels: one after the other for long, and by turns.
        for of in [|n: u64| n % 1_000 >= 500, |n: u64| n % 2 == 1] {
            let mut swept = Swept::begin(rule.clone());
            for n in 0..many {
                let note = Some(usize::from(of(n)));
                swept.add(Piece { note, first: n * 10, last: n * 10 + 9, objects: 3 });
            }
            assert!(swept.pieces.len() <= PIECES, "{}", swept.pieces.len());
            assert_eq!(swept.pieces.iter().map(|piece| piece.objects).sum::<u64>(), many * 3);
            for note in [Some(0), Some(1)] {
                let pieces: Vec<&Piece> = swept.pieces.iter().filter(|piece| piece.note == note).collect();
                assert_eq!(pieces.iter().map(|piece| piece.objects).sum::<u64>(), many * 3 / 2);
                assert!(pieces.windows(2).all(|two| two[0].last < two[1].first));
            }
        }
    }
}
