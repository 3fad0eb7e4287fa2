//! Finding a name that one object uses twice (RFC 7493, 2.3).

use crate::Member;

/// Up to this many members, comparing each with each is the fastest.
const COMPARED_PAIRWISE: usize = 12;

/// The first member whose name an earlier one has.
pub(super) fn first_repeated<'m, 'a>(members: &'m [Member<'a>]) -> Option<&'m Member<'a>> {
    if members.len() > COMPARED_PAIRWISE {
        return first_repeated_by_sorting(members);
    }
    let mut earlier = members.iter();
    // `earlier` is advanced from behind, so that it always holds what stands before `member`.
    let mut found = None;
    while let Some(member) = earlier.next_back() {
        if earlier.clone().any(|other| other.key == member.key) {
            found = Some(member);
        }
    }
    found
}

/// Sorts by a fingerprint and compares names only where fingerprints are equal. Somebody who makes the fingerprints
/// collide gets a sort by name, never a quadratic search, and no random seed is needed.
fn first_repeated_by_sorting<'m, 'a>(members: &'m [Member<'a>]) -> Option<&'m Member<'a>> {
    let mut order: Vec<(u64, &Member<'a>)> =
        members.iter().map(|member| (fingerprint(member.key.as_bytes()), member)).collect();
    order.sort_unstable_by(|(left, left_member), (right, right_member)| {
        left.cmp(right)
            .then_with(|| left_member.key.cmp(&right_member.key))
            .then_with(|| left_member.key_span.start.cmp(&right_member.key_span.start))
    });
    order
        .array_windows()
        .filter(|[(left, one), (right, other)]| left == right && one.key == other.key)
        .map(|[_, (_, repeated)]| *repeated)
        .min_by_key(|member| member.key_span.start)
}

/// A cheap number that differs for most different names.
fn fingerprint(name: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = name.as_chunks::<8>();
    let mix = |sum: u64, word: u64| (sum.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    let sum = words.iter().fold(name.len() as u64, |sum, word| mix(sum, u64::from_le_bytes(*word)));
    mix(sum, rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)))
}
