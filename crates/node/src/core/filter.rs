//! The language of collection filters: what is in a collection, by properties that never change in a version.
//!
//! ```text
//! filter    = [ condition *( "and" condition ) ]          empty is everything
//! condition = field "=" value
//!           | field "in" "(" value *( "," value ) ")"
//!           | "label" "<=" value
//! field     = "type" | "source" | "author" | "pattern_type" | "label" | "via"
//! value     = word | '"' text '"'                          \" and \\ inside quotes
//! ```
//!
//! `via = this` is what was submitted through the collection itself. Conditions are joined by `and` only; alternatives
//! are the values of one `in`.

mod parse;

use model::{CollectionId, Label, MemberId, Origin, Tlp};

pub use parse::{FilterError, parse, with_ids};

/// A filter as it was written: every condition must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The conditions, in order. None is everything.
    pub conditions: Vec<Condition>,
}

/// One condition of a filter. Lists are alternatives and never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The object's type is one of these.
    Type(Vec<String>),
    /// One of these members said it, each by name or UUID, with the place of the word for messages.
    Source(Vec<(String, usize)>),
    /// Its `created_by_ref` is one of these.
    Author(Vec<String>),
    /// Its `pattern_type` is one of these.
    PatternType(Vec<String>),
    /// Its label's TLP is one of these.
    Label(Vec<Tlp>),
    /// It was submitted through this collection.
    ViaThis,
}

/// What a predicate looks at: properties of a statement that never change.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The object's type.
    pub kind: &'a str,
    /// The member that said it, where that is shown: a collection of what a member says must not tell what it says
    /// without its name.
    pub source: Option<MemberId>,
    /// `created_by_ref`.
    pub author: Option<&'a str>,
    /// `pattern_type` of an indicator.
    pub pattern_type: Option<&'a str>,
    /// The TLP of its label.
    pub tlp: Tlp,
    /// The collection that it was submitted through.
    pub via: Option<CollectionId>,
}

/// A filter ready to be asked. `None` in a field restricts nothing; an empty list lets nothing through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Predicate {
    /// Types.
    pub kinds: Option<Vec<String>>,
    /// Sources.
    pub sources: Option<Vec<MemberId>>,
    /// Authors.
    pub authors: Option<Vec<String>>,
    /// Pattern types.
    pub pattern_types: Option<Vec<String>>,
    /// TLP labels.
    pub labels: Option<Vec<Tlp>>,
    /// The collection that it must have come through.
    pub via: Option<CollectionId>,
}

impl Filter {
    /// Makes a predicate for the collection `this`; `member` finds members by name or UUID.
    ///
    /// # Errors
    /// A source that is no member, at its place.
    pub fn compile(
        &self,
        this: CollectionId,
        member: impl Fn(&str) -> Option<MemberId>,
    ) -> Result<Predicate, FilterError> {
        let mut predicate = Predicate::default();
        for condition in &self.conditions {
            match condition {
                Condition::Type(some) => narrow(&mut predicate.kinds, some),
                Condition::Author(some) => narrow(&mut predicate.authors, some),
                Condition::PatternType(some) => narrow(&mut predicate.pattern_types, some),
                Condition::Label(some) => narrow(&mut predicate.labels, some),
                Condition::ViaThis => predicate.via = Some(this),
                Condition::Source(some) => {
                    let found: Result<Vec<MemberId>, FilterError> = some
                        .iter()
                        .map(|(name, at)| member(name).ok_or_else(|| FilterError::no_member(name, *at)))
                        .collect();
                    narrow(&mut predicate.sources, &found?);
                }
            }
        }
        Ok(predicate)
    }
}

/// The source as far as it is shown to everybody who sees what is under a label.
#[must_use]
pub fn shown_source(label: &Label) -> Option<MemberId> {
    (label.origin == Origin::Shown).then_some(label.author)
}

impl Predicate {
    /// Lets nothing through: what stands for a filter that can no longer be read.
    #[must_use]
    pub fn nothing() -> Predicate {
        Predicate { kinds: Some(Vec::new()), ..Predicate::default() }
    }

    /// Whether a statement is in.
    #[must_use]
    pub fn matches(&self, facts: &Facts<'_>) -> bool {
        one_of(&self.kinds, |kind| kind == facts.kind)
            && one_of(&self.sources, |source| Some(*source) == facts.source)
            && one_of(&self.authors, |author| Some(author.as_str()) == facts.author)
            && one_of(&self.pattern_types, |kind| Some(kind.as_str()) == facts.pattern_type)
            && one_of(&self.labels, |tlp| *tlp == facts.tlp)
            && self.via.is_none_or(|via| facts.via == Some(via))
    }
}

// Two conditions on one field let through what both let through.
fn narrow<T: Clone + PartialEq>(field: &mut Option<Vec<T>>, to: &[T]) {
    match field {
        Some(have) => have.retain(|value| to.contains(value)),
        None => *field = Some(to.to_vec()),
    }
}

fn one_of<T>(field: &Option<Vec<T>>, is: impl FnMut(&T) -> bool) -> bool {
    field.as_ref().is_none_or(|some| some.iter().any(is))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const THIS: CollectionId = CollectionId(Uuid::from_u128(7));
    const ACME: MemberId = MemberId(Uuid::from_u128(1));

    fn compiled(text: &str) -> Result<Predicate, FilterError> {
        let member = |name: &str| (name == "ACME" || name == ACME.to_string()).then_some(ACME);
        parse(text)?.compile(THIS, member)
    }

    #[test]
    fn sources_are_kept_by_id() {
        let member = |name: &str| ["ACME", "A \"B\"", &ACME.to_string()].contains(&name).then_some(ACME);
        let id = ACME.to_string();
        for (text, kept) in [
            ("type = tool", "type = tool".to_owned()),
            ("source = ACME", format!("source = {id}")),
            (
                "label <= amber and source in (ACME ,\"A \\\"B\\\"\")",
                format!("label <= amber and source in ({id} ,{id})"),
            ),
            ("source=\"ACME\" and type=\"source\"", format!("source={id} and type=\"source\"")),
            ("SOURCE = ACME and source = ACME", format!("SOURCE = {id} and source = {id}")),
        ] {
            let with = with_ids(text, member).unwrap();
            assert_eq!(with, kept);
            assert_eq!(with_ids(&with, member).unwrap(), kept);
            let predicate = |text: &str| parse(text).unwrap().compile(THIS, member).unwrap();
            assert_eq!(predicate(&with), predicate(text));
        }
        assert_eq!(with_ids("source = Other", member).unwrap_err().at, 9);
        assert!(with_ids("source", member).is_err());
    }

    #[test]
    fn filters_let_through_what_they_say() {
        let indicator = Facts {
            kind: "indicator",
            source: Some(ACME),
            author: Some("identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5"),
            pattern_type: Some("stix"),
            tlp: Tlp::Green,
            via: Some(THIS),
        };
        let other = Facts {
            kind: "malware",
            source: Some(MemberId(Uuid::from_u128(2))),
            author: None,
            pattern_type: None,
            tlp: Tlp::Red,
            via: None,
        };
        for (text, lets_indicator, lets_other) in [
            ("", true, true),
            ("  ", true, true),
            ("type = indicator", true, false),
            ("type in (malware, indicator)", true, true),
            ("type in (malware, tool) and type = tool", false, false),
            ("source = ACME", true, false),
            ("source = \"00000000-0000-0000-0000-000000000001\"", true, false),
            ("author = identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5", true, false),
            ("pattern_type in (stix, sigma)", true, false),
            ("label <= TLP:GREEN", true, false),
            ("label <= amber+strict", true, false),
            ("label in (green, red)", true, true),
            ("label = tlp:red", false, true),
            ("via = this", true, false),
            ("TYPE = indicator AND label <= clear", false, false),
        ] {
            let predicate = compiled(text).unwrap();
            assert_eq!(predicate.matches(&indicator), lets_indicator, "{text}");
            assert_eq!(predicate.matches(&other), lets_other, "{text}");
        }
        assert!(!Predicate::nothing().matches(&indicator));
        let without_name = Facts { source: None, ..indicator };
        assert!(!compiled("source = ACME").unwrap().matches(&without_name));
        assert!(compiled("type = indicator").unwrap().matches(&without_name));
    }

    #[test]
    fn errors_name_the_place() {
        for (text, at, says) in [
            ("typ = indicator", 0, "`typ` is no field"),
            ("type", 4, "expected `=`"),
            ("type = ", 7, "expected a value"),
            ("type = indicator label = red", 17, "expected `and`"),
            ("type = indicator and", 20, "expected a field"),
            ("type <= indicator", 5, "only `label`"),
            ("type in indicator", 8, "expected `(`"),
            ("type in ()", 9, "expected a value"),
            ("type in (a1b, c2d", 17, "expected `,` or `)`"),
            ("type = \"indicator", 7, "closing"),
            ("type = Indicator", 7, "no type"),
            ("label = purple", 8, "not a TLP label"),
            ("via = that", 6, "`this`"),
            ("author = somebody", 9, "identity"),
            ("source = Unknown", 9, "no member"),
            ("type = indicator; drop", 16, "not part of a filter"),
        ] {
            let error = compiled(text).unwrap_err();
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
    }
}
