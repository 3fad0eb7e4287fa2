//! Markings to labels: which TLP a statement gets from what its bytes refer to.
//!
//! Markings combine by AND, so the most restrictive wins (STIX 2.1 §7.2.2). TLP 1 and TLP 2.0 are known by their ids.
//! A `statement` restricts nothing. Anything else that is referred to is looked for among the marking definitions that
//! the same member said; one that is not held counts as RED until it arrives, and one that is held and not understood
//! counts as RED for good.
//!
//! A granular marking restricts the parts that it selects, where it asks for more than the whole does; the markings of parts
//! that are none of TLP are taken together. Where the object would be none without such parts, what they ask for is asked
//! for the whole.

use model::{Label, MemberId, Parts, PermittedActions, Tlp};
use stix::tlp::{EXTENSION, Level};
use strictjson::Node;

use super::parts::Stands;

/// What a marking definition asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Restriction {
    /// Nothing: a statement of terms or a copyright.
    None,
    /// A TLP label.
    Tlp(Tlp),
    /// A policy of FIRST IEP 2.0, of which nothing else is for the node to keep.
    Policy(Tlp, PermittedActions),
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
    /// There it was for some by name, or embargoed.
    pub carried_named: bool,
    /// What its parts asked for there, under other markings than TLP's.
    pub carried_parts: Option<Tlp>,
    /// What recipients could do with it there.
    pub carried_actions: PermittedActions,
    /// Other markings that `object_marking_refs` name, each once.
    pub whole_refs: Vec<String>,
    /// Other markings that `granular_markings` name, each once.
    pub part_refs: Vec<String>,
    /// Whether it stands without the parts that are restricted.
    pub stands: Stands,
}

/// The label that markings amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The TLP of the whole.
    pub tlp: Tlp,
    /// What parts ask for beyond it.
    pub parts: Option<Parts>,
    /// What recipients may do with it, by policies among its markings.
    pub actions: PermittedActions,
    /// Nothing named a TLP, so it got the default.
    pub by_default: bool,
    /// A marking that is not held, for which it is RED, or parts of it are.
    pub missing: Option<String>,
}

impl Marked {
    /// The label, for what this member says.
    #[must_use]
    pub fn label(&self, author: MemberId) -> Label {
        Label { parts: self.parts, actions: self.actions, ..Label::new(author, self.tlp) }
    }

    /// The strictest TLP of the whole and of parts.
    #[must_use]
    pub fn strictest(&self) -> Tlp {
        self.parts.map_or(self.tlp, |parts| parts.strictest)
    }
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
    /// Reads the markings of an object that was parsed from these bytes.
    #[must_use]
    pub fn of(bytes: &[u8], object: &Node<'_>) -> Markings {
        let common = stix::common(object);
        let mut markings = Markings::default();
        let mut levels = Vec::new();
        for id in common.object_marking_refs.iter() {
            add(id, &mut markings.whole, &mut markings.whole_refs);
        }
        for id in common.granular_markings.iter().filter_map(|marking| marking.marking_ref) {
            levels.extend(stix::tlp::level(id).map(tlp_of));
            add(id, &mut markings.parts, &mut markings.part_refs);
        }
        let others = !markings.part_refs.is_empty();
        if others || !levels.is_empty() {
            markings.stands = Stands::of(bytes, object, &levels, others);
        }
        markings
    }

    /// Every marking that has to be looked for.
    pub fn to_look_for(&self) -> impl Iterator<Item = &str> {
        self.whole_refs.iter().chain(&self.part_refs).map(String::as_str)
    }

    /// What they amount to, with what is `held` of the markings that have to be looked for.
    pub fn amount_to(&self, default: Tlp, held: impl Fn(&str) -> Option<Restriction>) -> Marked {
        let (mut missing, mut actions) = (None, self.carried_actions);
        let mut strictest = |own: Option<Tlp>, refs: &[String], carried: Option<Tlp>| {
            refs.iter().fold(own, |strictest, id| {
                let asked = match held(id) {
                    Some(Restriction::None) => None,
                    Some(Restriction::Tlp(tlp)) => Some(tlp),
                    Some(Restriction::Policy(tlp, permitted)) => {
                        actions = actions.min(permitted);
                        Some(tlp)
                    }
                    Some(Restriction::NotUnderstood) => Some(Tlp::Red),
                    // The label that it carries was made with the marking in view.
                    None if self.carried.is_some() => carried,
                    None => {
                        missing.get_or_insert_with(|| id.clone());
                        Some(Tlp::Red)
                    }
                };
                strictest.max(asked)
            })
        };
        let whole = strictest(self.whole.max(self.carried), &self.whole_refs, None);
        let others = strictest(None, &self.part_refs, self.carried_parts);
        let tlp = self.stands.least(whole.unwrap_or(default), others);
        let parts = self.parts.max(others).filter(|strictest| *strictest > tlp);
        let others = others.filter(|others| *others > tlp);
        let parts = parts.map(|strictest| Parts { strictest, others });
        Marked { tlp, parts, actions, by_default: whole.is_none(), missing }
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
    if let Some(extensions) = extensions.filter(|all| all.len() == 1)
        && let Some(policy) = extensions.get(IEP_EXTENSION)
    {
        let is_alone = definition.get("definition_type").is_none();
        return Some(policy_of(policy).filter(|_| is_alone).unwrap_or(Restriction::NotUnderstood));
    }
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

/// The extension by which OASIS's STIX 2.1 IEP 2.0 marking definition says a policy.
const IEP_EXTENSION: &str = "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a";

// A policy is understood where the node can keep to it: it demands no encryption, and nothing of the name of who provides, which
// are demands on circles here. What else it says is for the recipient, who sees the marking. Its dates open nothing: it is
// taken as binding.
fn policy_of(policy: &Node<'_>) -> Option<Restriction> {
    let word = |field: &str| policy.get(field).and_then(Node::as_str);
    let is_2 = policy.get("iep_version").and_then(Node::as_f64) == Some(2.0);
    let free = ["encrypt_in_transit", "provider_attribution"].iter().all(|field| word(field) == Some("may"));
    let known = ["affected_party_notifications", "unmodified_resale"]
        .iter()
        .all(|field| matches!(word(field), Some("may" | "must-not")));
    let actions = PermittedActions::named(word("permitted_actions")?)?;
    let tlp = word("tlp")?.parse().ok()?;
    (is_2 && free && known).then_some(Restriction::Policy(tlp, actions))
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
    const GREENISH: &str = "marking-definition--00000000-0000-4000-8000-000000000004";

    const RED_1: &str = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed";

    // The markings of an object with these on a part that can be taken out, or on one that cannot.
    fn markings(whole: &[&str], parts: &[&str], selector: &str) -> Markings {
        let quoted = |ids: &[&str]| ids.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(",");
        let granular: Vec<String> = parts
            .iter()
            .map(|id| format!("{{\"marking_ref\":\"{id}\",\"selectors\":[\"{selector}\"]}}"))
            .collect();
        let text = format!(
            "{{\"type\":\"tool\",\"spec_version\":\"2.1\",\"id\":\"tool--00000000-0000-4000-8000-000000000001\",\
             \"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\",\"name\":\"n\",\
             \"description\":\"d\"{}{}{}{}}}",
            if whole.is_empty() { "" } else { ",\"object_marking_refs\":" },
            if whole.is_empty() { String::new() } else { format!("[{}]", quoted(whole)) },
            if parts.is_empty() { "" } else { ",\"granular_markings\":" },
            if parts.is_empty() { String::new() } else { format!("[{}]", granular.join(",")) },
        );
        let node = strictjson::parse(text.as_bytes(), &strictjson::Limits::default()).unwrap();
        Markings::of(text.as_bytes(), &node)
    }

    fn held(id: &str) -> Option<Restriction> {
        match id {
            TERMS => Some(Restriction::None),
            GREENISH => Some(Restriction::Tlp(Tlp::Green)),
            ODD => Some(Restriction::NotUnderstood),
            _ => None,
        }
    }

    fn amount(
        whole: &[&str],
        parts: &[&str],
        selector: &str,
    ) -> (Tlp, Option<(Tlp, Option<Tlp>)>, bool, bool) {
        let marked = markings(whole, parts, selector).amount_to(Tlp::Amber, held);
        let parts = marked.parts.map(|parts| (parts.strictest, parts.others));
        (marked.tlp, parts, marked.by_default, marked.missing.is_some())
    }

    #[test]
    fn markings_combine_to_the_most_restrictive() {
        for (whole, expected) in [
            (&[][..], (Tlp::Amber, None, true, false)),
            (&[TERMS], (Tlp::Amber, None, true, false)),
            (&[GREEN_1], (Tlp::Green, None, false, false)),
            (&[GREEN_1, TERMS], (Tlp::Green, None, false, false)),
            (&[WHITE_1, AMBER_2, GREEN_1], (Tlp::Amber, None, false, false)),
            (&[GREEN_1, ABSENT], (Tlp::Red, None, false, true)),
            (&[ODD], (Tlp::Red, None, false, false)),
        ] {
            assert_eq!(amount(whole, &[], ""), expected, "{whole:?}");
        }
    }

    #[test]
    fn markings_of_parts_restrict_parts() {
        for (whole, parts, expected) in [
            (&[GREEN_1][..], &[AMBER_2][..], (Tlp::Green, Some((Tlp::Amber, None)), false, false)),
            (&[GREEN_1], &[AMBER_2, RED_1], (Tlp::Green, Some((Tlp::Red, None)), false, false)),
            // A part that is GREEN opens nothing of a whole that is stricter.
            (&[AMBER_2], &[GREEN_1], (Tlp::Amber, None, false, false)),
            (&[], &[GREEN_1], (Tlp::Amber, None, true, false)),
            (&[], &[RED_1], (Tlp::Amber, Some((Tlp::Red, None)), true, false)),
            (&[GREEN_1], &[TERMS], (Tlp::Green, None, false, false)),
            (
                &[WHITE_1],
                &[GREENISH, TERMS],
                (Tlp::Clear, Some((Tlp::Green, Some(Tlp::Green))), false, false),
            ),
            (&[GREEN_1], &[GREENISH, RED_1], (Tlp::Green, Some((Tlp::Red, None)), false, false)),
            (&[GREEN_1], &[ABSENT], (Tlp::Green, Some((Tlp::Red, Some(Tlp::Red))), false, true)),
            (&[GREEN_1], &[ODD, AMBER_2], (Tlp::Green, Some((Tlp::Red, Some(Tlp::Red))), false, false)),
            (&[RED_1], &[ABSENT], (Tlp::Red, None, false, true)),
        ] {
            assert_eq!(amount(whole, parts, "description"), expected, "{whole:?} {parts:?}");
        }
    }

    #[test]
    fn what_is_nothing_without_a_part_is_as_strict_as_the_part() {
        for selector in ["name", "id", "created"] {
            for (whole, parts, expected) in [
                (&[GREEN_1][..], &[AMBER_2][..], (Tlp::Amber, None, false, false)),
                (&[GREEN_1], &[ABSENT], (Tlp::Red, None, false, true)),
                (&[GREEN_1], &[TERMS], (Tlp::Green, None, false, false)),
                (&[AMBER_2], &[GREEN_1], (Tlp::Amber, None, false, false)),
            ] {
                assert_eq!(amount(whole, parts, selector), expected, "{whole:?} {parts:?} {selector}");
            }
        }
    }

    #[test]
    fn of_policies_the_narrowest_actions_are_permitted() {
        use PermittedActions::{ContactForInstruction, ExternallyVisibleDirect, InternallyVisible};
        let held = |id: &str| match id {
            TERMS => Some(Restriction::Policy(Tlp::Green, InternallyVisible)),
            ODD => Some(Restriction::Policy(Tlp::Clear, ContactForInstruction)),
            _ => None,
        };
        for (whole, parts, tlp, actions) in [
            (&[TERMS][..], &[][..], Tlp::Green, InternallyVisible),
            (&[TERMS, AMBER_2], &[], Tlp::Amber, InternallyVisible),
            (&[TERMS], &[ODD], Tlp::Green, ContactForInstruction),
            (&[WHITE_1], &[], Tlp::Clear, ExternallyVisibleDirect),
        ] {
            let marked = markings(whole, parts, "description").amount_to(Tlp::Amber, held);
            assert_eq!((marked.tlp, marked.actions), (tlp, actions), "{whole:?} {parts:?}");
            assert_eq!(marked.label(MemberId(uuid::Uuid::nil())).actions, actions);
        }
    }

    #[test]
    fn a_carried_label_stands_for_markings_that_are_not_here() {
        let carried = |parts| Markings {
            carried: Some(Tlp::AmberStrict),
            carried_parts: parts,
            ..markings(&[GREEN_1, ABSENT], &[ABSENT], "description")
        };
        let amount = |parts, asked: Option<Restriction>| {
            let marked = carried(parts).amount_to(Tlp::Clear, |_| asked);
            (marked.tlp, marked.parts, marked.missing)
        };
        assert_eq!(amount(None, None), (Tlp::AmberStrict, None, None));
        let red = Some(Parts { strictest: Tlp::Red, others: Some(Tlp::Red) });
        assert_eq!(amount(Some(Tlp::Red), None), (Tlp::AmberStrict, red, None));
        assert_eq!(amount(Some(Tlp::Red), Some(Restriction::None)), (Tlp::AmberStrict, None, None));
        assert_eq!(amount(None, Some(Restriction::NotUnderstood)), (Tlp::Red, None, None));
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
        let iep = |change: (&str, &str)| {
            let policy = "\"encrypt_in_transit\":\"may\",\"permitted_actions\":\"none\",\"tlp\":\"green\",\
                 \"affected_party_notifications\":\"may\",\"provider_attribution\":\"may\",\
                 \"unmodified_resale\":\"must-not\",\"iep_version\":2.0";
            with(&format!(
                ",\"extensions\":{{\"{IEP_EXTENSION}\":{{{}}}}}",
                policy.replace(change.0, change.1)
            ))
        };
        let green = Restriction::Policy(Tlp::Green, PermittedActions::None);
        assert_eq!(iep(("", "")), Some(green));
        for change in [
            ("transit\":\"may", "transit\":\"must"),
            ("attribution\":\"may", "attribution\":\"must-not"),
            ("resale\":\"must-not", "resale\":\"must"),
            ("\"none\"", "\"some\""),
            ("\"tlp\":\"green\",", ""),
            ("2.0", "3.0"),
        ] {
            assert_eq!(iep(change), Some(Restriction::NotUnderstood), "{change:?}");
        }
        let other = strictjson::parse(b"{\"type\":\"tool\"}", &strictjson::Limits::default()).unwrap();
        assert_eq!(restriction(&other), None);
    }
}
