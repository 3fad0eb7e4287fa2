//! Rules of STIX 2.1 §9 that are not grammar and need no evaluation.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::constant::Constant;
use super::tree::{ComparisonOperator, ObjectPath, Qualifier, Step};

/// §9.5.1: an observation expression has at most one qualifier of a kind.
pub(super) fn same_kind(one: &Qualifier, other: &Qualifier) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// §9.6.1: what the operator asks of the constant at its right; `None` when the constant will do.
pub(super) fn wrong_operand(
    operator: ComparisonOperator,
    path: &ObjectPath,
    constant: &Constant,
) -> Option<&'static str> {
    use ComparisonOperator as Op;
    match (operator, constant) {
        (Op::Greater | Op::Less | Op::GreaterOrEqual | Op::LessOrEqual, Constant::Boolean(_)) => {
            Some("a constant that has an order")
        }
        (Op::Like | Op::Matches, Constant::String(_)) => None,
        (Op::IsSubset | Op::IsSuperset, Constant::String(text)) => wrong_network(path, text),
        (Op::Like | Op::Matches | Op::IsSubset | Op::IsSuperset, _) => Some("a string"),
        _ => None,
    }
}

/// §9.6.1: `ISSUBSET` and `ISSUPERSET` take the value of an address object, reached directly or by a reference, and
/// an address or network of the same family.
fn wrong_network(path: &ObjectPath, text: &str) -> Option<&'static str> {
    let v4 = is_network::<Ipv4Addr>(text, 32);
    let v6 = is_network::<Ipv6Addr>(text, 128);
    let behind =
        path.steps.iter().rev().skip(1).find(|step| matches!(step, Step::Key(_) | Step::Reference(_)));
    let of_value = path.steps.last() == Some(&Step::Key("value".to_owned()));
    match (path.object_type.as_str(), behind) {
        _ if !of_value => Some("the `value` of an address object at the left of this operator"),
        ("ipv4-addr", None) => (!v4).then_some("an IPv4 address or network"),
        ("ipv6-addr", None) => (!v6).then_some("an IPv6 address or network"),
        (_, Some(Step::Reference(_))) => (!v4 && !v6).then_some("an address or network"),
        _ => Some("the `value` of an address object at the left of this operator"),
    }
}

/// An address, or an address with a prefix length.
fn is_network<A: std::str::FromStr>(text: &str, bits: u8) -> bool {
    let (address, prefix) =
        text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let prefix_fits = prefix.is_none_or(|prefix| {
        prefix.bytes().all(|b| b.is_ascii_digit()) && prefix.parse::<u8>().is_ok_and(|length| length <= bits)
    });
    prefix_fits && address.parse::<A>().is_ok()
}

/// §9.7.4: a `_ref` or `_refs` that is followed by a key leads into the object referred to.
pub(super) fn mark_references(steps: &mut [Step]) {
    let mut key_follows = false;
    for step in steps.iter_mut().rev() {
        if let Step::Key(name) = step {
            if key_follows && (name.ends_with("_ref") || name.ends_with("_refs")) {
                *step = Step::Reference(std::mem::take(name));
            }
            key_follows = true;
        }
    }
}
