//! Lines of columns.

/// Eight times a byte.
const fn eight(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Gives the columns of a line that are asked for, in rising order; `take` has the slot and what stands there. A column that the line
/// has not is not given.
#[inline]
pub(crate) fn split<'l>(
    line: &'l [u8],
    separator: u8,
    columns: &[usize],
    mut take: impl FnMut(usize, &'l [u8]),
) {
    let mut wanted = columns.iter().enumerate().peekable();
    let pattern = eight(separator);
    let (mut column, mut start) = (0, 0);
    let mut end_at = |column: usize, start: usize, end: usize| {
        while let Some((slot, _)) = wanted.next_if(|(_, wanted)| **wanted == column) {
            take(slot, line.get(start..end).unwrap_or(&[]));
        }
        wanted.peek().is_some()
    };
    let (words, rest) = line.as_chunks::<8>();
    for (nth, word) in words.iter().enumerate() {
        // The high bit of each byte that is the separator: no carry goes from one byte to the next.
        let different = u64::from_le_bytes(*word) ^ pattern;
        let mut found = !(((different & eight(0x7F)) + eight(0x7F)) | different | eight(0x7F));
        while found != 0 {
            let at = nth * 8 + (found.trailing_zeros() / 8) as usize;
            if !end_at(column, start, at) {
                return;
            }
            column += 1;
            start = at + 1;
            found &= found - 1;
        }
    }
    let base = line.len() - rest.len();
    for (nth, byte) in rest.iter().enumerate() {
        if *byte == separator {
            if !end_at(column, start, base + nth) {
                return;
            }
            column += 1;
            start = base + nth + 1;
        }
    }
    end_at(column, start, line.len());
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn columns_are_those_that_a_split_gives() {
        for line in [
            "",
            "\t",
            "a",
            "a\t",
            "\ta",
            "a\tb\tc",
            "eight888\tnine99999\t\t\tseven77\tb",
            "\u{8a}\u{89}\t\u{88}",
        ] {
            let all: Vec<&str> = line.split('\t').collect();
            for columns in [&[0][..], &[1], &[0, 1, 2], &[3, 3, 5], &[4], &[9]] {
                let mut found = Vec::new();
                split(line.as_bytes(), b'\t', columns, |slot, value| found.push((slot, value)));
                let expected: Vec<(usize, &[u8])> = columns
                    .iter()
                    .enumerate()
                    .filter_map(|(slot, column)| Some((slot, all.get(*column)?.as_bytes())))
                    .collect();
                assert_eq!(found, expected, "{line:?} {columns:?}");
            }
        }
    }
}
