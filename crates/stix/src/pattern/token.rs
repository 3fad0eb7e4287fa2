//! The tokens of a pattern. The lexer never fails: what it cannot read becomes a token that no rule takes, so that
//! the parser can say what it would have taken there.

use super::Dialect;
use super::constant::{self, Constant, Timestamp};

/// A token and where it stood.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'a> {
    pub kind: Kind<'a>,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind<'a> {
    Keyword(Keyword),
    /// A name without hyphen: good for types and properties.
    Name(&'a str),
    /// A name with hyphens: good for types.
    HyphenName(&'a str),
    Constant(Constant),
    /// A constant by its look, but a wrong one.
    BadConstant {
        /// What is expected of it.
        expected: &'static str,
        /// Where in the token it goes wrong.
        offset: usize,
    },
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Colon,
    Dot,
    Comma,
    OpenParenthesis,
    CloseParenthesis,
    OpenBracket,
    CloseBracket,
    Asterisk,
    /// A character that starts nothing.
    Unknown,
    End,
}

/// Keywords are in capitals, and none of them is a name, so a property called `IN` has to be quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    And,
    Or,
    Not,
    FollowedBy,
    Like,
    Matches,
    IsSuperset,
    IsSubset,
    Exists,
    /// Kept by the grammar and used nowhere.
    Last,
    In,
    Start,
    Stop,
    Seconds,
    Within,
    Repeats,
    Times,
}

/// The keyword that `word` is in this dialect.
fn keyword(word: &str, dialect: Dialect) -> Option<Keyword> {
    Some(match word {
        "AND" => Keyword::And,
        "OR" => Keyword::Or,
        "NOT" => Keyword::Not,
        "FOLLOWEDBY" => Keyword::FollowedBy,
        "LIKE" => Keyword::Like,
        "MATCHES" => Keyword::Matches,
        "ISSUPERSET" => Keyword::IsSuperset,
        "ISSUBSET" => Keyword::IsSubset,
        "EXISTS" if dialect == Dialect::Stix21 => Keyword::Exists,
        "LAST" => Keyword::Last,
        "IN" => Keyword::In,
        "START" => Keyword::Start,
        "STOP" => Keyword::Stop,
        "SECONDS" => Keyword::Seconds,
        "WITHIN" => Keyword::Within,
        "REPEATS" => Keyword::Repeats,
        "TIMES" => Keyword::Times,
        _ => return None,
    })
}

/// Whether a property of this name stands in a path without quotes.
pub(super) fn is_plain_name(word: &str, dialect: Dialect) -> bool {
    let starts = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let goes_on = word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    starts && goes_on && !matches!(word, "true" | "false") && keyword(word, dialect).is_none()
}

/// Cuts a text into tokens, one at a time.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str, dialect: Dialect) -> Lexer<'a> {
        Lexer { text, at: 0, dialect }
    }

    /// The next token; `End` again and again behind the last.
    pub fn next(&mut self) -> Token<'a> {
        self.skip_blank();
        let start = self.at;
        let rest = self.rest();
        let (length, kind) = match rest.chars().next() {
            None => (0, Kind::End),
            Some('a'..='z' | 'A'..='Z' | '_') => self.word(rest),
            Some('\'') => string(rest),
            Some('0'..='9' | '-' | '.') => number(rest),
            Some(first) => symbol(rest, first),
        };
        self.at += length;
        Token { kind, start, end: self.at }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Skips white space and comments; a comment without end is left standing.
    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            let mut skipped = rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                skipped += trimmed.find(['\n', '\r']).unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                let inside = trimmed.get(2..).unwrap_or("");
                skipped += inside.find("*/").map_or(0, |end| end + 4);
            }
            if skipped == 0 {
                return;
            }
            self.at += skipped;
        }
    }

    fn word(&self, rest: &'a str) -> (usize, Kind<'a>) {
        let length =
            rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count();
        let word = rest.get(..length).unwrap_or("");
        if matches!(word, "b" | "h" | "t") && rest.as_bytes().get(1) == Some(&b'\'') {
            return prefixed(rest, word);
        }
        let kind = match word {
            "true" => Kind::Constant(Constant::Boolean(true)),
            "false" => Kind::Constant(Constant::Boolean(false)),
            _ => match keyword(word, self.dialect) {
                Some(keyword) => Kind::Keyword(keyword),
                None if word.contains('-') => Kind::HyphenName(word),
                None => Kind::Name(word),
            },
        };
        (length, kind)
    }
}

fn bad(expected: &'static str) -> Kind<'static> {
    Kind::BadConstant { expected, offset: 0 }
}

/// `'...'`: only `\'` and `\\` are escapes (§9.2).
fn string(rest: &str) -> (usize, Kind<'_>) {
    let mut value = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' => return (at + 1, Kind::Constant(Constant::String(value))),
            '\\' => match characters.next() {
                Some((_, escaped @ ('\'' | '\\'))) => value.push(escaped),
                Some((after, other)) => {
                    let expected = "`\\'` or `\\\\`";
                    return (after + other.len_utf8(), Kind::BadConstant { expected, offset: at });
                }
                None => break,
            },
            _ => value.push(character),
        }
    }
    (rest.len(), bad("`'` at the end of the string"))
}

/// `b'...'`, `h'...'` and `t'...'`, which know no escapes.
fn prefixed<'a>(rest: &'a str, prefix: &str) -> (usize, Kind<'a>) {
    let Some(inside) = rest.get(2..).and_then(|tail| tail.split_once('\'')).map(|(inside, _)| inside) else {
        return (rest.len(), bad("`'` at the end of the constant"));
    };
    let read = match prefix {
        "b" => constant::decode_base64(inside).map(Constant::Binary).ok_or("base64 between the quotes"),
        "h" => constant::decode_hex(inside).map(Constant::Hex).ok_or("pairs of hexadecimal digits"),
        _ => Timestamp::parse(inside).map(Constant::Timestamp).ok_or("a time such as `2016-06-01T00:00:00Z`"),
    };
    (inside.len() + 3, read.map_or_else(bad, Kind::Constant))
}

/// The largest whole number that STIX takes, 2^53-1 (§2.8).
const INTEGER_MAX: i64 = (1 << 53) - 1;

/// A number, `-` in front allowed; a lone `.` is the separator of a path.
fn number(rest: &str) -> (usize, Kind<'_>) {
    let digits_from = |from: usize| rest.bytes().skip(from).take_while(u8::is_ascii_digit).count();
    let sign = usize::from(rest.starts_with('-'));
    let whole = digits_from(sign);
    let point = sign + whole;
    let fraction = if rest.as_bytes().get(point) == Some(&b'.') { digits_from(point + 1) } else { 0 };
    if fraction > 0 {
        let length = point + 1 + fraction;
        let value =
            rest.get(..length).and_then(|text| text.parse::<f64>().ok()).filter(|value| value.is_finite());
        let kind = value
            .map_or(bad("a number that a double can hold"), |value| Kind::Constant(Constant::Float(value)));
        return (length, kind);
    }
    if whole == 0 {
        return (1, if sign == 0 { Kind::Dot } else { Kind::Unknown });
    }
    let text = rest.get(..point).unwrap_or("");
    if whole > 1 && rest.as_bytes().get(sign) == Some(&b'0') {
        return (point, bad("a number without leading zeros"));
    }
    let value = text.parse::<i64>().ok().filter(|value| value.abs() <= INTEGER_MAX);
    let kind = value.map_or(bad("a whole number between -(2^53)+1 and 2^53-1"), |value| {
        Kind::Constant(Constant::Integer(value))
    });
    (point, kind)
}

fn symbol(rest: &str, first: char) -> (usize, Kind<'_>) {
    let second = rest.as_bytes().get(1).copied();
    match (first, second) {
        ('=', Some(b'=')) => (2, Kind::Equal),
        ('=', _) => (1, Kind::Equal),
        ('!', Some(b'=')) | ('<', Some(b'>')) => (2, Kind::NotEqual),
        ('<', Some(b'=')) => (2, Kind::LessOrEqual),
        ('<', _) => (1, Kind::Less),
        ('>', Some(b'=')) => (2, Kind::GreaterOrEqual),
        ('>', _) => (1, Kind::Greater),
        (':', _) => (1, Kind::Colon),
        (',', _) => (1, Kind::Comma),
        ('(', _) => (1, Kind::OpenParenthesis),
        (')', _) => (1, Kind::CloseParenthesis),
        ('[', _) => (1, Kind::OpenBracket),
        (']', _) => (1, Kind::CloseBracket),
        ('*', _) => (1, Kind::Asterisk),
        _ => (first.len_utf8(), Kind::Unknown),
    }
}
