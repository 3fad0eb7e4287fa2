//! For how long charters let a node keep what is said to circles.
//!
//! A charter can be changed by whoever owns the circle, so what it says now binds nobody. What binds is what a member agreed
//! to, of whose words it is: the definition that it agreed to last, for all that it said to the circle, then and before. So
//! nobody's words go earlier than he agreed to, and whoever has left keeps to what he agreed to last.
//!
//! - **Several recipients.** A term is a promise among those who are in the circle. What is for others too, a member or a
//!   person by name or everybody, was given to them under no term, so no charter takes it from them; what is for several
//!   circles goes when the last of them lets it go. To take one circle off its label instead would be a relabelling that its
//!   author did not ask for, and new to all others.
//! - **An embargo** says who may see, not for how long, and changes nothing.
//! - **Without a name.** How long something is kept must not tell whose it is, so it is the longest term that anybody agreed to
//!   who could have said it: everybody who was in the circle between its first being said and its entering as it stands. The
//!   one who did say it is among them, so neither do his words go earlier than he agreed to.

use crate::{Charter, Label, MemberId, Timestamp, Tlp};

const DAY_S: i64 = 86_400;

/// For how long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// So many days after it entered, as it stands.
    Days(u32),
    /// No charter lets it go.
    Unlimited,
}

impl Term {
    /// What a charter says.
    #[must_use]
    pub fn of(charter: &Charter) -> Term {
        charter.retention_days.map_or(Term::Unlimited, Term::Days)
    }

    /// The days, if there is an end.
    #[must_use]
    pub fn days(self) -> Option<u32> {
        match self {
            Term::Days(days) => Some(days),
            Term::Unlimited => None,
        }
    }

    /// What entered before this is let go by now; `None` where nothing is.
    #[must_use]
    pub fn keeps_from(self, now: Timestamp) -> Option<Timestamp> {
        self.days().map(|days| now.plus_seconds(-i64::from(days) * DAY_S))
    }
}

/// A member's being in a circle, and what it agreed to there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// The member.
    pub member: MemberId,
    /// Since when it was in the circle.
    pub since: Timestamp,
    /// Until when, where it left.
    pub left: Option<Timestamp>,
    /// The term of the definition that it agreed to last. Of one that is not known, or of none, it is unlimited.
    pub term: Term,
}

/// The term for what a member says to a circle by its name, by all that was agreed to there in the order of joining.
/// Whoever never was in it agreed to nothing.
#[must_use]
pub fn named(agreements: &[Agreement], author: MemberId) -> Term {
    let last = agreements.iter().rev().find(|one| one.member == author);
    last.map_or(Term::Unlimited, |one| one.term)
}

/// The term for what somebody said to a circle without a name, first at `said`, and as it stands at `entered`.
#[must_use]
pub fn unnamed(agreements: &[Agreement], said: Timestamp, entered: Timestamp) -> Term {
    let was_in = |one: &&Agreement| one.since <= entered && one.left.is_none_or(|left| left >= said);
    let terms = agreements.iter().filter(was_in).map(|one| named(agreements, one.member));
    // Of what nobody could have said nothing is known.
    terms.max().unwrap_or(Term::Unlimited)
}

/// The shortest term that [`unnamed`] answers for anything that entered at any time.
#[must_use]
pub fn shortest(agreements: &[Agreement]) -> Term {
    agreements.iter().map(|one| named(agreements, one.member)).min().unwrap_or(Term::Unlimited)
}

/// Whether charters decide how long what bears this label is kept: it is for circles, and for nobody beside. What is
/// CLEAR is for everybody, also while an embargo holds it back; RED is for persons.
#[must_use]
pub fn is_for_circles_alone(label: &Label) -> bool {
    let to = &label.recipients;
    let by_name = !to.members.is_empty() || !to.persons.is_empty();
    !to.circles.is_empty() && !by_name && !matches!(label.tlp, Tlp::Clear | Tlp::Red)
}

/// The term of what is for circles alone, by the term that each of them has for it: it is kept until the last lets it go.
#[must_use]
pub fn together(terms: impl Iterator<Item = Term>) -> Term {
    terms.max().unwrap_or(Term::Unlimited)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CircleId, Embargo, PersonId};
    use uuid::Uuid;

    const NINETY: Term = Term::Days(90);
    const ONE: Term = Term::Days(1);

    fn member(n: u128) -> MemberId {
        MemberId(Uuid::from_u128(n))
    }

    fn agreed(n: u128, since: i64, left: Option<i64>, term: Term) -> Agreement {
        Agreement { member: member(n), since: Timestamp(since), left: left.map(Timestamp), term }
    }

    #[test]
    fn what_a_member_agreed_to_last_binds_what_it_said_and_nothing_else_does() {
        let all = [
            agreed(1, 0, None, NINETY),
            agreed(2, 0, Some(5), NINETY),
            agreed(3, 1, None, ONE),
            agreed(2, 7, None, ONE),
            agreed(4, 8, Some(9), NINETY),
            agreed(5, 9, None, Term::Unlimited),
        ];
        // The third agreed to a day, which is nothing to the first.
        assert_eq!(named(&all, member(1)), NINETY);
        assert_eq!(named(&all, member(3)), ONE);
        assert_eq!(named(&all, member(2)), ONE, "it came back, and agreed to what it found");
        assert_eq!(named(&all[..2], member(2)), NINETY, "it left, and agreed to nothing more");
        assert_eq!(named(&all, member(4)), NINETY);
        for (n, why) in [(5, "it agreed to a charter without a term"), (6, "it was never in it")] {
            assert_eq!(named(&all, member(n)), Term::Unlimited, "{why}");
        }
    }

    #[test]
    fn without_a_name_it_is_the_longest_term_of_all_who_could_have_said_it() {
        let all =
            [agreed(1, 0, None, ONE), agreed(2, 0, Some(5), NINETY), agreed(3, 8, None, Term::Unlimited)];
        let term = |said, entered| unnamed(&all, Timestamp(said), Timestamp(entered));
        assert_eq!(term(3, 3), NINETY, "the second may have said it");
        assert_eq!(term(5, 5), NINETY);
        assert_eq!(term(6, 6), ONE, "the second had left, the third had not come");
        assert_eq!(term(4, 7), NINETY, "it was said when the second was there still");
        assert_eq!(term(7, 9), Term::Unlimited);
        assert_eq!(
            unnamed(&all[2..], Timestamp(1), Timestamp(1)),
            Term::Unlimited,
            "nobody could have said it"
        );
        assert_eq!(shortest(&all), ONE);
        assert_eq!(shortest(&[]), Term::Unlimited);
        // Never shorter than what its author agreed to, whoever that is of those who were there.
        for (said, entered) in [(0, 0), (3, 3), (3, 6), (5, 9), (8, 8)] {
            let could =
                |one: &&Agreement| one.since.0 <= entered && one.left.is_none_or(|left| left.0 >= said);
            for one in all.iter().filter(could) {
                assert!(term(said, entered) >= named(&all, one.member));
            }
        }
    }

    #[test]
    fn a_charter_lets_go_what_is_for_circles_and_for_nobody_beside() {
        let label = |tlp| {
            let mut label = Label::new(member(1), tlp);
            label.recipients.circles = vec![CircleId(Uuid::from_u128(7)), CircleId(Uuid::from_u128(8))];
            label
        };
        for (tlp, is) in [
            (Tlp::Clear, false),
            (Tlp::Green, true),
            (Tlp::Amber, true),
            (Tlp::AmberStrict, true),
            (Tlp::Red, false),
        ] {
            let mut label = label(tlp);
            assert_eq!(is_for_circles_alone(&label), is, "{tlp}");
            label.embargo = Some(Embargo { case: "VU 1".to_owned(), until: None });
            assert_eq!(is_for_circles_alone(&label), is, "an embargo changes nothing at {tlp}");
        }
        let mut with_member = label(Tlp::Amber);
        with_member.recipients.members.push(member(2));
        let mut with_person = label(Tlp::Amber);
        with_person.recipients.persons.push(PersonId(Uuid::from_u128(3)));
        for label in [with_member, with_person, Label::new(member(1), Tlp::Amber)] {
            assert!(!is_for_circles_alone(&label), "{label:?}");
        }
        assert_eq!(together([ONE, NINETY].into_iter()), NINETY, "the last of them lets it go");
        assert_eq!(together([ONE, Term::Unlimited].into_iter()), Term::Unlimited);
        assert_eq!(together(std::iter::empty()), Term::Unlimited);
    }

    #[test]
    fn terms_are_whole_days() {
        let now = Timestamp(200 * 86_400_000_000);
        assert_eq!(NINETY.keeps_from(now), Some(Timestamp(110 * 86_400_000_000)));
        assert_eq!(Term::Unlimited.keeps_from(now), None);
        assert!(Term::Days(u32::MAX).keeps_from(now).is_some_and(|from| from < Timestamp(0)));
        let charter = |retention_days| Charter { retention_days, ..Charter::default() };
        assert_eq!((Term::of(&charter(Some(1))), Term::of(&charter(None))), (ONE, Term::Unlimited));
    }
}
