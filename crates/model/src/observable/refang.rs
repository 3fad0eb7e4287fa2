//! Undoing and doing what keeps people from following a value by accident.

use std::borrow::Cow;

/// What stands for a character while a value is defanged, without its brackets; in lower case.
const TOKENS: [(&str, &str); 7] =
    [(".", "."), ("dot", "."), (":", ":"), ("://", "://"), ("/", "/"), ("at", "@"), ("@", "@")];

/// Brackets that tokens stand in.
const BRACKETS: [(char, char); 3] = [('[', ']'), ('(', ')'), ('{', '}')];

/// Undoes the common ways of defanging one value: `hxxp`, `fxp`, and `.`, `dot`, `:`, `://`, `/`, `at` and `@` in
/// brackets, parentheses or braces.
///
/// Left as they are: doubled brackets such as `{{.}}`, what looks like a regular expression or a wildcard, the path of a
/// URL whose scheme and host are not defanged, and a value whose tokens stand within each other deeper than anybody
/// defangs. Refanging what this answers changes nothing.
#[must_use]
pub fn refang(value: &str) -> Cow<'_, str> {
    if is_plain(value) {
        return Cow::Borrowed(value);
    }
    let mut undone = refanged_once(value);
    // Where the host ends may be another place once its tokens are undone.
    for _ in 0..PASSES {
        match refanged_once(&undone) {
            Cow::Owned(further) if further != *undone => undone = Cow::Owned(further),
            _ => return undone,
        }
    }
    Cow::Borrowed(value)
}

// Whether nothing stands in it that anybody defangs by: no bracket, no backslash, no scheme with letters taken out. Most
// values are so, and are asked for by the million.
fn is_plain(value: &str) -> bool {
    let is_masked = |name: &str| name.len() <= 5 && unmasked(&name.to_ascii_lowercase()).is_some();
    !value.bytes().any(|byte| matches!(byte, b'[' | b'(' | b'{' | b'\\'))
        && !value.split_once(':').is_some_and(|(name, _)| is_masked(name))
}

fn refanged_once(value: &str) -> Cow<'_, str> {
    let Some(scheme_end) = scheme_length(value) else {
        return if is_expression(value) { Cow::Borrowed(value) } else { tokens_undone(value) };
    };
    let (scheme, rest) = value.split_at_checked(scheme_end).unwrap_or((value, ""));
    let authority_end = authority_length(rest);
    let (authority, path) = rest.split_at_checked(authority_end).unwrap_or((rest, ""));
    // A user name may hold any sign; no host that is a host does.
    if is_expression(authority.rsplit_once('@').map_or(authority, |(_, host)| host)) {
        return Cow::Borrowed(value);
    }
    let whole_scheme = scheme_undone(scheme);
    let whole_authority = tokens_undone(authority);
    if whole_scheme == scheme && whole_authority == authority {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("{whole_scheme}{whole_authority}{}", tokens_undone(path)))
}

/// Undoes the common ways of defanging in running text: the tokens that [`refang`] knows, and schemes with letters taken out.
#[must_use]
pub fn refang_text(text: &str) -> String {
    let undone = tokens_undone(text);
    let mut out = String::with_capacity(undone.len());
    let mut word = String::new();
    for character in undone.chars() {
        if character.is_ascii_alphanumeric() || character == '*' {
            word.push(character);
            continue;
        }
        // A scheme is one only in front of its colon.
        let whole = if character == ':' { unmasked(&word.to_ascii_lowercase()) } else { None };
        out.push_str(whole.unwrap_or(&word));
        word.clear();
        out.push(character);
    }
    out.push_str(&word);
    out
}

/// Writes a value so that no program turns it into a link and nobody follows it by accident: `hxxps://example[.]com/`,
/// `192[.]0[.]2[.]1`, `2001[:]db8[:][:]1`, `name[@]example[.]com`. Only the scheme and the host are changed, but for
/// what [`refang`] would take for a token in a path, which gets a percent sign.
#[must_use]
pub fn defang(value: &str) -> String {
    if let Some((scheme, rest)) = value.split_once("://") {
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => "hxxp",
            "https" => "hxxps",
            "ftp" => "fxp",
            "ftps" => "fxps",
            _ => scheme,
        };
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        return format!("{scheme}[://]{}{}", bracketed(authority), without_tokens(path));
    }
    if let Some((local, host)) = value.rsplit_once('@') {
        return format!("{}[@]{}", bracketed_within(local), bracketed(host));
    }
    let (host, tail) = value.split_once('/').map_or((value, None), |(host, tail)| (host, Some(tail)));
    match tail {
        Some(tail) => format!("{}/{}", bracketed(host), without_tokens(tail)),
        None => bracketed(host),
    }
}

/// The dots, colons and at signs of a host, each in brackets.
fn bracketed(host: &str) -> String {
    let mut out = String::with_capacity(host.len() + 16);
    for character in host.chars() {
        if matches!(character, '.' | ':' | '@') {
            out.extend(['[', character, ']']);
        } else {
            out.push(character);
        }
    }
    out
}

/// The dots of a local part that letters or digits stand around: a dot in brackets elsewhere joins nothing.
fn bracketed_within(local: &str) -> String {
    let mut out = String::with_capacity(local.len() + 16);
    let mut characters = local.chars().peekable();
    let mut before = None;
    while let Some(character) = characters.next() {
        let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if character == '.' && joins(before) && joins(characters.peek().copied()) {
            out.push_str("[.]");
        } else {
            out.push(character);
        }
        before = Some(character);
    }
    out
}

/// A path with the opening bracket of each token percent-encoded.
fn without_tokens(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for (at, character) in path.char_indices() {
        match token(path, at) {
            Some(_) => out.push_str(match character {
                '[' => "%5B",
                '(' => "%28",
                _ => "%7B",
            }),
            None => out.push(character),
        }
    }
    out
}

/// The length of a scheme and of what separates it from the host, defanged or not.
fn scheme_length(value: &str) -> Option<usize> {
    let name = value
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'*'))
        .count();
    let rest = value.get(name..).filter(|_| name > 0)?;
    let separators = [
        "://",
        "[://]",
        "(://)",
        "{://}",
        "[:]//",
        "(:)//",
        "{:}//",
        "[:][/][/]",
        ":[//]",
        "[:]\\\\",
        ":\\\\",
    ];
    let separator = separators.into_iter().find(|separator| rest.starts_with(separator))?;
    Some(name + separator.len())
}

/// How long the host with its port is: up to the path, the query or the fragment, a slash in brackets included.
fn authority_length(rest: &str) -> usize {
    let mut characters = rest.char_indices();
    while let Some((at, character)) = characters.next() {
        if matches!(character, '/' | '?' | '#' | '\\') {
            return at;
        }
        if let Some((length, meaning)) = token(rest, at) {
            if meaning == "/" {
                return at;
            }
            // A token is ASCII, so its characters are its bytes.
            characters.nth(length - 2);
        }
    }
    rest.len()
}

/// The scheme with `://`, letters put back where they were taken out.
fn scheme_undone(scheme: &str) -> Cow<'_, str> {
    let name_end = scheme.find([':', '[', '(', '{']).unwrap_or(scheme.len());
    let name = scheme.get(..name_end).unwrap_or("").to_ascii_lowercase();
    let whole = unmasked(&name);
    if whole.is_none() && scheme.get(name_end..) == Some("://") {
        return Cow::Borrowed(scheme);
    }
    Cow::Owned(format!("{}://", whole.unwrap_or(&name)))
}

/// The scheme that a name in lower case stands for, when letters were taken out of it.
pub(super) fn unmasked(name: &str) -> Option<&'static str> {
    let masked = |c: u8| matches!(c, b'x' | b't' | b'*');
    match name.as_bytes() {
        b"http" | b"https" | b"ftp" | b"ftps" => None,
        [b'h', one, two, b'p'] if masked(*one) && masked(*two) => Some("http"),
        [b'h', one, two, b'p', b's'] if masked(*one) && masked(*two) => Some("https"),
        [b'f', one, b'p'] if masked(*one) => Some("ftp"),
        [b'f', one, b'p', b's'] if masked(*one) => Some("ftps"),
        _ => None,
    }
}

/// Whether a value is a regular expression, a glob or a template, and its brackets mean something else.
fn is_expression(value: &str) -> bool {
    const SIGNS: [&str; 11] = ["*", "\\.", "\\d", "\\w", "\\/", ".+", "(?", "[a-z", "[A-Z", "[0-9", "[^"];
    value.starts_with('^') || value.ends_with('$') || SIGNS.iter().any(|sign| value.contains(sign))
}

/// How often a text is gone over: what a token leaves may be part of another one, as in `[[:]//]`.
const PASSES: usize = 4;

/// Every token of a text as the character that it stands for; a text in which they never end is left as it is.
pub(super) fn tokens_undone(text: &str) -> Cow<'_, str> {
    let Some(mut undone) = one_pass(text) else { return Cow::Borrowed(text) };
    for _ in 0..PASSES {
        match one_pass(&undone) {
            Some(further) => undone = further,
            None => return Cow::Owned(undone),
        }
    }
    Cow::Borrowed(text)
}

fn one_pass(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    let mut characters = text.char_indices();
    while let Some((at, _)) = characters.next() {
        if let Some((length, meaning)) = token(text, at) {
            out.push_str(text.get(copied..at).unwrap_or(""));
            out.push_str(meaning);
            copied = at + length;
            characters.nth(length - 2);
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(text.get(copied..).unwrap_or(""));
    Some(out)
}

/// The token that begins at a place of a text: its length with its brackets, and what it stands for.
///
/// Brackets within brackets are not ours (`{{.}}`). What stands for a dot or an at sign joins two words, so nothing of
/// prose ("see (dot) notation") or of programs (`a[.]`, `${.}`) is one; colons and slashes stand at ends too (`[:][:]1`).
fn token(text: &str, at: usize) -> Option<(usize, &'static str)> {
    let rest = text.get(at..)?;
    let first = rest.chars().next()?;
    let (_, close) = BRACKETS.into_iter().find(|(open, _)| *open == first)?;
    let inside = rest.get(1..)?;
    let end = inside.bytes().take(LONGEST_TOKEN + 1).position(|byte| char::from(byte) == close)?;
    let name = inside.get(..end)?.trim();
    let (_, meaning) = TOKENS.into_iter().find(|(token, _)| token.eq_ignore_ascii_case(name))?;
    let before = text.get(..at)?.chars().next_back();
    let behind = inside.get(end + 1..)?.chars().next();
    let opens = |c: Option<char>| c.is_some_and(|c| BRACKETS.iter().any(|(open, _)| *open == c));
    let closes = |c: Option<char>| c.is_some_and(|c| BRACKETS.iter().any(|(_, close)| *close == c));
    let joins = match meaning {
        "." | "@" => {
            let goes_on = behind.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
            // The sign before an at sign is the last of a local part, which may be most.
            let quotes = |c| meaning == "." && matches!(c, '$' | '"' | '\'' | '`');
            let ends_name = || meaning == "." && ends_word(behind) && is_dotted(text, at);
            before.is_some_and(|c| !c.is_whitespace() && !quotes(c))
                && !opens(before)
                && (goes_on || opens(behind) || ends_name())
        }
        _ => {
            let alone = |c: Option<char>| c.is_none_or(char::is_whitespace);
            !(opens(before) && closes(behind) || alone(before) && alone(behind))
        }
    };
    joins.then_some((end + 2, meaning))
}

/// Whether nothing of a name goes on behind its last dot: the dot of the root.
fn ends_word(behind: Option<char>) -> bool {
    behind.is_none_or(|c| c.is_whitespace() || matches!(c, '/' | ':' | '?' | '#' | ','))
}

/// Whether what stands before a place is a name with a dot in it already, so that a dot behind it is that of the root.
fn is_dotted(text: &str, at: usize) -> bool {
    let name = text.get(..at).unwrap_or("").rsplit(|c: char| !is_of_name(c)).next().unwrap_or("");
    name.ends_with(char::is_alphanumeric) && name.contains('.')
}
fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '[' | ']' | '(' | ')' | '{' | '}')
}

/// Bytes of the longest token, blanks around a dot among them.
const LONGEST_TOKEN: usize = 3;
