//! Parts of objects that are for fewer than the objects are (STIX 2.1 §7.2.3): what is left without them.
//!
//! Which parts are restricted, the bytes say; how far, the label. So what a reader is served is a function of the bytes, the
//! label and what he may see of it, and nothing has to be looked up to make it.

use model::{Hidden, Label, Tlp};
use stix::redact::{Redacted, redact};
use store::record::Index;
use strictjson::{Limits, Node};

use super::index;
use super::marking::tlp_of;

/// The labels under which something can be hidden.
const BELOW_RED: [Tlp; 4] = [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict];

/// Whether an object stands without its restricted parts, for each way of hiding some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stands {
    // By what is seen, the least first; without the parts under other markings than TLP's, and with them.
    falls: [[bool; 2]; BELOW_RED.len()],
}

impl Stands {
    /// Takes them out in each way, which is at most eight, and as a rule one. `levels` are the TLPs that parts bear,
    /// `others` says that some bear other markings.
    #[must_use]
    pub fn of(bytes: &[u8], object: &Node<'_>, levels: &[Tlp], others: bool) -> Stands {
        // What a definition asks for of others is not for some of those who are asked.
        let defines = object.get("type").and_then(Node::as_str) == Some("marking-definition");
        let mut stands = Stands::default();
        let mut known: Vec<((usize, bool), bool)> = Vec::new();
        for (above, row) in BELOW_RED.into_iter().zip(&mut stands.falls) {
            for (falls, others) in row.iter_mut().zip([false, others]) {
                let way = (levels.iter().filter(|level| **level > above).count(), others);
                *falls = match known.iter().find(|(known, _)| *known == way) {
                    Some((_, falls)) => *falls,
                    None => {
                        let hidden = Hidden { above, others };
                        let redacted = redact(bytes, object, &|id| is_hidden(hidden, id));
                        let falls = match redacted {
                            Redacted::Whole => false,
                            Redacted::Copy(_) => defines,
                            Redacted::Nothing => true,
                        };
                        known.push((way, falls));
                        falls
                    }
                };
            }
        }
        stands
    }

    /// The least TLP, from that of the whole on, of which it is true that the object stands for everybody who sees as much
    /// of it or more. Whoever sees less sees nothing of it.
    #[must_use]
    pub fn least(&self, whole: Tlp, others: Option<Tlp>) -> Tlp {
        let stands = |(above, row): &(Tlp, &[bool; 2])| {
            let [without, with] = row;
            let falls = if others.is_some_and(|tlp| tlp > *above) { with } else { without };
            *above >= whole && !falls
        };
        let rows = BELOW_RED.into_iter().zip(&self.falls).rev();
        rows.take_while(stands).last().map_or(Tlp::Red, |(above, _)| above)
    }
}

/// Whether the parts under a marking are hidden, by the marking's id.
#[must_use]
pub fn is_hidden(hidden: Hidden, marking: &str) -> bool {
    stix::tlp::level(marking).map_or(hidden.others, |level| tlp_of(level) > hidden.above)
}

/// What is left of a stored object without what is hidden. Its label was made so that something is; if not, it is nothing
/// that says anything.
#[must_use]
pub fn take_out(wire: &[u8], hidden: Hidden) -> Vec<u8> {
    let redacted = strictjson::parse(wire, &Limits::default())
        .map(|object| stix::redact::take_out(wire, &object, &|id| is_hidden(hidden, id)));
    match redacted {
        Ok(Redacted::Whole) => wire.to_vec(),
        Ok(Redacted::Copy(copy)) => copy,
        Ok(Redacted::Nothing) | Err(_) => b"{}".to_vec(),
    }
}

/// What the views keep of a stored object under a label: what everybody may know who sees it at all. Nobody finds an object
/// by a part that is not for him, so nobody finds it by a restricted part.
#[must_use]
pub fn index_of(wire: &[u8], object: &Node<'_>, label: &Label) -> Index {
    let Some(hidden) = label.hidden_above(label.tlp) else { return index::of(object) };
    let copy = take_out(wire, hidden);
    strictjson::parse(&copy, &Limits::default()).map(|copy| index::of(&copy)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{MemberId, Parts};
    use strictjson::parse;
    use uuid::Uuid;

    const AMBER: &str = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421";
    const RED: &str = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed";
    const OTHER: &str = "marking-definition--00000000-0000-4000-8000-000000000001";

    fn malware(markings: &[(&str, &str)]) -> String {
        let markings: Vec<String> = markings
            .iter()
            .map(|(id, part)| format!("{{\"marking_ref\":\"{id}\",\"selectors\":[\"{part}\"]}}"))
            .collect();
        format!(
            "{{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"malware--00000000-0000-4000-8000-000000000001\",\
             \"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\",\"is_family\":false,\
             \"name\":\"n\",\"description\":\"d\",\"aliases\":[\"a\"],\"granular_markings\":[{}]}}",
            markings.join(",")
        )
    }

    #[test]
    fn an_object_is_for_those_for_whom_it_stands() {
        for (markings, whole, others, expected) in [
            (&[(RED, "name")][..], Tlp::Green, None, Tlp::Green),
            (&[(RED, "is_family")], Tlp::Green, None, Tlp::Red),
            (&[(AMBER, "is_family")], Tlp::Green, None, Tlp::Amber),
            (&[(AMBER, "is_family"), (RED, "name")], Tlp::Clear, None, Tlp::Amber),
            (&[(AMBER, "name"), (RED, "is_family")], Tlp::Clear, None, Tlp::Red),
            (&[(AMBER, "is_family")], Tlp::AmberStrict, None, Tlp::AmberStrict),
            (&[(OTHER, "is_family")], Tlp::Green, None, Tlp::Green),
            (&[(OTHER, "is_family")], Tlp::Green, Some(Tlp::Amber), Tlp::Amber),
            (&[(OTHER, "is_family")], Tlp::Green, Some(Tlp::Green), Tlp::Green),
            (&[(OTHER, "name"), (RED, "aliases")], Tlp::Clear, Some(Tlp::Red), Tlp::Clear),
            (&[(RED, "type")], Tlp::Clear, None, Tlp::Red),
        ] {
            let text = malware(markings);
            let node = parse(text.as_bytes(), &Limits::default()).unwrap();
            let levels: Vec<Tlp> =
                markings.iter().filter_map(|(id, _)| stix::tlp::level(id)).map(tlp_of).collect();
            let has_others = markings.iter().any(|(id, _)| *id == OTHER);
            let stands = Stands::of(text.as_bytes(), &node, &levels, has_others);
            assert_eq!(stands.least(whole, others), expected, "{markings:?} in {whole}");
        }
    }

    #[test]
    fn a_definition_says_all_or_nothing() {
        let text = format!(
            "{{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"{OTHER}\",\"created\":\
             \"2026-01-01T00:00:00.000Z\",\"name\":\"n\",\"definition_type\":\"statement\",\"definition\":\
             {{\"statement\":\"s\"}},\"granular_markings\":[{{\"marking_ref\":\"{RED}\",\"selectors\":[\"name\"]}}]}}"
        );
        let node = parse(text.as_bytes(), &Limits::default()).unwrap();
        let stands = Stands::of(text.as_bytes(), &node, &[Tlp::Red], false);
        assert_eq!(stands.least(Tlp::Clear, None), Tlp::Red);
    }

    #[test]
    fn nothing_is_found_by_a_restricted_part() {
        let text = malware(&[(RED, "name"), (AMBER, "aliases"), (OTHER, "description")]);
        let node = parse(text.as_bytes(), &Limits::default()).unwrap();
        let label = |tlp, parts| Label { parts, ..Label::new(MemberId(Uuid::nil()), tlp) };
        let parts = |others| Some(Parts { strictest: Tlp::Red, others });
        for (label, names, text_kept) in [
            (label(Tlp::Red, None), &["a", "n"][..], "n a d"),
            (label(Tlp::Amber, parts(None)), &["a"], "a d"),
            (label(Tlp::Green, parts(None)), &[], "d"),
            (label(Tlp::Green, parts(Some(Tlp::Red))), &[], ""),
        ] {
            let index = index_of(text.as_bytes(), &node, &label);
            assert_eq!(index.names, names, "{label:?}");
            assert_eq!(index.text, text_kept, "{label:?}");
        }
    }
}
