//! What a receiver lets act: rules by source, circle and kind, what lists may hold back, and how much is too common.

use super::{Action, Fact, decay};
use crate::matching::Mode;
use crate::observable::{Kind, Observable, is_public_suffix};
use crate::{CircleId, MemberId, Tlp, circle::words};

/// What a receiver lets act. The first rule that fits a [`Fact`] decides for it; where none fits, it does nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// In the order of their asking.
    pub rules: Vec<Rule>,
    /// What values on warning lists may still do, the first whose name fits; [`Action::Context`] where none does.
    pub lists: Vec<ListGrade>,
    /// What is too common here to be blocked.
    pub prevalence: Prevalence,
    /// What is said of what was seen.
    pub sightings: Sharing,
    /// What becomes of what members call a mistake.
    pub mistaken: MistakenBy,
    /// How values lose their worth, where that is another than [`decay::Model::of`].
    pub decay: Vec<(Kind, decay::Model)>,
}

/// Whose word a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The receiver's own organisation.
    Own,
    /// What curators let in, and what the desk says for members that are not named.
    Desk,
    /// This member.
    Member(MemberId),
    /// Anybody.
    Anyone,
}

/// What is let act of what a source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What people call it.
    pub name: String,
    /// Whose word it is for.
    pub from: From,
    /// Only what is said to this circle.
    pub circle: Option<CircleId>,
    /// Only values of these kinds; empty is all.
    pub kinds: Vec<Kind>,
    /// Only what bears no stricter label.
    pub ceiling: Tlp,
    /// The most that it does; `None` for nothing at all.
    pub action: Option<Action>,
    /// When so many origins agree, at least 1.
    pub origins: u32,
    /// What it does while fewer do; `None` for nothing.
    pub until_then: Option<Action>,
    /// For so many hours after it entered; `None` while it is valid.
    pub hours: Option<u32>,
    /// Only if its author is at least so sure, 0 to 100; who says nothing is taken at [`decay::UNSAID`].
    pub confidence: u8,
    /// Only while [`decay::score`] is at least this.
    pub score: u8,
    /// A source blocks by so many values of a day, and those behind only alert; 0 is no limit.
    pub per_day: u64,
    /// A domain that is named also stands for those below it, where it is below a public suffix.
    pub subdomains: bool,
}

/// What a value that is on a warning list may still do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListGrade {
    /// The name of lists, in any case, in which `*` is any text.
    pub name: String,
    /// The most; [`Action::Block`] for lists that only inform.
    pub at_most: Action,
}

/// What is too common at the receiver to be blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prevalence {
    /// What more than this share of the hosts touched lately, in hundredths of a percent, is held.
    pub share: u32,
    /// But only if so many hosts did: among few hosts, one is much.
    pub hosts: u64,
}

words! {
    /// What others are told of what the receiver's sensors saw.
    Share {
        /// Nothing.
        #[default]
        No = "no",
        /// How often and when.
        Count = "count",
        /// Also by whom, and on how many hosts.
        Context = "context",
    }
}

/// What is said to those whom an indicator is for, when it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sharing {
    /// How much.
    pub share: Share,
    /// Under no lower label than this, nor than the indicator's.
    pub tlp: Option<Tlp>,
    /// Of what is said to this circle, and to that alone.
    pub circle: Option<CircleId>,
}

/// What becomes of an indicator that members call a mistake. What the receiver's own organisation calls so does nothing there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MistakenBy {
    /// When so many members do; 0 for never.
    pub members: u32,
    /// The most that it does then; `None` for nothing.
    pub at_most: Option<Action>,
}

impl Default for MistakenBy {
    /// Two members take a block away, and an alert stays.
    fn default() -> MistakenBy {
        MistakenBy { members: 2, at_most: Some(Action::Alert) }
    }
}

impl Default for Prevalence {
    /// 1 % of the hosts, and at least 3.
    fn default() -> Prevalence {
        Prevalence { share: 100, hosts: 3 }
    }
}

impl Prevalence {
    /// Whether it is too common, what so many hosts touched of so many that were seen.
    #[must_use]
    pub fn is_reached(&self, hosts: u64, of_hosts: u64) -> bool {
        let share = u128::from(hosts) * 10_000 > u128::from(of_hosts) * u128::from(self.share);
        hosts >= self.hosts.max(1) && share
    }
}

impl Policy {
    /// The rule that decides for what is said of a value of this kind.
    #[must_use]
    pub fn rule(&self, fact: &Fact, kind: Kind) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.fits(fact, kind))
    }

    /// What a value on the list of this name may still do.
    #[must_use]
    pub fn grade(&self, list: &str) -> Action {
        let list = list.to_lowercase();
        let grade = self.lists.iter().find(|grade| fits(&grade.name.to_lowercase(), &list));
        grade.map_or(Action::Context, |grade| grade.at_most)
    }

    /// How values of a kind lose their worth.
    #[must_use]
    pub fn decay(&self, kind: Kind) -> decay::Model {
        let own = self.decay.iter().find(|(of, _)| *of == kind);
        own.map_or_else(|| decay::Model::of(kind), |(_, model)| *model)
    }
}

impl Rule {
    fn fits(&self, fact: &Fact, kind: Kind) -> bool {
        let from = match self.from {
            From::Own => fact.own,
            From::Desk => fact.released,
            From::Member(member) => fact.source == member,
            From::Anyone => true,
        };
        from && self.circle.is_none_or(|circle| fact.circles.contains(&circle))
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
            && fact.tlp <= self.ceiling
    }

    /// How a value is meant under this rule.
    #[must_use]
    pub fn mode(&self, said: Mode, value: &Observable) -> Mode {
        let widens = self.subdomains && said == Mode::Exact && value.kind() == Kind::Domain;
        if widens && !is_public_suffix(value.text()) { Mode::Subdomains } else { said }
    }
}

// Whether a text is one of a pattern in which `*` is any text. Each star takes the first place that fits, which is enough.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| text.strip_prefix(head)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some((_, behind)) = split_once(rest, before) else { return false };
            rest = behind;
        }
    }
    last.map_or(rest.is_empty(), |tail| rest.ends_with(tail))
}

fn split_once<'t>(text: &'t str, part: &str) -> Option<(&'t str, &'t str)> {
    if part.is_empty() { Some(("", text)) } else { text.split_once(part) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_lists_fit_by_stars() {
        for (pattern, text, is) in [
            ("*", "", true),
            ("*", "anything", true),
            ("vpn", "vpn", true),
            ("vpn", "vpns", false),
            ("*vpn*", "a list of vpn addresses", true),
            ("*used for scanning", "censys ip ranges used for scanning", true),
            ("*used for scanning", "used for scanning it", false),
            ("list*of*vpn", "list of known vpn", true),
            ("a*a", "a", false),
            ("a**b", "ab", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, text), is, "{pattern} {text}");
        }
    }

    #[test]
    fn common_is_what_more_hosts_touch_than_the_share_and_the_least() {
        let rule = Prevalence { share: 100, hosts: 3 };
        assert!(!rule.is_reached(2, 2), "of two hosts both is little");
        assert!(!rule.is_reached(10, 1_000), "one percent is not more than one percent");
        assert!(rule.is_reached(11, 1_000) && rule.is_reached(3, 3));
        assert!(!rule.is_reached(0, 0) && !Prevalence { share: 0, hosts: 0 }.is_reached(0, 9));
        assert!(rule.is_reached(u64::MAX, u64::MAX));
    }
}
