//! A sum of lines: the same for the same lines in whatever order, so that who changes a few of a million adds and takes away those.
//!
//! It finds what is torn, lacks a line or was damaged on its way. It is no signature, and is not meant against somebody who may write
//! lines of his own: the connection is.

use std::fmt;

use sha2::{Digest, Sha256};

/// The SHA-256 of each line, with its line feed, added up as numbers of 256 bits, the first byte the greatest, without what is carried beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    high: u128,
    low: u128,
}

impl Sum {
    /// Adds a line.
    pub fn add(&mut self, line: &[u8]) {
        let digest = <[u8; 32]>::from(Sha256::digest(line));
        let (halves, _) = digest.as_chunks::<16>();
        if let [high, low] = halves {
            self.add_all(Sum { high: u128::from_be_bytes(*high), low: u128::from_be_bytes(*low) });
        }
    }

    /// Adds all lines of another sum.
    pub fn add_all(&mut self, other: Sum) {
        let (low, carries) = self.low.overflowing_add(other.low);
        self.low = low;
        self.high = self.high.wrapping_add(other.high).wrapping_add(u128::from(carries));
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}{:032x}", self.high, self.low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_its_lines_in_any_order() {
        let of = |lines: &[&str]| {
            let mut sum = Sum::default();
            lines.iter().for_each(|line| sum.add(line.as_bytes()));
            sum
        };
        assert_eq!(of(&["a\n", "b\n", "c\n"]), of(&["c\n", "a\n", "b\n"]));
        let mut both = of(&["a\n"]);
        both.add_all(of(&["b\n", "c\n"]));
        assert_eq!(both, of(&["a\n", "b\n", "c\n"]));
        for other in
            [&["a\n", "b\n"][..], &["a\n", "b\n", "c\n", "c\n"], &["a\n", "b\nc\n"], &["a", "b\n", "c\n"]]
        {
            assert_ne!(of(&["a\n", "b\n", "c\n"]), of(other));
        }
        // Of one line it is that line's digest.
        assert_eq!(
            of(&["a\n"]).to_string(),
            "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"
        );
        let (mut full, one) = (Sum { high: 1, low: u128::MAX }, Sum { high: 0, low: 1 });
        full.add_all(one);
        assert_eq!(full, Sum { high: 2, low: 0 });
    }
}
