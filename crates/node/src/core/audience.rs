//! Whether what is said keeps to those it is said to: charters of circles, and what TLP says of naming anybody.

use model::{Audience, Charter, Tlp};

use super::annotation::REVOKE;
use super::marking::Marked;

/// A circle that something is said to.
#[derive(Debug, Clone)]
pub struct Within {
    /// Its name, for messages.
    pub name: String,
    /// What its members agreed to.
    pub charter: Charter,
}

/// Whether an object with these markings and tags may be said to these.
///
/// # Errors
/// Why not, in words for the one who says it.
pub fn fits<'t>(
    marked: &Marked,
    tags: impl Iterator<Item = &'t str> + Clone,
    audience: &Audience,
    circles: &[Within],
) -> Result<(), String> {
    let to = &audience.recipients;
    for Within { name, charter } in circles {
        if marked.strictest() > charter.ceiling {
            let (is, ceiling) = (marked.strictest(), charter.ceiling);
            return Err(format!("it is {is}, above {ceiling}, the ceiling of the circle `{name}`"));
        }
        // A vocabulary is of what members say; what the node itself writes down is no word of it.
        if let Err(tag) = charter.speaks(tags.clone().filter(|tag| *tag != REVOKE)) {
            return Err(format!("its tag `{tag}` is not in the vocabulary of the circle `{name}`"));
        }
    }
    // Until the marking arrives it is its author's own, whoever is named.
    if marked.tlp == Tlp::Red && marked.missing.is_none() && !to.is_empty() && to.persons.is_empty() {
        return Err("it is TLP:RED, which is for persons by name: name them, or send it by itself".to_owned());
    }
    if marked.tlp == Tlp::Clear && !to.is_empty() && audience.embargo.is_none() {
        return Err("it is TLP:CLEAR, which is for everybody, so it cannot be for some".to_owned());
    }
    Ok(())
}
