//! Expressions as PCRE reads them, as far as that can be told without it: brackets, what is repeated, flags. What else PCRE may refuse (a group
//! that there is not, a property of characters) is left to it.

use crate::quoted;

/// Flags of expressions that Suricata has.
const FLAGS: &str = "AEGimsxOBRUVWZHIDMCPQYS";
/// How deep groups go: the limit of PCRE2 itself.
const DEPTH: usize = 250;

/// What is wrong with an expression, which stands between slashes, and its flags.
pub(super) fn fault(expression: &str, flags: &str) -> Option<String> {
    if let Some(flag) = flags.chars().find(|flag| !FLAGS.contains(*flag)) {
        return Some(format!("{} is no flag of an expression", quoted(&flag.to_string())));
    }
    let is_of_hosts = flags.contains('W') && !flags.contains('i');
    if is_of_hosts && expression.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some("an expression for host names (`W`) has no upper case".to_owned());
    }
    let letters =
        |group: &str| group.chars().take_while(|one| one.is_ascii_alphabetic()).any(|one| one == 'x');
    let is_spaced = flags.contains('x') || expression.split("(?").skip(1).any(letters);
    Reader { bytes: expression.as_bytes(), at: 0 }.all(is_spaced).err().map(str::to_owned)
}

struct Reader<'e> {
    bytes: &'e [u8],
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    // Goes behind the next place of these bytes.
    fn behind(&mut self, end: &[u8]) -> Option<()> {
        let found = self.rest().windows(end.len()).position(|window| window == end)?;
        self.at += found + end.len();
        Some(())
    }

    fn all(&mut self, may_have_comments: bool) -> Result<(), &'static str> {
        let (mut open, mut is_something) = (0_usize, false);
        while let Some(byte) = self.rest().first().copied() {
            self.at += 1;
            match byte {
                b'\\' => {
                    self.escaped()?;
                    is_something = true;
                }
                b'[' => {
                    self.class()?;
                    is_something = true;
                }
                b'(' if self.rest().starts_with(b"?#") => {
                    self.behind(b")").ok_or("a comment of the expression is not closed")?;
                }
                b'(' => {
                    open += 1;
                    if open > DEPTH {
                        return Err("groups of an expression go at most 250 deep");
                    }
                    // Signs of what kind of group it is repeat nothing.
                    let signs = self.rest().iter().take_while(|byte| b"?*+".contains(byte)).count();
                    self.at += signs;
                    is_something = signs > 0;
                }
                b')' => {
                    open = open.checked_sub(1).ok_or("`)` without `(` in the expression")?;
                    is_something = true;
                }
                b'|' => is_something = false,
                b'*' | b'+' | b'?' if !is_something => {
                    return Err("nothing stands before what is to be repeated in the expression");
                }
                // From here to the end it may be a comment.
                b'#' if may_have_comments => return Ok(()),
                _ => is_something = true,
            }
        }
        if open > 0 { Err("a group of the expression is not closed") } else { Ok(()) }
    }

    // What stands behind a backslash; between `\Q` and `\E` nothing means anything.
    fn escaped(&mut self) -> Result<(), &'static str> {
        let byte = self.rest().first().copied().ok_or("the expression ends with a backslash")?;
        self.at += 1;
        if byte == b'Q' && self.behind(b"\\E").is_none() {
            self.at = self.bytes.len();
        }
        Ok(())
    }

    // A class of characters, in which a bracket that comes first is one of them.
    fn class(&mut self) -> Result<(), &'static str> {
        self.at += usize::from(self.rest().first() == Some(&b'^'));
        self.at += usize::from(self.rest().first() == Some(&b']'));
        while let Some(byte) = self.rest().first().copied() {
            self.at += 1;
            match byte {
                b']' => return Ok(()),
                b'\\' => self.escaped()?,
                b'[' if self.rest().first() == Some(&b':') => {
                    let name = self.rest().get(1..).unwrap_or_default();
                    let length =
                        name.iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'^').count();
                    if name.get(length..).is_some_and(|end| end.starts_with(b":]")) {
                        self.at += 1 + length + 2;
                    }
                }
                _ => {}
            }
        }
        Err("a class of the expression is not closed")
    }
}
