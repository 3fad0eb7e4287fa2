//! Rules that members share: indicators whose pattern is one of Suricata, Snort, Sigma or YARA.
//!
//! One that passes leaves in the files of rules. One that does not is kept as it was said and served as what it is, an indicator,
//! but stands in no file for sensors; whoever sent it is told why, and whoever sees it may ask.

use ::rules::{Fault, sigma, suricata, yara};
use model::observable::Kind;
use stix::{Finding, Severity};
use strictjson::Node;

/// A language of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Suricata's, and Snort's as far as it is the same.
    Suricata,
    /// Sigma.
    Sigma,
    /// YARA.
    Yara,
}

impl Language {
    /// The kind under which its rules stand.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Language::Suricata => Kind::SuricataRule,
            Language::Sigma => Kind::SigmaRule,
            Language::Yara => Kind::YaraRule,
        }
    }
}

/// The `pattern_type` of STIX (2.1 §10.14) for each.
const TYPES: [(&str, Language); 4] = [
    ("suricata", Language::Suricata),
    ("snort", Language::Suricata),
    ("sigma", Language::Sigma),
    ("yara", Language::Yara),
];

/// The language and the text of an object's rules; `None` of what has none.
#[must_use]
pub fn rules_of<'n>(object: &'n Node<'_>) -> Option<(Language, &'n str)> {
    let text = |key: &str| object.get(key).and_then(Node::as_str);
    if text("type") != Some("indicator") {
        return None;
    }
    let named = text("pattern_type")?;
    let (_, language) = TYPES.iter().find(|(of, _)| *of == named)?;
    Some((*language, text("pattern")?))
}

/// Whether rules pass.
///
/// # Errors
/// What keeps them from being loaded beside others', and where in their text.
pub fn read(language: Language, text: &str) -> Result<(), Fault> {
    match language {
        Language::Suricata => suricata::read(text).map(drop),
        Language::Sigma => sigma::read(text).map(drop),
        Language::Yara => yara::read(text).map(drop),
    }
}

/// What is told to who sends rules that are held.
#[must_use]
pub fn finding(object: &Node<'_>) -> Option<Finding> {
    let (language, text) = rules_of(object)?;
    let fault = read(language, text).err()?;
    Some(Finding {
        severity: Severity::Should,
        code: "rule-held",
        pointer: "/pattern".to_owned(),
        clause: "STIX 2.1 §4.7",
        message: format!("it is kept, but leaves in no file of rules for sensors: {fault}"),
    })
}
