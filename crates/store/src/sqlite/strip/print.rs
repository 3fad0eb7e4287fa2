//! Prints, by which a reader knows that what he read is what was written there: files that were cut, blocks that are empty,
//! old or another's. They guard against disks and mishaps, not against people, and are cheap enough for every page.

/// Of what is served a word is looked at in each so many bytes: no block of a disk is shorter.
const STEP: usize = 256;
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const FACTOR: u64 = 0xd6e8_feb8_6659_fd93;

fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide as u64) ^ (wide >> 64) as u64
}

fn short(state: u64) -> u32 {
    (state ^ state >> 32) as u32
}

/// Of all that is told of a position.
pub(super) fn of_head(position: i64, told: &[u8]) -> u32 {
    let (pairs, _) = told.as_chunks::<16>();
    let mut state = SEED ^ position.cast_unsigned();
    for pair in pairs {
        let wide = u128::from_le_bytes(*pair);
        state = fold(wide as u64 ^ state, (wide >> 64) as u64 ^ FACTOR);
    }
    short(state)
}

/// Of what is served of an entry.
pub(super) fn of_bytes(bytes: &[u8]) -> u32 {
    let mut state = SEED ^ bytes.len() as u64;
    let mut add = |word: [u8; 8]| state = fold(state ^ u64::from_le_bytes(word), FACTOR);
    for part in bytes.chunks(STEP) {
        part.first_chunk().into_iter().for_each(|word| add(*word));
    }
    bytes.last_chunk().into_iter().for_each(|word| add(*word));
    short(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_moved_or_empty_has_another_print() {
        let told: Vec<u8> = (0..80).collect();
        for at in 0..told.len() {
            let mut other = told.clone();
            other[at] ^= 1;
            assert_ne!(of_head(7, &told), of_head(7, &other), "{at}");
        }
        assert_ne!(of_head(7, &told), of_head(8, &told));
        assert_ne!(of_head(0, &[0; 80]), 0);
        assert_ne!(of_head(0, &[0xff; 80]), u32::MAX);
        let bytes: Vec<u8> = (0..2_000_u32).map(|n| (n % 251) as u8).collect();
        let print = of_bytes(&bytes);
        assert_ne!(of_bytes(&bytes[1..]), print);
        assert_ne!(of_bytes(&bytes[..1_999]), print);
        for block in 0..3 {
            let mut other = bytes.clone();
            other[block * 512..][..512].fill(0);
            assert_ne!(of_bytes(&other), print, "{block}");
        }
        assert_ne!(of_bytes(&[0; 100]), 0);
        assert_ne!(of_bytes(b"short"), of_bytes(b"shorter"));
    }
}
