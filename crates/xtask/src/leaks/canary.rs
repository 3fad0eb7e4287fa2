//! Canaries: every word in a text that is the mark of one object, one part, one member, person, token or collection.

use std::collections::BTreeSet;

/// The middle of every id of a planned object.
const ID_MIDDLE: &[u8] = b"-ac0d-4ac0-8ac0-";
/// Letters of what has words of its own: statements, parts, members, persons, tokens, collections, aliases, circles.
const LETTERS: &[u8] = b"wpmntcao";

/// How long a word is, in bytes.
const WORD: usize = 9;

/// All of them, each in one form, whatever its case.
pub fn all(text: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let lower = text.to_ascii_lowercase();
    words(&lower, &mut found);
    marked(&lower, ID_MIDDLE, 8, 0, &mut found);
    addresses(&lower, &mut found);
    marked(&lower, b"feedfeed", 0, 56, &mut found);
    found
}

// `q`, a letter, four digits, `zqz`.
fn words(text: &[u8], found: &mut BTreeSet<String>) {
    for at in memchr(text, b"q") {
        if let Some([_, letter, digits @ .., b'z', b'q', b'z']) = text.get(at..at + WORD)
            && LETTERS.contains(letter)
            && digits.iter().all(u8::is_ascii_digit)
        {
            add(text, at, at + WORD, found);
        }
    }
}

// `198.18.1`, two digits, a point, three digits.
fn addresses(text: &[u8], found: &mut BTreeSet<String>) {
    let begin = b"198.18.1";
    for at in memchr(text, begin) {
        let to = at + begin.len() + 6;
        if let Some([a, b, b'.', c, d, e]) = text.get(at + begin.len()..to)
            && [a, b, c, d, e].iter().all(|byte| byte.is_ascii_digit())
        {
            add(text, at, to, found);
        }
    }
}

// What surrounds a mark: so many bytes before it and behind it.
fn marked(text: &[u8], mark: &[u8], before: usize, behind: usize, found: &mut BTreeSet<String>) {
    for at in memchr(text, mark) {
        add(text, at.saturating_sub(before), at + mark.len() + behind, found);
    }
}

fn add(text: &[u8], from: usize, to: usize, found: &mut BTreeSet<String>) {
    if let Some(Ok(word)) = text.get(from..to).map(std::str::from_utf8)
        && !found.contains(word)
    {
        found.insert(word.to_owned());
    }
}

fn memchr<'t>(text: &'t [u8], mark: &'t [u8]) -> impl Iterator<Item = usize> + 't {
    memchr::memmem::find_iter(text, mark)
}

#[cfg(test)]
mod tests {
    use super::all;
    use crate::leaks::said::{Kind, in_number, object_id};

    #[test]
    fn canaries_are_found_in_any_case_and_anywhere() {
        let text = format!("..{}{}x", in_number('w', 12).to_uppercase(), object_id(Kind::Note, 0xabc));
        let found: Vec<String> = all(text.as_bytes()).into_iter().collect();
        assert_eq!(found, ["00000abc-ac0d-4ac0-8ac0-", "qw0012zqz"]);
        assert_eq!(
            all(b"198.18.101.123, qx0001zqz, qw001zqz, qw0001z").into_iter().collect::<Vec<_>>(),
            ["198.18.101.123"]
        );
    }
}
