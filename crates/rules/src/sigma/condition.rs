//! Conditions: names, `and`, `or`, `not`, parentheses, and how many of several names.

use crate::quoted;

/// Longest condition, in bytes, and how deep its parentheses go.
const BYTES: usize = 8 << 10;
const DEPTH: usize = 30;

/// Checks a condition over these names.
pub(super) fn check(text: &str, names: &[&str]) -> Result<(), String> {
    if text.len() > BYTES {
        return Err(format!("a condition has at most {BYTES} bytes"));
    }
    if text.contains('|') {
        return Err("conditions that count (`|`) are no part of Sigma any more".to_owned());
    }
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, at: 0, names };
    reader.either(0)?;
    match reader.peek() {
        None => Ok(()),
        Some(word) => Err(format!("{} is not expected in the condition", quoted(word))),
    }
}

struct Reader<'c> {
    words: &'c [&'c str],
    at: usize,
    names: &'c [&'c str],
}

impl<'c> Reader<'c> {
    fn peek(&self) -> Option<&'c str> {
        self.words.get(self.at).copied()
    }

    fn is(&self, word: &str) -> bool {
        self.peek().is_some_and(|next| next.eq_ignore_ascii_case(word))
    }

    // Which of `and` and `or` binds closer is no matter here: what is written is what is read.
    fn either(&mut self, depth: usize) -> Result<(), String> {
        if depth > DEPTH {
            return Err(format!("parentheses go at most {DEPTH} deep"));
        }
        loop {
            let mut negations = 0;
            while self.is("not") {
                self.at += 1;
                negations += 1;
                if negations > DEPTH {
                    return Err(format!("at most {DEPTH} times `not`"));
                }
            }
            self.one(depth)?;
            if !self.is("and") && !self.is("or") {
                return Ok(());
            }
            self.at += 1;
        }
    }

    fn one(&mut self, depth: usize) -> Result<(), String> {
        let Some(word) = self.peek() else { return Err("the condition ends too soon".to_owned()) };
        self.at += 1;
        if word == "(" {
            self.either(depth + 1)?;
            if !self.is(")") {
                return Err("a parenthesis is not closed in the condition".to_owned());
            }
            self.at += 1;
            return Ok(());
        }
        let counts = word == "1" || ["all", "any"].iter().any(|count| word.eq_ignore_ascii_case(count));
        if counts && self.is("of") {
            self.at += 1;
            let Some(several) = self.peek() else { return Err("the condition ends too soon".to_owned()) };
            self.at += 1;
            return self.several(several);
        }
        if self.names.contains(&word) {
            Ok(())
        } else {
            Err(format!("{} is nothing that `detection` looks for", quoted(word)))
        }
    }

    fn several(&self, pattern: &str) -> Result<(), String> {
        if pattern.eq_ignore_ascii_case("them") {
            return Ok(());
        }
        let fits = |name: &&&str| fits(pattern, name);
        match self.names.iter().find(fits) {
            Some(_) => Ok(()),
            None => Err(format!("{} is nothing that `detection` looks for", quoted(pattern))),
        }
    }
}

// A star is any text; each takes the first place that fits.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| name.strip_prefix(head)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some((_, behind)) = rest.split_once(before) else { return false };
            rest = behind;
        }
    }
    last.map_or(rest.is_empty(), |tail: &str| rest.ends_with(tail))
}
