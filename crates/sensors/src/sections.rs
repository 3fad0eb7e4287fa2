//! Rules that members share, in sections of one file: before each stands whose it is, when it ends, and how many lines it has. Whoever
//! has the file takes out what ended, also while nobody can be asked for another one.
//!
//! The lines are counted, so that nothing in them passes for the beginning of another section.

use super::Item;
use super::rules::word;
use super::text;

/// What the rules are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Documents of YAML.
    Sigma,
    /// Rules one behind the other.
    Yara,
}

/// Some lines of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section<'f> {
    /// The lines.
    pub text: &'f str,
    /// Whether they are rules, and not what is said of the whole file.
    pub is_rules: bool,
    /// When they end, in seconds since 1970; `None` where they do when they are taken back.
    pub ends: Option<i64>,
}

const OBJECT: &str = "accord_object: ";
const UNTIL: &str = "accord_until: ";
const LINES: &str = "accord_lines: ";
const COMPLETE: &str = "complete: ";
/// A document begins.
const DOCUMENT: &str = "---\n";

impl Language {
    fn sign(self) -> &'static str {
        match self {
            Language::Sigma => "# ",
            Language::Yara => "// ",
        }
    }

    /// Whether rules begin here.
    fn begins(self, text: &str) -> bool {
        match self {
            Language::Sigma => text.starts_with(DOCUMENT),
            Language::Yara => text.strip_prefix(self.sign()).is_some_and(|said| said.starts_with(OBJECT)),
        }
    }
}

/// Appends rules, which end with a line feed, behind what is said of them.
pub(super) fn put(out: &mut Vec<u8>, language: Language, item: &Item<'_>, rules: &str) {
    let mut said =
        vec![format!("{OBJECT}{}", word(item.object)), format!("accord_tlp: {}", word(item.tlp.name()))];
    said.extend(item.until.map(|until| format!("{UNTIL}{}", until.0.div_euclid(1_000_000))));
    said.push(format!("{LINES}{}", rules.matches('\n').count()));
    match language {
        Language::Sigma => {
            text::put(out, &[DOCUMENT]);
            said.iter().for_each(|said| text::put(out, &["# ", said, "\n"]));
        }
        Language::Yara => text::put(out, &["// ", &said.join(", "), "\n"]),
    }
    text::put(out, &[rules]);
}

/// A file in its sections, one behind the other; `None` where it is not whole, or not as it is written here.
#[must_use]
pub fn of(language: Language, file: &str) -> Option<Vec<Section<'_>>> {
    let (mut sections, mut rest) = (Vec::new(), file);
    loop {
        let section = if language.begins(rest) { rules(language, rest)? } else { said(language, rest)? };
        rest = rest.get(section.text.len()..)?;
        let is_last =
            section.text.strip_prefix(language.sign()).is_some_and(|said| said.starts_with(COMPLETE));
        sections.push(section);
        if is_last {
            // Before all rules something is said of the file, and behind its last line there is nothing.
            let begins_well = sections.len() > 1 && sections.first().is_some_and(|first| !first.is_rules);
            return (begins_well && rest.is_empty()).then_some(sections);
        }
    }
}

fn said(language: Language, text: &str) -> Option<Section<'_>> {
    let text = text.get(..line_end(text)?).filter(|line| line.starts_with(language.sign()))?;
    Some(Section { text, is_rules: false, ends: None })
}

fn rules(language: Language, text: &str) -> Option<Section<'_>> {
    let mut length = if language == Language::Sigma { DOCUMENT.len() } else { 0 };
    let (mut ends, mut lines) = (None, None::<usize>);
    while lines.is_none() {
        let rest = text.get(length..)?;
        let line = rest.get(..line_end(rest)?)?;
        length += line.len();
        for said in line.strip_prefix(language.sign())?.trim_end().split(", ") {
            if let Some(until) = said.strip_prefix(UNTIL) {
                ends = Some(until.parse().ok()?);
            }
            if let Some(count) = said.strip_prefix(LINES) {
                lines = Some(count.parse().ok()?);
            }
        }
    }
    for _ in 0..lines? {
        length += line_end(text.get(length..)?)?;
    }
    Some(Section { text: text.get(..length)?, is_rules: true, ends })
}

fn line_end(text: &str) -> Option<usize> {
    text.find('\n').map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use model::matching::Mode;
    use model::observable::{Kind, of_rules};
    use model::protect::Action;
    use model::{Timestamp, Tlp};

    use super::*;

    const LANGUAGES: [(Language, Kind); 2] =
        [(Language::Sigma, Kind::SigmaRule), (Language::Yara, Kind::YaraRule)];

    fn file(language: Language, kind: Kind, all: &[(&str, Option<i64>)]) -> String {
        let sign = language.sign();
        let mut out = format!("{sign}Accord: rules\n{sign}node: hub\n").into_bytes();
        for (rules, until) in all {
            let value = of_rules(kind, rules);
            let item = Item {
                value: &value,
                mode: Mode::Exact,
                action: Action::Alert,
                until: until.map(|until| Timestamp(until * 1_000_000)),
                confidence: None,
                object: "indicator--1",
                source: "",
                note: "",
                tlp: Tlp::Green,
                modified: Timestamp(0),
                rules,
                sid: None,
                then: &[],
            };
            put(&mut out, language, &item, rules);
        }
        String::from_utf8(out).unwrap() + &format!("{sign}complete: {} entries\n", all.len())
    }

    #[test]
    fn a_file_comes_apart_as_it_was_put_together() {
        for (language, kind) in LANGUAGES {
            let sign = language.sign();
            // Rules that would be other sections, ends of other ones, or the last line.
            let forged = format!(
                "---\n{sign}accord_object: indicator--2\n{sign}accord_until: 1\n{sign}accord_lines: 0\n{sign}complete: 1 entries\n"
            );
            let all = [("a: 1\n", None), (&*forged, Some(100)), ("b: 2\n\n  c\n", Some(200))];
            let text = file(language, kind, &all);
            let sections = of(language, &text).unwrap();
            assert_eq!(sections.iter().map(|section| section.text).collect::<String>(), text);
            let rules: Vec<&Section<'_>> = sections.iter().filter(|section| section.is_rules).collect();
            assert_eq!(rules.len(), 3, "{sections:?}");
            for ((rules, until), section) in all.iter().zip(rules) {
                assert!(section.text.ends_with(rules) && section.ends == *until, "{section:?}");
            }
            // Without one of them it is a file as well.
            let kept: String = sections
                .iter()
                .filter(|section| section.ends != Some(100))
                .map(|section| section.text)
                .collect();
            assert_eq!(of(language, &kept).unwrap().len(), sections.len() - 1);
            assert!(of(language, &file(language, kind, &[])).is_some());
        }
    }

    #[test]
    fn what_is_torn_or_something_else_is_no_file() {
        for (language, kind) in LANGUAGES {
            let sign = language.sign();
            let text = file(language, kind, &[("a: 1\nb: 2\n", Some(100)), ("c: 3\n", None)]);
            for cut in 0..text.len() {
                assert_eq!(of(language, &text[..cut]), None, "{cut}");
            }
            for other in [
                String::new(),
                format!("{text}more\n"),
                format!("<html>\n{sign}complete: 0 entries\n"),
                format!("{sign}complete: 0 entries\n"),
                text.replace("accord_lines: 2", "accord_lines: x"),
                text.replace("accord_lines: 2", "accord_lines: 99999999999"),
                text.replace("accord_until: 100", "accord_until: soon"),
            ] {
                assert_eq!(of(language, &other), None, "{other}");
            }
        }
    }
}
