//! Markings to labels: which TLP a statement gets from what its bytes refer to.
//!
//! Markings combine by AND, so the most restrictive wins (STIX 2.1 §7.2.2). TLP 1 and TLP 2.0 are known by their ids.
//! A `statement` restricts nothing. Anything else that is referred to is looked for among the marking definitions that
//! the same member said; one that is not held counts as RED until it arrives, and one that is held and not understood
//! counts as RED for good. A granular marking applies to the whole object in this release.

use model::Tlp;
use stix::tlp::{EXTENSION, Level};
use strictjson::Node;

/// What a marking definition asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Restriction {
    /// Nothing: a statement of terms or a copyright.
    None,
    /// A TLP label.
    Tlp(Tlp),
    /// Something that this release does not understand.
    NotUnderstood,
}

/// What an object's bytes say about who it is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Markings {
    /// The most restrictive TLP that `object_marking_refs` name.
    pub whole: Option<Tlp>,
    /// The most restrictive TLP that `granular_markings` name.
    pub parts: Option<Tlp>,
    /// The TLP that it had where it was exported.
    pub carried: Option<Tlp>,
    /// Other markings that `object_marking_refs` name, each once.
    pub whole_refs: Vec<String>,
    /// Other markings that `granular_markings` name, each once.
    pub part_refs: Vec<String>,
}

/// The label that markings amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The TLP.
    pub tlp: Tlp,
    /// Nothing named a TLP, so it got the default.
    pub by_default: bool,
    /// A marking that is not held, for which it is RED.
    pub missing: Option<String>,
}

/// The TLP of STIX in the words of the model.
#[must_use]
pub fn tlp_of(level: Level) -> Tlp {
    match level {
        Level::Clear => Tlp::Clear,
        Level::Green => Tlp::Green,
        Level::Amber => Tlp::Amber,
        Level::AmberStrict => Tlp::AmberStrict,
        Level::Red => Tlp::Red,
    }
}

impl Markings {
    /// Reads the markings of an object.
    #[must_use]
    pub fn of(common: &stix::Common<'_>) -> Markings {
        let mut markings = Markings::default();
        for id in common.object_marking_refs.iter() {
            add(id, &mut markings.whole, &mut markings.whole_refs);
        }
        for id in common.granular_markings.iter().filter_map(|marking| marking.marking_ref) {
            add(id, &mut markings.parts, &mut markings.part_refs);
        }
        markings
    }

    /// Every marking that has to be looked for.
    pub fn to_look_for(&self) -> impl Iterator<Item = &str> {
        self.whole_refs.iter().chain(&self.part_refs).map(String::as_str)
    }

    /// What they amount to, with what is `held` of the markings that have to be looked for.
    pub fn amount_to(&self, default: Tlp, held: impl Fn(&str) -> Option<Restriction>) -> Marked {
        let mut missing = None;
        let mut strictest = |own: Option<Tlp>, refs: &[String]| {
            refs.iter().fold(own, |strictest, id| {
                let asked = match held(id) {
                    Some(Restriction::None) => None,
                    Some(Restriction::Tlp(tlp)) => Some(tlp),
                    Some(Restriction::NotUnderstood) => Some(Tlp::Red),
                    // The label that it carries was made with the marking in view.
                    None if self.carried.is_some() => None,
                    None => {
                        missing.get_or_insert_with(|| id.clone());
                        Some(Tlp::Red)
                    }
                };
                strictest.max(asked)
            })
        };
        let whole = strictest(self.whole.max(self.carried), &self.whole_refs);
        let parts = strictest(self.parts, &self.part_refs);
        let tlp = whole.unwrap_or(default).max(parts.unwrap_or(Tlp::Clear));
        Marked { tlp, by_default: whole.is_none(), missing }
    }
}

fn add(id: &str, strictest: &mut Option<Tlp>, others: &mut Vec<String>) {
    match stix::tlp::level(id) {
        Some(level) => *strictest = (*strictest).max(Some(tlp_of(level))),
        None if others.iter().any(|known| known == id) => {}
        None => others.push(id.to_owned()),
    }
}

/// What a marking definition asks for; `None` when this is none.
#[must_use]
pub fn restriction(definition: &Node<'_>) -> Option<Restriction> {
    if definition.get("type").and_then(Node::as_str) != Some("marking-definition") {
        return None;
    }
    let id = definition.get("id").and_then(Node::as_str).unwrap_or_default();
    if let Some(level) = stix::tlp::level(id) {
        return Some(Restriction::Tlp(tlp_of(level)));
    }
    let extensions = definition.get("extensions").and_then(Node::as_object);
    let tlp2 = extensions.and_then(|all| all.get(EXTENSION)).and_then(|one| one.get("tlp_2_0"));
    let tlp = |node: Option<&Node<'_>>| node.and_then(Node::as_str).and_then(|word| word.parse().ok());
    if extensions.is_some_and(|all| all.len() > usize::from(tlp2.is_some())) {
        // An extension may restrict; what it says is not understood.
        return Some(Restriction::NotUnderstood);
    }
    let asked = match definition.get("definition_type").and_then(Node::as_str) {
        Some("statement") => Some(Restriction::None),
        Some("tlp") => tlp(definition.get("definition").and_then(|of| of.get("tlp"))).map(Restriction::Tlp),
        _ => None,
    };
    let by_extension = tlp2.map(|word| tlp(Some(word)).map_or(Restriction::NotUnderstood, Restriction::Tlp));
    Some(asked.max(by_extension).unwrap_or(Restriction::NotUnderstood))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREEN_1: &str = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da";
    const AMBER_2: &str = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421";
    const WHITE_1: &str = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9";
    const TERMS: &str = "marking-definition--00000000-0000-4000-8000-000000000001";
    const ODD: &str = "marking-definition--00000000-0000-4000-8000-000000000002";
    const ABSENT: &str = "marking-definition--00000000-0000-4000-8000-000000000003";

    fn amount(whole: &[&str], parts: &[&str]) -> (Tlp, bool, bool) {
        let quoted = |ids: &[&str]| ids.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(",");
        let granular: Vec<String> =
            parts.iter().map(|id| format!("{{\"marking_ref\":\"{id}\",\"selectors\":[\"name\"]}}")).collect();
        let text = format!(
            "{{\"object_marking_refs\":[{}],\"granular_markings\":[{}]}}",
            quoted(whole),
            granular.join(",")
        );
        let node = strictjson::parse(text.as_bytes(), &strictjson::Limits::default()).unwrap();
        let held = |id: &str| match id {
            TERMS => Some(Restriction::None),
            ODD => Some(Restriction::NotUnderstood),
            _ => None,
        };
        let marked = Markings::of(&stix::common(&node)).amount_to(Tlp::Amber, held);
        (marked.tlp, marked.by_default, marked.missing.is_some())
    }

    #[test]
    fn markings_combine_to_the_most_restrictive() {
        for (whole, parts, expected) in [
            (&[][..], &[][..], (Tlp::Amber, true, false)),
            (&[TERMS], &[], (Tlp::Amber, true, false)),
            (&[GREEN_1], &[], (Tlp::Green, false, false)),
            (&[GREEN_1, TERMS], &[], (Tlp::Green, false, false)),
            (&[WHITE_1, AMBER_2, GREEN_1], &[], (Tlp::Amber, false, false)),
            (&[GREEN_1], &[AMBER_2], (Tlp::Amber, false, false)),
            (&[AMBER_2], &[GREEN_1], (Tlp::Amber, false, false)),
            // A part that is GREEN does not open a whole that says nothing.
            (&[], &[GREEN_1], (Tlp::Amber, true, false)),
            (&[GREEN_1], &[TERMS], (Tlp::Green, false, false)),
            (&[GREEN_1, ABSENT], &[], (Tlp::Red, false, true)),
            (&[GREEN_1], &[ABSENT], (Tlp::Red, false, true)),
            (&[ODD], &[], (Tlp::Red, false, false)),
            (&[GREEN_1], &[ODD], (Tlp::Red, false, false)),
        ] {
            assert_eq!(amount(whole, parts), expected, "{whole:?} {parts:?}");
        }
    }

    #[test]
    fn a_carried_label_stands_for_markings_that_are_not_here() {
        let markings = Markings {
            carried: Some(Tlp::AmberStrict),
            whole: Some(Tlp::Green),
            whole_refs: vec![ABSENT.to_owned()],
            ..Markings::default()
        };
        let marked = markings.amount_to(Tlp::Clear, |_| None);
        assert_eq!(marked, Marked { tlp: Tlp::AmberStrict, by_default: false, missing: None });
        let marked = markings.amount_to(Tlp::Clear, |_| Some(Restriction::NotUnderstood));
        assert_eq!(marked.tlp, Tlp::Red);
    }

    #[test]
    fn definitions_ask_for_what_they_say() {
        let with = |rest: &str| {
            let text = format!("{{\"type\":\"marking-definition\",\"id\":\"{TERMS}\"{rest}}}");
            let node = strictjson::parse(text.as_bytes(), &strictjson::Limits::default()).unwrap();
            restriction(&node)
        };
        let extension = |id: &str, word: &str| {
            format!(
                ",\"extensions\":{{\"{id}\":{{\"extension_type\":\"property-extension\",\"tlp_2_0\":\"{word}\"}}}}"
            )
        };
        assert_eq!(
            with(",\"definition_type\":\"statement\",\"definition\":{\"statement\":\"(c)\"}"),
            Some(Restriction::None)
        );
        assert_eq!(with(&extension(EXTENSION, "amber+strict")), Some(Restriction::Tlp(Tlp::AmberStrict)));
        assert_eq!(with(&extension(EXTENSION, "mauve")), Some(Restriction::NotUnderstood));
        let other = extension("extension-definition--00000000-0000-4000-8000-000000000009", "clear");
        assert_eq!(with(&other), Some(Restriction::NotUnderstood));
        let both = format!(",\"definition_type\":\"statement\"{other}");
        assert_eq!(with(&both), Some(Restriction::NotUnderstood), "an extension may restrict");
        assert_eq!(with(""), Some(Restriction::NotUnderstood));
        assert_eq!(with(",\"definition_type\":\"iep\""), Some(Restriction::NotUnderstood));
        let other = strictjson::parse(b"{\"type\":\"tool\"}", &strictjson::Limits::default()).unwrap();
        assert_eq!(restriction(&other), None);
    }
}
