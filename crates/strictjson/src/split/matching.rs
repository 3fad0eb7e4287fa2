//! Finding the end of one value: strings, escapes and brackets, across chunks.

use crate::scan::{after_white_space, next_special};

/// How far a value was followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is complete; the place is one past its last byte.
    Ended,
    /// The bytes are used up within it.
    Starved,
    /// A bracket went past the depth limit. Said once; the value can be followed on.
    TooDeep,
    /// A bracket closes another kind than the one open; the place is that bracket.
    Mismatched,
}

/// What is open at some place within a value.
#[derive(Debug)]
pub(super) struct Matcher {
    depth_limit: usize,
    /// The brackets that must close what is open, up to the depth limit.
    closers: Vec<u8>,
    /// How many more are open. Their kinds are not kept, so that depth costs no memory.
    deeper: u64,
    in_string: bool,
    too_deep_said: bool,
    /// Whether the value is a number, a word, or something that is no value: it has no end of its own.
    bare: bool,
}

impl Matcher {
    /// A matcher for values of at most this depth.
    pub fn new(depth_limit: usize) -> Matcher {
        Matcher {
            depth_limit,
            closers: Vec::new(),
            deeper: 0,
            in_string: false,
            too_deep_said: false,
            bare: false,
        }
    }

    /// Prepares for a value that begins with this byte.
    pub fn begin(&mut self, first: u8) {
        self.closers.clear();
        self.deeper = 0;
        self.in_string = false;
        self.too_deep_said = false;
        self.bare = !matches!(first, b'{' | b'[' | b'"');
    }

    /// Follows the value in `bytes` from `at` on, and moves `at`.
    pub fn advance(&mut self, bytes: &[u8], at: &mut usize) -> Progress {
        if self.bare {
            return end_of_bare(bytes, at);
        }
        loop {
            if self.in_string {
                if !end_of_string(bytes, at) {
                    return Progress::Starved;
                }
                self.in_string = false;
                if self.closers.is_empty() {
                    return Progress::Ended;
                }
            }
            let Some(byte) = bytes.get(*at) else { return Progress::Starved };
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' if !self.open(*byte) => {
                    *at += 1;
                    return Progress::TooDeep;
                }
                b'}' | b']' => {
                    if !self.close(*byte) {
                        return Progress::Mismatched;
                    }
                    if self.closers.is_empty() {
                        *at += 1;
                        return Progress::Ended;
                    }
                }
                b' ' | b'\n' => {
                    *at = after_white_space(bytes, *at);
                    continue;
                }
                _ => {}
            }
            *at += 1;
        }
    }

    /// Opens a bracket; false when that must be said to be too deep.
    fn open(&mut self, bracket: u8) -> bool {
        if self.closers.len() < self.depth_limit {
            self.closers.push(if bracket == b'{' { b'}' } else { b']' });
            return true;
        }
        self.deeper += 1;
        std::mem::replace(&mut self.too_deep_said, true)
    }

    /// Closes a bracket; false when another one is open.
    fn close(&mut self, bracket: u8) -> bool {
        if self.deeper > 0 {
            self.deeper -= 1;
            return true;
        }
        self.closers.pop() == Some(bracket)
    }
}

/// Goes past the quote that ends the string within which `at` stands; false, and to where to go on, if it is not there.
fn end_of_string(bytes: &[u8], at: &mut usize) -> bool {
    loop {
        *at = next_special(bytes, *at);
        match bytes.get(*at) {
            None => return false,
            Some(b'"') => {
                *at += 1;
                return true;
            }
            // The byte after a backslash must be seen together with it.
            Some(b'\\') if *at + 1 >= bytes.len() => return false,
            Some(b'\\') => *at += 2,
            // A control character, for the parser to refuse.
            Some(_) => *at += 1,
        }
    }
}

/// Goes to what follows a number or a word.
fn end_of_bare(bytes: &[u8], at: &mut usize) -> Progress {
    let rest = bytes.get(*at..).unwrap_or_default();
    let end = rest.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}'));
    *at += end.unwrap_or(rest.len());
    if end.is_some() { Progress::Ended } else { Progress::Starved }
}
