//! Rules of Suricata, and of Snort as far as the two are the same.
//!
//! Suricata's own reader ends an option at the first `;` that has no backslash in front, whatever quotes stand around it, and so
//! does this one: what is inside of quotes here is inside of quotes there.

mod header;
mod keywords;
mod pcre;

use crate::{Fault, quoted};
use header::header;
use keywords::Keyword;

/// Longest rule, in bytes: Suricata reads 8192, and a rule that is passed on grows by a few words.
pub const RULE_BYTES: usize = 7_000;
/// Longest text with rules, in bytes.
pub const TEXT_BYTES: usize = 1 << 20;
/// Most rules of one text.
pub const RULES: usize = 500;
/// Most options of one rule.
const OPTIONS: usize = 400;
/// Options of which a rule has one at most.
const ONCE: [&str; 6] = ["msg", "sid", "rev", "gid", "classtype", "priority"];

/// What a rule does when it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It tells.
    Alert,
    /// It stops what fits; `reject` is among this, since no stranger has packets sent.
    Drop,
}

/// A rule that may be loaded beside others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What its author has it do.
    pub action: Action,
    /// Its number, as its author has it.
    pub sid: u32,
    /// What it says when it fits, as it is written between its quotes.
    pub msg: String,
    /// The line on which it begins, from 1.
    pub line: usize,
    // Protocol, addresses, ports.
    header: String,
    // All but number and revision, each with its semicolon.
    options: String,
}

impl Rule {
    /// The rule on one line without its end: with this action, number and revision, and metadata behind its own. `metadata` is
    /// words with commas between, none of them anybody's text.
    #[must_use]
    pub fn written(&self, action: Action, sid: u32, rev: u32, metadata: &str) -> String {
        let verb = match action {
            Action::Alert => "alert",
            Action::Drop => "drop",
        };
        let (header, options) = (&self.header, &self.options);
        format!("{verb} {header} ({options}metadata:{metadata}; sid:{sid}; rev:{rev};)")
    }
}

/// Reads rules, one to a line; a line that ends in a backslash goes on, and one that begins with `#` says nothing.
///
/// # Errors
/// The first thing that keeps one of them from being loaded beside others, and where.
pub fn read(text: &str) -> Result<Vec<Rule>, Fault> {
    if text.len() > TEXT_BYTES {
        return Err(Fault::new(1, 1, format!("rules have at most {TEXT_BYTES} bytes")));
    }
    let (mut rules, mut going_on): (Vec<Rule>, Option<(usize, String)>) = (Vec::new(), None);
    for (place, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let is_comment = going_on.is_none() && (line.trim().is_empty() || line.trim_start().starts_with('#'));
        if is_comment {
            continue;
        }
        let (from, mut whole) = going_on.take().unwrap_or((place + 1, String::new()));
        if let Some(part) = line.strip_suffix('\\') {
            whole.push_str(part);
            whole.push(' ');
            going_on = Some((from, whole));
            continue;
        }
        whole.push_str(line);
        rules.push(rule(&whole, from)?);
        if rules.len() > RULES {
            return Err(Fault::new(place + 1, 1, format!("at most {RULES} rules are read at once")));
        }
    }
    if let Some((from, _)) = going_on {
        return Err(Fault::new(from, 1, "the last line goes on, and nothing follows"));
    }
    if rules.is_empty() {
        return Err(Fault::new(1, 1, "there is no rule"));
    }
    Ok(rules)
}

fn rule(text: &str, line: usize) -> Result<Rule, Fault> {
    let fault = |byte: usize, what: String| {
        let column = 1 + text.get(..byte).map_or(0, |before| before.chars().count());
        Fault::new(line, column, what)
    };
    if text.len() > RULE_BYTES {
        return Err(fault(0, format!("a rule has at most {RULE_BYTES} bytes")));
    }
    if let Some((at, _)) = text.char_indices().find(|(_, one)| one.is_control() && *one != '\t') {
        return Err(fault(at, "a character that is not seen".to_owned()));
    }
    let Some(open) = text.find('(') else {
        return Err(fault(0, "a rule has options in parentheses".to_owned()));
    };
    let (before, options) = text.split_at_checked(open).unwrap_or((text, ""));
    let (action, header) = header(before).map_err(|(at, what)| fault(at, what))?;
    let end = text.trim_end().len();
    if !text.trim_end().ends_with(')') || end <= open + 1 {
        return Err(fault(end, "the options do not end with `)`".to_owned()));
    }
    let options = options.get(1..end - open - 1).unwrap_or_default();
    let mut read = Read::default();
    read.all(options).map_err(|(at, what)| fault(open + 1 + at, what))?;
    let Some(sid) = read.sid else { return Err(fault(end, "a rule has a number (`sid`)".to_owned())) };
    let Some(msg) = read.msg else { return Err(fault(end, "a rule has a message (`msg`)".to_owned())) };
    Ok(Rule { action, sid, msg, line, header, options: read.options })
}

type Wrong = (usize, String);

#[derive(Debug, Default)]
struct Read {
    sid: Option<u32>,
    msg: Option<String>,
    options: String,
    seen: Vec<String>,
}

impl Read {
    fn all(&mut self, text: &str) -> Result<(), Wrong> {
        let mut from = 0;
        let mut count = 0;
        while let Some(rest) = text.get(from..).filter(|rest| !rest.trim().is_empty()) {
            let start = from + (rest.len() - rest.trim_start().len());
            let Some(length) = end_of_option(rest) else {
                return Err((start, "the option has no `;` behind it".to_owned()));
            };
            count += 1;
            if count > OPTIONS {
                return Err((start, format!("a rule has at most {OPTIONS} options")));
            }
            self.option(rest.get(..length).unwrap_or_default().trim()).map_err(|what| (start, what))?;
            from += length + 1;
        }
        Ok(())
    }

    fn option(&mut self, option: &str) -> Result<(), String> {
        let (name, value) = match option.split_once(':') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (option, None),
        };
        let is_name = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '.' | '-');
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(format!("{} is no option", quoted(name)));
        }
        if ONCE.contains(&name) {
            if self.seen.iter().any(|seen| seen == name) {
                return Err(format!("`{name}` stands there twice"));
            }
            self.seen.push(name.to_owned());
        }
        match keywords::of(name) {
            Keyword::Known => {}
            Keyword::Held(why) => return Err(format!("`{name}` {why}")),
            Keyword::Unknown => {
                return Err(format!("{} is no option that is known to do no harm", quoted(name)));
            }
        }
        let number = |most: u32| {
            let number = value.and_then(|value| value.parse::<u32>().ok());
            number
                .filter(|number| (1..=most).contains(number))
                .ok_or_else(|| format!("`{name}` is a number from 1 to {most}"))
        };
        match name {
            "sid" => self.sid = Some(number(u32::MAX)?),
            "rev" => drop(number(u32::MAX)?),
            // All rules of one file are of one group.
            "gid" => drop(number(u32::MAX)?),
            "msg" => {
                let text = text_of(value.unwrap_or_default())?;
                self.msg = Some(text.to_owned());
                self.keep(option);
            }
            "content" | "uricontent" => {
                let value = value.unwrap_or_default();
                let text = value.strip_prefix('!').unwrap_or(value).trim_start();
                content(text_of(text)?)?;
                self.keep(option);
            }
            "pcre" => {
                let value = value.unwrap_or_default();
                expression(text_of(value.strip_prefix('!').unwrap_or(value).trim_start())?)?;
                self.keep(option);
            }
            _ => {
                if value.is_some_and(|value| unescaped_quotes(value) % 2 == 1) {
                    return Err(format!("`{name}` has a quote that is not closed"));
                }
                if let Some((allowed, value)) = keywords::only(name).zip(value) {
                    let first = value.split(',').next().unwrap_or_default().trim();
                    if !allowed.contains(&first) {
                        return Err(format!("`{name}` with {} is held", quoted(first)));
                    }
                }
                self.keep(option);
            }
        }
        Ok(())
    }

    fn keep(&mut self, option: &str) {
        self.options.push_str(option);
        self.options.push_str("; ");
    }
}

// Where the first `;` stands that has no backslash in front: whether that one is escaped itself, Suricata does not ask.
fn end_of_option(text: &str) -> Option<usize> {
    let mut before = 0;
    text.bytes().position(|byte| std::mem::replace(&mut before, byte) != b'\\' && byte == b';')
}

fn unescaped_quotes(text: &str) -> usize {
    let (mut is_escaped, mut count) = (false, 0);
    for byte in text.bytes() {
        match byte {
            b'"' if !is_escaped => count += 1,
            b'\\' => is_escaped = !is_escaped,
            _ => {}
        }
        if byte != b'\\' {
            is_escaped = false;
        }
    }
    count
}

// What stands between the quotes of a value.
fn text_of(value: &str) -> Result<&str, String> {
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let inside = inside.filter(|inside| unescaped_quotes(inside) == 0 && unescaped_quotes(value) == 2);
    match inside {
        Some("") => Err("there is nothing between the quotes".to_owned()),
        Some(inside) => Ok(inside),
        None => Err("the value stands between quotes, with a backslash before those inside of it".to_owned()),
    }
}

// Bytes between bars are pairs of hexadecimal digits.
fn content(text: &str) -> Result<(), String> {
    let (mut is_escaped, mut digits): (bool, Option<usize>) = (false, None);
    for one in text.chars() {
        match (one, &mut digits) {
            (_, None) if is_escaped => is_escaped = false,
            ('\\', None) => is_escaped = true,
            ('|', None) => digits = Some(0),
            ('|', Some(count)) => {
                if *count == 0 || *count % 2 == 1 {
                    return Err("the bytes between bars are no pairs of digits".to_owned());
                }
                digits = None;
            }
            (' ', Some(_)) => {}
            (one, Some(count)) if one.is_ascii_hexdigit() => *count += 1,
            (_, Some(_)) => return Err(format!("{} is no digit of a byte", quoted(&one.to_string()))),
            _ => {}
        }
    }
    if digits.is_some() { Err("a bar is not closed".to_owned()) } else { Ok(()) }
}

// `/expression/flags`.
fn expression(text: &str) -> Result<(), String> {
    match text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
        Some((expression, flags)) if !expression.is_empty() => {
            pcre::fault(expression, flags).map_or(Ok(()), Err)
        }
        _ => Err("an expression is written `/EXPRESSION/FLAGS`".to_owned()),
    }
}
