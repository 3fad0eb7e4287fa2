//! Rules of YARA. The grammar is that of its makers' parser; behind it comes what a compiler would refuse a whole file for: names
//! that mean nothing, also within modules, strings that are not used, modifiers that do not go together. Types, and how many arguments a
//! function takes, are the compiler's to check.

mod condition;
mod depth;
mod modules;
mod strings;

use std::collections::{BTreeMap, BTreeSet};

use yara_x_parser::ast::{AST, Error, Item, Rule as Parsed, RuleFlags, WithSpan};

use crate::{Fault, quoted};

/// Longest text with rules, in bytes.
pub const TEXT_BYTES: usize = 256 << 10;
/// Most rules of one text.
pub const RULES: usize = 500;
/// Longest name of a rule, in bytes: YARA reads 128, and a name that is passed on grows.
const NAME_BYTES: usize = 100;

/// The rules of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The names of the rules, in order, and the line of each.
    pub rules: Vec<(String, usize)>,
    /// The modules that they go by.
    pub modules: Vec<String>,
    text: String,
    // Where names of these rules stand, and those that are taken out, in bytes, in order.
    names: Vec<(usize, usize)>,
    imports: Vec<(usize, usize)>,
}

impl Rules {
    /// The text without its imports, and with a prefix before each name of one of its rules. It ends with a line feed.
    #[must_use]
    pub fn written(&self, prefix: &str) -> String {
        let (mut out, mut from) = (String::with_capacity(self.text.len()), 0);
        let names = self.names.iter().map(|(start, _)| (*start, *start, prefix));
        let imports = self.imports.iter().map(|(start, end)| (*start, *end, ""));
        let mut changes: Vec<(usize, usize, &str)> = names.chain(imports).collect();
        changes.sort_unstable();
        for (start, end, text) in changes {
            out.push_str(self.text.get(from..start).unwrap_or_default());
            out.push_str(text);
            from = end;
        }
        out.push_str(self.text.get(from..).unwrap_or_default());
        let mut written = out.trim().replace("\r\n", "\n").replace('\r', "\n");
        written.push('\n');
        written
    }
}

/// Reads rules.
///
/// # Errors
/// The first thing that keeps one of them from being loaded beside others, and where.
pub fn read(text: &str) -> Result<Rules, Fault> {
    if text.len() > TEXT_BYTES {
        return Err(Fault::new(1, 1, format!("rules have at most {TEXT_BYTES} bytes")));
    }
    let is_odd = |one: &char| one.is_control() && !matches!(one, '\n' | '\r' | '\t');
    if let Some((at, _)) = text.char_indices().find(|(_, one)| is_odd(one)) {
        return Err(Fault::at(text, at, "a character that is not seen"));
    }
    if let Some((at, what)) = depth::fault(text) {
        return Err(Fault::at(text, at, what));
    }
    let ast = AST::from(text);
    if let Some(error) = ast.errors().first() {
        return Err(syntax(text, error));
    }
    let mut read = Rules {
        rules: Vec::new(),
        modules: Vec::new(),
        text: text.to_owned(),
        names: Vec::new(),
        imports: Vec::new(),
    };
    let mut known: BTreeMap<&str, ()> = BTreeMap::new();
    for item in ast.items() {
        match item {
            Item::Include(include) => {
                return Err(Fault::at(
                    text,
                    include.span().start(),
                    "`include` reads a file at the receiver",
                ));
            }
            Item::Import(import) => read.import(import.module_name, import.span().range())?,
            Item::Rule(rule) => {
                let span = rule.identifier.span().range();
                let fault = |what: String| Fault::at(text, span.start, what);
                if rule.identifier.name.len() > NAME_BYTES {
                    return Err(fault(format!("the name of a rule has at most {NAME_BYTES} bytes")));
                }
                if rule.flags.contains(RuleFlags::Global) {
                    return Err(fault("`global` is about all rules beside it, and is held".to_owned()));
                }
                if known.contains_key(rule.identifier.name)
                    || read.modules.iter().any(|module| module == rule.identifier.name)
                {
                    return Err(fault(format!("{} is the name of two things", quoted(rule.identifier.name))));
                }
                let uses =
                    of_rule(rule, &read.modules, &known).map_err(|(at, what)| Fault::at(text, at, what))?;
                read.names.push((span.start, span.end));
                read.names.extend(uses);
                known.insert(rule.identifier.name, ());
                let line = Fault::at(text, span.start, "").line;
                read.rules.push((rule.identifier.name.to_owned(), line));
                if read.rules.len() > RULES {
                    return Err(fault(format!("at most {RULES} rules are read at once")));
                }
            }
        }
    }
    if read.rules.is_empty() {
        return Err(Fault::new(1, 1, "there is no rule"));
    }
    Ok(read)
}

type Wrong = (usize, String);
type Places = Vec<(usize, usize)>;

impl Rules {
    fn import(&mut self, module: &str, span: std::ops::Range<usize>) -> Result<(), Fault> {
        if !modules::is_module(module) {
            let what = format!(
                "{} is no module that every YARA has and that looks at the file alone",
                quoted(module)
            );
            return Err(Fault::at(&self.text, span.start, what));
        }
        self.imports.push((span.start, span.end));
        if !self.modules.iter().any(|known| known == module) {
            self.modules.push(module.to_owned());
        }
        Ok(())
    }
}

// What keeps a rule from being compiled; else where it names rules before it.
fn of_rule(rule: &Parsed<'_>, modules: &[String], rules: &BTreeMap<&str, ()>) -> Result<Places, Wrong> {
    let mut tags = BTreeSet::new();
    for tag in rule.tags.iter().flatten() {
        if !tags.insert(tag.name) {
            return Err((tag.span().start(), format!("the tag {} stands there twice", quoted(tag.name))));
        }
    }
    let strings = strings::check(rule.patterns.as_deref().unwrap_or_default())?;
    condition::check(&rule.condition, strings, modules, rules)
}

fn syntax(text: &str, error: &Error) -> Fault {
    let (span, what) = match error {
        Error::SyntaxError { message, span }
        | Error::InvalidInteger { message, span }
        | Error::InvalidFloat { message, span }
        | Error::InvalidRegexpModifier { message, span }
        | Error::InvalidEscapeSequence { message, span } => (span, message.as_str()),
        Error::InvalidUTF8(span) => (span, "no UTF-8"),
        Error::UnexpectedEscapeSequence(span) => (span, "an escape that is not known"),
    };
    let what: String = what.chars().take(200).map(|one| if one.is_control() { ' ' } else { one }).collect();
    Fault::at(text, span.start(), what)
}
