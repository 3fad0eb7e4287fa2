//! Text that strangers wrote, made harmless for a terminal, a page, and the one who copies from them.

use std::borrow::Cow;

/// The text with control characters, bidirectional overrides and other invisible marks written out, such as
/// `\u{1b}`. Line feeds and tabs are written out too: one value stays on one line.
#[must_use]
pub fn inert(text: &str) -> Cow<'_, str> {
    // Nearly all texts are of plain letters, which are looked at many at once.
    let is_plain = text.bytes().fold(true, |is_plain, byte| is_plain & matches!(byte, b' '..=b'~'));
    if is_plain || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// The text made inert, and what could be clicked in it defanged: `hxxp://`, `203.0.113[.]7`, `a[@]b[.]example`. A dot is
/// one of a name or an address only where that ends like one: `3.2.0`, `12:00:58.457Z` and `e.g.` stay as they are.
#[must_use]
pub fn defanged(text: &str) -> String {
    let inert = inert(text);
    let mut safe = String::with_capacity(inert.len() + 8);
    let mut rest: &str = &inert;
    while let Some(start) = rest.find(is_name_character) {
        let (before, from) = rest.split_at_checked(start).unwrap_or((rest, ""));
        safe.push_str(before);
        let end = from.find(|c| !is_name_character(c) && c != '.' && c != '@').unwrap_or(from.len());
        let (run, after) = from.split_at_checked(end).unwrap_or((from, ""));
        safe.push_str(&run_defanged(run));
        rest = after;
    }
    safe.push_str(rest);
    for (scheme, harmless) in [("http", "hxxp"), ("HTTP", "hxxp"), ("ftp", "fxp"), ("FTP", "fxp")] {
        for end in ["://", "s://", "S://"] {
            safe = safe.replace(&format!("{scheme}{end}"), &format!("{harmless}{end}"));
        }
    }
    safe
}

// A run of name characters, dots and `@`. A dot at its end belongs to the sentence.
fn run_defanged(run: &str) -> String {
    let name = run.trim_end_matches(['.', '@']);
    let tail = run.strip_prefix(name).unwrap_or_default();
    let host = name.rsplit('@').next().unwrap_or(name);
    let last = host.rsplit('.').next().unwrap_or_default();
    let digits = |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit());
    let is_address = host.split('.').count() == 4 && host.split('.').all(digits);
    let is_name = host.contains('.')
        && last.chars().count() > 1
        && (last.chars().all(char::is_alphabetic) || last.starts_with("xn--"));
    if is_address || is_name || (name.contains('@') && name != host) {
        return format!("{}{tail}", name.replace('.', "[.]").replace('@', "[@]"));
    }
    run.to_owned()
}

// Digits and letters of any script, since domain names have them.
fn is_name_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_')
}

/// Control characters (Cc), bidirectional and zero-width marks (most of Cf), line and paragraph separators, tags,
/// private use and noncharacters: what a reader does not see, or what acts on his terminal.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_written_out() {
        for (text, safe) in [
            ("plain Ünïcode 漢字 عربي", "plain Ünïcode 漢字 عربي"),
            ("\u{1b}[2Jx\r\n\ty", "\\u{1b}[2Jx\\u{d}\\u{a}\\u{9}y"),
            ("a\u{202e}gpj.exe", "a\\u{202e}gpj.exe"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("\u{e0041}", "\\u{e0041}"),
        ] {
            assert_eq!(inert(text), safe);
        }
    }

    #[test]
    fn what_could_be_clicked_is_defanged() {
        for (text, safe) in [
            ("203.0.113.7", "203[.]0[.]113[.]7"),
            ("http://bad.example/a.html", "hxxp://bad[.]example/a[.]html"),
            ("https://bad.example", "hxxps://bad[.]example"),
            ("ftp://bad.example", "fxp://bad[.]example"),
            ("a@bad.example", "a[@]bad[.]example"),
            ("пример.рф", "пример[.]рф"),
            ("A sentence. Another one.", "A sentence. Another one."),
            ("see www.bad.example.", "see www[.]bad[.]example."),
            ("3.2.0, e.g. 12:00:58.457Z", "3.2.0, e.g. 12:00:58.457Z"),
            ("root@localhost", "root[@]localhost"),
            ("x.xn--p1ai", "x[.]xn--p1ai"),
            ("2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(defanged(text), safe);
        }
    }
}
