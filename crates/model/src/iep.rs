//! FIRST IEP 2.0: what recipients may do with what they are given. The clauses are those of the Information Exchange Policy
//! 2.0 Framework Definition.

use std::fmt;

use uuid::Uuid;

use crate::circle::words;
use crate::{CircleId, PermittedActions, Timestamp, Tlp};

words! {
    /// How a policy speaks of an act.
    Demand {
        /// `may`
        #[default]
        May = "may",
        /// `must`
        Must = "must",
        /// `must-not`
        MustNot = "must-not",
    }
}

/// A policy, but for its `iep_version`, which is 2.0, and its `tlp`, which is the ceiling of the circle that it is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Iep {
    /// `id` (§11): version 4 or 5; where there is none, the circle's.
    pub id: Option<Uuid>,
    /// `name` (§11); empty if there is none, as the other texts.
    pub name: String,
    /// `description` (§11)
    pub description: String,
    /// `start_date` (§11): it binds from then on.
    pub start_date: Option<Timestamp>,
    /// `end_date` (§11): it binds until then.
    pub end_date: Option<Timestamp>,
    /// `encrypt_in_transit` (§7): may or must.
    pub encrypt_in_transit: Demand,
    /// `permitted_actions` (§8)
    pub permitted_actions: PermittedActions,
    /// `affected_party_notifications` (§8): may or must not.
    pub affected_party_notifications: Demand,
    /// `attribution` (§9)
    pub attribution: Demand,
    /// `unmodified_resale` (§10): may or must not.
    pub unmodified_resale: Demand,
    /// `external_references` (§10)
    pub external_references: Vec<String>,
}

/// Longest text in one line, in bytes.
const LINE_BYTES: usize = 1_000;
/// Most external references.
const REFERENCES: usize = 100;

impl Iep {
    /// Whether it binds at a time: outside of its dates it says nothing.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.start_date.is_none_or(|start| start <= now) && self.end_date.is_none_or(|end| now < end)
    }

    /// What binds at a time: it, or the policy that demands nothing.
    #[must_use]
    pub fn binding(&self, now: Timestamp) -> Iep {
        if self.is_in_force(now) { self.clone() } else { Iep::default() }
    }

    /// The `id` of a circle's policy.
    #[must_use]
    pub fn id_in(&self, circle: CircleId) -> Uuid {
        self.id.unwrap_or(circle.0)
    }

    /// What is wrong with it, in words for who wrote it.
    pub(crate) fn wrong(&self) -> Option<String> {
        let lines = [&self.name, &self.description].into_iter().chain(&self.external_references);
        for line in lines {
            if line.len() > LINE_BYTES || line.chars().any(char::is_control) {
                return Some(format!("`{line}` is not one line of at most {LINE_BYTES} bytes"));
            }
        }
        if self.external_references.len() > REFERENCES {
            return Some(format!("`external_references` has more than {REFERENCES}"));
        }
        if let Some(id) = self.id.filter(|id| !matches!(id.get_version_num(), 4 | 5)) {
            return Some(format!("`{id}` is no id of a policy: IEP 2.0 has UUIDs of version 4 or 5"));
        }
        if let (Some(start), Some(end)) = (self.start_date, self.end_date)
            && end <= start
        {
            return Some(format!("`end_date` {end} is not after `start_date` {start}"));
        }
        let never = [
            ("encrypt_in_transit", self.encrypt_in_transit, Demand::MustNot),
            ("affected_party_notifications", self.affected_party_notifications, Demand::Must),
            ("unmodified_resale", self.unmodified_resale, Demand::Must),
        ];
        let (field, _, never) = never.into_iter().find(|(_, demand, never)| demand == never)?;
        Some(format!("IEP 2.0 has no `{}` for `{field}`", never.name()))
    }

    /// Its lines in the definition of a circle. What was agreed to before there was such a thing keeps its digest.
    pub(crate) fn write(&self, line: &mut dyn FnMut(&str, &dyn fmt::Display)) {
        if let Some(id) = self.id {
            line("iep-id", &id);
        }
        for (word, value) in [("iep-name", &self.name), ("iep-description", &self.description)] {
            if !value.is_empty() {
                line(word, value);
            }
        }
        self.external_references.iter().for_each(|one| line("iep-external-reference", one));
        for (word, at) in [("iep-start-date", self.start_date), ("iep-end-date", self.end_date)] {
            if let Some(at) = at {
                line(word, &at);
            }
        }
        line("iep-encrypt-in-transit", &self.encrypt_in_transit.name());
        line("iep-permitted-actions", &self.permitted_actions.name());
        line("iep-affected-party-notifications", &self.affected_party_notifications.name());
        line("iep-attribution", &self.attribution.name());
        line("iep-unmodified-resale", &self.unmodified_resale.name());
    }

    /// Reads one of them; `None` for anything else.
    pub(crate) fn read_line(&mut self, word: &str, value: &str) -> Option<()> {
        match word {
            "iep-id" => self.id = Some(value.parse().ok()?),
            "iep-name" => value.clone_into(&mut self.name),
            "iep-description" => value.clone_into(&mut self.description),
            "iep-external-reference" => self.external_references.push(value.to_owned()),
            "iep-start-date" => self.start_date = Some(value.parse().ok()?),
            "iep-end-date" => self.end_date = Some(value.parse().ok()?),
            "iep-encrypt-in-transit" => self.encrypt_in_transit = Demand::named(value)?,
            "iep-permitted-actions" => self.permitted_actions = PermittedActions::named(value)?,
            "iep-affected-party-notifications" => self.affected_party_notifications = Demand::named(value)?,
            "iep-attribution" => self.attribution = Demand::named(value)?,
            "iep-unmodified-resale" => self.unmodified_resale = Demand::named(value)?,
            _ => return None,
        }
        Some(())
    }
}

/// The word of IEP 2.0 for a TLP label (§9). The framework is older than TLP 2.0: what it calls white is CLEAR, and it has no
/// word for AMBER+STRICT, which is written as TLP has it, since its `amber` would let clients see.
#[must_use]
pub fn tlp_word(tlp: Tlp) -> &'static str {
    match tlp {
        Tlp::Clear => "white",
        Tlp::Green => "green",
        Tlp::Amber => "amber",
        Tlp::AmberStrict => "amber+strict",
        Tlp::Red => "red",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_binds_between_its_dates() {
        let policy = |start: Option<i64>, end: Option<i64>| Iep {
            start_date: start.map(Timestamp),
            end_date: end.map(Timestamp),
            attribution: Demand::Must,
            ..Iep::default()
        };
        for (policy, binds) in [
            (policy(None, None), true),
            (policy(Some(5), None), true),
            (policy(Some(6), None), false),
            (policy(None, Some(6)), true),
            (policy(None, Some(5)), false),
            (policy(Some(5), Some(6)), true),
        ] {
            assert_eq!(policy.is_in_force(Timestamp(5)), binds, "{policy:?}");
            let demand = policy.binding(Timestamp(5)).attribution;
            assert_eq!(demand, if binds { Demand::Must } else { Demand::May });
        }
    }

    #[test]
    fn what_the_framework_has_no_word_for_is_refused() {
        assert_eq!(Iep::default().wrong(), None);
        type Change = fn(&mut Iep);
        let changes: [(&str, Change); 7] = [
            ("one line", |one| one.name = "a\nceiling RED".to_owned()),
            ("one line", |one| one.external_references = vec!["\u{7}".to_owned()]),
            ("version 4 or 5", |one| one.id = Some(Uuid::from_u128(1))),
            ("`end_date`", |one| (one.start_date, one.end_date) = (Some(Timestamp(5)), Some(Timestamp(5)))),
            ("`encrypt_in_transit`", |one| one.encrypt_in_transit = Demand::MustNot),
            ("`affected_party_notifications`", |one| one.affected_party_notifications = Demand::Must),
            ("`unmodified_resale`", |one| one.unmodified_resale = Demand::Must),
        ];
        for (says, change) in changes {
            let mut policy = Iep::default();
            change(&mut policy);
            assert!(policy.wrong().unwrap().contains(says), "{says}");
        }
    }

    #[test]
    fn every_word_for_a_tlp_is_read_as_what_it_was() {
        for tlp in Tlp::ALL {
            assert_eq!(tlp_word(tlp).parse(), Ok(tlp));
        }
    }
}
