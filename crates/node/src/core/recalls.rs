//! Rules by which all that a member said, or all of it from one feed, is recalled at once. What a rule reaches acts nowhere from the
//! moment on that the rule is kept, however long it takes until each statement is taken back.

use model::{MemberId, Timestamp, TokenId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::stands::feed_print;

/// Rules that are not carried out yet, at most.
pub const ACTIVE: usize = 100;
/// Rules of which it is told how they were carried out, at most; of older ones their entries tell.
pub const TOLD: usize = 100;

/// That all of something is recalled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its id.
    pub id: Uuid,
    /// How many there were up to this one.
    pub number: u32,
    /// Who said it.
    pub member: Uuid,
    /// Under what is kept that the member said without its name.
    pub alias: Uuid,
    /// Only what names this feed first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Only what was said from this time on, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// The first position that it reaches.
    pub from: u64,
    /// The first that it does not.
    pub before: u64,
    /// Submissions that were accepted before and wait to be sequenced: what they bring, wherever it enters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Uuid>,
    /// The member that recalls.
    pub by: Uuid,
    /// With which token; none is the operator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Uuid>,
    /// When, in microseconds.
    pub at: i64,
    /// Why.
    pub reason: String,
}

impl Rule {
    /// Whose statements it reaches, and under what those without a name are kept.
    #[must_use]
    pub fn sources(&self) -> [MemberId; 2] {
        [MemberId(self.member), MemberId(self.alias)]
    }

    /// When it was said.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        Timestamp(self.at)
    }

    /// With which token.
    #[must_use]
    pub fn token(&self) -> Option<TokenId> {
        self.token.map(TokenId)
    }

    /// Whether a member recalls what it said itself.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.by == self.member
    }

    /// What it comes to, for many questions.
    #[must_use]
    pub fn reach(&self) -> Reach {
        Reach {
            number: self.number,
            sources: self.sources(),
            feed: self.source.as_deref().map(feed_print),
            range: (self.from, self.before),
            waiting: self.waiting.clone(),
        }
    }
}

/// All rules that are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// How many there ever were.
    pub count: u32,
    /// Those that are not carried out yet, the oldest first.
    pub active: Vec<Rule>,
    /// Those that are, the oldest first.
    pub done: Vec<Uuid>,
}

/// What a rule reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The number of the rule.
    pub number: u32,
    /// Whose statements.
    pub sources: [MemberId; 2],
    /// From which feed alone, by the print of its name.
    pub feed: Option<u64>,
    /// From which position on, and before which.
    pub range: (u64, u64),
    /// What was accepted before, wherever it enters.
    pub waiting: Vec<Uuid>,
}

impl Reach {
    /// Whether it reaches what says that it is from a feed, by the print of its name, or from none.
    #[must_use]
    pub fn is_of(&self, origin: Option<u64>) -> bool {
        self.feed.is_none() || self.feed == origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(source: Option<&str>) -> Rule {
        Rule {
            id: Uuid::from_u128(1),
            number: 3,
            member: Uuid::from_u128(2),
            alias: Uuid::from_u128(3),
            source: source.map(str::to_owned),
            since: None,
            from: 10,
            before: 20,
            waiting: Vec::new(),
            by: Uuid::from_u128(2),
            token: None,
            at: 0,
            reason: "wrong".to_owned(),
        }
    }

    #[test]
    fn of_a_feed_it_reaches_what_names_that_one() {
        let reach = rule(Some("Ipsum")).reach();
        assert!(reach.is_of(Some(feed_print("ipsum"))) && !reach.is_of(Some(feed_print("other"))));
        assert!(!reach.is_of(None));
        assert!(rule(None).reach().is_of(None) && rule(None).reach().is_of(Some(7)));
    }

    #[test]
    fn rules_are_kept_as_they_are() {
        let rules = Rules { count: 3, active: vec![rule(Some("a"))], done: vec![Uuid::from_u128(9)] };
        let text = serde_json::to_vec(&rules).unwrap();
        assert_eq!(serde_json::from_slice::<Rules>(&text).unwrap(), rules);
    }
}
