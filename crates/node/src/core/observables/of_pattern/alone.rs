//! Which values of a pattern suffice by themselves.
//!
//! One that suffices is said by the only comparison of its observation, or by one of several joined by OR, and its observation is
//! the only one, or one of several joined by OR. Joined by AND, values suffice where they are one value together (an address and
//! its port, a folder and a name), or where one of them is a digest of the very content that the others describe.

use std::collections::HashSet;

use model::Timestamp;
use model::matching::Mode;
use model::observable::{Kind, Observable, normalise};
use stix::pattern::{
    BooleanOperator, Comparison, ComparisonOperator, Expression, Observation, ObservationOperator, Pattern,
    Qualifier, Step,
};
use strictjson::Node;

use super::super::{Alone, MENTIONS_MAX};
use super::{kinds_at, read_either, says_equal, together, value_of};

/// When a value counts, if the pattern says so.
pub(crate) type During = Option<(Timestamp, Timestamp)>;
/// A value that suffices, how it is meant, and when.
pub(crate) type Sufficing = (Observable, Mode, During);

/// What is made of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// They act: what is compared beside a value counts, whatever it is, and a value counts in the mode that its comparison gives
    /// it, at the time that the pattern gives it.
    Acting,
    /// They stand in a list, which has no modes and no times: a comparison says all of its constants or nothing, and says of a
    /// thing only what is narrowest. What type a thing is, and which protocols are spoken, is left to who reads the list.
    Listing,
}

/// What suffices of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sufficient {
    /// In the order of the pattern.
    pub(crate) values: Vec<Sufficing>,
    /// The pattern matches by nothing else.
    pub(crate) whole: bool,
}

/// What an indicator's pattern matches by one value alone: all that a list can say of it.
pub(in super::super) fn of_indicator(indicator: &Node<'_>) -> Alone {
    let text = |key: &str| indicator.get(key).and_then(Node::as_str);
    let is_stix = text("pattern_type").is_none_or(|pattern_type| pattern_type == "stix");
    let reading = text("pattern").filter(|_| is_stix).and_then(|pattern| read_either(pattern, indicator));
    let Some(reading) = reading else { return Alone { values: Vec::new(), whole: false } };
    let Sufficient { values, mut whole } = sufficient(&reading.pattern, Purpose::Listing);
    let mut values: Vec<Observable> = values.into_iter().map(|(value, ..)| value).collect();
    let mut seen = HashSet::new();
    values.retain(|value| seen.insert(value.key().to_vec()));
    whole &= values.len() <= MENTIONS_MAX;
    values.truncate(MENTIONS_MAX);
    Alone { values, whole }
}

/// The values that suffice by themselves.
pub(crate) fn sufficient(pattern: &Pattern, purpose: Purpose) -> Sufficient {
    let mut walk = Walk { purpose, found: Sufficient { values: Vec::new(), whole: true } };
    let mut waiting = vec![(&pattern.root, None)];
    while let Some((observation, during)) = waiting.pop() {
        match observation {
            Observation::Single(expression) => walk.expression(expression, during),
            Observation::Joined { operator: ObservationOperator::Or, operands } => {
                waiting.extend(operands.iter().rev().map(|one| (one, during)));
            }
            Observation::Joined { .. } => walk.found.whole = false,
            Observation::Qualified { observation, qualifiers } => {
                match qualified(qualifiers, during).filter(|_| purpose == Purpose::Acting) {
                    Some(during) => waiting.push((observation, during)),
                    None => walk.found.whole = false,
                }
            }
        }
    }
    walk.found
}

// What is to be seen several times does not suffice when it is seen.
fn qualified(qualifiers: &[Qualifier], mut during: During) -> Option<During> {
    for qualifier in qualifiers {
        match qualifier {
            Qualifier::Repeats { times } if *times > 1 => return None,
            Qualifier::Repeats { .. } | Qualifier::Within { .. } => {}
            Qualifier::StartStop { start, stop, .. } => {
                let start: Timestamp = start.as_str().parse().ok()?;
                let stop: Timestamp = stop.as_str().parse().ok()?;
                let (from, until) = during.unwrap_or((start, stop));
                during = Some((from.max(start), until.min(stop)));
            }
        }
    }
    Some(during)
}

struct Walk {
    purpose: Purpose,
    found: Sufficient,
}

impl Walk {
    fn expression(&mut self, expression: &Expression, during: During) {
        let mut waiting = vec![expression];
        while let Some(expression) = waiting.pop() {
            match expression {
                Expression::Comparison(comparison) => self.take(self.compared(comparison), during),
                Expression::Joined { operator: BooleanOperator::Or, operands } => {
                    waiting.extend(operands.iter().rev());
                }
                Expression::Joined { operator: BooleanOperator::And, operands } => {
                    let counts = |one: &&Expression| self.purpose == Purpose::Acting || narrows(one);
                    let counting: Vec<&Expression> = operands.iter().filter(counts).collect();
                    match counting.as_slice() {
                        [only] => waiting.push(only),
                        together => self.take(self.together(together), during),
                    }
                }
            }
        }
    }

    // What says nothing that suffices says something else.
    fn take(&mut self, values: Vec<(Observable, Mode)>, during: During) {
        self.found.whole &= !values.is_empty();
        self.found.values.extend(values.into_iter().map(|(value, mode)| (value, mode, during)));
    }

    // What suffices of that which must all hold for the same object.
    fn together(&self, operands: &[&Expression]) -> Vec<(Observable, Mode)> {
        if operands.len() == 2 {
            let one = together::of_operands(operands.iter().copied());
            if !one.is_empty() {
                return one.into_iter().map(meant).collect();
            }
        }
        let comparisons = operands.iter().map(|operand| match operand {
            Expression::Comparison(comparison) => Some(comparison),
            Expression::Joined { .. } => None,
        });
        let of_file = |comparison: &Option<&Comparison>| {
            comparison.is_some_and(|comparison| {
                comparison.path.object_type == "file"
                    && comparison.operator == ComparisonOperator::Equal
                    && !comparison.negated
            })
        };
        let mut comparisons: Vec<Option<&Comparison>> = comparisons.collect();
        // What is said beside a file may be said of another one.
        if self.purpose == Purpose::Acting && !comparisons.iter().all(of_file) {
            comparisons.clear();
        }
        let said = comparisons.into_iter().flatten().flat_map(|comparison| self.compared(comparison));
        said.filter(|(value, _)| is_of_content(value.kind())).collect()
    }

    fn compared(&self, comparison: &Comparison) -> Vec<(Observable, Mode)> {
        match (self.purpose, comparison.operator, comparison.negated) {
            (Purpose::Listing, ..) => listed(comparison).into_iter().map(meant).collect(),
            (Purpose::Acting, ComparisonOperator::IsSubset, false) => within(comparison),
            (Purpose::Acting, ComparisonOperator::Like, false) => like(comparison),
            (Purpose::Acting, ..) => equal(comparison),
        }
    }
}

// A value in the mode of its kind.
fn meant(value: Observable) -> (Observable, Mode) {
    let mode = Mode::of_kind(value.kind());
    (value, mode)
}

// What a comparison says that something is, each thing that it may be; a constant without a normal form is passed over.
fn equal(comparison: &Comparison) -> Vec<(Observable, Mode)> {
    if !says_equal(comparison) {
        return Vec::new();
    }
    let texts: Vec<String> = comparison.constants().iter().filter_map(value_of).collect();
    let mut found = Vec::new();
    for kinds in kinds_at(&comparison.path) {
        for text in &texts {
            let value = kinds.iter().find_map(|kind| normalise(*kind, text).ok());
            found.extend(value.map(meant));
        }
    }
    found
}

// `ISSUBSET` is said of addresses, by a network or by one.
fn within(comparison: &Comparison) -> Vec<(Observable, Mode)> {
    let kinds: Vec<Kind> = kinds_at(&comparison.path).into_iter().flatten().collect();
    if !kinds.iter().any(|kind| matches!(kind, Kind::Ipv4 | Kind::Ipv6)) {
        return Vec::new();
    }
    let texts = comparison.constants().iter().filter_map(value_of);
    let networks = [Kind::Cidr4, Kind::Cidr6, Kind::Ipv4, Kind::Ipv6];
    let read = |text: String| networks.iter().find_map(|kind| normalise(*kind, &text).ok());
    texts.filter_map(read).map(|value| (value, Mode::Network)).collect()
}

// `LIKE` is understood where it says what has a mode: all below a domain, all below a path.
fn like(comparison: &Comparison) -> Vec<(Observable, Mode)> {
    let kinds: Vec<Kind> = kinds_at(&comparison.path).into_iter().flatten().collect();
    let plain = |text: &str| !text.contains(['%', '_']);
    let mut found = Vec::new();
    for text in comparison.constants().iter().filter_map(value_of) {
        if let Some(name) =
            text.strip_prefix("%.").filter(|name| plain(name) && kinds.contains(&Kind::Domain))
        {
            let value = normalise(Kind::Domain, name).ok();
            found.extend(value.map(|value| (value, Mode::Wildcard)));
        }
        if let Some(folder) = text.strip_suffix("/%").filter(|path| plain(path) && kinds.contains(&Kind::Url))
        {
            let value = normalise(Kind::Url, &format!("{folder}/")).ok();
            found.extend(value.map(|value| (value, Mode::PathPrefix)));
        }
    }
    found
}

// What a list can say of a comparison: nothing where one of its constants has no normal form.
fn listed(comparison: &Comparison) -> Vec<Observable> {
    // Of several things that it is, the last is the narrowest: a certificate, and no file.
    let kinds = kinds_at(&comparison.path).into_iter().next_back().filter(|_| says_equal(comparison));
    let Some(kinds) = kinds else { return Vec::new() };
    let fit = |value: String| kinds.iter().find_map(|kind| normalise(*kind, &value).ok());
    let values = comparison.constants().iter().map(|constant| value_of(constant).and_then(fit));
    values.collect::<Option<Vec<_>>>().unwrap_or_default()
}

// What two files of one content have the same, and two of another never do but by an attack on the function itself, which makes
// both of them the attacker's.
fn is_of_content(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Md5
            | Kind::Sha1
            | Kind::Sha224
            | Kind::Sha256
            | Kind::Sha384
            | Kind::Sha512
            | Kind::Sha3_224
            | Kind::Sha3_256
            | Kind::Sha3_384
            | Kind::Sha3_512
            | Kind::CertSha1
            | Kind::CertSha256
    )
}

/// Whether a comparison says more than which type something has, or which protocols are spoken.
fn narrows(expression: &Expression) -> bool {
    let Expression::Comparison(comparison) = expression else { return true };
    let is = |step: &Step, name: &str| matches!(step, Step::Key(key) if key == name);
    let path = &comparison.path.steps;
    let is_type = path.len() > 1 && path.last().is_some_and(|step| is(step, "type"));
    !(is_type || path.first().is_some_and(|step| is(step, "protocols"))) || !says_equal(comparison)
}

#[cfg(test)]
mod tests {
    use stix::pattern::{Dialect, Limits, read};

    use super::*;

    /// A pattern, what acts by it and whether that is all, and the same of what stands in a list.
    type Case<'c> = (&'c str, &'c [&'c str], bool, &'c [&'c str], bool);

    fn said(pattern: &str, purpose: Purpose) -> (Vec<String>, bool) {
        let reading = read(pattern, Dialect::Stix21, &Limits::default()).unwrap();
        let Sufficient { values, whole } = sufficient(&reading.pattern, purpose);
        let shown = |(value, mode, during): Sufficing| {
            let during = if during.is_some() { " during" } else { "" };
            format!("{} {}{during}", value.text(), mode.name())
        };
        (values.into_iter().map(shown).collect(), whole)
    }

    /// What acts and what a list says are the same but where a list has no word for it, or half would act.
    #[test]
    fn one_walk_serves_both() {
        use Purpose::{Acting, Listing};
        let md5 = "44d88612fea8a8f36de82e1278abb02f";
        let file = format!("[file:hashes.MD5 = '{md5}' AND (file:name = 'a' OR file:name = 'b')]");
        let digest = format!("{md5} exact");
        let all: [Case<'_>; 11] = [
            (
                "[domain-name:value = 'a.co' OR url:value = 'http://b.co/']",
                &["a.co exact", "http://b.co/ exact"],
                true,
                &["a.co exact", "http://b.co/ exact"],
                true,
            ),
            ("[domain-name:value IN ('a.co', '!')]", &["a.co exact"], true, &[], false),
            ("[domain-name:value = 'a.co'] AND [domain-name:value = 'b.co']", &[], false, &[], false),
            ("[domain-name:value = 'a.co'] REPEATS 2 TIMES", &[], false, &[], false),
            (
                "[domain-name:value = 'a.co'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'",
                &["a.co exact during"],
                true,
                &[],
                false,
            ),
            ("[domain-name:value LIKE '%.a.co']", &["a.co wildcard"], true, &[], false),
            (
                "[ipv4-addr:value ISSUBSET '203.0.112.9']",
                &["203.0.112.9 network"],
                true,
                &["203.0.112.9 exact"],
                true,
            ),
            ("[x-host:address ISSUBSET '203.0.112.0/24']", &[], false, &[], false),
            (
                "[network-traffic:dst_ref.value = '203.0.112.9' AND network-traffic:protocols[*] = 'tcp']",
                &[],
                false,
                &["203.0.112.9 exact"],
                true,
            ),
            (
                "[network-traffic:dst_ref.value = '203.0.112.9' AND network-traffic:dst_port = 443]",
                &["203.0.112.9:443 exact"],
                true,
                &["203.0.112.9:443 exact"],
                true,
            ),
            (&file, &[], false, &[&digest], true),
        ];
        for (pattern, acting, acts_whole, listing, lists_whole) in all {
            let expected =
                |values: &[&str], whole| (values.iter().map(|one| (*one).to_owned()).collect(), whole);
            assert_eq!(said(pattern, Acting), expected(acting, acts_whole), "{pattern}");
            assert_eq!(said(pattern, Listing), expected(listing, lists_whole), "{pattern}");
        }
    }
}
