//! Labels: who a statement is for.

use std::fmt;
use std::str::FromStr;

use crate::{CircleId, MemberId, PersonId, Timestamp};

/// Traffic Light Protocol 2.0. The order is that of ceilings only: CLEAR < GREEN < AMBER < AMBER+STRICT < RED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tlp {
    /// No limit on disclosure.
    Clear,
    /// The community.
    Green,
    /// Recipients' organisations and their clients.
    Amber,
    /// Recipients' organisations only.
    AmberStrict,
    /// Named persons only.
    Red,
}

impl Tlp {
    /// Every label, the widest audience first.
    pub const ALL: [Tlp; 5] = [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict, Tlp::Red];

    /// The label as FIRST writes it after `TLP:`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Tlp::Clear => "CLEAR",
            Tlp::Green => "GREEN",
            Tlp::Amber => "AMBER",
            Tlp::AmberStrict => "AMBER+STRICT",
            Tlp::Red => "RED",
        }
    }
}

impl fmt::Display for Tlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLP:{}", self.name())
    }
}

/// A text that names no TLP label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotATlp(pub String);

impl fmt::Display for NotATlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a TLP label: use clear, green, amber, amber+strict or red", self.0)
    }
}

impl std::error::Error for NotATlp {}

impl FromStr for Tlp {
    type Err = NotATlp;

    /// Any case, with or without `TLP:`; TLP 1's WHITE is CLEAR.
    fn from_str(text: &str) -> Result<Tlp, NotATlp> {
        let upper = text.trim().to_ascii_uppercase();
        match upper.strip_prefix("TLP:").unwrap_or(&upper) {
            "CLEAR" | "WHITE" => Ok(Tlp::Clear),
            "GREEN" => Ok(Tlp::Green),
            "AMBER" => Ok(Tlp::Amber),
            "AMBER+STRICT" | "AMBER-STRICT" => Ok(Tlp::AmberStrict),
            "RED" => Ok(Tlp::Red),
            _ => Err(NotATlp(text.to_owned())),
        }
    }
}

/// Those to whom a label names its statement. Empty means: the members of the node, within what the TLP allows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Recipients {
    /// Organisations, in ascending order.
    pub members: Vec<MemberId>,
    /// Persons, in ascending order. RED is for these alone.
    pub persons: Vec<PersonId>,
    /// Circles, in ascending order.
    pub circles: Vec<CircleId>,
}

impl Recipients {
    /// Nobody is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.persons.is_empty() && self.circles.is_empty()
    }
}

/// An embargo: until it is lifted by an act, nobody but the author and the named recipients sees the statement. The
/// clock alone never publishes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Embargo {
    /// What it is about, in one line, such as a number by which those named know it.
    pub case: String,
    /// It is not to be lifted before this time, where one was said.
    pub until: Option<Timestamp>,
}

/// Whom a label is for beside its TLP, and what they may do: what one asks for when one submits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Audience {
    /// Those named.
    pub recipients: Recipients,
    /// The embargo, if there is one.
    pub embargo: Option<Embargo>,
    /// What recipients may do with it.
    pub actions: PermittedActions,
}

impl Audience {
    /// Nobody is named and nothing is held back: the TLP alone decides.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        self.recipients.is_empty() && self.embargo.is_none()
    }
}

/// FIRST IEP 2.0 `permitted_actions`, the narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PermittedActions {
    /// `none`
    None,
    /// `contact-for-instruction`
    ContactForInstruction,
    /// `internally-visible-actions`
    InternallyVisible,
    /// `externally-visible-indirect-actions`
    ExternallyVisibleIndirect,
    /// `externally-visible-direct-actions`, and what a label without IEP permits.
    #[default]
    ExternallyVisibleDirect,
}

impl PermittedActions {
    /// All of them, the narrowest first.
    pub const ALL: [PermittedActions; 5] = [
        PermittedActions::None,
        PermittedActions::ContactForInstruction,
        PermittedActions::InternallyVisible,
        PermittedActions::ExternallyVisibleIndirect,
        PermittedActions::ExternallyVisibleDirect,
    ];

    /// The word of IEP 2.0.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PermittedActions::None => "none",
            PermittedActions::ContactForInstruction => "contact-for-instruction",
            PermittedActions::InternallyVisible => "internally-visible-actions",
            PermittedActions::ExternallyVisibleIndirect => "externally-visible-indirect-actions",
            PermittedActions::ExternallyVisibleDirect => "externally-visible-direct-actions",
        }
    }

    /// The word, where something is not permitted.
    #[must_use]
    pub fn narrowed(self) -> Option<&'static str> {
        Some(self.name()).filter(|_| self != PermittedActions::default())
    }

    /// The one of that word.
    #[must_use]
    pub fn named(word: &str) -> Option<PermittedActions> {
        PermittedActions::ALL.into_iter().find(|one| one.name() == word)
    }
}

/// Whether readers are told which member a statement comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Origin {
    /// The node vouches for a member that it does not name.
    Withheld,
    /// Readers see the member.
    #[default]
    Shown,
}

/// What the parts of a statement ask for that is for fewer than the statement is (STIX 2.1 §7.2.3). Which parts those are,
/// its bytes say: this only says how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Parts {
    /// The strictest TLP of any part; above that of the whole.
    pub strictest: Tlp,
    /// What all parts under markings other than those of TLP ask for, where that is above the TLP of the whole. They are
    /// taken together, so that there are few labels, however many markings there are.
    pub others: Option<Tlp>,
}

/// Which parts a reader does not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hidden {
    /// Those under a TLP marking above this.
    pub above: Tlp,
    /// Those under any other marking.
    pub others: bool,
}

/// Who a statement is for. Interned: equal labels have one small number in the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label {
    /// The member whose statement it is.
    pub author: MemberId,
    /// The TLP 2.0 label of the whole.
    pub tlp: Tlp,
    /// What parts ask for beyond it.
    pub parts: Option<Parts>,
    /// Those it names.
    pub recipients: Recipients,
    /// Not before, if embargoed.
    pub embargo: Option<Embargo>,
    /// What recipients may do with it.
    pub actions: PermittedActions,
    /// Whether the author is shown.
    pub origin: Origin,
    /// Where the origin is withheld: what the node vouches for, the sector that the member was of.
    pub sector: Option<String>,
}

impl Label {
    /// The author's label with a TLP and nothing else said.
    #[must_use]
    pub fn new(author: MemberId, tlp: Tlp) -> Label {
        Label {
            author,
            tlp,
            parts: None,
            recipients: Recipients::default(),
            embargo: None,
            actions: PermittedActions::default(),
            origin: Origin::default(),
            sector: None,
        }
    }

    /// The same label, for these, who may do no more than both permit.
    #[must_use]
    pub fn to(self, audience: Audience) -> Label {
        let Audience { recipients, embargo, actions } = audience;
        Label { recipients, embargo, actions: actions.min(self.actions), ..self }
    }

    /// The same label, as far as the origin goes told like another.
    #[must_use]
    pub fn told_like(self, other: &Label) -> Label {
        Label { origin: other.origin, sector: other.sector.clone(), ..self }
    }

    /// Whom it is for beside its TLP.
    #[must_use]
    pub fn audience(&self) -> Audience {
        Audience { recipients: self.recipients.clone(), embargo: self.embargo.clone(), actions: self.actions }
    }

    /// Whether nobody sees what is under this label who does not see what is under the other, but for the authors. Where
    /// that cannot be told from the labels alone, the answer is no.
    #[must_use]
    pub fn is_within(&self, other: &Label) -> bool {
        let (own, to) = (&self.recipients, &other.recipients);
        if self.tlp == Tlp::Red && own.persons.is_empty() {
            return true;
        }
        if self.strictest() < other.strictest() {
            return false;
        }
        let inside = own.members.iter().all(|id| to.members.contains(id))
            && own.persons.iter().all(|id| to.persons.contains(id))
            && own.circles.iter().all(|id| to.circles.contains(id));
        if other.embargo.is_some() {
            return self.embargo.is_some() && inside && self.tlp >= other.tlp;
        }
        match other.tlp {
            Tlp::Clear => true,
            _ if self.tlp < other.tlp => false,
            Tlp::Red => inside,
            _ => to.is_empty() || (inside && !(own.is_empty() && self.embargo.is_none())),
        }
    }

    /// The strictest TLP in it, of the whole and of its parts: what ceilings on writing look at.
    #[must_use]
    pub fn strictest(&self) -> Tlp {
        self.parts.map_or(self.tlp, |parts| parts.strictest.max(self.tlp))
    }

    /// Which parts somebody does not see who sees no more than the parts up to a TLP; `None` where he sees all of it.
    #[must_use]
    pub fn hidden_above(&self, seen: Tlp) -> Option<Hidden> {
        let above = seen.max(self.tlp);
        let parts = self.parts.filter(|parts| parts.strictest > above)?;
        Some(Hidden { above, others: parts.others.is_some_and(|tlp| tlp > above) })
    }

    /// The bytes that are committed to, signed and interned: one line per field in fixed order, names sorted.
    ///
    /// ```text
    /// accord-label 1
    /// author 6f1c…            (UUID)
    /// tlp AMBER+STRICT
    /// parts RED                (the strictest, if parts ask for more)
    /// other-parts RED          (those under other markings than TLP's, if they do)
    /// member … | person … | circle …     (zero or more, each kind sorted)
    /// embargo 2026-01-01T00:00:00.000000Z CASE (if any; `-` for no time)
    /// actions 4                (0 none … 4 externally visible direct)
    /// origin shown             (or withheld)
    /// sector energy            (if the node vouches for one)
    /// ```
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        use std::fmt::Write;
        let mut text = format!("accord-label 1\nauthor {}\ntlp {}\n", self.author, self.tlp.name());
        let mut line = |word: &str, id: &dyn fmt::Display| {
            let _written = writeln!(text, "{word} {id}"); // writing to a String cannot fail
        };
        if let Some(parts) = self.parts {
            line("parts", &parts.strictest.name());
            if let Some(others) = parts.others {
                line("other-parts", &others.name());
            }
        }
        sorted(&self.recipients.members).iter().for_each(|id| line("member", id));
        sorted(&self.recipients.persons).iter().for_each(|id| line("person", id));
        sorted(&self.recipients.circles).iter().for_each(|id| line("circle", id));
        if let Some(Embargo { case, until }) = &self.embargo {
            let until = until.map_or_else(|| "-".to_owned(), |until| until.to_string());
            line("embargo", &format!("{until} {case}"));
        }
        line("actions", &(self.actions as u8));
        line("origin", &if self.origin == Origin::Shown { "shown" } else { "withheld" });
        if let Some(sector) = &self.sector {
            line("sector", sector);
        }
        text.into_bytes()
    }

    /// Reads what [`Label::canonical`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_canonical(bytes: &[u8]) -> Option<Label> {
        let mut lines = std::str::from_utf8(bytes).ok()?.lines();
        if lines.next()? != "accord-label 1" {
            return None;
        }
        let author = lines.next()?.strip_prefix("author ")?.parse().ok()?;
        let tlp = lines.next()?.strip_prefix("tlp ")?.parse().ok()?;
        let mut label = Label::new(author, tlp);
        for line in lines {
            let (word, value) = line.split_once(' ')?;
            match word {
                "parts" => label.parts = Some(Parts { strictest: value.parse().ok()?, others: None }),
                "other-parts" => label.parts.as_mut()?.others = Some(value.parse().ok()?),
                "member" => label.recipients.members.push(value.parse().ok()?),
                "person" => label.recipients.persons.push(value.parse().ok()?),
                "circle" => label.recipients.circles.push(value.parse().ok()?),
                "embargo" => {
                    let (until, case) = value.split_once(' ')?;
                    let until = if until == "-" { None } else { Some(until.parse().ok()?) };
                    label.embargo = Some(Embargo { case: case.to_owned(), until });
                }
                "actions" => label.actions = permitted(value)?,
                "origin" if value == "shown" => label.origin = Origin::Shown,
                "origin" if value == "withheld" => label.origin = Origin::Withheld,
                "sector" => label.sector = Some(value.to_owned()),
                _ => return None,
            }
        }
        (label.canonical() == bytes).then_some(label)
    }
}

fn sorted<T: Ord + Copy>(ids: &[T]) -> Vec<T> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn permitted(digit: &str) -> Option<PermittedActions> {
    Some(match digit {
        "0" => PermittedActions::None,
        "1" => PermittedActions::ContactForInstruction,
        "2" => PermittedActions::InternallyVisible,
        "3" => PermittedActions::ExternallyVisibleIndirect,
        "4" => PermittedActions::ExternallyVisibleDirect,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn canonical_bytes_go_round_and_do_not_depend_on_order() {
        let id = |n: u128| Uuid::from_u128(n);
        let mut label = Label::new(MemberId(id(1)), Tlp::AmberStrict);
        label.recipients.members = vec![MemberId(id(9)), MemberId(id(3)), MemberId(id(9))];
        label.recipients.persons = vec![PersonId(id(4))];
        label.embargo = Some(Embargo { case: "VU 7".to_owned(), until: Some(Timestamp(5)) });
        label.actions = PermittedActions::InternallyVisible;
        label.origin = Origin::Withheld;
        label.sector = Some("water and waste".to_owned());
        let bytes = label.canonical();
        let back = Label::from_canonical(&bytes).unwrap();
        assert_eq!(back.recipients.members, [MemberId(id(3)), MemberId(id(9))]);
        assert_eq!(back.canonical(), bytes);
        assert!(Label::from_canonical(b"accord-label 1\nauthor x\n").is_none());
    }

    #[test]
    fn parts_are_in_the_bytes_only_where_there_are_any() {
        let plain = Label::new(MemberId(Uuid::from_u128(1)), Tlp::Green);
        assert!(!String::from_utf8(plain.canonical()).unwrap().contains("parts"));
        for others in [None, Some(Tlp::Amber)] {
            let label = Label { parts: Some(Parts { strictest: Tlp::Red, others }), ..plain.clone() };
            assert_eq!(Label::from_canonical(&label.canonical()), Some(label));
        }
        let text =
            String::from_utf8(plain.canonical()).unwrap().replace("actions", "other-parts RED\nactions");
        assert_eq!(Label::from_canonical(text.as_bytes()), None);
    }

    #[test]
    fn parts_above_what_is_seen_are_hidden() {
        let label = |tlp, parts| Label { parts, ..Label::new(MemberId(Uuid::nil()), tlp) };
        let parts = |strictest, others| Some(Parts { strictest, others });
        let hidden = |above, others| Some(Hidden { above, others });
        for (label, seen, expected) in [
            (label(Tlp::Green, None), Tlp::Clear, None),
            (label(Tlp::Green, parts(Tlp::Red, None)), Tlp::Red, None),
            (label(Tlp::Green, parts(Tlp::Red, None)), Tlp::Amber, hidden(Tlp::Amber, false)),
            (label(Tlp::Green, parts(Tlp::Red, Some(Tlp::Amber))), Tlp::Amber, hidden(Tlp::Amber, false)),
            (label(Tlp::Green, parts(Tlp::Red, Some(Tlp::Amber))), Tlp::Green, hidden(Tlp::Green, true)),
            // Nobody is asked below the label of the whole.
            (label(Tlp::Amber, parts(Tlp::Red, None)), Tlp::Clear, hidden(Tlp::Amber, false)),
        ] {
            assert_eq!(label.hidden_above(seen), expected, "{label:?} {seen}");
        }
    }

    #[test]
    fn tlp_is_read_in_every_spelling() {
        for (text, tlp) in
            [("tlp:white", Tlp::Clear), ("AMBER+STRICT", Tlp::AmberStrict), (" red ", Tlp::Red)]
        {
            assert_eq!(text.parse(), Ok(tlp));
        }
        assert!("purple".parse::<Tlp>().is_err());
    }
}
