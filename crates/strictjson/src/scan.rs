//! The inner loops that look at every byte.

/// Where the next quote, backslash or control character stands, from `at` on; the length when there is none.
///
/// Eight bytes at a time: strings are mostly too short for a call of memchr to pay.
pub(crate) fn next_special(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    const QUOTES: u64 = ONES * b'"' as u64;
    const BACKSLASHES: u64 = ONES * b'\\' as u64;
    const SPACES: u64 = ONES * b' ' as u64;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        // `x - n` borrows in each byte smaller than n; the lowest such byte is exact, and only it is used.
        let control = word.wrapping_sub(SPACES) & !word;
        let quote = (word ^ QUOTES).wrapping_sub(ONES) & !(word ^ QUOTES);
        let backslash = (word ^ BACKSLASHES).wrapping_sub(ONES) & !(word ^ BACKSLASHES);
        let found = (control | quote | backslash) & HIGHS;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' ')).unwrap_or(rest.len())
}

/// Where the white space that begins at `at` ends (RFC 8259, 2: space, tab, line feed, carriage return).
pub(crate) fn after_white_space(bytes: &[u8], mut at: usize) -> usize {
    // Indented files are mostly runs of spaces.
    const SPACES: [u8; 8] = [b' '; 8];
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
        while bytes.get(at..).and_then(<[u8]>::first_chunk) == Some(&SPACES) {
            at += SPACES.len();
        }
    }
    at
}
