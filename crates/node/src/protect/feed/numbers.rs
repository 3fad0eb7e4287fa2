//! The numbers of rules in a file of pieces. A number is one rule's, and of those who could have it the first has it: what becomes of one
//! piece may reach another one far behind it.

use std::collections::HashSet;
use std::sync::Arc;

use sensors::IsTaken;

use super::pieces::Piece;

/// The numbers of each piece by its place, as pieces are written anew, from the first of them to the last.
pub(super) struct Taken<'p> {
    pieces: &'p [Arc<Piece>],
    of: Vec<Arc<[u32]>>,
    /// Numbers that were of no rule of their piece before.
    new: Arc<HashSet<u32>>,
}

impl<'p> Taken<'p> {
    /// `None` where no rule has a number.
    pub(super) fn new(pieces: &'p [Arc<Piece>]) -> Option<Taken<'p>> {
        let has_any = pieces.iter().any(|piece| !piece.numbers.is_empty() || !piece.wanted.is_empty());
        let of = pieces.iter().map(|piece| Arc::clone(&piece.numbers));
        has_any.then(|| Taken { pieces, of: of.collect(), new: Arc::default() })
    }

    /// Whether a number is that of a rule before this piece.
    pub(super) fn before(&self, place: usize) -> IsTaken {
        let own = self.of.get(place).map(Arc::clone).unwrap_or_default();
        let (before, new) = (self.of.get(..place).unwrap_or_default().to_vec(), Arc::clone(&self.new));
        Arc::new(move |number| {
            // What the piece had itself nobody else had, unless somebody has it since.
            let was_own = own.binary_search(&number).is_ok() && !new.contains(&number);
            !was_own && before.iter().any(|numbers| numbers.binary_search(&number).is_ok())
        })
    }

    /// A piece was written anew, as these. Answers the places behind it that this reaches.
    pub(super) fn written(&mut self, place: usize, anew: &[Piece]) -> Vec<usize> {
        let mut numbers: Vec<u32> = anew.iter().flat_map(|piece| piece.numbers.iter().copied()).collect();
        numbers.sort_unstable();
        let Some(of) = self.of.get_mut(place) else { return Vec::new() };
        let had = std::mem::replace(of, numbers.into());
        let has = Arc::clone(of);
        let not_in = |others: &Arc<[u32]>| {
            let others = Arc::clone(others);
            move |number: &&u32| others.binary_search(number).is_err()
        };
        let new: Vec<u32> = has.iter().filter(not_in(&had)).copied().collect();
        let free: Vec<u32> = had.iter().filter(not_in(&has)).copied().collect();
        let behind = place + 1;
        let mut reached = Vec::new();
        for (at, (numbers, piece)) in self.of.iter().zip(self.pieces).enumerate().skip(behind) {
            let loses = new.iter().any(|number| numbers.binary_search(number).is_ok());
            if loses || piece.wanted.iter().any(|number| free.contains(number)) {
                reached.push(at);
            }
        }
        Arc::make_mut(&mut self.new).extend(new);
        reached
    }
}
