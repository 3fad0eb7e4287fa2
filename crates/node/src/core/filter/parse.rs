//! Reading the text of a filter.

use std::fmt;

use model::{MemberId, Tlp};

use super::{Condition, Filter};

/// Longest text of a filter, in bytes.
const LIMIT_BYTES: usize = 16 << 10;

/// What is wrong with a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// Byte offset in the text.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} of the filter", self.message, self.at)
    }
}

impl std::error::Error for FilterError {}

impl FilterError {
    fn new(at: usize, message: impl Into<String>) -> FilterError {
        FilterError { at, message: message.into() }
    }

    pub(super) fn no_member(name: &str, at: usize) -> FilterError {
        FilterError::new(at, format!("`{name}` is no member"))
    }
}

/// Reads a filter.
///
/// # Errors
/// The first thing that is wrong, with its place. Whether sources are members is asked when it is compiled.
pub fn parse(text: &str) -> Result<Filter, FilterError> {
    if text.len() > LIMIT_BYTES {
        return Err(FilterError::new(LIMIT_BYTES, "longer than 16 KiB"));
    }
    let mut tokens = Tokens { text, at: 0 };
    let mut conditions = Vec::new();
    if tokens.peek()?.0 == Token::End {
        return Ok(Filter { conditions });
    }
    loop {
        conditions.push(condition(&mut tokens)?);
        match tokens.next()? {
            (Token::End, _) => return Ok(Filter { conditions }),
            (Token::Word(word), _) if word.eq_ignore_ascii_case("and") => {}
            (_, at) => return Err(FilterError::new(at, "expected `and` or the end")),
        }
    }
}

/// The text of a filter with its sources by UUID, as it is kept: a member's name may change hands.
///
/// # Errors
/// As [`parse`], and a source that is no member.
pub fn with_ids(text: &str, member: impl Fn(&str) -> Option<MemberId>) -> Result<String, FilterError> {
    let sources = parse(text)?.conditions.into_iter().filter_map(|condition| match condition {
        Condition::Source(names) => Some(names),
        _ => None,
    });
    let mut kept = String::with_capacity(text.len());
    let mut done = 0;
    for (name, at) in sources.flatten() {
        let id = member(&name).ok_or_else(|| FilterError::no_member(&name, at))?;
        let mut tokens = Tokens { text, at };
        tokens.next()?;
        kept.push_str(text.get(done..at).unwrap_or_default());
        kept.push_str(&id.to_string());
        done = tokens.at;
    }
    kept.push_str(text.get(done..).unwrap_or_default());
    Ok(kept)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Type,
    Source,
    Author,
    PatternType,
    Label,
    Via,
}

fn field(word: &str, at: usize) -> Result<Field, FilterError> {
    Ok(match word.to_ascii_lowercase().as_str() {
        "type" => Field::Type,
        "source" => Field::Source,
        "author" => Field::Author,
        "pattern_type" => Field::PatternType,
        "label" => Field::Label,
        "via" => Field::Via,
        _ => {
            let known = "type, source, author, pattern_type, label or via";
            return Err(FilterError::new(at, format!("`{word}` is no field: use {known}")));
        }
    })
}

fn condition(tokens: &mut Tokens<'_>) -> Result<Condition, FilterError> {
    let field = match tokens.next()? {
        (Token::Word(word), at) => field(word, at)?,
        (_, at) => return Err(FilterError::new(at, "expected a field")),
    };
    match tokens.next()? {
        (Token::Equals, _) => {
            let value = value(tokens)?;
            checked(field, vec![value])
        }
        (Token::AtMost, at) => {
            if field != Field::Label {
                return Err(FilterError::new(at, "only `label` can be compared with `<=`"));
            }
            let value = value(tokens)?;
            let ceiling = tlp(&value)?;
            Ok(Condition::Label(Tlp::ALL.into_iter().filter(|tlp| *tlp <= ceiling).collect()))
        }
        (Token::Word(word), _) if word.eq_ignore_ascii_case("in") => {
            let values = list(tokens)?;
            checked(field, values)
        }
        (_, at) => Err(FilterError::new(at, "expected `=`, `<=` or `in`")),
    }
}

fn list(tokens: &mut Tokens<'_>) -> Result<Vec<(String, usize)>, FilterError> {
    match tokens.next()? {
        (Token::Open, _) => {}
        (_, at) => return Err(FilterError::new(at, "expected `(`")),
    }
    let mut values = Vec::new();
    loop {
        values.push(value(tokens)?);
        match tokens.next()? {
            (Token::Comma, _) => {}
            (Token::Close, _) => return Ok(values),
            (_, at) => return Err(FilterError::new(at, "expected `,` or `)`")),
        }
    }
}

fn value(tokens: &mut Tokens<'_>) -> Result<(String, usize), FilterError> {
    match tokens.next()? {
        (Token::Word(word), at) => Ok((word.to_owned(), at)),
        (Token::Quoted(text), at) => Ok((unescaped(text), at)),
        (_, at) => Err(FilterError::new(at, "expected a value")),
    }
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain
}

fn tlp((text, at): &(String, usize)) -> Result<Tlp, FilterError> {
    text.parse::<Tlp>().map_err(|error| FilterError::new(*at, error.to_string()))
}

fn checked(field: Field, values: Vec<(String, usize)>) -> Result<Condition, FilterError> {
    let plain = |values: Vec<(String, usize)>| values.into_iter().map(|(text, _)| text).collect();
    Ok(match field {
        Field::Type => {
            for (text, at) in &values {
                let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
                if text.is_empty() || !text.bytes().all(plain) {
                    return Err(FilterError::new(*at, format!("`{text}` is no type: use a-z, 0-9 and -")));
                }
            }
            Condition::Type(plain(values))
        }
        Field::Source => Condition::Source(values),
        Field::Author => {
            for (text, at) in &values {
                if text.strip_prefix("identity--").is_none_or(|uuid| uuid.len() != 36) {
                    return Err(FilterError::new(*at, format!("`{text}` is no id of an identity")));
                }
            }
            Condition::Author(plain(values))
        }
        Field::PatternType => Condition::PatternType(plain(values)),
        Field::Label => Condition::Label(values.iter().map(tlp).collect::<Result<_, _>>()?),
        Field::Via => match values.as_slice() {
            [(text, _)] if text.eq_ignore_ascii_case("this") => Condition::ViaThis,
            [(_, at), ..] => return Err(FilterError::new(*at, "`via` can only be `this`")),
            [] => Condition::ViaThis,
        },
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    Quoted(&'t str),
    Equals,
    AtMost,
    Open,
    Close,
    Comma,
    End,
}

struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

// What a word is made of: ids, names of types, `TLP:AMBER+STRICT`.
fn in_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_' | ':' | '+' | '.')
}

impl<'t> Tokens<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Result<(Token<'t>, usize), FilterError> {
        Tokens { text: self.text, at: self.at }.next()
    }

    fn next(&mut self) -> Result<(Token<'t>, usize), FilterError> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        let (rest, at) = (self.rest(), self.at);
        let Some(first) = rest.chars().next() else { return Ok((Token::End, at)) };
        let (token, length) = match first {
            '=' => (Token::Equals, 1),
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '<' if rest.starts_with("<=") => (Token::AtMost, 2),
            '"' => self.quoted(rest)?,
            _ if in_word(first) => {
                let end = rest.find(|character| !in_word(character)).unwrap_or(rest.len());
                (Token::Word(rest.get(..end).unwrap_or_default()), end)
            }
            _ => return Err(FilterError::new(at, format!("`{first}` is not part of a filter"))),
        };
        self.at += length;
        Ok((token, at))
    }

    fn quoted(&self, rest: &'t str) -> Result<(Token<'t>, usize), FilterError> {
        let mut escaped = false;
        for (end, character) in rest.char_indices().skip(1) {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return Ok((Token::Quoted(rest.get(1..end).unwrap_or_default()), end + 1)),
                _ => {}
            }
        }
        Err(FilterError::new(self.at, "the closing `\"` is missing"))
    }
}
