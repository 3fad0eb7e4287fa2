//! The numbers of rules in a file of pieces, and prints of their names. Each is one rule's, and of those who could have it the first has
//! it: what becomes of one piece may reach another one far behind it.

use std::collections::HashSet;
use std::sync::Arc;

use sensors::IsTaken;

use super::pieces::Piece;

/// Numbers in order: four bytes for each that has no more.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    short: Box<[u32]>,
    long: Box<[u64]>,
}

impl Sorted {
    pub(super) fn new(numbers: impl Iterator<Item = u64>) -> Sorted {
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for number in numbers {
            match u32::try_from(number) {
                Ok(number) => short.push(number),
                Err(_) => long.push(number),
            }
        }
        short.sort_unstable();
        long.sort_unstable();
        Sorted { short: short.into(), long: long.into() }
    }

    fn has(&self, number: u64) -> bool {
        match u32::try_from(number) {
            Ok(number) => self.short.binary_search(&number).is_ok(),
            Err(_) => self.long.binary_search(&number).is_ok(),
        }
    }

    fn iter(&self) -> impl Iterator<Item = u64> {
        self.short.iter().copied().map(u64::from).chain(self.long.iter().copied())
    }
}

/// The numbers of each piece by its place, as pieces are written anew, from the first of them to the last.
pub(super) struct Taken<'p> {
    pieces: &'p [Piece],
    of: Vec<Arc<Sorted>>,
    /// Numbers that were of no rule of their piece before.
    new: Arc<HashSet<u64>>,
}

impl<'p> Taken<'p> {
    pub(super) fn new(pieces: &'p [Piece]) -> Taken<'p> {
        let of = pieces.iter().map(|piece| Arc::clone(&piece.numbers)).collect();
        Taken { pieces, of, new: Arc::default() }
    }

    /// Whether a number is that of a rule before this piece.
    pub(super) fn before(&self, place: usize) -> IsTaken {
        let own = self.of.get(place).cloned().unwrap_or_default();
        let (before, new) = (self.of.get(..place).unwrap_or_default().to_vec(), Arc::clone(&self.new));
        Arc::new(move |number| {
            // What the piece had itself nobody else had, unless somebody has it since.
            let was_own = own.has(number) && !new.contains(&number);
            !was_own && before.iter().any(|numbers| numbers.has(number))
        })
    }

    /// A piece was written anew, as these. Answers the places behind it that this reaches.
    pub(super) fn written(&mut self, place: usize, anew: &[Piece]) -> Vec<usize> {
        let has = Arc::new(Sorted::new(anew.iter().flat_map(|piece| piece.numbers.iter())));
        let Some(of) = self.of.get_mut(place) else { return Vec::new() };
        let had = std::mem::replace(of, Arc::clone(&has));
        let new: Vec<u64> = has.iter().filter(|number| !had.has(*number)).collect();
        let free: Vec<u64> = had.iter().filter(|number| !has.has(*number)).collect();
        if new.is_empty() && free.is_empty() {
            return Vec::new();
        }
        let behind = place + 1;
        let mut reached = Vec::new();
        for (at, (numbers, piece)) in self.of.iter().zip(self.pieces).enumerate().skip(behind) {
            let loses = new.iter().any(|number| numbers.has(*number));
            if loses || piece.wanted.iter().any(|number| free.contains(number)) {
                reached.push(at);
            }
        }
        Arc::make_mut(&mut self.new).extend(new);
        reached
    }
}
