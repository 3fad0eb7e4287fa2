//! Who may see and who may act: the whole matrix, against tables written from TLP 2.0 and from the rules on labels.

#![expect(clippy::indexing_slicing, reason = "the tables of these tests have the columns that they have")]

mod act;
mod gate;
mod see;

use std::collections::BTreeSet;

/// The words of a text.
fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().collect()
}
