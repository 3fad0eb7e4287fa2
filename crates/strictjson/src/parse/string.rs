//! Strings: borrowed when they hold no escape, else unescaped into their own memory.

use super::Parser;
use crate::scan::next_special;
use crate::{Error, ErrorKind};
use std::borrow::Cow;

impl<'a> Parser<'a> {
    /// Reads the string whose quote stands here (RFC 8259, 7).
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        let quote = self.at;
        let start = quote + 1;
        let end = next_special(self.bytes, start);
        if end - start > self.limits.string_bytes {
            return Err(Error::new(ErrorKind::StringTooLong, quote));
        }
        match self.bytes.get(end) {
            Some(b'"') => {
                self.at = end + 1;
                Ok(Cow::Borrowed(self.run(start, end)?))
            }
            Some(b'\\') => self.escaped_string(quote, end).map(Cow::Owned),
            Some(_) => Err(Error::new(ErrorKind::ControlCharacter, end)),
            None => Err(self.error_at_end()),
        }
    }

    /// Reads on from the first escape of a string, at `escape`.
    #[inline(never)]
    fn escaped_string(&mut self, quote: usize, escape: usize) -> Result<String, Error> {
        let mut text = self.run(quote + 1, escape)?.to_owned();
        self.at = escape;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(byte) if byte >= b' ' => {
                    let start = self.at;
                    self.at = next_special(self.bytes, start);
                    text.push_str(self.run(start, self.at)?);
                }
                Some(_) => return Err(Error::new(ErrorKind::ControlCharacter, self.at)),
                None => return Err(self.error_at_end()),
            }
            if text.len() > self.limits.string_bytes {
                return Err(Error::new(ErrorKind::StringTooLong, quote));
            }
        }
    }

    /// A stretch of text without escapes.
    fn run(&self, start: usize, end: usize) -> Result<&'a str, Error> {
        // Both ends stand beside an ASCII byte or the end, so they are character borders.
        let run = self.text.get(start..end).unwrap_or_default();
        if self.ascii || run.is_ascii() {
            return Ok(run);
        }
        match run.char_indices().find(|(_, character)| is_noncharacter(*character)) {
            None => Ok(run),
            Some((at, _)) => Err(Error::new(ErrorKind::Noncharacter, start + at)),
        }
    }

    /// Reads the escape whose backslash stands here.
    fn escape(&mut self) -> Result<char, Error> {
        let start = self.at;
        let Some(letter) = self.bytes.get(start + 1) else { return Err(self.error_at_end()) };
        self.at += 2;
        Ok(match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(start),
            _ => return Err(Error::new(ErrorKind::InvalidEscape, start)),
        })
    }

    /// Reads the digits of the `\u` escape that began at `start`, and the second half of a surrogate pair.
    fn unicode_escape(&mut self, start: usize) -> Result<char, Error> {
        let unit = self.hex_digits(start)?;
        let code_point = match unit {
            0xd800..=0xdbff => 0x10000 + ((unit - 0xd800) << 10) + self.low_surrogate(start)?,
            other => other,
        };
        match char::from_u32(code_point) {
            // What is left out of `char` is the low surrogates.
            None => Err(Error::new(ErrorKind::LoneSurrogate, start)),
            Some(character) if is_noncharacter(character) => Err(Error::new(ErrorKind::Noncharacter, start)),
            Some(character) => Ok(character),
        }
    }

    /// Reads the `\u` escape that must follow a high surrogate, and gives the ten bits it carries.
    fn low_surrogate(&mut self, high: usize) -> Result<u32, Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(b"\\u") {
            let truncated = b"\\u".starts_with(rest);
            return Err(if truncated {
                self.error_at_end()
            } else {
                Error::new(ErrorKind::LoneSurrogate, high)
            });
        }
        let start = self.at;
        self.at += 2;
        match self.hex_digits(start)? {
            unit @ 0xdc00..=0xdfff => Ok(unit - 0xdc00),
            _ => Err(Error::new(ErrorKind::LoneSurrogate, high)),
        }
    }

    /// Reads the four digits of the `\u` escape that began at `start`.
    fn hex_digits(&mut self, start: usize) -> Result<u32, Error> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(byte) = self.peek() else { return Err(self.error_at_end()) };
            let Some(digit) = char::from(byte).to_digit(16) else {
                return Err(Error::new(ErrorKind::InvalidEscape, start));
            };
            unit = unit << 4 | digit;
            self.at += 1;
        }
        Ok(unit)
    }
}

/// Code points that Unicode keeps for internal use: U+FDD0..U+FDEF and the last two of each plane.
fn is_noncharacter(character: char) -> bool {
    let code_point = u32::from(character);
    code_point & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code_point)
}
