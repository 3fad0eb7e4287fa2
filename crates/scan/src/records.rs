//! Records that stand in one JSON document, as `[{…},{…}]` or, which is how AWS writes them, `{"Records":[{…},{…}]}`: a line for each.

use std::io::{self, Read};

/// How many bytes are looked at at a time.
const BUFFER: usize = 64 << 10;

/// How deep the records of a document lie that begins so; `None` where it is no such document.
pub fn depth(beginning: &[u8]) -> Option<u32> {
    let blank = |byte: &u8| byte.is_ascii_whitespace();
    let mut solid = beginning.iter().copied().filter(|byte| !blank(byte)).take(13).collect::<Vec<_>>();
    if solid.starts_with(b"[{") {
        return Some(1);
    }
    solid.truncate(12);
    (solid == b"{\"Records\":[").then_some(2)
}

/// Reads the records of a document, each in one line. What stands around them is left out.
pub struct Records<R> {
    input: R,
    /// How deep the array's elements lie.
    base: u32,
    depth: u32,
    in_string: bool,
    is_escaped: bool,
    ready: Vec<u8>,
    given: usize,
    /// Why it could not be read further: told once what stood before is given.
    torn: Option<io::Error>,
}

impl<R: Read> Records<R> {
    pub fn new(input: R, base: u32) -> Records<R> {
        let (in_string, is_escaped, ready, torn) = (false, false, Vec::new(), None);
        Records { input, base, depth: 0, in_string, is_escaped, ready, given: 0, torn }
    }

    fn take(&mut self, byte: u8) {
        if self.in_string {
            self.keep(byte);
            self.in_string = self.is_escaped || byte != b'"';
            self.is_escaped = byte == b'\\' && !self.is_escaped;
            return;
        }
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                self.keep(byte);
            }
            b'}' | b']' => {
                self.keep(byte);
                self.depth = self.depth.saturating_sub(1);
                if self.depth == self.base {
                    self.ready.push(b'\n');
                }
            }
            b'"' => {
                self.in_string = true;
                self.keep(byte);
            }
            // A record may be written in several lines.
            b'\n' | b'\r' => self.keep(b' '),
            _ => self.keep(byte),
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth > self.base {
            self.ready.push(byte);
        }
    }
}

impl<R: Read> Read for Records<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.ready.len() {
            (self.given, self.ready) = (0, Vec::new());
            let mut bytes = Vec::with_capacity(BUFFER);
            if let Some(error) = self.torn.take() {
                return Err(error);
            }
            self.torn = (&mut self.input).take(BUFFER as u64).read_to_end(&mut bytes).err();
            if bytes.is_empty() && self.torn.is_none() {
                return Ok(0);
            }
            bytes.into_iter().for_each(|byte| self.take(byte));
        }
        let length = self.ready.get(self.given..).unwrap_or_default().read(into)?;
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(document: &str) -> String {
        let mut out = String::new();
        let depth = depth(document.as_bytes()).unwrap();
        Records::new(document.as_bytes(), depth).read_to_string(&mut out).unwrap();
        out
    }

    #[test]
    fn what_stands_before_a_tear_is_given() {
        struct Torn(bool);
        impl Read for Torn {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) { Ok(0) } else { Err(io::Error::other("torn")) }
            }
        }
        let whole = (&b"[{\"a\":1},{\"b\":2},{\"c\""[..]).chain(Torn(false));
        let mut out = Vec::new();
        let why = Records::new(whole, 1).read_to_end(&mut out).unwrap_err();
        assert_eq!(
            (why.to_string().as_str(), out.as_slice()),
            ("torn", &b"{\"a\":1}\n{\"b\":2}\n{\"c\""[..])
        );
    }

    #[test]
    fn each_record_is_a_line() {
        let nested = r#"{"Records":[{"a":{"b":"}\"]"}},{"c":[1]}],"n":{}}"#;
        assert_eq!(lines(nested), concat!(r#"{"a":{"b":"}\"]"}}"#, "\n", r#"{"c":[1]}"#, "\n"));
        assert_eq!(lines("[ {\"a\":\n 1},\n{\"b\":2} ]\n"), "{\"a\":  1}\n{\"b\":2}\n");
        assert_eq!(lines("{ \"Records\" : [ {\"a\":1"), "{\"a\":1");
        assert_eq!((depth(b"{\"a\":1}"), depth(b"[1,2]"), depth(b"")), (None, None, None));
    }
}
