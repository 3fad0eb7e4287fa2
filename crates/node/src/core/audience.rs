//! Whether what is said keeps to those it is said to: charters of circles, and what TLP says of naming anybody.

use model::iep::Demand;
use model::{Audience, Charter, Origin, Tlp};

use super::annotation::REVOKE;
use super::marking::Marked;

/// A circle that something is said to.
#[derive(Debug, Clone)]
pub struct Within {
    /// Its name, for messages.
    pub name: String,
    /// What its members agreed to, with the policy that binds now.
    pub charter: Charter,
}

/// Whether a statement may be said to these circles by a name, or without one (IEP 2.0 §9, `attribution`): a policy of
/// `must-not` lets the source be told to nobody, so it is not told here first; one of `must` has it told to everybody. What
/// takes back alone is said as what it takes back was ([`super::taking_back`]).
///
/// # Errors
/// Why not, in words for the one who says it, with what to do.
pub fn attributed(circles: &[Within], origin: Origin) -> Result<(), String> {
    let against = |one: &&Within| match one.charter.iep.attribution {
        Demand::May => false,
        Demand::Must => origin == Origin::Withheld,
        Demand::MustNot => origin == Origin::Shown,
    };
    let Some(Within { name, .. }) = circles.iter().find(against) else { return Ok(()) };
    Err(match origin {
        Origin::Shown => format!(
            "the policy of the circle `{name}` is that sources are not named (IEP attribution: must-not): say it \
             without your name"
        ),
        Origin::Withheld => format!(
            "the policy of the circle `{name}` is that sources are named (IEP attribution: must): say it by your name"
        ),
    })
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
