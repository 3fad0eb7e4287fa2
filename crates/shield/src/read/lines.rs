//! Lines out of pieces of a stream.

/// Puts lines together that come in pieces of any size, in bounded memory: what is given on are whole lines, many at once, and where they stood.
///
/// ```
/// use shield::read::Pieces;
///
/// let (mut pieces, mut given) = (Pieces::new(1 << 20), Vec::new());
/// let mut take = |lines: &[u8], at: u64| -> Result<(), ()> {
///     given.push((String::from_utf8_lossy(lines).into_owned(), at));
///     Ok(())
/// };
/// pieces.feed(b"one\ntw", &mut take)?;
/// pieces.feed(b"o\nthree", &mut take)?;
/// assert_eq!(pieces.position(), 8);
/// pieces.end(&mut take)?;
/// let expected = [("one\n", 0), ("two\n", 4), ("three", 8)];
/// assert_eq!(given, expected.map(|(lines, at)| (lines.to_owned(), at)));
/// # Ok::<(), ()>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pieces {
    longest: usize,
    /// The beginning of a line.
    begun: Vec<u8>,
    /// The line is too long: what comes of it is passed over.
    is_passing: bool,
    /// Where the first byte stands that was not given on or passed over as part of a whole line.
    position: u64,
    /// Bytes of the line that is passed over.
    passed: u64,
    too_long: u64,
}

impl Pieces {
    /// Lines of so many bytes at most, their end left out; a longer one is passed over and counted.
    #[must_use]
    pub fn new(longest: usize) -> Pieces {
        Pieces { longest, begun: Vec::new(), is_passing: false, position: 0, passed: 0, too_long: 0 }
    }

    /// The same for a stream that is taken up at this place, where a line begins.
    #[must_use]
    pub fn at(longest: usize, position: u64) -> Pieces {
        Pieces { position, ..Pieces::new(longest) }
    }

    /// Where the line begins that is not whole yet: whoever takes the stream up again goes on there and loses nothing.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Whether a line was begun that is not whole yet.
    #[must_use]
    pub fn holds_any(&self) -> bool {
        self.is_passing || !self.begun.is_empty()
    }

    /// Where the next byte stands that it is to be given.
    #[must_use]
    pub fn reached(&self) -> u64 {
        self.position + if self.is_passing { self.passed } else { self.begun.len() as u64 }
    }

    /// How many lines were passed over since they were too long.
    #[must_use]
    pub fn too_long(&self) -> u64 {
        self.too_long
    }

    /// Takes the next bytes; whole lines are given on, with where they stand.
    ///
    /// # Errors
    /// Those of `take`; what it was given then counts as gone through.
    pub fn feed<E>(
        &mut self,
        bytes: &[u8],
        take: &mut impl FnMut(&[u8], u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(last) = memchr::memrchr(b'\n', bytes) else {
            self.keep(bytes);
            return Ok(());
        };
        let (whole, rest) = bytes.split_at_checked(last + 1).unwrap_or((bytes, &[]));
        let result = self.whole(whole, take);
        self.keep(rest);
        result
    }

    fn whole<E>(
        &mut self,
        mut bytes: &[u8],
        take: &mut impl FnMut(&[u8], u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut result = Ok(());
        if self.is_passing || !self.begun.is_empty() {
            let first = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
            let (end, behind) = bytes.split_at_checked(first).unwrap_or((bytes, &[]));
            bytes = behind;
            self.keep(end.strip_suffix(b"\n").unwrap_or(end));
            if self.is_passing {
                self.position += self.passed + 1;
                (self.is_passing, self.passed) = (false, 0);
            } else {
                self.begun.push(b'\n');
                let at = self.position;
                self.position += self.begun.len() as u64;
                result = take(&self.begun, at);
                self.begun.clear();
            }
        }
        while !bytes.is_empty() {
            // Lines that are short enough are given on together, and a look at each is only needed where they may not be.
            let (good, long) = self.until_too_long(bytes);
            let at = self.position;
            self.position += good.len() as u64;
            if !good.is_empty() && result.is_ok() {
                result = take(good, at);
            }
            let end = memchr::memchr(b'\n', long).map_or(long.len(), |at| at + 1);
            self.position += end as u64;
            self.too_long += u64::from(end > 0);
            bytes = long.get(end..).unwrap_or(&[]);
        }
        result
    }

    /// The lines before the first that is too long, and what follows.
    fn until_too_long<'b>(&self, bytes: &'b [u8]) -> (&'b [u8], &'b [u8]) {
        let mut start = 0;
        if bytes.len() > self.longest {
            for end in memchr::memchr_iter(b'\n', bytes) {
                if end - start > self.longest {
                    return bytes.split_at_checked(start).unwrap_or((bytes, &[]));
                }
                start = end + 1;
            }
        }
        (bytes, &[])
    }

    fn keep(&mut self, bytes: &[u8]) {
        if !self.is_passing && self.begun.len() + bytes.len() > self.longest {
            self.is_passing = true;
            self.too_long += 1;
            self.passed = self.begun.len() as u64;
            self.begun = Vec::new();
        }
        match self.is_passing {
            true => self.passed += bytes.len() as u64,
            false => self.begun.extend_from_slice(bytes),
        }
    }

    /// Gives on the last line, which has no end.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn end<E>(mut self, take: &mut impl FnMut(&[u8], u64) -> Result<(), E>) -> Result<(), E> {
        let begun = std::mem::take(&mut self.begun);
        if begun.is_empty() { Ok(()) } else { take(&begun, self.position) }
    }
}

#[cfg(test)]
mod tests {
    use super::Pieces;

    fn lines(text: &[u8], piece: usize, longest: usize) -> (Vec<(u64, Vec<u8>)>, u64, u64, usize) {
        let mut pieces = Pieces::new(longest);
        let (mut found, mut most) = (Vec::new(), 0);
        let mut take = |lines: &[u8], mut at: u64| -> Result<(), ()> {
            for line in lines.split_inclusive(|byte| *byte == b'\n') {
                found.push((at, line.strip_suffix(b"\n").unwrap_or(line).to_vec()));
                at += line.len() as u64;
            }
            Ok(())
        };
        for bytes in text.chunks(piece) {
            pieces.feed(bytes, &mut take).unwrap();
            most = most.max(pieces.begun.capacity());
        }
        assert_eq!(pieces.reached(), text.len() as u64);
        let (position, too_long) = (pieces.position(), pieces.too_long());
        pieces.end(&mut take).unwrap();
        (found, position, too_long, most)
    }

    #[test]
    fn lines_are_the_same_in_pieces_of_any_size() {
        for text in [
            "",
            "\n",
            "a",
            "a\n",
            "a\nbb\n\nccccccc\nd",
            "ccccccc\nccccccc\na\nccccccc",
            "ccccccc",
            "aaaaa\nbbbbb\n",
        ] {
            let mut expected = Vec::new();
            let (mut at, mut long) = (0, 0);
            for line in text.split_inclusive('\n') {
                let bare = line.strip_suffix('\n').unwrap_or(line);
                match bare.len() > 5 {
                    true => long += 1,
                    false => expected.push((at, bare.as_bytes().to_vec())),
                }
                at += line.len() as u64;
            }
            for piece in 1..=text.len().max(1) {
                let (found, position, too_long, _) = lines(text.as_bytes(), piece, 5);
                assert_eq!(found, expected, "{text:?} {piece}");
                assert_eq!(too_long, long, "{text:?} {piece}");
                let begun = text.rfind('\n').map_or(0, |at| at + 1);
                assert_eq!(position, begun as u64, "{text:?} {piece}");
            }
        }
    }

    #[test]
    fn a_line_without_an_end_takes_no_memory() {
        let text = [vec![b'x'; 1 << 20], b"\nshort\n".to_vec()].concat();
        let (found, _, too_long, most) = lines(&text, 4096, 8192);
        assert_eq!(found, [((1 << 20) + 1, b"short".to_vec())]);
        assert_eq!(too_long, 1);
        assert!(most <= 16_384, "{most}");
    }
}
