//! How deep brackets and calls go, told before the grammar is asked: it reads the arguments of a call anew for each thing that the
//! call may be, so its time is three times as long with each call within another. Thirty of them took a minute.
//!
//! What is not closed is refused here too: behind it nobody could say what is text and what is a call.

/// How deep brackets may go outside of strings and expressions.
const DEPTH: usize = 40;
/// How deep calls may go: `math.mean(uint32(uint32(60)), 4)`.
const CALLS: usize = 3;
/// What stands before a parenthesis and calls nothing.
const WORDS: [&[u8]; 26] = [
    b"all",
    b"and",
    b"any",
    b"at",
    b"condition",
    b"contains",
    b"defined",
    b"endswith",
    b"false",
    b"filesize",
    b"for",
    b"icontains",
    b"iendswith",
    b"iequals",
    b"in",
    b"istartswith",
    b"matches",
    b"none",
    b"not",
    b"of",
    b"or",
    b"startswith",
    b"them",
    b"true",
    b"with",
    b"xor",
];

/// Where brackets or calls go too deep, or something is not closed, and which of these.
pub(super) fn fault(text: &str) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    let (mut at, mut open, mut before): (usize, Vec<bool>, Option<u8>) = (0, Vec::new(), None);
    while let Some(byte) = bytes.get(at).copied() {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = match byte {
            b'/' if rest.starts_with(b"//") || rest.starts_with(b"/*") => comment(rest),
            // To divide is written with a backslash.
            b'"' | b'/' => quoted(rest),
            b'{' if before == Some(b'=') => bytes_in(rest),
            _ => Some(1),
        };
        let Some(length) = length else {
            return Some((at, "what begins here is not closed, or has what does not belong there"));
        };
        if length == 1 {
            match byte {
                b'(' | b'[' | b'{' => open.push(byte == b'(' && is_call(bytes.get(..at).unwrap_or_default())),
                b')' | b']' | b'}' => drop(open.pop()),
                _ => {}
            }
            if open.len() > DEPTH {
                return Some((at, "brackets go at most 40 deep"));
            }
            if open.iter().filter(|is_call| **is_call).count() > CALLS {
                return Some((at, "calls go at most 3 deep"));
            }
        }
        if !byte.is_ascii_whitespace() && !rest.starts_with(b"//") && !rest.starts_with(b"/*") {
            before = Some(byte);
        }
        at += length;
    }
    None
}

// Whether a name stands right before, or what may be one.
fn is_call(before: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let word = before.iter().rev().take_while(|byte| is_word(byte)).count();
    let word = before.get(before.len() - word..).unwrap_or_default();
    // What stands behind a comment may be a call as well.
    let is_open =
        word.is_empty() && (before.ends_with(b")") || before.ends_with(b"]") || before.ends_with(b"/"));
    is_open || (!word.is_empty() && !WORDS.contains(&word))
}

fn comment(text: &[u8]) -> Option<usize> {
    if text.starts_with(b"//") {
        return Some(text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len()));
    }
    let inside = text.get(2..)?;
    inside.windows(2).position(|pair| pair == b"*/").map(|end| end + 4)
}

// How long something is that ends on its line with the byte that it begins with.
fn quoted(text: &[u8]) -> Option<usize> {
    let (end, mut at) = (*text.first()?, 1);
    loop {
        match *text.get(at)? {
            b'\n' | b'\r' => return None,
            b'\\' if !matches!(text.get(at + 1)?, b'\n' | b'\r') => at += 2,
            b'\\' => return None,
            byte if byte == end => return Some(at + 1),
            _ => at += 1,
        }
    }
}

// How long bytes in braces are, in which nothing else stands.
fn bytes_in(text: &[u8]) -> Option<usize> {
    let (mut at, mut open) = (1, 0_usize);
    loop {
        let byte = *text.get(at)?;
        match byte {
            b'}' => return Some(at + 1),
            b'/' => {
                at += comment(text.get(at..)?).filter(|_| matches!(text.get(at + 1), Some(b'/' | b'*')))?;
                continue;
            }
            b'(' => open += 1,
            b')' => open = open.checked_sub(1)?,
            b'[' | b']' | b'|' | b'-' | b'?' | b'~' => {}
            byte if byte.is_ascii_hexdigit() || byte.is_ascii_whitespace() => {}
            _ => return None,
        }
        if open > DEPTH {
            return None;
        }
        at += 1;
    }
}
