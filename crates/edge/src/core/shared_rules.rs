//! Files of rules that members share: whether one is whole, and what is left of it where some ended, or where Suricata refuses some.

use std::collections::{BTreeSet, HashSet};

use model::inert::inert;
use sensors::Format;
use sensors::sections::{self, Section};
use sensors::shared::ends;

/// What begins the last line of a file that is whole.
const COMPLETE: &str = "# complete: ";
/// Characters that are told of what Suricata says.
const TOLD: usize = 300;

/// A file of rules, by what they are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleFile {
    /// Of Suricata: a rule to a line.
    Suricata,
    /// Of another language, in sections.
    Sections(sections::Language),
}

impl RuleFile {
    /// The file of a format that has nothing but rules.
    #[must_use]
    pub fn of(format: Format) -> Option<RuleFile> {
        match format {
            Format::Sigma => Some(RuleFile::Sections(sections::Language::Sigma)),
            Format::Yara => Some(RuleFile::Sections(sections::Language::Yara)),
            _ => None,
        }
    }

    /// Whether a text is such a file, and there to its last line.
    #[must_use]
    pub fn is_whole(self, text: &str) -> bool {
        match self {
            RuleFile::Suricata => is_whole(text),
            RuleFile::Sections(language) => sections::of(language, text).is_some(),
        }
    }

    /// What stands in it, without what is said around that.
    #[must_use]
    pub fn rules(self, text: &str) -> Vec<&str> {
        match self {
            RuleFile::Suricata => rules(text).collect(),
            RuleFile::Sections(language) => {
                let sections = sections::of(language, text).unwrap_or_default().into_iter();
                sections.filter(|section| section.is_rules).map(|section| section.text).collect()
            }
        }
    }

    /// The file without what has ended by then.
    #[must_use]
    pub fn without_ended(self, text: &str, now_s: i64) -> String {
        match self {
            RuleFile::Suricata => without_ended(text, now_s),
            RuleFile::Sections(language) => {
                kept(language, text, &|section| section.ends.is_none_or(|end| end > now_s))
            }
        }
    }

    /// When the first of its rules ends, in seconds since 1970.
    #[must_use]
    pub fn first_end(self, text: &str) -> Option<i64> {
        match self {
            RuleFile::Suricata => rules(text).filter_map(ends).min(),
            RuleFile::Sections(language) => {
                sections::of(language, text)?.into_iter().filter_map(|section| section.ends).min()
            }
        }
    }

    /// What of an earlier file still stands in a later one: what was taken back since is gone, and nothing is new.
    #[must_use]
    pub fn still(self, earlier: &str, later: &str) -> String {
        let stands: HashSet<&str> = self.rules(later).into_iter().collect();
        match self {
            RuleFile::Suricata => {
                let is_kept = |line: &&str| line.is_empty() || line.starts_with('#') || stands.contains(line);
                earlier.lines().filter(is_kept).map(|line| format!("{line}\n")).collect()
            }
            RuleFile::Sections(language) => {
                kept(language, earlier, &|section| !section.is_rules || stands.contains(section.text))
            }
        }
    }
}

/// The sections of a file for which something is so.
fn kept(language: sections::Language, text: &str, is_kept: &dyn Fn(&Section<'_>) -> bool) -> String {
    let sections = sections::of(language, text).unwrap_or_default().into_iter();
    sections.filter(|section| is_kept(section)).map(|section| section.text).collect()
}

fn is_whole(text: &str) -> bool {
    let last = text.lines().next_back().unwrap_or_default();
    text.starts_with("# ") && text.ends_with('\n') && last.starts_with(COMPLETE)
}

fn rules(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The lines that Suricata names in what it says of a file, from 1.
#[must_use]
pub fn lines_named(said: &str) -> BTreeSet<usize> {
    said.lines().filter_map(line_named).collect()
}

// `error parsing signature "alert …" from file /x/shared.rules at line 5`: the rule's own text stands before it.
fn line_named(line: &str) -> Option<usize> {
    let (_, behind) = line.rsplit_once(" at line ")?;
    let digits = behind.find(|c: char| !c.is_ascii_digit()).map_or(behind, |end| &behind[..end]);
    digits.parse().ok()
}

/// What Suricata says first of a line, or at all, for people.
#[must_use]
pub fn why(said: &str) -> String {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.clone().find(|line| line_named(line).is_some()).or_else(|| lines.next());
    let mut told: String = inert(first.unwrap_or("it does not say why")).chars().take(TOLD).collect();
    // What is cut off is the rule's text, and the line is at the end of it.
    if let Some(line) = first.and_then(line_named).filter(|line| !told.ends_with(&format!("at line {line}")))
    {
        told.push_str(&format!("… at line {line}"));
    }
    told
}

/// The file without these lines. Each of the others stays in its line.
#[must_use]
pub fn without(text: &str, lines: &BTreeSet<usize>) -> String {
    let kept = |(at, line): (usize, &str)| match lines.contains(&(at + 1)) {
        true => "# left out: suricata refuses it\n".to_owned(),
        false => format!("{line}\n"),
    };
    text.lines().enumerate().map(kept).collect()
}

// Each of the others stays in its line.
fn without_ended(text: &str, now_s: i64) -> String {
    let has_ended = |line: &str| ends(line).is_some_and(|end| end <= now_s);
    let kept = |line: &str| {
        if has_ended(line) { "# left out: it has ended\n".to_owned() } else { format!("{line}\n") }
    };
    text.lines().map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Accord: rules\n# as_of: now\nalert a\nalert b\ndrop c\n# complete: 3 entries\n";

    #[test]
    fn a_file_is_whole_or_not() {
        assert!(is_whole(FILE));
        for cut in 0..FILE.len() {
            assert!(!is_whole(&FILE[..cut]), "{cut}");
        }
        assert!(!is_whole("<html>\n# complete: 0 entries\n"));
    }

    #[test]
    fn lines_are_read_from_what_each_release_says() {
        for (said, lines) in [
            (
                "23/11/2026 -- 14:00:00 - <Error> - [ERRCODE: SC_ERR_INVALID_SIGNATURE(39)] - error parsing signature \"alert b\" \
                 from file /x/.shared.rules.new at line 4\n",
                vec![4],
            ),
            (
                "E: detect-parse: unknown keyword\nE: detect: error parsing signature \"alert (msg:\\\"x at line 9\\\";)\" from file \
                 /x at line 4\nE: detect: error parsing signature \"c\" from file /x at line 5.\n",
                vec![4, 5],
            ),
            ("E: conf: cannot open /etc/suricata/suricata.yaml\n", vec![]),
            ("from file x at line \n at line x\n at line 99999999999999999999999\n", vec![]),
        ] {
            assert_eq!(lines_named(said).into_iter().collect::<Vec<_>>(), lines, "{said}");
        }
    }

    #[test]
    fn what_is_told_is_short_inert_and_has_the_line() {
        assert_eq!(why("i: starts\nE: b at line 4\n"), "E: b at line 4");
        assert_eq!(why("\n  E: no yaml\n"), "E: no yaml");
        assert_eq!(why(""), "it does not say why");
        let long = why(&format!("E: \u{202e}{} at line 77\n", "x".repeat(9_000)));
        assert!(long.chars().count() < 400 && long.ends_with("at line 77") && !long.contains('\u{202e}'));
    }

    #[test]
    fn what_has_ended_goes_by_what_the_node_says_of_it() {
        let rule = |own: &str, end: &str| {
            format!(
                "alert tcp any any -> any any (msg:\"m\"; {own}metadata:accord_object indicator--1, accord_tlp GREEN{end}; sid:1; rev:1;)"
            )
        };
        let never = rule("metadata:accord_object x, accord_until 1; ", "");
        let (soon, later) =
            (rule("", ", accord_until 100"), rule("metadata:accord_until 1; ", ", accord_until 200"));
        let file = format!("# Accord\n{never}\n{soon}\n{later}\n# complete: 3 entries\n");
        assert_eq!(RuleFile::Suricata.first_end(&file), Some(100));
        assert_eq!(without_ended(&file, 99), file);
        let left = without_ended(&file, 100);
        assert_eq!(rules(&left).collect::<Vec<_>>(), [&never, &later]);
        assert!(is_whole(&left) && left.lines().nth(3) == Some(&*later));
        assert_eq!(rules(&without_ended(&file, 1_000)).collect::<Vec<_>>(), [&never]);
    }

    #[test]
    fn what_is_left_keeps_its_place_and_what_was_taken_back_goes() {
        let left = without(FILE, &BTreeSet::from([4]));
        assert_eq!(rules(&left).collect::<Vec<_>>(), ["alert a", "drop c"]);
        assert_eq!(left.lines().nth(4), Some("drop c"));
        assert!(is_whole(&left) && !left.contains("alert b"));
        let later = FILE.replace("alert a\n", "alert new\n");
        let still = RuleFile::Suricata.still(FILE, &later);
        assert_eq!(rules(&still).collect::<Vec<_>>(), ["alert b", "drop c"]);
        assert!(is_whole(&still));
    }

    #[test]
    fn sections_end_and_are_taken_back_as_lines_are() {
        let yara = RuleFile::of(Format::Yara).unwrap();
        let section = |name: &str, end: &str| {
            format!(
                "// accord_object: indicator--1, accord_tlp: GREEN{end}, accord_lines: 2\nrule {name} {{\n}}\n"
            )
        };
        let file = |sections: &[&str]| format!("// Accord\n{}// complete: 9 entries\n", sections.concat());
        let (never, soon) = (section("never", ""), section("soon", ", accord_until: 100"));
        let later = section("later", ", accord_until: 200");
        let all = file(&[&never, &soon, &later]);
        assert!(yara.is_whole(&all) && !yara.is_whole(&all[..all.len() - 1]));
        assert_eq!(yara.rules(&all), [&never, &soon, &later]);
        assert_eq!(yara.first_end(&all), Some(100));
        assert_eq!(yara.without_ended(&all, 99), all);
        assert_eq!(yara.without_ended(&all, 100), file(&[&never, &later]));
        assert_eq!(yara.first_end(&file(&[&never])), None);
        let changed = section("later", ", accord_until: 300");
        assert_eq!(yara.still(&all, &file(&[&soon, &changed])), file(&[&soon]));
        assert_eq!((RuleFile::of(Format::Zeek), yara.still("", &all)), (None, String::new()));
    }
}
