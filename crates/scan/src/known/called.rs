//! Names of what was found, kept to the end: each has a number that stays its own when what is known becomes another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How many names the first shelf holds; each behind it holds twice as many as the one before.
const FIRST: u64 = 1 << 10;
const SHELVES: usize = 32;

type Name = Arc<[String; 4]>;
type Shelf = Box<[OnceLock<Name>]>;

/// Names by number. They are lent while others come, so that they never move.
#[derive(Default)]
pub(super) struct Called {
    numbers: Mutex<HashMap<Name, u64>>,
    shelves: [OnceLock<Shelf>; SHELVES],
}

impl Called {
    /// The number of a name.
    pub(super) fn number(&self, name: [String; 4]) -> u64 {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = numbers.get(&name) {
            return *number;
        }
        let (number, name) = (numbers.len() as u64, Arc::new(name));
        let (shelf, place) = place_of(number);
        let slot = self.shelves.get(shelf).and_then(|of| {
            let of = of.get_or_init(|| (0..FIRST << shelf).map(|_| OnceLock::new()).collect());
            of.get(place)
        });
        if let Some(slot) = slot {
            slot.get_or_init(|| Arc::clone(&name));
        }
        numbers.insert(name, number);
        number
    }

    /// The name of a number.
    pub(super) fn name(&self, number: u64) -> Option<&[String; 4]> {
        let (shelf, place) = place_of(number);
        self.shelves.get(shelf)?.get()?.get(place)?.get().map(|name| &**name)
    }
}

fn place_of(number: u64) -> (usize, usize) {
    let shelf = (number / FIRST + 1).ilog2();
    let before = FIRST * ((1 << shelf) - 1);
    (shelf as usize, usize::try_from(number - before).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_one_number_and_each_number_its_name() {
        let called = Called::default();
        let name = |n: u64| [n.to_string(), String::new(), "ACME".to_owned(), String::new()];
        for n in 0..10_000 {
            assert_eq!(called.number(name(n)), n);
        }
        for n in (0..10_000).rev() {
            assert_eq!((called.number(name(n)), called.name(n)), (n, Some(&name(n))));
        }
        assert_eq!(called.name(10_000), None);
        assert_eq!(called.name(u64::MAX), None);
    }
}
