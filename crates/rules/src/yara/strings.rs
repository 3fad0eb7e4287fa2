//! The strings of a rule: each name once, nothing empty, modifiers that go together, expressions that can be read.

use yara_x_parser::ast::{HexSubPattern, HexToken, Pattern, WithSpan};

use super::Wrong;
use crate::{expression_fault, quoted};

/// Most strings of a rule: YARA's own limit.
const STRINGS: usize = 10_000;
/// How deep alternatives of bytes go.
const DEPTH: usize = 16;

/// A string by its name, and whether the condition asks for it.
#[derive(Debug)]
pub(super) struct Named<'src> {
    pub(super) name: &'src str,
    pub(super) at: usize,
    pub(super) is_used: bool,
}

/// Checks strings and answers their names.
pub(super) fn check<'src>(patterns: &[Pattern<'src>]) -> Result<Vec<Named<'src>>, Wrong> {
    if patterns.len() > STRINGS {
        let at = patterns.first().map_or(0, |pattern| pattern.span().start());
        return Err((at, format!("a rule has at most {STRINGS} strings")));
    }
    let mut names: Vec<Named<'src>> = Vec::with_capacity(patterns.len());
    let mut seen = std::collections::HashSet::new();
    for pattern in patterns {
        let identifier = pattern.identifier();
        let (name, at) = (identifier.name, identifier.span().start());
        if name != "$" && !seen.insert(name) {
            return Err((at, format!("the string {} stands there twice", quoted(name))));
        }
        modifiers(pattern).map_err(|what| (at, what))?;
        content(pattern).map_err(|what| (at, what))?;
        names.push(Named { name, at, is_used: name.starts_with("$_") });
    }
    Ok(names)
}

fn modifiers(pattern: &Pattern<'_>) -> Result<(), String> {
    let has = pattern.modifiers();
    let said = [
        ("ascii", has.ascii().is_some()),
        ("wide", has.wide().is_some()),
        ("nocase", has.nocase().is_some()),
        ("fullword", has.fullword().is_some()),
        ("xor", has.xor().is_some()),
        ("base64", has.base64().is_some()),
        ("base64wide", has.base64wide().is_some()),
    ];
    let is = |word: &str| said.iter().any(|(name, is)| *name == word && *is);
    let allowed: &[&str] = match pattern {
        Pattern::Text(_) => &["ascii", "wide", "nocase", "fullword", "xor", "base64", "base64wide"],
        Pattern::Regexp(_) => &["ascii", "wide", "nocase", "fullword"],
        Pattern::Hex(_) => &[],
    };
    if let Some((word, _)) = said.iter().find(|(word, is)| *is && !allowed.contains(word)) {
        return Err(format!("`{word}` does not go with a string of this kind"));
    }
    let together = [
        ("xor", "nocase"),
        ("xor", "base64"),
        ("xor", "base64wide"),
        ("base64", "nocase"),
        ("base64wide", "nocase"),
        ("base64", "fullword"),
        ("base64wide", "fullword"),
    ];
    match together.iter().find(|(one, other)| is(one) && is(other)) {
        Some((one, other)) => Err(format!("`{one}` and `{other}` do not go together")),
        None => Ok(()),
    }
}

fn content(pattern: &Pattern<'_>) -> Result<(), String> {
    match pattern {
        Pattern::Text(text) => {
            let has = pattern.modifiers();
            let least = if has.base64().is_some() || has.base64wide().is_some() { 3 } else { 1 };
            if text.text.value.len() < least {
                return Err(format!("a string like this has at least {least} bytes"));
            }
            Ok(())
        }
        Pattern::Regexp(expression) => match expression_fault(expression.regexp.src) {
            Some(what) => Err(what),
            None => Ok(()),
        },
        Pattern::Hex(bytes) => hex(&bytes.sub_patterns, 0),
    }
}

// Jumps stand between bytes, and do not go backwards.
fn hex(pattern: &HexSubPattern, depth: usize) -> Result<(), String> {
    if depth > DEPTH {
        return Err(format!("alternatives go at most {DEPTH} deep"));
    }
    let last = pattern.len().saturating_sub(1);
    for (place, token) in pattern.iter().enumerate() {
        match token {
            HexToken::Jump(jump) => {
                if place == 0 || place == last {
                    return Err("a jump stands between bytes".to_owned());
                }
                if jump.start.zip(jump.end).is_some_and(|(start, end)| start > end) {
                    return Err("a jump does not go backwards".to_owned());
                }
                if depth > 0 && jump.end.is_none() {
                    return Err("a jump within alternatives has an end".to_owned());
                }
            }
            HexToken::NotByte(byte) if byte.mask == 0 => return Err("no byte is none of all".to_owned()),
            HexToken::Byte(_) | HexToken::NotByte(_) => {}
            HexToken::Alternative(alternative) => {
                alternative.alternatives.iter().try_for_each(|one| hex(one, depth + 1))?;
            }
        }
    }
    Ok(())
}
