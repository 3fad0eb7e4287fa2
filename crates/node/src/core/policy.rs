//! What members let act at their own sensors, as they write it: TOML, each mistake named with its line.

#[cfg(test)]
mod tests;

use model::observable::Kind;
use model::protect::{Action, From, ListGrade, MistakenBy, Policy, Prevalence, Rule, Share, Sharing, decay};
use model::{CircleId, MemberId, Tlp};
use serde::Deserialize;
use toml::Spanned;

/// The policy of members that wrote none.
pub const DEFAULT: &str = include_str!("policy/default.toml");

/// Longest text, in bytes.
pub const BYTES: usize = 256 << 10;
/// Most rules, and most entries of lists.
const RULES: usize = 1_000;
/// What nothing here may go by (DESIGN, invariant 10).
const NEVER: [&str; 9] =
    ["actor", "attribution", "country", "industry", "motivation", "motive", "nation", "sector", "victim"];
/// Kinds that are meant by one word.
const GROUPS: [(&str, &[Kind]); 3] = [
    ("rule", &[Kind::SuricataRule, Kind::SigmaRule, Kind::YaraRule]),
    ("address", &[Kind::Ipv4, Kind::Ipv6, Kind::Cidr4, Kind::Cidr6, Kind::IpPort]),
    (
        "hash",
        &[
            Kind::Md5,
            Kind::Sha1,
            Kind::Sha224,
            Kind::Sha256,
            Kind::Sha384,
            Kind::Sha512,
            Kind::Sha3_224,
            Kind::Sha3_256,
            Kind::Sha3_384,
            Kind::Sha3_512,
        ],
    ),
];

/// Whom names mean, for who wrote them.
pub trait Names {
    /// The member of that name or id.
    fn member(&self, name: &str) -> Option<MemberId>;
    /// The circle of that name or id.
    fn circle(&self, name: &str) -> Option<CircleId>;
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The line, from 1; 0 for what is of no line.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        f.write_str(&self.what)
    }
}

/// A policy as it was read, and what of it means nobody by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// What it says. Rules whose names mean nobody are not among it.
    pub policy: Policy,
    /// Those rules: they fit nothing until the names mean somebody again.
    pub unknown: Vec<Wrong>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    rule: Vec<RuleText>,
    #[serde(default)]
    list: Vec<ListText>,
    prevalence: Option<PrevalenceText>,
    mistaken: Option<MistakenText>,
    sightings: Option<SightingsText>,
    #[serde(default)]
    decay: std::collections::BTreeMap<Spanned<String>, DecayText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RuleText {
    name: Spanned<String>,
    from: Spanned<String>,
    circle: Option<Spanned<String>>,
    #[serde(default)]
    types: Vec<Spanned<String>>,
    tlp: Option<Spanned<String>>,
    action: Spanned<String>,
    origins: Option<Spanned<u32>>,
    until_then: Option<Spanned<String>>,
    hours: Option<Spanned<u32>>,
    confidence: Option<Spanned<u8>>,
    score: Option<Spanned<u8>>,
    per_day: Option<Spanned<u64>>,
    #[serde(default)]
    subdomains: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ListText {
    name: Spanned<String>,
    at_most: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PrevalenceText {
    percent: Spanned<f64>,
    hosts: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MistakenText {
    by: u32,
    at_most: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SightingsText {
    share: Spanned<String>,
    tlp: Option<Spanned<String>>,
    circle: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DecayText {
    days: Spanned<u32>,
    speed: Option<Spanned<f64>>,
}

/// Reads a policy.
///
/// # Errors
/// What is wrong with it first, and in which line.
pub fn read(text: &str, names: &dyn Names) -> Result<Read, Wrong> {
    if text.len() > BYTES {
        return Err(Wrong { line: 0, what: format!("a policy has at most {BYTES} bytes") });
    }
    let file: File = toml::from_str(text).map_err(|error| no_policy(text, &error))?;
    let reader = Reader { text, names };
    let mut read = Read { policy: Policy::default(), unknown: Vec::new() };
    if file.rule.len().max(file.list.len()) > RULES {
        return Err(Wrong {
            line: 0,
            what: format!("a policy has at most {RULES} rules, and as many lists"),
        });
    }
    for rule in &file.rule {
        match reader.rule(rule)? {
            Ok(rule) => read.policy.rules.push(rule),
            Err(unknown) => read.unknown.push(unknown),
        }
    }
    for list in &file.list {
        let at_most = reader.action(&list.at_most)?;
        let at_most = at_most.ok_or_else(|| {
            reader.wrong(&list.at_most, "`nothing` is no grade of a list: use context, alert or block")
        })?;
        read.policy.lists.push(ListGrade { name: list.name.get_ref().clone(), at_most });
    }
    if let Some(prevalence) = &file.prevalence {
        read.policy.prevalence = reader.prevalence(prevalence)?;
    }
    if let Some(mistaken) = &file.mistaken {
        let at_most = mistaken.at_most.as_ref().map(|word| reader.action(word)).transpose()?;
        let at_most = at_most.unwrap_or(MistakenBy::default().at_most);
        read.policy.mistaken = MistakenBy { members: mistaken.by, at_most };
    }
    if let Some(sightings) = &file.sightings {
        let share = Share::named(sightings.share.get_ref())
            .ok_or_else(|| reader.wrong(&sightings.share, "`share` is no, count or context"))?;
        let tlp = sightings
            .tlp
            .as_ref()
            .map(|word| word.get_ref().parse::<Tlp>().map_err(|error| reader.wrong(word, error.to_string())));
        let tlp = tlp.transpose()?;
        match reader.circle(sightings.circle.as_ref()) {
            Ok(circle) => read.policy.sightings = Sharing { share, tlp, circle },
            // Nobody else is told instead.
            Err(unknown) => read.unknown.push(unknown),
        }
    }
    for (kind, model) in &file.decay {
        let model = reader.decay(model)?;
        read.policy.decay.extend(reader.kinds(kind)?.into_iter().map(|kind| (kind, model)));
    }
    Ok(read)
}

fn line_at(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

fn no_policy(text: &str, error: &toml::de::Error) -> Wrong {
    let line = error.span().map_or(0, |span| line_at(text, span.start));
    let what = error.message();
    let never = NEVER.iter().find(|word| what.starts_with(&format!("unknown field `{word}`")));
    let what = match never {
        Some(word) => format!(
            "`{word}`: nobody's protection goes by who is attacked, by whom, why or where; a rule goes by who says it"
        ),
        None => what.to_owned(),
    };
    Wrong { line, what }
}

struct Reader<'a> {
    text: &'a str,
    names: &'a dyn Names,
}

impl Reader<'_> {
    fn wrong<T>(&self, at: &Spanned<T>, what: impl Into<String>) -> Wrong {
        Wrong { line: line_at(self.text, at.span().start), what: what.into() }
    }

    // The outer error is the writer's; the inner one says whom a name no longer means.
    fn rule(&self, said: &RuleText) -> Result<Result<Rule, Wrong>, Wrong> {
        let name = said.name.get_ref();
        if name.is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
            return Err(self.wrong(&said.name, "`name` is one line of at most 200 bytes"));
        }
        let action = self.action(&said.action)?;
        let until_then = said.until_then.as_ref().map(|word| self.action(word)).transpose()?.flatten();
        if let Some(word) = said.until_then.as_ref().filter(|_| until_then >= action) {
            return Err(self.wrong(word, "`until-then` is less than `action`"));
        }
        let origins = said.origins.as_ref().map_or(1, |origins| *origins.get_ref());
        if let Some(origins) = said.origins.as_ref().filter(|origins| *origins.get_ref() == 0) {
            return Err(self.wrong(origins, "`origins` is at least 1"));
        }
        if let Some(word) = said.until_then.as_ref().filter(|_| origins < 2) {
            return Err(self.wrong(word, "`until-then` goes with `origins` of 2 or more"));
        }
        let mut kinds = Vec::new();
        for word in &said.types {
            kinds.extend(self.kinds(word)?);
        }
        let ceiling = match &said.tlp {
            Some(word) => {
                word.get_ref().parse::<Tlp>().map_err(|error| self.wrong(word, error.to_string()))?
            }
            None => Tlp::Red,
        };
        let hours = said.hours.as_ref().map(|hours| *hours.get_ref());
        if let Some(hours) = said.hours.as_ref().filter(|hours| *hours.get_ref() == 0) {
            return Err(self.wrong(hours, "`hours` is at least 1"));
        }
        let (from, circle) = match (self.from(&said.from)?, self.circle(said.circle.as_ref())) {
            (Ok(from), Ok(circle)) => (from, circle),
            (Err(unknown), _) | (_, Err(unknown)) => return Ok(Err(unknown)),
        };
        Ok(Ok(Rule {
            name: name.clone(),
            from,
            circle,
            kinds,
            ceiling,
            action,
            origins,
            until_then,
            hours,
            confidence: self.hundred(said.confidence.as_ref(), "confidence")?,
            score: self.hundred(said.score.as_ref(), "score")?,
            per_day: said.per_day.as_ref().map_or(0, |most| *most.get_ref()),
            subdomains: said.subdomains,
        }))
    }

    fn from(&self, word: &Spanned<String>) -> Result<Result<From, Wrong>, Wrong> {
        Ok(match word.get_ref().as_str() {
            "own" => Ok(From::Own),
            "desk" => Ok(From::Desk),
            "anyone" => Ok(From::Anyone),
            other => {
                let Some(name) = other.strip_prefix("member:") else {
                    let what = format!("`{other}`: a rule is from own, desk, anyone or member:NAME");
                    return Err(self.wrong(word, what));
                };
                let member = self.names.member(name.trim());
                member.map(From::Member).ok_or_else(|| {
                    self.wrong(word, format!("there is no member called `{name}` that you know"))
                })
            }
        })
    }

    fn circle(&self, word: Option<&Spanned<String>>) -> Result<Option<CircleId>, Wrong> {
        let Some(word) = word else { return Ok(None) };
        let name = word.get_ref();
        let found = self.names.circle(name);
        found.map(Some).ok_or_else(|| self.wrong(word, format!("you are in no circle called `{name}`")))
    }

    fn action(&self, word: &Spanned<String>) -> Result<Option<Action>, Wrong> {
        match word.get_ref().as_str() {
            "nothing" => Ok(None),
            other => Action::named(other).map(Some).ok_or_else(|| {
                self.wrong(word, format!("`{other}` is no action: use block, alert, context or nothing"))
            }),
        }
    }

    fn kinds(&self, word: &Spanned<String>) -> Result<Vec<Kind>, Wrong> {
        let name = word.get_ref().as_str();
        if let Some((_, kinds)) = GROUPS.iter().find(|(group, _)| *group == name) {
            return Ok(kinds.to_vec());
        }
        let kind = Kind::from_name(name).ok_or_else(|| {
            self.wrong(word, format!("`{name}` is no kind of observable, nor `address`, `hash` or `rule`"))
        })?;
        Ok(vec![kind])
    }

    fn hundred(&self, number: Option<&Spanned<u8>>, name: &str) -> Result<u8, Wrong> {
        match number {
            None => Ok(0),
            Some(number) if *number.get_ref() <= 100 => Ok(*number.get_ref()),
            Some(number) => Err(self.wrong(number, format!("`{name}` is 0 to 100"))),
        }
    }

    fn prevalence(&self, said: &PrevalenceText) -> Result<Prevalence, Wrong> {
        let percent = *said.percent.get_ref();
        if !(0.0..=100.0).contains(&percent) {
            return Err(self.wrong(&said.percent, "`percent` is 0 to 100"));
        }
        let least = Prevalence::default().hosts;
        // Between 0 and 10,000.
        let share = (percent * 100.0).round() as u32;
        Ok(Prevalence { share, hosts: said.hosts.as_ref().map_or(least, |hosts| *hosts.get_ref()) })
    }

    fn decay(&self, said: &DecayText) -> Result<decay::Model, Wrong> {
        let days = *said.days.get_ref();
        if days == 0 {
            return Err(self.wrong(&said.days, "`days` is at least 1"));
        }
        let Some(speed) = &said.speed else { return Ok(decay::Model { days, speed: 300 }) };
        if !(0.01..=100.0).contains(speed.get_ref()) {
            return Err(self.wrong(speed, "`speed` is 0.01 to 100"));
        }
        // Between 1 and 10,000.
        Ok(decay::Model { days, speed: (speed.get_ref() * 100.0).round() as u32 })
    }
}
