//! Numbers in as many bytes as they need: LEB128, seven bits a byte, the lowest first.

/// Appends a number.
pub(crate) fn write(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes a number from the front; `None` where it is cut, or has more than 64 bits.
pub(crate) fn read(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        let bits = u64::from(byte & 0x7f);
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return (value >> shift == bits).then_some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_round_and_cut_ones_are_refused() {
        for value in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 1 << 40, u64::MAX] {
            let mut out = Vec::new();
            write(&mut out, value);
            let mut rest = &out[..];
            assert_eq!((read(&mut rest), rest.len()), (Some(value), 0));
            for cut in 0..out.len() {
                assert_eq!(read(&mut &out[..cut]), None, "{value}, {cut}");
            }
        }
        assert_eq!(read(&mut &[0xff; 11][..]), None);
        assert_eq!(read(&mut &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02][..]), None);
    }
}
